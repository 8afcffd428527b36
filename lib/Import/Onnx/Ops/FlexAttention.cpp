//===- FlexAttention.cpp - Attention with scores changed by a subgraph ----===//
#include "../Importer.h"

#include <cmath>

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;

namespace {

class FlexAttention {
public:
  explicit FlexAttention(NodeContext &c) : c(c), g(c.g) {}
  void run();

private:
  bool readOperands();
  Value modify(const char *name, Value scores);

  NodeContext &c;
  GraphBuilder &g;
  ElemType inner = ElemType::Float;
  Value q, k, v;
  int64_t heads = 0, kvHeads = 0;
  double scale = 0;
};

bool FlexAttention::readOperands() {
  for (unsigned n = 0; n < 3; ++n) {
    if (!c.expectRank(n, 4))
      return false;
    if (c.type(n) != c.type(0)) {
      c.error("query, key and value differ in element type");
      return false;
    }
  }
  q = c.tensor(0);
  k = c.tensor(1);
  v = c.tensor(2);
  Scalar size = g.assumeEqual(g.sizeOf(q, 3), g.sizeOf(k, 3));
  g.assumeEqual(g.sizeOf(k, 2), g.sizeOf(v, 2));
  Scalar queries = g.sizeOf(q, 1);
  Scalar shared = g.assumeEqual(g.sizeOf(k, 1), g.sizeOf(v, 1));
  if (!size.isConstant() || !queries.isConstant() || !shared.isConstant() ||
      shared.integer < 1 || queries.integer % shared.integer) {
    c.error("the head size and the numbers of heads must be static, and the "
            "key's heads divide the query's");
    return false;
  }
  heads = queries.integer;
  kvHeads = shared.integer;
  scale = c.real("scale", 1 / std::sqrt(static_cast<double>(size.integer)));
  inner = c.type(0) == ElemType::Double ? ElemType::Double : ElemType::Float;
  if (c.hasAttr("softmax_precision"))
    inner = static_cast<ElemType>(c.integer("softmax_precision", 1));
  if (!isFloat(inner) || elemBits(inner) < 16) {
    c.error("the attribute 'softmax_precision' is " + elemName(inner),
            operandKindName('f'));
    return false;
  }
  return true;
}

/// The scores as the subgraph makes them.
Value FlexAttention::modify(const char *name, Value scores) {
  const NodeAttribute *a = c.find(name);
  if (!a)
    return scores;
  std::string which = "the graph '" + std::string(name) + "'";
  if (a->graph->inputs.size() != 1 || a->graph->outputs.size() != 1) {
    c.error(which + " has " + std::to_string(a->graph->inputs.size()) +
                " inputs and " + std::to_string(a->graph->outputs.size()) +
                " outputs",
            "one of each");
    return scores;
  }
  Scope scope;
  scope.parent = &c.scope;
  scope.values[a->graph->inputs[0].name] = c.im.makeTensor(scores, inner);
  SmallVector<ValueRef> results;
  if (!c.im.importGraph(*a->graph, scope, c.frame, results))
    return scores;
  OnnxValue &result = *results.front();
  if (result.poisoned || result.isSequence || result.isNone ||
      result.type != inner || c.im.rankOf(result) > 4) {
    if (!result.poisoned)
      c.error(which + " changes the type of the scores, or makes them larger");
    return scores;
  }
  return g.broadcast(c.im.tensorOf(result), g.sizesOf(scores));
}

void FlexAttention::run() {
  if (!readOperands())
    return;
  Sizes target{g.sizeOf(q, 0), heads, g.sizeOf(q, 2), g.sizeOf(v, 3)};
  if (!c.hasAttr("score_mod") && !c.hasAttr("prob_mod")) {
    Value y = graph::AttentionOp::create(
        c.b, g.typeFor(target, c.element(0)), q, k, v, Value(),
        c.b.getF64FloatAttr(scale), UnitAttr(), c.b.getF64FloatAttr(0),
        graph::ComputeModeAttr::get(c.b.getContext(),
                                    graph::ComputeMode::native));
    g.setSizes(y, target);
    return c.set(0, y);
  }
  Type real = elementType(c.b.getContext(), inner);
  Type sum = g.accumulator(real);
  // Dims: batch 0, shared head 1, queries' heads of it 2, query 3, key 4,
  // element 5.
  int64_t group = heads / kvHeads;
  Sizes s = g.sizesOf(q);
  Value grouped = g.reshape(q, {s[0], kvHeads, group, s[2], s[3]});
  Value scores = g.contract(grouped, k, {0, 1, 2, 3, 5}, {0, 1, 4, 5},
                            {0, 1, 2, 3, 4}, g.accumulator(c.element(0)));
  Sizes plane{s[0], heads, s[2], g.sizeOf(k, 2)};
  scores = g.floatCast(g.mul(scores, scale), real);
  scores = g.reshape(scores, plane);
  Value weights = g.softmax(modify("score_mod", scores), 3);
  weights = modify("prob_mod", weights);
  weights = g.reshape(weights, {s[0], kvHeads, group, s[2], plane[3]});
  Value y = g.contract(weights, g.floatCast(v, real), {0, 1, 2, 3, 4},
                       {0, 1, 4, 5}, {0, 1, 2, 3, 5}, sum);
  c.set(0, g.floatCast(g.reshape(y, target), c.element(0)));
}

void importFlexAttention(NodeContext &c) { FlexAttention(c).run(); }

} // namespace

void raddle::onnx::addFlexAttentionOps(OpTable &table) {
  OpRow rows[] = {
      {"FlexAttention", "f f f", 1,
       "prob_mod=g scale=f score_mod=g softmax_precision=i",
       importFlexAttention, nullptr,
       "head sizes and counts that are not static", 0, 's', "ai.onnx.preview"},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
