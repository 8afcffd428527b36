//===- Elements.cpp - Elements as numbers to compute with -----------------===//

#include "raddle/Reference/Tensor.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/Support/MathExtras.h"
#include <Eigen/Core>
#include <bit>
#include <cmath>
#include <cstring>

using namespace mlir;

namespace raddle::reference {

/// The float next to `value` such that rounding it on to a type of at most 21
/// bits of significand rounds `value` once (round to odd).
static float narrowToOdd(double value) {
  float nearest = static_cast<float>(value);
  if (static_cast<double>(nearest) == value || std::isnan(value) ||
      std::isinf(nearest))
    return nearest;
  if (std::bit_cast<uint32_t>(nearest) & 1)
    return nearest;
  // The neighbour on the other side of `value` is odd.
  return std::nextafter(
      nearest, static_cast<double>(nearest) < value ? INFINITY : -INFINITY);
}
static float narrowToOdd(float value) { return value; }

static Eigen::half toHalf(float value) { return Eigen::half(value); }
static Eigen::bfloat16 toBFloat16(float value) {
  return Eigen::bfloat16(value);
}

/// Floats without a C++ type go through APFloat.
static llvm::APFloat makeAPFloat(FloatType type, uint64_t bits) {
  return llvm::APFloat(type.getFloatSemantics(),
                       llvm::APInt(type.getWidth(), bits));
}

static uint64_t readBits(const char *data, unsigned width) {
  uint64_t bits = 0;
  std::memcpy(&bits, data, width);
  return bits;
}

template <typename T>
static void loadFloats(const Tensor &tensor, int64_t begin, int64_t n, T *out) {
  Type type = tensor.getElementType();
  if (type.isF32()) {
    std::copy_n(tensor.data<float>() + begin, n, out);
  } else if (type.isF64()) {
    std::copy_n(tensor.data<double>() + begin, n, out);
  } else if (type.isF16()) {
    const auto *in = tensor.data<Eigen::half>() + begin;
    for (int64_t i = 0; i < n; ++i)
      out[i] = static_cast<float>(in[i]);
  } else if (type.isBF16()) {
    const auto *in = tensor.data<Eigen::bfloat16>() + begin;
    for (int64_t i = 0; i < n; ++i)
      out[i] = static_cast<float>(in[i]);
  } else if (auto other = dyn_cast<FloatType>(type)) {
    unsigned width = tensor.elementBytes();
    for (int64_t i = 0; i < n; ++i) {
      llvm::APFloat value = makeAPFloat(
          other, readBits(tensor.data() + (begin + i) * width, width));
      bool lossy = false;
      value.convert(llvm::APFloat::IEEEdouble(),
                    llvm::APFloat::rmNearestTiesToEven, &lossy);
      out[i] = static_cast<T>(value.convertToDouble());
    }
  } else {
    for (int64_t i = 0; i < n; ++i)
      out[i] = static_cast<T>(tensor.getInteger(begin + i));
  }
}

template <typename T>
static void storeFloats(Tensor &tensor, int64_t begin, int64_t n, const T *in) {
  Type type = tensor.getElementType();
  if (type.isF32()) {
    auto *out = tensor.mutableData<float>() + begin;
    for (int64_t i = 0; i < n; ++i)
      out[i] = static_cast<float>(in[i]);
  } else if (type.isF64()) {
    std::copy_n(in, n, tensor.mutableData<double>() + begin);
  } else if (type.isF16()) {
    auto *out = tensor.mutableData<Eigen::half>() + begin;
    for (int64_t i = 0; i < n; ++i)
      out[i] = toHalf(narrowToOdd(in[i]));
  } else if (type.isBF16()) {
    auto *out = tensor.mutableData<Eigen::bfloat16>() + begin;
    for (int64_t i = 0; i < n; ++i)
      out[i] = toBFloat16(narrowToOdd(in[i]));
  } else {
    auto other = cast<FloatType>(type);
    unsigned width = tensor.elementBytes();
    for (int64_t i = 0; i < n; ++i) {
      llvm::APFloat value(static_cast<double>(in[i]));
      bool lossy = false;
      value.convert(other.getFloatSemantics(),
                    llvm::APFloat::rmNearestTiesToEven, &lossy);
      uint64_t bits = value.bitcastToAPInt().getZExtValue();
      std::memcpy(tensor.mutableData() + (begin + i) * width, &bits, width);
    }
  }
}

void loadElements(const Tensor &tensor, int64_t begin, int64_t n, float *out) {
  loadFloats(tensor, begin, n, out);
}
void loadElements(const Tensor &tensor, int64_t begin, int64_t n, double *out) {
  loadFloats(tensor, begin, n, out);
}
void storeElements(Tensor &tensor, int64_t begin, int64_t n, const float *in) {
  storeFloats(tensor, begin, n, in);
}
void storeElements(Tensor &tensor, int64_t begin, int64_t n, const double *in) {
  storeFloats(tensor, begin, n, in);
}

void loadElements(const Tensor &tensor, int64_t begin, int64_t n,
                  int64_t *out) {
  unsigned width = tensor.getElementType().isIndex()
                       ? 64
                       : tensor.getElementType().getIntOrFloatBitWidth();
  switch (tensor.elementBytes()) {
  case 1:
    for (int64_t i = 0; i < n; ++i)
      out[i] =
          llvm::SignExtend64(uint8_t(tensor.data<int8_t>()[begin + i]), width);
    return;
  case 2:
    std::copy_n(tensor.data<int16_t>() + begin, n, out);
    return;
  case 4:
    std::copy_n(tensor.data<int32_t>() + begin, n, out);
    return;
  default:
    std::copy_n(tensor.data<int64_t>() + begin, n, out);
    return;
  }
}

void storeElements(Tensor &tensor, int64_t begin, int64_t n,
                   const int64_t *in) {
  switch (tensor.elementBytes()) {
  case 1: {
    uint8_t mask = llvm::maskTrailingOnes<uint8_t>(
        tensor.getElementType().getIntOrFloatBitWidth());
    for (int64_t i = 0; i < n; ++i)
      tensor.mutableData<uint8_t>()[begin + i] = uint8_t(in[i]) & mask;
    return;
  }
  case 2:
    for (int64_t i = 0; i < n; ++i)
      tensor.mutableData<int16_t>()[begin + i] = static_cast<int16_t>(in[i]);
    return;
  case 4:
    for (int64_t i = 0; i < n; ++i)
      tensor.mutableData<int32_t>()[begin + i] = static_cast<int32_t>(in[i]);
    return;
  default:
    std::copy_n(in, n, tensor.mutableData<int64_t>() + begin);
    return;
  }
}

Tensor convertFloat(const Tensor &tensor, Type elementType) {
  if (tensor.getElementType() == elementType)
    return tensor;
  Tensor result(elementType, tensor.getShape());
  constexpr int64_t chunk = 1024;
  // Types up to 32 bits are exact in f32; only f64 needs the wider way.
  if (tensor.getElementType().isF64() || elementType.isF64()) {
    double buffer[chunk];
    for (int64_t i = 0; i < tensor.size(); i += chunk) {
      int64_t n = std::min(chunk, tensor.size() - i);
      loadElements(tensor, i, n, buffer);
      storeElements(result, i, n, buffer);
    }
    return result;
  }
  float buffer[chunk];
  for (int64_t i = 0; i < tensor.size(); i += chunk) {
    int64_t n = std::min(chunk, tensor.size() - i);
    loadElements(tensor, i, n, buffer);
    storeElements(result, i, n, buffer);
  }
  return result;
}

} // namespace raddle::reference
