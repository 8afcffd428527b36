// RUN: raddle-opt %s --graph-verify-model -verify-diagnostics -split-input-file

// expected-error @below {{expected a function 'main'}}
module {}

// -----

// expected-error @below {{expected a public function with one block}}
func.func private @main()

// -----

// expected-error @below {{expected 'graph.name' and 'graph.type' of argument 0}}
// expected-error @below {{expected 'graph.shape' of argument 0 to name dim 0}}
// expected-error @below {{expected a ranked tensor as argument 1, found 'f32'}}
// expected-error @below {{expected 'graph.name' and 'graph.type' of argument 1}}
func.func @main(%x: tensor<?xf32>, %s: f32) {
  return
}

// -----

// expected-error @below {{expected different names of arguments, found "x" twice}}
func.func @main(%x: tensor<f32> {graph.name = "x", graph.type = "f32"}, %y: tensor<f32> {graph.name = "x", graph.type = "f32"}) {
  return
}

// -----

// expected-error @below {{expected 'graph.name' and 'graph.type' of result 0}}
func.func @main(%x: tensor<f32> {graph.name = "x", graph.type = "f32"}) -> tensor<f32> {
  // expected-error @below {{is of no dialect of the graph phases: expected graph, arith, math, tensor, scf, cf or func}}
  %0 = gpu.thread_id x
  return %x : tensor<f32>
}

// -----

func.func @main(%x: tensor<4xf32> {graph.name = "x", graph.type = "f32"}) -> (tensor<4xf32> {graph.name = "x", graph.type = "f32"}) {
  %0 = graph.weight "weights"::"w" : tensor<4xf32>
  // expected-error @below {{stands before the phase that forms groups}}
  %1 = graph.group (%x, %0 : tensor<4xf32>, tensor<4xf32>) scalars () attributes {skeleton = "pointwise"} {
  ^bb0(%a: tensor<4xf32>, %b: tensor<4xf32>):
    %2 = arith.addf %a, %b : tensor<4xf32>
    graph.yield %2 : tensor<4xf32>
  } : tensor<4xf32>
  return %1 : tensor<4xf32>
}
