// RUN: raddle-opt %s --graph-evaluate | FileCheck %s
// Values computed by hand.

#ma = affine_map<(m, n, k) -> (m, k)>
#mb = affine_map<(m, n, k) -> (n, k)>
#mc = affine_map<(m, n, k) -> (n, m)>

// CHECK-LABEL: func.func @contract
// CHECK{LITERAL}: dense<[[5.000000e+00, 1.100000e+01], [1.100000e+01, 2.500000e+01]]>
func.func @contract() -> tensor<2x2xf32> {
  %a = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %0 = graph.contract %a, %a maps [#ma, #mb, #mc] : tensor<2x2xf32>, tensor<2x2xf32> to tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// Unsigned codes: 255 * 2 + 1 * 3.
// CHECK-LABEL: func.func @contract_integers
// CHECK: dense<513> : tensor<1x1xi32>
func.func @contract_integers() -> tensor<1x1xi32> {
  %a = arith.constant dense<[[-1, 1]]> : tensor<1x2xi8>
  %b = arith.constant dense<[[2, 3]]> : tensor<1x2xi8>
  %0 = graph.contract %a, %b maps [#ma, #mb, #mc] {lhs_unsigned} : tensor<1x2xi8>, tensor<1x2xi8> to tensor<1x1xi32>
  return %0 : tensor<1x1xi32>
}

// CHECK-LABEL: func.func @conv
// CHECK{LITERAL}: dense<[[[[7.000000e+00, 1.400000e+01], [1.300000e+01, 2.600000e+01]]]]>
// The gradient of the same window sum with respect to its input.
// CHECK{LITERAL}: dense<[[[[1.000000e+00, 3.000000e+00, 2.000000e+00], [4.000000e+00, 1.000000e+01, 6.000000e+00], [3.000000e+00, 7.000000e+00, 4.000000e+00]]]]>
func.func @conv() -> (tensor<1x1x2x2xf32>, tensor<1x1x3x3xf32>) {
  %x = arith.constant dense<[[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]]> : tensor<1x1x3x3xf32>
  %w = arith.constant dense<1.0> : tensor<1x1x2x2xf32>
  %0 = graph.conv %x, %w strides = [1, 1] dilations = [1, 2] low = [0, 1] high = [0, 0] groups = 1
      : tensor<1x1x3x3xf32>, tensor<1x1x2x2xf32> to tensor<1x1x2x2xf32>
  %y = arith.constant dense<[[[[1.0, 2.0], [3.0, 4.0]]]]> : tensor<1x1x2x2xf32>
  %1 = graph.conv %y, %w strides = [1, 1] dilations = [1, 1] low = [0, 0] high = [0, 0] groups = 1 {transposed}
      : tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32> to tensor<1x1x3x3xf32>
  return %0, %1 : tensor<1x1x2x2xf32>, tensor<1x1x3x3xf32>
}

// CHECK-LABEL: func.func @reduce
// CHECK: dense<[6.000000e+00, 1.500000e+01]> : tensor<2xf32>
// CHECK{LITERAL}: dense<[[4, 2, 9]]> : tensor<1x3xi32>
// CHECK: dense<[2, 0]> : tensor<2xi64>
// CHECK: dense<[0, 1, 3]> : tensor<3xi32>
func.func @reduce() -> (tensor<2xf32>, tensor<1x3xi32>, tensor<2xi64>, tensor<3xi32>) {
  %x = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %0 = graph.reduce add %x dims = [1] : tensor<2x3xf32> to tensor<2xf32>
  %i = arith.constant dense<[[1, 2, 9], [4, -1, 0]]> : tensor<2x3xi32>
  %1 = graph.reduce max %i dims = [0] keep_dims : tensor<2x3xi32> to tensor<1x3xi32>
  %2 = graph.arg_reduce max %i axis = 1 : tensor<2x3xi32> to tensor<2xi64>
  %r = arith.constant dense<[1, 2, 3]> : tensor<3xi32>
  %3 = graph.cumulative add %r axis = 0 exclusive : tensor<3xi32> to tensor<3xi32>
  return %0, %1, %2, %3 : tensor<2xf32>, tensor<1x3xi32>, tensor<2xi64>, tensor<3xi32>
}

// CHECK-LABEL: func.func @rearrange
// CHECK{LITERAL}: dense<[[1, 4], [2, 5], [3, 6]]>
// CHECK{LITERAL}: dense<[[6, 4], [3, 1]]>
// CHECK: dense<[3, 2, 1, 2, 3, 2]>
// CHECK{LITERAL}: dense<[[4, 5, 6], [4, 5, 6], [1, 2, 3]]>
// CHECK: dense<[1, 2, 3, 1, 2, 3]>
func.func @rearrange() -> (tensor<3x2xi32>, tensor<2x2xi32>, tensor<6xi32>, tensor<3x3xi32>, tensor<6xi32>) {
  %x = arith.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  %0 = graph.transpose %x [1, 0] : tensor<2x3xi32> to tensor<3x2xi32>
  %1 = graph.slice %x offsets [1, 2] sizes [2, 2] strides [-1, -2] : tensor<2x3xi32> to tensor<2x2xi32>
  %r = arith.constant dense<[1, 2, 3]> : tensor<3xi32>
  %2 = graph.pad %r low [2] high [1] mode reflect : tensor<3xi32> to tensor<6xi32>
  %i = arith.constant dense<[-1, 7, 0]> : tensor<3xi64>
  %3 = graph.gather %x[%i] axis = 0 : tensor<2x3xi32>, tensor<3xi64> to tensor<3x3xi32>
  %4 = graph.concat axis = 0 (%r, %r) : (tensor<3xi32>, tensor<3xi32>) to tensor<6xi32>
  return %0, %1, %2, %3, %4 : tensor<3x2xi32>, tensor<2x2xi32>, tensor<6xi32>, tensor<3x3xi32>, tensor<6xi32>
}

// CHECK-LABEL: func.func @order
// CHECK: dense<[0x7FC00000, 3.000000e+00]> : tensor<2xf32>
// CHECK: dense<[1, 0]> : tensor<2xi64>
// CHECK: dense<[0, 5, 4]> : tensor<3xi32>
func.func @order() -> (tensor<2xf32>, tensor<2xi64>, tensor<3xi32>) {
  %x = arith.constant dense<[3.0, 0x7FC00000, 1.0]> : tensor<3xf32>
  %k = arith.constant 2 : index
  %v, %i = graph.sort %x k = %k axis = 0 descending : tensor<3xf32> to tensor<2xf32>, tensor<2xi64>
  %z = arith.constant dense<0> : tensor<3xi32>
  %j = arith.constant dense<[-1, 1, 2, 8]> : tensor<4xi64>
  %u = arith.constant dense<[1, 5, 3, 9]> : tensor<4xi32>
  %s = graph.scatter_elements add %z[%j] updates %u axis = 0
      : tensor<3xi32>, tensor<4xi64>, tensor<4xi32> to tensor<3xi32>
  return %v, %i, %s : tensor<2xf32>, tensor<2xi64>, tensor<3xi32>
}

// CHECK-LABEL: func.func @window
// CHECK{LITERAL}: dense<[[[2.000000e+00, 4.000000e+00]]]>
// CHECK{LITERAL}: dense<[[[1.000000e+00, 2.500000e+00, 4.000000e+00]]]>
// CHECK{LITERAL}: dense<[[[1.000000e+00, 1.250000e+00, 1.750000e+00, 2.000000e+00]]]>
func.func @window() -> (tensor<1x1x2xf32>, tensor<1x1x3xf32>, tensor<1x1x4xf32>) {
  %x = arith.constant dense<[[[1.0, 2.0, 3.0, 4.0]]]> : tensor<1x1x4xf32>
  %0 = graph.pool max %x kernel = [2] strides = [2] dilations = [1] low = [0] high = [0] sizes [1, 1, 2]
      : tensor<1x1x4xf32> to tensor<1x1x2xf32>
  %1 = graph.pool average %x kernel = [2] strides = [2] dilations = [1] low = [1] high = [1] sizes [1, 1, 3]
      : tensor<1x1x4xf32> to tensor<1x1x3xf32>
  %y = arith.constant dense<[[[1.0, 2.0]]]> : tensor<1x1x2xf32>
  %2 = graph.resize %y mode = linear coordinates = half_pixel scales = [1.0, 1.0, 2.0] sizes [1, 1, 4]
      : tensor<1x1x2xf32> to tensor<1x1x4xf32>
  return %0, %1, %2 : tensor<1x1x2xf32>, tensor<1x1x3xf32>, tensor<1x1x4xf32>
}

// The sum of 0 to 9 by a loop, then by a while; a branch picks the first.
// CHECK-LABEL: func.func @control
// CHECK: dense<45> : tensor<i64>
// CHECK: arith.constant 10 : index
func.func @control() -> (tensor<i64>, index) {
  %zero = arith.constant dense<0> : tensor<i64>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c10 = arith.constant 10 : index
  %sum = scf.for %i = %c0 to %c10 step %c1 iter_args(%s = %zero) -> tensor<i64> {
    %t = graph.splat %i : index to tensor<i64>
    %n = arith.addi %s, %t : tensor<i64>
    scf.yield %n : tensor<i64>
  }
  %w = scf.while (%i = %c0) : (index) -> index {
    %c = arith.cmpi slt, %i, %c10 : index
    scf.condition(%c) %i : index
  } do {
  ^bb0(%i: index):
    %n = arith.addi %i, %c1 : index
    scf.yield %n : index
  }
  %yes = arith.cmpi eq, %w, %c10 : index
  %r = scf.if %yes -> tensor<i64> {
    scf.yield %sum : tensor<i64>
  } else {
    scf.yield %zero : tensor<i64>
  }
  return %r, %w : tensor<i64>, index
}

// CHECK-LABEL: func.func @group
// CHECK: dense<[2.000000e+00, 4.000000e+00]>
func.func @group() -> tensor<2xf32> {
  %x = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %y = graph.group (%x : tensor<2xf32>) scalars () attributes {skeleton = "pointwise"} {
  ^bb0(%a: tensor<2xf32>):
    %1 = arith.addf %a, %a : tensor<2xf32>
    graph.yield %1 : tensor<2xf32>
  } : tensor<2xf32>
  return %y : tensor<2xf32>
}

// CHECK-LABEL: func.func @encoding
// CHECK: dense<[1.270000e+02, -6.400000e+01]>
func.func @encoding() -> tensor<2xf32> {
  %x = arith.constant dense<[127.0, -64.3]> : tensor<2xf32>
  %e = graph.encode %x : tensor<2xf32> to tensor<2xf32, #graph.int<bits = 8, scale = f32>>
  %d = graph.decode %e : tensor<2xf32, #graph.int<bits = 8, scale = f32>> to tensor<2xf32>
  return %d : tensor<2xf32>
}
