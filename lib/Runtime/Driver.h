//===- Driver.h - the CUDA driver API, loaded at run time ------*- C++ -*-===//
//
// Own declarations of the part of the CUDA driver API that the runtime calls,
// by its documented binary interface (CUDA Driver API reference manual), so
// that building needs no CUDA toolkit.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_LIB_RUNTIME_DRIVER_H
#define RADDLE_LIB_RUNTIME_DRIVER_H

#include "raddle/Support/Error.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace raddle::cuda {

using Result = int;
using DeviceHandle = int;
using Context = struct ContextTag *;
using Module = struct ModuleTag *;
using Function = struct FunctionTag *;
using Stream = struct StreamTag *;
using Event = struct EventTag *;
using DevicePtr = unsigned long long;

inline constexpr Result kSuccess = 0;
inline constexpr Result kErrorInvalidPtx = 218;
inline constexpr Result kErrorOutOfMemory = 2;

// CUdevice_attribute
inline constexpr int kMaxGridDimX = 5;
inline constexpr int kMaxSharedMemoryPerBlock = 8;
inline constexpr int kComputeCapabilityMajor = 75;
inline constexpr int kComputeCapabilityMinor = 76;
inline constexpr int kMaxSharedMemoryPerBlockOptin = 97;

// CUfunction_attribute
inline constexpr int kFuncMaxDynamicSharedSizeBytes = 8;

// CUjit_option
inline constexpr int kJitErrorLogBuffer = 5;
inline constexpr int kJitErrorLogBufferSizeBytes = 6;

// CUstream_flags: no implicit ordering with the legacy default stream.
inline constexpr unsigned kStreamNonBlocking = 1;
// CUevent_flags: no time is taken.
inline constexpr unsigned kEventDisableTiming = 2;

// Name of the member, exported symbol, parameters.
#define RADDLE_CUDA_FUNCTIONS(X)                                               \
  X(init, "cuInit", unsigned)                                                  \
  X(deviceGetCount, "cuDeviceGetCount", int *)                                 \
  X(deviceGet, "cuDeviceGet", DeviceHandle *, int)                             \
  X(deviceGetName, "cuDeviceGetName", char *, int, DeviceHandle)               \
  X(deviceGetAttribute, "cuDeviceGetAttribute", int *, int, DeviceHandle)      \
  X(primaryCtxRetain, "cuDevicePrimaryCtxRetain", Context *, DeviceHandle)     \
  X(primaryCtxRelease, "cuDevicePrimaryCtxRelease_v2", DeviceHandle)           \
  X(ctxSetCurrent, "cuCtxSetCurrent", Context)                                 \
  X(moduleLoadDataEx, "cuModuleLoadDataEx", Module *, const void *, unsigned,  \
    int *, void **)                                                            \
  X(moduleUnload, "cuModuleUnload", Module)                                    \
  X(moduleGetFunction, "cuModuleGetFunction", Function *, Module,              \
    const char *)                                                              \
  X(funcSetAttribute, "cuFuncSetAttribute", Function, int, int)                \
  X(memAlloc, "cuMemAlloc_v2", DevicePtr *, size_t)                            \
  X(memFree, "cuMemFree_v2", DevicePtr)                                        \
  X(memAllocHost, "cuMemAllocHost_v2", void **, size_t)                        \
  X(memFreeHost, "cuMemFreeHost", void *)                                      \
  X(memcpyHtoDAsync, "cuMemcpyHtoDAsync_v2", DevicePtr, const void *, size_t,  \
    Stream)                                                                    \
  X(memcpyDtoHAsync, "cuMemcpyDtoHAsync_v2", void *, DevicePtr, size_t,        \
    Stream)                                                                    \
  X(memcpyDtoDAsync, "cuMemcpyDtoDAsync_v2", DevicePtr, DevicePtr, size_t,     \
    Stream)                                                                    \
  X(memsetD8Async, "cuMemsetD8Async", DevicePtr, unsigned char, size_t,        \
    Stream)                                                                    \
  X(streamCreate, "cuStreamCreate", Stream *, unsigned)                        \
  X(streamDestroy, "cuStreamDestroy_v2", Stream)                               \
  X(streamSynchronize, "cuStreamSynchronize", Stream)                          \
  X(streamWaitEvent, "cuStreamWaitEvent", Stream, Event, unsigned)             \
  X(eventCreate, "cuEventCreate", Event *, unsigned)                           \
  X(eventDestroy, "cuEventDestroy_v2", Event)                                  \
  X(eventRecord, "cuEventRecord", Event, Stream)                               \
  X(launchKernel, "cuLaunchKernel", Function, unsigned, unsigned, unsigned,    \
    unsigned, unsigned, unsigned, unsigned, Stream, void **, void **)          \
  X(getErrorName, "cuGetErrorName", Result, const char **)                     \
  X(getErrorString, "cuGetErrorString", Result, const char **)

/// The functions of one loaded library.
struct Driver {
#define X(member, symbol, ...) Result (*member)(__VA_ARGS__) = nullptr;
  RADDLE_CUDA_FUNCTIONS(X)
#undef X
  /// The virtual GPU's last fault or load error, as text and as JSON; null in a
  /// vendor's library.
  const char *(*lastFault)() = nullptr;
  const char *(*lastFaultJson)() = nullptr;
  /// The virtual GPU's counters; null in a vendor's library.
  const char *(*getCounters)() = nullptr;
  void (*resetCounters)() = nullptr;
  void (*enableCounters)(int) = nullptr;
  /// Where it was found.
  std::string path;

  /// Loads whatever `libcuda.so.1` the dynamic linker finds.
  static Expected<std::shared_ptr<const Driver>> loadCuda();
  /// Loads the virtual GPU's library.
  static Expected<std::shared_ptr<const Driver>> loadVirtualGPU();

  /// `CUDA_ERROR_INVALID_VALUE: invalid argument`.
  std::string describe(Result result) const;
};

} // namespace raddle::cuda

#endif // RADDLE_LIB_RUNTIME_DRIVER_H
