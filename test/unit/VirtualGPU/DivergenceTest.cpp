//===- DivergenceTest.cpp - Branches, calls, forward progress -------------===//

#include "TestDevice.h"

using namespace raddle::vgpu;

namespace {

std::vector<uint32_t> runKernel(const std::string &body, uint32_t threads,
                                uint64_t seed = 0, uint32_t blocks = 1) {
  TestDevice t("a100-sxm4-80", "all");
  t.device->settings.seed = seed;
  t.device->settings.timeoutSeconds = 20;
  EXPECT_TRUE(t.load(TestDevice::moduleText(body))) << t.error;
  if (!t.module)
    return {};
  uint64_t out = t.upload(std::vector<uint32_t>(threads * blocks + 2));
  EXPECT_EQ(t.run("k", {out}, threads, blocks), Device::LaunchResult::Done)
      << t.error << t.fault.text();
  return t.download<uint32_t>(out, threads * blocks + 2);
}

const char *const kStore = R"(
  ld.param.u64 %p0, [out]; mul.wide.u32 %p1, %r0, 4; add.s64 %p2, %p0, %p1;
  st.global.u32 [%p2], %r9;
  ret;
})";
const char *const kHead = R"(
.visible .entry k(.param .u64 out) {
  .reg .b32 %r<16>; .reg .b64 %p<8>; .reg .pred %q<4>;
  mov.u32 %r0, %tid.x;
)";

TEST(DivergenceTest, NestedBranchesReconverge) {
  // Both sides of two branches, then a vote that needs the whole warp.
  std::vector<uint32_t> out = runKernel(std::string(kHead) + R"(
  and.b32 %r1, %r0, 1; and.b32 %r2, %r0, 2;
  setp.eq.u32 %q0, %r1, 0; setp.eq.u32 %q1, %r2, 0;
  @%q0 bra EVEN;
  @%q1 bra ODD1; mov.u32 %r3, 3; bra JOIN;
ODD1: mov.u32 %r3, 1; bra JOIN;
EVEN: @%q1 bra EVEN0; mov.u32 %r3, 2; bra JOIN;
EVEN0: mov.u32 %r3, 0;
JOIN: activemask.b32 %r4;
  setp.eq.u32 %q2, %r4, -1;
  selp.u32 %r9, %r3, 99, %q2;
)" + kStore,
                                        32);
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(out[i], i % 4);
}

TEST(DivergenceTest, LoopsOfDifferentLength) {
  std::vector<uint32_t> out = runKernel(std::string(kHead) + R"(
  mov.u32 %r1, 0; mov.u32 %r9, 0;
L: setp.ge.u32 %q0, %r1, %r0; @%q0 bra DONE;
  add.u32 %r9, %r9, %r1; add.u32 %r1, %r1, 1; bra L;
DONE:
)" + kStore,
                                        96);
  for (uint32_t i = 0; i < 96; ++i)
    EXPECT_EQ(out[i], i * (i - 1) / 2 * (i > 0));
}

TEST(DivergenceTest, BranchTable) {
  std::vector<uint32_t> out = runKernel(std::string(kHead) + R"(
  and.b32 %r1, %r0, 3;
  ts: .branchtargets A, B, C, A;
  brx.idx %r1, ts;
A: mov.u32 %r9, 10; bra E;
B: mov.u32 %r9, 11; bra E;
C: mov.u32 %r9, 12;
E:
)" + kStore,
                                        32);
  const uint32_t expected[] = {10, 11, 12, 10};
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(out[i], expected[i % 4]);
}

TEST(DivergenceTest, Recursion) {
  std::vector<uint32_t> out = runKernel(R"(
.func (.param .b32 r) fib(.param .b32 n) {
  .reg .b32 %a<6>; .reg .pred %q;
  ld.param.b32 %a0, [n];
  setp.lt.u32 %q, %a0, 2;
  @%q bra BASE;
  sub.u32 %a1, %a0, 1; sub.u32 %a2, %a0, 2;
  { .param .b32 x; .param .b32 y; st.param.b32 [x], %a1;
    call.uni (y), fib, (x); ld.param.b32 %a3, [y]; }
  { .param .b32 x; .param .b32 y; st.param.b32 [x], %a2;
    call.uni (y), fib, (x); ld.param.b32 %a4, [y]; }
  add.u32 %a5, %a3, %a4;
  st.param.b32 [r], %a5;
  ret;
BASE: st.param.b32 [r], %a0;
  ret;
}
)" + std::string(kHead) + R"(
  rem.u32 %r1, %r0, 10;
  { .param .b32 x; .param .b32 y; st.param.b32 [x], %r1;
    call (y), fib, (x); ld.param.b32 %r9, [y]; }
)" + kStore,
                                        64);
  const uint32_t fib[] = {0, 1, 1, 2, 3, 5, 8, 13, 21, 34};
  for (uint32_t i = 0; i < 64; ++i)
    EXPECT_EQ(out[i], fib[i % 10]);
}

TEST(DivergenceTest, IndirectCallsOfDifferentFunctions) {
  std::vector<uint32_t> out = runKernel(R"(
.func (.param .b32 r) twice(.param .b32 n) {
  .reg .b32 %a<2>; ld.param.b32 %a0, [n]; shl.b32 %a1, %a0, 1;
  st.param.b32 [r], %a1; ret;
}
.func (.param .b32 r) square(.param .b32 n) {
  .reg .b32 %a<2>; ld.param.b32 %a0, [n]; mul.lo.u32 %a1, %a0, %a0;
  st.param.b32 [r], %a1; ret;
}
)" + std::string(kHead) + R"(
  and.b32 %r1, %r0, 1; setp.eq.u32 %q0, %r1, 0;
  mov.u64 %p3, twice; mov.u64 %p4, square; selp.b64 %p5, %p3, %p4, %q0;
  { .param .b32 x; .param .b32 y; st.param.b32 [x], %r0;
    proto: .callprototype (.param .b32 _) _ (.param .b32 _);
    call (y), %p5, (x), proto; ld.param.b32 %r9, [y]; }
)" + kStore,
                                        32);
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(out[i], i % 2 ? i * i : 2 * i);
}

/// Lanes of one warp take a lock one after the other: those that spin have to
/// let the holder run.
TEST(DivergenceTest, SpinLockTerminates) {
  for (uint64_t seed : {0, 1, 2}) {
    std::vector<uint32_t> out = runKernel(std::string(kHead) + R"(
  ld.param.u64 %p0, [out];
AGAIN:
  atom.global.cas.b32 %r1, [%p0], 0, 1;
  setp.ne.u32 %q0, %r1, 0;
  @%q0 bra AGAIN;
  ld.volatile.global.u32 %r2, [%p0+4];
  add.u32 %r2, %r2, 1;
  st.volatile.global.u32 [%p0+4], %r2;
  membar.gl;
  atom.global.exch.b32 %r3, [%p0], 0;
  ret;
})",
                                          64, seed);
    EXPECT_EQ(out[1], 64u);
  }
}

/// Blocks that wait until all of them have arrived.
TEST(DivergenceTest, GridBarrier) {
  for (unsigned threads : {1u, 2u}) {
    TestDevice t;
    t.device->settings.threads = threads;
    t.device->settings.timeoutSeconds = 60;
    ASSERT_TRUE(t.load(TestDevice::moduleText(R"(
.visible .entry k(.param .u64 out) {
  .reg .b32 %r<8>; .reg .b64 %p<4>; .reg .pred %q<2>;
  ld.param.u64 %p0, [out]; mov.u32 %r0, %tid.x; setp.eq.u32 %q0, %r0, 0;
  mov.u32 %r1, %nctaid.x;
  @!%q0 bra WAIT;
  membar.gl;
  atom.global.add.u32 %r2, [%p0], 1;
L: ld.volatile.global.u32 %r3, [%p0]; setp.lt.u32 %q1, %r3, %r1; @%q1 bra L;
WAIT: bar.sync 0;
  ld.global.u32 %r4, [%p0];
  mov.u32 %r5, %ctaid.x; mul.wide.u32 %p1, %r5, 4; add.s64 %p2, %p0, %p1;
  @%q0 st.global.u32 [%p2+4], %r4;
  ret;
})"))) << t.error;
    uint64_t out = t.upload(std::vector<uint32_t>(9));
    ASSERT_EQ(t.run("k", {out}, 64, 8), Device::LaunchResult::Done)
        << t.fault.text();
    for (uint32_t v : t.download<uint32_t>(out, 9))
      EXPECT_EQ(v, 8u);
  }
}

TEST(DivergenceTest, NamedBarriersAndReduction) {
  // Producer warps arrive, consumers wait; then a vote of the block.
  for (uint64_t seed : {0, 3}) {
    std::vector<uint32_t> out = runKernel(R"(
.shared .align 4 .b32 s[64];
)" + std::string(kHead) + R"(
  mov.u32 %r1, s; shl.b32 %r2, %r0, 2;
  setp.lt.u32 %q0, %r0, 64;
  @!%q0 bra CONSUMER;
  add.u32 %r3, %r1, %r2; st.shared.u32 [%r3], %r0;
  bar.arrive 1, 128;
  mov.u32 %r9, 0;
  bra JOIN;
CONSUMER:
  bar.sync 1, 128;
  add.u32 %r3, %r1, %r2; ld.shared.u32 %r9, [%r3-256];
JOIN:
  setp.ge.u32 %q1, %r0, 100;
  bar.red.popc.u32 %r4, 0, %q1;
  add.u32 %r9, %r9, %r4;
)" + kStore,
                                          128, seed);
    for (uint32_t i = 0; i < 128; ++i)
      EXPECT_EQ(out[i], (i < 64 ? 0 : i - 64) + 28);
  }
}

} // namespace
