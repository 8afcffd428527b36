// RUN: raddle-opt %s --plan-verify-program=placed=true -verify-diagnostics -split-input-file

// expected-error @below {{expected one 'plan.arena', found 0}}
func.func @main(%x: !plan.buffer) {
  %c8 = arith.constant 8 : index
  // expected-error @below {{expected an offset in the arena, or the pool}}
  %t = plan.alloc %c8
  plan.copy %x to %t bytes %c8
  return
}

// -----

func.func @main(%x: !plan.buffer) {
  %c8 = arith.constant 8 : index
  %c512 = arith.constant 512 : index
  %c256 = arith.constant 256 : index
  plan.arena %c512
  // expected-error @below {{expected a place on 256 bytes, found 8}}
  %t = plan.alloc %c8 at %c8
  // expected-error @below {{lies in bytes 256 to 768 of an arena of 512}}
  %u = plan.alloc %c512 at %c256
  plan.copy %x to %t bytes %c8
  plan.copy %t to %u bytes %c8
  plan.copy %u to %t bytes %c8
  return
}

// -----

// Where the buffers lie depends on a dim: they overlap from n = 2 on only.
func.func @main(%x: !plan.buffer) attributes {plan.dims = [{name = "n", min = 1 : i64}]} {
  %n = plan.symbol "n"
  %c8 = arith.constant 8 : index
  %c0 = arith.constant 0 : index
  %c256 = arith.constant 256 : index
  %c4096 = arith.constant 4096 : index
  %bytes = arith.muli %n, %c256 : index
  plan.arena %c4096
  %t = plan.alloc %bytes at %c0
  // expected-error @below {{overlaps a buffer that is in use at the same time at n = 2: bytes 256 to 768 and 0 to 512}}
  %u = plan.alloc %bytes at %c256
  plan.copy %x to %t bytes %c8
  plan.copy %t to %u bytes %c8
  plan.copy %u to %t bytes %c8
  return
}

// -----

// One after the other they may share a place; outputs have memory of their own.
func.func @main(%x: !plan.buffer) {
  %c8 = arith.constant 8 : index
  %c0 = arith.constant 0 : index
  %c256 = arith.constant 256 : index
  plan.arena %c256
  %t = plan.alloc %c8 at %c0
  %y = plan.alloc %c8
  %u = plan.alloc %c8 at %c0
  plan.copy %x to %t bytes %c8
  plan.copy %t to %y bytes %c8
  plan.copy %y to %u bytes %c8
  plan.output "y" type "f64" %y sizes ()
  return
}
