//===- LayoutExchangeTest.cpp - Tiles through shared memory ---------------===//
//
// Plays an exchange: every thread writes what it holds, then every thread reads
// and must find the elements of the other layout.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tile/Analysis/LayoutExchange.h"

#include <gtest/gtest.h>
#include <map>

using namespace raddle::tile;
using llvm::ArrayRef;
using llvm::SmallVector;

namespace {
using Shape = SmallVector<int64_t, 2>;

void play(const Shape &shape, const LinearLayout &from, const LinearLayout &to,
          unsigned bytes, const SharedExchange &plan) {
  auto threads = [](const LinearLayout &layout, auto fn) {
    for (unsigned warp = 0; warp < layout.getNumWarps(); ++warp)
      for (unsigned lane = 0; lane < 32; ++lane)
        fn(lane, warp);
  };
  // Linear maps: a vector's elements must follow one another in all threads.
  auto vectors = [&](const LinearLayout &layout, const ExchangeSide &side,
                     unsigned round, auto fn) {
    unsigned width = 1u << side.vector.size();
    threads(layout, [&](unsigned lane, unsigned warp) {
      for (unsigned first : side.first) {
        Basis start =
            layout.apply(side.getRegister(first, 0, round), lane, warp);
        uint32_t offset = plan.getOffset(start);
        ASSERT_EQ(offset % width, 0u);
        for (unsigned i = 0; i < width; ++i)
          fn(offset + i,
             layout.apply(side.getRegister(first, i, round), lane, warp));
      }
    });
  };
  int64_t seen = 0;
  for (unsigned round = 0; round < plan.getNumRounds(); ++round) {
    std::map<uint32_t, Basis> memory;
    vectors(from, plan.write, round, [&](uint32_t offset, const Basis &index) {
      ASSERT_LT(offset, plan.numElements);
      auto [entry, inserted] = memory.try_emplace(offset, index);
      ASSERT_EQ(entry->second, index);
    });
    EXPECT_EQ(int64_t(memory.size()), plan.numElements);
    seen += memory.size();
    vectors(to, plan.read, round, [&](uint32_t offset, const Basis &index) {
      ASSERT_TRUE(memory.count(offset));
      EXPECT_EQ(memory[offset], index);
    });
  }
  int64_t elements = 1;
  for (int64_t size : shape)
    elements *= size;
  EXPECT_EQ(seen, elements);
}

SharedExchange check(const Shape &shape, const LinearLayout &from,
                     const LinearLayout &to, unsigned bytes,
                     int64_t budget = 1 << 30) {
  SharedExchange plan = planExchange(shape, from, to, bytes, budget);
  play(shape, from, to, bytes, plan);
  return plan;
}
} // namespace

TEST(LayoutExchange, FragmentsToRowsOfHalves) {
  // 128 x 128 halves: both sides have registers for column 1, row 8 and two
  // more bits, so that both access 16 bytes at a time.
  auto plan = check({128, 128}, LinearLayout::mmaAccumulator(128, 128, 2, 2),
                    LinearLayout::blocked({128, 128}, 8, 4, {1, 0}), 2);
  EXPECT_EQ(plan.write.vector.size(), 3u);
  EXPECT_EQ(plan.read.vector.size(), 3u);
  EXPECT_EQ(plan.write.wavefronts, 4u); // 32 lanes of 16 bytes
  EXPECT_EQ(plan.read.wavefronts, 4u);
}

TEST(LayoutExchange, NoConflictsBetweenFragmentsAndRuns) {
  for (unsigned bytes : {1u, 2u, 4u, 8u})
    for (int64_t m : {32, 64, 128})
      for (int64_t n : {32, 64, 128})
        for (bool columns : {false, true}) {
          SmallVector<unsigned, 2> order = columns
                                               ? SmallVector<unsigned, 2>{0, 1}
                                               : SmallVector<unsigned, 2>{1, 0};
          auto plan =
              check({m, n}, LinearLayout::mmaAccumulator(m, n, 2, 2),
                    LinearLayout::blocked({m, n}, 16 / bytes, 4, order), bytes);
          EXPECT_EQ(plan.write.wavefronts, plan.write.ideal)
              << m << " x " << n << " of " << bytes << " bytes";
          EXPECT_EQ(plan.read.wavefronts, plan.read.ideal)
              << m << " x " << n << " of " << bytes << " bytes";
        }
}

TEST(LayoutExchange, Rounds) {
  // 64 KiB through 16 KiB.
  auto plan = check({128, 128}, LinearLayout::mmaAccumulator(128, 128, 2, 2),
                    LinearLayout::blocked({128, 128}, 4, 4, {1, 0}), 4, 32768);
  EXPECT_EQ(plan.getNumRounds(), 2u);
  EXPECT_EQ(plan.numElements * 4, 32768);
}

TEST(LayoutExchange, Copies) {
  // Fewer elements than threads on one side, copies along warps on both.
  check({16, 8}, LinearLayout::mmaAccumulator(16, 8, 2, 2),
        LinearLayout::blocked({16, 8}, 4, 4, {1, 0}), 4);
  check({32, 64}, LinearLayout::mmaAccumulator(32, 64, 1, 4),
        LinearLayout::blocked({32, 64}, 16, 4, {0, 1}), 1);
  // Equal bases in another order, and a basis of two bits.
  LinearLayout a = LinearLayout::blocked({64, 64}, 4, 4, {1, 0}), b = a;
  b.lanes[0] = {0, 12};
  check({64, 64}, a, b, 4);
}
