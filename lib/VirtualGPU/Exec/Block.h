//===- Block.h - Running a thread block -------------------------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_EXEC_BLOCK_H
#define RADDLE_LIB_VIRTUALGPU_EXEC_BLOCK_H

#include "Check/Fault.h"
#include "Device/Memory.h"
#include "Exec/BulkCopy.h"
#include "Exec/Code.h"
#include "Exec/Mbarrier.h"
#include "Exec/Warp.h"
#include "Exec/Wgmma.h"

#include <atomic>
#include <map>
#include <mutex>

namespace raddle::vgpu {

class Checker;
class Cluster;
struct Counters;

struct Checks {
  bool init = false, race = false, sync = false;
  bool any() const { return init || race || sync; }
};

struct LaunchOptions {
  Checks checks;
  MmaMode mma = MmaMode::Hw;
  uint8_t sm = 80;
  uint64_t seed = 0; // 0: warps run in order, in long turns
  unsigned threads = 1;
  double timeoutSeconds = 0; // 0: none
  bool count = false;
};

/// What the host threads of one launch share.
struct LaunchState {
  const Kernel *kernel = nullptr;
  DeviceMemory *memory = nullptr;
  LaunchOptions options;
  uint32_t grid[3] = {1, 1, 1}, block[3] = {1, 1, 1};
  uint32_t cluster[3] = {1, 1, 1}; // blocks
  uint32_t blocksPerCluster() const {
    return cluster[0] * cluster[1] * cluster[2];
  }
  uint32_t sharedBytes = 0;
  uint32_t dynamicShared = 0;
  uint64_t params = 0; // device address of the parameter buffer
  uint64_t launchId = 0;
  uint64_t deadline = 0; // nanoseconds of the steady clock
  std::atomic<uint64_t> nextCluster{0};
  /// Clusters that the GPU holds at a time, per host thread.
  uint64_t maxResident = 1;
  /// A block used up its time: the blocks of this launch may wait for one
  /// another and take turns from now on.
  std::atomic<bool> blocksWait{false};
  /// Blocks from this one on need not run: a fault came before them.
  std::atomic<uint64_t> stopBlock{~uint64_t(0)};
  std::mutex mutex;
  Fault fault;
  Counters *counters = nullptr;
};

/// Asynchronous copies that have not landed.
struct PendingCopies {
  struct Copy {
    uint32_t lanes;
    uint32_t bytes;
    uint32_t group[32];
    uint32_t to[32]; // shared addresses
    uint32_t sourceBytes[32];
    uint64_t from[32];
    const Op *op;
  };
  std::vector<Copy> copies;
  uint32_t laneGroup[32] = {};
};

struct Barrier {
  uint32_t expected = 0; // threads; 0: nobody waits
  uint32_t arrived = 0;
  uint32_t popc = 0;
  bool all = true, any = false;
  uint64_t warps = 0; // that arrived, for the race check
};

/// Runs blocks one after the other on one host thread.
class BlockRunner {
public:
  explicit BlockRunner(LaunchState &launch);
  ~BlockRunner();
  BlockRunner(const BlockRunner &) = delete;

  enum class Status { Running, Done, Fault };
  /// Sets up the block of cluster number `index` that has this one's rank.
  void begin(uint64_t index);
  /// One turn for every warp that can run.
  Status round(uint64_t &executed, bool &progress);
  bool outOfTime();
  /// Every warp waits for something that cannot happen any more: the fault.
  /// False if no warp of this block waits.
  bool reportDeadlock();

  // For the handlers.
  LaunchState &launch;
  Barrier barriers[16];
  std::vector<Warp> warps;
  std::unique_ptr<Checker> checker;
  std::unique_ptr<Counters> counters;
  /// Place in the order of the blocks: cluster by cluster, then by rank.
  uint64_t blockIndex = 0;
  Cluster *cluster = nullptr;
  uint32_t rank = 0;
  /// By offset in shared memory.
  std::map<uint32_t, Mbarrier> mbarriers;
  /// Arrivals and bytes at an mbarrier object; completes its phase when it may.
  void changeMbarrier(Warp &warp, uint32_t offset, uint32_t arrivals,
                      int32_t txDelta);
  /// Bulk copies under way, and the bulk group that each thread fills.
  std::vector<BulkCopy> bulkCopies;
  std::vector<uint32_t> bulkGroups;
  uint64_t rounds = 0;
  std::vector<WgmmaState> wgmma; // by warp
  /// Completes copies into shared memory that are due, or all of them; false if
  /// there was none.
  bool landBulkCopies(bool force);
  /// Completes the copies out of shared memory of some lanes, in all groups but
  /// the newest `keep` (~0: even those that no group holds yet).
  void landBulkGroups(uint32_t warp, uint32_t lanes, uint32_t keep);
  uint64_t nextRandom();
  /// The phase of barrier.cluster in which a thread last arrived, 0: never.
  std::vector<uint64_t> clusterPhases;
  bool faulted = false;

  Frame *newFrame(const Code &code);
  void releaseFrame(Frame *frame);
  void fault(Warp &warp, const Op &op, FaultClass faultClass,
             std::string message, unsigned lane, bool hasAddress = false,
             uint64_t address = 0, std::string allocation = {},
             std::string other = {});
  /// After arrivals or exits: releases the barrier if it is complete.
  void tryRelease(unsigned barrier);
  unsigned liveWarps() const;
  /// Registers of a frame have shadows behind them when definedness is
  /// checked.
  bool hasShadows() const { return launch.options.checks.init; }

private:
  void land(const BulkCopy &copy);
  void runWarp(Warp &warp);
  void runChecked(Warp &warp);

  AlignedBytes sharedMemory, localMemory;
  std::vector<std::unique_ptr<Frame>> frames;
  std::vector<AlignedBytes> frameMemory;
  std::vector<Frame *> freeFrames;
  std::vector<PendingCopies> copies;
  Range ranges[kRangeCacheSize];
  uint64_t random = 0;
};

/// Runs the whole grid. The fault, if any, is in `launch`.
void runGrid(LaunchState &launch);

/// Reschedules the groups of a warp: merges, picks the next. See Control.cpp.
void reschedule(Warp &warp);
/// Puts the running group to sleep.
void parkGroup(Warp &warp, GroupState state, int32_t pc, uint8_t barrier,
               uint32_t syncMask);

/// Lands the copies of the running lanes in all groups but the newest `keep`.
void landCopies(Warp &warp, uint32_t keep, bool all);

Handler selectAsyncCopy(const Form &form);
Handler selectBarrier(const Form &form);

} // namespace raddle::vgpu

#endif
