//===- BulkCopyTest.cpp - cp.async.bulk and tensor maps -------------------===//

#include "TestDevice.h"

#include "Exec/TensorMap.h"

#include <numeric>

using namespace raddle::vgpu;

namespace {

/// 64 threads, %q1: thread 0; an mbarrier object of one arrival at %r11; a 4
/// KiB buffer at %r2; %p6 input, %p0 output, %p5 the tensor map.
std::string moduleFor(const std::string &body, unsigned blocks = 1) {
  std::string cluster =
      blocks > 1 ? ".reqnctapercluster " + std::to_string(blocks) + ", 1, 1"
                 : "";
  return TestDevice::moduleText(R"(
.shared .align 1024 .b8 s[4096];
.shared .align 8 .b64 bar;
.visible .entry k(.param .u64 in, .param .u64 out, .param .u64 map) )" +
                                    cluster + R"( {
  .reg .b32 %r<32>; .reg .b64 %p<8>; .reg .pred %q<8>; .reg .b16 %h<2>;
  ld.param.u64 %p6, [in];
  ld.param.u64 %p0, [out];
  ld.param.u64 %p5, [map];
  mov.u32 %r0, %tid.x;
  mov.u32 %r30, %ctaid.x;
  mad.lo.u32 %r31, %r30, 64, %r0;
  mul.wide.u32 %p1, %r31, 16;
  add.s64 %p2, %p0, %p1;       // out + 16 * thread of the grid
  shl.b32 %r1, %r0, 4;
  mov.u32 %r2, s;
  add.u32 %r3, %r2, %r1;       // s + 16 * thread
  mov.u32 %r11, bar;
  setp.eq.u32 %q1, %r0, 0;
  @%q1 mbarrier.init.shared::cta.b64 [%r11], 1;
  bar.sync 0;
)" + body + "\n}\n",
                                "sm_90");
}

/// What every thread sees at its 16 bytes of the buffer goes out.
const std::string kWait = "W: mbarrier.try_wait.parity.shared::cta.b64 %q2, "
                          "[%r11], 0; @!%q2 bra W;\n";
const std::string kOut = "ld.shared.v4.u32 {%r4, %r5, %r6, %r7}, [%r3];"
                         "st.global.v4.u32 [%p2], {%r4, %r5, %r6, %r7}; ret;\n";
const std::string kExpect =
    "@%q1 mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r11], 1024;\n";
const std::string kLoad =
    "@%q1 cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes "
    "[%r2], [%p6], 1024, [%r11];\n";
const std::string kStore = "st.shared.v4.u32 [%r3], {%r0, %r0, %r0, %r0};\n";
const std::string kFence = "fence.proxy.async.shared::cta;\n";
const std::string kBulkStore =
    "@%q1 cp.async.bulk.global.shared::cta.bulk_group [%p0], [%r2], 1024;"
    "@%q1 cp.async.bulk.commit_group;\n";
const std::string kWaitRead = "@%q1 cp.async.bulk.wait_group.read 0;\n";
const std::string kBar = "bar.sync 0;\n";

struct Case {
  const char *name;
  FaultClass expected;
  std::string body;
};

const Case kCases[] = {
    {"Load", FaultClass::None, kExpect + kLoad + kWait + kOut},
    {"LoadNotWaitedFor", FaultClass::RaceShared, kExpect + kLoad + kOut},
    {"LoadWaitedForByOneThread", FaultClass::None,
     kExpect + kLoad + "@!%q1 bra D;" + kWait + "D:" + kBar + kOut},
    {"LoadOverReads", FaultClass::RaceShared,
     kStore + "bar.sync 0; ld.shared.u32 %r8, [%r3];" + kExpect + kLoad +
         kWait + kOut},
    {"LoadAfterReads", FaultClass::None,
     kStore + "bar.sync 0; ld.shared.u32 %r8, [%r3]; bar.sync 0;" + kExpect +
         kLoad + kWait + kOut},
    {"LoadOfOddSize", FaultClass::BadOperand,
     "@%q1 cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes "
     "[%r2], [%p6], 1020, [%r11]; ret;"},
    {"LoadBeyondTheInput", FaultClass::OutOfBounds,
     "@%q1 cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes "
     "[%r2], [%p6+16], 1024, [%r11]; ret;"},
    {"LoadBeyondTheBuffer", FaultClass::OutOfBounds,
     "@%q1 cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes "
     "[%r2+4096], [%p6], 1024, [%r11]; ret;"},
    {"LoadMisaligned", FaultClass::Misaligned,
     "@%q1 cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes "
     "[%r2+8], [%p6], 512, [%r11]; ret;"},
    {"LoadWithoutObject", FaultClass::BadMbarrier,
     "@%q1 cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes "
     "[%r2], [%p6], 512, [%r2+1024]; ret;"},
    {"Store", FaultClass::None, kStore + kFence + kBar + kBulkStore + "ret;"},
    {"StoreWithoutProxyFence", FaultClass::RaceShared,
     kStore + kBar + kBulkStore + "ret;"},
    {"StoreFencedByTheIssuer", FaultClass::None,
     kStore + kBar + kFence + kBulkStore + "ret;"},
    {"StoreBeforeTheBarrier", FaultClass::RaceShared,
     kStore + kFence + kBulkStore + "ret;"},
    {"SourceOverwritten", FaultClass::RaceShared,
     kStore + kFence + kBar + kBulkStore + kBar + kStore + "ret;"},
    {"SourceReused", FaultClass::None,
     kStore + kFence + kBar + kBulkStore + kWaitRead + kBar + kStore + "ret;"},
    {"SourceReusedByOtherWarpTooEarly", FaultClass::RaceShared,
     kStore + kFence + kBar + kBulkStore + kWaitRead + kStore + "ret;"},
};

class BulkCopy : public ::testing::TestWithParam<Case> {};

TEST_P(BulkCopy, RunsOrFaults) {
  const Case &c = GetParam();
  for (uint64_t seed : {0, 1, 2, 3}) {
    TestDevice t("h100-sxm5", "all");
    t.device->settings.seed = seed;
    t.device->settings.timeoutSeconds = 20;
    ASSERT_TRUE(t.load(moduleFor(c.body))) << t.error;
    std::vector<uint32_t> in(256), zeros(256);
    std::iota(in.begin(), in.end(), 1000u);
    const uint64_t out = t.upload(zeros);
    const auto result = t.run("k", {t.upload(in), out, 0}, 64);
    ASSERT_NE(result, Device::LaunchResult::Invalid) << t.error;
    EXPECT_EQ(t.fault.faultClass, c.expected)
        << "seed " << seed << ": " << t.fault.text();
    if (c.expected != FaultClass::None)
      continue;
    std::vector<uint32_t> expected = in;
    if (std::string(c.name).find("Load") == std::string::npos)
      for (size_t i = 0; i < 256; ++i)
        expected[i] = static_cast<uint32_t>(i / 4);
    EXPECT_EQ(t.download<uint32_t>(out, 256), expected) << "seed " << seed;
  }
}
INSTANTIATE_TEST_SUITE_P(Kernels, BulkCopy, ::testing::ValuesIn(kCases),
                         [](const auto &info) { return info.param.name; });

/// One block loads for both; each waits at its own object.
TEST(BulkCopies, Multicast) {
  for (uint64_t seed : {0, 1, 2}) {
    TestDevice t("h100-sxm5", "all");
    t.device->settings.seed = seed;
    ASSERT_TRUE(t.load(moduleFor(
        kExpect +
            "barrier.cluster.arrive; barrier.cluster.wait;"
            "setp.eq.u32 %q3, %r30, 0; and.pred %q3, %q3, %q1; mov.b16 %h0, 3;"
            "@%q3 cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::"
            "bytes.multicast::cluster [%r2], [%p6], 1024, [%r11], %h0;" +
            kWait + "barrier.cluster.arrive; barrier.cluster.wait;" + kOut,
        2)))
        << t.error;
    std::vector<uint32_t> in(256), zeros(512);
    std::iota(in.begin(), in.end(), 5u);
    const uint64_t out = t.upload(zeros);
    ASSERT_EQ(t.run("k", {t.upload(in), out, 0}, 64, 2),
              Device::LaunchResult::Done)
        << t.fault.text();
    std::vector<uint32_t> expected = in;
    expected.insert(expected.end(), in.begin(), in.end());
    EXPECT_EQ(t.download<uint32_t>(out, 512), expected);
  }
}

TEST(BulkCopies, SharedToPeer) {
  TestDevice t("h100-sxm5", "all");
  ASSERT_TRUE(t.load(moduleFor(
      "add.u32 %r5, %r0, %r30; st.shared.v4.u32 [%r3], {%r5, %r5, %r5, %r5};" +
          kFence + kExpect +
          "barrier.cluster.arrive; barrier.cluster.wait; xor.b32 %r6, %r30, 1;"
          "mapa.shared::cluster.u32 %r7, %r2, %r6; add.u32 %r7, %r7, 1024;"
          "mapa.shared::cluster.u32 %r8, %r11, %r6;"
          "@%q1 cp.async.bulk.shared::cluster.shared::cta.mbarrier::"
          "complete_tx::bytes [%r7], [%r2], 1024, [%r8];" +
          kWait +
          "barrier.cluster.arrive; barrier.cluster.wait;"
          "add.u32 %r3, %r3, 1024;" +
          kOut,
      2)))
      << t.error;
  std::vector<uint32_t> zeros(512);
  const uint64_t out = t.upload(zeros);
  ASSERT_EQ(t.run("k", {t.upload(zeros), out, 0}, 64, 2),
            Device::LaunchResult::Done)
      << t.fault.text();
  std::vector<uint32_t> found = t.download<uint32_t>(out, 512);
  for (uint32_t i = 0; i < 512; ++i)
    EXPECT_EQ(found[i], i % 256 / 4 + (i < 256 ? 1 : 0)) << i;
}

TEST(BulkCopies, Reductions) {
  struct Reduction {
    const char *suffix;
    uint32_t expected; // of 7 in memory and the thread's number 5
  };
  for (const Reduction &r : {Reduction{"add.u32", 12},
                             {"min.s32", 5},
                             {"max.u32", 7},
                             {"xor.b32", 2},
                             {"or.b32", 7},
                             {"and.b32", 5},
                             {"inc.u32", 0},
                             {"dec.u32", 5}}) {
    TestDevice t("h100-sxm5", "all");
    ASSERT_TRUE(t.load(moduleFor(
        kStore + kFence + kBar +
        "@%q1 cp.reduce.async.bulk.global.shared::cta.bulk_group." + r.suffix +
        " [%p0], [%r2], 1024; @%q1 cp.async.bulk.commit_group;"
        "@%q1 cp.async.bulk.wait_group 0; ret;")))
        << t.error;
    const uint64_t out = t.upload(std::vector<uint32_t>(256, 7));
    ASSERT_EQ(t.run("k", {out, out, 0}, 64), Device::LaunchResult::Done)
        << t.fault.text();
    EXPECT_EQ(t.download<uint32_t>(out, 256)[5 * 4], r.expected) << r.suffix;
  }
}

/// A map of a matrix of u16 with 40 rows of 50 elements, 128 bytes apart.
TensorMap matrixMap(uint64_t address, unsigned swizzle, unsigned inner,
                    unsigned rows) {
  TensorMap map;
  map.type = 1;
  map.rank = 2;
  map.swizzle = static_cast<uint8_t>(swizzle);
  map.address = address;
  map.dims[0] = 49;
  map.dims[1] = 39;
  map.strides[0] = 128;
  map.boxDims[0] = static_cast<uint16_t>(inner);
  map.boxDims[1] = static_cast<uint16_t>(rows);
  map.elementStrides[0] = map.elementStrides[1] = 1;
  return map;
}

/// Boxes that reach over the edges on each side, with every swizzle.
TEST(TensorCopies, BoxesAndSwizzles) {
  std::vector<uint16_t> matrix(40 * 64);
  for (size_t i = 0; i < matrix.size(); ++i)
    matrix[i] = static_cast<uint16_t>(i + 1);
  for (unsigned swizzle = 0; swizzle < 4; ++swizzle)
    for (const auto [x, y] :
         {std::pair(0, 0), {-3, 5}, {45, -2}, {10, 37}, {-100, 0}, {1, 39}}) {
      const unsigned inner = swizzle ? (16u << swizzle) / 2 : 24, rows = 8;
      const unsigned bytes = inner * rows * 2;
      TestDevice t("h100-sxm5", "all");
      const uint64_t address = t.upload(matrix);
      const TensorMap map = matrixMap(address, swizzle, inner, rows);
      ASSERT_EQ(map.problem(), "");
      ASSERT_TRUE(t.load(moduleFor(
          "@%q1 mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r11], " +
          std::to_string(bytes) + "; mov.u32 %r12, " + std::to_string(x) +
          "; mov.u32 %r13, " + std::to_string(y) +
          "; @%q1 cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier"
          "::complete_tx::bytes [%r2], [%p5, {%r12, %r13}], [%r11];" +
          kWait + "setp.ge.u32 %q3, %r1, " + std::to_string(bytes) +
          "; @%q3 ret;" + kOut)))
          << t.error;
      const uint64_t out = t.upload(std::vector<uint16_t>(512));
      ASSERT_EQ(
          t.run("k", {address, out, t.upload(std::vector<TensorMap>{map})}, 64),
          Device::LaunchResult::Done)
          << t.fault.text();
      const std::vector<uint16_t> found = t.download<uint16_t>(out, 512);
      for (unsigned row = 0; row < rows; ++row)
        for (unsigned column = 0; column < inner; ++column) {
          const int cx = x + static_cast<int>(column);
          const int cy = y + static_cast<int>(row);
          const bool inside = cx >= 0 && cx < 50 && cy >= 0 && cy < 40;
          // The 16-byte unit of a row trades places by the number of the 128
          // bytes that it is in.
          const unsigned linear = (row * inner + column) * 2;
          const unsigned unit = linear / 16, block = linear / 128;
          const unsigned mask = (1u << swizzle) - 1;
          const unsigned place =
              ((unit ^ (block & mask)) * 16 + linear % 16) / 2;
          EXPECT_EQ(found[place], inside ? matrix[cy * 64 + cx] : 0)
              << "swizzle " << swizzle << " at " << x << "," << y << " row "
              << row << " column " << column;
        }
    }
}

TEST(TensorCopies, StoresStayInBounds) {
  TestDevice t("h100-sxm5", "all");
  std::vector<uint16_t> matrix(40 * 64, 9);
  const uint64_t address = t.upload(matrix);
  const TensorMap map = matrixMap(address, 3, 64, 8);
  ASSERT_TRUE(t.load(
      moduleFor(kStore + kFence + kBar +
                "mov.u32 %r12, 30; mov.u32 %r13, -4;"
                "@%q1 cp.async.bulk.tensor.2d.global.shared::cta.bulk_group"
                " [%p5, {%r12, %r13}], [%r2]; @%q1 cp.async.bulk.commit_group;"
                "@%q1 cp.async.bulk.wait_group 0; ret;")))
      << t.error;
  ASSERT_EQ(
      t.run("k", {address, address, t.upload(std::vector<TensorMap>{map})}, 64),
      Device::LaunchResult::Done)
      << t.fault.text();
  const std::vector<uint16_t> found = t.download<uint16_t>(address, 40 * 64);
  for (int row = 0; row < 40; ++row)
    for (int column = 0; column < 64; ++column) {
      unsigned expected = 9;
      const int r = row + 4, c = column - 30; // in the box
      if (row < 4 && c >= 0 && column < 50) {
        // Threads wrote their number to 16 bytes each, as 32-bit words.
        const unsigned unit = static_cast<unsigned>(r * 8 + (c / 8 ^ r));
        expected = c % 2 ? 0 : unit;
      }
      EXPECT_EQ(found[row * 64 + column], expected) << row << " " << column;
    }
}

TEST(TensorCopies, BadMaps) {
  TensorMap good = matrixMap(0x1000, 3, 64, 8);
  EXPECT_EQ(good.problem(), "");
  auto with = [&](auto change) {
    TensorMap map = good;
    change(map);
    return map.problem();
  };
  EXPECT_NE(with([](TensorMap &m) { m.magic = 0; }), "");
  EXPECT_NE(with([](TensorMap &m) { m.type = 13; }), "");
  EXPECT_NE(with([](TensorMap &m) { m.rank = 6; }), "");
  EXPECT_NE(with([](TensorMap &m) { m.address += 8; }), "");
  EXPECT_NE(with([](TensorMap &m) { m.strides[0] = 100; }), "");
  EXPECT_NE(with([](TensorMap &m) { m.boxDims[1] = 257; }), "");
  EXPECT_NE(with([](TensorMap &m) { m.boxDims[0] = 9; }), "");
  EXPECT_NE(with([](TensorMap &m) { m.swizzle = 2; }), "");
  EXPECT_NE(with([](TensorMap &m) { m.elementStrides[0] = 0; }), "");
  // A kernel that uses one faults.
  TestDevice t("h100-sxm5");
  good.rank = 3;
  ASSERT_TRUE(t.load(moduleFor(
      "mov.u32 %r12, 0; @%q1 cp.async.bulk.tensor.2d.shared::cluster.global."
      "mbarrier::complete_tx::bytes [%r2], [%p5, {%r12, %r12}], [%r11]; ret;")))
      << t.error;
  const uint64_t map = t.upload(std::vector<TensorMap>{good});
  ASSERT_EQ(t.run("k", {map, map, map}, 64), Device::LaunchResult::Fault);
  EXPECT_EQ(t.fault.faultClass, FaultClass::BadOperand) << t.fault.text();
}

} // namespace
