//===- Gather.cpp - Picking and writing elements by index, ordering -------===//
#include "HostEvaluation.h"
#include "Indices.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;

namespace {

void importGather(NodeContext &c) {
  int64_t axis = c.integer("axis", 0);
  if (!c.axis(axis, c.rank(0)))
    return;
  // One index that is known on the host is a slice, which costs nothing.
  if (const HostTensor *index = c.host(1);
      index && index->elements.size() == 1) {
    Value x = c.tensor(0);
    Scalar size = c.g.sizeOf(x, axis), at = index->elements.front();
    if (at.isConstant() && size.isConstant() &&
        (at.integer < -size.integer || at.integer >= size.integer))
      return c.error("index " + std::to_string(at.integer) +
                     " is outside a dim of size " +
                     std::to_string(size.integer));
    at = c.h.select(c.h.compare(arith::CmpIPredicate::slt, at, 0),
                    c.h.add(at, size), at);
    Sizes target = c.g.sizesOf(x);
    target.erase(target.begin() + axis);
    for (int64_t n = 0; n < index->rank(); ++n)
      target.insert(target.begin() + axis, Scalar(1));
    return c.set(0, c.g.reshape(c.g.slice(x, axis, at, 1), target));
  }
  c.set(0, c.g.gather(c.tensor(0), c.tensor(1), axis));
}

bool hostGather(NodeContext &c) {
  const HostTensor &data = *c.host(0), &index = *c.host(1);
  int64_t axis = c.integer("axis", 0), rank = data.rank();
  if (axis < -rank || axis >= rank || !index.isConstant())
    return false;
  axis += axis < 0 ? rank : 0;
  int64_t size = data.shape[axis];
  for (const Scalar &s : index.elements) {
    if (s.integer >= -size && s.integer < size)
      continue;
    c.error("index " + std::to_string(s.integer) +
            " is outside a dim of size " + std::to_string(size));
    return false;
  }
  SmallVector<int64_t> shape(data.shape.begin(), data.shape.begin() + axis);
  llvm::append_range(shape, index.shape);
  shape.append(data.shape.begin() + axis + 1, data.shape.end());
  return hostRemap(c, shape, [&](SmallVectorImpl<int64_t> &at) {
    int64_t offset = 0;
    for (auto [d, extent] : llvm::enumerate(index.shape))
      offset = offset * extent + at[axis + d];
    int64_t picked = index.elements[offset].integer;
    at.erase(at.begin() + axis, at.begin() + axis + index.rank());
    at.insert(at.begin() + axis, picked < 0 ? picked + size : picked);
  });
}

void importGatherElements(NodeContext &c) {
  int64_t axis = c.integer("axis", 0);
  if (!c.axis(axis, c.rank(0)) || !c.expectRank(1, c.rank(0)))
    return;
  Value indices = c.tensor(1);
  Sizes target = c.g.sizesOf(indices);
  Value result = graph::GatherElementsOp::create(
      c.b, c.g.typeFor(target, c.element(0)), c.tensor(0), indices,
      c.b.getI64IntegerAttr(axis));
  c.g.setSizes(result, target);
  c.set(0, result);
}

/// The static length of the index tuples; reports.
std::optional<int64_t> tupleLength(NodeContext &c, unsigned n) {
  int64_t rank = c.rank(n);
  Scalar last = rank ? c.sizes(n).back() : Scalar(0);
  if (rank && last.isConstant() && last.integer >= 1)
    return last.integer;
  c.error("the last dim of input '" + c.node.inputs[n] +
              "' must be static and at least 1",
          "index tuples of a length known at import");
  return std::nullopt;
}

void importGatherNd(NodeContext &c) {
  auto length = tupleLength(c, 1);
  if (!length)
    return;
  int64_t batch = c.integer("batch_dims", 0);
  int64_t rank = c.rank(0), indexRank = c.rank(1);
  if (batch < 0 || batch >= indexRank || batch + *length > rank)
    return c.error("index tuples of length " + std::to_string(*length) +
                   " and " + std::to_string(batch) +
                   " batch dims do not fit an input of rank " +
                   std::to_string(rank));
  Value x = c.tensor(0), indices = c.tensor(1);
  Sizes own = c.g.sizesOf(x), target = c.g.sizesOf(indices);
  for (int64_t d = 0; d < batch; ++d)
    target[d] = c.g.assumeEqual(target[d], own[d]);
  target.pop_back();
  target.append(own.begin() + batch + *length, own.end());
  Value result =
      graph::GatherNdOp::create(c.b, c.g.typeFor(target, c.element(0)), x,
                                indices, c.b.getI64IntegerAttr(batch));
  c.g.setSizes(result, target);
  c.set(0, result);
}

std::optional<graph::ScatterKind> scatterKind(NodeContext &c) {
  std::string name = c.string("reduction", "none");
  if (name == "none")
    return graph::ScatterKind::replace;
  if (name == "add")
    return graph::ScatterKind::add;
  if (name == "mul")
    return graph::ScatterKind::mul;
  if (name == "min")
    return graph::ScatterKind::min;
  if (name == "max")
    return graph::ScatterKind::max;
  c.error("the attribute 'reduction' is '" + name + "'",
          "none, add, mul, min, max");
  return std::nullopt;
}

void importScatterElements(NodeContext &c) {
  int64_t axis = c.integer("axis", 0);
  auto kind = scatterKind(c);
  if (!kind || !c.axis(axis, c.rank(0)) || !c.expectRank(1, c.rank(0)) ||
      !c.expectRank(2, c.rank(0)))
    return;
  Value x = c.tensor(0);
  Value result = graph::ScatterElementsOp::create(
      c.b, x.getType(), *kind, x, c.tensor(1), c.tensor(2), axis);
  c.g.setSizes(result, c.g.sizesOf(x));
  c.set(0, result);
}

void importScatterNd(NodeContext &c) {
  auto length = tupleLength(c, 1);
  auto kind = scatterKind(c);
  if (!length || !kind)
    return;
  if (*length > c.rank(0) || c.rank(2) != c.rank(1) - 1 + c.rank(0) - *length)
    return c.error("the ranks of input, indices and updates do not fit");
  Value x = c.tensor(0);
  Value result = graph::ScatterNdOp::create(c.b, x.getType(), *kind, x,
                                            c.tensor(1), c.tensor(2));
  c.g.setSizes(result, c.g.sizesOf(x));
  c.set(0, result);
}

/// Writes the update into the cache at a position per batch, in place of what
/// was there; `circular` positions wrap around.
void importTensorScatter(NodeContext &c) {
  int64_t axis = c.integer("axis", -2), rank = c.rank(0);
  std::string mode = c.string("mode", "linear");
  if (!c.axis(axis, rank) || !c.expectRank(1, rank))
    return;
  if (axis == 0 || (mode != "linear" && mode != "circular"))
    return c.error(axis == 0 ? "the attribute 'axis' is the batch dim"
                             : "the attribute 'mode' is '" + mode + "'",
                   "linear, circular");
  Value x = c.tensor(0), update = c.tensor(1);
  Sizes target = c.g.sizesOf(update);
  Type i64 = c.b.getI64Type();
  Value at = c.g.iota(i64, target, axis);
  if (c.has(2)) {
    Sizes column(rank, Scalar(1));
    column[0] = target[0];
    Value start = c.g.cast(c.tensor(2), c.type(2), ElemType::Int64);
    at = c.g.add(at, c.g.reshape(start, column));
  }
  if (mode == "circular")
    at = c.g.map<arith::RemSIOp>({at, c.g.splat(c.g.sizeOf(x, axis), i64)});
  Value result = graph::ScatterElementsOp::create(
      c.b, x.getType(), graph::ScatterKind::replace, x, at, update, axis);
  c.g.setSizes(result, c.g.sizesOf(x));
  c.set(0, result);
}

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

void importTopK(NodeContext &c) {
  int64_t axis = c.integer("axis", -1);
  if (!c.axis(axis, c.rank(0)))
    return;
  Scalar k;
  if (c.opset < 10) {
    k = c.integer("k", 0);
  } else {
    if (!c.has(1))
      return c.error("the number of elements is missing");
    auto given = c.scalars(1);
    if (!given)
      return;
    if (given->size() != 1)
      return c.error("expected one number of elements");
    k = (*given)[0];
  }
  Value x = c.tensor(0);
  Scalar size = c.g.sizeOf(x, axis);
  if (k.isConstant() &&
      (k.integer < 0 || (size.isConstant() && k.integer > size.integer)))
    return c.error("the number of elements is " + std::to_string(k.integer));
  Sizes target = c.g.sizesOf(x);
  target[axis] = k;
  auto sort = graph::SortOp::create(
      c.b, c.g.typeFor(target, c.element(0)),
      c.g.typeFor(target, c.b.getI64Type()), x, c.h.index(k), axis,
      c.integer("largest", 1) != 0, c.unsignedInput(0));
  c.g.setSizes(sort.getValues(), target);
  c.g.setSizes(sort.getIndices(), target);
  c.set(0, sort.getValues());
  c.set(1, sort.getIndices(), ElemType::Int64);
}

void importOneHot(NodeContext &c) {
  std::optional<SmallVector<Scalar>> depth;
  if (!isFloat(c.type(1))) {
    depth = c.scalars(1);
  } else if (auto known = c.knownReal(1)) {
    depth = SmallVector<Scalar>{toInteger(*known)};
  } else if (c.rank(1) == 0 || c.sizes(1)[0].isInteger(1)) {
    Value whole = c.g.cast(c.tensor(1), c.type(1), ElemType::Int64);
    depth = SmallVector<Scalar>{
        c.g.read(whole, SmallVector<int64_t>(c.rank(1), 0))};
    c.h.refine((*depth)[0], {0, INT32_MAX});
  }
  if (!depth)
    return c.failed() ? void() : c.error("expected one depth");
  int64_t rank = c.rank(0), axis = c.integer("axis", -1);
  if (!c.axis(axis, rank + 1))
    return;
  if (depth->size() != 1 || c.rank(2) != 1)
    return c.error("expected one depth and two values");
  Type i64 = c.b.getI64Type();
  Value index = c.g.cast(c.tensor(0), c.type(0), ElemType::Int64);
  index = c.g.insertUnitDims(index, {axis});
  // Negative indices count from the end.
  Value size = c.g.splat((*depth)[0], i64);
  Value below =
      c.g.compare(arith::CmpIPredicate::slt, index, c.g.like(index, 0));
  index = c.g.select(below, c.g.add(index, size), index);
  Sizes target = c.g.sizesOf(index);
  target[axis] = (*depth)[0];
  Value hit =
      c.g.compare(arith::CmpIPredicate::eq, index, c.g.iota(i64, target, axis));
  Value values = c.tensor(2);
  auto pick = [&](int64_t n) {
    return c.g.reshape(c.g.slice(values, 0, n, 1), {});
  };
  c.set(0, c.g.select(hit, pick(1), pick(0)), c.type(2));
}

void importReverseSequence(NodeContext &c) {
  int64_t batch = c.integer("batch_axis", 1), time = c.integer("time_axis", 0);
  int64_t rank = c.rank(0);
  if (!c.axis(batch, rank) || !c.axis(time, rank))
    return;
  Value x = c.tensor(0);
  Sizes sizes = c.g.sizesOf(x);
  Type i64 = c.b.getI64Type();
  Sizes column(rank, Scalar(1));
  column[batch] = sizes[batch];
  Value length =
      c.g.reshape(c.g.cast(c.tensor(1), c.type(1), ElemType::Int64), column);
  Value step = c.g.iota(i64, sizes, time);
  Value mirrored = c.g.add(c.g.sub(length, step), -1);
  Value inside = c.g.compare(arith::CmpIPredicate::slt, step, length);
  Value at = c.g.select(inside, mirrored, step);
  Value result =
      graph::GatherElementsOp::create(c.b, c.g.typeFor(sizes, c.element(0)), x,
                                      at, c.b.getI64IntegerAttr(time));
  c.g.setSizes(result, sizes);
  c.set(0, result);
}

//===----------------------------------------------------------------------===//
// Results whose size depends on the data
//===----------------------------------------------------------------------===//

} // namespace

Value raddle::onnx::positionsOf(NodeContext &c, Value mask) {
  GraphBuilder &g = c.g;
  Type i64 = c.b.getI64Type();
  Value ones = g.cast(mask, ElemType::Bool, ElemType::Int64);
  Value total = g.reduce(graph::ReduceKind::add, ones, {0}, false);
  Scalar count = g.read(total, {});
  c.h.refine(count, {0, INT32_MAX});
  Sizes all = g.sizesOf(mask);
  Value running =
      graph::CumulativeOp::create(c.b, ones.getType(), graph::ReduceKind::add,
                                  ones, int64_t(0), false, false);
  g.setSizes(running, all);
  // What is not picked is written outside, that is nowhere.
  Value slot = g.select(mask, g.add(running, -1), g.splat(count, i64));
  Value empty = g.filled(0, i64, {count});
  Value result = graph::ScatterElementsOp::create(
      c.b, empty.getType(), graph::ScatterKind::replace, empty, slot,
      g.iota(i64, all, 0), int64_t(0));
  g.setSizes(result, {count});
  return result;
}

namespace {

void importCompress(NodeContext &c) {
  if (!c.expectRank(1, 1))
    return;
  Value x = c.tensor(0);
  int64_t axis = c.integer("axis", 0);
  if (!c.hasAttr("axis"))
    x = c.g.reshape(x, {c.g.countOf(x)});
  else if (!c.axis(axis, c.rank(0)))
    return;
  // A short condition drops the rest.
  c.set(0, c.g.gather(x, positionsOf(c, c.tensor(1)), axis));
}

void importNonZero(NodeContext &c) {
  GraphBuilder &g = c.g;
  Value x = c.tensor(0);
  Sizes sizes = g.sizesOf(x);
  Value mask = g.cast(x, c.type(0), ElemType::Bool);
  Value flat = positionsOf(c, g.reshape(mask, {g.countOf(x)}));
  if (sizes.empty())
    return c.error("the input has rank 0", "at least rank 1");
  // A row of indices per dim.
  Type i64 = c.b.getI64Type();
  SmallVector<Value> rows;
  for (size_t d = sizes.size(); d-- > 0;) {
    Value size = g.splat(sizes[d], i64);
    Value index = d ? g.map<arith::RemSIOp>({flat, size}) : flat;
    flat = d ? g.div(flat, size) : flat;
    rows.insert(rows.begin(), g.insertUnitDims(index, {0}));
  }
  c.set(0, g.concat(rows, 0), ElemType::Int64);
}

} // namespace

void raddle::onnx::addGatherOps(OpTable &table) {
  OpRow rows[] = {
      {"Gather", "x l", 1, "axis=i", importGather, hostGather},
      {"GatherElements", "x l", 1, "axis=i", importGatherElements},
      {"GatherND", "x l", 1, "batch_dims=i", importGatherNd},
      {"Scatter", "x l x", 1, "axis=i", importScatterElements},
      {"ScatterElements", "x l x", 1, "axis=i reduction=s",
       importScatterElements},
      {"ScatterND", "x l x", 1, "reduction=s", importScatterNd},
      {"TensorScatter", "x x l?", 1, "axis=i mode=s", importTensorScatter},
      {"Compress", "x b", 1, "axis=i", importCompress},
      {"NonZero", "x", 1, "", importNonZero},
      {"TopK", "n l?", 2, "axis=i k=i largest=i sorted=i", importTopK},
      {"OneHot", "n n x", 1, "axis=i", importOneHot},
      {"ReverseSequence", "x l", 1, "batch_axis=i time_axis=i",
       importReverseSequence},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
