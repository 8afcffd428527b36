//===- Entry.cpp - The entry function: arguments, dims, results -----------===//
#include "Importer.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;

/// A name of the host program from any text.
std::string Importer::dimName(const std::string &wanted) {
  std::string name;
  for (char c : StringRef(wanted).take_front(64))
    name.push_back(llvm::isAlnum(c) || c == '_' ? c : '_');
  if (name.empty() || llvm::isDigit(name.front()))
    name = "d" + name;
  std::string unique = name;
  for (unsigned n = 1; !usedDimNames.insert(unique).second; ++n)
    unique = name + "_" + std::to_string(n);
  return unique;
}

void Importer::makeEntry(func::FuncOp function, Scope &scope) {
  OpBuilder &b = g.b;
  Block *entry = function.addEntryBlock();
  g.host.entryBlock = entry;
  g.b.setInsertionPointToEnd(entry);
  auto bad = [&](const ValueInfo &input, const std::string &what) {
    problems.push_back({"", "", 0, "input '" + input.name + "' " + what, ""});
    auto value = std::make_shared<OnnxValue>();
    value->poisoned = true;
    scope.values[input.name] = value;
  };
  for (const ValueInfo &input : model.graph.inputs) {
    if (auto found = scope.values.find(input.name);
        found != scope.values.end()) {
      // An initializer is a default for an input of its name; it is taken as
      // the constant that it is.
      if (!found->second->stored)
        problems.push_back(
            {"", "", 0, "two inputs have the name '" + input.name + "'", ""});
      continue;
    }
    if (input.kind != "tensor") {
      bad(input, input.kind.empty()
                     ? "has no type"
                     : "is of kind " + input.kind + ", expected a tensor");
      continue;
    }
    Type element = elementType(g.b.getContext(), input.type);
    if (!element) {
      bad(input, "has elements of " + elemName(input.type) +
                     ", which is not supported");
      continue;
    }
    if (!input.shape) {
      bad(input, "has no shape: its rank must be known");
      continue;
    }
    SmallVector<int64_t> shape;
    SmallVector<Attribute> names;
    SmallVector<std::pair<unsigned, std::string>> symbols;
    std::string wrong;
    for (auto [n, dim] : llvm::enumerate(*input.shape)) {
      if (dim.value) {
        if (*dim.value < 0 || *dim.value > INT32_MAX)
          wrong = "has the dim " + std::to_string(*dim.value) +
                  ", expected 0 to 2147483647";
        shape.push_back(*dim.value);
        names.push_back(b.getI64IntegerAttr(*dim.value));
        continue;
      }
      std::string name;
      if (dim.param.empty()) {
        name = dimName(input.name + "_d" + std::to_string(n));
      } else {
        std::string &known = dimNames[dim.param];
        if (known.empty())
          known = dimName(dim.param);
        name = known;
      }
      shape.push_back(ShapedType::kDynamic);
      names.push_back(b.getStringAttr(name));
      symbols.push_back({n, name});
    }
    if (!wrong.empty() || shape.size() > 16) {
      bad(input, wrong.empty() ? "has more than 16 dims" : wrong);
      continue;
    }
    auto type = RankedTensorType::get(shape, element);
    unsigned index = entry->getNumArguments();
    (void)function.insertArgument(
        index, type,
        b.getDictionaryAttr(
            {b.getNamedAttr("graph.name", b.getStringAttr(input.name)),
             b.getNamedAttr("graph.type",
                            b.getStringAttr(interchangeName(input.type))),
             b.getNamedAttr("graph.shape", b.getArrayAttr(names))}),
        NameLoc::get(b.getStringAttr(input.name)));
    Value argument = entry->getArgument(index);
    Sizes sizes(shape.begin(), shape.end());
    for (auto &[dim, name] : symbols) {
      auto [known, isNew] = dimValues.emplace(name, Scalar());
      if (isNew) {
        Value value = tensor::DimOp::create(g.b, argument, dim);
        known->second = Scalar(value);
        dimOrder.push_back({name, value});
      }
      sizes[dim] = known->second;
    }
    g.setSizes(argument, sizes);
    scope.values[input.name] = makeTensor(argument, input.type);
  }

  SmallVector<Attribute> dims;
  for (auto &[name, value] : dimOrder) {
    DimRange range;
    for (const DimRange &given : options.dims)
      if (given.name == name)
        range = given;
    g.host.setRange(value, {range.min, range.max});
    dims.push_back(b.getDictionaryAttr(
        {b.getNamedAttr("name", b.getStringAttr(name)),
         b.getNamedAttr("min", b.getI64IntegerAttr(range.min)),
         b.getNamedAttr("max", b.getI64IntegerAttr(range.max)),
         b.getNamedAttr("divisor", b.getI64IntegerAttr(range.divisor))}));
  }
  function->setAttr("graph.dims", b.getArrayAttr(dims));
  for (const DimRange &given : options.dims)
    if (!usedDimNames.count(given.name))
      problems.push_back(
          {"", "", 0, "no dim of the inputs has the name '" + given.name + "'",
           ""});
}

/// Whether the host scalar is computed from elements of tensors.
static bool isRead(Value scalar) {
  SmallVector<Value> work{scalar};
  llvm::SmallPtrSet<Operation *, 16> seen;
  while (!work.empty()) {
    Operation *op = work.pop_back_val().getDefiningOp();
    if (!op || !seen.insert(op).second)
      continue;
    if (isa<tensor::ExtractOp>(op))
      return true;
    if (isa<arith::ArithDialect>(op->getDialect()))
      llvm::append_range(work, op->getOperands());
  }
  return false;
}

/// Where the file states a size that depends on the data, that is taken as a
/// promise, which is checked at run time: memory can be laid out before.
Value Importer::keepPromises(const ValueInfo &output, Value result) {
  Sizes sizes = g.sizesOf(result);
  if (!output.shape || output.shape->size() != sizes.size())
    return result;
  for (auto [size, dim] : llvm::zip(sizes, *output.shape)) {
    if (!dim.value || !size.value || !isRead(size.value))
      continue;
    g.pin(size, *dim.value,
          "output '" + output.name + "' has a dim that is not " +
              std::to_string(*dim.value) + ", which the model states");
    size = *dim.value;
  }
  return g.castTo(result, g.typeFor(sizes, GraphBuilder::elementOf(result)));
}

void Importer::finishEntry(func::FuncOp function, Scope &scope) {
  OpBuilder &b = g.b;
  SmallVector<Value> results;
  SmallVector<Attribute> resultAttrs;
  g.b.setLoc(function.getLoc());
  for (const ValueInfo &output : model.graph.outputs) {
    ValueRef value = scope.find(output.name);
    if (value && value->poisoned)
      continue;
    std::string wrong;
    if (!value)
      wrong = "is not defined anywhere";
    else if (value->isSequence || value->isNone)
      wrong = "is not a tensor";
    else if (!elementType(b.getContext(), value->type))
      wrong = "has elements of " + elemName(value->type);
    else if (output.type != ElemType::Undefined && output.type != value->type)
      wrong = "has elements of " + elemName(value->type) +
              ", but the file states " + elemName(output.type);
    if (!wrong.empty()) {
      problems.push_back(
          {"", "", 0, "output '" + output.name + "' " + wrong, ""});
      continue;
    }
    Value result = keepPromises(output, tensorOf(*value));
    SmallVector<NamedAttribute> attrs{
        b.getNamedAttr("graph.name", b.getStringAttr(output.name)),
        b.getNamedAttr("graph.type",
                       b.getStringAttr(interchangeName(value->type)))};
    SmallVector<Attribute> names;
    for (Scalar size : g.sizesOf(result)) {
      if (size.isConstant()) {
        names.push_back(b.getI64IntegerAttr(size.integer));
        continue;
      }
      for (auto &[name, symbol] : dimOrder)
        if (symbol == size.value)
          names.push_back(b.getStringAttr(name));
    }
    // A result with a computed dim has no shape over names.
    if (static_cast<int64_t>(names.size()) == GraphBuilder::rankOf(result))
      attrs.push_back(b.getNamedAttr("graph.shape", b.getArrayAttr(names)));
    results.push_back(result);
    resultAttrs.push_back(b.getDictionaryAttr(attrs));
  }
  func::ReturnOp::create(g.b, results);
  function.setType(
      FunctionType::get(b.getContext(), function.front().getArgumentTypes(),
                        SmallVector<Type>(ValueRange(results).getTypes())));
  function.setResAttrsAttr(b.getArrayAttr(resultAttrs));

  for (std::unique_ptr<Region> &region : discarded)
    region->dropAllReferences();
  discarded.clear();
  // What the shapes no longer need.
  SmallVector<Operation *> order;
  function.walk<WalkOrder::PreOrder>(
      [&](Operation *op) { order.push_back(op); });
  for (Operation *op : llvm::reverse(order))
    if (op != function && isOpTriviallyDead(op))
      op->erase();
}
