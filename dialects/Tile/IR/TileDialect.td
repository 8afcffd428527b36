//===- TileDialect.td - The tile dialect --------------------*- tablegen -*-===//
#ifndef RADDLE_TILE_DIALECT_TD
#define RADDLE_TILE_DIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"

def Tile_Dialect : Dialect {
  let name = "tile";
  let cppNamespace = "::raddle::tile";
  let summary = "what one thread block computes";
  let description = [{
    A kernel is a `func.func` with the attribute `tile.warps`, run by every
    thread block of a grid. Its values are scalars, equal in all threads, and
    *tiles*: ranked tensors of static power-of-two shape whose encoding
    `#tile.layout` says which thread holds which element. Element-wise work is
    `arith` and `math` on tiles of one type; control flow is `scf` on scalars.
    Pointers are `!llvm.ptr<1>` (global memory); offsets are in elements, i32.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::LLVM::LLVMDialect"];
}

#endif // RADDLE_TILE_DIALECT_TD
