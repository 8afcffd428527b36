//===- ChooseVariantsTest.cpp - Variants from costs at a ladder -----------===//

#include "dialects/Tile/Skeletons/ParameterPolicy.h"

#include <gtest/gtest.h>

using namespace raddle::tile;

namespace {
using Segments = std::vector<std::pair<unsigned, unsigned>>;

Segments choose(const std::vector<std::vector<double>> &costs, double gain,
                unsigned most = 3) {
  VariantProblem problem;
  for (size_t r = 0; r < costs.front().size(); ++r)
    problem.rungs.push_back(1 << r);
  for (auto [number, cost] : llvm::enumerate(costs))
    problem.options.push_back(
        {unsigned(number),
         llvm::SmallVector<double>(cost.begin(), cost.end())});
  Segments result;
  for (const VariantSegment &segment : chooseVariants(problem, gain, most))
    result.push_back({segment.option, segment.last});
  return result;
}
} // namespace

TEST(ChooseVariants, OneOptionWhereOthersGainTooLittle) {
  EXPECT_EQ(choose({{1, 1, 1.1}, {1.2, 1.1, 1}}, 1.15), (Segments{{0, 2}}));
  // Of equals the first.
  EXPECT_EQ(choose({{2, 2}, {2, 2}}, 1.15), (Segments{{0, 1}}));
}

TEST(ChooseVariants, SegmentsWhereTheyPay) {
  EXPECT_EQ(choose({{1, 1, 4}, {3, 3, 1}}, 1.15), (Segments{{0, 1}, {1, 2}}));
  EXPECT_EQ(choose({{1, 9, 9}, {9, 1, 9}, {9, 9, 1}}, 1.15),
            (Segments{{0, 0}, {1, 1}, {2, 2}}));
  // As many as are allowed.
  EXPECT_EQ(choose({{1, 9, 9}, {9, 1, 9}, {9, 9, 2}}, 1.15, 1).size(), 1u);
  EXPECT_EQ(choose({{1, 9, 9}, {9, 1, 9}, {9, 9, 2}}, 1.15, 2).size(), 2u);
}

TEST(ChooseVariants, UnknownCostsAreNoChoice) {
  EXPECT_EQ(choose({{1, 1, -1}, {2, 2, 2}}, 1.15), (Segments{{0, 1}, {1, 2}}));
  EXPECT_EQ(choose({{1, 1, -1}, {1.05, 1.05, 2}}, 1.15), (Segments{{1, 2}}));
  EXPECT_TRUE(choose({{1, -1}, {-1, -1}}, 1.15).empty());
}
