//===- HalfOps.cpp - f16, bf16 and their packed pairs ---------------------===//

#include "Semantics/Half.h"
#include "Semantics/Ops.h"

namespace raddle::vgpu::RADDLE_VGPU_ISA {

namespace {
/// Conversions of one 16-bit format. `fma` is rounded once.
struct F16 {
  static constexpr bool kIsHalf = true;
  RADDLE_INLINE V<float> widen(V<uint16_t> v) { return halfToFloat(v); }
  RADDLE_INLINE V<uint16_t> narrow(V<float> v) { return floatToHalf(v); }
  RADDLE_INLINE V<uint16_t> fma(V<float> a, V<float> b, V<float> c) {
    // The product has 22 bits and fits a float.
    return floatToHalf(addToOdd<float>(a * b, c));
  }
};
struct BF16 {
  static constexpr bool kIsHalf = false;
  RADDLE_INLINE V<float> widen(V<uint16_t> v) { return bfloatToFloat(v); }
  RADDLE_INLINE V<uint16_t> narrow(V<float> v) { return floatToBfloat(v); }
  RADDLE_INLINE V<uint16_t> fma(V<float> a, V<float> b, V<float> c) {
    V<double> s = addToOdd<double>(convert<double>(a) * convert<double>(b),
                                   convert<double>(c));
    // To odd again at 24 bits, then to 8.
    V<float> r = convert<float>(s);
    V<double> back = convert<double>(r);
    V<int32_t> u = bits<int32_t>(r);
    V<int64_t> low = (bits<int64_t>(back) > bits<int64_t>(s)) &
                     (back != s); // magnitude was rounded up
    V<int32_t> up = convert<int32_t>(low);
    u = u + up; // minus one where it was: truncation
    V<int32_t> inexact = convert<int32_t>(back != s);
    u |= inexact & splat<int32_t>(1);
    V<float> odd = bits<float>(u);
    V<int32_t> special = (r != r);
    V<int32_t> exact = ~inexact;
    return floatToBfloat(pick<float>(special | exact, r, odd));
  }
};

struct AddF {
  template <class H> RADDLE_INLINE V<uint16_t> eval(V<float> a, V<float> b) {
    return H::narrow(a + b);
  }
};
struct SubF {
  template <class H> RADDLE_INLINE V<uint16_t> eval(V<float> a, V<float> b) {
    return H::narrow(a - b);
  }
};
struct MulF {
  template <class H> RADDLE_INLINE V<uint16_t> eval(V<float> a, V<float> b) {
    return H::narrow(a * b);
  }
};
template <bool Max, bool Nan, bool Xorsign> struct MinMaxF {
  template <class H> RADDLE_INLINE V<uint16_t> eval(V<float> a, V<float> b) {
    V<uint32_t> sign =
        (bits<uint32_t>(a) ^ bits<uint32_t>(b)) & splat<uint32_t>(0x80000000);
    if (Xorsign) {
      a = bits<float>(bits<uint32_t>(a) & splat<uint32_t>(0x7fffffff));
      b = bits<float>(bits<uint32_t>(b) & splat<uint32_t>(0x7fffffff));
    }
    V<float> r = Max ? __builtin_elementwise_maximumnum(a, b)
                     : __builtin_elementwise_minimumnum(a, b);
    if (Nan)
      r = pick<float>((a != a) | (b != b), splat<float>(__builtin_nanf("")), r);
    if (Xorsign)
      r = bits<float>(bits<uint32_t>(r) | sign);
    return H::narrow(r);
  }
};

RADDLE_INLINE V<uint16_t> lowHalf(V<uint32_t> v) {
  return convert<uint16_t>(v);
}
RADDLE_INLINE V<uint16_t> highHalf(V<uint32_t> v) {
  return convert<uint16_t>(v >> splat<uint32_t>(16));
}
RADDLE_INLINE V<uint32_t> join(V<uint16_t> lo, V<uint16_t> hi) {
  return convert<uint32_t>(lo) | convert<uint32_t>(hi) << splat<uint32_t>(16);
}

template <class H, bool Ftz> RADDLE_INLINE V<uint16_t> load(V<uint16_t> v) {
  return Ftz ? flushHalf(v) : v;
}
enum Finish { kPlain, kSat, kRelu };
template <class H, bool Ftz, Finish Fin>
RADDLE_INLINE V<uint16_t> finish(V<uint16_t> v) {
  if (Ftz)
    v = flushHalf(v);
  if (Fin == kSat)
    v = H::narrow(saturate(H::widen(v)));
  if (Fin == kRelu) {
    V<int16_t> nan =
        H::kIsHalf ? (v & splat<uint16_t>(0x7fff)) > splat<uint16_t>(0x7c00)
                   : (v & splat<uint16_t>(0x7fff)) > splat<uint16_t>(0x7f80);
    v = pick<uint16_t>((bits<int16_t>(v) < splat<int16_t>(0)) & ~nan,
                       splat<uint16_t>(0), v);
  }
  return v;
}

template <class F, class H, bool Pair, bool Ftz, Finish Fin>
void binaryHalf(Warp &w, const Op &op) {
  auto one = [](V<uint16_t> a, V<uint16_t> b) {
    return finish<H, Ftz, Fin>(F::template eval<H>(H::widen(load<H, Ftz>(a)),
                                                   H::widen(load<H, Ftz>(b))));
  };
  if constexpr (Pair) {
    V<uint32_t> a = get<uint32_t>(w, op.a), b = get<uint32_t>(w, op.b);
    put<uint32_t>(
        w, op.d,
        join(one(lowHalf(a), lowHalf(b)), one(highHalf(a), highHalf(b))));
  } else {
    put<uint16_t>(w, op.d, one(get<uint16_t>(w, op.a), get<uint16_t>(w, op.b)));
  }
}
template <class H, bool Pair, bool Ftz, Finish Fin>
void fmaHalf(Warp &w, const Op &op) {
  auto one = [](V<uint16_t> a, V<uint16_t> b, V<uint16_t> c) {
    return finish<H, Ftz, Fin>(H::fma(H::widen(load<H, Ftz>(a)),
                                      H::widen(load<H, Ftz>(b)),
                                      H::widen(load<H, Ftz>(c))));
  };
  if constexpr (Pair) {
    V<uint32_t> a = get<uint32_t>(w, op.a), b = get<uint32_t>(w, op.b),
                c = get<uint32_t>(w, op.c);
    put<uint32_t>(w, op.d,
                  join(one(lowHalf(a), lowHalf(b), lowHalf(c)),
                       one(highHalf(a), highHalf(b), highHalf(c))));
  } else {
    put<uint16_t>(w, op.d,
                  one(get<uint16_t>(w, op.a), get<uint16_t>(w, op.b),
                      get<uint16_t>(w, op.c)));
  }
}
template <bool Negate, bool Pair, bool Ftz>
void signHalf(Warp &w, const Op &op) {
  auto one = [](V<uint16_t> v) {
    if (Ftz)
      v = flushHalf(v);
    return Negate ? v ^ splat<uint16_t>(0x8000) : v & splat<uint16_t>(0x7fff);
  };
  if constexpr (Pair) {
    V<uint32_t> a = get<uint32_t>(w, op.a);
    put<uint32_t>(w, op.d, join(one(lowHalf(a)), one(highHalf(a))));
  } else {
    put<uint16_t>(w, op.d, one(get<uint16_t>(w, op.a)));
  }
}

template <class F> Handler byFormat(const Form &f) {
  const bool ftz = f.has(Mod::ftz), sat = f.has(Mod::sat);
  switch (f.type[0]) {
  case Type::F16:
    return sat   ? (ftz ? binaryHalf<F, F16, false, true, kSat>
                        : binaryHalf<F, F16, false, false, kSat>)
           : ftz ? binaryHalf<F, F16, false, true, kPlain>
                 : binaryHalf<F, F16, false, false, kPlain>;
  case Type::F16x2:
    return sat   ? (ftz ? binaryHalf<F, F16, true, true, kSat>
                        : binaryHalf<F, F16, true, false, kSat>)
           : ftz ? binaryHalf<F, F16, true, true, kPlain>
                 : binaryHalf<F, F16, true, false, kPlain>;
  case Type::BF16:
    return binaryHalf<F, BF16, false, false, kPlain>;
  case Type::BF16x2:
    return binaryHalf<F, BF16, true, false, kPlain>;
  default:
    return nullptr;
  }
}
template <bool Max> Handler minMax(const Form &f) {
  const bool nan = f.has(Mod::NaN), x = f.has(Mod::xorsign);
  if (x)
    return nan ? byFormat<MinMaxF<Max, true, true>>(f)
               : byFormat<MinMaxF<Max, false, true>>(f);
  return nan ? byFormat<MinMaxF<Max, true, false>>(f)
             : byFormat<MinMaxF<Max, false, false>>(f);
}
template <class H, bool Pair> Handler fmaFor(const Form &f) {
  const bool ftz = f.has(Mod::ftz);
  if (f.has(Mod::relu))
    return ftz ? fmaHalf<H, Pair, true, kRelu> : fmaHalf<H, Pair, false, kRelu>;
  if (f.has(Mod::sat))
    return ftz ? fmaHalf<H, Pair, true, kSat> : fmaHalf<H, Pair, false, kSat>;
  return ftz ? fmaHalf<H, Pair, true, kPlain> : fmaHalf<H, Pair, false, kPlain>;
}
template <bool Negate> Handler signFor(const Form &f) {
  const bool pair = f.type[0] == Type::F16x2 || f.type[0] == Type::BF16x2;
  if (f.has(Mod::ftz))
    return pair ? signHalf<Negate, true, true> : signHalf<Negate, false, true>;
  return pair ? signHalf<Negate, true, false> : signHalf<Negate, false, false>;
}
} // namespace

Handler selectHalf(const Form &f) {
  switch (f.sem) {
  case Sem::FAdd:
    return byFormat<AddF>(f);
  case Sem::FSub:
    return byFormat<SubF>(f);
  case Sem::FMul:
    return byFormat<MulF>(f);
  case Sem::FMin:
    return minMax<false>(f);
  case Sem::FMax:
    return minMax<true>(f);
  case Sem::FAbs:
    return signFor<false>(f);
  case Sem::FNeg:
    return signFor<true>(f);
  case Sem::FFma:
    switch (f.type[0]) {
    case Type::F16:
      return fmaFor<F16, false>(f);
    case Type::F16x2:
      return fmaFor<F16, true>(f);
    case Type::BF16:
      return fmaFor<BF16, false>(f);
    default:
      return fmaFor<BF16, true>(f);
    }
  default:
    return selectSpecialFunction(f);
  }
}

} // namespace raddle::vgpu::RADDLE_VGPU_ISA
