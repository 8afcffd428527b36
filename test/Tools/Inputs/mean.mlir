module attributes {graph.version = 1 : i64} {
  func.func @main(%x: tensor<?x63xf32> {graph.name = "x", graph.shape = ["n", 63], graph.type = "f32"})
      -> (tensor<?x1xf32> {graph.name = "y", graph.shape = ["n", 1], graph.type = "f32"})
      attributes {graph.dims = [{min = 1 : i64, name = "n"}]} {
    %c0 = arith.constant 0 : index
    %count = arith.constant dense<63.0> : tensor<f32>
    %n = tensor.dim %x, %c0 : tensor<?x63xf32>
    %sum = graph.reduce add %x dims = [1] keep_dims : tensor<?x63xf32> to tensor<?x1xf32>
    %d = graph.broadcast %count sizes [%n, 1] : tensor<f32> to tensor<?x1xf32>
    %y = arith.divf %sum, %d : tensor<?x1xf32>
    return %y : tensor<?x1xf32>
  }
}
