//===- Kernels.h - hand-written PTX for the runtime's tests ----*- C++ -*-===//

#ifndef RADDLE_TEST_UNIT_RUNTIME_KERNELS_H
#define RADDLE_TEST_UNIT_RUNTIME_KERNELS_H

namespace raddle::test {

/// add(a, b, y, n, scale): y[i] = a[i] + b[i] * scale, i < n, in f32.
inline const char *const kAddPtx = R"(
.version 7.1
.target sm_80
.address_size 64
.visible .entry add(
  .param .u64 a, .param .u64 b, .param .u64 y, .param .u32 n, .param .f32 scale
)
{
  .reg .pred %p<2>;
  .reg .b32 %r<6>;
  .reg .f32 %f<5>;
  .reg .b64 %rd<9>;
  ld.param.u64 %rd1, [a];
  ld.param.u64 %rd2, [b];
  ld.param.u64 %rd3, [y];
  ld.param.u32 %r1, [n];
  ld.param.f32 %f4, [scale];
  mov.u32 %r2, %ctaid.x;
  mov.u32 %r3, %ntid.x;
  mov.u32 %r4, %tid.x;
  mad.lo.s32 %r5, %r2, %r3, %r4;
  setp.ge.s32 %p1, %r5, %r1;
  @%p1 bra DONE;
  cvta.to.global.u64 %rd1, %rd1;
  cvta.to.global.u64 %rd2, %rd2;
  cvta.to.global.u64 %rd3, %rd3;
  mul.wide.s32 %rd4, %r5, 4;
  add.s64 %rd5, %rd1, %rd4;
  add.s64 %rd6, %rd2, %rd4;
  add.s64 %rd7, %rd3, %rd4;
  ld.global.f32 %f1, [%rd5];
  ld.global.f32 %f2, [%rd6];
  fma.rn.f32 %f3, %f2, %f4, %f1;
  st.global.f32 [%rd7], %f3;
DONE:
  ret;
}
)";

/// increment(p, by): one thread adds `by` to the i64 at p.
inline const char *const kIncrementPtx = R"(
.version 7.1
.target sm_80
.address_size 64
.visible .entry increment(.param .u64 p, .param .u64 by)
{
  .reg .b64 %rd<5>;
  ld.param.u64 %rd1, [p];
  ld.param.u64 %rd2, [by];
  cvta.to.global.u64 %rd1, %rd1;
  ld.global.u64 %rd3, [%rd1];
  add.s64 %rd4, %rd3, %rd2;
  st.global.u64 [%rd1], %rd4;
  ret;
}
)";

/// reverse(x, y): one block of 32 reverses 32 floats through 64 KB of dynamic
/// shared memory, whose last bytes it uses.
inline const char *const kReversePtx = R"(
.version 7.1
.target sm_80
.address_size 64
.extern .shared .align 16 .b8 smem[];
.visible .entry reverse(.param .u64 x, .param .u64 y)
{
  .reg .b32 %r<8>;
  .reg .f32 %f<3>;
  .reg .b64 %rd<8>;
  ld.param.u64 %rd1, [x];
  ld.param.u64 %rd2, [y];
  cvta.to.global.u64 %rd1, %rd1;
  cvta.to.global.u64 %rd2, %rd2;
  mov.u32 %r1, %tid.x;
  mul.wide.u32 %rd3, %r1, 4;
  add.s64 %rd4, %rd1, %rd3;
  add.s64 %rd5, %rd2, %rd3;
  ld.global.f32 %f1, [%rd4];
  mov.u32 %r2, smem;
  add.s32 %r2, %r2, 65408;
  mov.u32 %r3, 31;
  sub.s32 %r4, %r3, %r1;
  shl.b32 %r5, %r4, 2;
  add.s32 %r6, %r2, %r5;
  st.shared.f32 [%r6], %f1;
  bar.sync 0;
  shl.b32 %r5, %r1, 2;
  add.s32 %r7, %r2, %r5;
  ld.shared.f32 %f2, [%r7];
  st.global.f32 [%rd5], %f2;
  ret;
}
)";

/// wild(p): stores far outside of every allocation, by line 2 of its tile text.
inline const char *const kWildPtx = R"(
.version 7.1
.target sm_80
.address_size 64
.file 1 "wild.tile"
.visible .entry wild(.param .u64 p)
{
  .reg .b32 %r<2>;
  .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [p];
  cvta.to.global.u64 %rd1, %rd1;
  mov.u64 %rd2, 281474976710656;
  add.s64 %rd3, %rd1, %rd2;
  mov.u32 %r1, 1;
  .loc 1 2 3
  st.global.u32 [%rd3], %r1;
  ret;
}
)";

} // namespace raddle::test

#endif // RADDLE_TEST_UNIT_RUNTIME_KERNELS_H
