//===- Loops.cpp - Loops over subgraphs -----------------------------------===//
#include "HostEvaluation.h"
#include "Regions.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;

namespace {

/// How one carried value goes through the loop.
struct Carried {
  ElemType type;
  bool onHost = false;
  SmallVector<int64_t> hostShape;
  RankedTensorType tensor;
  /// Sizes that stay those of the initial value, per dim.
  SmallVector<bool> fixed;
  Sizes sizes;
};

class LoopImport {
public:
  LoopImport(NodeContext &c, const LoopSpec &spec) : c(c), spec(spec) {}
  bool run(SmallVectorImpl<ValueRef> &results);

private:
  bool start();
  bool importBody();
  void keepPromises();
  /// Whether the size is a value of the body.
  bool isOwn(Scalar size) {
    Block *from = size.value ? size.value.getParentBlock() : nullptr;
    return from && region->findAncestorBlockInRegion(*from);
  }
  void pinInBody(Scalar size, size_t result, int64_t stated);
  bool settle(bool &changed);
  ValueRef argumentValue(const Carried &carried, unsigned &at);
  SmallVector<Value> flatten(const Carried &carried, OnnxValue &value);
  ValueRef unflatten(const Carried &carried, ValueRange values, unsigned &at);
  bool appendStacked();
  void finish(SmallVectorImpl<ValueRef> &results);

  NodeContext &c;
  const LoopSpec &spec;
  std::vector<Carried> carried;
  std::unique_ptr<Region> region;
  SmallVector<ValueRef> bodyResults;
  SmallVector<Value> inits, yields;
  struct Stack {
    ElemType type;
    Sizes row;
    bool grows;
  };
  std::vector<Stack> stacks;
  bool isWhile = false;
  /// The iterations of a loop that counts.
  Scalar trip;
};

Block *frontOf(Region &region) { return &region.front(); }

bool LoopImport::start() {
  for (const ValueRef &value : spec.initial) {
    if (value->isSequence || value->isNone) {
      c.error("a carried value is not a tensor", "tensors");
      return false;
    }
    Carried one;
    one.type = value->type;
    const HostTensor *host = c.im.hostOf(*value);
    one.onHost = host && host->elements.size() <= 16 &&
                 (one.type == ElemType::Int64 || one.type == ElemType::Int32 ||
                  one.type == ElemType::Bool);
    // A host value that is big or a float goes through the device.
    if (one.onHost) {
      one.hostShape.assign(host->shape.begin(), host->shape.end());
    } else {
      Value tensor = c.im.tensorOf(*value);
      one.tensor = GraphBuilder::typeOf(tensor);
      one.sizes = c.g.sizesOf(tensor);
      one.fixed.assign(one.sizes.size(), true);
    }
    carried.push_back(std::move(one));
  }
  return true;
}

ValueRef LoopImport::argumentValue(const Carried &one, unsigned &at) {
  Block *block = frontOf(*region);
  if (!one.onHost) {
    Value argument = block->getArgument(at++);
    Sizes sizes = one.sizes;
    for (auto [size, fixed] : llvm::zip(sizes, one.fixed))
      if (!fixed)
        size = Scalar();
    c.g.setSizes(argument, sizes);
    return c.im.makeTensor(argument, one.type);
  }
  HostTensor host;
  host.shape.assign(one.hostShape.begin(), one.hostShape.end());
  for (int64_t n = 0, end = countOf(one.hostShape); n < end; ++n)
    host.elements.push_back(Scalar(Value(block->getArgument(at++))));
  return c.im.makeHost(std::move(host), one.type);
}

bool LoopImport::importBody() {
  region = std::make_unique<Region>();
  auto *block = new Block;
  region->push_back(block);
  Location loc = c.b.getLoc();
  block->addArgument(c.b.getIndexType(), loc);
  for (const Carried &one : carried) {
    if (!one.onHost) {
      block->addArgument(one.tensor, loc);
      continue;
    }
    Type type = one.type == ElemType::Bool ? Type(c.b.getI1Type())
                                           : Type(c.b.getIndexType());
    for (int64_t n = 0, end = countOf(one.hostShape); n < end; ++n)
      block->addArgument(type, loc);
  }
  c.h.setRange(block->getArgument(0), {0, INT32_MAX});
  Scope scope;
  scope.parent = &c.scope;
  unsigned at = 1;
  for (auto [n, one] : llvm::enumerate(carried)) {
    size_t input = spec.firstCarried + n;
    if (input >= spec.body->inputs.size()) {
      c.error("the body has " + std::to_string(spec.body->inputs.size()) +
              " inputs, too few for the carried values");
      return false;
    }
    scope.values[spec.body->inputs[input].name] = argumentValue(one, at);
  }
  RegionScope inside(c, block);
  spec.bind(scope, Scalar(Value(block->getArgument(0))));
  bodyResults.clear();
  return c.im.importGraph(*spec.body, scope, c.frame, bodyResults);
}

/// Takes a size that the body computes for the one that the file states.
void LoopImport::pinInBody(Scalar size, size_t result, int64_t stated) {
  const ValueInfo &output = spec.body->outputs[spec.bodyHasCondition + result];
  c.g.pin(size, stated,
          "'" + output.name + "' has a dim that is not " +
              std::to_string(stated) + ", which the model states");
}

/// Where the file states that a carried tensor keeps a size which the body
/// computes, that is checked in every iteration.
void LoopImport::keepPromises() {
  size_t first = spec.bodyHasCondition;
  Block *block = frontOf(*region);
  for (auto [n, one] : llvm::enumerate(carried)) {
    if (first + n >= bodyResults.size() || one.onHost)
      continue;
    ValueRef &result = bodyResults[first + n];
    const auto &stated = spec.body->outputs[first + n].shape;
    if (result->isSequence || result->isNone || !stated)
      continue;
    RegionScope inside(c, block);
    Sizes sizes = c.im.sizesOf(*result);
    if (sizes.size() != stated->size() || sizes.size() != one.sizes.size())
      continue;
    bool kept = false;
    for (auto [size, dim, had] : llvm::zip(sizes, *stated, one.sizes)) {
      if (size.isConstant() || !dim.value || !had.isInteger(*dim.value) ||
          !isOwn(size))
        continue;
      pinInBody(size, n, had.integer);
      size = had;
      kept = true;
    }
    if (!kept)
      continue;
    Value tensor = c.im.tensorOf(*result);
    result = c.im.makeTensor(
        c.g.castTo(tensor, c.g.typeFor(sizes, GraphBuilder::elementOf(tensor))),
        result->type);
  }
}

/// Widens what is carried to what the body gives; `changed` when the body has
/// to be imported again.
bool LoopImport::settle(bool &changed) {
  changed = false;
  size_t first = spec.bodyHasCondition;
  if (bodyResults.size() < first + carried.size()) {
    c.error("the body has " + std::to_string(bodyResults.size()) +
            " results, too few for the carried values");
    return false;
  }
  Block *block = frontOf(*region);
  for (auto [n, one] : llvm::enumerate(carried)) {
    OnnxValue &result = *bodyResults[first + n];
    if (result.isSequence || result.isNone || result.type != one.type) {
      c.error("carried value " + std::to_string(n) +
              " changes its type in the body");
      return false;
    }
    RegionScope inside(c, block);
    if (one.onHost) {
      const HostTensor *host = c.im.hostOf(result);
      if (host && llvm::equal(host->shape, one.hostShape))
        continue;
      one.onHost = false;
      changed = true;
      OpBuilder::InsertionGuard guard(c.b);
      one.tensor = RankedTensorType::get(
          one.hostShape, elementType(c.b.getContext(), one.type));
      one.sizes.assign(one.hostShape.begin(), one.hostShape.end());
      one.fixed.assign(one.sizes.size(), true);
    }
    Sizes sizes = c.im.sizesOf(result);
    SmallVector<int64_t> dims;
    for (const Scalar &s : sizes)
      dims.push_back(HostBuilder::staticDim(s));
    RankedTensorType joined = joinTypes(
        one.tensor, RankedTensorType::get(dims, one.tensor.getElementType()));
    if (!joined) {
      c.error("carried value " + std::to_string(n) + " has rank " +
              std::to_string(one.tensor.getRank()) +
              ", the body gives it rank " + std::to_string(sizes.size()));
      return false;
    }
    changed |= joined != one.tensor;
    one.tensor = joined;
    for (auto [had, size, fixed] : llvm::zip(one.sizes, sizes, one.fixed)) {
      if (fixed && !c.h.provablyEqual(had, size)) {
        fixed = false;
        changed = true;
      }
    }
  }
  return true;
}

SmallVector<Value> LoopImport::flatten(const Carried &one, OnnxValue &value) {
  if (!one.onHost)
    return {c.g.castTo(c.im.tensorOf(value), one.tensor)};
  SmallVector<Value> values;
  for (const Scalar &s : c.im.hostOf(value)->elements)
    values.push_back(one.type == ElemType::Bool ? c.h.condition(s)
                                                : c.h.index(s));
  return values;
}

ValueRef LoopImport::unflatten(const Carried &one, ValueRange values,
                               unsigned &at) {
  if (!one.onHost) {
    Value result = values[at++];
    Sizes sizes = one.sizes;
    for (auto [size, fixed] : llvm::zip(sizes, one.fixed))
      if (!fixed)
        size = Scalar();
    c.g.setSizes(result, sizes);
    return c.im.makeTensor(result, one.type);
  }
  HostTensor host;
  host.shape.assign(one.hostShape.begin(), one.hostShape.end());
  for (int64_t n = 0, end = countOf(one.hostShape); n < end; ++n)
    host.elements.push_back(Scalar(Value(values[at++])));
  return c.im.makeHost(std::move(host), one.type);
}

/// Adds an accumulator per stacked result: a tensor of all rows that an
/// iteration writes its row of, or, when their number is unknown, one that
/// grows by a row.
bool LoopImport::appendStacked() {
  size_t first = spec.bodyHasCondition + carried.size();
  Block *block = frontOf(*region);
  for (size_t n = first; n < bodyResults.size(); ++n) {
    OnnxValue &value = *bodyResults[n];
    if (value.isSequence || value.isNone) {
      c.error("a stacked result is not a tensor");
      return false;
    }
    Type element = elementType(c.b.getContext(), value.type);
    Value row;
    {
      RegionScope inside(c, block);
      row = c.im.tensorOf(value);
    }
    Stack stack{value.type, c.g.sizesOf(row), isWhile};
    const auto &stated = spec.body->outputs[n].shape;
    for (auto [d, size] : llvm::enumerate(stack.row)) {
      if (!isOwn(size))
        continue;
      // A size of the body's own is unknown before the loop, unless the file
      // states it.
      if (!stated || stated->size() != stack.row.size() ||
          !(*stated)[d].value) {
        c.error("the stacked result '" + spec.body->outputs[n].name +
                    "' has a dim that is computed in the body",
                "dims that the file states, or that are dims of the model's "
                "inputs");
        return false;
      }
      RegionScope inside(c, block);
      pinInBody(size, n - first + carried.size(), *(*stated)[d].value);
      size = *(*stated)[d].value;
      row = c.g.castTo(row, c.g.typeFor(stack.row, element));
    }
    Sizes all{stack.grows ? Scalar(0) : trip};
    all.append(stack.row);
    Value init = c.g.filled(0, element, all);
    RankedTensorType type = GraphBuilder::typeOf(init);
    if (stack.grows) {
      SmallVector<int64_t> dims(type.getShape());
      dims[0] = ShapedType::kDynamic;
      type = RankedTensorType::get(dims, element);
      init = c.g.castTo(init, type);
    }
    inits.push_back(init);
    Value argument = block->addArgument(type, c.b.getLoc());
    Sizes sizes = all;
    if (stack.grows)
      sizes[0] = Scalar();
    c.g.setSizes(argument, sizes);
    RegionScope inside(c, block);
    Value wide = c.g.insertUnitDims(row, {0});
    Value next;
    if (stack.grows) {
      next = c.g.castTo(c.g.concat({argument, wide}, 0), type);
    } else {
      Value at =
          c.g.splat(Scalar(Value(block->getArgument(0))), c.b.getI64Type());
      next =
          graph::ScatterNdOp::create(c.b, type, graph::ScatterKind::replace,
                                     argument, c.g.reshape(at, {1, 1}), wide);
    }
    yields.push_back(next);
    stacks.push_back(std::move(stack));
  }
  return true;
}

void LoopImport::finish(SmallVectorImpl<ValueRef> &results) {
  Block *block = frontOf(*region);
  SmallVector<Value> values;
  Scalar rows = trip;
  if (!isWhile) {
    {
      RegionScope inside(c, block);
      scf::YieldOp::create(c.b, yields);
    }
    auto loop = scf::ForOp::create(c.b, c.h.index(0), c.h.index(trip),
                                   c.h.index(1), inits);
    loop.getRegion().takeBody(*region);
    values.assign(loop.result_begin(), loop.result_end());
  } else {
    Location loc = c.b.getLoc();
    SmallVector<Value> starts{c.h.index(0), c.h.condition(spec.condition)};
    llvm::append_range(starts, inits);
    SmallVector<Type> types{c.b.getIndexType()};
    llvm::append_range(types, ValueRange(inits).getTypes());
    auto loop = scf::WhileOp::create(c.b, types, starts);
    {
      OpBuilder::InsertionGuard guard(c.b);
      auto *before = new Block;
      loop.getBefore().push_back(before);
      for (Value v : starts)
        before->addArgument(v.getType(), loc);
      RegionScope inside(c, before);
      Scalar go(Value(before->getArgument(1)));
      if (spec.trip)
        go = c.h.logicalAnd(
            go, c.h.compare(arith::CmpIPredicate::slt,
                            Scalar(Value(before->getArgument(0))), *spec.trip));
      SmallVector<Value> passed{before->getArgument(0)};
      llvm::append_range(passed, before->getArguments().drop_front(2));
      scf::ConditionOp::create(c.b, go.value, passed);
    }
    {
      RegionScope inside(c, block);
      OnnxValue &condition = *bodyResults.front();
      const HostTensor *known = c.im.hostOf(condition);
      Scalar again =
          known && known->elements.size() == 1
              ? known->elements.front()
              : c.g.read(c.im.tensorOf(condition),
                         SmallVector<int64_t>(c.im.rankOf(condition), 0));
      SmallVector<Value> next{
          c.h.index(c.h.add(Scalar(Value(block->getArgument(0))), 1)),
          c.h.condition(again)};
      llvm::append_range(next, yields);
      scf::YieldOp::create(c.b, next);
    }
    loop.getAfter().takeBody(*region);
    rows = Scalar(Value(loop.getResult(0)));
    c.h.setRange(rows.value, {0, INT32_MAX});
    values.assign(loop.result_begin() + 1, loop.result_end());
  }
  unsigned at = 0;
  for (const Carried &one : carried)
    results.push_back(unflatten(one, values, at));
  for (const Stack &stack : stacks) {
    Value all = values[at++];
    Sizes sizes{rows};
    sizes.append(stack.row);
    c.g.setSizes(all, sizes);
    results.push_back(c.im.makeTensor(all, stack.type));
  }
}

bool LoopImport::run(SmallVectorImpl<ValueRef> &results) {
  if (!start())
    return false;
  // Each round makes a type more general; the number of dims bounds them.
  for (unsigned round = 0;; ++round) {
    if (!importBody())
      return false;
    keepPromises();
    bool changed;
    if (!settle(changed))
      return false;
    if (!changed)
      break;
    if (round == 64) {
      c.error("the types of the carried values do not settle");
      return false;
    }
    c.im.discardLater(std::move(region));
  }
  if (spec.bodyHasCondition) {
    const HostTensor *known = c.im.hostOf(*bodyResults.front());
    isWhile = !(known && known->elements.size() == 1 &&
                known->elements.front().isConstant() &&
                known->elements.front().integer);
  }
  if (!isWhile && !spec.trip) {
    c.error("the loop has neither a trip count nor a condition that ends it");
    return false;
  }
  // A condition that does not hold at first leaves no iteration.
  if (!isWhile)
    trip = c.h.select(spec.condition, *spec.trip, 0);
  Block *block = frontOf(*region);
  for (auto [n, one] : llvm::enumerate(carried)) {
    llvm::append_range(inits, flatten(one, *spec.initial[n]));
    RegionScope inside(c, block);
    llvm::append_range(yields,
                       flatten(one, *bodyResults[spec.bodyHasCondition + n]));
  }
  if (!appendStacked())
    return false;
  finish(results);
  return true;
}

} // namespace

bool raddle::onnx::importLoop(NodeContext &c, const LoopSpec &spec,
                              SmallVectorImpl<ValueRef> &results) {
  return LoopImport(c, spec).run(results);
}

SmallVector<Value> raddle::onnx::countedLoop(
    NodeContext &c, Scalar trip, ArrayRef<Value> inits,
    function_ref<SmallVector<Value>(Scalar, ValueRange)> body) {
  auto loop = scf::ForOp::create(c.b, c.h.index(0), c.h.index(trip),
                                 c.h.index(1), inits);
  for (auto [init, argument] : llvm::zip(inits, loop.getRegionIterArgs()))
    c.g.setSizes(argument, c.g.sizesOf(init));
  {
    RegionScope inside(c, loop.getBody());
    c.h.setRange(loop.getInductionVar(), {0, INT32_MAX});
    SmallVector<Value> next =
        body(Scalar(Value(loop.getInductionVar())), loop.getRegionIterArgs());
    for (auto [value, init] : llvm::zip(next, inits))
      value = c.g.castTo(value, GraphBuilder::typeOf(init));
    scf::YieldOp::create(c.b, next);
  }
  SmallVector<Value> results(loop.getResults());
  for (auto [init, result] : llvm::zip(inits, results))
    c.g.setSizes(result, c.g.sizesOf(init));
  return results;
}
