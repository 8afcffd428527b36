// A fault names the kernel, the nodes that the launch computes, the operation
// of the graph and the line of the kernel's tile text. The fault is planted: the
// kernel's mask lets 1,024 elements through instead of 1,000.
//
// REQUIRES: compiler, onnx
// RUN: %python -c "import numpy as np; np.savez('%t.npz', x=np.ones(1000, 'f'), y=np.ones(1000, 'f'), z=np.ones(1000, 'f'), w=np.ones(1000, 'f'))"
// RUN: raddle-compile %s --compile-to=tile -o %t.tile.mlir
// RUN: sed 's/arith.constant 1000 : i32/arith.constant 1024 : i32/' %t.tile.mlir > %t.wrong.mlir
// RUN: raddle-compile %t.wrong.mlir --compile-from=tile -o %t.raddle
// RUN: env RADDLE_VGPU_CHECKS=all not raddle-run %t.raddle --device=vgpu --inputs %t.npz 2>&1 | FileCheck %s
//
// CHECK: kernel 'k0_pointwise' (nodes '/block/Add', '/block/Exp'): the kernel failed
// CHECK-NEXT: out-of-bounds: global read of 16 bytes out of bounds: kernel 'k0_pointwise', PTX line {{[0-9]+}} (k0_pointwise.tile:{{[0-9]+}}:{{[0-9]+}}), block ({{[0-9]+}},0,0), thread ({{[0-9]+}},0,0), address 0x
// CHECK: PTX line {{[0-9]+}}: {{.*}}ld.global
// CHECK-NEXT: tile line {{[0-9]+}}: %{{[0-9]+}} = tile.load %arg0
// CHECK-NEXT: from 'arith.addf' (load of input 0) of node '/block/Add'

// Equal kernels are made once and serve many nodes; the launch says which.
// RUN: FileCheck %s --check-prefix=TILE --input-file=%t.tile.mlir
// TILE-COUNT-1: func.func @k0_pointwise
// TILE-NOT: func.func @k
// TILE: plan.launch @k0_pointwise::@k0_pointwise {{.*}} nodes ["/block/Add", "/block/Exp"] {origins = array<i32: 0, 1>}
// TILE: plan.launch @k0_pointwise::@k0_pointwise {{.*}} nodes ["/other/Both"] {origins = array<i32: 0, 0>}

// A profile has a row per line and node.
// RUN: raddle-compile %s -o %t.right.raddle
// RUN: raddle-run %t.right.raddle --device=vgpu --inputs %t.npz --profile %t.profile.json
// RUN: FileCheck %s --check-prefix=PROFILE --input-file=%t.profile.json
// PROFILE-DAG: "text": "%{{[0-9]+}} = math.exp {{.*}}",{{[[:space:]]*}}"operation": "math.exp",{{[[:space:]]*}}"part": "",{{[[:space:]]*}}"node": "/block/Exp",
// PROFILE-DAG: "text": "%{{[0-9]+}} = math.exp {{.*}}",{{[[:space:]]*}}"operation": "math.exp",{{[[:space:]]*}}"part": "",{{[[:space:]]*}}"node": "/other/Both",

module attributes {graph.version = 1 : i64} {
  func.func @main(%x: tensor<1000xf32> {graph.name = "x", graph.type = "f32", graph.shape = [1000]},
                  %y: tensor<1000xf32> {graph.name = "y", graph.type = "f32", graph.shape = [1000]},
                  %z: tensor<1000xf32> {graph.name = "z", graph.type = "f32", graph.shape = [1000]},
                  %w: tensor<1000xf32> {graph.name = "w", graph.type = "f32", graph.shape = [1000]})
      -> (tensor<1000xf32> {graph.name = "a", graph.type = "f32", graph.shape = [1000]},
          tensor<1000xf32> {graph.name = "b", graph.type = "f32", graph.shape = [1000]}) {
    %0 = arith.addf %x, %y : tensor<1000xf32> loc("/block/Add")
    %1 = math.exp %0 : tensor<1000xf32> loc("/block/Exp")
    %2 = arith.addf %z, %w : tensor<1000xf32> loc("/other/Both")
    %3 = math.exp %2 : tensor<1000xf32> loc("/other/Both")
    return %1, %3 : tensor<1000xf32>, tensor<1000xf32>
  }
}
