//===- DataSetTest.cpp - Rows of recorded kernels -------------------------===//

#include "raddle/CostModel/DataSet.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <thread>
#include <unistd.h>

using namespace raddle;
using namespace raddle::cost;

namespace {
Row makeRow(int64_t bm) {
  Row row;
  row.hash = "0123456789abcdef";
  row.skeleton = "contraction";
  row.kind = "f16";
  row.target = "sm_80";
  row.gpu = "a100-sxm4-80";
  row.featuresVersion = 1;
  row.features = {{"threads", 128}, {"registers_estimate", 90}};
  row.sizes = {{"m", 128}, {"n", 64}};
  row.parameters = {{"bm", bm}};
  row.isDefault = true;
  RecordedLaunch launch;
  launch.kernel = "k";
  launch.threads = 128;
  launch.sharedBytes = 1024;
  launch.ptxas = {96, 0};
  launch.counters.emplace();
  launch.counters->blocks = 7;
  launch.counters->mma = 11;
  row.launches = {launch, RecordedLaunch{"k_input", 32, 0, {}, {}}};
  row.modelledMicroseconds = 12.5;
  row.limiter = "tensor";
  return row;
}

std::string read(const std::filesystem::path &path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

class DataSetTest : public testing::Test {
protected:
  std::filesystem::path path =
      std::filesystem::temp_directory_path() /
      ("raddle-rows-" + std::to_string(::getpid()) + ".jsonl");
  void SetUp() override { std::filesystem::remove(path); }
  void TearDown() override { std::filesystem::remove(path); }
};
} // namespace

TEST(Row, RoundTrip) {
  std::string text = toJson(makeRow(64));
  Expected<Row> row = parseRow(text);
  ASSERT_TRUE(row) << row.error().message();
  EXPECT_EQ(toJson(*row), text);
  EXPECT_EQ(row->launches[0].counters->mma, 11);
  EXPECT_FALSE(row->launches[1].ptxas);
  EXPECT_FALSE(row->launches[1].counters);
}

TEST(Row, EveryProblemIsTold) {
  Expected<Row> row = parseRow(
      R"({"schema":2,"kernel":1,"skeleton":"s","class":"c","target":"t",
      "gpu":"g","sizes":{"m":"x"},"features_version":1,"features":{},
      "parameters":{},"default":true,"launches":[{"name":"k","threads":1,
      "shared_bytes":0,"ptxas":{"registers":1},"counters":null}],
      "modelled":null,"colour":"red"})");
  ASSERT_FALSE(row);
  for (const char *problem :
       {"colour: unknown key", "schema: expected 1, found 2",
        "kernel: expected a string, found 1", "sizes.m: expected an integer",
        "launches[0].ptxas.spill_bytes: expected an integer, found nothing"})
    EXPECT_NE(row.error().message().find(problem), std::string::npos)
        << problem << " in\n"
        << row.error().message();
  EXPECT_EQ(parseRow("{").error().message(), "expected a JSON object");
}

TEST(Row, CostsOfAnotherModelAreNotUsed) {
  std::string text = toJson(makeRow(64));
  size_t at = text.find("\"version\":1");
  ASSERT_NE(at, std::string::npos);
  text.replace(at, 11, "\"version\":0");
  Expected<Row> row = parseRow(text);
  ASSERT_TRUE(row);
  EXPECT_FALSE(row->modelledMicroseconds);
}

TEST_F(DataSetTest, AppendsFromSeveralThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i)
        EXPECT_FALSE(appendRows(path.string(), {makeRow(64), makeRow(i)}));
    });
  for (std::thread &thread : threads)
    thread.join();
  Expected<std::vector<Row>> rows = readRows(path.string());
  ASSERT_TRUE(rows) << rows.error().message();
  ASSERT_EQ(rows->size(), 80u);
  // Rows of one call stay together.
  for (size_t i = 0; i < rows->size(); i += 2)
    EXPECT_EQ((*rows)[i].parameters[0].second, 64);
}

TEST_F(DataSetTest, OtherFilesStayAsTheyAre) {
  std::string row = toJson(makeRow(64));
  for (const std::string &text :
       {std::string("hello\n"), row + "\n" + row.substr(0, 40)}) {
    std::ofstream(path) << text;
    Error error = appendRows(path.string(), {makeRow(1)});
    ASSERT_TRUE(error);
    EXPECT_NE(error.message().find("its last line is"), std::string::npos);
    EXPECT_EQ(read(path), text);
  }
  EXPECT_TRUE(appendRows("/nowhere/rows.jsonl", {makeRow(1)}));
}

TEST_F(DataSetTest, ProblemsAreLocated) {
  std::ofstream(path) << toJson(makeRow(64)) << "\n{}\n";
  Expected<std::vector<Row>> rows = readRows(path.string());
  ASSERT_FALSE(rows);
  EXPECT_NE(rows.error().message().find(path.string() + ":2: schema"),
            std::string::npos)
      << rows.error().message();
}
