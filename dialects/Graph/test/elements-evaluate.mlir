// The element that each operation builds, evaluated for every index, has to be
// what the operation means; the evaluator checks the bounds of every access.
//
// RUN: raddle-opt %s --graph-evaluate > %t.whole
// RUN: raddle-opt %s --graph-test-elements --graph-evaluate > %t.elements
// RUN: diff %t.whole %t.elements
// RUN: FileCheck %s < %t.elements

// CHECK-LABEL: @reshape_split(
func.func @reshape_split() -> tensor<2x3x3x4xf32> {
  %x0 = arith.constant dense<[[[69.0, 27.0, 2.0, -46.0, -39.0, -91.0, -85.0, -96.0, -65.0, 62.0, 29.0, 81.0], [0.0, 21.0, 93.0, 45.0, 26.0, 8.0, 11.0, 86.0, -45.0, 62.0, 33.0, -99.0], [-21.0, 70.0, 10.0, -93.0, 52.0, 45.0, 68.0, -65.0, -82.0, 71.0, -95.0, 8.0]], [[-84.0, -40.0, -4.0, -16.0, -20.0, -94.0, -98.0, -75.0, -98.0, 33.0, 5.0, 29.0], [-49.0, 22.0, 52.0, -24.0, -8.0, 98.0, 60.0, 95.0, -24.0, 36.0, 89.0, 29.0], [67.0, 37.0, 40.0, -22.0, 74.0, -73.0, 15.0, 43.0, 68.0, 5.0, -25.0, -38.0]]]> : tensor<2x3x12xf32>
  %r = graph.reshape %x0 sizes [2,3,3,4] : tensor<2x3x12xf32> to tensor<2x3x3x4xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<2x3x3x4xf32>
}

// CHECK-LABEL: @reshape_merge(
func.func @reshape_merge() -> tensor<6x12xf32> {
  %x0 = arith.constant dense<[[[69.0, 27.0, 2.0, -46.0, -39.0, -91.0, -85.0, -96.0, -65.0, 62.0, 29.0, 81.0], [0.0, 21.0, 93.0, 45.0, 26.0, 8.0, 11.0, 86.0, -45.0, 62.0, 33.0, -99.0], [-21.0, 70.0, 10.0, -93.0, 52.0, 45.0, 68.0, -65.0, -82.0, 71.0, -95.0, 8.0]], [[-84.0, -40.0, -4.0, -16.0, -20.0, -94.0, -98.0, -75.0, -98.0, 33.0, 5.0, 29.0], [-49.0, 22.0, 52.0, -24.0, -8.0, 98.0, 60.0, 95.0, -24.0, 36.0, 89.0, 29.0], [67.0, 37.0, 40.0, -22.0, 74.0, -73.0, 15.0, 43.0, 68.0, 5.0, -25.0, -38.0]]]> : tensor<2x3x12xf32>
  %r = graph.reshape %x0 sizes [6,12] : tensor<2x3x12xf32> to tensor<6x12xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<6x12xf32>
}

// CHECK-LABEL: @reshape_general(
func.func @reshape_general() -> tensor<1x4x1x18xf32> {
  %x0 = arith.constant dense<[[[69.0, 27.0, 2.0, -46.0, -39.0, -91.0, -85.0, -96.0, -65.0, 62.0, 29.0, 81.0], [0.0, 21.0, 93.0, 45.0, 26.0, 8.0, 11.0, 86.0, -45.0, 62.0, 33.0, -99.0], [-21.0, 70.0, 10.0, -93.0, 52.0, 45.0, 68.0, -65.0, -82.0, 71.0, -95.0, 8.0]], [[-84.0, -40.0, -4.0, -16.0, -20.0, -94.0, -98.0, -75.0, -98.0, 33.0, 5.0, 29.0], [-49.0, 22.0, 52.0, -24.0, -8.0, 98.0, 60.0, 95.0, -24.0, 36.0, 89.0, 29.0], [67.0, 37.0, 40.0, -22.0, 74.0, -73.0, 15.0, 43.0, 68.0, 5.0, -25.0, -38.0]]]> : tensor<2x3x12xf32>
  %r = graph.reshape %x0 sizes [1,4,1,18] : tensor<2x3x12xf32> to tensor<1x4x1x18xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<1x4x1x18xf32>
}

// CHECK-LABEL: @reshape_dyn(
func.func @reshape_dyn() -> tensor<?x3x4xf32> {
  %d0 = arith.constant dense<[[[69.0, 27.0, 2.0, -46.0, -39.0, -91.0, -85.0, -96.0, -65.0, 62.0, 29.0, 81.0], [0.0, 21.0, 93.0, 45.0, 26.0, 8.0, 11.0, 86.0, -45.0, 62.0, 33.0, -99.0], [-21.0, 70.0, 10.0, -93.0, 52.0, 45.0, 68.0, -65.0, -82.0, 71.0, -95.0, 8.0]], [[-84.0, -40.0, -4.0, -16.0, -20.0, -94.0, -98.0, -75.0, -98.0, 33.0, 5.0, 29.0], [-49.0, 22.0, 52.0, -24.0, -8.0, 98.0, 60.0, 95.0, -24.0, 36.0, 89.0, 29.0], [67.0, 37.0, 40.0, -22.0, 74.0, -73.0, 15.0, 43.0, 68.0, 5.0, -25.0, -38.0]]]> : tensor<2x3x12xf32>
  %x0 = tensor.cast %d0 : tensor<2x3x12xf32> to tensor<?x?x12xf32>
  %s0 = arith.constant 6 : index
  %r = graph.reshape %x0 sizes [%s0, 3, 4] : tensor<?x?x12xf32> to tensor<?x3x4xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<?x3x4xf32>
}

// CHECK-LABEL: @reshape_dyn_mid(
func.func @reshape_dyn_mid() -> tensor<4x?x12xf32> {
  %d0 = arith.constant dense<[[[-16.0, -3.0, 43.0, 77.0, -85.0, 85.0, 6.0, -29.0, 34.0, 14.0, -49.0, -36.0], [43.0, 18.0, 0.0, -33.0, 51.0, -22.0, -35.0, 77.0, -47.0, -55.0, 42.0, 24.0], [-90.0, -83.0, -25.0, 65.0, -20.0, 56.0, -37.0, -52.0, 57.0, 74.0, -84.0, -88.0], [33.0, -33.0, 14.0, -70.0, 71.0, -10.0, 78.0, 58.0, 40.0, -54.0, 52.0, -89.0]], [[13.0, -19.0, 98.0, -60.0, 88.0, -82.0, 24.0, 15.0, 78.0, -40.0, 79.0, 34.0], [77.0, -60.0, 51.0, 87.0, -90.0, -27.0, 27.0, -79.0, 1.0, 25.0, 52.0, 84.0], [-18.0, -12.0, -6.0, 90.0, -61.0, -1.0, -90.0, -15.0, 88.0, 23.0, -30.0, 98.0], [20.0, 88.0, -96.0, -8.0, 66.0, 51.0, -19.0, -1.0, -16.0, 5.0, -54.0, 56.0]]]> : tensor<2x4x12xf32>
  %x0 = tensor.cast %d0 : tensor<2x4x12xf32> to tensor<2x?x12xf32>
  %s0 = arith.constant 2 : index
  %r = graph.reshape %x0 sizes [4, %s0, 12] : tensor<2x?x12xf32> to tensor<4x?x12xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<4x?x12xf32>
}

// CHECK-LABEL: @reshape_to_scalar(
func.func @reshape_to_scalar() -> tensor<2xf32> {
  %x0 = arith.constant dense<[[[-84.0]]]> : tensor<1x1x1xf32>
  %t = graph.reshape %x0 sizes [] : tensor<1x1x1xf32> to tensor<f32>
  %r = graph.broadcast %t sizes [2] : tensor<f32> to tensor<2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<2xf32>
}

// CHECK-LABEL: @transpose(
func.func @transpose() -> tensor<12x2x3xf32> {
  %x0 = arith.constant dense<[[[69.0, 27.0, 2.0, -46.0, -39.0, -91.0, -85.0, -96.0, -65.0, 62.0, 29.0, 81.0], [0.0, 21.0, 93.0, 45.0, 26.0, 8.0, 11.0, 86.0, -45.0, 62.0, 33.0, -99.0], [-21.0, 70.0, 10.0, -93.0, 52.0, 45.0, 68.0, -65.0, -82.0, 71.0, -95.0, 8.0]], [[-84.0, -40.0, -4.0, -16.0, -20.0, -94.0, -98.0, -75.0, -98.0, 33.0, 5.0, 29.0], [-49.0, 22.0, 52.0, -24.0, -8.0, 98.0, 60.0, 95.0, -24.0, 36.0, 89.0, 29.0], [67.0, 37.0, 40.0, -22.0, 74.0, -73.0, 15.0, 43.0, 68.0, 5.0, -25.0, -38.0]]]> : tensor<2x3x12xf32>
  %r = graph.transpose %x0 [2,0,1] : tensor<2x3x12xf32> to tensor<12x2x3xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<12x2x3xf32>
}

// CHECK-LABEL: @broadcast(
func.func @broadcast() -> tensor<?x3x5xf32> {
  %x0 = arith.constant dense<[[-17.0], [-44.0], [46.0]]> : tensor<3x1xf32>
  %s0 = arith.constant 2 : index
  %r = graph.broadcast %x0 sizes [%s0,3,5] : tensor<3x1xf32> to tensor<?x3x5xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<?x3x5xf32>
}

// CHECK-LABEL: @slice(
func.func @slice() -> tensor<3x?xf32> {
  %d0 = arith.constant dense<[[49.0, 41.0, 84.0, 85.0, -63.0, -77.0, -73.0, 45.0, 93.0], [84.0, 33.0, 92.0, 73.0, -97.0, -76.0, 72.0, -83.0, 95.0], [64.0, 90.0, -28.0, -70.0, 3.0, 93.0, -27.0, 77.0, -24.0], [63.0, -54.0, -4.0, -35.0, -53.0, 77.0, 59.0, -72.0, 83.0], [93.0, -47.0, -15.0, 7.0, 31.0, -12.0, -70.0, 85.0, 38.0], [-91.0, 62.0, 45.0, -63.0, 22.0, 0.0, -94.0, 84.0, 43.0], [-38.0, -96.0, -81.0, 51.0, -70.0, 2.0, 78.0, 84.0, -46.0]]> : tensor<7x9xf32>
  %x0 = tensor.cast %d0 : tensor<7x9xf32> to tensor<7x?xf32>
  %s0 = arith.constant 2 : index
  %s1 = arith.constant 3 : index
  %r = graph.slice %x0 offsets [1, %s0] sizes [3, %s1] strides [2, 3] : tensor<7x?xf32> to tensor<3x?xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<3x?xf32>
}

// CHECK-LABEL: @slice_neg(
func.func @slice_neg() -> tensor<7x3xf32> {
  %x0 = arith.constant dense<[[49.0, 41.0, 84.0, 85.0, -63.0, -77.0, -73.0, 45.0, 93.0], [84.0, 33.0, 92.0, 73.0, -97.0, -76.0, 72.0, -83.0, 95.0], [64.0, 90.0, -28.0, -70.0, 3.0, 93.0, -27.0, 77.0, -24.0], [63.0, -54.0, -4.0, -35.0, -53.0, 77.0, 59.0, -72.0, 83.0], [93.0, -47.0, -15.0, 7.0, 31.0, -12.0, -70.0, 85.0, 38.0], [-91.0, 62.0, 45.0, -63.0, 22.0, 0.0, -94.0, 84.0, 43.0], [-38.0, -96.0, -81.0, 51.0, -70.0, 2.0, 78.0, 84.0, -46.0]]> : tensor<7x9xf32>
  %r = graph.slice %x0 offsets [6, 8] sizes [7, 3] strides [-1, -4] : tensor<7x9xf32> to tensor<7x3xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<7x3xf32>
}

// CHECK-LABEL: @concat(
func.func @concat() -> tensor<2x5xf32> {
  %x0 = arith.constant dense<[[-86.0, -2.0], [67.0, 24.0]]> : tensor<2x2xf32>
  %x1 = arith.constant dense<> : tensor<2x0xf32>
  %x2 = arith.constant dense<[[-86.0, 29.0, -31.0], [-55.0, -14.0, 73.0]]> : tensor<2x3xf32>
  %r = graph.concat axis = 1 (%x0, %x1, %x2) : (tensor<2x2xf32>, tensor<2x0xf32>, tensor<2x3xf32>) to tensor<2x5xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<2x5xf32>
}

// CHECK-LABEL: @concat_dyn_0(
func.func @concat_dyn_0() -> tensor<2x?xf32> {
  %d0 = arith.constant dense<[[-86.0, -2.0], [67.0, 24.0]]> : tensor<2x2xf32>
  %x0 = tensor.cast %d0 : tensor<2x2xf32> to tensor<2x?xf32>
  %d1 = arith.constant dense<> : tensor<2x0xf32>
  %x1 = tensor.cast %d1 : tensor<2x0xf32> to tensor<2x?xf32>
  %d2 = arith.constant dense<[[-86.0, 29.0, -31.0], [-55.0, -14.0, 73.0]]> : tensor<2x3xf32>
  %x2 = tensor.cast %d2 : tensor<2x3xf32> to tensor<2x?xf32>
  %r = graph.concat axis = 1 (%x0, %x1, %x2) : (tensor<2x?xf32>, tensor<2x?xf32>, tensor<2x?xf32>) to tensor<2x?xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @concat_dyn_1(
func.func @concat_dyn_1() -> tensor<2x?xf32> {
  %d0 = arith.constant dense<> : tensor<2x0xf32>
  %x0 = tensor.cast %d0 : tensor<2x0xf32> to tensor<2x?xf32>
  %d1 = arith.constant dense<[[-86.0, -2.0], [67.0, 24.0]]> : tensor<2x2xf32>
  %x1 = tensor.cast %d1 : tensor<2x2xf32> to tensor<2x?xf32>
  %d2 = arith.constant dense<[[-86.0, 29.0, -31.0], [-55.0, -14.0, 73.0]]> : tensor<2x3xf32>
  %x2 = tensor.cast %d2 : tensor<2x3xf32> to tensor<2x?xf32>
  %r = graph.concat axis = 1 (%x0, %x1, %x2) : (tensor<2x?xf32>, tensor<2x?xf32>, tensor<2x?xf32>) to tensor<2x?xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @concat_dyn_2(
func.func @concat_dyn_2() -> tensor<2x?xf32> {
  %d0 = arith.constant dense<[[-86.0, -2.0], [67.0, 24.0]]> : tensor<2x2xf32>
  %x0 = tensor.cast %d0 : tensor<2x2xf32> to tensor<2x?xf32>
  %d1 = arith.constant dense<[[-86.0, 29.0, -31.0], [-55.0, -14.0, 73.0]]> : tensor<2x3xf32>
  %x1 = tensor.cast %d1 : tensor<2x3xf32> to tensor<2x?xf32>
  %d2 = arith.constant dense<> : tensor<2x0xf32>
  %x2 = tensor.cast %d2 : tensor<2x0xf32> to tensor<2x?xf32>
  %r = graph.concat axis = 1 (%x0, %x1, %x2) : (tensor<2x?xf32>, tensor<2x?xf32>, tensor<2x?xf32>) to tensor<2x?xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @concat_dyn_3(
func.func @concat_dyn_3() -> tensor<2x?xf32> {
  %d0 = arith.constant dense<[[-86.0, 29.0, -31.0], [-55.0, -14.0, 73.0]]> : tensor<2x3xf32>
  %x0 = tensor.cast %d0 : tensor<2x3xf32> to tensor<2x?xf32>
  %d1 = arith.constant dense<[[-86.0, -2.0], [67.0, 24.0]]> : tensor<2x2xf32>
  %x1 = tensor.cast %d1 : tensor<2x2xf32> to tensor<2x?xf32>
  %d2 = arith.constant dense<[[92.0], [-72.0]]> : tensor<2x1xf32>
  %x2 = tensor.cast %d2 : tensor<2x1xf32> to tensor<2x?xf32>
  %r = graph.concat axis = 1 (%x0, %x1, %x2) : (tensor<2x?xf32>, tensor<2x?xf32>, tensor<2x?xf32>) to tensor<2x?xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<2x?xf32>
}

// CHECK-LABEL: @pad_const(
func.func @pad_const() -> tensor<6x?xf32> {
  %x0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %x1 = arith.constant dense<2.5> : tensor<f32>
  %s0 = arith.constant 3 : index
  %r = graph.pad %x0 low [1,0] high [2,%s0] value %x1 mode constant : tensor<3x4xf32>, tensor<f32> to tensor<6x?xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<6x?xf32>
}

// CHECK-LABEL: @pad_reflect_1_2_2_3(
func.func @pad_reflect_1_2_2_3() -> tensor<6x9xf32> {
  %x0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %r = graph.pad %x0 low [1,2] high [2,3] mode reflect : tensor<3x4xf32> to tensor<6x9xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<6x9xf32>
}

// CHECK-LABEL: @pad_dyn_reflect_1_2_2_3(
func.func @pad_dyn_reflect_1_2_2_3() -> tensor<?x?xf32> {
  %d0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %x0 = tensor.cast %d0 : tensor<3x4xf32> to tensor<?x?xf32>
  %s0 = arith.constant 1 : index
  %s1 = arith.constant 2 : index
  %s2 = arith.constant 2 : index
  %s3 = arith.constant 3 : index
  %r = graph.pad %x0 low [%s0,%s1] high [%s2,%s3] mode reflect : tensor<?x?xf32> to tensor<?x?xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<?x?xf32>
}

// CHECK-LABEL: @pad_reflect_5_3_7_9(
func.func @pad_reflect_5_3_7_9() -> tensor<15x16xf32> {
  %x0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %r = graph.pad %x0 low [5,3] high [7,9] mode reflect : tensor<3x4xf32> to tensor<15x16xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<15x16xf32>
}

// CHECK-LABEL: @pad_dyn_reflect_5_3_7_9(
func.func @pad_dyn_reflect_5_3_7_9() -> tensor<?x?xf32> {
  %d0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %x0 = tensor.cast %d0 : tensor<3x4xf32> to tensor<?x?xf32>
  %s0 = arith.constant 5 : index
  %s1 = arith.constant 3 : index
  %s2 = arith.constant 7 : index
  %s3 = arith.constant 9 : index
  %r = graph.pad %x0 low [%s0,%s1] high [%s2,%s3] mode reflect : tensor<?x?xf32> to tensor<?x?xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<?x?xf32>
}

// CHECK-LABEL: @pad_reflect_0_0_0_2(
func.func @pad_reflect_0_0_0_2() -> tensor<3x6xf32> {
  %x0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %r = graph.pad %x0 low [0,0] high [0,2] mode reflect : tensor<3x4xf32> to tensor<3x6xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<3x6xf32>
}

// CHECK-LABEL: @pad_dyn_reflect_0_0_0_2(
func.func @pad_dyn_reflect_0_0_0_2() -> tensor<?x?xf32> {
  %d0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %x0 = tensor.cast %d0 : tensor<3x4xf32> to tensor<?x?xf32>
  %s0 = arith.constant 0 : index
  %s1 = arith.constant 0 : index
  %s2 = arith.constant 0 : index
  %s3 = arith.constant 2 : index
  %r = graph.pad %x0 low [%s0,%s1] high [%s2,%s3] mode reflect : tensor<?x?xf32> to tensor<?x?xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<?x?xf32>
}

// CHECK-LABEL: @pad_edge_1_2_2_3(
func.func @pad_edge_1_2_2_3() -> tensor<6x9xf32> {
  %x0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %r = graph.pad %x0 low [1,2] high [2,3] mode edge : tensor<3x4xf32> to tensor<6x9xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<6x9xf32>
}

// CHECK-LABEL: @pad_dyn_edge_1_2_2_3(
func.func @pad_dyn_edge_1_2_2_3() -> tensor<?x?xf32> {
  %d0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %x0 = tensor.cast %d0 : tensor<3x4xf32> to tensor<?x?xf32>
  %s0 = arith.constant 1 : index
  %s1 = arith.constant 2 : index
  %s2 = arith.constant 2 : index
  %s3 = arith.constant 3 : index
  %r = graph.pad %x0 low [%s0,%s1] high [%s2,%s3] mode edge : tensor<?x?xf32> to tensor<?x?xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<?x?xf32>
}

// CHECK-LABEL: @pad_edge_5_3_7_9(
func.func @pad_edge_5_3_7_9() -> tensor<15x16xf32> {
  %x0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %r = graph.pad %x0 low [5,3] high [7,9] mode edge : tensor<3x4xf32> to tensor<15x16xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<15x16xf32>
}

// CHECK-LABEL: @pad_dyn_edge_5_3_7_9(
func.func @pad_dyn_edge_5_3_7_9() -> tensor<?x?xf32> {
  %d0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %x0 = tensor.cast %d0 : tensor<3x4xf32> to tensor<?x?xf32>
  %s0 = arith.constant 5 : index
  %s1 = arith.constant 3 : index
  %s2 = arith.constant 7 : index
  %s3 = arith.constant 9 : index
  %r = graph.pad %x0 low [%s0,%s1] high [%s2,%s3] mode edge : tensor<?x?xf32> to tensor<?x?xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<?x?xf32>
}

// CHECK-LABEL: @pad_edge_0_0_0_2(
func.func @pad_edge_0_0_0_2() -> tensor<3x6xf32> {
  %x0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %r = graph.pad %x0 low [0,0] high [0,2] mode edge : tensor<3x4xf32> to tensor<3x6xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<3x6xf32>
}

// CHECK-LABEL: @pad_dyn_edge_0_0_0_2(
func.func @pad_dyn_edge_0_0_0_2() -> tensor<?x?xf32> {
  %d0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %x0 = tensor.cast %d0 : tensor<3x4xf32> to tensor<?x?xf32>
  %s0 = arith.constant 0 : index
  %s1 = arith.constant 0 : index
  %s2 = arith.constant 0 : index
  %s3 = arith.constant 2 : index
  %r = graph.pad %x0 low [%s0,%s1] high [%s2,%s3] mode edge : tensor<?x?xf32> to tensor<?x?xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<?x?xf32>
}

// CHECK-LABEL: @pad_wrap_1_2_2_3(
func.func @pad_wrap_1_2_2_3() -> tensor<6x9xf32> {
  %x0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %r = graph.pad %x0 low [1,2] high [2,3] mode wrap : tensor<3x4xf32> to tensor<6x9xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<6x9xf32>
}

// CHECK-LABEL: @pad_dyn_wrap_1_2_2_3(
func.func @pad_dyn_wrap_1_2_2_3() -> tensor<?x?xf32> {
  %d0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %x0 = tensor.cast %d0 : tensor<3x4xf32> to tensor<?x?xf32>
  %s0 = arith.constant 1 : index
  %s1 = arith.constant 2 : index
  %s2 = arith.constant 2 : index
  %s3 = arith.constant 3 : index
  %r = graph.pad %x0 low [%s0,%s1] high [%s2,%s3] mode wrap : tensor<?x?xf32> to tensor<?x?xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<?x?xf32>
}

// CHECK-LABEL: @pad_wrap_5_3_7_9(
func.func @pad_wrap_5_3_7_9() -> tensor<15x16xf32> {
  %x0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %r = graph.pad %x0 low [5,3] high [7,9] mode wrap : tensor<3x4xf32> to tensor<15x16xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<15x16xf32>
}

// CHECK-LABEL: @pad_dyn_wrap_5_3_7_9(
func.func @pad_dyn_wrap_5_3_7_9() -> tensor<?x?xf32> {
  %d0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %x0 = tensor.cast %d0 : tensor<3x4xf32> to tensor<?x?xf32>
  %s0 = arith.constant 5 : index
  %s1 = arith.constant 3 : index
  %s2 = arith.constant 7 : index
  %s3 = arith.constant 9 : index
  %r = graph.pad %x0 low [%s0,%s1] high [%s2,%s3] mode wrap : tensor<?x?xf32> to tensor<?x?xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<?x?xf32>
}

// CHECK-LABEL: @pad_wrap_0_0_0_2(
func.func @pad_wrap_0_0_0_2() -> tensor<3x6xf32> {
  %x0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %r = graph.pad %x0 low [0,0] high [0,2] mode wrap : tensor<3x4xf32> to tensor<3x6xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<3x6xf32>
}

// CHECK-LABEL: @pad_dyn_wrap_0_0_0_2(
func.func @pad_dyn_wrap_0_0_0_2() -> tensor<?x?xf32> {
  %d0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %x0 = tensor.cast %d0 : tensor<3x4xf32> to tensor<?x?xf32>
  %s0 = arith.constant 0 : index
  %s1 = arith.constant 0 : index
  %s2 = arith.constant 0 : index
  %s3 = arith.constant 2 : index
  %r = graph.pad %x0 low [%s0,%s1] high [%s2,%s3] mode wrap : tensor<?x?xf32> to tensor<?x?xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<?x?xf32>
}

// CHECK-LABEL: @pad_reflect_1(
func.func @pad_reflect_1() -> tensor<6x4xf32> {
  %x0 = arith.constant dense<[[-42.0, 59.0, 17.0, 70.0]]> : tensor<1x4xf32>
  %r = graph.pad %x0 low [2,0] high [3,0] mode reflect : tensor<1x4xf32> to tensor<6x4xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<6x4xf32>
}

// CHECK-LABEL: @gather(
func.func @gather() -> tensor<3x3x2xf32> {
  %x0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %x1 = arith.constant dense<[[0, -1], [2, 99], [-99, 1]]> : tensor<3x2xi64>
  %r = graph.gather %x0[%x1] axis = 1 : tensor<3x4xf32>, tensor<3x2xi64> to tensor<3x3x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<3x3x2xf32>
}

// CHECK-LABEL: @gather_i32(
func.func @gather_i32() -> tensor<3x3x2xf32> {
  %x0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %x1 = arith.constant dense<[[0, -1], [2, 99], [-99, 1]]> : tensor<3x2xi32>
  %r = graph.gather %x0[%x1] axis = 1 : tensor<3x4xf32>, tensor<3x2xi32> to tensor<3x3x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<3x3x2xf32>
}

// CHECK-LABEL: @gather_big(
func.func @gather_big() -> tensor<2x2x4xf32> {
  %x0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %x1 = arith.constant dense<[[4294967296, -4294967296], [1, 1099511627776]]> : tensor<2x2xi64>
  %r = graph.gather %x0[%x1] axis = 0 : tensor<3x4xf32>, tensor<2x2xi64> to tensor<2x2x4xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<2x2x4xf32>
}

// CHECK-LABEL: @gather_elements(
func.func @gather_elements() -> tensor<2x4xf32> {
  %x0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %x1 = arith.constant dense<[[0, -1, 2, 1], [2, 2, -3, 0]]> : tensor<2x4xi64>
  %r = graph.gather_elements %x0[%x1] axis = 0 : tensor<3x4xf32>, tensor<2x4xi64> to tensor<2x4xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<2x4xf32>
}

// CHECK-LABEL: @gather_nd(
func.func @gather_nd() -> tensor<3xf32> {
  %x0 = arith.constant dense<[[12.0, 51.0, -48.0, -46.0], [-52.0, -58.0, 76.0, -56.0], [-55.0, -75.0, -75.0, 55.0]]> : tensor<3x4xf32>
  %x1 = arith.constant dense<[[0, 1], [-1, -2], [2, 3]]> : tensor<3x2xi64>
  %r = graph.gather_nd %x0[%x1] batch_dims = 0 : tensor<3x4xf32>, tensor<3x2xi64> to tensor<3xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<3xf32>
}

// CHECK-LABEL: @gather_nd_batch(
func.func @gather_nd_batch() -> tensor<2x1x4xf32> {
  %x0 = arith.constant dense<[[[10.0, 52.0, 61.0, -87.0], [11.0, -9.0, -42.0, -10.0], [-18.0, -2.0, 62.0, 64.0]], [[25.0, 41.0, 90.0, 27.0], [-26.0, -83.0, 10.0, -54.0], [18.0, -94.0, 68.0, 88.0]]]> : tensor<2x3x4xf32>
  %x1 = arith.constant dense<[[[1]], [[-1]]]> : tensor<2x1x1xi64>
  %r = graph.gather_nd %x0[%x1] batch_dims = 1 : tensor<2x3x4xf32>, tensor<2x1x1xi64> to tensor<2x1x4xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<2x1x4xf32>
}

// CHECK-LABEL: @iota(
func.func @iota() -> tensor<?x3xf32> {
  %s0 = arith.constant 2 : index
  %i = graph.iota axis = 1 sizes [%s0, 3] : tensor<?x3xi64>
  %r = arith.sitofp %i : tensor<?x3xi64> to tensor<?x3xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<?x3xf32>
}

// CHECK-LABEL: @iota_f(
func.func @iota_f() -> tensor<4xf32> {
  %r = graph.iota axis = 0 sizes [4] : tensor<4xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<4xf32>
}

// CHECK-LABEL: @splat(
func.func @splat() -> tensor<2xf32> {
  %s0 = arith.constant 7 : index
  %t = graph.splat %s0 : index to tensor<f32>
  %r = graph.broadcast %t sizes [2] : tensor<f32> to tensor<2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<2xf32>
}

// CHECK-LABEL: @from_elements(
func.func @from_elements() -> tensor<3xf32> {
  %s0 = arith.constant 5 : index
  %s1 = arith.constant 6 : index
  %s2 = arith.constant 7 : index
  %e = tensor.from_elements %s0, %s1, %s2 : tensor<3xindex>
  %i = arith.index_cast %e : tensor<3xindex> to tensor<3xi64>
  %r = arith.sitofp %i : tensor<3xi64> to tensor<3xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<3xf32>
}

// CHECK-LABEL: @const(
func.func @const() -> tensor<2x2xf32> {
  %x0 = arith.constant dense<[[-86.0, -2.0], [67.0, 24.0]]> : tensor<2x2xf32>
  %e = arith.constant dense<[[1.0,2.0],[3.0,4.0]]> : tensor<2x2xf32>
  %r = arith.addf %e, %x0 : tensor<2x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<2x2xf32>
}

// CHECK-LABEL: @cmp_select(
func.func @cmp_select() -> tensor<2x2xf32> {
  %x0 = arith.constant dense<[[-86.0, -2.0], [67.0, 24.0]]> : tensor<2x2xf32>
  %z = arith.constant dense<0.0> : tensor<2x2xf32>
  %c = arith.cmpf ogt, %x0, %z : tensor<2x2xf32>
  %n = arith.negf %x0 : tensor<2x2xf32>
  %r = arith.select %c, %n, %x0 : tensor<2x2xi1>, tensor<2x2xf32>
  // CHECK-NEXT: arith.constant
  return %r : tensor<2x2xf32>
}
