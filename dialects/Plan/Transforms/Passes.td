//===- Passes.td - Passes of the plan dialect ---------------*- tablegen -*-===//
#ifndef RADDLE_PLAN_PASSES_TD
#define RADDLE_PLAN_PASSES_TD

include "mlir/Pass/PassBase.td"

def PlanAssignStreams : Pass<"plan-assign-streams", "::mlir::func::FuncOp"> {
  let summary = "let independent launches run at the same time";
  let description = [{
    Cuts what launches wait for each other for into chains: a launch goes on the
    stream of the latest launch that it depends on and that nothing has followed
    yet on that stream; else on the stream that has been idle longest. Where a
    launch depends on another stream an event stands between them (`plan.record`,
    `plan.wait`), unless an earlier one orders them already. Launches depend on
    each other by the buffers that they read and write. Control flow, reads, and
    memory of the pool are on stream 0, where all streams meet.

    With one stream nothing changes.

    Example: `raddle-opt tiled.mlir --plan-assign-streams=streams=3`.
  }];
  let options = [
    Option<"streams", "streams", "unsigned", "1",
           "number of streams, 1 to 64; 1 changes nothing">
  ];
}

def PlanAssignOffsets : Pass<"plan-assign-offsets", "::mlir::func::FuncOp"> {
  let summary = "give every workspace a place in the arena";
  let description = [{
    Buffers whose lives do not overlap, in the order that streams and events
    give, and whose sizes are the same expression share a place; places lie one after the other, each on 256 bytes. Buffers
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

def PlanVerifyProgram : Pass<"plan-verify-program", "::mlir::ModuleOp"> {
  let summary = "checks that a host program runs its kernels as they are made";
  let description = [{
    States what the lowering of kernels and the writer of artifacts rely on:
    every launch names a kernel of the module, with as many arguments, of the
    types of the kernel's parameters, and writes exactly the buffers that are not
    `tile.readonly`; a buffer of the program is written before it is read;
    copies, reads and outputs stay inside of their buffers. With `placed`, the
    contract of `plan-assign-offsets` too: one `plan.arena`; buffers that the
    caller does not receive have a place in it, on 256 bytes; two that are in
    use at the same time do not overlap.

    Sizes and offsets are arithmetic over named dims. They are compared at the
    least dims and at a few larger ones within `plan.dims`; a violation names the
    dims at which it was found. Reports every violation.

    Example: `raddle-opt planned.mlir --plan-verify-program="placed=true"`.
  }];
  let options = [Option<"placed", "placed", "bool", "false",
                        "whether buffers must have places">];
}

#endif // RADDLE_PLAN_PASSES_TD
