// RUN: raddle-opt %s --graph-merge-contractions --canonicalize | FileCheck %s

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: func.func @qkv
// CHECK-DAG:     %[[W:.+]] = graph.weight "weights"::"wq+wk" {axis = 1 : i64, part_sizes = array<i64: 4, 4>, parts = ["wq", "wk"]} : tensor<8x8xf32>
// CHECK-DAG:     %[[B:.+]] = arith.constant dense<[1.000000e+00, 1.000000e+00, 1.000000e+00, 1.000000e+00, 2.000000e+00, 2.000000e+00, 2.000000e+00, 2.000000e+00]>
// CHECK:         %[[Y:.+]] = graph.contract %arg0, %[[W]]
// CHECK:         %[[S:.+]] = arith.addf %[[Y]]
// CHECK:         graph.slice %[[S]] offsets [0, 0] sizes [%{{.+}}, 4]
// CHECK:         graph.slice %[[S]] offsets [0, 4] sizes [%{{.+}}, 4]
func.func @qkv(%x: tensor<?x8xf32>, %n: index) -> (tensor<4x?xf32>, tensor<4x?xf32>) {
  %wq = graph.weight "weights"::"wq" : tensor<8x4xf32>
  %wk = graph.weight "weights"::"wk" : tensor<8x4xf32>
  %bq = arith.constant dense<1.0> : tensor<4xf32>
  %bk = arith.constant dense<2.0> : tensor<4xf32>
  %q0 = graph.contract %x, %wq maps [#a, #b, #c] : tensor<?x8xf32>, tensor<8x4xf32> to tensor<?x4xf32>
  %k0 = graph.contract %x, %wk maps [#a, #b, #c] : tensor<?x8xf32>, tensor<8x4xf32> to tensor<?x4xf32>
  %q1 = graph.broadcast %bq sizes [%n, 4] : tensor<4xf32> to tensor<?x4xf32>
  %k1 = graph.broadcast %bk sizes [%n, 4] : tensor<4xf32> to tensor<?x4xf32>
  %q2 = arith.addf %q0, %q1 : tensor<?x4xf32>
  %k2 = arith.addf %k0, %k1 : tensor<?x4xf32>
  %q3 = graph.transpose %q2 [1, 0] : tensor<?x4xf32> to tensor<4x?xf32>
  %k3 = graph.transpose %k2 [1, 0] : tensor<?x4xf32> to tensor<4x?xf32>
  return %q3, %k3 : tensor<4x?xf32>, tensor<4x?xf32>
}

// Encoded weights are joined by components.
// CHECK-LABEL: func.func @encoded
// CHECK-DAG:     %[[C:.+]] = graph.weight "weights"::"cq+ck" {axis = 1 : i64
// CHECK-DAG:     %[[S:.+]] = graph.weight "weights"::"sq+sk" {axis = 0 : i64
// CHECK:         graph.assemble %[[C]], %[[S]] : (tensor<8x8xi8>, tensor<8xf32>)
func.func @encoded(%x: tensor<9x8xf32>) -> (tensor<4x9xf32>, tensor<4x9xf32>) {
  %cq = graph.weight "weights"::"cq" : tensor<8x4xi8>
  %ck = graph.weight "weights"::"ck" : tensor<8x4xi8>
  %sq = graph.weight "weights"::"sq" : tensor<4xf32>
  %sk = graph.weight "weights"::"sk" : tensor<4xf32>
  %eq = graph.assemble %cq, %sq : (tensor<8x4xi8>, tensor<4xf32>) to tensor<8x4xf32, #graph.int<bits = 8, scale = f32, axis = 1>>
  %ek = graph.assemble %ck, %sk : (tensor<8x4xi8>, tensor<4xf32>) to tensor<8x4xf32, #graph.int<bits = 8, scale = f32, axis = 1>>
  %wq = graph.decode %eq : tensor<8x4xf32, #graph.int<bits = 8, scale = f32, axis = 1>> to tensor<8x4xf32>
  %wk = graph.decode %ek : tensor<8x4xf32, #graph.int<bits = 8, scale = f32, axis = 1>> to tensor<8x4xf32>
  %q = graph.contract %x, %wq maps [#a, #b, #c] : tensor<9x8xf32>, tensor<8x4xf32> to tensor<9x4xf32>
  %k = graph.contract %x, %wk maps [#a, #b, #c] : tensor<9x8xf32>, tensor<8x4xf32> to tensor<9x4xf32>
  %qt = graph.transpose %q [1, 0] : tensor<9x4xf32> to tensor<4x9xf32>
  %kt = graph.transpose %k [1, 0] : tensor<9x4xf32> to tensor<4x9xf32>
  return %qt, %kt : tensor<4x9xf32>, tensor<4x9xf32>
}

// A gate keeps its activation in the product's kernel.
// CHECK-LABEL: func.func @gate
// CHECK-COUNT-2: graph.contract
func.func @gate(%x: tensor<9x8xf32>) -> tensor<9x4xf32> {
  %wg = graph.weight "weights"::"wg" : tensor<8x4xf32>
  %wu = graph.weight "weights"::"wu" : tensor<8x4xf32>
  %g = graph.contract %x, %wg maps [#a, #b, #c] : tensor<9x8xf32>, tensor<8x4xf32> to tensor<9x4xf32>
  %u = graph.contract %x, %wu maps [#a, #b, #c] : tensor<9x8xf32>, tensor<8x4xf32> to tensor<9x4xf32>
  %t = math.tanh %g : tensor<9x4xf32>
  %y = arith.mulf %t, %u : tensor<9x4xf32>
  return %y : tensor<9x4xf32>
}
