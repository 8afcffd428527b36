//===- FormGroups.cpp - Turns a fusion plan into group operations ---------===//
#include "dialects/Graph/IR/GraphUtils.h"
#include "dialects/Graph/Transforms/Classify.h"
#include "dialects/Graph/Transforms/FusionPlan.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"
#include <queue>

using namespace mlir;
using namespace raddle::graph;

namespace {

class BlockFormer {
public:
  BlockFormer(Block &block, ArrayRef<FusedGroup *> groups)
      : block(block), groups(groups) {}

  LogicalResult run();

private:
  /// A group (of number `group`) or an operation that stays.
  struct Unit {
    Operation *op = nullptr;
    int group = -1;
    unsigned position = 0;
    unsigned missing = 0;
    SmallVector<unsigned> users;
  };

  LogicalResult sort();
  LogicalResult addDependencies(unsigned unit, Operation *op);
  GroupOp build(FusedGroup &group, OpBuilder &builder);

  Block &block;
  ArrayRef<FusedGroup *> groups;
  std::vector<Unit> units;
  std::vector<unsigned> sorted;
  llvm::DenseSet<Operation *> absorbed;
  DenseMap<Operation *, unsigned> positions;
  DenseMap<Value, unsigned> producers;
  /// Yielded value to the result of its group.
  DenseMap<Value, Value> results;
};

} // namespace

LogicalResult BlockFormer::addDependencies(unsigned index, Operation *op) {
  const FusedGroup *group =
      units[index].group >= 0 ? groups[units[index].group] : nullptr;
  llvm::SetVector<Value> values(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), values);
  for (Value value : values) {
    Operation *producer = value.getDefiningOp();
    if (!producer || producer->getBlock() != &block ||
        (group && group->ops.contains(producer)))
      continue;
    auto it = producers.find(value);
    if (it == producers.end()) {
      return producer->emitOpError()
             << "is needed by '" << op->getName()
             << "', but no group of the fusion plan yields it";
    }
    if (it->second == index)
      continue;
    units[it->second].users.push_back(index);
    ++units[index].missing;
  }
  return success();
}

/// Topological order, as near to the program's as it can be.
LogicalResult BlockFormer::sort() {
  using Entry = std::pair<unsigned, unsigned>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<Entry>> ready;
  for (auto [index, unit] : llvm::enumerate(units))
    if (unit.missing == 0)
      ready.push({unit.position, index});
  while (!ready.empty()) {
    unsigned index = ready.top().second;
    ready.pop();
    sorted.push_back(index);
    for (unsigned user : units[index].users)
      if (--units[user].missing == 0)
        ready.push({units[user].position, user});
  }
  if (sorted.size() == units.size())
    return success();
  for (const Unit &unit : units) {
    if (unit.missing == 0 || unit.group < 0)
      continue;
    FusedGroup &group = *groups[unit.group];
    Operation *op = group.root ? group.root : group.ops.front();
    return op->emitOpError("is in a group that depends on its own result "
                           "through other groups of the fusion plan");
  }
  return block.getParentOp()->emitOpError("has a cycle in its fusion plan");
}

/// `ops` in an order that follows from their dataflow alone, operands first, so
/// that equal groups have equal texts wherever their operations stood.
static SmallVector<Operation *> orderByDataflow(ArrayRef<Operation *> ops,
                                                const FusedGroup &group) {
  llvm::SetVector<Operation *> ordered;
  struct Frame {
    Operation *op;
    unsigned operand = 0;
  };
  SmallVector<Frame> stack;
  auto visit = [&](Value value) {
    Operation *op = value.getDefiningOp();
    if (op && group.ops.contains(op) && !ordered.contains(op))
      stack.push_back({op});
  };
  for (Value value : group.yields) {
    visit(value);
    while (!stack.empty()) {
      Frame &frame = stack.back();
      if (frame.operand < frame.op->getNumOperands()) {
        visit(frame.op->getOperand(frame.operand++));
        continue;
      }
      ordered.insert(frame.op);
      stack.pop_back();
    }
  }
  ordered.insert(ops.begin(), ops.end());
  return ordered.takeVector();
}

GroupOp BlockFormer::build(FusedGroup &group, OpBuilder &builder) {
  SmallVector<Operation *> ops(group.ops.begin(), group.ops.end());
  // Operations of enclosing blocks come first, the outermost before others.
  auto depth = [](Operation *op) {
    unsigned count = 0;
    for (Operation *parent = op->getParentOp(); parent;
         parent = parent->getParentOp())
      ++count;
    return count;
  };
  llvm::sort(ops, [&](Operation *a, Operation *b) {
    // This block is being re-ordered: its numbers tell the old order.
    if (a->getBlock() == &block && b->getBlock() == &block)
      return positions.lookup(a) < positions.lookup(b);
    if (a->getBlock() == b->getBlock())
      return a->isBeforeInBlock(b);
    return depth(a) < depth(b);
  });

  llvm::SetVector<Value> inputs, scalars;
  llvm::SetVector<StringAttr> names;
  SmallVector<Location> locations;
  for (Operation *op : ops)
    if (getRole(op) != OpRole::splat)
      collectNodeNames(op->getLoc(), names);
  ops = orderByDataflow(ops, group);
  for (Operation *op : ops)
    for (Value operand : op->getOperands())
      if (!operand.getDefiningOp() ||
          !group.ops.contains(operand.getDefiningOp()))
        (isa<RankedTensorType>(operand.getType()) ? inputs : scalars)
            .insert(operand);
  // The group stands for what it stores and its root.
  if (group.root)
    locations.push_back(group.root->getLoc());
  for (Value value : group.yields)
    locations.push_back(value.getLoc());

  SmallVector<Value> outerInputs, outerScalars;
  auto resolve = [&](Value value) {
    auto it = results.find(value);
    return it == results.end() ? value : it->second;
  };
  for (Value value : inputs)
    outerInputs.push_back(resolve(value));
  for (Value value : scalars)
    outerScalars.push_back(resolve(value));

  SmallVector<Type> types;
  for (Value value : group.yields)
    types.push_back(value.getType());
  ArrayAttr nodes;
  if (!names.empty())
    nodes = builder.getArrayAttr(
        SmallVector<Attribute>(names.begin(), names.end()));
  auto op = GroupOp::create(
      builder, builder.getFusedLoc(locations), types, outerInputs, outerScalars,
      builder.getStringAttr(group.skeleton),
      group.reason.empty() ? StringAttr() : builder.getStringAttr(group.reason),
      nodes);
  Block &body = op.getBody().emplaceBlock();
  IRMapping mapping;
  for (Value value :
       llvm::concat<const Value>(inputs.getArrayRef(), scalars.getArrayRef()))
    mapping.map(value, body.addArgument(value.getType(), value.getLoc()));
  OpBuilder inside(builder.getContext());
  inside.setInsertionPointToEnd(&body);
  for (Operation *member : ops)
    inside.clone(*member, mapping);
  SmallVector<Value> yielded;
  for (Value value : group.yields)
    yielded.push_back(mapping.lookup(value));
  YieldOp::create(inside, op.getLoc(), yielded);
  for (auto [value, result] : llvm::zip_equal(group.yields, op.getResults()))
    results[value] = result;
  return op;
}

LogicalResult BlockFormer::run() {
  for (auto [position, op] : llvm::enumerate(block))
    positions[&op] = position;
  for (auto [index, group] : llvm::enumerate(groups)) {
    Unit unit;
    unit.group = index;
    for (Value value : group->yields) {
      unit.position =
          std::max(unit.position, positions.lookup(value.getDefiningOp()));
      if (!producers.try_emplace(value, units.size()).second)
        return value.getDefiningOp()->emitOpError(
            "is yielded by two groups of the fusion plan");
    }
    for (Operation *op : group->ops)
      if (op->getBlock() == &block)
        absorbed.insert(op);
    units.push_back(unit);
  }
  // Constants that groups copied may be used by the host as well.
  for (Operation &op : block) {
    bool stays = !absorbed.contains(&op) || getRole(&op) == OpRole::splat;
    if (!stays)
      continue;
    Unit unit;
    unit.op = &op;
    unit.position = positions.lookup(&op);
    for (Value result : op.getResults())
      producers[result] = units.size();
    units.push_back(unit);
  }
  for (unsigned index = 0, end = units.size(); index < end; ++index) {
    if (units[index].group < 0) {
      if (failed(addDependencies(index, units[index].op)))
        return failure();
      continue;
    }
    for (Operation *op : groups[units[index].group]->ops)
      if (failed(addDependencies(index, op)))
        return failure();
  }
  if (failed(sort()))
    return failure();

  // New order: everything that stays moves to the end in turn.
  OpBuilder builder(block.getParentOp()->getContext());
  for (unsigned index : sorted) {
    builder.setInsertionPointToEnd(&block);
    if (units[index].group >= 0)
      build(*groups[units[index].group], builder);
    else
      units[index].op->moveBefore(&block, block.end());
  }
  for (auto [value, result] : results)
    value.replaceUsesWithIf(result, [&](OpOperand &use) {
      return !absorbed.contains(use.getOwner());
    });
  // All that used them is in groups now.
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (absorbed.contains(&op) && isOpTriviallyDead(&op))
      op.erase();
  return success();
}

LogicalResult FusionPlan::apply(func::FuncOp function) {
  llvm::MapVector<Block *, SmallVector<FusedGroup *>> byBlock;
  function.walk<WalkOrder::PreOrder>([&](Block *block) {
    if (!isa<GroupOp, PrecomputeOp>(block->getParentOp()))
      byBlock[block];
  });
  for (FusedGroup &group : groups) {
    Block *block = group.yields.front().getDefiningOp()->getBlock();
    for (Value value : group.yields)
      if (value.getDefiningOp()->getBlock() != block)
        return value.getDefiningOp()->emitOpError(
            "is yielded by a group whose other results are of another block");
    byBlock[block].push_back(&group);
  }
  // Inner blocks first: they copy what they need of the outer ones.
  for (auto &[block, list] : llvm::reverse(byBlock))
    if (failed(BlockFormer(*block, list).run()))
      return failure();
  // What groups copied is dead now.
  for (auto &[block, list] : llvm::reverse(byBlock))
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(*block)))
      if (isOpTriviallyDead(&op))
        op.erase();
  return success();
}
