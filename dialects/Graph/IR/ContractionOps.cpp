//===- ContractionOps.cpp - Products summed over dims ---------------------===//
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphUtils.h"
#include "dialects/Graph/IR/GraphVerify.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace raddle::graph;

#define GET_OP_CLASSES
#include "dialects/Graph/IR/GraphContractionOps.cpp.inc"

/// The rules that products of all kinds share: factors of one element type, a
/// result that accumulates them, and an arithmetic that they allow.
static LogicalResult verifyProduct(Operation *op, StringRef lhsName, Type lhs,
                                   StringRef rhsName, Type rhs, Type result,
                                   ComputeMode compute, bool lhsUnsigned,
                                   bool rhsUnsigned) {
  if (!lhs.isIntOrFloat() || lhs != rhs)
    return op->emitOpError() << "expected '" << lhsName << "' and '" << rhsName
                             << "' of one integer or float element type, found "
                             << lhs << " and " << rhs;
  if (isa<FloatType>(lhs) != isa<FloatType>(result) || !result.isIntOrFloat() ||
      result.getIntOrFloatBitWidth() < lhs.getIntOrFloatBitWidth())
    return op->emitOpError()
           << "expected a result element type that accumulates " << lhs
           << ", found " << result;
  if (isa<FloatType>(lhs)) {
    if (lhsUnsigned || rhsUnsigned)
      return op->emitOpError()
             << "expected unsigned operands to be integers, found " << lhs;
  } else if (compute != ComputeMode::native) {
    return op->emitOpError() << "expected compute mode 'native' for integers, "
                                "found '"
                             << stringifyComputeMode(compute) << "'";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Contract
//===----------------------------------------------------------------------===//

void ContractOp::build(OpBuilder &builder, OperationState &state, Value lhs,
                       Value rhs, ArrayRef<AffineMap> maps,
                       Type resultElementType) {
  SmallVector<int64_t> extents(maps.front().getNumDims(), ShapedType::kDynamic);
  for (auto [operand, map] : llvm::zip(ValueRange{lhs, rhs}, maps))
    for (auto [position, size] :
         llvm::enumerate(cast<RankedTensorType>(operand.getType()).getShape()))
      if (int64_t &extent = extents[map.getDimPosition(position)];
          ShapedType::isDynamic(extent))
        extent = size;
  SmallVector<int64_t> shape;
  for (unsigned position = 0; position < maps[2].getNumResults(); ++position)
    shape.push_back(extents[maps[2].getDimPosition(position)]);
  build(builder, state, RankedTensorType::get(shape, resultElementType), lhs,
        rhs, builder.getAffineMapArrayAttr(maps));
}

SmallVector<AffineMap, 3> ContractOp::getMaps() {
  return llvm::to_vector<3>(getIndexingMaps().getAsValueRange<AffineMapAttr>());
}

SmallVector<bool> ContractOp::getReducedDims() {
  SmallVector<AffineMap, 3> maps = getMaps();
  SmallVector<bool> reduced(maps[2].getNumDims(), true);
  for (unsigned position = 0; position < maps[2].getNumResults(); ++position)
    reduced[maps[2].getDimPosition(position)] = false;
  return reduced;
}

SmallVector<AffineMap, 3> ContractOp::getMatmulMaps(MLIRContext *context,
                                                    unsigned lhsRank,
                                                    unsigned rhsRank) {
  assert(lhsRank >= 1 && rhsRank >= 1 && "a product needs vectors at least");
  unsigned lhsBatch = lhsRank >= 2 ? lhsRank - 2 : 0;
  unsigned rhsBatch = rhsRank >= 2 ? rhsRank - 2 : 0;
  unsigned batch = std::max(lhsBatch, rhsBatch);
  unsigned dims = batch;
  SmallVector<AffineExpr> lhs, rhs, result;
  // Leading dims are right-aligned, as in broadcasting.
  for (unsigned dim = 0; dim < batch; ++dim) {
    AffineExpr expr = getAffineDimExpr(dim, context);
    if (dim >= batch - lhsBatch)
      lhs.push_back(expr);
    if (dim >= batch - rhsBatch)
      rhs.push_back(expr);
    result.push_back(expr);
  }
  if (lhsRank >= 2) {
    AffineExpr row = getAffineDimExpr(dims++, context);
    lhs.push_back(row);
    result.push_back(row);
  }
  AffineExpr column;
  if (rhsRank >= 2) {
    column = getAffineDimExpr(dims++, context);
    result.push_back(column);
  }
  AffineExpr inner = getAffineDimExpr(dims++, context);
  lhs.push_back(inner);
  rhs.push_back(inner);
  if (column)
    rhs.push_back(column);
  return {AffineMap::get(dims, 0, lhs, context),
          AffineMap::get(dims, 0, rhs, context),
          AffineMap::get(dims, 0, result, context)};
}

LogicalResult ContractOp::verify() {
  if (getIndexingMaps().size() != 3)
    return emitOpError() << "expected 3 indexing maps, found "
                         << getIndexingMaps().size();
  SmallVector<AffineMap, 3> maps = getMaps();
  unsigned dims = maps[0].getNumDims();
  const std::pair<StringRef, RankedTensorType> values[] = {
      {"lhs", tensorType(getLhs())},
      {"rhs", tensorType(getRhs())},
      {"result", getType()}};
  SmallVector<int64_t> extents(dims, ShapedType::kDynamic);
  SmallVector<bool> inOperand(dims, false);
  for (auto [number, map] : llvm::enumerate(maps)) {
    auto [name, type] = values[number];
    if (map.getNumDims() != dims || map.getNumSymbols() != 0 ||
        !map.isProjectedPermutation())
      return emitOpError() << "expected the map of '" << name
                           << "' to be a projected permutation of " << dims
                           << " dims, found " << AffineMapAttr::get(map);
    if (static_cast<int64_t>(map.getNumResults()) != type.getRank())
      return emitOpError() << "expected a map of " << type.getRank()
                           << " results for '" << name << "', found "
                           << AffineMapAttr::get(map);
    for (auto [position, size] : llvm::enumerate(type.getShape())) {
      unsigned dim = map.getDimPosition(position);
      if (number < 2)
        inOperand[dim] = true;
      else if (!inOperand[dim])
        return emitOpError() << "expected each dim of the result to be one of "
                                "an operand, found d"
                             << dim;
      if (!sizesFit(extents[dim], size))
        return emitOpError()
               << "expected size " << extents[dim] << " in dim " << position
               << " of '" << name << "' for d" << dim << ", found " << size;
      if (ShapedType::isDynamic(extents[dim]))
        extents[dim] = size;
    }
  }
  for (unsigned dim = 0; dim < dims; ++dim)
    if (!inOperand[dim])
      return emitOpError() << "expected each dim to be one of an operand, "
                              "found d"
                           << dim;
  return verifyProduct(*this, "lhs", values[0].second.getElementType(), "rhs",
                       values[1].second.getElementType(),
                       values[2].second.getElementType(), getCompute(),
                       getLhsUnsigned(), getRhsUnsigned());
}

LogicalResult
ContractOp::reifyResultShapes(OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<AffineMap, 3> maps = getMaps();
  SmallVector<OpFoldResult> &sizes = shapes.emplace_back();
  for (AffineExpr expr : maps[2].getResults()) {
    // A static size of either operand is better than a host scalar.
    OpFoldResult size;
    for (auto [operand, map] : llvm::zip(getOperands(), maps)) {
      std::optional<unsigned> position = map.getResultPosition(expr);
      if (!position || (size && tensorType(operand).isDynamicDim(*position)))
        continue;
      size = getSize(builder, getLoc(), operand, *position);
      if (isa<Attribute>(size))
        break;
    }
    sizes.push_back(size);
  }
  return success();
}

/// A transposed operand is a permuted map.
static LogicalResult foldTransposes(ContractOp op, PatternRewriter &rewriter) {
  SmallVector<AffineMap, 3> maps = op.getMaps();
  SmallVector<Value> operands(op.getOperands());
  bool changed = false;
  for (auto [operand, map] : llvm::zip(operands, maps)) {
    auto transpose = operand.getDefiningOp<TransposeOp>();
    if (!transpose)
      continue;
    SmallVector<AffineExpr> results(map.getNumResults());
    for (auto [position, dim] : llvm::enumerate(transpose.getPermutation()))
      results[dim] = map.getResult(position);
    map = AffineMap::get(map.getNumDims(), 0, results, op.getContext());
    operand = transpose.getInput();
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

void ContractOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                             MLIRContext *context) {
  patterns.add(foldTransposes);
}

//===----------------------------------------------------------------------===//
// Convolution
//===----------------------------------------------------------------------===//

/// Where the dims of a convolution's tensors are.
namespace {
struct ConvDims {
  explicit ConvDims(ConvOp op)
      : last(op.getChannelsLast()), spatial(op.getSpatialRank()) {}
  int64_t channel() const { return last ? spatial + 1 : 1; }
  int64_t at(int64_t i) const { return last ? i + 1 : i + 2; }
  bool last;
  int64_t spatial;
};
} // namespace

/// The size of spatial dim `i` of the result (see the description of the
/// operation), or nothing when it is unknown; fails when there is none.
static FailureOr<std::optional<int64_t>>
convSize(ConvOp op, int64_t i, int64_t size, int64_t kernel) {
  if (ShapedType::isDynamic(size) || ShapedType::isDynamic(kernel))
    return std::optional<int64_t>();
  auto fail = [&]() -> FailureOr<std::optional<int64_t>> {
    return op.emitOpError()
           << "the window of spatial dim " << i << " does not fit in 63 bits";
  };
  auto add = [](std::optional<int64_t> lhs, std::optional<int64_t> rhs) {
    return lhs && rhs ? llvm::checkedAdd(*lhs, *rhs) : std::nullopt;
  };
  int64_t low = op.getPadsLow()[i], high = op.getPadsHigh()[i],
          stride = op.getStrides()[i];
  std::optional<int64_t> reach =
      llvm::checkedMul<int64_t>(op.getDilations()[i], kernel - 1);
  std::optional<int64_t> pads = add(low, high);
  if (op.getTransposed()) {
    int64_t extra = op.getOutputPads() ? (*op.getOutputPads())[i] : 0;
    std::optional<int64_t> full =
        size == 0 ? std::optional<int64_t>(0)
                  : add(add(llvm::checkedMul<int64_t>(stride, size - 1), reach),
                        add(extra, 1));
    if (!full || !pads)
      return fail();
    return std::optional<int64_t>(std::max<int64_t>(*full - *pads, 0));
  }
  std::optional<int64_t> padded = add(size, pads);
  if (!padded || !reach)
    return fail();
  if (*padded <= *reach)
    return op.emitOpError()
           << "expected a kernel that fits into the " << *padded
           << " padded elements of spatial dim " << i << ", found one of "
           << std::to_string(static_cast<uint64_t>(*reach) + 1);
  return std::optional<int64_t>((*padded - *reach - 1) / stride + 1);
}

LogicalResult ConvOp::verify() {
  RankedTensorType input = tensorType(getInput());
  RankedTensorType filter = tensorType(getFilter());
  int64_t spatial = getSpatialRank();
  if (spatial < 1)
    return emitOpError("expected at least one entry in 'strides', found 0");
  if (failed(verifyRank(*this, "input", input, spatial + 2)) ||
      failed(verifyRank(*this, "filter", filter, spatial + 2)) ||
      failed(verifyRank(*this, "result", getType(), spatial + 2)) ||
      failed(verifyIntegers(*this, "strides", getStrides(), spatial, 1)) ||
      failed(verifyIntegers(*this, "dilations", getDilations(), spatial, 1)) ||
      failed(verifyIntegers(*this, "low", getPadsLow(), spatial, 0)) ||
      failed(verifyIntegers(*this, "high", getPadsHigh(), spatial, 0)) ||
      failed(verifyProduct(*this, "input", input.getElementType(), "filter",
                           filter.getElementType(), getType().getElementType(),
                           getCompute(), getInputUnsigned(),
                           getFilterUnsigned())))
    return failure();
  if (std::optional<ArrayRef<int64_t>> pads = getOutputPads()) {
    if (!getTransposed())
      return emitOpError("expected 'output_pads' only with 'transposed'");
    if (failed(verifyIntegers(*this, "output_pads", *pads, spatial, 0)))
      return failure();
  }
  int64_t groups = getGroups();
  if (groups < 1)
    return emitOpError() << "expected at least one group, found " << groups;

  ConvDims at(*this);
  int64_t channels = input.getDimSize(at.channel());
  int64_t outer = filter.getDimSize(0), inner = filter.getDimSize(at.channel());
  auto divides = [&](StringRef what, int64_t count) -> LogicalResult {
    if (ShapedType::isDynamic(count) || count % groups == 0)
      return success();
    return emitOpError() << "expected a multiple of " << groups << " " << what
                         << ", found " << count;
  };
  // Forward: outer = M, inner = C / groups; transposed: outer = C, inner = M /
  // groups.
  int64_t expectedChannels = outer, features = outer;
  int64_t &wide = getTransposed() ? features : expectedChannels;
  wide = ShapedType::kDynamic;
  if (!ShapedType::isDynamic(inner)) {
    std::optional<int64_t> product = llvm::checkedMul(inner, groups);
    if (!product)
      return emitOpError("the number of channels does not fit in 63 bits");
    wide = *product;
  }
  if (failed(divides("input channels", channels)) ||
      failed(divides("filters", outer)))
    return failure();
  if (!sizesFit(channels, expectedChannels))
    return emitOpError() << "expected " << expectedChannels
                         << " input channels as the filter says, found "
                         << channels;

  SmallVector<int64_t> shape(spatial + 2, ShapedType::kDynamic);
  shape[0] = input.getDimSize(0);
  shape[at.channel()] = features;
  for (int64_t i = 0; i < spatial; ++i) {
    int64_t kernel = filter.getDimSize(at.at(i));
    if (kernel == 0)
      return emitOpError() << "expected a kernel of at least 1 element in "
                              "spatial dim "
                           << i << ", found 0";
    FailureOr<std::optional<int64_t>> size =
        convSize(*this, i, input.getDimSize(at.at(i)), kernel);
    if (failed(size))
      return failure();
    if (*size)
      shape[at.at(i)] = **size;
  }
  return verifyShape(*this, "result", getType(), shape);
}

LogicalResult ConvOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &shapes) {
  Location loc = getLoc();
  ConvDims at(*this);
  SmallVector<OpFoldResult> sizes(at.spatial + 2);
  OpFoldResult groups = builder.getIndexAttr(getGroups());
  auto index = [&](int64_t value) -> OpFoldResult {
    return builder.getIndexAttr(value);
  };
  RankedTensorType type = getType();
  for (int64_t dim = 0; dim < at.spatial + 2; ++dim) {
    if (!type.isDynamicDim(dim)) {
      sizes[dim] = index(type.getDimSize(dim));
    } else if (dim == 0) {
      sizes[dim] = getSize(builder, loc, getInput(), 0);
    } else if (dim == at.channel()) {
      sizes[dim] =
          getTransposed()
              ? mulIndex(builder, loc,
                         getSize(builder, loc, getFilter(), at.channel()),
                         groups)
              : getSize(builder, loc, getFilter(), 0);
    } else {
      int64_t i = at.last ? dim - 1 : dim - 2;
      OpFoldResult size = getSize(builder, loc, getInput(), dim);
      OpFoldResult reach =
          mulIndex(builder, loc,
                   subIndex(builder, loc,
                            getSize(builder, loc, getFilter(), dim), index(1)),
                   index(getDilations()[i]));
      OpFoldResult pads = addIndex(builder, loc, index(getPadsLow()[i]),
                                   index(getPadsHigh()[i]));
      OpFoldResult stride = index(getStrides()[i]);
      if (getTransposed()) {
        int64_t extra = getOutputPads() ? (*getOutputPads())[i] : 0;
        size = mulIndex(builder, loc, subIndex(builder, loc, size, index(1)),
                        stride);
        size = addIndex(builder, loc, size, reach);
        size = addIndex(builder, loc, size, index(extra + 1));
        size = subIndex(builder, loc, size, pads);
      } else {
        size = addIndex(builder, loc, size, pads);
        size = subIndex(builder, loc, size, reach);
        size = subIndex(builder, loc, size, index(1));
        size = floorDivIndex(builder, loc, size, stride);
        size = addIndex(builder, loc, size, index(1));
      }
      sizes[dim] = size;
    }
  }
  shapes.push_back(std::move(sizes));
  return success();
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

LogicalResult AttentionOp::verify() {
  RankedTensorType query = tensorType(getQuery()), key = tensorType(getKey()),
                   value = tensorType(getValue());
  for (auto [name, type] :
       {std::pair<StringRef, RankedTensorType>("query", query),
        {"key", key},
        {"value", value},
        {"result", getType()}})
    if (failed(verifyRank(*this, name, type, 4)) ||
        failed(verifyElementType(*this, name, type, query.getElementType())))
      return failure();
  int64_t batch = query.getDimSize(0), heads = query.getDimSize(1),
          rows = query.getDimSize(2), depth = query.getDimSize(3),
          kvHeads = key.getDimSize(1), columns = key.getDimSize(2);
  if (failed(
          verifyShape(*this, "key", key, {batch, kvHeads, columns, depth})) ||
      failed(verifyShape(*this, "value", value,
                         {batch, kvHeads, columns, value.getDimSize(3)})) ||
      failed(verifyShape(*this, "result", getType(),
                         {batch, heads, rows, value.getDimSize(3)})))
    return failure();
  if (!ShapedType::isDynamic(heads) && !ShapedType::isDynamic(kvHeads) &&
      (kvHeads == 0 || heads % kvHeads != 0))
    return emitOpError() << "expected a multiple of " << kvHeads
                         << " heads in 'query', found " << heads;
  if (getMask()) {
    RankedTensorType mask = tensorType(getMask());
    if (mask.getElementType() != query.getElementType() &&
        !mask.getElementType().isF32())
      return emitOpError() << "expected 'mask' of element type "
                           << query.getElementType() << " or 'f32', found "
                           << mask.getElementType();
    if (failed(verifyBroadcastable(*this, "mask", mask,
                                   {batch, heads, rows, columns})))
      return failure();
  }
  if (!getScale().isFinite())
    return emitOpError("expected a finite 'scale'");
  if (!getSoftcap().isFinite() ||
      (getSoftcap().isNegative() && !getSoftcap().isZero()))
    return emitOpError() << "expected a finite 'softcap' of at least 0, found "
                         << getSoftcap().convertToDouble();
  return success();
}

LogicalResult
AttentionOp::reifyResultShapes(OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes = getSizes(builder, getLoc(), getQuery());
  sizes[3] = getSize(builder, getLoc(), getValue(), 3);
  shapes.push_back(std::move(sizes));
  return success();
}
