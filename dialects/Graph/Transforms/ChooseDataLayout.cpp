//===- ChooseDataLayout.cpp - Channels first or last ----------------------===//
//
// A region is a set of connected operations that can work in either order of
// dims. Each region that holds a convolution is costed in both, as described
// at graph-choose-data-layout in Passes.td, and rewritten as a whole: inside of
// it nothing is transposed, at its borders what is read or written is.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/IR/GraphUtils.h"
#include "dialects/Graph/Transforms/Classify.h"
#include "dialects/Graph/Transforms/Match.h"
#include "dialects/Graph/Transforms/Passes.h"
#include "dialects/Graph/Transforms/PrecomputeWeights.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/TypeSwitch.h"
#include <numeric>

namespace raddle::graph {
#define GEN_PASS_DEF_GRAPHCHOOSEDATALAYOUT
#include "dialects/Graph/Transforms/Passes.h.inc"
} // namespace raddle::graph

using namespace mlir;
using namespace raddle::graph;

/// Bytes of the widest access of a lane.
static constexpr int64_t vectorBytes = 16;
/// Output channels that one pass over the input computes.
static constexpr double tileColumns = 64;

/// [0, 2, .., rank - 1, 1]: from channels first to channels last.
static SmallVector<int64_t> toLast(int64_t rank) {
  SmallVector<int64_t> permutation{0};
  for (int64_t dim = 2; dim < rank; ++dim)
    permutation.push_back(dim);
  permutation.push_back(1);
  return permutation;
}

static SmallVector<int64_t> toFirst(int64_t rank) {
  SmallVector<int64_t> permutation{0, rank - 1};
  for (int64_t dim = 1; dim + 1 < rank; ++dim)
    permutation.push_back(dim);
  return permutation;
}

template <typename T>
static SmallVector<T> permute(ArrayRef<T> values,
                              ArrayRef<int64_t> permutation) {
  SmallVector<T> result;
  for (int64_t from : permutation)
    result.push_back(values[from]);
  return result;
}

/// Whether the convolution has one input channel and one filter per group: it
/// has no sum over channels to vectorise.
static bool isDepthwise(ConvOp op) {
  return op.getGroups() > 1 && getTensorType(op.getFilter()).getDimSize(1) == 1;
}

namespace {

class LayoutChooser {
public:
  LayoutChooser(func::FuncOp function, int64_t assumedSize, bool force)
      : function(function), assumedSize(assumedSize), force(force) {}

  /// The number of convolutions that now have their channels last.
  unsigned run();

private:
  static bool isMember(Operation *op);
  static bool givesMember(Operation *op);
  void collect();
  double elements(Value value) {
    return countElements(value.getType(), assumedSize);
  }
  int64_t getWidth(ConvOp op, bool last);
  double getLoads(ConvOp op, bool last);
  bool pays(ArrayRef<Operation *> region);

  Value getLast(OpBuilder &builder, Value value);
  void convert(Operation *op);
  Operation *convertMember(OpBuilder &builder, Operation *op);

  func::FuncOp function;
  int64_t assumedSize;
  bool force;
  llvm::SetVector<Operation *> members;
  /// Values of converted regions, with their channels last.
  DenseMap<Value, Value> converted;
};

} // namespace

/// Operations that can be rewritten for the other order of dims.
bool LayoutChooser::isMember(Operation *op) {
  if (op->getNumResults() != 1)
    return false;
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!type || type.getEncoding())
    return false;
  int64_t rank = type.getRank();
  auto keepsRank = [&] {
    return rank >= 3 && getTensorType(op->getOperand(0)).getRank() == rank;
  };
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case<ConvOp>([](ConvOp op) {
        // The filter of the transposed form has its output channels inside.
        return !op.getChannelsLast() && !op.getTransposed();
      })
      .Case<PoolOp>([](PoolOp op) { return !op.getChannelsLast(); })
      .Case<ConcatOp, PadOp, SliceOp, ResizeOp, SoftmaxOp>(
          [&](auto) { return keepsRank(); })
      .Case<BroadcastOp>([&](auto) { return rank >= 3; })
      .Case<ReduceOp>([](ReduceOp op) {
        int64_t rank = getTensorType(op.getInput()).getRank();
        // What is left must be in the same order: no spatial dims, or all
        // dims in place.
        return rank >= 3 && (op.getKeepDims() || op.getType().getRank() <= 1 ||
                             (op.getType().getRank() == 2 &&
                              !llvm::is_contained(op.getDims(), 0) &&
                              !llvm::is_contained(op.getDims(), 1)));
      })
      .Case<ReshapeOp>([](ReshapeOp op) {
        // One position: [N, C, 1, 1] in either order is [N, C].
        RankedTensorType from = getTensorType(op.getInput());
        return from.getRank() >= 3 && op.getType().getRank() == 2 &&
               llvm::all_of(from.getShape().drop_front(2),
                            [](int64_t size) { return size == 1; });
      })
      .Default([&](Operation *op) {
        return rank >= 3 && isPointwise(op) &&
               llvm::all_of(op->getOperands(), [&](Value operand) {
                 auto type = dyn_cast<RankedTensorType>(operand.getType());
                 return type && !type.getEncoding();
               });
      });
}

/// Whether the result of a member has two orders of dims itself.
bool LayoutChooser::givesMember(Operation *op) {
  auto reduce = dyn_cast<ReduceOp>(op);
  return !isa<ReshapeOp>(op) && !(reduce && !reduce.getKeepDims());
}

void LayoutChooser::collect() {
  function.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (isa<GroupOp, PrecomputeOp>(op))
      return WalkResult::skip();
    // Constant expressions are transposed where they are read.
    if (isMember(op) && !isWeightExpression(op->getResult(0)))
      members.insert(op);
    return WalkResult::advance();
  });
}

/// Elements that one lane reads at once on the way along the dims that are
/// next to each other in memory.
int64_t LayoutChooser::getWidth(ConvOp op, bool last) {
  RankedTensorType type = getTensorType(op.getInput());
  int64_t bytes = std::max<int64_t>(1, type.getElementTypeBitWidth() / 8);
  int64_t widest = std::max<int64_t>(1, vectorBytes / bytes);
  int64_t run = 1;
  // What comes from outside of the region lies there as it did.
  Operation *producer = op.getInput().getDefiningOp();
  if (last && producer && members.contains(producer)) {
    int64_t channels = getTensorType(op.getFilter()).getDimSize(1);
    run = ShapedType::isDynamic(channels) ? 1 : channels;
  } else {
    // Positions of a window of one element without padding follow each other.
    ArrayRef<int64_t> kernel =
        getTensorType(op.getFilter()).getShape().drop_front(2);
    auto isOne = [](int64_t value) { return value == 1; };
    auto isZero = [](int64_t value) { return value == 0; };
    if (llvm::all_of(kernel, isOne) && llvm::all_of(op.getStrides(), isOne) &&
        llvm::all_of(op.getPadsLow(), isZero) &&
        llvm::all_of(op.getPadsHigh(), isZero))
      for (int64_t size : type.getShape().drop_front(2))
        run = ShapedType::isDynamic(size) ? 1 : run * size;
  }
  return std::gcd(run, widest);
}

/// Accesses to the input over the whole kernel.
double LayoutChooser::getLoads(ConvOp op, bool last) {
  RankedTensorType filter = getTensorType(op.getFilter());
  double outputs = elements(op.getResult());
  double perOutput =
      elements(op.getFilter()) /
      std::max<double>(1, filter.isDynamicDim(0) ? assumedSize
                                                 : filter.getDimSize(0));
  if (isDepthwise(op))
    return outputs * perOutput;
  double features = filter.isDynamicDim(0) ? assumedSize : filter.getDimSize(0);
  double columns = std::min(features / op.getGroups(), tileColumns);
  return outputs * perOutput / columns / getWidth(op, last);
}

bool LayoutChooser::pays(ArrayRef<Operation *> region) {
  double first = 0, last = 0;
  bool hasConv = false;
  llvm::DenseSet<Value> inputs;
  for (Operation *op : region) {
    if (auto conv = dyn_cast<ConvOp>(op)) {
      hasConv = true;
      first += getLoads(conv, /*last=*/false);
      last += getLoads(conv, /*last=*/true);
    }
    // A border is read and written once.
    if (givesMember(op) && llvm::any_of(op->getUsers(), [&](Operation *user) {
          return !members.contains(user) && !isa<tensor::DimOp>(user);
        }))
      last += 2 * elements(op->getResult(0));
    if (isa<ConvOp, BroadcastOp>(op))
      continue;
    for (Value operand : op->getOperands()) {
      auto type = dyn_cast<RankedTensorType>(operand.getType());
      Operation *producer = operand.getDefiningOp();
      if (type && type.getRank() >= 3 &&
          !(producer && members.contains(producer)) &&
          !isWeightExpression(operand) && inputs.insert(operand).second)
        last += 2 * elements(operand);
    }
  }
  return hasConv && (force || last < first);
}

//===----------------------------------------------------------------------===//
// Rewriting
//===----------------------------------------------------------------------===//

Value LayoutChooser::getLast(OpBuilder &builder, Value value) {
  if (Value known = converted.lookup(value))
    return known;
  RankedTensorType type = getTensorType(value);
  SmallVector<int64_t> permutation = toLast(type.getRank());
  if (auto constant = value.getDefiningOp<arith::ConstantOp>())
    if (auto elements = dyn_cast<DenseElementsAttr>(constant.getValue());
        elements && elements.isSplat())
      return arith::ConstantOp::create(builder, value.getLoc(),
                                       elements.resizeSplat(type.clone(permute(
                                           type.getShape(), permutation))));
  return TransposeOp::create(builder, value.getLoc(), value, permutation);
}

/// The filter `[M, 1, kernel...]` as `[M, kernel..., 1]`, stored as
/// `[kernel..., 1, M]`: neighbouring threads compute neighbouring channels.
static Value getChannelRows(OpBuilder &builder, Value filter) {
  int64_t rank = getTensorType(filter).getRank();
  SmallVector<int64_t> stored, read{rank - 1};
  for (int64_t dim = 2; dim < rank; ++dim)
    stored.push_back(dim);
  stored.append({1, 0});
  for (int64_t dim = 0; dim + 1 < rank; ++dim)
    read.push_back(dim);
  auto rows = TransposeOp::create(builder, filter.getLoc(), filter, stored);
  llvm::SetVector<Operation *> expression;
  collectWeightExpression(rows, expression);
  Value computed =
      precomputeExpression(rows, expression.getArrayRef()).getResult();
  rows.erase();
  return TransposeOp::create(builder, filter.getLoc(), computed, read);
}

Operation *LayoutChooser::convertMember(OpBuilder &builder, Operation *op) {
  Location loc = op->getLoc();
  int64_t rank = getTensorType(op->getOperand(0)).getRank();
  SmallVector<int64_t> permutation = toLast(rank);
  SmallVector<int64_t> placeOf = toFirst(rank);
  auto sizes = [&](ArrayRef<OpFoldResult> values) {
    return permute(values, permutation);
  };
  /// A copy whose result and tensor operands have their channels last.
  auto copy = [&] {
    SmallVector<Value> operands(op->getOperands());
    for (Value &operand : operands)
      if (auto type = dyn_cast<RankedTensorType>(operand.getType());
          type && type.getRank() == rank)
        operand = getLast(builder, operand);
    Operation *result = builder.clone(*op);
    result->setOperands(operands);
    if (givesMember(op)) {
      auto type = getTensorType(op->getResult(0));
      result->getResult(0).setType(
          type.clone(permute(type.getShape(), permutation)));
    }
    return result;
  };
  return llvm::TypeSwitch<Operation *, Operation *>(op)
      .Case([&](ConvOp op) {
        auto conv = cast<ConvOp>(copy());
        builder.setInsertionPoint(conv);
        if (isDepthwise(op) && isWeightExpression(op.getFilter()))
          conv.getFilterMutable().assign(
              getChannelRows(builder, op.getFilter()));
        conv.setChannelsLast(true);
        return conv;
      })
      .Case([&](PoolOp pool) {
        auto result = cast<PoolOp>(copy());
        MixedIndices mixed(sizes(pool.getMixedSizes()));
        result.getSizesMutable().assign(mixed.dynamic);
        result.setStaticSizes(mixed.fixed);
        result.setChannelsLast(true);
        return result;
      })
      .Case([&](ResizeOp resize) {
        auto result = cast<ResizeOp>(copy());
        MixedIndices mixed(sizes(resize.getMixedSizes()));
        result.getSizesMutable().assign(mixed.dynamic);
        result.setStaticSizes(mixed.fixed);
        result.setScales(permute(resize.getScales(), permutation));
        return result;
      })
      .Case([&](ConcatOp concat) {
        auto result = cast<ConcatOp>(copy());
        result.setAxis(placeOf[concat.getAxis()]);
        return result;
      })
      .Case([&](SoftmaxOp softmax) {
        auto result = cast<SoftmaxOp>(copy());
        result.setAxis(placeOf[softmax.getAxis()]);
        return result;
      })
      .Case([&](PadOp pad) {
        return PadOp::create(builder, loc, getLast(builder, pad.getInput()),
                             sizes(pad.getMixedLow()),
                             sizes(pad.getMixedHigh()), pad.getValue(),
                             pad.getMode());
      })
      .Case([&](SliceOp slice) {
        return SliceOp::create(builder, loc, getLast(builder, slice.getInput()),
                               sizes(slice.getMixedOffsets()),
                               sizes(slice.getMixedSizes()),
                               permute(slice.getStrides(), permutation));
      })
      .Case([&](ReduceOp reduce) {
        auto result = cast<ReduceOp>(copy());
        SmallVector<int64_t> dims;
        for (int64_t dim : reduce.getDims())
          dims.push_back(placeOf[dim]);
        llvm::sort(dims);
        result.setDims(dims);
        return result;
      })
      .Case([&](ReshapeOp) { return copy(); })
      .Case([&](BroadcastOp broadcast) -> Operation * {
        // Of full rank, so that its dims have their places.
        Value input = broadcast.getInput();
        int64_t rank = broadcast.getType().getRank();
        int64_t missing = rank - getTensorType(input).getRank();
        if (missing > 0) {
          SmallVector<OpFoldResult> shape(missing, builder.getIndexAttr(1));
          llvm::append_range(shape, getSizes(builder, loc, input));
          input = ReshapeOp::create(builder, loc, input, shape);
        }
        return BroadcastOp::create(
            builder, loc, getLast(builder, input),
            permute<OpFoldResult>(broadcast.getMixedSizes(), toLast(rank)));
      })
      .Default([&](Operation *) { return copy(); });
}

void LayoutChooser::convert(Operation *op) {
  OpBuilder builder(op);
  Operation *result = convertMember(builder, op);
  if (!givesMember(op)) {
    op->getResult(0).replaceAllUsesWith(result->getResult(0));
    return;
  }
  converted[op->getResult(0)] = result->getResult(0);
}

unsigned LayoutChooser::run() {
  collect();
  llvm::EquivalenceClasses<Operation *> connected;
  for (Operation *op : members) {
    connected.insert(op);
    for (Value operand : op->getOperands())
      if (Operation *producer = operand.getDefiningOp();
          producer && members.contains(producer) && givesMember(producer))
        connected.unionSets(op, producer);
  }
  llvm::MapVector<Operation *, SmallVector<Operation *>> regions;
  for (Operation *op : members)
    regions[connected.getLeaderValue(op)].push_back(op);

  SmallVector<Operation *> done;
  unsigned count = 0;
  for (auto &[leader, region] : regions) {
    if (!pays(region))
      continue;
    for (Operation *op : region) {
      convert(op);
      done.push_back(op);
      count += isa<ConvOp>(op);
    }
  }
  // What is read outside of the regions gets its order back.
  llvm::SmallPtrSet<Operation *, 16> old(done.begin(), done.end());
  for (Operation *op : done) {
    Value before = op->getResult(0), after = converted.lookup(before);
    if (!after)
      continue;
    Value restored;
    for (OpOperand &use : llvm::make_early_inc_range(before.getUses())) {
      if (old.contains(use.getOwner()))
        continue;
      if (!restored) {
        OpBuilder builder(op->getContext());
        builder.setInsertionPointAfterValue(after);
        restored = TransposeOp::create(builder, op->getLoc(), after,
                                       toFirst(getTensorType(after).getRank()));
      }
      use.set(restored);
    }
  }
  for (Operation *op : llvm::reverse(done))
    op->erase();
  return count;
}

namespace {
struct GraphChooseDataLayout
    : raddle::graph::impl::GraphChooseDataLayoutBase<GraphChooseDataLayout> {
  using GraphChooseDataLayoutBase::GraphChooseDataLayoutBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (layout != "cost" && layout != "last" && layout != "keep") {
      function.emitError() << "unknown layout '" << layout
                           << "': expected 'cost', 'last' or 'keep'";
      return signalPassFailure();
    }
    if (function.isExternal() || layout == "keep")
      return;
    numConvolutions +=
        LayoutChooser(function, assumedSize, layout == "last").run();
  }
};
} // namespace
