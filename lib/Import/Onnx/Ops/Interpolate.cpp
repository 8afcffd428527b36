//===- Interpolate.cpp - Resizing by gathers, dim by dim ------------------===//
#include "Interpolate.h"

#include <cmath>

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;
using CmpF = arith::CmpFPredicate;

namespace {

class AxisInterpolation {
public:
  AxisInterpolation(NodeContext &c, const AxisResize &spec, Value x)
      : c(c), spec(spec), f32(c.b.getF32Type()), x(x),
        in(c.g.splat(c.g.sizeOf(x, spec.axis), f32)),
        out(c.g.splat(spec.size, f32)) {}

  Value run();
  /// Where the coordinate lies outside of the input (bool), per index.
  Value outside() {
    Value last = c.g.add(in, -1);
    return c.g.map<arith::OrIOp>({c.g.compare(CmpF::OLT, at, c.g.like(at, 0)),
                                  c.g.compare(CmpF::OGT, at, last)});
  }

private:
  void coordinates();
  Value tap(Value position, Value weight);
  Value antialiased();

  NodeContext &c;
  const AxisResize &spec;
  Type f32;
  Value x, in, out, at;
};

/// The coordinate in the input of each index of the output.
void AxisInterpolation::coordinates() {
  Value index = c.g.iota(f32, {spec.size}, 0);
  GraphBuilder &g = c.g;
  auto halfPixel = [&]() {
    return g.add(g.div(g.add(index, 0.5), spec.scale), -0.5);
  };
  // Sizes that the scale gives before rounding down.
  Value wide = g.mul(spec.scale, in);
  auto unlessOne = [&](Value usual, Value one) {
    Value isOne = g.compare(CmpF::OEQ, wide, g.like(wide, 1));
    return g.select(isOne, one, usual);
  };
  if (spec.coordinates == "half_pixel") {
    at = halfPixel();
  } else if (spec.coordinates == "half_pixel_symmetric") {
    Value adjust = g.div(out, wide);
    Value offset = g.mul(g.mul(in, 0.5), g.sub(g.like(adjust, 1), adjust));
    at = g.add(halfPixel(), offset);
  } else if (spec.coordinates == "pytorch_half_pixel") {
    at = unlessOne(halfPixel(), g.like(index, -0.5));
  } else if (spec.coordinates == "align_corners") {
    Value step = g.div(g.add(in, -1), g.add(wide, -1));
    at = unlessOne(g.mul(index, step), g.like(index, 0));
  } else if (spec.coordinates == "asymmetric") {
    at = g.div(index, spec.scale);
  } else {
    // tf_crop_and_resize
    Value last = g.add(in, -1), span = g.sub(spec.end, spec.start);
    Value step = g.div(g.mul(span, last), g.add(wide, -1));
    Value middle = g.mul(g.mul(span, last), 0.5);
    at = g.add(unlessOne(g.mul(index, step), middle), g.mul(spec.start, last));
  }
}

/// The elements at `position` (whole numbers), times `weight` per index.
Value AxisInterpolation::tap(Value position, Value weight) {
  GraphBuilder &g = c.g;
  Value last = g.add(in, -1);
  Value inside = g.min(g.max(position, g.like(position, 0)), last);
  Value index = g.cast(inside, ElemType::Float, ElemType::Int64);
  Value picked = g.gather(x, index, spec.axis);
  if (!weight)
    return picked;
  Sizes column(GraphBuilder::rankOf(x), Scalar(1));
  column[spec.axis] = spec.size;
  return g.mul(picked, g.reshape(weight, column));
}

/// The weight at distance `d` (not negative), as of `graph.resize`.
static Value weightAt(GraphBuilder &g, Value d, bool linear, double a) {
  if (linear)
    return g.max(g.sub(g.like(d, 1), d), g.like(d, 0));
  Value square = g.mul(d, d);
  Value near = g.add(g.mul(g.add(g.mul(d, a + 2), -(a + 3)), square), 1);
  Value far = g.add(g.mul(d, a), -5 * a);
  far = g.add(g.mul(far, d), 8 * a);
  far = g.add(g.mul(far, d), -4 * a);
  Value isNear = g.compare(CmpF::OLE, d, g.like(d, 1));
  Value isFar = g.compare(CmpF::OLT, d, g.like(d, 2));
  return g.select(isNear, near, g.select(isFar, far, g.like(d, 0)));
}

/// With as many neighbours as the reduction makes one element of: their number
/// is read from the device.
Value AxisInterpolation::antialiased() {
  GraphBuilder &g = c.g;
  bool linear = spec.mode == graph::ResizeMode::linear;
  Value shrink = g.min(spec.scale, g.constant(1, f32));
  Value reach = g.constant(linear ? -1 : -2, f32);
  Value first = g.add(g.map<math::FloorOp>({g.div(reach, shrink)}), 1);
  Value number = g.add(g.mul(first, -2), 2);
  Scalar count = g.read(g.cast(number, ElemType::Float, ElemType::Int64), {});
  c.h.refine(count, {2, INT32_MAX});
  // [out, count].
  Value centre = g.insertUnitDims(at, {1});
  Value position = g.add(g.map<math::FloorOp>({centre}),
                         g.add(g.iota(f32, {1, count}, 1), first));
  Value distance = g.map<math::AbsFOp>({g.sub(position, centre)});
  Value weight = weightAt(g, g.mul(distance, shrink), linear, spec.cubic);
  Value last = g.add(in, -1);
  Value inside = g.min(g.max(position, g.like(position, 0)), last);
  if (spec.excludeOutside)
    weight = g.select(g.compare(CmpF::OEQ, inside, position), weight,
                      g.like(weight, 0));
  Value sum = g.reduce(graph::ReduceKind::add, weight, {1}, true);
  Value index = g.cast(inside, ElemType::Float, ElemType::Int64);
  Value picked = g.gather(x, index, spec.axis);
  Sizes column(GraphBuilder::rankOf(picked), Scalar(1));
  column[spec.axis] = spec.size;
  Value total = g.reshape(sum, column);
  column[spec.axis + 1] = count;
  picked = g.mul(picked, g.div(g.reshape(weight, column), total));
  return g.reduce(graph::ReduceKind::add, picked, {spec.axis + 1}, false);
}

Value AxisInterpolation::run() {
  GraphBuilder &g = c.g;
  coordinates();
  if (spec.mode == graph::ResizeMode::nearest) {
    Value position;
    if (spec.nearest == graph::NearestMode::floor)
      position = g.map<math::FloorOp>({at});
    else if (spec.nearest == graph::NearestMode::ceil)
      position = g.map<math::CeilOp>({at});
    else if (spec.nearest == graph::NearestMode::round_prefer_floor)
      position = g.map<math::CeilOp>({g.add(at, -0.5)});
    else
      position = g.map<math::FloorOp>({g.add(at, 0.5)});
    return tap(position, Value());
  }
  if (spec.antialias)
    return antialiased();
  Value base = g.map<math::FloorOp>({at}), t = g.sub(at, base);
  SmallVector<std::pair<int, Value>> taps;
  if (spec.mode == graph::ResizeMode::linear) {
    taps = {{0, g.sub(g.like(t, 1), t)}, {1, t}};
  } else {
    auto weights = cubicWeights(g, t, spec.cubic);
    for (auto [n, weight] : llvm::enumerate(weights))
      taps.push_back({static_cast<int>(n) - 1, weight});
  }
  if (spec.excludeOutside) {
    Value sum;
    for (auto &[offset, weight] : taps) {
      Value position = g.add(base, offset);
      Value inside = g.map<arith::AndIOp>(
          {g.compare(CmpF::OGE, position, g.like(position, 0)),
           g.compare(CmpF::OLT, position, in)});
      weight = g.select(inside, weight, g.like(weight, 0));
      sum = sum ? g.add(sum, weight) : weight;
    }
    for (auto &[offset, weight] : taps)
      weight = g.div(weight, sum);
  }
  Value result;
  for (auto &[offset, weight] : taps) {
    Value part = tap(g.add(base, offset), weight);
    result = result ? g.add(result, part) : part;
  }
  return result;
}

} // namespace

SmallVector<Value> raddle::onnx::cubicWeights(GraphBuilder &g, Value t,
                                              double a) {
  Value rest = g.sub(g.like(t, 1), t);
  // |distance| <= 1: (a + 2) d^3 - (a + 3) d^2 + 1.
  auto near = [&](Value d) {
    Value square = g.mul(d, d);
    return g.add(g.mul(g.add(g.mul(d, a + 2), -(a + 3)), square), 1);
  };
  // 1 < |distance| < 2: a d^3 - 5a d^2 + 8a d - 4a, with d = e + 1.
  auto far = [&](Value e) {
    Value d = g.add(e, 1);
    Value sum = g.add(g.mul(d, a), -5 * a);
    sum = g.add(g.mul(sum, d), 8 * a);
    return g.add(g.mul(sum, d), -4 * a);
  };
  return {far(t), near(t), near(rest), far(rest)};
}

Value raddle::onnx::interpolate(NodeContext &c, Value x,
                                ArrayRef<AxisResize> axes,
                                std::optional<double> extrapolation) {
  ElemType type = c.type(0);
  bool wide = axes.empty() || axes[0].mode == graph::ResizeMode::nearest ||
              type == ElemType::Float;
  Value y = wide ? x : c.g.cast(x, type, ElemType::Float);
  Value outside;
  int64_t rank = GraphBuilder::rankOf(x);
  for (const AxisResize &axis : axes) {
    AxisInterpolation one(c, axis, y);
    y = one.run();
    if (extrapolation) {
      Sizes column(rank, Scalar(1));
      column[axis.axis] = axis.size;
      Value here = c.g.reshape(one.outside(), column);
      outside = outside ? c.g.map<arith::OrIOp>({outside, here}) : here;
    }
  }
  if (outside)
    y = c.g.select(outside, c.g.like(y, *extrapolation), y);
  return wide ? y : c.g.cast(y, ElemType::Float, type);
}
