//===- StreamOrder.h - What runs before what -------------------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_PLAN_TRANSFORMS_STREAMORDER_H
#define RADDLE_DIALECTS_PLAN_TRANSFORMS_STREAMORDER_H

#include "dialects/Plan/IR/PlanDialect.h"
#include "llvm/ADT/DenseMap.h"

namespace raddle::plan {

/// The order that streams and events give to the operations of one block.
class StreamOrder {
public:
  explicit StreamOrder(mlir::Block &block);
  /// Whether `first`, of this block as `second`, is over when `second` starts.
  bool isBefore(mlir::Operation *first, mlir::Operation *second) const;

private:
  struct Place {
    unsigned stream = 0;
    /// How many operations of each stream are over, with this one at its end.
    llvm::SmallVector<unsigned> clock;
  };
  llvm::DenseMap<mlir::Operation *, Place> places;
};

} // namespace raddle::plan

#endif // RADDLE_DIALECTS_PLAN_TRANSFORMS_STREAMORDER_H
