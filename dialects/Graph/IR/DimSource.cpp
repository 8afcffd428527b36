//===- DimSource.cpp - Where the size of a dim comes from -----------------===//
#include "dialects/Graph/IR/DimSource.h"

#include "dialects/Graph/IR/GraphOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace raddle::graph;

void SizeProduct::multiply(const SizeProduct &other) {
  factor *= other.factor;
  sources.append(other.sources);
  llvm::sort(sources);
}

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

SizeProduct raddle::graph::getSizeProduct(OpFoldResult size) {
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

SizeProduct raddle::graph::getDimProduct(Value tensor, int64_t dim) {
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
