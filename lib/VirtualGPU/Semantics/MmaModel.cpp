//===- MmaModel.cpp - Numerics of one tensor-core dot product -------------===//

#include "Semantics/MmaModel.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace raddle::vgpu;

static float nan32() {
  uint32_t bits = 0x7fffffff;
  float f;
  std::memcpy(&f, &bits, 4);
  return f;
}

/// Infinities and NaN among the inputs decide the result alone.
static bool special(const float *a, const float *b, unsigned n, float c,
                    float &result) {
  bool nan = std::isnan(c), plus = c == INFINITY, minus = c == -INFINITY;
  for (unsigned i = 0; i < n; ++i) {
    if (std::isfinite(a[i]) && std::isfinite(b[i]))
      continue;
    double p = static_cast<double>(a[i]) * b[i];
    nan |= std::isnan(p);
    plus |= p == INFINITY;
    minus |= p == -INFINITY;
  }
  if (!nan && !plus && !minus)
    return false;
  result = nan || (plus && minus) ? nan32() : plus ? INFINITY : -INFINITY;
  return true;
}

/// significand * 2^exponent rounded to nearest even in a format with
/// `mantissa` fraction bits; `sticky` stands for bits below.
static double roundNearest(unsigned __int128 significand, int exponent,
                           bool sticky, int mantissa, int minExponent,
                           double most) {
  if (!significand)
    return 0;
  int top = 127;
  while (!(significand >> top & 1))
    --top;
  int e = std::max(top + exponent, minExponent);
  int quantum = e - mantissa; // exponent of the last kept bit
  int drop = quantum - exponent;
  unsigned __int128 kept;
  if (drop <= 0) {
    kept = significand << -drop;
  } else if (drop > 127) {
    return 0;
  } else {
    kept = significand >> drop;
    bool half = significand >> (drop - 1) & 1;
    bool below = sticky ||
                 (significand &
                  ((static_cast<unsigned __int128>(1) << (drop - 1)) - 1)) != 0;
    if (half && (below || (kept & 1)))
      ++kept;
  }
  double r =
      std::ldexp(static_cast<double>(static_cast<uint64_t>(kept)), quantum);
  return r > most ? INFINITY : r;
}

float raddle::vgpu::dotHardware(const float *a, const float *b, unsigned n,
                                float c, const DotModel &model) {
  float result;
  if (special(a, b, n, c, result))
    return result;
  auto exponentOf = [](float x, int least) {
    return std::max(std::ilogb(x), least);
  };
  int most = -10000;
  for (unsigned i = 0; i < n; ++i)
    if (a[i] != 0 && b[i] != 0)
      most = std::max(most, exponentOf(a[i], model.minInputExponent) +
                                exponentOf(b[i], model.minInputExponent));
  if (c != 0)
    most = std::max(most, exponentOf(c, -126));
  if (most == -10000)
    return 0;
  most = std::max(most, model.minAlignExponent);
  const int fraction = 23 + model.extraBits;
  auto align = [&](double x) { // towards zero
    return static_cast<int64_t>(std::ldexp(x, fraction - most));
  };
  int64_t sum = align(c);
  for (unsigned i = 0; i < n; ++i)
    sum += align(static_cast<double>(a[i]) * b[i]);
  if (!sum)
    return 0;
  uint64_t magnitude = sum < 0 ? -static_cast<uint64_t>(sum) : sum;
  const int exponent = most - fraction;
  double r;
  if (model.halfResult) {
    r = roundNearest(magnitude, exponent, false, 10, -14, 65504.0);
  } else {
    // To zero at 24 bits, fewer for subnormal results.
    int top = 63 - __builtin_clzll(magnitude);
    int quantum = std::max(top + exponent, -126) - 23;
    int drop = quantum - exponent;
    if (drop > 63)
      magnitude = 0;
    else if (drop > 0)
      magnitude = magnitude >> drop << drop;
    r = std::ldexp(static_cast<double>(magnitude), exponent);
    if (r > 3.4028234663852886e38)
      r = INFINITY;
  }
  return static_cast<float>(sum < 0 ? -r : r);
}

float raddle::vgpu::dotExact(const float *a, const float *b, unsigned n,
                             float c, bool halfResult) {
  float result;
  if (special(a, b, n, c, result))
    return result;
  // A fixed-point number with the last bit 2^-320, in two's complement.
  constexpr unsigned kLimbs = 12;
  constexpr int kLast = -320;
  uint64_t sum[kLimbs] = {};
  bool negativeZero = std::signbit(c);
  auto add = [&](double x) {
    negativeZero &= std::signbit(x);
    if (x == 0)
      return;
    int e;
    double m = std::frexp(std::fabs(x), &e);
    auto significand = static_cast<uint64_t>(std::ldexp(m, 53));
    unsigned at = static_cast<unsigned>(e - 53 - kLast);
    unsigned limb = at / 64, shift = at % 64;
    uint64_t part[2] = {significand << shift,
                        shift ? significand >> (64 - shift) : 0};
    unsigned char carry = 0;
    for (unsigned i = limb; i < kLimbs; ++i) {
      uint64_t v = i - limb < 2 ? part[i - limb] : 0;
      unsigned __int128 wide =
          x < 0 ? static_cast<unsigned __int128>(sum[i]) - v - carry
                : static_cast<unsigned __int128>(sum[i]) + v + carry;
      sum[i] = static_cast<uint64_t>(wide);
      carry = static_cast<uint64_t>(wide >> 64) != 0;
    }
  };
  add(c);
  for (unsigned i = 0; i < n; ++i)
    add(static_cast<double>(a[i]) * b[i]);
  const bool negative = sum[kLimbs - 1] >> 63;
  if (negative) {
    unsigned char carry = 1;
    for (uint64_t &limb : sum) {
      limb = ~limb + carry;
      carry = carry && limb == 0;
    }
  }
  int top = kLimbs - 1;
  while (top >= 0 && !sum[top])
    --top;
  if (top < 0)
    return negativeZero ? -0.0f : 0.0f;
  int low = std::max(top - 1, 0);
  unsigned __int128 significand =
      top > 0 ? static_cast<unsigned __int128>(sum[top]) << 64 | sum[low]
              : sum[0];
  bool sticky = false;
  for (int i = 0; i < low; ++i)
    sticky |= sum[i] != 0;
  // Too few bits in the two top limbs cannot happen: the highest limb is not
  // zero, so 65 bits at least are there unless it is the lowest one.
  double r = halfResult ? roundNearest(significand, kLast + 64 * low, sticky,
                                       10, -14, 65504.0)
                        : roundNearest(significand, kLast + 64 * low, sticky,
                                       23, -126, 3.4028234663852886e38);
  return static_cast<float>(negative ? -r : r);
}
