//===- Convolution.cpp - Convolutions, forward and transposed -------------===//
#include "Window.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;

namespace {

/// The static sizes of the filter's kernel dims; reports.
std::optional<SmallVector<int64_t>> kernelOf(NodeContext &c, unsigned filter) {
  Sizes sizes = c.sizes(filter);
  if (sizes.size() < 3) {
    c.error("the filter has rank " + std::to_string(sizes.size()) +
            ", expected at least 3");
    return std::nullopt;
  }
  SmallVector<int64_t> kernel;
  for (const Scalar &s : llvm::drop_begin(sizes, 2)) {
    if (!s.isConstant()) {
      c.error("the filter's kernel is not static");
      return std::nullopt;
    }
    kernel.push_back(s.integer);
  }
  SmallVector<int64_t> stated = c.ints("kernel_shape");
  if (!stated.empty() && stated != kernel) {
    c.error("the attribute 'kernel_shape' differs from the filter's shape");
    return std::nullopt;
  }
  return kernel;
}

Value addBias(NodeContext &c, Value y, Value bias) {
  Sizes sizes(GraphBuilder::rankOf(y), Scalar(1));
  sizes[1] = c.g.sizeOf(bias, 0);
  return c.g.add(y, c.g.broadcast(c.g.reshape(bias, sizes), c.g.sizesOf(y)));
}

/// A forward convolution of `x` and `filter` with the node's attributes, padded
/// with `fill` (null: zeros).
Value forward(NodeContext &c, Value x, Value filter, unsigned filterInput,
              Type sum, bool unsignedX, bool unsignedFilter,
              Value fill = Value()) {
  auto kernel = kernelOf(c, filterInput);
  if (!kernel)
    return {};
  auto w = readWindow(c, *kernel);
  if (!w)
    return {};
  int64_t groups = c.integer("group", 1);
  Sizes in = c.g.sizesOf(x), filterSizes = c.g.sizesOf(filter);
  if (groups < 1 ||
      (filterSizes[0].isConstant() && filterSizes[0].integer % groups)) {
    c.error("the attribute 'group' is " + std::to_string(groups) +
            ", which does not divide the filters");
    return {};
  }
  c.g.assumeEqual(in[1], c.h.mul(filterSizes[1], groups));
  bool padded =
      !llvm::all_of(w->low, [](Scalar s) { return s.isInteger(0); }) ||
      !llvm::all_of(w->high, [](Scalar s) { return s.isInteger(0); });
  if (!w->hasStaticPads() || (fill && padded)) {
    // Pads of another number, or that depend on a size, are made by a pad of
    // their own.
    Sizes low(2, Scalar(0)), high(2, Scalar(0));
    low.append(w->low);
    high.append(w->high);
    x = c.g.pad(x, low, high, fill, graph::PadMode::constant);
    w->low.assign(w->rank(), Scalar(0));
    w->high.assign(w->rank(), Scalar(0));
  }
  Sizes target{in[0], filterSizes[0]};
  target.append(w->out);
  Value y = graph::ConvOp::create(
      c.b, c.g.typeFor(target, sum), x, filter, w->strides, w->dilations,
      w->staticLow(), w->staticHigh(), groups, DenseI64ArrayAttr(), false,
      false, graph::ComputeMode::native, unsignedX, unsignedFilter);
  c.g.setSizes(y, target);
  return y;
}

void importConv(NodeContext &c) {
  if (c.type(0) != c.type(1))
    return c.error("the input and the filter differ in element type");
  Value y = forward(c, c.tensor(0), c.tensor(1), 1,
                    c.g.accumulator(c.element(0)), false, false);
  if (!y || c.failed())
    return;
  y = c.g.floatCast(y, c.element(0));
  c.set(0, c.has(2) ? addBias(c, y, c.tensor(2)) : y);
}

void importConvTranspose(NodeContext &c) {
  if (c.type(0) != c.type(1))
    return c.error("the input and the filter differ in element type");
  auto kernel = kernelOf(c, 1);
  if (!kernel)
    return;
  Window w;
  w.kernel = *kernel;
  if (!readSteps(c, w))
    return;
  int64_t rank = w.rank(), groups = c.integer("group", 1);
  Value x = c.tensor(0), filter = c.tensor(1);
  Sizes in = c.g.sizesOf(x), filterSizes = c.g.sizesOf(filter);
  if (static_cast<int64_t>(in.size()) != rank + 2 || groups < 1)
    return c.error("the input has rank " + std::to_string(in.size()) +
                   ", the filter " + std::to_string(rank + 2));
  c.g.assumeEqual(in[1], filterSizes[0]);
  SmallVector<int64_t> extra = c.ints("output_padding");
  SmallVector<int64_t> pads = c.ints("pads");
  SmallVector<int64_t> shape = c.ints("output_shape");
  std::string mode = c.string("auto_pad", "NOTSET");
  if (extra.empty())
    extra.assign(rank, 0);
  if (pads.empty())
    pads.assign(2 * rank, 0);
  // The shape may state all dims.
  if (static_cast<int64_t>(shape.size()) == rank + 2)
    shape.erase(shape.begin(), shape.begin() + 2);
  if (static_cast<int64_t>(extra.size()) != rank ||
      static_cast<int64_t>(pads.size()) != 2 * rank ||
      (!shape.empty() && static_cast<int64_t>(shape.size()) != rank))
    return c.error("the attributes do not have " + std::to_string(rank) +
                   " spatial dims");
  for (const auto *list : {&extra, &pads, &shape}) {
    for (int64_t number : *list) {
      if (number >= 0 && number <= INT32_MAX)
        continue;
      return c.error("an attribute holds " + std::to_string(number),
                     "0 to 2147483647");
    }
  }
  bool same = mode == "SAME_UPPER" || mode == "SAME_LOWER";
  SmallVector<int64_t> low, high;
  Sizes target{in[0], c.h.mul(filterSizes[1], groups)};
  for (int64_t n = 0; n < rank; ++n) {
    Scalar full = c.h.add(c.h.mul(c.h.sub(in[n + 2], 1), w.strides[n]),
                          extra[n] + w.extent(n));
    if (shape.empty() && !same) {
      low.push_back(mode == "VALID" ? 0 : pads[n]);
      high.push_back(mode == "VALID" ? 0 : pads[n + rank]);
      target.push_back(c.h.sub(full, low.back() + high.back()));
      continue;
    }
    Scalar wanted =
        shape.empty() ? c.h.mul(in[n + 2], w.strides[n]) : Scalar(shape[n]);
    Scalar total = c.h.sub(full, wanted);
    if (!total.isConstant())
      return c.error("the pads depend on a dim that is not static");
    // More is wanted than there is: the rest is zeros at the end.
    int64_t all = total.integer;
    if (all < 0) {
      extra[n] -= all;
      all = 0;
    }
    int64_t half = all / 2;
    low.push_back(mode == "SAME_UPPER" ? half : all - half);
    high.push_back(mode == "SAME_UPPER" ? all - half : half);
    target.push_back(wanted);
  }
  Value y = graph::ConvOp::create(
      c.b, c.g.typeFor(target, c.g.accumulator(c.element(0))), x, filter,
      w.strides, w.dilations, low, high, groups,
      c.b.getDenseI64ArrayAttr(extra), true, false, graph::ComputeMode::native,
      false, false);
  c.g.setSizes(y, target);
  y = c.g.floatCast(y, c.element(0));
  c.set(0, c.has(2) ? addBias(c, y, c.tensor(2)) : y);
}

/// `x - zero` in 32 bits; a zero point that is known to be zero costs nothing
/// and keeps the narrow type.
Value centred(NodeContext &c, unsigned input, unsigned zero, bool perChannel) {
  Value x = c.tensor(input);
  if (!c.has(zero) || c.knownReal(zero) == 0.0)
    return x;
  Value wide = c.g.cast(x, c.type(input), ElemType::Int32);
  Value offset = c.g.cast(c.tensor(zero), c.type(zero), ElemType::Int32);
  if (GraphBuilder::rankOf(offset) == 1 && perChannel) {
    Sizes sizes(c.rank(input), Scalar(1));
    sizes[0] = c.g.sizeOf(offset, 0);
    offset = c.g.reshape(offset, sizes);
  } else {
    offset = c.g.reshape(offset, {});
  }
  return c.g.sub(wide, offset);
}

Value integerConv(NodeContext &c, unsigned x, unsigned filter, unsigned xZero,
                  unsigned filterZero) {
  auto hasZero = [&](unsigned n) { return c.has(n) && c.knownReal(n) != 0.0; };
  if (!hasZero(filterZero)) {
    // The product itself is one of narrow integers: the input's zero point
    // pads it, and enters as a correction by the sums of the filters.
    Type i32 = c.b.getI32Type();
    Value zero = hasZero(xZero) ? c.g.reshape(c.tensor(xZero), {}) : Value();
    Value y = forward(c, c.tensor(x), c.tensor(filter), filter, i32,
                      c.unsignedInput(x), c.unsignedInput(filter), zero);
    if (!y || !zero)
      return y;
    SmallVector<int64_t> summed;
    Sizes sizes(c.rank(filter), Scalar(1));
    llvm::append_range(summed, llvm::seq<int64_t>(1, c.rank(filter)));
    sizes[1] = c.g.sizeOf(c.tensor(filter), 0);
    Value sums = c.g.reduce(
        graph::ReduceKind::add,
        c.g.cast(c.tensor(filter), c.type(filter), ElemType::Int32), summed,
        /*keepDims=*/false);
    Value wide = c.g.cast(zero, c.type(xZero), ElemType::Int32);
    return c.g.sub(y, c.g.reshape(c.g.mul(sums, wide), sizes));
  }
  Value a = centred(c, x, xZero, false),
        b = centred(c, filter, filterZero, true);
  Type i32 = c.b.getI32Type();
  // Both operands have one width.
  bool wide =
      GraphBuilder::elementOf(a) == i32 || GraphBuilder::elementOf(b) == i32;
  auto widen = [&](Value v, unsigned n) {
    return wide && GraphBuilder::elementOf(v) != i32
               ? c.g.cast(v, c.type(n), ElemType::Int32)
               : v;
  };
  return forward(c, widen(a, x), widen(b, filter), filter, i32,
                 !wide && c.unsignedInput(x), !wide && c.unsignedInput(filter));
}

void importConvInteger(NodeContext &c) {
  if (Value y = integerConv(c, 0, 1, 2, 3))
    c.set(0, y, ElemType::Int32);
}

void importQLinearConv(NodeContext &c) {
  Value y = integerConv(c, 0, 3, 2, 5);
  if (!y || c.failed())
    return;
  if (c.has(8))
    y = addBias(c, y, c.tensor(8));
  int64_t rank = GraphBuilder::rankOf(y);
  auto scale = [&](unsigned n) {
    Value s = c.tensor(n);
    if (GraphBuilder::rankOf(s) == 0)
      return s;
    Sizes sizes(rank, Scalar(1));
    sizes[1] = c.g.sizeOf(s, 0);
    return c.g.reshape(s, sizes);
  };
  Value factor = c.g.div(c.g.mul(scale(1), scale(4)), scale(6));
  ElemType real = c.type(1);
  Value result = c.g.mul(c.g.cast(y, ElemType::Int32, real), factor);
  result = c.g.map<math::RoundEvenOp>({result});
  ElemType out = c.type(7);
  result = c.g.add(result, c.g.reshape(c.g.cast(c.tensor(7), out, real), {}));
  bool isUnsigned = onnx::isUnsigned(out);
  result = c.g.max(result, c.g.like(result, isUnsigned ? 0 : -128));
  result = c.g.min(result, c.g.like(result, isUnsigned ? 255 : 127));
  c.set(0, c.g.cast(result, real, out), out);
}

/// A depthwise convolution along the last dim that sees only the past, whose
/// end is a result.
void importCausalConv(NodeContext &c) {
  if (!c.expectRank(0, 3) || !c.expectRank(1, 3))
    return;
  std::string activation = c.string("activation", "none");
  if (activation != "none" && activation != "silu" && activation != "swish")
    return c.error("the attribute 'activation' is '" + activation + "'",
                   "none, silu, swish");
  Value x = c.tensor(0), filter = c.tensor(1);
  Sizes in = c.g.sizesOf(x);
  Scalar kernel = c.g.sizeOf(filter, 2), channels = c.g.sizeOf(filter, 0);
  if (!kernel.isConstant() || !channels.isConstant())
    return c.error("the filter is not static");
  int64_t before = kernel.integer - 1;
  Value past = c.has(3) ? c.tensor(3)
                        : c.g.filled(0, c.element(0), {in[0], in[1], before});
  Value all = before ? c.g.concat({past, x}, 2) : x;
  Sizes target{in[0], channels, in[2]};
  c.g.assumeEqual(in[1], channels);
  SmallVector<int64_t> one{1}, zero{0};
  Value y = graph::ConvOp::create(
      c.b, c.g.typeFor(target, c.g.accumulator(c.element(0))), all, filter, one,
      one, zero, zero, channels.integer, DenseI64ArrayAttr(), false, false,
      graph::ComputeMode::native, false, false);
  c.g.setSizes(y, target);
  if (c.has(2))
    y = addBias(c, y, c.g.floatCast(c.tensor(2), GraphBuilder::elementOf(y)));
  y = c.g.floatCast(y, c.element(0));
  if (activation != "none") {
    Value wide = c.g.floatCast(y, c.g.accumulator(c.element(0)));
    y = c.g.floatCast(c.g.mul(wide, c.g.sigmoid(wide)), c.element(0));
  }
  c.set(0, y);
  if (c.wants(1))
    c.set(1, c.g.slice(all, 2, before ? in[2] : Scalar(0), before));
}

} // namespace

void raddle::onnx::addConvolutionOps(OpTable &table) {
  const char *attrs = "auto_pad=s dilations=is group=i kernel_shape=is pads=is "
                      "strides=is";
  OpRow rows[] = {
      {"Conv", "f f f?", 1, attrs, importConv, nullptr,
       "a kernel that is not static"},
      {"ConvTranspose", "f f f?", 1,
       "auto_pad=s dilations=is group=i kernel_shape=is output_padding=is "
       "output_shape=is pads=is strides=is",
       importConvTranspose, nullptr,
       "output_shape or SAME with dims that are not static"},
      {"CausalConvWithState", "f f f? f?", 2, "activation=s", importCausalConv},
      {"ConvInteger", "i i i? i?", 1, attrs, importConvInteger},
      {"QLinearConv", "i f i i f i f i i?", 1, attrs, importQLinearConv},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
