//===- StructuredCanonicalization.cpp - Rows and windows simplified -------===//
#include "dialects/Graph/IR/StructuredCanonicalization.h"
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphUtils.h"
#include "dialects/Graph/IR/GraphVerify.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace raddle::graph;

/// Combining single elements moves nothing: it is a reshape. (With `keep_dims`
/// it is the operand, which the folder says.)
static LogicalResult reduceOfUnits(ReduceOp op, PatternRewriter &rewriter) {
  RankedTensorType input = tensorType(op.getInput());
  if (op.getKeepDims() || op.getDims().empty() ||
      !llvm::all_of(op.getDims(),
                    [&](int64_t dim) { return input.getDimSize(dim) == 1; }))
    return failure();
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim = 0; dim < input.getRank(); ++dim)
    if (!llvm::is_contained(op.getDims(), dim))
      sizes.push_back(getSize(rewriter, op.getLoc(), op.getInput(), dim));
  Value result = ReshapeOp::create(rewriter, op.getLoc(), op.getInput(), sizes);
  if (result.getType() != op.getType())
    result =
        tensor::CastOp::create(rewriter, op.getLoc(), op.getType(), result);
  rewriter.replaceOp(op, result);
  return success();
}

/// A convolution takes what is outside of its operand for zero: zeros that a
/// pad adds need not be there.
static LogicalResult convOfPad(ConvOp op, PatternRewriter &rewriter) {
  auto pad = op.getInput().getDefiningOp<PadOp>();
  if (!pad || op.getTransposed() || pad.getMode() != PadMode::constant ||
      !pad.getLow().empty() || !pad.getHigh().empty())
    return failure();
  if (Value value = pad.getValue(); value &&
                                    !matchPattern(value, m_PosZeroFloat()) &&
                                    !matchPattern(value, m_Zero()))
    return failure();

  SmallVector<int64_t> low(op.getPadsLow()), high(op.getPadsHigh());
  int64_t spatial = op.getSpatialRank();
  for (int64_t dim = 0; dim < spatial + 2; ++dim) {
    int64_t before = pad.getStaticLow()[dim], after = pad.getStaticHigh()[dim];
    int64_t i = op.getChannelsLast() ? dim - 1 : dim - 2;
    if (i < 0 || i >= spatial) {
      if (before != 0 || after != 0)
        return failure();
      continue;
    }
    std::optional<int64_t> first = llvm::checkedAdd(low[i], before);
    std::optional<int64_t> last = llvm::checkedAdd(high[i], after);
    if (!first || !last)
      return failure();
    low[i] = *first;
    high[i] = *last;
  }
  rewriter.modifyOpInPlace(op, [&] {
    op.getInputMutable().assign(pad.getInput());
    op.setPadsLow(low);
    op.setPadsHigh(high);
  });
  return success();
}

void raddle::graph::populateStructuredPatterns(RewritePatternSet &patterns) {
  patterns.add(reduceOfUnits).add(convOfPad);
}
