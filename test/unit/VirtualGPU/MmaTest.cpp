//===- MmaTest.cpp - Fragments and numerics of mma.sync, ldmatrix ---------===//
//
// Matrices are laid out in fragments by the tables of the PTX ISA, multiplied
// by a plain loop, and compared element by element.
//
//===----------------------------------------------------------------------===//

#include "TestDevice.h"

#include "Semantics/MmaModel.h"

#include <cmath>
#include <random>

using namespace raddle::vgpu;

namespace {

struct Place {
  unsigned row, column;
};

/// (row, k) of element i of lane's fragment of A; `bits` per element.
Place placeA(unsigned lane, unsigned i, unsigned bits, unsigned rows) {
  unsigned g = lane / 4, q = lane % 4, per = 32 / bits;
  unsigned reg = i / per, e = i % per;
  if (rows == 8)
    return {g, q * per + e + reg * 4 * per};
  return {g + 8 * (reg & 1), q * per + e + (reg >> 1) * 4 * per};
}
Place placeB(unsigned lane, unsigned i, unsigned bits) {
  unsigned g = lane / 4, q = lane % 4, per = 32 / bits;
  return {q * per + i % per + (i / per) * 4 * per, g};
}
Place placeC(unsigned lane, unsigned i) {
  return {lane / 4 + 8 * (i >> 1), 2 * (lane % 4) + (i & 1)};
}

uint16_t toHalf(float f) {
  return __builtin_bit_cast(uint16_t, static_cast<_Float16>(f));
}
float fromHalf(uint16_t h) {
  return static_cast<float>(__builtin_bit_cast(_Float16, h));
}
uint32_t bitsOf(float f) { return __builtin_bit_cast(uint32_t, f); }
float floatOf(uint32_t u) { return __builtin_bit_cast(float, u); }

struct Shape {
  const char *name, *types;
  unsigned rows, k, bits; // of an input element
  bool halfResult = false, integer = false;
};

/// A kernel that loads fragments, lane by lane, and stores D's.
std::string kernelFor(const Shape &s, unsigned na, unsigned nb, unsigned nc) {
  auto list = [](const char *name, unsigned n) {
    std::string text = "{";
    for (unsigned i = 0; i < n; ++i)
      text += (i ? ", %" : "%") + std::string(name) + std::to_string(i);
    return text + "}";
  };
  std::string body = ".visible .entry k(.param .u64 pa, .param .u64 pb, "
                     ".param .u64 pc, .param .u64 pd) {\n"
                     ".reg .b32 %a<8>, %b<8>, %c<8>, %d<8>, %lane, %o;\n"
                     ".reg .b64 %p<5>;\n"
                     "mov.u32 %lane, %laneid;\n";
  auto access = [&](const char *param, const char *reg, unsigned n, bool load) {
    body += "ld.param.u64 %p0, [" + std::string(param) + "];\n";
    body += "mul.lo.u32 %o, %lane, " + std::to_string(4 * n) + ";\n";
    body += "cvt.u64.u32 %p1, %o;\nadd.s64 %p2, %p0, %p1;\n";
    for (unsigned i = 0; i < n; ++i) {
      std::string r = "%" + std::string(reg) + std::to_string(i);
      std::string at = "[%p2+" + std::to_string(4 * i) + "]";
      body += load ? "ld.global.b32 " + r + ", " + at + ";\n"
                   : "st.global.b32 " + at + ", " + r + ";\n";
    }
  };
  access("pa", "a", na, true);
  access("pb", "b", nb, true);
  access("pc", "c", nc, true);
  body += "mma.sync.aligned." + std::string(s.name) + ".row.col." + s.types +
          " " + list("d", nc) + ", " + list("a", na) + ", " + list("b", nb) +
          ", " + list("c", nc) + ";\n";
  access("pd", "d", nc, false);
  return TestDevice::moduleText(body + "ret;\n}\n");
}

class MmaTest : public ::testing::TestWithParam<std::tuple<Shape, MmaMode>> {};

TEST_P(MmaTest, MatchesPlainProduct) {
  const Shape &s = std::get<0>(GetParam());
  const MmaMode mode = std::get<1>(GetParam());
  const unsigned per = 32 / s.bits;
  const unsigned na = s.rows * s.k / 32 / per, nb = 8 * s.k / 32 / per;
  const unsigned elementsC = s.rows * 8 / 32;
  const unsigned nc = s.halfResult ? elementsC / 2 : elementsC;
  const bool isSigned =
      std::string(s.types).find(".s8.s8") != std::string::npos;
  std::mt19937 random(7);
  std::vector<float> a(s.rows * s.k), b(s.k * 8), c(s.rows * 8);
  auto value = [&]() -> float {
    if (s.integer)
      return isSigned ? float(int(random() % 256) - 128)
                      : float(random() % 256);
    // Small integers over 16: exact in every format, so are their sums.
    return float(int(random() % 31) - 15) / 4;
  };
  for (float &x : a)
    x = value();
  for (float &x : b)
    x = value();
  for (float &x : c)
    x = float(int(random() % 63) - 31);
  auto encode = [&](float x) -> uint32_t {
    if (s.integer)
      return static_cast<uint32_t>(static_cast<int>(x)) & 0xff;
    if (s.bits == 32)
      return bitsOf(x);
    return std::string(s.types).find("bf16") != std::string::npos
               ? bitsOf(x) >> 16
               : toHalf(x);
  };
  std::vector<uint32_t> fa(32 * na), fb(32 * nb), fc(32 * nc);
  for (unsigned lane = 0; lane < 32; ++lane) {
    for (unsigned i = 0; i < na * per; ++i) {
      Place p = placeA(lane, i, s.bits, s.rows);
      fa[lane * na + i / per] |= encode(a[p.row * s.k + p.column])
                                 << (i % per * s.bits % 32);
    }
    for (unsigned i = 0; i < nb * per; ++i) {
      Place p = placeB(lane, i, s.bits);
      fb[lane * nb + i / per] |= encode(b[p.row * 8 + p.column])
                                 << (i % per * s.bits % 32);
    }
    for (unsigned i = 0; i < elementsC; ++i) {
      Place p = placeC(lane, i);
      float x = c[p.row * 8 + p.column];
      if (s.integer)
        fc[lane * nc + i] = static_cast<uint32_t>(static_cast<int>(x));
      else if (s.halfResult)
        fc[lane * nc + i / 2] |= uint32_t(toHalf(x)) << (16 * (i & 1));
      else
        fc[lane * nc + i] = bitsOf(x);
    }
  }
  TestDevice t;
  t.device->settings.mma = mode;
  ASSERT_TRUE(t.load(kernelFor(s, na, nb, nc))) << t.error;
  uint64_t d = t.allocate(32 * nc * 4);
  ASSERT_EQ(t.run("k", {t.upload(fa), t.upload(fb), t.upload(fc), d}),
            Device::LaunchResult::Done)
      << t.error << t.fault.text();
  std::vector<uint32_t> fd = t.download<uint32_t>(d, 32 * nc);
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < elementsC; ++i) {
      Place p = placeC(lane, i);
      double expected = c[p.row * 8 + p.column];
      for (unsigned k = 0; k < s.k; ++k)
        expected += double(a[p.row * s.k + k]) * b[k * 8 + p.column];
      double found;
      if (s.integer)
        found = static_cast<int32_t>(fd[lane * nc + i]);
      else if (s.halfResult)
        found = fromHalf(
            static_cast<uint16_t>(fd[lane * nc + i / 2] >> (16 * (i & 1))));
      else
        found = floatOf(fd[lane * nc + i]);
      EXPECT_EQ(found, expected) << "row " << p.row << " column " << p.column;
    }
}

const Shape kShapes[] = {
    {"m16n8k16", "f32.f16.f16.f32", 16, 16, 16},
    {"m16n8k8", "f32.f16.f16.f32", 16, 8, 16},
    {"m16n8k16", "f16.f16.f16.f16", 16, 16, 16, true},
    {"m16n8k8", "f16.f16.f16.f16", 16, 8, 16, true},
    {"m16n8k16", "f32.bf16.bf16.f32", 16, 16, 16},
    {"m16n8k8", "f32.bf16.bf16.f32", 16, 8, 16},
    {"m16n8k8", "f32.tf32.tf32.f32", 16, 8, 32},
    {"m16n8k4", "f32.tf32.tf32.f32", 16, 4, 32},
    {"m16n8k32", "s32.s8.s8.s32", 16, 32, 8, false, true},
    {"m16n8k16", "s32.s8.s8.s32", 16, 16, 8, false, true},
    {"m16n8k32", "s32.u8.u8.s32", 16, 32, 8, false, true},
    {"m8n8k16", "s32.s8.s8.s32", 8, 16, 8, false, true},
};

std::string
testName(const ::testing::TestParamInfo<std::tuple<Shape, MmaMode>> &info) {
  static constexpr const char *kModes[] = {"hw", "exact", "fast"};
  const Shape &s = std::get<0>(info.param);
  std::string name = std::string(s.name) + "_" + s.types + "_" +
                     kModes[static_cast<int>(std::get<1>(info.param))];
  for (char &c : name)
    if (c == '.')
      c = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Shapes, MmaTest,
                         ::testing::Combine(::testing::ValuesIn(kShapes),
                                            ::testing::Values(MmaMode::Hw,
                                                              MmaMode::Exact,
                                                              MmaMode::Fast)),
                         testName);

/// The vector code agrees with the plain model on random bits, for both
/// generations and for exponents inside and outside its range.
TEST(MmaNumerics, HardwareMatchesModel) {
  for (const char *gpu : {"a100-sxm4-80", "h100-sxm5"})
    for (bool wild : {false, true}) {
      const Shape s = {"m16n8k16", "f32.f16.f16.f32", 16, 16, 16};
      TestDevice t(gpu);
      ASSERT_TRUE(t.load(kernelFor(s, 4, 2, 4))) << t.error;
      std::mt19937 random(wild ? 3 : 5);
      std::vector<uint32_t> fa(128), fb(64), fc(128);
      auto half = [&] {
        uint32_t h = random() & 0xffff;
        if ((h & 0x7c00) == 0x7c00)
          h &= 0xbfff;
        return h;
      };
      for (auto &x : fa)
        x = half() | half() << 16;
      for (auto &x : fb)
        x = half() | half() << 16;
      for (auto &x : fc)
        x = wild ? (random() & 0xff7fffff) & ~(random() & 0x40000000)
                 : bitsOf(float(int(random() % 20001) - 10000) * 1.7f);
      uint64_t d = t.allocate(512);
      ASSERT_EQ(t.run("k", {t.upload(fa), t.upload(fb), t.upload(fc), d}),
                Device::LaunchResult::Done)
          << t.fault.text();
      std::vector<uint32_t> fd = t.download<uint32_t>(d, 128);
      float a[16][16], b[16][8];
      for (unsigned lane = 0; lane < 32; ++lane) {
        for (unsigned i = 0; i < 8; ++i) {
          Place p = placeA(lane, i, 16, 16);
          a[p.row][p.column] = fromHalf(
              static_cast<uint16_t>(fa[lane * 4 + i / 2] >> (16 * (i & 1))));
        }
        for (unsigned i = 0; i < 4; ++i) {
          Place p = placeB(lane, i, 16);
          b[p.row][p.column] = fromHalf(
              static_cast<uint16_t>(fb[lane * 2 + i / 2] >> (16 * (i & 1))));
        }
      }
      DotModel model;
      const bool newer = std::string(gpu) == "h100-sxm5";
      model.extraBits = newer ? 2 : 1;
      model.minAlignExponent = newer ? -133 : -1000;
      for (unsigned lane = 0; lane < 32; ++lane)
        for (unsigned i = 0; i < 4; ++i) {
          Place p = placeC(lane, i);
          float column[16];
          for (unsigned k = 0; k < 16; ++k)
            column[k] = b[k][p.column];
          float c = floatOf(fc[lane * 4 + i]);
          const unsigned group = newer ? 16 : 8;
          for (unsigned k = 0; k < 16; k += group)
            c = dotHardware(a[p.row] + k, column + k, group, c, model);
          EXPECT_EQ(fd[lane * 4 + i], bitsOf(c)) << gpu << " lane " << lane;
        }
    }
}

/// Cases worked out by hand from the published model.
TEST(MmaNumerics, Truncation) {
  DotModel ampere;
  float one[8] = {1, 0, 0, 0, 0, 0, 0, 0};
  float tiny[8] = {0x1p-12f, 0, 0, 0, 0, 0, 0, 0};
  // 1 + 2^-24 is cut, 1 + 2^-23 stays.
  EXPECT_EQ(dotHardware(tiny, tiny, 8, 1.0f, ampere), 1.0f);
  // Two products of 2^-24 beside 1: the extra bit keeps each.
  float two[8] = {0x1p-12f, 0x1p-12f, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(dotHardware(two, two, 8, 1.0f, ampere), 1.0f + 0x1p-23f);
  // Four products of 2^-26 vanish one by one.
  float four[8] = {0x1p-13f, 0x1p-13f, 0x1p-13f, 0x1p-13f, 0, 0, 0, 0};
  EXPECT_EQ(dotHardware(four, four, 8, 1.0f, ampere), 1.0f);
  EXPECT_EQ(dotExact(four, four, 8, 1.0f, false), 1.0f);
  float eight[8];
  for (float &x : eight)
    x = 0x1p-13f;
  EXPECT_EQ(dotExact(eight, eight, 8, 1.0f, false), 1.0f + 0x1p-23f);
  // Truncation is towards zero for negative sums as well.
  float minus[8] = {-1, 0x1p-12f, 0, 0, 0, 0, 0, 0};
  float plus[8] = {1, 0x1p-14f, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(dotHardware(minus, plus, 8, 0.0f, ampere), -1.0f);
  // Infinities and NaN.
  EXPECT_TRUE(std::isnan(dotHardware(one, one, 8, NAN, ampere)));
  EXPECT_EQ(dotHardware(one, one, 8, INFINITY, ampere), INFINITY);
}

TEST(LdmatrixTest, FourMatrices) {
  const std::string body = R"(
.shared .align 16 .b8 buffer[1024];
.visible .entry k(.param .u64 out) {
  .reg .b32 %r<12>; .reg .b64 %p<4>; .reg .b16 %h<4>; .reg .pred %q;
  mov.u32 %r0, %laneid;
  mov.u32 %r1, 0;
LOOP:                       // halves 16*lane .. 16*lane+15 hold their index
  shl.b32 %r2, %r0, 4; add.u32 %r2, %r2, %r1;
  cvt.u16.u32 %h0, %r2;
  shl.b32 %r3, %r2, 1; mov.u32 %r4, buffer; add.u32 %r4, %r4, %r3;
  st.shared.b16 [%r4], %h0;
  add.u32 %r1, %r1, 1; setp.lt.u32 %q, %r1, 16; @%q bra LOOP;
  bar.warp.sync -1;
  shl.b32 %r3, %r0, 4; mov.u32 %r4, buffer; add.u32 %r4, %r4, %r3;
  ldmatrix.sync.aligned.m8n8.x4TRANS.shared.b16 {%r5,%r6,%r7,%r8}, [%r4];
  ld.param.u64 %p0, [out];
  mul.wide.u32 %p1, %r0, 16; add.s64 %p2, %p0, %p1;
  st.global.v4.b32 [%p2], {%r5,%r6,%r7,%r8};
  ret;
})";
  for (bool trans : {false, true}) {
    std::string text = body;
    text.replace(text.find("TRANS"), 5, trans ? ".trans" : "");
    TestDevice t;
    ASSERT_TRUE(t.load(TestDevice::moduleText(text))) << t.error;
    uint64_t out = t.allocate(512);
    ASSERT_EQ(t.run("k", {out}), Device::LaunchResult::Done) << t.fault.text();
    auto d = t.download<uint32_t>(out, 128);
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned m = 0; m < 4; ++m)
        for (unsigned h = 0; h < 2; ++h) {
          unsigned g = lane / 4, j = 2 * (lane % 4) + h;
          unsigned expected = 64 * m + (trans ? 8 * j + g : 8 * g + j);
          EXPECT_EQ(d[lane * 4 + m] >> (16 * h) & 0xffff, expected);
        }
  }
}

} // namespace
