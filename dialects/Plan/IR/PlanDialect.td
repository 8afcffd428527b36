//===- PlanDialect.td - The plan dialect --------------------*- tablegen -*-===//
#ifndef RADDLE_PLAN_DIALECT_TD
#define RADDLE_PLAN_DIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"

def Plan_Dialect : Dialect {
  let name = "plan";
  let cppNamespace = "::raddle::plan";
  let summary = "the host program of a model";
  let description = [{
    What the CPU does to run a model: it knows the named dims, computes sizes
    and offsets in `index` arithmetic (`arith`), decides control flow (`scf`),
    and launches kernels on buffers. One to one with the host program of an
    artifact (docs/rfcs/20261124-host-program.md).
  }];
  let useDefaultTypePrinterParser = 1;
}

def Plan_BufferType : TypeDef<Plan_Dialect, "Buffer"> {
  let mnemonic = "buffer";
  let summary = "bytes of device memory";
  let description = [{ Example: `!plan.buffer` }];
}

class Plan_Op<string mnemonic, list<Trait> traits = []> : Op<Plan_Dialect, mnemonic, traits>;

#endif // RADDLE_PLAN_DIALECT_TD
