//===- Classify.h - What an operation is to fusion -------------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_GRAPH_TRANSFORMS_CLASSIFY_H
#define RADDLE_DIALECTS_GRAPH_TRANSFORMS_CLASSIFY_H

#include "dialects/Graph/IR/GraphOps.h"

namespace raddle::graph {

enum class OpRole {
  /// Stays on the host or in memory: weights, constants, sizes, control flow.
  outside,
  /// A constant of equal elements: copied into each group that uses it.
  splat,
  /// Evaluated at an index, in whatever kernel needs it.
  element,
  /// Needs a loop nest of its own.
  root,
};

OpRole getRole(mlir::Operation *op);

/// True for an element operation on constant tensors, as far as it alone says
/// so (its operands are constant when `isConstant` holds for them): its result
/// can be computed when the artifact is written. Storage formats are not
/// decoded ahead, and sizes are static.
bool canPrecompute(mlir::Operation *op,
                   llvm::function_ref<bool(mlir::Value)> isConstant);

/// True for weights, constants and what element operations compute from them
/// (short chains only).
bool isWeightExpression(mlir::Value value);

/// True when operations at the iteration point of the root's result may be
/// evaluated by its kernel.
bool takesEpilogue(mlir::Operation *root);

/// True for an operation that maps elements to elements at equal index.
bool isPointwise(mlir::Operation *op);

/// True when `op` gives elements of weights, constants and indices in another
/// arrangement, without arithmetic other than decoding: each kernel reads
/// through it.
bool isView(mlir::Operation *op);

/// Number of elements of a tensor, with `assumed` for each unknown size.
double countElements(mlir::Type type, int64_t assumed);
/// Bytes of a tensor as it is stored (an encoding counts as its code bits).
double countBytes(mlir::Type type, int64_t assumed);

/// Arithmetic of one element of an element operation, in units of an addition.
double getElementWork(mlir::Operation *op);

/// How often the kernel of `root` evaluates elements of operand `operand`.
double countReads(mlir::Operation *root, unsigned operand, int64_t assumed);

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_TRANSFORMS_CLASSIFY_H
