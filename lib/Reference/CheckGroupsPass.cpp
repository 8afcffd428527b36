//===- CheckGroupsPass.cpp - graph-check-groups ---------------------------===//

#include "dialects/Graph/IR/GraphOps.h"
#include "lib/Reference/Bounds.h"
#include "lib/Reference/NpzFiles.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Support/FileUtilities.h"
#include "raddle/Reference/Passes.h"
#include "raddle/Reference/Weights.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;

namespace raddle::reference {
#define GEN_PASS_DECL_GRAPHCHECKGROUPS
#define GEN_PASS_DEF_GRAPHCHECKGROUPS
#include "lib/Reference/Passes.h.inc"

namespace {

/// What a comparison found.
struct Verdict {
  int64_t elements = 0, unbounded = 0, beyond = 0;
  /// Largest error relative to its bound, and where.
  double ratio = 0;
  int64_t worst = 0;
  /// Largest error.
  double error = 0;
};

/// Compares what was computed with the exact value and its bound.
Verdict compare(const Bounded &expected, const Tensor &found) {
  Verdict verdict;
  verdict.elements = found.size();
  bool isFloat = found.isFloat();
  for (int64_t i = 0; i < found.size(); ++i) {
    double bound = expected.error ? expected.error.data<double>()[i] : 0;
    if (std::isinf(bound)) {
      ++verdict.unbounded;
      continue;
    }
    double distance = 0;
    if (!isFloat) {
      distance = expected.value.getInteger(i) == found.getInteger(i) ? 0 : 1;
    } else {
      double x = expected.value.data<double>()[i], y = found.getFloat(i);
      bool same = x == y || (std::isnan(x) && std::isnan(y));
      distance = same ? 0 : std::fabs(x - y);
      if (std::isnan(distance))
        distance = INFINITY;
    }
    verdict.error = std::max(verdict.error, distance);
    double ratio = distance == 0 ? 0 : distance / bound;
    if (!(ratio <= 1))
      ++verdict.beyond;
    if (ratio > verdict.ratio) {
      verdict.ratio = ratio;
      verdict.worst = i;
    }
  }
  return verdict;
}

class Checker {
public:
  Checker(func::FuncOp function, Evaluator &evaluator,
          llvm::SmallVector<Tensor> found, raw_ostream *report)
      : function(function), evaluator(evaluator), report(report) {
    Operation *terminator = function.front().getTerminator();
    for (auto [value, tensor] : llvm::zip(terminator->getOperands(), found))
      if (tensor)
        this->found[value] = tensor;
  }

  LogicalResult run(llvm::ArrayRef<Tensor> arguments);

  unsigned getNumGroups() const { return groups; }

private:
  using Values = llvm::DenseMap<Value, Bounded>;
  LogicalResult runBlock(Block &block, Values &values,
                         llvm::SmallVectorImpl<Bounded> &yielded);
  LogicalResult runOp(Operation *op, Values &values,
                      llvm::SmallVectorImpl<Bounded> &results);
  LogicalResult runGroup(graph::GroupOp group, llvm::ArrayRef<Bounded> inputs,
                         llvm::SmallVectorImpl<Bounded> &results);
  LogicalResult runLoop(scf::ForOp loop, llvm::ArrayRef<Bounded> operands,
                        Values &values,
                        llvm::SmallVectorImpl<Bounded> &results);
  /// Judges a result; `bounded` becomes what was found.
  LogicalResult judge(Operation *op, unsigned number, Bounded &bounded);
  void forget(Block &block, Values &values);

  func::FuncOp function;
  Evaluator &evaluator;
  raw_ostream *report;
  llvm::DenseMap<Value, Tensor> found;
  unsigned groups = 0, failures = 0;
};

LogicalResult Checker::judge(Operation *op, unsigned number, Bounded &bounded) {
  auto it = found.find(op->getResult(number));
  if (it == found.end())
    return success();
  Tensor computed = it->second;
  if (computed.getShape() != bounded.value.getShape())
    return op->emitError("result #")
           << number << " was computed as " << computed.describe()
           << ", expected " << bounded.value.describe();
  Verdict verdict = compare(bounded, computed);
  auto group = dyn_cast<graph::GroupOp>(op);
  if (report) {
    llvm::json::OStream json(*report);
    json.object([&] {
      json.attribute("group", groups);
      if (group) {
        json.attribute("skeleton", group.getSkeleton());
        json.attributeArray("nodes", [&] {
          if (ArrayAttr nodes = group.getNodesAttr())
            for (Attribute node : nodes)
              json.value(cast<StringAttr>(node).getValue());
        });
      }
      json.attribute("result", number);
      json.attribute("elements", verdict.elements);
      json.attribute("unbounded", verdict.unbounded);
      json.attribute("ratio", std::min(verdict.ratio, 1e300));
      json.attribute("error", std::min(verdict.error, 1e300));
    });
    *report << "\n";
  }
  if (verdict.beyond) {
    ++failures;
    int64_t i = verdict.worst;
    InFlightDiagnostic diagnostic = op->emitError("result #");
    diagnostic << number << " of "
               << (group ? group.getSkeleton() : op->getName().getStringRef())
               << " has " << verdict.beyond << " of " << verdict.elements
               << " elements beyond their bound: element " << i;
    auto text = [](double number) {
      std::string result;
      llvm::raw_string_ostream(result) << llvm::format("%.9g", number);
      return result;
    };
    if (computed.isFloat())
      diagnostic << " is " << text(computed.getFloat(i)) << ", expected "
                 << text(bounded.value.data<double>()[i]) << " within "
                 << text(bounded.error ? bounded.error.data<double>()[i] : 0);
    else
      diagnostic << " is " << computed.getInteger(i) << ", expected "
                 << bounded.value.getInteger(i);
  }
  // What comes after is judged from what this group gave.
  if (computed.isFloat())
    computed = convertFloat(computed, Float64Type::get(op->getContext()));
  bounded = {computed, {}};
  return success();
}

LogicalResult Checker::runGroup(graph::GroupOp group,
                                llvm::ArrayRef<Bounded> inputs,
                                llvm::SmallVectorImpl<Bounded> &results) {
  Values values;
  Block &body = group.getBody().front();
  for (auto [argument, input] : llvm::zip(body.getArguments(), inputs))
    values[argument] = input;
  if (failed(runBlock(body, values, results)))
    return failure();
  for (unsigned i = 0; i < results.size(); ++i)
    if (failed(judge(group, i, results[i])))
      return failure();
  ++groups;
  return success();
}

LogicalResult Checker::runLoop(scf::ForOp loop,
                               llvm::ArrayRef<Bounded> operands, Values &values,
                               llvm::SmallVectorImpl<Bounded> &results) {
  int64_t from = operands[0].value.getInteger(),
          to = operands[1].value.getInteger(),
          step = operands[2].value.getInteger();
  if (step <= 0)
    return loop.emitOpError("has step ") << step << ", expected a positive one";
  results.append(operands.begin() + 3, operands.end());
  for (int64_t i = from; i < to; i += step) {
    values[loop.getInductionVar()] = {
        Tensor::scalar(loop.getInductionVar().getType(), i), {}};
    for (auto [argument, state] : llvm::zip(loop.getRegionIterArgs(), results))
      values[argument] = state;
    results.clear();
    if (failed(runBlock(*loop.getBody(), values, results)))
      return failure();
  }
  return success();
}

LogicalResult Checker::runOp(Operation *op, Values &values,
                             llvm::SmallVectorImpl<Bounded> &results) {
  llvm::SmallVector<Bounded> operands;
  for (Value operand : op->getOperands()) {
    auto it = values.find(operand);
    if (it == values.end())
      return op->emitOpError("uses a value that was not evaluated");
    operands.push_back(it->second);
  }
  if (auto group = dyn_cast<graph::GroupOp>(op))
    return runGroup(group, operands, results);
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    Region &taken = operands[0].value.getInteger() ? branch.getThenRegion()
                                                   : branch.getElseRegion();
    return taken.empty() ? success() : runBlock(taken.front(), values, results);
  }
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return runLoop(loop, operands, values, results);
  if (isa<graph::PrecomputeOp>(op)) {
    // In the types of the program: the artifact has these very elements.
    EvaluatorOptions options;
    options.readWeight = evaluator.getOptions().readWeight;
    llvm::SmallVector<Tensor> tensors;
    if (failed(Evaluator(options).run(op, {}, tensors)))
      return failure();
    for (Tensor &tensor : tensors)
      results.push_back(
          {tensor.isFloat()
               ? convertFloat(tensor, Float64Type::get(op->getContext()))
               : tensor,
           {}});
    return success();
  }
  if (op->getNumRegions())
    return op->emitOpError("is not understood by the check of groups");
  return evaluateBounded(evaluator, op, operands, results);
}

/// Drops the values of a block: those of a real model add up.
void Checker::forget(Block &block, Values &values) {
  for (Operation &op : block)
    for (Value result : op.getResults())
      values.erase(result);
}

LogicalResult Checker::runBlock(Block &block, Values &values,
                                llvm::SmallVectorImpl<Bounded> &yielded) {
  llvm::DenseMap<Operation *, llvm::SmallVector<Value>> lastUses;
  for (Operation &op : block)
    for (Value result : op.getResults()) {
      Operation *last = nullptr;
      for (Operation *user : result.getUsers()) {
        Operation *ancestor = block.findAncestorOpInBlock(*user);
        if (ancestor && (!last || last->isBeforeInBlock(ancestor)))
          last = ancestor;
      }
      if (last)
        lastUses[last].push_back(result);
    }
  for (Operation &op : block) {
    if (op.hasTrait<OpTrait::IsTerminator>()) {
      for (Value operand : op.getOperands())
        yielded.push_back(values.lookup(operand));
      break;
    }
    llvm::SmallVector<Bounded> results;
    if (failed(runOp(&op, values, results)))
      return failure();
    for (auto [value, result] : llvm::zip(op.getResults(), results))
      values[value] = std::move(result);
    for (Value value : lastUses[&op])
      values.erase(value);
  }
  forget(block, values);
  return success();
}

LogicalResult Checker::run(llvm::ArrayRef<Tensor> arguments) {
  Values values;
  Type f64 = Float64Type::get(function.getContext());
  for (auto [argument, tensor] : llvm::zip(function.getArguments(), arguments))
    values[argument] = {tensor.isFloat() ? convertFloat(tensor, f64) : tensor,
                        {}};
  llvm::SmallVector<Bounded> results;
  if (failed(runBlock(function.front(), values, results)))
    return failure();
  return success(failures == 0);
}

class CheckGroupsPass : public impl::GraphCheckGroupsBase<CheckGroupsPass> {
public:
  using GraphCheckGroupsBase::GraphCheckGroupsBase;

  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal() || !main.getBody().hasOneBlock()) {
      getOperation().emitError("expected a function 'main' of one block");
      return signalPassFailure();
    }
    EvaluatorOptions options;
    options.readWeight = makeArchiveReader(getOperation());
    options.wide = true;
    Evaluator evaluator(std::move(options));
    llvm::SmallVector<Tensor> arguments, found;
    if (failed(readArguments(main, inputs, arguments)) ||
        failed(readResults(main, outputs, found)))
      return signalPassFailure();
    std::unique_ptr<llvm::ToolOutputFile> file;
    if (!report.empty()) {
      std::string message;
      file = openOutputFile(report, &message);
      if (!file) {
        getOperation().emitError(message);
        return signalPassFailure();
      }
    }
    Checker checker(main, evaluator, std::move(found),
                    file ? &file->os() : nullptr);
    if (failed(checker.run(arguments)))
      signalPassFailure();
    if (file)
      file->keep();
    markAllAnalysesPreserved();
  }
};

} // namespace

std::unique_ptr<Pass> createCheckGroupsPass() {
  return std::make_unique<CheckGroupsPass>();
}

} // namespace raddle::reference
