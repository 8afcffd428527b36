//===- ExpandExponential.cpp - Exponentials, logarithms, powers -----------===//

#include "dialects/Tile/Conversion/TileToNVVM/MathFunctions.h"
#include "dialects/Tile/Conversion/TileToNVVM/MathTables.h"

using namespace mlir;
using namespace raddle::tile;
using namespace raddle::tile::tables;

static constexpr double log2e = 1.4426950408889634;
static constexpr double infinity = std::numeric_limits<double>::infinity();

/// x - n ln 2 in two steps (Cody and Waite): the first is exact.
static Number reduceLn2(MathBuilder &m, Number x, Number n) {
  Number minusN = -n;
  Number r = m.fma(minusN, m.pick(0.693145752, 6.9314718055994529e-1), x);
  return m.fma(minusN, m.pick(1.42860677e-6, 2.3190468138462996e-17), r);
}

static Number expm1Polynomial(MathBuilder &m, Number r) {
  ArrayRef<double> table = m.isF64() ? ArrayRef(kExpm1F64) : kExpm1F32;
  return m.fma(r * r, m.polynomial(r, table), r);
}

/// x limited to [low, high]; NaN stays NaN.
static Number clamp(MathBuilder &m, Number x, double low, double high) {
  Number l = m.number(low), h = m.number(high);
  x = m.selectNumber(m.less(x, l), l, x);
  return m.selectNumber(m.less(h, x), h, x);
}

/// value * 2^n for |n| beyond the range of exponents, in two factors.
static Number scale(MathBuilder &m, Number value, Bits n) {
  Bits half = m.op<arith::ShRSIOp>(n, 1);
  Bits rest = m.op<arith::SubIOp>(n, half);
  return value * m.exp2i(half) * m.exp2i(rest);
}

Number functions::exp(MathBuilder &m, Number x, int power) {
  if (m.isF64()) {
    Number limited = clamp(m, x, -746, 711);
    auto [n, k] = m.roundScaled(limited, log2e);
    Number e = expm1Polynomial(m, reduceLn2(m, limited, n)) + 1.0;
    return scale(m, e, m.op<arith::AddIOp>(k, power));
  }
  // n = floor(x log2(e) + 1/2) limited to [-126, 126] by saturation; beyond,
  // the argument of ex2 grows instead, which gives subnormal results and
  // infinity without a test.
  Type type = m.type;
  Value operands[] = {x.value, m.number(0.0057249800302088260651).value,
                      m.number(0.5).value};
  Number t = m.number(m.call("llvm.nvvm.fma.rn.sat.f", type, operands));
  Value scaled[] = {t.value, m.number(252).value, m.number(12582913).value};
  Number j = m.number(m.call("llvm.nvvm.fma.rm.f", type, scaled));
  Number minusN = 12583039.0 - j;
  Number f = m.fma(x, 1.4426950216293335, minusN);
  f = m.fma(x, 1.925963033500011e-8, f);
  Bits exponent = m.op<arith::ShLIOp>(m.toBits(j), 23);
  if (power)
    exponent = m.op<arith::AddIOp>(exponent, int64_t(power) << 23);
  return m.ex2(f) * m.fromBits(exponent);
}

Number functions::exp2(MathBuilder &m, Number x) {
  if (!m.isF64())
    return m.ex2(x);
  Number limited = clamp(m, x, -1080, 1026);
  auto [n, k] = m.roundScaled(limited, 1.0);
  Number e = expm1Polynomial(m, (limited - n) * 0.6931471805599453) + 1.0;
  return scale(m, e, k);
}

Number functions::expm1(MathBuilder &m, Number x) {
  Number limited = clamp(m, x, m.pick(-30, -60), m.pick(89.5, 710.0));
  auto [n, k] = m.roundScaled(limited, log2e);
  Number p = expm1Polynomial(m, reduceLn2(m, limited, n));
  // Half of 2^n (p + 1) - 1, since 2^n itself may overflow.
  Number s = m.exp2i(m.op<arith::SubIOp>(k, 1));
  Number half = m.fma(p, s, s - 0.5);
  // The sign is that of x, for zeros as well.
  return m.copySign(half + half, x);
}

namespace {
/// x = 2^n (1 + f) for a positive finite x.
struct Split {
  Number n, f;
  Bits exponent; // n as an integer, in the place of the exponent
};
} // namespace

/// Exponents of [0.75, 1.5) are zero for f32, of [sqrt(1/2), sqrt(2)) for f64
/// and `wide` ranges.
static int64_t splitOffset(MathBuilder &m, bool centered) {
  if (m.isF64())
    return 0x3fe6a09e667f3bcd;
  return centered ? 0x3f3504f3 : 0x3f400000;
}

static Bits exponentOf(MathBuilder &m, Number x, bool centered) {
  Bits shifted = m.op<arith::SubIOp>(m.toBits(x), splitOffset(m, centered));
  return m.op<arith::AndIOp>(shifted, m.isF64() ? int64_t(0xfff0000000000000)
                                                : 0xff800000);
}

static Number exponentNumber(MathBuilder &m, Bits exponent) {
  if (!m.isF64())
    return m.fromInteger(exponent) * 1.1920928955078125e-7;
  return m.fromInteger(m.op<arith::ShRSIOp>(exponent, 52));
}

static Split splitNumber(MathBuilder &m, Number x, bool centered) {
  Number smallest = m.number(m.pick(1.17549435e-38, 2.2250738585072014e-308));
  Bits subnormal = m.less(x, smallest);
  Number a =
      m.selectNumber(subnormal, x * m.pick(8388608.0, 4503599627370496.0), x);
  Number bias =
      m.selectNumber(subnormal, m.number(m.pick(-23.0, -52.0)), m.number(0.0));
  Bits exponent = exponentOf(m, a, centered);
  Number mantissa = m.fromBits(m.op<arith::SubIOp>(m.toBits(a), exponent));
  Number n = exponentNumber(m, exponent) + bias;
  return {n, mantissa - 1.0, exponent};
}

/// What a logarithm of no positive finite number is; f32: as the instruction.
static Number logSpecial(MathBuilder &m, Number x) {
  if (!m.isF64())
    return m.lg2(x);
  Number r =
      m.selectNumber(m.less(x, m.number(0.0)),
                     m.number(std::numeric_limits<double>::quiet_NaN()), x + x);
  return m.selectNumber(m.equal(x, m.number(0.0)), m.number(-infinity), r);
}

/// log(1 + f), |f| <= 1/2.
static Number log1pPolynomial(MathBuilder &m, Number f) {
  if (!m.isF64()) {
    Number p = m.fma(m.polynomial(f, kLog1pF32), f, -0.5);
    return m.fma(f * f, p, f);
  }
  // With s = f/(2 + f): log(1 + f) = 2 atanh(s) and 2 s = f - s f.
  Number s = m.divide(f, f + 2.0);
  Number z = s * s;
  Number r = z * 2.0 * m.polynomial(z, kAtanhF64);
  Number half = f * f * 0.5;
  return f - (half - s * (half + r));
}

Number functions::log(MathBuilder &m, Number x) {
  Split split = splitNumber(m, x, false);
  Number r = log1pPolynomial(m, split.f);
  if (m.isF64())
    r = m.fma(split.n, 1.90821492927058770002e-10, r);
  r = m.fma(split.n, m.pick(0.693147182464599609, 6.93147180369123816490e-01),
            r);
  return m.selectNumber(m.positiveFinite(x), r, logSpecial(m, x));
}

Number functions::log2(MathBuilder &m, Number x) {
  Split split = splitNumber(m, x, false);
  Number p = log1pPolynomial(m, split.f);
  // log2(e) in two parts.
  Number r = p * m.pick(1.92596303e-8, 2.0355273740931033e-17);
  r = m.fma(p, m.pick(1.44269502162933349609, 1.4426950408889634), r);
  return m.selectNumber(m.positiveFinite(x), r + split.n, logSpecial(m, x));
}

Number functions::log10(MathBuilder &m, Number x) {
  Split split = splitNumber(m, x, false);
  Number p = log1pPolynomial(m, split.f);
  Number low = split.n * m.pick(-1.07428795e-8, -2.8037281277851704e-18);
  Number r = m.fma(p, 0.43429448190325182765, low);
  r = m.fma(split.n, m.pick(0.301030009984970093, 0.30102999566398120), r);
  return m.selectNumber(m.positiveFinite(x), r, logSpecial(m, x));
}

Number functions::log1p(MathBuilder &m, Number x) {
  Number u = x + 1.0;
  Bits exponent = exponentOf(m, u, false);
  // (1 + x) 2^-n - 1 = x 2^-n + (2^-n - 1), by exponents.
  Number f = m.fromBits(m.op<arith::SubIOp>(m.toBits(x), exponent));
  Number four = m.fromBits(m.op<arith::SubIOp>(
      m.bits(m.isF64() ? 0x4010000000000000 : 0x40800000), exponent));
  f = f + m.fma(four, 0.25, -1.0);
  Number n = exponentNumber(m, exponent);
  Number r = log1pPolynomial(m, f);
  if (m.isF64())
    r = m.fma(n, 1.90821492927058770002e-10, r);
  r = m.fma(n, m.pick(0.693147182464599609, 6.93147180369123816490e-01), r);
  r = m.copySign(r, x);
  return m.selectNumber(m.positiveFinite(u), r, logSpecial(m, u));
}

Number functions::powMagnitude(MathBuilder &m, Number x, Number y) {
  Number a = m.abs(x);
  // log2(a) as a sum of two numbers.
  Split split = splitNumber(m, a, true);
  Number f = split.f, v = f + 2.0;
  Number inverse = m.reciprocal(v);
  Number q = f * inverse;
  // q + low = f/(2 + f); f - (v - 2) is what rounding v lost.
  Number error = m.fma(-q, v, f);
  error = m.fma(-q, f - (v - 2.0), error);
  Number low = error * inverse;
  Number z = q * q;
  ArrayRef<double> table = m.isF64() ? ArrayRef(kAtanhF64) : kAtanhF32;
  Number t = q * z * m.polynomial(z, table);
  Number high = q + t;
  low = (q - high) + t + low;
  // Times 2 log2(e), also in two parts.
  double factor = m.pick(2.88539004325866699219, 2.8853900817779268);
  Number product = high * factor;
  Number rest = m.fma(high, factor, -product);
  rest = m.fma(high, m.pick(3.85192607e-8, 4.0710547481862066e-17), rest);
  rest = m.fma(low, factor, rest);
  Number sum = split.n + product;
  Number tail = (split.n - sum) + product + rest;
  Number special = m.isF64() ? m.selectNumber(m.equal(a, m.number(0.0)),
                                              m.number(-infinity), a)
                             : m.lg2(a);
  sum = m.selectNumber(m.positiveFinite(a), sum, special);

  // 2^(y (sum + tail)).
  Number main = y * sum;
  Number small = m.fma(y, tail, m.fma(y, sum, -main));
  double limit = m.pick(250.0, 2040.0);
  small = m.selectNumber(m.less(m.abs(main), m.number(limit)), small,
                         m.number(0.0));
  main = clamp(m, main, -limit, limit);
  auto [n, k] = m.roundScaled(main, 1.0);
  Number g = (main - n) + small;
  Number e =
      m.isF64() ? expm1Polynomial(m, g * 0.6931471805599453) + 1.0 : m.ex2(g);
  Number result = scale(m, e, k);
  // 1 to any power, infinite ones too; and any number to the power of 0.
  Number one = m.number(1.0);
  Bits unit = m.both(m.equal(a, one), m.equal(y, y));
  unit = m.either(unit, m.equal(y, m.number(0.0)));
  return m.selectNumber(unit, one, result);
}

Number functions::pow(MathBuilder &m, Number x, Number y) {
  Number magnitude = powMagnitude(m, x, y);
  // An odd integer keeps the sign of x; no integer has no power of x < 0.
  Bits integer = m.equal(m.rint(y), y);
  Number half = y * 0.5;
  Bits even = m.equal(m.rint(half), half);
  Number zero = m.number(0.0);
  Number sign = m.selectNumber(even, zero, x);
  sign = m.selectNumber(integer, sign, zero);
  Number result = m.copySign(magnitude, sign);
  Bits negative = m.both(m.less(x, zero), m.less(m.number(-infinity), x));
  Number nan = m.number(std::numeric_limits<double>::quiet_NaN());
  result =
      m.selectNumber(negative, m.selectNumber(integer, result, nan), result);
  // pow(1, NaN) is 1.
  Number one = m.number(1.0);
  return m.selectNumber(m.equal(x, one), one, result);
}
