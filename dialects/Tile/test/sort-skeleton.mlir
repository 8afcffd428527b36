// RUN: raddle-opt %s --graph-lower-to-tile | FileCheck %s

// Keys first, then each element counts those before it and stores itself
// where it is among the first two.
// CHECK-LABEL: func.func @k0_sort_keys
// CHECK: %[[X:.*]] = tile.load %{{.*}} mask
// CHECK: arith.cmpf uno
// CHECK: arith.bitcast %{{.*}} to tensor<128xi32
// CHECK: tile.store
// CHECK-LABEL: func.func @k0_sort(
// CHECK: %[[OWN:.*]] = tile.load
// CHECK: %[[COUNTS:.*]] = scf.for
// CHECK: arith.cmpi slt
// CHECK: arith.cmpi eq
// CHECK: tile.reduce 1(%[[COUNTS]])
// CHECK: tile.store %{{.*}} : tensor<128x1xf32
// CHECK: tile.store %{{.*}} : tensor<128x1xi64
// CHECK-LABEL: func.func @main
// 120 keys of 4 bytes.
// CHECK: %[[BYTES:.*]] = arith.constant 480
// CHECK: plan.alloc %[[BYTES]]
// CHECK: plan.launch @k0_sort::@k0_sort_keys
// CHECK: plan.launch @k0_sort::@k0_sort
func.func @main(%x: tensor<3x40xf32> {graph.name = "x", graph.type = "f32", graph.shape = [3, 40]})
    -> (tensor<3x2xf32> {graph.name = "v", graph.type = "f32"}, tensor<3x2xi64> {graph.name = "i", graph.type = "i64"}) {
  %v, %i = graph.group (%x : tensor<3x40xf32>) scalars () attributes {skeleton = "sort"} {
  ^bb0(%a: tensor<3x40xf32>):
    %k = arith.constant 2 : index
    %0, %1 = graph.sort %a k = %k axis = 1 descending : tensor<3x40xf32> to tensor<3x2xf32>, tensor<3x2xi64>
    graph.yield %0, %1 : tensor<3x2xf32>, tensor<3x2xi64>
  } : tensor<3x2xf32>, tensor<3x2xi64>
  return %v, %i : tensor<3x2xf32>, tensor<3x2xi64>
}
