//===- Compare.cpp - setp, set, selp, slct --------------------------------===//

#include "Semantics/Half.h"
#include "Semantics/Ops.h"

#include <type_traits>

namespace raddle::vgpu::RADDLE_VGPU_ISA {

namespace {
enum Cmp {
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kEqu,
  kNeu,
  kLtu,
  kLeu,
  kGtu,
  kGeu,
  kNum,
  kNan
};

Cmp comparison(const Form &f) {
  static constexpr struct {
    Mod mod;
    Cmp cmp;
  } kAll[] = {{Mod::eq, kEq},   {Mod::ne, kNe},   {Mod::lt, kLt},
              {Mod::le, kLe},   {Mod::gt, kGt},   {Mod::ge, kGe},
              {Mod::lo, kLt},   {Mod::ls, kLe},   {Mod::hi, kGt},
              {Mod::hs, kGe},   {Mod::equ, kEqu}, {Mod::neu, kNeu},
              {Mod::ltu, kLtu}, {Mod::leu, kLeu}, {Mod::gtu, kGtu},
              {Mod::geu, kGeu}, {Mod::num, kNum}, {Mod::nan, kNan}};
  for (const auto &entry : kAll)
    if (f.has(entry.mod))
      return entry.cmp;
  return kEq;
}

template <class T, Cmp C> RADDLE_INLINE uint32_t compare(V<T> a, V<T> b) {
  using I = SInt<T>;
  if constexpr (std::is_integral_v<T>) {
    V<I> r = C == kEq   ? a == b
             : C == kNe ? a != b
             : C == kLt ? a < b
             : C == kLe ? a <= b
             : C == kGt ? a > b
                        : a >= b;
    return maskOf<I>(r);
  } else {
    // Ordered comparisons are false with a NaN, the u forms true.
    switch (C) {
    case kEq:
      return maskOf<I>(a == b);
    case kNe:
      return maskOf<I>((a < b) | (a > b));
    case kLt:
      return maskOf<I>(a < b);
    case kLe:
      return maskOf<I>(a <= b);
    case kGt:
      return maskOf<I>(a > b);
    case kGe:
      return maskOf<I>(a >= b);
    case kEqu:
      return ~maskOf<I>((a < b) | (a > b));
    case kNeu:
      return maskOf<I>(a != b);
    case kLtu:
      return ~maskOf<I>(a >= b);
    case kLeu:
      return ~maskOf<I>(a > b);
    case kGtu:
      return ~maskOf<I>(a <= b);
    case kGeu:
      return ~maskOf<I>(a < b);
    case kNum:
      return maskOf<I>((a == a) & (b == b));
    case kNan:
      return ~maskOf<I>((a == a) & (b == b));
    }
    return 0;
  }
}

// How a type is read: as itself, or widened to float.
template <class T, bool Ftz> struct Plain {
  using Value = T;
  RADDLE_INLINE V<T> load(const Warp &w, Slot s) {
    if constexpr (Ftz)
      return flush(get<float>(w, s));
    else
      return get<T>(w, s);
  }
};
template <bool Bf, bool Ftz> struct Half {
  using Value = float;
  RADDLE_INLINE V<float> load(const Warp &w, Slot s) {
    V<uint16_t> v = get<uint16_t>(w, s);
    return Bf ? bfloatToFloat(v) : halfToFloat(Ftz ? flushHalf(v) : v);
  }
};

/// Combination with the predicate c: 0 none, 1 and, 2 or, 3 xor; flags
/// negates c. The second result combines the inverted comparison.
template <int Bool> RADDLE_INLINE uint32_t combine(uint32_t t, uint32_t c) {
  return Bool == 1 ? t & c : Bool == 2 ? t | c : Bool == 3 ? t ^ c : t;
}
template <class L, Cmp C, int Bool> void setp(Warp &w, const Op &op) {
  using T = typename L::Value;
  uint32_t t = compare<T, C>(L::load(w, op.a), L::load(w, op.b));
  uint32_t c = Bool ? getPred(w, op.c) ^ (op.flags & 1 ? ~0u : 0) : 0;
  // Results may overwrite c, which was read already.
  putPred(w, op.d, combine<Bool>(t, c));
  if (op.count == 2)
    putPred(w, op.e, combine<Bool>(~t, c));
}

template <class L, Cmp C> Handler pickBool(const Form &f) {
  return f.has(Mod::and_)   ? setp<L, C, 1>
         : f.has(Mod::or_)  ? setp<L, C, 2>
         : f.has(Mod::xor_) ? setp<L, C, 3>
                            : setp<L, C, 0>;
}
template <class L> Handler pickInt(const Form &f) {
  switch (comparison(f)) {
  case kEq:
    return pickBool<L, kEq>(f);
  case kNe:
    return pickBool<L, kNe>(f);
  case kLt:
    return pickBool<L, kLt>(f);
  case kLe:
    return pickBool<L, kLe>(f);
  case kGt:
    return pickBool<L, kGt>(f);
  case kGe:
    return pickBool<L, kGe>(f);
  default:
    return nullptr;
  }
}
template <class L> Handler pickFloat(const Form &f) {
  switch (comparison(f)) {
  case kEqu:
    return pickBool<L, kEqu>(f);
  case kNeu:
    return pickBool<L, kNeu>(f);
  case kLtu:
    return pickBool<L, kLtu>(f);
  case kLeu:
    return pickBool<L, kLeu>(f);
  case kGtu:
    return pickBool<L, kGtu>(f);
  case kGeu:
    return pickBool<L, kGeu>(f);
  case kNum:
    return pickBool<L, kNum>(f);
  case kNan:
    return pickBool<L, kNan>(f);
  default:
    return pickInt<L>(f);
  }
}

/// setp of pairs: d for the low, e for the high halves.
template <bool Bf, Cmp C, int Bool> void setpPair(Warp &w, const Op &op) {
  V<uint32_t> a = get<uint32_t>(w, op.a), b = get<uint32_t>(w, op.b);
  auto widen = [](V<uint32_t> v) {
    V<uint16_t> h = convert<uint16_t>(v);
    return Bf ? bfloatToFloat(h) : halfToFloat(h);
  };
  V<uint32_t> sixteen = splat<uint32_t>(16);
  uint32_t lo = compare<float, C>(widen(a), widen(b));
  uint32_t hi = compare<float, C>(widen(a >> sixteen), widen(b >> sixteen));
  uint32_t c = Bool ? getPred(w, op.c) ^ (op.flags & 1 ? ~0u : 0) : 0;
  putPred(w, op.d, combine<Bool>(lo, c));
  putPred(w, op.e, combine<Bool>(hi, c));
}
template <bool Bf, Cmp C> Handler pairBool(const Form &f) {
  return f.has(Mod::and_)   ? setpPair<Bf, C, 1>
         : f.has(Mod::or_)  ? setpPair<Bf, C, 2>
         : f.has(Mod::xor_) ? setpPair<Bf, C, 3>
                            : setpPair<Bf, C, 0>;
}
template <bool Bf> Handler pickPair(const Form &f) {
#define CASE(C)                                                                \
  case C:                                                                      \
    return pairBool<Bf, C>(f);
  switch (comparison(f)) {
    CASE(kEq)
    CASE(kNe)
    CASE(kLt)
    CASE(kLe)
    CASE(kGt)
    CASE(kGe)
    CASE(kEqu)
    CASE(kNeu)
    CASE(kLtu)
    CASE(kLeu)
    CASE(kGtu)
    CASE(kGeu)
    CASE(kNum)
    CASE(kNan)
  }
#undef CASE
  return nullptr;
}

Handler setpFor(const Form &f, Type t) {
  const bool ftz = f.has(Mod::ftz);
  switch (t) {
  case Type::B16:
  case Type::U16:
    return pickInt<Plain<uint16_t, false>>(f);
  case Type::S16:
    return pickInt<Plain<int16_t, false>>(f);
  case Type::B32:
  case Type::U32:
    return pickInt<Plain<uint32_t, false>>(f);
  case Type::S32:
    return pickInt<Plain<int32_t, false>>(f);
  case Type::B64:
  case Type::U64:
    return pickInt<Plain<uint64_t, false>>(f);
  case Type::S64:
    return pickInt<Plain<int64_t, false>>(f);
  case Type::F32:
    return ftz ? pickFloat<Plain<float, true>>(f)
               : pickFloat<Plain<float, false>>(f);
  case Type::F64:
    return pickFloat<Plain<double, false>>(f);
  case Type::F16:
    return ftz ? pickFloat<Half<false, true>>(f)
               : pickFloat<Half<false, false>>(f);
  case Type::BF16:
    return pickFloat<Half<true, false>>(f);
  case Type::F16x2:
    return pickPair<false>(f);
  case Type::BF16x2:
    return pickPair<true>(f);
  default:
    return nullptr;
  }
}

/// set: the comparison as a number. It runs setp into the low word of the
/// stack and spreads the bits.
template <class T> void spread(Warp &w, const Op &op, T yes) {
  // list[0] is a scratch predicate that setp wrote.
  uint32_t p = getPred(w, op.e);
  put<T>(w, op.d, bits<T>(laneMask<T>(p)) & splat<T>(yes));
}

template <class T> void selp(Warp &w, const Op &op) {
  uint32_t p = getPred(w, op.c) ^ (op.flags & 1 ? ~0u : 0);
  put<T>(w, op.d, pick<T>(laneMask<T>(p), get<T>(w, op.a), get<T>(w, op.b)));
}
template <class T, bool Float> void slct(Warp &w, const Op &op) {
  V<int32_t> c;
  if constexpr (Float) {
    V<float> f = get<float>(w, op.c);
    c = f >= splat(0.0f);
  } else {
    c = get<int32_t>(w, op.c) >= splat<int32_t>(0);
  }
  put<T>(w, op.d,
         pick<T>(laneMask<T>(maskOf<int32_t>(c)), get<T>(w, op.a),
                 get<T>(w, op.b)));
}

/// set.cmp.dtype.stype as setp into e, then a spread into d.
template <class T, uint64_t Yes> void setSpread(Warp &w, const Op &op) {
  spread<T>(w, op, static_cast<T>(Yes));
}
} // namespace

Handler selectCompare(const Form &f) {
  const unsigned width = widthOf(f.type[0]);
  switch (f.sem) {
  case Sem::Setp:
    return setpFor(f, f.type[0]);
  case Sem::Set:
    switch (f.type[0]) {
    case Type::F32:
      return setSpread<uint32_t, 0x3f800000>;
    case Type::F16:
      return setSpread<uint16_t, 0x3c00>;
    case Type::BF16:
      return setSpread<uint16_t, 0x3f80>;
    case Type::U16:
    case Type::S16:
      return setSpread<uint16_t, 0xffff>;
    case Type::U32:
    case Type::S32:
      return setSpread<uint32_t, 0xffffffff>;
    default:
      return nullptr;
    }
  case Sem::Selp: {
#define MAKE(T) selp<T>
    RADDLE_BY_WIDTH(width, MAKE)
#undef MAKE
  }
  case Sem::Slct:
    if (f.type[1] == Type::F32)
      return width == 2   ? slct<uint16_t, true>
             : width == 4 ? slct<uint32_t, true>
                          : slct<uint64_t, true>;
    return width == 2   ? slct<uint16_t, false>
           : width == 4 ? slct<uint32_t, false>
                        : slct<uint64_t, false>;
  default:
    return nullptr;
  }
}

} // namespace raddle::vgpu::RADDLE_VGPU_ISA
