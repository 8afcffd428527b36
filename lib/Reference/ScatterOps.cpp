//===- ScatterOps.cpp - Elements written by index -------------------------===//

#include "dialects/Graph/IR/GraphOps.h"
#include "lib/Reference/Call.h"
#include <cmath>
#include <cstring>

using namespace mlir;

namespace raddle::reference {
namespace {

template <typename T> T combine(graph::ScatterKind kind, T old, T update) {
  switch (kind) {
  case graph::ScatterKind::replace:
    return update;
  case graph::ScatterKind::add:
    return old + update;
  case graph::ScatterKind::mul:
    return old * update;
  case graph::ScatterKind::min:
    return std::isnan(double(old)) || old < update ? old : update;
  case graph::ScatterKind::max:
    return std::isnan(double(old)) || old > update ? old : update;
  }
  llvm_unreachable("unknown scatter kind");
}

/// Integer sums and products wrap.
int64_t combineIntegers(graph::ScatterKind kind, int64_t old, int64_t update) {
  if (kind == graph::ScatterKind::add || kind == graph::ScatterKind::mul)
    return static_cast<int64_t>(combine<uint64_t>(
        kind, static_cast<uint64_t>(old), static_cast<uint64_t>(update)));
  if (kind == graph::ScatterKind::min)
    return std::min(old, update);
  return kind == graph::ScatterKind::max ? std::max(old, update) : update;
}

/// Combines `n` elements of `updates` from `source` on into `result` from
/// `target` on. Each combination is rounded.
void combineElements(graph::ScatterKind kind, Tensor &result, int64_t target,
                     const Tensor &updates, int64_t source, int64_t n) {
  unsigned width = result.elementBytes();
  if (kind == graph::ScatterKind::replace) {
    std::memcpy(result.mutableData() + target * width,
                updates.data() + source * width, n * width);
    return;
  }
  bool wide = result.getElementType().isF64();
  for (int64_t i = 0; i < n; ++i) {
    if (!result.isFloat()) {
      result.setInteger(target + i,
                        combineIntegers(kind, result.getInteger(target + i),
                                        updates.getInteger(source + i)));
      continue;
    }
    double old = result.getFloat(target + i);
    double update = updates.getFloat(source + i);
    double value = wide ? combine(kind, old, update)
                        : combine(kind, float(old), float(update));
    storeElements(result, target + i, 1, &value);
  }
}

Tensor copy(const Tensor &tensor) {
  Tensor result(tensor.getElementType(), tensor.getShape());
  std::memcpy(result.mutableData(), tensor.data(), tensor.byteSize());
  return result;
}

LogicalResult evaluateScatterElements(graph::ScatterElementsOp op, Call &call) {
  const Tensor &input = call.operands[0], &indices = call.operands[1],
               &updates = call.operands[2];
  int64_t axis = op.getAxis(), rank = input.getRank();
  if (updates.getShape() != indices.getShape())
    return call.error() << "has updates " << updates.describe()
                        << " for indices " << indices.describe()
                        << ", expected equal shapes";
  for (int64_t dim = 0; dim < rank; ++dim)
    if (dim != axis && indices.getDim(dim) > input.getDim(dim))
      return call.error() << "has indices " << indices.describe() << " for "
                          << input.describe() << ", expected at most size "
                          << input.getDim(dim) << " in dim " << dim;
  Tensor result = copy(input);
  Shape strides = getRowMajorStrides(input.getShape());
  Shape position(rank, 0);
  for (int64_t i = 0; i < indices.size(); ++i) {
    int64_t index = indices.getInteger(i);
    if (index < 0)
      index += input.getDim(axis);
    int64_t target = index * strides[axis];
    for (int64_t dim = 0; dim < rank; ++dim)
      target += dim == axis ? 0 : position[dim] * strides[dim];
    if (index >= 0 && index < input.getDim(axis))
      combineElements(op.getKind(), result, target, updates, i, 1);
    for (int64_t dim = rank - 1; dim >= 0; --dim) {
      if (++position[dim] < indices.getDim(dim))
        break;
      position[dim] = 0;
    }
  }
  return call.finish(std::move(result));
}

LogicalResult evaluateScatterNd(graph::ScatterNdOp op, Call &call) {
  const Tensor &input = call.operands[0], &indices = call.operands[1],
               &updates = call.operands[2];
  int64_t length = indices.getShape().back();
  llvm::ArrayRef<int64_t> rest = input.getShape().drop_front(length);
  Shape expected(indices.getShape().drop_back());
  expected.append(rest.begin(), rest.end());
  if (updates.getShape() != llvm::ArrayRef(expected))
    return call.error() << "has updates " << updates.describe()
                        << " for indices " << indices.describe() << " into "
                        << input.describe();
  Tensor result = copy(input);
  int64_t row = *countElements(rest);
  int64_t picks = length == 0 ? 0 : indices.size() / length;
  if (length == 0)
    picks = *countElements(indices.getShape().drop_back());
  for (int64_t pick = 0; pick < picks; ++pick) {
    int64_t target = 0;
    bool inside = true;
    for (int64_t k = 0; k < length; ++k) {
      int64_t size = input.getDim(k);
      int64_t index = indices.getInteger(pick * length + k);
      if (index < 0)
        index += size;
      inside &= index >= 0 && index < size;
      target = target * size + index;
    }
    if (inside)
      combineElements(op.getKind(), result, target * row, updates, pick * row,
                      row);
  }
  return call.finish(std::move(result));
}

} // namespace

void addScatterHandlers(HandlerTable &table) {
  table.add(evaluateScatterElements);
  table.add(evaluateScatterNd);
}

} // namespace raddle::reference
