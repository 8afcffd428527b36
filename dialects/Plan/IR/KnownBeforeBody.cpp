//===- KnownBeforeBody.cpp - Scalars that a call starts with --------------===//

#include "dialects/Plan/IR/KnownBeforeBody.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace raddle::plan;

bool KnownBeforeBody::contains(Value value) {
  if (auto found = known.find(value); found != known.end())
    return found->second;
  Operation *op = value.getDefiningOp();
  bool result = false;
  if (auto read = dyn_cast_if_present<ReadOp>(op))
    result = isa<BlockArgument>(read.getBuffer()) &&
             isa<func::FuncOp>(read->getParentOp()) &&
             contains(read.getOffset());
  else if (op &&
           (isa<SymbolOp>(op) || isa<arith::ArithDialect>(op->getDialect())))
    result = !isa<BufferType>(value.getType()) &&
             llvm::all_of(op->getOperands(),
                          [&](Value operand) { return contains(operand); });
  return known[value] = result;
}
