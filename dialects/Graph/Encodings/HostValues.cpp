//===- HostValues.cpp - Elements of host tensors as numbers ---------------===//
#include "dialects/Graph/Encodings/HostValues.h"

#include "llvm/ADT/APFloat.h"

#include <cstring>

using namespace mlir;
using namespace raddle::graph;

double raddle::graph::readFloat(ArrayRef<char> bytes, Type type, int64_t n) {
  auto floatType = cast<FloatType>(type);
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
