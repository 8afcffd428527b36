"""Memory, atomics, warp-wide and special-register instructions against plain
loops."""

import ctypes

import numpy as np
from driver import MODULE, Driver, run_elementwise

driver = Driver()
rng = np.random.default_rng(4)
failures = 0
count = 0


def expect(name, got, want):
    global failures, count
    count += 1
    got, want = np.asarray(got), np.asarray(want)
    if got.shape != want.shape or not (got == want).all():
        failures += 1
        i = np.flatnonzero(got.ravel() != want.ravel())[:1]
        print(f"{name}: element {i} is {got.ravel()[i]}, expected {want.ravel()[i]}")


def per_lane(name, body, arrays, want, result="u32"):
    dtype = np.dtype(f"u{int(result[1:]) // 8}")
    types = [f"u{a.dtype.itemsize * 8}" for a in arrays]
    expect(name, run_elementwise(driver, types, arrays, result, dtype, body), np.array(want).astype(dtype))


N = 128
lane = np.arange(N) % 32
x = rng.integers(0, 2**32, N, dtype=np.uint32)


def shfl(mode, values, b, c):
    """The ISA's description, lane by lane."""
    out, ok = [], []
    for i in range(N):
        l, base = i % 32, i - i % 32
        bval, cval = int(b[i]) & 31, int(c[i])
        clamp, seg = cval & 31, cval >> 8 & 31
        most = (l & seg) | (clamp & ~seg & 31)
        least = l & seg
        if mode == "up":
            j = l - bval
            p = j >= most
        elif mode == "down":
            j = l + bval
            p = j <= most
        elif mode == "bfly":
            j = l ^ bval
            p = j <= most
        else:
            j = least | (bval & ~seg & 31)
            p = j <= most
        if not p:
            j = l
        out.append(int(values[base + j]))
        ok.append(int(p))
    return out, ok


for mode in ["up", "down", "bfly", "idx"]:
    for width in [32, 16, 8, 4]:
        c = np.full(N, (32 - width) << 8 | (0 if mode == "up" else 31), np.uint32)
        b = rng.integers(0, width, N).astype(np.uint32)
        out, ok = shfl(mode, x, b, c)
        per_lane(f"shfl.{mode} width {width}", f"shfl.sync.{mode}.b32 %d|%q0, %s0, %s1, %s2, -1;", [x, b, c], out)
        per_lane(f"shfl.{mode} width {width} predicate",
                 f"shfl.sync.{mode}.b32 %x0|%q0, %s0, %s1, %s2, -1; selp.u32 %d, 1, 0, %q0;", [x, b, c], ok)

bit = x & 1
ballot = [sum(int(bit[i - i % 32 + j]) << j for j in range(32)) for i in range(N)]
pred = "and.b32 %x0, %s0, 1; setp.ne.u32 %q0, %x0, 0;"
per_lane("vote.ballot", pred + "vote.sync.ballot.b32 %d, %q0, -1;", [x], ballot)
per_lane("vote.ballot negated", pred + "vote.sync.ballot.b32 %d, !%q0, -1;", [x], [~b & 0xffffffff for b in ballot])
for name, value in [("all", lambda b: b == 2**32 - 1), ("any", lambda b: b != 0), ("uni", lambda b: b in (0, 2**32 - 1))]:
    for data in [x, np.ones(N, np.uint32), np.zeros(N, np.uint32)]:
        bits = [sum(int(data[i - i % 32 + j] & 1) << j for j in range(32)) for i in range(N)]
        per_lane("vote." + name, pred + f"vote.sync.{name}.pred %q1, %q0, -1; selp.u32 %d, 1, 0, %q1;", [data],
                 [int(value(b)) for b in bits])
few = rng.integers(0, 4, N).astype(np.uint32)
same = [sum(int(few[i - i % 32 + j] == few[i]) << j for j in range(32)) for i in range(N)]
per_lane("match.any", "match.any.sync.b32 %d, %s0, -1;", [few], same)
per_lane("match.any.b64", "cvt.u64.u32 %y0, %s0; match.any.sync.b64 %d, %y0, -1;", [few], same)
per_lane("match.all", "match.all.sync.b32 %d|%q0, %s0, -1;", [few], [0] * N)
per_lane("match.all equal", "match.all.sync.b32 %x0|%q0, %s0, -1; selp.u32 %d, %x0, 0, %q0;", [np.full(N, 7, np.uint32)],
         [2**32 - 1] * N)
warp = x.reshape(-1, 32)
signed = warp.astype(np.int32)
for name, value in {"add.u32": warp.sum(1, dtype=np.uint64), "min.u32": warp.min(1), "max.u32": warp.max(1),
                    "min.s32": signed.min(1), "max.s32": signed.max(1), "and.b32": np.bitwise_and.reduce(warp, 1),
                    "or.b32": np.bitwise_or.reduce(warp, 1), "xor.b32": np.bitwise_xor.reduce(warp, 1)}.items():
    per_lane("redux." + name, f"redux.sync.{name} %d, %s0, -1;", [x],
             np.repeat(value.astype(np.int64) & 0xffffffff, 32))
per_lane("activemask", "mov.u32 %d, 0; setp.lt.u32 %q0, %s0, 2; @!%q0 bra E; activemask.b32 %d; E:", [few],
         [sum(int(few[i - i % 32 + j] < 2) << j for j in range(32)) if few[i] < 2 else 0 for i in range(N)])
per_lane("bar.red.popc", pred + "bar.red.popc.u32 %d, 0, %q0;", [x], [int(bit.sum())] * N)
for name, v in [("and", int(bit.all())), ("or", int(bit.any()))]:
    per_lane("bar.red." + name, pred + f"bar.red.{name}.pred %q1, 0, %q0; selp.u32 %d, 1, 0, %q1;", [x], [v] * N)

# Special registers.
for name, value in {"%laneid": lane, "%warpid": np.arange(N) // 32, "%ntid.x": np.full(N, 128), "%nctaid.x": np.ones(N),
                    "%lanemask_eq": 1 << lane, "%lanemask_lt": (1 << lane) - 1, "%lanemask_le": (2 << lane) - 1,
                    "%lanemask_gt": (2**32 - 1) & ~((2 << lane) - 1), "%lanemask_ge": (2**32 - 1) & ~((1 << lane) - 1),
                    "%tid.y": np.zeros(N), "%nwarpid": np.full(N, 4), "WARP_SZ": np.full(N, 32)}.items():
    per_lane(name, f"mov.u32 %d, {name};", [x], value)

# Selections.
per_lane("slct.s32", "slct.u32.s32 %d, %s0, 5, %s1;", [x, x[::-1].copy()],
         [int(a) if int(b) < 2**31 else 5 for a, b in zip(x, x[::-1])])
per_lane("setp with and", "setp.lt.u32 %q0, %s0, 2; setp.ne.and.u32 %q1|%q2, %s0, 0, !%q0; selp.u32 %x0, 1, 0, %q1;"
         "selp.u32 %x1, 2, 0, %q2; or.b32 %d, %x0, %x1;", [few], [int(a >= 2 and a != 0) | 2 * int(a >= 2 and a == 0) for a in few])

# Loads and stores of all widths and vectors, through global, generic, shared
# and local memory.
source = rng.integers(0, 256, 4096, dtype=np.uint8)
for space in ["global", "generic", "shared", "local"]:
    for bits in [8, 16, 32, 64]:
        for v in [1, 2, 4]:
            size = bits * v // 8
            if size > 16:
                continue
            reg = max(bits, 16)
            regs = ", ".join(f"%v{i}" for i in range(v))
            vec = f".v{v}" if v > 1 else ""
            operand = f"{{{regs}}}" if v > 1 else regs
            move = ""
            if space == "generic":
                move = f"ld{vec}.b{bits} {operand}, [%a]; st{vec}.b{bits} [%o], {operand};"
            elif space == "global":
                move = f"ld.global{vec}.b{bits} {operand}, [%a]; st.global{vec}.b{bits} [%o], {operand};"
            elif space == "shared":
                move = (f"ld.global{vec}.b{bits} {operand}, [%a]; mov.u32 %s, buffer; mad.lo.u32 %s, %t, {size}, %s;"
                        f"st.shared{vec}.b{bits} [%s], {operand}; ld.shared{vec}.b{bits} {operand}, [%s];"
                        f"cvt.u64.u32 %g, %s; cvta.shared.u64 %g, %g; ld{vec}.b{bits} {operand}, [%g];"
                        f"st.global{vec}.b{bits} [%o], {operand};")
            else:
                move = (f"ld.global{vec}.b{bits} {operand}, [%a]; mov.u64 %g, depot; st.local{vec}.b{bits} [%g+16], {operand};"
                        f"cvta.local.u64 %g, %g; ld{vec}.b{bits} {operand}, [%g+16]; st.global{vec}.b{bits} [%o], {operand};")
            text = MODULE.format(target="sm_80") + ".shared .align 16 .b8 buffer[2048];\n" + f"""
.visible .entry k(.param .u64 p, .param .u64 q) {{
  .local .align 16 .b8 depot[48];
  .reg .b{reg} %v<4>; .reg .b32 %t, %s; .reg .b64 %a, %o, %g;
  mov.u32 %t, %tid.x; mul.wide.u32 %g, %t, {size};
  ld.param.u64 %a, [p]; ld.param.u64 %o, [q]; add.s64 %a, %a, %g; add.s64 %o, %o, %g;
  {move}
  ret;
}}"""
            out = driver.upload(np.zeros(4096, np.uint8))
            driver.launch(driver.kernel(text), [driver.upload(source), out], 64)
            got = driver.download(out, 4096, np.uint8)
            expect(f"ld/st.{space}{vec}.b{bits}", got[:64 * size], source[:64 * size])
bytes_ = rng.integers(0, 256, N, dtype=np.uint8)
for name, dtype in [("u8", np.uint8), ("s8", np.int8)]:
    for reg in [16, 32, 64]:
        text = MODULE.format(target="sm_80") + f"""
.visible .entry k(.param .u64 p, .param .u64 q) {{
  .reg .b{reg} %v; .reg .b32 %t; .reg .b64 %a, %o, %g;
  mov.u32 %t, %tid.x; cvt.u64.u32 %g, %t; ld.param.u64 %a, [p]; add.s64 %a, %a, %g;
  ld.global.{name} %v, [%a];
  ld.param.u64 %o, [q]; mul.wide.u32 %g, %t, {reg // 8}; add.s64 %o, %o, %g; st.global.b{reg} [%o], %v; ret;
}}"""
        out = driver.upload(np.zeros(N * reg // 8, np.uint8))
        driver.launch(driver.kernel(text), [driver.upload(bytes_), out], N)
        want = bytes_.view(dtype).astype(np.int64).astype(f"i{reg // 8}").view(f"u{reg // 8}")
        expect(f"ld.{name} into {reg} bits", driver.download(out, N, f"u{reg // 8}"), want)


# Atomics: the final value, and the set of values that were returned.
def atomic(op, t, start, operands, f, space):
    operands = [int(o) for o in operands]
    size = int(t[1:]) // 8 if t[1:].isdigit() else 4 if t.endswith("x2") else 2
    dtype = np.dtype(f"u{size}")
    n = len(operands)
    bits = size * 8
    where = "%p" if space == "global" else "%s"
    text = MODULE.format(target="sm_80") + f".shared .align 8 .b64 cell;\n.visible .entry k(.param .u64 p, .param .u64 q, .param .u64 r) {{" + f"""
  .reg .b{bits} %v, %old, %z; .reg .b32 %t, %s; .reg .b64 %p, %q, %r, %g; .reg .pred %f;
  mov.u32 %t, %tid.x; mul.wide.u32 %g, %t, {size}; ld.param.u64 %p, [p]; ld.param.u64 %q, [q]; ld.param.u64 %r, [r];
  add.s64 %q, %q, %g; add.s64 %r, %r, %g; ld.global.b{bits} %v, [%q]; mov.u32 %s, cell;
  setp.eq.u32 %f, %t, 0; @%f ld.global.b{bits} %z, [%p]; @%f st.shared.b{bits} [%s], %z; bar.sync 0;
  atom.{space}.{op}.{t} %old, [{where}], %v;
  st.global.b{bits} [%r], %old; bar.sync 0;
  @%f ld.{space}.b{bits} %z, [{where}]; @%f st.global.b{bits} [%p], %z; ret;
}}"""
    cell = driver.upload(np.array([start], dtype))
    out = driver.upload(np.zeros(n, dtype))
    driver.launch(driver.kernel(text), [cell, driver.upload(np.array(operands, dtype)), out], n)
    value, olds = start, []
    for o in operands:
        olds.append(value)
        value = f(value, int(o)) & ((1 << bits) - 1)
    final = driver.download(cell, 1, dtype)[0]
    expect(f"atom.{space}.{op}.{t}", [int(final)], [value])
    if len(set(operands)) == 1:  # whatever the order, the same values
        expect(f"atom.{space}.{op}.{t} old values", sorted(driver.download(out, n, dtype).tolist()), sorted(olds))


def sgn(v, bits):
    return v - (1 << bits) if v >> (bits - 1) else v


for space in ["global", "shared"]:
    for bits in [32, 64]:
        ops = [int(v) for v in rng.integers(0, 2**31, 64)] + [int(v) + (1 << bits) - 2**31 for v in rng.integers(0, 2**31, 32)]
        mask = (1 << bits) - 1
        atomic("add", f"u{bits}", 5, ops, lambda a, b: a + b, space)
        atomic("min", f"u{bits}", mask, ops, min, space)
        atomic("max", f"u{bits}", 0, ops, max, space)
        atomic("min", f"s{bits}", 0, ops, lambda a, b: min(sgn(a, bits), sgn(b, bits)), space)
        atomic("max", f"s{bits}", mask, ops, lambda a, b: max(sgn(a, bits), sgn(b, bits)), space)
        atomic("and", f"b{bits}", mask, [mask ^ (1 << i % bits) for i in range(20)], lambda a, b: a & b, space)
        atomic("or", f"b{bits}", 0, [1 << i % bits for i in range(20)], lambda a, b: a | b, space)
        atomic("xor", f"b{bits}", 3, ops, lambda a, b: a ^ b, space)
    atomic("inc", "u32", 0, [10] * 64, lambda a, b: 0 if a >= b else a + 1, space)
    atomic("dec", "u32", 7, [10] * 64, lambda a, b: b if a == 0 or a > b else a - 1, space)
    # Small integers: every order gives the same sum.
    f32 = np.arange(64, dtype=np.float32)
    bits_of = lambda v, d: int(np.array([v], d).view(f"u{np.dtype(d).itemsize}")[0])
    atomic("add", "f32", bits_of(1, "f4"), f32.view("u4"), lambda a, b: bits_of(np.array([a], "u4").view("f4")[0] + np.array([b], "u4").view("f4")[0], "f4"), space)
    atomic("add", "f64", bits_of(1, "f8"), f32.astype("f8").view("u8"), lambda a, b: bits_of(np.array([a], "u8").view("f8")[0] + np.array([b], "u8").view("f8")[0], "f8"), space)
    atomic("add", "u32", 9, [3] * 64, lambda a, b: a + b, space)
    atomic("exch", "b32", 9, [3] * 64, lambda a, b: b, space)
    h = np.ones(64, np.float16)
    atomic("add.noftz", "f16", bits_of(1, "f2"), h.view("u2"), lambda a, b: bits_of(np.array([a], "u2").view("f2")[0] + np.array([b], "u2").view("f2")[0], "f2"), space)

# cp.async: sizes, zero fill, ignored sources.
for size in [4, 8, 16]:
    for extra in ["", ", %n", ", %f"]:
        cache = "cg" if size == 16 else "ca"
        text = MODULE.format(target="sm_80") + f".shared .align 16 .b8 s[2048];\n.visible .entry k(.param .u64 p, .param .u64 q) {{" + f"""
  .reg .b32 %t, %a, %n, %w; .reg .b64 %p, %q, %g; .reg .pred %f; .reg .b32 %v;
  mov.u32 %t, %tid.x; mul.wide.u32 %g, %t, {size}; ld.param.u64 %p, [p]; ld.param.u64 %q, [q];
  add.s64 %p, %p, %g; add.s64 %q, %q, %g; mov.u32 %a, s; mad.lo.u32 %a, %t, {size}, %a;
  rem.u32 %n, %t, {size + 1}; and.b32 %w, %t, 1; setp.eq.u32 %f, %w, 1;
  cp.async.{cache}.shared.global [%a], [%p], {size}{extra};
  cp.async.commit_group; cp.async.wait_group 0;
  mov.u32 %w, 0;
L: add.u32 %n, %a, %w; ld.shared.u32 %v, [%n]; cvt.u64.u32 %g, %w; add.s64 %g, %q, %g; st.global.u32 [%g], %v;
  add.u32 %w, %w, 4; setp.lt.u32 %f, %w, {size}; @%f bra L; ret;
}}"""
        out = driver.upload(np.zeros(64 * size, np.uint8))
        driver.launch(driver.kernel(text), [driver.upload(source), out], 64)
        want = source[:64 * size].copy().reshape(64, size)
        for i in range(64):
            if extra == ", %n":
                want[i, i % (size + 1):] = 0
            elif extra == ", %f" and i % 2:
                want[i] = 0
        expect(f"cp.async {size}{extra}", driver.download(out, 64 * size, np.uint8), want.ravel())

# The module's dynamic shared memory and a kernel parameter passed by value.
text = MODULE.format(target="sm_80") + """
.extern .shared .align 16 .b8 dyn[];
.visible .entry k(.param .align 4 .b8 v[12], .param .u64 q) {
  .reg .b32 %t, %a, %r, %x; .reg .b64 %p, %g;
  mov.u32 %t, %tid.x; ld.param.u32 %x, [v+8]; mov.b64 %g, v; ld.param.u32 %r, [%g+4]; add.u32 %x, %x, %r;
  mov.u32 %a, dyn; mad.lo.u32 %a, %t, 4, %a; add.u32 %x, %x, %t; st.shared.u32 [%a], %x; bar.sync 0;
  mov.u32 %r, %dynamic_smem_size; mov.u32 %a, dyn; add.u32 %a, %a, %r; mul.lo.u32 %x, %t, 4; sub.u32 %a, %a, %x;
  ld.shared.u32 %x, [%a-4];
  ld.param.u64 %p, [q]; mul.wide.u32 %g, %t, 4; add.s64 %p, %p, %g; st.global.u32 [%p], %x; ret;
}"""
out = driver.upload(np.zeros(64, np.uint32))
driver.launch(driver.kernel(text), [(ctypes.c_uint32 * 3)(1, 20, 300), out], 64, shared=256)
expect("dynamic shared memory", driver.download(out, 64, np.uint32), 320 + np.arange(64)[::-1])

print(f"{count} instructions, {failures} wrong")
raise SystemExit(failures != 0)
