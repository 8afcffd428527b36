//===- Simplify.cpp - Canonical forms and recognised compositions ---------===//
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/Transforms/Match.h"
#include "dialects/Graph/Transforms/Passes.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/RegionUtils.h"

namespace raddle::graph {
#define GEN_PASS_DEF_GRAPHSIMPLIFY
#include "dialects/Graph/Transforms/Passes.h.inc"
} // namespace raddle::graph

using namespace mlir;
using namespace raddle::graph;

namespace {
struct GraphSimplify : raddle::graph::impl::GraphSimplifyBase<GraphSimplify> {
  using GraphSimplifyBase::GraphSimplifyBase;

  LogicalResult initialize(MLIRContext *context) override {
    auto freeze = [&](ArrayRef<void (*)(RewritePatternSet &)> populate) {
      RewritePatternSet patterns(context);
      for (Dialect *dialect : context->getLoadedDialects())
        dialect->getCanonicalizationPatterns(patterns);
      for (RegisteredOperationName name : context->getRegisteredOperations())
        name.getCanonicalizationPatterns(patterns, context);
      for (auto *function : populate)
        function(patterns);
      return FrozenRewritePatternSet(std::move(patterns));
    };
    // Compositions are looked for in canonical form, the larger ones once
    // their parts are found.
    stages.push_back(freeze({populateArithmeticPatterns}));
    if (recognize) {
      stages.push_back(freeze({populateArithmeticPatterns, populateNormPatterns,
                               populateSoftmaxPatterns}));
      stages.push_back(
          freeze({populateArithmeticPatterns, populateAttentionPatterns,
                  populateGroupedAttentionPatterns}));
    }
    return success();
  }

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    IRRewriter rewriter(&getContext());
    for (const FrozenRewritePatternSet &patterns : stages) {
      // Not converging is no error: every state is a correct one.
      (void)applyPatternsGreedily(function, patterns);
      DominanceInfo dominance(function);
      eliminateCommonSubExpressions(rewriter, dominance, function);
    }
    if (recognize) {
      recognizeCausalMasks(function);
      (void)runRegionDCE(rewriter, function->getRegions());
    }
  }

  SmallVector<FrozenRewritePatternSet> stages;
};
} // namespace
