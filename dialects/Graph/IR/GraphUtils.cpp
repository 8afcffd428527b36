//===- GraphUtils.cpp - What the op families share ------------------------===//
#include "dialects/Graph/IR/GraphUtils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace raddle::graph;

void raddle::graph::collectNodeNames(Location loc,
                                     llvm::SetVector<StringAttr> &names) {
  loc->walk([&](Location inner) {
    if (auto name = dyn_cast<NameLoc>(inner))
      names.insert(name.getName());
    return WalkResult::advance();
  });
}

MixedIndices::MixedIndices(ArrayRef<OpFoldResult> values) {
  for (OpFoldResult value : values) {
    if (std::optional<int64_t> constant = getConstantIntValue(value);
        constant && !ShapedType::isDynamic(*constant)) {
      fixed.push_back(*constant);
      continue;
    }
    fixed.push_back(ShapedType::kDynamic);
    dynamic.push_back(cast<Value>(value));
  }
}

SmallVector<OpFoldResult> raddle::graph::getMixed(ArrayRef<int64_t> fixed,
                                                  ValueRange dynamic,
                                                  MLIRContext *context) {
  Builder builder(context);
  SmallVector<OpFoldResult> result;
  size_t next = 0;
  for (int64_t value : fixed) {
    if (!ShapedType::isDynamic(value))
      result.push_back(builder.getIndexAttr(value));
    else
      result.push_back(dynamic[next++]);
  }
  return result;
}

OpFoldResult raddle::graph::getSize(OpBuilder &builder, Location loc,
                                    Value tensor, int64_t dim) {
  return tensor::getMixedSize(builder, loc, tensor, dim);
}

SmallVector<OpFoldResult> raddle::graph::getSizes(OpBuilder &builder,
                                                  Location loc, Value tensor) {
  return tensor::getMixedSizes(builder, loc, tensor);
}

/// Folds when both sides are known and the result fits, else creates `OpTy`.
template <typename OpTy, typename Fold>
static OpFoldResult combine(OpBuilder &builder, Location loc, OpFoldResult lhs,
                            OpFoldResult rhs, Fold fold) {
  std::optional<int64_t> left = getConstantIntValue(lhs);
  std::optional<int64_t> right = getConstantIntValue(rhs);
  if (left && right) {
    int64_t result;
    if (fold(*left, *right, result))
      return builder.getIndexAttr(result);
  }
  return OpTy::create(builder, loc,
                      getValueOrCreateConstantIndexOp(builder, loc, lhs),
                      getValueOrCreateConstantIndexOp(builder, loc, rhs))
      .getResult();
}

OpFoldResult raddle::graph::addIndex(OpBuilder &builder, Location loc,
                                     OpFoldResult lhs, OpFoldResult rhs) {
  if (isZeroInteger(lhs))
    return rhs;
  if (isZeroInteger(rhs))
    return lhs;
  return combine<arith::AddIOp>(builder, loc, lhs, rhs,
                                [](int64_t a, int64_t b, int64_t &r) {
                                  return !llvm::AddOverflow(a, b, r);
                                });
}

OpFoldResult raddle::graph::subIndex(OpBuilder &builder, Location loc,
                                     OpFoldResult lhs, OpFoldResult rhs) {
  if (isZeroInteger(rhs))
    return lhs;
  return combine<arith::SubIOp>(builder, loc, lhs, rhs,
                                [](int64_t a, int64_t b, int64_t &r) {
                                  return !llvm::SubOverflow(a, b, r);
                                });
}

OpFoldResult raddle::graph::mulIndex(OpBuilder &builder, Location loc,
                                     OpFoldResult lhs, OpFoldResult rhs) {
  if (isOneInteger(lhs))
    return rhs;
  if (isOneInteger(rhs))
    return lhs;
  return combine<arith::MulIOp>(builder, loc, lhs, rhs,
                                [](int64_t a, int64_t b, int64_t &r) {
                                  return !llvm::MulOverflow(a, b, r);
                                });
}

OpFoldResult raddle::graph::floorDivIndex(OpBuilder &builder, Location loc,
                                          OpFoldResult lhs, OpFoldResult rhs) {
  if (isOneInteger(rhs))
    return lhs;
  return combine<arith::FloorDivSIOp>(
      builder, loc, lhs, rhs, [](int64_t a, int64_t b, int64_t &r) {
        if (b == 0 || (b == -1 && a == INT64_MIN))
          return false;
        r = llvm::divideFloorSigned(a, b);
        return true;
      });
}
