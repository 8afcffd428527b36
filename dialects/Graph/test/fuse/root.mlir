// The root of a group follows from what is in it, so that passes in between
// may merge and remove operations of its body.
//
// RUN: raddle-opt %s --canonicalize --cse --graph-verify-groups | FileCheck %s

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: @merged
// CHECK:         skeleton = "contraction"
// CHECK-NEXT:  ^bb0
// CHECK-NEXT:    math.exp
// CHECK-NEXT:    graph.contract
// CHECK-NEXT:    graph.yield
func.func @merged(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = graph.group (%x : tensor<4x4xf32>) scalars () attributes {skeleton = "contraction"} {
  ^bb0(%y: tensor<4x4xf32>):
    %1 = math.exp %y : tensor<4x4xf32>
    %2 = math.exp %y : tensor<4x4xf32>
    %3 = math.tanh %y : tensor<4x4xf32>
    %4 = graph.contract %1, %2 maps [#a, #b, #c] : tensor<4x4xf32>, tensor<4x4xf32> to tensor<4x4xf32>
    graph.yield %4 : tensor<4x4xf32>
  } : tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}

// A sum over one element is no sum: the group has no root left.
// CHECK-LABEL: @no_root
// CHECK:         skeleton = "pointwise"
// CHECK-NOT:     graph.reduce
func.func @no_root(%x: tensor<4x1xf32>) -> tensor<4xf32> {
  %0 = graph.group (%x : tensor<4x1xf32>) scalars () attributes {skeleton = "reduction"} {
  ^bb0(%y: tensor<4x1xf32>):
    %1 = graph.reduce add %y dims = [1] : tensor<4x1xf32> to tensor<4xf32>
    %2 = math.exp %1 : tensor<4xf32>
    graph.yield %2 : tensor<4xf32>
  } : tensor<4xf32>
  return %0 : tensor<4xf32>
}
