// RUN: split-file %s %t
// RUN: raddle-opt %t/groups.mlir --graph-lower-to-tile="policy=file parameters=%t/good.json" | FileCheck %s
// RUN: raddle-opt %t/groups.mlir --graph-lower-to-tile="policy=rules" | FileCheck %s --check-prefix=RULES
// RUN: not raddle-opt %t/groups.mlir --graph-lower-to-tile="policy=file parameters=%t/bad.json" 2>&1 | FileCheck %s --check-prefix=BAD
// RUN: not raddle-opt %t/groups.mlir --graph-lower-to-tile="policy=file parameters=%t/unknown.json" 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not raddle-opt %t/groups.mlir --graph-lower-to-tile="policy=file" 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not raddle-opt %t/groups.mlir --graph-lower-to-tile="policy=fastest" 2>&1 | FileCheck %s --check-prefix=POLICY

// A guard per variant, the last one without; both groups share the kernels. A
// candidate's own requirement is part of its guard.
// CHECK-DAG: module @k0_contract_v0
// CHECK-DAG: tile.guard = "m <= 32 and m % 16 == 0"
// CHECK-DAG: module @k0_contract_v1
// CHECK-DAG: tile.guard = "m <= 32"
// CHECK-DAG: module @k1_softmax_v0
// CHECK-DAG: tile.guard = "length <= 128"
// CHECK-LABEL: func.func @main
// CHECK: %[[M:.*]] = plan.symbol "m"
// CHECK: %[[SMALL:.*]] = arith.cmpi sle, %[[M]], %{{.*}} : index
// CHECK: %[[REST:.*]] = arith.remui %[[M]]
// CHECK: %[[WHOLE:.*]] = arith.cmpi eq, %[[REST]]
// CHECK: %[[BOTH:.*]] = arith.andi %[[SMALL]], %[[WHOLE]]
// CHECK: scf.if %[[BOTH]] {
// CHECK: arith.ceildivui
// CHECK: plan.launch @k0_contract_v0
// CHECK: } else {
// CHECK: scf.if
// CHECK: plan.launch @k0_contract_v1
// CHECK: } else {
// CHECK: plan.launch @k0_contract::@k0_contract
// CHECK: plan.launch @k0_contract_v0
// CHECK: plan.launch @k1_softmax_v0
// CHECK: plan.launch @k1_softmax::@k1_softmax

// RULES-NOT: scf.if
// RULES: tile.reason = "rules: the skeleton's default"

// Everything that is wrong is told at once, and where.
// BAD-DAG: bad.json: kernels.contraction.parameters.bm: expected an integer
// BAD-DAG: bad.json: kernels.contraction.when.m.least: unknown key, expected 'max' or 'multiple'
// BAD-DAG: bad.json: kernels.reduction.variants: expected at least one variant
// BAD-DAG: bad.json: version: unknown key, expected 'schema' or 'kernels'
// UNKNOWN-DAG: unknown.json: kernels.k0_contract.parameters.tile: skeleton 'contraction' has no such parameter; expected bm, bn,
// UNKNOWN-DAG: unknown.json: kernels.k1_softmax.parameters: no candidate of kernel 'k1_softmax' has these; see --tile-enumerate
// UNKNOWN-DAG: unknown.json: kernels.k1_softmax.when.rows2: skeleton 'reduction' has no such dim
// UNKNOWN-DAG: unknown.json: kernels.k9_conv: there is no such kernel; see --tile-enumerate
// NONE: policy 'file' expects a file: --parameters=FILE
// POLICY: unknown policy 'fastest': expected file, measured, rules, table

//--- good.json
{"schema": 1, "kernels": {
  "k0_contract": {"variants": [
    {"when": {"m": {"max": 32}}, "parameters": {"bm": 16, "full": 1}},
    {"when": {"m": {"max": 32}}, "parameters": {"bm": 32, "bn": 32}},
    {"parameters": {"bm": 128, "bn": 128}}]},
  "reduction": {"variants": [
    {"parameters": {"br": 128, "single": 1}},
    {"parameters": {"br": 256}}]}
}}
//--- bad.json
{"schema": 1, "version": 2, "kernels": {
  "contraction": {"when": {"m": {"least": 3}}, "parameters": {"bm": "64"}},
  "reduction": {"variants": []}
}}
//--- unknown.json
{"schema": 1, "kernels": {
  "k0_contract": {"parameters": {"tile": 64}},
  "k1_softmax": {"when": {"rows2": {"max": 3}}, "parameters": {"bp": 3}},
  "k9_conv": {"parameters": {"bm": 64}}
}}
//--- groups.mlir
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
