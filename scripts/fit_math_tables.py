#!/usr/bin/env python3
"""Fits the polynomials of dialects/Tile/Conversion/TileToNVVM/MathTables.h.

Every elementary function is reduced to a smooth remainder on a small interval
(see the comment of each table); Chebyshev interpolation in 160 digits gives a
polynomial whose largest error is close to the least possible one. Run it and
redirect the output to the header.
"""

import struct

import mpmath as mp

mp.mp.dps = 160
TINY = mp.mpf(10) ** -30


def odd(function):
    """(f(x)/x - 1)/z with z = x*x, by its limit next to zero."""
    def remainder(z):
        x = mp.sqrt(abs(z) + TINY)
        return (function(x) / x - 1) / (x * x)
    return remainder


def expm1(r):
    r = r + TINY
    return (mp.expm1(r) - r) / r ** 2


def log1p(m):
    m = m + TINY
    return (mp.log1p(m) - m + m * m / 2) / m ** 3


def cos(z):
    x = mp.sqrt(abs(z) + TINY)
    return (mp.cos(x) - 1 + x * x / 2) / x ** 4


def erf(z):
    x = mp.sqrt(abs(z) + TINY)
    return mp.erf(x) / x - 1


def log_erfc(t):
    return mp.log(mp.erfc(t), 2) / t


def erfc(q):
    a = 4 * (1 + q) / (1 - q)
    return (1 + 2 * a) * mp.exp(a * a) * mp.erfc(a)


def q_of(a):
    return mp.mpf(a - 4) / (a + 4)


QUARTER = (mp.pi / 4 * 1.0001) ** 2
# name, meaning, function, interval, terms for f32, terms for f64
TABLES = [
    ("Expm1", "expm1(r) = r + r^2 P(r), |r| <= ln(2)/2", expm1, (-0.3467, 0.3467), 5, 12),
    ("Log1p", "log1p(m) = m - m^2/2 + m^3 P(m), -1/4 <= m <= 1/2", log1p, (-0.2501, 0.5001), 9, 0),
    ("Atanh", "atanh(s) = s + s^3 P(s^2), |s| <= 0.1716", odd(mp.atanh), (0, 0.02945), 3, 8),
    ("Sin", "sin(r) = r + r^3 P(r^2), |r| <= pi/4", odd(mp.sin), (0, QUARTER), 3, 7),
    ("Cos", "cos(r) = 1 - r^2/2 + r^4 P(r^2), |r| <= pi/4", cos, (0, QUARTER), 3, 7),
    ("Atan", "atan(t) = t + t^3 P(t^2), |t| <= 1", odd(mp.atan), (0, 1), 8, 21),
    ("Asin", "asin(s) = s + s^3 P(s^2), |s| <= 1/2", odd(mp.asin), (0, 0.25), 5, 13),
    ("Tanh", "tanh(x) = x + x^3 P(x^2), |x| <= 0.6", odd(mp.tanh), (0, 0.3601), 5, 0),
    ("Erf", "erf(x) = x + x P(x^2), |x| <= 1", erf, (0, 1), 7, 15),
    ("LogErfc", "erfc(t) = 2^(t P(t)), 0.92 <= t <= 4", log_erfc, (0.92, 4.02), 8, 0),
    ("Erfc", "erfc(a) = P((a - 4)/(a + 4)) exp(-a^2) / (1 + 2a), a >= 0", erfc, None, 11, 24),
]


def fit(function, interval, terms):
    coefficients, error = mp.chebyfit(function, interval, terms, error=True)
    return coefficients[::-1], error


def literal(value, wide):
    number = float(value)
    if wide:
        return repr(number)
    return f"{struct.unpack('f', struct.pack('f', number))[0]:.9g}"


def main():
    print("""//===- MathTables.h - Polynomials of elementary functions ------*- C++ -*-===//
//
// Printed by scripts/fit_math_tables.py; coefficients in rising order.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_MATHTABLES_H
#define RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_MATHTABLES_H

namespace raddle::tile::tables {""")
    for name, meaning, function, interval, narrow, wide in TABLES:
        print(f"\n// {meaning}.")
        for terms, suffix in ((narrow, "F32"), (wide, "F64")):
            if not terms:
                continue
            bounds = interval or (mp.mpf(-1), q_of(10.2 if suffix == "F32" else 27.4))
            values, error = fit(function, bounds, terms)
            print(f"// Largest error of P: {mp.nstr(error, 2)}.")
            body = ", ".join(literal(v, suffix == "F64") for v in values)
            print(f"inline constexpr double k{name}{suffix}[] = {{{body}}};")
    print("""
} // namespace raddle::tile::tables

#endif // RADDLE_DIALECTS_TILE_CONVERSION_TILETONVVM_MATHTABLES_H""")


if __name__ == "__main__":
    main()
