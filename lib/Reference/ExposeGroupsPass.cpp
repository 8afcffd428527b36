//===- ExposeGroupsPass.cpp - graph-expose-groups -------------------------===//

#include "dialects/Graph/IR/GraphOps.h"
#include "lib/Reference/NpzFiles.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"
#include "raddle/Reference/Evaluator.h"
#include "raddle/Reference/Passes.h"
#include "raddle/Reference/Weights.h"

using namespace mlir;

namespace raddle::reference {
#define GEN_PASS_DECL_GRAPHEXPOSEGROUPS
#define GEN_PASS_DEF_GRAPHEXPOSEGROUPS
#include "lib/Reference/Passes.h.inc"

namespace {

class ExposeGroupsPass : public impl::GraphExposeGroupsBase<ExposeGroupsPass> {
public:
  using GraphExposeGroupsBase::GraphExposeGroupsBase;

  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal() || !main.getBody().hasOneBlock()) {
      getOperation().emitError("expected a function 'main' of one block");
      return signalPassFailure();
    }
    if (!inputs.empty() && failed(takeBranches(main)))
      return signalPassFailure();
    expose(main);
  }

private:
  /// Replaces every `scf.if` outside of loops by the branch that the arguments
  /// take.
  LogicalResult takeBranches(func::FuncOp main) {
    bool found = false;
    for (Operation &op : main.front())
      found |= isa<scf::IfOp>(op);
    if (!found)
      return success();
    llvm::DenseMap<Value, bool> conditions;
    EvaluatorOptions options;
    options.readWeight = makeArchiveReader(getOperation());
    options.observe = [&](Value value, const Tensor &tensor) {
      if (value.getType().isInteger(1))
        conditions[value] = tensor.getInteger() != 0;
    };
    llvm::SmallVector<Tensor> arguments, results;
    if (failed(readArguments(main, inputs, arguments)) ||
        failed(Evaluator(options).run(main, arguments, results)))
      return failure();
    IRRewriter rewriter(&getContext());
    // Branches of branches come to the function's block in turn.
    while (true) {
      auto it = llvm::find_if(main.front(), [&](Operation &op) {
        auto branch = dyn_cast<scf::IfOp>(op);
        return branch && conditions.count(branch.getCondition());
      });
      if (it == main.front().end())
        return success();
      auto branch = cast<scf::IfOp>(*it);
      Region &taken = conditions[branch.getCondition()]
                          ? branch.getThenRegion()
                          : branch.getElseRegion();
      if (taken.empty()) {
        rewriter.eraseOp(branch);
        continue;
      }
      Operation *terminator = taken.front().getTerminator();
      llvm::SmallVector<Value> yielded(terminator->getOperands());
      rewriter.eraseOp(terminator);
      rewriter.inlineBlockBefore(&taken.front(), branch);
      rewriter.replaceOp(branch, yielded);
    }
  }

  void expose(func::FuncOp main) {
    Operation *terminator = main.front().getTerminator();
    Builder builder(&getContext());
    llvm::SmallVector<Value> returned(terminator->getOperands());
    llvm::SmallPtrSet<Value, 16> known(returned.begin(), returned.end());
    unsigned number = 0;
    for (auto group : main.front().getOps<graph::GroupOp>()) {
      for (auto [i, result] : llvm::enumerate(group.getResults())) {
        auto type = cast<RankedTensorType>(result.getType());
        if (type.getEncoding() || type.getElementType().isIndex() ||
            !known.insert(result).second)
          continue;
        std::string element;
        llvm::raw_string_ostream(element) << type.getElementType();
        std::string name =
            "group." + std::to_string(number) + "." + std::to_string(i);
        NamedAttribute attributes[] = {
            builder.getNamedAttr("graph.name", builder.getStringAttr(name)),
            builder.getNamedAttr("graph.type", builder.getStringAttr(element))};
        (void)main.insertResult(main.getNumResults(), type,
                                builder.getDictionaryAttr(attributes));
        returned.push_back(result);
      }
      ++number;
    }
    terminator->setOperands(returned);
  }
};

} // namespace

std::unique_ptr<Pass> createExposeGroupsPass() {
  return std::make_unique<ExposeGroupsPass>();
}

} // namespace raddle::reference
