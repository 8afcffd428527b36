//===- GraphVerify.cpp - Checks that verifiers share ----------------------===//
#include "dialects/Graph/IR/GraphVerify.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/SmallBitVector.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace raddle::graph;

RankedTensorType raddle::graph::tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

std::string raddle::graph::sizeText(int64_t size) {
  return ShapedType::isDynamic(size) ? "?" : std::to_string(size);
}

std::string raddle::graph::shapeText(ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (auto [dim, size] : llvm::enumerate(shape))
    text += (dim ? ", " : "") + sizeText(size);
  return text + "]";
}

bool raddle::graph::sizesFit(int64_t lhs, int64_t rhs) {
  return lhs == rhs || ShapedType::isDynamic(lhs) || ShapedType::isDynamic(rhs);
}

std::optional<int64_t> raddle::graph::countElements(ArrayRef<int64_t> shape) {
  // An empty tensor has no elements whatever its other sizes are.
  if (llvm::is_contained(shape, 0))
    return 0;
  int64_t count = 1;
  for (int64_t size : shape) {
    if (ShapedType::isDynamic(size))
      return std::nullopt;
    std::optional<int64_t> product = llvm::checkedMul(count, size);
    if (!product)
      return std::nullopt;
    count = *product;
  }
  return count;
}

LogicalResult raddle::graph::verifyAxis(Operation *op, int64_t axis,
                                        int64_t rank) {
  if (axis >= 0 && axis < rank)
    return success();
  return op->emitOpError() << "expected an axis in [0, " << rank << "), found "
                           << axis;
}

LogicalResult raddle::graph::verifyDims(Operation *op, StringRef name,
                                        ArrayRef<int64_t> dims, int64_t rank) {
  llvm::SmallBitVector seen(rank);
  for (int64_t dim : dims) {
    if (dim < 0 || dim >= rank)
      return op->emitOpError() << "expected '" << name << "' in [0, " << rank
                               << "), found " << dim;
    if (seen.test(dim))
      return op->emitOpError() << "expected different '" << name << "', found "
                               << dim << " twice";
    seen.set(dim);
  }
  return success();
}

LogicalResult raddle::graph::verifyIntegers(Operation *op, StringRef name,
                                            ArrayRef<int64_t> values,
                                            int64_t count, int64_t least) {
  if (static_cast<int64_t>(values.size()) != count)
    return op->emitOpError() << "expected " << count << " entries in '" << name
                             << "', found " << values.size();
  for (int64_t value : values)
    if (value < least)
      return op->emitOpError() << "expected entries of at least " << least
                               << " in '" << name << "', found " << value;
  return success();
}

LogicalResult raddle::graph::verifyMixed(Operation *op, StringRef name,
                                         ArrayRef<int64_t> fixed,
                                         ValueRange dynamic, int64_t count) {
  if (count >= 0 && static_cast<int64_t>(fixed.size()) != count)
    return op->emitOpError() << "expected " << count << " entries in '" << name
                             << "', found " << fixed.size();
  size_t unknown = 0;
  for (int64_t value : fixed) {
    if (ShapedType::isDynamic(value))
      ++unknown;
    else if (value < 0)
      return op->emitOpError() << "expected entries of at least 0 in '" << name
                               << "', found " << value;
  }
  if (unknown != dynamic.size())
    return op->emitOpError() << "expected " << unknown << " host scalars in '"
                             << name << "', found " << dynamic.size();
  return success();
}

LogicalResult raddle::graph::verifySizes(Operation *op, RankedTensorType type,
                                         ArrayRef<int64_t> fixed) {
  if (type.getShape() == fixed)
    return success();
  return op->emitOpError() << "expected a result of shape " << shapeText(fixed)
                           << " as 'sizes' say, found "
                           << shapeText(type.getShape());
}

LogicalResult raddle::graph::verifyRank(Operation *op, StringRef name,
                                        RankedTensorType type, int64_t rank) {
  if (type.getRank() == rank)
    return success();
  return op->emitOpError() << "expected '" << name << "' of rank " << rank
                           << ", found " << type;
}

LogicalResult raddle::graph::verifyShape(Operation *op, StringRef name,
                                         RankedTensorType type,
                                         ArrayRef<int64_t> expected) {
  ArrayRef<int64_t> shape = type.getShape();
  bool fits = shape.size() == expected.size();
  for (size_t dim = 0; fits && dim < shape.size(); ++dim)
    fits = sizesFit(shape[dim], expected[dim]);
  if (fits)
    return success();
  return op->emitOpError() << "expected '" << name << "' of shape "
                           << shapeText(expected) << ", found "
                           << shapeText(shape);
}

LogicalResult raddle::graph::verifyBroadcastable(Operation *op, StringRef name,
                                                 RankedTensorType type,
                                                 ArrayRef<int64_t> expected) {
  ArrayRef<int64_t> shape = type.getShape();
  bool fits = shape.size() == expected.size();
  for (size_t dim = 0; fits && dim < shape.size(); ++dim)
    fits = shape[dim] == 1 || sizesFit(shape[dim], expected[dim]);
  if (fits)
    return success();
  return op->emitOpError() << "expected '" << name << "' of shape "
                           << shapeText(expected)
                           << " or with 1 in any dim, found "
                           << shapeText(shape);
}

LogicalResult raddle::graph::verifyElementType(Operation *op, StringRef name,
                                               RankedTensorType type,
                                               Type expected) {
  if (type.getElementType() == expected)
    return success();
  return op->emitOpError() << "expected '" << name << "' of element type "
                           << expected << ", found " << type.getElementType();
}

LogicalResult raddle::graph::verifyIndices(Operation *op, StringRef name,
                                           RankedTensorType type) {
  unsigned width = type.getElementTypeBitWidth();
  if (width >= 8 && width <= 64)
    return success();
  return op->emitOpError() << "expected '" << name
                           << "' of 8 to 64 bits, found "
                           << type.getElementType();
}
