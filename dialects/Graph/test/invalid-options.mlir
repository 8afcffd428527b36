// RUN: not raddle-opt %s --graph-choose-data-layout=layout=first 2>&1 | FileCheck %s

// CHECK: error: unknown layout 'first': expected 'cost', 'last' or 'keep'
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
