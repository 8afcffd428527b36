//===- NpzTest.cpp - NumPy files ------------------------------------------===//

#include "raddle/Runtime/Npz.h"
#include "test/unit/Artifact/TestFiles.h"

#include <cstring>
#include <gtest/gtest.h>
#include <zlib.h>

using namespace raddle;
using namespace raddle::test;

namespace {

std::vector<std::byte> bytes(const std::string &text) {
  auto span = std::as_bytes(std::span(text));
  return {span.begin(), span.end()};
}

std::string npy(const std::string &dict, const std::string &data,
                char version = 1) {
  std::string text("\x93NUMPY", 6);
  text += version;
  text += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i)
    text += char(dict.size() >> (8 * i));
  return text + dict + data;
}

TEST(Npy, Headers) {
  const std::string order = "'fortran_order': False, ";
  struct Case {
    std::string dict, data, expected;
  };
  const Case cases[] = {
      {"{'descr': '<f4', " + order + "'shape': (2,), }\n", "aaaabbbb",
       "f32[2]"},
      {"{\"shape\":(),\"descr\":\"|u1\",\"fortran_order\":False}", "a", "u8[]"},
      {"{'descr': '|b1', " + order + "'shape': (0, 3)}", "", "i1[0, 3]"},
      {"{'descr': '|V2', " + order + "'shape': (1,)}", "ab", "bf16[1]"},
      {"{'descr': '<f4', " + order + "'shape': (3,), }", "aaaabbbb",
       "f32[3] has 8 bytes of data"},
      {"{'descr': '<c8', " + order + "'shape': (1,), }", "aaaabbbb",
       "unsupported element type '<c8'"},
      {"{'descr': [('x', '<f4')], " + order + "'shape': (1,), }", "aaaa",
       "structured arrays are not supported"},
      {"{'descr': '<f4', " + order + "}", "", "malformed header"},
      {"{'descr': '<f4', " + order + "'shape': (-1,)}", "", "malformed header"},
      {"{'descr': '<f4', " + order + "'shape': (1,)} x", "aaaa",
       "malformed header"},
      {"{'descr': '<f4', 'descr': '<f4', " + order + "'shape': (1,)}", "aaaa",
       "malformed header"},
      {"{'descr': '<f8', " + order +
           "'shape': (9223372036854775807, 9223372036854775807)}",
       "", "f64[9223372036854775807, 9223372036854775807] has 0 bytes of data"},
      {"{'descr': '<f8', " + order + "'shape': (99999999999999999999,)}", "",
       "malformed header"},
      {"", "", "malformed header"},
  };
  for (const Case &c : cases)
    for (char version : {1, 2, 3}) {
      Expected<Tensor> tensor = parseNpy(bytes(npy(c.dict, c.data, version)));
      EXPECT_EQ(tensor ? describe(tensor->type, tensor->shape)
                       : tensor.error().message(),
                c.expected)
          << c.dict;
    }
  EXPECT_EQ(parseNpy(bytes("PK")).error().message(), "not an .npy file");
  EXPECT_FALSE(parseNpy(bytes(npy("{}", "", 9))));
}

TEST(Npy, OrdersAreConverted) {
  // [[1, 2, 3], [4, 5, 6]] by columns, high byte first.
  std::string data = {0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6};
  Expected<Tensor> tensor = parseNpy(bytes(
      npy("{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }", data)));
  ASSERT_TRUE(tensor) << tensor.error().message();
  auto values = tensor->as<int16_t>();
  EXPECT_EQ((std::vector<int16_t>(values.begin(), values.end())),
            (std::vector<int16_t>{1, 2, 3, 4, 5, 6}));
}

TEST(Npy, EveryTruncationIsAnError) {
  std::string whole =
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n",
          "aaaabbbb");
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parseNpy(bytes(whole.substr(0, size))));
}

std::map<std::string, Tensor> sample() {
  std::map<std::string, Tensor> tensors;
  tensors["a"] = {DataType::I32, {2}, bytes("aaaabbbb")};
  tensors["empty"] = {DataType::F16, {0, 3}, {}};
  tensors["scalar"] = {DataType::I1, {}, bytes("\x01")};
  return tensors;
}

TEST(Npz, RoundTrip) {
  TemporaryFolder folder;
  std::string path = folder.path("t.npz");
  std::map<std::string, Tensor> tensors = sample();
  tensors["b"] = {DataType::BF16, {1}, bytes("\x80\x3f")};
  Error error = writeNpz(path, tensors);
  ASSERT_FALSE(error) << error.message();
  auto again = readNpz(path);
  ASSERT_TRUE(again) << again.error().message();
  ASSERT_EQ(again->size(), tensors.size());
  for (const auto &[name, tensor] : sample()) {
    EXPECT_EQ(again->at(name).type, tensor.type);
    EXPECT_EQ(again->at(name).shape, tensor.shape);
    EXPECT_EQ(again->at(name).bytes, tensor.bytes);
  }
  EXPECT_EQ(again->at("b").type, DataType::F32);
  EXPECT_EQ(again->at("b").as<float>()[0], 1.0f);
  ASSERT_FALSE(writeNpz(folder.path("again.npz"), tensors));
  EXPECT_EQ(readFile(path), readFile(folder.path("again.npz")));
  EXPECT_EQ(writeNpz(folder.path("none/t.npz"), tensors).message(),
            "cannot write '" + folder.path("none/t.npz") +
                "': No such file or directory");
  EXPECT_EQ(readNpz(folder.path("none.npz")).error().message(),
            "cannot read '" + folder.path("none.npz") +
                "': No such file or directory");
}

TEST(Npz, DamagedFilesAreErrors) {
  TemporaryFolder folder;
  std::string path = folder.path("t.npz");
  ASSERT_FALSE(writeNpz(path, sample()));
  std::string whole = readFile(path);
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parseNpz(bytes(whole.substr(0, size)))) << size;
  // A flipped byte is an error or a changed name or date, never a crash.
  for (size_t i = 0; i < whole.size(); ++i)
    for (int change : {0x01, 0x80, 0xff}) {
      std::string changed = whole;
      changed[i] ^= change;
      (void)parseNpz(bytes(changed));
    }
}

/// An archive of one deflated member with the sizes and checksum given.
std::string deflated(const std::string &content, uint32_t size, uint32_t crc) {
  std::string packed(compressBound(content.size()) + 64, 0);
  z_stream stream{};
  EXPECT_EQ(
      deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY),
      Z_OK);
  stream.next_in =
      reinterpret_cast<Bytef *>(const_cast<char *>(content.data()));
  stream.avail_in = content.size();
  stream.next_out = reinterpret_cast<Bytef *>(packed.data());
  stream.avail_out = packed.size();
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  auto number = [](uint64_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i)
      text += char(value >> (8 * i));
    return text;
  };
  std::string common = number(20, 2) + number(0, 2) + number(8, 2) +
                       number(0, 4) + number(crc, 4) +
                       number(packed.size(), 4) + number(size, 4) +
                       number(5, 2) + number(0, 2);
  std::string local = number(0x04034b50, 4) + common + "a.npy" + packed;
  std::string central = number(0x02014b50, 4) + number(20, 2) + common +
                        number(0, 2 + 2 + 2) + number(0, 4) + number(0, 4) +
                        "a.npy";
  return local + central + number(0x06054b50, 4) + number(0, 4) + number(1, 2) +
         number(1, 2) + number(central.size(), 4) + number(local.size(), 4) +
         number(0, 2);
}

TEST(Npz, CompressedMembers) {
  std::string content =
      npy("{'descr': '|u1', 'fortran_order': False, 'shape': (100000,), }",
          std::string(100000, 'x'));
  uint32_t crc = crc32_z(0, reinterpret_cast<const Bytef *>(content.data()),
                         content.size());
  auto good = parseNpz(bytes(deflated(content, content.size(), crc)));
  ASSERT_TRUE(good) << good.error().message();
  EXPECT_EQ(good->at("a").shape, std::vector<int64_t>{100000});
  auto problem = [&](uint32_t size, uint32_t sum) {
    auto result = parseNpz(bytes(deflated(content, size, sum)));
    return result ? "" : result.error().message();
  };
  EXPECT_EQ(problem(content.size(), crc + 1), "'a.npy': wrong checksum");
  EXPECT_EQ(problem(content.size() - 1, crc),
            "'a.npy': damaged compressed data");
  EXPECT_EQ(problem(content.size() + 1, crc),
            "'a.npy': damaged compressed data");
  EXPECT_EQ(problem(0, crc), "'a.npy': damaged compressed data");
  EXPECT_EQ(problem(0xfffffff0, crc), "'a.npy': impossible size 4294967280");
}

TEST(Npz, Corpus) {
  size_t count = 0;
  for (const auto &file : std::filesystem::directory_iterator(RADDLE_CORPUS)) {
    std::string name = file.path().filename().string();
    auto result = parseNpz(bytes(readFile(file.path().string())));
    // The name says what is expected.
    if (name.starts_with("good-")) {
      EXPECT_TRUE(result) << name << ": " << result.error().message();
    } else if (name.starts_with("bad-")) {
      EXPECT_FALSE(result) << name;
    }
    ++count;
  }
  EXPECT_GT(count, 0u);
}

} // namespace
