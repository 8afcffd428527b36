//===- Slice.cpp - Slice, Split, Concat, Pad and what they build ----------===//
#include "HostEvaluation.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;

namespace {

//===----------------------------------------------------------------------===//
// Slice
//===----------------------------------------------------------------------===//

/// Per dim of the input.
struct SliceSpec {
  Sizes starts, ends, steps;
};

std::optional<SliceSpec> sliceSpec(NodeContext &c) {
  SmallVector<Scalar> starts, ends, steps, axes;
  int64_t rank = c.rank(0);
  auto fromAttribute = [&](const char *name, SmallVector<Scalar> &into) {
    SmallVector<int64_t> values = c.ints(name);
    into.assign(values.begin(), values.end());
  };
  auto fromInput = [&](unsigned n, SmallVector<Scalar> &into) {
    auto given = c.scalars(n);
    if (given)
      into = *given;
    return given.has_value();
  };
  bool hasAxes = false;
  if (c.opset < 10) {
    fromAttribute("starts", starts);
    fromAttribute("ends", ends);
    SmallVector<int64_t> known = c.ints("axes");
    hasAxes = !known.empty();
    if (!c.axes(known, rank))
      return std::nullopt;
    axes.assign(known.begin(), known.end());
  } else {
    if (!c.has(1) || !c.has(2)) {
      c.error("the starts and ends are missing");
      return std::nullopt;
    }
    if (!fromInput(1, starts) || !fromInput(2, ends) ||
        (c.has(4) && !fromInput(4, steps)))
      return std::nullopt;
    if (c.has(3)) {
      auto given = c.hostAxes(3, rank);
      if (!given)
        return std::nullopt;
      hasAxes = !given->empty();
      axes = *given;
    }
  }
  size_t count = starts.size();
  if (!hasAxes && static_cast<int64_t>(count) <= rank)
    for (size_t n = 0; n < count; ++n)
      axes.push_back(static_cast<int64_t>(n));
  if (steps.empty())
    steps.assign(count, Scalar(1));
  if (ends.size() != count || axes.size() != count || steps.size() != count) {
    c.error("the starts, ends, axes and steps differ in number, or are more "
            "than the input has dims");
    return std::nullopt;
  }
  for (const Scalar &step : steps)
    if (step.isInteger(0) || step.isInteger(INT64_MIN)) {
      c.error("a step is " + std::to_string(step.integer));
      return std::nullopt;
    }
  // Without an axis a dim is taken as it is.
  return SliceSpec{c.perDim(axes, starts, rank, 0),
                   c.perDim(axes, ends, rank, INT64_MAX),
                   c.perDim(axes, steps, rank, 1)};
}

/// First element and number of elements of `start:end:step` in a dim, as
/// Python slices.
std::pair<Scalar, Scalar> sliceBounds(HostBuilder &h, Scalar start, Scalar end,
                                      int64_t step, Scalar size) {
  auto fromEnd = [&](Scalar at) {
    return h.select(h.compare(arith::CmpIPredicate::slt, at, 0),
                    h.add(at, size), at);
  };
  start = fromEnd(start);
  end = fromEnd(end);
  if (step > 0) {
    start = h.clamp(start, 0, size);
    end = h.clamp(end, 0, size);
    Scalar count = h.max(h.ceilDiv(h.sub(end, start), step), 0);
    // No element is at the start of an empty slice.
    return {count.isInteger(0) ? Scalar(0) : start, count};
  }
  Scalar last = h.sub(size, 1);
  start = h.clamp(start, 0, last);
  end = h.clamp(end, -1, last);
  Scalar count = h.max(h.ceilDiv(h.sub(start, end), -step), 0);
  return {count.isInteger(0) ? Scalar(0) : start, count};
}

/// A slice whose step is known at run time only: the elements by index.
Value sliceByIndex(NodeContext &c, Value x, int64_t axis, Scalar start,
                   Scalar end, Scalar step) {
  HostBuilder &h = c.h;
  Scalar size = c.g.sizeOf(x, axis);
  Scalar back = h.compare(arith::CmpIPredicate::slt, step, 0);
  auto fromEnd = [&](Scalar at) {
    return h.select(h.compare(arith::CmpIPredicate::slt, at, 0),
                    h.add(at, size), at);
  };
  Scalar last = h.sub(size, 1);
  start = fromEnd(start);
  end = fromEnd(end);
  start = h.select(back, h.clamp(start, 0, last), h.clamp(start, 0, size));
  end = h.select(back, h.clamp(end, -1, last), h.clamp(end, 0, size));
  Scalar count = h.max(h.ceilDiv(h.sub(end, start), step), 0);
  Type i64 = c.b.getI64Type();
  Value index =
      c.g.add(c.g.mul(c.g.iota(i64, {count}, 0), c.g.splat(step, i64)),
              c.g.splat(start, i64));
  return c.g.gather(x, index, axis);
}

void importSlice(NodeContext &c) {
  auto spec = sliceSpec(c);
  if (!spec)
    return;
  Value x = c.tensor(0);
  Sizes own = c.g.sizesOf(x), target = own;
  Sizes offsets(own.size(), Scalar(0));
  SmallVector<int64_t> strides(own.size(), 1);
  for (auto [axis, step] : llvm::enumerate(spec->steps)) {
    bool all = step.isInteger(1) && spec->starts[axis].isInteger(0) &&
               spec->ends[axis].isInteger(INT64_MAX);
    if (!step.isConstant() || all)
      continue;
    std::tie(offsets[axis], target[axis]) = sliceBounds(
        c.h, spec->starts[axis], spec->ends[axis], step.integer, own[axis]);
    strides[axis] = step.integer;
  }
  x = c.g.slice(x, offsets, target, strides);
  for (auto [axis, step] : llvm::enumerate(spec->steps))
    if (!step.isConstant())
      x = sliceByIndex(c, x, axis, spec->starts[axis], spec->ends[axis], step);
  c.set(0, x);
}

bool hostSlice(NodeContext &c) {
  auto spec = sliceSpec(c);
  if (!spec)
    return false;
  const HostTensor &source = *c.host(0);
  SmallVector<int64_t> shape(source.shape.begin(), source.shape.end());
  SmallVector<int64_t> offsets(shape.size(), 0), strides(shape.size(), 1);
  for (auto [axis, step] : llvm::enumerate(spec->steps)) {
    if (!step.isConstant())
      return false;
    auto [offset, size] = sliceBounds(c.h, spec->starts[axis], spec->ends[axis],
                                      step.integer, source.shape[axis]);
    if (!offset.isConstant() || !size.isConstant())
      return false;
    offsets[axis] = offset.integer;
    shape[axis] = size.integer;
    strides[axis] = step.integer;
  }
  return hostRemap(c, shape, [&](SmallVectorImpl<int64_t> &index) {
    for (auto [at, offset, stride] : llvm::zip(index, offsets, strides))
      at = offset + at * stride;
  });
}

//===----------------------------------------------------------------------===//
// Split and Concat
//===----------------------------------------------------------------------===//

/// The sizes of the parts.
std::optional<SmallVector<Scalar>> splitSizes(NodeContext &c, int64_t axis) {
  size_t parts = c.node.outputs.size();
  Scalar whole = c.sizes(0)[axis];
  SmallVector<Scalar> sizes;
  if (c.has(1)) {
    auto given = c.scalars(1);
    if (!given)
      return std::nullopt;
    sizes = *given;
  } else if (c.hasAttr("split")) {
    SmallVector<int64_t> given = c.ints("split");
    sizes.assign(given.begin(), given.end());
  } else {
    size_t wanted = c.integer("num_outputs", parts);
    if (wanted != parts) {
      c.error("the attribute 'num_outputs' is " + std::to_string(wanted) +
              ", the node has " + std::to_string(parts) + " outputs");
      return std::nullopt;
    }
    // Equal parts; since opset 18 the last one may be smaller.
    Scalar part = c.h.ceilDiv(whole, static_cast<int64_t>(parts));
    sizes.assign(parts - 1, part);
    sizes.push_back(
        c.h.sub(whole, c.h.mul(part, static_cast<int64_t>(parts) - 1)));
    if (sizes.back().isConstant() && sizes.back().integer < 0) {
      c.error("a dim of size " + std::to_string(whole.integer) +
              " does not split into " + std::to_string(parts) + " parts");
      return std::nullopt;
    }
  }
  if (sizes.size() != parts) {
    c.error("has " + std::to_string(sizes.size()) + " split sizes for " +
            std::to_string(parts) + " outputs");
    return std::nullopt;
  }
  Scalar sum = 0;
  for (Scalar size : sizes) {
    if (size.isConstant() && size.integer < 0) {
      c.error("a split size is " + std::to_string(size.integer));
      return std::nullopt;
    }
    sum = c.h.add(sum, size);
  }
  if (!c.h.provablyEqual(sum, whole))
    c.g.check(c.h.equal(sum, whole),
              "the split sizes must add up to the dim's size");
  if (c.failed())
    return std::nullopt;
  return sizes;
}

void importSplit(NodeContext &c) {
  int64_t axis = c.integer("axis", 0);
  if (!c.axis(axis, c.rank(0)))
    return;
  auto sizes = splitSizes(c, axis);
  if (!sizes)
    return;
  Value x = c.tensor(0);
  Scalar offset = 0;
  for (auto [n, size] : llvm::enumerate(*sizes)) {
    // An empty part starts nowhere in particular.
    if (c.wants(n))
      c.set(n,
            c.g.slice(x, axis, size.isInteger(0) ? Scalar(0) : offset, size));
    offset = c.h.add(offset, size);
  }
}

bool hostSplit(NodeContext &c) {
  if (c.host(0)->rank() != 1)
    return false;
  auto sizes = splitSizes(c, 0);
  if (!sizes)
    return false;
  for (const Scalar &size : *sizes)
    if (!size.isConstant())
      return false;
  int64_t at = 0;
  for (auto [n, size] : llvm::enumerate(*sizes)) {
    HostTensor part;
    part.shape = {size.integer};
    for (int64_t i = 0; i < size.integer; ++i)
      part.elements.push_back(c.host(0)->elements[at++]);
    c.setHost(n, std::move(part), c.type(0));
  }
  return true;
}

void importConcat(NodeContext &c) {
  int64_t axis = c.integer("axis", c.opset < 4 ? 1 : 0), rank = c.rank(0);
  if (!c.axis(axis, rank))
    return;
  SmallVector<Value> parts;
  for (unsigned n = 0; n < c.count(); ++n) {
    if (!c.has(n) || c.rank(n) != rank || c.type(n) != c.type(0))
      return c.error("input " + std::to_string(n) +
                     " differs in rank or element type from the first");
    parts.push_back(c.tensor(n));
  }
  // An empty part adds nothing (exporters start lists with one).
  auto isEmpty = [&](Value part) {
    return c.g.sizeOf(part, axis).isInteger(0);
  };
  if (!llvm::all_of(parts, isEmpty))
    llvm::erase_if(parts, isEmpty);
  c.set(0, c.g.concat(parts, axis));
}

bool hostConcat(NodeContext &c) {
  int64_t axis = c.integer("axis", 0), rank = c.rank(0);
  if (axis < -rank || axis >= rank)
    return false;
  axis += axis < 0 ? rank : 0;
  HostTensor result;
  result.shape = c.host(0)->shape;
  result.shape[axis] = 0;
  for (unsigned n = 0; n < c.count(); ++n) {
    if (!c.has(n) || c.rank(n) != rank || c.type(n) != c.type(0))
      return false;
    for (int64_t d = 0; d < rank; ++d)
      if (d != axis && c.host(n)->shape[d] != result.shape[d])
        return false;
    result.shape[axis] += c.host(n)->shape[axis];
  }
  if (countOf(result.shape) > maxHostResult)
    return false;
  int64_t outer = countOf(ArrayRef<int64_t>(result.shape).take_front(axis));
  for (int64_t i = 0; i < outer; ++i) {
    for (unsigned n = 0; n < c.count(); ++n) {
      const HostTensor &part = *c.host(n);
      int64_t row = countOf(ArrayRef<int64_t>(part.shape).drop_front(axis));
      result.elements.append(part.elements.begin() + i * row,
                             part.elements.begin() + (i + 1) * row);
    }
  }
  c.setHost(0, std::move(result), c.type(0));
  return true;
}

//===----------------------------------------------------------------------===//
// Pad and crop
//===----------------------------------------------------------------------===//

/// Pads by `low` and `high`, of which negative ones crop.
Value padOrCrop(NodeContext &c, Value x, ArrayRef<Scalar> low,
                ArrayRef<Scalar> high, Value value, graph::PadMode mode) {
  Sizes own = c.g.sizesOf(x);
  Sizes padLow, padHigh, cropLow, cropHigh, kept;
  for (auto [l, h, size] : llvm::zip(low, high, own)) {
    padLow.push_back(c.h.max(l, 0));
    padHigh.push_back(c.h.max(h, 0));
    cropLow.push_back(c.h.sub(0, c.h.min(l, 0)));
    Scalar off = c.h.sub(0, c.h.min(h, 0));
    kept.push_back(c.h.sub(c.h.sub(size, cropLow.back()), off));
  }
  x = c.g.slice(x, cropLow, kept, SmallVector<int64_t>(own.size(), 1));
  return c.g.pad(x, padLow, padHigh, value, mode);
}

void importPad(NodeContext &c) {
  std::string modeName = c.string("mode", "constant");
  graph::PadMode mode;
  if (modeName == "constant")
    mode = graph::PadMode::constant;
  else if (modeName == "reflect")
    mode = graph::PadMode::reflect;
  else if (modeName == "edge")
    mode = graph::PadMode::edge;
  else if (modeName == "wrap")
    mode = graph::PadMode::wrap;
  else
    return c.error("the attribute 'mode' is '" + modeName + "'",
                   "constant, reflect, edge, wrap");
  SmallVector<Scalar> pads;
  if (c.opset < 11) {
    SmallVector<int64_t> given = c.ints("pads");
    pads.assign(given.begin(), given.end());
  } else {
    if (!c.has(1))
      return c.error("the pads are missing");
    auto given = c.scalars(1);
    if (!given)
      return;
    pads = *given;
  }
  int64_t rank = c.rank(0);
  SmallVector<Scalar> axes;
  if (c.has(3)) {
    auto given = c.hostAxes(3, rank);
    if (!given)
      return;
    axes = *given;
  } else {
    for (int64_t d = 0; d < rank; ++d)
      axes.push_back(d);
  }
  if (pads.size() != 2 * axes.size())
    return c.error("has " + std::to_string(pads.size()) + " pads for " +
                   std::to_string(axes.size()) + " dims");
  ArrayRef<Scalar> all(pads);
  Sizes low = c.perDim(axes, all.take_front(axes.size()), rank, 0);
  Sizes high = c.perDim(axes, all.drop_front(axes.size()), rank, 0);
  Value value;
  if (mode == graph::PadMode::constant) {
    if (c.has(2)) {
      if (c.type(2) != c.type(0))
        return c.error("the value has elements of " + elemName(c.type(2)) +
                       ", the input of " + elemName(c.type(0)));
      if (c.knownReal(2) != 0.0)
        value = c.g.reshape(c.tensor(2), {});
    } else if (double number = c.real("value", 0)) {
      value = c.g.constant(number, c.element(0));
    }
  }
  c.set(0, padOrCrop(c, c.tensor(0), low, high, value, mode));
}

void importCenterCropPad(NodeContext &c) {
  auto wanted = c.scalars(1);
  if (!wanted)
    return;
  int64_t rank = c.rank(0);
  SmallVector<int64_t> axes = c.ints("axes");
  if (!c.hasAttr("axes"))
    llvm::append_range(axes, llvm::seq<int64_t>(0, rank));
  if (!c.axes(axes, rank))
    return;
  if (axes.size() != wanted->size())
    return c.error("the shape has " + std::to_string(wanted->size()) +
                   " dims, expected " + std::to_string(axes.size()));
  Value x = c.tensor(0);
  Sizes own = c.g.sizesOf(x), low(rank, Scalar(0)), high(rank, Scalar(0));
  for (auto [axis, want] : llvm::zip(axes, *wanted)) {
    Scalar more = c.h.sub(want, own[axis]);
    Scalar less = c.h.sub(own[axis], want);
    // Pads and crops put the odd element at the end and the start side that
    // rounding down gives.
    Scalar padLow = c.h.floorDiv(c.h.max(more, 0), 2);
    Scalar cropLow = c.h.floorDiv(c.h.max(less, 0), 2);
    low[axis] = c.h.sub(padLow, cropLow);
    high[axis] = c.h.sub(more, low[axis]);
  }
  c.set(0, padOrCrop(c, x, low, high, Value(), graph::PadMode::constant));
}

//===----------------------------------------------------------------------===//
// Blocks and triangles
//===----------------------------------------------------------------------===//

void importDepthToSpace(NodeContext &c) {
  if (!c.expectRank(0, 4))
    return;
  int64_t block = c.integer("blocksize", 0);
  std::string mode = c.string("mode", "DCR");
  Value x = c.tensor(0);
  Sizes s = c.g.sizesOf(x);
  if (block < 1 || block > 65536 ||
      (s[1].isConstant() && s[1].integer % (block * block)))
    return c.error("the attribute 'blocksize' is " + std::to_string(block) +
                   ", which does not fit the channels");
  Scalar depth = c.h.floorDiv(s[1], block * block);
  bool dcr = mode == "DCR";
  Value split = dcr ? c.g.reshape(x, {s[0], block, block, depth, s[2], s[3]})
                    : c.g.reshape(x, {s[0], depth, block, block, s[2], s[3]});
  Value turned = dcr ? c.g.transpose(split, {0, 3, 4, 1, 5, 2})
                     : c.g.transpose(split, {0, 1, 4, 2, 5, 3});
  c.set(0, c.g.reshape(turned, {s[0], depth, c.h.mul(s[2], block),
                                c.h.mul(s[3], block)}));
}

void importSpaceToDepth(NodeContext &c) {
  if (!c.expectRank(0, 4))
    return;
  int64_t block = c.integer("blocksize", 0);
  std::string mode = c.string("mode", "DCR");
  Value x = c.tensor(0);
  Sizes s = c.g.sizesOf(x);
  if (block < 1 || block > 65536 ||
      (s[2].isConstant() && s[2].integer % block) ||
      (s[3].isConstant() && s[3].integer % block))
    return c.error("the attribute 'blocksize' is " + std::to_string(block) +
                   ", which does not fit the input");
  Scalar rows = c.h.floorDiv(s[2], block), columns = c.h.floorDiv(s[3], block);
  Value split = c.g.reshape(x, {s[0], s[1], rows, block, columns, block});
  Value turned = mode == "CRD" ? c.g.transpose(split, {0, 1, 3, 5, 2, 4})
                               : c.g.transpose(split, {0, 3, 5, 1, 2, 4});
  c.set(0, c.g.reshape(turned,
                       {s[0], c.h.mul(s[1], block * block), rows, columns}));
}

void importTrilu(NodeContext &c) {
  Value x = c.tensor(0);
  int64_t rank = c.rank(0);
  if (rank < 2)
    return c.error("the input has rank " + std::to_string(rank) +
                   ", expected at least 2");
  Type i64 = c.b.getI64Type();
  Sizes sizes = c.g.sizesOf(x);
  Sizes matrix(sizes.end() - 2, sizes.end());
  Value k = c.g.constant(0, i64);
  if (c.has(1)) {
    auto known = c.knownReal(1);
    k = known ? c.g.constant(*known, i64) : c.g.reshape(c.tensor(1), {});
  }
  Value diagonal = c.g.add(c.g.iota(i64, matrix, 0), k);
  Value column = c.g.iota(i64, matrix, 1);
  Value keep = c.g.compare(c.integer("upper", 1) ? arith::CmpIPredicate::sge
                                                 : arith::CmpIPredicate::sle,
                           column, diagonal);
  c.set(0, c.g.select(keep, x, c.g.like(x, 0)));
}

} // namespace

void raddle::onnx::addSliceOps(OpTable &table) {
  OpRow rows[] = {
      {"Slice", "x l? l? l? l?", 1, "starts=is ends=is axes=is", importSlice,
       hostSlice},
      {"Split", "x l?", 0, "axis=i split=is num_outputs=i", importSplit,
       hostSplit},
      {"Concat", "x x*", 1, "axis=i", importConcat, hostConcat},
      {"Pad", "x l? x? l?", 1, "mode=s pads=is value=f", importPad},
      {"CenterCropPad", "x l", 1, "axes=is", importCenterCropPad},
      {"DepthToSpace", "x", 1, "blocksize=i! mode=s", importDepthToSpace},
      {"SpaceToDepth", "x", 1, "blocksize=i! mode=s", importSpaceToDepth},
      {"Trilu", "x l?", 1, "upper=i", importTrilu},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
