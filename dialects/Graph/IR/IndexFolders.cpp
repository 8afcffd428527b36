//===- IndexFolders.cpp - Folders of index operations ---------------------===//
#include "dialects/Graph/Analysis/SymbolicShapes.h"
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphVerify.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/STLFunctionalExtras.h"

using namespace mlir;
using namespace raddle::graph;

/// Constants with more bytes than this are not made by folding: they belong in
/// an archive.
static constexpr int64_t maxConstantBytes = 64 << 10;

//===----------------------------------------------------------------------===//
// Constants whose elements are picked from constants
//===----------------------------------------------------------------------===//

namespace {
/// Where an element comes from: a constant and a row-major offset in it.
struct Origin {
  unsigned constant;
  int64_t offset;
};
} // namespace

/// Bytes of an element in a `DenseElementsAttr` that is no `i1`.
static int64_t storageBytes(Type element) {
  return isa<IndexType>(element)
             ? 8
             : llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

static SmallVector<int64_t> stridesOf(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t dim = shape.size(); dim-- > 1;)
    strides[dim - 1] = strides[dim] * shape[dim];
  return strides;
}

/// The constant of type `type` whose element at each index is the one that
/// `originOf` names; null when it would be too large.
static DenseElementsAttr
pickElements(RankedTensorType type, ArrayRef<DenseElementsAttr> constants,
             llvm::function_ref<Origin(ArrayRef<int64_t>)> originOf) {
  if (!type.hasStaticShape())
    return {};
  Type element = type.getElementType();
  std::optional<int64_t> count = countElements(type.getShape());
  if (!count || *count > maxConstantBytes / storageBytes(element))
    return {};

  SmallVector<int64_t> index(type.getRank(), 0);
  auto advance = [&] {
    for (int64_t dim = type.getRank(); dim-- > 0; index[dim] = 0)
      if (++index[dim] < type.getDimSize(dim))
        return;
  };
  if (element.isInteger(1)) {
    SmallVector<SmallVector<bool>> sources;
    for (DenseElementsAttr constant : constants)
      sources.emplace_back(constant.getValues<bool>());
    SmallVector<bool> values;
    for (int64_t i = 0; i < *count; ++i, advance()) {
      Origin origin = originOf(index);
      values.push_back(sources[origin.constant][origin.offset]);
    }
    return DenseElementsAttr::get(type, values);
  }
  int64_t bytes = storageBytes(element);
  std::vector<char> data;
  data.reserve(*count * bytes);
  for (int64_t i = 0; i < *count; ++i, advance()) {
    Origin origin = originOf(index);
    DenseElementsAttr constant = constants[origin.constant];
    const char *from = constant.getRawData().data() +
                       (constant.isSplat() ? 0 : origin.offset * bytes);
    data.insert(data.end(), from, from + bytes);
  }
  return DenseElementsAttr::getFromRawBuffer(type, data);
}

/// As above for one constant, which may be a splat: then any size will do.
static DenseElementsAttr
pickElements(RankedTensorType type, Attribute constant,
             llvm::function_ref<int64_t(ArrayRef<int64_t>)> offsetOf) {
  auto elements = dyn_cast_or_null<DenseElementsAttr>(constant);
  if (!elements || !type.hasStaticShape())
    return {};
  if (elements.isSplat())
    return elements.resizeSplat(type);
  return pickElements(type, elements, [&](ArrayRef<int64_t> index) {
    return Origin{0, offsetOf(index)};
  });
}

//===----------------------------------------------------------------------===//
// Folders
//===----------------------------------------------------------------------===//

OpFoldResult BroadcastOp::fold(FoldAdaptor adaptor) {
  // An unknown dim of the operand is never repeated, so equal types mean that
  // nothing is.
  if (getInput().getType() == getType())
    return getInput();
  ArrayRef<int64_t> shape = tensorType(getInput()).getShape();
  if (!getType().hasStaticShape() || !ShapedType::isStaticShape(shape))
    return {};
  SmallVector<int64_t> strides = stridesOf(shape);
  size_t leading = getType().getRank() - shape.size();
  return pickElements(getType(), adaptor.getInput(),
                      [&](ArrayRef<int64_t> index) {
                        int64_t offset = 0;
                        for (size_t dim = 0; dim < shape.size(); ++dim)
                          if (shape[dim] != 1)
                            offset += index[leading + dim] * strides[dim];
                        return offset;
                      });
}

/// Whether the dims of `tensor` have the sizes `sizes`, as far as it can be
/// seen from here.
static bool hasSizes(Value tensor, ArrayRef<OpFoldResult> sizes) {
  SymbolicShapes shapes;
  return llvm::all_of(llvm::enumerate(sizes), [&](auto size) {
    return shapes.equal(shapes.get(size.value()),
                        shapes.getDim(tensor, size.index()));
  });
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType()) {
    // One unknown size follows from the others and the number of elements,
    // unless that is zero; several have to be known to be equal.
    bool single = getType().getNumDynamicDims() <= 1 &&
                  !llvm::is_contained(getType().getShape(), 0);
    bool same = single || hasSizes(getInput(), getMixedSizes());
    if (same)
      return getInput();
  }
  auto elements = dyn_cast_or_null<DenseElementsAttr>(adaptor.getInput());
  if (elements && getType().hasStaticShape())
    return elements.reshape(getType());
  return {};
}

OpFoldResult TransposeOp::fold(FoldAdaptor adaptor) {
  ArrayRef<int64_t> permutation = getPermutation();
  if (getInput().getType() == getType() &&
      llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size())))
    return getInput();
  RankedTensorType input = tensorType(getInput());
  if (!input.hasStaticShape())
    return {};
  SmallVector<int64_t> strides = stridesOf(input.getShape());
  return pickElements(getType(), adaptor.getInput(),
                      [&](ArrayRef<int64_t> index) {
                        int64_t offset = 0;
                        for (auto [i, dim] : llvm::zip(index, permutation))
                          offset += i * strides[dim];
                        return offset;
                      });
}

OpFoldResult SliceOp::fold(FoldAdaptor adaptor) {
  RankedTensorType input = tensorType(getInput());
  bool whole = input == getType();
  SmallVector<OpFoldResult> sizes = getMixedSizes();
  for (int64_t dim = 0; whole && dim < input.getRank(); ++dim) {
    whole = getStaticOffsets()[dim] == 0 &&
            (getStrides()[dim] == 1 || input.getDimSize(dim) == 1);
  }
  if (whole && (input.hasStaticShape() || hasSizes(getInput(), sizes)))
    return getInput();
  if (!input.hasStaticShape() || !getOffsets().empty())
    return {};
  SmallVector<int64_t> strides = stridesOf(input.getShape());
  return pickElements(
      getType(), adaptor.getInput(), [&](ArrayRef<int64_t> index) {
        int64_t offset = 0;
        for (size_t dim = 0; dim < index.size(); ++dim)
          offset += (getStaticOffsets()[dim] + index[dim] * getStrides()[dim]) *
                    strides[dim];
        return offset;
      });
}

OpFoldResult ConcatOp::fold(FoldAdaptor adaptor) {
  if (getInputs().size() == 1 && getInputs().front().getType() == getType())
    return getInputs().front();
  SmallVector<DenseElementsAttr> constants;
  for (Attribute input : adaptor.getInputs()) {
    auto elements = dyn_cast_or_null<DenseElementsAttr>(input);
    if (!elements)
      return {};
    constants.push_back(elements);
  }
  int64_t axis = getAxis();
  SmallVector<SmallVector<int64_t>> strides;
  for (Value input : getInputs())
    strides.push_back(stridesOf(tensorType(input).getShape()));
  return pickElements(getType(), constants, [&](ArrayRef<int64_t> index) {
    unsigned number = 0;
    int64_t along = index[axis];
    while (along >= tensorType(getInputs()[number]).getDimSize(axis))
      along -= tensorType(getInputs()[number++]).getDimSize(axis);
    int64_t offset = 0;
    for (size_t dim = 0; dim < index.size(); ++dim)
      offset += (static_cast<int64_t>(dim) == axis ? along : index[dim]) *
                strides[number][dim];
    return Origin{number, offset};
  });
}

OpFoldResult PadOp::fold(FoldAdaptor adaptor) {
  auto isZero = [](int64_t count) { return count == 0; };
  if (getInput().getType() == getType() &&
      llvm::all_of(getStaticLow(), isZero) &&
      llvm::all_of(getStaticHigh(), isZero))
    return getInput();

  RankedTensorType input = tensorType(getInput());
  auto elements = dyn_cast_or_null<DenseElementsAttr>(adaptor.getInput());
  if (!elements || getMode() != PadMode::constant || !getLow().empty() ||
      !getHigh().empty())
    return {};
  DenseElementsAttr fill;
  if (getValue())
    fill = dyn_cast_or_null<DenseElementsAttr>(adaptor.getValue());
  else if (auto zero =
               Builder(getContext()).getZeroAttr(input.getElementType()))
    fill = DenseElementsAttr::get(
        RankedTensorType::get({}, input.getElementType()), zero);
  if (!fill)
    return {};
  SmallVector<int64_t> strides = stridesOf(input.getShape());
  return pickElements(getType(), {elements, fill},
                      [&](ArrayRef<int64_t> index) {
                        int64_t offset = 0;
                        for (size_t dim = 0; dim < index.size(); ++dim) {
                          int64_t at = index[dim] - getStaticLow()[dim];
                          if (at < 0 || at >= input.getDimSize(dim))
                            return Origin{1, 0};
                          offset += at * strides[dim];
                        }
                        return Origin{0, offset};
                      });
}

OpFoldResult GatherOp::fold(FoldAdaptor adaptor) {
  RankedTensorType input = tensorType(getInput());
  RankedTensorType indexType = tensorType(getIndices());
  auto indices = dyn_cast_or_null<DenseElementsAttr>(adaptor.getIndices());
  auto elements = dyn_cast_or_null<DenseElementsAttr>(adaptor.getInput());
  if (!elements || !indices || !getType().hasStaticShape())
    return {};
  int64_t axis = getAxis(), extent = input.getDimSize(axis);
  SmallVector<int64_t> strides = stridesOf(input.getShape());
  SmallVector<int64_t> indexStrides = stridesOf(indexType.getShape());
  size_t indexRank = indexStrides.size();
  auto positions = indices.getValues<APInt>();
  return pickElements(getType(), elements, [&](ArrayRef<int64_t> index) {
    int64_t position = 0;
    for (size_t dim = 0; dim < indexRank; ++dim)
      position += index[axis + dim] * indexStrides[dim];
    int64_t at = positions[position].getSExtValue();
    if (at < 0)
      at += extent;
    int64_t offset = std::clamp<int64_t>(at, 0, extent - 1) * strides[axis];
    for (size_t dim = 0; dim < strides.size(); ++dim)
      if (static_cast<int64_t>(dim) < axis)
        offset += index[dim] * strides[dim];
      else if (static_cast<int64_t>(dim) > axis)
        offset += index[dim + indexRank - 1] * strides[dim];
    return offset;
  });
}

OpFoldResult SplatOp::fold(FoldAdaptor adaptor) {
  Attribute scalar = adaptor.getScalar();
  Type element = getType().getElementType();
  if (auto integer = dyn_cast_or_null<IntegerAttr>(scalar)) {
    if (!isa<IndexType>(integer.getType()))
      return DenseElementsAttr::get(getType(), scalar);
    if (isa<IntegerType>(element))
      return DenseElementsAttr::get(
          getType(),
          integer.getValue().sextOrTrunc(element.getIntOrFloatBitWidth()));
    auto type = cast<FloatType>(element);
    APFloat value(type.getFloatSemantics());
    value.convertFromAPInt(integer.getValue(), /*IsSigned=*/true,
                           APFloat::rmNearestTiesToEven);
    return DenseElementsAttr::get(getType(), value);
  }
  if (isa_and_nonnull<FloatAttr>(scalar))
    return DenseElementsAttr::get(getType(), scalar);
  return {};
}
