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

/// Adds buffers `p` and `q` of the pool, numbers 4 and 5, and runs the body.
std::pair<std::vector<int64_t>, std::string>
runPool(Block body, const std::vector<int64_t> &a, bool isOutput = false) {
  TestModel model = scalarModel(std::move(body));
  model.program.buffers.push_back({"p", BufferKind::Pool, 0, 0, ""});
  model.program.buffers.push_back({"q", BufferKind::Pool, 0, 0, ""});
  if (isOutput) {
    model.program.outputs[0] = {"y", DataType::I64, {sym("k")}, 4};
    model.program.buffers[1] = {"o", BufferKind::Workspace, 64, 0, ""};
  }
  auto session = model.session();
  if (!session)
    return {{}, "no session"};
  Tensor input = i64(a);
  auto outputs = session->run({{"a", input.view()}});
  if (!outputs)
    return {{}, outputs.error().message()};
  return {values<int64_t>(outputs->at("y")), ""};
}

TEST(Interpreter, PoolBuffersHaveTheSizeFoundAtRunTime) {
  // Grows by one element per turn: what it was is copied to its next memory.
  Block body = {{Read{"k", 0, 0, DataType::I64}},
                {Let{"size", 8}},
                {Alloc{4, sym("size")}},
                {Fill{4, 0, 8, 0}},
                {Loop{"i",
                      1,
                      sym("k"),
                      1,
                      {{Alloc{5, add(sym("size"), 8)}},
                       {Copy{4, 0, 5, 0, sym("size")}},
                       {Fill{5, sym("size"), 8, 0}},
                       increment(5, sym("i"), sym("size")),
                       {Let{"size", add(sym("size"), 8)}},
                       {Bind{4, 5}}}}},
                {Free{5}}};
  auto [y, error] = runPool(body, {5}, true);
  EXPECT_EQ(error, "");
  EXPECT_EQ(y, (std::vector<int64_t>{0, 1, 2, 3, 4}));
}

TEST(Interpreter, PoolBuffersAreChecked) {
  auto fails = [](Block body, const char *message) {
    body.push_back(copyAll(0, 1, kBytes));
    auto [y, error] = runPool(std::move(body), {7});
    EXPECT_NE(error.find(message), std::string::npos) << error;
  };
  fails({increment(4, 1)}, "the buffer 'p' has no memory here");
  fails({{Alloc{4, 8}}, {Free{4}}, increment(4, 1)},
        "the buffer 'p' has no memory here");
  fails({{Bind{4, 5}}}, "the buffer 'q' has no memory here");
  fails({{Alloc{4, -1}}}, "the size of the buffer 'p' is -1");
  fails({{Alloc{4, mul(INT64_MAX, sym("n"))}}, {Alloc{5, INT64_MAX}}},
        "cannot allocate 9223372036854775807 bytes for the buffer 'p'");
  fails({{Alloc{4, 8}}, increment(4, 1, 9)},
        "0 bytes at offset 9 lie outside the buffer 'p' of 8 bytes");
  fails({{Alloc{4, 8}}, copyAll(3, 4, 16)}, "lie outside the buffer 'p'");
}

/// Runs a body on two streams, in several orders when a seed is set.
std::pair<std::vector<int64_t>, std::string> runStreams(Block body) {
  TestModel model = scalarModel(std::move(body));
  model.program.streams = 2;
  auto session = model.session();
  if (!session)
    return {{}, "no session"};
  Tensor input = i64({1, 2});
  auto outputs = session->run({{"a", input.view()}});
  if (!outputs)
    return {{}, outputs.error().message()};
  return {values<int64_t>(outputs->at("y")), ""};
}

Statement onStream(Statement statement, uint32_t stream) {
  std::visit(
      [&](auto &op) {
        if constexpr (requires { op.stream; })
          op.stream = stream;
      },
      statement.op);
  return statement;
}

TEST(Interpreter, EventsOrderStreams) {
  Block body = {copyAll(0, 1, kBytes), {Record{3, 0}},
                {Wait{3, 1}},          onStream(increment(1, 10), 1),
                {Record{4, 1}},        {Wait{4, 0}},
                increment(1, 5)};
  auto [y, error] = runStreams(body);
  EXPECT_EQ(error, "");
  EXPECT_EQ(y, (std::vector<int64_t>{16, 2}));
}

TEST(Interpreter, AccessesWithoutOrderAreErrors) {
  auto fails = [](Block body, const char *message) {
    auto [y, error] = runStreams(std::move(body));
    EXPECT_NE(error.find(message), std::string::npos) << error;
  };
  // A write after a write, one that an event of too early orders.
  fails({copyAll(0, 1, kBytes), onStream(increment(1, 1), 1)},
        "writing the buffer 'y' is not ordered after another statement");
  fails({{Record{0, 0}},
         increment(1, 1),
         {Wait{0, 1}},
         onStream(increment(1, 1), 1)},
        "writing the buffer 'y' is not ordered after kernel 'increment' (nodes "
        "'/increment') on "
        "stream 0, which uses the same memory; expected an event between them");
  // A read after a write, a write after a read; a read by the host.
  fails({increment(3, 1), onStream(copyAll(3, 1, 8), 1)},
        "reading the buffer 't' is not ordered");
  fails({copyAll(3, 1, 8), onStream({Fill{3, 0, 8, 1}}, 1)},
        "writing the buffer 't' is not ordered");
  fails({onStream(increment(3, 1), 1), {Read{"v", 3, 0, DataType::I64}}},
        "reading the buffer 't' is not ordered");
  // Different bytes, and two reads, are in no order.
  auto [y, error] = runStreams({copyAll(0, 1, kBytes),
                                onStream({Fill{3, 0, 8, 0}}, 1),
                                {Fill{3, 8, 8, 0}},
                                onStream({Copy{0, 0, 3, 16, 8}}, 1)});
  EXPECT_EQ(error, "");
}

TEST(Interpreter, EndlessLoopsEndAtTheLimit) {
  SessionOptions options;
  options.maxStatements = 10000;
  for (Statement loop :
       {Statement{While{{}, 1, {}}}, Statement{Loop{"i", 0, INT64_MAX, 1, {}}},
        Statement{While{{{Let{"x", 1}}}, sym("x"), {}}}}) {
    auto session = scalarModel({loop}).session(options);
    ASSERT_TRUE(session);
    Tensor input = i64({1});
    auto outputs = session->run({{"a", input.view()}});
    ASSERT_FALSE(outputs);
    EXPECT_EQ(outputs.error().message(),
              "the call has run 10000 statements of the host program, its "
              "limit; does a loop never end?");
  }
}

TEST(Interpreter, AssertionsThatOverflowDoNotHold) {
  auto [y, error] = runBody(
      {{Assert{lt(mul(INT64_MAX, add(sym("n"), 1)), 3), "too large"}}}, {1});
  EXPECT_EQ(error.find("too large (overflow in 'lt(mul("), 0u) << error;
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
      {{{Assert{lt(sym("n"), 2), "one at most"}}},
       "one at most, found 2 and 2"},
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
