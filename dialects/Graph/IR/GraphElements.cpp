//===- GraphElements.cpp - Verifiers of encoded values --------------------===//
#include "dialects/Graph/IR/GraphOps.h"

using namespace mlir;
using namespace raddle::graph;

LogicalResult EncodeOp::verify() { return success(); }

LogicalResult DecodeOp::verify() { return success(); }

LogicalResult AssembleOp::verify() { return success(); }
