//===- ModelledTimeTest.cpp - The time of a launch from its events --------===//

#include "raddle/CostModel/ModelledTime.h"

#include <gtest/gtest.h>
#include <string>

using namespace raddle::cost;

TEST(Machine, EveryTargetHasOne) {
  for (const char *target : {"sm_80", "sm_86", "sm_89", "sm_90"}) {
    const Machine *machine = findMachine(target);
    ASSERT_NE(machine, nullptr) << target;
    EXPECT_EQ("sm_" + std::to_string(machine->capability), target);
    EXPECT_GT(machine->dramBytesPerSecond, 0);
    EXPECT_GT(machine->l2Bytes, 0);
  }
  EXPECT_EQ(findMachine("sm_10"), nullptr);
}

TEST(ModelledTime, Occupancy) {
  // CUDA's occupancy table for 8.0: 2048 threads, 32 blocks, 65536 registers,
  // 164 KiB of which 1 KiB per block is reserved.
  const Machine &a100 = *findMachine("sm_80");
  auto resident = [&](int64_t threads, int64_t shared, int64_t registers) {
    LaunchShape shape;
    shape.threads = threads;
    shape.sharedBytes = shared;
    shape.registers = registers;
    return getResidentBlocks(a100, shape);
  };
  EXPECT_EQ(resident(128, 0, 32), 16);
  EXPECT_EQ(resident(32, 0, 32), 32);
  EXPECT_EQ(resident(128, 0, 128), 4);
  EXPECT_EQ(resident(128, 0, 129), 3); // 136 in units of 8
  EXPECT_EQ(resident(256, 80 * 1024, 32), 2);
  EXPECT_EQ(resident(256, 170 * 1024, 32), 0);
}

TEST(ModelledTime, RooflinesAndWaves) {
  const Machine &a100 = *findMachine("sm_80");
  LaunchShape shape;
  shape.threads = 128;
  shape.registers = 128;
  Counters counters;
  EXPECT_EQ(modelTime(a100, shape, counters).microseconds, 2); // no block
  // 108 blocks of 1e6 mma: two clocks each on 108 multiprocessors.
  counters.blocks = 108;
  counters.mma = 108 * 1000000;
  ModelledTime time = modelTime(a100, shape, counters);
  EXPECT_STREQ(time.limiter, "tensor");
  EXPECT_NEAR(time.microseconds, 2 + 2e6 / 1410, 1);
  // One block more, and one multiprocessor has twice the work.
  counters.blocks = 109;
  counters.mma = 109 * 1000000;
  EXPECT_NEAR(modelTime(a100, shape, counters).microseconds, 2 + 4e6 / 1410, 1);
  // Memory: what is asked for, but no more than the buffers.
  Counters moved;
  moved.blocks = 108 * 100;
  moved.globalSectors = 100000000;
  shape.footprintBytes = 1 << 20;
  EXPECT_STREQ(modelTime(a100, shape, moved).limiter, "l2");
  shape.footprintBytes = int64_t(1) << 40;
  EXPECT_STREQ(modelTime(a100, shape, moved).limiter, "dram");
  // More stages hide more latency of a block that is alone.
  Counters waits;
  waits.blocks = 1;
  waits.barriers = 4 * 1000;
  shape.stages = 2;
  double two = modelTime(a100, shape, waits).microseconds;
  shape.stages = 4;
  EXPECT_LT(modelTime(a100, shape, waits).microseconds, two);
}
