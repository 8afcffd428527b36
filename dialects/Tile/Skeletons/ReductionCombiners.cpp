//===- ReductionCombiners.cpp - Combiners and windows ---------------------===//

#include "dialects/Tile/Skeletons/ReductionCombiners.h"
#include "dialects/Tile/Skeletons/ContractionDomain.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::tile;
using graph::ReduceKind;

/// The value that changes nothing.
static TypedAttr getNeutral(ReduceKind kind, Type type) {
  OpBuilder b(type.getContext());
  if (auto floating = dyn_cast<FloatType>(type)) {
    const llvm::fltSemantics &semantics = floating.getFloatSemantics();
    switch (kind) {
    case ReduceKind::add:
      return b.getFloatAttr(type, APFloat::getZero(semantics));
    case ReduceKind::mul:
      return b.getFloatAttr(type, 1.0);
    case ReduceKind::min:
      return b.getFloatAttr(type, APFloat::getInf(semantics));
    default:
      return b.getFloatAttr(type, APFloat::getInf(semantics, true));
    }
  }
  unsigned width = type.getIntOrFloatBitWidth();
  switch (kind) {
  case ReduceKind::add:
  case ReduceKind::or_:
  case ReduceKind::maxu:
    return b.getIntegerAttr(type, APInt::getZero(width));
  case ReduceKind::mul:
    return b.getIntegerAttr(type, APInt(width, 1));
  case ReduceKind::min:
    return b.getIntegerAttr(type, APInt::getSignedMaxValue(width));
  case ReduceKind::max:
    return b.getIntegerAttr(type, APInt::getSignedMinValue(width));
  case ReduceKind::minu:
  case ReduceKind::and_:
    return b.getIntegerAttr(type, APInt::getAllOnes(width));
  }
  return {};
}

static Value combineTwo(OpBuilder &b, Location loc, ReduceKind kind,
                        bool isFloat, Value x, Value y) {
  switch (kind) {
  case ReduceKind::add:
    return isFloat ? Value(arith::AddFOp::create(b, loc, x, y))
                   : Value(arith::AddIOp::create(b, loc, x, y));
  case ReduceKind::mul:
    return isFloat ? Value(arith::MulFOp::create(b, loc, x, y))
                   : Value(arith::MulIOp::create(b, loc, x, y));
  case ReduceKind::min:
    return isFloat ? Value(arith::MinimumFOp::create(b, loc, x, y))
                   : Value(arith::MinSIOp::create(b, loc, x, y));
  case ReduceKind::max:
    return isFloat ? Value(arith::MaximumFOp::create(b, loc, x, y))
                   : Value(arith::MaxSIOp::create(b, loc, x, y));
  case ReduceKind::minu:
    return arith::MinUIOp::create(b, loc, x, y);
  case ReduceKind::maxu:
    return arith::MaxUIOp::create(b, loc, x, y);
  case ReduceKind::and_:
    return arith::AndIOp::create(b, loc, x, y);
  case ReduceKind::or_:
    return arith::OrIOp::create(b, loc, x, y);
  }
  return {};
}

Combiner raddle::tile::getCombiner(ReduceKind kind, Type type) {
  bool isFloat = isa<FloatType>(type);
  Combiner combiner;
  combiner.types = {type};
  combiner.neutral = {getNeutral(kind, type)};
  combiner.combine = [=](OpBuilder &b, Location loc, const Combiner::Tuple &x,
                         const Combiner::Tuple &y) {
    return Combiner::Tuple{combineTwo(b, loc, kind, isFloat, x[0], y[0])};
  };
  return combiner;
}

Combiner raddle::tile::getArgCombiner(ReduceKind kind, Type type, bool last) {
  bool isFloat = isa<FloatType>(type);
  Type i32 = IntegerType::get(type.getContext(), 32);
  Combiner combiner;
  combiner.types = {type, i32};
  // Lanes outside the row lose against every real position: a real element
  // that equals the neutral one wins the tie by its position.
  combiner.neutral = {
      getNeutral(kind, type),
      OpBuilder(type.getContext())
          .getI32IntegerAttr(last ? -1 : std::numeric_limits<int32_t>::max())};
  combiner.combine = [=](OpBuilder &b, Location loc, const Combiner::Tuple &x,
                         const Combiner::Tuple &y) {
    auto both = [&](Value l, Value r) -> Value {
      return arith::AndIOp::create(b, loc, l, r);
    };
    auto either = [&](Value l, Value r) -> Value {
      return arith::OrIOp::create(b, loc, l, r);
    };
    Value better, equal;
    bool isMax = kind == ReduceKind::max || kind == ReduceKind::maxu;
    if (isFloat) {
      using P = arith::CmpFPredicate;
      Value xNaN = arith::CmpFOp::create(b, loc, P::UNO, x[0], x[0]);
      Value yNaN = arith::CmpFOp::create(b, loc, P::UNO, y[0], y[0]);
      Value yNumber = arith::CmpFOp::create(b, loc, P::ORD, y[0], y[0]);
      better = either(
          both(xNaN, yNumber),
          arith::CmpFOp::create(b, loc, isMax ? P::OGT : P::OLT, x[0], y[0]));
      equal = either(both(xNaN, yNaN),
                     arith::CmpFOp::create(b, loc, P::OEQ, x[0], y[0]));
    } else {
      using P = arith::CmpIPredicate;
      bool isUnsigned = kind == ReduceKind::minu || kind == ReduceKind::maxu;
      P p = isMax ? (isUnsigned ? P::ugt : P::sgt)
                  : (isUnsigned ? P::ult : P::slt);
      better = arith::CmpIOp::create(b, loc, p, x[0], y[0]);
      equal = arith::CmpIOp::create(b, loc, P::eq, x[0], y[0]);
    }
    Value earlier = arith::CmpIOp::create(
        b, loc, last ? arith::CmpIPredicate::sgt : arith::CmpIPredicate::slt,
        x[1], y[1]);
    Value take = either(better, both(equal, earlier));
    return Combiner::Tuple{arith::SelectOp::create(b, loc, take, x[0], y[0]),
                           arith::SelectOp::create(b, loc, take, x[1], y[1])};
  };
  return combiner;
}

Value raddle::tile::convertNumber(graph::ElementBuilder &element, Value value,
                                  Type type) {
  Type from = getElementTypeOrSelf(value);
  type = graph::getKernelElementType(type);
  if (from == type)
    return value;
  auto fromFloat = dyn_cast<FloatType>(from),
       toFloat = dyn_cast<FloatType>(type);
  if (fromFloat && toFloat) {
    if (fromFloat.getWidth() < toFloat.getWidth())
      return element.convert<arith::ExtFOp>(value, type);
    if (fromFloat.getWidth() > toFloat.getWidth())
      return element.convert<arith::TruncFOp>(value, type);
    Type wide = Float32Type::get(type.getContext());
    return element.convert<arith::TruncFOp>(
        element.convert<arith::ExtFOp>(value, wide), type);
  }
  if (toFloat)
    return element.convert<arith::SIToFPOp>(value, type);
  if (fromFloat)
    return element.convert<arith::FPToSIOp>(value, type);
  return element.castInteger(value, type);
}

FailureOr<GroupKernels> raddle::tile::buildPool(graph::GroupOp group,
                                                const Parameters &parameters,
                                                StringRef name,
                                                OpBuilder &moduleBuilder) {
  using P = arith::CmpIPredicate;
  auto pool = cast<graph::PoolOp>(group.getRootOp());
  int64_t warps = getParameter(parameters, "warps", 4);
  int64_t block = getParameter(parameters, "bp", 128);
  KernelBuilder kernel(group, name, warps, moduleBuilder);
  OpBuilder &b = kernel.builder;
  Location loc = kernel.loc;
  LinearLayout layout =
      LinearLayout::blocked({block}, block / (warps * 32), warps, {0});
  TileElementBuilder element(kernel, b, {block}, layout);
  Value root = pool.getResult();
  Value total = kernel.product(kernel.getExtents(root));
  Value blocks =
      arith::CeilDivUIOp::create(b, loc, total, kernel.constant(block));
  Value linear = element.add(
      element.mul(kernel.blockId(), element.integer(block)), element.index(0));
  auto known = graph::getConstantIndex(total);
  if (!known || *known % block)
    element.mask = element.compare(P::slt, linear, total);
  Indices at = element.delinearize(linear, root);
  element.setLinear(at, linear, root);

  Type inputType = getElementTypeOrSelf(pool.getInput());
  bool isMax = pool.getKind() == graph::PoolKind::max;
  Type type = isa<FloatType>(inputType) && !inputType.isF64() && !isMax
                  ? Type(b.getF32Type())
                  : inputType;
  bool isFloat = isa<FloatType>(type);
  auto kernelSizes = pool.getKernel();
  int64_t window = 1;
  SmallVector<Value> windowExtents;
  for (int64_t size : kernelSizes) {
    window *= size;
    windowExtents.push_back(kernel.constant(size));
  }
  Combiner combiner =
      getCombiner(isMax ? ReduceKind::max : ReduceKind::add, type);
  Type i32 = b.getI32Type();
  Value init = element.fill(combiner.neutral[0]);
  Value noCount = element.fill(b.getI32IntegerAttr(0));
  auto loop =
      scf::ForOp::create(b, loc, kernel.constant(0), kernel.constant(window),
                         kernel.constant(1), ValueRange{init, noCount});
  {
    OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
    TileElementBuilder body(kernel, inner, {block}, layout);
    body.mask = element.mask;
    Indices offset = body.delinearize(loop.getInductionVar(), windowExtents);
    unsigned first = pool.getChannelsLast() ? 1 : 2;
    Indices indices(at);
    Value inside, counted;
    auto require = [&](Value &all, Value condition) {
      all = all ? body.create<arith::AndIOp>({all, condition}) : condition;
    };
    for (unsigned s = 0; s < kernelSizes.size(); ++s) {
      Value extent = body.extent(pool.getInput(), first + s);
      Value position =
          body.add(body.mul(at[first + s], body.integer(pool.getStrides()[s])),
                   body.mul(offset[s], body.integer(pool.getDilations()[s])));
      int64_t low = pool.getPadsLow()[s], high = pool.getPadsHigh()[s];
      // Padding counts for average_include_pad, what hangs over it does not.
      require(counted,
              body.compare(P::slt, position,
                           body.add(extent, body.integer(low + high))));
      Value index = body.sub(position, body.integer(low));
      require(inside, body.compare(P::sge, index, body.integer(0)));
      require(inside, body.compare(P::slt, index, extent));
      indices[first + s] = body.clamp(index, extent);
    }
    body.enter(inside);
    Value value = body.evaluate(pool.getInput(), indices);
    body.leave();
    value = convertNumber(body, value, type);
    value =
        body.select(inside, value,
                    arith::ConstantOp::create(inner, loc, combiner.neutral[0]));
    Combiner::Tuple sum = combiner.combine(
        inner, loc, {loop.getRegionIterArg(0)}, {body.full(value)});
    Value counts = pool.getKind() == graph::PoolKind::average_include_pad
                       ? counted
                       : inside;
    Value count = body.create<arith::AddIOp>(
        {loop.getRegionIterArg(1), body.convert<arith::ExtUIOp>(counts, i32)});
    if (body.failed())
      return failure();
    scf::YieldOp::create(inner, loc, ValueRange{sum[0], body.full(count)});
  }
  Value value = loop.getResult(0);
  if (pool.getKind() == graph::PoolKind::average ||
      pool.getKind() == graph::PoolKind::average_include_pad) {
    Value count = loop.getResult(1);
    value = isFloat
                ? element.create<arith::DivFOp>(
                      {value, element.convert<arith::SIToFPOp>(count, type)})
                : element.create<arith::DivSIOp>(
                      {value, convertNumber(element, count, type)});
  }
  value = convertNumber(element, value, getElementTypeOrSelf(root));
  if (failed(storeEpilogue(kernel, element, root, at, value)))
    return failure();
  GroupKernels kernels;
  kernels.kernels.push_back(kernel.finish(blocks));
  return kernels;
}
