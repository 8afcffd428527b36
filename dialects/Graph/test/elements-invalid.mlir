// RUN: raddle-opt %s --graph-test-elements -verify-diagnostics -split-input-file

func.func @concat(%x: tensor<0x2xf32>) -> tensor<0x2xf32> {
  // expected-error @below {{has no element: all operands are empty along axis 0}}
  %0 = graph.concat axis = 0 (%x, %x) : (tensor<0x2xf32>, tensor<0x2xf32>) to tensor<0x2xf32>
  return %0 : tensor<0x2xf32>
}

// -----

func.func @resize(%x: tensor<1x1x800x800xf32>) -> tensor<1x1x2x2xf32> {
  // expected-error @below {{reads more than 1024 elements per result element (antialiasing scales 1.000000e+00, 1.000000e+00, 2.500000e-03, 2.500000e-03)}}
  %0 = graph.resize %x mode = linear coordinates = half_pixel scales = [1.0, 1.0, 0.0025, 0.0025] sizes [1, 1, 2, 2] {antialias = true}
      : tensor<1x1x800x800xf32> to tensor<1x1x2x2xf32>
  return %0 : tensor<1x1x2x2xf32>
}
