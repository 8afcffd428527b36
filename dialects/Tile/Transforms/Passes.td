//===- Passes.td - Passes of the tile dialect ---------------*- tablegen -*-===//
#ifndef RADDLE_TILE_PASSES_TD
#define RADDLE_TILE_PASSES_TD

include "mlir/Pass/PassBase.td"

def TileRecordLines : Pass<"tile-record-lines", "::mlir::ModuleOp"> {
  let summary = "make the text of a kernel module its source";
  let description = [{
    Prints the module of kernels into its attribute `tile.text` and gives every
    operation the location of its line there, as in `loc("k0.tile":12:5)`: what
    is made from it points into that text. What the locations said before, the
    role of an operation in its group (`loc("graph.norm#3")`), becomes a table
    of comments at the text's end (raddle/Artifact/TileText.h). A module without
    kernels (`tile.warps`) is left alone.

    Example: `raddle-opt kernel.mlir --tile-record-lines --mlir-print-debuginfo`.
  }];
}

def TileVerifyKernels : Pass<"tile-verify-kernels", "::mlir::ModuleOp"> {
  let summary = "checks that kernels hold what tile-lower-to-nvvm lowers";
  let description = [{
    States the contract between the generation of kernels and their lowering,
    for every function with `tile.warps`: a power of two of at most 32 warps;
    parameters are pointers to global memory, i32, i64 or f32, results there are
    none; operations are of `tile`, `arith`, `math`, `llvm` and of `scf`
    (`for`, `if`, `while`); every tensor is a tile whose layout spreads over the
    kernel's warps; constants of tiles are splats. Reports every violation.

    Example: for
    ```mlir
    func.func @k0(%x: tensor<32xf32>) attributes {tile.warps = 4 : i64} {
      return
    }
    ```
    the pass fails with `expected parameters that are pointers to global memory,
    i32, i64 or f32, found 'tensor<32xf32>'`.
  }];
}

#endif // RADDLE_TILE_PASSES_TD
