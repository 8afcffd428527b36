#!/usr/bin/env python3
"""Elementary functions on the virtual GPU against numpy's extended precision.

Usage: math_functions.py TYPE [--table]
TYPE is f32, f16, bf16 or f64. Every function is judged on random arguments of
its whole range and on special values; the largest error in units in the last
place must stay within BOUNDS. --table prints the rows of docs/Numerics.md.
"""

import argparse
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

wide = np.longdouble
erf, erfc = (np.vectorize(f, otypes=[np.float64]) for f in (math.erf, math.erfc))


def pow_wide(x, y):
    result = np.power(np.abs(x), y)
    odd = (np.rint(y) == y) & (np.fmod(y, 2) != 0) & np.isfinite(y)
    result = np.where(odd, np.copysign(result, x), result)
    fraction = (x < 0) & np.isfinite(x) & (np.rint(y) != y)
    result = np.where(fraction, np.nan, result)
    return np.where((x == 1) | (y == 0), wide(1), result)


def round_away(x):
    return np.copysign(np.floor(np.abs(x) + wide(0.5)), x)


# operation: (reference, range of arguments, bound in ulp for f32, for f64);
# a range of None is every number. f16 and bf16: 0.51 for all that rounds.
UNARY = {
    "exp": (np.exp, (-105, 90), 2, 2),
    "exp2": (np.exp2, (-150, 129), 2, 2),
    "expm1": (np.expm1, (-20, 89), 2, 2),
    "log": (np.log, None, 2, 2),
    "log2": (np.log2, None, 3, 3),
    "log10": (np.log10, None, 3, 3),
    "log1p": (np.log1p, None, 2, 2),
    "sin": (np.sin, "angle", 2, 2),
    "cos": (np.cos, "angle", 2, 2),
    "tan": (np.tan, "angle", 4, 4),
    "asin": (np.arcsin, (-1, 1), 3, 3),
    "acos": (np.arccos, (-1, 1), 3, 3),
    "atan": (np.arctan, None, 3, 3),
    "sinh": (np.sinh, (-90, 90), 4, 4),
    "cosh": (np.cosh, (-90, 90), 3, 3),
    "tanh": (np.tanh, (-20, 20), 3, 3),
    "asinh": (np.arcsinh, None, 4, 4),
    "acosh": (np.arccosh, (1, 1e30), 4, 4),
    "atanh": (np.arctanh, (-1, 1), 4, 4),
    "erf": (erf, (-6, 6), 3, 3),
    "erfc": (erfc, (-6, 10.1), 6, 6),
    "cbrt": (np.cbrt, None, 2, 2),
    "rsqrt": (lambda x: 1 / np.sqrt(x), None, 2, 2),
    "sqrt": (np.sqrt, None, 0.5, 0.5),
    "absf": (np.abs, None, 0, 0),
    "floor": (np.floor, None, 0, 0),
    "ceil": (np.ceil, None, 0, 0),
    "trunc": (np.trunc, None, 0, 0),
    "round": (round_away, (-1e6, 1e6), 0, 0),
    "roundeven": (np.rint, None, 0, 0),
}
BINARY = {
    "math.powf": (pow_wide, 3, 3),
    "math.atan2": (np.arctan2, 3, 3),
    "math.copysign": (np.copysign, 0, 0),
    "arith.divf": (np.divide, 0.5, 0.5),
    "arith.remf": (np.fmod, 0, 0),
    "arith.maximumf": (np.maximum, 0, 0),
    "arith.minimumf": (np.minimum, 0, 0),
    "arith.maxnumf": (np.fmax, 0, 0),
    "arith.minnumf": (np.fmin, 0, 0),
    "arith.addf": (np.add, 0.5, 0.5),
    "arith.subf": (np.subtract, 0.5, 0.5),
    "arith.mulf": (np.multiply, 0.5, 0.5),
}
DIGITS = {"f32": (24, -126), "f64": (53, -1022), "f16": (11, -14), "bf16": (8, -126)}
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 0.25, 1.5, 2.5, -2.5, 10.0, 100.0, 1e-5, -1e-5,
           np.inf, -np.inf, np.nan, np.pi, np.pi / 2, 1e-40, -1e-40, 3.4e38, -3.4e38]


def round_to(values, kind):
    if kind == "bf16":
        bits = np.asarray(values, np.float32).view(np.uint32)
        return (bits & np.uint32(0xffff0000)).view(np.float32)
    with np.errstate(over="ignore"):
        return np.asarray(values).astype({"f32": np.float32, "f64": np.float64, "f16": np.float16}[kind])


def arguments(rng, limits, count, kind):
    values = np.array(SPECIAL + [0.0] * 5)
    if limits == "angle":
        # f64 has no digits beyond 2^31, see docs/Numerics.md.
        limits = (-1e9, 1e9) if kind == "f64" else None
        values = values[np.abs(values) < 1e9] if kind == "f64" else values
        values = np.resize(values, len(SPECIAL) + 5)
    if limits:
        low, high = limits
        part = rng.uniform(low, high, count // 2)
        small = rng.uniform(-1, 1, count - count // 2) * 10.0 ** rng.uniform(-8, 0, count - count // 2)
        rest = np.concatenate([part, low + (high - low) * np.abs(small) if low >= 1 else small])
    else:
        largest = {"f64": 300, "f16": 4.8}.get(kind, 38)
        rest = np.concatenate([rng.uniform(-8, 8, count // 3), 1 + rng.uniform(-0.5, 1, count // 3),
                               rng.choice([-1, 1], count // 3) * 10.0 ** rng.uniform(-largest, largest, count // 3)])
    return np.concatenate([values, rest])


def ulps(result, exact, kind, any_zero=False):
    """Errors in units in the last place; infinite where the kind of value differs."""
    digits, lowest = DIGITS[kind]
    largest = wide(2) ** {"f16": 16, "f64": 1024}.get(kind, 128) * (1 - wide(2) ** -digits)
    exact = np.asarray(exact, wide)
    result = np.asarray(result, wide)
    threshold = largest * (1 + wide(2) ** (-digits - 1))
    exact = np.where(np.abs(exact) >= threshold, np.copysign(wide(np.inf), exact), exact)
    with np.errstate(all="ignore"):
        exponent = np.maximum(np.frexp(np.where(np.isfinite(exact), exact, 1))[1] - 1, lowest)
        error = np.abs(result - exact) / np.exp2((exponent - digits + 1).astype(wide))
    same = (np.isnan(result) & np.isnan(exact)) | (result == exact)
    # A finite value next to the largest number may round to infinity.
    edge = np.isinf(result) & np.isfinite(exact) & (np.abs(exact) > largest * (1 - wide(2) ** (2 - digits)))
    error = np.where(same, 0, np.where(np.isfinite(error), error, np.where(edge, 1, np.inf)))
    zero = (exact == 0) & (result == 0)
    if any_zero:
        return error
    return np.where(zero & (np.signbit(exact) != np.signbit(result)), np.inf, error)


def run(kind, names, operands, args):
    """The results of operations by name, each on its own operands."""
    store = "f32" if kind == "bf16" else kind
    count = len(operands[names[0]][0])
    inputs, body, results, attributes = {}, [], [], []
    for i, name in enumerate(names):
        parts = []
        for j, value in enumerate(operands[name]):
            inputs[f"x{i}_{j}"] = np.asarray(value)
            value_name = f"%x{i}_{j}"
            if kind == "bf16":
                body.append(f"  %n{i}_{j} = arith.truncf {value_name} : tensor<{count}xf32> to tensor<{count}xbf16>")
                value_name = f"%n{i}_{j}"
            parts.append(value_name)
        body.append(f"  %r{i} = {name} {', '.join(parts)} : tensor<{count}x{kind}>")
        if kind == "bf16":
            body.append(f"  %w{i} = arith.extf %r{i} : tensor<{count}xbf16> to tensor<{count}xf32>")
        results.append(f"%w{i}" if kind == "bf16" else f"%r{i}")
        attributes.append(f"(tensor<{count}x{store}> {{graph.name = \"y{i}\", graph.type = \"{store}\"}})"[1:-1])
    parameters = ", ".join(f"%{n}: tensor<{count}x{store}> {{graph.name = \"{n}\", graph.type = \"{store}\", "
                           f"graph.shape = [{count}]}}" for n in inputs)
    text = (f"func.func @main({parameters}) -> ({', '.join(attributes)}) {{\n" + "\n".join(body) +
            f"\n  return {', '.join(results)} : {', '.join([f'tensor<{count}x{store}>'] * len(results))}\n}}\n")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "m.mlir").write_text(text)
        if args.keep:
            Path(args.keep).write_text(text)
        np.savez(folder / "in.npz", **inputs)
        for command in ([args.compile, folder / "m.mlir", "-O0", "-o", folder / "m.raddle"],
                        [args.run, folder / "m.raddle", "--device=vgpu", "--inputs", folder / "in.npz", "--outputs",
                         folder / "out.npz"]):
            done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
        with np.load(folder / "out.npz") as out:
            return {name: out[f"y{i}"] for i, name in enumerate(names)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=DIGITS)
    parser.add_argument("--table", action="store_true", help="print the rows of docs/Numerics.md")
    parser.add_argument("--count", type=int, default=3000, help="random arguments per function")
    parser.add_argument("--only", default="", help="comma-separated operations")
    parser.add_argument("--keep", default="", help="also write the .mlir text here")
    parser.add_argument("--compile", default="raddle-compile")
    parser.add_argument("--run", default="raddle-run")
    args = parser.parse_args()
    rng = np.random.default_rng(1)
    kind = args.kind
    operands, references, bounds = {}, {}, {}
    count = args.count // 6 * 6
    for name, (reference, limits, narrow, double) in UNARY.items():
        name = f"math.{name}"
        operands[name] = [round_to(arguments(rng, limits, count, kind), kind)]
        references[name], bounds[name] = reference, double if kind == "f64" else narrow
    for name, (reference, narrow, double) in BINARY.items():
        x = arguments(rng, None, count, kind)
        y = arguments(rng, None, count, kind)
        n = len(SPECIAL)
        x[-n * n:], y[-n * n:] = np.repeat(SPECIAL, n), np.tile(SPECIAL, n)
        if name == "math.powf":
            y[:-n * n] = np.clip(y[:-n * n], -100, 100)
        operands[name] = [round_to(x, kind), round_to(y, kind)]
        references[name], bounds[name] = reference, double if kind == "f64" else narrow
    names = [n for n in operands if not args.only or n.split(".")[1] in args.only.split(",")]
    lengths = {n: len(operands[n][0]) for n in names}
    size = min(lengths.values())
    operands = {n: [v[-size:] if n in BINARY or n.startswith("arith") else v[:size] for v in operands[n]]
                for n in names}
    results = run(kind, names, operands, args)
    failures = 0
    for name in names:
        with np.errstate(all="ignore"):
            exact = references[name](*[np.asarray(v, wide) for v in operands[name]])
        # Of two zeros of different sign, max and min may give either.
        errors = ulps(results[name], exact, kind, any_zero=name.startswith(("arith.max", "arith.min")))
        bound = bounds[name]
        if kind in ("f16", "bf16"):
            bound = 0 if bound == 0 else 0.51
        worst = int(np.argmax(errors))
        if args.table:
            print(f"| `{name}` | {kind} | {bound:g} | {errors[worst]:.2f} |")
        if not errors[worst] <= bound:
            failures += 1
            bad = np.flatnonzero(~(errors <= bound))
            print(f"{name} on {kind}: {errors[worst]:.3g} ulp, expected at most {bound:g} ({len(bad)} arguments)",
                  file=sys.stderr)
            for i in bad[np.argsort(-errors[bad])][:3]:
                print(f"  {[float(v[i]) for v in operands[name]]}: {results[name][i]!r}, expected {exact[i]!r}",
                      file=sys.stderr)
    if failures:
        sys.exit(1)
    if not args.table:
        print(f"{len(names)} functions on {kind} are within their bounds")


if __name__ == "__main__":
    main()
