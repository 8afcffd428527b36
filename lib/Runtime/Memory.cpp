//===- Memory.cpp - device memory, pinned memory, streams -----------------===//

#include "DeviceImpl.h"

#include <algorithm>
#include <cstring>

using namespace raddle;

Error DeviceMemory::resize(Device::Impl &device, uint64_t size,
                           const std::string &what) {
  // The driver has no empty allocations.
  size = std::max<uint64_t>(size, 1);
  if (address_ && (size == size_ || (size < size_ && !device.isVirtual)))
    return Error::success();
  release();
  if (Error error = device.check(device.driver->memAlloc(&address_, size),
                                 "cannot allocate " + std::to_string(size) +
                                     " bytes for " + what)) {
    address_ = 0;
    return error;
  }
  device_ = &device;
  size_ = size;
  return Error::success();
}

void DeviceMemory::release() {
  if (address_) {
    // The thread that destroys an object need not be the one that made it.
    device_->driver->ctxSetCurrent(device_->context);
    device_->driver->memFree(address_);
  }
  address_ = 0;
  size_ = 0;
}

/// Sizes in four steps per power of two, so that a buffer that grows in a loop
/// does not need new memory in every iteration.
static uint64_t roundToStep(uint64_t size) {
  uint64_t step = 256;
  while (step * 8 <= size)
    step *= 2;
  return (size + step - 1) / step * step;
}

Expected<std::shared_ptr<DeviceMemory>>
MemoryPool::allocate(Device::Impl &device, uint64_t size,
                     const std::string &what) {
  DeviceMemory block;
  uint64_t rounded = device.isVirtual ? size : roundToStep(size);
  auto found = free_.lower_bound(rounded);
  if (found != free_.end() && found->first <= 2 * rounded) {
    block = std::move(found->second);
    free_.erase(found);
  } else if (Error error = block.resize(device, rounded, what)) {
    if (free_.empty())
      return error;
    free_.clear();
    if (Error again = block.resize(device, rounded, what))
      return again;
  }
  used_ += block.size();
  peak_ = std::max(peak_, used_);
  bool isVirtual = device.isVirtual;
  return std::shared_ptr<DeviceMemory>(
      new DeviceMemory(std::move(block)), [this, isVirtual](DeviceMemory *own) {
        used_ -= own->size();
        if (!isVirtual)
          free_.emplace(own->size(), std::move(*own));
        delete own;
      });
}

PinnedMemory::~PinnedMemory() {
  if (data_) {
    device_->driver->ctxSetCurrent(device_->context);
    device_->driver->memFreeHost(data_);
  }
}

Error PinnedMemory::allocate(Device::Impl &device, uint64_t size) {
  device_ = &device;
  return device.check(device.driver->memAllocHost(&data_, size),
                      "cannot allocate " + std::to_string(size) +
                          " bytes of pinned memory");
}

DeviceStream::~DeviceStream() {
  if (stream_) {
    device_->driver->ctxSetCurrent(device_->context);
    device_->driver->streamDestroy(stream_);
  }
}

Error DeviceStream::create(Device::Impl &device) {
  device_ = &device;
  return device.check(
      device.driver->streamCreate(&stream_, cuda::kStreamNonBlocking),
      "cannot create a stream");
}

Error DeviceStream::synchronize(const std::string &what) {
  return device_->check(device_->driver->streamSynchronize(stream_), what);
}

DeviceEvent::~DeviceEvent() {
  if (event_) {
    device_->driver->ctxSetCurrent(device_->context);
    device_->driver->eventDestroy(event_);
  }
}

Error DeviceEvent::record(Device::Impl &device, const DeviceStream &stream) {
  device_ = &device;
  if (!event_)
    if (Error error = device.check(
            device.driver->eventCreate(&event_, cuda::kEventDisableTiming),
            "cannot create an event"))
      return error;
  return device.check(device.driver->eventRecord(event_, stream.get()),
                      "cannot record an event");
}

Error DeviceEvent::makeWait(const DeviceStream &stream) const {
  if (!event_)
    return Error::success();
  return device_->check(
      device_->driver->streamWaitEvent(stream.get(), event_, 0),
      "cannot wait for an event");
}

Error Transfer::create(Device::Impl &device) {
  device_ = &device;
  for (unsigned i = 0; i < 2; ++i) {
    if (Error error = streams_[i].create(device))
      return error;
    if (Error error = chunks_[i].allocate(device, kChunk))
      return error;
  }
  return Error::success();
}

Error Transfer::upload(cuda::DevicePtr to, const void *data, uint64_t size) {
  const std::byte *from = static_cast<const std::byte *>(data);
  for (uint64_t done = 0; done < size; done += kChunk) {
    uint64_t part = std::min(kChunk, size - done);
    unsigned i = next_++ % 2;
    // The chunk is free when its last transfer is over.
    if (Error error = streams_[i].synchronize("cannot upload"))
      return error;
    std::memcpy(chunks_[i].data(), from + done, part);
    if (Error error = device_->check(
            device_->driver->memcpyHtoDAsync(to + done, chunks_[i].data(), part,
                                             streams_[i].get()),
            "cannot upload"))
      return error;
  }
  return Error::success();
}

Error Transfer::download(void *data, cuda::DevicePtr from, uint64_t size) {
  std::byte *to = static_cast<std::byte *>(data);
  // One chunk is copied out while the next one arrives.
  uint64_t waiting[2] = {0, 0}, parts[2] = {0, 0};
  auto drain = [&](unsigned i) -> Error {
    if (parts[i] == 0)
      return Error::success();
    if (Error error = streams_[i].synchronize("cannot download"))
      return error;
    std::memcpy(to + waiting[i], chunks_[i].data(), parts[i]);
    parts[i] = 0;
    return Error::success();
  };
  // The chunks may still be on their way up.
  if (Error error = finish())
    return error;
  unsigned i = 0;
  for (uint64_t done = 0; done < size; done += kChunk, i ^= 1) {
    if (Error error = drain(i))
      return error;
    waiting[i] = done;
    parts[i] = std::min(kChunk, size - done);
    if (Error error = device_->check(
            device_->driver->memcpyDtoHAsync(chunks_[i].data(), from + done,
                                             parts[i], streams_[i].get()),
            "cannot download"))
      return error;
  }
  if (Error error = drain(i))
    return error;
  return drain(i ^ 1);
}

Error Transfer::finish() {
  for (DeviceStream &stream : streams_)
    if (Error error = stream.synchronize("cannot copy"))
      return error;
  return Error::success();
}
