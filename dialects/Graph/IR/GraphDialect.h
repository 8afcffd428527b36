//===- GraphDialect.h - The graph dialect, its types and attributes -*- C++
//-*-===//
#ifndef RADDLE_DIALECTS_GRAPH_IR_GRAPHDIALECT_H
#define RADDLE_DIALECTS_GRAPH_IR_GRAPHDIALECT_H

#include "dialects/Graph/Encodings/StorageEncoding.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"

#include "dialects/Graph/IR/GraphDialect.h.inc"
#include "dialects/Graph/IR/GraphEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/Graph/IR/GraphAttributes.h.inc"

#endif // RADDLE_DIALECTS_GRAPH_IR_GRAPHDIALECT_H
