//===- DenseEncoding.cpp - Permuted and padded elements -------------------===//
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphUtils.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/DialectImplementation.h"

#include <cstring>
#include <numeric>

using namespace mlir;
using namespace raddle::graph;

//===----------------------------------------------------------------------===//
// Syntax and invariants
//===----------------------------------------------------------------------===//

/// Padding is for alignment; a bound keeps padded sizes near the sizes.
static constexpr int64_t kMaxPad = 4096;

static ParseResult parseIntegers(AsmParser &parser,
                                 SmallVectorImpl<int64_t> &values) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
    return parser.parseInteger(values.emplace_back());
  });
}

Attribute DenseEncodingAttr::parse(AsmParser &parser, Type) {
  SmallVector<int64_t> order, pad;
  Attribute inner;
  SMLoc loc = parser.getCurrentLocation();
  auto parseParameter = [&]() -> ParseResult {
    SMLoc keyLoc = parser.getCurrentLocation();
    StringRef key;
    if (parser.parseKeyword(&key) || parser.parseEqual())
      return failure();
    if (key == "order")
      return parseIntegers(parser, order);
    if (key == "pad")
      return parseIntegers(parser, pad);
    if (key == "inner")
      return parser.parseAttribute(inner);
    return parser.emitError(keyLoc) << "unknown parameter '" << key
                                    << "'; expected 'order', 'pad' or 'inner'";
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater,
                                     parseParameter))
    return {};
  return parser.getChecked<DenseEncodingAttr>(loc, parser.getContext(),
                                              ArrayRef<int64_t>(order),
                                              ArrayRef<int64_t>(pad), inner);
}

void DenseEncodingAttr::print(AsmPrinter &printer) const {
  StringRef separator = "";
  auto key = [&](StringRef name) {
    printer << separator << name << " = ";
    separator = ", ";
  };
  printer << "<";
  if (!getOrder().empty()) {
    key("order");
    printer << "[";
    llvm::interleaveComma(getOrder(), printer);
    printer << "]";
  }
  if (!getPad().empty()) {
    key("pad");
    printer << "[";
    llvm::interleaveComma(getPad(), printer);
    printer << "]";
  }
  if (getInner()) {
    key("inner");
    printer << getInner();
  }
  printer << ">";
}

LogicalResult
DenseEncodingAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                          ArrayRef<int64_t> order, ArrayRef<int64_t> pad,
                          Attribute inner) {
  if (!isPermutationVector(order))
    return emitError() << "'order' is a permutation of 0 to its length, found ["
                       << order << "]";
  for (int64_t multiple : pad)
    if (multiple < 1 || multiple > kMaxPad)
      return emitError() << "'pad' holds numbers from 1 to " << kMaxPad
                         << ", found [" << pad << "]";
  if (!order.empty() && !pad.empty() && order.size() != pad.size())
    return emitError() << "'order' has " << order.size() << " dims, 'pad' has "
                       << pad.size();
  if (inner && !isa<StorageEncoding>(inner))
    return emitError() << "'inner' is a storage encoding, found " << inner;
  return success();
}

LogicalResult DenseEncodingAttr::verifyEncoding(
    ArrayRef<int64_t> shape, Type elementType,
    function_ref<InFlightDiagnostic()> emitError) const {
  size_t rank = shape.size();
  if (!elementType.isIntOrFloat())
    return emitError() << "a dense encoding stores integers or floats, found "
                       << elementType;
  if (!getOrder().empty() && getOrder().size() != rank)
    return emitError() << "'order' has " << getOrder().size()
                       << " dims, expected " << rank;
  if (!getPad().empty() && getPad().size() != rank)
    return emitError() << "'pad' has " << getPad().size() << " dims, expected "
                       << rank;
  DenseEncodingAttr self = *this;
  SmallVector<int64_t> permutation = self.getPermutation(rank);
  for (auto [n, multiple] : llvm::enumerate(getPad()))
    if (multiple > 1 && ShapedType::isDynamic(shape[permutation[n]]))
      return emitError() << "dim " << permutation[n]
                         << " is padded and has to be static";
  if (auto inner = dyn_cast_or_null<VerifiableTensorEncoding>(getInner())) {
    auto type = RankedTensorType::get(shape, elementType);
    RankedTensorType storage =
        DenseEncodingAttr::get(getContext(), getOrder(), getPad(), {})
            .getStorageType(type);
    return inner.verifyEncoding(storage.getShape(), elementType, emitError);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

SmallVector<int64_t> DenseEncodingAttr::getPermutation(int64_t rank) {
  if (!getOrder().empty())
    return SmallVector<int64_t>(getOrder());
  return llvm::to_vector(llvm::seq<int64_t>(rank));
}

RankedTensorType DenseEncodingAttr::getStorageType(RankedTensorType type) {
  SmallVector<int64_t> shape =
      applyPermutation(type.getShape(), getPermutation(type.getRank()));
  for (auto [n, multiple] : llvm::enumerate(getPad()))
    if (multiple > 1)
      shape[n] = llvm::alignTo(shape[n], multiple);
  return RankedTensorType::get(shape, type.getElementType(), getInner());
}

SmallVector<EncodingComponent>
DenseEncodingAttr::getComponents(RankedTensorType type) const {
  DenseEncodingAttr self = *this;
  RankedTensorType storage = self.getStorageType(type);
  if (StorageEncoding inner = getStorageEncoding(storage))
    return inner.getComponents(storage);
  return {{"data", storage}};
}

SmallVector<int64_t>
DenseEncodingAttr::getGranule(RankedTensorType type) const {
  DenseEncodingAttr self = *this;
  RankedTensorType storage = self.getStorageType(type);
  SmallVector<int64_t> stored(type.getRank(), 1);
  if (StorageEncoding inner = getStorageEncoding(storage))
    stored = inner.getGranule(storage);
  for (auto [n, multiple] : llvm::enumerate(getPad()))
    stored[n] = std::lcm(stored[n], multiple);
  SmallVector<int64_t> granule(type.getRank(), 1);
  for (auto [n, dim] : llvm::enumerate(self.getPermutation(type.getRank())))
    granule[dim] = stored[n];
  return granule;
}

SmallVector<int64_t>
DenseEncodingAttr::inferShape(RankedTensorType type,
                              ArrayRef<ArrayRef<int64_t>> shapes) const {
  DenseEncodingAttr self = *this;
  RankedTensorType storage = self.getStorageType(type);
  SmallVector<int64_t> stored(shapes.front());
  if (StorageEncoding inner = getStorageEncoding(storage))
    stored = inner.inferShape(storage, shapes);
  // Padded dims are static.
  SmallVector<int64_t> shape(type.getShape());
  for (auto [n, dim] : llvm::enumerate(self.getPermutation(type.getRank())))
    if (type.isDynamicDim(dim))
      shape[dim] = stored[n];
  return shape;
}

SmallVector<OpFoldResult>
DenseEncodingAttr::getSizes(OpBuilder &builder, Location loc,
                            RankedTensorType type,
                            ValueRange components) const {
  DenseEncodingAttr self = *this;
  RankedTensorType storage = self.getStorageType(type);
  SmallVector<OpFoldResult> stored;
  if (StorageEncoding inner = getStorageEncoding(storage))
    stored = inner.getSizes(builder, loc, storage, components);
  else
    stored = raddle::graph::getSizes(builder, loc, components.front());
  SmallVector<OpFoldResult> sizes(type.getRank());
  for (auto [n, dim] : llvm::enumerate(self.getPermutation(type.getRank())))
    sizes[dim] = type.isDynamicDim(dim)
                     ? stored[n]
                     : OpFoldResult(builder.getIndexAttr(type.getDimSize(dim)));
  return sizes;
}

//===----------------------------------------------------------------------===//
// Host
//===----------------------------------------------------------------------===//

/// Calls `visit(logical, stored)` with the offsets of each element.
static void forEachElement(ArrayRef<int64_t> shape, ArrayRef<int64_t> stored,
                           ArrayRef<int64_t> permutation,
                           function_ref<void(int64_t, int64_t)> visit) {
  SmallVector<int64_t> strides = computeStrides(shape);
  SmallVector<int64_t> storedStrides = computeStrides(stored);
  for (int64_t n = 0, count = ShapedType::getNumElements(shape); n < count;
       ++n) {
    int64_t offset = 0;
    for (auto [position, dim] : llvm::enumerate(permutation))
      offset += n / strides[dim] % shape[dim] * storedStrides[position];
    visit(n, offset);
  }
}

LogicalResult DenseEncodingAttr::encode(RankedTensorType type,
                                        ArrayRef<char> values,
                                        MutableArrayRef<HostBytes> components,
                                        EmitErrorFn emitError) const {
  DenseEncodingAttr self = *this;
  if (!type.hasStaticShape())
    return emitError() << "host tensors have static shapes, found " << type;
  if (static_cast<int64_t>(values.size()) != getHostBytes(getLogicalType(type)))
    return emitError() << "a tensor of type " << getLogicalType(type) << " has "
                       << getHostBytes(getLogicalType(type)) << " bytes, found "
                       << values.size();
  RankedTensorType storage = self.getStorageType(type);
  HostBytes stored(getHostBytes(getLogicalType(storage)), 0);
  int64_t size = getElementBytes(type.getElementType());
  forEachElement(type.getShape(), storage.getShape(),
                 self.getPermutation(type.getRank()),
                 [&](int64_t from, int64_t to) {
                   std::memcpy(stored.data() + to * size,
                               values.data() + from * size, size);
                 });
  if (StorageEncoding inner = getStorageEncoding(storage))
    return inner.encode(storage, stored, components, emitError);
  if (components.size() != 1)
    return emitError() << "expected 1 component, found " << components.size();
  components.front() = std::move(stored);
  return success();
}

FailureOr<HostBytes>
DenseEncodingAttr::decode(RankedTensorType type,
                          ArrayRef<ArrayRef<char>> components,
                          EmitErrorFn emitError) const {
  DenseEncodingAttr self = *this;
  if (failed(verifyHostComponents(type, components, emitError)))
    return failure();
  RankedTensorType storage = self.getStorageType(type);
  HostBytes decoded;
  ArrayRef<char> stored = components.front();
  if (StorageEncoding inner = getStorageEncoding(storage)) {
    FailureOr<HostBytes> result = inner.decode(storage, components, emitError);
    if (failed(result))
      return failure();
    decoded = std::move(*result);
    stored = decoded;
  }
  HostBytes values(getHostBytes(getLogicalType(type)));
  int64_t size = getElementBytes(type.getElementType());
  forEachElement(type.getShape(), storage.getShape(),
                 self.getPermutation(type.getRank()),
                 [&](int64_t to, int64_t from) {
                   std::memcpy(values.data() + to * size,
                               stored.data() + from * size, size);
                 });
  return values;
}

//===----------------------------------------------------------------------===//
// Graph operations
//===----------------------------------------------------------------------===//

Value DenseEncodingAttr::buildDecode(OpBuilder &builder, Location loc,
                                     RankedTensorType type,
                                     ValueRange components) const {
  DenseEncodingAttr self = *this;
  RankedTensorType storage = self.getStorageType(type);
  Value stored = components.front();
  if (StorageEncoding inner = getStorageEncoding(storage))
    stored = inner.buildDecode(builder, loc, storage, components);
  SmallVector<int64_t> permutation = self.getPermutation(type.getRank());
  if (llvm::any_of(getPad(), [](int64_t n) { return n != 1; })) {
    SmallVector<OpFoldResult> sizes;
    for (auto [n, dim] : llvm::enumerate(permutation))
      sizes.push_back(
          type.isDynamicDim(dim)
              ? getSize(builder, loc, stored, n)
              : OpFoldResult(builder.getIndexAttr(type.getDimSize(dim))));
    SmallVector<OpFoldResult> zeros(type.getRank(), builder.getIndexAttr(0));
    SmallVector<int64_t> ones(type.getRank(), 1);
    stored = SliceOp::create(builder, loc, stored, zeros, sizes, ones);
  }
  if (!isIdentityPermutation(permutation))
    stored = TransposeOp::create(builder, loc, stored,
                                 invertPermutationVector(permutation));
  return stored;
}

SmallVector<Value> DenseEncodingAttr::buildEncode(OpBuilder &builder,
                                                  Location loc,
                                                  RankedTensorType type,
                                                  Value input,
                                                  ArrayRef<Value> given) const {
  DenseEncodingAttr self = *this;
  RankedTensorType storage = self.getStorageType(type);
  SmallVector<int64_t> permutation = self.getPermutation(type.getRank());
  Value stored = input;
  if (!isIdentityPermutation(permutation))
    stored = TransposeOp::create(builder, loc, stored, permutation);
  SmallVector<OpFoldResult> low(type.getRank(), builder.getIndexAttr(0));
  SmallVector<OpFoldResult> high;
  bool padded = false;
  for (auto [n, dim] : llvm::enumerate(permutation)) {
    int64_t excess = type.isDynamicDim(dim)
                         ? 0
                         : storage.getDimSize(n) - type.getDimSize(dim);
    padded |= excess != 0;
    high.push_back(builder.getIndexAttr(excess));
  }
  if (padded)
    stored = PadOp::create(builder, loc, stored, low, high, Value());
  if (StorageEncoding inner = getStorageEncoding(storage))
    return inner.buildEncode(builder, loc, storage, stored, given);
  return {stored};
}
