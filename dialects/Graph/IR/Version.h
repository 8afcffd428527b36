//===- Version.h - Versions of the graph dialect ---------------*- C++ -*-===//
//
// The graph dialect is an interchange format: a module carries the version that
// it was written in. Who changes the meaning or the form of the dialect raises
// `dialectVersion` by one and adds an upgrade to the list in Version.cpp.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_DIALECTS_GRAPH_IR_VERSION_H
#define RADDLE_DIALECTS_GRAPH_IR_VERSION_H

#include "mlir/IR/BuiltinOps.h"

namespace raddle::graph {

/// The newest version of the dialect, which this build writes.
inline constexpr int64_t dialectVersion = 1;

/// From version `from` to the next.
struct VersionUpgrade {
  int64_t from;
  /// Rewrites a module in place; emits its own diagnostics.
  mlir::LogicalResult (*apply)(mlir::ModuleOp);
};

/// The upgrades from version 1 to `dialectVersion`, in order.
llvm::ArrayRef<VersionUpgrade> getVersionUpgrades();

/// Runs the upgrades from the module's `graph.version` (absent: `newest`) to
/// `newest` and sets the attribute. A newer module, and a version without an
/// upgrade, are errors.
mlir::LogicalResult
upgradeVersion(mlir::ModuleOp module,
               llvm::ArrayRef<VersionUpgrade> upgrades = getVersionUpgrades(),
               int64_t newest = dialectVersion);

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_IR_VERSION_H
