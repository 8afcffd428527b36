//===- ProcAddress.cpp - cuGetProcAddress ---------------------------------===//

#include "Driver/State.h"

#include <cstring>

namespace {
struct Entry {
  const char *name;
  void *address;
};
} // namespace

#define RADDLE_ENTRY(name) {#name, reinterpret_cast<void *>(name)},

static const Entry *entries(size_t &count) {
  static const Entry kEntries[] = {
      // clang-format off
    RADDLE_ENTRY(cuCtxCreate_v2)
    RADDLE_ENTRY(cuCtxDestroy_v2)
    RADDLE_ENTRY(cuCtxGetApiVersion)
    RADDLE_ENTRY(cuCtxGetCurrent)
    RADDLE_ENTRY(cuCtxGetDevice)
    RADDLE_ENTRY(cuCtxPopCurrent_v2)
    RADDLE_ENTRY(cuCtxPushCurrent_v2)
    RADDLE_ENTRY(cuCtxSetCurrent)
    RADDLE_ENTRY(cuCtxSynchronize)
    RADDLE_ENTRY(cuDeviceComputeCapability)
    RADDLE_ENTRY(cuDeviceGet)
    RADDLE_ENTRY(cuDeviceGetAttribute)
    RADDLE_ENTRY(cuDeviceGetCount)
    RADDLE_ENTRY(cuDeviceGetName)
    RADDLE_ENTRY(cuDeviceGetUuid)
    RADDLE_ENTRY(cuDeviceGetUuid_v2)
    RADDLE_ENTRY(cuDevicePrimaryCtxGetState)
    RADDLE_ENTRY(cuDevicePrimaryCtxRelease)
    RADDLE_ENTRY(cuDevicePrimaryCtxRelease_v2)
    RADDLE_ENTRY(cuDevicePrimaryCtxReset_v2)
    RADDLE_ENTRY(cuDevicePrimaryCtxRetain)
    RADDLE_ENTRY(cuDevicePrimaryCtxSetFlags_v2)
    RADDLE_ENTRY(cuDeviceTotalMem_v2)
    RADDLE_ENTRY(cuDriverGetVersion)
    RADDLE_ENTRY(cuEventCreate)
    RADDLE_ENTRY(cuEventDestroy_v2)
    RADDLE_ENTRY(cuEventElapsedTime)
    RADDLE_ENTRY(cuEventQuery)
    RADDLE_ENTRY(cuEventRecord)
    RADDLE_ENTRY(cuEventSynchronize)
    RADDLE_ENTRY(cuFuncGetAttribute)
    RADDLE_ENTRY(cuFuncSetAttribute)
    RADDLE_ENTRY(cuFuncSetCacheConfig)
    RADDLE_ENTRY(cuGetErrorName)
    RADDLE_ENTRY(cuGetErrorString)
    RADDLE_ENTRY(cuGetProcAddress_v2)
    RADDLE_ENTRY(cuInit)
    RADDLE_ENTRY(cuLaunchHostFunc)
    RADDLE_ENTRY(cuLaunchKernel)
    RADDLE_ENTRY(cuLaunchKernelEx)
    RADDLE_ENTRY(cuMemAllocAsync)
    RADDLE_ENTRY(cuMemAllocHost_v2)
    RADDLE_ENTRY(cuMemAllocManaged)
    RADDLE_ENTRY(cuMemAllocPitch_v2)
    RADDLE_ENTRY(cuMemAlloc_v2)
    RADDLE_ENTRY(cuMemFreeAsync)
    RADDLE_ENTRY(cuMemFreeHost)
    RADDLE_ENTRY(cuMemFree_v2)
    RADDLE_ENTRY(cuMemGetAddressRange_v2)
    RADDLE_ENTRY(cuMemGetInfo_v2)
    RADDLE_ENTRY(cuMemHostAlloc)
    RADDLE_ENTRY(cuMemHostGetDevicePointer_v2)
    RADDLE_ENTRY(cuMemcpy)
    RADDLE_ENTRY(cuMemcpyAsync)
    RADDLE_ENTRY(cuMemcpyDtoDAsync_v2)
    RADDLE_ENTRY(cuMemcpyDtoD_v2)
    RADDLE_ENTRY(cuMemcpyDtoHAsync_v2)
    RADDLE_ENTRY(cuMemcpyDtoH_v2)
    RADDLE_ENTRY(cuMemcpyHtoDAsync_v2)
    RADDLE_ENTRY(cuMemcpyHtoD_v2)
    RADDLE_ENTRY(cuMemsetD16Async)
    RADDLE_ENTRY(cuMemsetD16_v2)
    RADDLE_ENTRY(cuMemsetD32Async)
    RADDLE_ENTRY(cuMemsetD32_v2)
    RADDLE_ENTRY(cuMemsetD8Async)
    RADDLE_ENTRY(cuMemsetD8_v2)
    RADDLE_ENTRY(cuModuleGetFunction)
    RADDLE_ENTRY(cuModuleGetGlobal_v2)
    RADDLE_ENTRY(cuModuleLoad)
    RADDLE_ENTRY(cuModuleLoadData)
    RADDLE_ENTRY(cuModuleLoadDataEx)
    RADDLE_ENTRY(cuModuleUnload)
    RADDLE_ENTRY(cuOccupancyMaxActiveBlocksPerMultiprocessor)
    RADDLE_ENTRY(cuStreamCreate)
    RADDLE_ENTRY(cuStreamCreateWithPriority)
    RADDLE_ENTRY(cuStreamDestroy_v2)
    RADDLE_ENTRY(cuStreamQuery)
    RADDLE_ENTRY(cuStreamSynchronize)
    RADDLE_ENTRY(cuStreamWaitEvent)
    RADDLE_ENTRY(cuTensorMapEncodeTiled)
    RADDLE_ENTRY(cuTensorMapReplaceAddress)
    RADDLE_ENTRY(raddleVgpuEnableCounters)
    RADDLE_ENTRY(raddleVgpuGetCounters)
    RADDLE_ENTRY(raddleVgpuLastFault)
    RADDLE_ENTRY(raddleVgpuLastFaultJson)
    RADDLE_ENTRY(raddleVgpuResetCounters)
      // clang-format on
  };
  count = sizeof(kEntries) / sizeof(kEntries[0]);
  return kEntries;
}

/// The newest version of a function is meant: "cuMemAlloc" is cuMemAlloc_v2.
CUresult cuGetProcAddress_v2(const char *symbol, void **address, int, uint64_t,
                             CUdriverProcAddressQueryResult *status) {
  if (!symbol || !address)
    return CUDA_ERROR_INVALID_VALUE;
  size_t count;
  const Entry *list = entries(count);
  void *found = nullptr;
  const size_t length = std::strlen(symbol);
  for (size_t i = 0; i < count; ++i) {
    if (std::strncmp(list[i].name, symbol, length))
      continue;
    const char *rest = list[i].name + length;
    if (!*rest && !found)
      found = list[i].address;
    if (!std::strcmp(rest, "_v2"))
      found = list[i].address;
  }
  *address = found;
  if (status)
    *status = found ? CU_GET_PROC_ADDRESS_SUCCESS
                    : CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
  return found ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}
