//===- BulkReduce.cpp - Elements of cp.reduce.async.bulk ------------------===//

#include "Exec/BulkCopy.h"
#include "Isa/Form.h"

#include <algorithm>
#include <cstring>

using namespace raddle::vgpu;

template <class T> static T combine(const Form &form, T a, T b) {
  if (form.has(Mod::add))
    return static_cast<T>(a + b);
  if (form.has(Mod::min))
    return b < a ? b : a;
  if (form.has(Mod::max))
    return a < b ? b : a;
  if constexpr (std::is_integral_v<T>) {
    if (form.has(Mod::inc))
      return a >= b ? 0 : static_cast<T>(a + 1);
    if (form.has(Mod::dec))
      return a == 0 || a > b ? b : static_cast<T>(a - 1);
    if (form.has(Mod::and_))
      return a & b;
    if (form.has(Mod::or_))
      return a | b;
    if (form.has(Mod::xor_))
      return a ^ b;
  }
  return b;
}

/// Bits: an unsigned type of the element's size, V: what it stands for.
template <class Bits, class V, class Load, class Store>
static void reduceAs(const Form &form, uint8_t *memory, const uint8_t *value,
                     Load load, Store store) {
  Bits operand;
  std::memcpy(&operand, value, sizeof operand);
  auto *at = reinterpret_cast<Bits *>(memory);
  Bits before = __atomic_load_n(at, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(
      at, &before, store(combine<V>(form, load(before), load(operand))), false,
      __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
  }
}

template <class Bits, class V>
static void reducePlain(const Form &form, uint8_t *memory,
                        const uint8_t *value) {
  reduceAs<Bits, V>(
      form, memory, value, [](Bits b) { return __builtin_bit_cast(V, b); },
      [](V v) { return __builtin_bit_cast(Bits, v); });
}

void raddle::vgpu::reduceElement(const Form &form, Type type, uint8_t *memory,
                                 const uint8_t *value) {
  switch (type) {
  case Type::U32:
  case Type::B32:
    return reducePlain<uint32_t, uint32_t>(form, memory, value);
  case Type::S32:
    return reducePlain<uint32_t, int32_t>(form, memory, value);
  case Type::U64:
  case Type::B64:
    return reducePlain<uint64_t, uint64_t>(form, memory, value);
  case Type::S64:
    return reducePlain<uint64_t, int64_t>(form, memory, value);
  case Type::F32:
    return reducePlain<uint32_t, float>(form, memory, value);
  case Type::F64:
    return reducePlain<uint64_t, double>(form, memory, value);
  case Type::F16:
    return reduceAs<uint16_t, float>(
        form, memory, value,
        [](uint16_t b) {
          return static_cast<float>(__builtin_bit_cast(_Float16, b));
        },
        [](float v) {
          return __builtin_bit_cast(uint16_t, static_cast<_Float16>(v));
        });
  case Type::BF16:
    return reduceAs<uint16_t, float>(
        form, memory, value,
        [](uint16_t b) {
          return __builtin_bit_cast(float, static_cast<uint32_t>(b) << 16);
        },
        [](float v) {
          const auto u = __builtin_bit_cast(uint32_t, v);
          return static_cast<uint16_t>(
              v != v ? 0x7fff : (u + 0x7fff + (u >> 16 & 1)) >> 16);
        });
  default:
    return; // no row of the table has another type
  }
}
