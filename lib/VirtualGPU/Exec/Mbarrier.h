//===- Mbarrier.h - Barrier objects in shared memory ------------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_EXEC_MBARRIER_H
#define RADDLE_LIB_VIRTUALGPU_EXEC_MBARRIER_H

#include <cstdint>

namespace raddle::vgpu {

/// An mbarrier object (PTX ISA, "Parallel synchronization and communication
/// instructions: mbarrier"). Memory holds `word()`, which is opaque to
/// programs; the machine works with this record and compares, so that an object
/// that was never initialised or was overwritten is found.
struct Mbarrier {
  uint32_t expected = 0; // arrivals of the next phase
  uint32_t pending = 0;  // arrivals that the current phase still waits for
  int32_t tx = 0;        // bytes that it still waits for
  uint32_t phase = 0;    // phases that completed

  static constexpr uint32_t kMaxCount = (1u << 20) - 1;
  uint64_t word() const {
    return uint64_t(pending) | uint64_t(expected) << 20 |
           uint64_t(static_cast<uint32_t>(tx) & 0x3fffff) << 40 |
           uint64_t(phase & 1) << 62 | uint64_t(1) << 63;
  }
};

} // namespace raddle::vgpu

#endif
