//===- Regions.h - Subgraphs as regions ------------------------*- C++ -*-===//
#ifndef RADDLE_LIB_IMPORT_ONNX_OPS_REGIONS_H
#define RADDLE_LIB_IMPORT_ONNX_OPS_REGIONS_H

#include "../Importer.h"

namespace raddle::onnx {

/// A loop over a subgraph, in the terms that Loop and Scan share.
struct LoopSpec {
  const Graph *body = nullptr;
  /// The largest number of iterations; nothing when only the condition ends
  /// the loop.
  std::optional<Scalar> trip;
  Scalar condition = 1;
  /// Whether result 0 of the body says to go on.
  bool bodyHasCondition = false;
  /// Values carried from iteration to iteration, bound to the body's inputs
  /// from `firstCarried` on.
  llvm::SmallVector<ValueRef> initial;
  unsigned firstCarried = 0;
  /// Binds the other inputs of the body for iteration `iv`.
  std::function<void(Scope &, Scalar iv)> bind;
};

/// Imports the loop. `results` gets the carried values and then, per further
/// result of the body, the values of all iterations stacked along a new first
/// dim. False when a problem was reported.
bool importLoop(NodeContext &c, const LoopSpec &spec,
                llvm::SmallVectorImpl<ValueRef> &results);

/// A loop that counts to `trip` and carries tensors, whose types stay those of
/// `inits`.
llvm::SmallVector<mlir::Value> countedLoop(
    NodeContext &c, Scalar trip, llvm::ArrayRef<mlir::Value> inits,
    llvm::function_ref<llvm::SmallVector<mlir::Value>(Scalar iv,
                                                      mlir::ValueRange carried)>
        body);

/// The type that both tensors can be cast to; null when the ranks differ.
mlir::RankedTensorType joinTypes(mlir::RankedTensorType a,
                                 mlir::RankedTensorType b);

/// One side of a condition, imported into a region of its own.
struct Branch {
  Branch() : region(std::make_unique<mlir::Region>()) {
    region->push_back(new mlir::Block);
  }
  std::unique_ptr<mlir::Region> region;
  llvm::SmallVector<ValueRef> results;
  llvm::SmallVector<mlir::Value> yields;
  mlir::Block *block() { return &region->front(); }
};

/// Makes the condition from its two sides and sets the node's results, which
/// the sides give in order. False when they do not fit: reported.
bool mergeBranches(NodeContext &c, Scalar condition, Branch &yes, Branch &no);

/// Imports a node whose input `row.axesInput` is only known at run time: once
/// per value that it may have, behind a condition each.
void importPerAxes(NodeContext &c);

/// Where an import into a detached region stands.
class RegionScope {
public:
  RegionScope(NodeContext &c, mlir::Block *block);
  ~RegionScope();

private:
  NodeContext &c;
  mlir::OpBuilder::InsertionGuard guard;
};

} // namespace raddle::onnx

#endif // RADDLE_LIB_IMPORT_ONNX_OPS_REGIONS_H
