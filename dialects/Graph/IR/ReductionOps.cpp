//===- ReductionOps.cpp - Rows reduced and normalised ---------------------===//
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphUtils.h"
#include "dialects/Graph/IR/GraphVerify.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace raddle::graph;

#define GET_OP_CLASSES
#include "dialects/Graph/IR/GraphReductionOps.cpp.inc"

/// The combiner is defined on the element type.
static LogicalResult verifyCombiner(Operation *op, ReduceKind kind,
                                    Type element) {
  bool integersOnly = kind == ReduceKind::minu || kind == ReduceKind::maxu ||
                      kind == ReduceKind::and_ || kind == ReduceKind::or_;
  if (integersOnly ? element.isInteger() : element.isIntOrFloat())
    return success();
  return op->emitOpError() << "expected "
                           << (integersOnly ? "integers" : "integers or floats")
                           << " for combiner '" << stringifyReduceKind(kind)
                           << "', found " << element;
}

//===----------------------------------------------------------------------===//
// Reduce
//===----------------------------------------------------------------------===//

/// `shape` without `dims`, or with ones in their place.
static SmallVector<int64_t> reduceShape(ArrayRef<int64_t> shape,
                                        ArrayRef<int64_t> dims, bool keepDims) {
  SmallVector<int64_t> result;
  for (auto [dim, size] : llvm::enumerate(shape))
    if (!llvm::is_contained(dims, static_cast<int64_t>(dim)))
      result.push_back(size);
    else if (keepDims)
      result.push_back(1);
  return result;
}

static void reifyReduced(Operation *op, OpBuilder &builder, Value input,
                         ArrayRef<int64_t> dims, bool keepDims,
                         ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> &sizes = shapes.emplace_back();
  for (int64_t dim = 0, rank = tensorType(input).getRank(); dim < rank; ++dim)
    if (!llvm::is_contained(dims, dim))
      sizes.push_back(getSize(builder, op->getLoc(), input, dim));
    else if (keepDims)
      sizes.push_back(builder.getIndexAttr(1));
}

void ReduceOp::build(OpBuilder &builder, OperationState &state, ReduceKind kind,
                     Value input, ArrayRef<int64_t> dims, bool keepDims) {
  RankedTensorType type = tensorType(input);
  SmallVector<int64_t> shape = reduceShape(type.getShape(), dims, keepDims);
  build(builder, state, RankedTensorType::get(shape, type.getElementType()),
        kind, input, dims, keepDims);
}

LogicalResult ReduceOp::verify() {
  RankedTensorType input = tensorType(getInput());
  if (failed(verifyDims(*this, "dims", getDims(), input.getRank())) ||
      failed(verifyCombiner(*this, getKind(), input.getElementType())) ||
      failed(verifyElementType(*this, "result", getType(),
                               input.getElementType())))
    return failure();
  return verifyShape(*this, "result", getType(),
                     reduceShape(input.getShape(), getDims(), getKeepDims()));
}

OpFoldResult ReduceOp::fold(FoldAdaptor adaptor) {
  // Nothing to combine: each element is its own sum. (`keep_dims` with dims of
  // size 1 keeps the type as well.)
  RankedTensorType input = tensorType(getInput());
  if (getInput().getType() != getType())
    return {};
  if (llvm::all_of(getDims(),
                   [&](int64_t dim) { return input.getDimSize(dim) == 1; }))
    return getInput();
  return {};
}

LogicalResult ReduceOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  reifyReduced(*this, builder, getInput(), getDims(), getKeepDims(), shapes);
  return success();
}

LogicalResult ArgReduceOp::verify() {
  RankedTensorType input = tensorType(getInput());
  int64_t axis = getAxis();
  ReduceKind kind = getKind();
  if (failed(verifyAxis(*this, axis, input.getRank())))
    return failure();
  if (kind != ReduceKind::min && kind != ReduceKind::max &&
      kind != ReduceKind::minu && kind != ReduceKind::maxu)
    return emitOpError()
           << "expected combiner 'min', 'max', 'minu' or 'maxu', found '"
           << stringifyReduceKind(kind) << "'";
  if (failed(verifyCombiner(*this, kind, input.getElementType())) ||
      failed(verifyIndices(*this, "result", getType())))
    return failure();
  if (input.getDimSize(axis) == 0)
    return emitOpError() << "expected elements to choose from in dim " << axis
                         << ", found an empty dim";
  return verifyShape(*this, "result", getType(),
                     reduceShape(input.getShape(), axis, getKeepDims()));
}

LogicalResult
ArgReduceOp::reifyResultShapes(OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &shapes) {
  reifyReduced(*this, builder, getInput(), static_cast<int64_t>(getAxis()),
               getKeepDims(), shapes);
  return success();
}

//===----------------------------------------------------------------------===//
// Softmax, norm, cumulative
//===----------------------------------------------------------------------===//

/// The result has the type of the operand (up to unknown dims).
static LogicalResult verifySameType(Operation *op, RankedTensorType input) {
  RankedTensorType result = tensorType(op->getResult(0));
  if (failed(verifyElementType(op, "result", result, input.getElementType())))
    return failure();
  return verifyShape(op, "result", result, input.getShape());
}

void SoftmaxOp::build(OpBuilder &builder, OperationState &state, Value input,
                      int64_t axis, bool log) {
  build(builder, state, input.getType(), input, axis, log);
}

LogicalResult SoftmaxOp::verify() {
  RankedTensorType input = tensorType(getInput());
  if (failed(verifyAxis(*this, getAxis(), input.getRank())))
    return failure();
  return verifySameType(*this, input);
}

LogicalResult
SoftmaxOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(raddle::graph::getSizes(builder, getLoc(), getInput()));
  return success();
}

LogicalResult NormOp::verify() {
  RankedTensorType input = tensorType(getInput());
  int64_t axis = getAxis();
  if (failed(verifyAxis(*this, axis, input.getRank())))
    return failure();
  ArrayRef<int64_t> trailing = input.getShape().drop_front(axis);
  for (auto [name, value] : {std::pair<StringRef, Value>("scale", getScale()),
                             {"bias", getBias()}}) {
    if (!value)
      continue;
    RankedTensorType type = tensorType(value);
    if (type.getElementType() != input.getElementType() &&
        !type.getElementType().isF32())
      return emitOpError() << "expected '" << name << "' of element type "
                           << input.getElementType() << " or 'f32', found "
                           << type.getElementType();
    if (failed(verifyBroadcastable(*this, name, type, trailing)))
      return failure();
  }
  if (!getEpsilon().isFinite() ||
      (getEpsilon().isNegative() && !getEpsilon().isZero()))
    return emitOpError() << "expected a finite 'epsilon' of at least 0, found "
                         << getEpsilon().convertToDouble();
  return verifySameType(*this, input);
}

LogicalResult NormOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(raddle::graph::getSizes(builder, getLoc(), getInput()));
  return success();
}

LogicalResult CumulativeOp::verify() {
  RankedTensorType input = tensorType(getInput());
  if (failed(verifyAxis(*this, getAxis(), input.getRank())) ||
      failed(verifyCombiner(*this, getKind(), input.getElementType())))
    return failure();
  return verifySameType(*this, input);
}

LogicalResult
CumulativeOp::reifyResultShapes(OpBuilder &builder,
                                ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(raddle::graph::getSizes(builder, getLoc(), getInput()));
  return success();
}

//===----------------------------------------------------------------------===//
// Pool
//===----------------------------------------------------------------------===//

SmallVector<OpFoldResult> PoolOp::getMixedSizes() {
  return getMixed(getStaticSizes(), getSizes(), getContext());
}

LogicalResult PoolOp::verify() {
  RankedTensorType input = tensorType(getInput()), result = getType();
  int64_t rank = input.getRank(), spatial = rank - 2;
  if (spatial < 1)
    return emitOpError() << "expected an operand of rank 3 or more, found "
                         << input;
  if (failed(verifyIntegers(*this, "kernel", getKernel(), spatial, 1)) ||
      failed(verifyIntegers(*this, "strides", getStrides(), spatial, 1)) ||
      failed(verifyIntegers(*this, "dilations", getDilations(), spatial, 1)) ||
      failed(verifyIntegers(*this, "low", getPadsLow(), spatial, 0)) ||
      failed(verifyIntegers(*this, "high", getPadsHigh(), spatial, 0)) ||
      failed(verifyMixed(*this, "sizes", getStaticSizes(), getSizes(), rank)) ||
      failed(verifySizes(*this, result, getStaticSizes())) ||
      failed(
          verifyElementType(*this, "result", result, input.getElementType())))
    return failure();
  bool average = getKind() == PoolKind::average ||
                 getKind() == PoolKind::average_include_pad;
  if (average ? !isa<FloatType>(input.getElementType())
              : !input.getElementType().isIntOrFloat())
    return emitOpError() << "expected " << (average ? "" : "integers or ")
                         << "floats for combiner '"
                         << stringifyPoolKind(getKind()) << "', found "
                         << input.getElementType();

  for (int64_t dim : {int64_t(0), getChannelsLast() ? rank - 1 : 1})
    if (!sizesFit(input.getDimSize(dim), result.getDimSize(dim)))
      return emitOpError() << "expected size " << input.getDimSize(dim)
                           << " in dim " << dim << " of the result, found "
                           << result.getDimSize(dim);
  for (int64_t i = 0; i < spatial; ++i) {
    int64_t dim = getChannelsLast() ? i + 1 : i + 2;
    int64_t size = input.getDimSize(dim), found = result.getDimSize(dim);
    if (ShapedType::isDynamic(size))
      continue;
    std::optional<int64_t> padded = llvm::checkedAdd(size, getPadsLow()[i]);
    if (padded)
      padded = llvm::checkedAdd(*padded, getPadsHigh()[i]);
    std::optional<int64_t> reach =
        llvm::checkedMul(getDilations()[i], getKernel()[i] - 1);
    if (!padded || !reach)
      return emitOpError() << "the window of dim " << dim
                           << " does not fit in 63 bits";
    // Rounding up adds a window that hangs over the high pad.
    int64_t room = *padded - *reach - 1;
    int64_t fewest = llvm::divideFloorSigned(room, getStrides()[i]) + 1;
    int64_t most = llvm::divideCeilSigned(room, getStrides()[i]) + 1;
    fewest = std::max<int64_t>(fewest, 0);
    most = std::max<int64_t>(most, fewest);
    if (!ShapedType::isDynamic(found) && (found < fewest || found > most))
      return emitOpError() << "expected size " << fewest
                           << (most == fewest ? std::string()
                                              : " or " + std::to_string(most))
                           << " in dim " << dim << " of the result, found "
                           << found;
  }
  return success();
}

LogicalResult PoolOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(getMixedSizes());
  return success();
}
