//===- ExpandEncodings.cpp - Encoded tensors by their components ----------===//
#include "dialects/Graph/Encodings/BuildEncode.h"
#include "dialects/Graph/Encodings/Passes.h"
#include "dialects/Graph/IR/GraphOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/DialectConversion.h"

namespace raddle::graph {
#define GEN_PASS_DEF_GRAPHEXPANDENCODINGS
#include "dialects/Graph/Encodings/Passes.h.inc"
} // namespace raddle::graph

using namespace mlir;
using namespace raddle::graph;

/// The components of the encoded type `type`.
static SmallVector<EncodingComponent> getComponents(RankedTensorType type) {
  return getStorageEncoding(type).getComponents(type);
}

/// All values of all ranges, in order.
static SmallVector<Value> flatten(ArrayRef<ValueRange> ranges) {
  SmallVector<Value> values;
  for (ValueRange range : ranges)
    llvm::append_range(values, range);
  return values;
}

namespace {

struct ExpandWeight : public OpConversionPattern<WeightOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(WeightOp op, OneToNOpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ExternalAttr source = op.getSource();
    DictionaryAttr named = op.getComponentsAttr();
    SmallVector<Value> values;
    for (const EncodingComponent &part : getComponents(op.getType())) {
      ExternalAttr entry =
          ExternalAttr::get(getContext(), source.getArchive(),
                            (source.getEntry() + "/" + part.name).str());
      if (named) {
        // An entry of the same archive by its name, or any entry.
        Attribute other = named.get(part.name);
        if (auto name = dyn_cast_or_null<StringAttr>(other))
          entry = ExternalAttr::get(getContext(), source.getArchive(),
                                    name.getValue());
        else if (auto external = dyn_cast_or_null<ExternalAttr>(other))
          entry = external;
        else
          return op.emitOpError("names no entry for component '")
                 << part.name << "'";
      }
      values.push_back(WeightOp::create(rewriter, op.getLoc(), part.type, entry,
                                        DictionaryAttr()));
    }
    rewriter.replaceOpWithMultiple(op, ArrayRef<ValueRange>(values));
    return success();
  }
};

struct ExpandDecode : public OpConversionPattern<DecodeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(DecodeOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RankedTensorType type = op.getInput().getType();
    rewriter.replaceOp(
        op, getStorageEncoding(type).buildDecode(rewriter, op.getLoc(), type,
                                                 adaptor.getInput()));
    return success();
  }
};

struct ExpandEncode : public OpConversionPattern<EncodeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(EncodeOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    SmallVector<Value> values = buildEncode(rewriter, op);
    rewriter.replaceOpWithMultiple(op, ArrayRef<ValueRange>(values));
    return success();
  }
};

struct ExpandAssemble : public OpConversionPattern<AssembleOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(AssembleOp op, OneToNOpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    SmallVector<Value> values;
    for (auto [part, component] :
         llvm::zip(getComponents(op.getType()), op.getComponents())) {
      // Components may know more, or less, of their shape than the result.
      Value value = component;
      if (value.getType() != part.type)
        value = tensor::CastOp::create(rewriter, op.getLoc(), part.type, value);
      values.push_back(value);
    }
    rewriter.replaceOpWithMultiple(op, ArrayRef<ValueRange>(values));
    return success();
  }
};

struct ExpandDim : public OpConversionPattern<tensor::DimOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(tensor::DimOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getSource().getType());
    std::optional<int64_t> index = op.getConstantIndex();
    if (!index)
      return op.emitOpError("of an encoded tensor has a dim that is not "
                            "constant");
    SmallVector<OpFoldResult> sizes = getStorageEncoding(type).getSizes(
        rewriter, op.getLoc(), type, adaptor.getSource());
    rewriter.replaceOp(op, getValueOrCreateConstantIndexOp(
                               rewriter, op.getLoc(), sizes[*index]));
    return success();
  }
};

struct ExpandGroup : public OpConversionPattern<GroupOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(GroupOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    SmallVector<Value> inputs = flatten(adaptor.getInputs());
    SmallVector<Value> scalars = flatten(adaptor.getScalars());
    SmallVector<Type> results;
    SmallVector<size_t> counts;
    for (Type type : op.getResultTypes()) {
      size_t before = results.size();
      if (failed(getTypeConverter()->convertType(type, results)))
        return failure();
      counts.push_back(results.size() - before);
    }
    OperationState state(op.getLoc(), GroupOp::getOperationName());
    state.addOperands(inputs);
    state.addOperands(scalars);
    state.addTypes(results);
    state.addAttributes(op->getAttrs());
    state.addRegion();
    auto group = cast<GroupOp>(rewriter.create(state));
    group.getProperties().operandSegmentSizes = {
        static_cast<int32_t>(inputs.size()),
        static_cast<int32_t>(scalars.size())};
    rewriter.inlineRegionBefore(op.getBody(), group.getBody(),
                                group.getBody().end());
    if (failed(
            rewriter.convertRegionTypes(&group.getBody(), *getTypeConverter())))
      return failure();
    SmallVector<SmallVector<Value>> values;
    ValueRange rest = group.getResults();
    for (size_t count : counts) {
      values.push_back(SmallVector<Value>(rest.take_front(count)));
      rest = rest.drop_front(count);
    }
    rewriter.replaceOpWithMultiple(op, std::move(values));
    return success();
  }
};

struct ExpandYield : public OpConversionPattern<raddle::graph::YieldOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(raddle::graph::YieldOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<raddle::graph::YieldOp>(
        op, flatten(adaptor.getOperands()));
    return success();
  }
};

/// Splits encoded arguments and results, with the attributes that describe
/// them.
struct ExpandFunction : public OpConversionPattern<func::FuncOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(func::FuncOp op, OneToNOpAdaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct ExpandEncodings
    : public raddle::graph::impl::GraphExpandEncodingsBase<ExpandEncodings> {
  void runOnOperation() override;
};

} // namespace

/// The interchange type of a component.
static StringRef getInterchangeType(RankedTensorType encoded,
                                    const EncodingComponent &part,
                                    SmallString<8> &buffer) {
  Type element = part.type.getElementType();
  llvm::raw_svector_ostream os(buffer);
  if (auto integer = dyn_cast<IntegerType>(element)) {
    auto encoding = dyn_cast<IntEncodingAttr>(encoded.getEncoding());
    bool isUnsigned =
        encoding && (encoding.getIsUnsigned() ||
                     (encoding.getBits() < 8 && part.name == "codes"));
    os << (isUnsigned ? "u" : "i") << integer.getWidth();
  } else {
    os << element;
  }
  return buffer;
}

/// The attributes of an argument or result, once per component.
static void expandAttributes(Type type, DictionaryAttr attributes,
                             SmallVectorImpl<DictionaryAttr> &expanded) {
  MLIRContext *context = type.getContext();
  if (!attributes)
    attributes = DictionaryAttr::get(context);
  if (!getStorageEncoding(type)) {
    expanded.push_back(attributes);
    return;
  }
  auto encoded = cast<RankedTensorType>(type);
  auto shape = attributes.getAs<ArrayAttr>("graph.shape");
  for (const EncodingComponent &part : getComponents(encoded)) {
    NamedAttrList list(attributes);
    if (auto name = attributes.getAs<StringAttr>("graph.name"))
      list.set("graph.name",
               StringAttr::get(context, name.getValue() + "/" + part.name));
    SmallString<8> buffer;
    if (attributes.contains("graph.type"))
      list.set(
          "graph.type",
          StringAttr::get(context, getInterchangeType(encoded, part, buffer)));
    if (shape) {
      // A dim that keeps its place keeps its name.
      SmallVector<Attribute> sizes;
      bool known = true;
      for (auto [dim, size] : llvm::enumerate(part.type.getShape())) {
        if (!ShapedType::isDynamic(size))
          sizes.push_back(
              IntegerAttr::get(IntegerType::get(context, 64), size));
        else if (part.type.getRank() == encoded.getRank() &&
                 encoded.isDynamicDim(dim) && dim < shape.size())
          sizes.push_back(shape[dim]);
        else
          known = false;
      }
      if (known)
        list.set("graph.shape", ArrayAttr::get(context, sizes));
      else
        list.erase("graph.shape");
    }
    expanded.push_back(list.getDictionary(context));
  }
}

LogicalResult
ExpandFunction::matchAndRewrite(func::FuncOp op, OneToNOpAdaptor,
                                ConversionPatternRewriter &rewriter) const {
  FunctionType type = op.getFunctionType();
  SmallVector<DictionaryAttr> arguments, results;
  TypeConverter::SignatureConversion signature(type.getNumInputs());
  for (auto [n, input] : llvm::enumerate(type.getInputs())) {
    expandAttributes(input, op.getArgAttrDict(n), arguments);
    if (failed(getTypeConverter()->convertSignatureArg(n, input, signature)))
      return failure();
  }
  SmallVector<Type> resultTypes;
  for (auto [n, result] : llvm::enumerate(type.getResults())) {
    expandAttributes(result, op.getResultAttrDict(n), results);
    if (failed(getTypeConverter()->convertType(result, resultTypes)))
      return failure();
  }
  if (!op.isExternal() && failed(rewriter.convertRegionTypes(
                              &op.getBody(), *getTypeConverter(), &signature)))
    return failure();
  rewriter.modifyOpInPlace(op, [&] {
    op.removeArgAttrsAttr();
    op.removeResAttrsAttr();
    op.setFunctionType(FunctionType::get(
        getContext(), signature.getConvertedTypes(), resultTypes));
    op.setAllArgAttrs(arguments);
    op.setAllResultAttrs(results);
  });
  return success();
}

void ExpandEncodings::runOnOperation() {
  MLIRContext &context = getContext();
  ModuleOp module = getOperation();

  TypeConverter converter;
  converter.addConversion([](Type type) { return type; });
  converter.addConversion(
      [](RankedTensorType type,
         SmallVectorImpl<Type> &types) -> std::optional<LogicalResult> {
        if (!getStorageEncoding(type))
          return std::nullopt;
        for (const EncodingComponent &part : getComponents(type))
          types.push_back(part.type);
        return success();
      });

  ConversionTarget target(context);
  target.markUnknownOpDynamicallyLegal([&](Operation *op) {
    if (auto function = dyn_cast<func::FuncOp>(op))
      if (!converter.isSignatureLegal(function.getFunctionType()))
        return false;
    return converter.isLegal(op) &&
           llvm::all_of(op->getRegions(), [&](Region &region) {
             return converter.isLegal(&region);
           });
  });

  RewritePatternSet patterns(&context);
  patterns.add<ExpandWeight, ExpandDecode, ExpandEncode, ExpandAssemble,
               ExpandDim, ExpandGroup, ExpandYield, ExpandFunction>(converter,
                                                                    &context);
  populateCallOpTypeConversionPattern(patterns, converter);
  populateReturnOpTypeConversionPattern(patterns, converter);
  scf::populateSCFStructuralTypeConversions(converter, patterns);
  bool failed =
      mlir::failed(applyFullConversion(module, target, std::move(patterns)));

  // Components share sizes and constants.
  if (!failed) {
    IRRewriter rewriter(&context);
    DominanceInfo dominance(module);
    eliminateCommonSubExpressions(rewriter, dominance, module);
  }

  if (failed)
    signalPassFailure();
}
