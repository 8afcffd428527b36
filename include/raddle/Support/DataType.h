//===- DataType.h - element types at the border ----------------*- C++ -*-===//

#ifndef RADDLE_SUPPORT_DATATYPE_H
#define RADDLE_SUPPORT_DATATYPE_H

#include <cstdint>
#include <optional>
#include <string_view>

namespace raddle {

/// Element types of a model's inputs and outputs. `I1` takes one byte, 0 or 1.
enum class DataType : uint8_t {
  I1,
  I8,
  U8,
  I16,
  U16,
  I32,
  U32,
  I64,
  U64,
  F16,
  BF16,
  F32,
  F64,
};

/// Number of enumerators of DataType.
inline constexpr unsigned kNumDataTypes = 13;

/// Bytes per element.
constexpr unsigned byteSize(DataType type) {
  switch (type) {
  case DataType::I1:
  case DataType::I8:
  case DataType::U8:
    return 1;
  case DataType::I16:
  case DataType::U16:
  case DataType::F16:
  case DataType::BF16:
    return 2;
  case DataType::I32:
  case DataType::U32:
  case DataType::F32:
    return 4;
  case DataType::I64:
  case DataType::U64:
  case DataType::F64:
    return 8;
  }
  return 0;
}

/// True for i1 and the integers: what a `read` statement may fetch.
constexpr bool isInteger(DataType type) { return type <= DataType::U64; }

/// The name in the host program: `i1`, `f32`, ...
std::string_view name(DataType type);
std::optional<DataType> parseDataType(std::string_view name);

/// The name in a safetensors header: `BOOL`, `F32`, ...
std::string_view safetensorsName(DataType type);
/// Bits per element of a safetensors type, also of those without a DataType
/// (`F8_E4M3`, ...); nothing for an unknown name.
std::optional<unsigned> safetensorsBits(std::string_view name);

} // namespace raddle

#endif // RADDLE_SUPPORT_DATATYPE_H
