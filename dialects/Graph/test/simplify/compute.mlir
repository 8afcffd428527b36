// RUN: raddle-opt %s --graph-set-compute=mode=tf32x3 | FileCheck %s
// RUN: not raddle-opt %s --graph-set-compute=mode=f8 2>&1 | FileCheck %s --check-prefix=BAD

// BAD: unknown compute mode 'f8': expected 'tf32x3', 'f32', 'tf32', 'f16' or 'bf16'
// CHECK-LABEL: func.func @main
// CHECK:         graph.contract {{.*}} {compute = #graph.compute<tf32x3>} : tensor<4x8xf32>
// CHECK:         graph.contract {{.*}}] : tensor<4x8xf16>
func.func @main(%x: tensor<4x8xf32>, %w: tensor<8x2xf32>, %xh: tensor<4x8xf16>, %wh: tensor<8x2xf16>) -> (tensor<4x2xf32>, tensor<4x2xf32>) {
  %0 = graph.contract %x, %w maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
      : tensor<4x8xf32>, tensor<8x2xf32> to tensor<4x2xf32>
  %1 = graph.contract %xh, %wh maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
      : tensor<4x8xf16>, tensor<8x2xf16> to tensor<4x2xf32>
  return %0, %1 : tensor<4x2xf32>, tensor<4x2xf32>
}
