//===- TestElements.cpp - Evaluates graphs element by element -------------===//
//
// `graph-test-elements` turns each returned tensor of a function into a
// `tensor.generate` whose body pulls the element through the operations, as a
// kernel does, so that what `buildElement` builds can be read and executed.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/test/TestPasses.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace raddle::graph;

/// A tensor of the shape of `tensor` whose sizes upstream can resolve:
/// element-wise operations have those of their operands.
static Value getShaped(Value tensor) {
  while (Operation *op = tensor.getDefiningOp()) {
    if (!OpTrait::hasElementwiseMappableTraits(op))
      break;
    auto operand = llvm::find_if(op->getOperands(), [](Value value) {
      return isa<RankedTensorType>(value.getType());
    });
    if (operand == op->operand_end())
      break;
    tensor = *operand;
  }
  return tensor;
}

namespace {

/// Elements as scalars.
class ScalarElementBuilder : public ElementBuilder {
public:
  using ElementBuilder::ElementBuilder;

  void unify(SmallVectorImpl<Value> &) override {}
  Type withElementType(Type, Type element) override { return element; }
  Value extent(Value tensor, unsigned dim) override {
    auto type = cast<RankedTensorType>(tensor.getType());
    if (!type.isDynamicDim(dim))
      return integer(type.getDimSize(dim));
    return hostScalar(
        tensor::DimOp::create(builder, loc, getShaped(tensor), dim));
  }
  Value hostScalar(Value scalar) override {
    if (!scalar.getType().isIndex())
      return scalar;
    return arith::IndexCastOp::create(builder, loc, builder.getI32Type(),
                                      scalar);
  }
  void enter(Value condition) override { guards.push_back(condition); }
  void leave() override { guards.pop_back(); }

  /// The element of `value`, followed through element operations.
  Value pull(Value value, ArrayRef<Value> indices);

private:
  Value load(Value tensor, ArrayRef<Value> indices);
  SmallVector<Value> guards;
};

struct TestElements
    : public PassWrapper<TestElements, OperationPass<func::FuncOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestElements)

  StringRef getArgument() const override { return "graph-test-elements"; }
  StringRef getDescription() const override {
    return "Evaluate returned tensors element by element";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<scf::SCFDialect, tensor::TensorDialect>();
  }
  void runOnOperation() override;
};

} // namespace

Value ScalarElementBuilder::load(Value tensor, ArrayRef<Value> indices) {
  Value condition;
  for (Value guard : guards)
    condition = condition ? create<arith::AndIOp>({condition, guard}) : guard;
  Type element = cast<RankedTensorType>(tensor.getType()).getElementType();
  auto extract = [&](OpBuilder &b) -> Value {
    SmallVector<Value> positions;
    for (Value index : indices)
      positions.push_back(
          arith::IndexCastOp::create(b, loc, b.getIndexType(), index));
    Value value = tensor::ExtractOp::create(b, loc, tensor, positions);
    if (element.isIndex())
      value = arith::IndexCastOp::create(b, loc, b.getI32Type(), value);
    return value;
  };
  if (!condition)
    return extract(builder);
  auto ifOp = scf::IfOp::create(
      builder, loc, condition,
      [&](OpBuilder &b, Location) { scf::YieldOp::create(b, loc, extract(b)); },
      [&](OpBuilder &b, Location) {
        Value zero = arith::ConstantOp::create(
            b, loc, b.getZeroAttr(getKernelElementType(element)));
        scf::YieldOp::create(b, loc, zero);
      });
  return ifOp.getResult(0);
}

Value ScalarElementBuilder::pull(Value value, ArrayRef<Value> indices) {
  Operation *op = value.getDefiningOp();
  if (!op || !isElementOp(op))
    return load(value, indices);
  return buildElement(op, *this, cast<OpResult>(value).getResultNumber(),
                      indices, [&](unsigned n, ArrayRef<Value> at) {
                        return pull(op->getOperand(n), at);
                      });
}

void TestElements::runOnOperation() {
  func::FuncOp function = getOperation();
  bool failed = false;
  function.walk([&](func::ReturnOp ret) {
    OpBuilder b(ret);
    for (OpOperand &operand : ret->getOpOperands()) {
      auto type = dyn_cast<RankedTensorType>(operand.get().getType());
      if (!type)
        continue;
      Location loc = ret.getLoc();
      SmallVector<Value> sizes;
      for (int64_t dim = 0; dim < type.getRank(); ++dim)
        if (type.isDynamicDim(dim))
          sizes.push_back(
              tensor::DimOp::create(b, loc, getShaped(operand.get()), dim));
      auto generate = tensor::GenerateOp::create(
          b, loc, type, sizes, [&](OpBuilder &body, Location, ValueRange at) {
            ScalarElementBuilder elements(body, loc);
            SmallVector<Value> indices;
            for (Value index : at)
              indices.push_back(elements.hostScalar(index));
            Value value = elements.pull(operand.get(), indices);
            if (!value) {
              failed = true;
              value = arith::ConstantOp::create(
                  body, loc, body.getZeroAttr(type.getElementType()));
            } else if (type.getElementType().isIndex()) {
              value = arith::IndexCastOp::create(body, loc, body.getIndexType(),
                                                 value);
            }
            tensor::YieldOp::create(body, loc, value);
          });
      operand.set(generate);
    }
  });
  if (failed)
    signalPassFailure();
}

void raddle::registerGraphTestPasses() {
  PassRegistration<TestElements>();
  registerGraphSymbolicShapesTestPass();
  registerGraphMisfuseTestPass();
  registerTestBreakAddPass();
}
