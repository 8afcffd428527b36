//===- FoldConstantsPass.cpp - graph-fold-constants -----------------------===//
//
// Values that depend on constants alone are evaluated in program order; then,
// from the end, those that an unfolded operation still uses become constants.
// An operation that only spreads few elements over many (a broadcast, an iota)
// stays: a kernel makes its elements for nothing, a constant would be loaded.
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/IR/GraphOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Pass/Pass.h"
#include "raddle/Reference/Evaluator.h"
#include "raddle/Reference/Passes.h"
#include "raddle/Reference/Weights.h"

using namespace mlir;

namespace raddle::reference {
#define GEN_PASS_DECL_GRAPHFOLDCONSTANTS
#define GEN_PASS_DEF_GRAPHFOLDCONSTANTS
#include "lib/Reference/Passes.h.inc"

namespace {

/// True for operations whose result is cheaper to make than to load.
bool isGenerator(Operation *op) {
  return isa<graph::BroadcastOp, graph::IotaOp, graph::SplatOp, tensor::EmptyOp,
             tensor::SplatOp, graph::WeightOp>(op);
}

class FoldConstantsPass
    : public impl::GraphFoldConstantsBase<FoldConstantsPass> {
public:
  using GraphFoldConstantsBase::GraphFoldConstantsBase;
  // What was evaluated stays with the original.
  FoldConstantsPass(const FoldConstantsPass &other)
      : GraphFoldConstantsBase(other) {}

  void runOnOperation() override {
    EvaluatorOptions options;
    options.maxTensorBytes = maxBytes;
    options.readWeight = makeArchiveReader(getOperation());
    evaluator.emplace(std::move(options));
    known.clear();
    // What is in groups and precomputed tensors was decided.
    auto visit = [&](Operation *op) {
      if (isa<graph::GroupOp, graph::PrecomputeOp>(op))
        return WalkResult::skip();
      evaluate(op);
      return WalkResult::advance();
    };
    getOperation().walk<WalkOrder::PreOrder>(visit);
    llvm::SmallVector<Operation *> folded;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (op->getNumResults() && known.contains(op->getResult(0)))
        folded.push_back(op);
    });
    for (Operation *op : llvm::reverse(folded))
      materialise(op);
    evaluator.reset();
    known.clear();
  }

private:
  /// The value of an operand, if it is known and small.
  Tensor getKnown(Value value) {
    auto it = known.find(value);
    return it == known.end() ? Tensor() : it->second;
  }

  void evaluate(Operation *op) {
    if (op->getNumResults() == 0 || op->getNumRegions() != 0 ||
        !isMemoryEffectFree(op) || !Evaluator::isKnown(op))
      return;
    for (Type type : op->getResultTypes()) {
      auto ranked = dyn_cast<RankedTensorType>(type);
      if (ranked && ranked.getEncoding())
        return;
      // Asked before the work is done; dims that are not static come out small
      // or end the evaluation.
      if (ranked && ranked.hasStaticShape() &&
          ranked.getNumElements() * getElementBytes(ranked.getElementType()) >
              maxBytes)
        return;
    }
    llvm::SmallVector<Tensor> operands;
    for (Value operand : op->getOperands()) {
      operands.push_back(getKnown(operand));
      if (!operands.back())
        return;
    }
    // An operation that cannot be evaluated (it divides by zero, say) is no
    // error here: it may never run.
    ScopedDiagnosticHandler silence(op->getContext(),
                                    [](Diagnostic &) { return success(); });
    llvm::SmallVector<Tensor> results;
    if (failed(evaluator->run(op, operands, results)))
      return;
    for (auto [value, result] : llvm::zip(op->getResults(), results))
      known[value] = result;
  }

  void materialise(Operation *op) {
    if (isOpTriviallyDead(op)) {
      op->erase();
      return;
    }
    if (op->hasTrait<OpTrait::ConstantLike>() || isGenerator(op))
      return;
    OpBuilder builder(op);
    for (Value result : op->getResults()) {
      if (result.use_empty())
        continue;
      TypedAttr value = makeAttribute(known[result], result.getType());
      Value constant = arith::ConstantOp::create(builder, op->getLoc(), value);
      if (constant.getType() != result.getType())
        constant = tensor::CastOp::create(builder, op->getLoc(),
                                          result.getType(), constant);
      result.replaceAllUsesWith(constant);
    }
    op->erase();
  }

  static TypedAttr makeAttribute(const Tensor &tensor, Type type) {
    if (isa<RankedTensorType>(type))
      return toAttribute(
          tensor,
          RankedTensorType::get(tensor.getShape(), tensor.getElementType()));
    Attribute element = *toAttribute(tensor, RankedTensorType::get({}, type))
                             .value_begin<Attribute>();
    return cast<TypedAttr>(element);
  }

  std::optional<Evaluator> evaluator;
  llvm::DenseMap<Value, Tensor> known;
};

} // namespace

std::unique_ptr<Pass> createFoldConstantsPass(int64_t maxBytes) {
  GraphFoldConstantsOptions options;
  options.maxBytes = maxBytes;
  return std::make_unique<FoldConstantsPass>(options);
}

} // namespace raddle::reference
