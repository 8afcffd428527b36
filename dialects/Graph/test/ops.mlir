// RUN: raddle-opt %s | raddle-opt | FileCheck %s

#a = affine_map<(b, m, n, k) -> (b, m, k)>
#b = affine_map<(b, m, n, k) -> (k, n)>
#c = affine_map<(b, m, n, k) -> (b, m, n)>

// CHECK-LABEL: @index_ops
func.func @index_ops(%x: tensor<384xf32>, %t: tensor<2x9x12x32xf32>, %d: tensor<4x?xf32>, %n: index, %v: tensor<f32>,
                     %table: tensor<30522x384xf32>, %ids: tensor<?x?xi64>, %m: tensor<3x4xf32>, %mi: tensor<3x2xi64>,
                     %bits: tensor<2x9xi1>, %tuples: tensor<5x2xi64>, %image: tensor<1x3x14x14xf32>) {
  // CHECK: graph.broadcast %{{.*}} sizes [%{{.*}}, 384] : tensor<384xf32> to tensor<?x384xf32>
  %0 = graph.broadcast %x sizes [%n, 384] : tensor<384xf32> to tensor<?x384xf32>
  // CHECK: graph.reshape %{{.*}} sizes [18, 384] : tensor<2x9x12x32xf32> to tensor<18x384xf32>
  %1 = graph.reshape %t sizes [18, 384] : tensor<2x9x12x32xf32> to tensor<18x384xf32>
  // CHECK: graph.transpose %{{.*}} [0, 2, 1, 3] : tensor<2x9x12x32xf32> to tensor<2x12x9x32xf32>
  %2 = graph.transpose %t [0, 2, 1, 3] : tensor<2x9x12x32xf32> to tensor<2x12x9x32xf32>
  // CHECK: graph.slice %{{.*}} offsets [0, %{{.*}}] sizes [4, %{{.*}}] strides [1, 2] : tensor<4x?xf32> to tensor<4x?xf32>
  %3 = graph.slice %d offsets [0, %n] sizes [4, %n] strides [1, 2] : tensor<4x?xf32> to tensor<4x?xf32>
  // CHECK: graph.concat axis = 1 (%{{.*}}, %{{.*}}) : (tensor<3x4xf32>, tensor<3x4xf32>) to tensor<3x8xf32>
  %4 = graph.concat axis = 1 (%m, %m) : (tensor<3x4xf32>, tensor<3x4xf32>) to tensor<3x8xf32>
  // CHECK: graph.pad %{{.*}} low [0, 1] high [0, %{{.*}}] value %{{.*}} mode constant : tensor<4x?xf32>, tensor<f32> to tensor<4x?xf32>
  %5 = graph.pad %d low [0, 1] high [0, %n] value %v mode constant : tensor<4x?xf32>, tensor<f32> to tensor<4x?xf32>
  // CHECK: graph.pad %{{.*}} low [0, 1] high [0, 1] mode reflect : tensor<3x4xf32> to tensor<3x6xf32>
  %6 = graph.pad %m low [0, 1] high [0, 1] mode reflect : tensor<3x4xf32> to tensor<3x6xf32>
  // CHECK: graph.gather %{{.*}}[%{{.*}}] axis = 0 : tensor<30522x384xf32>, tensor<?x?xi64> to tensor<?x?x384xf32>
  %7 = graph.gather %table[%ids] axis = 0 : tensor<30522x384xf32>, tensor<?x?xi64> to tensor<?x?x384xf32>
  // CHECK: graph.gather_elements %{{.*}}[%{{.*}}] axis = 1 : tensor<3x4xf32>, tensor<3x2xi64> to tensor<3x2xf32>
  %8 = graph.gather_elements %m[%mi] axis = 1 : tensor<3x4xf32>, tensor<3x2xi64> to tensor<3x2xf32>
  // CHECK: graph.gather_nd %{{.*}}[%{{.*}}] batch_dims = 0 : tensor<2x9xi1>, tensor<5x2xi64> to tensor<5xi1>
  %9 = graph.gather_nd %bits[%tuples] batch_dims = 0 : tensor<2x9xi1>, tensor<5x2xi64> to tensor<5xi1>
  // CHECK: graph.iota axis = 0 sizes [%{{.*}}] : tensor<?xi64>
  %10 = graph.iota axis = 0 sizes [%n] : tensor<?xi64>
  // CHECK: graph.splat %{{.*}} : index to tensor<i64>
  %11 = graph.splat %n : index to tensor<i64>
  // CHECK: graph.resize %{{.*}} mode = linear coordinates = half_pixel scales = [1.000000e+00, 1.000000e+00, 2.000000e+00, 2.000000e+00] sizes [1, 3, 28, 28] : tensor<1x3x14x14xf32> to tensor<1x3x28x28xf32>
  %12 = graph.resize %image mode = linear coordinates = half_pixel scales = [1.0, 1.0, 2.0, 2.0] sizes [1, 3, 28, 28] : tensor<1x3x14x14xf32> to tensor<1x3x28x28xf32>
  return
}

// CHECK-LABEL: @reductions
func.func @reductions(%x: tensor<2x3x9xf32>, %y: tensor<?x?x384xf32>, %s: tensor<384xf32>, %image: tensor<1x64x112x112xf32>) {
  // CHECK: graph.reduce add %{{.*}} dims = [2] keep_dims : tensor<2x3x9xf32> to tensor<2x3x1xf32>
  %0 = graph.reduce add %x dims = [2] keep_dims : tensor<2x3x9xf32> to tensor<2x3x1xf32>
  // CHECK: graph.arg_reduce max %{{.*}} axis = 1 last : tensor<2x3x9xf32> to tensor<2x9xi64>
  %1 = graph.arg_reduce max %x axis = 1 last : tensor<2x3x9xf32> to tensor<2x9xi64>
  // CHECK: graph.softmax %{{.*}} axis = 1 log : tensor<2x3x9xf32> to tensor<2x3x9xf32>
  %2 = graph.softmax %x axis = 1 log : tensor<2x3x9xf32> to tensor<2x3x9xf32>
  // CHECK: graph.norm layer %{{.*}} scale %{{.*}} bias %{{.*}} axis = 2 epsilon = 1.000000e-05 : tensor<?x?x384xf32> scale tensor<384xf32> bias tensor<384xf32> to tensor<?x?x384xf32>
  %3 = graph.norm layer %y scale %s bias %s axis = 2 epsilon = 1.0e-5 : tensor<?x?x384xf32> scale tensor<384xf32> bias tensor<384xf32> to tensor<?x?x384xf32>
  // CHECK: graph.cumulative add %{{.*}} axis = 0 exclusive reverse : tensor<2x3x9xf32> to tensor<2x3x9xf32>
  %4 = graph.cumulative add %x axis = 0 exclusive reverse : tensor<2x3x9xf32> to tensor<2x3x9xf32>
  // CHECK: graph.pool max %{{.*}} kernel = [3, 3] strides = [2, 2] dilations = [1, 1] low = [1, 1] high = [1, 1] sizes [1, 64, 56, 56] : tensor<1x64x112x112xf32> to tensor<1x64x56x56xf32>
  %5 = graph.pool max %image kernel = [3, 3] strides = [2, 2] dilations = [1, 1] low = [1, 1] high = [1, 1] sizes [1, 64, 56, 56] : tensor<1x64x112x112xf32> to tensor<1x64x56x56xf32>
  return
}

// CHECK-LABEL: @contractions
func.func @contractions(%x: tensor<?x?x384xf32>, %w: tensor<384x384xf32>, %image: tensor<1x3x224x224xf32>, %filter: tensor<64x3x7x7xf32>,
                        %q: tensor<?x12x?x32xf32>, %mask: tensor<?x1x1x?xf32>) {
  // CHECK: graph.contract %{{.*}}, %{{.*}} maps [#{{.*}}, #{{.*}}, #{{.*}}] : tensor<?x?x384xf32>, tensor<384x384xf32> to tensor<?x?x384xf32>
  %0 = graph.contract %x, %w maps [#a, #b, #c] : tensor<?x?x384xf32>, tensor<384x384xf32> to tensor<?x?x384xf32>
  // CHECK: graph.contract {{.*}} {compute = #graph.compute<tf32x3>}
  %1 = graph.contract %x, %w maps [#a, #b, #c] {compute = #graph.compute<tf32x3>} : tensor<?x?x384xf32>, tensor<384x384xf32> to tensor<?x?x384xf32>
  // CHECK: graph.conv %{{.*}}, %{{.*}} strides = [2, 2] dilations = [1, 1] low = [3, 3] high = [3, 3] groups = 1 : tensor<1x3x224x224xf32>, tensor<64x3x7x7xf32> to tensor<1x64x112x112xf32>
  %2 = graph.conv %image, %filter strides = [2, 2] dilations = [1, 1] low = [3, 3] high = [3, 3] groups = 1 : tensor<1x3x224x224xf32>, tensor<64x3x7x7xf32> to tensor<1x64x112x112xf32>
  // CHECK: graph.attention %{{.*}}, %{{.*}}, %{{.*}} mask %{{.*}} scale = 1.250000e-01 : tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>, tensor<?x1x1x?xf32> to tensor<?x12x?x32xf32>
  %3 = graph.attention %q, %q, %q mask %mask scale = 0.125 : tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>, tensor<?x1x1x?xf32> to tensor<?x12x?x32xf32>
  return
}

// CHECK-LABEL: @order
func.func @order(%x: tensor<2x9xf32>, %k: index, %m: tensor<3x3xf32>, %i: tensor<2x3xi64>, %u: tensor<2x3xf32>,
                 %v: tensor<8xf32>, %vi: tensor<4x1xi64>, %vu: tensor<4xf32>, %seq: tensor<9x1x128xf32>,
                 %w: tensor<1x512x128xf32>, %bias: tensor<1x1024xf32>,
                 %seq2: tensor<9x1x2xf32>, %gw: tensor<1x15x2xf32>, %gr: tensor<1x15x5xf32>, %rw: tensor<1x5x2xf32>, %rr: tensor<1x5x5xf32>) {
  // CHECK: graph.sort %{{.*}} k = %{{.*}} axis = 1 descending : tensor<2x9xf32> to tensor<2x?xf32>, tensor<2x?xi64>
  %0:2 = graph.sort %x k = %k axis = 1 descending : tensor<2x9xf32> to tensor<2x?xf32>, tensor<2x?xi64>
  // CHECK: graph.scatter_elements add %{{.*}}[%{{.*}}] updates %{{.*}} axis = 0 : tensor<3x3xf32>, tensor<2x3xi64>, tensor<2x3xf32> to tensor<3x3xf32>
  %1 = graph.scatter_elements add %m[%i] updates %u axis = 0 : tensor<3x3xf32>, tensor<2x3xi64>, tensor<2x3xf32> to tensor<3x3xf32>
  // CHECK: graph.scatter_nd replace %{{.*}}[%{{.*}}] updates %{{.*}} : tensor<8xf32>, tensor<4x1xi64>, tensor<4xf32> to tensor<8xf32>
  %2 = graph.scatter_nd replace %v[%vi] updates %vu : tensor<8xf32>, tensor<4x1xi64>, tensor<4xf32> to tensor<8xf32>
  // CHECK: graph.lstm %{{.*}}, %{{.*}}, %{{.*}} bias %{{.*}} hidden = 128 direction = forward : (tensor<9x1x128xf32>, tensor<1x512x128xf32>, tensor<1x512x128xf32>, tensor<1x1024xf32>) -> (tensor<9x1x1x128xf32>, tensor<1x1x128xf32>, tensor<1x1x128xf32>)
  %3:3 = graph.lstm %seq, %w, %w bias %bias hidden = 128 direction = forward : (tensor<9x1x128xf32>, tensor<1x512x128xf32>, tensor<1x512x128xf32>, tensor<1x1024xf32>) -> (tensor<9x1x1x128xf32>, tensor<1x1x128xf32>, tensor<1x1x128xf32>)
  // CHECK: graph.gru
  %4:2 = graph.gru %seq2, %gw, %gr hidden = 5 direction = forward : (tensor<9x1x2xf32>, tensor<1x15x2xf32>, tensor<1x15x5xf32>) -> (tensor<9x1x1x5xf32>, tensor<1x1x5xf32>)
  // CHECK: graph.rnn
  %5:2 = graph.rnn %seq2, %rw, %rr hidden = 5 direction = forward : (tensor<9x1x2xf32>, tensor<1x5x2xf32>, tensor<1x5x5xf32>) -> (tensor<9x1x1x5xf32>, tensor<1x1x5xf32>)
  return
}

// CHECK-LABEL: @structure
func.func @structure(%x: tensor<4x8xf32>, %b: tensor<8xf32>) -> tensor<4x8xf32> {
  // CHECK: graph.weight "weights"::"encoder.0.q" : tensor<384x384xf32>
  %0 = graph.weight "weights"::"encoder.0.q" : tensor<384x384xf32>
  // CHECK: graph.group (%{{.*}}, %{{.*}} : tensor<4x8xf32>, tensor<8xf32>) scalars () attributes {skeleton = "pointwise"} {
  // CHECK-NEXT: ^bb0
  // CHECK: graph.yield %{{.*}} : tensor<4x8xf32>
  // CHECK-NEXT: } : tensor<4x8xf32>
  %y = graph.group (%x, %b : tensor<4x8xf32>, tensor<8xf32>) scalars () attributes {skeleton = "pointwise"} {
  ^bb0(%x0: tensor<4x8xf32>, %b0: tensor<8xf32>):
    %1 = graph.broadcast %b0 sizes [4, 8] : tensor<8xf32> to tensor<4x8xf32>
    %2 = arith.addf %x0, %1 : tensor<4x8xf32>
    graph.yield %2 : tensor<4x8xf32>
  } : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
