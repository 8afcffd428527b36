// RUN: raddle-opt %s --graph-lower-to-tile | FileCheck %s

// Few long rows: each thread combines a segment, reads what the others found,
// and walks its segment again.
// CHECK-LABEL: func.func @k0_cumulative
// CHECK: %[[SUMS:.*]] = scf.for
// CHECK: tile.store %[[SUMS]]
// CHECK: tile.barrier
// CHECK: tile.reduce 1
// CHECK: %[[START:.*]] = tile.convert
// CHECK: scf.for {{.*}} = %[[START]]
// CHECK: math.absf
// CHECK: tile.store
func.func @main(%x: tensor<2x640xf32> {graph.name = "x", graph.type = "f32", graph.shape = [2, 640]})
    -> (tensor<2x640xf32> {graph.name = "y", graph.type = "f32"}) {
  %y = graph.group (%x : tensor<2x640xf32>) scalars () attributes {skeleton = "scan"} {
  ^bb0(%a: tensor<2x640xf32>):
    %0 = graph.cumulative add %a axis = 1 exclusive reverse : tensor<2x640xf32> to tensor<2x640xf32>
    %1 = math.absf %0 : tensor<2x640xf32>
    graph.yield %1 : tensor<2x640xf32>
  } : tensor<2x640xf32>
  return %y : tensor<2x640xf32>
}

// RUN: raddle-opt %s --graph-lower-to-tile | FileCheck %s --check-prefix=HOST
// A block per row, with 64 numbers of scratch each.
// HOST-LABEL: func.func @main
// HOST: %[[BYTES:.*]] = arith.constant 512
// HOST: plan.alloc %[[BYTES]]
// HOST: plan.launch @k0_cumulative
