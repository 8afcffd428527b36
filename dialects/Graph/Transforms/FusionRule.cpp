//===- FusionRule.cpp - Chooses the groups of a function ------------------===//
//
// The rule is described at graph-fuse in Passes.td. Each block is planned by
// itself, in two sweeps. The forward sweep gives to each root the operations
// after it that stay at its iteration point. The backward sweep knows all uses
// of an operation when it meets it and so decides whether its users evaluate
// it or a kernel stores it.
//
// Groups cannot depend on each other in a cycle because of an order of groups:
// the rank of an operation is the latest root it depends on; an operation
// enters the epilogue of its own rank's root only, and only when everything
// else it reads has a lower rank.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/Analysis/SymbolicShapes.h"
#include "dialects/Graph/Transforms/Classify.h"
#include "dialects/Graph/Transforms/FusionPlan.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace raddle::graph;

namespace {

/// Enough for any epilogue a model has; keeps kernels and their parameter
/// lists bounded.
constexpr unsigned maxGroupOps = 96;
constexpr unsigned maxGroupInputs = 48;
/// Columns of a product whose block can hold whole rows.
constexpr int64_t maxRowColumns = 512;

/// A group that evaluates a value, and how.
struct Use {
  unsigned group;
  /// Number of evaluations over the whole kernel.
  double reads;
  /// The value is needed at the iteration point of the group.
  bool atPoint;
};

struct Node {
  OpRole role;
  /// Position of the latest root or region operation depended on (or itself);
  /// -1 for none.
  int rank = -1;
  /// The group that owns the results: it has the operation as root, in its
  /// epilogue or as a stored value.
  int owner = -1;
  /// A root in the epilogue of another one.
  bool joined = false;
  /// Somebody reads the value from memory.
  bool stored = false;
  SmallVector<Use, 2> uses;
  /// Positions of operations outside of groups that read it from memory.
  SmallVector<int, 1> readers;
};

class BlockPlanner {
public:
  BlockPlanner(Block &block, const FusionOptions &options,
               SymbolicShapes &shapes)
      : block(block), options(options), shapes(shapes) {}

  void run(std::vector<FusedGroup> &groups);

private:
  void number();
  int findRank(Operation *op);
  bool joinNorm(NormOp norm, Node &node);
  void growEpilogues();
  void absorbTails();
  void absorbTail(unsigned group);
  void decide();
  void store(int position);
  void evaluateInUsers(int position);
  bool shouldEvaluateInUsers(int position);
  void addChain(Operation *op, double count, unsigned depth, double &work,
                double &inputs);
  int findHost(int position);
  void mergePointwise();
  void describe(FusedGroup &group);

  int positionOf(Operation *op) {
    auto it = positions.find(op);
    return it == positions.end() ? -1 : static_cast<int>(it->second);
  }
  int positionOf(Value value) {
    Operation *op = value.getDefiningOp();
    return op ? positionOf(op) : -1;
  }
  unsigned newGroup(StringRef skeleton, Operation *root, int order);
  void require(Value value, unsigned group, double reads, bool atPoint);
  void readFromMemory(Value value, int reader);
  double elements(Value value) {
    return countElements(value.getType(), options.assumedSize);
  }
  double bytes(Value value) {
    return countBytes(value.getType(), options.assumedSize);
  }

  Block &block;
  const FusionOptions &options;
  SymbolicShapes &shapes;
  std::vector<Operation *> ops;
  std::vector<Node> nodes;
  DenseMap<Operation *, unsigned> positions;
  std::vector<FusedGroup> found;
  /// Per group the order key: twice the rank, plus one for pointwise groups,
  /// which come after the root of their rank.
  std::vector<int> order;
};

} // namespace

/// Control flow: it comes in its place among the groups. (A precomputed tensor
/// is there from the start.)
static bool computesOnItsOwn(Operation *op) {
  return op->getNumRegions() > 0 && !isa<PrecomputeOp>(op);
}

unsigned BlockPlanner::newGroup(StringRef skeleton, Operation *root,
                                int orderKey) {
  FusedGroup &group = found.emplace_back();
  group.skeleton = skeleton.str();
  group.root = root;
  if (root)
    group.ops.insert(root);
  order.push_back(orderKey);
  return found.size() - 1;
}

void BlockPlanner::number() {
  for (Operation &op : block) {
    positions[&op] = ops.size();
    ops.push_back(&op);
  }
  nodes.resize(ops.size());
  for (auto [position, op] : llvm::enumerate(ops)) {
    Node &node = nodes[position];
    node.role = getRole(op);
    if (node.role == OpRole::root) {
      node.rank = position;
      node.owner = newGroup(getSkeleton(op), op, 2 * position);
    } else {
      node.rank =
          computesOnItsOwn(op) ? static_cast<int>(position) : findRank(op);
    }
  }
}

/// The latest rank among what `op` reads.
int BlockPlanner::findRank(Operation *op) {
  int rank = -1;
  for (Value operand : op->getOperands())
    if (int producer = positionOf(operand); producer >= 0)
      rank = std::max(rank, nodes[producer].rank);
  return rank;
}

/// Puts a norm of whole rows behind the contraction that computes them; the
/// kernel then holds whole rows.
bool BlockPlanner::joinNorm(NormOp norm, Node &node) {
  int producer = positionOf(norm.getInput());
  if (producer < 0 || nodes[producer].owner < 0)
    return false;
  FusedGroup &group = found[nodes[producer].owner];
  int rank = nodes[producer].rank;
  RankedTensorType type = norm.getType();
  if (group.skeleton != "contraction" || !isa<ContractOp>(group.root) ||
      static_cast<int64_t>(norm.getAxis()) != type.getRank() - 1 ||
      type.isDynamicDim(type.getRank() - 1) ||
      type.getShape().back() > maxRowColumns)
    return false;
  // Whole rows fit a block on tensor cores only.
  Type element = getElementTypeOrSelf(group.root->getOperand(0).getType());
  if (!isa<FloatType>(element) || element.getIntOrFloatBitWidth() > 32 ||
      cast<ContractOp>(group.root).getCompute() == ComputeMode::f32)
    return false;
  for (Value operand : {norm.getScale(), norm.getBias()})
    if (operand && positionOf(operand) >= 0 &&
        nodes[positionOf(operand)].rank >= rank)
      return false;
  // The columns of the product have to be the last dim, one dim only.
  auto contract = cast<ContractOp>(group.root);
  AffineMap lhs = contract.getMaps()[0], result = contract.getMaps()[2];
  for (auto [position, expr] : llvm::enumerate(result.getResults()))
    if (!lhs.getResultPosition(expr) && position + 1 != result.getNumResults())
      return false;
  if (lhs.getResultPosition(result.getResults().back()))
    return false;
  found[node.owner].ops.clear();
  group.skeleton = "row_contraction";
  group.ops.insert(norm);
  node.owner = nodes[producer].owner;
  node.rank = rank;
  node.joined = true;
  return true;
}

void BlockPlanner::growEpilogues() {
  for (auto [position, op] : llvm::enumerate(ops)) {
    Node &node = nodes[position];
    if (auto norm = dyn_cast<NormOp>(op); norm && options.epilogueNorm)
      joinNorm(norm, node);
    if (node.role != OpRole::root && !computesOnItsOwn(op))
      node.rank = findRank(op);
    if (node.role != OpRole::element || node.rank < 0 || !isPointwise(op))
      continue;
    Operation *root = ops[node.rank];
    int owner = nodes[node.rank].owner;
    if (owner < 0 || !takesEpilogue(root) ||
        found[owner].ops.size() >= maxGroupOps)
      continue;
    auto shape = cast<RankedTensorType>(op->getResult(0).getType()).getShape();
    if (shape !=
        cast<RankedTensorType>(root->getResult(0).getType()).getShape())
      continue;
    bool atPoint = false, available = true;
    for (Value operand : op->getOperands()) {
      int producer = positionOf(operand);
      if (producer < 0 || nodes[producer].rank < node.rank)
        continue;
      if (nodes[producer].owner == owner)
        atPoint = true;
      else
        available = false;
    }
    if (!atPoint || !available)
      continue;
    node.owner = owner;
    found[owner].ops.insert(op);
  }
}

/// Follows single uses by reshapes and transposes from the one value that a
/// group gives away: it is then stored where it is wanted.
void BlockPlanner::absorbTail(unsigned index) {
  FusedGroup &group = found[index];
  Value last;
  for (Operation *op : group.ops)
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) {
            return !group.ops.contains(user);
          })) {
        if (last)
          return;
        last = result;
      }
  int rank = nodes[positionOf(group.root)].rank;
  bool permutes = group.skeleton != "reduction" && group.skeleton != "scan";
  SmallVector<Operation *> tail;
  while (last && last.hasOneUse()) {
    Operation *user = *last.getUsers().begin();
    int position = positionOf(user);
    if (position < 0 || nodes[position].owner >= 0)
      break;
    auto transpose = dyn_cast<TransposeOp>(user);
    if (transpose && permutes) {
      // Rows stay rows: stores stay coalesced.
      ArrayRef<int64_t> permutation = transpose.getPermutation();
      if (permutation.back() != static_cast<int64_t>(permutation.size()) - 1)
        break;
    } else if (auto reshape = dyn_cast<ReshapeOp>(user)) {
      if (llvm::any_of(reshape.getSizes(), [&](Value size) {
            int producer = positionOf(size);
            return producer >= 0 && nodes[producer].rank >= rank;
          }))
        break;
    } else {
      break;
    }
    tail.push_back(user);
    last = user->getResult(0);
  }
  for (Operation *op : tail) {
    nodes[positionOf(op)].owner = index;
    group.ops.insert(op);
  }
}

void BlockPlanner::absorbTails() {
  for (unsigned index = 0, end = found.size(); index < end; ++index)
    if (found[index].root && !found[index].ops.empty() &&
        takesEpilogue(found[index].root))
      absorbTail(index);
}

void BlockPlanner::readFromMemory(Value value, int reader) {
  if (!isa<RankedTensorType>(value.getType()))
    return;
  int position = positionOf(value);
  if (position < 0)
    return;
  Node &node = nodes[position];
  if (node.owner >= 0) {
    found[node.owner].yields.insert(value);
  } else if (node.role == OpRole::element) {
    node.stored = true;
    node.readers.push_back(reader);
  }
}

void BlockPlanner::require(Value value, unsigned group, double reads,
                           bool atPoint) {
  Operation *op = value.getDefiningOp();
  if (!op || !isa<RankedTensorType>(value.getType()))
    return;
  OpRole role = getRole(op);
  if (role == OpRole::splat) {
    found[group].ops.insert(op);
    return;
  }
  int position = positionOf(op);
  if (position < 0) {
    // A value of an enclosing block: views of weights are read through, all
    // else is in memory.
    if (role == OpRole::element && isView(op)) {
      found[group].ops.insert(op);
      for (Value operand : op->getOperands())
        require(operand, group, reads, false);
    }
    return;
  }
  Node &node = nodes[position];
  if (node.owner == static_cast<int>(group))
    return;
  if (node.owner >= 0) {
    found[node.owner].yields.insert(value);
    return;
  }
  if (role != OpRole::element)
    return;
  for (Use &use : node.uses) {
    if (use.group != group)
      continue;
    use.reads = std::max(use.reads, reads);
    use.atPoint |= atPoint;
    return;
  }
  node.uses.push_back({group, reads, atPoint});
}

/// Adds the seconds of arithmetic and of reading for `count` evaluations of
/// `op`, with the producers that nothing else uses.
void BlockPlanner::addChain(Operation *op, double count, unsigned depth,
                            double &work, double &inputs) {
  count = std::min(count, elements(op->getResult(0)));
  work += count * getElementWork(op) / options.operationsPerSecond;
  for (Value operand : op->getOperands()) {
    if (!isa<RankedTensorType>(operand.getType()))
      continue;
    int producer = positionOf(operand);
    if (producer >= 0 && depth < 16 && operand.hasOneUse() &&
        nodes[producer].role == OpRole::element && nodes[producer].owner < 0) {
      addChain(ops[producer], count, depth + 1, work, inputs);
      continue;
    }
    // No more is read of an operand than there are elements to compute.
    double size = bytes(operand);
    size = std::min(size, count * size / std::max(1.0, elements(operand)));
    inputs += size / options.bytesPerSecond;
  }
}

bool BlockPlanner::shouldEvaluateInUsers(int position) {
  Operation *op = ops[position];
  Node &node = nodes[position];
  // No kernel stores an encoded tensor that it could read by components.
  if (!options.fuse)
    return isa<AssembleOp>(op);
  for (const Use &use : node.uses) {
    const FusedGroup &group = found[use.group];
    if (group.ops.size() >= maxGroupOps)
      return false;
  }
  // Weights stay as small as they are stored.
  if (isView(op))
    return true;

  double count = elements(op->getResult(0));
  double work = 0, inputSeconds = 0;
  addChain(op, count, 0, work, inputSeconds);
  double resultSeconds = bytes(op->getResult(0)) / options.bytesPerSecond;
  double evaluated = 0;
  bool hosted = findHost(position) >= 0;
  double stored = inputSeconds + resultSeconds + work;
  // A host needs no launch of its own and does not read the value back.
  stored += hosted ? -resultSeconds : options.launchSeconds;
  for (const Use &use : node.uses) {
    double sweeps = use.reads / std::max(1.0, count);
    StringRef skeleton = found[use.group].skeleton;
    bool inMainLoop =
        !use.atPoint && (skeleton == "contraction" || skeleton == "attention");
    evaluated += sweeps * (inputSeconds +
                           work * (inMainLoop ? options.mainLoopFactor : 1));
    stored += sweeps * resultSeconds;
  }
  return evaluated <= stored;
}

void BlockPlanner::evaluateInUsers(int position) {
  Operation *op = ops[position];
  bool pointwise = isPointwise(op);
  for (const Use &use : nodes[position].uses) {
    found[use.group].ops.insert(op);
    for (Value operand : op->getOperands())
      require(operand, use.group, use.reads, use.atPoint && pointwise);
  }
}

/// A group that evaluates the value at its iteration point anyway and so can
/// store it for the others, or -1.
int BlockPlanner::findHost(int position) {
  Node &node = nodes[position];
  if (!options.fuse)
    return -1;
  for (const Use &use : node.uses) {
    const FusedGroup &group = found[use.group];
    // Norm and softmax keep the shape of their operand.
    if (!use.atPoint || group.ops.size() >= maxGroupOps ||
        (group.root && !isa<NormOp, SoftmaxOp>(group.root)))
      continue;
    int key = order[use.group];
    bool isPointwiseGroup = !group.root;
    auto comesAfter = [&](const Use &other) {
      return other.group == use.group ||
             order[other.group] > key - (isPointwiseGroup ? 0 : 1);
    };
    // What reads from memory outside of groups must not feed the host.
    auto readsAfter = [&](int reader) {
      return 2 * nodes[reader].rank >= key ||
             ops[reader]->hasTrait<OpTrait::IsTerminator>();
    };
    bool sameOrderTwice = llvm::any_of(node.uses, [&](const Use &other) {
      return other.group != use.group && order[other.group] == key;
    });
    if (!sameOrderTwice && llvm::all_of(node.uses, comesAfter) &&
        llvm::all_of(node.readers, readsAfter))
      return use.group;
  }
  return -1;
}

void BlockPlanner::store(int position) {
  Operation *op = ops[position];
  Node &node = nodes[position];
  int group = findHost(position);
  if (group < 0)
    group = newGroup("pointwise", nullptr, 2 * node.rank + 1);
  node.owner = group;
  found[group].ops.insert(op);
  found[group].yields.insert(op->getResult(0));
  double count = elements(op->getResult(0));
  for (Value operand : op->getOperands())
    require(operand, group, count, isPointwise(op));
}

void BlockPlanner::decide() {
  for (int position = ops.size() - 1; position >= 0; --position) {
    Operation *op = ops[position];
    Node &node = nodes[position];
    if (node.role == OpRole::outside) {
      // A size is metadata; any other operation reads elements.
      for (Value operand : op->getOperands())
        readFromMemory(operand, position);
      if (op->getNumRegions() > 0) {
        llvm::SetVector<Value> captured;
        getUsedValuesDefinedAbove(op->getRegions(), captured);
        for (Value value : captured) {
          Operation *producer = value.getDefiningOp();
          if (!producer || getRole(producer) != OpRole::element ||
              !isView(producer))
            readFromMemory(value, position);
        }
      }
      continue;
    }
    if (node.role == OpRole::splat)
      continue;
    if (node.owner >= 0) {
      for (auto [index, operand] : llvm::enumerate(op->getOperands())) {
        if (node.role == OpRole::root && !node.joined) {
          auto type = dyn_cast<RankedTensorType>(operand.getType());
          // The result of these has the index of the operand.
          bool atPoint = index == 0 && type && isa<NormOp, SoftmaxOp>(op);
          require(operand, node.owner,
                  countReads(op, index, options.assumedSize), atPoint);
        } else {
          require(operand, node.owner, elements(op->getResult(0)),
                  isPointwise(op) || (node.joined && index == 0));
        }
      }
      continue;
    }
    if (node.uses.empty() && !node.stored)
      continue;
    if (!node.stored && shouldEvaluateInUsers(position))
      evaluateInUsers(position);
    else
      store(position);
  }
}

/// Joins independent pointwise groups of one shape that read a common tensor.
void BlockPlanner::mergePointwise() {
  if (!options.fuse)
    return;
  auto inputsOf = [&](const FusedGroup &group) {
    llvm::SetVector<Value> inputs;
    for (Operation *op : group.ops)
      for (Value operand : op->getOperands())
        if (isa<RankedTensorType>(operand.getType()) &&
            (!operand.getDefiningOp() ||
             !group.ops.contains(operand.getDefiningOp())))
          inputs.insert(operand);
    return inputs;
  };
  // Groups of equal order depend on each other only directly, by values that
  // one of them stores.
  for (size_t a = 0; a < found.size(); ++a) {
    if (found[a].root || found[a].yields.empty())
      continue;
    for (size_t b = a + 1; b < found.size(); ++b) {
      if (found[b].root || found[b].yields.empty() || order[a] != order[b] ||
          found[a].ops.size() + found[b].ops.size() > maxGroupOps)
        continue;
      if (!shapes.sameShape(found[a].yields.front(), found[b].yields.front()))
        continue;
      llvm::SetVector<Value> inputsA = inputsOf(found[a]);
      llvm::SetVector<Value> inputsB = inputsOf(found[b]);
      bool shared = llvm::any_of(
          inputsA, [&](Value value) { return inputsB.contains(value); });
      // Any third group of this order might lie between them.
      bool dependent = false;
      for (size_t c = 0; c < found.size(); ++c)
        if (order[c] == order[a])
          for (Value value : found[c].yields)
            dependent |= inputsA.contains(value) || inputsB.contains(value);
      if (!shared || dependent ||
          inputsA.size() + inputsB.size() > maxGroupInputs)
        continue;
      for (Operation *op : found[b].ops)
        found[a].ops.insert(op);
      for (Value value : found[b].yields)
        found[a].yields.insert(value);
      found[b].ops.clear();
      found[b].yields.clear();
    }
  }
}

void BlockPlanner::describe(FusedGroup &group) {
  SmallVector<StringRef> before, after, views;
  auto note = [](SmallVector<StringRef> &list, Operation *op) {
    StringRef name = op->getName().getStringRef();
    if (!llvm::is_contained(list, name))
      list.push_back(name);
  };
  int rank = group.root ? nodes[positionOf(group.root)].rank : -1;
  for (Operation *op : group.ops) {
    if (op == group.root || isa<arith::ConstantOp>(op))
      continue;
    int position = positionOf(op);
    if (group.root && position >= 0 && nodes[position].rank == rank)
      note(after, op);
    else if (isView(op))
      note(views, op);
    else
      note(before, op);
  }
  llvm::raw_string_ostream os(group.reason);
  auto list = [&](StringRef title, ArrayRef<StringRef> names) {
    if (names.empty())
      return;
    if (!group.reason.empty())
      os << "; ";
    os << title << ' ';
    llvm::interleave(names, os, ", ");
  };
  if (group.root)
    os << group.root->getName().getStringRef() << " fixes the loop nest";
  else if (group.yields.size() > 1)
    os << "values of one shape from common inputs";
  list("at its point", after);
  list(group.root ? "evaluated where read" : "one pass over", before);
  list("read through", views);
  if (group.root && group.yields.size() > 1)
    os << "; " << group.yields.size() << " values are stored";
}

void BlockPlanner::run(std::vector<FusedGroup> &groups) {
  number();
  if (options.fuse) {
    growEpilogues();
    absorbTails();
  }
  decide();
  mergePointwise();
  for (FusedGroup &group : found) {
    if (group.yields.empty())
      continue;
    describe(group);
    groups.push_back(std::move(group));
  }
}

FusionPlan raddle::graph::makeFusionPlan(func::FuncOp function,
                                         const FusionOptions &options) {
  FusionPlan plan;
  SymbolicShapes shapes(function);
  function.walk<WalkOrder::PreOrder>([&](Block *block) {
    if (!isa<GroupOp, PrecomputeOp>(block->getParentOp()))
      BlockPlanner(*block, options, shapes).run(plan.groups);
  });
  return plan;
}
