// RUN: raddle-opt %s -verify-diagnostics -split-input-file

#l = #tile.layout<registers = [], lanes = [[1], [2], [4], [8], [16]], warps = []>
func.func @index_dim() {
  // expected-error @below {{expected a dim below 1, found 1}}
  %0 = tile.index 1 : tensor<32xi32, #l>
  return
}

// -----

#l = #tile.layout<registers = [[1, 0]], lanes = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16]], warps = []>
func.func @index_shape() {
  // expected-error @below {{expected size 1 in dim 0, found 2}}
  %0 = tile.index 1 : tensor<2x32xi32, #l>
  return
}

// -----

#l = #tile.layout<registers = [], lanes = [[1], [2], [4], [8], [16]], warps = []>
func.func @broadcast_element(%x: f32) {
  // expected-error @below {{expected the element type 'f16', found 'f32'}}
  %0 = tile.broadcast %x : f32 to tensor<32xf16, #l>
  return
}

// -----

func.func @broadcast_rank(%x: tensor<2xf32>) {
  // expected-error @below {{expected rank 2, found 1}}
  %0 = tile.broadcast %x : tensor<2xf32> to tensor<1x2xf32>
  return
}

// -----

func.func @broadcast_size(%x: tensor<2xf32>) {
  // expected-error @below {{expected size 1 or 4 in dim 0, found 2}}
  %0 = tile.broadcast %x : tensor<2xf32> to tensor<4xf32>
  return
}

// -----

#row = #tile.layout<registers = [], lanes = [[1, 0], [0, 0], [0, 0], [0, 0], [0, 0]], warps = []>
#l = #tile.layout<registers = [], lanes = [[0, 1], [0, 2], [0, 4], [0, 8], [1, 0]], warps = []>
func.func @broadcast_layout(%x: tensor<2x1xf32, #row>) {
  // expected-error @below {{expected the layout of the operand to be the result's without the repeated dims}}
  %0 = tile.broadcast %x : tensor<2x1xf32, #row> to tensor<2x16xf32, #l>
  return
}

// -----

func.func @convert(%x: tensor<32xf32>) {
  // expected-error @below {{expected equal shapes and element types, found 'tensor<32xf32>' and 'tensor<16xf32>'}}
  %0 = tile.convert %x : tensor<32xf32> to tensor<16xf32>
  return
}

// -----

func.func @reshape(%x: tensor<32x1xf32>) {
  // expected-error @below {{expected to add or remove unit dims only, found 'tensor<32x1xf32>' and 'tensor<16x2xf32>'}}
  %0 = tile.reshape %x : tensor<32x1xf32> to tensor<16x2xf32>
  return
}

// -----

#a = #tile.layout<registers = [], lanes = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0]], warps = []>
#b = #tile.layout<registers = [[0]], lanes = [[1], [2], [4], [8], [16]], warps = []>
func.func @reshape_registers(%x: tensor<32x1xf32, #a>) {
  // expected-error @below {{expected layouts with equally many registers, found 1 and 2}}
  %0 = tile.reshape %x : tensor<32x1xf32, #a> to tensor<32xf32, #b>
  return
}

// -----

func.func @load_result(%p: !llvm.ptr<1>, %o: tensor<32xi32>) {
  // expected-error @below {{expected a result with the shape and layout of the offsets, 'tensor<32xi32>', found 'tensor<16xf32>'}}
  %0 = tile.load %p[%o] : tensor<32xi32> -> tensor<16xf32>
  return
}

// -----

func.func @load_mask(%p: !llvm.ptr<1>, %o: tensor<32xi32>, %m: i1) {
  // expected-error @below {{expected a mask with the shape and layout of the offsets, 'tensor<32xi32>', found 'i1'}}
  %0 = tile.load %p[%o] mask %m : tensor<32xi32>, i1 -> tensor<32xf32>
  return
}

// -----

func.func @load_other(%p: !llvm.ptr<1>, %o: tensor<32xi32>, %m: tensor<32xi1>, %z: f32) {
  // expected-error @below {{expected 'other' of the result's type, 'tensor<32xf32>', found 'f32'}}
  %0 = tile.load %p[%o] mask %m other %z : tensor<32xi32>, tensor<32xi1>, f32 -> tensor<32xf32>
  return
}

// -----

func.func @store_value(%p: !llvm.ptr<1>, %o: i32, %x: tensor<32xf32>) {
  // expected-error @below {{expected a value with the shape and layout of the offsets, 'i32', found 'tensor<32xf32>'}}
  tile.store %x to %p[%o] : tensor<32xf32>, i32
  return
}

// -----

func.func @store_mask(%p: !llvm.ptr<1>, %o: tensor<32xi32>, %x: tensor<32xf32>, %m: tensor<16xi1>) {
  // expected-error @below {{expected a mask with the shape and layout of the offsets, 'tensor<32xi32>', found 'tensor<16xi1>'}}
  tile.store %x to %p[%o] mask %m : tensor<32xf32>, tensor<32xi32>, tensor<16xi1>
  return
}

// -----

func.func @atomic_kind(%p: !llvm.ptr<1>, %o: tensor<32xi32>, %x: tensor<32xf32>) {
  // expected-error @below {{expected kind add, min, max or exch, found 'mul'}}
  tile.atomic "mul" %x to %p[%o] : tensor<32xf32>, tensor<32xi32>
  return
}

// -----

func.func @reduce_results(%x: tensor<32xf32>) {
  // expected-error @below {{expected as many results as operands, found 2 and 1}}
  %0:2 = tile.reduce 0 (%x) : tensor<32xf32> -> tensor<1xf32>, tensor<1xf32> {
  ^bb0(%a: f32, %b: f32):
    tile.yield %a : f32
  }
  return
}

// -----

func.func @reduce_arguments(%x: tensor<32xf32>) {
  // expected-error @below {{expected 2 combiner arguments, found 1}}
  %0 = tile.reduce 0 (%x) : tensor<32xf32> -> tensor<1xf32> {
  ^bb0(%a: f32):
    tile.yield %a : f32
  }
  return
}

// -----

func.func @reduce_argument_type(%x: tensor<32xf32>) {
  // expected-error @below {{expected combiner argument 1 to be of type 'f32', found 'i32'}}
  %0 = tile.reduce 0 (%x) : tensor<32xf32> -> tensor<1xf32> {
  ^bb0(%a: f32, %b: i32):
    tile.yield %a : f32
  }
  return
}

// -----

func.func @reduce_dim(%x: tensor<32xf32>) {
  // expected-error @below {{expected a dim below 1, found 3}}
  %0 = tile.reduce 3 (%x) : tensor<32xf32> -> tensor<1xf32> {
  ^bb0(%a: f32, %b: f32):
    tile.yield %a : f32
  }
  return
}

// -----

func.func @reduce_shape(%x: tensor<4x32xf32>) {
  // expected-error @below {{expected the shape of 'tensor<4x32xf32>' with size 1 in dim 1, found 'tensor<4xf32>'}}
  %0 = tile.reduce 1 (%x) : tensor<4x32xf32> -> tensor<4xf32> {
  ^bb0(%a: f32, %b: f32):
    tile.yield %a : f32
  }
  return
}

// -----

func.func @yield_count(%x: tensor<32xf32>) {
  %0 = tile.reduce 0 (%x) : tensor<32xf32> -> tensor<1xf32> {
  ^bb0(%a: f32, %b: f32):
    // expected-error @below {{expected 1 operands, found 2}}
    tile.yield %a, %b : f32, f32
  }
  return
}

// -----

func.func @yield_type(%x: tensor<32xf32>, %n: i32) {
  %0 = tile.reduce 0 (%x) : tensor<32xf32> -> tensor<1xf32> {
  ^bb0(%a: f32, %b: f32):
    // expected-error @below {{expected an operand of type 'f32', found 'i32'}}
    tile.yield %n : i32
  }
  return
}

// -----

func.func @dot_rank(%a: tensor<16xf16>, %b: tensor<16x8xf16>, %c: tensor<16x8xf32>) {
  // expected-error @below {{expected rank 2 operands, found 'tensor<16xf16>', 'tensor<16x8xf16>' and 'tensor<16x8xf32>'}}
  %0 = tile.dot f16 %a, %b, %c : tensor<16xf16>, tensor<16x8xf16>, tensor<16x8xf32> -> tensor<16x8xf32>
  return
}

// -----

func.func @dot_shape(%a: tensor<16x32xf16>, %b: tensor<16x8xf16>, %c: tensor<16x8xf32>) {
  // expected-error @below {{expected shapes [M, K], [K, N] and [M, N], found 'tensor<16x32xf16>', 'tensor<16x8xf16>' and 'tensor<16x8xf32>'}}
  %0 = tile.dot f16 %a, %b, %c : tensor<16x32xf16>, tensor<16x8xf16>, tensor<16x8xf32> -> tensor<16x8xf32>
  return
}

// -----

func.func @dot_types(%a: tensor<16x16xf16>, %b: tensor<16x8xf16>, %c: tensor<16x8xf32>) {
  // expected-error @below {{expected operands of 'bf16' and an accumulator of 'f32', found 'f16', 'f16' and 'f32'}}
  %0 = tile.dot bf16 %a, %b, %c : tensor<16x16xf16>, tensor<16x8xf16>, tensor<16x8xf32> -> tensor<16x8xf32>
  return
}

// -----

func.func @dot_result(%a: tensor<16x16xf16>, %b: tensor<16x8xf16>, %c: tensor<16x8xf32>) {
  // expected-error @below {{expected the result type 'tensor<16x8xf32>', found 'tensor<16x8xf16>'}}
  %0 = tile.dot f16 %a, %b, %c : tensor<16x16xf16>, tensor<16x8xf16>, tensor<16x8xf32> -> tensor<16x8xf16>
  return
}

// -----

func.func @alloc_offset() {
  // expected-error @below {{expected an offset of at least 0, found -16}}
  %0 = tile.alloc {offset = -16 : i64} : <1 x [32] x f32, order = [0], swizzle = [0, 0, 0]>
  return
}

// -----

func.func @copy_stage(%p: !llvm.ptr<1>, %o: tensor<16xi32>, %stage: i32) {
  %s = tile.alloc : <1 x [32] x f32, order = [0], swizzle = [0, 0, 0]>
  // expected-error @below {{expected a tile of the shape of one stage of '!tile.shared<1 x [32] x f32, order = [0], swizzle = [0, 0, 0]>', found 'tensor<16xi32>'}}
  tile.copy %p[%o] to %s[%stage] : <1 x [32] x f32, order = [0], swizzle = [0, 0, 0]>, tensor<16xi32>
  return
}

// -----

func.func @local_store_element(%x: tensor<32xf16>, %stage: i32) {
  %s = tile.alloc : <1 x [32] x f32, order = [0], swizzle = [0, 0, 0]>
  // expected-error @below {{expected elements of type 'f32', found 'f16'}}
  tile.local_store %x to %s[%stage] : tensor<32xf16>, <1 x [32] x f32, order = [0], swizzle = [0, 0, 0]>
  return
}

// -----

func.func @local_load_element(%stage: i32) {
  %s = tile.alloc : <1 x [32] x f32, order = [0], swizzle = [0, 0, 0]>
  // expected-error @below {{expected elements of type 'f32', found 'f16'}}
  %x = tile.local_load %s[%stage] offsets [0] : <1 x [32] x f32, order = [0], swizzle = [0, 0, 0]> -> tensor<32xf16>
  return
}

// -----

func.func @local_load_rank(%stage: i32) {
  %s = tile.alloc : <1 x [32] x f32, order = [0], swizzle = [0, 0, 0]>
  // expected-error @below {{expected 1 offsets and a tile of that rank, found 2 and 'tensor<32xf32>'}}
  %x = tile.local_load %s[%stage] offsets [0, 0] : <1 x [32] x f32, order = [0], swizzle = [0, 0, 0]> -> tensor<32xf32>
  return
}

// -----

func.func @local_load_offset(%stage: i32) {
  %s = tile.alloc : <1 x [32] x f32, order = [0], swizzle = [0, 0, 0]>
  // expected-error @below {{expected an offset that is a multiple of 16 and at most 16 in dim 0, found 8}}
  %x = tile.local_load %s[%stage] offsets [8] : <1 x [32] x f32, order = [0], swizzle = [0, 0, 0]> -> tensor<16xf32>
  return
}

// -----

func.func @wait() {
  // expected-error @below {{expected at least 0 pending groups, found -1}}
  tile.wait -1
  return
}

// -----

func.func @block_id() {
  // expected-error @below {{expected grid dim 0, 1 or 2, found 3}}
  %0 = tile.block_id 3
  return
}

// -----

func.func @assume(%n: i32) {
  // expected-error @below {{expected a divisor of at least 1, found 0}}
  %0 = tile.assume %n multiple_of 0
  return
}

// -----

// expected-error @below {{expected 5 lane bases, found 1}}
func.func private @lanes(tensor<2xf32, #tile.layout<registers = [], lanes = [[1]], warps = []>>)

// -----

// expected-error @below {{expected every basis to have 1 entries, found 2}}
func.func private @basis(tensor<2xf32, #tile.layout<registers = [[1, 0]], lanes = [[1], [0], [0], [0], [0]], warps = []>>)

// -----

// expected-error @below {{expected a layout of rank 2, found 1}}
func.func private @layout_rank(tensor<2x2xf32, #tile.layout<registers = [], lanes = [[1], [0], [0], [0], [0]], warps = []>>)

// -----

// expected-error @below {{expected powers of two as tile sizes, found 3 in dim 0}}
func.func private @layout_size(tensor<3xf32, #tile.layout<registers = [], lanes = [[1], [2], [0], [0], [0]], warps = []>>)

// -----

// expected-error @below {{expected bases below 2 in dim 0, found 4}}
func.func private @layout_basis(tensor<2xf32, #tile.layout<registers = [], lanes = [[1], [4], [0], [0], [0]], warps = []>>)

// -----

// expected-error @below {{expected a layout that reaches all 2 bits of the index, found 1}}
func.func private @layout_reach(tensor<4xf32, #tile.layout<registers = [], lanes = [[1], [1], [0], [0], [0]], warps = []>>)

// -----

// expected-error @below {{expected at least one stage, found 0}}
func.func private @stages(!tile.shared<0 x [32] x f32, order = [0], swizzle = [0, 0, 0]>)

// -----

// expected-error @below {{expected powers of two as tile sizes, found 3}}
func.func private @sizes(!tile.shared<1 x [3] x f32, order = [0], swizzle = [0, 0, 0]>)

// -----

// expected-error @below {{expected an integer or float element type, found 'index'}}
func.func private @element(!tile.shared<1 x [32] x index, order = [0], swizzle = [0, 0, 0]>)

// -----

// expected-error @below {{expected 'order' to be a permutation of 2 dims}}
func.func private @order(!tile.shared<1 x [32, 2] x f32, order = [0, 0], swizzle = [0, 0, 0]>)

// -----

// expected-error @below {{expected 'order' to be a permutation of 2 dims}}
func.func private @order_size(!tile.shared<1 x [32, 2] x f32, order = [0], swizzle = [0, 0, 0]>)

// -----

// expected-error @below {{expected the swizzle's shift to be at least its 3 bits, found 2}}
func.func private @swizzle(!tile.shared<1 x [32] x f32, order = [0], swizzle = [1, 3, 2]>)

// -----

// expected-error @below {{expected 3 swizzle numbers below 32}}
func.func private @swizzle_count(!tile.shared<1 x [32] x f32, order = [0], swizzle = [1, 3]>)

// -----

func.func @view_stage() attributes {tile.warps = 1 : i64} {
  %keys = tile.alloc : <2 x [16, 16] x f16, order = [1, 0], swizzle = [3, 1, 3]>
  // expected-error @below {{expected a stage below 2, found 2}}
  %view = tile.view %keys[2] : <2 x [16, 16] x f16, order = [1, 0], swizzle = [3, 1, 3]> to <1 x [16, 16] x f16, order = [1, 0], swizzle = [3, 1, 3]>
  return
}

// -----

func.func @view_bytes() attributes {tile.warps = 1 : i64} {
  %keys = tile.alloc : <2 x [16, 16] x f16, order = [1, 0], swizzle = [3, 1, 3]>
  // expected-error @below {{expected at most 512 bytes, found 1024}}
  %view = tile.view %keys[1] : <2 x [16, 16] x f16, order = [1, 0], swizzle = [3, 1, 3]> to <1 x [32, 16] x f16, order = [1, 0], swizzle = [3, 1, 3]>
  return
}
