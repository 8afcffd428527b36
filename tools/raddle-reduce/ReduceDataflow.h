//===- ReduceDataflow.h - Shrinks a program that shows a bug ---*- C++ -*-===//
#ifndef RADDLE_TOOLS_REDUCE_REDUCEDATAFLOW_H
#define RADDLE_TOOLS_REDUCE_REDUCEDATAFLOW_H

namespace raddle {

/// Registers `reduce-dataflow` (tools/raddle-reduce/Passes.td) by its flag.
void registerReductionPasses();

} // namespace raddle

#endif // RADDLE_TOOLS_REDUCE_REDUCEDATAFLOW_H
