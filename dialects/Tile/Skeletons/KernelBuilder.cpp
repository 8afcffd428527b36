//===- KernelBuilder.cpp - Building the kernel of a group -----------------===//

#include "dialects/Tile/Skeletons/KernelBuilder.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::tile;

int64_t raddle::tile::ceilPowerOf2(int64_t value) {
  return int64_t(llvm::PowerOf2Ceil(std::max<int64_t>(value, 1)));
}

KernelBuilder::KernelBuilder(graph::GroupOp group, StringRef name,
                             unsigned numWarps, OpBuilder &moduleBuilder)
    : group(group), builder(group.getContext()), loc(builder.getUnknownLoc()),
      numWarps(numWarps) {
  for (auto [i, op] : llvm::enumerate(group.getBody().front()))
    positions[&op] = i;
  loc = getRole(group.getRootOp() ? group.getRootOp()
                                  : &group.getBody().front().front());
  auto type = moduleBuilder.getFunctionType({}, {});
  func = func::FuncOp::create(moduleBuilder, loc, name, type);
  func->setAttr("tile.warps", builder.getI64IntegerAttr(numWarps));
  builder.setInsertionPointToStart(func.addEntryBlock());
}

Location KernelBuilder::getRole(Operation *op) {
  auto position = positions.find(op);
  if (position == positions.end())
    return loc;
  return NameLoc::get(builder.getStringAttr(op->getName().getStringRef() + "#" +
                                            Twine(position->second)));
}

/// Says in the locations of accesses to global memory what they access.
void KernelBuilder::nameAccesses() {
  func.walk([&](Operation *op) {
    auto access = [&](Value base, StringRef verb) {
      auto argument = dyn_cast<BlockArgument>(base);
      if (!argument || argument.getOwner()->getParentOp() != func)
        return;
      const KernelArgument &what = arguments[argument.getArgNumber()];
      StringRef kind = what.kind == KernelArgument::Input    ? "input "
                       : what.kind == KernelArgument::Output ? "output "
                                                             : "scratch ";
      op->setLoc(
          NameLoc::get(builder.getStringAttr(verb + kind + Twine(what.index)),
                       op->getLoc()));
    };
    TypeSwitch<Operation *>(op)
        .Case([&](LoadOp load) { access(load.getBase(), "load of "); })
        .Case([&](CopyOp copy) { access(copy.getBase(), "load of "); })
        .Case([&](StoreOp store) { access(store.getBase(), "store of "); })
        .Case([&](AtomicOp atomic) { access(atomic.getBase(), "update of "); });
  });
}

Value KernelBuilder::getArgument(KernelArgument argument, Type type) {
  for (auto [i, existing] : llvm::enumerate(arguments))
    if (existing == argument)
      return func.getArgument(i);
  arguments.push_back(argument);
  unsigned position = arguments.size() - 1;
  if (failed(func.insertArgument(position, type, {}, loc)))
    return nullptr;
  return func.getArgument(position);
}

Value KernelBuilder::getInputPointer(unsigned index) {
  auto type = LLVM::LLVMPointerType::get(builder.getContext(), 1);
  Value pointer = getArgument({KernelArgument::Input, index, 0}, type);
  func.setArgAttr(cast<BlockArgument>(pointer).getArgNumber(), "tile.readonly",
                  builder.getUnitAttr());
  return pointer;
}

Value KernelBuilder::getOutputPointer(unsigned index) {
  return getArgument({KernelArgument::Output, index, 0},
                     LLVM::LLVMPointerType::get(builder.getContext(), 1));
}

Value KernelBuilder::getScratchPointer(unsigned index) {
  return getArgument({KernelArgument::Scratch, index, 0},
                     LLVM::LLVMPointerType::get(builder.getContext(), 1));
}

Value KernelBuilder::constant(int64_t value) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&func.getBody().front());
  return arith::ConstantOp::create(builder, loc,
                                   builder.getI32IntegerAttr(value));
}

Value KernelBuilder::blockId() {
  return BlockIdOp::create(builder, loc, builder.getI32Type(), 0);
}

Value KernelBuilder::product(ValueRange factors) {
  int64_t known = 1;
  Value result;
  for (Value factor : factors) {
    if (auto c = graph::getConstantIndex(factor))
      known *= *c;
    else
      result =
          result ? arith::MulIOp::create(builder, loc, result, factor) : factor;
  }
  if (!result)
    return constant(known);
  if (known == 1)
    return result;
  return arith::MulIOp::create(builder, loc, result, constant(known));
}

Value KernelBuilder::toI32(OpFoldResult size) {
  if (auto known = getConstantIntValue(size))
    return constant(*known);
  return getHostScalar(cast<Value>(size));
}

Value KernelBuilder::getHostScalar(Value scalar) {
  auto [found, inserted] = scalars.try_emplace(scalar);
  if (!inserted)
    return found->second;
  // Extents and scalars are needed everywhere: they are made at the start.
  OpBuilder::InsertionGuard guard(builder);
  Operation *last = nullptr;
  for (Operation &op : func.getBody().front()) {
    if (!isa<arith::ArithDialect>(op.getDialect()) || op.getNumResults() != 1 ||
        !isa<IntegerType>(op.getResult(0).getType()))
      break;
    last = &op;
  }
  if (last)
    builder.setInsertionPointAfter(last);
  else
    builder.setInsertionPointToStart(&func.getBody().front());
  Value result;
  if (auto argument = dyn_cast<BlockArgument>(scalar)) {
    unsigned index = argument.getArgNumber() - group.getInputs().size();
    Type type =
        scalar.getType().isIndex() ? builder.getI32Type() : scalar.getType();
    // Parameters of kernels have at least 32 bits.
    if (type.isInteger() && type.getIntOrFloatBitWidth() < 32)
      result = arith::TruncIOp::create(
          builder, loc, type,
          getArgument({KernelArgument::Scalar, index, 0},
                      builder.getI32Type()));
    else
      result = getArgument({KernelArgument::Scalar, index, 0}, type);
  } else if (auto known = graph::getConstantIndex(scalar);
             known && scalar.getType().isIndex()) {
    result = constant(*known);
  } else if (auto dim = scalar.getDefiningOp<tensor::DimOp>();
             dim && dim.getConstantIndex()) {
    result = getExtent(dim.getSource(), *dim.getConstantIndex());
  } else if (Operation *op = scalar.getDefiningOp();
             op && isa<arith::ArithDialect>(op->getDialect())) {
    // Host arithmetic on sizes: the same in i32.
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(getHostScalar(operand));
    if (isa<arith::IndexCastOp>(op)) {
      // An index is an i32 here.
      Type type = op->getResult(0).getType();
      type = type.isIndex() ? builder.getI32Type() : type;
      unsigned from = operands.front().getType().getIntOrFloatBitWidth();
      unsigned to = type.getIntOrFloatBitWidth();
      result = operands.front();
      if (from > to)
        result = arith::TruncIOp::create(builder, loc, type, result);
      else if (from < to)
        result = arith::ExtSIOp::create(builder, loc, type, result);
    } else {
      OperationState state(loc, op->getName());
      state.addOperands(operands);
      for (Type type : op->getResultTypes())
        state.addTypes(type.isIndex() ? builder.getI32Type() : type);
      state.addAttributes(op->getAttrs());
      result = builder.create(state)->getResult(0);
    }
  } else {
    emitError(scalar.getLoc(),
              "expected a host scalar of a group to be an argument or "
              "arithmetic on sizes");
    hadError = true;
    result = constant(0);
  }
  scalars[scalar] = result;
  return result;
}

Value KernelBuilder::getExtent(Value tensor, unsigned dim) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(dim))
    return constant(type.getDimSize(dim));
  auto found = extents.find({tensor, dim});
  if (found != extents.end())
    return found->second;
  Value result;
  if (auto argument = dyn_cast<BlockArgument>(tensor)) {
    result = getArgument({KernelArgument::Extent, argument.getArgNumber(), dim},
                         builder.getI32Type());
  } else {
    Operation *op = tensor.getDefiningOp();
    auto number = cast<OpResult>(tensor).getResultNumber();
    if (auto reify = dyn_cast<ReifyRankedShapedTypeOpInterface>(op)) {
      // At the end: the position of the root in the block must not change.
      OpBuilder sizes(group.getTerminator());
      ReifiedRankedShapedTypeDims shapes;
      if (succeeded(reify.reifyResultShapes(sizes, shapes)))
        result = toI32(shapes[number][dim]);
    }
    // Element-wise operations have the shape of any operand.
    if (!result)
      for (Value operand : op->getOperands())
        if (auto other = dyn_cast<RankedTensorType>(operand.getType());
            other && other.getRank() == type.getRank()) {
          result = getExtent(operand, dim);
          break;
        }
    if (!result) {
      op->emitOpError("does not state the size of dim ") << dim;
      hadError = true;
      result = constant(0);
    }
  }
  extents[{tensor, dim}] = result;
  return result;
}

SmallVector<Value> KernelBuilder::getExtents(Value tensor) {
  SmallVector<Value> result;
  for (int64_t d = 0, e = cast<RankedTensorType>(tensor.getType()).getRank();
       d < e; ++d)
    result.push_back(getExtent(tensor, d));
  return result;
}

TileKernel KernelBuilder::finish(Value blocks, ValueRange scratchBytes) {
  nameAccesses();
  if (hadError)
    func->setAttr("tile.invalid", builder.getUnitAttr());
  func::ReturnOp::create(builder, loc);
  // The host's copy of the arithmetic, over `index`.
  OpBuilder b(func);
  SmallVector<Type> types;
  SmallVector<Value> scalars;
  for (auto [i, argument] : llvm::enumerate(arguments))
    if (argument.kind == KernelArgument::Extent ||
        argument.kind == KernelArgument::Scalar) {
      scalars.push_back(func.getArgument(i));
      Type type = func.getArgument(i).getType();
      types.push_back(type.isInteger(32) ? b.getIndexType() : type);
    }
  SmallVector<Value> roots{blocks};
  roots.append(scratchBytes.begin(), scratchBytes.end());
  auto host = func::FuncOp::create(
      b, loc, (func.getSymName() + "_host").str(),
      b.getFunctionType(types,
                        SmallVector<Type>(roots.size(), b.getIndexType())));
  host.setPrivate();
  Block *entry = host.addEntryBlock();
  b.setInsertionPointToStart(entry);
  DenseMap<Value, Value> done;
  for (auto [scalar, value] : llvm::zip(scalars, entry->getArguments()))
    done[scalar] = value;
  std::function<Value(Value)> copy = [&](Value value) -> Value {
    auto found = done.find(value);
    if (found != done.end())
      return found->second;
    Value result;
    if (auto known = graph::getConstantIndex(value);
        known && value.getType().isInteger(32)) {
      result = arith::ConstantIndexOp::create(b, loc, *known);
    } else {
      Operation *op = value.getDefiningOp();
      SmallVector<Value> operands;
      for (Value operand : op->getOperands())
        operands.push_back(copy(operand));
      OperationState state(loc, op->getName());
      state.addOperands(operands);
      for (Type type : op->getResultTypes())
        state.addTypes(type.isInteger(32) ? b.getIndexType() : type);
      state.addAttributes(op->getAttrs());
      result = b.create(state)->getResult(0);
    }
    return done[value] = result;
  };
  SmallVector<Value> results;
  for (Value root : roots)
    results.push_back(copy(root));
  func::ReturnOp::create(b, loc, results);
  return TileKernel{func, arguments, host};
}

//===----------------------------------------------------------------------===//
// TileElementBuilder
//===----------------------------------------------------------------------===//

TileElementBuilder::TileElementBuilder(KernelBuilder &kernel,
                                       OpBuilder &builder,
                                       ArrayRef<int64_t> shape,
                                       const LinearLayout &layout)
    : ElementBuilder(builder, kernel.loc), kernel(kernel), shape(shape),
      layout(layout) {}

RankedTensorType TileElementBuilder::tileType(ArrayRef<int64_t> dims,
                                              Type element) {
  LinearLayout projected = layout;
  for (auto [i, size] : llvm::enumerate(dims))
    if (size == 1)
      projected = projected.dropDim(i);
  return getTileType(dims, element, projected);
}

void TileElementBuilder::unify(SmallVectorImpl<Value> &values) {
  SmallVector<int64_t> dims(shape.size(), 1);
  bool anyTile = false;
  for (Value value : values)
    if (auto tile = dyn_cast<RankedTensorType>(value.getType())) {
      anyTile = true;
      for (auto [dim, size] : llvm::zip(dims, tile.getShape()))
        dim = std::max(dim, size);
    }
  if (!anyTile)
    return;
  for (Value &value : values) {
    auto tile = dyn_cast<RankedTensorType>(value.getType());
    if (tile && tile.getShape() == ArrayRef<int64_t>(dims))
      continue;
    value = BroadcastOp::create(
        builder, loc, tileType(dims, getElementTypeOrSelf(value.getType())),
        value);
  }
}

Type TileElementBuilder::withElementType(Type like, Type element) {
  if (auto tile = dyn_cast<RankedTensorType>(like))
    return tile.clone(element);
  return element;
}

Value TileElementBuilder::extent(Value tensor, unsigned dim) {
  return kernel.getExtent(tensor, dim);
}

Value TileElementBuilder::hostScalar(Value scalar) {
  return kernel.getHostScalar(scalar);
}

void TileElementBuilder::enter(Value condition) {
  guards.push_back(mask);
  if (graph::getConstantIndex(condition) == 1)
    return;
  mask = mask ? create<arith::AndIOp>({mask, condition}) : condition;
}

void TileElementBuilder::leave() { mask = guards.pop_back_val(); }

Value TileElementBuilder::index(unsigned dim) {
  SmallVector<int64_t> dims(shape.size(), 1);
  dims[dim] = shape[dim];
  if (shape[dim] == 1)
    return integer(0);
  return IndexOp::create(builder, loc, tileType(dims, builder.getI32Type()),
                         dim);
}

Value TileElementBuilder::full(Value value) {
  auto type = tileType(shape, getElementTypeOrSelf(value.getType()));
  if (value.getType() == type)
    return value;
  return BroadcastOp::create(builder, loc, type, value);
}

Value TileElementBuilder::fill(TypedAttr value) {
  return full(arith::ConstantOp::create(builder, loc, value));
}

void TileElementBuilder::define(Value tensor, ArrayRef<Value> indices,
                                Value value) {
  known.push_back({tensor, Indices(indices), value});
}

void TileElementBuilder::setLinear(ArrayRef<Value> indices, Value linear,
                                   Value like) {
  linearIndices.assign(indices.begin(), indices.end());
  linearValue = linear;
  linearLike = like;
}

bool TileElementBuilder::hasLinear(ArrayRef<Value> indices,
                                   Value tensor) const {
  if (!linearValue || indices.empty() ||
      ArrayRef<Value>(linearIndices) != indices)
    return false;
  auto have = cast<RankedTensorType>(tensor.getType());
  auto want = cast<RankedTensorType>(linearLike.getType());
  if (have.getRank() != want.getRank())
    return false;
  for (int64_t d = 1; d < have.getRank(); ++d)
    if (have.isDynamicDim(d) || want.isDynamicDim(d)
            ? kernel.getExtent(tensor, d) != kernel.getExtent(linearLike, d)
            : have.getDimSize(d) != want.getDimSize(d))
      return false;
  return true;
}

Value TileElementBuilder::load(unsigned input, ArrayRef<Value> indices) {
  Value tensor = kernel.group.getBody().getArgument(input);
  auto type = cast<RankedTensorType>(tensor.getType());
  Type element = graph::getKernelElementType(type.getElementType());
  Value offset =
      hasLinear(indices, tensor) ? linearValue : linearize(indices, tensor);
  SmallVector<Value> values{offset};
  if (mask)
    values.push_back(mask);
  unify(values);
  Value result = LoadOp::create(
      builder, loc, withElementType(values.front().getType(), element),
      kernel.getInputPointer(input), values[0], mask ? values[1] : Value(),
      Value(), /*invariant=*/true);
  return result;
}

Value TileElementBuilder::evaluate(Value tensor, ArrayRef<Value> indices) {
  for (auto &[what, where, value] : known)
    if (what == tensor && ArrayRef<Value>(where) == indices)
      return value;
  Value result;
  Value maskBefore = mask;
  if (auto argument = dyn_cast<BlockArgument>(tensor)) {
    result = load(argument.getArgNumber(), indices);
  } else {
    Operation *op = tensor.getDefiningOp();
    if (!graph::isElementOp(op)) {
      op->emitOpError("is needed at a point where the kernel's skeleton does "
                      "not have its result");
      hadError = true;
      return fill(builder.getZeroAttr(getElementTypeOrSelf(tensor)));
    }
    llvm::SaveAndRestore role(loc, kernel.getRole(op));
    result =
        graph::buildElement(op, *this, cast<OpResult>(tensor).getResultNumber(),
                            indices, [&](unsigned operand, ArrayRef<Value> at) {
                              return evaluate(op->getOperand(operand), at);
                            });
    if (!result) {
      hadError = true;
      return fill(builder.getZeroAttr(getElementTypeOrSelf(tensor)));
    }
  }
  // Inside a guard, values are undefined for lanes that a later use may need.
  if (guards.empty() && mask == maskBefore)
    define(tensor, indices, result);
  return result;
}

void TileElementBuilder::store(unsigned number, Value value,
                               ArrayRef<Value> indices, Value like) {
  Value offset =
      hasLinear(indices, like) ? linearValue : linearize(indices, like);
  // Every point of the iteration space stores, so that all dims are named.
  SmallVector<Value> values{full(value), full(offset)};
  Value where = mask ? full(mask) : Value();
  StoreOp::create(builder, loc, values[0], kernel.getOutputPointer(number),
                  values[1], where);
}

unsigned raddle::tile::getFastestDim(Value tensor) {
  auto rank = cast<RankedTensorType>(tensor.getType()).getRank();
  unsigned last = rank ? rank - 1 : 0;
  Operation *op = tensor.getDefiningOp();
  if (!op || op->getNumOperands() == 0)
    return last;
  if (auto transpose = dyn_cast<graph::TransposeOp>(op)) {
    unsigned inner = getFastestDim(transpose.getInput());
    for (auto [i, from] : llvm::enumerate(transpose.getPermutation()))
      if (from == inner)
        return i;
    return last;
  }
  for (Value operand : op->getOperands())
    if (auto type = dyn_cast<RankedTensorType>(operand.getType());
        type && type.getRank() == rank &&
        (!type.hasStaticShape() || type.getNumElements() != 1))
      if (!isa<graph::GatherOp, graph::GatherElementsOp, graph::GatherNdOp>(op))
        return getFastestDim(operand);
  return last;
}
