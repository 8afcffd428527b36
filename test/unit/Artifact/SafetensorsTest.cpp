//===- SafetensorsTest.cpp - strict reading, streamed writing -------------===//

#include "raddle/Artifact/Safetensors.h"
#include "TestFiles.h"

#include <csignal>
#include <gtest/gtest.h>
#include <sys/resource.h>

using namespace raddle;
using namespace raddle::test;

namespace {

std::span<const std::byte> bytesOf(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::vector<std::byte> file(const std::string &header,
                            const std::string &data) {
  std::string text(8, 0);
  for (unsigned i = 0; i < 8; ++i)
    text[i] = char(uint64_t(header.size()) >> (8 * i));
  text += header + data;
  auto bytes = bytesOf(text);
  return {bytes.begin(), bytes.end()};
}

TEST(Safetensors, RoundTrip) {
  TemporaryFolder folder;
  SafetensorsWriter writer;
  writer.setMetadata("format", "test");
  ASSERT_FALSE(writer.add("b", "U8", {3}, bytesOf("abc")));
  ASSERT_FALSE(writer.add("empty", "F32", {0, 4}, bytesOf("")));
  ASSERT_FALSE(writer.add("a", "F16", {2, 1}, 4, [](ByteSink &sink) {
    if (Error error = sink.write("xy", 2))
      return error;
    return sink.write("zw", 2);
  }));
  std::string path = folder.path("t.safetensors");
  Error error = writer.write(path);
  ASSERT_FALSE(error) << error.message();
  Expected<SafetensorsFile> file = SafetensorsFile::open(path);
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ(file->metadata().at("format"), "test");
  for (auto [name, content] : {std::pair("a", "xyzw"), std::pair("b", "abc")}) {
    const SafetensorsEntry *entry = file->find(name);
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->offset % 256, 0u);
    auto bytes = file->bytes(*entry);
    EXPECT_EQ(std::string((const char *)bytes.data(), bytes.size()), content);
  }
  EXPECT_EQ(file->find("empty")->shape, (std::vector<int64_t>{0, 4}));
  EXPECT_EQ(file->find("none"), nullptr);
  EXPECT_EQ(folder.count(), 1u);

  std::string again = folder.path("again.safetensors");
  ASSERT_FALSE(writer.write(again));
  EXPECT_EQ(readFile(path), readFile(again));
}

TEST(Safetensors, WriterRejects) {
  SafetensorsWriter writer;
  EXPECT_EQ(writer.add("a", "U8", {4}, bytesOf("abc")).message(),
            "entry 'a': dtype and shape need 4 bytes, found 3");
  EXPECT_EQ(writer.add("a", "Q8", {3}, bytesOf("abc")).message(),
            "entry 'a': unknown dtype 'Q8'");
  EXPECT_EQ(writer.add("__metadata__", "U8", {3}, bytesOf("abc")).message(),
            "entry '__metadata__': the name is reserved");
  EXPECT_TRUE(writer.add("a", "U8", {-1}, bytesOf("")));
  EXPECT_TRUE(writer.add("a", "U8", {INT64_MAX, 4}, bytesOf("")));
  EXPECT_FALSE(writer.add("a", "U8", {3}, bytesOf("abc")));
  EXPECT_EQ(writer.add("a", "U8", {3}, bytesOf("abc")).message(),
            "entry 'a': the name is taken");
}

TEST(Safetensors, FailedWriteLeavesNothingBehind) {
  TemporaryFolder folder;
  std::string path = folder.path("t");
  writeFile(path, "old");
  SafetensorsWriter few, many, failing;
  ASSERT_FALSE(few.add("a", "U8", {3}, 3,
                       [](ByteSink &sink) { return sink.write("ab", 2); }));
  EXPECT_EQ(few.write(path).message(),
            "entry 'a': 1 bytes fewer than announced");
  ASSERT_FALSE(many.add("a", "U8", {3}, 3,
                        [](ByteSink &sink) { return sink.write("abcd", 4); }));
  EXPECT_EQ(many.write(path).message(), "entry 'a': more bytes than announced");
  ASSERT_FALSE(failing.add("a", "U8", {3}, 3,
                           [](ByteSink &) { return Error("no source"); }));
  EXPECT_EQ(failing.write(path).message(), "entry 'a': no source");
  EXPECT_EQ(readFile(path), "old");
  EXPECT_EQ(folder.count(), 1u);
  EXPECT_EQ(few.write(folder.path("none/t")).message(),
            "cannot write '" + folder.path("none/t") +
                "': No such file or directory");
}

TEST(Safetensors, FullDiskIsAnErrorAndLeavesNothingBehind) {
  TemporaryFolder folder;
  // A limit on the file size stands in for a full disk: write fails half way.
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small{1 << 20, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  SafetensorsWriter writer;
  std::string data(3 << 20, 'x');
  ASSERT_FALSE(writer.add("a", "U8", {int64_t(data.size())}, bytesOf(data)));
  Error error = writer.write(folder.path("t"));
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  EXPECT_NE(error.message().find("cannot write '"), std::string::npos)
      << error.message();
  EXPECT_EQ(folder.count(), 0u);
}

TEST(Safetensors, DevicesStayDevices) {
  SafetensorsWriter writer;
  ASSERT_FALSE(writer.add("a", "U8", {3}, bytesOf("abc")));
  TemporaryFolder folder;
  std::string link = folder.path("null");
  std::filesystem::create_symlink("/dev/null", link);
  Error error = writer.write(link);
  EXPECT_FALSE(error) << error.message();
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_TRUE(std::filesystem::is_character_file(link));
  EXPECT_TRUE(writer.write(folder.path("")));
  EXPECT_EQ(folder.count(), 1u);
}

TEST(Safetensors, HostileHeadersAreErrors) {
  struct Mutation {
    const char *header;
    const char *message;
  };
  // The data are 8 bytes in each case.
  const Mutation mutations[] = {
      {"", "does not start with '{'"},
      {"[]", "does not start with '{'"},
      {"{", "invalid JSON"},
      {R"({"a":1})", "expected an object"},
      {R"({"a":{"dtype":"U8","shape":[8]}})", "missing field 'data_offsets'"},
      {R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8],"x":1}})",
       "unknown field 'x'"},
      {R"({"a":{"dtype":8,"shape":[8],"data_offsets":[0,8]}})",
       "'dtype' must be a string"},
      {R"({"a":{"dtype":"V8","shape":[8],"data_offsets":[0,8]}})",
       "unknown dtype 'V8'"},
      {R"({"a":{"dtype":"U8","shape":8,"data_offsets":[0,8]}})",
       "'shape' must be an array"},
      {R"({"a":{"dtype":"U8","shape":[-8],"data_offsets":[0,8]}})",
       "integers of at least 0, found -8"},
      {R"({"a":{"dtype":"U8","shape":[8.0],"data_offsets":[0,8]}})",
       "integers of at least 0"},
      {R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8,9]}})",
       "two integers"},
      {R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[-1,8]}})",
       "two integers"},
      {R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[8,0]}})",
       "lie outside"},
      {R"({"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}})",
       "lie outside"},
      {R"({"a":{"dtype":"U8","shape":[7],"data_offsets":[0,8]}})",
       "need 7 bytes, found 8"},
      {R"({"a":{"dtype":"F4","shape":[15],"data_offsets":[0,8]}})",
       "no whole number of bytes"},
      {R"({"a":{"dtype":"F64","shape":[4294967296,4294967296,2],"data_offsets":[0,8]}})",
       "overflows"},
      {R"({"a":{"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,8]}})",
       "integers of at least 0"},
      {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
       "4 bytes after the last entry belong to none"},
      {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})",
       "hole of 4 bytes before the data of 'a'"},
      {R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})",
       "the data of 'a' and 'b' overlap"},
      {R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}})",
       "key 'a' is given twice"},
      {R"({"__metadata__":3,"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}})",
       "'__metadata__' must be an object of strings"},
      {R"({"__metadata__":{"k":3},"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}})",
       "'k' is a number"},
  };
  for (const Mutation &m : mutations) {
    auto result = SafetensorsFile::fromBytes(file(m.header, "12345678"), "f");
    ASSERT_FALSE(result) << m.header;
    EXPECT_NE(result.error().message().find(m.message), std::string::npos)
        << m.header << "\n"
        << result.error().message();
  }
  std::string deep = "{\"a\":" + std::string(100000, '[');
  EXPECT_FALSE(SafetensorsFile::fromBytes(file(deep, ""), "f"));
}

TEST(Safetensors, EveryTruncationIsAnError) {
  std::vector<std::byte> whole = file(
      R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}})", "12345678");
  ASSERT_TRUE(SafetensorsFile::fromBytes(whole, "f"));
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(
        SafetensorsFile::fromBytes({whole.begin(), whole.begin() + size}, "f"));
  whole.resize(8);
  whole[7] = std::byte(0x80);
  EXPECT_FALSE(SafetensorsFile::fromBytes(whole, "f"));
}

TEST(Safetensors, WhatIsNoFile) {
  EXPECT_EQ(SafetensorsFile::open("/dev/null").error().message(),
            "cannot read '/dev/null': not a regular file");
  EXPECT_EQ(SafetensorsFile::open("/nowhere/x").error().message(),
            "cannot open '/nowhere/x': No such file or directory");
}

} // namespace
