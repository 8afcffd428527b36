//===- Context.cpp - Devices and contexts ---------------------------------===//

#include "Driver/Queue.h"

#include <cstdlib>
#include <cstring>
#include <fstream>

using namespace raddle::vgpu;
using namespace raddle::vgpu::driver;

State &raddle::vgpu::driver::state() {
  // Never destroyed: clients call from their own static destructors.
  static State *s = new State;
  return *s;
}

static thread_local std::vector<CUcontext> contextStack;

CUcontext raddle::vgpu::driver::currentContext() {
  return contextStack.empty() ? nullptr : contextStack.back();
}

Call::Call() : lock(state().mutex) {
  State &s = state();
  CUcontext ctx = currentContext();
  if (s.running) {
    ordinal = s.running->ordinal;
    current = &s.devices[ordinal];
  } else if (ctx && s.contexts.count(ctx)) {
    ordinal = ctx->ordinal;
    current = &s.devices[ordinal];
  }
}

CUresult Call::check() {
  if (!state().initialized)
    return CUDA_ERROR_NOT_INITIALIZED;
  if (!current)
    return CUDA_ERROR_INVALID_CONTEXT;
  return current->sticky;
}

CUresult cuInit(unsigned flags) {
  State &s = state();
  std::lock_guard<std::recursive_mutex> lock(s.mutex);
  if (flags)
    return CUDA_ERROR_INVALID_VALUE;
  if (s.initialized)
    return CUDA_SUCCESS;
  const char *names = std::getenv("RADDLE_VGPU");
  std::string list = names && *names ? names : "a100-sxm4-80";
  Settings settings;
  if (!Settings::fromEnvironment(settings, s.faultText))
    return CUDA_ERROR_INVALID_VALUE;
  std::vector<Machine> machines;
  for (size_t at = 0; at <= list.size();) {
    size_t end = std::min(list.find(',', at), list.size());
    Machine machine;
    if (!findMachine(list.substr(at, end - at), machine, s.faultText))
      return CUDA_ERROR_NO_DEVICE;
    machines.push_back(std::move(machine));
    at = end + 1;
  }
  for (Machine &machine : machines) {
    VirtualDevice d;
    d.device = std::make_unique<Device>(std::move(machine), settings);
    d.primary.isPrimary = true;
    d.primary.ordinal = static_cast<int>(s.devices.size());
    s.devices.push_back(std::move(d));
  }
  s.initialized = true;
  // Set by `raddle-vgpu exec`: what the program did, when it ends.
  if (const char *profile = std::getenv("RADDLE_VGPU_PROFILE");
      profile && *profile) {
    raddleVgpuEnableCounters(1);
    std::atexit([] {
      std::ofstream out(std::getenv("RADDLE_VGPU_PROFILE"), std::ios::binary);
      out << raddleVgpuGetCounters() << "\n";
    });
  }
  return CUDA_SUCCESS;
}

CUresult cuDriverGetVersion(int *version) {
  if (!version)
    return CUDA_ERROR_INVALID_VALUE;
  *version = 12080;
  return CUDA_SUCCESS;
}

/// The device `dev`, or null with the error to return.
static VirtualDevice *deviceOf(CUdevice dev, CUresult &result) {
  State &s = state();
  if (!s.initialized) {
    result = CUDA_ERROR_NOT_INITIALIZED;
    return nullptr;
  }
  if (dev < 0 || static_cast<size_t>(dev) >= s.devices.size()) {
    result = CUDA_ERROR_INVALID_DEVICE;
    return nullptr;
  }
  result = CUDA_SUCCESS;
  return &s.devices[dev];
}

CUresult cuDeviceGetCount(int *count) {
  State &s = state();
  if (!s.initialized)
    return CUDA_ERROR_NOT_INITIALIZED;
  if (!count)
    return CUDA_ERROR_INVALID_VALUE;
  *count = static_cast<int>(s.devices.size());
  return CUDA_SUCCESS;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  CUresult result;
  if (!device)
    return CUDA_ERROR_INVALID_VALUE;
  if (!deviceOf(ordinal, result))
    return result;
  *device = ordinal;
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetName(char *name, int length, CUdevice dev) {
  CUresult result;
  VirtualDevice *d = deviceOf(dev, result);
  if (!d)
    return result;
  if (!name || length <= 0)
    return CUDA_ERROR_INVALID_VALUE;
  std::string title = d->device->machine.title + " (virtual)";
  std::strncpy(name, title.c_str(), static_cast<size_t>(length));
  name[length - 1] = 0;
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetUuid(CUuuid *uuid, CUdevice dev) {
  CUresult result;
  VirtualDevice *d = deviceOf(dev, result);
  if (!d)
    return result;
  if (!uuid)
    return CUDA_ERROR_INVALID_VALUE;
  std::string text = "vgpu" + std::to_string(dev) + d->device->machine.name;
  std::memset(uuid->bytes, 0, 16);
  std::memcpy(uuid->bytes, text.data(), std::min<size_t>(16, text.size()));
  return CUDA_SUCCESS;
}
CUresult cuDeviceGetUuid_v2(CUuuid *uuid, CUdevice dev) {
  return cuDeviceGetUuid(uuid, dev);
}

CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice dev) {
  CUresult result;
  VirtualDevice *d = deviceOf(dev, result);
  if (!d)
    return result;
  if (!bytes)
    return CUDA_ERROR_INVALID_VALUE;
  *bytes = d->device->machine.memoryBytes;
  return CUDA_SUCCESS;
}

CUresult cuDeviceComputeCapability(int *major, int *minor, CUdevice dev) {
  CUresult result;
  VirtualDevice *d = deviceOf(dev, result);
  if (!d)
    return result;
  if (!major || !minor)
    return CUDA_ERROR_INVALID_VALUE;
  *major = static_cast<int>(d->device->machine.major);
  *minor = static_cast<int>(d->device->machine.minor);
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute,
                              CUdevice dev) {
  CUresult result;
  VirtualDevice *d = deviceOf(dev, result);
  if (!d)
    return result;
  if (!value)
    return CUDA_ERROR_INVALID_VALUE;
  const Machine &m = d->device->machine;
  auto set = [&](uint64_t v) {
    *value = static_cast<int>(v);
    return CUDA_SUCCESS;
  };
  switch (attribute) {
  case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
  case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X:
  case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y:
    return set(1024);
  case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z:
    return set(64);
  case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X:
    return set(0x7fffffff);
  case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y:
  case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z:
    return set(65535);
  case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK:
    return set(m.sharedPerBlock);
  case CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY:
    return set(65536);
  case CU_DEVICE_ATTRIBUTE_WARP_SIZE:
    return set(32);
  case CU_DEVICE_ATTRIBUTE_MAX_PITCH:
    return set(0x7fffffff);
  case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK:
    return set(65536);
  case CU_DEVICE_ATTRIBUTE_CLOCK_RATE:
    return set(m.clockMhz * 1000);
  case CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT:
    return set(512);
  case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT:
    return set(m.multiprocessors);
  case CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY:
  case CU_DEVICE_ATTRIBUTE_CONCURRENT_KERNELS:
  case CU_DEVICE_ATTRIBUTE_GPU_OVERLAP:
  case CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING:
  case CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY:
  case CU_DEVICE_ATTRIBUTE_GLOBAL_L1_CACHE_SUPPORTED:
  case CU_DEVICE_ATTRIBUTE_LOCAL_L1_CACHE_SUPPORTED:
  case CU_DEVICE_ATTRIBUTE_STREAM_PRIORITIES_SUPPORTED:
    return set(1);
  case CU_DEVICE_ATTRIBUTE_PCI_BUS_ID:
    return set(static_cast<uint64_t>(dev) + 1);
  case CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE:
    return set(m.memoryClockMhz * 1000);
  case CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH:
    return set(m.memoryBusBits);
  case CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE:
    return set(m.l2Bytes);
  case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR:
    return set(m.threadsPerMultiprocessor);
  case CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT:
    return set(2);
  case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR:
    return set(m.major);
  case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR:
    return set(m.minor);
  case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR:
    return set(m.sharedPerMultiprocessor);
  case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR:
    return set(m.registersPerMultiprocessor);
  case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN:
    return set(m.sharedPerBlockOptin);
  case CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR:
    return set(m.blocksPerMultiprocessor);
  case CU_DEVICE_ATTRIBUTE_RESERVED_SHARED_MEMORY_PER_BLOCK:
    return set(m.reservedSharedPerBlock);
  default:
    // Features that the virtual GPU does not have.
    return attribute > 0 ? set(0) : CUDA_ERROR_INVALID_VALUE;
  }
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *ctx, CUdevice dev) {
  State &s = state();
  std::lock_guard<std::recursive_mutex> lock(s.mutex);
  CUresult result;
  VirtualDevice *d = deviceOf(dev, result);
  if (!d)
    return result;
  if (!ctx)
    return CUDA_ERROR_INVALID_VALUE;
  ++d->primary.retained;
  s.contexts.insert(&d->primary);
  *ctx = &d->primary;
  return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice dev) {
  State &s = state();
  std::lock_guard<std::recursive_mutex> lock(s.mutex);
  CUresult result;
  VirtualDevice *d = deviceOf(dev, result);
  if (!d)
    return result;
  if (d->primary.retained <= 0)
    return CUDA_ERROR_INVALID_CONTEXT;
  if (--d->primary.retained == 0) {
    drain(nullptr);
    s.contexts.erase(&d->primary);
    d->sticky = CUDA_SUCCESS;
  }
  return CUDA_SUCCESS;
}
CUresult cuDevicePrimaryCtxRelease(CUdevice dev) {
  return cuDevicePrimaryCtxRelease_v2(dev);
}
CUresult cuDevicePrimaryCtxReset_v2(CUdevice dev) {
  CUresult result;
  VirtualDevice *d = deviceOf(dev, result);
  if (d)
    d->sticky = CUDA_SUCCESS;
  return result;
}
CUresult cuDevicePrimaryCtxGetState(CUdevice dev, unsigned *flags,
                                    int *active) {
  CUresult result;
  VirtualDevice *d = deviceOf(dev, result);
  if (!d)
    return result;
  if (!flags || !active)
    return CUDA_ERROR_INVALID_VALUE;
  *flags = 0;
  *active = d->primary.retained > 0;
  return CUDA_SUCCESS;
}
CUresult cuDevicePrimaryCtxSetFlags_v2(CUdevice dev, unsigned) {
  CUresult result;
  deviceOf(dev, result);
  return result;
}

CUresult cuCtxCreate_v2(CUcontext *ctx, unsigned, CUdevice dev) {
  State &s = state();
  std::lock_guard<std::recursive_mutex> lock(s.mutex);
  CUresult result;
  if (!deviceOf(dev, result))
    return result;
  if (!ctx)
    return CUDA_ERROR_INVALID_VALUE;
  *ctx = new CUctx_st{dev, false, 0};
  s.contexts.insert(*ctx);
  contextStack.push_back(*ctx);
  return CUDA_SUCCESS;
}

CUresult cuCtxDestroy_v2(CUcontext ctx) {
  State &s = state();
  std::lock_guard<std::recursive_mutex> lock(s.mutex);
  if (!ctx || ctx->isPrimary || !s.contexts.erase(ctx))
    return CUDA_ERROR_INVALID_CONTEXT;
  s.devices[ctx->ordinal].sticky = CUDA_SUCCESS;
  if (currentContext() == ctx)
    contextStack.pop_back();
  delete ctx;
  return CUDA_SUCCESS;
}

CUresult cuCtxSetCurrent(CUcontext ctx) {
  State &s = state();
  std::lock_guard<std::recursive_mutex> lock(s.mutex);
  if (!s.initialized)
    return CUDA_ERROR_NOT_INITIALIZED;
  if (ctx && !s.contexts.count(ctx))
    return CUDA_ERROR_INVALID_CONTEXT;
  if (!contextStack.empty())
    contextStack.pop_back();
  if (ctx)
    contextStack.push_back(ctx);
  return CUDA_SUCCESS;
}
CUresult cuCtxGetCurrent(CUcontext *ctx) {
  if (!ctx)
    return CUDA_ERROR_INVALID_VALUE;
  *ctx = currentContext();
  return CUDA_SUCCESS;
}
CUresult cuCtxPushCurrent_v2(CUcontext ctx) {
  State &s = state();
  std::lock_guard<std::recursive_mutex> lock(s.mutex);
  if (!ctx || !s.contexts.count(ctx))
    return CUDA_ERROR_INVALID_CONTEXT;
  contextStack.push_back(ctx);
  return CUDA_SUCCESS;
}
CUresult cuCtxPopCurrent_v2(CUcontext *ctx) {
  if (contextStack.empty())
    return CUDA_ERROR_INVALID_CONTEXT;
  if (ctx)
    *ctx = contextStack.back();
  contextStack.pop_back();
  return CUDA_SUCCESS;
}
CUresult cuCtxGetDevice(CUdevice *dev) {
  Call call;
  if (!dev)
    return CUDA_ERROR_INVALID_VALUE;
  if (!call.current)
    return CUDA_ERROR_INVALID_CONTEXT;
  *dev = call.ordinal;
  return CUDA_SUCCESS;
}
CUresult cuCtxGetApiVersion(CUcontext, unsigned *version) {
  if (!version)
    return CUDA_ERROR_INVALID_VALUE;
  *version = 3020;
  return CUDA_SUCCESS;
}
CUresult cuCtxSynchronize(void) {
  Call call;
  if (CUresult bad = call.check())
    return bad;
  drain(nullptr);
  return call->sticky;
}
