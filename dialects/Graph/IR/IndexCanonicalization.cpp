//===- IndexCanonicalization.cpp - Index operations simplified ------------===//
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphUtils.h"
#include "dialects/Graph/IR/GraphVerify.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace raddle::graph;

/// Replaces `op` by `value`, which has the same sizes but may know more or less
/// of them statically.
static void replaceWithCast(PatternRewriter &rewriter, Operation *op,
                            Value value) {
  Type type = op->getResult(0).getType();
  if (value.getType() != type)
    value = tensor::CastOp::create(rewriter, op->getLoc(), type, value);
  rewriter.replaceOp(op, value);
}

//===----------------------------------------------------------------------===//
// Broadcast and reshape
//===----------------------------------------------------------------------===//

/// A broadcast reads through a broadcast, and through a reshape that only adds
/// leading dims of size 1.
static LogicalResult simplifyBroadcast(BroadcastOp op,
                                       PatternRewriter &rewriter) {
  Value input;
  if (auto broadcast = op.getInput().getDefiningOp<BroadcastOp>()) {
    input = broadcast.getInput();
  } else if (auto reshape = op.getInput().getDefiningOp<ReshapeOp>()) {
    ArrayRef<int64_t> from = tensorType(reshape.getInput()).getShape();
    ArrayRef<int64_t> to = reshape.getType().getShape();
    // Two unknown sizes could change places.
    if (to.size() <= from.size() || to.take_back(from.size()) != from ||
        llvm::count(from, ShapedType::kDynamic) > 1 ||
        !llvm::all_of(to.drop_back(from.size()),
                      [](int64_t size) { return size == 1; }))
      return failure();
    input = reshape.getInput();
  } else {
    return failure();
  }
  rewriter.replaceOpWithNewOp<BroadcastOp>(op, op.getType(), input,
                                           op.getSizes(), op.getStaticSizes());
  return success();
}

static LogicalResult simplifyReshape(ReshapeOp op, PatternRewriter &rewriter) {
  auto inner = op.getInput().getDefiningOp<ReshapeOp>();
  if (!inner)
    return failure();
  rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), inner.getInput(),
                                         op.getSizes(), op.getStaticSizes());
  return success();
}

//===----------------------------------------------------------------------===//
// Transpose
//===----------------------------------------------------------------------===//

static LogicalResult composeTransposes(TransposeOp op,
                                       PatternRewriter &rewriter) {
  auto inner = op.getInput().getDefiningOp<TransposeOp>();
  if (!inner)
    return failure();
  SmallVector<int64_t> permutation;
  for (int64_t dim : op.getPermutation())
    permutation.push_back(inner.getPermutation()[dim]);
  rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getType(), inner.getInput(),
                                           permutation);
  return success();
}

/// A transpose that leaves the order of the dims other than 1 moves nothing: it
/// is a reshape.
static LogicalResult transposeToReshape(TransposeOp op,
                                        PatternRewriter &rewriter) {
  RankedTensorType input = tensorType(op.getInput());
  SmallVector<int64_t> moved;
  for (int64_t dim : op.getPermutation())
    if (input.getDimSize(dim) != 1)
      moved.push_back(dim);
  if (!llvm::is_sorted(moved) || input == op.getType())
    return failure();
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim : op.getPermutation())
    sizes.push_back(getSize(rewriter, op.getLoc(), op.getInput(), dim));
  auto reshape = ReshapeOp::create(rewriter, op.getLoc(), op.getInput(), sizes);
  replaceWithCast(rewriter, op, reshape);
  return success();
}

//===----------------------------------------------------------------------===//
// Slice
//===----------------------------------------------------------------------===//

/// `slice(slice(x))` is one slice, unless its numbers would overflow.
static LogicalResult composeSlices(SliceOp op, PatternRewriter &rewriter) {
  auto inner = op.getInput().getDefiningOp<SliceOp>();
  if (!inner)
    return failure();
  SmallVector<int64_t> strides;
  for (auto [lhs, rhs] : llvm::zip(inner.getStrides(), op.getStrides())) {
    std::optional<int64_t> product = llvm::checkedMul(lhs, rhs);
    if (!product)
      return failure();
    strides.push_back(*product);
  }
  // Elements outside of the operand are an error that stays where it is.
  for (auto [first, second, stride] :
       llvm::zip(inner.getStaticOffsets(), op.getStaticOffsets(),
                 inner.getStrides())) {
    if (ShapedType::isDynamic(first) || ShapedType::isDynamic(second))
      continue;
    std::optional<int64_t> scaled = llvm::checkedMul(second, stride);
    std::optional<int64_t> offset =
        scaled ? llvm::checkedAdd(first, *scaled) : std::nullopt;
    if (!offset || *offset < 0)
      return failure();
  }
  SmallVector<OpFoldResult> offsets;
  for (auto [first, second, stride] : llvm::zip(
           inner.getMixedOffsets(), op.getMixedOffsets(), inner.getStrides())) {
    OpFoldResult scaled =
        mulIndex(rewriter, op.getLoc(), second, rewriter.getIndexAttr(stride));
    offsets.push_back(addIndex(rewriter, op.getLoc(), first, scaled));
  }
  auto slice = SliceOp::create(rewriter, op.getLoc(), inner.getInput(), offsets,
                               op.getMixedSizes(), strides);
  replaceWithCast(rewriter, op, slice);
  return success();
}

/// A slice of a concat that stays within one of the operands reads only that.
static LogicalResult sliceOfConcat(SliceOp op, PatternRewriter &rewriter) {
  auto concat = op.getInput().getDefiningOp<ConcatOp>();
  if (!concat)
    return failure();
  int64_t axis = concat.getAxis();
  int64_t offset = op.getStaticOffsets()[axis],
          size = op.getStaticSizes()[axis], stride = op.getStrides()[axis];
  if (ShapedType::isDynamic(offset) || ShapedType::isDynamic(size) || size == 0)
    return failure();
  std::optional<int64_t> span = llvm::checkedMul(size - 1, stride);
  std::optional<int64_t> last =
      span ? llvm::checkedAdd(offset, *span) : std::nullopt;
  if (!last)
    return failure();
  int64_t low = std::min(offset, *last), high = std::max(offset, *last);
  int64_t start = 0;
  for (Value input : concat.getInputs()) {
    int64_t extent = tensorType(input).getDimSize(axis);
    if (ShapedType::isDynamic(extent))
      return failure();
    if (low >= start && high < start + extent) {
      SmallVector<OpFoldResult> offsets = op.getMixedOffsets();
      offsets[axis] = rewriter.getIndexAttr(offset - start);
      auto slice = SliceOp::create(rewriter, op.getLoc(), input, offsets,
                                   op.getMixedSizes(), op.getStrides());
      replaceWithCast(rewriter, op, slice);
      return success();
    }
    start += extent;
  }
  return failure();
}

//===----------------------------------------------------------------------===//
// Concat
//===----------------------------------------------------------------------===//

/// Drops empty operands and splices the operands of a concat along the same dim
/// that has no other user.
static LogicalResult flattenConcat(ConcatOp op, PatternRewriter &rewriter) {
  int64_t axis = op.getAxis();
  SmallVector<Value> inputs;
  for (Value input : op.getInputs()) {
    auto inner = input.getDefiningOp<ConcatOp>();
    if (inner && inner.getAxis() == op.getAxis() && input.hasOneUse())
      llvm::append_range(inputs, inner.getInputs());
    else if (tensorType(input).getDimSize(axis) != 0)
      inputs.push_back(input);
  }
  if (inputs.empty() || inputs.size() == op.getInputs().size()) {
    if (inputs.size() != 1)
      return failure();
    // One operand that knows more or less of the shape than the result.
    if (inputs.front().getType() == op.getType())
      return failure();
    replaceWithCast(rewriter, op, inputs.front());
    return success();
  }
  replaceWithCast(rewriter, op,
                  ConcatOp::create(rewriter, op.getLoc(), inputs, axis));
  return success();
}

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

/// A gather by one constant index is a slice, which fuses and moves better.
static LogicalResult gatherToSlice(GatherOp op, PatternRewriter &rewriter) {
  DenseElementsAttr indices;
  if (countElements(tensorType(op.getIndices()).getShape()) != 1 ||
      !matchPattern(op.getIndices(), m_Constant(&indices)))
    return failure();
  APInt value = *indices.getValues<APInt>().begin();
  if (value.getSignificantBits() > 64)
    return failure();
  int64_t index = value.getSExtValue(), axis = op.getAxis();
  RankedTensorType input = tensorType(op.getInput());
  Location loc = op.getLoc();
  OpFoldResult offset = rewriter.getIndexAttr(index);
  int64_t extent = input.getDimSize(axis);
  if (!ShapedType::isDynamic(extent)) {
    if (extent == 0)
      return failure();
    offset = rewriter.getIndexAttr(
        std::clamp<int64_t>(index < 0 ? index + extent : index, 0, extent - 1));
  } else if (index != 0) {
    Value size = getValueOrCreateConstantIndexOp(
        rewriter, loc, getSize(rewriter, loc, op.getInput(), axis));
    auto constant = [&](int64_t number) -> Value {
      return arith::ConstantIndexOp::create(rewriter, loc, number);
    };
    Value clamped;
    if (index < 0)
      clamped = arith::MaxSIOp::create(
          rewriter, loc,
          arith::AddIOp::create(rewriter, loc, size, constant(index)),
          constant(0));
    else
      clamped = arith::MinSIOp::create(
          rewriter, loc, constant(index),
          arith::AddIOp::create(rewriter, loc, size, constant(-1)));
    offset = clamped;
  }
  SmallVector<OpFoldResult> offsets(input.getRank(), rewriter.getIndexAttr(0));
  SmallVector<OpFoldResult> sizes = getSizes(rewriter, loc, op.getInput());
  offsets[axis] = offset;
  sizes[axis] = rewriter.getIndexAttr(1);
  SmallVector<int64_t> strides(input.getRank(), 1);
  Value slice =
      SliceOp::create(rewriter, loc, op.getInput(), offsets, sizes, strides);
  // The dims of the indices (all 1) take the place of the picked dim.
  SmallVector<OpFoldResult> shape(
      ArrayRef<OpFoldResult>(sizes).take_front(axis));
  shape.append(tensorType(op.getIndices()).getRank(), rewriter.getIndexAttr(1));
  llvm::append_range(shape, ArrayRef<OpFoldResult>(sizes).drop_front(axis + 1));
  replaceWithCast(rewriter, op, ReshapeOp::create(rewriter, loc, slice, shape));
  return success();
}

//===----------------------------------------------------------------------===//
// Registration
//===----------------------------------------------------------------------===//

void BroadcastOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add(simplifyBroadcast);
}

void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add(simplifyReshape);
}

void TransposeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add(composeTransposes).add(transposeToReshape);
}

void SliceOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                          MLIRContext *context) {
  patterns.add(composeSlices).add(sliceOfConcat);
}

void ConcatOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *context) {
  patterns.add(flattenConcat);
}

void GatherOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *context) {
  patterns.add(gatherToSlice);
}
