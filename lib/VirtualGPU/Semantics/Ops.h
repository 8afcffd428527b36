//===- Ops.h - Handlers made of functions of vectors ------------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_SEMANTICS_OPS_H
#define RADDLE_LIB_VIRTUALGPU_SEMANTICS_OPS_H

#include "Isa/Form.h"
#include "Semantics/Simd.h"

namespace raddle::vgpu::RADDLE_VGPU_ISA {

template <class F, class T> void unary(Warp &w, const Op &op) {
  put<T>(w, op.d, F::template eval<T>(get<T>(w, op.a)));
}
template <class F, class T> void binary(Warp &w, const Op &op) {
  put<T>(w, op.d, F::template eval<T>(get<T>(w, op.a), get<T>(w, op.b)));
}
template <class F, class T> void ternary(Warp &w, const Op &op) {
  put<T>(
      w, op.d,
      F::template eval<T>(get<T>(w, op.a), get<T>(w, op.b), get<T>(w, op.c)));
}

/// The instantiation of `handler<F, T>` for an integer type.
#define RADDLE_BY_INTEGER(type, make)                                          \
  switch (type) {                                                              \
  case Type::U16:                                                              \
    return make(uint16_t);                                                     \
  case Type::S16:                                                              \
    return make(int16_t);                                                      \
  case Type::U32:                                                              \
    return make(uint32_t);                                                     \
  case Type::S32:                                                              \
    return make(int32_t);                                                      \
  case Type::U64:                                                              \
    return make(uint64_t);                                                     \
  case Type::S64:                                                              \
    return make(int64_t);                                                      \
  default:                                                                     \
    return nullptr;                                                            \
  }
#define RADDLE_BY_WIDTH(bytes, make)                                           \
  switch (bytes) {                                                             \
  case 2:                                                                      \
    return make(uint16_t);                                                     \
  case 4:                                                                      \
    return make(uint32_t);                                                     \
  case 8:                                                                      \
    return make(uint64_t);                                                     \
  default:                                                                     \
    return nullptr;                                                            \
  }

RADDLE_INLINE unsigned widthOf(Type t) {
  switch (t) {
  case Type::B16:
  case Type::U16:
  case Type::S16:
  case Type::F16:
  case Type::BF16:
  case Type::E4M3x2:
  case Type::E5M2x2:
    return 2;
  case Type::B64:
  case Type::U64:
  case Type::S64:
  case Type::F64:
  case Type::F32x2:
    return 8;
  case Type::B128:
    return 16;
  case Type::B8:
  case Type::U8:
  case Type::S8:
  case Type::E4M3:
  case Type::E5M2:
    return 1;
  default:
    return 4;
  }
}

// One per file.
Handler selectInteger(const Form &f);
Handler selectBits(const Form &f);
Handler selectFloat(const Form &f);
Handler selectHalf(const Form &f);
Handler selectSpecialFunction(const Form &f);
Handler selectDirected(const Form &f);
Handler selectCompare(const Form &f);
Handler selectConvert(const Form &f);
Handler selectConvertPacked(const Form &f);
Handler selectMove(const Form &f);
Handler selectMemory(const Form &f);
Handler selectAtomic(const Form &f);
Handler selectWarp(const Form &f);
Handler selectMma(const Form &f);
Handler selectMmaShapes(const Form &f);

} // namespace raddle::vgpu::RADDLE_VGPU_ISA

#endif
