//===- Float8.h - Values of 8-bit floats ------------------------*- C++ -*-===//
//
// Included by the semantics files, which are built once per instruction set of
// the host: everything here is inlined.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_LIB_VIRTUALGPU_EXEC_FLOAT8_H
#define RADDLE_LIB_VIRTUALGPU_EXEC_FLOAT8_H

#include <cstdint>

namespace raddle::vgpu {

/// The value of a byte: e5m2 is the upper half of f16; e4m3 has the bias 7, no
/// infinity and one NaN per sign.
static inline __attribute__((always_inline)) float fromE5m2(uint8_t byte) {
  return static_cast<float>(
      __builtin_bit_cast(_Float16, static_cast<uint16_t>(byte << 8)));
}
static inline __attribute__((always_inline)) float fromE4m3(uint8_t byte) {
  if ((byte & 0x7f) == 0x7f)
    return __builtin_nanf("");
  const int exponent = byte >> 3 & 15, fraction = byte & 7;
  const float magnitude =
      exponent
          ? __builtin_ldexpf(static_cast<float>(8 + fraction), exponent - 10)
          : __builtin_ldexpf(static_cast<float>(fraction), -9);
  return byte & 0x80 ? -magnitude : magnitude;
}

} // namespace raddle::vgpu

#endif
