//===- ClusterTest.cpp - mbarrier objects, clusters of blocks -------------===//

#include "TestDevice.h"

using namespace raddle::vgpu;

namespace {

constexpr const char *kGpu = "h100-sxm5";

struct Case {
  const char *name;
  FaultClass expected;       // None: runs clean
  std::vector<uint32_t> out; // of the first threads; empty: not looked at
  const char *body;          // after the declarations below
  unsigned blocks = 1;
};

/// 64 threads: %q0 is warp 0, %q1 thread 0; an mbarrier of `count` arrivals at
/// %r10 and another of one at %r11, ready for all.
std::string moduleFor(const Case &c, unsigned count = 32) {
  std::string cluster =
      c.blocks > 1 ? ".reqnctapercluster " + std::to_string(c.blocks) + ", 1, 1"
                   : "";
  return TestDevice::moduleText(R"(
.shared .align 16 .b8 s[1024];
.shared .align 8 .b64 bars[2];
.visible .entry k(.param .u64 in, .param .u64 out) )" +
                                    cluster + R"( {
  .reg .b32 %r<32>; .reg .b64 %p<8>; .reg .pred %q<8>;
  ld.param.u64 %p6, [in];
  ld.param.u64 %p0, [out];
  mov.u32 %r0, %tid.x;
  mov.u32 %r30, %ctaid.x;
  mad.lo.u32 %r31, %r30, 64, %r0;
  mul.wide.u32 %p1, %r31, 4;
  add.s64 %p2, %p0, %p1;       // out + 4 * thread of the grid
  add.s64 %p7, %p6, %p1;
  shl.b32 %r1, %r0, 2;
  mov.u32 %r2, s;
  add.u32 %r3, %r2, %r1;       // s + 4 * thread
  mov.u32 %r10, bars;
  add.u32 %r11, %r10, 8;
  setp.lt.u32 %q0, %r0, 32;
  setp.eq.u32 %q1, %r0, 0;
  @%q1 mbarrier.init.shared::cta.b64 [%r10], )" +
                                    std::to_string(count) + R"(;
  @%q1 mbarrier.init.shared::cta.b64 [%r11], 1;
  bar.sync 0;
)" + c.body + "\n}\n",
                                "sm_90");
}

const Case kCases[] = {
    {"ArrivalsReleaseAWarp",
     FaultClass::None,
     {31, 30, 29},
     "@!%q0 bra C;"
     "st.shared.u32 [%r3], %r0; mbarrier.arrive.shared::cta.b64 _, [%r10]; ret;"
     "C: W: mbarrier.try_wait.parity.shared::cta.b64 %q2, [%r10], 0;"
     "@!%q2 bra W;"
     "sub.u32 %r4, 63, %r0; shl.b32 %r4, %r4, 2; add.u32 %r4, %r4, %r2;"
     "ld.shared.u32 %r5, [%r4]; st.global.u32 [%p2-128], %r5; ret;"},
    {"WithoutTheWait",
     FaultClass::RaceShared,
     {},
     "@!%q0 bra C;"
     "st.shared.u32 [%r3], %r0; mbarrier.arrive.shared::cta.b64 _, [%r10]; ret;"
     "C: sub.u32 %r4, 63, %r0; shl.b32 %r4, %r4, 2; add.u32 %r4, %r4, %r2;"
     "ld.shared.u32 %r5, [%r4]; ret;"},
    {"RelaxedArrivalsReleaseNothing",
     FaultClass::RaceShared,
     {},
     "@!%q0 bra C; st.shared.u32 [%r3], %r0;"
     "mbarrier.arrive.expect_tx.relaxed.cta.shared::cta.b64 _, [%r10], 0; ret;"
     "C: W: mbarrier.try_wait.parity.shared::cta.b64 %q2, [%r10], 0;"
     "@!%q2 bra W; ld.shared.u32 %r5, [%r3-128]; ret;"},
    // One lane's arrival releases what that lane did ...
    {"ElectedLaneArrivesForAll",
     FaultClass::RaceShared,
     {},
     "@!%q0 bra C; st.shared.u32 [%r3], %r0;"
     "@%q1 mbarrier.arrive.shared::cta.b64 _, [%r11]; ret;"
     "C: W: mbarrier.try_wait.parity.shared::cta.b64 %q2, [%r11], 0;"
     "@!%q2 bra W; ld.shared.u32 %r5, [%r3-128]; ret;"},
    // ... and what was ordered before by a barrier of the warp.
    {"ElectedLaneAfterWarpBarrier",
     FaultClass::None,
     {0, 1, 2},
     "@!%q0 bra C; st.shared.u32 [%r3], %r0; bar.warp.sync 0xffffffff;"
     "@%q1 mbarrier.arrive.shared::cta.b64 _, [%r11]; ret;"
     "C: W: mbarrier.try_wait.parity.shared::cta.b64 %q2, [%r11], 0;"
     "@!%q2 bra W; ld.shared.u32 %r5, [%r3-128]; st.global.u32 [%p2-128], %r5;"
     "ret;"},
    {"WritesAfterTheArrival",
     FaultClass::RaceShared,
     {},
     "@!%q0 bra C; bar.warp.sync 0xffffffff;"
     "@%q1 mbarrier.arrive.shared::cta.b64 _, [%r11];"
     "st.shared.u32 [%r3], %r0; ret;"
     "C: W: mbarrier.try_wait.parity.shared::cta.b64 %q2, [%r11], 0;"
     "@!%q2 bra W; ld.shared.u32 %r5, [%r3-128]; ret;"},
    {"LanesOfOneWarp",
     FaultClass::None,
     {31, 30},
     "@!%q0 ret; st.shared.u32 [%r3], %r0;"
     "mbarrier.arrive.shared::cta.b64 %p3, [%r10];"
     "W: mbarrier.test_wait.shared::cta.b64 %q2, [%r10], %p3; @!%q2 bra W;"
     "sub.u32 %r4, 31, %r0; shl.b32 %r4, %r4, 2; add.u32 %r4, %r4, %r2;"
     "ld.shared.u32 %r5, [%r4]; st.global.u32 [%p2], %r5; ret;"},
    {"PendingCounts",
     FaultClass::None,
     {32, 31, 30},
     "@!%q0 ret; mbarrier.arrive.shared::cta.b64 %p3, [%r10];"
     "mbarrier.pending_count.b64 %r4, %p3; st.global.u32 [%p2], %r4; ret;"},
    {"SecondPhaseHasTheOtherParity",
     FaultClass::None,
     {1, 0, 2},
     "@!%q1 ret;"
     "mbarrier.arrive.shared::cta.b64 _, [%r11];"
     "mbarrier.test_wait.parity.shared::cta.b64 %q2, [%r11], 0;"
     "mbarrier.test_wait.parity.shared::cta.b64 %q3, [%r11], 1;"
     "selp.u32 %r4, 1, 0, %q2; st.global.u32 [%p2], %r4;"
     // Parity 1 is that of the phase before the first one, long completed.
     "mbarrier.arrive.shared::cta.b64 _, [%r11];"
     "mbarrier.test_wait.parity.shared::cta.b64 %q2, [%r11], 0;"
     "mbarrier.test_wait.parity.shared::cta.b64 %q4, [%r11], 1;"
     "selp.u32 %r4, 1, 0, %q2; st.global.u32 [%p2+4], %r4;"
     "selp.u32 %r4, 2, 0, %q4; st.global.u32 [%p2+8], %r4; ret;"},
    {"BytesHoldThePhase",
     FaultClass::None,
     {0, 1},
     "@!%q1 ret;"
     "mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r11], 16;"
     "mbarrier.complete_tx.relaxed.cta.shared::cta.b64 [%r11], 12;"
     "mbarrier.test_wait.parity.shared::cta.b64 %q2, [%r11], 0;"
     "selp.u32 %r4, 1, 0, %q2; st.global.u32 [%p2], %r4;"
     "mbarrier.complete_tx.relaxed.cta.shared::cta.b64 [%r11], 4;"
     "mbarrier.test_wait.parity.shared::cta.b64 %q2, [%r11], 0;"
     "selp.u32 %r4, 1, 0, %q2; st.global.u32 [%p2+4], %r4; ret;"},
    {"DroppedThreadsAreNotExpected",
     FaultClass::None,
     {1},
     // 31 arrive and one drops; then 31 complete the next phase.
     "@!%q0 ret; setp.eq.u32 %q3, %r0, 7;"
     "@%q3 mbarrier.arrive_drop.shared::cta.b64 _, [%r10];"
     "@!%q3 mbarrier.arrive.shared::cta.b64 _, [%r10];"
     "@!%q3 mbarrier.arrive.shared::cta.b64 _, [%r10];"
     "bar.warp.sync 0xffffffff;"
     "mbarrier.test_wait.parity.shared::cta.b64 %q2, [%r10], 1;"
     "selp.u32 %r4, 1, 0, %q2; @%q1 st.global.u32 [%p2], %r4; ret;"},
    {"CopiesArrive",
     FaultClass::None,
     {0, 10, 20},
     "@!%q0 bra C; cp.async.ca.shared.global [%r3], [%p7], 4;"
     "cp.async.mbarrier.arrive.noinc.shared::cta.b64 [%r10]; ret;"
     "C: W: mbarrier.try_wait.parity.shared::cta.b64 %q2, [%r10], 0;"
     "@!%q2 bra W; ld.shared.u32 %r5, [%r3-128]; st.global.u32 [%p2-128], %r5;"
     "ret;"},
    // Misuse.
    {"NotInitialised",
     FaultClass::BadMbarrier,
     {},
     "@%q1 mbarrier.arrive.shared::cta.b64 _, [%r2]; ret;"},
    {"TooManyArrivals",
     FaultClass::BadMbarrier,
     {},
     "@%q1 mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r11], 4;"
     "@%q1 mbarrier.arrive.shared::cta.b64 _, [%r11]; ret;"},
    {"Overwritten",
     FaultClass::BadMbarrier,
     {},
     "@%q1 st.shared.u32 [%r11], 5;"
     "@%q1 mbarrier.arrive.shared::cta.b64 _, [%r11]; ret;"},
    {"Invalidated",
     FaultClass::BadMbarrier,
     {},
     "@%q1 mbarrier.inval.shared::cta.b64 [%r11];"
     "@%q1 mbarrier.arrive.shared::cta.b64 _, [%r11]; ret;"},
    {"NoComplete",
     FaultClass::BadMbarrier,
     {},
     "@%q1 mbarrier.arrive.noComplete.shared::cta.b64 %p3, [%r11], 1; ret;"},
    {"NoCompleteOfMany",
     FaultClass::None,
     {},
     "@%q1 mbarrier.arrive.noComplete.shared::cta.b64 %p3, [%r10], 3; ret;"},
    {"ObjectMisaligned",
     FaultClass::Misaligned,
     {},
     "@%q1 mbarrier.arrive.shared::cta.b64 _, [%r11+4]; ret;"},
    {"ParityOfTwo",
     FaultClass::BadOperand,
     {},
     "mbarrier.test_wait.parity.shared::cta.b64 %q2, [%r11], 2; ret;"},

    // Vectors of atomic operations, aligned as a whole.
    {"AtomicVector",
     FaultClass::None,
     {0, 0, 0x40400000, 0x40800000},
     "@!%q1 ret; mov.b32 %r4, 0f3f800000; mov.b32 %r5, 0f40000000;"
     "red.global.add.v2.f32 [%p0+8], {%r4, %r5};"
     "atom.global.add.v2.f32 {%r6, %r7}, [%p0+8], {%r5, %r5};"
     "setp.ne.u32 %q3, %r6, %r4; @%q3 trap; setp.ne.u32 %q3, %r7, %r5;"
     "@%q3 trap; ret;"},
    {"AtomicVectorMisaligned",
     FaultClass::Misaligned,
     {},
     "mov.b32 %r4, 0; red.global.add.v2.f32 [%p0+4], {%r4, %r4}; ret;"},

    // Clusters.
    {"OtherBlocksMemory",
     FaultClass::None,
     {101, 101},
     "mov.u32 %r4, %cluster_ctarank; add.u32 %r5, %r4, 100;"
     "st.shared.u32 [%r3], %r5; barrier.cluster.arrive; barrier.cluster.wait;"
     "xor.b32 %r6, %r4, 1; mapa.shared::cluster.u32 %r7, %r3, %r6;"
     "ld.shared::cluster.u32 %r8, [%r7]; st.global.u32 [%p2], %r8;"
     "barrier.cluster.arrive; barrier.cluster.wait; ret;",
     2},
    {"OtherBlocksMemoryGeneric",
     FaultClass::None,
     {101, 101},
     "mov.u32 %r4, %cluster_ctarank; add.u32 %r5, %r4, 100;"
     "st.shared.u32 [%r3], %r5;"
     "barrier.cluster.arrive.aligned; barrier.cluster.wait.aligned;"
     "xor.b32 %r6, %r4, 1; cvt.u64.u32 %p3, %r3; cvta.shared.u64 %p4, %p3;"
     "mapa.u64 %p5, %p4, %r6; ld.u32 %r8, [%p5]; st.global.u32 [%p2], %r8;"
     "barrier.cluster.arrive; barrier.cluster.wait; ret;",
     2},
    {"RankOfAnAddress",
     FaultClass::None,
     {1, 1},
     "mov.u32 %r4, %cluster_ctarank; xor.b32 %r6, %r4, 1;"
     "mapa.shared::cluster.u32 %r7, %r3, %r6;"
     "getctarank.shared::cluster.u32 %r8, %r7; st.global.u32 [%p2], %r8; ret;",
     2},
    {"AtomicsInTheOtherBlock",
     FaultClass::None,
     {64},
     "@%q1 st.shared.u32 [%r2], 0; barrier.cluster.arrive;"
     "barrier.cluster.wait; mov.u32 %r4, %cluster_ctarank;"
     "xor.b32 %r6, %r4, 1; mapa.shared::cluster.u32 %r7, %r2, %r6;"
     "atom.shared::cluster.add.u32 %r8, [%r7], 1;"
     "barrier.cluster.arrive; barrier.cluster.wait;"
     "ld.shared.u32 %r9, [%r2]; st.global.u32 [%p2], %r9; ret;",
     2},
    {"RemoteArrival",
     FaultClass::None,
     {},
     "barrier.cluster.arrive; barrier.cluster.wait;"
     "mov.u32 %r4, %cluster_ctarank; setp.eq.u32 %q3, %r4, 0; @%q3 bra C;"
     "mapa.shared::cluster.u32 %r7, %r11, 0;"
     "@%q1 mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%r7]; bra E;"
     "C: W: mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 %q2,"
     " [%r11], 0; @!%q2 bra W;"
     "E: barrier.cluster.arrive; barrier.cluster.wait; ret;",
     2},
    {"SpecialRegisters",
     FaultClass::None,
     {1302},
     "mov.u32 %r4, %cluster_nctarank; mad.lo.u32 %r4, %r4, 650, 0;"
     "mov.u32 %r5, %nclusterid.x; add.u32 %r4, %r4, %r5;"
     "mov.u32 %r5, %cluster_nctaid.y; add.u32 %r4, %r4, %r5;"
     "mov.u32 %r5, %cluster_ctaid.x; add.u32 %r4, %r4, %r5;"
     "st.global.u32 [%p2], %r4; ret;",
     2},
    {"WaitWithoutArrival",
     FaultClass::BarrierCount,
     {},
     "barrier.cluster.wait; ret;",
     2},
    {"ArrivesTwice",
     FaultClass::BarrierCount,
     {},
     "barrier.cluster.arrive; barrier.cluster.arrive; ret;",
     2},
    {"BlockNeverArrives",
     FaultClass::DivergentBarrier,
     {},
     "mov.u32 %r4, %cluster_ctarank; setp.eq.u32 %q3, %r4, 0;"
     "@%q3 barrier.cluster.arrive; @%q3 barrier.cluster.wait;"
     "@%q3 ret; @%q0 bar.sync 1, 64; ret;",
     2},
    {"NoSuchBlock",
     FaultClass::BadOperand,
     {},
     "mapa.shared::cluster.u32 %r7, %r3, 2; ret;",
     2},
    {"OutsideOfTheOtherBlock",
     FaultClass::OutOfBounds,
     {},
     "mapa.shared::cluster.u32 %r7, %r3, 1;"
     "ld.shared::cluster.u32 %r8, [%r7+4096];"
     "barrier.cluster.arrive; barrier.cluster.wait; ret;",
     2},
    {"OtherBlockHasExited",
     FaultClass::OutOfBounds,
     {},
     "mov.u32 %r4, %cluster_ctarank; setp.eq.u32 %q3, %r4, 0; @%q3 ret;"
     "mov.u32 %r9, 0; L: add.u32 %r9, %r9, 1; setp.lt.u32 %q4, %r9, 200000;"
     "@%q4 bra L; mapa.shared::cluster.u32 %r7, %r3, 0;"
     "ld.shared::cluster.u32 %r8, [%r7]; ret;",
     2},
};

class ClusterTest : public ::testing::TestWithParam<Case> {};

TEST_P(ClusterTest, RunsOrFaults) {
  const Case &c = GetParam();
  for (uint64_t seed : {0, 1, 2, 3}) {
    TestDevice t(kGpu, "all");
    t.device->settings.seed = seed;
    t.device->settings.timeoutSeconds = 20;
    ASSERT_TRUE(t.load(moduleFor(c))) << t.error;
    std::vector<uint32_t> in(64 * c.blocks);
    for (size_t i = 0; i < in.size(); ++i)
      in[i] = static_cast<uint32_t>(10 * i);
    std::vector<uint32_t> zeros(64 * c.blocks);
    const uint64_t out = t.upload(zeros);
    const auto result = t.run("k", {t.upload(in), out}, 64, c.blocks);
    ASSERT_NE(result, Device::LaunchResult::Invalid) << t.error;
    EXPECT_EQ(t.fault.faultClass, c.expected)
        << "seed " << seed << ": " << t.fault.text();
    if (c.expected != FaultClass::None)
      continue;
    std::vector<uint32_t> found = t.download<uint32_t>(out, zeros.size());
    found.resize(c.out.size());
    EXPECT_EQ(found, c.out) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, ClusterTest, ::testing::ValuesIn(kCases),
                         [](const auto &info) { return info.param.name; });

TEST(ClusterLaunch, GridsAndLimits) {
  const Case c{"", FaultClass::None, {}, "ret;", 1};
  TestDevice t(kGpu);
  ASSERT_TRUE(t.load(moduleFor(c))) << t.error;
  const Kernel &kernel = *t.module->kernels.find("k")->second;
  LaunchDimensions dims;
  dims.grid[0] = 6;
  dims.block[0] = 64;
  dims.cluster[0] = 4;
  dims.cluster[1] = dims.cluster[2] = 1;
  const uint64_t args[2] = {t.allocate(4096), t.allocate(4096)};
  EXPECT_EQ(t.device->launch(kernel, dims, args, 16, t.error, t.fault),
            Device::LaunchResult::Invalid);
  EXPECT_NE(t.error.find("not a multiple"), std::string::npos) << t.error;
  dims.grid[0] = 8;
  EXPECT_EQ(t.device->launch(kernel, dims, args, 16, t.error, t.fault),
            Device::LaunchResult::Done);
  dims.grid[0] = dims.cluster[0] = 17;
  EXPECT_EQ(t.device->launch(kernel, dims, args, 16, t.error, t.fault),
            Device::LaunchResult::Invalid);
}

/// Clusters of a grid in two dimensions: every block has its place.
TEST(ClusterLaunch, PlacesOfBlocks) {
  for (unsigned threads : {1u, 3u}) {
    TestDevice t(kGpu, "all");
    t.device->settings.threads = threads;
    ASSERT_TRUE(t.load(TestDevice::moduleText(R"(
.visible .entry k(.param .u64 out) .reqnctapercluster 2, 2, 1 {
  .reg .b32 %r<9>; .reg .b64 %p<3>;
  ld.param.u64 %p0, [out];
  mov.u32 %r0, %ctaid.x; mov.u32 %r1, %ctaid.y; mad.lo.u32 %r2, %r1, 4, %r0;
  mul.wide.u32 %p1, %r2, 4; add.s64 %p2, %p0, %p1;
  mov.u32 %r3, %cluster_ctarank; mov.u32 %r4, %clusterid.x;
  mov.u32 %r5, %clusterid.y; mad.lo.u32 %r3, %r4, 10, %r3;
  mad.lo.u32 %r3, %r5, 100, %r3; st.global.u32 [%p2], %r3; ret;
})",
                                              "sm_90")))
        << t.error;
    const Kernel &kernel = *t.module->kernels.find("k")->second;
    LaunchDimensions dims;
    dims.grid[0] = 4;
    dims.grid[1] = 2;
    dims.block[0] = 1;
    const uint64_t out = t.allocate(32);
    ASSERT_EQ(t.device->launch(kernel, dims, &out, 8, t.error, t.fault),
              Device::LaunchResult::Done)
        << t.error << t.fault.text();
    EXPECT_EQ(t.download<uint32_t>(out, 8),
              (std::vector<uint32_t>{0, 1, 10, 11, 2, 3, 12, 13}));
  }
}

} // namespace
