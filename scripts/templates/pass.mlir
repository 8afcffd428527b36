// RUN: raddle-opt %s --@FLAG@ | FileCheck %s

// CHECK-LABEL: @f
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>
// CHECK-NEXT: return %[[X]]
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
