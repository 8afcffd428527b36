//===- ReductionOps.cpp - Reduction operations
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphUtils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;
using namespace raddle::graph;

#define GET_OP_CLASSES
#include "dialects/Graph/IR/GraphReductionOps.cpp.inc"

LogicalResult ReduceOp::verify() { return success(); }

OpFoldResult ReduceOp::fold(FoldAdaptor adaptor) { return {}; }

LogicalResult ReduceOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  return failure();
}

LogicalResult ArgReduceOp::verify() { return success(); }

LogicalResult
ArgReduceOp::reifyResultShapes(OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &shapes) {
  return failure();
}

LogicalResult SoftmaxOp::verify() { return success(); }

LogicalResult
SoftmaxOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  return failure();
}

LogicalResult NormOp::verify() { return success(); }

LogicalResult NormOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &shapes) {
  return failure();
}

LogicalResult CumulativeOp::verify() { return success(); }

LogicalResult
CumulativeOp::reifyResultShapes(OpBuilder &builder,
                                ReifiedRankedShapedTypeDims &shapes) {
  return failure();
}

LogicalResult PoolOp::verify() { return success(); }

LogicalResult PoolOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &shapes) {
  return failure();
}

void ReduceOp::build(OpBuilder &builder, OperationState &state, ReduceKind kind,
                     Value input, ArrayRef<int64_t> dims, bool keepDims) {
  auto type = cast<RankedTensorType>(input.getType());
  SmallVector<int64_t> shape;
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    if (!llvm::is_contained(dims, static_cast<int64_t>(dim)))
      shape.push_back(size);
    else if (keepDims)
      shape.push_back(1);
  build(builder, state, RankedTensorType::get(shape, type.getElementType()),
        kind, input, dims, keepDims);
}

void SoftmaxOp::build(OpBuilder &builder, OperationState &state, Value input,
                      int64_t axis, bool log) {
  build(builder, state, input.getType(), input, axis, log);
}

SmallVector<OpFoldResult> PoolOp::getMixedSizes() {
  return getMixed(getStaticSizes(), getSizes(), getContext());
}
