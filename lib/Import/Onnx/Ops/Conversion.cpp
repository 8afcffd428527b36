//===- Conversion.cpp - Between element types -----------------------------===//
#include "HostEvaluation.h"

#include <cmath>

using namespace mlir;
using namespace raddle::onnx;

namespace {

void castInto(NodeContext &c, ElemType to) {
  if (!elementType(c.b.getContext(), to))
    return c.error("cannot convert to " + elemName(to), "a number type");
  c.set(0, c.g.cast(c.tensor(0), c.type(0), to), to);
}

ElemType castTarget(NodeContext &c) {
  return static_cast<ElemType>(c.integer("to", 0));
}

bool hostCast(NodeContext &c) {
  ElemType from = c.type(0), to = castTarget(c);
  bool constant = c.host(0)->isConstant();
  if (!elementType(c.b.getContext(), to) || (isFloat(to) && !constant))
    return false;
  return hostMap(c, to, [&](ArrayRef<Scalar> x) -> Scalar {
    if (isFloat(to))
      return Scalar::realNumber(
          x[0].isReal ? x[0].real : static_cast<double>(x[0].integer));
    if (x[0].isReal) {
      if (to == ElemType::Bool)
        return x[0].real != 0;
      double whole = std::trunc(x[0].real);
      return std::abs(whole) < 9.2e18 ? static_cast<int64_t>(whole) : INT64_MAX;
    }
    if (to == ElemType::Bool)
      return from == ElemType::Bool ? x[0] : c.h.toCondition(x[0]);
    return from == ElemType::Bool ? c.h.fromCondition(x[0]) : x[0];
  });
}

void importCast(NodeContext &c) { castInto(c, castTarget(c)); }
void importCastLike(NodeContext &c) { castInto(c, c.type(1)); }
void importIdentity(NodeContext &c) { c.set(0, c.ref(0)); }

void importBitCast(NodeContext &c) {
  ElemType to = castTarget(c);
  if (!elementType(c.b.getContext(), to) || to == ElemType::Bool ||
      c.type(0) == ElemType::Bool || elemBits(to) != elemBits(c.type(0)))
    return c.error("cannot reinterpret " + elemName(c.type(0)) + " as " +
                       elemName(to),
                   "types of equal width");
  Value x = c.tensor(0);
  Type element = elementType(c.b.getContext(), to);
  if (c.element(0) != element)
    x = c.g.convert<arith::BitcastOp>(x, element);
  c.set(0, x, to);
}

} // namespace

void raddle::onnx::addConversionOps(OpTable &table) {
  OpRow rows[] = {
      {"Cast", "x", 1, "to=i! saturate=i round_mode=s", importCast, hostCast,
       "strings; `saturate` and `round_mode` of 8-bit floats (they round to "
       "nearest even)"},
      {"CastLike", "x x", 1, "saturate=i round_mode=s", importCastLike, nullptr,
       "as Cast"},
      {"BitCast", "x", 1, "to=i!", importBitCast, nullptr,
       "types of different width"},
      {"Identity", "s", 1, "", importIdentity},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
