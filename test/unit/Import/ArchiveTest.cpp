//===- ArchiveTest.cpp - tensors by name in mapped files ------------------===//

#include "raddle/Import/Archive.h"

#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace raddle;

namespace {

std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7)
    out.push_back(static_cast<char>((value & 0x7f) | 0x80));
  out.push_back(static_cast<char>(value));
  return out;
}
std::string number(unsigned field, uint64_t value) {
  return varint(field << 3) + varint(value);
}
std::string header(unsigned field, uint64_t length) {
  return varint(field << 3 | 2) + varint(length);
}
std::string text(unsigned field, const std::string &value) {
  return header(field, value.size()) + value;
}

/// The start of a model whose one initializer `w`, of `count` bytes of type
/// uint8, holds its raw data last in the file.
std::string modelPrefix(uint64_t count) {
  std::string tensor =
      number(1, count) + number(2, 2) + text(8, "w") + header(9, count);
  std::string graph = header(5, tensor.size() + count) + tensor;
  std::string model = number(1, 8) + text(8, number(2, 17));
  return model + header(7, graph.size() + count) + graph;
}

class ArchiveTest : public testing::Test {
protected:
  void SetUp() override {
    folder = std::filesystem::path(testing::TempDir()) /
             ("raddle-archive-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::filesystem::path folder;
};

TEST_F(ArchiveTest, FindsEntriesWithoutCopying) {
  std::string path = (folder / "small.onnx").string();
  std::ofstream(path, std::ios::binary) << modelPrefix(5) << "hello";
  std::string error;
  auto archive = Archive::open(path, "onnx", error);
  ASSERT_TRUE(archive) << error;
  EXPECT_EQ(archive->names(), std::vector<std::string>{"w"});
  const ArchiveEntry *entry = archive->find("w");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->type, "u8");
  EXPECT_EQ(entry->shape, std::vector<int64_t>{5});
  EXPECT_EQ(std::string(entry->data, entry->data + entry->size), "hello");
  EXPECT_FALSE(archive->find("v"));
}

// Protobuf stops at 2 GB; the file is sparse and costs no disk.
TEST_F(ArchiveTest, ReadsFilesOverTwoGigabytes) {
  constexpr uint64_t count = (uint64_t(5) << 29) + 1;
  std::string path = (folder / "large.onnx").string();
  std::string prefix = modelPrefix(count);
  int file = open(path.c_str(), O_CREAT | O_WRONLY, 0600);
  ASSERT_GE(file, 0);
  ASSERT_EQ(write(file, prefix.data(), prefix.size()),
            static_cast<ssize_t>(prefix.size()));
  char last = 'z';
  bool fits = pwrite(file, &last, 1, prefix.size() + count - 1) == 1;
  close(file);
  if (!fits)
    GTEST_SKIP() << "the file system takes no file of 2.5 GB";
  std::string error;
  auto archive = Archive::open(path, "onnx", error);
  ASSERT_TRUE(archive) << error;
  const ArchiveEntry *entry = archive->find("w");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->size, count);
  EXPECT_EQ(entry->data[0], 0);
  EXPECT_EQ(entry->data[count - 1], 'z');
}

TEST_F(ArchiveTest, NamesWhatIsWrong) {
  std::string error;
  EXPECT_FALSE(Archive::open((folder / "none.onnx").string(), "onnx", error));
  EXPECT_NE(error.find("none.onnx"), std::string::npos);
  EXPECT_FALSE(Archive::open("x", "tar", error));
  EXPECT_EQ(error, "archive 'x' has the unknown format 'tar', expected 'onnx'");
  EXPECT_FALSE(Archive::open(folder.string(), "onnx", error));
  EXPECT_NE(error.find("not a regular file"), std::string::npos);
}

} // namespace
