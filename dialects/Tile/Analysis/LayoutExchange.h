//===- LayoutExchange.h - A tile changes hands between layouts -*- C++ -*-===//
//
// A tile that goes from one layout to another through shared memory lies there
// under a third linear map, from the bits of the element's index to the bits of
// the offset. It is chosen so that both sides have wide accesses and neither
// has bank conflicts: the bits of the offset above the 128 bytes of all banks
// span a common complement of what one phase of a write and one phase of a read
// touch, and two subspaces of equal dimension always have one. (Zhou et al.,
// "Linear Layouts", section on optimal swizzling.)
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_DIALECTS_TILE_ANALYSIS_LAYOUTEXCHANGE_H
#define RADDLE_DIALECTS_TILE_ANALYSIS_LAYOUTEXCHANGE_H

#include "dialects/Tile/Analysis/LinearLayout.h"

namespace raddle::tile {

/// One side of an exchange.
struct ExchangeSide {
  /// Bits of the register number that form a vector, lowest first: element `i`
  /// of a vector lies `i` elements after the first.
  llvm::SmallVector<unsigned, 4> vector;
  /// The first register of each vector, in one round.
  llvm::SmallVector<unsigned> first;
  /// Bits of the register number that count rounds.
  llvm::SmallVector<unsigned, 2> rounds;
  /// Passes over the banks that one access of a warp takes, and the fewest
  /// that its bytes need: they differ by the bank conflicts.
  unsigned wavefronts = 0, ideal = 0;

  /// Register of element `index` of the vector `start` in `round`.
  unsigned getRegister(unsigned start, unsigned index, unsigned round) const;
};

struct SharedExchange {
  ExchangeSide write, read;
  /// Elements of the buffer, which holds the tile of one round.
  int64_t numElements = 0;
  unsigned getNumRounds() const { return 1u << write.rounds.size(); }
  /// Offset in elements of the element at `index`; linear over F2.
  uint32_t getOffset(llvm::ArrayRef<int32_t> index) const;

  /// Per dim, the offset bits of each bit of the index.
  llvm::SmallVector<llvm::SmallVector<uint32_t>, 3> offsets;
};

/// The exchange of a tile of `shape`, with elements of `bytes`, from layout
/// `from` to `to`. A tile of more than `budget` bytes passes in rounds as far
/// as both layouts have registers for the same bits.
SharedExchange planExchange(llvm::ArrayRef<int64_t> shape,
                            const LinearLayout &from, const LinearLayout &to,
                            unsigned bytes, int64_t budget);

} // namespace raddle::tile

#endif // RADDLE_DIALECTS_TILE_ANALYSIS_LAYOUTEXCHANGE_H
