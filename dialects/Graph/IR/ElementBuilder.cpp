//===- ElementBuilder.cpp - Building the element of a tensor --------------===//
#include "dialects/Graph/IR/ElementBuilder.h"

#include "dialects/Graph/IR/GraphOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace raddle::graph;

namespace {
/// Small constants that are not splats become a chain of selects; longer ones
/// have to be inputs of the kernel.
constexpr int64_t kMaxSelectedElements = 16;
} // namespace

std::optional<int64_t> raddle::graph::getConstantIndex(Value value) {
  APInt constant;
  if (!matchPattern(value, m_ConstantInt(&constant)))
    return std::nullopt;
  return constant.getSExtValue();
}

Type raddle::graph::getKernelElementType(Type element) {
  if (element.isIndex())
    return IntegerType::get(element.getContext(), 32);
  return element;
}

ElementBuilder::~ElementBuilder() = default;
void ElementBuilder::enter(Value) {}
void ElementBuilder::leave() {}

SmallVector<Value> ElementBuilder::clone(Operation *op, ValueRange operands) {
  SmallVector<Value> values(operands);
  unify(values);
  SmallVector<Type> types;
  for (Type type : op->getResultTypes())
    types.push_back(
        withElementType(values.front().getType(),
                        getKernelElementType(getElementTypeOrSelf(type))));
  Operation *copy = Operation::create(
      loc, op->getName(), types, values, op->getDiscardableAttrDictionary(),
      op->getPropertiesStorage(), BlockRange(), /*numRegions=*/0);
  builder.insert(copy);
  return SmallVector<Value>(copy->getResults());
}

Value ElementBuilder::compare(arith::CmpIPredicate predicate, Value lhs,
                              Value rhs) {
  SmallVector<Value> values{lhs, rhs};
  unify(values);
  return arith::CmpIOp::create(builder, loc, predicate, values[0], values[1]);
}

Value ElementBuilder::compare(arith::CmpFPredicate predicate, Value lhs,
                              Value rhs) {
  SmallVector<Value> values{lhs, rhs};
  unify(values);
  return arith::CmpFOp::create(builder, loc, predicate, values[0], values[1]);
}

Value ElementBuilder::select(Value condition, Value ifTrue, Value ifFalse) {
  if (ifTrue == ifFalse)
    return ifTrue;
  if (std::optional<int64_t> constant = getConstantIndex(condition))
    return *constant ? ifTrue : ifFalse;
  SmallVector<Value> values{condition, ifTrue, ifFalse};
  unify(values);
  return arith::SelectOp::create(builder, loc, values[0], values[1], values[2]);
}

Value ElementBuilder::castInteger(Value value, Type element) {
  auto from = cast<IntegerType>(getElementTypeOrSelf(value));
  auto to = cast<IntegerType>(getKernelElementType(element));
  if (from == to)
    return value;
  if (std::optional<int64_t> constant = getConstantIndex(value))
    return integer(*constant, to.getWidth());
  if (from.getWidth() > to.getWidth())
    return convert<arith::TruncIOp>(value, to);
  return convert<arith::ExtSIOp>(value, to);
}

Value ElementBuilder::fromInteger(Value value, Type element) {
  if (!isa<FloatType>(element))
    return castInteger(value, element);
  if (std::optional<int64_t> constant = getConstantIndex(value))
    return number(*constant, element);
  return convert<arith::SIToFPOp>(value, element);
}

Value ElementBuilder::integer(int64_t value, unsigned bits) {
  return arith::ConstantOp::create(
      builder, loc,
      builder.getIntegerAttr(builder.getIntegerType(bits), value));
}

Value ElementBuilder::number(double value, Type type) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getFloatAttr(type, value));
}

Value ElementBuilder::add(Value lhs, Value rhs) {
  std::optional<int64_t> l = getConstantIndex(lhs), r = getConstantIndex(rhs);
  if (l && r)
    return integer(*l + *r);
  if (l == 0)
    return rhs;
  if (r == 0)
    return lhs;
  return create<arith::AddIOp>({lhs, rhs});
}

Value ElementBuilder::sub(Value lhs, Value rhs) {
  std::optional<int64_t> l = getConstantIndex(lhs), r = getConstantIndex(rhs);
  if (l && r)
    return integer(*l - *r);
  if (r == 0)
    return lhs;
  if (lhs == rhs)
    return integer(0);
  return create<arith::SubIOp>({lhs, rhs});
}

Value ElementBuilder::mul(Value lhs, Value rhs) {
  std::optional<int64_t> l = getConstantIndex(lhs), r = getConstantIndex(rhs);
  if (l && r)
    return integer(*l * *r);
  if (l == 0 || r == 0)
    return integer(0);
  if (l == 1)
    return rhs;
  if (r == 1)
    return lhs;
  return create<arith::MulIOp>({lhs, rhs});
}

Value ElementBuilder::div(Value lhs, Value rhs) {
  std::optional<int64_t> l = getConstantIndex(lhs), r = getConstantIndex(rhs);
  if (l && r && *r > 0)
    return integer(*l / *r);
  if (r == 1)
    return lhs;
  if (l == 0)
    return lhs;
  return create<arith::DivUIOp>({lhs, rhs});
}

Value ElementBuilder::rem(Value lhs, Value rhs) {
  std::optional<int64_t> l = getConstantIndex(lhs), r = getConstantIndex(rhs);
  if (l && r && *r > 0)
    return integer(*l % *r);
  if (r == 1)
    return integer(0);
  if (l == 0)
    return lhs;
  return create<arith::RemUIOp>({lhs, rhs});
}

Value ElementBuilder::min(Value lhs, Value rhs) {
  std::optional<int64_t> l = getConstantIndex(lhs), r = getConstantIndex(rhs);
  if (l && r)
    return integer(std::min(*l, *r));
  if (lhs == rhs)
    return lhs;
  return create<arith::MinSIOp>({lhs, rhs});
}

Value ElementBuilder::max(Value lhs, Value rhs) {
  std::optional<int64_t> l = getConstantIndex(lhs), r = getConstantIndex(rhs);
  if (l && r)
    return integer(std::max(*l, *r));
  if (lhs == rhs)
    return lhs;
  return create<arith::MaxSIOp>({lhs, rhs});
}

Value ElementBuilder::clamp(Value value, Value extent) {
  // An extent of zero gives index zero: the caller guards such an access.
  return max(min(value, sub(extent, integer(1))), integer(0));
}

Value ElementBuilder::size(OpFoldResult size) {
  if (std::optional<int64_t> constant = getConstantIntValue(size))
    return integer(*constant);
  return hostScalar(cast<Value>(size));
}

SmallVector<Value> ElementBuilder::extents(Value tensor) {
  SmallVector<Value> result;
  int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank();
  for (int64_t dim = 0; dim < rank; ++dim)
    result.push_back(extent(tensor, dim));
  return result;
}

Value ElementBuilder::linearize(ArrayRef<Value> indices,
                                ArrayRef<Value> extents) {
  assert(indices.size() == extents.size() && "an index per extent");
  if (indices.empty())
    return integer(0);
  Value offset = indices.front();
  for (auto [index, extent] :
       llvm::zip(indices.drop_front(), extents.drop_front()))
    offset = add(mul(offset, extent), index);
  return offset;
}

SmallVector<Value> ElementBuilder::delinearize(Value offset,
                                               ArrayRef<Value> extents) {
  SmallVector<Value> indices(extents.size());
  for (size_t dim = extents.size(); dim-- > 1;) {
    indices[dim] = rem(offset, extents[dim]);
    offset = div(offset, extents[dim]);
  }
  if (!indices.empty())
    indices.front() = offset;
  return indices;
}

Value ElementBuilder::linearize(ArrayRef<Value> indices, Value tensor) {
  return linearize(indices, ArrayRef<Value>(extents(tensor)));
}

SmallVector<Value> ElementBuilder::delinearize(Value offset, Value tensor) {
  return delinearize(offset, ArrayRef<Value>(extents(tensor)));
}

//===----------------------------------------------------------------------===//
// Elements of upstream operations
//===----------------------------------------------------------------------===//

/// One of `values` by the row-major offset of `indices` in `tensor`.
static Value selectByOffset(ElementBuilder &builder, ArrayRef<Value> values,
                            ArrayRef<Value> indices, Value tensor) {
  Value offset = builder.linearize(indices, tensor);
  if (std::optional<int64_t> constant = getConstantIndex(offset))
    if (*constant >= 0 && *constant < static_cast<int64_t>(values.size()))
      return values[*constant];
  Value result = values.back();
  for (size_t n = values.size() - 1; n-- > 0;)
    result = builder.select(
        builder.compare(arith::CmpIPredicate::eq, offset, builder.integer(n)),
        values[n], result);
  return result;
}

static Value buildConstant(arith::ConstantOp op, ElementBuilder &builder,
                           ArrayRef<Value> indices) {
  auto dense = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!dense || (!dense.isSplat() &&
                 (dense.empty() || dense.size() > kMaxSelectedElements))) {
    op.emitOpError("has ") << cast<ShapedType>(op.getType()).getNumElements()
                           << " distinct elements; expected a splat or at most "
                           << kMaxSelectedElements
                           << " (larger constants are inputs of a kernel)";
    return {};
  }
  auto scalar = [&](Attribute attr) -> Value {
    auto typed = cast<TypedAttr>(attr);
    if (typed.getType().isIndex())
      return builder.integer(cast<IntegerAttr>(attr).getInt());
    return arith::ConstantOp::create(builder.builder, builder.loc, typed);
  };
  if (dense.isSplat())
    return scalar(dense.getSplatValue<Attribute>());
  SmallVector<Value> values;
  for (Attribute attr : dense.getValues<Attribute>())
    values.push_back(scalar(attr));
  return selectByOffset(builder, values, indices, op.getResult());
}

static Value buildFromElements(tensor::FromElementsOp op,
                               ElementBuilder &builder,
                               ArrayRef<Value> indices) {
  SmallVector<Value> values;
  for (Value element : op.getElements())
    values.push_back(builder.hostScalar(element));
  if (values.empty()) {
    op.emitOpError("has no elements to evaluate");
    return {};
  }
  return selectByOffset(builder, values, indices, op.getResult());
}

static bool isElementwise(Operation *op) {
  return OpTrait::hasElementwiseMappableTraits(op) &&
         op->getNumOperands() > 0 &&
         llvm::all_of(op->getResultTypes(), llvm::IsaPred<RankedTensorType>);
}

bool raddle::graph::isElementOp(Operation *op) {
  if (op->getNumResults() == 0)
    return false;
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    auto dense = dyn_cast<DenseElementsAttr>(constant.getValue());
    return dense && !dense.empty() &&
           (dense.isSplat() || dense.size() <= kMaxSelectedElements);
  }
  if (auto elements = dyn_cast<tensor::FromElementsOp>(op))
    return !elements.getElements().empty() &&
           elements.getElements().size() <= kMaxSelectedElements;
  return isa<ElementOpInterface, tensor::CastOp>(op) || isElementwise(op);
}

Value raddle::graph::buildElement(Operation *op, ElementBuilder &builder,
                                  unsigned result, ArrayRef<Value> indices,
                                  ElementAccess element) {
  if (auto interface = dyn_cast<ElementOpInterface>(op))
    return interface.buildElement(builder, result, indices, element);
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return buildConstant(constant, builder, indices);
  if (auto elements = dyn_cast<tensor::FromElementsOp>(op))
    return buildFromElements(elements, builder, indices);
  if (isa<tensor::CastOp>(op))
    return element(0, indices);
  if (!isElementwise(op)) {
    op->emitOpError("cannot be evaluated at a point");
    return {};
  }
  SmallVector<Value> operands;
  for (OpOperand &operand : op->getOpOperands()) {
    Value value = isa<RankedTensorType>(operand.get().getType())
                      ? element(operand.getOperandNumber(), indices)
                      : builder.hostScalar(operand.get());
    if (!value)
      return {};
    operands.push_back(value);
  }
  // `index` elements are i32 in kernels, so casts from and to it are integer
  // casts.
  if (isa<arith::IndexCastOp>(op))
    return builder.castInteger(operands[0],
                               getElementTypeOrSelf(op->getResult(0)));
  if (isa<arith::IndexCastUIOp>(op)) {
    auto from = cast<IntegerType>(getElementTypeOrSelf(operands[0]));
    auto to = cast<IntegerType>(
        getKernelElementType(getElementTypeOrSelf(op->getResult(0))));
    if (from.getWidth() < to.getWidth())
      return builder.convert<arith::ExtUIOp>(operands[0], to);
    return builder.castInteger(operands[0], to);
  }
  return builder.clone(op, operands)[result];
}
