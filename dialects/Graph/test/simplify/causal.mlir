// RUN: raddle-opt %s --graph-simplify --split-input-file | FileCheck %s

// A stored triangle, sliced; the square need not be known to be one.
// CHECK-LABEL: @triangle
// CHECK-NEXT:    graph.attention %arg0, %arg1, %arg2 scale = 1.000000e+00 {causal}
// CHECK-NEXT:    return
func.func @triangle(%q: tensor<1x2x3x8xf32>, %k: tensor<1x2x3x8xf32>, %v: tensor<1x2x3x8xf32>) -> tensor<1x2x3x8xf32> {
  %c = arith.constant dense<[[true, false, false, false], [true, true, false, false], [true, true, true, false], [true, true, true, true]]> : tensor<4x4xi1>
  %s = graph.slice %c offsets [0, 0] sizes [3, 3] strides [1, 1] : tensor<4x4xi1> to tensor<3x3xi1>
  %zero = arith.constant dense<0.0> : tensor<1x1x3x3xf32>
  %low = arith.constant dense<-3.40282347E+38> : tensor<1x1x3x3xf32>
  %b = graph.reshape %s sizes [1, 1, 3, 3] : tensor<3x3xi1> to tensor<1x1x3x3xi1>
  %m = arith.select %b, %zero, %low : tensor<1x1x3x3xi1>, tensor<1x1x3x3xf32>
  %y = graph.attention %q, %k, %v mask %m scale = 1.0
      : tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>, tensor<1x1x3x3xf32> to tensor<1x2x3x8xf32>
  return %y : tensor<1x2x3x8xf32>
}

// -----

// Queries are the last of the keys: the triangle of the first keys is another.
// CHECK-LABEL: @first_keys
// CHECK:         graph.attention {{.*}} mask %{{.+}} scale = 1.000000e+00 :
func.func @first_keys(%q: tensor<1x2x3x8xf32>, %k: tensor<1x2x5x8xf32>, %v: tensor<1x2x5x8xf32>) -> tensor<1x2x3x8xf32> {
  %row = graph.iota axis = 2 sizes [1, 1, 3, 5] : tensor<1x1x3x5xi64>
  %column = graph.iota axis = 3 sizes [1, 1, 3, 5] : tensor<1x1x3x5xi64>
  %b = arith.cmpi sle, %column, %row : tensor<1x1x3x5xi64>
  %zero = arith.constant dense<0.0> : tensor<1x1x3x5xf32>
  %low = arith.constant dense<0xFF800000> : tensor<1x1x3x5xf32>
  %m = arith.select %b, %zero, %low : tensor<1x1x3x5xi1>, tensor<1x1x3x5xf32>
  %y = graph.attention %q, %k, %v mask %m scale = 1.0
      : tensor<1x2x3x8xf32>, tensor<1x2x5x8xf32>, tensor<1x2x5x8xf32>, tensor<1x1x3x5xf32> to tensor<1x2x3x8xf32>
  return %y : tensor<1x2x3x8xf32>
}

// -----

// Shifted by the difference of the lengths it is causal; a second condition
// stays when the fill is minus infinity.
// CHECK-LABEL: @shifted
// CHECK:         %[[M:.+]] = arith.select %arg3, %{{.+}}, %{{.+}} : tensor<1x1x3x5xi1>, tensor<1x1x3x5xf32>
// CHECK:         graph.attention {{.*}} mask %[[M]] scale = 1.000000e+00 {causal}
func.func @shifted(%q: tensor<1x2x3x8xf32>, %k: tensor<1x2x5x8xf32>, %v: tensor<1x2x5x8xf32>, %p: tensor<1x1x3x5xi1>) -> tensor<1x2x3x8xf32> {
  %row = graph.iota axis = 2 sizes [1, 1, 3, 5] : tensor<1x1x3x5xi64>
  %column = graph.iota axis = 3 sizes [1, 1, 3, 5] : tensor<1x1x3x5xi64>
  %three = arith.constant dense<3> : tensor<1x1x3x5xi64>
  %shift = arith.addi %row, %three : tensor<1x1x3x5xi64>
  %b = arith.cmpi sgt, %shift, %column : tensor<1x1x3x5xi64>
  %both = arith.andi %p, %b : tensor<1x1x3x5xi1>
  %zero = arith.constant dense<0.0> : tensor<1x1x3x5xf32>
  %low = arith.constant dense<0xFF800000> : tensor<1x1x3x5xf32>
  %m = arith.select %both, %zero, %low : tensor<1x1x3x5xi1>, tensor<1x1x3x5xf32>
  %y = graph.attention %q, %k, %v mask %m scale = 1.0
      : tensor<1x2x3x8xf32>, tensor<1x2x5x8xf32>, tensor<1x2x5x8xf32>, tensor<1x1x3x5xf32> to tensor<1x2x3x8xf32>
  return %y : tensor<1x2x3x8xf32>
}

// -----

// With a finite fill a row without any key averages over all of them, also
// those that causality hides: the mask stays.
// CHECK-LABEL: @finite
// CHECK:         graph.attention {{.*}} mask %{{.+}} scale = 1.000000e+00 :
func.func @finite(%q: tensor<1x2x5x8xf32>, %k: tensor<1x2x5x8xf32>, %v: tensor<1x2x5x8xf32>, %p: tensor<1x1x5x5xi1>) -> tensor<1x2x5x8xf32> {
  %row = graph.iota axis = 2 sizes [1, 1, 5, 5] : tensor<1x1x5x5xi64>
  %column = graph.iota axis = 3 sizes [1, 1, 5, 5] : tensor<1x1x5x5xi64>
  %b = arith.cmpi sle, %column, %row : tensor<1x1x5x5xi64>
  %both = arith.andi %b, %p : tensor<1x1x5x5xi1>
  %zero = arith.constant dense<0.0> : tensor<1x1x5x5xf32>
  %low = arith.constant dense<-3.40282347E+38> : tensor<1x1x5x5xf32>
  %m = arith.select %both, %zero, %low : tensor<1x1x5x5xi1>, tensor<1x1x5x5xf32>
  %y = graph.attention %q, %k, %v mask %m scale = 1.0
      : tensor<1x2x5x8xf32>, tensor<1x2x5x8xf32>, tensor<1x2x5x8xf32>, tensor<1x1x5x5xf32> to tensor<1x2x5x8xf32>
  return %y : tensor<1x2x5x8xf32>
}

// -----

// Key heads that were repeated, behind a transpose; one head for all.
// CHECK-LABEL: @one_head
// CHECK-DAG:     %[[K:.+]] = graph.reshape %arg1 sizes [2, 1, 7, 8]
// CHECK-DAG:     %[[V:.+]] = graph.reshape %arg2 sizes [2, 1, 7, 8]
// CHECK:         graph.attention %arg0, %[[K]], %[[V]] scale
// CHECK-NOT:     graph.broadcast
func.func @one_head(%q: tensor<2x4x7x8xf32>, %k: tensor<2x7x8xf32>, %v: tensor<2x7x8xf32>) -> tensor<2x4x7x8xf32> {
  %k0 = graph.reshape %k sizes [2, 1, 7, 8] : tensor<2x7x8xf32> to tensor<2x1x7x8xf32>
  %k1 = graph.broadcast %k0 sizes [2, 4, 7, 8] : tensor<2x1x7x8xf32> to tensor<2x4x7x8xf32>
  %v0 = graph.reshape %v sizes [2, 1, 1, 7, 8] : tensor<2x7x8xf32> to tensor<2x1x1x7x8xf32>
  %v1 = graph.broadcast %v0 sizes [2, 1, 4, 7, 8] : tensor<2x1x1x7x8xf32> to tensor<2x1x4x7x8xf32>
  %v2 = graph.reshape %v1 sizes [2, 4, 7, 8] : tensor<2x1x4x7x8xf32> to tensor<2x4x7x8xf32>
  %y = graph.attention %q, %k1, %v2 scale = 1.0
      : tensor<2x4x7x8xf32>, tensor<2x4x7x8xf32>, tensor<2x4x7x8xf32> to tensor<2x4x7x8xf32>
  return %y : tensor<2x4x7x8xf32>
}

// -----

#q = affine_map<(h, m, n, k) -> (h, m, k)>
#k = affine_map<(h, m, n, k) -> (h, n, k)>
#p = affine_map<(h, m, n, k) -> (h, m, n)>
#v = affine_map<(h, m, n, k) -> (h, k, n)>

// Heads that no kernel holds stay products.
// CHECK-LABEL: @long_heads
// CHECK-NOT:     graph.attention
func.func @long_heads(%q: tensor<2x9x320xf32>, %k: tensor<2x7x320xf32>, %v: tensor<2x7x16xf32>) -> tensor<2x9x16xf32> {
  %0 = graph.contract %q, %k maps [#q, #k, #p] : tensor<2x9x320xf32>, tensor<2x7x320xf32> to tensor<2x9x7xf32>
  %1 = graph.softmax %0 axis = 2 : tensor<2x9x7xf32> to tensor<2x9x7xf32>
  %2 = graph.contract %1, %v maps [#q, #v, #p] : tensor<2x9x7xf32>, tensor<2x7x16xf32> to tensor<2x9x16xf32>
  return %2 : tensor<2x9x16xf32>
}
