// RUN: raddle-opt %s --tile-verify-nvvm -verify-diagnostics -split-input-file

// What is in the list passes; constants, control flow and address arithmetic
// become no instruction that could be missing.
llvm.func @good(%p: !llvm.ptr<1>, %x: f32, %c: i1, %n: i32) attributes {nvvm.kernel} {
  %0 = llvm.mlir.constant(1.0 : f32) : f32
  %1 = llvm.fadd %x, %0 : f32
  %2 = llvm.call_intrinsic "llvm.nvvm.ex2.approx.f32"(%1) : (f32) -> f32
  %3 = llvm.bitcast %2 : f32 to i32
  %4 = llvm.getelementptr %p[%n] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
  llvm.inline_asm has_side_effects "@$2 st.global.b32 [$1 + 100], $0;", "r,l,b,~{memory}" %3, %4, %c : (i32, !llvm.ptr<1>, i1) -> ()
  llvm.cond_br %c, ^bb1, ^bb2
^bb1:
  llvm.store %2, %4 : f32, !llvm.ptr<1>
  llvm.br ^bb2
^bb2:
  llvm.return
}

// -----

llvm.func @operation(%x: f32) {
  // expected-error @below {{in kernel 'operation' is not in the list of what the back end selects for sm_80: 'llvm.intr.sin' of f32>f32}}
  %0 = llvm.intr.sin(%x) : (f32) -> f32
  llvm.return
}

// -----

llvm.func @type(%x: i128) {
  // expected-error @below {{in kernel 'type' is not in the list of what the back end selects for sm_80: 'llvm.sdiv' of i128,i128>i128}}
  %0 = llvm.sdiv %x, %x : i128
  llvm.return
}

// -----

llvm.func @intrinsic(%x: f64) {
  // expected-error @below {{in kernel 'intrinsic' is not in the list of what the back end selects for sm_80: 'llvm.pow.f64' of f64,f64>f64}}
  %0 = llvm.call_intrinsic "llvm.pow.f64"(%x, %x) : (f64, f64) -> f64
  llvm.return
}

// -----

llvm.func @text(%x: i32) {
  // expected-error @below {{in kernel 'text' is not in the list of what the back end selects for sm_80: 'nanosleep.u32 $0;' of i32>}}
  llvm.inline_asm has_side_effects "nanosleep.u32 $0;", "r" %x : (i32) -> ()
  llvm.return
}

// -----

llvm.func @vector(%x: vector<3xf32>) {
  // expected-error @below {{in kernel 'vector' is not in the list of what the back end selects for sm_80: 'llvm.fadd' of 3xf32,3xf32>3xf32}}
  %0 = llvm.fadd %x, %x : vector<3xf32>
  llvm.return
}
