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

def TileVerifyNVVM : Pass<"tile-verify-nvvm", "::mlir::ModuleOp"> {
  let summary = "refuses what the back end cannot select";
  let description = [{
    LLVM's NVPTX back end ends the process on an operation or type that it cannot
    select. This pass knows everything that our lowering makes
    (SelectedOperations.cpp) and reports, at its location, each operation of the
    module's functions that is not in that list for every one of `targets`.

    Example: for
    ```mlir
    llvm.func @k0(%x: f32) {
      %0 = llvm.intr.sin(%x) : (f32) -> f32
      llvm.return
    }
    ```
    the pass fails with `'llvm.intr.sin' op in kernel 'k0' is not in the list of
    what the back end selects for sm_80: 'llvm.intr.sin' of f32>f32`.
  }];
  let options = [ListOption<"targets", "targets", "std::string",
                            "names of targets, as in sm_80 (all must select)">];
}

#endif // RADDLE_TILE_TO_NVVM_PASSES_TD
