// RUN: raddle-opt %s --graph-verify-encodings --graph-expand-encodings --canonicalize --graph-verify-encodings --split-input-file | FileCheck %s

// CHECK-LABEL: @weight
func.func @weight() -> tensor<384x384xf32> {
  // CHECK-DAG: %[[C:.*]] = graph.weight "weights"::"q/codes" : tensor<384x384xi8>
  // CHECK-DAG: %[[S:.*]] = graph.weight "weights"::"q/scales" : tensor<384xf32>
  // CHECK-DAG: %[[F:.*]] = arith.sitofp %[[C]] : tensor<384x384xi8> to tensor<384x384xf32>
  // CHECK-DAG: %[[B:.*]] = graph.broadcast %[[S]] sizes [384, 384]
  // CHECK: %[[D:.*]] = arith.mulf %[[F]], %[[B]]
  // CHECK: return %[[D]]
  %0 = graph.weight "weights"::"q" : tensor<384x384xf32, #graph.int<bits = 8, scale = f32, axis = 1>>
  %1 = graph.decode %0 : tensor<384x384xf32, #graph.int<bits = 8, scale = f32, axis = 1>> to tensor<384x384xf32>
  return %1 : tensor<384x384xf32>
}

// -----

// CHECK-LABEL: @named_components
func.func @named_components() -> tensor<4x8xf32> {
  // CHECK-DAG: graph.weight "weights"::"w_quantized" : tensor<4x8xi8>
  // CHECK-DAG: graph.weight "weights"::"w_scale" : tensor<f32>
  %0 = graph.weight "weights"::"w" {components = {codes = "w_quantized", scales = "w_scale"}}
      : tensor<4x8xf32, #graph.int<bits = 8, scale = f32>>
  %1 = graph.decode %0 : tensor<4x8xf32, #graph.int<bits = 8, scale = f32>> to tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// -----

// Narrow codes are taken out of their bytes; zero points are subtracted as
// integers.
// CHECK-LABEL: @nibbles
// CHECK-SAME: %[[CODES:.*]]: tensor<?x32xi8> {graph.name = "w/codes", graph.shape = ["rows", 32], graph.type = "u8"}
// CHECK-SAME: %[[SCALES:.*]]: tensor<?x2xf16> {graph.name = "w/scales", graph.shape = ["rows", 2], graph.type = "f16"}
// CHECK-SAME: %[[ZEROS:.*]]: tensor<?x2xi8> {graph.name = "w/zeros", graph.shape = ["rows", 2], graph.type = "u8"}
func.func @nibbles(%w: tensor<?x64xf16, #graph.int<bits = 4, unsigned, scale = f16, zero = i8, axis = 1, group = 32>>
                       {graph.name = "w", graph.type = "f16", graph.shape = ["rows", 64]}) -> tensor<?x64xf16> {
  // CHECK: arith.shrui
  // CHECK: arith.andi
  // CHECK: arith.extui {{.*}} : tensor<?x64xi8> to tensor<?x64xi32>
  // CHECK: arith.subi
  // CHECK: arith.sitofp
  // CHECK: arith.mulf
  // CHECK: arith.truncf
  %0 = graph.decode %w : tensor<?x64xf16, #graph.int<bits = 4, unsigned, scale = f16, zero = i8, axis = 1, group = 32>> to tensor<?x64xf16>
  return %0 : tensor<?x64xf16>
}

// -----

// A group takes the components.
// CHECK-LABEL: @group
// CHECK-SAME: %[[X:.*]]: tensor<?x64xf32>, %[[C:.*]]: tensor<64x8xi8>, %[[S:.*]]: tensor<8xf32>
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @group(%x: tensor<?x64xf32>, %w: tensor<64x8xf32, #graph.int<bits = 8, scale = f32, axis = 1>>) -> tensor<?x8xf32> {
  // CHECK: graph.group (%[[X]], %[[C]], %[[S]] : tensor<?x64xf32>, tensor<64x8xi8>, tensor<8xf32>) scalars ()
  // CHECK-NEXT: ^bb0(%[[X0:.*]]: tensor<?x64xf32>, %[[C0:.*]]: tensor<64x8xi8>, %[[S0:.*]]: tensor<8xf32>):
  // CHECK-NEXT: arith.sitofp %[[C0]]
  // CHECK-NEXT: graph.broadcast %[[S0]]
  // CHECK-NEXT: arith.mulf
  // CHECK-NEXT: graph.contract
  %0 = graph.group (%x, %w : tensor<?x64xf32>, tensor<64x8xf32, #graph.int<bits = 8, scale = f32, axis = 1>>) scalars ()
      attributes {skeleton = "contraction"} {
  ^bb0(%x0: tensor<?x64xf32>, %w0: tensor<64x8xf32, #graph.int<bits = 8, scale = f32, axis = 1>>):
    %1 = graph.decode %w0 : tensor<64x8xf32, #graph.int<bits = 8, scale = f32, axis = 1>> to tensor<64x8xf32>
    %2 = graph.contract %x0, %1 maps [#a, #b, #c] : tensor<?x64xf32>, tensor<64x8xf32> to tensor<?x8xf32>
    graph.yield %2 : tensor<?x8xf32>
  } : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// Values carried by control flow and calls are carried in parts.
#e = #graph.int<bits = 8, scale = f32>
// CHECK-LABEL: func.func private @callee(tensor<4xi8>, tensor<f32>) -> (tensor<4xi8>, tensor<f32>)
func.func private @callee(tensor<4xf32, #e>) -> tensor<4xf32, #e>
// CHECK-LABEL: @flow
func.func @flow(%p: i1, %x: tensor<4xf32, #e>) -> tensor<4xf32, #e> {
  // CHECK: %{{.*}}:2 = scf.if %{{.*}} -> (tensor<4xi8>, tensor<f32>)
  %0 = scf.if %p -> tensor<4xf32, #e> {
    // CHECK: call @callee(%{{.*}}, %{{.*}}) : (tensor<4xi8>, tensor<f32>) -> (tensor<4xi8>, tensor<f32>)
    %1 = func.call @callee(%x) : (tensor<4xf32, #e>) -> tensor<4xf32, #e>
    scf.yield %1 : tensor<4xf32, #e>
  } else {
    scf.yield %x : tensor<4xf32, #e>
  }
  // CHECK: return %{{.*}}, %{{.*}} : tensor<4xi8>, tensor<f32>
  return %0 : tensor<4xf32, #e>
}

// -----

// Quantization at run time, with a range that is computed or given.
// CHECK-LABEL: @encode
// CHECK-SAME: %[[X:.*]]: tensor<?x64xf32>
func.func @encode(%x: tensor<?x64xf32>, %s: tensor<f32>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  // CHECK: graph.reduce min %[[X]] dims = [0, 1]
  // CHECK: graph.reduce max %[[X]] dims = [0, 1]
  // CHECK: math.roundeven
  %0 = graph.encode %x : tensor<?x64xf32> to tensor<?x64xf32, #graph.int<bits = 8, unsigned, scale = f32, zero = i8>>
  %1 = graph.decode %0 : tensor<?x64xf32, #graph.int<bits = 8, unsigned, scale = f32, zero = i8>> to tensor<?x64xf32>
  // CHECK-NOT: graph.reduce
  %2 = graph.encode %x with ["scales"](%s : tensor<f32>) : tensor<?x64xf32> to tensor<?x64xf32, #graph.int<bits = 8, scale = f32>>
  %3 = graph.decode %2 : tensor<?x64xf32, #graph.int<bits = 8, scale = f32>> to tensor<?x64xf32>
  return %1, %3 : tensor<?x64xf32>, tensor<?x64xf32>
}

// -----

// CHECK-LABEL: @nested
// CHECK-SAME: %[[C:.*]]: tensor<8x2xi8>, %[[S:.*]]: tensor<f32>
func.func @nested(%x: tensor<3x5xf32, #graph.dense<order = [1, 0], pad = [8, 1], inner = #graph.int<bits = 4, scale = f32>>>) -> tensor<3x5xf32> {
  // CHECK: graph.slice %{{.*}} offsets [0, 0] sizes [5, 3] strides [1, 1]
  // CHECK: graph.transpose %{{.*}} [1, 0]
  %0 = graph.decode %x : tensor<3x5xf32, #graph.dense<order = [1, 0], pad = [8, 1], inner = #graph.int<bits = 4, scale = f32>>> to tensor<3x5xf32>
  return %0 : tensor<3x5xf32>
}
