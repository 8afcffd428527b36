//===- Importer.h - Walks a model and builds its module --------*- C++ -*-===//
#ifndef RADDLE_LIB_IMPORT_ONNX_IMPORTER_H
#define RADDLE_LIB_IMPORT_ONNX_IMPORTER_H

#include "GraphBuilder.h"
#include "Model.h"
#include "Registry.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "raddle/Import/Onnx.h"
#include <unordered_map>

namespace raddle::onnx {

/// A small tensor whose elements are host scalars.
struct HostTensor {
  llvm::SmallVector<int64_t, 2> shape;
  llvm::SmallVector<Scalar, 8> elements;

  bool isConstant() const {
    return llvm::all_of(elements, [](const Scalar &s) { return !s.value; });
  }
  int64_t rank() const { return shape.size(); }
};

struct OnnxValue;
using ValueRef = std::shared_ptr<OnnxValue>;

/// What a name of the model stands for: a tensor of the graph, a tensor stored
/// in the file, a small one computed on the host, or a sequence.
struct OnnxValue {
  std::string name;
  ElemType type = ElemType::Undefined;
  mlir::Value tensor;
  std::shared_ptr<Tensor> stored;
  std::optional<HostTensor> host;
  bool isSequence = false;
  /// An optional without a value.
  bool isNone = false;
  std::vector<ValueRef> sequence;
  /// Comes from a node that could not be imported: silently ignored.
  bool poisoned = false;
};

/// The values visible in a graph; a subgraph sees those of its outer graphs.
struct Scope {
  Scope *parent = nullptr;
  std::unordered_map<std::string, ValueRef> values;
  /// Where each name of this graph is defined, for messages on order.
  std::unordered_map<std::string, const Node *> producers;
  ValueRef find(const std::string &name) const;
};

/// A call of a local function: its attributes and operator sets.
struct CallFrame {
  const CallFrame *caller = nullptr;
  const Function *function = nullptr;
  const Node *call = nullptr;
  std::string prefix;
};

class Importer {
public:
  Importer(const Model &model, const OnnxImportOptions &options,
           mlir::MLIRContext *context)
      : model(model), options(options), g(context) {}

  mlir::OwningOpRef<mlir::ModuleOp> run(const std::string &path);

  // What handlers use.
  const Model &model;
  const OnnxImportOptions &options;
  GraphBuilder g;
  std::vector<OnnxProblem> problems;

  /// The value on the device; materialised on first use.
  mlir::Value tensorOf(OnnxValue &value);
  /// The elements, if known without reading from the device and few.
  const HostTensor *hostOf(OnnxValue &value);
  int64_t rankOf(OnnxValue &value);
  Sizes sizesOf(OnnxValue &value);
  mlir::Value materialize(const HostTensor &host, ElemType type);
  mlir::Value storedTensor(const Tensor &tensor, const std::string &name);

  ValueRef makeTensor(mlir::Value tensor, ElemType type);
  ValueRef makeHost(HostTensor host, ElemType type);

  /// Imports the nodes of a subgraph in `scope`, which binds its inputs, and
  /// appends the values of its outputs.
  bool importGraph(const Graph &graph, Scope &scope, const CallFrame *frame,
                   llvm::SmallVectorImpl<ValueRef> &results);

  void report(const Node &node, const CallFrame *frame, std::string message,
              std::string supported = "");
  /// What the file states of a value of the graph at hand; may be null.
  const ValueInfo *statedType(const std::string &name) const;
  int64_t opsetOf(const std::string &domain, const CallFrame *frame) const;
  std::string nameOf(const Node &node, const CallFrame *frame) const;

  /// A condition whose branches give results of different rank can only be
  /// imported for one case; which one is tried out. True: the first branch.
  bool decide(const std::string &node);
  /// By node; set before a run, completed by it.
  std::map<std::string, bool> decisions;
  std::vector<std::string> decisionOrder;
  /// Problems that no decision changes.
  size_t fixedProblems = 0;

  /// Brackets the import of a nested region.
  unsigned regionDepth = 0;
  void enterRegion();
  void leaveRegion();
  /// A region whose import is tried again with other types; its operations are
  /// kept until the end, since values are keys of what is known.
  void discardLater(std::unique_ptr<mlir::Region> region);

private:
  friend class NodeContext;
  void checkModel();
  void checkOperations(mlir::ModuleOp module);
  void checkNodes(const std::vector<Node> &nodes, const CallFrame *frame,
                  unsigned depth);
  void checkNode(const Node &node, const CallFrame *frame, unsigned depth);
  const Function *findFunction(const Node &node) const;
  ValueRef withoutComputation(ValueRef value);
  void importNode(const Node &node, Scope &scope, const CallFrame *frame);
  void importCall(const Node &node, const Function &function, Scope &scope,
                  const CallFrame *frame);
  void importNodes(const std::vector<Node> &nodes, Scope &scope,
                   const CallFrame *frame);
  void bindInitializers(const Graph &graph, Scope &scope);
  void makeEntry(mlir::func::FuncOp function, Scope &scope);
  void finishEntry(mlir::func::FuncOp function, Scope &scope);
  mlir::Value keepPromises(const ValueInfo &output, mlir::Value result);
  std::string dimName(const std::string &wanted);

  std::vector<std::unique_ptr<mlir::Region>> discarded;
  std::unordered_map<const Node *, std::string> numbered;
  std::map<const Node *, bool> unusable;
  /// The operator and operator set of each imported node, by name.
  llvm::StringMap<std::pair<std::string, int64_t>> imported;
  /// By domain, name and overload.
  std::unordered_map<std::string, const Function *> functions;
  std::map<std::string, Scalar> dimValues;
  std::map<std::string, std::string> dimNames;
  std::set<std::string> usedDimNames;
  std::vector<std::pair<std::string, mlir::Value>> dimOrder;
  llvm::StringMap<mlir::Value> weights;
  unsigned graphDepth = 0;
  const Graph *currentGraph = nullptr;
  size_t importedNodes = 0;
};

/// An importer's view of one node, given to the handlers.
class NodeContext {
public:
  NodeContext(Importer &im, const Node &node, const OpRow &row, Scope &scope,
              const CallFrame *frame, std::vector<ValueRef> inputs);

  Importer &im;
  GraphBuilder &g;
  HostBuilder &h;
  mlir::ImplicitLocOpBuilder &b;
  const Node &node;
  const OpRow &row;
  Scope &scope;
  const CallFrame *frame;
  int64_t opset;
  std::vector<ValueRef> results;

  // Inputs.
  unsigned count() const { return inputs.size(); }
  bool has(unsigned n) const { return n < inputs.size() && inputs[n]; }
  OnnxValue &in(unsigned n) { return *inputs[n]; }
  ValueRef ref(unsigned n) { return inputs[n]; }
  ElemType type(unsigned n) { return inputs[n]->type; }
  bool unsignedInput(unsigned n) { return isUnsigned(type(n)); }
  mlir::Value tensor(unsigned n) { return im.tensorOf(*inputs[n]); }
  mlir::Type element(unsigned n) {
    return elementType(b.getContext(), type(n));
  }
  int64_t rank(unsigned n) { return im.rankOf(*inputs[n]); }
  Sizes sizes(unsigned n) { return im.sizesOf(*inputs[n]); }
  const HostTensor *host(unsigned n) {
    return has(n) ? im.hostOf(*inputs[n]) : nullptr;
  }
  /// Integers of a shape-like input of rank 0 or 1, read from the device when
  /// they must be. Reports when their number is not static.
  std::optional<llvm::SmallVector<Scalar>> scalars(unsigned n);
  /// The same where only numbers known at import will do.
  std::optional<llvm::SmallVector<int64_t>> integers(unsigned n);
  std::optional<llvm::SmallVector<double>> reals(unsigned n);
  /// A single number known at import, or nothing.
  std::optional<double> knownReal(unsigned n);

  // Attributes.
  const NodeAttribute *find(const char *name);
  bool hasAttr(const char *name) { return find(name); }
  int64_t integer(const char *name, int64_t otherwise);
  double real(const char *name, double otherwise);
  std::string string(const char *name, const std::string &otherwise);
  llvm::SmallVector<int64_t> ints(const char *name);
  llvm::SmallVector<double> floats(const char *name);

  // Outputs.
  bool wants(unsigned n) const {
    return n < node.outputs.size() && !node.outputs[n].empty();
  }
  void set(unsigned n, mlir::Value value, ElemType type);
  void set(unsigned n, mlir::Value value) { set(n, value, type(0)); }
  void set(unsigned n, ValueRef value);
  void setHost(unsigned n, HostTensor value, ElemType type);

  // Checks; each reports and returns false when it does not hold.
  bool axis(int64_t &axis, int64_t rank);
  bool axes(llvm::MutableArrayRef<int64_t> axes, int64_t rank);
  /// Input `n` as axes of which some may be known at run time only, from 0 on;
  /// those are checked at launch.
  std::optional<llvm::SmallVector<Scalar>> hostAxes(unsigned n, int64_t rank);
  /// `values`, given for `axes`, per dim; `otherwise` where no axis names it.
  Sizes perDim(llvm::ArrayRef<Scalar> axes, llvm::ArrayRef<Scalar> values,
               int64_t rank, Scalar otherwise);
  bool expectRank(unsigned input, int64_t rank);
  void error(std::string message, std::string supported = "");
  bool failed() const { return im.problems.size() != problemsBefore; }

private:
  std::vector<ValueRef> inputs;
  size_t problemsBefore;
};

/// The elements of a stored tensor as numbers (integers of any width, or
/// reals); nothing when its type has neither.
std::optional<HostTensor> decodeElements(const Tensor &tensor);
/// The elements as an attribute; packed elements are unpacked.
mlir::DenseElementsAttr denseElements(mlir::MLIRContext *context,
                                      const Tensor &tensor);
/// Rounds to the values that `type` has.
double roundTo(double number, ElemType type);
int64_t wrapTo(int64_t number, ElemType type);

} // namespace raddle::onnx

#endif // RADDLE_LIB_IMPORT_ONNX_IMPORTER_H
