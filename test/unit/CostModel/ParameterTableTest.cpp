//===- ParameterTableTest.cpp - Modelled costs of a few configurations ----===//

#include "raddle/CostModel/ParameterTable.h"

#include <gtest/gtest.h>

using namespace raddle;
using namespace raddle::cost;

static constexpr const char *sample = R"({"schema": 1, "model": 1, "gpu": "g",
  "sections": [{"skeleton": "contraction", "class": "f16",
    "dims": ["m", "n"], "configurations": [{"bm": 16}, {"bm": 128}],
    "points": [{"sizes": [16, 64], "microseconds": [1, 3]},
               {"sizes": [1024, 64], "microseconds": [9, null]},
               {"sizes": [16, 4096], "microseconds": [5, 6]}]}]})";

TEST(ParameterTable, NearestPoint) {
  Expected<ParameterTable> table = ParameterTable::parse(sample);
  ASSERT_TRUE(table) << table.error().message();
  EXPECT_EQ(table->find("contraction", "bf16"), nullptr);
  const TableSection *section = table->find("contraction", "f16");
  ASSERT_NE(section, nullptr);
  EXPECT_EQ(section->getLadder(0), (std::vector<int64_t>{16, 1024}));
  auto first = [&](int64_t m, int64_t n) {
    return section->getNearest({m, n})->microseconds[0];
  };
  EXPECT_EQ(first(20, 64), 1);
  EXPECT_EQ(first(120, 64), 1); // by ratios: the geometric mean is 128
  EXPECT_EQ(first(140, 64), 9);
  EXPECT_EQ(first(1, 3000), 5);
  EXPECT_EQ(first(-1, 4000), 5);
  EXPECT_LT(section->getNearest({2000, 64})->microseconds[1], 0);
}

TEST(ParameterTable, EveryProblemIsTold) {
  Expected<ParameterTable> table = ParameterTable::parse(
      R"({"schema": 2, "model": 1, "sections": [
        {"skeleton": "a", "class": "b", "dims": ["m"], "configurations": [],
         "points": [{"sizes": [1, 2], "microseconds": []}]},
        {"skeleton": "a", "class": "b", "dims": [], "configurations": [],
         "points": []}, {}]})");
  ASSERT_FALSE(table);
  for (const char *problem :
       {"schema: expected 1, found 2", "gpu: expected the name of a machine",
        "sections[0]: expected a size per dim",
        "sections[1]: 'a', 'b' has a section already", "sections[2]: "})
    EXPECT_NE(table.error().message().find(problem), std::string::npos)
        << problem << " in\n"
        << table.error().message();
  EXPECT_FALSE(ParameterTable::parse("["));
}

TEST(ParameterTable, TheTableOfTheLibrary) {
  // Made by scripts/bench/fit.py; a malformed one would be an empty one.
  EXPECT_EQ(ParameterTable::getDefault().getGpu(), "a100-sxm4-80");
  EXPECT_NE(ParameterTable::getDefault().find("contraction", "tf32x3"),
            nullptr);
}
