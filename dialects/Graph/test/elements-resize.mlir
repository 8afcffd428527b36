// As elements-evaluate.mlir, for interpolation. Scales are exact in binary, so
// that the order of additions does not show.
//
// RUN: raddle-opt %s --graph-evaluate > %t.whole
// RUN: raddle-opt %s --graph-test-elements --graph-evaluate > %t.elements
// RUN: diff %t.whole %t.elements
// RUN: FileCheck %s < %t.elements

// CHECK-LABEL: @nearest_half_pixel_round_prefer_floor(
func.func @nearest_half_pixel_round_prefer_floor() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[2.0, 4.0, -8.0, 4.0], [-1.0, 0.0, 2.0, -4.0], [7.0, -8.0, -4.0, -2.0], [1.0, -2.0, -6.0, -8.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = nearest coordinates = half_pixel scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2]
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @nearest_half_pixel_round_prefer_ceil(
func.func @nearest_half_pixel_round_prefer_ceil() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[-8.0, -8.0, -6.0, 7.0], [-5.0, 2.0, 4.0, -5.0], [-4.0, -2.0, -4.0, 7.0], [-6.0, 6.0, 4.0, 5.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = nearest coordinates = half_pixel scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2] {nearest = #graph.nearest<round_prefer_ceil>}
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @nearest_half_pixel_floor(
func.func @nearest_half_pixel_floor() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[-7.0, -2.0, 2.0, -1.0], [2.0, 2.0, 2.0, -8.0], [7.0, 0.0, 6.0, -4.0], [-3.0, 6.0, -6.0, -7.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = nearest coordinates = half_pixel scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2] {nearest = #graph.nearest<floor>}
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @nearest_half_pixel_ceil(
func.func @nearest_half_pixel_ceil() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[-3.0, 2.0, -7.0, 5.0], [-3.0, -5.0, 0.0, 6.0], [6.0, 5.0, -4.0, -8.0], [4.0, 3.0, 4.0, -8.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = nearest coordinates = half_pixel scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2] {nearest = #graph.nearest<ceil>}
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @nearest_pytorch_half_pixel_round_prefer_floor(
func.func @nearest_pytorch_half_pixel_round_prefer_floor() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[-8.0, 0.0, -3.0, -2.0], [6.0, -5.0, 0.0, -3.0], [-4.0, 4.0, -6.0, -3.0], [-7.0, -6.0, -4.0, 3.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = nearest coordinates = pytorch_half_pixel scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2]
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @nearest_pytorch_half_pixel_round_prefer_ceil(
func.func @nearest_pytorch_half_pixel_round_prefer_ceil() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[1.0, -1.0, -6.0, 4.0], [4.0, -5.0, -8.0, -3.0], [-6.0, 4.0, 0.0, 0.0], [-4.0, 0.0, 7.0, -5.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = nearest coordinates = pytorch_half_pixel scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2] {nearest = #graph.nearest<round_prefer_ceil>}
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @nearest_pytorch_half_pixel_floor(
func.func @nearest_pytorch_half_pixel_floor() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[4.0, -8.0, -3.0, 6.0], [5.0, -7.0, 5.0, 5.0], [-1.0, -3.0, 7.0, 7.0], [2.0, -2.0, -5.0, 6.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = nearest coordinates = pytorch_half_pixel scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2] {nearest = #graph.nearest<floor>}
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @nearest_pytorch_half_pixel_ceil(
func.func @nearest_pytorch_half_pixel_ceil() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[-4.0, 0.0, 2.0, -5.0], [-3.0, 3.0, -5.0, 2.0], [7.0, 2.0, 2.0, -1.0], [7.0, -5.0, -3.0, 2.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = nearest coordinates = pytorch_half_pixel scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2] {nearest = #graph.nearest<ceil>}
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @nearest_align_corners_round_prefer_floor(
func.func @nearest_align_corners_round_prefer_floor() -> tensor<1x1x5x5xf32> {
  %x = arith.constant dense<[[[[2.0, -7.0, -6.0, 3.0, 5.0], [2.0, 6.0, -2.0, -3.0, 4.0], [-8.0, -5.0, -5.0, -2.0, -6.0]]]]> : tensor<1x1x3x5xf32>
  %r = graph.resize %x mode = nearest coordinates = align_corners scales = [1.0, 1.0, 1.6666666666666667, 1.0] sizes [1, 1, 5, 5]
      : tensor<1x1x3x5xf32> to tensor<1x1x5x5xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x5x5xf32>
}

// CHECK-LABEL: @nearest_align_corners_round_prefer_ceil(
func.func @nearest_align_corners_round_prefer_ceil() -> tensor<1x1x5x5xf32> {
  %x = arith.constant dense<[[[[4.0, 5.0, -2.0, -8.0, 3.0], [-7.0, 1.0, -6.0, 7.0, 2.0], [7.0, 1.0, 3.0, -2.0, 4.0]]]]> : tensor<1x1x3x5xf32>
  %r = graph.resize %x mode = nearest coordinates = align_corners scales = [1.0, 1.0, 1.6666666666666667, 1.0] sizes [1, 1, 5, 5] {nearest = #graph.nearest<round_prefer_ceil>}
      : tensor<1x1x3x5xf32> to tensor<1x1x5x5xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x5x5xf32>
}

// CHECK-LABEL: @nearest_align_corners_floor(
func.func @nearest_align_corners_floor() -> tensor<1x1x5x5xf32> {
  %x = arith.constant dense<[[[[-7.0, -6.0, -3.0, 3.0, -1.0], [5.0, 7.0, -2.0, -2.0, 0.0], [2.0, -1.0, 1.0, 7.0, 3.0]]]]> : tensor<1x1x3x5xf32>
  %r = graph.resize %x mode = nearest coordinates = align_corners scales = [1.0, 1.0, 1.6666666666666667, 1.0] sizes [1, 1, 5, 5] {nearest = #graph.nearest<floor>}
      : tensor<1x1x3x5xf32> to tensor<1x1x5x5xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x5x5xf32>
}

// CHECK-LABEL: @nearest_align_corners_ceil(
func.func @nearest_align_corners_ceil() -> tensor<1x1x5x5xf32> {
  %x = arith.constant dense<[[[[-3.0, -2.0, -2.0, -6.0, -8.0], [4.0, -2.0, -3.0, 2.0, 1.0], [6.0, 1.0, 6.0, 1.0, -3.0]]]]> : tensor<1x1x3x5xf32>
  %r = graph.resize %x mode = nearest coordinates = align_corners scales = [1.0, 1.0, 1.6666666666666667, 1.0] sizes [1, 1, 5, 5] {nearest = #graph.nearest<ceil>}
      : tensor<1x1x3x5xf32> to tensor<1x1x5x5xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x5x5xf32>
}

// CHECK-LABEL: @nearest_asymmetric_round_prefer_floor(
func.func @nearest_asymmetric_round_prefer_floor() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[-3.0, 7.0, 1.0, -5.0], [5.0, 5.0, -8.0, -6.0], [3.0, -2.0, -3.0, -7.0], [-5.0, 5.0, 5.0, 5.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = nearest coordinates = asymmetric scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2]
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @nearest_asymmetric_round_prefer_ceil(
func.func @nearest_asymmetric_round_prefer_ceil() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[1.0, -6.0, -3.0, 0.0], [7.0, -4.0, 0.0, -1.0], [0.0, 0.0, 3.0, -7.0], [7.0, 5.0, 4.0, -4.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = nearest coordinates = asymmetric scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2] {nearest = #graph.nearest<round_prefer_ceil>}
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @nearest_asymmetric_floor(
func.func @nearest_asymmetric_floor() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[-1.0, -1.0, -4.0, -8.0], [3.0, -8.0, 4.0, -5.0], [2.0, -3.0, -5.0, 6.0], [-1.0, 6.0, -5.0, -1.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = nearest coordinates = asymmetric scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2] {nearest = #graph.nearest<floor>}
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @nearest_asymmetric_ceil(
func.func @nearest_asymmetric_ceil() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[-3.0, -1.0, -8.0, 2.0], [-3.0, 5.0, -5.0, -3.0], [-8.0, 4.0, 0.0, -2.0], [6.0, 1.0, 7.0, 3.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = nearest coordinates = asymmetric scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2] {nearest = #graph.nearest<ceil>}
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @nearest_half_pixel_symmetric_round_prefer_floor(
func.func @nearest_half_pixel_symmetric_round_prefer_floor() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[1.0, 0.0, -5.0, 3.0], [4.0, 3.0, -2.0, -8.0], [3.0, -8.0, 4.0, -6.0], [-4.0, -5.0, 0.0, -5.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = nearest coordinates = half_pixel_symmetric scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2]
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @nearest_half_pixel_symmetric_round_prefer_ceil(
func.func @nearest_half_pixel_symmetric_round_prefer_ceil() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[-4.0, -8.0, 7.0, -5.0], [-5.0, 1.0, -6.0, 6.0], [4.0, -3.0, -2.0, -3.0], [3.0, -2.0, -4.0, 2.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = nearest coordinates = half_pixel_symmetric scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2] {nearest = #graph.nearest<round_prefer_ceil>}
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @nearest_half_pixel_symmetric_floor(
func.func @nearest_half_pixel_symmetric_floor() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[-6.0, 4.0, -2.0, 7.0], [-4.0, -2.0, 5.0, 3.0], [-8.0, -3.0, -8.0, 5.0], [-2.0, -5.0, 3.0, 5.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = nearest coordinates = half_pixel_symmetric scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2] {nearest = #graph.nearest<floor>}
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @nearest_half_pixel_symmetric_ceil(
func.func @nearest_half_pixel_symmetric_ceil() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[-7.0, 0.0, -3.0, 3.0], [6.0, 0.0, 3.0, -3.0], [1.0, -1.0, 3.0, -8.0], [-5.0, -8.0, 7.0, 0.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = nearest coordinates = half_pixel_symmetric scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2] {nearest = #graph.nearest<ceil>}
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @linear_half_pixel(
func.func @linear_half_pixel() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[-1.0, -1.0, -8.0, 5.0], [5.0, -8.0, 1.0, 0.0], [-2.0, -1.0, 6.0, 1.0], [-1.0, 3.0, 3.0, 0.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = linear coordinates = half_pixel scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2]
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @linear_half_pixel_antialias(
func.func @linear_half_pixel_antialias() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[5.0, 1.0, 1.0, -1.0], [1.0, 1.0, 6.0, -5.0], [-3.0, 0.0, -3.0, 2.0], [5.0, -5.0, -8.0, 7.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = linear coordinates = half_pixel scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2] {antialias = true}
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @linear_pytorch_half_pixel(
func.func @linear_pytorch_half_pixel() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[0.0, 3.0, 4.0, 7.0], [-8.0, -4.0, 7.0, -1.0], [-2.0, -4.0, -8.0, -8.0], [7.0, -8.0, -6.0, -5.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = linear coordinates = pytorch_half_pixel scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2]
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @linear_pytorch_half_pixel_antialias(
func.func @linear_pytorch_half_pixel_antialias() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[-4.0, 5.0, -3.0, -6.0], [-2.0, 3.0, -1.0, -5.0], [-7.0, -7.0, -1.0, -5.0], [1.0, 2.0, -2.0, 0.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = linear coordinates = pytorch_half_pixel scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2] {antialias = true}
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @linear_align_corners(
func.func @linear_align_corners() -> tensor<1x1x5x5xf32> {
  %x = arith.constant dense<[[[[-8.0, 0.0, -6.0, -1.0, -7.0], [-4.0, -2.0, -1.0, -8.0, 6.0], [-2.0, -5.0, -5.0, 3.0, -1.0]]]]> : tensor<1x1x3x5xf32>
  %r = graph.resize %x mode = linear coordinates = align_corners scales = [1.0, 1.0, 1.6666666666666667, 1.0] sizes [1, 1, 5, 5]
      : tensor<1x1x3x5xf32> to tensor<1x1x5x5xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x5x5xf32>
}

// CHECK-LABEL: @linear_align_corners_antialias(
func.func @linear_align_corners_antialias() -> tensor<1x1x5x5xf32> {
  %x = arith.constant dense<[[[[-4.0, -1.0, -5.0, -6.0, -3.0], [7.0, -7.0, 0.0, 6.0, -1.0], [-3.0, 0.0, -6.0, 3.0, -8.0]]]]> : tensor<1x1x3x5xf32>
  %r = graph.resize %x mode = linear coordinates = align_corners scales = [1.0, 1.0, 1.6666666666666667, 1.0] sizes [1, 1, 5, 5] {antialias = true}
      : tensor<1x1x3x5xf32> to tensor<1x1x5x5xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x5x5xf32>
}

// CHECK-LABEL: @linear_asymmetric(
func.func @linear_asymmetric() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[1.0, -8.0, -8.0, -5.0], [3.0, -2.0, -2.0, 1.0], [-7.0, 7.0, -1.0, 6.0], [4.0, -5.0, -4.0, 1.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = linear coordinates = asymmetric scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2]
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @linear_asymmetric_antialias(
func.func @linear_asymmetric_antialias() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[5.0, 6.0, -1.0, -7.0], [7.0, 5.0, 3.0, -2.0], [-6.0, 4.0, -5.0, -3.0], [5.0, 2.0, -4.0, 0.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = linear coordinates = asymmetric scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2] {antialias = true}
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @linear_half_pixel_symmetric(
func.func @linear_half_pixel_symmetric() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[1.0, -7.0, -4.0, 4.0], [2.0, 5.0, 3.0, -1.0], [-4.0, -2.0, -5.0, 7.0], [-8.0, -3.0, -7.0, 6.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = linear coordinates = half_pixel_symmetric scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2]
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @linear_half_pixel_symmetric_antialias(
func.func @linear_half_pixel_symmetric_antialias() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[2.0, -2.0, 4.0, -3.0], [-1.0, -3.0, 4.0, -8.0], [0.0, -4.0, 7.0, -5.0], [-2.0, -8.0, -1.0, 0.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = linear coordinates = half_pixel_symmetric scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2] {antialias = true}
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @cubic_half_pixel(
func.func @cubic_half_pixel() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[4.0, -1.0, -5.0, -8.0], [6.0, -6.0, 4.0, 6.0], [-3.0, -6.0, 3.0, -3.0], [-8.0, 7.0, 6.0, -7.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = cubic coordinates = half_pixel scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2]
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @cubic_pytorch_half_pixel(
func.func @cubic_pytorch_half_pixel() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[3.0, -2.0, -7.0, 4.0], [5.0, -8.0, -7.0, -7.0], [7.0, 6.0, 5.0, 2.0], [-7.0, -4.0, 0.0, -1.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = cubic coordinates = pytorch_half_pixel scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2]
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @cubic_align_corners(
func.func @cubic_align_corners() -> tensor<1x1x5x5xf32> {
  %x = arith.constant dense<[[[[-7.0, -5.0, 3.0, 6.0, -7.0], [7.0, -3.0, -7.0, 6.0, 0.0], [2.0, -6.0, 6.0, -2.0, -3.0]]]]> : tensor<1x1x3x5xf32>
  %r = graph.resize %x mode = cubic coordinates = align_corners scales = [1.0, 1.0, 1.6666666666666667, 1.0] sizes [1, 1, 5, 5]
      : tensor<1x1x3x5xf32> to tensor<1x1x5x5xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x5x5xf32>
}

// CHECK-LABEL: @cubic_asymmetric(
func.func @cubic_asymmetric() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[3.0, 4.0, 3.0, -5.0], [-5.0, 1.0, -3.0, -8.0], [-2.0, 4.0, -2.0, -2.0], [2.0, 7.0, 4.0, -6.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = cubic coordinates = asymmetric scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2]
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}

// CHECK-LABEL: @cubic_half_pixel_symmetric(
func.func @cubic_half_pixel_symmetric() -> tensor<1x1x8x2xf32> {
  %x = arith.constant dense<[[[[-3.0, 0.0, -1.0, -5.0], [-7.0, 2.0, -3.0, -3.0], [7.0, 5.0, 0.0, 6.0], [0.0, 6.0, 1.0, -3.0]]]]> : tensor<1x1x4x4xf32>
  %r = graph.resize %x mode = cubic coordinates = half_pixel_symmetric scales = [1.0, 1.0, 2.0, 0.5] sizes [1, 1, 8, 2]
      : tensor<1x1x4x4xf32> to tensor<1x1x8x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x1x8x2xf32>
}
