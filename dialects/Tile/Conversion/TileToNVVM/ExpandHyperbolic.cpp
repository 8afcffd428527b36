//===- ExpandHyperbolic.cpp - Hyperbolic functions and inverses -----------===//

#include "dialects/Tile/Conversion/TileToNVVM/MathFunctions.h"
#include "dialects/Tile/Conversion/TileToNVVM/MathTables.h"

using namespace mlir;
using namespace raddle::tile;
using namespace raddle::tile::tables;

static constexpr double ln2 = 0.6931471805599453;

Number functions::sinh(MathBuilder &m, Number x) {
  Number a = m.abs(x);
  Number e = expm1(m, a);
  Number small = m.fma(e, m.reciprocal(e + 1.0), e) * 0.5;
  // Beyond, e^-x is less than half a unit.
  Number large = exp(m, a, -1);
  Bits big = m.less(m.number(m.pick(10.0, 20.0)), a);
  return m.copySign(m.selectNumber(big, large, small), x);
}

Number functions::cosh(MathBuilder &m, Number x) {
  Number quarter = exp(m, m.abs(x), -2);
  return m.fma(quarter, 2.0, m.reciprocal(quarter) * 0.125);
}

Number functions::tanh(MathBuilder &m, Number x) {
  Number a = m.abs(x);
  if (m.isF64()) {
    Number limit = m.number(20.0);
    a = m.selectNumber(m.less(limit, a), limit, a);
    Number e = expm1(m, a + a);
    return m.copySign(m.divide(e, e + 2.0), x);
  }
  // 1 - 2/(e^2x + 1); the error of the exponent fades as the result nears 1.
  Number e = m.ex2(a * 2.88539008177792681472);
  Number large = m.fma(m.reciprocal(e + 1.0), -2.0, 1.0);
  Number z = x * x;
  // The sum with 0 keeps the sign of a zero.
  Number cube = m.fma(z, x, m.number(0.0));
  Number small = m.fma(cube, m.polynomial(z, kTanhF32), x);
  Bits big = m.less(m.number(0.6), a);
  return m.selectNumber(big, m.copySign(large, x), small);
}

Number functions::asinh(MathBuilder &m, Number x) {
  Number a = m.abs(x);
  // Squares that overflow: log(2 a).
  Bits big = m.less(m.number(m.pick(0x1p62, 0x1p500)), a);
  Number square = a * a;
  Number root = m.sqrt(square + 1.0) + 1.0;
  Number u = m.isF64() ? m.divide(square, root) + a
                       : m.fma(square, m.reciprocal(root), a);
  Number r = log1p(m, m.selectNumber(big, a, u));
  r = r + m.selectNumber(big, m.number(ln2), m.number(0.0));
  return m.copySign(r, x);
}

Number functions::acosh(MathBuilder &m, Number x) {
  Bits big = m.less(m.number(m.pick(0x1p62, 0x1p500)), x);
  Number t = x - 1.0;
  Number u = m.sqrt(t * (t + 2.0)) + t;
  Number r = log1p(m, m.selectNumber(big, x, u));
  r = r + m.selectNumber(big, m.number(ln2), m.number(0.0));
  Number nan = m.number(std::numeric_limits<double>::quiet_NaN());
  return m.selectNumber(m.less(x, m.number(1.0)), nan, r);
}

Number functions::atanh(MathBuilder &m, Number x) {
  Number a = m.abs(x);
  Number u = m.divide(a + a, 1.0 - a);
  return m.copySign(log1p(m, u) * 0.5, x);
}
