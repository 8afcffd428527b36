//===- SetCompute.cpp - Chooses the arithmetic of f32 products ------------===//
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/Transforms/Passes.h"

namespace raddle::graph {
#define GEN_PASS_DEF_GRAPHSETCOMPUTE
#include "dialects/Graph/Transforms/Passes.h.inc"
} // namespace raddle::graph

using namespace mlir;
using namespace raddle::graph;

namespace {
struct GraphSetCompute
    : raddle::graph::impl::GraphSetComputeBase<GraphSetCompute> {
  using GraphSetComputeBase::GraphSetComputeBase;

  void runOnOperation() override {
    std::optional<ComputeMode> chosen = symbolizeComputeMode(mode);
    if (!chosen || *chosen == ComputeMode::native) {
      getOperation().emitError()
          << "unknown compute mode '" << mode
          << "': expected 'tf32x3', 'f32', 'tf32', 'f16' or 'bf16'";
      return signalPassFailure();
    }
    getOperation().walk([&](Operation *op) {
      llvm::TypeSwitch<Operation *>(op).Case<ContractOp, ConvOp, AttentionOp>(
          [&](auto product) {
            if (product.getCompute() == ComputeMode::native &&
                getElementTypeOrSelf(op->getOperand(0).getType()).isF32() &&
                getElementTypeOrSelf(op->getOperand(1).getType()).isF32())
              product.setCompute(*chosen);
          });
    });
  }
};
} // namespace
