//===- NodeContext.cpp - What handlers see of a node ----------------------===//
#include "Importer.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;

NodeContext::NodeContext(Importer &im, const Node &node, const OpRow &row,
                         Scope &scope, const CallFrame *frame,
                         std::vector<ValueRef> inputs)
    : im(im), g(im.g), h(im.g.host), b(im.g.b), node(node), row(row),
      scope(scope), frame(frame), opset(im.opsetOf(node.domain, frame)),
      results(node.outputs.size()), inputs(std::move(inputs)),
      problemsBefore(im.problems.size()) {}

void NodeContext::error(std::string message, std::string supported) {
  im.report(node, frame, std::move(message), std::move(supported));
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

std::optional<SmallVector<Scalar>> NodeContext::scalars(unsigned n) {
  if (const HostTensor *known = host(n))
    return SmallVector<Scalar>(known->elements.begin(), known->elements.end());
  std::string name = "input '" + node.inputs[n] + "'";
  if (!isInteger(type(n)) && type(n) != ElemType::Bool) {
    error(name + " has elements of " + elemName(type(n)) +
              ", expected integers",
          "a shape computed with integers, or constant");
    return std::nullopt;
  }
  Value value = tensor(n);
  auto shape = GraphBuilder::typeOf(value);
  if (shape.getRank() > 1 || !shape.hasStaticShape() ||
      shape.getNumElements() > 64) {
    error(name + " must have rank 0 or 1 and a static number of elements",
          "a shape whose rank is known at import");
    return std::nullopt;
  }
  SmallVector<Scalar> result;
  for (int64_t i = 0; i < shape.getNumElements(); ++i)
    result.push_back(g.read(
        value, shape.getRank() ? ArrayRef<int64_t>(i) : ArrayRef<int64_t>(),
        unsignedInput(n)));
  return result;
}

std::optional<SmallVector<int64_t>> NodeContext::integers(unsigned n) {
  const HostTensor *known = host(n);
  // What has no elements is known.
  if (!known && im.sizesOf(in(n)).size() == 1 &&
      im.sizesOf(in(n))[0].isInteger(0))
    return SmallVector<int64_t>();
  if (!known || !known->isConstant()) {
    error("input '" + node.inputs[n] + "' is not known at import",
          "a constant");
    return std::nullopt;
  }
  return SmallVector<int64_t>(llvm::map_range(
      known->elements, [](const Scalar &s) { return s.integer; }));
}

std::optional<SmallVector<double>> NodeContext::reals(unsigned n) {
  const HostTensor *known = host(n);
  if (!known || !known->isConstant()) {
    error("input '" + node.inputs[n] + "' is not known at import",
          "a constant");
    return std::nullopt;
  }
  return SmallVector<double>(
      llvm::map_range(known->elements, [](const Scalar &s) {
        return s.isReal ? s.real : static_cast<double>(s.integer);
      }));
}

std::optional<double> NodeContext::knownReal(unsigned n) {
  const HostTensor *known = host(n);
  if (!known || !known->isConstant() || known->elements.size() != 1)
    return std::nullopt;
  const Scalar &s = known->elements.front();
  return s.isReal ? s.real : static_cast<double>(s.integer);
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

const NodeAttribute *NodeContext::find(const char *name) {
  const NodeAttribute *found = node.find(name);
  const CallFrame *at = frame;
  // Inside a function an attribute may stand for one of the call, which may
  // stand for one of the outer call, and so on.
  while (found && !found->reference.empty() && at) {
    const std::string &reference = found->reference;
    found = at->call->find(reference);
    if (!found)
      for (const NodeAttribute &given : at->function->defaults)
        if (given.name == reference)
          found = &given;
    at = at->caller;
  }
  return found;
}

int64_t NodeContext::integer(const char *name, int64_t otherwise) {
  const NodeAttribute *a = find(name);
  return a ? a->i : otherwise;
}
double NodeContext::real(const char *name, double otherwise) {
  const NodeAttribute *a = find(name);
  return a ? a->f : otherwise;
}
std::string NodeContext::string(const char *name,
                                const std::string &otherwise) {
  const NodeAttribute *a = find(name);
  return a ? a->s : otherwise;
}
SmallVector<int64_t> NodeContext::ints(const char *name) {
  const NodeAttribute *a = find(name);
  return a ? SmallVector<int64_t>(a->ints.begin(), a->ints.end())
           : SmallVector<int64_t>();
}
SmallVector<double> NodeContext::floats(const char *name) {
  const NodeAttribute *a = find(name);
  return a ? SmallVector<double>(a->floats.begin(), a->floats.end())
           : SmallVector<double>();
}

//===----------------------------------------------------------------------===//
// Outputs and checks
//===----------------------------------------------------------------------===//

void NodeContext::set(unsigned n, Value value, ElemType type) {
  set(n, im.makeTensor(value, type));
}
void NodeContext::set(unsigned n, ValueRef value) {
  if (n < results.size())
    results[n] = std::move(value);
}
void NodeContext::setHost(unsigned n, HostTensor value, ElemType type) {
  set(n, im.makeHost(std::move(value), type));
}

bool NodeContext::axis(int64_t &axis, int64_t rank) {
  if (axis < -rank || axis >= rank) {
    error("axis " + std::to_string(axis) + " is not a dim of rank " +
          std::to_string(rank));
    return false;
  }
  if (axis < 0)
    axis += rank;
  return true;
}

bool NodeContext::axes(MutableArrayRef<int64_t> axes, int64_t rank) {
  SmallVector<bool> seen(rank, false);
  for (int64_t &a : axes) {
    if (!axis(a, rank))
      return false;
    if (seen[a]) {
      error("axis " + std::to_string(a) + " is named twice");
      return false;
    }
    seen[a] = true;
  }
  return true;
}

std::optional<SmallVector<Scalar>> NodeContext::hostAxes(unsigned n,
                                                         int64_t rank) {
  auto given = scalars(n);
  if (!given)
    return std::nullopt;
  if (llvm::all_of(*given, [](const Scalar &s) { return s.isConstant(); })) {
    SmallVector<int64_t> known =
        llvm::map_to_vector(*given, [](const Scalar &s) { return s.integer; });
    if (!axes(known, rank))
      return std::nullopt;
    return SmallVector<Scalar>(known.begin(), known.end());
  }
  using P = arith::CmpIPredicate;
  Scalar inside = 1;
  for (Scalar &axis : *given) {
    axis = h.select(h.compare(P::slt, axis, 0), h.add(axis, rank), axis);
    inside = h.logicalAnd(inside, h.compare(P::sge, axis, 0));
    inside = h.logicalAnd(inside, h.compare(P::slt, axis, rank));
  }
  g.check(inside, "an axis is not a dim of rank " + std::to_string(rank));
  for (size_t i = 0; i < given->size(); ++i)
    for (size_t j = i + 1; j < given->size(); ++j)
      g.check(h.logicalNot(h.equal((*given)[i], (*given)[j])),
              "an axis is named twice");
  return given;
}

Sizes NodeContext::perDim(ArrayRef<Scalar> axes, ArrayRef<Scalar> values,
                          int64_t rank, Scalar otherwise) {
  Sizes result(rank, otherwise);
  for (int64_t dim = 0; dim < rank; ++dim)
    for (auto [axis, value] : llvm::zip(axes, values))
      result[dim] = h.select(h.equal(axis, dim), value, result[dim]);
  return result;
}

bool NodeContext::expectRank(unsigned input, int64_t expected) {
  if (rank(input) == expected)
    return true;
  error("input '" + node.inputs[input] + "' has rank " +
        std::to_string(rank(input)) + ", expected " + std::to_string(expected));
  return false;
}
