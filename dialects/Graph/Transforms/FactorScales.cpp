//===- FactorScales.cpp - Products of codes instead of decoded values -----===//
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphUtils.h"
#include "dialects/Graph/Transforms/Passes.h"
#include "mlir/IR/Matchers.h"

namespace raddle::graph {
#define GEN_PASS_DEF_GRAPHFACTORSCALES
#include "dialects/Graph/Transforms/Passes.h.inc"
} // namespace raddle::graph

using namespace mlir;
using namespace raddle::graph;

namespace {

/// `decode(assemble(codes, scales, zeros))` with one scale, or scales along
/// `axis`.
struct Quantized {
  RankedTensorType type;
  IntEncodingAttr encoding;
  Value codes, scales, zeros;

  std::optional<int64_t> getAxis() const { return encoding.getAxis(); }
};

/// How a product names the dims of an operand in its result: for operand dim
/// `i` the dim of the result, -1 when it is summed.
using ResultDims = SmallVector<int64_t>;

/// Inserts behind a product.
class Rewriter {
public:
  explicit Rewriter(Operation *product)
      : builder(product->getContext()), loc(product->getLoc()),
        resultType(cast<RankedTensorType>(product->getResult(0).getType())) {
    builder.setInsertionPointAfter(product);
    sizes = getSizes(builder, loc, product->getResult(0));
  }

  /// A tensor whose dim `i` is dim `dims[i]` of the result, repeated to it.
  Value spread(Value value, ArrayRef<int64_t> dims);
  /// Scales or zero points of an operand, repeated to the result as `element`.
  Value spreadParameter(const Quantized &operand, ArrayRef<int64_t> dims,
                        Value parameter, Type element);
  /// Codes summed over what the product sums, in i32, repeated to the result.
  Value spreadSums(const Quantized &operand, ArrayRef<int64_t> dims);
  Value convert(Value value, Type element, bool isUnsigned);
  template <typename OpTy> Value make(Value lhs, Value rhs) {
    return OpTy::create(builder, loc, lhs, rhs);
  }

  OpBuilder builder;
  Location loc;
  RankedTensorType resultType;
  SmallVector<OpFoldResult> sizes;
};

} // namespace

static std::optional<Quantized> getQuantized(Value operand) {
  auto decode = operand.getDefiningOp<DecodeOp>();
  auto assemble =
      decode ? decode.getInput().getDefiningOp<AssembleOp>() : AssembleOp();
  if (!assemble)
    return std::nullopt;
  auto type = cast<RankedTensorType>(assemble.getResult().getType());
  auto encoding = dyn_cast_or_null<IntEncodingAttr>(type.getEncoding());
  if (!encoding || encoding.getGroup() || !type.getElementType().isF32() ||
      !encoding.getScale().isF32())
    return std::nullopt;
  if (encoding.getZero() && !isa<IntegerType>(encoding.getZero()))
    return std::nullopt;
  Quantized result{type, encoding, assemble.getComponents()[0],
                   assemble.getComponents()[1], Value()};
  if (encoding.getZero())
    result.zeros = assemble.getComponents()[2];
  return result;
}

Value Rewriter::convert(Value value, Type element, bool isUnsigned) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getElementType() == element)
    return value;
  Type to = type.clone(element);
  if (isa<FloatType>(element))
    return arith::SIToFPOp::create(builder, loc, to, value);
  if (isUnsigned)
    return arith::ExtUIOp::create(builder, loc, to, value);
  return arith::ExtSIOp::create(builder, loc, to, value);
}

Value Rewriter::spread(Value value, ArrayRef<int64_t> dims) {
  if (!llvm::is_sorted(dims)) {
    SmallVector<int64_t> order =
        llvm::to_vector(llvm::seq<int64_t>(0, dims.size()));
    llvm::sort(order, [&](int64_t a, int64_t b) { return dims[a] < dims[b]; });
    value = TransposeOp::create(builder, loc, value, order);
  }
  // Broadcasting aligns dims at the right.
  SmallVector<int64_t> sorted(dims);
  llvm::sort(sorted);
  size_t first = sorted.empty() ? sizes.size() : sorted.front();
  SmallVector<OpFoldResult> own(sizes.size() - first, builder.getIndexAttr(1));
  for (int64_t dim : dims)
    own[dim - first] = sizes[dim];
  if (dims.size() != own.size())
    value = ReshapeOp::create(builder, loc, value, own);
  return BroadcastOp::create(builder, loc, value, sizes);
}

Value Rewriter::spreadParameter(const Quantized &operand,
                                ArrayRef<int64_t> dims, Value parameter,
                                Type element) {
  parameter = convert(parameter, element, operand.encoding.getIsUnsigned());
  SmallVector<int64_t> own;
  if (std::optional<int64_t> axis = operand.getAxis())
    own.push_back(dims[*axis]);
  return spread(parameter, own);
}

Value Rewriter::spreadSums(const Quantized &operand, ArrayRef<int64_t> dims) {
  Value wide = convert(operand.codes, builder.getI32Type(),
                       operand.encoding.getIsUnsigned());
  SmallVector<int64_t> summed, kept;
  for (auto [i, dim] : llvm::enumerate(dims)) {
    if (dim < 0)
      summed.push_back(i);
    else
      kept.push_back(dim);
  }
  return spread(ReduceOp::create(builder, loc, ReduceKind::add, wide, summed,
                                 /*keepDims=*/false),
                kept);
}

/// Whether the scales can leave the sum.
static bool isFactor(const Quantized &operand, ArrayRef<int64_t> dims) {
  return !operand.getAxis() || dims[*operand.getAxis()] >= 0;
}

/// The operand with scales of one.
static Value decodeUnscaled(OpBuilder &builder, Location loc,
                            const Quantized &operand) {
  auto scaleType = cast<RankedTensorType>(operand.scales.getType());
  Value ones = arith::ConstantOp::create(
      builder, loc,
      DenseElementsAttr::get(
          scaleType,
          builder.getFloatAttr(scaleType.getElementType(), 1).getValue()));
  SmallVector<Value> components{operand.codes, ones};
  if (operand.zeros)
    components.push_back(operand.zeros);
  Value assembled = AssembleOp::create(builder, loc, operand.type, components);
  return DecodeOp::create(builder, loc,
                          RankedTensorType::get(operand.type.getShape(),
                                                operand.type.getElementType()),
                          assembled);
}

static bool hasUnitScales(const Quantized &operand) {
  DenseElementsAttr constant;
  return matchPattern(operand.scales, m_Constant(&constant)) &&
         constant.isSplat() &&
         constant.getSplatValue<APFloat>().isExactlyValue(1.0);
}

/// Elements in one sum, or -1.
static int64_t getSumLength(RankedTensorType type, ArrayRef<int64_t> dims) {
  int64_t length = 1;
  for (auto [size, dim] : llvm::zip(type.getShape(), dims)) {
    if (dim >= 0)
      continue;
    if (ShapedType::isDynamic(size))
      return -1;
    length *= size;
  }
  return length;
}

namespace {
struct GraphFactorScales
    : raddle::graph::impl::GraphFactorScalesBase<GraphFactorScales> {
  using GraphFactorScalesBase::GraphFactorScalesBase;

  void runOnOperation() override {
    SmallVector<Operation *> products;
    getOperation().walk([&](Operation *op) {
      if (isa<ContractOp, ConvOp>(op) &&
          getElementTypeOrSelf(op->getResult(0).getType()).isF32())
        products.push_back(op);
    });
    for (Operation *product : products)
      rewrite(product);
  }

  /// Result dims of both operands; nothing for products that are left alone.
  static std::optional<std::array<ResultDims, 2>> getDims(Operation *product) {
    std::array<ResultDims, 2> dims;
    if (auto contract = dyn_cast<ContractOp>(product)) {
      auto maps = contract.getMaps();
      for (unsigned side : {0, 1})
        for (AffineExpr expr : maps[side].getResults()) {
          auto position = maps[2].getResultPosition(expr);
          dims[side].push_back(position ? int64_t(*position) : -1);
        }
      return dims;
    }
    auto conv = cast<ConvOp>(product);
    if (conv.getTransposed())
      return std::nullopt;
    // Channels of a group are summed; positions mix with those of the kernel.
    dims[0].assign(conv.getInput().getType().getRank(), -1);
    dims[0][0] = 0;
    dims[1].assign(conv.getFilter().getType().getRank(), -1);
    dims[1][0] = conv.getChannelsLast() ? conv.getSpatialRank() + 1 : 1;
    return dims;
  }

  void rewrite(Operation *product) {
    auto dims = getDims(product);
    if (!dims)
      return;
    std::optional<Quantized> operands[2];
    for (unsigned side : {0, 1}) {
      operands[side] = getQuantized(product->getOperand(side));
      if (operands[side] && !isFactor(*operands[side], (*dims)[side]))
        operands[side].reset();
    }
    if (operands[0] && operands[1] && rewriteIntegers(product, *dims, operands))
      return;
    for (unsigned side : {0, 1}) {
      if (!operands[side] || hasUnitScales(*operands[side]))
        continue;
      OpBuilder before(product);
      product->setOperand(
          side, decodeUnscaled(before, product->getLoc(), *operands[side]));
      Rewriter rewriter(product);
      Value scales = rewriter.spreadParameter(*operands[side], (*dims)[side],
                                              operands[side]->scales,
                                              rewriter.builder.getF32Type());
      Value result = product->getResult(0);
      auto scaled =
          arith::MulFOp::create(rewriter.builder, rewriter.loc, result, scales);
      result.replaceUsesWithIf(scaled, [&](OpOperand &use) {
        return use.getOwner() != scaled && !isa<tensor::DimOp>(use.getOwner());
      });
    }
  }

  /// Both operands are 8-bit codes: their product in integers, zero points by
  /// sums of rows and columns, scales at the end.
  bool rewriteIntegers(Operation *product,
                       const std::array<ResultDims, 2> &dims,
                       std::optional<Quantized> (&operands)[2]) {
    bool anyZeros = operands[0]->zeros || operands[1]->zeros;
    // Where a window leaves the input, codes would have to be zero points.
    if (isa<ConvOp>(product) && anyZeros)
      return false;
    for (auto &operand : operands)
      if (operand->encoding.getBits() != 8)
        return false;
    // 255 * 255 * length and the corrections keep within 31 bits.
    int64_t length = getSumLength(operands[1]->type, dims[1]);
    if (length < 0 || length > (int64_t(1) << 31) / (255 * 255) / 4)
      return false;
    Rewriter rewriter(product);
    OpBuilder &b = rewriter.builder;
    Type i32 = b.getI32Type(), f32 = b.getF32Type();
    OperationState state(rewriter.loc, product->getName());
    state.addOperands({operands[0]->codes, operands[1]->codes});
    state.addTypes(rewriter.resultType.clone(i32));
    state.addAttributes(product->getAttrs());
    Operation *integer = b.create(state);
    UnitAttr yes = b.getUnitAttr();
    if (auto contract = dyn_cast<ContractOp>(integer)) {
      contract.setCompute(ComputeMode::native);
      if (operands[0]->encoding.getIsUnsigned())
        contract.setLhsUnsignedAttr(yes);
      if (operands[1]->encoding.getIsUnsigned())
        contract.setRhsUnsignedAttr(yes);
    } else {
      auto conv = cast<ConvOp>(integer);
      conv.setCompute(ComputeMode::native);
      if (operands[0]->encoding.getIsUnsigned())
        conv.setInputUnsignedAttr(yes);
      if (operands[1]->encoding.getIsUnsigned())
        conv.setFilterUnsignedAttr(yes);
    }
    Value sum = integer->getResult(0);
    Value zeros[2];
    for (unsigned side : {0, 1}) {
      if (!operands[side]->zeros)
        continue;
      zeros[side] = rewriter.spreadParameter(*operands[side], dims[side],
                                             operands[side]->zeros, i32);
      Value others = rewriter.spreadSums(*operands[1 - side], dims[1 - side]);
      sum = rewriter.make<arith::SubIOp>(
          sum, rewriter.make<arith::MulIOp>(zeros[side], others));
    }
    if (zeros[0] && zeros[1]) {
      Value both = rewriter.make<arith::MulIOp>(zeros[0], zeros[1]);
      Value count = arith::ConstantOp::create(
          b, rewriter.loc,
          DenseElementsAttr::get(RankedTensorType::get({}, i32),
                                 APInt(32, length)));
      count = rewriter.spread(count, {});
      sum = rewriter.make<arith::AddIOp>(
          sum, rewriter.make<arith::MulIOp>(both, count));
    }
    Value result = rewriter.convert(sum, f32, false);
    for (unsigned side : {0, 1})
      result = rewriter.make<arith::MulFOp>(
          result, rewriter.spreadParameter(*operands[side], dims[side],
                                           operands[side]->scales, f32));
    product->getResult(0).replaceUsesWithIf(result, [](OpOperand &use) {
      return !isa<tensor::DimOp>(use.getOwner());
    });
    return true;
  }
};
} // namespace
