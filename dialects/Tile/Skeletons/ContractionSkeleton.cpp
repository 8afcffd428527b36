//===- ContractionSkeleton.cpp - Products summed over k -------------------===//
//
// A block computes a tile [BM, BN] of one batch: it walks k in steps of BK
// through a ring of stages in shared memory and multiplies on tensor cores.
// Convolution is the same with operands whose elements are found by the index
// arithmetic of the window (implicit contraction).
//
//===----------------------------------------------------------------------===//

#include "dialects/Tile/Skeletons/ContractionDomain.h"
#include "dialects/Tile/Skeletons/ContractionSpace.h"
#include "dialects/Tile/Skeletons/KernelBuilder.h"
#include "dialects/Tile/Skeletons/ReductionCombiners.h"
#include "dialects/Tile/Skeletons/SkeletonList.h"
#include "dialects/Tile/Skeletons/Staging.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::tile;

namespace {

/// One operand on its way to the tensor cores.
struct Operand {
  bool isA;
  Type element;                  // in shared memory
  SmallVector<int64_t, 2> shape; // [BM, BK] or [BK, BN]
  bool kFast;                    // memory runs along k
  LinearLayout copyLayout;
  SharedType sharedType;
  Value buffer;
};

class ContractionSkeleton : public KernelSkeleton {
public:
  /// With `holdsRows` a block computes whole rows of the result, so that its
  /// epilogue may normalise them.
  explicit ContractionSkeleton(bool holdsRows) : holdsRows(holdsRows) {}

  StringRef getName() const override {
    return holdsRows ? "row_contraction" : "contraction";
  }
  ArrayRef<ParameterInfo> getParameterInfo() const override {
    return ContractionSpace::getParameterInfo();
  }
  SmallVector<GroupDim> getDims(graph::GroupOp group) const override {
    return ContractionSpace(group, holdsRows).getDims();
  }
  std::string getClass(graph::GroupOp group) const override {
    return ContractionSpace(group, holdsRows).getClass();
  }
  SmallVector<Parameters> enumerate(graph::GroupOp group) const override {
    return ContractionSpace(group, holdsRows).enumerate();
  }
  Footprint getFootprint(graph::GroupOp group,
                         const Parameters &parameters) const override {
    return ContractionSpace(group, holdsRows).getFootprint(parameters);
  }
  DimGuard getRequirement(graph::GroupOp group,
                          const Parameters &parameters) const override {
    return ContractionSpace(group, holdsRows).getRequirement(parameters);
  }
  FailureOr<GroupKernels> build(graph::GroupOp group,
                                const Parameters &parameters, StringRef name,
                                OpBuilder &moduleBuilder) const override;

private:
  FailureOr<GroupKernels> buildTensorCore(graph::GroupOp group,
                                          const ContractionDomain &domain,
                                          const Parameters &parameters,
                                          StringRef name,
                                          OpBuilder &moduleBuilder) const;
  FailureOr<GroupKernels> buildSequential(graph::GroupOp group,
                                          const ContractionDomain &domain,
                                          const Parameters &parameters,
                                          StringRef name,
                                          OpBuilder &moduleBuilder) const;

  bool holdsRows;
};

/// Computes the norms of the epilogue: rows lie along dim 1 of the tile, from
/// its first column on.
void defineNorms(KernelBuilder &kernel, TileElementBuilder &element,
                 OpBuilder &b, Value column, ArrayRef<Value> at) {
  Location loc = kernel.loc;
  LinearLayout rowLayout = element.getLinearLayout().dropDim(1);
  int64_t rowCount = element.getShape()[0], width = element.getShape()[1];
  for (Operation &op : kernel.group.getBody().front()) {
    auto norm = dyn_cast<graph::NormOp>(op);
    if (!norm)
      continue;
    Type f32 = b.getF32Type();
    int64_t size = norm.getType().getShape().back();
    Value inside;
    if (size != width)
      inside = element.compare(arith::CmpIPredicate::slt, column,
                               element.integer(size));
    TileElementBuilder rows(kernel, b, {rowCount, 1}, rowLayout);
    auto mean = [&](Value value) {
      if (inside)
        value = element.select(inside, value, element.number(0, f32));
      Combiner combiner = getCombiner(graph::ReduceKind::add, f32);
      auto sum = ReduceOp::create(
          b, loc, TypeRange{getTileType({rowCount, 1}, f32, rowLayout)}, 1,
          ValueRange{element.full(value)});
      {
        OpBuilder::InsertionGuard guard(b);
        Block *block =
            b.createBlock(&sum.getCombiner(), {}, {f32, f32}, {loc, loc});
        YieldOp::create(b, loc,
                        combiner.combine(b, loc, {block->getArgument(0)},
                                         {block->getArgument(1)}));
      }
      return rows.create<arith::DivFOp>(
          {sum.getResult(0), rows.number(double(size), f32)});
    };
    Value value =
        convertNumber(element, element.evaluate(norm.getInput(), at), f32);
    if (norm.getKind() == graph::NormKind::layer)
      value = element.create<arith::SubFOp>({value, mean(value)});
    Value variance = mean(element.create<arith::MulFOp>({value, value}));
    Value root = rows.create<math::SqrtOp>({rows.create<arith::AddFOp>(
        {variance, rows.number(norm.getEpsilon().convertToDouble(), f32)})});
    value = element.create<arith::DivFOp>({value, root});
    auto parameter = [&](Value tensor) {
      auto type = cast<RankedTensorType>(tensor.getType());
      Indices indices;
      if (type.getRank() > 0)
        indices.push_back(type.getDimSize(0) == 1 ? element.integer(0)
                                                  : at.back());
      return convertNumber(element, element.evaluate(tensor, indices), f32);
    };
    if (norm.getScale())
      value =
          element.create<arith::MulFOp>({value, parameter(norm.getScale())});
    if (norm.getBias())
      value = element.create<arith::AddFOp>({value, parameter(norm.getBias())});
    element.define(
        norm.getResult(), at,
        convertNumber(element, value, norm.getType().getElementType()));
  }
}

} // namespace

FailureOr<GroupKernels>
ContractionSkeleton::build(graph::GroupOp group, const Parameters &parameters,
                           StringRef name, OpBuilder &moduleBuilder) const {
  ContractionDomain domain(group.getRootOp());
  if (holdsRows) {
    int64_t columns = domain.getStaticExtent(domain.n);
    if (!domain.usesTensorCores() || columns <= 0 ||
        columns > getParameter(parameters, "bn", 64))
      return group.emitOpError("of skeleton 'row_contraction' expected a "
                               "product for tensor cores with rows of at most ")
             << getParameter(parameters, "bn", 64) << " columns";
  }
  if (domain.usesTensorCores())
    return buildTensorCore(group, domain, parameters, name, moduleBuilder);
  return buildSequential(group, domain, parameters, name, moduleBuilder);
}

/// Index vectors of the operands and the result at (batch, m, n, k).
FailureOr<GroupKernels> ContractionSkeleton::buildTensorCore(
    graph::GroupOp group, const ContractionDomain &domain,
    const Parameters &parameters, StringRef name,
    OpBuilder &moduleBuilder) const {
  int64_t bm = getParameter(parameters, "bm", 64);
  int64_t bn = getParameter(parameters, "bn", 64);
  int64_t bk = getParameter(parameters, "bk", 32);
  int64_t warpsM = getParameter(parameters, "warps_m", 2);
  int64_t warpsN = getParameter(parameters, "warps_n", 2);
  int64_t stages = getParameter(parameters, "stages", 3);
  int64_t warps = warpsM * warpsN;
  KernelBuilder kernel(group, name, warps, moduleBuilder);
  OpBuilder &b = kernel.builder;
  Location loc = kernel.loc;
  DotKind kind = domain.getDotKind();

  // Extents of the collapsed axes.
  auto extentsOf = [&](ArrayRef<ContractionDomain::Axis> axes) {
    SmallVector<Value> result;
    for (const auto &axis : axes)
      result.push_back(domain.getExtent(kernel, axis));
    return result;
  };
  SmallVector<Value> mExtents = extentsOf(domain.m),
                     nExtents = extentsOf(domain.n),
                     kExtents = extentsOf(domain.k),
                     batchExtents = extentsOf(domain.batch);
  Value mTotal = kernel.product(mExtents), nTotal = kernel.product(nExtents),
        kTotal = kernel.product(kExtents), batch = kernel.product(batchExtents);

  // Blocks: n fastest, so that neighbours share rows of A.
  Value mTiles =
      arith::CeilDivUIOp::create(b, loc, mTotal, kernel.constant(bm));
  Value nTiles =
      arith::CeilDivUIOp::create(b, loc, nTotal, kernel.constant(bn));
  Value perBatch = arith::MulIOp::create(b, loc, mTiles, nTiles);
  Value blocks = arith::MulIOp::create(b, loc, perBatch, batch);
  Value pid = kernel.blockId();
  Value batchIndex = arith::DivUIOp::create(b, loc, pid, perBatch);
  Value inBatch = arith::RemUIOp::create(b, loc, pid, perBatch);
  Value mStart = arith::MulIOp::create(
      b, loc, arith::DivUIOp::create(b, loc, inBatch, nTiles),
      kernel.constant(bm));
  Value nStart = arith::MulIOp::create(
      b, loc, arith::RemUIOp::create(b, loc, inBatch, nTiles),
      kernel.constant(bn));

  bool full = getParameter(parameters, "full", 0);
  auto isMultiple = [&](Value total, int64_t tile) {
    if (auto known = graph::getConstantIndex(total))
      return *known % tile == 0;
    return full; // the guard of the variant says so
  };

  // Operands.
  Operand operands[2];
  for (int side = 0; side < 2; ++side) {
    Operand &operand = operands[side];
    operand.isA = side == 0;
    operand.element = domain.getOperandType(side);
    operand.shape = side == 0 ? SmallVector<int64_t, 2>{bm, bk}
                              : SmallVector<int64_t, 2>{bk, bn};
    operand.kFast = domain.isKFast(side);
    unsigned bytes = operand.element.getIntOrFloatBitWidth() / 8;
    unsigned kDim = side == 0 ? 1 : 0;
    unsigned fastDim = operand.kFast ? kDim : 1 - kDim;
    // ldmatrix transposes 16-bit elements only.
    bool matrixLoads = operand.kFast || bytes == 2;
    if (bytes == 1 && !operand.kFast)
      matrixLoads = false;
    int64_t fast = operand.shape[fastDim];
    operand.sharedType =
        SharedType::get(b.getContext(), stages, operand.shape, operand.element,
                        {int64_t(fastDim), int64_t(1 - fastDim)},
                        chooseSwizzle(fast, bytes, matrixLoads, false));
    operand.copyLayout = LinearLayout::blocked(operand.shape, 16 / bytes, warps,
                                               {fastDim, 1 - fastDim});
    operand.buffer = AllocOp::create(b, loc, operand.sharedType, IntegerAttr());
  }

  // Brings step `k` (an i32 scalar) of an operand to a stage.
  auto stage = [&](OpBuilder &builder, Operand &operand, Value kStart,
                   Value slot, Value valid) {
    TileElementBuilder element(kernel, builder, operand.shape,
                               operand.copyLayout);
    Value across = element.add(operand.isA ? mStart : nStart,
                               element.index(operand.isA ? 0 : 1));
    Value along = element.add(kStart, element.index(operand.isA ? 1 : 0));
    Value mask = valid;
    auto restrict = [&](Value index, Value total, int64_t tile) {
      if (isMultiple(total, tile))
        return;
      Value inside = element.compare(arith::CmpIPredicate::slt, index, total);
      mask = mask ? element.create<arith::AndIOp>({mask, inside}) : inside;
    };
    restrict(across, operand.isA ? mTotal : nTotal, operand.isA ? bm : bn);
    restrict(along, kTotal, bk);
    element.mask = mask;
    Indices free =
        element.delinearize(across, operand.isA ? mExtents : nExtents);
    Indices inner = element.delinearize(along, kExtents);
    Indices outer = element.delinearize(batchIndex, batchExtents);
    Value value =
        domain.evaluate(element, operand.isA ? 0 : 1, outer, free, inner);
    if (element.failed())
      return false;
    if (operand.isA && domain.scalesLeft()) {
      value = convertNumber(element, value, b.getF32Type());
      value = element.create<arith::MulFOp>(
          {value,
           element.number(1 / ContractionDomain::leftScale, b.getF32Type())});
    }
    stageTile(element, value, operand.element, operand.buffer, slot);
    return !element.failed();
  };

  // Fill the ring.
  Value zero = kernel.constant(0), one = kernel.constant(1);
  bool ok = true;
  for (int64_t s = 0; s + 1 < stages; ++s) {
    Value kStart = kernel.constant(s * bk);
    Value valid;
    auto known = graph::getConstantIndex(kTotal);
    if (!known || *known <= s * bk)
      valid = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, kStart,
                                    kTotal);
    for (Operand &operand : operands)
      ok &= stage(b, operand, kStart, kernel.constant(s), valid);
    CommitOp::create(b, loc);
  }
  if (!ok)
    return failure();

  // The loop over k.
  Type accElement = domain.getAccumulatorType();
  LinearLayout accLayout = LinearLayout::mmaAccumulator(bm, bn, warpsM, warpsN);
  auto accType = getTileType({bm, bn}, accElement, accLayout);
  Value accZero = BroadcastOp::create(
      b, loc, accType,
      arith::ConstantOp::create(b, loc, b.getZeroAttr(accElement)));
  auto loop = scf::ForOp::create(
      b, loc, zero, kTotal, kernel.constant(bk),
      ValueRange{accZero, zero, kernel.constant(stages - 1)});
  {
    OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
    Value k = loop.getInductionVar();
    Value acc = loop.getRegionIterArg(0), slot = loop.getRegionIterArg(1),
          nextSlot = loop.getRegionIterArg(2);
    WaitOp::create(inner, loc, stages - 2);
    BarrierOp::create(inner, loc);
    Value kNext = arith::AddIOp::create(inner, loc, k,
                                        kernel.constant((stages - 1) * bk));
    Value valid = arith::CmpIOp::create(inner, loc, arith::CmpIPredicate::slt,
                                        kNext, kTotal);
    for (Operand &operand : operands)
      ok &= stage(inner, operand, kNext, nextSlot, valid);
    CommitOp::create(inner, loc);
    unsigned bits = operands[0].element.getIntOrFloatBitWidth();
    int64_t step = domain.getDotStep();
    for (int64_t kk = 0; kk < bk; kk += step) {
      auto aType = getTileType(
          {bm, step}, operands[0].element,
          LinearLayout::mmaOperandA(bm, step, bits, warpsM, warpsN));
      auto bType = getTileType(
          {step, bn}, operands[1].element,
          LinearLayout::mmaOperandB(step, bn, bits, warpsM, warpsN));
      Value a = LocalLoadOp::create(inner, loc, aType, operands[0].buffer, slot,
                                    ArrayRef<int64_t>{0, kk});
      Value bb = LocalLoadOp::create(inner, loc, bType, operands[1].buffer,
                                     slot, ArrayRef<int64_t>{kk, 0});
      acc = DotOp::create(inner, loc, accType, kind, a, bb, acc);
    }
    auto advance = [&](Value s) -> Value {
      Value next = arith::AddIOp::create(inner, loc, s, one);
      Value wraps = arith::CmpIOp::create(inner, loc, arith::CmpIPredicate::eq,
                                          next, kernel.constant(stages));
      return arith::SelectOp::create(inner, loc, wraps, zero, next);
    };
    scf::YieldOp::create(inner, loc,
                         ValueRange{acc, advance(slot), advance(nextSlot)});
  }
  if (!ok)
    return failure();
  WaitOp::create(b, loc, 0);

  // Epilogue: in a layout whose rows are runs of memory.
  bool nFast = domain.isResultNFast();
  Value root = group.getRootOp()->getResult(0);
  SmallVector<unsigned, 2> order =
      nFast ? SmallVector<unsigned, 2>{1, 0} : SmallVector<unsigned, 2>{0, 1};
  const auto &fastAxes = nFast ? domain.n : domain.m;
  LinearLayout outLayout = getEpilogueLayout(
      root, {bm, bn}, warps, order,
      fastAxes.empty() ? 1 : domain.getStaticExtent({fastAxes.back()}));
  TileElementBuilder fragments(kernel, b, {bm, bn}, accLayout);
  TileElementBuilder element(kernel, b, {bm, bn}, outLayout);
  Value m = element.add(mStart, element.index(0));
  Value n = element.add(nStart, element.index(1));
  auto restrict = [&](Value index, Value total, int64_t tile) {
    if (isMultiple(total, tile))
      return;
    Value inside = element.compare(arith::CmpIPredicate::slt, index, total);
    element.mask = element.mask
                       ? element.create<arith::AndIOp>({element.mask, inside})
                       : inside;
  };
  restrict(m, mTotal, bm);
  restrict(n, nTotal, bn);
  Indices at =
      domain.getResultIndices(element.delinearize(batchIndex, batchExtents),
                              element.delinearize(m, mExtents),
                              element.delinearize(n, nExtents), element);
  Value acc = loop.getResult(0);
  if (domain.scalesLeft())
    acc = fragments.create<arith::MulFOp>(
        {acc, fragments.number(ContractionDomain::leftScale, accElement)});
  Value product = exchangeResult(fragments, acc, element, root, at);
  if (holdsRows) {
    if (product)
      element.define(root, at, product);
    defineNorms(kernel, element, b, n, at);
  }
  if (failed(storeEpilogue(kernel, element, root, at, product)))
    return failure();
  GroupKernels kernels;
  kernels.kernels.push_back(kernel.finish(blocks));
  return kernels;
}

FailureOr<GroupKernels> ContractionSkeleton::buildSequential(
    graph::GroupOp group, const ContractionDomain &domain,
    const Parameters &parameters, StringRef name,
    OpBuilder &moduleBuilder) const {
  int64_t warps = getParameter(parameters, "warps", 4);
  int64_t vector = getParameter(parameters, "vector", 1);
  int64_t block = warps * 32 * vector;
  KernelBuilder kernel(group, name, warps, moduleBuilder);
  OpBuilder &b = kernel.builder;
  Location loc = kernel.loc;
  LinearLayout layout = LinearLayout::blocked({block}, vector, warps, {0});
  TileElementBuilder element(kernel, b, {block}, layout);
  Value root = group.getRootOp()->getResult(0);
  Value total = kernel.product(kernel.getExtents(root));
  Value linear = element.add(
      element.mul(kernel.blockId(), element.integer(block)), element.index(0));
  auto known = graph::getConstantIndex(total);
  if (!known || *known % block)
    element.mask = element.compare(arith::CmpIPredicate::slt, linear, total);
  Indices at = element.delinearize(linear, root);
  element.setLinear(at, linear, root);
  Indices batch, m, n;
  domain.splitResultIndices(element, at, batch, m, n);

  SmallVector<Value> kExtents;
  for (const auto &axis : domain.k)
    kExtents.push_back(domain.getExtent(kernel, axis));
  Value kTotal = kernel.product(kExtents);
  Type accElement = domain.getAccumulatorType();
  Value init = element.fill(b.getZeroAttr(accElement));
  auto loop = scf::ForOp::create(b, loc, kernel.constant(0), kTotal,
                                 kernel.constant(1), ValueRange{init});
  {
    OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
    TileElementBuilder body(kernel, inner, {block}, layout);
    body.mask = element.mask;
    Indices k = body.delinearize(loop.getInductionVar(), kExtents);
    Value lhs = domain.evaluate(body, 0, batch, m, k);
    Value rhs = domain.evaluate(body, 1, batch, n, k);
    if (body.failed())
      return failure();
    auto widen = [&](Value value, unsigned side) {
      if (domain.isUnsigned(side) && getElementTypeOrSelf(value) != accElement)
        return body.full(arith::ExtUIOp::create(
            inner, loc, body.withElementType(value.getType(), accElement),
            value));
      return body.full(convertNumber(body, value, accElement));
    };
    lhs = widen(lhs, 0);
    rhs = widen(rhs, 1);
    Value acc = loop.getRegionIterArg(0);
    if (isa<FloatType>(accElement))
      acc = body.create<math::FmaOp>({lhs, rhs, acc});
    else
      acc = body.create<arith::AddIOp>(
          {acc, body.create<arith::MulIOp>({lhs, rhs})});
    scf::YieldOp::create(inner, loc, acc);
  }
  Value value =
      convertNumber(element, loop.getResult(0), domain.getResultElementType());
  if (failed(storeEpilogue(kernel, element, root, at, value)))
    return failure();
  Value blocks =
      arith::CeilDivUIOp::create(b, loc, total, kernel.constant(block));
  GroupKernels kernels;
  kernels.kernels.push_back(kernel.finish(blocks));
  return kernels;
}

const KernelSkeleton &raddle::tile::getContractionSkeleton() {
  static const ContractionSkeleton skeleton(/*holdsRows=*/false);
  return skeleton;
}

const KernelSkeleton &raddle::tile::getRowContractionSkeleton() {
  static const ContractionSkeleton skeleton(/*holdsRows=*/true);
  return skeleton;
}
