//===- Passes.h - Passes of the tile dialect -------------------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_TILE_TRANSFORMS_PASSES_H
#define RADDLE_DIALECTS_TILE_TRANSFORMS_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace raddle::tile {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "dialects/Tile/Transforms/Passes.h.inc"

} // namespace raddle::tile

#endif // RADDLE_DIALECTS_TILE_TRANSFORMS_PASSES_H
