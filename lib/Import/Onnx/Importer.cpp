//===- Importer.cpp - Walks a model and builds its module -----------------===//
#include "Importer.h"
#include "Ops/Regions.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;

namespace {
// Tensors of more elements are data, not shapes.
constexpr int64_t maxHostElements = 256;
// Bounds the work that nested functions of a hostile file can ask for.
constexpr size_t maxNodes = 300000;
constexpr unsigned maxGraphDepth = 64;
} // namespace

ValueRef Scope::find(const std::string &name) const {
  for (const Scope *scope = this; scope; scope = scope->parent)
    if (auto found = scope->values.find(name); found != scope->values.end())
      return found->second;
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Names and problems
//===----------------------------------------------------------------------===//

std::string Importer::nameOf(const Node &node, const CallFrame *frame) const {
  auto found = numbered.find(&node);
  std::string name = !node.name.empty()        ? node.name
                     : found != numbered.end() ? found->second
                                               : node.op;
  return frame ? frame->prefix + name : name;
}

int64_t Importer::opsetOf(const std::string &domain,
                          const CallFrame *frame) const {
  if (frame && !frame->function->opsets.empty()) {
    auto found = frame->function->opsets.find(domain);
    if (found != frame->function->opsets.end())
      return found->second;
  }
  auto found = model.opsets.find(domain);
  return found == model.opsets.end() ? 0 : found->second;
}

void Importer::report(const Node &node, const CallFrame *frame,
                      std::string message, std::string supported) {
  OnnxProblem problem;
  problem.node = nameOf(node, frame);
  problem.op = node.domain.empty() ? node.op : node.domain + "." + node.op;
  problem.opset = opsetOf(node.domain, frame);
  problem.message = std::move(message);
  problem.supported = std::move(supported);
  problems.push_back(std::move(problem));
}

const ValueInfo *Importer::statedType(const std::string &name) const {
  if (!currentGraph)
    return nullptr;
  for (const ValueInfo &output : currentGraph->outputs)
    if (output.name == name)
      return &output;
  auto found = currentGraph->values.find(name);
  return found == currentGraph->values.end() ? nullptr : &found->second;
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

ValueRef Importer::makeTensor(Value tensor, ElemType type) {
  auto value = std::make_shared<OnnxValue>();
  value->tensor = tensor;
  value->type = type;
  return value;
}

ValueRef Importer::makeHost(HostTensor host, ElemType type) {
  auto value = std::make_shared<OnnxValue>();
  value->host = std::move(host);
  value->type = type;
  return value;
}

Value Importer::storedTensor(const Tensor &tensor, const std::string &name) {
  MLIRContext *context = g.b.getContext();
  Type element = elementType(context, tensor.type);
  if (tensor.size <= options.inlineBytes || tensor.count() <= 1)
    return g.constant(denseElements(context, tensor));
  Value &weight = weights[tensor.entry];
  if (!weight) {
    OpBuilder::InsertionGuard guard(g.b);
    g.b.setInsertionPointToStart(g.host.entryBlock);
    weight = graph::WeightOp::create(
        g.b, NameLoc::get(g.b.getStringAttr(tensor.entry)),
        RankedTensorType::get(tensor.dims, element),
        graph::ExternalAttr::get(context, "weights", tensor.entry),
        DictionaryAttr());
  }
  return weight;
}

Value Importer::materialize(const HostTensor &host, ElemType type) {
  Type element = elementType(g.b.getContext(), type);
  auto shape = RankedTensorType::get(host.shape, element);
  if (host.isConstant()) {
    SmallVector<Attribute> attrs;
    for (const Scalar &s : host.elements) {
      if (auto real = dyn_cast<FloatType>(element)) {
        llvm::APFloat number(s.isReal ? s.real
                                      : static_cast<double>(s.integer));
        bool lossy;
        number.convert(real.getFloatSemantics(),
                       llvm::APFloat::rmNearestTiesToEven, &lossy);
        attrs.push_back(FloatAttr::get(element, number));
      } else {
        attrs.push_back(IntegerAttr::get(
            element, llvm::APInt(64, s.integer, true)
                         .trunc(element.getIntOrFloatBitWidth())));
      }
    }
    return g.constant(DenseElementsAttr::get(shape, attrs));
  }
  auto scalarOf = [&](const Scalar &s) -> Value {
    if (s.isConstant())
      return g.host.constant(
          g.b.getIntegerAttr(element, wrapTo(s.integer, type)));
    if (element.isInteger(1))
      return s.value;
    return arith::IndexCastOp::create(g.b, element, s.value);
  };
  if (host.elements.size() == 1) {
    Value scalar = host.elements.front().value;
    Value rank0 =
        graph::SplatOp::create(g.b, RankedTensorType::get({}, element), scalar);
    return g.reshape(rank0, Sizes(host.shape.begin(), host.shape.end()));
  }
  SmallVector<Value> scalars;
  for (const Scalar &s : host.elements)
    scalars.push_back(scalarOf(s));
  auto flat =
      RankedTensorType::get({static_cast<int64_t>(scalars.size())}, element);
  Value result = tensor::FromElementsOp::create(g.b, flat, scalars);
  return g.reshape(result, Sizes(host.shape.begin(), host.shape.end()));
}

Value Importer::tensorOf(OnnxValue &value) {
  if (value.tensor)
    return value.tensor;
  if (value.stored)
    return value.tensor = storedTensor(*value.stored, value.name);
  Value made = materialize(*value.host, value.type);
  // What is made inside a region is not visible after it.
  if (regionDepth == 0 || value.host->isConstant())
    value.tensor = made;
  return made;
}

const HostTensor *Importer::hostOf(OnnxValue &value) {
  if (!value.host && value.stored && value.stored->problem.empty() &&
      value.stored->count() <= maxHostElements)
    value.host = decodeElements(*value.stored);
  return value.host ? &*value.host : nullptr;
}

int64_t Importer::rankOf(OnnxValue &value) {
  if (value.tensor)
    return GraphBuilder::rankOf(value.tensor);
  return value.stored ? value.stored->dims.size() : value.host->rank();
}

Sizes Importer::sizesOf(OnnxValue &value) {
  if (value.tensor)
    return g.sizesOf(value.tensor);
  if (value.stored)
    return Sizes(value.stored->dims.begin(), value.stored->dims.end());
  return Sizes(value.host->shape.begin(), value.host->shape.end());
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

void Importer::enterRegion() {
  ++regionDepth;
  g.host.enterRegion();
}

void Importer::leaveRegion() {
  --regionDepth;
  g.host.leaveRegion();
}

bool Importer::decide(const std::string &node) {
  if (!llvm::is_contained(decisionOrder, node))
    decisionOrder.push_back(node);
  return decisions.emplace(node, true).first->second;
}

void Importer::discardLater(std::unique_ptr<Region> region) {
  discarded.push_back(std::move(region));
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

void Importer::bindInitializers(const Graph &graph, Scope &scope) {
  for (const std::shared_ptr<Tensor> &tensor : graph.initializers) {
    auto value = std::make_shared<OnnxValue>();
    value->name = tensor->name;
    value->type = tensor->type;
    value->stored = tensor;
    if (!tensor->problem.empty()) {
      OnnxProblem problem;
      problem.message = "initializer '" + tensor->name + "' " + tensor->problem;
      problems.push_back(std::move(problem));
      value->poisoned = true;
    }
    if (!scope.values.emplace(tensor->name, value).second) {
      OnnxProblem problem;
      problem.message = "two initializers have the name '" + tensor->name + "'";
      problems.push_back(std::move(problem));
    }
  }
}

void Importer::importNodes(const std::vector<Node> &nodes, Scope &scope,
                           const CallFrame *frame) {
  for (const Node &node : nodes)
    for (const std::string &output : node.outputs)
      if (!output.empty())
        scope.producers.emplace(output, &node);
  for (const Node &node : nodes) {
    if (++importedNodes > maxNodes) {
      if (importedNodes == maxNodes + 1)
        report(node, frame,
               "the model has more than " + std::to_string(maxNodes) +
                   " nodes");
      return;
    }
    importNode(node, scope, frame);
  }
}

/// A tensor without elements is a constant: there is nothing to compute.
ValueRef Importer::withoutComputation(ValueRef value) {
  if (!value || !value->tensor)
    return value;
  RankedTensorType type = GraphBuilder::typeOf(value->tensor);
  if (!type.hasStaticShape() || type.getNumElements() != 0 ||
      value->tensor.getDefiningOp<arith::ConstantOp>())
    return value;
  return makeTensor(
      g.constant(DenseElementsAttr::get(type, ArrayRef<Attribute>())),
      value->type);
}

void Importer::importNode(const Node &node, Scope &scope,
                          const CallFrame *frame) {
  Location before = g.b.getLoc();
  std::string name = nameOf(node, frame);
  g.b.setLoc(NameLoc::get(g.b.getStringAttr(name)));
  imported.try_emplace(
      name, node.domain.empty() ? node.op : node.domain + "." + node.op,
      opsetOf(node.domain, frame));
  g.problem = [this, &node, frame](const std::string &message) {
    report(node, frame, message);
  };
  bool poisoned = unusable.count(&node);
  std::vector<ValueRef> inputs;
  for (const std::string &name : node.inputs) {
    if (name.empty()) {
      inputs.push_back(nullptr);
      continue;
    }
    ValueRef value = scope.find(name);
    if (!value) {
      auto producer = scope.producers.find(name);
      if (producer != scope.producers.end())
        report(node, frame,
               "input '" + name + "' is defined later, by node '" +
                   nameOf(*producer->second, frame) +
                   "': nodes must be in topological order and free of cycles");
      else
        report(node, frame, "input '" + name + "' is not defined anywhere");
      poisoned = true;
      inputs.push_back(nullptr);
      continue;
    }
    poisoned |= value->poisoned;
    inputs.push_back(std::move(value));
  }
  // Optional inputs at the end may be left out or empty.
  while (!inputs.empty() && node.inputs[inputs.size() - 1].empty())
    inputs.pop_back();

  size_t problemsBefore = problems.size();
  std::vector<ValueRef> results(node.outputs.size());
  if (!poisoned) {
    if (const Function *function = findFunction(node)) {
      importCall(node, *function, scope, frame);
      g.b.setLoc(before);
      return;
    }
    const OpRow &row = *findOp(node.domain, node.op);
    NodeContext context(*this, node, row, scope, frame, inputs);
    // What attributes of a call stand for is known only here.
    if (frame) {
      for (const AttributeSpec &spec : attributeSpecs(row)) {
        const NodeAttribute *a = context.find(spec.name.c_str());
        if (!a && spec.required)
          context.error("the attribute '" + spec.name + "' is missing");
        else if (a && a->kind != spec.kind && spec.kind != AttrKind::Undefined)
          context.error("the attribute '" + spec.name + "' is of kind " +
                            attrKindName(a->kind),
                        std::string("kind ") + attrKindName(spec.kind));
        else if (a && a->tensor && !a->tensor->problem.empty())
          context.error("the tensor of attribute '" + spec.name + "' " +
                        a->tensor->problem);
      }
    }
    // Operand types first: handlers rely on them.
    const std::vector<OperandSpec> &specs = operandSpecs(row);
    for (auto [n, input] : llvm::enumerate(inputs)) {
      const OperandSpec &spec = n < specs.size() ? specs[n] : specs.back();
      if (!input) {
        if (!spec.optional)
          context.error("input " + std::to_string(n) + " is missing");
        continue;
      }
      if (spec.kind == 's')
        continue;
      ElemType type = input->type;
      bool fits =
          !input->isSequence && !input->isNone &&
          (spec.kind == 'f'   ? isFloat(type) && elemBits(type) >= 16
           : spec.kind == 'i' ? isInteger(type)
           : spec.kind == 'n'
               ? isInteger(type) || (isFloat(type) && elemBits(type) >= 16)
           : spec.kind == 'b' ? type == ElemType::Bool
           : spec.kind == 'l'
               ? type == ElemType::Int64 || type == ElemType::Int32
               : bool(elementType(g.b.getContext(), type)));
      if (!fits)
        context.error("input '" + node.inputs[n] + "' " +
                          (input->isSequence ? "is a sequence"
                           : input->isNone
                               ? "is an optional without value"
                               : "has elements of " + elemName(type)),
                      operandKindName(spec.kind));
    }
    for (size_t n = inputs.size(); n < specs.size(); ++n)
      if (!specs[n].optional && !specs[n].repeated)
        context.error("input " + std::to_string(n) + " is missing");
    if (!context.failed()) {
      bool onHost = row.host && llvm::all_of(inputs, [&](const ValueRef &v) {
                      return !v || hostOf(*v);
                    });
      if (!onHost || !row.host(context))
        if (!context.failed()) {
          if (row.axesInput && context.has(row.axesInput) &&
              !context.host(row.axesInput))
            importPerAxes(context);
          else
            row.import(context);
        }
    }
    results = context.results;
    for (ValueRef &result : results)
      result = withoutComputation(result);
  }
  poisoned |= problems.size() != problemsBefore;
  for (auto [n, name] : llvm::enumerate(node.outputs)) {
    if (name.empty())
      continue;
    ValueRef value = results[n];
    if (!value || poisoned) {
      if (!poisoned)
        report(node, frame, "output '" + name + "' is not supported");
      value = std::make_shared<OnnxValue>();
      value->poisoned = true;
    }
    if (scope.values.count(name))
      report(node, frame, "the name '" + name + "' is defined twice");
    scope.values[name] = value;
  }
  g.b.setLoc(before);
}

void Importer::importCall(const Node &node, const Function &function,
                          Scope &scope, const CallFrame *frame) {
  CallFrame inner;
  inner.caller = frame;
  inner.function = &function;
  inner.call = &node;
  inner.prefix = nameOf(node, frame) + "/";
  for (const CallFrame *at = frame; at; at = at->caller) {
    if (at->function == &function) {
      report(node, frame, "the function calls itself");
      break;
    }
  }
  size_t problemsBefore = problems.size();
  // Its names are not those of the graph around.
  const Graph *outer = std::exchange(currentGraph, nullptr);
  Scope body;
  for (auto [n, name] : llvm::enumerate(function.inputs))
    if (n < node.inputs.size() && !node.inputs[n].empty())
      body.values[name] = scope.find(node.inputs[n]);
  if (node.inputs.size() > function.inputs.size())
    report(node, frame,
           "has " + std::to_string(node.inputs.size()) +
               " inputs, the function takes " +
               std::to_string(function.inputs.size()));
  ++graphDepth;
  if (graphDepth > maxGraphDepth)
    report(node, frame, "functions nest too deeply");
  if (problems.size() == problemsBefore)
    importNodes(function.nodes, body, &inner);
  --graphDepth;
  currentGraph = outer;
  for (auto [n, name] : llvm::enumerate(node.outputs)) {
    if (name.empty())
      continue;
    ValueRef value;
    if (n < function.outputs.size())
      value = body.find(function.outputs[n]);
    if (!value) {
      if (problems.size() == problemsBefore)
        report(node, frame,
               "the function does not define output '" + name + "'");
      value = std::make_shared<OnnxValue>();
      value->poisoned = true;
    }
    scope.values[name] = value;
  }
}

bool Importer::importGraph(const Graph &graph, Scope &scope,
                           const CallFrame *frame,
                           SmallVectorImpl<ValueRef> &results) {
  size_t problemsBefore = problems.size();
  if (++graphDepth > maxGraphDepth) {
    problems.push_back({"", "", 0, "graphs nest too deeply", ""});
  } else {
    bindInitializers(graph, scope);
    auto callback = g.problem;
    const Graph *outer = std::exchange(currentGraph, &graph);
    importNodes(graph.nodes, scope, frame);
    currentGraph = outer;
    g.problem = callback;
  }
  --graphDepth;
  for (const ValueInfo &output : graph.outputs) {
    ValueRef value = scope.find(output.name);
    if (!value) {
      problems.push_back({"", "", 0,
                          "output '" + output.name + "' of graph '" +
                              graph.name + "' is not defined anywhere",
                          ""});
      return false;
    }
    if (value->poisoned)
      return false;
    results.push_back(value);
  }
  return problems.size() == problemsBefore;
}
