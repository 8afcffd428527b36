//===- BufferAliases.h - All names of a buffer -----------------*- C++ -*-===//
#ifndef RADDLE_DIALECTS_PLAN_IR_BUFFERALIASES_H
#define RADDLE_DIALECTS_PLAN_IR_BUFFERALIASES_H

#include "dialects/Plan/IR/PlanDialect.h"
#include "llvm/ADT/SetVector.h"

namespace raddle::plan {

/// All names of a buffer: control flow hands buffers on without copies.
struct BufferAliases {
  llvm::SetVector<mlir::Value> values;
  /// Lives on in the next iteration of a loop around its allocation.
  bool outlivesIteration = false;

  explicit BufferAliases(AllocOp alloc);

private:
  void follow(AllocOp alloc, mlir::OpOperand &use);
};

} // namespace raddle::plan

#endif // RADDLE_DIALECTS_PLAN_IR_BUFFERALIASES_H
