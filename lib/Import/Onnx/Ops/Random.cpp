//===- Random.cpp - Random numbers and what draws them --------------------===//
//
// ONNX does not say how numbers are drawn, only from which distribution. They
// come from Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", 2011), a function of the element's index and of a key: the same on
// every run and device, and without a state between elements.
//
//===----------------------------------------------------------------------===//
#include "../Importer.h"

#include "llvm/Support/xxhash.h"
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace raddle;
using namespace raddle::onnx;
using CmpF = arith::CmpFPredicate;
using CmpI = arith::CmpIPredicate;

namespace {

class Random {
public:
  explicit Random(NodeContext &c)
      : c(c), g(c.g), i32(c.b.getI32Type()), i64(c.b.getI64Type()) {}

  /// Uniform over [0, 1), in steps of 2^-24 (f64: 2^-53).
  Value uniform(ArrayRef<Scalar> sizes, Type real);
  /// Normal with mean 0 and deviation 1.
  Value normal(ArrayRef<Scalar> sizes, Type real);

private:
  std::array<Value, 4> bits(ArrayRef<Scalar> sizes);
  Value word(Value x) { return g.convert<arith::TruncIOp>(x, i32); }
  Value toReal(Value word, int64_t kept, Type real);

  NodeContext &c;
  GraphBuilder &g;
  Type i32, i64;
};

/// Four words of 32 bits per element; the key is the node's seed, or its name
/// where it has none.
std::array<Value, 4> Random::bits(ArrayRef<Scalar> sizes) {
  std::string name = c.im.nameOf(c.node, c.frame);
  uint64_t key = llvm::xxh3_64bits(llvm::StringRef(name));
  if (const NodeAttribute *seed = c.find("seed")) {
    // Random operators have seeds that are floats, Dropout integers.
    key = static_cast<uint64_t>(seed->i);
    if (seed->kind == AttrKind::Float) {
      uint32_t pattern;
      std::memcpy(&pattern, &seed->f, 4);
      key = pattern;
    }
  }
  Value index = g.reshape(g.iota(i64, {c.h.product(sizes)}, 0), sizes);
  Value high = g.map<arith::ShRUIOp>({index, g.like(index, 32)});
  std::array<Value, 4> x{word(index), word(high), Value(), Value()};
  x[2] = x[3] = g.like(x[0], 0);
  uint32_t k0 = static_cast<uint32_t>(key),
           k1 = static_cast<uint32_t>(key >> 32);
  auto product = [&](Value v, uint32_t factor) {
    Value wide = g.convert<arith::ExtUIOp>(v, i64);
    wide = g.mul(wide, g.like(wide, factor));
    Value top = g.map<arith::ShRUIOp>({wide, g.like(wide, 32)});
    return std::make_pair(word(top), word(wide));
  };
  auto withKey = [&](Value v, uint32_t k) {
    return g.map<arith::XOrIOp>({v, g.like(v, static_cast<int32_t>(k))});
  };
  for (unsigned round = 0; round < 10; ++round) {
    auto [high0, low0] = product(x[0], 0xD2511F53u);
    auto [high1, low1] = product(x[2], 0xCD9E8D57u);
    x = {withKey(g.map<arith::XOrIOp>({high1, x[1]}), k0), low1,
         withKey(g.map<arith::XOrIOp>({high0, x[3]}), k1), low0};
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return x;
}

/// The upper `kept` bits of an unsigned integer as a real below 1.
Value Random::toReal(Value word, int64_t kept, Type real) {
  int64_t width = GraphBuilder::elementOf(word).getIntOrFloatBitWidth();
  Value top = g.map<arith::ShRUIOp>(
      {word, g.like(word, static_cast<double>(width - kept))});
  return g.mul(g.convert<arith::UIToFPOp>(top, real), std::ldexp(1.0, -kept));
}

Value Random::uniform(ArrayRef<Scalar> sizes, Type real) {
  std::array<Value, 4> x = bits(sizes);
  if (!real.isF64())
    return g.floatCast(toReal(x[0], 24, c.b.getF32Type()), real);
  Value high = g.convert<arith::ExtUIOp>(x[0], i64);
  Value low = g.convert<arith::ExtUIOp>(x[1], i64);
  Value both = g.map<arith::OrIOp>(
      {g.map<arith::ShLIOp>({high, g.like(high, 32)}), low});
  return toReal(both, 53, real);
}

/// By Box and Muller, from two uniform numbers of which the first is not zero.
Value Random::normal(ArrayRef<Scalar> sizes, Type real) {
  Type wide = real.isF64() ? real : Type(c.b.getF32Type());
  std::array<Value, 4> x = bits(sizes);
  Value u = g.add(toReal(x[0], 24, wide), std::ldexp(1.0, -25));
  Value angle = g.mul(toReal(x[1], 24, wide), 2 * 3.14159265358979323846);
  Value radius = g.map<math::SqrtOp>({g.mul(g.map<math::LogOp>({u}), -2)});
  return g.floatCast(g.mul(radius, g.map<math::CosOp>({angle})), real);
}

/// The sizes and the type that the node asks for.
struct Wanted {
  Sizes sizes;
  ElemType type;
};
std::optional<Wanted> wanted(NodeContext &c) {
  Wanted w;
  if (c.has(0)) {
    w.sizes = c.sizes(0);
    w.type = isFloat(c.type(0)) ? c.type(0) : ElemType::Float;
  } else {
    SmallVector<int64_t> shape = c.ints("shape");
    w.sizes.assign(shape.begin(), shape.end());
    w.type = ElemType::Float;
  }
  if (c.hasAttr("dtype"))
    w.type = static_cast<ElemType>(c.integer("dtype", 1));
  if (isFloat(w.type) && elemBits(w.type) >= 16)
    return w;
  c.error("the result has elements of " + elemName(w.type),
          operandKindName('f'));
  return std::nullopt;
}

void importUniform(NodeContext &c) {
  auto w = wanted(c);
  if (!w)
    return;
  double low = c.real("low", 0), high = c.real("high", 1);
  Value u = Random(c).uniform(w->sizes, elementType(c.b.getContext(), w->type));
  c.set(0, c.g.add(c.g.mul(u, high - low), low), w->type);
}

void importNormal(NodeContext &c) {
  auto w = wanted(c);
  if (!w)
    return;
  Value n = Random(c).normal(w->sizes, elementType(c.b.getContext(), w->type));
  n = c.g.add(c.g.mul(n, c.real("scale", 1)), c.real("mean", 0));
  c.set(0, n, w->type);
}

void importBernoulli(NodeContext &c) {
  auto type = static_cast<ElemType>(
      c.integer("dtype", static_cast<int64_t>(c.type(0))));
  if (!elementType(c.b.getContext(), type))
    return c.error("the result has elements of " + elemName(type),
                   operandKindName('x'));
  Value p = c.tensor(0);
  Value u = Random(c).uniform(c.sizes(0), c.element(0));
  Value hit = c.g.compare(CmpF::OLT, u, p);
  c.set(0, c.g.cast(hit, ElemType::Bool, type), type);
}

/// Per row as many classes as asked for, by the greatest of the logits plus
/// Gumbel noise.
void importMultinomial(NodeContext &c) {
  GraphBuilder &g = c.g;
  int64_t samples = c.integer("sample_size", 1);
  auto type = static_cast<ElemType>(
      c.integer("dtype", static_cast<int64_t>(ElemType::Int32)));
  if (!c.expectRank(0, 2))
    return;
  if (samples < 1 || samples > INT32_MAX ||
      (type != ElemType::Int32 && type != ElemType::Int64))
    return c.error("has " + std::to_string(samples) + " samples of " +
                       elemName(type),
                   "int32 or int64");
  Type f32 = c.b.getF32Type();
  Value logits = g.insertUnitDims(g.floatCast(c.tensor(0), f32), {1});
  Sizes own = c.sizes(0);
  Value u = Random(c).uniform({own[0], samples, own[1]}, f32);
  u = g.add(u, std::ldexp(1.0, -25));
  Value noise = g.neg(g.map<math::LogOp>({g.neg(g.map<math::LogOp>({u}))}));
  Sizes target{own[0], samples};
  Value best = graph::ArgReduceOp::create(
      c.b, g.typeFor(target, c.b.getI64Type()), graph::ReduceKind::max,
      g.add(logits, noise), int64_t(2), false, false);
  g.setSizes(best, target);
  c.set(0, g.cast(best, ElemType::Int64, type), type);
}

/// In training elements are dropped with the probability `ratio`, the others
/// scaled so that the mean stays.
void importDropout(NodeContext &c) {
  GraphBuilder &g = c.g;
  auto training = c.has(2) ? c.knownReal(2) : std::optional<double>(0);
  auto ratio = c.has(1) ? c.knownReal(1) : std::optional<double>(0.5);
  // Training without dropping anything is inference.
  if (training == 0.0 || ratio == 0.0) {
    c.set(0, c.ref(0));
    if (c.wants(1))
      c.set(1, g.filled(1, c.b.getI1Type(), c.sizes(0)), ElemType::Bool);
    return;
  }
  Type f32 = c.b.getF32Type();
  Value p = c.has(1)
                ? g.reshape(g.cast(c.tensor(1), c.type(1), ElemType::Float), {})
                : g.constant(0.5, f32);
  if (!training) {
    Value on = g.reshape(c.tensor(2), {});
    p = g.select(on, p, g.like(p, 0));
  }
  Value kept = g.compare(CmpF::OGE, Random(c).uniform(c.sizes(0), f32), p);
  Value x = g.floatCast(c.tensor(0), c.type(0) == ElemType::Double
                                         ? Type(c.b.getF64Type())
                                         : Type(f32));
  Value rest = g.floatCast(g.sub(g.like(p, 1), p), GraphBuilder::elementOf(x));
  Value y = g.select(kept, g.div(x, rest), g.like(x, 0));
  c.set(0, g.floatCast(y, c.element(0)));
  c.set(1, kept, ElemType::Bool);
}

} // namespace

void raddle::onnx::addRandomOps(OpTable &table) {
  OpRow rows[] = {
      {"RandomUniform", "", 1, "dtype=i high=f low=f seed=f shape=is!",
       importUniform},
      {"RandomUniformLike", "x", 1, "dtype=i high=f low=f seed=f",
       importUniform},
      {"RandomNormal", "", 1, "dtype=i mean=f scale=f seed=f shape=is!",
       importNormal},
      {"RandomNormalLike", "x", 1, "dtype=i mean=f scale=f seed=f",
       importNormal},
      {"Bernoulli", "f", 1, "dtype=i seed=f", importBernoulli},
      {"Multinomial", "f", 1, "dtype=i sample_size=i seed=f",
       importMultinomial},
      {"Dropout", "f f? b?", 2, "ratio=f seed=i is_test=i", importDropout},
  };
  table.insert(table.end(), std::begin(rows), std::end(rows));
}
