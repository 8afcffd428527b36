//===- TileDialect.h - The tile dialect ------------------------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_TILE_IR_TILEDIALECT_H
#define RADDLE_DIALECTS_TILE_IR_TILEDIALECT_H

#include "dialects/Tile/Analysis/LinearLayout.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/Tile/IR/TileDialect.h.inc"
#include "dialects/Tile/IR/TileEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/Tile/IR/TileAttributes.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/Tile/IR/TileTypes.h.inc"
#define GET_OP_CLASSES
#include "dialects/Tile/IR/TileOps.h.inc"

namespace raddle::tile {

/// The layout of a tile type; null for scalars and foreign tensors.
LayoutAttr getLayout(mlir::Type type);

/// A tile of `shape` and `element` type under `layout`.
mlir::RankedTensorType getTileType(mlir::ArrayRef<int64_t> shape,
                                   mlir::Type element,
                                   const LinearLayout &layout);

} // namespace raddle::tile

#endif // RADDLE_DIALECTS_TILE_IR_TILEDIALECT_H
