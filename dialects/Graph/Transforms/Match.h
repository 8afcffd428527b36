//===- Match.h - Seeing through what exporters write -----------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_GRAPH_TRANSFORMS_MATCH_H
#define RADDLE_DIALECTS_GRAPH_TRANSFORMS_MATCH_H

#include "dialects/Graph/IR/GraphOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/PatternMatch.h"
#include <optional>

namespace raddle::graph {

inline mlir::RankedTensorType getTensorType(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}

/// `value` without broadcasts, and without reshapes that only add or drop unit
/// dims.
mlir::Value stripBroadcast(mlir::Value value);

/// The number of which all elements of `value` consist, as a compile-time
/// constant.
std::optional<double> getSplatNumber(mlir::Value value);

/// A tensor of one element of which all elements of `value` are copies, or
/// null.
mlir::Value getSplatSource(mlir::Value value);

/// For `value = x * c` or `x / c` with a constant c: x, and c or 1/c in
/// `factor`. Null otherwise.
mlir::Value matchScaled(mlir::Value value, double &factor);

/// For `op` of two operands of which one satisfies `match`: the other one.
mlir::Value matchCommutative(mlir::Operation *op,
                             llvm::function_ref<bool(mlir::Value)> match);

/// For `value = mean(x)` over the dims from `axis` on (with unit dims kept or
/// not): x. Null otherwise.
mlir::Value matchTrailingMean(mlir::Value value, int64_t &axis);

/// A rank-0 constant broadcast to `sizes`.
mlir::Value createSplat(mlir::OpBuilder &builder, mlir::Location loc,
                        double number, mlir::Type elementType,
                        llvm::ArrayRef<mlir::OpFoldResult> sizes);

/// Patterns that turn compositions into graph.norm, graph.softmax and
/// graph.attention.
void populateNormPatterns(mlir::RewritePatternSet &patterns);
void populateSoftmaxPatterns(mlir::RewritePatternSet &patterns);
void populateAttentionPatterns(mlir::RewritePatternSet &patterns);
/// Key and value heads that were repeated for the queries are read as they are.
void populateGroupedAttentionPatterns(mlir::RewritePatternSet &patterns);
/// Replaces masks, or summands of them, by `causal` where that is what they
/// say.
void recognizeCausalMasks(mlir::func::FuncOp function);
/// Cheaper forms of the same values.
void populateArithmeticPatterns(mlir::RewritePatternSet &patterns);

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_TRANSFORMS_MATCH_H
