//===- MergeContractions.cpp - Products that share an operand -------------===//
#include "dialects/Graph/Encodings/StorageEncoding.h"
#include "dialects/Graph/IR/GraphOps.h"
#include "dialects/Graph/IR/GraphUtils.h"
#include "dialects/Graph/Transforms/Classify.h"
#include "dialects/Graph/Transforms/Match.h"
#include "dialects/Graph/Transforms/Passes.h"
#include "llvm/ADT/StringExtras.h"

namespace raddle::graph {
#define GEN_PASS_DEF_GRAPHMERGECONTRACTIONS
#include "dialects/Graph/Transforms/Passes.h.inc"
} // namespace raddle::graph

using namespace mlir;
using namespace raddle::graph;

/// The type of tensors of `types` joined along `axis`, or null when they do
/// not fit.
static RankedTensorType getJoinedType(ArrayRef<RankedTensorType> types,
                                      int64_t axis) {
  RankedTensorType first = types.front();
  SmallVector<int64_t> shape(first.getShape());
  if (axis >= first.getRank())
    return {};
  for (RankedTensorType type : types.drop_front()) {
    if (type.getElementType() != first.getElementType() ||
        type.getEncoding() != first.getEncoding() ||
        type.getRank() != first.getRank())
      return {};
    for (int64_t dim = 0; dim < first.getRank(); ++dim)
      if (dim == axis)
        shape[dim] += type.getDimSize(dim);
      else if (type.getDimSize(dim) != first.getDimSize(dim))
        return {};
  }
  return first.clone(shape);
}

/// For two shapes and that of their tensors joined: the joined dim; -1 when
/// all are equal, none when something else differs.
static std::optional<int64_t> getJoinedDim(ArrayRef<RankedTensorType> parts,
                                           RankedTensorType joined) {
  int64_t found = -1;
  for (int64_t dim = 0; dim < joined.getRank(); ++dim) {
    int64_t sum = 0;
    bool equal = true;
    for (RankedTensorType part : parts) {
      if (part.getRank() != joined.getRank())
        return std::nullopt;
      sum += part.getDimSize(dim);
      equal &= part.getDimSize(dim) == joined.getDimSize(dim);
    }
    if (equal)
      continue;
    if (sum != joined.getDimSize(dim) || found >= 0)
      return std::nullopt;
    found = dim;
  }
  return found;
}

namespace {

/// Joins constant tensors along a dim, at compile time: what they consist of
/// is joined, down to archive entries and small constants.
class Joiner {
public:
  Joiner(OpBuilder &builder, Location loc) : builder(builder), loc(loc) {}

  /// The joined tensor, or null when the values cannot be joined (nothing that
  /// was created is used then).
  Value join(ArrayRef<Value> values, int64_t axis);

private:
  template <typename OpTy> SmallVector<OpTy> all(ArrayRef<Value> values) {
    SmallVector<OpTy> ops;
    for (Value value : values) {
      auto op = value.getDefiningOp<OpTy>();
      // Something else that keeps the parts would store them twice.
      if (!op || !value.hasOneUse())
        return {};
      ops.push_back(op);
    }
    return ops;
  }
  Value joinConstants(ArrayRef<Value> values, RankedTensorType type,
                      int64_t axis);
  Value joinWeights(ArrayRef<WeightOp> weights, RankedTensorType type,
                    int64_t axis);
  Value joinAssembled(ArrayRef<AssembleOp> ops, RankedTensorType type);

  OpBuilder &builder;
  Location loc;
};

} // namespace

Value Joiner::joinConstants(ArrayRef<Value> values, RankedTensorType type,
                            int64_t axis) {
  SmallVector<DenseElementsAttr> parts;
  for (Value value : values) {
    auto constant = value.getDefiningOp<arith::ConstantOp>();
    auto elements = constant ? dyn_cast<DenseElementsAttr>(constant.getValue())
                             : DenseElementsAttr();
    if (!elements)
      return {};
    parts.push_back(elements);
  }
  int64_t outer = 1;
  for (int64_t size : type.getShape().take_front(axis))
    outer *= size;
  SmallVector<Attribute> joined;
  joined.reserve(type.getNumElements());
  SmallVector<SmallVector<Attribute>> elements;
  for (DenseElementsAttr part : parts)
    elements.push_back(llvm::to_vector(part.getValues<Attribute>()));
  for (int64_t row = 0; row < outer; ++row)
    for (const SmallVector<Attribute> &part : elements) {
      size_t run = part.size() / outer;
      joined.append(part.begin() + row * run, part.begin() + (row + 1) * run);
    }
  return arith::ConstantOp::create(builder, loc,
                                   DenseElementsAttr::get(type, joined));
}

Value Joiner::joinWeights(ArrayRef<WeightOp> weights, RankedTensorType type,
                          int64_t axis) {
  SmallVector<StringRef> names;
  SmallVector<int64_t> sizes;
  WeightOp first = weights.front();
  StringRef archive = first.getSource().getArchive();
  Type element = type.getElementType();
  if (type.getEncoding() || !element.isIntOrFloat() ||
      element.getIntOrFloatBitWidth() % 8 != 0)
    return {};
  for (WeightOp weight : weights) {
    if (weight.getSource().getArchive() != archive || weight.getParts() ||
        weight.getComponents())
      return {};
    names.push_back(weight.getSource().getEntry());
    sizes.push_back(getTensorType(weight).getDimSize(axis));
  }
  return WeightOp::create(
      builder, loc, type,
      ExternalAttr::get(builder.getContext(), archive, llvm::join(names, "+")),
      DictionaryAttr(), builder.getStrArrayAttr(names),
      builder.getDenseI64ArrayAttr(sizes), builder.getI64IntegerAttr(axis));
}

Value Joiner::joinAssembled(ArrayRef<AssembleOp> ops, RankedTensorType type) {
  StorageEncoding encoding = getStorageEncoding(type);
  if (!encoding)
    return {};
  SmallVector<Value> components;
  for (auto [index, component] :
       llvm::enumerate(encoding.getComponents(type))) {
    SmallVector<Value> parts;
    SmallVector<RankedTensorType> types;
    for (AssembleOp op : ops) {
      parts.push_back(op.getComponents()[index]);
      types.push_back(getTensorType(parts.back()));
    }
    std::optional<int64_t> dim = getJoinedDim(types, component.type);
    // One scale for all of a tensor cannot be joined with another one.
    if (!dim || *dim < 0)
      return {};
    Value joined = join(parts, *dim);
    if (!joined)
      return {};
    components.push_back(joined);
  }
  return AssembleOp::create(builder, loc, type, components);
}

Value Joiner::join(ArrayRef<Value> values, int64_t axis) {
  SmallVector<RankedTensorType> types;
  for (Value value : values) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type || !type.hasStaticShape())
      return {};
    types.push_back(type);
  }
  RankedTensorType type = getJoinedType(types, axis);
  if (!type)
    return {};
  if (SmallVector<WeightOp> ops = all<WeightOp>(values); !ops.empty())
    return joinWeights(ops, type, axis);
  if (SmallVector<DecodeOp> ops = all<DecodeOp>(values); !ops.empty()) {
    SmallVector<Value> inputs;
    for (DecodeOp op : ops)
      inputs.push_back(op.getInput());
    Value joined = join(inputs, axis);
    return joined ? DecodeOp::create(builder, loc, type, joined).getResult()
                  : Value();
  }
  if (SmallVector<AssembleOp> ops = all<AssembleOp>(values); !ops.empty())
    return joinAssembled(ops, type);
  if (SmallVector<TransposeOp> ops = all<TransposeOp>(values); !ops.empty()) {
    SmallVector<Value> inputs;
    for (TransposeOp op : ops) {
      if (op.getPermutation() != ops.front().getPermutation())
        return {};
      inputs.push_back(op.getInput());
    }
    ArrayRef<int64_t> permutation = ops.front().getPermutation();
    Value joined = join(inputs, permutation[axis]);
    return joined ? TransposeOp::create(builder, loc, joined, permutation)
                        .getResult()
                  : Value();
  }
  return joinConstants(values, type, axis);
}

namespace {

/// A product by a weight, and the bias added to it.
struct Projection {
  ContractOp product;
  /// The vector added along the columns, and the sum; null without.
  Value bias;
  Operation *result;
};

class Merger {
public:
  explicit Merger(func::FuncOp function) : function(function) {}
  void run();

private:
  static int64_t getColumnPosition(ContractOp op);
  static Projection getProjection(ContractOp op);
  static bool isFreeAfterwards(Operation *op);
  bool merge(ArrayRef<Projection> projections);

  func::FuncOp function;
};

} // namespace

/// The position in the right operand of its only free dim, which is the last
/// of the result; -1 for other products.
int64_t Merger::getColumnPosition(ContractOp op) {
  SmallVector<AffineMap, 3> maps = op.getMaps();
  if (maps[2].getNumResults() == 0)
    return -1;
  AffineExpr column = maps[2].getResults().back();
  if (maps[0].getResultPosition(column))
    return -1;
  std::optional<unsigned> position = maps[1].getResultPosition(column);
  return position ? static_cast<int64_t>(*position) : -1;
}

Projection Merger::getProjection(ContractOp op) {
  Projection projection{op, Value(), op};
  if (!op->hasOneUse())
    return projection;
  auto add = dyn_cast<arith::AddFOp>(*op->getUsers().begin());
  if (!add)
    return projection;
  Value other = add.getLhs() == op.getResult() ? add.getRhs() : add.getLhs();
  auto broadcast = other.getDefiningOp<BroadcastOp>();
  if (!broadcast || !broadcast->hasOneUse())
    return projection;
  Value bias = broadcast.getInput();
  RankedTensorType type = getTensorType(bias);
  if (type.getRank() == 1 && type.hasStaticShape() &&
      type.getDimSize(0) == op.getType().getShape().back() &&
      isa_and_nonnull<WeightOp, arith::ConstantOp>(bias.getDefiningOp())) {
    projection.bias = bias;
    projection.result = add;
  }
  return projection;
}

/// A slice of the merged result costs nothing when it is read through index
/// operations; element-wise operations would leave the product's kernel.
bool Merger::isFreeAfterwards(Operation *op) {
  return llvm::all_of(op->getUsers(), [](Operation *user) {
    return isa<ReshapeOp, TransposeOp, SliceOp, AttentionOp, ContractOp,
               tensor::DimOp>(user);
  });
}

bool Merger::merge(ArrayRef<Projection> projections) {
  ContractOp first = projections.front().product;
  int64_t axis = getColumnPosition(first);
  SmallVector<Location> locations;
  SmallVector<Value> weights, biases;
  for (Projection projection : projections) {
    weights.push_back(projection.product.getRhs());
    locations.push_back(projection.product.getLoc());
    if (projection.bias)
      biases.push_back(projection.bias);
  }
  Operation *mark = first->getPrevNode();
  OpBuilder builder(first);
  Location loc = builder.getFusedLoc(locations);
  Joiner joiner(builder, loc);
  Value weight = joiner.join(weights, axis);
  Value bias;
  if (weight && !biases.empty())
    bias = joiner.join(biases, 0);
  if (!weight || (!biases.empty() && !bias)) {
    // Take back what was created for nothing.
    while (first->getPrevNode() != mark)
      first->getPrevNode()->erase();
    return false;
  }
  Value result =
      ContractOp::create(builder, loc, first.getLhs(), weight, first.getMaps(),
                         first.getType().getElementType());
  auto product = result.getDefiningOp<ContractOp>();
  product.setCompute(first.getCompute());
  ReifiedRankedShapedTypeDims shapes;
  if (failed(product.reifyResultShapes(builder, shapes)))
    shapes.assign(1, getSizes(builder, loc, result));
  SmallVector<OpFoldResult> sizes = shapes.front();
  if (bias)
    result = arith::AddFOp::create(
        builder, loc, result, BroadcastOp::create(builder, loc, bias, sizes));
  int64_t offset = 0;
  SmallVector<OpFoldResult> offsets(sizes.size(), builder.getIndexAttr(0));
  SmallVector<int64_t> strides(sizes.size(), 1);
  for (Projection projection : projections) {
    int64_t size = projection.product.getType().getShape().back();
    offsets.back() = builder.getIndexAttr(offset);
    sizes.back() = builder.getIndexAttr(size);
    Value slice = SliceOp::create(builder, projection.result->getLoc(), result,
                                  offsets, sizes, strides);
    projection.result->getResult(0).replaceAllUsesWith(slice);
    offset += size;
  }
  // Sizes may have been asked of the products.
  for (Projection projection : projections) {
    if (projection.result != projection.product.getOperation())
      projection.result->erase();
    projection.product->erase();
  }
  return true;
}

void Merger::run() {
  // Products by the value that they share, in program order.
  llvm::MapVector<Value, SmallVector<ContractOp>> byOperand;
  function.walk([&](ContractOp op) {
    if (getColumnPosition(op) >= 0)
      byOperand[op.getLhs()].push_back(op);
  });
  for (auto &[operand, products] : byOperand) {
    SmallVector<bool> done(products.size(), false);
    for (size_t index = 0; index < products.size(); ++index) {
      if (done[index])
        continue;
      SmallVector<Projection> set;
      SmallVector<size_t> members;
      for (size_t other = index; other < products.size(); ++other) {
        if (done[other])
          continue;
        ContractOp op = products[other], first = products[index];
        Projection projection = getProjection(op);
        if (op->getBlock() != first->getBlock() ||
            op.getIndexingMaps() != first.getIndexingMaps() ||
            op.getCompute() != first.getCompute() || op.getLhsUnsigned() ||
            op.getRhsUnsigned() || op.getLhs() == op.getRhs() ||
            op.getType().getElementType() != first.getType().getElementType() ||
            op.getType().getShape().drop_back() !=
                first.getType().getShape().drop_back() ||
            !isFreeAfterwards(projection.result))
          continue;
        if (!set.empty() && static_cast<bool>(set.front().bias) !=
                                static_cast<bool>(projection.bias))
          continue;
        set.push_back(projection);
        members.push_back(other);
      }
      if (set.size() < 2 || !merge(set))
        continue;
      for (size_t member : members)
        done[member] = true;
    }
  }
}

namespace {
struct GraphMergeContractions
    : raddle::graph::impl::GraphMergeContractionsBase<GraphMergeContractions> {
  void runOnOperation() override { Merger(getOperation()).run(); }
};
} // namespace
