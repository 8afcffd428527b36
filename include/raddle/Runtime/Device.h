//===- Device.h - a GPU, or the virtual one --------------------*- C++ -*-===//
//
// The runtime knows one interface to a device, the CUDA driver API, and loads
// it when a device is opened: the vendor's `libcuda.so.1`, or the virtual
// GPU's library of the same interface.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_RUNTIME_DEVICE_H
#define RADDLE_RUNTIME_DEVICE_H

#include "raddle/Support/Error.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace raddle {

enum class DeviceKind : uint8_t {
  /// A real GPU when there is one, else the virtual GPU.
  Auto,
  /// The virtual GPU: `$RADDLE_VGPU_LIBRARY`, or `vgpu/libcuda.so.1` in the
  /// `lib` folder beside the program's or this library's folder.
  VirtualGPU,
  /// Whatever `libcuda.so.1` the dynamic linker finds.
  Cuda,
};

/// `auto`, `vgpu`, `cuda`.
std::optional<DeviceKind> parseDeviceKind(std::string_view name);

struct DeviceOptions {
  DeviceKind kind = DeviceKind::Auto;
  /// Which of the driver's devices.
  int ordinal = 0;
};

/// An opened device. Shared by models and sessions, safe to use from several
/// threads. After a fault of a kernel the device is unusable, as with CUDA:
/// every later call reports that fault.
class Device {
public:
  static Expected<std::shared_ptr<Device>> open(const DeviceOptions &options);
  ~Device();
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;

  /// As the driver calls it.
  const std::string &name() const;
  /// 80 for sm_80.
  unsigned computeCapability() const;
  /// True for the virtual GPU, whatever name it was found under.
  bool isVirtual() const;
  /// Why DeviceKind::Auto did not take a real GPU; empty when it did, or when
  /// not asked.
  const std::string &fallbackReason() const;

  /// Whether the device counts the events of launches: the virtual GPU does,
  /// once told to.
  bool countEvents(bool on);
  /// The events of all launches of the process since the last call, as JSON
  /// (`{"launches": [{"kernel", "counters", ...}]}`); empty when the device
  /// counts none.
  std::string takeCounters();

  /// For the runtime's own files.
  struct Impl;
  Impl &impl() { return *impl_; }

private:
  explicit Device(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace raddle

#endif // RADDLE_RUNTIME_DEVICE_H
