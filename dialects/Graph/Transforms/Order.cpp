//===- Order.cpp - Orders groups for few live bytes -----------------------===//
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/Transforms/Classify.h"
#include "dialects/Graph/Transforms/Passes.h"
#include "mlir/Transforms/RegionUtils.h"

namespace raddle::graph {
#define GEN_PASS_DEF_GRAPHORDER
#include "dialects/Graph/Transforms/Passes.h.inc"
} // namespace raddle::graph

using namespace mlir;
using namespace raddle::graph;

namespace {

/// Schedules one block. A *step* is an operation that takes device memory or
/// time, or has an effect; all others (weights, constants, host scalars) are
/// placed before the first step that uses them.
class BlockOrder {
public:
  BlockOrder(Block &block, int64_t assumedSize)
      : block(block), assumedSize(assumedSize) {}

  void run();

private:
  struct Step {
    Operation *op;
    /// Steps that must come first, and those that wait for this one.
    llvm::SetVector<unsigned> before, after;
    /// Device tensors read here.
    llvm::SetVector<Value> reads;
  };

  static bool isStep(Operation &op) {
    return isa<GroupOp>(op) ||
           (op.getNumRegions() > 0 && !isa<PrecomputeOp>(op)) || !isPure(&op) ||
           isa<tensor::ExtractOp>(op) || getRole(&op) == OpRole::root ||
           getRole(&op) == OpRole::element ||
           op.hasTrait<OpTrait::IsTerminator>();
  }
  void collect();
  void trace(Operation *op, Step &step);
  void traceValue(Value value, Step &step, bool reads);
  SmallVector<unsigned> schedule();
  double peak(ArrayRef<unsigned> order);
  void place(Operation *op, Operation *end);

  double bytes(Value value) { return countBytes(value.getType(), assumedSize); }

  Block &block;
  int64_t assumedSize;
  std::vector<Step> steps;
  DenseMap<Operation *, unsigned> numbers;
  /// Number of steps that read a tensor made by a step.
  DenseMap<Value, unsigned> readers;
  llvm::DenseSet<Operation *> placed;
};

} // namespace

void BlockOrder::traceValue(Value value, Step &step, bool reads) {
  Operation *producer = value.getDefiningOp();
  if (!producer || producer->getBlock() != &block)
    return;
  auto it = numbers.find(producer);
  if (it == numbers.end())
    return trace(producer, step);
  step.before.insert(it->second);
  if (reads && isa<RankedTensorType>(value.getType()))
    step.reads.insert(value);
}

void BlockOrder::trace(Operation *op, Step &step) {
  // A size is known without the tensor.
  bool reads = !isa<tensor::DimOp>(op);
  for (Value operand : op->getOperands())
    traceValue(operand, step, reads);
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  for (Value value : captured)
    traceValue(value, step, reads);
}

void BlockOrder::collect() {
  int lastEffect = -1;
  for (Operation &op : block) {
    if (!isStep(op))
      continue;
    unsigned number = steps.size();
    numbers[&op] = number;
    Step &step = steps.emplace_back();
    step.op = &op;
    trace(&op, step);
    step.before.remove(number);
    if (!isPure(&op)) {
      if (lastEffect >= 0)
        step.before.insert(lastEffect);
      lastEffect = number;
    }
  }
  // The terminator waits for all.
  for (unsigned number = 0; number + 1 < steps.size(); ++number)
    steps.back().before.insert(number);
  for (auto [number, step] : llvm::enumerate(steps)) {
    for (unsigned other : step.before)
      steps[other].after.insert(number);
    for (Value value : step.reads)
      ++readers[value];
  }
}

double BlockOrder::peak(ArrayRef<unsigned> order) {
  DenseMap<Value, unsigned> left = readers;
  double live = 0, highest = 0;
  for (unsigned number : order) {
    for (Value result : steps[number].op->getResults())
      if (readers.contains(result))
        live += bytes(result);
    highest = std::max(highest, live);
    for (Value value : steps[number].reads)
      if (--left[value] == 0)
        live -= bytes(value);
  }
  return highest;
}

SmallVector<unsigned> BlockOrder::schedule() {
  DenseMap<Value, unsigned> left = readers;
  SmallVector<unsigned> missing, order;
  SmallVector<unsigned> ready;
  for (auto [number, step] : llvm::enumerate(steps)) {
    missing.push_back(step.before.size());
    if (step.before.empty())
      ready.push_back(number);
  }
  while (!ready.empty()) {
    // Bytes that are live after a step more than before it.
    auto growth = [&](unsigned number) {
      double sum = 0;
      for (Value result : steps[number].op->getResults())
        if (readers.contains(result))
          sum += bytes(result);
      for (Value value : steps[number].reads)
        if (left.lookup(value) == 1)
          sum -= bytes(value);
      return sum;
    };
    unsigned best = 0;
    double least = 0;
    for (auto [index, number] : llvm::enumerate(ready)) {
      double own = growth(number);
      if (index == 0 || own < least || (own == least && number < ready[best])) {
        best = index;
        least = own;
      }
    }
    unsigned number = ready[best];
    ready.erase(ready.begin() + best);
    order.push_back(number);
    for (Value value : steps[number].reads)
      --left[value];
    for (unsigned next : steps[number].after)
      if (--missing[next] == 0)
        ready.push_back(next);
  }
  return order;
}

/// Moves `op` before `end`, after what it uses.
void BlockOrder::place(Operation *op, Operation *end) {
  if (op->getBlock() != &block || !placed.insert(op).second)
    return;
  auto placeProducer = [&](Value value) {
    if (Operation *producer = value.getDefiningOp())
      place(producer, end);
  };
  for (Value operand : op->getOperands())
    placeProducer(operand);
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  for (Value value : captured)
    placeProducer(value);
  if (op != end)
    op->moveBefore(end);
}

void BlockOrder::run() {
  collect();
  if (steps.size() < 3)
    return;
  SmallVector<unsigned> given =
      llvm::to_vector(llvm::seq<unsigned>(0, steps.size()));
  SmallVector<unsigned> order = schedule();
  if (order.size() != steps.size() || peak(order) >= peak(given))
    return;
  Operation *terminator = block.getTerminator();
  for (unsigned number : order)
    place(steps[number].op, terminator);
}

namespace {
struct GraphOrder : raddle::graph::impl::GraphOrderBase<GraphOrder> {
  using GraphOrderBase::GraphOrderBase;

  void runOnOperation() override {
    getOperation().walk<WalkOrder::PreOrder>([&](Block *block) {
      if (!isa<GroupOp, PrecomputeOp>(block->getParentOp()) &&
          !block->empty() && block->back().hasTrait<OpTrait::IsTerminator>())
        BlockOrder(*block, assumedSize).run();
    });
  }
};
} // namespace
