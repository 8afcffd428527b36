"""Integer and logic instructions against NumPy and Python integers."""

import numpy as np
from driver import Driver, run_elementwise

driver = Driver()
rng = np.random.default_rng(1)
N = 512
failures = 0
count = 0


def values(t, small=False):
    bits = int(t[1:])
    info = np.iinfo(np.dtype(f"{'u' if t[0] in 'ub' else ''}int{bits}"))
    special = [info.min, info.max, 0, 1, 2, 3, info.max - 1, info.max // 2, 31, 32, 33]
    if info.min < 0:
        special += [-1, -2, info.min + 1]
    a = rng.integers(info.min, info.max, N, dtype=info.dtype, endpoint=True)
    if small:
        a = rng.integers(0, 70, N).astype(info.dtype)
    a[:len(special) * len(special)] = np.repeat(np.array(special, info.dtype), len(special))[:N]
    return a


def second(t, small=False):
    a = values(t, small)
    special = a[:196:14].copy() if t[0] == "s" else a[:121:11].copy()
    k = len(special)
    a[:k * k] = np.tile(special, k)
    return a


def wrap(x, t):
    bits = int(t[1:])
    x &= (1 << bits) - 1
    return x - (1 << bits) if t[0] == "s" and x >> (bits - 1) else x


def check(instruction, sources, arrays, result, f, target="sm_80", setup=""):
    """f works on Python integers."""
    global failures, count
    count += 1
    dtype = np.dtype(f"{'' if result[0] == 's' else 'u'}int{int(result[1:])}")
    body = setup + instruction + " %d, " + ", ".join(f"%s{i}" for i in range(len(sources))) + ";"
    if "{" in instruction:
        body = instruction.format(*[f"%s{i}" for i in range(len(sources))])
    got = run_elementwise(driver, sources, arrays, result, dtype, body, target)
    want = np.array([wrap(int(f(*[int(a[i]) for a in arrays])), result) for i in range(N)], dtype)
    if not (got == want).all():
        i = int(np.flatnonzero(got != want)[0])
        print(f"{instruction}: {[int(a[i]) for a in arrays]} gives {got[i]}, expected {want[i]}")
        failures += 1


def unsigned(x, bits):
    return x & ((1 << bits) - 1)


def div(a, b, t):
    if b == 0:
        return -1
    q = abs(a) // abs(b)
    return q if (a < 0) == (b < 0) else -q


def rem(a, b, t):
    return a if b == 0 else a - div(a, b, t) * b


def clamp(x, t):
    bits = int(t[1:])
    lo, hi = (-(1 << bits - 1), (1 << bits - 1) - 1) if t[0] == "s" else (0, (1 << bits) - 1)
    return max(lo, min(hi, x))


for t in ["u16", "u32", "u64", "s16", "s32", "s64"]:
    a, b, c = values(t), second(t), values(t)[::-1].copy()
    bits = int(t[1:])
    check(f"add.{t}", [t, t], [a, b], t, lambda x, y: x + y)
    check(f"sub.{t}", [t, t], [a, b], t, lambda x, y: x - y)
    check(f"mul.lo.{t}", [t, t], [a, b], t, lambda x, y: x * y)
    check(f"mul.hi.{t}", [t, t], [a, b], t, lambda x, y: (x * y) >> bits)
    check(f"mad.lo.{t}", [t, t, t], [a, b, c], t, lambda x, y, z: x * y + z)
    check(f"mad.hi.{t}", [t, t, t], [a, b, c], t, lambda x, y, z: ((x * y) >> bits) + z)
    check(f"div.{t}", [t, t], [a, b], t, lambda x, y: div(x, y, t))
    check(f"rem.{t}", [t, t], [a, b], t, lambda x, y: rem(x, y, t))
    check(f"min.{t}", [t, t], [a, b], t, min)
    check(f"max.{t}", [t, t], [a, b], t, max)
    check(f"sad.{t}", [t, t, t], [a, b, c], t, lambda x, y, z: abs(x - y) + z)
    n = second("u32", small=True)
    check(f"shr.{t}", [t, "u32"], [a, n], t, lambda x, y: x >> min(y, 255))
    if bits < 64:
        wide = t[0] + str(2 * bits)
        check(f"mul.wide.{t}", [t, t], [a, b], wide, lambda x, y: x * y)
        check(f"mad.wide.{t}", [t, t, wide], [a, b, values(wide)], wide, lambda x, y, z: x * y + z)
    if t[0] == "s":
        check(f"abs.{t}", [t], [a], t, abs)
        check(f"neg.{t}", [t], [a], t, lambda x: -x)
    if bits >= 32:
        pos, length = (rng.integers(0, 256, N).astype("u4") for _ in range(2))
        pos[:400], length[:400] = rng.integers(0, 40, 400), rng.integers(0, 40, 400)

        def bfe(x, p, l):
            u = unsigned(x, bits)
            top = min(p + l - 1, bits - 1)
            sign = (u >> top & 1) if t[0] == "s" and l else 0
            r = 0
            for i in range(bits):
                bit = (u >> (p + i) & 1) if i < l and p + i < bits else sign
                r |= bit << i
            return r

        check(f"bfe.{t}", [t, "u32", "u32"], [a, pos, length], t, bfe)

        def bfind(x):
            u = x if x >= 0 else ~x
            return u.bit_length() - 1

        check(f"bfind.{t}", [t], [a], "u32", bfind)
        check(f"bfind.shiftamt.{t}", [t], [a], "u32", lambda x: bits - 1 - bfind(x) if bfind(x) >= 0 else -1)
    for cmp, op in [("eq", "=="), ("ne", "!="), ("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">=")]:
        f = eval(f"lambda x, y: int(x {op} y)")
        check(f"setp.{cmp}.{t} %q0, {{0}}, {{1}}; selp.u32 %d, 1, 0, %q0;", [t, t], [a, b], "u32", f)
        check(f"set.{cmp}.u32.{t}", [t, t], [a, b], "u32", lambda x, y, f=f: -f(x, y))
    # Conversions: every integer type to every other, plain and saturated.
    for d in ["u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64"]:
        check(f"cvt.{d}.{t}", [t], [a], d, lambda x: x)
        check(f"cvt.sat.{d}.{t}", [t], [a], d, lambda x, d=d: clamp(x, d))

check("add.sat.s32", ["s32", "s32"], [values("s32"), second("s32")], "s32", lambda x, y: clamp(x + y, "s32"))
check("sub.sat.s32", ["s32", "s32"], [values("s32"), second("s32")], "s32", lambda x, y: clamp(x - y, "s32"))

for bits in [16, 32, 64]:
    t = f"b{bits}"
    u = f"u{bits}"
    a, b = values(u), second(u)
    n = second("u32", small=True)
    check(f"and.{t}", [u, u], [a, b], u, lambda x, y: x & y)
    check(f"or.{t}", [u, u], [a, b], u, lambda x, y: x | y)
    check(f"xor.{t}", [u, u], [a, b], u, lambda x, y: x ^ y)
    check(f"not.{t}", [u], [a], u, lambda x: ~x)
    check(f"cnot.{t}", [u], [a], u, lambda x: int(x == 0))
    check(f"shl.{t}", [u, "u32"], [a, n], u, lambda x, y: x << min(y, 64))
    if bits > 16:
        check(f"brev.{t}", [u], [a], u, lambda x: int(f"{x:0{bits}b}"[::-1], 2))
        check(f"clz.{t}", [u], [a], "u32", lambda x: bits - x.bit_length())
        check(f"popc.{t}", [u], [a], "u32", lambda x: bin(x).count("1"))
        pos, length = rng.integers(0, 80, N).astype("u4"), rng.integers(0, 80, N).astype("u4")

        def bfi(x, y, p, l):
            r = y
            for i in range(l):
                if p + i < bits:
                    r = r & ~(1 << p + i) | (x >> i & 1) << p + i
            return r

        check(f"bfi.{t}", [u, u, "u32", "u32"], [a, b, pos, length], u, bfi)

a, b, c = values("u32"), second("u32"), values("u32")[::-1].copy()
for table in [0x00, 0x1a, 0x80, 0x96, 0xca, 0xe8, 0xfe, 0xff]:
    def lop3(x, y, z):
        return sum((table >> ((x >> i & 1) << 2 | (y >> i & 1) << 1 | (z >> i & 1)) & 1) << i for i in range(32))
    check(f"lop3.b32 %d, {{0}}, {{1}}, {{2}}, {table};", ["u32"] * 3, [a, b, c], "u32", lop3)
n = second("u32", small=True)
check("shf.l.wrap.b32", ["u32"] * 3, [a, b, n], "u32", lambda x, y, k: ((y << 32 | x) << (k & 31)) >> 32)
check("shf.r.wrap.b32", ["u32"] * 3, [a, b, n], "u32", lambda x, y, k: (y << 32 | x) >> (k & 31))
check("shf.l.clamp.b32", ["u32"] * 3, [a, b, n], "u32", lambda x, y, k: ((y << 32 | x) << min(k, 32)) >> 32)
check("shf.r.clamp.b32", ["u32"] * 3, [a, b, n], "u32", lambda x, y, k: (y << 32 | x) >> min(k, 32))


def prmt(x, y, s):
    pool = [(y << 32 | x) >> 8 * i & 255 for i in range(8)]
    r = 0
    for i in range(4):
        nibble = s >> 4 * i & 15
        byte = pool[nibble & 7]
        if nibble & 8:
            byte = 255 if byte & 128 else 0
        r |= byte << 8 * i
    return r


check("prmt.b32", ["u32"] * 3, [a, b, c], "u32", prmt)
for mode, rows in {"f4e": "3210 4321 5432 6543", "b4e": "5670 6701 7012 0123", "rc8": "0000 1111 2222 3333",
                   "ecl": "3210 3211 3222 3333", "ecr": "0000 1110 2210 3210", "rc16": "1010 3232 1010 3232"}.items():
    table = [int(row, 16) for row in rows.split()]
    check(f"prmt.b32.{mode}", ["u32"] * 3, [a, b, c], "u32", lambda x, y, s: prmt(x, y, table[s & 3]))


def signed(x, bits):
    return x - (1 << bits) if x >> (bits - 1) & 1 else x


for ta in "us":
    for tb in "us":
        def byte(x, i, t):
            v = x >> 8 * i & 255
            return signed(v, 8) if t == "s" else v

        def half(x, i, t):
            v = x >> 16 * i & 65535
            return signed(v, 16) if t == "s" else v

        check(f"dp4a.{ta}32.{tb}32", ["u32"] * 3, [a, b, c], "u32",
              lambda x, y, z: z + sum(byte(x, i, ta) * byte(y, i, tb) for i in range(4)))
        for part, base in [("lo", 0), ("hi", 2)]:
            check(f"dp2a.{part}.{ta}32.{tb}32", ["u32"] * 3, [a, b, c], "u32",
                  lambda x, y, z: z + sum(half(x, i, ta) * byte(y, i + base, tb) for i in range(2)))
for t in ["u32", "s32"]:
    def low24(x):
        return signed(x & 0xffffff, 24) if t == "s32" else x & 0xffffff
    x, y, z = values(t), second(t), values(t)[::-1].copy()
    check(f"mul24.lo.{t}", [t, t], [x, y], t, lambda p, q: low24(p) * low24(q))
    check(f"mul24.hi.{t}", [t, t], [x, y], t, lambda p, q: low24(p) * low24(q) >> 16)
    check(f"mad24.lo.{t}", [t] * 3, [x, y, z], t, lambda p, q, r: low24(p) * low24(q) + r)

# Carry chains: 128-bit sums of two halves.
x, y, u, v = values("u64"), second("u64"), values("u64")[::-1].copy(), second("u64")[::-1].copy()
check("add.cc.u64 %y0, {0}, {1}; addc.u64 %d, {2}, {3};", ["u64"] * 4, [x, y, u, v], "u64",
      lambda a, b, c, d: ((c << 64 | a) + (d << 64 | b)) >> 64)
check("sub.cc.u64 %y0, {0}, {1}; subc.u64 %d, {2}, {3};", ["u64"] * 4, [x, y, u, v], "u64",
      lambda a, b, c, d: ((c << 64 | a) - (d << 64 | b)) >> 64)
check("mad.lo.cc.u32 %x0, {0}, {1}, {2}; madc.hi.u32 %d, {0}, {1}, 0;", ["u32"] * 3, [a, b, c], "u32",
      lambda p, q, r: (p * q + r) >> 32)

# Packing.
check("mov.b64 %d, {{{0}, {1}}};", ["u32", "u32"], [a, b], "u64", lambda p, q: q << 32 | p)
check("mov.b64 {{_, %d}}, {0};", ["u64"], [x], "u32", lambda p: p >> 32)
check("mov.b32 {{%h0, %h1}}, {0}; mov.b32 %d, {{%h1, %h0}};", ["u32"], [a], "u32", lambda p: p >> 16 | p << 16)

print(f"{count} instructions, {failures} wrong")
raise SystemExit(failures != 0)
