//===- StructureOps.cpp - Weights, encodings, groups ----------------------===//
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphUtils.h"
#include "dialects/Graph/IR/GraphVerify.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace raddle::graph;

/// `"archive"::"entry"`. (The attribute itself would take the result type that
/// follows for a type of its own.)
static ParseResult parseExternal(OpAsmParser &parser, ExternalAttr &source) {
  std::string archive, entry;
  if (parser.parseString(&archive) || parser.parseColon() ||
      parser.parseColon() || parser.parseString(&entry))
    return failure();
  source = ExternalAttr::get(parser.getContext(), archive, entry);
  return success();
}

static void printExternal(OpAsmPrinter &printer, Operation *,
                          ExternalAttr source) {
  printer.printString(source.getArchive());
  printer << "::";
  printer.printString(source.getEntry());
}

#define GET_OP_CLASSES
#include "dialects/Graph/IR/GraphStructureOps.cpp.inc"

LogicalResult WeightOp::verify() {
  if (getSource().getArchive().empty() || getSource().getEntry().empty())
    return emitOpError() << "expected the names of an archive and an entry, "
                            "found "
                         << getSource();
  if (!getType().hasStaticShape())
    return emitOpError() << "expected a static shape, found " << getType();
  if (std::optional<DictionaryAttr> components = getComponents())
    for (NamedAttribute component : *components)
      if (!isa<StringAttr>(component.getValue()))
        return emitOpError() << "expected the name of an entry for component '"
                             << component.getName().getValue() << "', found "
                             << component.getValue();
  if (getParts().has_value() != getAxis().has_value() ||
      getParts().has_value() != getPartSizes().has_value())
    return emitOpError("expected 'parts', 'part_sizes' and 'axis' together");
  if (getParts()) {
    ArrayRef<int64_t> sizes = *getPartSizes();
    if (getParts()->empty() || getParts()->size() != sizes.size())
      return emitOpError() << "expected one of 'part_sizes' per part, found "
                           << sizes.size() << " for " << getParts()->size();
    if (getType().getEncoding() || getComponents())
      return emitOpError("expected parts of a tensor without encoding");
    int64_t axis = *getAxis(), sum = 0;
    if (axis < 0 || axis >= getType().getRank())
      return emitOpError() << "expected 'axis' of a dim, found " << axis;
    for (int64_t size : sizes)
      if (size < 0 || llvm::AddOverflow(sum, size, sum))
        return emitOpError() << "expected part sizes, found " << size;
    if (sum != getType().getDimSize(axis))
      return emitOpError() << "expected parts of " << getType().getDimSize(axis)
                           << " in dim " << axis << ", found " << sum;
  }
  // A module that lists its archives lists all of them.
  for (Operation *parent = (*this)->getParentOp(); parent;
       parent = parent->getParentOp())
    if (auto archives = parent->getAttrOfType<DictionaryAttr>("graph.archives"))
      if (!archives.contains(getSource().getArchive()))
        return emitOpError() << "unknown archive '" << getSource().getArchive()
                             << "': the module lists " << archives;
  return success();
}

RankedTensorType WeightOp::getPartType(unsigned part) {
  SmallVector<int64_t> shape(getType().getShape());
  shape[*getAxis()] = (*getPartSizes())[part];
  return RankedTensorType::get(shape, getType().getElementType());
}

SmallVector<int64_t> WeightOp::getPartRuns() {
  int64_t inner =
      llvm::divideCeil(getType().getElementTypeBitWidth(), unsigned(8));
  for (int64_t size : getType().getShape().drop_front(*getAxis() + 1))
    inner *= size;
  SmallVector<int64_t> runs;
  ArrayRef<int64_t> sizes = *getPartSizes();
  for (int64_t size : sizes)
    runs.push_back(size * inner);
  return runs;
}

LogicalResult WeightOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t size : getType().getShape())
    sizes.push_back(builder.getIndexAttr(size));
  shapes.push_back(std::move(sizes));
  return success();
}

LogicalResult PrecomputeOp::verify() {
  RankedTensorType type = getType();
  Type element = type.getElementType();
  if (!type.hasStaticShape() || type.getEncoding() || element.isIndex() ||
      (!element.isInteger(1) && element.getIntOrFloatBitWidth() % 8 != 0))
    return emitOpError() << "expected a static shape and elements of whole "
                            "bytes, found "
                         << type;
  Block &block = getBody().front();
  if (block.getNumArguments() != 0)
    return emitOpError() << "expected a body without arguments, found "
                         << block.getNumArguments();
  auto yield = block.empty() ? YieldOp() : dyn_cast<YieldOp>(block.back());
  if (!yield)
    return emitOpError("expected 'graph.yield' at the end of the body");
  if (yield.getNumOperands() != 1 || yield.getOperand(0).getType() != type)
    return yield.emitOpError() << "expected one operand of type " << type
                               << ", found " << yield.getOperandTypes();
  for (Operation &op : block.without_terminator())
    if (!isMemoryEffectFree(&op))
      return emitOpError() << "expected operations without effects in the "
                              "body, found '"
                           << op.getName() << "'";
  return success();
}

LogicalResult
PrecomputeOp::reifyResultShapes(OpBuilder &builder,
                                ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t size : getType().getShape())
    sizes.push_back(builder.getIndexAttr(size));
  shapes.push_back(std::move(sizes));
  return success();
}

LogicalResult EncodeOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(getSizes(builder, getLoc(), getInput()));
  return success();
}

OpFoldResult DecodeOp::fold(FoldAdaptor adaptor) { return {}; }

LogicalResult DecodeOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(getSizes(builder, getLoc(), getInput()));
  return success();
}

LogicalResult
AssembleOp::reifyResultShapes(OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &shapes) {
  RankedTensorType type = getType();
  if (!type.hasStaticShape())
    return failure();
  SmallVector<OpFoldResult> sizes;
  for (int64_t size : type.getShape())
    sizes.push_back(builder.getIndexAttr(size));
  shapes.push_back(std::move(sizes));
  return success();
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

/// Parses `(` (`%x`, ... `:` type, ...)? `)`.
static ParseResult
parseOperandList(OpAsmParser &parser,
                 SmallVectorImpl<OpAsmParser::UnresolvedOperand> &operands,
                 SmallVectorImpl<Type> &types) {
  if (parser.parseLParen())
    return failure();
  if (succeeded(parser.parseOptionalRParen()))
    return success();
  return failure(parser.parseOperandList(operands) ||
                 parser.parseColonTypeList(types) || parser.parseRParen());
}

ParseResult GroupOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::UnresolvedOperand> inputs, scalars;
  SmallVector<Type> inputTypes, scalarTypes;
  SMLoc inputsLoc = parser.getCurrentLocation();
  if (parseOperandList(parser, inputs, inputTypes) ||
      parser.parseKeyword("scalars"))
    return failure();
  SMLoc scalarsLoc = parser.getCurrentLocation();
  if (parseOperandList(parser, scalars, scalarTypes) ||
      parser.parseOptionalAttrDictWithKeyword(result.attributes) ||
      parser.parseRegion(*result.addRegion(), /*arguments=*/{}) ||
      parser.parseOptionalColonTypeList(result.types) ||
      parser.resolveOperands(inputs, inputTypes, inputsLoc, result.operands) ||
      parser.resolveOperands(scalars, scalarTypes, scalarsLoc, result.operands))
    return failure();
  result.getOrAddProperties<Properties>().operandSegmentSizes = {
      static_cast<int32_t>(inputs.size()),
      static_cast<int32_t>(scalars.size())};
  return success();
}

static void printOperandList(OpAsmPrinter &printer, ValueRange operands) {
  printer << '(';
  if (!operands.empty()) {
    printer.printOperands(operands);
    printer << " : ";
    llvm::interleaveComma(operands.getTypes(), printer);
  }
  printer << ')';
}

void GroupOp::print(OpAsmPrinter &printer) {
  printer << ' ';
  printOperandList(printer, getInputs());
  printer << " scalars ";
  printOperandList(printer, getScalars());
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs(),
                                           {getOperandSegmentSizesAttrName()});
  printer << ' ';
  printer.printRegion(getBody());
  if (getNumResults() != 0) {
    printer << " : ";
    llvm::interleaveComma(getResultTypes(), printer);
  }
}

Operation *GroupOp::getRootOp() {
  for (Operation &op : getBody().front())
    if (!raddle::graph::getSkeleton(&op).empty())
      return &op;
  return nullptr;
}

/// A group whose root was simplified to element operations needs no loop nest
/// but that of its results.
LogicalResult GroupOp::canonicalize(GroupOp op, PatternRewriter &rewriter) {
  if (op.getSkeleton() == "pointwise" || op.getRootOp())
    return failure();
  rewriter.modifyOpInPlace(op, [&] { op.setSkeleton("pointwise"); });
  return success();
}

StringRef raddle::graph::getSkeleton(Operation *root) {
  return llvm::TypeSwitch<Operation *, StringRef>(root)
      .Case<ContractOp, ConvOp>([](auto) { return "contraction"; })
      .Case<AttentionOp>([](auto) { return "attention"; })
      .Case<ReduceOp, ArgReduceOp, SoftmaxOp, NormOp, PoolOp>(
          [](auto) { return "reduction"; })
      .Case<CumulativeOp>([](auto) { return "scan"; })
      .Case<ScatterElementsOp, ScatterNdOp>([](auto) { return "scatter"; })
      .Case<SortOp>([](auto) { return "sort"; })
      .Case<LstmOp, GruOp, RnnOp>([](auto) { return "recurrence"; })
      .Case<EncodeOp>([](auto) { return "encode"; })
      .Default([](auto) { return StringRef(); });
}

LogicalResult GroupOp::verify() {
  if (getSkeleton().empty())
    return emitOpError("expected the name of a skeleton, found none");
  for (Type type : getScalars().getTypes())
    if (!type.isIntOrIndexOrFloat())
      return emitOpError() << "expected host scalars, found " << type;

  Block &block = getBody().front();
  if (block.getNumArguments() != getNumOperands())
    return emitOpError() << "expected " << getNumOperands()
                         << " block arguments, found "
                         << block.getNumArguments();
  for (auto [number, argument, operand] :
       llvm::enumerate(block.getArgumentTypes(), getOperandTypes()))
    if (argument != operand)
      return emitOpError() << "expected block argument " << number
                           << " of type " << operand << ", found " << argument;

  auto yield = block.empty() ? YieldOp() : dyn_cast<YieldOp>(block.back());
  if (!yield)
    return emitOpError("expected 'graph.yield' at the end of the body");
  if (yield.getNumOperands() != getNumResults())
    return yield.emitOpError() << "expected " << getNumResults()
                               << " operands, found " << yield.getNumOperands();
  for (auto [number, yielded, result] :
       llvm::enumerate(yield.getOperandTypes(), getResultTypes()))
    if (yielded != result)
      return yield.emitOpError() << "expected operand " << number << " of type "
                                 << result << ", found " << yielded;

  for (Operation &op : block.without_terminator())
    if (!isMemoryEffectFree(&op))
      return emitOpError() << "expected operations without effects in the "
                              "body, found '"
                           << op.getName() << "'";
  return success();
}

namespace {
/// Where a size that is not static comes from: dim `dim` of `value`, or the
/// host scalar `value` itself (`dim` is -1).
struct DimSource {
  Value value;
  int64_t dim = -1;
};

/// A size to be stated again: a static factor times what the sources are.
/// (Whether sizes are equal is asked of SymbolicShapes.)
struct SizeProduct {
  int64_t factor = 1;
  SmallVector<DimSource, 4> sources;

  void multiply(const SizeProduct &other) {
    factor *= other.factor;
    sources.append(other.sources);
  }
};
} // namespace

static SizeProduct getDimProduct(Value tensor, int64_t dim);

/// The value outside of a group that `value`, an argument of its body, stands
/// for; null when it is not such an argument.
static Value getGroupOperand(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument)
    return {};
  auto group = dyn_cast<GroupOp>(argument.getOwner()->getParentOp());
  if (!group || argument.getArgNumber() >= group->getNumOperands())
    return {};
  return group->getOperand(argument.getArgNumber());
}

static SizeProduct getSizeProduct(OpFoldResult size) {
  SizeProduct product;
  if (std::optional<int64_t> constant = getConstantIntValue(size)) {
    product.factor = *constant;
    return product;
  }
  Value value = cast<Value>(size);
  if (Value outer = getGroupOperand(value))
    return getSizeProduct(outer);
  if (auto dim = value.getDefiningOp<tensor::DimOp>())
    if (std::optional<int64_t> index = dim.getConstantIndex())
      return getDimProduct(dim.getSource(), *index);
  if (auto mul = value.getDefiningOp<arith::MulIOp>()) {
    product = getSizeProduct(mul.getLhs());
    product.multiply(getSizeProduct(mul.getRhs()));
    return product;
  }
  product.sources.push_back({value, -1});
  return product;
}

static SizeProduct getDimProduct(Value tensor, int64_t dim) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SizeProduct product;
  if (!type.isDynamicDim(dim)) {
    product.factor = type.getDimSize(dim);
    return product;
  }
  if (Value outer = getGroupOperand(tensor))
    return getDimProduct(outer, dim);

  Operation *op = tensor.getDefiningOp();
  if (op && OpTrait::hasElementwiseMappableTraits(op)) {
    for (Value operand : op->getOperands())
      if (isa<RankedTensorType>(operand.getType()))
        return getDimProduct(operand, dim);
  } else if (auto transpose = dyn_cast_or_null<TransposeOp>(op)) {
    return getDimProduct(transpose.getInput(), transpose.getPermutation()[dim]);
  } else if (auto softmax = dyn_cast_or_null<SoftmaxOp>(op)) {
    return getDimProduct(softmax.getInput(), dim);
  } else if (auto norm = dyn_cast_or_null<NormOp>(op)) {
    return getDimProduct(norm.getInput(), dim);
  } else if (auto contract = dyn_cast_or_null<ContractOp>(op)) {
    // The dim of the iteration space, looked up in an operand that has it.
    auto maps = contract.getMaps();
    AffineExpr wanted = maps[2].getResult(dim);
    for (unsigned operand : {0u, 1u})
      for (auto [n, expr] : llvm::enumerate(maps[operand].getResults()))
        if (expr == wanted)
          return getDimProduct(contract->getOperand(operand), n);
  } else if (op) {
    SmallVector<OpFoldResult> sizes =
        llvm::TypeSwitch<Operation *, SmallVector<OpFoldResult>>(op)
            .Case<BroadcastOp, ReshapeOp, SliceOp, IotaOp, ResizeOp>(
                [](auto sized) { return sized.getMixedSizes(); })
            .Default([](Operation *) { return SmallVector<OpFoldResult>(); });
    if (!sizes.empty())
      return getSizeProduct(sizes[dim]);
  }
  product.sources.push_back({tensor, dim});
  return product;
}

/// The size of a dim of a result as a product of sizes outside of the group;
/// nothing when some factor is computed inside.
static std::optional<SizeProduct> getOuterSize(GroupOp group, unsigned result,
                                               int64_t dim) {
  SizeProduct product =
      getDimProduct(group.getTerminator()->getOperand(result), dim);
  for (DimSource source : product.sources)
    if (group.getBody().isAncestor(source.value.getParentRegion()))
      return std::nullopt;
  return product;
}

bool GroupOp::canReifyDim(unsigned result, int64_t dim) {
  return getOuterSize(*this, result, dim).has_value();
}

LogicalResult GroupOp::reifyResultShapes(OpBuilder &builder,
                                         ReifiedRankedShapedTypeDims &shapes) {
  for (OpResult result : getResults()) {
    SmallVector<OpFoldResult> &sizes = shapes.emplace_back();
    for (int64_t dim = 0, rank = tensorType(result).getRank(); dim < rank;
         ++dim) {
      OpFoldResult &size = sizes.emplace_back();
      std::optional<SizeProduct> product =
          getOuterSize(*this, result.getResultNumber(), dim);
      if (!product)
        continue;
      size = builder.getIndexAttr(product->factor);
      for (const DimSource &source : product->sources)
        size = mulIndex(builder, getLoc(), size,
                        source.dim < 0 ? OpFoldResult(source.value)
                                       : getSize(builder, getLoc(),
                                                 source.value, source.dim));
    }
  }
  return success();
}
