// RUN: raddle-opt %s --graph-fuse --graph-verify-groups | FileCheck %s
// RUN: raddle-opt %s --graph-fuse=fuse=none --graph-verify-groups | FileCheck %s --check-prefix=NONE
// RUN: raddle-opt %s --graph-fuse=dump-plan=%t.json -o %t.mlir
// RUN: raddle-opt %s --graph-fuse=plan=%t.json | diff - %t.mlir
// RUN: FileCheck %s --check-prefix=PLAN < %t.json

#a = affine_map<(b, m, n, k) -> (b, m, k)>
#b = affine_map<(b, m, n, k) -> (k, n)>
#c = affine_map<(b, m, n, k) -> (b, m, n)>

// A product with bias, gelu and a residual is one kernel; the weight is read
// through its transpose.
// CHECK-LABEL: func.func @main
// CHECK:         %[[W:.+]] = graph.weight
// CHECK:         %[[D:.+]] = tensor.dim
// CHECK:         %[[Y:.+]] = graph.group (%[[W]], {{[^:]*}} :
// CHECK-SAME:        scalars (%[[D]] : index)
// CHECK-SAME:        nodes = ["fc", "act", "add"]
// CHECK-SAME:        skeleton = "contraction"
// CHECK:           graph.transpose
// CHECK:           graph.contract
// CHECK:           math.erf
// CHECK:           graph.yield
// CHECK-NOT:     graph.group
// CHECK:         return %[[Y]]
// NONE-COUNT-9: graph.group
// PLAN: "main": {
// PLAN: "root": "{{[0-9]+}}:graph.contract"
// PLAN: "skeleton": "contraction"
// PLAN: "yields": [
func.func @main(%x: tensor<1x?x8xf32>, %r: tensor<1x?x4xf32>, %bias: tensor<4xf32>) -> tensor<1x?x4xf32> {
  %c1 = arith.constant 1 : index
  %half = arith.constant dense<5.0e-01> : tensor<f32>
  %w = graph.weight "weights"::"fc" : tensor<4x8xf32>
  %n = tensor.dim %x, %c1 : tensor<1x?x8xf32>
  %wt = graph.transpose %w [1, 0] : tensor<4x8xf32> to tensor<8x4xf32>
  %0 = graph.contract %x, %wt maps [#a, #b, #c] : tensor<1x?x8xf32>, tensor<8x4xf32> to tensor<1x?x4xf32> loc("fc")
  %1 = graph.broadcast %bias sizes [1, %n, 4] : tensor<4xf32> to tensor<1x?x4xf32>
  %2 = arith.addf %0, %1 : tensor<1x?x4xf32> loc("fc")
  %3 = math.erf %2 : tensor<1x?x4xf32> loc("act")
  %4 = graph.broadcast %half sizes [1, %n, 4] : tensor<f32> to tensor<1x?x4xf32>
  %5 = arith.mulf %3, %4 : tensor<1x?x4xf32> loc("act")
  %6 = arith.mulf %2, %5 : tensor<1x?x4xf32> loc("act")
  %7 = arith.addf %6, %r : tensor<1x?x4xf32> loc("add")
  return %7 : tensor<1x?x4xf32>
}
