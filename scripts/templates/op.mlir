// RUN: raddle-opt %s --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @@MNEMONIC@
// CHECK: graph.@MNEMONIC@ %{{.*}} : tensor<2x3xf32> to tensor<2x3xf32>
func.func @@MNEMONIC@(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = graph.@MNEMONIC@ %x : tensor<2x3xf32> to tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

func.func @other_type(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  // expected-error @+1 {{expected a result of type 'tensor<2x3xf32>', found 'tensor<3x2xf32>'}}
  %y = graph.@MNEMONIC@ %x : tensor<2x3xf32> to tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}
