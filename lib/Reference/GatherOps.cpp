//===- GatherOps.cpp - Elements picked by index ---------------------------===//

#include "dialects/Graph/IR/GraphOps.h"
#include "lib/Reference/Call.h"
#include <cstring>

using namespace mlir;

namespace raddle::reference {
namespace {

/// Negative indices count from the end; indices outside are clamped.
int64_t clampIndex(int64_t index, int64_t size) {
  if (index < 0)
    index += size;
  return std::clamp<int64_t>(index, 0, size - 1);
}

/// Picking from a dim without elements has no meaning, unless nothing is
/// picked.
LogicalResult checkPickable(Call &call, const Tensor &input,
                            const Tensor &result) {
  if (input.size() == 0 && result.size() != 0)
    return call.error() << "picks " << result.size() << " elements of "
                        << input.describe();
  return success();
}

LogicalResult evaluateGather(graph::GatherOp op, Call &call) {
  const Tensor &input = call.operands[0], &indices = call.operands[1];
  int64_t axis = op.getAxis();
  Shape shape(input.getShape().take_front(axis));
  shape.append(indices.getShape().begin(), indices.getShape().end());
  llvm::ArrayRef<int64_t> rest = input.getShape().drop_front(axis + 1);
  shape.append(rest.begin(), rest.end());
  FailureOr<Tensor> result = call.allocate(input.getElementType(), shape);
  if (failed(result) || failed(checkPickable(call, input, *result)))
    return failure();
  if (result->size() == 0)
    return call.finish(*result);
  AxisView view(input.getShape(), axis);
  int64_t row = view.inner * input.elementBytes();
  char *out = result->mutableData();
  for (int64_t outer = 0; outer < view.outer; ++outer)
    for (int64_t i = 0; i < indices.size(); ++i, out += row) {
      int64_t index = clampIndex(indices.getInteger(i), view.axis);
      std::memcpy(out, input.data() + (outer * view.axis + index) * row, row);
    }
  return call.finish(*result);
}

LogicalResult evaluateGatherElements(graph::GatherElementsOp op, Call &call) {
  const Tensor &input = call.operands[0], &indices = call.operands[1];
  FailureOr<Tensor> result =
      call.allocate(input.getElementType(), indices.getShape());
  if (failed(result) || failed(checkPickable(call, input, *result)))
    return failure();
  int64_t axis = op.getAxis(), rank = input.getRank();
  for (int64_t dim = 0; dim < rank; ++dim)
    if (dim != axis && indices.getDim(dim) > input.getDim(dim))
      return call.error() << "has indices " << indices.describe() << " for "
                          << input.describe() << ", expected at most size "
                          << input.getDim(dim) << " in dim " << dim;
  Shape strides = getRowMajorStrides(input.getShape());
  Shape position(rank, 0);
  unsigned width = input.elementBytes();
  for (int64_t i = 0; i < result->size(); ++i) {
    int64_t offset = 0;
    for (int64_t dim = 0; dim < rank; ++dim)
      offset += strides[dim] * (dim == axis ? clampIndex(indices.getInteger(i),
                                                         input.getDim(axis))
                                            : position[dim]);
    std::memcpy(result->mutableData() + i * width,
                input.data() + offset * width, width);
    for (int64_t dim = rank - 1; dim >= 0; --dim) {
      if (++position[dim] < indices.getDim(dim))
        break;
      position[dim] = 0;
    }
  }
  return call.finish(*result);
}

LogicalResult evaluateGatherNd(graph::GatherNdOp op, Call &call) {
  const Tensor &input = call.operands[0], &indices = call.operands[1];
  int64_t batchDims = op.getBatchDims();
  int64_t length = indices.getShape().back();
  for (int64_t dim = 0; dim < batchDims; ++dim)
    if (indices.getDim(dim) != input.getDim(dim))
      return call.error() << "has indices " << indices.describe() << " for "
                          << input.describe()
                          << ", expected equal sizes in batch dim " << dim;
  Shape shape(indices.getShape().drop_back());
  llvm::ArrayRef<int64_t> rest =
      input.getShape().drop_front(batchDims + length);
  shape.append(rest.begin(), rest.end());
  FailureOr<Tensor> result = call.allocate(input.getElementType(), shape);
  if (failed(result) || failed(checkPickable(call, input, *result)))
    return failure();
  if (result->size() == 0)
    return call.finish(*result);
  int64_t batches = *countElements(input.getShape().take_front(batchDims));
  int64_t picks = *countElements(shape) / batches / *countElements(rest);
  int64_t row = *countElements(rest) * input.elementBytes();
  int64_t batchBytes = input.byteSize() / batches;
  char *out = result->mutableData();
  for (int64_t batch = 0; batch < batches; ++batch)
    for (int64_t pick = 0; pick < picks; ++pick, out += row) {
      int64_t offset = 0;
      for (int64_t k = 0; k < length; ++k) {
        int64_t size = input.getDim(batchDims + k);
        int64_t index = indices.getInteger((batch * picks + pick) * length + k);
        offset = offset * size + clampIndex(index, size);
      }
      std::memcpy(out, input.data() + batch * batchBytes + offset * row, row);
    }
  return call.finish(*result);
}

} // namespace

void addGatherHandlers(HandlerTable &table) {
  table.add(evaluateGather);
  table.add(evaluateGatherElements);
  table.add(evaluateGatherNd);
}

} // namespace raddle::reference
