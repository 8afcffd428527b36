//===- IntEncoding.cpp - Affine integers: form and types ------------------===//
#include "dialects/Graph/IR/GraphDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"

#include <numeric>

using namespace mlir;
using namespace raddle::graph;

//===----------------------------------------------------------------------===//
// Syntax and invariants
//===----------------------------------------------------------------------===//

Attribute IntEncodingAttr::parse(AsmParser &parser, Type) {
  unsigned bits = 0;
  bool isUnsigned = false;
  Type scale, zero;
  std::optional<int64_t> axis, group;
  SMLoc loc = parser.getCurrentLocation();
  auto parseParameter = [&]() -> ParseResult {
    SMLoc keyLoc = parser.getCurrentLocation();
    StringRef key;
    if (parser.parseKeyword(&key))
      return failure();
    if (key == "unsigned") {
      isUnsigned = true;
      return success();
    }
    if (parser.parseEqual())
      return failure();
    if (key == "bits")
      return parser.parseInteger(bits);
    if (key == "scale")
      return parser.parseType(scale);
    if (key == "zero")
      return parser.parseType(zero);
    if (key == "axis" || key == "group") {
      int64_t value;
      if (parser.parseInteger(value))
        return failure();
      (key == "axis" ? axis : group) = value;
      return success();
    }
    return parser.emitError(keyLoc)
           << "unknown parameter '" << key
           << "'; expected 'bits', 'unsigned', 'scale', 'zero', 'axis' or "
              "'group'";
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater,
                                     parseParameter))
    return {};
  return parser.getChecked<IntEncodingAttr>(
      loc, parser.getContext(), bits, isUnsigned, scale, zero, axis, group);
}

void IntEncodingAttr::print(AsmPrinter &printer) const {
  printer << "<bits = " << getBits();
  if (getIsUnsigned())
    printer << ", unsigned";
  printer << ", scale = " << getScale();
  if (getZero())
    printer << ", zero = " << getZero();
  if (getAxis())
    printer << ", axis = " << *getAxis();
  if (getGroup())
    printer << ", group = " << *getGroup();
  printer << ">";
}

LogicalResult
IntEncodingAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                        unsigned bits, bool isUnsigned, Type scale, Type zero,
                        std::optional<int64_t> axis,
                        std::optional<int64_t> group) {
  if (bits != 1 && bits != 2 && bits != 4 && bits != 8 && bits != 16)
    return emitError() << "'bits' is 1, 2, 4, 8 or 16, found " << bits;
  if (bits == 1 && !isUnsigned)
    return emitError() << "codes of 1 bit are 'unsigned'";
  if (!scale)
    return emitError() << "'scale' is missing; expected a float type";
  auto isStoredFloat =
      llvm::IsaPred<Float16Type, BFloat16Type, Float32Type, Float64Type>;
  if (!isStoredFloat(scale))
    return emitError() << "'scale' is f16, bf16, f32 or f64, found " << scale;
  unsigned codeBits = std::max(bits, 8u);
  if (zero && !isStoredFloat(zero) && !zero.isSignlessInteger(codeBits))
    return emitError() << "'zero' is i" << codeBits
                       << ", f16, bf16, f32 or f64, found " << zero;
  if (axis && *axis < 0)
    return emitError() << "'axis' is not negative, found " << *axis;
  if (group && !axis)
    return emitError() << "'group' needs an 'axis'";
  if (group && *group < 1)
    return emitError() << "'group' is positive, found " << *group;
  return success();
}

LogicalResult IntEncodingAttr::verifyEncoding(
    ArrayRef<int64_t> shape, Type elementType,
    function_ref<InFlightDiagnostic()> emitError) const {
  if (!isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(elementType))
    return emitError() << "an int encoding stores f16, bf16, f32 or f64 "
                          "elements, found "
                       << elementType;
  int64_t rank = shape.size();
  if (getAxis() && *getAxis() >= rank)
    return emitError() << "'axis' is " << *getAxis()
                       << ", expected less than the rank " << rank;
  if (getBits() < 8 && rank == 0)
    return emitError() << "codes of " << getBits()
                       << " bits need a dim to be packed along";
  if (getBits() < 8 && ShapedType::isDynamic(shape.back()))
    return emitError() << "codes of " << getBits()
                       << " bits need a static last dim";
  return success();
}

//===----------------------------------------------------------------------===//
// Components
//===----------------------------------------------------------------------===//

IntegerType IntEncodingAttr::getCodeType() {
  return IntegerType::get(getContext(), getBits() > 8 ? 16 : 8);
}

SmallVector<int64_t> IntEncodingAttr::getScaleShape(ArrayRef<int64_t> shape) {
  if (!getAxis())
    return {};
  int64_t size = shape[*getAxis()];
  if (!getGroup())
    return {size};
  SmallVector<int64_t> result(shape);
  if (!ShapedType::isDynamic(size))
    result[*getAxis()] = llvm::divideCeil(size, *getGroup());
  return result;
}

SmallVector<EncodingComponent>
IntEncodingAttr::getComponents(RankedTensorType type) const {
  IntEncodingAttr self = *this;
  SmallVector<int64_t> codes(type.getShape());
  if (getBits() < 8)
    codes.back() = llvm::divideCeil(codes.back(), self.getCodesPerByte());
  SmallVector<int64_t> scales = self.getScaleShape(type.getShape());
  SmallVector<EncodingComponent> components;
  components.push_back(
      {"codes", RankedTensorType::get(codes, self.getCodeType())});
  components.push_back({"scales", RankedTensorType::get(scales, getScale())});
  if (getZero())
    components.push_back({"zeros", RankedTensorType::get(scales, getZero())});
  return components;
}

SmallVector<int64_t> IntEncodingAttr::getGranule(RankedTensorType type) const {
  IntEncodingAttr self = *this;
  SmallVector<int64_t> granule(type.getRank(), 1);
  if (getGroup())
    granule[*getAxis()] = *getGroup();
  if (!granule.empty())
    granule.back() =
        std::lcm(granule.back(), static_cast<int64_t>(self.getCodesPerByte()));
  return granule;
}
