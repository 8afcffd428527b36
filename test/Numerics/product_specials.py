#!/usr/bin/env python3
"""An f32 product with infinities, NaN and numbers next to the largest one on
the virtual GPU: the kinds of results are those of exact arithmetic, finite
ones stay within the bound of tf32x3 in docs/Numerics.md.

Usage: product_specials.py product.mlir FOLDER
"""

import subprocess
import sys
from pathlib import Path

import numpy as np


def main():
    model, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    m, n, k = 32, 32, 64
    rng = np.random.default_rng(0)
    a = rng.standard_normal((m, k)).astype(np.float32)
    b = rng.standard_normal((k, n)).astype(np.float32)
    a[0] = 0
    a[0, 0], b[0] = np.finfo(np.float32).max, 0.25
    a[1, 3], a[2, 5], a[3, 7] = np.inf, -np.inf, np.nan
    a[4] = 0
    a[4, 0] = -3.4025e38
    b[9, 9] = np.inf
    a[:, 9] = np.abs(a[:, 9]) + 1
    np.savez(folder / "in.npz", a=a, b=b)
    subprocess.run(["raddle-compile", model, "-o", folder / "m.raddle"], check=True)
    subprocess.run(["raddle-run", folder / "m.raddle", "--device=vgpu", "--inputs", folder / "in.npz", "--outputs",
                    folder / "out.npz"], check=True)
    y = np.load(folder / "out.npz")["y"].astype(np.float64)
    with np.errstate(all="ignore"):
        exact = a.astype(np.float64) @ b.astype(np.float64)
        exact = np.where(np.abs(exact) > np.finfo(np.float32).max, np.sign(exact) * np.inf, exact)
        size = np.abs(a.astype(np.float64)) @ np.abs(b.astype(np.float64))
    assert np.array_equal(np.isnan(y), np.isnan(exact)), "NaN differs"
    infinite = np.isinf(exact)
    assert np.array_equal(y[infinite], exact[infinite]), "infinities differ"
    finite = np.isfinite(exact)
    bound = 2.0 ** -21 + (k / 16 + 72) * 2.0 ** -24
    error = np.max(np.abs(y[finite] - exact[finite]) / size[finite])
    assert error <= bound, f"expected at most {bound:.3g}, found {error:.3g}"


if __name__ == "__main__":
    main()
