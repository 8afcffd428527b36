// Codes without scales are exact in tf32: their side is not split in two.
// RUN: raddle-compile %s --compile-from=import --compile-to=tile --target=sm_80 -o - | FileCheck %s
// CHECK: tile.dot {{ *}}tf32x2b

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (k, n)>
#y = affine_map<(m, n, k) -> (m, n)>
#columns = #graph.int<bits = 8, scale = f32, zero = i8, axis = 1>
module attributes {graph.version = 1 : i64} {
  func.func @main(%x: tensor<?x128xf32> {graph.name = "x", graph.type = "f32", graph.shape = ["m", 128]},
                  %codes: tensor<128x64xi8> {graph.name = "codes", graph.type = "i8", graph.shape = [128, 64]},
                  %scales: tensor<64xf32> {graph.name = "scales", graph.type = "f32", graph.shape = [64]},
                  %zeros: tensor<64xi8> {graph.name = "zeros", graph.type = "i8", graph.shape = [64]})
      -> (tensor<?x64xf32> {graph.name = "y", graph.type = "f32", graph.shape = ["m", 64]})
      attributes {graph.dims = [{name = "m", min = 1 : i64}]} {
    %e = graph.assemble %codes, %scales, %zeros : (tensor<128x64xi8>, tensor<64xf32>, tensor<64xi8>) to tensor<128x64xf32, #columns>
    %c = graph.decode %e : tensor<128x64xf32, #columns> to tensor<128x64xf32>
    %r = graph.contract %x, %c maps [#x, #w, #y] : tensor<?x128xf32>, tensor<128x64xf32> to tensor<?x64xf32>
    return %r : tensor<?x64xf32>
  }
}
