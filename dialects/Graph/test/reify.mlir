// RUN: raddle-opt %s -resolve-ranked-shaped-type-result-dims -canonicalize -cse | FileCheck %s

// CHECK-LABEL: @reductions
// CHECK-SAME: (%[[X:.*]]: tensor<?x?x9xf32>
// CHECK-DAG: %[[D0:.*]] = tensor.dim %[[X]], %c0
// CHECK-DAG: %[[D1:.*]] = tensor.dim %[[X]], %c1
// CHECK: return %[[D0]], %[[D1]], %[[D1]], %[[D0]]
func.func @reductions(%x: tensor<?x?x9xf32>) -> (index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = graph.reduce add %x dims = [1] keep_dims : tensor<?x?x9xf32> to tensor<?x1x9xf32>
  %1 = graph.arg_reduce max %x axis = 0 : tensor<?x?x9xf32> to tensor<?x9xi64>
  %2 = graph.softmax %x axis = 2 : tensor<?x?x9xf32> to tensor<?x?x9xf32>
  %3 = graph.cumulative add %x axis = 2 : tensor<?x?x9xf32> to tensor<?x?x9xf32>
  %d0 = tensor.dim %0, %c0 : tensor<?x1x9xf32>
  %d1 = tensor.dim %1, %c0 : tensor<?x9xi64>
  %d2 = tensor.dim %2, %c1 : tensor<?x?x9xf32>
  %d3 = tensor.dim %3, %c0 : tensor<?x?x9xf32>
  return %d0, %d1, %d2, %d3 : index, index, index, index
}

// CHECK-LABEL: @index_ops
// CHECK-SAME: (%[[X:.*]]: tensor<?x4xf32>, %[[I:.*]]: tensor<?x3xi64>, %[[N:.*]]: index)
// CHECK-DAG: %[[D:.*]] = tensor.dim %[[X]], %c0
// CHECK-DAG: %[[E:.*]] = tensor.dim %[[I]], %c0
// CHECK-DAG: %[[TWICE:.*]] = arith.addi %[[D]], %[[D]]
// CHECK-DAG: %[[P1:.*]] = arith.addi %[[D]], %c1
// CHECK-DAG: %[[P:.*]] = arith.addi %[[P1]], %[[N]]
// CHECK: return %[[D]], %[[TWICE]], %[[P]], %[[E]], %[[E]], %[[N]], %[[N]]
func.func @index_ops(%x: tensor<?x4xf32>, %i: tensor<?x3xi64>, %n: index) -> (index, index, index, index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = graph.transpose %x [1, 0] : tensor<?x4xf32> to tensor<4x?xf32>
  %1 = graph.concat axis = 0 (%x, %x) : (tensor<?x4xf32>, tensor<?x4xf32>) to tensor<?x4xf32>
  %2 = graph.pad %x low [1, 0] high [%n, 0] mode edge : tensor<?x4xf32> to tensor<?x4xf32>
  %3 = graph.gather %x[%i] axis = 1 : tensor<?x4xf32>, tensor<?x3xi64> to tensor<?x?x3xf32>
  %4 = graph.gather_elements %x[%i] axis = 1 : tensor<?x4xf32>, tensor<?x3xi64> to tensor<?x3xf32>
  %5 = graph.slice %x offsets [0, 0] sizes [%n, 4] strides [1, 1] : tensor<?x4xf32> to tensor<?x4xf32>
  %6 = graph.iota axis = 0 sizes [%n] : tensor<?xi64>
  %d0 = tensor.dim %0, %c1 : tensor<4x?xf32>
  %d1 = tensor.dim %1, %c0 : tensor<?x4xf32>
  %d2 = tensor.dim %2, %c0 : tensor<?x4xf32>
  %d3 = tensor.dim %3, %c1 : tensor<?x?x3xf32>
  %d4 = tensor.dim %4, %c0 : tensor<?x3xf32>
  %d5 = tensor.dim %5, %c0 : tensor<?x4xf32>
  %d6 = tensor.dim %6, %c0 : tensor<?xi64>
  return %d0, %d1, %d2, %d3, %d4, %d5, %d6 : index, index, index, index, index, index, index
}

// CHECK-LABEL: @convolutions
// CHECK-SAME: (%[[X:.*]]: tensor<1x3x?xf32>
// CHECK: %[[D:.*]] = tensor.dim %[[X]], %c2
// CHECK: %[[F:.*]] = arith.floordivsi %{{.*}}, %c2
// CHECK: %[[S:.*]] = arith.addi %[[F]], %c1
// CHECK: arith.muli %{{.*}}, %c2
func.func @convolutions(%x: tensor<1x3x?xf32>, %w: tensor<4x3x3xf32>, %v: tensor<3x4x3xf32>) -> (index, index) {
  %c2 = arith.constant 2 : index
  %0 = graph.conv %x, %w strides = [2] dilations = [1] low = [1] high = [1] groups = 1 : tensor<1x3x?xf32>, tensor<4x3x3xf32> to tensor<1x4x?xf32>
  %1 = graph.conv %x, %v strides = [2] dilations = [1] low = [0] high = [0] groups = 1 {transposed} : tensor<1x3x?xf32>, tensor<3x4x3xf32> to tensor<1x4x?xf32>
  %d0 = tensor.dim %0, %c2 : tensor<1x4x?xf32>
  %d1 = tensor.dim %1, %c2 : tensor<1x4x?xf32>
  return %d0, %d1 : index, index
}

// CHECK-LABEL: @order
// CHECK-SAME: (%[[X:.*]]: tensor<2x?xf32>, %[[K:.*]]: index, %[[S:.*]]: tensor<?x?x2xf32>
// CHECK-DAG: %[[T:.*]] = tensor.dim %[[S]], %c0
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[S]], %c1
// CHECK: return %[[K]], %[[T]], %[[B]]
func.func @order(%x: tensor<2x?xf32>, %k: index, %s: tensor<?x?x2xf32>, %w: tensor<1x15x2xf32>, %r: tensor<1x15x5xf32>) -> (index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %v, %i = graph.sort %x k = %k axis = 1 : tensor<2x?xf32> to tensor<2x?xf32>, tensor<2x?xi64>
  %0:2 = graph.gru %s, %w, %r hidden = 5 direction = forward : (tensor<?x?x2xf32>, tensor<1x15x2xf32>, tensor<1x15x5xf32>) -> (tensor<?x1x?x5xf32>, tensor<1x?x5xf32>)
  %d0 = tensor.dim %i, %c1 : tensor<2x?xi64>
  %d1 = tensor.dim %0#0, %c0 : tensor<?x1x?x5xf32>
  %d2 = tensor.dim %0#1, %c1 : tensor<1x?x5xf32>
  return %d0, %d1, %d2 : index, index, index
}

#a = affine_map<(b, m, n, k) -> (b, m, k)>
#b = affine_map<(b, m, n, k) -> (n, k)>
#r = affine_map<(b, m, n, k) -> (n, b, m)>

// A size of a product, of windows and of attention comes from the operand that
// has the dim.
// CHECK-LABEL: @products
// CHECK-SAME: (%[[X:.*]]: tensor<?x?x8xf32>, %[[W:.*]]: tensor<?x8xf32>, %[[Q:.*]]: tensor<?x4x?x8xf32>, %[[K:.*]]: tensor<?x2x?x8xf32>
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[X]], %c0
// CHECK-DAG: %[[M:.*]] = tensor.dim %[[X]], %c1
// CHECK-DAG: %[[N:.*]] = tensor.dim %[[W]], %c0
// CHECK-DAG: %[[P:.*]] = tensor.dim %[[Q]], %c0
// CHECK-DAG: %[[R:.*]] = tensor.dim %[[Q]], %c2
// CHECK: return %[[N]], %[[B]], %[[M]], %[[P]], %[[R]]
func.func @products(%x: tensor<?x?x8xf32>, %w: tensor<?x8xf32>, %q: tensor<?x4x?x8xf32>,
                    %k: tensor<?x2x?x8xf32>) -> (index, index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %0 = graph.contract %x, %w maps [#a, #b, #r] : tensor<?x?x8xf32>, tensor<?x8xf32> to tensor<?x?x?xf32>
  %1 = graph.attention %q, %k, %k scale = 1.0 : tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32> to tensor<?x4x?x8xf32>
  %d0 = tensor.dim %0, %c0 : tensor<?x?x?xf32>
  %d1 = tensor.dim %0, %c1 : tensor<?x?x?xf32>
  %d2 = tensor.dim %0, %c2 : tensor<?x?x?xf32>
  %d3 = tensor.dim %1, %c0 : tensor<?x4x?x8xf32>
  %d4 = tensor.dim %1, %c2 : tensor<?x4x?x8xf32>
  return %d0, %d1, %d2, %d3, %d4 : index, index, index, index, index
}

// What keeps the shape of its operand.
// CHECK-LABEL: @same_shape
// CHECK-SAME: (%[[X:.*]]: tensor<?x64xf32>
// CHECK: %[[D:.*]] = tensor.dim %[[X]], %c0
// CHECK: return %[[D]], %[[D]], %[[D]], %[[D]], %[[D]]
func.func @same_shape(%x: tensor<?x64xf32>, %i: tensor<2x64xi64>, %u: tensor<2x64xf32>, %j: tensor<2x1xi64>) -> (index, index, index, index, index) {
  %c0 = arith.constant 0 : index
  %0 = graph.norm rms %x axis = 1 epsilon = 1.0e-5 : tensor<?x64xf32> to tensor<?x64xf32>
  %1 = graph.scatter_elements replace %x[%i] updates %u axis = 0 : tensor<?x64xf32>, tensor<2x64xi64>, tensor<2x64xf32> to tensor<?x64xf32>
  %2 = graph.scatter_nd replace %x[%j] updates %u : tensor<?x64xf32>, tensor<2x1xi64>, tensor<2x64xf32> to tensor<?x64xf32>
  %3 = graph.encode %x : tensor<?x64xf32> to tensor<?x64xf32, #graph.int<bits = 8, scale = f32>>
  %4 = graph.decode %3 : tensor<?x64xf32, #graph.int<bits = 8, scale = f32>> to tensor<?x64xf32>
  %d0 = tensor.dim %0, %c0 : tensor<?x64xf32>
  %d1 = tensor.dim %1, %c0 : tensor<?x64xf32>
  %d2 = tensor.dim %2, %c0 : tensor<?x64xf32>
  %d3 = tensor.dim %3, %c0 : tensor<?x64xf32, #graph.int<bits = 8, scale = f32>>
  %d4 = tensor.dim %4, %c0 : tensor<?x64xf32>
  return %d0, %d1, %d2, %d3, %d4 : index, index, index, index, index
}

// What states its sizes.
// CHECK-LABEL: @stated
// CHECK-SAME: %[[N:[^:]*]]: index)
// CHECK: return %[[N]], %[[N]], %[[N]], %[[N]]
func.func @stated(%x: tensor<1x4x8x8xf32>, %y: tensor<?x4xf32>, %z: tensor<4xf32>, %n: index) -> (index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %0 = graph.broadcast %z sizes [%n, 4] : tensor<4xf32> to tensor<?x4xf32>
  %1 = graph.reshape %y sizes [%n, 2] : tensor<?x4xf32> to tensor<?x2xf32>
  %2 = graph.pool max %x kernel = [2, 2] strides = [2, 2] dilations = [1, 1] low = [0, 0] high = [0, 0]
      sizes [1, 4, %n, 4] : tensor<1x4x8x8xf32> to tensor<1x4x?x4xf32>
  %3 = graph.resize %x mode = nearest coordinates = asymmetric scales = [1.0, 1.0, 2.0, 1.0]
      sizes [1, 4, %n, 8] : tensor<1x4x8x8xf32> to tensor<1x4x?x8xf32>
  %d0 = tensor.dim %0, %c0 : tensor<?x4xf32>
  %d1 = tensor.dim %1, %c0 : tensor<?x2xf32>
  %d2 = tensor.dim %2, %c2 : tensor<1x4x?x4xf32>
  %d3 = tensor.dim %3, %c2 : tensor<1x4x?x8xf32>
  return %d0, %d1, %d2, %d3 : index, index, index, index
}

// Tuples, time and batch of recurrences, and the results of a group.
// CHECK-LABEL: @others
// CHECK-SAME: (%[[X:.*]]: tensor<?x?x2xf32>, %{{.*}}, %{{.*}}, %[[I:.*]]: tensor<?x1xi64>
// CHECK-DAG: %[[T:.*]] = tensor.dim %[[X]], %c0
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[X]], %c1
// CHECK-DAG: %[[N:.*]] = tensor.dim %[[I]], %c0
// CHECK: return %[[N]], %[[T]], %[[B]], %[[B]], %[[T]]
func.func @others(%x: tensor<?x?x2xf32>, %w: tensor<1x20x2xf32>, %r: tensor<1x20x5xf32>, %i: tensor<?x1xi64>,
                  %v: tensor<1x5x2xf32>, %s: tensor<1x5x5xf32>) -> (index, index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %0 = graph.gather_nd %x[%i] batch_dims = 0 : tensor<?x?x2xf32>, tensor<?x1xi64> to tensor<?x?x2xf32>
  %1, %h, %c = graph.lstm %x, %w, %r hidden = 5 direction = forward
      : (tensor<?x?x2xf32>, tensor<1x20x2xf32>, tensor<1x20x5xf32>) -> (tensor<?x1x?x5xf32>, tensor<1x?x5xf32>, tensor<1x?x5xf32>)
  %2, %g = graph.rnn %x, %v, %s hidden = 5 direction = forward
      : (tensor<?x?x2xf32>, tensor<1x5x2xf32>, tensor<1x5x5xf32>) -> (tensor<?x1x?x5xf32>, tensor<1x?x5xf32>)
  %3 = graph.group (%x : tensor<?x?x2xf32>) scalars () attributes {skeleton = "pointwise"} {
  ^bb0(%y: tensor<?x?x2xf32>):
    %4 = math.exp %y : tensor<?x?x2xf32>
    graph.yield %4 : tensor<?x?x2xf32>
  } : tensor<?x?x2xf32>
  %d0 = tensor.dim %0, %c0 : tensor<?x?x2xf32>
  %d1 = tensor.dim %1, %c0 : tensor<?x1x?x5xf32>
  %d2 = tensor.dim %c, %c1 : tensor<1x?x5xf32>
  %d3 = tensor.dim %2, %c2 : tensor<?x1x?x5xf32>
  %d4 = tensor.dim %3, %c0 : tensor<?x?x2xf32>
  return %d0, %d1, %d2, %d3, %d4 : index, index, index, index, index
}
