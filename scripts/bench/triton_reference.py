"""Compiles the kernels of `dev bench kernels` with Triton, for sm_80.

usage: triton_reference.py OUTPUT_FOLDER   (run in the environment 'triton')

Writes NAME.ptx and NAME.json ({"shared": bytes}) per kernel. The kernels are the
usual ones of Triton's own tutorials: a pipelined matmul, flash attention, layer
norm and softmax by rows. Every size is a constant, as it is for the compiler
that they are compared with.
"""

import json
import sys
from pathlib import Path

import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource


@triton.jit
def matmul(a, b, c, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr,
           BK: tl.constexpr):
    row = tl.program_id(0) * BM + tl.arange(0, BM)
    column = tl.program_id(1) * BN + tl.arange(0, BN)
    inner = tl.arange(0, BK)
    a_tile = a + row[:, None] * K + inner[None, :]
    b_tile = b + inner[:, None] * N + column[None, :]
    total = tl.zeros((BM, BN), dtype=tl.float32)
    for _ in range(0, K, BK):
        total = tl.dot(tl.load(a_tile), tl.load(b_tile), total)
        a_tile += BK
        b_tile += BK * N
    tl.store(c + row[:, None] * N + column[None, :], total.to(tl.float16))


@triton.jit
def attention(q, k, v, out, LENGTH: tl.constexpr, HEAD: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr):
    head = tl.program_id(1) * LENGTH * HEAD
    row = tl.program_id(0) * BM + tl.arange(0, BM)
    inner = tl.arange(0, HEAD)
    column = tl.arange(0, BN)
    queries = tl.load(q + head + row[:, None] * HEAD + inner[None, :])
    k_tile = k + head + inner[:, None] + column[None, :] * HEAD
    v_tile = v + head + column[:, None] * HEAD + inner[None, :]
    largest = tl.full((BM,), -float("inf"), tl.float32)
    total = tl.zeros((BM,), tl.float32)
    mixed = tl.zeros((BM, HEAD), tl.float32)
    scale: tl.constexpr = 1.44269504 / HEAD ** 0.5
    for _ in range(0, LENGTH, BN):
        scores = tl.dot(queries, tl.load(k_tile)) * scale
        top = tl.maximum(largest, tl.max(scores, 1))
        weights = tl.exp2(scores - top[:, None])
        shrink = tl.exp2(largest - top)
        total = total * shrink + tl.sum(weights, 1)
        mixed = tl.dot(weights.to(tl.float16), tl.load(v_tile), mixed * shrink[:, None])
        largest = top
        k_tile += BN * HEAD
        v_tile += BN * HEAD
    tl.store(out + head + row[:, None] * HEAD + inner[None, :], (mixed / total[:, None]).to(tl.float16))


@triton.jit
def layer_norm(x, scale, bias, out, N: tl.constexpr):
    offset = tl.arange(0, N)
    row = tl.program_id(0) * N
    value = tl.load(x + row + offset)
    centred = value - tl.sum(value, 0) / N
    normed = centred * tl.rsqrt(tl.sum(centred * centred, 0) / N + 1e-5)
    tl.store(out + row + offset, normed * tl.load(scale + offset) + tl.load(bias + offset))


@triton.jit
def softmax(x, out, N: tl.constexpr):
    offset = tl.arange(0, N)
    row = tl.program_id(0) * N
    value = tl.load(x + row + offset)
    weights = tl.exp(value - tl.max(value, 0))
    tl.store(out + row + offset, weights / tl.sum(weights, 0))


KERNELS = {
    "matmul 1024": (matmul, "*fp16", {"M": 1024, "N": 1024, "K": 1024, "BM": 128, "BN": 128, "BK": 32}, 4, 4),
    "matmul 4096": (matmul, "*fp16", {"M": 4096, "N": 4096, "K": 4096, "BM": 128, "BN": 256, "BK": 32}, 8, 4),
    "attention 64": (attention, "*fp16", {"LENGTH": 1024, "HEAD": 64, "BM": 128, "BN": 64}, 4, 3),
    "attention 128": (attention, "*fp16", {"LENGTH": 1024, "HEAD": 128, "BM": 128, "BN": 64}, 8, 3),
    "layer norm": (layer_norm, "*fp32", {"N": 1024}, 4, 1),
    "softmax": (softmax, "*fp32", {"N": 1024}, 4, 1),
}


def main():
    folder = Path(sys.argv[1])
    for name, (kernel, pointer, constants, warps, stages) in KERNELS.items():
        signature = {arg: "constexpr" if arg in constants else pointer for arg in kernel.arg_names}
        # Pointers from an allocator are aligned to 16 bytes at least.
        aligned = {(i,): [["tt.divisibility", 16]] for i, arg in enumerate(kernel.arg_names) if arg not in constants}
        source = ASTSource(kernel, signature, constants, aligned)
        made = triton.compile(source, target=GPUTarget("cuda", 80, 32),
                              options={"num_warps": warps, "num_stages": stages})
        (folder / f"{name}.ptx").write_text(made.asm["ptx"])
        (folder / f"{name}.json").write_text(json.dumps({"shared": made.metadata.shared}))


if __name__ == "__main__":
    main()
