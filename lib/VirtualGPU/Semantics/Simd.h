//===- Simd.h - Vectors of 32 lanes -----------------------------*- C++ -*-===//
//
// The semantics files are compiled several times, once per host instruction
// set, each time in its own namespace RADDLE_VGPU_ISA. They use no templates
// of the standard library: the linker could pick the copy that was compiled
// for the wider instruction set and run it on a machine that lacks it.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_LIB_VIRTUALGPU_SEMANTICS_SIMD_H
#define RADDLE_LIB_VIRTUALGPU_SEMANTICS_SIMD_H

#include "Exec/Warp.h"

#ifndef RADDLE_VGPU_ISA
#error "RADDLE_VGPU_ISA names the namespace of this build of the semantics"
#endif

#define RADDLE_INLINE static inline __attribute__((always_inline))
#define RADDLE_VEC template <class T> RADDLE_INLINE

namespace raddle::vgpu::RADDLE_VGPU_ISA {

using f16 = _Float16;

template <class T> using V = T __attribute__((ext_vector_type(32)));
using Bool32 = bool __attribute__((ext_vector_type(32)));

template <unsigned N> struct SizedInt;
template <> struct SizedInt<1> {
  using S = int8_t;
  using U = uint8_t;
};
template <> struct SizedInt<2> {
  using S = int16_t;
  using U = uint16_t;
};
template <> struct SizedInt<4> {
  using S = int32_t;
  using U = uint32_t;
};
template <> struct SizedInt<8> {
  using S = int64_t;
  using U = uint64_t;
};
template <class T> using UInt = typename SizedInt<sizeof(T)>::U;
template <class T> using SInt = typename SizedInt<sizeof(T)>::S;

template <class T> struct __attribute__((packed, aligned(64))) Box {
  V<T> v;
};

/// Reinterprets the bits of a vector.
template <class To, class From> RADDLE_INLINE V<To> bits(V<From> v) {
  static_assert(sizeof(To) == sizeof(From));
  return __builtin_bit_cast(V<To>, v);
}
template <class To, class From> RADDLE_INLINE V<To> convert(V<From> v) {
  return __builtin_convertvector(v, V<To>);
}

/// All ones in the lanes of `mask`.
template <class T> RADDLE_INLINE V<SInt<T>> laneMask(uint32_t mask) {
  Bool32 b = __builtin_bit_cast(Bool32, mask);
  return __builtin_convertvector(b, V<SInt<T>>) != (V<SInt<T>>)(0);
}
/// One bit per lane of a comparison's result.
template <class I> RADDLE_INLINE uint32_t maskOf(V<I> cmp) {
  return __builtin_bit_cast(uint32_t, __builtin_convertvector(cmp, Bool32));
}
template <class T> RADDLE_INLINE V<T> pick(V<SInt<T>> cond, V<T> a, V<T> b) {
  return bits<T>(cond ? bits<UInt<T>>(a) : bits<UInt<T>>(b));
}

RADDLE_INLINE const uint8_t *place(const Warp &w, Slot s) {
  return (s & 1 ? w.consts - 1 : w.regs) + s;
}
template <class T> RADDLE_INLINE V<T> get(const Warp &w, Slot s) {
  return reinterpret_cast<const Box<T> *>(place(w, s))->v;
}
/// Writes the lanes that execute.
template <class T> RADDLE_INLINE void put(Warp &w, Slot s, V<T> v) {
  auto *box = reinterpret_cast<Box<T> *>(w.regs + s);
  if (__builtin_expect(w.exec == ~0u, 1))
    box->v = v;
  else
    box->v = pick<T>(laneMask<T>(w.exec), v, box->v);
}
RADDLE_INLINE uint32_t getPred(const Warp &w, Slot s) {
  return *reinterpret_cast<const uint32_t *>(place(w, s));
}
RADDLE_INLINE void putPred(Warp &w, Slot s, uint32_t v) {
  auto *p = reinterpret_cast<uint32_t *>(w.regs + s);
  *p = (*p & ~w.exec) | (v & w.exec);
}
template <class T> RADDLE_INLINE V<T> splat(T x) { return (V<T>)(x); }

RADDLE_INLINE V<uint32_t> laneIds() {
  return V<uint32_t>{0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                     11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                     22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
}

/// Runs `f(lane)` for every lane of `mask`.
template <class F> RADDLE_INLINE void eachLane(uint32_t mask, F f) {
  for (; mask; mask &= mask - 1)
    f(static_cast<unsigned>(__builtin_ctz(mask)));
}

} // namespace raddle::vgpu::RADDLE_VGPU_ISA

#endif
