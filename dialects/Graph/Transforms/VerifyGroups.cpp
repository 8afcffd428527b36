//===- VerifyGroups.cpp - The contract of fused groups --------------------===//
#include "dialects/Graph/Transforms/Classify.h"
#include "dialects/Graph/Transforms/Passes.h"

namespace raddle::graph {
#define GEN_PASS_DEF_GRAPHVERIFYGROUPS
#include "dialects/Graph/Transforms/Passes.h.inc"
} // namespace raddle::graph

using namespace mlir;
using namespace raddle::graph;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

static LogicalResult verifyPointwise(GroupOp group) {
  for (Operation &op : group.getBody().front().without_terminator())
    if (getRole(&op) == OpRole::root)
      return op.emitOpError("needs a loop nest of its own in a group of "
                            "skeleton 'pointwise'");
  auto count = [](Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    return type.hasStaticShape() ? type.getNumElements() : int64_t(-1);
  };
  int64_t first = -1;
  for (Value value : group.getTerminator()->getOperands()) {
    int64_t own = count(value);
    if (first >= 0 && own >= 0 && own != first)
      return group.emitOpError("of skeleton 'pointwise' has results of ")
             << first << " and " << own << " elements";
    first = std::max(first, own);
  }
  return success();
}

/// Checks the operations around the root.
static LogicalResult verifyRooted(GroupOp group) {
  StringRef skeleton = group.getSkeleton();
  Operation *root = group.getRootOp();
  if (!root)
    return group.emitOpError("of skeleton '")
           << skeleton << "' has no root operation";
  bool holdsRows = skeleton == "row_contraction" && isa<ContractOp>(root);
  if (getSkeleton(root) != skeleton && !holdsRows)
    return group.emitOpError("of skeleton '")
           << skeleton << "' has a root '" << root->getName()
           << "' of skeleton '" << getSkeleton(root) << "'";
  bool permutes =
      skeleton == "contraction" || skeleton == "attention" || holdsRows;
  bool storesInput = isa<NormOp, SoftmaxOp>(root);
  ArrayRef<int64_t> shape = shapeOf(root->getResult(0));

  // Values at the iteration point, and values stored to a permuted place.
  llvm::SmallPtrSet<Operation *, 16> atPoint = {root}, tail;
  for (Operation &op : group.getBody().front().without_terminator()) {
    if (&op == root || getRole(&op) == OpRole::splat)
      continue;
    bool isRowNorm = holdsRows && isa<NormOp>(op) &&
                     atPoint.contains(op.getOperand(0).getDefiningOp());
    if (isRowNorm) {
      atPoint.insert(&op);
      continue;
    }
    if (getRole(&op) != OpRole::element)
      return op.emitOpError("is no element operation, but in a group");
    bool afterPoint = false, afterTail = false;
    for (Value operand : op.getOperands()) {
      afterPoint |= atPoint.contains(operand.getDefiningOp());
      afterTail |= tail.contains(operand.getDefiningOp());
    }
    if (!afterPoint && !afterTail)
      continue;
    if (!takesEpilogue(root))
      return op.emitOpError("follows the root of a group of skeleton '")
             << skeleton << "', which takes no epilogue";
    if (isPointwise(&op) && !afterTail && shapeOf(op.getResult(0)) == shape)
      atPoint.insert(&op);
    else if (isa<ReshapeOp>(op) || (permutes && isa<TransposeOp>(op)))
      tail.insert(&op);
    else
      return op.emitOpError("is not at the iteration point of the root '")
             << root->getName() << "'";
  }
  for (Value value : group.getTerminator()->getOperands()) {
    Operation *op = value.getDefiningOp();
    if (op && (atPoint.contains(op) || tail.contains(op)))
      continue;
    if (op && storesInput && shapeOf(value) == shapeOf(root->getOperand(0)))
      continue;
    return group.emitOpError("has a result that is not at the iteration point "
                             "of its root '")
           << root->getName() << "'";
  }
  return success();
}

namespace {
struct GraphVerifyGroups
    : raddle::graph::impl::GraphVerifyGroupsBase<GraphVerifyGroups> {
  void runOnOperation() override {
    bool failing = false;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (auto group = dyn_cast<GroupOp>(op)) {
        failing |=
            failed(group.getSkeleton() == "pointwise" ? verifyPointwise(group)
                                                      : verifyRooted(group));
        return WalkResult::skip();
      }
      if (isa<PrecomputeOp>(op))
        return WalkResult::skip();
      OpRole role = getRole(op);
      if (role == OpRole::element || role == OpRole::root ||
          isa<tensor::FromElementsOp>(op)) {
        op->emitOpError("computes a tensor outside of a group");
        failing = true;
      }
      return WalkResult::advance();
    });
    if (failing)
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
