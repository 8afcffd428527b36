//===- FloatOps.cpp - Element-wise arithmetic on floats -------------------===//
//
// f32 and f64 are computed in their own type; narrower floats in f32 and
// rounded once per operation, which for + - * / and the square root is the
// correctly rounded result. Transcendental functions are those of the C
// library.
//
//===----------------------------------------------------------------------===//

#include "lib/Reference/Call.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <cmath>

using namespace mlir;

namespace raddle::reference {
namespace {

constexpr int64_t chunkSize = 1024;
constexpr size_t maxArity = 3;

template <typename T>
using Loop = void (*)(const T *const *in, T *out, int64_t n);

template <typename T, size_t arity, typename Function>
void applyLoop(const T *const *in, T *out, int64_t n) {
  Function function{};
  for (int64_t i = 0; i < n; ++i) {
    if constexpr (arity == 1)
      out[i] = function(in[0][i]);
    else if constexpr (arity == 2)
      out[i] = function(in[0][i], in[1][i]);
    else
      out[i] = function(in[0][i], in[1][i], in[2][i]);
  }
}

template <typename T> void runLoop(Call &call, Tensor &result, Loop<T> loop) {
  bool direct =
      result.getElementType().isF32() || result.getElementType().isF64();
  T buffers[maxArity + 1][chunkSize];
  const T *in[maxArity] = {};
  int64_t step = direct ? std::max<int64_t>(result.size(), 1) : chunkSize;
  for (int64_t begin = 0; begin < result.size(); begin += step) {
    int64_t n = std::min(step, result.size() - begin);
    for (auto [k, operand] : llvm::enumerate(call.operands)) {
      if (!direct)
        loadElements(operand, begin, n, buffers[k]);
      in[k] = direct ? operand.data<T>() : buffers[k];
    }
    if (direct) {
      loop(in, result.mutableData<T>(), n);
      continue;
    }
    loop(in, buffers[maxArity], n);
    storeElements(result, begin, n, buffers[maxArity]);
  }
}

LogicalResult evaluateFloat(Call &call, Loop<float> narrow, Loop<double> wide) {
  FailureOr<Tensor> result =
      call.allocate(call.resultElement(), call.operands[0].getShape());
  if (failed(result))
    return failure();
  // Operands whose dynamic dims turn out to differ break the operation's type.
  for (const Tensor &operand : call.operands)
    if (operand.getShape() != result->getShape())
      return call.error() << "has operands " << call.operands[0].describe()
                          << " and " << operand.describe()
                          << ", expected equal shapes";
  if (result->getElementType().isF64())
    runLoop<double>(call, *result, wide);
  else
    runLoop<float>(call, *result, narrow);
  return call.finish(*result);
}

template <size_t arity, typename Function>
void addFloat(HandlerTable &table, StringRef name, Function) {
  table.add(name, [](Operation *, Call &call) {
    return evaluateFloat(call, applyLoop<float, arity, Function>,
                         applyLoop<double, arity, Function>);
  });
}

template <typename T> T maximum(T x, T y) {
  if (std::isnan(x) || std::isnan(y))
    return std::numeric_limits<T>::quiet_NaN();
  if (x == y)
    return std::signbit(x) ? y : x;
  return x > y ? x : y;
}
template <typename T> T minimum(T x, T y) {
  if (std::isnan(x) || std::isnan(y))
    return std::numeric_limits<T>::quiet_NaN();
  if (x == y)
    return std::signbit(x) ? x : y;
  return x < y ? x : y;
}

//===----------------------------------------------------------------------===//
// Results that are not of the operands' type
//===----------------------------------------------------------------------===//

/// A comparison is a set of outcomes.
enum Outcome : unsigned { less = 1, equal = 2, greater = 4, unordered = 8 };

unsigned getOutcomes(arith::CmpFPredicate predicate) {
  switch (predicate) {
  case arith::CmpFPredicate::AlwaysFalse:
    return 0;
  case arith::CmpFPredicate::OEQ:
    return equal;
  case arith::CmpFPredicate::OGT:
    return greater;
  case arith::CmpFPredicate::OGE:
    return greater | equal;
  case arith::CmpFPredicate::OLT:
    return less;
  case arith::CmpFPredicate::OLE:
    return less | equal;
  case arith::CmpFPredicate::ONE:
    return less | greater;
  case arith::CmpFPredicate::ORD:
    return less | equal | greater;
  case arith::CmpFPredicate::UEQ:
    return equal | unordered;
  case arith::CmpFPredicate::UGT:
    return greater | unordered;
  case arith::CmpFPredicate::UGE:
    return greater | equal | unordered;
  case arith::CmpFPredicate::ULT:
    return less | unordered;
  case arith::CmpFPredicate::ULE:
    return less | equal | unordered;
  case arith::CmpFPredicate::UNE:
    return less | greater | unordered;
  case arith::CmpFPredicate::UNO:
    return unordered;
  case arith::CmpFPredicate::AlwaysTrue:
    return less | equal | greater | unordered;
  }
  llvm_unreachable("unknown predicate");
}

/// Fills an i1 result from the operands' elements in f64 (exact for all float
/// types).
template <typename Predicate>
LogicalResult evaluatePredicate(Call &call, Predicate predicate) {
  const Tensor &lhs = call.operands.front(), &rhs = call.operands.back();
  if (lhs.getShape() != rhs.getShape())
    return call.error() << "has operands " << lhs.describe() << " and "
                        << rhs.describe() << ", expected equal shapes";
  FailureOr<Tensor> result =
      call.allocate(call.resultElement(), lhs.getShape());
  if (failed(result))
    return failure();
  double x[chunkSize], y[chunkSize];
  for (int64_t begin = 0; begin < lhs.size(); begin += chunkSize) {
    int64_t n = std::min(chunkSize, lhs.size() - begin);
    loadElements(lhs, begin, n, x);
    loadElements(rhs, begin, n, y);
    char *out = result->mutableData() + begin;
    for (int64_t i = 0; i < n; ++i)
      out[i] = predicate(x[i], y[i]) ? 1 : 0;
  }
  return call.finish(*result);
}

LogicalResult evaluateCmpF(arith::CmpFOp op, Call &call) {
  unsigned outcomes = getOutcomes(op.getPredicate());
  return evaluatePredicate(call, [outcomes](double x, double y) {
    unsigned outcome = x < y    ? less
                       : x > y  ? greater
                       : x == y ? equal
                                : unordered;
    return (outcomes & outcome) != 0;
  });
}

template <typename Function>
void addPredicate(HandlerTable &table, StringRef name, Function function) {
  table.add(name, [function](Operation *, Call &call) {
    return evaluatePredicate(
        call, [function](double x, double) { return function(x); });
  });
}

/// Whether the element is a normal number of its own type.
LogicalResult evaluateIsNormal(math::IsNormalOp op, Call &call) {
  auto type = cast<FloatType>(call.operands[0].getElementType());
  double smallest =
      llvm::APFloat::getSmallestNormalized(type.getFloatSemantics())
          .convertToDouble();
  return evaluatePredicate(call, [smallest](double x, double) {
    return std::isfinite(x) && std::fabs(x) >= smallest;
  });
}

/// Base in float, exponent an integer tensor.
LogicalResult evaluateFPowI(math::FPowIOp op, Call &call) {
  const Tensor &base = call.operands[0], &exponent = call.operands[1];
  if (base.getShape() != exponent.getShape())
    return call.error() << "has operands " << base.describe() << " and "
                        << exponent.describe() << ", expected equal shapes";
  FailureOr<Tensor> result =
      call.allocate(call.resultElement(), base.getShape());
  if (failed(result))
    return failure();
  for (int64_t i = 0; i < base.size(); ++i) {
    double power =
        std::pow(base.getFloat(i), static_cast<double>(exponent.getInteger(i)));
    storeElements(*result, i, 1, &power);
  }
  return call.finish(*result);
}

LogicalResult evaluateSincos(math::SincosOp op, Call &call) {
  if (failed(evaluateFloat(
          call,
          [](const float *const *in, float *out, int64_t n) {
            std::transform(*in, *in + n, out,
                           [](float x) { return std::sin(x); });
          },
          [](const double *const *in, double *out, int64_t n) {
            std::transform(*in, *in + n, out,
                           [](double x) { return std::sin(x); });
          })))
    return failure();
  return evaluateFloat(
      call,
      [](const float *const *in, float *out, int64_t n) {
        std::transform(*in, *in + n, out, [](float x) { return std::cos(x); });
      },
      [](const double *const *in, double *out, int64_t n) {
        std::transform(*in, *in + n, out, [](double x) { return std::cos(x); });
      });
}

void addArithmetic(HandlerTable &table) {
  addFloat<2>(table, "arith.addf", [](auto x, auto y) { return x + y; });
  addFloat<2>(table, "arith.subf", [](auto x, auto y) { return x - y; });
  addFloat<2>(table, "arith.mulf", [](auto x, auto y) { return x * y; });
  addFloat<2>(table, "arith.divf", [](auto x, auto y) { return x / y; });
  addFloat<2>(table, "arith.remf",
              [](auto x, auto y) { return std::fmod(x, y); });
  addFloat<1>(table, "arith.negf", [](auto x) { return -x; });
  addFloat<2>(table, "arith.maximumf",
              [](auto x, auto y) { return maximum(x, y); });
  addFloat<2>(table, "arith.minimumf",
              [](auto x, auto y) { return minimum(x, y); });
  addFloat<2>(table, "arith.maxnumf",
              [](auto x, auto y) { return std::fmax(x, y); });
  addFloat<2>(table, "arith.minnumf",
              [](auto x, auto y) { return std::fmin(x, y); });
  addFloat<3>(table, "math.fma",
              [](auto x, auto y, auto z) { return std::fma(x, y, z); });
  addFloat<3>(table, "math.clampf", [](auto x, auto low, auto high) {
    return minimum(maximum(x, low), high);
  });
  addFloat<2>(table, "math.copysign",
              [](auto x, auto y) { return std::copysign(x, y); });
  addFloat<1>(table, "math.absf", [](auto x) { return std::fabs(x); });
  addFloat<1>(table, "math.ceil", [](auto x) { return std::ceil(x); });
  addFloat<1>(table, "math.floor", [](auto x) { return std::floor(x); });
  addFloat<1>(table, "math.trunc", [](auto x) { return std::trunc(x); });
  addFloat<1>(table, "math.round", [](auto x) { return std::round(x); });
  addFloat<1>(table, "math.roundeven",
              [](auto x) { return std::nearbyint(x); });
}

void addRootsAndPowers(HandlerTable &table) {
  addFloat<1>(table, "math.sqrt", [](auto x) { return std::sqrt(x); });
  addFloat<1>(table, "math.rsqrt", [](auto x) {
    return static_cast<decltype(x)>(1.0 / std::sqrt(static_cast<double>(x)));
  });
  addFloat<1>(table, "math.cbrt", [](auto x) { return std::cbrt(x); });
  addFloat<2>(table, "math.powf",
              [](auto x, auto y) { return std::pow(x, y); });
  addFloat<1>(table, "math.exp", [](auto x) { return std::exp(x); });
  addFloat<1>(table, "math.exp2", [](auto x) { return std::exp2(x); });
  addFloat<1>(table, "math.expm1", [](auto x) { return std::expm1(x); });
  addFloat<1>(table, "math.log", [](auto x) { return std::log(x); });
  addFloat<1>(table, "math.log2", [](auto x) { return std::log2(x); });
  addFloat<1>(table, "math.log10", [](auto x) { return std::log10(x); });
  addFloat<1>(table, "math.log1p", [](auto x) { return std::log1p(x); });
  addFloat<1>(table, "math.erf", [](auto x) { return std::erf(x); });
  addFloat<1>(table, "math.erfc", [](auto x) { return std::erfc(x); });
}

void addTrigonometry(HandlerTable &table) {
  addFloat<1>(table, "math.sin", [](auto x) { return std::sin(x); });
  addFloat<1>(table, "math.cos", [](auto x) { return std::cos(x); });
  addFloat<1>(table, "math.tan", [](auto x) { return std::tan(x); });
  addFloat<1>(table, "math.asin", [](auto x) { return std::asin(x); });
  addFloat<1>(table, "math.acos", [](auto x) { return std::acos(x); });
  addFloat<1>(table, "math.atan", [](auto x) { return std::atan(x); });
  addFloat<2>(table, "math.atan2",
              [](auto y, auto x) { return std::atan2(y, x); });
  addFloat<1>(table, "math.sinh", [](auto x) { return std::sinh(x); });
  addFloat<1>(table, "math.cosh", [](auto x) { return std::cosh(x); });
  addFloat<1>(table, "math.tanh", [](auto x) { return std::tanh(x); });
  addFloat<1>(table, "math.asinh", [](auto x) { return std::asinh(x); });
  addFloat<1>(table, "math.acosh", [](auto x) { return std::acosh(x); });
  addFloat<1>(table, "math.atanh", [](auto x) { return std::atanh(x); });
}

} // namespace

void addFloatHandlers(HandlerTable &table) {
  addArithmetic(table);
  addRootsAndPowers(table);
  addTrigonometry(table);
  addPredicate(table, "math.isnan", [](double x) { return std::isnan(x); });
  addPredicate(table, "math.isinf", [](double x) { return std::isinf(x); });
  addPredicate(table, "math.isfinite",
               [](double x) { return std::isfinite(x); });
  table.add(evaluateIsNormal);
  table.add(evaluateCmpF);
  table.add(evaluateFPowI);
  table.add(evaluateSincos);
}

} // namespace raddle::reference
