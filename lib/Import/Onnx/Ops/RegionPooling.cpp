//===- RegionPooling.cpp - Pooling over regions of interest ---------------===//
#include "../Importer.h"

#include <cmath>

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;
using CmpF = arith::CmpFPredicate;
using CmpI = arith::CmpIPredicate;

namespace {

/// Both operators compute in f32, or in f64 for double.
Type computeType(NodeContext &c) {
  return c.type(0) == ElemType::Double ? Type(c.b.getF64Type())
                                       : Type(c.b.getF32Type());
}

/// Column `n` of the regions `[R, columns]`, as `[R]`.
Value column(NodeContext &c, Value regions, int64_t n) {
  return c.g.dropDims(c.g.slice(regions, 1, n, 1), {1});
}

//===----------------------------------------------------------------------===//
// RoiAlign
//===----------------------------------------------------------------------===//

/// The sampling points of one spatial dim, `[R, bins, points]`.
struct Samples {
  /// Whether the point counts: it is one of the region's own.
  Value used;
  /// Whether it lies inside of the input.
  Value inside;
  Value low, high;
  Value lowWeight, highWeight;
};

class RoiAlign {
public:
  explicit RoiAlign(NodeContext &c) : c(c), g(c.g), real(computeType(c)) {}
  void run();

private:
  Samples sample(Value start, Value extent, int64_t bins, Scalar size,
                 Value &count);
  Value spread(Value v, bool rows);

  NodeContext &c;
  GraphBuilder &g;
  Type real;
  bool halfPixel = true;
  int64_t ratio = 0;
};

Samples RoiAlign::sample(Value start, Value extent, int64_t bins, Scalar size,
                         Value &count) {
  Value bin = g.div(extent, g.constant(static_cast<double>(bins), real));
  Scalar regions = g.sizeOf(start, 0), points = ratio;
  if (ratio > 0) {
    count = g.like(bin, static_cast<double>(ratio));
  } else {
    // As many as the bin is large, per region; the largest sets the size.
    count = g.max(g.map<math::CeilOp>({bin}), g.like(bin, 0));
    Value most = g.reduce(graph::ReduceKind::max, count, {0}, false);
    points = g.read(g.cast(most, ElemType::Float, ElemType::Int64), {});
    points = c.h.max(points, 1);
    c.h.refine(points, {1, INT32_MAX});
  }
  Sizes plane{regions, bins, points};
  auto perRegion = [&](Value v) { return g.insertUnitDims(v, {1, 2}); };
  Samples s;
  Value n = g.iota(real, plane, 2);
  s.used = g.compare(CmpF::OLT, n, perRegion(count));
  Value at =
      g.add(perRegion(start), g.mul(g.iota(real, plane, 1), perRegion(bin)));
  at = g.add(at, g.div(g.mul(g.add(n, 0.5), perRegion(bin)),
                       g.max(perRegion(count), g.like(perRegion(count), 1))));
  Value edge = g.splat(size, real);
  s.inside = g.map<arith::AndIOp>({g.compare(CmpF::OGE, at, g.like(at, -1)),
                                   g.compare(CmpF::OLE, at, edge)});
  Value last = g.add(edge, -1);
  at = g.min(g.max(at, g.like(at, 0)), last);
  s.low = g.map<math::FloorOp>({at});
  s.high = g.min(g.add(s.low, 1), last);
  s.highWeight = g.sub(at, s.low);
  s.lowWeight = g.sub(g.like(s.highWeight, 1), s.highWeight);
  return s;
}

/// `[R, bins, points]` among the dims `[R, bins, points, bins, points, 1]`.
Value RoiAlign::spread(Value v, bool rows) {
  return rows ? g.insertUnitDims(v, {3, 4, 5}) : g.insertUnitDims(v, {1, 2, 5});
}

void RoiAlign::run() {
  if (!c.expectRank(0, 4) || !c.expectRank(1, 2) || !c.expectRank(2, 1))
    return;
  std::string mode = c.string("mode", "avg");
  std::string coordinates =
      c.string("coordinate_transformation_mode",
               c.opset < 16 ? "output_half_pixel" : "half_pixel");
  halfPixel = coordinates == "half_pixel";
  int64_t rows = c.integer("output_height", 1),
          columns = c.integer("output_width", 1);
  ratio = c.integer("sampling_ratio", 0);
  if ((mode != "avg" && mode != "max") ||
      (!halfPixel && coordinates != "output_half_pixel"))
    return c.error("the mode '" + mode + "' with coordinates '" + coordinates +
                       "'",
                   "avg, max; half_pixel, output_half_pixel");
  if (rows < 1 || columns < 1 || ratio < 0 || ratio > 4096)
    return c.error("the attributes 'output_height', 'output_width' and "
                   "'sampling_ratio' are out of range");
  Value x = g.floatCast(c.tensor(0), real);
  Sizes in = g.sizesOf(x);
  Value regions = g.floatCast(c.tensor(1), real);
  regions = g.mul(regions, c.real("spatial_scale", 1));
  regions = g.add(regions, halfPixel ? -0.5 : 0);
  auto extent = [&](int64_t from) {
    Value size = g.sub(column(c, regions, from + 2), column(c, regions, from));
    return halfPixel ? size : g.max(size, g.like(size, 1));
  };
  Value countY, countX;
  Samples y = sample(column(c, regions, 1), extent(1), rows, in[2], countY);
  Samples s = sample(column(c, regions, 0), extent(0), columns, in[3], countX);
  // Elements by plane and position, channels last.
  Scalar plane = c.h.mul(in[2], in[3]);
  Value source =
      g.reshape(g.transpose(x, {0, 2, 3, 1}), {c.h.mul(in[0], plane), in[1]});
  Type i64 = c.b.getI64Type();
  Value image = g.cast(c.tensor(2), c.type(2), ElemType::Int64);
  Value base =
      g.insertUnitDims(g.mul(image, g.splat(plane, i64)), {1, 2, 3, 4, 5});
  auto whole = [&](Value v) {
    return g.cast(v, ElemType::Float, ElemType::Int64);
  };
  Value result;
  for (bool bottom : {false, true})
    for (bool right : {false, true}) {
      Value row = spread(whole(bottom ? y.high : y.low), true);
      Value col = spread(whole(right ? s.high : s.low), false);
      Value index = g.add(base, g.add(g.mul(row, g.splat(in[3], i64)), col));
      index = g.dropDims(index, {5});
      Value weight = g.mul(spread(bottom ? y.highWeight : y.lowWeight, true),
                           spread(right ? s.highWeight : s.lowWeight, false));
      Value part = g.mul(g.gather(source, index, 0), weight);
      result = !result         ? part
               : mode == "max" ? g.max(result, part)
                               : g.add(result, part);
    }
  auto both = [&](Value a, Value b) {
    return g.map<arith::AndIOp>({spread(a, true), spread(b, false)});
  };
  result = g.select(both(y.inside, s.inside), result, g.like(result, 0));
  bool isMax = mode == "max";
  if (ratio == 0)
    result = g.select(both(y.used, s.used), result,
                      g.like(result, isMax ? -INFINITY : 0));
  result = g.reduce(isMax ? graph::ReduceKind::max : graph::ReduceKind::add,
                    result, {2, 4}, false);
  Value count = g.insertUnitDims(g.mul(countY, countX), {1, 2, 3});
  if (!isMax)
    result = g.div(result, g.max(count, g.like(count, 1)));
  else if (ratio == 0)
    result = g.select(g.compare(CmpF::OGT, count, g.like(count, 0)), result,
                      g.like(result, 0));
  c.set(0, g.floatCast(g.transpose(result, {0, 3, 1, 2}), c.element(0)));
}

void importRoiAlign(NodeContext &c) { RoiAlign(c).run(); }

//===----------------------------------------------------------------------===//
// MaxRoiPool
//===----------------------------------------------------------------------===//

/// Whether position `p` of a dim of `size` belongs to bin `b`, `[R, bins,
/// size]`.
Value binMask(NodeContext &c, Value first, Value last, int64_t bins,
              Scalar size) {
  GraphBuilder &g = c.g;
  Type real = GraphBuilder::elementOf(first);
  Value extent = g.add(g.sub(last, first), 1);
  extent = g.max(extent, g.like(extent, 1));
  Value bin = g.div(extent, g.constant(static_cast<double>(bins), real));
  Sizes plane{g.sizeOf(first, 0), bins, size};
  auto perRegion = [&](Value v) { return g.insertUnitDims(v, {1, 2}); };
  Value b = g.iota(real, plane, 1), p = g.iota(real, plane, 2);
  Value from = g.map<math::FloorOp>({g.mul(b, perRegion(bin))});
  Value to = g.map<math::CeilOp>({g.mul(g.add(b, 1), perRegion(bin))});
  return g.map<arith::AndIOp>(
      {g.compare(CmpF::OGE, p, g.add(from, perRegion(first))),
       g.compare(CmpF::OLT, p, g.add(to, perRegion(first)))});
}

void importMaxRoiPool(NodeContext &c) {
  GraphBuilder &g = c.g;
  SmallVector<int64_t> bins = c.ints("pooled_shape");
  if (!c.expectRank(0, 4) || !c.expectRank(1, 2))
    return;
  if (bins.size() != 2 || bins[0] < 1 || bins[1] < 1)
    return c.error("the attribute 'pooled_shape' must hold two positive "
                   "numbers");
  Type real = computeType(c);
  Value x = c.tensor(0);
  Sizes in = g.sizesOf(x);
  Value regions = g.floatCast(c.tensor(1), real);
  Value image = g.cast(column(c, regions, 0), ElemType::Float, ElemType::Int64);
  auto corner = [&](int64_t n) {
    Value at = g.mul(column(c, regions, n), c.real("spatial_scale", 1));
    return g.map<math::RoundOp>({at});
  };
  Value rows = binMask(c, corner(2), corner(4), bins[0], in[2]);
  Value columns = binMask(c, corner(1), corner(3), bins[1], in[3]);
  // [R, C, H, W] by columns, then by rows.
  Value y = g.gather(x, image, 0);
  auto maskedMax = [&](Value v, Value mask, ArrayRef<int64_t> unit) {
    Value low = g.like(v, -INFINITY);
    return g.reduce(graph::ReduceKind::max,
                    g.select(g.insertUnitDims(mask, unit), v, low), {4}, false);
  };
  // [R, C, H, bins, W] to [R, C, H, bins].
  y = maskedMax(g.insertUnitDims(y, {3}), columns, {1, 2});
  // [R, C, bins, bins, H].
  y = g.insertUnitDims(g.transpose(y, {0, 1, 3, 2}), {2});
  y = maskedMax(y, g.insertUnitDims(rows, {2}), {1});
  // An empty bin gives zero.
  Value empty = g.compare(CmpF::OEQ, y, g.like(y, -INFINITY));
  c.set(0, g.select(empty, g.like(y, 0), y));
}

} // namespace

void raddle::onnx::addRegionPoolingOps(OpTable &table) {
  OpRow rows[] = {
      {"RoiAlign", "f f l", 1,
       "coordinate_transformation_mode=s mode=s output_height=i output_width=i "
       "sampling_ratio=i spatial_scale=f",
       importRoiAlign},
      {"MaxRoiPool", "f f", 1, "pooled_shape=is! spatial_scale=f",
       importMaxRoiPool},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
