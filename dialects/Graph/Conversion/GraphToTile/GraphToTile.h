//===- GraphToTile.h - From groups to kernels ------------------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_GRAPH_CONVERSION_GRAPHTOTILE_GRAPHTOTILE_H
#define RADDLE_DIALECTS_GRAPH_CONVERSION_GRAPHTOTILE_GRAPHTOTILE_H

#include "dialects/Plan/IR/PlanDialect.h"
#include "dialects/Tile/IR/TileDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace raddle::graph {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "dialects/Graph/Conversion/GraphToTile/Passes.h.inc"

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_CONVERSION_GRAPHTOTILE_GRAPHTOTILE_H
