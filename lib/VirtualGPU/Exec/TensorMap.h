//===- TensorMap.h - Descriptors of tensors in global memory ----*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_EXEC_TENSORMAP_H
#define RADDLE_LIB_VIRTUALGPU_EXEC_TENSORMAP_H

#include <cstdint>
#include <string>

namespace raddle::vgpu {

/// What the 128 opaque bytes of a CUtensorMap hold on this machine: the
/// arguments of cuTensorMapEncodeTiled.
struct TensorMap {
  static constexpr uint32_t kMagic = 0x4d544452; // "RDTM"
  uint32_t magic = kMagic;
  uint8_t type = 0;    // CUtensorMapDataType
  uint8_t rank = 0;    // 1 to 5
  uint8_t swizzle = 0; // CUtensorMapSwizzle: none, 32, 64, 128 bytes
  uint8_t fillNan = 0; // out of bounds: NaN in place of zero
  uint64_t address = 0;
  uint64_t strides[4] = {}; // bytes, of dimensions 1 ...
  uint32_t dims[5] = {};    // elements minus one
  uint32_t pad = 0;
  uint16_t boxDims[5] = {}; // elements, at most 256
  uint8_t elementStrides[5] = {};
  uint8_t unused[41] = {};

  /// The data type that tensormap.replace names by a number of its own.
  static uint8_t typeOfInstruction(uint8_t number);
  unsigned elementBytes() const;
  /// Empty if the hardware would take the map, else why not.
  std::string problem() const;
};
static_assert(sizeof(TensorMap) == 128);

} // namespace raddle::vgpu

#endif
