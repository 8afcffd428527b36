//===- Float.cpp - f32 and f64 arithmetic, round to nearest ---------------===//

#include "Semantics/Half.h"
#include "Semantics/Ops.h"

namespace raddle::vgpu::RADDLE_VGPU_ISA {

namespace {
struct AddF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) { return a + b; }
};
struct SubF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) { return a - b; }
};
struct MulF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) { return a * b; }
};
struct DivF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) { return a / b; }
};
struct FmaF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b, V<T> c) {
    return __builtin_elementwise_fma(a, b, c);
  }
};
struct MinF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) {
    return __builtin_elementwise_minimumnum(a, b);
  }
};
struct MaxF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) {
    return __builtin_elementwise_maximumnum(a, b);
  }
};
struct MinNanF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) {
    return pick<T>((a != a) | (b != b), splat<T>(__builtin_nan("")),
                   __builtin_elementwise_minimumnum(a, b));
  }
};
struct MaxNanF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) {
    return pick<T>((a != a) | (b != b), splat<T>(__builtin_nan("")),
                   __builtin_elementwise_maximumnum(a, b));
  }
};
struct RcpF {
  RADDLE_VEC V<T> eval(V<T> a) { return splat<T>(1) / a; }
};
struct SqrtF {
  RADDLE_VEC V<T> eval(V<T> a) { return __builtin_elementwise_sqrt(a); }
};
struct RsqrtF {
  RADDLE_VEC V<T> eval(V<T> a) {
    if constexpr (sizeof(T) == 4) {
      V<double> x = convert<double>(a);
      return convert<float>(splat(1.0) / __builtin_elementwise_sqrt(x));
    } else {
      return splat<T>(1) / __builtin_elementwise_sqrt(a);
    }
  }
};
struct CopysignF {
  RADDLE_VEC V<T> eval(V<T> a, V<T> b) {
    using U = UInt<T>;
    const U sign = U(1) << (8 * sizeof(T) - 1);
    return bits<T>((bits<U>(a) & splat<U>(sign)) |
                   (bits<U>(b) & splat<U>(~sign)));
  }
};

template <bool Ftz> RADDLE_INLINE V<float> in(const Warp &w, Slot s) {
  V<float> v = get<float>(w, s);
  return Ftz ? flush(v) : v;
}
template <bool Ftz, bool Sat>
RADDLE_INLINE void out(Warp &w, const Op &op, V<float> v) {
  if (Ftz)
    v = flush(v);
  put<float>(w, op.d, Sat ? saturate(v) : canonical(v));
}
template <class F, bool Ftz, bool Sat> void unary32(Warp &w, const Op &op) {
  out<Ftz, Sat>(w, op, F::template eval<float>(in<Ftz>(w, op.a)));
}
template <class F, bool Ftz, bool Sat> void binary32(Warp &w, const Op &op) {
  out<Ftz, Sat>(w, op,
                F::template eval<float>(in<Ftz>(w, op.a), in<Ftz>(w, op.b)));
}
template <class F, bool Ftz, bool Sat> void ternary32(Warp &w, const Op &op) {
  out<Ftz, Sat>(w, op,
                F::template eval<float>(in<Ftz>(w, op.a), in<Ftz>(w, op.b),
                                        in<Ftz>(w, op.c)));
}
template <class F> Handler pick1(const Form &f) {
  return f.has(Mod::ftz) ? unary32<F, true, false> : unary32<F, false, false>;
}
template <class F> Handler pick2(const Form &f) {
  if (f.has(Mod::sat))
    return f.has(Mod::ftz) ? binary32<F, true, true> : binary32<F, false, true>;
  return f.has(Mod::ftz) ? binary32<F, true, false> : binary32<F, false, false>;
}
template <class F> Handler pick3(const Form &f) {
  if (f.has(Mod::sat))
    return f.has(Mod::ftz) ? ternary32<F, true, true>
                           : ternary32<F, false, true>;
  return f.has(Mod::ftz) ? ternary32<F, true, false>
                         : ternary32<F, false, false>;
}

/// min and max with .xorsign.abs: flags 1 max, 2 NaN, 4 ftz.
template <bool Max, bool Nan, bool Ftz> void xorsign(Warp &w, const Op &op) {
  V<float> a = in<Ftz>(w, op.a), b = in<Ftz>(w, op.b);
  V<uint32_t> sign =
      (bits<uint32_t>(a) ^ bits<uint32_t>(b)) & splat<uint32_t>(0x80000000);
  V<float> x = bits<float>(bits<uint32_t>(a) & splat<uint32_t>(0x7fffffff));
  V<float> y = bits<float>(bits<uint32_t>(b) & splat<uint32_t>(0x7fffffff));
  V<float> r =
      Max ? (Nan ? MaxNanF::eval<float>(x, y) : MaxF::eval<float>(x, y))
          : (Nan ? MinNanF::eval<float>(x, y) : MinF::eval<float>(x, y));
  put<float>(w, op.d,
             pick<float>(r != r, bits<float>(splat<uint32_t>(0x7fffffff)),
                         bits<float>(bits<uint32_t>(r) | sign)));
}
template <bool Max> Handler pickXorsign(const Form &f) {
  if (f.has(Mod::NaN))
    return f.has(Mod::ftz) ? xorsign<Max, true, true>
                           : xorsign<Max, true, false>;
  return f.has(Mod::ftz) ? xorsign<Max, false, true>
                         : xorsign<Max, false, false>;
}

template <class T, bool Negate, bool Ftz> void sign(Warp &w, const Op &op) {
  using U = UInt<T>;
  const U mask = U(1) << (8 * sizeof(T) - 1);
  V<U> v = get<U>(w, op.a);
  if constexpr (Ftz)
    v = bits<U>(flush(bits<float>(v)));
  put<U>(w, op.d, Negate ? v ^ splat<U>(mask) : v & splat<U>(U(~mask)));
}

template <class T> void testp(Warp &w, const Op &op) {
  using U = UInt<T>;
  V<U> u = get<U>(w, op.a);
  constexpr unsigned kMantissa = sizeof(T) == 4 ? 23 : 52;
  const U inf = sizeof(T) == 4 ? U(0xff) << kMantissa : U(0x7ff) << kMantissa;
  V<U> magnitude = u & splat<U>(U(~(U(1) << (8 * sizeof(T) - 1))));
  using I = SInt<T>;
  V<I> r;
  switch (op.flags) {
  case 0: // finite
    r = magnitude < splat<U>(inf);
    break;
  case 1: // infinite
    r = magnitude == splat<U>(inf);
    break;
  case 2: // number
    r = magnitude <= splat<U>(inf);
    break;
  case 3: // not a number
    r = magnitude > splat<U>(inf);
    break;
  case 4: // normal
    r = (magnitude < splat<U>(inf)) &
        (magnitude >= splat<U>(U(1) << kMantissa));
    break;
  default: // subnormal
    r = (magnitude != splat<U>(0)) & (magnitude < splat<U>(U(1) << kMantissa));
    break;
  }
  putPred(w, op.d, maskOf<I>(r));
}
template <class T, unsigned Kind> void testpKind(Warp &w, const Op &op) {
  Op copy = op;
  copy.flags = Kind;
  testp<T>(w, copy);
}
template <class T> Handler pickTestp(const Form &f) {
  return f.has(Mod::finite)       ? testpKind<T, 0>
         : f.has(Mod::infinite)   ? testpKind<T, 1>
         : f.has(Mod::number)     ? testpKind<T, 2>
         : f.has(Mod::notanumber) ? testpKind<T, 3>
         : f.has(Mod::normal)     ? testpKind<T, 4>
                                  : testpKind<T, 5>;
}
} // namespace

Handler selectFloat(const Form &f) {
  const Type t = f.type[0];
  if (t != Type::F32 && t != Type::F64)
    return selectHalf(f);
  if (f.has(Mod::rz) || f.has(Mod::rm) || f.has(Mod::rp))
    return selectDirected(f);
  const bool d = t == Type::F64;
  switch (f.sem) {
  case Sem::FAdd:
    return d ? binary<AddF, double> : pick2<AddF>(f);
  case Sem::FSub:
    return d ? binary<SubF, double> : pick2<SubF>(f);
  case Sem::FMul:
    return d ? binary<MulF, double> : pick2<MulF>(f);
  case Sem::FDiv:
    return d ? binary<DivF, double> : pick2<DivF>(f);
  case Sem::FFma:
    return d ? ternary<FmaF, double> : pick3<FmaF>(f);
  case Sem::FMin:
    if (f.has(Mod::xorsign))
      return pickXorsign<false>(f);
    if (f.has(Mod::NaN))
      return pick2<MinNanF>(f);
    return d ? binary<MinF, double> : pick2<MinF>(f);
  case Sem::FMax:
    if (f.has(Mod::xorsign))
      return pickXorsign<true>(f);
    if (f.has(Mod::NaN))
      return pick2<MaxNanF>(f);
    return d ? binary<MaxF, double> : pick2<MaxF>(f);
  case Sem::FAbs:
    return d                 ? sign<double, false, false>
           : f.has(Mod::ftz) ? sign<float, false, true>
                             : sign<float, false, false>;
  case Sem::FNeg:
    return d                 ? sign<double, true, false>
           : f.has(Mod::ftz) ? sign<float, true, true>
                             : sign<float, true, false>;
  case Sem::FCopysign:
    return d ? binary<CopysignF, double> : binary<CopysignF, float>;
  case Sem::FRcp:
    return d ? unary<RcpF, double> : pick1<RcpF>(f);
  case Sem::FSqrt:
    return d ? unary<SqrtF, double> : pick1<SqrtF>(f);
  case Sem::FRsqrt:
    return d ? unary<RsqrtF, double> : pick1<RsqrtF>(f);
  case Sem::FTestp:
    return d ? pickTestp<double>(f) : pickTestp<float>(f);
  default:
    return selectSpecialFunction(f);
  }
}

} // namespace raddle::vgpu::RADDLE_VGPU_ISA
