// Encoded at run time and decoded in kernels on the virtual GPU, element by
// element equal to what the host's encode and decode give.
//
// REQUIRES: onnx
// RUN: %python -c "import numpy as np; r = np.random.default_rng(3); np.savez('%t.npz', x=r.standard_normal((5, 64)).astype('f'), s=r.standard_normal((5, 64)).astype('f'), w=r.standard_normal((64, 32)).astype('f'))"
// RUN: raddle-opt %s --graph-evaluate="inputs=%t.npz outputs=%t.host.npz" -o /dev/null
// RUN: raddle-compile %s --target=sm_80 -o %t.raddle
// RUN: raddle-run %t.raddle --device=vgpu --inputs %t.npz --outputs %t.device.npz
// RUN: %python -c "import numpy as np; a, b = (np.load('%t.' + n + '.npz') for n in ('host', 'device')); assert [n for n in a if n[0] == 'd' and not np.array_equal(a[n], b[n])] == []; y, z = a['y'], b['y']; assert abs(y - z).max() <= 1e-6 * abs(y).max(), abs(y - z).max()"

#m = affine_map<(m, n, k) -> (m, k)>
#n = affine_map<(m, n, k) -> (k, n)>
#r = affine_map<(m, n, k) -> (m, n)>
#a = #graph.int<bits = 8, scale = f32, axis = 0>
#b = #graph.int<bits = 4, unsigned, scale = f16, zero = i8, axis = 0, group = 16>
#d0 = #graph.int<bits = 8, scale = f32, axis = 0>
#d1 = #graph.int<bits = 8, unsigned, scale = f32, zero = i8>
#d2 = #graph.int<bits = 4, scale = f16, axis = 1, group = 16>
#d3 = #graph.int<bits = 4, unsigned, scale = f32, zero = f32, axis = 1, group = 64>
#d4 = #graph.int<bits = 2, unsigned, scale = f32, zero = i8, axis = 1>
#d5 = #graph.dense<order = [1, 0]>
#d6 = #graph.dense<order = [1, 0], pad = [1, 8], inner = #graph.int<bits = 4, scale = f32, axis = 0, group = 32>>
module attributes {graph.version = 1 : i64} {
  func.func @main(%x: tensor<?x64xf32> {graph.name = "x", graph.type = "f32", graph.shape = ["rows", 64]},
                  %s: tensor<5x64xf32> {graph.name = "s", graph.type = "f32", graph.shape = [5, 64]},
                  %w: tensor<64x32xf32> {graph.name = "w", graph.type = "f32", graph.shape = [64, 32]})
      -> (tensor<?x32xf32> {graph.name = "y", graph.type = "f32", graph.shape = ["rows", 32]},
          tensor<?x64xf32> {graph.name = "d0", graph.type = "f32", graph.shape = ["rows", 64]},
          tensor<?x64xf32> {graph.name = "d1", graph.type = "f32", graph.shape = ["rows", 64]},
          tensor<?x64xf32> {graph.name = "d2", graph.type = "f32", graph.shape = ["rows", 64]},
          tensor<?x64xf32> {graph.name = "d3", graph.type = "f32", graph.shape = ["rows", 64]},
          tensor<?x64xf32> {graph.name = "d4", graph.type = "f32", graph.shape = ["rows", 64]},
          tensor<?x64xf32> {graph.name = "d5", graph.type = "f32", graph.shape = ["rows", 64]},
          tensor<5x64xf32> {graph.name = "d6", graph.type = "f32", graph.shape = [5, 64]})
      attributes {graph.dims = [{name = "rows", min = 1 : i64, max = 1024 : i64, divisor = 1 : i64}]} {
    %ex = graph.encode %x : tensor<?x64xf32> to tensor<?x64xf32, #a>
    %dx = graph.decode %ex : tensor<?x64xf32, #a> to tensor<?x64xf32>
    %ew = graph.encode %w : tensor<64x32xf32> to tensor<64x32xf32, #b>
    %dw = graph.decode %ew : tensor<64x32xf32, #b> to tensor<64x32xf32>
    %y = graph.contract %dx, %dw maps [#m, #n, #r] : tensor<?x64xf32>, tensor<64x32xf32> to tensor<?x32xf32>
    %ed0 = graph.encode %x : tensor<?x64xf32> to tensor<?x64xf32, #d0>
    %d0 = graph.decode %ed0 : tensor<?x64xf32, #d0> to tensor<?x64xf32>
    %ed1 = graph.encode %x : tensor<?x64xf32> to tensor<?x64xf32, #d1>
    %d1 = graph.decode %ed1 : tensor<?x64xf32, #d1> to tensor<?x64xf32>
    %ed2 = graph.encode %x : tensor<?x64xf32> to tensor<?x64xf32, #d2>
    %d2 = graph.decode %ed2 : tensor<?x64xf32, #d2> to tensor<?x64xf32>
    %ed3 = graph.encode %x : tensor<?x64xf32> to tensor<?x64xf32, #d3>
    %d3 = graph.decode %ed3 : tensor<?x64xf32, #d3> to tensor<?x64xf32>
    %ed4 = graph.encode %x : tensor<?x64xf32> to tensor<?x64xf32, #d4>
    %d4 = graph.decode %ed4 : tensor<?x64xf32, #d4> to tensor<?x64xf32>
    %ed5 = graph.encode %x : tensor<?x64xf32> to tensor<?x64xf32, #d5>
    %d5 = graph.decode %ed5 : tensor<?x64xf32, #d5> to tensor<?x64xf32>
    %ed6 = graph.encode %s : tensor<5x64xf32> to tensor<5x64xf32, #d6>
    %d6 = graph.decode %ed6 : tensor<5x64xf32, #d6> to tensor<5x64xf32>
    return %y, %d0, %d1, %d2, %d3, %d4, %d5, %d6 : tensor<?x32xf32>, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?x64xf32>, tensor<5x64xf32>
  }
}
