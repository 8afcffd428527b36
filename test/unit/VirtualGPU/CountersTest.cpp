//===- CountersTest.cpp - Bank conflicts, worked by hand ------------------===//
//
// Shared memory has 32 banks of four bytes. A warp's access of 4 bytes per lane
// is one wavefront when no bank has two different words; 8 bytes go in halves
// of the warp, 16 bytes in quarters, a matrix of ldmatrix in its eight rows.
//
//===----------------------------------------------------------------------===//

#include "TestDevice.h"

using namespace raddle::vgpu;

namespace {

struct Shared {
  uint64_t wavefronts, conflicts;
  bool operator==(const Shared &) const = default;
};

uint64_t field(const std::string &json, const std::string &name) {
  size_t at = json.find("\"" + name + "\":");
  EXPECT_NE(at, std::string::npos);
  return at == std::string::npos
             ? 0
             : std::stoull(json.substr(at + name.size() + 3));
}

/// Runs `body` in a warp with %r1 = lane * `stride` as a shared address, %p1 a
/// global address of 16 bytes per lane.
Shared count(const std::string &body, unsigned stride) {
  TestDevice t;
  t.device->settings.count = true;
  EXPECT_TRUE(t.load(TestDevice::moduleText(R"(
.visible .entry k(.param .u64 in) {
  .shared .align 128 .b8 buffer[8192];
  .reg .b32 %r<16>; .reg .b64 %p<4>;
  mov.u32 %r0, %tid.x;
  mov.u32 %r2, buffer;
  mad.lo.u32 %r1, %r0, )" + std::to_string(stride) +
                                            R"(, %r2;
  ld.param.u64 %p0, [in];
  mad.wide.u32 %p1, %r0, 16, %p0;
)" + body + "\n  ret;\n}")))
      << t.error;
  if (!t.module)
    return {};
  uint64_t in = t.upload(std::vector<uint32_t>(128));
  EXPECT_EQ(t.run("k", {in}), Device::LaunchResult::Done)
      << t.error << t.fault.text();
  std::string json = t.device->countersJson();
  return {field(json, "shared_wavefronts"),
          field(json, "shared_bank_conflicts")};
}

TEST(CountersTest, Words) {
  const char *const store = "st.shared.u32 [%r1], %r0;";
  EXPECT_EQ(count(store, 4), (Shared{1, 0}));     // a word per bank
  EXPECT_EQ(count(store, 8), (Shared{2, 1}));     // lanes 0 and 16 in bank 0
  EXPECT_EQ(count(store, 12), (Shared{1, 0}));    // 3 and 32 have no divisor
  EXPECT_EQ(count(store, 128), (Shared{32, 31})); // all in bank 0
  EXPECT_EQ(count("ld.shared.u32 %r3, [%r1];", 0), (Shared{1, 0})); // one word
}

TEST(CountersTest, Bytes) {
  // Four lanes share a word.
  EXPECT_EQ(count("ld.shared.u8 %r3, [%r1];", 1), (Shared{1, 0}));
}

TEST(CountersTest, VectorsOfTwo) {
  const char *const load = "ld.shared.v2.u32 {%r3, %r4}, [%r1];";
  EXPECT_EQ(count(load, 8), (Shared{2, 0}));  // a half is 128 bytes
  EXPECT_EQ(count(load, 16), (Shared{4, 2})); // lanes 0 and 8 in banks 0, 1
}

TEST(CountersTest, VectorsOfFour) {
  const char *const load = "ld.shared.v4.u32 {%r3, %r4, %r5, %r6}, [%r1];";
  EXPECT_EQ(count(load, 16), (Shared{4, 0}));    // a quarter is 128 bytes
  EXPECT_EQ(count(load, 32), (Shared{8, 4}));    // lanes 0 and 4 in banks 0-3
  EXPECT_EQ(count(load, 128), (Shared{32, 28})); // every lane in banks 0-3
}

TEST(CountersTest, Matrices) {
  const char *const load =
      "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r3, %r4, %r5, %r6}, [%r1];";
  EXPECT_EQ(count(load, 16), (Shared{4, 0})); // rows of a matrix side by side
  // Rows of 64 bytes: rows 0, 2, 4, 6 of a matrix begin in bank 0.
  EXPECT_EQ(count(load, 64), (Shared{16, 12}));
}

TEST(CountersTest, AsynchronousCopies) {
  const char *const copy = "cp.async.cg.shared.global [%r1], [%p1], 16;\n"
                           "cp.async.commit_group; cp.async.wait_group 0;";
  EXPECT_EQ(count(copy, 16), (Shared{4, 0}));
  EXPECT_EQ(count(copy, 32), (Shared{8, 4}));
}

} // namespace
