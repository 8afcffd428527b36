//===- Convert.cpp - cvt --------------------------------------------------===//

#include "Semantics/Half.h"
#include "Semantics/Ops.h"
#include "Semantics/RoundTo.h"

#include <type_traits>

namespace raddle::vgpu::RADDLE_VGPU_ISA {

namespace {
// Registers may be wider than the type: the low bits are read, the result is
// extended. Op::flags holds the widths of destination and source.

RADDLE_INLINE V<int64_t> loadRegister(const Warp &w, Slot s, unsigned bytes) {
  switch (bytes) {
  case 2:
    return convert<int64_t>(get<uint16_t>(w, s));
  case 4:
    return convert<int64_t>(get<uint32_t>(w, s));
  default:
    return get<int64_t>(w, s);
  }
}
RADDLE_INLINE void storeRegister(Warp &w, Slot s, unsigned bytes,
                                 V<int64_t> v) {
  switch (bytes) {
  case 2:
    put<uint16_t>(w, s, convert<uint16_t>(v));
    break;
  case 4:
    put<uint32_t>(w, s, convert<uint32_t>(v));
    break;
  default:
    put<int64_t>(w, s, v);
    break;
  }
}
template <class T> RADDLE_INLINE V<int64_t> extend(V<int64_t> v) {
  return convert<int64_t>(convert<T>(v));
}

/// Integer to integer, clamped with .sat. Unsigned 64-bit values travel in
/// signed lanes and are compared as unsigned.
template <class S, class D, bool Sat> void intToInt(Warp &w, const Op &op) {
  V<int64_t> v = extend<S>(loadRegister(w, op.a, op.flags >> 8));
  if constexpr (Sat) {
    constexpr bool kWideSource = std::is_same_v<S, uint64_t>;
    constexpr bool kWideDest = std::is_same_v<D, uint64_t>;
    // Below the least value: only signed sources can be.
    if constexpr (!kWideSource) {
      const int64_t least =
          std::is_unsigned_v<D> ? 0 : -(int64_t(1) << (8 * sizeof(D) - 1) >> 0);
      v = pick<int64_t>(v < splat<int64_t>(least), splat<int64_t>(least), v);
    }
    if constexpr (!kWideDest) {
      const uint64_t most = std::is_unsigned_v<D>
                                ? (uint64_t(1) << (8 * sizeof(D) % 64)) - 1
                                : (uint64_t(1) << (8 * sizeof(D) - 1)) - 1;
      if constexpr (kWideSource)
        v = pick<int64_t>(bits<uint64_t>(v) > splat<uint64_t>(most),
                          splat<int64_t>(static_cast<int64_t>(most)), v);
      else
        v = pick<int64_t>(v > splat<int64_t>(static_cast<int64_t>(most)),
                          splat<int64_t>(static_cast<int64_t>(most)), v);
    }
  }
  storeRegister(w, op.d, op.flags & 0xff, extend<D>(v));
}
template <class S, class D> void plainInt(Warp &w, const Op &op) {
  put<D>(w, op.d, convert<D>(get<S>(w, op.a)));
}

/// Any floating-point source, exactly.
template <Type S, bool Ftz>
RADDLE_INLINE V<double> loadFloat(const Warp &w, const Op &op) {
  const unsigned bytes = op.flags >> 8;
  if constexpr (S == Type::F64)
    return get<double>(w, op.a);
  V<int64_t> raw = loadRegister(w, op.a, bytes);
  if constexpr (S == Type::F32) {
    V<float> f = bits<float>(convert<uint32_t>(raw));
    return convert<double>(Ftz ? flush(f) : f);
  } else if constexpr (S == Type::F16) {
    V<uint16_t> h = convert<uint16_t>(raw);
    return convert<double>(halfToFloat(Ftz ? flushHalf(h) : h));
  } else {
    return convert<double>(bfloatToFloat(convert<uint16_t>(raw)));
  }
}

enum IntRound { kRni, kRzi, kRmi, kRpi, kNoRound };
RADDLE_INLINE V<double> toIntegral(V<double> x, IntRound mode) {
  switch (mode) {
  case kRni:
    return __builtin_elementwise_roundeven(x);
  case kRzi:
    return __builtin_elementwise_trunc(x);
  case kRmi:
    return __builtin_elementwise_floor(x);
  case kRpi:
    return __builtin_elementwise_ceil(x);
  default:
    return x;
  }
}

template <Type S, class D, IntRound Mode, bool Ftz>
void floatToInt(Warp &w, const Op &op) {
  V<double> x = loadFloat<S, Ftz>(w, op);
  V<double> r = toIntegral(x, Mode);
  constexpr unsigned kBits = 8 * sizeof(D);
  const double top = std::is_unsigned_v<D> ? 2.0 * (uint64_t(1) << (kBits - 1))
                                           : 1.0 * (uint64_t(1) << (kBits - 1));
  const double bottom = std::is_unsigned_v<D> ? 0.0 : -top;
  const int64_t most =
      std::is_unsigned_v<D>
          ? static_cast<int64_t>(~uint64_t(0) >> (64 - kBits))
          : static_cast<int64_t>((uint64_t(1) << (kBits - 1)) - 1);
  const int64_t least = std::is_unsigned_v<D>
                            ? 0
                            : static_cast<int64_t>(~uint64_t(0) << (kBits - 1));
  V<int64_t> high = r >= splat(top), low = r < splat(bottom), nan = x != x;
  V<double> safe = pick<double>(high | low | nan, splat(0.0), r);
  V<int64_t> v;
  if constexpr (std::is_same_v<D, uint64_t>)
    v = bits<int64_t>(convert<uint64_t>(safe));
  else
    v = convert<int64_t>(safe);
  v = pick<int64_t>(high, splat<int64_t>(most), v);
  v = pick<int64_t>(low, splat<int64_t>(least), v);
  // The ISA's result for NaN.
  const bool isZero = S != Type::F64 && kBits != 64;
  v = pick<int64_t>(
      nan,
      splat<int64_t>(isZero ? 0
                            : static_cast<int64_t>(uint64_t(1) << (kBits - 1))),
      v);
  storeRegister(w, op.d, op.flags & 0xff, extend<D>(v));
}

/// Writes a value that the destination type can represent.
template <Type D>
RADDLE_INLINE void storeFloat(Warp &w, const Op &op, V<double> x, bool ftz,
                              bool sat, bool relu) {
  const unsigned bytes = op.flags & 0xff;
  if (sat) {
    x = pick<double>(x > splat(0.0), x, splat(0.0));
    x = pick<double>(x < splat(1.0), x, splat(1.0));
  }
  if (relu)
    x = pick<double>(x < splat(0.0), splat(0.0), x);
  if constexpr (D == Type::F64) {
    put<double>(w, op.d, x);
    return;
  }
  V<float> f = canonical(convert<float>(x));
  if constexpr (D == Type::F32 || D == Type::TF32) {
    if (ftz)
      f = flush(f);
    storeRegister(w, op.d, bytes, convert<int64_t>(bits<uint32_t>(f)));
  } else if constexpr (D == Type::F16) {
    V<uint16_t> h = floatToHalf(f);
    storeRegister(w, op.d, bytes, convert<int64_t>(ftz ? flushHalf(h) : h));
  } else {
    storeRegister(w, op.d, bytes, convert<int64_t>(floatToBfloat(f)));
  }
}

template <Type D> RADDLE_INLINE V<double> roundFor(V<double> x, Round mode) {
  if constexpr (D == Type::F64)
    return x;
  if constexpr (D == Type::F32)
    return roundTo(x, 23, -126, 3.4028234663852886e38, mode, false);
  if constexpr (D == Type::F16)
    return roundTo(x, 10, -14, 65504.0, mode, false);
  if constexpr (D == Type::TF32)
    return roundTo(x, 10, -126, 3.4011621342146535e38, mode, false);
  return roundTo(x, 7, -126, 3.3895313892515355e38, mode, false);
}

// Op::count: Round, with 0x10 ftz, 0x20 sat, 0x40 relu.
struct FloatMods {
  Round round;
  bool ftz, sat, relu;
};

template <Type S, Type D, int Encoded>
void floatToFloat(Warp &w, const Op &op) {
  constexpr Round kRound = static_cast<Round>(Encoded & 7);
  constexpr IntRound kInt = static_cast<IntRound>(Encoded >> 3 & 7);
  constexpr bool kFtz = Encoded >> 6 & 1, kSat = Encoded >> 7 & 1,
                 kRelu = Encoded >> 8 & 1;
  V<double> x = loadFloat < S, kFtz && S != Type::F16 > (w, op);
  if constexpr (kInt != kNoRound)
    x = toIntegral(x, kInt);
  else
    x = roundFor<D>(x, kRound);
  storeFloat<D>(w, op, x, kFtz, kSat, kRelu);
}

template <class S, Type D, Round Mode> void intToFloat(Warp &w, const Op &op) {
  V<int64_t> v = extend<S>(loadRegister(w, op.a, op.flags >> 8));
  V<double> x;
  if constexpr (sizeof(S) == 8) {
    // More than 53 bits: keep a sticky bit, so that rounding once more is
    // right.
    using U = uint64_t;
    V<U> u = bits<U>(v);
    V<U> sticky = bits<U>((u & splat<U>(0xfff)) != splat<U>(0)) & splat<U>(1);
    V<int64_t> shifted = std::is_signed_v<S> ? v >> splat<int64_t>(12)
                                             : bits<int64_t>(u >> splat<U>(12));
    V<int64_t> odd = bits<int64_t>((bits<U>(shifted) | sticky) << splat<U>(12));
    V<int64_t> big = std::is_signed_v<S>
                         ? (v > splat<int64_t>(int64_t(1) << 53)) |
                               (v < splat<int64_t>(-(int64_t(1) << 53)))
                         : (u > splat<U>(U(1) << 53));
    if (D == Type::F64)
      big = splat<int64_t>(0);
    V<int64_t> source = pick<int64_t>(big, odd, v);
    x = std::is_signed_v<S> ? convert<double>(source)
                            : convert<double>(bits<U>(source));
    if constexpr (D == Type::F64 && Mode != Round::Nearest) {
      // Directed: compare with the exact value and step.
      for (unsigned l = 0; l < 32; ++l) {
        auto exact = std::is_signed_v<S>
                         ? static_cast<long double>(v[l])
                         : static_cast<long double>(static_cast<U>(v[l]));
        double r = x[l];
        auto wide = static_cast<long double>(r);
        bool tooBig = wide > exact, tooSmall = wide < exact;
        bool down = Mode == Round::Down || (Mode == Round::Zero && exact > 0);
        if ((down && tooBig) || (!down && tooSmall)) {
          int64_t b = __builtin_bit_cast(int64_t, r);
          bool away = (r > 0) == tooSmall;
          x[l] = __builtin_bit_cast(double, b + (away ? 1 : -1));
        }
      }
    }
  } else {
    x = convert<double>(v);
  }
  storeFloat<D>(w, op, roundFor<D>(x, Mode), false, false, false);
}

template <class S, bool Sat> Handler toInt(Type d) {
  switch (d) {
  case Type::U8:
    return intToInt<S, uint8_t, Sat>;
  case Type::S8:
    return intToInt<S, int8_t, Sat>;
  case Type::U16:
    return intToInt<S, uint16_t, Sat>;
  case Type::S16:
    return intToInt<S, int16_t, Sat>;
  case Type::U32:
    return intToInt<S, uint32_t, Sat>;
  case Type::S32:
    return intToInt<S, int32_t, Sat>;
  case Type::U64:
    return intToInt<S, uint64_t, Sat>;
  case Type::S64:
    return intToInt<S, int64_t, Sat>;
  default:
    return nullptr;
  }
}

template <class S> Handler fromInt(const Form &f) {
  Round mode = f.has(Mod::rz)   ? Round::Zero
               : f.has(Mod::rm) ? Round::Down
               : f.has(Mod::rp) ? Round::Up
                                : Round::Nearest;
#define CASES(D)                                                               \
  case Type::D:                                                                \
    return mode == Round::Nearest ? intToFloat<S, Type::D, Round::Nearest>     \
           : mode == Round::Zero  ? intToFloat<S, Type::D, Round::Zero>        \
           : mode == Round::Down  ? intToFloat<S, Type::D, Round::Down>        \
                                  : intToFloat<S, Type::D, Round::Up>;
  switch (f.type[0]) {
    CASES(F16)
    CASES(BF16)
    CASES(F32)
    CASES(F64)
  default:
    return f.has(Mod::sat) ? toInt<S, true>(f.type[0])
                           : toInt<S, false>(f.type[0]);
  }
#undef CASES
}

template <Type S, class D, IntRound Mode> Handler withFtz(const Form &f) {
  return f.has(Mod::ftz) ? floatToInt<S, D, Mode, true>
                         : floatToInt<S, D, Mode, false>;
}
template <Type S, class D> Handler withMode(const Form &f) {
  return f.has(Mod::rni)   ? withFtz<S, D, kRni>(f)
         : f.has(Mod::rzi) ? withFtz<S, D, kRzi>(f)
         : f.has(Mod::rmi) ? withFtz<S, D, kRmi>(f)
                           : withFtz<S, D, kRpi>(f);
}

/// The modifiers as a number, for the template.
constexpr int encode(Round r, IntRound i, bool ftz, bool sat, bool relu) {
  return static_cast<int>(r) | i << 3 | ftz << 6 | sat << 7 | relu << 8;
}
template <Type S, Type D> Handler betweenFloats(const Form &f) {
  const bool ftz = f.has(Mod::ftz), sat = f.has(Mod::sat),
             relu = f.has(Mod::relu);
  const IntRound i = f.has(Mod::rni)   ? kRni
                     : f.has(Mod::rzi) ? kRzi
                     : f.has(Mod::rmi) ? kRmi
                     : f.has(Mod::rpi) ? kRpi
                                       : kNoRound;
  const Round r = f.has(Mod::rz)    ? Round::Zero
                  : f.has(Mod::rm)  ? Round::Down
                  : f.has(Mod::rp)  ? Round::Up
                  : f.has(Mod::rna) ? Round::Away
                                    : Round::Nearest;
  if (relu) {
    if (i != kNoRound || sat || ftz)
      return nullptr;
    switch (r) {
    case Round::Nearest:
      return floatToFloat<S, D, encode(Round::Nearest, kNoRound, 0, 0, 1)>;
    case Round::Zero:
      return floatToFloat<S, D, encode(Round::Zero, kNoRound, 0, 0, 1)>;
    default:
      return nullptr;
    }
  }
#define MODS(R, I)                                                             \
  (sat ? (ftz ? floatToFloat<S, D, encode(R, I, 1, 1, 0)>                      \
              : floatToFloat<S, D, encode(R, I, 0, 1, 0)>)                     \
       : (ftz ? floatToFloat<S, D, encode(R, I, 1, 0, 0)>                      \
              : floatToFloat<S, D, encode(R, I, 0, 0, 0)>))
  if (i != kNoRound) {
    if constexpr (S != D) {
      return nullptr;
    } else {
      return i == kRni   ? MODS(Round::Nearest, kRni)
             : i == kRzi ? MODS(Round::Nearest, kRzi)
             : i == kRmi ? MODS(Round::Nearest, kRmi)
                         : MODS(Round::Nearest, kRpi);
    }
  }
  return r == Round::Nearest ? MODS(Round::Nearest, kNoRound)
         : r == Round::Zero  ? MODS(Round::Zero, kNoRound)
         : r == Round::Down  ? MODS(Round::Down, kNoRound)
         : r == Round::Up    ? MODS(Round::Up, kNoRound)
                             : MODS(Round::Away, kNoRound);
#undef MODS
}
template <Type S> Handler fromFloat(const Form &f) {
  switch (f.type[0]) {
  case Type::U8:
    return withMode<S, uint8_t>(f);
  case Type::S8:
    return withMode<S, int8_t>(f);
  case Type::U16:
    return withMode<S, uint16_t>(f);
  case Type::S16:
    return withMode<S, int16_t>(f);
  case Type::U32:
    return withMode<S, uint32_t>(f);
  case Type::S32:
    return withMode<S, int32_t>(f);
  case Type::U64:
    return withMode<S, uint64_t>(f);
  case Type::S64:
    return withMode<S, int64_t>(f);
  case Type::F16:
    return betweenFloats<S, Type::F16>(f);
  case Type::BF16:
    return betweenFloats<S, Type::BF16>(f);
  case Type::F32:
    return betweenFloats<S, Type::F32>(f);
  case Type::F64:
    return betweenFloats<S, Type::F64>(f);
  case Type::TF32:
    if constexpr (S == Type::F32)
      return betweenFloats<S, Type::TF32>(f);
    return nullptr;
  default:
    return nullptr;
  }
}

// Frequent conversions between registers of exactly the type's width.
void halfToSingle(Warp &w, const Op &op) {
  put<float>(w, op.d, canonical(halfToFloat(get<uint16_t>(w, op.a))));
}
void singleToHalf(Warp &w, const Op &op) {
  put<uint16_t>(w, op.d, floatToHalf(get<float>(w, op.a)));
}
void bfloatToSingle(Warp &w, const Op &op) {
  put<float>(w, op.d, canonical(bfloatToFloat(get<uint16_t>(w, op.a))));
}
void singleToBfloat(Warp &w, const Op &op) {
  put<uint16_t>(w, op.d, floatToBfloat(get<float>(w, op.a)));
}
/// Ties away from zero at ten fraction bits; magnitudes that carry into the
/// exponent become the next power of two, or infinity.
void singleToTf32(Warp &w, const Op &op) {
  V<float> v = get<float>(w, op.a);
  V<uint32_t> u = (bits<uint32_t>(v) + splat<uint32_t>(0x1000)) &
                  splat<uint32_t>(0xffffe000);
  put<uint32_t>(w, op.d,
                pick<uint32_t>(v != v, splat<uint32_t>(0x7fffffff), u));
}
template <class S> void intToSingle(Warp &w, const Op &op) {
  put<float>(w, op.d, convert<float>(get<S>(w, op.a)));
}

Handler frequent(const Form &f) {
  const Type d = f.type[0], s = f.type[1];
  if (f.dstBytes != widthOf(d) || f.srcBytes != widthOf(s) || f.has(Mod::sat) ||
      f.has(Mod::ftz) || f.has(Mod::relu))
    return nullptr;
  if (d == Type::F32 && s == Type::F16)
    return halfToSingle;
  if (d == Type::F32 && s == Type::BF16)
    return bfloatToSingle;
  if (d == Type::TF32 && f.has(Mod::rna))
    return singleToTf32;
  if (f.has(Mod::rn)) {
    if (d == Type::F16 && s == Type::F32)
      return singleToHalf;
    if (d == Type::BF16 && s == Type::F32)
      return singleToBfloat;
    if (d == Type::F32 && s == Type::S32)
      return intToSingle<int32_t>;
    if (d == Type::F32 && s == Type::U32)
      return intToSingle<uint32_t>;
  }
  const bool toWide = d == Type::U64 || d == Type::S64;
  if (toWide && s == Type::U32)
    return plainInt<uint32_t, uint64_t>;
  if (toWide && s == Type::S32)
    return plainInt<int32_t, int64_t>;
  const bool toWord = d == Type::U32 || d == Type::S32;
  if (toWord && (s == Type::U64 || s == Type::S64))
    return plainInt<uint64_t, uint32_t>;
  if (toWord && s == Type::U16)
    return plainInt<uint16_t, uint32_t>;
  if (toWord && s == Type::S16)
    return plainInt<int16_t, int32_t>;
  if ((d == Type::U16 || d == Type::S16) && (s == Type::U32 || s == Type::S32))
    return plainInt<uint32_t, uint16_t>;
  return nullptr;
}
} // namespace

Handler selectConvert(const Form &f) {
  if (Handler fast = frequent(f))
    return fast;
  switch (f.type[1]) {
  case Type::U8:
    return fromInt<uint8_t>(f);
  case Type::S8:
    return fromInt<int8_t>(f);
  case Type::U16:
    return fromInt<uint16_t>(f);
  case Type::S16:
    return fromInt<int16_t>(f);
  case Type::U32:
    return fromInt<uint32_t>(f);
  case Type::S32:
    return fromInt<int32_t>(f);
  case Type::U64:
    return fromInt<uint64_t>(f);
  case Type::S64:
    return fromInt<int64_t>(f);
  case Type::F16:
    return fromFloat<Type::F16>(f);
  case Type::BF16:
    return fromFloat<Type::BF16>(f);
  case Type::F32:
    return fromFloat<Type::F32>(f);
  case Type::F64:
    return fromFloat<Type::F64>(f);
  default:
    return nullptr;
  }
}

} // namespace raddle::vgpu::RADDLE_VGPU_ISA
