//===- LinearLayoutTest.cpp - layouts as maps over F2 ---------------------===//

#include "dialects/Tile/Analysis/LinearLayout.h"

#include <gtest/gtest.h>
#include <map>
#include <set>

using namespace raddle::tile;

namespace {

/// How many inputs of `layout` hold each element.
std::map<std::vector<int32_t>, unsigned> count(const LinearLayout &layout) {
  std::map<std::vector<int32_t>, unsigned> counts;
  for (unsigned warp = 0; warp < layout.getNumWarps(); ++warp)
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned reg = 0; reg < layout.getNumRegisters(); ++reg) {
        Basis index = layout.apply(reg, lane, warp);
        ++counts[std::vector<int32_t>(index.begin(), index.end())];
      }
  return counts;
}

TEST(LinearLayout, BlockedCoversEveryElementEquallyOften) {
  const std::vector<std::vector<int64_t>> shapes = {
      {1}, {4}, {1024}, {128, 32}, {4, 512}, {2, 2}, {8, 1, 16}, {2, 4, 8, 16}};
  for (const auto &shape : shapes)
    for (unsigned vector : {1u, 4u, 8u})
      for (unsigned warps : {1u, 4u}) {
        llvm::SmallVector<unsigned> order;
        int64_t elements = 1;
        for (unsigned d = shape.size(); d-- > 0;) {
          order.push_back(d);
          elements *= shape[d];
        }
        auto layout = LinearLayout::blocked(shape, vector, warps, order);
        EXPECT_EQ(layout.getNumWarps(), warps);
        EXPECT_EQ(int64_t(1) << layout.getMapRank(), elements);
        auto counts = count(layout);
        ASSERT_EQ(int64_t(counts.size()), elements);
        for (auto &[index, n] : counts) {
          EXPECT_EQ(n, counts.begin()->second);
          for (size_t d = 0; d < shape.size(); ++d)
            EXPECT_LT(index[d], shape[d]);
        }
      }
}

TEST(LinearLayout, BlockedPutsNeighboursIntoOneThread) {
  auto layout = LinearLayout::blocked({16, 64}, 4, 4, {1, 0});
  for (unsigned reg = 0; reg < 4; ++reg)
    EXPECT_EQ(layout.apply(reg, 0, 0), (Basis{0, int32_t(reg)}));
  EXPECT_EQ(layout.apply(0, 1, 0), (Basis{0, 4}));
}

// PTX ISA, "Matrix fragments for mma.m16n8k16 with floating point type",
// "... mma.m16n8k8" (.tf32) and "... mma.m16n8k32" (.s8): group g and thread t
// of it.

TEST(LinearLayout, Accumulator) {
  auto layout = LinearLayout::mmaAccumulator(16, 8, 1, 1);
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < 4; ++i)
      EXPECT_EQ(layout.apply(i, lane, 0),
                (Basis{int32_t(lane / 4 + (i >= 2 ? 8 : 0)),
                       int32_t(lane % 4 * 2 + (i & 1))}));
}

TEST(LinearLayout, OperandsOfHalves) {
  auto a = LinearLayout::mmaOperandA(16, 16, 16, 1, 1);
  auto b = LinearLayout::mmaOperandB(16, 8, 16, 1, 1);
  for (unsigned lane = 0; lane < 32; ++lane) {
    int32_t g = lane / 4, t = lane % 4;
    for (int32_t i = 0; i < 8; ++i) {
      bool upper = i < 2 || (i >= 4 && i < 6);
      EXPECT_EQ(a.apply(i, lane, 0),
                (Basis{upper ? g : g + 8, 2 * t + (i & 1) + (i >= 4) * 8}));
    }
    for (int32_t i = 0; i < 4; ++i)
      EXPECT_EQ(b.apply(i, lane, 0),
                (Basis{2 * t + (i & 1) + (i >= 2) * 8, g}));
  }
}

TEST(LinearLayout, OperandsOfWords) {
  auto a = LinearLayout::mmaOperandA(16, 8, 32, 1, 1);
  auto b = LinearLayout::mmaOperandB(8, 8, 32, 1, 1);
  for (unsigned lane = 0; lane < 32; ++lane) {
    int32_t g = lane / 4, t = lane % 4;
    for (int32_t i = 0; i < 4; ++i)
      EXPECT_EQ(a.apply(i, lane, 0),
                (Basis{g + (i & 1) * 8, t + (i >= 2) * 4}));
    for (int32_t i = 0; i < 2; ++i)
      EXPECT_EQ(b.apply(i, lane, 0), (Basis{t + i * 4, g}));
  }
}

TEST(LinearLayout, OperandsOfBytes) {
  auto a = LinearLayout::mmaOperandA(16, 32, 8, 1, 1);
  auto b = LinearLayout::mmaOperandB(32, 8, 8, 1, 1);
  for (unsigned lane = 0; lane < 32; ++lane) {
    int32_t g = lane / 4, t = lane % 4;
    for (int32_t i = 0; i < 16; ++i) {
      bool upper = i < 4 || (i >= 8 && i < 12);
      EXPECT_EQ(a.apply(i, lane, 0),
                (Basis{upper ? g : g + 8, 4 * t + (i & 3) + (i >= 8) * 16}));
    }
    for (int32_t i = 0; i < 8; ++i)
      EXPECT_EQ(b.apply(i, lane, 0),
                (Basis{4 * t + (i & 3) + (i >= 4) * 16, g}));
  }
}

TEST(LinearLayout, WarpsShareTheOperandThatTheyLackADimOf) {
  auto a = LinearLayout::mmaOperandA(64, 32, 16, 2, 2);
  auto b = LinearLayout::mmaOperandB(32, 64, 16, 2, 2);
  auto c = LinearLayout::mmaAccumulator(64, 64, 2, 2);
  for (auto &[index, n] : count(a))
    EXPECT_EQ(n, 2u);
  for (auto &[index, n] : count(b))
    EXPECT_EQ(n, 2u);
  for (auto &[index, n] : count(c))
    EXPECT_EQ(n, 1u);
  // A warp's part of the product needs just its part of the operands.
  for (unsigned warp = 0; warp < 4; ++warp) {
    std::set<int32_t> rows[2], columns[2];
    for (unsigned lane = 0; lane < 32; ++lane) {
      for (unsigned reg = 0; reg < c.getNumRegisters(); ++reg) {
        rows[0].insert(c.apply(reg, lane, warp)[0]);
        columns[0].insert(c.apply(reg, lane, warp)[1]);
      }
      for (unsigned reg = 0; reg < a.getNumRegisters(); ++reg)
        rows[1].insert(a.apply(reg, lane, warp)[0]);
      for (unsigned reg = 0; reg < b.getNumRegisters(); ++reg)
        columns[1].insert(b.apply(reg, lane, warp)[1]);
    }
    EXPECT_EQ(rows[0], rows[1]);
    EXPECT_EQ(columns[0], columns[1]);
  }
}

TEST(LinearLayout, AccumulatorOrderNeedsNoExchange) {
  // Columns of an accumulator are the k of the next left operand.
  auto c = LinearLayout::mmaAccumulator(16, 16, 1, 1);
  for (unsigned bits : {16u, 32u}) {
    auto a = LinearLayout::mmaOperandA(16, 16, bits, 1, 1, true);
    for (unsigned lane = 0; lane < 32; ++lane) {
      std::set<std::pair<int32_t, int32_t>> have, need;
      for (unsigned reg = 0; reg < 8; ++reg) {
        have.insert({c.apply(reg, lane, 0)[0], c.apply(reg, lane, 0)[1]});
        need.insert({a.apply(reg, lane, 0)[0], a.apply(reg, lane, 0)[1]});
      }
      EXPECT_EQ(have, need) << bits << " bits, lane " << lane;
    }
  }
}

TEST(LinearLayout, DimsAreDroppedAndKept) {
  auto layout = LinearLayout::blocked({8, 32}, 2, 2, {1, 0});
  for (unsigned lane = 0; lane < 32; ++lane) {
    Basis index = layout.apply(1, lane, 1);
    EXPECT_EQ(layout.dropDim(0).apply(1, lane, 1), (Basis{0, index[1]}));
    EXPECT_EQ(layout.keepDim(0).apply(1, lane, 1), (Basis{index[0], 0}));
  }
}

TEST(LinearLayout, CopiesHaveOneRegister) {
  LinearLayout layout;
  layout.rank = 1;
  layout.registers = {{1}, {0}, {2}};
  layout.lanes = {{0}, {0}, {0}, {0}, {0}};
  EXPECT_EQ(layout.getDistinctRegisters(),
            (llvm::SmallVector<unsigned>{0, 1, 4, 5}));
  for (unsigned reg = 0; reg < 8; ++reg) {
    EXPECT_EQ(layout.canonicalRegister(reg), reg & ~2u);
    EXPECT_EQ(layout.apply(reg, 0, 0),
              layout.apply(layout.canonicalRegister(reg), 0, 0));
  }
  EXPECT_EQ(layout.getMapRank(), 2u);
}

TEST(SharedSwizzle, IsLinearAndOneToOne) {
  const SharedSwizzle swizzle{3, 2, 3};
  std::set<uint32_t> seen;
  for (uint32_t offset = 0; offset < 4096; ++offset) {
    EXPECT_TRUE(seen.insert(swizzle.apply(offset)).second);
    EXPECT_EQ(swizzle.apply(offset),
              swizzle.apply(offset & 0xff0) ^ swizzle.apply(offset & 0xf00f));
  }
}

} // namespace
