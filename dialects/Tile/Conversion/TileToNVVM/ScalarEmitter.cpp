//===- ScalarEmitter.cpp - Scalars of one thread --------------------------===//

#include "dialects/Tile/Conversion/TileToNVVM/ScalarEmitter.h"
#include "mlir/IR/OperationSupport.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace raddle::tile;

unsigned OperationKeyInfo::getHashValue(const Operation *op) {
  return OperationEquivalence::computeHash(
      const_cast<Operation *>(op), OperationEquivalence::directHashValue,
      OperationEquivalence::ignoreHashValue,
      OperationEquivalence::IgnoreLocations);
}

bool OperationKeyInfo::isEqual(const Operation *lhs, const Operation *rhs) {
  if (lhs == rhs)
    return true;
  if (lhs == getTombstoneKey() || lhs == getEmptyKey() ||
      rhs == getTombstoneKey() || rhs == getEmptyKey())
    return false;
  return OperationEquivalence::isEquivalentTo(
      const_cast<Operation *>(lhs), const_cast<Operation *>(rhs),
      OperationEquivalence::IgnoreLocations);
}

Operation *ScalarEmitter::createUnique(OperationState &state) {
  Operation *op = builder.create(state);
  if (Operation *earlier = known.lookup(op)) {
    op->erase();
    return earlier;
  }
  known.insert(op, op);
  return op;
}

Value ScalarEmitter::constant(TypedAttr value) {
  return unique<arith::ConstantOp>(value);
}

Value ScalarEmitter::constant(int64_t value, unsigned bits) {
  return constant(builder.getIntegerAttr(builder.getIntegerType(bits), value));
}

Value ScalarEmitter::materialize(Scalar scalar) {
  if (!scalar.base)
    return constant(scalar.offset);
  if (scalar.offset == 0)
    return scalar.base;
  return unique<arith::AddIOp>(scalar.base, constant(scalar.offset));
}

void ScalarEmitter::setDivisor(Value value, unsigned log2) {
  if (log2)
    divisors[value] = std::max(divisors.lookup(value), std::min(log2, 31u));
}

unsigned ScalarEmitter::getDivisor(Scalar scalar) const {
  return scalar.base ? divisors.lookup(scalar.base) : 31;
}

Scalar ScalarEmitter::add(Scalar lhs, Scalar rhs) {
  int32_t offset = uint32_t(lhs.offset) + uint32_t(rhs.offset);
  if (!lhs.base)
    return {rhs.base, offset};
  if (!rhs.base)
    return {lhs.base, offset};
  Value base = unique<arith::AddIOp>(lhs.base, rhs.base);
  setDivisor(base, std::min(getDivisor(lhs), getDivisor(rhs)));
  return {base, offset};
}

Scalar ScalarEmitter::sub(Scalar lhs, Scalar rhs) {
  int32_t offset = uint32_t(lhs.offset) - uint32_t(rhs.offset);
  if (!rhs.base)
    return {lhs.base, offset};
  if (lhs.base == rhs.base)
    return {nullptr, offset};
  Value from = lhs.base ? lhs.base : constant(0);
  Value base = unique<arith::SubIOp>(from, rhs.base);
  setDivisor(base, std::min(getDivisor({lhs.base, 0}), getDivisor(rhs)));
  return {base, offset};
}

Scalar ScalarEmitter::mul(Scalar lhs, Scalar rhs) {
  if (!lhs.base)
    std::swap(lhs, rhs);
  if (!lhs.base)
    return {nullptr, int32_t(uint32_t(lhs.offset) * uint32_t(rhs.offset))};
  if (!rhs.base) {
    uint32_t factor = rhs.offset;
    if (factor == 0)
      return {};
    if (factor == 1)
      return lhs;
    Value base = unique<arith::MulIOp>(lhs.base, constant(rhs.offset));
    setDivisor(base, getDivisor(lhs) + llvm::countr_zero(factor));
    return {base, int32_t(uint32_t(lhs.offset) * factor)};
  }
  // (a + c) (b + d) = a b + c b + d a + c d, of which only a b is left as a
  // product of two unknowns: rows of one thread then share it.
  Value base = unique<arith::MulIOp>(lhs.base, rhs.base);
  setDivisor(base, getDivisor(lhs) + getDivisor(rhs));
  Scalar result{base, 0};
  if (lhs.offset)
    result = add(result, mul({rhs.base, 0}, {nullptr, lhs.offset}));
  if (rhs.offset)
    result = add(result, mul({lhs.base, 0}, {nullptr, rhs.offset}));
  result.offset =
      uint32_t(result.offset) + uint32_t(lhs.offset) * uint32_t(rhs.offset);
  return result;
}

std::pair<Scalar, int32_t> ScalarEmitter::split(Scalar scalar, unsigned log2) {
  int32_t low = scalar.offset & ((int64_t(1) << log2) - 1);
  return {{scalar.base, scalar.offset - low}, low};
}

Scalar ScalarEmitter::div(Scalar lhs, Scalar rhs) {
  // An empty extent: the value is used by masked lanes only.
  if (!rhs.base && rhs.offset == 0)
    return {};
  if (!rhs.base && rhs.offset > 0) {
    uint32_t d = rhs.offset;
    if (!lhs.base)
      return {nullptr, int32_t(uint32_t(lhs.offset) / d)};
    if (d == 1)
      return lhs;
    // With g a common divisor of base and d, low bits below g never carry.
    unsigned g = std::min<unsigned>(getDivisor(lhs), llvm::countr_zero(d));
    auto [high, low] = split(lhs, g);
    if (g == unsigned(llvm::countr_zero(d)) && (d & (d - 1)) == 0) {
      // The base alone may be negative (c - x) although the sum is not, so the
      // sum is shifted. Its low bits were cleared by `split`.
      unsigned divisor = getDivisor(high);
      if (high.offset)
        divisor = std::min<unsigned>(divisor,
                                     llvm::countr_zero(uint32_t(high.offset)));
      Value base = unique<arith::ShRUIOp>(materialize(high), constant(g));
      setDivisor(base, divisor - g);
      return {base, 0};
    }
    return {unique<arith::DivUIOp>(materialize(high), constant(rhs.offset)), 0};
  }
  return {unique<arith::DivUIOp>(materialize(lhs), materialize(rhs)), 0};
}

Scalar ScalarEmitter::rem(Scalar lhs, Scalar rhs) {
  if (!rhs.base && rhs.offset == 0)
    return {};
  if (!rhs.base && rhs.offset > 0) {
    uint32_t d = rhs.offset;
    if (!lhs.base)
      return {nullptr, int32_t(uint32_t(lhs.offset) % d)};
    if (d == 1)
      return {};
    unsigned g = std::min<unsigned>(getDivisor(lhs), llvm::countr_zero(d));
    auto [high, low] = split(lhs, g);
    if (g == unsigned(llvm::countr_zero(d)) && (d & (d - 1)) == 0)
      return {nullptr, low};
    Value base =
        unique<arith::RemUIOp>(materialize(high), constant(rhs.offset));
    setDivisor(base, g);
    return {base, low};
  }
  return {unique<arith::RemUIOp>(materialize(lhs), materialize(rhs)), 0};
}

Value ScalarEmitter::compare(arith::CmpIPredicate predicate, Scalar lhs,
                             Scalar rhs) {
  using P = arith::CmpIPredicate;
  switch (predicate) { // to the form lhs < rhs or lhs >= rhs
  case P::sgt:
    return compare(P::slt, rhs, lhs);
  case P::ugt:
    return compare(P::ult, rhs, lhs);
  case P::sle:
    return compare(P::sge, rhs, lhs);
  case P::ule:
    return compare(P::uge, rhs, lhs);
  default:
    break;
  }
  if (predicate == P::slt || predicate == P::ult || predicate == P::sge ||
      predicate == P::uge) {
    // m + r < n is m < n when m and n are multiples of g and 0 <= r < g.
    unsigned g = std::min(getDivisor(lhs), getDivisor(rhs));
    if (rhs.offset)
      g = std::min<unsigned>(g, llvm::countr_zero(uint32_t(rhs.offset)));
    lhs = split(lhs, g).first;
  }
  if (!lhs.base && !rhs.base) {
    APInt l(32, uint32_t(lhs.offset)), r(32, uint32_t(rhs.offset));
    return constant(
        builder.getBoolAttr(arith::applyCmpPredicate(predicate, l, r)));
  }
  return unique<arith::CmpIOp>(predicate, materialize(lhs), materialize(rhs));
}
