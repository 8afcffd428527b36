"""Kernels of another compiler for the virtual GPU: compiled with Triton.

usage: triton_kernels.py OUTPUT_FOLDER   (run in the environment 'triton')

Writes NAME.SM.ptx, NAME.SM.json (grid, block, shared, arguments) per kernel and
target, and NAME.npz: the inputs and what NumPy says must come out. No kernel is
made for the machine: products, attention, norms, scans, sorts, histograms,
atomics and descriptors as people write them.
"""

import json
import sys
from pathlib import Path

import numpy as np
import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

LOG2E: tl.constexpr = tl.constexpr(1.44269504)


@triton.jit
def add(x, y, out, n, B: tl.constexpr):
    i = tl.program_id(0) * B + tl.arange(0, B)
    tl.store(out + i, tl.load(x + i, i < n) + tl.load(y + i, i < n), i < n)


@triton.jit
def gelu(x, out, n, B: tl.constexpr):
    i = tl.program_id(0) * B + tl.arange(0, B)
    v = tl.load(x + i, i < n).to(tl.float32)
    tl.store(out + i, (0.5 * v * (1 + tl.erf(v * 0.7071067811865476))).to(out.dtype.element_ty), i < n)


@triton.jit
def transcendental(x, out, n, B: tl.constexpr):
    i = tl.program_id(0) * B + tl.arange(0, B)
    v = tl.load(x + i, i < n)
    tl.store(out + i, tl.exp(v) + tl.log(tl.abs(v) + 1) + tl.sin(v) * tl.cos(v) + tl.sqrt(tl.abs(v)), i < n)


@triton.jit
def integers(x, out, n, B: tl.constexpr):
    i = tl.program_id(0) * B + tl.arange(0, B)
    v = tl.load(x + i, i < n)
    r = (v * 37 + 11) // 7 % 1000 ^ (v << 3) | (v >> 2) & 255
    tl.store(out + i, r + tl.umulhi(v.to(tl.uint32), (v * 77).to(tl.uint32)).to(tl.int32), i < n)


@triton.jit
def softmax(x, out, N: tl.constexpr, B: tl.constexpr):
    i = tl.arange(0, B)
    row = tl.program_id(0) * N
    v = tl.load(x + row + i, i < N, -float("inf"))
    w = tl.exp(v - tl.max(v, 0))
    tl.store(out + row + i, w / tl.sum(w, 0), i < N)


@triton.jit
def layer_norm(x, scale, bias, out, N: tl.constexpr, B: tl.constexpr):
    i = tl.arange(0, B)
    row = tl.program_id(0) * N
    v = tl.load(x + row + i, i < N, 0)
    c = tl.where(i < N, v - tl.sum(v, 0) / N, 0)
    normed = c * tl.rsqrt(tl.sum(c * c, 0) / N + 1e-5)
    tl.store(out + row + i, normed * tl.load(scale + i, i < N) + tl.load(bias + i, i < N), i < N)


@triton.jit
def transpose(x, out, M: tl.constexpr, N: tl.constexpr, B: tl.constexpr):
    r = tl.program_id(0) * B + tl.arange(0, B)
    c = tl.program_id(1) * B + tl.arange(0, B)
    t = tl.load(x + r[:, None] * N + c[None, :], (r[:, None] < M) & (c[None, :] < N))
    tl.store(out + c[:, None] * M + r[None, :], tl.trans(t), (c[:, None] < N) & (r[None, :] < M))


@triton.jit
def scan(x, out, B: tl.constexpr):
    i = tl.program_id(0) * B + tl.arange(0, B)
    tl.store(out + i, tl.cumsum(tl.load(x + i), 0))


@triton.jit
def product_scan(x, out, M: tl.constexpr, B: tl.constexpr):
    r = tl.arange(0, M)
    i = tl.arange(0, B)
    at = r[:, None] * B + i[None, :]
    tl.store(out + at, tl.cumprod(tl.load(x + at), 0))


@triton.jit
def sort(x, out, B: tl.constexpr):
    i = tl.program_id(0) * B + tl.arange(0, B)
    tl.store(out + i, tl.sort(tl.load(x + i)))


@triton.jit
def arg_max(x, out, N: tl.constexpr):
    i = tl.arange(0, N)
    row = tl.program_id(0)
    tl.store(out + row, tl.argmax(tl.load(x + row * N + i), 0))


@triton.jit
def histogram(x, out, N: tl.constexpr, BINS: tl.constexpr):
    h = tl.histogram(tl.load(x + tl.program_id(0) * N + tl.arange(0, N)), BINS)
    tl.atomic_add(out + tl.arange(0, BINS), h)


@triton.jit
def gather_rows(table, index, out, W: tl.constexpr):
    row = tl.load(index + tl.program_id(0))
    i = tl.arange(0, W)
    tl.store(out + tl.program_id(0) * W + i, tl.load(table + row * W + i))


@triton.jit
def scatter_add(x, index, out, W: tl.constexpr):
    row = tl.load(index + tl.program_id(0))
    i = tl.arange(0, W)
    tl.atomic_add(out + row * W + i, tl.load(x + tl.program_id(0) * W + i))


@triton.jit
def locked_sum(x, lock, out, N: tl.constexpr):
    s = tl.sum(tl.load(x + tl.program_id(0) * N + tl.arange(0, N)), 0)
    while tl.atomic_cas(lock, 0, 1) == 1:
        pass
    tl.store(out, tl.load(out) + s)
    tl.debug_barrier()
    tl.atomic_xchg(lock, 0)


@triton.jit
def random(out, seed, B: tl.constexpr):
    i = tl.program_id(0) * B + tl.arange(0, B)
    tl.store(out + i, tl.randint(seed, i).to(tl.int32))


@triton.jit
def matmul(a, b, c, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, ACC: tl.constexpr):
    row = tl.program_id(0) * BM + tl.arange(0, BM)
    column = tl.program_id(1) * BN + tl.arange(0, BN)
    inner = tl.arange(0, BK)
    a_tile = a + row[:, None] * K + inner[None, :]
    b_tile = b + inner[:, None] * N + column[None, :]
    total = tl.zeros((BM, BN), dtype=ACC)
    for k in range(0, K, BK):
        x = tl.load(a_tile, (row[:, None] < M) & (inner[None, :] < K - k), 0)
        y = tl.load(b_tile, (inner[:, None] < K - k) & (column[None, :] < N), 0)
        total = tl.dot(x, y, total, out_dtype=ACC)
        a_tile += BK
        b_tile += BK * N
    tl.store(c + row[:, None] * N + column[None, :], total.to(c.dtype.element_ty),
             (row[:, None] < M) & (column[None, :] < N))


@triton.jit
def matmul_descriptor(a, b, c, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    da = tl.make_tensor_descriptor(a, [M, K], [K, 1], [BM, BK])
    db = tl.make_tensor_descriptor(b, [K, N], [N, 1], [BK, BN])
    dc = tl.make_tensor_descriptor(c, [M, N], [N, 1], [BM, BN])
    r = tl.program_id(0) * BM
    s = tl.program_id(1) * BN
    total = tl.zeros((BM, BN), dtype=tl.float32)
    for k in range(0, K, BK):
        total = tl.dot(da.load([r, k]), db.load([k, s]), total)
    dc.store([r, s], total.to(tl.float16))


@triton.jit
def split_k(a, b, c, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, PARTS: tl.constexpr):
    row = tl.program_id(0) * BM + tl.arange(0, BM)
    column = tl.program_id(1) * BN + tl.arange(0, BN)
    total = tl.zeros((BM, BN), dtype=tl.float32)
    for k in range(tl.program_id(2) * BK, K, BK * PARTS):
        inner = k + tl.arange(0, BK)
        total += tl.dot(tl.load(a + row[:, None] * K + inner[None, :]), tl.load(b + inner[:, None] * N + column[None, :]))
    tl.atomic_add(c + row[:, None] * N + column[None, :], total)


@triton.jit
def attention(q, k, v, out, LENGTH: tl.constexpr, HEAD: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr,
              CAUSAL: tl.constexpr):
    head = tl.program_id(1) * LENGTH * HEAD
    row = tl.program_id(0) * BM + tl.arange(0, BM)
    inner = tl.arange(0, HEAD)
    column = tl.arange(0, BN)
    queries = tl.load(q + head + row[:, None] * HEAD + inner[None, :])
    largest = tl.full((BM,), -float("inf"), tl.float32)
    total = tl.zeros((BM,), tl.float32)
    mixed = tl.zeros((BM, HEAD), tl.float32)
    scale: tl.constexpr = 1.44269504 / HEAD ** 0.5
    end = (tl.program_id(0) + 1) * BM if CAUSAL else LENGTH
    for start in range(0, end, BN):
        keys = tl.load(k + head + inner[:, None] + (start + column)[None, :] * HEAD)
        scores = tl.dot(queries, keys) * scale
        if CAUSAL:
            scores = tl.where(row[:, None] >= start + column[None, :], scores, -float("inf"))
        top = tl.maximum(largest, tl.max(scores, 1))
        weights = tl.exp2(scores - top[:, None])
        shrink = tl.exp2(largest - top)
        total = total * shrink + tl.sum(weights, 1)
        values = tl.load(v + head + (start + column)[:, None] * HEAD + inner[None, :])
        mixed = tl.dot(weights.to(values.dtype), values, mixed * shrink[:, None])
        largest = top
    tl.store(out + head + row[:, None] * HEAD + inner[None, :], (mixed / total[:, None]).to(out.dtype.element_ty))


@triton.jit
def int8_weights(x, w, scale, out, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    row = tl.program_id(0) * BM + tl.arange(0, BM)
    column = tl.program_id(1) * BN + tl.arange(0, BN)
    total = tl.zeros((BM, BN), dtype=tl.float32)
    for k in range(0, K, BK):
        inner = k + tl.arange(0, BK)
        codes = tl.load(w + inner[:, None] * N + column[None, :])
        total = tl.dot(tl.load(x + row[:, None] * K + inner[None, :]), codes.to(tl.float16), total)
    tl.store(out + row[:, None] * N + column[None, :], (total * tl.load(scale + column)[None, :]).to(tl.float16))


RNG = np.random.default_rng(1)


def normal(*shape, dtype=np.float32):
    return RNG.standard_normal(shape).astype(dtype)


def erf(x):
    from math import erf as one
    return np.vectorize(one)(x.astype(np.float64))


def attend(q, k, v, causal):
    q, k, v = (x.astype(np.float64) for x in (q, k, v))
    s = q @ k.swapaxes(-1, -2) / q.shape[-1] ** 0.5
    if causal:
        s = np.where(np.tril(np.ones(s.shape[-2:], bool)), s, -np.inf)
    p = np.exp(s - s.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True) @ v


def entries():
    """(name, kernel, arrays and scalars in order, constants, grid, warps, stages, expected by array name, tolerance)"""
    x, y = normal(1000), normal(1000)
    zeros = np.zeros_like
    yield "add", add, {"x": x, "y": y, "out": zeros(x), "n": 1000}, {"B": 256}, (4,), 4, 1, {"out": x + y}, 0
    h = normal(1000, dtype=np.float16)
    yield "gelu-f16", gelu, {"x": h, "out": zeros(h), "n": 1000}, {"B": 512}, (2,), 4, 1, \
        {"out": 0.5 * h * (1 + erf(h * 0.7071067811865476))}, 1e-3
    yield "transcendental", transcendental, {"x": x, "out": zeros(x), "n": 1000}, {"B": 128}, (8,), 2, 1, \
        {"out": np.exp(x) + np.log(np.abs(x) + 1) + np.sin(x) * np.cos(x) + np.sqrt(np.abs(x))}, 1e-5
    i = RNG.integers(0, 1 << 15, 1000, dtype=np.int32)
    high = (i.astype(np.uint64) * (i * 77).astype(np.uint32).astype(np.uint64)) >> np.uint64(32)
    yield "integers", integers, {"x": i, "out": zeros(i), "n": 1000}, {"B": 256}, (4,), 4, 1, \
        {"out": ((i * 37 + 11) // 7 % 1000 ^ (i << 3) | (i >> 2) & 255) + high.astype(np.int32)}, 0
    for n, block, warps in ((1000, 1024, 4), (127, 128, 1), (3000, 4096, 8)):
        m = normal(5, n)
        e = np.exp(m.astype(np.float64) - m.max(1, keepdims=True))
        yield f"softmax-{n}", softmax, {"x": m, "out": zeros(m)}, {"N": n, "B": block}, (5,), warps, 1, \
            {"out": e / e.sum(1, keepdims=True)}, 1e-6
    m, s, b = normal(6, 768), normal(768), normal(768)
    c = m.astype(np.float64) - m.mean(1, keepdims=True)
    yield "layer-norm", layer_norm, {"x": m, "scale": s, "bias": b, "out": zeros(m)}, {"N": 768, "B": 1024}, (6,), 4, 1, \
        {"out": c / np.sqrt((c * c).mean(1, keepdims=True) + 1e-5) * s + b}, 1e-5
    m = normal(100, 70)
    yield "transpose", transpose, {"x": m, "out": np.zeros((70, 100), np.float32)}, {"M": 100, "N": 70, "B": 32}, (4, 3), \
        4, 1, {"out": m.T}, 0
    i = RNG.integers(-50, 50, 2048, dtype=np.int32)
    yield "scan", scan, {"x": i, "out": zeros(i)}, {"B": 1024}, (2,), 4, 1, \
        {"out": np.concatenate([np.cumsum(i[:1024]), np.cumsum(i[1024:])])}, 0
    m = (1 + normal(16, 64) / 10).astype(np.float32)
    yield "product-scan", product_scan, {"x": m, "out": zeros(m)}, {"M": 16, "B": 64}, (1,), 4, 1, \
        {"out": np.cumprod(m.astype(np.float64), 0)}, 1e-5
    x = normal(1024)
    yield "sort", sort, {"x": x, "out": zeros(x)}, {"B": 512}, (2,), 4, 1, \
        {"out": np.concatenate([np.sort(x[:512]), np.sort(x[512:])])}, 0
    m = normal(7, 512)
    yield "arg-max", arg_max, {"x": m, "out": np.zeros(7, np.int32)}, {"N": 512}, (7,), 4, 1, {"out": m.argmax(1)}, 0
    i = RNG.integers(0, 64, 2048, dtype=np.int32)
    yield "histogram", histogram, {"x": i, "out": np.zeros(64, np.int32)}, {"N": 1024, "BINS": 64}, (2,), 4, 1, \
        {"out": np.bincount(i, minlength=64)}, 0
    table, index = normal(50, 64), RNG.integers(0, 50, 20, dtype=np.int32)
    yield "gather", gather_rows, {"table": table, "index": index, "out": np.zeros((20, 64), np.float32)}, {"W": 64}, \
        (20,), 1, 1, {"out": table[index]}, 0
    rows = RNG.integers(-9, 9, (20, 64)).astype(np.float32)
    total = np.zeros((50, 64), np.float32)
    np.add.at(total, index, rows)
    yield "scatter-add", scatter_add, {"x": rows, "index": index, "out": zeros(total)}, {"W": 64}, (20,), 2, 1, \
        {"out": total}, 0
    i = RNG.integers(-9, 9, 16 * 128).astype(np.float32)
    yield "locked-sum", locked_sum, {"x": i, "lock": np.zeros(1, np.int32), "out": np.zeros(1, np.float32)}, {"N": 128}, \
        (16,), 4, 1, {"out": i.sum(keepdims=True)}, 0
    yield "random", random, {"out": np.zeros(256, np.int32), "seed": 42}, {"B": 128}, (2,), 4, 1, {}, 0
    for name, dtype, m, n, k, bm, bn, bk, stages, warps in (
            ("f16", np.float16, 256, 256, 256, 128, 128, 64, 3, 4), ("f16-edge", np.float16, 200, 136, 96, 64, 64, 32, 4, 4),
            ("f16-wide", np.float16, 128, 512, 128, 128, 256, 64, 3, 8), ("f32-tf32", np.float32, 128, 128, 64, 64, 64, 32, 2, 4),
            ("f16-small", np.float16, 64, 64, 64, 32, 32, 32, 2, 2)):
        a, b = normal(m, k, dtype=dtype), normal(k, n, dtype=dtype)
        yield f"matmul-{name}", matmul, {"a": a, "b": b, "c": np.zeros((m, n), dtype), "M": m, "N": n, "K": k}, \
            {"BM": bm, "BN": bn, "BK": bk, "ACC": tl.float32}, (-(-m // bm), -(-n // bn)), warps, stages, \
            {"c": a.astype(np.float64) @ b.astype(np.float64)}, 2e-3
    a, b = (RNG.integers(-128, 128, s, dtype=np.int8) for s in ((128, 128), (128, 128)))
    yield "matmul-int8", matmul, {"a": a, "b": b, "c": np.zeros((128, 128), np.int32), "M": 128, "N": 128, "K": 128}, \
        {"BM": 64, "BN": 64, "BK": 64, "ACC": tl.int32}, (2, 2), 4, 3, {"c": a.astype(np.int32) @ b.astype(np.int32)}, 0
    a, b = normal(128, 256, dtype=np.float16), normal(256, 64, dtype=np.float16)
    yield "split-k", split_k, {"a": a, "b": b, "c": np.zeros((128, 64), np.float32), "M": 128, "N": 64, "K": 256}, \
        {"BM": 64, "BN": 64, "BK": 32, "PARTS": 4}, (2, 1, 4), 4, 2, {"c": a.astype(np.float64) @ b.astype(np.float64)}, 1e-3
    w, s = RNG.integers(-127, 128, (128, 64), dtype=np.int8), np.abs(normal(64)) / 64
    x = normal(64, 128, dtype=np.float16)
    yield "int8-weights", int8_weights, {"x": x, "w": w, "scale": s.astype(np.float32), "out": np.zeros((64, 64), np.float16),
                                         "M": 64, "N": 64, "K": 128}, {"BM": 64, "BN": 64, "BK": 32}, (1, 1), 4, 3, \
        {"out": x.astype(np.float64) @ w.astype(np.float64) * s.astype(np.float32)}, 3e-3
    for head, causal, warps in ((64, False, 4), (64, True, 4), (128, False, 8)):
        q, k, v = (normal(2, 256, head, dtype=np.float16) for _ in range(3))
        yield f"attention-{head}{'-causal' if causal else ''}", attention, {"q": q, "k": k, "v": v, "out": zeros(q)}, \
            {"LENGTH": 256, "HEAD": head, "BM": 128, "BN": 64, "CAUSAL": causal}, (2, 2), warps, 3, \
            {"out": attend(q, k, v, causal)}, 2e-3
    a, b = normal(256, 128, dtype=np.float16), normal(128, 128, dtype=np.float16)
    yield "matmul-descriptor", matmul_descriptor, {"a": a, "b": b, "c": np.zeros((256, 128), np.float16), "M": 256, "N": 128,
                                                   "K": 128}, {"BM": 128, "BN": 64, "BK": 64}, (2, 2), 4, 3, \
        {"c": a.astype(np.float64) @ b.astype(np.float64)}, 2e-3


POINTERS = {"float32": "*fp32", "float16": "*fp16", "int32": "*i32", "int8": "*i8"}


def main():
    folder = Path(sys.argv[1])
    failed = 0
    for name, kernel, arguments, constants, grid, warps, stages, expected, tolerance in entries():
        for sm in (80, 90):
            signature, aligned = {}, {}
            for i, arg in enumerate(kernel.arg_names):
                value = arguments.get(arg)
                if isinstance(value, np.ndarray):
                    signature[arg] = POINTERS[str(value.dtype)]
                    aligned[(i,)] = [["tt.divisibility", 16]]
                elif arg in constants:
                    signature[arg] = "constexpr"
                else:
                    signature[arg] = "i32"
                    if value % 16 == 0:
                        aligned[(i,)] = [["tt.divisibility", 16]]
            try:
                made = triton.compile(ASTSource(kernel, signature, constants, aligned), target=GPUTarget("cuda", sm, 32),
                                      options={"num_warps": warps, "num_stages": stages})
            except Exception as error:  # the other compiler's own limits
                print(f"{name} sm_{sm}: not compiled: {str(error).splitlines()[0] if str(error) else error!r}")
                failed += 1
                continue
            (folder / f"{name}.sm_{sm}.ptx").write_text(made.asm["ptx"])
            metadata = made.metadata
            order = [a for a in kernel.arg_names if a in arguments]
            (folder / f"{name}.sm_{sm}.json").write_text(json.dumps({
                "grid": list(grid), "block": metadata.num_warps * 32, "shared": metadata.shared,
                "scratch": getattr(metadata, "global_scratch_size", 0) or 0, "order": order,
                "scalars": {a: v for a, v in arguments.items() if not isinstance(v, np.ndarray)},
                "outputs": sorted(expected), "tolerance": tolerance}))
        np.savez(folder / f"{name}.npz", **{a: v for a, v in arguments.items() if isinstance(v, np.ndarray)},
                 **{f"expected:{a}": v for a, v in expected.items()})
    print(f"{failed} not compiled")


if __name__ == "__main__":
    main()
