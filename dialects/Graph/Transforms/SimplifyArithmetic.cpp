//===- SimplifyArithmetic.cpp - Cheaper forms of the same values ----------===//
#include "dialects/Graph/IR/GraphUtils.h"
#include "dialects/Graph/Transforms/Classify.h"
#include "dialects/Graph/Transforms/Match.h"
#include "llvm/ADT/APFloat.h"

using namespace mlir;
using namespace raddle::graph;

namespace {

/// An element-wise operation on broadcast values is done before the broadcast:
/// masks and position terms stay as small as they are.
struct BroadcastLate : RewritePattern {
  explicit BroadcastLate(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isPointwise(op))
      return failure();
    BroadcastOp first;
    int64_t rank = 0;
    for (Value operand : op->getOperands()) {
      if (!isa<RankedTensorType>(operand.getType()))
        return failure();
      if (auto broadcast = operand.getDefiningOp<BroadcastOp>()) {
        first = first ? first : broadcast;
        rank = std::max(rank, getTensorType(broadcast.getInput()).getRank());
      } else if (!getSplat(operand)) {
        return failure();
      }
    }
    if (!first)
      return failure();
    // The dims that some operand really has.
    SmallVector<OpFoldResult> sizes = first.getMixedSizes();
    int64_t missing = static_cast<int64_t>(sizes.size()) - rank;
    SmallVector<OpFoldResult> small(rank, rewriter.getIndexAttr(1));
    for (Value operand : op->getOperands()) {
      auto broadcast = operand.getDefiningOp<BroadcastOp>();
      if (!broadcast)
        continue;
      ArrayRef<int64_t> shape = getTensorType(broadcast.getInput()).getShape();
      int64_t offset = rank - static_cast<int64_t>(shape.size());
      for (auto [dim, size] : llvm::enumerate(shape))
        if (size != 1)
          small[offset + dim] = sizes[missing + offset + dim];
    }
    bool smaller =
        llvm::any_of(ArrayRef(sizes).take_front(missing),
                     [](OpFoldResult size) { return !isOneInteger(size); });
    for (int64_t dim = 0; dim < rank; ++dim)
      smaller |=
          isOneInteger(small[dim]) && !isOneInteger(sizes[missing + dim]);
    if (!smaller)
      return failure();

    Location loc = op->getLoc();
    SmallVector<Value> operands;
    SmallVector<int64_t> shape;
    for (OpFoldResult size : small)
      shape.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
    for (Value operand : op->getOperands()) {
      auto broadcast = operand.getDefiningOp<BroadcastOp>();
      Value source;
      if (broadcast) {
        source = broadcast.getInput();
      } else {
        auto type =
            RankedTensorType::get({}, getTensorType(operand).getElementType());
        source = arith::ConstantOp::create(
            rewriter, loc,
            DenseElementsAttr::get(
                type, getSplat(operand).getSplatValue<Attribute>()));
      }
      if (getTensorType(source).getShape() != ArrayRef<int64_t>(shape))
        source = BroadcastOp::create(rewriter, loc, source, small);
      operands.push_back(source);
    }
    Operation *copy = rewriter.clone(*op);
    copy->setOperands(operands);
    copy->getResult(0).setType(RankedTensorType::get(
        shape, getTensorType(op->getResult(0)).getElementType()));
    rewriter.replaceOpWithNewOp<BroadcastOp>(op, copy->getResult(0), sizes);
    return success();
  }

  static DenseElementsAttr getSplat(Value value) {
    auto constant = value.getDefiningOp<arith::ConstantOp>();
    auto elements = constant ? dyn_cast<DenseElementsAttr>(constant.getValue())
                             : DenseElementsAttr();
    return elements && elements.isSplat() ? elements : DenseElementsAttr();
  }
};

/// x / c is x * (1 / c) where 1 / c is exact, that is for powers of two.
struct DivideByPowerOfTwo : OpRewritePattern<arith::DivFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::DivFOp op,
                                PatternRewriter &rewriter) const override {
    auto type = dyn_cast<RankedTensorType>(op.getType());
    if (!type)
      return failure();
    Value divisor = op.getRhs();
    auto broadcast = divisor.getDefiningOp<BroadcastOp>();
    Value source = broadcast ? broadcast.getInput() : divisor;
    DenseElementsAttr elements = BroadcastLate::getSplat(source);
    if (!elements)
      return failure();
    APFloat inverse(0.0);
    if (!elements.getSplatValue<APFloat>().getExactInverse(&inverse))
      return failure();
    Value factor = arith::ConstantOp::create(
        rewriter, op.getLoc(),
        DenseElementsAttr::get(elements.getType(), inverse));
    if (broadcast)
      factor = BroadcastOp::create(rewriter, op.getLoc(), factor,
                                   broadcast.getMixedSizes());
    rewriter.replaceOpWithNewOp<arith::MulFOp>(op, op.getLhs(), factor);
    return success();
  }
};

/// An operand that changes nothing, also behind a broadcast.
struct DropIdentityOperand : RewritePattern {
  explicit DropIdentityOperand(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isPointwise(op) || op->getNumOperands() != 2)
      return failure();
    for (unsigned side : {0, 1}) {
      Value other = op->getOperand(1 - side);
      auto broadcast = op->getOperand(side).getDefiningOp<BroadcastOp>();
      DenseElementsAttr splat = BroadcastLate::getSplat(
          broadcast ? broadcast.getInput() : op->getOperand(side));
      if (splat && other.getType() == op->getResult(0).getType() &&
          isIdentity(op, side, splat)) {
        rewriter.replaceOp(op, other);
        return success();
      }
    }
    return failure();
  }

  static bool isIdentity(Operation *op, unsigned side,
                         DenseElementsAttr splat) {
    if (isa<FloatType>(splat.getElementType())) {
      APFloat value = splat.getSplatValue<APFloat>();
      if (isa<arith::MulFOp>(op) || (side == 1 && isa<arith::DivFOp>(op)))
        return value.isExactlyValue(1.0);
      // x + 0 turns -0 into 0; x + -0 and x - 0 keep it.
      if (isa<arith::AddFOp>(op))
        return value.isZero() && value.isNegative();
      return side == 1 && isa<arith::SubFOp>(op) && value.isPosZero();
    }
    if (!splat.getElementType().isSignlessInteger())
      return false;
    APInt value = splat.getSplatValue<APInt>();
    if (isa<arith::AndIOp>(op))
      return value.isAllOnes();
    if (isa<arith::OrIOp, arith::XOrIOp, arith::AddIOp>(op))
      return value.isZero();
    if (isa<arith::MulIOp>(op) || (side == 1 && isa<arith::DivSIOp>(op)))
      return value.isOne();
    return side == 1 && isa<arith::SubIOp>(op) && value.isZero();
  }
};

/// An index is never negative: `iota >= 0` is true.
struct FoldIotaCompare : OpRewritePattern<arith::CmpIOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::CmpIOp op,
                                PatternRewriter &rewriter) const override {
    if (!isa<RankedTensorType>(op.getType()))
      return failure();
    std::optional<double> number = getSplatNumber(op.getRhs());
    if (!number)
      return failure();
    bool result;
    switch (op.getPredicate()) {
    case arith::CmpIPredicate::sge:
    case arith::CmpIPredicate::slt:
      if (*number > 0)
        return failure();
      result = op.getPredicate() == arith::CmpIPredicate::sge;
      break;
    case arith::CmpIPredicate::sgt:
    case arith::CmpIPredicate::sle:
      if (*number >= 0)
        return failure();
      result = op.getPredicate() == arith::CmpIPredicate::sgt;
      break;
    default:
      return failure();
    }
    Value source = op.getLhs();
    while (Operation *producer = source.getDefiningOp()) {
      if (!isa<BroadcastOp, ReshapeOp, TransposeOp, SliceOp>(producer))
        break;
      source = producer->getOperand(0);
    }
    if (!source.getDefiningOp<IotaOp>())
      return failure();
    auto type = RankedTensorType::get({}, rewriter.getI1Type());
    Value scalar = arith::ConstantOp::create(
        rewriter, op.getLoc(), DenseElementsAttr::get(type, result));
    rewriter.replaceOpWithNewOp<BroadcastOp>(
        op, scalar, getSizes(rewriter, op.getLoc(), op.getLhs()));
    return success();
  }
};

/// Zeros around the input of a convolution are its own padding.
struct PadIntoConv : OpRewritePattern<ConvOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ConvOp op,
                                PatternRewriter &rewriter) const override {
    auto pad = op.getInput().getDefiningOp<PadOp>();
    if (!pad || op.getTransposed() || pad.getMode() != PadMode::constant)
      return failure();
    if (Value fill = pad.getValue()) {
      std::optional<double> number = getSplatNumber(fill);
      if (!number || *number != 0)
        return failure();
    }
    ArrayRef<int64_t> low = pad.getStaticLow(), high = pad.getStaticHigh();
    unsigned rank = low.size(), spatial = op.getSpatialRank();
    unsigned first = op.getChannelsLast() ? 1 : 2;
    SmallVector<int64_t> padsLow(op.getPadsLow()), padsHigh(op.getPadsHigh());
    for (unsigned dim = 0; dim < rank; ++dim) {
      if (ShapedType::isDynamic(low[dim]) || ShapedType::isDynamic(high[dim]))
        return failure();
      if (dim >= first && dim < first + spatial) {
        padsLow[dim - first] += low[dim];
        padsHigh[dim - first] += high[dim];
      } else if (low[dim] != 0 || high[dim] != 0) {
        return failure();
      }
    }
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputMutable().assign(pad.getInput());
      op.setPadsLow(padsLow);
      op.setPadsHigh(padsHigh);
    });
    return success();
  }
};

/// A weight is read under any shape.
struct ReshapeOfWeight : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    auto weight = op.getInput().getDefiningOp<WeightOp>();
    if (!weight || !op.getType().hasStaticShape() || weight.getParts() ||
        getTensorType(weight).getEncoding())
      return failure();
    rewriter.replaceOpWithNewOp<WeightOp>(op, op.getType(), weight.getSource());
    return success();
  }
};

/// A product reads a transposed operand through its map.
struct TransposeIntoContract : OpRewritePattern<ContractOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ContractOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<AffineMap, 3> maps = op.getMaps();
    SmallVector<Value, 2> operands = {op.getLhs(), op.getRhs()};
    bool changed = false;
    for (unsigned side : {0, 1}) {
      auto transpose = operands[side].getDefiningOp<TransposeOp>();
      if (!transpose)
        continue;
      SmallVector<AffineExpr> results(maps[side].getNumResults());
      for (auto [to, from] : llvm::enumerate(transpose.getPermutation()))
        results[from] = maps[side].getResult(to);
      maps[side] =
          AffineMap::get(maps[side].getNumDims(), 0, results, op.getContext());
      operands[side] = transpose.getInput();
      changed = true;
    }
    if (!changed)
      return failure();
    rewriter.modifyOpInPlace(op, [&] {
      op->setOperands(operands);
      op.setIndexingMapsAttr(rewriter.getAffineMapArrayAttr(maps));
    });
    return success();
  }
};

/// A product of rows that were joined into one dim keeps them apart, so that
/// the reshape meets the one that splits them again.
struct ReshapeAfterContract : OpRewritePattern<ContractOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ContractOp op,
                                PatternRewriter &rewriter) const override {
    auto reshape = op.getLhs().getDefiningOp<ReshapeOp>();
    if (!reshape)
      return failure();
    RankedTensorType from = getTensorType(reshape.getInput());
    RankedTensorType to = reshape.getType();
    int64_t joined = from.getRank() - to.getRank() + 1;
    if (to.getRank() < 2 || joined < 2)
      return failure();
    // Where it only drops unit dims, what follows the product stays with it.
    if (llvm::count_if(from.getShape().take_front(joined),
                       [](int64_t size) { return size != 1; }) < 2)
      return failure();
    // All but the first dim must be taken over as they are.
    for (int64_t dim = 1; dim < to.getRank(); ++dim) {
      int64_t size = to.getDimSize(dim);
      if (ShapedType::isDynamic(size) ||
          size != from.getDimSize(dim + joined - 1))
        return failure();
    }
    SmallVector<AffineMap, 3> maps = op.getMaps();
    AffineExpr row = maps[0].getResult(0);
    std::optional<unsigned> inResult = maps[2].getResultPosition(row);
    if (!inResult || maps[1].getResultPosition(row))
      return failure();
    // New dims take the place of the row; the first of them is the row.
    MLIRContext *context = op.getContext();
    unsigned dims = maps[0].getNumDims();
    SmallVector<AffineExpr> rows = {row};
    for (int64_t dim = 1; dim < joined; ++dim)
      rows.push_back(getAffineDimExpr(dims + dim - 1, context));
    unsigned total = dims + joined - 1;
    auto expand = [&](AffineMap map) {
      SmallVector<AffineExpr> results;
      for (AffineExpr expr : map.getResults())
        if (expr == row)
          llvm::append_range(results, rows);
        else
          results.push_back(expr);
      return AffineMap::get(total, 0, results, context);
    };
    SmallVector<AffineMap, 3> newMaps = {
        expand(maps[0]),
        AffineMap::get(total, 0, maps[1].getResults(), context),
        expand(maps[2])};
    // The sizes of the old result, in terms of the operands.
    Location loc = op.getLoc();
    SmallVector<OpFoldResult> sizes;
    SmallVector<OpFoldResult> rowSizes = reshape.getMixedSizes();
    for (auto [position, expr] : llvm::enumerate(maps[2].getResults())) {
      if (expr == row)
        sizes.push_back(rowSizes[0]);
      else if (auto inLhs = maps[0].getResultPosition(expr))
        sizes.push_back(rowSizes[*inLhs]);
      else
        sizes.push_back(getSize(rewriter, loc, op.getRhs(),
                                *maps[1].getResultPosition(expr)));
    }
    auto product =
        ContractOp::create(rewriter, loc, reshape.getInput(), op.getRhs(),
                           newMaps, op.getType().getElementType());
    product.setCompute(op.getCompute());
    product.setLhsUnsigned(op.getLhsUnsigned());
    product.setRhsUnsigned(op.getRhsUnsigned());
    auto result = ReshapeOp::create(rewriter, loc, product, sizes);
    if (result.getType() != op.getType())
      return rewriter.eraseOp(result), rewriter.eraseOp(product), failure();
    rewriter.replaceOp(op, result);
    return success();
  }
};

} // namespace

void raddle::graph::populateArithmeticPatterns(RewritePatternSet &patterns) {
  patterns.add<BroadcastLate, DivideByPowerOfTwo, DropIdentityOperand,
               FoldIotaCompare, PadIntoConv, ReshapeAfterContract,
               ReshapeOfWeight, TransposeIntoContract>(patterns.getContext());
}
