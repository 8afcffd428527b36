//===- CorpusTest.cpp - replays the fuzzer's corpus -----------------------===//

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

TEST(CorpusTest, Replay) {
  size_t files = 0;
  for (const auto &entry : std::filesystem::directory_iterator(RADDLE_CORPUS)) {
    std::ifstream in(entry.path(), std::ios::binary);
    std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(bytes.data()),
                           bytes.size());
    ++files;
  }
  EXPECT_GT(files, 20u);
}
