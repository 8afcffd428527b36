//===- NpzFiles.cpp - Arguments and results as .npz files -----------------===//

#include "lib/Reference/NpzFiles.h"
#include "raddle/Runtime/Npz.h"
#include <cstring>
#include <map>
#include <set>

using namespace mlir;

namespace raddle::reference {
namespace {

/// The type of the border: what `stated` says, or the one with the bits of
/// `type`.
std::optional<DataType> getDataType(Type type, StringAttr stated) {
  if (stated)
    return parseDataType(stated.getValue());
  if (type.isIndex())
    return DataType::I64;
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return parseDataType(text);
}

std::string getName(func::FuncOp function, unsigned i, bool isResult) {
  auto name = isResult
                  ? function.getResultAttrOfType<StringAttr>(i, "graph.name")
                  : function.getArgAttrOfType<StringAttr>(i, "graph.name");
  if (name)
    return name.str();
  return (isResult ? "result" : "arg") + std::to_string(i);
}

/// Sizes of named dims seen so far, and the argument that gave each.
using NamedDims = llvm::StringMap<std::pair<int64_t, std::string>>;

LogicalResult checkNamedDims(func::FuncOp function, unsigned i,
                             const Tensor &argument, const std::string &name,
                             NamedDims &dims) {
  auto shape = function.getArgAttrOfType<ArrayAttr>(i, "graph.shape");
  if (!shape || int64_t(shape.size()) != argument.getRank())
    return success();
  for (auto [stated, size] : llvm::zip(shape, argument.getShape())) {
    auto dim = dyn_cast<StringAttr>(stated);
    if (!dim)
      continue;
    auto [it, added] = dims.try_emplace(dim.getValue(), size, name);
    if (!added && it->second.first != size)
      return function.emitOpError("input '")
             << name << "' has size " << size << " of dim " << dim
             << ", expected " << it->second.first << " as in input '"
             << it->second.second << "'";
  }
  return success();
}

LogicalResult readArgument(func::FuncOp function, unsigned i,
                           const raddle::Tensor &array, const std::string &name,
                           Tensor &argument) {
  Type type = function.getArgumentTypes()[i];
  Type element = getElementTypeOrSelf(type);
  std::optional<DataType> expected = getDataType(
      element, function.getArgAttrOfType<StringAttr>(i, "graph.type"));
  // Without a statement an unsigned array is as good as a signed one.
  bool sameBits = expected && array.type != *expected &&
                  !function.getArgAttr(i, "graph.type") &&
                  isInteger(array.type) && isInteger(*expected) &&
                  byteSize(array.type) == byteSize(*expected);
  if (!expected || (array.type != *expected && !sameBits))
    return function.emitOpError("input '")
           << name << "' is " << describe(array.type, array.shape)
           << ", expected " << type;
  std::optional<int64_t> count = countElements(array.shape);
  if (!count || getElementBytes(element) != byteSize(array.type))
    return function.emitOpError("input '")
           << name << "' is " << describe(array.type, array.shape)
           << ", which cannot be an argument of type " << type;
  argument = Tensor(element, array.shape);
  std::memcpy(argument.mutableData(), array.bytes.data(), argument.byteSize());
  return success();
}

} // namespace

LogicalResult readArguments(func::FuncOp function, StringRef path,
                            llvm::SmallVectorImpl<Tensor> &arguments) {
  auto file = readNpz(path.str());
  if (!file)
    return function.emitError("cannot read inputs: ") << file.error().message();
  NamedDims dims;
  std::set<std::string> used;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    std::string name = getName(function, i, /*isResult=*/false);
    auto array = file->find(name);
    if (array == file->end())
      return function.emitOpError("input '")
             << name << "' is not in '" << path << "'";
    used.insert(name);
    Tensor argument;
    if (failed(readArgument(function, i, array->second, name, argument)) ||
        failed(checkNamedDims(function, i, argument, name, dims)))
      return failure();
    arguments.push_back(std::move(argument));
  }
  for (const auto &[name, array] : *file)
    if (!used.count(name))
      return function.emitOpError("has no input '")
             << name << "', which '" << path << "' gives";
  return success();
}

LogicalResult readResults(func::FuncOp function, StringRef path,
                          llvm::SmallVectorImpl<Tensor> &results) {
  auto file = readNpz(path.str());
  if (!file)
    return function.emitError("cannot read outputs: ")
           << file.error().message();
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    std::string name = getName(function, i, /*isResult=*/true);
    Type element = getElementTypeOrSelf(function.getResultTypes()[i]);
    Tensor &result = results.emplace_back();
    auto array = file->find(name);
    if (array == file->end())
      continue;
    std::optional<int64_t> count = countElements(array->second.shape);
    // NumPy has no bf16: it is written as f32, which is exact.
    bool widened = element.isBF16() && array->second.type == DataType::F32;
    Type stored = widened ? Float32Type::get(element.getContext()) : element;
    if (!count || getElementBytes(stored) != byteSize(array->second.type))
      return function.emitOpError("output '")
             << name << "' is "
             << describe(array->second.type, array->second.shape)
             << ", which cannot be a result of type "
             << function.getResultTypes()[i];
    result = Tensor(stored, array->second.shape);
    std::memcpy(result.mutableData(), array->second.bytes.data(),
                result.byteSize());
    if (widened)
      result = convertFloat(result, element);
  }
  return success();
}

LogicalResult writeResults(func::FuncOp function, StringRef path,
                           llvm::ArrayRef<Tensor> results) {
  std::map<std::string, raddle::Tensor> arrays;
  for (auto [i, result] : llvm::enumerate(results)) {
    std::string name = getName(function, i, /*isResult=*/true);
    std::optional<DataType> type =
        getDataType(result.getElementType(),
                    function.getResultAttrOfType<StringAttr>(i, "graph.type"));
    if (!type || result.getEncoding() ||
        byteSize(*type) != result.elementBytes())
      return function.emitOpError("output '")
             << name << "' is " << result.describe()
             << ", which has no form in an .npz file";
    raddle::Tensor array;
    array.type = *type;
    array.shape.assign(result.getShape().begin(), result.getShape().end());
    array.bytes.resize(result.byteSize());
    std::memcpy(array.bytes.data(), result.data(), result.byteSize());
    arrays[name] = std::move(array);
  }
  if (Error error = writeNpz(path.str(), arrays))
    return function.emitError("cannot write outputs: ") << error.message();
  return success();
}

} // namespace raddle::reference
