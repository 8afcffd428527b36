//===- Mma.cpp - mma.sync -------------------------------------------------===//
//
// Fragments (g = lane / 4, q = lane % 4): A's registers hold rows g and g + 8,
// B's the columns g, C's and D's row g (+ 8), columns 2q and 2q + 1. The four
// accumulators stay in that order; for each k the factor of A is spread over
// the quad, that of B over the eight quads.
//
//===----------------------------------------------------------------------===//

#include "Exec/TileProduct.h"
#include "Exec/WholeWarp.h"
#include "Semantics/Half.h"
#include "Semantics/MmaModel.h"
#include "Semantics/Ops.h"

namespace raddle::vgpu::RADDLE_VGPU_ISA {

namespace {
using F = V<float>;
using Quad = float __attribute__((ext_vector_type(4)));

constexpr unsigned kMaxK = 32;

/// Operands of one instruction, ready for the inner loops.
struct Operands {
  F top[kMaxK], bottom[kMaxK];   // A[g][k], A[g + 8][k]
  alignas(64) float b[kMaxK][8]; // B[k][0 2 4 6], B[k][1 3 5 7]
};

template <unsigned Lane> RADDLE_INLINE F quadBroadcast(F v) {
#define L(i) ((i) & ~3u) + Lane
  return __builtin_shufflevector(v, v, L(0), L(1), L(2), L(3), L(4), L(5), L(6),
                                 L(7), L(8), L(9), L(10), L(11), L(12), L(13),
                                 L(14), L(15), L(16), L(17), L(18), L(19),
                                 L(20), L(21), L(22), L(23), L(24), L(25),
                                 L(26), L(27), L(28), L(29), L(30), L(31));
#undef L
}
/// Lane 4n + q of a register of B goes to place (q, n odd, n / 2).
RADDLE_INLINE F arrangeB(F v) {
#define R(q) q, 8 + q, 16 + q, 24 + q, 4 + q, 12 + q, 20 + q, 28 + q
  return __builtin_shufflevector(v, v, R(0), R(1), R(2), R(3));
#undef R
}
RADDLE_INLINE F spreadB(const float *p) {
  Quad q;
  __builtin_memcpy(&q, p, 16);
  return __builtin_shufflevector(q, q, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1,
                                 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1,
                                 2, 3);
}

/// Element e of a lane's register is k = q * Per + e + base; stores the four
/// k of one element for A.
template <unsigned Per>
RADDLE_INLINE void spreadA(F *to, F v, unsigned base, unsigned e) {
  to[base + e] = quadBroadcast<0>(v);
  to[base + Per + e] = quadBroadcast<1>(v);
  to[base + 2 * Per + e] = quadBroadcast<2>(v);
  to[base + 3 * Per + e] = quadBroadcast<3>(v);
}
template <unsigned Per>
RADDLE_INLINE void storeB(Operands &o, F v, unsigned base, unsigned e) {
  alignas(64) float s[32];
  F arranged = arrangeB(v);
  __builtin_memcpy(s, &arranged, sizeof s);
  for (unsigned q = 0; q < 4; ++q)
    __builtin_memcpy(o.b[base + q * Per + e], s + 8 * q, 32);
}

// Input types: elements per 32-bit register and their values.
struct InF16 {
  static constexpr unsigned kPer = 2;
  static constexpr int kMinExponent = -14;
  template <unsigned E> RADDLE_INLINE F element(V<uint32_t> v) {
    return halfToFloat(convert<uint16_t>(v >> splat<uint32_t>(16 * E)));
  }
};
struct InBf16 {
  static constexpr unsigned kPer = 2;
  static constexpr int kMinExponent = -126;
  template <unsigned E> RADDLE_INLINE F element(V<uint32_t> v) {
    return bits<float>(E ? v & splat<uint32_t>(0xffff0000)
                         : v << splat<uint32_t>(16));
  }
};
struct InTf32 {
  static constexpr unsigned kPer = 1;
  static constexpr int kMinExponent = -126;
  template <unsigned E> RADDLE_INLINE F element(V<uint32_t> v) {
    return bits<float>(v & splat<uint32_t>(0xffffe000));
  }
};
template <bool Signed> struct InByte {
  static constexpr unsigned kPer = 4;
  template <unsigned E> RADDLE_INLINE F element(V<uint32_t> v) {
    V<uint32_t> up = v << splat<uint32_t>(24 - 8 * E);
    if (Signed)
      return convert<float>(bits<int32_t>(up) >> splat<int32_t>(24));
    return convert<float>(bits<int32_t>(up >> splat<uint32_t>(24)));
  }
};

template <class In, unsigned E = 0>
RADDLE_INLINE void unpackA(F *to, V<uint32_t> v, unsigned base) {
  if constexpr (E < In::kPer) {
    spreadA<In::kPer>(to, In::template element<E>(v), base, E);
    unpackA<In, E + 1>(to, v, base);
  }
}
template <class In, unsigned E = 0>
RADDLE_INLINE void unpackB(Operands &o, V<uint32_t> v, unsigned base) {
  if constexpr (E < In::kPer) {
    storeB<In::kPer>(o, In::template element<E>(v), base, E);
    unpackB<In, E + 1>(o, v, base);
  }
}

/// A: registers in the order (row half, k half); B: k half. Rows: 16 or 8.
template <class InA, class InB, unsigned K, unsigned Rows>
RADDLE_INLINE void unpackOperands(const Warp &w, const Slot *a, const Slot *b,
                                  Operands &o) {
  constexpr unsigned kStep = 4 * InA::kPer; // k of one register of a quad
  unsigned r = 0;
  for (unsigned base = 0; base < K; base += kStep) {
    unpackA<InA>(o.top, get<uint32_t>(w, a[r++]), base);
    if (Rows == 16)
      unpackA<InA>(o.bottom, get<uint32_t>(w, a[r++]), base);
    unpackB<InB>(o, get<uint32_t>(w, b[base / kStep]), base);
  }
}

/// acc[0..3]: (top, even), (top, odd), (bottom, even), (bottom, odd).
template <unsigned K, unsigned Rows>
RADDLE_INLINE void accumulateFast(const Operands &o, F *acc) {
  for (unsigned k = 0; k < K; ++k) {
    F even = spreadB(o.b[k]), odd = spreadB(o.b[k] + 4);
    acc[0] = __builtin_elementwise_fma(o.top[k], even, acc[0]);
    acc[1] = __builtin_elementwise_fma(o.top[k], odd, acc[1]);
    if (Rows == 16) {
      acc[2] = __builtin_elementwise_fma(o.bottom[k], even, acc[2]);
      acc[3] = __builtin_elementwise_fma(o.bottom[k], odd, acc[3]);
    }
  }
}

/// Power of two at or below |v|, at least 2^min; 0 for 0.
RADDLE_INLINE F envelope(F v, int min) {
  V<uint32_t> u = bits<uint32_t>(v) & splat<uint32_t>(0x7f800000);
  V<uint32_t> least = splat<uint32_t>(static_cast<uint32_t>(min + 127) << 23);
  u = __builtin_elementwise_max(u, least);
  return bits<float>(pick<uint32_t>(v == splat(0.0f), splat<uint32_t>(0), u));
}

/// Whether every factor of A and B is zero or has an exponent that keeps the
/// vector code exact (see dotHardware for the rest).
template <unsigned K, unsigned Rows>
RADDLE_INLINE bool inRange(const Operands &o) {
  V<uint32_t> high = splat<uint32_t>(0), low = splat<uint32_t>(0);
  auto look = [&](V<uint32_t> u) {
    u &= splat<uint32_t>(0x7fffffff);
    high = __builtin_elementwise_max(high, u);
    // Zero becomes the largest number of `0 - 1`.
    low = __builtin_elementwise_max(
        low, splat<uint32_t>(0) - pick<uint32_t>(u == splat<uint32_t>(0),
                                                 splat<uint32_t>(~0u), u));
  };
  for (unsigned k = 0; k < K; ++k) {
    look(bits<uint32_t>(o.top[k]));
    if (Rows == 16)
      look(bits<uint32_t>(o.bottom[k]));
  }
  for (unsigned k = 0; k < K; k += 4) {
    V<uint32_t> u;
    __builtin_memcpy(&u, o.b[k], sizeof u);
    look(u);
  }
  uint32_t most = __builtin_reduce_max(high);
  uint32_t least = 0u - __builtin_reduce_max(low);
  return most < (uint32_t(127 + 60) << 23) &&
         (least == 0 || least >= (uint32_t(127 - 40) << 23));
}

/// One accumulator vector, one group of G products starting at k.
template <unsigned G, int Extra, bool HalfResult>
RADDLE_INLINE F groupHardware(const F *a, const F *ea, const float (*b)[8],
                              const float (*eb)[8], unsigned side, F c) {
  F most = splat(0.0f);
  F product[G];
  for (unsigned k = 0; k < G; ++k) {
    product[k] = a[k] * spreadB(b[k] + 4 * side);
    F e = ea[k] * spreadB(eb[k] + 4 * side);
    most = pick<float>(e > most, e, most);
  }
  V<int32_t> none = most == splat(0.0f);
  F ec = bits<float>(bits<uint32_t>(c) & splat<uint32_t>(0x7f800000));
  most = pick<float>(ec > most, ec, most);
  most = pick<float>(none, splat(1.0f), most);
  V<uint32_t> field = bits<uint32_t>(most);
  constexpr int kFraction = 23 + Extra;
  F scale = bits<float>(
      splat<uint32_t>(static_cast<uint32_t>(254 + kFraction) << 23) - field);
  F back = bits<float>(field - splat<uint32_t>(uint32_t(kFraction) << 23));
  F r;
  V<int32_t> inexact;
  if constexpr (G * 4 < 64 && Extra == 1) {
    V<int32_t> sum = convert<int32_t>(c * scale);
    for (unsigned k = 0; k < G; ++k)
      sum += convert<int32_t>(product[k] * scale);
    V<int32_t> sign = sum >> splat<int32_t>(31);
    V<int32_t> magnitude = (sum ^ sign) - sign;
    r = convert<float>(magnitude);
    V<int32_t> over = convert<int32_t>(r) > magnitude;
    r = bits<float>(bits<int32_t>(r) + over);
    inexact = convert<int32_t>(r) != magnitude;
    if (HalfResult)
      r = bits<float>(bits<int32_t>(r) | (inexact & splat<int32_t>(1)));
    r = bits<float>(bits<int32_t>(r * back) |
                    (sign & splat<int32_t>(INT32_MIN)));
  } else {
    // Sixteen products of 27 bits need more than 31.
    V<int64_t> sum = convert<int64_t>(convert<int32_t>(c * scale));
    for (unsigned k = 0; k < G; k += 2)
      sum += convert<int64_t>(convert<int32_t>(product[k] * scale) +
                              convert<int32_t>(product[k + 1] * scale));
    V<int64_t> sign = sum >> splat<int64_t>(63);
    V<double> d = convert<double>((sum ^ sign) - sign); // exact
    V<int64_t> u = bits<int64_t>(d);
    V<int64_t> cut = u & splat<int64_t>(~((int64_t(1) << 29) - 1));
    if (HalfResult) {
      V<int64_t> lost = (u != cut);
      cut |= lost & splat<int64_t>(int64_t(1) << 29);
    }
    r = convert<float>(bits<double>(cut)) * back;
    r = bits<float>(bits<int32_t>(r) |
                    (convert<int32_t>(sign) & splat<int32_t>(INT32_MIN)));
  }
  if (HalfResult)
    r = halfToFloat(floatToHalf(r));
  return pick<float>(none, c + splat(0.0f), r); // never -0
}

/// Lane by lane, for inputs outside the range of the vector code.
template <class In, unsigned K, unsigned Rows>
__attribute__((noinline)) void slowHardware(const Operands &o, F *acc,
                                            unsigned group,
                                            const DotModel &model, bool exact) {
  for (unsigned l = 0; l < 32; ++l)
    for (unsigned i = 0; i < (Rows == 16 ? 4 : 2); ++i) {
      float a[kMaxK], b[kMaxK];
      for (unsigned k = 0; k < K; ++k) {
        a[k] = (i < 2 ? o.top[k] : o.bottom[k])[l];
        b[k] = o.b[k][4 * (i & 1) + (l & 3)];
      }
      float c = acc[i][l];
      if (exact)
        c = dotExact(a, b, K, c, model.halfResult);
      else
        for (unsigned k = 0; k < K; k += group)
          c = dotHardware(a + k, b + k, group < K - k ? group : K - k, c,
                          model);
      acc[i][l] = c;
    }
}

/// Sums in double precision where that is exact, else by the slow path.
template <class In, unsigned K, unsigned Rows>
void accumulateExact(const Operands &o, F *acc, const DotModel &model) {
  using D = V<double>;
  F result[4];
  bool exact = true;
  for (unsigned i = 0; i < (Rows == 16 ? 4 : 2) && exact; ++i) {
    D sum = convert<double>(acc[i]);
    V<int64_t> inexact = splat<int64_t>(0);
    for (unsigned k = 0; k < K; ++k) {
      D p = convert<double>(i < 2 ? o.top[k] : o.bottom[k]) *
            convert<double>(spreadB(o.b[k] + 4 * (i & 1)));
      D s = sum + p, t = s - sum;
      D error = (sum - (s - t)) + (p - t);
      inexact |= error != splat(0.0); // NaN too
      sum = s;
    }
    exact = maskOf<int64_t>(inexact) == 0;
    result[i] = convert<float>(sum);
    if (model.halfResult)
      exact = false; // two roundings
  }
  if (!exact) {
    slowHardware<In, K, Rows>(o, acc, K, model, true);
    return;
  }
  for (unsigned i = 0; i < (Rows == 16 ? 4 : 2); ++i)
    acc[i] = canonical(result[i]);
}

template <class In, unsigned K, unsigned Rows, bool HalfResult>
RADDLE_INLINE void accumulateHardware(Warp &w, const Operands &o, F *acc) {
  constexpr unsigned kSmall = In::kPer == 1 ? 4 : 8;
  const bool newer = w.sm >= 90;
  V<int32_t> bad = splat<int32_t>(0);
  for (unsigned i = 0; i < (Rows == 16 ? 4 : 2); ++i)
    bad |= (bits<uint32_t>(acc[i]) & splat<uint32_t>(0x7f800000)) ==
           splat<uint32_t>(0x7f800000);
  if (!inRange<K, Rows>(o) || maskOf<int32_t>(bad)) {
    DotModel model;
    model.extraBits = newer ? 2 : 1;
    model.minInputExponent = In::kMinExponent;
    model.minAlignExponent = newer ? -133 : -1000;
    model.halfResult = HalfResult;
    slowHardware<In, K, Rows>(o, acc, newer ? 2 * kSmall : kSmall, model,
                              false);
    return;
  }
  F eTop[K], eBottom[Rows == 16 ? K : 1];
  alignas(64) float eb[K][8];
  for (unsigned k = 0; k < K; ++k) {
    eTop[k] = envelope(o.top[k], In::kMinExponent);
    if (Rows == 16)
      eBottom[k] = envelope(o.bottom[k], In::kMinExponent);
  }
  for (unsigned k = 0; k < K; k += 4) {
    F v;
    __builtin_memcpy(&v, o.b[k], sizeof v);
    v = envelope(v, In::kMinExponent);
    __builtin_memcpy(eb[k], &v, sizeof v);
  }
  for (unsigned i = 0; i < (Rows == 16 ? 4 : 2); ++i) {
    const F *a = i < 2 ? o.top : o.bottom;
    const F *ea = i < 2 ? eTop : eBottom;
    F c = acc[i];
    if (newer) {
      constexpr unsigned kGroup = 2 * kSmall < K ? 2 * kSmall : K;
      for (unsigned k = 0; k < K; k += kGroup)
        c = groupHardware<kGroup, 2, HalfResult>(a + k, ea + k, o.b + k, eb + k,
                                                 i & 1, c);
    } else {
      constexpr unsigned kGroup = kSmall < K ? kSmall : K;
      for (unsigned k = 0; k < K; k += kGroup)
        c = groupHardware<kGroup, 1, HalfResult>(a + k, ea + k, o.b + k, eb + k,
                                                 i & 1, c);
    }
    acc[i] = c;
  }
}

/// D, A, B, C registers lie one after the other in Op::list.
template <class In, unsigned K, bool HalfResult>
void mmaFloat(Warp &w, const Op &op) {
  if (!wholeWarp(w, op))
    return;
  constexpr unsigned kAcc = HalfResult ? 2 : 4;
  constexpr unsigned kRegsB = K / (4 * In::kPer);
  const Slot *d = op.list, *a = d + kAcc, *b = a + 2 * kRegsB, *c = b + kRegsB;
  Operands o;
  unpackOperands<In, In, K, 16>(w, a, b, o);
  F acc[4];
  if (HalfResult) {
    for (unsigned i = 0; i < 2; ++i) {
      V<uint32_t> v = get<uint32_t>(w, c[i]);
      acc[2 * i] = halfToFloat(convert<uint16_t>(v));
      acc[2 * i + 1] = halfToFloat(convert<uint16_t>(v >> splat<uint32_t>(16)));
    }
  } else {
    for (unsigned i = 0; i < 4; ++i)
      acc[i] = get<float>(w, c[i]);
  }
  if (w.mma == MmaMode::Fast) {
    accumulateFast<K, 16>(o, acc);
    for (unsigned i = 0; i < 4; ++i)
      acc[i] = canonical(acc[i]);
  } else if (w.mma == MmaMode::Hw) {
    accumulateHardware<In, K, 16, HalfResult>(w, o, acc);
  } else {
    DotModel model;
    model.halfResult = HalfResult;
    accumulateExact<In, K, 16>(o, acc, model);
  }
  if (HalfResult) {
    for (unsigned i = 0; i < 2; ++i)
      put<uint32_t>(w, d[i],
                    convert<uint32_t>(floatToHalf(acc[2 * i])) |
                        convert<uint32_t>(floatToHalf(acc[2 * i + 1]))
                            << splat<uint32_t>(16));
  } else {
    for (unsigned i = 0; i < 4; ++i)
      put<float>(w, d[i], acc[i]);
  }
}

/// The sum of at most 32 products of bytes is exact in f32.
template <bool SignedA, bool SignedB, unsigned K, unsigned Rows, bool Sat>
void mmaByte(Warp &w, const Op &op) {
  if (!wholeWarp(w, op))
    return;
  constexpr unsigned kAcc = Rows == 16 ? 4 : 2;
  constexpr unsigned kRegsB = K / 16;
  const Slot *d = op.list, *a = d + kAcc, *b = a + kRegsB * (Rows / 8),
             *c = b + kRegsB;
  Operands o;
  unpackOperands<InByte<SignedA>, InByte<SignedB>, K, Rows>(w, a, b, o);
  F acc[4] = {splat(0.0f), splat(0.0f), splat(0.0f), splat(0.0f)};
  accumulateFast<K, Rows>(o, acc);
  V<int32_t> r[kAcc];
  for (unsigned i = 0; i < kAcc; ++i) {
    V<int32_t> sum = convert<int32_t>(acc[i]), add = get<int32_t>(w, c[i]);
    r[i] = Sat ? __builtin_elementwise_add_sat(sum, add)
               : bits<int32_t>(bits<uint32_t>(sum) + bits<uint32_t>(add));
  }
  for (unsigned i = 0; i < kAcc; ++i)
    put<int32_t>(w, d[i], r[i]);
}

template <unsigned K, unsigned Rows, bool Sat> Handler bytes(const Form &f) {
  const bool a = f.type[1] == Type::S8, b = f.type[2] == Type::S8;
  return a ? (b ? mmaByte<true, true, K, Rows, Sat>
                : mmaByte<true, false, K, Rows, Sat>)
           : (b ? mmaByte<false, true, K, Rows, Sat>
                : mmaByte<false, false, K, Rows, Sat>);
}
template <unsigned K, unsigned Rows> Handler byteSat(const Form &f) {
  return f.has(Mod::satfinite) ? bytes<K, Rows, true>(f)
                               : bytes<K, Rows, false>(f);
}

template <class In, unsigned K, bool HalfResult>
void tile(Warp &w, const TileProduct &t) {
  Operands o;
  for (unsigned k = 0; k < K; ++k) {
    for (unsigned lane = 0; lane < 32; ++lane) {
      o.top[k][lane] = t.a[lane / 4 * K + k];
      o.bottom[k][lane] = t.a[(lane / 4 + 8) * K + k];
    }
    for (unsigned n = 0; n < 8; ++n)
      o.b[k][n / 2 + 4 * (n & 1)] = t.b[n * K + k];
  }
  F acc[4];
  __builtin_memcpy(acc, t.c, sizeof acc);
  if (w.mma == MmaMode::Fast) {
    accumulateFast<K, 16>(o, acc);
    for (unsigned i = 0; i < 4; ++i)
      acc[i] = canonical(acc[i]);
  } else if (w.mma == MmaMode::Hw) {
    accumulateHardware<In, K, 16, HalfResult>(w, o, acc);
  } else {
    DotModel model;
    model.halfResult = HalfResult;
    accumulateExact<In, K, 16>(o, acc, model);
  }
  __builtin_memcpy(t.c, acc, sizeof acc);
}

/// 8-bit floats: no model of the hardware's sums is published that covers
/// them, so hw is exact.
void tileOfBytes(Warp &w, const TileProduct &t) {
  for (unsigned i = 0; i < 4; ++i)
    for (unsigned lane = 0; lane < 32; ++lane) {
      const float *a = t.a + (lane / 4 + 8 * (i >> 1)) * t.k;
      const float *b = t.b + (2 * (lane % 4) + (i & 1)) * t.k;
      float &c = t.c[i * 32 + lane];
      if (w.mma != MmaMode::Fast) {
        c = dotExact(a, b, t.k, c, t.halfResult);
        continue;
      }
      for (unsigned k = 0; k < t.k; ++k)
        c = __builtin_fmaf(a[k], b[k], c);
    }
}
} // namespace

void tileProduct(Warp &w, const TileProduct &t);
void tileProduct(Warp &w, const TileProduct &t) {
  switch (t.type) {
  case Type::F16:
    return t.halfResult ? tile<InF16, 16, true>(w, t)
                        : tile<InF16, 16, false>(w, t);
  case Type::BF16:
    return tile<InBf16, 16, false>(w, t);
  case Type::TF32:
    return tile<InTf32, 8, false>(w, t);
  default:
    return tileOfBytes(w, t);
  }
}

Handler selectMma(const Form &f) {
  switch (f.type[1]) {
  case Type::F16:
    if (f.has(Mod::m8n8k4))
      return selectMmaShapes(f);
    if (f.type[0] == Type::F16)
      return f.has(Mod::m16n8k16) ? mmaFloat<InF16, 16, true>
                                  : mmaFloat<InF16, 8, true>;
    return f.has(Mod::m16n8k16) ? mmaFloat<InF16, 16, false>
                                : mmaFloat<InF16, 8, false>;
  case Type::BF16:
    return f.has(Mod::m16n8k16) ? mmaFloat<InBf16, 16, false>
                                : mmaFloat<InBf16, 8, false>;
  case Type::TF32:
    return f.has(Mod::m16n8k8) ? mmaFloat<InTf32, 8, false>
                               : mmaFloat<InTf32, 4, false>;
  case Type::S8:
  case Type::U8:
    return f.has(Mod::m8n8k16)    ? byteSat<16, 8>(f)
           : f.has(Mod::m16n8k16) ? byteSat<16, 16>(f)
                                  : byteSat<32, 16>(f);
  default:
    return selectMmaShapes(f);
  }
}

} // namespace raddle::vgpu::RADDLE_VGPU_ISA
