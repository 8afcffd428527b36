//===- GraphStructureOps.td - Weights, encodings, groups ----*- tablegen -*-===//
#ifndef RADDLE_GRAPH_STRUCTURE_OPS_TD
#define RADDLE_GRAPH_STRUCTURE_OPS_TD

include "dialects/Graph/IR/GraphOpsCommon.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/IR/RegionKindInterface.td"

def Graph_WeightOp : Graph_PureOp<"weight", [EncodedOperandOpInterface]> {
  let summary = "a tensor of an archive";
  let description = [{
    The result has the type stored in the archive, up to a reshape; an encoded
    type names the entries `<entry>/<component>` or, when `components` lists
    them, those.

    With `parts` and `axis` the entry does not exist yet: it is made, under the
    name given, of the entries `parts` of the same archive joined along dim
    `axis` of the result. Part sizes along `axis` are
    `part_sizes`.

    Example:
    ```mlir
    %w = graph.weight "weights"::"encoder.0.q" : tensor<384x384xf32>
    %j = graph.weight "weights"::"q+k" {axis = 1 : i64, parts = ["q", "k"], part_sizes = array<i64: 384, 384>}
        : tensor<384x768xf32>
    ```
  }];
  let arguments = (ins Graph_ExternalAttr:$source, OptionalAttr<DictionaryAttr>:$components,
                       OptionalAttr<StrArrayAttr>:$parts, OptionalAttr<DenseI64ArrayAttr>:$part_sizes,
                       OptionalAttr<I64Attr>:$axis);
  let results = (outs RankedTensorOf<[AnyType]>:$result);
  let assemblyFormat = "custom<External>($source) attr-dict `:` type($result)";
  let builders = [
    OpBuilder<(ins "::mlir::Type":$type, "ExternalAttr":$source,
                   CArg<"::mlir::DictionaryAttr", "{}">:$components),
              [{ build($_builder, $_state, type, source, components, {}, {}, {}); }]>];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The type of part number `part` of a joined weight.
    ::mlir::RankedTensorType getPartType(unsigned part);
    /// A joined weight is rows of so many bytes of each part in turn. Elements
    /// are of whole bytes.
    ::llvm::SmallVector<int64_t> getPartRuns();
  }];
}

def Graph_EncodeOp : Graph_PureOp<"encode", [
    DeclareOpInterfaceMethods<EncodedOperandOpInterface, ["acceptsEncoded"]>]> {
  let summary = "stores a tensor in an encoding";
  let description = [{
    Quantizes, packs or permutes; the meaning is the `encode` of the result
    type's `StorageEncoding`. `components` gives components already known (for
    instance scales), in the encoding's order, by name.

    Example:
    ```mlir
    %e = graph.encode %x : tensor<4x64xf32> to tensor<4x64xf32, #graph.int<bits = 8, scale = f32>>
    ```
  }];
  let arguments = (ins Graph_Tensor:$input, Variadic<Graph_Tensor>:$components,
                       OptionalAttr<StrArrayAttr>:$component_names);
  let results = (outs RankedTensorOf<[AnyType]>:$result);
  let assemblyFormat = [{
    $input (`with` $component_names `(` $components^ `:` type($components) `)`)? attr-dict `:` type($input) `to` type($result)
  }];
  let hasVerifier = 1;
}

def Graph_DecodeOp : Graph_IndexOp<"decode", [
    DeclareOpInterfaceMethods<EncodedOperandOpInterface, ["producesEncoded"]>]> {
  let summary = "reads a tensor from its encoding";
  let description = [{
    A pure producer of the logical values: `decode(encode x)` is x rounded to
    the encoding. Kernels evaluate it where an element is used.

    Example:
    ```mlir
    %x = graph.decode %e : tensor<4x64xf32, #graph.int<bits = 8, scale = f32>> to tensor<4x64xf32>
    ```
  }];
  let arguments = (ins RankedTensorOf<[AnyType]>:$input);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Graph_AssembleOp : Graph_PureOp<"assemble", [
    DeclareOpInterfaceMethods<EncodedOperandOpInterface, ["acceptsEncoded"]>]> {
  let summary = "an encoded tensor from its components";
  let description = [{
    Components in the order of the encoding's `getComponents`. This is what an
    importer emits for a tensor whose codes and scales it knows, and what
    `graph-expand-encodings` removes.

    Example:
    ```mlir
    %e = graph.assemble %codes, %scales : (tensor<4x64xi8>, tensor<4xf32>)
        to tensor<4x64xf32, #graph.int<bits = 8, scale = f32, axis = 0>>
    ```
  }];
  let arguments = (ins Variadic<Graph_Tensor>:$components);
  let results = (outs RankedTensorOf<[AnyType]>:$result);
  let assemblyFormat = "$components attr-dict `:` `(` type($components) `)` `to` type($result)";
  let hasVerifier = 1;
}

def Graph_GroupOp : Graph_Op<"group", [
    Pure, AttrSizedOperandSegments, IsolatedFromAbove, SingleBlock, EncodedOperandOpInterface,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]> {
  let summary = "operations that become one kernel";
  let description = [{
    The operations of the region are computed by one kernel whose skeleton is
    named by `skeleton`. Its loop nest is fixed by the root: the first operation
    of the body that needs a loop nest of its own (`getSkeleton`); a pointwise
    group has none. `inputs` are tensors, `scalars` are
    host scalars (sizes and offsets); both become block arguments, in this
    order. `reason` says why the group is legal and wanted; `nodes` names the
    nodes of the imported graph.

    Example:
    ```mlir
    %y = graph.group (%x, %b : tensor<4x8xf32>, tensor<8xf32>) scalars () attributes {skeleton = "pointwise"} {
    ^bb0(%x0: tensor<4x8xf32>, %b0: tensor<8xf32>):
      %1 = graph.broadcast %b0 sizes [4, 8] : tensor<8xf32> to tensor<4x8xf32>
      %2 = arith.addf %x0, %1 : tensor<4x8xf32>
      graph.yield %2 : tensor<4x8xf32>
    } : tensor<4x8xf32>
    ```
  }];
  let arguments = (ins Variadic<RankedTensorOf<[AnyType]>>:$inputs, Variadic<AnyType>:$scalars,
                       StrAttr:$skeleton, OptionalAttr<StrAttr>:$reason, OptionalAttr<StrArrayAttr>:$nodes);
  let results = (outs Variadic<RankedTensorOf<[AnyType]>>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let hasCanonicalizeMethod = 1;
  let extraClassDeclaration = [{
    ::mlir::Operation *getTerminator() { return getBody().front().getTerminator(); }
    /// Whether the size can be stated outside of the group.
    bool canReifyDim(unsigned result, int64_t dim);
    /// The operation that fixes the loop nest, or null (pointwise groups).
    ::mlir::Operation *getRootOp();
  }];
}

def Graph_PrecomputeOp : Graph_PureOp<"precompute", [IsolatedFromAbove, SingleBlock]> {
  let summary = "a tensor computed when the artifact is written";
  let description = [{
    The body computes one tensor from weights and constants alone. It is a
    weight of the artifact: `lib/Reference` evaluates the body while the
    artifact is written, one tensor at a time, and kernels read the result.
    Its elements have whole bytes. Made by `graph-precompute-weights`.

    Example:
    ```mlir
    %w = graph.precompute {
      %0 = graph.weight "weights"::"conv.filter" : tensor<64x32x3x3xf32>
      %1 = graph.transpose %0 [0, 2, 3, 1] : tensor<64x32x3x3xf32> to tensor<64x3x3x32xf32>
      graph.yield %1 : tensor<64x3x3x32xf32>
    } : tensor<64x3x3x32xf32>
    ```
  }];
  let results = (outs Graph_Tensor:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "attr-dict-with-keyword $body `:` type($result)";
  let hasVerifier = 1;
}

def Graph_YieldOp : Graph_Op<"yield", [
    Pure, Terminator, ReturnLike, ParentOneOf<["GroupOp", "PrecomputeOp"]>, EncodedOperandOpInterface]> {
  let summary = "the results of a group or of a precomputed tensor";
  let description = [{
    Example:
    ```mlir
    graph.yield %y : tensor<4x8xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$results);
  let assemblyFormat = "attr-dict ($results^ `:` type($results))?";
  let builders = [OpBuilder<(ins), [{ }]>];
}

#endif // RADDLE_GRAPH_STRUCTURE_OPS_TD
