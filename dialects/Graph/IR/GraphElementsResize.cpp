//===- GraphElementsResize.cpp - Elements of interpolation ----------------===//
//
// Follows the operator specification of ONNX Resize. Coordinates are computed
// in f32, as onnxruntime does; values in f32, or f64 for f64 elements.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/IR/GraphOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace mlir;
using namespace raddle::graph;

namespace {
/// More reads than this per element are not unrolled into one kernel.
constexpr int64_t kMaxReads = 1024;

/// One sample along a dim: an index inside the operand and its weight (null:
/// one).
struct Tap {
  Value index;
  Value weight;
};

/// The samples of one dim of a resize.
class DimSampler {
public:
  DimSampler(ResizeOp op, ElementBuilder &b, int64_t dim, Value index)
      : op(op), b(b), dim(dim), index(index), scale(op.getScales()[dim]),
        f32(b.builder.getF32Type()), from(b.extent(op.getInput(), dim)),
        to(b.size(op.getMixedSizes()[dim])) {}

  SmallVector<Tap> getTaps();

private:
  Value constant(double value) { return b.number(value, f32); }
  Value toFloat(Value integer) { return b.fromInteger(integer, f32); }
  Value addf(Value l, Value r) { return b.create<arith::AddFOp>({l, r}); }
  Value subf(Value l, Value r) { return b.create<arith::SubFOp>({l, r}); }
  Value mulf(Value l, Value r) { return b.create<arith::MulFOp>({l, r}); }
  Value divf(Value l, Value r) { return b.create<arith::DivFOp>({l, r}); }
  Value floor(Value v) { return b.create<math::FloorOp>({v}); }
  Value toInteger(Value v) {
    return b.convert<arith::FPToSIOp>(v, b.builder.getI32Type());
  }
  /// v divided by the scale; exact reciprocals are multiplied with.
  Value unscale(Value v);
  Value getCoordinate();
  Value getNearest(Value x);
  /// The kernel function at distance `d` (not negative) from its centre.
  Value weigh(Value d);

  ResizeOp op;
  ElementBuilder &b;
  int64_t dim;
  Value index;
  double scale;
  Type f32;
  Value from, to;
};
} // namespace

Value DimSampler::unscale(Value v) {
  int exponent;
  if (std::frexp(scale, &exponent) == 0.5)
    return scale == 1.0 ? v : mulf(v, constant(1.0 / scale));
  return divf(v, constant(scale));
}

Value DimSampler::getCoordinate() {
  Value x = toFloat(index);
  auto halfPixel = [&] {
    return subf(unscale(addf(x, constant(0.5))), constant(0.5));
  };
  switch (op.getCoordinates()) {
  case CoordinateMode::half_pixel:
    return halfPixel();
  case CoordinateMode::half_pixel_symmetric: {
    // The output is centred as if it had its exact, fractional size.
    Value width = toFloat(from);
    Value adjustment = divf(toFloat(to), mulf(width, constant(scale)));
    Value offset =
        mulf(mulf(width, constant(0.5)), subf(constant(1.0), adjustment));
    // In this order of additions, which decides ties of nearest.
    return subf(addf(offset, unscale(addf(x, constant(0.5)))), constant(0.5));
  }
  case CoordinateMode::pytorch_half_pixel:
    if (std::optional<int64_t> size = getConstantIndex(to))
      return *size > 1 ? halfPixel() : constant(0.0);
    return b.select(b.compare(arith::CmpIPredicate::sgt, to, b.integer(1)),
                    halfPixel(), constant(0.0));
  case CoordinateMode::align_corners: {
    Value last = b.sub(to, b.integer(1));
    Value scaled = mulf(x, toFloat(b.sub(from, b.integer(1))));
    // A single output sample lies on the first input sample.
    return divf(scaled, toFloat(b.max(last, b.integer(1))));
  }
  case CoordinateMode::asymmetric:
    return unscale(x);
  }
  llvm_unreachable("all coordinate modes are covered");
}

Value DimSampler::getNearest(Value x) {
  Value low = floor(x);
  auto roundUpIf = [&](arith::CmpFPredicate predicate) {
    // x - floor(x) is exact, so ties are found exactly.
    Value up = b.compare(predicate, subf(x, low), constant(0.5));
    return b.select(up, addf(low, constant(1.0)), low);
  };
  Value rounded;
  switch (op.getNearest()) {
  case NearestMode::round_prefer_floor:
    rounded = roundUpIf(arith::CmpFPredicate::OGT);
    break;
  case NearestMode::round_prefer_ceil:
    rounded = roundUpIf(arith::CmpFPredicate::OGE);
    break;
  case NearestMode::floor:
    rounded = low;
    break;
  case NearestMode::ceil:
    rounded = b.create<math::CeilOp>({x});
    break;
  }
  return b.clamp(toInteger(rounded), from);
}

Value DimSampler::weigh(Value d) {
  Value one = constant(1.0), zero = constant(0.0);
  if (op.getMode() == ResizeMode::linear)
    return b.create<arith::MaximumFOp>({subf(one, d), zero});
  // Cubic convolution (Keys 1981) with coefficient a:
  // ((a+2) d - (a+3)) d^2 + 1 up to 1, a (((d-5) d + 8) d - 4) up to 2.
  double a = op.getCubicCoefficient().convertToDouble();
  Value near = addf(
      mulf(mulf(subf(mulf(constant(a + 2), d), constant(a + 3)), d), d), one);
  Value far =
      mulf(constant(a),
           subf(mulf(addf(mulf(subf(d, constant(5.0)), d), constant(8.0)), d),
                constant(4.0)));
  Value isNear = b.compare(arith::CmpFPredicate::OLE, d, one);
  Value isFar = b.compare(arith::CmpFPredicate::OLT, d, constant(2.0));
  return b.select(isNear, near, b.select(isFar, far, zero));
}

SmallVector<Tap> DimSampler::getTaps() {
  // A dim that keeps its size is not interpolated.
  RankedTensorType type = op.getInput().getType();
  int64_t staticTo = op.getResult().getType().getDimSize(dim);
  bool sameSize =
      (!ShapedType::isDynamic(staticTo) && staticTo == type.getDimSize(dim)) ||
      (ShapedType::isDynamic(staticTo) && scale == 1.0 &&
       op.getCoordinates() != CoordinateMode::align_corners);
  if (sameSize && scale == 1.0)
    return {{index, Value()}};

  Value x = getCoordinate();
  if (op.getMode() == ResizeMode::nearest)
    return {{getNearest(x), Value()}};

  // Samples lie at floor(x) + k; the kernel is widened by 1 / scale when
  // antialiasing a reduction.
  bool linear = op.getMode() == ResizeMode::linear;
  double stretch = op.getAntialias() ? std::min(scale, 1.0) : 1.0;
  int64_t reach = linear ? 1 : 2;
  int64_t first = static_cast<int64_t>(std::floor(-reach / stretch)) + 1;
  int64_t count = 2 - 2 * first;
  Value low = floor(x), lowIndex = toInteger(low), fraction = subf(x, low);
  bool normalise = stretch < 1.0 || op.getExcludeOutside();
  SmallVector<Tap> taps;
  Value sum;
  for (int64_t n = 0; n < count; ++n) {
    int64_t k = first + n;
    Value weight;
    if (linear && stretch == 1.0) {
      weight = k == 0 ? subf(constant(1.0), fraction) : fraction;
    } else {
      Value distance = b.create<math::AbsFOp>(
          {subf(constant(static_cast<double>(k)), fraction)});
      if (stretch < 1.0)
        distance = mulf(distance, constant(stretch));
      weight = weigh(distance);
    }
    Value position = b.add(lowIndex, b.integer(k));
    if (op.getExcludeOutside()) {
      Value inside = b.compare(arith::CmpIPredicate::ult, position, from);
      weight = b.select(inside, weight, constant(0.0));
    }
    if (normalise)
      sum = sum ? addf(sum, weight) : weight;
    taps.push_back({b.clamp(position, from), weight});
  }
  if (normalise)
    for (Tap &tap : taps)
      tap.weight = divf(tap.weight, sum);
  return taps;
}

/// The weighted sum over the samples of dims [dim, rank).
static Value interpolate(ElementBuilder &b, ArrayRef<SmallVector<Tap>> taps,
                         SmallVectorImpl<Value> &source, Type compute,
                         ElementAccess element) {
  size_t dim = source.size();
  if (dim == taps.size()) {
    Value value = element(0, source);
    if (value && cast<FloatType>(compute).getWidth() >
                     cast<FloatType>(getElementTypeOrSelf(value)).getWidth())
      value = b.convert<arith::ExtFOp>(value, compute);
    return value;
  }
  Value sum;
  for (const Tap &tap : taps[dim]) {
    source.push_back(tap.index);
    Value value = interpolate(b, taps, source, compute, element);
    source.pop_back();
    if (!value)
      return {};
    if (!tap.weight)
      return value;
    Value weight = tap.weight;
    if (compute.isF64())
      weight = b.convert<arith::ExtFOp>(weight, compute);
    Value term = b.create<arith::MulFOp>({value, weight});
    sum = sum ? b.create<arith::AddFOp>({sum, term}) : term;
  }
  return sum;
}

Value ResizeOp::buildElement(ElementBuilder &builder, unsigned,
                             ArrayRef<Value> indices, ElementAccess element) {
  SmallVector<SmallVector<Tap>> taps;
  int64_t reads = 1;
  bool weighted = false;
  for (auto [dim, index] : llvm::enumerate(indices)) {
    taps.push_back(DimSampler(*this, builder, dim, index).getTaps());
    reads *= taps.back().size();
    weighted |= static_cast<bool>(taps.back().front().weight);
    if (reads > kMaxReads) {
      emitOpError("reads more than ")
          << kMaxReads << " elements per result element (antialiasing scales "
          << getScales() << ")";
      return {};
    }
  }
  Type elementType = getInput().getType().getElementType();
  Type compute = elementType;
  if (weighted && !elementType.isF64())
    compute = builder.builder.getF32Type();
  SmallVector<Value> source;
  Value value = interpolate(builder, taps, source, compute, element);
  if (value && compute != elementType)
    value = builder.convert<arith::TruncFOp>(value, elementType);
  return value;
}

bool ResizeOp::readsOnce() { return false; }
