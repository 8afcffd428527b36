//===- LinearLayout.cpp - Tile layouts as linear maps over F2 -------------===//

#include "dialects/Tile/Analysis/LinearLayout.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

namespace raddle::tile {

using llvm::ArrayRef;
using llvm::SmallVector;

unsigned log2Exact(int64_t value) { return llvm::Log2_64(value); }

llvm::hash_code hash_value(const LinearLayout &layout) {
  llvm::hash_code code = llvm::hash_value(layout.rank);
  for (const auto *bases : {&layout.registers, &layout.lanes, &layout.warps}) {
    code = llvm::hash_combine(code, bases->size());
    for (const Basis &basis : *bases)
      code = llvm::hash_combine(code, llvm::hash_combine_range(basis));
  }
  return code;
}

static void addBases(Basis &index, ArrayRef<Basis> bases, unsigned bits) {
  for (unsigned i = 0; i < bases.size(); ++i)
    if (bits >> i & 1)
      for (unsigned d = 0; d < index.size(); ++d)
        index[d] ^= bases[i][d];
}

Basis LinearLayout::apply(unsigned reg, unsigned lane, unsigned warp) const {
  Basis index(rank, 0);
  addBases(index, registers, reg);
  addBases(index, lanes, lane);
  addBases(index, warps, warp);
  return index;
}

LinearLayout LinearLayout::keepDim(unsigned dim) const {
  LinearLayout result = *this;
  for (auto *bases : {&result.registers, &result.lanes, &result.warps})
    for (Basis &basis : *bases)
      for (unsigned d = 0; d < rank; ++d)
        if (d != dim)
          basis[d] = 0;
  return result;
}

LinearLayout LinearLayout::dropDim(unsigned dim) const {
  LinearLayout result = *this;
  for (auto *bases : {&result.registers, &result.lanes, &result.warps})
    for (Basis &basis : *bases)
      basis[dim] = 0;
  return result;
}

static bool isZero(const Basis &basis) {
  return llvm::all_of(basis, [](int32_t b) { return b == 0; });
}

unsigned LinearLayout::canonicalRegister(unsigned reg) const {
  for (auto [i, basis] : llvm::enumerate(registers))
    if (isZero(basis))
      reg &= ~(1u << i);
  return reg;
}

SmallVector<unsigned> LinearLayout::getDistinctRegisters() const {
  SmallVector<unsigned> result;
  for (unsigned reg = 0; reg < getNumRegisters(); ++reg)
    if (canonicalRegister(reg) == reg)
      result.push_back(reg);
  return result;
}

unsigned LinearLayout::getMapRank() const {
  // Gaussian elimination on the bases packed into one word per basis.
  SmallVector<uint64_t> rows;
  const unsigned width = std::min(31u, 64u / std::max(rank, 1u));
  for (const auto *bases : {&registers, &lanes, &warps})
    for (const Basis &basis : *bases) {
      uint64_t word = 0;
      for (int32_t b : basis)
        word = word << width | uint32_t(b);
      for (uint64_t row : rows)
        word = std::min(word, word ^ row);
      if (word)
        rows.push_back(word);
    }
  return rows.size();
}

namespace {
/// Hands out the bits of a tile's dims, lowest first.
struct BitTaker {
  SmallVector<int64_t> shape;
  SmallVector<unsigned> taken;

  explicit BitTaker(ArrayRef<int64_t> shape)
      : shape(shape), taken(shape.size(), 0) {}
  bool has(unsigned dim) const {
    return (int64_t(1) << taken[dim]) < shape[dim];
  }
  Basis take(unsigned dim) {
    Basis basis(shape.size(), 0);
    basis[dim] = 1 << taken[dim]++;
    return basis;
  }
  Basis zero() const { return Basis(shape.size(), 0); }
};
} // namespace

LinearLayout LinearLayout::blocked(ArrayRef<int64_t> shape, unsigned vector,
                                   unsigned numWarps,
                                   ArrayRef<unsigned> order) {
  LinearLayout layout;
  layout.rank = shape.size();
  BitTaker bits(shape);
  for (unsigned v = 1; v < vector && bits.has(order[0]); v *= 2)
    layout.registers.push_back(bits.take(order[0]));
  auto spread = [&](SmallVector<Basis> &bases, unsigned count) {
    for (unsigned dim : order)
      while (bases.size() < count && bits.has(dim))
        bases.push_back(bits.take(dim));
    while (bases.size() < count)
      bases.push_back(bits.zero());
  };
  spread(layout.lanes, 5);
  spread(layout.warps, log2Exact(numWarps));
  for (unsigned dim : order)
    while (bits.has(dim))
      layout.registers.push_back(bits.take(dim));
  return layout;
}

/// The warps along `dim`, then the zero bases of the warps along the other dim,
/// in the order (n, m): warp = warpM * warpsN + warpN.
static void spreadWarps(LinearLayout &layout, BitTaker &bits, int mDim,
                        int nDim, unsigned warpsM, unsigned warpsN) {
  for (unsigned w = 1; w < warpsN; w *= 2)
    layout.warps.push_back(nDim >= 0 && bits.has(nDim) ? bits.take(nDim)
                                                       : bits.zero());
  for (unsigned w = 1; w < warpsM; w *= 2)
    layout.warps.push_back(mDim >= 0 && bits.has(mDim) ? bits.take(mDim)
                                                       : bits.zero());
}

static void takeRest(LinearLayout &layout, BitTaker &bits, unsigned dim) {
  while (bits.has(dim))
    layout.registers.push_back(bits.take(dim));
}

LinearLayout LinearLayout::mmaAccumulator(int64_t m, int64_t n, unsigned warpsM,
                                          unsigned warpsN) {
  LinearLayout layout;
  layout.rank = 2;
  BitTaker bits({m, n});
  // Element i of lane (g, q): row g + 8 (i >> 1), column 2 q + (i & 1).
  layout.registers.push_back(bits.take(1));
  layout.lanes.push_back(bits.take(1));
  layout.lanes.push_back(bits.take(1));
  for (unsigned i = 0; i < 3; ++i)
    layout.lanes.push_back(bits.take(0));
  layout.registers.push_back(bits.take(0));
  spreadWarps(layout, bits, 0, 1, warpsM, warpsN);
  takeRest(layout, bits, 1);
  takeRest(layout, bits, 0);
  return layout;
}

LinearLayout LinearLayout::mmaOperandA(int64_t m, int64_t k, unsigned bitWidth,
                                       unsigned warpsM, unsigned warpsN,
                                       bool accumulatorOrder) {
  LinearLayout layout;
  layout.rank = 2;
  BitTaker bits({m, k});
  // Elements of one 32-bit register lie along k, then lanes q along k, lanes g
  // along m; registers: rows + 8, then the second half of k.
  for (unsigned packed = bitWidth; packed < 32; packed *= 2)
    layout.registers.push_back(bits.take(1));
  // 16-bit elements have neighbouring k in a lane as they are.
  bool halfFirst = accumulatorOrder && layout.registers.empty();
  if (halfFirst)
    layout.registers.push_back(bits.take(1));
  layout.lanes.push_back(bits.take(1));
  layout.lanes.push_back(bits.take(1));
  for (unsigned i = 0; i < 3; ++i)
    layout.lanes.push_back(bits.take(0));
  layout.registers.push_back(bits.take(0));
  if (!halfFirst)
    layout.registers.push_back(bits.take(1));
  spreadWarps(layout, bits, 0, -1, warpsM, warpsN);
  takeRest(layout, bits, 1);
  takeRest(layout, bits, 0);
  return layout;
}

LinearLayout LinearLayout::mmaOperandB(int64_t k, int64_t n, unsigned bitWidth,
                                       unsigned warpsM, unsigned warpsN,
                                       bool accumulatorOrder) {
  LinearLayout layout;
  layout.rank = 2;
  BitTaker bits({k, n});
  for (unsigned packed = bitWidth; packed < 32; packed *= 2)
    layout.registers.push_back(bits.take(0));
  bool halfFirst = accumulatorOrder && layout.registers.empty();
  if (halfFirst)
    layout.registers.push_back(bits.take(0));
  layout.lanes.push_back(bits.take(0));
  layout.lanes.push_back(bits.take(0));
  for (unsigned i = 0; i < 3; ++i)
    layout.lanes.push_back(bits.take(1));
  if (!halfFirst)
    layout.registers.push_back(bits.take(0));
  spreadWarps(layout, bits, -1, 1, warpsM, warpsN);
  takeRest(layout, bits, 0);
  takeRest(layout, bits, 1);
  return layout;
}

} // namespace raddle::tile
