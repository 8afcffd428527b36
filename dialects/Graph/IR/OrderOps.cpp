//===- OrderOps.cpp - Order operations
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphUtils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;
using namespace raddle::graph;

#define GET_OP_CLASSES
#include "dialects/Graph/IR/GraphOrderOps.cpp.inc"

LogicalResult SortOp::verify() { return success(); }

LogicalResult SortOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &shapes) {
  return failure();
}

LogicalResult ScatterElementsOp::verify() { return success(); }

LogicalResult
ScatterElementsOp::reifyResultShapes(OpBuilder &builder,
                                     ReifiedRankedShapedTypeDims &shapes) {
  return failure();
}

LogicalResult ScatterNdOp::verify() { return success(); }

LogicalResult
ScatterNdOp::reifyResultShapes(OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &shapes) {
  return failure();
}

LogicalResult LstmOp::verify() { return success(); }

LogicalResult LstmOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &shapes) {
  return failure();
}

LogicalResult GruOp::verify() { return success(); }

LogicalResult GruOp::reifyResultShapes(OpBuilder &builder,
                                       ReifiedRankedShapedTypeDims &shapes) {
  return failure();
}

LogicalResult RnnOp::verify() { return success(); }

LogicalResult RnnOp::reifyResultShapes(OpBuilder &builder,
                                       ReifiedRankedShapedTypeDims &shapes) {
  return failure();
}
