//===- KernelList.h - The kernels that groups ask for ----------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_GRAPH_CONVERSION_GRAPHTOTILE_KERNELLIST_H
#define RADDLE_DIALECTS_GRAPH_CONVERSION_GRAPHTOTILE_KERNELLIST_H

#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Tile/Skeletons/ParameterPolicy.h"

namespace raddle::graph {

class SymbolicShapes;

/// A kernel and the groups that share it, the first of which stands for all.
struct ListedKernel {
  GroupOp group;
  const tile::KernelSkeleton *skeleton;
  /// As `graph-lower-to-tile` names it: `k3_contract`.
  std::string name;
  /// A short hash of the structure: equal for equal kernels, in every model.
  std::string hash;
  llvm::SmallVector<mlir::Operation *> groups;
};

/// Groups of equal structure have equal texts.
std::string getKernelStructure(GroupOp group, SymbolicShapes &shapes);
/// The `hash` of the kernel of a group of a function.
std::string getKernelHash(GroupOp group);

/// The kernels of `main` in the order in which they are lowered. Emits a
/// diagnostic for a group of an unknown skeleton.
mlir::FailureOr<llvm::SmallVector<ListedKernel, 0>>
listKernels(mlir::ModuleOp module);

/// Writes the parameter space of every kernel: text for people, or JSON
/// (docs/CostModel.md). Deterministic.
mlir::LogicalResult enumerateKernels(mlir::ModuleOp module,
                                     llvm::ArrayRef<std::string> targets,
                                     bool json, llvm::raw_ostream &os);

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_CONVERSION_GRAPHTOTILE_KERNELLIST_H
