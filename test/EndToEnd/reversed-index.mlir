// An index that counts down has a negative part: it is divided as a whole.
//
// REQUIRES: onnx
// RUN: %python -c "import numpy as np; np.savez('%t.npz', x=np.arange(32, dtype='f').reshape(4, 8))"
// RUN: raddle-compile %s --target=sm_80 -o %t.raddle
// RUN: raddle-run %t.raddle --device=vgpu --inputs %t.npz --outputs %t.out.npz
// RUN: %python -c "import numpy as np; x, y = np.load('%t.npz')['x'], np.load('%t.out.npz')['y']; assert np.array_equal(y, x.T.reshape(32)[::-1])"

module attributes {graph.version = 1 : i64} {
  func.func @main(%x: tensor<4x8xf32> {graph.name = "x", graph.type = "f32", graph.shape = [4, 8]})
      -> (tensor<32xf32> {graph.name = "y", graph.type = "f32", graph.shape = [32]}) {
    %t = graph.transpose %x [1, 0] : tensor<4x8xf32> to tensor<8x4xf32>
    %r = graph.reshape %t sizes [32] : tensor<8x4xf32> to tensor<32xf32>
    %y = graph.slice %r offsets [31] sizes [32] strides [-1] : tensor<32xf32> to tensor<32xf32>
    return %y : tensor<32xf32>
  }
}
