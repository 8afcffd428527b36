//===- Machine.h - Limits of a named GPU ------------------------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_DEVICE_MACHINE_H
#define RADDLE_LIB_VIRTUALGPU_DEVICE_MACHINE_H

#include <cstdint>
#include <string>
#include <vector>

namespace raddle::vgpu {

/// A file of lib/Machines as it was when the library was built.
struct EmbeddedMachine {
  const char *name;
  const char *json;
};
extern const EmbeddedMachine kEmbeddedMachines[]; // ends with nulls

/// What the executor and the device attributes need of a machine file.
struct Machine {
  std::string name, title;
  uint32_t major = 0, minor = 0;
  uint32_t multiprocessors = 0;
  uint32_t clockMhz = 0, memoryClockMhz = 0, memoryBusBits = 0;
  uint64_t memoryBytes = 0, l2Bytes = 0;
  uint32_t sharedPerMultiprocessor = 0, sharedPerBlock = 0;
  uint32_t sharedPerBlockOptin = 0, reservedSharedPerBlock = 0;
  uint32_t threadsPerMultiprocessor = 0, blocksPerMultiprocessor = 0;
  uint32_t registersPerMultiprocessor = 0;

  uint32_t sm() const { return major * 10 + minor; }
};

/// False, with a message that lists the known names, for an unknown one.
bool findMachine(const std::string &name, Machine &machine, std::string &error);
std::vector<std::string> machineNames();

} // namespace raddle::vgpu

#endif
