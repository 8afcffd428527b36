//===- Determinant.cpp - Determinants of matrices -------------------------===//
#include "Regions.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;
using CmpI = arith::CmpIPredicate;

namespace {

/// By elimination with row pivoting, a column per step, in f64: the product of
/// the pivots is rounded once. `x` is `[batch, n, n]`.
Value byElimination(NodeContext &c, Value x, Scalar n) {
  GraphBuilder &g = c.g;
  Type real = GraphBuilder::elementOf(x), i64 = c.b.getI64Type();
  Scalar batch = g.sizeOf(x, 0);
  auto step = [&](Scalar k, ValueRange carried) -> SmallVector<Value> {
    Value a = carried[0], det = carried[1];
    Value row = g.iota(i64, {1, n}, 1), at = g.splat(k, i64);
    Value column = g.dropDims(g.slice(a, 2, k, 1), {2});
    Value size = g.select(g.compare(CmpI::sge, row, at),
                          g.map<math::AbsFOp>({column}), g.like(column, -1));
    Sizes one{batch, 1};
    Value best = graph::ArgReduceOp::create(c.b, g.typeFor(one, i64),
                                            graph::ReduceKind::max, size,
                                            int64_t(1), true, false);
    g.setSizes(best, one);
    Sizes rowSizes{batch, n};
    Value pivotRow = graph::GatherNdOp::create(
        c.b, g.typeFor(rowSizes, real), a, best, c.b.getI64IntegerAttr(1));
    g.setSizes(pivotRow, rowSizes);
    Value topRow = g.dropDims(g.slice(a, 1, k, 1), {1});
    Value pivot = g.slice(pivotRow, 1, k, 1);
    // The rows k and best change places.
    auto asRow = [&](Value v) { return g.insertUnitDims(v, {1}); };
    auto asColumn = [&](Value v) { return g.insertUnitDims(v, {2}); };
    Value isBest = g.compare(CmpI::eq, row, best);
    Value isTop = g.compare(CmpI::eq, row, at);
    Value swapped = g.select(asColumn(isTop), asRow(pivotRow),
                             g.select(asColumn(isBest), asRow(topRow), a));
    Value below = g.compare(CmpI::sgt, row, at);
    Value zeroPivot =
        g.compare(arith::CmpFPredicate::OEQ, pivot, g.like(pivot, 0));
    Value lead = g.select(
        isBest, g.broadcast(g.slice(topRow, 1, k, 1), {batch, n}), column);
    Value factor = g.div(lead, g.select(zeroPivot, g.like(pivot, 1), pivot));
    factor = g.select(below, factor, g.like(factor, 0));
    Value next = g.sub(swapped, g.mul(asColumn(factor), asRow(pivotRow)));
    Value same = g.compare(CmpI::eq, best, at);
    Value signedPivot = g.select(same, pivot, g.neg(pivot));
    return {next, g.mul(det, signedPivot)};
  };
  Value ones = g.filled(1, real, {batch, 1});
  SmallVector<Value> results = countedLoop(c, n, {x, ones}, step);
  return g.dropDims(results[1], {1});
}

void importDet(NodeContext &c) {
  GraphBuilder &g = c.g;
  int64_t rank = c.rank(0);
  if (rank < 2)
    return c.error("the input has rank " + std::to_string(rank),
                   "at least rank 2");
  Sizes own = c.sizes(0);
  Scalar n = g.assumeEqual(own[rank - 2], own[rank - 1]);
  Sizes batch(own.begin(), own.end() - 2);
  Value x = g.floatCast(c.tensor(0), c.b.getF64Type());
  x = g.reshape(x, {c.h.product(batch), n, n});
  auto at = [&](int64_t i, int64_t j) {
    Scalar count = g.sizeOf(x, 0);
    return g.reshape(g.slice(x, {Scalar(0), Scalar(i), Scalar(j)},
                             {count, Scalar(1), Scalar(1)}, {1, 1, 1}),
                     {count});
  };
  auto minor = [&](int64_t i, int64_t j, int64_t p, int64_t q) {
    return g.sub(g.mul(at(i, p), at(j, q)), g.mul(at(i, q), at(j, p)));
  };
  Value det;
  if (n.isInteger(1))
    det = at(0, 0);
  else if (n.isInteger(2))
    det = minor(0, 1, 0, 1);
  else if (n.isInteger(3))
    det = g.add(g.sub(g.mul(at(0, 0), minor(1, 2, 1, 2)),
                      g.mul(at(0, 1), minor(1, 2, 0, 2))),
                g.mul(at(0, 2), minor(1, 2, 0, 1)));
  else
    det = byElimination(c, x, n);
  c.set(0, g.floatCast(g.reshape(det, batch), c.element(0)));
}

} // namespace

void raddle::onnx::addDeterminantOps(OpTable &table) {
  OpRow rows[] = {{"Det", "f", 1, "", importDet}};
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
