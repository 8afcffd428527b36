//===- MathBuilder.h - Scalar arithmetic as expressions --------*- C++ -*-===//
//
// What the expansions of `math` and `arith` are written in: numbers of one
// type (f32 or f64) with operators, their bits as integers, and the
// instructions of PTX that have no operation upstream.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_MATHBUILDER_H
#define RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_MATHBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"

namespace raddle::tile {

class MathBuilder;

/// A number of the builder's type.
struct Number {
  mlir::Value value;
  MathBuilder *builder = nullptr;
};

/// An integer of the width of a number, or a condition.
struct Bits {
  mlir::Value value;
  MathBuilder *builder = nullptr;
};

class MathBuilder {
public:
  MathBuilder(mlir::OpBuilder &b, mlir::Location loc, mlir::FloatType type)
      : b(b), loc(loc), type(type),
        bitsType(b.getIntegerType(type.getWidth())) {}

  bool isF64() const { return type.isF64(); }
  /// `narrow` for f32, `wide` for f64.
  template <typename T> const T &pick(const T &narrow, const T &wide) const {
    return isF64() ? wide : narrow;
  }

  Number number(mlir::Value value) { return {value, this}; }
  Number number(double value);
  Bits bits(int64_t value);

  template <typename Op, typename... Args> mlir::Value create(Args &&...args) {
    return Op::create(b, loc, std::forward<Args>(args)...);
  }
  mlir::Value call(llvm::StringRef intrinsic, mlir::Type result,
                   mlir::ValueRange operands);
  /// The intrinsic `name` with the suffix of the type: `llvm.fma.f32`.
  Number callTyped(llvm::StringRef name, mlir::ValueRange operands);

  Number fma(Number a, Number b, Number c);
  Number fma(Number a, double b, Number c) { return fma(a, number(b), c); }
  Number fma(Number a, Number b, double c) { return fma(a, b, number(c)); }
  Number fma(Number a, double b, double c) {
    return fma(a, number(b), number(c));
  }
  Number abs(Number x) { return callTyped("llvm.fabs", {x.value}); }
  Number sqrt(Number x) { return callTyped("llvm.sqrt", {x.value}); }
  Number rint(Number x) { return callTyped("llvm.rint", {x.value}); }
  Number trunc(Number x) { return callTyped("llvm.trunc", {x.value}); }
  Number copySign(Number magnitude, Number sign) {
    return callTyped("llvm.copysign", {magnitude.value, sign.value});
  }
  /// Correctly rounded quotient.
  Number divide(Number a, Number b);
  /// 1/x: 1 ulp, no subnormal arguments or results for f32 (one instruction);
  /// correctly rounded for f64.
  Number reciprocal(Number x);
  // f32 only: one instruction each.
  Number ex2(Number x);
  Number lg2(Number x);

  Bits toBits(Number x);
  Number fromBits(Bits x);
  Number fromInteger(Bits x);
  Number selectNumber(Bits condition, Number a, Number b);
  Bits selectBits(Bits condition, Bits a, Bits b);
  Bits less(Number a, Number b);
  Bits lessEqual(Number a, Number b);
  Bits equal(Number a, Number b);
  Bits unordered(Number a, Number b);
  /// 0 < x < inf, as one comparison of the bits.
  Bits positiveFinite(Number x);
  Bits compare(mlir::arith::CmpIPredicate predicate, Bits a, Bits b);
  Bits both(Bits a, Bits b) { return op<mlir::arith::AndIOp>(a, b); }
  Bits either(Bits a, Bits b) { return op<mlir::arith::OrIOp>(a, b); }
  template <typename Op> Bits op(Bits x, Bits y) {
    return {create<Op>(x.value, y.value), this};
  }
  template <typename Op> Bits op(Bits x, int64_t y) {
    return op<Op>(x, bits(y));
  }
  /// 2^n for an integer n in the range of normal exponents.
  Number exp2i(Bits n);
  /// The nearest integer of x * scale, as a number and as an integer, for
  /// |x * scale| < 2^21 (f32) or 2^31 (f64; the low word counts).
  std::pair<Number, Bits> roundScaled(Number x, double scale);

  /// Coefficients in rising order, Horner's scheme.
  Number polynomial(Number x, llvm::ArrayRef<double> coefficients);

  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::FloatType type;
  mlir::IntegerType bitsType;
};

inline Number operator+(Number a, Number b) {
  return {a.builder->create<mlir::arith::AddFOp>(a.value, b.value), a.builder};
}
inline Number operator-(Number a, Number b) {
  return {a.builder->create<mlir::arith::SubFOp>(a.value, b.value), a.builder};
}
inline Number operator*(Number a, Number b) {
  return {a.builder->create<mlir::arith::MulFOp>(a.value, b.value), a.builder};
}
inline Number operator-(Number a) {
  return {a.builder->create<mlir::arith::NegFOp>(a.value), a.builder};
}
inline Number operator+(Number a, double b) { return a + a.builder->number(b); }
inline Number operator-(Number a, double b) {
  return a + a.builder->number(-b);
}
inline Number operator-(double a, Number b) { return b.builder->number(a) - b; }
inline Number operator*(Number a, double b) { return a * a.builder->number(b); }

} // namespace raddle::tile

#endif // RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_MATHBUILDER_H
