//===- TileOps.cpp - Verifiers of the tile dialect ------------------------===//

#include "dialects/Tile/IR/TileDialect.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace raddle::tile;

#define GET_OP_CLASSES
#include "dialects/Tile/IR/TileOps.cpp.inc"

/// The shape of a tile; a scalar has none.
static ArrayRef<int64_t> getTileShape(Type type) {
  auto tile = dyn_cast<RankedTensorType>(type);
  return tile ? tile.getShape() : ArrayRef<int64_t>();
}

/// `value` has one element per offset, held by the same thread.
static LogicalResult verifyPoints(Operation *op, StringRef name, Value value,
                                  Type offsets) {
  if (!value)
    return success();
  Type type = value.getType();
  if (isa<RankedTensorType>(type) != isa<RankedTensorType>(offsets) ||
      getTileShape(type) != getTileShape(offsets) ||
      getLayout(type) != getLayout(offsets))
    return op->emitOpError("expected ")
           << name << " with the shape and layout of the offsets, " << offsets
           << ", found " << type;
  return success();
}

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

LogicalResult ReshapeOp::verify() {
  auto input = getInput().getType(), result = getResult().getType();
  auto withoutUnits = [](RankedTensorType type) {
    return llvm::to_vector(llvm::make_filter_range(
        type.getShape(), [](int64_t s) { return s != 1; }));
  };
  if (input.getElementType() != result.getElementType() ||
      withoutUnits(input) != withoutUnits(result))
    return emitOpError("expected to add or remove unit dims only, found ")
           << input << " and " << result;
  LayoutAttr have = getLayout(input), want = getLayout(result);
  if (have && want &&
      have.getMap().getNumRegisters() != want.getMap().getNumRegisters())
    return emitOpError("expected layouts with equally many registers, found ")
           << have.getMap().getNumRegisters() << " and "
           << want.getMap().getNumRegisters();
  return success();
}

LogicalResult LoadOp::verify() {
  Type offsets = getOffsets().getType();
  if (failed(verifyPoints(*this, "a result", getResult(), offsets)) ||
      failed(verifyPoints(*this, "a mask", getMask(), offsets)))
    return failure();
  if (getOther() && getOther().getType() != getType())
    return emitOpError("expected 'other' of the result's type, ")
           << getType() << ", found " << getOther().getType();
  return success();
}

LogicalResult StoreOp::verify() {
  Type offsets = getOffsets().getType();
  if (failed(verifyPoints(*this, "a value", getValue(), offsets)))
    return failure();
  return verifyPoints(*this, "a mask", getMask(), offsets);
}

LogicalResult AtomicOp::verify() {
  if (!llvm::is_contained({"add", "min", "max", "exch"}, getKind()))
    return emitOpError("expected kind add, min, max or exch, found '")
           << getKind() << "'";
  Type offsets = getOffsets().getType();
  if (failed(verifyPoints(*this, "a value", getValue(), offsets)))
    return failure();
  return verifyPoints(*this, "a mask", getMask(), offsets);
}

/// A whole stage of the buffer.
static LogicalResult verifyStage(Operation *op, Type tile, SharedType buffer) {
  if (getTileShape(tile) != buffer.getShape())
    return op->emitOpError("expected a tile of the shape of one stage of ")
           << buffer << ", found " << tile;
  return success();
}

LogicalResult CopyOp::verify() {
  if (failed(verifyStage(*this, getOffsets().getType(), getBuffer().getType())))
    return failure();
  return verifyPoints(*this, "a mask", getMask(), getOffsets().getType());
}

LogicalResult LocalStoreOp::verify() {
  auto value = getValue().getType();
  SharedType buffer = getBuffer().getType();
  if (value.getElementType() != buffer.getElementType())
    return emitOpError("expected elements of type ")
           << buffer.getElementType() << ", found " << value.getElementType();
  return verifyStage(*this, value, buffer);
}

LogicalResult LocalLoadOp::verify() {
  auto result = getResult().getType();
  SharedType buffer = getBuffer().getType();
  if (result.getElementType() != buffer.getElementType())
    return emitOpError("expected elements of type ")
           << buffer.getElementType() << ", found " << result.getElementType();
  size_t rank = buffer.getShape().size();
  if (getOffsets().size() != rank || size_t(result.getRank()) != rank)
    return emitOpError("expected ")
           << rank << " offsets and a tile of that rank, found "
           << getOffsets().size() << " and " << result;
  for (auto [i, offset, size, whole] :
       llvm::enumerate(getOffsets(), result.getShape(), buffer.getShape()))
    if (offset < 0 || offset % size || offset + size > whole)
      return emitOpError("expected an offset that is a multiple of ")
             << size << " and at most " << whole - size << " in dim " << i
             << ", found " << offset;
  return success();
}

LogicalResult AllocOp::verify() {
  if (getOffset() && int64_t(*getOffset()) < 0)
    return emitOpError("expected an offset of at least 0, found ")
           << int64_t(*getOffset());
  return success();
}

LogicalResult WaitOp::verify() {
  if (int64_t(getPending()) < 0)
    return emitOpError("expected at least 0 pending groups, found ")
           << int64_t(getPending());
  return success();
}

LogicalResult BlockIdOp::verify() {
  if (getDim() > 2)
    return emitOpError("expected grid dim 0, 1 or 2, found ")
           << int64_t(getDim());
  return success();
}

LogicalResult AssumeOp::verify() {
  if (int64_t(getDivisor()) < 1)
    return emitOpError("expected a divisor of at least 1, found ")
           << int64_t(getDivisor());
  return success();
}

LogicalResult YieldOp::verify() {
  auto reduce = cast<ReduceOp>((*this)->getParentOp());
  if (getNumOperands() != reduce.getInputs().size())
    return emitOpError("expected ") << reduce.getInputs().size()
                                    << " operands, found " << getNumOperands();
  for (auto [operand, input] : llvm::zip(getOperands(), reduce.getInputs())) {
    Type element = getElementTypeOrSelf(input.getType());
    if (operand.getType() != element)
      return emitOpError("expected an operand of type ")
             << element << ", found " << operand.getType();
  }
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
  for (auto [i, argument] : llvm::enumerate(block.getArguments())) {
    Value input = getInputs()[i % getInputs().size()];
    Type element = getElementTypeOrSelf(input.getType());
    if (argument.getType() != element)
      return emitOpError("expected combiner argument ")
             << i << " to be of type " << element << ", found "
             << argument.getType();
  }
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

/// Element types of operands and accumulator.
static std::pair<Type, Type> getDotTypes(DotKind kind, MLIRContext *context) {
  Type f32 = Float32Type::get(context);
  switch (kind) {
  case DotKind::f16:
    return {Float16Type::get(context), f32};
  case DotKind::bf16:
    return {BFloat16Type::get(context), f32};
  case DotKind::s8:
  case DotKind::u8:
  case DotKind::u8s8:
  case DotKind::s8u8:
    return {IntegerType::get(context, 8), IntegerType::get(context, 32)};
  case DotKind::tf32:
  case DotKind::tf32x3:
  case DotKind::tf32x2a:
  case DotKind::tf32x2b:
    return {f32, f32};
  }
  llvm_unreachable("unknown kind");
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
  auto [operand, sum] = getDotTypes(getKind(), getContext());
  if (a.getElementType() != operand || b.getElementType() != operand ||
      acc.getElementType() != sum)
    return emitOpError("expected operands of ")
           << operand << " and an accumulator of " << sum << ", found "
           << a.getElementType() << ", " << b.getElementType() << " and "
           << acc.getElementType();
  if (getResult().getType() != acc)
    return emitOpError("expected the result type ")
           << acc << ", found " << getResult().getType();
  return success();
}

LogicalResult ViewOp::verify() {
  SharedType buffer = getBuffer().getType(), result = getResult().getType();
  int64_t stage = getStage();
  if (stage < 0 || stage >= buffer.getStages())
    return emitOpError("expected a stage below ")
           << buffer.getStages() << ", found " << stage;
  int64_t rest =
      buffer.getNumBytes() / buffer.getStages() * (buffer.getStages() - stage);
  if (result.getNumBytes() > rest)
    return emitOpError("expected at most ")
           << rest << " bytes, found " << result.getNumBytes();
  return success();
}
