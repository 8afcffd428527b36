// RUN: raddle-opt %s --graph-lower-to-tile | FileCheck %s

// The products of the inputs of all steps are one kernel, the steps another:
// one block per direction and sequence, with a barrier per step.
// CHECK-LABEL: func.func @k0_gru_input
// CHECK: %[[X:.*]]:3 = scf.for
// CHECK-COUNT-3: math.fma
// CHECK-COUNT-3: tile.reduce 1
// CHECK-LABEL: func.func @k0_gru(
// CHECK: tile.barrier
// CHECK: scf.for
// CHECK: %[[H:.*]]:3 = scf.for
// CHECK-COUNT-3: math.fma
// CHECK: math.tanh
// CHECK: tile.barrier
// CHECK-LABEL: func.func @main
// CHECK: plan.launch @k0_gru::@k0_gru_input
// CHECK: plan.launch @k0_gru::@k0_gru
func.func @main(%x: tensor<9x2x3xf32> {graph.name = "x", graph.type = "f32", graph.shape = [9, 2, 3]},
                %w: tensor<2x15x3xf32> {graph.name = "w", graph.type = "f32", graph.shape = [2, 15, 3]},
                %r: tensor<2x15x5xf32> {graph.name = "r", graph.type = "f32", graph.shape = [2, 15, 5]})
    -> (tensor<9x2x2x5xf32> {graph.name = "y", graph.type = "f32"}) {
  %y = graph.group (%x, %w, %r : tensor<9x2x3xf32>, tensor<2x15x3xf32>, tensor<2x15x5xf32>) scalars ()
      attributes {skeleton = "recurrence"} {
  ^bb0(%a: tensor<9x2x3xf32>, %b: tensor<2x15x3xf32>, %c: tensor<2x15x5xf32>):
    %0, %1 = graph.gru %a, %b, %c hidden = 5 direction = bidirectional {linear_before_reset}
        : (tensor<9x2x3xf32>, tensor<2x15x3xf32>, tensor<2x15x5xf32>) -> (tensor<9x2x2x5xf32>, tensor<2x2x5xf32>)
    graph.yield %0 : tensor<9x2x2x5xf32>
  } : tensor<9x2x2x5xf32>
  return %y : tensor<9x2x2x5xf32>
}
