//===- ExpandTrigonometric.cpp - Circular functions and inverses ----------===//

#include "dialects/Tile/Conversion/TileToNVVM/MathFunctions.h"
#include "dialects/Tile/Conversion/TileToNVVM/MathTables.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace raddle::tile;
using namespace raddle::tile::tables;

static constexpr double halfPi = 1.5707963267948966;

namespace {
/// x = quadrant * pi/2 + r with |r| <= pi/4 (a little more by rounding).
struct Reduced {
  Number r;
  Bits quadrant;
};
} // namespace

/// Payne and Hanek: the 24 bits of |x| times the 96 bits of 2/pi that matter
/// for its exponent, in integers. `m` builds inside the branch.
static Reduced reduceHuge(MathBuilder &m, Number x) {
  static constexpr uint32_t twoOverPi[] = {0x00000000, 0x28be60db, 0x9391054a,
                                           0x7f09d5f4, 0x7d4d3770, 0x36d8a566,
                                           0x4f10e410};
  OpBuilder &b = m.b;
  Type i64 = b.getI64Type();
  Bits word = m.toBits(x);
  Bits exponent = m.op<arith::AndIOp>(m.op<arith::ShRUIOp>(word, 23), 0xff);
  exponent = m.op<arith::SubIOp>(exponent, 126); // 17 to 128
  Bits index = m.op<arith::ShRUIOp>(exponent, 5);
  Bits shift = m.op<arith::AndIOp>(exponent, 31);
  Bits significand =
      m.op<arith::OrIOp>(m.op<arith::ShLIOp>(word, 8), 0x80000000);
  auto look = [&](unsigned start) {
    Bits result = m.bits(twoOverPi[start]);
    for (unsigned i = 1; i <= 4 && start + i < std::size(twoOverPi); ++i)
      result =
          m.selectBits(m.compare(arith::CmpIPredicate::eq, index, m.bits(i)),
                       m.bits(twoOverPi[start + i]), result);
    return result;
  };
  Bits parts[] = {look(0), look(1), look(2), look(3)};
  auto funnel = [&](Bits high, Bits low) -> Value {
    return m.call("llvm.fshl.i32", m.bitsType,
                  {high.value, low.value, shift.value});
  };
  auto wide = [&](Value v) -> Value {
    return m.create<arith::ExtUIOp>(i64, v);
  };
  auto constant = [&](int64_t v) -> Value {
    return m.create<arith::ConstantOp>(b.getI64IntegerAttr(v));
  };
  Value high = funnel(parts[0], parts[1]), middle = funnel(parts[1], parts[2]),
        low = funnel(parts[2], parts[3]);
  Value s = wide(significand.value);
  Value c32 = constant(32);
  Value p =
      m.create<arith::ShRUIOp>(m.create<arith::MulIOp>(s, wide(low)), c32);
  p = m.create<arith::AddIOp>(m.create<arith::MulIOp>(s, wide(middle)), p);
  Value top = m.create<arith::MulIOp>(significand.value, high);
  p = m.create<arith::AddIOp>(m.create<arith::ShLIOp>(wide(top), c32), p);
  // Two bits of quadrant, then the fraction, to the nearest quadrant.
  Value rounded = m.create<arith::AddIOp>(p, constant(int64_t(1) << 61));
  Value quadrant = m.create<arith::TruncIOp>(
      b.getI32Type(), m.create<arith::ShRUIOp>(rounded, constant(62)));
  Value fraction = m.create<arith::SubIOp>(
      p, m.create<arith::AndIOp>(rounded, constant(int64_t(3) << 62)));
  // Significant bits may start far below: to f64, which holds them.
  Value d = m.create<arith::SIToFPOp>(b.getF64Type(), fraction);
  d = m.create<arith::MulFOp>(
      d, m.create<arith::ConstantOp>(b.getF64FloatAttr(0x1.921fb54442d18p-62)));
  Number r = m.number(m.create<arith::TruncFOp>(m.type, d));
  Bits sign = m.op<arith::AndIOp>(word, 0x80000000);
  r = m.fromBits(m.op<arith::XOrIOp>(m.toBits(r), sign));
  Bits q{quadrant, &m};
  Bits negative = m.compare(arith::CmpIPredicate::slt, word, m.bits(0));
  q = m.selectBits(negative, m.op<arith::SubIOp>(m.bits(0), q), q);
  return {r, q};
}

static Reduced reduce(MathBuilder &m, Number x) {
  auto [n, q] = m.roundScaled(x, 0.63661977236758134308);
  Number minusN = -n;
  Number r =
      m.fma(minusN, m.pick(1.57079601287841796875, 1.5707963267948966), x);
  r = m.fma(minusN, m.pick(3.13916473e-7, 6.1232339957367574e-17), r);
  r = m.fma(minusN, m.pick(5.39030253e-15, 8.4784276603688985e-32), r);
  if (m.isF64()) {
    // The quadrant has 32 bits; beyond, no digit would be right.
    Number nan = m.number(std::numeric_limits<double>::quiet_NaN());
    return {m.selectNumber(m.less(m.abs(x), m.number(2147483648.0)), r, nan),
            q};
  }
  // Finite from 2^16 on, as one comparison of bits.
  Bits magnitude = m.op<arith::AndIOp>(m.toBits(x), 0x7fffffff);
  constexpr int64_t first = 0x47800000;
  Bits huge = m.compare(arith::CmpIPredicate::ult,
                        m.op<arith::SubIOp>(magnitude, first),
                        m.bits(0x7f800000 - first));
  auto branch =
      scf::IfOp::create(m.b, m.loc, TypeRange{m.type, m.bitsType}, huge.value,
                        /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(m.b);
  m.b.setInsertionPointToStart(branch.thenBlock());
  Reduced exact = reduceHuge(m, x);
  scf::YieldOp::create(m.b, m.loc,
                       ValueRange{exact.r.value, exact.quadrant.value});
  m.b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(m.b, m.loc, ValueRange{r.value, q.value});
  return {m.number(branch.getResult(0)), {branch.getResult(1), &m}};
}

/// sin(r) in `first`, cos(r) in `second`.
static std::pair<Number, Number> sincosKernel(MathBuilder &m, Number r) {
  Number z = r * r;
  // The sum with 0 keeps the sign of a zero.
  Number cube = m.fma(z, r, m.number(0.0));
  ArrayRef<double> sinTable = m.isF64() ? ArrayRef(kSinF64) : kSinF32;
  ArrayRef<double> cosTable = m.isF64() ? ArrayRef(kCosF64) : kCosF32;
  Number s = m.fma(cube, m.polynomial(z, sinTable), r);
  Number c = m.fma(m.polynomial(z, cosTable), z, -0.5);
  return {s, m.fma(c, z, 1.0)};
}

/// sin of `quadrant` * pi/2 + r.
static Number sinOf(MathBuilder &m, Bits quadrant, Number s, Number c) {
  Bits odd = m.compare(arith::CmpIPredicate::ne,
                       m.op<arith::AndIOp>(quadrant, 1), m.bits(0));
  Bits word = m.toBits(m.selectNumber(odd, c, s));
  Bits sign = m.op<arith::ShLIOp>(m.op<arith::AndIOp>(quadrant, 2),
                                  m.isF64() ? 62 : 30);
  return m.fromBits(m.op<arith::XOrIOp>(word, sign));
}

Number functions::sin(MathBuilder &m, Number x) {
  Reduced reduced = reduce(m, x);
  auto [s, c] = sincosKernel(m, reduced.r);
  return sinOf(m, reduced.quadrant, s, c);
}

Number functions::cos(MathBuilder &m, Number x) {
  Reduced reduced = reduce(m, x);
  auto [s, c] = sincosKernel(m, reduced.r);
  return sinOf(m, m.op<arith::AddIOp>(reduced.quadrant, 1), s, c);
}

Number functions::tan(MathBuilder &m, Number x) {
  Reduced reduced = reduce(m, x);
  auto [s, c] = sincosKernel(m, reduced.r);
  Bits odd = m.compare(arith::CmpIPredicate::ne,
                       m.op<arith::AndIOp>(reduced.quadrant, 1), m.bits(0));
  return m.divide(m.selectNumber(odd, -c, s), m.selectNumber(odd, s, c));
}

/// atan(t) for |t| <= 1.
static Number atanKernel(MathBuilder &m, Number t) {
  Number z = t * t;
  ArrayRef<double> table = m.isF64() ? ArrayRef(kAtanF64) : kAtanF32;
  return m.fma(t * z, m.polynomial(z, table), t);
}

/// high + low - r, where high + low is `multiple` * pi/2 in two parts.
static Number fromPi(MathBuilder &m, double multiple, Number r) {
  double high = m.pick(1.57079637050628662109, halfPi) * multiple;
  double low = m.pick(-4.37113900018624283e-8, 6.1232339957367660e-17);
  return (m.number(low * multiple) - r) + high;
}

Number functions::atan(MathBuilder &m, Number x) {
  Number a = m.abs(x);
  Bits big = m.less(m.number(1.0), a);
  Number p = atanKernel(m, m.selectNumber(big, m.reciprocal(a), a));
  return m.copySign(m.selectNumber(big, fromPi(m, 1, p), p), x);
}

Number functions::atan2(MathBuilder &m, Number y, Number x) {
  Number a = m.abs(x), b = m.abs(y);
  Bits steep = m.less(a, b);
  Number large = m.selectNumber(steep, b, a),
         small = m.selectNumber(steep, a, b);
  Number ratio = m.divide(small, large);
  // 0/0 counts as 0, inf/inf as 1.
  Number zero = m.number(0.0);
  ratio = m.selectNumber(m.equal(large, zero), zero, ratio);
  Number infinity = m.number(std::numeric_limits<double>::infinity());
  ratio = m.selectNumber(m.equal(small, infinity), m.number(1.0), ratio);
  Number r = atanKernel(m, ratio);
  r = m.selectNumber(steep, fromPi(m, 1, r), r);
  Bits negative = m.compare(arith::CmpIPredicate::slt, m.toBits(x), m.bits(0));
  r = m.copySign(m.selectNumber(negative, fromPi(m, 2, r), r), y);
  return m.selectNumber(m.unordered(x, y), x + y, r);
}

namespace {
/// asin(s) with s = |x|, or with s = sqrt((1 - |x|)/2) where |x| is `big`:
/// then asin(|x|) = pi/2 - 2 asin(s).
struct AsinParts {
  Number value;
  Bits big;
};
} // namespace

static AsinParts asinParts(MathBuilder &m, Number x) {
  Number a = m.abs(x);
  Bits big = m.less(m.number(0.5), a);
  Number half = m.fma(a, -0.5, 0.5);
  Number z = m.selectNumber(big, half, a * a);
  Number s = m.selectNumber(big, m.sqrt(half), a);
  ArrayRef<double> table = m.isF64() ? ArrayRef(kAsinF64) : kAsinF32;
  return {m.fma(s * z, m.polynomial(z, table), s), big};
}

Number functions::asin(MathBuilder &m, Number x) {
  auto [p, big] = asinParts(m, x);
  Number large = fromPi(m, 1, p + p);
  return m.copySign(m.selectNumber(big, large, p), x);
}

Number functions::acos(MathBuilder &m, Number x) {
  auto [p, big] = asinParts(m, x);
  Number small = fromPi(m, 1, m.copySign(p, x));
  Number twice = p + p;
  Bits negative = m.compare(arith::CmpIPredicate::slt, m.toBits(x), m.bits(0));
  Number large = m.selectNumber(negative, fromPi(m, 2, twice), twice);
  return m.selectNumber(big, large, small);
}
