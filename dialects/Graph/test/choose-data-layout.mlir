// RUN: raddle-opt %s --graph-choose-data-layout --graph-simplify --split-input-file | FileCheck %s
// RUN: raddle-opt %s --graph-choose-data-layout=layout=keep --split-input-file | FileCheck %s --check-prefix=KEEP

// KEEP-NOT: channels_last

// The image of 3 channels stays as it lies and is read through its transpose;
// behind it nothing is transposed. The mean over positions leaves for nothing.
// CHECK-LABEL: @classifier
// CHECK:         %[[X:.+]] = graph.transpose %arg0 [0, 2, 3, 1]
// CHECK:         %[[A:.+]] = graph.conv %[[X]]{{.*}}{channels_last} : tensor<1x16x16x3xf32>, tensor<64x3x3x3xf32> to tensor<1x16x16x64xf32>
// CHECK:         %[[B:.+]] = graph.broadcast %{{.+}} sizes [1, 16, 16, 64] : tensor<1x1x1x64xf32>
// CHECK:         %[[C:.+]] = arith.addf %[[A]], %[[B]]
// CHECK:         %[[P:.+]] = graph.pool max %[[C]]{{.*}} sizes [1, 8, 8, 64] {channels_last}
// CHECK:         %[[D:.+]] = graph.conv %[[P]]{{.*}}{channels_last} : tensor<1x8x8x64xf32>, tensor<32x3x3x64xf32> to tensor<1x8x8x32xf32>
// CHECK:         %[[E:.+]] = graph.concat axis = 3 (%[[D]], %[[P]])
// CHECK:         %[[R:.+]] = graph.reduce add %[[E]] dims = [1, 2] : tensor<1x8x8x96xf32> to tensor<1x96xf32>
// CHECK:         return %[[R]]
func.func @classifier(%x: tensor<1x3x16x16xf32>, %w: tensor<64x3x3x3xf32>, %b: tensor<64x1x1xf32>,
                      %v: tensor<32x64x3x3xf32>) -> tensor<1x96xf32> {
  %0 = graph.conv %x, %w strides = [1, 1] dilations = [1, 1] low = [1, 1] high = [1, 1] groups = 1
      : tensor<1x3x16x16xf32>, tensor<64x3x3x3xf32> to tensor<1x64x16x16xf32>
  %1 = graph.broadcast %b sizes [1, 64, 16, 16] : tensor<64x1x1xf32> to tensor<1x64x16x16xf32>
  %2 = arith.addf %0, %1 : tensor<1x64x16x16xf32>
  %3 = graph.pool max %2 kernel = [2, 2] strides = [2, 2] dilations = [1, 1] low = [0, 0] high = [0, 0]
      sizes [1, 64, 8, 8] : tensor<1x64x16x16xf32> to tensor<1x64x8x8xf32>
  %4 = graph.conv %3, %v strides = [1, 1] dilations = [1, 1] low = [1, 1] high = [1, 1] groups = 1
      : tensor<1x64x8x8xf32>, tensor<32x64x3x3xf32> to tensor<1x32x8x8xf32>
  %5 = graph.concat axis = 1 (%4, %3) : (tensor<1x32x8x8xf32>, tensor<1x64x8x8xf32>) to tensor<1x96x8x8xf32>
  %6 = graph.reduce add %5 dims = [2, 3] : tensor<1x96x8x8xf32> to tensor<1x96xf32>
  return %6 : tensor<1x96xf32>
}

// -----

// Nothing is gained: windows of one position follow each other in memory.
// CHECK-LABEL: @positions
// CHECK-NOT:     channels_last
func.func @positions(%x: tensor<1x64x16x16xf32>, %w: tensor<64x64x1x1xf32>) -> tensor<1x64x16x16xf32> {
  %0 = graph.conv %x, %w strides = [1, 1] dilations = [1, 1] low = [0, 0] high = [0, 0] groups = 1
      : tensor<1x64x16x16xf32>, tensor<64x64x1x1xf32> to tensor<1x64x16x16xf32>
  %1 = math.tanh %0 : tensor<1x64x16x16xf32>
  %2 = graph.conv %1, %w strides = [1, 1] dilations = [1, 1] low = [0, 0] high = [0, 0] groups = 1
      : tensor<1x64x16x16xf32>, tensor<64x64x1x1xf32> to tensor<1x64x16x16xf32>
  return %2 : tensor<1x64x16x16xf32>
}

// -----

// Transposes of a model that has its channels last anyway cancel: no border is
// left, and pads, slices, resizes and softmax over channels are inside.
// CHECK-LABEL: @cancelled
// CHECK-NOT:     graph.transpose %{{.*}}[0, 3, 1, 2]
// CHECK:         graph.conv{{.*}}channels_last
// CHECK:         graph.pad %{{.+}} low [0, 1, 1, 0] high [0, 0, 0, 0]
// CHECK:         graph.slice %{{.+}} offsets [0, 0, 1, 8] sizes [1, 17, 8, 16] strides [1, 1, 2, 1]
// CHECK:         graph.resize {{.*}} scales = [1.000000e+00, 2.000000e+00, 2.000000e+00, 1.000000e+00] sizes [1, 34, 16, 16]
// CHECK:         graph.softmax %{{.+}} axis = 3
// CHECK:         graph.conv{{.*}}channels_last
// CHECK-NOT:     graph.transpose
// CHECK:         return
func.func @cancelled(%x: tensor<1x16x16x32xf32>, %w: tensor<32x32x3x3xf32>, %v: tensor<32x16x3x3xf32>) -> tensor<1x34x16x32xf32> {
  %i = graph.transpose %x [0, 3, 1, 2] : tensor<1x16x16x32xf32> to tensor<1x32x16x16xf32>
  %t = math.tanh %i : tensor<1x32x16x16xf32>
  %0 = graph.conv %t, %w strides = [1, 1] dilations = [1, 1] low = [1, 1] high = [1, 1] groups = 1
      : tensor<1x32x16x16xf32>, tensor<32x32x3x3xf32> to tensor<1x32x16x16xf32>
  %1 = graph.pad %0 low [0, 0, 1, 1] high [0, 0, 0, 0] mode edge : tensor<1x32x16x16xf32> to tensor<1x32x17x17xf32>
  %2 = graph.slice %1 offsets [0, 8, 0, 1] sizes [1, 16, 17, 8] strides [1, 1, 1, 2] : tensor<1x32x17x17xf32> to tensor<1x16x17x8xf32>
  %3 = graph.resize %2 mode = nearest coordinates = asymmetric scales = [1.0, 1.0, 2.0, 2.0]
      sizes [1, 16, 34, 16] : tensor<1x16x17x8xf32> to tensor<1x16x34x16xf32>
  %4 = graph.softmax %3 axis = 1 : tensor<1x16x34x16xf32> to tensor<1x16x34x16xf32>
  %5 = graph.conv %4, %v strides = [1, 1] dilations = [1, 1] low = [1, 1] high = [1, 1] groups = 1
      : tensor<1x16x34x16xf32>, tensor<32x16x3x3xf32> to tensor<1x32x34x16xf32>
  %6 = graph.transpose %5 [0, 2, 3, 1] : tensor<1x32x34x16xf32> to tensor<1x34x16x32xf32>
  return %6 : tensor<1x34x16x32xf32>
}

// -----

// A depthwise filter is stored with its channels last.
// CHECK-LABEL: @depthwise
// CHECK:         graph.precompute {
// CHECK:           graph.transpose %{{.+}} : tensor<64x1x3x3xf32> to tensor<3x3x1x64xf32>
// CHECK:         %[[F:.+]] = graph.transpose %{{.+}} [3, 0, 1, 2] : tensor<3x3x1x64xf32> to tensor<64x3x3x1xf32>
// CHECK:         graph.conv %{{.+}}, %[[F]]{{.*}}groups = 64 {channels_last}
func.func @depthwise(%x: tensor<1x8x7x7xf32>, %w: tensor<64x8x3x3xf32>, %v: tensor<64x64x3x3xf32>) -> tensor<1x64xf32> {
  %d = graph.weight "weights"::"d" : tensor<64x1x3x3xf32>
  %0 = graph.conv %x, %w strides = [1, 1] dilations = [1, 1] low = [1, 1] high = [1, 1] groups = 1
      : tensor<1x8x7x7xf32>, tensor<64x8x3x3xf32> to tensor<1x64x7x7xf32>
  %1 = graph.conv %0, %d strides = [1, 1] dilations = [1, 1] low = [1, 1] high = [1, 1] groups = 64
      : tensor<1x64x7x7xf32>, tensor<64x1x3x3xf32> to tensor<1x64x7x7xf32>
  %2 = graph.conv %1, %v strides = [1, 1] dilations = [1, 1] low = [1, 1] high = [1, 1] groups = 1
      : tensor<1x64x7x7xf32>, tensor<64x64x3x3xf32> to tensor<1x64x7x7xf32>
  %3 = graph.reduce add %2 dims = [2, 3] : tensor<1x64x7x7xf32> to tensor<1x64xf32>
  return %3 : tensor<1x64xf32>
}
