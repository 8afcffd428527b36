//===- Sampling.cpp - Sampling at grids of coordinates --------------------===//
#include "Interpolate.h"

#include <cmath>

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;
using CmpF = arith::CmpFPredicate;

namespace {

//===----------------------------------------------------------------------===//
// GridSample
//===----------------------------------------------------------------------===//

class GridSample {
public:
  explicit GridSample(NodeContext &c) : c(c), g(c.g) {}
  void run();

private:
  Value reflect(Value x, Value low, Value high);
  Value border(unsigned d, Value x);
  Value pick(ArrayRef<Value> position);
  Value interpolate(unsigned d, SmallVectorImpl<Value> &position);

  NodeContext &c;
  GraphBuilder &g;
  std::string mode, padding;
  bool corners = false;
  unsigned spatial = 0;
  /// The input with its channels last, and per spatial dim its size, the limits
  /// of reflection and the coordinates `[N, points...]` (f32).
  Value source;
  SmallVector<Value> extent, low, high, at;
};

/// Mirrors at the limits until inside.
Value GridSample::reflect(Value x, Value lowest, Value highest) {
  Value range = g.sub(highest, lowest);
  Value far = g.map<math::AbsFOp>({g.sub(x, lowest)});
  Value turns = g.map<math::FloorOp>({g.div(far, range)});
  Value rest = g.sub(far, g.mul(turns, range));
  Value half = g.mul(turns, 0.5);
  Value even = g.compare(CmpF::OEQ, half, g.map<math::FloorOp>({half}));
  return g.select(even, g.add(rest, lowest), g.sub(highest, rest));
}

Value GridSample::border(unsigned d, Value x) {
  if (padding == "border")
    return g.min(g.max(x, g.like(x, 0)), g.add(extent[d], -1));
  if (padding == "reflection")
    return reflect(x, low[d], high[d]);
  return x;
}

/// The pixels at whole positions, per channel.
Value GridSample::pick(ArrayRef<Value> position) {
  SmallVector<Value> columns;
  Value inside;
  for (auto [d, p] : llvm::enumerate(position)) {
    Value where = border(d, p);
    Value last = g.add(extent[d], -1);
    Value clamped = g.min(g.max(where, g.like(where, 0)), last);
    if (padding == "zeros") {
      Value same = g.compare(CmpF::OEQ, clamped, where);
      inside = inside ? g.map<arith::AndIOp>({inside, same}) : same;
    }
    Value index = g.cast(clamped, ElemType::Float, ElemType::Int64);
    columns.push_back(g.insertUnitDims(index, {GraphBuilder::rankOf(index)}));
  }
  Value indices = g.concat(columns, GraphBuilder::rankOf(columns[0]) - 1);
  Sizes target = g.sizesOf(indices);
  target.back() = g.sizesOf(source).back();
  Value picked = graph::GatherNdOp::create(
      c.b, g.typeFor(target, GraphBuilder::elementOf(source)), source, indices,
      c.b.getI64IntegerAttr(1));
  g.setSizes(picked, target);
  if (inside) {
    Value mask = g.insertUnitDims(inside, {GraphBuilder::rankOf(inside)});
    picked = g.select(mask, picked, g.like(picked, 0));
  }
  return picked;
}

/// Interpolates along spatial dim `d` and those after it.
Value GridSample::interpolate(unsigned d, SmallVectorImpl<Value> &position) {
  if (d == spatial)
    return pick(position);
  Value base = g.map<math::FloorOp>({at[d]}), t = g.sub(at[d], base);
  SmallVector<std::pair<int, Value>> taps;
  if (mode == "cubic") {
    for (auto [n, weight] : llvm::enumerate(cubicWeights(g, t, -0.75)))
      taps.push_back({static_cast<int>(n) - 1, weight});
  } else {
    taps = {{0, g.sub(g.like(t, 1), t)}, {1, t}};
  }
  Value sum;
  for (auto &[offset, weight] : taps) {
    position.push_back(g.add(base, offset));
    Value part = interpolate(d + 1, position);
    position.pop_back();
    Value column = g.insertUnitDims(weight, {GraphBuilder::rankOf(weight)});
    part = g.mul(part, column);
    sum = sum ? g.add(sum, part) : part;
  }
  return sum;
}

void GridSample::run() {
  int64_t rank = c.rank(0);
  spatial = rank - 2;
  Sizes gridSizes = c.sizes(1);
  if (rank < 3 || static_cast<int64_t>(gridSizes.size()) != rank ||
      !gridSizes.back().isInteger(spatial))
    return c.error("the grid does not fit an input of rank " +
                   std::to_string(rank));
  mode = c.string("mode", "linear");
  if (mode == "bilinear")
    mode = "linear";
  if (mode == "bicubic")
    mode = "cubic";
  padding = c.string("padding_mode", "zeros");
  corners = c.integer("align_corners", 0);
  if ((mode != "linear" && mode != "cubic" && mode != "nearest") ||
      (padding != "zeros" && padding != "border" && padding != "reflection"))
    return c.error("the mode '" + mode + "' with padding '" + padding + "'",
                   "linear, cubic, nearest; zeros, border, reflection");
  Type f32 = c.b.getF32Type();
  SmallVector<int64_t> last{0};
  for (int64_t d = 2; d < rank; ++d)
    last.push_back(d);
  last.push_back(1);
  source = g.transpose(g.floatCast(c.tensor(0), f32), last);
  Value grid = g.floatCast(c.tensor(1), f32);
  for (unsigned d = 0; d < spatial; ++d) {
    // The last dim of the grid names the dims in reverse.
    Value x = g.dropDims(
        g.slice(grid, rank - 1, static_cast<int64_t>(spatial - 1 - d), 1),
        {rank - 1});
    Value size = g.splat(g.sizeOf(source, d + 1), f32);
    extent.push_back(size);
    Value lowest = g.constant(corners ? 0 : -0.5, f32);
    low.push_back(lowest);
    high.push_back(g.add(size, corners ? -1 : -0.5));
    Value from = g.add(x, 1);
    Value position = corners ? g.mul(g.mul(from, 0.5), g.add(size, -1))
                             : g.mul(g.add(g.mul(from, size), -1), 0.5);
    if (mode == "nearest")
      position = g.map<math::RoundEvenOp>({position});
    at.push_back(position);
  }
  // Coordinates outside the limits are brought in first, then the pixels.
  for (unsigned d = 0; d < spatial; ++d) {
    Value x = at[d];
    Value outside = g.map<arith::OrIOp>(
        {g.compare(CmpF::OLT, x, low[d]), g.compare(CmpF::OGT, x, high[d])});
    at[d] = g.select(outside, border(d, x), x);
  }
  SmallVector<Value> position;
  Value y;
  if (mode == "nearest") {
    // Mirrored halves become whole by dropping the fraction.
    for (Value &x : at)
      position.push_back(g.cast(g.cast(x, ElemType::Float, ElemType::Int64),
                                ElemType::Int64, ElemType::Float));
    y = pick(position);
  } else {
    y = interpolate(0, position);
  }
  SmallVector<int64_t> back{0, rank - 1};
  for (int64_t d = 1; d < rank - 1; ++d)
    back.push_back(d);
  c.set(0, g.floatCast(g.transpose(y, back), c.element(0)));
}

void importGridSample(NodeContext &c) { GridSample(c).run(); }

void importAffineGrid(NodeContext &c) {
  auto size = c.scalars(1);
  if (!size)
    return;
  GraphBuilder &g = c.g;
  int64_t dims = static_cast<int64_t>(size->size()) - 2;
  if ((dims != 2 && dims != 3) || !c.expectRank(0, 3))
    return c.error("the size has " + std::to_string(size->size()) + " dims",
                   "4 or 5");
  bool corners = c.integer("align_corners", 0);
  Type f32 = c.b.getF32Type();
  Sizes points(size->begin() + 2, size->end());
  // Homogeneous coordinates, the last dim of the output first.
  SmallVector<Value> columns;
  for (int64_t d = dims; d-- > 0;) {
    Value index = g.iota(f32, points, d);
    Value extent = g.splat(points[d], f32);
    Value x;
    if (corners) {
      Value step = g.div(g.like(extent, 2), g.add(extent, -1));
      x = g.add(g.mul(index, step), -1);
    } else {
      x = g.add(g.div(g.add(g.mul(index, 2), 1), extent), -1);
    }
    columns.push_back(g.insertUnitDims(x, {dims}));
  }
  columns.push_back(g.like(columns.front(), 1));
  Value base = g.concat(columns, dims);
  Value flat = g.reshape(base, {c.h.product(points), dims + 1});
  Value theta = g.floatCast(c.tensor(0), f32);
  // theta [N, dims, dims + 1], points [P, dims + 1] to [N, P, dims].
  Value grid = g.contract(theta, flat, {0, 2, 3}, {1, 3}, {0, 1, 2}, f32);
  Sizes target{g.sizeOf(theta, 0)};
  target.append(points);
  target.push_back(dims);
  c.set(0, g.floatCast(g.reshape(grid, target), c.element(0)));
}

} // namespace

void raddle::onnx::addSamplingOps(OpTable &table) {
  OpRow rows[] = {
      {"GridSample", "f f", 1, "align_corners=i mode=s padding_mode=s",
       importGridSample},
      {"AffineGrid", "f l", 1, "align_corners=i", importAffineGrid},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
