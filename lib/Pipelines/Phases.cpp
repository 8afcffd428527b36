//===- Phases.cpp - The phases of compilation -----------------------------===//

#include "raddle/Pipelines/Phases.h"
#include "dialects/Graph/Conversion/GraphToTile/GraphToTile.h"
#include "dialects/Graph/Encodings/Passes.h"
#include "dialects/Graph/Transforms/Passes.h"
#include "dialects/Plan/Transforms/Passes.h"
#include "dialects/Tile/Conversion/TileToNVVM/TileToNVVM.h"
#include "dialects/Tile/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "raddle/Pipelines/Tuning.h"
#include "raddle/Reference/Passes.h"

using namespace mlir;
using namespace raddle;

static constexpr PhaseInfo phases[] = {
    {Phase::Import, "import", "a model file as a graph"},
    {Phase::Simplify, "simplify",
     "canonical forms, known shapes, recognised compositions"},
    {Phase::Compress, "compress", "storage encodings of weights"},
    {Phase::Cache, "cache", "storage encodings of caches"},
    {Phase::Fuse, "fuse", "groups of operations that become kernels"},
    {Phase::Order, "order", "the order of groups"},
    {Phase::Tile, "tile", "kernels on tiles and the host program"},
    {Phase::Plan, "plan", "places of buffers"},
    {Phase::NVVM, "nvvm", "the code of one thread"},
    {Phase::PTX, "ptx", "PTX text"}};

llvm::ArrayRef<PhaseInfo> raddle::getPhases() { return phases; }

std::optional<Phase> raddle::parsePhase(llvm::StringRef name) {
  for (const PhaseInfo &info : phases)
    if (info.name == name)
      return info.phase;
  return std::nullopt;
}

llvm::StringRef raddle::getPhaseName(Phase phase) {
  return phases[unsigned(phase)].name;
}

std::string raddle::getPolicyName(const CompileOptions &options) {
  if (!options.policy.empty())
    return options.policy;
  if (!options.parameters.empty())
    return "file";
  return options.optimize < 2    ? "rules"
         : options.optimize == 2 ? "table"
                                 : "measured";
}

void raddle::buildPhase(OpPassManager &passes, Phase phase,
                        const CompileOptions &options) {
  auto onFunction = [&](std::unique_ptr<Pass> pass) {
    passes.nest<func::FuncOp>().addPass(std::move(pass));
  };
  switch (phase) {
  case Phase::Import:
    passes.addPass(graph::createGraphUpgradeVersion());
    passes.addPass(graph::createGraphVerifyModel());
    break;
  case Phase::PTX:
    break;
  case Phase::Simplify: {
    // Encodings first: what simplification may fold away (a cast of integer
    // weights) is what they are recognised by.
    onFunction(graph::createGraphRecognizeEncodings());
    onFunction(graph::createGraphResolveDims());
    onFunction(graph::createGraphSimplify());
    if (options.optimize > 0) {
      // Once compositions are recognised: a scale of scores belongs to the
      // attention, not to the weights of the query.
      passes.addPass(reference::createFoldConstantsPass());
      onFunction(graph::createGraphMergeContractions());
      onFunction(graph::createGraphFoldScales());
      onFunction(graph::createGraphFactorScales());
      onFunction(graph::createGraphResolveDims());
    }
    onFunction(graph::createGraphSimplify());
    passes.addPass(graph::createGraphVerifyModel());
    passes.addPass(graph::createGraphVerifyEncodings());
    break;
  }
  case Phase::Compress: {
    graph::GraphSetComputeOptions compute;
    compute.mode = options.compute;
    onFunction(graph::createGraphSetCompute(compute));
    graph::GraphVerifyModelOptions verify;
    verify.computed = true;
    passes.addPass(graph::createGraphVerifyModel(verify));
    passes.addPass(graph::createGraphVerifyEncodings());
    break;
  }
  case Phase::Cache:
    break;
  case Phase::Fuse: {
    onFunction(graph::createGraphExpandEncode());
    if (options.optimize > 0) {
      graph::GraphChooseDataLayoutOptions layout;
      layout.layout = options.dataLayout;
      onFunction(graph::createGraphChooseDataLayout(layout));
      // Transposes at borders meet those of the model.
      onFunction(graph::createGraphSimplify());
      // After all that rewrites weights and before kernels are formed of what
      // reads them.
      onFunction(graph::createGraphPrecomputeWeights());
    }
    graph::GraphFuseOptions fuse;
    fuse.fuse = options.optimize == 0 ? "none" : "rules";
    fuse.epilogueNorm = options.epilogueNorm;
    onFunction(graph::createGraphFuse(fuse));
    onFunction(graph::createGraphVerifyGroups());
    break;
  }
  case Phase::Order:
    onFunction(graph::createGraphOrder());
    onFunction(graph::createGraphVerifyGroups());
    break;
  case Phase::Tile: {
    passes.addPass(graph::createGraphExpandEncodings());
    graph::GraphLowerToTileOptions tile;
    tile.policy = getPolicyName(options);
    tile.parameters = options.parameters;
    tile.variants = options.variants;
    tile.sizes = options.sizes;
    tile.measureLimit = options.measureLimit;
    tile.cacheDir = options.cache.getFolder();
    registerMeasuredPolicy();
    tile.targets.assign(options.targets.begin(), options.targets.end());
    passes.addPass(graph::createGraphLowerToTile(tile));
    passes.addPass(createCanonicalizerPass());
    passes.addPass(createCSEPass());
    passes.nest<ModuleOp>().addPass(tile::createTileVerifyKernels());
    passes.addPass(plan::createPlanVerifyProgram());
    break;
  }
  case Phase::Plan:
    onFunction(plan::createPlanAssignStreams({options.streams}));
    // Behind it: which buffers may share memory depends on streams.
    onFunction(plan::createPlanAssignOffsets());
    passes.addPass(createCanonicalizerPass());
    passes.addPass(plan::createPlanVerifyProgram({/*placed=*/true}));
    break;
  case Phase::NVVM: {
    OpPassManager &kernels = passes.nest<ModuleOp>();
    kernels.addPass(tile::createTileRecordLines());
    kernels.addPass(tile::createTileLowerToNVVM());
    // `.loc` lines alone: no sections, no change of the code.
    LLVM::DIScopeForLLVMFuncOpPassOptions scopes;
    scopes.emissionKind = LLVM::DIEmissionKind::DebugDirectivesOnly;
    kernels.addPass(LLVM::createDIScopeForLLVMFuncOpPass(scopes));
    tile::TileVerifyNVVMOptions selection;
    selection.targets.assign(options.targets.begin(), options.targets.end());
    kernels.addPass(tile::createTileVerifyNVVM(selection));
    passes.addPass(plan::createPlanVerifyProgram({/*placed=*/true}));
    break;
  }
  }
}

namespace {
struct PhasePipelineOptions : PassPipelineOptions<PhasePipelineOptions> {
  Option<std::string> compute{*this, "compute",
                              llvm::cl::desc("arithmetic of f32 products"),
                              llvm::cl::init("tf32x3")};
  Option<unsigned> optimize{*this, "optimize",
                            llvm::cl::desc("optimization level, 0 to 3"),
                            llvm::cl::init(2)};
  Option<std::string> policy{*this, "policy",
                             llvm::cl::desc("who chooses parameters"),
                             llvm::cl::init("")};
  Option<std::string> parameters{*this, "parameters",
                                 llvm::cl::desc("the file of policy file"),
                                 llvm::cl::init("")};
  ListOption<std::string> targets{*this, "targets",
                                  llvm::cl::desc("targets (default sm_80)")};
};
} // namespace

void raddle::registerPhasePipelines() {
  registerMeasuredPolicy();
  // Pipelines live as long as the program.
  static std::vector<
      std::unique_ptr<PassPipelineRegistration<PhasePipelineOptions>>>
      registered;
  for (const PhaseInfo &info : phases) {
    Phase phase = info.phase;
    registered.push_back(
        std::make_unique<PassPipelineRegistration<PhasePipelineOptions>>(
            ("raddle-" + info.name).str(), info.description,
            [phase](OpPassManager &passes, const PhasePipelineOptions &given) {
              CompileOptions options;
              options.compute = given.compute;
              options.optimize = given.optimize;
              options.policy = given.policy;
              options.parameters = given.parameters;
              if (!given.targets.empty())
                options.targets.assign(given.targets.begin(),
                                       given.targets.end());
              buildPhase(passes, phase, options);
            }));
  }
}
