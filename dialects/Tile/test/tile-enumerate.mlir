// RUN: raddle-opt %s --tile-enumerate -o %t.mlir | FileCheck %s
// RUN: raddle-opt %s --tile-enumerate="format=json" -o /dev/null | FileCheck %s --check-prefix=JSON
// RUN: raddle-opt %s --tile-enumerate="output=%t.1" -o /dev/null
// RUN: raddle-opt %s --tile-enumerate="output=%t.2" -o /dev/null
// RUN: cmp %t.1 %t.2
// RUN: raddle-opt %s --tile-enumerate="targets=sm_80,sm_89" -o /dev/null | FileCheck %s --check-prefix=SMALL

// Equal groups are one kernel; the default stands first; candidates that fit
// only some sizes say which.
// CHECK: kernel k0_contract [[HASH:[0-9a-f]+]]: skeleton contraction, class f16, 2 groups
// CHECK-NEXT: sizes: m=? n=256 k=128 batch=1
// CHECK-NEXT: parameters:
// CHECK-NEXT: bm (elements): rows of the result that a block computes
// CHECK: min_blocks (blocks):
// CHECK-NEXT: candidates: {{[0-9]+}}
// CHECK-NEXT: bm=64,bn=64,bk=32,warps_m=2,warps_n=2,stages=3,min_blocks=2; threads 128, shared bytes 24576, registers about
// CHECK-DAG: bm=128,bn=256,bk=64,warps_m=2,warps_n=4,stages=3,min_blocks=1; threads 256, shared bytes 147456
// CHECK-DAG: bm=16,{{.*}},full=1 if m % 16 == 0; threads
// CHECK: kernel k1_softmax {{[0-9a-f]+}}: skeleton reduction, class softmax, 1 group
// CHECK-NEXT: sizes: length=? rows=256
// CHECK: bp=4,br=256,warps=4,vector={{[48]}}; threads 128
// CHECK: single=1 if length <= 64; threads

// JSON: "kernel": "[[HASH:[0-9a-f]+]]"
// JSON: "name": "k0_contract"
// JSON: "class": "f16"
// JSON: "m": null,
// JSON: "name": "bm",
// JSON-NEXT: "unit": "elements",
// JSON: "features_version": 1
// JSON: "parameters": {
// JSON-NEXT: "bm": 64
// JSON: "features": {
// JSON: "registers_estimate":

// Every target's shared memory is enough: 99 KiB of sm_89 among them.
// SMALL-NOT: shared bytes 147456
#map = affine_map<(d0, d1, d2) -> (d0, d2)>
#map1 = affine_map<(d0, d1, d2) -> (d2, d1)>
#map2 = affine_map<(d0, d1, d2) -> (d0, d1)>
func.func @main(%arg0: tensor<?x128xf16> {graph.name = "x", graph.shape = ["m", 128], graph.type = "f16"}, %arg1: tensor<128x256xf16> {graph.name = "w", graph.shape = [128, 256], graph.type = "f16"}, %arg2: tensor<?x128xf16> {graph.name = "x2", graph.shape = ["m", 128], graph.type = "f16"}, %arg3: tensor<128x256xf16> {graph.name = "w2", graph.shape = [128, 256], graph.type = "f16"}, %arg4: tensor<256x?xf32> {graph.name = "s", graph.shape = [256, "length"], graph.type = "f32"}) -> (tensor<?x256xf16> {graph.name = "y", graph.shape = ["m", 256], graph.type = "f16"}, tensor<?x256xf16> {graph.name = "z", graph.shape = ["m", 256], graph.type = "f16"}, tensor<256x?xf32> {graph.name = "t", graph.shape = [256, "length"], graph.type = "f32"}) attributes {graph.dims = [{divisor = 1 : i64, max = 65535 : i64, min = 1 : i64, name = "m"}, {divisor = 1 : i64, max = 65535 : i64, min = 1 : i64, name = "length"}]} {
  %0 = graph.group (%arg0, %arg1 : tensor<?x128xf16>, tensor<128x256xf16>) scalars () attributes {skeleton = "contraction"} {
  ^bb0(%arg5: tensor<?x128xf16>, %arg6: tensor<128x256xf16>):
    %3 = graph.contract %arg5, %arg6 maps [#map, #map1, #map2] : tensor<?x128xf16>, tensor<128x256xf16> to tensor<?x256xf32>
    %4 = arith.truncf %3 : tensor<?x256xf32> to tensor<?x256xf16>
    graph.yield %4 : tensor<?x256xf16>
  } : tensor<?x256xf16>
  %1 = graph.group (%arg2, %arg3 : tensor<?x128xf16>, tensor<128x256xf16>) scalars () attributes {skeleton = "contraction"} {
  ^bb0(%arg5: tensor<?x128xf16>, %arg6: tensor<128x256xf16>):
    %3 = graph.contract %arg5, %arg6 maps [#map, #map1, #map2] : tensor<?x128xf16>, tensor<128x256xf16> to tensor<?x256xf32>
    %4 = arith.truncf %3 : tensor<?x256xf32> to tensor<?x256xf16>
    graph.yield %4 : tensor<?x256xf16>
  } : tensor<?x256xf16>
  %2 = graph.group (%arg4 : tensor<256x?xf32>) scalars () attributes {skeleton = "reduction"} {
  ^bb0(%arg5: tensor<256x?xf32>):
    %3 = graph.softmax %arg5 axis = 1 : tensor<256x?xf32> to tensor<256x?xf32>
    graph.yield %3 : tensor<256x?xf32>
  } : tensor<256x?xf32>
  return %0, %1, %2 : tensor<?x256xf16>, tensor<?x256xf16>, tensor<256x?xf32>
}
