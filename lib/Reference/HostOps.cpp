//===- HostOps.cpp - Constants, host scalars, upstream tensor ops ---------===//

#include "lib/Reference/Call.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include <cstring>

using namespace mlir;

namespace raddle::reference {
namespace {

LogicalResult evaluateConstant(arith::ConstantOp op, Call &call) {
  Tensor value = fromAttribute(op.getValue());
  if (!value)
    return call.error() << "has a value that cannot be read";
  return call.finish(std::move(value));
}

LogicalResult evaluateDim(tensor::DimOp op, Call &call) {
  const Tensor &source = call.operands[0];
  int64_t dim = call.operands[1].getInteger();
  if (dim < 0 || dim >= source.getRank())
    return call.error() << "asks for dim " << dim << " of "
                        << source.describe();
  return call.finish(Tensor::scalar(call.resultElement(), source.getDim(dim)));
}

LogicalResult evaluateRank(tensor::RankOp op, Call &call) {
  return call.finish(
      Tensor::scalar(call.resultElement(), call.operands[0].getRank()));
}

LogicalResult evaluateCast(tensor::CastOp op, Call &call) {
  return call.finish(call.operands[0]);
}

/// Offset of the element at `indices`, or a diagnostic when it is outside.
FailureOr<int64_t> locate(Call &call, const Tensor &tensor,
                          llvm::ArrayRef<int64_t> indices) {
  int64_t offset = 0;
  for (auto [dim, index] : llvm::enumerate(indices)) {
    if (index < 0 || index >= tensor.getDim(dim))
      return call.error() << "uses index " << index << " in dim " << dim
                          << " of " << tensor.describe();
    offset = offset * tensor.getDim(dim) + index;
  }
  return offset;
}

LogicalResult evaluateExtract(tensor::ExtractOp op, Call &call) {
  const Tensor &source = call.operands[0];
  FailureOr<int64_t> offset =
      locate(call, source, call.scalars(op.getIndices()));
  if (failed(offset))
    return failure();
  Tensor result(source.getElementType(), {});
  unsigned width = source.elementBytes();
  std::memcpy(result.mutableData(), source.data() + *offset * width, width);
  return call.finish(std::move(result));
}

/// A fresh copy whose elements may be changed.
Tensor copy(const Tensor &tensor) {
  Tensor result(tensor.getElementType(), tensor.getShape());
  std::memcpy(result.mutableData(), tensor.data(), tensor.byteSize());
  return result;
}

LogicalResult evaluateInsert(tensor::InsertOp op, Call &call) {
  Tensor scalar = call[op.getScalar()];
  Tensor result = copy(call[op.getDest()]);
  FailureOr<int64_t> offset =
      locate(call, result, call.scalars(op.getIndices()));
  if (failed(offset))
    return failure();
  unsigned width = scalar.elementBytes();
  std::memcpy(result.mutableData() + *offset * width, scalar.data(), width);
  return call.finish(std::move(result));
}

LogicalResult evaluateFromElements(tensor::FromElementsOp op, Call &call) {
  FailureOr<Tensor> result =
      call.allocate(call.resultElement(), op.getType().getShape());
  if (failed(result))
    return failure();
  unsigned width = result->elementBytes();
  for (auto [i, element] : llvm::enumerate(call.operands))
    std::memcpy(result->mutableData() + i * width, element.data(), width);
  return call.finish(*result);
}

LogicalResult evaluateEmpty(tensor::EmptyOp op, Call &call) {
  FailureOr<Tensor> result =
      call.allocate(call.resultElement(),
                    call.mixed(op.getType().getShape(), op.getDynamicSizes()));
  return failed(result) ? failure() : call.finish(*result);
}

LogicalResult evaluateSplat(tensor::SplatOp op, Call &call) {
  FailureOr<Tensor> result =
      call.allocate(call.resultElement(),
                    call.mixed(op.getType().getShape(), op.getDynamicSizes()));
  if (failed(result))
    return failure();
  Shape zero(result->getRank(), 0);
  copyBox(result->getShape(), result->elementBytes(), call.operands[0].data(),
          zero, result->mutableData(), getRowMajorStrides(result->getShape()));
  return call.finish(*result);
}

/// A slice's box inside a tensor, checked.
struct Box {
  Shape offsets, sizes, strides;
  int64_t start = 0; // In elements.
  Shape steps;       // In elements.
};

template <typename OpTy>
FailureOr<Box> getBox(Call &call, OpTy op, const Tensor &tensor) {
  Box box{call.mixed(op.getStaticOffsets(), op.getOffsets()),
          call.mixed(op.getStaticSizes(), op.getSizes()),
          call.mixed(op.getStaticStrides(), op.getStrides()), 0,
          getRowMajorStrides(tensor.getShape())};
  for (int64_t dim = 0; dim < tensor.getRank(); ++dim) {
    if (box.sizes[dim] < 0 ||
        (box.sizes[dim] > 0 && !isInside(box.offsets[dim], box.sizes[dim],
                                         box.strides[dim], tensor.getDim(dim))))
      return call.error() << "takes " << box.sizes[dim] << " elements from "
                          << box.offsets[dim] << " on in steps of "
                          << box.strides[dim] << " in dim " << dim << " of "
                          << tensor.describe();
    if (box.sizes[dim] != 0)
      box.start += box.offsets[dim] * box.steps[dim];
    box.steps[dim] *= box.strides[dim];
  }
  return box;
}

/// The shape that a rank-reducing result type gives a box.
Shape dropUnitDims(llvm::ArrayRef<int64_t> sizes,
                   const llvm::SmallBitVector &dropped) {
  Shape shape;
  for (auto [dim, size] : llvm::enumerate(sizes))
    if (!dropped.test(dim))
      shape.push_back(size);
  return shape;
}

LogicalResult evaluateExtractSlice(tensor::ExtractSliceOp op, Call &call) {
  const Tensor &source = call.operands[0];
  FailureOr<Box> box = getBox(call, op, source);
  if (failed(box))
    return failure();
  FailureOr<Tensor> result = call.allocate(source.getElementType(), box->sizes);
  if (failed(result))
    return failure();
  unsigned width = source.elementBytes();
  copyBox(box->sizes, width, source.data() + box->start * width, box->steps,
          result->mutableData(), getRowMajorStrides(box->sizes));
  return call.finish(
      result->reshaped(dropUnitDims(box->sizes, op.getDroppedDims())));
}

LogicalResult evaluateInsertSlice(tensor::InsertSliceOp op, Call &call) {
  Tensor source = call[op.getSource()];
  Tensor result = copy(call[op.getDest()]);
  FailureOr<Box> box = getBox(call, op, result);
  if (failed(box))
    return failure();
  if (countElements(box->sizes) != source.size())
    return call.error() << "inserts " << source.describe()
                        << " into a box of another size";
  unsigned width = source.elementBytes();
  copyBox(box->sizes, width, source.data(), getRowMajorStrides(box->sizes),
          result.mutableData() + box->start * width, box->steps);
  return call.finish(std::move(result));
}

LogicalResult reshape(Call &call, const Tensor &source, const Shape &shape) {
  if (countElements(shape) != source.size()) {
    InFlightDiagnostic diagnostic = call.error();
    diagnostic << "reshapes " << source.describe() << " to sizes [";
    llvm::interleaveComma(shape, diagnostic);
    return diagnostic << "]";
  }
  return call.finish(source.reshaped(shape));
}

LogicalResult evaluateExpandShape(tensor::ExpandShapeOp op, Call &call) {
  return reshape(call, call.operands[0],
                 call.mixed(op.getStaticOutputShape(), op.getOutputShape()));
}

LogicalResult evaluateCollapseShape(tensor::CollapseShapeOp op, Call &call) {
  const Tensor &source = call.operands[0];
  Shape shape;
  for (const ReassociationIndices &group : op.getReassociationIndices()) {
    shape.push_back(1);
    for (int64_t dim : group)
      shape.back() *= source.getDim(dim);
  }
  return reshape(call, source, shape);
}

LogicalResult evaluateReshape(tensor::ReshapeOp op, Call &call) {
  const Tensor &sizes = call.operands[1];
  Shape shape;
  for (int64_t i = 0; i < sizes.size(); ++i)
    shape.push_back(sizes.getInteger(i));
  return reshape(call, call.operands[0], shape);
}

} // namespace

void addHostHandlers(HandlerTable &table) {
  table.add(evaluateConstant);
  table.add(evaluateDim);
  table.add(evaluateRank);
  table.add(evaluateCast);
  table.add(evaluateExtract);
  table.add(evaluateInsert);
  table.add(evaluateFromElements);
  table.add(evaluateEmpty);
  table.add(evaluateSplat);
  table.add(evaluateExtractSlice);
  table.add(evaluateInsertSlice);
  table.add(evaluateExpandShape);
  table.add(evaluateCollapseShape);
  table.add(evaluateReshape);
}

} // namespace raddle::reference
