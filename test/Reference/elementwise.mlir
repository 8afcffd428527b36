// RUN: raddle-opt %s --graph-evaluate | FileCheck %s

// CHECK-LABEL: func.func @float
// CHECK: dense<[3.000000e+00, -1.000000e+00, 0x7FC00000]>
// CHECK: dense<[-0.000000e+00, 2.000000e+00, 0x7FC00000]>
// CHECK: dense<[0.000000e+00, -2.000000e+00, 0x7FC00000]>
func.func @float() -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) {
  %a = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %b = arith.constant dense<[2.0, -3.0, 0x7FC00000]> : tensor<3xf32>
  %0 = arith.addf %a, %b : tensor<3xf32>
  %c = arith.constant dense<[-0.0, 2.0, 0x7FC00000]> : tensor<3xf32>
  %d = arith.constant dense<[0.0, 7.0, 1.0]> : tensor<3xf32>
  %e = arith.constant dense<[0.0, -2.0, 0x7FC00000]> : tensor<3xf32>
  %f = arith.constant dense<[-0.0, -7.0, 1.0]> : tensor<3xf32>
  %1 = arith.minimumf %c, %d : tensor<3xf32>
  %2 = arith.maximumf %e, %f : tensor<3xf32>
  return %0, %1, %2 : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}

// Each operation rounds: 2048 + 1 is a tie in f16 and goes to even, 2050 + 1 as
// well; f64 to f16 rounds once: just above a tie goes up.
// CHECK-LABEL: func.func @half
// CHECK: dense<[2.048000e+03, 2.052000e+03]> : tensor<2xf16>
// CHECK: dense<2.050000e+03> : tensor<f16>
// CHECK: dense<1.000000e+00> : tensor<bf16>
func.func @half() -> (tensor<2xf16>, tensor<f16>, tensor<bf16>) {
  %a = arith.constant dense<[2048.0, 2050.0]> : tensor<2xf16>
  %b = arith.constant dense<[1.0, 1.0]> : tensor<2xf16>
  %0 = arith.addf %a, %b : tensor<2xf16>
  %c = arith.constant dense<2049.0000000001> : tensor<f64>
  %1 = arith.truncf %c : tensor<f64> to tensor<f16>
  %d = arith.constant dense<1.00390625> : tensor<f32>
  %2 = arith.truncf %d : tensor<f32> to tensor<bf16>
  return %0, %1, %2 : tensor<2xf16>, tensor<f16>, tensor<bf16>
}

// CHECK-LABEL: func.func @integer
// CHECK: dense<[-128, 0]> : tensor<2xi8>
// CHECK: dense<[-4, 3]> : tensor<2xi32>
// CHECK: dense<[-3, 4]> : tensor<2xi32>
// CHECK: dense<[false, true]> : tensor<2xi1>
// CHECK: dense<[127, -128, 0]> : tensor<3xi8>
// CHECK: dense<[255, 1]> : tensor<2xi32>
func.func @integer() -> (tensor<2xi8>, tensor<2xi32>, tensor<2xi32>, tensor<2xi1>, tensor<3xi8>, tensor<2xi32>) {
  %a = arith.constant dense<[127, -1]> : tensor<2xi8>
  %one = arith.constant dense<1> : tensor<2xi8>
  %0 = arith.addi %a, %one : tensor<2xi8>
  %x = arith.constant dense<[-7, 7]> : tensor<2xi32>
  %y = arith.constant dense<[2, 2]> : tensor<2xi32>
  %1 = arith.floordivsi %x, %y : tensor<2xi32>
  %2 = arith.ceildivsi %x, %y : tensor<2xi32>
  %big = arith.constant dense<[1.0e9, -1.0e9, 0x7FC00000]> : tensor<3xf32>
  %4 = arith.fptosi %big : tensor<3xf32> to tensor<3xi8>
  %neg = arith.constant dense<[-1, 1]> : tensor<2xi8>
  %5 = arith.extui %neg : tensor<2xi8> to tensor<2xi32>
  %z = arith.constant dense<[5, 1]> : tensor<2xi32>
  %7 = arith.cmpi slt, %z, %y : tensor<2xi32>
  return %0, %1, %2, %7, %4, %5 : tensor<2xi8>, tensor<2xi32>, tensor<2xi32>, tensor<2xi1>, tensor<3xi8>, tensor<2xi32>
}
