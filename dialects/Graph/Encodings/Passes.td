//===- Passes.td - Passes over storage encodings ------------*- tablegen -*-===//
#ifndef RADDLE_GRAPH_ENCODINGS_PASSES_TD
#define RADDLE_GRAPH_ENCODINGS_PASSES_TD

include "mlir/Pass/PassBase.td"

def GraphRecognizeEncodings : Pass<"graph-recognize-encodings"> {
  let summary = "finds tensors stored as scaled integers";
  let description = [{
    Rewrites dequantization by arithmetic, `(convert(codes) - zeros) * scales`
    in which scales and zero points are repeated per tensor, along one dim or
    per run of elements, to `graph.decode` of an assembled encoding. The
    arithmetic of the two is the same bit for bit; what does not have that
    arithmetic is left alone.

    Example:
    ```mlir
    %0 = arith.sitofp %codes : tensor<384x384xi8> to tensor<384x384xf32>
    %1 = graph.broadcast %scales sizes [384, 384] : tensor<1x384xf32> to tensor<384x384xf32>
    %2 = arith.mulf %0, %1 : tensor<384x384xf32>
    ```
    becomes
    ```mlir
    %0 = graph.reshape %scales sizes [384] : tensor<1x384xf32> to tensor<384xf32>
    %1 = graph.assemble %codes, %0 : (tensor<384x384xi8>, tensor<384xf32>)
        to tensor<384x384xf32, #graph.int<bits = 8, scale = f32, axis = 1>>
    %2 = graph.decode %1 : tensor<384x384xf32, #graph.int<bits = 8, scale = f32, axis = 1>> to tensor<384x384xf32>
    ```
  }];
  let dependentDialects = ["::raddle::graph::GraphDialect"];
}

def GraphExpandEncode : Pass<"graph-expand-encode"> {
  let summary = "states encoding at run time as operations";
  let description = [{
    Replaces `graph.encode` by the operations of its encoding and an assembly
    of their results, so that fusion sees the reductions that find a range and
    the element-wise rest.

    Example:
    ```mlir
    %0 = graph.encode %x with ["scales"](%s : tensor<f32>)
        : tensor<4x64xf32> to tensor<4x64xf32, #graph.int<bits = 8, scale = f32>>
    ```
    becomes a division, rounding and saturation of `%x` to codes, and
    ```mlir
    %1 = graph.assemble %codes, %s : (tensor<4x64xi8>, tensor<f32>)
        to tensor<4x64xf32, #graph.int<bits = 8, scale = f32>>
    ```
  }];
  let dependentDialects = [
    "::raddle::graph::GraphDialect", "::mlir::arith::ArithDialect",
    "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

def GraphExpandEncodings : Pass<"graph-expand-encodings", "::mlir::ModuleOp"> {
  let summary = "replaces encoded tensors by their components";
  let description = [{
    Each value with a storage encoding becomes the tensors that it consists of:
    results of weights, arguments of functions and groups (named
    `<name>/<component>`), values carried by control flow. `graph.decode` and
    `graph.encode` become the graph operations of their encoding, so that
    kernels decode where they use an element. No encoded type is left.

    Example:
    ```mlir
    %0 = graph.weight "weights"::"q" : tensor<4x64xf32, #graph.int<bits = 8, scale = f32>>
    ```
    becomes
    ```mlir
    %0 = graph.weight "weights"::"q/codes" : tensor<4x64xi8>
    %1 = graph.weight "weights"::"q/scales" : tensor<f32>
    ```
  }];
  let dependentDialects = [
    "::raddle::graph::GraphDialect", "::mlir::arith::ArithDialect",
    "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

def GraphVerifyEncodings : Pass<"graph-verify-encodings"> {
  let summary = "rejects encoded tensors where elements are expected";
  let description = [{
    An operation that knows nothing of encodings would take the stored bytes
    for elements. Encoded types are allowed on operations that implement
    `EncodedOperandOpInterface`, and where values are only handed through:
    functions, calls and control flow.

    Example:
    ```mlir
    // error: operand #0 has the storage encoding ..
    %0 = arith.negf %x : tensor<4xf32, #graph.int<bits = 8, scale = f32>>
    ```
  }];
}

#endif // RADDLE_GRAPH_ENCODINGS_PASSES_TD
