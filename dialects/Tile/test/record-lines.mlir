// RUN: raddle-opt %s --pass-pipeline='builtin.module(builtin.module(tile-record-lines))' --mlir-print-debuginfo | FileCheck %s

// The text of a module becomes its source; roles become a table. Layouts are
// printed once.

#l = #tile.layout<registers = [], lanes = [[1], [2], [4], [8], [16]], warps = []>

// CHECK: module @k0 attributes {tile.text = "#layout = #tile.layout<{{.*}}>\0Amodule @k0 {\0A  func.func @k0({{.*}}\0A    %0 = tile.index 0 : tensor<32xi32, #layout>\0A    %1 = tile.load
// CHECK-SAME: \0A// roles: lines, operation of the group, what\0A// 4 1 arith.addf\0A// 5 0 graph.slice: load of input 0\0A// 6-7 1 arith.addf\0A"}
module @k0 {
  func.func @k0(%p: !llvm.ptr<1>) attributes {tile.warps = 1 : i64} {
    // CHECK: tile.index {{.*}} loc(#[[L4:.*]])
    %o = tile.index 0 : tensor<32xi32, #l> loc("arith.addf#1")
    // CHECK: tile.load {{.*}} loc(#[[L5:.*]])
    %x = tile.load %p[%o] : tensor<32xi32, #l> -> tensor<32xf32, #l> loc("load of input 0"("graph.slice#0"))
    // CHECK: arith.addf {{.*}} loc(#[[L6:.*]])
    %y = arith.addf %x, %x : tensor<32xf32, #l> loc(fused["arith.addf#1", "graph.slice#0"])
    // CHECK: tile.store {{.*}} loc(#[[L7:.*]])
    tile.store %y to %p[%o] : tensor<32xf32, #l>, tensor<32xi32, #l> loc("arith.addf#1")
    return
  }
}

// What holds no kernels has no text.
// CHECK: module @other {
module @other {
  func.func private @f()
}

// CHECK-DAG: #[[L4]] = loc("k0.tile":4:4)
// CHECK-DAG: #[[L5]] = loc("k0.tile":5:4)
// CHECK-DAG: #[[L6]] = loc("k0.tile":6:4)
// CHECK-DAG: #[[L7]] = loc("k0.tile":7:4)
