//===- ScalarEmitter.h - Scalars of one thread -----------------*- C++ -*-===//
//
// What a thread computes for a tile is one scalar per register. Index
// arithmetic is kept as `base + offset` with a known power-of-two divisor of
// the base, so that the registers of a thread share one base: addresses become
// immediates, neighbouring accesses are seen to be consecutive, and masks of a
// vector are one value.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_SCALAREMITTER_H
#define RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_SCALAREMITTER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/ScopedHashTable.h"

namespace raddle::tile {

/// A scalar: `base + offset` for i32 (either part may be missing), `base`
/// alone for every other type.
struct Scalar {
  mlir::Value base;
  int32_t offset = 0;
  bool isConstant() const { return !base; }
  bool operator==(const Scalar &) const = default;
};

/// Identity of operations for value numbering.
struct OperationKeyInfo : llvm::DenseMapInfo<mlir::Operation *> {
  static unsigned getHashValue(const mlir::Operation *op);
  static bool isEqual(const mlir::Operation *lhs, const mlir::Operation *rhs);
};

class ScalarEmitter {
public:
  using Scope = llvm::ScopedHashTableScope<mlir::Operation *, mlir::Operation *,
                                           OperationKeyInfo>;

  ScalarEmitter(mlir::OpBuilder &builder, mlir::Location loc)
      : builder(builder), loc(loc) {}

  /// Creates an operation, or returns an equal one that dominates. Only for
  /// operations without side effects.
  mlir::Operation *createUnique(mlir::OperationState &state);
  template <typename OpTy, typename... Args>
  mlir::Value unique(Args &&...args) {
    mlir::OperationState state(loc, OpTy::getOperationName());
    OpTy::build(builder, state, std::forward<Args>(args)...);
    return createUnique(state)->getResult(0);
  }

  /// The value of a scalar.
  mlir::Value materialize(Scalar scalar);
  mlir::Value constant(mlir::TypedAttr value);
  mlir::Value constant(int64_t value, unsigned bits = 32);

  /// States that `value` is a multiple of 2^`log2`.
  void setDivisor(mlir::Value value, unsigned log2);
  /// log2 of a known power-of-two divisor of the base (31 for no base).
  unsigned getDivisor(Scalar scalar) const;

  // Arithmetic modulo 2^32.
  Scalar add(Scalar lhs, Scalar rhs);
  Scalar sub(Scalar lhs, Scalar rhs);
  Scalar mul(Scalar lhs, Scalar rhs);
  // Unsigned division.
  Scalar div(Scalar lhs, Scalar rhs);
  Scalar rem(Scalar lhs, Scalar rhs);
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, Scalar lhs,
                      Scalar rhs);

  llvm::ScopedHashTable<mlir::Operation *, mlir::Operation *, OperationKeyInfo>
      known;
  mlir::OpBuilder &builder;
  mlir::Location loc;

private:
  /// Splits into a part whose low `log2` bits are known zero, and the rest.
  std::pair<Scalar, int32_t> split(Scalar scalar, unsigned log2);

  llvm::DenseMap<mlir::Value, unsigned> divisors;
};

} // namespace raddle::tile

#endif // RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_SCALAREMITTER_H
