#!/usr/bin/env python3
"""Every kind of operation on the virtual GPU within the element-wise bounds of
docs/Numerics.md, on inputs that hurt: the group check of
test/EndToEnd/group_check.py on graphs of one operation each.

Usage: operations.py BIN FOLDER
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "EndToEnd"))
import group_check

MAPS = """
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
"""
# name: (inputs, result, text with %0, %1, ...; T is the float type)
OPERATIONS = {
    "sum": (["9x700xT"], "9xT", "%y = graph.reduce add %0 dims = [1] : {0} to {y}"),
    "sum_columns": (["300x40xT"], "40xT", "%y = graph.reduce add %0 dims = [0] : {0} to {y}"),
    "sum_long": (["2x9000xT"], "2xT", "%y = graph.reduce add %0 dims = [1] : {0} to {y}"),
    "product": (["6x12xT"], "6xT", "%y = graph.reduce mul %0 dims = [1] : {0} to {y}"),
    "largest": (["9x70xT"], "9xT", "%y = graph.reduce max %0 dims = [1] : {0} to {y}"),
    "running": (["3x200xT"], "3x200xT", "%y = graph.cumulative add %0 axis = 1 : {0} to {y}"),
    "softmax": (["9x130xT"], "9x130xT", "%y = graph.softmax %0 axis = 1 : {0} to {y}"),
    "softmax_columns": (["33x20xT"], "33x20xT", "%y = graph.softmax %0 axis = 0 : {0} to {y}"),
    "log_softmax": (["9x40xT"], "9x40xT", "%y = graph.softmax %0 axis = 1 log : {0} to {y}"),
    "layer": (["9x300xT", "300xT", "300xT"], "9x300xT",
              "%y = graph.norm layer %0 scale %1 bias %2 axis = 1 epsilon = 1.0e-05 : {0} scale {1} bias {2} to {y}"),
    "rms": (["9x64xT", "64xT"], "9x64xT",
            "%y = graph.norm rms %0 scale %1 axis = 1 epsilon = 1.0e-06 : {0} scale {1} to {y}"),
    "average": (["2x3x9x9xT"], "2x3x8x8xT",
                "%y = graph.pool average %0 kernel = [3, 3] strides = [1, 1] dilations = [1, 1] low = [1, 1] high = [0, 0] "
                "sizes [2, 3, 8, 8] : {0} to {y}"),
    "window": (["2x3x9x9xT"], "2x3x7x7xT",
               "%y = graph.pool max %0 kernel = [3, 3] strides = [1, 1] dilations = [1, 1] low = [0, 0] high = [0, 0] "
               "sizes [2, 3, 7, 7] : {0} to {y}"),
    "contract": (["20x90xT", "90x30xT"], "20x30xT", "%y = graph.contract %0, %1 maps [#a, #b, #c] : {0}, {1} to {y}"),
    "conv": (["2x8x10x10xT", "16x8x3x3xT"], "2x16x8x8xT",
             "%y = graph.conv %0, %1 strides = [1, 1] dilations = [1, 1] low = [0, 0] high = [0, 0] groups = 1 : {0}, {1} to {y}"),
    "depthwise": (["2x8x10x10xT", "8x1x3x3xT"], "2x8x10x10xT",
                  "%y = graph.conv %0, %1 strides = [1, 1] dilations = [1, 1] low = [1, 1] high = [1, 1] groups = 8 : {0}, {1} to {y}"),
    "transposed": (["1x8x6x6xT", "8x4x3x3xT"], "1x4x13x13xT",
                   "%y = graph.conv %0, %1 strides = [2, 2] dilations = [1, 1] low = [0, 0] high = [0, 0] groups = 1 "
                   "{{transposed}} : {0}, {1} to {y}"),
    "attention": (["2x4x37x32xT", "2x2x53x32xT", "2x2x53x16xT", "1x1x37x53xT"], "2x4x37x16xT",
                  "%y = graph.attention %0, %1, %2 mask %3 scale = 0.17677669529663687 : {0}, {1}, {2}, {3} to {y}"),
    "causal": (["1x2x40x64xT", "1x2x40x64xT", "1x2x40x64xT"], "1x2x40x64xT",
               "%y = graph.attention %0, %1, %2 scale = 0.125 {{causal, softcap = 30.0 : f64}} : {0}, {1}, {2} to {y}"),
    "linear": (["1x2x7x9xT"], "1x2x12x20xT",
               "%y = graph.resize %0 mode = linear coordinates = half_pixel scales = [1.0, 1.0, 1.7142857142857142, "
               "2.2222222222222223] sizes [1, 2, 12, 20] : {0} to {y}"),
    "cubic": (["1x2x7x9xT"], "1x2x12x5xT",
              "%y = graph.resize %0 mode = cubic coordinates = align_corners scales = [1.0, 1.0, 1.7142857142857142, "
              "0.5555555555555556] sizes [1, 2, 12, 5] : {0} to {y}"),
    "scatter": (["40xT", "30xi64", "30xT"], "40xT",
                "%y = graph.scatter_elements add %0[%1] updates %2 axis = 0 : {0}, {1}, {2} to {y}"),
    "lstm": (["7x3x12xT", "1x80x12xT", "1x80x20xT", "1x160xT"], "7x1x3x20xT",
             "%y, %h, %c = graph.lstm %0, %1, %2 bias %3 hidden = 20 direction = reverse : ({0}, {1}, {2}, {3}) -> "
             "({y}, tensor<1x3x20xT>, tensor<1x3x20xT>)"),
    "gru": (["7x3x12xT", "1x60x12xT", "1x60x20xT"], "7x1x3x20xT",
            "%y, %h = graph.gru %0, %1, %2 hidden = 20 direction = forward : ({0}, {1}, {2}) -> ({y}, tensor<1x3x20xT>)"),
    "rnn": (["7x3x12xT", "1x20x12xT", "1x20x20xT"], "7x1x3x20xT",
            "%y, %h = graph.rnn %0, %1, %2 hidden = 20 direction = forward : ({0}, {1}, {2}) -> ({y}, tensor<1x3x20xT>)"),
    # The whole of a typical epilogue: errors of operations add up in a group.
    "gelu": (["9x50xT", "9x50xT"], "9x50xT", """%half = arith.constant dense<0.5> : {0}
  %root = arith.constant dense<0.70703125> : {0}
  %one = arith.constant dense<1.0> : {0}
  %s = arith.subf %0, %1 : {0}
  %t = arith.mulf %s, %root : {0}
  %e = math.erf %t : {0}
  %p = arith.addf %e, %one : {0}
  %q = arith.mulf %s, %p : {0}
  %y = arith.mulf %q, %half : {0}"""),
    "chain": (["9x50xT", "9x50xT"], "9x50xT", """%a = math.absf %0 : {0}
  %l = math.log1p %a : {0}
  %r = math.sqrt %l : {0}
  %t = math.tanh %r : {0}
  %d = arith.divf %1, %a : {0}
  %c = arith.cmpf olt, %t, %d : {0}
  %b = tensor.cast %c : {bool} to {bool}
  %m = arith.select %b, %t, %d : {bool}, {0}
  %s = math.sin %m : {0}
  %y = math.exp %s : {0}"""),
}
# A zero that is multiplied by infinity is NaN for a kernel: holes of a window and
# samples of weight zero (docs/Numerics.md); the evaluation on the host leaves
# them out.
SKIPS_ZEROS = ("transposed", "cubic")
LIMITS = {"f32": 37, "f16": 3, "bf16": 37}


def tensor(shape, kind):
    return f"tensor<{shape.replace('T', kind)}>"


def make(name, kind):
    inputs, result, text = OPERATIONS[name]
    types = [tensor(shape, kind) for shape in inputs]
    y = tensor(result, kind)
    arguments = ", ".join(f"%{i}: {t} {{graph.name = \"x{i}\", graph.type = \"{t[:-1].split('x')[-1]}\", graph.shape = "
                          f"[{', '.join(t[7:-1].split('x')[:-1])}]}}" for i, t in enumerate(types))
    body = text.format(*types, y=y, bool=tensor(result, kind).replace(kind, "i1")).replace("xT>", f"x{kind}>")
    # MLIR's numbers for arguments may not be reused: they are named here.
    for i in range(len(types)):
        arguments = arguments.replace(f"%{i}:", f"%x{i}:")
        body = body.replace(f"%{i}", f"%x{i}")
    return (f"{MAPS}func.func @main({arguments}) -> ({y} {{graph.name = \"y\", graph.type = \"{kind}\"}}) {{\n  {body}\n"
            f"  return %y : {y}\n}}\n")


def fill(rng, shape, kind, style):
    size = [int(s) for s in shape.split("x")[:-1]]
    if shape.endswith("i64"):
        return rng.integers(0, 40, size)
    x = rng.standard_normal(size)
    if style == "mixed":
        x *= 2.0 ** rng.integers(-6, 6, size)
    elif style == "positive":
        x = 1 + np.abs(x)
    elif style == "cancelling":
        half = size[-1] // 2
        x[..., half: 2 * half] = -x[..., :half]
    elif style == "subnormal":
        x *= 2.0 ** rng.integers(-LIMITS[kind] * 4, -LIMITS[kind] * 3, size)
    elif style == "huge":
        x *= 2.0 ** rng.integers(LIMITS[kind], LIMITS[kind] + 3, size)
    elif style == "special":
        where = rng.random(size) < 0.03
        x[where] = rng.choice([np.inf, -np.inf, np.nan, 0.0, -0.0, 1.0], int(where.sum()))
    return x


def to_array(x, kind, shape):
    if x.dtype.kind == "i":
        return x
    if kind == "f16":
        return x.astype(np.float16)
    x = x.astype(np.float32)
    if kind == "bf16":
        import ml_dtypes
        return x.astype(ml_dtypes.bfloat16)
    return x


def main():
    bin, folder = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    only = sys.argv[3:] or list(OPERATIONS)
    rng = np.random.default_rng(5)
    failures = []
    for kind in ("f32", "f16", "bf16"):
        for name in only:
            path = folder / f"{name}.mlir"
            path.write_text(make(name, kind))
            checked = group_check.Groups(bin, path, folder / "work")
            worst = {}
            for style in ("plain", "mixed", "positive", "cancelling", "subnormal", "huge", "special"):
                if style == "special" and name in SKIPS_ZEROS:
                    continue
                arrays = {f"x{i}": to_array(fill(rng, shape, kind, style), kind, shape)
                          for i, shape in enumerate(OPERATIONS[name][0])}
                given = folder / "in.npz"
                np.savez(given, **arrays)
                try:
                    rows = checked.judge(given)
                    worst[style] = max(row["ratio"] for row in rows)
                    # A bound that promises nothing is no bound.
                    loose = sum(row["unbounded"] for row in rows) / sum(row["elements"] for row in rows)
                    if style in ("plain", "positive") and loose > 0.01:
                        failures.append(f"{name} of {kind}, {style}: nothing is promised of {loose:.0%} of the elements")
                except group_check.Failure as failure:
                    failures.append(f"{name} of {kind}, {style}: {failure}")
            print(f"{kind:5}{name:16}" + " ".join(f"{style} {ratio:.2f}" for style, ratio in worst.items()), flush=True)
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
