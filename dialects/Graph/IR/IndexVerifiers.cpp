//===- IndexVerifiers.cpp - Verifiers of index operations -----------------===//
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphVerify.h"
#include "llvm/Support/CheckedArithmetic.h"
#include <cmath>

using namespace mlir;
using namespace raddle::graph;

LogicalResult BroadcastOp::verify() {
  RankedTensorType input = tensorType(getInput()), result = getType();
  if (failed(verifyMixed(*this, "sizes", getStaticSizes(), getSizes(), -1)) ||
      failed(verifySizes(*this, result, getStaticSizes())) ||
      failed(
          verifyElementType(*this, "result", result, input.getElementType())))
    return failure();
  if (input.getRank() > result.getRank())
    return emitOpError() << "expected a result of rank " << input.getRank()
                         << " or more, found " << result;
  int64_t leading = result.getRank() - input.getRank();
  for (auto [dim, size] : llvm::enumerate(input.getShape()))
    if (size != 1 && !sizesFit(size, result.getDimSize(leading + dim)))
      return emitOpError() << "expected dim " << dim
                           << " of the operand to be 1 or "
                           << result.getDimSize(leading + dim) << ", found "
                           << size;
  return success();
}

LogicalResult ReshapeOp::verify() {
  RankedTensorType input = tensorType(getInput()), result = getType();
  if (failed(verifyMixed(*this, "sizes", getStaticSizes(), getSizes(), -1)) ||
      failed(verifySizes(*this, result, getStaticSizes())) ||
      failed(
          verifyElementType(*this, "result", result, input.getElementType())))
    return failure();
  for (RankedTensorType type : {input, result})
    if (type.hasStaticShape() && !countElements(type.getShape()))
      return emitOpError() << "the number of elements of " << type
                           << " does not fit in 63 bits";
  std::optional<int64_t> before = countElements(input.getShape());
  std::optional<int64_t> after = countElements(result.getShape());
  if (before && after && *before != *after)
    return emitOpError() << "expected a result of " << *before
                         << " elements as in the operand, found " << *after;
  return success();
}

LogicalResult TransposeOp::verify() {
  RankedTensorType input = tensorType(getInput());
  ArrayRef<int64_t> permutation = getPermutation();
  if (static_cast<int64_t>(permutation.size()) != input.getRank())
    return emitOpError() << "expected " << input.getRank()
                         << " entries in 'permutation', found "
                         << permutation.size();
  if (failed(verifyDims(*this, "permutation", permutation, input.getRank())) ||
      failed(verifyElementType(*this, "result", getType(),
                               input.getElementType())))
    return failure();
  SmallVector<int64_t> shape;
  for (int64_t dim : permutation)
    shape.push_back(input.getDimSize(dim));
  return verifyShape(*this, "result", getType(), shape);
}

LogicalResult SliceOp::verify() {
  RankedTensorType input = tensorType(getInput());
  int64_t rank = input.getRank();
  if (failed(verifyMixed(*this, "offsets", getStaticOffsets(), getOffsets(),
                         rank)) ||
      failed(verifyMixed(*this, "sizes", getStaticSizes(), getSizes(), rank)) ||
      failed(verifyIntegers(*this, "strides", getStrides(), rank,
                            std::numeric_limits<int64_t>::min())) ||
      failed(verifySizes(*this, getType(), getStaticSizes())) ||
      failed(verifyElementType(*this, "result", getType(),
                               input.getElementType())))
    return failure();
  for (int64_t dim = 0; dim < rank; ++dim) {
    int64_t offset = getStaticOffsets()[dim], size = getStaticSizes()[dim],
            stride = getStrides()[dim], extent = input.getDimSize(dim);
    if (stride == 0)
      return emitOpError() << "expected a stride other than 0 in dim " << dim;
    if (ShapedType::isDynamic(extent) || size == 0)
      continue;
    if (!ShapedType::isDynamic(offset) && offset >= extent)
      return emitOpError() << "expected an offset less than " << extent
                           << " in dim " << dim << ", found " << offset;
    if (ShapedType::isDynamic(size))
      continue;
    // With an unknown offset the box still has to fit.
    std::optional<int64_t> span = llvm::checkedMul(size - 1, stride);
    std::optional<int64_t> last = span && !ShapedType::isDynamic(offset)
                                      ? llvm::checkedAdd(offset, *span)
                                      : span;
    bool known = !ShapedType::isDynamic(offset);
    if (!last || (known && (*last < 0 || *last >= extent)))
      return emitOpError() << "expected the last element of dim " << dim
                           << " in [0, " << extent << "), found "
                           << (last ? std::to_string(*last) : "an overflow");
    if (!known && (*last >= extent || *last <= -extent))
      return emitOpError() << "expected dim " << dim << " to span at most "
                           << extent << " elements, found "
                           << std::to_string(*last < 0 ? 1 - *last : *last + 1);
  }
  return success();
}

LogicalResult ConcatOp::verify() {
  if (getInputs().empty())
    return emitOpError("expected at least one operand");
  RankedTensorType first = tensorType(getInputs().front());
  int64_t rank = first.getRank(), axis = getAxis();
  if (failed(verifyAxis(*this, axis, rank)))
    return failure();
  SmallVector<int64_t> shape(first.getShape());
  shape[axis] = 0;
  for (auto [number, input] : llvm::enumerate(getInputs())) {
    RankedTensorType type = tensorType(input);
    std::string name = "operand " + std::to_string(number);
    if (failed(verifyElementType(*this, name, type, first.getElementType())) ||
        failed(verifyRank(*this, name, type, rank)))
      return failure();
    for (int64_t dim = 0; dim < rank; ++dim) {
      int64_t size = type.getDimSize(dim);
      if (dim == axis) {
        if (ShapedType::isDynamic(size) || ShapedType::isDynamic(shape[dim])) {
          shape[dim] = ShapedType::kDynamic;
          continue;
        }
        std::optional<int64_t> sum = llvm::checkedAdd(shape[dim], size);
        if (!sum)
          return emitOpError() << "the size of dim " << dim
                               << " of the result does not fit in 63 bits";
        shape[dim] = *sum;
        continue;
      }
      if (!sizesFit(size, shape[dim]))
        return emitOpError() << "expected size " << shape[dim] << " in dim "
                             << dim << " of " << name << ", found " << size;
      if (ShapedType::isDynamic(shape[dim]))
        shape[dim] = size;
    }
  }
  if (failed(verifyElementType(*this, "result", getType(),
                               first.getElementType())))
    return failure();
  return verifyShape(*this, "result", getType(), shape);
}

LogicalResult PadOp::verify() {
  RankedTensorType input = tensorType(getInput());
  int64_t rank = input.getRank();
  if (failed(verifyMixed(*this, "low", getStaticLow(), getLow(), rank)) ||
      failed(verifyMixed(*this, "high", getStaticHigh(), getHigh(), rank)) ||
      failed(verifyElementType(*this, "result", getType(),
                               input.getElementType())))
    return failure();
  if (Value value = getValue()) {
    if (getMode() != PadMode::constant)
      return emitOpError() << "expected no fill value in mode '"
                           << stringifyPadMode(getMode()) << "'";
    if (failed(verifyRank(*this, "value", tensorType(value), 0)) ||
        failed(verifyElementType(*this, "value", tensorType(value),
                                 input.getElementType())))
      return failure();
  }
  SmallVector<int64_t> shape(rank, ShapedType::kDynamic);
  for (int64_t dim = 0; dim < rank; ++dim) {
    int64_t size = input.getDimSize(dim), low = getStaticLow()[dim],
            high = getStaticHigh()[dim];
    if (size == 0 && getMode() != PadMode::constant && (low != 0 || high != 0))
      return emitOpError() << "expected elements to repeat in dim " << dim
                           << " in mode '" << stringifyPadMode(getMode())
                           << "', found an empty dim";
    if (ShapedType::isDynamic(size) || ShapedType::isDynamic(low) ||
        ShapedType::isDynamic(high))
      continue;
    std::optional<int64_t> sum = llvm::checkedAdd(size, low);
    if (sum)
      sum = llvm::checkedAdd(*sum, high);
    if (!sum)
      return emitOpError() << "the size of dim " << dim
                           << " of the result does not fit in 63 bits";
    shape[dim] = *sum;
  }
  return verifyShape(*this, "result", getType(), shape);
}

LogicalResult GatherOp::verify() {
  RankedTensorType input = tensorType(getInput());
  RankedTensorType indices = tensorType(getIndices());
  int64_t axis = getAxis();
  if (failed(verifyAxis(*this, axis, input.getRank())) ||
      failed(verifyIndices(*this, "indices", indices)) ||
      failed(verifyElementType(*this, "result", getType(),
                               input.getElementType())))
    return failure();
  if (input.getDimSize(axis) == 0 && countElements(indices.getShape()) != 0)
    return emitOpError() << "expected elements to pick in dim " << axis
                         << ", found an empty dim";
  SmallVector<int64_t> shape(input.getShape().take_front(axis));
  llvm::append_range(shape, indices.getShape());
  llvm::append_range(shape, input.getShape().drop_front(axis + 1));
  return verifyShape(*this, "result", getType(), shape);
}

LogicalResult GatherElementsOp::verify() {
  RankedTensorType input = tensorType(getInput());
  RankedTensorType indices = tensorType(getIndices());
  int64_t rank = input.getRank(), axis = getAxis();
  if (failed(verifyAxis(*this, axis, rank)) ||
      failed(verifyRank(*this, "indices", indices, rank)) ||
      failed(verifyIndices(*this, "indices", indices)) ||
      failed(verifyElementType(*this, "result", getType(),
                               input.getElementType())))
    return failure();
  if (input.getDimSize(axis) == 0 && countElements(indices.getShape()) != 0)
    return emitOpError() << "expected elements to pick in dim " << axis
                         << ", found an empty dim";
  for (int64_t dim = 0; dim < rank; ++dim)
    if (dim != axis && !indices.isDynamicDim(dim) && !input.isDynamicDim(dim) &&
        indices.getDimSize(dim) > input.getDimSize(dim))
      return emitOpError() << "expected at most " << input.getDimSize(dim)
                           << " 'indices' in dim " << dim << ", found "
                           << indices.getDimSize(dim);
  return verifyShape(*this, "result", getType(), indices.getShape());
}

LogicalResult GatherNdOp::verify() {
  RankedTensorType input = tensorType(getInput());
  RankedTensorType indices = tensorType(getIndices());
  int64_t batch = getBatchDims();
  if (indices.getRank() == 0)
    return emitOpError("expected 'indices' of rank 1 or more, found rank 0");
  int64_t most = std::min(input.getRank(), indices.getRank() - 1);
  if (batch < 0 || batch > most)
    return emitOpError() << "expected 'batch_dims' in [0, " << most
                         << "], found " << batch;
  int64_t tuple = indices.getShape().back(), rest = input.getRank() - batch;
  if (ShapedType::isDynamic(tuple))
    return emitOpError("expected a static last dim of 'indices'");
  if (tuple < 1 || tuple > rest)
    return emitOpError() << "expected index tuples of 1 to " << rest
                         << " entries, found " << tuple;
  if (failed(verifyIndices(*this, "indices", indices)) ||
      failed(verifyElementType(*this, "result", getType(),
                               input.getElementType())))
    return failure();
  for (int64_t dim = 0; dim < batch; ++dim)
    if (!sizesFit(input.getDimSize(dim), indices.getDimSize(dim)))
      return emitOpError() << "expected size " << input.getDimSize(dim)
                           << " in batch dim " << dim << " of 'indices', found "
                           << indices.getDimSize(dim);
  SmallVector<int64_t> shape(indices.getShape().drop_back());
  llvm::append_range(shape, input.getShape().drop_front(batch + tuple));
  return verifyShape(*this, "result", getType(), shape);
}

LogicalResult IotaOp::verify() {
  if (failed(verifyMixed(*this, "sizes", getStaticSizes(), getSizes(), -1)) ||
      failed(verifySizes(*this, getType(), getStaticSizes())) ||
      failed(verifyAxis(*this, getAxis(), getType().getRank())))
    return failure();
  if (!getType().getElementType().isIntOrFloat())
    return emitOpError() << "expected integers or floats, found "
                         << getType().getElementType();
  return success();
}

LogicalResult SplatOp::verify() {
  if (failed(verifyRank(*this, "result", getType(), 0)))
    return failure();
  Type scalar = getScalar().getType(), element = getType().getElementType();
  if (isa<IndexType>(scalar)) {
    if (!element.isIntOrFloat())
      return emitOpError() << "expected an integer or float result, found "
                           << element;
    return success();
  }
  return verifyElementType(*this, "result", getType(), scalar);
}

LogicalResult ResizeOp::verify() {
  RankedTensorType input = tensorType(getInput());
  int64_t rank = input.getRank();
  if (failed(verifyMixed(*this, "sizes", getStaticSizes(), getSizes(), rank)) ||
      failed(verifySizes(*this, getType(), getStaticSizes())) ||
      failed(verifyElementType(*this, "result", getType(),
                               input.getElementType())))
    return failure();
  if (static_cast<int64_t>(getScales().size()) != rank)
    return emitOpError() << "expected " << rank
                         << " entries in 'scales', found "
                         << getScales().size();
  for (double scale : getScales())
    if (!std::isfinite(scale) || scale <= 0)
      return emitOpError() << "expected finite positive 'scales', found "
                           << scale;
  if (!getCubicCoefficient().isFinite())
    return emitOpError("expected a finite 'cubic_coefficient'");
  if (getAntialias() && getMode() == ResizeMode::nearest)
    return emitOpError("expected no 'antialias' in mode 'nearest'");
  for (int64_t dim = 0; dim < rank; ++dim)
    if (input.getDimSize(dim) == 0 && getType().getDimSize(dim) != 0)
      return emitOpError() << "expected elements to interpolate in dim " << dim
                           << ", found an empty dim";
  return success();
}
