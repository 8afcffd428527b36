//===- CudaDriver.h - The part of the CUDA driver API that we use -*- C++
//-*-===//
//
// Own declarations of the CUDA driver API, binary compatible with the vendor's
// header, so that neither building nor running needs a CUDA toolkit. The
// virtual GPU defines these functions in its own libcuda.so.1; a runtime takes
// the types and signatures from here and looks the functions up by name.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_VIRTUALGPU_CUDADRIVER_H
#define RADDLE_VIRTUALGPU_CUDADRIVER_H

#include <stddef.h>
#include <stdint.h>

#ifdef RADDLE_VGPU_BUILDING_DRIVER
#define RADDLE_CUDA_API __attribute__((visibility("default")))
#else
#define RADDLE_CUDA_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef int CUdevice;
typedef unsigned long long CUdeviceptr;
typedef struct CUctx_st *CUcontext;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
typedef struct CUstream_st *CUstream;
typedef struct CUevent_st *CUevent;
typedef struct {
  char bytes[16];
} CUuuid;

/// Status of every call; the values are those of the vendor.
typedef enum {
  CUDA_SUCCESS = 0,
  CUDA_ERROR_INVALID_VALUE = 1,
  CUDA_ERROR_OUT_OF_MEMORY = 2,
  CUDA_ERROR_NOT_INITIALIZED = 3,
  CUDA_ERROR_DEINITIALIZED = 4,
  CUDA_ERROR_NO_DEVICE = 100,
  CUDA_ERROR_INVALID_DEVICE = 101,
  CUDA_ERROR_INVALID_IMAGE = 200,
  CUDA_ERROR_INVALID_CONTEXT = 201,
  CUDA_ERROR_NO_BINARY_FOR_GPU = 209,
  CUDA_ERROR_INVALID_PTX = 218,
  CUDA_ERROR_UNSUPPORTED_PTX_VERSION = 222,
  CUDA_ERROR_INVALID_SOURCE = 300,
  CUDA_ERROR_FILE_NOT_FOUND = 301,
  CUDA_ERROR_INVALID_HANDLE = 400,
  CUDA_ERROR_NOT_FOUND = 500,
  CUDA_ERROR_NOT_READY = 600,
  CUDA_ERROR_ILLEGAL_ADDRESS = 700,
  CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES = 701,
  CUDA_ERROR_LAUNCH_TIMEOUT = 702,
  CUDA_ERROR_CONTEXT_IS_DESTROYED = 709,
  CUDA_ERROR_ASSERT = 710,
  CUDA_ERROR_ILLEGAL_INSTRUCTION = 715,
  CUDA_ERROR_MISALIGNED_ADDRESS = 716,
  CUDA_ERROR_LAUNCH_FAILED = 719,
  CUDA_ERROR_NOT_SUPPORTED = 801,
  CUDA_ERROR_UNKNOWN = 999
} CUresult;

typedef enum {
  CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK = 1,
  CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X = 2,
  CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y = 3,
  CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z = 4,
  CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X = 5,
  CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y = 6,
  CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z = 7,
  CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK = 8,
  CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY = 9,
  CU_DEVICE_ATTRIBUTE_WARP_SIZE = 10,
  CU_DEVICE_ATTRIBUTE_MAX_PITCH = 11,
  CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK = 12,
  CU_DEVICE_ATTRIBUTE_CLOCK_RATE = 13,
  CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT = 14,
  CU_DEVICE_ATTRIBUTE_GPU_OVERLAP = 15,
  CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT = 16,
  CU_DEVICE_ATTRIBUTE_KERNEL_EXEC_TIMEOUT = 17,
  CU_DEVICE_ATTRIBUTE_INTEGRATED = 18,
  CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY = 19,
  CU_DEVICE_ATTRIBUTE_COMPUTE_MODE = 20,
  CU_DEVICE_ATTRIBUTE_CONCURRENT_KERNELS = 31,
  CU_DEVICE_ATTRIBUTE_ECC_ENABLED = 32,
  CU_DEVICE_ATTRIBUTE_PCI_BUS_ID = 33,
  CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID = 34,
  CU_DEVICE_ATTRIBUTE_TCC_DRIVER = 35,
  CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE = 36,
  CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH = 37,
  CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE = 38,
  CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR = 39,
  CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT = 40,
  CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING = 41,
  CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID = 50,
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75,
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76,
  CU_DEVICE_ATTRIBUTE_STREAM_PRIORITIES_SUPPORTED = 78,
  CU_DEVICE_ATTRIBUTE_GLOBAL_L1_CACHE_SUPPORTED = 79,
  CU_DEVICE_ATTRIBUTE_LOCAL_L1_CACHE_SUPPORTED = 80,
  CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR = 81,
  CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR = 82,
  CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY = 83,
  CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH = 95,
  CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN = 97,
  CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR = 106,
  CU_DEVICE_ATTRIBUTE_RESERVED_SHARED_MEMORY_PER_BLOCK = 111,
  CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED = 115,
  CU_DEVICE_ATTRIBUTE_CLUSTER_LAUNCH = 120
} CUdevice_attribute;

typedef enum {
  CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK = 0,
  CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES = 1,
  CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES = 2,
  CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES = 3,
  CU_FUNC_ATTRIBUTE_NUM_REGS = 4,
  CU_FUNC_ATTRIBUTE_PTX_VERSION = 5,
  CU_FUNC_ATTRIBUTE_BINARY_VERSION = 6,
  CU_FUNC_ATTRIBUTE_CACHE_MODE_CA = 7,
  CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8,
  CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT = 9
} CUfunction_attribute;

typedef enum {
  CU_JIT_MAX_REGISTERS = 0,
  CU_JIT_THREADS_PER_BLOCK = 1,
  CU_JIT_WALL_TIME = 2,
  CU_JIT_INFO_LOG_BUFFER = 3,
  CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES = 4,
  CU_JIT_ERROR_LOG_BUFFER = 5,
  CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES = 6
} CUjit_option;

typedef enum {
  CU_GET_PROC_ADDRESS_SUCCESS = 0,
  CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND = 1,
  CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT = 2
} CUdriverProcAddressQueryResult;

typedef struct {
  unsigned id;
  char pad[4];
  char value[64];
} CUlaunchAttribute;

typedef struct {
  unsigned gridDimX, gridDimY, gridDimZ;
  unsigned blockDimX, blockDimY, blockDimZ;
  unsigned sharedMemBytes;
  CUstream hStream;
  CUlaunchAttribute *attrs;
  unsigned numAttrs;
} CUlaunchConfig;

/// A descriptor of a tensor in global memory, for kernels: opaque.
typedef struct {
#ifdef __cplusplus
  alignas(64) uint64_t opaque[16];
#else
  _Alignas(64) uint64_t opaque[16];
#endif
} CUtensorMap;
typedef int CUtensorMapDataType;
typedef int CUtensorMapInterleave;
typedef int CUtensorMapSwizzle;
typedef int CUtensorMapL2promotion;
typedef int CUtensorMapFloatOOBfill;

#define CU_LAUNCH_PARAM_END ((void *)0)
#define CU_LAUNCH_PARAM_BUFFER_POINTER ((void *)1)
#define CU_LAUNCH_PARAM_BUFFER_SIZE ((void *)2)

typedef size_t (*CUoccupancyB2DSize)(int blockSize);
typedef void (*CUhostFn)(void *userData);

RADDLE_CUDA_API CUresult cuInit(unsigned flags);
RADDLE_CUDA_API CUresult cuDriverGetVersion(int *version);
RADDLE_CUDA_API CUresult cuDeviceGetCount(int *count);
RADDLE_CUDA_API CUresult cuDeviceGet(CUdevice *device, int ordinal);
RADDLE_CUDA_API CUresult cuDeviceGetName(char *name, int length, CUdevice dev);
RADDLE_CUDA_API CUresult cuDeviceGetUuid(CUuuid *uuid, CUdevice dev);
RADDLE_CUDA_API CUresult cuDeviceGetUuid_v2(CUuuid *uuid, CUdevice dev);
RADDLE_CUDA_API CUresult cuDeviceGetAttribute(int *value,
                                              CUdevice_attribute attribute,
                                              CUdevice dev);
RADDLE_CUDA_API CUresult cuDeviceComputeCapability(int *major, int *minor,
                                                   CUdevice dev);
RADDLE_CUDA_API CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice dev);

RADDLE_CUDA_API CUresult cuDevicePrimaryCtxRetain(CUcontext *ctx, CUdevice dev);
RADDLE_CUDA_API CUresult cuDevicePrimaryCtxRelease(CUdevice dev);
RADDLE_CUDA_API CUresult cuDevicePrimaryCtxRelease_v2(CUdevice dev);
RADDLE_CUDA_API CUresult cuDevicePrimaryCtxReset_v2(CUdevice dev);
RADDLE_CUDA_API CUresult cuDevicePrimaryCtxGetState(CUdevice dev,
                                                    unsigned *flags,
                                                    int *active);
RADDLE_CUDA_API CUresult cuDevicePrimaryCtxSetFlags_v2(CUdevice dev,
                                                       unsigned flags);
RADDLE_CUDA_API CUresult cuCtxCreate_v2(CUcontext *ctx, unsigned flags,
                                        CUdevice dev);
RADDLE_CUDA_API CUresult cuCtxDestroy_v2(CUcontext ctx);
RADDLE_CUDA_API CUresult cuCtxSetCurrent(CUcontext ctx);
RADDLE_CUDA_API CUresult cuCtxGetCurrent(CUcontext *ctx);
RADDLE_CUDA_API CUresult cuCtxPushCurrent_v2(CUcontext ctx);
RADDLE_CUDA_API CUresult cuCtxPopCurrent_v2(CUcontext *ctx);
RADDLE_CUDA_API CUresult cuCtxGetDevice(CUdevice *dev);
RADDLE_CUDA_API CUresult cuCtxGetApiVersion(CUcontext ctx, unsigned *version);
RADDLE_CUDA_API CUresult cuCtxSynchronize(void);

RADDLE_CUDA_API CUresult cuModuleLoadData(CUmodule *module, const void *image);
RADDLE_CUDA_API CUresult cuModuleLoadDataEx(CUmodule *module, const void *image,
                                            unsigned numOptions,
                                            CUjit_option *options,
                                            void **optionValues);
RADDLE_CUDA_API CUresult cuModuleLoad(CUmodule *module, const char *path);
RADDLE_CUDA_API CUresult cuModuleUnload(CUmodule module);
RADDLE_CUDA_API CUresult cuModuleGetFunction(CUfunction *function,
                                             CUmodule module, const char *name);
RADDLE_CUDA_API CUresult cuModuleGetGlobal_v2(CUdeviceptr *address,
                                              size_t *bytes, CUmodule module,
                                              const char *name);
RADDLE_CUDA_API CUresult cuFuncGetAttribute(int *value,
                                            CUfunction_attribute attribute,
                                            CUfunction function);
RADDLE_CUDA_API CUresult cuFuncSetAttribute(CUfunction function,
                                            CUfunction_attribute attribute,
                                            int value);
RADDLE_CUDA_API CUresult cuFuncSetCacheConfig(CUfunction function,
                                              unsigned config);
RADDLE_CUDA_API CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(
    int *blocks, CUfunction function, int blockSize, size_t dynamicShared);

RADDLE_CUDA_API CUresult cuMemGetInfo_v2(size_t *free, size_t *total);
RADDLE_CUDA_API CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes);
RADDLE_CUDA_API CUresult cuMemAllocPitch_v2(CUdeviceptr *address, size_t *pitch,
                                            size_t widthInBytes, size_t height,
                                            unsigned elementSize);
RADDLE_CUDA_API CUresult cuMemAllocManaged(CUdeviceptr *address, size_t bytes,
                                           unsigned flags);
RADDLE_CUDA_API CUresult cuMemAllocAsync(CUdeviceptr *address, size_t bytes,
                                         CUstream stream);
RADDLE_CUDA_API CUresult cuMemFree_v2(CUdeviceptr address);
RADDLE_CUDA_API CUresult cuMemFreeAsync(CUdeviceptr address, CUstream stream);
RADDLE_CUDA_API CUresult cuMemGetAddressRange_v2(CUdeviceptr *base,
                                                 size_t *bytes,
                                                 CUdeviceptr address);
RADDLE_CUDA_API CUresult cuMemAllocHost_v2(void **pointer, size_t bytes);
RADDLE_CUDA_API CUresult cuMemHostAlloc(void **pointer, size_t bytes,
                                        unsigned flags);
RADDLE_CUDA_API CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr *address,
                                                      void *pointer,
                                                      unsigned flags);
RADDLE_CUDA_API CUresult cuMemFreeHost(void *pointer);

RADDLE_CUDA_API CUresult cuMemcpy(CUdeviceptr to, CUdeviceptr from,
                                  size_t bytes);
RADDLE_CUDA_API CUresult cuMemcpyAsync(CUdeviceptr to, CUdeviceptr from,
                                       size_t bytes, CUstream stream);
RADDLE_CUDA_API CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void *from,
                                         size_t bytes);
RADDLE_CUDA_API CUresult cuMemcpyDtoH_v2(void *to, CUdeviceptr from,
                                         size_t bytes);
RADDLE_CUDA_API CUresult cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from,
                                         size_t bytes);
RADDLE_CUDA_API CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from,
                                              size_t bytes, CUstream stream);
RADDLE_CUDA_API CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from,
                                              size_t bytes, CUstream stream);
RADDLE_CUDA_API CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from,
                                              size_t bytes, CUstream stream);
RADDLE_CUDA_API CUresult cuMemsetD8_v2(CUdeviceptr to, unsigned char value,
                                       size_t count);
RADDLE_CUDA_API CUresult cuMemsetD16_v2(CUdeviceptr to, unsigned short value,
                                        size_t count);
RADDLE_CUDA_API CUresult cuMemsetD32_v2(CUdeviceptr to, unsigned value,
                                        size_t count);
RADDLE_CUDA_API CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value,
                                         size_t count, CUstream stream);
RADDLE_CUDA_API CUresult cuMemsetD16Async(CUdeviceptr to, unsigned short value,
                                          size_t count, CUstream stream);
RADDLE_CUDA_API CUresult cuMemsetD32Async(CUdeviceptr to, unsigned value,
                                          size_t count, CUstream stream);

RADDLE_CUDA_API CUresult cuStreamCreate(CUstream *stream, unsigned flags);
RADDLE_CUDA_API CUresult cuStreamCreateWithPriority(CUstream *stream,
                                                    unsigned flags,
                                                    int priority);
RADDLE_CUDA_API CUresult cuStreamDestroy_v2(CUstream stream);
RADDLE_CUDA_API CUresult cuStreamSynchronize(CUstream stream);
RADDLE_CUDA_API CUresult cuStreamWaitEvent(CUstream stream, CUevent event,
                                           unsigned flags);
RADDLE_CUDA_API CUresult cuStreamQuery(CUstream stream);
RADDLE_CUDA_API CUresult cuLaunchHostFunc(CUstream stream, CUhostFn function,
                                          void *userData);
RADDLE_CUDA_API CUresult cuEventCreate(CUevent *event, unsigned flags);
RADDLE_CUDA_API CUresult cuEventRecord(CUevent event, CUstream stream);
RADDLE_CUDA_API CUresult cuEventQuery(CUevent event);
RADDLE_CUDA_API CUresult cuEventSynchronize(CUevent event);
RADDLE_CUDA_API CUresult cuEventElapsedTime(float *milliseconds, CUevent start,
                                            CUevent end);
RADDLE_CUDA_API CUresult cuEventDestroy_v2(CUevent event);

RADDLE_CUDA_API CUresult cuLaunchKernel(CUfunction function, unsigned gridX,
                                        unsigned gridY, unsigned gridZ,
                                        unsigned blockX, unsigned blockY,
                                        unsigned blockZ, unsigned sharedBytes,
                                        CUstream stream, void **kernelParams,
                                        void **extra);
/// Describes a tensor of rank 1 to 5 for cp.async.bulk.tensor. Sizes and boxes
/// in elements, strides of dimensions 1 ... in bytes; CUDA_ERROR_INVALID_VALUE
/// where the hardware would refuse the map, CUDA_ERROR_NOT_SUPPORTED for
/// interleaved layouts.
RADDLE_CUDA_API CUresult cuTensorMapEncodeTiled(
    CUtensorMap *map, CUtensorMapDataType type, unsigned rank, void *address,
    const uint64_t *globalDim, const uint64_t *globalStrides,
    const uint32_t *boxDim, const uint32_t *elementStrides,
    CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,
    CUtensorMapL2promotion promotion, CUtensorMapFloatOOBfill fill);
RADDLE_CUDA_API CUresult cuTensorMapReplaceAddress(CUtensorMap *map,
                                                   void *address);

RADDLE_CUDA_API CUresult cuLaunchKernelEx(const CUlaunchConfig *config,
                                          CUfunction function,
                                          void **kernelParams, void **extra);

RADDLE_CUDA_API CUresult cuGetErrorName(CUresult error, const char **name);
RADDLE_CUDA_API CUresult cuGetErrorString(CUresult error, const char **text);
RADDLE_CUDA_API CUresult
cuGetProcAddress_v2(const char *symbol, void **address, int cudaVersion,
                    uint64_t flags, CUdriverProcAddressQueryResult *status);

/// Additions of the virtual GPU; a vendor's library does not have them, so
/// look them up by name.
///
/// The last fault or load error of the calling process as text, "" if none.
/// The string stays valid until the next call from the same thread.
RADDLE_CUDA_API const char *raddleVgpuLastFault(void);
/// The last fault as a JSON object {class, kernel, ptx_line, source, block,
/// thread, address, allocation, other, message}, "" if none.
RADDLE_CUDA_API const char *raddleVgpuLastFaultJson(void);
/// Counters since the last reset as JSON; counting is on when the environment
/// variable RADDLE_VGPU_COUNTERS is set to a value other than 0 or after
/// raddleVgpuEnableCounters(1).
RADDLE_CUDA_API const char *raddleVgpuGetCounters(void);
RADDLE_CUDA_API void raddleVgpuResetCounters(void);
RADDLE_CUDA_API void raddleVgpuEnableCounters(int on);

#ifdef __cplusplus
}
#endif

#endif // RADDLE_VIRTUALGPU_CUDADRIVER_H
