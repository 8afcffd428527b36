//===- Reduction.cpp - Reductions, extremes, running sums -----------------===//
#include "HostEvaluation.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;
using graph::ReduceKind;

namespace {

/// The dims to reduce; nothing when they cannot be known.
std::optional<SmallVector<int64_t>> reducedDims(NodeContext &c) {
  SmallVector<int64_t> dims;
  if (c.has(1)) {
    auto given = c.integers(1);
    if (!given)
      return std::nullopt;
    dims = *given;
  } else {
    dims = c.ints("axes");
  }
  int64_t rank = c.rank(0);
  if (dims.empty()) {
    if (c.integer("noop_with_empty_axes", 0))
      return dims;
    llvm::append_range(dims, llvm::seq<int64_t>(0, rank));
  }
  if (!c.axes(dims, rank))
    return std::nullopt;
  llvm::sort(dims);
  return dims;
}

enum class Before { Nothing, Abs, Square, Exp };
enum class After { Nothing, Sqrt, Log };

template <ReduceKind K, Before B, After A> void importReduce(NodeContext &c) {
  auto dims = reducedDims(c);
  if (!dims)
    return;
  Value x = c.tensor(0);
  bool keep = c.integer("keepdims", 1);
  ReduceKind kind = K;
  if (c.unsignedInput(0) && c.type(0) != ElemType::Bool)
    kind = K == ReduceKind::min   ? ReduceKind::minu
           : K == ReduceKind::max ? ReduceKind::maxu
                                  : K;
  // On booleans the extremes are logic.
  if (c.type(0) == ElemType::Bool)
    kind = K == ReduceKind::min   ? ReduceKind::and_
           : K == ReduceKind::max ? ReduceKind::or_
                                  : K;
  if (B == Before::Abs && !c.unsignedInput(0))
    x = isFloat(c.type(0)) ? c.g.map<math::AbsFOp>({x})
                           : c.g.map<math::AbsIOp>({x});
  if (B == Before::Square)
    x = c.g.mul(x, x);
  // Half-precision sums are kept wide until the end.
  Type element = c.element(0);
  bool widen = isFloat(c.type(0)) && K == ReduceKind::add && !dims->empty();
  if (widen)
    x = c.g.floatCast(x, c.g.accumulator(element));
  x = c.g.reduce(kind, x, *dims, keep);
  if (A == After::Sqrt && isFloat(c.type(0)))
    x = c.g.map<math::SqrtOp>({x});
  if (A == After::Sqrt && !isFloat(c.type(0))) {
    Value root =
        c.g.map<math::SqrtOp>({c.g.cast(x, c.type(0), ElemType::Double)});
    x = c.g.cast(root, ElemType::Double, c.type(0));
  }
  if (A == After::Log) {
    if (!isFloat(c.type(0)))
      return c.error("the input has elements of " + elemName(c.type(0)),
                     "a float type");
    x = c.g.map<math::LogOp>({x});
  }
  if (widen)
    x = c.g.floatCast(x, element);
  c.set(0, x);
}

void importReduceMean(NodeContext &c) {
  auto dims = reducedDims(c);
  if (!dims)
    return;
  if (dims->empty())
    return c.set(0, c.ref(0));
  Value x = c.tensor(0);
  Type element = c.element(0);
  bool isReal = isFloat(c.type(0));
  if (isReal)
    x = c.g.floatCast(x, c.g.accumulator(element));
  x = c.g.mean(x, *dims, c.integer("keepdims", 1));
  c.set(0, isReal ? c.g.floatCast(x, element) : x);
}

void importReduceLogSumExp(NodeContext &c) {
  auto dims = reducedDims(c);
  if (!dims)
    return;
  if (dims->empty())
    return c.set(0, c.ref(0));
  if (!isFloat(c.type(0)))
    return c.error("the input has elements of " + elemName(c.type(0)),
                   "a float type");
  Type element = c.element(0);
  Value x = c.g.floatCast(c.tensor(0), c.g.accumulator(element));
  Value peak = c.g.reduce(ReduceKind::max, x, *dims, true);
  Value sum =
      c.g.reduce(ReduceKind::add, c.g.exp(c.g.sub(x, peak)), *dims, true);
  Value result = c.g.add(c.g.map<math::LogOp>({sum}), peak);
  if (!c.integer("keepdims", 1))
    result = c.g.dropDims(result, *dims);
  c.set(0, c.g.floatCast(result, element));
}

/// Shapes multiply and add their dims.
template <ReduceKind K> bool hostReduce(NodeContext &c) {
  if (isFloat(c.type(0)) || c.type(0) == ElemType::Bool ||
      c.host(0)->rank() != 1 || c.host(0)->elements.empty())
    return false;
  auto dims = reducedDims(c);
  if (!dims || dims->empty())
    return false;
  Scalar result = c.host(0)->elements.front();
  for (const Scalar &s : llvm::drop_begin(c.host(0)->elements))
    result = K == ReduceKind::add   ? c.h.add(result, s)
             : K == ReduceKind::mul ? c.h.mul(result, s)
             : K == ReduceKind::min ? c.h.min(result, s)
                                    : c.h.max(result, s);
  HostTensor out;
  if (c.integer("keepdims", 1))
    out.shape = {1};
  out.elements.push_back(result);
  c.setHost(0, std::move(out), c.type(0));
  return true;
}

template <bool isMax> void importArg(NodeContext &c) {
  int64_t axis = c.integer("axis", 0), rank = c.rank(0);
  if (!c.axis(axis, rank))
    return;
  bool keep = c.integer("keepdims", 1);
  Value x = c.tensor(0);
  ReduceKind kind = isMax ? ReduceKind::max : ReduceKind::min;
  if (c.unsignedInput(0))
    kind = isMax ? ReduceKind::maxu : ReduceKind::minu;
  Sizes own = c.g.sizesOf(x), target;
  for (auto [dim, size] : llvm::enumerate(own)) {
    if (static_cast<int64_t>(dim) != axis)
      target.push_back(size);
    else if (keep)
      target.push_back(1);
  }
  Value result = graph::ArgReduceOp::create(
      c.b, c.g.typeFor(target, c.b.getI64Type()), kind, x, axis, keep,
      c.integer("select_last_index", 0) != 0);
  c.g.setSizes(result, target);
  c.set(0, result, ElemType::Int64);
}

template <ReduceKind K> void importCumulative(NodeContext &c) {
  auto axes = c.integers(1);
  if (!axes || axes->size() != 1)
    return c.failed() ? void() : c.error("expected one axis");
  int64_t axis = (*axes)[0];
  if (!c.axis(axis, c.rank(0)))
    return;
  Value x = c.tensor(0);
  Value result = graph::CumulativeOp::create(c.b, x.getType(), K, x, axis,
                                             c.integer("exclusive", 0) != 0,
                                             c.integer("reverse", 0) != 0);
  c.g.setSizes(result, c.g.sizesOf(x));
  c.set(0, result);
}

//===----------------------------------------------------------------------===//
// The softmax family
//===----------------------------------------------------------------------===//

/// Before opset 13 the dims from `axis` on are one dim.
template <typename F> void overAxis(NodeContext &c, F f) {
  int64_t axis = c.integer("axis", c.opset < 13 ? 1 : -1), rank = c.rank(0);
  if (c.opset < 13 && axis == rank) {
    // Every element is a row of its own.
    return c.set(0,
                 c.g.reshape(f(c.g.insertUnitDims(c.tensor(0), {rank}), rank),
                             c.sizes(0)));
  }
  if (!c.axis(axis, rank))
    return;
  Value x = c.tensor(0);
  if (c.opset >= 13 || axis == rank - 1)
    return c.set(0, f(x, axis));
  Sizes own = c.g.sizesOf(x);
  c.set(0, c.g.reshape(f(c.g.flatten(x, axis), 1), own));
}

template <bool isLog> void importSoftmax(NodeContext &c) {
  overAxis(c,
           [&](Value x, int64_t axis) { return c.g.softmax(x, axis, isLog); });
}

void importHardmax(NodeContext &c) {
  overAxis(c, [&](Value x, int64_t axis) {
    Sizes own = c.g.sizesOf(x), kept = own;
    kept[axis] = 1;
    Type i64 = c.b.getI64Type();
    Value at = graph::ArgReduceOp::create(
        c.b, c.g.typeFor(kept, i64), ReduceKind::max, x, axis, true, false);
    c.g.setSizes(at, kept);
    Value hit =
        c.g.compare(arith::CmpIPredicate::eq, c.g.iota(i64, own, axis), at);
    return c.g.select(hit, c.g.like(x, 1), c.g.like(x, 0));
  });
}

} // namespace

void raddle::onnx::addReductionOps(OpTable &table) {
  const char *attrs = "axes=is keepdims=i noop_with_empty_axes=i";
  using B = Before;
  using A = After;
  OpRow rows[] = {
      {"ReduceSum", "n l?", 1, attrs,
       importReduce<ReduceKind::add, B::Nothing, A::Nothing>,
       hostReduce<ReduceKind::add>, "", 1},
      {"ReduceProd", "n l?", 1, attrs,
       importReduce<ReduceKind::mul, B::Nothing, A::Nothing>,
       hostReduce<ReduceKind::mul>, "", 1},
      {"ReduceMax", "x l?", 1, attrs,
       importReduce<ReduceKind::max, B::Nothing, A::Nothing>,
       hostReduce<ReduceKind::max>, "", 1},
      {"ReduceMin", "x l?", 1, attrs,
       importReduce<ReduceKind::min, B::Nothing, A::Nothing>,
       hostReduce<ReduceKind::min>, "", 1},
      {"ReduceMean", "n l?", 1, attrs, importReduceMean, nullptr, "", 1},
      {"ReduceL1", "n l?", 1, attrs,
       importReduce<ReduceKind::add, B::Abs, A::Nothing>, nullptr, "", 1},
      {"ReduceL2", "n l?", 1, attrs,
       importReduce<ReduceKind::add, B::Square, A::Sqrt>, nullptr, "", 1},
      {"ReduceSumSquare", "n l?", 1, attrs,
       importReduce<ReduceKind::add, B::Square, A::Nothing>, nullptr, "", 1},
      {"ReduceLogSum", "n l?", 1, attrs,
       importReduce<ReduceKind::add, B::Nothing, A::Log>, nullptr,
       "integer inputs", 1},
      {"ReduceLogSumExp", "n l?", 1, attrs, importReduceLogSumExp, nullptr,
       "integer inputs", 1},
      {"ArgMax", "n", 1, "axis=i keepdims=i select_last_index=i",
       importArg<true>},
      {"ArgMin", "n", 1, "axis=i keepdims=i select_last_index=i",
       importArg<false>},
      {"CumSum", "n l", 1, "exclusive=i reverse=i",
       importCumulative<ReduceKind::add>, nullptr, "", 1},
      {"CumProd", "n l", 1, "exclusive=i reverse=i",
       importCumulative<ReduceKind::mul>, nullptr, "", 1},
      {"Softmax", "f", 1, "axis=i", importSoftmax<false>},
      {"LogSoftmax", "f", 1, "axis=i", importSoftmax<true>},
      {"Hardmax", "f", 1, "axis=i", importHardmax},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
