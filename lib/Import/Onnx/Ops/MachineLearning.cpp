//===- MachineLearning.cpp - Operators of ai.onnx.ml ----------------------===//
#include "Regions.h"

#include <cfloat>
#include <cmath>

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;
using CmpF = arith::CmpFPredicate;
using CmpI = arith::CmpIPredicate;

namespace {

void importBinarizer(NodeContext &c) {
  GraphBuilder &g = c.g;
  Value x = c.tensor(0), limit = g.like(x, c.real("threshold", 0));
  Value above = isFloat(c.type(0)) ? g.compare(CmpF::OGT, x, limit)
                                   : g.compare(CmpI::sgt, x, limit);
  c.set(0, g.select(above, g.like(x, 1), g.like(x, 0)));
}

void importFeatureExtractor(NodeContext &c) {
  GraphBuilder &g = c.g;
  Value x = c.tensor(0), index = c.tensor(1);
  if (c.rank(0) == 0)
    return c.error("the input has rank 0", "at least rank 1");
  if (c.rank(0) == 1)
    x = g.insertUnitDims(x, {0});
  index = g.reshape(index, {g.countOf(index)});
  c.set(0, g.gather(x, index, GraphBuilder::rankOf(x) - 1));
}

/// A list of reals of an attribute along the last dim; one number serves all.
Value alongLast(NodeContext &c, const char *name, Value x, double otherwise) {
  GraphBuilder &g = c.g;
  SmallVector<double> numbers = c.floats(name);
  if (numbers.empty())
    return g.like(x, otherwise);
  if (numbers.size() == 1)
    return g.like(x, numbers[0]);
  SmallVector<float> list(numbers.begin(), numbers.end());
  auto type = RankedTensorType::get({static_cast<int64_t>(list.size())},
                                    c.b.getF32Type());
  return g.constant(DenseElementsAttr::get(type, ArrayRef<float>(list)));
}

void importScaler(NodeContext &c) {
  GraphBuilder &g = c.g;
  Value x = g.cast(c.tensor(0), c.type(0), ElemType::Float);
  Value y = g.sub(x, alongLast(c, "offset", x, 0));
  c.set(0, g.mul(y, alongLast(c, "scale", x, 1)), ElemType::Float);
}

void importNormalizer(NodeContext &c) {
  GraphBuilder &g = c.g;
  std::string norm = c.string("norm", "MAX");
  int64_t axis = c.rank(0) - 1;
  if (axis != 0 && axis != 1)
    return c.error("the input has rank " + std::to_string(axis + 1),
                   "rank 1 or 2");
  Value x = g.cast(c.tensor(0), c.type(0), ElemType::Float), size;
  if (norm == "MAX")
    size = g.reduce(graph::ReduceKind::max, g.map<math::AbsFOp>({x}), {axis},
                    true);
  else if (norm == "L1")
    size = g.reduce(graph::ReduceKind::add, g.map<math::AbsFOp>({x}), {axis},
                    true);
  else if (norm == "L2")
    size = g.map<math::SqrtOp>(
        {g.reduce(graph::ReduceKind::add, g.mul(x, x), {axis}, true)});
  else
    return c.error("the attribute 'norm' is '" + norm + "'", "MAX, L1, L2");
  // A row of zeros stays one.
  Value zero = g.compare(CmpF::OEQ, size, g.like(size, 0));
  c.set(0, g.div(x, g.select(zero, g.like(size, 1), size)), ElemType::Float);
}

/// What the models' results go through at the end, over the last dim.
bool transformScores(NodeContext &c, const std::string &name, Value &y) {
  if (name == "NONE")
    return true;
  if (name == "SOFTMAX")
    y = c.g.softmax(y, GraphBuilder::rankOf(y) - 1);
  else if (name == "LOGISTIC")
    y = c.g.sigmoid(y);
  else
    c.error("the attribute 'post_transform' is " + name,
            "NONE, SOFTMAX, LOGISTIC");
  return name == "SOFTMAX" || name == "LOGISTIC";
}

void importLinearRegressor(NodeContext &c) {
  GraphBuilder &g = c.g;
  int64_t targets = c.integer("targets", 1);
  if (!c.expectRank(0, 2))
    return;
  SmallVector<double> numbers = c.floats("coefficients");
  SmallVector<double> biases = c.floats("intercepts");
  int64_t count = static_cast<int64_t>(numbers.size());
  if (targets < 1 || count == 0 || count % targets ||
      (!biases.empty() && static_cast<int64_t>(biases.size()) != targets))
    return c.error(
        "the attributes 'coefficients' and 'intercepts' do not fit " +
        std::to_string(targets) + " targets");
  SmallVector<float> list(numbers.begin(), numbers.end());
  auto type =
      RankedTensorType::get({targets, count / targets}, c.b.getF32Type());
  Value weights =
      g.constant(DenseElementsAttr::get(type, ArrayRef<float>(list)));
  Value x = g.cast(c.tensor(0), c.type(0), ElemType::Float);
  Value y = g.contract(x, weights, {0, 2}, {1, 2}, {0, 1}, c.b.getF32Type());
  if (!biases.empty())
    y = g.add(y, alongLast(c, "intercepts", y, 0));
  if (transformScores(c, c.string("post_transform", "NONE"), y))
    c.set(0, y, ElemType::Float);
}

//===----------------------------------------------------------------------===//
// TreeEnsemble
//===----------------------------------------------------------------------===//

/// Every row walks down every tree, a level per step. Nodes are numbered
/// before leaves; a leaf leads to itself.
class TreeEnsemble {
public:
  explicit TreeEnsemble(NodeContext &c) : c(c), g(c.g) {}
  void run();

private:
  enum Mode { leq, lt, gte, gt, eq, neq, member };
  bool readTrees();
  bool measure();
  Value table(ArrayRef<int64_t> numbers);
  Value reals(ArrayRef<double> numbers, ArrayRef<int64_t> shape);
  Value holds(Value x, Value node);
  Value step(Value x, Value at);

  NodeContext &c;
  GraphBuilder &g;
  Type element, i64;
  SmallVector<int64_t> yes, no, features, modes, missing, roots, targets;
  SmallVector<double> splits, weights;
  /// Per node the values that it looks for, and NaN.
  SmallVector<double> members;
  int64_t nodes = 0, leaves = 0, width = 0, depth = 0;
};

Value TreeEnsemble::table(ArrayRef<int64_t> numbers) {
  auto type =
      RankedTensorType::get({static_cast<int64_t>(numbers.size())}, i64);
  return g.constant(DenseElementsAttr::get(type, numbers));
}

Value TreeEnsemble::reals(ArrayRef<double> numbers, ArrayRef<int64_t> shape) {
  SmallVector<Attribute> attrs;
  for (double number : numbers) {
    llvm::APFloat value(number);
    bool lossy;
    value.convert(cast<FloatType>(element).getFloatSemantics(),
                  llvm::APFloat::rmNearestTiesToEven, &lossy);
    attrs.push_back(FloatAttr::get(element, value));
  }
  return g.constant(
      DenseElementsAttr::get(RankedTensorType::get(shape, element), attrs));
}

bool TreeEnsemble::readTrees() {
  auto tensor = [&](const char *name) {
    SmallVector<double> numbers;
    if (const NodeAttribute *a = c.find(name))
      if (auto decoded = decodeElements(*a->tensor))
        for (const Scalar &s : decoded->elements)
          numbers.push_back(s.isReal ? s.real : static_cast<double>(s.integer));
    return numbers;
  };
  splits = tensor("nodes_splits");
  weights = tensor("leaf_weights");
  for (double mode : tensor("nodes_modes"))
    modes.push_back(static_cast<int64_t>(mode));
  yes = c.ints("nodes_truenodeids");
  no = c.ints("nodes_falsenodeids");
  features = c.ints("nodes_featureids");
  missing = c.ints("nodes_missing_value_tracks_true");
  targets = c.ints("leaf_targetids");
  roots = c.ints("tree_roots");
  SmallVector<int64_t> yesLeaf = c.ints("nodes_trueleafs"),
                       noLeaf = c.ints("nodes_falseleafs");
  nodes = yes.size();
  leaves = weights.size();
  size_t count = nodes;
  if (missing.empty())
    missing.assign(count, 0);
  bool good = leaves > 0 && !roots.empty() && no.size() == count &&
              features.size() == count && modes.size() == count &&
              splits.size() == count && missing.size() == count &&
              yesLeaf.size() == count && noLeaf.size() == count &&
              targets.size() == weights.size();
  int64_t results = c.integer("n_targets", 0);
  for (size_t n = 0; good && n < count; ++n) {
    auto inside = [&](int64_t to, bool leaf) {
      return to >= 0 && to < (leaf ? leaves : nodes);
    };
    good = inside(yes[n], yesLeaf[n]) && inside(no[n], noLeaf[n]) &&
           modes[n] >= leq && modes[n] <= member && features[n] >= 0;
    yes[n] += yesLeaf[n] ? nodes : 0;
    no[n] += noLeaf[n] ? nodes : 0;
  }
  for (int64_t root : roots)
    good &= root >= 0 && root < nodes;
  for (int64_t target : targets)
    good &= target >= 0 && target < results;
  if (!good || !measure()) {
    c.error("the attributes do not describe trees of " + std::to_string(nodes) +
            " nodes and " + std::to_string(leaves) + " leaves");
    return false;
  }
  // Sets follow each other in the order of their nodes, each ended by NaN.
  std::vector<SmallVector<double>> sets(nodes);
  SmallVector<double> all = tensor("membership_values");
  size_t at = 0;
  for (int64_t n = 0; n < nodes; ++n) {
    if (modes[n] != member)
      continue;
    for (; at < all.size() && !std::isnan(all[at]); ++at)
      sets[n].push_back(all[at]);
    if (at++ >= all.size()) {
      c.error("the attribute 'membership_values' has too few sets");
      return false;
    }
    width = std::max<int64_t>(width, sets[n].size());
  }
  for (auto &set : sets) {
    set.resize(width, NAN);
    members.append(set.begin(), set.end());
  }
  return true;
}

/// Finds the depth; false where the nodes do not form trees.
bool TreeEnsemble::measure() {
  SmallVector<int64_t> level(nodes, -1), work;
  for (int64_t root : roots) {
    // A cycle would visit more nodes than there are.
    int64_t visited = 0;
    work.push_back(root);
    level[root] = 0;
    while (!work.empty()) {
      int64_t n = work.pop_back_val();
      depth = std::max(depth, level[n] + 1);
      if (++visited > nodes)
        return false;
      for (int64_t next : {yes[n], no[n]})
        if (next < nodes) {
          level[next] = level[n] + 1;
          work.push_back(next);
        }
    }
  }
  return true;
}

/// Whether the node's condition holds, `[batch, trees]`.
Value TreeEnsemble::holds(Value x, Value node) {
  Sizes sizes = g.sizesOf(node);
  Value value = graph::GatherElementsOp::create(
      c.b, g.typeFor(sizes, element), x, g.gather(table(features), node, 0),
      c.b.getI64IntegerAttr(1));
  g.setSizes(value, sizes);
  Value split = g.gather(reals(splits, {nodes}), node, 0);
  Value mode = g.gather(table(modes), node, 0);
  Value result = g.compare(CmpF::OLE, value, split);
  std::pair<Mode, CmpF> others[] = {{lt, CmpF::OLT},
                                    {gte, CmpF::OGE},
                                    {gt, CmpF::OGT},
                                    {eq, CmpF::OEQ},
                                    {neq, CmpF::UNE}};
  auto choose = [&](Mode which, Value holds) {
    Value mine = g.compare(CmpI::eq, mode, g.like(mode, which));
    result = g.select(mine, holds, result);
  };
  for (auto [which, predicate] : others)
    if (llvm::is_contained(modes, which))
      choose(which, g.compare(predicate, value, split));
  if (width > 0) {
    Value sets = g.gather(reals(members, {nodes, width}), node, 0);
    Value hit = g.compare(CmpF::OEQ, sets, g.insertUnitDims(value, {2}));
    Value hits =
        g.reduce(graph::ReduceKind::add,
                 g.cast(hit, ElemType::Bool, ElemType::Int64), {2}, false);
    choose(member, g.compare(CmpI::sgt, hits, g.like(hits, 0)));
  }
  if (llvm::is_contained(missing, 1)) {
    Value tracks = g.gather(table(missing), node, 0);
    Value absent =
        g.map<arith::AndIOp>({g.compare(CmpF::UNE, value, value),
                              g.compare(CmpI::ne, tracks, g.like(tracks, 0))});
    result = g.map<arith::OrIOp>({result, absent});
  }
  return result;
}

Value TreeEnsemble::step(Value x, Value at) {
  Value isLeaf =
      g.compare(CmpI::sge, at, g.like(at, static_cast<double>(nodes)));
  Value node = g.select(isLeaf, g.like(at, 0), at);
  Value next = g.select(holds(x, node), g.gather(table(yes), node, 0),
                        g.gather(table(no), node, 0));
  return g.select(isLeaf, at, next);
}

void TreeEnsemble::run() {
  element = c.element(0);
  i64 = c.b.getI64Type();
  if (!c.expectRank(0, 2) || !readTrees())
    return;
  static const char *transforms[] = {"NONE", "SOFTMAX", "LOGISTIC",
                                     "SOFTMAX_ZERO", "PROBIT"};
  int64_t after = c.integer("post_transform", 0);
  int64_t how = c.integer("aggregate_function", 1);
  if (after < 0 || after > 4 || how < 0 || how > 3)
    return c.error("the attributes 'post_transform' and 'aggregate_function' "
                   "are out of range");
  Value x = c.tensor(0);
  Scalar batch = g.sizeOf(x, 0);
  int64_t trees = roots.size();
  Value at = g.broadcast(table(roots), {batch, trees});
  at = countedLoop(c, depth, {at}, [&](Scalar, ValueRange carried) {
    return SmallVector<Value>{step(x, carried[0])};
  })[0];
  Value leaf = g.add(at, static_cast<double>(-nodes));
  Value weight = g.gather(reals(weights, {leaves}), leaf, 0);
  Value target = g.insertUnitDims(g.gather(table(targets), leaf, 0), {2});
  // Each result takes the leaves that name it.
  int64_t results = c.integer("n_targets", 0);
  Value slot = g.iota(i64, {1, 1, results}, 2);
  bool sums = how <= 1;
  double limit = element.isF64() ? DBL_MAX : FLT_MAX;
  double neutral = sums ? 0 : how == 2 ? limit : -limit;
  Value share = g.insertUnitDims(weight, {2});
  Value parts = g.select(g.compare(CmpI::eq, slot, target), share,
                         g.like(share, neutral));
  Value y = g.reduce(sums       ? graph::ReduceKind::add
                     : how == 2 ? graph::ReduceKind::min
                                : graph::ReduceKind::max,
                     parts, {1}, false);
  if (how == 0)
    y = g.div(y, g.like(y, static_cast<double>(trees)));
  if (transformScores(c, transforms[after], y))
    c.set(0, y);
}

void importTreeEnsemble(NodeContext &c) { TreeEnsemble(c).run(); }

} // namespace

void raddle::onnx::addMachineLearningOps(OpTable &table) {
  const char *domain = "ai.onnx.ml";
  OpRow rows[] = {
      {"Binarizer", "n", 1, "threshold=f", importBinarizer},
      {"ArrayFeatureExtractor", "n l", 1, "", importFeatureExtractor},
      {"Scaler", "n", 1, "offset=fs scale=fs", importScaler},
      {"Normalizer", "n", 1, "norm=s", importNormalizer},
      {"LinearRegressor", "n", 1,
       "coefficients=fs intercepts=fs post_transform=s targets=i",
       importLinearRegressor, nullptr, "SOFTMAX_ZERO, PROBIT"},
      {"TreeEnsemble", "f", 1,
       "aggregate_function=i leaf_targetids=is! leaf_weights=t! "
       "membership_values=t n_targets=i nodes_falseleafs=is! "
       "nodes_falsenodeids=is! nodes_featureids=is! nodes_hitrates=t "
       "nodes_missing_value_tracks_true=is nodes_modes=t! nodes_splits=t! "
       "nodes_trueleafs=is! nodes_truenodeids=is! post_transform=i "
       "tree_roots=is!",
       importTreeEnsemble, nullptr, "SOFTMAX_ZERO, PROBIT"},
  };
  for (OpRow &row : rows) {
    row.domain = domain;
    table.push_back(row);
  }
}
