//===- TestBreakAdd.cpp - A wrong pass ------------------------------------===//
//
// `test-break-add` turns the first addition of floats into a subtraction: what
// --verify-each-phase has to find, in whatever phase it runs.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/test/TestPasses.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;

namespace {
struct TestBreakAdd : PassWrapper<TestBreakAdd, OperationPass<>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestBreakAdd)

  StringRef getArgument() const final { return "test-break-add"; }
  StringRef getDescription() const final {
    return "turns the first addition of floats into a subtraction";
  }

  void runOnOperation() override {
    getOperation()->walk([](arith::AddFOp add) {
      OpBuilder b(add);
      add.replaceAllUsesWith(Value(
          arith::SubFOp::create(b, add.getLoc(), add.getLhs(), add.getRhs())));
      add.erase();
      return WalkResult::interrupt();
    });
  }
};
} // namespace

void raddle::registerTestBreakAddPass() { PassRegistration<TestBreakAdd>(); }
