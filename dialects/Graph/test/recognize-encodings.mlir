// RUN: raddle-opt %s --graph-recognize-encodings --split-input-file | FileCheck %s

// As MiniLM int8 stores its matrices: scales of shape [1, 384].
// CHECK-LABEL: @per_column
// CHECK-SAME: %[[CODES:.*]]: tensor<384x384xi8>, %[[SCALES:.*]]: tensor<1x384xf32>
func.func @per_column(%codes: tensor<384x384xi8>, %scales: tensor<1x384xf32>) -> tensor<384x384xf32> {
  // CHECK: %[[S:.*]] = graph.reshape %[[SCALES]] sizes [384] : tensor<1x384xf32> to tensor<384xf32>
  // CHECK: %[[E:.*]] = graph.assemble %[[CODES]], %[[S]]
  // CHECK-SAME: tensor<384x384xf32, #graph.int<bits = 8, scale = f32, axis = 1>>
  // CHECK: %[[D:.*]] = graph.decode %[[E]]
  // CHECK: return %[[D]]
  %0 = arith.sitofp %codes : tensor<384x384xi8> to tensor<384x384xf32>
  %1 = graph.broadcast %scales sizes [384, 384] : tensor<1x384xf32> to tensor<384x384xf32>
  %2 = arith.mulf %0, %1 : tensor<384x384xf32>
  return %2 : tensor<384x384xf32>
}

// -----

// As it stores its embeddings: scales of shape [30522, 1].
// CHECK-LABEL: @per_row
func.func @per_row(%codes: tensor<30522x384xi8>, %scales: tensor<30522x1xf32>) -> tensor<30522x384xf32> {
  // CHECK: #graph.int<bits = 8, scale = f32, axis = 0>
  %0 = arith.sitofp %codes : tensor<30522x384xi8> to tensor<30522x384xf32>
  %1 = graph.broadcast %scales sizes [30522, 384] : tensor<30522x1xf32> to tensor<30522x384xf32>
  %2 = arith.mulf %1, %0 : tensor<30522x384xf32>
  return %2 : tensor<30522x384xf32>
}

// -----

// DequantizeLinear with a zero point per tensor, in dynamic shape.
// CHECK-LABEL: @per_tensor
// CHECK-SAME: %[[CODES:.*]]: tensor<?x?xi8>, %[[SCALE:.*]]: tensor<f32>, %[[ZERO:.*]]: tensor<i8>
func.func @per_tensor(%codes: tensor<?x?xi8>, %scale: tensor<f32>, %zero: tensor<i8>) -> tensor<?x?xf32> {
  // CHECK: graph.assemble %[[CODES]], %[[SCALE]], %[[ZERO]] :
  // CHECK-SAME: #graph.int<bits = 8, unsigned, scale = f32, zero = i8>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %d0 = tensor.dim %codes, %c0 : tensor<?x?xi8>
  %d1 = tensor.dim %codes, %c1 : tensor<?x?xi8>
  %0 = arith.extui %codes : tensor<?x?xi8> to tensor<?x?xi32>
  %z = arith.extui %zero : tensor<i8> to tensor<i32>
  %1 = graph.broadcast %z sizes [%d0, %d1] : tensor<i32> to tensor<?x?xi32>
  %2 = arith.subi %0, %1 : tensor<?x?xi32>
  %3 = arith.sitofp %2 : tensor<?x?xi32> to tensor<?x?xf32>
  %4 = graph.broadcast %scale sizes [%d0, %d1] : tensor<f32> to tensor<?x?xf32>
  %5 = arith.mulf %3, %4 : tensor<?x?xf32>
  return %5 : tensor<?x?xf32>
}

// -----

// Zero point and scale are constants; the scale is narrower than the result.
// CHECK-LABEL: @constants
func.func @constants(%codes: tensor<4x8xi8>, %scales: tensor<8xf16>) -> tensor<4x8xf32> {
  // CHECK: %[[Z:.*]] = arith.constant dense<-128> : tensor<8xi8>
  // CHECK: graph.assemble %{{.*}}, %{{.*}}, %[[Z]]
  // CHECK-SAME: #graph.int<bits = 8, scale = f16, zero = i8, axis = 1>
  %zero = arith.constant dense<-128> : tensor<4x8xi32>
  %0 = arith.extsi %codes : tensor<4x8xi8> to tensor<4x8xi32>
  %1 = arith.subi %0, %zero : tensor<4x8xi32>
  %2 = arith.sitofp %1 : tensor<4x8xi32> to tensor<4x8xf32>
  %s = arith.extf %scales : tensor<8xf16> to tensor<8xf32>
  %3 = graph.broadcast %s sizes [4, 8] : tensor<8xf32> to tensor<4x8xf32>
  %4 = arith.mulf %2, %3 : tensor<4x8xf32>
  return %4 : tensor<4x8xf32>
}

// -----

// Blocked DequantizeLinear: a scale per 32 elements.
// CHECK-LABEL: @blocked
// CHECK-SAME: %[[CODES:.*]]: tensor<4x64xi8>, %[[SCALES:.*]]: tensor<4x2xf32>, %[[ZEROS:.*]]: tensor<4x2xi8>
func.func @blocked(%codes: tensor<4x64xi8>, %scales: tensor<4x2xf32>, %zeros: tensor<4x2xi8>) -> tensor<4x64xf32> {
  // CHECK: graph.assemble %[[CODES]], %[[SCALES]], %[[ZEROS]]
  // CHECK-SAME: #graph.int<bits = 8, scale = f32, zero = i8, axis = 1, group = 32>
  %s0 = graph.reshape %scales sizes [4, 2, 1] : tensor<4x2xf32> to tensor<4x2x1xf32>
  %s1 = graph.broadcast %s0 sizes [4, 2, 32] : tensor<4x2x1xf32> to tensor<4x2x32xf32>
  %s2 = graph.reshape %s1 sizes [4, 64] : tensor<4x2x32xf32> to tensor<4x64xf32>
  %z0 = graph.reshape %zeros sizes [4, 2, 1] : tensor<4x2xi8> to tensor<4x2x1xi8>
  %z1 = graph.broadcast %z0 sizes [4, 2, 32] : tensor<4x2x1xi8> to tensor<4x2x32xi8>
  %z2 = graph.reshape %z1 sizes [4, 64] : tensor<4x2x32xi8> to tensor<4x64xi8>
  %z3 = arith.extsi %z2 : tensor<4x64xi8> to tensor<4x64xi32>
  %0 = arith.extsi %codes : tensor<4x64xi8> to tensor<4x64xi32>
  %1 = arith.subi %0, %z3 : tensor<4x64xi32>
  %2 = arith.sitofp %1 : tensor<4x64xi32> to tensor<4x64xf32>
  %3 = arith.mulf %2, %s2 : tensor<4x64xf32>
  return %3 : tensor<4x64xf32>
}

// -----

// Float zero points; along a dim that is not the last.
// CHECK-LABEL: @float_zero
func.func @float_zero(%codes: tensor<3x4x8xi8>, %scales: tensor<4x1xf32>, %zeros: tensor<4x1xf32>) -> tensor<3x4x8xf32> {
  // CHECK: #graph.int<bits = 8, scale = f32, zero = f32, axis = 1>
  %s = graph.broadcast %scales sizes [3, 4, 8] : tensor<4x1xf32> to tensor<3x4x8xf32>
  %z = graph.broadcast %zeros sizes [3, 4, 8] : tensor<4x1xf32> to tensor<3x4x8xf32>
  %0 = arith.sitofp %codes : tensor<3x4x8xi8> to tensor<3x4x8xf32>
  %1 = arith.subf %0, %z : tensor<3x4x8xf32>
  %2 = arith.mulf %1, %s : tensor<3x4x8xf32>
  return %2 : tensor<3x4x8xf32>
}

// -----

// Left alone: a factor per element, and a code type that no encoding has.
// CHECK-LABEL: @others
// CHECK-NOT: graph.assemble
func.func @others(%codes: tensor<4x8xi8>, %factors: tensor<4x8xf32>, %mask: tensor<4x8xi64>, %one: tensor<f32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %0 = arith.sitofp %codes : tensor<4x8xi8> to tensor<4x8xf32>
  %1 = arith.mulf %0, %factors : tensor<4x8xf32>
  %2 = arith.sitofp %mask : tensor<4x8xi64> to tensor<4x8xf32>
  %3 = graph.broadcast %one sizes [4, 8] : tensor<f32> to tensor<4x8xf32>
  %4 = arith.mulf %2, %3 : tensor<4x8xf32>
  return %1, %4 : tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

// Narrow weights: their packed bytes are the codes.
// CHECK-LABEL: @nibbles
func.func @nibbles(%scales: tensor<32x512xf32>) -> tensor<512x512xf32> {
  // CHECK: %[[W:.*]] = graph.weight "weights"::"w" : tensor<512x256xi8>
  // CHECK: graph.assemble %[[W]], %{{.*}} to tensor<512x512xf32, #graph.int<bits = 4, scale = f32, axis = 0, group = 16>>
  %w = graph.weight "weights"::"w" : tensor<512x512xi4>
  %0 = arith.sitofp %w : tensor<512x512xi4> to tensor<512x512xf32>
  %1 = graph.reshape %scales sizes [32, 1, 512] : tensor<32x512xf32> to tensor<32x1x512xf32>
  %2 = graph.broadcast %1 sizes [32, 16, 512] : tensor<32x1x512xf32> to tensor<32x16x512xf32>
  %3 = graph.reshape %2 sizes [512, 512] : tensor<32x16x512xf32> to tensor<512x512xf32>
  %4 = arith.mulf %0, %3 : tensor<512x512xf32>
  return %4 : tensor<512x512xf32>
}

// -----

// Float constants that are codes are stored as codes, others as floats.
// CHECK-LABEL: @constant_zeros
func.func @constant_zeros(%codes: tensor<2x3xi8>, %scales: tensor<3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
  // CHECK-DAG: arith.constant dense<[-3, 0, 127]> : tensor<3xi8>
  // CHECK-DAG: arith.constant dense<[-3.000000e+00, 5.000000e-01, 1.270000e+02]> : tensor<3xf32>
  // CHECK: #graph.int<bits = 8, scale = f32, zero = i8, axis = 1>
  // CHECK: #graph.int<bits = 8, scale = f32, zero = f32, axis = 1>
  %whole = arith.constant dense<[-3.0, 0.0, 127.0]> : tensor<3xf32>
  %broken = arith.constant dense<[-3.0, 0.5, 127.0]> : tensor<3xf32>
  %c = arith.sitofp %codes : tensor<2x3xi8> to tensor<2x3xf32>
  %s = graph.broadcast %scales sizes [2, 3] : tensor<3xf32> to tensor<2x3xf32>
  %z0 = graph.broadcast %whole sizes [2, 3] : tensor<3xf32> to tensor<2x3xf32>
  %d0 = arith.subf %c, %z0 : tensor<2x3xf32>
  %y0 = arith.mulf %d0, %s : tensor<2x3xf32>
  %z1 = graph.broadcast %broken sizes [2, 3] : tensor<3xf32> to tensor<2x3xf32>
  %d1 = arith.subf %c, %z1 : tensor<2x3xf32>
  %y1 = arith.mulf %d1, %s : tensor<2x3xf32>
  return %y0, %y1 : tensor<2x3xf32>, tensor<2x3xf32>
}
