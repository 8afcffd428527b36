//===- BufferAliases.cpp - All names of a buffer --------------------------===//

#include "dialects/Plan/IR/BufferAliases.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace raddle::plan;

BufferAliases::BufferAliases(AllocOp alloc) {
  values.insert(alloc.getResult());
  for (unsigned i = 0; i < values.size(); ++i)
    for (OpOperand &use : values[i].getUses())
      follow(alloc, use);
}

void BufferAliases::follow(AllocOp alloc, OpOperand &use) {
  Operation *user = use.getOwner();
  unsigned number = use.getOperandNumber();
  if (isa<arith::SelectOp>(user)) {
    values.insert(user->getResult(0));
  } else if (auto loop = dyn_cast<scf::ForOp>(user)) {
    // What a loop starts with is also its result when it has no iteration.
    number -= loop.getNumControlOperands();
    values.insert(loop.getRegionIterArg(number));
    values.insert(loop.getResult(number));
  } else if (auto loop = dyn_cast<scf::WhileOp>(user)) {
    values.insert(loop.getBeforeArguments()[number]);
  } else if (auto condition = dyn_cast<scf::ConditionOp>(user)) {
    auto loop = cast<scf::WhileOp>(user->getParentOp());
    outlivesIteration |= loop->isProperAncestor(alloc);
    values.insert(loop.getResult(number - 1));
    values.insert(loop.getAfterArguments()[number - 1]);
  } else if (isa<scf::YieldOp>(user)) {
    Operation *parent = user->getParentOp();
    if (isa<scf::ForOp, scf::WhileOp>(parent))
      outlivesIteration |= parent->isProperAncestor(alloc);
    if (auto loop = dyn_cast<scf::WhileOp>(parent)) {
      values.insert(loop.getBeforeArguments()[number]);
      return;
    }
    if (auto loop = dyn_cast<scf::ForOp>(parent))
      values.insert(loop.getRegionIterArg(number));
    values.insert(parent->getResult(number));
  }
}
