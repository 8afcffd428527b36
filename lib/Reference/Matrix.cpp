//===- Matrix.cpp - Matrix products of numbers ----------------------------===//

#include "lib/Reference/Matrix.h"
#include "llvm/Support/MathExtras.h"
#include <Eigen/Core>

namespace raddle::reference {

template <typename T>
using Matrix =
    Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <typename T>
std::vector<T> loadNumbers(const Tensor &tensor, bool isUnsigned) {
  std::vector<T> numbers(tensor.size());
  if constexpr (std::is_floating_point_v<T>) {
    loadElements(tensor, 0, tensor.size(), numbers.data());
  } else {
    mlir::Type type = tensor.getElementType();
    unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
    uint64_t mask =
        isUnsigned ? llvm::maskTrailingOnes<uint64_t>(width) : ~uint64_t(0);
    constexpr int64_t chunkSize = 1024;
    int64_t buffer[chunkSize];
    for (int64_t begin = 0; begin < tensor.size(); begin += chunkSize) {
      int64_t n = std::min(chunkSize, tensor.size() - begin);
      loadElements(tensor, begin, n, buffer);
      for (int64_t i = 0; i < n; ++i)
        numbers[begin + i] = static_cast<T>(buffer[i] & mask);
    }
  }
  return numbers;
}

template <typename T>
void storeNumbers(Tensor &tensor, const std::vector<T> &numbers) {
  if constexpr (std::is_floating_point_v<T>) {
    storeElements(tensor, 0, tensor.size(), numbers.data());
  } else {
    for (int64_t i = 0; i < tensor.size(); ++i) {
      auto value = static_cast<int64_t>(numbers[i]);
      storeElements(tensor, i, 1, &value);
    }
  }
}

template <typename T>
void multiply(const T *lhs, const T *rhs, T *out, int64_t m, int64_t k,
              int64_t n) {
  Eigen::Map<const Matrix<T>> a(lhs, m, k), b(rhs, k, n);
  Eigen::Map<Matrix<T>> c(out, m, n);
  c.noalias() += a * b;
}

template <typename T>
void multiplyTransposed(const T *lhs, const T *rhs, T *out, int64_t m,
                        int64_t k, int64_t n) {
  Eigen::Map<const Matrix<T>> a(lhs, k, m), b(rhs, k, n);
  Eigen::Map<Matrix<T>> c(out, m, n);
  c.noalias() += a.transpose() * b;
}

#define RADDLE_INSTANTIATE(T)                                                  \
  template std::vector<T> loadNumbers<T>(const Tensor &, bool);                \
  template void storeNumbers<T>(Tensor &, const std::vector<T> &);             \
  template void multiply<T>(const T *, const T *, T *, int64_t, int64_t,       \
                            int64_t);                                          \
  template void multiplyTransposed<T>(const T *, const T *, T *, int64_t,      \
                                      int64_t, int64_t);
RADDLE_INSTANTIATE(float)
RADDLE_INSTANTIATE(double)
RADDLE_INSTANTIATE(uint32_t)
RADDLE_INSTANTIATE(uint64_t)
#undef RADDLE_INSTANTIATE

} // namespace raddle::reference
