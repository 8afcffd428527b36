//===- DataType.cpp - element types at the border -------------------------===//

#include "raddle/Support/DataType.h"

using namespace raddle;

namespace {

struct Names {
  std::string_view name, safetensors;
};

// In the order of the enumerators.
constexpr Names kNames[kNumDataTypes] = {
    {"i1", "BOOL"}, {"i8", "I8"},   {"u8", "U8"},     {"i16", "I16"},
    {"u16", "U16"}, {"i32", "I32"}, {"u32", "U32"},   {"i64", "I64"},
    {"u64", "U64"}, {"f16", "F16"}, {"bf16", "BF16"}, {"f32", "F32"},
    {"f64", "F64"},
};

struct ExtraType {
  std::string_view name;
  unsigned bits;
};

// Types of the format that are no DataType.
constexpr ExtraType kExtra[] = {
    {"F8_E4M3", 8},     {"F8_E5M2", 8},     {"F8_E8M0", 8},
    {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"F6_E2M3", 6},
    {"F6_E3M2", 6},     {"F4", 4},          {"C64", 64},
};

} // namespace

std::string_view raddle::name(DataType type) {
  return kNames[static_cast<unsigned>(type)].name;
}

std::string_view raddle::safetensorsName(DataType type) {
  return kNames[static_cast<unsigned>(type)].safetensors;
}

std::optional<DataType> raddle::parseDataType(std::string_view name) {
  for (unsigned i = 0; i < kNumDataTypes; ++i)
    if (kNames[i].name == name)
      return static_cast<DataType>(i);
  return std::nullopt;
}

std::optional<unsigned> raddle::safetensorsBits(std::string_view name) {
  for (unsigned i = 0; i < kNumDataTypes; ++i)
    if (kNames[i].safetensors == name)
      return 8 * byteSize(static_cast<DataType>(i));
  for (const ExtraType &extra : kExtra)
    if (extra.name == name)
      return extra.bits;
  return std::nullopt;
}
