//===- HostBuilder.h - Arithmetic on host scalars --------------*- C++ -*-===//
//
// Models compute shapes with tensors. The importer computes them on the host:
// a `Scalar` is a number known now or an `index` (conditions: `i1`) value of
// the host program. Equal expressions become the same value, so that equality
// of sizes is equality of values.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_LIB_IMPORT_ONNX_HOSTBUILDER_H
#define RADDLE_LIB_IMPORT_ONNX_HOSTBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include <map>

namespace raddle::onnx {

/// A host scalar: an integer or real number known at import, or a value.
struct Scalar {
  Scalar() = default;
  Scalar(int64_t integer) : integer(integer) {}
  explicit Scalar(mlir::Value value) : value(value) {}
  static Scalar realNumber(double real) {
    Scalar s;
    s.isReal = true;
    s.real = real;
    return s;
  }

  bool isConstant() const { return !value; }
  bool isInteger(int64_t n) const { return !value && !isReal && integer == n; }
  friend bool operator==(const Scalar &a, const Scalar &b) {
    return a.value == b.value && a.isReal == b.isReal &&
           a.integer == b.integer && a.real == b.real;
  }

  mlir::Value value;
  int64_t integer = 0;
  double real = 0;
  bool isReal = false;
};

using Sizes = llvm::SmallVector<Scalar, 4>;

struct Bounds {
  int64_t min = INT64_MIN;
  int64_t max = INT64_MAX;
};

class HostBuilder {
public:
  explicit HostBuilder(mlir::ImplicitLocOpBuilder &builder)
      : builder(builder) {}

  Scalar add(Scalar a, Scalar b);
  Scalar sub(Scalar a, Scalar b);
  Scalar mul(Scalar a, Scalar b);
  /// Rounds towards zero.
  Scalar divTrunc(Scalar a, Scalar b);
  Scalar floorDiv(Scalar a, Scalar b);
  Scalar ceilDiv(Scalar a, Scalar b);
  /// Has the sign of `b` (Python's `%`).
  Scalar floorMod(Scalar a, Scalar b);
  Scalar min(Scalar a, Scalar b);
  Scalar max(Scalar a, Scalar b);
  /// A condition (0 or 1 when known).
  Scalar compare(mlir::arith::CmpIPredicate predicate, Scalar a, Scalar b);
  Scalar equal(Scalar a, Scalar b) {
    return compare(mlir::arith::CmpIPredicate::eq, a, b);
  }
  Scalar logicalAnd(Scalar a, Scalar b);
  Scalar logicalOr(Scalar a, Scalar b);
  Scalar logicalNot(Scalar a);
  Scalar select(Scalar condition, Scalar a, Scalar b);
  /// 0 or 1 as an integer.
  Scalar fromCondition(Scalar condition);
  /// `a != 0`.
  Scalar toCondition(Scalar a);
  Scalar clamp(Scalar a, Scalar low, Scalar high) {
    return min(max(a, low), high);
  }
  Scalar product(llvm::ArrayRef<Scalar> factors);
  /// `product(numerator) / product(denominator)`, which the model promises to
  /// be whole; common factors cancel.
  Scalar exactQuotient(llvm::ArrayRef<Scalar> numerator,
                       llvm::ArrayRef<Scalar> denominator);

  /// What is known of the number.
  Bounds rangeOf(Scalar a);
  /// States what is known of a value (a dim of an argument).
  void setRange(mlir::Value value, Bounds range) { ranges[value] = range; }
  /// Adds to what is known of a scalar.
  void refine(Scalar a, Bounds range);
  /// Declares `value` equal to `same` from here on (it has been asserted).
  void declareEqual(mlir::Value value, Scalar same);
  /// Takes note of a condition that has been checked.
  void assume(Scalar condition);
  /// The preferred one of the equal scalars.
  Scalar canonical(Scalar a);
  bool provablyEqual(Scalar a, Scalar b) {
    return canonical(a) == canonical(b);
  }

  /// The `index` value of a number.
  mlir::Value index(Scalar a);
  /// The `i1` value of a condition.
  mlir::Value condition(Scalar a);
  mlir::OpFoldResult fold(Scalar a);
  llvm::SmallVector<mlir::OpFoldResult> fold(llvm::ArrayRef<Scalar> scalars);
  /// A size as a dim of a type.
  static int64_t staticDim(Scalar a) {
    return a.isConstant() ? a.integer : mlir::ShapedType::kDynamic;
  }

  /// Values made in a nested region are not visible after it.
  void enterRegion();
  void leaveRegion();

  /// Constants are made here, at the start of the function.
  mlir::Block *entryBlock = nullptr;
  mlir::Value constant(mlir::TypedAttr attr);

private:
  enum class Kind {
    Add,
    Sub,
    Mul,
    DivS,
    FloorDiv,
    CeilDiv,
    Rem,
    Min,
    Max,
    Select,
    And,
    Or,
    Not,
    Compare
  };
  struct Key {
    Kind kind;
    int predicate;
    std::array<std::pair<void *, int64_t>, 3> operands;
    auto operator<=>(const Key &) const = default;
  };
  Scalar memo(Kind kind, llvm::ArrayRef<Scalar> operands, bool isCondition,
              llvm::function_ref<mlir::Value()> make, int predicate = 0);
  void collectFactors(Scalar a, int64_t &constant,
                      llvm::SmallVectorImpl<mlir::Value> &symbols,
                      unsigned depth = 0);

  mlir::ImplicitLocOpBuilder &builder;
  std::vector<std::map<Key, mlir::Value>> memos{1};
  llvm::DenseMap<mlir::Value, Bounds> ranges;
  llvm::DenseMap<mlir::Value, Scalar> equals;
  /// The keys of `equals` in order, and how many there were at each region.
  std::vector<mlir::Value> equalOrder;
  std::vector<size_t> equalMarks;
  llvm::DenseMap<mlir::Attribute, mlir::Value> constants;
};

} // namespace raddle::onnx

#endif // RADDLE_LIB_IMPORT_ONNX_HOSTBUILDER_H
