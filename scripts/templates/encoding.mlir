// RUN: raddle-opt %s | raddle-opt | FileCheck %s

// CHECK-LABEL: @round_trip
// CHECK: graph.encode %{{.*}} : tensor<4x64xf32> to tensor<4x64xf32, #graph.@MNEMONIC@>
func.func @round_trip(%x: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %e = graph.encode %x : tensor<4x64xf32> to tensor<4x64xf32, #graph.@MNEMONIC@>
  %y = graph.decode %e : tensor<4x64xf32, #graph.@MNEMONIC@> to tensor<4x64xf32>
  return %y : tensor<4x64xf32>
}
