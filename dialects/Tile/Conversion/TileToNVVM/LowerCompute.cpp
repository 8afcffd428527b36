//===- LowerCompute.cpp - Layout changes, reductions, tensor cores --------===//

#include "dialects/Tile/Analysis/LayoutExchange.h"
#include "dialects/Tile/Conversion/TileToNVVM/KernelLowering.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace raddle::tile;

//===----------------------------------------------------------------------===//
// Layout conversion
//===----------------------------------------------------------------------===//

LogicalResult KernelLowering::lower(ConvertOp op) {
  auto type = op.getInput().getType();
  const LinearLayout &from = getLayout(type).getMap();
  const LinearLayout &to = getLayout(op.getResult().getType()).getMap();
  const Registers input = get(op.getInput());

  // Same threads: only registers are renamed.
  if (from.lanes == to.lanes && from.warps == to.warps) {
    llvm::DenseMap<uint64_t, unsigned> held;
    auto key = [](const Basis &index) {
      uint64_t word = 0;
      for (int32_t i : index)
        word = word << 21 | uint32_t(i);
      return word;
    };
    for (unsigned reg = 0; reg < from.getNumRegisters(); ++reg)
      held.try_emplace(key(from.apply(reg, 0, 0)), reg);
    Registers result;
    for (unsigned reg = 0; reg < to.getNumRegisters(); ++reg) {
      auto found = held.find(key(to.apply(reg, 0, 0)));
      if (found == held.end())
        break;
      result.push_back(at(input, found->second));
    }
    if (result.size() == to.getNumRegisters()) {
      values[op.getResult()] = std::move(result);
      return success();
    }
  }

  // Through shared memory.
  Type element = type.getElementType();
  unsigned bytes = std::max(1u, element.getIntOrFloatBitWidth() / 8);
  SharedExchange plan =
      planExchange(type.getShape(), from, to, bytes, getScratchBudget(op));
  int64_t scratch = reserveScratch(op, plan.numElements * bytes);
  auto addressOf = [&](const LinearLayout &layout, unsigned reg) {
    uint32_t possible = 0;
    auto offset = [&](const Basis &b) { return plan.getOffset(b) * bytes; };
    Value base = threadOffset(offset, layout, possible);
    Scalar address =
        xorConstant(base, possible, offset(layout.apply(reg, 0, 0)));
    return emit.add(address, {nullptr, int32_t(scratch)});
  };
  Registers result(to.getNumRegisters());
  for (unsigned round = 0; round < plan.getNumRounds(); ++round) {
    barrier();
    auto write = [&]() -> LogicalResult {
      for (unsigned reg : plan.write.first) {
        SmallVector<Value> elements;
        for (unsigned i = 0; i < 1u << plan.write.vector.size(); ++i)
          elements.push_back(emit.materialize(
              at(input, plan.write.getRegister(reg, i, round))));
        storeShared(addressOf(from, reg), elements, element);
      }
      return success();
    };
    if (failed(onlyOwner(getLayout(type), write)))
      return failure();
    barrier();
    for (unsigned reg : plan.read.first) {
      auto loaded = loadShared(addressOf(to, reg),
                               1u << plan.read.vector.size(), element);
      for (auto [i, value] : llvm::enumerate(loaded))
        result[plan.read.getRegister(reg, i, round)] = {value, 0};
    }
  }
  for (unsigned reg = 0; reg < result.size(); ++reg)
    result[reg] = result[to.canonicalRegister(reg)];
  values[op.getResult()] = std::move(result);
  return success();
}

//===----------------------------------------------------------------------===//
// Reduction
//===----------------------------------------------------------------------===//

Value KernelLowering::shuffleXor(Value value, unsigned mask) {
  Type type = value.getType();
  unsigned width = type.getIntOrFloatBitWidth();
  auto i32 = builder.getI32Type();
  auto word = [&](Value v) {
    return callIntrinsic(
        "llvm.nvvm.shfl.sync.bfly.i32", i32,
        {emit.constant(-1), v, emit.constant(mask), emit.constant(31)});
  };
  if (width == 32)
    return bitcast(word(bitcast(value, i32)), type);
  if (width < 32) {
    auto narrow = builder.getIntegerType(width);
    Value wide =
        arith::ExtUIOp::create(builder, emit.loc, i32, bitcast(value, narrow));
    return bitcast(
        arith::TruncIOp::create(builder, emit.loc, narrow, word(wide)), type);
  }
  auto i64 = builder.getI64Type();
  Value bits = bitcast(value, i64);
  Value low = arith::TruncIOp::create(builder, emit.loc, i32, bits);
  Value shift = emit.constant(32, 64);
  Value high = arith::TruncIOp::create(
      builder, emit.loc, i32,
      arith::ShRUIOp::create(builder, emit.loc, bits, shift));
  low = arith::ExtUIOp::create(builder, emit.loc, i64, word(low));
  high = arith::ExtUIOp::create(builder, emit.loc, i64, word(high));
  high = arith::ShLIOp::create(builder, emit.loc, high, shift);
  return bitcast(arith::OrIOp::create(builder, emit.loc, low, high), type);
}

LogicalResult KernelLowering::lower(ReduceOp op) {
  unsigned dim = op.getDim(), n = op.getInputs().size();
  const LinearLayout &layout =
      getLayout(op.getInputs().front().getType()).getMap();
  Block &combiner = op.getCombiner().front();
  auto combine = [&](ArrayRef<Value> lhs, ArrayRef<Value> rhs) {
    IRMapping mapping;
    for (unsigned i = 0; i < n; ++i) {
      mapping.map(combiner.getArgument(i), lhs[i]);
      mapping.map(combiner.getArgument(n + i), rhs[i]);
    }
    for (Operation &inner : combiner.without_terminator())
      builder.clone(inner, mapping);
    SmallVector<Value> result;
    for (Value value : combiner.getTerminator()->getOperands())
      result.push_back(mapping.lookupOrDefault(value));
    return result;
  };

  // Within a thread: registers that differ only along the dim, as a tree.
  unsigned along = 0, across = 0;
  for (auto [i, basis] : llvm::enumerate(layout.registers))
    (basis[dim] ? along : across) |= 1u << i;
  llvm::MapVector<unsigned, SmallVector<Value>> partial;
  for (unsigned reg : layout.getDistinctRegisters()) {
    if (reg & along)
      continue;
    SmallVector<SmallVector<Value>> level;
    unsigned subset = 0;
    do {
      SmallVector<Value> element;
      for (Value input : op.getInputs())
        element.push_back(emit.materialize(at(get(input), reg | subset)));
      level.push_back(std::move(element));
      subset = (subset - along) & along;
    } while (subset);
    while (level.size() > 1) {
      for (unsigned i = 0; i < level.size() / 2; ++i)
        level[i] = combine(level[2 * i], level[2 * i + 1]);
      level.resize(level.size() / 2);
    }
    partial[reg] = level.front();
  }
  // Within a warp.
  for (auto [i, basis] : llvm::enumerate(layout.lanes)) {
    if (!basis[dim])
      continue;
    for (auto &[reg, element] : partial) {
      SmallVector<Value> other;
      for (Value value : element)
        other.push_back(shuffleXor(value, 1u << i));
      element = combine(element, other);
    }
  }
  // Across warps: every warp leaves its partial results and reads its peers'.
  SmallVector<unsigned> peers;
  for (auto [i, basis] : llvm::enumerate(layout.warps))
    if (basis[dim])
      peers.push_back(1u << i);
  if (!peers.empty()) {
    SmallVector<Type> types;
    int64_t slot = 0;
    SmallVector<int64_t> starts;
    for (Value input : op.getInputs()) {
      types.push_back(getElementTypeOrSelf(input.getType()));
      starts.push_back(slot);
      slot +=
          32 * std::max<int64_t>(4, types.back().getIntOrFloatBitWidth() / 8);
    }
    int64_t warpBytes = slot * partial.size();
    int64_t scratch = reserveScratch(op, warpBytes * numWarps);
    auto address = [&](Value warp, unsigned index, unsigned operand) {
      int64_t stride =
          std::max<int64_t>(4, types[operand].getIntOrFloatBitWidth() / 8);
      Scalar result = emit.mul({warp, 0}, {nullptr, int32_t(warpBytes)});
      result =
          emit.add(result, emit.mul({laneId(), 0}, {nullptr, int32_t(stride)}));
      return emit.add(
          result, {nullptr, int32_t(scratch + index * slot + starts[operand])});
    };
    barrier();
    unsigned index = 0;
    for (auto &[reg, element] : partial) {
      for (unsigned i = 0; i < n; ++i)
        storeShared(address(warpId(), index, i), element[i], types[i]);
      ++index;
    }
    barrier();
    unsigned all = 0;
    for (unsigned bit : peers)
      all |= bit;
    index = 0;
    for (auto &[reg, element] : partial) {
      // In the order of warps, so that every thread gets the same bits.
      SmallVector<SmallVector<Value>> level;
      unsigned subset = 0;
      do {
        Value warp = emit.unique<arith::AndIOp>(
            warpId(), emit.constant(int32_t(~all & (numWarps - 1))));
        if (subset)
          warp = emit.unique<arith::OrIOp>(warp, emit.constant(subset));
        SmallVector<Value> peer;
        for (unsigned i = 0; i < n; ++i)
          peer.push_back(loadShared(address(warp, index, i), 1, types[i])[0]);
        level.push_back(std::move(peer));
        subset = (subset - all) & all;
      } while (subset);
      while (level.size() > 1) {
        for (unsigned i = 0; i < level.size() / 2; ++i)
          level[i] = combine(level[2 * i], level[2 * i + 1]);
        level.resize(level.size() / 2);
      }
      element = level.front();
      ++index;
    }
  }
  for (auto [i, result] : llvm::enumerate(op.getResults())) {
    Registers registers;
    for (unsigned reg = 0; reg < layout.getNumRegisters(); ++reg)
      registers.push_back(
          {partial[layout.canonicalRegister(reg & ~along)][i], 0});
    values[result] = std::move(registers);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Tensor cores
//===----------------------------------------------------------------------===//

namespace {
/// What one `mma.sync` of a kind looks like.
struct MmaShape {
  unsigned k; // elements along k of one instruction
  unsigned aWords, bWords;
  unsigned perWord; // elements in one 32-bit operand register
  const char *name; // of the intrinsic
  bool f16Operands; // operands are <2 x half> instead of i32
};
} // namespace

static MmaShape getShape(DotKind kind) {
  switch (kind) {
  case DotKind::f16:
    return {16, 4, 2, 2, "llvm.nvvm.mma.m16n8k16.row.col.f32.f32", true};
  case DotKind::bf16:
    return {16, 4, 2, 2, "llvm.nvvm.mma.m16n8k16.row.col.bf16", false};
  case DotKind::s8:
    return {32, 4, 2, 4, "llvm.nvvm.mma.m16n8k32.row.col.s8", false};
  case DotKind::u8:
    return {32, 4, 2, 4, "llvm.nvvm.mma.m16n8k32.row.col.u8", false};
  case DotKind::u8s8:
    return {32, 4, 2, 4, "llvm.nvvm.mma.m16n8k32.row.col.u8.s8", false};
  case DotKind::s8u8:
    return {32, 4, 2, 4, "llvm.nvvm.mma.m16n8k32.row.col.s8.u8", false};
  default:
    return {8, 4, 2, 1, "llvm.nvvm.mma.m16n8k8.row.col.tf32", false};
  }
}

LogicalResult KernelLowering::lower(DotOp op) {
  DotKind kind = op.getKind();
  MmaShape shape = getShape(kind);
  auto aType = op.getA().getType(), accType = op.getAcc().getType();
  int64_t m = accType.getDimSize(0), n = accType.getDimSize(1);
  int64_t k = aType.getDimSize(1);
  if (m < 16 || n < 8 || k < shape.k)
    return op.emitOpError("expected at least ")
           << 16 << " x " << 8 << " x " << shape.k << " (m, n, k), found " << m
           << " x " << n << " x " << k;
  // Register of an element of the first thread.
  auto registerMap = [](Type type) {
    const LinearLayout &layout = getLayout(type).getMap();
    llvm::DenseMap<std::pair<int, int>, unsigned> map;
    for (unsigned reg = 0; reg < layout.getNumRegisters(); ++reg) {
      Basis index = layout.apply(reg, 0, 0);
      map.try_emplace({index[0], index[1]}, reg);
    }
    return map;
  };
  auto aMap = registerMap(aType), bMap = registerMap(op.getB().getType()),
       accMap = registerMap(accType);
  const Registers a = get(op.getA()), b = get(op.getB());
  Registers acc = get(op.getAcc());
  if (acc.size() == 1) // a constant: every register holds it
    acc.resize(getNumScalars(accType), Scalar(acc.front()));
  Type i32 = builder.getI32Type();
  Type accElement = accType.getElementType();

  // Where a lane's second half of k lies: four words further, or next to the
  // first (accumulator order, where lanes are two words apart).
  int firstLane = getLayout(aType).getMap().lanes[0][1];
  int half =
      firstLane == int(shape.perWord) ? 4 * shape.perWord : shape.perWord;
  if (getLayout(op.getB().getType()).getMap().lanes[0][0] != firstLane)
    return op.emitOpError("expected both operands to name k in one order");

  // Operands of one instruction as 32-bit words.
  using Words = SmallVector<Value, 4>;
  auto wordsOf = [&](const Registers &values, auto &map, bool isA, int row,
                     int column) -> FailureOr<Words> {
    Words words;
    unsigned count = isA ? shape.aWords : shape.bWords;
    for (unsigned w = 0; w < count; ++w) {
      SmallVector<Value> parts;
      for (unsigned i = 0; i < shape.perWord; ++i) {
        // PTX ISA, fragments of A and B: words along rows first for A.
        int along = i + half * (isA ? w >> 1 : w);
        int across = isA ? 8 * (w & 1) : 0;
        std::pair<int, int> index =
            isA ? std::pair(row + across, column + along)
                : std::pair(row + along, column);
        auto found = map.find(index);
        if (found == map.end())
          return failure();
        parts.push_back(emit.materialize(at(values, found->second)));
      }
      Value word = pack(parts);
      if (!shape.f16Operands)
        word = bitcast(word, i32);
      words.push_back(word);
    }
    return words;
  };
  Type result = LLVM::LLVMStructType::getLiteral(
      builder.getContext(), SmallVector<Type>(4, accElement));
  auto mma = [&](const Words &aWords, const Words &bWords,
                 ArrayRef<Value> c) -> SmallVector<Value> {
    SmallVector<Value> operands(aWords.begin(), aWords.end());
    operands.append(bWords.begin(), bWords.end());
    operands.append(c.begin(), c.end());
    Value d = callIntrinsic(shape.name, result, operands);
    SmallVector<Value> parts;
    for (unsigned i = 0; i < 4; ++i)
      parts.push_back(LLVM::ExtractValueOp::create(builder, emit.loc, d, i));
    return parts;
  };

  bool split = kind == DotKind::tf32x3 || kind == DotKind::tf32x2a ||
               kind == DotKind::tf32x2b;
  bool tf32 = split || kind == DotKind::tf32;
  auto round = [&](Value word) {
    // Rounds to the nearest tf32, ties away from zero (cvt.rna.tf32.f32).
    return callIntrinsic("llvm.nvvm.f2tf32.rna", i32,
                         {bitcast(word, builder.getF32Type())});
  };
  // x = high + low, both tf32.
  auto splitWords = [&](const Words &words,
                        bool exact) -> std::pair<Words, Words> {
    Words high, low;
    for (Value word : words) {
      if (exact) {
        high.push_back(word);
        continue;
      }
      if (!split) {
        high.push_back(round(word));
        continue;
      }
      // High parts are of numbers that round to finite ones, so that they stay
      // finite. What is left, infinity and NaN included, goes into the low
      // part: its product with the finite high part of the other operand is
      // the right infinity or NaN, and no infinities of both signs meet.
      Type f32 = builder.getF32Type();
      float limit = llvm::bit_cast<float>(0x7f7fefffu);
      Value x = bitcast(word, f32);
      Value limited = arith::MaxNumFOp::create(
          builder, emit.loc, x, emit.constant(builder.getF32FloatAttr(-limit)));
      limited = arith::MinNumFOp::create(
          builder, emit.loc, limited,
          emit.constant(builder.getF32FloatAttr(limit)));
      Value h = round(limited);
      high.push_back(h);
      low.push_back(
          round(arith::SubFOp::create(builder, emit.loc, x, bitcast(h, f32))));
    }
    return {high, low};
  };

  auto fail = [&] {
    return op.emitOpError("expected operands in the fragment layouts of ")
           << shape.name;
  };
  Value zero = tf32 ? emit.constant(builder.getF32FloatAttr(0)) : Value();
  const LinearLayout &accLayout = getLayout(accType).getMap();
  // Parts of the tile that this warp computes: those its registers reach.
  SmallVector<int> rows, columns;
  for (unsigned reg = 0; reg < accLayout.getNumRegisters(); ++reg) {
    Basis index = accLayout.apply(reg, 0, 0);
    if (index[0] % 16 == 0 && !llvm::is_contained(rows, index[0]))
      rows.push_back(index[0]);
    if (index[1] % 8 == 0 && !llvm::is_contained(columns, index[1]))
      columns.push_back(index[1]);
  }
  // The accumulators of one instruction.
  struct Part {
    int row, column;
    unsigned registers[4];
    SmallVector<Value> sums, small, large;
  };
  SmallVector<Part> parts;
  for (int row : rows)
    for (int column : columns) {
      Part &part = parts.emplace_back();
      part.row = row;
      part.column = column;
      for (unsigned i = 0; i < 4; ++i) {
        auto found = accMap.find({row + 8 * int(i >> 1), column + int(i & 1)});
        if (found == accMap.end())
          return fail();
        part.registers[i] = found->second;
        part.sums.push_back(emit.materialize(at(acc, found->second)));
      }
      part.small.assign(4, zero);
      part.large.assign(4, zero);
    }
  // k outermost: the split operands of one step only are live at a time.
  for (int kk = 0; kk < k; kk += shape.k) {
    llvm::DenseMap<int, std::pair<Words, Words>> aSplit, bSplit;
    bool flush = (kk + int(shape.k)) % 32 == 0 || kk + int(shape.k) >= k;
    for (Part &part : parts) {
      auto &aw = aSplit[part.row];
      if (aw.first.empty()) {
        auto words = wordsOf(a, aMap, true, part.row, kk);
        if (failed(words))
          return fail();
        aw = tf32 ? splitWords(*words, kind == DotKind::tf32x2a)
                  : std::pair(*words, Words());
      }
      auto &bw = bSplit[part.column];
      if (bw.first.empty()) {
        auto words = wordsOf(b, bMap, false, kk, part.column);
        if (failed(words))
          return fail();
        bw = tf32 ? splitWords(*words, kind == DotKind::tf32x2b)
                  : std::pair(*words, Words());
      }
      if (!split) {
        part.sums = mma(aw.first, bw.first, part.sums);
        continue;
      }
      if (!aw.second.empty())
        part.small = mma(aw.second, bw.first, part.small);
      if (!bw.second.empty())
        part.small = mma(aw.first, bw.second, part.small);
      part.large = mma(aw.first, bw.first, part.large);
      // The tensor core truncates while it sums: after 32 of k the sum goes to
      // f32 registers, small products first.
      if (!flush)
        continue;
      for (unsigned i = 0; i < 4; ++i) {
        Value both = arith::AddFOp::create(builder, emit.loc, part.small[i],
                                           part.large[i]);
        part.sums[i] =
            arith::AddFOp::create(builder, emit.loc, part.sums[i], both);
        part.small[i] = part.large[i] = zero;
      }
    }
  }
  for (Part &part : parts)
    for (unsigned i = 0; i < 4; ++i)
      acc[part.registers[i]] = {part.sums[i], 0};
  // Copies of an element along zero bases.
  for (unsigned reg = 0; reg < acc.size(); ++reg)
    acc[reg] = acc[accLayout.canonicalRegister(reg)];
  values[op.getResult()] = std::move(acc);
  return success();
}
