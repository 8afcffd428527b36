//===- VerifyEncodings.cpp - Encoded tensors where they may be ------------===//
#include "dialects/Graph/Encodings/Passes.h"
#include "dialects/Graph/IR/GraphOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace raddle::graph {
#define GEN_PASS_DEF_GRAPHVERIFYENCODINGS
#include "dialects/Graph/Encodings/Passes.h.inc"
} // namespace raddle::graph

using namespace mlir;
using namespace raddle::graph;

/// Whether `op` hands its operands on without looking at elements.
static bool handsThrough(Operation *op) {
  return isa<FunctionOpInterface, CallOpInterface, RegionBranchOpInterface,
             RegionBranchTerminatorOpInterface, BranchOpInterface,
             tensor::DimOp>(op) ||
         op->hasTrait<OpTrait::ReturnLike>();
}

static LogicalResult verify(Operation *op) {
  if (handsThrough(op))
    return success();
  auto interface = dyn_cast<EncodedOperandOpInterface>(op);
  for (OpOperand &operand : op->getOpOperands()) {
    StorageEncoding encoding = getStorageEncoding(operand.get().getType());
    if (encoding &&
        !(interface && interface.acceptsEncoded(operand.getOperandNumber())))
      return op->emitOpError("operand #")
             << operand.getOperandNumber() << " has the storage encoding "
             << encoding << ", expected plain elements: use 'graph.decode'";
  }
  for (OpResult result : op->getResults()) {
    StorageEncoding encoding = getStorageEncoding(result.getType());
    if (encoding &&
        !(interface && interface.producesEncoded(result.getResultNumber())))
      return op->emitOpError("result #")
             << result.getResultNumber() << " has the storage encoding "
             << encoding << ", expected plain elements: use 'graph.encode'";
  }
  return success();
}

namespace {
struct VerifyEncodings
    : public raddle::graph::impl::GraphVerifyEncodingsBase<VerifyEncodings> {
  void runOnOperation() override {
    // All violations are reported, not only the first.
    bool failed = false;
    getOperation()->walk(
        [&](Operation *op) { failed |= mlir::failed(verify(op)); });
    if (failed)
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
