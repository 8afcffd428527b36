//===- RecognizeEncodings.cpp - Tensors stored as scaled integers ---------===//
#include "dialects/Graph/Encodings/Passes.h"
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphUtils.h"
#include "dialects/Graph/IR/ReshapeRuns.h"
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

  /// What widened the elements on the way: signed or unsigned integers.
  bool throughSigned = false, throughUnsigned = false;

  /// Follows `value` to what it repeats, through widening of floats and, when
  /// `throughIntegers`, through conversions from narrower integers.
  explicit Repetition(Value value, bool throughIntegers = false);

  /// The elements of a constant source, or null.
  DenseElementsAttr getConstant() const {
    DenseElementsAttr dense;
    matchPattern(source, m_Constant(&dense));
    return dense;
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

Repetition::Repetition(Value value, bool throughIntegers) : source(value) {
  for (auto [dim, size] :
       llvm::enumerate(cast<RankedTensorType>(value.getType()).getShape()))
    dims.push_back({{static_cast<int64_t>(dim), size}});
  while (Operation *op = source.getDefiningOp()) {
    bool peeled = llvm::TypeSwitch<Operation *, bool>(op)
                      .Case<BroadcastOp, ReshapeOp, TransposeOp>(
                          [&](auto index) { return peel(index); })
                      .Case<arith::ExtFOp>([](auto) { return true; })
                      .Case<arith::SIToFPOp, arith::ExtSIOp>([&](auto) {
                        throughSigned |= throughIntegers;
                        return throughIntegers;
                      })
                      .Case<arith::UIToFPOp, arith::ExtUIOp>([&](auto) {
                        throughUnsigned |= throughIntegers;
                        return throughIntegers;
                      })
                      .Default([](Operation *) { return false; });
    if (!peeled)
      break;
    source = op->getOperand(0);
  }
  // Every element of a splat is the same: it depends on no dim.
  DenseElementsAttr constant = getConstant();
  if (constant && constant.isSplat())
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

/// `source`, which holds one value per scale of form `own`, in the shape that
/// the encoding of a tensor like `codes` stores scales of form `form` in. `own`
/// is `form`, or one value for the whole tensor.
static Value buildScales(OpBuilder &builder, Location loc, Value source,
                         ScaleForm own, ScaleForm form, Value codes) {
  SmallVector<OpFoldResult> sizes;
  if (form.axis && form.group) {
    sizes = getSizes(builder, loc, codes);
    sizes[*form.axis] = floorDivIndex(builder, loc, sizes[*form.axis],
                                      builder.getIndexAttr(*form.group));
  } else if (form.axis) {
    sizes.push_back(getSize(builder, loc, codes, *form.axis));
  }

  auto type = cast<RankedTensorType>(source.getType());
  if (!own.axis) {
    DenseElementsAttr constant;
    auto scalarType = RankedTensorType::get({}, type.getElementType());
    if (matchPattern(source, m_Constant(&constant)) && constant.isSplat())
      source = arith::ConstantOp::create(builder, loc,
                                         constant.resizeSplat(scalarType));
    else if (type.getRank() != 0)
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

static bool isStoredFloat(Type type) {
  return isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(type);
}

/// Whether the elements of `value` are codes as an encoding stores them, or
/// can be brought to that: the packed bytes of narrow codes can only be had
/// from a weight, in whose archive a row starts on a byte.
static bool holdsCodes(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  unsigned bits = type.getElementTypeBitWidth();
  if (!type.getElementType().isSignlessInteger())
    return false;
  if (bits == 8 || bits == 16)
    return true;
  if (bits != 2 && bits != 4)
    return false;
  return value.getDefiningOp<WeightOp>() && type.getRank() > 0 &&
         type.hasStaticShape() && type.getShape().back() % (8 / bits) == 0;
}

/// Codes as an encoding stores them: narrow ones as the bytes of their weight.
static Value buildCodes(OpBuilder &builder, Value codes) {
  auto type = cast<RankedTensorType>(codes.getType());
  unsigned bits = type.getElementTypeBitWidth();
  if (bits >= 8)
    return codes;
  auto weight = codes.getDefiningOp<WeightOp>();
  SmallVector<int64_t> shape(type.getShape());
  shape.back() /= 8 / bits;
  return WeightOp::create(builder, weight.getLoc(),
                          RankedTensorType::get(shape, builder.getI8Type()),
                          weight.getSource(), DictionaryAttr());
}

/// The codes that `value`, an integer tensor, extends without change, and
/// whether they are unsigned; null when it extends none.
static Value peelExtension(Value value, std::optional<bool> &isUnsigned) {
  Operation *op = value.getDefiningOp();
  if (!isa_and_nonnull<arith::ExtSIOp, arith::ExtUIOp>(op) ||
      !holdsCodes(op->getOperand(0)))
    return {};
  isUnsigned = isa<arith::ExtUIOp>(op);
  return op->getOperand(0);
}

/// The constants `values` as codes of `bits` bits; null when one of them is no
/// such code.
static DenseElementsAttr convertToCodes(DenseElementsAttr values, unsigned bits,
                                        bool isUnsigned) {
  unsigned width = std::max(bits, 8u);
  SmallVector<APInt> codes;
  auto add = [&](const APInt &value, bool isSigned) {
    bool fits = isUnsigned
                    ? (!isSigned || value.isNonNegative()) && value.isIntN(bits)
                    : value.isSignedIntN(bits);
    codes.push_back(value.sextOrTrunc(width));
    return fits;
  };
  bool fits = true;
  if (isa<FloatType>(values.getElementType())) {
    for (const APFloat &value : values.getValues<APFloat>()) {
      APSInt integer(64, /*isUnsigned=*/false);
      bool exact = false;
      fits &= value.convertToInteger(integer, APFloat::rmTowardZero, &exact) ==
                  APFloat::opOK &&
              exact && add(integer, /*isSigned=*/true);
    }
  } else if (isa<IntegerType>(values.getElementType())) {
    for (const APInt &value : values.getValues<APInt>())
      fits &= add(value.sextOrTrunc(64), /*isSigned=*/true);
  } else {
    return {};
  }
  if (!fits)
    return {};
  auto element = IntegerType::get(values.getContext(), width);
  return DenseElementsAttr::get(values.getType().clone(element), codes);
}

namespace {
/// What is subtracted from codes before they are scaled.
struct ZeroPoints {
  ScaleForm form;
  /// The zero points, as a value or, when that is not null, as a constant.
  Value value;
  DenseElementsAttr constant;
  Type type;
};
} // namespace

/// The zero points that `value` repeats, in a type that an encoding of codes
/// like `codes` stores.
static std::optional<ZeroPoints> matchZeros(Value value, Type code,
                                            bool isUnsigned) {
  Repetition repetition(value, /*throughIntegers=*/true);
  std::optional<ScaleForm> form = getScaleForm(repetition);
  if (!form)
    return std::nullopt;
  ZeroPoints zeros{*form, repetition.source, {}, {}};
  unsigned bits = code.getIntOrFloatBitWidth();
  zeros.type = IntegerType::get(code.getContext(), std::max(bits, 8u));
  bool converted = repetition.throughSigned || repetition.throughUnsigned;
  if (DenseElementsAttr constant = repetition.getConstant();
      constant && !converted) {
    zeros.constant = convertToCodes(constant, bits, isUnsigned);
    if (zeros.constant)
      return zeros;
  }
  Type element = getElementTypeOrSelf(zeros.value);
  if (!converted && isStoredFloat(element)) {
    zeros.type = element;
    return zeros;
  }
  // Integers of the same kind as the codes.
  if (element == zeros.type &&
      (isUnsigned ? !repetition.throughSigned : !repetition.throughUnsigned))
    return zeros;
  return std::nullopt;
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

  // convert(codes) - zeros in floats, or convert(extend(codes) - zeros).
  Value subtracted;
  if (auto sub = difference.getDefiningOp<arith::SubFOp>()) {
    subtracted = sub.getRhs();
    difference = sub.getLhs();
  }
  Operation *convert = difference.getDefiningOp();
  if (!isa_and_nonnull<arith::SIToFPOp, arith::UIToFPOp>(convert))
    return failure();
  Value integers = convert->getOperand(0), codes;
  std::optional<bool> isUnsigned;
  if (holdsCodes(integers)) {
    codes = integers;
    isUnsigned = isa<arith::UIToFPOp>(convert);
  } else if (isa<arith::SIToFPOp>(convert) && !subtracted &&
             // The difference of codes needs one bit more than they have.
             getElementTypeOrSelf(integers).getIntOrFloatBitWidth() >= 32) {
    if (auto sub = integers.getDefiningOp<arith::SubIOp>()) {
      subtracted = sub.getRhs();
      integers = sub.getLhs();
    }
    codes = peelExtension(integers, isUnsigned);
  }
  if (!codes)
    return failure();

  // The encoding computes in f32 and rounds once: with narrower elements that
  // is the same only where nothing but the product rounds.
  Type code = getElementTypeOrSelf(codes);
  bool inIntegers =
      subtracted && !isa<FloatType>(getElementTypeOrSelf(subtracted));
  if (!element.isF32() && !element.isF64() &&
      (!isStoredFloat(element) || (subtracted && !inIntegers) ||
       code.getIntOrFloatBitWidth() > 8))
    return failure();

  Repetition scaleSource(scales);
  std::optional<ScaleForm> form = getScaleForm(scaleSource);
  Type scaleType = getElementTypeOrSelf(scaleSource.source);
  if (!form || !isStoredFloat(scaleType))
    return failure();
  std::optional<ZeroPoints> zeros;
  if (subtracted) {
    zeros = matchZeros(subtracted, code, *isUnsigned);
    if (!zeros || (zeros->form.axis && !(zeros->form == *form)))
      return failure();
    // A difference of integers is not one of rounded floats.
    if (inIntegers && isa<FloatType>(zeros->type))
      return failure();
  }

  SmallVector<Value> components{buildCodes(rewriter, codes)};
  components.push_back(
      buildScales(rewriter, loc, scaleSource.source, *form, *form, codes));
  if (zeros) {
    Value source = zeros->value;
    if (zeros->constant)
      source = arith::ConstantOp::create(rewriter, loc, zeros->constant);
    components.push_back(
        buildScales(rewriter, loc, source, zeros->form, *form, codes));
  }
  Type zeroType = zeros ? zeros->type : Type();
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
