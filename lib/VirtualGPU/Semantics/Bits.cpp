//===- Bits.cpp - Logic, shifts, bit fields, dot products of bytes --------===//

#include "Semantics/Ops.h"

#include <type_traits>

namespace raddle::vgpu::RADDLE_VGPU_ISA {

namespace {
struct AndF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) { return a & b; }
};
struct OrF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) { return a | b; }
};
struct XorF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) { return a ^ b; }
};
struct NotF {
  RADDLE_VEC V<T> eval(V<T> a) { return ~a; }
};
struct CnotF {
  RADDLE_VEC V<T> eval(V<T> a) {
    return bits<T>(a == splat<T>(0)) & splat<T>(1);
  }
};
struct BrevF {
  RADDLE_VEC V<T> eval(V<T> a) { return __builtin_elementwise_bitreverse(a); }
};

// Predicates are words of 32 bits; flags negate the sources.
template <int Kind> void logicPred(Warp &w, const Op &op) {
  uint32_t a = getPred(w, op.a) ^ (op.flags & 1 ? ~0u : 0);
  uint32_t b = Kind < 3 ? getPred(w, op.b) ^ (op.flags & 2 ? ~0u : 0) : 0;
  putPred(w, op.d,
          Kind == 0   ? a & b
          : Kind == 1 ? a | b
          : Kind == 2 ? a ^ b
                      : ~a);
}

void lop3(Warp &w, const Op &op) {
  V<uint32_t> a = get<uint32_t>(w, op.a), b = get<uint32_t>(w, op.b),
              c = get<uint32_t>(w, op.c);
  V<uint32_t> r = splat<uint32_t>(0);
  const auto table = static_cast<unsigned>(op.imm);
  for (unsigned i = 0; i < 8; ++i)
    if (table >> i & 1)
      r |= (i & 4 ? a : ~a) & (i & 2 ? b : ~b) & (i & 1 ? c : ~c);
  put<uint32_t>(w, op.d, r);
}

// Shift counts beyond the width give 0, or the sign for signed shifts.
template <class T> void shl(Warp &w, const Op &op) {
  V<uint32_t> n = get<uint32_t>(w, op.b);
  V<T> count = convert<T>(
      __builtin_elementwise_min(n, splat<uint32_t>(8 * sizeof(T) - 1)));
  V<T> over = bits<T>(convert<SInt<T>>(n > splat<uint32_t>(8 * sizeof(T) - 1)));
  put<T>(w, op.d, (get<T>(w, op.a) << count) & ~over);
}
template <class T> void shr(Warp &w, const Op &op) {
  V<uint32_t> n = get<uint32_t>(w, op.b);
  V<T> count = convert<T>(
      __builtin_elementwise_min(n, splat<uint32_t>(8 * sizeof(T) - 1)));
  V<T> r = get<T>(w, op.a) >> count;
  if constexpr (std::is_unsigned_v<T>)
    r &= ~bits<T>(convert<SInt<T>>(n > splat<uint32_t>(8 * sizeof(T) - 1)));
  put<T>(w, op.d, r);
}

template <bool Left, bool Clamp> void shf(Warp &w, const Op &op) {
  V<uint64_t> both = convert<uint64_t>(get<uint32_t>(w, op.b))
                         << splat<uint64_t>(32) |
                     convert<uint64_t>(get<uint32_t>(w, op.a));
  V<uint32_t> n = get<uint32_t>(w, op.c);
  n = Clamp ? __builtin_elementwise_min(n, splat<uint32_t>(32))
            : n & splat<uint32_t>(31);
  V<uint64_t> count = convert<uint64_t>(n);
  put<uint32_t>(w, op.d,
                Left ? convert<uint32_t>((both << count) >> splat<uint64_t>(32))
                     : convert<uint32_t>(both >> count));
}

template <class T> void bfe(Warp &w, const Op &op) {
  constexpr unsigned kBits = 8 * sizeof(T);
  V<T> a = get<T>(w, op.a), r;
  V<uint32_t> b = get<uint32_t>(w, op.b), c = get<uint32_t>(w, op.c);
  for (unsigned l = 0; l < 32; ++l) {
    unsigned pos = b[l] & 0xff, len = c[l] & 0xff;
    auto u = static_cast<UInt<T>>(a[l]);
    UInt<T> sign = 0;
    if (std::is_signed_v<T> && len) {
      unsigned top = pos + len - 1 < kBits - 1 ? pos + len - 1 : kBits - 1;
      sign = u >> top & 1;
    }
    UInt<T> field = pos < kBits ? u >> pos : 0;
    unsigned have = pos < kBits ? kBits - pos : 0;
    unsigned valid = len < have ? len : have;
    UInt<T> mask = valid >= kBits ? ~UInt<T>(0) : (UInt<T>(1) << valid) - 1;
    r[l] = static_cast<T>((field & mask) | (sign ? ~mask : 0));
  }
  put<T>(w, op.d, r);
}

template <class T> void bfi(Warp &w, const Op &op) {
  constexpr unsigned kBits = 8 * sizeof(T);
  V<T> a = get<T>(w, op.a), b = get<T>(w, op.b), r;
  V<uint32_t> c = get<uint32_t>(w, op.c), d = get<uint32_t>(w, op.e);
  for (unsigned l = 0; l < 32; ++l) {
    unsigned pos = c[l] & 0xff, len = d[l] & 0xff;
    if (pos >= kBits || !len) {
      r[l] = b[l];
      continue;
    }
    T mask = len >= kBits ? ~T(0) : (T(1) << len) - 1;
    mask <<= pos;
    r[l] = (b[l] & ~mask) | ((a[l] << pos) & mask);
  }
  put<T>(w, op.d, r);
}

template <class T, bool ShiftAmount> void bfind(Warp &w, const Op &op) {
  using U = UInt<T>;
  V<T> a = get<T>(w, op.a);
  V<U> u = bits<U>(a);
  if constexpr (std::is_signed_v<T>)
    u = pick<U>(a < splat<T>(0), ~u, u);
  V<uint32_t> zeros =
      convert<uint32_t>(__builtin_elementwise_clzg(u, splat<U>(8 * sizeof(T))));
  V<uint32_t> r =
      ShiftAmount ? zeros : splat<uint32_t>(8 * sizeof(T) - 1) - zeros;
  put<uint32_t>(
      w, op.d,
      pick<uint32_t>(bits<int32_t>(zeros) == splat<int32_t>(8 * sizeof(T)),
                     splat<uint32_t>(~0u), r));
}
template <class T> void clz(Warp &w, const Op &op) {
  put<uint32_t>(w, op.d,
                convert<uint32_t>(__builtin_elementwise_clzg(
                    get<T>(w, op.a), splat<T>(8 * sizeof(T)))));
}
/// Arrivals that the phase of an mbarrier state waited for.
void pendingCount(Warp &w, const Op &op) {
  put<uint32_t>(w, op.d,
                convert<uint32_t>(get<uint64_t>(w, op.a) &
                                  splat<uint64_t>((1u << 20) - 1)));
}
template <class T> void popc(Warp &w, const Op &op) {
  put<uint32_t>(
      w, op.d,
      convert<uint32_t>(__builtin_elementwise_popcount(get<T>(w, op.a))));
}

void prmt(Warp &w, const Op &op) {
  V<uint64_t> both = convert<uint64_t>(get<uint32_t>(w, op.b))
                         << splat<uint64_t>(32) |
                     convert<uint64_t>(get<uint32_t>(w, op.a));
  V<uint32_t> sel = get<uint32_t>(w, op.c), r = splat<uint32_t>(0);
  for (unsigned i = 0; i < 4; ++i) {
    V<uint32_t> nibble = sel >> splat<uint32_t>(4 * i);
    V<uint64_t> at =
        convert<uint64_t>((nibble & splat<uint32_t>(7)) << splat<uint32_t>(3));
    V<uint32_t> byte = convert<uint32_t>(both >> at) & splat<uint32_t>(0xff);
    V<int32_t> sign = (nibble & splat<uint32_t>(8)) != splat<uint32_t>(0);
    V<uint32_t> spread =
        pick<uint32_t>((byte & splat<uint32_t>(0x80)) != splat<uint32_t>(0),
                       splat<uint32_t>(0xff), splat<uint32_t>(0));
    r |= pick<uint32_t>(sign, spread, byte) << splat<uint32_t>(8 * i);
  }
  put<uint32_t>(w, op.d, r);
}
/// The six special modes: a row of byte selectors (byte 3 first) per value of
/// the selector's two low bits.
template <int Mode> void prmtMode(Warp &w, const Op &op) {
  static constexpr uint16_t kRows[6][4] = {
      {0x3210, 0x4321, 0x5432, 0x6543}, // f4e
      {0x5670, 0x6701, 0x7012, 0x0123}, // b4e
      {0x0000, 0x1111, 0x2222, 0x3333}, // rc8
      {0x3210, 0x3211, 0x3222, 0x3333}, // ecl
      {0x0000, 0x1110, 0x2210, 0x3210}, // ecr
      {0x1010, 0x3232, 0x1010, 0x3232}, // rc16
  };
  V<uint32_t> a = get<uint32_t>(w, op.a), b = get<uint32_t>(w, op.b),
              c = get<uint32_t>(w, op.c), r;
  for (unsigned l = 0; l < 32; ++l) {
    uint64_t both = static_cast<uint64_t>(b[l]) << 32 | a[l];
    uint16_t sel = kRows[Mode][c[l] & 3];
    uint32_t v = 0;
    for (unsigned i = 0; i < 4; ++i)
      v |= static_cast<uint32_t>(both >> (8 * (sel >> (4 * i) & 7)) & 0xff)
           << (8 * i);
    r[l] = v;
  }
  put<uint32_t>(w, op.d, r);
}

/// The n-th set bit of the mask from a base position.
void fns(Warp &w, const Op &op) {
  V<uint32_t> mask = get<uint32_t>(w, op.a), base = get<uint32_t>(w, op.b), r;
  V<int32_t> offset = get<int32_t>(w, op.c);
  for (unsigned l = 0; l < 32; ++l) {
    int32_t n = offset[l];
    uint32_t found = ~0u;
    int32_t at = static_cast<int32_t>(base[l] & 31);
    if (n == 0) {
      if (mask[l] >> at & 1)
        found = at;
    } else {
      int step = n > 0 ? 1 : -1;
      int32_t left = n > 0 ? n : -n;
      for (int32_t i = at; i >= 0 && i < 32; i += step)
        if (mask[l] >> i & 1 && --left == 0) {
          found = i;
          break;
        }
    }
    r[l] = found;
  }
  put<uint32_t>(w, op.d, r);
}

template <class T, bool Clamp> void szext(Warp &w, const Op &op) {
  V<T> a = get<T>(w, op.a), r;
  V<uint32_t> n = get<uint32_t>(w, op.b);
  for (unsigned l = 0; l < 32; ++l) {
    uint32_t width = Clamp ? (n[l] > 32 ? 32 : n[l]) : n[l] & 31;
    if (width == 0)
      r[l] = 0;
    else
      r[l] = static_cast<T>(static_cast<uint32_t>(a[l]) << (32 - width)) >>
             (32 - width);
  }
  put<T>(w, op.d, r);
}
template <bool Clamp> void bmsk(Warp &w, const Op &op) {
  V<uint32_t> a = get<uint32_t>(w, op.a), b = get<uint32_t>(w, op.b), r;
  for (unsigned l = 0; l < 32; ++l) {
    uint32_t at = Clamp ? (a[l] > 32 ? 32 : a[l]) : a[l] & 31;
    uint32_t n = Clamp ? (b[l] > 32 ? 32 : b[l]) : b[l] & 31;
    uint64_t mask = ((uint64_t(1) << n) - 1) << at;
    r[l] = static_cast<uint32_t>(mask);
  }
  put<uint32_t>(w, op.d, r);
}

template <bool SignedA, bool SignedB> void dp4a(Warp &w, const Op &op) {
  V<uint32_t> a = get<uint32_t>(w, op.a), b = get<uint32_t>(w, op.b),
              r = get<uint32_t>(w, op.c);
  for (unsigned i = 0; i < 4; ++i) {
    auto byte = [&](V<uint32_t> v, bool isSigned) {
      V<uint32_t> top = v << splat<uint32_t>(24 - 8 * i);
      return isSigned ? bits<uint32_t>(bits<int32_t>(top) >> splat<int32_t>(24))
                      : top >> splat<uint32_t>(24);
    };
    r += byte(a, SignedA) * byte(b, SignedB);
  }
  put<uint32_t>(w, op.d, r);
}
template <bool SignedA, bool SignedB, bool High>
void dp2a(Warp &w, const Op &op) {
  V<uint32_t> a = get<uint32_t>(w, op.a), b = get<uint32_t>(w, op.b),
              r = get<uint32_t>(w, op.c);
  for (unsigned i = 0; i < 2; ++i) {
    auto field = [&](V<uint32_t> v, unsigned at, unsigned width,
                     bool isSigned) {
      V<uint32_t> top = v << splat<uint32_t>(32 - width - at);
      return isSigned ? bits<uint32_t>(bits<int32_t>(top) >>
                                       splat<int32_t>(32 - width))
                      : top >> splat<uint32_t>(32 - width);
    };
    r += field(a, 16 * i, 16, SignedA) *
         field(b, 8 * i + (High ? 16 : 0), 8, SignedB);
  }
  put<uint32_t>(w, op.d, r);
}
} // namespace

template <class F> static Handler byWidth2(Type t) {
#define MAKE(T) binary<F, T>
  RADDLE_BY_WIDTH(widthOf(t), MAKE)
#undef MAKE
}
template <class F> static Handler byWidth1(Type t) {
#define MAKE(T) unary<F, T>
  RADDLE_BY_WIDTH(widthOf(t), MAKE)
#undef MAKE
}
static Handler shrFor(Type t) {
  switch (t) {
  case Type::S16:
    return shr<int16_t>;
  case Type::S32:
    return shr<int32_t>;
  case Type::S64:
    return shr<int64_t>;
  default: {
#define MAKE(T) shr<T>
    RADDLE_BY_WIDTH(widthOf(t), MAKE)
#undef MAKE
  }
  }
}
static Handler shlFor(Type t){
#define MAKE(T) shl<T>
    RADDLE_BY_WIDTH(widthOf(t), MAKE)
#undef MAKE
}

Handler selectBits(const Form &f) {
  const Type t = f.type[0];
  const bool wide = widthOf(t) == 8;
  switch (f.sem) {
  case Sem::And:
    return t == Type::Pred ? logicPred<0> : byWidth2<AndF>(t);
  case Sem::Or:
    return t == Type::Pred ? logicPred<1> : byWidth2<OrF>(t);
  case Sem::Xor:
    return t == Type::Pred ? logicPred<2> : byWidth2<XorF>(t);
  case Sem::Not:
    return t == Type::Pred ? logicPred<3> : byWidth1<NotF>(t);
  case Sem::Cnot:
    return byWidth1<CnotF>(t);
  case Sem::Lop3:
    return lop3;
  case Sem::Shl:
    return shlFor(t);
  case Sem::Shr:
    return shrFor(t);
  case Sem::Shf:
    if (f.has(Mod::l))
      return f.has(Mod::clamp) ? shf<true, true> : shf<true, false>;
    return f.has(Mod::clamp) ? shf<false, true> : shf<false, false>;
  case Sem::Bfe:
    return t == Type::U32   ? bfe<uint32_t>
           : t == Type::U64 ? bfe<uint64_t>
           : t == Type::S32 ? bfe<int32_t>
                            : bfe<int64_t>;
  case Sem::Bfi:
    return wide ? bfi<uint64_t> : bfi<uint32_t>;
  case Sem::Bfind: {
    const bool amount = f.has(Mod::shiftamt);
    if (t == Type::U32)
      return amount ? bfind<uint32_t, true> : bfind<uint32_t, false>;
    if (t == Type::U64)
      return amount ? bfind<uint64_t, true> : bfind<uint64_t, false>;
    if (t == Type::S32)
      return amount ? bfind<int32_t, true> : bfind<int32_t, false>;
    return amount ? bfind<int64_t, true> : bfind<int64_t, false>;
  }
  case Sem::Brev:
    return wide ? unary<BrevF, uint64_t> : unary<BrevF, uint32_t>;
  case Sem::Clz:
    return wide ? clz<uint64_t> : clz<uint32_t>;
  case Sem::Popc:
    return wide ? popc<uint64_t> : popc<uint32_t>;
  case Sem::Prmt:
    return f.has(Mod::f4e)    ? prmtMode<0>
           : f.has(Mod::b4e)  ? prmtMode<1>
           : f.has(Mod::rc8)  ? prmtMode<2>
           : f.has(Mod::ecl)  ? prmtMode<3>
           : f.has(Mod::ecr)  ? prmtMode<4>
           : f.has(Mod::rc16) ? prmtMode<5>
                              : prmt;
  case Sem::PendingCount:
    return pendingCount;
  case Sem::Fns:
    return fns;
  case Sem::Szext:
    if (t == Type::U32)
      return f.has(Mod::clamp) ? szext<uint32_t, true> : szext<uint32_t, false>;
    return f.has(Mod::clamp) ? szext<int32_t, true> : szext<int32_t, false>;
  case Sem::Bmsk:
    return f.has(Mod::clamp) ? bmsk<true> : bmsk<false>;
  case Sem::Dp4a: {
    const bool a = f.type[0] == Type::S32, b = f.type[1] == Type::S32;
    return a ? (b ? dp4a<true, true> : dp4a<true, false>)
             : (b ? dp4a<false, true> : dp4a<false, false>);
  }
  case Sem::Dp2a: {
    const bool a = f.type[0] == Type::S32, b = f.type[1] == Type::S32;
    if (f.has(Mod::hi))
      return a ? (b ? dp2a<true, true, true> : dp2a<true, false, true>)
               : (b ? dp2a<false, true, true> : dp2a<false, false, true>);
    return a ? (b ? dp2a<true, true, false> : dp2a<true, false, false>)
             : (b ? dp2a<false, true, false> : dp2a<false, false, false>);
  }
  default:
    return nullptr;
  }
}

} // namespace raddle::vgpu::RADDLE_VGPU_ISA
