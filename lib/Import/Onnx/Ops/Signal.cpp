//===- Signal.cpp - Windows, Fourier transforms, mel filters --------------===//
#include "../Importer.h"

#include <cmath>

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;
using CmpF = arith::CmpFPredicate;
using CmpI = arith::CmpIPredicate;

namespace {

constexpr double pi = 3.14159265358979323846;

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

/// a0 - a1 cos(2 pi n / N) + a2 cos(4 pi n / N)
void cosineWindow(NodeContext &c, double a0, double a1, double a2) {
  auto size = c.scalars(0);
  if (!size)
    return;
  if (size->size() != 1)
    return c.error("expected one size");
  auto type = static_cast<ElemType>(
      c.integer("output_datatype", static_cast<int64_t>(ElemType::Float)));
  Type element = elementType(c.b.getContext(), type);
  if (!isFloat(type) || !element)
    return c.error("the result has elements of " + elemName(type),
                   "a float type");
  GraphBuilder &g = c.g;
  ElemType real = type == ElemType::Double ? type : ElemType::Float;
  Type wide = elementType(c.b.getContext(), real);
  Scalar count = (*size)[0];
  Scalar period = c.integer("periodic", 1) ? count : c.h.sub(count, 1);
  Value n = g.iota(wide, {count}, 0);
  Value angle = g.mul(g.div(n, g.splat(period, wide)), 2 * pi);
  Value y = g.add(g.mul(g.map<math::CosOp>({angle}), -a1), a0);
  if (a2 != 0)
    y = g.add(y, g.mul(g.map<math::CosOp>({g.mul(angle, 2)}), a2));
  c.set(0, g.floatCast(y, element), type);
}
void importHann(NodeContext &c) { cosineWindow(c, 0.5, 0.5, 0); }
void importHamming(NodeContext &c) {
  cosineWindow(c, 25.0 / 46, 1 - 25.0 / 46, 0);
}
void importBlackman(NodeContext &c) { cosineWindow(c, 0.42, 0.5, 0.08); }

//===----------------------------------------------------------------------===//
// Fourier transforms
//===----------------------------------------------------------------------===//

/// cos and sin of 2 pi j k / n for j < rows, k < columns. The product is
/// reduced modulo n first: angles stay small and exact.
std::pair<Value, Value> twiddles(NodeContext &c, Scalar rows, Scalar columns,
                                 Scalar n, Type real) {
  GraphBuilder &g = c.g;
  Type i64 = c.b.getI64Type();
  Sizes plane{rows, columns};
  Value product = g.mul(g.iota(i64, plane, 0), g.iota(i64, plane, 1));
  Value rest = g.map<arith::RemSIOp>({product, g.splat(n, i64)});
  Value angle = g.mul(g.convert<arith::SIToFPOp>(rest, real), 2 * pi);
  angle = g.div(angle, g.splat(n, real));
  return {g.map<math::CosOp>({angle}), g.map<math::SinOp>({angle})};
}

/// A tensor of complex numbers; without an imaginary part, real ones.
struct Complex {
  Value re, im;
};

/// The transform along `axis` of `rows` elements, taken as those of a signal of
/// length `n`: its first `columns` elements, not divided by n.
Complex transform(NodeContext &c, Complex x, int64_t axis, Scalar n,
                  Scalar rows, Scalar columns, bool inverse) {
  GraphBuilder &g = c.g;
  Type real = GraphBuilder::elementOf(x.re);
  auto [cosine, sine] = twiddles(c, rows, columns, n, real);
  int64_t rank = GraphBuilder::rankOf(x.re);
  SmallVector<unsigned> xDims, resultDims;
  for (int64_t d = 0; d < rank; ++d) {
    xDims.push_back(d);
    resultDims.push_back(d == axis ? rank : d);
  }
  SmallVector<unsigned> matrix{static_cast<unsigned>(axis),
                               static_cast<unsigned>(rank)};
  auto times = [&](Value v, Value m) {
    return g.contract(v, m, xDims, matrix, resultDims, real);
  };
  // (re + i im) (cos -+ i sin)
  double sign = inverse ? 1 : -1;
  Complex y{times(x.re, cosine), g.mul(times(x.re, sine), sign)};
  if (x.im) {
    y.re = g.add(y.re, g.mul(times(x.im, sine), -sign));
    y.im = g.add(y.im, times(x.im, cosine));
  }
  return y;
}

/// How many elements of the transform of a real signal are not mirrored.
Scalar halfOf(NodeContext &c, Scalar n) {
  return c.h.add(c.h.floorDiv(n, 2), 1);
}

void importDft(NodeContext &c) {
  GraphBuilder &g = c.g;
  int64_t rank = c.rank(0);
  int64_t axis = c.opset >= 20 ? -2 : c.integer("axis", 1);
  if (c.opset >= 20 && c.has(2)) {
    auto given = c.integers(2);
    if (!given)
      return;
    axis = given->size() == 1 ? (*given)[0] : axis;
  }
  if (!c.axis(axis, rank))
    return;
  bool inverse = c.integer("inverse", 0), onesided = c.integer("onesided", 0);
  Value x = c.tensor(0);
  Scalar parts = g.sizeOf(x, rank - 1);
  if (rank < 2 || axis == rank - 1 ||
      !(parts.isInteger(1) || parts.isInteger(2)))
    return c.error("the last dim must hold 1 or 2 parts of a number, and not "
                   "be the axis");
  Scalar n = g.sizeOf(x, axis);
  if (c.has(1)) {
    auto given = c.scalars(1);
    if (!given)
      return;
    n = given->size() == 1 ? (*given)[0] : n;
  }
  // In double: sums of many terms of both signs cancel.
  Type element = c.element(0), real = c.b.getF64Type();
  x = g.floatCast(x, real);
  // Elements that are there; more are zero.
  bool halfInput = inverse && onesided;
  if (c.has(1) && !halfInput) {
    Scalar used = c.h.min(n, g.sizeOf(x, axis));
    x = g.slice(x, axis, 0, used);
  }
  Value re = g.dropDims(g.slice(x, rank - 1, 0, 1), {rank - 1});
  Value im = parts.isInteger(2)
                 ? g.dropDims(g.slice(x, rank - 1, 1, 1), {rank - 1})
                 : Value();
  Scalar rows = g.sizeOf(re, axis);
  if (halfInput && !c.has(1))
    n = c.h.mul(c.h.sub(rows, 1), 2);
  if (halfInput) {
    // The other half is the mirrored conjugate.
    Scalar missing = c.h.sub(n, rows);
    Scalar last = c.h.sub(c.h.sub(n, rows), 0);
    Value reTail = g.slice(re, axis, last, missing, -1);
    re = g.concat({re, reTail}, axis);
    if (im)
      im = g.concat({im, g.neg(g.slice(im, axis, last, missing, -1))}, axis);
    rows = n;
  }
  Scalar columns = onesided && !inverse ? halfOf(c, n) : n;
  Complex y = transform(c, {re, im}, axis, n, rows, columns, inverse);
  auto last = [&](Value v) {
    v = inverse ? g.div(v, g.splat(n, real)) : v;
    return g.insertUnitDims(v, {rank - 1});
  };
  Value joined =
      halfInput ? last(y.re) : g.concat({last(y.re), last(y.im)}, rank - 1);
  c.set(0, g.floatCast(joined, element));
}

void importStft(NodeContext &c) {
  GraphBuilder &g = c.g;
  if (!c.expectRank(0, 3) || (c.has(2) && !c.expectRank(2, 1)))
    return;
  auto one = [&](unsigned n) -> std::optional<Scalar> {
    auto given = c.scalars(n);
    if (given && given->size() == 1)
      return (*given)[0];
    if (given)
      c.error("input '" + c.node.inputs[n] + "' must be one number");
    return std::nullopt;
  };
  Type element = c.element(0), real = c.b.getF64Type(), i64 = c.b.getI64Type();
  Value x = g.floatCast(c.tensor(0), real);
  Scalar length = g.sizeOf(x, 1), parts = g.sizeOf(x, 2);
  if (!parts.isInteger(1) && !parts.isInteger(2))
    return c.error("the last dim must hold 1 or 2 parts of a number");
  auto step = one(1);
  Scalar frame = c.has(2) ? c.sizes(2)[0] : length;
  if (c.has(3)) {
    auto given = one(3);
    if (!given)
      return;
    frame = c.has(2) ? g.assumeEqual(frame, *given) : *given;
  }
  if (!step)
    return;
  for (Scalar positive : {*step, frame}) {
    g.check(c.h.compare(CmpI::sge, positive, 1),
            "the step and the length of frames must be positive");
    c.h.refine(positive, {1, INT32_MAX});
  }
  Scalar span = c.h.sub(length, frame);
  g.check(c.h.compare(CmpI::sge, span, 0), "a frame is longer than the signal");
  c.h.refine(span, {0, INT32_MAX});
  Scalar frames = c.h.add(c.h.floorDiv(span, *step), 1);
  // [batch, frames, frame length, parts].
  Value at = g.add(g.mul(g.iota(i64, {frames, 1}, 0), g.splat(*step, i64)),
                   g.iota(i64, {1, frame}, 1));
  Value pieces = g.gather(x, at, 1);
  if (c.has(2))
    pieces = g.mul(pieces,
                   g.insertUnitDims(g.floatCast(c.tensor(2), real), {0, 1, 3}));
  Complex in{g.dropDims(g.slice(pieces, 3, 0, 1), {3}), Value()};
  if (parts.isInteger(2))
    in.im = g.dropDims(g.slice(pieces, 3, 1, 1), {3});
  bool onesided = c.integer("onesided", 1) && !in.im;
  Scalar columns = onesided ? halfOf(c, frame) : frame;
  Complex y = transform(c, in, 2, frame, frame, columns, false);
  Value joined =
      g.concat({g.insertUnitDims(y.re, {3}), g.insertUnitDims(y.im, {3})}, 3);
  c.set(0, g.floatCast(joined, element));
}

//===----------------------------------------------------------------------===//
// Mel filters
//===----------------------------------------------------------------------===//

/// Triangles over the bins of a spectrum, evenly spaced in mel.
void importMelWeights(NodeContext &c) {
  GraphBuilder &g = c.g;
  auto bins = c.scalars(0), length = c.scalars(1);
  if (!bins || !length)
    return;
  if (bins->size() != 1 || length->size() != 1)
    return c.error("expected one number of bins and one length");
  auto type = static_cast<ElemType>(
      c.integer("output_datatype", static_cast<int64_t>(ElemType::Float)));
  Type element = elementType(c.b.getContext(), type);
  if (!isFloat(type) || !element)
    return c.error("the result has elements of " + elemName(type),
                   "a float type");
  for (Scalar size : {(*bins)[0], (*length)[0]})
    c.h.refine(size, {0, INT32_MAX});
  // Positions of edges are rounded down: computed in f64.
  Type real = c.b.getF64Type();
  auto number = [&](unsigned n) {
    return g.reshape(g.cast(c.tensor(n), c.type(n), ElemType::Double), {});
  };
  auto toMel = [&](Value hertz) {
    Value log = g.map<math::Log1pOp>({g.div(hertz, g.like(hertz, 700))});
    return g.div(g.mul(log, 2595), g.like(log, std::log(10.0)));
  };
  Value low = toMel(number(3)), high = toMel(number(4));
  Value step = g.div(g.sub(high, low), g.splat(c.h.add((*bins)[0], 2), real));
  // Edge n of every bin, [1, bins].
  auto edge = [&](double n) {
    Value index = g.add(g.iota(real, {1, (*bins)[0]}, 1), n);
    Value mel = g.add(g.mul(index, step), low);
    Value hertz =
        g.mul(g.map<math::ExpM1Op>(
                  {g.mul(g.div(mel, g.like(mel, 2595)), std::log(10.0))}),
              700);
    Value scaled = g.mul(hertz, g.splat(c.h.add((*length)[0], 1), real));
    return g.map<math::FloorOp>({g.div(scaled, number(2))});
  };
  Value left = edge(0), centre = edge(1), right = edge(2);
  Value j = g.iota(real, {halfOf(c, (*length)[0]), 1}, 0);
  Value rise = g.div(g.sub(j, left), g.sub(centre, left));
  Value fall = g.div(g.sub(right, j), g.sub(right, centre));
  Value zero = g.like(j, 0), one = g.like(j, 1);
  auto both = [&](Value a, Value b) { return g.map<arith::AndIOp>({a, b}); };
  Value steep = g.compare(CmpF::OEQ, left, centre);
  Value isCentre = g.compare(CmpF::OEQ, j, centre);
  Value rising =
      both(g.compare(CmpF::OGE, j, left), g.compare(CmpF::OLT, j, centre));
  Value falling =
      both(g.compare(CmpF::OGE, j, centre), g.compare(CmpF::OLT, j, right));
  Value y = g.select(rising, rise, g.select(falling, fall, zero));
  // At the centre both sides are one, unless a triangle has no width.
  Value peak = g.select(
      both(isCentre,
           g.map<arith::OrIOp>({steep, g.compare(CmpF::OGT, centre, left)})),
      one, y);
  c.set(0, g.floatCast(peak, element), type);
}

} // namespace

void raddle::onnx::addSignalOps(OpTable &table) {
  const char *window = "output_datatype=i periodic=i";
  OpRow rows[] = {
      {"HannWindow", "l", 1, window, importHann},
      {"HammingWindow", "l", 1, window, importHamming},
      {"BlackmanWindow", "l", 1, window, importBlackman},
      {"DFT", "f l? l?", 1, "axis=i inverse=i onesided=i", importDft, nullptr,
       "", 2},
      {"STFT", "f l f? l?", 1, "onesided=i", importStft},
      {"MelWeightMatrix", "l l l f f", 1, "output_datatype=i",
       importMelWeights},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
