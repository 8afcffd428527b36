//===- ShapeInference.cpp - Result shapes from operand shapes -------------===//
#include "dialects/Graph/IR/ShapeInference.h"
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphVerify.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace raddle::graph;

using Shape = SmallVector<int64_t>;

LogicalResult raddle::graph::mergeShape(SmallVectorImpl<int64_t> &shape,
                                        ArrayRef<int64_t> from) {
  if (shape.size() != from.size())
    return failure();
  for (auto [size, other] : llvm::zip(shape, from)) {
    if (!sizesFit(size, other))
      return failure();
    if (ShapedType::isDynamic(size))
      size = other;
  }
  return success();
}

namespace {
/// The operand shapes that an inference starts from.
struct Operands {
  ArrayRef<Type> types;
  ArrayRef<int64_t> operator[](unsigned number) const {
    return cast<RankedTensorType>(types[number]).getShape();
  }
};
} // namespace

static int64_t sum(int64_t lhs, int64_t rhs) {
  if (ShapedType::isDynamic(lhs) || ShapedType::isDynamic(rhs))
    return ShapedType::kDynamic;
  return llvm::checkedAdd(lhs, rhs).value_or(ShapedType::kDynamic);
}

static FailureOr<Shape> inferTranspose(TransposeOp op, Operands operands) {
  Shape shape;
  for (int64_t dim : op.getPermutation())
    shape.push_back(operands[0][dim]);
  return shape;
}

static FailureOr<Shape> inferConcat(ConcatOp op, Operands operands) {
  int64_t axis = op.getAxis(), along = 0;
  Shape shape(operands[0].size(), ShapedType::kDynamic);
  for (unsigned number = 0; number < operands.types.size(); ++number) {
    Shape input(operands[number]);
    along = sum(along, input[axis]);
    input[axis] = ShapedType::kDynamic;
    if (failed(mergeShape(shape, input)))
      return failure();
  }
  shape[axis] = along;
  return shape;
}

static FailureOr<Shape> inferGather(GatherOp op, Operands operands) {
  Shape shape(operands[0].take_front(op.getAxis()));
  llvm::append_range(shape, operands[1]);
  llvm::append_range(shape, operands[0].drop_front(op.getAxis() + 1));
  return shape;
}

static FailureOr<Shape> inferGatherNd(GatherNdOp op, Operands operands) {
  Shape shape(operands[1].drop_back());
  if (failed(mergeShape(shape, [&] {
        Shape batch(operands[0].take_front(op.getBatchDims()));
        batch.resize(shape.size(), ShapedType::kDynamic);
        return batch;
      }())))
    return failure();
  llvm::append_range(
      shape, operands[0].drop_front(op.getBatchDims() + operands[1].back()));
  return shape;
}

static FailureOr<Shape> inferReduce(ArrayRef<int64_t> input,
                                    ArrayRef<int64_t> dims, bool keepDims) {
  Shape shape;
  for (auto [dim, size] : llvm::enumerate(input))
    if (!llvm::is_contained(dims, static_cast<int64_t>(dim)))
      shape.push_back(size);
    else if (keepDims)
      shape.push_back(1);
  return shape;
}

static FailureOr<Shape> inferContract(ContractOp op, Operands operands) {
  SmallVector<AffineMap, 3> maps = op.getMaps();
  Shape extents(maps[0].getNumDims(), ShapedType::kDynamic);
  for (unsigned number : {0u, 1u})
    for (auto [position, size] : llvm::enumerate(operands[number])) {
      int64_t &extent = extents[maps[number].getDimPosition(position)];
      if (!sizesFit(extent, size))
        return failure();
      if (ShapedType::isDynamic(extent))
        extent = size;
    }
  Shape shape;
  for (unsigned position = 0; position < maps[2].getNumResults(); ++position)
    shape.push_back(extents[maps[2].getDimPosition(position)]);
  return shape;
}

static FailureOr<Shape> inferAttention(AttentionOp op, Operands operands) {
  Shape shape(operands[0]);
  shape[3] = operands[2][3];
  for (unsigned number : {1u, 2u})
    if (failed(mergeShape(shape, {operands[number][0], ShapedType::kDynamic,
                                  ShapedType::kDynamic, ShapedType::kDynamic})))
      return failure();
  if (!sizesFit(operands[0][3], operands[1][3]) ||
      !sizesFit(operands[1][1], operands[2][1]) ||
      !sizesFit(operands[1][2], operands[2][2]))
    return failure();
  return shape;
}

/// Batch and spatial sizes of a convolution; the channels come from its type.
static FailureOr<Shape> inferConv(ConvOp op, Operands operands) {
  ArrayRef<int64_t> input = operands[0], filter = operands[1];
  Shape shape(input.size(), ShapedType::kDynamic);
  shape[0] = input[0];
  bool last = op.getChannelsLast();
  for (int64_t i = 0, spatial = op.getSpatialRank(); i < spatial; ++i) {
    int64_t dim = last ? i + 1 : i + 2;
    if (ShapedType::isDynamic(input[dim]) || ShapedType::isDynamic(filter[dim]))
      continue;
    int64_t stride = op.getStrides()[i];
    std::optional<int64_t> reach =
        llvm::checkedMul<int64_t>(op.getDilations()[i], filter[dim] - 1);
    std::optional<int64_t> pads =
        llvm::checkedAdd(op.getPadsLow()[i], op.getPadsHigh()[i]);
    if (!reach || !pads)
      return failure();
    if (op.getTransposed()) {
      std::optional<int64_t> span =
          llvm::checkedMul<int64_t>(stride, input[dim] - 1);
      int64_t extra = op.getOutputPads() ? (*op.getOutputPads())[i] : 0;
      int64_t size =
          span ? sum(sum(*span, *reach), sum(extra, 1)) : ShapedType::kDynamic;
      if (ShapedType::isDynamic(size) || size < *pads || input[dim] == 0)
        return failure();
      shape[dim] = size - *pads;
      continue;
    }
    int64_t padded = sum(input[dim], *pads);
    if (ShapedType::isDynamic(padded) || padded <= *reach)
      return failure();
    shape[dim] = (padded - *reach - 1) / stride + 1;
  }
  return shape;
}

LogicalResult raddle::graph::inferResultShapes(Operation *op,
                                               ArrayRef<Type> types,
                                               SmallVectorImpl<Shape> &shapes) {
  Operands operands{types};
  auto shape =
      llvm::TypeSwitch<Operation *, FailureOr<Shape>>(op)
          .Case([&](TransposeOp op) { return inferTranspose(op, operands); })
          .Case([&](ConcatOp op) { return inferConcat(op, operands); })
          .Case([&](GatherOp op) { return inferGather(op, operands); })
          .Case([&](GatherNdOp op) { return inferGatherNd(op, operands); })
          .Case([&](GatherElementsOp) { return Shape(operands[1]); })
          .Case([&](ReduceOp op) {
            return inferReduce(operands[0], op.getDims(), op.getKeepDims());
          })
          .Case([&](ArgReduceOp op) {
            return inferReduce(operands[0], static_cast<int64_t>(op.getAxis()),
                               op.getKeepDims());
          })
          .Case<SoftmaxOp, NormOp, CumulativeOp, ScatterElementsOp,
                ScatterNdOp>([&](auto) { return Shape(operands[0]); })
          .Case([&](ContractOp op) { return inferContract(op, operands); })
          .Case([&](ConvOp op) { return inferConv(op, operands); })
          .Case([&](AttentionOp op) { return inferAttention(op, operands); })
          .Case([&](SortOp op) {
            Shape shape(operands[0]);
            std::optional<int64_t> k = getConstantIntValue(op.getK());
            shape[op.getAxis()] = k.value_or(ShapedType::kDynamic);
            return shape;
          })
          .Case<LstmOp, GruOp, RnnOp>([&](auto op) {
            // The sizes that are not known from attributes; the rest of the
            // shape is static anyway.
            return Shape{operands[0][0], ShapedType::kDynamic, operands[0][1],
                         static_cast<int64_t>(op.getHidden())};
          })
          .Default([](Operation *) { return failure(); });
  if (failed(shape))
    return failure();
  for (Value result : op->getResults()) {
    Shape &merged = shapes.emplace_back(tensorType(result).getShape());
    // The last states of a recurrent layer have no time.
    ArrayRef<int64_t> inferred = *shape;
    if (merged.size() + 1 == inferred.size())
      inferred = inferred.drop_front();
    if (failed(mergeShape(merged, inferred)))
      return failure();
  }
  return success();
}
