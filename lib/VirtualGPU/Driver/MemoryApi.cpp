//===- MemoryApi.cpp - Allocation, copies, fills --------------------------===//

#include "Driver/Queue.h"

#include <cstdlib>
#include <cstring>

using namespace raddle::vgpu;
using namespace raddle::vgpu::driver;

CUresult cuMemGetInfo_v2(size_t *free, size_t *total) {
  Call call;
  if (CUresult bad = call.check())
    return bad;
  if (!free || !total)
    return CUDA_ERROR_INVALID_VALUE;
  const DeviceMemory &memory = call->device->memory;
  *total = memory.total();
  *free = memory.total() - memory.used();
  return CUDA_SUCCESS;
}

CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes) {
  Call call;
  if (CUresult bad = call.check())
    return bad;
  if (!address || !bytes)
    return CUDA_ERROR_INVALID_VALUE;
  uint64_t a = call->device->memory.allocate(bytes);
  if (!a)
    return CUDA_ERROR_OUT_OF_MEMORY;
  *address = a;
  return CUDA_SUCCESS;
}
CUresult cuMemAllocPitch_v2(CUdeviceptr *address, size_t *pitch,
                            size_t widthInBytes, size_t height, unsigned) {
  if (!pitch || !widthInBytes || !height ||
      widthInBytes > SIZE_MAX / 2 / height)
    return CUDA_ERROR_INVALID_VALUE;
  *pitch = (widthInBytes + 511) / 512 * 512;
  return cuMemAlloc_v2(address, *pitch * height);
}
CUresult cuMemAllocManaged(CUdeviceptr *address, size_t bytes, unsigned) {
  CUresult result = cuMemAlloc_v2(address, bytes);
  // The host may write it without the driver's knowledge.
  if (result == CUDA_SUCCESS) {
    Call call;
    call->device->memory.setState(*address, bytes, kDefined);
  }
  return result;
}
CUresult cuMemAllocAsync(CUdeviceptr *address, size_t bytes, CUstream) {
  return cuMemAlloc_v2(address, bytes);
}

CUresult cuMemFree_v2(CUdeviceptr address) {
  Call call;
  if (!state().initialized)
    return CUDA_ERROR_NOT_INITIALIZED;
  if (!call.current)
    return CUDA_ERROR_INVALID_CONTEXT;
  if (!address)
    return CUDA_SUCCESS;
  drain(nullptr); // freeing waits for what is under way
  bool wasFreed = false;
  if (!call->device->memory.free(address, &wasFreed)) {
    state().faultText = wasFreed ? "double-free: memory was freed before"
                                 : "free of an address that is no allocation";
    return CUDA_ERROR_INVALID_VALUE;
  }
  return call->sticky;
}
CUresult cuMemFreeAsync(CUdeviceptr address, CUstream) {
  return cuMemFree_v2(address);
}

CUresult cuMemGetAddressRange_v2(CUdeviceptr *base, size_t *bytes,
                                 CUdeviceptr address) {
  Call call;
  if (CUresult bad = call.check())
    return bad;
  const Allocation *a = call->device->memory.find(address);
  if (!a)
    return CUDA_ERROR_NOT_FOUND;
  if (base)
    *base = a->base;
  if (bytes)
    *bytes = a->bytes;
  return CUDA_SUCCESS;
}

CUresult cuMemAllocHost_v2(void **pointer, size_t bytes) {
  Call call;
  if (CUresult bad = call.check())
    return bad;
  if (!pointer || !bytes)
    return CUDA_ERROR_INVALID_VALUE;
  size_t rounded = (bytes + 4095) / 4096 * 4096;
  void *p = rounded < bytes ? nullptr : std::aligned_alloc(4096, rounded);
  if (!p)
    return CUDA_ERROR_OUT_OF_MEMORY;
  std::memset(p, 0, rounded);
  state().hostMemory[p] = {call.ordinal, bytes};
  call->device->memory.addHost(p, bytes);
  *pointer = p;
  return CUDA_SUCCESS;
}
CUresult cuMemHostAlloc(void **pointer, size_t bytes, unsigned) {
  return cuMemAllocHost_v2(pointer, bytes);
}
CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr *address, void *pointer,
                                      unsigned) {
  Call call;
  if (CUresult bad = call.check())
    return bad;
  if (!address ||
      !call->device->memory.find(reinterpret_cast<uint64_t>(pointer)))
    return CUDA_ERROR_INVALID_VALUE;
  *address = reinterpret_cast<uint64_t>(pointer);
  return CUDA_SUCCESS;
}
CUresult cuMemFreeHost(void *pointer) {
  Call call;
  State &s = state();
  auto it = s.hostMemory.find(pointer);
  if (it == s.hostMemory.end())
    return CUDA_ERROR_INVALID_VALUE;
  drain(nullptr);
  s.devices[it->second.first].device->memory.free(
      reinterpret_cast<uint64_t>(pointer));
  s.hostMemory.erase(it);
  std::free(pointer);
  return CUDA_SUCCESS;
}

namespace {
enum class Direction { HostToDevice, DeviceToHost, DeviceToDevice };
} // namespace

static CUresult copy(uint64_t to, uint64_t from, size_t bytes, Direction d) {
  Call call;
  if (CUresult bad = call.check())
    return bad;
  if (!bytes)
    return CUDA_SUCCESS;
  DeviceMemory &memory = call->device->memory;
  const bool fromDevice = d != Direction::HostToDevice;
  const bool toDevice = d != Direction::DeviceToHost;
  auto reject = [&](uint64_t address, const char *what) {
    const Allocation *near = memory.nearest(address);
    state().faultText =
        std::string("out-of-bounds: copy of ") + std::to_string(bytes) +
        " bytes " + what + " an address range outside every allocation" +
        (near ? "; nearest is " + describeAllocation(*near) : "");
    return CUDA_ERROR_INVALID_VALUE;
  };
  if (fromDevice && !memory.contains(from, bytes))
    return reject(from, "from");
  if (toDevice && !memory.contains(to, bytes))
    return reject(to, "to");
  if (memory.tracksStates()) {
    const Allocation *source = fromDevice ? memory.find(from) : nullptr;
    if (source && source->state && d == Direction::DeviceToHost) {
      // What was never written reads back as zero and is no fault.
      const uint8_t *st = source->state.get() + (from - source->base);
      for (size_t i = 0; i < bytes; ++i)
        if (st[i] == kUndefined) {
          state().faultText =
              "uninitialized: the host reads a value that a kernel computed "
              "from undefined data: byte " +
              std::to_string(from + i - source->base) + " of " +
              describeAllocation(*source);
          state().faultJson.clear();
          call->sticky = CUDA_ERROR_LAUNCH_FAILED;
          return CUDA_ERROR_LAUNCH_FAILED;
        }
    }
    Allocation *dest = toDevice ? memory.find(to) : nullptr;
    if (dest && dest->state) {
      uint8_t *st = dest->state.get() + (to - dest->base);
      if (source && source->state)
        std::memmove(st, source->state.get() + (from - source->base), bytes);
      else
        std::memset(st, kDefined, bytes);
    }
  }
  std::memmove(reinterpret_cast<void *>(to),
               reinterpret_cast<const void *>(from), bytes);
  return CUDA_SUCCESS;
}

static uint64_t host(const void *p) { return reinterpret_cast<uint64_t>(p); }

CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void *from, size_t bytes) {
  return cuMemcpyHtoDAsync_v2(to, from, bytes, nullptr);
}
CUresult cuMemcpyDtoH_v2(void *to, CUdeviceptr from, size_t bytes) {
  return cuMemcpyDtoHAsync_v2(to, from, bytes, nullptr);
}
CUresult cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
  return cuMemcpyDtoDAsync_v2(to, from, bytes, nullptr);
}
CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes,
                              CUstream stream) {
  Call call;
  return submit(stream, [=] {
    return copy(to, host(from), bytes, Direction::HostToDevice);
  });
}
CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes,
                              CUstream stream) {
  Call call;
  return submit(stream, [=] {
    return copy(host(to), from, bytes, Direction::DeviceToHost);
  });
}
CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes,
                              CUstream stream) {
  Call call;
  return submit(
      stream, [=] { return copy(to, from, bytes, Direction::DeviceToDevice); });
}
/// Unified addresses: what lies in no allocation is the host's.
CUresult cuMemcpy(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
  Call call;
  if (CUresult bad = call.check())
    return bad;
  DeviceMemory &memory = call->device->memory;
  const bool toDevice = memory.find(to), fromDevice = memory.find(from);
  if (toDevice)
    return copy(to, from, bytes,
                fromDevice ? Direction::DeviceToDevice
                           : Direction::HostToDevice);
  if (fromDevice)
    return copy(to, from, bytes, Direction::DeviceToHost);
  std::memmove(reinterpret_cast<void *>(to),
               reinterpret_cast<const void *>(from), bytes);
  return CUDA_SUCCESS;
}
CUresult cuMemcpyAsync(CUdeviceptr to, CUdeviceptr from, size_t bytes,
                       CUstream stream) {
  Call call;
  return submit(stream, [=] { return cuMemcpy(to, from, bytes); });
}

template <class T> static CUresult fill(CUdeviceptr to, T value, size_t count) {
  Call call;
  if (CUresult bad = call.check())
    return bad;
  if (!count)
    return CUDA_SUCCESS;
  DeviceMemory &memory = call->device->memory;
  if (count > SIZE_MAX / sizeof(T) || to % sizeof(T) ||
      !memory.contains(to, count * sizeof(T)))
    return CUDA_ERROR_INVALID_VALUE;
  T *p = reinterpret_cast<T *>(to);
  for (size_t i = 0; i < count; ++i)
    p[i] = value;
  memory.setState(to, count * sizeof(T), kDefined);
  return CUDA_SUCCESS;
}
CUresult cuMemsetD8_v2(CUdeviceptr to, unsigned char value, size_t count) {
  return cuMemsetD8Async(to, value, count, nullptr);
}
CUresult cuMemsetD16_v2(CUdeviceptr to, unsigned short value, size_t count) {
  return cuMemsetD16Async(to, value, count, nullptr);
}
CUresult cuMemsetD32_v2(CUdeviceptr to, unsigned value, size_t count) {
  return cuMemsetD32Async(to, value, count, nullptr);
}
CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count,
                         CUstream stream) {
  Call call;
  return submit(stream, [=] { return fill<uint8_t>(to, value, count); });
}
CUresult cuMemsetD16Async(CUdeviceptr to, unsigned short value, size_t count,
                          CUstream stream) {
  Call call;
  return submit(stream, [=] { return fill<uint16_t>(to, value, count); });
}
CUresult cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count,
                          CUstream stream) {
  Call call;
  return submit(stream, [=] { return fill<uint32_t>(to, value, count); });
}
