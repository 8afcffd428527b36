//===- Staging.h - Tiles on their way through shared memory ----*- C++ -*-===//
#ifndef RADDLE_DIALECTS_TILE_SKELETONS_STAGING_H
#define RADDLE_DIALECTS_TILE_SKELETONS_STAGING_H

#include "dialects/Tile/Skeletons/KernelBuilder.h"

namespace raddle::tile {

/// Bank-conflict free storage of an operand tile whose fastest dim has `fast`
/// elements of `bytes`. `matrixLoads`: read by `ldmatrix`, otherwise by plain
/// loads of 4 rows of k times 8 columns, with rows two apart when
/// `accumulatorOrder` (see LinearLayout).
SharedSwizzle chooseSwizzle(int64_t fast, unsigned bytes, bool matrixLoads,
                            bool accumulatorOrder);

/// Puts `value`, evaluated over the iteration space of `element`, into stage
/// `slot` of `buffer` as `type`; zero where the mask of `element` is off. A
/// plain read of memory is copied asynchronously, anything computed passes
/// through registers; both are visible behind `tile.wait` and `tile.barrier`.
void stageTile(TileElementBuilder &element, mlir::Value value, mlir::Type type,
               mlir::Value buffer, mlir::Value slot);

} // namespace raddle::tile

#endif // RADDLE_DIALECTS_TILE_SKELETONS_STAGING_H
