//===- GraphBuilder.cpp - Sizes, re-arrangements, structured operations ---===//
#include "GraphBuilder.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

Scalar GraphBuilder::sizeOf(Value tensor, int64_t dim) {
  return sizesOf(tensor)[dim];
}

Sizes GraphBuilder::sizesOf(Value tensor) {
  RankedTensorType type = typeOf(tensor);
  auto known = sizes.find(tensor);
  Sizes result;
  if (known != sizes.end())
    result = known->second;
  else
    result.resize(type.getRank());
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    if (!type.isDynamicDim(dim)) {
      result[dim] = type.getDimSize(dim);
      continue;
    }
    if (!result[dim].value) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointAfterValue(tensor);
      Value value = tensor::DimOp::create(b, tensor, dim);
      host.setRange(value, {0, INT32_MAX});
      result[dim] = Scalar(value);
      sizes[tensor] = result;
    }
    // The type stays as it is, so a size later found constant does too.
    if (Scalar same = host.canonical(result[dim]); same.value)
      result[dim] = same;
  }
  return result;
}

void GraphBuilder::setSizes(Value tensor, ArrayRef<Scalar> known) {
  if (!typeOf(tensor).hasStaticShape())
    sizes[tensor] = Sizes(known);
}

Sizes GraphBuilder::checked(ArrayRef<Scalar> sizes) {
  Sizes result(sizes);
  for (Scalar &size : result) {
    if (!size.isConstant() ||
        (size.integer >= 0 && size.integer <= int64_t(1) << 40))
      continue;
    problem("a dim of a tensor would have the size " +
            std::to_string(size.integer));
    size = 0;
  }
  return result;
}

RankedTensorType GraphBuilder::typeFor(ArrayRef<Scalar> sizes, Type element) {
  return RankedTensorType::get(
      llvm::map_to_vector(checked(sizes), HostBuilder::staticDim), element);
}

Scalar GraphBuilder::countOf(Value tensor) {
  return host.product(sizesOf(tensor));
}

void GraphBuilder::check(Scalar condition, const std::string &message) {
  if (condition.isConstant()) {
    if (!condition.integer)
      problem(message);
    return;
  }
  std::string text = message;
  if (auto name = dyn_cast<NameLoc>(b.getLoc()))
    text = "node '" + name.getName().str() + "': " + message;
  cf::AssertOp::create(b, condition.value, text);
}

void GraphBuilder::pin(Scalar size, int64_t promised,
                       const std::string &message) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointAfterValue(size.value);
  Value number = host.index(promised);
  auto same =
      arith::CmpIOp::create(b, arith::CmpIPredicate::eq, size.value, number);
  cf::AssertOp::create(b, same, message);
  size.value.replaceAllUsesExcept(number, same);
  host.declareEqual(size.value, promised);
}

Scalar GraphBuilder::assumeEqual(Scalar a, Scalar b) {
  a = host.canonical(a);
  b = host.canonical(b);
  if (a == b)
    return a;
  auto spell = [](Scalar s) {
    return s.isConstant() ? std::to_string(s.integer) : std::string("?");
  };
  Scalar same = host.equal(a, b);
  check(same, "the sizes " + spell(a) + " and " + spell(b) + " must be equal");
  // Prefer numbers, then the dims of arguments, then what came first.
  auto weight = [&](Scalar s) {
    return s.isConstant() ? 0 : s.value.getDefiningOp<tensor::DimOp>() ? 1 : 2;
  };
  if (weight(b) < weight(a))
    std::swap(a, b);
  if (b.value)
    host.declareEqual(b.value, a);
  return a;
}

//===----------------------------------------------------------------------===//
// Re-arrangements
//===----------------------------------------------------------------------===//

Value GraphBuilder::broadcast(Value x, ArrayRef<Scalar> wanted) {
  Sizes target = checked(wanted);
  if (typeOf(x) == typeFor(target, elementOf(x))) {
    Sizes own = sizesOf(x);
    bool same = true;
    for (auto [a, b] : llvm::zip(own, target))
      same &= host.provablyEqual(a, b);
    if (same)
      return x;
  }
  Value result = graph::BroadcastOp::create(b, x, host.fold(target));
  setSizes(result, target);
  return result;
}

Value GraphBuilder::reshape(Value x, ArrayRef<Scalar> wanted) {
  Sizes target = checked(wanted);
  Sizes own = sizesOf(x);
  bool same = own.size() == target.size();
  for (auto [a, b] : llvm::zip(own, target))
    same &= a == b;
  if (same)
    return x;
  Value result = graph::ReshapeOp::create(b, x, host.fold(target));
  setSizes(result, target);
  return result;
}

Value GraphBuilder::transpose(Value x, ArrayRef<int64_t> permutation) {
  if (llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size())))
    return x;
  Value result = graph::TransposeOp::create(b, x, permutation);
  Sizes own = sizesOf(x);
  setSizes(result, llvm::map_to_vector<4>(permutation,
                                          [&](int64_t d) { return own[d]; }));
  return result;
}

Value GraphBuilder::slice(Value x, ArrayRef<Scalar> offsets,
                          ArrayRef<Scalar> wanted, ArrayRef<int64_t> strides) {
  Sizes target = checked(wanted);
  Sizes own = sizesOf(x);
  bool all = true, none = false;
  for (auto [offset, size, stride, had] :
       llvm::zip(offsets, target, strides, own)) {
    if (had.isInteger(0))
      size = 0;
    all &= offset.isInteger(0) && stride == 1 && size == had;
    none |= size.isInteger(0);
  }
  if (all)
    return x;
  // Nothing of a tensor starts nowhere in particular.
  if (none)
    return filled(0, elementOf(x), target);
  Value result = graph::SliceOp::create(b, x, host.fold(offsets),
                                        host.fold(target), strides);
  setSizes(result, target);
  return result;
}

Value GraphBuilder::slice(Value x, int64_t dim, Scalar offset, Scalar size,
                          int64_t stride) {
  Sizes target = sizesOf(x);
  Sizes offsets(target.size(), Scalar(0));
  SmallVector<int64_t> strides(target.size(), 1);
  offsets[dim] = offset;
  target[dim] = size;
  strides[dim] = stride;
  return slice(x, offsets, target, strides);
}

Value GraphBuilder::concat(ArrayRef<Value> parts, int64_t axis) {
  if (parts.size() == 1)
    return parts.front();
  SmallVector<Value> inputs(parts);
  Sizes target = sizesOf(parts.front());
  for (Value part : parts.drop_front()) {
    Sizes own = sizesOf(part);
    for (auto [dim, size] : llvm::enumerate(own))
      target[dim] = static_cast<int64_t>(dim) == axis
                        ? host.add(target[dim], size)
                        : assumeEqual(target[dim], size);
  }
  auto type = typeFor(target, elementOf(parts.front()));
  Value result = graph::ConcatOp::create(b, type, inputs, axis);
  setSizes(result, target);
  return result;
}

Value GraphBuilder::pad(Value x, ArrayRef<Scalar> low, ArrayRef<Scalar> high,
                        Value value, graph::PadMode mode) {
  Sizes target = sizesOf(x);
  bool none = true;
  for (auto [size, before, after] : llvm::zip(target, low, high)) {
    none &= before.isInteger(0) && after.isInteger(0);
    size = host.add(size, host.add(before, after));
  }
  if (none)
    return x;
  Value result =
      graph::PadOp::create(b, x, host.fold(low), host.fold(high), value, mode);
  setSizes(result, target);
  return result;
}

Value GraphBuilder::gather(Value x, Value indices, int64_t axis) {
  Value result = graph::GatherOp::create(b, x, indices, axis);
  Sizes own = sizesOf(x), target(llvm::ArrayRef(own).take_front(axis));
  llvm::append_range(target, sizesOf(indices));
  llvm::append_range(target, llvm::ArrayRef(own).drop_front(axis + 1));
  setSizes(result, target);
  return result;
}

Value GraphBuilder::iota(Type element, ArrayRef<Scalar> wanted, int64_t axis) {
  Sizes target = checked(wanted);
  Value result = graph::IotaOp::create(b, element, host.fold(target), axis);
  setSizes(result, target);
  return result;
}

Value GraphBuilder::insertUnitDims(Value x, ArrayRef<int64_t> dims) {
  Sizes target = sizesOf(x);
  SmallVector<int64_t> sorted(dims);
  llvm::sort(sorted);
  for (int64_t dim : sorted)
    target.insert(target.begin() + dim, Scalar(1));
  return reshape(x, target);
}

Value GraphBuilder::dropDims(Value x, ArrayRef<int64_t> dims) {
  Sizes own = sizesOf(x), target;
  for (auto [dim, size] : llvm::enumerate(own))
    if (!llvm::is_contained(dims, static_cast<int64_t>(dim)))
      target.push_back(size);
  return reshape(x, target);
}

Value GraphBuilder::flatten(Value x, int64_t axis) {
  Sizes own = sizesOf(x);
  llvm::ArrayRef<Scalar> all(own);
  return reshape(x, {host.product(all.take_front(axis)),
                     host.product(all.drop_front(axis))});
}

Value GraphBuilder::castTo(Value x, RankedTensorType type) {
  if (x.getType() == type)
    return x;
  Value result = tensor::CastOp::create(b, type, x);
  setSizes(result, sizesOf(x));
  return result;
}

//===----------------------------------------------------------------------===//
// Structured operations
//===----------------------------------------------------------------------===//

Value GraphBuilder::reduce(graph::ReduceKind kind, Value x,
                           ArrayRef<int64_t> dims, bool keepDims) {
  if (dims.empty())
    return x;
  Value result = graph::ReduceOp::create(b, kind, x, dims, keepDims);
  Sizes own = sizesOf(x), target;
  for (auto [dim, size] : llvm::enumerate(own)) {
    if (!llvm::is_contained(dims, static_cast<int64_t>(dim)))
      target.push_back(size);
    else if (keepDims)
      target.push_back(1);
  }
  setSizes(result, target);
  return result;
}

Value GraphBuilder::mean(Value x, ArrayRef<int64_t> dims, bool keepDims) {
  Value sum = reduce(graph::ReduceKind::add, x, dims, keepDims);
  Sizes own = sizesOf(x), reduced;
  for (int64_t dim : dims)
    reduced.push_back(own[dim]);
  Value count = splat(host.product(reduced), elementOf(x));
  return div(sum, count);
}

Value GraphBuilder::softmax(Value x, int64_t axis, bool log) {
  Value result = graph::SoftmaxOp::create(b, x, axis, log);
  setSizes(result, sizesOf(x));
  return result;
}

Type GraphBuilder::accumulator(Type element) {
  if (element.isF64())
    return element;
  if (isa<FloatType>(element))
    return b.getF32Type();
  return element.getIntOrFloatBitWidth() > 32 ? element : b.getI32Type();
}

Value GraphBuilder::contract(Value x, Value y, ArrayRef<unsigned> xDims,
                             ArrayRef<unsigned> yDims,
                             ArrayRef<unsigned> resultDims, Type resultElement,
                             bool lhsUnsigned, bool rhsUnsigned) {
  unsigned count = 0;
  for (ArrayRef<unsigned> list : {xDims, yDims, resultDims})
    for (unsigned dim : list)
      count = std::max(count, dim + 1);
  Sizes xSizes = sizesOf(x), ySizes = sizesOf(y);
  SmallVector<std::optional<Scalar>> extents(count);
  auto bind = [&](ArrayRef<unsigned> dims, const Sizes &own) {
    for (auto [dim, size] : llvm::zip(dims, own))
      extents[dim] = extents[dim] ? assumeEqual(*extents[dim], size) : size;
  };
  bind(xDims, xSizes);
  bind(yDims, ySizes);
  // A size that the other operand states must be in both types.
  auto refine = [&](Value v, ArrayRef<unsigned> dims) {
    return broadcast(
        v, llvm::map_to_vector(dims, [&](unsigned d) { return *extents[d]; }));
  };
  x = refine(x, xDims);
  y = refine(y, yDims);
  auto mapOf = [&](ArrayRef<unsigned> dims) {
    SmallVector<AffineExpr> exprs;
    for (unsigned dim : dims)
      exprs.push_back(b.getAffineDimExpr(dim));
    return AffineMap::get(count, 0, exprs, b.getContext());
  };
  SmallVector<AffineMap> maps{mapOf(xDims), mapOf(yDims), mapOf(resultDims)};
  Sizes target;
  for (unsigned dim : resultDims)
    target.push_back(*extents[dim]);
  Value result = graph::ContractOp::create(
      b, typeFor(target, resultElement), x, y, b.getAffineMapArrayAttr(maps),
      graph::ComputeMode::native, lhsUnsigned, rhsUnsigned);
  setSizes(result, target);
  return result;
}

Value GraphBuilder::matmul(Value x, Value y, Type resultElement,
                           bool lhsUnsigned, bool rhsUnsigned) {
  unsigned xRank = rankOf(x), yRank = rankOf(y);
  Type sum = accumulator(elementOf(x));
  // A batch dim of size 1 is repeated: it is left out of that operand.
  Sizes xSizes = sizesOf(x), ySizes = sizesOf(y);
  unsigned xBatch = xRank > 1 ? xRank - 2 : 0;
  unsigned yBatch = yRank > 1 ? yRank - 2 : 0;
  unsigned batch = std::max(xBatch, yBatch);
  SmallVector<unsigned> xDims, yDims, resultDims;
  SmallVector<int64_t> xDropped, yDropped;
  for (unsigned n = 0; n < batch; ++n) {
    bool inX = n + xBatch >= batch, inY = n + yBatch >= batch;
    unsigned xn = n + xBatch - batch, yn = n + yBatch - batch;
    bool xOne = inX && xSizes[xn].isInteger(1);
    bool yOne = inY && ySizes[yn].isInteger(1);
    if (inX && inY && xOne && !yOne) {
      xDropped.push_back(xn);
      inX = false;
    } else if (inX && inY && yOne && !xOne) {
      yDropped.push_back(yn);
      inY = false;
    }
    if (inX)
      xDims.push_back(n);
    if (inY)
      yDims.push_back(n);
    resultDims.push_back(n);
  }
  unsigned m = batch, n = batch + 1, k = batch + 2;
  if (xRank > 1) {
    xDims.push_back(m);
    resultDims.push_back(m);
  }
  xDims.push_back(k);
  yDims.push_back(k);
  if (yRank > 1) {
    yDims.push_back(n);
    resultDims.push_back(n);
  }
  // Without an m or n the dims are renumbered to stay dense.
  auto compact = [&](unsigned missing) {
    for (auto *list : {&xDims, &yDims, &resultDims})
      for (unsigned &dim : *list)
        if (dim > missing)
          --dim;
  };
  if (yRank == 1)
    compact(n);
  if (xRank == 1)
    compact(m);
  Value result = contract(dropDims(x, xDropped), dropDims(y, yDropped), xDims,
                          yDims, resultDims, sum, lhsUnsigned, rhsUnsigned);
  return isa<FloatType>(sum) ? floatCast(result, resultElement) : result;
}
