// Three weights in two formats.
#int4 = #graph.int<bits = 4, axis = 0, group = 32, scale = f16>
module attributes {graph.version = 1 : i64} {
  func.func @f(%x: tensor<8x64xf32>) -> tensor<8x64xf32> {
    %up = graph.weight "weights"::"up" : tensor<64x32xf32, #int4>
    %down = graph.weight "weights"::"down" : tensor<32x64xf32, #int4>
    %bias = graph.weight "weights"::"bias" : tensor<64xf32>
    %u = graph.decode %up : tensor<64x32xf32, #int4> to tensor<64x32xf32>
    %d = graph.decode %down : tensor<32x64xf32, #int4> to tensor<32x64xf32>
    %0 = graph.contract %x, %u maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
        : tensor<8x64xf32>, tensor<64x32xf32> to tensor<8x32xf32>
    %1 = graph.contract %0, %d maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
        : tensor<8x32xf32>, tensor<32x64xf32> to tensor<8x64xf32>
    %b = graph.broadcast %bias sizes [8, 64] : tensor<64xf32> to tensor<8x64xf32>
    %2 = arith.addf %1, %b : tensor<8x64xf32>
    return %2 : tensor<8x64xf32>
  }
}
