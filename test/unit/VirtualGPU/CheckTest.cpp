//===- CheckTest.cpp - Every fault, and its near misses -------------------===//
//
// Each class of fault has a kernel that must report it and one that differs in
// a token and must not.
//
//===----------------------------------------------------------------------===//

#include "TestDevice.h"

using namespace raddle::vgpu;

namespace {

struct Case {
  const char *name;
  const char *checks;
  FaultClass expected; // None: runs clean
  const char *body;    // after the declarations below
  uint32_t threads = 64;
};

const char *const kHead = R"(
.shared .align 16 .b8 s[1024];
.visible .entry k(.param .u64 out) {
  .reg .b32 %r<16>; .reg .b64 %p<8>; .reg .pred %q<4>; .reg .f32 %f<4>;
  .reg .b16 %h<4>;
  ld.param.u64 %p0, [out];
  mov.u32 %r0, %tid.x;
  mul.wide.u32 %p1, %r0, 4;
  add.s64 %p2, %p0, %p1;       // out + 4 * thread, 64 words
  shl.b32 %r1, %r0, 2;
  mov.u32 %r2, s;
  add.u32 %r3, %r2, %r1;       // s + 4 * thread
)";

const Case kCases[] = {
    // Bounds and alignment are always checked.
    {"GlobalInBounds", "none", FaultClass::None,
     "st.global.u32 [%p2], %r0; ret;"},
    {"GlobalOneWordBeyond", "none", FaultClass::OutOfBounds,
     "st.global.u32 [%p2+4], %r0; ret;"},
    {"GlobalBefore", "none", FaultClass::OutOfBounds,
     "ld.global.u32 %r4, [%p2-4]; ret;"},
    {"GlobalMisaligned", "none", FaultClass::Misaligned,
     "ld.global.u32 %r4, [%p0+2]; ret;"},
    {"GlobalHalfAtTwo", "none", FaultClass::None,
     "ld.global.u16 %h0, [%p0+2]; ret;"},
    {"GlobalVectorMisaligned", "none", FaultClass::Misaligned,
     "ld.global.v2.u32 {%r4, %r5}, [%p0+4]; ret;"},
    {"GlobalMaskedOff", "none", FaultClass::None,
     "setp.lt.u32 %q0, %r0, 63; @%q0 st.global.u32 [%p2+4], %r0; ret;"},
    {"GenericNull", "none", FaultClass::OutOfBounds,
     "mov.u64 %p3, 0; ld.u32 %r4, [%p3]; ret;"},
    {"SharedInBounds", "none", FaultClass::None,
     "st.shared.u32 [%r2+1020], %r0; ret;"},
    {"SharedBeyond", "none", FaultClass::OutOfBounds,
     "st.shared.u32 [%r2+1024], %r0; ret;"},
    {"SharedMisaligned", "none", FaultClass::Misaligned,
     "ld.shared.v4.u32 {%r4,%r5,%r6,%r7}, [%r2+8]; ret;"},
    {"GenericSharedBeyond", "none", FaultClass::OutOfBounds,
     "cvt.u64.u32 %p3, %r2; cvta.shared.u64 %p4, %p3; st.u32 [%p4+1024], %r0;"
     " ret;"},
    {"Trap", "none", FaultClass::Trap, "trap;"},

    // Definedness.
    {"UndefinedAddress", "init", FaultClass::Uninitialized,
     "add.s64 %p3, %p2, %p7; ld.global.u32 %r4, [%p3]; ret;"},
    {"UndefinedBranch", "init", FaultClass::Uninitialized,
     "setp.eq.u32 %q0, %r9, 3; @%q0 bra L; L: ret;"},
    {"DefinedBranch", "init", FaultClass::None,
     "setp.eq.u32 %q0, %r0, 3; @%q0 bra L; L: ret;"},
    {"UndefinedIsOnlyCopied", "init", FaultClass::None,
     "mov.u32 %r4, %r9; st.shared.u32 [%r3], %r4; ret;"},
    {"UndefinedSharedDecides", "init", FaultClass::Uninitialized,
     "ld.shared.u32 %r4, [%r3]; setp.eq.u32 %q0, %r4, 0; @%q0 bra L; L: ret;"},
    {"DefinedSharedDecides", "init", FaultClass::None,
     "st.shared.u32 [%r3], %r0; ld.shared.u32 %r4, [%r3];"
     "setp.eq.u32 %q0, %r4, 0; @%q0 bra L; L: ret;"},
    {"MaskedBitsAreDefined", "init", FaultClass::None,
     "and.b32 %r4, %r9, 0; setp.eq.u32 %q0, %r4, 0; @%q0 bra L; L: ret;"},
    {"UnmaskedBitsAreNot", "init", FaultClass::Uninitialized,
     "and.b32 %r4, %r9, 1; setp.eq.u32 %q0, %r4, 0; @%q0 bra L; L: ret;"},
    {"HalfOfARegister", "init", FaultClass::None,
     "mov.b16 %h0, 7; mov.b32 %r4, {%h0, %h1}; mov.b32 {%h2, _}, %r4;"
     "setp.eq.s16 %q0, %h2, 7; @%q0 bra L; L: ret;"},
    {"OtherHalfOfARegister", "init", FaultClass::Uninitialized,
     "mov.b16 %h0, 7; mov.b32 %r4, {%h0, %h1}; mov.b32 {_, %h2}, %r4;"
     "setp.eq.s16 %q0, %h2, 7; @%q0 bra L; L: ret;"},
    {"GuardedDefinition", "init", FaultClass::None,
     "setp.lt.u32 %q0, %r0, 3; mov.u32 %r4, 0; @%q0 mov.u32 %r4, %r0;"
     "setp.eq.u32 %q1, %r4, 0; @%q1 bra L; L: ret;"},
    {"PartlyDefined", "init", FaultClass::Uninitialized,
     "setp.lt.u32 %q0, %r0, 3; @%q0 mov.u32 %r4, %r0;"
     "setp.eq.u32 %q1, %r4, 0; @%q1 bra L; L: ret;"},

    // Races.
    {"WarpsStoreTheSameValue", "race", FaultClass::None,
     "st.shared.u32 [%r2], 7; ret;"},
    {"WarpsStoreTheirOwnValue", "race", FaultClass::RaceShared,
     "st.shared.u32 [%r2], %r0; ret;"},
    {"TwoStoresOfTheSameValue", "race", FaultClass::RaceShared,
     "setp.lt.u32 %q0, %r0, 32; @%q0 st.shared.u32 [%r2], 7;\n"
     "@!%q0 st.shared.u32 [%r2], 7; ret;"},
    {"ReadAfterWriteNoBarrier", "race", FaultClass::RaceShared,
     "st.shared.u32 [%r3], %r0; xor.b32 %r4, %r1, 128; add.u32 %r5, %r2, %r4;"
     "ld.shared.u32 %r6, [%r5]; ret;"},
    {"ReadAfterWriteBarrier", "race", FaultClass::None,
     "st.shared.u32 [%r3], %r0; xor.b32 %r4, %r1, 128; add.u32 %r5, %r2, %r4;"
     "bar.sync 0; ld.shared.u32 %r6, [%r5]; ret;"},
    {"WriteAfterReadNoBarrier", "race", FaultClass::RaceShared,
     "xor.b32 %r4, %r1, 128; add.u32 %r5, %r2, %r4; ld.shared.u32 %r6, [%r5];"
     "st.shared.u32 [%r3], %r0; ret;"},
    {"WriteAfterReadBarrier", "race", FaultClass::None,
     "xor.b32 %r4, %r1, 128; add.u32 %r5, %r2, %r4; ld.shared.u32 %r6, [%r5];"
     "bar.sync 0; st.shared.u32 [%r3], %r0; ret;"},
    {"WriteWriteDifferent", "race", FaultClass::RaceShared,
     "st.shared.u32 [%r2], %r0; ret;"},
    {"WriteWriteSameInWarp", "race", FaultClass::None,
     "mov.u32 %r4, 5; st.shared.u32 [%r2], %r4; ret;", 32},
    {"NeighbouringBytes", "race", FaultClass::None,
     "add.u32 %r4, %r2, %r0; mov.b16 %h0, 1; st.shared.u8 [%r4], %h0; ret;"},
    {"LanesOfAWarp", "race", FaultClass::RaceShared,
     "st.shared.u32 [%r3], %r0; xor.b32 %r4, %r1, 4; add.u32 %r5, %r2, %r4;"
     "ld.shared.u32 %r6, [%r5]; ret;"},
    {"LanesOfAWarpSynced", "race", FaultClass::None,
     "st.shared.u32 [%r3], %r0; xor.b32 %r4, %r1, 4; add.u32 %r5, %r2, %r4;"
     "bar.warp.sync -1; ld.shared.u32 %r6, [%r5]; ret;"},
    {"Atomics", "race", FaultClass::None,
     "atom.shared.add.u32 %r4, [%r2], 1; ret;"},
    {"AtomicAndPlain", "race", FaultClass::RaceShared,
     "atom.shared.add.u32 %r4, [%r2], 1; ld.shared.u32 %r5, [%r2]; ret;"},
    {"NamedBarrierOfHalf", "race", FaultClass::RaceShared,
     "st.shared.u32 [%r3], %r0; shr.u32 %r4, %r0, 5; add.u32 %r4, %r4, 1;"
     "bar.sync %r4, 32; xor.b32 %r5, %r1, 128; add.u32 %r6, %r2, %r5;"
     "ld.shared.u32 %r7, [%r6]; ret;"},
    {"AsyncCopyNotWaited", "race", FaultClass::RaceShared,
     "cp.async.ca.shared.global [%r3], [%p2], 4; cp.async.commit_group;"
     "ld.shared.u32 %r4, [%r3]; cp.async.wait_all; ret;"},
    {"AsyncCopyWaited", "race", FaultClass::None,
     "cp.async.ca.shared.global [%r3], [%p2], 4; cp.async.commit_group;"
     "cp.async.wait_group 0; ld.shared.u32 %r4, [%r3]; ret;"},
    {"AsyncCopyNewestGroupPending", "race", FaultClass::RaceShared,
     "cp.async.ca.shared.global [%r3], [%p2], 4; cp.async.commit_group;"
     "cp.async.wait_group 1; ld.shared.u32 %r4, [%r3]; ret;"},
    {"AsyncCopyOtherThread", "race", FaultClass::RaceShared,
     "cp.async.ca.shared.global [%r3], [%p2], 4; cp.async.wait_all;"
     "xor.b32 %r4, %r1, 128; add.u32 %r5, %r2, %r4;"
     "ld.shared.u32 %r6, [%r5]; ret;"},
    {"AsyncCopyOtherThreadBarrier", "race", FaultClass::None,
     "cp.async.ca.shared.global [%r3], [%p2], 4; cp.async.wait_all;"
     "bar.sync 0; xor.b32 %r4, %r1, 128; add.u32 %r5, %r2, %r4;"
     "ld.shared.u32 %r6, [%r5]; ret;"},
    {"AsyncCopyOverPendingRead", "race", FaultClass::RaceShared,
     "xor.b32 %r4, %r1, 128; add.u32 %r5, %r2, %r4; ld.shared.u32 %r6, [%r5];"
     "cp.async.ca.shared.global [%r3], [%p2], 4; cp.async.wait_all; ret;"},

    // Barriers and masks.
    {"BarrierOfOneWarp", "none", FaultClass::DivergentBarrier,
     "setp.lt.u32 %q0, %r0, 32; @%q0 bar.sync 0, 64; ret;"},
    {"BarrierOfBothWarps", "none", FaultClass::None, "bar.sync 0, 64; ret;"},
    {"BarrierDivergentInWarp", "none", FaultClass::DivergentBarrier,
     "and.b32 %r4, %r0, 1; setp.eq.u32 %q0, %r4, 0; @%q0 bra L; bar.sync 0;"
     "ret; L: bar.sync 0; ret;"},
    {"BarrierAfterReconvergence", "none", FaultClass::None,
     "and.b32 %r4, %r0, 1; setp.eq.u32 %q0, %r4, 0; @%q0 bra L;"
     "add.u32 %r5, %r0, 1; L: bar.sync 0; ret;"},
    {"BarrierAfterExit", "sync", FaultClass::DivergentBarrier,
     "setp.lt.u32 %q0, %r0, 32; @%q0 ret; bar.sync 0; ret;"},
    {"BarrierAfterExitUnchecked", "none", FaultClass::None,
     "setp.lt.u32 %q0, %r0, 32; @%q0 ret; bar.sync 0; ret;"},
    {"BarrierCountNotOfWarps", "none", FaultClass::BarrierCount,
     "bar.sync 0, 33; ret;"},
    {"BarrierCountsDiffer", "none", FaultClass::BarrierCount,
     "setp.lt.u32 %q0, %r0, 32; @%q0 bar.sync 1, 64; @!%q0 bar.sync 1, 96;"
     "ret;",
     96},
    {"BarrierNumber", "none", FaultClass::BarrierCount, "bar.sync 16; ret;"},
    {"ShflFromInactive", "none", FaultClass::BadMask,
     "setp.lt.u32 %q0, %r0, 16; @!%q0 bra L;"
     "shfl.sync.idx.b32 %r4, %r0, 20, 31, 0xffff; L: ret;",
     32},
    {"ShflFromActive", "none", FaultClass::None,
     "setp.lt.u32 %q0, %r0, 16; @!%q0 bra L;"
     "shfl.sync.idx.b32 %r4, %r0, 12, 31, 0xffff; L: ret;",
     32},
    {"MaskNeverArrives", "none", FaultClass::BadMask,
     "setp.lt.u32 %q0, %r0, 16; @!%q0 bra L;"
     "shfl.sync.idx.b32 %r4, %r0, 12, 31, 0xffffffff; bra M;"
     "L: bar.warp.sync 0xffffffff; M: ret;",
     32},
    {"NotInMask", "sync", FaultClass::BadMask,
     "vote.sync.ballot.b32 %r4, %q0, 0xffff; ret;", 32},
    {"BrxIndex", "none", FaultClass::BadOperand,
     "ts: .branchtargets A, B; brx.idx %r0, ts; A: ret; B: ret;", 32},
};

class CheckTest : public ::testing::TestWithParam<Case> {};

TEST_P(CheckTest, Reports) {
  const Case &c = GetParam();
  // Seeds change the order of warps, not the finding.
  for (uint64_t seed : {0, 1, 2}) {
    TestDevice t("a100-sxm4-80", c.checks);
    t.device->settings.seed = seed;
    ASSERT_TRUE(
        t.load(TestDevice::moduleText(std::string(kHead) + c.body + "\n}\n")))
        << t.error;
    uint64_t out = t.upload(std::vector<uint32_t>(64));
    Device::LaunchResult r = t.run("k", {out}, c.threads);
    ASSERT_NE(r, Device::LaunchResult::Invalid) << t.error;
    EXPECT_EQ(t.fault.faultClass, c.expected) << t.fault.text();
    if (t.fault) {
      EXPECT_EQ(t.fault.kernel, "k");
      EXPECT_GT(t.fault.ptxLine, 0u);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, CheckTest, ::testing::ValuesIn(kCases),
                         [](const auto &info) {
                           return std::string(info.param.name);
                         });

TEST(FaultTest, NamesThePlace) {
  TestDevice t;
  ASSERT_TRUE(t.load(TestDevice::moduleText(R"(.file 1 "tile.mlir"
.visible .entry store(.param .u64 out) {
  .reg .b32 %r<4>; .reg .b64 %p<4>;
  ld.param.u64 %p0, [out];
  mov.u32 %r0, %tid.x; mov.u32 %r1, %ctaid.x;
  mad.lo.u32 %r0, %r1, 32, %r0;
  mul.wide.u32 %p1, %r0, 4;
  .loc 1 42 7
  add.s64 %p2, %p0, %p1;
  st.global.u32 [%p2], %r0;
  ret;
})"))) << t.error;
  uint64_t out = t.allocate(4 * 70);
  ASSERT_EQ(t.run("store", {out}, 32, 4), Device::LaunchResult::Fault);
  EXPECT_EQ(t.fault.faultClass, FaultClass::OutOfBounds);
  EXPECT_EQ(t.fault.kernel, "store");
  EXPECT_EQ(t.fault.ptxLine, 13u);
  EXPECT_EQ(t.fault.source, "tile.mlir:42:7");
  EXPECT_EQ(t.fault.block[0], 2u);
  EXPECT_EQ(t.fault.thread[0], 6u);
  EXPECT_EQ(t.fault.address, out + 280);
  EXPECT_NE(t.fault.allocation.find("0 bytes after"), std::string::npos)
      << t.fault.allocation;
}

TEST(FaultTest, UseAfterFree) {
  TestDevice t;
  ASSERT_TRUE(t.load(TestDevice::moduleText(R"(
.visible .entry k(.param .u64 out) {
  .reg .b32 %r0; .reg .b64 %p0;
  ld.param.u64 %p0, [out]; ld.global.u32 %r0, [%p0]; ret;
})")));
  uint64_t a = t.allocate(64);
  ASSERT_TRUE(t.device->memory.free(a));
  t.allocate(64);
  ASSERT_EQ(t.run("k", {a}), Device::LaunchResult::Fault);
  EXPECT_EQ(t.fault.faultClass, FaultClass::UseAfterFree);
  bool wasFreed = false;
  EXPECT_FALSE(t.device->memory.free(a, &wasFreed));
  EXPECT_TRUE(wasFreed);
}

TEST(FaultTest, Timeout) {
  TestDevice t;
  ASSERT_TRUE(
      t.load(TestDevice::moduleText(".visible .entry k() {\nL: bra L;\n}\n")));
  t.device->settings.timeoutSeconds = 0.05;
  ASSERT_EQ(t.run("k", {}), Device::LaunchResult::Fault);
  EXPECT_EQ(t.fault.faultClass, FaultClass::Timeout);
}

/// The first block that faults is reported, whatever the number of threads.
TEST(FaultTest, FirstBlockForAnyThreads) {
  for (unsigned threads : {1u, 2u, 5u}) {
    TestDevice t;
    t.device->settings.threads = threads;
    ASSERT_TRUE(t.load(TestDevice::moduleText(R"(
.visible .entry k() {
  .reg .b32 %r0; .reg .pred %q;
  mov.u32 %r0, %ctaid.x; setp.lt.u32 %q, %r0, 11; @%q ret; trap;
})")));
    ASSERT_EQ(t.run("k", {}, 32, 64), Device::LaunchResult::Fault);
    EXPECT_EQ(t.fault.block[0], 11u);
  }
}

} // namespace
