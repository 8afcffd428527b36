// RUN: raddle-opt %s | raddle-opt | FileCheck %s
// RUN: raddle-opt %s --mlir-print-op-generic | raddle-opt | FileCheck %s

// Every operation is read back as it was printed.

// CHECK-LABEL: func.func @main(%arg0: !plan.buffer)
func.func @main(%x: !plan.buffer) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  // CHECK: %[[B:.*]] = plan.symbol "batch"
  %b = plan.symbol "batch"
  // CHECK: %[[W:.*]] = plan.weight "encoder.0.q" bytes 589824
  %w = plan.weight "encoder.0.q" bytes 589824
  // CHECK: plan.weight "q+k" bytes 16 {parts = ["q", "k"], runs = array<i64: 4, 4>}
  %j = plan.weight "q+k" bytes 16 {parts = ["q", "k"], runs = array<i64: 4, 4>}
  // CHECK: plan.constant "constant.0" dense<[1, 2]> : tensor<2xi64>
  %c = plan.constant "constant.0" dense<[1, 2]> : tensor<2xi64>
  // CHECK: plan.arena %[[B]]
  plan.arena %b
  // CHECK: %[[T:.*]] = plan.alloc %{{.*}} at %{{.*}}
  %t = plan.alloc %c8 at %c0
  // CHECK: %[[U:.*]] = plan.alloc %{{[a-z0-9_]+$}}
  %u = plan.alloc %c8
  // CHECK: %[[P:.*]] = plan.alloc %{{.*}} pool
  %p = plan.alloc %b pool
  // CHECK: plan.free %[[P]]
  plan.free %p
  // CHECK: plan.launch @k0::@k0 blocks %[[B]](%arg0, %[[W]], %[[T]], %[[B]]) writes [2] nodes ["a", "b"] {origins = array<i32: 0, 1, -1>} : !plan.buffer, !plan.buffer, !plan.buffer, index
  plan.launch @k0::@k0 blocks %b (%x, %w, %t, %b) writes [2] nodes ["a", "b"] {origins = array<i32: 0, 1, -1>} : !plan.buffer, !plan.buffer, !plan.buffer, index
  // CHECK: plan.launch @k1::@k1 blocks %[[B]](){{ *}}writes []
  plan.launch @k1::@k1 blocks %b () writes []
  // CHECK: plan.read %[[T]][%{{.*}}] : i64
  %n = plan.read %t[%c0] : i64
  // CHECK: plan.copy %[[T]] to %[[U]] bytes %{{.*}}
  plan.copy %t to %u bytes %c8
  // CHECK: plan.record event 3 stream 1
  plan.record event 3 stream 1
  // CHECK: plan.wait event 3 stream 0
  plan.wait event 3 stream 0
  // CHECK: plan.output "y" type "f32" %[[U]] sizes(%[[B]], %{{.*}})
  plan.output "y" type "f32" %u sizes (%b, %c8)
  return
}
