//===- LowerMemory.cpp - Global and shared memory -------------------------===//

#include "dialects/Tile/Conversion/TileToNVVM/KernelLowering.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace raddle::tile;

//===----------------------------------------------------------------------===//
// Helpers
//===----------------------------------------------------------------------===//

/// Bytes of an element in memory.
static unsigned getBytes(Type type) {
  return std::max(1u, type.getIntOrFloatBitWidth() / 8);
}

/// The type an element has in memory: i1 is one byte.
static Type getMemoryType(Type type) {
  return type.isInteger(1) ? IntegerType::get(type.getContext(), 8) : type;
}

Value KernelLowering::callIntrinsic(StringRef name, Type result,
                                    ValueRange operands) {
  if (!result) {
    LLVM::CallIntrinsicOp::create(builder, emit.loc,
                                  builder.getStringAttr(name), operands);
    return nullptr;
  }
  auto call = LLVM::CallIntrinsicOp::create(
      builder, emit.loc, result, builder.getStringAttr(name), operands);
  return call.getResults();
}

Value KernelLowering::bitcast(Value value, Type type) {
  if (value.getType() == type)
    return value;
  return LLVM::BitcastOp::create(builder, emit.loc, type, value);
}

void KernelLowering::barrier() { NVVM::Barrier0Op::create(builder, emit.loc); }

Value KernelLowering::globalAddress(Value base, Scalar offset, Type element) {
  Value pointer = at(get(base), 0).base;
  Type memory = getMemoryType(element);
  auto i64 = builder.getI64Type();
  if (offset.base) {
    Value index = emit.unique<arith::ExtSIOp>(i64, offset.base);
    pointer = emit.unique<LLVM::GEPOp>(pointer.getType(), memory, pointer,
                                       ArrayRef<LLVM::GEPArg>{index});
  }
  if (offset.offset)
    pointer = emit.unique<LLVM::GEPOp>(
        pointer.getType(), memory, pointer,
        ArrayRef<LLVM::GEPArg>{LLVM::GEPArg(offset.offset)});
  return pointer;
}

Value KernelLowering::sharedAddress(Scalar offset) {
  Value pointer = sharedBase;
  Type byte = builder.getI8Type();
  if (offset.base)
    pointer = emit.unique<LLVM::GEPOp>(pointer.getType(), byte, pointer,
                                       ArrayRef<LLVM::GEPArg>{offset.base});
  if (offset.offset)
    pointer = emit.unique<LLVM::GEPOp>(
        pointer.getType(), byte, pointer,
        ArrayRef<LLVM::GEPArg>{LLVM::GEPArg(offset.offset)});
  return pointer;
}

Value KernelLowering::extract(Value vector, unsigned index) {
  if (!isa<VectorType>(vector.getType()))
    return vector;
  return LLVM::ExtractElementOp::create(
      builder, emit.loc, vector,
      LLVM::ConstantOp::create(builder, emit.loc, builder.getI32Type(),
                               builder.getI32IntegerAttr(index)));
}

Value KernelLowering::pack(ArrayRef<Value> elements) {
  if (elements.size() == 1)
    return elements.front();
  Value vector = LLVM::UndefOp::create(
      builder, emit.loc,
      VectorType::get(elements.size(), elements.front().getType()));
  for (auto [i, element] : llvm::enumerate(elements))
    vector = LLVM::InsertElementOp::create(
        builder, emit.loc, vector, element,
        LLVM::ConstantOp::create(builder, emit.loc, builder.getI32Type(),
                                 builder.getI32IntegerAttr(i)));
  return vector;
}

namespace {
/// How an access of some bytes is written in PTX: `count` registers of `bits`.
struct PtxAccess {
  unsigned bits, count;
  const char *constraint;
  std::string suffix;

  explicit PtxAccess(unsigned elementBytes, unsigned n) {
    unsigned total = elementBytes * n;
    bits = 8 * (total < 4 ? total : std::max(4u, elementBytes));
    count = total * 8 / bits;
    constraint = bits <= 16 ? "h" : bits == 32 ? "r" : "l";
    suffix = (count > 1 ? ".v" + std::to_string(count) : std::string()) + ".b" +
             std::to_string(bits);
  }
  /// The type of one register.
  Type getType(MLIRContext *context) const {
    return IntegerType::get(context, std::max(16u, bits));
  }
  std::string operands(unsigned first) const {
    std::string text;
    for (unsigned i = 0; i < count; ++i)
      text += (i ? ", $" : "$") + std::to_string(first + i);
    return count > 1 ? "{" + text + "}" : text;
  }
};
} // namespace

/// `[$N + bytes]`
static std::string addressOperand(unsigned operand, int64_t bytes) {
  return "[$" + std::to_string(operand) +
         (bytes ? " + " + std::to_string(bytes) : std::string()) + "]";
}

// The back end has no predicated global access: a branch around each would cost
// a block, so these are written as text.
SmallVector<Value> KernelLowering::maskedLoad(Value base, Scalar offset,
                                              unsigned n, Type memory,
                                              Value mask, bool invariant) {
  unsigned bytes = getBytes(memory);
  PtxAccess access(bytes, n);
  MLIRContext *context = builder.getContext();
  Value address = globalAddress(base, {offset.base, 0}, memory);
  std::string text, constraints;
  for (unsigned i = 0; i < access.count; ++i) {
    text += "mov.b" + std::to_string(std::max(16u, access.bits)) + " $" +
            std::to_string(i) + ", 0;\n\t";
    constraints += std::string("=&") + access.constraint + ",";
  }
  text += "@$" + std::to_string(access.count + 1) + " ld.global" +
          (invariant ? ".nc" : "") + access.suffix + " " + access.operands(0) +
          ", " + addressOperand(access.count, int64_t(offset.offset) * bytes) +
          ";";
  constraints += "l,b";
  Type word = access.getType(context);
  Type result = access.count == 1
                    ? word
                    : Type(LLVM::LLVMStructType::getLiteral(
                          context, SmallVector<Type>(access.count, word)));
  auto assembly = LLVM::InlineAsmOp::create(
      builder, emit.loc, result, ValueRange{address, mask},
      builder.getStringAttr(text), builder.getStringAttr(constraints),
      // Memory that no kernel of the launch writes may be read at any time.
      /*has_side_effects=*/invariant ? nullptr : builder.getUnitAttr(),
      /*is_align_stack=*/nullptr,
      LLVM::TailCallKindAttr::get(context, LLVM::TailCallKind::None),
      /*asm_dialect=*/nullptr, /*operand_attrs=*/nullptr);
  SmallVector<Value> elements;
  for (unsigned i = 0; i < access.count; ++i) {
    Value value = assembly.getResult(0);
    if (access.count > 1)
      value = LLVM::ExtractValueOp::create(builder, emit.loc, value, i);
    if (access.bits == 8)
      value = arith::TruncIOp::create(builder, emit.loc, builder.getI8Type(),
                                      value);
    unsigned perWord = access.bits / 8 / bytes;
    Type type = perWord == 1 ? memory : Type(VectorType::get(perWord, memory));
    value = bitcast(value, type);
    for (unsigned j = 0; j < perWord; ++j)
      elements.push_back(extract(value, j));
  }
  return elements;
}

void KernelLowering::maskedStore(Value base, Scalar offset,
                                 ArrayRef<Value> parts, Value mask) {
  Type memory = parts.front().getType();
  unsigned bytes = getBytes(memory);
  PtxAccess access(bytes, parts.size());
  MLIRContext *context = builder.getContext();
  SmallVector<Value> operands;
  std::string constraints;
  unsigned perWord = access.bits / 8 / bytes;
  for (unsigned i = 0; i < access.count; ++i) {
    Value word = pack(parts.slice(i * perWord, perWord));
    word = bitcast(word, IntegerType::get(context, access.bits));
    if (access.bits == 8)
      word =
          arith::ExtUIOp::create(builder, emit.loc, builder.getI16Type(), word);
    operands.push_back(word);
    constraints += std::string(access.constraint) + ",";
  }
  operands.push_back(globalAddress(base, {offset.base, 0}, memory));
  operands.push_back(mask);
  constraints += "l,b,~{memory}";
  std::string text =
      "@$" + std::to_string(access.count + 1) + " st.global" + access.suffix +
      " " + addressOperand(access.count, int64_t(offset.offset) * bytes) +
      ", " + access.operands(0) + ";";
  LLVM::InlineAsmOp::create(
      builder, emit.loc, TypeRange{}, operands, builder.getStringAttr(text),
      builder.getStringAttr(constraints), builder.getUnitAttr(), nullptr,
      LLVM::TailCallKindAttr::get(context, LLVM::TailCallKind::None), nullptr,
      nullptr);
}

SmallVector<AccessGroup>
raddle::tile::groupAccesses(ScalarEmitter &emit, ArrayRef<unsigned> registers,
                            function_ref<Scalar(unsigned)> offset,
                            function_ref<Value(unsigned)> mask,
                            unsigned maxElements) {
  // Registers sorted by base (in order of appearance), then by offset.
  DenseMap<Value, unsigned> baseOrder;
  SmallVector<std::tuple<unsigned, int32_t, unsigned>> sorted;
  for (unsigned reg : registers) {
    Scalar s = offset(reg);
    unsigned order =
        baseOrder.try_emplace(s.base, baseOrder.size()).first->second;
    sorted.push_back({order, s.offset, reg});
  }
  llvm::sort(sorted);
  SmallVector<AccessGroup> groups;
  for (unsigned i = 0; i < sorted.size();) {
    auto [order, first, reg] = sorted[i];
    Scalar start = offset(reg);
    unsigned aligned = std::min<unsigned>(
        emit.getDivisor({start.base, 0}),
        start.offset ? llvm::countr_zero(uint32_t(start.offset)) : 31);
    unsigned limit = std::min<uint64_t>(maxElements, uint64_t(1) << aligned);
    unsigned count = 1;
    while (i + count < sorted.size() && count < limit) {
      auto [nextOrder, next, nextReg] = sorted[i + count];
      if (nextOrder != order || next != first + int32_t(count) ||
          (mask && mask(nextReg) != mask(reg)))
        break;
      ++count;
    }
    count = llvm::bit_floor(count);
    AccessGroup &group = groups.emplace_back();
    for (unsigned j = 0; j < count; ++j)
      group.registers.push_back(std::get<2>(sorted[i + j]));
    i += count;
  }
  return groups;
}

//===----------------------------------------------------------------------===//
// Global memory
//===----------------------------------------------------------------------===//

LogicalResult KernelLowering::lower(LoadOp op) {
  Type element = getElementTypeOrSelf(op.getResult().getType());
  Type memory = getMemoryType(element);
  const Registers offsets = get(op.getOffsets());
  Registers masks, others;
  if (op.getMask())
    masks = get(op.getMask());
  if (op.getOther())
    others = get(op.getOther());
  LayoutAttr layout = getLayout(op.getResult().getType());
  unsigned count = getNumScalars(op.getResult().getType());
  auto maskOf = [&](unsigned reg) -> Value {
    return masks.empty() ? Value() : emit.materialize(at(masks, reg));
  };
  auto isTrue = [](Value mask) {
    if (!mask)
      return true;
    auto constant = mask.getDefiningOp<arith::ConstantOp>();
    return constant && cast<IntegerAttr>(constant.getValue()).getInt() != 0;
  };
  Registers result(count);
  auto groups = groupAccesses(
      emit, getDistinct(op.getResult().getType()),
      [&](unsigned reg) { return at(offsets, reg); }, maskOf,
      std::max(1u, 16 / getBytes(element)));
  for (const AccessGroup &group : groups) {
    unsigned n = group.registers.size();
    Value mask = maskOf(group.registers.front());
    Value loaded;
    if (isTrue(mask)) {
      Value address = globalAddress(
          op.getBase(), at(offsets, group.registers.front()), element);
      Type type = n == 1 ? memory : Type(VectorType::get(n, memory));
      auto loadOp = LLVM::LoadOp::create(builder, emit.loc, type, address,
                                         getBytes(element) * n);
      if (op.getInvariant())
        loadOp.setInvariant(true);
      loaded = loadOp;
    }
    SmallVector<Value> masked;
    if (!isTrue(mask))
      masked = maskedLoad(op.getBase(), at(offsets, group.registers.front()), n,
                          memory, mask, op.getInvariant());
    for (auto [i, reg] : llvm::enumerate(group.registers)) {
      Value value = masked.empty() ? extract(loaded, i) : masked[i];
      if (element != memory)
        value =
            arith::CmpIOp::create(builder, emit.loc, arith::CmpIPredicate::ne,
                                  value, emit.constant(0, 8));
      if (!others.empty() && !isTrue(mask)) {
        Value other = emit.materialize(at(others, reg));
        if (!matchPattern(other, m_Zero()) &&
            !matchPattern(other, m_AnyZeroFloat()))
          value =
              arith::SelectOp::create(builder, emit.loc, mask, value, other);
      }
      result[reg] = {value, 0};
    }
  }
  if (layout)
    for (unsigned reg = 0; reg < count; ++reg)
      result[reg] = result[layout.getMap().canonicalRegister(reg)];
  values[op.getResult()] = std::move(result);
  return success();
}

Value KernelLowering::getOwner(LayoutAttr layout) {
  uint32_t copies = 0;
  if (layout) {
    auto collect = [&](ArrayRef<Basis> bases, unsigned first) {
      for (auto [i, basis] : llvm::enumerate(bases))
        if (llvm::all_of(basis, [](int32_t b) { return b == 0; }))
          copies |= 1u << (first + i);
    };
    collect(layout.getMap().lanes, 0);
    collect(layout.getMap().warps, 5);
  } else {
    copies = numWarps * 32 - 1;
  }
  if (!copies)
    return nullptr;
  Value bits = emit.unique<arith::AndIOp>(tid, emit.constant(copies));
  return emit.unique<arith::CmpIOp>(arith::CmpIPredicate::eq, bits,
                                    emit.constant(0));
}

LogicalResult
KernelLowering::onlyOwner(LayoutAttr layout,
                          function_ref<LogicalResult()> lowerWrite) {
  Value owner = getOwner(layout);
  if (!owner)
    return lowerWrite();
  auto branch = scf::IfOp::create(builder, emit.loc, TypeRange{}, owner,
                                  /*addThenBlock=*/true,
                                  /*addElseBlock=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  ScalarEmitter::Scope scope(emit.known);
  if (failed(lowerWrite()))
    return failure();
  scf::YieldOp::create(builder, emit.loc);
  return success();
}

LogicalResult KernelLowering::lower(StoreOp op) {
  Type element = getElementTypeOrSelf(op.getValue().getType());
  Type memory = getMemoryType(element);
  const Registers offsets = get(op.getOffsets());
  const Registers stored = get(op.getValue());
  Registers masks;
  if (op.getMask())
    masks = get(op.getMask());
  Value owner = getOwner(getLayout(op.getOffsets().getType()));
  auto maskOf = [&](unsigned reg) -> Value {
    Value mask = masks.empty() ? Value() : emit.materialize(at(masks, reg));
    if (mask && owner)
      return emit.unique<arith::AndIOp>(mask, owner);
    return mask ? mask : owner;
  };
  auto groups = groupAccesses(
      emit, getDistinct(op.getOffsets().getType()),
      [&](unsigned reg) { return at(offsets, reg); }, maskOf,
      std::max(1u, 16 / getBytes(element)));
  for (const AccessGroup &group : groups) {
    unsigned n = group.registers.size();
    Value mask = maskOf(group.registers.front());
    SmallVector<Value> parts;
    for (unsigned reg : group.registers) {
      Value part = emit.materialize(at(stored, reg));
      if (element != memory)
        part = arith::ExtUIOp::create(builder, emit.loc, memory, part);
      parts.push_back(part);
    }
    Scalar offset = at(offsets, group.registers.front());
    if (mask) {
      maskedStore(op.getBase(), offset, parts, mask);
      continue;
    }
    LLVM::StoreOp::create(builder, emit.loc, pack(parts),
                          globalAddress(op.getBase(), offset, element),
                          getBytes(element) * n);
  }
  return success();
}

LogicalResult KernelLowering::lower(AtomicOp op) {
  Type element = getElementTypeOrSelf(op.getValue().getType());
  bool isFloat = isa<FloatType>(element);
  auto kind = llvm::StringSwitch<std::optional<LLVM::AtomicBinOp>>(op.getKind())
                  .Case("add", isFloat ? LLVM::AtomicBinOp::fadd
                                       : LLVM::AtomicBinOp::add)
                  .Case("min", isFloat ? LLVM::AtomicBinOp::fmin
                                       : LLVM::AtomicBinOp::min)
                  .Case("max", isFloat ? LLVM::AtomicBinOp::fmax
                                       : LLVM::AtomicBinOp::max)
                  .Case("exch", LLVM::AtomicBinOp::xchg)
                  .Default(std::nullopt);
  if (!kind)
    return op.emitOpError("expected kind add, min, max or exch, found '")
           << op.getKind() << "'";
  const Registers offsets = get(op.getOffsets());
  const Registers stored = get(op.getValue());
  Value owner = getOwner(getLayout(op.getOffsets().getType()));
  for (unsigned reg : getDistinct(op.getOffsets().getType())) {
    Value address = globalAddress(op.getBase(), at(offsets, reg), element);
    Value value = emit.materialize(at(stored, reg));
    auto update = [&] {
      LLVM::AtomicRMWOp::create(builder, emit.loc, *kind, address, value,
                                LLVM::AtomicOrdering::monotonic);
    };
    Value mask = owner;
    if (op.getMask()) {
      mask = emit.materialize(at(get(op.getMask()), reg));
      if (owner)
        mask = emit.unique<arith::AndIOp>(mask, owner);
    }
    if (!mask) {
      update();
      continue;
    }
    auto branch = scf::IfOp::create(builder, emit.loc, TypeRange{}, mask,
                                    /*addThenBlock=*/true,
                                    /*addElseBlock=*/false);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(branch.thenBlock());
    update();
    scf::YieldOp::create(builder, emit.loc);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

LogicalResult KernelLowering::placeShared() {
  // Buffers that live in the same loop lie side by side; exchanges after the
  // last use of all buffers take the same bytes again.
  Block &body = kernel.getBody().front();
  auto noteUses = [&](Value buffer) {
    for (Operation *user : buffer.getUsers())
      if (Operation *top = body.findAncestorOpInBlock(*user))
        if (!lastSharedUse || lastSharedUse->isBeforeInBlock(top))
          lastSharedUse = top;
  };
  kernel.walk([&](Operation *op) {
    if (auto alloc = dyn_cast<AllocOp>(op)) {
      sharedOffsets[alloc.getResult()] = allocBytes;
      allocBytes += llvm::alignTo(alloc.getType().getNumBytes(), 128);
      noteUses(alloc);
    } else if (auto view = dyn_cast<ViewOp>(op)) {
      SharedType type = view.getBuffer().getType();
      sharedOffsets[view.getResult()] =
          sharedOffsets.lookup(view.getBuffer()) +
          type.getNumBytes() / type.getStages() * view.getStage();
      noteUses(view);
    }
  });
  sharedBytes = allocBytes;
  tid =
      callIntrinsic("llvm.nvvm.read.ptx.sreg.tid.x", builder.getI32Type(), {});
  auto type = LLVM::LLVMPointerType::get(builder.getContext(), 3);
  sharedBase = LLVM::AddressOfOp::create(builder, kernel.getLoc(), type,
                                         "raddle_shared");
  return success();
}

bool KernelLowering::isAfterBuffers(Operation *user) {
  Operation *top = kernel.getBody().front().findAncestorOpInBlock(*user);
  return lastSharedUse && top && lastSharedUse->isBeforeInBlock(top);
}

int64_t KernelLowering::getScratchBudget(Operation *user) {
  return std::max<int64_t>(16 * 1024, isAfterBuffers(user) ? allocBytes : 0);
}

int64_t KernelLowering::reserveScratch(Operation *user, int64_t bytes) {
  int64_t offset = isAfterBuffers(user) ? 0 : allocBytes;
  sharedBytes = std::max<int64_t>(sharedBytes, offset + bytes);
  return offset;
}

Value KernelLowering::stageOffset(SharedType type, Value buffer, Value stage) {
  Scalar index = at(get(stage), 0);
  int64_t stageBytes = type.getNumBytes() / type.getStages();
  Scalar offset = emit.mul(index, {nullptr, int32_t(stageBytes)});
  offset = emit.add(offset, {nullptr, int32_t(sharedOffsets.lookup(buffer))});
  return emit.materialize(offset);
}

void KernelLowering::storeShared(Scalar byteOffset, ArrayRef<Value> elements,
                                 Type element) {
  Value address = sharedAddress(byteOffset);
  unsigned n = elements.size();
  Type memory = getMemoryType(element);
  auto toMemory = [&](Value v) -> Value {
    return element == memory
               ? v
               : arith::ExtUIOp::create(builder, emit.loc, memory, v);
  };
  SmallVector<Value> parts;
  for (Value part : elements)
    parts.push_back(toMemory(part));
  LLVM::StoreOp::create(builder, emit.loc, pack(parts), address,
                        getBytes(element) * n);
}

SmallVector<Value> KernelLowering::loadShared(Scalar byteOffset, unsigned n,
                                              Type element) {
  Value address = sharedAddress(byteOffset);
  Type memory = getMemoryType(element);
  Type type = n == 1 ? memory : Type(VectorType::get(n, memory));
  Value loaded = LLVM::LoadOp::create(builder, emit.loc, type, address,
                                      getBytes(element) * n);
  SmallVector<Value> result;
  for (unsigned i = 0; i < n; ++i) {
    Value value = extract(loaded, i);
    if (element != memory)
      value = arith::CmpIOp::create(builder, emit.loc, arith::CmpIPredicate::ne,
                                    value, emit.constant(0, 8));
    result.push_back(value);
  }
  return result;
}

/// Registers as runs of consecutive shared-memory elements: pairs of (first
/// register, its element offset), each run `2^vectorBits` long.
static unsigned
getSharedVectorBits(const LinearLayout &layout,
                    function_ref<uint32_t(const Basis &)> offset,
                    unsigned maxElements) {
  unsigned bits = 0;
  while (bits < layout.registers.size() && (1u << bits) < maxElements &&
         offset(layout.registers[bits]) == 1u << bits)
    ++bits;
  // Thread contributions must not break the alignment of a run.
  auto breaks = [&](ArrayRef<Basis> bases) {
    for (const Basis &basis : bases)
      while (bits && (offset(basis) & ((1u << bits) - 1)))
        --bits;
  };
  breaks(layout.lanes);
  breaks(layout.warps);
  for (unsigned i = bits; i < layout.registers.size(); ++i)
    while (bits && (offset(layout.registers[i]) & ((1u << bits) - 1)))
      --bits;
  return bits;
}

LogicalResult KernelLowering::lower(LocalStoreOp op) {
  return onlyOwner(getLayout(op.getValue().getType()),
                   [&] { return lowerWrite(op); });
}

LogicalResult KernelLowering::lower(CopyOp op) {
  return onlyOwner(getLayout(op.getOffsets().getType()),
                   [&] { return lowerWrite(op); });
}

LogicalResult KernelLowering::lowerWrite(LocalStoreOp op) {
  SharedType type = op.getBuffer().getType();
  Type element = type.getElementType();
  unsigned bytes = getBytes(element);
  const LinearLayout &layout = getLayout(op.getValue().getType()).getMap();
  auto offset = [&](const Basis &b) { return type.getOffset(b); };
  unsigned bits = getSharedVectorBits(layout, offset, 16 / bytes);
  uint32_t possible = 0;
  Value base = threadOffset([&](const Basis &b) { return offset(b) * bytes; },
                            layout, possible);
  Value stage = stageOffset(type, op.getBuffer(), op.getStage());
  const Registers stored = get(op.getValue());
  for (unsigned reg : layout.getDistinctRegisters()) {
    if (reg & ((1u << bits) - 1))
      continue;
    SmallVector<Value> elements;
    for (unsigned i = 0; i < 1u << bits; ++i)
      elements.push_back(emit.materialize(at(stored, reg | i)));
    Scalar address =
        xorConstant(base, possible, offset(layout.apply(reg, 0, 0)) * bytes);
    storeShared(emit.add(address, {stage, 0}), elements, element);
  }
  return success();
}

LogicalResult KernelLowering::lower(LocalLoadOp op) {
  SharedType type = op.getBuffer().getType();
  Type element = type.getElementType();
  unsigned bytes = getBytes(element);
  const LinearLayout &layout = getLayout(op.getResult().getType()).getMap();
  SmallVector<int32_t> start(op.getOffsets().begin(), op.getOffsets().end());
  auto offset = [&](const Basis &b) { return type.getOffset(b) * bytes; };
  uint32_t startBytes = type.getOffset(start) * bytes;
  Value stage = stageOffset(type, op.getBuffer(), op.getStage());
  Registers result(layout.getNumRegisters());

  // ldmatrix: a row of 16 bytes is spread over 4 lanes of 32 bits each, eight
  // rows over the lane bits above; further registers are further matrices.
  unsigned packed = bytes <= 4 ? llvm::Log2_32(4 / bytes) : 0;
  auto isMatrix = [&](bool transposed) {
    if (bytes > 4 || layout.registers.size() < packed)
      return false;
    if (transposed) {
      // Rows run along the lanes' high bits; only for 16-bit elements.
      if (bytes != 2)
        return false;
      for (unsigned i = 0; i < 3; ++i)
        if (offset(layout.lanes[2 + i]) != 2u << i)
          return false;
      return (offset(layout.registers[0]) & 15) == 0 &&
             (offset(layout.lanes[0]) & 15) == 0 &&
             (offset(layout.lanes[1]) & 15) == 0;
    }
    for (unsigned i = 0; i < packed; ++i)
      if (offset(layout.registers[i]) != bytes << i)
        return false;
    return offset(layout.lanes[0]) == 4 && offset(layout.lanes[1]) == 8 &&
           (offset(layout.lanes[2]) & 15) == 0 &&
           (offset(layout.lanes[3]) & 15) == 0 &&
           (offset(layout.lanes[4]) & 15) == 0;
  };
  bool transposed = isMatrix(true);
  if (transposed || isMatrix(false)) {
    unsigned perMatrix = transposed ? 1 : packed;
    SmallVector<unsigned> matrixBits;
    for (unsigned i = perMatrix; i < layout.registers.size(); ++i)
      if (offset(layout.registers[i]))
        matrixBits.push_back(i);
    unsigned together = std::min<unsigned>(matrixBits.size(), 2);
    // Lane 8 m + r names row r of matrix m.
    LinearLayout rows = layout;
    if (transposed) {
      rows.lanes[0] = layout.registers[0];
      rows.lanes[1] = layout.lanes[0];
      rows.lanes[2] = layout.lanes[1];
    } else {
      for (unsigned i = 0; i < 3; ++i)
        rows.lanes[i] = layout.lanes[2 + i];
    }
    Basis zero(layout.rank, 0);
    for (unsigned i = 0; i < 2; ++i)
      rows.lanes[3 + i] = i < together ? layout.registers[matrixBits[i]] : zero;
    uint32_t possible = 0;
    Value base = threadOffset(offset, rows, possible);
    unsigned numMatrices = 1u << together;
    unsigned groups = 1u << (matrixBits.size() - together);
    Type i32 = builder.getI32Type();
    for (unsigned g = 0; g < groups; ++g) {
      unsigned high = 0;
      for (unsigned i = together; i < matrixBits.size(); ++i)
        if (g >> (i - together) & 1)
          high |= 1u << matrixBits[i];
      Scalar address = xorConstant(
          base, possible, offset(layout.apply(high, 0, 0)) ^ startBytes);
      Value pointer = sharedAddress(emit.add(address, {stage, 0}));
      std::string name = "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x" +
                         std::to_string(numMatrices) +
                         (transposed ? ".trans" : "") + ".b16";
      Type resultType =
          numMatrices == 1
              ? i32
              : Type(LLVM::LLVMStructType::getLiteral(
                    builder.getContext(), SmallVector<Type>(numMatrices, i32)));
      Value loaded = callIntrinsic(name + ".p3", resultType, {pointer});
      for (unsigned m = 0; m < numMatrices; ++m) {
        Value word =
            numMatrices == 1
                ? loaded
                : LLVM::ExtractValueOp::create(builder, emit.loc, loaded, m);
        unsigned reg = high;
        for (unsigned i = 0; i < together; ++i)
          if (m >> i & 1)
            reg |= 1u << matrixBits[i];
        if (bytes == 4) {
          result[reg] = {bitcast(word, element), 0};
          continue;
        }
        unsigned n = 4 / bytes;
        Value vector = bitcast(word, VectorType::get(n, element));
        for (unsigned i = 0; i < n; ++i)
          result[reg | i] = {extract(vector, i), 0};
      }
    }
  } else {
    unsigned bits = getSharedVectorBits(
        layout, [&](const Basis &b) { return type.getOffset(b); }, 16 / bytes);
    uint32_t possible = 0;
    Value base = threadOffset(offset, layout, possible);
    for (unsigned reg : layout.getDistinctRegisters()) {
      if (reg & ((1u << bits) - 1))
        continue;
      Scalar address = xorConstant(
          base, possible, offset(layout.apply(reg, 0, 0)) ^ startBytes);
      auto loaded =
          loadShared(emit.add(address, {stage, 0}), 1u << bits, element);
      for (auto [i, value] : llvm::enumerate(loaded))
        result[reg | i] = {value, 0};
    }
  }
  for (unsigned reg = 0; reg < result.size(); ++reg)
    if (!result[reg].base)
      result[reg] = result[layout.canonicalRegister(reg)];
  values[op.getResult()] = std::move(result);
  return success();
}

LogicalResult KernelLowering::lowerWrite(CopyOp op) {
  SharedType type = op.getBuffer().getType();
  Type element = type.getElementType();
  unsigned bytes = getBytes(element);
  const LinearLayout &layout = getLayout(op.getOffsets().getType()).getMap();
  const Registers offsets = get(op.getOffsets());
  Registers masks;
  if (op.getMask())
    masks = get(op.getMask());
  auto maskOf = [&](unsigned reg) -> Value {
    return masks.empty() ? Value() : emit.materialize(at(masks, reg));
  };
  auto shared = [&](const Basis &b) { return type.getOffset(b); };
  unsigned sharedBits = getSharedVectorBits(layout, shared, 16 / bytes);
  uint32_t possible = 0;
  Value base = threadOffset([&](const Basis &b) { return shared(b) * bytes; },
                            layout, possible);
  Value stage = stageOffset(type, op.getBuffer(), op.getStage());
  auto groups = groupAccesses(
      emit, layout.getDistinctRegisters(),
      [&](unsigned reg) { return at(offsets, reg); }, maskOf, 1u << sharedBits);
  for (const AccessGroup &group : groups) {
    unsigned size = group.registers.size() * bytes;
    unsigned reg = group.registers.front();
    Scalar destination =
        xorConstant(base, possible, shared(layout.apply(reg, 0, 0)) * bytes);
    if (size != 4 && size != 8 && size != 16) {
      // cp.async moves 4, 8 or 16 bytes: anything else goes through registers,
      // visible at the same barrier.
      Value mask = maskOf(reg);
      if (!mask)
        mask = emit.constant(builder.getBoolAttr(true));
      auto loaded = maskedLoad(op.getBase(), at(offsets, reg),
                               group.registers.size(), element, mask,
                               /*invariant=*/true);
      storeShared(emit.add(destination, {stage, 0}), loaded, element);
      continue;
    }
    Value source = globalAddress(op.getBase(), at(offsets, reg), element);
    Value target = sharedAddress(emit.add(destination, {stage, 0}));
    std::string name = "llvm.nvvm.cp.async." +
                       std::string(size == 16 ? "cg" : "ca") +
                       ".shared.global." + std::to_string(size);
    Value mask = maskOf(reg);
    if (!mask) {
      callIntrinsic(name, {}, {target, source});
      continue;
    }
    Value count = emit.unique<arith::SelectOp>(mask, emit.constant(size),
                                               emit.constant(0));
    callIntrinsic(name + ".s", {}, {target, source, count});
  }
  return success();
}
