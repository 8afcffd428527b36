//===- StorageEncoding.cpp - How a tensor is stored -----------------------===//
#include "dialects/Graph/Encodings/StorageEncoding.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace raddle::graph;

#include "dialects/Graph/Encodings/StorageEncoding.cpp.inc"

int64_t raddle::graph::getElementBytes(Type element) {
  if (element.isIndex())
    return 8;
  return llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

int64_t raddle::graph::getHostBytes(RankedTensorType type) {
  return type.getNumElements() * getElementBytes(type.getElementType());
}

std::optional<int64_t>
raddle::graph::getComponentBytes(ArrayRef<EncodingComponent> components) {
  int64_t bytes = 0;
  for (const EncodingComponent &component : components) {
    if (!component.type.hasStaticShape())
      return std::nullopt;
    bytes += getHostBytes(component.type);
  }
  return bytes;
}

StorageEncoding raddle::graph::getStorageEncoding(Type type) {
  auto tensor = dyn_cast_or_null<RankedTensorType>(type);
  if (!tensor)
    return {};
  return dyn_cast_or_null<StorageEncoding>(tensor.getEncoding());
}

RankedTensorType raddle::graph::getLogicalType(RankedTensorType type) {
  return RankedTensorType::get(type.getShape(), type.getElementType());
}

LogicalResult
raddle::graph::verifyHostComponents(RankedTensorType type,
                                    ArrayRef<ArrayRef<char>> components,
                                    EmitErrorFn emitError) {
  if (!type.hasStaticShape())
    return emitError() << "host tensors have static shapes, found " << type;
  SmallVector<EncodingComponent> expected =
      getStorageEncoding(type).getComponents(type);
  if (components.size() != expected.size())
    return emitError() << "expected " << expected.size()
                       << " components, found " << components.size();
  for (auto [component, bytes] : llvm::zip(expected, components))
    if (static_cast<int64_t>(bytes.size()) != getHostBytes(component.type))
      return emitError() << "component '" << component.name << "' of type "
                         << component.type << " has " << bytes.size()
                         << " bytes, expected " << getHostBytes(component.type);
  return success();
}
