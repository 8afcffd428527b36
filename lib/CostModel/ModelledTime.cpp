//===- ModelledTime.cpp - The time of a launch from its events ------------===//

#include "raddle/CostModel/ModelledTime.h"

#include <algorithm>

using namespace raddle::cost;

int64_t raddle::cost::getResidentBlocks(const Machine &machine,
                                        const LaunchShape &shape) {
  int64_t warps = (shape.threads + 31) / 32;
  int64_t resident = std::min(machine.blocksPerMultiprocessor,
                              machine.threadsPerMultiprocessor /
                                  std::max<int64_t>(32 * warps, 1));
  // Registers are given to warps in units of 256.
  int64_t perWarp = (std::max<int64_t>(shape.registers, 1) * 32 + 255) / 256;
  resident =
      std::min(resident, machine.registersPerMultiprocessor /
                             std::max<int64_t>(perWarp * 256 * warps, 1));
  return std::min(resident,
                  machine.sharedPerMultiprocessor /
                      (shape.sharedBytes + machine.reservedSharedPerBlock));
}

ModelledTime raddle::cost::modelTime(const Machine &machine,
                                     const LaunchShape &shape,
                                     const Counters &counters) {
  // docs/CostModel.md has the derivation of every line.
  constexpr double launchMicroseconds = 2;
  constexpr double instructionsInFlight = 2; // of one warp, on average
  constexpr double barrierCycles = 20;
  constexpr double schedulers = 4;
  ModelledTime result;
  result.microseconds = launchMicroseconds;
  result.limiter = "launch";
  if (counters.blocks <= 0)
    return result;
  result.residentBlocks = getResidentBlocks(machine, shape);
  int64_t resident = std::max<int64_t>(result.residentBlocks, 1);
  // The busiest multiprocessor.
  int64_t perMultiprocessor =
      (counters.blocks + machine.multiprocessors - 1) / machine.multiprocessors;
  int64_t rounds = (perMultiprocessor + resident - 1) / resident;
  double worst = 0;
  auto bound = [&](const char *what, double cycles) {
    if (cycles > worst) {
      worst = cycles;
      result.limiter = what;
    }
  };
  // Every unit works through the events of its blocks.
  double share = double(perMultiprocessor) / double(counters.blocks);
  auto unit = [&](const char *what, double events, double perClock) {
    bound(what, share * events / perClock);
  };
  unit("issue", double(counters.instructions), schedulers);
  unit("fp32", 32.0 * double(counters.fp32), machine.fp32);
  unit("fp16", 32.0 * double(counters.fp16), machine.fp16);
  unit("fp64", 32.0 * double(counters.fp64), machine.fp64);
  unit("int32", 32.0 * double(counters.int32), machine.int32);
  unit("special", 32.0 * double(counters.special + counters.convert),
       machine.special);
  unit("shuffle", 32.0 * double(counters.warp), machine.shuffle);
  // The shapes that the compiler emits all take as long as m16n8k16 of f16.
  unit("tensor", 2048.0 * double(counters.mma), machine.tensorF16);
  unit("shared", double(counters.sharedWavefronts), 1);
  unit("l1", 32.0 * double(counters.globalSectors), machine.l1Bytes);
  unit("l2", 32.0 * double(counters.globalSectors), machine.l2Bytes);
  // One block alone: its warps wait for their own results, for each other, and
  // for memory.
  double warps = double((shape.threads + 31) / 32) * double(counters.blocks);
  double alone =
      machine.dramLatencyCycles +
      double(counters.instructions) / warps * machine.aluLatencyCycles /
          instructionsInFlight +
      double(counters.barriers) / warps *
          (barrierCycles + machine.l2LatencyCycles /
                               double(std::max<int64_t>(shape.stages, 1)));
  bound("latency", double(rounds) * alone);
  // Not less than every buffer once, at most what was asked for.
  double bytes = 32.0 * double(counters.globalSectors);
  if (shape.footprintBytes > 0)
    bytes = std::min(bytes, double(shape.footprintBytes));
  bound("dram", bytes / machine.dramBytesPerSecond * machine.clockHz);
  result.microseconds += worst / machine.clockHz * 1e6;
  return result;
}
