//===- Checker.h - Definedness and races of a block -------------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_CHECK_CHECKER_H
#define RADDLE_LIB_VIRTUALGPU_CHECK_CHECKER_H

#include "Exec/Block.h"

#include <map>
#include <memory>
#include <vector>

namespace raddle::vgpu {

/// What the optional checks know about the running block: which bits of
/// registers and bytes of memory are defined, who accessed shared memory last,
/// and how warps and lanes are ordered by barriers.
///
/// Definedness travels with values: a copy of undefined data is no fault, a
/// branch, a predicate, an address or a mask that depends on it is. Registers
/// have shadows of the same layout behind the frame, a set bit is undefined;
/// memory has a ByteState per byte.
///
/// Two accesses to shared memory race when they overlap, one writes, they are
/// of different threads and no barrier orders them: barriers of the block or
/// cluster and mbarrier objects order warps (vector clocks per warp),
/// bar.warp.sync orders lanes. An arrival of some lanes of a warp releases what
/// they did and what a bar.warp.sync ordered before it, not what other lanes of
/// the warp did (see Epoch).
class Checker {
public:
  explicit Checker(BlockRunner &block);
  void startBlock();

  /// An access that is about to happen; false after a fault.
  bool access(Warp &w, const Op &op, Space space, const uint64_t *addresses,
              uint32_t lanes, uint32_t bytes, AccessKind kind);
  bool barrierArrived(Warp &w, const Op &op, unsigned barrier, bool waits);
  void barrierReleased(unsigned barrier);
  void warpSynced(Warp &w, uint32_t mask);
  /// Objects of mbarrier, by their offset: `lane`, one of the executing
  /// `lanes`, arrives; a phase completes; a wait has succeeded.
  void mbarrierCreated(uint32_t offset);
  void mbarrierArrived(Warp &w, uint32_t offset, uint32_t lanes, unsigned lane);
  void mbarrierCompleted(uint32_t offset);
  void mbarrierWaited(Warp &w, uint32_t offset);
  /// The barrier of the cluster, for the threads of this block.
  void clusterArrived(Warp &w, uint32_t lanes);
  void clusterReleased();
  void clusterWaited(Warp &w, uint32_t lanes);
  /// Copies of the asynchronous proxy. `w` and `lane` issue them, perhaps from
  /// another block of the cluster; what they write may be touched by those who
  /// waited for the phase of the mbarrier object in which they completed, what
  /// they read must not change until they are done. False after a fault.
  bool asyncWrite(Warp &w, const Op &op, unsigned lane, uint32_t offset,
                  uint32_t bytes, uint32_t line);
  void asyncLanded(uint32_t offset, uint32_t bytes, uint32_t object,
                   uint32_t phase, uint32_t line, uint64_t from);
  bool asyncRead(Warp &w, const Op &op, unsigned lane, uint32_t offset,
                 uint32_t bytes, uint32_t line, bool untilDone);
  void asyncReadDone(uint32_t offset, uint32_t bytes);
  /// Bytes of shared memory were stored to global memory.
  void copyState(uint32_t offset, uint64_t to, uint32_t bytes);
  /// fence.proxy.async.
  void proxyFenced(Warp &w, uint32_t lanes);
  void lanesExited(Warp &w, const Op &op);
  void copyLanded(Warp &w, const Op &op, unsigned lane, uint32_t to,
                  uint32_t bytes, uint64_t from, uint32_t sourceBytes);

  /// Definedness of registers, before and after an instruction.
  bool beforeOp(Warp &w, const Op &op, const OpInfo &info);
  void afterOp(Warp &w, const Op &op, const OpInfo &info);

private:
  // Definedness.cpp.
  bool sourcesDirty(Warp &w, const Code &code, const OpInfo &info,
                    uint32_t lanes) const;
  bool reportUse(Warp &w, const Op &op, const OpInfo &info);
  void propagate(Warp &w, const Op &op, const OpInfo &info);
  void propagateMma(Warp &w, const Op &op, const OpInfo &info);
  uint64_t shadow(const Warp &w, Slot slot, unsigned bytes,
                  unsigned lane) const;
  uint32_t shadowPred(const Warp &w, Slot slot) const;
  void setShadow(Warp &w, const Use &use, unsigned lane, uint64_t bits);
  void memoryStates(Warp &w, const Op &op, Space space,
                    const uint64_t *addresses, uint32_t lanes, uint32_t bytes,
                    AccessKind kind);
  uint8_t *stateOf(Warp &w, Space space, uint64_t address, unsigned lane);
  void finishLoad(Warp &w, const Op &op, const OpInfo &info);

  // Races.cpp.
  struct Access {
    uint32_t generation = 0; // of the block; older entries are void
    uint32_t clock = 0;      // of the warp
    uint32_t laneClock = 0;
    uint32_t line = 0;
    uint32_t lanes = 0;             // of the warp that did the same
    uint32_t serial = 0;            // order of everything in the block
    uint32_t object = 0, phase = 0; // written by a bulk copy: offset + 1
    uint16_t thread = 0;            // one of them
    uint8_t mask = 0;               // bytes of the word
    bool atomic = false;
    bool wholeWarp = false;
  };
  struct Cell {
    Access writes[2], reads[2];
    uint32_t pendingGeneration = 0; // a cp.async that has not landed
    uint32_t pendingLine = 0;
    uint16_t pendingThread = 0;
    uint8_t pendingMask = 0;
    uint32_t readGeneration = 0; // a bulk copy that is not done reads it
    uint32_t readLine = 0;
    uint8_t readMask = 0;
    bool readSinceWrite = false; // reads[0] is newer than every write
  };
  /// What is known of a warp: its accesses up to the clock `full`, and of those
  /// at `clock` the ones of `lanes` before `lanesBefore` and all before
  /// `allBefore` (both lane clocks).
  struct Epoch {
    uint32_t full = 0;
    uint32_t clock = 0, lanes = 0, lanesBefore = 0, allBefore = 0;
    void join(const Epoch &other);
    bool covers(const Access &a) const;
  };
  /// Phases of mbarrier objects that have been waited for, by offset + 1.
  using Phases = std::map<uint32_t, uint32_t>;
  static void joinPhases(Phases &to, const Phases &from);
  struct SyncObject {
    std::vector<Epoch> arrived, completed; // by warp
    Phases arrivedPhases, completedPhases;
    uint32_t phase = 0; // completed
  };
  Epoch &clockOf(size_t warp, size_t other);
  void release(Warp &w, uint32_t lanes, unsigned lane, std::vector<Epoch> &to);
  void acquire(Warp &w, const std::vector<Epoch> &from);
  bool ordered(const Access &a, const Warp &w, unsigned lane) const;
  bool race(Warp &w, const Op &op, unsigned lane, uint64_t address,
            const char *what, uint16_t otherThread, uint32_t otherLine,
            const char *otherWhat);
  bool sharedAccess(Warp &w, const Op &op, const uint64_t *addresses,
                    uint32_t lanes, uint32_t bytes, AccessKind kind);
  bool cellAccess(Warp &w, const Op &op, unsigned lane, uint64_t address,
                  Cell &cell, const Access &now, AccessKind kind);
  bool sameValue(const Warp &w, const Op &op, unsigned lane, int other,
                 const uint64_t *addresses, uint64_t word, uint8_t mask) const;
  std::string threadName(uint16_t thread) const;

  BlockRunner &block;
  const Checks checks;

  // Definedness.
  std::vector<uint8_t> sharedStates, localStates;
  bool dirty = false;
  bool loadDirty = false;
  uint8_t loaded[32][32];
  std::vector<uint64_t> pending; // new shadows: lane * uses + use

  // Races.
  std::vector<Cell> cells;
  uint32_t generation = 0;
  std::vector<Epoch> clocks;                 // [warp][warp]
  std::vector<Epoch> barrierClocks;          // [barrier][warp]
  std::vector<Epoch> ownAcquired;            // [warp]: its own accesses
  std::map<uint32_t, SyncObject> objects;    // by offset
  std::vector<Phases> phases, barrierPhases; // [warp], [barrier]
  std::vector<uint32_t> fences;              // [thread]: serial
  uint32_t serial = 0;
  std::vector<uint32_t> warpClock, laneSynced; // [warp], [warp][lane]
  const uint64_t *currentAddresses = nullptr;
};

} // namespace raddle::vgpu

#endif
