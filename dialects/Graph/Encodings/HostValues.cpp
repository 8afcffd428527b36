//===- HostValues.cpp - Elements of host tensors as numbers ---------------===//
#include "dialects/Graph/Encodings/HostValues.h"

#include "llvm/ADT/APFloat.h"

#include <cstring>

using namespace mlir;
using namespace raddle::graph;

template <typename T> static T load(ArrayRef<char> bytes, int64_t n) {
  T value;
  std::memcpy(&value, bytes.data() + n * sizeof(T), sizeof(T));
  return value;
}

template <typename T>
static void store(MutableArrayRef<char> bytes, int64_t n, T value) {
  std::memcpy(bytes.data() + n * sizeof(T), &value, sizeof(T));
}

double raddle::graph::readFloat(ArrayRef<char> bytes, Type type, int64_t n) {
  auto floatType = cast<FloatType>(type);
  // The common types without the detour over arbitrary precision.
  if (type.isF32())
    return load<float>(bytes, n);
  if (type.isF64())
    return load<double>(bytes, n);
  int64_t size = getElementBytes(type);
  uint64_t raw = 0;
  std::memcpy(&raw, bytes.data() + n * size, size);
  llvm::APFloat value(floatType.getFloatSemantics(),
                      llvm::APInt(floatType.getWidth(), raw,
                                  /*isSigned=*/false,
                                  /*implicitTrunc=*/true));
  bool losesInfo;
  value.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven,
                &losesInfo);
  return value.convertToDouble();
}

void raddle::graph::writeFloat(MutableArrayRef<char> bytes, Type type,
                               int64_t n, double value) {
  if (type.isF32())
    return store(bytes, n, static_cast<float>(value));
  if (type.isF64())
    return store(bytes, n, value);
  llvm::APFloat converted(value);
  bool losesInfo;
  converted.convert(cast<FloatType>(type).getFloatSemantics(),
                    llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  uint64_t raw = converted.bitcastToAPInt().getZExtValue();
  int64_t size = getElementBytes(type);
  std::memcpy(bytes.data() + n * size, &raw, size);
}

int64_t raddle::graph::readInteger(ArrayRef<char> bytes, unsigned width,
                                   bool isUnsigned, int64_t n) {
  uint64_t raw = 0;
  std::memcpy(&raw, bytes.data() + n * (width / 8), width / 8);
  if (isUnsigned || width == 64)
    return static_cast<int64_t>(raw);
  return llvm::SignExtend64(raw, width);
}

void raddle::graph::writeInteger(MutableArrayRef<char> bytes, unsigned width,
                                 int64_t n, int64_t value) {
  std::memcpy(bytes.data() + n * (width / 8), &value, width / 8);
}
