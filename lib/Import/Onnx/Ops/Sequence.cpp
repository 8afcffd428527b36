//===- Sequence.cpp - Sequences and optionals known at import -------------===//
#include "../Importer.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;

namespace {

ValueRef makeSequence(std::vector<ValueRef> elements) {
  auto value = std::make_shared<OnnxValue>();
  value->isSequence = true;
  value->sequence = std::move(elements);
  return value;
}

/// Input `n` as a sequence; reports.
std::vector<ValueRef> *sequenceOf(NodeContext &c, unsigned n) {
  if (c.in(n).isSequence)
    return &c.in(n).sequence;
  c.error("input '" + c.node.inputs[n] + "' is not a sequence");
  return nullptr;
}

/// A position in a list of `size`, known at import; reports.
std::optional<int64_t> positionOf(NodeContext &c, unsigned n, int64_t size) {
  auto given = c.integers(n);
  if (!given)
    return std::nullopt;
  int64_t at = given->size() == 1 ? (*given)[0] : size;
  if (at < 0)
    at += size;
  if (at >= 0 && at < size)
    return at;
  c.error("the position is outside a sequence of " + std::to_string(size));
  return std::nullopt;
}

void importConstruct(NodeContext &c) {
  std::vector<ValueRef> elements;
  for (unsigned n = 0; n < c.count(); ++n)
    elements.push_back(c.ref(n));
  c.set(0, makeSequence(std::move(elements)));
}
void importEmpty(NodeContext &c) { c.set(0, makeSequence({})); }
void importAt(NodeContext &c) {
  auto *sequence = sequenceOf(c, 0);
  if (!sequence)
    return;
  if (auto at = positionOf(c, 1, sequence->size()))
    c.set(0, (*sequence)[*at]);
}
void importLength(NodeContext &c) {
  auto *sequence = sequenceOf(c, 0);
  if (!sequence)
    return;
  HostTensor length;
  length.elements.push_back(static_cast<int64_t>(sequence->size()));
  c.setHost(0, std::move(length), ElemType::Int64);
}
void importInsert(NodeContext &c) {
  auto *sequence = sequenceOf(c, 0);
  if (!sequence)
    return;
  std::vector<ValueRef> elements = *sequence;
  int64_t at = elements.size();
  if (c.has(2)) {
    auto given = positionOf(c, 2, at + 1);
    if (!given)
      return;
    at = *given;
  }
  elements.insert(elements.begin() + at, c.ref(1));
  c.set(0, makeSequence(std::move(elements)));
}
void importErase(NodeContext &c) {
  auto *sequence = sequenceOf(c, 0);
  if (!sequence)
    return;
  std::vector<ValueRef> elements = *sequence;
  if (elements.empty())
    return c.error("the sequence is empty");
  int64_t at = static_cast<int64_t>(elements.size()) - 1;
  if (c.has(1)) {
    auto given = positionOf(c, 1, elements.size());
    if (!given)
      return;
    at = *given;
  }
  elements.erase(elements.begin() + at);
  c.set(0, makeSequence(std::move(elements)));
}

void importConcatFrom(NodeContext &c) {
  auto *sequence = sequenceOf(c, 0);
  if (!sequence)
    return;
  if (sequence->empty())
    return c.error("the sequence is empty");
  bool isNew = c.integer("new_axis", 0);
  int64_t axis = c.integer("axis", 0);
  int64_t rank = c.im.rankOf(*sequence->front());
  if (!c.axis(axis, rank + isNew))
    return;
  SmallVector<Value> parts;
  for (const ValueRef &value : *sequence) {
    if (value->type != sequence->front()->type || c.im.rankOf(*value) != rank)
      return c.error("the tensors of the sequence differ in type or rank");
    Value part = c.im.tensorOf(*value);
    parts.push_back(isNew ? c.g.insertUnitDims(part, {axis}) : part);
  }
  c.set(0, c.g.concat(parts, axis), sequence->front()->type);
}

void importSplitTo(NodeContext &c) {
  int64_t axis = c.integer("axis", 0);
  if (!c.axis(axis, c.rank(0)))
    return;
  Scalar size = c.sizes(0)[axis];
  if (!size.isConstant())
    return c.error("the dim to split is not static");
  bool keep = c.integer("keepdims", 1) || c.has(1);
  SmallVector<int64_t> parts;
  if (c.has(1)) {
    auto given = c.integers(1);
    if (!given)
      return;
    parts = *given;
    if (c.rank(1) == 0) {
      int64_t part = parts[0];
      if (part < 1)
        return c.error("the split size is " + std::to_string(part));
      parts.clear();
      if (size.integer / part > 4096)
        return c.error("more than 4096 parts");
      for (int64_t at = 0; at < size.integer; at += part)
        parts.push_back(std::min(part, size.integer - at));
    }
  } else {
    if (size.integer > 4096)
      return c.error("more than 4096 parts");
    parts.assign(size.integer, 1);
  }
  int64_t sum = 0;
  for (int64_t part : parts)
    sum += part < 0 || part > size.integer ? size.integer + 1 : part;
  if (sum != size.integer)
    return c.error("the split sizes do not add up to " +
                   std::to_string(size.integer));
  std::vector<ValueRef> elements;
  Value x = c.tensor(0);
  int64_t at = 0;
  for (int64_t part : parts) {
    Value piece = c.g.slice(x, axis, part ? at : 0, part);
    at += part;
    elements.push_back(
        c.im.makeTensor(keep ? piece : c.g.dropDims(piece, {axis}), c.type(0)));
  }
  c.set(0, makeSequence(std::move(elements)));
}

/// The body once per element; further sequences go along, tensors are shared.
void importMap(NodeContext &c) {
  auto *sequence = sequenceOf(c, 0);
  if (!sequence)
    return;
  const Graph &body = *c.find("body")->graph;
  if (body.inputs.size() != c.count() ||
      body.outputs.size() < c.node.outputs.size())
    return c.error("the body has " + std::to_string(body.inputs.size()) +
                   " inputs and " + std::to_string(body.outputs.size()) +
                   " outputs, the node " + std::to_string(c.count()) + " and " +
                   std::to_string(c.node.outputs.size()));
  std::vector<std::vector<ValueRef>> mapped(c.node.outputs.size());
  for (size_t at = 0; at < sequence->size(); ++at) {
    Scope scope;
    scope.parent = &c.scope;
    for (unsigned n = 0; n < c.count(); ++n) {
      if (!c.has(n))
        return c.error("input " + std::to_string(n) + " is missing");
      if (c.in(n).isSequence && c.in(n).sequence.size() <= at)
        return c.error("input '" + c.node.inputs[n] +
                       "' is a shorter sequence than the first");
      scope.values[body.inputs[n].name] =
          c.in(n).isSequence ? c.in(n).sequence[at] : c.ref(n);
    }
    SmallVector<ValueRef> results;
    if (!c.im.importGraph(body, scope, c.frame, results))
      return;
    for (auto [list, result] : llvm::zip(mapped, results))
      list.push_back(result);
  }
  for (auto [n, list] : llvm::enumerate(mapped))
    c.set(n, makeSequence(std::move(list)));
}

void importOptional(NodeContext &c) {
  if (c.has(0))
    return c.set(0, c.ref(0));
  auto none = std::make_shared<OnnxValue>();
  none->isNone = true;
  c.set(0, none);
}
void importHasElement(NodeContext &c) {
  HostTensor has;
  has.elements.push_back(c.has(0) && !c.in(0).isNone);
  c.setHost(0, std::move(has), ElemType::Bool);
}
void importGetElement(NodeContext &c) {
  if (c.in(0).isNone)
    return c.error("the optional has no value");
  c.set(0, c.ref(0));
}

} // namespace

void raddle::onnx::addSequenceOps(OpTable &table) {
  const char *known = "sequences as inputs or outputs of the model; positions "
                      "that are not known at import";
  OpRow rows[] = {
      {"SequenceConstruct", "x x*", 1, "", importConstruct, nullptr, known},
      {"SequenceEmpty", "", 1, "dtype=i", importEmpty, nullptr, known},
      {"SequenceAt", "s l", 1, "", importAt, nullptr, known},
      {"SequenceLength", "s", 1, "", importLength, nullptr, known},
      {"SequenceInsert", "s x l?", 1, "", importInsert, nullptr, known},
      {"SequenceErase", "s l?", 1, "", importErase, nullptr, known},
      {"ConcatFromSequence", "s", 1, "axis=i! new_axis=i", importConcatFrom},
      {"SplitToSequence", "x l?", 1, "axis=i keepdims=i", importSplitTo,
       nullptr, known},
      {"SequenceMap", "s s*", 0, "body=g!", importMap, nullptr, known},
      {"Optional", "s?", 1, "type=y", importOptional, nullptr,
       "optionals as inputs or outputs of the model"},
      {"OptionalHasElement", "s?", 1, "", importHasElement},
      {"OptionalGetElement", "s", 1, "", importGetElement},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
