//===- Combine.h - The combiner of a reduction -----------------*- C++ -*-===//
#ifndef RADDLE_LIB_REFERENCE_COMBINE_H
#define RADDLE_LIB_REFERENCE_COMBINE_H

#include "dialects/Graph/IR/GraphOps.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>
#include <type_traits>

namespace raddle::reference {

/// Combines two numbers (T is double or int64_t, holding elements of
/// `elementType`, integers sign-extended). Float minima and maxima propagate
/// NaN.
template <typename T> class Combiner {
public:
  Combiner(graph::ReduceKind kind, mlir::Type elementType) : kind(kind) {
    if (auto type = mlir::dyn_cast<mlir::IntegerType>(elementType))
      width = type.getWidth();
  }

  T neutral() const {
    using graph::ReduceKind;
    bool isFloat = std::is_floating_point_v<T>;
    switch (kind) {
    case ReduceKind::add:
    case ReduceKind::or_:
    case ReduceKind::maxu:
      return T(0);
    case ReduceKind::mul:
      return T(1);
    case ReduceKind::and_:
    case ReduceKind::minu:
      return T(-1);
    case ReduceKind::min:
      return isFloat ? T(INFINITY) : T(llvm::maxIntN(width));
    case ReduceKind::max:
      return isFloat ? T(-INFINITY) : T(llvm::minIntN(width));
    }
    llvm_unreachable("unknown reduction");
  }

  T operator()(T x, T y) const {
    if constexpr (std::is_floating_point_v<T>)
      return combineFloats(x, y);
    else
      return combineIntegers(x, y);
  }

private:
  T combineFloats(T x, T y) const {
    using graph::ReduceKind;
    switch (kind) {
    case ReduceKind::add:
      return x + y;
    case ReduceKind::mul:
      return x * y;
    case ReduceKind::min:
      return std::isnan(x) || x < y ? x : y;
    case ReduceKind::max:
      return std::isnan(x) || x > y ? x : y;
    default:
      llvm_unreachable("reduction has no form on floats");
    }
  }
  T combineIntegers(T x, T y) const {
    using graph::ReduceKind;
    uint64_t mask = llvm::maskTrailingOnes<uint64_t>(width);
    uint64_t a = uint64_t(x) & mask, b = uint64_t(y) & mask;
    switch (kind) {
    case ReduceKind::add:
      return static_cast<T>(a + b);
    case ReduceKind::mul:
      return static_cast<T>(a * b);
    case ReduceKind::min:
      return std::min(x, y);
    case ReduceKind::max:
      return std::max(x, y);
    case ReduceKind::minu:
      return a < b ? x : y;
    case ReduceKind::maxu:
      return a > b ? x : y;
    case ReduceKind::and_:
      return x & y;
    case ReduceKind::or_:
      return x | y;
    }
    llvm_unreachable("unknown reduction");
  }

  graph::ReduceKind kind;
  unsigned width = 64;
};

} // namespace raddle::reference

#endif // RADDLE_LIB_REFERENCE_COMBINE_H
