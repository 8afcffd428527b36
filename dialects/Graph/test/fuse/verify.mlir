// RUN: raddle-opt %s --split-input-file --graph-verify-groups --verify-diagnostics

func.func @outside(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{computes a tensor outside of a group}}
  %0 = math.exp %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @skeleton(%x: tensor<4xf32>) -> tensor<f32> {
  // expected-error @+1 {{of skeleton 'contraction' has a root 'graph.reduce' of skeleton 'reduction'}}
  %0 = graph.group (%x : tensor<4xf32>) scalars () attributes {skeleton = "contraction"} {
  ^bb0(%a: tensor<4xf32>):
    %1 = graph.reduce add %a dims = [0] : tensor<4xf32> to tensor<f32>
    graph.yield %1 : tensor<f32>
  } : tensor<f32>
  return %0 : tensor<f32>
}

// -----

func.func @epilogue(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = graph.group (%x : tensor<4x4xf32>) scalars () attributes {skeleton = "reduction"} {
  ^bb0(%a: tensor<4x4xf32>):
    %1 = graph.softmax %a axis = 1 : tensor<4x4xf32> to tensor<4x4xf32>
    // expected-error @+1 {{is not at the iteration point of the root 'graph.softmax'}}
    %2 = graph.transpose %1 [1, 0] : tensor<4x4xf32> to tensor<4x4xf32>
    graph.yield %2 : tensor<4x4xf32>
  } : tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}

// -----

func.func @pointwise_nest(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = graph.group (%x : tensor<4xf32>) scalars () attributes {skeleton = "pointwise"} {
  ^bb0(%a: tensor<4xf32>):
    // expected-error @+1 {{needs a loop nest of its own in a group of skeleton 'pointwise'}}
    %1 = graph.softmax %a axis = 0 : tensor<4xf32> to tensor<4xf32>
    graph.yield %1 : tensor<4xf32>
  } : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @pointwise_sizes(%x: tensor<4xf32>, %y: tensor<8xf32>) -> (tensor<4xf32>, tensor<8xf32>) {
  // expected-error @+1 {{of skeleton 'pointwise' has results of 4 and 8 elements}}
  %0:2 = graph.group (%x, %y : tensor<4xf32>, tensor<8xf32>) scalars () attributes {skeleton = "pointwise"} {
  ^bb0(%a: tensor<4xf32>, %b: tensor<8xf32>):
    %1 = math.exp %a : tensor<4xf32>
    %2 = math.exp %b : tensor<8xf32>
    graph.yield %1, %2 : tensor<4xf32>, tensor<8xf32>
  } : tensor<4xf32>, tensor<8xf32>
  return %0#0, %0#1 : tensor<4xf32>, tensor<8xf32>
}

// -----

func.func @no_root(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{of skeleton 'reduction' has no root operation}}
  %0 = graph.group (%x : tensor<4xf32>) scalars () attributes {skeleton = "reduction"} {
  ^bb0(%a: tensor<4xf32>):
    %1 = math.exp %a : tensor<4xf32>
    graph.yield %1 : tensor<4xf32>
  } : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @no_element(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = graph.group (%x : tensor<4xf32>) scalars () attributes {skeleton = "reduction"} {
  ^bb0(%a: tensor<4xf32>):
    %1 = graph.softmax %a axis = 0 : tensor<4xf32> to tensor<4xf32>
    // expected-error @+1 {{is no element operation, but in a group}}
    %2 = graph.softmax %1 axis = 0 : tensor<4xf32> to tensor<4xf32>
    graph.yield %2 : tensor<4xf32>
  } : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @sort_epilogue(%x: tensor<4xf32>, %k: index) -> tensor<?xf32> {
  %0 = graph.group (%x : tensor<4xf32>) scalars (%k : index) attributes {skeleton = "sort"} {
  ^bb0(%a: tensor<4xf32>, %n: index):
    %1:2 = graph.sort %a k = %n axis = 0 descending : tensor<4xf32> to tensor<?xf32>, tensor<?xi64>
    // expected-error @+1 {{follows the root of a group of skeleton 'sort', which takes no epilogue}}
    %2 = math.exp %1#0 : tensor<?xf32>
    graph.yield %2 : tensor<?xf32>
  } : tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @result_point(%x: tensor<4xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{has a result that is not at the iteration point of its root 'graph.softmax'}}
  %0 = graph.group (%x : tensor<4xf32>) scalars () attributes {skeleton = "reduction"} {
  ^bb0(%a: tensor<4xf32>):
    %1 = graph.softmax %a axis = 0 : tensor<4xf32> to tensor<4xf32>
    %2 = graph.slice %a offsets [0] sizes [2] strides [1] : tensor<4xf32> to tensor<2xf32>
    graph.yield %2 : tensor<2xf32>
  } : tensor<2xf32>
  return %0 : tensor<2xf32>
}
