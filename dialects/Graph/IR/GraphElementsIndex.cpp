//===- GraphElementsIndex.cpp - Elements of index re-arrangements ---------===//
#include "dialects/Graph/IR/GraphOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace raddle::graph;

//===----------------------------------------------------------------------===//
// broadcast, transpose, slice
//===----------------------------------------------------------------------===//

Value BroadcastOp::buildElement(ElementBuilder &builder, unsigned,
                                ArrayRef<Value> indices,
                                ElementAccess element) {
  RankedTensorType type = getInput().getType();
  SmallVector<Value> source(indices.take_back(type.getRank()));
  for (auto [dim, index] : llvm::enumerate(source))
    if (type.getDimSize(dim) == 1)
      index = builder.integer(0);
  return element(0, source);
}

bool BroadcastOp::readsOnce() {
  RankedTensorType from = getInput().getType(), to = getResult().getType();
  int64_t fresh = to.getRank() - from.getRank();
  for (int64_t dim = 0; dim < to.getRank(); ++dim)
    if (to.getDimSize(dim) != 1 &&
        (dim < fresh || from.getDimSize(dim - fresh) == 1))
      return false;
  return true;
}

Value TransposeOp::buildElement(ElementBuilder &builder, unsigned,
                                ArrayRef<Value> indices,
                                ElementAccess element) {
  SmallVector<Value> source(indices.size());
  for (auto [dim, from] : llvm::enumerate(getPermutation()))
    source[from] = indices[dim];
  return element(0, source);
}

bool TransposeOp::readsOnce() { return true; }

Value SliceOp::buildElement(ElementBuilder &builder, unsigned,
                            ArrayRef<Value> indices, ElementAccess element) {
  SmallVector<Value> source;
  for (auto [index, offset, stride] :
       llvm::zip_equal(indices, getMixedOffsets(), getStrides())) {
    Value first = builder.size(offset);
    if (stride < 0)
      source.push_back(
          builder.sub(first, builder.mul(index, builder.integer(-stride))));
    else
      source.push_back(
          builder.add(builder.mul(index, builder.integer(stride)), first));
  }
  return element(0, source);
}

bool SliceOp::readsOnce() { return true; }

//===----------------------------------------------------------------------===//
// concat
//===----------------------------------------------------------------------===//

Value ConcatOp::buildElement(ElementBuilder &builder, unsigned,
                             ArrayRef<Value> indices, ElementAccess element) {
  int64_t axis = getAxis();
  Value index = indices[axis], zero = builder.integer(0);
  struct Piece {
    unsigned operand;
    Value begin, extent, end;
  };
  SmallVector<Piece> pieces;
  Value end = zero;
  for (auto [n, input] : llvm::enumerate(getInputs())) {
    if (cast<RankedTensorType>(input.getType()).getDimSize(axis) == 0)
      continue;
    Value begin = end, extent = builder.extent(input, axis);
    end = builder.add(begin, extent);
    pieces.push_back({static_cast<unsigned>(n), begin, extent, end});
  }
  if (pieces.empty()) {
    emitOpError("has no element: all operands are empty along axis ") << axis;
    return {};
  }

  // Pieces are tried in order, so `index < end` decides and the last piece
  // needs no test; an index is clamped only where it can leave its piece.
  SmallVector<Value> values, before;
  for (auto [n, piece] : llvm::enumerate(pieces)) {
    bool first = n == 0, last = n + 1 == pieces.size();
    Value local = builder.sub(index, piece.begin), guard;
    if (!last) {
      guard = builder.compare(arith::CmpIPredicate::slt, index, piece.end);
      before.push_back(guard);
      local = builder.min(local, builder.sub(piece.extent, builder.integer(1)));
    }
    if (!first) {
      Value after =
          builder.compare(arith::CmpIPredicate::sge, index, piece.begin);
      guard = guard ? builder.create<arith::AndIOp>({guard, after}) : after;
    }
    if (!first || !getConstantIndex(piece.extent))
      local = builder.max(local, zero);

    SmallVector<Value> source(indices);
    source[axis] = local;
    if (guard)
      builder.enter(guard);
    Value value = element(piece.operand, source);
    if (guard)
      builder.leave();
    if (!value)
      return {};
    values.push_back(value);
  }
  Value result = values.back();
  for (size_t n = values.size() - 1; n-- > 0;)
    result = builder.select(before[n], values[n], result);
  return result;
}

bool ConcatOp::readsOnce() { return true; }

//===----------------------------------------------------------------------===//
// pad
//===----------------------------------------------------------------------===//

/// The operand index for `index` of the result along a reflected dim.
static Value reflectIndex(ElementBuilder &builder, Value index,
                          OpFoldResult lowSize, OpFoldResult highSize,
                          Value extent) {
  Value low = builder.size(lowSize);
  Value last = builder.sub(extent, builder.integer(1));
  Value period = builder.mul(last, builder.integer(2));
  std::optional<int64_t> staticLast = getConstantIndex(last);
  std::optional<int64_t> staticLow = getConstantIntValue(lowSize);
  std::optional<int64_t> staticHigh = getConstantIntValue(highSize);
  if (staticLast && staticLow && staticHigh && *staticLow <= *staticLast &&
      *staticHigh <= *staticLast) {
    // One reflection at either end is enough.
    Value local = builder.sub(index, low);
    if (*staticLow > 0)
      local = builder.max(local, builder.sub(builder.integer(0), local));
    if (*staticHigh > 0)
      local = builder.min(local, builder.sub(period, local));
    return local;
  }
  period = builder.max(period, builder.integer(1));
  Value phase = builder.rem(
      builder.add(index, builder.sub(period, builder.rem(low, period))),
      period);
  return builder.min(phase, builder.sub(period, phase));
}

Value PadOp::buildElement(ElementBuilder &builder, unsigned,
                          ArrayRef<Value> indices, ElementAccess element) {
  PadMode mode = getMode();
  SmallVector<Value> source(indices);
  Value inside;
  auto require = [&](Value condition) {
    inside =
        inside ? builder.create<arith::AndIOp>({inside, condition}) : condition;
  };
  for (auto [dim, low, high] : llvm::enumerate(getMixedLow(), getMixedHigh())) {
    bool noLow = isConstantIntValue(low, 0),
         noHigh = isConstantIntValue(high, 0);
    if (noLow && noHigh)
      continue;
    Value extent = builder.extent(getInput(), dim);
    Value index = indices[dim];
    Value local = builder.sub(index, builder.size(low));
    switch (mode) {
    case PadMode::constant:
      // As an unsigned number a negative index is beyond the end.
      require(builder.compare(arith::CmpIPredicate::ult, local, extent));
      source[dim] = builder.clamp(local, extent);
      break;
    case PadMode::edge:
      source[dim] = builder.clamp(local, extent);
      break;
    case PadMode::reflect:
      source[dim] = reflectIndex(builder, index, low, high, extent);
      break;
    case PadMode::wrap: {
      Value start = builder.sub(extent, builder.rem(builder.size(low), extent));
      source[dim] = builder.rem(builder.add(index, start), extent);
      break;
    }
    }
  }
  if (!inside)
    return element(0, source);

  builder.enter(inside);
  Value value = element(0, source);
  builder.leave();
  Value fill;
  if (getValue()) {
    // The last operand, after the sizes.
    fill = element((*this)->getNumOperands() - 1, {});
  } else {
    Type type = getKernelElementType(getResult().getType().getElementType());
    fill = arith::ConstantOp::create(builder.builder, builder.loc,
                                     builder.builder.getZeroAttr(type));
  }
  if (!value || !fill)
    return {};
  return builder.select(inside, value, fill);
}

bool PadOp::readsOnce() { return true; }

//===----------------------------------------------------------------------===//
// iota, splat
//===----------------------------------------------------------------------===//

Value IotaOp::buildElement(ElementBuilder &builder, unsigned,
                           ArrayRef<Value> indices, ElementAccess) {
  return builder.fromInteger(indices[getAxis()],
                             getResult().getType().getElementType());
}

bool IotaOp::readsOnce() { return true; }

Value SplatOp::buildElement(ElementBuilder &builder, unsigned, ArrayRef<Value>,
                            ElementAccess) {
  Value scalar = builder.hostScalar(getScalar());
  Type element = getKernelElementType(getResult().getType().getElementType());
  if (scalar.getType() == element)
    return scalar;
  return builder.fromInteger(scalar, element);
}

bool SplatOp::readsOnce() { return true; }
