//===- ExpandSpecial.cpp - Error function, roots, remainder ---------------===//

#include "dialects/Tile/Conversion/TileToNVVM/MathFunctions.h"
#include "dialects/Tile/Conversion/TileToNVVM/MathTables.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace raddle::tile;
using namespace raddle::tile::tables;

/// erfc(a) for a >= 0.
static Number erfcPositive(MathBuilder &m, Number a) {
  Number limit = m.number(m.pick(10.2, 27.4));
  a = m.selectNumber(m.less(limit, a), limit, a);
  Number q = m.divide(a - 4.0, a + 4.0);
  ArrayRef<double> table = m.isF64() ? ArrayRef(kErfcF64) : kErfcF32;
  Number r = m.divide(m.polynomial(q, table), m.fma(a, 2.0, 1.0));
  // e^-(square + rest): the square is rounded, which the exponential enlarges.
  Number square = a * a;
  Number rest = m.fma(a, a, -square);
  r = r * functions::exp(m, -square);
  return m.fma(-rest, r, r);
}

Number functions::erf(MathBuilder &m, Number x) {
  Number a = m.abs(x);
  Number z = x * x;
  ArrayRef<double> table = m.isF64() ? ArrayRef(kErfF64) : kErfF32;
  Number small = m.fma(x, m.polynomial(z, table), x);
  Number large;
  if (m.isF64()) {
    large = 1.0 - erfcPositive(m, a);
  } else {
    Number limit = m.number(4.0); // erf is 1 from there on
    Number t = m.selectNumber(m.less(limit, a), limit, a);
    large = 1.0 - m.ex2(t * m.polynomial(t, kLogErfcF32));
  }
  Bits big = m.less(m.number(m.pick(0.93, 1.0)), a);
  return m.selectNumber(big, m.copySign(large, x), small);
}

Number functions::erfc(MathBuilder &m, Number x) {
  Number r = erfcPositive(m, m.abs(x));
  return m.selectNumber(m.less(x, m.number(0.0)), 2.0 - r, r);
}

Number functions::cbrt(MathBuilder &m, Number x) {
  Number a = m.abs(x);
  Number r;
  if (m.isF64()) {
    // Subnormal numbers times 2^54; their roots times 2^-18.
    Bits subnormal = m.less(a, m.number(2.2250738585072014e-308));
    Number scaled = m.selectNumber(subnormal, a * 0x1p54, a);
    Bits guess = m.op<arith::DivUIOp>(m.toBits(scaled), 3);
    r = m.fromBits(m.op<arith::AddIOp>(guess, 0x2a9f7893782da1ce));
    for (int step = 0; step < 3; ++step) { // Halley: digits treble
      Number cube = r * r * r;
      Number ratio = m.divide(scaled - cube, m.fma(cube, 2.0, scaled));
      r = m.fma(r, ratio, r);
    }
    r = m.selectNumber(subnormal, r * 0x1p-18, r);
  } else {
    r = m.ex2(m.lg2(a) * (1.0 / 3));
    // One step of Newton's method.
    Number step = m.fma(a, m.reciprocal(r * r), -r);
    r = m.fma(step, 1.0 / 3, r);
  }
  // Zero, infinity and NaN are their own roots.
  return m.selectNumber(m.positiveFinite(a), m.copySign(r, x), x);
}

Number functions::rsqrt(MathBuilder &m, Number x) {
  if (m.isF64())
    return m.divide(m.number(1.0), m.sqrt(x));
  return m.number(m.call("llvm.nvvm.rsqrt.approx.f", m.type, {x.value}));
}

Number functions::round(MathBuilder &m, Number x) {
  Number t = m.trunc(x);
  // The difference is exact; infinity gives NaN, which compares as false.
  Bits away = m.lessEqual(m.number(0.5), m.abs(x - t));
  Number unit = m.selectNumber(away, m.number(1.0), m.number(0.0));
  // The sign of x also for results of zero.
  return m.copySign(m.abs(t) + unit, x);
}

Number functions::remainder(MathBuilder &m, Number x, Number y) {
  OpBuilder &b = m.b;
  Number divisor = m.abs(y);
  // Long division with quotients below 2^52: r - q 2^k d is exact then.
  auto exponentOf = [&](Number v) { // also of a subnormal number
    Number scaled = v * 0x1p54;
    Bits subnormal = m.less(v, m.number(2.2250738585072014e-308));
    Bits word = m.toBits(m.selectNumber(subnormal, scaled, v));
    Bits e = m.op<arith::ShRUIOp>(word, 52);
    return m.selectBits(subnormal, m.op<arith::SubIOp>(e, 54), e);
  };
  Bits divisorExponent = exponentOf(divisor);
  Number zero = m.number(0.0);
  Number infinity = m.number(std::numeric_limits<double>::infinity());
  Number a = m.abs(x);
  Bits regular = m.both(m.less(a, infinity), m.less(zero, divisor));
  // Irregular arguments take no step.
  Number start = m.selectNumber(regular, a, zero);
  auto loop = scf::WhileOp::create(
      b, m.loc, TypeRange{m.type}, ValueRange{start.value},
      [&](OpBuilder &, Location, ValueRange values) {
        Number r = m.number(values[0]);
        scf::ConditionOp::create(b, m.loc, m.lessEqual(divisor, r).value,
                                 values);
      },
      [&](OpBuilder &, Location, ValueRange values) {
        Number r = m.number(values[0]);
        Bits k = m.op<arith::SubIOp>(
            m.op<arith::SubIOp>(exponentOf(r), divisorExponent), 51);
        Bits zeroBits = m.bits(0);
        k = m.selectBits(m.compare(arith::CmpIPredicate::slt, k, zeroBits),
                         zeroBits, k);
        Bits half = m.op<arith::ShRUIOp>(k, 1);
        Bits rest = m.op<arith::SubIOp>(k, half);
        Number d = divisor * m.exp2i(half) * m.exp2i(rest);
        Number q = m.trunc(m.divide(r, d));
        Number next = m.fma(-q, d, r);
        // A quotient rounded up to the next integer is one too large.
        next = m.selectNumber(m.less(next, zero), next + d, next);
        scf::YieldOp::create(b, m.loc, next.value);
      });
  Number r = m.number(loop.getResult(0));
  Number nan = m.number(std::numeric_limits<double>::quiet_NaN());
  Bits valid = m.both(regular, m.equal(y, y));
  return m.selectNumber(valid, m.copySign(r, x), nan);
}
