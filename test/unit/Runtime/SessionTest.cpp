//===- SessionTest.cpp - binding, memory, states, threads -----------------===//

#include "Harness.h"
#include "lib/Runtime/DeviceImpl.h"

#include <thread>

using namespace raddle;
using namespace raddle::test;

namespace {

std::vector<float> ramp(int64_t n, float start) {
  std::vector<float> values(n);
  for (int64_t i = 0; i < n; ++i)
    values[i] = start + float(i);
  return values;
}

/// What addModel computes.
std::vector<float> expectedSum(const std::vector<float> &x) {
  std::vector<float> y(x.size());
  for (size_t i = 0; i < x.size(); ++i)
    y[i] = x[i] + float(i) * 2;
  return y;
}

TEST(Session, OneModelServesEveryExtent) {
  auto session = addModel().session();
  ASSERT_TRUE(session);
  for (int64_t n : {1, 64, 65, 256, 3}) {
    std::vector<float> x = ramp(n, 0.5f);
    Tensor input = f32({n}, x);
    auto outputs = session->run({{"x", input.view()}});
    ASSERT_TRUE(outputs) << outputs.error().message();
    const Tensor &y = outputs->at("y");
    EXPECT_EQ(y.shape, std::vector<int64_t>{n});
    EXPECT_EQ(values<float>(y), expectedSum(x));
  }
  EXPECT_EQ(session->stats().launches, 1u);
  EXPECT_GT(session->stats().seconds, 0);
}

TEST(Session, AllProblemsWithInputsAtOnce) {
  TestModel m = addModel();
  m.program.symbols.push_back({"k", 2, 64, 8});
  m.program.inputs.push_back({"u", DataType::I64, {sym("n"), 3}, 3});
  m.program.inputs.push_back({"v", DataType::F16, {sym("k")}, 4});
  m.program.inputs.push_back({"w", DataType::F16, {sym("k")}, 5});
  for (const char *name : {"u", "v", "w"})
    m.program.buffers.push_back({name, BufferKind::Input, 0, 0, ""});
  ASSERT_FALSE(verify(m.program)) << verify(m.program).message();
  Tensor x = f32({5}, ramp(5, 0)),
         u = tensor<int64_t>(DataType::I64, {4, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  Tensor v = tensor<uint16_t>(DataType::F16, {12}, std::vector<uint16_t>(12));
  Tensor extra = f32({1}, {1});
  Error error = checkInputs(
      m.program,
      {{"x", x.view()}, {"u", u.view()}, {"v", v.view()}, {"z", extra.view()}});
  EXPECT_EQ(error.message(),
            "input 'z': the model has no such input; found f32[1]\n"
            "input 'u': expected i64[n, 3], found i64[4, 2]: 'n' is 5 by dim 0 "
            "of input 'x' and 4 here\n"
            "input 'u': expected i64[n, 3], found i64[4, 2]: dim 1 is 2 "
            "instead of 3\n"
            "input 'w': expected f16[k], found none\n"
            "dim 0 of input 'v': 'k' is 12, expected a multiple of 8");
  Tensor half = tensor<uint16_t>(DataType::F16, {5}, {1, 2, 3, 4, 5});
  EXPECT_EQ(checkInputs(addModel().program, {{"x", half.view()}}).message(),
            "input 'x': expected f32[n], found f16[5]");
  Tensor matrix = f32({1, 1}, {1});
  EXPECT_EQ(checkInputs(addModel().program, {{"x", matrix.view()}}).message(),
            "input 'x': expected f32[n], found f32[1, 1]");
  Tensor large = f32({300}, ramp(300, 0));
  EXPECT_EQ(checkInputs(addModel().program, {{"x", large.view()}}).message(),
            "dim 0 of input 'x': 'n' is 300, expected a value from 1 to 256");
  TensorView null{DataType::F32, {4}, nullptr, MemorySpace::Host};
  EXPECT_EQ(checkInputs(addModel().program, {{"x", null}}).message(),
            "input 'x': expected f32[n], found a null pointer");
  TensorView huge{DataType::F32, {INT64_MAX}, &large, MemorySpace::Host};
  EXPECT_TRUE(checkInputs(addModel().program, {{"x", huge}}));
}

TEST(Session, ChecksOnDims) {
  TestModel m = addModel();
  m.program.checks = {{lt(sym("n"), 10), "n must stay below 10"},
                      {lt(5, sym("n")), "n must be above 5"}};
  auto session = m.session();
  ASSERT_TRUE(session);
  Tensor x = f32({11}, ramp(11, 0));
  EXPECT_EQ(session->run({{"x", x.view()}}).error().message(),
            "n must stay below 10, found 11 and 10");
}

TEST(Session, BuffersAreCheckedBeforeTheFirstLaunch) {
  Tensor x = f32({4}, ramp(4, 0));
  auto problem = [&](const TestModel &m) {
    auto session = m.session();
    if (!session)
      return std::string("no session");
    auto outputs = session->run({{"x", x.view()}});
    EXPECT_EQ(session->stats().launches, 0u);
    return outputs ? "" : outputs.error().message();
  };
  TestModel input = addModel();
  input.program.buffers[0].bytes = 20;
  EXPECT_EQ(problem(input),
            "buffer 'x': the program uses 20 bytes of an input of 16");
  TestModel negative = addModel();
  negative.program.buffers[1].bytes = Expr::op(ExprKind::Sub, {sym("n"), 100});
  EXPECT_EQ(problem(negative), "buffer 'y': its size is -96");
  TestModel workspace = addModel();
  workspace.program.arenaBytes = 100;
  workspace.program.buffers.push_back(
      {"t", BufferKind::Workspace, mul(4, sym("n")), 96, ""});
  EXPECT_EQ(problem(workspace), "buffer 't': 16 bytes at offset 96 lie outside "
                                "the arena of 100 bytes");
  workspace.program.buffers.back().offset = -1;
  EXPECT_EQ(problem(workspace), "buffer 't': 16 bytes at offset -1 lie outside "
                                "the arena of 100 bytes");
  TestModel arena = addModel();
  arena.program.arenaBytes = mul(sym("n"), INT64_MAX);
  EXPECT_EQ(problem(arena), "arena: overflow in 'mul(n, 9223372036854775807)'");
  TestModel tooLarge = addModel();
  tooLarge.program.arenaBytes = int64_t(1) << 60;
  EXPECT_NE(problem(tooLarge).find("cannot allocate 1152921504606846976 bytes "
                                   "for the workspace arena"),
            std::string::npos)
      << problem(tooLarge);
}

TEST(Session, OutputLargerThanItsBuffer) {
  TestModel m = addModel();
  m.program.outputs[0].shape = {add(sym("n"), 1)};
  auto session = m.session();
  ASSERT_TRUE(session);
  Tensor x = f32({4}, ramp(4, 0));
  EXPECT_EQ(session->run({{"x", x.view()}}).error().message(),
            "output 'y': f32[5] does not fit its buffer of 16 bytes");
}

TEST(Session, OutputShapeMayComeFromTheDevice) {
  TestModel m = scalarModel(
      {copyAll(0, 1, mul(8, sym("n"))), {Read{"count", 0, 0, DataType::I64}}});
  m.program.outputs[0].shape = {sym("count")};
  auto session = m.session();
  ASSERT_TRUE(session);
  Tensor a = i64({2, 5, 6});
  auto outputs = session->run({{"a", a.view()}});
  ASSERT_TRUE(outputs) << outputs.error().message();
  EXPECT_EQ(values<int64_t>(outputs->at("y")), (std::vector<int64_t>{2, 5}));
}

TEST(Session, StatesLiveAsLongAsTheSession) {
  TestModel m = scalarModel({increment(2, 5), copyAll(2, 1, 8)});
  auto session = m.session();
  ASSERT_TRUE(session);
  Tensor a = i64({0});
  for (int64_t expected : {5, 10, 15}) {
    auto outputs = session->run({{"a", a.view()}});
    ASSERT_TRUE(outputs) << outputs.error().message();
    EXPECT_EQ(values<int64_t>(outputs->at("y"))[0], expected);
  }
  session->resetStates();
  EXPECT_EQ(values<int64_t>(session->run({{"a", a.view()}})->at("y"))[0], 5);
}

TEST(Session, StateOfAnotherSizeNeedsAReset) {
  TestModel m = scalarModel({copyAll(2, 1, mul(8, sym("n")))});
  m.program.buffers[2].bytes = mul(8, sym("n"));
  auto session = m.session();
  ASSERT_TRUE(session);
  Tensor one = i64({1}), two = i64({1, 2});
  ASSERT_TRUE(session->run({{"a", one.view()}}));
  EXPECT_EQ(session->run({{"a", two.view()}}).error().message(),
            "buffer 's': the state has 8 bytes, this call needs 16; reset the "
            "session's states first");
  session->resetStates();
  auto outputs = session->run({{"a", two.view()}});
  ASSERT_TRUE(outputs) << outputs.error().message();
  EXPECT_EQ(values<int64_t>(outputs->at("y")), (std::vector<int64_t>{0, 0}));
}

TEST(Session, IsolatedWorkspaces) {
  // A workspace beyond the arena is still an error, and values are the same.
  TestModel m = scalarModel({copyAll(0, 3, mul(8, sym("n"))), increment(3, 7),
                             copyAll(3, 1, mul(8, sym("n")))});
  for (bool isolate : {false, true}) {
    Expected<std::shared_ptr<Model>> model = m.load();
    ASSERT_TRUE(model) << model.error().message();
    SessionOptions options;
    options.isolateWorkspaces = isolate;
    auto session = Session::create(*model, options);
    ASSERT_TRUE(session) << session.error().message();
    for (int i = 0; i < 2; ++i) {
      Tensor a = i64({1, 2});
      auto outputs = (*session)->run({{"a", a.view()}});
      ASSERT_TRUE(outputs) << outputs.error().message();
      EXPECT_EQ(values<int64_t>(outputs->at("y")),
                (std::vector<int64_t>{8, 2}));
    }
  }
}

TEST(Session, DynamicSharedMemoryOverTheDefault) {
  TestModel m;
  Program &p = m.program;
  p.inputs = {{"x", DataType::F32, {32}, 0}};
  p.outputs = {{"y", DataType::F32, {32}, 1}};
  p.buffers = {{"x", BufferKind::Input, 128, 0, ""},
               {"y", BufferKind::Output, 128, 0, ""}};
  p.kernels = {kernel("reverse", {ParamKind::Ptr, ParamKind::Ptr}, 32, 1024)};
  p.kernels[0].targets["sm_80"].shared = 65536;
  p.body = {launch(0, 1, {Argument::ptr(0), Argument::ptr(1)})};
  auto session = m.session();
  ASSERT_TRUE(session);
  std::vector<float> x = ramp(32, 1);
  Tensor input = f32({32}, x);
  auto outputs = session->run({{"x", input.view()}});
  ASSERT_TRUE(outputs) << outputs.error().message();
  EXPECT_EQ(values<float>(outputs->at("y")),
            std::vector<float>(x.rbegin(), x.rend()));

  m.program.kernels[0].targets["sm_80"].shared = 1 << 20;
  session = m.session();
  ASSERT_TRUE(session);
  std::string error = session->run({{"x", input.view()}}).error().message();
  EXPECT_NE(error.find("kernel 'reverse' needs 1048576 bytes of shared memory"),
            std::string::npos)
      << error;
}

TEST(Session, NoTargetForTheDevice) {
  TestModel m = addModel();
  m.target = "sm_999";
  Expected<std::shared_ptr<Model>> model = m.load();
  ASSERT_FALSE(model);
  EXPECT_NE(
      model.error().message().find("runs none of the model's targets: sm_999"),
      std::string::npos)
      << model.error().message();
}

TEST(Session, BadPtxNamesTheModule) {
  TestModel m = addModel();
  m.ptx["add"] = ".version 7.1\n.target sm_80\n.address_size 64\nnonsense\n";
  auto session = m.session();
  ASSERT_TRUE(session);
  Tensor x = f32({4}, ramp(4, 0));
  std::string error = session->run({{"x", x.view()}}).error().message();
  EXPECT_NE(error.find("cannot load the PTX of module 'add' for sm_80"),
            std::string::npos)
      << error;
  m.ptx["add"] = m.ptx["increment"];
  session = m.session();
  ASSERT_TRUE(session);
  error = session->run({{"x", x.view()}}).error().message();
  EXPECT_NE(error.find("module 'add' has no kernel 'add'"), std::string::npos)
      << error;
}

TEST(Session, MemoryOfTheCaller) {
  auto session = addModel().session();
  ASSERT_TRUE(session);
  std::vector<float> x = ramp(8, 1), y(8);
  Tensor input = f32({8}, x);
  Session::OutputMemories memories;
  memories["y"] = {y.data(), 32, MemorySpace::Host};
  auto outputs = session->run({{"x", input.view()}}, memories);
  ASSERT_TRUE(outputs) << outputs.error().message();
  EXPECT_EQ(y, expectedSum(x));
  EXPECT_TRUE(outputs->at("y").bytes.empty());
  memories["y"].capacity = 31;
  EXPECT_EQ(session->run({{"x", input.view()}}, memories).error().message(),
            "buffer 'y': the output needs 32 bytes, the memory given has 31");
  memories["q"] = {};
  EXPECT_EQ(session->run({{"x", input.view()}}, memories).error().message(),
            "output 'q': the model has no such output");
}

TEST(Session, MemoryOnTheDevice) {
  Expected<std::shared_ptr<Model>> model = addModel().load();
  ASSERT_TRUE(model) << model.error().message();
  auto session = Session::create(*model);
  ASSERT_TRUE(session);
  Device::Impl &gpu = (*model)->device()->impl();
  ASSERT_FALSE(gpu.enter());
  DeviceMemory memory;
  ASSERT_FALSE(memory.resize(gpu, 64, "the test"));
  Transfer transfer;
  ASSERT_FALSE(transfer.create(gpu));
  std::vector<float> x = ramp(8, 1), y(8);
  ASSERT_FALSE(transfer.upload(memory.address(), x.data(), 32));
  ASSERT_FALSE(transfer.finish());
  TensorView input{DataType::F32,
                   {8},
                   reinterpret_cast<const void *>(memory.address()),
                   MemorySpace::Device};
  Session::OutputMemories memories;
  memories["y"] = {reinterpret_cast<void *>(memory.address() + 32), 32,
                   MemorySpace::Device};
  auto outputs = (*session)->run({{"x", input}}, memories);
  ASSERT_TRUE(outputs) << outputs.error().message();
  ASSERT_FALSE(transfer.download(y.data(), memory.address() + 32, 32));
  EXPECT_EQ(y, expectedSum(x));
}

TEST(Session, LargeTransfersGoThroughTheStagingChunks) {
  TestModel m = scalarModel({copyAll(0, 1, mul(8, sym("n")))});
  m.program.symbols[0].max = 1 << 24;
  auto session = m.session();
  ASSERT_TRUE(session);
  for (int64_t n : {1 << 19, (3 << 19) + 1, 1 << 20}) {
    std::vector<int64_t> a(n);
    for (int64_t i = 0; i < n; ++i)
      a[i] = i * 7919;
    Tensor input = i64(a);
    auto outputs = session->run({{"a", input.view()}});
    ASSERT_TRUE(outputs) << outputs.error().message();
    EXPECT_TRUE(values<int64_t>(outputs->at("y")) == a);
  }
}

TEST(Session, ThreadsShareAModel) {
  Expected<std::shared_ptr<Model>> model = addModel().load();
  ASSERT_TRUE(model) << model.error().message();
  std::vector<std::thread> threads;
  std::vector<std::string> errors(4);
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      auto session = Session::create(*model);
      if (!session) {
        errors[t] = session.error().message();
        return;
      }
      for (int i = 0; i < 10; ++i) {
        int64_t n = 1 + (t * 61 + i * 17) % 256;
        std::vector<float> x = ramp(n, float(t));
        Tensor input = f32({n}, x);
        auto outputs = (*session)->run({{"x", input.view()}});
        if (!outputs)
          errors[t] = outputs.error().message();
        else if (values<float>(outputs->at("y")) != expectedSum(x))
          errors[t] = "wrong values";
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  for (const std::string &error : errors)
    EXPECT_EQ(error, "");
}

TEST(Session, LaunchesAreReported) {
  auto session = addModel().session();
  ASSERT_TRUE(session);
  std::vector<std::string> seen;
  session->setOnLaunch([&](const LaunchInfo &info) {
    seen.push_back(info.kernel->name + " " + std::to_string(info.grid[0]) +
                   " " + std::to_string(info.block[0]));
  });
  Tensor x = f32({65}, ramp(65, 0));
  ASSERT_TRUE(session->run({{"x", x.view()}}));
  EXPECT_EQ(seen, std::vector<std::string>{"add 2 64"});
}

} // namespace
