//===- TensorMap.cpp - Descriptors of tensors in global memory ------------===//

#include "Exec/TensorMap.h"

using namespace raddle::vgpu;

/// tensormap.replace: u8 u16 u32 s32 u64 s64 f16 f32 f32.ftz f64 bf16 tf32
/// tf32.ftz.
uint8_t TensorMap::typeOfInstruction(uint8_t number) {
  static constexpr uint8_t kTypes[] = {0, 1,  2, 3, 4,  5, 6,
                                       7, 10, 8, 9, 11, 12};
  return number < sizeof kTypes ? kTypes[number] : 255;
}

unsigned TensorMap::elementBytes() const {
  static constexpr uint8_t kBytes[] = {1, 2, 4, 4, 8, 8, 2, 4, 8, 2, 4, 4, 4};
  return type < sizeof kBytes ? kBytes[type] : 0;
}

/// The restrictions of cuTensorMapEncodeTiled.
std::string TensorMap::problem() const {
  auto number = [](uint64_t n) { return std::to_string(n); };
  if (magic != kMagic)
    return "it is not a tensor map";
  if (!elementBytes())
    return "element type " + number(type) + " is unknown";
  if (rank < 1 || rank > 5)
    return "rank " + number(rank) + ", expected 1 to 5";
  if (address % 16)
    return "the tensor's address is not a multiple of 16";
  if (swizzle > 3)
    return "swizzle " + number(swizzle) + " is unknown";
  for (unsigned i = 0; i < rank; ++i) {
    if (!boxDims[i] || boxDims[i] > 256)
      return "box dimension " + number(boxDims[i]) + ", expected 1 to 256";
    if (!elementStrides[i] || elementStrides[i] > 8)
      return "element stride " + number(elementStrides[i]) +
             ", expected 1 to 8";
  }
  for (unsigned i = 0; i + 1 < rank; ++i)
    if (strides[i] % 16 || strides[i] >= uint64_t(1) << 40)
      return "stride " + number(strides[i]) +
             " is not a multiple of 16 below 2^40";
  const uint64_t inner = uint64_t(boxDims[0]) * elementBytes();
  if (inner % 16)
    return "the inner box dimension has " + number(inner) +
           " bytes, expected a multiple of 16";
  if (swizzle && inner > 16u << swizzle)
    return "the inner box dimension has " + number(inner) +
           " bytes, more than the swizzle's " + number(16u << swizzle);
  return {};
}
