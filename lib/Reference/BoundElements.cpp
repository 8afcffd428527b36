//===- BoundElements.cpp - Errors of element operations -------------------===//
//
// What the operands' errors do to the result, by interval or derivative, and
// the rounding of the operation itself (docs/Numerics.md).
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/IR/GraphOps.h"
#include "lib/Reference/Bounds.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace raddle::reference {

//===----------------------------------------------------------------------===//
// Units in the last place
//===----------------------------------------------------------------------===//

/// f32 and f64 (docs/Numerics.md, "Elementary functions and arithmetic").
static const llvm::StringMap<double> &getUlpTable() {
  static const llvm::StringMap<double> table = {
      {"math.exp", 2},     {"math.exp2", 2},  {"math.expm1", 2},
      {"math.log", 2},     {"math.log2", 3},  {"math.log10", 3},
      {"math.log1p", 2},   {"math.sin", 2},   {"math.cos", 2},
      {"math.tan", 4},     {"math.asin", 3},  {"math.acos", 3},
      {"math.atan", 3},    {"math.sinh", 4},  {"math.cosh", 3},
      {"math.tanh", 3},    {"math.asinh", 4}, {"math.acosh", 4},
      {"math.atanh", 4},   {"math.erf", 3},   {"math.erfc", 6},
      {"math.cbrt", 2},    {"math.rsqrt", 2}, {"math.sqrt", 0.5},
      {"math.absf", 0},    {"math.floor", 0}, {"math.ceil", 0},
      {"math.trunc", 0},   {"math.round", 0}, {"math.roundeven", 0},
      {"math.powf", 3},    {"math.fpowi", 3}, {"math.atan2", 3},
      {"math.copysign", 0}};
  return table;
}

double getUlps(StringRef operation, Type type) {
  double ulps = getUlpTable().lookup(operation);
  auto number = dyn_cast<FloatType>(type);
  // Computed in f32 and rounded once.
  return number && number.getWidth() < 32 && ulps > 0 ? 0.51 : ulps;
}

namespace {

/// `ulps` units in the last place of a result of size at most `size`.
double inUlps(double ulps, double size, const Rounding &rounding, Type type) {
  if (ulps == 0)
    return 0;
  auto number = cast<FloatType>(type);
  int digits = llvm::APFloat::semanticsPrecision(number.getFloatSemantics());
  int lowest = llvm::APFloat::semanticsMinExponent(number.getFloatSemantics());
  int exponent = size > 0 && std::isfinite(size) ? std::ilogb(size) : lowest;
  return ulps * std::ldexp(1.0, std::max(exponent, lowest) - digits + 1) *
         (number.isF64() ? 2 : 1);
}

/// Rules whose error is a function of the operands' elements and errors:
/// `spread` without the rounding of the result.
using Spread = double (*)(const double *x, const double *error, double result);

bool isRepresentable(double x, Type type) {
  if (type.isF64())
    return false; // the evaluation may have rounded it
  llvm::APFloat number(x);
  bool loses = false;
  (void)number.convert(cast<FloatType>(type).getFloatSemantics(),
                       llvm::APFloat::rmNearestTiesToEven, &loses);
  return !loses;
}

BoundRule makeRule(Spread spread, bool rounds) {
  return [=](BoundCall &call) -> LogicalResult {
    if (!call.results[0].value.isFloat())
      return success();
    Type type = getElementTypeOrSelf(call.op->getResult(0).getType());
    Rounding rounding = call.rounding();
    unsigned arity = call.operands.size();
    if (!rounds && call.isExact())
      return success();
    const double *result = call.result();
    double *errors = call.errors();
    double x[3] = {}, error[3] = {};
    for (int64_t i = 0, n = call.results[0].value.size(); i < n; ++i) {
      for (unsigned k = 0; k < arity; ++k) {
        x[k] = call.value(k)[i];
        error[k] = call.error(k, i);
      }
      errors[i] = spread(x, error, result[i]);
      // A number of the type, from exact operands, is not rounded: zeros stay
      // zeros, and the largest number is not next to infinity.
      bool representable = errors[i] == 0 && isRepresentable(result[i], type);
      if (rounds && !representable)
        errors[i] +=
            rounding.unit * (std::fabs(result[i]) + errors[i]) + rounding.tiny;
    }
    return success();
  };
}

double spreadSum(const double *, const double *error, double) {
  return error[0] + error[1];
}
double spreadProduct(const double *x, const double *error, double) {
  // Zero times an unbounded error stays unbounded.
  return std::fabs(x[0]) * error[1] + std::fabs(x[1]) * error[0] +
         error[0] * error[1];
}
double spreadQuotient(const double *x, const double *error, double result) {
  if (error[1] == 0)
    return error[0] == 0 ? 0 : error[0] / std::fabs(x[1]);
  double least = std::fabs(x[1]) - error[1];
  return least > 0 ? (error[0] + std::fabs(result) * error[1]) / least
                   : INFINITY;
}
double spreadFma(const double *x, const double *error, double result) {
  return spreadProduct(x, error, result) + error[2];
}
double spreadOne(const double *, const double *error, double) {
  return error[0];
}
double spreadLargest(const double *, const double *error, double) {
  return std::max({error[0], error[1], error[2]});
}
double spreadCopySign(const double *x, const double *error, double) {
  bool sure = error[1] == 0 || std::fabs(x[1]) > error[1];
  return sure ? error[0] : error[0] + 2 * (std::fabs(x[0]) + error[0]);
}
/// The fractional remainder jumps where the quotient crosses an integer.
double spreadRemainder(const double *, const double *error, double) {
  return error[0] == 0 && error[1] == 0 ? 0 : INFINITY;
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// The operand moved by its error, up or down.
Tensor moved(const Bounded &operand, double sign) {
  if (!operand.error)
    return operand.value;
  Tensor result(operand.value.getElementType(), operand.value.getShape());
  for (int64_t i = 0; i < result.size(); ++i)
    result.mutableData<double>()[i] = operand.value.data<double>()[i] +
                                      sign * operand.error.data<double>()[i];
  return result;
}

LogicalResult finishFunction(BoundCall &call, ArrayRef<Tensor> corners,
                             llvm::function_ref<double(int64_t)> more) {
  Type type = getElementTypeOrSelf(call.op->getResult(0).getType());
  double ulps = getUlps(call.op->getName().getStringRef(), type);
  if (ulps == 0 && call.isExact())
    return success();
  Rounding rounding = call.rounding();
  const double *result = call.result();
  double *errors = call.errors();
  for (int64_t i = 0, n = call.results[0].value.size(); i < n; ++i) {
    double spread = more ? more(i) : 0;
    for (const Tensor &corner : corners) {
      double distance = std::fabs(corner.data<double>()[i] - result[i]);
      // A corner outside of the domain promises nothing.
      if (corner.data<double>()[i] != result[i])
        spread = std::isnan(distance) && !std::isnan(result[i])
                     ? INFINITY
                     : std::max(spread, distance);
    }
    errors[i] =
        spread + inUlps(ulps, std::fabs(result[i]) + spread, rounding, type);
  }
  return success();
}

/// Monotone in each operand: the extremes are at the corners.
LogicalResult boundMonotone(BoundCall &call) {
  llvm::SmallVector<Tensor> corners;
  if (!call.isExact())
    for (unsigned choice = 0; choice < 1u << call.operands.size(); ++choice) {
      llvm::SmallVector<Tensor> operands;
      for (auto [k, operand] : llvm::enumerate(call.operands))
        operands.push_back(operand.value.isFloat()
                               ? moved(operand, choice >> k & 1 ? 1 : -1)
                               : operand.value);
      FailureOr<Tensor> corner = call.run(operands);
      if (failed(corner))
        return failure();
      corners.push_back(*corner);
    }
  return finishFunction(call, corners, nullptr);
}

/// |f'| <= 1.
LogicalResult boundLipschitz(BoundCall &call) {
  return finishFunction(call, {}, [&](int64_t i) { return call.error(0, i); });
}

/// Only of exact operands (poles, several branches).
LogicalResult boundExactOnly(BoundCall &call) {
  return finishFunction(call, {}, [&](int64_t i) {
    for (unsigned k = 0; k < call.operands.size(); ++k)
      if (call.error(k, i) > 0)
        return double(INFINITY);
    return 0.0;
  });
}

//===----------------------------------------------------------------------===//
// Choices and conversions
//===----------------------------------------------------------------------===//

LogicalResult boundCompare(arith::CmpFOp, BoundCall &call) {
  if (call.isExact())
    return success();
  double *errors = call.errors();
  for (int64_t i = 0, n = call.results[0].value.size(); i < n; ++i) {
    double error = call.error(0, i) + call.error(1, i);
    double distance = std::fabs(call.value(0)[i] - call.value(1)[i]);
    errors[i] = error > 0 && !(distance > error) ? INFINITY : 0;
  }
  return success();
}

LogicalResult boundSelect(arith::SelectOp, BoundCall &call) {
  if (call.isExact())
    return success();
  bool isFloat = call.results[0].value.isFloat();
  const Tensor &condition = call.operands[0].value;
  bool scalar = condition.size() == 1;
  double *errors = call.errors();
  for (int64_t i = 0, n = call.results[0].value.size(); i < n; ++i) {
    int64_t c = scalar ? 0 : i;
    unsigned taken = condition.getInteger(c) ? 1 : 2;
    errors[i] = call.error(taken, i);
    if (call.error(0, c) == 0)
      continue;
    double distance = isFloat ? std::fabs(call.value(1)[i] - call.value(2)[i])
                      : call.operands[1].value.getInteger(i) ==
                              call.operands[2].value.getInteger(i)
                          ? 0
                          : INFINITY;
    errors[i] = std::max(errors[i], call.error(3 - taken, i) + distance);
  }
  return success();
}

/// To float, or to another float.
LogicalResult boundConversion(BoundCall &call) {
  Rounding rounding = call.rounding();
  Type from = getElementTypeOrSelf(call.op->getOperand(0).getType());
  Type to = getElementTypeOrSelf(call.op->getResult(0).getType());
  auto source = dyn_cast<FloatType>(from);
  bool exact = source && source.getWidth() <= to.getIntOrFloatBitWidth();
  if (exact && call.isExact())
    return success();
  double *errors = call.errors();
  for (int64_t i = 0, n = call.results[0].value.size(); i < n; ++i) {
    errors[i] = call.error(0, i);
    if (!exact && !(errors[i] == 0 && isRepresentable(call.result()[i], to)))
      errors[i] += rounding.unit * (std::fabs(call.result()[i]) + errors[i]) +
                   rounding.tiny;
  }
  return success();
}

LogicalResult boundToInteger(BoundCall &call) {
  if (call.isExact())
    return success();
  double *errors = call.errors();
  for (int64_t i = 0, n = call.results[0].value.size(); i < n; ++i) {
    double x = call.value(0)[i], error = call.error(0, i);
    errors[i] = std::trunc(x - error) != std::trunc(x + error) ? INFINITY : 0;
  }
  return success();
}

/// Moves elements about: errors move with them.
LogicalResult boundStructure(BoundCall &call) {
  if (call.isExact())
    return success();
  Type f64 = Float64Type::get(call.op->getContext());
  if (!call.results[0].value.isFloat()) {
    std::fill_n(call.errors(), call.results[0].value.size(), INFINITY);
    return success();
  }
  llvm::SmallVector<Tensor> operands;
  for (const Bounded &operand : call.operands) {
    if (!operand.value.isFloat())
      operands.push_back(operand.value);
    else
      operands.push_back(operand.error ? operand.error
                                       : Tensor(f64, operand.value.getShape()));
  }
  FailureOr<Tensor> moved = call.run(operands);
  if (failed(moved))
    return failure();
  call.results[0].error = *moved;
  return success();
}

} // namespace

void addElementBounds(BoundTable &table) {
  table.add("arith.addf", makeRule(spreadSum, true));
  table.add("arith.subf", makeRule(spreadSum, true));
  table.add("arith.mulf", makeRule(spreadProduct, true));
  table.add("arith.divf", makeRule(spreadQuotient, true));
  table.add("arith.remf", makeRule(spreadRemainder, false));
  table.add("arith.negf", makeRule(spreadOne, false));
  table.add("math.absf", makeRule(spreadOne, false));
  table.add("math.fma", makeRule(spreadFma, true));
  table.add("math.copysign", makeRule(spreadCopySign, false));
  for (StringRef name : {"arith.maximumf", "arith.minimumf", "arith.maxnumf",
                         "arith.minnumf", "math.clampf"})
    table.add(name, makeRule(spreadLargest, false));
  for (StringRef name :
       {"math.exp",      "math.exp2",  "math.expm1", "math.log",
        "math.log2",     "math.log10", "math.log1p", "math.asin",
        "math.acos",     "math.atan",  "math.sinh",  "math.tanh",
        "math.asinh",    "math.acosh", "math.atanh", "math.erf",
        "math.erfc",     "math.cbrt",  "math.rsqrt", "math.sqrt",
        "math.floor",    "math.ceil",  "math.trunc", "math.round",
        "math.roundeven"})
    table.add(name, boundMonotone);
  table.add("math.sin", boundLipschitz);
  table.add("math.cos", boundLipschitz);
  for (StringRef name :
       {"math.tan", "math.cosh", "math.powf", "math.fpowi", "math.atan2"})
    table.add(name, boundExactOnly);
  table.add(boundCompare);
  table.add(boundSelect);
  for (StringRef name :
       {"arith.sitofp", "arith.uitofp", "arith.extf", "arith.truncf"})
    table.add(name, boundConversion);
  table.add("arith.fptosi", boundToInteger);
  table.add("arith.fptoui", boundToInteger);
  for (StringRef name :
       {"graph.broadcast", "graph.reshape", "graph.transpose", "graph.slice",
        "graph.concat", "graph.pad", "graph.gather", "graph.gather_elements",
        "graph.gather_nd", "graph.splat", "tensor.cast", "tensor.extract",
        "tensor.from_elements", "tensor.collapse_shape", "tensor.expand_shape"})
    table.add(name, boundStructure);
  // Exact: bit for bit what the encoding says (design of encodings), or an
  // integer small enough.
  for (StringRef name : {"graph.decode", "graph.iota", "graph.assemble"})
    table.add(name, [](BoundCall &call) -> LogicalResult {
      return call.isExact() ? success()
                            : call.op->emitOpError(
                                  "has no stated bound for inexact operands");
    });
}

} // namespace raddle::reference
