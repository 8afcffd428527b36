//===- ConvertPacked.cpp - cvt to and from pairs --------------------------===//

#include "Semantics/Half.h"
#include "Semantics/Ops.h"
#include "Semantics/RoundTo.h"

namespace raddle::vgpu::RADDLE_VGPU_ISA {

namespace {
RADDLE_INLINE V<uint32_t> join16(V<uint16_t> lo, V<uint16_t> hi) {
  return convert<uint32_t>(lo) | convert<uint32_t>(hi) << splat<uint32_t>(16);
}

/// d = {a, b}: a becomes the high half.
template <bool Half, bool Zero, bool Relu, bool Satfinite>
void toPair(Warp &w, const Op &op) {
  auto one = [](V<float> f) {
    if (Relu)
      f = pick<float>(f < splat(0.0f), splat(0.0f), f);
    if (Zero || Satfinite) {
      V<double> r =
          Half ? roundTo(convert<double>(f), 10, -14, 65504.0,
                         Zero ? Round::Zero : Round::Nearest, Satfinite)
               : roundTo(convert<double>(f), 7, -126, 3.3895313892515355e38,
                         Zero ? Round::Zero : Round::Nearest, Satfinite);
      f = convert<float>(r);
    }
    return Half ? floatToHalf(f) : floatToBfloat(f);
  };
  put<uint32_t>(w, op.d,
                join16(one(get<float>(w, op.b)), one(get<float>(w, op.a))));
}
template <bool Half, bool Zero, bool Relu> Handler pickSat(const Form &f) {
  return f.has(Mod::satfinite) ? toPair<Half, Zero, Relu, true>
                               : toPair<Half, Zero, Relu, false>;
}
template <bool Half, bool Zero> Handler pickRelu(const Form &f) {
  return f.has(Mod::relu) ? pickSat<Half, Zero, true>(f)
                          : pickSat<Half, Zero, false>(f);
}

/// One byte of e4m3 or e5m2, saturated to the largest finite value.
template <bool E4m3, bool Relu> RADDLE_INLINE V<uint16_t> toByte(V<float> f) {
  if (Relu)
    f = pick<float>(f < splat(0.0f), splat(0.0f), f);
  constexpr int kMantissa = E4m3 ? 3 : 2, kBias = E4m3 ? 7 : 15;
  V<double> r = roundTo(convert<double>(f), kMantissa, 1 - kBias,
                        E4m3 ? 448.0 : 57344.0, Round::Nearest, true);
  V<int64_t> u = bits<int64_t>(r);
  V<int64_t> sign = (u >> splat<int64_t>(56)) & splat<int64_t>(0x80);
  V<int64_t> e = ((u >> splat<int64_t>(52)) & splat<int64_t>(0x7ff)) -
                 splat<int64_t>(1023);
  V<int64_t> normal =
      ((e + splat<int64_t>(kBias)) << splat<int64_t>(kMantissa)) |
      ((u >> splat<int64_t>(52 - kMantissa)) &
       splat<int64_t>((1 << kMantissa) - 1));
  // Subnormal: a multiple of 2^(1 - bias - mantissa).
  V<double> magnitude = bits<double>(u & splat<int64_t>(INT64_MAX));
  const double scale =
      __builtin_bit_cast(double, int64_t(1023 + kBias - 1 + kMantissa) << 52);
  V<double> finite =
      pick<double>(magnitude < splat(1.0), magnitude, splat(0.0));
  V<int64_t> subnormal = convert<int64_t>(finite * splat(scale));
  V<int64_t> byte =
      pick<int64_t>(e < splat<int64_t>(1 - kBias), subnormal, normal) | sign;
  byte = pick<int64_t>(r != r, splat<int64_t>(0x7f), byte);
  return convert<uint16_t>(byte & splat<int64_t>(0xff));
}
template <bool E4m3> RADDLE_INLINE V<uint16_t> fromByte(V<uint16_t> byte) {
  if (!E4m3) // e5m2 is the upper half of an f16
    return canonicalHalf(byte << splat<uint16_t>(8));
  V<uint16_t> magnitude = byte & splat<uint16_t>(0x7f);
  // Exponent and mantissa shifted into f16's place, then scaled by 2^8.
  V<float> f = halfToFloat(magnitude << splat<uint16_t>(7)) * splat(256.0f);
  V<uint16_t> h = floatToHalf(f);
  h = pick<uint16_t>(
      magnitude == splat<uint16_t>(0x7f), splat<uint16_t>(0x7fff),
      h | ((byte & splat<uint16_t>(0x80)) << splat<uint16_t>(8)));
  return h;
}
template <bool E4m3, bool Relu> void floatsToBytes(Warp &w, const Op &op) {
  put<uint16_t>(w, op.d,
                toByte<E4m3, Relu>(get<float>(w, op.b)) |
                    toByte<E4m3, Relu>(get<float>(w, op.a))
                        << splat<uint16_t>(8));
}
template <bool E4m3, bool Relu> void halvesToBytes(Warp &w, const Op &op) {
  V<uint32_t> a = get<uint32_t>(w, op.a);
  V<float> lo = halfToFloat(convert<uint16_t>(a));
  V<float> hi = halfToFloat(convert<uint16_t>(a >> splat<uint32_t>(16)));
  put<uint16_t>(w, op.d,
                toByte<E4m3, Relu>(lo) | toByte<E4m3, Relu>(hi)
                                             << splat<uint16_t>(8));
}
template <bool E4m3, bool Relu> void bytesToHalves(Warp &w, const Op &op) {
  V<uint16_t> a = get<uint16_t>(w, op.a);
  auto one = [](V<uint16_t> byte) {
    V<uint16_t> h = fromByte<E4m3>(byte);
    if (Relu)
      h = pick<uint16_t>((h & splat<uint16_t>(0x8000)) != splat<uint16_t>(0),
                         splat<uint16_t>(0), h);
    return h;
  };
  put<uint32_t>(
      w, op.d,
      join16(one(a & splat<uint16_t>(0xff)), one(a >> splat<uint16_t>(8))));
}
} // namespace

Handler selectConvertPacked(const Form &f) {
  const Type d = f.type[0], s = f.type[1];
  const bool relu = f.has(Mod::relu);
  if (d == Type::F16x2 && s == Type::F32)
    return f.has(Mod::rz) ? pickRelu<true, true>(f) : pickRelu<true, false>(f);
  if (d == Type::BF16x2)
    return f.has(Mod::rz) ? pickRelu<false, true>(f)
                          : pickRelu<false, false>(f);
  if (s == Type::F32)
    return d == Type::E4M3x2
               ? (relu ? floatsToBytes<true, true> : floatsToBytes<true, false>)
               : (relu ? floatsToBytes<false, true>
                       : floatsToBytes<false, false>);
  if (s == Type::F16x2)
    return d == Type::E4M3x2
               ? (relu ? halvesToBytes<true, true> : halvesToBytes<true, false>)
               : (relu ? halvesToBytes<false, true>
                       : halvesToBytes<false, false>);
  return s == Type::E4M3x2
             ? (relu ? bytesToHalves<true, true> : bytesToHalves<true, false>)
             : (relu ? bytesToHalves<false, true>
                     : bytesToHalves<false, false>);
}

} // namespace raddle::vgpu::RADDLE_VGPU_ISA
