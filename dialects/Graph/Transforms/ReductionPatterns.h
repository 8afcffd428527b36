//===- ReductionPatterns.h - How IR that shows a bug gets smaller -*- C++
//-*-===//
#ifndef RADDLE_DIALECTS_GRAPH_TRANSFORMS_REDUCTIONPATTERNS_H
#define RADDLE_DIALECTS_GRAPH_TRANSFORMS_REDUCTIONPATTERNS_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace raddle::graph {

/// Gives the graph dialect its reduction patterns, which raddle-reduce and any
/// other user of `DialectReductionPatternInterface` find there.
void registerReductionPatterns(mlir::DialectRegistry &registry);

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_TRANSFORMS_REDUCTIONPATTERNS_H
