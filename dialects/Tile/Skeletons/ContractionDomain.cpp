//===- ContractionDomain.cpp - A product as batch, m, n and k -------------===//

#include "dialects/Tile/Skeletons/ContractionDomain.h"
#include "dialects/Tile/Skeletons/ReductionCombiners.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::tile;
using Axis = ContractionDomain::Axis;

static bool contains(AffineMap map, unsigned dim) {
  return map.isFunctionOfDim(dim);
}

ContractionDomain::ContractionDomain(Operation *root)
    : root(root), contract(dyn_cast<graph::ContractOp>(root)),
      conv(dyn_cast<graph::ConvOp>(root)) {
  Value lhs = root->getOperand(0), rhs = root->getOperand(1);
  if (contract) {
    auto maps = contract.getMaps();
    for (unsigned d = 0; d < maps[0].getNumDims(); ++d) {
      bool inLhs = contains(maps[0], d), inRhs = contains(maps[1], d),
           inResult = contains(maps[2], d);
      AffineMap map = inLhs ? maps[0] : maps[1];
      Axis axis;
      axis.tensor = inLhs ? lhs : rhs;
      axis.loop = d;
      for (auto [i, expr] : llvm::enumerate(map.getResults()))
        if (expr == getAffineDimExpr(d, map.getContext()))
          axis.dim = i;
      Axes &axes = !inResult ? k : inLhs && inRhs ? batch : inLhs ? m : n;
      axes.push_back(axis);
    }
    chooseArithmetic(contract.getCompute(), contract.getLhsUnsigned(),
                     contract.getRhsUnsigned());
    return;
  }
  Value result = root->getResult(0);
  unsigned spatial = conv.getSpatialRank();
  bool last = conv.getChannelsLast();
  unsigned channelDim = last ? spatial + 1 : 1, firstSpatial = last ? 1 : 2;
  int64_t groups = conv.getGroups();
  Axis group;
  group.constant = groups;
  if (groups > 1)
    batch.push_back(group);
  m.push_back({result, 0});
  for (unsigned s = 0; s < spatial; ++s)
    m.push_back({result, firstSpatial + s});
  n.push_back({result, channelDim, groups});
  Axis channels{lhs, channelDim, groups};
  unsigned kernelDim = last ? 1 : 2;
  if (last && !conv.getTransposed()) {
    for (unsigned s = 0; s < spatial; ++s)
      k.push_back({rhs, kernelDim + s});
    k.push_back(channels);
  } else {
    k.push_back(channels);
    for (unsigned s = 0; s < spatial; ++s)
      k.push_back({rhs, kernelDim + s});
  }
  chooseArithmetic(conv.getCompute(), conv.getInputUnsigned(),
                   conv.getFilterUnsigned());
  // Tiles would be mostly empty: a thread per output element instead.
  int64_t sum = getStaticExtent(k), channelsOut = getStaticExtent(n);
  if (channelsOut > 0 && channelsOut < 8 && (groups > 1 || sum < 64))
    dotKind.reset();
}

/// Whether all elements are integers of at most 11 bits, which tf32 holds
/// exactly: codes that were decoded without a scale.
static bool isSmallInteger(Value value) {
  // Bits of the magnitude.
  std::function<unsigned(Value)> bitsOf = [&](Value v) -> unsigned {
    Operation *op = v.getDefiningOp();
    constexpr unsigned unknown = 64;
    if (!op)
      return unknown;
    if (isa<arith::SIToFPOp, arith::UIToFPOp, arith::ExtSIOp, arith::ExtUIOp>(
            op)) {
      Value input = op->getOperand(0);
      unsigned width = getElementTypeOrSelf(input).getIntOrFloatBitWidth();
      if (isa<arith::SIToFPOp, arith::ExtSIOp>(op))
        --width;
      return std::min(width, bitsOf(input));
    }
    if (isa<arith::SubFOp, arith::AddFOp, arith::SubIOp, arith::AddIOp>(op))
      return std::max(bitsOf(op->getOperand(0)), bitsOf(op->getOperand(1))) + 1;
    if (isa<graph::BroadcastOp, graph::ReshapeOp, graph::TransposeOp,
            graph::SliceOp>(op))
      return bitsOf(op->getOperand(0));
    if (isa<arith::MulFOp>(op))
      for (unsigned side : {0, 1}) {
        DenseElementsAttr constant;
        Value factor = op->getOperand(side);
        while (isa_and_nonnull<graph::BroadcastOp, graph::ReshapeOp>(
            factor.getDefiningOp()))
          factor = factor.getDefiningOp()->getOperand(0);
        if (matchPattern(factor, m_Constant(&constant)) && constant.isSplat() &&
            isa<FloatType>(constant.getElementType()) &&
            constant.getSplatValue<APFloat>().isExactlyValue(1.0))
          return bitsOf(op->getOperand(1 - side));
      }
    return unknown;
  };
  return bitsOf(value) <= 11;
}

void ContractionDomain::chooseArithmetic(graph::ComputeMode mode,
                                         bool lhsIsUnsigned,
                                         bool rhsIsUnsigned) {
  lhsUnsigned = lhsIsUnsigned;
  rhsUnsigned = rhsIsUnsigned;
  Type lhs = getElementTypeOrSelf(root->getOperand(0));
  Type rhs = getElementTypeOrSelf(root->getOperand(1));
  Type result = getElementTypeOrSelf(root->getResult(0));
  MLIRContext *context = root->getContext();
  accumulator = isa<FloatType>(result) && !result.isF64()
                    ? Type(Float32Type::get(context))
                    : result;
  using graph::ComputeMode;
  if (lhs.isF16() && rhs.isF16()) {
    dotKind = DotKind::f16;
  } else if (lhs.isBF16() && rhs.isBF16()) {
    dotKind = DotKind::bf16;
  } else if (lhs.isInteger(8) && rhs.isInteger(8) && result.isInteger(32)) {
    dotKind = lhsUnsigned ? (rhsUnsigned ? DotKind::u8 : DotKind::u8s8)
                          : (rhsUnsigned ? DotKind::s8u8 : DotKind::s8);
  } else if (lhs.isF32() && rhs.isF32()) {
    switch (mode) {
    case ComputeMode::tf32:
      dotKind = DotKind::tf32;
      break;
    case ComputeMode::tf32x3:
      dotKind = isSmallInteger(root->getOperand(1))   ? DotKind::tf32x2b
                : isSmallInteger(root->getOperand(0)) ? DotKind::tf32x2a
                                                      : DotKind::tf32x3;
      break;
    case ComputeMode::f16:
      dotKind = DotKind::f16;
      break;
    case ComputeMode::bf16:
      dotKind = DotKind::bf16;
      break;
    case ComputeMode::native:
    case ComputeMode::f32:
      break;
    }
  }
}

Type ContractionDomain::getOperandType(unsigned side) const {
  MLIRContext *context = root->getContext();
  switch (*dotKind) {
  case DotKind::f16:
    return Float16Type::get(context);
  case DotKind::bf16:
    return BFloat16Type::get(context);
  case DotKind::tf32:
  case DotKind::tf32x3:
  case DotKind::tf32x2a:
  case DotKind::tf32x2b:
    return Float32Type::get(context);
  default:
    return IntegerType::get(context, 8);
  }
}

bool ContractionDomain::scalesLeft() const {
  return dotKind == DotKind::f16 &&
         getElementTypeOrSelf(root->getOperand(0)).isF32();
}

int64_t ContractionDomain::getDotStep() const {
  unsigned bits = getOperandType(0).getIntOrFloatBitWidth();
  if (splitsOperands())
    return 16; // summed in the tensor core at a time; more costs registers
  return 256 / bits;
}

Type ContractionDomain::getResultElementType() const {
  return getElementTypeOrSelf(root->getResult(0));
}

Value ContractionDomain::getExtent(KernelBuilder &kernel,
                                   const Axis &axis) const {
  if (axis.constant)
    return kernel.constant(axis.constant);
  Value extent = kernel.getExtent(axis.tensor, axis.dim);
  if (axis.divisor == 1)
    return extent;
  if (auto known = graph::getConstantIndex(extent))
    return kernel.constant(*known / axis.divisor);
  return arith::DivUIOp::create(kernel.builder, kernel.loc, extent,
                                kernel.constant(axis.divisor));
}

int64_t ContractionDomain::getStaticExtent(const Axes &axes) const {
  int64_t product = 1;
  for (const Axis &axis : axes) {
    if (axis.constant) {
      product *= axis.constant;
      continue;
    }
    int64_t size =
        cast<RankedTensorType>(axis.tensor.getType()).getDimSize(axis.dim);
    if (ShapedType::isDynamic(size))
      return -1;
    product *= size / axis.divisor;
  }
  return product;
}

bool ContractionDomain::isKFast(unsigned side) const {
  Value tensor = root->getOperand(side);
  unsigned fastest = getFastestDim(tensor);
  if (contract) {
    auto maps = contract.getMaps();
    if (maps[side].getNumResults() == 0)
      return true;
    unsigned loop = maps[side].getDimPosition(fastest);
    return llvm::any_of(
        k, [&](const Axis &axis) { return axis.loop == int(loop); });
  }
  if (side == 1)
    return !conv.getTransposed();
  unsigned spatial = conv.getSpatialRank();
  return conv.getChannelsLast() && fastest == spatial + 1;
}

bool ContractionDomain::isResultNFast() const {
  if (contract) {
    AffineMap map = contract.getMaps()[2];
    if (map.getNumResults() == 0)
      return true;
    unsigned loop = map.getDimPosition(map.getNumResults() - 1);
    return llvm::any_of(
        n, [&](const Axis &axis) { return axis.loop == int(loop); });
  }
  return conv.getChannelsLast();
}

Value ContractionDomain::evaluate(TileElementBuilder &element, unsigned side,
                                  ArrayRef<Value> batchIndex,
                                  ArrayRef<Value> freeIndex,
                                  ArrayRef<Value> kIndex) const {
  Value tensor = root->getOperand(side);
  if (contract) {
    llvm::DenseMap<int, Value> byLoop;
    auto add = [&](const Axes &axes, ArrayRef<Value> indices) {
      for (auto [axis, index] : llvm::zip(axes, indices))
        byLoop[axis.loop] = index;
    };
    add(batch, batchIndex);
    add(side == 0 ? m : n, freeIndex);
    add(k, kIndex);
    Indices indices;
    AffineMap map = contract.getMaps()[side];
    for (unsigned i = 0; i < map.getNumResults(); ++i)
      indices.push_back(byLoop[map.getDimPosition(i)]);
    return element.evaluate(tensor, indices);
  }
  if (side == 0)
    return evaluateInput(element, batchIndex, freeIndex, kIndex);
  bool last = conv.getChannelsLast() && !conv.getTransposed();
  Value group = batchIndex.empty() ? element.integer(0) : batchIndex[0];
  Value channel = last ? kIndex.back() : kIndex.front();
  ArrayRef<Value> window = last ? kIndex.drop_back() : kIndex.drop_front();
  Indices indices;
  if (conv.getTransposed()) {
    // [C, M / groups, kernel], or [C, kernel, M / groups] with channels last.
    bool featuresLast = conv.getChannelsLast();
    Value size = element.div(
        element.extent(conv.getInput(),
                       featuresLast ? conv.getSpatialRank() + 1 : 1),
        element.integer(conv.getGroups()));
    indices.push_back(element.add(element.mul(group, size), channel));
    if (!featuresLast)
      indices.push_back(freeIndex[0]);
    indices.append(window.begin(), window.end());
    if (featuresLast)
      indices.push_back(freeIndex[0]);
    return element.evaluate(tensor, indices);
  }
  Value size =
      element.div(element.extent(tensor, 0), element.integer(conv.getGroups()));
  indices.push_back(element.add(element.mul(group, size), freeIndex[0]));
  if (!last)
    indices.push_back(channel);
  indices.append(window.begin(), window.end());
  if (last)
    indices.push_back(channel);
  return element.evaluate(tensor, indices);
}

Value ContractionDomain::evaluateInput(TileElementBuilder &element,
                                       ArrayRef<Value> batchIndex,
                                       ArrayRef<Value> mIndex,
                                       ArrayRef<Value> kIndex) const {
  using P = arith::CmpIPredicate;
  Value tensor = conv.getInput();
  unsigned spatial = conv.getSpatialRank();
  bool channelsLast = conv.getChannelsLast();
  bool kLast = channelsLast && !conv.getTransposed();
  Value channel = kLast ? kIndex.back() : kIndex.front();
  ArrayRef<Value> window = kLast ? kIndex.drop_back() : kIndex.drop_front();
  unsigned channelDim = channelsLast ? spatial + 1 : 1;
  unsigned firstSpatial = channelsLast ? 1 : 2;
  if (!batchIndex.empty()) {
    Value size = element.div(element.extent(tensor, channelDim),
                             element.integer(conv.getGroups()));
    channel = element.add(element.mul(batchIndex[0], size), channel);
  }
  Value inside;
  auto require = [&](Value condition) {
    inside =
        inside ? element.create<arith::AndIOp>({inside, condition}) : condition;
  };
  Indices position;
  for (unsigned s = 0; s < spatial; ++s) {
    int64_t stride = conv.getStrides()[s], dilation = conv.getDilations()[s],
            low = conv.getPadsLow()[s], high = conv.getPadsHigh()[s];
    Value extent = element.extent(tensor, firstSpatial + s);
    Value offset = element.mul(window[s], element.integer(dilation));
    Value index;
    if (conv.getTransposed()) {
      index =
          element.sub(element.add(mIndex[1 + s], element.integer(low)), offset);
      require(element.compare(P::sge, index, element.integer(0)));
      index = element.max(index, element.integer(0));
      if (stride != 1) {
        Value factor = element.integer(stride);
        require(element.compare(P::eq, element.rem(index, factor),
                                element.integer(0)));
        index = element.div(index, factor);
      }
      require(element.compare(P::slt, index, extent));
    } else {
      index = element.add(element.mul(mIndex[1 + s], element.integer(stride)),
                          offset);
      if (low) {
        index = element.sub(index, element.integer(low));
        require(element.compare(P::sge, index, element.integer(0)));
      }
      // Without padding after the input no window leaves it there.
      if (low || high)
        require(element.compare(P::slt, index, extent));
    }
    position.push_back(index);
  }
  Indices indices{mIndex[0]};
  if (!channelsLast)
    indices.push_back(channel);
  indices.append(position.begin(), position.end());
  if (channelsLast)
    indices.push_back(channel);
  if (!inside)
    return element.evaluate(tensor, indices);
  bool plain = isa<BlockArgument>(tensor);
  element.enter(inside);
  if (!plain) // producers may compute with the index before they load
    for (auto [i, dim] : llvm::enumerate(position)) {
      unsigned at = firstSpatial + i;
      indices[at] = element.clamp(dim, element.extent(tensor, at));
    }
  Value value = element.evaluate(tensor, indices);
  element.leave();
  // Masked loads give zero by themselves.
  if (plain)
    return value;
  Value zero = arith::ConstantOp::create(
      element.builder, element.loc,
      element.builder.getZeroAttr(getElementTypeOrSelf(value)));
  return element.select(inside, value, zero);
}

Indices ContractionDomain::getResultIndices(ArrayRef<Value> batchIndex,
                                            ArrayRef<Value> mIndex,
                                            ArrayRef<Value> nIndex,
                                            TileElementBuilder &element) const {
  Indices result;
  if (contract) {
    llvm::DenseMap<int, Value> byLoop;
    auto add = [&](const Axes &axes, ArrayRef<Value> indices) {
      for (auto [axis, index] : llvm::zip(axes, indices))
        byLoop[axis.loop] = index;
    };
    add(batch, batchIndex);
    add(m, mIndex);
    add(n, nIndex);
    AffineMap map = contract.getMaps()[2];
    for (unsigned i = 0; i < map.getNumResults(); ++i)
      result.push_back(byLoop[map.getDimPosition(i)]);
    return result;
  }
  Value channel = nIndex[0];
  if (!batchIndex.empty()) {
    bool last = conv.getChannelsLast();
    Value size =
        element.div(element.extent(root->getResult(0),
                                   last ? conv.getSpatialRank() + 1 : 1),
                    element.integer(conv.getGroups()));
    channel = element.add(element.mul(batchIndex[0], size), channel);
  }
  result.push_back(mIndex[0]);
  if (!conv.getChannelsLast())
    result.push_back(channel);
  result.append(mIndex.begin() + 1, mIndex.end());
  if (conv.getChannelsLast())
    result.push_back(channel);
  return result;
}

void ContractionDomain::splitResultIndices(TileElementBuilder &element,
                                           ArrayRef<Value> at,
                                           Indices &batchIndex, Indices &mIndex,
                                           Indices &nIndex) const {
  if (contract) {
    AffineMap map = contract.getMaps()[2];
    auto pick = [&](const Axes &axes, Indices &indices) {
      for (const Axis &axis : axes)
        for (unsigned i = 0; i < map.getNumResults(); ++i)
          if (int(map.getDimPosition(i)) == axis.loop)
            indices.push_back(at[i]);
    };
    pick(batch, batchIndex);
    pick(m, mIndex);
    pick(n, nIndex);
    return;
  }
  unsigned spatial = conv.getSpatialRank();
  bool last = conv.getChannelsLast();
  unsigned channelDim = last ? spatial + 1 : 1, firstSpatial = last ? 1 : 2;
  mIndex.push_back(at[0]);
  for (unsigned s = 0; s < spatial; ++s)
    mIndex.push_back(at[firstSpatial + s]);
  Value channel = at[channelDim];
  if (conv.getGroups() > 1) {
    Value size = element.div(element.extent(root->getResult(0), channelDim),
                             element.integer(conv.getGroups()));
    batchIndex.push_back(element.div(channel, size));
    channel = element.rem(channel, size);
  }
  nIndex.push_back(channel);
}

//===----------------------------------------------------------------------===//
// Epilogue
//===----------------------------------------------------------------------===//

/// Whether `value` is computed from `source` inside the group.
static bool dependsOn(Value value, Value source, DenseMap<Value, bool> &memo) {
  if (value == source)
    return true;
  auto [entry, inserted] = memo.try_emplace(value, false);
  if (!inserted)
    return entry->second;
  bool result = false;
  if (Operation *op = value.getDefiningOp())
    for (Value operand : op->getOperands())
      result |= dependsOn(operand, source, memo);
  return memo[value] = result;
}

SmallVector<unsigned> raddle::tile::getIndependentOutputs(graph::GroupOp group,
                                                          Value rootResult) {
  DenseMap<Value, bool> memo;
  SmallVector<unsigned> result;
  for (auto [number, output] :
       llvm::enumerate(group.getTerminator()->getOperands()))
    if (!dependsOn(output, rootResult, memo))
      result.push_back(number);
  return result;
}

static unsigned getKernelBytes(Value tensor) {
  Type element = graph::getKernelElementType(getElementTypeOrSelf(tensor));
  return std::max(1u, element.getIntOrFloatBitWidth() / 8);
}

LinearLayout raddle::tile::getEpilogueLayout(Value rootResult,
                                             ArrayRef<int64_t> shape,
                                             unsigned warps,
                                             ArrayRef<unsigned> order,
                                             int64_t run) {
  auto group = cast<graph::GroupOp>(rootResult.getDefiningOp()->getParentOp());
  unsigned narrowest = 16;
  for (Value output : group.getTerminator()->getOperands())
    narrowest = std::min(narrowest, getKernelBytes(output));
  ArrayRef<int64_t> whole =
      cast<RankedTensorType>(rootResult.getType()).getShape();
  for (Value input : group.getBody().getArguments())
    if (auto type = dyn_cast<RankedTensorType>(input.getType());
        type && type.getShape() == whole)
      narrowest = std::min(narrowest, getKernelBytes(input));
  unsigned vector = 16 / narrowest;
  // Rows that do not start on 16 bytes have narrower accesses, one beside the
  // other.
  if (run > 0)
    vector = std::min<unsigned>(vector, run & -run);
  return LinearLayout::blocked(shape, vector, warps, order);
}

/// The roundings of `value` when nothing else reads it and all have one type.
static SmallVector<Value> getRoundings(Value value) {
  SmallVector<Value> result;
  for (Operation *user : value.getUsers()) {
    if (!isa<arith::TruncFOp>(user) ||
        (!result.empty() &&
         result.front().getType() != user->getResult(0).getType()))
      return {};
    result.push_back(user->getResult(0));
  }
  return result;
}

Value raddle::tile::exchangeResult(TileElementBuilder &fragments, Value value,
                                   TileElementBuilder &element,
                                   Value rootResult, ArrayRef<Value> at) {
  value = convertNumber(fragments, value,
                        getElementTypeOrSelf(rootResult.getType()));
  SmallVector<Value> roundings = getRoundings(rootResult);
  if (!roundings.empty())
    value = convertNumber(fragments, value,
                          getElementTypeOrSelf(roundings.front().getType()));
  value = fragments.full(value);
  value = ConvertOp::create(element.builder, element.loc,
                            getTileType(element.getShape(),
                                        getElementTypeOrSelf(value.getType()),
                                        element.getLinearLayout()),
                            value);
  for (Value rounding : roundings)
    element.define(rounding, at, value);
  return roundings.empty() ? value : Value();
}

LogicalResult raddle::tile::storeEpilogue(KernelBuilder &kernel,
                                          TileElementBuilder &element,
                                          Value rootResult, ArrayRef<Value> at,
                                          Value value,
                                          ArrayRef<unsigned> skip) {
  if (value)
    element.define(rootResult, at, value);
  DenseMap<Value, bool> memo;
  for (auto [number, output] :
       llvm::enumerate(kernel.group.getTerminator()->getOperands())) {
    if (llvm::is_contained(skip, number))
      continue;
    // Trailing re-arrangements say where the element goes.
    SmallVector<Operation *> chain;
    Value source = output;
    while (Operation *op = source.getDefiningOp()) {
      if (source == rootResult ||
          !isa<graph::TransposeOp, graph::ReshapeOp>(op) ||
          !dependsOn(source, rootResult, memo))
        break;
      chain.push_back(op);
      source = op->getOperand(0);
    }
    if (cast<RankedTensorType>(source.getType()).getRank() !=
        int64_t(at.size()))
      return kernel.group.emitOpError("output ")
             << number << " does not have the shape of the kernel's points";
    Value stored = element.evaluate(source, at);
    Indices indices(at);
    Value where = source;
    while (!chain.empty() && !isa<graph::TransposeOp>(chain.front()))
      chain.erase(chain.begin()); // row-major order is kept
    for (Operation *op : llvm::reverse(chain)) {
      if (auto transpose = dyn_cast<graph::TransposeOp>(op)) {
        Indices permuted;
        for (int64_t from : transpose.getPermutation())
          permuted.push_back(indices[from]);
        indices = permuted;
      } else {
        indices = element.delinearize(element.linearize(indices, where),
                                      op->getResult(0));
      }
      where = op->getResult(0);
    }
    element.store(number, stored, indices, where);
  }
  return element.failed() ? failure() : success();
}
