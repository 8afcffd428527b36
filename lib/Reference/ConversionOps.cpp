//===- ConversionOps.cpp - From one element type to another ---------------===//
//
// Every conversion rounds once, to nearest even. Floats outside the range of an
// integer type saturate and NaN becomes 0, as PTX `cvt` has it.
//
//===----------------------------------------------------------------------===//

#include "lib/Reference/Call.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;

namespace raddle::reference {
namespace {

constexpr int64_t chunkSize = 1024;

unsigned getWidth(Type type) {
  return type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
}

LogicalResult convertInteger(Call &call, bool isSigned) {
  const Tensor &input = call.operands[0];
  FailureOr<Tensor> result =
      call.allocate(call.resultElement(), input.getShape());
  if (failed(result))
    return failure();
  uint64_t mask =
      isSigned
          ? ~uint64_t(0)
          : llvm::maskTrailingOnes<uint64_t>(getWidth(input.getElementType()));
  int64_t buffer[chunkSize];
  for (int64_t begin = 0; begin < input.size(); begin += chunkSize) {
    int64_t n = std::min(chunkSize, input.size() - begin);
    loadElements(input, begin, n, buffer);
    for (int64_t i = 0; i < n; ++i)
      buffer[i] &= mask;
    storeElements(*result, begin, n, buffer);
  }
  return call.finish(*result);
}

/// The integer rounded to odd where f64 cannot hold it, so that rounding on to
/// a narrower type rounds once.
template <typename Integer> double widenToOdd(Integer value) {
  auto exact = static_cast<double>(value);
  constexpr Integer limit = Integer(1) << 53;
  if (value <= limit &&
      value >= Integer(0) - (std::is_signed_v<Integer> ? limit : 0))
    return exact;
  Integer low = value & 0x7ff;
  return static_cast<double>((value - low) | (low ? 0x800 : 0));
}

template <typename Integer> LogicalResult integerToFloat(Call &call) {
  const Tensor &input = call.operands[0];
  Type type = call.resultElement();
  FailureOr<Tensor> result = call.allocate(type, input.getShape());
  if (failed(result))
    return failure();
  uint64_t mask =
      std::is_signed_v<Integer>
          ? ~uint64_t(0)
          : llvm::maskTrailingOnes<uint64_t>(getWidth(input.getElementType()));
  int64_t buffer[chunkSize];
  double wide[chunkSize];
  for (int64_t begin = 0; begin < input.size(); begin += chunkSize) {
    int64_t n = std::min(chunkSize, input.size() - begin);
    loadElements(input, begin, n, buffer);
    for (int64_t i = 0; i < n; ++i) {
      auto value = static_cast<Integer>(buffer[i] & mask);
      if (type.isF64())
        wide[i] = static_cast<double>(value);
      else if (type.isF32())
        wide[i] = static_cast<float>(value);
      else
        wide[i] = widenToOdd(value);
    }
    storeElements(*result, begin, n, wide);
  }
  return call.finish(*result);
}

int64_t saturate(double value, unsigned width, bool isSigned) {
  if (std::isnan(value))
    return 0;
  value = std::trunc(value);
  if (isSigned) {
    double limit = std::ldexp(1.0, static_cast<int>(width) - 1);
    if (value >= limit)
      return llvm::maxIntN(width);
    if (value < -limit)
      return llvm::minIntN(width);
    return static_cast<int64_t>(value);
  }
  if (value >= std::ldexp(1.0, static_cast<int>(width)))
    return static_cast<int64_t>(llvm::maxUIntN(width));
  return value <= 0 ? 0 : static_cast<int64_t>(static_cast<uint64_t>(value));
}

LogicalResult floatToInteger(Call &call, bool isSigned) {
  const Tensor &input = call.operands[0];
  FailureOr<Tensor> result =
      call.allocate(call.resultElement(), input.getShape());
  if (failed(result))
    return failure();
  unsigned width = getWidth(result->getElementType());
  double buffer[chunkSize];
  int64_t integers[chunkSize];
  for (int64_t begin = 0; begin < input.size(); begin += chunkSize) {
    int64_t n = std::min(chunkSize, input.size() - begin);
    loadElements(input, begin, n, buffer);
    for (int64_t i = 0; i < n; ++i)
      integers[i] = saturate(buffer[i], width, isSigned);
    storeElements(*result, begin, n, integers);
  }
  return call.finish(*result);
}

LogicalResult floatToFloat(Call &call) {
  if (failed(call.allocate(call.resultElement(), call.operands[0].getShape())))
    return failure();
  return call.finish(convertFloat(call.operands[0], call.resultElement()));
}

LogicalResult evaluateTruncF(arith::TruncFOp op, Call &call) {
  if (auto mode = op.getRoundingmode();
      mode && *mode != arith::RoundingMode::to_nearest_even)
    return call.error() << "has rounding mode '"
                        << arith::stringifyRoundingMode(*mode)
                        << "', expected 'to_nearest_even'";
  return floatToFloat(call);
}

LogicalResult evaluateBitcast(arith::BitcastOp op, Call &call) {
  const Tensor &input = call.operands[0];
  Type type = call.resultElement();
  if (getElementBytes(type) != input.elementBytes())
    return call.error() << "changes the size of an element of "
                        << input.describe();
  return call.finish(input.reinterpreted(type));
}

} // namespace

void addConversionHandlers(HandlerTable &table) {
  using Convert = LogicalResult (*)(Call &);
  auto add = [&](StringRef name, Convert convert) {
    table.add(name,
              [convert](Operation *, Call &call) { return convert(call); });
  };
  for (StringRef name : {"arith.extsi", "arith.trunci", "arith.index_cast"})
    add(name, [](Call &call) { return convertInteger(call, true); });
  for (StringRef name : {"arith.extui", "arith.index_castui"})
    add(name, [](Call &call) { return convertInteger(call, false); });
  add("arith.sitofp", integerToFloat<int64_t>);
  add("arith.uitofp", integerToFloat<uint64_t>);
  add("arith.fptosi", [](Call &call) { return floatToInteger(call, true); });
  add("arith.fptoui", [](Call &call) { return floatToInteger(call, false); });
  add("arith.extf", floatToFloat);
  table.add(evaluateTruncF);
  table.add(evaluateBitcast);
}

} // namespace raddle::reference
