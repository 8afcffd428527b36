//===- Passes.td - From groups to kernels and a host program -*- tablegen -*-===//
#ifndef RADDLE_GRAPH_TO_TILE_PASSES_TD
#define RADDLE_GRAPH_TO_TILE_PASSES_TD

include "mlir/Pass/PassBase.td"

def GraphLowerToTile : Pass<"graph-lower-to-tile", "::mlir::ModuleOp"> {
  let summary = "turn groups into tile kernels and the rest into a host program";
  let description = [{
    Every `graph.group` becomes launches of the kernels that its skeleton
    builds; equal groups share kernels. The function `main` becomes a program
    of the plan dialect over buffers. Expects groups only (see
    `graph-verify-groups`) and expanded encodings.

    A policy chooses the parameters of every kernel (tile sizes, warps, stages)
    among those that fit all targets. It may choose several variants of one
    kernel, each for a range or a multiple of a size: they become a chain of
    `scf.if` on host scalars.

    Example: `raddle-opt fused.mlir --graph-lower-to-tile="policy=rules"`.
  }];
  let options = [
    Option<"policy", "policy", "std::string", "\"table\"",
           "who chooses parameters: rules (the default of each skeleton), table (modelled costs), "
           "file (see parameters), or another registered policy">,
    Option<"parameters", "parameters", "std::string", "\"\"",
           "the JSON file of policy file">,
    Option<"variants", "variants", "bool", "true",
           "whether a kernel may have variants for some sizes">,
    Option<"sizes", "sizes", "std::string", "\"\"",
           "named dims at which policy measured runs kernels: batch=1,length=128">,
    Option<"measureLimit", "measure-limit", "unsigned", "8",
           "candidates that policy measured runs per kernel">,
    Option<"cacheDir", "cache-dir", "std::string", "\"\"",
           "the folder where policy measured keeps results (default: nowhere)">,
    ListOption<"targets", "targets", "std::string",
               "targets whose limits parameters must keep (default: sm_80)">];
  let dependentDialects = ["::raddle::tile::TileDialect", "::raddle::plan::PlanDialect",
                           "::mlir::func::FuncDialect", "::mlir::scf::SCFDialect",
                           "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::cf::ControlFlowDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::NVVM::NVVMDialect"];
}

def TileEnumerate : Pass<"tile-enumerate", "::mlir::ModuleOp"> {
  let summary = "list the parameter space of every kernel";
  let description = [{
    Writes, for every different kernel that the groups of `main` ask for, its
    parameters with units, and all candidates that fit the targets: their
    values, the sizes for which they are right, threads, a bound of shared
    memory, an estimate of registers, and in JSON their features. The module
    stays as it is. Expects what `graph-lower-to-tile` expects.

    Example: `raddle-opt fused.mlir --tile-enumerate="format=json output=space.json"`.
  }];
  let options = [
    Option<"format", "format", "std::string", "\"text\"", "text or json">,
    Option<"output", "output", "std::string", "\"-\"", "file; '-' is stdout">,
    ListOption<"targets", "targets", "std::string", "targets (default: sm_80)">];
  let dependentDialects = ["::raddle::tile::TileDialect"];
}

#endif // RADDLE_GRAPH_TO_TILE_PASSES_TD
