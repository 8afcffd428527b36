//===- UpgradeVersion.cpp - Modules of older versions ---------------------===//
#include "dialects/Graph/IR/Version.h"
#include "dialects/Graph/Transforms/Passes.h"

namespace raddle::graph {
#define GEN_PASS_DEF_GRAPHUPGRADEVERSION
#include "dialects/Graph/Transforms/Passes.h.inc"
} // namespace raddle::graph

using namespace mlir;

namespace {
struct GraphUpgradeVersion
    : raddle::graph::impl::GraphUpgradeVersionBase<GraphUpgradeVersion> {
  void runOnOperation() override {
    if (failed(raddle::graph::upgradeVersion(getOperation())))
      signalPassFailure();
  }
};
} // namespace
