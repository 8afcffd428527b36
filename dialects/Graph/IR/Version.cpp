//===- Version.cpp - Versions of the graph dialect ------------------------===//
#include "dialects/Graph/IR/Version.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace raddle::graph;

llvm::ArrayRef<VersionUpgrade> raddle::graph::getVersionUpgrades() {
  // Version 1 is the first.
  return {};
}

LogicalResult raddle::graph::upgradeVersion(
    ModuleOp module, llvm::ArrayRef<VersionUpgrade> upgrades, int64_t newest) {
  constexpr llvm::StringLiteral name = "graph.version";
  auto version = module->getAttrOfType<IntegerAttr>(name);
  int64_t now = version ? version.getInt() : newest;
  if (now > newest)
    return module.emitError("expected 'graph.version' of at most ")
           << newest << ", found " << now
           << "; the module was written by a newer version: use one to read it";
  for (; now < newest; ++now) {
    const VersionUpgrade *upgrade = llvm::find_if(
        upgrades, [&](const VersionUpgrade &u) { return u.from == now; });
    if (upgrade == upgrades.end())
      return module.emitError("there is no upgrade from 'graph.version' ")
             << now;
    if (failed(upgrade->apply(module)))
      return module.emitError("cannot upgrade from 'graph.version' ") << now;
  }
  module->setAttr(name, Builder(module.getContext()).getI64IntegerAttr(newest));
  return success();
}
