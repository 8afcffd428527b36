// RUN: raddle-opt %s --split-input-file --graph-fuse --graph-verify-groups | FileCheck %s

// The residual sum is computed by the norm's kernel, which stores it for the
// later use as well.
// CHECK-LABEL: func.func @residual
// CHECK:         %[[N:.+]]:2 = graph.group
// CHECK-SAME:        skeleton = "reduction"
// CHECK:           %[[S:.+]] = math.erf
// CHECK:           %[[Y:.+]] = graph.norm layer %[[S]]
// CHECK:           graph.yield {{.*}}%[[S]]
// CHECK:         graph.group
// CHECK-SAME:        skeleton = "contraction"
// CHECK:           arith.addf
// CHECK-NOT:     graph.group
func.func @residual(%a: tensor<4096x384xf32>, %b: tensor<4096x384xf32>, %w: tensor<384x384xf32>) -> tensor<4096x384xf32> {
  %0 = arith.addf %a, %b : tensor<4096x384xf32>
  %1 = math.exp %0 : tensor<4096x384xf32>
  %2 = math.erf %1 : tensor<4096x384xf32>
  %3 = graph.norm layer %2 axis = 1 epsilon = 1.0e-5 : tensor<4096x384xf32> to tensor<4096x384xf32>
  %4 = graph.contract %3, %w maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
      : tensor<4096x384xf32>, tensor<384x384xf32> to tensor<4096x384xf32>
  %5 = arith.addf %4, %2 : tensor<4096x384xf32>
  return %5 : tensor<4096x384xf32>
}

// -----

// A mean: the division is at the reduction's point.
// CHECK-LABEL: func.func @mean
// CHECK:         graph.group
// CHECK-SAME:        skeleton = "reduction"
// CHECK:           arith.mulf
// CHECK:           graph.reduce
// CHECK:           arith.mulf
// CHECK-NOT:     graph.group
func.func @mean(%a: tensor<4096x384xf32>) -> tensor<4096xf32> {
  %n = arith.constant dense<2.5e-3> : tensor<4096xf32>
  %0 = arith.mulf %a, %a : tensor<4096x384xf32>
  %1 = graph.reduce add %0 dims = [1] : tensor<4096x384xf32> to tensor<4096xf32>
  %2 = arith.mulf %1, %n : tensor<4096xf32>
  return %2 : tensor<4096xf32>
}

// -----

// A reshape of the result is where it is stored.
// CHECK-LABEL: func.func @tail
// CHECK:         graph.group
// CHECK-SAME:        skeleton = "reduction"
// CHECK:           graph.softmax
// CHECK:           graph.reshape
// CHECK-NOT:     graph.group
func.func @tail(%a: tensor<1x1000xf32>) -> tensor<1x1000x1x1xf32> {
  %0 = graph.softmax %a axis = 1 : tensor<1x1000xf32> to tensor<1x1000xf32>
  %1 = graph.reshape %0 sizes [1, 1000, 1, 1] : tensor<1x1000xf32> to tensor<1x1000x1x1xf32>
  return %1 : tensor<1x1000x1x1xf32>
}
