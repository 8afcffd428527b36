// RUN: raddle-opt %s --graph-precompute-weights --split-input-file | FileCheck %s

// What is computed from weights alone; the broadcast stays with its reader.
// CHECK-LABEL: @scaled
// CHECK:         %[[S:.+]] = graph.weight "weights"::"b"
// CHECK:         %[[W:.+]] = graph.precompute {
// CHECK:           graph.weight "weights"::"w"
// CHECK:           graph.weight "weights"::"s"
// CHECK:           graph.reshape
// CHECK:           graph.broadcast
// CHECK:           arith.mulf
// CHECK:           graph.yield
// CHECK:         } : tensor<64x32xf32>
// CHECK:         graph.broadcast %[[S]]
// CHECK:         arith.addf %arg0, %[[W]]
func.func @scaled(%x: tensor<64x32xf32>) -> (tensor<64x32xf32>, tensor<64x32xf32>) {
  %w = graph.weight "weights"::"w" : tensor<64x32xf32>
  %s = graph.weight "weights"::"s" : tensor<64xf32>
  %b = graph.weight "weights"::"b" : tensor<32xf32>
  %0 = graph.reshape %s sizes [64, 1] : tensor<64xf32> to tensor<64x1xf32>
  %1 = graph.broadcast %0 sizes [64, 32] : tensor<64x1xf32> to tensor<64x32xf32>
  %2 = arith.mulf %w, %1 : tensor<64x32xf32>
  %3 = graph.broadcast %b sizes [64, 32] : tensor<32xf32> to tensor<64x32xf32>
  %4 = arith.addf %x, %2 : tensor<64x32xf32>
  %5 = arith.addf %x, %3 : tensor<64x32xf32>
  return %4, %5 : tensor<64x32xf32>, tensor<64x32xf32>
}

// -----

// The weight is read as it is as well: a second copy would make the artifact
// larger than the slack.
// CHECK-LABEL: @shared
// CHECK-NOT:     graph.precompute
func.func @shared(%x: tensor<512x64xf32>, %y: tensor<64x512xf32>) -> (tensor<512x64xf32>, tensor<64x512xf32>) {
  %w = graph.weight "weights"::"w" : tensor<512x64xf32>
  %t = graph.transpose %w [1, 0] : tensor<512x64xf32> to tensor<64x512xf32>
  %0 = arith.addf %x, %w : tensor<512x64xf32>
  %1 = arith.addf %y, %t : tensor<64x512xf32>
  return %0, %1 : tensor<512x64xf32>, tensor<64x512xf32>
}

// -----

// Both halves are read through slices: together they take what the weight does.
// CHECK-LABEL: @halves
// CHECK-COUNT-2: graph.precompute
// CHECK-NOT:     graph.precompute
func.func @halves(%x: tensor<512x64xf32>) -> (tensor<512x64xf32>, tensor<512x64xf32>) {
  %w = graph.weight "weights"::"w" : tensor<1024x64xf32>
  %a = graph.slice %w offsets [0, 0] sizes [512, 64] strides [1, 1] : tensor<1024x64xf32> to tensor<512x64xf32>
  %b = graph.slice %w offsets [512, 0] sizes [512, 64] strides [1, 1] : tensor<1024x64xf32> to tensor<512x64xf32>
  %0 = arith.addf %x, %a : tensor<512x64xf32>
  %1 = arith.addf %x, %b : tensor<512x64xf32>
  return %0, %1 : tensor<512x64xf32>, tensor<512x64xf32>
}

// -----

// Joined and transposed weights, through what was computed ahead before.
// CHECK-LABEL: @again
// CHECK:         graph.precompute {
// CHECK-NOT:       graph.precompute
// CHECK:           graph.transpose
// CHECK:           graph.concat
// CHECK:           graph.yield
func.func @again(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %p = graph.precompute {
    %w = graph.weight "weights"::"w" : tensor<4x8xf32>
    %t = graph.transpose %w [1, 0] : tensor<4x8xf32> to tensor<8x4xf32>
    graph.yield %t : tensor<8x4xf32>
  } : tensor<8x4xf32>
  %v = graph.weight "weights"::"v" : tensor<8x4xf32>
  %c = graph.concat axis = 1 (%p, %v) : (tensor<8x4xf32>, tensor<8x4xf32>) to tensor<8x8xf32>
  %0 = arith.addf %x, %c : tensor<8x8xf32>
  return %0 : tensor<8x8xf32>
}

// -----

// Stored formats stay as they are stored.
// CHECK-LABEL: @encoded
// CHECK-NOT:     graph.precompute
func.func @encoded(%x: tensor<64x8xf32>) -> tensor<64x8xf32> {
  %w = graph.weight "weights"::"w" : tensor<64x8xf32, #graph.int<bits = 8, scale = f32, axis = 1>>
  %d = graph.decode %w : tensor<64x8xf32, #graph.int<bits = 8, scale = f32, axis = 1>> to tensor<64x8xf32>
  %n = arith.negf %d : tensor<64x8xf32>
  %0 = arith.addf %x, %n : tensor<64x8xf32>
  return %0 : tensor<64x8xf32>
}
