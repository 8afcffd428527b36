//===- ReshapeRuns.h - Dims that a reshape keeps together ------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_GRAPH_IR_RESHAPERUNS_H
#define RADDLE_DIALECTS_GRAPH_IR_RESHAPERUNS_H

#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace raddle::graph {

class ReshapeOp;
class SymbolicShapes;

/// Dims `from` of the operand of a reshape hold the same elements, in the same
/// order, as dims `to` of its result.
struct DimRun {
  llvm::SmallVector<int64_t> from, to;
};

/// The dims of a reshape, but for those of static size 1, cut into as many
/// runs as can be proved.
llvm::SmallVector<DimRun> getReshapeRuns(ReshapeOp op, SymbolicShapes &shapes);
/// The same from what is known without looking at the whole function.
llvm::SmallVector<DimRun> getReshapeRuns(ReshapeOp op);

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_IR_RESHAPERUNS_H
