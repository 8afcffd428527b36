//===- Counters.h - Events of a launch --------------------------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_EXEC_COUNTERS_H
#define RADDLE_LIB_VIRTUALGPU_EXEC_COUNTERS_H

#include "Exec/Code.h"
#include "Exec/Warp.h"

namespace raddle::vgpu {

/// Totals of a kernel, and the same per PTX line.
struct Counters {
  struct Line {
    uint64_t instructions = 0; // of warps
    uint64_t predicatedOff = 0;
    uint64_t globalSectors = 0, globalBytes = 0;
    uint64_t sharedWavefronts = 0, sharedConflicts = 0;
  };
  explicit Counters(const Kernel &kernel) : kernelName(kernel.name) {}

  void instruction(Warp &w, const Code &code, const Op &op, const OpInfo &info);
  void access(Warp &w, const Op &op, Space space, const uint64_t *addresses,
              uint32_t lanes, uint32_t bytes, AccessKind kind);
  void add(const Counters &other);
  std::string json() const;

  std::string kernelName;
  uint64_t byPipe[static_cast<unsigned>(Pipe::Count)] = {};
  uint64_t instructions = 0, threadInstructions = 0;
  uint64_t globalLoadBytes = 0, globalStoreBytes = 0;
  uint64_t globalLoadSectors = 0, globalStoreSectors = 0;
  uint64_t sharedLoadBytes = 0, sharedStoreBytes = 0;
  uint64_t sharedWavefronts = 0, sharedConflicts = 0;
  uint64_t atomics = 0, barriers = 0, mma = 0, blocks = 0;
  std::vector<Line> lines; // by PTX line

  Line &line(uint32_t number) {
    if (number >= lines.size())
      lines.resize(number + 1);
    return lines[number];
  }
};

} // namespace raddle::vgpu

#endif
