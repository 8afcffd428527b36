//===- EncodingOps.cpp - Encoded values -----------------------------------===//
//
// The meaning of an encoding is its host `encode` and `decode`; host tensors
// there and tensors here have the same bytes.
//
//===----------------------------------------------------------------------===//

#include "dialects/Graph/Encodings/StorageEncoding.h"
#include "dialects/Graph/IR/GraphOps.h"
#include "lib/Reference/Call.h"
#include <cstring>

using namespace mlir;

namespace raddle::reference {
namespace {

/// The type of a tensor, all of whose sizes are known now.
RankedTensorType getStaticType(const Tensor &tensor, Type type) {
  return RankedTensorType::get(tensor.getShape(), tensor.getElementType(),
                               cast<RankedTensorType>(type).getEncoding());
}

FailureOr<graph::StorageEncoding> getEncoding(Call &call, Type type) {
  graph::StorageEncoding encoding = graph::getStorageEncoding(type);
  if (!encoding)
    return call.error() << "has type " << type
                        << ", expected one with a storage encoding";
  return encoding;
}

/// Bytes as the tensor of a component.
FailureOr<Tensor> makeComponent(Call &call, RankedTensorType type,
                                llvm::ArrayRef<char> bytes) {
  FailureOr<Tensor> tensor =
      call.allocate(type.getElementType(), type.getShape());
  if (failed(tensor))
    return failure();
  if (int64_t(bytes.size()) != tensor->byteSize())
    return call.error() << "has " << bytes.size() << " bytes for " << type
                        << ", expected " << tensor->byteSize();
  std::memcpy(tensor->mutableData(), bytes.data(), bytes.size());
  return tensor;
}

LogicalResult evaluateEncode(graph::EncodeOp op, Call &call) {
  Tensor input = call[op.getInput()];
  RankedTensorType type = getStaticType(input, op.getType());
  FailureOr<graph::StorageEncoding> encoding = getEncoding(call, type);
  if (failed(encoding))
    return failure();
  llvm::SmallVector<graph::EncodingComponent> components =
      encoding->getComponents(type);
  std::vector<graph::HostBytes> bytes(components.size());
  for (auto [i, value] : llvm::enumerate(op.getComponents())) {
    StringRef name =
        op.getComponentNames()
            ? cast<StringAttr>((*op.getComponentNames())[i]).getValue()
            : StringRef();
    auto *component = llvm::find_if(
        components, [&](const auto &each) { return each.name == name; });
    if (component == components.end())
      return call.error() << "is given component '" << name
                          << "', which its encoding does not have";
    Tensor given = call[value];
    bytes[component - components.begin()].assign(
        given.data(), given.data() + given.byteSize());
  }
  if (failed(encoding->encode(type,
                              llvm::ArrayRef(input.data(), input.byteSize()),
                              bytes, [&] { return call.error(); })))
    return failure();
  std::vector<Tensor> tensors;
  for (auto [component, content] : llvm::zip(components, bytes)) {
    FailureOr<Tensor> tensor = makeComponent(call, component.type, content);
    if (failed(tensor))
      return failure();
    tensors.push_back(*tensor);
  }
  return call.finish(
      Tensor::encoded(type, type.getShape(), std::move(tensors)));
}

LogicalResult evaluateDecode(graph::DecodeOp op, Call &call) {
  const Tensor &input = call.operands[0];
  RankedTensorType type = getStaticType(input, op.getInput().getType());
  FailureOr<graph::StorageEncoding> encoding = getEncoding(call, type);
  if (failed(encoding))
    return failure();
  llvm::SmallVector<llvm::ArrayRef<char>> bytes;
  for (const Tensor &component : input.getComponents())
    bytes.push_back(llvm::ArrayRef(component.data(), component.byteSize()));
  FailureOr<graph::HostBytes> decoded =
      encoding->decode(type, bytes, [&] { return call.error(); });
  if (failed(decoded))
    return failure();
  FailureOr<Tensor> result =
      makeComponent(call, graph::getLogicalType(type), *decoded);
  return failed(result) ? failure() : call.finish(*result);
}

LogicalResult evaluateAssemble(graph::AssembleOp op, Call &call) {
  RankedTensorType type = op.getType();
  FailureOr<graph::StorageEncoding> encoding = getEncoding(call, type);
  if (failed(encoding))
    return failure();
  llvm::SmallVector<llvm::ArrayRef<int64_t>> shapes;
  std::vector<Tensor> components;
  for (auto [component, value] : llvm::zip(call.operands, op.getOperands())) {
    shapes.push_back(component.getShape());
    // The encoding counts bytes: floats of a wide evaluation go back.
    components.push_back(
        component.isFloat()
            ? convertFloat(component, getElementTypeOrSelf(value))
            : component);
  }
  llvm::SmallVector<int64_t> shape = encoding->inferShape(type, shapes);
  return call.finish(Tensor::encoded(
      RankedTensorType::get(shape, type.getElementType(), type.getEncoding()),
      shape, std::move(components)));
}

} // namespace

void addEncodingHandlers(HandlerTable &table) {
  table.add(evaluateEncode);
  table.add(evaluateDecode);
  table.add(evaluateAssemble);
}

} // namespace raddle::reference
