//===- Rows.h - Computations on one row of numbers -------------*- C++ -*-===//
#ifndef RADDLE_LIB_REFERENCE_ROWS_H
#define RADDLE_LIB_REFERENCE_ROWS_H

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace raddle::reference {

/// Softmax, or its logarithm, of `n` numbers that lie `stride` apart, in place.
/// The sum of exponentials is kept in f64; a NaN makes the whole row NaN.
template <typename T>
void softmaxRow(T *row, int64_t n, int64_t stride, bool log) {
  T largest = -std::numeric_limits<T>::infinity();
  for (int64_t i = 0; i < n; ++i)
    largest = std::max(largest, row[i * stride]);
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) {
    T &x = row[i * stride];
    x -= largest;
    if (log) {
      sum += std::exp(x);
      continue;
    }
    x = std::exp(x);
    sum += x;
  }
  T total = log ? static_cast<T>(std::log(sum)) : static_cast<T>(sum);
  for (int64_t i = 0; i < n; ++i) {
    T &x = row[i * stride];
    x = log ? x - total : x / total;
  }
}

} // namespace raddle::reference

#endif // RADDLE_LIB_REFERENCE_ROWS_H
