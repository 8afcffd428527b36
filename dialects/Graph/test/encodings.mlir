// RUN: raddle-opt %s | raddle-opt | FileCheck %s
// RUN: raddle-opt %s --mlir-print-op-generic | raddle-opt | FileCheck %s
// RUN: raddle-opt %s --emit-bytecode | raddle-opt | FileCheck %s

// CHECK-LABEL: @encode_decode
func.func @encode_decode(%x: tensor<4x64xf32>, %s: tensor<4xf32>) -> tensor<4x64xf32> {
  // CHECK: graph.encode %{{.*}} : tensor<4x64xf32> to tensor<4x64xf32, #graph.int<bits = 8, scale = f32>>
  %0 = graph.encode %x : tensor<4x64xf32> to tensor<4x64xf32, #graph.int<scale = f32, bits = 8>>
  // CHECK: graph.decode %{{.*}} : tensor<4x64xf32, #graph.int<bits = 8, scale = f32>> to tensor<4x64xf32>
  %1 = graph.decode %0 : tensor<4x64xf32, #graph.int<bits = 8, scale = f32>> to tensor<4x64xf32>
  // CHECK: graph.encode %{{.*}} with ["scales"](%{{.*}} : tensor<4xf32>) : tensor<4x64xf32>
  %2 = graph.encode %1 with ["scales"](%s : tensor<4xf32>)
      : tensor<4x64xf32> to tensor<4x64xf32, #graph.int<bits = 8, scale = f32, axis = 0>>
  %3 = graph.decode %2 : tensor<4x64xf32, #graph.int<bits = 8, scale = f32, axis = 0>> to tensor<4x64xf32>
  return %3 : tensor<4x64xf32>
}

// CHECK-LABEL: @assemble
func.func @assemble(%codes: tensor<?x32xi8>, %scales: tensor<?x2xf16>, %zeros: tensor<?x2xi8>) -> tensor<?x64xf16> {
  // CHECK: graph.assemble %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x32xi8>, tensor<?x2xf16>, tensor<?x2xi8>) to tensor<?x64xf16, #graph.int<bits = 4, unsigned, scale = f16, zero = i8, axis = 1, group = 32>>
  %0 = graph.assemble %codes, %scales, %zeros : (tensor<?x32xi8>, tensor<?x2xf16>, tensor<?x2xi8>)
      to tensor<?x64xf16, #graph.int<bits = 4, unsigned, scale = f16, zero = i8, axis = 1, group = 32>>
  %1 = graph.decode %0 : tensor<?x64xf16, #graph.int<bits = 4, unsigned, scale = f16, zero = i8, axis = 1, group = 32>> to tensor<?x64xf16>
  return %1 : tensor<?x64xf16>
}

// CHECK-LABEL: @dense
// CHECK-SAME: tensor<3x5xi32, #graph.dense<order = [1, 0], pad = [4, 8]>>
// CHECK-SAME: tensor<3x5xf32, #graph.dense<order = [1, 0], inner = #graph.int<bits = 4, scale = f32, axis = 0>>>
func.func @dense(%x: tensor<3x5xi32, #graph.dense<order = [1, 0], pad = [4, 8]>>,
                 %y: tensor<3x5xf32, #graph.dense<order = [1, 0], inner = #graph.int<bits = 4, scale = f32, axis = 0>>>) {
  return
}

// CHECK-LABEL: @weight
func.func @weight() -> tensor<384x384xf32> {
  // CHECK: graph.weight "weights"::"q" : tensor<384x384xf32, #graph.int<bits = 8, scale = f32, axis = 1>>
  %0 = graph.weight "weights"::"q" : tensor<384x384xf32, #graph.int<bits = 8, scale = f32, axis = 1>>
  %1 = graph.decode %0 : tensor<384x384xf32, #graph.int<bits = 8, scale = f32, axis = 1>> to tensor<384x384xf32>
  return %1 : tensor<384x384xf32>
}
