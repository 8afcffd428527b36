// RUN: raddle-opt %s -canonicalize -split-input-file | FileCheck %s

// CHECK-LABEL: @broadcast_of_broadcast
// CHECK-SAME: (%[[X:.*]]: tensor<384xf32>, %[[B:.*]]: index, %[[L:.*]]: index)
// CHECK-NEXT: %[[R:.*]] = graph.broadcast %[[X]] sizes [%[[B]], %[[L]], 384]
// CHECK-NEXT: return %[[R]]
func.func @broadcast_of_broadcast(%x: tensor<384xf32>, %b: index, %l: index) -> tensor<?x?x384xf32> {
  %0 = graph.broadcast %x sizes [1, 384] : tensor<384xf32> to tensor<1x384xf32>
  %1 = graph.broadcast %0 sizes [%b, %l, 384] : tensor<1x384xf32> to tensor<?x?x384xf32>
  return %1 : tensor<?x?x384xf32>
}

// CHECK-LABEL: @broadcast_of_leading_units
// CHECK-NEXT: graph.broadcast %{{.*}} sizes [2, 9, 384] : tensor<384xf32> to tensor<2x9x384xf32>
func.func @broadcast_of_leading_units(%x: tensor<384xf32>) -> tensor<2x9x384xf32> {
  %0 = graph.reshape %x sizes [1, 1, 384] : tensor<384xf32> to tensor<1x1x384xf32>
  %1 = graph.broadcast %0 sizes [2, 9, 384] : tensor<1x1x384xf32> to tensor<2x9x384xf32>
  return %1 : tensor<2x9x384xf32>
}

// CHECK-LABEL: @identities
// CHECK-SAME: (%[[X:.*]]: tensor<4x?xf32>)
// CHECK-NEXT: return %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]]
func.func @identities(%x: tensor<4x?xf32>) -> (tensor<4x?xf32>, tensor<4x?xf32>, tensor<4x?xf32>, tensor<4x?xf32>, tensor<4x?xf32>, tensor<4x?xf32>, tensor<4x?xf32>) {
  %c1 = arith.constant 1 : index
  %n = tensor.dim %x, %c1 : tensor<4x?xf32>
  %0 = graph.broadcast %x sizes [4, %n] : tensor<4x?xf32> to tensor<4x?xf32>
  %1 = graph.reshape %x sizes [4, %n] : tensor<4x?xf32> to tensor<4x?xf32>
  %2 = graph.transpose %x [0, 1] : tensor<4x?xf32> to tensor<4x?xf32>
  %3 = graph.slice %x offsets [0, 0] sizes [4, %n] strides [1, 1] : tensor<4x?xf32> to tensor<4x?xf32>
  %4 = graph.concat axis = 1 (%x) : (tensor<4x?xf32>) to tensor<4x?xf32>
  %5 = graph.pad %x low [0, 0] high [0, 0] mode edge : tensor<4x?xf32> to tensor<4x?xf32>
  %6 = graph.reduce add %x dims = [] : tensor<4x?xf32> to tensor<4x?xf32>
  return %0, %1, %2, %3, %4, %5, %6 : tensor<4x?xf32>, tensor<4x?xf32>, tensor<4x?xf32>, tensor<4x?xf32>, tensor<4x?xf32>, tensor<4x?xf32>, tensor<4x?xf32>
}

// A slice of as many elements as another tensor has is not the whole.
// CHECK-LABEL: @not_identities
// CHECK: graph.slice
// CHECK: graph.reshape
func.func @not_identities(%x: tensor<4x?xf32>, %y: tensor<?x?xf32>, %n: index, %m: index) -> (tensor<4x?xf32>, tensor<?x?xf32>) {
  %0 = graph.slice %x offsets [0, 0] sizes [4, %n] strides [1, 1] : tensor<4x?xf32> to tensor<4x?xf32>
  %1 = graph.reshape %y sizes [%n, %m] : tensor<?x?xf32> to tensor<?x?xf32>
  return %0, %1 : tensor<4x?xf32>, tensor<?x?xf32>
}

// CHECK-LABEL: @reshape_of_reshape
// CHECK-NEXT: graph.reshape %{{.*}} sizes [18, 384] : tensor<2x9x12x32xf32> to tensor<18x384xf32>
func.func @reshape_of_reshape(%x: tensor<2x9x12x32xf32>) -> tensor<18x384xf32> {
  %0 = graph.reshape %x sizes [2, 9, 384] : tensor<2x9x12x32xf32> to tensor<2x9x384xf32>
  %1 = graph.reshape %0 sizes [18, 384] : tensor<2x9x384xf32> to tensor<18x384xf32>
  return %1 : tensor<18x384xf32>
}

// CHECK-LABEL: @transposes
// CHECK-SAME: (%[[X:.*]]: tensor<2x3x4xf32>)
// CHECK: %[[T:.*]] = graph.transpose %[[X]] [2, 1, 0] : tensor<2x3x4xf32> to tensor<4x3x2xf32>
// CHECK: return %[[T]], %[[X]]
func.func @transposes(%x: tensor<2x3x4xf32>) -> (tensor<4x3x2xf32>, tensor<2x3x4xf32>) {
  %0 = graph.transpose %x [1, 0, 2] : tensor<2x3x4xf32> to tensor<3x2x4xf32>
  %1 = graph.transpose %0 [2, 0, 1] : tensor<3x2x4xf32> to tensor<4x3x2xf32>
  %2 = graph.transpose %0 [1, 0, 2] : tensor<3x2x4xf32> to tensor<2x3x4xf32>
  return %1, %2 : tensor<4x3x2xf32>, tensor<2x3x4xf32>
}

// CHECK-LABEL: @transpose_of_units
// CHECK: graph.reshape %{{.*}} sizes [%{{.*}}, 9, 1, 4] : tensor<?x1x9x4xf32> to tensor<?x9x1x4xf32>
func.func @transpose_of_units(%x: tensor<?x1x9x4xf32>) -> tensor<?x9x1x4xf32> {
  %0 = graph.transpose %x [0, 2, 1, 3] : tensor<?x1x9x4xf32> to tensor<?x9x1x4xf32>
  return %0 : tensor<?x9x1x4xf32>
}

// CHECK-LABEL: @slice_of_slice
// CHECK-SAME: (%[[X:.*]]: tensor<100xf32>, %[[O:.*]]: index)
// CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
// CHECK-DAG: %[[C10:.*]] = arith.constant 10 : index
// CHECK: graph.slice %[[X]] offsets [16] sizes [4] strides [-2] : tensor<100xf32> to tensor<4xf32>
// CHECK: %[[S:.*]] = arith.muli %[[O]], %[[C2]]
// CHECK: %[[A:.*]] = arith.addi %[[S]], %[[C10]]
// CHECK: graph.slice %[[X]] offsets [%[[A]]] sizes [2] strides [2] : tensor<100xf32> to tensor<2xf32>
func.func @slice_of_slice(%x: tensor<100xf32>, %o: index) -> (tensor<4xf32>, tensor<2xf32>) {
  %0 = graph.slice %x offsets [10] sizes [10] strides [2] : tensor<100xf32> to tensor<10xf32>
  %1 = graph.slice %0 offsets [3] sizes [4] strides [-1] : tensor<10xf32> to tensor<4xf32>
  %2 = graph.slice %0 offsets [%o] sizes [2] strides [1] : tensor<10xf32> to tensor<2xf32>
  return %1, %2 : tensor<4xf32>, tensor<2xf32>
}

// CHECK-LABEL: @slice_of_concat
// CHECK-SAME: %[[A:.*]]: tensor<4x2xf32>, %[[B:.*]]: tensor<4x3xf32>
// CHECK-NEXT: graph.slice %[[B]] offsets [0, 1] sizes [4, 2] strides [1, 1] : tensor<4x3xf32> to tensor<4x2xf32>
// CHECK-NEXT: return %{{.*}}, %[[A]]
func.func @slice_of_concat(%a: tensor<4x2xf32>, %b: tensor<4x3xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>) {
  %0 = graph.concat axis = 1 (%a, %b) : (tensor<4x2xf32>, tensor<4x3xf32>) to tensor<4x5xf32>
  %1 = graph.slice %0 offsets [0, 3] sizes [4, 2] strides [1, 1] : tensor<4x5xf32> to tensor<4x2xf32>
  %2 = graph.slice %0 offsets [0, 0] sizes [4, 2] strides [1, 1] : tensor<4x5xf32> to tensor<4x2xf32>
  return %1, %2 : tensor<4x2xf32>, tensor<4x2xf32>
}

// CHECK-LABEL: @flatten_concat
// CHECK-NEXT: graph.concat axis = 0 (%arg0, %arg0, %arg1) : (tensor<2xf32>, tensor<2xf32>, tensor<3xf32>) to tensor<7xf32>
func.func @flatten_concat(%a: tensor<2xf32>, %b: tensor<3xf32>, %e: tensor<0xf32>) -> tensor<7xf32> {
  %0 = graph.concat axis = 0 (%a, %e, %a) : (tensor<2xf32>, tensor<0xf32>, tensor<2xf32>) to tensor<4xf32>
  %1 = graph.concat axis = 0 (%0, %b) : (tensor<4xf32>, tensor<3xf32>) to tensor<7xf32>
  return %1 : tensor<7xf32>
}

// CHECK-LABEL: @gather_to_slice
// CHECK: %[[S:.*]] = graph.slice %arg0 offsets [0, 0, 0] sizes [%{{.*}}, 1, 384] strides [1, 1, 1] : tensor<?x?x384xf32> to tensor<?x1x384xf32>
// CHECK: graph.reshape %[[S]] sizes [%{{.*}}, 384] : tensor<?x1x384xf32> to tensor<?x384xf32>
// CHECK: graph.slice %arg1 offsets [0, 8] sizes [3, 1] strides [1, 1] : tensor<3x9xf32> to tensor<3x1xf32>
func.func @gather_to_slice(%x: tensor<?x?x384xf32>, %y: tensor<3x9xf32>) -> (tensor<?x384xf32>, tensor<3x1xf32>) {
  %i = arith.constant dense<0> : tensor<i64>
  %j = arith.constant dense<-1> : tensor<1xi64>
  %0 = graph.gather %x[%i] axis = 1 : tensor<?x?x384xf32>, tensor<i64> to tensor<?x384xf32>
  %1 = graph.gather %y[%j] axis = 1 : tensor<3x9xf32>, tensor<1xi64> to tensor<3x1xf32>
  return %0, %1 : tensor<?x384xf32>, tensor<3x1xf32>
}

// CHECK-LABEL: @gather_from_the_end
// CHECK: %[[N:.*]] = tensor.dim %arg0, %c1
// CHECK: %[[M:.*]] = arith.addi %[[N]], %c-2
// CHECK: %[[O:.*]] = arith.maxsi %[[M]], %c0
// CHECK: graph.slice %arg0 offsets [0, %[[O]]]
func.func @gather_from_the_end(%x: tensor<3x?xf32>) -> tensor<3xf32> {
  %i = arith.constant dense<-2> : tensor<i64>
  %0 = graph.gather %x[%i] axis = 1 : tensor<3x?xf32>, tensor<i64> to tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

// CHECK: #[[$A:.*]] = affine_map<(d0, d1, d2) -> (d2, d0)>
// CHECK: #[[$B:.*]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-LABEL: @contract_of_transposes
// CHECK-NEXT: graph.contract %arg0, %arg1 maps [#[[$A]], #[[$B]], #{{.*}}] : tensor<4x2xf32>, tensor<3x4xf32> to tensor<2x3xf32>
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @contract_of_transposes(%x: tensor<4x2xf32>, %y: tensor<3x4xf32>) -> tensor<2x3xf32> {
  %0 = graph.transpose %x [1, 0] : tensor<4x2xf32> to tensor<2x4xf32>
  %1 = graph.transpose %y [1, 0] : tensor<3x4xf32> to tensor<4x3xf32>
  %2 = graph.contract %0, %1 maps [#a, #b, #c] : tensor<2x4xf32>, tensor<4x3xf32> to tensor<2x3xf32>
  return %2 : tensor<2x3xf32>
}

// -----

// Static sizes go through casts, element-wise operations and host scalars.
// CHECK-LABEL: @static_sizes
// CHECK: %[[B:.*]] = graph.broadcast %arg1 sizes [2, 9, 384] : tensor<384xf32> to tensor<2x9x384xf32>
// CHECK: %[[S:.*]] = arith.addf %arg0, %[[B]] : tensor<2x9x384xf32>
// CHECK: %[[R:.*]] = graph.reduce add %[[S]] dims = [1] : tensor<2x9x384xf32> to tensor<2x384xf32>
// CHECK: %[[C:.*]] = tensor.cast %[[R]] : tensor<2x384xf32> to tensor<?x384xf32>
// CHECK: return %[[C]]
func.func @static_sizes(%x: tensor<2x9x384xf32>, %b: tensor<384xf32>) -> tensor<?x384xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = tensor.cast %x : tensor<2x9x384xf32> to tensor<?x?x384xf32>
  %n = tensor.dim %0, %c0 : tensor<?x?x384xf32>
  %m = tensor.dim %0, %c1 : tensor<?x?x384xf32>
  %1 = graph.broadcast %b sizes [%n, %m, 384] : tensor<384xf32> to tensor<?x?x384xf32>
  %2 = arith.addf %0, %1 : tensor<?x?x384xf32>
  %3 = graph.reduce add %2 dims = [1] : tensor<?x?x384xf32> to tensor<?x384xf32>
  return %3 : tensor<?x384xf32>
}

// CHECK-LABEL: @static_reshape
// CHECK: graph.reshape %arg0 sizes [2, 3, 4] : tensor<24xf32> to tensor<2x3x4xf32>
func.func @static_reshape(%x: tensor<24xf32>, %n: index) -> tensor<2x?x4xf32> {
  %0 = graph.reshape %x sizes [2, %n, 4] : tensor<24xf32> to tensor<2x?x4xf32>
  return %0 : tensor<2x?x4xf32>
}

// CHECK-LABEL: @static_pad
// CHECK: graph.pad %arg0 low [0, 1] high [0, 2] mode edge : tensor<4x4xf32> to tensor<4x7xf32>
func.func @static_pad(%x: tensor<4x4xf32>) -> tensor<4x?xf32> {
  %c2 = arith.constant 2 : index
  %0 = graph.pad %x low [0, 1] high [0, %c2] mode edge : tensor<4x4xf32> to tensor<4x?xf32>
  return %0 : tensor<4x?xf32>
}

// Contradictions stay for the launch to find.
// CHECK-LABEL: @contradiction
// CHECK-DAG: %[[X:.*]] = tensor.cast %arg0
// CHECK-DAG: %[[Y:.*]] = tensor.cast %arg1
// CHECK: arith.addf %[[X]], %[[Y]] : tensor<?xf32>
// CHECK: graph.reshape %arg2 sizes [%{{.*}}, 5]
func.func @contradiction(%x: tensor<2xf32>, %y: tensor<3xf32>, %z: tensor<24xf32>, %n: index) -> (tensor<?xf32>, tensor<?x5xf32>) {
  %0 = tensor.cast %x : tensor<2xf32> to tensor<?xf32>
  %1 = tensor.cast %y : tensor<3xf32> to tensor<?xf32>
  %2 = arith.addf %0, %1 : tensor<?xf32>
  %3 = graph.reshape %z sizes [%n, 5] : tensor<24xf32> to tensor<?x5xf32>
  return %2, %3 : tensor<?xf32>, tensor<?x5xf32>
}

// CHECK-LABEL: @dims
// CHECK: %[[N:.*]] = tensor.dim %arg0, %c0
// CHECK: %[[N1:.*]] = tensor.dim %arg0, %c0
// CHECK: %[[M:.*]] = arith.addi %[[N1]], %c3
// CHECK: return %[[N]], %[[M]], %c32
#x = affine_map<(b, m, n, k) -> (b, m, k)>
#w = affine_map<(b, m, n, k) -> (k, n)>
#y = affine_map<(b, m, n, k) -> (b, m, n)>
func.func @dims(%x: tensor<?x9x16xf32>, %w: tensor<16x32xf32>) -> (index, index, index) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %0 = graph.contract %x, %w maps [#x, #w, #y] : tensor<?x9x16xf32>, tensor<16x32xf32> to tensor<?x9x32xf32>
  %1 = math.exp %0 : tensor<?x9x32xf32>
  %n = tensor.dim %1, %c0 : tensor<?x9x32xf32>
  %2 = graph.pad %1 low [1, 0, 0] high [2, 0, 0] mode constant : tensor<?x9x32xf32> to tensor<?x9x32xf32>
  %m = tensor.dim %2, %c0 : tensor<?x9x32xf32>
  %k = tensor.dim %1, %c2 : tensor<?x9x32xf32>
  return %n, %m, %k : index, index, index
}

// CHECK-LABEL: @dim_of_group
// CHECK: %[[N:.*]] = tensor.dim %arg0, %c0
// CHECK: return %[[N]]
func.func @dim_of_group(%x: tensor<?x8xf32>) -> index {
  %c0 = arith.constant 0 : index
  %y = graph.group (%x : tensor<?x8xf32>) scalars () attributes {skeleton = "pointwise"} {
  ^bb0(%x0: tensor<?x8xf32>):
    %1 = math.exp %x0 : tensor<?x8xf32>
    graph.yield %1 : tensor<?x8xf32>
  } : tensor<?x8xf32>
  %n = tensor.dim %y, %c0 : tensor<?x8xf32>
  return %n : index
}

// CHECK-LABEL: @extract_of_splat
// CHECK-SAME: (%[[N:.*]]: index, %[[F:.*]]: f32)
// CHECK-NEXT: %[[I:.*]] = arith.index_cast %[[N]] : index to i64
// CHECK-NEXT: return %[[I]], %[[F]]
func.func @extract_of_splat(%n: index, %f: f32) -> (i64, f32) {
  %c0 = arith.constant 0 : index
  %0 = graph.splat %n : index to tensor<i64>
  %1 = graph.reshape %0 sizes [1] : tensor<i64> to tensor<1xi64>
  %2 = tensor.extract %1[%c0] : tensor<1xi64>
  %3 = graph.splat %f : f32 to tensor<f32>
  %4 = tensor.extract %3[] : tensor<f32>
  return %2, %4 : i64, f32
}

// -----

// CHECK-LABEL: @constants
// CHECK-DAG: dense<{{\[}}[1, 2, 3], [1, 2, 3]]> : tensor<2x3xi64>
// CHECK-DAG: dense<{{\[}}[1, 4], [2, 5], [3, 6]]> : tensor<3x2xi32>
// CHECK-DAG: dense<[6, 4, 2]> : tensor<3xi32>
// CHECK-DAG: dense<[1, 2, 3, 7]> : tensor<4xi64>
// CHECK-DAG: dense<[-1, 1, 2, 3, -1]> : tensor<5xi64>
// CHECK-DAG: dense<[3, 1, 1]> : tensor<3xi64>
// CHECK-DAG: dense<[true, false, true]> : tensor<3xi1>
// CHECK-DAG: dense<7> : tensor<i32>
// CHECK-DAG: dense<7.000000e+00> : tensor<f16>
// CHECK-DAG: dense<5.000000e-01> : tensor<128x1024x1024xf32>
func.func @constants() -> (tensor<2x3xi64>, tensor<3x2xi32>, tensor<3xi32>, tensor<4xi64>, tensor<5xi64>, tensor<3xi64>, tensor<3xi1>, tensor<i32>, tensor<f16>, tensor<128x1024x1024xf32>) {
  %v = arith.constant dense<[1, 2, 3]> : tensor<3xi64>
  %m = arith.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  %l = arith.constant dense<[1, 2, 3, 4, 5, 6]> : tensor<6xi32>
  %s = arith.constant dense<7> : tensor<1xi64>
  %f = arith.constant dense<-1> : tensor<i64>
  %i = arith.constant dense<[-1, 0, -9]> : tensor<3xi32>
  %bits = arith.constant dense<[[true, true], [false, false], [true, true]]> : tensor<3x2xi1>
  %c7 = arith.constant 7 : index
  %h = arith.constant dense<0.5> : tensor<f32>
  %0 = graph.broadcast %v sizes [2, 3] : tensor<3xi64> to tensor<2x3xi64>
  %1 = graph.transpose %m [1, 0] : tensor<2x3xi32> to tensor<3x2xi32>
  %2 = graph.slice %l offsets [5] sizes [3] strides [-2] : tensor<6xi32> to tensor<3xi32>
  %3 = graph.concat axis = 0 (%v, %s) : (tensor<3xi64>, tensor<1xi64>) to tensor<4xi64>
  %4 = graph.pad %v low [1] high [1] value %f mode constant : tensor<3xi64>, tensor<i64> to tensor<5xi64>
  %5 = graph.gather %v[%i] axis = 0 : tensor<3xi64>, tensor<3xi32> to tensor<3xi64>
  %6 = graph.slice %bits offsets [0, 1] sizes [3, 1] strides [1, 1] : tensor<3x2xi1> to tensor<3x1xi1>
  %7 = graph.reshape %6 sizes [3] : tensor<3x1xi1> to tensor<3xi1>
  %8 = graph.splat %c7 : index to tensor<i32>
  %9 = graph.splat %c7 : index to tensor<f16>
  %10 = graph.broadcast %h sizes [128, 1024, 1024] : tensor<f32> to tensor<128x1024x1024xf32>
  return %0, %1, %2, %3, %4, %5, %7, %8, %9, %10 : tensor<2x3xi64>, tensor<3x2xi32>, tensor<3xi32>, tensor<4xi64>, tensor<5xi64>, tensor<3xi64>, tensor<3xi1>, tensor<i32>, tensor<f16>, tensor<128x1024x1024xf32>
}

// CHECK-LABEL: @too_large
// CHECK: graph.broadcast
func.func @too_large() -> tensor<32768x3xi64> {
  %v = arith.constant dense<[1, 2, 3]> : tensor<3xi64>
  %0 = graph.broadcast %v sizes [32768, 3] : tensor<3xi64> to tensor<32768x3xi64>
  return %0 : tensor<32768x3xi64>
}

// -----

// CHECK-LABEL: @reduce_of_units
// CHECK: graph.reshape %arg0 sizes [%{{.*}}, 3] : tensor<?x1x3xf32> to tensor<?x3xf32>
func.func @reduce_of_units(%x: tensor<?x1x3xf32>) -> tensor<?x3xf32> {
  %0 = graph.reduce add %x dims = [1] : tensor<?x1x3xf32> to tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// CHECK-LABEL: @conv_of_pad
// CHECK: graph.conv %arg0, %arg1 strides = [2, 2] dilations = [1, 1] low = [0, 1] high = [1, 2] groups = 1 : tensor<1x3x224x224xf32>
func.func @conv_of_pad(%x: tensor<1x3x224x224xf32>, %w: tensor<8x3x3x3xf32>) -> tensor<1x8x112x113xf32> {
  %zero = arith.constant dense<0.0> : tensor<f32>
  %0 = graph.pad %x low [0, 0, 0, 0] high [0, 0, 1, 1] value %zero mode constant : tensor<1x3x224x224xf32>, tensor<f32> to tensor<1x3x225x225xf32>
  %1 = graph.conv %0, %w strides = [2, 2] dilations = [1, 1] low = [0, 1] high = [0, 1] groups = 1 : tensor<1x3x225x225xf32>, tensor<8x3x3x3xf32> to tensor<1x8x112x113xf32>
  return %1 : tensor<1x8x112x113xf32>
}

// Other fills and pads of channels are not what a convolution does.
// CHECK-LABEL: @conv_of_other_pads
// CHECK-COUNT-2: graph.pad
func.func @conv_of_other_pads(%x: tensor<1x3x8xf32>, %w: tensor<8x3x3xf32>, %y: tensor<1x2x8xf32>) -> (tensor<1x8x8xf32>, tensor<1x8x6xf32>) {
  %one = arith.constant dense<1.0> : tensor<f32>
  %0 = graph.pad %x low [0, 0, 1] high [0, 0, 1] value %one mode constant : tensor<1x3x8xf32>, tensor<f32> to tensor<1x3x10xf32>
  %1 = graph.conv %0, %w strides = [1] dilations = [1] low = [0] high = [0] groups = 1 : tensor<1x3x10xf32>, tensor<8x3x3xf32> to tensor<1x8x8xf32>
  %2 = graph.pad %y low [0, 0, 0] high [0, 1, 0] mode constant : tensor<1x2x8xf32> to tensor<1x3x8xf32>
  %3 = graph.conv %2, %w strides = [1] dilations = [1] low = [0] high = [0] groups = 1 : tensor<1x3x8xf32>, tensor<8x3x3xf32> to tensor<1x8x6xf32>
  return %1, %3 : tensor<1x8x8xf32>, tensor<1x8x6xf32>
}
