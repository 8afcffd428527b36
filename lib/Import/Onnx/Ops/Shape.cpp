//===- Shape.cpp - Shapes as data, and operations that change shapes ------===//
#include "HostEvaluation.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;

namespace {

HostTensor hostVector(ArrayRef<Scalar> elements) {
  HostTensor result;
  result.shape = {static_cast<int64_t>(elements.size())};
  result.elements.assign(elements.begin(), elements.end());
  return result;
}

void importConstant(NodeContext &c) {
  auto scalar = [&](Scalar s, ElemType type, SmallVector<int64_t, 2> shape) {
    HostTensor result;
    result.shape = shape;
    result.elements.push_back(s);
    c.setHost(0, std::move(result), type);
  };
  if (const NodeAttribute *a = c.find("value"); a && a->tensor) {
    auto value = std::make_shared<OnnxValue>();
    value->name = c.node.outputs.front();
    value->type = a->tensor->type;
    value->stored = a->tensor;
    return c.set(0, value);
  }
  if (const NodeAttribute *a = c.find("sparse_value"); a && a->tensor) {
    auto value = std::make_shared<OnnxValue>();
    value->type = a->tensor->type;
    value->stored = a->tensor;
    return c.set(0, value);
  }
  if (const NodeAttribute *a = c.find("value_int"))
    return scalar(a->i, ElemType::Int64, {});
  if (const NodeAttribute *a = c.find("value_float"))
    return scalar(Scalar::realNumber(a->f), ElemType::Float, {});
  if (const NodeAttribute *a = c.find("value_ints"))
    return c.setHost(
        0, hostVector(SmallVector<Scalar>(a->ints.begin(), a->ints.end())),
        ElemType::Int64);
  if (const NodeAttribute *a = c.find("value_floats")) {
    SmallVector<Scalar> elements;
    for (float f : a->floats)
      elements.push_back(Scalar::realNumber(f));
    return c.setHost(0, hostVector(elements), ElemType::Float);
  }
  c.error("has no value of a supported kind",
          "value, sparse_value, value_int, value_ints, value_float, "
          "value_floats");
}

void importShape(NodeContext &c) {
  if (c.in(0).isSequence || c.in(0).isNone)
    return c.error("the input is not a tensor");
  Sizes sizes = c.sizes(0);
  int64_t rank = sizes.size();
  auto bound = [&](const char *name, int64_t otherwise) {
    int64_t at = c.integer(name, otherwise);
    return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  int64_t start = bound("start", 0), end = bound("end", rank);
  ArrayRef<Scalar> all(sizes);
  c.setHost(0,
            hostVector(start < end ? all.slice(start, end - start)
                                   : ArrayRef<Scalar>()),
            ElemType::Int64);
}

void importSize(NodeContext &c) {
  HostTensor result;
  result.elements.push_back(c.h.product(c.sizes(0)));
  c.setHost(0, std::move(result), ElemType::Int64);
}

//===----------------------------------------------------------------------===//
// Reshape, Flatten, Squeeze, Unsqueeze
//===----------------------------------------------------------------------===//

/// The sizes that Reshape asks for.
std::optional<Sizes> reshapeSizes(NodeContext &c, ArrayRef<Scalar> wanted,
                                  const Sizes &own) {
  bool allowZero = c.integer("allowzero", 0);
  Sizes result;
  int inferred = -1;
  for (size_t n = 0; n < wanted.size(); ++n) {
    Scalar size = wanted[n];
    if (size.isInteger(0) && !allowZero) {
      if (n >= own.size()) {
        c.error("the shape keeps dim " + std::to_string(n) +
                " of an input of rank " + std::to_string(own.size()));
        return std::nullopt;
      }
      size = own[n];
    } else if (size.isInteger(-1)) {
      if (inferred >= 0) {
        c.error("the shape holds -1 twice");
        return std::nullopt;
      }
      inferred = static_cast<int>(n);
    } else if (size.isConstant() &&
               (size.integer < 0 || size.integer > INT32_MAX)) {
      c.error("the shape holds " + std::to_string(size.integer));
      return std::nullopt;
    }
    result.push_back(size);
  }
  // Sizes from the device may turn out to keep a dim or to be inferred.
  auto unknown = [&](const Scalar &s) {
    return !s.isConstant() && c.h.rangeOf(s).min < 0;
  };
  if (llvm::any_of(result, unknown)) {
    for (auto [n, size] : llvm::enumerate(result))
      if (!allowZero && unknown(size) && n < own.size())
        size = c.h.select(c.h.equal(size, 0), own[n], size);
    Sizes stated = result;
    for (Scalar &size : stated)
      size = c.h.select(c.h.equal(size, -1), 1, size);
    Scalar rest = c.h.max(c.h.product(stated), 1);
    Scalar missing = c.h.floorDiv(c.h.product(own), rest);
    for (auto [n, size] : llvm::enumerate(result)) {
      if (static_cast<int>(n) == inferred || unknown(size)) {
        size = size.isInteger(-1)
                   ? missing
                   : c.h.select(c.h.equal(size, -1), missing, size);
        c.h.refine(size, {0, INT32_MAX});
      }
    }
    inferred = -1;
  }
  Sizes others = result;
  if (inferred >= 0) {
    others.erase(others.begin() + inferred);
    Scalar rest = c.h.product(others);
    if (rest.isInteger(0)) {
      c.error("the shape's -1 stands beside a dim of size 0");
      return std::nullopt;
    }
    result[inferred] = c.h.exactQuotient(own, others);
    Scalar given = c.h.product(own), got = c.h.product(result);
    if (given.isConstant() && got.isConstant() && !(given == got)) {
      c.error("cannot reshape " + std::to_string(given.integer) +
              " elements into rows of " + std::to_string(rest.integer));
      return std::nullopt;
    }
    return result;
  }
  Scalar given = c.h.product(own), got = c.h.product(result);
  if (!c.h.provablyEqual(given, got)) {
    if (given.isConstant() && got.isConstant()) {
      c.error("cannot reshape " + std::to_string(given.integer) +
              " elements into " + std::to_string(got.integer));
      return std::nullopt;
    }
    c.g.check(c.h.equal(given, got),
              "the numbers of elements before and after the reshape must be "
              "equal");
  }
  return result;
}

void importReshape(NodeContext &c) {
  auto wanted = c.scalars(1);
  if (!wanted)
    return;
  Value x = c.tensor(0);
  if (auto sizes = reshapeSizes(c, *wanted, c.g.sizesOf(x)))
    c.set(0, c.g.reshape(x, *sizes));
}

/// A result with the elements of input 0 in `shape`.
bool hostReshaped(NodeContext &c, ArrayRef<int64_t> shape) {
  if (countOf(shape) != static_cast<int64_t>(c.host(0)->elements.size()))
    return false;
  HostTensor result = *c.host(0);
  result.shape.assign(shape.begin(), shape.end());
  c.setHost(0, std::move(result), c.type(0));
  return true;
}

bool hostReshape(NodeContext &c) {
  if (!c.host(1)->isConstant())
    return false;
  Sizes own(c.host(0)->shape.begin(), c.host(0)->shape.end());
  auto sizes = reshapeSizes(c, c.host(1)->elements, own);
  return sizes &&
         hostReshaped(c, llvm::map_to_vector(*sizes, [](const Scalar &s) {
                        return s.integer;
                      }));
}

void importFlatten(NodeContext &c) {
  int64_t axis = c.integer("axis", 1), rank = c.rank(0);
  if (axis < -rank || axis > rank)
    return c.error("axis " + std::to_string(axis) + " is not within rank " +
                   std::to_string(rank));
  c.set(0, c.g.flatten(c.tensor(0), axis < 0 ? axis + rank : axis));
}

/// The axes of an operator that took them as an attribute before opset 13.
std::optional<SmallVector<int64_t>> axesOf(NodeContext &c, bool required) {
  if (c.has(1)) {
    return c.integers(1);
  }
  if (c.hasAttr("axes"))
    return c.ints("axes");
  if (required) {
    c.error("the axes are missing");
    return std::nullopt;
  }
  return SmallVector<int64_t>();
}

std::optional<SmallVector<int64_t>> squeezedDims(NodeContext &c) {
  auto axes = axesOf(c, false);
  if (!axes || !c.axes(*axes, c.rank(0)))
    return std::nullopt;
  Sizes sizes = c.sizes(0);
  if (!c.has(1) && !c.hasAttr("axes"))
    for (auto [dim, size] : llvm::enumerate(sizes)) {
      if (size.isInteger(1))
        axes->push_back(dim);
      else if (!size.isConstant() && c.h.rangeOf(size).min <= 1) {
        c.error("dim " + std::to_string(dim) +
                    " may be 1 or not, so that the rank of the result is "
                    "unknown",
                "stated axes");
        return std::nullopt;
      }
    }
  for (int64_t axis : *axes) {
    if (sizes[axis].isConstant() && !sizes[axis].isInteger(1)) {
      c.error("dim " + std::to_string(axis) + " has size " +
              std::to_string(sizes[axis].integer) + ", expected 1");
      return std::nullopt;
    }
  }
  return axes;
}

void importSqueeze(NodeContext &c) {
  auto dims = squeezedDims(c);
  if (!dims)
    return;
  Value x = c.tensor(0);
  for (int64_t dim : *dims)
    c.g.assumeEqual(c.g.sizeOf(x, dim), 1);
  c.set(0, c.g.dropDims(x, *dims));
}
bool hostSqueeze(NodeContext &c) {
  auto dims = squeezedDims(c);
  if (!dims)
    return false;
  SmallVector<int64_t> shape;
  for (auto [dim, size] : llvm::enumerate(c.host(0)->shape))
    if (!llvm::is_contained(*dims, static_cast<int64_t>(dim)))
      shape.push_back(size);
  return hostReshaped(c, shape);
}

std::optional<SmallVector<int64_t>> insertedDims(NodeContext &c) {
  auto axes = axesOf(c, true);
  if (!axes || !c.axes(*axes, c.rank(0) + static_cast<int64_t>(axes->size())))
    return std::nullopt;
  llvm::sort(*axes);
  return axes;
}
void importUnsqueeze(NodeContext &c) {
  if (auto dims = insertedDims(c))
    c.set(0, c.g.insertUnitDims(c.tensor(0), *dims));
}
bool hostUnsqueeze(NodeContext &c) {
  auto dims = insertedDims(c);
  if (!dims)
    return false;
  SmallVector<int64_t> shape(c.host(0)->shape.begin(), c.host(0)->shape.end());
  for (int64_t dim : *dims)
    shape.insert(shape.begin() + dim, 1);
  return hostReshaped(c, shape);
}

//===----------------------------------------------------------------------===//
// Transpose, Expand, Tile, filled tensors
//===----------------------------------------------------------------------===//

std::optional<SmallVector<int64_t>> permutationOf(NodeContext &c) {
  int64_t rank = c.rank(0);
  SmallVector<int64_t> permutation = c.ints("perm");
  if (!c.hasAttr("perm"))
    for (int64_t dim = rank; dim-- > 0;)
      permutation.push_back(dim);
  if (static_cast<int64_t>(permutation.size()) != rank) {
    c.error("the attribute 'perm' has " + std::to_string(permutation.size()) +
            " dims, the input has rank " + std::to_string(rank));
    return std::nullopt;
  }
  if (!c.axes(permutation, rank))
    return std::nullopt;
  return permutation;
}
void importTranspose(NodeContext &c) {
  if (auto permutation = permutationOf(c))
    c.set(0, c.g.transpose(c.tensor(0), *permutation));
}
bool hostTranspose(NodeContext &c) {
  auto permutation = permutationOf(c);
  if (!permutation)
    return false;
  SmallVector<int64_t> shape;
  for (int64_t dim : *permutation)
    shape.push_back(c.host(0)->shape[dim]);
  return hostRemap(c, shape, [&](SmallVectorImpl<int64_t> &index) {
    SmallVector<int64_t> turned(index.begin(), index.end());
    for (auto [n, dim] : llvm::enumerate(*permutation))
      index[dim] = turned[n];
  });
}

/// Sizes of a broadcast that may also take dims from the operand.
Sizes expandedSizes(NodeContext &c, ArrayRef<Scalar> wanted, const Sizes &own) {
  size_t rank = std::max(wanted.size(), own.size());
  Sizes result;
  for (size_t n = 0; n < rank; ++n) {
    Scalar want = n + wanted.size() >= rank ? wanted[n + wanted.size() - rank]
                                            : Scalar(1);
    Scalar have =
        n + own.size() >= rank ? own[n + own.size() - rank] : Scalar(1);
    if (have.isInteger(1) || want.isInteger(1)) {
      result.push_back(have.isInteger(1) ? want : have);
      continue;
    }
    if (!want.isConstant() && !c.h.provablyEqual(want, have)) {
      // The wanted size may be 1, which keeps the operand's.
      Scalar fits = c.h.logicalOr(c.h.equal(want, have), c.h.equal(want, 1));
      c.g.check(fits, "dim " + std::to_string(n) +
                          " cannot be expanded: the sizes differ");
      result.push_back(have);
      continue;
    }
    result.push_back(c.g.assumeEqual(have, want));
  }
  return result;
}

void importExpand(NodeContext &c) {
  auto wanted = c.scalars(1);
  if (!wanted)
    return;
  Value x = c.tensor(0);
  c.set(0, c.g.broadcast(x, expandedSizes(c, *wanted, c.g.sizesOf(x))));
}

bool hostExpand(NodeContext &c) {
  if (!c.host(1)->isConstant())
    return false;
  Sizes own(c.host(0)->shape.begin(), c.host(0)->shape.end());
  Sizes sizes = expandedSizes(c, c.host(1)->elements, own);
  SmallVector<int64_t> shape;
  for (const Scalar &s : sizes)
    shape.push_back(s.integer);
  if (c.failed())
    return false;
  return hostRemap(c, shape, [&](SmallVectorImpl<int64_t> &index) {
    index.erase(index.begin(), index.end() - own.size());
    for (auto [at, size] : llvm::zip(index, own))
      if (size.isInteger(1))
        at = 0;
  });
}

void importTile(NodeContext &c) {
  auto repeats = c.scalars(1);
  if (!repeats)
    return;
  Value x = c.tensor(0);
  Sizes own = c.g.sizesOf(x);
  if (repeats->size() != own.size())
    return c.error("has " + std::to_string(repeats->size()) +
                   " repeats for rank " + std::to_string(own.size()));
  // [a, b] becomes [1, a, 1, b], is repeated along the ones and joined.
  Sizes split, wide, joined;
  for (auto [size, repeat] : llvm::zip(own, *repeats)) {
    if (!repeat.isInteger(1)) {
      split.push_back(1);
      wide.push_back(repeat);
    }
    split.push_back(size);
    wide.push_back(size);
    joined.push_back(c.h.mul(size, repeat));
  }
  c.set(0, c.g.reshape(c.g.broadcast(c.g.reshape(x, split), wide), joined));
}

void importConstantOfShape(NodeContext &c) {
  auto sizes = c.scalars(0);
  if (!sizes)
    return;
  const NodeAttribute *a = c.find("value");
  ElemType type = ElemType::Float;
  Scalar number = Scalar::realNumber(0);
  if (a && a->tensor) {
    auto decoded = decodeElements(*a->tensor);
    if (!decoded || decoded->elements.size() != 1)
      return c.error("the attribute 'value' must hold one number");
    number = decoded->elements.front();
    type = a->tensor->type;
  }
  for (const Scalar &size : *sizes)
    if (size.isConstant() && (size.integer < 0 || size.integer > INT32_MAX))
      return c.error("the shape holds " + std::to_string(size.integer));
  Value one = c.g.splat(number, elementType(c.b.getContext(), type));
  c.set(0, c.g.broadcast(one, *sizes), type);
}

bool hostConstantOfShape(NodeContext &c) {
  const HostTensor &wanted = *c.host(0);
  if (!wanted.isConstant() || wanted.elements.size() > 2)
    return false;
  HostTensor result;
  int64_t count = 1;
  for (const Scalar &s : wanted.elements) {
    if (s.integer < 0 || s.integer > maxHostResult)
      return false;
    result.shape.push_back(s.integer);
    count *= s.integer;
  }
  if (count > maxHostResult)
    return false;
  const NodeAttribute *a = c.find("value");
  Scalar number = Scalar::realNumber(0);
  ElemType type = ElemType::Float;
  if (a && a->tensor) {
    auto decoded = decodeElements(*a->tensor);
    if (!decoded || decoded->elements.size() != 1)
      return false;
    number = decoded->elements.front();
    type = a->tensor->type;
  }
  result.elements.assign(count, number);
  c.setHost(0, std::move(result), type);
  return true;
}

void importRange(NodeContext &c) {
  ElemType type = c.type(0);
  if (c.type(1) != type || c.type(2) != type)
    return c.error("start, limit and step differ in element type");
  Type element = c.element(0);
  const HostTensor *start = c.host(0), *limit = c.host(1), *delta = c.host(2);
  if (start && limit && delta && isFloat(type) && start->isConstant() &&
      limit->isConstant() && delta->isConstant()) {
    double from = *c.knownReal(0), by = *c.knownReal(2);
    double steps = std::ceil((*c.knownReal(1) - from) / by);
    if (!(steps < INT32_MAX))
      return c.error("has too many elements");
    Value index = c.g.iota(element, {toInteger(std::max(0., steps))}, 0);
    return c.set(0, c.g.add(c.g.mul(index, by), from));
  }
  if (isFloat(type)) {
    // The number of elements is computed on the device and read.
    Type real = c.g.accumulator(element);
    auto bound = [&](unsigned n) {
      return c.g.reshape(c.g.floatCast(c.tensor(n), real), {});
    };
    Value first = bound(0), by = bound(2);
    Value steps =
        c.g.map<math::CeilOp>({c.g.div(c.g.sub(bound(1), first), by)});
    Scalar count = c.h.max(
        c.g.read(c.g.convert<arith::FPToSIOp>(steps, c.b.getI64Type()), {}), 0);
    Value values = c.g.mul(c.g.iota(real, {count}, 0), by);
    return c.set(0, c.g.floatCast(c.g.add(values, first), element));
  }
  auto from = c.scalars(0), to = c.scalars(1), by = c.scalars(2);
  if (!from || !to || !by)
    return;
  if (from->size() != 1 || to->size() != 1 || by->size() != 1 ||
      (*by)[0].isInteger(0))
    return c.error("expected a start, a limit and a step that is not 0");
  Scalar count =
      c.h.max(c.h.ceilDiv(c.h.sub((*to)[0], (*from)[0]), (*by)[0]), 0);
  Value index = c.g.iota(element, {count}, 0);
  if (!(*by)[0].isInteger(1))
    index = c.g.mul(index, c.g.splat((*by)[0], element));
  if (!(*from)[0].isInteger(0))
    index = c.g.add(index, c.g.splat((*from)[0], element));
  c.set(0, index);
}

bool hostRange(NodeContext &c) {
  if (isFloat(c.type(0)) || c.type(1) != c.type(0) || c.type(2) != c.type(0))
    return false;
  for (unsigned n = 0; n < 3; ++n)
    if (!c.host(n)->isConstant() || c.host(n)->elements.size() != 1)
      return false;
  int64_t at = c.host(0)->elements[0].integer;
  int64_t limit = c.host(1)->elements[0].integer;
  int64_t by = c.host(2)->elements[0].integer;
  // Long ranges are better made by the device.
  auto large = [](int64_t v) { return v > 1 << 30 || v < -(1 << 30); };
  if (by == 0 || large(at) || large(limit) || large(by) ||
      (limit - at) / by > 16)
    return false;
  SmallVector<Scalar> elements;
  for (; by > 0 ? at < limit : at > limit; at += by)
    elements.push_back(at);
  c.setHost(0, hostVector(elements), c.type(0));
  return true;
}

void importEyeLike(NodeContext &c) {
  if (!c.expectRank(0, 2))
    return;
  auto type = static_cast<ElemType>(
      c.integer("dtype", static_cast<int64_t>(c.type(0))));
  if (!elementType(c.b.getContext(), type))
    return c.error("cannot make elements of " + elemName(type));
  Sizes sizes = c.sizes(0);
  Type i32 = c.b.getI32Type();
  Value row = c.g.iota(i32, sizes, 0), column = c.g.iota(i32, sizes, 1);
  Value shifted = c.g.add(row, c.g.like(row, c.integer("k", 0)));
  Value on = c.g.compare(arith::CmpIPredicate::eq, shifted, column);
  c.set(0, c.g.cast(on, ElemType::Bool, type), type);
}

} // namespace

void raddle::onnx::addShapeOps(OpTable &table) {
  OpRow rows[] = {
      {"Constant", "", 1,
       "value=t sparse_value=v value_int=i value_ints=is value_float=f "
       "value_floats=fs",
       importConstant, nullptr, "strings"},
      {"Shape", "s", 1, "start=i end=i", importShape},
      {"Size", "s", 1, "", importSize},
      {"Reshape", "x l", 1, "allowzero=i", importReshape, hostReshape,
       "a shape with 0 or -1 that is not known at import"},
      {"Flatten", "x", 1, "axis=i", importFlatten},
      {"Squeeze", "x l?", 1, "axes=is", importSqueeze, hostSqueeze, "", 1},
      {"Unsqueeze", "x l?", 1, "axes=is", importUnsqueeze, hostUnsqueeze, "", 1,
       'u'},
      {"Transpose", "x", 1, "perm=is", importTranspose, hostTranspose},
      {"Expand", "x l", 1, "", importExpand, hostExpand,
       "broadcasting of a dim that is 1 only at run time"},
      {"Tile", "x l", 1, "", importTile},
      {"ConstantOfShape", "l", 1, "value=t", importConstantOfShape,
       hostConstantOfShape},
      {"Range", "n n n", 1, "stash_type=i", importRange, hostRange},
      {"EyeLike", "x", 1, "dtype=i k=i", importEyeLike},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
