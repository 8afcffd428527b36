//===- TestSymbolicShapes.cpp - Shows what the analysis knows -------------===//
#include "dialects/Graph/Analysis/SymbolicShapes.h"
#include "dialects/Graph/test/TestPasses.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace raddle::graph;

namespace {

/// Answers the questions that operations of the unregistered dialect `test`
/// put: `test.show` prints what is known about each operand, `test.equal` and
/// `test.at_most` compare two host scalars or (equal only) tensors.
struct TestGraphSymbolicShapes
    : PassWrapper<TestGraphSymbolicShapes, OperationPass<>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestGraphSymbolicShapes)

  StringRef getArgument() const override {
    return "test-graph-symbolic-shapes";
  }
  StringRef getDescription() const override {
    return "remarks what SymbolicShapes knows about the operands of test.show, "
           "test.equal and test.at_most";
  }

  void runOnOperation() override {
    auto &shapes = getAnalysis<SymbolicShapes>();
    getOperation()->walk([&](Operation *op) {
      StringRef name = op->getName().getStringRef();
      if (name == "test.show")
        show(op, shapes);
      if (name != "test.equal" && name != "test.at_most")
        return;
      Value lhs = op->getOperand(0), rhs = op->getOperand(1);
      bool known = isa<RankedTensorType>(lhs.getType())
                       ? shapes.sameShape(lhs, rhs)
                   : name == "test.equal"
                       ? shapes.equal(shapes.get(lhs), shapes.get(rhs))
                       : shapes.atMost(shapes.get(lhs), shapes.get(rhs));
      op->emitRemark(known ? "yes" : "not known");
    });
    markAllAnalysesPreserved();
  }

  static void show(Operation *op, SymbolicShapes &shapes) {
    for (Value operand : op->getOperands()) {
      if (isa<RankedTensorType>(operand.getType())) {
        InFlightDiagnostic remark = op->emitRemark("shape [");
        llvm::interleaveComma(shapes.getShape(operand), remark,
                              [&](SymbolicExpr size) { remark << size.str(); });
        remark << "], elements " << shapes.getNumElements(operand).str();
        continue;
      }
      SymbolicExpr value = shapes.get(operand);
      InFlightDiagnostic remark = op->emitRemark();
      remark << value.str() << " in [";
      if (std::optional<int64_t> lower = shapes.lowerBound(value))
        remark << *lower;
      remark << ", ";
      if (std::optional<int64_t> upper = shapes.upperBound(value))
        remark << *upper;
      remark << "]";
      SmallVector<int64_t> divisors;
      for (int64_t divisor : {2, 3, 4, 8, 16, 64})
        if (shapes.divisibleBy(value, divisor))
          divisors.push_back(divisor);
      if (!divisors.empty()) {
        remark << " divisible by ";
        llvm::interleaveComma(divisors, remark);
      }
    }
  }
};

} // namespace

void raddle::registerGraphSymbolicShapesTestPass() {
  PassRegistration<TestGraphSymbolicShapes>();
}
