//===- ReduceDataflow.cpp - Shrinks a program that shows a bug ------------===//
#include "ReduceDataflow.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectInterface.h"
#include "mlir/IR/Iterators.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Reducer/ReductionPatternInterface.h"
#include "mlir/Reducer/Tester.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringSet.h"

#include <tuple>

namespace raddle {
#define GEN_PASS_DECL
#define GEN_PASS_DEF_REDUCEDATAFLOW
#define GEN_PASS_REGISTRATION
#include "tools/raddle-reduce/Passes.h.inc"
} // namespace raddle

using namespace mlir;

namespace {

struct InterfaceCollection
    : DialectInterfaceCollection<DialectReductionPatternInterface> {
  using Base::Base;
};

/// What "smaller" means, the most important first.
struct Measure {
  /// Operations, of which constants count half and casts of types nothing.
  int64_t operations = 0;
  /// Sizes that are not known, of arguments and of what is computed.
  int64_t dynamicSizes = 0;
  /// Elements of all tensors.
  int64_t elements = 0;
  int64_t characters = 0;

  Measure(Operation *module, StringRef text) : characters(text.size()) {
    auto add = [&](Type type) {
      auto tensor = dyn_cast<RankedTensorType>(type);
      if (tensor && tensor.hasStaticShape())
        elements += tensor.getNumElements();
      else if (tensor)
        dynamicSizes += tensor.getNumDynamicDims();
    };
    module->walk([&](Operation *op) {
      if (auto func = dyn_cast<FunctionOpInterface>(op))
        llvm::for_each(func.getArgumentTypes(), add);
      if (isa<tensor::CastOp>(op))
        return;
      llvm::for_each(op->getResultTypes(), add);
      if (op->hasTrait<OpTrait::ConstantLike>())
        operations += 1;
      else if (!op->hasTrait<OpTrait::IsTerminator>())
        operations += 2;
    });
  }
  bool operator<(const Measure &other) const {
    auto key = [](const Measure &m) {
      return std::tie(m.operations, m.dynamicSizes, m.elements, m.characters);
    };
    return key(*this) < key(other);
  }
};

/// Forgets operations that a pattern has erased.
struct ErasureListener : RewriterBase::Listener {
  explicit ErasureListener(DenseSet<Operation *> &alive) : alive(alive) {}
  void notifyOperationErased(Operation *op) override { alive.erase(op); }
  DenseSet<Operation *> &alive;
};

std::string print(Operation *module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream);
  return text;
}

/// The operations that patterns are tried on, users first: what is gained at
/// the end of a graph makes what is before it dead.
SmallVector<Operation *> getOperations(Operation *module) {
  SmallVector<Operation *> operations;
  module->walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op != module)
      operations.push_back(op);
  });
  std::reverse(operations.begin(), operations.end());
  return operations;
}

void eraseDead(Operation *module) {
  bool changed = true;
  while (changed) {
    changed = false;
    module->walk<WalkOrder::PostOrder, ReverseIterator>([&](Operation *op) {
      if (op != module && isOpTriviallyDead(op)) {
        op->erase();
        changed = true;
      }
    });
  }
}

/// The smallest program so far, and the search for a smaller one.
class Reducer {
public:
  Reducer(ModuleOp module, const Tester &tester, unsigned maxTests)
      : context(module.getContext()), tester(tester), maxTests(maxTests),
        best(module.clone()) {
    std::string text = print(*best);
    seen.insert(text);
    bestMeasure.emplace(*best, text);
  }

  /// Applies the pattern wherever it leads to something better.
  bool tryPattern(const RewritePattern &pattern);
  /// Runs a pipeline on the whole.
  bool tryPasses(StringRef pipeline);

  ModuleOp getBest() { return *best; }
  unsigned getNumTests() const { return numTests; }
  bool isExhausted() const { return maxTests && numTests >= maxTests; }

private:
  /// Takes `candidate` when it is better.
  bool tryCandidate(OwningOpRef<ModuleOp> candidate);
  /// Applies the pattern to some of the operations.
  bool tryRange(const RewritePattern &pattern, size_t begin, size_t end);

  MLIRContext *context;
  const Tester &tester;
  unsigned maxTests, numTests = 0;
  OwningOpRef<ModuleOp> best;
  std::optional<Measure> bestMeasure;
  /// Texts that were asked about.
  llvm::StringSet<> seen;
};

struct ReduceDataflow : raddle::impl::ReduceDataflowBase<ReduceDataflow> {
  using ReduceDataflowBase::ReduceDataflowBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    OpPassManager passes("builtin.module");
    if (succeeded(parsePassPipeline(simplify, passes, llvm::nulls())))
      passes.getDependentDialects(registry);
  }
  void runOnOperation() override;
};

} // namespace

bool Reducer::tryCandidate(OwningOpRef<ModuleOp> candidate) {
  {
    // A pattern may try what is not legal.
    ScopedDiagnosticHandler ignore(context,
                                   [](Diagnostic &) { return success(); });
    if (failed(verify(*candidate)))
      return false;
  }
  std::string text = print(*candidate);
  Measure measure(*candidate, text);
  if (!(measure < *bestMeasure) || !seen.insert(text).second || isExhausted())
    return false;
  ++numTests;
  if (tester.isInteresting(*candidate).first != Tester::Interestingness::True)
    return false;
  best = std::move(candidate);
  bestMeasure = measure;
  return true;
}

bool Reducer::tryRange(const RewritePattern &pattern, size_t begin,
                       size_t end) {
  OwningOpRef<ModuleOp> candidate(best->clone());
  SmallVector<Operation *> operations = getOperations(*candidate);
  DenseSet<Operation *> alive(operations.begin(), operations.end());
  ErasureListener listener(alive);
  PatternRewriter rewriter(context);
  rewriter.setListener(&listener);
  bool changed = false;
  for (size_t i = begin; i < std::min(end, operations.size()); ++i) {
    Operation *op = operations[i];
    if (!alive.contains(op))
      continue;
    if (auto kind = pattern.getRootKind(); kind && op->getName() != *kind)
      continue;
    rewriter.setInsertionPoint(op);
    changed |= succeeded(pattern.matchAndRewrite(op, rewriter));
  }
  if (!changed)
    return false;
  eraseDead(*candidate);
  return tryCandidate(std::move(candidate));
}

bool Reducer::tryPattern(const RewritePattern &pattern) {
  bool changed = false;
  size_t count = getOperations(*best).size();
  for (size_t chunk = count; chunk > 0 && !isExhausted(); chunk /= 2) {
    for (size_t begin = 0; begin < count;) {
      if (tryRange(pattern, begin, begin + chunk)) {
        changed = true;
        count = getOperations(*best).size();
      } else {
        begin += chunk;
      }
    }
  }
  return changed;
}

bool Reducer::tryPasses(StringRef pipeline) {
  if (pipeline.empty())
    return false;
  OwningOpRef<ModuleOp> candidate(best->clone());
  PassManager passes(context, "builtin.module");
  return succeeded(parsePassPipeline(pipeline, passes)) &&
         succeeded(passes.run(*candidate)) &&
         tryCandidate(std::move(candidate));
}

void ReduceDataflow::runOnOperation() {
  ModuleOp module = getOperation();
  if (testerName.empty()) {
    emitError(module.getLoc(), "expected a script, found an empty 'test'");
    return signalPassFailure();
  }
  Tester tester(testerName, testerArgs);
  if (tester.isInteresting(module).first != Tester::Interestingness::True) {
    emitError(module.getLoc()) << "expected a program for which '" << testerName
                               << "' returns another exit code than 0, found 0";
    return signalPassFailure();
  }
  RewritePatternSet patterns(&getContext());
  for (const DialectReductionPatternInterface &interface :
       InterfaceCollection(&getContext())) {
    interface.populateReductionPatterns(patterns);
    interface.populateReductionPatternsWithTester(patterns, tester);
  }
  SmallVector<RewritePattern *> sorted;
  for (const auto &pattern : patterns.getNativePatterns())
    sorted.push_back(pattern.get());
  llvm::sort(sorted, [](RewritePattern *a, RewritePattern *b) {
    return b->getBenefit() < a->getBenefit();
  });

  Reducer reducer(module, tester, maxTests);
  bool changed = true;
  while (changed && !reducer.isExhausted()) {
    changed = reducer.tryPasses(simplify);
    for (const RewritePattern *pattern : sorted) {
      if (!reducer.tryPattern(*pattern))
        continue;
      changed = true;
      reducer.tryPasses(simplify);
    }
  }
  ModuleOp best = reducer.getBest();
  module->setAttrs(best->getAttrDictionary());
  module.getBodyRegion().takeBody(best.getBodyRegion());
  llvm::errs() << "reduce-dataflow: " << getOperations(module).size()
               << " operations are left after " << reducer.getNumTests()
               << " tests\n";
}

void raddle::registerReductionPasses() { registerReducePasses(); }
