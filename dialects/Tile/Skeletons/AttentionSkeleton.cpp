//===- AttentionSkeleton.cpp - Attention without a score matrix -----------===//
//
// A block has BM queries of one head and walks the keys in steps of BN. Scores
// stay in registers: running maximum and sum per row, and the accumulator is
// rescaled when the maximum grows (Milakov and Gimelshein, "Online normalizer
// calculation for softmax"; Dao et al., "FlashAttention").
//
//===----------------------------------------------------------------------===//

#include "dialects/Tile/Skeletons/ContractionDomain.h"
#include "dialects/Tile/Skeletons/ReductionCombiners.h"
#include "dialects/Tile/Skeletons/SkeletonList.h"
#include "dialects/Tile/Skeletons/Staging.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include <numbers>

using namespace mlir;
using namespace raddle;
using namespace raddle::tile;

namespace {

/// The arithmetic of both products.
struct Arithmetic {
  DotKind kind;
  Type element;
  int64_t step; // elements of k in one tile.dot
};

Arithmetic getArithmetic(graph::AttentionOp op) {
  MLIRContext *context = op.getContext();
  Type f16 = Float16Type::get(context), bf16 = BFloat16Type::get(context),
       f32 = Float32Type::get(context);
  Type type = getElementTypeOrSelf(op.getQuery());
  if (type.isF16() || op.getCompute() == graph::ComputeMode::f16)
    return {DotKind::f16, f16, 16};
  if (type.isBF16() || op.getCompute() == graph::ComputeMode::bf16)
    return {DotKind::bf16, bf16, 16};
  if (op.getCompute() == graph::ComputeMode::tf32)
    return {DotKind::tf32, f32, 8};
  return {DotKind::tf32x3, f32, 16};
}

class AttentionSkeleton : public KernelSkeleton {
public:
  StringRef getName() const override { return "attention"; }
  ArrayRef<ParameterInfo> getParameterInfo() const override;
  SmallVector<GroupDim> getDims(graph::GroupOp group) const override;
  std::string getClass(graph::GroupOp group) const override;
  SmallVector<Parameters> enumerate(graph::GroupOp group) const override;
  Footprint getFootprint(graph::GroupOp group,
                         const Parameters &parameters) const override;
  DimGuard getRequirement(graph::GroupOp group,
                          const Parameters &parameters) const override;
  FailureOr<GroupKernels> build(graph::GroupOp group,
                                const Parameters &parameters, StringRef name,
                                OpBuilder &moduleBuilder) const override;
};
} // namespace

static int64_t getHeadSize(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getDimSize(3);
}

/// Head sizes as tiles have them: of queries and keys, of values.
static std::pair<int64_t, int64_t> getPaddedSizes(graph::AttentionOp op) {
  unsigned bits = getArithmetic(op).element.getIntOrFloatBitWidth();
  return {
      std::max<int64_t>(ceilPowerOf2(getHeadSize(op.getQuery())), 256 / bits),
      std::max<int64_t>(ceilPowerOf2(getHeadSize(op.getValue())), 8)};
}

ArrayRef<ParameterInfo> AttentionSkeleton::getParameterInfo() const {
  static constexpr ParameterInfo info[] = {
      {"bm", "queries", "queries of a block, 16 per warp"},
      {"bn", "keys", "keys of one step"},
      {"stages", "steps", "buffers of the ring in shared memory"},
      {"warps", "warps", "warps of a block"},
      {"full", "flag", "1: queries and keys fill their tiles: no masks"},
      {kMinBlocks, "blocks",
       "blocks that a multiprocessor must hold; limits registers"}};
  return info;
}

SmallVector<GroupDim> AttentionSkeleton::getDims(graph::GroupOp group) const {
  auto op = cast<graph::AttentionOp>(group.getRootOp());
  return {{"keys", {{op.getKey(), 2}}},
          {"queries", {{op.getQuery(), 2}}},
          {"heads", {{op.getQuery(), 0}, {op.getQuery(), 1}}}};
}

std::string AttentionSkeleton::getClass(graph::GroupOp group) const {
  auto op = cast<graph::AttentionOp>(group.getRootOp());
  auto [d, e] = getPaddedSizes(op);
  return stringifyDotKind(getArithmetic(op).kind).str() + "-" +
         std::to_string(std::max(d, e));
}

SmallVector<Parameters>
AttentionSkeleton::enumerate(graph::GroupOp group) const {
  auto op = cast<graph::AttentionOp>(group.getRootOp());
  int64_t size = ceilPowerOf2(
      std::max(getHeadSize(op.getQuery()), getHeadSize(op.getValue())));
  unsigned bytes = getArithmetic(op).element.getIntOrFloatBitWidth() / 8;
  int64_t rowBytes = size * bytes;
  SmallVector<Parameters> result;
  auto add = [&](int64_t bm, int64_t bn, int64_t stages, int64_t blocks) {
    Parameters parameters{{"bm", bm},
                          {"bn", bn},
                          {"stages", stages},
                          {"warps", bm / 16},
                          {kMinBlocks, blocks}};
    if (!llvm::is_contained(result, parameters))
      result.push_back(parameters);
  };
  // Left alone, the assembler spills a few registers of 16-bit kernels to fit
  // one more block; those of f32 and long heads it spills where it may take all
  // registers (it then splits the operands of more steps ahead than it can
  // hold).
  bool small = getPaddedSizes(op).first * bytes <= 128;
  int64_t blocks = small ? 2 : bytes == 2 ? 1 : 0;
  if (rowBytes <= 256 && bytes == 2)
    add(64, 64, 3, blocks);
  else if (rowBytes <= 512)
    add(64, 32, 2, blocks);
  else
    add(32, 16, 2, blocks);
  for (int64_t bm : {16, 32, 64, 128})
    for (int64_t bn : {16, 32, 64, 128})
      for (int64_t stages : {2, 3, 4})
        for (int64_t least : {0, 1, 2, 3})
          if (bytes == 2 ? least > 0 : small || least == 0)
            add(bm, bn, stages, least);
  bool dynamic = llvm::any_of(getDims(group), [](const GroupDim &dim) {
    return dim.name != "heads" && dim.getStatic() < 0;
  });
  if (dynamic)
    for (size_t i = 0, e = result.size(); i < e; ++i) {
      Parameters full = result[i];
      full.push_back({"full", 1});
      result.push_back(full);
    }
  return result;
}

Footprint AttentionSkeleton::getFootprint(graph::GroupOp group,
                                          const Parameters &parameters) const {
  auto op = cast<graph::AttentionOp>(group.getRootOp());
  Arithmetic arithmetic = getArithmetic(op);
  int64_t bytes = arithmetic.element.getIntOrFloatBitWidth() / 8;
  int64_t bm = getParameter(parameters, "bm", 64);
  int64_t bn = getParameter(parameters, "bn", 32);
  int64_t stages = getParameter(parameters, "stages", 2);
  auto [d, e] = getPaddedSizes(op);
  Footprint result;
  result.threads = 2 * bm;
  // Queries that are held in registers pass through a stage of keys.
  int64_t queries = bytes == 2 && d <= 128 && bm <= bn ? 0 : bm * d;
  int64_t ring = 0;
  for (int64_t size : {queries, stages * bn * d, stages * bn * e})
    ring += llvm::alignTo(size * bytes, 128);
  result.sharedBytes = std::max(ring, bm * e * 4);
  // A warp has 16 rows: sums, scores, probabilities, fragments of keys.
  bool triple = arithmetic.kind == DotKind::tf32x3;
  result.registers = 60 + 16 * e / 32 + (bytes == 2 && d <= 128 ? d / 4 : 0) +
                     16 * bn / 32 * bytes / 4 +
                     (triple ? 2 : 1) * (16 * bn / 32 + 16 * bytes / 4);
  return result;
}

DimGuard AttentionSkeleton::getRequirement(graph::GroupOp group,
                                           const Parameters &parameters) const {
  DimGuard guard;
  if (!getParameter(parameters, "full", 0))
    return guard;
  for (const GroupDim &dim : getDims(group))
    if (dim.name != "heads" && dim.getStatic() < 0)
      guard.push_back(
          {dim.name, DimPredicate::noMax,
           getParameter(parameters, dim.name == "queries" ? "bm" : "bn", 1)});
  return guard;
}

FailureOr<GroupKernels>
AttentionSkeleton::build(graph::GroupOp group, const Parameters &parameters,
                         StringRef name, OpBuilder &moduleBuilder) const {
  auto op = cast<graph::AttentionOp>(group.getRootOp());
  int64_t bm = getParameter(parameters, "bm", 64);
  int64_t bn = getParameter(parameters, "bn", 32);
  int64_t stages = getParameter(parameters, "stages", 2);
  int64_t warps = bm / 16;
  int64_t d = getHeadSize(op.getQuery()), e = getHeadSize(op.getValue());
  if (ShapedType::isDynamic(d) || ShapedType::isDynamic(e) || d > 256 ||
      e > 256)
    return op.emitOpError("expected head sizes that are static and at most "
                          "256, found ")
           << d << " and " << e;
  if (getElementTypeOrSelf(op.getQuery()).isF64())
    return op.emitOpError("expected f32, f16 or bf16 operands, found f64");
  Arithmetic arithmetic = getArithmetic(op);
  Type type = arithmetic.element;
  unsigned bits = type.getIntOrFloatBitWidth(), bytes = bits / 8;
  auto [dp, ep] = getPaddedSizes(op);
  bool full = getParameter(parameters, "full", 0);

  KernelBuilder kernel(group, name, warps, moduleBuilder);
  OpBuilder &b = kernel.builder;
  Location loc = kernel.loc;
  Type f32 = b.getF32Type();
  Value batches = kernel.getExtent(op.getQuery(), 0);
  Value heads = kernel.getExtent(op.getQuery(), 1);
  Value kvHeads = kernel.getExtent(op.getKey(), 1);
  Value mTotal = kernel.getExtent(op.getQuery(), 2);
  Value nTotal = kernel.getExtent(op.getKey(), 2);
  Value mTiles =
      arith::CeilDivUIOp::create(b, loc, mTotal, kernel.constant(bm));
  Value blocks = kernel.product({batches, heads, mTiles});
  // Tiles of one head are neighbours: they share keys and values in L2.
  Value pid = kernel.blockId();
  Value mStart = arith::MulIOp::create(
      b, loc, arith::RemUIOp::create(b, loc, pid, mTiles), kernel.constant(bm));
  Value row = arith::DivUIOp::create(b, loc, pid, mTiles);
  Value head = arith::RemUIOp::create(b, loc, row, heads);
  Value batch = arith::DivUIOp::create(b, loc, row, heads);
  Value kvHead = head;
  if (heads != kvHeads) {
    Value ratio = arith::DivUIOp::create(b, loc, heads, kvHeads);
    kvHead = arith::DivUIOp::create(b, loc, head, ratio);
  }

  // Shared memory: queries once, keys [D, BN] and values [BN, E] in a ring.
  bool transposes = bytes == 2;
  auto queryType = SharedType::get(b.getContext(), 1, {bm, dp}, type, {1, 0},
                                   chooseSwizzle(dp, bytes, true, false));
  auto keyType = SharedType::get(b.getContext(), stages, {dp, bn}, type, {0, 1},
                                 chooseSwizzle(dp, bytes, true, false));
  auto valueType =
      SharedType::get(b.getContext(), stages, {bn, ep}, type, {1, 0},
                      chooseSwizzle(ep, bytes, transposes, true));
  Value keys = AllocOp::create(b, loc, keyType, IntegerAttr());
  Value values = AllocOp::create(b, loc, valueType, IntegerAttr());
  // Queries of few registers are held there (split f32 operands need them
  // otherwise); on their way they pass through the stage of keys that is filled
  // last.
  bool holdsQueries = bytes == 2 && dp <= 128;
  Value queries =
      holdsQueries && bm <= bn
          ? Value(ViewOp::create(b, loc, queryType, keys, stages - 1))
          : Value(AllocOp::create(b, loc, queryType, IntegerAttr()));
  bool ok = true;
  auto mask = [&](TileElementBuilder &element, Value index, Value total,
                  int64_t tile) {
    auto known = graph::getConstantIndex(total);
    if (known ? *known > 0 && *known % tile == 0 : full)
      return;
    Value inside = element.compare(arith::CmpIPredicate::slt, index, total);
    element.mask = element.mask
                       ? element.create<arith::AndIOp>({element.mask, inside})
                       : inside;
  };
  auto stageKeys = [&](OpBuilder &builder, Value nStart, Value slot,
                       Value valid) {
    unsigned vector = 16 / bytes;
    {
      TileElementBuilder element(
          kernel, builder, {dp, bn},
          LinearLayout::blocked({dp, bn}, vector, warps, {0, 1}));
      Value n = element.add(nStart, element.index(1)), k = element.index(0);
      element.mask = valid;
      mask(element, n, nTotal, bn);
      mask(element, k, kernel.constant(d), dp);
      Value key = element.evaluate(op.getKey(), {batch, kvHead, n, k});
      stageTile(element, key, type, keys, slot);
      ok &= !element.failed();
    }
    TileElementBuilder element(
        kernel, builder, {bn, ep},
        LinearLayout::blocked({bn, ep}, vector, warps, {1, 0}));
    Value n = element.add(nStart, element.index(0)), k = element.index(1);
    element.mask = valid;
    mask(element, n, nTotal, bn);
    mask(element, k, kernel.constant(e), ep);
    Value value = element.evaluate(op.getValue(), {batch, kvHead, n, k});
    stageTile(element, value, type, values, slot);
    ok &= !element.failed();
  };
  Value zero = kernel.constant(0), one = kernel.constant(1);
  {
    TileElementBuilder element(
        kernel, b, {bm, dp},
        LinearLayout::blocked({bm, dp}, 16 / bytes, warps, {1, 0}));
    Value m = element.add(mStart, element.index(0)), k = element.index(1);
    mask(element, m, mTotal, bm);
    mask(element, k, kernel.constant(d), dp);
    Value query = element.evaluate(op.getQuery(), {batch, head, m, k});
    stageTile(element, query, type, queries, zero);
    ok &= !element.failed();
    CommitOp::create(b, loc);
  }
  // Tiles of keys behind the last one that a query of this block sees are not
  // visited: query m sees the keys up to m + nTotal - mTotal.
  Value nEnd = nTotal;
  if (op.getCausal()) {
    Value seen = arith::AddIOp::create(
        b, loc, arith::AddIOp::create(b, loc, mStart, kernel.constant(bm)),
        arith::SubIOp::create(b, loc, nTotal, mTotal));
    nEnd = arith::MaxSIOp::create(b, loc, zero,
                                  arith::MinSIOp::create(b, loc, nTotal, seen));
  }
  auto isBelow = [&](OpBuilder &builder, Value n) -> Value {
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, n,
                                 nEnd);
  };
  for (int64_t s = 0; s + 1 < stages; ++s) {
    Value start = kernel.constant(s * bn);
    stageKeys(b, start, kernel.constant(s), s ? isBelow(b, start) : Value());
    CommitOp::create(b, loc);
  }

  int64_t step = std::min(arithmetic.step, dp);
  auto loadQueries = [&](OpBuilder &builder, int64_t k) -> Value {
    auto fragments = getTileType(
        {bm, step}, type, LinearLayout::mmaOperandA(bm, step, bits, warps, 1));
    return LocalLoadOp::create(builder, loc, fragments, queries, zero,
                               ArrayRef<int64_t>{0, k});
  };
  SmallVector<Value> heldQueries;
  if (holdsQueries) {
    WaitOp::create(b, loc, stages - 1);
    BarrierOp::create(b, loc);
    for (int64_t k = 0; k < dp; k += step)
      heldQueries.push_back(loadQueries(b, k));
  }

  LinearLayout scoreLayout = LinearLayout::mmaAccumulator(bm, bn, warps, 1);
  LinearLayout outLayout = LinearLayout::mmaAccumulator(bm, ep, warps, 1);
  auto scoreType = getTileType({bm, bn}, f32, scoreLayout);
  auto outType = getTileType({bm, ep}, f32, outLayout);
  LinearLayout rowLayout = scoreLayout.dropDim(1);
  auto rowType = getTileType({bm, 1}, f32, rowLayout);
  auto splat = [&](Type tile, float number) -> Value {
    return BroadcastOp::create(
        b, loc, tile,
        arith::ConstantOp::create(b, loc, b.getF32FloatAttr(number)));
  };
  float infinity = std::numeric_limits<float>::infinity();
  Value noScores = splat(scoreType, 0);
  auto loop = scf::ForOp::create(
      b, loc, zero, nEnd, kernel.constant(bn),
      ValueRange{splat(outType, 0), splat(rowType, -infinity),
                 splat(rowType, 0), zero, kernel.constant(stages - 1)});
  {
    OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
    Value nStart = loop.getInductionVar();
    Value acc = loop.getRegionIterArg(0), maximum = loop.getRegionIterArg(1),
          sum = loop.getRegionIterArg(2), slot = loop.getRegionIterArg(3),
          nextSlot = loop.getRegionIterArg(4);
    WaitOp::create(inner, loc, stages - 2);
    BarrierOp::create(inner, loc);
    Value next = arith::AddIOp::create(inner, loc, nStart,
                                       kernel.constant((stages - 1) * bn));
    stageKeys(inner, next, nextSlot, isBelow(inner, next));
    CommitOp::create(inner, loc);

    // Scores.
    Value scores = noScores;
    for (int64_t k = 0; k < dp; k += step) {
      auto bType =
          getTileType({step, bn}, type,
                      LinearLayout::mmaOperandB(step, bn, bits, warps, 1));
      Value q = holdsQueries ? heldQueries[k / step] : loadQueries(inner, k);
      Value kk = LocalLoadOp::create(inner, loc, bType, keys, slot,
                                     ArrayRef<int64_t>{k, 0});
      scores =
          DotOp::create(inner, loc, scoreType, arithmetic.kind, q, kk, scores);
    }
    TileElementBuilder element(kernel, inner, {bm, bn}, scoreLayout);
    Value m = element.add(mStart, element.index(0));
    Value n = element.add(nStart, element.index(1));
    // Probabilities that are rounded to 16 bits are approximate powers of two,
    // of a score in units of `unit`; a scale that nothing but the maximum comes
    // after is part of the unit.
    bool approximate = bytes == 2;
    double scale = op.getScale().convertToDouble(), unit = std::numbers::log2e;
    Value score = scores;
    if (approximate && scale > 0 && !op.getMask() && op.getSoftcap().isZero())
      unit *= scale;
    else
      score =
          element.create<arith::MulFOp>({scores, element.number(scale, f32)});
    if (double cap = op.getSoftcap().convertToDouble(); cap > 0) {
      Value scaled =
          element.create<arith::DivFOp>({score, element.number(cap, f32)});
      score = element.create<arith::MulFOp>(
          {element.create<math::TanhOp>({scaled}), element.number(cap, f32)});
    }
    if (Value additive = op.getMask()) {
      mask(element, m, mTotal, bm);
      mask(element, n, nTotal, bn);
      auto maskType = cast<RankedTensorType>(additive.getType());
      Indices at{batch, head, m, n};
      for (int64_t dim = 0; dim < 4; ++dim)
        if (maskType.getDimSize(dim) == 1)
          at[dim] = element.integer(0);
      Value added = convertNumber(element, element.evaluate(additive, at), f32);
      score = element.create<arith::AddFOp>({score, added});
    }
    Value minusInfinity = element.number(-infinity, f32);
    auto known = graph::getConstantIndex(nTotal);
    if (known ? *known % bn != 0 : !full) {
      Value inside = element.compare(arith::CmpIPredicate::slt, n, nTotal);
      score = element.select(inside, score, minusInfinity);
    }
    if (op.getCausal()) {
      Value last = element.add(m, element.sub(nTotal, mTotal));
      Value inside = element.compare(arith::CmpIPredicate::sle, n, last);
      score = element.select(inside, score, minusInfinity);
    }
    score = element.full(score);
    ok &= !element.failed();

    auto reduce = [&](graph::ReduceKind kind, Value tile) -> Value {
      Combiner combiner = getCombiner(kind, f32);
      auto reduced =
          ReduceOp::create(inner, loc, TypeRange{rowType}, 1, ValueRange{tile});
      OpBuilder::InsertionGuard guard(inner);
      Block *block =
          inner.createBlock(&reduced.getCombiner(), {}, {f32, f32}, {loc, loc});
      YieldOp::create(inner, loc,
                      combiner.combine(inner, loc, {block->getArgument(0)},
                                       {block->getArgument(1)}));
      return reduced.getResult(0);
    };
    TileElementBuilder rows(kernel, inner, {bm, 1}, rowLayout);
    Value newMaximum = rows.create<arith::MaximumFOp>(
        {maximum, reduce(graph::ReduceKind::max, score)});
    // A row without any key so far: exp(-inf - 0) is 0, not NaN.
    Value none = rows.compare(arith::CmpFPredicate::OEQ, newMaximum,
                              rows.number(-infinity, f32));
    Value reference = rows.select(none, rows.number(0, f32), newMaximum);
    // The difference first: scaled scores would be rounded by more than one
    // where they are large.
    auto weigh = [&](TileElementBuilder &at, Value logit) -> Value {
      Value below = at.create<arith::SubFOp>({logit, reference});
      if (!approximate)
        return at.create<math::ExpOp>({below});
      return at.create<math::Exp2Op>(
          {at.create<arith::MulFOp>({below, at.number(unit, f32)})});
    };
    Value p = weigh(element, score);
    Value rescale = weigh(rows, maximum);
    Value newSum = rows.create<arith::AddFOp>(
        {rows.create<arith::MulFOp>({sum, rescale}),
         reduce(graph::ReduceKind::add, element.full(p))});

    // Probabilities become the left operand where they are.
    Value probabilities = element.full(convertNumber(element, p, type));
    auto pType =
        getTileType({bm, bn}, type,
                    LinearLayout::mmaOperandA(bm, bn, bits, warps, 1, true));
    probabilities = ConvertOp::create(inner, loc, pType, probabilities);
    auto vType =
        getTileType({bn, ep}, type,
                    LinearLayout::mmaOperandB(bn, ep, bits, warps, 1, true));
    Value v = LocalLoadOp::create(inner, loc, vType, values, slot,
                                  ArrayRef<int64_t>{0, 0});
    TileElementBuilder out(kernel, inner, {bm, ep}, outLayout);
    Value rescaleOut = ConvertOp::create(
        inner, loc, getTileType({bm, 1}, f32, outLayout.dropDim(1)), rescale);
    acc = out.create<arith::MulFOp>({acc, rescaleOut});
    acc = DotOp::create(inner, loc, outType, arithmetic.kind, probabilities, v,
                        acc);
    auto advance = [&](Value s) -> Value {
      Value following = arith::AddIOp::create(inner, loc, s, one);
      Value wraps = arith::CmpIOp::create(inner, loc, arith::CmpIPredicate::eq,
                                          following, kernel.constant(stages));
      return arith::SelectOp::create(inner, loc, wraps, zero, following);
    };
    scf::YieldOp::create(
        inner, loc,
        ValueRange{acc, newMaximum, newSum, advance(slot), advance(nextSlot)});
  }
  if (!ok)
    return failure();
  WaitOp::create(b, loc, 0);

  // Normalise and store, in a layout whose rows are runs of memory.
  TileElementBuilder out(kernel, b, {bm, ep}, outLayout);
  Value sum =
      ConvertOp::create(b, loc, getTileType({bm, 1}, f32, outLayout.dropDim(1)),
                        loop.getResult(2));
  Value result = out.create<arith::DivFOp>({loop.getResult(0), sum});
  // Without any key the sum over values is empty, not undefined.
  if (auto known = graph::getConstantIndex(nTotal); !known || *known == 0) {
    Value anyKey =
        out.compare(arith::CmpIPredicate::sgt, nTotal, out.integer(0));
    result = out.select(anyKey, result, out.number(0, f32));
  }
  if (op.getMaskedRowsZero()) {
    Value any = out.compare(arith::CmpFPredicate::OGT, sum, out.number(0, f32));
    result = out.select(any, result, out.number(0, f32));
  }
  LinearLayout storeLayout =
      getEpilogueLayout(op.getResult(), {bm, ep}, warps, {1, 0}, e);
  TileElementBuilder element(kernel, b, {bm, ep}, storeLayout);
  Value m = element.add(mStart, element.index(0)), n = element.index(1);
  mask(element, m, mTotal, bm);
  mask(element, n, kernel.constant(e), ep);
  Indices at{batch, head, m, n};
  if (failed(storeEpilogue(
          kernel, element, op.getResult(), at,
          exchangeResult(out, result, element, op.getResult(), at))))
    return failure();
  GroupKernels kernels;
  kernels.kernels.push_back(kernel.finish(blocks));
  return kernels;
}

const KernelSkeleton &raddle::tile::getAttentionSkeleton() {
  static const AttentionSkeleton skeleton;
  return skeleton;
}
