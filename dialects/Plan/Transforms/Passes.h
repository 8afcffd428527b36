//===- Passes.h - Passes of the plan dialect -------------------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_PLAN_TRANSFORMS_PASSES_H
#define RADDLE_DIALECTS_PLAN_TRANSFORMS_PASSES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace raddle::plan {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "dialects/Plan/Transforms/Passes.h.inc"

} // namespace raddle::plan

#endif // RADDLE_DIALECTS_PLAN_TRANSFORMS_PASSES_H
