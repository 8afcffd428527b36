// RUN: raddle-opt %s --graph-simplify | FileCheck %s

// Arithmetic on broadcast values is done on what they are broadcast from.
// CHECK-LABEL: func.func @late
// CHECK:         %[[S:.+]] = arith.subf %{{.+}}, %arg0 : tensor<4x1xf32>
// CHECK:         graph.broadcast %[[S]] sizes [2, 4, 8]
func.func @late(%x: tensor<4x1xf32>) -> tensor<2x4x8xf32> {
  %one = arith.constant dense<1.0> : tensor<2x4x8xf32>
  %0 = graph.broadcast %x sizes [2, 4, 8] : tensor<4x1xf32> to tensor<2x4x8xf32>
  %1 = arith.subf %one, %0 : tensor<2x4x8xf32>
  return %1 : tensor<2x4x8xf32>
}

// CHECK-LABEL: func.func @exact
// CHECK:         dense<1.250000e-01>
// CHECK:         arith.mulf
// CHECK:         arith.divf
func.func @exact(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %eight = arith.constant dense<8.0> : tensor<4xf32>
  %ten = arith.constant dense<10.0> : tensor<4xf32>
  %0 = arith.divf %x, %eight : tensor<4xf32>
  %1 = arith.divf %x, %ten : tensor<4xf32>
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}

// An index is not negative, and true is no condition.
// CHECK-LABEL: func.func @mask
// CHECK-NEXT:    return %arg0
func.func @mask(%m: tensor<4x4xi1>) -> tensor<4x4xi1> {
  %zero = arith.constant dense<0> : tensor<4x1xi64>
  %i = graph.iota axis = 0 sizes [4] : tensor<4xi64>
  %j = graph.reshape %i sizes [4, 1] : tensor<4xi64> to tensor<4x1xi64>
  %0 = arith.cmpi sge, %j, %zero : tensor<4x1xi64>
  %1 = graph.broadcast %0 sizes [4, 4] : tensor<4x1xi1> to tensor<4x4xi1>
  %2 = arith.andi %1, %m : tensor<4x4xi1>
  return %2 : tensor<4x4xi1>
}

// Rows that were joined for a product stay apart.
// CHECK-LABEL: func.func @rows
// CHECK-NEXT:    graph.contract %arg0, %arg1 {{.*}} : tensor<2x9x8xf32>, tensor<4x8xf32> to tensor<2x9x4xf32>
// CHECK-NEXT:    return
func.func @rows(%x: tensor<2x9x8xf32>, %w: tensor<4x8xf32>) -> tensor<2x9x4xf32> {
  %0 = graph.reshape %x sizes [18, 8] : tensor<2x9x8xf32> to tensor<18x8xf32>
  %1 = graph.transpose %w [1, 0] : tensor<4x8xf32> to tensor<8x4xf32>
  %2 = graph.contract %0, %1 maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
      : tensor<18x8xf32>, tensor<8x4xf32> to tensor<18x4xf32>
  %3 = graph.reshape %2 sizes [2, 9, 4] : tensor<18x4xf32> to tensor<2x9x4xf32>
  return %3 : tensor<2x9x4xf32>
}

// Zeros around the input are the convolution's padding.
// CHECK-LABEL: func.func @pad
// CHECK-NEXT:    graph.conv %arg0, %arg1 {{.*}} low = [1, 0] high = [2, 1]
// CHECK-NEXT:    return
func.func @pad(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) -> tensor<1x4x9x7xf32> {
  %0 = graph.pad %x low [0, 0, 1, 0] high [0, 0, 2, 1] mode constant : tensor<1x3x8x8xf32> to tensor<1x3x11x9xf32>
  %1 = graph.conv %0, %w strides = [1, 1] dilations = [1, 1] low = [0, 0] high = [0, 0] groups = 1
      : tensor<1x3x11x9xf32>, tensor<4x3x3x3xf32> to tensor<1x4x9x7xf32>
  return %1 : tensor<1x4x9x7xf32>
}
