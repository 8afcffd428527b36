//===- Staging.cpp - Tiles on their way through shared memory -------------===//

#include "dialects/Tile/Skeletons/Staging.h"
#include "dialects/Tile/Skeletons/ReductionCombiners.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::tile;

SharedSwizzle raddle::tile::chooseSwizzle(int64_t fast, unsigned bytes,
                                          bool matrixLoads,
                                          bool accumulatorOrder) {
  SharedSwizzle swizzle;
  unsigned fastBits = log2Exact(fast);
  if (!matrixLoads) {
    // 4 rows of k times 8 columns of 32 bits fill the 32 banks when rows are
    // spread 8 elements apart.
    swizzle.base = 3;
    swizzle.bits = std::min(2u, fastBits > 3 ? fastBits - 3 : 0);
    swizzle.shift = std::max(fastBits > 3 ? fastBits - 3 : 0, swizzle.bits) +
                    (accumulatorOrder ? 1 : 0);
    return swizzle;
  }
  // ldmatrix reads 8 rows of 16 bytes: their chunks must differ modulo 128.
  unsigned chunkBits = log2Exact(16 / bytes);
  unsigned rowChunks = fastBits > chunkBits ? fastBits - chunkBits : 0;
  swizzle.base = chunkBits;
  swizzle.bits = std::min(3u, rowChunks);
  swizzle.shift = std::max(rowChunks + (3 - swizzle.bits), swizzle.bits);
  return swizzle;
}

void raddle::tile::stageTile(TileElementBuilder &element, Value value,
                             Type type, Value buffer, Value slot) {
  OpBuilder &b = element.builder;
  // An element that is repeated along a dim passes through registers.
  auto tile = dyn_cast<RankedTensorType>(value.getType());
  bool isWhole = tile && tile.getShape() == element.getShape();
  if (auto load = value.getDefiningOp<LoadOp>();
      load && isWhole && getElementTypeOrSelf(value.getType()) == type) {
    Value offsets = element.full(load.getOffsets());
    Value mask = load.getMask() ? element.full(load.getMask()) : Value();
    CopyOp::create(b, element.loc, load.getBase(), offsets, mask, buffer, slot);
    // The copy replaces the load unless something else reads it.
    if (load->use_empty())
      load->erase();
    return;
  }
  if (element.mask) {
    Value zero = arith::ConstantOp::create(
        b, element.loc, b.getZeroAttr(getElementTypeOrSelf(value.getType())));
    value = element.select(element.mask, value, zero);
  }
  value = element.full(convertNumber(element, value, type));
  LocalStoreOp::create(b, element.loc, value, buffer, slot);
}
