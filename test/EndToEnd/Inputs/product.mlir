#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @main(%x: tensor<?x384xf16> {graph.name = "x", graph.type = "f16", graph.shape = ["m", 384]}, %w: tensor<384x384xf16> {graph.name = "w", graph.type = "f16", graph.shape=[384, 384]}) -> (tensor<?x384xf32> {graph.name = "y", graph.type = "f32"}) {
  %0 = graph.contract %x, %w maps [#a, #b, #c] : tensor<?x384xf16>, tensor<384x384xf16> to tensor<?x384xf32>
  %1 = math.exp %0 : tensor<?x384xf32>
  return %1 : tensor<?x384xf32>
}
