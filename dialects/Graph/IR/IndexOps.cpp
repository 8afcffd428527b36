//===- IndexOps.cpp - Builders and sizes of index operations --------------===//
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphUtils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;
using namespace raddle::graph;

#define GET_OP_CLASSES
#include "dialects/Graph/IR/GraphIndexOps.cpp.inc"

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

//===----------------------------------------------------------------------===//
// Builders
//===----------------------------------------------------------------------===//

void BroadcastOp::build(OpBuilder &builder, OperationState &state, Value input,
                        ArrayRef<OpFoldResult> sizes) {
  MixedIndices mixed(sizes);
  auto type =
      RankedTensorType::get(mixed.fixed, typeOf(input).getElementType());
  build(builder, state, type, input, mixed.dynamic, mixed.fixed);
}

void ReshapeOp::build(OpBuilder &builder, OperationState &state, Value input,
                      ArrayRef<OpFoldResult> sizes) {
  MixedIndices mixed(sizes);
  auto type =
      RankedTensorType::get(mixed.fixed, typeOf(input).getElementType());
  build(builder, state, type, input, mixed.dynamic, mixed.fixed);
}

void TransposeOp::build(OpBuilder &builder, OperationState &state, Value input,
                        ArrayRef<int64_t> permutation) {
  RankedTensorType type = typeOf(input);
  SmallVector<int64_t> shape;
  for (int64_t dim : permutation)
    shape.push_back(type.getDimSize(dim));
  build(builder, state, RankedTensorType::get(shape, type.getElementType()),
        input, permutation);
}

void SliceOp::build(OpBuilder &builder, OperationState &state, Value input,
                    ArrayRef<OpFoldResult> offsets,
                    ArrayRef<OpFoldResult> sizes, ArrayRef<int64_t> strides) {
  MixedIndices mixedOffsets(offsets), mixedSizes(sizes);
  auto type =
      RankedTensorType::get(mixedSizes.fixed, typeOf(input).getElementType());
  build(builder, state, type, input, mixedOffsets.dynamic, mixedSizes.dynamic,
        mixedOffsets.fixed, mixedSizes.fixed, strides);
}

void ConcatOp::build(OpBuilder &builder, OperationState &state,
                     ValueRange inputs, int64_t axis) {
  RankedTensorType first = typeOf(inputs.front());
  SmallVector<int64_t> shape(first.getShape());
  for (Value input : inputs.drop_front()) {
    ArrayRef<int64_t> other = typeOf(input).getShape();
    for (auto [dim, size] : llvm::enumerate(shape)) {
      if (static_cast<int64_t>(dim) != axis) {
        if (ShapedType::isDynamic(size))
          size = other[dim];
      } else if (!ShapedType::isDynamic(size)) {
        size = ShapedType::isDynamic(other[dim]) ? ShapedType::kDynamic
                                                 : size + other[dim];
      }
    }
  }
  build(builder, state, RankedTensorType::get(shape, first.getElementType()),
        inputs, builder.getI64IntegerAttr(axis));
}

void PadOp::build(OpBuilder &builder, OperationState &state, Value input,
                  ArrayRef<OpFoldResult> low, ArrayRef<OpFoldResult> high,
                  Value value, PadMode mode) {
  MixedIndices mixedLow(low), mixedHigh(high);
  RankedTensorType type = typeOf(input);
  SmallVector<int64_t> shape(type.getShape());
  for (auto [size, before, after] :
       llvm::zip_equal(shape, mixedLow.fixed, mixedHigh.fixed))
    if (ShapedType::isDynamic(size) || ShapedType::isDynamic(before) ||
        ShapedType::isDynamic(after))
      size = ShapedType::kDynamic;
    else
      size += before + after;
  build(builder, state, RankedTensorType::get(shape, type.getElementType()),
        input, mixedLow.dynamic, mixedHigh.dynamic, value, mixedLow.fixed,
        mixedHigh.fixed, mode);
}

void GatherOp::build(OpBuilder &builder, OperationState &state, Value input,
                     Value indices, int64_t axis) {
  RankedTensorType type = typeOf(input);
  SmallVector<int64_t> shape(type.getShape().take_front(axis));
  llvm::append_range(shape, typeOf(indices).getShape());
  llvm::append_range(shape, type.getShape().drop_front(axis + 1));
  build(builder, state, RankedTensorType::get(shape, type.getElementType()),
        input, indices, builder.getI64IntegerAttr(axis));
}

void IotaOp::build(OpBuilder &builder, OperationState &state, Type elementType,
                   ArrayRef<OpFoldResult> sizes, int64_t axis) {
  MixedIndices mixed(sizes);
  build(builder, state, RankedTensorType::get(mixed.fixed, elementType),
        mixed.dynamic, mixed.fixed, axis);
}

//===----------------------------------------------------------------------===//
// Mixed sizes
//===----------------------------------------------------------------------===//

SmallVector<OpFoldResult> BroadcastOp::getMixedSizes() {
  return getMixed(getStaticSizes(), getSizes(), getContext());
}
SmallVector<OpFoldResult> ReshapeOp::getMixedSizes() {
  return getMixed(getStaticSizes(), getSizes(), getContext());
}
SmallVector<OpFoldResult> SliceOp::getMixedOffsets() {
  return getMixed(getStaticOffsets(), getOffsets(), getContext());
}
SmallVector<OpFoldResult> SliceOp::getMixedSizes() {
  return getMixed(getStaticSizes(), getSizes(), getContext());
}
SmallVector<OpFoldResult> PadOp::getMixedLow() {
  return getMixed(getStaticLow(), getLow(), getContext());
}
SmallVector<OpFoldResult> PadOp::getMixedHigh() {
  return getMixed(getStaticHigh(), getHigh(), getContext());
}
SmallVector<OpFoldResult> IotaOp::getMixedSizes() {
  return getMixed(getStaticSizes(), getSizes(), getContext());
}
SmallVector<OpFoldResult> ResizeOp::getMixedSizes() {
  return getMixed(getStaticSizes(), getSizes(), getContext());
}

//===----------------------------------------------------------------------===//
// Result sizes
//===----------------------------------------------------------------------===//

LogicalResult
BroadcastOp::reifyResultShapes(OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(getMixedSizes());
  return success();
}

LogicalResult
ReshapeOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(getMixedSizes());
  return success();
}

LogicalResult
TransposeOp::reifyResultShapes(OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim : getPermutation())
    sizes.push_back(getSize(builder, getLoc(), getInput(), dim));
  shapes.push_back(std::move(sizes));
  return success();
}

LogicalResult SliceOp::reifyResultShapes(OpBuilder &builder,
                                         ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(getMixedSizes());
  return success();
}

LogicalResult ConcatOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  RankedTensorType type = getType();
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim = 0, rank = type.getRank(); dim < rank; ++dim) {
    if (!type.isDynamicDim(dim)) {
      sizes.push_back(builder.getIndexAttr(type.getDimSize(dim)));
      continue;
    }
    OpFoldResult size = getSize(builder, getLoc(), getInputs().front(), dim);
    if (dim == static_cast<int64_t>(getAxis()))
      for (Value input : getInputs().drop_front())
        size = addIndex(builder, getLoc(), size,
                        getSize(builder, getLoc(), input, dim));
    sizes.push_back(size);
  }
  shapes.push_back(std::move(sizes));
  return success();
}

LogicalResult PadOp::reifyResultShapes(OpBuilder &builder,
                                       ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes =
      raddle::graph::getSizes(builder, getLoc(), getInput());
  for (auto [size, low, high] :
       llvm::zip_equal(sizes, getMixedLow(), getMixedHigh())) {
    size = addIndex(builder, getLoc(), size, low);
    size = addIndex(builder, getLoc(), size, high);
  }
  shapes.push_back(std::move(sizes));
  return success();
}

LogicalResult GatherOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> input =
      raddle::graph::getSizes(builder, getLoc(), getInput());
  SmallVector<OpFoldResult> sizes(
      ArrayRef<OpFoldResult>(input).take_front(getAxis()));
  llvm::append_range(sizes,
                     raddle::graph::getSizes(builder, getLoc(), getIndices()));
  llvm::append_range(sizes,
                     ArrayRef<OpFoldResult>(input).drop_front(getAxis() + 1));
  shapes.push_back(std::move(sizes));
  return success();
}

LogicalResult
GatherElementsOp::reifyResultShapes(OpBuilder &builder,
                                    ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(raddle::graph::getSizes(builder, getLoc(), getIndices()));
  return success();
}

LogicalResult
GatherNdOp::reifyResultShapes(OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes =
      raddle::graph::getSizes(builder, getLoc(), getIndices());
  sizes.pop_back();
  SmallVector<OpFoldResult> input =
      raddle::graph::getSizes(builder, getLoc(), getInput());
  int64_t tuple = typeOf(getIndices()).getShape().back();
  llvm::append_range(
      sizes, ArrayRef<OpFoldResult>(input).drop_front(getBatchDims() + tuple));
  shapes.push_back(std::move(sizes));
  return success();
}

LogicalResult IotaOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(getMixedSizes());
  return success();
}

LogicalResult SplatOp::reifyResultShapes(OpBuilder &builder,
                                         ReifiedRankedShapedTypeDims &shapes) {
  shapes.emplace_back();
  return success();
}

LogicalResult ResizeOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(getMixedSizes());
  return success();
}
