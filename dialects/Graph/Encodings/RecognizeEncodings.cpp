//===- RecognizeEncodings.cpp - Tensors stored as scaled integers ---------===//
#include "dialects/Graph/Encodings/Passes.h"
#include "dialects/Graph/IR/DimSource.h"
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace raddle::graph {
#define GEN_PASS_DEF_GRAPHRECOGNIZEENCODINGS
#include "dialects/Graph/Encodings/Passes.h.inc"
} // namespace raddle::graph

using namespace mlir;
using namespace raddle::graph;

namespace {

/// A part of the index along one dim: the index along dim `dim` of the source,
/// or one of `size` positions that the source does not depend on (-1).
struct IndexPart {
  int64_t dim;
  int64_t size;
};

/// A tensor that repeats a smaller one.
struct Repetition {
  Value source;
  /// Per dim the parts of its index, the most significant first.
  SmallVector<SmallVector<IndexPart, 2>> dims;

  /// Follows `value` to what it repeats.
  explicit Repetition(Value value);

  /// The one element of a constant source, or null.
  Attribute getSplat() const {
    DenseElementsAttr dense;
    if (!matchPattern(source, m_Constant(&dense)) || !dense.isSplat())
      return {};
    return dense.getSplatValue<Attribute>();
  }

private:
  bool peel(BroadcastOp op);
  bool peel(ReshapeOp op);
  bool peel(TransposeOp op);
};

/// How the scales of an encoding lie.
struct ScaleForm {
  std::optional<int64_t> axis, group;
  bool operator==(const ScaleForm &other) const {
    return axis == other.axis && group == other.group;
  }
};

/// Codes, and what is subtracted from and multiplied to them.
struct Dequantization {
  Value codes, zeros, scales;
  bool isUnsigned = false;
};

} // namespace

//===----------------------------------------------------------------------===//
// What a tensor repeats
//===----------------------------------------------------------------------===//

bool Repetition::peel(BroadcastOp op) {
  RankedTensorType from = op.getInput().getType();
  int64_t fresh = op.getResult().getType().getRank() - from.getRank();
  for (auto &parts : dims)
    for (IndexPart &part : parts) {
      if (part.dim < 0)
        continue;
      part.dim -= fresh;
      if (part.dim < 0 || from.getDimSize(part.dim) == 1)
        part.dim = -1;
    }
  return true;
}

bool Repetition::peel(TransposeOp op) {
  for (auto &parts : dims)
    for (IndexPart &part : parts)
      if (part.dim >= 0)
        part.dim = op.getPermutation()[part.dim];
  return true;
}

bool Repetition::peel(ReshapeOp op) {
  RankedTensorType from = op.getInput().getType();
  // Per result dim the operand dims that it merges.
  SmallVector<SmallVector<int64_t>> merged(op.getResult().getType().getRank());
  for (const DimRun &run : getReshapeRuns(op)) {
    if (run.to.size() != 1)
      return false;
    merged[run.to.front()] = run.from;
  }
  for (auto &parts : dims) {
    SmallVector<IndexPart, 2> result;
    for (IndexPart part : parts) {
      if (part.dim < 0) {
        result.push_back(part);
        continue;
      }
      ArrayRef<int64_t> sources = merged[part.dim];
      if (sources.empty())
        result.push_back({-1, part.size});
      else if (sources.size() == 1)
        result.push_back({sources.front(), part.size});
      else
        for (int64_t source : sources)
          result.push_back({source, from.getDimSize(source)});
    }
    parts = std::move(result);
  }
  return true;
}

Repetition::Repetition(Value value) : source(value) {
  for (auto [dim, size] :
       llvm::enumerate(cast<RankedTensorType>(value.getType()).getShape()))
    dims.push_back({{static_cast<int64_t>(dim), size}});
  while (Operation *op = source.getDefiningOp()) {
    bool peeled = llvm::TypeSwitch<Operation *, bool>(op)
                      .Case<BroadcastOp, ReshapeOp, TransposeOp>(
                          [&](auto index) { return peel(index); })
                      .Case<arith::ExtFOp>([](auto) { return true; })
                      .Default([](Operation *) { return false; });
    if (!peeled)
      break;
    source = op->getOperand(0);
  }
  // Every element of a splat is the same: it depends on no dim.
  if (getSplat())
    for (auto &parts : dims)
      for (IndexPart &part : parts)
        part.dim = -1;
}

//===----------------------------------------------------------------------===//
// The form of scales
//===----------------------------------------------------------------------===//

/// The encoding parameters under which scales that repeat their source like
/// this are stored; nothing when there are none.
static std::optional<ScaleForm> getScaleForm(const Repetition &repetition) {
  SmallVector<int64_t> used, unused;
  std::optional<int64_t> blocked;
  int64_t lastSource = -1;
  for (auto [dim, parts] : llvm::enumerate(repetition.dims)) {
    SmallVector<IndexPart, 2> significant;
    for (IndexPart part : parts)
      if (part.size != 1)
        significant.push_back(part);
    bool isUsed = false;
    for (IndexPart part : significant) {
      if (part.dim < 0)
        continue;
      // Sources in another order would have to be transposed.
      if (part.dim <= lastSource)
        return std::nullopt;
      lastSource = part.dim;
      isUsed = true;
    }
    if (significant.size() > 1) {
      if (blocked || significant.size() > 2 || significant[0].dim < 0 ||
          significant[1].dim >= 0)
        return std::nullopt;
      blocked = dim;
    }
    if (isUsed)
      used.push_back(dim);
    else if (!significant.empty())
      unused.push_back(dim);
  }

  ScaleForm form;
  if (blocked) {
    // One scale per block and per index of every other dim.
    if (!unused.empty())
      return std::nullopt;
    form.axis = blocked;
    for (IndexPart part : repetition.dims[*blocked])
      if (part.dim < 0 && part.size != 1)
        form.group = part.size;
    if (ShapedType::isDynamic(*form.group))
      return std::nullopt;
    return form;
  }
  if (used.empty())
    return form;
  if (used.size() == 1) {
    form.axis = used.front();
    return form;
  }
  // One scale per row: the row is one group.
  if (unused.size() != 1)
    return std::nullopt;
  form.axis = unused.front();
  for (IndexPart part : repetition.dims[unused.front()])
    if (part.size != 1)
      form.group = part.size;
  if (ShapedType::isDynamic(*form.group))
    return std::nullopt;
  return form;
}

/// The source of `repetition`, with elements of type `element`, in the shape
/// that the encoding of `codes` stores scales of form `form` in. `own` is the
/// form of the source: `form`, or one value for the whole tensor.
static Value buildScales(OpBuilder &builder, Location loc,
                         const Repetition &repetition, Type element,
                         ScaleForm own, ScaleForm form, Value codes) {
  SmallVector<OpFoldResult> sizes;
  if (form.axis && form.group) {
    sizes = getSizes(builder, loc, codes);
    sizes[*form.axis] = floorDivIndex(builder, loc, sizes[*form.axis],
                                      builder.getIndexAttr(*form.group));
  } else if (form.axis) {
    sizes.push_back(getSize(builder, loc, codes, *form.axis));
  }

  Value source = repetition.source;
  if (Attribute splat = repetition.getSplat()) {
    if (auto integer = dyn_cast<IntegerAttr>(splat))
      splat = builder.getIntegerAttr(
          element, integer.getValue().trunc(element.getIntOrFloatBitWidth()));
    source = arith::ConstantOp::create(
        builder, loc,
        DenseElementsAttr::get(RankedTensorType::get({}, element), splat));
  }
  auto type = cast<RankedTensorType>(source.getType());
  if (!own.axis) {
    if (type.getRank() != 0)
      source =
          ReshapeOp::create(builder, loc, source, ArrayRef<OpFoldResult>());
    if (!sizes.empty())
      source = BroadcastOp::create(builder, loc, source, sizes);
    return source;
  }
  bool inShape = sizes.size() == static_cast<size_t>(type.getRank()) &&
                 llvm::all_of(llvm::enumerate(sizes), [&](auto entry) {
                   return getConstantIntValue(entry.value())
                              .value_or(ShapedType::kDynamic) ==
                          type.getDimSize(entry.index());
                 });
  return inShape ? source : ReshapeOp::create(builder, loc, source, sizes);
}

//===----------------------------------------------------------------------===//
// The arithmetic
//===----------------------------------------------------------------------===//

static bool isCode(Type type) {
  return type.isSignlessInteger(8) || type.isSignlessInteger(16);
}

/// The codes that `value`, an integer tensor, extends without change; sets
/// whether they are unsigned. `value` itself when it holds codes.
static Value peelExtension(Value value, std::optional<bool> &isUnsigned) {
  Operation *op = value.getDefiningOp();
  if (!isa_and_nonnull<arith::ExtSIOp, arith::ExtUIOp>(op))
    return {};
  bool extendsUnsigned = isa<arith::ExtUIOp>(op);
  if (isUnsigned && *isUnsigned != extendsUnsigned)
    return {};
  isUnsigned = extendsUnsigned;
  Value codes = op->getOperand(0);
  return isCode(getElementTypeOrSelf(codes)) ? codes : Value();
}

/// A tensor of integers, repeated before or after it was extended, as one that
/// is repeated from codes of type `code`.
static std::optional<Repetition> matchIntegerZeros(Value value, Type code,
                                                   bool isUnsigned) {
  // broadcast(extend(zeros)) and extend(broadcast(zeros)) alike.
  Repetition repetition(value);
  std::optional<bool> sign = isUnsigned;
  if (Value zeros = peelExtension(repetition.source, sign)) {
    Repetition inner(zeros);
    if (inner.source == zeros) {
      repetition.source = zeros;
    } else if (repetition.source == value) {
      repetition = inner;
    } else {
      return std::nullopt;
    }
    return getElementTypeOrSelf(zeros) == code ? std::optional(repetition)
                                               : std::nullopt;
  }
  // A folded zero point: representable as a code or not an encoding.
  auto splat = dyn_cast_or_null<IntegerAttr>(repetition.getSplat());
  if (!splat)
    return std::nullopt;
  APInt zero = splat.getValue();
  unsigned width = code.getIntOrFloatBitWidth();
  if (isUnsigned ? !zero.isIntN(width) : !zero.isSignedIntN(width))
    return std::nullopt;
  return repetition;
}

namespace {

/// (convert(codes) [- zeros]) * scales.
struct RecognizeInt : public OpRewritePattern<arith::MulFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::MulFOp op,
                                PatternRewriter &rewriter) const override {
    if (!isa<RankedTensorType>(op.getType()))
      return failure();
    for (bool swapped : {false, true}) {
      Value difference = swapped ? op.getRhs() : op.getLhs();
      Value scales = swapped ? op.getLhs() : op.getRhs();
      if (succeeded(rewrite(op, difference, scales, rewriter)))
        return success();
    }
    return failure();
  }

private:
  LogicalResult rewrite(arith::MulFOp op, Value difference, Value scales,
                        PatternRewriter &rewriter) const;
};

} // namespace

LogicalResult RecognizeInt::rewrite(arith::MulFOp op, Value difference,
                                    Value scales,
                                    PatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  auto type = cast<RankedTensorType>(op.getType());
  Type element = type.getElementType();

  Value floatZeros;
  if (auto sub = difference.getDefiningOp<arith::SubFOp>()) {
    floatZeros = sub.getRhs();
    difference = sub.getLhs();
  }
  Operation *convert = difference.getDefiningOp();
  if (!isa_and_nonnull<arith::SIToFPOp, arith::UIToFPOp>(convert))
    return failure();
  bool convertsUnsigned = isa<arith::UIToFPOp>(convert);
  Value integers = convert->getOperand(0), integerZeros, codes;
  std::optional<bool> isUnsigned;
  if (isCode(getElementTypeOrSelf(integers))) {
    codes = integers;
    isUnsigned = convertsUnsigned;
  } else if (!convertsUnsigned && !floatZeros) {
    if (auto sub = integers.getDefiningOp<arith::SubIOp>()) {
      integerZeros = sub.getRhs();
      integers = sub.getLhs();
    }
    // The difference of codes needs one bit more than they have.
    if (getElementTypeOrSelf(integers).getIntOrFloatBitWidth() < 32)
      return failure();
    codes = peelExtension(integers, isUnsigned);
  }
  if (!codes)
    return failure();

  // The encoding computes in f32 and rounds once: with narrower elements that
  // is the same only where nothing but the product rounds.
  Type code = getElementTypeOrSelf(codes);
  bool wide = element.isF32() || element.isF64();
  if (!wide && (!isa<Float16Type, BFloat16Type>(element) || floatZeros ||
                !code.isInteger(8)))
    return failure();

  Repetition scaleSource(scales);
  std::optional<ScaleForm> form = getScaleForm(scaleSource);
  if (!form)
    return failure();
  Type scaleType = getElementTypeOrSelf(scaleSource.source);
  if (!isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(scaleType))
    return failure();

  std::optional<Repetition> zeroSource;
  std::optional<ScaleForm> zeroForm;
  Type zeroType;
  if (integerZeros) {
    zeroSource = matchIntegerZeros(integerZeros, code, *isUnsigned);
    zeroType = code;
  } else if (floatZeros) {
    zeroSource.emplace(floatZeros);
    zeroType = getElementTypeOrSelf(zeroSource->source);
    // A converted integer zero point is stored as the integer.
    Operation *zeroConvert = zeroSource->source.getDefiningOp();
    if (isa_and_nonnull<arith::SIToFPOp, arith::UIToFPOp>(zeroConvert) &&
        isa<arith::UIToFPOp>(zeroConvert) == *isUnsigned &&
        getElementTypeOrSelf(zeroConvert->getOperand(0)) == code) {
      zeroSource->source = zeroConvert->getOperand(0);
      zeroType = code;
    }
  }
  if (integerZeros || floatZeros) {
    if (!zeroSource)
      return failure();
    zeroForm = getScaleForm(*zeroSource);
    if (!zeroForm || (zeroForm->axis && !(*zeroForm == *form)))
      return failure();
    if (!isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(zeroType) &&
        zeroType != code)
      return failure();
  }

  SmallVector<Value> components{codes};
  components.push_back(
      buildScales(rewriter, loc, scaleSource, scaleType, *form, *form, codes));
  if (zeroSource)
    components.push_back(buildScales(rewriter, loc, *zeroSource, zeroType,
                                     *zeroForm, *form, codes));
  auto encoding = IntEncodingAttr::get(
      op.getContext(), code.getIntOrFloatBitWidth(), *isUnsigned, scaleType,
      zeroType, form->axis, form->group);
  auto encodedType = RankedTensorType::get(type.getShape(), element, encoding);
  Value encoded = AssembleOp::create(rewriter, loc, encodedType, components);
  rewriter.replaceOpWithNewOp<DecodeOp>(op, type, encoded);
  return success();
}

namespace {
struct RecognizeEncodings
    : public raddle::graph::impl::GraphRecognizeEncodingsBase<
          RecognizeEncodings> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<RecognizeInt>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
