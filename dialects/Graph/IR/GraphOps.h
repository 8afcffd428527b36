//===- GraphOps.h - The operations of the graph dialect --------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_GRAPH_IR_GRAPHOPS_H
#define RADDLE_DIALECTS_GRAPH_IR_GRAPHOPS_H

#include "dialects/Graph/IR/ElementBuilder.h"
#include "dialects/Graph/IR/GraphDialect.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/Graph/IR/GraphInterfaces.h.inc"

#define GET_OP_CLASSES
#include "dialects/Graph/IR/GraphIndexOps.h.inc"
#define GET_OP_CLASSES
#include "dialects/Graph/IR/GraphContractionOps.h.inc"
#define GET_OP_CLASSES
#include "dialects/Graph/IR/GraphReductionOps.h.inc"
#define GET_OP_CLASSES
#include "dialects/Graph/IR/GraphOrderOps.h.inc"
#define GET_OP_CLASSES
#include "dialects/Graph/IR/GraphStructureOps.h.inc"

namespace raddle::graph {

/// The kernel skeleton of an operation that needs a loop nest of its own
/// ("contraction", "reduction", ...); empty for all others.
llvm::StringRef getSkeleton(mlir::Operation *root);

} // namespace raddle::graph

#endif // RADDLE_DIALECTS_GRAPH_IR_GRAPHOPS_H
