// RUN: raddle-opt %s --graph-factor-scales --graph-resolve-dims --canonicalize | FileCheck %s

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (k, n)>
#y = affine_map<(m, n, k) -> (m, n)>
#rows = #graph.int<bits = 8, scale = f32, axis = 0>
#columns = #graph.int<bits = 8, scale = f32, axis = 1>
#bytes = #graph.int<bits = 8, unsigned, scale = f32, zero = i8>

// The scales of columns leave the sum, and the codes are exact in tf32.
// CHECK-LABEL: @columns(
// CHECK-DAG: %[[ONES:.*]] = arith.constant dense<1.000000e+00> : tensor<64xf32>
// CHECK: %[[E:.*]] = graph.assemble %arg1, %[[ONES]]
// CHECK: %[[C:.*]] = graph.decode %[[E]]
// CHECK: %[[P:.*]] = graph.contract %arg0, %[[C]]
// CHECK: %[[S:.*]] = graph.broadcast %arg2
// CHECK: arith.mulf %[[P]], %[[S]]
func.func @columns(%x: tensor<?x128xf32>, %codes: tensor<128x64xi8>, %scales: tensor<64xf32>) -> tensor<?x64xf32> {
  %e = graph.assemble %codes, %scales : (tensor<128x64xi8>, tensor<64xf32>) to tensor<128x64xf32, #columns>
  %c = graph.decode %e : tensor<128x64xf32, #columns> to tensor<128x64xf32>
  %r = graph.contract %x, %c maps [#x, #w, #y] {compute = #graph.compute<tf32x3>} : tensor<?x128xf32>, tensor<128x64xf32> to tensor<?x64xf32>
  return %r : tensor<?x64xf32>
}

// Scales that vary along the sum stay where they are.
// CHECK-LABEL: @summed(
// CHECK: graph.assemble %arg1, %arg2
// CHECK: %[[P:.*]] = graph.contract
// CHECK: return %[[P]]
func.func @summed(%x: tensor<4x128xf32>, %codes: tensor<128x64xi8>, %scales: tensor<128xf32>) -> tensor<4x64xf32> {
  %e = graph.assemble %codes, %scales : (tensor<128x64xi8>, tensor<128xf32>) to tensor<128x64xf32, #rows>
  %c = graph.decode %e : tensor<128x64xf32, #rows> to tensor<128x64xf32>
  %r = graph.contract %x, %c maps [#x, #w, #y] : tensor<4x128xf32>, tensor<128x64xf32> to tensor<4x64xf32>
  return %r : tensor<4x64xf32>
}

// Two quantized operands: a product of integers, the zero point of the left one
// by the sums of columns.
// CHECK-LABEL: @integers(
// CHECK: %[[P:.*]] = graph.contract %arg0, %arg3 {{.*}}lhs_unsigned{{.*}} : tensor<4x128xi8>, tensor<128x64xi8> to tensor<4x64xi32>
// CHECK: arith.extui %arg2 : tensor<i8> to tensor<i32>
// CHECK: graph.reduce add %{{.*}} dims = [0] : tensor<128x64xi32> to tensor<64xi32>
// CHECK: arith.muli
// CHECK: arith.subi %[[P]]
// CHECK: arith.sitofp
// CHECK: arith.mulf
// CHECK: arith.mulf
func.func @integers(%a: tensor<4x128xi8>, %as: tensor<f32>, %az: tensor<i8>, %codes: tensor<128x64xi8>, %scales: tensor<64xf32>) -> tensor<4x64xf32> {
  %ea = graph.assemble %a, %as, %az : (tensor<4x128xi8>, tensor<f32>, tensor<i8>) to tensor<4x128xf32, #bytes>
  %x = graph.decode %ea : tensor<4x128xf32, #bytes> to tensor<4x128xf32>
  %e = graph.assemble %codes, %scales : (tensor<128x64xi8>, tensor<64xf32>) to tensor<128x64xf32, #columns>
  %c = graph.decode %e : tensor<128x64xf32, #columns> to tensor<128x64xf32>
  %r = graph.contract %x, %c maps [#x, #w, #y] : tensor<4x128xf32>, tensor<128x64xf32> to tensor<4x64xf32>
  return %r : tensor<4x64xf32>
}

// The filter's scales belong to channels of the result.
// CHECK-LABEL: @filter(
// CHECK: %[[P:.*]] = graph.conv
// CHECK: %[[R:.*]] = graph.reshape %arg2 sizes [16, 1, 1]
// CHECK: %[[S:.*]] = graph.broadcast %[[R]]
// CHECK: arith.mulf %[[P]], %[[S]]
func.func @filter(%x: tensor<1x8x10x10xf32>, %codes: tensor<16x8x3x3xi8>, %scales: tensor<16xf32>) -> tensor<1x16x10x10xf32> {
  %e = graph.assemble %codes, %scales : (tensor<16x8x3x3xi8>, tensor<16xf32>) to tensor<16x8x3x3xf32, #rows>
  %c = graph.decode %e : tensor<16x8x3x3xf32, #rows> to tensor<16x8x3x3xf32>
  %r = graph.conv %x, %c strides = [1, 1] dilations = [1, 1] low = [1, 1] high = [1, 1] groups = 1
      : tensor<1x8x10x10xf32>, tensor<16x8x3x3xf32> to tensor<1x16x10x10xf32>
  return %r : tensor<1x16x10x10xf32>
}
