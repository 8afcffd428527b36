#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @main(%x: tensor<?x64xf32> {graph.name = "x", graph.type = "f32", graph.shape = ["n", 64]},
                %w: tensor<64x48xf32> {graph.name = "w", graph.type = "f32", graph.shape = [64, 48]},
                %i: tensor<i64> {graph.name = "i", graph.type = "i64", graph.shape = []})
    -> (tensor<?xf32> {graph.name = "y", graph.type = "f32"}) {
  %one = arith.constant 1 : i64
  %which = tensor.extract %i[] : tensor<i64>
  %first = arith.cmpi eq, %which, %one : i64
  %p = graph.contract %x, %w maps [#a, #b, #c] : tensor<?x64xf32>, tensor<64x48xf32> to tensor<?x48xf32>
  %y = scf.if %first -> (tensor<?xf32>) {
    %e = math.exp %p : tensor<?x48xf32>
    %s = graph.reduce add %e dims = [1] : tensor<?x48xf32> to tensor<?xf32>
    scf.yield %s : tensor<?xf32>
  } else {
    %m = graph.reduce max %p dims = [1] : tensor<?x48xf32> to tensor<?xf32>
    scf.yield %m : tensor<?xf32>
  }
  return %y : tensor<?xf32>
}
