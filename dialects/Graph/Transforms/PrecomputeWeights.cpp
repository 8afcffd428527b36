//===- PrecomputeWeights.cpp - Constant expressions become weights --------===//
#include "dialects/Graph/Transforms/PrecomputeWeights.h"
#include "dialects/Graph/Transforms/Classify.h"
#include "dialects/Graph/Transforms/Match.h"
#include "dialects/Graph/Transforms/Passes.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/EquivalenceClasses.h"

namespace raddle::graph {
#define GEN_PASS_DEF_GRAPHPRECOMPUTEWEIGHTS
#include "dialects/Graph/Transforms/Passes.h.inc"
} // namespace raddle::graph

using namespace mlir;
using namespace raddle::graph;

namespace {

class Precomputer {
public:
  Precomputer(func::FuncOp function, int64_t slackBytes)
      : function(function), slackBytes(slackBytes) {}

  /// The number of tensors that are computed ahead.
  unsigned run();

private:
  bool isConstant(Value value) {
    Operation *op = value.getDefiningOp();
    return op && (isa<WeightOp, PrecomputeOp, arith::ConstantOp>(op) ||
                  derived.contains(op));
  }

  func::FuncOp function;
  int64_t slackBytes;
  /// Element operations of weights and constants alone, in program order.
  llvm::SetVector<Operation *> derived;
};

} // namespace

void raddle::graph::collectWeightExpression(
    Operation *op, llvm::SetVector<Operation *> &expression) {
  if (expression.contains(op))
    return;
  if (!isa<WeightOp, PrecomputeOp, arith::ConstantOp>(op))
    for (Value operand : op->getOperands())
      collectWeightExpression(operand.getDefiningOp(), expression);
  expression.insert(op);
}

PrecomputeOp
raddle::graph::precomputeExpression(Operation *root,
                                    ArrayRef<Operation *> expression) {
  OpBuilder builder(root);
  auto op = PrecomputeOp::create(builder, root->getLoc(),
                                 root->getResult(0).getType());
  Block &body = op.getBody().emplaceBlock();
  builder.setInsertionPointToStart(&body);
  IRMapping mapping;
  for (Operation *member : expression) {
    auto inner = dyn_cast<PrecomputeOp>(member);
    if (!inner) {
      builder.clone(*member, mapping);
      continue;
    }
    Block &block = inner.getBody().front();
    for (Operation &nested : block.without_terminator())
      builder.clone(nested, mapping);
    mapping.map(inner.getResult(),
                mapping.lookup(block.getTerminator()->getOperand(0)));
  }
  YieldOp::create(builder, root->getLoc(), mapping.lookup(root->getResult(0)));
  return op;
}

/// Whether there is something to compute: a weight, and more than another view
/// of what is computed ahead already.
static bool isWorthwhile(ArrayRef<Operation *> expression) {
  bool readsWeights = false, computes = false;
  for (Operation *op : expression) {
    readsWeights |= isa<WeightOp, PrecomputeOp>(op);
    computes |=
        isa<WeightOp>(op) || (!isa<PrecomputeOp, arith::ConstantOp>(op) &&
                              !isa<ElementOpInterface>(op));
  }
  return readsWeights && computes;
}

unsigned Precomputer::run() {
  function.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (isa<GroupOp, PrecomputeOp>(op))
      return WalkResult::skip();
    if (canPrecompute(op, [&](Value value) { return isConstant(value); }))
      derived.insert(op);
    return WalkResult::advance();
  });

  // What something else reads. Broadcasts stay with their readers, which find
  // the repeated element for nothing.
  llvm::SetVector<Operation *> roots;
  std::function<void(Operation *)> addRoot = [&](Operation *op) {
    if (!derived.contains(op))
      return;
    if (auto broadcast = dyn_cast<BroadcastOp>(op))
      return addRoot(broadcast.getInput().getDefiningOp());
    roots.insert(op);
  };
  for (Operation *op : derived)
    if (llvm::any_of(op->getUsers(),
                     [&](Operation *user) { return !derived.contains(user); }))
      addRoot(op);

  // Results that share a weight are judged together: the artifact must not
  // grow. A weight that is also read as it is saves nothing.
  llvm::MapVector<Operation *, llvm::SetVector<Operation *>> cones;
  llvm::EquivalenceClasses<Operation *> shared;
  for (Operation *root : roots) {
    RankedTensorType type = getTensorType(root->getResult(0));
    Type element = type.getElementType();
    llvm::SetVector<Operation *> cone;
    collectWeightExpression(root, cone);
    if (!isWorthwhile(cone.getArrayRef()) || element.isIndex() ||
        (!element.isInteger(1) && element.getIntOrFloatBitWidth() % 8 != 0))
      continue;
    shared.insert(root);
    for (Operation *op : cone)
      if (isa<WeightOp, PrecomputeOp>(op))
        shared.unionSets(root, op);
    cones[root] = std::move(cone);
  }
  llvm::DenseMap<Operation *, double> growth;
  llvm::DenseSet<Operation *> counted;
  for (auto &[root, cone] : cones) {
    double &bytes = growth[shared.getLeaderValue(root)];
    bytes += countBytes(root->getResult(0).getType(), 1);
    for (Operation *op : cone) {
      if (!isa<WeightOp, PrecomputeOp>(op) || !counted.insert(op).second)
        continue;
      bool replaced = llvm::all_of(op->getUsers(), [&](Operation *user) {
        return derived.contains(user);
      });
      if (replaced)
        bytes -= countBytes(op->getResult(0).getType(), 1);
    }
  }

  SmallVector<std::pair<Operation *, Value>> replacements;
  for (auto &[root, cone] : cones)
    if (growth[shared.getLeaderValue(root)] <= slackBytes)
      replacements.push_back(
          {root, precomputeExpression(root, cone.getArrayRef())});
  for (auto [root, value] : replacements)
    root->getResult(0).replaceAllUsesWith(value);
  return replacements.size();
}

namespace {
struct GraphPrecomputeWeights
    : raddle::graph::impl::GraphPrecomputeWeightsBase<GraphPrecomputeWeights> {
  using GraphPrecomputeWeightsBase::GraphPrecomputeWeightsBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    numTensors += Precomputer(function, slackBytes).run();
    IRRewriter rewriter(&getContext());
    (void)runRegionDCE(rewriter, function->getRegions());
  }
};
} // namespace
