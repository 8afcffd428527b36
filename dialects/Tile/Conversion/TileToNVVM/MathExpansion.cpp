//===- MathExpansion.cpp - Elementary functions on one thread -------------===//
//
// LLVM's NVPTX back end selects few elementary functions and aborts on the
// rest, so every function is written out here. Error bounds: docs/Numerics.md.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tile/Conversion/TileToNVVM/TileToNVVM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace {
Value callIntrinsic(OpBuilder &b, Location loc, StringRef name, Type type,
                    ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(b, loc, type, b.getStringAttr(name),
                                       operands)
      .getResults();
}

/// exp(x) = 2^n * 2^(x log2(e) - n): the product is formed in two parts so that
/// its rounding does not grow with x (2 ulp as `ex2.approx`, plus 1).
struct ExpandExp : OpRewritePattern<math::ExpOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::ExpOp op,
                                PatternRewriter &rewriter) const override {
    Type f32 = rewriter.getF32Type();
    if (op.getType() != f32)
      return failure();
    Location loc = op.getLoc();
    auto number = [&](float v) -> Value {
      return arith::ConstantOp::create(rewriter, loc,
                                       rewriter.getF32FloatAttr(v));
    };
    Value x = op.getOperand();
    // Below -104 the result is 0, above 89 infinite: keeps the parts finite.
    Value clamped = arith::MaximumFOp::create(rewriter, loc, x, number(-104.f));
    clamped = arith::MinimumFOp::create(rewriter, loc, clamped, number(89.f));
    Value high =
        arith::MulFOp::create(rewriter, loc, clamped, number(1.44269502f));
    Value n = callIntrinsic(rewriter, loc, "llvm.rint.f32", f32, {high});
    Value minusN = arith::NegFOp::create(rewriter, loc, n);
    // x - n ln 2 in two steps (Cody and Waite), then times log2(e).
    auto fma = [&](Value a, Value b, Value c) {
      return callIntrinsic(rewriter, loc, "llvm.fma.f32", f32, {a, b, c});
    };
    Value r = fma(minusN, number(0.693145752f), clamped);
    r = fma(minusN, number(1.42860677e-06f), r);
    Value t = arith::MulFOp::create(rewriter, loc, r, number(1.44269502f));
    Value p =
        callIntrinsic(rewriter, loc, "llvm.nvvm.ex2.approx.f32", f32, {t});
    // 2^n in two factors: n may lie below the range of normal exponents.
    Value half = arith::MulFOp::create(rewriter, loc, n, number(0.5f));
    Value n1 = callIntrinsic(rewriter, loc, "llvm.floor.f32", f32, {half});
    Value n2 = arith::SubFOp::create(rewriter, loc, n, n1);
    Value s1 =
        callIntrinsic(rewriter, loc, "llvm.nvvm.ex2.approx.f32", f32, {n1});
    Value s2 =
        callIntrinsic(rewriter, loc, "llvm.nvvm.ex2.approx.f32", f32, {n2});
    Value result = arith::MulFOp::create(rewriter, loc, p, s1);
    result = arith::MulFOp::create(rewriter, loc, result, s2);
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// A function that the hardware rounds correctly: one instruction.
template <typename OpTy> struct CallExact : OpRewritePattern<OpTy> {
  CallExact(MLIRContext *context, StringRef intrinsic)
      : OpRewritePattern<OpTy>(context), intrinsic(intrinsic) {}
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getType();
    if (!type.isF32() && !type.isF64())
      return failure();
    std::string name = (intrinsic + (type.isF32() ? ".f32" : ".f64")).str();
    rewriter.replaceOp(op, callIntrinsic(rewriter, op.getLoc(), name, type,
                                         op->getOperands()));
    return success();
  }

private:
  StringRef intrinsic;
};

/// Half precision is computed in f32 and rounded once.
struct WidenHalf : RewritePattern {
  explicit WidenHalf(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}
  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isa<math::MathDialect>(op->getDialect()) || op->getNumResults() != 1 ||
        !isa<Float16Type, BFloat16Type>(op->getResult(0).getType()))
      return failure();
    Type f32 = rewriter.getF32Type();
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(
          isa<Float16Type, BFloat16Type>(operand.getType())
              ? arith::ExtFOp::create(rewriter, op->getLoc(), f32, operand)
                    .getResult()
              : operand);
    Operation *wide =
        rewriter.create(op->getLoc(), op->getName().getIdentifier(), operands,
                        {f32}, op->getAttrs());
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, op->getResult(0).getType(),
                                                 wide->getResult(0));
    return success();
  }
};
} // namespace

LogicalResult raddle::tile::expandMath(Operation *root) {
  RewritePatternSet patterns(root->getContext());
  MLIRContext *context = root->getContext();
  patterns.add<ExpandExp, WidenHalf>(context);
  patterns.add<CallExact<math::FloorOp>>(context, "llvm.floor");
  patterns.add<CallExact<math::CeilOp>>(context, "llvm.ceil");
  patterns.add<CallExact<math::TruncOp>>(context, "llvm.trunc");
  patterns.add<CallExact<math::RoundEvenOp>>(context, "llvm.rint");
  patterns.add<CallExact<math::AbsFOp>>(context, "llvm.fabs");
  patterns.add<CallExact<math::SqrtOp>>(context, "llvm.sqrt");
  patterns.add<CallExact<math::FmaOp>>(context, "llvm.fma");
  patterns.add<CallExact<math::CopySignOp>>(context, "llvm.copysign");
  populateMathPolynomialApproximationPatterns(patterns);
  return applyPatternsGreedily(root, std::move(patterns));
}
