//===- LinearAttention.cpp - Attention with a recurrent state -------------===//
#include "Regions.h"

#include <cmath>

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;

namespace {

/// A recurrence over time: a state `[batch, heads, keys, values]` decays, is
/// corrected and written, and read by the queries of each step.
class LinearAttention {
public:
  explicit LinearAttention(NodeContext &c) : c(c), g(c.g) {}
  void run();

private:
  bool readOperands();
  Value byTime(Value x, int64_t heads);
  Value step(Value x, Scalar iv);
  SmallVector<Value> body(Scalar iv, Value state, Value rows);

  NodeContext &c;
  GraphBuilder &g;
  Type f32;
  int64_t heads = 0, kvHeads = 0;
  double scale = 0;
  /// `[time, batch, heads, size]`.
  Value q, k, v, decay, beta;
};

/// `[batch, time, heads * size]` as `[time, batch, heads, size]` in f32.
Value LinearAttention::byTime(Value x, int64_t count) {
  Sizes s = g.sizesOf(x);
  Value split = g.reshape(
      x, {s[0], s[1], count, c.h.exactQuotient({s[2]}, {Scalar(count)})});
  return g.floatCast(g.transpose(split, {1, 0, 2, 3}), f32);
}

bool LinearAttention::readOperands() {
  f32 = c.b.getF32Type();
  heads = c.integer("q_num_heads", 0);
  kvHeads = c.integer("kv_num_heads", 0);
  for (unsigned n = 0; n < 3; ++n)
    if (!c.expectRank(n, 3))
      return false;
  auto divides = [&](unsigned n, int64_t count) {
    Scalar size = c.sizes(n)[2];
    return size.isConstant() && count > 0 && size.integer % count == 0;
  };
  if (!divides(0, heads) || !divides(1, kvHeads) || !divides(2, kvHeads) ||
      heads % kvHeads) {
    c.error("the attributes 'q_num_heads' and 'kv_num_heads' do not divide the "
            "hidden sizes");
    return false;
  }
  std::string rule = c.string("update_rule", "gated_delta");
  bool gated = rule == "gated" || rule == "gated_delta";
  bool corrects = rule == "delta" || rule == "gated_delta";
  if (!gated && !corrects && rule != "linear") {
    c.error("the attribute 'update_rule' is '" + rule + "'",
            "linear, gated, delta, gated_delta");
    return false;
  }
  if (c.has(4) != gated || c.has(5) != corrects) {
    c.error("the decay and the correction do not fit the rule '" + rule + "'");
    return false;
  }
  q = byTime(c.tensor(0), heads);
  k = byTime(c.tensor(1), kvHeads);
  v = byTime(c.tensor(2), kvHeads);
  if (gated) {
    if (!c.expectRank(4, 3) || !divides(4, kvHeads))
      return false;
    decay = byTime(c.tensor(4), kvHeads);
  }
  if (corrects) {
    if (!c.expectRank(5, 3))
      return false;
    Scalar size = c.sizes(5)[2];
    if (!size.isInteger(1) && !size.isInteger(kvHeads)) {
      c.error("the correction has the wrong shape");
      return false;
    }
    beta = byTime(c.tensor(5), size.integer);
  }
  scale = c.real("scale", 0);
  if (scale == 0)
    scale = 1 / std::sqrt(static_cast<double>(g.sizeOf(q, 3).integer));
  return true;
}

Value LinearAttention::step(Value x, Scalar iv) {
  return g.dropDims(g.slice(x, 0, iv, 1), {0});
}

SmallVector<Value> LinearAttention::body(Scalar iv, Value state, Value rows) {
  Value key = step(k, iv), value = step(v, iv), query = step(q, iv);
  if (decay)
    state = g.mul(state, g.insertUnitDims(g.exp(step(decay, iv)), {3}));
  // Dims: batch 0, head 1, key 2, value 3, queries of one head 4.
  if (beta) {
    Value held =
        g.contract(state, key, {0, 1, 2, 3}, {0, 1, 2}, {0, 1, 3}, f32);
    value = g.mul(step(beta, iv), g.sub(value, held));
  }
  Value written =
      g.mul(g.insertUnitDims(key, {3}), g.insertUnitDims(value, {2}));
  state = g.add(state, written);
  Sizes s = g.sizesOf(query);
  Value grouped = g.reshape(query, {s[0], kvHeads, heads / kvHeads, s[2]});
  Value read =
      g.contract(state, grouped, {0, 1, 2, 3}, {0, 1, 4, 2}, {0, 1, 4, 3}, f32);
  read = g.mul(read, scale);
  Sizes row = g.sizesOf(rows);
  row[0] = 1;
  Value at = g.reshape(g.splat(iv, c.b.getI64Type()), {1, 1});
  Value next = graph::ScatterNdOp::create(c.b, rows.getType(),
                                          graph::ScatterKind::replace, rows, at,
                                          g.reshape(read, row));
  g.setSizes(next, g.sizesOf(rows));
  return {state, next};
}

void LinearAttention::run() {
  if (!readOperands())
    return;
  Scalar time = g.sizeOf(q, 0), batch = g.sizeOf(q, 1);
  Scalar keys = g.sizeOf(k, 3), values = g.sizeOf(v, 3);
  Sizes stateSizes{batch, kvHeads, keys, values};
  ElemType stored = c.has(3) ? c.type(3) : c.type(0);
  Value state =
      c.has(3) ? g.floatCast(c.tensor(3), f32) : g.filled(0, f32, stateSizes);
  state = g.broadcast(state, stateSizes);
  Value rows = g.filled(0, f32, {time, batch, heads, values});
  SmallVector<Value> results =
      countedLoop(c, time, {state, rows}, [&](Scalar iv, ValueRange carried) {
        return body(iv, carried[0], carried[1]);
      });
  Value out = g.transpose(results[1], {1, 0, 2, 3});
  out = g.reshape(out, {batch, time, c.h.mul(values, heads)});
  c.set(0, g.floatCast(out, c.element(0)));
  if (c.wants(1))
    c.set(1, g.cast(results[0], ElemType::Float, stored), stored);
}

void importLinearAttention(NodeContext &c) { LinearAttention(c).run(); }

} // namespace

void raddle::onnx::addLinearAttentionOps(OpTable &table) {
  OpRow rows[] = {
      {"LinearAttention", "f f f f? f? f?", 2,
       "chunk_size=i kv_num_heads=i! q_num_heads=i! scale=f update_rule=s",
       importLinearAttention, nullptr, "hidden sizes that are not static"},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
