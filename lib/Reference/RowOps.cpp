//===- RowOps.cpp - Softmax and normalisation of rows ---------------------===//

#include "dialects/Graph/IR/GraphOps.h"
#include "lib/Reference/Call.h"
#include "lib/Reference/Rows.h"

using namespace mlir;

namespace raddle::reference {
namespace {

LogicalResult evaluateSoftmax(graph::SoftmaxOp op, Call &call) {
  const Tensor &input = call.operands[0];
  Type computeType = getComputeType(input.getElementType());
  FailureOr<Tensor> work = call.allocate(computeType, input.getShape());
  if (failed(work))
    return failure();
  AxisView view(input.getShape(), op.getAxis());
  (void)withComputeType(computeType, [&](auto tag) {
    using T = decltype(tag);
    T *numbers = work->mutableData<T>();
    loadElements(input, 0, input.size(), numbers);
    for (int64_t outer = 0; outer < view.outer; ++outer)
      for (int64_t inner = 0; inner < view.inner; ++inner)
        softmaxRow(numbers + outer * view.axis * view.inner + inner, view.axis,
                   view.inner, op.getLog());
    return success();
  });
  return call.finish(convertFloat(*work, call.resultElement()));
}

/// Offset in a scale or bias of each element of a row: its dims are the
/// trailing ones, or 1.
FailureOr<std::vector<int64_t>> getRowOffsets(Call &call, const Tensor &tensor,
                                              llvm::ArrayRef<int64_t> row) {
  Shape strides = getRowMajorStrides(tensor.getShape());
  int64_t skipped = int64_t(row.size()) - tensor.getRank();
  for (int64_t dim = 0; dim < tensor.getRank(); ++dim) {
    int64_t size = tensor.getDim(dim);
    if (skipped < 0 || (size != 1 && size != row[dim + skipped]))
      return call.error() << "has scale or bias " << tensor.describe()
                          << ", expected the sizes of a row or 1";
    if (size == 1)
      strides[dim] = 0;
  }
  std::vector<int64_t> offsets;
  Shape index(row.size(), 0);
  for (int64_t i = 0, n = *countElements(row); i < n; ++i) {
    int64_t offset = 0;
    for (int64_t dim = 0; dim < tensor.getRank(); ++dim)
      offset += index[dim + skipped] * strides[dim];
    offsets.push_back(offset);
    for (int64_t dim = int64_t(row.size()) - 1; dim >= 0; --dim) {
      if (++index[dim] < row[dim])
        break;
      index[dim] = 0;
    }
  }
  return offsets;
}

/// Sums of a row are kept in f64, the rest is in T.
template <typename T>
void normaliseRow(T *row, int64_t n, graph::NormKind kind, T epsilon) {
  double sum = 0, squares = 0;
  T mean = 0;
  if (kind == graph::NormKind::layer) {
    for (int64_t i = 0; i < n; ++i)
      sum += row[i];
    mean = static_cast<T>(sum / n);
  }
  for (int64_t i = 0; i < n; ++i) {
    double centred = double(row[i]) - mean;
    squares += centred * centred;
  }
  T deviation = std::sqrt(static_cast<T>(squares / n) + epsilon);
  for (int64_t i = 0; i < n; ++i)
    row[i] = (row[i] - mean) / deviation;
}

LogicalResult evaluateNorm(graph::NormOp op, Call &call) {
  const Tensor &input = call.operands[0];
  llvm::ArrayRef<int64_t> row = input.getShape().drop_front(op.getAxis());
  int64_t length = *countElements(row);
  Type computeType = getComputeType(input.getElementType());
  FailureOr<Tensor> work = call.allocate(computeType, input.getShape());
  if (failed(work))
    return failure();
  Tensor scale = call[op.getScale()], bias = call[op.getBias()];
  std::vector<int64_t> scaleOffsets, biasOffsets;
  for (auto [tensor, offsets] :
       {std::pair(&scale, &scaleOffsets), std::pair(&bias, &biasOffsets)}) {
    if (!*tensor)
      continue;
    FailureOr<std::vector<int64_t>> found = getRowOffsets(call, *tensor, row);
    if (failed(found))
      return failure();
    *offsets = std::move(*found);
    *tensor = convertFloat(*tensor, computeType);
  }
  (void)withComputeType(computeType, [&](auto tag) {
    using T = decltype(tag);
    T *numbers = work->mutableData<T>();
    loadElements(input, 0, input.size(), numbers);
    T epsilon = static_cast<T>(op.getEpsilon().convertToDouble());
    int64_t rows = length == 0 ? 0 : input.size() / length;
    for (int64_t r = 0; r < rows; ++r) {
      T *x = numbers + r * length;
      normaliseRow(x, length, op.getKind(), epsilon);
      for (int64_t i = 0; i < length; ++i) {
        if (scale)
          x[i] *= scale.data<T>()[scaleOffsets[i]];
        if (bias)
          x[i] += bias.data<T>()[biasOffsets[i]];
      }
    }
    return success();
  });
  return call.finish(convertFloat(*work, call.resultElement()));
}

} // namespace

void addRowHandlers(HandlerTable &table) {
  table.add(evaluateSoftmax);
  table.add(evaluateNorm);
}

} // namespace raddle::reference
