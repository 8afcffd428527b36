"""Floating-point instructions against exact rational arithmetic: every result
is the exact value rounded once, by the rules of IEEE 754 and of the PTX ISA."""

import math
from fractions import Fraction

import numpy as np
from driver import Driver, run_elementwise

driver = Driver()
rng = np.random.default_rng(2)
N = 384
failures = 0
count = 0

# name: bits, mantissa, least exponent, exponent bias
FORMATS = {"f16": (16, 10, -14, 15), "bf16": (16, 7, -126, 127), "f32": (32, 23, -126, 127), "f64": (64, 52, -1022, 1023)}
NAN = {"f16": 0x7fff, "bf16": 0x7fff, "f32": 0x7fffffff}


def decode(t, bits):
    """A Fraction, or 'nan', 'inf', '-inf', with the sign of zero as '-0'."""
    width, m, emin, bias = FORMATS[t]
    sign = bits >> (width - 1)
    e = bits >> m & ((1 << (width - 1 - m)) - 1)
    frac = bits & ((1 << m) - 1)
    if e == (1 << (width - 1 - m)) - 1:
        return "nan" if frac else "-inf" if sign else "inf"
    if e == 0 and frac == 0:
        return "-0" if sign else Fraction(0)
    value = Fraction(frac, 1 << m) + (1 if e else 0)
    value *= Fraction(2) ** (e - bias if e else emin)
    return -value if sign else value


def round_fraction(x, mode):
    floor = math.floor(x)
    if mode == "rm":
        return floor
    if mode == "rp":
        return math.ceil(x)
    if mode == "rz":
        return math.trunc(x)
    rest = x - floor
    if mode == "rna":
        return math.floor(abs(x) + Fraction(1, 2)) * (1 if x > 0 else -1)
    if rest > Fraction(1, 2) or (rest == Fraction(1, 2) and floor % 2):
        return floor + 1
    return floor


def encode(t, x, mode="rn", zero_sign=0):
    """The bits of x rounded to t."""
    width, m, emin, bias = FORMATS[t]
    top = (1 << (width - 1 - m)) - 1
    if x == "nan":
        return NAN.get(t, 0x7ff8 << 48)
    if x in ("inf", "-inf"):
        return (1 << (width - 1) if x == "-inf" else 0) | top << m
    if x == "-0":
        return 1 << (width - 1)
    if x == 0:
        return zero_sign << (width - 1)
    sign = 1 if x < 0 else 0
    a = abs(x)
    e = a.numerator.bit_length() - a.denominator.bit_length()
    if Fraction(2) ** e > a:
        e -= 1
    e = max(e, emin)
    q = round_fraction(x / Fraction(2) ** (e - m), mode)
    a = abs(q)
    if a >> (m + 1):
        a >>= 1
        e += 1
    if e > bias or (e == bias and a >> (m + 1)):
        to_inf = mode in ("rn", "rna") or (mode == "rp" and not sign) or (mode == "rm" and sign)
        return sign << (width - 1) | ((top << m) if to_inf else ((top << m) - 1))
    if a >> m:
        return sign << (width - 1) | (e + bias) << m | a & ((1 << m) - 1)
    return sign << (width - 1) | a


def is_special(x):
    return isinstance(x, str) and x != "-0"


def number(x):
    return Fraction(0) if x == "-0" else x


def negative(x):
    return x in ("-inf", "-0") or (not isinstance(x, str) and x < 0)


def negate(x):
    return {"nan": "nan", "inf": "-inf", "-inf": "inf", "-0": Fraction(0)}[x] if isinstance(x, str) else \
        "-0" if x == 0 else -x


def add(x, y, mode="rn"):
    if "nan" in (x, y) or {x, y} == {"inf", "-inf"}:
        return "nan", 0
    for v in (x, y):
        if is_special(v):
            return v, 0
    s = number(x) + number(y)
    zero = mode == "rm"
    if negative(x) == negative(y):
        zero = negative(x)
    return s, int(zero)


def mul(x, y):
    sign = negative(x) != negative(y)
    if "nan" in (x, y):
        return "nan", 0
    if is_special(x) or is_special(y):
        if (not is_special(x) and number(x) == 0) or (not is_special(y) and number(y) == 0):
            return "nan", 0
        return ("-inf" if sign else "inf"), 0
    return number(x) * number(y), int(sign)


def fma(x, y, z, mode="rn"):
    p, sign = mul(x, y)
    if not isinstance(p, str) and p == 0 and sign:
        p = "-0"
    return add(p, z, mode)


def div(x, y):
    sign = negative(x) != negative(y)
    if "nan" in (x, y) or (is_special(x) and is_special(y)):
        return "nan", 0
    if is_special(x):
        return ("-inf" if sign else "inf"), 0
    if is_special(y):
        return Fraction(0), int(sign)
    if number(y) == 0:
        return ("nan", 0) if number(x) == 0 else (("-inf" if sign else "inf"), 0)
    return number(x) / number(y), int(sign)


def flush(t, bits):
    width, m, _, _ = FORMATS[t]
    e = bits >> m & ((1 << (width - 1 - m)) - 1)
    return bits & 1 << (width - 1) if e == 0 else bits


def values(t, seed):
    width, m, emin, bias = FORMATS[t]
    r = np.random.default_rng(seed)
    dtype = np.dtype(f"u{width // 8}")
    a = r.integers(0, (1 << width) - 1, N, dtype=np.uint64, endpoint=True)
    # Most values near one, so that sums round.
    near = r.integers(0, 12, N).astype(np.uint64) + np.uint64(bias - 6)
    frac = a & np.uint64((1 << m) - 1)
    sign = a >> np.uint64(width - 1) << np.uint64(width - 1)
    pick = r.random(N) < 0.6
    a = np.where(pick, sign | near << np.uint64(m) | frac, a)
    top = (1 << (width - 1 - m)) - 1
    one = bias << m
    special = [0, 1 << (width - 1), one, one | 1 << (width - 1), top << m, (top << m) | 1 << (width - 1), (top << m) | 1 << (m - 1),
               1, (1 << m) - 1, 1 << m, (top << m) - 1, one + 1, one - 1, 3]
    r.shuffle(special)
    a[:14] = special
    a[14:28] = special[::-1]
    return a.astype(dtype)


def report(name, arrays, types, got, want, result):
    global failures, count
    count += 1
    if (got == want).all():
        return
    failures += 1
    i = int(np.flatnonzero(got != want)[0])
    given = [f"{int(a[i]):x} ({decode(t, int(a[i]))})" if t in FORMATS else str(a[i]) for t, a in zip(types, arrays)]
    print(f"{name}: {given} gives {int(got[i]):x}, expected {int(want[i]):x}")


def check(name, t, n, f, mode="rn", ftz=False, sat=False, relu=False, target="sm_80", body=None, nan_free=False):
    """f maps decoded operands to (exact value, sign of zero)."""
    arrays = [values(t, 10 * i + n) for i in range(n)]
    width = FORMATS[t][0]
    dtype = np.dtype(f"u{width // 8}")
    body = body or f"{name} %d, " + ", ".join(f"%s{i}" for i in range(n)) + ";"
    src = {16: "b16", 32: "b32", 64: "b64"}[width]
    got = run_elementwise(driver, [src] * n, arrays, src, dtype, body, target)
    want = []
    for i in range(N):
        operands = [int(a[i]) for a in arrays]
        if ftz:
            operands = [flush(t, o) for o in operands]
        x, zero = f(*[decode(t, o) for o in operands])
        bits = encode(t, x, mode, zero)
        if ftz:
            bits = flush(t, bits)
        if sat:
            v = decode(t, bits)
            bits = 0 if v == "nan" or negative(v) else encode(t, min(number(v), Fraction(1))) if v != "inf" else encode(t, Fraction(1))
        if relu and bits >> (width - 1) and decode(t, bits) != "nan":
            bits = 0
        want.append(bits)
    want = np.array(want, dtype)
    if t == "f64":  # the payload of a NaN is the host's
        nan = np.isnan(got.view("f8")) & np.isnan(want.view("f8"))
        want = np.where(nan, got, want)
    report(name, arrays, [t] * n, got, want, t)


for t in ["f32", "f64"]:
    for mode in ["rn", "rz", "rm", "rp"]:
        for ftz in ([False, True] if t == "f32" else [False]):
            z = ".ftz" if ftz else ""
            args = dict(mode=mode, ftz=ftz)
            check(f"add.{mode}{z}.{t}", t, 2, lambda x, y: add(x, y, mode), **args)
            check(f"sub.{mode}{z}.{t}", t, 2, lambda x, y: add(x, negate(y), mode), **args)
            check(f"mul.{mode}{z}.{t}", t, 2, mul, **args)
            check(f"fma.{mode}{z}.{t}", t, 3, lambda x, y, w: fma(x, y, w, mode), **args)
            check(f"div.{mode}{z}.{t}", t, 2, div, **args)
            check(f"rcp.{mode}{z}.{t}", t, 1, lambda x: div(Fraction(1), x), **args)
check("add.sat.f32", "f32", 2, add, sat=True)
check("fma.rn.sat.f32", "f32", 3, fma, sat=True)
for t, target in [("f16", "sm_80"), ("bf16", "sm_90")]:
    check(f"add.{t}", t, 2, add, target=target)
    check(f"sub.{t}", t, 2, lambda x, y: add(x, negate(y)), target=target)
    check(f"mul.{t}", t, 2, mul, target=target)
    check(f"fma.rn.{t}", t, 3, fma)
    check(f"fma.rn.relu.{t}", t, 3, fma, relu=True)
check("add.ftz.f16", "f16", 2, add, ftz=True)
check("fma.rn.ftz.f16", "f16", 3, fma, ftz=True)
check("fma.rn.sat.f16", "f16", 3, fma, sat=True)
for t in ["f16", "bf16"]:
    # Both halves of a pair.
    pair = "mov.b32 %x0, {%s0, %s1}; mov.b32 %x1, {%s1, %s2}; mov.b32 %x2, {%s2, %s0};"
    check(f"fma.rn.{t}x2 low", t, 3, lambda x, y, z: fma(x, y, z),
          body=pair + f"fma.rn.{t}x2 %x3, %x0, %x1, %x2; mov.b32 {{%d, _}}, %x3;")
    check(f"fma.rn.{t}x2 high", t, 3, lambda x, y, z: fma(y, z, x),
          body=pair + f"fma.rn.{t}x2 %x3, %x0, %x1, %x2; mov.b32 {{_, %d}}, %x3;")


def order(x):
    return (-math.inf if x == "-inf" else math.inf if x == "inf" else 0 if x == "-0" else x, x != "-0")


def smaller(x, y, pick, nan):
    if "nan" in (x, y):
        return ("nan" if nan or x == y else y if x == "nan" else x), 0
    return pick(x, y, key=order), 0


for t in ["f16", "bf16", "f32"]:
    for name, pick in [("min", min), ("max", max)]:
        check(f"{name}.{t}", t, 2, lambda x, y: smaller(x, y, pick, False))
        check(f"{name}.NaN.{t}", t, 2, lambda x, y: smaller(x, y, pick, True))
for t in ["f16", "bf16", "f32", "f64"]:
    def sign_case(name, f):
        width = FORMATS[t][0]
        a = values(t, 5)
        got = run_elementwise(driver, [f"b{width}"], [a], f"b{width}", a.dtype, f"{name}.{t} %d, %s0;")
        report(name + "." + t, [a], [t], got, f(a, a.dtype.type(1) << a.dtype.type(width - 1)), t)
    sign_case("abs", lambda a, s: a & ~s)
    sign_case("neg", lambda a, s: a ^ s)


def comparisons(t):
    width = FORMATS[t][0]
    a, b = values(t, 1), values(t, 2)
    b[100:200] = a[100:200]
    rel = {"eq": lambda x, y: x == y, "ne": lambda x, y: x != y, "lt": lambda x, y: x < y, "le": lambda x, y: x <= y,
           "gt": lambda x, y: x > y, "ge": lambda x, y: x >= y}
    pairs = [(decode(t, int(x)), decode(t, int(y))) for x, y in zip(a, b)]
    for name in list(rel) + [r + "u" for r in rel] + ["num", "nan"]:
        got = run_elementwise(driver, [f"b{width}"] * 2, [a, b], "u32", np.uint32,
                              f"setp.{name}.{t} %q0, %s0, %s1; selp.u32 %d, 1, 0, %q0;")
        want = []
        for x, y in pairs:
            nan = "nan" in (x, y)
            if name in ("num", "nan"):
                want.append(nan == (name == "nan"))
            elif nan:
                want.append(name.endswith("u"))
            else:
                want.append(rel[name[:2]](order(x)[0], order(y)[0]))
        report(f"setp.{name}.{t}", [a, b], [t, t], got, np.array(want, np.uint32), "u32")


for t in FORMATS:
    comparisons(t)


def conversion(name, source, arrays, result, dtype, want):
    width = {"s8": 16, "u8": 16}.get(result, int(result[1:]) if result[1:].isdigit() else 16)
    got = run_elementwise(driver, [source], arrays, result if result in ("u8", "s8") else f"b{width}", dtype,
                          f"{name} %d, %s0;")
    report(name, arrays, [source], got, np.array(want, dtype), result)


# Between floating-point formats.
for s in FORMATS:
    a = values(s, 3)
    for d in FORMATS:
        if s == d:
            continue
        narrows = FORMATS[d][1] < FORMATS[s][1] or {s, d} == {"f16", "bf16"}
        for mode in (["rn", "rz", "rm", "rp"] if narrows else [""]):
            name = f"cvt.{mode + '.' if mode else ''}{d}.{s}"
            want = []
            for x in a:
                v = decode(s, int(x))
                want.append(encode(d, v, mode or "rn"))
            got = run_elementwise(driver, [f"b{FORMATS[s][0]}"], [a], f"b{FORMATS[d][0]}", np.dtype(f"u{FORMATS[d][0] // 8}"),
                                  f"{name} %d, %s0;")
            want = np.array(want, got.dtype)
            if d == "f64":
                want = np.where(np.isnan(got.view("f8")) & np.isnan(want.view("f8")), got, want)
            report(name, [a], [s], got, want, d)

# To integers: rounded, clamped, NaN by the rules of the ISA.
for s in FORMATS:
    a = values(s, 4)
    for d in ["u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64"]:
        bits = int(d[1:])
        lo, hi = (-(1 << bits - 1), (1 << bits - 1) - 1) if d[0] == "s" else (0, (1 << bits) - 1)
        for mode, kind in [("rni", "rn"), ("rzi", "rz"), ("rmi", "rm"), ("rpi", "rp")]:
            want = []
            for x in a:
                v = decode(s, int(x))
                if v == "nan":
                    v = 0 if s != "f64" and bits != 64 else 1 << (bits - 1)
                else:
                    v = hi if v == "inf" else lo if v == "-inf" else max(lo, min(hi, round_fraction(Fraction(number(v)), kind)))
                want.append(v & ((1 << bits) - 1))
            got = run_elementwise(driver, [f"b{FORMATS[s][0]}"], [a], d if bits == 8 else f"b{bits}", np.dtype(f"u{bits // 8}"),
                                  f"cvt.{mode}.{d}.{s} %d, %s0;")
            report(f"cvt.{mode}.{d}.{s}", [a], [s], got, np.array(want, got.dtype), d)

# From integers.
for s in ["u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64"]:
    bits = int(s[1:])
    dtype = np.dtype(f"{'u' if s[0] == 'u' else 'i'}{bits // 8}")
    info = np.iinfo(dtype)
    a = rng.integers(info.min, info.max, N, dtype=dtype, endpoint=True)
    shift = rng.integers(0, bits, N)
    a[64:] = a[64:] >> shift[64:].astype(dtype)
    a[:3] = [info.min, info.max, info.max - 1]
    for d in FORMATS:
        for mode in ["rn", "rz", "rm", "rp"]:
            want = [encode(d, Fraction(int(x)), mode) for x in a]
            width = FORMATS[d][0]
            got = run_elementwise(driver, [s], [a], f"b{width}", np.dtype(f"u{width // 8}"), f"cvt.{mode}.{d}.{s} %d, %s0;")
            report(f"cvt.{mode}.{d}.{s}", [a], [s], got, np.array(want, got.dtype), d)

# Round to integral, tf32, and pairs.
a = values("f32", 6)
for mode, kind in [("rni", "rn"), ("rzi", "rz"), ("rmi", "rm"), ("rpi", "rp")]:
    want = []
    for x in a:
        v = decode("f32", int(x))
        want.append(encode("f32", v if isinstance(v, str) else Fraction(round_fraction(v, kind)), zero_sign=int(x) >> 31))
    got = run_elementwise(driver, ["b32"], [a], "b32", np.uint32, f"cvt.{mode}.f32.f32 %d, %s0;")
    report(f"cvt.{mode}.f32.f32", [a], ["f32"], got, np.array(want, np.uint32), "f32")
FORMATS["tf32"] = (19, 10, -126, 127)
NAN["tf32"] = 0x3ffff
want = [encode("tf32", decode("f32", int(x)), "rna") << 13 if decode("f32", int(x)) != "nan" else 0x7fffffff for x in a]
got = run_elementwise(driver, ["b32"], [a], "b32", np.uint32, "cvt.rna.tf32.f32 %d, %s0;")
report("cvt.rna.tf32.f32", [a], ["f32"], got, np.array(want, np.uint32), "tf32")
b = values("f32", 7)
for t in ["f16", "bf16"]:
    for mode in ["rn", "rz"]:
        want = [encode(t, decode("f32", int(x)), mode) << 16 | encode(t, decode("f32", int(y)), mode) for x, y in zip(a, b)]
        got = run_elementwise(driver, ["b32", "b32"], [a, b], "b32", np.uint32, f"cvt.{mode}.{t}x2.f32 %d, %s0, %s1;")
        report(f"cvt.{mode}.{t}x2.f32", [a, b], ["f32", "f32"], got, np.array(want, np.uint32), t)


# Approximations: inside the ISA's bounds, in units of the last place or
# relative, and exact at the special values.
def approximate(name, f, low, high, relative=0.0, absolute=0.0, specials=()):
    global failures, count
    count += 1
    x = rng.uniform(low, high, N).astype("f4")
    x[:len(specials)] = [s[0] for s in specials]
    got = run_elementwise(driver, ["b32"], [x.view("u4")], "b32", np.uint32, f"{name} %d, %s0;").view("f4").astype("f8")
    with np.errstate(all="ignore"):
        want = f(x.astype("f8"))
    with np.errstate(all="ignore"):
        bad = np.abs(got - want) > np.maximum(relative * np.abs(want), absolute) + 1e-300
    bad[:len(specials)] = False
    for i, (value, result) in enumerate(specials):
        if not (got[i] == result or (math.isnan(result) and math.isnan(got[i]))):
            bad[i] = True
    if bad.any():
        i = int(np.flatnonzero(bad)[0])
        print(f"{name}: {x[i]} gives {got[i]}, expected {want[i]}")
        failures += 1


inf, nan = math.inf, math.nan
approximate("ex2.approx.f32", np.exp2, -30, 30, 2.0**-22, specials=[(-inf, 0), (inf, inf), (nan, nan), (0, 1), (200, inf), (-200, 0)])
approximate("ex2.approx.ftz.f32", np.exp2, -120, 120, 2.0**-22, specials=[(-140, 0)])
approximate("lg2.approx.f32", np.log2, 1e-3, 100, 0, 2.0**-21, specials=[(0, -inf), (inf, inf), (-1, nan), (nan, nan), (1, 0)])
approximate("sin.approx.f32", np.sin, -math.pi, math.pi, 0, 2.0**-20.5, specials=[(inf, nan), (0, 0)])
approximate("cos.approx.f32", np.cos, -math.pi, math.pi, 0, 2.0**-20.5, specials=[(inf, nan), (0, 1)])
approximate("tanh.approx.f32", np.tanh, -5, 5, 2.0**-11, specials=[(inf, 1), (-inf, -1), (nan, nan), (0, 0)])
approximate("rcp.approx.ftz.f32", lambda x: 1 / x, 0.1, 10, 2.0**-23, specials=[(0, inf), (inf, 0), (nan, nan)])
approximate("rsqrt.approx.ftz.f32", lambda x: 1 / np.sqrt(x), 0.01, 100, 2.0**-22.9, specials=[(0, inf), (inf, 0), (-1, nan)])
approximate("sqrt.approx.f32", np.sqrt, 0, 100, 2.0**-23, specials=[(-1, nan), (inf, inf), (0, 0)])

print(f"{count} instructions, {failures} wrong")
raise SystemExit(failures != 0)
