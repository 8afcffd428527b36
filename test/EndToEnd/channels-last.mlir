// Convolutions and pooling with their channels last, also in groups,
// transposed and depthwise, and what graph-choose-data-layout makes of a model
// with its channels first: on the virtual GPU as on the host.
//
// REQUIRES: onnx
// RUN: %python -c "import numpy as np; r = np.random.default_rng(5); np.savez('%t.npz', x=r.standard_normal((2, 5, 6, 8)).astype('f'), t=r.standard_normal((8, 3, 2, 6)).astype('f'), w=r.standard_normal((12, 3, 3, 4)).astype('f'), d=r.standard_normal((8, 3, 3, 1)).astype('f'), f=r.standard_normal((16, 5, 3, 3)).astype('f'), g=r.standard_normal((16, 16, 3, 3)).astype('f'))"
// RUN: raddle-opt %s --graph-evaluate="inputs=%t.npz outputs=%t.host.npz" -o /dev/null
// RUN: raddle-compile %s --target=sm_80 -o %t.raddle
// RUN: env RADDLE_VGPU_CHECKS=all raddle-run %t.raddle --device=vgpu --inputs %t.npz --outputs %t.device.npz
// RUN: raddle-compile %s --target=sm_80 --data-layout=last -o %t.raddle
// RUN: env RADDLE_VGPU_CHECKS=all raddle-run %t.raddle --device=vgpu --inputs %t.npz --outputs %t.last.npz
// RUN: %python -c "import numpy as np; a, b, c = (np.load('%t.' + n + '.npz') for n in ('host', 'device', 'last')); bad = [(n, abs(a[n] - o[n]).max()) for o in (b, c) for n in a if not abs(a[n] - o[n]).max() <= 1e-5 * abs(a[n]).max()]; assert len(a) == 5 and not bad, bad"

module attributes {graph.version = 1 : i64} {
  func.func @main(%x: tensor<2x5x6x8xf32> {graph.name = "x", graph.type = "f32", graph.shape = [2, 5, 6, 8]},
                  %t: tensor<8x3x2x6xf32> {graph.name = "t", graph.type = "f32", graph.shape = [8, 3, 2, 6]},
                  %w: tensor<12x3x3x4xf32> {graph.name = "w", graph.type = "f32", graph.shape = [12, 3, 3, 4]},
                  %d: tensor<8x3x3x1xf32> {graph.name = "d", graph.type = "f32", graph.shape = [8, 3, 3, 1]},
                  %f: tensor<16x5x3x3xf32> {graph.name = "f", graph.type = "f32", graph.shape = [16, 5, 3, 3]},
                  %g: tensor<16x16x3x3xf32> {graph.name = "g", graph.type = "f32", graph.shape = [16, 16, 3, 3]})
      -> (tensor<2x11x12x12xf32> {graph.name = "transposed", graph.type = "f32", graph.shape = [2, 11, 12, 12]},
          tensor<2x3x4x12xf32> {graph.name = "groups", graph.type = "f32", graph.shape = [2, 3, 4, 12]},
          tensor<2x5x6x8xf32> {graph.name = "depthwise", graph.type = "f32", graph.shape = [2, 5, 6, 8]},
          tensor<2x2x3x8xf32> {graph.name = "pool", graph.type = "f32", graph.shape = [2, 2, 3, 8]},
          tensor<2x16x6x8xf32> {graph.name = "chosen", graph.type = "f32", graph.shape = [2, 16, 6, 8]}) {
    %0 = graph.conv %x, %t strides = [2, 2] dilations = [1, 1] low = [0, 0] high = [0, 0] groups = 2 {transposed, channels_last}
        : tensor<2x5x6x8xf32>, tensor<8x3x2x6xf32> to tensor<2x11x12x12xf32>
    %1 = graph.conv %x, %w strides = [1, 1] dilations = [1, 1] low = [0, 0] high = [0, 0] groups = 2 {channels_last}
        : tensor<2x5x6x8xf32>, tensor<12x3x3x4xf32> to tensor<2x3x4x12xf32>
    %2 = graph.conv %x, %d strides = [1, 1] dilations = [1, 1] low = [1, 1] high = [1, 1] groups = 8 {channels_last}
        : tensor<2x5x6x8xf32>, tensor<8x3x3x1xf32> to tensor<2x5x6x8xf32>
    %3 = graph.pool max %x kernel = [2, 2] strides = [2, 2] dilations = [1, 1] low = [0, 0] high = [0, 0]
        sizes [2, 2, 3, 8] {channels_last} : tensor<2x5x6x8xf32> to tensor<2x2x3x8xf32>
    %4 = graph.conv %x, %f strides = [1, 1] dilations = [1, 1] low = [1, 1] high = [1, 1] groups = 1
        : tensor<2x5x6x8xf32>, tensor<16x5x3x3xf32> to tensor<2x16x6x8xf32>
    %5 = graph.softmax %4 axis = 1 : tensor<2x16x6x8xf32> to tensor<2x16x6x8xf32>
    %6 = graph.slice %5 offsets [0, 0, 1, 0] sizes [2, 16, 5, 8] strides [1, 1, 1, 1] : tensor<2x16x6x8xf32> to tensor<2x16x5x8xf32>
    %7 = graph.pad %6 low [0, 0, 0, 0] high [0, 0, 1, 0] mode edge : tensor<2x16x5x8xf32> to tensor<2x16x6x8xf32>
    %8 = graph.conv %7, %g strides = [1, 1] dilations = [1, 1] low = [1, 1] high = [1, 1] groups = 1
        : tensor<2x16x6x8xf32>, tensor<16x16x3x3xf32> to tensor<2x16x6x8xf32>
    return %0, %1, %2, %3, %8 : tensor<2x11x12x12xf32>, tensor<2x3x4x12xf32>, tensor<2x5x6x8xf32>, tensor<2x2x3x8xf32>, tensor<2x16x6x8xf32>
  }
}
