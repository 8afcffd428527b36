//===- ParserTest.cpp - What is read, and what is refused -----------------===//

#include "TestDevice.h"

#include "Isa/Table.h"

using namespace raddle::vgpu;

namespace {

std::string loadError(const std::string &text) {
  TestDevice t;
  if (t.load(text))
    return "";
  return t.error.empty() ? "no message" : t.error;
}
std::string bodyError(const std::string &body) {
  return loadError(TestDevice::moduleText(
      ".visible .entry k(.param .u64 a) {\n.reg .b32 %r<4>; .reg .b64 %p<4>; "
      ".reg .pred %q<2>; .reg .f32 %f<4>; .reg .b16 %h<4>;\n" +
      body + "\nret;\n}\n"));
}

TEST(ParserTest, RefusesWithTheLine) {
  EXPECT_EQ(bodyError("frobnicate.u32 %r0, %r1;"),
            "line 6: unknown instruction 'frobnicate.u32'");
  EXPECT_NE(bodyError("add.f31 %r0, %r1, %r2;").find("unknown form"),
            std::string::npos);
  EXPECT_NE(bodyError("add.u32 %r0, %r1;").find("expected 3 operands"),
            std::string::npos);
  EXPECT_NE(bodyError("add.u32 %r0, %r1, %p0;")
                .find("expected a source of 32 bits, found register '%p0'"),
            std::string::npos);
  EXPECT_NE(bodyError("add.u32 %r0, %r9, %r1;").find("'%r9'"),
            std::string::npos);
  EXPECT_NE(bodyError("bra NOWHERE;").find("unknown label 'NOWHERE'"),
            std::string::npos);
  EXPECT_NE(bodyError("@%r0 bra L; L:").find("is not a predicate"),
            std::string::npos);
  EXPECT_NE(bodyError("mov.u64 %p0, nosuch;").find("unknown symbol 'nosuch'"),
            std::string::npos);
  EXPECT_NE(bodyError("cvt.u32.f32 %r0, %f0;").find("'.rni'"),
            std::string::npos);
  EXPECT_NE(bodyError("tanh.approx.bf16 %h0, %h1; stmatrix.sync.aligned.m8n8"
                      ".x1.shared.b16 [%r0], {%r1};")
                .find("needs .target sm_90"),
            std::string::npos);
}

TEST(ParserTest, RefusesModules) {
  EXPECT_NE(loadError("").find(".version"), std::string::npos);
  EXPECT_NE(loadError(".version 8.0\n").find(".target"), std::string::npos);
  EXPECT_EQ(loadError(TestDevice::moduleText("", "sm_90")),
            "module needs sm_90, 'a100-sxm4-80' is sm_80");
  EXPECT_NE(loadError(TestDevice::moduleText(".visible .entry k() {"))
                .find("has no end"),
            std::string::npos);
  EXPECT_NE(loadError(TestDevice::moduleText(".global .b8 x[99999999999999];"))
                .find("too large"),
            std::string::npos);
}

/// Sizes that no host could allocate are refused, not tried.
TEST(ParserTest, HugeSizes) {
  EXPECT_NE(
      loadError(TestDevice::moduleText(".global .b8 x[270000000000] = {1};"))
          .find("not enough device memory"),
      std::string::npos);
  EXPECT_NE(bodyError(".reg .b64 %huge<1000000>;").find("too many registers"),
            std::string::npos);
  EXPECT_NE(bodyError(".local .b8 x[100000000];").find("local memory"),
            std::string::npos);
  EXPECT_NE(
      bodyError(".shared .b8 x[100000000]; mov.u32 %r0, x;").find("too large"),
      std::string::npos);
}

/// Every prefix of a module is refused or read, never a crash.
TEST(ParserTest, SurvivesTruncation) {
  const std::string text = TestDevice::moduleText(R"(
.file 1 "a.mlir"
.global .align 4 .f32 t[3] = {1.0, 0f40000000, -3};
.extern .shared .align 16 .b8 dyn[];
.visible .entry k(.param .u64 a, .param .align 8 .b8 b[16]) .maxntid 128, 1, 1 {
  .reg .b32 %r<4>; .reg .pred %q;
  { .reg .b32 %r; mov.u32 %r, 5; }
  .loc 1 2 3
  mov.b32 %r0, dyn; ld.param.u32 %r1, [b+4];
  @!%q bra L; setp.lt.s32 %q, %r0, -7;
L: ret;
})");
  for (size_t n = 0; n < text.size(); ++n) {
    TestDevice t;
    t.load(text.substr(0, n));
  }
  EXPECT_EQ(loadError(text), "");
}

TEST(ParserTest, ModuleData) {
  TestDevice t;
  ASSERT_TRUE(t.load(TestDevice::moduleText(R"(
.global .align 4 .u32 first[4] = {1, 2, 3};
.global .align 8 .u64 pointer[2] = {first, first+8};
.const .align 4 .f32 c[2] = {1.5, 0f40200000};
.visible .entry k(.param .u64 out) {
  .reg .b32 %r<4>; .reg .b64 %p<4>; .reg .f32 %f<4>;
  ld.param.u64 %p0, [out];
  ld.global.u64 %p1, [pointer+8]; ld.global.u32 %r0, [%p1];
  st.global.u32 [%p0], %r0;
  ld.const.v2.f32 {%f0, %f1}, [c]; add.f32 %f2, %f0, %f1;
  st.global.f32 [%p0+4], %f2;
  ret;
})"))) << t.error;
  uint64_t out = t.allocate(8);
  ASSERT_EQ(t.run("k", {out}, 1), Device::LaunchResult::Done) << t.fault.text();
  EXPECT_EQ(t.download<uint32_t>(out, 1)[0], 3u);
  EXPECT_EQ(t.download<float>(out + 4, 1)[0], 4.0f);
}

TEST(TableTest, BothModifierOrders) {
  Form form;
  std::string error;
  for (const char *name : {"ldmatrix.sync.aligned.x4.m8n8.shared.b16",
                           "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16",
                           "vote.ballot.sync.b32", "vote.sync.ballot.b32",
                           "ld.global.nc.L1::no_allocate.L2::128B.v4.f32",
                           "cp.async.cg.shared::cta.global.L2::128B"})
    EXPECT_TRUE(matchOpcode(name, form, error)) << error;
  for (const char *name : {"add.sat.u32", "mul.u32", "fma.f32", "setp.f32",
                           "mma.sync.aligned.m16n8k32.row.col.f32.f16.f16.f32"})
    EXPECT_FALSE(matchOpcode(name, form, error)) << name;
}

} // namespace
