//===- ControlFlow.cpp - If, Loop, Scan -----------------------------------===//
#include "Regions.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;

namespace {

//===----------------------------------------------------------------------===//
// If
//===----------------------------------------------------------------------===//

bool importBranch(NodeContext &c, const char *name, Branch &branch) {
  const NodeAttribute *a = c.find(name);
  Scope scope;
  scope.parent = &c.scope;
  RegionScope inside(c, branch.block());
  if (!c.im.importGraph(*a->graph, scope, c.frame, branch.results))
    return false;
  if (branch.results.size() >= c.node.outputs.size())
    return true;
  c.error("the branch '" + std::string(name) + "' has " +
          std::to_string(branch.results.size()) + " results, the node " +
          std::to_string(c.node.outputs.size()));
  return false;
}

/// Imports one branch in place of the node.
void importTaken(NodeContext &c, bool first) {
  const NodeAttribute *a = c.find(first ? "then_branch" : "else_branch");
  Scope scope;
  scope.parent = &c.scope;
  SmallVector<ValueRef> results;
  if (!c.im.importGraph(*a->graph, scope, c.frame, results))
    return;
  for (auto [n, result] : llvm::enumerate(results))
    c.set(n, result);
}

bool differInRank(NodeContext &c, Branch &yes, Branch &no) {
  for (unsigned n = 0; n < c.node.outputs.size(); ++n) {
    OnnxValue &a = *yes.results[n], &b = *no.results[n];
    if (!a.isSequence && !b.isSequence && !a.isNone && !b.isNone &&
        c.im.rankOf(a) != c.im.rankOf(b))
      return true;
  }
  return false;
}

void importIf(NodeContext &c) {
  Scalar condition;
  if (const HostTensor *known = c.host(0)) {
    if (known->elements.size() != 1)
      return c.error("the condition has " +
                     std::to_string(known->elements.size()) +
                     " elements, expected 1");
    condition = known->elements.front();
  } else {
    Value tensor = c.tensor(0);
    RankedTensorType type = GraphBuilder::typeOf(tensor);
    for (int64_t dim : type.getShape())
      if (dim != 1)
        return c.error("the condition does not have exactly one element");
    condition = c.g.read(tensor, SmallVector<int64_t>(type.getRank(), 0));
  }
  if (condition.isConstant())
    return importTaken(c, condition.integer);
  Branch yes, no;
  bool good = importBranch(c, "then_branch", yes);
  good &= importBranch(c, "else_branch", no);
  if (good && differInRank(c, yes, no)) {
    // Exporters squeeze a dim when it is 1. What follows usually fits one of
    // the ranks; the other case is refused at launch.
    bool taken = c.im.decide(c.im.nameOf(c.node, c.frame));
    c.im.discardLater(std::move(yes.region));
    c.im.discardLater(std::move(no.region));
    Scalar must = taken ? condition : c.h.logicalNot(condition);
    c.g.check(must, std::string("only the case in which the ") +
                        (taken ? "first" : "second") +
                        " branch is taken was compiled, since the branches "
                        "give tensors of different rank");
    c.h.assume(must);
    return importTaken(c, taken);
  }
  if (good)
    good = mergeBranches(c, condition, yes, no);
  if (!good) {
    c.im.discardLater(std::move(yes.region));
    c.im.discardLater(std::move(no.region));
  }
}

//===----------------------------------------------------------------------===//
// Loop and Scan
//===----------------------------------------------------------------------===//

ValueRef hostScalar(NodeContext &c, Scalar s, ElemType type, bool asVector) {
  HostTensor host;
  if (asVector)
    host.shape = {1};
  host.elements.push_back(s);
  return c.im.makeHost(std::move(host), type);
}

/// An input of rank 0 or 1 with one element, as a host scalar; reports.
std::optional<Scalar> oneScalar(NodeContext &c, unsigned n) {
  auto given = c.scalars(n);
  if (!given)
    return std::nullopt;
  if (given->size() == 1)
    return given->front();
  c.error("input '" + c.node.inputs[n] + "' must have one element");
  return std::nullopt;
}

void importLoopOp(NodeContext &c) {
  LoopSpec spec;
  spec.body = c.find("body")->graph.get();
  if (c.has(0)) {
    auto trip = oneScalar(c, 0);
    if (!trip)
      return;
    Scalar count = c.h.max(*trip, 0);
    // "As often as possible": the condition ends the loop.
    if (!count.isConstant() || count.integer < INT32_MAX)
      spec.trip = count;
  }
  if (c.has(1)) {
    auto condition = oneScalar(c, 1);
    if (!condition)
      return;
    spec.condition = *condition;
  }
  if (spec.body->inputs.size() < 2 || spec.body->outputs.empty())
    return c.error("the body has " + std::to_string(spec.body->inputs.size()) +
                   " inputs, expected at least the iteration number and the "
                   "condition");
  spec.bodyHasCondition = true;
  spec.firstCarried = 2;
  for (unsigned n = 2; n < c.count(); ++n) {
    if (!c.has(n))
      return c.error("carried value " + std::to_string(n - 2) + " is missing");
    spec.initial.push_back(c.ref(n));
  }
  const Graph &body = *spec.body;
  auto isVector = [&](unsigned n) {
    return body.inputs[n].shape && body.inputs[n].shape->size() == 1;
  };
  spec.bind = [&](Scope &scope, Scalar iv) {
    scope.values[body.inputs[0].name] =
        hostScalar(c, iv, ElemType::Int64, isVector(0));
    // When the body runs the condition held.
    scope.values[body.inputs[1].name] =
        hostScalar(c, 1, ElemType::Bool, isVector(1));
  };
  SmallVector<ValueRef> results;
  if (!importLoop(c, spec, results))
    return;
  for (auto [n, result] : llvm::enumerate(results))
    c.set(n, result);
}

class ScanImport {
public:
  explicit ScanImport(NodeContext &c) : c(c) {}
  void run();

private:
  bool readAttributes(unsigned firstInput);
  bool scan(ArrayRef<ValueRef> states, ArrayRef<Value> sources,
            SmallVectorImpl<ValueRef> &results);
  void perBatch();

  NodeContext &c;
  const Graph *body = nullptr;
  int64_t scanned = 0, states = 0, stacked = 0;
  SmallVector<int64_t> inAxes, inDirections, outAxes, outDirections;
};

bool ScanImport::readAttributes(unsigned firstInput) {
  scanned = c.integer("num_scan_inputs", 0);
  int64_t count = static_cast<int64_t>(c.count()) - firstInput;
  states = count - scanned;
  body = c.find("body")->graph.get();
  if (scanned < 1 || states < 0 ||
      body->inputs.size() < static_cast<size_t>(count) ||
      body->outputs.size() < static_cast<size_t>(states)) {
    c.error("the attribute 'num_scan_inputs' is " + std::to_string(scanned) +
            ", which does not fit the inputs and the body");
    return false;
  }
  stacked = static_cast<int64_t>(body->outputs.size()) - states;
  auto list = [&](const char *name, int64_t wanted, SmallVector<int64_t> &out) {
    out = c.ints(name);
    if (out.empty())
      out.assign(wanted, 0);
    if (static_cast<int64_t>(out.size()) == wanted)
      return true;
    c.error("the attribute '" + std::string(name) + "' has " +
            std::to_string(out.size()) + " numbers, expected " +
            std::to_string(wanted));
    return false;
  };
  const char *directions = firstInput ? "directions" : "scan_input_directions";
  if (!list("scan_input_axes", scanned, inAxes) ||
      !list(directions, scanned, inDirections) ||
      !list("scan_output_axes", stacked, outAxes) ||
      !list("scan_output_directions", stacked, outDirections))
    return false;
  for (int64_t n = firstInput; n < firstInput + count; ++n)
    if (!c.has(n)) {
      c.error("input " + std::to_string(n) + " is missing");
      return false;
    }
  return true;
}

bool ScanImport::scan(ArrayRef<ValueRef> initial, ArrayRef<Value> sources,
                      SmallVectorImpl<ValueRef> &results) {
  LoopSpec spec;
  spec.body = body;
  spec.initial.assign(initial.begin(), initial.end());
  for (auto [n, source] : llvm::enumerate(sources)) {
    if (!c.axis(inAxes[n], GraphBuilder::rankOf(source)))
      return false;
    Scalar length = c.g.sizeOf(source, inAxes[n]);
    spec.trip = spec.trip ? c.g.assumeEqual(*spec.trip, length) : length;
  }
  unsigned firstSource = c.count() - scanned;
  spec.bind = [&](Scope &scope, Scalar iv) {
    for (auto [n, source] : llvm::enumerate(sources)) {
      Scalar at = inDirections[n] ? c.h.sub(c.h.sub(*spec.trip, 1), iv) : iv;
      Value row =
          c.g.dropDims(c.g.slice(source, inAxes[n], at, 1), {inAxes[n]});
      scope.values[body->inputs[states + n].name] =
          c.im.makeTensor(row, c.type(firstSource + n));
    }
  };
  if (!importLoop(c, spec, results))
    return false;
  for (auto [which, axis] : llvm::enumerate(outAxes)) {
    ValueRef &result = results[states + which];
    Value all = c.im.tensorOf(*result);
    int64_t rank = GraphBuilder::rankOf(all);
    if (!c.axis(axis, rank))
      return false;
    if (outDirections[which])
      all = c.g.slice(all, 0, c.h.sub(*spec.trip, 1), *spec.trip, -1);
    SmallVector<int64_t> permutation;
    for (int64_t d = 1; d < rank; ++d)
      permutation.push_back(d);
    permutation.insert(permutation.begin() + axis, 0);
    result = c.im.makeTensor(c.g.transpose(all, permutation), result->type);
  }
  return true;
}

/// Operator set 8: every input has a batch dim in front, and the batch's
/// sequences are scanned one by one.
void ScanImport::perBatch() {
  constexpr int64_t maxBatch = 64;
  if (c.has(0))
    return c.error("the lengths of the sequences are given",
                   "sequences of one length, or operator set 9");
  if (!readAttributes(1))
    return;
  Scalar batch = c.sizes(c.count() - 1)[0];
  if (!batch.isConstant() || batch.integer < 1 || batch.integer > maxBatch)
    return c.error("the batch is not static", "a static batch of 1 to " +
                                                  std::to_string(maxBatch) +
                                                  ", or operator set 9");
  std::vector<SmallVector<Value>> parts(states + stacked);
  SmallVector<ElemType> types(states + stacked);
  for (int64_t n = 0; n < batch.integer; ++n) {
    SmallVector<ValueRef> initial;
    SmallVector<Value> sources;
    for (unsigned input = 1; input < c.count(); ++input) {
      Value x = c.tensor(input);
      if (GraphBuilder::rankOf(x) == 0)
        return c.error("input '" + c.node.inputs[input] + "' has rank 0");
      c.g.assumeEqual(c.g.sizeOf(x, 0), batch);
      Value one = c.g.dropDims(c.g.slice(x, 0, n, 1), {0});
      if (static_cast<int64_t>(input) <= states)
        initial.push_back(c.im.makeTensor(one, c.type(input)));
      else
        sources.push_back(one);
    }
    SmallVector<ValueRef> results;
    if (!scan(initial, sources, results))
      return;
    for (auto [part, type, result] : llvm::zip(parts, types, results)) {
      part.push_back(c.g.insertUnitDims(c.im.tensorOf(*result), {0}));
      type = result->type;
    }
  }
  for (auto [n, part] : llvm::enumerate(parts))
    c.set(n, c.g.concat(part, 0), types[n]);
}

void ScanImport::run() {
  if (c.opset < 9)
    return perBatch();
  if (!readAttributes(0))
    return;
  SmallVector<ValueRef> initial, results;
  SmallVector<Value> sources;
  for (unsigned n = 0; n < c.count(); ++n) {
    if (n < static_cast<uint64_t>(states))
      initial.push_back(c.ref(n));
    else
      sources.push_back(c.tensor(n));
  }
  if (!scan(initial, sources, results))
    return;
  for (auto [n, result] : llvm::enumerate(results))
    c.set(n, result);
}

void importScan(NodeContext &c) { ScanImport(c).run(); }

} // namespace

void raddle::onnx::addControlFlowOps(OpTable &table) {
  OpRow rows[] = {
      {"If", "b", 0, "then_branch=g! else_branch=g!", importIf, nullptr,
       "branches with results of different rank, unless the condition is known "
       "at import; sequences"},
      {"Loop", "l? b? s*", 0, "body=g!", importLoopOp, nullptr,
       "carried sequences; stacked results with dims computed in the body that "
       "the file does not state"},
      {"Scan", "s?*", 0,
       "body=g! num_scan_inputs=i! scan_input_axes=is "
       "scan_input_directions=is scan_output_axes=is scan_output_directions=is "
       "directions=is",
       importScan, nullptr,
       "in operator set 8: lengths, and a batch that is not static"},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
