//===- CApiTest.cpp - the C interface -------------------------------------===//

#include "Harness.h"
#include "raddle-c/Runtime.h"

using namespace raddle;
using namespace raddle::test;

/// Compiled as C, in CApiHeader.c.
extern "C" int raddleTestHeaderIsC(void);

namespace {

TEST(CApi, RunsAModel) {
  EXPECT_EQ(raddleTestHeaderIsC(), RADDLE_C_API_VERSION);
  EXPECT_EQ(raddleApiVersion(), RADDLE_C_API_VERSION);

  TestModel m = addModel();
  ArtifactWriter writer;
  ASSERT_FALSE(writer.addPtx("sm_80", "add", kAddPtx));
  std::vector<float> w = m.weights["w"];
  ASSERT_FALSE(writer.addWeight("w", "F32", {256}, 1024, [&](ByteSink &sink) {
    return sink.write(w.data(), 1024);
  }));
  TemporaryFolder folder;
  std::string path = folder.path("m.raddle");
  ASSERT_FALSE(writer.write(m.program, path));

  const char *kind = std::getenv("RADDLE_TEST_DEVICE");
  RaddleDevice *device = nullptr;
  ASSERT_EQ(raddleDeviceOpen(kind && std::string(kind) == "cuda"
                                 ? RADDLE_DEVICE_CUDA
                                 : RADDLE_DEVICE_VGPU,
                             0, &device),
            0)
      << raddleLastError();
  EXPECT_NE(std::string(raddleDeviceName(device)), "");
  RaddleModel *model = nullptr;
  EXPECT_EQ(raddleModelLoad(device, "/nowhere", &model), 1);
  EXPECT_EQ(std::string(raddleLastError()),
            "cannot open '/nowhere': No such file or directory");
  ASSERT_EQ(raddleModelLoad(device, path.c_str(), &model), 0)
      << raddleLastError();
  EXPECT_EQ(raddleModelNumInputs(model), 1u);
  EXPECT_EQ(std::string(raddleModelInputName(model, 0)), "x");
  EXPECT_EQ(raddleModelInputName(model, 1), nullptr);
  EXPECT_EQ(raddleModelInputType(model, 0), RADDLE_TYPE_F32);
  EXPECT_EQ(raddleModelInputRank(model, 0), 1u);
  const char *symbol = nullptr;
  EXPECT_EQ(raddleModelInputExtent(model, 0, 0, &symbol), -1);
  EXPECT_EQ(std::string(symbol), "n");
  EXPECT_EQ(raddleModelNumOutputs(model), 1u);
  EXPECT_EQ(std::string(raddleModelOutputName(model, 0)), "y");
  EXPECT_EQ(raddleModelOutputType(model, 0), RADDLE_TYPE_F32);

  RaddleSession *session = nullptr;
  ASSERT_EQ(raddleSessionCreate(model, &session), 0) << raddleLastError();
  // The session keeps what it needs.
  raddleModelDestroy(model);
  raddleDeviceDestroy(device);

  const float x[4] = {1, 2, 3, 4};
  const int64_t shape[1] = {4};
  RaddleTensor input = {"x", RADDLE_TYPE_F32, RADDLE_MEMORY_HOST, 1, shape, x};
  RaddleOutputs *outputs = nullptr;
  ASSERT_EQ(raddleSessionRun(session, &input, 1, nullptr, 0, &outputs), 0)
      << raddleLastError();
  EXPECT_EQ(raddleSessionLaunches(session), 1u);
  EXPECT_GT(raddleSessionSeconds(session), 0);
  ASSERT_EQ(raddleOutputsSize(outputs), 1u);
  RaddleTensor y;
  ASSERT_EQ(raddleOutputsGet(outputs, 0, &y), 0);
  EXPECT_EQ(raddleOutputsGet(outputs, 1, &y), 1);
  EXPECT_EQ(std::string(y.name), "y");
  EXPECT_EQ(y.shape[0], 4);
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(static_cast<const float *>(y.data)[i], x[i] + float(i) * 2);
  raddleOutputsDestroy(outputs);

  float memory[4];
  RaddleOutputMemory place = {"y", RADDLE_MEMORY_HOST, memory, sizeof(memory)};
  ASSERT_EQ(raddleSessionRun(session, &input, 1, &place, 1, &outputs), 0);
  EXPECT_EQ(memory[3], 10);
  ASSERT_EQ(raddleOutputsGet(outputs, 0, &y), 0);
  EXPECT_EQ(y.data, memory);
  raddleOutputsDestroy(outputs);

  RaddleTensor twice[2] = {input, input};
  EXPECT_EQ(raddleSessionRun(session, twice, 2, nullptr, 0, &outputs), 1);
  EXPECT_EQ(std::string(raddleLastError()), "input 'x' is given twice");
  input.type = RaddleType(99);
  EXPECT_EQ(raddleSessionRun(session, &input, 1, nullptr, 0, &outputs), 1);
  EXPECT_EQ(raddleSessionRun(session, nullptr, 0, nullptr, 0, &outputs), 1);
  EXPECT_EQ(std::string(raddleLastError()),
            "input 'x': expected f32[n], found none");
  raddleSessionResetStates(session);
  raddleSessionDestroy(session);
  raddleSessionDestroy(nullptr);
}

} // namespace
