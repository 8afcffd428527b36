//===- Match.cpp - Seeing through what exporters write --------------------===//
#include "dialects/Graph/Transforms/Match.h"
#include "dialects/Graph/IR/GraphUtils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace raddle::graph;

/// True when a reshape only adds or drops unit dims.
static bool isUnitReshape(ReshapeOp op) {
  auto significant = [](RankedTensorType type) {
    SmallVector<int64_t> sizes;
    for (int64_t size : type.getShape())
      if (size != 1)
        sizes.push_back(size);
    return sizes;
  };
  SmallVector<int64_t> from = significant(getTensorType(op.getInput()));
  // With two unknown sizes the elements might move between them.
  return from == significant(op.getType()) &&
         llvm::count(from, ShapedType::kDynamic) <= 1;
}

Value raddle::graph::stripBroadcast(Value value) {
  while (true) {
    if (auto broadcast = value.getDefiningOp<BroadcastOp>()) {
      value = broadcast.getInput();
      continue;
    }
    if (auto reshape = value.getDefiningOp<ReshapeOp>();
        reshape && isUnitReshape(reshape)) {
      value = reshape.getInput();
      continue;
    }
    return value;
  }
}

std::optional<double> raddle::graph::getSplatNumber(Value value) {
  while (true) {
    if (auto broadcast = value.getDefiningOp<BroadcastOp>())
      value = broadcast.getInput();
    else if (auto reshape = value.getDefiningOp<ReshapeOp>())
      value = reshape.getInput();
    else
      break;
  }
  DenseElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)) || !elements.isSplat())
    return std::nullopt;
  if (isa<FloatType>(elements.getElementType()))
    return elements.getSplatValue<APFloat>().convertToDouble();
  if (elements.getElementType().isSignlessInteger())
    return static_cast<double>(elements.getSplatValue<APInt>().getSExtValue());
  return std::nullopt;
}

Value raddle::graph::getSplatSource(Value value) {
  value = stripBroadcast(value);
  RankedTensorType type = getTensorType(value);
  return type.hasStaticShape() && type.getNumElements() == 1 ? value : Value();
}

Value raddle::graph::matchScaled(Value value, double &factor) {
  if (auto op = value.getDefiningOp<arith::MulFOp>()) {
    for (unsigned side : {0, 1})
      if (std::optional<double> number = getSplatNumber(op.getOperand(side))) {
        factor = *number;
        return op.getOperand(1 - side);
      }
  }
  if (auto op = value.getDefiningOp<arith::DivFOp>()) {
    std::optional<double> number = getSplatNumber(op.getRhs());
    if (number && *number != 0) {
      factor = 1 / *number;
      return op.getLhs();
    }
  }
  return {};
}

Value raddle::graph::matchCommutative(Operation *op,
                                      function_ref<bool(Value)> match) {
  if (match(op->getOperand(0)))
    return op->getOperand(1);
  if (match(op->getOperand(1)))
    return op->getOperand(0);
  return {};
}

/// The number of elements of the dims from `axis` on equals `divisor`, which
/// may be a constant or computed from the sizes of `tensor`.
static bool isElementCount(Value divisor, Value tensor, int64_t axis,
                           bool reciprocal) {
  RankedTensorType type = getTensorType(tensor);
  std::optional<double> number = getSplatNumber(divisor);
  double count = 1;
  int64_t dynamicDim = -1;
  for (int64_t dim = axis; dim < type.getRank(); ++dim) {
    if (!type.isDynamicDim(dim))
      count *= type.getDimSize(dim);
    else if (dynamicDim < 0)
      dynamicDim = dim;
    else
      return false;
  }
  if (dynamicDim < 0) {
    double expected = reciprocal ? 1 / count : count;
    return number &&
           static_cast<float>(*number) == static_cast<float>(expected);
  }
  if (reciprocal || count != 1)
    return false;
  auto splat = stripBroadcast(divisor).getDefiningOp<SplatOp>();
  if (!splat)
    return false;
  Value scalar = splat.getScalar();
  while (Operation *cast = scalar.getDefiningOp()) {
    if (!isa<arith::IndexCastOp, arith::SIToFPOp, arith::UIToFPOp>(cast))
      break;
    scalar = cast->getOperand(0);
  }
  auto dim = scalar.getDefiningOp<tensor::DimOp>();
  return dim && dim.getSource() == tensor &&
         dim.getConstantIndex() == dynamicDim;
}

Value raddle::graph::matchTrailingMean(Value value, int64_t &axis) {
  value = stripBroadcast(value);
  Operation *op = value.getDefiningOp();
  if (!op || !isa<arith::DivFOp, arith::MulFOp>(op))
    return {};
  for (unsigned side : {0, 1}) {
    if (side == 1 && isa<arith::DivFOp>(op))
      break;
    auto reduce =
        stripBroadcast(op->getOperand(side)).getDefiningOp<ReduceOp>();
    if (!reduce || reduce.getKind() != ReduceKind::add)
      continue;
    RankedTensorType type = getTensorType(reduce.getInput());
    SmallVector<int64_t> dims(reduce.getDims());
    llvm::sort(dims);
    axis = type.getRank() - static_cast<int64_t>(dims.size());
    if (dims.empty() || dims.front() != axis)
      continue;
    if (isElementCount(op->getOperand(1 - side), reduce.getInput(), axis,
                       isa<arith::MulFOp>(op)))
      return reduce.getInput();
  }
  return {};
}

Value raddle::graph::createSplat(OpBuilder &builder, Location loc,
                                 double number, Type elementType,
                                 ArrayRef<OpFoldResult> sizes) {
  auto type = RankedTensorType::get({}, elementType);
  Value scalar = arith::ConstantOp::create(
      builder, loc,
      DenseElementsAttr::get(type, builder.getFloatAttr(elementType, number)));
  return BroadcastOp::create(builder, loc, scalar, sizes);
}
