// RUN: raddle-opt %s -verify-diagnostics -split-input-file

func.func @broadcast_rank(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected a result of rank 2 or more, found 'tensor<3xf32>'}}
  %0 = graph.broadcast %x sizes [3] : tensor<2x3xf32> to tensor<3xf32>
  return
}

// -----

func.func @broadcast_dim(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected dim 0 of the operand to be 1 or 4, found 2}}
  %0 = graph.broadcast %x sizes [4, 3] : tensor<2x3xf32> to tensor<4x3xf32>
  return
}

// -----

func.func @broadcast_sizes(%x: tensor<3xf32>) {
  // expected-error @below {{expected a result of shape [4, 3] as 'sizes' say, found [4, ?]}}
  %0 = graph.broadcast %x sizes [4, 3] : tensor<3xf32> to tensor<4x?xf32>
  return
}

// -----

func.func @broadcast_element(%x: tensor<3xf32>) {
  // expected-error @below {{expected 'result' of element type 'f32', found 'f16'}}
  %0 = graph.broadcast %x sizes [4, 3] : tensor<3xf32> to tensor<4x3xf16>
  return
}

// -----

func.func @sizes_negative(%x: tensor<3xf32>) {
  // expected-error @below {{expected entries of at least 0 in 'sizes', found -4}}
  %0 = "graph.broadcast"(%x) <{static_sizes = array<i64: -4, 3>}> : (tensor<3xf32>) -> tensor<4x3xf32>
  return
}

// -----

func.func @sizes_scalars(%x: tensor<3xf32>, %n: index) {
  // expected-error @below {{expected 0 host scalars in 'sizes', found 1}}
  %0 = "graph.broadcast"(%x, %n) <{static_sizes = array<i64: 4, 3>}> : (tensor<3xf32>, index) -> tensor<4x3xf32>
  return
}

// -----

func.func @reshape_count(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected a result of 6 elements as in the operand, found 8}}
  %0 = graph.reshape %x sizes [8] : tensor<2x3xf32> to tensor<8xf32>
  return
}

// -----

func.func @reshape_overflow(%x: tensor<9223372036854775807x2xf32>) {
  // expected-error @below {{the number of elements of 'tensor<9223372036854775807x2xf32>' does not fit in 63 bits}}
  %0 = graph.reshape %x sizes [2, 9223372036854775807] : tensor<9223372036854775807x2xf32> to tensor<2x9223372036854775807xf32>
  return
}

// -----

func.func @transpose_count(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected 2 entries in 'permutation', found 3}}
  %0 = graph.transpose %x [0, 1, 2] : tensor<2x3xf32> to tensor<2x3xf32>
  return
}

// -----

func.func @transpose_range(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected 'permutation' in [0, 2), found 2}}
  %0 = graph.transpose %x [0, 2] : tensor<2x3xf32> to tensor<2x3xf32>
  return
}

// -----

func.func @transpose_twice(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected different 'permutation', found 1 twice}}
  %0 = graph.transpose %x [1, 1] : tensor<2x3xf32> to tensor<3x3xf32>
  return
}

// -----

func.func @transpose_shape(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected 'result' of shape [3, 2], found [2, 3]}}
  %0 = graph.transpose %x [1, 0] : tensor<2x3xf32> to tensor<2x3xf32>
  return
}

// -----

func.func @slice_stride(%x: tensor<8xf32>) {
  // expected-error @below {{expected a stride other than 0 in dim 0}}
  %0 = graph.slice %x offsets [0] sizes [2] strides [0] : tensor<8xf32> to tensor<2xf32>
  return
}

// -----

func.func @slice_offset(%x: tensor<8xf32>) {
  // expected-error @below {{expected an offset less than 8 in dim 0, found 8}}
  %0 = graph.slice %x offsets [8] sizes [1] strides [1] : tensor<8xf32> to tensor<1xf32>
  return
}

// -----

func.func @slice_last(%x: tensor<8xf32>) {
  // expected-error @below {{expected the last element of dim 0 in [0, 8), found -1}}
  %0 = graph.slice %x offsets [3] sizes [5] strides [-1] : tensor<8xf32> to tensor<5xf32>
  return
}

// -----

func.func @slice_overflow(%x: tensor<8xf32>) {
  // expected-error @below {{expected the last element of dim 0 in [0, 8), found an overflow}}
  %0 = graph.slice %x offsets [3] sizes [5] strides [9223372036854775807] : tensor<8xf32> to tensor<5xf32>
  return
}

// -----

func.func @slice_span(%x: tensor<8xf32>, %o: index) {
  // expected-error @below {{expected dim 0 to span at most 8 elements, found 9}}
  %0 = graph.slice %x offsets [%o] sizes [5] strides [2] : tensor<8xf32> to tensor<5xf32>
  return
}

// -----

func.func @slice_entries(%x: tensor<8x8xf32>) {
  // expected-error @below {{expected 2 entries in 'offsets', found 1}}
  %0 = graph.slice %x offsets [0] sizes [1, 1] strides [1, 1] : tensor<8x8xf32> to tensor<1x1xf32>
  return
}

// -----

func.func @slice_strides(%x: tensor<8x8xf32>) {
  // expected-error @below {{expected 2 entries in 'strides', found 1}}
  %0 = graph.slice %x offsets [0, 0] sizes [1, 1] strides [1] : tensor<8x8xf32> to tensor<1x1xf32>
  return
}

// -----

func.func @concat_none() {
  // expected-error @below {{expected at least one operand}}
  %0 = "graph.concat"() <{axis = 0 : i64}> : () -> tensor<4xf32>
  return
}

// -----

func.func @concat_axis(%x: tensor<2xf32>) {
  // expected-error @below {{expected an axis in [0, 1), found 1}}
  %0 = graph.concat axis = 1 (%x) : (tensor<2xf32>) to tensor<2xf32>
  return
}

// -----

func.func @concat_negative_axis(%x: tensor<2xf32>) {
  // expected-error @below {{expected an axis in [0, 1), found -1}}
  %0 = graph.concat axis = -1 (%x) : (tensor<2xf32>) to tensor<2xf32>
  return
}

// -----

func.func @concat_element(%x: tensor<2xf32>, %y: tensor<2xf16>) {
  // expected-error @below {{expected 'operand 1' of element type 'f32', found 'f16'}}
  %0 = graph.concat axis = 0 (%x, %y) : (tensor<2xf32>, tensor<2xf16>) to tensor<4xf32>
  return
}

// -----

func.func @concat_rank(%x: tensor<2xf32>, %y: tensor<2x1xf32>) {
  // expected-error @below {{expected 'operand 1' of rank 1, found 'tensor<2x1xf32>'}}
  %0 = graph.concat axis = 0 (%x, %y) : (tensor<2xf32>, tensor<2x1xf32>) to tensor<4xf32>
  return
}

// -----

func.func @concat_size(%x: tensor<2x3xf32>, %y: tensor<2x4xf32>) {
  // expected-error @below {{expected size 3 in dim 1 of operand 1, found 4}}
  %0 = graph.concat axis = 0 (%x, %y) : (tensor<2x3xf32>, tensor<2x4xf32>) to tensor<4x3xf32>
  return
}

// -----

func.func @concat_overflow(%x: tensor<9223372036854775807xi8>) {
  // expected-error @below {{the size of dim 0 of the result does not fit in 63 bits}}
  %0 = graph.concat axis = 0 (%x, %x) : (tensor<9223372036854775807xi8>, tensor<9223372036854775807xi8>) to tensor<?xi8>
  return
}

// -----

func.func @concat_result(%x: tensor<2xf32>, %y: tensor<?xf32>) {
  // expected-error @below {{expected 'result' of shape [4], found [5]}}
  %0 = graph.concat axis = 0 (%x, %x) : (tensor<2xf32>, tensor<2xf32>) to tensor<5xf32>
  return
}

// -----

func.func @pad_value_mode(%x: tensor<2xf32>, %v: tensor<f32>) {
  // expected-error @below {{expected no fill value in mode 'edge'}}
  %0 = graph.pad %x low [1] high [1] value %v mode edge : tensor<2xf32>, tensor<f32> to tensor<4xf32>
  return
}

// -----

func.func @pad_value_rank(%x: tensor<2xf32>, %v: tensor<1xf32>) {
  // expected-error @below {{expected 'value' of rank 0, found 'tensor<1xf32>'}}
  %0 = graph.pad %x low [1] high [1] value %v mode constant : tensor<2xf32>, tensor<1xf32> to tensor<4xf32>
  return
}

// -----

func.func @pad_empty(%x: tensor<0xf32>) {
  // expected-error @below {{expected elements to repeat in dim 0 in mode 'wrap', found an empty dim}}
  %0 = graph.pad %x low [1] high [1] mode wrap : tensor<0xf32> to tensor<2xf32>
  return
}

// -----

func.func @pad_overflow(%x: tensor<2xf32>) {
  // expected-error @below {{the size of dim 0 of the result does not fit in 63 bits}}
  %0 = graph.pad %x low [9223372036854775807] high [1] mode constant : tensor<2xf32> to tensor<?xf32>
  return
}

// -----

func.func @pad_result(%x: tensor<2xf32>) {
  // expected-error @below {{expected 'result' of shape [4], found [5]}}
  %0 = graph.pad %x low [1] high [1] mode constant : tensor<2xf32> to tensor<5xf32>
  return
}

// -----

func.func @gather_indices(%x: tensor<2xf32>, %i: tensor<3xi1>) {
  // expected-error @below {{expected 'indices' of 8 to 64 bits, found 'i1'}}
  %0 = graph.gather %x[%i] axis = 0 : tensor<2xf32>, tensor<3xi1> to tensor<3xf32>
  return
}

// -----

func.func @gather_empty(%x: tensor<0xf32>, %i: tensor<3xi64>) {
  // expected-error @below {{expected elements to pick in dim 0, found an empty dim}}
  %0 = graph.gather %x[%i] axis = 0 : tensor<0xf32>, tensor<3xi64> to tensor<3xf32>
  return
}

// -----

func.func @gather_result(%x: tensor<2x5xf32>, %i: tensor<3xi64>) {
  // expected-error @below {{expected 'result' of shape [3, 5], found [5, 3]}}
  %0 = graph.gather %x[%i] axis = 0 : tensor<2x5xf32>, tensor<3xi64> to tensor<5x3xf32>
  return
}

// -----

func.func @gather_elements_rank(%x: tensor<2x5xf32>, %i: tensor<3xi64>) {
  // expected-error @below {{expected 'indices' of rank 2, found 'tensor<3xi64>'}}
  %0 = graph.gather_elements %x[%i] axis = 0 : tensor<2x5xf32>, tensor<3xi64> to tensor<3xf32>
  return
}

// -----

func.func @gather_elements_size(%x: tensor<2x5xf32>, %i: tensor<2x6xi64>) {
  // expected-error @below {{expected at most 5 'indices' in dim 1, found 6}}
  %0 = graph.gather_elements %x[%i] axis = 0 : tensor<2x5xf32>, tensor<2x6xi64> to tensor<2x6xf32>
  return
}

// -----

func.func @gather_nd_batch(%x: tensor<2x5xf32>, %i: tensor<2x1xi64>) {
  // expected-error @below {{expected 'batch_dims' in [0, 1], found 2}}
  %0 = graph.gather_nd %x[%i] batch_dims = 2 : tensor<2x5xf32>, tensor<2x1xi64> to tensor<2xf32>
  return
}

// -----

func.func @gather_nd_dynamic(%x: tensor<2x5xf32>, %i: tensor<2x?xi64>) {
  // expected-error @below {{expected a static last dim of 'indices'}}
  %0 = graph.gather_nd %x[%i] batch_dims = 0 : tensor<2x5xf32>, tensor<2x?xi64> to tensor<2xf32>
  return
}

// -----

func.func @gather_nd_tuple(%x: tensor<2x5xf32>, %i: tensor<2x3xi64>) {
  // expected-error @below {{expected index tuples of 1 to 2 entries, found 3}}
  %0 = graph.gather_nd %x[%i] batch_dims = 0 : tensor<2x5xf32>, tensor<2x3xi64> to tensor<2xf32>
  return
}

// -----

func.func @gather_nd_batch_size(%x: tensor<2x5xf32>, %i: tensor<3x1xi64>) {
  // expected-error @below {{expected size 2 in batch dim 0 of 'indices', found 3}}
  %0 = graph.gather_nd %x[%i] batch_dims = 1 : tensor<2x5xf32>, tensor<3x1xi64> to tensor<3xf32>
  return
}

// -----

func.func @gather_nd_scalar(%x: tensor<2x5xf32>, %i: tensor<i64>) {
  // expected-error @below {{expected 'indices' of rank 1 or more, found rank 0}}
  %0 = graph.gather_nd %x[%i] batch_dims = 0 : tensor<2x5xf32>, tensor<i64> to tensor<2xf32>
  return
}

// -----

func.func @iota_axis() {
  // expected-error @below {{expected an axis in [0, 1), found 1}}
  %0 = graph.iota axis = 1 sizes [4] : tensor<4xi64>
  return
}

// -----

func.func @iota_type() {
  // expected-error @below {{expected integers or floats, found 'index'}}
  %0 = graph.iota axis = 0 sizes [4] : tensor<4xindex>
  return
}

// -----

func.func @splat_rank(%n: index) {
  // expected-error @below {{expected 'result' of rank 0, found 'tensor<1xi64>'}}
  %0 = graph.splat %n : index to tensor<1xi64>
  return
}

// -----

func.func @splat_type(%n: i32) {
  // expected-error @below {{expected 'result' of element type 'i32', found 'i64'}}
  %0 = graph.splat %n : i32 to tensor<i64>
  return
}

// -----

func.func @splat_index(%n: index) {
  // expected-error @below {{expected an integer or float result, found 'index'}}
  %0 = graph.splat %n : index to tensor<index>
  return
}

// -----

func.func @resize_scales(%x: tensor<1x4xf32>) {
  // expected-error @below {{expected 2 entries in 'scales', found 1}}
  %0 = graph.resize %x mode = linear coordinates = half_pixel scales = [1.0] sizes [1, 8] : tensor<1x4xf32> to tensor<1x8xf32>
  return
}

// -----

func.func @resize_scale(%x: tensor<1x4xf32>) {
  // expected-error @below {{expected finite positive 'scales', found 0}}
  %0 = graph.resize %x mode = linear coordinates = half_pixel scales = [1.0, 0.0] sizes [1, 8] : tensor<1x4xf32> to tensor<1x8xf32>
  return
}

// -----

func.func @resize_antialias(%x: tensor<1x4xf32>) {
  // expected-error @below {{expected no 'antialias' in mode 'nearest'}}
  %0 = graph.resize %x mode = nearest coordinates = half_pixel scales = [1.0, 2.0] sizes [1, 8] {antialias = true} : tensor<1x4xf32> to tensor<1x8xf32>
  return
}

// -----

func.func @resize_empty(%x: tensor<1x0xf32>) {
  // expected-error @below {{expected elements to interpolate in dim 1, found an empty dim}}
  %0 = graph.resize %x mode = linear coordinates = half_pixel scales = [1.0, 2.0] sizes [1, 8] : tensor<1x0xf32> to tensor<1x8xf32>
  return
}

// -----

func.func @resize_coefficient(%x: tensor<1x4xf32>) {
  // expected-error @below {{expected a finite 'cubic_coefficient'}}
  %0 = graph.resize %x mode = cubic coordinates = half_pixel scales = [1.0, 2.0] sizes [1, 8] {cubic_coefficient = 0x7FF0000000000000 : f64} : tensor<1x4xf32> to tensor<1x8xf32>
  return
}
