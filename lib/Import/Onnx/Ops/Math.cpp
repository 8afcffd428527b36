//===- Math.cpp - Functions of one number ---------------------------------===//
#include "HostEvaluation.h"

#include <cmath>

using namespace mlir;
using namespace raddle::onnx;
using CmpF = arith::CmpFPredicate;

namespace {

template <typename Op> void unary(NodeContext &c) {
  c.set(0, c.g.map<Op>({c.tensor(0)}));
}

double floorReal(double x) { return std::floor(x); }
double ceilReal(double x) { return std::ceil(x); }
double roundReal(double x) { return std::nearbyint(x); }
double sqrtReal(double x) { return std::sqrt(x); }
double reciprocalReal(double x) { return 1 / x; }
double expReal(double x) { return std::exp(x); }
double logReal(double x) { return std::log(x); }

void importReciprocal(NodeContext &c) { c.set(0, c.g.reciprocal(c.tensor(0))); }

void importIsNaN(NodeContext &c) {
  Value x = c.tensor(0);
  c.set(0, c.g.compare(CmpF::UNO, x, x), ElemType::Bool);
}

void importIsInf(NodeContext &c) {
  Value x = c.tensor(0);
  bool positive = c.integer("detect_positive", 1);
  bool negative = c.integer("detect_negative", 1);
  if (positive && negative)
    x = c.g.map<math::AbsFOp>({x});
  else if (negative)
    x = c.g.neg(x);
  if (!positive && !negative)
    return c.set(0, c.g.filled(0, c.b.getI1Type(), c.sizes(0)), ElemType::Bool);
  c.set(0, c.g.compare(CmpF::OEQ, x, c.g.like(x, INFINITY)), ElemType::Bool);
}

} // namespace

void raddle::onnx::addMathOps(OpTable &table) {
  OpRow rows[] = {
      {"Exp", "f", 1, "", unary<math::ExpOp>, hostReal<expReal>},
      {"Log", "f", 1, "", unary<math::LogOp>, hostReal<logReal>},
      {"Sqrt", "f", 1, "", unary<math::SqrtOp>, hostReal<sqrtReal>},
      {"Sin", "f", 1, "", unary<math::SinOp>},
      {"Cos", "f", 1, "", unary<math::CosOp>},
      {"Tan", "f", 1, "", unary<math::TanOp>},
      {"Sinh", "f", 1, "", unary<math::SinhOp>},
      {"Cosh", "f", 1, "", unary<math::CoshOp>},
      {"Tanh", "f", 1, "", unary<math::TanhOp>},
      {"Asin", "f", 1, "", unary<math::AsinOp>},
      {"Acos", "f", 1, "", unary<math::AcosOp>},
      {"Atan", "f", 1, "", unary<math::AtanOp>},
      {"Asinh", "f", 1, "", unary<math::AsinhOp>},
      {"Acosh", "f", 1, "", unary<math::AcoshOp>},
      {"Atanh", "f", 1, "", unary<math::AtanhOp>},
      {"Erf", "f", 1, "", unary<math::ErfOp>},
      {"Floor", "f", 1, "", unary<math::FloorOp>, hostReal<floorReal>},
      {"Ceil", "f", 1, "", unary<math::CeilOp>, hostReal<ceilReal>},
      {"Round", "f", 1, "", unary<math::RoundEvenOp>, hostReal<roundReal>},
      {"Reciprocal", "f", 1, "", importReciprocal, hostReal<reciprocalReal>},
      {"IsNaN", "f", 1, "", importIsNaN},
      {"IsInf", "f", 1, "detect_negative=i detect_positive=i", importIsInf},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
