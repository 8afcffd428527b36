// RUN: raddle-opt %s --plan-assign-streams=streams=2 --split-input-file | FileCheck %s
// RUN: raddle-opt %s --plan-assign-streams=streams=2 --plan-assign-offsets --split-input-file | FileCheck %s --check-prefix=PLACE
// RUN: raddle-opt %s --plan-assign-streams --split-input-file | FileCheck %s --check-prefix=ONE
// RUN: not raddle-opt %s --plan-assign-streams=streams=65 --split-input-file 2>&1 | FileCheck %s --check-prefix=BAD
// BAD: expected 1 to 64 streams, found 65
// ONE-NOT: stream

// Two chains that meet: an event where they do, none inside of a chain.
// CHECK-LABEL: func @chains
// PLACE-LABEL: func @chains
func.func @chains(%x: !plan.buffer) {
  %n = plan.symbol "n"
  %a = plan.alloc %n
  %b = plan.alloc %n
  %c = plan.alloc %n
  %d = plan.alloc %n
  %e = plan.alloc %n
  plan.launch @k::@a blocks %n (%x, %a) writes [1] : !plan.buffer, !plan.buffer
  plan.launch @k::@b blocks %n (%x, %b) writes [1] : !plan.buffer, !plan.buffer
  plan.launch @k::@c blocks %n (%a, %c) writes [1] : !plan.buffer, !plan.buffer
  plan.launch @k::@d blocks %n (%b, %d) writes [1] : !plan.buffer, !plan.buffer
  plan.launch @k::@e blocks %n (%c, %d, %e) writes [2] : !plan.buffer, !plan.buffer, !plan.buffer
  plan.output "y" type "f32" %e sizes (%n)
  return
}
// CHECK: plan.record event [[START:[0-9]+]] stream 0
// CHECK-NEXT: plan.launch @k::@a {{.*}} writes [1] :
// CHECK-NEXT: plan.wait event [[START]] stream 1
// CHECK-NEXT: plan.launch @k::@b {{.*}} {stream = 1 : i64}
// CHECK-NEXT: plan.launch @k::@c {{.*}} writes [1] :
// CHECK-NEXT: plan.record event [[C:[0-9]+]] stream 0
// CHECK-NEXT: plan.launch @k::@d {{.*}} {stream = 1 : i64}
// CHECK-NEXT: plan.wait event [[C]] stream 1
// CHECK-NEXT: plan.launch @k::@e {{.*}} {stream = 1 : i64}
// CHECK-NEXT: plan.record event [[E:[0-9]+]] stream 1
// CHECK-NEXT: plan.wait event [[E]] stream 0
// CHECK-NEXT: plan.output

// A stream says nothing of the other one: %d must not lie where %a was, which
// the launch that writes it may find in use.
// PLACE: plan.alloc %{{.*}} at %[[A:.*]]
// PLACE-NOT: at %[[A]]{{$}}
// PLACE: plan.output

// -----

// A read, and control flow, are where all streams meet.
// CHECK-LABEL: func @meeting
func.func @meeting(%x: !plan.buffer) {
  %c0 = arith.constant 0 : index
  %n = plan.symbol "n"
  %a = plan.alloc %n
  %b = plan.alloc %n
  plan.launch @k::@a blocks %n (%x, %a) writes [1] : !plan.buffer, !plan.buffer
  plan.launch @k::@b blocks %n (%x, %b) writes [1] : !plan.buffer, !plan.buffer
  %r = plan.read %b[%c0] : i1
  scf.if %r {
    plan.launch @k::@c blocks %n (%a, %b) writes [1] : !plan.buffer, !plan.buffer
    plan.launch @k::@d blocks %n (%x, %a) writes [1] : !plan.buffer, !plan.buffer
  }
  return
}
// CHECK: plan.launch @k::@b {{.*}} {stream = 1 : i64}
// CHECK-NEXT: plan.record event [[B:[0-9]+]] stream 1
// CHECK-NEXT: plan.wait event [[B]] stream 0
// CHECK-NEXT: plan.read
// What reads a buffer comes before what writes it next.
// CHECK: plan.launch @k::@c {{.*}} writes [1] :
// CHECK-NEXT: plan.launch @k::@d {{.*}} writes [1] :
