//===- Normalization.cpp - Normalisation layers ---------------------------===//
#include "../Importer.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;
using graph::ReduceKind;

namespace {

Value norm(NodeContext &c, graph::NormKind kind, Value x, Value scale,
           Value bias, int64_t axis, double epsilon) {
  Value result = graph::NormOp::create(
      c.b, x.getType(), graph::NormKindAttr::get(c.b.getContext(), kind), x,
      scale, bias, c.b.getI64IntegerAttr(axis), c.b.getF64FloatAttr(epsilon));
  c.g.setSizes(result, c.g.sizesOf(x));
  return result;
}

/// `v` of shape [C] as [1, C, 1, ...] for an input of rank `rank`.
Value perChannel(NodeContext &c, Value v, int64_t rank) {
  Sizes sizes(rank, Scalar(1));
  sizes[1] = c.g.sizeOf(v, 0);
  return c.g.reshape(v, sizes);
}

void importLayerNorm(NodeContext &c) {
  int64_t axis = c.integer("axis", -1);
  if (!c.axis(axis, c.rank(0)))
    return;
  double epsilon = c.real("epsilon", 1e-5f);
  Value x = c.tensor(0), scale = c.tensor(1);
  Value bias = c.has(2) ? c.tensor(2) : Value();
  c.set(0, norm(c, graph::NormKind::layer, x, scale, bias, axis, epsilon));
  if (!c.wants(1) && !c.wants(2))
    return;
  // The statistics are results too.
  Type element = c.element(0), sum = c.g.accumulator(element);
  SmallVector<int64_t> dims;
  llvm::append_range(dims, llvm::seq<int64_t>(axis, c.rank(0)));
  Value wide = c.g.floatCast(x, sum);
  Value mean = c.g.mean(wide, dims, true);
  Value centred = c.g.sub(wide, mean);
  Value variance = c.g.mean(c.g.mul(centred, centred), dims, true);
  Value inverse =
      c.g.reciprocal(c.g.map<math::SqrtOp>({c.g.add(variance, epsilon)}));
  ElemType type = sum.isF64() ? ElemType::Double : ElemType::Float;
  if (c.wants(1))
    c.set(1, mean, type);
  if (c.wants(2))
    c.set(2, inverse, type);
}

void importRmsNorm(NodeContext &c) {
  int64_t axis = c.integer("axis", -1);
  if (!c.axis(axis, c.rank(0)))
    return;
  Value scale = c.g.cast(c.tensor(1), c.type(1), c.type(0));
  c.set(0, norm(c, graph::NormKind::rms, c.tensor(0), scale, Value(), axis,
                c.real("epsilon", 1e-5f)));
}

/// Normalises groups of channels over their elements: `[N, C, ...]` as rows of
/// one group each, then scale and bias per channel.
Value groupNorm(NodeContext &c, Value x, Scalar groups, double epsilon) {
  Sizes own = c.g.sizesOf(x);
  Sizes rest(own.begin() + 1, own.end());
  Value rows =
      c.g.reshape(x, {own[0], groups, c.h.exactQuotient(rest, {groups})});
  return c.g.reshape(
      norm(c, graph::NormKind::layer, rows, Value(), Value(), 2, epsilon), own);
}

void importInstanceNorm(NodeContext &c) {
  int64_t rank = c.rank(0);
  if (rank < 3)
    return c.error("the input has rank " + std::to_string(rank) +
                   ", expected at least 3");
  Value x = c.tensor(0);
  Value y = groupNorm(c, x, c.g.sizeOf(x, 1), c.real("epsilon", 1e-5f));
  y = c.g.mul(y, perChannel(c, c.tensor(1), rank));
  c.set(0, c.g.add(y, perChannel(c, c.tensor(2), rank)));
}

void importGroupNorm(NodeContext &c) {
  int64_t rank = c.rank(0), groups = c.integer("num_groups", 0);
  Value x = c.tensor(0);
  Scalar channels = rank >= 2 ? c.g.sizeOf(x, 1) : Scalar(0);
  if (rank < 2 || groups < 1 ||
      (channels.isConstant() && channels.integer % groups))
    return c.error("the attribute 'num_groups' is " + std::to_string(groups) +
                   ", which does not divide the channels");
  double epsilon = c.real("epsilon", 1e-5f);
  Value y = groupNorm(c, x, groups, epsilon);
  Value scale = c.tensor(1), bias = c.tensor(2);
  if (c.opset < 21) {
    // Scale and bias were per group.
    auto widen = [&](Value v) {
      Value column = c.g.insertUnitDims(v, {1});
      Scalar each = c.h.floorDiv(channels, groups);
      return c.g.reshape(c.g.broadcast(column, {groups, each}), {channels});
    };
    scale = widen(scale);
    bias = widen(bias);
  }
  y = c.g.mul(y, perChannel(c, scale, rank));
  c.set(0, c.g.add(y, perChannel(c, bias, rank)));
}

void importBatchNorm(NodeContext &c) {
  int64_t rank = c.rank(0);
  if (rank < 2)
    return c.error("the input has rank " + std::to_string(rank) +
                   ", expected at least 2");
  if (!c.integer("spatial", 1))
    return c.error("the attribute 'spatial' is 0", "spatial = 1");
  double epsilon = c.real("epsilon", 1e-5f);
  Value x = c.tensor(0);
  Type element = c.element(0), sum = c.g.accumulator(element);
  auto parameter = [&](unsigned n) { return c.g.floatCast(c.tensor(n), sum); };
  Value scale = parameter(1), bias = parameter(2);
  Value mean = parameter(3), variance = parameter(4);
  bool training = c.integer("training_mode", 0) ||
                  (c.opset < 14 && c.node.outputs.size() > 1);
  if (training) {
    Value wide = c.g.floatCast(x, sum);
    SmallVector<int64_t> dims{0};
    llvm::append_range(dims, llvm::seq<int64_t>(2, rank));
    Value seen = c.g.mean(wide, dims, false);
    Value centred = c.g.sub(wide, perChannel(c, seen, rank));
    Value spread = c.g.mean(c.g.mul(centred, centred), dims, false);
    double momentum = c.real("momentum", 0.9f);
    auto running = [&](Value had, Value now, unsigned n) {
      if (c.wants(n))
        c.set(n,
              c.g.floatCast(
                  c.g.add(c.g.mul(had, momentum), c.g.mul(now, 1 - momentum)),
                  c.element(n == 1 ? 3 : 4)),
              c.type(n == 1 ? 3 : 4));
    };
    running(mean, seen, 1);
    running(variance, spread, 2);
    mean = seen;
    variance = spread;
  }
  // (x - mean) * (scale / sqrt(variance + epsilon)) + bias; the factor is per
  // channel and folds when the parameters are constant.
  Value factor =
      c.g.div(scale, c.g.map<math::SqrtOp>({c.g.add(variance, epsilon)}));
  Value shift = c.g.sub(bias, c.g.mul(mean, factor));
  Value wide = c.g.floatCast(x, sum);
  Value y = c.g.add(c.g.mul(wide, perChannel(c, factor, rank)),
                    perChannel(c, shift, rank));
  c.set(0, c.g.floatCast(y, element));
}

void importLpNorm(NodeContext &c) {
  int64_t axis = c.integer("axis", -1), p = c.integer("p", 2);
  if (!c.axis(axis, c.rank(0)))
    return;
  if (p != 1 && p != 2)
    return c.error("the attribute 'p' is " + std::to_string(p), "1 or 2");
  Value x = c.tensor(0);
  Value size = p == 1 ? c.g.map<math::AbsFOp>({x}) : c.g.mul(x, x);
  Value sum = c.g.reduce(ReduceKind::add, size, {axis}, true);
  if (p == 2)
    sum = c.g.map<math::SqrtOp>({sum});
  // A row of zeros stays zero.
  Value zero = c.g.compare(arith::CmpFPredicate::OEQ, sum, c.g.like(sum, 0));
  c.set(0, c.g.div(x, c.g.select(zero, c.g.like(sum, 1), sum)));
}

void importMeanVariance(NodeContext &c) {
  SmallVector<int64_t> axes =
      c.hasAttr("axes") ? c.ints("axes") : SmallVector<int64_t>{0, 2, 3};
  if (!c.axes(axes, c.rank(0)))
    return;
  llvm::sort(axes);
  Value x = c.tensor(0);
  Value centred = c.g.sub(x, c.g.mean(x, axes, true));
  Value variance = c.g.mean(c.g.mul(centred, centred), axes, true);
  Value deviation = c.g.add(c.g.map<math::SqrtOp>({variance}), 1e-9);
  c.set(0, c.g.div(centred, deviation));
}

void importLrn(NodeContext &c) {
  int64_t rank = c.rank(0), size = c.integer("size", 1);
  if (rank < 2 || size < 1)
    return c.error("the attribute 'size' is " + std::to_string(size));
  double alpha = c.real("alpha", 1e-4f), beta = c.real("beta", 0.75f);
  double bias = c.real("bias", 1);
  Value x = c.tensor(0);
  Sizes own = c.g.sizesOf(x);
  // The sum of squares over neighbouring channels is a pooling window of
  // `[N, 1, C, rest]`.
  Sizes rest(own.begin() + 2, own.end());
  Sizes flat{own[0], 1, own[1], c.h.product(rest)};
  Value squares = c.g.reshape(c.g.mul(x, x), flat);
  SmallVector<int64_t> ones{1, 1}, window{size, 1};
  SmallVector<int64_t> low{(size - 1) / 2, 0}, high{size / 2, 0};
  auto fold = c.h.fold(flat);
  SmallVector<Value> dynamic;
  SmallVector<int64_t> fixed;
  dispatchIndexOpFoldResults(fold, dynamic, fixed);
  Value sum = graph::PoolOp::create(
      c.b, squares.getType(), graph::PoolKind::sum, squares, dynamic, fixed,
      window, ones, ones, low, high, false);
  c.g.setSizes(sum, flat);
  Value base = c.g.add(c.g.mul(c.g.reshape(sum, own), alpha / size), bias);
  c.set(0, c.g.div(x, c.g.map<math::PowFOp>({base, c.g.like(base, beta)})));
}

} // namespace

void raddle::onnx::addNormalizationOps(OpTable &table) {
  OpRow rows[] = {
      {"LayerNormalization", "f f f?", 3, "axis=i epsilon=f stash_type=i",
       importLayerNorm},
      {"RMSNormalization", "f f", 1, "axis=i epsilon=f stash_type=i",
       importRmsNorm},
      {"InstanceNormalization", "f f f", 1, "epsilon=f", importInstanceNorm},
      {"GroupNormalization", "f f f", 1, "epsilon=f num_groups=i! stash_type=i",
       importGroupNorm},
      {"BatchNormalization", "f f f f f", 5,
       "epsilon=f momentum=f training_mode=i spatial=i is_test=i",
       importBatchNorm, nullptr, "spatial = 0"},
      {"LpNormalization", "f", 1, "axis=i p=i", importLpNorm},
      {"MeanVarianceNormalization", "f", 1, "axes=is", importMeanVariance},
      {"LRN", "f", 1, "alpha=f beta=f bias=f size=i!", importLrn},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
