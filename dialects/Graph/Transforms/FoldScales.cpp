//===- FoldScales.cpp - Per-channel scales move into weights --------------===//
//
// A batch norm behind a convolution is a factor and a summand per channel. The
// factor is multiplied into the filter, where it costs nothing at run time;
// the summand joins the bias. Weights stay named: what becomes of them is
// stated in the IR and computed when the artifact is written.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/IR/GraphUtils.h"
#include "dialects/Graph/Transforms/Classify.h"
#include "dialects/Graph/Transforms/Match.h"
#include "dialects/Graph/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace raddle::graph {
#define GEN_PASS_DEF_GRAPHFOLDSCALES
#include "dialects/Graph/Transforms/Passes.h.inc"
} // namespace raddle::graph

using namespace mlir;
using namespace raddle::graph;

namespace {

/// A convolution or product by a constant weight that nothing else reads, and
/// whose result has one use.
struct WeightedOp {
  Operation *op;
  unsigned weightOperand;
  /// Per dim of the result: the dim of the weight that it runs along when it
  /// runs along no dim of the other operand, else -1.
  SmallVector<int64_t> weightDims;

  Value getWeight() const { return op->getOperand(weightOperand); }
};

std::optional<WeightedOp> getWeighted(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || !value.hasOneUse())
    return std::nullopt;
  WeightedOp weighted{op, 1, {}};
  int64_t rank = getTensorType(value).getRank();
  weighted.weightDims.assign(rank, -1);
  if (auto conv = dyn_cast<ConvOp>(op)) {
    // Output channels of a transposed convolution in groups are split over two
    // dims of the filter.
    if (conv.getTransposed() && conv.getGroups() != 1)
      return std::nullopt;
    weighted.weightDims[conv.getChannelsLast() ? rank - 1 : 1] =
        conv.getTransposed() ? 1 : 0;
  } else if (auto contract = dyn_cast<ContractOp>(op)) {
    if (!isWeightExpression(contract.getRhs())) {
      if (!isWeightExpression(contract.getLhs()))
        return std::nullopt;
      weighted.weightOperand = 0;
    }
    auto maps = contract.getMaps();
    for (auto [dim, expr] : llvm::enumerate(maps[2].getResults()))
      if (!maps[1 - weighted.weightOperand].getResultPosition(expr))
        if (auto position =
                maps[weighted.weightOperand].getResultPosition(expr))
          weighted.weightDims[dim] = *position;
  } else {
    return std::nullopt;
  }
  Value weight = weighted.getWeight();
  if (!isWeightExpression(weight) || !weight.hasOneUse() ||
      !isa<FloatType>(getTensorType(weight).getElementType()))
    return std::nullopt;
  return weighted;
}

/// For a value that is constant and repeats along all dims of `weighted`'s
/// result but those of its weight: the tensor that is repeated.
Value getPerChannel(Value value, const WeightedOp &weighted) {
  while (auto broadcast = value.getDefiningOp<BroadcastOp>())
    value = broadcast.getInput();
  RankedTensorType type = getTensorType(value);
  DenseElementsAttr elements;
  if (auto constant = value.getDefiningOp<arith::ConstantOp>())
    elements = dyn_cast<DenseElementsAttr>(constant.getValue());
  if (!type.hasStaticShape() || !isWeightExpression(value) ||
      !isa<FloatType>(type.getElementType()))
    return {};
  if (elements && elements.isSplat())
    return value;
  int64_t missing = weighted.weightDims.size() - type.getRank();
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.getDimSize(dim) != 1 && weighted.weightDims[missing + dim] < 0)
      return {};
  return value;
}

/// Adds leading unit dims; of equal elements one is kept.
Value toRank(OpBuilder &builder, Location loc, Value value, int64_t rank) {
  RankedTensorType type = getTensorType(value);
  if (auto constant = value.getDefiningOp<arith::ConstantOp>())
    if (auto elements = dyn_cast<DenseElementsAttr>(constant.getValue());
        elements && elements.isSplat() && type.getNumElements() != 1) {
      type = RankedTensorType::get({}, type.getElementType());
      value = arith::ConstantOp::create(
          builder, loc,
          DenseElementsAttr::get(type, elements.getSplatValue<Attribute>()));
    }
  if (type.getRank() == rank)
    return value;
  SmallVector<OpFoldResult> sizes(rank - type.getRank(),
                                  builder.getIndexAttr(1));
  for (int64_t size : type.getShape())
    sizes.push_back(builder.getIndexAttr(size));
  return ReshapeOp::create(builder, loc, value, sizes);
}

/// Element-wise arithmetic on per-channel constants of a common rank.
template <typename OpTy>
Value combine(OpBuilder &builder, Location loc, Value lhs, Value rhs,
              int64_t rank) {
  lhs = toRank(builder, loc, lhs, rank);
  rhs = toRank(builder, loc, rhs, rank);
  SmallVector<OpFoldResult> sizes;
  for (auto [left, right] : llvm::zip_equal(getTensorType(lhs).getShape(),
                                            getTensorType(rhs).getShape()))
    sizes.push_back(builder.getIndexAttr(std::max(left, right)));
  auto widen = [&](Value value) -> Value {
    Value wide = BroadcastOp::create(builder, loc, value, sizes);
    return wide.getType() == value.getType() ? value : wide;
  };
  return OpTy::create(builder, loc, widen(lhs), widen(rhs));
}

Value spread(OpBuilder &builder, Location loc, Value perChannel, Value like) {
  return BroadcastOp::create(builder, loc, perChannel,
                             getSizes(builder, loc, like));
}

/// Follows single uses of sums with constants down to a weighted operation.
std::optional<WeightedOp> findWeighted(Value value) {
  for (unsigned depth = 0; depth < 8; ++depth) {
    if (std::optional<WeightedOp> weighted = getWeighted(value))
      return weighted;
    auto add = value.getDefiningOp<arith::AddFOp>();
    if (!add || !value.hasOneUse())
      return std::nullopt;
    bool left = isWeightExpression(add.getRhs());
    if (left == isWeightExpression(add.getLhs()))
      return std::nullopt;
    value = left ? add.getLhs() : add.getRhs();
  }
  return std::nullopt;
}

/// A value times (or divided by) a channel constant, or plus (or minus) one.
struct ChannelOp {
  Value value, constant;
  WeightedOp weighted;
};

template <typename OpTy> std::optional<ChannelOp> matchChannelOp(OpTy op) {
  bool commutes = isa<arith::MulFOp, arith::AddFOp>(op.getOperation());
  for (unsigned side : {1, 0}) {
    if (side == 0 && !commutes)
      break;
    Value value = op->getOperand(1 - side);
    std::optional<WeightedOp> weighted = findWeighted(value);
    if (!weighted || getTensorType(value).getElementType() !=
                         getTensorType(weighted->getWeight()).getElementType())
      continue;
    if (Value constant = getPerChannel(op->getOperand(side), *weighted))
      return ChannelOp{value, constant, *weighted};
  }
  return std::nullopt;
}

/// y * c, y / c: into the weights of y, or past a sum.
template <typename OpTy> struct FoldScale : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    std::optional<ChannelOp> match = matchChannelOp(op);
    if (!match)
      return rewriter.notifyMatchFailure(op, "no scale of a weighted result");
    Location loc = op.getLoc();
    int64_t rank = getTensorType(match->value).getRank();
    if (auto add = match->value.template getDefiningOp<arith::AddFOp>()) {
      // (y + b) c = y c + b c
      unsigned side = isWeightExpression(add.getRhs()) ? 1 : 0;
      Value bias = getPerChannel(add.getOperand(side), match->weighted);
      if (!bias)
        return rewriter.notifyMatchFailure(op, "a summand of other shape");
      Value inner = add.getOperand(1 - side);
      Value factor = spread(
          rewriter, loc, toRank(rewriter, loc, match->constant, rank), inner);
      Value scaled = OpTy::create(rewriter, loc, inner, factor);
      Value moved = combine<OpTy>(rewriter, loc, bias, match->constant, rank);
      rewriter.replaceOpWithNewOp<arith::AddFOp>(
          op, scaled, spread(rewriter, loc, moved, inner));
      return success();
    }
    WeightedOp weighted = match->weighted;
    Value weight = weighted.getWeight();
    RankedTensorType weightType = getTensorType(weight);
    Value factor = toRank(rewriter, loc, match->constant, rank);
    SmallVector<OpFoldResult> sizes(weightType.getRank(),
                                    rewriter.getIndexAttr(1));
    unsigned numLong = 0;
    for (auto [dim, size] : llvm::enumerate(getTensorType(factor).getShape())) {
      if (size == 1)
        continue;
      sizes[weighted.weightDims[dim]] = rewriter.getIndexAttr(size);
      ++numLong;
    }
    if (numLong > 1)
      return rewriter.notifyMatchFailure(op, "a scale along two dims");
    factor = ReshapeOp::create(rewriter, loc, factor, sizes);
    factor = spread(rewriter, loc, factor, weight);
    Value scaled = OpTy::create(rewriter, loc, weight, factor);
    rewriter.modifyOpInPlace(weighted.op, [&] {
      weighted.op->setOperand(weighted.weightOperand, scaled);
    });
    // The weight is made here, before its use.
    moveBefore(scaled, weighted.op);
    rewriter.replaceOp(op, match->value);
    return success();
  }

  /// Moves what `value` is computed from before `op`.
  static void moveBefore(Value value, Operation *op) {
    Operation *producer = value.getDefiningOp();
    if (!producer || producer->getBlock() != op->getBlock() ||
        producer->isBeforeInBlock(op))
      return;
    producer->moveBefore(op);
    for (Value operand : producer->getOperands())
      moveBefore(operand, producer);
  }
};

/// (y + a) + b = y + (a + b); y - b = y + (-b)
template <typename OpTy> struct JoinShifts : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    std::optional<ChannelOp> match = matchChannelOp(op);
    if (!match)
      return rewriter.notifyMatchFailure(op, "no shift of a weighted result");
    Location loc = op.getLoc();
    if constexpr (std::is_same_v<OpTy, arith::SubFOp>) {
      Value negated = arith::NegFOp::create(rewriter, loc, match->constant);
      rewriter.replaceOpWithNewOp<arith::AddFOp>(
          op, match->value, spread(rewriter, loc, negated, match->value));
      return success();
    }
    auto add = match->value.template getDefiningOp<arith::AddFOp>();
    if (!add)
      return rewriter.notifyMatchFailure(op, "a single shift");
    unsigned side = isWeightExpression(add.getRhs()) ? 1 : 0;
    Value first = getPerChannel(add.getOperand(side), match->weighted);
    if (!first)
      return rewriter.notifyMatchFailure(op, "a summand of other shape");
    int64_t rank = getTensorType(match->value).getRank();
    Value sum =
        combine<arith::AddFOp>(rewriter, loc, first, match->constant, rank);
    Value inner = add.getOperand(1 - side);
    rewriter.replaceOpWithNewOp<arith::AddFOp>(
        op, inner, spread(rewriter, loc, sum, inner));
    return success();
  }
};

struct GraphFoldScales
    : raddle::graph::impl::GraphFoldScalesBase<GraphFoldScales> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    set.add<FoldScale<arith::MulFOp>, FoldScale<arith::DivFOp>,
            JoinShifts<arith::AddFOp>, JoinShifts<arith::SubFOp>>(context);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    // Not converging is no error: every state is a correct one.
    (void)applyPatternsGreedily(getOperation(), patterns);
  }

  FrozenRewritePatternSet patterns;
};
} // namespace
