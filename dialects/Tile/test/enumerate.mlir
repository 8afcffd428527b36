// RUN: raddle-opt %s --tile-enumerate -o /dev/null | FileCheck %s
// RUN: raddle-opt %s --tile-enumerate="format=json output=%t.json" -o /dev/null
// RUN: %python -m json.tool %t.json | FileCheck %s --check-prefix=JSON

// Equal groups are one kernel; its space has every parameter with its unit.
// CHECK: kernel {{.*}}: skeleton pointwise, class bytes4, 2 groups
// CHECK-NEXT: sizes: total=256
// CHECK: vector (elements):
// CHECK: candidates: [[#]]
// CHECK: vector=4,warps=4; threads 128, shared bytes 0, registers about
// CHECK-NOT: kernel
// JSON: "candidates"
module attributes {graph.version = 1 : i64} {
  func.func @main(%x: tensor<256xf32> {graph.name = "x", graph.shape = [256], graph.type = "f32"})
      -> (tensor<256xf32> {graph.name = "y", graph.shape = [256], graph.type = "f32"}) {
    %0 = graph.group (%x : tensor<256xf32>) scalars () attributes {reason = "test", skeleton = "pointwise"} {
    ^bb0(%a: tensor<256xf32>):
      %2 = math.absf %a : tensor<256xf32>
      graph.yield %2 : tensor<256xf32>
    } : tensor<256xf32>
    %1 = graph.group (%0 : tensor<256xf32>) scalars () attributes {reason = "test", skeleton = "pointwise"} {
    ^bb0(%a: tensor<256xf32>):
      %2 = math.absf %a : tensor<256xf32>
      graph.yield %2 : tensor<256xf32>
    } : tensor<256xf32>
    return %1 : tensor<256xf32>
  }
}
