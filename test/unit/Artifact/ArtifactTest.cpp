//===- ArtifactTest.cpp - model.raddle ------------------------------------===//

#include "raddle/Artifact/Artifact.h"
#include "Sample.h"
#include "TestFiles.h"

#include <gtest/gtest.h>

using namespace raddle;
using namespace raddle::host::test;
using namespace raddle::test;

namespace {

struct Options {
  std::string ptxTarget = "sm_80";
  std::string otherTarget = "sm_90";
  std::string module = "m0";
  int64_t weightBytes = 64;
  std::string weight = "w";
};

Error writeSample(const std::string &path, const Options &options = {}) {
  ArtifactWriter writer;
  if (Error error =
          writer.addWeight(options.weight, "U8", {options.weightBytes},
                           options.weightBytes, [&options](ByteSink &sink) {
                             std::string bytes(options.weightBytes, 'w');
                             return sink.write(bytes.data(), bytes.size());
                           }))
    return error;
  for (const std::string &target : {options.otherTarget, options.ptxTarget})
    if (!target.empty())
      if (Error error = writer.addPtx(target, options.module, "// " + target))
        return error;
  if (Error error = writer.addTileText("m0", "tile"))
    return error;
  return writer.write(sampleProgram(), path);
}

TEST(Artifact, RoundTrip) {
  TemporaryFolder folder;
  std::string path = folder.path("m.raddle");
  Error error = writeSample(path);
  ASSERT_FALSE(error) << error.message();
  Expected<Artifact> artifact = Artifact::open(path);
  ASSERT_TRUE(artifact) << artifact.error().message();
  EXPECT_EQ(host::toJson(artifact->program()), host::toJson(sampleProgram()));
  EXPECT_EQ(artifact->targets(), (std::vector<std::string>{"sm_80", "sm_90"}));
  EXPECT_EQ(artifact->ptx("sm_80", "m0"), "// sm_80");
  EXPECT_EQ(artifact->ptx("sm_80", "m1"), std::nullopt);
  EXPECT_EQ(artifact->tileText("m0"), "tile");
  auto weight = artifact->weight(artifact->program().buffers[2]);
  EXPECT_EQ(weight.size(), 64u);
  EXPECT_EQ(weight[0], std::byte('w'));

  ASSERT_FALSE(writeSample(folder.path("again.raddle")));
  EXPECT_EQ(readFile(path), readFile(folder.path("again.raddle")));
}

TEST(Artifact, CrossChecks) {
  TemporaryFolder folder;
  std::string path = folder.path("m.raddle");
  auto problem = [&](const Options &options) {
    Error error = writeSample(path, options);
    EXPECT_FALSE(error) << error.message();
    Expected<Artifact> artifact = Artifact::open(path);
    return artifact ? "" : artifact.error().message();
  };
  std::string prefix = "'" + path + "': ";
  Options shortWeight;
  shortWeight.weightBytes = 63;
  EXPECT_EQ(problem(shortWeight),
            prefix + "weight 'w': 64 bytes at offset 0 lie outside the entry "
                     "'w' of 63 bytes");
  Options otherWeight;
  otherWeight.weight = "v";
  EXPECT_EQ(problem(otherWeight), prefix + "weight 'w': there is no entry 'w'");
  Options noModule;
  noModule.module = "m1";
  EXPECT_EQ(problem(noModule),
            prefix + "kernel 'k0': missing entry 'ptx/sm_80/m0'");
  Options noTarget;
  noTarget.ptxTarget = noTarget.otherTarget = "";
  EXPECT_EQ(problem(noTarget),
            prefix + "kernel 'k0' has no PTX for any target");
  Options otherTarget;
  otherTarget.otherTarget = "";
  EXPECT_EQ(problem(otherTarget),
            prefix + "kernel 'k0' has fields for 'sm_90', a target without "
                     "PTX");
}

TEST(Artifact, SafetensorsFileOfSomethingElse) {
  TemporaryFolder folder;
  std::string path = folder.path("m.safetensors");
  ASSERT_FALSE(SafetensorsWriter().write(path));
  EXPECT_EQ(Artifact::open(path).error().message(),
            "'" + path +
                "': not a compiled model: the metadata have no "
                "'format' = 'raddle'");
}

TEST(Artifact, EveryFlippedByteIsHandled) {
  TemporaryFolder folder;
  std::string path = folder.path("m.raddle");
  ASSERT_FALSE(writeSample(path));
  std::string whole = readFile(path);
  // An error or a valid artifact (a changed weight byte), never a crash.
  for (size_t i = 0; i < whole.size(); ++i)
    for (int change : {0x01, 0x10, 0x80}) {
      std::string changed = whole;
      changed[i] ^= change;
      auto bytes = std::as_bytes(std::span(changed));
      Expected<Artifact> artifact =
          Artifact::fromBytes({bytes.begin(), bytes.end()}, "f");
      if (artifact) {
        EXPECT_FALSE(host::verify(artifact->program()));
      }
    }
}

TEST(Artifact, TargetNames) {
  EXPECT_EQ(computeCapability("sm_80"), 80u);
  EXPECT_EQ(computeCapability("sm_90a"), 90u);
  EXPECT_EQ(computeCapability("sm_120"), 120u);
  for (const char *bad : {"", "sm_", "sm_a", "80", "sm_80ab", "sm_99999999999"})
    EXPECT_EQ(computeCapability(bad), std::nullopt) << bad;
}

} // namespace
