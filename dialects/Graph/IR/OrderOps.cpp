//===- OrderOps.cpp - Sort and scatter ------------------------------------===//
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphUtils.h"
#include "dialects/Graph/IR/GraphVerify.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace raddle::graph;

#define GET_OP_CLASSES
#include "dialects/Graph/IR/GraphOrderOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Sort
//===----------------------------------------------------------------------===//

LogicalResult SortOp::verify() {
  RankedTensorType input = tensorType(getInput());
  RankedTensorType values = tensorType(getValues());
  int64_t axis = getAxis();
  if (failed(verifyAxis(*this, axis, input.getRank())))
    return failure();
  Type element = input.getElementType();
  if (getIsUnsigned() ? !element.isInteger() : !element.isIntOrFloat())
    return emitOpError() << "expected "
                         << (getIsUnsigned() ? "integers with 'is_unsigned'"
                                             : "integers or floats")
                         << ", found " << element;
  if (failed(verifyElementType(*this, "values", values, element)) ||
      failed(verifyIndices(*this, "indices", tensorType(getIndices()))))
    return failure();
  SmallVector<int64_t> shape(input.getShape());
  std::optional<int64_t> k = getConstantIntValue(getK());
  if (k && (*k < 0 || (!input.isDynamicDim(axis) && *k > shape[axis])))
    return emitOpError() << "expected 'k' in [0, " << sizeText(shape[axis])
                         << "], found " << *k;
  if (!k && !input.isDynamicDim(axis) && !values.isDynamicDim(axis) &&
      values.getRank() == input.getRank() &&
      values.getDimSize(axis) > shape[axis])
    return emitOpError() << "expected at most " << shape[axis]
                         << " results in dim " << axis << ", found "
                         << values.getDimSize(axis);
  shape[axis] = k.value_or(ShapedType::kDynamic);
  if (failed(verifyShape(*this, "values", values, shape)))
    return failure();
  return verifyShape(*this, "indices", tensorType(getIndices()),
                     values.getShape());
}

LogicalResult SortOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = getSizes(builder, getLoc(), getInput());
  for (Value result : getResults()) {
    int64_t size = tensorType(result).getDimSize(getAxis());
    sizes[getAxis()] = ShapedType::isDynamic(size)
                           ? getAsOpFoldResult(getK())
                           : OpFoldResult(builder.getIndexAttr(size));
    shapes.push_back(sizes);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Scatter
//===----------------------------------------------------------------------===//

/// What both scatters ask of their element types; the result is like `input`.
static LogicalResult verifyScatter(Operation *op, ScatterKind kind,
                                   RankedTensorType input,
                                   RankedTensorType indices,
                                   RankedTensorType updates) {
  Type element = input.getElementType();
  if (kind != ScatterKind::replace &&
      (!element.isIntOrFloat() || element.isInteger(1)))
    return op->emitOpError()
           << "expected numbers to combine by '" << stringifyScatterKind(kind)
           << "', found " << element;
  RankedTensorType result = tensorType(op->getResult(0));
  if (failed(verifyIndices(op, "indices", indices)) ||
      failed(verifyElementType(op, "updates", updates, element)) ||
      failed(verifyElementType(op, "result", result, element)))
    return failure();
  return verifyShape(op, "result", result, input.getShape());
}

LogicalResult ScatterElementsOp::verify() {
  RankedTensorType input = tensorType(getInput());
  RankedTensorType indices = tensorType(getIndices());
  RankedTensorType updates = tensorType(getUpdates());
  int64_t rank = input.getRank(), axis = getAxis();
  if (failed(verifyAxis(*this, axis, rank)) ||
      failed(verifyScatter(*this, getKind(), input, indices, updates)) ||
      failed(verifyRank(*this, "indices", indices, rank)) ||
      failed(verifyShape(*this, "updates", updates, indices.getShape())))
    return failure();
  for (int64_t dim = 0; dim < rank; ++dim)
    if (dim != axis && !indices.isDynamicDim(dim) && !input.isDynamicDim(dim) &&
        indices.getDimSize(dim) > input.getDimSize(dim))
      return emitOpError() << "expected at most " << input.getDimSize(dim)
                           << " 'indices' in dim " << dim << ", found "
                           << indices.getDimSize(dim);
  return success();
}

LogicalResult
ScatterElementsOp::reifyResultShapes(OpBuilder &builder,
                                     ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(getSizes(builder, getLoc(), getInput()));
  return success();
}

LogicalResult ScatterNdOp::verify() {
  RankedTensorType input = tensorType(getInput());
  RankedTensorType indices = tensorType(getIndices());
  RankedTensorType updates = tensorType(getUpdates());
  if (indices.getRank() == 0)
    return emitOpError("expected 'indices' of rank 1 or more, found rank 0");
  int64_t tuple = indices.getShape().back();
  if (ShapedType::isDynamic(tuple))
    return emitOpError("expected a static last dim of 'indices'");
  if (tuple < 1 || tuple > input.getRank())
    return emitOpError() << "expected index tuples of 1 to " << input.getRank()
                         << " entries, found " << tuple;
  if (failed(verifyScatter(*this, getKind(), input, indices, updates)))
    return failure();
  SmallVector<int64_t> shape(indices.getShape().drop_back());
  llvm::append_range(shape, input.getShape().drop_front(tuple));
  return verifyShape(*this, "updates", updates, shape);
}

LogicalResult
ScatterNdOp::reifyResultShapes(OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(getSizes(builder, getLoc(), getInput()));
  return success();
}
