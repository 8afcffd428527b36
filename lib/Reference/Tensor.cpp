//===- Tensor.cpp - A tensor in host memory -------------------------------===//

#include "raddle/Reference/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>

using namespace mlir;

namespace raddle::reference {

std::optional<int64_t> countElements(llvm::ArrayRef<int64_t> shape) {
  // A zero anywhere makes an empty tensor, whatever the other dims are.
  for (int64_t dim : shape)
    if (dim < 0)
      return std::nullopt;
  if (llvm::is_contained(shape, 0))
    return 0;
  int64_t count = 1;
  for (int64_t dim : shape)
    if (llvm::MulOverflow(count, dim, count))
      return std::nullopt;
  return count;
}

unsigned getElementBytes(Type type) {
  if (type.isIndex())
    return 8;
  unsigned width = 0;
  if (auto integer = dyn_cast<IntegerType>(type))
    width = integer.getWidth();
  else if (auto number = dyn_cast<FloatType>(type))
    width = number.getWidth();
  if (width == 0)
    return 0;
  if (width <= 8)
    return 1;
  return width == 16 || width == 32 || width == 64 ? width / 8 : 0;
}

Shape getRowMajorStrides(llvm::ArrayRef<int64_t> shape) {
  Shape strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  return strides;
}

Tensor::Tensor(Type elementType, llvm::ArrayRef<int64_t> shape)
    : elementType(elementType), shape(shape), count(*countElements(shape)),
      width(getElementBytes(elementType)) {
  assert(width && "element type without a form");
  bytes = std::shared_ptr<char[]>(new char[std::max<int64_t>(byteSize(), 1)]());
}

Tensor Tensor::reshaped(llvm::ArrayRef<int64_t> newShape) const {
  assert(countElements(newShape) == count);
  Tensor result = *this;
  result.shape = Shape(newShape);
  return result;
}

Tensor Tensor::reinterpreted(Type type) const {
  assert(getElementBytes(type) == width);
  Tensor result = *this;
  result.elementType = type;
  return result;
}

Tensor Tensor::scalar(Type type, int64_t value) {
  Tensor result(type, {});
  result.setInteger(0, value);
  return result;
}

Tensor Tensor::encoded(RankedTensorType type, llvm::ArrayRef<int64_t> shape,
                       std::vector<Tensor> components) {
  Tensor result;
  result.elementType = type.getElementType();
  result.encoding = type.getEncoding();
  result.shape = Shape(shape);
  result.count = countElements(shape).value_or(0);
  result.components =
      std::make_shared<const std::vector<Tensor>>(std::move(components));
  return result;
}

int64_t Tensor::getInteger(int64_t i) const {
  int64_t value = 0;
  loadElements(*this, i, 1, &value);
  return elementType.isInteger(1) ? value & 1 : value;
}

void Tensor::setInteger(int64_t i, int64_t value) {
  storeElements(*this, i, 1, &value);
}

double Tensor::getFloat(int64_t i) const {
  double value = 0;
  loadElements(*this, i, 1, &value);
  return value;
}

std::string Tensor::describe() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (elementType)
    RankedTensorType::get(shape, elementType, encoding).print(os);
  else
    os << "nothing";
  return text;
}

DenseElementsAttr toAttribute(const Tensor &tensor, RankedTensorType type) {
  if (type.getElementType().isInteger(1))
    return DenseElementsAttr::get(
        type, llvm::ArrayRef(tensor.data<bool>(), tensor.size()));
  if (tensor.size() == 0)
    return DenseElementsAttr::get(type, llvm::ArrayRef<Attribute>());
  // Equal elements are stored, and known to be equal, as one.
  int64_t width = tensor.byteSize() / tensor.size();
  if (std::memcmp(tensor.data(), tensor.data() + width,
                  tensor.byteSize() - width) == 0)
    return DenseElementsAttr::getFromRawBuffer(
        type, llvm::ArrayRef(tensor.data(), width));
  return DenseElementsAttr::getFromRawBuffer(
      type, llvm::ArrayRef(tensor.data(), tensor.byteSize()));
}

static Tensor fromDense(DenseElementsAttr dense) {
  ShapedType type = dense.getType();
  Tensor result(type.getElementType(), type.getShape());
  if (type.getElementType().isInteger(1)) {
    for (auto [i, value] : llvm::enumerate(dense.getValues<bool>()))
      result.mutableData()[i] = value;
    return result;
  }
  llvm::ArrayRef<char> raw = dense.getRawData();
  if (!dense.isSplat()) {
    std::memcpy(result.mutableData(), raw.data(), result.byteSize());
    return result;
  }
  unsigned width = result.elementBytes();
  for (int64_t i = 0, e = result.size(); i < e; ++i)
    std::memcpy(result.mutableData() + i * width, raw.data(), width);
  return result;
}

Tensor fromAttribute(Attribute attribute) {
  if (auto integer = dyn_cast<IntegerAttr>(attribute)) {
    if (!getElementBytes(integer.getType()))
      return {};
    return Tensor::scalar(integer.getType(), integer.getValue().getSExtValue());
  }
  if (auto number = dyn_cast<FloatAttr>(attribute)) {
    if (!getElementBytes(number.getType()))
      return {};
    Tensor result(number.getType(), {});
    uint64_t bits = number.getValue().bitcastToAPInt().getZExtValue();
    std::memcpy(result.mutableData(), &bits, result.elementBytes());
    return result;
  }
  auto elements = dyn_cast<ElementsAttr>(attribute);
  if (!elements || !getElementBytes(elements.getElementType()) ||
      !countElements(elements.getShapedType().getShape()))
    return {};
  if (auto dense = dyn_cast<DenseElementsAttr>(attribute))
    return fromDense(dense);
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attribute)) {
    Tensor result(elements.getElementType(),
                  elements.getShapedType().getShape());
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob || int64_t(blob->getData().size()) != result.byteSize())
      return {};
    std::memcpy(result.mutableData(), blob->getData().data(),
                result.byteSize());
    return result;
  }
  return {};
}

} // namespace raddle::reference
