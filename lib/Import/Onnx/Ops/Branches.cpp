//===- Branches.cpp - Conditions, and operators imported per axis ---------===//
#include "Regions.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;

RankedTensorType raddle::onnx::joinTypes(RankedTensorType a,
                                         RankedTensorType b) {
  if (a.getRank() != b.getRank())
    return {};
  SmallVector<int64_t> dims;
  for (auto [x, y] : llvm::zip(a.getShape(), b.getShape()))
    dims.push_back(x == y ? x : ShapedType::kDynamic);
  return RankedTensorType::get(dims, a.getElementType());
}

RegionScope::RegionScope(NodeContext &c, Block *block) : c(c), guard(c.b) {
  c.b.setInsertionPointToEnd(block);
  c.im.enterRegion();
}
RegionScope::~RegionScope() { c.im.leaveRegion(); }

namespace {

using ReadResult = std::function<ValueRef(ValueRange)>;

/// A result that both branches compute on the host: only elements that differ
/// go through the region. Appends what is yielded, and how to read it back.
bool mergeOnHost(NodeContext &c, Branch &yes, Branch &no, unsigned n,
                 SmallVectorImpl<ReadResult> &read) {
  OnnxValue &a = *yes.results[n], &b = *no.results[n];
  const HostTensor *x = c.im.hostOf(a), *y = c.im.hostOf(b);
  if (!x || !y || x->shape != y->shape || a.type != b.type)
    return false;
  bool isBool = a.type == ElemType::Bool;
  bool isIndex = a.type == ElemType::Int64 || a.type == ElemType::Int32;
  HostTensor merged = *x;
  SmallVector<std::pair<size_t, size_t>> slots;
  for (auto [i, p, q] : llvm::enumerate(x->elements, y->elements)) {
    if (p == q)
      continue;
    if (!isBool && !isIndex)
      return false;
    slots.push_back({i, yes.yields.size() + slots.size()});
  }
  for (auto [i, slot] : slots) {
    auto spell = [&](Branch &branch, const Scalar &s) {
      RegionScope inside(c, branch.block());
      branch.yields.push_back(isBool ? c.h.condition(s) : c.h.index(s));
    };
    spell(yes, x->elements[i]);
    spell(no, y->elements[i]);
  }
  read.push_back([&c, merged, slots, type = a.type](ValueRange results) {
    HostTensor out = merged;
    for (auto [i, slot] : slots)
      out.elements[i] = Scalar(Value(results[slot]));
    return c.im.makeHost(std::move(out), type);
  });
  return true;
}

bool mergeTensors(NodeContext &c, Branch &yes, Branch &no, unsigned n,
                  SmallVectorImpl<ReadResult> &read) {
  OnnxValue &a = *yes.results[n], &b = *no.results[n];
  std::string which = "output '" + c.node.outputs[n] + "': ";
  if (a.isSequence || b.isSequence || a.isNone || b.isNone) {
    c.error(which + "a branch gives no tensor");
    return false;
  }
  if (a.type != b.type) {
    c.error(which + "the branches give elements of " + elemName(a.type) +
            " and " + elemName(b.type));
    return false;
  }
  auto tensorIn = [&](Branch &branch, OnnxValue &value) {
    RegionScope inside(c, branch.block());
    return c.im.tensorOf(value);
  };
  Value x = tensorIn(yes, a), y = tensorIn(no, b);
  RankedTensorType type =
      joinTypes(GraphBuilder::typeOf(x), GraphBuilder::typeOf(y));
  if (!type) {
    c.error(which + "the branches give rank " +
                std::to_string(GraphBuilder::rankOf(x)) + " and rank " +
                std::to_string(GraphBuilder::rankOf(y)),
            "equal ranks, or a condition that is known at import");
    return false;
  }
  Sizes had = c.g.sizesOf(x), has = c.g.sizesOf(y);
  size_t slot = yes.yields.size();
  auto yield = [&](Branch &branch, Value v) {
    RegionScope inside(c, branch.block());
    branch.yields.push_back(c.g.castTo(v, type));
  };
  yield(yes, x);
  yield(no, y);
  for (auto [p, q] : llvm::zip(had, has))
    if (!(p == q))
      p = Scalar();
  read.push_back([&c, slot, had, elem = a.type](ValueRange results) {
    Value result = results[slot];
    c.g.setSizes(result, had);
    return c.im.makeTensor(result, elem);
  });
  return true;
}

} // namespace

bool raddle::onnx::mergeBranches(NodeContext &c, Scalar condition, Branch &yes,
                                 Branch &no) {
  SmallVector<ReadResult> read;
  for (unsigned n = 0; n < c.node.outputs.size(); ++n)
    if (!mergeOnHost(c, yes, no, n, read) && !mergeTensors(c, yes, no, n, read))
      return false;
  for (Branch *branch : {&yes, &no}) {
    RegionScope inside(c, branch->block());
    scf::YieldOp::create(c.b, branch->yields);
  }
  auto op = scf::IfOp::create(c.b, ValueRange(yes.yields).getTypes(),
                              condition.value, true, true);
  op.getThenRegion().takeBody(*yes.region);
  op.getElseRegion().takeBody(*no.region);
  for (auto [n, f] : llvm::enumerate(read))
    c.set(n, f(op.getResults()));
  return true;
}

//===----------------------------------------------------------------------===//
// Axes that are known at run time
//===----------------------------------------------------------------------===//

namespace {

class AxesImport {
public:
  explicit AxesImport(NodeContext &c) : c(c) {}
  void run();

private:
  void enumerate(SmallVectorImpl<int64_t> &chosen);
  bool fits(ArrayRef<int64_t> axes);
  SmallVector<ValueRef> importWith(ArrayRef<int64_t> axes);
  Scalar conditionOf(ArrayRef<int64_t> axes);
  SmallVector<ValueRef> build(size_t first);

  static constexpr size_t maxCandidates = 64;
  NodeContext &c;
  SmallVector<Scalar> actual;
  SmallVector<int64_t, 1> shape;
  int64_t range = 0;
  std::vector<SmallVector<int64_t>> candidates;
};

void AxesImport::enumerate(SmallVectorImpl<int64_t> &chosen) {
  if (candidates.size() > maxCandidates)
    return;
  if (chosen.size() == actual.size()) {
    candidates.push_back(SmallVector<int64_t>(chosen.begin(), chosen.end()));
    return;
  }
  int64_t from = chosen.empty() ? 0 : chosen.back() + 1;
  for (int64_t axis = from; axis < range; ++axis) {
    chosen.push_back(axis);
    enumerate(chosen);
    chosen.pop_back();
  }
}

SmallVector<ValueRef> AxesImport::importWith(ArrayRef<int64_t> axes) {
  std::vector<ValueRef> inputs;
  for (unsigned n = 0; n < c.count(); ++n)
    inputs.push_back(c.has(n) ? c.ref(n) : nullptr);
  HostTensor known;
  known.shape.assign(shape.begin(), shape.end());
  known.elements.append(axes.begin(), axes.end());
  unsigned which = c.row.axesInput;
  inputs[which] = c.im.makeHost(std::move(known), c.type(which));
  NodeContext inner(c.im, c.node, c.row, c.scope, c.frame, std::move(inputs));
  c.row.import(inner);
  return {inner.results.begin(), inner.results.end()};
}

/// Whether the operator can be imported with these axes and gives the shapes
/// that the file states.
bool AxesImport::fits(ArrayRef<int64_t> axes) {
  size_t problems = c.im.problems.size();
  Branch trial;
  bool good = true;
  {
    RegionScope inside(c, trial.block());
    SmallVector<ValueRef> results = importWith(axes);
    good = c.im.problems.size() == problems;
    for (auto [name, result] : llvm::zip(c.node.outputs, results)) {
      const ValueInfo *stated = c.im.statedType(name);
      if (!good || !result || !stated || !stated->shape)
        continue;
      Sizes sizes = c.im.sizesOf(*result);
      good = sizes.size() == stated->shape->size();
      for (auto [size, dim] : llvm::zip(sizes, *stated->shape))
        good &= !size.isConstant() || !dim.value || size.integer == *dim.value;
    }
  }
  c.im.problems.resize(problems);
  c.im.discardLater(std::move(trial.region));
  return good;
}

/// That the axes at run time are these, in any order.
Scalar AxesImport::conditionOf(ArrayRef<int64_t> axes) {
  Scalar all = 1;
  for (int64_t axis : axes) {
    Scalar any = 0;
    for (Scalar value : actual)
      any = c.h.logicalOr(any, c.h.equal(value, axis));
    all = c.h.logicalAnd(all, any);
  }
  return all;
}

SmallVector<ValueRef> AxesImport::build(size_t first) {
  Scalar condition = conditionOf(candidates[first]);
  if (first + 1 == candidates.size()) {
    c.g.check(condition, "the axes given at run time are not possible");
    return importWith(candidates[first]);
  }
  Branch yes, no;
  {
    RegionScope inside(c, yes.block());
    yes.results = importWith(candidates[first]);
  }
  {
    RegionScope inside(c, no.block());
    no.results = build(first + 1);
  }
  if (c.failed() || !mergeBranches(c, condition, yes, no)) {
    c.im.discardLater(std::move(yes.region));
    c.im.discardLater(std::move(no.region));
  }
  return {c.results.begin(), c.results.end()};
}

void AxesImport::run() {
  unsigned which = c.row.axesInput;
  auto given = c.scalars(which);
  if (!given)
    return;
  if (c.rank(which) == 1)
    shape = {static_cast<int64_t>(given->size())};
  range = c.rank(0);
  if (c.row.axesKind == 'u')
    range += static_cast<int64_t>(given->size());
  for (Scalar axis : *given)
    actual.push_back(c.h.select(c.h.compare(arith::CmpIPredicate::slt, axis, 0),
                                c.h.add(axis, range), axis));
  SmallVector<int64_t> chosen;
  enumerate(chosen);
  if (candidates.size() > maxCandidates)
    return c.error("the axes are not known at import and have more than " +
                       std::to_string(maxCandidates) + " possible values",
                   "constant axes");
  if (candidates.size() > 1)
    llvm::erase_if(candidates, [&](const auto &axes) { return !fits(axes); });
  if (candidates.empty())
    return c.error("the axes are not known at import, and none give the shape "
                   "that the file states");
  SmallVector<ValueRef> results = build(0);
  if (c.failed())
    return;
  for (auto [n, result] : llvm::enumerate(results))
    c.set(n, result);
}

} // namespace

void raddle::onnx::importPerAxes(NodeContext &c) { AxesImport(c).run(); }
