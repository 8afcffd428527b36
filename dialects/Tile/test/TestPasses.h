//===- TestPasses.h - Passes that only tests use ---------------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_TILE_TEST_TESTPASSES_H
#define RADDLE_DIALECTS_TILE_TEST_TESTPASSES_H

namespace raddle {
void registerTileTestPasses();
} // namespace raddle

#endif // RADDLE_DIALECTS_TILE_TEST_TESTPASSES_H
