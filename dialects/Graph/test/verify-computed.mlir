// RUN: raddle-opt %s --graph-verify-model=computed=true -verify-diagnostics

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @main(%a: tensor<4x4xf32> {graph.name = "a", graph.type = "f32"}) -> (tensor<4x4xf32> {graph.name = "c", graph.type = "f32"}) {
  // expected-error @below {{expected a product of f32 to say its arithmetic}}
  %0 = graph.contract %a, %a maps [#a, #b, #c] : tensor<4x4xf32>, tensor<4x4xf32> to tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}
