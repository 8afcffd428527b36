//===- DialectCanonicalization.cpp - Static sizes spread
//--------------------===//
//
// Patterns that are not about one operation: static sizes move from operands to
// results (through `tensor.cast`, which is how the IR says that a type knows
// less than it could), and sizes are read from where they come from instead of
// from results, so that no computation is kept for its size.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphUtils.h"
#include "dialects/Graph/IR/GraphVerify.h"
#include "dialects/Graph/IR/ShapeInference.h"
#include "dialects/Graph/IR/StructuredCanonicalization.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace raddle::graph;

/// The value behind a cast that forgets sizes, or `value` itself.
static Value withoutCast(Value value) {
  auto cast = value.getDefiningOp<tensor::CastOp>();
  if (cast && isa<RankedTensorType>(value.getType()) &&
      isa<RankedTensorType>(cast.getSource().getType()) &&
      tensor::preservesStaticInformation(value.getType(),
                                         cast.getSource().getType()))
    return cast.getSource();
  return value;
}

static void replaceWithCasts(PatternRewriter &rewriter, Operation *op,
                             ValueRange values) {
  SmallVector<Value> results;
  for (auto [result, value] : llvm::zip(op->getResults(), values))
    results.push_back(value.getType() == result.getType()
                          ? value
                          : tensor::CastOp::create(rewriter, op->getLoc(),
                                                   result.getType(), value));
  rewriter.replaceOp(op, results);
}

static RankedTensorType withShape(Type type, ArrayRef<int64_t> shape) {
  auto tensor = cast<RankedTensorType>(type);
  return RankedTensorType::get(shape, tensor.getElementType(),
                               tensor.getEncoding());
}

namespace {

/// Operations whose result sizes follow from those of operands.
struct RefineResults : RewritePattern {
  RefineResults(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}
  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isa_and_nonnull<GraphDialect>(op->getDialect()))
      return failure();
    SmallVector<Value> operands =
        llvm::map_to_vector(op->getOperands(), withoutCast);
    SmallVector<Type> types = llvm::to_vector(ValueRange(operands).getTypes());
    SmallVector<SmallVector<int64_t>> shapes;
    if (failed(inferResultShapes(op, types, shapes)))
      return failure();
    SmallVector<Type> results;
    for (auto [result, shape] : llvm::zip(op->getResultTypes(), shapes))
      results.push_back(withShape(result, shape));
    if (llvm::equal(results, op->getResultTypes()) &&
        llvm::equal(operands, op->getOperands()))
      return failure();
    Operation *refined = rewriter.clone(*op);
    refined->setOperands(operands);
    for (auto [result, type] : llvm::zip(refined->getResults(), results))
      result.setType(type);
    replaceWithCasts(rewriter, op, refined->getResults());
    return success();
  }
};

/// Element-wise operations: operands and results have one shape.
struct RefineElementwise : OpTraitRewritePattern<OpTrait::Elementwise> {
  using OpTraitRewritePattern::OpTraitRewritePattern;
  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (op->getNumResults() != 1 || op->getNumRegions() != 0)
      return failure();
    auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
    if (!type || type.hasStaticShape())
      return failure();
    SmallVector<int64_t> shape(type.getShape());
    for (Value operand : op->getOperands())
      if (isa<RankedTensorType>(operand.getType()) &&
          failed(
              mergeShape(shape, tensorType(withoutCast(operand)).getShape())))
        return failure();
    if (shape == type.getShape())
      return failure();
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      if (isa<RankedTensorType>(operand.getType())) {
        operand = withoutCast(operand);
        RankedTensorType refined = withShape(operand.getType(), shape);
        if (operand.getType() != refined)
          operand =
              tensor::CastOp::create(rewriter, op->getLoc(), refined, operand);
      }
      operands.push_back(operand);
    }
    Operation *refined = rewriter.clone(*op);
    refined->setOperands(operands);
    refined->getResult(0).setType(withShape(type, shape));
    replaceWithCasts(rewriter, op, refined->getResults());
    return success();
  }
};

/// Makes the constants among host scalars static; true when there were any.
/// (A negative one is left for the verifier of whoever made it.)
bool foldConstants(SmallVectorImpl<OpFoldResult> &sizes, Builder &builder) {
  bool changed = false;
  for (OpFoldResult &size : sizes) {
    std::optional<int64_t> constant = getConstantIntValue(size);
    if (isa<Attribute>(size) || !constant || *constant < 0)
      continue;
    size = builder.getIndexAttr(*constant);
    changed = true;
  }
  return changed;
}

/// What an operation's operand says about the sizes that it lists.
bool refineSizes(BroadcastOp op, RankedTensorType input,
                 SmallVectorImpl<OpFoldResult> &sizes, Builder &builder) {
  bool changed = false;
  size_t leading = sizes.size() - input.getRank();
  for (auto [dim, size] : llvm::enumerate(input.getShape()))
    if (size != 1 && !ShapedType::isDynamic(size) &&
        isa<Value>(sizes[leading + dim])) {
      sizes[leading + dim] = builder.getIndexAttr(size);
      changed = true;
    }
  return changed;
}

bool refineSizes(ReshapeOp op, RankedTensorType input,
                 SmallVectorImpl<OpFoldResult> &sizes, Builder &builder) {
  std::optional<int64_t> count = countElements(input.getShape());
  OpFoldResult *unknown = nullptr;
  int64_t known = 1;
  for (OpFoldResult &size : sizes) {
    std::optional<int64_t> constant = getConstantIntValue(size);
    if (!constant) {
      if (unknown)
        return false;
      unknown = &size;
      continue;
    }
    known = llvm::checkedMul(known, *constant).value_or(0);
  }
  if (!count || !unknown || known == 0 || *count % known != 0)
    return false;
  *unknown = builder.getIndexAttr(*count / known);
  return true;
}

template <typename OpTy>
bool refineSizes(OpTy, RankedTensorType, SmallVectorImpl<OpFoldResult> &,
                 Builder &) {
  return false;
}

/// Operations that list the sizes of their result.
template <typename OpTy> struct RefineSizes : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    SmallVector<OpFoldResult> sizes = op.getMixedSizes();
    bool changed = foldConstants(sizes, rewriter);
    Value input;
    if constexpr (!std::is_same_v<OpTy, IotaOp>) {
      input = withoutCast(op.getInput());
      changed |= refineSizes(op, tensorType(input), sizes, rewriter);
      changed |= input != op.getInput();
    }
    SmallVector<OpFoldResult> offsets;
    if constexpr (std::is_same_v<OpTy, SliceOp>) {
      offsets = op.getMixedOffsets();
      changed |= foldConstants(offsets, rewriter);
    }
    MixedIndices mixed(sizes);
    if (!changed || !fits(op, input, mixed.fixed, offsets))
      return failure();

    auto refined = cast<OpTy>(rewriter.clone(*op));
    if constexpr (!std::is_same_v<OpTy, IotaOp>)
      refined.getInputMutable().assign(input);
    refined.getSizesMutable().assign(mixed.dynamic);
    refined.setStaticSizes(mixed.fixed);
    if constexpr (std::is_same_v<OpTy, SliceOp>) {
      MixedIndices mixedOffsets(offsets);
      refined.getOffsetsMutable().assign(mixedOffsets.dynamic);
      refined.setStaticOffsets(mixedOffsets.fixed);
    }
    refined.getResult().setType(withShape(op.getType(), mixed.fixed));
    replaceWithCasts(rewriter, op, refined->getResults());
    return success();
  }

private:
  /// What was only found to be wrong now stays as it is and fails at launch.
  static bool fits(OpTy op, Value input, ArrayRef<int64_t> sizes,
                   ArrayRef<OpFoldResult> offsets) {
    if (!input)
      return true;
    ArrayRef<int64_t> from = tensorType(input).getShape();
    if constexpr (std::is_same_v<OpTy, BroadcastOp>) {
      return llvm::all_of(llvm::zip(from, sizes.take_back(from.size())),
                          [](auto pair) {
                            auto [size, to] = pair;
                            return size == 1 || sizesFit(size, to);
                          });
    } else if constexpr (std::is_same_v<OpTy, ReshapeOp>) {
      std::optional<int64_t> before = countElements(from);
      std::optional<int64_t> after = countElements(sizes);
      return !before || !after || *before == *after;
    } else if constexpr (std::is_same_v<OpTy, SliceOp>) {
      for (size_t dim = 0; dim < from.size(); ++dim) {
        std::optional<int64_t> offset = getConstantIntValue(offsets[dim]);
        if (ShapedType::isDynamic(from[dim]) || sizes[dim] == 0)
          continue;
        std::optional<int64_t> last =
            ShapedType::isDynamic(sizes[dim])
                ? std::optional<int64_t>(0)
                : llvm::checkedMul(sizes[dim] - 1, op.getStrides()[dim]);
        if (last)
          last = llvm::checkedAdd(*last, offset.value_or(0));
        if (!last || (offset && (*offset >= from[dim] || *last < 0)) ||
            *last >= from[dim] || *last <= -from[dim])
          return false;
      }
      return true;
    } else if constexpr (std::is_same_v<OpTy, ResizeOp>) {
      return llvm::none_of(llvm::zip(from, sizes), [](auto pair) {
        return std::get<0>(pair) == 0 && std::get<1>(pair) != 0;
      });
    } else {
      return true;
    }
  }
};

/// Pads: the counts of elements become static, the sizes follow.
struct RefinePad : OpRewritePattern<PadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PadOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<OpFoldResult> low = op.getMixedLow(), high = op.getMixedHigh();
    bool changed = foldConstants(low, rewriter);
    changed |= foldConstants(high, rewriter);
    Value input = withoutCast(op.getInput());
    changed |= input != op.getInput();
    MixedIndices mixedLow(low), mixedHigh(high);
    SmallVector<int64_t> shape(op.getType().getShape());
    for (auto [dim, size] : llvm::enumerate(tensorType(input).getShape())) {
      int64_t before = mixedLow.fixed[dim], after = mixedHigh.fixed[dim];
      if (ShapedType::isDynamic(size) || ShapedType::isDynamic(before) ||
          ShapedType::isDynamic(after))
        continue;
      std::optional<int64_t> sum = llvm::checkedAdd(before, after);
      if (sum)
        sum = llvm::checkedAdd(*sum, size);
      if (!sum || !sizesFit(*sum, shape[dim]) ||
          (size == 0 && op.getMode() != PadMode::constant && *sum != 0))
        return failure();
      changed |= shape[dim] != *sum;
      shape[dim] = *sum;
    }
    if (!changed)
      return failure();
    auto refined = cast<PadOp>(rewriter.clone(*op));
    refined.getInputMutable().assign(input);
    refined.getLowMutable().assign(mixedLow.dynamic);
    refined.setStaticLow(mixedLow.fixed);
    refined.getHighMutable().assign(mixedHigh.dynamic);
    refined.setStaticHigh(mixedHigh.fixed);
    refined.getResult().setType(withShape(op.getType(), shape));
    replaceWithCasts(rewriter, op, refined->getResults());
    return success();
  }
};

/// `tensor.dim` of a result is stated over the operands.
struct DimOfResult : OpRewritePattern<tensor::DimOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::DimOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<int64_t> dim = op.getConstantIndex();
    auto result = dyn_cast<OpResult>(op.getSource());
    auto type = dyn_cast<RankedTensorType>(op.getSource().getType());
    if (!dim || !result || !type || *dim < 0 || *dim >= type.getRank())
      return failure();
    Operation *producer = result.getOwner();
    if (OpTrait::hasElementwiseMappableTraits(producer)) {
      for (Value operand : producer->getOperands())
        if (isa<RankedTensorType>(operand.getType())) {
          rewriter.replaceOpWithNewOp<tensor::DimOp>(op, operand, *dim);
          return success();
        }
      return failure();
    }
    auto sized = dyn_cast<ReifyRankedShapedTypeOpInterface>(producer);
    if (!sized || !isa<GraphDialect>(producer->getDialect()))
      return failure();
    // A size that cannot be stated leaves the IR as it is.
    if (auto group = dyn_cast<GroupOp>(producer))
      if (!group.canReifyDim(result.getResultNumber(), *dim))
        return failure();
    if (isa<AssembleOp>(producer))
      return failure();
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(producer);
    FailureOr<OpFoldResult> size =
        sized.reifyDimOfResult(rewriter, result.getResultNumber(), *dim);
    if (failed(size) || !*size)
      return failure();
    rewriter.setInsertionPoint(op);
    rewriter.replaceOp(
        op, getValueOrCreateConstantIndexOp(rewriter, op.getLoc(), *size));
    return success();
  }
};

/// Reading a scalar that was brought to the device a moment ago.
struct ExtractOfSplat : OpRewritePattern<tensor::ExtractOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::ExtractOp op,
                                PatternRewriter &rewriter) const override {
    Value tensor = op.getTensor();
    // Every element of these is the one element of what they repeat.
    while (Operation *producer = tensor.getDefiningOp()) {
      if (!isa<BroadcastOp, ReshapeOp, TransposeOp>(producer) ||
          countElements(tensorType(producer->getOperand(0)).getShape()) != 1)
        break;
      tensor = producer->getOperand(0);
    }
    auto splat = tensor.getDefiningOp<SplatOp>();
    if (!splat)
      return failure();
    Value scalar = splat.getScalar();
    if (scalar.getType() == op.getType()) {
      rewriter.replaceOp(op, scalar);
      return success();
    }
    if (!isa<IntegerType>(op.getType()))
      return failure();
    rewriter.replaceOpWithNewOp<arith::IndexCastOp>(op, op.getType(), scalar);
    return success();
  }
};

} // namespace

void GraphDialect::getCanonicalizationPatterns(
    RewritePatternSet &patterns) const {
  patterns.add<RefineResults, RefineElementwise, RefineSizes<BroadcastOp>,
               RefineSizes<ReshapeOp>, RefineSizes<SliceOp>,
               RefineSizes<IotaOp>, RefineSizes<ResizeOp>, RefineSizes<PoolOp>,
               RefinePad, DimOfResult, ExtractOfSplat>(getContext());
  populateStructuredPatterns(patterns);
}
