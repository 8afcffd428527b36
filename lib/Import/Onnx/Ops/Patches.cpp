//===- Patches.cpp - Windows as explicit gathers --------------------------===//
//
// Operators whose result says where in its window an element was, or that add
// windows up. The window's elements become a dim of their own, which a
// reduction then removes: one kernel, nothing is stored in between.
//
//===----------------------------------------------------------------------===//
#include "Window.h"

#include <cmath>

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;
using CmpI = arith::CmpIPredicate;

namespace {

/// The coordinates of the flat index `flat` in a box of `sizes`, last dim last.
SmallVector<Value> unflatten(GraphBuilder &g, Value flat,
                             ArrayRef<Scalar> sizes) {
  Type i64 = g.b.getI64Type();
  SmallVector<Value> result(sizes.size());
  for (size_t d = sizes.size(); d-- > 0;) {
    Value size = g.splat(sizes[d], i64);
    result[d] = d ? g.map<arith::RemSIOp>({flat, size}) : flat;
    if (d)
      flat = g.div(flat, size);
  }
  return result;
}

/// Whether all numbers are at least `least` and can be added without overflow.
bool fits(ArrayRef<int64_t> list, int64_t least) {
  return llvm::all_of(list,
                      [&](int64_t n) { return n >= least && n <= INT32_MAX; });
}

Value conjunction(GraphBuilder &g, Value a, Value b) {
  return a ? g.map<arith::AndIOp>({a, b}) : b;
}

//===----------------------------------------------------------------------===//
// MaxPool with indices, MaxUnpool
//===----------------------------------------------------------------------===//

} // namespace

// `[N, C, out...]`; spatial dims count in the order of storage that the node
// asks for.
Value raddle::onnx::maxPoolIndices(NodeContext &c, Value x, const Window &w) {
  GraphBuilder &g = c.g;
  Type i64 = c.b.getI64Type();
  unsigned rank = w.rank();
  Sizes in = g.sizesOf(x);
  Sizes spatial(in.begin() + 2, in.end());
  Sizes kernelSizes(w.kernel.begin(), w.kernel.end());
  Scalar kernel = c.h.product(kernelSizes);
  Scalar points = c.h.product(w.out), plane = c.h.product(spatial);
  // [P, K]: a row per window.
  Value window = g.iota(i64, {points, 1}, 0);
  Value within = g.iota(i64, {1, kernel}, 1);
  SmallVector<Value> outer = unflatten(g, window, w.out);
  SmallVector<Value> inner = unflatten(g, within, kernelSizes);
  Value inside, picked, stated;
  auto append = [&](Value sum, unsigned d, Value position) {
    if (!sum)
      return position;
    return g.add(g.mul(sum, g.splat(spatial[d], i64)), position);
  };
  SmallVector<Value> positions;
  for (unsigned d = 0; d < rank; ++d) {
    Value from = g.sub(g.mul(outer[d], static_cast<double>(w.strides[d])),
                       g.splat(w.low[d], i64));
    Value position =
        g.add(from, g.mul(inner[d], static_cast<double>(w.dilations[d])));
    positions.push_back(position);
    inside = conjunction(g, inside,
                         g.compare(CmpI::sge, position, g.like(position, 0)));
    inside = conjunction(
        g, inside, g.compare(CmpI::slt, position, g.splat(spatial[d], i64)));
    picked = append(picked, d, position);
  }
  bool columns = c.integer("storage_order", 0);
  for (unsigned d = 0; d < rank; ++d) {
    unsigned dim = columns ? rank - 1 - d : d;
    stated = append(stated, dim, positions[dim]);
  }
  Value flat = g.reshape(x, {in[0], in[1], plane});
  Value index = g.select(inside, picked, g.like(picked, 0));
  Value windows = g.gather(flat, index, 2);
  Type element = GraphBuilder::elementOf(x);
  double lowest = isa<FloatType>(element)
                      ? -INFINITY
                      : -std::ldexp(1.0, element.getIntOrFloatBitWidth() - 1);
  windows = g.select(inside, windows, g.like(windows, lowest));
  Sizes kept{in[0], in[1], points, 1};
  Value best = graph::ArgReduceOp::create(c.b, g.typeFor(kept, i64),
                                          graph::ReduceKind::max, windows,
                                          int64_t(3), true, false);
  g.setSizes(best, kept);
  Value all = g.broadcast(stated, {in[0], in[1], points, kernel});
  Value chosen = graph::GatherElementsOp::create(
      c.b, g.typeFor(kept, i64), all, best, c.b.getI64IntegerAttr(3));
  g.setSizes(chosen, kept);
  // Planes of the input follow each other.
  Sizes planes{in[0], in[1], 1, 1};
  Value image = g.add(g.mul(g.iota(i64, planes, 0), g.splat(in[1], i64)),
                      g.iota(i64, planes, 1));
  Value result = g.add(chosen, g.mul(image, g.splat(plane, i64)));
  Sizes target{in[0], in[1]};
  target.append(w.out);
  return g.reshape(result, target);
}

namespace {

void importMaxUnpool(NodeContext &c) {
  GraphBuilder &g = c.g;
  Window w;
  SmallVector<int64_t> kernel = c.ints("kernel_shape");
  w.kernel.assign(kernel.begin(), kernel.end());
  int64_t rank = w.rank();
  if (!c.expectRank(0, rank + 2) || !c.expectRank(1, rank + 2))
    return;
  w.strides = c.ints("strides");
  if (w.strides.empty())
    w.strides.assign(rank, 1);
  SmallVector<int64_t> pads = c.ints("pads");
  if (pads.empty())
    pads.assign(2 * rank, 0);
  if (static_cast<int64_t>(w.strides.size()) != rank ||
      static_cast<int64_t>(pads.size()) != 2 * rank || !fits(w.kernel, 1) ||
      !fits(w.strides, 1) || !fits(pads, 0))
    return c.error(
        "the attributes 'strides' and 'pads' do not fit a kernel of " +
        std::to_string(rank) + " dims");
  Value x = c.tensor(0), indices = c.tensor(1);
  Sizes own = g.sizesOf(x), sizes{own[0], own[1]};
  for (int64_t d = 0; d < rank; ++d) {
    Scalar span = c.h.mul(c.h.sub(own[d + 2], 1), w.strides[d]);
    sizes.push_back(c.h.add(span, w.kernel[d] - pads[d] - pads[d + rank]));
    c.h.refine(sizes.back(), {0, INT32_MAX});
  }
  Scalar count = c.h.product(own), total = c.h.product(sizes);
  Value empty = g.filled(0, c.element(0), {total});
  Value flat = graph::ScatterElementsOp::create(
      c.b, empty.getType(), graph::ScatterKind::replace, empty,
      g.reshape(indices, {count}), g.reshape(x, {count}), int64_t(0));
  g.setSizes(flat, {total});
  Value y = g.reshape(flat, sizes);
  if (c.has(2)) {
    auto wanted = c.scalars(2);
    if (!wanted)
      return;
    if (wanted->size() != sizes.size())
      return c.error("the output shape has " + std::to_string(wanted->size()) +
                     " dims, expected " + std::to_string(sizes.size()));
    // Indices count in the shape that the window gives; the rest is zero.
    Sizes low(sizes.size(), Scalar(0)), high;
    for (auto [want, has] : llvm::zip(*wanted, sizes)) {
      Scalar more = c.h.sub(want, has);
      g.check(c.h.compare(CmpI::sge, more, 0),
              "the output shape is smaller than what the window gives");
      c.h.refine(more, {0, INT32_MAX});
      high.push_back(more);
    }
    y = g.pad(y, low, high, Value(), graph::PadMode::constant);
  }
  c.set(0, y);
}

//===----------------------------------------------------------------------===//
// Col2Im
//===----------------------------------------------------------------------===//

void importCol2Im(NodeContext &c) {
  GraphBuilder &g = c.g;
  if (!c.expectRank(0, 3))
    return;
  auto image = c.scalars(1), block = c.scalars(2);
  if (!image || !block)
    return;
  size_t rank = image->size();
  SmallVector<int64_t> dilations = c.ints("dilations"), pads = c.ints("pads"),
                       strides = c.ints("strides");
  if (dilations.empty())
    dilations.assign(rank, 1);
  if (strides.empty())
    strides.assign(rank, 1);
  if (pads.empty())
    pads.assign(2 * rank, 0);
  if (rank == 0 || block->size() != rank || dilations.size() != rank ||
      strides.size() != rank || pads.size() != 2 * rank || !fits(strides, 1) ||
      !fits(dilations, 1) || !fits(pads, 0))
    return c.error("shapes and attributes do not fit an image of " +
                   std::to_string(rank) + " dims");
  for (SmallVector<Scalar> *sizes : {&*image, &*block})
    for (Scalar &size : *sizes) {
      g.check(c.h.compare(CmpI::sge, size, 1), "a size must be positive");
      c.h.refine(size, {1, INT32_MAX});
    }
  Type i64 = c.b.getI64Type();
  Value x = c.tensor(0);
  Sizes own = g.sizesOf(x);
  Scalar kernel = c.h.product(*block), points = c.h.product(*image);
  Scalar channels = c.h.exactQuotient({own[1]}, {kernel});
  // Per pixel of the image and element of the block: which column holds it.
  SmallVector<Value> pixel = unflatten(g, g.iota(i64, {points, 1}, 0), *image);
  SmallVector<Value> element =
      unflatten(g, g.iota(i64, {1, kernel}, 1), *block);
  Value inside, column;
  Sizes steps;
  for (size_t d = 0; d < rank; ++d) {
    Scalar span =
        c.h.sub(c.h.add((*image)[d], pads[d] + pads[d + rank]),
                c.h.add(c.h.mul(c.h.sub((*block)[d], 1), dilations[d]), 1));
    Scalar count = c.h.add(c.h.floorDiv(span, strides[d]), 1);
    steps.push_back(count);
    Value offset = g.sub(g.add(pixel[d], static_cast<double>(pads[d])),
                         g.mul(element[d], static_cast<double>(dilations[d])));
    inside =
        conjunction(g, inside, g.compare(CmpI::sge, offset, g.like(offset, 0)));
    Value step = offset;
    if (strides[d] != 1) {
      Value stride = g.splat(strides[d], i64);
      step = g.div(offset, stride);
      inside = conjunction(g, inside,
                           g.compare(CmpI::eq, g.mul(step, stride), offset));
    }
    inside =
        conjunction(g, inside, g.compare(CmpI::slt, step, g.splat(count, i64)));
    column = column ? g.add(g.mul(column, g.splat(count, i64)), step) : step;
  }
  Scalar length = g.assumeEqual(own[2], c.h.product(steps));
  Value index =
      g.add(g.mul(g.iota(i64, {1, kernel}, 1), g.splat(length, i64)), column);
  index = g.select(inside, index, g.like(index, 0));
  Value flat = g.reshape(x, {own[0], channels, c.h.mul(kernel, length)});
  Value parts = g.gather(flat, index, 2);
  Type sum = g.accumulator(c.element(0));
  bool wide = isFloat(c.type(0));
  if (wide)
    parts = g.floatCast(parts, sum);
  parts = g.select(inside, parts, g.like(parts, 0));
  Value y = g.reduce(graph::ReduceKind::add, parts, {3}, false);
  Sizes target{own[0], channels};
  target.append(image->begin(), image->end());
  y = g.reshape(y, target);
  c.set(0, wide ? g.floatCast(y, c.element(0)) : y);
}

} // namespace

void raddle::onnx::addPatchOps(OpTable &table) {
  OpRow rows[] = {
      {"MaxUnpool", "f l l?", 1, "kernel_shape=is! pads=is strides=is",
       importMaxUnpool},
      {"Col2Im", "n l l", 1, "dilations=is pads=is strides=is", importCol2Im},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
