//===- Passes.h - Passes over the graph dialect ----------------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_GRAPH_TRANSFORMS_PASSES_H
#define RADDLE_DIALECTS_GRAPH_TRANSFORMS_PASSES_H

#include "dialects/Graph/IR/GraphDialect.h"
#include "mlir/Pass/Pass.h"

namespace mlir {
class OpPassManager;
class RewritePatternSet;
} // namespace mlir

namespace raddle::graph {

#define GEN_PASS_DECL
#include "dialects/Graph/Transforms/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "dialects/Graph/Transforms/Passes.h.inc"

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_TRANSFORMS_PASSES_H
