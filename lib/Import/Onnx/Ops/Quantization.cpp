//===- Quantization.cpp - Quantize, dequantize, integer products ----------===//
#include "../Importer.h"

#include <cmath>

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;
using graph::ReduceKind;

namespace {

/// A scale or zero point in the shape of the tensor: per tensor, per index of
/// a dim, or per block of a dim. Reports.
Value spread(NodeContext &c, Value parameter, const Sizes &target, int64_t axis,
             int64_t block) {
  int64_t rank = GraphBuilder::rankOf(parameter);
  Sizes own = c.g.sizesOf(parameter);
  if (rank == 0 || (rank == 1 && own[0].isInteger(1)))
    return c.g.reshape(parameter, {});
  int64_t targetRank = target.size();
  if (rank == 1 && block == 0) {
    if (!c.axis(axis, targetRank))
      return parameter;
    Sizes sizes(targetRank, Scalar(1));
    sizes[axis] = c.g.assumeEqual(own[0], target[axis]);
    return c.g.reshape(parameter, sizes);
  }
  if (!c.axis(axis, targetRank))
    return parameter;
  if (rank != targetRank || block < 1) {
    c.error("a scale of rank " + std::to_string(rank) + " with block size " +
                std::to_string(block),
            "rank 0, rank 1 or blocks along one dim");
    return parameter;
  }
  // [.., D/B, ..] repeats each element B times along the dim.
  Sizes split = own, wide = own, joined = own;
  split.insert(split.begin() + axis + 1, Scalar(1));
  wide.insert(wide.begin() + axis + 1, Scalar(block));
  joined[axis] = c.h.mul(own[axis], block);
  Value all =
      c.g.reshape(c.g.broadcast(c.g.reshape(parameter, split), wide), joined);
  // The last block may be cut.
  return c.g.slice(all, axis, 0, target[axis]);
}

struct Limits {
  double low, high;
};
std::optional<Limits> limitsOf(ElemType type) {
  if (!isInteger(type) || elemBits(type) > 16)
    return std::nullopt;
  double half = std::ldexp(1.0, static_cast<int>(elemBits(type)) - 1);
  return isUnsigned(type) ? Limits{0, 2 * half - 1} : Limits{-half, half - 1};
}

/// Rounds `scaled` (f32 or wider) to `type` after adding `zero`, saturating.
Value saturate(NodeContext &c, Value scaled, Value zero, ElemType real,
               ElemType type) {
  Limits limits = *limitsOf(type);
  Value rounded = c.g.map<math::RoundEvenOp>({scaled});
  if (zero)
    rounded = c.g.add(rounded, zero);
  rounded = c.g.max(rounded, c.g.like(rounded, limits.low));
  rounded = c.g.min(rounded, c.g.like(rounded, limits.high));
  // A narrow target goes through i32: conversions to it are exact there.
  Value whole = c.g.cast(rounded, real, ElemType::Int32);
  return c.g.cast(whole, ElemType::Int32, type);
}

void importQuantize(NodeContext &c) {
  auto type = c.has(2)
                  ? c.type(2)
                  : static_cast<ElemType>(c.integer(
                        "output_dtype", static_cast<int64_t>(ElemType::UInt8)));
  if (type == ElemType::Undefined)
    type = ElemType::UInt8;
  if (!elementType(c.b.getContext(), type))
    return c.error("the result has elements of " + elemName(type),
                   operandKindName('x'));
  int64_t axis = c.integer("axis", 1), block = c.integer("block_size", 0);
  Value x = c.tensor(0);
  Sizes sizes = c.g.sizesOf(x);
  ElemType real =
      c.type(0) == ElemType::Double ? ElemType::Double : ElemType::Float;
  Value wide = c.g.cast(x, c.type(0), real);
  Value scale =
      spread(c, c.g.cast(c.tensor(1), c.type(1), real), sizes, axis, block);
  if (c.failed())
    return;
  Value scaled = c.g.div(wide, scale);
  if (isFloat(type)) {
    auto element = cast<FloatType>(elementType(c.b.getContext(), type));
    bool lossy;
    llvm::APFloat largest =
        llvm::APFloat::getLargest(element.getFloatSemantics());
    largest.convert(llvm::APFloat::IEEEdouble(),
                    llvm::APFloat::rmNearestTiesToEven, &lossy);
    double bound = largest.convertToDouble();
    if (c.integer("saturate", 1)) {
      scaled = c.g.max(scaled, c.g.like(scaled, -bound));
      scaled = c.g.min(scaled, c.g.like(scaled, bound));
    }
    return c.set(0, c.g.floatCast(scaled, element), type);
  }
  if (!limitsOf(type))
    return c.error("the result has elements of " + elemName(type),
                   "integers of up to 16 bits, 8-bit floats");
  Value zero;
  if (c.has(2) && c.knownReal(2) != 0.0)
    zero = spread(c, c.g.cast(c.tensor(2), type, real), sizes, axis, block);
  c.set(0, saturate(c, scaled, zero, real, type), type);
}

void importDequantize(NodeContext &c) {
  int64_t axis = c.integer("axis", 1), block = c.integer("block_size", 0);
  Value x = c.tensor(0);
  Sizes sizes = c.g.sizesOf(x);
  auto out = static_cast<ElemType>(
      c.integer("output_dtype", static_cast<int64_t>(c.type(1))));
  if (out == ElemType::Undefined)
    out = c.type(1);
  if (!isFloat(out) || !elementType(c.b.getContext(), out))
    return c.error("the result has elements of " + elemName(out),
                   operandKindName('f'));
  // Codes and zero points are exact in f32; half precision only at the end.
  ElemType real =
      c.type(1) == ElemType::Double ? ElemType::Double : ElemType::Float;
  Value y = c.g.cast(x, c.type(0), real);
  if (c.has(2) && c.knownReal(2) != 0.0)
    y = c.g.sub(y, spread(c, c.g.cast(c.tensor(2), c.type(2), real), sizes,
                          axis, block));
  y = c.g.mul(
      y, spread(c, c.g.cast(c.tensor(1), c.type(1), real), sizes, axis, block));
  c.set(0, c.g.cast(y, real, out), out);
}

void importDynamicQuantize(NodeContext &c) {
  if (c.type(0) != ElemType::Float)
    return c.error("the input has elements of " + elemName(c.type(0)), "float");
  Value x = c.tensor(0);
  SmallVector<int64_t> dims;
  llvm::append_range(dims, llvm::seq<int64_t>(0, c.rank(0)));
  auto zero = [&](Value like) { return c.g.like(like, 0); };
  Value high = c.g.reduce(ReduceKind::max, x, dims, false);
  Value low = c.g.reduce(ReduceKind::min, x, dims, false);
  high = c.g.max(high, zero(high));
  low = c.g.min(low, zero(low));
  Value scale = c.g.div(c.g.sub(high, low), c.g.like(high, 255));
  // A tensor of zeros has any scale; 1 keeps the quotients finite.
  Value none = c.g.compare(arith::CmpFPredicate::OEQ, scale, zero(scale));
  Value divisor = c.g.select(none, c.g.like(scale, 1), scale);
  Value point = c.g.div(c.g.neg(low), divisor);
  point = c.g.min(c.g.max(point, zero(point)), c.g.like(point, 255));
  point = c.g.map<math::RoundEvenOp>({point});
  Value y =
      saturate(c, c.g.div(x, divisor), point, ElemType::Float, ElemType::UInt8);
  c.set(0, y, ElemType::UInt8);
  c.set(1, scale, ElemType::Float);
  Value code = c.g.cast(c.g.cast(point, ElemType::Float, ElemType::Int32),
                        ElemType::Int32, ElemType::UInt8);
  c.set(2, code, ElemType::UInt8);
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// The zero point of a matrix operand, shaped to subtract from it: per tensor,
/// or per row (of the left operand) or column (of the right one).
Value zeroPoint(NodeContext &c, unsigned n, int64_t rank, bool isLeft) {
  Value zero = c.g.cast(c.tensor(n), c.type(n), ElemType::Int32);
  if (GraphBuilder::rankOf(zero) != 1)
    return zero;
  if (c.g.sizeOf(zero, 0).isInteger(1))
    return c.g.reshape(zero, {});
  if (isLeft && rank >= 2)
    return c.g.insertUnitDims(zero, {1});
  return zero;
}

/// The product of `(a - za)` and `(b - zb)` in i32. The zero points enter as
/// corrections by the sums of rows and columns, so that the product itself
/// stays one of narrow integers.
Value integerProduct(NodeContext &c, unsigned a, unsigned aZero, unsigned b,
                     unsigned bZero) {
  Value x = c.tensor(a), y = c.tensor(b);
  int64_t xRank = c.rank(a), yRank = c.rank(b);
  if (xRank < 1 || yRank < 1) {
    c.error("an input has rank 0, expected at least 1");
    return {};
  }
  auto hasZero = [&](unsigned n) { return c.has(n) && c.knownReal(n) != 0.0; };
  bool shiftX = hasZero(aZero), shiftY = hasZero(bZero);
  Type i32 = c.b.getI32Type();
  Value product = c.g.matmul(x, y, i32, c.unsignedInput(a), c.unsignedInput(b));
  if (!shiftX && !shiftY)
    return product;
  if (xRank == 1 || yRank == 1) {
    // Vectors are rare here: subtract first.
    auto centre = [&](Value v, unsigned n, unsigned zero, bool shift,
                      bool isLeft, int64_t rank) {
      Value wide = c.g.cast(v, c.type(n), ElemType::Int32);
      return shift ? c.g.sub(wide, zeroPoint(c, zero, rank, isLeft)) : wide;
    };
    return c.g.matmul(centre(x, a, aZero, shiftX, true, xRank),
                      centre(y, b, bZero, shiftY, false, yRank), i32);
  }
  Value xWide = c.g.cast(x, c.type(a), ElemType::Int32);
  Value yWide = c.g.cast(y, c.type(b), ElemType::Int32);
  Value xZero = shiftX ? zeroPoint(c, aZero, xRank, true) : Value();
  Value yZero = shiftY ? zeroPoint(c, bZero, yRank, false) : Value();
  if (shiftX) {
    Value columns = c.g.reduce(ReduceKind::add, yWide, {yRank - 2}, true);
    product = c.g.sub(product, c.g.mul(xZero, columns));
  }
  if (shiftY) {
    Value rows = c.g.reduce(ReduceKind::add, xWide, {xRank - 1}, true);
    product = c.g.sub(product, c.g.mul(rows, yZero));
  }
  if (shiftX && shiftY) {
    Value k = c.g.splat(c.g.sizeOf(x, xRank - 1), i32);
    product = c.g.add(product, c.g.mul(c.g.mul(xZero, yZero), k));
  }
  return product;
}

void importMatMulInteger(NodeContext &c) {
  if (Value y = integerProduct(c, 0, 2, 1, 3))
    c.set(0, y, ElemType::Int32);
}

void importQLinearMatMul(NodeContext &c) {
  Value y = integerProduct(c, 0, 2, 3, 5);
  if (!y)
    return;
  ElemType type = c.type(7);
  if (!limitsOf(type))
    return c.error("the result has elements of " + elemName(type),
                   "8-bit integers");
  auto scale = [&](unsigned n, bool isLeft, int64_t rank) {
    Value s = c.g.cast(c.tensor(n), c.type(n), ElemType::Float);
    if (GraphBuilder::rankOf(s) != 1)
      return s;
    if (c.g.sizeOf(s, 0).isInteger(1))
      return c.g.reshape(s, {});
    return isLeft && rank >= 2 ? c.g.insertUnitDims(s, {1}) : s;
  };
  Value factor =
      c.g.div(c.g.mul(scale(1, true, c.rank(0)), scale(4, false, c.rank(3))),
              scale(6, true, c.rank(0)));
  Value real = c.g.mul(c.g.cast(y, ElemType::Int32, ElemType::Float), factor);
  Value zero = c.tensor(7);
  zero = c.g.cast(c.g.cast(zero, type, ElemType::Int32), ElemType::Int32,
                  ElemType::Float);
  if (GraphBuilder::rankOf(zero) == 1)
    zero = c.g.sizeOf(zero, 0).isInteger(1) ? c.g.reshape(zero, {})
                                            : c.g.insertUnitDims(zero, {1});
  c.set(0, saturate(c, real, zero, ElemType::Float, type), type);
}

} // namespace

void raddle::onnx::addQuantizationOps(OpTable &table) {
  OpRow rows[] = {
      {"QuantizeLinear", "n x x?", 1,
       "axis=i block_size=i output_dtype=i precision=i saturate=i",
       importQuantize, nullptr, "results of more than 16 bits; `precision`"},
      {"DequantizeLinear", "x x x?", 1, "axis=i block_size=i output_dtype=i",
       importDequantize},
      {"DynamicQuantizeLinear", "f", 3, "", importDynamicQuantize},
      {"MatMulInteger", "i i i? i?", 1, "", importMatMulInteger},
      {"QLinearMatMul", "x x x x x x x x", 1, "", importQLinearMatMul, nullptr,
       "8-bit floats"},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
