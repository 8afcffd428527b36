//===- Optimizers.cpp - Steps of training ---------------------------------===//
#include "../Importer.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;
using CmpI = arith::CmpIPredicate;

namespace {

/// A rule for one trained tensor: from its operands (tensor, gradient, state)
/// to its results (tensor, state).
using Rule = llvm::function_ref<SmallVector<Value>(ArrayRef<Value> operands)>;

/// Applies `rule` to every trained tensor: after the learning rate and the
/// number of the update come all tensors, then all gradients, and so on.
void perTensor(NodeContext &c, unsigned operands, Rule rule) {
  if (c.count() < 2 + operands || (c.count() - 2) % operands)
    return c.error("has " + std::to_string(c.count()) + " inputs",
                   "2 and " + std::to_string(operands) + " per tensor");
  unsigned tensors = (c.count() - 2) / operands;
  for (unsigned t = 0; t < tensors; ++t) {
    SmallVector<Value> values;
    for (unsigned n = 0; n < operands; ++n) {
      unsigned input = 2 + n * tensors + t;
      if (c.type(input) != c.type(2 + t))
        return c.error("input '" + c.node.inputs[input] + "' has elements of " +
                           elemName(c.type(input)),
                       elemName(c.type(2 + t)) + " as the trained tensor");
      values.push_back(c.tensor(input));
    }
    for (auto [n, result] : llvm::enumerate(rule(values)))
      c.set(n * tensors + t, result, c.type(2 + t));
  }
}

/// The learning rate and the number of the update in the type of `x`.
Value rate(NodeContext &c, Value x) {
  return c.g.floatCast(c.g.reshape(c.tensor(0), {}),
                       GraphBuilder::elementOf(x));
}
Value updates(NodeContext &c, Value x) {
  return c.g.convert<arith::SIToFPOp>(c.g.reshape(c.tensor(1), {}),
                                      GraphBuilder::elementOf(x));
}
Value isFirst(NodeContext &c) {
  Value t = c.g.reshape(c.tensor(1), {});
  return c.g.compare(CmpI::sle, t, c.g.like(t, 0));
}

/// The gradient with that of the norm of the tensor.
Value regularized(NodeContext &c, Value x, Value gradient) {
  return c.g.add(c.g.mul(x, c.real("norm_coefficient", 0)), gradient);
}

void importAdagrad(NodeContext &c) {
  GraphBuilder &g = c.g;
  perTensor(c, 3, [&](ArrayRef<Value> v) -> SmallVector<Value> {
    Value x = v[0], gradient = regularized(c, x, v[1]);
    Value decayed = g.div(
        rate(c, x), g.add(g.mul(updates(c, x), c.real("decay_factor", 0)), 1));
    Value sum = g.add(v[2], g.mul(gradient, gradient));
    Value root = g.add(g.map<math::SqrtOp>({sum}), c.real("epsilon", 1e-6f));
    return {g.sub(x, g.div(g.mul(decayed, gradient), root)), sum};
  });
}

void importAdam(NodeContext &c) {
  GraphBuilder &g = c.g;
  double alpha = c.real("alpha", 0.9f), beta = c.real("beta", 0.999f);
  perTensor(c, 4, [&](ArrayRef<Value> v) -> SmallVector<Value> {
    Value x = v[0], gradient = regularized(c, x, v[1]);
    Value mean = g.add(g.mul(v[2], alpha), g.mul(gradient, 1 - alpha));
    Value square =
        g.add(g.mul(v[3], beta), g.mul(g.mul(gradient, gradient), 1 - beta));
    Value root = g.add(g.map<math::SqrtOp>({square}), c.real("epsilon", 1e-6f));
    // After the first update both averages are corrected for their start.
    Value t = updates(c, x), step = rate(c, x);
    auto missing = [&](double base) {
      Value power = g.map<math::PowFOp>({g.like(t, base), t});
      return g.sub(g.like(t, 1), power);
    };
    Value adjusted = g.div(g.mul(step, g.map<math::SqrtOp>({missing(beta)})),
                           missing(alpha));
    step = g.select(isFirst(c), step, adjusted);
    Value next = g.sub(x, g.mul(step, g.div(mean, root)));
    double after = c.real("norm_coefficient_post", 0);
    return {g.mul(next, 1 - after), mean, square};
  });
}

void importMomentum(NodeContext &c) {
  GraphBuilder &g = c.g;
  std::string mode = c.string("mode", "standard");
  if (mode != "standard" && mode != "nesterov")
    return c.error("the attribute 'mode' is '" + mode + "'",
                   "standard, nesterov");
  double alpha = c.real("alpha", 0), beta = c.real("beta", 0);
  perTensor(c, 3, [&](ArrayRef<Value> v) -> SmallVector<Value> {
    Value x = v[0], gradient = regularized(c, x, v[1]);
    Type element = GraphBuilder::elementOf(x);
    // The first gradient counts fully.
    Value weight =
        g.select(isFirst(c), g.constant(1, element), g.constant(beta, element));
    Value next = g.add(g.mul(v[2], alpha), g.mul(weight, gradient));
    Value direction =
        mode == "nesterov" ? g.add(gradient, g.mul(next, alpha)) : next;
    return {g.sub(x, g.mul(rate(c, x), direction)), next};
  });
}

} // namespace

void raddle::onnx::addOptimizerOps(OpTable &table) {
  const char *domain = "ai.onnx.preview.training";
  const char *inputs = "f l f f*";
  OpRow rows[] = {
      {"Adagrad", inputs, 0, "decay_factor=f epsilon=f norm_coefficient=f",
       importAdagrad, nullptr, "", 0, 's', domain},
      {"Adam", inputs, 0,
       "alpha=f beta=f epsilon=f norm_coefficient=f norm_coefficient_post=f",
       importAdam, nullptr, "", 0, 's', domain},
      {"Momentum", inputs, 0, "alpha=f! beta=f! mode=s! norm_coefficient=f!",
       importMomentum, nullptr, "", 0, 's', domain},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
