//===- CorpusTest.cpp - replays the fuzzer's corpus -----------------------===//

#include "TestFiles.h"
#include "raddle/Artifact/Artifact.h"

#include <gtest/gtest.h>

using namespace raddle;

namespace {

TEST(Corpus, NoFileCrashesTheLoader) {
  size_t count = 0;
  for (const auto &file : std::filesystem::directory_iterator(RADDLE_CORPUS)) {
    SCOPED_TRACE(file.path().string());
    std::string text = test::readFile(file.path().string());
    auto bytes = std::as_bytes(std::span(text));
    Expected<Artifact> artifact =
        Artifact::fromBytes({bytes.begin(), bytes.end()}, "corpus");
    // The name says what is expected.
    if (file.path().filename().string().starts_with("good-")) {
      EXPECT_TRUE(artifact) << artifact.error().message();
    } else if (file.path().filename().string().starts_with("bad-")) {
      EXPECT_FALSE(artifact);
    }
    ++count;
  }
  EXPECT_GT(count, 0u);
}

} // namespace
