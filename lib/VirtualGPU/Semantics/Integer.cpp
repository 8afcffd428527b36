//===- Integer.cpp - Integer arithmetic -----------------------------------===//

#include "Semantics/Ops.h"

#include <type_traits>

namespace raddle::vgpu::RADDLE_VGPU_ISA {

namespace {
struct AddF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) {
    return bits<T>(bits<UInt<T>>(a) + bits<UInt<T>>(b));
  }
};
struct AddSatF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) {
    return __builtin_elementwise_add_sat(a, b);
  }
};
struct SubF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) {
    return bits<T>(bits<UInt<T>>(a) - bits<UInt<T>>(b));
  }
};
struct SubSatF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) {
    return __builtin_elementwise_sub_sat(a, b);
  }
};
struct MulLoF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) {
    return bits<T>(bits<UInt<T>>(a) * bits<UInt<T>>(b));
  }
};

template <class T> struct Wide;
template <> struct Wide<uint16_t> {
  using Type = uint32_t;
};
template <> struct Wide<int16_t> {
  using Type = int32_t;
};
template <> struct Wide<uint32_t> {
  using Type = uint64_t;
};
template <> struct Wide<int32_t> {
  using Type = int64_t;
};

template <class T> RADDLE_INLINE V<T> mulHi(V<T> a, V<T> b) {
  if constexpr (sizeof(T) == 8) {
    using Big =
        std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>;
    V<T> r;
    for (unsigned l = 0; l < 32; ++l)
      r[l] = static_cast<T>((static_cast<Big>(a[l]) * b[l]) >> 64);
    return r;
  } else {
    using W = typename Wide<T>::Type;
    return convert<T>((convert<W>(a) * convert<W>(b)) >>
                      splat<W>(8 * sizeof(T)));
  }
}
struct MulHiF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) { return mulHi<T>(a, b); }
};
struct MadLoF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b, V<T> c) {
    return bits<T>(bits<UInt<T>>(a) * bits<UInt<T>>(b) + bits<UInt<T>>(c));
  }
};
struct MadHiF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b, V<T> c) {
    return AddF::eval<T>(mulHi<T>(a, b), c);
  }
};
struct MadHiSatF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b, V<T> c) {
    return __builtin_elementwise_add_sat(mulHi<T>(a, b), c);
  }
};
template <class T> void mulWide(Warp &w, const Op &op) {
  using W = typename Wide<T>::Type;
  put<W>(w, op.d, convert<W>(get<T>(w, op.a)) * convert<W>(get<T>(w, op.b)));
}
template <class T> void madWide(Warp &w, const Op &op) {
  using W = typename Wide<T>::Type;
  put<W>(
      w, op.d,
      AddF::eval<W>(convert<W>(get<T>(w, op.a)) * convert<W>(get<T>(w, op.b)),
                    get<W>(w, op.c)));
}

/// 24-bit operands, sign- or zero-extended.
template <class T> RADDLE_INLINE V<int64_t> product24(V<T> a, V<T> b) {
  V<T> x = bits<T>(bits<uint32_t>(a) << splat<uint32_t>(8)) >> splat<T>(8);
  V<T> y = bits<T>(bits<uint32_t>(b) << splat<uint32_t>(8)) >> splat<T>(8);
  return convert<int64_t>(x) * convert<int64_t>(y);
}
struct Mul24LoF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) {
    return convert<T>(product24<T>(a, b));
  }
};
struct Mul24HiF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) {
    return convert<T>(product24<T>(a, b) >> splat<int64_t>(16));
  }
};
struct Mad24LoF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b, V<T> c) {
    return AddF::eval<T>(Mul24LoF::eval<T>(a, b), c);
  }
};
struct Mad24HiF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b, V<T> c) {
    return AddF::eval<T>(Mul24HiF::eval<T>(a, b), c);
  }
};
struct SadF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b, V<T> c) {
    V<T> d = pick<T>(a < b, SubF::eval<T>(b, a), SubF::eval<T>(a, b));
    return AddF::eval<T>(d, c);
  }
};
// Division by zero gives all ones, its remainder the dividend: what the code
// that GPUs run for it does.
struct DivF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) {
    V<T> r;
    for (unsigned l = 0; l < 32; ++l) {
      T x = a[l], y = b[l];
      if (y == 0)
        r[l] = static_cast<T>(~UInt<T>(0));
      else if (std::is_signed_v<T> && y == static_cast<T>(-1))
        r[l] = static_cast<T>(UInt<T>(0) - static_cast<UInt<T>>(x));
      else
        r[l] = x / y;
    }
    return r;
  }
};
struct RemF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) {
    V<T> r;
    for (unsigned l = 0; l < 32; ++l) {
      T x = a[l], y = b[l];
      if (y == 0)
        r[l] = x;
      else if (std::is_signed_v<T> && y == static_cast<T>(-1))
        r[l] = 0;
      else
        r[l] = x % y;
    }
    return r;
  }
};
struct AbsF {
  RADDLE_VEC V<T> eval(V<T> a) {
    return pick<T>(a < splat<T>(0), SubF::eval<T>(splat<T>(0), a), a);
  }
};
struct NegF {
  RADDLE_VEC V<T> eval(V<T> a) { return SubF::eval<T>(splat<T>(0), a); }
};
struct MinF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) {
    return __builtin_elementwise_min(a, b);
  }
};
struct MaxF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) {
    return __builtin_elementwise_max(a, b);
  }
};
template <class F> struct ReluF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) {
    return __builtin_elementwise_max(F::template eval<T>(a, b), splat<T>(0));
  }
};

/// Applies F to both 16-bit halves.
template <class F, class T> void packed(Warp &w, const Op &op) {
  V<uint32_t> a = get<uint32_t>(w, op.a), b = get<uint32_t>(w, op.b);
  auto low = [](V<uint32_t> v) { return bits<T>(convert<uint16_t>(v)); };
  V<uint32_t> sixteen = splat<uint32_t>(16);
  V<uint32_t> lo =
      convert<uint32_t>(bits<uint16_t>(F::template eval<T>(low(a), low(b))));
  V<uint32_t> hi = convert<uint32_t>(bits<uint16_t>(
      F::template eval<T>(low(a >> sixteen), low(b >> sixteen))));
  put<uint32_t>(w, op.d, lo | hi << sixteen);
}

/// add.cc, addc and their relatives; e is the hidden carry register, flags 2
/// reads it, flags 4 writes it.
template <class T, bool Subtract> void addCarry(Warp &w, const Op &op) {
  V<T> a = get<T>(w, op.a), b = get<T>(w, op.b);
  uint32_t in = op.flags & 2 ? getPred(w, op.e) : 0;
  V<T> c = bits<T>(laneMask<T>(in)) & splat<T>(1);
  V<T> r = Subtract ? a - b : a + b;
  uint32_t out = maskOf<SInt<T>>(Subtract ? a < b : r < a);
  V<T> total = Subtract ? r - c : r + c;
  out |= maskOf<SInt<T>>(Subtract ? r < c : total < r);
  put<T>(w, op.d, total);
  if (op.flags & 4)
    putPred(w, op.e, out);
}
template <class T, bool High> void madCarry(Warp &w, const Op &op) {
  V<T> a = get<T>(w, op.a), b = get<T>(w, op.b), c = get<T>(w, op.c);
  using U = UInt<T>;
  V<U> p = bits<U>(High ? mulHi<T>(a, b) : MulLoF::eval<T>(a, b));
  uint32_t in = op.flags & 2 ? getPred(w, op.e) : 0;
  V<U> carry = bits<U>(laneMask<U>(in)) & splat<U>(1);
  V<U> r = p + bits<U>(c);
  uint32_t out = maskOf<SInt<T>>(r < p);
  V<U> total = r + carry;
  out |= maskOf<SInt<T>>(total < r);
  put<U>(w, op.d, total);
  if (op.flags & 4)
    putPred(w, op.e, out);
}
} // namespace

template <class F> static Handler byBinary(Type t) {
#define MAKE(T) binary<F, T>
  RADDLE_BY_INTEGER(t, MAKE)
#undef MAKE
}
template <class F> static Handler byUnary(Type t) {
#define MAKE(T) unary<F, T>
  RADDLE_BY_INTEGER(t, MAKE)
#undef MAKE
}
template <class F> static Handler byTernary(Type t) {
#define MAKE(T) ternary<F, T>
  RADDLE_BY_INTEGER(t, MAKE)
#undef MAKE
}
template <class F> static Handler byPacked(Type t) {
  return t == Type::U16x2   ? packed<F, uint16_t>
         : t == Type::S16x2 ? packed<F, int16_t>
                            : nullptr;
}
template <class F> static Handler by24(Type t) {
  return t == Type::U32 ? binary<F, uint32_t> : binary<F, int32_t>;
}
template <class F> static Handler by24Mad(Type t) {
  return t == Type::U32 ? ternary<F, uint32_t> : ternary<F, int32_t>;
}

Handler selectInteger(const Form &f) {
  const Type t = f.type[0];
  const bool isPacked = t == Type::U16x2 || t == Type::S16x2;
  switch (f.sem) {
  case Sem::Add:
    if (f.has(Mod::sat))
      return binary<AddSatF, int32_t>;
    return isPacked ? byPacked<AddF>(t) : byBinary<AddF>(t);
  case Sem::Sub:
    if (f.has(Mod::sat))
      return binary<SubSatF, int32_t>;
    return isPacked ? byPacked<SubF>(t) : byBinary<SubF>(t);
  case Sem::Mul:
    if (f.has(Mod::wide))
      return t == Type::U16   ? mulWide<uint16_t>
             : t == Type::S16 ? mulWide<int16_t>
             : t == Type::U32 ? mulWide<uint32_t>
                              : mulWide<int32_t>;
    return f.has(Mod::hi) ? byBinary<MulHiF>(t) : byBinary<MulLoF>(t);
  case Sem::Mad:
    if (f.has(Mod::wide))
      return t == Type::U16   ? madWide<uint16_t>
             : t == Type::S16 ? madWide<int16_t>
             : t == Type::U32 ? madWide<uint32_t>
                              : madWide<int32_t>;
    if (f.has(Mod::sat))
      return f.has(Mod::hi) && t == Type::S32 ? ternary<MadHiSatF, int32_t>
                                              : nullptr;
    return f.has(Mod::hi) ? byTernary<MadHiF>(t) : byTernary<MadLoF>(t);
  case Sem::Mul24:
    return f.has(Mod::hi) ? by24<Mul24HiF>(t) : by24<Mul24LoF>(t);
  case Sem::Mad24:
    return f.has(Mod::hi) ? by24Mad<Mad24HiF>(t) : by24Mad<Mad24LoF>(t);
  case Sem::Sad:
    return byTernary<SadF>(t);
  case Sem::Div:
    return byBinary<DivF>(t);
  case Sem::Rem:
    return byBinary<RemF>(t);
  case Sem::Abs:
    return byUnary<AbsF>(t);
  case Sem::Neg:
    return byUnary<NegF>(t);
  case Sem::Min:
    if (f.has(Mod::relu))
      return isPacked ? byPacked<ReluF<MinF>>(t) : binary<ReluF<MinF>, int32_t>;
    return isPacked ? byPacked<MinF>(t) : byBinary<MinF>(t);
  case Sem::Max:
    if (f.has(Mod::relu))
      return isPacked ? byPacked<ReluF<MaxF>>(t) : binary<ReluF<MaxF>, int32_t>;
    return isPacked ? byPacked<MaxF>(t) : byBinary<MaxF>(t);
  case Sem::AddCarry:
    return widthOf(t) == 8 ? addCarry<uint64_t, false>
                           : addCarry<uint32_t, false>;
  case Sem::SubCarry:
    return widthOf(t) == 8 ? addCarry<uint64_t, true>
                           : addCarry<uint32_t, true>;
  case Sem::MadCarry: {
    const bool hi = f.has(Mod::hi);
    if (t == Type::U64)
      return hi ? madCarry<uint64_t, true> : madCarry<uint64_t, false>;
    if (t == Type::S64)
      return hi ? madCarry<int64_t, true> : madCarry<int64_t, false>;
    if (t == Type::S32)
      return hi ? madCarry<int32_t, true> : madCarry<int32_t, false>;
    return hi ? madCarry<uint32_t, true> : madCarry<uint32_t, false>;
  }
  default:
    return nullptr;
  }
}

} // namespace raddle::vgpu::RADDLE_VGPU_ISA
