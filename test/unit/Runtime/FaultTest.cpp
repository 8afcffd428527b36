//===- FaultTest.cpp - what remains after a fault -------------------------===//
//
// A binary of its own: a fault makes the device unusable for the process.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

using namespace raddle;
using namespace raddle::test;

namespace {

TEST(Fault, EndsTheCallAndAllLaterOnes) {
  TestModel m;
  Program &p = m.program;
  p.outputs = {{"y", DataType::I32, {1}, 0}};
  p.buffers = {{"y", BufferKind::Output, 4, 0, ""}};
  p.kernels = {kernel("wild", {ParamKind::Ptr}, 1)};
  p.body = {launch(0, 1, {Argument::ptr(0)})};
  Launch &wild = std::get<Launch>(p.body[0].op);
  wild.nodes = {"/wild"};
  wild.origins = {-1, 0};
  m.tileTexts["wild"] = "tile.func @wild\n  tile.store %p\n"
                        "// roles: lines, operation of the group, what\n"
                        "// 2 1 arith.addf: store of output 0\n";
  Expected<std::shared_ptr<Model>> model = m.load();
  ASSERT_TRUE(model) << model.error().message();
  auto session = Session::create(*model);
  ASSERT_TRUE(session) << session.error().message();
  auto outputs = (*session)->run({});
  ASSERT_FALSE(outputs);
  std::string first = outputs.error().message();
  EXPECT_NE(first.find("CUDA_ERROR_"), std::string::npos) << first;
  if ((*model)->device()->isVirtual()) {
    // The virtual GPU says where: graph node, kernel, lines.
    for (const char *part : {"kernel 'wild' (nodes '/wild')", "out-of-bounds",
                             "PTX line 16: st.global.u32 [%rd3], %r1;",
                             "tile line 2: tile.store %p",
                             "from 'arith.addf' (store of output 0) of node "
                             "'/wild'",
                             "at offset 281474976710656 from the start of the "
                             "output 'y' of 4 bytes"})
      EXPECT_NE(first.find(part), std::string::npos)
          << part << " is not in: " << first;
  }
  outputs = (*session)->run({});
  ASSERT_FALSE(outputs);
  EXPECT_NE(
      outputs.error().message().find("is unusable after an earlier fault: "),
      std::string::npos)
      << outputs.error().message();
  EXPECT_FALSE(Session::create(*model));
}

} // namespace
