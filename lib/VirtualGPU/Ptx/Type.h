//===- Type.h - PTX scalar and packed types ---------------------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_PTX_TYPE_H
#define RADDLE_LIB_VIRTUALGPU_PTX_TYPE_H

#include <cstdint>

namespace raddle::vgpu {

/// Types as instructions and declarations name them. The order is that of the
/// name table in Type.cpp.
enum class Type : uint8_t {
  None,
  Pred,
  B1,
  U4,
  S4,
  B8,
  U8,
  S8,
  E4M3,
  E5M2,
  B16,
  U16,
  S16,
  F16,
  BF16,
  E4M3x2,
  E5M2x2,
  B32,
  U32,
  S32,
  F32,
  TF32,
  F16x2,
  BF16x2,
  U16x2,
  S16x2,
  B64,
  U64,
  S64,
  F64,
  F32x2,
  B128,
  B1024,
  Count
};

/// Bytes of a value; sub-byte types count as one byte, predicates as four (a
/// predicate register holds one bit per lane).
unsigned typeBytes(Type type);
const char *typeName(Type type);
bool isSigned(Type type);
bool isFloat(Type type);
bool isInteger(Type type);

enum class Space : uint8_t { Generic, Global, Shared, Local, Param, Const };
const char *spaceName(Space space);

} // namespace raddle::vgpu

#endif
