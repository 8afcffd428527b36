// RUN: raddle-opt %s | raddle-opt | FileCheck %s
// RUN: raddle-opt %s | FileCheck %s --match-full-lines --strict-whitespace --check-prefix=STRICT
// RUN: raddle-opt %s --mlir-print-op-generic | raddle-opt | FileCheck %s

// Every operation is read back as it was printed; layouts are printed once.

// CHECK-DAG: #[[L:.*]] = #tile.layout<registers = [], lanes = {{\[\[}}1], [2], [4], [8], [16]], warps = []>
#l = #tile.layout<registers = [], lanes = [[1], [2], [4], [8], [16]], warps = []>
#one = #tile.layout<registers = [], lanes = [[0], [0], [0], [0], [0]], warps = []>
#c = #tile.layout<registers = [], lanes = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0]], warps = []>
#r = #tile.layout<registers = [[1]], lanes = [[2], [4], [8], [16], [0]], warps = []>

// CHECK-LABEL: func.func @memory(
func.func @memory(%p: !llvm.ptr<1>, %q: !llvm.ptr<1>, %n: i32) attributes {tile.warps = 1 : i64} {
  // CHECK: tile.assume %{{.*}} multiple_of 8
  %m = tile.assume %n multiple_of 8
  // CHECK: %[[BLOCK:.*]] = tile.block_id 0
  %block = tile.block_id 0
  // CHECK: %[[O:.*]] = tile.index 0 : tensor<32xi32, #[[L]]>
  %o = tile.index 0 : tensor<32xi32, #l>
  // CHECK: tile.broadcast %{{.*}} : i32 to tensor<32xi32, #[[L]]>
  %nn = tile.broadcast %m : i32 to tensor<32xi32, #l>
  %mask = arith.cmpi slt, %o, %nn : tensor<32xi32, #l>
  %zero = arith.constant dense<0.0> : tensor<32xf32, #l>
  // CHECK: %[[X:.*]] = tile.load %arg0[%[[O]]] mask %[[M:.*]] other %{{.*}} {invariant} : tensor<32xi32, #[[L]]>, tensor<32xi1, #[[L]]>, tensor<32xf32, #[[L]]> -> tensor<32xf32, #[[L]]>
  %x = tile.load %p[%o] mask %mask other %zero {invariant} : tensor<32xi32, #l>, tensor<32xi1, #l>, tensor<32xf32, #l> -> tensor<32xf32, #l>
  // CHECK: tile.load %arg0[%[[BLOCK]]] : i32 -> f32
  %s = tile.load %p[%block] : i32 -> f32
  // CHECK: tile.store %[[X]] to %arg1[%[[O]]] mask %[[M]] : tensor<32xf32, #[[L]]>, tensor<32xi32, #[[L]]>, tensor<32xi1, #[[L]]>
  tile.store %x to %q[%o] mask %mask : tensor<32xf32, #l>, tensor<32xi32, #l>, tensor<32xi1, #l>
  // CHECK: tile.atomic "add" %[[X]] to %arg1[%[[O]]] : tensor<32xf32, #[[L]]>, tensor<32xi32, #[[L]]>
  tile.atomic "add" %x to %q[%o] : tensor<32xf32, #l>, tensor<32xi32, #l>
  return
}

// CHECK-LABEL: func.func @shared(
func.func @shared(%p: !llvm.ptr<1>, %o: tensor<32xi32, #l>, %x: tensor<32xf32, #l>, %stage: i32) {
  // CHECK: %[[S:.*]] = tile.alloc {offset = 64 : i64} : <2 x [32] x f32, order = [0], swizzle = [2, 1, 2]>
  %s = tile.alloc {offset = 64 : i64} : <2 x [32] x f32, order = [0], swizzle = [2, 1, 2]>
  // CHECK: tile.copy %arg0[%arg1] to %[[S]][%arg3] : <2 x [32] x f32, order = [0], swizzle = [2, 1, 2]>, tensor<32xi32, #[[L]]>
  tile.copy %p[%o] to %s[%stage] : <2 x [32] x f32, order = [0], swizzle = [2, 1, 2]>, tensor<32xi32, #l>
  // CHECK: tile.commit
  tile.commit
  // CHECK: tile.wait 1
  tile.wait 1
  // CHECK: tile.barrier
  tile.barrier
  // CHECK: tile.local_store %arg2 to %[[S]][%arg3]
  tile.local_store %x to %s[%stage] : tensor<32xf32, #l>, <2 x [32] x f32, order = [0], swizzle = [2, 1, 2]>
  // CHECK: tile.local_load %[[S]][%arg3] offsets [0] : <2 x [32] x f32, order = [0], swizzle = [2, 1, 2]> -> tensor<32xf32, #[[L]]>
  %y = tile.local_load %s[%stage] offsets [0] : <2 x [32] x f32, order = [0], swizzle = [2, 1, 2]> -> tensor<32xf32, #l>
  return
}

// CHECK-LABEL: func.func @exchange(
func.func @exchange(%x: tensor<32xf32, #l>) -> tensor<1xf32, #one> {
  // CHECK: tile.convert %arg0 : tensor<32xf32, #[[L]]> to tensor<32xf32, #{{.*}}>
  %0 = tile.convert %x : tensor<32xf32, #l> to tensor<32xf32, #r>
  // CHECK: tile.reshape %arg0 : tensor<32xf32, #[[L]]> to tensor<32x1xf32, #{{.*}}>
  %1 = tile.reshape %x : tensor<32xf32, #l> to tensor<32x1xf32, #c>
  // CHECK: tile.reduce 0(%arg0) : tensor<32xf32, #[[L]]> -> tensor<1xf32, #{{.*}}> {
  // CHECK:   tile.yield %{{.*}} : f32
  %2 = tile.reduce 0 (%x) : tensor<32xf32, #l> -> tensor<1xf32, #one> {
  ^bb0(%a: f32, %b: f32):
    %3 = arith.addf %a, %b : f32
    tile.yield %3 : f32
  }
  return %2 : tensor<1xf32, #one>
}

// A keyword stands one space behind what is before it.
//STRICT:    %0 = tile.dot f16 %arg0, %arg1, %arg2 : tensor<16x16xf16>, tensor<16x8xf16>, tensor<16x8xf32> -> tensor<16x8xf32>

// CHECK-LABEL: func.func @products(
func.func @products(%a: tensor<16x16xf16>, %b: tensor<16x8xf16>, %c: tensor<16x8xf32>,
                    %d: tensor<16x32xi8>, %e: tensor<32x8xi8>, %f: tensor<16x8xi32>) {
  // CHECK: tile.dot f16 %arg0, %arg1, %arg2 : tensor<16x16xf16>, tensor<16x8xf16>, tensor<16x8xf32> -> tensor<16x8xf32>
  %0 = tile.dot f16 %a, %b, %c : tensor<16x16xf16>, tensor<16x8xf16>, tensor<16x8xf32> -> tensor<16x8xf32>
  // CHECK: tile.dot u8s8 %arg3, %arg4, %arg5 : tensor<16x32xi8>, tensor<32x8xi8>, tensor<16x8xi32> -> tensor<16x8xi32>
  %1 = tile.dot u8s8 %d, %e, %f : tensor<16x32xi8>, tensor<32x8xi8>, tensor<16x8xi32> -> tensor<16x8xi32>
  return
}
