//===- StructuredCanonicalization.h - Rows and windows simplified -*- C++
//-*-===//
#ifndef RADDLE_DIALECTS_GRAPH_IR_STRUCTUREDCANONICALIZATION_H
#define RADDLE_DIALECTS_GRAPH_IR_STRUCTUREDCANONICALIZATION_H

namespace mlir {
class RewritePatternSet;
} // namespace mlir

namespace raddle::graph {

/// Canonicalization patterns of reductions and convolutions.
void populateStructuredPatterns(mlir::RewritePatternSet &patterns);

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_IR_STRUCTUREDCANONICALIZATION_H
