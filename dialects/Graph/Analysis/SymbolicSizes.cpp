//===- SymbolicSizes.cpp - The sizes of tensors as expressions ------------===//
#include "dialects/Graph/Analysis/SymbolicShapes.h"
#include "dialects/Graph/IR/GraphOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace raddle::graph;

SymbolicExpr SymbolicShapes::getDim(Value tensor, int64_t dim) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(dim))
    return context.constant(type.getDimSize(dim));
  if (auto known = dims.find({tensor, dim}); known != dims.end())
    return known->second;
  if (depth >= maxDepth)
    return unknown("d", {0, Interval::noUpper});
  ++depth;
  SymbolicExpr expr = applyAssumptions(computeDim(tensor, dim));
  --depth;
  if (!expr)
    expr = unknown("d", {0, Interval::noUpper});
  return dims[{tensor, dim}] = expr;
}

SymbolicExpr SymbolicShapes::computeDim(Value tensor, int64_t dim) {
  if (auto argument = dyn_cast<BlockArgument>(tensor))
    return computeArgumentDim(argument, dim);
  return computeResultDim(cast<OpResult>(tensor), dim);
}

SymbolicExpr SymbolicShapes::computeArgumentDim(BlockArgument argument,
                                                int64_t dim) {
  Operation *parent = argument.getOwner()->getParentOp();
  unsigned number = argument.getArgNumber();
  if (auto group = dyn_cast_or_null<GroupOp>(parent))
    return getDim(group->getOperand(number), dim);
  if (auto loop = dyn_cast_or_null<scf::ForOp>(parent)) {
    OpOperand *initial = loop.getTiedLoopInit(argument);
    return initial
               ? carriedDim(initial->get(), argument,
                            loop.getTiedLoopYieldedValue(argument)->get(), dim)
               : SymbolicExpr();
  }
  auto function = dyn_cast_or_null<FunctionOpInterface>(parent);
  if (!function || argument.getOwner() != &function.getFunctionBody().front())
    return {};
  auto shape = function.getArgAttrOfType<ArrayAttr>(number, "graph.shape");
  if (!shape || dim >= static_cast<int64_t>(shape.size()))
    return {};
  if (auto name = dyn_cast<StringAttr>(shape[dim]))
    return namedDim(parent, name.getValue());
  return {};
}

SymbolicExpr SymbolicShapes::carriedDim(Value initial, Value carried,
                                        Value yielded, int64_t dim) {
  SymbolicExpr size = getDim(initial, dim);
  // Suppose that the size stays; what is then found in the body is only valid
  // if it does.
  auto scalarsBefore = scalars;
  auto dimsBefore = dims;
  dims[{carried, dim}] = size;
  if (equal(getDim(yielded, dim), size))
    return size;
  scalars = std::move(scalarsBefore);
  dims = std::move(dimsBefore);
  return {};
}

namespace raddle::graph {
/// The size of a dim of a result, by operation.
struct SizeEvaluator {
  SymbolicShapes &shapes;
  SymbolicExprContext &context;
  OpResult result;
  int64_t dim;

  SymbolicExpr of(Value tensor, int64_t dim) {
    return shapes.getDim(tensor, dim);
  }
  SymbolicExpr number(int64_t value) { return context.constant(value); }

  SymbolicExpr evaluate() {
    Operation *op = result.getOwner();
    if (OpTrait::hasElementwiseMappableTraits(op)) {
      for (Value operand : op->getOperands())
        if (isa<RankedTensorType>(operand.getType()))
          return of(operand, dim);
      return {};
    }
    return llvm::TypeSwitch<Operation *, SymbolicExpr>(op)
        .Case<BroadcastOp, ReshapeOp, SliceOp, IotaOp, ResizeOp, PoolOp>(
            [&](auto sized) { return shapes.get(sized.getMixedSizes()[dim]); })
        .Case([&](TransposeOp op) {
          return of(op.getInput(), op.getPermutation()[dim]);
        })
        .Case<ConcatOp, PadOp, GatherOp, GatherNdOp, ReduceOp, ArgReduceOp,
              ContractOp, ConvOp, AttentionOp, SortOp>(
            [&](auto op) { return size(op); })
        .Case([&](GatherElementsOp op) { return of(op.getIndices(), dim); })
        .Case<SoftmaxOp, NormOp, CumulativeOp, ScatterElementsOp, ScatterNdOp,
              EncodeOp, DecodeOp>(
            [&](auto op) { return of(op.getInput(), dim); })
        .Case<LstmOp, GruOp, RnnOp>([&](auto op) {
          // Output [time, dirs, batch, hidden], states [dirs, batch, hidden].
          bool output = result.getResultNumber() == 0;
          if (output && dim == 0)
            return of(op.getInput(), 0);
          return dim == (output ? 2 : 1) ? of(op.getInput(), 1)
                                         : SymbolicExpr();
        })
        .Case([&](GroupOp op) {
          return of(op.getTerminator()->getOperand(result.getResultNumber()),
                    dim);
        })
        .Case([&](tensor::CastOp op) {
          return isa<RankedTensorType>(op.getSource().getType())
                     ? of(op.getSource(), dim)
                     : SymbolicExpr();
        })
        .Case<tensor::EmptyOp, tensor::ExtractSliceOp>(
            [&](auto op) { return upstreamSize(op); })
        .Case([&](tensor::InsertSliceOp op) { return of(op.getDest(), dim); })
        .Case([&](scf::IfOp op) { return size(op); })
        .Case([&](scf::ForOp op) {
          BlockArgument carried = op.getRegionIterArg(result.getResultNumber());
          return shapes.carriedDim(
              op.getInitArgs()[result.getResultNumber()], carried,
              op.getYieldedValues()[result.getResultNumber()], dim);
        })
        .Default([](Operation *) { return SymbolicExpr(); });
  }

  SymbolicExpr upstreamSize(tensor::EmptyOp op) {
    return shapes.get(op.getMixedSizes()[dim]);
  }
  SymbolicExpr upstreamSize(tensor::ExtractSliceOp op) {
    // Dims that the result drops have size 1.
    llvm::SmallBitVector dropped = op.getDroppedDims();
    int64_t kept = 0;
    for (auto [number, size] : llvm::enumerate(op.getMixedSizes()))
      if (!dropped.test(number) && kept++ == dim)
        return shapes.get(size);
    return {};
  }

  SymbolicExpr size(ConcatOp op) {
    if (dim != static_cast<int64_t>(op.getAxis()))
      return of(op.getInputs().front(), dim);
    SymbolicExpr sum = number(0);
    for (Value input : op.getInputs())
      sum = context.add(sum, of(input, dim));
    return sum;
  }
  SymbolicExpr size(PadOp op) {
    SymbolicExpr pads = context.add(shapes.get(op.getMixedLow()[dim]),
                                    shapes.get(op.getMixedHigh()[dim]));
    return context.add(of(op.getInput(), dim), pads);
  }
  SymbolicExpr size(GatherOp op) {
    int64_t axis = op.getAxis();
    int64_t rank = cast<RankedTensorType>(op.getIndices().getType()).getRank();
    if (dim < axis)
      return of(op.getInput(), dim);
    if (dim < axis + rank)
      return of(op.getIndices(), dim - axis);
    return of(op.getInput(), dim - rank + 1);
  }
  SymbolicExpr size(GatherNdOp op) {
    auto indices = cast<RankedTensorType>(op.getIndices().getType());
    int64_t leading = indices.getRank() - 1;
    if (dim < leading)
      return of(op.getIndices(), dim);
    return of(op.getInput(), dim - leading +
                                 static_cast<int64_t>(op.getBatchDims()) +
                                 indices.getShape().back());
  }
  SymbolicExpr reduced(Value input, ArrayRef<int64_t> reducedDims,
                       bool keepDims) {
    if (keepDims)
      return llvm::is_contained(reducedDims, dim) ? number(1) : of(input, dim);
    int64_t kept = 0;
    int64_t rank = cast<RankedTensorType>(input.getType()).getRank();
    for (int64_t from = 0; from < rank; ++from)
      if (!llvm::is_contained(reducedDims, from) && kept++ == dim)
        return of(input, from);
    return {};
  }
  SymbolicExpr size(ReduceOp op) {
    return reduced(op.getInput(), op.getDims(), op.getKeepDims());
  }
  SymbolicExpr size(ArgReduceOp op) {
    return reduced(op.getInput(), static_cast<int64_t>(op.getAxis()),
                   op.getKeepDims());
  }
  SymbolicExpr size(ContractOp op) {
    SmallVector<AffineMap, 3> maps = op.getMaps();
    AffineExpr wanted = maps[2].getResult(dim);
    for (unsigned operand : {0u, 1u})
      if (std::optional<unsigned> position =
              maps[operand].getResultPosition(wanted))
        return of(op->getOperand(operand), *position);
    return {};
  }
  SymbolicExpr size(ConvOp op) {
    int64_t spatial = op.getSpatialRank();
    int64_t channel = op.getChannelsLast() ? spatial + 1 : 1;
    if (dim == 0)
      return of(op.getInput(), 0);
    if (dim == channel)
      return op.getTransposed() ? context.mul(of(op.getFilter(), channel),
                                              number(op.getGroups()))
                                : of(op.getFilter(), 0);
    int64_t i = op.getChannelsLast() ? dim - 1 : dim - 2;
    SymbolicExpr input = of(op.getInput(), dim),
                 stride = number(op.getStrides()[i]);
    SymbolicExpr reach =
        context.mul(context.sub(of(op.getFilter(), dim), number(1)),
                    number(op.getDilations()[i]));
    SymbolicExpr pads =
        context.add(number(op.getPadsLow()[i]), number(op.getPadsHigh()[i]));
    if (op.getTransposed()) {
      int64_t extra = op.getOutputPads() ? (*op.getOutputPads())[i] : 0;
      SymbolicExpr full = context.add(
          context.mul(context.sub(input, number(1)), stride), reach);
      return context.sub(context.add(full, number(extra + 1)), pads);
    }
    SymbolicExpr room =
        context.sub(context.sub(context.add(input, pads), reach), number(1));
    return context.add(context.floorDiv(room, stride), number(1));
  }
  SymbolicExpr size(AttentionOp op) {
    return dim == 3 ? of(op.getValue(), 3) : of(op.getQuery(), dim);
  }
  SymbolicExpr size(SortOp op) {
    return dim == static_cast<int64_t>(op.getAxis()) ? shapes.get(op.getK())
                                                     : of(op.getInput(), dim);
  }
  SymbolicExpr size(scf::IfOp op) {
    if (op.getElseRegion().empty())
      return {};
    unsigned position = result.getResultNumber();
    return shapes.computeSelect(op.getCondition(),
                                of(op.thenYield().getOperand(position), dim),
                                of(op.elseYield().getOperand(position), dim));
  }
};
} // namespace raddle::graph

SymbolicExpr SymbolicShapes::computeResultDim(OpResult result, int64_t dim) {
  return SizeEvaluator{*this, context, result, dim}.evaluate();
}
