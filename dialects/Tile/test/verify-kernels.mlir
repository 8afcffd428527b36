// RUN: raddle-opt %s --tile-verify-kernels -verify-diagnostics -split-input-file

// expected-error @below {{expected 'tile.warps' to be a power of two from 1 to 32, found 3 : i64}}
func.func @warps() attributes {tile.warps = 3 : i64} {
  return
}

// -----

// expected-error @below {{expected parameters that are pointers to global memory, i32, i64 or f32, found 'f64'}}
func.func @parameters(%x: f64, %p: !llvm.ptr<1>, %n: i32, %m: i64, %s: f32) attributes {tile.warps = 1 : i64} {
  return
}

// -----

// expected-error @below {{expected parameters that are pointers to global memory, i32, i64 or f32, found '!llvm.ptr'}}
func.func @pointer(%p: !llvm.ptr) attributes {tile.warps = 1 : i64} {
  return
}

// -----

// expected-error @below {{expected a kernel without results, found 1}}
func.func @results(%n: i32) -> i32 attributes {tile.warps = 1 : i64} {
  return %n : i32
}

// -----

// expected-error @below {{expected a kernel with one block}}
func.func @blocks() attributes {tile.warps = 1 : i64} {
  cf.br ^end
^end:
  return
}

// -----

func.func @dialect() attributes {tile.warps = 1 : i64} {
  // expected-error @below {{is of no dialect of kernels: expected tile, arith, math, scf or llvm}}
  %0 = gpu.thread_id x
  return
}

// -----

func.func @control_flow(%p: !llvm.ptr<1>) attributes {tile.warps = 1 : i64} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // expected-error @below {{is no control flow of kernels: expected scf.for, scf.if or scf.while}}
  scf.parallel (%i) = (%c0) to (%c1) step (%c1) {
    // expected-error @below {{is no control flow of kernels: expected scf.for, scf.if or scf.while}}
    scf.reduce
  }
  return
}

// -----

func.func @layout() attributes {tile.warps = 1 : i64} {
  // expected-error @below {{expected a tile with a layout, found 'tensor<32xi32>'}}
  %0 = tile.index 0 : tensor<32xi32>
  return
}

// -----

#l = #tile.layout<registers = [], lanes = [[1], [2], [4], [8], [16]], warps = []>
func.func @layout_warps() attributes {tile.warps = 4 : i64} {
  // expected-error @below {{expected a layout over the kernel's 4 warps, found 1}}
  %0 = tile.index 0 : tensor<32xi32, #l>
  return
}

// -----

#l = #tile.layout<registers = [[1]], lanes = [[0], [0], [0], [0], [0]], warps = []>
func.func @constant() attributes {tile.warps = 1 : i64} {
  // expected-error @below {{expected a splat constant in a kernel}}
  %0 = arith.constant dense<[1, 2]> : tensor<2xi32, #l>
  return
}

// -----

// Functions that are no kernels are no concern.
func.func @other(%x: f64) -> f64 {
  return %x : f64
}
