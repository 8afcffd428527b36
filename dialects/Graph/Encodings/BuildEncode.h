//===- BuildEncode.h - The components of graph.encode ----------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_GRAPH_ENCODINGS_BUILDENCODE_H
#define RADDLE_DIALECTS_GRAPH_ENCODINGS_BUILDENCODE_H

#include "dialects/Graph/IR/GraphOps.h"

namespace raddle::graph {

/// The components of the result of `op`, as operations on its input; those
/// that it is given are taken as they are.
llvm::SmallVector<mlir::Value> buildEncode(mlir::OpBuilder &builder,
                                           EncodeOp op);

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_ENCODINGS_BUILDENCODE_H
