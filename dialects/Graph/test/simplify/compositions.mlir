// RUN: raddle-opt %s --graph-simplify | FileCheck %s

// Scaled factors, an additive mask made by select and a guard against NaN.
// CHECK-LABEL: func.func @attention
// CHECK:         %[[M:.+]] = arith.select
// CHECK:         graph.attention %{{.+}}, %{{.+}}, %{{.+}} mask %[[M]] scale = 0.17677670
// CHECK-SAME:        masked_rows_zero
// CHECK-SAME:        tensor<?x1x1x?xf32> to tensor<?x12x?x32xf32>
// CHECK-NOT:     graph.contract
// CHECK:         return
func.func @attention(%q0: tensor<?x?x384xf32>, %k0: tensor<?x?x384xf32>, %v0: tensor<?x?x384xf32>, %m: tensor<?x1x1x?xi1>) -> tensor<?x?x384xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %q0, %c0 : tensor<?x?x384xf32>
  %l = tensor.dim %q0, %c1 : tensor<?x?x384xf32>
  %s = arith.constant dense<0.42044821> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %low = arith.constant dense<-3.4028234663852886e+38> : tensor<f32>
  %q1 = graph.reshape %q0 sizes [%b, %l, 12, 32] : tensor<?x?x384xf32> to tensor<?x?x12x32xf32>
  %k1 = graph.reshape %k0 sizes [%b, %l, 12, 32] : tensor<?x?x384xf32> to tensor<?x?x12x32xf32>
  %v1 = graph.reshape %v0 sizes [%b, %l, 12, 32] : tensor<?x?x384xf32> to tensor<?x?x12x32xf32>
  %q2 = graph.transpose %q1 [0, 2, 1, 3] : tensor<?x?x12x32xf32> to tensor<?x12x?x32xf32>
  %k2 = graph.transpose %k1 [0, 2, 1, 3] : tensor<?x?x12x32xf32> to tensor<?x12x?x32xf32>
  %v2 = graph.transpose %v1 [0, 2, 1, 3] : tensor<?x?x12x32xf32> to tensor<?x12x?x32xf32>
  %k3 = graph.transpose %k2 [0, 1, 3, 2] : tensor<?x12x?x32xf32> to tensor<?x12x32x?xf32>
  %sq = graph.broadcast %s sizes [%b, 12, %l, 32] : tensor<f32> to tensor<?x12x?x32xf32>
  %sk = graph.broadcast %s sizes [%b, 12, 32, %l] : tensor<f32> to tensor<?x12x32x?xf32>
  %q = arith.mulf %q2, %sq : tensor<?x12x?x32xf32>
  %k = arith.mulf %k3, %sk : tensor<?x12x32x?xf32>
  %p0 = graph.contract %q, %k maps [affine_map<(b,h,m,n,k)->(b,h,m,k)>, affine_map<(b,h,m,n,k)->(b,h,k,n)>, affine_map<(b,h,m,n,k)->(b,h,m,n)>] : tensor<?x12x?x32xf32>, tensor<?x12x32x?xf32> to tensor<?x12x?x?xf32>
  %z1 = graph.broadcast %zero sizes [%b, 1, %l, %l] : tensor<f32> to tensor<?x1x?x?xf32>
  %l1 = graph.broadcast %low sizes [%b, 1, %l, %l] : tensor<f32> to tensor<?x1x?x?xf32>
  %mb = graph.broadcast %m sizes [%b, 1, %l, %l] : tensor<?x1x1x?xi1> to tensor<?x1x?x?xi1>
  %mask = arith.select %mb, %z1, %l1 : tensor<?x1x?x?xi1>, tensor<?x1x?x?xf32>
  %maskb = graph.broadcast %mask sizes [%b, 12, %l, %l] : tensor<?x1x?x?xf32> to tensor<?x12x?x?xf32>
  %p1 = arith.addf %p0, %maskb : tensor<?x12x?x?xf32>
  %p2 = graph.softmax %p1 axis = 3 : tensor<?x12x?x?xf32> to tensor<?x12x?x?xf32>
  %nan = math.isnan %p2 : tensor<?x12x?x?xf32>
  %zb = graph.broadcast %zero sizes [%b, 12, %l, %l] : tensor<f32> to tensor<?x12x?x?xf32>
  %p3 = arith.select %nan, %zb, %p2 : tensor<?x12x?x?xi1>, tensor<?x12x?x?xf32>
  %o = graph.contract %p3, %v2 maps [affine_map<(b,h,m,n,k)->(b,h,m,k)>, affine_map<(b,h,m,n,k)->(b,h,k,n)>, affine_map<(b,h,m,n,k)->(b,h,m,n)>] : tensor<?x12x?x?xf32>, tensor<?x12x?x32xf32> to tensor<?x12x?x32xf32>
  %o1 = graph.transpose %o [0, 2, 1, 3] : tensor<?x12x?x32xf32> to tensor<?x?x12x32xf32>
  %o2 = graph.reshape %o1 sizes [%b, %l, 384] : tensor<?x?x12x32xf32> to tensor<?x?x384xf32>
  return %o2 : tensor<?x?x384xf32>
}

// CHECK-LABEL: func.func @norm
// CHECK-NEXT:    graph.norm {{ ?}}layer %arg0 scale %arg1 bias %arg2 axis = 2
// CHECK-NEXT:    return
func.func @norm(%x: tensor<?x?x384xf32>, %w: tensor<384xf32>, %bias: tensor<384xf32>) -> tensor<?x?x384xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %x, %c0 : tensor<?x?x384xf32>
  %l = tensor.dim %x, %c1 : tensor<?x?x384xf32>
  %n = arith.constant dense<384.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-12> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %s = graph.reduce add %x dims = [2] keep_dims : tensor<?x?x384xf32> to tensor<?x?x1xf32>
  %nb = graph.broadcast %n sizes [%b, %l, 1] : tensor<f32> to tensor<?x?x1xf32>
  %mean = arith.divf %s, %nb : tensor<?x?x1xf32>
  %meanb = graph.broadcast %mean sizes [%b, %l, 384] : tensor<?x?x1xf32> to tensor<?x?x384xf32>
  %d = arith.subf %x, %meanb : tensor<?x?x384xf32>
  %tb = graph.broadcast %two sizes [%b, %l, 384] : tensor<f32> to tensor<?x?x384xf32>
  %sq = math.powf %d, %tb : tensor<?x?x384xf32>
  %ss = graph.reduce add %sq dims = [2] keep_dims : tensor<?x?x384xf32> to tensor<?x?x1xf32>
  %var = arith.divf %ss, %nb : tensor<?x?x1xf32>
  %eb = graph.broadcast %eps sizes [%b, %l, 1] : tensor<f32> to tensor<?x?x1xf32>
  %ve = arith.addf %var, %eb : tensor<?x?x1xf32>
  %r = math.sqrt %ve : tensor<?x?x1xf32>
  %rb = graph.broadcast %r sizes [%b, %l, 384] : tensor<?x?x1xf32> to tensor<?x?x384xf32>
  %y = arith.divf %d, %rb : tensor<?x?x384xf32>
  %wb = graph.broadcast %w sizes [%b, %l, 384] : tensor<384xf32> to tensor<?x?x384xf32>
  %y1 = arith.mulf %y, %wb : tensor<?x?x384xf32>
  %bb = graph.broadcast %bias sizes [%b, %l, 384] : tensor<384xf32> to tensor<?x?x384xf32>
  %y2 = arith.addf %y1, %bb : tensor<?x?x384xf32>
  return %y2 : tensor<?x?x384xf32>
}

// CHECK-LABEL: func.func @soft
// CHECK-NEXT:    graph.softmax %arg0 axis = 1 :
// CHECK-NEXT:    graph.softmax %arg0 axis = 1 log :
// CHECK-NEXT:    return
func.func @soft(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %m = graph.reduce max %x dims = [1] keep_dims : tensor<4x8xf32> to tensor<4x1xf32>
  %mb = graph.broadcast %m sizes [4, 8] : tensor<4x1xf32> to tensor<4x8xf32>
  %d = arith.subf %x, %mb : tensor<4x8xf32>
  %e = math.exp %d : tensor<4x8xf32>
  %s = graph.reduce add %e dims = [1] keep_dims : tensor<4x8xf32> to tensor<4x1xf32>
  %b = graph.broadcast %s sizes [4, 8] : tensor<4x1xf32> to tensor<4x8xf32>
  %y = arith.divf %e, %b : tensor<4x8xf32>
  %lg = math.log %s : tensor<4x1xf32>
  %lb = graph.broadcast %lg sizes [4, 8] : tensor<4x1xf32> to tensor<4x8xf32>
  %ls = arith.subf %d, %lb : tensor<4x8xf32>
  return %y, %ls : tensor<4x8xf32>, tensor<4x8xf32>
}

// A selected mask with heads of one batch dim, the first product transposed,
// a capped score and a scale from a size.
#q = affine_map<(h, m, n, k) -> (h, m, k)>
#k = affine_map<(h, m, n, k) -> (h, n, k)>
#p = affine_map<(h, m, n, k) -> (h, m, n)>
#v = affine_map<(h, m, n, k) -> (h, k, n)>
// CHECK-LABEL: func.func @capped
// CHECK:         graph.attention %{{.+}}, %{{.+}}, %{{.+}} mask %{{.+}} scale = 5.000000e-01 {softcap = 3.000000e+01 : f64}
// CHECK-SAME:        tensor<12x1x9x32xf32>, tensor<12x1x7x32xf32>, tensor<12x1x7x16xf32>, tensor<1x1x9x7xf32> to tensor<12x1x9x16xf32>
// CHECK-NOT:     graph.softmax
// CHECK:         return
func.func @capped(%q: tensor<12x9x32xf32>, %k: tensor<12x7x32xf32>, %v: tensor<12x7x16xf32>, %c: tensor<9x7xi1>) -> tensor<12x9x16xf32> {
  %half = arith.constant dense<0.5> : tensor<12x9x7xf32>
  %cap = arith.constant dense<30.0> : tensor<12x9x7xf32>
  %low = arith.constant dense<0xFF800000> : tensor<12x9x7xf32>
  %0 = graph.contract %q, %k maps [#q, #k, #p] : tensor<12x9x32xf32>, tensor<12x7x32xf32> to tensor<12x9x7xf32>
  %1 = arith.mulf %0, %half : tensor<12x9x7xf32>
  %2 = arith.divf %1, %cap : tensor<12x9x7xf32>
  %3 = math.tanh %2 : tensor<12x9x7xf32>
  %4 = arith.mulf %3, %cap : tensor<12x9x7xf32>
  %5 = graph.broadcast %c sizes [12, 9, 7] : tensor<9x7xi1> to tensor<12x9x7xi1>
  %6 = arith.select %5, %4, %low : tensor<12x9x7xi1>, tensor<12x9x7xf32>
  %7 = graph.softmax %6 axis = 2 : tensor<12x9x7xf32> to tensor<12x9x7xf32>
  %8 = graph.contract %7, %v maps [#q, #v, #p] : tensor<12x9x7xf32>, tensor<12x7x16xf32> to tensor<12x9x16xf32>
  return %8 : tensor<12x9x16xf32>
}

// Probabilities that somebody else reads stay.
// CHECK-LABEL: func.func @probabilities
// CHECK:         graph.softmax
// CHECK-NOT:     graph.attention
func.func @probabilities(%q: tensor<12x9x32xf32>, %k: tensor<12x7x32xf32>, %v: tensor<12x7x16xf32>) -> (tensor<12x9x16xf32>, tensor<12x9x7xf32>) {
  %0 = graph.contract %q, %k maps [#q, #k, #p] : tensor<12x9x32xf32>, tensor<12x7x32xf32> to tensor<12x9x7xf32>
  %1 = graph.softmax %0 axis = 2 : tensor<12x9x7xf32> to tensor<12x9x7xf32>
  %2 = graph.contract %1, %v maps [#q, #v, #p] : tensor<12x9x7xf32>, tensor<12x7x16xf32> to tensor<12x9x16xf32>
  return %2, %1 : tensor<12x9x16xf32>, tensor<12x9x7xf32>
}
