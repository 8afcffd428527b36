//===- PrecomputeWeights.h - Constant expressions as weights ---*- C++ -*-===//
#ifndef RADDLE_DIALECTS_GRAPH_TRANSFORMS_PRECOMPUTEWEIGHTS_H
#define RADDLE_DIALECTS_GRAPH_TRANSFORMS_PRECOMPUTEWEIGHTS_H

#include "dialects/Graph/IR/GraphOps.h"
#include "llvm/ADT/SetVector.h"

namespace raddle::graph {

/// Adds `op` and, before it, all that it is computed from: operands that are
/// weights, constants and element operations on these.
void collectWeightExpression(mlir::Operation *op,
                             llvm::SetVector<mlir::Operation *> &expression);

/// Copies the expression that ends in `root` into a `graph.precompute` before
/// `root`.
PrecomputeOp precomputeExpression(mlir::Operation *root,
                                  mlir::ArrayRef<mlir::Operation *> expression);

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_TRANSFORMS_PRECOMPUTEWEIGHTS_H
