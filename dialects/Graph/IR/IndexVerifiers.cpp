//===- IndexVerifiers.cpp - Verifiers of index operations
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphUtils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;
using namespace raddle::graph;

LogicalResult BroadcastOp::verify() { return success(); }

LogicalResult ReshapeOp::verify() { return success(); }

LogicalResult TransposeOp::verify() { return success(); }

LogicalResult SliceOp::verify() { return success(); }

LogicalResult ConcatOp::verify() { return success(); }

LogicalResult PadOp::verify() { return success(); }

LogicalResult GatherOp::verify() { return success(); }

LogicalResult GatherElementsOp::verify() { return success(); }

LogicalResult GatherNdOp::verify() { return success(); }

LogicalResult IotaOp::verify() { return success(); }

LogicalResult SplatOp::verify() { return success(); }

LogicalResult ResizeOp::verify() { return success(); }
