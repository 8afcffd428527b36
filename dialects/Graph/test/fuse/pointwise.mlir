// RUN: raddle-opt %s --split-input-file --graph-fuse --graph-verify-groups | FileCheck %s

// One pass for two results of one shape.
// CHECK-LABEL: func.func @two
// CHECK:         %[[G:.+]]:2 = graph.group (%{{.+}} : tensor<4x8xf32>) scalars ()
// CHECK-SAME:        skeleton = "pointwise"
// CHECK:         return %[[G]]#
func.func @two(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %0 = math.exp %x : tensor<4x8xf32>
  %1 = math.tanh %x : tensor<4x8xf32>
  return %0, %1 : tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

// Host scalars become arguments of the kernel, reads of the host stay outside.
// CHECK-LABEL: func.func @host
// CHECK:         %[[N:.+]] = tensor.extract
// CHECK:         graph.group () scalars (%[[N]] : i64)
// CHECK:           graph.splat
// CHECK:           graph.concat
func.func @host(%x: tensor<2xi64>) -> tensor<2xi64> {
  %c0 = arith.constant 0 : index
  %n = tensor.extract %x[%c0] : tensor<2xi64>
  %0 = tensor.from_elements %n, %n : tensor<2xi64>
  %1 = arith.addi %0, %0 : tensor<2xi64>
  return %1 : tensor<2xi64>
}

// -----

// A value read by the host is stored first.
// CHECK-LABEL: func.func @read
// CHECK:         %[[G:.+]] = graph.group
// CHECK:         %[[N:.+]] = tensor.extract %[[G]]
// CHECK:         graph.group ({{.+}}) scalars (%[[N]] : i64)
func.func @read(%x: tensor<2xi64>) -> tensor<2xi64> {
  %c0 = arith.constant 0 : index
  %0 = arith.muli %x, %x : tensor<2xi64>
  %n = tensor.extract %0[%c0] : tensor<2xi64>
  %1 = graph.splat %n : i64 to tensor<i64>
  %2 = graph.broadcast %1 sizes [2] : tensor<i64> to tensor<2xi64>
  %3 = arith.addi %0, %2 : tensor<2xi64>
  return %3 : tensor<2xi64>
}

// -----

// Loops are planned by themselves; views of outer weights are copied inside.
// CHECK-LABEL: func.func @loop
// CHECK:         %[[W:.+]] = graph.weight
// CHECK-NOT:     graph.group
// CHECK:         scf.for
// CHECK:           graph.group (%[[W]], %{{.+}} :
// CHECK:             graph.transpose
// CHECK:             graph.contract
func.func @loop(%x: tensor<4x4xf32>, %n: index) -> tensor<4x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %w = graph.weight "weights"::"w" : tensor<4x4xf32>
  %wt = graph.transpose %w [1, 0] : tensor<4x4xf32> to tensor<4x4xf32>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%s = %x) -> tensor<4x4xf32> {
    %0 = graph.contract %s, %wt maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
        : tensor<4x4xf32>, tensor<4x4xf32> to tensor<4x4xf32>
    %1 = math.tanh %0 : tensor<4x4xf32>
    scf.yield %1 : tensor<4x4xf32>
  }
  return %r : tensor<4x4xf32>
}
