//===- Fuse.cpp - Forms groups of operations ------------------------------===//
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/Transforms/FusionPlan.h"
#include "dialects/Graph/Transforms/Passes.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

namespace raddle::graph {
#define GEN_PASS_DEF_GRAPHFUSE
#include "dialects/Graph/Transforms/Passes.h.inc"
} // namespace raddle::graph

using namespace mlir;
using namespace raddle::graph;

/// The plan of `function` in the file at `path`.
static FailureOr<FusionPlan> readPlan(func::FuncOp function, StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (std::error_code error = buffer.getError())
    return function.emitError()
           << "cannot read fusion plan '" << path << "': " << error.message();
  llvm::Expected<llvm::json::Value> json =
      llvm::json::parse((*buffer)->getBuffer());
  if (!json)
    return function.emitError()
           << "fusion plan '" << path
           << "' is no JSON: " << llvm::toString(json.takeError());
  const llvm::json::Object *functions = json->getAsObject();
  const llvm::json::Value *own =
      functions ? functions->get(function.getName()) : nullptr;
  if (!own)
    return function.emitError()
           << "fusion plan '" << path << "' has no entry for '"
           << function.getName() << "'";
  return FusionPlan::fromJSON(function, *own);
}

/// Writes the plan; a file is replaced only by a complete one.
static LogicalResult writePlan(func::FuncOp function, const FusionPlan &plan,
                               StringRef path) {
  llvm::json::Value json =
      llvm::json::Object{{function.getName().str(), plan.toJSON(function)}};
  if (path == "-") {
    llvm::outs() << llvm::formatv("{0:2}", json) << '\n';
    return success();
  }
  llvm::Error error =
      llvm::writeToOutput(path, [&](llvm::raw_ostream &os) -> llvm::Error {
        os << llvm::formatv("{0:2}", json) << '\n';
        return llvm::Error::success();
      });
  if (error)
    return function.emitError() << "cannot write fusion plan '" << path
                                << "': " << llvm::toString(std::move(error));
  return success();
}

/// A small tensor of host scalars becomes element operations over them, so
/// that kernels take the scalars as arguments.
static void expandFromElements(func::FuncOp function) {
  IRRewriter rewriter(function.getContext());
  function.walk([&](tensor::FromElementsOp op) {
    auto type = cast<RankedTensorType>(op.getType());
    rewriter.setInsertionPoint(op);
    auto splatType = RankedTensorType::get({}, type.getElementType());
    SmallVector<Value> parts;
    for (Value element : op.getElements()) {
      Value splat = SplatOp::create(rewriter, op.getLoc(), splatType, element);
      parts.push_back(splat);
    }
    Value result = parts.front();
    if (type.getRank() > 0) {
      for (Value &part : parts)
        part =
            ReshapeOp::create(rewriter, op.getLoc(), part,
                              ArrayRef<OpFoldResult>{rewriter.getIndexAttr(1)});
      result = parts.size() == 1
                   ? parts.front()
                   : ConcatOp::create(rewriter, op.getLoc(), parts, 0);
      if (type.getRank() > 1) {
        SmallVector<OpFoldResult> sizes;
        for (int64_t size : type.getShape())
          sizes.push_back(rewriter.getIndexAttr(size));
        result = ReshapeOp::create(rewriter, op.getLoc(), result, sizes);
      }
    }
    rewriter.replaceOp(op, result);
  });
}

namespace {
struct GraphFuse : raddle::graph::impl::GraphFuseBase<GraphFuse> {
  using GraphFuseBase::GraphFuseBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    if (fuse != "rules" && fuse != "none") {
      function.emitError() << "unknown fusion '" << fuse
                           << "': expected 'rules' or 'none'";
      return signalPassFailure();
    }
    expandFromElements(function);
    // What nobody reads gets no kernel.
    IRRewriter rewriter(&getContext());
    (void)runRegionDCE(rewriter, function->getRegions());
    FusionPlan chosen;
    if (!plan.empty()) {
      FailureOr<FusionPlan> read = readPlan(function, plan);
      if (failed(read))
        return signalPassFailure();
      chosen = std::move(*read);
    } else {
      FusionOptions options;
      options.fuse = fuse == "rules";
      options.epilogueNorm = epilogueNorm;
      options.assumedSize = assumedSize;
      chosen = makeFusionPlan(function, options);
    }
    if (!dumpPlan.empty() && failed(writePlan(function, chosen, dumpPlan)))
      return signalPassFailure();
    numGroups += chosen.groups.size();
    for (const FusedGroup &group : chosen.groups)
      numOps += group.ops.size();
    if (failed(chosen.apply(function)))
      signalPassFailure();
  }
};
} // namespace
