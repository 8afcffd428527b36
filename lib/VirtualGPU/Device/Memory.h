//===- Memory.h - The global memory of a virtual GPU ------------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_DEVICE_MEMORY_H
#define RADDLE_LIB_VIRTUALGPU_DEVICE_MEMORY_H

#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>

namespace raddle::vgpu {

/// State of a byte for the definedness check. Zero is what fresh pages of the
/// host have, so that large allocations cost nothing until they are used.
enum ByteState : uint8_t { kNeverWritten = 0, kDefined = 1, kUndefined = 2 };

struct FreeDelete {
  void operator()(void *p) const { std::free(p); }
};

struct Allocation {
  uint64_t base = 0, bytes = 0;
  uint64_t serial = 0;
  bool isHost = false; // lies outside the arena
  std::string name;    // of a module's variable
  /// One ByteState per byte when the check is on and the host has room.
  std::unique_ptr<uint8_t[], FreeDelete> state;
};

/// Device addresses are host addresses in one reserved range, so that loads
/// need no translation. Freed addresses are reused as late as possible, so
/// that a use after free is recognised.
class DeviceMemory {
public:
  explicit DeviceMemory(uint64_t totalBytes);
  ~DeviceMemory();
  DeviceMemory(const DeviceMemory &) = delete;
  DeviceMemory &operator=(const DeviceMemory &) = delete;

  /// Zero-filled memory, 0 when there is not enough.
  uint64_t allocate(uint64_t bytes, std::string name = {});
  /// Memory of the host that kernels may use too.
  void addHost(void *pointer, uint64_t bytes);
  /// False if `address` is not the start of a live allocation.
  bool free(uint64_t address, bool *wasFreed = nullptr);
  /// The live allocation that holds `address`, else null.
  Allocation *find(uint64_t address);
  const Allocation *findFreed(uint64_t address) const;
  /// The live allocation closest below or above, for messages.
  const Allocation *nearest(uint64_t address) const;
  /// Whether the range lies in one live allocation.
  bool contains(uint64_t address, uint64_t bytes);
  void trackStates(bool on);
  bool tracksStates() const { return tracking; }
  void setState(uint64_t address, uint64_t bytes, ByteState state);

  uint64_t total() const { return totalBytes; }
  uint64_t used() const { return usedBytes; }

private:
  void makeStates(Allocation &allocation);
  uint64_t place(uint64_t bytes);

  uint64_t totalBytes;
  uint64_t usedBytes = 0;
  uint8_t *arena = nullptr;
  uint64_t arenaBytes = 0, cursor = 0;
  uint64_t nextSerial = 1;
  bool tracking = false;
  std::map<uint64_t, Allocation> live;
  std::map<uint64_t, Allocation> freed;
};

/// "512 bytes at 0x... (allocation 3)".
std::string describeAllocation(const Allocation &allocation);

} // namespace raddle::vgpu

#endif
