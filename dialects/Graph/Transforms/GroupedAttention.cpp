//===- GroupedAttention.cpp - Heads shared by groups of queries -----------===//
//
// Grouped-query models repeat each head of keys and values for the queries
// that share it (an Expand, Tile or Concat between two reshapes). Attention
// reads shared heads by itself, so that they are loaded and kept once.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/IR/GraphUtils.h"
#include "dialects/Graph/IR/ReshapeRuns.h"
#include "dialects/Graph/Transforms/Match.h"

using namespace mlir;
using namespace raddle::graph;

namespace {

/// Heads (dim 1 after a transpose by `permutation`) that repeat those of
/// `source`.
struct RepeatedHeads {
  /// Joins heads and repeats to one dim; null where a single head is repeated
  /// in its place.
  ReshapeOp reshape;
  SmallVector<int64_t> permutation;
  Value source;
  /// The dim before the transpose that has the heads, and their number in
  /// the source.
  int64_t dim;
  int64_t heads;
};

/// What `op` repeats along dim `dim`, where its operand has size 1, and nowhere
/// else.
Value getRepeated(Operation *op, int64_t dim) {
  if (auto concat = dyn_cast_or_null<ConcatOp>(op)) {
    Value source = concat.getInputs().front();
    if (static_cast<int64_t>(concat.getAxis()) != dim ||
        getTensorType(source).getDimSize(dim) != 1 ||
        !llvm::all_equal(concat.getInputs()))
      return {};
    return source;
  }
  auto broadcast = dyn_cast_or_null<BroadcastOp>(op);
  if (!broadcast)
    return {};
  RankedTensorType from = getTensorType(broadcast.getInput());
  RankedTensorType to = broadcast.getType();
  if (from.getRank() != to.getRank() || from.getDimSize(dim) != 1)
    return {};
  for (int64_t other = 0; other < to.getRank(); ++other)
    if (other != dim && from.getDimSize(other) == 1 &&
        to.getDimSize(other) != 1)
      return {};
  return broadcast.getInput();
}

std::optional<RepeatedHeads> getRepeatedHeads(Value value) {
  RepeatedHeads result;
  result.permutation = {0, 1, 2, 3};
  if (auto transpose = value.getDefiningOp<TransposeOp>()) {
    result.permutation.assign(transpose.getPermutation().begin(),
                              transpose.getPermutation().end());
    value = transpose.getInput();
  }
  result.dim = result.permutation[1];
  if ((result.source = getRepeated(value.getDefiningOp(), result.dim))) {
    result.heads = 1;
    return result;
  }
  result.reshape = value.getDefiningOp<ReshapeOp>();
  if (!result.reshape || result.reshape.getType().getRank() != 4)
    return std::nullopt;
  Operation *repeat = result.reshape.getInput().getDefiningOp();
  for (const DimRun &run : getReshapeRuns(result.reshape)) {
    if (run.to.size() != 1 || run.to[0] != result.dim)
      continue;
    // [heads, repeats], or repeats of a single head.
    if (run.from.empty() || run.from.size() > 2)
      return std::nullopt;
    result.source = getRepeated(repeat, run.from.back());
    if (!result.source)
      return std::nullopt;
    result.heads = run.from.size() == 2
                       ? getTensorType(result.source).getDimSize(run.from[0])
                       : 1;
    if (ShapedType::isDynamic(result.heads))
      return std::nullopt;
    return result;
  }
  return std::nullopt;
}

struct ReadSharedHeads : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AttentionOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<RepeatedHeads> key = getRepeatedHeads(op.getKey());
    std::optional<RepeatedHeads> value = getRepeatedHeads(op.getValue());
    if (!key || !value || key->heads != value->heads)
      return rewriter.notifyMatchFailure(op, "no repeated heads");
    auto read = [&](RepeatedHeads &repeated) -> Value {
      Location loc = repeated.source.getLoc();
      Value heads = repeated.source;
      if (ReshapeOp reshape = repeated.reshape) {
        SmallVector<OpFoldResult> sizes = reshape.getMixedSizes();
        sizes[repeated.dim] = rewriter.getIndexAttr(repeated.heads);
        heads = ReshapeOp::create(rewriter, loc, heads, sizes);
      }
      return TransposeOp::create(rewriter, loc, heads, repeated.permutation);
    };
    Value newKey = read(*key), newValue = read(*value);
    rewriter.modifyOpInPlace(op, [&] {
      op.getKeyMutable().assign(newKey);
      op.getValueMutable().assign(newValue);
    });
    return success();
  }
};

} // namespace

void raddle::graph::populateGroupedAttentionPatterns(
    RewritePatternSet &patterns) {
  patterns.add<ReadSharedHeads>(patterns.getContext());
}
