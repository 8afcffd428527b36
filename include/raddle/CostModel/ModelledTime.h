//===- ModelledTime.h - The time of a launch from its events ---*- C++ -*-===//
//
// A documented model (docs/CostModel.md), not a measurement: rooflines of every
// unit from counted events, occupancy from registers, threads and shared
// memory, whole waves of blocks, and the latency of one block. It ranks the
// parameters of one kernel; what it gives is always called modelled.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_COSTMODEL_MODELLEDTIME_H
#define RADDLE_COSTMODEL_MODELLEDTIME_H

#include "raddle/CostModel/Machine.h"

namespace raddle::cost {

/// Changes when the same events give another time.
inline constexpr int kModelVersion = 1;

/// Events of one launch as the virtual GPU counts them (of warps, unless the
/// name says otherwise).
struct Counters {
  int64_t blocks = 0;
  int64_t instructions = 0;
  int64_t int32 = 0, fp32 = 0, fp16 = 0, fp64 = 0, special = 0, convert = 0,
          warp = 0, move = 0;
  int64_t mma = 0, barriers = 0, atomics = 0;
  /// Sectors of 32 bytes.
  int64_t globalSectors = 0;
  int64_t sharedWavefronts = 0, sharedBankConflicts = 0;
};

/// What a launch asks of a multiprocessor.
struct LaunchShape {
  int64_t threads = 0; // of a block
  int64_t sharedBytes = 0;
  /// Of a thread, by ptxas or estimated.
  int64_t registers = 0;
  /// Loads of a loop that are under way together with the work of one step: 1
  /// without a ring of buffers.
  int64_t stages = 1;
  /// Bytes of all buffers of the launch: what must cross DRAM at least once.
  int64_t footprintBytes = 0;
};

struct ModelledTime {
  double microseconds = 0;
  /// What bounds it: `issue`, `tensor`, `fp32`, ..., `l2`, `dram`, `latency`.
  const char *limiter = "";
  /// Blocks that a multiprocessor holds at a time.
  int64_t residentBlocks = 0;
};

ModelledTime modelTime(const Machine &machine, const LaunchShape &shape,
                       const Counters &counters);

/// Blocks that a multiprocessor holds at a time; 0 when it cannot hold one.
int64_t getResidentBlocks(const Machine &machine, const LaunchShape &shape);

} // namespace raddle::cost

#endif // RADDLE_COSTMODEL_MODELLEDTIME_H
