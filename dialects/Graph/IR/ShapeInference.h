//===- ShapeInference.h - Result shapes from operand shapes -----*- C++ -*-===//
#ifndef RADDLE_DIALECTS_GRAPH_IR_SHAPEINFERENCE_H
#define RADDLE_DIALECTS_GRAPH_IR_SHAPEINFERENCE_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

namespace raddle::graph {

/// Merges what `from` knows into `shape`: an unknown size becomes known. Fails
/// when the ranks or two known sizes differ.
mlir::LogicalResult mergeShape(llvm::SmallVectorImpl<int64_t> &shape,
                               mlir::ArrayRef<int64_t> from);

/// The static sizes of the results of `op` that follow if its operands had the
/// types `operands` (of the same ranks and element types as they have): one
/// shape per result. Covers the operations whose result sizes follow from the
/// sizes of operands; fails for all others and for operands that contradict
/// each other. Does not change the IR.
mlir::LogicalResult
inferResultShapes(mlir::Operation *op, mlir::ArrayRef<mlir::Type> operands,
                  llvm::SmallVectorImpl<llvm::SmallVector<int64_t>> &shapes);

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_IR_SHAPEINFERENCE_H
