//===- Cluster.h - Thread blocks that share their memory --------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_EXEC_CLUSTER_H
#define RADDLE_LIB_VIRTUALGPU_EXEC_CLUSTER_H

#include "Exec/Block.h"

namespace raddle::vgpu {

/// Blocks that run side by side on one host thread: a cluster, or a single
/// block. Addresses in shared::cluster have the block's rank plus one above
/// kClusterRankShift; zero there is the block's own memory.
class Cluster {
public:
  explicit Cluster(LaunchState &launch);
  Cluster(const Cluster &) = delete;

  /// Sets up cluster number `index` of the grid.
  void begin(uint64_t index);
  /// Runs until it ends or has executed about `instructions` instructions.
  BlockRunner::Status resume(uint64_t instructions);

  /// barrier.cluster: arrivals of lanes of one warp, and whether the phase in
  /// which a lane arrived is over.
  void arrived(unsigned threads) { count += threads; }
  void tryRelease();

  std::vector<std::unique_ptr<BlockRunner>> blocks;
  uint64_t phase = 1; // of barrier.cluster
  uint32_t count = 0; // threads that arrived in this phase

private:
  LaunchState &launch;
};

/// A place in the shared memory of a block of the cluster.
struct SharedPlace {
  BlockRunner *block = nullptr;
  uint32_t offset = 0;
  uint8_t *pointer() const;
};

/// Finds what a lane's address names: an address of shared or shared::cluster
/// memory, or a generic one. False after a fault.
bool findShared(Warp &w, const Op &op, uint64_t address, unsigned lane,
                uint32_t bytes, uint32_t align, const char *what,
                SharedPlace &place);

/// An operand's lanes, and the address of lane `lane` from a 32- or 64-bit
/// register.
template <class T> const T *lanesOf(const Warp &w, Slot s) {
  return reinterpret_cast<const T *>((s & 1 ? w.consts - 1 : w.regs) + s);
}
inline uint64_t addressOf(const Warp &w, Slot s, bool narrow, int64_t offset,
                          unsigned lane) {
  if (narrow)
    return static_cast<uint32_t>(lanesOf<uint32_t>(w, s)[lane] + offset);
  return lanesOf<uint64_t>(w, s)[lane] + static_cast<uint64_t>(offset);
}

Handler selectMbarrier(const Form &form);
Handler selectCluster(const Form &form);
Handler selectBulkCopy(const Form &form);
Handler selectWgmma(const Form &form);

/// The running warp gives up the rest of its turn: it waits for others by
/// looking again and again.
inline void yieldTurn(Warp &w) {
  w.leave = true;
  w.mergePc = INT32_MIN;
}

} // namespace raddle::vgpu

#endif
