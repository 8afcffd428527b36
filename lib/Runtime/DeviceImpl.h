//===- DeviceImpl.h - contexts, memory, streams ----------------*- C++ -*-===//

#ifndef RADDLE_LIB_RUNTIME_DEVICEIMPL_H
#define RADDLE_LIB_RUNTIME_DEVICEIMPL_H

#include "Driver.h"
#include "raddle/Runtime/Device.h"

#include <array>
#include <cstddef>
#include <map>
#include <mutex>
#include <utility>

namespace raddle {

struct Device::Impl {
  std::shared_ptr<const cuda::Driver> driver;
  cuda::DeviceHandle handle = 0;
  cuda::Context context = nullptr;
  std::string name;
  unsigned computeCapability = 0;
  /// Dynamic shared memory that one block can have.
  int maxShared = 0;
  std::array<int64_t, 3> maxGrid = {};
  bool isVirtual = false;
  std::string fallbackReason;

  ~Impl();

  /// Makes the context current on this thread; an error when the device is
  /// unusable after an earlier fault.
  Error enter();
  /// Success, or an error that says what was being done.
  Error check(cuda::Result result, const std::string &what);
  Error attribute(int attribute, int &value);

private:
  std::mutex mutex_;
  /// The first fault that made the context unusable.
  std::string fault_;
};

/// Memory on the device.
class DeviceMemory {
public:
  DeviceMemory() = default;
  ~DeviceMemory() { release(); }
  DeviceMemory(DeviceMemory &&other) noexcept { *this = std::move(other); }
  DeviceMemory &operator=(DeviceMemory &&other) noexcept {
    std::swap(device_, other.device_);
    std::swap(address_, other.address_);
    std::swap(size_, other.size_);
    return *this;
  }

  /// Makes it at least `size` bytes, which `what` is to hold; the content is
  /// lost when it grows. On the virtual GPU the size is exact, so that an
  /// access beyond it is a fault.
  Error resize(Device::Impl &device, uint64_t size, const std::string &what);
  void release();
  cuda::DevicePtr address() const { return address_; }
  uint64_t size() const { return size_; }

private:
  Device::Impl *device_ = nullptr;
  cuda::DevicePtr address_ = 0;
  uint64_t size_ = 0;
};

/// Memory whose size is only known while a program runs. Blocks come back when
/// their last owner is gone and are given out again, which is in the order of
/// the stream that uses them; the device gets them back when the pool is
/// destroyed, or when it has no other memory. On the virtual GPU every block is
/// new and of exact size, so that wrong accesses are faults.
class MemoryPool {
public:
  Expected<std::shared_ptr<DeviceMemory>>
  allocate(Device::Impl &device, uint64_t size, const std::string &what);
  /// Bytes in use, and the most there were since `resetPeak`.
  uint64_t peak() const { return peak_; }
  void resetPeak() { peak_ = used_; }

private:
  std::multimap<uint64_t, DeviceMemory> free_;
  uint64_t used_ = 0, peak_ = 0;
};

/// Page-locked memory on the host, for asynchronous copies.
class PinnedMemory {
public:
  PinnedMemory() = default;
  ~PinnedMemory();
  PinnedMemory(const PinnedMemory &) = delete;
  PinnedMemory &operator=(const PinnedMemory &) = delete;

  Error allocate(Device::Impl &device, uint64_t size);
  std::byte *data() const { return static_cast<std::byte *>(data_); }

private:
  Device::Impl *device_ = nullptr;
  void *data_ = nullptr;
};

class DeviceStream {
public:
  DeviceStream() = default;
  ~DeviceStream();
  DeviceStream(const DeviceStream &) = delete;
  DeviceStream &operator=(const DeviceStream &) = delete;

  Error create(Device::Impl &device);
  cuda::Stream get() const { return stream_; }
  Error synchronize(const std::string &what);

private:
  Device::Impl *device_ = nullptr;
  cuda::Stream stream_ = nullptr;
};

class DeviceEvent {
public:
  DeviceEvent() = default;
  ~DeviceEvent();
  DeviceEvent(DeviceEvent &&other) noexcept {
    std::swap(device_, other.device_);
    std::swap(event_, other.event_);
  }

  /// Marks what the stream was given so far.
  Error record(Device::Impl &device, const DeviceStream &stream);
  /// What the stream is given from here on runs after the last mark; nothing
  /// without one.
  Error makeWait(const DeviceStream &stream) const;

private:
  Device::Impl *device_ = nullptr;
  cuda::Event event_ = nullptr;
};

/// Copies between pageable host memory and the device through two pinned
/// chunks, so that filling one overlaps the transfer of the other.
class Transfer {
public:
  Error create(Device::Impl &device);
  /// Returns when `data` may be reused; the copy itself may still be under way
  /// until `finish`.
  Error upload(cuda::DevicePtr to, const void *data, uint64_t size);
  Error download(void *data, cuda::DevicePtr from, uint64_t size);
  Error finish();

private:
  static constexpr uint64_t kChunk = 4 << 20;
  Device::Impl *device_ = nullptr;
  DeviceStream streams_[2];
  PinnedMemory chunks_[2];
  unsigned next_ = 0;
};

} // namespace raddle

#endif // RADDLE_LIB_RUNTIME_DEVICEIMPL_H
