#!/usr/bin/env python3
"""Integer operations on the virtual GPU against Python's integers, with zero
divisors, overflow and shifts by more than the width. Usage: integer_ops.py FOLDER
"""

import subprocess
import sys
from pathlib import Path

import numpy as np


def references(bits):
    size = 1 << bits

    def wrap(x):
        return (x + size // 2) % size - size // 2

    def truncated(x, y):
        q = abs(x) // abs(y)
        return q if (x < 0) == (y < 0) else -q

    def power(x, y):
        if y >= 0:
            return wrap(pow(x, y, size))
        return 1 if x == 1 else 0 if x != -1 else -1 if y % 2 else 1

    def divided(function, zero=lambda x: x):
        return lambda x, y: zero(x) if y == 0 else wrap(function(x, y))

    def nothing(x):
        return 0

    return {
        "arith.divsi": divided(truncated),
        "arith.remsi": divided(lambda x, y: x - y * truncated(x, y), nothing),
        "arith.floordivsi": divided(lambda x, y: x // y),
        "arith.ceildivsi": divided(lambda x, y: -(-x // y)),
        "arith.divui": divided(lambda x, y: x % size // (y % size)),
        "arith.remui": divided(lambda x, y: x % size % (y % size), nothing),
        "arith.shli": lambda x, y: 0 if y % size >= bits else wrap(x << y),
        "arith.shrui": lambda x, y: 0 if y % size >= bits else wrap(x % size >> y),
        "arith.shrsi": lambda x, y: x >> min(y % size, bits - 1),
        "math.ipowi": power,
    }


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for bits in (8, 32, 64):
        kind = np.dtype(f"int{bits}")
        limits = np.iinfo(kind)
        values = np.array([0, 1, -1, 2, -2, 3, 5, 7, -7, 31, 32, 63, -100, limits.min, limits.max], kind)
        a, b = np.repeat(values, len(values)), np.tile(values, len(values))
        wanted = references(bits)
        tensor = f"tensor<{len(a)}xi{bits}>"
        inputs = ", ".join(f'%{v}: {tensor} {{graph.name = "{v}", graph.type = "i{bits}", graph.shape = [{len(a)}]}}'
                           for v in "ab")
        outputs = ", ".join(f'{tensor} {{graph.name = "y{i}", graph.type = "i{bits}"}}' for i in range(len(wanted)))
        body = "\n".join(f"  %r{i} = {name} %a, %b : {tensor}" for i, name in enumerate(wanted))
        names, types = (", ".join(x) for x in ([f"%r{i}" for i in range(len(wanted))], [tensor] * len(wanted)))
        (folder / "m.mlir").write_text(f"func.func @main({inputs}) -> ({outputs}) {{\n{body}\n"
                                       f"  return {names} : {types}\n}}\n")
        np.savez(folder / "in.npz", a=a, b=b)
        subprocess.run(["raddle-compile", folder / "m.mlir", "-O0", "--target=sm_80,sm_86,sm_89,sm_90", "-o",
                        folder / "m.raddle"], check=True)
        subprocess.run(["raddle-run", folder / "m.raddle", "--device=vgpu", "--inputs", folder / "in.npz",
                        "--outputs", folder / "out.npz"], check=True)
        results = np.load(folder / "out.npz")
        for i, (name, reference) in enumerate(wanted.items()):
            for x, y, found in zip(a.tolist(), b.tolist(), results[f"y{i}"].tolist()):
                expected = reference(x, y)
                assert found == expected, f"{name} of i{bits} {x}, {y}: expected {expected}, found {found}"


if __name__ == "__main__":
    main()
