//===- Passes.td - A pass outside of Raddle's tree ----------*- tablegen -*-===//
#ifndef EXAMPLE_PASSES_TD
#define EXAMPLE_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExampleReportWeights : Pass<"example-report-weights", "::mlir::func::FuncOp"> {
  let summary = "says how the bytes of a model's weights are stored";
  let description = [{
    Emits one remark per storage encoding, the largest first: number of
    weights, elements, bytes of all components, bits per element. Weights of a
    type without an encoding are counted under their element type. Changes
    nothing.

    Example: for
    ```mlir
    func.func @f() -> tensor<64x32xf32> {
      %w = graph.weight "weights"::"w" : tensor<64x32xf32, #graph.int<bits = 4, axis = 0, group = 32, scale = f16>>
      %d = graph.decode %w : tensor<64x32xf32, #graph.int<bits = 4, axis = 0, group = 32, scale = f16>> to tensor<64x32xf32>
      return %d : tensor<64x32xf32>
    }
    ```
    the remark is `1 weight stored as #graph.int<...>: 2048 elements, 1152
    bytes, 4.50 bits per element`.
  }];
  let options = [
    Option<"minBytes", "min-bytes", "int64_t", "0",
           "encodings whose weights take fewer bytes than this are left out">];
}

#endif // EXAMPLE_PASSES_TD
