#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
module attributes {graph.version = 1 : i64} {
  func.func @main(%x: tensor<?x32xf32> {graph.name = "x", graph.type = "f32", graph.shape = ["m", 32]},
                  %w: tensor<32x32xf32> {graph.name = "w", graph.type = "f32", graph.shape = [32, 32]},
                  %b: tensor<?x32xf32> {graph.name = "b", graph.type = "f32", graph.shape = ["m", 32]})
      -> (tensor<?x32xf32> {graph.name = "y", graph.type = "f32"}) attributes {graph.dims = [{name = "m", min = 1 : i64}]} {
    %0 = graph.contract %x, %w maps [#a, #b, #c] : tensor<?x32xf32>, tensor<32x32xf32> to tensor<?x32xf32>
    %1 = arith.addf %0, %b : tensor<?x32xf32>
    return %1 : tensor<?x32xf32>
  }
}
