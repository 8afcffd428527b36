//===- MathBuilder.cpp - Scalar arithmetic as expressions -----------------===//

#include "dialects/Tile/Conversion/TileToNVVM/MathBuilder.h"

using namespace mlir;
using namespace raddle::tile;

Number MathBuilder::number(double value) {
  return {create<arith::ConstantOp>(b.getFloatAttr(type, value)), this};
}

Bits MathBuilder::bits(int64_t value) {
  return {create<arith::ConstantOp>(IntegerAttr::get(
              bitsType, APInt(bitsType.getWidth(), uint64_t(value),
                              /*isSigned=*/false, /*implicitTrunc=*/true))),
          this};
}

Value MathBuilder::call(StringRef intrinsic, Type result, ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(b, loc, result,
                                       b.getStringAttr(intrinsic), operands)
      .getResults();
}

Number MathBuilder::callTyped(StringRef name, ValueRange operands) {
  std::string full = (name + (isF64() ? ".f64" : ".f32")).str();
  return {call(full, type, operands), this};
}

Number MathBuilder::fma(Number x, Number y, Number z) {
  return callTyped("llvm.fma", {x.value, y.value, z.value});
}

Number MathBuilder::divide(Number x, Number y) {
  return {create<arith::DivFOp>(x.value, y.value), this};
}

Number MathBuilder::reciprocal(Number x) {
  if (isF64())
    return divide(number(1.0), x);
  return {call("llvm.nvvm.rcp.approx.ftz.f", type, {x.value}), this};
}

Number MathBuilder::ex2(Number x) {
  return {call("llvm.nvvm.ex2.approx.f32", type, {x.value}), this};
}

Number MathBuilder::lg2(Number x) {
  return {call("llvm.nvvm.lg2.approx.f", type, {x.value}), this};
}

Bits MathBuilder::toBits(Number x) {
  return {create<arith::BitcastOp>(bitsType, x.value), this};
}

Number MathBuilder::fromBits(Bits x) {
  return {create<arith::BitcastOp>(type, x.value), this};
}

Number MathBuilder::fromInteger(Bits x) {
  return {create<arith::SIToFPOp>(type, x.value), this};
}

Number MathBuilder::selectNumber(Bits condition, Number x, Number y) {
  return {create<arith::SelectOp>(condition.value, x.value, y.value), this};
}

Bits MathBuilder::selectBits(Bits condition, Bits x, Bits y) {
  return {create<arith::SelectOp>(condition.value, x.value, y.value), this};
}

Bits MathBuilder::less(Number x, Number y) {
  return {create<arith::CmpFOp>(arith::CmpFPredicate::OLT, x.value, y.value),
          this};
}

Bits MathBuilder::lessEqual(Number x, Number y) {
  return {create<arith::CmpFOp>(arith::CmpFPredicate::OLE, x.value, y.value),
          this};
}

Bits MathBuilder::equal(Number x, Number y) {
  return {create<arith::CmpFOp>(arith::CmpFPredicate::OEQ, x.value, y.value),
          this};
}

Bits MathBuilder::unordered(Number x, Number y) {
  return {create<arith::CmpFOp>(arith::CmpFPredicate::UNO, x.value, y.value),
          this};
}

Bits MathBuilder::compare(arith::CmpIPredicate predicate, Bits x, Bits y) {
  return {create<arith::CmpIOp>(predicate, x.value, y.value), this};
}

Bits MathBuilder::positiveFinite(Number x) {
  Bits shifted = op<arith::SubIOp>(toBits(x), 1);
  int64_t infinity = isF64() ? 0x7ff0000000000000 : 0x7f800000;
  return compare(arith::CmpIPredicate::ult, shifted, bits(infinity - 1));
}

Number MathBuilder::exp2i(Bits n) {
  n = op<arith::AddIOp>(n, isF64() ? 1023 : 127);
  return fromBits(op<arith::ShLIOp>(n, isF64() ? 52 : 23));
}

std::pair<Number, Bits> MathBuilder::roundScaled(Number x, double scale) {
  // 1.5 * 2^(mantissa bits): the sum's low bits are the nearest integer.
  double magic = isF64() ? 6755399441055744.0 : 12582912.0;
  Number sum = fma(x, scale, magic);
  Bits n = toBits(sum);
  if (isF64()) { // the sign lies above the mantissa
    n = op<arith::ShLIOp>(n, 32);
    n = op<arith::ShRSIOp>(n, 32);
  } else {
    n = op<arith::SubIOp>(n, 0x4b400000);
  }
  return {sum - magic, n};
}

Number MathBuilder::polynomial(Number x, ArrayRef<double> coefficients) {
  Number result = number(coefficients.back());
  for (double c : llvm::reverse(coefficients.drop_back()))
    result = fma(result, x, c);
  return result;
}
