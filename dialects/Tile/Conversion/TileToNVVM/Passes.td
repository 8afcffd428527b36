//===- Passes.td - From tiles to threads --------------------*- tablegen -*-===//
#ifndef RADDLE_TILE_TO_NVVM_PASSES_TD
#define RADDLE_TILE_TO_NVVM_PASSES_TD

include "mlir/Pass/PassBase.td"

def TileLowerToNVVM : Pass<"tile-lower-to-nvvm", "::mlir::ModuleOp"> {
  let summary = "rewrite tile kernels as the code of one thread";
  let description = [{
    Every `func.func` with the attribute `tile.warps` becomes an `llvm.func`
    with the attribute `nvvm.kernel`: tiles become one scalar per register,
    memory operations become LLVM loads, stores, `cp.async`, `ldmatrix`;
    `tile.dot` becomes `mma.sync`; `math` operations become the expansions of
    docs/Numerics.md. The attribute `raddle.shared` holds the bytes of dynamic
    shared memory.

    Example: `raddle-opt kernel.mlir --tile-lower-to-nvvm`.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect",
                           "::mlir::scf::SCFDialect", "::mlir::cf::ControlFlowDialect",
                           "::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

#endif // RADDLE_TILE_TO_NVVM_PASSES_TD
