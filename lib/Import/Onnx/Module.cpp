//===- Module.cpp - Imports, reports and lists ----------------------------===//
#include "Importer.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;

//===----------------------------------------------------------------------===//
// Checks of the whole model before anything is built
//===----------------------------------------------------------------------===//

static std::string functionKey(const std::string &domain,
                               const std::string &name,
                               const std::string &overload) {
  return domain + '\0' + name + '\0' + overload;
}

const Function *Importer::findFunction(const Node &node) const {
  auto found = functions.find(functionKey(node.domain, node.op, node.overload));
  return found == functions.end() ? nullptr : found->second;
}

void Importer::checkModel() {
  auto general = [&](const std::string &message, std::string supported = "") {
    problems.push_back({"", "", 0, message, std::move(supported)});
  };
  for (const std::string &problem : model.problems)
    general(problem);
  for (const Function &function : model.functions)
    if (!functions
             .emplace(
                 functionKey(function.domain, function.name, function.overload),
                 &function)
             .second)
      general("two functions have the name '" + function.name + "'");
  for (auto &[domain, version] : model.opsets) {
    int64_t newest = newestOpsetOf(domain);
    if (!domain.empty() && newest > 0 && version > newest)
      general("the model uses version " + std::to_string(version) +
                  " of the domain '" + domain + "'",
              "versions up to " + std::to_string(newest));
    if (!domain.empty())
      continue;
    if (version < 1 || version > newestOpset)
      general("the model uses operator set " + std::to_string(version),
              "operator sets " + std::to_string(oldestOpset) + " to " +
                  std::to_string(newestOpset) +
                  ", and older ones as far as their operators have not "
                  "changed since");
  }
  checkNodes(model.graph.nodes, nullptr, 0);
  for (const Function &function : model.functions) {
    CallFrame frame;
    frame.function = &function;
    frame.prefix = function.name + "/";
    checkNodes(function.nodes, &frame, 0);
    for (auto &[domain, version] : function.opsets)
      if (newestOpsetOf(domain) > 0 &&
          (version < 1 || version > newestOpsetOf(domain)))
        general("the function '" + function.name + "' uses version " +
                    std::to_string(version) + " of the domain '" +
                    (domain.empty() ? "ai.onnx" : domain) + "'",
                "versions up to " + std::to_string(newestOpsetOf(domain)));
  }
}

void Importer::checkNodes(const std::vector<Node> &nodes,
                          const CallFrame *frame, unsigned depth) {
  for (auto [n, node] : llvm::enumerate(nodes)) {
    numbered[&node] = node.op + "_" + std::to_string(n);
    checkNode(node, frame, depth);
  }
}

void Importer::checkNode(const Node &node, const CallFrame *frame,
                         unsigned depth) {
  size_t problemsBefore = problems.size();
  // Subgraphs are checked even when the node is unknown.
  for (const NodeAttribute &a : node.attributes)
    if (a.graph && depth < 64)
      checkNodes(a.graph->nodes, frame, depth + 1);
  auto reportHere = [&](std::string message, std::string supported = "") {
    report(node, frame, std::move(message), std::move(supported));
    unusable[&node] = true;
  };
  if (findFunction(node))
    return;
  const OpRow *row = findOp(node.domain, node.op);
  if (!row) {
    std::string nearest = nearestOp(node.op);
    reportHere(node.domain.empty()
                   ? "the operator is not supported"
                   : "no operator of the domain '" + node.domain +
                         "' has this name, nor a function of the model",
               nearest.empty() ? "" : "'" + nearest + "'");
    return;
  }
  int64_t opset = opsetOf(node.domain, frame);
  if (node.domain.empty() && opset > 0 && opset < oldestForm(node.op))
    reportHere("operator set " + std::to_string(opset) +
                   " has another form of the operator",
               "operator sets from " + std::to_string(oldestForm(node.op)));
  if (opset == 0)
    reportHere("the model does not import the domain '" + node.domain + "'");
  const std::vector<AttributeSpec> &specs = attributeSpecs(*row);
  for (const NodeAttribute &a : node.attributes) {
    auto spec = llvm::find_if(
        specs, [&](const AttributeSpec &s) { return s.name == a.name; });
    if (spec == specs.end()) {
      std::string known;
      for (const AttributeSpec &s : specs)
        known += (known.empty() ? "" : ", ") + s.name;
      reportHere("the attribute '" + a.name + "' is unknown",
                 known.empty() ? "no attributes" : "the attributes " + known);
    } else if (!a.reference.empty()) {
      if (!frame)
        reportHere("the attribute '" + a.name +
                   "' refers to an attribute of a function, outside of one");
    } else if (spec->kind != a.kind && spec->kind != AttrKind::Undefined) {
      reportHere("the attribute '" + a.name + "' is of kind " +
                     attrKindName(a.kind),
                 std::string("kind ") + attrKindName(spec->kind));
    } else if (a.tensor && !a.tensor->problem.empty()) {
      reportHere("the tensor of attribute '" + a.name + "' " +
                 a.tensor->problem);
    }
  }
  for (const AttributeSpec &spec : specs)
    if (spec.required && !node.find(spec.name))
      reportHere("the attribute '" + spec.name + "' is missing");
  const std::vector<OperandSpec> &operands = operandSpecs(*row);
  bool repeated = !operands.empty() && operands.back().repeated;
  if (!repeated && node.inputs.size() > operands.size())
    reportHere("has " + std::to_string(node.inputs.size()) + " inputs",
               "at most " + std::to_string(operands.size()));
  for (size_t n = node.inputs.size(); n < operands.size(); ++n)
    if (!operands[n].optional && !operands[n].repeated) {
      reportHere("input " + std::to_string(n) + " is missing");
      break;
    }
  if (row->outputs && node.outputs.size() > row->outputs)
    reportHere("has " + std::to_string(node.outputs.size()) + " outputs",
               "at most " + std::to_string(row->outputs));
  if (problems.size() != problemsBefore)
    return;
}

/// What handlers do not check themselves the operations do: their errors are
/// problems of the nodes that they were made for.
void Importer::checkOperations(ModuleOp module) {
  Operation *at = nullptr;
  ScopedDiagnosticHandler handler(
      module.getContext(), [&](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
          return success();
        std::string message = diagnostic.str();
        StringRef text(message);
        // The operation is not of the model.
        text.consume_front("'" + at->getName().getStringRef().str() + "' op ");
        OnnxProblem problem;
        problem.message = text.str();
        if (auto name = dyn_cast<NameLoc>(at->getLoc())) {
          problem.node = name.getName().str();
          std::tie(problem.op, problem.opset) = imported.lookup(problem.node);
        }
        problems.push_back(std::move(problem));
        return success();
      });
  module.walk([&](Operation *op) {
    at = op;
    (void)mlir::verify(op, /*verifyRecursively=*/false);
  });
}

//===----------------------------------------------------------------------===//
// The module
//===----------------------------------------------------------------------===//

OwningOpRef<ModuleOp> Importer::run(const std::string &path) {
  OpBuilder &b = g.b;
  Location loc = FileLineColLoc::get(b.getContext(), path, 0, 0);
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  (*module)->setAttr("graph.version", b.getI64IntegerAttr(1));
  const std::string &stated =
      options.archivePath.empty() ? path : options.archivePath;
  DictionaryAttr archive =
      b.getDictionaryAttr({b.getNamedAttr("path", b.getStringAttr(stated)),
                           b.getNamedAttr("format", b.getStringAttr("onnx"))});
  (*module)->setAttr("graph.archives",
                     b.getDictionaryAttr(b.getNamedAttr("weights", archive)));
  g.problem = [this](const std::string &message) {
    problems.push_back({"", "", 0, message, ""});
  };
  checkModel();
  fixedProblems = problems.size();
  b.setInsertionPointToEnd(module->getBody());
  g.b.setLoc(loc);
  auto function = func::FuncOp::create(
      g.b, "main", FunctionType::get(b.getContext(), {}, {}));
  Scope scope;
  bindInitializers(model.graph, scope);
  makeEntry(function, scope);
  currentGraph = &model.graph;
  importNodes(model.graph.nodes, scope, nullptr);
  finishEntry(function, scope);
  if (problems.empty())
    checkOperations(*module);
  return module;
}

static void loadDialects(MLIRContext &context) {
  context.loadDialect<graph::GraphDialect, arith::ArithDialect,
                      math::MathDialect, tensor::TensorDialect, scf::SCFDialect,
                      cf::ControlFlowDialect, func::FuncDialect>();
}

static std::string spell(const OnnxProblem &problem) {
  std::string text;
  if (!problem.op.empty())
    text = "node '" + problem.node + "' (" + problem.op + ", opset " +
           std::to_string(problem.opset) + "): ";
  text += problem.message;
  if (!problem.supported.empty())
    text += "; supported: " + problem.supported;
  return text;
}

/// Imports, trying out the decisions that the model leaves open; on failure
/// `problems` holds those of the attempt with the fewest.
static OwningOpRef<ModuleOp> importModel(const Model &model,
                                         const std::string &path,
                                         const OnnxImportOptions &options,
                                         MLIRContext &context,
                                         std::vector<OnnxProblem> &problems) {
  constexpr unsigned maxAttempts = 64;
  std::map<std::string, bool> decisions;
  for (unsigned attempt = 0;; ++attempt) {
    Importer importer(model, options, &context);
    importer.decisions = decisions;
    OwningOpRef<ModuleOp> module = importer.run(path);
    bool better = attempt == 0 || importer.problems.size() < problems.size();
    if (better)
      problems = importer.problems;
    if (importer.problems.empty())
      return module;
    // The next combination: the last first choice becomes the second, and what
    // came after it is open again.
    std::vector<std::string> &order = importer.decisionOrder;
    decisions = importer.decisions;
    while (!order.empty() && !decisions[order.back()]) {
      decisions.erase(order.back());
      order.pop_back();
    }
    if (order.empty() || attempt + 1 == maxAttempts ||
        importer.fixedProblems == importer.problems.size())
      return nullptr;
    decisions[order.back()] = false;
  }
}

/// Imports what was read, or reports why it was not.
static OwningOpRef<ModuleOp> importRead(std::unique_ptr<Model> model,
                                        const std::string &error,
                                        const std::string &name,
                                        const OnnxImportOptions &options,
                                        MLIRContext &context) {
  Location loc = FileLineColLoc::get(&context, name, 0, 0);
  if (!model) {
    emitError(loc, error);
    return nullptr;
  }
  std::vector<OnnxProblem> problems;
  OwningOpRef<ModuleOp> module =
      importModel(*model, name, options, context, problems);
  for (const OnnxProblem &problem : problems)
    emitError(loc, spell(problem));
  if (!problems.empty() || failed(verify(*module)))
    return nullptr;
  return module;
}

OwningOpRef<ModuleOp> raddle::importOnnx(const std::string &path,
                                         const OnnxImportOptions &options,
                                         MLIRContext &context) {
  loadDialects(context);
  std::string error;
  std::unique_ptr<Model> model = readModel(path, error);
  return importRead(std::move(model), error, path, options, context);
}

OwningOpRef<ModuleOp> raddle::importOnnx(const uint8_t *data, size_t size,
                                         const std::string &name,
                                         const OnnxImportOptions &options,
                                         MLIRContext &context) {
  loadDialects(context);
  std::string error;
  std::unique_ptr<Model> model = readModel(data, size, "", error);
  return importRead(std::move(model), error, name, options, context);
}

size_t raddle::reportOnnxOps(const std::string &path,
                             const OnnxImportOptions &options,
                             MLIRContext &context, llvm::raw_ostream &os) {
  loadDialects(context);
  std::string error;
  std::unique_ptr<Model> model = readModel(path, error);
  if (!model) {
    os << "error: " << error << "\n";
    return 1;
  }
  std::map<std::string, size_t> counts;
  std::function<void(const std::vector<Node> &)> countNodes =
      [&](const std::vector<Node> &nodes) {
        for (const Node &node : nodes) {
          ++counts[node.domain.empty() ? node.op : node.domain + "." + node.op];
          for (const NodeAttribute &a : node.attributes)
            if (a.graph)
              countNodes(a.graph->nodes);
        }
      };
  countNodes(model->graph.nodes);
  for (const Function &function : model->functions)
    countNodes(function.nodes);
  std::vector<OnnxProblem> problems;
  importModel(*model, path, options, context, problems);
  std::map<std::string, size_t> wrong;
  for (const OnnxProblem &problem : problems)
    ++wrong[problem.op];
  os << "IR version " << model->irVersion;
  for (auto &[domain, version] : model->opsets)
    os << ", operator set " << (domain.empty() ? "ai.onnx" : domain) << " "
       << version;
  os << "\n";
  for (auto &[op, count] : counts)
    os << llvm::formatv("{0,6}  {1}{2}\n", count, op,
                        wrong.count(op) ? "  (problems below)" : "");
  for (const OnnxProblem &problem : problems)
    os << "problem: " << spell(problem) << "\n";
  os << problems.size() << " problems\n";
  return problems.size();
}

void raddle::listOnnxOps(llvm::raw_ostream &os) {
  os << "# ONNX operators\n\n"
     << "Generated by `raddle-translate --list-onnx-ops` from the importer's "
        "table; operator sets "
     << oldestOpset << " to " << newestOpset
     << ".\nInputs: `f` float16, bfloat16, float, double; `i` an integer "
        "type; `n` either; `b` bool; `l` int32 or int64; `x` any tensor; `s` "
        "also sequences and optionals; `?` optional, `*` repeated. Attributes "
        "with `!` are required.\n\n"
     << "| operator | inputs | attributes | not supported |\n|---|---|---|---|"
        "\n";
  for (const OpRow &row : allOps()) {
    os << "| " << (*row.domain ? std::string(row.domain) + "." : "") << row.name
       << " | `" << row.inputs << "` | ";
    bool first = true;
    for (const AttributeSpec &spec : attributeSpecs(row)) {
      os << (first ? "" : ", ") << spec.name << " (" << attrKindName(spec.kind)
         << (spec.required ? "!" : "") << ")";
      first = false;
    }
    os << " | " << row.restrictions << " |\n";
  }
}
