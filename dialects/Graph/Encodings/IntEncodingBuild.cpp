//===- IntEncodingBuild.cpp - Affine integers as graph operations ---------===//
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphUtils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace raddle::graph;

namespace {

/// Builds the arithmetic of one encoded tensor.
class IntExpression {
public:
  IntExpression(OpBuilder &builder, Location loc, IntEncodingAttr encoding,
                RankedTensorType type)
      : builder(builder), loc(loc), encoding(encoding), type(type) {
    bool wide = type.getElementType().isF64() || encoding.getScale().isF64() ||
                (encoding.getZero() && encoding.getZero().isF64());
    compute = wide ? builder.getF64Type() : builder.getF32Type();
  }

  Value decode(ValueRange components);
  SmallVector<Value> encode(Value input, ArrayRef<Value> given);

private:
  using Sizes = SmallVector<OpFoldResult>;

  OpFoldResult size(int64_t n) { return builder.getIndexAttr(n); }
  /// The sizes of a tensor: those of the components for all that is computed
  /// from them, so that no size hangs on a computed tensor.
  Sizes sizesOf(Value tensor) {
    auto [entry, isNew] = known.try_emplace(tensor);
    if (isNew)
      entry->second = raddle::graph::getSizes(builder, loc, tensor);
    return entry->second;
  }
  Value withSizesOf(Value result, Value operand) {
    known[result] = Sizes(sizesOf(operand));
    return result;
  }
  Value withSizes(Value result, Sizes sizes) {
    known[result] = std::move(sizes);
    return result;
  }
  Value reshape(Value value, const Sizes &sizes) {
    return withSizes(ReshapeOp::create(builder, loc, value, sizes), sizes);
  }
  Value broadcast(Value value, const Sizes &sizes) {
    if (sizes.empty())
      return value;
    return withSizes(BroadcastOp::create(builder, loc, value, sizes), sizes);
  }
  Value slice(Value value, const Sizes &offsets, const Sizes &sizes,
              ArrayRef<int64_t> strides) {
    return withSizes(
        SliceOp::create(builder, loc, value, offsets, sizes, strides), sizes);
  }
  Type withElement(Value like, Type element) {
    return cast<RankedTensorType>(like.getType()).clone(element);
  }
  /// A scalar repeated to the shape of `like`, in its element type.
  Value constant(double value, Value like);
  Value constant(int64_t value, Value like);
  Value splat(TypedAttr attribute, Value like);
  template <typename OpTy> Value binary(Value lhs, Value rhs) {
    return withSizesOf(OpTy::create(builder, loc, lhs, rhs), lhs);
  }
  template <typename OpTy> Value convert(Value value, Type element) {
    return withSizesOf(
        OpTy::create(builder, loc, withElement(value, element), value), value);
  }
  /// A float tensor in another float type.
  Value castFloat(Value value, Type element);
  Value castCode(Value value, Type element);
  Value fromCode(Value value, Type element);

  /// One value per scale, repeated for each element of the tensor.
  Value spread(Value perScale, Value like);
  /// Codes one by one from bytes, and the inverse.
  Value unpack(Value bytes);
  Value pack(Value codes);
  /// The least (greatest) of the elements that share a scale.
  Value reduceScale(ReduceKind kind, Value values);
  Value saturate(Value codes);
  Value toInteger(Value codes, IntegerType integer);

  OpBuilder &builder;
  Location loc;
  IntEncodingAttr encoding;
  RankedTensorType type;
  Type compute;
  llvm::DenseMap<Value, Sizes> known;
};

} // namespace

Value IntExpression::splat(TypedAttr attribute, Value like) {
  auto scalarType = RankedTensorType::get({}, attribute.getType());
  Value scalar = arith::ConstantOp::create(
      builder, loc, DenseElementsAttr::get(scalarType, Attribute(attribute)));
  return broadcast(scalar, sizesOf(like));
}

Value IntExpression::constant(double value, Value like) {
  return splat(builder.getFloatAttr(getElementTypeOrSelf(like), value), like);
}

Value IntExpression::constant(int64_t value, Value like) {
  auto integer = cast<IntegerType>(getElementTypeOrSelf(like));
  return splat(builder.getIntegerAttr(integer, APInt(integer.getWidth(), value,
                                                     /*isSigned=*/true,
                                                     /*implicitTrunc=*/true)),
               like);
}

Value IntExpression::castFloat(Value value, Type element) {
  auto from = cast<FloatType>(getElementTypeOrSelf(value));
  auto to = cast<FloatType>(element);
  if (from == to)
    return value;
  if (from.getWidth() < to.getWidth())
    return convert<arith::ExtFOp>(value, to);
  return convert<arith::TruncFOp>(value, to);
}

Value IntExpression::castCode(Value value, Type element) {
  if (encoding.getIsUnsigned())
    return convert<arith::ExtUIOp>(value, element);
  return convert<arith::ExtSIOp>(value, element);
}

Value IntExpression::fromCode(Value value, Type element) {
  if (encoding.getIsUnsigned())
    return convert<arith::UIToFPOp>(value, element);
  return convert<arith::SIToFPOp>(value, element);
}

Value IntExpression::spread(Value perScale, Value like) {
  Sizes sizes = sizesOf(like);
  std::optional<int64_t> axis = encoding.getAxis();
  if (!axis)
    return broadcast(perScale, sizes);
  int64_t rank = sizes.size();
  if (!encoding.getGroup()) {
    // Right-aligned broadcasting: unit dims follow the axis.
    Sizes aligned{sizes[*axis]};
    aligned.append(rank - *axis - 1, size(1));
    if (aligned.size() > 1)
      perScale = reshape(perScale, aligned);
    return rank == 1 ? perScale : broadcast(perScale, sizes);
  }
  // [.., n, ..] -> [.., n, 1, ..] -> [.., n, group, ..] -> [.., n * group, ..]
  int64_t group = *encoding.getGroup();
  OpFoldResult groups = getSize(builder, loc, perScale, *axis);
  Sizes split = sizes;
  split[*axis] = groups;
  split.insert(split.begin() + *axis + 1, size(1));
  Value result = reshape(perScale, split);
  split[*axis + 1] = size(group);
  result = broadcast(result, split);
  Sizes whole = sizes;
  whole[*axis] = mulIndex(builder, loc, groups, size(group));
  result = reshape(result, whole);
  std::optional<int64_t> extent = getConstantIntValue(sizes[*axis]);
  if (extent && *extent % group == 0)
    return result;
  Sizes offsets(rank, size(0));
  return slice(result, offsets, sizes, SmallVector<int64_t>(rank, 1));
}

Value IntExpression::unpack(Value bytes) {
  unsigned bits = encoding.getBits();
  if (bits >= 8)
    return bytes;
  int64_t perByte = encoding.getCodesPerByte();
  int64_t last = type.getRank() - 1;
  Sizes split = sizesOf(bytes);
  split.push_back(size(1));
  Value codes = reshape(bytes, split);
  split.back() = size(perByte);
  codes = broadcast(codes, split);
  Value position = withSizes(
      IotaOp::create(builder, loc, builder.getI8Type(), split, last + 1),
      split);
  Value shift = binary<arith::MulIOp>(
      position, constant(static_cast<int64_t>(bits), position));
  codes = binary<arith::ShRUIOp>(codes, shift);
  codes =
      binary<arith::AndIOp>(codes, constant((int64_t(1) << bits) - 1, codes));
  if (!encoding.getIsUnsigned()) {
    // (code ^ sign) - sign extends the sign.
    Value sign = constant(int64_t(1) << (bits - 1), codes);
    codes = binary<arith::SubIOp>(binary<arith::XOrIOp>(codes, sign), sign);
  }
  Sizes whole(split.begin(), split.end() - 1);
  int64_t stored = cast<RankedTensorType>(bytes.getType()).getDimSize(last);
  whole[last] = size(stored * perByte);
  codes = reshape(codes, whole);
  if (stored * perByte == type.getDimSize(last))
    return codes;
  whole[last] = size(type.getDimSize(last));
  return slice(codes, Sizes(last + 1, size(0)), whole,
               SmallVector<int64_t>(last + 1, 1));
}

Value IntExpression::pack(Value codes) {
  unsigned bits = encoding.getBits();
  if (bits >= 8)
    return codes;
  int64_t perByte = encoding.getCodesPerByte();
  int64_t last = type.getRank() - 1;
  int64_t stored = llvm::divideCeil(type.getDimSize(last), perByte);
  Sizes zeros(last + 1, size(0));
  if (int64_t excess = stored * perByte - type.getDimSize(last)) {
    Sizes high = zeros;
    high[last] = size(excess);
    codes = PadOp::create(builder, loc, codes, zeros, high, Value());
  }
  codes =
      binary<arith::AndIOp>(codes, constant((int64_t(1) << bits) - 1, codes));
  Sizes sizes = sizesOf(codes);
  sizes[last] = size(stored);
  Value bytes;
  for (int64_t n = 0; n < perByte; ++n) {
    Sizes offsets = zeros;
    offsets[last] = size(n);
    SmallVector<int64_t> strides(last + 1, 1);
    strides[last] = perByte;
    Value part = slice(codes, offsets, sizes, strides);
    if (n > 0)
      part = binary<arith::ShLIOp>(
          part, constant(static_cast<int64_t>(n * bits), part));
    bytes = bytes ? binary<arith::OrIOp>(bytes, part) : part;
  }
  return bytes;
}

Value IntExpression::decode(ValueRange components) {
  Value codes = unpack(components[0]);
  Value value;
  Type zeroType = encoding.getZero();
  if (zeroType && isa<IntegerType>(zeroType)) {
    Type wide = builder.getI32Type();
    Value difference = binary<arith::SubIOp>(
        castCode(codes, wide), castCode(spread(components[2], codes), wide));
    value = convert<arith::SIToFPOp>(difference, compute);
  } else {
    value = fromCode(codes, compute);
    if (zeroType)
      value = binary<arith::SubFOp>(
          value, castFloat(spread(components[2], codes), compute));
  }
  Value scales = castFloat(spread(components[1], codes), compute);
  return castFloat(binary<arith::MulFOp>(value, scales), type.getElementType());
}

Value IntExpression::reduceScale(ReduceKind kind, Value values) {
  std::optional<int64_t> axis = encoding.getAxis();
  int64_t rank = type.getRank();
  SmallVector<int64_t> dims;
  if (std::optional<int64_t> group = encoding.getGroup()) {
    Sizes sizes = sizesOf(values);
    OpFoldResult groups = floorDivIndex(
        builder, loc, addIndex(builder, loc, sizes[*axis], size(*group - 1)),
        size(*group));
    OpFoldResult whole = mulIndex(builder, loc, groups, size(*group));
    std::optional<int64_t> extent = getConstantIntValue(sizes[*axis]);
    if (!extent || *extent % *group != 0) {
      // Zero belongs to every range, so the rest of the last group is filled
      // with it.
      Sizes low(rank, size(0)), high(rank, size(0));
      high[*axis] = subIndex(builder, loc, whole, sizes[*axis]);
      values = PadOp::create(builder, loc, values, low, high, Value());
    }
    Sizes split = sizes;
    split[*axis] = groups;
    split.insert(split.begin() + *axis + 1, size(*group));
    values = reshape(values, split);
    dims.push_back(*axis + 1);
  } else {
    for (int64_t dim = 0; dim < rank; ++dim)
      if (axis != dim)
        dims.push_back(dim);
  }
  if (dims.empty())
    return values;
  return ReduceOp::create(builder, loc, kind, values, dims,
                          /*keepDims=*/false);
}

Value IntExpression::saturate(Value codes) {
  // maxnum gives the least code for NaN.
  codes = binary<arith::MaxNumFOp>(
      codes, constant(static_cast<double>(encoding.getMinCode()), codes));
  return binary<arith::MinNumFOp>(
      codes, constant(static_cast<double>(encoding.getMaxCode()), codes));
}

Value IntExpression::toInteger(Value codes, IntegerType integer) {
  return convert<arith::TruncIOp>(
      convert<arith::FPToSIOp>(codes, builder.getI32Type()), integer);
}

SmallVector<Value> IntExpression::encode(Value input, ArrayRef<Value> given) {
  Value values = castFloat(input, compute);
  Type zeroType = encoding.getZero();
  double least = encoding.getMinCode(), greatest = encoding.getMaxCode();
  Value scales = given[1], zeros = zeroType ? given[2] : Value();

  Value low, high;
  if (!scales || (zeroType && !zeros)) {
    low = reduceScale(ReduceKind::min, values);
    low = binary<arith::MinimumFOp>(low, constant(0.0, low));
    high = reduceScale(ReduceKind::max, values);
    high = binary<arith::MaximumFOp>(high, constant(0.0, high));
  }
  if (!scales) {
    Value range;
    if (zeroType) {
      range = binary<arith::SubFOp>(high, low);
      range = binary<arith::DivFOp>(range, constant(greatest - least, range));
    } else {
      Value magnitude =
          withSizesOf(arith::NegFOp::create(builder, loc, low), low);
      range = binary<arith::MaximumFOp>(magnitude, high);
      range = binary<arith::DivFOp>(range, constant(greatest, range));
    }
    Value isZero = arith::CmpFOp::create(
        builder, loc, arith::CmpFPredicate::OEQ, range, constant(0.0, range));
    range = withSizesOf(arith::SelectOp::create(builder, loc, isZero,
                                                constant(1.0, range), range),
                        range);
    scales = castFloat(range, encoding.getScale());
  }
  if (zeroType && !zeros) {
    Value zero = binary<arith::DivFOp>(low, castFloat(scales, compute));
    zero = binary<arith::SubFOp>(constant(least, zero), zero);
    if (isa<FloatType>(zeroType)) {
      zeros = castFloat(zero, zeroType);
    } else {
      zero = withSizesOf(math::RoundEvenOp::create(builder, loc, zero), zero);
      zeros = toInteger(saturate(zero), cast<IntegerType>(zeroType));
    }
  }

  Value codes =
      binary<arith::DivFOp>(values, castFloat(spread(scales, values), compute));
  if (zeroType && isa<FloatType>(zeroType))
    codes =
        binary<arith::AddFOp>(codes, castFloat(spread(zeros, values), compute));
  codes = withSizesOf(math::RoundEvenOp::create(builder, loc, codes), codes);
  if (zeroType && isa<IntegerType>(zeroType))
    codes =
        binary<arith::AddFOp>(codes, fromCode(spread(zeros, values), compute));
  codes = pack(toInteger(saturate(codes), encoding.getCodeType()));

  SmallVector<Value> components{codes, scales};
  if (zeroType)
    components.push_back(zeros);
  return components;
}

Value IntEncodingAttr::buildDecode(OpBuilder &builder, Location loc,
                                   RankedTensorType type,
                                   ValueRange components) const {
  return IntExpression(builder, loc, *this, type).decode(components);
}

SmallVector<Value> IntEncodingAttr::buildEncode(OpBuilder &builder,
                                                Location loc,
                                                RankedTensorType type,
                                                Value input,
                                                ArrayRef<Value> given) const {
  return IntExpression(builder, loc, *this, type).encode(input, given);
}

SmallVector<int64_t>
IntEncodingAttr::inferShape(RankedTensorType type,
                            ArrayRef<ArrayRef<int64_t>> shapes) const {
  SmallVector<int64_t> shape(shapes.front());
  if (getBits() < 8)
    shape.back() = type.getShape().back();
  return shape;
}

SmallVector<OpFoldResult>
IntEncodingAttr::getSizes(OpBuilder &builder, Location loc,
                          RankedTensorType type, ValueRange components) const {
  // Codes have the logical shape but for a static last dim.
  SmallVector<OpFoldResult> sizes =
      raddle::graph::getSizes(builder, loc, components.front());
  if (getBits() < 8)
    sizes.back() = builder.getIndexAttr(type.getShape().back());
  return sizes;
}
