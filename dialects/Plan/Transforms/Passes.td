//===- Passes.td - Passes of the plan dialect ---------------*- tablegen -*-===//
#ifndef RADDLE_PLAN_PASSES_TD
#define RADDLE_PLAN_PASSES_TD

include "mlir/Pass/PassBase.td"

def PlanAssignOffsets : Pass<"plan-assign-offsets", "::mlir::func::FuncOp"> {
  let summary = "give every workspace a place in the arena";
  let description = [{
    Buffers whose lives do not overlap and whose sizes are the same expression
    share a place; places lie one after the other, each on 256 bytes. Buffers
    that the caller receives are left alone. Lives are counted at the level of
    the function's body: what is used in a loop lives through it, and what
    control flow hands on lives as long as its last name. Adds `plan.arena`, the
    size of all places.

    A buffer whose size is only known while the program runs, or that outlives
    the iteration of a loop that makes it, gets its memory from the pool
    (`plan.alloc ... pool`) and gives it back behind its last use
    (`plan.free`).

    Example: `raddle-opt tiled.mlir --plan-assign-offsets`.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect"];
}

#endif // RADDLE_PLAN_PASSES_TD
