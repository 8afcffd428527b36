//===- Constants.cpp - Stored tensors as numbers and attributes -----------===//
#include "Importer.h"

#include <cstring>

using namespace mlir;
using namespace raddle::onnx;

namespace {

template <typename T> T load(const uint8_t *at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}

/// Element `n` of a packed tensor.
unsigned packed(const Tensor &tensor, int64_t n, unsigned bits) {
  unsigned perByte = 8 / bits;
  return (tensor.data[n / perByte] >> (n % perByte * bits)) &
         ((1u << bits) - 1);
}

const llvm::fltSemantics *semanticsOf(ElemType type) {
  switch (type) {
  case ElemType::Float:
    return &llvm::APFloat::IEEEsingle();
  case ElemType::Double:
    return &llvm::APFloat::IEEEdouble();
  case ElemType::Float16:
    return &llvm::APFloat::IEEEhalf();
  case ElemType::BFloat16:
    return &llvm::APFloat::BFloat();
  case ElemType::Float8E4M3FN:
    return &llvm::APFloat::Float8E4M3FN();
  case ElemType::Float8E4M3FNUZ:
    return &llvm::APFloat::Float8E4M3FNUZ();
  case ElemType::Float8E5M2:
    return &llvm::APFloat::Float8E5M2();
  case ElemType::Float8E5M2FNUZ:
    return &llvm::APFloat::Float8E5M2FNUZ();
  case ElemType::Float8E8M0:
    return &llvm::APFloat::Float8E8M0FNU();
  case ElemType::Float4E2M1:
    return &llvm::APFloat::Float4E2M1FN();
  default:
    return nullptr;
  }
}

/// The bits of element `n`, zero-extended.
uint64_t bitsOf(const Tensor &tensor, int64_t n) {
  switch (elemBits(tensor.type)) {
  case 2:
  case 4:
    return packed(tensor, n, elemBits(tensor.type));
  case 8:
    return tensor.data[n];
  case 16:
    return load<uint16_t>(tensor.data + 2 * n);
  case 32:
    return load<uint32_t>(tensor.data + 4 * n);
  default:
    return load<uint64_t>(tensor.data + 8 * n);
  }
}

} // namespace

double raddle::onnx::roundTo(double number, ElemType type) {
  const llvm::fltSemantics *semantics = semanticsOf(type);
  if (!semantics || type == ElemType::Double)
    return number;
  llvm::APFloat value(number);
  bool lossy;
  value.convert(*semantics, llvm::APFloat::rmNearestTiesToEven, &lossy);
  value.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven,
                &lossy);
  return value.convertToDouble();
}

int64_t raddle::onnx::wrapTo(int64_t number, ElemType type) {
  if (type == ElemType::Bool)
    return number != 0;
  unsigned bits = elemBits(type);
  if (!isInteger(type) || bits >= 64)
    return number;
  llvm::APInt narrow = llvm::APInt(64, number, true).trunc(bits);
  return isUnsigned(type) ? static_cast<int64_t>(narrow.getZExtValue())
                          : narrow.getSExtValue();
}

std::optional<HostTensor> raddle::onnx::decodeElements(const Tensor &tensor) {
  HostTensor result;
  result.shape.assign(tensor.dims.begin(), tensor.dims.end());
  const llvm::fltSemantics *semantics = semanticsOf(tensor.type);
  if (!semantics && !isInteger(tensor.type) && tensor.type != ElemType::Bool)
    return std::nullopt;
  for (int64_t n = 0, end = tensor.count(); n < end; ++n) {
    uint64_t bits = bitsOf(tensor, n);
    if (semantics) {
      llvm::APFloat value(*semantics, llvm::APInt(elemBits(tensor.type), bits));
      bool lossy;
      value.convert(llvm::APFloat::IEEEdouble(),
                    llvm::APFloat::rmNearestTiesToEven, &lossy);
      result.elements.push_back(Scalar::realNumber(value.convertToDouble()));
    } else {
      result.elements.push_back(
          wrapTo(static_cast<int64_t>(bits), tensor.type));
    }
  }
  return result;
}

DenseElementsAttr raddle::onnx::denseElements(MLIRContext *context,
                                              const Tensor &tensor) {
  Type element = elementType(context, tensor.type);
  auto type = RankedTensorType::get(tensor.dims, element);
  int64_t count = tensor.count();
  if (tensor.type == ElemType::Bool) {
    SmallVector<bool> bits;
    for (int64_t n = 0; n < count; ++n)
      bits.push_back(tensor.data[n] != 0);
    return DenseElementsAttr::get(type, bits);
  }
  if (elemBits(tensor.type) >= 8)
    return DenseElementsAttr::getFromRawBuffer(
        type, {reinterpret_cast<const char *>(tensor.data), tensor.size});
  SmallVector<char> bytes;
  for (int64_t n = 0; n < count; ++n)
    bytes.push_back(static_cast<char>(bitsOf(tensor, n)));
  return DenseElementsAttr::getFromRawBuffer(type, bytes);
}
