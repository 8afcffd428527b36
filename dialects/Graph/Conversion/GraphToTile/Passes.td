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

    Example: `raddle-opt fused.mlir --graph-lower-to-tile`.
  }];
  let dependentDialects = ["::raddle::tile::TileDialect", "::raddle::plan::PlanDialect",
                           "::mlir::func::FuncDialect", "::mlir::scf::SCFDialect",
                           "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::cf::ControlFlowDialect", "::mlir::LLVM::LLVMDialect"];
}

#endif // RADDLE_GRAPH_TO_TILE_PASSES_TD
