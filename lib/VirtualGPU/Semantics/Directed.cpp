//===- Directed.cpp - Arithmetic rounded to zero, down and up -------------===//
//
// Compiled with -frounding-math; rare, so lane by lane in the host's rounding
// mode.
//
//===----------------------------------------------------------------------===//

#include "Semantics/Half.h"
#include "Semantics/Ops.h"

#include <cfenv>

namespace raddle::vgpu::RADDLE_VGPU_ISA {

namespace {
enum Kind { kAdd, kSub, kMul, kDiv, kFma, kRcp, kSqrt };

template <class T, Kind K> __attribute__((noinline)) T evaluate(T a, T b, T c) {
  if (K == kAdd)
    return a + b;
  if (K == kSub)
    return a - b;
  if (K == kMul)
    return a * b;
  if (K == kDiv)
    return a / b;
  if (K == kRcp)
    return T(1) / a;
  if (K == kSqrt)
    return sizeof(T) == 4 ? __builtin_sqrtf(static_cast<float>(a))
                          : static_cast<T>(__builtin_sqrt(a));
  return sizeof(T) == 4 ? static_cast<T>(__builtin_fmaf(static_cast<float>(a),
                                                        static_cast<float>(b),
                                                        static_cast<float>(c)))
                        : static_cast<T>(__builtin_fma(a, b, c));
}

/// Mode: 0 to zero, 1 down, 2 up; Fin: 1 ftz, 2 sat.
template <class T, Kind K, int Mode, int Fin>
void directed(Warp &w, const Op &op) {
  V<T> a = get<T>(w, op.a), b = a, c = a, r;
  if (K != kRcp && K != kSqrt)
    b = get<T>(w, op.b);
  if (K == kFma)
    c = get<T>(w, op.c);
  if constexpr (sizeof(T) == 4 && (Fin & 1)) {
    a = flush(a);
    b = flush(b);
    c = flush(c);
  }
  const int before = std::fegetround();
  std::fesetround(Mode == 0   ? FE_TOWARDZERO
                  : Mode == 1 ? FE_DOWNWARD
                              : FE_UPWARD);
  for (unsigned l = 0; l < 32; ++l)
    r[l] = evaluate<T, K>(a[l], b[l], c[l]);
  std::fesetround(before);
  if constexpr (sizeof(T) == 4) {
    if (Fin & 1)
      r = flush(r);
    r = Fin & 2 ? saturate(r) : canonical(r);
  }
  put<T>(w, op.d, r);
}
template <class T, Kind K, int Fin> Handler byMode(const Form &f) {
  return f.has(Mod::rz)   ? directed<T, K, 0, Fin>
         : f.has(Mod::rm) ? directed<T, K, 1, Fin>
                          : directed<T, K, 2, Fin>;
}
template <Kind K> Handler byType(const Form &f) {
  if (f.type[0] == Type::F64)
    return byMode<double, K, 0>(f);
  const bool ftz = f.has(Mod::ftz), sat = f.has(Mod::sat);
  return sat ? (ftz ? byMode<float, K, 3>(f) : byMode<float, K, 2>(f))
             : (ftz ? byMode<float, K, 1>(f) : byMode<float, K, 0>(f));
}
} // namespace

Handler selectDirected(const Form &f) {
  switch (f.sem) {
  case Sem::FAdd:
    return byType<kAdd>(f);
  case Sem::FSub:
    return byType<kSub>(f);
  case Sem::FMul:
    return byType<kMul>(f);
  case Sem::FDiv:
    return byType<kDiv>(f);
  case Sem::FFma:
    return byType<kFma>(f);
  case Sem::FRcp:
    return byType<kRcp>(f);
  case Sem::FSqrt:
    return byType<kSqrt>(f);
  default:
    return nullptr;
  }
}

} // namespace raddle::vgpu::RADDLE_VGPU_ISA
