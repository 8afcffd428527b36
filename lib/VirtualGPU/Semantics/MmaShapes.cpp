//===- MmaShapes.cpp - mma.sync of f64, 8-bit floats, 4 and 1 bit ---------===//
//
// The shapes that few kernels use. Fragments follow the rule of Mma.cpp: a
// 32-bit register holds `per` consecutive k of one row of A or column of B, its
// number's lowest bit is the half of the rows of A, the rest a step of 4 * per
// in k. Operands are gathered into matrices, results scattered from one.
//
//===----------------------------------------------------------------------===//

#include "Exec/Float8.h"
#include "Exec/WholeWarp.h"
#include "Semantics/Half.h"
#include "Semantics/MmaModel.h"
#include "Semantics/Ops.h"

namespace raddle::vgpu::RADDLE_VGPU_ISA {

namespace {

template <class T> void lanesOf(const Warp &w, Slot slot, T *to) {
  V<T> v = get<T>(w, slot);
  __builtin_memcpy(to, &v, sizeof v);
}
template <class T> void putLanes(Warp &w, Slot slot, const T *from) {
  V<T> v;
  __builtin_memcpy(&v, from, sizeof v);
  put<T>(w, slot, v);
}

/// Registers of type T of A: element (row, register column); each lane's
/// register covers one step of k.
template <class T, unsigned Rows, unsigned Steps>
void gatherA(const Warp &w, const Slot *a, T (*to)[4 * Steps]) {
  T lanes[32];
  for (unsigned r = 0; r < Steps * Rows / 8; ++r) {
    lanesOf<T>(w, a[r], lanes);
    const unsigned half = Rows == 16 ? r & 1 : 0;
    const unsigned step = Rows == 16 ? r >> 1 : r;
    for (unsigned lane = 0; lane < 32; ++lane)
      to[lane / 4 + 8 * half][4 * step + lane % 4] = lanes[lane];
  }
}
template <class T, unsigned Steps>
void gatherB(const Warp &w, const Slot *b, T (*to)[4 * Steps]) {
  T lanes[32];
  for (unsigned r = 0; r < Steps; ++r) {
    lanesOf<T>(w, b[r], lanes);
    for (unsigned lane = 0; lane < 32; ++lane)
      to[lane / 4][4 * r + lane % 4] = lanes[lane];
  }
}

/// D = F(row of A, column of B, C) where C and D have elements of type T.
template <class T, unsigned Rows, class F>
void eachResult(Warp &w, const Slot *d, const Slot *c, F f) {
  T in[Rows / 4][32], out[Rows / 4][32];
  for (unsigned i = 0; i < Rows / 4; ++i)
    lanesOf<T>(w, c[i], in[i]);
  for (unsigned i = 0; i < Rows / 4; ++i)
    for (unsigned lane = 0; lane < 32; ++lane)
      out[i][lane] =
          f(lane / 4 + 8 * (i >> 1), 2 * (lane % 4) + (i & 1), in[i][lane]);
  for (unsigned i = 0; i < Rows / 4; ++i)
    putLanes<T>(w, d[i], out[i]);
}

/// D, A, B, C registers lie one after the other in Op::list.
template <unsigned Rows, unsigned Steps, unsigned NumC> struct Lists {
  const Slot *d, *a, *b, *c;
  explicit Lists(const Op &op)
      : d(op.list), a(d + NumC), b(a + Steps * Rows / 8), c(b + Steps) {}
};

/// Fused multiply-adds in the order of k, each rounded to nearest.
template <unsigned Rows, unsigned K> void mmaDouble(Warp &w, const Op &op) {
  if (!wholeWarp(w, op))
    return;
  const Lists<Rows, K / 4, Rows / 4> lists(op);
  double a[16][K], b[8][K];
  gatherA<double, Rows, K / 4>(w, lists.a, a);
  gatherB<double, K / 4>(w, lists.b, b);
  eachResult<double, Rows>(
      w, lists.d, lists.c, [&](unsigned row, unsigned column, double sum) {
        for (unsigned k = 0; k < K; ++k)
          sum = __builtin_fma(a[row][k], b[column][k], sum);
        if (sum != sum)
          sum = __builtin_bit_cast(double, uint64_t(0x7fffffffffffffff));
        return sum;
      });
}

template <bool SignedA, bool SignedB, unsigned Rows, unsigned K, bool Sat>
void mmaNibble(Warp &w, const Op &op) {
  if (!wholeWarp(w, op))
    return;
  constexpr unsigned kSteps = K / 32;
  const Lists<Rows, kSteps, Rows / 4> lists(op);
  uint32_t a[16][4 * kSteps], b[8][4 * kSteps];
  gatherA<uint32_t, Rows, kSteps>(w, lists.a, a);
  gatherB<uint32_t, kSteps>(w, lists.b, b);
  auto element = [](uint32_t word, unsigned i, bool isSigned) {
    const uint32_t up = word << (28 - 4 * i);
    return isSigned ? static_cast<int32_t>(up) >> 28
                    : static_cast<int32_t>(up >> 28);
  };
  eachResult<int32_t, Rows>(
      w, lists.d, lists.c, [&](unsigned row, unsigned column, int32_t c) {
        int32_t sum = 0;
        for (unsigned k = 0; k < 4 * kSteps; ++k)
          for (unsigned i = 0; i < 8; ++i)
            sum += element(a[row][k], i, SignedA) *
                   element(b[column][k], i, SignedB);
        const int64_t wide = int64_t(c) + sum;
        if (Sat)
          return static_cast<int32_t>(wide > INT32_MAX   ? INT32_MAX
                                      : wide < INT32_MIN ? INT32_MIN
                                                         : wide);
        return static_cast<int32_t>(static_cast<uint32_t>(wide));
      });
}

template <bool And, unsigned Rows, unsigned K>
void mmaBit(Warp &w, const Op &op) {
  if (!wholeWarp(w, op))
    return;
  constexpr unsigned kSteps = K / 128;
  const Lists<Rows, kSteps, Rows / 4> lists(op);
  uint32_t a[16][4 * kSteps], b[8][4 * kSteps];
  gatherA<uint32_t, Rows, kSteps>(w, lists.a, a);
  gatherB<uint32_t, kSteps>(w, lists.b, b);
  eachResult<uint32_t, Rows>(
      w, lists.d, lists.c, [&](unsigned row, unsigned column, uint32_t c) {
        for (unsigned k = 0; k < 4 * kSteps; ++k)
          c += static_cast<uint32_t>(__builtin_popcount(
              And ? a[row][k] & b[column][k] : a[row][k] ^ b[column][k]));
        return c;
      });
}

float halfValue(uint16_t bits) {
  return static_cast<float>(__builtin_bit_cast(f16, bits));
}
uint16_t halfBits(float v) {
  return v != v ? 0x7fff : __builtin_bit_cast(uint16_t, static_cast<f16>(v));
}
struct InE5m2 {
  static float value(uint8_t byte) { return fromE5m2(byte); }
};
struct InE4m3 {
  static float value(uint8_t byte) { return fromE4m3(byte); }
};

/// One dot product. The published models of the hardware do not cover these
/// types and shapes: hw is exact here.
template <bool HalfResult>
float dot(const Warp &w, const float *a, const float *b, unsigned n, float c) {
  if (w.mma != MmaMode::Fast)
    return dotExact(a, b, n, c, HalfResult);
  for (unsigned k = 0; k < n; ++k)
    c = __builtin_fmaf(a[k], b[k], c);
  return c != c ? __builtin_bit_cast(float, 0x7fffffffu) : c;
}

template <class InA, class InB, unsigned K, bool HalfResult>
void mmaFloat8(Warp &w, const Op &op) {
  if (!wholeWarp(w, op))
    return;
  constexpr unsigned kSteps = K / 16;
  const Lists<16, kSteps, HalfResult ? 2 : 4> lists(op);
  uint32_t wordsA[16][4 * kSteps], wordsB[8][4 * kSteps];
  gatherA<uint32_t, 16, kSteps>(w, lists.a, wordsA);
  gatherB<uint32_t, kSteps>(w, lists.b, wordsB);
  float a[16][K], b[8][K];
  for (unsigned k = 0; k < K; ++k) {
    const unsigned shift = 8 * (k % 4);
    for (unsigned row = 0; row < 16; ++row)
      a[row][k] = InA::value(static_cast<uint8_t>(wordsA[row][k / 4] >> shift));
    for (unsigned column = 0; column < 8; ++column)
      b[column][k] =
          InB::value(static_cast<uint8_t>(wordsB[column][k / 4] >> shift));
  }
  if constexpr (HalfResult) {
    uint32_t in[2][32], out[2][32];
    for (unsigned i = 0; i < 2; ++i)
      lanesOf<uint32_t>(w, lists.c[i], in[i]);
    for (unsigned i = 0; i < 2; ++i)
      for (unsigned lane = 0; lane < 32; ++lane) {
        uint32_t pair = 0;
        for (unsigned e = 0; e < 2; ++e) {
          const auto c = static_cast<uint16_t>(in[i][lane] >> (16 * e));
          const float r = dot<true>(w, a[lane / 4 + 8 * i],
                                    b[2 * (lane % 4) + e], K, halfValue(c));
          pair |= uint32_t(halfBits(r)) << (16 * e);
        }
        out[i][lane] = pair;
      }
    for (unsigned i = 0; i < 2; ++i)
      putLanes<uint32_t>(w, lists.d[i], out[i]);
  } else {
    eachResult<float, 16>(w, lists.d, lists.c,
                          [&](unsigned row, unsigned column, float c) {
                            return dot<false>(w, a[row], b[column], K, c);
                          });
  }
}

/// m8n8k4 of f16: four products at once, one per quad pair (lanes p * 4 .. + 3
/// and 16 more); C and D in f16 hold a row, in f32 pieces of two.
template <bool RowA, bool ColumnB, bool HalfResult>
void mmaQuadPairs(Warp &w, const Op &op) {
  if (!wholeWarp(w, op))
    return;
  constexpr unsigned kNumC = HalfResult ? 4 : 8;
  const Slot *d = op.list, *a = d + kNumC, *b = a + 2, *c = b + 2;
  uint32_t wordsA[2][32], wordsB[2][32], in[kNumC][32], out[kNumC][32];
  for (unsigned i = 0; i < 2; ++i) {
    lanesOf<uint32_t>(w, a[i], wordsA[i]);
    lanesOf<uint32_t>(w, b[i], wordsB[i]);
  }
  for (unsigned i = 0; i < kNumC; ++i)
    lanesOf<uint32_t>(w, c[i], in[i]);
  for (unsigned pair = 0; pair < 4; ++pair) {
    float rows[8][4], columns[8][4];
    for (unsigned t = 0; t < 8; ++t) {
      const unsigned lane = 4 * pair + t % 4 + 16 * (t / 4);
      for (unsigned i = 0; i < 4; ++i) {
        const unsigned shift = 16 * (i & 1), high = 4 * (t / 4);
        const float va =
            halfValue(static_cast<uint16_t>(wordsA[i / 2][lane] >> shift));
        const float vb =
            halfValue(static_cast<uint16_t>(wordsB[i / 2][lane] >> shift));
        if (RowA)
          rows[t % 4 + high][i] = va;
        else
          rows[i + high][t % 4] = va;
        if (ColumnB)
          columns[t % 4 + high][i] = vb;
        else
          columns[i + high][t % 4] = vb;
      }
    }
    for (unsigned t = 0; t < 8; ++t) {
      const unsigned lane = 4 * pair + t % 4 + 16 * (t / 4);
      for (unsigned i = 0; i < kNumC; ++i) {
        if constexpr (HalfResult) {
          uint32_t both = 0;
          for (unsigned e = 0; e < 2; ++e) {
            const auto x = static_cast<uint16_t>(in[i][lane] >> (16 * e));
            const float r = dot<true>(w, rows[t % 4 + 4 * (t / 4)],
                                      columns[2 * i + e], 4, halfValue(x));
            both |= uint32_t(halfBits(r)) << (16 * e);
          }
          out[i][lane] = both;
        } else {
          const unsigned row = (lane & 1) + (i & 2) + 4 * (t / 4);
          const unsigned column = (i & 4) + (lane & 2) + (i & 1);
          const float r = dot<false>(w, rows[row], columns[column], 4,
                                     __builtin_bit_cast(float, in[i][lane]));
          out[i][lane] = __builtin_bit_cast(uint32_t, r);
        }
      }
    }
  }
  for (unsigned i = 0; i < kNumC; ++i)
    putLanes<uint32_t>(w, d[i], out[i]);
}

// Choosing the instantiation.
template <unsigned Rows, unsigned K, bool Sat> Handler nibble(const Form &f) {
  const bool a = f.type[1] == Type::S4, b = f.type[2] == Type::S4;
  return a ? (b ? mmaNibble<true, true, Rows, K, Sat>
                : mmaNibble<true, false, Rows, K, Sat>)
           : (b ? mmaNibble<false, true, Rows, K, Sat>
                : mmaNibble<false, false, Rows, K, Sat>);
}
template <unsigned Rows, unsigned K> Handler nibbleSat(const Form &f) {
  return f.has(Mod::satfinite) ? nibble<Rows, K, true>(f)
                               : nibble<Rows, K, false>(f);
}
template <unsigned Rows, unsigned K> Handler bit(const Form &f) {
  return f.has(Mod::and_) ? mmaBit<true, Rows, K> : mmaBit<false, Rows, K>;
}
template <unsigned K, bool HalfResult> Handler float8(const Form &f) {
  const bool a = f.type[1] == Type::E4M3, b = f.type[2] == Type::E4M3;
  return a ? (b ? mmaFloat8<InE4m3, InE4m3, K, HalfResult>
                : mmaFloat8<InE4m3, InE5m2, K, HalfResult>)
           : (b ? mmaFloat8<InE5m2, InE4m3, K, HalfResult>
                : mmaFloat8<InE5m2, InE5m2, K, HalfResult>);
}
template <bool HalfResult> Handler quadPairs(const Form &f) {
  const bool columnB = f.has(Mod::bcol);
  return f.has(Mod::row) ? (columnB ? mmaQuadPairs<true, true, HalfResult>
                                    : mmaQuadPairs<true, false, HalfResult>)
                         : (columnB ? mmaQuadPairs<false, true, HalfResult>
                                    : mmaQuadPairs<false, false, HalfResult>);
}
} // namespace

Handler selectMmaShapes(const Form &f) {
  switch (f.type[1]) {
  case Type::F16:
    return f.type[0] == Type::F16 ? quadPairs<true>(f) : quadPairs<false>(f);
  case Type::F64:
    return f.has(Mod::m8n8k4)    ? mmaDouble<8, 4>
           : f.has(Mod::m16n8k4) ? mmaDouble<16, 4>
           : f.has(Mod::m16n8k8) ? mmaDouble<16, 8>
                                 : mmaDouble<16, 16>;
  case Type::S4:
  case Type::U4:
    return f.has(Mod::m8n8k32)    ? nibbleSat<8, 32>(f)
           : f.has(Mod::m16n8k32) ? nibbleSat<16, 32>(f)
                                  : nibbleSat<16, 64>(f);
  case Type::B1:
    return f.has(Mod::m8n8k128)    ? bit<8, 128>(f)
           : f.has(Mod::m16n8k128) ? bit<16, 128>(f)
                                   : bit<16, 256>(f);
  case Type::E4M3:
  case Type::E5M2:
    if (f.type[0] == Type::F16)
      return f.has(Mod::m16n8k16) ? float8<16, true>(f) : float8<32, true>(f);
    return f.has(Mod::m16n8k16) ? float8<16, false>(f) : float8<32, false>(f);
  default:
    return nullptr;
  }
}

} // namespace raddle::vgpu::RADDLE_VGPU_ISA
