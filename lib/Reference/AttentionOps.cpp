//===- AttentionOps.cpp - Scaled dot-product attention --------------------===//

#include "dialects/Graph/IR/GraphOps.h"
#include "lib/Reference/Call.h"
#include "lib/Reference/Matrix.h"
#include "lib/Reference/Rows.h"
#include <cmath>

using namespace mlir;

namespace raddle::reference {
namespace {

struct Sizes {
  int64_t batch, heads, kvHeads, rows, columns, depth, valueDepth;
};

/// Softcap, mask and causality on the scores of one head.
template <typename T>
void adjustScores(graph::AttentionOp op, const Sizes &sizes,
                  std::vector<T> &scores, const std::vector<T> &mask,
                  llvm::ArrayRef<int64_t> maskStrides, int64_t maskStart) {
  T softcap = static_cast<T>(op.getSoftcap().convertToDouble());
  for (int64_t m = 0; m < sizes.rows; ++m)
    for (int64_t n = 0; n < sizes.columns; ++n) {
      T &score = scores[m * sizes.columns + n];
      if (softcap > 0)
        score = softcap * std::tanh(score / softcap);
      if (!mask.empty())
        score += mask[maskStart + m * maskStrides[2] + n * maskStrides[3]];
      if (op.getCausal() && n > m + sizes.columns - sizes.rows)
        score = -std::numeric_limits<T>::infinity();
    }
}

template <typename T>
void attend(graph::AttentionOp op, const Sizes &sizes, Tensor &result,
            llvm::ArrayRef<Tensor> operands, const Tensor &maskTensor) {
  auto query = loadNumbers<T>(operands[0]);
  auto key = loadNumbers<T>(operands[1]);
  auto value = loadNumbers<T>(operands[2]);
  std::vector<T> mask;
  Shape maskStrides(4, 0);
  if (maskTensor) {
    mask = loadNumbers<T>(maskTensor);
    maskStrides = getRowMajorStrides(maskTensor.getShape());
    for (int dim = 0; dim < 4; ++dim)
      if (maskTensor.getDim(dim) == 1)
        maskStrides[dim] = 0;
  }
  T scale = static_cast<T>(op.getScale().convertToDouble());
  std::vector<T> out(result.size(), T(0));
  std::vector<T> transposedKey(sizes.depth * sizes.columns);
  std::vector<T> scores(sizes.rows * sizes.columns);
  for (int64_t b = 0; b < sizes.batch; ++b)
    for (int64_t h = 0; h < sizes.heads; ++h) {
      int64_t kv = b * sizes.kvHeads + h / (sizes.heads / sizes.kvHeads);
      const T *k = key.data() + kv * sizes.columns * sizes.depth;
      for (int64_t n = 0; n < sizes.columns; ++n)
        for (int64_t d = 0; d < sizes.depth; ++d)
          transposedKey[d * sizes.columns + n] = k[n * sizes.depth + d];
      std::fill(scores.begin(), scores.end(), T(0));
      int64_t head = b * sizes.heads + h;
      multiply(query.data() + head * sizes.rows * sizes.depth,
               transposedKey.data(), scores.data(), sizes.rows, sizes.depth,
               sizes.columns);
      for (T &score : scores)
        score *= scale;
      adjustScores(op, sizes, scores, mask, maskStrides,
                   b * maskStrides[0] + h * maskStrides[1]);
      for (int64_t m = 0; m < sizes.rows; ++m)
        softmaxRow(scores.data() + m * sizes.columns, sizes.columns, 1, false);
      multiply(scores.data(),
               value.data() + kv * sizes.columns * sizes.valueDepth,
               out.data() + head * sizes.rows * sizes.valueDepth, sizes.rows,
               sizes.columns, sizes.valueDepth);
    }
  storeNumbers(result, out);
}

LogicalResult evaluateAttention(graph::AttentionOp op, Call &call) {
  const Tensor &query = call.operands[0], &key = call.operands[1],
               &value = call.operands[2];
  Sizes sizes{query.getDim(0), query.getDim(1), key.getDim(1),  query.getDim(2),
              key.getDim(2),   query.getDim(3), value.getDim(3)};
  bool matching =
      key.getDim(0) == sizes.batch && value.getDim(0) == sizes.batch &&
      value.getDim(1) == sizes.kvHeads && value.getDim(2) == sizes.columns &&
      key.getDim(3) == sizes.depth;
  if (!matching || sizes.kvHeads == 0 || sizes.heads % sizes.kvHeads != 0)
    return call.error() << "has query " << query.describe() << ", key "
                        << key.describe() << " and value " << value.describe()
                        << ", whose sizes do not fit";
  Tensor mask = call[op.getMask()];
  Shape scores = {sizes.batch, sizes.heads, sizes.rows, sizes.columns};
  if (mask)
    for (int dim = 0; dim < 4; ++dim)
      if (mask.getDim(dim) != 1 && mask.getDim(dim) != scores[dim])
        return call.error()
               << "has mask " << mask.describe() << ", expected size 1 or "
               << scores[dim] << " in dim " << dim;
  FailureOr<Tensor> result =
      call.allocate(call.resultElement(),
                    {sizes.batch, sizes.heads, sizes.rows, sizes.valueDepth});
  if (failed(result))
    return failure();
  if (result->size() != 0 && sizes.columns != 0) {
    if (getComputeType(query.getElementType()).isF64())
      attend<double>(op, sizes, *result, call.operands, mask);
    else
      attend<float>(op, sizes, *result, call.operands, mask);
  }
  return call.finish(*result);
}

} // namespace

void addAttentionHandlers(HandlerTable &table) { table.add(evaluateAttention); }

} // namespace raddle::reference
