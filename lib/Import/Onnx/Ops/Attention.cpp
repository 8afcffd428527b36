//===- Attention.cpp - Attention and rotary embedding ---------------------===//
#include "../Importer.h"

#include <cmath>

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;
using graph::ReduceKind;

namespace {

/// `[batch, length, heads * size]` as `[batch, heads, length, size]`.
Value splitHeads(NodeContext &c, Value x, int64_t heads) {
  Sizes s = c.g.sizesOf(x);
  Value split = c.g.reshape(
      x, {s[0], s[1], heads, c.h.exactQuotient({s[2]}, {Scalar(heads)})});
  return c.g.transpose(split, {0, 2, 1, 3});
}

class AttentionImport {
public:
  explicit AttentionImport(NodeContext &c) : c(c) {}
  void run();

private:
  bool readOperands();
  bool readMask();
  void limitPositions();
  void addToMask(Value allowed);
  Value repeatHeads(Value x);
  void scoresOutput();

  NodeContext &c;
  Value q, k, v, mask;
  Scalar past = 0, queries, keys;
  Value lengths;
  bool causal = false, fullyMasked = false;
  double scale = 0, softcap = 0;
};

bool AttentionImport::readOperands() {
  int64_t rank = c.rank(0);
  if ((rank != 3 && rank != 4) || c.rank(1) != rank || c.rank(2) != rank) {
    c.error("query, key and value have ranks " + std::to_string(rank) + ", " +
                std::to_string(c.rank(1)) + ", " + std::to_string(c.rank(2)),
            "rank 3 or 4");
    return false;
  }
  for (unsigned n = 1; n < 3; ++n)
    if (c.type(n) != c.type(0)) {
      c.error("query, key and value differ in element type");
      return false;
    }
  q = c.tensor(0);
  k = c.tensor(1);
  v = c.tensor(2);
  if (rank == 3) {
    int64_t heads = c.integer("q_num_heads", 0);
    int64_t kvHeads = c.integer("kv_num_heads", 0);
    auto fits = [&](unsigned n, int64_t count) {
      Scalar hidden = c.sizes(n)[2];
      return count > 0 && (!hidden.isConstant() || hidden.integer % count == 0);
    };
    if (!fits(0, heads) || !fits(1, kvHeads) || !fits(2, kvHeads)) {
      c.error("the attributes 'q_num_heads' and 'kv_num_heads' do not divide "
              "the hidden sizes");
      return false;
    }
    q = splitHeads(c, q, heads);
    k = splitHeads(c, k, kvHeads);
    v = splitHeads(c, v, kvHeads);
  }
  if (c.has(4) != c.has(5)) {
    c.error("the past key and value must be given together");
    return false;
  }
  if (c.has(4)) {
    if (!c.expectRank(4, 4) || !c.expectRank(5, 4))
      return false;
    Value pastKey = c.tensor(4);
    past = c.g.sizeOf(pastKey, 2);
    k = c.g.concat({pastKey, k}, 2);
    v = c.g.concat({c.tensor(5), v}, 2);
  }
  if (c.has(6)) {
    lengths = c.g.cast(c.tensor(6), c.type(6), ElemType::Int64);
    lengths = c.g.reshape(lengths, {c.g.sizeOf(q, 0), 1, 1, 1});
  }
  queries = c.g.sizeOf(q, 2);
  keys = c.g.sizeOf(k, 2);
  Scalar size = c.g.sizeOf(q, 3), heads = c.g.sizeOf(q, 1),
         kvHeads = c.g.sizeOf(k, 1);
  if (!size.isConstant() || !heads.isConstant() || !kvHeads.isConstant() ||
      heads.integer % std::max<int64_t>(kvHeads.integer, 1)) {
    c.error("the head size and the numbers of heads must be static, and the "
            "key's heads divide the query's");
    return false;
  }
  scale = c.real("scale", 1 / std::sqrt(static_cast<double>(size.integer)));
  softcap = c.real("softcap", 0);
  return true;
}

/// Restricts the mask to where `allowed` (bool, broadcastable to the scores)
/// holds.
void AttentionImport::addToMask(Value allowed) {
  Type element = c.element(0);
  Value bias = c.g.select(allowed, c.g.constant(0, element),
                          c.g.constant(-INFINITY, element));
  mask = mask ? c.g.add(mask, bias) : bias;
}

bool AttentionImport::readMask() {
  if (!c.has(3))
    return true;
  int64_t rank = c.rank(3);
  if (rank < 1 || rank > 4) {
    c.error("the mask has rank " + std::to_string(rank), "rank 1 to 4");
    return false;
  }
  mask = c.tensor(3);
  fullyMasked = true;
  bool isBool = c.type(3) == ElemType::Bool;
  if (isBool) {
    Value allowed = mask;
    mask = Value();
    addToMask(allowed);
  } else if (!isFloat(c.type(3))) {
    c.error("the mask has elements of " + elemName(c.type(3)),
            "bool or a float type");
    return false;
  } else {
    mask = c.g.cast(mask, c.type(3), c.type(0));
  }
  SmallVector<int64_t> front;
  llvm::append_range(front, llvm::seq<int64_t>(0, 4 - rank));
  mask = c.g.insertUnitDims(mask, front);
  // A mask for fewer keys than there are masks the others.
  Scalar last = c.g.sizeOf(mask, 3);
  if (last.isConstant() && keys.isConstant() && last.integer < keys.integer &&
      (last.integer != 1 || rank == 1 || isBool)) {
    Sizes low(4, Scalar(0)), high(4, Scalar(0));
    high[3] = keys.integer - last.integer;
    mask = c.g.pad(mask, low, high, c.g.constant(-INFINITY, c.element(0)),
                   graph::PadMode::constant);
  }
  return true;
}

/// Causality, a sliding window and the lengths of the keys.
void AttentionImport::limitPositions() {
  Type i64 = c.b.getI64Type();
  using P = arith::CmpIPredicate;
  bool wanted = c.integer("is_causal", 0);
  int64_t left = c.integer("left_window_size", -1);
  int64_t right = c.integer("right_window_size", -1);
  Sizes plane{1, 1, queries, keys};
  auto position = [&]() {
    // Where a query stands among the keys.
    Value row = c.g.iota(i64, plane, 2);
    if (lengths)
      return c.g.add(row, c.g.sub(lengths, c.g.splat(queries, i64)));
    return past.isInteger(0) ? row : c.g.add(row, c.g.splat(past, i64));
  };
  auto column = [&]() { return c.g.iota(i64, plane, 3); };
  // The operation's own causality aligns the last query with the last key.
  if (wanted && !lengths && c.h.provablyEqual(c.h.sub(keys, queries), past)) {
    causal = true;
    wanted = false;
  }
  if (wanted)
    addToMask(c.g.compare(P::sle, column(), position()));
  if (left >= 0)
    addToMask(c.g.compare(P::sge, column(),
                          c.g.add(position(), static_cast<double>(-left))));
  if (right >= 0)
    addToMask(c.g.compare(P::sle, column(),
                          c.g.add(position(), static_cast<double>(right))));
  if (lengths) {
    addToMask(c.g.compare(P::slt, c.g.iota(i64, {1, 1, 1, keys}, 3), lengths));
    fullyMasked = true;
  }
  fullyMasked |= left >= 0 || right >= 0;
}

/// Key heads repeated for the queries that share them.
Value AttentionImport::repeatHeads(Value x) {
  Sizes s = c.g.sizesOf(x);
  int64_t heads = c.g.sizeOf(q, 1).integer;
  if (s[1].isInteger(heads))
    return x;
  int64_t times = heads / s[1].integer;
  Value wide = c.g.broadcast(c.g.insertUnitDims(x, {2}),
                             {s[0], s[1], times, s[2], s[3]});
  return c.g.reshape(wide, {s[0], heads, s[2], s[3]});
}

/// The scores as a result of their own, at the stage that is asked for.
void AttentionImport::scoresOutput() {
  int64_t stage = c.integer("qk_matmul_output_mode", 0);
  Value scores = c.g.contract(q, repeatHeads(k), {0, 1, 2, 3}, {0, 1, 4, 3},
                              {0, 1, 2, 4}, c.g.accumulator(c.element(0)));
  scores = c.g.mul(scores, scale);
  Type element = c.element(0);
  auto finish = [&](Value x) { c.set(3, c.g.floatCast(x, element)); };
  // Operator set 23 counts the bias before the cap.
  if (stage == 0)
    return finish(scores);
  if (softcap > 0) {
    Value capped = c.g.map<math::TanhOp>({c.g.mul(scores, 1 / softcap)});
    scores = c.g.mul(capped, softcap);
  }
  if (stage == 1)
    return finish(scores);
  Value bias = mask;
  if (causal) {
    Type i64 = c.b.getI64Type();
    Sizes plane{1, 1, queries, keys};
    Value row = c.g.add(c.g.iota(i64, plane, 2),
                        c.g.splat(c.h.sub(keys, queries), i64));
    Value had = mask;
    mask = Value();
    addToMask(
        c.g.compare(arith::CmpIPredicate::sle, c.g.iota(i64, plane, 3), row));
    bias = had ? c.g.add(had, mask) : mask;
    mask = had;
  }
  if (bias)
    scores =
        c.g.add(scores, c.g.floatCast(bias, GraphBuilder::elementOf(scores)));
  if (stage == 2)
    return finish(scores);
  if (stage != 3)
    return c.error("the attribute 'qk_matmul_output_mode' is " +
                       std::to_string(stage),
                   "0, 1, 2, 3");
  Value result = c.g.softmax(scores, 3);
  if (bias) {
    Value peak = c.g.reduce(ReduceKind::max, bias, {3}, true);
    Value none =
        c.g.compare(arith::CmpFPredicate::OEQ, peak, c.g.like(peak, -INFINITY));
    result = c.g.select(none, c.g.like(result, 0), result);
  }
  finish(result);
}

void AttentionImport::run() {
  if (!readOperands() || !readMask())
    return;
  limitPositions();
  if (c.failed())
    return;
  if (c.wants(1))
    c.set(1, k);
  if (c.wants(2))
    c.set(2, v);
  if (c.wants(3))
    scoresOutput();
  Sizes target{c.g.sizeOf(q, 0), c.g.sizeOf(q, 1), queries, c.g.sizeOf(v, 3)};
  c.g.assumeEqual(c.g.sizeOf(k, 2), c.g.sizeOf(v, 2));
  Value y = graph::AttentionOp::create(
      c.b, c.g.typeFor(target, c.element(0)), q, k, v, mask,
      c.b.getF64FloatAttr(scale), causal ? c.b.getUnitAttr() : UnitAttr(),
      c.b.getF64FloatAttr(softcap),
      graph::ComputeModeAttr::get(c.b.getContext(),
                                  graph::ComputeMode::native));
  c.g.setSizes(y, target);
  if (mask && fullyMasked) {
    // A query that may see no key gives zero.
    Value peak = c.g.reduce(ReduceKind::max, mask, {3}, true);
    Value none =
        c.g.compare(arith::CmpFPredicate::OEQ, peak, c.g.like(peak, -INFINITY));
    y = c.g.select(none, c.g.like(y, 0), y);
  }
  if (c.rank(0) == 3)
    y = c.g.reshape(c.g.transpose(y, {0, 2, 1, 3}),
                    {target[0], target[2], c.h.mul(target[1], target[3])});
  c.set(0, y);
}

void importAttention(NodeContext &c) { AttentionImport(c).run(); }

void importRotary(NodeContext &c) {
  int64_t rank = c.rank(0);
  bool interleaved = c.integer("interleaved", 0);
  if (rank != 3 && rank != 4)
    return c.error("the input has rank " + std::to_string(rank), "rank 3 or 4");
  Value x = c.tensor(0);
  // As [batch, length, heads, size].
  if (rank == 4) {
    x = c.g.transpose(x, {0, 2, 1, 3});
  } else {
    int64_t heads = c.integer("num_heads", 0);
    if (heads < 1)
      return c.error("the attribute 'num_heads' is " + std::to_string(heads));
    Sizes s = c.g.sizesOf(x);
    x = c.g.reshape(
        x, {s[0], s[1], heads, c.h.exactQuotient({s[2]}, {Scalar(heads)})});
  }
  Sizes s = c.g.sizesOf(x);
  if (!s[3].isConstant())
    return c.error("the head size is not static");
  int64_t size = s[3].integer, rotated = c.integer("rotary_embedding_dim", 0);
  if (rotated == 0)
    rotated = size;
  if (rotated < 2 || rotated > size || rotated % 2)
    return c.error("the attribute 'rotary_embedding_dim' is " +
                   std::to_string(rotated));
  auto table = [&](unsigned n) {
    Value t = c.tensor(n);
    if (c.has(3))
      t = c.g.gather(t, c.tensor(3), 0);
    return c.g.insertUnitDims(t, {2});
  };
  Value cosine = table(1), sine = table(2);
  if (GraphBuilder::rankOf(cosine) != 4 || GraphBuilder::rankOf(sine) != 4)
    return c.error("the tables and positions do not fit",
                   "tables of rank 2 with positions, or of rank 3");
  int64_t half = rotated / 2;
  Value turned = c.g.slice(x, 3, 0, rotated);
  Value kept =
      rotated < size ? c.g.slice(x, 3, rotated, size - rotated) : Value();
  Value first, second;
  if (interleaved) {
    first = c.g.slice(turned, 3, 0, half, 2);
    second = c.g.slice(turned, 3, 1, half, 2);
  } else {
    first = c.g.slice(turned, 3, 0, half);
    second = c.g.slice(turned, 3, half, half);
  }
  Value real = c.g.sub(c.g.mul(cosine, first), c.g.mul(sine, second));
  Value imaginary = c.g.add(c.g.mul(sine, first), c.g.mul(cosine, second));
  Value y;
  if (interleaved) {
    y = c.g.concat(
        {c.g.insertUnitDims(real, {4}), c.g.insertUnitDims(imaginary, {4})}, 4);
    y = c.g.reshape(y, {s[0], s[1], s[2], rotated});
  } else {
    y = c.g.concat({real, imaginary}, 3);
  }
  if (kept)
    y = c.g.concat({y, kept}, 3);
  y = rank == 4 ? c.g.transpose(y, {0, 2, 1, 3}) : c.g.reshape(y, c.sizes(0));
  c.set(0, y);
}

} // namespace

void raddle::onnx::addAttentionOps(OpTable &table) {
  OpRow rows[] = {
      {"Attention", "f f f x? f? f? l?", 4,
       "is_causal=i kv_num_heads=i q_num_heads=i qk_matmul_output_mode=i "
       "scale=f softcap=f softmax_precision=i left_window_size=i "
       "right_window_size=i",
       importAttention, nullptr, "head sizes and counts that are not static"},
      {"RotaryEmbedding", "f f f l?", 1,
       "interleaved=i num_heads=i rotary_embedding_dim=i", importRotary},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
