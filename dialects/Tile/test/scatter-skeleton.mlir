// RUN: raddle-opt %s --graph-lower-to-tile | FileCheck %s

// Replace: the last of several updates of an element is found by a maximum.
// CHECK-LABEL: func.func @k0_scatter_elements_copy
// CHECK: tile.store %{{.*}} : tensor<128xf32
// CHECK: tile.store %{{.*}} : tensor<128xi32
// CHECK-LABEL: func.func @k0_scatter_elements_slots
// CHECK: tile.atomic "max"
// CHECK-LABEL: func.func @k0_scatter_elements(
// CHECK-NOT: scf.for
// CHECK: arith.cmpi eq
// CHECK: tile.store %{{.*}} : tensor<128xf32
func.func @main(%x: tensor<3x40xf32> {graph.name = "x", graph.type = "f32", graph.shape = [3, 40]},
                %i: tensor<3x5xi64> {graph.name = "i", graph.type = "i64", graph.shape = [3, 5]},
                %u: tensor<3x5xf32> {graph.name = "u", graph.type = "f32", graph.shape = [3, 5]})
    -> (tensor<3x40xf32> {graph.name = "y", graph.type = "f32"}, tensor<3x40xf32> {graph.name = "z", graph.type = "f32"}) {
  %y = graph.group (%x, %i, %u : tensor<3x40xf32>, tensor<3x5xi64>, tensor<3x5xf32>) scalars ()
      attributes {skeleton = "scatter"} {
  ^bb0(%a: tensor<3x40xf32>, %b: tensor<3x5xi64>, %c: tensor<3x5xf32>):
    %0 = graph.scatter_elements replace %a[%b] updates %c axis = 1 : tensor<3x40xf32>, tensor<3x5xi64>, tensor<3x5xf32> to tensor<3x40xf32>
    graph.yield %0 : tensor<3x40xf32>
  } : tensor<3x40xf32>
  %z = graph.group (%x, %i, %u : tensor<3x40xf32>, tensor<3x5xi64>, tensor<3x5xf32>) scalars ()
      attributes {skeleton = "scatter"} {
  ^bb0(%a: tensor<3x40xf32>, %b: tensor<3x5xi64>, %c: tensor<3x5xf32>):
    %0 = graph.scatter_elements add %a[%b] updates %c axis = 1 : tensor<3x40xf32>, tensor<3x5xi64>, tensor<3x5xf32> to tensor<3x40xf32>
    graph.yield %0 : tensor<3x40xf32>
  } : tensor<3x40xf32>
  return %y, %z : tensor<3x40xf32>, tensor<3x40xf32>
}

// RUN: raddle-opt %s --graph-lower-to-tile | FileCheck %s --check-prefix=SUM

// Other kinds: the first update of an element adds all of them in order.
// SUM-LABEL: func.func @k1_scatter_elements(
// SUM: %[[SUM:.*]]:2 = scf.for %{{.*}} iter_args
// SUM: arith.addf
// SUM: arith.ori
// SUM: tile.store %[[SUM]]#0
