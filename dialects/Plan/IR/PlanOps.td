//===- PlanOps.td - Operations of the plan dialect ----------*- tablegen -*-===//
#ifndef RADDLE_PLAN_OPS_TD
#define RADDLE_PLAN_OPS_TD

include "dialects/Plan/IR/PlanDialect.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/CommonTypeConstraints.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Plan_Scalar : AnyTypeOf<[Index, AnySignlessInteger, AnyFloat]>;

def Plan_SymbolOp : Plan_Op<"symbol", [Pure]> {
  let summary = "the value of a named dim";
  let description = [{
    Example:
    ```mlir
    %b = plan.symbol "batch"
    ```
  }];
  let arguments = (ins StrAttr:$name);
  let results = (outs Index:$result);
  let assemblyFormat = "$name attr-dict";
  let hasVerifier = 1;
}

def Plan_WeightOp : Plan_Op<"weight", [Pure]> {
  let summary = "a tensor of the artifact, on the device";
  let description = [{
    The bytes of an archive's entry, uploaded once per model. With `parts` the
    entry is made of others when the artifact is written: rows of `runs[i]`
    bytes of each part in turn, until all parts are used up.

    Example:
    ```mlir
    %w = plan.weight "encoder.0.q" bytes 589824
    %j = plan.weight "q+k" bytes 16 {parts = ["q", "k"], runs = array<i64: 4, 4>}
    ```
  }];
  let arguments = (ins StrAttr:$entry, I64Attr:$bytes, OptionalAttr<StrArrayAttr>:$parts,
                       OptionalAttr<DenseI64ArrayAttr>:$runs);
  let results = (outs Plan_BufferType:$result);
  let builders = [OpBuilder<(ins "::mlir::Type":$type, "::llvm::StringRef":$entry, "int64_t":$bytes),
                            [{ build($_builder, $_state, type, entry, bytes, {}, {}); }]>];
  let assemblyFormat = "$entry `bytes` $bytes attr-dict";
  let hasVerifier = 1;
}

def Plan_ConstantOp : Plan_Op<"constant", [Pure]> {
  let summary = "a small constant, on the device";
  let description = [{
    Stored in the artifact under `name`.

    Example:
    ```mlir
    %c = plan.constant "constant.0" dense<[1, 2]> : tensor<2xi64>
    ```
  }];
  let arguments = (ins StrAttr:$name, ElementsAttr:$value);
  let results = (outs Plan_BufferType:$result);
  let assemblyFormat = "$name $value attr-dict";
  let hasVerifier = 1;
}

def Plan_PrecomputedOp : Plan_Op<"precomputed", [Pure]> {
  let summary = "a tensor computed when the artifact is written, on the device";
  let description = [{
    `value` is the result of an operation that needs nothing but archives and
    constants (`graph.precompute`). It is evaluated on the host when the
    artifact is written and stored there under `name`.

    Example:
    ```mlir
    %b = plan.precomputed "precomputed.0" %w : tensor<64x3x3x32xf32>
    ```
  }];
  let arguments = (ins StrAttr:$name, AnyStaticShapeTensor:$value);
  let results = (outs Plan_BufferType:$result);
  let assemblyFormat = "$name $value attr-dict `:` type($value)";
}

def Plan_AllocOp : Plan_Op<"alloc", [MemoryEffects<[MemAlloc]>]> {
  let summary = "a buffer of one call";
  let description = [{
    Contents are undefined. `offset` is the place in the arena, set by
    `plan-assign-offsets`; buffers that the caller receives have none. With
    `pool` the memory is taken when the operation runs, because the size is not
    known before or because the buffer outlives an iteration of a loop.

    Example:
    ```mlir
    %t = plan.alloc %bytes
    %u = plan.alloc %bytes at %offset
    %v = plan.alloc %bytes pool
    ```
  }];
  let arguments = (ins Index:$bytes, Optional<Index>:$offset, UnitAttr:$pool);
  let results = (outs Plan_BufferType:$result);
  let assemblyFormat = "$bytes (`at` $offset^)? (`pool` $pool^)? attr-dict";
  let builders = [OpBuilder<(ins "::mlir::Value":$bytes),
      [{ build($_builder, $_state, BufferType::get($_builder.getContext()), bytes, ::mlir::Value(), false); }]>];
  let hasVerifier = 1;
}

def Plan_FreeOp : Plan_Op<"free", [MemoryEffects<[MemFree]>]> {
  let summary = "gives memory of the pool back";
  let description = [{
    The buffer of a `plan.alloc ... pool` is not used any more under this name.
    Its memory goes back unless a loop or a branch carries it on.

    Example:
    ```mlir
    plan.free %t
    ```
  }];
  let arguments = (ins Plan_BufferType:$buffer);
  let assemblyFormat = "$buffer attr-dict";
  let hasVerifier = 1;
}

def Plan_LaunchOp : Plan_Op<"launch", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "runs a kernel";
  let description = [{
    `blocks` thread blocks along x; zero is no launch. Arguments are buffers
    and host scalars in the order of the kernel's parameters (`index` is passed
    as i32). `written` lists the positions of the buffers that the kernel
    writes. `nodes` names the nodes of the imported graph; the attribute
    `origins` gives, for every operation of the kernel's group, the number of
    its node, or -1. What is on one `stream` runs in its order.

    Example:
    ```mlir
    plan.launch @k0::@k0 blocks %n (%x, %y, %d) writes [1] : !plan.buffer, !plan.buffer, index
    plan.launch @k0::@k0 blocks %n (%x, %y, %d) writes [1] {stream = 1 : i64} : !plan.buffer, !plan.buffer, index
    ```
  }];
  let arguments = (ins SymbolRefAttr:$kernel, Index:$blocks,
                       Variadic<AnyTypeOf<[Plan_BufferType, Plan_Scalar]>>:$args,
                       DenseI64ArrayAttr:$written, OptionalAttr<StrArrayAttr>:$nodes,
                       OptionalAttr<DenseI32ArrayAttr>:$origins,
                       DefaultValuedAttr<I64Attr, "0">:$stream);
  let assemblyFormat = [{
    $kernel `blocks` $blocks `(` $args `)` `writes` $written (`nodes` $nodes^)? attr-dict (`:` type($args)^)?
  }];
  let hasVerifier = 1;
}

def Plan_ReadOp : Plan_Op<"read", [MemoryEffects<[MemRead]>]> {
  let summary = "reads an integer from the device";
  let description = [{
    Waits for what is before it on stream 0. `offset` is in bytes. The only way from
    device to host.

    Example:
    ```mlir
    %n = plan.read %b[%zero] : i64
    ```
  }];
  let arguments = (ins Plan_BufferType:$buffer, Index:$offset);
  let results = (outs AnySignlessInteger:$result);
  let assemblyFormat = "$buffer `[` $offset `]` attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Plan_CopyOp : Plan_Op<"copy", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "copies bytes between buffers";
  let description = [{
    Example:
    ```mlir
    plan.copy %a to %b bytes %n
    ```
  }];
  let arguments = (ins Plan_BufferType:$from, Plan_BufferType:$to, Index:$bytes,
                       DefaultValuedAttr<I64Attr, "0">:$stream);
  let assemblyFormat = "$from `to` $to `bytes` $bytes attr-dict";
  let hasVerifier = 1;
}

def Plan_RecordOp : Plan_Op<"record", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "marks what a stream was given so far";
  let description = [{
    Example:
    ```mlir
    plan.record event 3 stream 1
    ```
  }];
  let arguments = (ins I64Attr:$event, I64Attr:$stream);
  let assemblyFormat = "`event` $event `stream` $stream attr-dict";
}

def Plan_WaitOp : Plan_Op<"wait", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "lets a stream wait for an event's last mark";
  let description = [{
    What the stream is given from here on runs after it.

    Example:
    ```mlir
    plan.wait event 3 stream 0
    ```
  }];
  let arguments = (ins I64Attr:$event, I64Attr:$stream);
  let assemblyFormat = "`event` $event `stream` $stream attr-dict";
}

def Plan_OutputOp : Plan_Op<"output", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "states that a buffer is an output of the model";
  let description = [{
    `type` is an interchange type name.

    Example:
    ```mlir
    plan.output "last_hidden_state" type "f32" %t sizes (%b, %l, %c384)
    ```
  }];
  let arguments = (ins StrAttr:$name, StrAttr:$type, Plan_BufferType:$buffer, Variadic<Index>:$sizes);
  let assemblyFormat = "$name `type` $type $buffer `sizes` `(` $sizes `)` attr-dict";
  let hasVerifier = 1;
}

def Plan_ArenaOp : Plan_Op<"arena", [MemoryEffects<[MemAlloc]>]> {
  let summary = "the size of the arena that workspaces lie in";
  let description = [{
    Example:
    ```mlir
    plan.arena %bytes
    ```
  }];
  let arguments = (ins Index:$bytes);
  let assemblyFormat = "$bytes attr-dict";
}

#endif // RADDLE_PLAN_OPS_TD
