//===- MathExpansion.cpp - What one thread computes, in selectable form ---===//
//
// LLVM's NVPTX back end selects few elementary functions and aborts on the
// rest, so every function is written out here: f32 and f64 by their own
// tables, f16 and bf16 as f32. Error bounds: docs/Numerics.md.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tile/Conversion/TileToNVVM/ArithExpansion.h"
#include "dialects/Tile/Conversion/TileToNVVM/MathFunctions.h"
#include "dialects/Tile/Conversion/TileToNVVM/TileToNVVM.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace raddle::tile;

namespace {
using Unary = Number (*)(MathBuilder &, Number);
using Binary = Number (*)(MathBuilder &, Number, Number);
} // namespace

static Number minimum(MathBuilder &m, Number x, Number y) {
  return m.selectNumber(m.less(y, x), y, x);
}

static Number maximum(MathBuilder &m, Number x, Number y) {
  return m.selectNumber(m.less(x, y), y, x);
}

static Unary getUnary(Operation *op) {
  return llvm::TypeSwitch<Operation *, Unary>(op)
      .Case<math::ExpOp>([](auto) -> Unary {
        return [](MathBuilder &m, Number x) { return functions::exp(m, x); };
      })
      .Case<math::Exp2Op>([](auto) { return functions::exp2; })
      .Case<math::ExpM1Op>([](auto) { return functions::expm1; })
      .Case<math::LogOp>([](auto) { return functions::log; })
      .Case<math::Log2Op>([](auto) { return functions::log2; })
      .Case<math::Log10Op>([](auto) { return functions::log10; })
      .Case<math::Log1pOp>([](auto) { return functions::log1p; })
      .Case<math::SinhOp>([](auto) { return functions::sinh; })
      .Case<math::CoshOp>([](auto) { return functions::cosh; })
      .Case<math::TanhOp>([](auto) { return functions::tanh; })
      .Case<math::AsinhOp>([](auto) { return functions::asinh; })
      .Case<math::AcoshOp>([](auto) { return functions::acosh; })
      .Case<math::AtanhOp>([](auto) { return functions::atanh; })
      .Case<math::SinOp>([](auto) { return functions::sin; })
      .Case<math::CosOp>([](auto) { return functions::cos; })
      .Case<math::TanOp>([](auto) { return functions::tan; })
      .Case<math::AsinOp>([](auto) { return functions::asin; })
      .Case<math::AcosOp>([](auto) { return functions::acos; })
      .Case<math::AtanOp>([](auto) { return functions::atan; })
      .Case<math::ErfOp>([](auto) { return functions::erf; })
      .Case<math::ErfcOp>([](auto) { return functions::erfc; })
      .Case<math::CbrtOp>([](auto) { return functions::cbrt; })
      .Case<math::RsqrtOp>([](auto) { return functions::rsqrt; })
      .Case<math::RoundOp>([](auto) { return functions::round; })
      .Case<math::SqrtOp>([](auto) -> Unary {
        return [](MathBuilder &m, Number x) { return m.sqrt(x); };
      })
      .Case<math::AbsFOp>([](auto) -> Unary {
        return [](MathBuilder &m, Number x) { return m.abs(x); };
      })
      .Case<math::RoundEvenOp>([](auto) -> Unary {
        return [](MathBuilder &m, Number x) { return m.rint(x); };
      })
      .Case<math::TruncOp>([](auto) -> Unary {
        return [](MathBuilder &m, Number x) { return m.trunc(x); };
      })
      .Case<math::FloorOp>([](auto) -> Unary {
        return [](MathBuilder &m, Number x) {
          return m.callTyped("llvm.floor", {x.value});
        };
      })
      .Case<math::CeilOp>([](auto) -> Unary {
        return [](MathBuilder &m, Number x) {
          return m.callTyped("llvm.ceil", {x.value});
        };
      })
      .Default(Unary(nullptr));
}

static Binary getBinary(Operation *op) {
  return llvm::TypeSwitch<Operation *, Binary>(op)
      .Case<math::PowFOp>([](auto) { return functions::pow; })
      .Case<math::Atan2Op>([](auto) { return functions::atan2; })
      .Case<math::CopySignOp>([](auto) -> Binary {
        return
            [](MathBuilder &m, Number x, Number y) { return m.copySign(x, y); };
      })
      .Default(Binary(nullptr));
}

/// x^n of an integer n that need not be known.
static Number powInteger(MathBuilder &m, Number x, Value n) {
  APInt constant;
  if (matchPattern(n, m_ConstantInt(&constant)) && constant.abs().ule(4)) {
    uint64_t count = constant.abs().getZExtValue();
    if (count == 0)
      return m.number(1.0);
    Number square = count > 1 ? x * x : x;
    Number power = count == 3   ? square * x
                   : count == 4 ? square * square
                                : square;
    return constant.isNegative() ? m.divide(m.number(1.0), power) : power;
  }
  Type type = n.getType();
  Number y = m.number(m.create<arith::SIToFPOp>(m.type, n));
  // The parity is that of the integer: the number may be rounded.
  auto integer = [&](int64_t v) -> Value {
    return m.create<arith::ConstantOp>(m.b.getIntegerAttr(type, v));
  };
  Value odd = m.create<arith::AndIOp>(n, integer(1));
  odd = m.create<arith::CmpIOp>(arith::CmpIPredicate::ne, odd, integer(0));
  Number sign = m.selectNumber({odd, &m}, x, m.number(0.0));
  return m.copySign(functions::powMagnitude(m, x, y), sign);
}

static Bits classify(MathBuilder &m, Operation *op, Number x) {
  Number infinity = m.number(std::numeric_limits<double>::infinity());
  if (isa<math::IsNaNOp>(op))
    return m.unordered(x, x);
  if (isa<math::IsInfOp>(op))
    return m.equal(m.abs(x), infinity);
  Bits finite = m.less(m.abs(x), infinity);
  if (isa<math::IsFiniteOp>(op))
    return finite;
  Number smallest = m.number(m.pick(1.17549435e-38, 2.2250738585072014e-308));
  return m.both(finite, m.lessEqual(smallest, m.abs(x)));
}

static LogicalResult expand(Operation *op, OpBuilder &b) {
  Location loc = op->getLoc();
  if (isa<math::AbsIOp, math::CountLeadingZerosOp, math::CountTrailingZerosOp,
          math::CtPopOp, math::IPowIOp>(op))
    return expandIntegerMath(op, b);
  auto type = dyn_cast<FloatType>(op->getOperand(0).getType());
  if (!type || !(type.isF16() || type.isBF16() || type.isF32() || type.isF64()))
    return op->emitOpError("has no expansion for ")
           << op->getOperand(0).getType();
  bool narrow = type.getWidth() < 32;
  MathBuilder m(b, loc, narrow ? cast<FloatType>(b.getF32Type()) : type);
  SmallVector<Number> x;
  for (Value operand : op->getOperands()) {
    if (narrow && operand.getType() == type)
      operand = m.create<arith::ExtFOp>(m.type, operand);
    x.push_back(m.number(operand));
  }
  auto replace = [&](ArrayRef<Number> results) {
    SmallVector<Value> values;
    for (auto [number, old] : llvm::zip(results, op->getResults())) {
      Value value = number.value;
      if (narrow && old.getType() == type)
        value = m.create<arith::TruncFOp>(type, value);
      values.push_back(value);
    }
    op->replaceAllUsesWith(values);
    op->erase();
    return success();
  };
  if (Unary unary = getUnary(op))
    return replace(unary(m, x[0]));
  if (Binary binary = getBinary(op))
    return replace(binary(m, x[0], x[1]));
  if (isa<math::FmaOp>(op))
    return replace(m.fma(x[0], x[1], x[2]));
  if (isa<math::FPowIOp>(op))
    return replace(powInteger(m, x[0], op->getOperand(1)));
  if (isa<math::ClampFOp>(op)) // value, min, max
    return replace(minimum(m, maximum(m, x[0], x[1]), x[2]));
  if (isa<math::SincosOp>(op))
    return replace({functions::sin(m, x[0]), functions::cos(m, x[0])});
  if (isa<math::IsNaNOp, math::IsInfOp, math::IsFiniteOp, math::IsNormalOp>(
          op)) {
    if (isa<math::IsNormalOp>(op) && narrow)
      return op->emitOpError("has no expansion for ") << type;
    return replace(m.number(classify(m, op, x[0]).value));
  }
  return op->emitOpError("has no expansion for ") << type;
}

LogicalResult raddle::tile::expandMath(Operation *root) {
  SmallVector<Operation *> operations;
  root->walk([&](Operation *op) {
    if (isa<math::MathDialect, arith::ArithDialect>(op->getDialect()))
      operations.push_back(op);
  });
  LogicalResult result = success();
  OpBuilder b(root->getContext());
  for (Operation *op : operations) {
    b.setInsertionPoint(op);
    if (isa<arith::ArithDialect>(op->getDialect()))
      expandArith(op, b);
    else if (failed(expand(op, b)))
      result = failure(); // report every operation
  }
  return result;
}
