// RUN: raddle-opt %s --plan-verify-program -verify-diagnostics -split-input-file

// expected-error @below {{expected a function 'main' with one block}}
module {}

// -----

func.func @main(%x: !plan.buffer) {
  %c1 = arith.constant 1 : index
  // expected-error @below {{there is no kernel @k0::@k0}}
  plan.launch @k0::@k0 blocks %c1 (%x) writes [0] : !plan.buffer
  return
}

// -----

module @k0 {
  func.func @k0(%p: !llvm.ptr<1>, %n: i32) attributes {tile.warps = 1 : i64} {
    return
  }
}
func.func @main(%x: !plan.buffer) {
  %c1 = arith.constant 1 : index
  // expected-error @below {{expected 2 arguments, found 1}}
  plan.launch @k0::@k0 blocks %c1 (%x) writes [0] : !plan.buffer
  return
}

// -----

module @k0 {
  func.func @k0(%p: !llvm.ptr<1>, %n: i32) attributes {tile.warps = 1 : i64} {
    return
  }
}
func.func @main(%x: !plan.buffer, %n: i64) {
  %c1 = arith.constant 1 : index
  // expected-error @below {{expected argument 1 for a parameter of type 'i32', found '!plan.buffer'}}
  plan.launch @k0::@k0 blocks %c1 (%x, %x) writes [0] : !plan.buffer, !plan.buffer
  // expected-error @below {{expected argument 1 for a parameter of type 'i32', found 'i64'}}
  plan.launch @k0::@k0 blocks %c1 (%x, %n) writes [0] : !plan.buffer, i64
  plan.launch @k0::@k0 blocks %c1 (%x, %c1) writes [0] : !plan.buffer, index
  return
}

// -----

module @k0 {
  func.func @k0(%p: !llvm.ptr<1> {tile.readonly}, %q: !llvm.ptr<1>) attributes {tile.warps = 1 : i64} {
    return
  }
}
func.func @main(%x: !plan.buffer, %y: !plan.buffer) {
  %c1 = arith.constant 1 : index
  plan.launch @k0::@k0 blocks %c1 (%x, %y) writes [1] : !plan.buffer, !plan.buffer
  // expected-error @below {{expected 'writes' without argument 0, which the kernel only reads}}
  plan.launch @k0::@k0 blocks %c1 (%x, %y) writes [0, 1] : !plan.buffer, !plan.buffer
  // expected-error @below {{expected 'writes' to list argument 1, which the kernel writes}}
  plan.launch @k0::@k0 blocks %c1 (%x, %y) writes [] : !plan.buffer, !plan.buffer
  return
}

// -----

func.func @main(%x: !plan.buffer) {
  %c8 = arith.constant 8 : index
  %t = plan.alloc %c8
  // expected-error @below {{reads a buffer that nothing wrote before}}
  plan.output "y" type "f32" %t sizes ()
  return
}

// -----

// In a loop an earlier part may read what a later one wrote in the round before.
func.func @main(%x: !plan.buffer, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %s = plan.alloc %c8
  %t = plan.alloc %c8
  scf.for %i = %c0 to %n step %c1 {
    plan.copy %t to %s bytes %c8
    plan.copy %x to %t bytes %c8
  }
  plan.output "y" type "f32" %s sizes ()
  return
}

// -----

func.func @main(%x: !plan.buffer) attributes {plan.dims = [{name = "n", min = 2 : i64, divisor = 4 : i64}]} {
  %n = plan.symbol "n"
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %bytes = arith.muli %n, %c8 : index
  %half = arith.muli %n, %c8 : index
  %t = plan.alloc %c16
  // expected-error @below {{needs 32 bytes of a buffer of 16 at n = 4}}
  plan.copy %x to %t bytes %bytes
  // expected-error @below {{needs 20 bytes of a buffer of 16 at n = 4}}
  %r = plan.read %t[%c16] : i32
  // expected-error @below {{needs 128 bytes of a buffer of 16 at n = 4}}
  plan.output "y" type "f64" %t sizes (%n, %n)
  return
}
