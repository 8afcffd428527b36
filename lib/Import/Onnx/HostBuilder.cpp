//===- HostBuilder.cpp - Arithmetic on host scalars -----------------------===//
#include "HostBuilder.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace raddle::onnx;

namespace {

int64_t saturatedAdd(int64_t a, int64_t b) {
  int64_t r;
  return llvm::AddOverflow(a, b, r) ? (a < 0 ? INT64_MIN : INT64_MAX) : r;
}
int64_t saturatedMul(int64_t a, int64_t b) {
  int64_t r;
  return llvm::MulOverflow(a, b, r)
             ? ((a < 0) == (b < 0) ? INT64_MAX : INT64_MIN)
             : r;
}
int64_t negate(int64_t a) { return a == INT64_MIN ? INT64_MAX : -a; }

bool bothConstant(Scalar a, Scalar b) {
  return a.isConstant() && b.isConstant();
}

int64_t asInteger(Scalar a) {
  return a.isReal ? static_cast<int64_t>(a.real) : a.integer;
}

} // namespace

Value HostBuilder::constant(TypedAttr attr) {
  Value &value = constants[attr];
  if (!value) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(entryBlock);
    value = arith::ConstantOp::create(builder, attr);
  }
  return value;
}

Value HostBuilder::index(Scalar a) {
  return a.value ? a.value : constant(builder.getIndexAttr(asInteger(a)));
}

Value HostBuilder::condition(Scalar a) {
  return a.value ? a.value : constant(builder.getBoolAttr(asInteger(a) != 0));
}

OpFoldResult HostBuilder::fold(Scalar a) {
  if (a.value)
    return a.value;
  return builder.getIndexAttr(asInteger(a));
}

SmallVector<OpFoldResult> HostBuilder::fold(ArrayRef<Scalar> scalars) {
  return llvm::map_to_vector(scalars, [&](Scalar s) { return fold(s); });
}

void HostBuilder::enterRegion() {
  memos.emplace_back();
  equalMarks.push_back(equalOrder.size());
}

void HostBuilder::leaveRegion() {
  memos.pop_back();
  // What was checked inside need not hold outside.
  for (; equalOrder.size() > equalMarks.back(); equalOrder.pop_back())
    equals.erase(equalOrder.back());
  equalMarks.pop_back();
}

void HostBuilder::declareEqual(Value value, Scalar same) {
  equals[value] = same;
  equalOrder.push_back(value);
}

Scalar HostBuilder::memo(Kind kind, ArrayRef<Scalar> operands, bool isCondition,
                         function_ref<Value()> make, int predicate) {
  Key key{kind, predicate, {}};
  for (auto [slot, operand] : llvm::zip(key.operands, operands))
    slot = {operand.value.getAsOpaquePointer(), operand.integer};
  for (auto &scope : llvm::reverse(memos))
    if (auto found = scope.find(key); found != scope.end())
      return Scalar(found->second);
  Value value = make();
  memos.back()[key] = value;
  // Now that those of its operands are known: a long chain is not walked later.
  if (!isCondition)
    rangeOf(Scalar(value));
  return Scalar(value);
}

void HostBuilder::refine(Scalar a, Bounds range) {
  if (!a.value)
    return;
  Bounds known = rangeOf(a);
  setRange(a.value,
           {std::max(known.min, range.min), std::min(known.max, range.max)});
}

void HostBuilder::assume(Scalar condition) {
  if (!condition.value)
    return;
  auto compare = condition.value.getDefiningOp<arith::CmpIOp>();
  if (!compare || compare.getPredicate() != arith::CmpIPredicate::eq ||
      !compare.getLhs().getType().isIndex())
    return;
  if (auto c = getConstantIntValue(compare.getRhs()))
    declareEqual(compare.getLhs(), *c);
}

Scalar HostBuilder::canonical(Scalar a) {
  for (auto found = equals.find(a.value); a.value && found != equals.end();
       found = equals.find(a.value))
    a = found->second;
  return a;
}

Scalar HostBuilder::add(Scalar a, Scalar b) {
  if (bothConstant(a, b))
    return saturatedAdd(a.integer, b.integer);
  if (a.isConstant())
    std::swap(a, b);
  if (b.isInteger(0))
    return a;
  // (x + c) + d and (x - y) + y.
  if (auto inner = a.value.getDefiningOp<arith::AddIOp>();
      inner && b.isConstant())
    if (auto c = getConstantIntValue(inner.getRhs()))
      return add(Scalar(inner.getLhs()), saturatedAdd(*c, b.integer));
  if (auto inner = a.value.getDefiningOp<arith::SubIOp>();
      inner && inner.getRhs() == b.value)
    return getConstantIntValue(inner.getLhs())
               ? Scalar(*getConstantIntValue(inner.getLhs()))
               : Scalar(inner.getLhs());
  if (b.isConstant() && b.integer < 0 && b.integer != INT64_MIN)
    return sub(a, -b.integer);
  return memo(Kind::Add, {a, b}, false, [&] {
    return arith::AddIOp::create(builder, index(a), index(b));
  });
}

Scalar HostBuilder::sub(Scalar a, Scalar b) {
  if (bothConstant(a, b))
    return saturatedAdd(a.integer, negate(b.integer));
  if (b.isInteger(0))
    return a;
  if (a == b)
    return 0;
  if (a.value) {
    if (auto inner = a.value.getDefiningOp<arith::AddIOp>()) {
      if (inner.getRhs() == b.value)
        return Scalar(inner.getLhs());
      if (inner.getLhs() == b.value)
        if (auto c = getConstantIntValue(inner.getRhs()))
          return *c;
      if (auto c = getConstantIntValue(inner.getRhs()); c && b.isConstant())
        return add(Scalar(inner.getLhs()), saturatedAdd(*c, negate(b.integer)));
    }
    if (auto inner = a.value.getDefiningOp<arith::SubIOp>();
        inner && b.isConstant())
      if (auto c = getConstantIntValue(inner.getRhs()))
        return sub(Scalar(inner.getLhs()), saturatedAdd(*c, b.integer));
  }
  if (b.isConstant() && b.integer < 0 && b.integer != INT64_MIN)
    return add(a, -b.integer);
  return memo(Kind::Sub, {a, b}, false, [&] {
    return arith::SubIOp::create(builder, index(a), index(b));
  });
}

Scalar HostBuilder::mul(Scalar a, Scalar b) {
  if (bothConstant(a, b))
    return saturatedMul(a.integer, b.integer);
  if (a.isConstant())
    std::swap(a, b);
  if (b.isInteger(0) || b.isInteger(1))
    return b.isInteger(0) ? b : a;
  if (auto inner = a.value.getDefiningOp<arith::MulIOp>();
      inner && b.isConstant())
    if (auto c = getConstantIntValue(inner.getRhs()))
      return mul(Scalar(inner.getLhs()), saturatedMul(*c, b.integer));
  return memo(Kind::Mul, {a, b}, false, [&] {
    return arith::MulIOp::create(builder, index(a), index(b));
  });
}

void HostBuilder::collectFactors(Scalar a, int64_t &constant,
                                 SmallVectorImpl<Value> &symbols,
                                 unsigned depth) {
  a = canonical(a);
  if (a.isConstant()) {
    constant = saturatedMul(constant, a.integer);
    return;
  }
  if (auto c = getConstantIntValue(a.value)) {
    constant = saturatedMul(constant, *c);
    return;
  }
  // Squares of squares have more factors than there is memory.
  constexpr size_t maxFactors = 64;
  if (auto product = a.value.getDefiningOp<arith::MulIOp>();
      product && depth < maxFactors && symbols.size() < maxFactors) {
    collectFactors(Scalar(product.getLhs()), constant, symbols, depth + 1);
    collectFactors(Scalar(product.getRhs()), constant, symbols, depth + 1);
    return;
  }
  symbols.push_back(a.value);
}

Scalar HostBuilder::product(ArrayRef<Scalar> factors) {
  int64_t constant = 1;
  SmallVector<Value> symbols;
  for (Scalar factor : factors)
    collectFactors(factor, constant, symbols);
  Scalar result = 1;
  for (Value symbol : symbols)
    result = mul(result, Scalar(symbol));
  return mul(result, constant);
}

Scalar HostBuilder::exactQuotient(ArrayRef<Scalar> numerator,
                                  ArrayRef<Scalar> denominator) {
  int64_t top = 1, bottom = 1;
  SmallVector<Value> above, below;
  for (Scalar factor : numerator)
    collectFactors(factor, top, above);
  for (Scalar factor : denominator)
    collectFactors(factor, bottom, below);
  llvm::erase_if(below, [&](Value symbol) {
    auto *found = llvm::find(above, symbol);
    if (found == above.end())
      return false;
    above.erase(found);
    return true;
  });
  if (int64_t common = std::gcd(top, bottom); common > 1) {
    top /= common;
    bottom /= common;
  }
  auto multiply = [&](int64_t constant, ArrayRef<Value> symbols) {
    Scalar result = 1;
    for (Value symbol : symbols)
      result = mul(result, Scalar(symbol));
    return mul(result, constant);
  };
  return floorDiv(multiply(top, above), multiply(bottom, below));
}

Scalar HostBuilder::floorDiv(Scalar a, Scalar b) {
  if (bothConstant(a, b) && b.integer != 0)
    return b.integer == -1
               ? Scalar(negate(a.integer))
               : Scalar(llvm::divideFloorSigned(a.integer, b.integer));
  if (b.isInteger(1))
    return a;
  if (a.value && a == b && rangeOf(a).min > 0)
    return 1;
  if (a.value && b.isConstant() && b.integer > 0)
    if (auto inner = a.value.getDefiningOp<arith::MulIOp>())
      if (auto c = getConstantIntValue(inner.getRhs());
          c && *c % b.integer == 0)
        return mul(Scalar(inner.getLhs()), *c / b.integer);
  return memo(Kind::FloorDiv, {a, b}, false, [&] {
    return arith::FloorDivSIOp::create(builder, index(a), index(b));
  });
}

Scalar HostBuilder::divTrunc(Scalar a, Scalar b) {
  if (rangeOf(a).min >= 0 && rangeOf(b).min > 0)
    return floorDiv(a, b);
  if (bothConstant(a, b) && b.integer != 0)
    return b.integer == -1 ? negate(a.integer) : a.integer / b.integer;
  return memo(Kind::DivS, {a, b}, false, [&] {
    return arith::DivSIOp::create(builder, index(a), index(b));
  });
}

Scalar HostBuilder::ceilDiv(Scalar a, Scalar b) {
  if (bothConstant(a, b) && b.integer != 0)
    return b.integer == -1
               ? Scalar(negate(a.integer))
               : Scalar(llvm::divideCeilSigned(a.integer, b.integer));
  if (b.isInteger(1))
    return a;
  return memo(Kind::CeilDiv, {a, b}, false, [&] {
    return arith::CeilDivSIOp::create(builder, index(a), index(b));
  });
}

Scalar HostBuilder::floorMod(Scalar a, Scalar b) {
  if (bothConstant(a, b) && b.integer != 0) {
    if (b.integer == -1 || b.integer == 1)
      return 0;
    int64_t r = a.integer % b.integer;
    return r != 0 && (r < 0) != (b.integer < 0) ? r + b.integer : r;
  }
  if (rangeOf(a).min >= 0 && rangeOf(b).min > 0)
    return memo(Kind::Rem, {a, b}, false, [&] {
      return arith::RemSIOp::create(builder, index(a), index(b));
    });
  return sub(a, mul(floorDiv(a, b), b));
}

Scalar HostBuilder::min(Scalar a, Scalar b) {
  Bounds x = rangeOf(a), y = rangeOf(b);
  if (x.max <= y.min || a == b)
    return a;
  if (y.max <= x.min)
    return b;
  if (a.isConstant())
    std::swap(a, b);
  return memo(Kind::Min, {a, b}, false, [&] {
    return arith::MinSIOp::create(builder, index(a), index(b));
  });
}

Scalar HostBuilder::max(Scalar a, Scalar b) {
  Bounds x = rangeOf(a), y = rangeOf(b);
  if (x.min >= y.max || a == b)
    return a;
  if (y.min >= x.max)
    return b;
  if (a.isConstant())
    std::swap(a, b);
  return memo(Kind::Max, {a, b}, false, [&] {
    return arith::MaxSIOp::create(builder, index(a), index(b));
  });
}

Scalar HostBuilder::compare(arith::CmpIPredicate predicate, Scalar a,
                            Scalar b) {
  using P = arith::CmpIPredicate;
  a = canonical(a);
  b = canonical(b);
  if (bothConstant(a, b))
    return arith::applyCmpPredicate(predicate, llvm::APInt(64, a.integer, true),
                                    llvm::APInt(64, b.integer, true));
  if (a == b)
    return predicate == P::eq || predicate == P::sle || predicate == P::sge;
  Bounds x = rangeOf(a), y = rangeOf(b);
  bool below = x.max<y.min, above = x.min> y.max;
  bool notAbove = x.max <= y.min, notBelow = x.min >= y.max;
  switch (predicate) {
  case P::eq:
    if (below || above)
      return 0;
    break;
  case P::ne:
    if (below || above)
      return 1;
    break;
  case P::slt:
    if (below || notBelow)
      return below;
    break;
  case P::sle:
    if (notAbove || above)
      return notAbove;
    break;
  case P::sgt:
    if (above || notAbove)
      return above;
    break;
  case P::sge:
    if (notBelow || below)
      return notBelow;
    break;
  default:
    break;
  }
  return memo(
      Kind::Compare, {a, b}, true,
      [&] {
        return arith::CmpIOp::create(builder, predicate, index(a), index(b));
      },
      static_cast<int>(predicate));
}

Scalar HostBuilder::logicalAnd(Scalar a, Scalar b) {
  if (a.isConstant())
    std::swap(a, b);
  if (b.isConstant())
    return b.integer ? a : Scalar(0);
  if (a == b)
    return a;
  return memo(Kind::And, {a, b}, true,
              [&] { return arith::AndIOp::create(builder, a.value, b.value); });
}

Scalar HostBuilder::logicalOr(Scalar a, Scalar b) {
  if (a.isConstant())
    std::swap(a, b);
  if (b.isConstant())
    return b.integer ? Scalar(1) : a;
  if (a == b)
    return a;
  return memo(Kind::Or, {a, b}, true,
              [&] { return arith::OrIOp::create(builder, a.value, b.value); });
}

Scalar HostBuilder::logicalNot(Scalar a) {
  if (a.isConstant())
    return a.integer == 0;
  return memo(Kind::Not, {a}, true, [&] {
    return arith::XOrIOp::create(builder, a.value, condition(1));
  });
}

Scalar HostBuilder::select(Scalar condition, Scalar a, Scalar b) {
  if (condition.isConstant())
    return condition.integer ? a : b;
  if (a == b)
    return a;
  return memo(Kind::Select, {condition, a, b}, false, [&] {
    return arith::SelectOp::create(builder, condition.value, index(a),
                                   index(b));
  });
}

Scalar HostBuilder::fromCondition(Scalar condition) {
  return condition.isConstant() ? Scalar(condition.integer != 0)
                                : select(condition, 1, 0);
}

Scalar HostBuilder::toCondition(Scalar a) {
  if (a.isConstant())
    return asInteger(a) != 0;
  return compare(arith::CmpIPredicate::ne, a, 0);
}

Bounds HostBuilder::rangeOf(Scalar a) {
  if (a.isConstant())
    return {asInteger(a), asInteger(a)};
  if (auto found = ranges.find(a.value); found != ranges.end())
    return found->second;
  Bounds result;
  Operation *op = a.value.getDefiningOp();
  auto operand = [&](unsigned n) {
    Value v = op->getOperand(n);
    if (auto c = getConstantIntValue(v))
      return Bounds{*c, *c};
    return rangeOf(Scalar(v));
  };
  if (op && op->getDialect() &&
      isa<arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::MinSIOp,
          arith::MaxSIOp, arith::FloorDivSIOp, arith::CeilDivSIOp,
          arith::RemSIOp>(op)) {
    Bounds x = operand(0), y = operand(1);
    if (isa<arith::AddIOp>(op)) {
      result = {saturatedAdd(x.min, y.min), saturatedAdd(x.max, y.max)};
    } else if (isa<arith::SubIOp>(op)) {
      result = {saturatedAdd(x.min, negate(y.max)),
                saturatedAdd(x.max, negate(y.min))};
    } else if (isa<arith::MulIOp>(op)) {
      int64_t corners[] = {
          saturatedMul(x.min, y.min), saturatedMul(x.min, y.max),
          saturatedMul(x.max, y.min), saturatedMul(x.max, y.max)};
      result = {*std::min_element(corners, corners + 4),
                *std::max_element(corners, corners + 4)};
    } else if (isa<arith::MinSIOp>(op)) {
      result = {std::min(x.min, y.min), std::min(x.max, y.max)};
    } else if (isa<arith::MaxSIOp>(op)) {
      result = {std::max(x.min, y.min), std::max(x.max, y.max)};
    } else if (x.min >= 0 && y.min > 0) {
      if (isa<arith::RemSIOp>(op))
        result = {0, y.max - 1};
      else if (isa<arith::FloorDivSIOp>(op))
        result = {x.min / y.max, x.max / y.min};
      else
        result = {llvm::divideCeilSigned(x.min, y.max),
                  x.max / y.min + (x.max % y.min != 0)};
    }
  } else if (auto pick = dyn_cast_if_present<arith::SelectOp>(op)) {
    Bounds x = operand(1), y = operand(2);
    result = {std::min(x.min, y.min), std::max(x.max, y.max)};
  }
  ranges[a.value] = result;
  return result;
}
