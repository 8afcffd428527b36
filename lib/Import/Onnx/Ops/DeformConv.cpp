//===- DeformConv.cpp - Convolution at moved positions --------------------===//
#include "Window.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;
using CmpF = arith::CmpFPredicate;

namespace {

/// The elements of each window, sampled linearly where the offsets say, become
/// the operand of a matrix product.
class DeformConv {
public:
  explicit DeformConv(NodeContext &c) : c(c), g(c.g) {}
  void run();

private:
  bool readOperands();
  Value position(unsigned d);
  Value corner(unsigned corner);

  NodeContext &c;
  GraphBuilder &g;
  /// What is computed in: f32, or f64 for double.
  Type real;
  Window w;
  unsigned spatial = 0;
  int64_t groups = 1, offsetGroups = 1, kernel = 1;
  Scalar points;
  /// `[N, offset groups, plane, channels of a group]`, and per spatial dim the
  /// sampled positions `[N, offset groups, K, P]`.
  Value source;
  SmallVector<Value> at;
};

bool DeformConv::readOperands() {
  int64_t rank = c.rank(0);
  spatial = rank - 2;
  Sizes filter = c.sizes(1), in = c.sizes(0);
  if (rank < 3 || rank > 5 || c.rank(1) != rank || c.rank(2) != rank ||
      !llvm::all_of(filter, [](Scalar s) { return s.isConstant(); }) ||
      !in[1].isConstant()) {
    c.error("input, filter and offsets do not have one rank of 3 to 5, or "
            "the filter and the channels are not static",
            "a static filter");
    return false;
  }
  SmallVector<int64_t> shape;
  for (unsigned d = 0; d < spatial; ++d)
    shape.push_back(filter[d + 2].integer);
  if (c.hasAttr("kernel_shape") && c.ints("kernel_shape") != shape) {
    c.error("the attribute 'kernel_shape' does not fit the filter");
    return false;
  }
  auto window = readWindow(c, shape);
  if (!window)
    return false;
  w = *window;
  groups = c.integer("group", 1);
  offsetGroups = c.integer("offset_group", 1);
  constexpr int64_t limit = int64_t(1) << 24;
  for (int64_t k : w.kernel)
    kernel = std::min(kernel * std::min(k, limit), limit);
  int64_t channels = in[1].integer;
  if (kernel == limit || groups < 1 || offsetGroups < 1 || groups > channels ||
      offsetGroups > channels || channels % offsetGroups ||
      channels != filter[1].integer * groups || filter[0].integer % groups) {
    c.error("the groups do not fit " + std::to_string(channels) +
            " channels and the filter");
    return false;
  }
  auto fits = [&](unsigned n, int64_t count) {
    Sizes own = c.sizes(n);
    bool good = own.size() == static_cast<size_t>(rank) &&
                own[1].isInteger(offsetGroups * kernel * count);
    if (!good)
      c.error("input '" + c.node.inputs[n] + "' does not fit the kernel and " +
              std::to_string(offsetGroups) + " offset groups");
    return good;
  };
  return fits(2, spatial) && (!c.has(4) || fits(4, 1));
}

/// Where the elements of the windows lie along dim `d`.
Value DeformConv::position(unsigned d) {
  Type i64 = c.b.getI64Type();
  int64_t innerKernel = 1;
  Scalar innerOut = 1;
  for (unsigned e = d + 1; e < spatial; ++e) {
    innerKernel *= w.kernel[e];
    innerOut = c.h.mul(innerOut, w.out[e]);
  }
  auto digit = [&](Value flat, Scalar inner, Scalar size) {
    Value v = g.div(flat, g.splat(inner, i64));
    return g.map<arith::RemSIOp>({v, g.splat(size, i64)});
  };
  Value k = digit(g.iota(i64, {kernel, 1}, 0), innerKernel, w.kernel[d]);
  Value out = digit(g.iota(i64, {1, points}, 1), innerOut, w.out[d]);
  Value from = g.sub(g.mul(out, static_cast<double>(w.strides[d])),
                     g.splat(w.low[d], i64));
  Value fixed = g.add(from, g.mul(k, static_cast<double>(w.dilations[d])));
  Scalar batch = c.sizes(0)[0];
  Value offsets = g.reshape(g.floatCast(c.tensor(2), real),
                            {batch, offsetGroups, kernel, spatial, points});
  Value own = g.dropDims(g.slice(offsets, 3, d, 1), {3});
  return g.add(own, g.convert<arith::SIToFPOp>(fixed, real));
}

/// The samples' share of one corner of the cells they lie in.
Value DeformConv::corner(unsigned which) {
  Type i64 = c.b.getI64Type();
  Sizes in = c.sizes(0);
  Value weight, inside, index;
  for (unsigned d = 0; d < spatial; ++d) {
    bool high = which >> d & 1;
    Value base = g.map<math::FloorOp>({at[d]}), t = g.sub(at[d], base);
    Value share = high ? t : g.sub(g.like(t, 1), t);
    Value p = high ? g.add(base, 1) : base;
    Value holds = g.map<arith::AndIOp>(
        {g.compare(CmpF::OGE, p, g.like(p, 0)),
         g.compare(CmpF::OLT, p, g.splat(in[d + 2], real))});
    Value whole = g.cast(p, ElemType::Float, ElemType::Int64);
    weight = weight ? g.mul(weight, share) : share;
    inside = inside ? g.map<arith::AndIOp>({inside, holds}) : holds;
    index = index ? g.add(g.mul(index, g.splat(in[d + 2], i64)), whole) : whole;
  }
  index = g.select(inside, index, g.like(index, 0));
  Sizes target = g.sizesOf(index);
  target.push_back(g.sizesOf(source).back());
  Value picked = graph::GatherNdOp::create(c.b, g.typeFor(target, real), source,
                                           g.insertUnitDims(index, {4}),
                                           c.b.getI64IntegerAttr(2));
  g.setSizes(picked, target);
  Value part = g.mul(picked, g.insertUnitDims(weight, {4}));
  return g.select(g.insertUnitDims(inside, {4}), part, g.like(part, 0));
}

void DeformConv::run() {
  real = c.type(0) == ElemType::Double ? Type(c.b.getF64Type())
                                       : Type(c.b.getF32Type());
  if (!readOperands())
    return;
  Sizes in = c.sizes(0), filter = c.sizes(1), offsets = c.sizes(2);
  for (unsigned d = 0; d < spatial; ++d)
    w.out[d] = g.assumeEqual(w.out[d], offsets[d + 2]);
  points = c.h.product(w.out);
  int64_t channels = in[1].integer, perOffset = channels / offsetGroups;
  Scalar plane = c.h.product(ArrayRef<Scalar>(in).drop_front(2));
  source = g.transpose(g.reshape(g.floatCast(c.tensor(0), real),
                                 {in[0], offsetGroups, perOffset, plane}),
                       {0, 1, 3, 2});
  for (unsigned d = 0; d < spatial; ++d)
    at.push_back(position(d));
  Value columns;
  for (unsigned n = 0; n < 1u << spatial; ++n) {
    Value part = corner(n);
    columns = columns ? g.add(columns, part) : part;
  }
  if (c.has(4)) {
    Value mask = g.reshape(g.floatCast(c.tensor(4), real),
                           {in[0], offsetGroups, kernel, points, 1});
    columns = g.mul(columns, mask);
  }
  // [N, offset groups, K, P, C] to [N, groups, C, K, P].
  int64_t perGroup = channels / groups, outputs = filter[0].integer / groups;
  columns = g.reshape(g.transpose(columns, {0, 1, 4, 2, 3}),
                      {in[0], groups, perGroup, kernel, points});
  Value weights = g.reshape(g.floatCast(c.tensor(1), real),
                            {groups, outputs, perGroup, kernel});
  Value y = g.contract(weights, columns, {1, 2, 4, 5}, {0, 1, 4, 5, 3},
                       {0, 1, 2, 3}, real);
  if (c.has(3))
    y = g.add(y,
              g.reshape(g.floatCast(c.tensor(3), real), {groups, outputs, 1}));
  Sizes target{in[0], filter[0]};
  target.append(w.out);
  c.set(0, g.floatCast(g.reshape(y, target), c.element(0)));
}

void importDeformConv(NodeContext &c) { DeformConv(c).run(); }

} // namespace

void raddle::onnx::addDeformConvOps(OpTable &table) {
  OpRow rows[] = {
      {"DeformConv", "f f f f? f?", 1,
       "dilations=is group=i kernel_shape=is offset_group=i pads=is strides=is",
       importDeformConv, nullptr, "a kernel or channels that are not static"},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
