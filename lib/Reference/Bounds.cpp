//===- Bounds.cpp - One operation with its error --------------------------===//

#include "lib/Reference/Bounds.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace raddle::reference {

Rounding getRounding(Type type) {
  auto number = dyn_cast<FloatType>(type);
  if (!number)
    return {};
  const llvm::fltSemantics &semantics = number.getFloatSemantics();
  int digits = llvm::APFloat::semanticsPrecision(semantics);
  int lowest = llvm::APFloat::semanticsMinExponent(semantics);
  Rounding result;
  result.unit = std::ldexp(1.0, -digits);
  result.tiny = std::ldexp(1.0, lowest - digits);
  result.largest = llvm::APFloat::getLargest(semantics).convertToDouble();
  if (number.getWidth() < 32)
    result.unit += 1.01 * u32;
  // The evaluation itself rounds as often as the kernel.
  if (number.isF64())
    result.unit *= 2;
  return result;
}

FailureOr<Tensor> BoundCall::run(ArrayRef<Tensor> tensors) const {
  llvm::SmallVector<Tensor> found;
  if (failed(evaluator.run(op, tensors, found)))
    return failure();
  return found.front();
}

Bounded BoundCall::operator[](Value value) const {
  for (auto [i, operand] : llvm::enumerate(op->getOperands()))
    if (value && operand == value)
      return operands[i];
  return {};
}

double *BoundCall::errors(unsigned n) {
  Bounded &result = results[n];
  if (!result.error)
    result.error =
        Tensor(Float64Type::get(op->getContext()), result.value.getShape());
  return result.error.mutableData<double>();
}

bool BoundCall::isExact() const {
  return llvm::none_of(operands,
                       [](const Bounded &operand) { return operand.error; });
}

const BoundTable &getBoundRules() {
  static const BoundTable table = [] {
    BoundTable result;
    addElementBounds(result);
    addProductBounds(result);
    addRowBounds(result);
    addRecurrentBounds(result);
    return result;
  }();
  return table;
}

/// What leaves the range of the type is infinite for the kernel; next to the
/// border nothing is promised. Infinities and NaN have no error of their own.
static void settleRange(Bounded &bounded, Type type) {
  if (!bounded.error)
    return;
  Rounding rounding = getRounding(type);
  double *value = bounded.value.mutableData<double>();
  double *error = bounded.error.mutableData<double>();
  double half = rounding.largest * (1 + rounding.unit / 2);
  for (int64_t i = 0, e = bounded.value.size(); i < e; ++i) {
    if (std::isnan(error[i]))
      error[i] = INFINITY;
    double size = std::fabs(value[i]);
    if (std::isinf(error[i]))
      continue;
    if (!std::isfinite(value[i]))
      error[i] = 0;
    else if (size - error[i] > half) {
      value[i] = std::copysign(INFINITY, value[i]);
      error[i] = 0;
    } else if (size + error[i] > half) {
      error[i] = INFINITY;
    }
  }
}

LogicalResult evaluateBounded(Evaluator &evaluator, Operation *op,
                              ArrayRef<Bounded> operands,
                              llvm::SmallVectorImpl<Bounded> &results) {
  llvm::SmallVector<Tensor> values, found;
  for (const Bounded &operand : operands)
    values.push_back(operand.value);
  if (failed(evaluator.run(op, values, found)))
    return failure();
  for (Tensor &tensor : found)
    results.push_back({std::move(tensor), {}});
  BoundCall call(evaluator, op, operands, results);
  if (const BoundRule *rule =
          getBoundRules().find(op->getName().getStringRef())) {
    if (failed((*rule)(call)))
      return failure();
  } else {
    bool isFloat = llvm::any_of(results, [](const Bounded &result) {
      return result.value.isFloat() && !result.value.getEncoding();
    });
    if (isFloat && op->getNumOperands() != 0)
      return op->emitOpError("has no stated bound of its error");
    // Integers: uncertain as a whole when an operand is.
    for (const Bounded &operand : operands)
      if (operand.error &&
          llvm::any_of(llvm::ArrayRef(operand.error.data<double>(),
                                      operand.error.size()),
                       [](double error) { return error > 0; }))
        for (unsigned n = 0; n < results.size(); ++n)
          std::fill_n(call.errors(n), results[n].value.size(), INFINITY);
  }
  for (auto [n, result] : llvm::enumerate(results))
    if (result.value.isFloat() && !result.value.getEncoding())
      settleRange(result, getElementTypeOrSelf(op->getResult(n).getType()));
  return success();
}

} // namespace raddle::reference
