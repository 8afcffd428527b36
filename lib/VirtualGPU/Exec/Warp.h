//===- Warp.h - State of 32 lanes -------------------------------*- C++ -*-===//
//
// Included by the semantics files: plain data only.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_LIB_VIRTUALGPU_EXEC_WARP_H
#define RADDLE_LIB_VIRTUALGPU_EXEC_WARP_H

#include "Exec/Op.h"

namespace raddle::vgpu {

class BlockRunner;
struct Code;
struct LaunchState;

enum class MmaMode : uint8_t { Hw, Exact, Fast };

/// Registers of one activation of a function. Lanes that called together
/// share it; it lives until all of them have returned.
struct Frame {
  uint8_t *regs;
  const Code *code;
  Frame *parent;
  int32_t returnPc;
  uint32_t lanes;     // those that have not returned yet
  uint32_t localBase; // of this function's .local variables, per thread
  uint32_t depth;
  uint32_t bytes; // allocated size of regs
  const Op *callOp;
};

enum class GroupState : uint8_t { Ready, WaitSync, WaitBarrier, WaitCluster };

/// Lanes of a warp that are at the same instruction.
struct Group {
  Frame *frame;
  int32_t pc;
  uint32_t lanes;
  GroupState state;
  uint8_t barrier;
  uint32_t syncMask; // WaitSync: the lanes it waits for
};

/// Address ranges that a warp may touch, see Exec/Memory.cpp.
struct Range {
  uint64_t begin = 1, end = 0;
};
constexpr unsigned kRangeCacheSize = 128;

/// Generic addresses of shared and local memory. Their low 32 bits are the
/// address within the space.
/// They lie above every address that the host gives out.
constexpr uint64_t kSharedWindow = uint64_t(0x10001) << 32;
constexpr uint64_t kLocalWindow = uint64_t(0x10002) << 32;
/// Shared memory starts above the KiB that the driver reserves, so address 0
/// is never valid.
constexpr uint32_t kSharedBase = 1024;

/// Addresses of shared::cluster: above this bit the rank of the block plus one,
/// zero for the own block. No block has so much shared memory.
constexpr unsigned kClusterRankShift = 24;

struct PendingCopies;

struct Warp {
  // The running group.
  uint8_t *regs;
  const uint8_t *consts;
  uint32_t exec;   // lanes of the current instruction
  uint32_t active; // lanes of the running group
  int32_t pc;      // of the next instruction
  int32_t mergePc; // leave the fast path when pc reaches it
  const Op *code;
  Frame *frame;
  bool leave; // stop the instruction loop
  bool done;
  bool waiting; // no group can run
  MmaMode mma;
  uint8_t sm;       // of the virtual GPU: 80, 86, 89, 90
  uint32_t exited;  // lanes that returned from the kernel, or never existed
  uint32_t present; // lanes that exist
  uint32_t index;   // warp in block
  uint32_t budget;  // instructions left in this turn
  uint32_t backEdges;

  // The block.
  uint8_t *shared;
  uint32_t sharedBytes;
  uint32_t localStride;
  uint8_t *local;      // of lane 0 of this warp
  uint32_t localBytes; // per thread
  const uint8_t *params;
  uint32_t paramBytes;
  uint32_t ctaid[3], ntid[3], nctaid[3];
  uint32_t clusterDim[3]; // blocks of a cluster
  uint32_t clusterRank;   // of the block
  uint32_t dynamicShared;
  uint64_t launchId;
  BlockRunner *block;
  Range *ranges; // kRangeCacheSize entries, per host thread
  bool observed; // report memory accesses to the checker

  // Groups that wait, the running one excluded.
  Group groups[32];
  uint32_t numGroups;

  PendingCopies *copies;
};

/// Hooks from the semantics into the machine, in baseline code.
struct MachineHooks {
  /// Slow path of an address check: finds the allocation of each lane in
  /// `lanes`, refreshes the cache, or raises a fault (then returns false).
  bool (*checkGlobal)(Warp &, const Op &, const uint64_t *addresses,
                      uint32_t lanes, uint32_t bytes, bool isWrite);
  /// A window access (shared, local) outside its bounds or misaligned.
  void (*faultWindow)(Warp &, const Op &, uint8_t space,
                      const uint64_t *addresses, uint32_t lanes, uint32_t bytes,
                      bool isWrite);
  /// An access of shared memory that is not all in the block's own: turns the
  /// addresses into pointers where they name blocks of the cluster, else raises
  /// a fault (then returns false).
  bool (*clusterShared)(Warp &, const Op &, uint64_t *addresses, uint32_t lanes,
                        uint32_t bytes, bool isWrite);
  /// Tells the checker and the counters about an access; false: it faulted.
  /// `addresses` are addresses in `space`, kind is an AccessKind.
  bool (*observe)(Warp &, const Op &, uint8_t space, const uint64_t *addresses,
                  uint32_t lanes, uint32_t bytes, uint8_t kind);
  /// Any other fault: a FaultClass and a text.
  void (*fault)(Warp &, const Op &, uint8_t faultClass, const char *text);
  // Control flow.
  /// Waits until all lanes of `mask` are here; true: go on now.
  bool (*syncLanes)(Warp &, const Op &, uint32_t mask);
};
extern MachineHooks hooks;

enum AccessKind : uint8_t { kRead = 0, kWrite = 1, kAtomic = 2, kAsync = 3 };

} // namespace raddle::vgpu

#endif
