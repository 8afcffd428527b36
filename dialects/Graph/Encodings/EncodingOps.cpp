//===- EncodingOps.cpp - Operations on encoded values ---------------------===//
#include "dialects/Graph/IR/GraphOps.h"

using namespace mlir;
using namespace raddle::graph;

/// Checks that `encoded` is `logical` with a storage encoding.
static LogicalResult verifyEncodedType(Operation *op, RankedTensorType encoded,
                                       RankedTensorType logical) {
  if (!getStorageEncoding(encoded))
    return op->emitOpError("expects a tensor with a storage encoding, found ")
           << encoded;
  if (logical.getEncoding())
    return op->emitOpError("expects a tensor without an encoding, found ")
           << logical;
  if (getLogicalType(encoded) != logical)
    return op->emitOpError("expects one logical type, found ")
           << getLogicalType(encoded) << " encoded and " << logical
           << " logical";
  return success();
}

/// Whether a component of type `found` may stand for `expected`.
static bool matchesComponent(RankedTensorType found,
                             RankedTensorType expected) {
  return found.getElementType() == expected.getElementType() &&
         !found.getEncoding() &&
         succeeded(verifyCompatibleShape(found, expected));
}

//===----------------------------------------------------------------------===//
// encode
//===----------------------------------------------------------------------===//

LogicalResult EncodeOp::verify() {
  RankedTensorType type = getResult().getType();
  if (failed(verifyEncodedType(*this, type, getInput().getType())))
    return failure();
  ArrayAttr names = getComponentNamesAttr();
  size_t count = names ? names.size() : 0;
  if (count != getComponents().size())
    return emitOpError("names ")
           << count << " components, found " << getComponents().size();
  if (count == 0)
    return success();
  SmallVector<EncodingComponent> parts =
      getStorageEncoding(type).getComponents(type);
  size_t next = 0;
  for (auto [attribute, component] :
       llvm::zip(names.getAsRange<StringAttr>(), getComponents())) {
    StringRef name = attribute.getValue();
    while (next < parts.size() && parts[next].name != name)
      ++next;
    if (next == parts.size()) {
      InFlightDiagnostic error = emitOpError("has no component '")
                                 << name << "' at this place; components are";
      for (const EncodingComponent &part : parts)
        error << " '" << part.name << "'";
      return error;
    }
    auto found = cast<RankedTensorType>(component.getType());
    if (!matchesComponent(found, parts[next].type))
      return emitOpError("expects component '")
             << name << "' of type " << parts[next].type << ", found " << found;
    ++next;
  }
  return success();
}

bool EncodeOp::acceptsEncoded(unsigned) { return false; }

//===----------------------------------------------------------------------===//
// decode
//===----------------------------------------------------------------------===//

LogicalResult DecodeOp::verify() {
  return verifyEncodedType(*this, getInput().getType(), getResult().getType());
}

bool DecodeOp::producesEncoded(unsigned) { return false; }

Value DecodeOp::buildElement(ElementBuilder &, unsigned, ArrayRef<Value>,
                             ElementAccess) {
  emitOpError("of ") << getInput().getType()
                     << " has to be expanded by 'graph-expand-encodings' "
                        "before its elements are evaluated";
  return {};
}

bool DecodeOp::readsOnce() { return true; }

//===----------------------------------------------------------------------===//
// assemble
//===----------------------------------------------------------------------===//

LogicalResult AssembleOp::verify() {
  RankedTensorType type = getResult().getType();
  StorageEncoding encoding = getStorageEncoding(type);
  if (!encoding)
    return emitOpError("expects a tensor with a storage encoding, found ")
           << type;
  SmallVector<EncodingComponent> parts = encoding.getComponents(type);
  if (parts.size() != getComponents().size())
    return emitOpError("expects ") << parts.size() << " components of " << type
                                   << ", found " << getComponents().size();
  for (auto [part, component] : llvm::zip(parts, getComponents())) {
    auto found = cast<RankedTensorType>(component.getType());
    if (!matchesComponent(found, part.type))
      return emitOpError("expects component '")
             << part.name << "' of type " << part.type << ", found " << found;
  }
  return success();
}

bool AssembleOp::acceptsEncoded(unsigned) { return false; }
