//===- GraphElementsGather.cpp - Elements of gathers ----------------------===//
//
// Indices are data: they are brought into bounds here whatever they hold, so
// that no input can make a kernel read outside a tensor.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/IR/GraphOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace raddle::graph;

/// An index read from a tensor as an i32 in [0, extent): negative ones count
/// from the end, others outside are clamped.
static Value boundIndex(ElementBuilder &builder, Value index, Value extent) {
  if (!index)
    return {};
  unsigned width = cast<IntegerType>(getElementTypeOrSelf(index)).getWidth();
  if (width > 32) {
    // Clamped before it is truncated: 2^32 is not zero.
    Type wide = builder.builder.getIntegerType(width);
    Value last =
        builder.castInteger(builder.sub(extent, builder.integer(1)), wide);
    Value first =
        builder.castInteger(builder.sub(builder.integer(0), extent), wide);
    index = builder.create<arith::MinSIOp>({index, last});
    index = builder.create<arith::MaxSIOp>({index, first});
    index = builder.castInteger(index, builder.builder.getI32Type());
  } else {
    index = builder.castInteger(index, builder.builder.getI32Type());
    index = builder.min(index, builder.sub(extent, builder.integer(1)));
    index = builder.max(index, builder.sub(builder.integer(0), extent));
  }
  Value negative =
      builder.compare(arith::CmpIPredicate::slt, index, builder.integer(0));
  return builder.select(negative, builder.add(index, extent), index);
}

Value GatherOp::buildElement(ElementBuilder &builder, unsigned,
                             ArrayRef<Value> indices, ElementAccess element) {
  int64_t axis = getAxis();
  int64_t rank = getIndices().getType().getRank();
  Value index = boundIndex(builder, element(1, indices.slice(axis, rank)),
                           builder.extent(getInput(), axis));
  if (!index)
    return {};
  SmallVector<Value> source(indices.take_front(axis));
  source.push_back(index);
  llvm::append_range(source, indices.drop_front(axis + rank));
  return element(0, source);
}

bool GatherOp::readsOnce() { return false; }

Value GatherElementsOp::buildElement(ElementBuilder &builder, unsigned,
                                     ArrayRef<Value> indices,
                                     ElementAccess element) {
  int64_t axis = getAxis();
  Value index = boundIndex(builder, element(1, indices),
                           builder.extent(getInput(), axis));
  if (!index)
    return {};
  SmallVector<Value> source(indices);
  source[axis] = index;
  return element(0, source);
}

bool GatherElementsOp::readsOnce() { return false; }

Value GatherNdOp::buildElement(ElementBuilder &builder, unsigned,
                               ArrayRef<Value> indices, ElementAccess element) {
  RankedTensorType type = getIndices().getType();
  int64_t batch = getBatchDims();
  int64_t tuples = type.getRank() - 1;
  SmallVector<Value> source(indices.take_front(batch));
  for (int64_t n = 0; n < type.getDimSize(tuples); ++n) {
    SmallVector<Value> position(indices.take_front(tuples));
    position.push_back(builder.integer(n));
    Value index = boundIndex(builder, element(1, position),
                             builder.extent(getInput(), batch + n));
    if (!index)
      return {};
    source.push_back(index);
  }
  llvm::append_range(source, indices.drop_front(tuples));
  return element(0, source);
}

bool GatherNdOp::readsOnce() { return false; }
