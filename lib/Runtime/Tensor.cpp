//===- Tensor.cpp - elements of tensors -----------------------------------===//

#include "raddle/Runtime/Tensor.h"

#include <cmath>
#include <cstring>

using namespace raddle;

/// Widens an IEEE half.
static float halfToFloat(uint16_t bits) {
  int exponent = (bits >> 10) & 31, mantissa = bits & 1023;
  float value = exponent == 31 ? (mantissa ? NAN : INFINITY)
                : exponent == 0
                    ? std::ldexp(float(mantissa), -24)
                    : std::ldexp(float(mantissa + 1024), exponent - 25);
  return bits & 0x8000 ? -value : value;
}

double raddle::elementAsDouble(const Tensor &tensor, size_t index) {
  const std::byte *at = tensor.bytes.data() + index * byteSize(tensor.type);
  auto as = [&](auto value) {
    std::memcpy(&value, at, sizeof(value));
    return value;
  };
  switch (tensor.type) {
  case DataType::I1:
  case DataType::U8:
    return as(uint8_t());
  case DataType::I8:
    return as(int8_t());
  case DataType::I16:
    return as(int16_t());
  case DataType::U16:
    return as(uint16_t());
  case DataType::I32:
    return as(int32_t());
  case DataType::U32:
    return as(uint32_t());
  case DataType::I64:
    return double(as(int64_t()));
  case DataType::U64:
    return double(as(uint64_t()));
  case DataType::F16:
    return halfToFloat(as(uint16_t()));
  case DataType::BF16: {
    uint32_t bits = uint32_t(as(uint16_t())) << 16;
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
  }
  case DataType::F32:
    return as(float());
  case DataType::F64:
    return as(double());
  }
  return 0;
}
