//===- Tensor.h - values at the border of a model --------------*- C++ -*-===//

#ifndef RADDLE_RUNTIME_TENSOR_H
#define RADDLE_RUNTIME_TENSOR_H

#include "raddle/Support/DataType.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace raddle {

/// Number of elements; nothing when an extent is negative or the product
/// overflows.
std::optional<int64_t> elementCount(std::span<const int64_t> shape);

/// `f32[2, 128]`.
std::string describe(DataType type, std::span<const int64_t> shape);

enum class MemorySpace : uint8_t { Host, Device };

/// Somebody else's dense row-major tensor.
struct TensorView {
  DataType type = DataType::F32;
  std::vector<int64_t> shape;
  /// On the host, or an address on the model's device. May be null when there
  /// are no elements.
  const void *data = nullptr;
  MemorySpace space = MemorySpace::Host;
};

/// A dense row-major tensor that owns its bytes, on the host.
struct Tensor {
  DataType type = DataType::F32;
  std::vector<int64_t> shape;
  std::vector<std::byte> bytes;

  TensorView view() const { return {type, shape, bytes.data()}; }
  template <typename T> std::span<const T> as() const {
    return {reinterpret_cast<const T *>(bytes.data()),
            bytes.size() / sizeof(T)};
  }
};

/// Element `index` in row-major order; integers beyond 2^53 are rounded.
double elementAsDouble(const Tensor &tensor, size_t index);

} // namespace raddle

#endif // RADDLE_RUNTIME_TENSOR_H
