//===- LinearLayout.h - Tile layouts as linear maps over F2 ----*- C++ -*-===//
//
// A layout says which element of a tile a thread's register holds. It is a
// linear map over the field with two elements from the bits of (register,
// lane, warp) to the bits of the element's index: the index of an input is the
// XOR of the basis vectors of its set bits. (Zhou et al., "Linear Layouts:
// Robust Code Generation of Efficient Tensor Computation Using F2".)
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_DIALECTS_TILE_ANALYSIS_LINEARLAYOUT_H
#define RADDLE_DIALECTS_TILE_ANALYSIS_LINEARLAYOUT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace raddle::tile {

/// One basis vector: a contribution per dim of the tile.
using Basis = llvm::SmallVector<int32_t, 3>;

struct LinearLayout {
  /// Tile rank; every basis has that many entries.
  unsigned rank = 0;
  llvm::SmallVector<Basis> registers, lanes, warps;

  bool operator==(const LinearLayout &) const = default;

  unsigned getNumRegisters() const { return 1u << registers.size(); }
  unsigned getNumWarps() const { return 1u << warps.size(); }

  /// The element index held by `reg` of `lane` of `warp`.
  Basis apply(unsigned reg, unsigned lane, unsigned warp) const;

  /// The same layout of the tile whose dims other than `dim` have size 1.
  LinearLayout keepDim(unsigned dim) const;
  /// The same layout with the contribution of `dim` removed.
  LinearLayout dropDim(unsigned dim) const;

  /// Registers without the bits that are zero: the distinct values of a thread.
  llvm::SmallVector<unsigned> getDistinctRegisters() const;
  /// The distinct register that holds the same element as `reg`.
  unsigned canonicalRegister(unsigned reg) const;

  /// Bits of the tile's index that are reached, as a count over all inputs
  /// (rank of the map).
  unsigned getMapRank() const;

  /// A coalesced layout of a tile: `vector` consecutive elements of the
  /// fastest dim `order[0]` per thread, then lanes, then warps, along `order`;
  /// what the threads do not cover is repeated in registers, what they cover
  /// more than once is replicated.
  static LinearLayout blocked(llvm::ArrayRef<int64_t> shape, unsigned vector,
                              unsigned numWarps,
                              llvm::ArrayRef<unsigned> order);

  /// Fragments of `mma.sync` (PTX ISA, "Matrix fragments for mma"): the
  /// accumulator of m16n8, and operands whose 32-bit registers hold
  /// `32 / bits` elements along k. Warps are spread `warpsM` x `warpsN`; an
  /// operand is replicated over the warps of the dim it lacks. Tiles may have
  /// leading batch dims of size 1.
  static LinearLayout mmaAccumulator(int64_t m, int64_t n, unsigned warpsM,
                                     unsigned warpsN);
  ///
  /// `accumulatorOrder` names the k of both operands so that a lane holds
  /// neighbouring k as it does columns of an accumulator: the result of one
  /// product is then the left operand of the next without an exchange. (A sum
  /// does not depend on the names of k.)
  static LinearLayout mmaOperandA(int64_t m, int64_t k, unsigned bits,
                                  unsigned warpsM, unsigned warpsN,
                                  bool accumulatorOrder = false);
  static LinearLayout mmaOperandB(int64_t k, int64_t n, unsigned bits,
                                  unsigned warpsM, unsigned warpsN,
                                  bool accumulatorOrder = false);
};

llvm::hash_code hash_value(const LinearLayout &layout);

/// log2 of a power of two.
unsigned log2Exact(int64_t value);

/// Element index -> offset in shared memory, in elements: row-major over the
/// dims in `order` (fastest first), with the bits `[base, base + bits)` of the
/// offset XORed by the bits from `base + shift` on. It is linear over F2.
struct SharedSwizzle {
  unsigned base = 0, bits = 0, shift = 0;
  bool operator==(const SharedSwizzle &) const = default;
  uint32_t apply(uint32_t offset) const {
    return offset ^ (((offset >> shift) & (((1u << bits) - 1) << base)));
  }
};
inline llvm::hash_code hash_value(const SharedSwizzle &swizzle) {
  return llvm::hash_combine(swizzle.base, swizzle.bits, swizzle.shift);
}

} // namespace raddle::tile

#endif // RADDLE_DIALECTS_TILE_ANALYSIS_LINEARLAYOUT_H
