// RUN: %python %S/Inputs/lsp.py %s | FileCheck %s

// CHECK: server: mlir-lsp-server

#int4 = #graph.int<bits = 4, axis = 0, group = 32, scale = f16>
//^ alias
// CHECK-LABEL: alias:
// CHECK: Storage of `tensor<4096x4096xf16>` as `#graph.int<bits = 4, scale = f16, axis = 0, group = 32>`
// CHECK: 9437184 bytes, 4.50 bits per element

func.func @f(%x: tensor<?x32xf32>) -> tensor<64x32xf32> {
  %w = graph.weight "weights"::"ünïcödé 𝄞" : tensor<64x32xf32, #int4>
//     ^ operation
// CHECK-LABEL: operation: "graph.weight"
// CHECK: Generic Form
// CHECK: Storage of `tensor<64x32xf32>` as `#graph.int<bits = 4
// CHECK: | codes | `tensor<64x16xi8>` |
// CHECK: | scales | `tensor<2x32xf16>` |
// CHECK: 1152 bytes, 4.50 bits per element (8192 bytes without encoding)
// CHECK: Slices are aligned to [32, 2] elements, components to 16 bytes

  %d = graph.decode %w : tensor<64x32xf32, #int4> to tensor<64x32xf32>
//                  ^ value
// CHECK-LABEL: value: Operation: "graph.weight"
// CHECK: 1152 bytes, 4.50 bits per element

  %c = graph.weight "weights"::"ünïcödé 𝄞" : tensor<64x32xf32, #int4>
//                                           ^ type
// CHECK-LABEL: type: Storage of `tensor<64x32xf32>`
// CHECK: 1152 bytes

  %v = graph.encode %x : tensor<?x32xf32> to tensor<?x32xf32, #graph.int<bits = 8, scale = f32>>
//                                                              ^ encoding
// CHECK-LABEL: encoding: Storage of `tensor<?x32xf32>`
// CHECK: | codes | `tensor<?x32xi8>` |
// CHECK-NOT: bits per element

  %t = math.exp %d : tensor<64x32xf32>
//                   ^ plain
// CHECK-LABEL: plain: nothing
  return %t : tensor<64x32xf32>
}

// CHECK: 2:8: 'graph.transpose' op
// CHECK: exit code: 0
