//===- ContractionOps.cpp - Contraction operations
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphUtils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;
using namespace raddle::graph;

#define GET_OP_CLASSES
#include "dialects/Graph/IR/GraphContractionOps.cpp.inc"

LogicalResult ContractOp::verify() { return success(); }

LogicalResult
ContractOp::reifyResultShapes(OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &shapes) {
  return failure();
}

LogicalResult ConvOp::verify() { return success(); }

LogicalResult ConvOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &shapes) {
  return failure();
}

LogicalResult AttentionOp::verify() { return success(); }

LogicalResult
AttentionOp::reifyResultShapes(OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &shapes) {
  return failure();
}

void ContractOp::build(OpBuilder &builder, OperationState &state, Value lhs,
                       Value rhs, ArrayRef<AffineMap> maps,
                       Type resultElementType) {
  SmallVector<int64_t> extents(maps.front().getNumDims(), ShapedType::kDynamic);
  for (auto [operand, map] : llvm::zip(ValueRange{lhs, rhs}, maps))
    for (auto [position, size] :
         llvm::enumerate(cast<RankedTensorType>(operand.getType()).getShape()))
      if (int64_t &extent = extents[map.getDimPosition(position)];
          ShapedType::isDynamic(extent))
        extent = size;
  SmallVector<int64_t> shape;
  for (unsigned position = 0; position < maps[2].getNumResults(); ++position)
    shape.push_back(extents[maps[2].getDimPosition(position)]);
  build(builder, state, RankedTensorType::get(shape, resultElementType), lhs,
        rhs, builder.getAffineMapArrayAttr(maps));
}

SmallVector<AffineMap, 3> ContractOp::getMaps() {
  return llvm::to_vector<3>(getIndexingMaps().getAsValueRange<AffineMapAttr>());
}

SmallVector<bool> ContractOp::getReducedDims() {
  SmallVector<AffineMap, 3> maps = getMaps();
  SmallVector<bool> reduced(maps[2].getNumDims(), true);
  for (unsigned position = 0; position < maps[2].getNumResults(); ++position)
    reduced[maps[2].getDimPosition(position)] = false;
  return reduced;
}

SmallVector<AffineMap, 3> ContractOp::getMatmulMaps(MLIRContext *context,
                                                    unsigned lhsRank,
                                                    unsigned rhsRank) {
  assert(lhsRank >= 1 && rhsRank >= 1 && "a product needs vectors at least");
  unsigned lhsBatch = lhsRank >= 2 ? lhsRank - 2 : 0;
  unsigned rhsBatch = rhsRank >= 2 ? rhsRank - 2 : 0;
  unsigned batch = std::max(lhsBatch, rhsBatch);
  unsigned dims = batch;
  SmallVector<AffineExpr> lhs, rhs, result;
  // Leading dims are right-aligned, as in broadcasting.
  for (unsigned dim = 0; dim < batch; ++dim) {
    AffineExpr expr = getAffineDimExpr(dim, context);
    if (dim >= batch - lhsBatch)
      lhs.push_back(expr);
    if (dim >= batch - rhsBatch)
      rhs.push_back(expr);
    result.push_back(expr);
  }
  if (lhsRank >= 2) {
    AffineExpr row = getAffineDimExpr(dims++, context);
    lhs.push_back(row);
    result.push_back(row);
  }
  AffineExpr column;
  if (rhsRank >= 2) {
    column = getAffineDimExpr(dims++, context);
    result.push_back(column);
  }
  AffineExpr inner = getAffineDimExpr(dims++, context);
  lhs.push_back(inner);
  rhs.push_back(inner);
  if (column)
    rhs.push_back(column);
  return {AffineMap::get(dims, 0, lhs, context),
          AffineMap::get(dims, 0, rhs, context),
          AffineMap::get(dims, 0, result, context)};
}
