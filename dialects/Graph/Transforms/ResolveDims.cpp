//===- ResolveDims.cpp - Sizes in terms of arguments ----------------------===//
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/Transforms/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace raddle::graph {
#define GEN_PASS_DEF_GRAPHRESOLVEDIMS
#include "dialects/Graph/Transforms/Passes.h.inc"
} // namespace raddle::graph

using namespace mlir;
using namespace raddle::graph;

namespace {

/// Element-wise operations do not reify; their operands have their shape.
struct DimOfElementwise : OpRewritePattern<tensor::DimOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::DimOp op,
                                PatternRewriter &rewriter) const override {
    Operation *producer = op.getSource().getDefiningOp();
    if (!producer || !OpTrait::hasElementwiseMappableTraits(producer))
      return failure();
    for (Value operand : producer->getOperands())
      if (isa<RankedTensorType>(operand.getType())) {
        rewriter.modifyOpInPlace(
            op, [&] { op.getSourceMutable().assign(operand); });
        return success();
      }
    return failure();
  }
};

struct GraphResolveDims
    : raddle::graph::impl::GraphResolveDimsBase<GraphResolveDims> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<DimOfElementwise>(&getContext());
    memref::populateResolveRankedShapedTypeResultDimsPatterns(patterns);
    memref::populateResolveShapedTypeResultDimsPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
