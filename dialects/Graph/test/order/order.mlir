// RUN: raddle-opt %s --graph-order | FileCheck %s

// One chain is finished before the other one is begun: two large tensors are
// never live together.
// CHECK-LABEL: func.func @chains
// CHECK:         %[[A:.+]] = graph.group (%arg0
// CHECK:         %[[AS:.+]] = graph.group (%[[A]]
// CHECK:         %[[B:.+]] = graph.group (%arg1
// CHECK:         %[[BS:.+]] = graph.group (%[[B]]
// CHECK:         return %[[AS]], %[[BS]]
func.func @chains(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %a = graph.group (%x : tensor<4xf32>) scalars () attributes {skeleton = "pointwise"} {
  ^bb0(%i: tensor<4xf32>):
    %0 = graph.broadcast %i sizes [1024, 4] : tensor<4xf32> to tensor<1024x4xf32>
    graph.yield %0 : tensor<1024x4xf32>
  } : tensor<1024x4xf32>
  %b = graph.group (%y : tensor<4xf32>) scalars () attributes {skeleton = "pointwise"} {
  ^bb0(%i: tensor<4xf32>):
    %0 = graph.broadcast %i sizes [1024, 4] : tensor<4xf32> to tensor<1024x4xf32>
    graph.yield %0 : tensor<1024x4xf32>
  } : tensor<1024x4xf32>
  %c = graph.group (%a : tensor<1024x4xf32>) scalars () attributes {skeleton = "reduction"} {
  ^bb0(%i: tensor<1024x4xf32>):
    %0 = graph.reduce add %i dims = [0] : tensor<1024x4xf32> to tensor<4xf32>
    graph.yield %0 : tensor<4xf32>
  } : tensor<4xf32>
  %d = graph.group (%b : tensor<1024x4xf32>) scalars () attributes {skeleton = "reduction"} {
  ^bb0(%i: tensor<1024x4xf32>):
    %0 = graph.reduce add %i dims = [0] : tensor<1024x4xf32> to tensor<4xf32>
    graph.yield %0 : tensor<4xf32>
  } : tensor<4xf32>
  return %c, %d : tensor<4xf32>, tensor<4xf32>
}
