//===- EvaluatePass.cpp - graph-evaluate ----------------------------------===//

#include "lib/Reference/NpzFiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"
#include "raddle/Reference/Evaluator.h"
#include "raddle/Reference/Passes.h"
#include "raddle/Reference/Weights.h"

using namespace mlir;

namespace raddle::reference {
#define GEN_PASS_DECL_GRAPHEVALUATE
#define GEN_PASS_DEF_GRAPHEVALUATE
#include "lib/Reference/Passes.h.inc"

namespace {

class EvaluatePass : public impl::GraphEvaluateBase<EvaluatePass> {
public:
  using GraphEvaluateBase::GraphEvaluateBase;

  void runOnOperation() override {
    EvaluatorOptions options;
    options.readWeight = makeArchiveReader(getOperation());
    Evaluator evaluator(std::move(options));
    bool found = false;
    // Without files every function that needs none is run.
    bool all = only.empty() && inputs.empty() && outputs.empty();
    StringRef name = only.empty() ? StringRef("main") : StringRef(only);
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>()) {
      if (all ? function.isExternal() || function.getNumArguments() != 0
              : function.getName() != name)
        continue;
      found = true;
      if (failed(evaluate(evaluator, function)))
        return signalPassFailure();
    }
    if (!found && !all) {
      getOperation().emitError("has no function '") << name << "' to evaluate";
      return signalPassFailure();
    }
  }

private:
  LogicalResult evaluate(Evaluator &evaluator, func::FuncOp function) {
    llvm::SmallVector<Tensor> arguments, results;
    if (!inputs.empty()) {
      if (failed(readArguments(function, inputs, arguments)))
        return failure();
    } else if (function.getNumArguments() != 0) {
      return function.emitOpError("has ")
             << function.getNumArguments()
             << " arguments: option 'inputs' has to give them";
    }
    if (failed(evaluator.run(function, arguments, results)))
      return failure();
    if (!outputs.empty())
      return writeResults(function, outputs, results);
    replaceBody(function, results);
    return success();
  }

  /// The function as the constants that it returned.
  static void replaceBody(func::FuncOp function,
                          llvm::ArrayRef<Tensor> results) {
    Block &body = function.front();
    Location loc = body.getTerminator()->getLoc();
    body.clear();
    auto builder = OpBuilder::atBlockBegin(&body);
    llvm::SmallVector<Value> constants;
    for (auto [result, type] : llvm::zip(results, function.getResultTypes())) {
      auto constantType =
          RankedTensorType::get(result.getShape(), result.getElementType());
      DenseElementsAttr elements = toAttribute(result, constantType);
      TypedAttr value = elements;
      if (!isa<ShapedType>(type))
        value = cast<TypedAttr>(*elements.value_begin<Attribute>());
      Value constant = arith::ConstantOp::create(builder, loc, value);
      if (constant.getType() != type)
        constant = tensor::CastOp::create(builder, loc, type, constant);
      constants.push_back(constant);
    }
    func::ReturnOp::create(builder, loc, constants);
  }
};

} // namespace

std::unique_ptr<Pass> createEvaluatePass() {
  return std::make_unique<EvaluatePass>();
}

void registerReferencePasses() {
  registerPass(createEvaluatePass);
  registerPass([] { return createFoldConstantsPass(); });
  registerPass(createExposeGroupsPass);
  registerPass(createCheckGroupsPass);
}

} // namespace raddle::reference
