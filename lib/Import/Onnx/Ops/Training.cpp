//===- Training.cpp - Losses ----------------------------------------------===//
#include "../Importer.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;
using graph::ReduceKind;

namespace {

/// The losses of `logs` `[N, C, ...]` for `labels` `[N, ...]`, weighted and
/// reduced as the attributes say.
void negativeLogLikelihood(NodeContext &c, Value logs, unsigned labelInput,
                           unsigned weightInput) {
  Value labels = c.tensor(labelInput);
  Type element = GraphBuilder::elementOf(logs), i64 = c.b.getI64Type();
  labels = c.g.cast(labels, c.type(labelInput), ElemType::Int64);
  std::string reduction = c.string("reduction", "mean");
  // Ignored labels select class 0 and weigh nothing.
  Value weight;
  if (c.hasAttr("ignore_index")) {
    Value ignored =
        c.g.like(labels, static_cast<double>(c.integer("ignore_index", 0)));
    Value hit = c.g.compare(arith::CmpIPredicate::eq, labels, ignored);
    labels = c.g.select(hit, c.g.like(labels, 0), labels);
    Sizes sizes = c.g.sizesOf(labels);
    weight = c.g.select(hit, c.g.filled(0, element, sizes),
                        c.g.filled(1, element, sizes));
  }
  if (c.has(weightInput)) {
    Value own = c.g.gather(c.tensor(weightInput), labels, 0);
    weight = weight ? c.g.mul(weight, own) : own;
  }
  // Pick one class: the others are masked out of a sum over the classes.
  Sizes all = c.g.sizesOf(logs);
  Value classes = c.g.iota(i64, all, 1);
  Value hit = c.g.compare(arith::CmpIPredicate::eq, classes,
                          c.g.insertUnitDims(labels, {1}));
  Value picked = c.g.select(hit, logs, c.g.like(logs, 0));
  Value loss = c.g.neg(c.g.reduce(ReduceKind::add, picked, {1}, false));
  if (weight)
    loss = c.g.mul(loss, weight);
  SmallVector<int64_t> dims;
  llvm::append_range(dims, llvm::seq<int64_t>(0, GraphBuilder::rankOf(loss)));
  if (reduction == "sum") {
    loss = c.g.reduce(ReduceKind::add, loss, dims, false);
  } else if (reduction == "mean") {
    loss = weight ? c.g.div(c.g.reduce(ReduceKind::add, loss, dims, false),
                            c.g.reduce(ReduceKind::add, weight, dims, false))
                  : c.g.mean(loss, dims, false);
  } else if (reduction != "none") {
    return c.error("the attribute 'reduction' is '" + reduction + "'",
                   "none, sum, mean");
  }
  c.set(0, loss);
}

bool lossRanks(NodeContext &c) {
  if (c.rank(0) >= 2 && c.rank(1) == c.rank(0) - 1)
    return true;
  c.error("the ranks of scores and labels do not fit");
  return false;
}

void importNll(NodeContext &c) {
  if (lossRanks(c))
    negativeLogLikelihood(c, c.tensor(0), 1, 2);
}

void importSoftmaxLoss(NodeContext &c) {
  if (!lossRanks(c))
    return;
  Value logs = c.g.softmax(c.tensor(0), 1, true);
  negativeLogLikelihood(c, logs, 1, 2);
  if (c.wants(1))
    c.set(1, logs);
}

} // namespace

void raddle::onnx::addTrainingOps(OpTable &table) {
  OpRow rows[] = {
      {"NegativeLogLikelihoodLoss", "f l f?", 1, "ignore_index=i reduction=s",
       importNll},
      {"SoftmaxCrossEntropyLoss", "f l f?", 2, "ignore_index=i reduction=s",
       importSoftmaxLoss},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
