//===- TileDialect.cpp - Layout attribute and shared type -----------------===//

#include "dialects/Tile/IR/TileDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace raddle::tile;

#include "dialects/Tile/IR/TileDialect.cpp.inc"
#include "dialects/Tile/IR/TileEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/Tile/IR/TileAttributes.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/Tile/IR/TileTypes.cpp.inc"

namespace {
/// Layouts recur in the types of a kernel: they are printed once.
struct TileAsmInterface : OpAsmDialectInterface {
  using OpAsmDialectInterface::OpAsmDialectInterface;

  AliasResult getAlias(Attribute attr, raw_ostream &os) const override {
    if (!isa<LayoutAttr>(attr))
      return AliasResult::NoAlias;
    os << "layout";
    return AliasResult::FinalAlias;
  }
};
} // namespace

void TileDialect::initialize() {
  addInterfaces<TileAsmInterface>();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Tile/IR/TileAttributes.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/Tile/IR/TileTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Tile/IR/TileOps.cpp.inc"
      >();
}

LayoutAttr raddle::tile::getLayout(Type type) {
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return dyn_cast_or_null<LayoutAttr>(tensor.getEncoding());
  return nullptr;
}

RankedTensorType raddle::tile::getTileType(ArrayRef<int64_t> shape,
                                           Type element,
                                           const LinearLayout &layout) {
  return RankedTensorType::get(shape, element,
                               LayoutAttr::get(element.getContext(), layout));
}

//===----------------------------------------------------------------------===//
// Layout attribute
//===----------------------------------------------------------------------===//

static void printBases(AsmPrinter &printer, StringRef name,
                       ArrayRef<Basis> bases) {
  printer << name << " = [";
  llvm::interleaveComma(bases, printer, [&](const Basis &basis) {
    printer << '[';
    llvm::interleaveComma(basis, printer);
    printer << ']';
  });
  printer << ']';
}

void LayoutAttr::print(AsmPrinter &printer) const {
  printer << '<';
  printBases(printer, "registers", getMap().registers);
  printer << ", ";
  printBases(printer, "lanes", getMap().lanes);
  printer << ", ";
  printBases(printer, "warps", getMap().warps);
  printer << '>';
}

static ParseResult parseBases(AsmParser &parser, StringRef name,
                              SmallVector<Basis> &bases) {
  if (parser.parseKeyword(name) || parser.parseEqual())
    return failure();
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&]() {
    Basis &basis = bases.emplace_back();
    return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&]() {
      return parser.parseInteger(basis.emplace_back());
    });
  });
}

Attribute LayoutAttr::parse(AsmParser &parser, Type) {
  LinearLayout map;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parseBases(parser, "registers", map.registers) ||
      parser.parseComma() || parseBases(parser, "lanes", map.lanes) ||
      parser.parseComma() || parseBases(parser, "warps", map.warps) ||
      parser.parseGreater())
    return {};
  if (map.lanes.size() != 5) {
    parser.emitError(loc, "expected 5 lane bases, found ") << map.lanes.size();
    return {};
  }
  map.rank = map.lanes.front().size();
  for (auto *bases : {&map.registers, &map.lanes, &map.warps})
    for (const Basis &basis : *bases)
      if (basis.size() != map.rank) {
        parser.emitError(loc, "expected every basis to have ")
            << map.rank << " entries, found " << basis.size();
        return {};
      }
  return LayoutAttr::get(parser.getContext(), map);
}

LogicalResult
LayoutAttr::verifyEncoding(ArrayRef<int64_t> shape, Type elementType,
                           function_ref<InFlightDiagnostic()> emitError) const {
  const LinearLayout &map = getMap();
  if (shape.size() != map.rank)
    return emitError() << "expected a layout of rank " << shape.size()
                       << ", found " << map.rank;
  unsigned bits = 0;
  for (auto [dim, size] : llvm::enumerate(shape)) {
    if (size < 1 || !llvm::isPowerOf2_64(size))
      return emitError() << "expected powers of two as tile sizes, found "
                         << size << " in dim " << dim;
    bits += log2Exact(size);
    for (auto *bases : {&map.registers, &map.lanes, &map.warps})
      for (const Basis &basis : *bases)
        if (basis[dim] < 0 || basis[dim] >= size)
          return emitError() << "expected bases below " << size << " in dim "
                             << dim << ", found " << basis[dim];
  }
  if (map.getMapRank() != bits)
    return emitError() << "expected a layout that reaches all " << bits
                       << " bits of the index, found " << map.getMapRank();
  return success();
}

//===----------------------------------------------------------------------===//
// Shared type
//===----------------------------------------------------------------------===//

int64_t SharedType::getNumElements() const {
  return ShapedType::getNumElements(getShape());
}

int64_t SharedType::getNumBytes() const {
  unsigned bits = getElementType().getIntOrFloatBitWidth();
  return getStages() * getNumElements() * std::max(1u, bits / 8);
}

uint32_t SharedType::getOffset(ArrayRef<int32_t> index) const {
  uint32_t offset = 0, stride = 1;
  for (int64_t dim : getOrder()) {
    offset += index[dim] * stride;
    stride *= getShape()[dim];
  }
  return getSwizzle().apply(offset);
}

LogicalResult SharedType::verify(function_ref<InFlightDiagnostic()> emitError,
                                 int64_t stages, ArrayRef<int64_t> shape,
                                 Type elementType, ArrayRef<int64_t> order,
                                 SharedSwizzle swizzle) {
  if (stages < 1)
    return emitError() << "expected at least one stage, found " << stages;
  for (int64_t size : shape)
    if (size < 1 || !llvm::isPowerOf2_64(size))
      return emitError() << "expected powers of two as tile sizes, found "
                         << size;
  if (!elementType.isIntOrFloat())
    return emitError() << "expected an integer or float element type, found "
                       << elementType;
  SmallVector<bool> seen(shape.size(), false);
  for (int64_t dim : order)
    if (dim < 0 || dim >= int64_t(shape.size()) ||
        std::exchange(seen[dim], true))
      return emitError() << "expected 'order' to be a permutation of "
                         << shape.size() << " dims";
  if (order.size() != shape.size())
    return emitError() << "expected 'order' to be a permutation of "
                       << shape.size() << " dims";
  if (swizzle.bits && swizzle.shift < swizzle.bits)
    return emitError() << "expected the swizzle's shift to be at least its "
                       << swizzle.bits << " bits, found " << swizzle.shift;
  return success();
}

void SharedType::print(AsmPrinter &printer) const {
  printer << '<' << getStages() << " x [";
  llvm::interleaveComma(getShape(), printer);
  printer << "] x " << getElementType() << ", order = [";
  llvm::interleaveComma(getOrder(), printer);
  printer << "], swizzle = [" << getSwizzle().base << ", " << getSwizzle().bits
          << ", " << getSwizzle().shift << "]>";
}

Type SharedType::parse(AsmParser &parser) {
  int64_t stages;
  SmallVector<int64_t> shape, order, swizzle;
  Type element;
  SMLoc loc = parser.getCurrentLocation();
  auto parseList = [&](SmallVector<int64_t> &list) {
    return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&]() {
      return parser.parseInteger(list.emplace_back());
    });
  };
  if (parser.parseLess() || parser.parseInteger(stages) ||
      parser.parseKeyword("x") || parseList(shape) ||
      parser.parseKeyword("x") || parser.parseType(element) ||
      parser.parseComma() || parser.parseKeyword("order") ||
      parser.parseEqual() || parseList(order) || parser.parseComma() ||
      parser.parseKeyword("swizzle") || parser.parseEqual() ||
      parseList(swizzle) || parser.parseGreater())
    return {};
  if (swizzle.size() != 3 ||
      llvm::any_of(swizzle, [](int64_t s) { return s < 0 || s > 31; })) {
    parser.emitError(loc, "expected 3 swizzle numbers below 32");
    return {};
  }
  return SharedType::getChecked(
      [&] { return parser.emitError(loc); }, parser.getContext(), stages, shape,
      element, order,
      SharedSwizzle{unsigned(swizzle[0]), unsigned(swizzle[1]),
                    unsigned(swizzle[2])});
}
