//===- TensorMapApi.cpp - cuTensorMap* ------------------------------------===//

#include "Driver/State.h"
#include "Exec/TensorMap.h"

#include <cstring>

using namespace raddle::vgpu;
using namespace raddle::vgpu::driver;

CUresult cuTensorMapEncodeTiled(
    CUtensorMap *map, CUtensorMapDataType type, unsigned rank, void *address,
    const uint64_t *globalDim, const uint64_t *globalStrides,
    const uint32_t *boxDim, const uint32_t *elementStrides,
    CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,
    CUtensorMapL2promotion promotion, CUtensorMapFloatOOBfill fill) {
  if (!map || rank < 1 || rank > 5 || !globalDim || !boxDim ||
      !elementStrides || (rank > 1 && !globalStrides) || type < 0 ||
      type > 255 || swizzle < 0 || swizzle > 255 || promotion < 0 ||
      promotion > 3 || fill < 0 || fill > 1)
    return CUDA_ERROR_INVALID_VALUE;
  if (interleave)
    return CUDA_ERROR_NOT_SUPPORTED;
  TensorMap result;
  result.type = static_cast<uint8_t>(type);
  result.rank = static_cast<uint8_t>(rank);
  result.swizzle = static_cast<uint8_t>(swizzle);
  result.fillNan = static_cast<uint8_t>(fill);
  result.address = reinterpret_cast<uint64_t>(address);
  for (unsigned i = 0; i < rank; ++i) {
    if (!globalDim[i] || globalDim[i] > uint64_t(1) << 32 || boxDim[i] > 256 ||
        elementStrides[i] > 8)
      return CUDA_ERROR_INVALID_VALUE;
    result.dims[i] = static_cast<uint32_t>(globalDim[i] - 1);
    result.boxDims[i] = static_cast<uint16_t>(boxDim[i]);
    result.elementStrides[i] = static_cast<uint8_t>(elementStrides[i]);
    if (i + 1 < rank)
      result.strides[i] = globalStrides[i];
  }
  if (!result.problem().empty())
    return CUDA_ERROR_INVALID_VALUE;
  std::memcpy(map, &result, sizeof result);
  return CUDA_SUCCESS;
}

CUresult cuTensorMapReplaceAddress(CUtensorMap *map, void *address) {
  if (!map)
    return CUDA_ERROR_INVALID_VALUE;
  TensorMap changed;
  std::memcpy(&changed, map, sizeof changed);
  changed.address = reinterpret_cast<uint64_t>(address);
  if (!changed.problem().empty())
    return CUDA_ERROR_INVALID_VALUE;
  std::memcpy(map, &changed, sizeof changed);
  return CUDA_SUCCESS;
}
