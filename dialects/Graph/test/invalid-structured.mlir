// RUN: raddle-opt %s -verify-diagnostics -split-input-file

func.func @reduce_kind(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected integers for combiner 'maxu', found 'f32'}}
  %0 = graph.reduce maxu %x dims = [0] : tensor<2x3xf32> to tensor<3xf32>
  return
}

// -----

func.func @reduce_index(%x: tensor<2x3xindex>) {
  // expected-error @below {{expected integers or floats for combiner 'add', found 'index'}}
  %0 = graph.reduce add %x dims = [0] : tensor<2x3xindex> to tensor<3xindex>
  return
}

// -----

func.func @reduce_dims(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected different 'dims', found 0 twice}}
  %0 = graph.reduce add %x dims = [0, 0] : tensor<2x3xf32> to tensor<3xf32>
  return
}

// -----

func.func @reduce_shape(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected 'result' of shape [1, 3], found [3]}}
  %0 = graph.reduce add %x dims = [0] keep_dims : tensor<2x3xf32> to tensor<3xf32>
  return
}

// -----

func.func @arg_reduce_kind(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected combiner 'min', 'max', 'minu' or 'maxu', found 'add'}}
  %0 = graph.arg_reduce add %x axis = 0 : tensor<2x3xf32> to tensor<3xi64>
  return
}

// -----

func.func @arg_reduce_empty(%x: tensor<0x3xf32>) {
  // expected-error @below {{expected elements to choose from in dim 0, found an empty dim}}
  %0 = graph.arg_reduce max %x axis = 0 : tensor<0x3xf32> to tensor<3xi64>
  return
}

// -----

func.func @softmax_axis(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected an axis in [0, 2), found 2}}
  %0 = graph.softmax %x axis = 2 : tensor<2x3xf32> to tensor<2x3xf32>
  return
}

// -----

func.func @norm_scale(%x: tensor<2x3xf32>, %s: tensor<4xf32>) {
  // expected-error @below {{expected 'scale' of shape [3] or with 1 in any dim, found [4]}}
  %0 = graph.norm layer %x scale %s axis = 1 epsilon = 1.0e-5 : tensor<2x3xf32> scale tensor<4xf32> to tensor<2x3xf32>
  return
}

// -----

func.func @norm_bias_type(%x: tensor<2x3xf16>, %s: tensor<3xbf16>) {
  // expected-error @below {{expected 'bias' of element type 'f16' or 'f32', found 'bf16'}}
  %0 = graph.norm layer %x bias %s axis = 1 epsilon = 1.0e-5 : tensor<2x3xf16> bias tensor<3xbf16> to tensor<2x3xf16>
  return
}

// -----

func.func @norm_epsilon(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected a finite 'epsilon' of at least 0, found -1}}
  %0 = graph.norm rms %x axis = 1 epsilon = -1.0 : tensor<2x3xf32> to tensor<2x3xf32>
  return
}

// -----

func.func @cumulative(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected 'result' of shape [2, 3], found [3, 2]}}
  %0 = graph.cumulative add %x axis = 1 : tensor<2x3xf32> to tensor<3x2xf32>
  return
}

// -----

func.func @pool_rank(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected an operand of rank 3 or more, found 'tensor<2x3xf32>'}}
  %0 = graph.pool max %x kernel = [] strides = [] dilations = [] low = [] high = [] sizes [2, 3] : tensor<2x3xf32> to tensor<2x3xf32>
  return
}

// -----

func.func @pool_stride(%x: tensor<1x2x8xf32>) {
  // expected-error @below {{expected entries of at least 1 in 'strides', found 0}}
  %0 = graph.pool max %x kernel = [2] strides = [0] dilations = [1] low = [0] high = [0] sizes [1, 2, 4] : tensor<1x2x8xf32> to tensor<1x2x4xf32>
  return
}

// -----

func.func @pool_channels(%x: tensor<1x2x8xf32>) {
  // expected-error @below {{expected size 2 in dim 1 of the result, found 3}}
  %0 = graph.pool max %x kernel = [2] strides = [2] dilations = [1] low = [0] high = [0] sizes [1, 3, 4] : tensor<1x2x8xf32> to tensor<1x3x4xf32>
  return
}

// -----

func.func @pool_size(%x: tensor<1x2x8xf32>) {
  // expected-error @below {{expected size 3 or 4 in dim 2 of the result, found 5}}
  %0 = graph.pool max %x kernel = [3] strides = [2] dilations = [1] low = [0] high = [0] sizes [1, 2, 5] : tensor<1x2x8xf32> to tensor<1x2x5xf32>
  return
}

// -----

func.func @pool_overflow(%x: tensor<1x2x8xf32>) {
  // expected-error @below {{the window of dim 2 does not fit in 63 bits}}
  %0 = graph.pool max %x kernel = [3] strides = [2] dilations = [9223372036854775807] low = [0] high = [0] sizes [1, 2, 5] : tensor<1x2x8xf32> to tensor<1x2x5xf32>
  return
}

// -----

func.func @pool_average(%x: tensor<1x2x8xi32>) {
  // expected-error @below {{expected floats for combiner 'average', found 'i32'}}
  %0 = graph.pool average %x kernel = [2] strides = [2] dilations = [1] low = [0] high = [0] sizes [1, 2, 4] : tensor<1x2x8xi32> to tensor<1x2x4xi32>
  return
}

// -----

#m = affine_map<(m, n, k) -> (m, k)>
func.func @contract_maps(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected 3 indexing maps, found 2}}
  %0 = graph.contract %x, %x maps [#m, #m] : tensor<2x3xf32>, tensor<2x3xf32> to tensor<2x3xf32>
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k + 1, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @contract_projected(%x: tensor<2x3xf32>, %y: tensor<3x4xf32>) {
  // expected-error @below {{expected the map of 'rhs' to be a projected permutation of 3 dims, found affine_map<(d0, d1, d2) -> (d2 + 1, d1)>}}
  %0 = graph.contract %x, %y maps [#a, #b, #c] : tensor<2x3xf32>, tensor<3x4xf32> to tensor<2x4xf32>
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @contract_rank(%x: tensor<2xf32>, %y: tensor<3x4xf32>) {
  // expected-error @below {{expected a map of 1 results for 'lhs', found affine_map<(d0, d1, d2) -> (d0, d2)>}}
  %0 = graph.contract %x, %y maps [#a, #b, #c] : tensor<2xf32>, tensor<3x4xf32> to tensor<2x4xf32>
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @contract_size(%x: tensor<2x3xf32>, %y: tensor<5x4xf32>) {
  // expected-error @below {{expected size 3 in dim 0 of 'rhs' for d2, found 5}}
  %0 = graph.contract %x, %y maps [#a, #b, #c] : tensor<2x3xf32>, tensor<5x4xf32> to tensor<2x4xf32>
  return
}

// -----

#a = affine_map<(m, n, k, p) -> (m, k)>
#b = affine_map<(m, n, k, p) -> (k, n)>
#c = affine_map<(m, n, k, p) -> (m, p)>
func.func @contract_result(%x: tensor<2x3xf32>, %y: tensor<3x4xf32>) {
  // expected-error @below {{expected each dim of the result to be one of an operand, found d3}}
  %0 = graph.contract %x, %y maps [#a, #b, #c] : tensor<2x3xf32>, tensor<3x4xf32> to tensor<2x4xf32>
  return
}

// -----

#a = affine_map<(m, n, k, p) -> (m, k)>
#b = affine_map<(m, n, k, p) -> (k, n)>
#c = affine_map<(m, n, k, p) -> (m, n)>
func.func @contract_dims(%x: tensor<2x3xf32>, %y: tensor<3x4xf32>) {
  // expected-error @below {{expected each dim to be one of an operand, found d3}}
  %0 = graph.contract %x, %y maps [#a, #b, #c] : tensor<2x3xf32>, tensor<3x4xf32> to tensor<2x4xf32>
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @contract_types(%x: tensor<2x3xf32>, %y: tensor<3x4xf16>) {
  // expected-error @below {{expected 'lhs' and 'rhs' of one integer or float element type, found 'f32' and 'f16'}}
  %0 = graph.contract %x, %y maps [#a, #b, #c] : tensor<2x3xf32>, tensor<3x4xf16> to tensor<2x4xf32>
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @contract_accumulator(%x: tensor<2x3xi8>, %y: tensor<3x4xi8>) {
  // expected-error @below {{expected a result element type that accumulates 'i8', found 'f32'}}
  %0 = graph.contract %x, %y maps [#a, #b, #c] : tensor<2x3xi8>, tensor<3x4xi8> to tensor<2x4xf32>
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @contract_unsigned(%x: tensor<2x3xf32>, %y: tensor<3x4xf32>) {
  // expected-error @below {{expected unsigned operands to be integers, found 'f32'}}
  %0 = graph.contract %x, %y maps [#a, #b, #c] {lhs_unsigned} : tensor<2x3xf32>, tensor<3x4xf32> to tensor<2x4xf32>
  return
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @contract_compute(%x: tensor<2x3xi8>, %y: tensor<3x4xi8>) {
  // expected-error @below {{expected compute mode 'native' for integers, found 'tf32'}}
  %0 = graph.contract %x, %y maps [#a, #b, #c] {compute = #graph.compute<tf32>} : tensor<2x3xi8>, tensor<3x4xi8> to tensor<2x4xi32>
  return
}

// -----

func.func @conv_strides(%x: tensor<1x3x8xf32>, %w: tensor<4x3x3xf32>) {
  // expected-error @below {{expected at least one entry in 'strides', found 0}}
  %0 = graph.conv %x, %w strides = [] dilations = [] low = [] high = [] groups = 1 : tensor<1x3x8xf32>, tensor<4x3x3xf32> to tensor<1x4x6xf32>
  return
}

// -----

func.func @conv_rank(%x: tensor<1x3x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @below {{expected 'filter' of rank 3, found 'tensor<4x3x3x3xf32>'}}
  %0 = graph.conv %x, %w strides = [1] dilations = [1] low = [0] high = [0] groups = 1 : tensor<1x3x8xf32>, tensor<4x3x3x3xf32> to tensor<1x4x6xf32>
  return
}

// -----

func.func @conv_groups(%x: tensor<1x3x8xf32>, %w: tensor<4x3x3xf32>) {
  // expected-error @below {{expected at least one group, found 0}}
  %0 = graph.conv %x, %w strides = [1] dilations = [1] low = [0] high = [0] groups = 0 : tensor<1x3x8xf32>, tensor<4x3x3xf32> to tensor<1x4x6xf32>
  return
}

// -----

func.func @conv_divides(%x: tensor<1x4x8xf32>, %w: tensor<3x2x3xf32>) {
  // expected-error @below {{expected a multiple of 2 filters, found 3}}
  %0 = graph.conv %x, %w strides = [1] dilations = [1] low = [0] high = [0] groups = 2 : tensor<1x4x8xf32>, tensor<3x2x3xf32> to tensor<1x3x6xf32>
  return
}

// -----

func.func @conv_channels(%x: tensor<1x3x8xf32>, %w: tensor<4x2x3xf32>) {
  // expected-error @below {{expected 2 input channels as the filter says, found 3}}
  %0 = graph.conv %x, %w strides = [1] dilations = [1] low = [0] high = [0] groups = 1 : tensor<1x3x8xf32>, tensor<4x2x3xf32> to tensor<1x4x6xf32>
  return
}

// -----

func.func @conv_kernel(%x: tensor<1x3x8xf32>, %w: tensor<4x3x9xf32>) {
  // expected-error @below {{expected a kernel that fits into the 8 padded elements of spatial dim 0, found one of 9}}
  %0 = graph.conv %x, %w strides = [1] dilations = [1] low = [0] high = [0] groups = 1 : tensor<1x3x8xf32>, tensor<4x3x9xf32> to tensor<1x4x1xf32>
  return
}

// -----

func.func @conv_empty_kernel(%x: tensor<1x3x8xf32>, %w: tensor<4x3x0xf32>) {
  // expected-error @below {{expected a kernel of at least 1 element in spatial dim 0, found 0}}
  %0 = graph.conv %x, %w strides = [1] dilations = [1] low = [0] high = [0] groups = 1 : tensor<1x3x8xf32>, tensor<4x3x0xf32> to tensor<1x4x1xf32>
  return
}

// -----

func.func @conv_overflow(%x: tensor<1x3x8xf32>, %w: tensor<4x3x3xf32>) {
  // expected-error @below {{the window of spatial dim 0 does not fit in 63 bits}}
  %0 = graph.conv %x, %w strides = [1] dilations = [9223372036854775807] low = [0] high = [0] groups = 1 : tensor<1x3x8xf32>, tensor<4x3x3xf32> to tensor<1x4x1xf32>
  return
}

// -----

func.func @conv_size(%x: tensor<1x3x8xf32>, %w: tensor<4x3x3xf32>) {
  // expected-error @below {{expected 'result' of shape [1, 4, 6], found [1, 4, 8]}}
  %0 = graph.conv %x, %w strides = [1] dilations = [1] low = [0] high = [0] groups = 1 : tensor<1x3x8xf32>, tensor<4x3x3xf32> to tensor<1x4x8xf32>
  return
}

// -----

func.func @conv_output_pads(%x: tensor<1x3x8xf32>, %w: tensor<4x3x3xf32>) {
  // expected-error @below {{expected 'output_pads' only with 'transposed'}}
  %0 = graph.conv %x, %w strides = [1] dilations = [1] low = [0] high = [0] groups = 1 {output_pads = array<i64: 1>} : tensor<1x3x8xf32>, tensor<4x3x3xf32> to tensor<1x4x6xf32>
  return
}

// -----

func.func @conv_transposed(%x: tensor<1x4x8xf32>, %w: tensor<4x3x3xf32>) {
  // expected-error @below {{expected 'result' of shape [1, 3, 18], found [1, 3, 17]}}
  %0 = graph.conv %x, %w strides = [2] dilations = [1] low = [0] high = [0] groups = 1 {transposed, output_pads = array<i64: 1>} : tensor<1x4x8xf32>, tensor<4x3x3xf32> to tensor<1x3x17xf32>
  return
}

// -----

func.func @attention_rank(%q: tensor<2x4x8xf32>) {
  // expected-error @below {{expected 'query' of rank 4, found 'tensor<2x4x8xf32>'}}
  %0 = graph.attention %q, %q, %q scale = 1.0 : tensor<2x4x8xf32>, tensor<2x4x8xf32>, tensor<2x4x8xf32> to tensor<2x4x8xf32>
  return
}

// -----

func.func @attention_key(%q: tensor<2x4x8x16xf32>, %k: tensor<2x4x9x15xf32>) {
  // expected-error @below {{expected 'key' of shape [2, 4, 9, 16], found [2, 4, 9, 15]}}
  %0 = graph.attention %q, %k, %k scale = 1.0 : tensor<2x4x8x16xf32>, tensor<2x4x9x15xf32>, tensor<2x4x9x15xf32> to tensor<2x4x8x15xf32>
  return
}

// -----

func.func @attention_heads(%q: tensor<2x4x8x16xf32>, %k: tensor<2x3x9x16xf32>) {
  // expected-error @below {{expected a multiple of 3 heads in 'query', found 4}}
  %0 = graph.attention %q, %k, %k scale = 1.0 : tensor<2x4x8x16xf32>, tensor<2x3x9x16xf32>, tensor<2x3x9x16xf32> to tensor<2x4x8x16xf32>
  return
}

// -----

func.func @attention_mask(%q: tensor<2x4x8x16xf32>, %m: tensor<2x4x8x7xf32>) {
  // expected-error @below {{expected 'mask' of shape [2, 4, 8, 8] or with 1 in any dim, found [2, 4, 8, 7]}}
  %0 = graph.attention %q, %q, %q mask %m scale = 1.0 : tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>, tensor<2x4x8x7xf32> to tensor<2x4x8x16xf32>
  return
}

// -----

func.func @attention_mask_type(%q: tensor<2x4x8x16xf32>, %m: tensor<1x1x1x8xf16>) {
  // expected-error @below {{expected 'mask' of element type 'f32' or 'f32', found 'f16'}}
  %0 = graph.attention %q, %q, %q mask %m scale = 1.0 : tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>, tensor<1x1x1x8xf16> to tensor<2x4x8x16xf32>
  return
}

// -----

func.func @attention_softcap(%q: tensor<2x4x8x16xf32>) {
  // expected-error @below {{expected a finite 'softcap' of at least 0, found -1}}
  %0 = graph.attention %q, %q, %q scale = 1.0 {softcap = -1.0 : f64} : tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32> to tensor<2x4x8x16xf32>
  return
}

// -----

func.func @attention_scale(%q: tensor<2x4x8x16xf32>) {
  // expected-error @below {{expected a finite 'scale'}}
  %0 = graph.attention %q, %q, %q scale = 0x7FF0000000000000 : tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32> to tensor<2x4x8x16xf32>
  return
}

// -----

func.func @sort_k(%x: tensor<2x9xf32>) {
  %k = arith.constant 10 : index
  // expected-error @below {{expected 'k' in [0, 9], found 10}}
  %0:2 = graph.sort %x k = %k axis = 1 : tensor<2x9xf32> to tensor<2x10xf32>, tensor<2x10xi64>
  return
}

// -----

func.func @sort_most(%x: tensor<2x9xf32>, %k: index) {
  // expected-error @below {{expected at most 9 results in dim 1, found 10}}
  %0:2 = graph.sort %x k = %k axis = 1 : tensor<2x9xf32> to tensor<2x10xf32>, tensor<2x10xi64>
  return
}

// -----

func.func @sort_unsigned(%x: tensor<2x9xf32>, %k: index) {
  // expected-error @below {{expected integers with 'is_unsigned', found 'f32'}}
  %0:2 = graph.sort %x k = %k axis = 1 {is_unsigned} : tensor<2x9xf32> to tensor<2x?xf32>, tensor<2x?xi64>
  return
}

// -----

func.func @sort_indices(%x: tensor<2x9xf32>, %k: index) {
  // expected-error @below {{expected 'indices' of shape [2, ?], found [3, ?]}}
  %0:2 = graph.sort %x k = %k axis = 1 : tensor<2x9xf32> to tensor<2x?xf32>, tensor<3x?xi64>
  return
}

// -----

func.func @scatter_bool(%x: tensor<3xi1>, %i: tensor<2xi64>, %u: tensor<2xi1>) {
  // expected-error @below {{expected numbers to combine by 'add', found 'i1'}}
  %0 = graph.scatter_elements add %x[%i] updates %u axis = 0 : tensor<3xi1>, tensor<2xi64>, tensor<2xi1> to tensor<3xi1>
  return
}

// -----

func.func @scatter_updates(%x: tensor<3xf32>, %i: tensor<2xi64>, %u: tensor<3xf32>) {
  // expected-error @below {{expected 'updates' of shape [2], found [3]}}
  %0 = graph.scatter_elements add %x[%i] updates %u axis = 0 : tensor<3xf32>, tensor<2xi64>, tensor<3xf32> to tensor<3xf32>
  return
}

// -----

func.func @scatter_size(%x: tensor<3x2xf32>, %i: tensor<2x3xi64>, %u: tensor<2x3xf32>) {
  // expected-error @below {{expected at most 2 'indices' in dim 1, found 3}}
  %0 = graph.scatter_elements add %x[%i] updates %u axis = 0 : tensor<3x2xf32>, tensor<2x3xi64>, tensor<2x3xf32> to tensor<3x2xf32>
  return
}

// -----

func.func @scatter_nd_tuple(%x: tensor<3xf32>, %i: tensor<2x2xi64>, %u: tensor<2xf32>) {
  // expected-error @below {{expected index tuples of 1 to 1 entries, found 2}}
  %0 = graph.scatter_nd replace %x[%i] updates %u : tensor<3xf32>, tensor<2x2xi64>, tensor<2xf32> to tensor<3xf32>
  return
}

// -----

func.func @scatter_nd_dynamic(%x: tensor<3xf32>, %i: tensor<2x?xi64>, %u: tensor<2xf32>) {
  // expected-error @below {{expected a static last dim of 'indices'}}
  %0 = graph.scatter_nd replace %x[%i] updates %u : tensor<3xf32>, tensor<2x?xi64>, tensor<2xf32> to tensor<3xf32>
  return
}

// -----

func.func @scatter_nd_updates(%x: tensor<3x4xf32>, %i: tensor<2x1xi64>, %u: tensor<2xf32>) {
  // expected-error @below {{expected 'updates' of shape [2, 4], found [2]}}
  %0 = graph.scatter_nd replace %x[%i] updates %u : tensor<3x4xf32>, tensor<2x1xi64>, tensor<2xf32> to tensor<3x4xf32>
  return
}

// -----

func.func @scatter_nd_scalar(%x: tensor<3x4xf32>, %i: tensor<i64>, %u: tensor<2xf32>) {
  // expected-error @below {{expected 'indices' of rank 1 or more, found rank 0}}
  %0 = graph.scatter_nd replace %x[%i] updates %u : tensor<3x4xf32>, tensor<i64>, tensor<2xf32> to tensor<3x4xf32>
  return
}

// -----

func.func @rnn_hidden(%x: tensor<9x1x2xf32>, %w: tensor<1x5x2xf32>, %r: tensor<1x5x5xf32>) {
  // expected-error @below {{expected a 'hidden' size of at least 1, found 0}}
  %0:2 = graph.rnn %x, %w, %r hidden = 0 direction = forward : (tensor<9x1x2xf32>, tensor<1x5x2xf32>, tensor<1x5x5xf32>) -> (tensor<9x1x1x5xf32>, tensor<1x1x5xf32>)
  return
}

// -----

func.func @rnn_dirs(%x: tensor<9x1x2xf32>, %w: tensor<1x5x2xf32>, %r: tensor<1x5x5xf32>) {
  // expected-error @below {{expected 'weights' of shape [2, 5, 2], found [1, 5, 2]}}
  %0:2 = graph.rnn %x, %w, %r hidden = 5 direction = bidirectional : (tensor<9x1x2xf32>, tensor<1x5x2xf32>, tensor<1x5x5xf32>) -> (tensor<9x2x1x5xf32>, tensor<2x1x5xf32>)
  return
}

// -----

func.func @rnn_lengths(%x: tensor<9x1x2xf32>, %w: tensor<1x5x2xf32>, %r: tensor<1x5x5xf32>, %l: tensor<1xi64>) {
  // expected-error @below {{expected 'lengths' of element type 'i32', found 'i64'}}
  %0:2 = graph.rnn %x, %w, %r lengths %l hidden = 5 direction = forward : (tensor<9x1x2xf32>, tensor<1x5x2xf32>, tensor<1x5x5xf32>, tensor<1xi64>) -> (tensor<9x1x1x5xf32>, tensor<1x1x5xf32>)
  return
}

// -----

func.func @gru_clip(%x: tensor<9x1x2xf32>, %w: tensor<1x15x2xf32>, %r: tensor<1x15x5xf32>) {
  // expected-error @below {{expected a finite 'clip' of at least 0, found -1}}
  %0:2 = graph.gru %x, %w, %r hidden = 5 direction = forward {clip = -1.0 : f64} : (tensor<9x1x2xf32>, tensor<1x15x2xf32>, tensor<1x15x5xf32>) -> (tensor<9x1x1x5xf32>, tensor<1x1x5xf32>)
  return
}

// -----

func.func @gru_overflow(%x: tensor<9x1x2xf32>, %w: tensor<1x15x2xf32>, %r: tensor<1x15x5xf32>) {
  // expected-error @below {{the size of 'weights' does not fit in 63 bits}}
  %0:2 = graph.gru %x, %w, %r hidden = 9223372036854775807 direction = forward : (tensor<9x1x2xf32>, tensor<1x15x2xf32>, tensor<1x15x5xf32>) -> (tensor<9x1x1x5xf32>, tensor<1x1x5xf32>)
  return
}

// -----

func.func @gru_rank(%x: tensor<9x1xf32>, %w: tensor<1x15x2xf32>, %r: tensor<1x15x5xf32>) {
  // expected-error @below {{expected 'input' of rank 3, found 'tensor<9x1xf32>'}}
  %0:2 = graph.gru %x, %w, %r hidden = 5 direction = forward : (tensor<9x1xf32>, tensor<1x15x2xf32>, tensor<1x15x5xf32>) -> (tensor<9x1x1x5xf32>, tensor<1x1x5xf32>)
  return
}

// -----

func.func @lstm_cell(%x: tensor<9x1x2xf32>, %w: tensor<1x20x2xf32>, %r: tensor<1x20x5xf32>, %c: tensor<1x1x4xf32>) {
  // expected-error @below {{expected 'cell' of shape [1, 1, 5], found [1, 1, 4]}}
  %0:3 = graph.lstm %x, %w, %r cell %c hidden = 5 direction = forward : (tensor<9x1x2xf32>, tensor<1x20x2xf32>, tensor<1x20x5xf32>, tensor<1x1x4xf32>) -> (tensor<9x1x1x5xf32>, tensor<1x1x5xf32>, tensor<1x1x5xf32>)
  return
}

// -----

func.func @lstm_peepholes(%x: tensor<9x1x2xf32>, %w: tensor<1x20x2xf32>, %r: tensor<1x20x5xf32>, %p: tensor<1x14xf32>) {
  // expected-error @below {{expected 'peepholes' of shape [1, 15], found [1, 14]}}
  %0:3 = graph.lstm %x, %w, %r peepholes %p hidden = 5 direction = forward : (tensor<9x1x2xf32>, tensor<1x20x2xf32>, tensor<1x20x5xf32>, tensor<1x14xf32>) -> (tensor<9x1x1x5xf32>, tensor<1x1x5xf32>, tensor<1x1x5xf32>)
  return
}

// -----

func.func @conv_divides_channels(%x: tensor<1x3x8xf32>, %w: tensor<4x1x3xf32>) {
  // expected-error @below {{expected a multiple of 2 input channels, found 3}}
  %0 = graph.conv %x, %w strides = [1] dilations = [1] low = [0] high = [0] groups = 2 : tensor<1x3x8xf32>, tensor<4x1x3xf32> to tensor<1x4x6xf32>
  return
}

// -----

func.func @conv_channels_overflow(%x: tensor<1x?x8xf32>, %w: tensor<?x4x3xf32>) {
  // expected-error @below {{the number of channels does not fit in 63 bits}}
  %0 = graph.conv %x, %w strides = [1] dilations = [1] low = [0] high = [0] groups = 9223372036854775807 : tensor<1x?x8xf32>, tensor<?x4x3xf32> to tensor<1x?x6xf32>
  return
}

// -----

func.func @norm_axis(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected an axis in [0, 2), found -1}}
  %0 = graph.norm rms %x axis = -1 epsilon = 1.0e-6 : tensor<2x3xf32> to tensor<2x3xf32>
  return
}
