//===- Passes.h - Passes over storage encodings ----------------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_GRAPH_ENCODINGS_PASSES_H
#define RADDLE_DIALECTS_GRAPH_ENCODINGS_PASSES_H

#include "mlir/Pass/Pass.h"

namespace raddle::graph {

#define GEN_PASS_DECL
#include "dialects/Graph/Encodings/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "dialects/Graph/Encodings/Passes.h.inc"

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_ENCODINGS_PASSES_H
