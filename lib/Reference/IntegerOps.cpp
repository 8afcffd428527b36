//===- IntegerOps.cpp - Element-wise arithmetic on integers ---------------===//
//
// All widths are computed in 64 bits and wrapped. Operands arrive
// sign-extended; operations with an unsigned reading mask them first.
//
//===----------------------------------------------------------------------===//

#include "lib/Reference/Call.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/Support/MathExtras.h"
#include <bit>

using namespace mlir;

namespace raddle::reference {
namespace {

constexpr int64_t chunkSize = 1024;

unsigned getWidth(Type type) {
  return type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
}
uint64_t zeroExtend(int64_t value, unsigned width) {
  return static_cast<uint64_t>(value) & llvm::maskTrailingOnes<uint64_t>(width);
}

/// Checks equal shapes and visits the operands (one or two) in chunks.
/// `function(x, y, width)` gives the element of the result.
template <typename Function>
LogicalResult evaluateInteger(Call &call, Function function) {
  const Tensor &lhs = call.operands.front(), &rhs = call.operands.back();
  if (lhs.getShape() != rhs.getShape())
    return call.error() << "has operands " << lhs.describe() << " and "
                        << rhs.describe() << ", expected equal shapes";
  FailureOr<Tensor> result =
      call.allocate(call.resultElement(), lhs.getShape());
  if (failed(result))
    return failure();
  unsigned width = getWidth(lhs.getElementType());
  int64_t x[chunkSize], y[chunkSize];
  for (int64_t begin = 0; begin < lhs.size(); begin += chunkSize) {
    int64_t n = std::min(chunkSize, lhs.size() - begin);
    loadElements(lhs, begin, n, x);
    loadElements(rhs, begin, n, y);
    for (int64_t i = 0; i < n; ++i)
      x[i] = static_cast<int64_t>(function(x[i], y[i], width));
    storeElements(*result, begin, n, x);
  }
  return call.finish(*result);
}

template <typename Function>
void addInteger(HandlerTable &table, StringRef name, Function function) {
  table.add(name, [function](Operation *, Call &call) {
    return evaluateInteger(call, function);
  });
}

/// As `addInteger`, for operations that have no result where the right operand
/// is zero.
template <typename Function>
void addDivision(HandlerTable &table, StringRef name, Function function) {
  table.add(name, [function](Operation *, Call &call) -> LogicalResult {
    const Tensor &divisor = call.operands.back();
    for (int64_t i = 0; i < divisor.size(); ++i)
      if (divisor.getInteger(i) == 0)
        return call.error() << "divides by zero at element " << i;
    return evaluateInteger(call, function);
  });
}

// The quotient of the smallest integer by -1 wraps.
int64_t divide(int64_t x, int64_t y) {
  return y == -1 ? static_cast<int64_t>(0 - static_cast<uint64_t>(x)) : x / y;
}
int64_t remainder(int64_t x, int64_t y) { return y == -1 ? 0 : x % y; }

uint64_t power(uint64_t base, int64_t exponent) {
  uint64_t result = 1;
  for (; exponent > 0; exponent >>= 1, base *= base)
    if (exponent & 1)
      result *= base;
  return result;
}

void addArithmetic(HandlerTable &table) {
  // Unsigned 64-bit arithmetic wraps without undefined behaviour.
  addInteger(table, "arith.addi",
             [](uint64_t x, uint64_t y, unsigned) { return x + y; });
  addInteger(table, "arith.subi",
             [](uint64_t x, uint64_t y, unsigned) { return x - y; });
  addInteger(table, "arith.muli",
             [](uint64_t x, uint64_t y, unsigned) { return x * y; });
  addInteger(table, "arith.andi",
             [](int64_t x, int64_t y, unsigned) { return x & y; });
  addInteger(table, "arith.ori",
             [](int64_t x, int64_t y, unsigned) { return x | y; });
  addInteger(table, "arith.xori",
             [](int64_t x, int64_t y, unsigned) { return x ^ y; });
  addInteger(table, "arith.maxsi",
             [](int64_t x, int64_t y, unsigned) { return std::max(x, y); });
  addInteger(table, "arith.minsi",
             [](int64_t x, int64_t y, unsigned) { return std::min(x, y); });
  addInteger(table, "arith.maxui", [](int64_t x, int64_t y, unsigned width) {
    return std::max(zeroExtend(x, width), zeroExtend(y, width));
  });
  addInteger(table, "arith.minui", [](int64_t x, int64_t y, unsigned width) {
    return std::min(zeroExtend(x, width), zeroExtend(y, width));
  });
  // A shift by the width or more moves every bit out.
  addInteger(table, "arith.shli", [](int64_t x, int64_t y, unsigned width) {
    uint64_t count = zeroExtend(y, width);
    return count >= width ? 0 : static_cast<uint64_t>(x) << count;
  });
  addInteger(table, "arith.shrui", [](int64_t x, int64_t y, unsigned width) {
    uint64_t count = zeroExtend(y, width);
    return count >= width ? 0 : zeroExtend(x, width) >> count;
  });
  addInteger(table, "arith.shrsi", [](int64_t x, int64_t y, unsigned width) {
    return x >> std::min<uint64_t>(zeroExtend(y, width), 63);
  });
  addInteger(table, "math.absi", [](int64_t x, int64_t, unsigned) {
    return x < 0 ? 0 - static_cast<uint64_t>(x) : static_cast<uint64_t>(x);
  });
  addInteger(table, "math.ctpop", [](int64_t x, int64_t, unsigned width) {
    return std::popcount(zeroExtend(x, width));
  });
  addInteger(table, "math.ctlz", [](int64_t x, int64_t, unsigned width) {
    return std::countl_zero(zeroExtend(x, width)) - (64 - int(width));
  });
  addInteger(table, "math.cttz", [](int64_t x, int64_t, unsigned width) {
    return std::min<int>(std::countr_zero(zeroExtend(x, width)), width);
  });
  // A negative exponent gives the integer part: 1, -1 or 0.
  addInteger(table, "math.ipowi",
             [](int64_t x, int64_t y, unsigned) -> uint64_t {
               if (y >= 0)
                 return power(x, y);
               if (x == 1)
                 return 1;
               return x == -1 ? (y & 1 ? -1 : 1) : 0;
             });
}

void addDivisions(HandlerTable &table) {
  addDivision(table, "arith.divsi",
              [](int64_t x, int64_t y, unsigned) { return divide(x, y); });
  addDivision(table, "arith.remsi",
              [](int64_t x, int64_t y, unsigned) { return remainder(x, y); });
  addDivision(table, "arith.floordivsi", [](int64_t x, int64_t y, unsigned) {
    return divide(x, y) - (remainder(x, y) != 0 && (x < 0) != (y < 0));
  });
  addDivision(table, "arith.ceildivsi", [](int64_t x, int64_t y, unsigned) {
    return divide(x, y) + (remainder(x, y) != 0 && (x < 0) == (y < 0));
  });
  addDivision(table, "arith.divui", [](int64_t x, int64_t y, unsigned width) {
    return zeroExtend(x, width) / zeroExtend(y, width);
  });
  addDivision(table, "arith.remui", [](int64_t x, int64_t y, unsigned width) {
    return zeroExtend(x, width) % zeroExtend(y, width);
  });
  addDivision(table, "arith.ceildivui",
              [](int64_t x, int64_t y, unsigned width) {
                uint64_t a = zeroExtend(x, width), b = zeroExtend(y, width);
                return a / b + (a % b != 0);
              });
}

LogicalResult evaluateCmpI(arith::CmpIOp op, Call &call) {
  arith::CmpIPredicate predicate = op.getPredicate();
  return evaluateInteger(
      call, [predicate](int64_t x, int64_t y, unsigned width) {
        return arith::applyCmpPredicate(predicate, llvm::APInt(64, x, true),
                                        llvm::APInt(64, y, true));
      });
}

LogicalResult evaluateSelect(arith::SelectOp op, Call &call) {
  const Tensor &condition = call.operands[0], &ifTrue = call.operands[1],
               &ifFalse = call.operands[2];
  // One condition for whole values, which may be encoded.
  if (condition.getRank() == 0)
    return call.finish(condition.getInteger() ? ifTrue : ifFalse);
  if (condition.getShape() != ifTrue.getShape() ||
      ifTrue.getShape() != ifFalse.getShape())
    return call.error() << "has operands " << condition.describe() << ", "
                        << ifTrue.describe() << " and " << ifFalse.describe()
                        << ", expected equal shapes";
  if (ifTrue.getEncoding())
    return call.error() << "picks elements of encoded values";
  FailureOr<Tensor> result =
      call.allocate(ifTrue.getElementType(), ifTrue.getShape());
  if (failed(result))
    return failure();
  unsigned width = ifTrue.elementBytes();
  for (int64_t i = 0; i < result->size(); ++i)
    std::copy_n((condition.data()[i] ? ifTrue : ifFalse).data() + i * width,
                width, result->mutableData() + i * width);
  return call.finish(*result);
}

/// Double-width products: low and high halves.
LogicalResult evaluateExtendedProduct(Call &call, bool isSigned) {
  auto low = [](uint64_t x, uint64_t y, unsigned) { return x * y; };
  auto high = [isSigned](int64_t x, int64_t y, unsigned width) {
    llvm::APInt a(128, isSigned ? x : zeroExtend(x, width), isSigned);
    llvm::APInt b(128, isSigned ? y : zeroExtend(y, width), isSigned);
    return (a * b).lshr(width).trunc(64).getZExtValue();
  };
  if (failed(evaluateInteger(call, low)))
    return failure();
  return evaluateInteger(call, high);
}

LogicalResult evaluateAddUIExtended(arith::AddUIExtendedOp op, Call &call) {
  if (failed(evaluateInteger(
          call, [](uint64_t x, uint64_t y, unsigned) { return x + y; })))
    return failure();
  FailureOr<Tensor> overflow =
      call.allocate(call.resultElement(1), call.operands[0].getShape());
  if (failed(overflow))
    return failure();
  unsigned width = getWidth(call.operands[0].getElementType());
  for (int64_t i = 0; i < overflow->size(); ++i) {
    uint64_t x = zeroExtend(call.operands[0].getInteger(i), width);
    uint64_t sum = zeroExtend(call.results[0].getInteger(i), width);
    overflow->setInteger(i, sum < x);
  }
  return call.finish(*overflow);
}

} // namespace

void addIntegerHandlers(HandlerTable &table) {
  addArithmetic(table);
  addDivisions(table);
  table.add(evaluateCmpI);
  table.add(evaluateSelect);
  table.add(evaluateAddUIExtended);
  table.add("arith.mulsi_extended", [](Operation *, Call &call) {
    return evaluateExtendedProduct(call, true);
  });
  table.add("arith.mului_extended", [](Operation *, Call &call) {
    return evaluateExtendedProduct(call, false);
  });
}

} // namespace raddle::reference
