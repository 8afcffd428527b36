//===- ArithExpansion.cpp - Arithmetic that needs care --------------------===//

#include "dialects/Tile/Conversion/TileToNVVM/ArithExpansion.h"
#include "dialects/Tile/Conversion/TileToNVVM/MathFunctions.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace raddle::tile;

namespace {
/// Integer arithmetic of one type.
struct Integers {
  OpBuilder &b;
  Location loc;
  Type type;

  template <typename Op> Value op(Value x, Value y) {
    return Op::create(b, loc, x, y);
  }
  Value constant(int64_t v) {
    return arith::ConstantOp::create(
        b, loc,
        IntegerAttr::get(type, APInt(type.getIntOrFloatBitWidth(), uint64_t(v),
                                     false, /*implicitTrunc=*/true)));
  }
  Value compare(arith::CmpIPredicate p, Value x, Value y) {
    return arith::CmpIOp::create(b, loc, p, x, y);
  }
  Value select(Value c, Value x, Value y) {
    return arith::SelectOp::create(b, loc, c, x, y);
  }
};
} // namespace

static void replace(Operation *op, Value value) {
  op->getResult(0).replaceAllUsesWith(value);
  op->erase();
}

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

/// The largest value that an unsigned `value` can have, as far as is plain.
static uint64_t getUpperBound(Value value, unsigned depth = 4) {
  unsigned width = value.getType().getIntOrFloatBitWidth();
  uint64_t all = width >= 64 ? ~uint64_t(0) : (uint64_t(1) << width) - 1;
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return constant.getZExtValue();
  Operation *op = value.getDefiningOp();
  if (!op || depth == 0)
    return all;
  auto operand = [&](unsigned i) {
    return getUpperBound(op->getOperand(i), depth - 1);
  };
  if (isa<arith::AndIOp>(op))
    return std::min(operand(0), operand(1));
  if (isa<arith::ExtUIOp>(op))
    return operand(0);
  if (isa<arith::TruncIOp>(op))
    return std::min(all, operand(0));
  if (isa<arith::RemUIOp>(op))
    return std::max<uint64_t>(operand(1), 1) - 1;
  if (isa<arith::SelectOp>(op))
    return std::max(operand(1), operand(2));
  if (isa<arith::OrIOp, arith::XOrIOp>(op))
    return std::min(all, operand(0) + operand(1));
  uint64_t product;
  if (isa<arith::MulIOp>(op) &&
      !__builtin_mul_overflow(operand(0), operand(1), &product))
    return std::min(all, product);
  if (isa<arith::ShLIOp>(op) && operand(1) < 32 && operand(0) < (1u << 31))
    return std::min(all, operand(0) << operand(1));
  return all;
}

static void expandShift(Operation *op, Integers &i) {
  Value x = op->getOperand(0), amount = op->getOperand(1);
  unsigned width = i.type.getIntOrFloatBitWidth();
  if (getUpperBound(amount) < width)
    return;
  if (width == 64 && !isa<arith::ShRSIOp>(op)) {
    // In two halves: the back end takes a shift that is guarded by a select
    // for the clamping shift of PTX, which sees only 32 bits of the amount.
    Value all = i.constant(64);
    Value limited = i.select(i.compare(arith::CmpIPredicate::ult, amount, all),
                             amount, all);
    Value half = i.op<arith::ShRUIOp>(limited, i.constant(1));
    Value rest = i.op<arith::SubIOp>(limited, half);
    bool left = isa<arith::ShLIOp>(op);
    for (Value part : {half, rest})
      x = left ? i.op<arith::ShLIOp>(x, part) : i.op<arith::ShRUIOp>(x, part);
    return replace(op, x);
  }
  Value last = i.constant(width - 1);
  Value inside = i.compare(arith::CmpIPredicate::ule, amount, last);
  Value limited = i.select(inside, amount, last);
  if (isa<arith::ShRSIOp>(op))
    return replace(op, i.op<arith::ShRSIOp>(x, limited));
  Value shifted = isa<arith::ShLIOp>(op) ? i.op<arith::ShLIOp>(x, limited)
                                         : i.op<arith::ShRUIOp>(x, limited);
  replace(op, i.select(inside, shifted, i.constant(0)));
}

/// Divisors for which LLVM's division is undefined become 1: the back end
/// would otherwise take a test of the divisor for proven. x/0 is x then, and
/// the smallest integer by -1 is itself.
static Value safeDivisor(Integers &i, Value x, Value y, bool isSigned) {
  APInt constant;
  if (matchPattern(y, m_ConstantInt(&constant)) && !constant.isZero() &&
      (!isSigned || !constant.isAllOnes()))
    return y;
  Value bad = i.compare(arith::CmpIPredicate::eq, y, i.constant(0));
  if (isSigned) {
    unsigned width = i.type.getIntOrFloatBitWidth();
    Value smallest = i.constant(int64_t(uint64_t(1) << (width - 1)));
    Value overflow = i.op<arith::AndIOp>(
        i.compare(arith::CmpIPredicate::eq, x, smallest),
        i.compare(arith::CmpIPredicate::eq, y, i.constant(-1)));
    bad = i.op<arith::OrIOp>(bad, overflow);
  }
  return i.select(bad, i.constant(1), y);
}

static void expandDivision(Operation *op, Integers &i) {
  Value x = op->getOperand(0), y = op->getOperand(1);
  bool isSigned = isa<arith::DivSIOp, arith::RemSIOp, arith::FloorDivSIOp,
                      arith::CeilDivSIOp>(op);
  Value divisor = safeDivisor(i, x, y, isSigned);
  if (isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp>(op)) {
    op->setOperand(1, divisor);
    return;
  }
  using P = arith::CmpIPredicate;
  Value zero = i.constant(0), one = i.constant(1);
  if (isa<arith::CeilDivUIOp>(op)) {
    Value q = i.op<arith::DivUIOp>(x, divisor);
    Value r = i.op<arith::SubIOp>(x, i.op<arith::MulIOp>(q, divisor));
    Value up = i.compare(P::ne, r, zero);
    return replace(op, i.select(up, i.op<arith::AddIOp>(q, one), q));
  }
  Value q = i.op<arith::DivSIOp>(x, divisor);
  Value r = i.op<arith::SubIOp>(x, i.op<arith::MulIOp>(q, divisor));
  Value inexact = i.compare(P::ne, r, zero);
  // The quotient was rounded up (signs differ) or down (signs agree).
  Value differ = i.compare(P::slt, i.op<arith::XOrIOp>(x, divisor), zero);
  if (isa<arith::FloorDivSIOp>(op)) {
    Value down = i.op<arith::AndIOp>(inexact, differ);
    return replace(op, i.select(down, i.op<arith::SubIOp>(q, one), q));
  }
  Value truth = arith::ConstantOp::create(i.b, i.loc, i.b.getBoolAttr(true));
  Value agree = i.op<arith::XOrIOp>(differ, truth);
  Value up = i.op<arith::AndIOp>(inexact, agree);
  replace(op, i.select(up, i.op<arith::AddIOp>(q, one), q));
}

/// base^exponent modulo 2^width; 0 for a fraction.
static Value powInteger(Integers &i, Value base, Value exponent) {
  using P = arith::CmpIPredicate;
  Value zero = i.constant(0), one = i.constant(1);
  auto loop = scf::WhileOp::create(
      i.b, i.loc, TypeRange{i.type, i.type, i.type},
      ValueRange{one, base, exponent},
      [&](OpBuilder &, Location, ValueRange v) {
        scf::ConditionOp::create(i.b, i.loc, i.compare(P::sgt, v[2], zero), v);
      },
      [&](OpBuilder &, Location, ValueRange v) {
        Value odd = i.compare(P::ne, i.op<arith::AndIOp>(v[2], one), zero);
        Value result = i.select(odd, i.op<arith::MulIOp>(v[0], v[1]), v[0]);
        Value square = i.op<arith::MulIOp>(v[1], v[1]);
        Value rest = i.op<arith::ShRSIOp>(v[2], one);
        scf::YieldOp::create(i.b, i.loc, ValueRange{result, square, rest});
      });
  // A negative power is a fraction unless the base is 1 or -1.
  Value odd = i.compare(P::ne, i.op<arith::AndIOp>(exponent, one), zero);
  Value ofMinusOne = i.select(odd, i.constant(-1), one);
  Value negative =
      i.select(i.compare(P::eq, base, i.constant(-1)), ofMinusOne, zero);
  negative = i.select(i.compare(P::eq, base, one), one, negative);
  return i.select(i.compare(P::slt, exponent, zero), negative,
                  loop.getResult(0));
}

LogicalResult raddle::tile::expandIntegerMath(Operation *op, OpBuilder &b) {
  Integers i{b, op->getLoc(), op->getResult(0).getType()};
  auto type = dyn_cast<IntegerType>(i.type);
  if (!type || type.getWidth() > 64)
    return op->emitOpError("has no expansion for ") << i.type;
  if (isa<math::IPowIOp>(op)) {
    replace(op, powInteger(i, op->getOperand(0), op->getOperand(1)));
    return success();
  }
  if (isa<math::AbsIOp>(op)) {
    Value x = op->getOperand(0);
    Value negated = i.op<arith::SubIOp>(i.constant(0), x);
    Value negative = i.compare(arith::CmpIPredicate::slt, x, i.constant(0));
    replace(op, i.select(negative, negated, x));
    return success();
  }
  std::string suffix = ".i" + std::to_string(type.getWidth());
  MathBuilder m(b, op->getLoc(), b.getF32Type());
  Value x = op->getOperand(0);
  if (isa<math::CtPopOp>(op)) {
    replace(op, m.call("llvm.ctpop" + suffix, i.type, {x}));
    return success();
  }
  StringRef name =
      isa<math::CountLeadingZerosOp>(op) ? "llvm.ctlz" : "llvm.cttz";
  Value defined =
      arith::ConstantOp::create(b, op->getLoc(), b.getBoolAttr(false));
  replace(op, m.call((name + suffix).str(), i.type, {x, defined}));
  return success();
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

/// Truncation with saturation, NaN to 0, as the instruction does it; narrower
/// integers keep the low bits.
static void expandToInteger(Operation *op, OpBuilder &b) {
  Location loc = op->getLoc();
  Value x = op->getOperand(0);
  unsigned width = op->getResult(0).getType().getIntOrFloatBitWidth();
  bool isSigned = isa<arith::FPToSIOp>(op) || width < 32;
  if (x.getType().getIntOrFloatBitWidth() < 32)
    x = arith::ExtFOp::create(b, loc, b.getF32Type(), x);
  MathBuilder m(b, loc, cast<FloatType>(x.getType()));
  std::string name = "llvm.nvvm.";
  name += m.isF64() ? "d2" : "f2";
  name += isSigned ? "" : "u";
  name += width > 32 ? "ll.rz" : "i.rz";
  Value result = m.call(name, b.getIntegerType(width > 32 ? 64 : 32), {x});
  if (width < 32)
    result =
        arith::TruncIOp::create(b, loc, op->getResult(0).getType(), result);
  replace(op, result);
}

static void expandFromInteger(Operation *op, OpBuilder &b) {
  Location loc = op->getLoc();
  Value x = op->getOperand(0);
  Type result = op->getResult(0).getType();
  bool isSigned = isa<arith::SIToFPOp>(op);
  unsigned width = x.getType().getIntOrFloatBitWidth();
  if (width >= 32 && !result.isBF16())
    return;
  if (width < 32)
    x = isSigned ? Value(arith::ExtSIOp::create(b, loc, b.getI32Type(), x))
                 : Value(arith::ExtUIOp::create(b, loc, b.getI32Type(), x));
  // bf16 by way of a number that holds every integer of up to 32 bits.
  Type direct = !result.isBF16() ? result
                : width < 32     ? Type(b.getF32Type())
                                 : Type(b.getF64Type());
  Value y = isSigned ? Value(arith::SIToFPOp::create(b, loc, direct, x))
                     : Value(arith::UIToFPOp::create(b, loc, direct, x));
  if (result.isBF16()) {
    auto narrowed = arith::TruncFOp::create(b, loc, result, y);
    replace(op, narrowed);
    if (direct.isF64())
      expandArith(narrowed, b);
    return;
  }
  replace(op, y);
}

/// f64 to bf16: through f32 rounded to odd, so that rounding twice is right.
static void expandTruncate(arith::TruncFOp op, OpBuilder &b) {
  if (!op.getIn().getType().isF64() || !op.getType().isBF16())
    return;
  b.setInsertionPoint(op);
  Location loc = op.getLoc();
  MathBuilder m(b, loc, b.getF32Type());
  Number t = m.number(m.call("llvm.nvvm.d2f.rz", m.type, {op.getIn()}));
  Value back = m.create<arith::ExtFOp>(b.getF64Type(), t.value);
  Bits exact{
      m.create<arith::CmpFOp>(arith::CmpFPredicate::OEQ, back, op.getIn()), &m};
  Bits word = m.toBits(t);
  word = m.selectBits(exact, word, m.op<arith::OrIOp>(word, 1));
  replace(op, m.create<arith::TruncFOp>(op.getType(), m.fromBits(word).value));
}

static void expandExtend(arith::ExtFOp op, OpBuilder &b) {
  if (!op.getIn().getType().isBF16() || !op.getType().isF64())
    return;
  Value x = arith::ExtFOp::create(b, op.getLoc(), b.getF32Type(), op.getIn());
  replace(op, arith::ExtFOp::create(b, op.getLoc(), op.getType(), x));
}

//===----------------------------------------------------------------------===//
// Floating point
//===----------------------------------------------------------------------===//

/// max and min that return NaN for any NaN and order zeros by sign.
static Value expandExtremum(MathBuilder &m, Number x, Number y, bool isMax) {
  Number result = isMax ? m.selectNumber(m.less(x, y), y, x)
                        : m.selectNumber(m.less(y, x), y, x);
  // Equal numbers: the bits of zeros of both signs.
  Bits a = m.toBits(x), b = m.toBits(y);
  Number zero =
      m.fromBits(isMax ? m.op<arith::AndIOp>(a, b) : m.op<arith::OrIOp>(a, b));
  result = m.selectNumber(m.equal(x, y), zero, result);
  return m.selectNumber(m.unordered(x, y), x + y, result).value;
}

static void expandFloat(Operation *op, OpBuilder &b) {
  Location loc = op->getLoc();
  Type type = op->getOperand(0).getType();
  bool wide = isa<arith::RemFOp>(op); // its exact form is in f64
  if (type.isF64()) {
    MathBuilder m(b, loc, b.getF64Type());
    if (isa<arith::RemFOp>(op))
      return replace(op, functions::remainder(m, m.number(op->getOperand(0)),
                                              m.number(op->getOperand(1)))
                             .value);
    if (isa<arith::MaximumFOp, arith::MinimumFOp>(op))
      replace(op, expandExtremum(m, m.number(op->getOperand(0)),
                                 m.number(op->getOperand(1)),
                                 isa<arith::MaximumFOp>(op)));
    return;
  }
  if (!wide && !type.isBF16() && !(type.isF16() && isa<arith::DivFOp>(op)))
    return;
  // The same operation in the wider type: its result, rounded twice, is the
  // correctly rounded one since the wider type has twice the bits and two more.
  Type wider = wide ? b.getF64Type() : b.getF32Type();
  OperationState state(loc, op->getName());
  for (Value operand : op->getOperands()) {
    if (operand.getType() == type) {
      if (wide && type.isBF16()) // no direct conversion
        operand = arith::ExtFOp::create(b, loc, b.getF32Type(), operand);
      operand = arith::ExtFOp::create(b, loc, wider, operand);
    }
    state.operands.push_back(operand);
  }
  Type result = op->getResult(0).getType();
  state.addTypes(result == type ? wider : result);
  state.attributes = op->getAttrs();
  Operation *created = b.create(state);
  Value value = created->getResult(0);
  arith::TruncFOp narrowed;
  if (result == type) {
    narrowed = arith::TruncFOp::create(b, loc, type, value);
    value = narrowed;
  }
  replace(op, value);
  if (wide) {
    b.setInsertionPoint(created);
    expandFloat(created, b);
    expandTruncate(narrowed, b);
  }
}

void raddle::tile::expandArith(Operation *op, OpBuilder &b) {
  if (op->getNumResults() != 1)
    return;
  b.setInsertionPoint(op);
  if (isa<arith::FPToSIOp, arith::FPToUIOp>(op))
    return expandToInteger(op, b);
  if (isa<arith::SIToFPOp, arith::UIToFPOp>(op))
    return expandFromInteger(op, b);
  if (auto truncate = dyn_cast<arith::TruncFOp>(op))
    return expandTruncate(truncate, b);
  if (auto extend = dyn_cast<arith::ExtFOp>(op))
    return expandExtend(extend, b);
  if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp,
          arith::RemFOp, arith::NegFOp, arith::CmpFOp, arith::MaximumFOp,
          arith::MinimumFOp, arith::MaxNumFOp, arith::MinNumFOp>(op))
    return expandFloat(op, b);
  if (!isa<IntegerType>(op->getResult(0).getType()))
    return;
  Integers i{b, op->getLoc(), op->getResult(0).getType()};
  if (isa<arith::ShLIOp, arith::ShRUIOp, arith::ShRSIOp>(op))
    return expandShift(op, i);
  if (isa<arith::DivSIOp, arith::RemSIOp, arith::DivUIOp, arith::RemUIOp,
          arith::FloorDivSIOp, arith::CeilDivSIOp, arith::CeilDivUIOp>(op))
    return expandDivision(op, i);
}
