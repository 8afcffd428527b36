#!/usr/bin/env python3
"""Products on the virtual GPU against exact sums and the element-wise bounds of
docs/Numerics.md, in every `--compute` mode.

Rows and columns are of kinds that hurt: random, of mixed magnitudes, all
positive (truncation adds up), significands whose rounding errs most, cancelling,
subnormal, and near the largest numbers. The sums are exact (`math.fsum` over
products that are exact in f64). The kernels of a mode must also break the bound
of the next finer one: a bound that any arithmetic meets would say nothing.

Usage: products.py FOLDER
"""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

MODEL = """
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @main(%a: tensor<?x?xf32> {graph.name = "a", graph.type = "f32", graph.shape = ["m", "k"]},
                %b: tensor<?x?xf32> {graph.name = "b", graph.type = "f32", graph.shape = ["k", "n"]})
    -> (tensor<?x?xf32> {graph.name = "y", graph.type = "f32"}) {
  %0 = graph.contract %a, %b maps [#a, #b, #c] : tensor<?x?xf32>, tensor<?x?xf32> to tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
"""
U = 2.0 ** -24
MODES = ("f32", "tf32x3", "tf32", "f16", "bf16")
MACHINES = {"sm_80": "a100-sxm4-80", "sm_90": "h100-sxm5"}
ROWS = 8


def cores(k, step):
    """Roundings of k terms on a tensor core whose instruction takes `step`."""
    return k + 3 * 2 * math.ceil(k / step)


def statement(mode, k):
    """What docs/Numerics.md states: representation of the operands as (unit,
    tiny, largest), and c of the accumulation."""
    every = (0.0, 0.0, np.inf)
    if mode == "f32":
        return every, every, k
    if mode == "tf32x3":
        chain = cores(min(k, 32), 8)
        part = (2.0 ** -23, 2.0 ** -136, np.inf)
        return part, part, 4 + 1.001 * (chain * (1 + 2.0 ** -9) + 1 + math.ceil(k / 16))
    if mode == "tf32":
        part = (2.0 ** -11, 2.0 ** -136, np.inf)
        return part, part, cores(k, 8)
    if mode == "f16":
        return (2.0 ** -11, 2.0 ** -21, 65519 * 16), (2.0 ** -11, 2.0 ** -25, 65519), cores(k, 16)
    part = (2.0 ** -8, 2.0 ** -134, np.inf)
    return part, part, cores(k, 16)


def bound(mode, a, b):
    a, b = np.abs(a.astype(np.float64)), np.abs(b.astype(np.float64))
    k = a.shape[1]
    left, right, c = statement(mode, k)

    def represented(x, unit, tiny, largest):
        return np.where(x > largest, np.inf, np.where(x == 0, 0, x * (1 + unit) + tiny))
    with np.errstate(invalid="ignore"):
        upper = represented(a, *left) @ represented(b, *right)
        sizes = a @ b
        result = (upper - sizes) + (c * U / (1 - c * U) + k * 2.0 ** -51) * upper + (k + 2) * 2.0 ** -149
    return np.where(np.isnan(result), np.inf, result)


def operands(rng, k):
    """Left rows and right columns of all kinds."""
    def block(kind):
        x = rng.standard_normal((ROWS, k))
        if kind == "mixed":
            x *= 2.0 ** rng.integers(-20, 20, x.shape)
        elif kind == "positive":
            x = 1 + np.abs(x)
        elif kind == "worst":
            # Half an ulp of 11 and of 8 bits off, up or down; ones at the end.
            x = rng.choice([1 + 2.0 ** -11 - 2.0 ** -23, 1 + 3 * 2.0 ** -11 + 2.0 ** -23, 1 + 2.0 ** -8 + 2.0 ** -23,
                            2 - 2.0 ** -23, 1 + 2.0 ** -12 + 2.0 ** -23], x.shape)
        elif kind == "cancelling":
            x[:, k // 2: k // 2 * 2] = -x[:, : k // 2] * (1 + 2.0 ** -20 * rng.standard_normal((ROWS, k // 2)))
        elif kind == "subnormal":
            x *= 2.0 ** rng.integers(-149, -120, x.shape)
        elif kind == "huge":
            x *= 2.0 ** rng.integers(50, 61, x.shape)
        return x
    kinds = ("random", "mixed", "positive", "worst", "cancelling", "subnormal", "huge")
    a = np.concatenate([block(kind) for kind in kinds]).astype(np.float32)
    b = np.concatenate([block(kind) for kind in kinds]).astype(np.float32)
    return a, np.ascontiguousarray(b.T)


def exact(a, b):
    products = a.astype(np.float64)[:, :, None] * b.astype(np.float64)[None]
    result = np.array([[math.fsum(products[m, :, n]) for n in range(b.shape[1])] for m in range(a.shape[0])])
    largest = float(np.finfo(np.float32).max)
    return result, np.abs(result) < largest / 2


class Products:
    def __init__(self, folder):
        self.folder = folder
        self.model = folder / "m.mlir"
        self.model.write_text(MODEL)

    def compile(self, mode):
        path = self.folder / f"{mode}.raddle"
        subprocess.run(["raddle-compile", self.model, f"--compute={mode}", "--target=sm_80,sm_90", "-o", path], check=True)
        return path

    def run(self, path, target, mma, a, b):
        given, got = self.folder / "in.npz", self.folder / "out.npz"
        np.savez(given, a=a, b=b)
        subprocess.run(["raddle-run", path, "--device=vgpu", "--inputs", given, "--outputs", got], check=True,
                       env={**os.environ, "RADDLE_VGPU": MACHINES[target], "RADDLE_VGPU_MMA": mma})
        with np.load(got) as file:
            return file["y"].astype(np.float64)


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    products = Products(folder)
    rng = np.random.default_rng(3)
    failures, worst, broken = [], {}, set()
    artifacts = {mode: products.compile(mode) for mode in MODES}
    for k in (1, 5, 16, 33, 300, 1000):
        a, b = operands(rng, k)
        expected, finite = exact(a, b)
        for mode in MODES:
            for target, mma in (("sm_80", "hw"), ("sm_90", "hw"), ("sm_80", "exact")):
                if mode == "f32" and (target, mma) != ("sm_80", "hw"):
                    continue
                found = products.run(artifacts[mode], target, mma, a, b)
                limit = bound(mode, a, b)
                judged = finite & np.isfinite(limit)
                ratio = np.abs(found - expected)[judged] / limit[judged]
                key = mode, target, mma
                worst[key] = max(worst.get(key, 0), float(ratio.max()))
                if not (ratio <= 1).all():
                    failures.append(f"{mode} on {target} ({mma}), k = {k}: {ratio.max():.3g} times the bound")
                if mma == "hw":
                    for finer in MODES:
                        with np.errstate(invalid="ignore"):
                            if not (np.abs(found - expected)[judged] <= bound(finer, a, b)[judged]).all():
                                broken.add((mode, finer))
    for key, ratio in worst.items():
        print(f"{key[0]:7}{key[1]:6} {key[2]:6} largest error {ratio:.3f} of the bound")
    for mode, finer in (("tf32", "tf32x3"), ("f16", "tf32x3"), ("bf16", "tf32"), ("bf16", "tf32x3"), ("tf32x3", "f32")):
        if (mode, finer) not in broken:
            failures.append(f"products of {mode} meet the bound of {finer}")
    failures += overflow(products, artifacts["f16"])
    if failures:
        sys.exit("\n".join(failures))


def overflow(products, path):
    """f16: what leaves the range of the scaled operand is infinite, as stated."""
    largest = np.float32(65504 * 16)
    a = np.zeros((4, 16), np.float32)
    a[0, 0], a[1, 0], a[2, 0], a[3, 0] = largest, np.float32(65520 * 16), 2.0 ** -22, 1
    b = np.zeros((16, 8), np.float32)
    b[0, 0], b[0, 1] = 1, 65520
    y = products.run(path, "sm_80", "hw", a, b)
    expected = {(0, 0): float(largest), (1, 0): np.inf, (2, 0): 2.0 ** -22, (3, 0): 1, (3, 1): np.inf}
    result = []
    for at, value in expected.items():
        limit = 2.0 ** -21 if np.isfinite(value) else 0
        if not (y[at] == value or abs(y[at] - value) <= limit):
            result.append(f"f16 at the end of its range: {at} is {y[at]}, expected {value}")
    return result


if __name__ == "__main__":
    main()
