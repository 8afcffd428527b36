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
