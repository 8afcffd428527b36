//===- Pooling.cpp - Sliding and global pooling ---------------------------===//
#include "Window.h"

#include <cmath>

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;

namespace {

Value poolOf(NodeContext &c, graph::PoolKind kind, Value x, const Window &w) {
  Sizes in = c.g.sizesOf(x);
  Sizes target{in[0], in[1]};
  target.append(w.out);
  SmallVector<Value> dynamic;
  SmallVector<int64_t> fixed;
  dispatchIndexOpFoldResults(c.h.fold(target), dynamic, fixed);
  Value y = graph::PoolOp::create(
      c.b, c.g.typeFor(target, GraphBuilder::elementOf(x)), kind, x, dynamic,
      fixed, w.kernel, w.strides, w.dilations, w.staticLow(), w.staticHigh(),
      false);
  c.g.setSizes(y, target);
  return y;
}

std::optional<Window> poolWindow(NodeContext &c) {
  auto w = readWindow(c, c.ints("kernel_shape"));
  if (w && !w->hasStaticPads()) {
    c.error("the pads depend on a dim that is not static",
            "stated pads, or SAME with stride 1");
    return std::nullopt;
  }
  return w;
}

void importMaxPool(NodeContext &c) {
  auto w = poolWindow(c);
  if (!w)
    return;
  Value x = c.tensor(0);
  // The window compares as signed numbers.
  bool widen = c.unsignedInput(0) && elemBits(c.type(0)) < 32;
  if (widen)
    x = c.g.cast(x, c.type(0), ElemType::Int32);
  Value y = poolOf(c, graph::PoolKind::max, x, *w);
  c.set(0, widen ? c.g.cast(y, ElemType::Int32, c.type(0)) : y);
  if (c.wants(1))
    c.set(1, maxPoolIndices(c, x, *w), ElemType::Int64);
}

void importAveragePool(NodeContext &c) {
  auto w = poolWindow(c);
  if (!w)
    return;
  bool all = c.integer("count_include_pad", 0);
  c.set(0, poolOf(c,
                  all ? graph::PoolKind::average_include_pad
                      : graph::PoolKind::average,
                  c.tensor(0), *w));
}

/// |x|^p and the p-th root, cheap for the usual p.
Value power(NodeContext &c, Value x, int64_t p) {
  Value size = p % 2 ? c.g.map<math::AbsFOp>({x}) : x;
  if (p == 1)
    return size;
  if (p == 2)
    return c.g.mul(size, size);
  return c.g.map<math::PowFOp>(
      {c.g.map<math::AbsFOp>({x}), c.g.like(x, static_cast<double>(p))});
}
Value root(NodeContext &c, Value x, int64_t p) {
  if (p == 1)
    return x;
  if (p == 2)
    return c.g.map<math::SqrtOp>({x});
  return c.g.map<math::PowFOp>({x, c.g.like(x, 1.0 / static_cast<double>(p))});
}

void importLpPool(NodeContext &c) {
  auto w = poolWindow(c);
  int64_t p = c.integer("p", 2);
  if (!w)
    return;
  if (p < 1)
    return c.error("the attribute 'p' is " + std::to_string(p));
  Value sum = poolOf(c, graph::PoolKind::sum, power(c, c.tensor(0), p), *w);
  c.set(0, root(c, sum, p));
}

template <typename F> void global(NodeContext &c, F reduce) {
  int64_t rank = c.rank(0);
  if (rank < 3)
    return c.error("the input has rank " + std::to_string(rank) +
                   ", expected at least 3");
  SmallVector<int64_t> dims;
  llvm::append_range(dims, llvm::seq<int64_t>(2, rank));
  c.set(0, reduce(c.tensor(0), dims));
}

void importGlobalAverage(NodeContext &c) {
  global(c, [&](Value x, ArrayRef<int64_t> dims) {
    Type element = c.element(0);
    Value wide = c.g.floatCast(x, c.g.accumulator(element));
    return c.g.floatCast(c.g.mean(wide, dims, true), element);
  });
}
void importGlobalMax(NodeContext &c) {
  global(c, [&](Value x, ArrayRef<int64_t> dims) {
    return c.g.reduce(graph::ReduceKind::max, x, dims, true);
  });
}
void importGlobalLp(NodeContext &c) {
  int64_t p = c.integer("p", 2);
  if (p < 1)
    return c.error("the attribute 'p' is " + std::to_string(p));
  global(c, [&](Value x, ArrayRef<int64_t> dims) {
    return root(
        c, c.g.reduce(graph::ReduceKind::add, power(c, x, p), dims, true), p);
  });
}

} // namespace

void raddle::onnx::addPoolingOps(OpTable &table) {
  OpRow rows[] = {
      {"MaxPool", "n", 2,
       "auto_pad=s ceil_mode=i dilations=is kernel_shape=is! pads=is "
       "storage_order=i strides=is",
       importMaxPool},
      {"AveragePool", "f", 1,
       "auto_pad=s ceil_mode=i count_include_pad=i dilations=is "
       "kernel_shape=is! pads=is strides=is",
       importAveragePool},
      {"LpPool", "f", 1,
       "auto_pad=s ceil_mode=i dilations=is kernel_shape=is! p=i pads=is "
       "strides=is",
       importLpPool},
      {"GlobalAveragePool", "f", 1, "", importGlobalAverage},
      {"GlobalMaxPool", "f", 1, "", importGlobalMax},
      {"GlobalLpPool", "f", 1, "p=i", importGlobalLp},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
