//===- Atomic.cpp - atom and red ------------------------------------------===//
//
// Lanes in order, each as one atomic operation: blocks of other host threads
// may work on the same address.
//
//===----------------------------------------------------------------------===//

#include "Semantics/Address.h"
#include "Semantics/Half.h"
#include "Semantics/Ops.h"

#include <type_traits>

namespace raddle::vgpu::RADDLE_VGPU_ISA {

namespace {
RADDLE_INLINE float half(uint16_t h) {
  return static_cast<float>(__builtin_bit_cast(f16, h));
}
RADDLE_INLINE uint16_t toHalf(float f) {
  return f != f ? 0x7fff : __builtin_bit_cast(uint16_t, static_cast<f16>(f));
}
RADDLE_INLINE float bfloat(uint16_t h) {
  return __builtin_bit_cast(float, static_cast<uint32_t>(h) << 16);
}
RADDLE_INLINE uint16_t toBfloat(float f) {
  if (f != f)
    return 0x7fff;
  auto u = __builtin_bit_cast(uint32_t, f);
  return static_cast<uint16_t>((u + 0x7fff + (u >> 16 & 1)) >> 16);
}
template <bool Bf> RADDLE_INLINE uint16_t addHalf(uint16_t a, uint16_t b) {
  return Bf ? toBfloat(bfloat(a) + bfloat(b)) : toHalf(half(a) + half(b));
}

// Operations on the bits in memory.
struct AndF {
  RADDLE_VEC T eval(T a, T b) { return a & b; }
};
struct OrF {
  RADDLE_VEC T eval(T a, T b) { return a | b; }
};
struct XorF {
  RADDLE_VEC T eval(T a, T b) { return a ^ b; }
};
struct AddI {
  RADDLE_VEC T eval(T a, T b) { return a + b; }
};
struct IncF {
  RADDLE_VEC T eval(T a, T b) { return a >= b ? 0 : a + 1; }
};
struct DecF {
  RADDLE_VEC T eval(T a, T b) { return a == 0 || a > b ? b : a - 1; }
};
struct MinU {
  RADDLE_VEC T eval(T a, T b) { return a < b ? a : b; }
};
struct MaxU {
  RADDLE_VEC T eval(T a, T b) { return a > b ? a : b; }
};
struct MinS {
  RADDLE_VEC T eval(T a, T b) {
    using S = SInt<T>;
    return static_cast<S>(a) < static_cast<S>(b) ? a : b;
  }
};
struct MaxS {
  RADDLE_VEC T eval(T a, T b) {
    using S = SInt<T>;
    return static_cast<S>(a) > static_cast<S>(b) ? a : b;
  }
};
struct ExchF {
  RADDLE_VEC T eval(T, T b) { return b; }
};
struct AddFloat {
  RADDLE_VEC T eval(T a, T b) {
    if constexpr (sizeof(T) == 4) {
      float r = __builtin_bit_cast(float, a) + __builtin_bit_cast(float, b);
      return r != r ? T(0x7fffffff) : __builtin_bit_cast(T, r);
    } else {
      return __builtin_bit_cast(T, __builtin_bit_cast(double, a) +
                                       __builtin_bit_cast(double, b));
    }
  }
};
template <bool Bf> struct AddHalfF {
  RADDLE_VEC T eval(T a, T b) {
    if constexpr (sizeof(T) == 2)
      return addHalf<Bf>(a, b);
    else
      return static_cast<T>(addHalf<Bf>(static_cast<uint16_t>(a),
                                        static_cast<uint16_t>(b))) |
             static_cast<T>(addHalf<Bf>(static_cast<uint16_t>(a >> 16),
                                        static_cast<uint16_t>(b >> 16)))
                 << 16;
  }
};
template <bool Bf, bool Max> struct MinMaxHalf {
  RADDLE_INLINE uint16_t one(uint16_t a, uint16_t b) {
    float x = Bf ? bfloat(a) : half(a), y = Bf ? bfloat(b) : half(b);
    if (x != x)
      return y != y ? uint16_t(0x7fff) : b;
    if (y != y)
      return a;
    if (x == y)
      return Max ? (a & b) : (a | b); // zeros: the sign
    return (Max ? x > y : x < y) ? a : b;
  }
  RADDLE_VEC T eval(T a, T b) {
    if constexpr (sizeof(T) == 2)
      return one(a, b);
    else
      return static_cast<T>(
                 one(static_cast<uint16_t>(a), static_cast<uint16_t>(b))) |
             static_cast<T>(one(static_cast<uint16_t>(a >> 16),
                                static_cast<uint16_t>(b >> 16)))
                 << 16;
  }
};

template <class T, class F, bool Result> void atom(Warp &w, const Op &op) {
  Lanes64 p;
  if (!resolve(w, op, sizeof(T), kAtomic, p))
    return;
  const T *b = reinterpret_cast<const T *>(place(w, op.b));
  // The destination may be the same register as the operand.
  T old[32];
  eachLane(w.exec, [&](unsigned l) {
    auto *at = reinterpret_cast<T *>(p.at[l]);
    T before = __atomic_load_n(at, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(
        at, &before, F::template eval<T>(before, b[l]), false, __ATOMIC_SEQ_CST,
        __ATOMIC_RELAXED)) {
    }
    old[l] = before;
  });
  if (Result)
    eachLane(w.exec, [&](unsigned l) {
      reinterpret_cast<T *>(w.regs + op.d)[l] = old[l];
    });
}
/// Vectors of op.count elements, each an atomic operation of its own; list: the
/// results where there are any, then the operands.
template <class T, class F, bool Result>
void atomVector(Warp &w, const Op &op) {
  Lanes64 p;
  const unsigned n = op.count;
  if (!resolve(w, op, sizeof(T) * n, kAtomic, p))
    return;
  const Slot *operands = op.list + (Result ? n : 0);
  T old[8][32];
  eachLane(w.exec, [&](unsigned l) {
    for (unsigned i = 0; i < n; ++i) {
      const T b = reinterpret_cast<const T *>(place(w, operands[i]))[l];
      auto *at = reinterpret_cast<T *>(p.at[l]) + i;
      T before = __atomic_load_n(at, __ATOMIC_RELAXED);
      while (!__atomic_compare_exchange_n(at, &before,
                                          F::template eval<T>(before, b), false,
                                          __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
      }
      old[i][l] = before;
    }
  });
  if (Result)
    eachLane(w.exec, [&](unsigned l) {
      for (unsigned i = 0; i < n; ++i)
        reinterpret_cast<T *>(w.regs + op.list[i])[l] = old[i][l];
    });
}
template <class T> void cas(Warp &w, const Op &op) {
  Lanes64 p;
  if (!resolve(w, op, sizeof(T), kAtomic, p))
    return;
  const T *b = reinterpret_cast<const T *>(place(w, op.b));
  const T *c = reinterpret_cast<const T *>(place(w, op.c));
  T old[32];
  eachLane(w.exec, [&](unsigned l) {
    auto *at = reinterpret_cast<T *>(p.at[l]);
    old[l] = b[l];
    __atomic_compare_exchange_n(at, &old[l], c[l], false, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
  });
  eachLane(w.exec, [&](unsigned l) {
    reinterpret_cast<T *>(w.regs + op.d)[l] = old[l];
  });
}

template <class T, class F> Handler result(const Form &f) {
  if (f.vec > 1)
    return f.sem == Sem::Red ? atomVector<T, F, false> : atomVector<T, F, true>;
  return f.sem == Sem::Red ? atom<T, F, false> : atom<T, F, true>;
}
template <class F> Handler words(const Form &f) {
  switch (widthOf(f.type[0])) {
  case 4:
    return result<uint32_t, F>(f);
  case 8:
    return result<uint64_t, F>(f);
  default:
    return nullptr;
  }
}
} // namespace

Handler selectAtomic(const Form &f) {
  const Type t = f.type[0];
  const bool isSigned = t == Type::S32 || t == Type::S64;
  const bool isBits = t == Type::B32 || t == Type::B64;
  const bool isInt = isSigned || t == Type::U32 || t == Type::U64;
  if (f.has(Mod::cas))
    return t == Type::B16   ? cas<uint16_t>
           : t == Type::B32 ? cas<uint32_t>
           : t == Type::B64 ? cas<uint64_t>
                            : nullptr;
  if (f.has(Mod::exch))
    return isBits ? words<ExchF>(f) : nullptr;
  if (f.has(Mod::and_))
    return isBits ? words<AndF>(f) : nullptr;
  if (f.has(Mod::or_))
    return isBits ? words<OrF>(f) : nullptr;
  if (f.has(Mod::xor_))
    return isBits ? words<XorF>(f) : nullptr;
  if (f.has(Mod::inc))
    return t == Type::U32 ? words<IncF>(f) : nullptr;
  if (f.has(Mod::dec))
    return t == Type::U32 ? words<DecF>(f) : nullptr;
  if (f.has(Mod::add)) {
    switch (t) {
    case Type::F32:
    case Type::F64:
      return words<AddFloat>(f);
    case Type::F16:
      return result<uint16_t, AddHalfF<false>>(f);
    case Type::BF16:
      return result<uint16_t, AddHalfF<true>>(f);
    case Type::F16x2:
      return result<uint32_t, AddHalfF<false>>(f);
    case Type::BF16x2:
      return result<uint32_t, AddHalfF<true>>(f);
    default:
      return isInt ? words<AddI>(f) : nullptr;
    }
  }
  const bool max = f.has(Mod::max);
  switch (t) {
  case Type::F16:
    return max ? result<uint16_t, MinMaxHalf<false, true>>(f)
               : result<uint16_t, MinMaxHalf<false, false>>(f);
  case Type::BF16:
    return max ? result<uint16_t, MinMaxHalf<true, true>>(f)
               : result<uint16_t, MinMaxHalf<true, false>>(f);
  case Type::F16x2:
    return max ? result<uint32_t, MinMaxHalf<false, true>>(f)
               : result<uint32_t, MinMaxHalf<false, false>>(f);
  case Type::BF16x2:
    return max ? result<uint32_t, MinMaxHalf<true, true>>(f)
               : result<uint32_t, MinMaxHalf<true, false>>(f);
  default:
    break;
  }
  if (!isInt)
    return nullptr;
  if (isSigned)
    return max ? words<MaxS>(f) : words<MinS>(f);
  return max ? words<MaxU>(f) : words<MinU>(f);
}

} // namespace raddle::vgpu::RADDLE_VGPU_ISA
