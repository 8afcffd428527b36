//===- MmaShapesTest.cpp - mma.sync of the rarer types and shapes ---------===//
//
// As MmaTest: matrices go into fragments by the tables of the PTX ISA, a plain
// loop says what comes out. The values are small enough that every sum is
// exact, so the three modes agree.
//
//===----------------------------------------------------------------------===//

#include "TestDevice.h"

#include <cmath>
#include <functional>
#include <random>

using namespace raddle::vgpu;

namespace {

struct Shape {
  const char *name, *suffix;
  unsigned rows, k, bits; // of an element of A and B
  const char *typeA, *typeB, *typeC;
  const char *target = "sm_80", *gpu = "a100-sxm4-80";
};

/// Bits of `x` in a type of PTX; the values used here are exact in all.
uint64_t encode(const std::string &type, double x) {
  if (type == "f64")
    return __builtin_bit_cast(uint64_t, x);
  if (type == "f32")
    return __builtin_bit_cast(uint32_t, static_cast<float>(x));
  const uint16_t half = __builtin_bit_cast(uint16_t, static_cast<_Float16>(x));
  if (type == "f16")
    return half;
  if (type == "e5m2")
    return half >> 8;
  if (type == "e4m3") { // bias 7, three fraction bits
    int e;
    const double m = std::frexp(std::fabs(x), &e);
    if (m == 0)
      return 0;
    return (x < 0 ? 0x80 : 0) | (e + 6) << 3 |
           (static_cast<unsigned>(m * 16) & 7);
  }
  return static_cast<uint64_t>(static_cast<int64_t>(x)); // integers
}
double decode(const std::string &type, uint64_t bits) {
  if (type == "f64")
    return __builtin_bit_cast(double, bits);
  if (type == "f32")
    return __builtin_bit_cast(float, static_cast<uint32_t>(bits));
  if (type == "f16")
    return static_cast<double>(
        __builtin_bit_cast(_Float16, static_cast<uint16_t>(bits)));
  return static_cast<int32_t>(bits);
}
unsigned bitsOf(const std::string &type) {
  return type == "f64" ? 64 : type == "f16" ? 16 : 32;
}

/// A kernel that loads fragments of `n` registers of `bytes`, lane by lane.
std::string kernelFor(const std::string &opcode, unsigned na, unsigned nb,
                      unsigned nc, unsigned bytes, const char *target) {
  auto list = [](const char *name, unsigned n) {
    std::string text = "{";
    for (unsigned i = 0; i < n; ++i)
      text += (i ? ", %" : "%") + std::string(name) + std::to_string(i);
    return text + "}";
  };
  const std::string type = bytes == 8 ? "f64" : "b32";
  std::string body = ".visible .entry k(.param .u64 pa, .param .u64 pb, "
                     ".param .u64 pc, .param .u64 pd) {\n"
                     ".reg .b32 %lane, %o;\n.reg .b64 %p<5>;\n"
                     "mov.u32 %lane, %laneid;\n.reg ." +
                     type + " %a<8>, %b<8>, %c<8>, %d<8>;\n";
  auto access = [&](const char *param, const char *reg, unsigned n, bool load) {
    body += "ld.param.u64 %p0, [" + std::string(param) + "];\n";
    body += "mul.lo.u32 %o, %lane, " + std::to_string(bytes * n) + ";\n";
    body += "cvt.u64.u32 %p1, %o;\nadd.s64 %p2, %p0, %p1;\n";
    for (unsigned i = 0; i < n; ++i) {
      std::string r = "%" + std::string(reg) + std::to_string(i);
      std::string at = "[%p2+" + std::to_string(bytes * i) + "]";
      body += load ? "ld.global." + type + " " + r + ", " + at + ";\n"
                   : "st.global." + type + " " + at + ", " + r + ";\n";
    }
  };
  access("pa", "a", na, true);
  access("pb", "b", nb, true);
  access("pc", "c", nc, true);
  body += opcode + " " + list("d", nc) + ", " + list("a", na) + ", " +
          list("b", nb) + ", " + list("c", nc) + ";\n";
  access("pd", "d", nc, false);
  return TestDevice::moduleText(body + "ret;\n}\n", target);
}

/// Registers of 32 lanes; elements of any width that divides a register.
struct Fragments {
  unsigned count, bytes;
  std::vector<uint8_t> data;
  Fragments(unsigned count, unsigned bytes)
      : count(count), bytes(bytes), data(32 * count * bytes) {}
  void put(unsigned lane, unsigned element, unsigned bits, uint64_t value) {
    const unsigned at = lane * count * bytes * 8 + element * bits;
    for (unsigned i = 0; i < bits; ++i)
      if (value >> i & 1)
        data[(at + i) / 8] |= 1 << (at + i) % 8;
  }
  uint64_t get(unsigned lane, unsigned element, unsigned bits) const {
    const unsigned at = lane * count * bytes * 8 + element * bits;
    uint64_t value = 0;
    for (unsigned i = 0; i < bits; ++i)
      value |= uint64_t(data[(at + i) / 8] >> (at + i) % 8 & 1) << i;
    return value;
  }
};

class MmaShapes : public ::testing::TestWithParam<std::tuple<Shape, MmaMode>> {
};

TEST_P(MmaShapes, MatchPlainLoop) {
  const Shape &s = std::get<0>(GetParam());
  const unsigned bytes = s.bits == 64 ? 8 : 4, width = 8 * bytes;
  const unsigned per = width / s.bits;
  const unsigned na = s.rows * s.k / 32 / per, nb = 8 * s.k / 32 / per;
  const unsigned bitsC = bitsOf(s.typeC);
  const unsigned nc = s.rows * 8 / 32 * bitsC / width;
  std::mt19937 random(11);
  auto value = [&](const std::string &type) -> double {
    const int r = static_cast<int>(random() >> 8);
    if (type == "b1")
      return r & 1;
    if (type == "u4")
      return r & 15;
    if (type == "s4")
      return (r & 15) - 8;
    if (type == "f64")
      return (r % 2001 - 1000) / 8.0;
    return (r % 15 - 7) / (type == "e5m2" ? 1.0 : 4.0) *
           (type == "e5m2" && std::abs(r % 15 - 7) % 2 ? 0.5 : 1.0);
  };
  std::vector<double> a(s.rows * s.k), b(s.k * 8), c(s.rows * 8);
  for (double &x : a)
    x = value(s.typeA);
  for (double &x : b)
    x = value(s.typeB);
  for (double &x : c)
    x = static_cast<int>(random() % 63) - 31;
  if (std::string(s.typeA) == "e5m2")
    for (double &x : a)
      x = decode("f16", encode("e5m2", x) << 8);
  if (std::string(s.typeB) == "e5m2")
    for (double &x : b)
      x = decode("f16", encode("e5m2", x) << 8);
  Fragments fa(na, bytes), fb(nb, bytes), fc(nc, bytes), fd(nc, bytes);
  for (unsigned lane = 0; lane < 32; ++lane) {
    const unsigned g = lane / 4, q = lane % 4;
    for (unsigned i = 0; i < na * per; ++i) {
      const unsigned reg = i / per;
      const unsigned row = g + (s.rows == 16 && reg % 2 ? 8 : 0);
      const unsigned step = s.rows == 16 ? reg / 2 : reg;
      const unsigned k = step * 4 * per + q * per + i % per;
      fa.put(lane, i, s.bits, encode(s.typeA, a[row * s.k + k]));
    }
    for (unsigned i = 0; i < nb * per; ++i) {
      const unsigned k = i / per * 4 * per + q * per + i % per;
      fb.put(lane, i, s.bits, encode(s.typeB, b[k * 8 + g]));
    }
    for (unsigned i = 0; i < s.rows / 4; ++i)
      fc.put(lane, i, bitsC,
             encode(s.typeC, c[(g + i / 2 * 8) * 8 + 2 * q + i % 2]));
  }
  TestDevice t(s.gpu, "all");
  t.device->settings.mma = std::get<1>(GetParam());
  const std::string types = std::string(".") + s.typeC + "." + s.typeA + "." +
                            s.typeB + "." + s.typeC;
  ASSERT_TRUE(t.load(kernelFor("mma.sync.aligned." + std::string(s.name) +
                                   ".row.col" + types + s.suffix,
                               na, nb, nc, bytes, s.target)))
      << t.error;
  const uint64_t d = t.allocate(fd.data.size());
  ASSERT_EQ(
      t.run("k", {t.upload(fa.data), t.upload(fb.data), t.upload(fc.data), d}),
      Device::LaunchResult::Done)
      << t.error << t.fault.text();
  fd.data = t.download<uint8_t>(d, fd.data.size());
  const std::string suffix = s.suffix;
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < s.rows / 4; ++i) {
      const unsigned row = lane / 4 + i / 2 * 8;
      const unsigned column = 2 * (lane % 4) + i % 2;
      double expected = c[row * 8 + column];
      for (unsigned k = 0; k < s.k; ++k) {
        const double x = a[row * s.k + k], y = b[k * 8 + column];
        expected += suffix == ".xor.popc" ? x != y : x * y;
      }
      EXPECT_EQ(decode(s.typeC, fd.get(lane, i, bitsC)), expected)
          << "row " << row << " column " << column;
    }
}

const char *kH100 = "h100-sxm5";
const Shape kShapes[] = {
    {"m8n8k4", "", 8, 4, 64, "f64", "f64", "f64"},
    {"m16n8k4", "", 16, 4, 64, "f64", "f64", "f64", "sm_90", kH100},
    {"m16n8k8", "", 16, 8, 64, "f64", "f64", "f64", "sm_90", kH100},
    {"m16n8k16", "", 16, 16, 64, "f64", "f64", "f64", "sm_90", kH100},
    {"m8n8k32", "", 8, 32, 4, "s4", "s4", "s32"},
    {"m8n8k32", "", 8, 32, 4, "u4", "s4", "s32"},
    {"m16n8k32", "", 16, 32, 4, "s4", "u4", "s32"},
    {"m16n8k64", "", 16, 64, 4, "u4", "u4", "s32"},
    {"m16n8k64", "", 16, 64, 4, "s4", "s4", "s32"},
    {"m8n8k128", ".xor.popc", 8, 128, 1, "b1", "b1", "s32"},
    {"m8n8k128", ".and.popc", 8, 128, 1, "b1", "b1", "s32"},
    {"m16n8k128", ".xor.popc", 16, 128, 1, "b1", "b1", "s32"},
    {"m16n8k256", ".and.popc", 16, 256, 1, "b1", "b1", "s32"},
    {"m16n8k256", ".xor.popc", 16, 256, 1, "b1", "b1", "s32"},
    {"m16n8k32", "", 16, 32, 8, "e4m3", "e4m3", "f32", "sm_90", kH100},
    {"m16n8k32", "", 16, 32, 8, "e4m3", "e5m2", "f32", "sm_90", kH100},
    {"m16n8k32", "", 16, 32, 8, "e5m2", "e4m3", "f16", "sm_90", kH100},
    {"m16n8k16", "", 16, 16, 8, "e5m2", "e5m2", "f32", "sm_90", kH100},
    {"m16n8k16", "", 16, 16, 8, "e4m3", "e4m3", "f16", "sm_90", kH100},
};

std::string
testName(const ::testing::TestParamInfo<std::tuple<Shape, MmaMode>> &info) {
  static constexpr const char *kModes[] = {"hw", "exact", "fast"};
  const Shape &s = std::get<0>(info.param);
  std::string name = std::string(s.name) + s.suffix + "_" + s.typeC + "_" +
                     s.typeA + "_" + s.typeB + "_" +
                     kModes[static_cast<int>(std::get<1>(info.param))];
  for (char &c : name)
    if (c == '.')
      c = '_';
  return name;
}
INSTANTIATE_TEST_SUITE_P(Shapes, MmaShapes,
                         ::testing::Combine(::testing::ValuesIn(kShapes),
                                            ::testing::Values(MmaMode::Hw,
                                                              MmaMode::Exact,
                                                              MmaMode::Fast)),
                         testName);

TEST(MmaShapes, IntegersSaturateOnRequest) {
  for (bool saturate : {false, true}) {
    Fragments a(2, 4), b(1, 4), c(4, 4);
    for (uint8_t &x : a.data)
      x = 0x77;
    for (uint8_t &x : b.data)
      x = 0x77;
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned i = 0; i < 4; ++i)
        c.put(lane, i, 32, 0x7fffff00);
    TestDevice t;
    ASSERT_TRUE(
        t.load(kernelFor(std::string("mma.sync.aligned.m16n8k32.row.col") +
                             (saturate ? ".satfinite" : "") + ".s32.s4.s4.s32",
                         2, 1, 4, 4, "sm_80")))
        << t.error;
    const uint64_t d = t.allocate(512);
    ASSERT_EQ(
        t.run("k", {t.upload(a.data), t.upload(b.data), t.upload(c.data), d}),
        Device::LaunchResult::Done);
    for (uint32_t x : t.download<uint32_t>(d, 128)) // 32 * 7 * 7 = 0x620
      EXPECT_EQ(x, saturate ? 0x7fffffffu : 0x80000520u);
  }
}

/// m8n8k4 of f16: lanes 4p .. 4p + 3 and those 16 above hold the product p.
TEST(MmaShapes, QuadPairs) {
  for (const bool rowA : {true, false})
    for (const bool columnB : {true, false})
      for (const bool halfResult : {true, false}) {
        std::mt19937 random(3);
        std::vector<double> a(4 * 32), b(4 * 32), c(4 * 64);
        for (auto *m : {&a, &b, &c})
          for (double &x : *m)
            x = static_cast<int>(random() % 15) - 7;
        const unsigned nc = halfResult ? 4 : 8;
        Fragments fa(2, 4), fb(2, 4), fc(nc, 4), fd(nc, 4);
        auto place = [&](unsigned lane, unsigned i) { // of C: row * 8 + column
          const unsigned high = lane < 16 ? 0 : 4;
          if (halfResult)
            return (lane % 4 + high) * 8 + i;
          return ((lane & 1) + (i & 2) + high) * 8 + (i & 4) + (lane & 2) +
                 (i & 1);
        };
        const char *type = halfResult ? "f16" : "f32";
        for (unsigned lane = 0; lane < 32; ++lane) {
          const unsigned p = lane / 4 % 4, high = lane < 16 ? 0 : 4;
          for (unsigned i = 0; i < 4; ++i) {
            const unsigned row = rowA ? lane % 4 + high : i + high;
            const unsigned kA = rowA ? i : lane % 4;
            fa.put(lane, i, 16, encode("f16", a[p * 32 + row * 4 + kA]));
            const unsigned column = columnB ? lane % 4 + high : i + high;
            const unsigned kB = columnB ? i : lane % 4;
            fb.put(lane, i, 16, encode("f16", b[p * 32 + kB * 8 + column]));
          }
          for (unsigned i = 0; i < 8; ++i)
            fc.put(lane, i, halfResult ? 16 : 32,
                   encode(type, c[p * 64 + place(lane, i)]));
        }
        TestDevice t("a100-sxm4-80", "all");
        const std::string opcode =
            std::string("mma.sync.aligned.m8n8k4.") + (rowA ? "row." : "col.") +
            (columnB ? "col." : "row.") + type + ".f16.f16." + type;
        ASSERT_TRUE(t.load(kernelFor(opcode, 2, 2, nc, 4, "sm_70"))) << t.error;
        const uint64_t d = t.allocate(fd.data.size());
        ASSERT_EQ(t.run("k", {t.upload(fa.data), t.upload(fb.data),
                              t.upload(fc.data), d}),
                  Device::LaunchResult::Done)
            << t.fault.text();
        fd.data = t.download<uint8_t>(d, fd.data.size());
        for (unsigned lane = 0; lane < 32; ++lane)
          for (unsigned i = 0; i < 8; ++i) {
            const unsigned p = lane / 4 % 4, at = place(lane, i);
            double expected = c[p * 64 + at];
            for (unsigned k = 0; k < 4; ++k)
              expected +=
                  a[p * 32 + at / 8 * 4 + k] * b[p * 32 + k * 8 + at % 8];
            EXPECT_EQ(decode(type, fd.get(lane, i, halfResult ? 16 : 32)),
                      expected)
                << opcode << " lane " << lane << " element " << i;
          }
      }
}

} // namespace
