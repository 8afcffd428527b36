//===- ReductionCombiners.h - What a reduction combines with ---*- C++ -*-===//
#ifndef RADDLE_DIALECTS_TILE_SKELETONS_REDUCTIONCOMBINERS_H
#define RADDLE_DIALECTS_TILE_SKELETONS_REDUCTIONCOMBINERS_H

#include "dialects/Tile/Skeletons/KernelBuilder.h"

namespace raddle::tile {

/// An associative and commutative combination of tuples.
struct Combiner {
  using Tuple = llvm::SmallVector<mlir::Value>;
  llvm::SmallVector<mlir::Type> types;
  llvm::SmallVector<mlir::TypedAttr> neutral;
  /// Works on scalars and on tiles.
  std::function<Tuple(mlir::OpBuilder &, mlir::Location, const Tuple &,
                      const Tuple &)>
      combine;
};

Combiner getCombiner(graph::ReduceKind kind, mlir::Type type);

/// Pairs of a value and its i32 position: the position of the extreme value,
/// the first (or last) of equal ones; NaN is the extreme.
Combiner getArgCombiner(graph::ReduceKind kind, mlir::Type type, bool last);

/// Between numeric element types (integers are signed).
mlir::Value convertNumber(graph::ElementBuilder &element, mlir::Value value,
                          mlir::Type type);

/// A thread per output element walks the window (graph.pool).
mlir::FailureOr<GroupKernels> buildPool(graph::GroupOp group,
                                        const Parameters &parameters,
                                        llvm::StringRef name,
                                        mlir::OpBuilder &moduleBuilder);

} // namespace raddle::tile

#endif // RADDLE_DIALECTS_TILE_SKELETONS_REDUCTIONCOMBINERS_H
