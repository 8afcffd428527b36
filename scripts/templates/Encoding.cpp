//===- @CLASS@.cpp - @TITLE@ @RULE@===//
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphUtils.h"

using namespace mlir;
using namespace raddle::graph;

LogicalResult @CLASS@Attr::verifyEncoding(
    ArrayRef<int64_t> shape, Type elementType,
    function_ref<InFlightDiagnostic()> emitError) const {
  if (!elementType.isIntOrFloat())
    return emitError() << "an encoding '@MNEMONIC@' stores integers or floats, found "
                       << elementType;
  return success();
}

/// What is stored, by name and in the order of storage.
SmallVector<EncodingComponent>
@CLASS@Attr::getComponents(RankedTensorType type) const {
  return {{"data", getLogicalType(type)}};
}

SmallVector<int64_t>
@CLASS@Attr::inferShape(RankedTensorType type,
                        ArrayRef<ArrayRef<int64_t>> shapes) const {
  return SmallVector<int64_t>(shapes[0]);
}

SmallVector<OpFoldResult> @CLASS@Attr::getSizes(OpBuilder &builder, Location loc,
                                            RankedTensorType type,
                                            ValueRange components) const {
  return raddle::graph::getSizes(builder, loc, components[0]);
}

/// The meaning on the host: components from elements ...
LogicalResult @CLASS@Attr::encode(RankedTensorType type, ArrayRef<char> values,
                              MutableArrayRef<HostBytes> components,
                              EmitErrorFn emitError) const {
  if (components[0].empty())
    components[0].assign(values.begin(), values.end());
  return success();
}

/// ... and elements from components.
FailureOr<HostBytes>
@CLASS@Attr::decode(RankedTensorType type, ArrayRef<ArrayRef<char>> components,
                EmitErrorFn emitError) const {
  if (failed(verifyHostComponents(type, components, emitError)))
    return failure();
  return HostBytes(components[0].begin(), components[0].end());
}

/// The same as graph operations, which kernels evaluate element by element.
Value @CLASS@Attr::buildDecode(OpBuilder &builder, Location loc,
                           RankedTensorType type, ValueRange components) const {
  return components[0];
}

SmallVector<Value> @CLASS@Attr::buildEncode(OpBuilder &builder, Location loc,
                                        RankedTensorType type, Value input,
                                        ArrayRef<Value> given) const {
  return {given[0] ? given[0] : input};
}

/// Elements that can be cut off only together, per dim.
SmallVector<int64_t> @CLASS@Attr::getGranule(RankedTensorType type) const {
  return SmallVector<int64_t>(type.getRank(), 1);
}
