//===- Harness.h - models made of hand-written kernels ---------*- C++ -*-===//

#ifndef RADDLE_TEST_UNIT_RUNTIME_HARNESS_H
#define RADDLE_TEST_UNIT_RUNTIME_HARNESS_H

#include "Kernels.h"
#include "raddle/Runtime/Session.h"
#include "test/unit/Artifact/TestFiles.h"

#include <cstring>
#include <gtest/gtest.h>

namespace raddle::test {

using namespace raddle::host;

inline Expr sym(const char *name) { return Expr::symbol(name); }
inline Expr add(Expr a, Expr b) { return Expr::op(ExprKind::Add, {a, b}); }
inline Expr mul(Expr a, Expr b) { return Expr::op(ExprKind::Mul, {a, b}); }
inline Expr lt(Expr a, Expr b) { return Expr::op(ExprKind::Lt, {a, b}); }

/// The device that the tests run on: the virtual GPU, or what
/// RADDLE_TEST_DEVICE names.
inline Expected<std::shared_ptr<Device>> openDevice() {
  DeviceOptions options;
  options.kind = DeviceKind::VirtualGPU;
  if (const char *name = std::getenv("RADDLE_TEST_DEVICE"))
    options.kind = *parseDeviceKind(name);
  return Device::open(options);
}

inline Kernel kernel(const char *name, std::vector<ParamKind> params,
                     int64_t threads, int64_t shared = 0) {
  Kernel k;
  k.name = k.module = name;
  k.params = std::move(params);
  k.block = {threads, 1, 1};
  k.shared = shared;
  k.nodes = {std::string("/") + name};
  return k;
}

inline Kernel addKernel() {
  return kernel("add",
                {ParamKind::Ptr, ParamKind::Ptr, ParamKind::Ptr, ParamKind::I32,
                 ParamKind::F32},
                64);
}
inline Kernel incrementKernel() {
  return kernel("increment", {ParamKind::Ptr, ParamKind::I64}, 1);
}

/// A launch of one-dimensional extent.
inline Statement launch(uint32_t kernel, Expr grid,
                        std::vector<Argument> args) {
  Launch op;
  op.kernel = kernel;
  op.grid = {std::move(grid), 1, 1};
  op.args = std::move(args);
  return {op};
}

struct TestModel {
  Program program;
  std::map<std::string, std::string> ptx = {{"add", kAddPtx},
                                            {"increment", kIncrementPtx},
                                            {"reverse", kReversePtx},
                                            {"wild", kWildPtx}};
  std::map<std::string, std::string> tileTexts;
  std::map<std::string, std::vector<float>> weights;
  std::string target = "sm_80";

  Expected<Artifact> artifact() const {
    ArtifactWriter writer;
    for (const Kernel &kernel : program.kernels)
      if (Error error =
              writer.addPtx(target, kernel.module, ptx.at(kernel.module)))
        return error;
    for (const auto &[module, text] : tileTexts)
      if (Error error = writer.addTileText(module, text))
        return error;
    for (const auto &[name, values] : weights) {
      auto bytes = std::as_bytes(std::span(values));
      if (Error error = writer.addWeight(name, "F32", {int64_t(values.size())},
                                         bytes.size(), [bytes](ByteSink &sink) {
                                           return sink.write(bytes.data(),
                                                             bytes.size());
                                         }))
        return error;
    }
    TemporaryFolder folder;
    std::string path = folder.path("m.raddle");
    if (Error error = writer.write(program, path))
      return error;
    return Artifact::open(path);
  }
  Expected<std::shared_ptr<Model>> load() const {
    Expected<std::shared_ptr<Device>> device = openDevice();
    if (!device)
      return device.takeError();
    Expected<Artifact> file = artifact();
    if (!file)
      return file.takeError();
    return Model::load(*std::move(file), *device);
  }
  /// Fails the test when it cannot.
  std::unique_ptr<Session> session(const SessionOptions &options = {}) const {
    Expected<std::shared_ptr<Model>> model = load();
    if (!model) {
      ADD_FAILURE() << model.error().message();
      return nullptr;
    }
    Expected<std::unique_ptr<Session>> session =
        Session::create(*model, options);
    if (!session) {
      ADD_FAILURE() << session.error().message();
      return nullptr;
    }
    return *std::move(session);
  }
};

template <typename T>
Tensor tensor(DataType type, std::vector<int64_t> shape,
              const std::vector<T> &values) {
  Tensor result{type, std::move(shape), {}};
  result.bytes.resize(values.size() * sizeof(T));
  if (!values.empty())
    std::memcpy(result.bytes.data(), values.data(), result.bytes.size());
  return result;
}

inline Tensor f32(std::vector<int64_t> shape,
                  const std::vector<float> &values) {
  return tensor(DataType::F32, std::move(shape), values);
}
inline Tensor i64(const std::vector<int64_t> &values) {
  return tensor(DataType::I64, {int64_t(values.size())}, values);
}

template <typename T> std::vector<T> values(const Tensor &tensor) {
  auto span = tensor.as<T>();
  return {span.begin(), span.end()};
}

/// y = x + w * 2 for x of n floats, w a weight of 256.
inline TestModel addModel() {
  TestModel m;
  Program &p = m.program;
  p.name = "add";
  p.symbols = {{"n", 1, 256, 1}};
  p.inputs = {{"x", DataType::F32, {sym("n")}, 0}};
  p.outputs = {{"y", DataType::F32, {sym("n")}, 1}};
  p.buffers = {{"x", BufferKind::Input, mul(4, sym("n")), 0, ""},
               {"y", BufferKind::Output, mul(4, sym("n")), 0, ""},
               {"w", BufferKind::Weight, 1024, 0, "w"}};
  p.kernels = {addKernel()};
  p.body = {launch(0, Expr::op(ExprKind::CeilDiv, {sym("n"), 64}),
                   {Argument::ptr(0), Argument::ptr(2), Argument::ptr(1),
                    Argument::i32(sym("n")), Argument::scalar(2)})};
  std::vector<float> w(256);
  for (int i = 0; i < 256; ++i)
    w[i] = float(i);
  m.weights["w"] = w;
  return m;
}

/// A model around a body over: buffer 0 = input `a` (i64[n]), 1 = output `y`
/// (i64[n]), 2 = state `s` (8 bytes), 3 = workspace `t` (64 bytes); kernel 0
/// is `increment`.
inline TestModel scalarModel(Block body) {
  TestModel m;
  Program &p = m.program;
  p.name = "scalars";
  p.symbols = {{"n", 1, 1000, 1}};
  p.inputs = {{"a", DataType::I64, {sym("n")}, 0}};
  p.outputs = {{"y", DataType::I64, {sym("n")}, 1}};
  p.arenaBytes = 320;
  p.buffers = {{"a", BufferKind::Input, mul(8, sym("n")), 0, ""},
               {"y", BufferKind::Output, mul(8, sym("n")), 0, ""},
               {"s", BufferKind::State, 8, 0, ""},
               {"t", BufferKind::Workspace, 64, 256, ""}};
  p.kernels = {incrementKernel()};
  p.body = std::move(body);
  return m;
}

inline Statement copyAll(uint32_t from, uint32_t to, Expr bytes) {
  return {Copy{from, 0, to, 0, std::move(bytes)}};
}
inline Statement increment(uint32_t buffer, Expr by, Expr offset = 0) {
  return launch(
      0, 1,
      {Argument::ptr(buffer, std::move(offset)), Argument::i64(std::move(by))});
}

} // namespace raddle::test

#endif // RADDLE_TEST_UNIT_RUNTIME_HARNESS_H
