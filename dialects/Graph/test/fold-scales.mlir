// RUN: raddle-opt %s --graph-fold-scales --cse --split-input-file | FileCheck %s

// A bias, then a batch norm: one factor in the filter, one summand behind.
// CHECK-LABEL: @batch_norm
// CHECK-DAG:     %[[W:.+]] = graph.weight "weights"::"w"
// CHECK-DAG:     %[[S:.+]] = graph.weight "weights"::"s"
// CHECK-DAG:     %[[B:.+]] = graph.weight "weights"::"b"
// CHECK-DAG:     %[[T:.+]] = graph.weight "weights"::"t"
// CHECK:         %[[V:.+]] = arith.mulf %[[W]], %{{.+}} : tensor<4x3x3x3xf32>
// CHECK:         %[[Y:.+]] = graph.conv %arg0, %[[V]]
// CHECK:         %[[U:.+]] = arith.mulf %{{.+}}, %{{.+}} : tensor<1x4x1x1xf32>
// CHECK:         %[[A:.+]] = arith.addf %[[U]], %{{.+}} : tensor<1x4x1x1xf32>
// CHECK:         %[[C:.+]] = graph.broadcast %[[A]] sizes [1, 4, 6, 6]
// CHECK:         %[[R:.+]] = arith.addf %[[Y]], %[[C]]
// CHECK:         return %[[R]]
func.func @batch_norm(%x: tensor<1x3x8x8xf32>) -> tensor<1x4x6x6xf32> {
  %w = graph.weight "weights"::"w" : tensor<4x3x3x3xf32>
  %s = graph.weight "weights"::"s" : tensor<4x1x1xf32>
  %b = graph.weight "weights"::"b" : tensor<4x1x1xf32>
  %t = graph.weight "weights"::"t" : tensor<4x1x1xf32>
  %0 = graph.conv %x, %w strides = [1, 1] dilations = [1, 1] low = [0, 0] high = [0, 0] groups = 1
      : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32> to tensor<1x4x6x6xf32>
  %1 = graph.broadcast %b sizes [1, 4, 6, 6] : tensor<4x1x1xf32> to tensor<1x4x6x6xf32>
  %2 = arith.addf %0, %1 : tensor<1x4x6x6xf32>
  %3 = graph.broadcast %s sizes [1, 4, 6, 6] : tensor<4x1x1xf32> to tensor<1x4x6x6xf32>
  %4 = arith.mulf %2, %3 : tensor<1x4x6x6xf32>
  %5 = graph.broadcast %t sizes [1, 4, 6, 6] : tensor<4x1x1xf32> to tensor<1x4x6x6xf32>
  %6 = arith.addf %4, %5 : tensor<1x4x6x6xf32>
  return %6 : tensor<1x4x6x6xf32>
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// Columns of a product, divided and with something taken off.
// CHECK-LABEL: @product
// CHECK:         %[[V:.+]] = arith.divf %{{.+}}, %{{.+}} : tensor<4x8xf32>
// CHECK:         %[[Y:.+]] = graph.contract %arg0, %[[V]]
// CHECK:         arith.negf %{{.+}} : tensor<4xf32>
// CHECK:         arith.addf %[[Y]]
// CHECK-NOT:     arith.divf
func.func @product(%x: tensor<?x8xf32>, %n: index) -> tensor<?x4xf32> {
  %w = graph.weight "weights"::"w" : tensor<4x8xf32>
  %s = graph.weight "weights"::"s" : tensor<4xf32>
  %t = graph.weight "weights"::"t" : tensor<4xf32>
  %0 = graph.contract %x, %w maps [#a, #b, #c] : tensor<?x8xf32>, tensor<4x8xf32> to tensor<?x4xf32>
  %1 = graph.broadcast %s sizes [%n, 4] : tensor<4xf32> to tensor<?x4xf32>
  %2 = arith.divf %0, %1 : tensor<?x4xf32>
  %3 = graph.broadcast %t sizes [%n, 4] : tensor<4xf32> to tensor<?x4xf32>
  %4 = arith.subf %2, %3 : tensor<?x4xf32>
  return %4 : tensor<?x4xf32>
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// A factor per row is no factor of the weight; neither is one known at run
// time, nor may a weight change that something else reads.
// CHECK-LABEL: @kept
// CHECK-COUNT-3: arith.mulf %{{.+}}, %{{.+}} : tensor<4x4xf32>
func.func @kept(%x: tensor<4x8xf32>, %r: tensor<4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x8xf32>) {
  %w = graph.weight "weights"::"w" : tensor<4x8xf32>
  %u = graph.weight "weights"::"u" : tensor<4x8xf32>
  %v = graph.weight "weights"::"v" : tensor<4x8xf32>
  %s = graph.weight "weights"::"s" : tensor<4x1xf32>
  %t = graph.weight "weights"::"t" : tensor<4xf32>
  %0 = graph.contract %x, %w maps [#a, #b, #c] : tensor<4x8xf32>, tensor<4x8xf32> to tensor<4x4xf32>
  %1 = graph.broadcast %s sizes [4, 4] : tensor<4x1xf32> to tensor<4x4xf32>
  %2 = arith.mulf %0, %1 : tensor<4x4xf32>
  %3 = graph.contract %x, %u maps [#a, #b, #c] : tensor<4x8xf32>, tensor<4x8xf32> to tensor<4x4xf32>
  %4 = graph.broadcast %r sizes [4, 4] : tensor<4xf32> to tensor<4x4xf32>
  %5 = arith.mulf %3, %4 : tensor<4x4xf32>
  %6 = graph.contract %x, %v maps [#a, #b, #c] : tensor<4x8xf32>, tensor<4x8xf32> to tensor<4x4xf32>
  %7 = graph.broadcast %t sizes [4, 4] : tensor<4xf32> to tensor<4x4xf32>
  %8 = arith.mulf %6, %7 : tensor<4x4xf32>
  return %2, %5, %8, %v : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x8xf32>
}
