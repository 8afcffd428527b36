//===- TileOps.cpp - Verifiers of the tile dialect ------------------------===//

#include "dialects/Tile/IR/TileDialect.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace raddle::tile;

#define GET_OP_CLASSES
#include "dialects/Tile/IR/TileOps.cpp.inc"

LogicalResult IndexOp::verify() {
  auto type = getResult().getType();
  if (int64_t(getDim()) >= type.getRank())
    return emitOpError("expected a dim below ")
           << type.getRank() << ", found " << getDim();
  for (auto [i, size] : llvm::enumerate(type.getShape()))
    if (i != getDim() && size != 1)
      return emitOpError("expected size 1 in dim ") << i << ", found " << size;
  return success();
}

LogicalResult BroadcastOp::verify() {
  auto input = dyn_cast<RankedTensorType>(getInput().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  if (getElementTypeOrSelf(getInput().getType()) != result.getElementType())
    return emitOpError("expected the element type ")
           << result.getElementType() << ", found "
           << getElementTypeOrSelf(getInput().getType());
  if (!input)
    return success();
  if (input.getRank() != result.getRank())
    return emitOpError("expected rank ")
           << result.getRank() << ", found " << input.getRank();
  for (auto [i, from, to] :
       llvm::enumerate(input.getShape(), result.getShape()))
    if (from != 1 && from != to)
      return emitOpError("expected size 1 or ")
             << to << " in dim " << i << ", found " << from;
  LayoutAttr have = getLayout(input), want = getLayout(result);
  if (!have || !want)
    return success();
  LinearLayout projected = want.getMap();
  for (auto [i, from] : llvm::enumerate(input.getShape()))
    if (from == 1)
      projected = projected.dropDim(i);
  if (!(projected == have.getMap()))
    return emitOpError("expected the layout of the operand to be the result's "
                       "without the repeated dims");
  return success();
}

LogicalResult ConvertOp::verify() {
  auto input = cast<RankedTensorType>(getInput().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  if (input.getShape() != result.getShape() ||
      input.getElementType() != result.getElementType())
    return emitOpError("expected equal shapes and element types, found ")
           << input << " and " << result;
  return success();
}

LogicalResult ReduceOp::verify() {
  if (getInputs().empty() || getInputs().size() != getResults().size())
    return emitOpError("expected as many results as operands, found ")
           << getResults().size() << " and " << getInputs().size();
  Block &block = getCombiner().front();
  if (block.getNumArguments() != 2 * getInputs().size())
    return emitOpError("expected ")
           << 2 * getInputs().size() << " combiner arguments, found "
           << block.getNumArguments();
  for (auto [input, result] : llvm::zip(getInputs(), getResults())) {
    auto from = cast<RankedTensorType>(input.getType());
    auto to = cast<RankedTensorType>(result.getType());
    if (int64_t(getDim()) >= from.getRank())
      return emitOpError("expected a dim below ")
             << from.getRank() << ", found " << getDim();
    SmallVector<int64_t> shape(from.getShape());
    shape[getDim()] = 1;
    if (to.getShape() != ArrayRef<int64_t>(shape) ||
        to.getElementType() != from.getElementType())
      return emitOpError("expected the shape of ")
             << from << " with size 1 in dim " << getDim() << ", found " << to;
  }
  return success();
}

LogicalResult DotOp::verify() {
  auto a = cast<RankedTensorType>(getA().getType());
  auto b = cast<RankedTensorType>(getB().getType());
  auto acc = cast<RankedTensorType>(getAcc().getType());
  if (a.getRank() != 2 || b.getRank() != 2 || acc.getRank() != 2)
    return emitOpError("expected rank 2 operands, found ")
           << a << ", " << b << " and " << acc;
  if (a.getDimSize(1) != b.getDimSize(0) ||
      a.getDimSize(0) != acc.getDimSize(0) ||
      b.getDimSize(1) != acc.getDimSize(1))
    return emitOpError("expected shapes [M, K], [K, N] and [M, N], found ")
           << a << ", " << b << " and " << acc;
  if (getResult().getType() != acc)
    return emitOpError("expected the result type ")
           << acc << ", found " << getResult().getType();
  return success();
}
