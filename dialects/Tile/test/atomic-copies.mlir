// Elements that several threads hold are combined into memory once.
// RUN: raddle-compile %s --compile-from=tile --target=sm_80 --emit=ptx -o %t.ptx
// RUN: raddle-vgpu run %t.ptx --grid 1,1,1 --block 64,1,1 --checks all --arg out:i32:16:%t.npy
// RUN: %python -c "import numpy as np; print(np.load('%t.npy').tolist())" | FileCheck %s
// CHECK: [0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64]

// Four elements in 64 threads; then a scalar, which every thread holds; masked.
#four = #tile.layout<registers = [], lanes = [[1], [2], [0], [0], [0]], warps = [[0]]>
module attributes {graph.version = 1 : i64} {
  module @k {
    func.func @k(%out: !llvm.ptr<1>) attributes {tile.warps = 2 : i64} {
      %c3 = arith.constant 3 : i32
      %c15 = arith.constant 15 : i32
      %c64 = arith.constant 64 : i32
      %i = tile.index 0 : tensor<4xi32, #four>
      tile.atomic "add" %i to %out[%i] : tensor<4xi32, #four>, tensor<4xi32, #four>
      %yes = arith.cmpi slt, %c3, %c64 : i32
      tile.atomic "add" %c64 to %out[%c15] mask %yes : i32, i32, i1
      return
    }
  }
  func.func @main() attributes {plan.dims = []} {
    %c1 = arith.constant 1 : index
    %c64 = arith.constant 64 : index
    %0 = plan.alloc %c64
    plan.launch @k::@k blocks %c1(%0) writes [0] nodes ["k"] : !plan.buffer
    plan.output "y" type "i32" %0 sizes(%c1)
    return
  }
}
