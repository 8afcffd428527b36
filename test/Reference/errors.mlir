// RUN: raddle-opt %s --graph-evaluate --split-input-file --verify-diagnostics

func.func @division() -> tensor<2xi32> {
  %a = arith.constant dense<[1, 2]> : tensor<2xi32>
  %b = arith.constant dense<[1, 0]> : tensor<2xi32>
  // expected-error @+1 {{divides by zero at element 1}}
  %0 = arith.divsi %a, %b : tensor<2xi32>
  return %0 : tensor<2xi32>
}

// -----

func.func @huge() -> tensor<?x?xf32> {
  %n = arith.constant 4611686018427387904 : index
  %a = arith.constant dense<1.0> : tensor<f32>
  // expected-error @+1 {{makes a tensor of sizes [4611686018427387904, 4611686018427387904] x 'f32', expected at most}}
  %0 = graph.broadcast %a sizes [%n, %n] : tensor<f32> to tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

func.func @outside() -> tensor<?xf32> {
  %c = arith.constant dense<1.0> : tensor<4xf32>
  %o = arith.constant 3 : index
  %n = arith.constant 2 : index
  // expected-error @+1 {{takes 2 elements from 3 on in steps of 1 in dim 0 of tensor<4xf32>}}
  %0 = graph.slice %c offsets [%o] sizes [%n] strides [1] : tensor<4xf32> to tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// expected-error @+1 {{nests deeper than 200 bodies}}
func.func @recursive() -> i32 {
  %0 = func.call @recursive() : () -> i32
  return %0 : i32
}

// -----

func.func @assertion() -> index {
  %c = arith.constant dense<0.0> : tensor<3xf32>
  %d0 = arith.constant 0 : index
  %n = tensor.dim %c, %d0 : tensor<3xf32>
  %four = arith.constant 4 : index
  %ok = arith.cmpi eq, %n, %four : index
  // expected-error @+1 {{assertion failed: length is four}}
  cf.assert %ok, "length is four"
  return %n : index
}

// -----

func.func @unknown() -> tensor<2xf32> {
  // expected-error @+1 {{is unknown to the reference evaluator}}
  %0 = ub.poison : tensor<2xf32>
  return %0 : tensor<2xf32>
}
