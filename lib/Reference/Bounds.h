//===- Bounds.h - Values with the error that kernels may make --*- C++ -*-===//
//
// Running error analysis: beside the exact value of every element (in f64) goes
// a bound of what the compiled kernels may give for it, by the rounding, order
// and arithmetic that docs/Numerics.md states. The bounds are a priori: they
// use the operands' magnitudes and the number of roundings, never a result of
// the kernels.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_LIB_REFERENCE_BOUNDS_H
#define RADDLE_LIB_REFERENCE_BOUNDS_H

#include "lib/Reference/Call.h"

namespace raddle::reference {

/// A value and how far a kernel's may be from it.
struct Bounded {
  /// Floats are f64.
  Tensor value;
  /// f64, of the value's shape, no element negative; no tensor: exact. An
  /// infinite element says that nothing is promised (a comparison whose
  /// operands are nearer than their errors).
  Tensor error;
};

/// How a float type rounds: a result `x` is within `unit * |x| + tiny`.
struct Rounding {
  double unit = 0, tiny = 0;
  /// Largest finite number.
  double largest = 0;
};
/// Of `type` as kernels compute in it: f32 and f64 in their own type, narrower
/// ones in f32 with one more rounding.
Rounding getRounding(mlir::Type type);

/// One evaluation with errors.
class BoundCall {
public:
  BoundCall(Evaluator &evaluator, mlir::Operation *op,
            llvm::ArrayRef<Bounded> operands,
            llvm::MutableArrayRef<Bounded> results)
      : evaluator(evaluator), op(op), operands(operands), results(results) {}

  /// The same operation on other tensors.
  mlir::FailureOr<Tensor> run(llvm::ArrayRef<Tensor> tensors) const;
  /// The operand that an accessor returns; no tensors when absent.
  Bounded operator[](mlir::Value value) const;

  /// Elements of an operand or result as f64.
  const double *value(unsigned operand) const {
    return operands[operand].value.data<double>();
  }
  double error(unsigned operand, int64_t i) const {
    const Tensor &error = operands[operand].error;
    return error ? error.data<double>()[i] : 0;
  }
  const double *result(unsigned n = 0) const {
    return results[n].value.data<double>();
  }
  /// The errors of a result, zeros at first.
  double *errors(unsigned n = 0);
  /// Whether all operands are exact.
  bool isExact() const;
  /// Rounding of the result's type.
  Rounding rounding(unsigned n = 0) const {
    return getRounding(mlir::getElementTypeOrSelf(op->getResult(n).getType()));
  }

  Evaluator &evaluator;
  mlir::Operation *op;
  llvm::ArrayRef<Bounded> operands;
  llvm::MutableArrayRef<Bounded> results;
};

using BoundRule = std::function<mlir::LogicalResult(BoundCall &)>;

/// Operation name to rule.
class BoundTable {
public:
  void add(llvm::StringRef name, BoundRule rule) {
    rules[name] = std::move(rule);
  }
  template <typename OpTy>
  void add(mlir::LogicalResult (*rule)(OpTy, BoundCall &)) {
    add(OpTy::getOperationName(), [rule](BoundCall &call) {
      return rule(mlir::cast<OpTy>(call.op), call);
    });
  }
  const BoundRule *find(llvm::StringRef name) const {
    auto it = rules.find(name);
    return it == rules.end() ? nullptr : &it->second;
  }

private:
  llvm::StringMap<BoundRule> rules;
};

// One function per file of rules.
void addElementBounds(BoundTable &table);
void addProductBounds(BoundTable &table);
void addRowBounds(BoundTable &table);
void addRecurrentBounds(BoundTable &table);

/// The table of everything.
const BoundTable &getBoundRules();

/// Evaluates one operation without regions: values and errors of its results.
/// An operation that has no rule is an error, unless all its operands are exact
/// and its results are no floats.
mlir::LogicalResult evaluateBounded(Evaluator &evaluator, mlir::Operation *op,
                                    llvm::ArrayRef<Bounded> operands,
                                    llvm::SmallVectorImpl<Bounded> &results);

//===----------------------------------------------------------------------===//
// The statements of docs/Numerics.md
//===----------------------------------------------------------------------===//

/// Unit roundoff of f32.
constexpr double u32 = 0x1p-24;

/// Longest path of additions of one result that is the sum of `n` terms.
inline double getSumDepth(int64_t n) {
  return static_cast<double>(
      std::min<int64_t>(std::max<int64_t>(n - 1, 0), (n + 15) / 16 + 8));
}

/// n u / (1 - n u) (Higham, "Accuracy and Stability of Numerical Algorithms").
inline double gamma(double n, double unit = u32) {
  return n * unit < 1 ? n * unit / (1 - n * unit) : INFINITY;
}

/// Bound of a function in units in the last place of `type`.
double getUlps(llvm::StringRef operation, mlir::Type type);

} // namespace raddle::reference

#endif // RADDLE_LIB_REFERENCE_BOUNDS_H
