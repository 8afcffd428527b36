//===- Activation.cpp - Activations, composed of arithmetic ---------------===//
#include "../Importer.h"

#include <cmath>

using namespace mlir;
using namespace raddle::onnx;
using CmpF = arith::CmpFPredicate;

namespace {

Value positive(GraphBuilder &g, Value x) {
  return g.compare(CmpF::OGT, x, g.like(x, 0));
}

/// max(0, min(1, alpha x + beta))
Value hardSigmoid(GraphBuilder &g, Value x, double alpha, double beta) {
  Value line = g.add(g.mul(x, alpha), beta);
  return g.max(g.like(x, 0), g.min(g.like(x, 1), line));
}

/// log(1 + exp x), without overflow.
Value softplus(GraphBuilder &g, Value x) {
  Value rest = g.map<math::Log1pOp>({g.exp(g.neg(g.map<math::AbsFOp>({x})))});
  return g.add(g.max(x, g.like(x, 0)), rest);
}

void importRelu(NodeContext &c) {
  Value x = c.tensor(0);
  c.set(0, c.g.max(x, c.g.like(x, 0)));
}

void importLeakyRelu(NodeContext &c) {
  Value x = c.tensor(0);
  c.set(0, c.g.select(positive(c.g, x), x, c.g.mul(x, c.real("alpha", 0.01))));
}

void importPRelu(NodeContext &c) {
  Value x = c.tensor(0);
  // The slope broadcasts to x, not x to the slope.
  Value slope = c.g.broadcast(c.tensor(1), c.sizes(0));
  bool real = isFloat(c.type(0));
  Value above = real
                    ? positive(c.g, x)
                    : c.g.compare(arith::CmpIPredicate::sgt, x, c.g.like(x, 0));
  c.set(0, c.g.select(above, x, c.g.mul(x, slope)));
}

/// gamma (alpha exp(x / scale) - alpha) below zero, gamma x above.
void exponentialUnit(NodeContext &c, double alpha, double gamma, double scale) {
  Value x = c.tensor(0);
  Value low = c.g.min(x, c.g.like(x, 0));
  if (scale != 1)
    low = c.g.div(low, c.g.like(x, scale));
  Value below = c.g.mul(c.g.map<math::ExpM1Op>({low}), alpha);
  Value result = c.g.select(positive(c.g, x), x, below);
  c.set(0, gamma == 1 ? result : c.g.mul(result, gamma));
}
void importElu(NodeContext &c) { exponentialUnit(c, c.real("alpha", 1), 1, 1); }
void importSelu(NodeContext &c) {
  exponentialUnit(c, c.real("alpha", 1.67326319217681884765625),
                  c.real("gamma", 1.05070102214813232421875), 1);
}
void importCelu(NodeContext &c) {
  double alpha = c.real("alpha", 1);
  exponentialUnit(c, alpha, 1, alpha);
}

void importSigmoid(NodeContext &c) { c.set(0, c.g.sigmoid(c.tensor(0))); }
void importHardSigmoid(NodeContext &c) {
  c.set(0, hardSigmoid(c.g, c.tensor(0), c.real("alpha", 0.2),
                       c.real("beta", 0.5)));
}
void importHardSwish(NodeContext &c) {
  Value x = c.tensor(0);
  c.set(0, c.g.mul(x, hardSigmoid(c.g, x, 1.0 / 6, 0.5)));
}
void importSwish(NodeContext &c) {
  Value x = c.tensor(0);
  double alpha = c.real("alpha", 1);
  c.set(0, c.g.mul(x, c.g.sigmoid(alpha == 1 ? x : c.g.mul(x, alpha))));
}
void importSoftplus(NodeContext &c) { c.set(0, softplus(c.g, c.tensor(0))); }
void importSoftsign(NodeContext &c) {
  Value x = c.tensor(0);
  c.set(0, c.g.div(x, c.g.add(c.g.map<math::AbsFOp>({x}), 1)));
}
void importMish(NodeContext &c) {
  Value x = c.tensor(0);
  c.set(0, c.g.mul(x, c.g.map<math::TanhOp>({softplus(c.g, x)})));
}
void importThresholdedRelu(NodeContext &c) {
  Value x = c.tensor(0);
  Value above = c.g.compare(CmpF::OGT, x, c.g.like(x, c.real("alpha", 1)));
  c.set(0, c.g.select(above, x, c.g.like(x, 0)));
}
void importShrink(NodeContext &c) {
  Value x = c.tensor(0);
  double lambda = c.real("lambd", 0.5), bias = c.real("bias", 0);
  if (!isFloat(c.type(0)))
    return c.error("input has elements of " + elemName(c.type(0)),
                   "a float type");
  Value below = c.g.compare(CmpF::OLT, x, c.g.like(x, -lambda));
  Value above = c.g.compare(CmpF::OGT, x, c.g.like(x, lambda));
  c.set(0, c.g.select(below, c.g.add(x, bias),
                      c.g.select(above, c.g.add(x, -bias), c.g.like(x, 0))));
}
void importGelu(NodeContext &c) {
  Value x = c.tensor(0);
  std::string approximate = c.string("approximate", "none");
  Value inner;
  if (approximate == "none") {
    inner = c.g.map<math::ErfOp>({c.g.mul(x, std::sqrt(0.5))});
  } else if (approximate == "tanh") {
    Value cube = c.g.mul(c.g.mul(x, x), x);
    Value line = c.g.add(x, c.g.mul(cube, 0.044715));
    inner = c.g.map<math::TanhOp>(
        {c.g.mul(line, std::sqrt(2 / 3.14159265358979323846))});
  } else {
    return c.error("the attribute 'approximate' is '" + approximate + "'",
                   "'none' or 'tanh'");
  }
  c.set(0, c.g.mul(c.g.mul(x, 0.5), c.g.add(inner, 1)));
}
void importSwiGlu(NodeContext &c) {
  if (c.type(0) != c.type(1))
    return c.error("gate and value differ in element type");
  Value gate = c.tensor(0), value = c.tensor(1);
  double alpha = c.real("alpha", 1);
  Value swish =
      c.g.mul(gate, c.g.sigmoid(alpha == 1 ? gate : c.g.mul(gate, alpha)));
  c.set(0, c.g.mul(swish, value));
}

} // namespace

void raddle::onnx::addActivationOps(OpTable &table) {
  OpRow rows[] = {
      {"Relu", "n", 1, "", importRelu},
      {"LeakyRelu", "f", 1, "alpha=f", importLeakyRelu},
      {"PRelu", "n n", 1, "", importPRelu},
      {"Elu", "f", 1, "alpha=f", importElu},
      {"Selu", "f", 1, "alpha=f gamma=f", importSelu},
      {"Celu", "f", 1, "alpha=f", importCelu},
      {"Sigmoid", "f", 1, "", importSigmoid},
      {"HardSigmoid", "f", 1, "alpha=f beta=f", importHardSigmoid},
      {"HardSwish", "f", 1, "", importHardSwish},
      {"Swish", "f", 1, "alpha=f", importSwish},
      {"Softplus", "f", 1, "", importSoftplus},
      {"Softsign", "f", 1, "", importSoftsign},
      {"Mish", "f", 1, "", importMish},
      {"ThresholdedRelu", "f", 1, "alpha=f", importThresholdedRelu},
      {"Shrink", "n", 1, "lambd=f bias=f", importShrink, nullptr,
       "integer inputs"},
      {"Gelu", "f", 1, "approximate=s", importGelu},
      {"SwiGLU", "f f", 1, "alpha=f", importSwiGlu},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
