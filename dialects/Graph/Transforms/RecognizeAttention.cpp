//===- RecognizeAttention.cpp - Attention from its parts ------------------===//
//
// Matches product -> scale, mask, cap -> softmax -> product in any order of
// operands and dims. The products' maps say what is a batch, a row, a column;
// q, k and v are brought to [batch, heads, rows, depth] by transposes and
// reshapes, which producers absorb or which cancel against the exporter's.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/IR/GraphUtils.h"
#include "dialects/Graph/Transforms/Match.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace raddle::graph;

namespace {

/// The longest head that an attention kernel keeps in shared memory.
constexpr int64_t maxHeadSize = 256;

/// The dims of a product seen as a batched matrix product.
struct MatmulDims {
  /// In result order.
  SmallVector<unsigned> batch;
  unsigned row, column, reduced;
};

/// One row dim (in `left` only), one column dim, one reduced dim; all others
/// are in the result and not in one operand alone, unless `left` alone has a
/// batch dim that `right` repeats.
std::optional<MatmulDims> getMatmulDims(AffineMap left, AffineMap right,
                                        AffineMap result) {
  MatmulDims dims;
  auto has = [](AffineMap map, unsigned dim) {
    return map.getResultPosition(getAffineDimExpr(dim, map.getContext()))
        .has_value();
  };
  int row = -1, column = -1, reduced = -1;
  for (unsigned dim = 0; dim < result.getNumDims(); ++dim)
    if (!has(result, dim)) {
      if (reduced >= 0 || !has(left, dim) || !has(right, dim))
        return std::nullopt;
      reduced = dim;
    }
  for (AffineExpr expr : result.getResults()) {
    unsigned dim = cast<AffineDimExpr>(expr).getPosition();
    if (!has(left, dim)) {
      if (column >= 0)
        return std::nullopt;
      column = dim;
    }
  }
  // The last dim that only the left has is the row; earlier ones are batch
  // dims over which the right operand is shared.
  for (AffineExpr expr : result.getResults()) {
    unsigned dim = cast<AffineDimExpr>(expr).getPosition();
    if (has(left, dim) && !has(right, dim))
      row = dim;
  }
  if (row < 0 || column < 0 || reduced < 0)
    return std::nullopt;
  for (AffineExpr expr : result.getResults()) {
    unsigned dim = cast<AffineDimExpr>(expr).getPosition();
    if (dim != static_cast<unsigned>(row) &&
        dim != static_cast<unsigned>(column))
      dims.batch.push_back(dim);
  }
  dims.row = row;
  dims.column = column;
  dims.reduced = reduced;
  return dims;
}

/// Transposes `value`, indexed by `map`, to the order of `dims`; dims that it
/// lacks become unit dims.
Value toOrder(OpBuilder &builder, Location loc, Value value, AffineMap map,
              ArrayRef<unsigned> dims) {
  SmallVector<int64_t> permutation;
  for (unsigned dim : dims)
    if (auto position =
            map.getResultPosition(getAffineDimExpr(dim, builder.getContext())))
      permutation.push_back(*position);
  if (!llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size())))
    value = TransposeOp::create(builder, loc, value, permutation);
  if (permutation.size() == dims.size())
    return value;
  SmallVector<OpFoldResult> sizes;
  int64_t next = 0;
  for (unsigned dim : dims)
    if (map.getResultPosition(getAffineDimExpr(dim, builder.getContext())))
      sizes.push_back(getSize(builder, loc, value, next++));
    else
      sizes.push_back(builder.getIndexAttr(1));
  return ReshapeOp::create(builder, loc, value, sizes);
}

/// Inserts unit dims after the batch dims (or before all when there are none)
/// until the tensor has rank 4.
Value toRankFour(OpBuilder &builder, Location loc, Value value) {
  int64_t rank = getTensorType(value).getRank();
  if (rank == 4)
    return value;
  SmallVector<OpFoldResult> sizes = getSizes(builder, loc, value);
  sizes.insert(sizes.end() - 2, 4 - rank, builder.getIndexAttr(1));
  return ReshapeOp::create(builder, loc, value, sizes);
}

/// What stands between the scores and the softmax.
struct ScoreChain {
  ContractOp product;
  double scale = 1;
  double softcap = 0;
  /// Scale that is known at run time only; one element.
  Value runtimeScale;
  bool runtimeScaleDivides = false;
  /// Summands, in the order of the result of the product, each with a factor.
  SmallVector<std::pair<Value, double>> masks;
  /// Conditions: where false (true when `second`), the score is `fill`.
  struct Selection {
    Value condition;
    bool keepWhenTrue;
    double fill;
    double factor;
  };
  SmallVector<Selection> selections;
  /// Element types of the masks.
  llvm::SetVector<Type> maskTypes;
};

/// A fill of masked scores so low that adding it equals selecting it: any
/// score is lost in rounding.
bool isMaskFill(double number) { return number <= -1e30; }

/// True when `value` comes from a product by operations of a score chain.
bool leadsToProduct(Value value, unsigned depth = 0) {
  Operation *op = value.getDefiningOp();
  if (!op || depth > 12)
    return false;
  if (isa<ContractOp>(op))
    return value.hasOneUse();
  if (isa<arith::MulFOp, arith::DivFOp, arith::AddFOp, math::TanhOp,
          arith::SelectOp, arith::TruncFOp, arith::ExtFOp>(op) &&
      value.hasOneUse())
    return llvm::any_of(op->getOperands(), [&](Value operand) {
      return isa<RankedTensorType>(operand.getType()) &&
             leadsToProduct(operand, depth + 1);
    });
  return false;
}

/// Follows the input of the softmax down to the product.
std::optional<ScoreChain> matchScores(Value value) {
  ScoreChain chain;
  // Factor from the value at hand to the input of the softmax.
  double factor = 1;
  while (true) {
    Operation *op = value.getDefiningOp();
    if (!op || !value.hasOneUse())
      return std::nullopt;
    if ((chain.product = dyn_cast<ContractOp>(op)))
      break;
    // Rounding of the scores in between is not kept: the kernel has them in
    // f32.
    if (isa<arith::TruncFOp, arith::ExtFOp>(op)) {
      value = op->getOperand(0);
      continue;
    }
    double number;
    if (Value scaled = matchScaled(value, number)) {
      auto tanh = scaled.getDefiningOp<math::TanhOp>();
      double inner;
      Value capped = tanh && scaled.hasOneUse()
                         ? matchScaled(tanh.getOperand(), inner)
                         : Value();
      if (capped && std::abs(inner * number - 1) < 1e-5) {
        // c tanh(s / c); what is above must not scale it again.
        if (chain.softcap != 0 || factor != 1 || chain.runtimeScale)
          return std::nullopt;
        chain.softcap = number;
        if (!tanh.getOperand().hasOneUse())
          return std::nullopt;
        value = capped;
        continue;
      }
      factor *= number;
      value = scaled;
      continue;
    }
    if (auto add = dyn_cast<arith::AddFOp>(op)) {
      bool left = leadsToProduct(add.getLhs());
      Value mask = left ? add.getRhs() : add.getLhs();
      // A mask under a cap or a scale of run time stays a composition.
      if (chain.softcap != 0 || chain.runtimeScale)
        return std::nullopt;
      chain.masks.push_back({mask, factor});
      chain.maskTypes.insert(getTensorType(mask).getElementType());
      value = left ? add.getLhs() : add.getRhs();
      continue;
    }
    if (auto select = dyn_cast<arith::SelectOp>(op)) {
      if (chain.softcap != 0 || chain.runtimeScale || factor <= 0 ||
          !isa<RankedTensorType>(select.getCondition().getType()))
        return std::nullopt;
      bool keepWhenTrue = leadsToProduct(select.getTrueValue());
      Value other =
          keepWhenTrue ? select.getFalseValue() : select.getTrueValue();
      std::optional<double> fill = getSplatNumber(other);
      if (!fill || !isMaskFill(*fill * factor))
        return std::nullopt;
      chain.selections.push_back(
          {select.getCondition(), keepWhenTrue, *fill, factor});
      chain.maskTypes.insert(getTensorType(other).getElementType());
      value = keepWhenTrue ? select.getTrueValue() : select.getFalseValue();
      continue;
    }
    // A scale that is a tensor of one element, e.g. made from a size.
    if (isa<arith::MulFOp, arith::DivFOp>(op) && !chain.runtimeScale &&
        chain.softcap == 0) {
      unsigned side =
          isa<arith::DivFOp>(op) || leadsToProduct(op->getOperand(0)) ? 0 : 1;
      if (Value source = getSplatSource(op->getOperand(1 - side))) {
        chain.runtimeScale = source;
        chain.runtimeScaleDivides = isa<arith::DivFOp>(op);
        value = op->getOperand(side);
        continue;
      }
    }
    return std::nullopt;
  }
  chain.scale = factor;
  return chain;
}

/// Takes constant factors off an operand of the product.
Value takeScale(Value value, double &scale) {
  double factor;
  while (Value inner = matchScaled(value, factor)) {
    scale *= factor;
    value = inner;
  }
  return value;
}

struct FormAttention : OpRewritePattern<ContractOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ContractOp op,
                                PatternRewriter &rewriter) const override {
    for (unsigned side : {0, 1})
      if (succeeded(rewrite(op, side, rewriter)))
        return success();
    return failure();
  }

  /// `side` is the operand of `op` that holds the probabilities.
  LogicalResult rewrite(ContractOp op, unsigned side,
                        PatternRewriter &rewriter) const;
};

/// For `select(isnan(p), 0, p)`: p.
Value matchNanGuard(Value value) {
  auto select = value.getDefiningOp<arith::SelectOp>();
  if (!select || !value.hasOneUse())
    return {};
  bool inverted = false;
  Value condition = select.getCondition();
  Value tested;
  if (auto isNan = condition.getDefiningOp<math::IsNaNOp>()) {
    tested = isNan.getOperand();
  } else if (auto compare = condition.getDefiningOp<arith::CmpFOp>()) {
    arith::CmpFPredicate predicate = compare.getPredicate();
    if (compare.getLhs() != compare.getRhs() ||
        (predicate != arith::CmpFPredicate::UNO &&
         predicate != arith::CmpFPredicate::UNE &&
         predicate != arith::CmpFPredicate::ORD &&
         predicate != arith::CmpFPredicate::OEQ))
      return {};
    inverted = predicate == arith::CmpFPredicate::ORD ||
               predicate == arith::CmpFPredicate::OEQ;
    tested = compare.getLhs();
  }
  Value zero = inverted ? select.getFalseValue() : select.getTrueValue();
  Value kept = inverted ? select.getTrueValue() : select.getFalseValue();
  if (!tested || kept != tested || getSplatNumber(zero) != 0.0)
    return {};
  // Nothing else may see the probabilities.
  return llvm::all_of(tested.getUsers(),
                      [&](Operation *user) {
                        return user == select ||
                               user == condition.getDefiningOp();
                      }) &&
                 condition.hasOneUse()
             ? tested
             : Value();
}

} // namespace

/// The additive mask of a chain in rank 4, or null.
static Value buildMask(PatternRewriter &rewriter, Location loc,
                       const ScoreChain &chain, ArrayRef<int64_t> toScores,
                       Type elementType) {
  Value sum;
  auto addMask = [&](Value mask) {
    if (!sum) {
      sum = mask;
      return;
    }
    // Both to their common shape.
    RankedTensorType left = getTensorType(sum), right = getTensorType(mask);
    if (left.getShape() != right.getShape()) {
      SmallVector<OpFoldResult> sizes;
      for (int64_t dim = 0; dim < left.getRank(); ++dim)
        sizes.push_back(getSize(rewriter, loc,
                                left.getDimSize(dim) == 1 ? mask : sum, dim));
      sum = BroadcastOp::create(rewriter, loc, sum, sizes);
      mask = BroadcastOp::create(rewriter, loc, mask, sizes);
    }
    sum = arith::AddFOp::create(rewriter, loc, sum, mask);
  };
  // A mask before its broadcast, in the order [batch, heads, rows, columns].
  auto normalize = [&](Value mask) {
    int64_t rank = getTensorType(mask).getRank();
    while (auto broadcast = mask.getDefiningOp<BroadcastOp>())
      mask = broadcast.getInput();
    int64_t missing = rank - getTensorType(mask).getRank();
    SmallVector<OpFoldResult> sizes(missing, rewriter.getIndexAttr(1));
    llvm::append_range(sizes, getSizes(rewriter, loc, mask));
    if (missing > 0)
      mask = ReshapeOp::create(rewriter, loc, mask, sizes);
    if (!llvm::equal(toScores, llvm::seq<int64_t>(0, toScores.size())))
      mask = TransposeOp::create(rewriter, loc, mask, toScores);
    return toRankFour(rewriter, loc, mask);
  };
  auto sizesOf = [&](Value value) { return getSizes(rewriter, loc, value); };
  for (auto [mask, factor] : chain.masks) {
    Value value = normalize(mask);
    if (factor != 1)
      value = arith::MulFOp::create(
          rewriter, loc, value,
          createSplat(rewriter, loc, factor, elementType, sizesOf(value)));
    addMask(value);
  }
  for (const ScoreChain::Selection &selection : chain.selections) {
    Value condition = normalize(selection.condition);
    SmallVector<OpFoldResult> sizes = sizesOf(condition);
    Value zero = createSplat(rewriter, loc, 0, elementType, sizes);
    Value fill = createSplat(rewriter, loc, selection.fill * selection.factor,
                             elementType, sizes);
    addMask(arith::SelectOp::create(rewriter, loc, condition,
                                    selection.keepWhenTrue ? zero : fill,
                                    selection.keepWhenTrue ? fill : zero));
  }
  return sum;
}

LogicalResult FormAttention::rewrite(ContractOp op, unsigned side,
                                     PatternRewriter &rewriter) const {
  Value probabilities = side == 0 ? op.getLhs() : op.getRhs();
  Value unguarded = matchNanGuard(probabilities);
  bool guarded = static_cast<bool>(unguarded);
  if (!guarded)
    unguarded = probabilities;
  // Probabilities in f32 between operands of fewer bits: the kernel rounds them
  // where they meet the values.
  while (Operation *cast = unguarded.getDefiningOp()) {
    if (!isa<arith::TruncFOp, arith::ExtFOp>(cast) || !unguarded.hasOneUse())
      break;
    unguarded = cast->getOperand(0);
  }
  auto softmax = unguarded.getDefiningOp<SoftmaxOp>();
  if (!softmax || softmax.getLog() || (!guarded && !softmax->hasOneUse()))
    return failure();
  std::optional<ScoreChain> chain = matchScores(softmax.getInput());
  if (!chain)
    return failure();

  // The second product: probabilities [batch.., row, column] by values.
  SmallVector<AffineMap, 3> maps = op.getMaps();
  AffineMap weightMap = maps[side], valueMap = maps[1 - side];
  std::optional<MatmulDims> second =
      getMatmulDims(weightMap, valueMap, maps[2]);
  if (!second || second->batch.size() > 2)
    return failure();
  auto positionIn = [&](AffineMap map, unsigned dim) {
    return map.getResultPosition(getAffineDimExpr(dim, op.getContext()));
  };
  // Positions of batch dims, row and column in the scores.
  SmallVector<unsigned> order(second->batch);
  order.append({second->row, second->reduced});
  SmallVector<int64_t> toScores;
  for (unsigned dim : order) {
    std::optional<unsigned> position = positionIn(weightMap, dim);
    if (!position)
      return failure();
    toScores.push_back(*position);
  }
  int64_t rank = weightMap.getNumResults();
  if (static_cast<int64_t>(order.size()) != rank ||
      softmax.getAxis() != static_cast<uint64_t>(toScores.back()))
    return failure();

  // The first product, in terms of the same dims.
  ContractOp product = chain->product;
  if (product.getCompute() != op.getCompute())
    return failure();
  SmallVector<AffineMap, 3> scoreMaps = product.getMaps();
  auto dimAt = [&](int64_t position) {
    return cast<AffineDimExpr>(scoreMaps[2].getResult(position)).getPosition();
  };
  unsigned column = dimAt(toScores.back());
  unsigned row = dimAt(toScores[rank - 2]);
  // k is the operand that has the column.
  unsigned keySide = positionIn(scoreMaps[1], column).has_value() ? 1 : 0;
  AffineMap queryMap = scoreMaps[1 - keySide], keyMap = scoreMaps[keySide];
  std::optional<MatmulDims> first =
      getMatmulDims(queryMap, keyMap, scoreMaps[2]);
  if (!first || first->row != row || first->column != column)
    return failure();
  SmallVector<unsigned> scoreBatch;
  for (int64_t position : ArrayRef<int64_t>(toScores).drop_back(2))
    scoreBatch.push_back(dimAt(position));
  // Only the heads may be shared by keys and values: attention has no
  // broadcast over the batch.
  auto coversBatch = [&](AffineMap map, ArrayRef<unsigned> batch) {
    for (auto [index, dim] : llvm::enumerate(batch))
      if (!positionIn(map, dim) && !(batch.size() == 2 && index == 1))
        return false;
    return true;
  };
  for (unsigned dim : scoreBatch)
    if (!positionIn(queryMap, dim))
      return failure();
  if (!coversBatch(keyMap, scoreBatch) || !coversBatch(valueMap, second->batch))
    return failure();
  if (scoreBatch.size() == 2 &&
      positionIn(keyMap, scoreBatch[1]).has_value() !=
          positionIn(valueMap, second->batch[1]).has_value())
    return failure();

  Value query = product.getOperand(1 - keySide);
  Value key = product.getOperand(keySide);
  Value value = side == 0 ? op.getRhs() : op.getLhs();
  Type elementType = getTensorType(query).getElementType();
  // What the kernel holds.
  auto fitsKernel = [](Value operand, unsigned dim) {
    int64_t size = getTensorType(operand).getDimSize(dim);
    return !ShapedType::isDynamic(size) && size <= maxHeadSize;
  };
  if (!fitsKernel(query, *positionIn(queryMap, first->reduced)) ||
      !fitsKernel(value, *positionIn(valueMap, second->column)))
    return failure();
  if (!isa<FloatType>(elementType) || elementType.isF64() ||
      getTensorType(key).getElementType() != elementType ||
      getTensorType(value).getElementType() != elementType)
    return failure();
  Type maskType = elementType;
  if (chain->maskTypes.size() > 1)
    return failure();
  if (!chain->maskTypes.empty()) {
    maskType = chain->maskTypes.front();
    if (maskType != elementType && !maskType.isF32())
      return failure();
  }

  // Sizes that the composition knows must be known here as well.
  SmallVector<unsigned> resultOrder(second->batch);
  resultOrder.append({second->row, second->column});
  SmallVector<int64_t> permutation;
  for (auto [position, expr] : llvm::enumerate(maps[2].getResults())) {
    unsigned index =
        llvm::find(resultOrder, cast<AffineDimExpr>(expr).getPosition()) -
        resultOrder.begin();
    permutation.push_back(index);
    int64_t size =
        index + 1 == resultOrder.size()
            ? getTensorType(value).getDimSize(
                  *positionIn(valueMap, second->column))
            : getTensorType(query).getDimSize(*positionIn(
                  queryMap,
                  index + 2 == resultOrder.size() ? row : scoreBatch[index]));
    if (size != op.getType().getDimSize(position))
      return failure();
  }

  Location loc =
      rewriter.getFusedLoc({product.getLoc(), softmax.getLoc(), op.getLoc()});
  double scale = chain->scale;
  query = takeScale(query, scale);
  key = takeScale(key, scale);
  if (chain->runtimeScale) {
    SmallVector<OpFoldResult> sizes = getSizes(rewriter, loc, query);
    Value source = chain->runtimeScale;
    if (getTensorType(source).getRank() > getTensorType(query).getRank())
      source =
          ReshapeOp::create(rewriter, loc, source, ArrayRef<OpFoldResult>());
    Value factor = BroadcastOp::create(rewriter, loc, source, sizes);
    query =
        chain->runtimeScaleDivides
            ? arith::DivFOp::create(rewriter, loc, query, factor).getResult()
            : arith::MulFOp::create(rewriter, loc, query, factor).getResult();
  }

  SmallVector<unsigned> queryOrder(scoreBatch), keyOrder(scoreBatch),
      valueOrder(second->batch);
  queryOrder.append({row, first->reduced});
  keyOrder.append({column, first->reduced});
  valueOrder.append({second->reduced, second->column});
  query = toRankFour(rewriter, loc,
                     toOrder(rewriter, loc, query, queryMap, queryOrder));
  key =
      toRankFour(rewriter, loc, toOrder(rewriter, loc, key, keyMap, keyOrder));
  value = toRankFour(rewriter, loc,
                     toOrder(rewriter, loc, value, valueMap, valueOrder));
  Value mask = buildMask(rewriter, loc, *chain, toScores, maskType);

  RankedTensorType queryType = getTensorType(query);
  SmallVector<int64_t> shape(queryType.getShape());
  shape.back() = getTensorType(value).getShape().back();
  Value result = AttentionOp::create(
      rewriter, loc, RankedTensorType::get(shape, elementType), query, key,
      value, mask, APFloat(scale), /*causal=*/false, APFloat(chain->softcap),
      op.getCompute(), /*masked_rows_zero=*/guarded);

  // Back to the rank and the order of the composition.
  if (rank != 4) {
    SmallVector<OpFoldResult> sizes = getSizes(rewriter, loc, result);
    SmallVector<OpFoldResult> kept(sizes.begin(), sizes.begin() + (rank - 2));
    kept.append(sizes.end() - 2, sizes.end());
    result = ReshapeOp::create(rewriter, loc, result, kept);
  }
  if (!llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size())))
    result = TransposeOp::create(rewriter, loc, result, permutation);
  if (op.getType().getElementType() != elementType)
    result = arith::ExtFOp::create(rewriter, loc, op.getType(), result);
  rewriter.replaceOp(op, result);
  return success();
}

void raddle::graph::populateAttentionPatterns(RewritePatternSet &patterns) {
  patterns.add<FormAttention>(patterns.getContext());
}
