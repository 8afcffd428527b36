//===- InterpreterTest.cpp - statements of the host program ---------------===//

#include "Harness.h"

using namespace raddle;
using namespace raddle::test;

namespace {

/// Runs the body on `a` and gives `y`, or the error's text.
std::pair<std::vector<int64_t>, std::string>
runBody(Block body, const std::vector<int64_t> &a) {
  auto session = scalarModel(std::move(body)).session();
  if (!session)
    return {{}, "no session"};
  Tensor input = i64(a);
  auto outputs = session->run({{"a", input.view()}});
  if (!outputs)
    return {{}, outputs.error().message()};
  return {values<int64_t>(outputs->at("y")), ""};
}

const Expr kBytes = mul(8, sym("n"));

TEST(Interpreter, LoopCountsUpAndDown) {
  Block body = {copyAll(0, 1, kBytes),
                {Loop{"i", 0, 5, 2, {increment(1, sym("i"))}}},
                {Loop{"i", 3, 0, -1, {increment(1, sym("i"), 8)}}},
                {Loop{"i", 3, 3, 1, {increment(1, 1000)}}}};
  auto [y, error] = runBody(body, {10, 20});
  EXPECT_EQ(error, "");
  EXPECT_EQ(y, (std::vector<int64_t>{16, 26}));
}

TEST(Interpreter, ZeroStepIsAnError) {
  auto [y, error] = runBody(
      {{Loop{"i", 0, 5, Expr::op(ExprKind::Sub, {sym("n"), 2}), {}}}}, {1, 2});
  EXPECT_EQ(error, "a loop has the step 0");
}

TEST(Interpreter, LoopEndsAtTheEdgeOfTheIntegers) {
  Block body = {
      {Let{"c", 0}},
      {Loop{"i", INT64_MAX - 1, INT64_MAX, 2, {{Let{"c", add(sym("c"), 1)}}}}},
      copyAll(0, 1, kBytes),
      increment(1, sym("c"))};
  auto [y, error] = runBody(body, {0});
  EXPECT_EQ(error, "");
  EXPECT_EQ(y, std::vector<int64_t>{1});
}

TEST(Interpreter, IfTakesOneSide) {
  for (int64_t value : {1, 5}) {
    Block body = {{Read{"v", 0, 0, DataType::I64}},
                  {If{lt(sym("v"), 3), {{Let{"by", 100}}}, {{Let{"by", 200}}}}},
                  copyAll(0, 1, kBytes),
                  increment(1, sym("by"))};
    auto [y, error] = runBody(body, {value});
    EXPECT_EQ(error, "");
    EXPECT_EQ(y[0], value + (value < 3 ? 100 : 200));
  }
}

TEST(Interpreter, WhileReadsBackAndCarriesScalars) {
  // Doubles the step each turn until the value on the device passes 100.
  Block body = {
      copyAll(0, 1, kBytes),
      {Let{"step", 1}},
      {While{{{Read{"v", 1, 0, DataType::I64}}},
             lt(sym("v"), 100),
             {increment(1, sym("step")), {Let{"step", mul(sym("step"), 2)}}}}},
      increment(1, sym("step"), 8)};
  auto [y, error] = runBody(body, {10, 0});
  EXPECT_EQ(error, "");
  EXPECT_EQ(y, (std::vector<int64_t>{10 + 127, 128}));
}

TEST(Interpreter, ReadsEveryIntegerType) {
  struct Case {
    DataType type;
    int64_t bits, expected;
  };
  const Case cases[] = {
      {DataType::I1, 0x0102, 1},
      {DataType::I8, 0xff, -1},
      {DataType::U8, 0xff, 255},
      {DataType::I16, 0xfffe, -2},
      {DataType::U16, 0xfffe, 0xfffe},
      {DataType::I32, 0xfffffffd, -3},
      {DataType::U32, 0xfffffffd, 0xfffffffd},
      {DataType::I64, -4, -4},
      {DataType::U64, 5, 5},
  };
  for (const Case &c : cases) {
    Block body = {{Read{"v", 0, 0, c.type}},
                  {Fill{1, 0, kBytes, 0}},
                  increment(1, sym("v"))};
    auto [y, error] = runBody(body, {c.bits});
    EXPECT_EQ(error, "");
    EXPECT_EQ(y, std::vector<int64_t>{c.expected}) << name(c.type);
  }
  auto [y, error] = runBody({{Read{"v", 0, 0, DataType::U64}}}, {-1});
  EXPECT_EQ(error, "read: the value in buffer 'a' does not fit a host scalar");
}

TEST(Interpreter, CopyAndFill) {
  Block body = {{Fill{1, 0, kBytes, 0xff}},
                {Copy{0, 8, 3, 16, 8}},
                {Copy{3, 16, 1, 0, 8}},
                {Fill{1, 8, 4, 1}},
                {Fill{1, 16, 0, 1}}};
  auto [y, error] = runBody(body, {7, 9});
  EXPECT_EQ(error, "");
  EXPECT_EQ(y, (std::vector<int64_t>{9, int64_t(0xffffffff01010101)}));
}

TEST(Interpreter, EveryRangeIsChecked) {
  struct Case {
    Block body;
    const char *error;
  };
  const Case cases[] = {
      {{{Copy{0, 8, 1, 0, 16}}},
       "copy: 16 bytes at offset 8 lie outside the buffer 'a' of 16 bytes"},
      {{{Copy{0, 0, 1, -8, 8}}},
       "copy: 8 bytes at offset -8 lie outside the buffer 'y' of 16 bytes"},
      {{{Copy{0, 0, 1, 0, -1}}},
       "copy: -1 bytes at offset 0 lie outside the buffer 'a' of 16 bytes"},
      {{{Copy{3, 0, 3, 8, 16}}},
       "copy: the ranges in buffers 't' and 't' overlap"},
      {{{Fill{1, 0, 17, 0}}},
       "fill: 17 bytes at offset 0 lie outside the buffer 'y' of 16 bytes"},
      {{{Fill{1, INT64_MAX, INT64_MAX, 0}}},
       "fill: 9223372036854775807 bytes at offset 9223372036854775807 lie "
       "outside the buffer 'y' of 16 bytes"},
      {{{Read{"v", 0, 9, DataType::I64}}},
       "read: 8 bytes at offset 9 lie outside the buffer 'a' of 16 bytes"},
      {{increment(2, 1, 9)},
       "kernel 'increment' (nodes '/increment'): argument 0: 0 bytes at offset "
       "9 lie outside the buffer 's' of 8 bytes"},
      {{increment(2, mul(sym("n"), INT64_MAX))},
       "kernel 'increment' (nodes '/increment'): argument 1: overflow in "
       "'mul(n, 9223372036854775807)'"},
      {{launch(0, -1, {Argument::ptr(2), Argument::i64(1)})},
       "kernel 'increment' (nodes '/increment'): grid extent -1 is outside the "
       "device's range of 0 to 2147483647"},
      {{{Let{"v", Expr::op(ExprKind::Mod, {1, 0})}}},
       "division by zero in 'mod(1, 0)'"},
      {{{Assert{lt(sym("n"), 2), "one at most"}}}, "one at most"},
  };
  for (const Case &c : cases) {
    auto [y, error] = runBody(c.body, {1, 2});
    EXPECT_EQ(error, c.error);
  }
}

TEST(Interpreter, EmptyGridIsNoLaunch) {
  TestModel m = scalarModel(
      {copyAll(0, 1, kBytes), launch(0, Expr::op(ExprKind::Sub, {sym("n"), 1}),
                                     {Argument::ptr(1), Argument::i64(5)})});
  auto session = m.session();
  ASSERT_TRUE(session);
  for (int64_t n : {1, 2}) {
    Tensor a = i64(std::vector<int64_t>(n, 3));
    auto outputs = session->run({{"a", a.view()}});
    ASSERT_TRUE(outputs) << outputs.error().message();
    EXPECT_EQ(values<int64_t>(outputs->at("y"))[0], n == 1 ? 3 : 8);
    EXPECT_EQ(session->stats().launches, uint64_t(n - 1));
    EXPECT_EQ(session->stats().kernels, uint64_t(n - 1));
  }
}

} // namespace
