// RUN: raddle-opt %s --graph-expand-encode | FileCheck %s

// CHECK-LABEL: @given
// CHECK-SAME: %[[X:.*]]: tensor<?x64xf32>, %[[S:.*]]: tensor<f32>
func.func @given(%x: tensor<?x64xf32>, %s: tensor<f32>) -> tensor<?x64xf32> {
  // CHECK-NOT: graph.reduce
  // CHECK: arith.divf %[[X]]
  // CHECK: math.roundeven
  // CHECK: %[[C:.*]] = arith.trunci
  // CHECK: graph.assemble %[[C]], %[[S]] : (tensor<?x64xi8>, tensor<f32>)
  %0 = graph.encode %x with ["scales"](%s : tensor<f32>)
      : tensor<?x64xf32> to tensor<?x64xf32, #graph.int<bits = 8, scale = f32>>
  %1 = graph.decode %0 : tensor<?x64xf32, #graph.int<bits = 8, scale = f32>> to tensor<?x64xf32>
  return %1 : tensor<?x64xf32>
}

// CHECK-LABEL: @computed
func.func @computed(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  // CHECK: graph.reduce min %{{.*}} dims = [1] : tensor<?x64xf32> to tensor<?xf32>
  // CHECK: graph.reduce max %{{.*}} dims = [1] : tensor<?x64xf32> to tensor<?xf32>
  // CHECK-NOT: graph.encode
  %0 = graph.encode %x : tensor<?x64xf32> to tensor<?x64xf32, #graph.int<bits = 8, scale = f32, axis = 0>>
  %1 = graph.decode %0 : tensor<?x64xf32, #graph.int<bits = 8, scale = f32, axis = 0>> to tensor<?x64xf32>
  return %1 : tensor<?x64xf32>
}
