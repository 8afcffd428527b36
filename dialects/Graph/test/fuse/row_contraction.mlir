// RUN: raddle-opt %s --graph-fuse=epilogue-norm=1 --graph-verify-groups | FileCheck %s
// RUN: raddle-opt %s --graph-fuse --graph-verify-groups | FileCheck %s --check-prefix=PLAIN

// Residual and norm in the epilogue of the product.
// CHECK-LABEL: func.func @main
// CHECK:         graph.group
// CHECK-SAME:        skeleton = "row_contraction"
// CHECK:           graph.contract
// CHECK:           arith.addf
// CHECK:           graph.norm
// CHECK:           math.tanh
// CHECK-NOT:     graph.group
// PLAIN-COUNT-2: graph.group
func.func @main(%x: tensor<9x8xf32>, %w: tensor<8x4xf32>, %r: tensor<9x4xf32>) -> tensor<9x4xf32> {
  %0 = graph.contract %x, %w maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
      : tensor<9x8xf32>, tensor<8x4xf32> to tensor<9x4xf32>
  %1 = arith.addf %0, %r : tensor<9x4xf32>
  %2 = graph.norm layer %1 axis = 1 epsilon = 1.0e-5 : tensor<9x4xf32> to tensor<9x4xf32>
  %3 = math.tanh %2 : tensor<9x4xf32>
  return %3 : tensor<9x4xf32>
}
