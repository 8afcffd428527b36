//===- WgmmaTest.cpp - Products of warpgroups -----------------------------===//
//
// Operands are laid out in shared memory by the canonical layouts of the PTX
// ISA ("Shared memory matrix layout"), written here as loops over their atoms,
// and a plain loop says what comes out.
//
//===----------------------------------------------------------------------===//

#include "TestDevice.h"

#include <cmath>
#include <functional>
#include <random>

using namespace raddle::vgpu;

namespace {

struct Shape {
  const char *types;   // D.A.B
  unsigned k, n, bits; // bits of an element of A and B
  unsigned swizzle;    // 0 none, 1 to 3: 32, 64, 128 bytes
  bool transA = false, transB = false, registers = false;
  bool negate = false, keep = true;
};

uint64_t encode(const std::string &type, float x) {
  if (type == "tf32")
    return __builtin_bit_cast(uint32_t, x);
  const uint16_t half = __builtin_bit_cast(uint16_t, static_cast<_Float16>(x));
  if (type == "f16")
    return half;
  if (type == "bf16")
    return __builtin_bit_cast(uint32_t, x) >> 16;
  if (type == "e5m2")
    return half >> 8;
  if (type == "e4m3") {
    if (x == 0)
      return 0;
    int e;
    const float m = std::frexp(std::fabs(x), &e);
    return (x < 0 ? 0x80u : 0u) | static_cast<unsigned>(e + 6) << 3 |
           (static_cast<unsigned>(m * 16) & 7);
  }
  return static_cast<uint64_t>(static_cast<int64_t>(x));
}

std::vector<std::string> split(const std::string &text) {
  std::vector<std::string> parts(1);
  for (char c : text)
    if (c == '.')
      parts.emplace_back();
    else
      parts.back() += c;
  return parts;
}

/// Byte address of element (row, k) of an operand with `rows` rows, and the
/// leading and stride byte offsets that go with it.
struct Layout {
  unsigned leading, stride;
  std::function<unsigned(unsigned, unsigned)> place; // bits
};
Layout layoutOf(unsigned rows, unsigned bits, unsigned swizzle, bool trans) {
  const unsigned wide = 16u << swizzle; // bytes
  auto swizzleBits = [=](unsigned bit) {
    const unsigned byte = bit / 8;
    // 16-byte units trade places by the number of the 128 bytes they are in.
    const unsigned moved = byte ^ ((byte / 128 % (1u << swizzle)) * 16);
    return moved * 8 + bit % 8;
  };
  if (!trans && !swizzle) // core matrices of 8 rows x 16 bytes, k after rows
    return {rows / 8 * 128, 128, [=](unsigned row, unsigned k) {
              const unsigned byte = k * bits / 8;
              return (byte / 16 * (rows / 8 * 128) + row / 8 * 128 +
                      row % 8 * 16 + byte % 16) *
                         8 +
                     k * bits % 8;
            }};
  if (!trans) // 8 rows as wide as the swizzle
    return {0, 8 * wide, [=](unsigned row, unsigned k) {
              return swizzleBits(row * wide * 8 + k * bits);
            }};
  const unsigned perUnit = 128 / bits; // elements in 16 bytes
  if (!swizzle)                        // 16 bytes of rows x 8 k
    return {rows / perUnit * 128, 128, [=](unsigned row, unsigned k) {
              return (k / 8 * (rows / perUnit * 128) + row / perUnit * 128 +
                      k % 8 * 16) *
                         8 +
                     row % perUnit * bits;
            }};
  const unsigned perAtom = wide * 8 / bits; // rows in an atom, times 8 k
  const unsigned atoms = (rows + perAtom - 1) / perAtom;
  return {8 * wide, atoms * 8 * wide, [=](unsigned row, unsigned k) {
            return swizzleBits((k / 8 * atoms * 8 * wide +
                                row / perAtom * 8 * wide + k % 8 * wide) *
                                   8 +
                               row % perAtom * bits);
          }};
}

class Wgmma : public ::testing::TestWithParam<std::tuple<Shape, MmaMode>> {};

TEST_P(Wgmma, MatchesPlainLoop) {
  const Shape &s = std::get<0>(GetParam());
  const std::vector<std::string> types = split(s.types);
  const bool half = types[0] == "f16", integer = types[0] == "s32";
  const unsigned results = s.n / (half ? 4 : 2);
  std::mt19937 random(5);
  auto value = [&](const std::string &type) -> float {
    const int r = static_cast<int>(random() >> 8);
    if (type == "b1")
      return static_cast<float>(r & 1);
    if (type == "u8")
      return static_cast<float>(r & 255);
    if (type == "s8")
      return static_cast<float>((r & 255) - 128);
    return static_cast<float>(r % 15 - 7) / 4;
  };
  std::vector<float> a(64 * s.k), b(s.n * s.k), c(64 * s.n);
  for (float &x : a)
    x = value(types[1]);
  for (float &x : b)
    x = value(types[2]);
  for (float &x : c)
    x = static_cast<float>(static_cast<int>(random() % 63) - 31);
  const Layout la = layoutOf(64, s.bits, s.swizzle, s.transA);
  const Layout lb = layoutOf(s.n, s.bits, s.swizzle, s.transB);
  // A at 0, B behind it: 16 KiB hold any of them.
  std::vector<uint8_t> shared(32768);
  auto put = [&](unsigned base, unsigned bit, uint64_t v) {
    for (unsigned i = 0; i < s.bits; ++i)
      if (v >> i & 1)
        shared[base + (bit + i) / 8] |=
            static_cast<uint8_t>(1 << (bit + i) % 8);
  };
  for (unsigned k = 0; k < s.k; ++k) {
    for (unsigned row = 0; row < 64; ++row)
      put(0, la.place(row, k), encode(types[1], a[row * s.k + k]));
    for (unsigned row = 0; row < s.n; ++row)
      put(16384, lb.place(row, k), encode(types[2], b[row * s.k + k]));
  }
  // Fragments of A in registers, and of C.
  std::vector<uint32_t> fa(128 * 4), fc(128 * results);
  const unsigned per = 32 / s.bits;
  for (unsigned t = 0; t < 128; ++t) {
    const unsigned warp = t / 32, g = t % 32 / 4, q = t % 4;
    for (unsigned i = 0; i < 4 * per; ++i) {
      const unsigned r = i / per;
      const unsigned row = 16 * warp + g + 8 * (r & 1);
      const unsigned k = (r >> 1) * 4 * per + q * per + i % per;
      const uint64_t mask = (uint64_t(1) << s.bits) - 1;
      fa[t * 4 + r] |= static_cast<uint32_t>(
          (encode(types[1], a[row * s.k + k]) & mask) << (i % per * s.bits));
    }
    for (unsigned i = 0; i < s.n / 2; ++i) {
      const unsigned row = 16 * warp + g + 8 * (i >> 1 & 1);
      const unsigned column = 8 * (i >> 2) + 2 * q + (i & 1);
      const float x = c[row * s.n + column];
      if (half)
        fc[t * results + i / 2] |= static_cast<uint32_t>(encode("f16", x))
                                   << 16 * (i & 1);
      else
        fc[t * results + i] = integer ? static_cast<uint32_t>(int(x))
                                      : __builtin_bit_cast(uint32_t, x);
    }
  }
  auto descriptor = [&](const Layout &l) {
    return uint64_t(l.leading >> 4) << 16 | uint64_t(l.stride >> 4) << 32 |
           uint64_t(s.swizzle ? 4 - s.swizzle : 0) << 62;
  };
  std::string dList, text = R"(
.shared .align 1024 .b8 s[32768];
.visible .entry k(.param .u64 in, .param .u64 fa, .param .u64 fc,
                  .param .u64 out, .param .u64 da, .param .u64 db) {
  .reg .b32 %r<16>, %a<4>, %d<128>; .reg .b64 %p<16>; .reg .pred %q<3>;
  ld.param.u64 %p0, [in]; ld.param.u64 %p1, [fa]; ld.param.u64 %p2, [fc];
  ld.param.u64 %p3, [out]; ld.param.u64 %p4, [da]; ld.param.u64 %p5, [db];
  mov.u32 %r0, %tid.x; mov.u32 %r1, s; shl.b32 %r2, %r0, 4;
  // 16 bytes per thread and step into shared memory.
  mov.u32 %r3, 0;
L: add.u32 %r4, %r2, %r3; cvt.u64.u32 %p6, %r4; add.s64 %p7, %p0, %p6;
  ld.global.v4.b32 {%r5, %r6, %r7, %r8}, [%p7]; add.u32 %r9, %r1, %r4;
  st.shared.v4.b32 [%r9], {%r5, %r6, %r7, %r8};
  add.u32 %r3, %r3, 2048; setp.lt.u32 %q0, %r3, 32768; @%q0 bra L;
  fence.proxy.async.shared::cta;
  bar.sync 0;
  mad.wide.u32 %p6, %r0, 16, %p1;
  ld.global.v4.b32 {%a0, %a1, %a2, %a3}, [%p6];
  mad.wide.u32 %p8, %r0, )" +
                            std::to_string(4 * results) + R"(, %p2;
  mad.wide.u32 %p9, %r0, )" +
                            std::to_string(4 * results) + R"(, %p3;
  // The tile's address, in units of 16 bytes, is the lowest field.
  shr.u32 %r10, %r1, 4; cvt.u64.u32 %p10, %r10; add.s64 %p4, %p4, %p10;
  add.s64 %p5, %p5, %p10; add.s64 %p5, %p5, 1024;
)";
  for (unsigned i = 0; i < results; ++i) {
    text += "ld.global.b32 %d" + std::to_string(i) + ", [%p8+" +
            std::to_string(4 * i) + "];\n";
    dList += (i ? ", %d" : "%d") + std::to_string(i);
  }
  text += "setp.eq.u32 %q1, 0, " + std::string(s.keep ? "0" : "1") +
          ";\nwgmma.fence.sync.aligned;\nwgmma.mma_async.sync.aligned.m64n" +
          std::to_string(s.n) + "k" + std::to_string(s.k) + "." + s.types +
          (types[1] == "b1" ? ".and.popc" : "") + " {" + dList + "}, " +
          (s.registers ? "{%a0, %a1, %a2, %a3}" : "%p4") + ", %p5, %q1";
  if (!integer)
    text += s.negate ? ", -1, 1" : ", 1, 1";
  if (s.bits == 16) {
    if (!s.registers)
      text += s.transA ? ", 1" : ", 0";
    text += s.transB ? ", 1" : ", 0";
  }
  text += ";\nwgmma.commit_group.sync.aligned;\n"
          "wgmma.wait_group.sync.aligned 0;\n";
  for (unsigned i = 0; i < results; ++i)
    text += "st.global.b32 [%p9+" + std::to_string(4 * i) + "], %d" +
            std::to_string(i) + ";\n";
  TestDevice t("h100-sxm5", "all");
  t.device->settings.mma = std::get<1>(GetParam());
  ASSERT_TRUE(t.load(TestDevice::moduleText(text + "ret;\n}\n", "sm_90a")))
      << t.error;
  const uint64_t out = t.upload(std::vector<uint32_t>(128 * results));
  ASSERT_EQ(t.run("k",
                  {t.upload(shared), t.upload(fa), t.upload(fc), out,
                   descriptor(la), descriptor(lb)},
                  128),
            Device::LaunchResult::Done)
      << t.error << t.fault.text();
  const std::vector<uint32_t> found = t.download<uint32_t>(out, 128 * results);
  for (unsigned thread = 0; thread < 128; ++thread)
    for (unsigned i = 0; i < s.n / 2; ++i) {
      const unsigned warp = thread / 32, g = thread % 32 / 4, q = thread % 4;
      const unsigned row = 16 * warp + g + 8 * (i >> 1 & 1);
      const unsigned column = 8 * (i >> 2) + 2 * q + (i & 1);
      double expected = s.keep ? c[row * s.n + column] : 0;
      for (unsigned k = 0; k < s.k; ++k)
        expected +=
            (s.negate ? -1.0 : 1.0) * a[row * s.k + k] * b[column * s.k + k];
      double x;
      if (half)
        x = static_cast<double>(__builtin_bit_cast(
            _Float16, static_cast<uint16_t>(found[thread * results + i / 2] >>
                                            16 * (i & 1))));
      else if (integer)
        x = static_cast<int32_t>(found[thread * results + i]);
      else
        x = __builtin_bit_cast(float, found[thread * results + i]);
      ASSERT_EQ(x, expected) << "row " << row << " column " << column;
    }
}

const Shape kShapes[] = {
    {"f32.f16.f16", 16, 64, 16, 3},
    {"f32.f16.f16", 16, 256, 16, 0},
    {"f32.f16.f16", 16, 8, 16, 1},
    {"f32.f16.f16", 16, 24, 16, 2},
    {"f32.f16.f16", 16, 64, 16, 3, true, true},
    {"f32.f16.f16", 16, 128, 16, 3, false, true},
    {"f32.f16.f16", 16, 64, 16, 0, true, true},
    {"f32.f16.f16", 16, 64, 16, 1, true, true},
    {"f32.f16.f16", 16, 64, 16, 2, true, true},
    {"f32.f16.f16", 16, 64, 16, 3, false, false, true},
    {"f32.f16.f16", 16, 64, 16, 3, false, true, true, true},
    {"f32.f16.f16", 16, 64, 16, 3, false, false, false, false, false},
    {"f16.f16.f16", 16, 32, 16, 3},
    {"f32.bf16.bf16", 16, 40, 16, 3},
    {"f32.tf32.tf32", 8, 64, 32, 3},
    {"f32.tf32.tf32", 8, 64, 32, 0},
    {"f32.e4m3.e4m3", 32, 64, 8, 3},
    {"f32.e4m3.e4m3", 32, 16, 8, 2, false, false, true},
    {"f16.e4m3.e4m3", 32, 16, 8, 1},
    {"s32.s8.s8", 32, 64, 8, 3},
    {"s32.u8.s8", 32, 64, 8, 0},
    {"s32.s8.u8", 32, 32, 8, 3, false, false, true},
    {"s32.b1.b1", 256, 64, 1, 3},
};

INSTANTIATE_TEST_SUITE_P(
    Shapes, Wgmma,
    ::testing::Combine(::testing::ValuesIn(kShapes),
                       ::testing::Values(MmaMode::Hw, MmaMode::Exact,
                                         MmaMode::Fast)),
    [](const auto &info) {
      const Shape &s = std::get<0>(info.param);
      std::string name = std::string(s.types) + "_n" + std::to_string(s.n) +
                         "_swizzle" + std::to_string(s.swizzle);
      name += s.transA ? "_ta" : "";
      name += s.transB ? "_tb" : "";
      name += s.registers ? "_registers" : "";
      name += s.negate ? "_negated" : "";
      name += s.keep ? "" : "_fresh";
      name +=
          "_mode" + std::to_string(static_cast<int>(std::get<1>(info.param)));
      for (char &c : name)
        if (c == '.')
          c = '_';
      return name;
    });

/// What goes wrong around a product; two products on the same accumulators.
struct Case {
  const char *name;
  FaultClass expected;
  const char *body;
};
const char *const kIssue =
    "wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {%f0, %f1, %f2, %f3},"
    " %p0, %p0, %q0, 1, 1, 0, 0; wgmma.commit_group.sync.aligned;";
const Case kCases[] = {
    {"Waited", FaultClass::None,
     "ISSUE wgmma.wait_group.sync.aligned 0; add.f32 %f4, %f0, %f1; ret;"},
    {"NotWaited", FaultClass::Uninitialized,
     "ISSUE add.f32 %f4, %f0, %f1; ret;"},
    {"WaitedForTheOlder", FaultClass::Uninitialized,
     "ISSUE ISSUE wgmma.wait_group.sync.aligned 1; add.f32 %f4, %f0, %f1; "
     "ret;"},
    {"Chained", FaultClass::None,
     "ISSUE ISSUE wgmma.wait_group.sync.aligned 0; add.f32 %f4, %f0, %f1; "
     "ret;"},
    {"OperandOverwritten", FaultClass::RaceShared,
     "ISSUE st.shared.u32 [%r3], %r0; wgmma.wait_group.sync.aligned 0; ret;"},
    {"OperandOverwrittenAfterTheWait", FaultClass::None,
     "ISSUE wgmma.wait_group.sync.aligned 0; bar.sync 0;"
     "st.shared.u32 [%r3], %r0; ret;"},
    {"OperandOverwrittenBeforeTheBarrier", FaultClass::RaceShared,
     "ISSUE wgmma.wait_group.sync.aligned 0; st.shared.u32 [%r3], %r0; ret;"},
    {"OutOfBounds", FaultClass::OutOfBounds,
     "add.s64 %p0, %p0, 600; ISSUE wgmma.wait_group.sync.aligned 0; ret;"},
    {"DifferentDescriptors", FaultClass::BadOperand,
     "cvt.u64.u32 %p1, %r0; shl.b64 %p1, %p1, 6; add.s64 %p0, %p0, %p1;"
     "ISSUE wgmma.wait_group.sync.aligned 0; ret;"},
};

class WgmmaCheck : public ::testing::TestWithParam<Case> {};
TEST_P(WgmmaCheck, RunsOrFaults) {
  const Case &c = GetParam();
  std::string body = c.body;
  for (size_t at; (at = body.find("ISSUE")) != std::string::npos;)
    body.replace(at, 5, kIssue);
  for (bool fenced : {true, false}) {
    TestDevice t("h100-sxm5", "all");
    ASSERT_TRUE(t.load(TestDevice::moduleText(
        R"(
.shared .align 1024 .b8 s[8192];
.visible .entry k() {
  .reg .b32 %r<8>; .reg .b64 %p<4>; .reg .pred %q<2>; .reg .f32 %f<5>;
  mov.u32 %r0, %tid.x; mov.u32 %r1, s; shl.b32 %r2, %r0, 2;
  add.u32 %r3, %r1, %r2; mov.u32 %r4, 0;
L: add.u32 %r5, %r3, %r4; st.shared.u32 [%r5], 0; add.u32 %r4, %r4, 512;
  setp.lt.u32 %q0, %r4, 8192; @%q0 bra L;
)" + std::string(fenced ? "fence.proxy.async.shared::cta;" : "") +
            R"(
  bar.sync 0;
  shr.u32 %r5, %r1, 4; cvt.u64.u32 %p0, %r5;
  or.b64 %p0, %p0, 0x4000004000000000; // 128 bytes, 1024 between eight rows
  mov.f32 %f0, 0f00000000; mov.f32 %f1, %f0; mov.f32 %f2, %f0; mov.f32 %f3, %f0;
  setp.eq.u32 %q0, 0, 0; wgmma.fence.sync.aligned;
)" + body + "\n}\n",
        "sm_90a")))
        << t.error;
    t.run("k", {}, 128);
    if (fenced)
      EXPECT_EQ(t.fault.faultClass, c.expected) << t.fault.text();
    else if (c.expected == FaultClass::None)
      EXPECT_EQ(t.fault.faultClass, FaultClass::RaceShared) << t.fault.text();
  }
}
INSTANTIATE_TEST_SUITE_P(Kernels, WgmmaCheck, ::testing::ValuesIn(kCases),
                         [](const auto &info) { return info.param.name; });

TEST(WgmmaForms, NeedTheArchitecture) {
  TestDevice t("h100-sxm5");
  const std::string body =
      ".visible .entry k() { wgmma.fence.sync.aligned; ret; }";
  EXPECT_FALSE(t.load(TestDevice::moduleText(body, "sm_90")));
  EXPECT_NE(t.error.find("sm_90a"), std::string::npos) << t.error;
  EXPECT_TRUE(t.load(TestDevice::moduleText(body, "sm_90a"))) << t.error;
  for (const char *shape : {"m64n12k16", "m64n264k16", "m64n0k16", "m64k16"})
    EXPECT_FALSE(t.load(TestDevice::moduleText(
        ".visible .entry k() { .reg .f32 %f<2>; .reg .b64 %p; .reg .pred %q;"
        " wgmma.mma_async.sync.aligned." +
            std::string(shape) +
            ".f32.f16.f16 {%f0, %f1}, %p, %p, %q, 1, 1, 0, 0; ret; }",
        "sm_90a")))
        << shape;
}

} // namespace
