//===- SymbolicShapes.h - Sizes as expressions over named dims --*- C++ -*-===//
//
// The one analysis that answers questions about sizes: equal, bounded,
// divisible. Named dims come from the `graph.shape` attributes of the entry's
// arguments, what is known about them from its `graph.dims`, and equalities
// that were assumed from the `cf.assert`s at the top of the function, which
// hold once the launch has checked them.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_DIALECTS_GRAPH_ANALYSIS_SYMBOLICSHAPES_H
#define RADDLE_DIALECTS_GRAPH_ANALYSIS_SYMBOLICSHAPES_H

#include "dialects/Graph/Analysis/SymbolicExpr.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseMap.h"
#include <memory>

namespace raddle::graph {

/// Expressions for host scalars and for the sizes of tensors under one
/// operation (a module or a function). Never changes the IR; expressions are
/// computed when asked for, stay valid as long as the analysis, and describe
/// the IR as it was then. Every value has an expression: in the worst case an
/// unknown of its own.
class SymbolicShapes {
public:
  explicit SymbolicShapes(mlir::Operation *root);
  /// Answers from what leads to the values asked about, without assumptions:
  /// for folders and builders that look at one operation. Long chains end in
  /// unknowns.
  SymbolicShapes() = default;

  /// The value of a host scalar (`index` or integer; as a signed number).
  SymbolicExpr get(mlir::Value scalar);
  SymbolicExpr get(mlir::OpFoldResult size);
  /// The size of dim `dim` of a ranked tensor.
  SymbolicExpr getDim(mlir::Value tensor, int64_t dim);
  llvm::SmallVector<SymbolicExpr> getShape(mlir::Value tensor);
  /// The product of the sizes of a ranked tensor.
  SymbolicExpr getNumElements(mlir::Value tensor);

  /// Known to be equal. (False means not known, here and below.)
  bool equal(SymbolicExpr lhs, SymbolicExpr rhs);
  bool sameShape(mlir::Value lhs, mlir::Value rhs);
  /// Known to be at most.
  bool atMost(SymbolicExpr lhs, SymbolicExpr rhs);
  std::optional<int64_t> constant(SymbolicExpr expr);
  /// Inclusive bounds.
  std::optional<int64_t> upperBound(SymbolicExpr expr);
  std::optional<int64_t> lowerBound(SymbolicExpr expr);
  bool divisibleBy(SymbolicExpr expr, int64_t divisor);

  /// Arithmetic on expressions.
  SymbolicExprContext &getContext() { return context; }

private:
  friend struct SizeEvaluator;

  /// Keeps recursion off the end of the stack. The analysis of a function asks
  /// in program order and never gets near.
  static constexpr unsigned maxDepth = 256;

  SymbolicExpr computeScalar(mlir::Value value);
  SymbolicExpr computeDim(mlir::Value tensor, int64_t dim);
  SymbolicExpr computeArgument(mlir::BlockArgument argument);
  SymbolicExpr computeArgumentDim(mlir::BlockArgument argument, int64_t dim);
  SymbolicExpr computeResultDim(mlir::OpResult result, int64_t dim);
  SymbolicExpr computeSelect(mlir::Value condition, SymbolicExpr ifTrue,
                             SymbolicExpr ifFalse);
  /// A size that a loop carries, when the body keeps it; else null.
  SymbolicExpr carriedDim(mlir::Value initial, mlir::Value carried,
                          mlir::Value yielded, int64_t dim);
  SymbolicExpr unknown(llvm::StringRef prefix, Interval interval);
  SymbolicExpr namedDim(mlir::Operation *function, llvm::StringRef name);
  /// Learns from `cf.assert` at the top of the functions.
  void assumeAsserts(mlir::Operation *root);
  void assumeEqual(SymbolicExpr lhs, SymbolicExpr rhs);
  SymbolicExpr applyAssumptions(SymbolicExpr expr);

  SymbolicExprContext context;
  llvm::DenseMap<mlir::Value, SymbolicExpr> scalars;
  llvm::DenseMap<std::pair<mlir::Value, int64_t>, SymbolicExpr> dims;
  std::map<std::pair<mlir::Operation *, std::string>, SymbolicExpr> named;
  /// Atoms that an assumption states in terms of others, none of which is on
  /// the left of another.
  llvm::SmallVector<std::pair<const SymbolicAtom *, SymbolicExpr>> assumptions;
  unsigned numUnknowns = 0;
  /// Questions that are being answered for the sake of others.
  unsigned depth = 0;
};

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_ANALYSIS_SYMBOLICSHAPES_H
