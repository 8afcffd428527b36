//===- Evaluator.cpp - Runs functions of the graph dialect ----------------===//

#include "raddle/Reference/Evaluator.h"
#include "lib/Reference/Call.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace raddle::reference {

// Deeper nesting of calls than any model has; it ends a recursion.
static constexpr unsigned maxDepth = 200;

const HandlerTable &getHandlers() {
  static const HandlerTable table = [] {
    HandlerTable result;
    addFloatHandlers(result);
    addIntegerHandlers(result);
    addConversionHandlers(result);
    addHostHandlers(result);
    addControlHandlers(result);
    addRearrangeHandlers(result);
    addGatherHandlers(result);
    addScatterHandlers(result);
    addResizeHandlers(result);
    addContractHandlers(result);
    addConvolutionHandlers(result);
    addAttentionHandlers(result);
    addReduceHandlers(result);
    addRowHandlers(result);
    addPoolHandlers(result);
    addSortHandlers(result);
    addRecurrentHandlers(result);
    addStructureHandlers(result);
    addEncodingHandlers(result);
    return result;
  }();
  return table;
}

Evaluator::Evaluator(EvaluatorOptions options) : options(std::move(options)) {}

bool Evaluator::isKnown(Operation *op) {
  return getHandlers().find(op->getName().getStringRef()) != nullptr;
}

FailureOr<Tensor> Evaluator::allocate(Operation *op, Type elementType,
                                      llvm::ArrayRef<int64_t> shape) const {
  unsigned width = getElementBytes(elementType);
  if (!width)
    return op->emitOpError("cannot be evaluated on elements of type ")
           << elementType;
  std::optional<int64_t> count = countElements(shape);
  int64_t bytes = 0;
  if (!count || llvm::MulOverflow(*count, int64_t(width), bytes) ||
      bytes > options.maxTensorBytes) {
    InFlightDiagnostic diagnostic =
        op->emitOpError("makes a tensor of sizes [");
    llvm::interleaveComma(shape, diagnostic);
    return diagnostic << "] x " << elementType << ", expected at most "
                      << options.maxTensorBytes << " bytes";
  }
  return Tensor(elementType, shape);
}

static bool hasType(const Tensor &tensor, Type type, bool wide) {
  auto isElement = [&](Type expected) {
    return tensor.getElementType() == expected ||
           (wide && tensor.getElementType().isF64() &&
            isa<FloatType>(expected));
  };
  auto ranked = dyn_cast<RankedTensorType>(type);
  if (!ranked)
    return !isa<ShapedType>(type) && isElement(type) && tensor.getRank() == 0;
  if (!isElement(ranked.getElementType()) ||
      tensor.getEncoding() != ranked.getEncoding() ||
      tensor.getRank() != ranked.getRank())
    return false;
  return llvm::all_of_zip(tensor.getShape(), ranked.getShape(),
                          [](int64_t found, int64_t expected) {
                            return ShapedType::isDynamic(expected) ||
                                   found == expected;
                          });
}

/// An operation whose result disagrees with its type was given operands that
/// break what the type promises (a wrong dim), or has a wrong type.
static LogicalResult checkType(Type type, const Tensor &tensor, bool wide,
                               llvm::function_ref<InFlightDiagnostic()> error) {
  if (hasType(tensor, type, wide))
    return success();
  InFlightDiagnostic diagnostic = error();
  return diagnostic << "has value " << tensor.describe() << ", expected "
                    << type;
}

LogicalResult Evaluator::checkResult(Operation *op, unsigned number,
                                     const Tensor &result) const {
  return checkType(op->getResult(number).getType(), result, options.wide, [&] {
    InFlightDiagnostic diagnostic = op->emitOpError("result #");
    diagnostic << number << " ";
    return diagnostic;
  });
}

LogicalResult Evaluator::run(Operation *op, llvm::ArrayRef<Tensor> operands,
                             llvm::SmallVectorImpl<Tensor> &results) {
  const Handler *handler = getHandlers().find(op->getName().getStringRef());
  if (!handler)
    return op->emitOpError("is unknown to the reference evaluator");
  Call call(*this, op, operands, results);
  if (failed((*handler)(op, call)))
    return failure();
  if (results.size() != op->getNumResults())
    return op->emitOpError("gave ")
           << results.size() << " results, expected " << op->getNumResults();
  for (auto [i, result] : llvm::enumerate(results)) {
    // What is read (weights, constants, decoded values) has its own type.
    if (options.wide && result.isFloat() && !result.getEncoding())
      result = convertFloat(result, Float64Type::get(op->getContext()));
    if (failed(checkResult(op, i, result)))
      return failure();
  }
  return success();
}

const Evaluator::LastUses &Evaluator::getLastUses(Block &block) {
  std::unique_ptr<LastUses> &uses = lastUses[&block];
  if (uses)
    return *uses;
  uses = std::make_unique<LastUses>();
  auto note = [&](Value value) {
    Operation *last = nullptr;
    for (Operation *user : value.getUsers()) {
      Operation *ancestor = block.findAncestorOpInBlock(*user);
      if (ancestor && (!last || last->isBeforeInBlock(ancestor)))
        last = ancestor;
    }
    if (last)
      (*uses)[last].push_back(value);
  };
  for (BlockArgument argument : block.getArguments())
    note(argument);
  for (Operation &op : block)
    for (Value result : op.getResults())
      note(result);
  return *uses;
}

LogicalResult Evaluator::runBlock(Block &block,
                                  llvm::ArrayRef<Tensor> arguments,
                                  llvm::SmallVectorImpl<Tensor> &yielded) {
  if (arguments.size() != block.getNumArguments())
    return block.getParentOp()->emitOpError("gives its body ")
           << arguments.size() << " values, expected "
           << block.getNumArguments();
  if (depth >= maxDepth)
    return block.getParentOp()->emitOpError("nests deeper than ")
           << maxDepth << " bodies";
  ++depth;
  LogicalResult status = success();
  for (auto [argument, value] : llvm::zip(block.getArguments(), arguments))
    values[argument] = value;
  const LastUses &uses = getLastUses(block);
  for (Operation &op : block) {
    llvm::SmallVector<Tensor, 4> operands;
    for (Value operand : op.getOperands()) {
      auto it = values.find(operand);
      if (it == values.end()) {
        status = op.emitOpError("uses a value that was not evaluated");
        break;
      }
      operands.push_back(it->second);
    }
    if (failed(status))
      break;
    if (op.hasTrait<OpTrait::IsTerminator>()) {
      yielded.append(operands.begin(), operands.end());
      break;
    }
    llvm::SmallVector<Tensor, 2> results;
    status = run(&op, operands, results);
    if (failed(status))
      break;
    for (auto [value, result] : llvm::zip(op.getResults(), results)) {
      if (options.observe)
        options.observe(value, result);
      values[value] = std::move(result);
    }
    // Memory goes back as soon as a value is dead: activations of a real model
    // would otherwise add up to gigabytes.
    if (auto it = uses.find(&op); it != uses.end())
      for (Value value : it->second)
        values.erase(value);
  }
  --depth;
  return status;
}

LogicalResult Evaluator::run(func::FuncOp function,
                             llvm::ArrayRef<Tensor> arguments,
                             llvm::SmallVectorImpl<Tensor> &results) {
  if (function.isExternal())
    return function.emitOpError("has no body to evaluate");
  if (!function.getBody().hasOneBlock())
    return function.emitOpError("has ")
           << function.getBody().getBlocks().size()
           << " blocks, expected one (control flow is 'scf')";
  if (arguments.size() != function.getNumArguments())
    return function.emitOpError("is given ")
           << arguments.size() << " arguments, expected "
           << function.getNumArguments();
  for (auto [i, argument] : llvm::enumerate(arguments))
    if (failed(checkType(
            function.getArgumentTypes()[i], argument, options.wide, [&, i = i] {
              InFlightDiagnostic diagnostic = function.emitOpError("argument #")
                                              << i << " ";
              if (auto name =
                      function.getArgAttrOfType<StringAttr>(i, "graph.name"))
                diagnostic << name << " ";
              return diagnostic;
            })))
      return failure();
  // Each activation has its own values: a function may call itself.
  llvm::DenseMap<Value, Tensor> saved;
  std::swap(saved, values);
  llvm::SmallVector<Tensor> yielded;
  LogicalResult status = runBlock(function.front(), arguments, yielded);
  std::swap(saved, values);
  if (failed(status))
    return failure();
  for (auto [i, result] : llvm::enumerate(yielded))
    if (failed(checkType(
            function.getResultTypes()[i], result, options.wide, [&, i = i] {
              InFlightDiagnostic diagnostic = function.emitOpError("result #");
              diagnostic << i << " ";
              return diagnostic;
            })))
      return failure();
  results.append(yielded.begin(), yielded.end());
  return success();
}

Tensor Call::operator[](Value value) const {
  if (!value)
    return {};
  for (auto [i, operand] : llvm::enumerate(op->getOperands()))
    if (operand == value)
      return operands[i];
  return {};
}

Shape Call::scalars(ValueRange values) const {
  Shape result;
  for (Value value : values)
    result.push_back((*this)[value].getInteger());
  return result;
}

Shape Call::mixed(llvm::ArrayRef<int64_t> fixed, ValueRange dynamic) const {
  Shape result;
  size_t next = 0;
  for (int64_t value : fixed)
    result.push_back(ShapedType::isDynamic(value)
                         ? (*this)[dynamic[next++]].getInteger()
                         : value);
  return result;
}

Type getComputeType(Type type) {
  return type.isF64() ? type : Float32Type::get(type.getContext());
}

bool isInside(int64_t first, int64_t count, int64_t step, int64_t size) {
  int64_t reach = 0, last = 0;
  return first >= 0 && first < size &&
         !llvm::MulOverflow(count - 1, step, reach) &&
         !llvm::AddOverflow(first, reach, last) && last >= 0 && last < size;
}

AxisView::AxisView(llvm::ArrayRef<int64_t> shape, int64_t dim) {
  for (auto [i, size] : llvm::enumerate(shape)) {
    if (int64_t(i) < dim)
      outer *= size;
    else if (int64_t(i) == dim)
      axis = size;
    else
      inner *= size;
  }
}

} // namespace raddle::reference
