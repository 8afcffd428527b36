// RUN: raddle-opt %s --graph-verify-encodings --split-input-file --verify-diagnostics

#e = #graph.int<bits = 8, scale = f32>
func.func @reads_bytes(%x: tensor<4xf32, #e>) -> tensor<4xf32, #e> {
  // expected-error @+1 {{operand #0 has the storage encoding #graph.int<bits = 8, scale = f32>, expected plain elements: use 'graph.decode'}}
  %0 = arith.negf %x : tensor<4xf32, #e>
  return %0 : tensor<4xf32, #e>
}

// -----

#e = #graph.int<bits = 8, scale = f32>
func.func @makes_bytes() -> tensor<4xf32, #e> {
  // expected-error @+1 {{result #0 has the storage encoding #graph.int<bits = 8, scale = f32>, expected plain elements: use 'graph.encode'}}
  %0 = tensor.empty() : tensor<4xf32, #e>
  return %0 : tensor<4xf32, #e>
}

// -----

#e = #graph.int<bits = 8, scale = f32>
func.func @fine(%p: i1, %x: tensor<?xf32, #e>) -> (tensor<?xf32>, index) {
  %c0 = arith.constant 0 : index
  %0 = scf.if %p -> tensor<?xf32, #e> {
    scf.yield %x : tensor<?xf32, #e>
  } else {
    scf.yield %x : tensor<?xf32, #e>
  }
  %1 = graph.decode %0 : tensor<?xf32, #e> to tensor<?xf32>
  %2 = tensor.dim %x, %c0 : tensor<?xf32, #e>
  return %1, %2 : tensor<?xf32>, index
}
