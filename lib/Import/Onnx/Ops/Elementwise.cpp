//===- Elementwise.cpp - Arithmetic, comparison, logic --------------------===//
#include "HostEvaluation.h"

#include <cmath>

using namespace mlir;
using namespace raddle::onnx;
using CmpF = arith::CmpFPredicate;
using CmpI = arith::CmpIPredicate;

namespace {

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

bool sameTypes(NodeContext &c) {
  for (unsigned n = 1; n < c.count(); ++n)
    if (c.has(n) && c.type(n) != c.type(0)) {
      c.error("inputs have elements of " + elemName(c.type(0)) + " and " +
              elemName(c.type(n)) + ", expected equal types");
      return false;
    }
  return true;
}

template <Value (GraphBuilder::*F)(Value, Value)> void binary(NodeContext &c) {
  if (sameTypes(c))
    c.set(0, (c.g.*F)(c.tensor(0), c.tensor(1)));
}

template <Value (GraphBuilder::*F)(Value, Value, bool)>
void signedBinary(NodeContext &c) {
  if (!sameTypes(c))
    return;
  Value result = c.tensor(0);
  for (unsigned n = 1; n < c.count(); ++n)
    result = (c.g.*F)(result, c.tensor(n), c.unsignedInput(0));
  c.set(0, result);
}

using IntF = Scalar (HostBuilder::*)(Scalar, Scalar);
/// The host form of an operator from its functions for integers and for reals.
template <IntF I, double (*R)(double, double)>
bool hostArithmetic(NodeContext &c) {
  for (unsigned n = 1; n < c.count(); ++n)
    if (c.type(n) != c.type(0))
      return false;
  bool real = isFloat(c.type(0));
  if (real)
    for (unsigned n = 0; n < c.count(); ++n)
      if (!c.host(n)->isConstant())
        return false;
  // Division by a zero that is known is left to the device.
  if (I == &HostBuilder::divTrunc && !real)
    for (const Scalar &s : c.host(1)->elements)
      if (s.isInteger(0))
        return false;
  return hostMap(c, c.type(0), [&](ArrayRef<Scalar> x) {
    Scalar result = x[0];
    for (const Scalar &y : x.drop_front())
      result = real ? Scalar::realNumber(R(result.real, y.real))
                    : (c.h.*I)(result, y);
    return result;
  });
}
double addReal(double a, double b) { return a + b; }
double subReal(double a, double b) { return a - b; }
double mulReal(double a, double b) { return a * b; }
double divReal(double a, double b) { return a / b; }
double minReal(double a, double b) { return std::isnan(a) || a < b ? a : b; }
double maxReal(double a, double b) { return std::isnan(a) || a > b ? a : b; }

void importMod(NodeContext &c) {
  if (!sameTypes(c))
    return;
  Value x = c.tensor(0), y = c.tensor(1);
  if (isFloat(c.type(0))) {
    Value rest = c.g.map<arith::RemFOp>({x, y});
    if (!c.integer("fmod", 0)) {
      Value zero = c.g.like(rest, 0);
      auto negative = [&](Value v) {
        return c.g.compare(CmpF::OLT, v, c.g.like(v, 0));
      };
      Value differ = c.g.map<arith::XOrIOp>({negative(rest), negative(y)});
      Value some = c.g.compare(CmpF::UNE, rest, zero);
      rest = c.g.select(c.g.map<arith::AndIOp>({differ, some}),
                        c.g.add(rest, y), rest);
    }
    return c.set(0, rest);
  }
  if (c.unsignedInput(0))
    return c.set(0, c.g.map<arith::RemUIOp>({x, y}));
  Value rest = c.g.map<arith::RemSIOp>({x, y});
  if (!c.integer("fmod", 0)) {
    // The sign of the divisor: add it when the signs differ.
    Value zero = c.g.like(rest, 0);
    Value differ =
        c.g.compare(CmpI::slt, c.g.map<arith::XOrIOp>({rest, y}), zero);
    Value some = c.g.compare(CmpI::ne, rest, zero);
    rest = c.g.select(c.g.map<arith::AndIOp>({differ, some}), c.g.add(rest, y),
                      rest);
  }
  c.set(0, rest);
}

bool hostMod(NodeContext &c) {
  if (c.type(0) != c.type(1) || isFloat(c.type(0)) || c.integer("fmod", 0))
    return false;
  for (const Scalar &s : c.host(1)->elements)
    if (s.isInteger(0))
      return false;
  return hostMap(c, c.type(0),
                 [&](ArrayRef<Scalar> x) { return c.h.floorMod(x[0], x[1]); });
}

/// x^n by repeated squaring: for small whole n exact products are cheaper than
/// logarithms.
Value wholePower(NodeContext &c, Value x, unsigned n) {
  if (n == 1)
    return x;
  Value half = wholePower(c, x, n / 2);
  Value square = c.g.mul(half, half);
  return n % 2 ? c.g.mul(square, x) : square;
}

void importPow(NodeContext &c) {
  Value x = c.tensor(0);
  std::optional<double> known = c.knownReal(1);
  bool scalar = c.rank(1) <= c.rank(0);
  if (known && scalar && *known >= 1 && *known <= 8 &&
      *known == std::floor(*known))
    return c.set(0, wholePower(c, x, static_cast<unsigned>(*known)));
  if (isFloat(c.type(0))) {
    if (known && scalar && *known == 0.5)
      return c.set(0, c.g.map<math::SqrtOp>({x}));
    Value y = c.g.cast(c.tensor(1), c.type(1), c.type(0));
    return c.set(0, c.g.map<math::PowFOp>({x, y}));
  }
  if (isFloat(c.type(1))) {
    Value wide = c.g.cast(x, c.type(0), c.type(1));
    Value result = c.g.map<math::PowFOp>({wide, c.tensor(1)});
    return c.set(0, c.g.cast(result, c.type(1), c.type(0)));
  }
  Value y = c.g.cast(c.tensor(1), c.type(1), c.type(0));
  c.set(0, c.g.map<math::IPowIOp>({x, y}));
}

bool hostPow(NodeContext &c) {
  if (!isFloat(c.type(0)) || !c.host(0)->isConstant() ||
      !c.host(1)->isConstant())
    return false;
  return hostMap(c, c.type(0), [](ArrayRef<Scalar> x) {
    double y = x[1].isReal ? x[1].real : static_cast<double>(x[1].integer);
    return Scalar::realNumber(std::pow(x[0].real, y));
  });
}

template <bool isMean> void importSum(NodeContext &c) {
  if (!sameTypes(c))
    return;
  Value result = c.tensor(0);
  for (unsigned n = 1; n < c.count(); ++n)
    result = c.g.add(result, c.tensor(n));
  if (isMean)
    result = c.g.div(result, c.g.like(result, c.count()));
  c.set(0, result);
}

void importClip(NodeContext &c) {
  Value x = c.tensor(0);
  bool isUnsigned = c.unsignedInput(0);
  if (c.opset < 11) {
    if (c.hasAttr("min"))
      x = c.g.max(x, c.g.constant(c.real("min", 0), c.element(0)), isUnsigned);
    if (c.hasAttr("max"))
      x = c.g.min(x, c.g.constant(c.real("max", 0), c.element(0)), isUnsigned);
    return c.set(0, x);
  }
  if (!sameTypes(c))
    return;
  if (c.has(1))
    x = c.g.max(x, c.g.reshape(c.tensor(1), {}), isUnsigned);
  if (c.has(2))
    x = c.g.min(x, c.g.reshape(c.tensor(2), {}), isUnsigned);
  c.set(0, x);
}

void importAbs(NodeContext &c) {
  Value x = c.tensor(0);
  if (isFloat(c.type(0)))
    x = c.g.map<math::AbsFOp>({x});
  else if (!c.unsignedInput(0))
    x = c.g.map<math::AbsIOp>({x});
  c.set(0, x);
}

void importSign(NodeContext &c) {
  Value x = c.tensor(0), zero = c.g.like(x, 0), one = c.g.like(x, 1);
  if (c.unsignedInput(0))
    return c.set(0, c.g.select(c.g.compare(CmpI::ne, x, zero), one, zero));
  bool real = isFloat(c.type(0));
  Value above =
      real ? c.g.compare(CmpF::OGT, x, zero) : c.g.compare(CmpI::sgt, x, zero);
  Value below =
      real ? c.g.compare(CmpF::OLT, x, zero) : c.g.compare(CmpI::slt, x, zero);
  c.set(0, c.g.select(above, one, c.g.select(below, c.g.like(x, -1), zero)));
}

void importNeg(NodeContext &c) { c.set(0, c.g.neg(c.tensor(0))); }
bool hostNeg(NodeContext &c) {
  return hostMap(c, c.type(0), [&](ArrayRef<Scalar> x) {
    return x[0].isReal ? Scalar::realNumber(-x[0].real) : c.h.sub(0, x[0]);
  });
}

//===----------------------------------------------------------------------===//
// Comparison and logic
//===----------------------------------------------------------------------===//

template <CmpF F, CmpI S, CmpI U> void importCompare(NodeContext &c) {
  if (!sameTypes(c))
    return;
  Value x = c.tensor(0), y = c.tensor(1);
  Value result = isFloat(c.type(0))
                     ? c.g.compare(F, x, y)
                     : c.g.compare(c.unsignedInput(0) ? U : S, x, y);
  c.set(0, result, ElemType::Bool);
}

template <CmpI S> bool hostCompare(NodeContext &c) {
  if (c.type(0) != c.type(1))
    return false;
  bool real = isFloat(c.type(0));
  return hostMap(c, ElemType::Bool, [&](ArrayRef<Scalar> x) -> Scalar {
    if (!real && c.type(0) != ElemType::Bool)
      return c.h.compare(S, x[0], x[1]);
    if (!real)
      return c.h.compare(S, c.h.fromCondition(x[0]), c.h.fromCondition(x[1]));
    double a = x[0].real, b = x[1].real;
    return S == CmpI::eq    ? a == b
           : S == CmpI::slt ? a < b
           : S == CmpI::sle ? a <= b
           : S == CmpI::sgt ? a > b
                            : a >= b;
  });
}

template <typename Op> void importLogic(NodeContext &c) {
  if (sameTypes(c))
    c.set(0, c.g.map<Op>({c.tensor(0), c.tensor(1)}));
}

template <Scalar (HostBuilder::*F)(Scalar, Scalar)>
bool hostLogic(NodeContext &c) {
  return hostMap(c, ElemType::Bool,
                 [&](ArrayRef<Scalar> x) { return (c.h.*F)(x[0], x[1]); });
}

void importNot(NodeContext &c) { c.set(0, c.g.logicalNot(c.tensor(0))); }
bool hostNot(NodeContext &c) {
  return hostMap(c, ElemType::Bool,
                 [&](ArrayRef<Scalar> x) { return c.h.logicalNot(x[0]); });
}

void importBitwiseNot(NodeContext &c) {
  Value x = c.tensor(0);
  c.set(0, c.g.map<arith::XOrIOp>({x, c.g.like(x, -1)}));
}

void importBitShift(NodeContext &c) {
  if (!sameTypes(c))
    return;
  std::string direction = c.string("direction", "");
  if (direction != "LEFT" && direction != "RIGHT")
    return c.error("the attribute 'direction' is '" + direction + "'",
                   "'LEFT' or 'RIGHT'");
  Value x = c.tensor(0), y = c.tensor(1);
  Value shifted = direction == "LEFT"  ? c.g.map<arith::ShLIOp>({x, y})
                  : c.unsignedInput(0) ? c.g.map<arith::ShRUIOp>({x, y})
                                       : c.g.map<arith::ShRSIOp>({x, y});
  // Shifting by the width or more is undefined in the IR; in the model all bits
  // leave, and a sign fills from the left.
  if (direction == "RIGHT" && !c.unsignedInput(0)) {
    Value last = c.g.like(y, elemBits(c.type(0)) - 1);
    return c.set(0, c.g.map<arith::ShRSIOp>({x, c.g.min(y, last, true)}));
  }
  Value inside = c.g.compare(CmpI::ult, y, c.g.like(y, elemBits(c.type(0))));
  c.set(0, c.g.select(inside, shifted, c.g.like(shifted, 0)));
}

void importWhere(NodeContext &c) {
  if (c.type(1) != c.type(2))
    return c.error("inputs have elements of " + elemName(c.type(1)) + " and " +
                   elemName(c.type(2)) + ", expected equal types");
  c.set(0, c.g.select(c.tensor(0), c.tensor(1), c.tensor(2)), c.type(1));
}
bool hostWhere(NodeContext &c) {
  if (c.type(1) != c.type(2) ||
      (isFloat(c.type(1)) && !c.host(0)->isConstant()))
    return false;
  return hostMap(c, c.type(1), [&](ArrayRef<Scalar> x) {
    if (c.type(1) != ElemType::Bool || x[0].isConstant())
      return c.h.select(x[0], x[1], x[2]);
    return c.h.logicalOr(c.h.logicalAnd(x[0], x[1]),
                         c.h.logicalAnd(c.h.logicalNot(x[0]), x[2]));
  });
}

} // namespace

void raddle::onnx::addElementwiseOps(OpTable &table) {
  using G = GraphBuilder;
  using H = HostBuilder;
  // Opset 6 broadcasts by attributes, later ones as NumPy does.
  OpRow rows[] = {
      {"Add", "n n", 1, "", binary<&G::add>, hostArithmetic<&H::add, addReal>},
      {"Sub", "n n", 1, "", binary<&G::sub>, hostArithmetic<&H::sub, subReal>},
      {"Mul", "n n", 1, "", binary<&G::mul>, hostArithmetic<&H::mul, mulReal>},
      {"Div", "n n", 1, "", signedBinary<&G::div>,
       hostArithmetic<&H::divTrunc, divReal>},
      {"Min", "n n*", 1, "", signedBinary<&G::min>,
       hostArithmetic<&H::min, minReal>},
      {"Max", "n n*", 1, "", signedBinary<&G::max>,
       hostArithmetic<&H::max, maxReal>},
      {"Mod", "n n", 1, "fmod=i", importMod, hostMod},
      {"Pow", "n n", 1, "", importPow, hostPow},
      {"Sum", "f f*", 1, "", importSum<false>},
      {"Mean", "f f*", 1, "", importSum<true>},
      {"Clip", "n n? n?", 1, "min=f max=f", importClip},
      {"Abs", "n", 1, "", importAbs},
      {"Neg", "n", 1, "", importNeg, hostNeg},
      {"Sign", "n", 1, "", importSign},
      {"Equal", "x x", 1, "", importCompare<CmpF::OEQ, CmpI::eq, CmpI::eq>,
       hostCompare<CmpI::eq>},
      {"Less", "n n", 1, "", importCompare<CmpF::OLT, CmpI::slt, CmpI::ult>,
       hostCompare<CmpI::slt>},
      {"LessOrEqual", "n n", 1, "",
       importCompare<CmpF::OLE, CmpI::sle, CmpI::ule>, hostCompare<CmpI::sle>},
      {"Greater", "n n", 1, "", importCompare<CmpF::OGT, CmpI::sgt, CmpI::ugt>,
       hostCompare<CmpI::sgt>},
      {"GreaterOrEqual", "n n", 1, "",
       importCompare<CmpF::OGE, CmpI::sge, CmpI::uge>, hostCompare<CmpI::sge>},
      {"And", "b b", 1, "", importLogic<arith::AndIOp>,
       hostLogic<&H::logicalAnd>},
      {"Or", "b b", 1, "", importLogic<arith::OrIOp>, hostLogic<&H::logicalOr>},
      {"Xor", "b b", 1, "", importLogic<arith::XOrIOp>},
      {"Not", "b", 1, "", importNot, hostNot},
      {"BitwiseAnd", "i i", 1, "", importLogic<arith::AndIOp>},
      {"BitwiseOr", "i i", 1, "", importLogic<arith::OrIOp>},
      {"BitwiseXor", "i i", 1, "", importLogic<arith::XOrIOp>},
      {"BitwiseNot", "i", 1, "", importBitwiseNot},
      {"BitShift", "i i", 1, "direction=s!", importBitShift},
      {"Where", "b x x", 1, "", importWhere, hostWhere},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
