//===- TestPasses.h - Passes that only tests use ---------------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_GRAPH_TEST_TESTPASSES_H
#define RADDLE_DIALECTS_GRAPH_TEST_TESTPASSES_H

namespace raddle {
void registerGraphTestPasses();
void registerGraphSymbolicShapesTestPass();
void registerGraphMisfuseTestPass();
void registerTestBreakAddPass();
} // namespace raddle

#endif // RADDLE_DIALECTS_GRAPH_TEST_TESTPASSES_H
