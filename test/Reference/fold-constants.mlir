// RUN: raddle-opt %s --graph-fold-constants | FileCheck %s

// CHECK-LABEL: func.func @folds
// CHECK-DAG: %[[C:.*]] = arith.constant dense<[3.000000e+00, 4.000000e+00]> : tensor<2xf32>
// CHECK-NOT: arith.constant
// CHECK: %[[S:.*]] = arith.addf %arg0, %[[C]]
// CHECK: return %[[S]]
func.func @folds(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %b = graph.broadcast %two sizes [2] : tensor<f32> to tensor<2xf32>
  %c = arith.addf %a, %b : tensor<2xf32>
  %d = arith.addf %x, %c : tensor<2xf32>
  return %d : tensor<2xf32>
}

// A broadcast that an unfolded operation uses stays; its operand folds.
// CHECK-LABEL: func.func @generator
// CHECK: %[[C:.*]] = arith.constant dense<6.000000e+00> : tensor<f32>
// CHECK: %[[B:.*]] = graph.broadcast %[[C]] sizes [2]
// CHECK: arith.mulf %arg0, %[[B]]
func.func @generator(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a = arith.constant dense<2.0> : tensor<f32>
  %b = arith.constant dense<3.0> : tensor<f32>
  %c = arith.mulf %a, %b : tensor<f32>
  %d = graph.broadcast %c sizes [2] : tensor<f32> to tensor<2xf32>
  %e = arith.mulf %x, %d : tensor<2xf32>
  return %e : tensor<2xf32>
}

// What cannot be evaluated, or is large, stays without a word.
// CHECK-LABEL: func.func @stays
// CHECK: arith.divsi
// CHECK: graph.concat
func.func @stays() -> (tensor<1xi32>, tensor<40000xf32>) {
  %one = arith.constant dense<1> : tensor<1xi32>
  %zero = arith.constant dense<0> : tensor<1xi32>
  %d = arith.divsi %one, %zero : tensor<1xi32>
  %x = arith.constant dense<1.0> : tensor<10000xf32>
  %y = graph.concat axis = 0 (%x, %x, %x, %x)
      : (tensor<10000xf32>, tensor<10000xf32>, tensor<10000xf32>, tensor<10000xf32>) to tensor<40000xf32>
  return %d, %y : tensor<1xi32>, tensor<40000xf32>
}

// Sizes read from data become static through the constant.
// CHECK-LABEL: func.func @sizes
// CHECK: arith.constant 6 : index
// CHECK-NOT: tensor.extract
func.func @sizes(%x: tensor<?xf32>) -> tensor<?x?xf32> {
  %s = arith.constant dense<[2, 3]> : tensor<2xi64>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tensor.extract %s[%c0] : tensor<2xi64>
  %b = tensor.extract %s[%c1] : tensor<2xi64>
  %i = arith.index_cast %a : i64 to index
  %j = arith.index_cast %b : i64 to index
  %n = arith.muli %i, %j : index
  %y = graph.broadcast %x sizes [%n, %n] : tensor<?xf32> to tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
