//===- Half.h - f16, bf16 and their rounding --------------------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_SEMANTICS_HALF_H
#define RADDLE_LIB_VIRTUALGPU_SEMANTICS_HALF_H

#include "Semantics/Simd.h"

namespace raddle::vgpu::RADDLE_VGPU_ISA {

RADDLE_INLINE V<float> canonical(V<float> v) {
  return pick<float>(v != v, bits<float>(splat<uint32_t>(0x7fffffff)), v);
}
RADDLE_INLINE V<uint16_t> canonicalHalf(V<uint16_t> v) {
  return pick<uint16_t>((v & splat<uint16_t>(0x7fff)) > splat<uint16_t>(0x7c00),
                        splat<uint16_t>(0x7fff), v);
}

RADDLE_INLINE V<float> halfToFloat(V<uint16_t> v) {
  return convert<float>(bits<f16>(v));
}
/// Round to nearest even, NaN becomes 0x7fff.
RADDLE_INLINE V<uint16_t> floatToHalf(V<float> v) {
  return canonicalHalf(bits<uint16_t>(convert<f16>(v)));
}
RADDLE_INLINE V<float> bfloatToFloat(V<uint16_t> v) {
  return bits<float>(convert<uint32_t>(v) << splat<uint32_t>(16));
}
RADDLE_INLINE V<uint16_t> floatToBfloat(V<float> v) {
  V<uint32_t> u = bits<uint32_t>(v);
  V<uint32_t> r = (u + splat<uint32_t>(0x7fff) +
                   ((u >> splat<uint32_t>(16)) & splat<uint32_t>(1))) >>
                  splat<uint32_t>(16);
  return convert<uint16_t>(pick<uint32_t>(v != v, splat<uint32_t>(0x7fff), r));
}

/// Flushes subnormal numbers to zeros of the same sign.
RADDLE_INLINE V<float> flush(V<float> v) {
  V<uint32_t> u = bits<uint32_t>(v);
  return bits<float>(
      pick<uint32_t>((u & splat<uint32_t>(0x7f800000)) == splat<uint32_t>(0),
                     u & splat<uint32_t>(0x80000000), u));
}
RADDLE_INLINE V<uint16_t> flushHalf(V<uint16_t> u) {
  return pick<uint16_t>((u & splat<uint16_t>(0x7c00)) == splat<uint16_t>(0),
                        u & splat<uint16_t>(0x8000), u);
}
/// [0, 1], NaN to +0.
RADDLE_INLINE V<float> saturate(V<float> v) {
  V<float> zero = splat(0.0f), one = splat(1.0f);
  v = pick<float>(v > zero, v, zero); // NaN and -0 go to +0
  return pick<float>(v < one, v, one);
}

/// a + b rounded to odd: further rounding to fewer bits is then correct.
template <class T> RADDLE_INLINE V<T> addToOdd(V<T> a, V<T> b) {
  V<T> s = a + b;
  V<T> t = s - a;
  V<T> error = (a - (s - t)) + (b - t);
  using I = SInt<T>;
  V<I> u = bits<I>(s);
  V<I> inexact = (error != splat<T>(0)) & (error == error) &
                 ((u & splat<I>(1)) == splat<I>(0));
  // Towards the error: away from zero when the signs agree.
  V<I> away = (bits<I>(error) ^ u) >= splat<I>(0);
  V<I> step = pick<I>(away, splat<I>(1), splat<I>(-1));
  return bits<T>(u + (step & inexact));
}

} // namespace raddle::vgpu::RADDLE_VGPU_ISA

#endif
