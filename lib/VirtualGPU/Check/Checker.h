//===- Checker.h - Definedness and races of a block -------------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_CHECK_CHECKER_H
#define RADDLE_LIB_VIRTUALGPU_CHECK_CHECKER_H

#include "Exec/Block.h"

namespace raddle::vgpu {

/// What the optional checks know about the running block: which bytes of
/// shared memory are defined, who accessed them last, and how warps and lanes
/// are ordered by barriers.
class Checker {
public:
  explicit Checker(BlockRunner &block);
  void startBlock();

  // Events; false from `access` after a fault.
  bool access(Warp &w, const Op &op, Space space, const uint64_t *addresses,
              uint32_t lanes, uint32_t bytes, AccessKind kind);
  void barrierArrived(BlockRunner &block, Warp &w, const Op &op,
                      unsigned barrier);
  void barrierReleased(BlockRunner &block, unsigned barrier);
  void warpSynced(Warp &w, uint32_t mask);
  void warpExited(Warp &w, const Op &op);
  void copyLanded(Warp &w, const Op &op, unsigned lane, uint32_t to,
                  uint32_t bytes, uint64_t from, uint32_t sourceBytes);
  /// Definedness of registers, before and after an instruction.
  bool beforeOp(Warp &w, const Op &op, const OpInfo &info);
  void afterOp(Warp &w, const Op &op, const OpInfo &info);

private:
  [[maybe_unused]] BlockRunner &block;
};

} // namespace raddle::vgpu

#endif
