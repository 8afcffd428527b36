//===- Elementwise.cpp - Element-wise operations, constants, reads --------===//
#include "GraphBuilder.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;

Type raddle::onnx::elementType(MLIRContext *context, ElemType type) {
  Builder b(context);
  switch (type) {
  case ElemType::Float:
    return b.getF32Type();
  case ElemType::Double:
    return b.getF64Type();
  case ElemType::Float16:
    return b.getF16Type();
  case ElemType::BFloat16:
    return b.getBF16Type();
  case ElemType::Bool:
    return b.getI1Type();
  case ElemType::Int8:
  case ElemType::UInt8:
    return b.getI8Type();
  case ElemType::Int16:
  case ElemType::UInt16:
    return b.getI16Type();
  case ElemType::Int32:
  case ElemType::UInt32:
    return b.getI32Type();
  case ElemType::Int64:
  case ElemType::UInt64:
    return b.getI64Type();
  case ElemType::Int4:
  case ElemType::UInt4:
    return b.getIntegerType(4);
  case ElemType::Int2:
  case ElemType::UInt2:
    return b.getIntegerType(2);
  case ElemType::Float8E4M3FN:
    return Float8E4M3FNType::get(context);
  case ElemType::Float8E4M3FNUZ:
    return Float8E4M3FNUZType::get(context);
  case ElemType::Float8E5M2:
    return Float8E5M2Type::get(context);
  case ElemType::Float8E5M2FNUZ:
    return Float8E5M2FNUZType::get(context);
  case ElemType::Float8E8M0:
    return Float8E8M0FNUType::get(context);
  case ElemType::Float4E2M1:
    return Float4E2M1FNType::get(context);
  default:
    return {};
  }
}

int64_t raddle::onnx::toInteger(double number) {
  // The largest double below 2^63.
  constexpr double limit = 9223372036854774784.0;
  return number != number
             ? 0
             : static_cast<int64_t>(std::max(-limit, std::min(limit, number)));
}

bool raddle::onnx::isUnsigned(ElemType type) {
  switch (type) {
  case ElemType::UInt2:
  case ElemType::UInt4:
  case ElemType::UInt8:
  case ElemType::UInt16:
  case ElemType::UInt32:
  case ElemType::UInt64:
  case ElemType::Bool:
    return true;
  default:
    return false;
  }
}

bool raddle::onnx::isFloat(ElemType type) {
  switch (type) {
  case ElemType::Float:
  case ElemType::Double:
  case ElemType::Float16:
  case ElemType::BFloat16:
  case ElemType::Float8E4M3FN:
  case ElemType::Float8E4M3FNUZ:
  case ElemType::Float8E5M2:
  case ElemType::Float8E5M2FNUZ:
  case ElemType::Float8E8M0:
  case ElemType::Float4E2M1:
    return true;
  default:
    return false;
  }
}

bool raddle::onnx::isInteger(ElemType type) {
  return !isFloat(type) && type != ElemType::Bool && type != ElemType::String &&
         type != ElemType::Undefined && type != ElemType::Complex64 &&
         type != ElemType::Complex128;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

static TypedAttr numberAttr(Builder &b, double number, Type element) {
  if (auto type = dyn_cast<FloatType>(element)) {
    llvm::APFloat value(number);
    bool lossy;
    value.convert(type.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven,
                  &lossy);
    return b.getFloatAttr(type, value);
  }
  unsigned bits = element.getIntOrFloatBitWidth();
  return b.getIntegerAttr(element,
                          llvm::APInt(64, toInteger(number), true).trunc(bits));
}

Value GraphBuilder::constant(DenseElementsAttr elements) {
  return host.constant(elements);
}

Value GraphBuilder::constant(double number, Type element) {
  return constant(DenseElementsAttr::get(
      RankedTensorType::get({}, element),
      ArrayRef<Attribute>(numberAttr(b, number, element))));
}

Value GraphBuilder::splat(Scalar scalar, Type element) {
  if (scalar.isConstant()) {
    if (scalar.isReal || isa<FloatType>(element))
      return constant(scalar.isReal ? scalar.real
                                    : static_cast<double>(scalar.integer),
                      element);
    // Integers of 64 bits do not go through a double.
    unsigned bits = element.getIntOrFloatBitWidth();
    llvm::APInt number = llvm::APInt(64, scalar.integer, true).trunc(bits);
    return constant(
        DenseElementsAttr::get(RankedTensorType::get({}, element), {number}));
  }
  return graph::SplatOp::create(b, RankedTensorType::get({}, element),
                                scalar.value);
}

Value GraphBuilder::filled(double number, Type element,
                           ArrayRef<Scalar> sizes) {
  return broadcast(constant(number, element), sizes);
}

//===----------------------------------------------------------------------===//
// Element-wise
//===----------------------------------------------------------------------===//

Sizes GraphBuilder::broadcastSizes(ArrayRef<Sizes> shapes) {
  size_t rank = 0;
  for (const Sizes &shape : shapes)
    rank = std::max<size_t>(rank, shape.size());
  Sizes result(rank, Scalar(1));
  for (const Sizes &shape : shapes) {
    for (auto [dim, size] : llvm::enumerate(shape)) {
      Scalar &out = result[dim + rank - shape.size()];
      if (size.isInteger(1))
        continue;
      out = out.isInteger(1) ? host.canonical(size) : assumeEqual(out, size);
    }
  }
  return result;
}

void GraphBuilder::unify(MutableArrayRef<Value> values) {
  bool equal = true;
  for (Value value : values)
    equal &= typeOf(value).getShape() == typeOf(values.front()).getShape() &&
             typeOf(value).hasStaticShape();
  if (equal)
    return;
  Sizes target = broadcastSizes(
      llvm::map_to_vector(values, [&](Value v) { return sizesOf(v); }));
  for (Value &value : values)
    value = broadcast(value, target);
}

Value GraphBuilder::add(Value x, Value y) {
  return isa<FloatType>(elementOf(x)) ? map<arith::AddFOp>({x, y})
                                      : map<arith::AddIOp>({x, y});
}
Value GraphBuilder::sub(Value x, Value y) {
  return isa<FloatType>(elementOf(x)) ? map<arith::SubFOp>({x, y})
                                      : map<arith::SubIOp>({x, y});
}
Value GraphBuilder::mul(Value x, Value y) {
  return isa<FloatType>(elementOf(x)) ? map<arith::MulFOp>({x, y})
                                      : map<arith::MulIOp>({x, y});
}
Value GraphBuilder::div(Value x, Value y, bool isUnsigned) {
  if (isa<FloatType>(elementOf(x)))
    return map<arith::DivFOp>({x, y});
  return isUnsigned ? map<arith::DivUIOp>({x, y}) : map<arith::DivSIOp>({x, y});
}
Value GraphBuilder::min(Value x, Value y, bool isUnsigned) {
  if (isa<FloatType>(elementOf(x)))
    return map<arith::MinimumFOp>({x, y});
  return isUnsigned ? map<arith::MinUIOp>({x, y}) : map<arith::MinSIOp>({x, y});
}
Value GraphBuilder::max(Value x, Value y, bool isUnsigned) {
  if (isa<FloatType>(elementOf(x)))
    return map<arith::MaximumFOp>({x, y});
  return isUnsigned ? map<arith::MaxUIOp>({x, y}) : map<arith::MaxSIOp>({x, y});
}
Value GraphBuilder::neg(Value x) {
  return isa<FloatType>(elementOf(x)) ? map<arith::NegFOp>({x})
                                      : sub(like(x, 0), x);
}

Value GraphBuilder::compare(arith::CmpFPredicate predicate, Value x, Value y) {
  Value values[] = {x, y};
  unify(values);
  Value result = arith::CmpFOp::create(b, predicate, values[0], values[1]);
  setSizes(result, sizesOf(values[0]));
  return result;
}
Value GraphBuilder::compare(arith::CmpIPredicate predicate, Value x, Value y) {
  Value values[] = {x, y};
  unify(values);
  Value result = arith::CmpIOp::create(b, predicate, values[0], values[1]);
  setSizes(result, sizesOf(values[0]));
  return result;
}

Value GraphBuilder::select(Value condition, Value x, Value y) {
  Value values[] = {condition, x, y};
  unify(values);
  Value result = arith::SelectOp::create(b, values[0], values[1], values[2]);
  setSizes(result, sizesOf(values[1]));
  return result;
}

Value GraphBuilder::logicalNot(Value x) {
  return map<arith::XOrIOp>({x, like(x, 1)});
}

Value GraphBuilder::sigmoid(Value x) { return reciprocal(add(exp(neg(x)), 1)); }

Value GraphBuilder::floatCast(Value x, Type element) {
  Type from = elementOf(x);
  if (from == element)
    return x;
  if (!isa<FloatType>(from) || !isa<FloatType>(element)) {
    problem("the operands differ in element type");
    return x;
  }
  unsigned had = from.getIntOrFloatBitWidth();
  unsigned wants = element.getIntOrFloatBitWidth();
  if (had < wants)
    return convert<arith::ExtFOp>(x, element);
  if (had > wants)
    return convert<arith::TruncFOp>(x, element);
  // Two formats of one width meet in a wider one that holds both.
  return floatCast(floatCast(x, b.getF32Type()), element);
}

Value GraphBuilder::cast(Value x, ElemType from, ElemType to) {
  if (from == to)
    return x;
  Type element = elementType(b.getContext(), to);
  bool wasFloat = onnx::isFloat(from), isFloat = onnx::isFloat(to);
  if (to == ElemType::Bool)
    return wasFloat ? compare(arith::CmpFPredicate::UNE, x, like(x, 0))
                    : compare(arith::CmpIPredicate::ne, x, like(x, 0));
  if (wasFloat && isFloat)
    return floatCast(x, element);
  if (wasFloat)
    return onnx::isUnsigned(to) ? convert<arith::FPToUIOp>(x, element)
                                : convert<arith::FPToSIOp>(x, element);
  if (isFloat) {
    // A narrow format takes an integer through f32.
    if (element.getIntOrFloatBitWidth() < 16) {
      Type wide = b.getF32Type();
      return floatCast(onnx::isUnsigned(from)
                           ? convert<arith::UIToFPOp>(x, wide)
                           : convert<arith::SIToFPOp>(x, wide),
                       element);
    }
    return onnx::isUnsigned(from) ? convert<arith::UIToFPOp>(x, element)
                                  : convert<arith::SIToFPOp>(x, element);
  }
  unsigned had = elementOf(x).getIntOrFloatBitWidth();
  unsigned wants = element.getIntOrFloatBitWidth();
  if (had == wants)
    return x;
  if (had > wants)
    return convert<arith::TruncIOp>(x, element);
  return onnx::isUnsigned(from) ? convert<arith::ExtUIOp>(x, element)
                                : convert<arith::ExtSIOp>(x, element);
}

//===----------------------------------------------------------------------===//
// Device to host
//===----------------------------------------------------------------------===//

Value GraphBuilder::readRaw(Value tensor, ArrayRef<int64_t> indices,
                            unsigned depth) {
  Operation *op = tensor.getDefiningOp();
  // Only single elements are worth repeating: of larger tensors the device has
  // work to do anyway.
  bool single =
      typeOf(tensor).hasStaticShape() && typeOf(tensor).getNumElements() == 1;
  if (op && single && depth < 16) {
    SmallVector<int64_t> zeros;
    auto operand = [&](Value v) {
      return readRaw(v, SmallVector<int64_t>(rankOf(v), 0), depth + 1);
    };
    if (isa<graph::ReshapeOp, graph::BroadcastOp>(op) &&
        typeOf(op->getOperand(0)).hasStaticShape())
      return operand(op->getOperand(0));
    if (auto splat = dyn_cast<graph::SplatOp>(op)) {
      Value scalar = splat.getScalar();
      Type element = elementOf(tensor);
      if (scalar.getType() == element)
        return scalar;
      if (scalar.getType().isIndex() && element.isInteger(64))
        return arith::IndexCastOp::create(b, element, scalar);
    }
    if (isa<arith::CmpIOp, arith::AndIOp, arith::OrIOp, arith::XOrIOp,
            arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::ExtSIOp,
            arith::ExtUIOp, arith::TruncIOp, arith::MinSIOp, arith::MaxSIOp>(
            op)) {
      SmallVector<Value> operands;
      for (Value v : op->getOperands())
        operands.push_back(operand(v));
      OperationState state(b.getLoc(), op->getName(), operands,
                           elementOf(tensor));
      state.addAttributes(op->getAttrs());
      return b.create(state)->getResult(0);
    }
  }
  DenseElementsAttr known;
  if (matchPattern(tensor, m_Constant(&known)) &&
      isa<IntegerType>(elementOf(tensor))) {
    auto flat = known.getValues<TypedAttr>();
    int64_t offset = 0;
    for (auto [index, size] : llvm::zip(indices, typeOf(tensor).getShape()))
      offset = offset * size + index;
    return host.constant(flat[offset]);
  }
  SmallVector<Value> at;
  for (int64_t index : indices)
    at.push_back(host.index(index));
  return tensor::ExtractOp::create(b, tensor, at);
}

Scalar GraphBuilder::read(Value tensor, ArrayRef<int64_t> indices,
                          bool isUnsigned) {
  Value raw = readRaw(tensor, indices, 0);
  if (auto known = raw.getDefiningOp<arith::ConstantOp>())
    if (auto number = dyn_cast<IntegerAttr>(known.getValue()))
      return isUnsigned || number.getType().isInteger(1)
                 ? static_cast<int64_t>(number.getValue().getZExtValue())
                 : number.getValue().getSExtValue();
  if (raw.getType().isInteger(1))
    return Scalar(raw);
  if (isUnsigned)
    return Scalar(
        Value(arith::IndexCastUIOp::create(b, b.getIndexType(), raw)));
  return Scalar(Value(arith::IndexCastOp::create(b, b.getIndexType(), raw)));
}
