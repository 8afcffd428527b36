//===- SpecialFunctions.cpp - ex2, lg2, sin, cos, tanh --------------------===//
//
// Evaluated in double precision and rounded once, which is inside the error
// bounds of the ISA and the same on every host.
//
//===----------------------------------------------------------------------===//

#include "Semantics/Half.h"
#include "Semantics/Ops.h"

namespace raddle::vgpu::RADDLE_VGPU_ISA {

namespace {
using D = V<double>;

/// Horner's scheme.
template <unsigned N> RADDLE_INLINE D polynomial(D x, const double (&c)[N]) {
  D r = splat(c[N - 1]);
  for (unsigned i = N - 1; i-- > 0;)
    r = r * x + splat(c[i]);
  return r;
}

/// 2^x for |x| < 1100.
RADDLE_INLINE D exp2Core(D x) {
  D n = __builtin_elementwise_roundeven(x);
  D f = (x - n) * splat(0.69314718055994530942);
  // e^f on |f| <= 0.347: the series to f^11 errs by less than 1e-14.
  static constexpr double kC[] = {1.0,          1.0,           1.0 / 2,
                                  1.0 / 6,      1.0 / 24,      1.0 / 120,
                                  1.0 / 720,    1.0 / 5040,    1.0 / 40320,
                                  1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800};
  D e = polynomial(f, kC);
  V<int64_t> shift = convert<int64_t>(n) + splat<int64_t>(1023);
  return e * bits<double>(shift << splat<int64_t>(52));
}
RADDLE_INLINE V<float> exp2Float(V<float> v) {
  V<float> x = pick<float>(v < splat(-200.0f), splat(-200.0f), v);
  x = pick<float>(x > splat(200.0f), splat(200.0f), x);
  x = pick<float>(v != v, splat(0.0f), x);
  V<float> r = convert<float>(exp2Core(convert<double>(x)));
  return pick<float>(v != v, v, r);
}
RADDLE_INLINE V<float> log2Float(V<float> v) {
  // Subnormal numbers are normal in double precision.
  D x = convert<double>(v);
  V<int64_t> u = bits<int64_t>(x);
  V<int64_t> e = ((u >> splat<int64_t>(52)) & splat<int64_t>(0x7ff)) -
                 splat<int64_t>(1023);
  D m = bits<double>((u & splat<int64_t>(0xfffffffffffff)) |
                     splat<int64_t>(int64_t(1023) << 52));
  V<int64_t> high = m > splat(1.41421356237309504880);
  m = pick<double>(high, m * splat(0.5), m);
  D k = convert<double>(e - high); // high is minus one where set
  D s = (m - splat(1.0)) / (m + splat(1.0));
  D z = s * s;
  // 2 atanh(s) / ln 2, |s| <= 0.1716.
  static constexpr double kC[] = {1.0,      1.0 / 3,  1.0 / 5,
                                  1.0 / 7,  1.0 / 9,  1.0 / 11,
                                  1.0 / 13, 1.0 / 15, 1.0 / 17};
  D r = k + splat(2.88539008177792681472) * s * polynomial(z, kC);
  V<float> f = convert<float>(r);
  f = pick<float>(v == splat(0.0f), splat(-__builtin_inff()), f);
  f = pick<float>(v == splat(__builtin_inff()), v, f);
  return pick<float>((v < splat(0.0f)) | (v != v), splat(__builtin_nanf("")),
                     f);
}
template <bool Cosine> RADDLE_INLINE V<float> sinCosFloat(V<float> v) {
  D x = convert<double>(v);
  // Beyond 2^31 quarter turns the reduction loses everything; the ISA gives no
  // bound there.
  V<int64_t> ok = (x < splat(3.3e9)) & (x > splat(-3.3e9));
  x = pick<double>(ok, x, splat(0.0));
  D n = __builtin_elementwise_roundeven(x * splat(0.63661977236758134308));
  D y = (x - n * splat(1.5707963267341256142)) -
        n * splat(6.0771005065061922e-11);
  V<int64_t> q = convert<int64_t>(n) + splat<int64_t>(Cosine ? 1 : 0);
  D z = y * y;
  static constexpr double kSin[] = {
      1.0,          -1.0 / 6,        1.0 / 120,         -1.0 / 5040,
      1.0 / 362880, -1.0 / 39916800, 1.0 / 6227020800.0};
  static constexpr double kCos[] = {
      1.0,         -1.0 / 2,       1.0 / 24,          -1.0 / 720,
      1.0 / 40320, -1.0 / 3628800, 1.0 / 479001600.0, -1.0 / 87178291200.0};
  D s = y * polynomial(z, kSin), c = polynomial(z, kCos);
  D r = pick<double>((q & splat<int64_t>(1)) != splat<int64_t>(0), c, s);
  r = pick<double>((q & splat<int64_t>(2)) != splat<int64_t>(0), -r, r);
  V<float> f = convert<float>(r);
  V<int32_t> bad = (v != v) | (v == splat(__builtin_inff())) |
                   (v == splat(-__builtin_inff()));
  return pick<float>(bad, splat(__builtin_nanf("")), f);
}
RADDLE_INLINE V<float> tanhFloat(V<float> v) {
  V<float> x = pick<float>(v < splat(-20.0f), splat(-20.0f), v);
  x = pick<float>(x > splat(20.0f), splat(20.0f), x);
  x = pick<float>(v != v, splat(0.0f), x);
  D d = convert<double>(x);
  D e = exp2Core(d * splat(2.88539008177792681472)); // e^2x
  D r = (e - splat(1.0)) / (e + splat(1.0));
  // Small arguments cancel; the series is exact enough there.
  D z = d * d;
  D small = d * (splat(1.0) - z * (splat(1.0 / 3) - z * splat(2.0 / 15)));
  V<int64_t> tiny = z < splat(1e-6);
  V<float> f = convert<float>(pick<double>(tiny, small, r));
  return pick<float>(v != v, v, f);
}

struct Ex2F {
  RADDLE_INLINE V<float> eval(V<float> v) { return exp2Float(v); }
};
struct Lg2F {
  RADDLE_INLINE V<float> eval(V<float> v) { return log2Float(v); }
};
struct SinF {
  RADDLE_INLINE V<float> eval(V<float> v) { return sinCosFloat<false>(v); }
};
struct CosF {
  RADDLE_INLINE V<float> eval(V<float> v) { return sinCosFloat<true>(v); }
};
struct TanhF {
  RADDLE_INLINE V<float> eval(V<float> v) { return tanhFloat(v); }
};

template <class F, bool Ftz> void single(Warp &w, const Op &op) {
  V<float> v = get<float>(w, op.a);
  if (Ftz)
    v = flush(v);
  V<float> r = F::eval(v);
  if (Ftz)
    r = flush(r);
  put<float>(w, op.d, canonical(r));
}
template <class F, bool Half> void scalar16(Warp &w, const Op &op) {
  V<uint16_t> v = get<uint16_t>(w, op.a);
  put<uint16_t>(w, op.d,
                Half ? floatToHalf(F::eval(halfToFloat(v)))
                     : floatToBfloat(F::eval(bfloatToFloat(v))));
}
template <class F, bool Half> void pair16(Warp &w, const Op &op) {
  V<uint32_t> v = get<uint32_t>(w, op.a);
  auto one = [](V<uint16_t> x) {
    return convert<uint32_t>(Half ? floatToHalf(F::eval(halfToFloat(x)))
                                  : floatToBfloat(F::eval(bfloatToFloat(x))));
  };
  put<uint32_t>(w, op.d,
                one(convert<uint16_t>(v)) |
                    one(convert<uint16_t>(v >> splat<uint32_t>(16)))
                        << splat<uint32_t>(16));
}
template <class F> Handler byType(const Form &f) {
  switch (f.type[0]) {
  case Type::F32:
    return f.has(Mod::ftz) ? single<F, true> : single<F, false>;
  case Type::F16:
    return scalar16<F, true>;
  case Type::BF16:
    return scalar16<F, false>;
  case Type::F16x2:
    return pair16<F, true>;
  case Type::BF16x2:
    return pair16<F, false>;
  default:
    return nullptr;
  }
}
} // namespace

Handler selectSpecialFunction(const Form &f) {
  switch (f.sem) {
  case Sem::FEx2:
    return byType<Ex2F>(f);
  case Sem::FTanh:
    return byType<TanhF>(f);
  case Sem::FLg2:
    return f.has(Mod::ftz) ? single<Lg2F, true> : single<Lg2F, false>;
  case Sem::FSin:
    return f.has(Mod::ftz) ? single<SinF, true> : single<SinF, false>;
  case Sem::FCos:
    return f.has(Mod::ftz) ? single<CosF, true> : single<CosF, false>;
  default:
    return nullptr;
  }
}

} // namespace raddle::vgpu::RADDLE_VGPU_ISA
