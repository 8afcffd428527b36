//===- Unique.cpp - Distinct elements and slices --------------------------===//
#include "Indices.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;
using CmpF = arith::CmpFPredicate;
using CmpI = arith::CmpIPredicate;

namespace {

/// What the node may ask for: where each distinct value is first, which of them
/// every element is, and how often each occurs.
struct Groups {
  Value first, inverse, counts;
};

class Unique {
public:
  explicit Unique(NodeContext &c)
      : c(c), g(c.g), i64(c.b.getI64Type()), inOrder(c.integer("sorted", 1)) {}
  void run();

private:
  Value differs(Value x, Value y);
  Value less(Value x, Value y);
  Value counter(Value x) { return g.iota(i64, {g.sizeOf(x, 0)}, 0); }
  Value scatter(Scalar size, Value at, Value updates, graph::ScatterKind kind);
  std::pair<Value, Value> sort(Value x);
  Groups ofElements(Value x);
  Groups byFirst(Groups groups);
  Groups ofRows(Value x);

  NodeContext &c;
  GraphBuilder &g;
  Type i64;
  bool inOrder;
};

/// NaN is equal to NaN.
Value Unique::differs(Value x, Value y) {
  if (!isFloat(c.type(0)))
    return g.compare(CmpI::ne, x, y);
  Value differ = g.compare(CmpF::UNE, x, y);
  Value number = g.map<arith::OrIOp>(
      {g.compare(CmpF::OEQ, x, x), g.compare(CmpF::OEQ, y, y)});
  return g.map<arith::AndIOp>({differ, number});
}

/// NaN is the greatest.
Value Unique::less(Value x, Value y) {
  if (!isFloat(c.type(0)))
    return g.compare(c.unsignedInput(0) ? CmpI::ult : CmpI::slt, x, y);
  Value last = g.map<arith::AndIOp>(
      {g.compare(CmpF::OEQ, x, x), g.compare(CmpF::UNE, y, y)});
  return g.map<arith::OrIOp>({g.compare(CmpF::OLT, x, y), last});
}

Value Unique::scatter(Scalar size, Value at, Value updates,
                      graph::ScatterKind kind) {
  Value empty = g.filled(0, i64, {size});
  Value result = graph::ScatterElementsOp::create(
      c.b, empty.getType(), kind, empty, at, updates, int64_t(0));
  g.setSizes(result, {size});
  return result;
}

/// The vector in ascending order, and where each element was.
std::pair<Value, Value> Unique::sort(Value x) {
  Sizes sizes = g.sizesOf(x);
  bool isUnsigned = GraphBuilder::elementOf(x) != i64 && c.unsignedInput(0);
  auto op = graph::SortOp::create(
      c.b, g.typeFor(sizes, GraphBuilder::elementOf(x)), g.typeFor(sizes, i64),
      x, c.h.index(sizes[0]), int64_t(0), false, isUnsigned);
  g.setSizes(op.getValues(), sizes);
  g.setSizes(op.getIndices(), sizes);
  return {op.getValues(), op.getIndices()};
}

/// Of a vector, in ascending order: equal elements are neighbours once sorted.
Groups Unique::ofElements(Value x) {
  auto [values, from] = sort(x);
  Scalar size = g.sizeOf(x, 0);
  Value index = counter(x);
  Value before = g.gather(values, g.max(g.add(index, -1), g.like(index, 0)), 0);
  Value isNew = g.map<arith::OrIOp>(
      {differs(values, before), g.compare(CmpI::eq, index, g.like(index, 0))});
  Value starts = positionsOf(c, isNew);
  Groups groups;
  groups.first = g.gather(from, starts, 0);
  // The next group starts where this one ends.
  Value n = counter(starts),
        last = g.splat(c.h.sub(g.sizeOf(starts, 0), 1), i64);
  Value next = g.gather(starts, g.min(g.add(n, 1), last), 0);
  next = g.select(g.compare(CmpI::eq, n, last), g.splat(size, i64), next);
  groups.counts = g.sub(next, starts);
  Value ones = g.cast(isNew, ElemType::Bool, ElemType::Int64);
  Value running =
      graph::CumulativeOp::create(c.b, ones.getType(), graph::ReduceKind::add,
                                  ones, int64_t(0), false, false);
  g.setSizes(running, g.sizesOf(ones));
  groups.inverse =
      scatter(size, from, g.add(running, -1), graph::ScatterKind::replace);
  return groups;
}

/// The groups in the order of their first elements.
Groups Unique::byFirst(Groups groups) {
  auto [first, from] = sort(groups.first);
  Value rank = scatter(g.sizeOf(first, 0), from, counter(first),
                       graph::ScatterKind::replace);
  return {first, g.gather(rank, groups.inverse, 0),
          g.gather(groups.counts, from, 0)};
}

/// Of the rows of a matrix: every row is compared with every other, by the
/// first element in which they differ.
Groups Unique::ofRows(Value x) {
  Scalar rows = g.sizeOf(x, 0), columns = g.sizeOf(x, 1);
  Value a = g.insertUnitDims(x, {1}), b = g.insertUnitDims(x, {0});
  Sizes all{rows, rows, columns}, pairs{rows, rows, 1};
  Value wide = g.broadcast(a, all), other = g.broadcast(b, all);
  Value differ = g.cast(differs(wide, other), ElemType::Bool, ElemType::Int64);
  Value at = graph::ArgReduceOp::create(c.b, g.typeFor(pairs, i64),
                                        graph::ReduceKind::max, differ,
                                        int64_t(2), true, false);
  g.setSizes(at, pairs);
  auto pick = [&](Value v) {
    Value picked = graph::GatherElementsOp::create(
        c.b, g.typeFor(pairs, GraphBuilder::elementOf(v)), v, at,
        c.b.getI64IntegerAttr(2));
    g.setSizes(picked, pairs);
    return g.dropDims(picked, {2});
  };
  Value mine = pick(wide), yours = pick(other);
  Value i = g.iota(i64, {rows, rows}, 0), j = g.iota(i64, {rows, rows}, 1);
  Value total = g.splat(rows, i64);
  // [i, j]: j where the rows are equal, else beyond all rows.
  Value equal = g.select(differs(mine, yours), total, j);
  Value first = g.reduce(graph::ReduceKind::min, equal, {1}, false);
  Value isFirst = g.compare(CmpI::eq, first, counter(x));
  Value precedes = inOrder ? less(yours, mine) : g.compare(CmpI::slt, j, i);
  precedes = g.map<arith::AndIOp>({precedes, g.insertUnitDims(isFirst, {0})});
  Value rank =
      g.reduce(graph::ReduceKind::add,
               g.cast(precedes, ElemType::Bool, ElemType::Int64), {1}, false);
  Value count =
      g.reduce(graph::ReduceKind::add,
               g.cast(isFirst, ElemType::Bool, ElemType::Int64), {0}, false);
  Scalar groups = g.read(count, {});
  c.h.refine(groups, {0, INT32_MAX});
  // What is not first is written outside, that is nowhere.
  Value slot = g.select(isFirst, rank, g.splat(groups, i64));
  Groups result;
  result.first = scatter(groups, slot, counter(x), graph::ScatterKind::replace);
  result.inverse = g.gather(rank, first, 0);
  result.counts = scatter(groups, result.inverse, g.filled(1, i64, {rows}),
                          graph::ScatterKind::add);
  return result;
}

void Unique::run() {
  Value x = c.tensor(0);
  // Bools are ordered as numbers.
  Value keys = c.type(0) == ElemType::Bool
                   ? g.cast(x, ElemType::Bool, ElemType::Int64)
                   : x;
  Groups groups;
  Value y;
  if (c.hasAttr("axis")) {
    int64_t axis = c.integer("axis", 0), rank = c.rank(0);
    if (!c.axis(axis, rank))
      return;
    SmallVector<int64_t> front{axis};
    for (int64_t d = 0; d < rank; ++d)
      if (d != axis)
        front.push_back(d);
    groups = ofRows(g.flatten(g.transpose(keys, front), 1));
    y = g.gather(x, groups.first, axis);
  } else {
    Value flat = g.reshape(keys, {g.countOf(keys)});
    groups = ofElements(flat);
    if (!inOrder)
      groups = byFirst(groups);
    y = g.gather(g.reshape(x, {g.countOf(x)}), groups.first, 0);
  }
  c.set(0, y);
  c.set(1, groups.first, ElemType::Int64);
  c.set(2, groups.inverse, ElemType::Int64);
  c.set(3, groups.counts, ElemType::Int64);
}

void importUnique(NodeContext &c) { Unique(c).run(); }

} // namespace

void raddle::onnx::addUniqueOps(OpTable &table) {
  OpRow rows[] = {{"Unique", "x", 4, "axis=i sorted=i", importUnique}};
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
