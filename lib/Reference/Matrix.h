//===- Matrix.h - Matrix products of numbers -------------------*- C++ -*-===//
#ifndef RADDLE_LIB_REFERENCE_MATRIX_H
#define RADDLE_LIB_REFERENCE_MATRIX_H

#include "mlir/Support/LLVM.h"
#include "raddle/Reference/Tensor.h"
#include <vector>

namespace raddle::reference {

/// The elements as numbers to multiply and add: f32, f64, or unsigned integers
/// (whose arithmetic wraps). Integers narrower than T are extended by sign, or
/// by zero when `isUnsigned`.
template <typename T>
std::vector<T> loadNumbers(const Tensor &tensor, bool isUnsigned = false);
/// Rounds or wraps `numbers` into the elements of `tensor`.
template <typename T>
void storeNumbers(Tensor &tensor, const std::vector<T> &numbers);

/// Row-major `[m, n] += [m, k] x [k, n]`.
template <typename T>
void multiply(const T *lhs, const T *rhs, T *out, int64_t m, int64_t k,
              int64_t n);
/// Row-major `[m, n] += transposed([k, m]) x [k, n]`.
template <typename T>
void multiplyTransposed(const T *lhs, const T *rhs, T *out, int64_t m,
                        int64_t k, int64_t n);

/// Calls `body` with a value of the type in which a sum of products with this
/// result and operand element type is accumulated.
template <typename Body>
mlir::LogicalResult withAccumulator(mlir::Type result, mlir::Type operand,
                                    Body body) {
  if (mlir::isa<mlir::FloatType>(result))
    return result.isF64() || operand.isF64() ? body(double()) : body(float());
  bool wide = result.isIndex() || result.getIntOrFloatBitWidth() > 32;
  return wide ? body(uint64_t()) : body(uint32_t());
}

} // namespace raddle::reference

#endif // RADDLE_LIB_REFERENCE_MATRIX_H
