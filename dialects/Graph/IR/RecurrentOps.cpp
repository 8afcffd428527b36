//===- RecurrentOps.cpp - Layers that run over time -----------------------===//
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphUtils.h"
#include "dialects/Graph/IR/GraphVerify.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace raddle::graph;

/// The shapes that the three layers share (ONNX operator specification, RNN,
/// GRU, LSTM); they differ in the number of gates.
template <typename OpTy>
static LogicalResult verifyRecurrent(OpTy op, int64_t gates) {
  RankedTensorType input = tensorType(op.getInput());
  if (failed(verifyRank(op, "input", input, 3)))
    return failure();
  int64_t hidden = op.getHidden();
  if (hidden < 1)
    return op.emitOpError()
           << "expected a 'hidden' size of at least 1, found " << hidden;
  std::optional<int64_t> rows = llvm::checkedMul(gates, hidden);
  std::optional<int64_t> biases = llvm::checkedMul(2 * gates, hidden);
  if (!rows || !biases)
    return op.emitOpError("the size of 'weights' does not fit in 63 bits");
  if (!op.getClip().isFinite() ||
      (op.getClip().isNegative() && !op.getClip().isZero()))
    return op.emitOpError() << "expected a finite 'clip' of at least 0, found "
                            << op.getClip().convertToDouble();
  int64_t dirs = op.getDirection() == RecurrentDirection::bidirectional ? 2 : 1;
  int64_t time = input.getDimSize(0), batch = input.getDimSize(1),
          width = input.getDimSize(2);

  Type element = input.getElementType();
  auto check = [&](StringRef name, Value value,
                   ArrayRef<int64_t> shape) -> LogicalResult {
    if (!value)
      return success();
    if (failed(verifyElementType(op, name, tensorType(value), element)))
      return failure();
    return verifyShape(op, name, tensorType(value), shape);
  };
  if (failed(check("weights", op.getWeights(), {dirs, *rows, width})) ||
      failed(check("recurrence", op.getRecurrence(), {dirs, *rows, hidden})) ||
      failed(check("bias", op.getBias(), {dirs, *biases})) ||
      failed(check("state", op.getInitialState(), {dirs, batch, hidden})) ||
      failed(check("output", op.getOutput(), {time, dirs, batch, hidden})) ||
      failed(check("last state", op.getState(), {dirs, batch, hidden})))
    return failure();
  if (Value lengths = op.getLengths()) {
    if (!tensorType(lengths).getElementType().isInteger(32))
      return op.emitOpError() << "expected 'lengths' of element type 'i32', "
                                 "found "
                              << tensorType(lengths).getElementType();
    if (failed(verifyShape(op, "lengths", tensorType(lengths), batch)))
      return failure();
  }
  if constexpr (std::is_same_v<OpTy, LstmOp>) {
    if (failed(check("cell", op.getInitialCell(), {dirs, batch, hidden})) ||
        failed(check("last cell", op.getCell(), {dirs, batch, hidden})))
      return failure();
    if (std::optional<int64_t> size = llvm::checkedMul<int64_t>(3, hidden))
      return check("peepholes", op.getPeepholes(), {dirs, *size});
  }
  return success();
}

template <typename OpTy>
static LogicalResult reifyRecurrent(OpTy op, OpBuilder &builder,
                                    ReifiedRankedShapedTypeDims &shapes) {
  OpFoldResult time = getSize(builder, op.getLoc(), op.getInput(), 0);
  OpFoldResult batch = getSize(builder, op.getLoc(), op.getInput(), 1);
  OpFoldResult dirs = builder.getIndexAttr(
      op.getDirection() == RecurrentDirection::bidirectional ? 2 : 1);
  OpFoldResult hidden = builder.getIndexAttr(op.getHidden());
  shapes.push_back({time, dirs, batch, hidden});
  for (unsigned result = 1; result < op->getNumResults(); ++result)
    shapes.push_back({dirs, batch, hidden});
  return success();
}

LogicalResult LstmOp::verify() { return verifyRecurrent(*this, 4); }
LogicalResult GruOp::verify() { return verifyRecurrent(*this, 3); }
LogicalResult RnnOp::verify() { return verifyRecurrent(*this, 1); }

LogicalResult LstmOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &shapes) {
  return reifyRecurrent(*this, builder, shapes);
}
LogicalResult GruOp::reifyResultShapes(OpBuilder &builder,
                                       ReifiedRankedShapedTypeDims &shapes) {
  return reifyRecurrent(*this, builder, shapes);
}
LogicalResult RnnOp::reifyResultShapes(OpBuilder &builder,
                                       ReifiedRankedShapedTypeDims &shapes) {
  return reifyRecurrent(*this, builder, shapes);
}
