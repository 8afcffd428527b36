// RUN: raddle-opt %s --plan-assign-offsets --split-input-file | FileCheck %s

// Buffers of one size whose lives do not overlap share a place.
// CHECK-LABEL: func @chain
func.func @chain(%x: !plan.buffer) {
  %n = plan.symbol "n"
  %a = plan.alloc %n
  %b = plan.alloc %n
  %c = plan.alloc %n
  plan.launch @k::@k blocks %n (%x, %a) writes [1] : !plan.buffer, !plan.buffer
  plan.launch @k::@k blocks %n (%a, %b) writes [1] : !plan.buffer, !plan.buffer
  plan.launch @k::@k blocks %n (%b, %c) writes [1] : !plan.buffer, !plan.buffer
  return
}
// CHECK-DAG: %[[N:.*]] = plan.symbol "n"
// CHECK-DAG: %[[C0:.*]] = arith.constant 0
// CHECK: %[[O1:.*]] = arith.addi %[[C0]],
// CHECK: %[[O2:.*]] = arith.addi %[[O1]],
// CHECK: plan.arena
// CHECK: plan.alloc %[[N]] at %[[C0]]
// CHECK: plan.alloc %[[N]] at %[[O1]]

// -----

// A size that is read from a result is only known later; what it is needed for
// is given back. A size that is read from an argument is known early.
// CHECK-LABEL: func @sizes
func.func @sizes(%x: !plan.buffer) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %count = plan.alloc %c8
  plan.launch @k::@k blocks %c8 (%x, %count) writes [1] : !plan.buffer, !plan.buffer
  %late = plan.read %count[%c0] : i64
  %n = arith.index_cast %late : i64 to index
  %a = plan.alloc %n
  plan.launch @k::@k blocks %c8 (%x, %a) writes [1] : !plan.buffer, !plan.buffer
  %early = plan.read %x[%c0] : i64
  %m = arith.index_cast %early : i64 to index
  %b = plan.alloc %m
  plan.launch @k::@k blocks %c8 (%x, %b) writes [1] : !plan.buffer, !plan.buffer
  return
}
// CHECK: plan.alloc %{{.*}} at
// CHECK: %[[A:.*]] = plan.alloc %{{.*}} pool
// CHECK-NEXT: plan.launch {{.*}}%[[A]])
// CHECK-NEXT: plan.free %[[A]]
// CHECK: plan.alloc %{{.*}} at

// -----

// What a loop carries is in use while its next value is made.
// CHECK-LABEL: func @carried
func.func @carried(%x: !plan.buffer) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %init = plan.alloc %c8
  %last = scf.for %i = %c0 to %c8 step %c1 iter_args(%v = %init) -> (!plan.buffer) {
    %t = plan.alloc %c8
    %next = plan.alloc %c8
    plan.launch @k::@k blocks %c8 (%v, %t, %next) writes [1, 2] : !plan.buffer, !plan.buffer, !plan.buffer
    scf.yield %next : !plan.buffer
  }
  %other = plan.alloc %c8
  plan.launch @k::@k blocks %c8 (%last, %other) writes [1] : !plan.buffer, !plan.buffer
  return
}
// The start of the loop may be its result: it shares with nothing.
// CHECK: %[[INIT:.*]] = plan.alloc %{{.*}} at %[[PLACE:.*]]
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %[[INIT]])
// CHECK: plan.alloc %{{.*}} at
// CHECK: %[[NEXT:.*]] = plan.alloc %{{.*}} pool
// CHECK: scf.yield %[[NEXT]]
// CHECK-NOT: at %[[PLACE]]

// -----

// A size that a known condition chooses is known.
// CHECK-LABEL: func @chosen
func.func @chosen(%x: !plan.buffer) {
  %n = plan.symbol "n"
  %c8 = arith.constant 8 : index
  %is = arith.cmpi slt, %n, %c8 : index
  %size = scf.if %is -> index {
    %twice = arith.addi %n, %n : index
    scf.yield %twice : index
  } else {
    scf.yield %c8 : index
  }
  %a = plan.alloc %size
  plan.launch @k::@k blocks %c8 (%x, %a) writes [1] : !plan.buffer, !plan.buffer
  return
}
// CHECK: %[[SIZE:.*]] = arith.select
// CHECK: plan.alloc %[[SIZE]] at

// -----

// A size of a branch may be negative where the branch is not taken; it must
// not move the places behind it.
// CHECK-LABEL: func @branch
func.func @branch(%x: !plan.buffer, %flag: i1) {
  %c8 = arith.constant 8 : index
  %n = plan.symbol "n"
  scf.if %flag {
    %c1024 = arith.constant 1024 : index
    %m = arith.subi %n, %c1024 : index
    %a = plan.alloc %m
    plan.launch @k::@k blocks %c8 (%x, %a) writes [1] : !plan.buffer, !plan.buffer
  }
  %b = plan.alloc %n
  plan.launch @k::@k blocks %c8 (%x, %b) writes [1] : !plan.buffer, !plan.buffer
  return
}
// CHECK: %[[M:.*]] = arith.subi
// CHECK: %[[UNITS:.*]] = arith.ceildivsi %[[M]],
// CHECK: %[[AT_LEAST:.*]] = arith.maxsi %[[UNITS]],
// CHECK: arith.muli %[[AT_LEAST]],
