//===- RecognizeNorm.cpp - Layer and rms norm from their parts ------------===//
#include "dialects/Graph/Transforms/Match.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace raddle::graph;

/// For `value = x * x`, `pow(x, 2)`: x.
static Value matchSquare(Value value) {
  if (auto mul = value.getDefiningOp<arith::MulFOp>())
    return mul.getLhs() == mul.getRhs() ? mul.getLhs() : Value();
  if (auto power = value.getDefiningOp<math::PowFOp>())
    return getSplatNumber(power.getRhs()) == 2.0 ? power.getLhs() : Value();
  if (auto power = value.getDefiningOp<math::FPowIOp>())
    return getSplatNumber(power.getRhs()) == 2.0 ? power.getLhs() : Value();
  return {};
}

/// For `value = mean(x^2) + epsilon`: x.
static Value matchMeanSquare(Value value, int64_t &axis, double &epsilon) {
  value = stripBroadcast(value);
  epsilon = 0;
  if (auto add = value.getDefiningOp<arith::AddFOp>()) {
    std::optional<double> number;
    Value mean = matchCommutative(add, [&](Value operand) {
      number = getSplatNumber(operand);
      return number.has_value();
    });
    if (!mean)
      return {};
    epsilon = *number;
    value = mean;
  }
  Value squares = matchTrailingMean(value, axis);
  return squares ? matchSquare(squares) : Value();
}

/// For `x / sqrt(m)`, `x * rsqrt(m)`, `x * (1 / sqrt(m))` and `x * m^(-1/2)`
/// where m = mean(x^2) + epsilon: x.
static Value matchNormalized(Operation *op, int64_t &axis, double &epsilon) {
  auto matchRoot = [&](Value root) -> Value {
    auto sqrt = stripBroadcast(root).getDefiningOp<math::SqrtOp>();
    if (sqrt)
      return matchMeanSquare(sqrt.getOperand(), axis, epsilon);
    auto power = stripBroadcast(root).getDefiningOp<math::PowFOp>();
    if (power && getSplatNumber(power.getRhs()) == 0.5)
      return matchMeanSquare(power.getLhs(), axis, epsilon);
    return {};
  };
  auto matchInverse = [&](Value factor) -> Value {
    factor = stripBroadcast(factor);
    if (auto rsqrt = factor.getDefiningOp<math::RsqrtOp>())
      return matchMeanSquare(rsqrt.getOperand(), axis, epsilon);
    if (auto power = factor.getDefiningOp<math::PowFOp>())
      return getSplatNumber(power.getRhs()) == -0.5
                 ? matchMeanSquare(power.getLhs(), axis, epsilon)
                 : Value();
    auto div = factor.getDefiningOp<arith::DivFOp>();
    return div && getSplatNumber(div.getLhs()) == 1.0 ? matchRoot(div.getRhs())
                                                      : Value();
  };
  if (auto div = dyn_cast<arith::DivFOp>(op)) {
    Value x = matchRoot(div.getRhs());
    return x == div.getLhs() ? x : Value();
  }
  for (unsigned side : {0, 1}) {
    Value x = matchInverse(op->getOperand(1 - side));
    if (x && x == op->getOperand(side))
      return x;
  }
  return {};
}

namespace {

/// The core: no scale, no bias yet.
template <typename OpTy> struct FormNorm : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    int64_t axis;
    double epsilon;
    Value input = matchNormalized(op, axis, epsilon);
    if (!input)
      return failure();
    // With the mean taken off it is a layer norm of what it was taken off.
    NormKind kind = NormKind::rms;
    if (auto sub = input.getDefiningOp<arith::SubFOp>()) {
      int64_t meanAxis;
      Value whole = matchTrailingMean(sub.getRhs(), meanAxis);
      if (whole && whole == sub.getLhs() && meanAxis == axis) {
        kind = NormKind::layer;
        input = whole;
      }
    }
    rewriter.replaceOpWithNewOp<NormOp>(op, op.getType(), kind, input,
                                        /*scale=*/Value(), /*bias=*/Value(),
                                        axis, APFloat(epsilon));
    return success();
  }
};

/// The part of `value` that varies along the trailing dims only, as a tensor
/// over these dims; null when it varies along others.
Value getTrailing(Value value, NormOp norm) {
  auto broadcast = value.getDefiningOp<BroadcastOp>();
  Value source = broadcast ? broadcast.getInput() : value;
  RankedTensorType type = getTensorType(source);
  int64_t trailing = norm.getType().getRank() - norm.getAxis();
  if (!broadcast || type.getRank() > trailing)
    return {};
  // The op wants the trailing rank; unit dims are implied by fewer.
  return type.getRank() == trailing ? source : Value();
}

struct AbsorbScale : OpRewritePattern<arith::MulFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::MulFOp op,
                                PatternRewriter &rewriter) const override {
    for (unsigned side : {0, 1}) {
      auto norm = op.getOperand(side).getDefiningOp<NormOp>();
      if (!norm || norm.getScale() || norm.getBias() || !norm->hasOneUse())
        continue;
      Value scale = getTrailing(op.getOperand(1 - side), norm);
      if (!scale)
        continue;
      rewriter.replaceOpWithNewOp<NormOp>(op, op.getType(), norm.getKind(),
                                          norm.getInput(), scale, Value(),
                                          norm.getAxis(), norm.getEpsilon());
      return success();
    }
    return failure();
  }
};

struct AbsorbBias : OpRewritePattern<arith::AddFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::AddFOp op,
                                PatternRewriter &rewriter) const override {
    for (unsigned side : {0, 1}) {
      auto norm = op.getOperand(side).getDefiningOp<NormOp>();
      if (!norm || norm.getBias() || !norm->hasOneUse())
        continue;
      Value bias = getTrailing(op.getOperand(1 - side), norm);
      if (!bias)
        continue;
      rewriter.replaceOpWithNewOp<NormOp>(
          op, op.getType(), norm.getKind(), norm.getInput(), norm.getScale(),
          bias, norm.getAxis(), norm.getEpsilon());
      return success();
    }
    return failure();
  }
};

} // namespace

void raddle::graph::populateNormPatterns(RewritePatternSet &patterns) {
  patterns.add<FormNorm<arith::DivFOp>, FormNorm<arith::MulFOp>, AbsorbScale,
               AbsorbBias>(patterns.getContext());
}
