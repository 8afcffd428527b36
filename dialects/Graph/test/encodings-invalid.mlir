// RUN: raddle-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{'bits' is 1, 2, 4, 8 or 16, found 3}}
func.func private @f(tensor<4xf32, #graph.int<bits = 3, scale = f32>>)

// -----

// expected-error @+1 {{'scale' is missing; expected a float type}}
func.func private @f(tensor<4xf32, #graph.int<bits = 8>>)

// -----

// expected-error @+1 {{'scale' is f16, bf16, f32 or f64, found 'i8'}}
func.func private @f(tensor<4xf32, #graph.int<bits = 8, scale = i8>>)

// -----

// expected-error @+1 {{'zero' is i8, f16, bf16, f32 or f64, found 'i16'}}
func.func private @f(tensor<4xf32, #graph.int<bits = 8, scale = f32, zero = i16>>)

// -----

// expected-error @+1 {{'group' needs an 'axis'}}
func.func private @f(tensor<4xf32, #graph.int<bits = 8, scale = f32, group = 2>>)

// -----

// expected-error @+1 {{'group' is positive, found 0}}
func.func private @f(tensor<4xf32, #graph.int<bits = 8, scale = f32, axis = 0, group = 0>>)

// -----

// expected-error @+1 {{codes of 1 bit are 'unsigned'}}
func.func private @f(tensor<4xf32, #graph.int<bits = 1, scale = f32>>)

// -----

// expected-error @+1 {{unknown parameter 'bit'; expected 'bits', 'unsigned', 'scale', 'zero', 'axis' or 'group'}}
func.func private @f(tensor<4xf32, #graph.int<bit = 8>>)

// -----

// expected-error @+1 {{'axis' is 1, expected less than the rank 1}}
func.func private @f(tensor<4xf32, #graph.int<bits = 8, scale = f32, axis = 1>>)

// -----

// expected-error @+1 {{an int encoding stores f16, bf16, f32 or f64 elements, found 'i32'}}
func.func private @f(tensor<4xi32, #graph.int<bits = 8, scale = f32>>)

// -----

// expected-error @+1 {{codes of 4 bits need a static last dim}}
func.func private @f(tensor<?xf32, #graph.int<bits = 4, scale = f32>>)

// -----

// expected-error @+1 {{codes of 4 bits need a dim to be packed along}}
func.func private @f(tensor<f32, #graph.int<bits = 4, scale = f32>>)

// -----

// expected-error @+1 {{'order' is a permutation of 0 to its length, found [0, 2]}}
func.func private @f(tensor<4x4xf32, #graph.dense<order = [0, 2]>>)

// -----

// expected-error @+1 {{'pad' holds numbers from 1 to 4096, found [0]}}
func.func private @f(tensor<4xf32, #graph.dense<pad = [0]>>)

// -----

// expected-error @+1 {{'order' has 2 dims, expected 1}}
func.func private @f(tensor<4xf32, #graph.dense<order = [1, 0]>>)

// -----

// expected-error @+1 {{dim 0 is padded and has to be static}}
func.func private @f(tensor<?x4xf32, #graph.dense<order = [1, 0], pad = [1, 8]>>)

// -----

// expected-error @+1 {{'inner' is a storage encoding, found 1 : i64}}
func.func private @f(tensor<4xf32, #graph.dense<inner = 1>>)

// -----

func.func @encode(%x: tensor<4xf32>, %s: tensor<2xf32>) {
  // expected-error @+1 {{expects component 'scales' of type 'tensor<f32>', found 'tensor<2xf32>'}}
  %0 = graph.encode %x with ["scales"](%s : tensor<2xf32>) : tensor<4xf32> to tensor<4xf32, #graph.int<bits = 8, scale = f32>>
  return
}

// -----

func.func @encode(%x: tensor<4xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{has no component 'scale' at this place; components are 'codes' 'scales'}}
  %0 = graph.encode %x with ["scale"](%s : tensor<f32>) : tensor<4xf32> to tensor<4xf32, #graph.int<bits = 8, scale = f32>>
  return
}

// -----

func.func @encode(%x: tensor<4xf32>) {
  // expected-error @+1 {{expects one logical type, found 'tensor<5xf32>' encoded and 'tensor<4xf32>' logical}}
  %0 = graph.encode %x : tensor<4xf32> to tensor<5xf32, #graph.int<bits = 8, scale = f32>>
  return
}

// -----

func.func @decode(%x: tensor<4xf32>) {
  // expected-error @+1 {{expects a tensor with a storage encoding, found 'tensor<4xf32>'}}
  %0 = graph.decode %x : tensor<4xf32> to tensor<4xf32>
  return
}

// -----

func.func @assemble(%x: tensor<4xi8>) {
  // expected-error @+1 {{expects 2 components of 'tensor<4xf32, #graph.int<bits = 8, scale = f32>>', found 1}}
  %0 = graph.assemble %x : (tensor<4xi8>) to tensor<4xf32, #graph.int<bits = 8, scale = f32>>
  return
}

// -----

func.func @assemble(%x: tensor<4xi8>, %s: tensor<f16>) {
  // expected-error @+1 {{expects component 'scales' of type 'tensor<f32>', found 'tensor<f16>'}}
  %0 = graph.assemble %x, %s : (tensor<4xi8>, tensor<f16>) to tensor<4xf32, #graph.int<bits = 8, scale = f32>>
  return
}
