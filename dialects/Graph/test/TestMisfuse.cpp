//===- TestMisfuse.cpp - A fusion bug to reduce ---------------------------===//
//
// `test-graph-misfuse` breaks groups on purpose: where a difference or quotient
// reads a value of its group and a broadcast that was fused into the group, the
// operands change places. Tests of raddle-reduce find it again.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/test/TestPasses.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace raddle::graph;

namespace {

struct TestGraphMisfuse
    : PassWrapper<TestGraphMisfuse, OperationPass<func::FuncOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestGraphMisfuse)

  StringRef getArgument() const override { return "test-graph-misfuse"; }
  StringRef getDescription() const override {
    return "breaks differences and quotients that a broadcast was fused into";
  }

  void runOnOperation() override {
    getOperation().walk([](Operation *op) {
      if (!isa<arith::SubFOp, arith::DivFOp>(op) ||
          !op->getParentOfType<GroupOp>())
        return;
      Value lhs = op->getOperand(0), rhs = op->getOperand(1);
      if (lhs.getDefiningOp() && rhs.getDefiningOp<BroadcastOp>())
        op->setOperands({rhs, lhs});
    });
  }
};

} // namespace

void raddle::registerGraphMisfuseTestPass() {
  PassRegistration<TestGraphMisfuse>();
}
