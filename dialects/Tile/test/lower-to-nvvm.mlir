// RUN: raddle-opt %s --tile-lower-to-nvvm | FileCheck %s

// Four neighbouring registers of one thread become one access, wherever the
// offset of the first is known to be a multiple of four; the mask is equal for
// all four, so there is one branch for each access and none for each element.
#spread = #tile.layout<registers = [[1], [2]], lanes = [[4], [8], [16], [32], [64]], warps = [[128], [256]]>
module @kernel {
  // CHECK: llvm.func @kernel(%[[IN:.*]]: !llvm.ptr<1>{{.*}}, %[[OUT:.*]]: !llvm.ptr<1>{{.*}})
  // CHECK-SAME: nvvm.kernel
  func.func @kernel(%in: !llvm.ptr<1> {tile.readonly}, %out: !llvm.ptr<1>) attributes {tile.warps = 4 : i64} {
    %c512 = arith.constant 512 : i32
    %c256 = arith.constant 256 : i32
    // CHECK-DAG: llvm.nvvm.read.ptx.sreg.ctaid.x
    // CHECK-DAG: llvm.nvvm.read.ptx.sreg.tid.x
    %block = tile.block_id 0
    %start = arith.muli %block, %c512 : i32
    %own = tile.index 0 : tensor<512xi32, #spread>
    %base = tile.broadcast %start : i32 to tensor<512xi32, #spread>
    %at = arith.addi %base, %own : tensor<512xi32, #spread>
    %size = tile.broadcast %c256 : i32 to tensor<512xi32, #spread>
    %inside = arith.cmpi slt, %at, %size : tensor<512xi32, #spread>
    // CHECK: llvm.inline_asm "{{.*}}@$5 ld.global.nc.v4.b32
    %x = tile.load %in[%at] mask %inside {invariant} : tensor<512xi32, #spread>, tensor<512xi1, #spread> -> tensor<512xf32, #spread>
    // CHECK-COUNT-4: llvm.call_intrinsic "llvm.fabs.f32"
    %y = math.absf %x : tensor<512xf32, #spread>
    // CHECK: llvm.inline_asm has_side_effects "@$5 st.global.v4.b32
    // CHECK-NOT: st.global
    tile.store %y to %out[%at] mask %inside : tensor<512xf32, #spread>, tensor<512xi32, #spread>, tensor<512xi1, #spread>
    return
  }
}
