//===- StructureOps.cpp - Weights, precomputed tensors, groups
//------------------------------===//

#include "dialects/Graph/IR/GraphOps.h"
#include "lib/Reference/Call.h"

using namespace mlir;

namespace raddle::reference {
namespace {

LogicalResult evaluateWeight(graph::WeightOp op, Call &call) {
  const WeightReader &read = call.evaluator.getOptions().readWeight;
  if (!read)
    return call.error() << "names entry '" << op.getSource().getEntry()
                        << "', but no archives are given";
  Tensor weight;
  if (failed(read(op, weight)))
    return failure();
  return call.finish(std::move(weight));
}

LogicalResult evaluateGroup(graph::GroupOp op, Call &call) {
  return call.evaluator.runBlock(op.getBody().front(), call.operands,
                                 call.results);
}

LogicalResult evaluatePrecompute(graph::PrecomputeOp op, Call &call) {
  return call.evaluator.runBlock(op.getBody().front(), {}, call.results);
}

} // namespace

void addStructureHandlers(HandlerTable &table) {
  table.add(evaluateWeight);
  table.add(evaluateGroup);
  table.add(evaluatePrecompute);
}

} // namespace raddle::reference
