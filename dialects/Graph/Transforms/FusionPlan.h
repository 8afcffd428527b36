//===- FusionPlan.h - Which operations become one kernel -------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_GRAPH_TRANSFORMS_FUSIONPLAN_H
#define RADDLE_DIALECTS_GRAPH_TRANSFORMS_FUSIONPLAN_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/JSON.h"
#include <string>
#include <vector>

namespace raddle::graph {

/// One kernel: the operations that it evaluates, all of one block (views of
/// weights may come from an enclosing block). An operation that is cheap to
/// evaluate may be in several groups.
struct FusedGroup {
  /// Name of the kernel skeleton: "pointwise", "reduction", "scan",
  /// "contraction", "attention", "scatter", "sort", "recurrence", "encode".
  std::string skeleton;
  /// The operation that fixes the loop nest, or null.
  mlir::Operation *root = nullptr;
  llvm::SetVector<mlir::Operation *> ops;
  /// The values that other kernels and the host see, all defined by `ops`.
  llvm::SetVector<mlir::Value> yields;
  /// Why the group is legal and wanted.
  std::string reason;
};

/// The groups of one function. Every tensor computation is in at least one.
struct FusionPlan {
  std::vector<FusedGroup> groups;

  /// `{"version": 1, "groups": [{"skeleton", "root", "ops", "yields",
  /// "reason"}]}`. Operations are named "<number>:<name>" by their number in
  /// a pre-order walk of the function, values "<number>#<result>".
  llvm::json::Value toJSON(mlir::func::FuncOp function) const;

  /// The inverse of `toJSON`. Reports what does not fit the function.
  static mlir::FailureOr<FusionPlan> fromJSON(mlir::func::FuncOp function,
                                              const llvm::json::Value &json);

  /// Moves the operations of the groups into `graph.group`. Fails with a
  /// diagnostic when a value that is needed is yielded by no group, or when
  /// groups depend on each other in a cycle.
  mlir::LogicalResult apply(mlir::func::FuncOp function);
};

/// What `makeFusionPlan` assumes of the machine and the sizes. The constants
/// are of the order of a current data-centre GPU; only their ratios matter.
struct FusionOptions {
  /// False gives each operation a group of its own.
  bool fuse = true;
  /// Puts a norm into the epilogue of the contraction that feeds it.
  bool epilogueNorm = false;
  /// The size assumed for a dim that is not static.
  int64_t assumedSize = 64;
  double launchSeconds = 4e-6;
  double bytesPerSecond = 1.5e12;
  double operationsPerSecond = 8e12;
  /// How much dearer an operation is inside the main loop of a contraction.
  double mainLoopFactor = 4;
};

/// The rule documented at `graph-fuse` in Passes.td.
FusionPlan makeFusionPlan(mlir::func::FuncOp function,
                          const FusionOptions &options);

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_TRANSFORMS_FUSIONPLAN_H
