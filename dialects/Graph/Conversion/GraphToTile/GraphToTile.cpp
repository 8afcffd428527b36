//===- GraphToTile.cpp - The pass graph-lower-to-tile ---------------------===//

#include "dialects/Graph/Conversion/GraphToTile/GraphToTile.h"
#include "dialects/Graph/Conversion/GraphToTile/HostProgram.h"
#include "dialects/Graph/IR/DimSource.h"
#include "mlir/IR/AsmState.h"

namespace raddle::graph {
#define GEN_PASS_DEF_GRAPHLOWERTOTILE
#include "dialects/Graph/Conversion/GraphToTile/Passes.h.inc"
} // namespace raddle::graph

using namespace mlir;
using namespace raddle;
using namespace raddle::graph;

/// The text of a group without names of nodes: equal structures, equal texts.
static std::string getStructure(GroupOp group) {
  std::string text;
  llvm::raw_string_ostream os(text);
  OpPrintingFlags flags;
  flags.useLocalScope().elideLargeElementsAttrs(1 << 20);
  os << group.getSkeleton();
  for (Type type : group->getOperandTypes())
    os << ' ' << type;
  os << '\n';
  // Elements are built knowing which sizes are equal, also by what stands
  // outside of the group: sources of sizes, numbered as they occur.
  std::map<DimSource, unsigned> sources;
  auto printSize = [&](const SizeProduct &size) {
    os << size.factor;
    for (const DimSource &source : size.sources)
      os << '*' << sources.try_emplace(source, sources.size()).first->second;
    os << ' ';
  };
  for (Value input : group.getInputs()) {
    auto type = cast<RankedTensorType>(input.getType());
    for (int64_t d = 0; d < type.getRank(); ++d)
      if (type.isDynamicDim(d))
        printSize(getDimProduct(input, d));
  }
  for (Value scalar : group.getScalars())
    if (scalar.getType().isIndex())
      printSize(getSizeProduct(OpFoldResult(scalar)));
  os << '\n';
  AsmState state(group, flags);
  for (Operation &op : group.getBody().front()) {
    op.print(os, state);
    os << '\n';
  }
  return text;
}

FailureOr<const tile::GroupKernels *> KernelTable::get(GroupOp group) {
  auto [entry, inserted] = kernels.try_emplace(getStructure(group));
  if (!inserted)
    return &entry->second;
  const tile::KernelSkeleton *skeleton = tile::getSkeleton(group.getSkeleton());
  if (!skeleton)
    return group.emitOpError("there is no skeleton '")
           << group.getSkeleton() << "' for this target";
  auto candidates = skeleton->enumerate(group);
  if (candidates.empty())
    return group.emitOpError("skeleton '")
           << group.getSkeleton() << "' has no parameters for this group";
  OpBuilder builder(module.getBody(), module.getBody()->begin());
  std::string name = "k" + std::to_string(kernels.size() - 1) + "_" +
                     group.getSkeleton().str();
  if (Operation *root = group.getRootOp())
    name = "k" + std::to_string(kernels.size() - 1) + "_" +
           root->getName().stripDialect().str();
  // A module per kernel: they are lowered and emitted independently.
  auto kernelModule = ModuleOp::create(builder, group.getLoc(), name);
  builder.setInsertionPointToStart(kernelModule.getBody());
  auto built = skeleton->build(group, candidates.front(), name, builder);
  if (failed(built))
    return failure();
  for (tile::TileKernel &kernel : built->kernels)
    if (kernel.func->hasAttr("tile.invalid"))
      return failure(); // diagnosed while it was built
  entry->second = std::move(*built);
  for (tile::TileKernel &kernel : entry->second.kernels) {
    SmallVector<Attribute> variant;
    for (auto &[key, value] : candidates.front())
      variant.push_back(
          builder.getStringAttr(key + "=" + std::to_string(value)));
    kernel.func->setAttr("tile.parameters", builder.getArrayAttr(variant));
  }
  return &entry->second;
}

void KernelTable::eraseHostFunctions() {
  for (auto &entry : kernels)
    for (tile::TileKernel &kernel : entry.second.kernels)
      kernel.host.erase();
}

namespace {
struct GraphLowerToTilePass
    : graph::impl::GraphLowerToTileBase<GraphLowerToTilePass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto entry = module.lookupSymbol<func::FuncOp>("main");
    if (!entry) {
      module.emitError("expected a function 'main'");
      return signalPassFailure();
    }
    KernelTable kernels(module);
    if (failed(HostProgramBuilder(entry, kernels).run()))
      return signalPassFailure();
    kernels.eraseHostFunctions();
  }
};
} // namespace
