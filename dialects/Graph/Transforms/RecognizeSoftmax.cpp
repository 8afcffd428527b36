//===- RecognizeSoftmax.cpp - Softmax from its parts ----------------------===//
#include "dialects/Graph/Transforms/Match.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace raddle::graph;

/// For `value = reduce(kind, x)` along one dim: x.
static Value matchReduction(Value value, ReduceKind kind, int64_t &axis) {
  auto reduce = stripBroadcast(value).getDefiningOp<ReduceOp>();
  if (!reduce || reduce.getKind() != kind || reduce.getDims().size() != 1)
    return {};
  axis = reduce.getDims().front();
  // A broadcast of a reduction without its unit dim aligns other dims.
  int64_t rank = getTensorType(reduce.getInput()).getRank();
  if (getTensorType(value).getRank() != rank && axis != 0)
    return {};
  return reduce.getInput();
}

/// For `value = x - max(x)`: x and the dim.
static Value matchShifted(Value value, int64_t &axis) {
  auto sub = value.getDefiningOp<arith::SubFOp>();
  if (!sub)
    return {};
  Value input = matchReduction(sub.getRhs(), ReduceKind::max, axis);
  return input == sub.getLhs() ? input : Value();
}

/// The argument of exponentials that are summed along `axis`: without its
/// maximum taken off where the composition does so.
static Value getInput(Value argument, int64_t axis) {
  int64_t maxAxis;
  Value input = matchShifted(argument, maxAxis);
  return input && maxAxis == axis ? input : argument;
}

namespace {

/// exp(x - max) / sum(exp(x - max)), also as a product with 1 / sum.
template <typename OpTy> struct FormSoftmax : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    for (unsigned side : {0, 1}) {
      auto exp = op.getOperand(side).template getDefiningOp<math::ExpOp>();
      if (!exp || (side == 1 && isa<arith::DivFOp>(op)))
        continue;
      Value sum = op.getOperand(1 - side);
      if (isa<arith::MulFOp>(op)) {
        auto inverse = stripBroadcast(sum).getDefiningOp<arith::DivFOp>();
        if (!inverse || getSplatNumber(inverse.getLhs()) != 1.0)
          continue;
        sum = inverse.getRhs();
      }
      int64_t axis;
      Value summed = matchReduction(sum, ReduceKind::add, axis);
      if (summed != exp.getResult())
        continue;
      rewriter.replaceOpWithNewOp<SoftmaxOp>(
          op, getInput(exp.getOperand(), axis), axis);
      return success();
    }
    return failure();
  }
};

/// (x - max) - log(sum(exp(x - max))), and log(softmax(x)).
struct FormLogSoftmax : OpRewritePattern<arith::SubFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::SubFOp op,
                                PatternRewriter &rewriter) const override {
    auto log = stripBroadcast(op.getRhs()).getDefiningOp<math::LogOp>();
    if (!log)
      return failure();
    int64_t axis;
    Value summed = matchReduction(log.getOperand(), ReduceKind::add, axis);
    auto exp = summed ? summed.getDefiningOp<math::ExpOp>() : math::ExpOp();
    if (!exp || exp.getOperand() != op.getLhs())
      return failure();
    rewriter.replaceOpWithNewOp<SoftmaxOp>(op, getInput(op.getLhs(), axis),
                                           axis, /*log=*/true);
    return success();
  }
};

struct FoldLogOfSoftmax : OpRewritePattern<math::LogOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::LogOp op,
                                PatternRewriter &rewriter) const override {
    auto softmax = op.getOperand().getDefiningOp<SoftmaxOp>();
    if (!softmax || softmax.getLog() || !softmax->hasOneUse())
      return failure();
    rewriter.replaceOpWithNewOp<SoftmaxOp>(op, softmax.getInput(),
                                           softmax.getAxis(), /*log=*/true);
    return success();
  }
};

} // namespace

void raddle::graph::populateSoftmaxPatterns(RewritePatternSet &patterns) {
  patterns.add<FormSoftmax<arith::DivFOp>, FormSoftmax<arith::MulFOp>,
               FormLogSoftmax, FoldLogOfSoftmax>(patterns.getContext());
}
