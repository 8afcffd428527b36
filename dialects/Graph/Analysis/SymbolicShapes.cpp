//===- SymbolicShapes.cpp - Sizes as expressions over named dims ----------===//
#include "dialects/Graph/Analysis/SymbolicShapes.h"
#include "dialects/Graph/IR/GraphOps.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace raddle::graph;

SymbolicShapes::SymbolicShapes(Operation *root) {
  assumeAsserts(root);
  // In the order of the program, so that no question recurses deeply.
  root->walk<WalkOrder::PreOrder>([&](Operation *op) {
    for (Value result : op->getResults()) {
      if (auto type = dyn_cast<RankedTensorType>(result.getType())) {
        for (int64_t dim = 0; dim < type.getRank(); ++dim)
          if (type.isDynamicDim(dim))
            getDim(result, dim);
      } else if (result.getType().isIntOrIndex()) {
        get(result);
      }
    }
  });
}

//===----------------------------------------------------------------------===//
// Unknowns and names
//===----------------------------------------------------------------------===//

SymbolicExpr SymbolicShapes::unknown(StringRef prefix, Interval interval) {
  return context.symbol((prefix + Twine(numUnknowns++)).str(), interval);
}

SymbolicExpr SymbolicShapes::namedDim(Operation *function, StringRef name) {
  SymbolicExpr &expr = named[{function, name.str()}];
  if (expr)
    return expr;
  Interval interval = {0, Interval::noUpper};
  int64_t divisor = 1;
  auto entries = function->getAttrOfType<ArrayAttr>("graph.dims");
  for (Attribute entry : entries ? entries.getValue() : ArrayRef<Attribute>()) {
    auto fields = dyn_cast<DictionaryAttr>(entry);
    auto own = fields ? fields.getAs<StringAttr>("name") : StringAttr();
    if (!own || own.getValue() != name)
      continue;
    if (auto least = fields.getAs<IntegerAttr>("min"))
      interval.lower = least.getInt();
    if (auto most = fields.getAs<IntegerAttr>("max"))
      interval.upper = most.getInt();
    if (auto factor = fields.getAs<IntegerAttr>("divisor");
        factor && factor.getInt() > 1)
      divisor = factor.getInt();
  }
  return expr = context.symbol(name, interval, divisor);
}

//===----------------------------------------------------------------------===//
// Assumptions
//===----------------------------------------------------------------------===//

SymbolicExpr SymbolicShapes::applyAssumptions(SymbolicExpr expr) {
  for (auto [atom, replacement] : assumptions)
    if (SymbolicExpr applied = context.substitute(expr, atom, replacement))
      expr = applied;
  return expr;
}

void SymbolicShapes::assumeEqual(SymbolicExpr lhs, SymbolicExpr rhs) {
  SymbolicExpr difference = context.sub(lhs, rhs);
  auto [atom, replacement] = context.solveForZero(difference);
  if (!atom || !replacement)
    return;
  // What is a minimum is at most each of its operands.
  if (atom->kind == SymbolicAtom::Min || atom->kind == SymbolicAtom::Max)
    for (SymbolicExpr operand : {atom->lhs, atom->rhs}) {
      SymbolicExpr room = context.sub(operand, replacement);
      context.assumeNonNegative(atom->kind == SymbolicAtom::Min
                                    ? room
                                    : context.sub(replacement, operand));
    }
  SmallVector<std::pair<const SymbolicAtom *, SymbolicExpr>> updated;
  for (auto [other, value] : assumptions) {
    SymbolicExpr applied = context.substitute(value, atom, replacement);
    if (!applied)
      return;
    updated.emplace_back(other, applied);
  }
  updated.emplace_back(atom, replacement);
  assumptions = std::move(updated);
  for (auto &[value, expr] : scalars)
    expr = applyAssumptions(expr);
  for (auto &[key, expr] : dims)
    expr = applyAssumptions(expr);
}

void SymbolicShapes::assumeAsserts(Operation *root) {
  root->walk<WalkOrder::PreOrder>([&](cf::AssertOp op) {
    auto compare = op.getArg().getDefiningOp<arith::CmpIOp>();
    // Inside of control flow an assertion holds only there.
    if (!isa<FunctionOpInterface>(op->getParentOp()) || !compare ||
        !compare.getLhs().getType().isIntOrIndex())
      return;
    SymbolicExpr lhs = get(compare.getLhs()), rhs = get(compare.getRhs());
    SymbolicExpr one = context.constant(1);
    switch (compare.getPredicate()) {
    case arith::CmpIPredicate::eq:
      return assumeEqual(lhs, rhs);
    case arith::CmpIPredicate::sle:
      return context.assumeNonNegative(context.sub(rhs, lhs));
    case arith::CmpIPredicate::slt:
      return context.assumeNonNegative(context.sub(context.sub(rhs, lhs), one));
    case arith::CmpIPredicate::sge:
      return context.assumeNonNegative(context.sub(lhs, rhs));
    case arith::CmpIPredicate::sgt:
      return context.assumeNonNegative(context.sub(context.sub(lhs, rhs), one));
    default:
      return;
    }
  });
}

//===----------------------------------------------------------------------===//
// Host scalars
//===----------------------------------------------------------------------===//

SymbolicExpr SymbolicShapes::get(OpFoldResult size) {
  if (std::optional<int64_t> value = getConstantIntValue(size))
    return context.constant(*value);
  return get(cast<Value>(size));
}

SymbolicExpr SymbolicShapes::get(Value value) {
  if (auto known = scalars.find(value); known != scalars.end())
    return known->second;
  if (depth >= maxDepth)
    return unknown("s", {});
  ++depth;
  SymbolicExpr expr = applyAssumptions(computeScalar(value));
  --depth;
  if (!expr)
    expr = unknown("s", {});
  return scalars[value] = expr;
}

/// What fits in a signed integer of this type; wrapping is not modelled, so a
/// value that may leave it is unknown.
static Interval typeRange(Type type) {
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer || integer.getWidth() >= 64)
    return {};
  int64_t half = int64_t(1) << (integer.getWidth() - 1);
  return {-half, half - 1};
}

SymbolicExpr SymbolicShapes::computeScalar(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return computeArgument(argument);
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return constant.getSignificantBits() <= 64
               ? context.constant(constant.getSExtValue())
               : SymbolicExpr();

  Operation *op = value.getDefiningOp();
  auto operand = [&](unsigned number) { return get(op->getOperand(number)); };
  auto unsignedOperand = [&](unsigned number) {
    // Not negative: the unsigned reading is the signed one.
    SymbolicExpr expr = operand(number);
    return expr.getInterval().lower >= 0 ? expr : SymbolicExpr();
  };
  SymbolicExpr expr =
      llvm::TypeSwitch<Operation *, SymbolicExpr>(op)
          .Case([&](arith::AddIOp) {
            return context.add(operand(0), operand(1));
          })
          .Case([&](arith::SubIOp) {
            return context.sub(operand(0), operand(1));
          })
          .Case([&](arith::MulIOp) {
            return context.mul(operand(0), operand(1));
          })
          .Case([&](arith::DivSIOp) {
            return context.truncDiv(operand(0), operand(1));
          })
          .Case([&](arith::RemSIOp) {
            return context.truncRem(operand(0), operand(1));
          })
          .Case([&](arith::FloorDivSIOp) {
            return context.floorDiv(operand(0), operand(1));
          })
          .Case([&](arith::CeilDivSIOp) {
            return context.ceilDiv(operand(0), operand(1));
          })
          .Case([&](arith::DivUIOp) {
            return context.floorDiv(unsignedOperand(0), unsignedOperand(1));
          })
          .Case([&](arith::CeilDivUIOp) {
            return context.ceilDiv(unsignedOperand(0), unsignedOperand(1));
          })
          .Case([&](arith::RemUIOp) {
            return context.mod(unsignedOperand(0), unsignedOperand(1));
          })
          .Case([&](arith::MinSIOp) {
            return context.min(operand(0), operand(1));
          })
          .Case([&](arith::MaxSIOp) {
            return context.max(operand(0), operand(1));
          })
          .Case([&](arith::MinUIOp) {
            return context.min(unsignedOperand(0), unsignedOperand(1));
          })
          .Case([&](arith::MaxUIOp) {
            return context.max(unsignedOperand(0), unsignedOperand(1));
          })
          .Case<arith::IndexCastOp, arith::ExtSIOp, arith::TruncIOp>(
              [&](auto) { return operand(0); })
          .Case<arith::IndexCastUIOp, arith::ExtUIOp>(
              [&](auto) { return unsignedOperand(0); })
          .Case([&](arith::SelectOp select) {
            return computeSelect(select.getCondition(), operand(1), operand(2));
          })
          .Case([&](tensor::DimOp dim) {
            std::optional<int64_t> number = dim.getConstantIndex();
            auto type = dyn_cast<RankedTensorType>(dim.getSource().getType());
            if (!number || !type || *number < 0 || *number >= type.getRank())
              return SymbolicExpr();
            return getDim(dim.getSource(), *number);
          })
          .Case([&](affine::AffineApplyOp apply) {
            AffineMap map = apply.getAffineMap();
            std::function<SymbolicExpr(AffineExpr)> walk =
                [&](AffineExpr expr) -> SymbolicExpr {
              if (auto constant = dyn_cast<AffineConstantExpr>(expr))
                return context.constant(constant.getValue());
              if (auto dim = dyn_cast<AffineDimExpr>(expr))
                return operand(dim.getPosition());
              if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
                return operand(map.getNumDims() + symbol.getPosition());
              auto binary = cast<AffineBinaryOpExpr>(expr);
              SymbolicExpr lhs = walk(binary.getLHS());
              SymbolicExpr rhs = walk(binary.getRHS());
              switch (expr.getKind()) {
              case AffineExprKind::Add:
                return context.add(lhs, rhs);
              case AffineExprKind::Mul:
                return context.mul(lhs, rhs);
              case AffineExprKind::FloorDiv:
                return context.floorDiv(lhs, rhs);
              case AffineExprKind::CeilDiv:
                return context.ceilDiv(lhs, rhs);
              default:
                return context.mod(lhs, rhs);
              }
            };
            return walk(map.getResult(0));
          })
          .Case([&](scf::IfOp branch) {
            if (branch.getElseRegion().empty())
              return SymbolicExpr();
            unsigned number = cast<OpResult>(value).getResultNumber();
            return computeSelect(branch.getCondition(),
                                 get(branch.thenYield().getOperand(number)),
                                 get(branch.elseYield().getOperand(number)));
          })
          .Default([](Operation *) { return SymbolicExpr(); });
  Interval range = typeRange(value.getType());
  if (!expr)
    return unknown("s", range);
  Interval bounds = expr.getInterval();
  if (bounds.lower < range.lower || bounds.upper > range.upper)
    return unknown("s", range);
  return expr;
}

SymbolicExpr SymbolicShapes::computeSelect(Value condition, SymbolicExpr ifTrue,
                                           SymbolicExpr ifFalse) {
  if (ifTrue == ifFalse)
    return ifTrue;
  if (std::optional<int64_t> known = getConstantIntValue(condition))
    return *known ? ifTrue : ifFalse;
  auto compare = condition.getDefiningOp<arith::CmpIOp>();
  if (compare && compare.getLhs().getType().isIntOrIndex()) {
    SymbolicExpr lhs = get(compare.getLhs()), rhs = get(compare.getRhs());
    Interval difference = context.sub(lhs, rhs).getInterval();
    bool swapped = false;
    switch (compare.getPredicate()) {
    case arith::CmpIPredicate::eq:
    case arith::CmpIPredicate::ne:
      if (difference.lower > 0 || difference.upper < 0)
        return compare.getPredicate() == arith::CmpIPredicate::ne ? ifTrue
                                                                  : ifFalse;
      if (lhs == rhs)
        return compare.getPredicate() == arith::CmpIPredicate::eq ? ifTrue
                                                                  : ifFalse;
      break;
    case arith::CmpIPredicate::sgt:
    case arith::CmpIPredicate::sge:
      swapped = true;
      [[fallthrough]];
    case arith::CmpIPredicate::slt:
    case arith::CmpIPredicate::sle: {
      // lhs < rhs ? lhs : rhs
      if (ifTrue == lhs && ifFalse == rhs)
        return swapped ? context.max(lhs, rhs) : context.min(lhs, rhs);
      if (ifTrue == rhs && ifFalse == lhs)
        return swapped ? context.min(lhs, rhs) : context.max(lhs, rhs);
      bool strict = compare.getPredicate() == arith::CmpIPredicate::slt ||
                    compare.getPredicate() == arith::CmpIPredicate::sgt;
      if (swapped)
        difference = context.sub(rhs, lhs).getInterval();
      if (strict ? difference.upper < 0 : difference.upper <= 0)
        return ifTrue;
      if (strict ? difference.lower >= 0 : difference.lower > 0)
        return ifFalse;
      break;
    }
    default:
      break;
    }
  }
  Interval first = ifTrue.getInterval(), second = ifFalse.getInterval();
  return unknown("s", {std::min(first.lower, second.lower),
                       std::max(first.upper, second.upper)});
}

SymbolicExpr SymbolicShapes::computeArgument(BlockArgument argument) {
  Operation *parent = argument.getOwner()->getParentOp();
  if (auto group = dyn_cast_or_null<GroupOp>(parent))
    return get(group->getOperand(argument.getArgNumber()));
  // The argument of a counted loop lies between its bounds.
  if (auto loop = dyn_cast_or_null<scf::ForOp>(parent);
      loop && argument == loop.getInductionVar()) {
    Interval lower = get(loop.getLowerBound()).getInterval();
    Interval upper = get(loop.getUpperBound()).getInterval();
    if (upper.upper != Interval::noUpper && upper.upper != Interval::noLower)
      --upper.upper;
    return unknown("i", {lower.lower, upper.upper});
  }
  return SymbolicExpr();
}

//===----------------------------------------------------------------------===//
// Answers
//===----------------------------------------------------------------------===//

SmallVector<SymbolicExpr> SymbolicShapes::getShape(Value tensor) {
  SmallVector<SymbolicExpr> shape;
  auto type = cast<RankedTensorType>(tensor.getType());
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    shape.push_back(getDim(tensor, dim));
  return shape;
}

SymbolicExpr SymbolicShapes::getNumElements(Value tensor) {
  SymbolicExpr product = context.constant(1);
  for (SymbolicExpr size : getShape(tensor))
    product = context.mul(product, size);
  return product ? product : unknown("s", {0, Interval::noUpper});
}

bool SymbolicShapes::equal(SymbolicExpr lhs, SymbolicExpr rhs) {
  if (!lhs || !rhs)
    return false;
  // Simplifications that only the difference shows are found this way.
  return lhs == rhs || context.sub(lhs, rhs).getConstant() == 0;
}

bool SymbolicShapes::sameShape(Value lhs, Value rhs) {
  return llvm::equal(
      getShape(lhs), getShape(rhs),
      [&](SymbolicExpr a, SymbolicExpr b) { return equal(a, b); });
}

bool SymbolicShapes::atMost(SymbolicExpr lhs, SymbolicExpr rhs) {
  SymbolicExpr difference = context.sub(rhs, lhs);
  return difference && difference.getInterval().lower >= 0;
}

std::optional<int64_t> SymbolicShapes::constant(SymbolicExpr expr) {
  if (std::optional<int64_t> value = expr.getConstant())
    return value;
  Interval interval = expr.getInterval();
  if (interval.lower == interval.upper && interval.lower != Interval::noLower &&
      interval.lower != Interval::noUpper)
    return interval.lower;
  return std::nullopt;
}

std::optional<int64_t> SymbolicShapes::upperBound(SymbolicExpr expr) {
  int64_t upper = expr.getInterval().upper;
  return upper == Interval::noUpper ? std::nullopt
                                    : std::optional<int64_t>(upper);
}

std::optional<int64_t> SymbolicShapes::lowerBound(SymbolicExpr expr) {
  int64_t lower = expr.getInterval().lower;
  return lower == Interval::noLower ? std::nullopt
                                    : std::optional<int64_t>(lower);
}

bool SymbolicShapes::divisibleBy(SymbolicExpr expr, int64_t divisor) {
  if (!expr || divisor == 0)
    return false;
  uint64_t magnitude = divisor < 0 ? -static_cast<uint64_t>(divisor)
                                   : static_cast<uint64_t>(divisor);
  return expr.getDivisor() % magnitude == 0;
}
