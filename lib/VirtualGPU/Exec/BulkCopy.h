//===- BulkCopy.h - Copies of the asynchronous proxy ------------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_EXEC_BULKCOPY_H
#define RADDLE_LIB_VIRTUALGPU_EXEC_BULKCOPY_H

#include "Exec/Op.h"
#include "Ptx/Type.h"

#include <cstdint>
#include <vector>

namespace raddle::vgpu {

class BlockRunner;
struct Form;

/// cp.async.bulk and cp.async.bulk.tensor between issue and completion. Copies
/// that complete at an mbarrier object land some rounds of the scheduler after
/// they were issued; those of a bulk group land when the group is waited for,
/// or when the block ends.
struct BulkCopy {
  /// A run of bytes; `global` 0: filled with `fill`.
  struct Piece {
    uint64_t global;
    uint32_t shared; // offset, before the swizzle
    uint32_t bytes;
  };
  const Op *op = nullptr;
  const Form *form = nullptr;
  uint32_t line = 0;
  uint32_t warp = 0, lane = 0;
  bool toShared = false;
  bool fromPeer = false; // `global` is an offset in the own shared memory
  std::vector<Piece> pieces;
  uint8_t swizzle = 0;       // as TensorMap::swizzle
  Type element = Type::None; // of a reduction
  uint32_t fill = 0;         // four bytes, repeated
  std::vector<BlockRunner *> destinations;
  uint32_t mbarrier = 0; // offset in each destination
  uint32_t bytes = 0;
  uint32_t group = 0;
  uint64_t dueRound = 0;
  bool reduces() const;
};

/// The place of a byte of a swizzled tile: 16-byte units trade places within
/// 32, 64 or 128 bytes, by bits of the address above.
inline uint32_t swizzled(uint32_t address, unsigned swizzle) {
  return address ^ (address >> 3 & ((1u << swizzle) - 1) << 4);
}

/// One element of a reduction: `memory` op= `value`, atomically.
void reduceElement(const Form &form, Type type, uint8_t *memory,
                   const uint8_t *value);

} // namespace raddle::vgpu

#endif
