//===- RoundTo.h - Rounding to a narrower format ----------------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_SEMANTICS_ROUNDTO_H
#define RADDLE_LIB_VIRTUALGPU_SEMANTICS_ROUNDTO_H

#include "Semantics/Simd.h"

namespace raddle::vgpu::RADDLE_VGPU_ISA {

enum class Round : uint8_t { Nearest, Zero, Down, Up, Away };

/// Rounds to `mantissa` fraction bits, least normal exponent `minExponent`,
/// largest finite value `most`; the result is exact in the narrower format, or
/// infinite.
RADDLE_INLINE V<double> roundTo(V<double> x, int mantissa, int minExponent,
                                double most, Round mode, bool satfinite) {
  V<int64_t> u = bits<int64_t>(x);
  V<int64_t> e = ((u >> splat<int64_t>(52)) & splat<int64_t>(0x7ff));
  e = __builtin_elementwise_max(e, splat<int64_t>(minExponent + 1023));
  e = __builtin_elementwise_min(e, splat<int64_t>(1023 + 1022));
  // The quantum and its inverse are powers of two.
  V<double> quantum =
      bits<double>((e - splat<int64_t>(mantissa)) << splat<int64_t>(52));
  V<double> inverse =
      bits<double>((splat<int64_t>(2046 + mantissa) - e) << splat<int64_t>(52));
  V<double> q = x * inverse;
  switch (mode) {
  case Round::Nearest:
    q = __builtin_elementwise_roundeven(q);
    break;
  case Round::Zero:
    q = __builtin_elementwise_trunc(q);
    break;
  case Round::Down:
    q = __builtin_elementwise_floor(q);
    break;
  case Round::Up:
    q = __builtin_elementwise_ceil(q);
    break;
  case Round::Away:
    q = __builtin_elementwise_round(q);
    break;
  }
  V<double> r = q * quantum;
  V<double> inf = splat(__builtin_inf());
  V<double> positive = mode == Round::Zero || mode == Round::Down || satfinite
                           ? splat(most)
                           : inf;
  V<double> negative = mode == Round::Zero || mode == Round::Up || satfinite
                           ? splat(-most)
                           : -inf;
  r = pick<double>(r > splat(most), positive, r);
  r = pick<double>(r < splat(-most), negative, r);
  // Zeros keep their sign, infinities and NaN stay.
  r = pick<double>(r == splat(0.0), bits<double>(u & splat<int64_t>(INT64_MIN)),
                   r);
  V<int64_t> isInf = (x == inf) | (x == -inf);
  if (satfinite) {
    r = pick<double>(x == inf, splat(most), r);
    r = pick<double>(x == -inf, splat(-most), r);
  } else {
    r = pick<double>(isInf, x, r);
  }
  return pick<double>(x != x, x, r);
}

} // namespace raddle::vgpu::RADDLE_VGPU_ISA

#endif
