//===- CausalMask.cpp - Masks that are causality --------------------------===//
//
// Exporters build causal masks from ranges, triangles and comparisons in many
// ways. Instead of their forms, their value is looked at: a mask is evaluated
// at position (m, n) of the scores as a number on one side of a diagonal
// n - m = bound and another number on the other side. Where the numbers are 0
// and a fill that no score outweighs, and the bound is that of
// `graph.attention`, the mask is replaced by its `causal`.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/Analysis/SymbolicShapes.h"
#include "dialects/Graph/IR/ReshapeRuns.h"
#include "dialects/Graph/Transforms/Match.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>
#include <variant>

using namespace mlir;
using namespace raddle::graph;

namespace {

/// rows * m + columns * n + offset.
struct Affine {
  int64_t rows = 0, columns = 0;
  SymbolicExpr offset;
};

/// `inside` where n - m <= bound, else `outside`; `inside` everywhere without
/// a bound.
struct Sides {
  std::optional<SymbolicExpr> bound;
  double inside = 0, outside = 0;
};

using Element = std::variant<Affine, Sides>;
using Index = std::optional<Affine>;

class MaskEvaluator {
public:
  explicit MaskEvaluator(SymbolicShapes &shapes) : shapes(shapes) {}

  /// The value of `mask`, of the shape of scores, or nothing when it depends on
  /// more than one diagonal.
  std::optional<Sides> evaluate(Value mask);

private:
  std::optional<Element> evaluate(Value value, ArrayRef<Index> at);
  std::optional<Element> evaluateReshape(ReshapeOp op, ArrayRef<Index> at);
  std::optional<Element> evaluateConstant(DenseElementsAttr elements,
                                          ArrayRef<Index> at);
  std::optional<Element> evaluatePointwise(Operation *op, ArrayRef<Index> at);
  std::optional<Sides> compare(arith::CmpIPredicate predicate, Affine lhs,
                               Affine rhs);
  SymbolicExprContext &context() { return shapes.getContext(); }
  Affine constant(int64_t value) { return {0, 0, context().constant(value)}; }

  SymbolicShapes &shapes;
  /// Keeps strange input cheap.
  unsigned budget = 256;
};

} // namespace

/// The number that a point-wise operation gives for numbers, or nothing.
static std::optional<double> compute(Operation *op, ArrayRef<double> x) {
  auto compareNumbers =
      [&](arith::CmpIPredicate predicate) -> std::optional<double> {
    using P = arith::CmpIPredicate;
    // A true is 1 here, whatever it is as a signed number.
    bool equality = predicate == P::eq || predicate == P::ne;
    if (!equality && (getElementTypeOrSelf(op->getOperand(0)).isInteger(1) ||
                      x[0] < 0 || x[1] < 0))
      return std::nullopt;
    return arith::applyCmpPredicate(predicate, APInt(64, int64_t(x[0]), true),
                                    APInt(64, int64_t(x[1]), true));
  };
  std::optional<double> result =
      llvm::TypeSwitch<Operation *, std::optional<double>>(op)
          .Case<arith::AddFOp, arith::AddIOp>([&](auto) { return x[0] + x[1]; })
          .Case<arith::SubFOp, arith::SubIOp>([&](auto) { return x[0] - x[1]; })
          .Case<arith::MulFOp, arith::MulIOp>([&](auto) { return x[0] * x[1]; })
          .Case([&](arith::DivFOp) { return x[0] / x[1]; })
          .Case([&](arith::NegFOp) { return -x[0]; })
          .Case<arith::AndIOp>(
              [&](auto) { return double(int64_t(x[0]) & int64_t(x[1])); })
          .Case<arith::OrIOp>(
              [&](auto) { return double(int64_t(x[0]) | int64_t(x[1])); })
          .Case<arith::XOrIOp>(
              [&](auto) { return double(int64_t(x[0]) ^ int64_t(x[1])); })
          .Case<arith::ExtUIOp, arith::UIToFPOp, arith::ExtFOp, arith::TruncFOp,
                arith::SIToFPOp, arith::ExtSIOp>([&](Operation *cast) {
            // A true is 1 unless its bit is taken for a sign.
            bool negates =
                isa<arith::SIToFPOp, arith::ExtSIOp>(cast) &&
                getElementTypeOrSelf(cast->getOperand(0)).isInteger(1);
            return negates ? -x[0] : x[0];
          })
          .Case([&](arith::SelectOp) { return x[0] != 0 ? x[1] : x[2]; })
          .Case([&](arith::CmpIOp compare) -> std::optional<double> {
            return compareNumbers(compare.getPredicate());
          })
          .Case([&](arith::CmpFOp compare) -> std::optional<double> {
            return arith::applyCmpPredicate(compare.getPredicate(),
                                            APFloat(x[0]), APFloat(x[1]));
          })
          .Default([](Operation *) { return std::nullopt; });
  if (!result)
    return result;
  Type element = getElementTypeOrSelf(op->getResult(0).getType());
  // Nothing that wraps, and no sign that an unsigned reading takes for a bit.
  if (isa<IntegerType>(element)) {
    unsigned width = std::min(element.getIntOrFloatBitWidth(), 53u);
    if (std::abs(*result) >
            std::ldexp(1.0, element.isInteger(1) ? 0 : width - 1) ||
        (isa<arith::ExtUIOp, arith::UIToFPOp>(op) && x[0] < 0))
      return std::nullopt;
  }
  // Rounded as the element type rounds.
  if (auto type = dyn_cast<FloatType>(element)) {
    APFloat number(*result);
    bool loses;
    number.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                   &loses);
    number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &loses);
    return number.convertToDouble();
  }
  return result;
}

std::optional<Sides> MaskEvaluator::compare(arith::CmpIPredicate predicate,
                                            Affine lhs, Affine rhs) {
  using P = arith::CmpIPredicate;
  int64_t rows = lhs.rows - rhs.rows, columns = lhs.columns - rhs.columns;
  if (rows + columns != 0 || std::abs(rows) != 1)
    return std::nullopt;
  if (columns < 0) {
    // So that it is n - m + offset, compared with 0.
    std::swap(lhs, rhs);
    switch (predicate) {
    case P::sle:
      predicate = P::sge;
      break;
    case P::slt:
      predicate = P::sgt;
      break;
    case P::sge:
      predicate = P::sle;
      break;
    case P::sgt:
      predicate = P::slt;
      break;
    default:
      return std::nullopt;
    }
  }
  SymbolicExpr bound = context().sub(rhs.offset, lhs.offset);
  SymbolicExpr below = context().sub(bound, context().constant(1));
  switch (predicate) {
  case P::sle:
    return Sides{bound, 1, 0};
  case P::slt:
    return Sides{below, 1, 0};
  case P::sgt:
    return Sides{bound, 0, 1};
  case P::sge:
    return Sides{below, 0, 1};
  default:
    return std::nullopt;
  }
}

std::optional<Element> MaskEvaluator::evaluatePointwise(Operation *op,
                                                        ArrayRef<Index> at) {
  SmallVector<Element> operands;
  for (Value operand : op->getOperands()) {
    if (!isa<RankedTensorType>(operand.getType()))
      return std::nullopt;
    std::optional<Element> element = evaluate(operand, at);
    if (!element)
      return std::nullopt;
    operands.push_back(*element);
  }
  // Positions: sums, differences and comparisons of integers.
  if (llvm::any_of(operands, [](const Element &element) {
        return std::holds_alternative<Affine>(element);
      })) {
    SmallVector<Affine> numbers;
    for (const Element &element : operands) {
      if (auto affine = std::get_if<Affine>(&element)) {
        numbers.push_back(*affine);
        continue;
      }
      const Sides &sides = std::get<Sides>(element);
      if (sides.bound || sides.inside != std::floor(sides.inside) ||
          std::abs(sides.inside) > 1e15)
        return std::nullopt;
      numbers.push_back(constant(sides.inside));
    }
    auto combine = [&](int64_t sign) -> std::optional<Element> {
      SymbolicExpr offset =
          sign > 0 ? context().add(numbers[0].offset, numbers[1].offset)
                   : context().sub(numbers[0].offset, numbers[1].offset);
      return Affine{numbers[0].rows + sign * numbers[1].rows,
                    numbers[0].columns + sign * numbers[1].columns, offset};
    };
    return llvm::TypeSwitch<Operation *, std::optional<Element>>(op)
        .Case([&](arith::AddIOp) { return combine(1); })
        .Case([&](arith::SubIOp) { return combine(-1); })
        .Case<arith::ExtSIOp, arith::TruncIOp, arith::IndexCastOp>(
            [&](auto) -> std::optional<Element> { return numbers[0]; })
        .Case([&](arith::CmpIOp op) -> std::optional<Element> {
          if (std::optional<Sides> sides =
                  compare(op.getPredicate(), numbers[0], numbers[1]))
            return *sides;
          return std::nullopt;
        })
        .Default([](Operation *) { return std::nullopt; });
  }
  Sides result;
  SmallVector<double> inside, outside;
  for (const Element &element : operands) {
    const Sides &sides = std::get<Sides>(element);
    if (sides.bound) {
      if (result.bound && !shapes.equal(*result.bound, *sides.bound))
        return std::nullopt;
      result.bound = sides.bound;
    }
    inside.push_back(sides.inside);
    outside.push_back(sides.bound ? sides.outside : sides.inside);
  }
  std::optional<double> first = compute(op, inside);
  std::optional<double> second = compute(op, outside);
  if (!first || !second)
    return std::nullopt;
  result.inside = *first;
  result.outside = *second;
  return result;
}

std::optional<Element> MaskEvaluator::evaluateReshape(ReshapeOp op,
                                                      ArrayRef<Index> at) {
  SmallVector<Index> indices(getTensorType(op.getInput()).getRank(),
                             constant(0));
  for (const DimRun &run : getReshapeRuns(op, shapes)) {
    if (run.from.size() == 1 && run.to.size() == 1) {
      indices[run.from[0]] = at[run.to[0]];
      continue;
    }
    for (int64_t dim : run.from)
      indices[dim] = std::nullopt;
  }
  return evaluate(op.getInput(), indices);
}

/// A stored triangle.
std::optional<Element>
MaskEvaluator::evaluateConstant(DenseElementsAttr elements,
                                ArrayRef<Index> at) {
  auto number = [&](auto value) {
    if constexpr (std::is_same_v<decltype(value), APFloat>) {
      bool loses;
      value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                    &loses);
      return value.convertToDouble();
    } else {
      return elements.getElementType().isInteger(1)
                 ? double(value.getZExtValue())
                 : double(value.getSExtValue());
    }
  };
  bool isFloat = isa<FloatType>(elements.getElementType());
  if (!isFloat && (!elements.getElementType().isSignlessInteger() ||
                   elements.getElementType().getIntOrFloatBitWidth() > 64))
    return std::nullopt;
  if (elements.isSplat())
    return Sides{std::nullopt,
                 isFloat ? number(elements.getSplatValue<APFloat>())
                         : number(elements.getSplatValue<APInt>()),
                 0};
  ArrayRef<int64_t> shape = elements.getType().getShape();
  int64_t rank = shape.size();
  if (rank < 2 || !at[rank - 2] || !at[rank - 1])
    return std::nullopt;
  Affine row = *at[rank - 2], column = *at[rank - 1];
  int64_t numRows = shape[rank - 2], numColumns = shape[rank - 1];
  if (row.rows != 1 || row.columns != 0 || column.rows != 0 ||
      column.columns != 1 || numRows * numColumns != elements.getNumElements())
    return std::nullopt;
  SmallVector<double> numbers;
  numbers.reserve(elements.getNumElements());
  if (isFloat)
    for (APFloat value : elements.getValues<APFloat>())
      numbers.push_back(number(value));
  else
    for (APInt value : elements.getValues<APInt>())
      numbers.push_back(number(value));
  // The lower left corner is inside; the first row tells where it ends.
  double inside = numbers[(numRows - 1) * numColumns];
  int64_t width = 0;
  while (width < numColumns && numbers[width] == inside)
    ++width;
  if (width == numColumns)
    return std::nullopt;
  double outside = numbers[width];
  int64_t diagonal = width - 1;
  for (int64_t i = 0; i < numRows; ++i)
    for (int64_t j = 0; j < numColumns; ++j)
      if (numbers[i * numColumns + j] != (j - i <= diagonal ? inside : outside))
        return std::nullopt;
  SymbolicExpr bound = context().sub(
      context().add(context().constant(diagonal), row.offset), column.offset);
  return Sides{bound, inside, outside};
}

std::optional<Element> MaskEvaluator::evaluate(Value value,
                                               ArrayRef<Index> at) {
  Operation *op = value.getDefiningOp();
  if (!op || budget == 0)
    return std::nullopt;
  --budget;
  if (OpTrait::hasElementwiseMappableTraits(op) &&
      isa<RankedTensorType>(value.getType()))
    return evaluatePointwise(op, at);
  return llvm::TypeSwitch<Operation *, std::optional<Element>>(op)
      .Case([&](arith::ConstantOp op) -> std::optional<Element> {
        if (auto elements = dyn_cast<DenseElementsAttr>(op.getValue()))
          return evaluateConstant(elements, at);
        return std::nullopt;
      })
      .Case([&](IotaOp op) -> std::optional<Element> {
        const Index &index = at[op.getAxis()];
        if (!index || !isa<IntegerType>(op.getType().getElementType()))
          return std::nullopt;
        return *index;
      })
      .Case([&](SplatOp op) -> std::optional<Element> {
        if (!op.getScalar().getType().isIntOrIndex() ||
            !isa<IntegerType>(op.getType().getElementType()))
          return std::nullopt;
        return Affine{0, 0, shapes.get(op.getScalar())};
      })
      .Case([&](BroadcastOp op) {
        RankedTensorType type = getTensorType(op.getInput());
        SmallVector<Index> indices(at.take_back(type.getRank()));
        for (auto [index, size] : llvm::zip_equal(indices, type.getShape()))
          if (size == 1)
            index = constant(0);
        return evaluate(op.getInput(), indices);
      })
      .Case([&](TransposeOp op) {
        SmallVector<Index> indices(at.size());
        for (auto [to, from] : llvm::enumerate(op.getPermutation()))
          indices[from] = at[to];
        return evaluate(op.getInput(), indices);
      })
      .Case([&](SliceOp op) {
        SmallVector<Index> indices;
        for (auto [index, offset, stride] :
             llvm::zip_equal(at, op.getMixedOffsets(), op.getStrides())) {
          if (!index || stride != 1) {
            indices.push_back(std::nullopt);
            continue;
          }
          indices.push_back(
              Affine{index->rows, index->columns,
                     context().add(index->offset, shapes.get(offset))});
        }
        return evaluate(op.getInput(), indices);
      })
      .Case([&](ReshapeOp op) { return evaluateReshape(op, at); })
      .Case([&](tensor::CastOp op) { return evaluate(op.getSource(), at); })
      .Default([](Operation *) { return std::nullopt; });
}

std::optional<Sides> MaskEvaluator::evaluate(Value mask) {
  RankedTensorType type = getTensorType(mask);
  int64_t rank = type.getRank();
  if (rank < 2)
    return std::nullopt;
  SmallVector<Index> at(rank);
  SymbolicExpr zero = context().constant(0);
  at[rank - 2] = Affine{1, 0, zero};
  at[rank - 1] = Affine{0, 1, zero};
  for (int64_t dim = 0; dim < rank; ++dim)
    if (type.getDimSize(dim) == 1)
      at[dim] = constant(0);
  std::optional<Element> element = evaluate(mask, at);
  if (!element || !std::holds_alternative<Sides>(*element))
    return std::nullopt;
  return std::get<Sides>(*element);
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

namespace {

/// Says whether a summand of a mask is causality.
class CausalityTest {
public:
  CausalityTest(AttentionOp op, SymbolicShapes &shapes)
      : shapes(shapes),
        wanted(shapes.getContext().sub(shapes.getDim(op.getKey(), 2),
                                       shapes.getDim(op.getQuery(), 2))) {}

  /// The value outside, when it is `inside` inside.
  std::optional<double> getFill(Value mask, double inside) {
    std::optional<Sides> sides = MaskEvaluator(shapes).evaluate(mask);
    if (!sides || !sides->bound || sides->inside != inside ||
        !shapes.equal(*sides->bound, wanted))
      return std::nullopt;
    return sides->outside;
  }
  /// Every query has a key that it sees.
  bool seesSome() {
    return shapes.atMost(shapes.getContext().constant(0), wanted);
  }

private:
  SymbolicShapes &shapes;
  SymbolicExpr wanted;
};

} // namespace

/// Whether the last two dims, as far as they are not of size 1, are those of
/// the operand.
static bool keepsPlane(ReshapeOp op) {
  int64_t from = getTensorType(op.getInput()).getRank();
  int64_t to = op.getType().getRank();
  for (const DimRun &run : getReshapeRuns(op))
    for (int64_t back : {1, 2})
      if ((llvm::is_contained(run.to, to - back) ||
           llvm::is_contained(run.from, from - back)) &&
          (run.to.size() != 1 || run.from.size() != 1 ||
           run.to[0] - to != run.from[0] - from))
        return false;
  return from >= 2 && to >= 2;
}

/// What is left of `mask` without its causal part; nothing when it has none. A
/// fill of minus infinity hides a score whatever else is added to it, so a
/// part with another fill has to be all of the mask.
static std::optional<Value> takeCausality(OpBuilder &builder, Value mask,
                                          CausalityTest &test) {
  double infinity = std::numeric_limits<double>::infinity();
  if (std::optional<double> fill = test.getFill(mask, 0))
    if (*fill == -infinity || (*fill <= -1e30 && test.seesSome()))
      return Value();
  SmallVector<Operation *> outer;
  Value inner = mask;
  while (Operation *op = inner.getDefiningOp()) {
    auto reshape = dyn_cast<ReshapeOp>(op);
    if (!isa<BroadcastOp>(op) && !(reshape && keepsPlane(reshape)))
      break;
    outer.push_back(op);
    inner = op->getOperand(0);
  }
  Operation *op = inner.getDefiningOp();
  if (!op || getTensorType(inner).getRank() < 2)
    return std::nullopt;
  auto rebuild = [&](Value value) {
    for (Operation *wrapper : llvm::reverse(outer)) {
      Operation *copy = builder.clone(*wrapper);
      copy->setOperand(0, value);
      value = copy->getResult(0);
    }
    return value;
  };
  if (isa<arith::AddFOp>(op)) {
    for (unsigned side : {0, 1})
      if (test.getFill(op->getOperand(side), 0) == -infinity)
        return rebuild(op->getOperand(1 - side));
    return std::nullopt;
  }
  auto select = dyn_cast<arith::SelectOp>(op);
  if (!select || !isa<RankedTensorType>(select.getCondition().getType()))
    return std::nullopt;
  std::optional<double> ifTrue = getSplatNumber(select.getTrueValue());
  std::optional<double> ifFalse = getSplatNumber(select.getFalseValue());
  Operation *condition = select.getCondition().getDefiningOp();
  bool keeps =
      ifFalse == -infinity && isa_and_nonnull<arith::AndIOp>(condition);
  bool hides = ifTrue == -infinity && isa_and_nonnull<arith::OrIOp>(condition);
  if (!keeps && !hides)
    return std::nullopt;
  for (unsigned side : {0, 1})
    if (std::optional<double> other =
            test.getFill(condition->getOperand(side), keeps);
        other && *other == double(hides)) {
      Value rest = condition->getOperand(1 - side);
      return rebuild(arith::SelectOp::create(builder, select.getLoc(), rest,
                                             select.getTrueValue(),
                                             select.getFalseValue()));
    }
  return std::nullopt;
}

void raddle::graph::recognizeCausalMasks(func::FuncOp function) {
  SmallVector<AttentionOp> ops;
  function.walk([&](AttentionOp op) {
    if (op.getMask() && !op.getCausal() &&
        getTensorType(op.getMask()).getDimSize(3) != 1)
      ops.push_back(op);
  });
  if (ops.empty())
    return;
  SymbolicShapes shapes(function);
  // The masks of all layers are one value as a rule.
  SmallVector<std::pair<AttentionOp, std::optional<Value>>> found;
  for (AttentionOp op : ops) {
    CausalityTest test(op, shapes);
    OpBuilder builder(op);
    found.push_back({op, takeCausality(builder, op.getMask(), test)});
  }
  for (auto [op, rest] : found) {
    if (!rest)
      continue;
    op.getMaskMutable().clear();
    if (*rest)
      op.getMaskMutable().assign(*rest);
    op.setCausal(true);
  }
}
