//===- Machine.h - What a GPU has, for costs and limits --------*- C++ -*-===//
//
// The files of lib/Machines as the cost model reads them. Units are in the
// names; figures per clock are per multiprocessor.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_COSTMODEL_MACHINE_H
#define RADDLE_COSTMODEL_MACHINE_H

#include <cstdint>
#include <string>
#include <string_view>

namespace raddle::cost {

struct Machine {
  std::string name;
  /// 80 for sm_80.
  unsigned capability = 0;
  int64_t multiprocessors = 0;
  double clockHz = 0;
  int64_t sharedPerMultiprocessor = 0;
  int64_t sharedPerBlock = 0; // with opt-in
  int64_t reservedSharedPerBlock = 0;
  int64_t threadsPerMultiprocessor = 0;
  int64_t blocksPerMultiprocessor = 0;
  int64_t registersPerMultiprocessor = 0;
  double dramBytesPerSecond = 0;
  /// Threads per clock.
  double fp32 = 0, fp16 = 0, fp64 = 0, int32 = 0, special = 0, shuffle = 0;
  /// Multiply-adds of f16 operands on tensor cores per clock.
  double tensorF16 = 0;
  double l1Bytes = 0, l2Bytes = 0;
  double l2LatencyCycles = 0, dramLatencyCycles = 0, aluLatencyCycles = 0;
};

/// The GPU that stands for a target (`sm_80`): the file of lib/Machines with
/// its capability, the one with most multiprocessors of several. Null for a
/// target without one.
const Machine *findMachine(std::string_view target);

/// A block may have at most this many threads, and a thread registers.
inline constexpr int64_t kMaxThreadsPerBlock = 1024;
inline constexpr int64_t kMaxRegistersPerThread = 255;

} // namespace raddle::cost

#endif // RADDLE_COSTMODEL_MACHINE_H
