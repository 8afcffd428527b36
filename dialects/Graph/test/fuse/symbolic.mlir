// Sizes that are equal, but not the same value, are seen to be.
//
// RUN: raddle-opt %s --graph-fuse --graph-verify-groups --split-input-file | FileCheck %s

// min(n, m) and min(m, n): one pass over both.
// CHECK-LABEL: @minimum
// CHECK-COUNT-1: graph.group
// CHECK-NOT:     graph.group
// CHECK:         return
func.func @minimum(%x: tensor<?xf32> {graph.shape = ["x"]}, %n: index, %m: index) -> (tensor<?xf32>, tensor<?xf32>) {
  %a = arith.minsi %n, %m : index
  %b = arith.minsi %m, %n : index
  %0 = graph.slice %x offsets [0] sizes [%a] strides [1] : tensor<?xf32> to tensor<?xf32>
  %1 = graph.slice %x offsets [0] sizes [%b] strides [1] : tensor<?xf32> to tensor<?xf32>
  %2 = math.exp %0 : tensor<?xf32>
  %3 = math.tanh %1 : tensor<?xf32>
  return %2, %3 : tensor<?xf32>, tensor<?xf32>
}

// -----

// The rows of a concat, and a sum of sizes; a product of named dims, and a size
// computed from them.
// CHECK-LABEL: @sums
// CHECK-COUNT-1: graph.group
// CHECK-NOT:     graph.group
// CHECK:         return
func.func @sums(%x: tensor<?x?xf32> {graph.shape = ["batch", "length"]},
                %y: tensor<?x?xf32> {graph.shape = ["more", "length"]}) -> (tensor<?xf32>, tensor<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %x, %c0 : tensor<?x?xf32>
  %m = tensor.dim %y, %c0 : tensor<?x?xf32>
  %l = tensor.dim %y, %c1 : tensor<?x?xf32>
  %k = tensor.dim %x, %c1 : tensor<?x?xf32>
  %rows = arith.addi %m, %b : index
  %all = arith.muli %rows, %l : index
  %first = arith.muli %b, %k : index
  %second = arith.muli %m, %k : index
  %sum = arith.addi %first, %second : index
  %c = graph.concat axis = 0 (%x, %y) : (tensor<?x?xf32>, tensor<?x?xf32>) to tensor<?x?xf32>
  %0 = graph.reshape %c sizes [%all] : tensor<?x?xf32> to tensor<?xf32>
  %1 = graph.reshape %c sizes [%sum] : tensor<?x?xf32> to tensor<?xf32>
  %2 = math.exp %0 : tensor<?xf32>
  %3 = math.tanh %1 : tensor<?xf32>
  return %2, %3 : tensor<?xf32>, tensor<?xf32>
}
