//===- GraphToTile.cpp - The pass graph-lower-to-tile ---------------------===//

#include "dialects/Graph/Conversion/GraphToTile/GraphToTile.h"
#include "dialects/Graph/Conversion/GraphToTile/HostProgram.h"
#include "dialects/Graph/Conversion/GraphToTile/KernelList.h"
#include "raddle/Target/Ptx.h"
#include "llvm/ADT/StringExtras.h"

namespace raddle::graph {
#define GEN_PASS_DEF_GRAPHLOWERTOTILE
#include "dialects/Graph/Conversion/GraphToTile/Passes.h.inc"
} // namespace raddle::graph

using namespace mlir;
using namespace raddle;
using namespace raddle::graph;

LogicalResult KernelTable::build(GroupOp group,
                                 const tile::KernelSkeleton &skeleton,
                                 const tile::Parameters &parameters,
                                 StringRef reason, StringRef name,
                                 KernelVariant &variant) {
  OpBuilder builder(module.getBody(), module.getBody()->begin());
  // A module per kernel: they are lowered and emitted independently.
  // It may serve other groups as well: launches name the nodes.
  auto kernelModule = ModuleOp::create(builder, builder.getUnknownLoc(), name);
  builder.setInsertionPointToStart(kernelModule.getBody());
  auto built = skeleton.build(group, parameters, name, builder);
  if (failed(built))
    return failure();
  std::string guard = tile::formatGuard(variant.guard);
  for (tile::TileKernel &kernel : built->kernels) {
    if (kernel.func->hasAttr("tile.invalid"))
      return failure(); // diagnosed while it was built
    SmallVector<Attribute> values;
    for (auto &[key, value] : parameters)
      values.push_back(
          builder.getStringAttr(key + "=" + std::to_string(value)));
    kernel.func->setAttr("tile.parameters", builder.getArrayAttr(values));
    if (int64_t blocks = tile::getParameter(parameters, tile::kMinBlocks, 0))
      kernel.func->setAttr("tile.min_blocks",
                           builder.getI64IntegerAttr(blocks));
    if (!guard.empty())
      kernel.func->setAttr("tile.guard", builder.getStringAttr(guard));
  }
  kernelModule->setAttr("tile.reason", builder.getStringAttr(reason));
  variant.kernels = std::move(*built);
  return success();
}

KernelTable::KernelTable(ModuleOp module, ArrayRef<ListedKernel> kernels,
                         tile::ParameterPolicy &policy,
                         ArrayRef<std::string> targets)
    : module(module), policy(policy), targets(targets), kernels(kernels),
      variants(kernels.size()) {
  for (auto [number, kernel] : llvm::enumerate(kernels))
    for (Operation *group : kernel.groups)
      numbers[group] = number;
}

FailureOr<ArrayRef<KernelVariant>> KernelTable::get(GroupOp group) {
  auto found = numbers.find(group);
  if (found == numbers.end())
    return group.emitOpError("is not in the function 'main'");
  const ListedKernel &kernel = kernels[found->second];
  SmallVector<KernelVariant, 1> &built = variants[found->second];
  if (!built.empty())
    return ArrayRef<KernelVariant>(built);
  auto candidates = tile::getCandidates(*kernel.skeleton, group, targets);
  if (failed(candidates))
    return failure();
  auto choices = policy.choose({group, *kernel.skeleton, kernel.hash,
                                kernel.name, targets, *candidates});
  if (failed(choices))
    return failure();
  for (auto [number, choice] : llvm::enumerate(*choices)) {
    bool isLast = number + 1 == choices->size();
    if (choice.candidate >= candidates->size() ||
        choice.guard.empty() != isLast)
      return group.emitOpError("policy '")
             << policy.getName() << "' expected to choose candidates, the "
             << "last of them without a condition";
    KernelVariant &variant = built.emplace_back();
    variant.guard = choice.guard;
    if (failed(build(
            group, *kernel.skeleton, (*candidates)[choice.candidate].parameters,
            (policy.getName() + ": " + choice.reason).str(),
            isLast ? kernel.name : kernel.name + "_v" + std::to_string(number),
            variant)))
      return failure();
  }
  return ArrayRef<KernelVariant>(built);
}

void KernelTable::eraseHostFunctions() {
  for (auto &built : variants)
    for (KernelVariant &variant : built)
      for (tile::TileKernel &kernel : variant.kernels.kernels)
        kernel.host.erase();
}

namespace {
struct GraphLowerToTilePass
    : graph::impl::GraphLowerToTileBase<GraphLowerToTilePass> {
  using GraphLowerToTileBase::GraphLowerToTileBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto entry = module.lookupSymbol<func::FuncOp>("main");
    if (!entry) {
      module.emitError("expected a function 'main'");
      return signalPassFailure();
    }
    std::vector<std::string> targetNames(targets.begin(), targets.end());
    if (targetNames.empty())
      targetNames.push_back("sm_80");
    for (const std::string &name : targetNames)
      if (!target::isTargetName(name)) {
        module.emitError("unknown target '")
            << name << "': expected "
            << llvm::join(target::getTargetNames(), ", ");
        return signalPassFailure();
      }
    auto chosen = tile::createParameterPolicy(
        policy, {parameters, variants, sizes, measureLimit, cacheDir},
        module.getLoc());
    if (failed(chosen))
      return signalPassFailure();
    (*chosen)->begin(module);
    auto listed = listKernels(module);
    if (failed(listed))
      return signalPassFailure();
    KernelTable kernels(module, *listed, **chosen, targetNames);
    bool built = succeeded(HostProgramBuilder(entry, kernels).run());
    // What is wrong with a policy's data is told in any case.
    if (failed((*chosen)->finish(module.getLoc())) || !built)
      return signalPassFailure();
    kernels.eraseHostFunctions();
  }
};
} // namespace
