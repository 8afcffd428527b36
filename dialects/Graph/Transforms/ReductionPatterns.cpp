//===- ReductionPatterns.cpp - How IR that shows a bug gets smaller -------===//
//
// What raddle-reduce may do to a program that shows a bug. A reduction changes
// what is computed; whether the bug is still there is decided by a script. So a
// pattern only has to leave valid IR behind. Patterns with a higher benefit
// remove more and are tried first.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/Transforms/ReductionPatterns.h"
#include "dialects/Graph/Analysis/SymbolicShapes.h"
#include "dialects/Graph/IR/GraphOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Reducer/ReductionPatternInterface.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace raddle::graph;

//===----------------------------------------------------------------------===//
// The interface of entries
//===----------------------------------------------------------------------===//

/// The name of the interchange type of `type`'s elements, or nothing when a
/// value of that type cannot be an argument or result.
static std::optional<std::string> getInterchangeName(RankedTensorType type) {
  Type element = type.getElementType();
  if (type.getEncoding())
    return std::nullopt;
  if (element.isBF16())
    return "bf16";
  if (isa<Float16Type, Float32Type, Float64Type>(element))
    return "f" + std::to_string(element.getIntOrFloatBitWidth());
  if (element.isSignlessInteger(1) || element.isSignlessInteger(8) ||
      element.isSignlessInteger(16) || element.isSignlessInteger(32) ||
      element.isSignlessInteger(64))
    return "i" + std::to_string(element.getIntOrFloatBitWidth());
  return std::nullopt;
}

/// The name of a size: that of the entry's dim it is equal to, else a new one.
static std::string getDimName(Value tensor, int64_t dim, StringRef owner) {
  SymbolicShapes shapes;
  std::string size = shapes.getDim(tensor, dim).str();
  auto func = tensor.getParentRegion()->getParentOfType<func::FuncOp>();
  for (unsigned i = 0; func && i < func.getNumArguments(); ++i)
    if (auto shape = func.getArgAttrOfType<ArrayAttr>(i, "graph.shape"))
      for (Attribute entry : shape)
        if (auto name = dyn_cast<StringAttr>(entry);
            name && name.getValue() == size)
          return size;
  return (owner + "_" + Twine(dim)).str();
}

/// The attributes that name `value` as an argument or result of an entry.
static DictionaryAttr getEntryAttributes(Value value, StringRef name) {
  auto type = cast<RankedTensorType>(value.getType());
  Builder builder(value.getContext());
  SmallVector<Attribute> shape;
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    shape.push_back(
        ShapedType::isDynamic(size)
            ? Attribute(builder.getStringAttr(getDimName(value, dim, name)))
            : builder.getI64IntegerAttr(size));
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("graph.name", builder.getStringAttr(name)),
       builder.getNamedAttr("graph.shape", builder.getArrayAttr(shape)),
       builder.getNamedAttr("graph.type",
                            builder.getStringAttr(*getInterchangeName(type)))});
}

/// Dims that are named by arguments or results, and no others, are listed.
static void updateEntryDims(func::FuncOp func) {
  auto dims = func->getAttrOfType<ArrayAttr>("graph.dims");
  if (!dims)
    return;
  Builder builder(func.getContext());
  llvm::MapVector<StringAttr, Attribute> used;
  auto collect = [&](ArrayAttr shape) {
    for (Attribute entry : shape ? shape.getValue() : ArrayRef<Attribute>())
      if (auto name = dyn_cast<StringAttr>(entry))
        used.try_emplace(name, builder.getDictionaryAttr(
                                   builder.getNamedAttr("name", name)));
  };
  for (unsigned i = 0; i < func.getNumArguments(); ++i)
    collect(func.getArgAttrOfType<ArrayAttr>(i, "graph.shape"));
  for (unsigned i = 0; i < func.getNumResults(); ++i)
    collect(func.getResultAttrOfType<ArrayAttr>(i, "graph.shape"));
  for (Attribute dim : dims)
    if (auto it =
            used.find(cast<DictionaryAttr>(dim).getAs<StringAttr>("name"));
        it != used.end())
      it->second = dim;
  func->setAttr("graph.dims", builder.getArrayAttr(llvm::map_to_vector(
                                  used, [](auto &e) { return e.second; })));
}

/// The function of one block at whose top level `op` stands.
static func::FuncOp getEntry(Operation *op) {
  auto func = dyn_cast_or_null<func::FuncOp>(op->getParentOp());
  return func && func.getBody().hasOneBlock() ? func : func::FuncOp();
}

/// All results can be arguments or results of an entry.
static bool hasEntryResults(Operation *op) {
  return op->getNumResults() > 0 &&
         llvm::all_of(op->getResultTypes(), [](Type type) {
           auto tensor = dyn_cast<RankedTensorType>(type);
           return tensor && getInterchangeName(tensor);
         });
}

/// A name that no argument has.
static std::string getFreeArgumentName(func::FuncOp func) {
  llvm::StringSet<> names;
  for (unsigned i = 0; i < func.getNumArguments(); ++i)
    if (auto name = func.getArgAttrOfType<StringAttr>(i, "graph.name"))
      names.insert(name.getValue());
  unsigned number = 0;
  while (names.contains("x" + std::to_string(number)))
    ++number;
  return "x" + std::to_string(number);
}

namespace {

/// A pattern for every operation.
struct AnyOpPattern : RewritePattern {
  AnyOpPattern(MLIRContext *context, PatternBenefit benefit)
      : RewritePattern(MatchAnyOpTypeTag(), benefit, context) {}
};

//===----------------------------------------------------------------------===//
// Less of the program
//===----------------------------------------------------------------------===//

/// The function returns what this operation computes and nothing else.
struct ReturnHere : AnyOpPattern {
  using AnyOpPattern::AnyOpPattern;

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    func::FuncOp func = getEntry(op);
    if (!func || !hasEntryResults(op) || isa<WeightOp>(op) ||
        op->hasTrait<OpTrait::ConstantLike>())
      return failure();
    Operation *end = func.front().getTerminator();
    if (!isa<func::ReturnOp>(end) || end->getOperands() == op->getResults())
      return failure();
    rewriter.modifyOpInPlace(func, [&] {
      (void)func.eraseResults(llvm::BitVector(func.getNumResults(), true));
      for (auto [i, result] : llvm::enumerate(op->getResults()))
        (void)func.insertResult(
            i, result.getType(),
            getEntryAttributes(result, "y" + std::to_string(i)));
      end->setOperands(op->getResults());
      updateEntryDims(func);
    });
    return success();
  }
};

/// One half of the results, or the other.
struct DropResults : OpRewritePattern<func::FuncOp> {
  DropResults(MLIRContext *context, PatternBenefit benefit, bool first)
      : OpRewritePattern(context, benefit), first(first) {}

  LogicalResult matchAndRewrite(func::FuncOp func,
                                PatternRewriter &rewriter) const override {
    unsigned count = func.getNumResults();
    if (count < 2 || !func.getBody().hasOneBlock())
      return failure();
    llvm::BitVector dropped(count);
    if (first)
      dropped.set(0, count / 2);
    else
      dropped.set((count + 1) / 2, count);
    rewriter.modifyOpInPlace(func, [&] {
      func.front().getTerminator()->eraseOperands(dropped);
      (void)func.eraseResults(dropped);
      updateEntryDims(func);
    });
    return success();
  }

  bool first;
};

/// What an operation computes comes from outside instead.
struct CutToArgument : AnyOpPattern {
  using AnyOpPattern::AnyOpPattern;

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    func::FuncOp func = getEntry(op);
    if (!func || !hasEntryResults(op) ||
        op->hasTrait<OpTrait::ConstantLike>() || isa<tensor::CastOp>(op))
      return failure();
    SmallVector<Value> arguments;
    rewriter.modifyOpInPlace(func, [&] {
      for (Value result : op->getResults()) {
        unsigned number = func.getNumArguments();
        (void)func.insertArgument(
            number, result.getType(),
            getEntryAttributes(result, getFreeArgumentName(func)),
            result.getLoc());
        arguments.push_back(func.getArgument(number));
      }
      updateEntryDims(func);
    });
    rewriter.replaceOp(op, arguments);
    return success();
  }
};

/// The result is an operand of the same type: the first such, or the last.
struct ForwardOperand : AnyOpPattern {
  ForwardOperand(MLIRContext *context, PatternBenefit benefit, bool first)
      : AnyOpPattern(context, benefit), first(first) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (op->getNumResults() != 1 || isa<tensor::CastOp>(op))
      return failure();
    Value found;
    for (Value operand : op->getOperands())
      if (operand.getType() == op->getResult(0).getType() && (!found || !first))
        found = operand;
    if (!found)
      return failure();
    rewriter.replaceOp(op, found);
    return success();
  }

  bool first;
};

/// A tensor of unequal or unknown elements becomes one of ones.
struct MakeSplat : AnyOpPattern {
  using AnyOpPattern::AnyOpPattern;

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (op->getNumResults() != 1 || op->hasTrait<OpTrait::IsTerminator>())
      return failure();
    auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
    if (!type || !type.hasStaticShape() || getStorageEncoding(type) ||
        !type.getElementType().isIntOrIndexOrFloat() ||
        matchPattern(op, m_Constant<SplatElementsAttr>(nullptr)))
      return failure();
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(
        op, DenseElementsAttr::get(type,
                                   rewriter.getOneAttr(type.getElementType())));
    return success();
  }
};

/// Operations without results: a check, a store, a launch, a function.
struct EraseResultless : AnyOpPattern {
  using AnyOpPattern::AnyOpPattern;

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (op->getNumResults() > 0 || op->hasTrait<OpTrait::IsTerminator>() ||
        op->hasTrait<OpTrait::SymbolTable>())
      return failure();
    rewriter.eraseOp(op);
    return success();
  }
};

/// Arguments without uses.
struct DropArguments : OpRewritePattern<func::FuncOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(func::FuncOp func,
                                PatternRewriter &rewriter) const override {
    if (func.isExternal())
      return failure();
    llvm::BitVector dropped(func.getNumArguments());
    for (BlockArgument argument : func.getArguments())
      if (argument.use_empty())
        dropped.set(argument.getArgNumber());
    if (dropped.none())
      return failure();
    rewriter.modifyOpInPlace(func, [&] {
      (void)func.eraseArguments(dropped);
      updateEntryDims(func);
    });
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Less structure
//===----------------------------------------------------------------------===//

/// The operations of a group, outside of it.
struct InlineGroup : OpRewritePattern<GroupOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(GroupOp op,
                                PatternRewriter &rewriter) const override {
    Block &body = op->getRegion(0).front();
    Operation *yield = body.getTerminator();
    SmallVector<Value> results(yield->getOperands());
    rewriter.eraseOp(yield);
    rewriter.inlineBlockBefore(&body, op, op->getOperands());
    rewriter.replaceOp(op, results);
    return success();
  }
};

/// One branch, without the question.
struct TakeBranch : OpRewritePattern<scf::IfOp> {
  TakeBranch(MLIRContext *context, PatternBenefit benefit, bool first)
      : OpRewritePattern(context, benefit), first(first) {}

  LogicalResult matchAndRewrite(scf::IfOp op,
                                PatternRewriter &rewriter) const override {
    Region &region = first ? op.getThenRegion() : op.getElseRegion();
    if (region.empty())
      return failure();
    Operation *yield = region.front().getTerminator();
    SmallVector<Value> results(yield->getOperands());
    rewriter.eraseOp(yield);
    rewriter.inlineBlockBefore(&region.front(), op);
    rewriter.replaceOp(op, results);
    return success();
  }

  bool first;
};

//===----------------------------------------------------------------------===//
// Smaller sizes
//===----------------------------------------------------------------------===//

/// Named dims become numbers: 2, or the next that their facts allow.
struct FixDims : OpRewritePattern<func::FuncOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(func::FuncOp func,
                                PatternRewriter &rewriter) const override {
    auto dims = func->getAttrOfType<ArrayAttr>("graph.dims");
    if (!dims || func.isExternal())
      return failure();
    llvm::DenseMap<Attribute, int64_t> values;
    for (auto dim : dims.getAsRange<DictionaryAttr>()) {
      auto fact = [&](StringRef name, int64_t otherwise) {
        auto number = dim.getAs<IntegerAttr>(name);
        return number ? number.getInt() : otherwise;
      };
      int64_t value = std::max<int64_t>(fact("min", 0), 2);
      value = std::min(value, fact("max", value));
      values[dim.get("name")] = llvm::alignTo(value, fact("divisor", 1));
    }
    // A type and `graph.shape` in which the dims are numbers.
    auto fix = [&](Type type, ArrayAttr shape)
        -> std::optional<std::pair<RankedTensorType, ArrayAttr>> {
      auto tensor = dyn_cast<RankedTensorType>(type);
      if (!tensor || tensor.hasStaticShape() || !shape)
        return std::nullopt;
      SmallVector<int64_t> sizes;
      SmallVector<Attribute> entries;
      for (auto [entry, size] : llvm::zip_equal(shape, tensor.getShape())) {
        auto value = values.find(entry);
        bool known = value != values.end();
        sizes.push_back(known ? value->second : size);
        entries.push_back(known ? rewriter.getI64IntegerAttr(value->second)
                                : entry);
      }
      return std::make_pair(tensor.clone(sizes),
                            rewriter.getArrayAttr(entries));
    };
    Operation *end = func.front().getTerminator();
    if (!func.getBody().hasOneBlock() || !isa<func::ReturnOp>(end))
      return failure();
    bool changed = false;
    rewriter.setInsertionPointToStart(&func.front());
    for (BlockArgument argument : func.getArguments()) {
      unsigned number = argument.getArgNumber();
      Type type = argument.getType();
      auto fixed =
          fix(type, func.getArgAttrOfType<ArrayAttr>(number, "graph.shape"));
      if (!fixed)
        continue;
      argument.setType(fixed->first);
      func.setArgAttr(number, "graph.shape", fixed->second);
      auto cast =
          tensor::CastOp::create(rewriter, argument.getLoc(), type, argument);
      rewriter.replaceAllUsesExcept(argument, cast, cast);
      changed = true;
    }
    rewriter.setInsertionPoint(end);
    for (OpOperand &operand : end->getOpOperands()) {
      unsigned number = operand.getOperandNumber();
      auto fixed =
          fix(operand.get().getType(),
              func.getResultAttrOfType<ArrayAttr>(number, "graph.shape"));
      if (!fixed)
        continue;
      operand.set(tensor::CastOp::create(rewriter, end->getLoc(), fixed->first,
                                         operand.get()));
      func.setResultAttr(number, "graph.shape", fixed->second);
      changed = true;
    }
    if (!changed)
      return failure();
    rewriter.modifyOpInPlace(func, [&] {
      func.setFunctionType(rewriter.getFunctionType(
          func.front().getArgumentTypes(), end->getOperandTypes()));
      updateEntryDims(func);
    });
    return success();
  }
};

/// The greatest static size of a result is halved wherever the function has
/// it. Where that is not legal, the verifier says so.
struct HalveSize : AnyOpPattern {
  using AnyOpPattern::AnyOpPattern;

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    auto func = op->getParentOfType<func::FuncOp>();
    int64_t from = 1;
    for (Type type : op->getResultTypes())
      if (auto tensor = dyn_cast<RankedTensorType>(type))
        for (int64_t size : tensor.getShape())
          from = std::max(from, size);
    if (!func || from < 2)
      return failure();
    int64_t to = from / 2;

    AttrTypeReplacer replacer;
    replacer.addReplacement([&](RankedTensorType type) {
      SmallVector<int64_t> shape(type.getShape());
      llvm::replace(shape, from, to);
      return RankedTensorType::get(shape, type.getElementType(),
                                   type.getEncoding());
    });
    replacer.addReplacement(
        [&](DenseElementsAttr attr)
            -> std::optional<std::pair<Attribute, WalkResult>> {
          auto type = dyn_cast<RankedTensorType>(attr.getType());
          if (!type || !llvm::is_contained(type.getShape(), from) ||
              attr.empty())
            return std::nullopt;
          SmallVector<int64_t> shape(type.getShape());
          llvm::replace(shape, from, to);
          return std::make_pair(
              DenseElementsAttr::get(type.clone(shape),
                                     *attr.getValues<Attribute>().begin()),
              WalkResult::skip());
        });
    replacer.addReplacement([&](DenseI64ArrayAttr attr) {
      SmallVector<int64_t> values(attr.asArrayRef());
      llvm::replace(values, from, to);
      return DenseI64ArrayAttr::get(attr.getContext(), values);
    });
    replacer.addReplacement([&](IntegerAttr attr) {
      bool isSize = attr.getType().isIndex() || attr.getType().isInteger(64);
      return isSize && attr.getValue() == from
                 ? IntegerAttr::get(attr.getType(), to)
                 : attr;
    });
    rewriter.modifyOpInPlace(func, [&] {
      replacer.recursivelyReplaceElementsIn(func, /*replaceAttrs=*/true,
                                            /*replaceLocs=*/false,
                                            /*replaceTypes=*/true);
    });
    return success();
  }
};

/// All of them. Most hold for the operations of any dialect: a graph consists
/// of upstream operations too, and kernels and host programs are made smaller
/// by the same means.
struct ReductionPatterns : DialectReductionPatternInterface {
  ReductionPatterns(Dialect *dialect)
      : DialectReductionPatternInterface(dialect) {}

  void populateReductionPatterns(RewritePatternSet &patterns) const override {
    MLIRContext *context = patterns.getContext();
    patterns.add<DropResults>(context, /*benefit=*/20, /*first=*/true);
    patterns.add<DropResults>(context, /*benefit=*/19, /*first=*/false);
    patterns.add<ReturnHere>(context, /*benefit=*/18);
    patterns.add<FixDims>(context, /*benefit=*/17);
    patterns.add<CutToArgument>(context, /*benefit=*/15);
    patterns.add<TakeBranch>(context, /*benefit=*/14, /*first=*/true);
    patterns.add<TakeBranch>(context, /*benefit=*/13, /*first=*/false);
    patterns.add<ForwardOperand>(context, /*benefit=*/12, /*first=*/true);
    patterns.add<ForwardOperand>(context, /*benefit=*/11, /*first=*/false);
    patterns.add<EraseResultless>(context, /*benefit=*/10);
    patterns.add<InlineGroup>(context, /*benefit=*/9);
    patterns.add<DropArguments>(context, /*benefit=*/8);
    patterns.add<HalveSize>(context, /*benefit=*/7);
    patterns.add<MakeSplat>(context, /*benefit=*/6);
  }
};

} // namespace

void raddle::graph::registerReductionPatterns(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *, GraphDialect *dialect) {
    dialect->addInterfaces<ReductionPatterns>();
  });
}
