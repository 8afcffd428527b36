//===- TileToNVVM.h - From tiles to threads --------------------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_TILETONVVM_H
#define RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_TILETONVVM_H

#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace raddle::tile {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "dialects/Tile/Conversion/TileToNVVM/Passes.h.inc"

/// Replaces `math` operations on scalars by arithmetic and the approximation
/// instructions of PTX, with the error bounds of docs/Numerics.md. Returns
/// failure with a diagnostic for an operation without an expansion.
mlir::LogicalResult expandMath(mlir::Operation *root);

} // namespace raddle::tile

#endif // RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_TILETONVVM_H
