//===- IntEncodingHost.cpp - Affine integers: what they mean --------------===//
//
// Written for reading: one element at a time, in the order of the definition.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/Encodings/HostValues.h"
#include "dialects/Graph/IR/GraphDialect.h"

#include <cmath>

using namespace mlir;
using namespace raddle::graph;

namespace {

/// Where the code, scale and zero point of an element lie.
class IntLayout {
public:
  IntLayout(IntEncodingAttr encoding, ArrayRef<int64_t> shape)
      : bits(encoding.getBits()), perByte(encoding.getCodesPerByte()),
        isUnsigned(encoding.getIsUnsigned()) {
    row = shape.empty() ? 1 : shape.back();
    if (std::optional<int64_t> axis = encoding.getAxis()) {
      size = shape[*axis];
      for (int64_t dim : shape.drop_front(*axis + 1))
        inner *= dim;
      hasAxis = true;
      group = encoding.getGroup();
    }
  }

  int64_t getScaleIndex(int64_t element) const {
    if (!hasAxis)
      return 0;
    int64_t index = element / inner % size;
    if (!group)
      return index;
    int64_t groups = llvm::divideCeil(size, *group);
    return (element / inner / size * groups + index / *group) * inner +
           element % inner;
  }

  int64_t readCode(ArrayRef<char> codes, int64_t element) const {
    if (bits >= 8)
      return readInteger(codes, bits, isUnsigned, element);
    auto [byte, shift] = locate(element);
    uint64_t code = static_cast<uint8_t>(codes[byte]) >> shift &
                    ((uint64_t(1) << bits) - 1);
    return isUnsigned ? static_cast<int64_t>(code)
                      : llvm::SignExtend64(code, bits);
  }

  void writeCode(MutableArrayRef<char> codes, int64_t element,
                 int64_t code) const {
    if (bits >= 8)
      return writeInteger(codes, bits, element, code);
    auto [byte, shift] = locate(element);
    unsigned mask = ((1u << bits) - 1) << shift;
    codes[byte] = static_cast<char>(
        (codes[byte] & ~mask) | (static_cast<unsigned>(code) << shift & mask));
  }

private:
  std::pair<int64_t, unsigned> locate(int64_t element) const {
    int64_t column = element % row;
    return {element / row *
                    static_cast<int64_t>(llvm::divideCeil(row, perByte)) +
                column / perByte,
            static_cast<unsigned>(column % perByte) * bits};
  }

  unsigned bits, perByte;
  bool isUnsigned, hasAxis = false;
  int64_t row = 1, size = 1, inner = 1;
  std::optional<int64_t> group;
};

/// The range of the values that share a scale. NaN is kept once seen.
template <typename T> struct ScaleRange {
  T low = 0, high = 0;
  void add(T value) {
    if (std::isnan(value))
      low = high = value;
    if (value < low)
      low = value;
    if (value > high)
      high = value;
  }
};

} // namespace

/// Whether the arithmetic of a type is f64 rather than f32.
static bool isDouble(IntEncodingAttr encoding, RankedTensorType type) {
  return type.getElementType().isF64() || encoding.getScale().isF64() ||
         (encoding.getZero() && encoding.getZero().isF64());
}

static double readZero(IntEncodingAttr encoding, ArrayRef<char> zeros,
                       int64_t n) {
  if (isa<FloatType>(encoding.getZero()))
    return readFloat(zeros, encoding.getZero(), n);
  return readInteger(zeros, encoding.getCodeType().getWidth(),
                     encoding.getIsUnsigned(), n);
}

template <typename T>
static void decodeElements(IntEncodingAttr encoding, RankedTensorType type,
                           ArrayRef<ArrayRef<char>> components,
                           HostBytes &values) {
  IntLayout layout(encoding, type.getShape());
  for (int64_t n = 0, count = type.getNumElements(); n < count; ++n) {
    int64_t s = layout.getScaleIndex(n);
    T value = static_cast<T>(layout.readCode(components[0], n));
    if (encoding.getZero())
      value -= static_cast<T>(readZero(encoding, components[2], s));
    value *= static_cast<T>(readFloat(components[1], encoding.getScale(), s));
    writeFloat(values, type.getElementType(), n, value);
  }
}

FailureOr<HostBytes>
IntEncodingAttr::decode(RankedTensorType type,
                        ArrayRef<ArrayRef<char>> components,
                        EmitErrorFn emitError) const {
  if (failed(verifyHostComponents(type, components, emitError)))
    return failure();
  HostBytes values(getHostBytes(getLogicalType(type)));
  if (isDouble(*this, type))
    decodeElements<double>(*this, type, components, values);
  else
    decodeElements<float>(*this, type, components, values);
  return values;
}

template <typename T>
static void encodeElements(IntEncodingAttr encoding, RankedTensorType type,
                           ArrayRef<char> values,
                           MutableArrayRef<HostBytes> components,
                           bool scalesGiven, bool zerosGiven) {
  IntLayout layout(encoding, type.getShape());
  Type scaleType = encoding.getScale(), zeroType = encoding.getZero();
  const T least = encoding.getMinCode(), greatest = encoding.getMaxCode();
  auto saturate = [&](T code) {
    // Written so that NaN gives the least code.
    return code > least ? (code < greatest ? code : greatest) : least;
  };
  auto element = [&](int64_t n) {
    return static_cast<T>(readFloat(values, type.getElementType(), n));
  };

  int64_t count = type.getNumElements();
  int64_t scales = components[1].size() / getElementBytes(scaleType);
  SmallVector<ScaleRange<T>> ranges(scales);
  for (int64_t n = 0; n < count; ++n)
    ranges[layout.getScaleIndex(n)].add(element(n));

  for (int64_t s = 0; s < scales; ++s) {
    ScaleRange<T> range = ranges[s];
    if (!scalesGiven) {
      T scale = zeroType ? (range.high - range.low) / (greatest - least)
                         : std::max(std::abs(range.low), std::abs(range.high)) /
                               greatest;
      writeFloat(components[1], scaleType, s, scale == 0 ? T(1) : scale);
    }
    if (zeroType && !zerosGiven) {
      T scale = readFloat(components[1], scaleType, s);
      T zero = least - range.low / scale;
      if (isa<FloatType>(zeroType))
        writeFloat(components[2], zeroType, s, zero);
      else
        writeInteger(components[2], encoding.getCodeType().getWidth(), s,
                     static_cast<int64_t>(saturate(std::nearbyint(zero))));
    }
  }

  for (int64_t n = 0; n < count; ++n) {
    int64_t s = layout.getScaleIndex(n);
    T code =
        element(n) / static_cast<T>(readFloat(components[1], scaleType, s));
    if (zeroType) {
      T zero = readZero(encoding, components[2], s);
      code = isa<FloatType>(zeroType) ? std::nearbyint(code + zero)
                                      : std::nearbyint(code) + zero;
    } else {
      code = std::nearbyint(code);
    }
    layout.writeCode(components[0], n, static_cast<int64_t>(saturate(code)));
  }
}

LogicalResult IntEncodingAttr::encode(RankedTensorType type,
                                      ArrayRef<char> values,
                                      MutableArrayRef<HostBytes> components,
                                      EmitErrorFn emitError) const {
  SmallVector<EncodingComponent> parts = getComponents(type);
  if (!type.hasStaticShape())
    return emitError() << "host tensors have static shapes, found " << type;
  if (static_cast<int64_t>(values.size()) != getHostBytes(getLogicalType(type)))
    return emitError() << "a tensor of type " << getLogicalType(type) << " has "
                       << getHostBytes(getLogicalType(type)) << " bytes, found "
                       << values.size();
  if (components.size() != parts.size())
    return emitError() << "expected " << parts.size() << " components, found "
                       << components.size();
  SmallVector<bool> given;
  for (auto [part, bytes] : llvm::zip(parts, components)) {
    given.push_back(!bytes.empty() && part.name != "codes");
    if (!given.back())
      bytes.assign(getHostBytes(part.type), 0);
  }
  SmallVector<ArrayRef<char>> views(components.begin(), components.end());
  if (failed(verifyHostComponents(type, views, emitError)))
    return failure();
  bool zerosGiven = getZero() && given[2];
  if (isDouble(*this, type))
    encodeElements<double>(*this, type, values, components, given[1],
                           zerosGiven);
  else
    encodeElements<float>(*this, type, values, components, given[1],
                          zerosGiven);
  return success();
}
