//===- ControlOps.cpp - Calls, assertions, structured control flow --------===//

#include "lib/Reference/Call.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include <cstring>

using namespace mlir;

namespace raddle::reference {
namespace {

LogicalResult evaluateCall(func::CallOp op, Call &call) {
  auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
      op, op.getCalleeAttr());
  if (!callee)
    return call.error() << "calls '" << op.getCallee()
                        << "', which is no function";
  return call.evaluator.run(callee, call.operands, call.results);
}

LogicalResult evaluateAssert(cf::AssertOp op, Call &call) {
  if (!call.operands[0].getInteger())
    return op.emitError("assertion failed: ") << op.getMsg();
  return success();
}

LogicalResult evaluateIf(scf::IfOp op, Call &call) {
  Region &region =
      call.operands[0].getInteger() ? op.getThenRegion() : op.getElseRegion();
  if (region.empty())
    return success();
  return call.evaluator.runBlock(region.front(), {}, call.results);
}

LogicalResult evaluateFor(scf::ForOp op, Call &call) {
  int64_t lower = call.operands[0].getInteger();
  int64_t upper = call.operands[1].getInteger();
  int64_t step = call.operands[2].getInteger();
  if (step <= 0)
    return call.error() << "has step " << step << ", expected a positive one";
  llvm::SmallVector<Tensor> state(call.operands.drop_front(3));
  for (int64_t i = lower; i < upper;) {
    llvm::SmallVector<Tensor> arguments = {
        Tensor::scalar(call.operands[0].getElementType(), i)};
    arguments.append(state.begin(), state.end());
    state.clear();
    if (failed(call.evaluator.runBlock(*op.getBody(), arguments, state)))
      return failure();
    if (llvm::AddOverflow(i, step, i))
      break;
  }
  call.results.append(state.begin(), state.end());
  return success();
}

LogicalResult evaluateWhile(scf::WhileOp op, Call &call) {
  llvm::SmallVector<Tensor> state(call.operands);
  while (true) {
    llvm::SmallVector<Tensor> condition;
    if (failed(call.evaluator.runBlock(*op.getBeforeBody(), state, condition)))
      return failure();
    // The first operand of scf.condition decides, the others are passed on.
    llvm::ArrayRef<Tensor> passed = llvm::ArrayRef(condition).drop_front();
    if (!condition.front().getInteger()) {
      call.results.append(passed.begin(), passed.end());
      return success();
    }
    state.clear();
    if (failed(call.evaluator.runBlock(*op.getAfterBody(), passed, state)))
      return failure();
  }
}

LogicalResult evaluateIndexSwitch(scf::IndexSwitchOp op, Call &call) {
  int64_t value = call.operands[0].getInteger();
  for (auto [i, label] : llvm::enumerate(op.getCases()))
    if (label == value)
      return call.evaluator.runBlock(op.getCaseBlock(i), {}, call.results);
  return call.evaluator.runBlock(op.getDefaultBlock(), {}, call.results);
}

LogicalResult evaluateExecuteRegion(scf::ExecuteRegionOp op, Call &call) {
  if (!op.getRegion().hasOneBlock())
    return call.error() << "has several blocks, expected one";
  return call.evaluator.runBlock(op.getRegion().front(), {}, call.results);
}

/// One run of the body per element, in row-major order.
LogicalResult evaluateGenerate(tensor::GenerateOp op, Call &call) {
  auto type = cast<RankedTensorType>(op.getType());
  Shape shape = call.mixed(type.getShape(), op.getDynamicExtents());
  FailureOr<Tensor> result = call.allocate(type.getElementType(), shape);
  if (failed(result))
    return failure();
  auto index = IndexType::get(op.getContext());
  Shape strides = getRowMajorStrides(shape);
  unsigned width = result->elementBytes();
  for (int64_t n = 0; n < result->size(); ++n) {
    llvm::SmallVector<Tensor> indices, element;
    for (auto [size, stride] : llvm::zip(shape, strides))
      indices.push_back(Tensor::scalar(index, n / stride % size));
    if (failed(call.evaluator.runBlock(op.getBody().front(), indices, element)))
      return failure();
    std::memcpy(result->mutableData() + n * width, element.front().data(),
                width);
  }
  return call.finish(*result);
}

} // namespace

void addControlHandlers(HandlerTable &table) {
  table.add(evaluateCall);
  table.add(evaluateAssert);
  table.add(evaluateIf);
  table.add(evaluateFor);
  table.add(evaluateWhile);
  table.add(evaluateIndexSwitch);
  table.add(evaluateExecuteRegion);
  table.add(evaluateGenerate);
}

} // namespace raddle::reference
