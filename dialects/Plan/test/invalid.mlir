// RUN: raddle-opt %s -verify-diagnostics -split-input-file

func.func @symbol_name() {
  // expected-error @below {{expected the name of a dim, found an empty one}}
  %0 = plan.symbol ""
  return
}

// -----

func.func @weight_name() {
  // expected-error @below {{expected the name of an entry, found an empty one}}
  %0 = plan.weight "" bytes 4
  return
}

// -----

func.func @weight_bytes() {
  // expected-error @below {{expected at least 0 bytes, found -4}}
  %0 = plan.weight "w" bytes -4
  return
}

// -----

func.func @weight_runs() {
  // expected-error @below {{expected as many 'runs' as 'parts', at least one, found 1 and 2}}
  %0 = plan.weight "w" bytes 8 {parts = ["q", "k"], runs = array<i64: 4>}
  return
}

// -----

func.func @weight_run() {
  // expected-error @below {{expected runs of at least 1 byte, found 0}}
  %0 = plan.weight "w" bytes 8 {parts = ["q", "k"], runs = array<i64: 4, 0>}
  return
}

// -----

func.func @weight_rows() {
  // expected-error @below {{expected a multiple of the 12 bytes of a row, found 16}}
  %0 = plan.weight "w" bytes 16 {parts = ["q", "k"], runs = array<i64: 4, 8>}
  return
}

// -----

func.func @constant_name() {
  // expected-error @below {{expected the name of an entry, found an empty one}}
  %0 = plan.constant "" dense<1> : tensor<2xi64>
  return
}

// -----

func.func @constant_elements() {
  // expected-error @below {{expected integer, index or float elements, found 'complex<f32>'}}
  %0 = plan.constant "c" dense<(1.0, 2.0)> : tensor<2xcomplex<f32>>
  return
}

// -----

func.func @alloc_bytes() {
  %bytes = arith.constant -1 : index
  // expected-error @below {{expected at least 0 bytes, found -1}}
  %0 = plan.alloc %bytes
  return
}

// -----

func.func @alloc_place(%n: index) {
  // expected-error @below {{expected a place in the arena or memory of the pool, found both}}
  %0 = plan.alloc %n at %n pool
  return
}

// -----

func.func @free(%x: !plan.buffer) {
  // expected-error @below {{expected the buffer of a 'plan.alloc ... pool'}}
  plan.free %x
  return
}

// -----

func.func @launch_kernel(%n: index) {
  // expected-error @below {{expected a kernel '@module::@function', found @k0}}
  plan.launch @k0 blocks %n () writes []
  return
}

// -----

func.func @launch_written(%n: index, %x: !plan.buffer) {
  // expected-error @below {{expected 'writes' to be rising positions below 1, found 1}}
  plan.launch @k0::@k0 blocks %n (%x) writes [0, 1] : !plan.buffer
  return
}

// -----

func.func @launch_written_scalar(%n: index, %x: !plan.buffer) {
  // expected-error @below {{expected 'writes' to list buffers, found 'index' as argument 1}}
  plan.launch @k0::@k0 blocks %n (%x, %n) writes [1] : !plan.buffer, index
  return
}

// -----

func.func @launch_origins(%n: index, %x: !plan.buffer) {
  // expected-error @below {{expected 'origins' to be -1 or below the 1 nodes, found 1}}
  plan.launch @k0::@k0 blocks %n (%x) writes [0] nodes ["a"] {origins = array<i32: 0, -1, 1>} : !plan.buffer
  return
}

// -----

func.func @read_type(%x: !plan.buffer, %zero: index) {
  // expected-error @below {{expected an integer of 1, 8, 16, 32 or 64 bits, found 'i24'}}
  %0 = plan.read %x[%zero] : i24
  return
}

// -----

func.func @copy_same(%x: !plan.buffer, %n: index) {
  // expected-error @below {{expected two buffers, found one twice}}
  plan.copy %x to %x bytes %n
  return
}

// -----

func.func @output_type(%x: !plan.buffer, %n: index) {
  // expected-error @below {{expected the name of an interchange type, found 'float'}}
  plan.output "y" type "float" %x sizes (%n)
  return
}
