//===- MathFunctions.h - Elementary functions ------------------*- C++ -*-===//
//
// One algorithm per function for f32 and f64; the tables differ. Error bounds:
// docs/Numerics.md. All follow C99 Annex F for zeros, infinities and NaN.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_MATHFUNCTIONS_H
#define RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_MATHFUNCTIONS_H

#include "dialects/Tile/Conversion/TileToNVVM/MathBuilder.h"

namespace raddle::tile::functions {

// ExpandExponential.cpp
/// e^x * 2^power, `power` from -2 to 0; with a negative power only x >= 0.
Number exp(MathBuilder &m, Number x, int power = 0);
Number exp2(MathBuilder &m, Number x);
Number expm1(MathBuilder &m, Number x);
Number log(MathBuilder &m, Number x);
Number log2(MathBuilder &m, Number x);
Number log10(MathBuilder &m, Number x);
Number log1p(MathBuilder &m, Number x);
Number pow(MathBuilder &m, Number x, Number y);
/// |x|^y; the caller knows the sign.
Number powMagnitude(MathBuilder &m, Number x, Number y);

// ExpandHyperbolic.cpp
Number sinh(MathBuilder &m, Number x);
Number cosh(MathBuilder &m, Number x);
Number tanh(MathBuilder &m, Number x);
Number asinh(MathBuilder &m, Number x);
Number acosh(MathBuilder &m, Number x);
Number atanh(MathBuilder &m, Number x);

// ExpandTrigonometric.cpp
Number sin(MathBuilder &m, Number x);
Number cos(MathBuilder &m, Number x);
Number tan(MathBuilder &m, Number x);
Number asin(MathBuilder &m, Number x);
Number acos(MathBuilder &m, Number x);
Number atan(MathBuilder &m, Number x);
Number atan2(MathBuilder &m, Number y, Number x);

// ExpandSpecial.cpp
Number erf(MathBuilder &m, Number x);
Number erfc(MathBuilder &m, Number x);
Number cbrt(MathBuilder &m, Number x);
Number rsqrt(MathBuilder &m, Number x);
/// Half-way cases away from zero.
Number round(MathBuilder &m, Number x);
/// The exact remainder x - trunc(x/y) y. f64 only.
Number remainder(MathBuilder &m, Number x, Number y);

} // namespace raddle::tile::functions

#endif // RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_MATHFUNCTIONS_H
