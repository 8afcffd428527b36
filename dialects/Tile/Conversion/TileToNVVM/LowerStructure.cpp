//===- LowerStructure.cpp - Control flow and element-wise operations ------===//

#include "dialects/Tile/Conversion/TileToNVVM/KernelLowering.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace raddle::tile;

KernelLowering::KernelLowering(func::FuncOp kernel, OpBuilder &builder)
    : kernel(kernel), builder(builder), emit(builder, kernel.getLoc()) {
  auto warps = kernel->getAttrOfType<IntegerAttr>("tile.warps");
  numWarps = warps ? warps.getInt() : 1;
}

FailureOr<LLVM::LLVMFuncOp> KernelLowering::run() {
  MLIRContext *context = builder.getContext();
  SmallVector<Type> types(kernel.getArgumentTypes());
  auto type =
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context), types);
  auto func = LLVM::LLVMFuncOp::create(builder, kernel.getLoc(),
                                       kernel.getSymName(), type);
  func->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(),
                builder.getUnitAttr());
  func->setAttr(NVVM::NVVMDialect::getReqntidAttrName(),
                builder.getDenseI32ArrayAttr({int32_t(numWarps * 32)}));
  // Left alone, the assembler spills a few registers to fit one more block
  // into a multiprocessor; two are enough to hide latencies.
  if (auto blocks = kernel->getAttrOfType<IntegerAttr>("tile.min_blocks"))
    func->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(),
                  builder.getI32IntegerAttr(blocks.getInt()));
  for (StringRef name : {"tile.parameters", "tile.guard"})
    if (Attribute value = kernel->getAttr(name))
      func->setAttr(name, value);
  OpBuilder::InsertionGuard guard(builder);
  Block *entry = func.addEntryBlock(builder);
  builder.setInsertionPointToStart(entry);
  if (failed(placeShared()))
    return failure();
  ScalarEmitter::Scope scope(emit.known);
  for (auto [i, from, to] :
       llvm::enumerate(kernel.getArguments(), entry->getArguments())) {
    values[from] = {Scalar{to, 0}};
    if (auto divisor =
            kernel.getArgAttrOfType<IntegerAttr>(i, "tile.divisible"))
      emit.setDivisor(to, llvm::countr_zero(uint64_t(divisor.getInt())));
    if (isa<LLVM::LLVMPointerType>(to.getType())) {
      // Buffers start on 256 bytes; sub-buffers on 16.
      func.setArgAttr(i, LLVM::LLVMDialect::getAlignAttrName(),
                      builder.getI64IntegerAttr(16));
      if (kernel.getArgAttr(i, "tile.readonly"))
        for (StringRef name : {LLVM::LLVMDialect::getNoAliasAttrName(),
                               LLVM::LLVMDialect::getReadonlyAttrName()})
          func.setArgAttr(i, name, builder.getUnitAttr());
    }
  }
  if (failed(lowerBlock(kernel.getBody().front())))
    return failure();
  builder.setInsertionPointToEnd(entry);
  LLVM::ReturnOp::create(builder, kernel.getLoc(), ValueRange{});
  func->setAttr("raddle.shared", builder.getI64IntegerAttr(sharedBytes));
  return func;
}

LogicalResult KernelLowering::lowerBlock(Block &block) {
  for (Operation &op : block.without_terminator())
    if (failed(lowerOp(&op)))
      return failure();
  return success();
}

LogicalResult KernelLowering::lowerOp(Operation *op) {
  emit.loc = op->getLoc();
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case<scf::ForOp, scf::IfOp, scf::WhileOp, IndexOp, BroadcastOp,
            ReshapeOp, BlockIdOp, LoadOp, StoreOp, AtomicOp, CopyOp,
            LocalLoadOp, LocalStoreOp, ConvertOp, ReduceOp, DotOp>(
          [&](auto typed) { return lower(typed); })
      .Case<AllocOp, ViewOp>([&](auto) { return success(); })
      .Case([&](AssumeOp assume) {
        Scalar value = at(get(assume.getValue()), 0);
        if (value.base)
          emit.setDivisor(value.base,
                          std::min<unsigned>(
                              llvm::countr_zero(uint64_t(assume.getDivisor())),
                              value.offset
                                  ? llvm::countr_zero(uint32_t(value.offset))
                                  : 31));
        values[assume.getResult()] = {value};
        return success();
      })
      .Case([&](BarrierOp) {
        barrier();
        return success();
      })
      .Case([&](CommitOp) {
        callIntrinsic("llvm.nvvm.cp.async.commit.group", {}, {});
        return success();
      })
      .Case([&](WaitOp wait) {
        callIntrinsic("llvm.nvvm.cp.async.wait.group", {},
                      {LLVM::ConstantOp::create(
                          builder, emit.loc, builder.getI32Type(),
                          builder.getI32IntegerAttr(wait.getPending()))});
        return success();
      })
      .Default([&](Operation *other) { return lowerElementwise(other); });
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

unsigned KernelLowering::getNumScalars(Type type) {
  LayoutAttr layout = getLayout(type);
  return layout ? layout.getMap().getNumRegisters() : 1;
}

SmallVector<unsigned> KernelLowering::getDistinct(Type type) {
  if (LayoutAttr layout = getLayout(type))
    return layout.getMap().getDistinctRegisters();
  return {0};
}

SmallVector<Value> KernelLowering::flatten(ValueRange tiles) {
  SmallVector<Value> result;
  for (Value tile : tiles)
    for (unsigned reg : getDistinct(tile.getType()))
      result.push_back(emit.materialize(at(get(tile), reg)));
  return result;
}

SmallVector<Type> KernelLowering::flattenTypes(TypeRange tiles) {
  SmallVector<Type> result;
  for (Type type : tiles)
    result.append(getDistinct(type).size(), getElementTypeOrSelf(type));
  return result;
}

void KernelLowering::unflatten(Value tile, ValueRange &scalars) {
  Registers registers(getNumScalars(tile.getType()));
  for (unsigned reg : getDistinct(tile.getType())) {
    registers[reg] = {scalars.front(), 0};
    scalars = scalars.drop_front();
  }
  if (LayoutAttr layout = getLayout(tile.getType()))
    for (unsigned reg = 0; reg < registers.size(); ++reg)
      registers[reg] = registers[layout.getMap().canonicalRegister(reg)];
  values[tile] = std::move(registers);
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

LogicalResult KernelLowering::lower(scf::ForOp op) {
  Scalar lower = at(get(op.getLowerBound()), 0);
  Scalar step = at(get(op.getStep()), 0);
  auto loop =
      scf::ForOp::create(builder, op.getLoc(), emit.materialize(lower),
                         emit.materialize(at(get(op.getUpperBound()), 0)),
                         emit.materialize(step), flatten(op.getInitArgs()));
  values[op.getInductionVar()] = {Scalar{loop.getInductionVar(), 0}};
  auto divisor = [&](Scalar s) {
    unsigned low = s.offset ? llvm::countr_zero(uint32_t(s.offset)) : 31;
    return std::min(low, emit.getDivisor(s));
  };
  emit.setDivisor(loop.getInductionVar(),
                  std::min(divisor(lower), divisor(step)));
  OpBuilder::InsertionGuard guard(builder);
  if (loop.getBody()->mightHaveTerminator())
    loop.getBody()->getTerminator()->erase();
  builder.setInsertionPointToEnd(loop.getBody());
  ValueRange inner(loop.getRegionIterArgs());
  for (Value arg : op.getRegionIterArgs())
    unflatten(arg, inner);
  {
    ScalarEmitter::Scope scope(emit.known);
    if (failed(lowerBlock(*op.getBody())))
      return failure();
    scf::YieldOp::create(builder, op.getLoc(),
                         flatten(op.getBody()->getTerminator()->getOperands()));
  }
  ValueRange outer(loop.getResults());
  for (Value result : op.getResults())
    unflatten(result, outer);
  return success();
}

LogicalResult KernelLowering::lower(scf::IfOp op) {
  auto branch = scf::IfOp::create(
      builder, op.getLoc(), flattenTypes(op.getResultTypes()),
      emit.materialize(at(get(op.getCondition()), 0)),
      /*addThenBlock=*/true, /*addElseBlock=*/!op.getElseRegion().empty());
  for (auto [from, to] : llvm::zip(op->getRegions(), branch->getRegions())) {
    if (from.empty())
      continue;
    OpBuilder::InsertionGuard guard(builder);
    Block &block = to.front();
    if (block.mightHaveTerminator())
      block.getTerminator()->erase();
    builder.setInsertionPointToEnd(&block);
    ScalarEmitter::Scope scope(emit.known);
    if (failed(lowerBlock(from.front())))
      return failure();
    scf::YieldOp::create(builder, op.getLoc(),
                         flatten(from.front().getTerminator()->getOperands()));
  }
  ValueRange outer(branch.getResults());
  for (Value result : op.getResults())
    unflatten(result, outer);
  return success();
}

LogicalResult KernelLowering::lower(scf::WhileOp op) {
  auto loop = scf::WhileOp::create(builder, op.getLoc(),
                                   flattenTypes(op.getResultTypes()),
                                   flatten(op.getInits()));
  OpBuilder::InsertionGuard guard(builder);
  auto emitRegion = [&](Block &from, Region &to, bool before) -> LogicalResult {
    SmallVector<Type> types = flattenTypes(from.getArgumentTypes());
    Block *block = builder.createBlock(
        &to, to.end(), types, SmallVector<Location>(types.size(), op.getLoc()));
    ScalarEmitter::Scope scope(emit.known);
    ValueRange inner(block->getArguments());
    for (Value arg : from.getArguments())
      unflatten(arg, inner);
    if (failed(lowerBlock(from)))
      return failure();
    if (before) {
      auto condition = cast<scf::ConditionOp>(from.getTerminator());
      scf::ConditionOp::create(
          builder, op.getLoc(),
          emit.materialize(at(get(condition.getCondition()), 0)),
          flatten(condition.getArgs()));
    } else {
      scf::YieldOp::create(builder, op.getLoc(),
                           flatten(from.getTerminator()->getOperands()));
    }
    return success();
  };
  if (failed(emitRegion(*op.getBeforeBody(), loop.getBefore(), true)) ||
      failed(emitRegion(*op.getAfterBody(), loop.getAfter(), false)))
    return failure();
  ValueRange outer(loop.getResults());
  for (Value result : op.getResults())
    unflatten(result, outer);
  return success();
}

//===----------------------------------------------------------------------===//
// Element-wise operations
//===----------------------------------------------------------------------===//

LogicalResult KernelLowering::lowerIndexArithmetic(Operation *op, bool &done) {
  done = true;
  auto type = op->getNumResults() == 1
                  ? getElementTypeOrSelf(op->getResult(0).getType())
                  : Type();
  auto each = [&](auto fn) {
    const Registers &lhs = get(op->getOperand(0));
    const Registers &rhs = get(op->getOperand(1));
    Registers result;
    for (unsigned i = 0, e = std::max(lhs.size(), rhs.size()); i < e; ++i)
      result.push_back(fn(at(lhs, i), at(rhs, i)));
    values[op->getResult(0)] = std::move(result);
    return success();
  };
  if (auto cmp = dyn_cast<arith::CmpIOp>(op))
    if (getElementTypeOrSelf(cmp.getLhs().getType()).isInteger(32))
      return each([&](Scalar l, Scalar r) {
        return Scalar{emit.compare(cmp.getPredicate(), l, r), 0};
      });
  if (type && type.isInteger(32)) {
    if (isa<arith::AddIOp>(op))
      return each([&](Scalar l, Scalar r) { return emit.add(l, r); });
    if (isa<arith::SubIOp>(op))
      return each([&](Scalar l, Scalar r) { return emit.sub(l, r); });
    if (isa<arith::MulIOp>(op))
      return each([&](Scalar l, Scalar r) { return emit.mul(l, r); });
    if (isa<arith::DivUIOp>(op))
      return each([&](Scalar l, Scalar r) { return emit.div(l, r); });
    if (isa<arith::RemUIOp>(op))
      return each([&](Scalar l, Scalar r) { return emit.rem(l, r); });
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      APInt value;
      if (auto dense = dyn_cast<SplatElementsAttr>(constant.getValue()))
        value = dense.getSplatValue<APInt>();
      else if (auto integer = dyn_cast<IntegerAttr>(constant.getValue()))
        value = integer.getValue();
      else
        return op->emitOpError("expected a splat constant in a kernel");
      values[op->getResult(0)] = {
          Scalar{nullptr, int32_t(value.getSExtValue())}};
      return success();
    }
  }
  done = false;
  return success();
}

LogicalResult KernelLowering::lowerElementwise(Operation *op) {
  bool done;
  if (failed(lowerIndexArithmetic(op, done)))
    return failure();
  if (done)
    return success();
  if (op->getNumRegions() || op->getNumResults() == 0 ||
      op->getNumSuccessors() ||
      !isa<arith::ArithDialect, math::MathDialect, LLVM::LLVMDialect>(
          op->getDialect()))
    return op->emitOpError("cannot be lowered to a thread's code");

  NamedAttrList attributes(op->getAttrs());
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    if (auto dense = dyn_cast<DenseElementsAttr>(constant.getValue())) {
      if (!dense.isSplat())
        return op->emitOpError("expected a splat constant in a kernel");
      attributes.set("value", dense.getSplatValue<Attribute>());
    }
  unsigned count = 1;
  for (Value operand : op->getOperands())
    count = std::max<unsigned>(count, get(operand).size());
  SmallVector<Registers> results(op->getNumResults());
  SmallVector<Type> types;
  for (Type type : op->getResultTypes())
    types.push_back(getElementTypeOrSelf(type));
  for (unsigned i = 0; i < count; ++i) {
    OperationState state(emit.loc, op->getName());
    for (Value operand : op->getOperands())
      state.operands.push_back(emit.materialize(at(get(operand), i)));
    state.types.append(types.begin(), types.end());
    state.attributes = attributes;
    Operation *scalar = emit.createUnique(state);
    for (auto [registers, value] : llvm::zip(results, scalar->getResults()))
      registers.push_back({value, 0});
  }
  for (auto [value, registers] : llvm::zip(op->getResults(), results))
    values[value] = std::move(registers);
  return success();
}

LogicalResult KernelLowering::lower(IndexOp op) {
  const LinearLayout &layout = getLayout(op.getType()).getMap();
  unsigned dim = op.getDim();
  uint32_t possible = 0;
  Value base = threadOffset([&](const Basis &b) { return uint32_t(b[dim]); },
                            layout, possible);
  if (base && possible)
    emit.setDivisor(base, llvm::countr_zero(possible));
  Registers registers;
  for (unsigned reg = 0; reg < layout.getNumRegisters(); ++reg)
    registers.push_back(
        xorConstant(base, possible, layout.apply(reg, 0, 0)[dim]));
  values[op.getResult()] = std::move(registers);
  return success();
}

LogicalResult KernelLowering::lower(BroadcastOp op) {
  // Layouts of operand and result agree on threads and registers.
  Registers copy = get(op.getInput());
  values[op.getResult()] = std::move(copy);
  return success();
}

LogicalResult KernelLowering::lower(ReshapeOp op) {
  Registers copy = get(op.getInput());
  values[op.getResult()] = std::move(copy);
  return success();
}

LogicalResult KernelLowering::lower(BlockIdOp op) {
  StringRef names[] = {"llvm.nvvm.read.ptx.sreg.ctaid.x",
                       "llvm.nvvm.read.ptx.sreg.ctaid.y",
                       "llvm.nvvm.read.ptx.sreg.ctaid.z"};
  values[op.getResult()] = {
      {callIntrinsic(names[op.getDim()], builder.getI32Type(), {}), 0}};
  return success();
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

Value KernelLowering::laneId() {
  return emit.unique<arith::AndIOp>(tid, emit.constant(31));
}

Value KernelLowering::warpId() {
  return emit.unique<arith::ShRUIOp>(tid, emit.constant(5));
}

Value KernelLowering::threadOffset(function_ref<uint32_t(const Basis &)> offset,
                                   const LinearLayout &layout,
                                   uint32_t &possible) {
  // Bits of tid that contribute a bit at the same distance are moved together.
  std::map<int, uint32_t> byShift;
  auto collect = [&](ArrayRef<Basis> bases, unsigned firstBit) {
    for (auto [i, basis] : llvm::enumerate(bases)) {
      uint32_t bits = offset(basis);
      possible |= bits;
      unsigned from = firstBit + i;
      for (; bits; bits &= bits - 1)
        byShift[int(llvm::countr_zero(bits)) - int(from)] |= 1u << from;
    }
  };
  collect(layout.lanes, 0);
  collect(layout.warps, 5);
  Value sum;
  auto merge = [&](Value part) {
    sum = sum ? emit.unique<arith::XOrIOp>(sum, part) : part;
  };
  for (auto [shift, mask] : byShift) {
    Value part = emit.unique<arith::AndIOp>(tid, emit.constant(mask));
    if (shift > 0)
      part = emit.unique<arith::ShLIOp>(part, emit.constant(shift));
    else if (shift < 0)
      part = emit.unique<arith::ShRUIOp>(part, emit.constant(-shift));
    merge(part);
  }
  return sum;
}

Scalar KernelLowering::xorConstant(Value base, uint32_t possible,
                                   uint32_t bits) {
  if (!base)
    return {nullptr, int32_t(bits)};
  // Where the base has no bit, XOR is addition and becomes an immediate.
  if (uint32_t both = bits & possible) {
    Value changed = emit.unique<arith::XOrIOp>(base, emit.constant(both));
    emit.setDivisor(changed, llvm::countr_zero(possible | both));
    return {changed, int32_t(bits & ~possible)};
  }
  return {base, int32_t(bits)};
}
