// RUN: raddle-opt %s --graph-resolve-dims | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK:         %[[C:.+]] = arith.constant 0 : index
// CHECK:         %[[N:.+]] = tensor.dim %arg0, %[[C]]
// CHECK:         return %[[N]]
func.func @main(%x: tensor<?x4xf32>) -> index {
  %c1 = arith.constant 1 : index
  %0 = graph.transpose %x [1, 0] : tensor<?x4xf32> to tensor<4x?xf32>
  %1 = math.exp %0 : tensor<4x?xf32>
  %n = tensor.dim %1, %c1 : tensor<4x?xf32>
  return %n : index
}
