//===- ProgramTest.cpp - JSON round trip and diagnostics ------------------===//

#include "Sample.h"

#include <gtest/gtest.h>

using namespace raddle;
using namespace raddle::host;
using namespace raddle::host::test;

namespace {

TEST(Program, RoundTripIsExact) {
  Program program = sampleProgram();
  ASSERT_FALSE(verify(program)) << verify(program).message();
  std::string text = toJson(program);
  Expected<Program> again = fromJson(text);
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(toJson(*again), text);
  EXPECT_EQ(again->kernels[0].targets.at("sm_90").shared, 2048);
  const auto &launch = std::get<Launch>(again->body[0].op);
  EXPECT_EQ(launch.args[3].f32, 0.1f);
  EXPECT_EQ(std::get<Loop>(again->body[4].op).step, Expr(1));
}

TEST(Program, TextIsCanonical) {
  Program empty;
  empty.name = "e";
  EXPECT_EQ(toJson(empty),
            R"({"arena":{"align":256,"bytes":0},"body":[],"buffers":[],)"
            R"("checks":[],"inputs":[],"kernels":[],"name":"e","outputs":[],)"
            R"("symbols":[],"version":1})");
}

/// Replaces `from`, which must occur, by `to` in the sample's text.
std::string mutated(const std::string &from, const std::string &to) {
  std::string text = toJson(sampleProgram());
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Program, EveryProblemNamesItsPlace) {
  struct Mutation {
    const char *from, *to, *message;
  };
  const Mutation mutations[] = {
      {"\"kind\":\"pool\"", "\"kind\":\"pool\",\"bytes\":4",
       "buffers[5]: a buffer of kind 'pool' has no 'bytes'"},
      {"\"alloc\":5", "\"alloc\":3",
       "alloc: expected a buffer of kind 'pool', found 't' of kind "
       "'workspace'"},
      {"\"bind\":5", "\"bind\":50", "bind: there is no buffer 50"},
      {"\"to\":1}", "\"to\":90}", "to: there is no buffer 90"},
      {"\"free\":5", "\"free\":0",
       "free: expected a buffer of kind 'pool', found 'x' of kind 'input'"},
      {"[\"mul\",\"count\",4]", "[\"mul\",\"cuont\",4]",
       "bytes: unknown symbol 'cuont'"},
      {"\"writes\":[0]", "\"writes\":[1]",
       "kernels[0].writes[0]: parameter 1 is no pointer"},
      {"\"ptr\":3", "\"ptr\":2",
       "buffer 'w' of kind 'weight' must not be written"},
      {"\"streams\":2", "\"streams\":65",
       "streams: expected an integer from 1 to 64, found 65"},
      {"\"streams\":2", "\"streams\":1",
       "stream: there is no stream 1 (the program has 1)"},
      {"\"record\":7", "\"record\":65536",
       "record: expected an event below 65536, found 65536"},
      {"\"stream\":0,\"wait\":7", "\"stream\":2,\"wait\":7",
       "stream: there is no stream 2 (the program has 2)"},
      {"\"version\":1", "\"version\":2", "version: expected 1, found 2"},
      {"\"version\":1", "\"version\":\"1\"",
       "version: expected 1, found \"1\""},
      {"\"name\":\"sample\"", "\"name\":7",
       "name: expected a string, found a number"},
      {"\"name\":\"sample\"", "\"nam\":\"sample\"", "unknown field 'nam'"},
      {"\"name\":\"sample\"", "\"nam\":\"sample\"", "missing field 'name'"},
      {"\"origins\":[0,-1]", "\"origins\":[1,-1]",
       "origins[0]: expected -1 or the number of one of 1 nodes, found 1"},
      {"\"origins\":[0,-1]", "\"origins\":[-2]",
       "origins[0]: expected an integer from -1 to 2147483647, found -2"},
      {"[\"mul\",\"n\",32]", "[\"mul\",\"n\"]",
       "arena.bytes[1]: 'mul' takes 2 operands, found 1"},
      {"[\"mul\",\"n\",32]", "[\"pow\",\"n\",32]",
       "arena.bytes[1]: unknown operation 'pow'"},
      {"[\"mul\",\"n\",32]", "[\"mul\",\"q\",32]",
       "arena.bytes: unknown symbol 'q'"},
      {"[\"mul\",\"n\",32]", "1.5",
       "arena.bytes[1]: expected an integer, found a fractional number"},
      {"[\"mul\",\"n\",32]", "18446744073709551615",
       "arena.bytes[1]: expected an integer from"},
      {"\"align\":256", "\"align\":3", "arena.align: expected a power of two"},
      {"\"kind\":\"weight\"", "\"kind\":\"wait\"",
       "buffers[2].kind: unknown buffer kind 'wait'"},
      {"\"kind\":\"state\"", "\"kind\":\"output\"",
       "buffers[4]: a buffer of kind 'output' has no 'initial'"},
      {"\"initial\":\"zero\"", "\"initial\":\"one\"",
       "buffers[4].initial: expected \"zero\""},
      {"\"buffer\":0,\"name\":\"x\"", "\"buffer\":9,\"name\":\"x\"",
       "inputs[0].buffer: there is no buffer 9 (the program has 6)"},
      {"\"buffer\":0,\"name\":\"x\"", "\"buffer\":1,\"name\":\"x\"",
       "inputs[0].buffer: expected a buffer of kind 'input'"},
      {"\"type\":\"f32\"", "\"type\":\"f33\"",
       "inputs[0].type: unknown type 'f33'"},
      {"\"shape\":[\"n\",8]", "\"shape\":[-1,8]",
       "inputs[0].shape[0]: expected a symbol or an integer"},
      {"\"shape\":[\"n\",8]", "\"shape\":[4,8]",
       "symbols[0]: no input dim binds 'n'"},
      {"\"min\":1", "\"min\":70000", "symbols[0]: the range of 'n' is empty"},
      {"\"divisor\":4", "\"divisor\":0", "symbols[0].divisor: expected"},
      {"\"block\":[128,1,1]", "\"block\":[128,1]",
       "kernels[0].block: expected an array of 3 integers"},
      {"\"block\":[128,1,1]", "\"block\":[128,16,1]",
       "kernels[0].block: more than 1024 threads"},
      {"[\"ptr\",\"i32\",\"i64\",\"f32\"]", "[\"ptr\",\"i32\",\"i64\"]",
       "body[0].args: kernel 'k0' takes 3 arguments, found 4"},
      {"[\"ptr\",\"i32\",\"i64\",\"f32\"]", "[\"i32\",\"i32\",\"i64\",\"f32\"]",
       "body[0].args[0]: kernel 'k0' takes 'i32' here, found 'ptr'"},
      {"[\"ptr\",\"i32\",\"i64\",\"f32\"]", "[\"ptr\",\"i33\",\"i64\",\"f32\"]",
       "kernels[0].params[1]: unknown parameter kind 'i33'"},
      {"{\"i64\":-1}", "{\"i64\":-1,\"i32\":2}",
       "body[0].args[2]: expected exactly one of"},
      {"\"launch\":0", "\"launch\":1", "body[0].launch: there is no kernel 1"},
      {"\"launch\":0", "\"lunch\":0", "body[0]: unknown statement with"},
      {"\"let\":\"i\"", "\"let\":\"n\"",
       "body[1].let: the dim 'n' must not be bound again"},
      {"\"loop\":\"j\"", "\"loop\":\"i\"",
       "body[4].loop: the name 'i' is taken"},
      {"\"step\":1", "\"step\":0", "body[4].step: a step must not be zero"},
      {"\"read\":\"count\",\"type\":\"i32\"",
       "\"read\":\"count\",\"type\":\"f16\"",
       "body[2].type: expected an integer type, found 'f16'"},
      {"\"read\":\"count\"", "\"read\":\"counts\"",
       "outputs[0].shape[0]: unknown symbol 'count'"},
      {"\"let\":\"z\"", "\"let\":\"zz\"", "body[4].to: unknown symbol 'z'"},
      {"\"to\":1,\"toOffset\"", "\"to\":2,\"toOffset\"",
       "body[6].copy.to: buffer 'w' of kind 'weight' must not be written"},
      {"\"byte\":255", "\"byte\":256",
       "body[7].fill.byte: expected an integer from 0 to 255, found 256"},
      {"\"assert\":", "\"name\":1,\"assert\":",
       "body[8]: unknown field 'name'"},
  };
  for (const Mutation &m : mutations) {
    Expected<Program> program = fromJson(mutated(m.from, m.to));
    ASSERT_FALSE(program) << m.from << " -> " << m.to;
    EXPECT_NE(program.error().message().find(m.message), std::string::npos)
        << "expected: " << m.message
        << "\nfound: " << program.error().message();
  }
}

TEST(Program, AllProblemsAreReportedAtOnce) {
  std::string text = mutated("\"align\":256", "\"align\":3");
  size_t at = text.find("\"launch\":0");
  text.replace(at, 10, "\"launch\":5");
  Expected<Program> program = fromJson(text);
  ASSERT_FALSE(program);
  EXPECT_NE(program.error().message().find("arena.align"), std::string::npos);
  EXPECT_NE(program.error().message().find("body[0].launch"),
            std::string::npos);
}

TEST(Program, BadTextIsAnError) {
  std::string deep(100000, '[');
  for (const std::string &text :
       {std::string(), std::string("{"), std::string("[]"), std::string("null"),
        deep, std::string("{\"version\":1,\"version\":1}"),
        std::string("{\"a\":\"\xff\"}")})
    EXPECT_FALSE(fromJson(text)) << text.substr(0, 40);
}

TEST(Program, ScopesEndWithTheirBlock) {
  Program p;
  p.body = {{If{1, {{Let{"a", 1}}}, {}}}, {Let{"b", sym("a")}}};
  EXPECT_EQ(verify(p).message(), "body[1].value: unknown symbol 'a'");
  p.body = {{Loop{"i", 0, 3, 1, {{Let{"a", sym("i")}}}}}, {Let{"b", sym("i")}}};
  EXPECT_EQ(verify(p).message(), "body[1].value: unknown symbol 'i'");
  // What one turn computes is seen by the next only through an outer name.
  p.body = {{Let{"a", 0}},
            {Loop{"i",
                  0,
                  3,
                  1,
                  {{Let{"a", Expr::op(ExprKind::Add, {sym("a"), sym("i")})}}}}},
            {Let{"b", sym("a")}}};
  EXPECT_FALSE(verify(p));
}

} // namespace
