//===- Suppression.cpp - Non-maximum suppression --------------------------===//
#include "Indices.h"
#include "Regions.h"

#include <cfloat>
#include <cmath>

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;
using CmpF = arith::CmpFPredicate;
using CmpI = arith::CmpIPredicate;

namespace {

/// Takes the best remaining box of every class at once, as often as a class may
/// have boxes, and drops what overlaps it.
class Suppression {
public:
  explicit Suppression(NodeContext &c) : c(c), g(c.g) {}
  void run();

private:
  bool readOperands();
  void readBoxes();
  Value bestOf(Value best, Value perBox);
  SmallVector<Value> step(Scalar iv, Value live, Value selected);

  NodeContext &c;
  GraphBuilder &g;
  Type f32, i64;
  Scalar batch, classes, boxes, wanted = 0;
  /// Corners and areas, `[batch, 1, boxes]`.
  Value top, left, bottom, right, area;
  Value overlap;
};

bool Suppression::readOperands() {
  f32 = c.b.getF32Type();
  i64 = c.b.getI64Type();
  if (!c.expectRank(0, 3) || !c.expectRank(1, 3))
    return false;
  Sizes boxSizes = c.sizes(0), scoreSizes = c.sizes(1);
  if (!boxSizes[2].isInteger(4)) {
    c.error("the boxes do not have 4 numbers");
    return false;
  }
  batch = g.assumeEqual(boxSizes[0], scoreSizes[0]);
  boxes = g.assumeEqual(boxSizes[1], scoreSizes[2]);
  classes = scoreSizes[1];
  if (c.has(2)) {
    auto given = c.scalars(2);
    if (!given)
      return false;
    if (given->size() != 1) {
      c.error("expected one number of boxes per class");
      return false;
    }
    wanted = c.h.min(c.h.max((*given)[0], 0), boxes);
  }
  auto number = [&](unsigned n, double otherwise) {
    if (!c.has(n))
      return g.constant(otherwise, f32);
    return g.reshape(g.floatCast(c.tensor(n), f32), {});
  };
  overlap = number(3, 0);
  return true;
}

void Suppression::readBoxes() {
  Value all = g.floatCast(c.tensor(0), f32);
  auto column = [&](int64_t n) {
    return g.reshape(g.slice(all, 2, n, 1), {batch, 1, boxes});
  };
  if (c.integer("center_point_box", 0)) {
    Value halfWidth = g.mul(column(2), 0.5), halfHeight = g.mul(column(3), 0.5);
    left = g.sub(column(0), halfWidth);
    right = g.add(column(0), halfWidth);
    top = g.sub(column(1), halfHeight);
    bottom = g.add(column(1), halfHeight);
  } else {
    // Corners in any order.
    top = g.min(column(0), column(2));
    bottom = g.max(column(0), column(2));
    left = g.min(column(1), column(3));
    right = g.max(column(1), column(3));
  }
  area = g.mul(g.sub(right, left), g.sub(bottom, top));
}

/// A number per box, of the best boxes `[batch, classes, 1]`.
Value Suppression::bestOf(Value best, Value perBox) {
  Value wide = g.broadcast(perBox, {batch, classes, boxes});
  Sizes target{batch, classes, 1};
  Value picked = graph::GatherElementsOp::create(
      c.b, g.typeFor(target, GraphBuilder::elementOf(perBox)), wide, best,
      c.b.getI64IntegerAttr(2));
  g.setSizes(picked, target);
  return picked;
}

SmallVector<Value> Suppression::step(Scalar iv, Value live, Value selected) {
  Sizes one{batch, classes, 1};
  Value best = graph::ArgReduceOp::create(c.b, g.typeFor(one, i64),
                                          graph::ReduceKind::max, live,
                                          int64_t(2), true, false);
  g.setSizes(best, one);
  Value score = bestOf(best, live);
  Value found = g.compare(CmpF::OGT, score, g.like(score, -INFINITY));
  auto side = [&](Value low, Value high) {
    return g.sub(g.min(bestOf(best, high), high),
                 g.max(bestOf(best, low), low));
  };
  Value height = side(top, bottom), width = side(left, right);
  Value common = g.mul(width, height);
  Value united = g.sub(g.add(bestOf(best, area), area), common);
  Value drops = g.compare(CmpF::OGT, g.div(common, united), overlap);
  // Boxes without a common area do not suppress each other.
  for (Value positive : {width, height, common, united, area})
    drops = g.map<arith::AndIOp>(
        {drops, g.compare(CmpF::OGT, positive, g.like(positive, 0))});
  Value index = g.iota(i64, {1, 1, boxes}, 2);
  drops = g.map<arith::OrIOp>({drops, g.compare(CmpI::eq, index, best)});
  drops = g.map<arith::AndIOp>({drops, found});
  Value next = g.select(drops, g.like(live, -INFINITY), live);
  Value slot =
      g.compare(CmpI::eq, g.iota(i64, {1, 1, boxes}, 2), g.splat(iv, i64));
  Value taken = g.select(found, best, g.like(best, -1));
  return {next, g.select(slot, taken, selected)};
}

void Suppression::run() {
  if (!readOperands())
    return;
  if (wanted.isInteger(0))
    return c.set(0, g.filled(0, i64, {0, 3}), ElemType::Int64);
  readBoxes();
  Value scores = g.floatCast(c.tensor(1), f32);
  // Minus infinity marks what is gone, so no score may be that low; NaN counts
  // as the lowest score.
  Value live = g.map<arith::MaxNumFOp>({scores, g.like(scores, -FLT_MAX)});
  if (c.has(4)) {
    Value threshold = g.reshape(g.floatCast(c.tensor(4), f32), {});
    live = g.select(g.compare(CmpF::OGT, scores, threshold), live,
                    g.like(live, -INFINITY));
  }
  // No class has more boxes than there are.
  Value none = g.filled(-1, i64, {batch, classes, boxes});
  SmallVector<Value> results =
      countedLoop(c, wanted, {live, none}, [&](Scalar iv, ValueRange carried) {
        return step(iv, carried[0], carried[1]);
      });
  // The boxes that were taken, by batch, class and score.
  Value flat = g.reshape(results[1], {c.h.product({batch, classes, boxes})});
  Value valid = g.compare(CmpI::sge, flat, g.like(flat, 0));
  Value where = positionsOf(c, valid);
  Value perClass = g.splat(boxes, i64), count = g.splat(classes, i64);
  Value row = g.div(where, perClass);
  Value columns[] = {g.div(row, count), g.map<arith::RemSIOp>({row, count}),
                     g.gather(flat, where, 0)};
  for (Value &column : columns)
    column = g.insertUnitDims(column, {1});
  c.set(0, g.concat(columns, 1), ElemType::Int64);
}

void importSuppression(NodeContext &c) { Suppression(c).run(); }

} // namespace

void raddle::onnx::addSuppressionOps(OpTable &table) {
  OpRow rows[] = {
      {"NonMaxSuppression", "f f l? f? f?", 1, "center_point_box=i",
       importSuppression},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
