#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @main(%a: tensor<32x64xf32> {graph.name="a", graph.type="f32", graph.shape=[32,64]}, %b: tensor<64x32xf32> {graph.name="b", graph.type="f32", graph.shape=[64,32]}) -> (tensor<32x32xf32> {graph.name="y", graph.type="f32"}) {
  %0 = graph.contract %a, %b maps [#a, #b, #c] : tensor<32x64xf32>, tensor<64x32xf32> to tensor<32x32xf32>
  return %0 : tensor<32x32xf32>
}
