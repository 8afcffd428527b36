"""Judges control flow and sizes found at run time against onnxruntime.

usage: control_flow.py [--streams N] [NAME...]

Each model is in ONNX's textual form, with several sets of inputs. It is
compiled once and run on the virtual GPU, with all fault checks and a scheduler
seed per set of inputs.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

HEADER = '<ir_version: 9, opset_import: ["" : 17]>\n'


def f32(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def i64(*values):
    return np.array(values, np.int64)


def scalar(value, kind=np.int64):
    return np.array(value, kind)


MODELS = {
    # A condition that is computed on the device from a carried tensor.
    "while_on_tensor": ("""
main (float[n] x, float limit) => (float[n] y, float total)
{
  true = Constant <value = bool {1}> ()
  no_trips = Constant <value = int64 {1000}> ()
  y = Loop (no_trips, true, x) <body = body (int64 i, bool go, float[n] v) => (bool more, float[n] w)
  {
    w = Add (v, x)
    zero = Constant <value_ints = [0]> ()
    s = ReduceSum <keepdims = 0> (w, zero)
    more = Less (s, limit)
  }>
  axis = Constant <value_ints = [0]> ()
  total = ReduceSum <keepdims = 0> (y, axis)
}""", [{"x": np.ones(5, np.float32), "limit": scalar(37, np.float32)},
       {"x": np.full(3, 2, np.float32), "limit": scalar(-1, np.float32)}]),
    # Grows by a concatenation; the number of iterations is an input; zero trips.
    "growing": ("""
main (float[a, 3] x, int64 n) => (float[r, 3] y)
{
  true = Constant <value = bool {1}> ()
  y = Loop (n, true, x) <body = body (int64 i, bool go, float[m, 3] v) => (bool more, float[k, 3] w)
  {
    more = Identity (go)
    twice = Add (v, v)
    w = Concat <axis = 0> (v, twice)
  }>
}""", [{"x": f32(2, 3), "n": scalar(4)}, {"x": f32(1, 3), "n": scalar(0)}, {"x": f32(7, 3), "n": scalar(1)}]),
    # Trip count and condition; stacked results whose number is known at the end.
    "scan_outputs": ("""
main (float[n] x, int64 most, float limit) => (float[n] last, float[rows, n] all, int64[rows] numbers)
{
  true = Constant <value = bool {1}> ()
  last, all, numbers = Loop (most, true, x) <body = body (int64 i, bool go, float[n] v)
      => (bool more, float[n] w, float[n] row, int64 number)
  {
    w = Add (v, x)
    row = Mul (w, w)
    number = Identity (i)
    high = ReduceMax <keepdims = 0> (w)
    more = Less (high, limit)
  }>
}""", [{"x": np.arange(4, dtype=np.float32), "most": scalar(10), "limit": scalar(12, np.float32)},
       {"x": np.arange(4, dtype=np.float32), "most": scalar(2), "limit": scalar(12, np.float32)},
       {"x": np.arange(4, dtype=np.float32), "most": scalar(0), "limit": scalar(12, np.float32)}]),
    # Values that change places: all next values are those of this iteration.
    "fibonacci": ("""
main (float[n] x, float[n] y, int64 count) => (float[n] a, float[n] b)
{
  true = Constant <value = bool {1}> ()
  a, b = Loop (count, true, x, y) <body = body (int64 i, bool go, float[n] p, float[n] q)
      => (bool more, float[n] r, float[n] s)
  {
    more = Identity (go)
    r = Identity (q)
    s = Add (p, q)
  }>
}""", [{"x": np.zeros(3, np.float32), "y": np.ones(3, np.float32), "count": scalar(k)} for k in (0, 1, 2, 9)]),
    # A loop in a branch in a loop.
    "nested": ("""
main (float[n] x, int64 outer, int64 inner) => (float[n] y)
{
  true = Constant <value = bool {1}> ()
  y = Loop (outer, true, x) <body = body (int64 i, bool go, float[n] v) => (bool more, float[n] w)
  {
    more = Identity (go)
    axis = Constant <value_ints = [0]> ()
    sum = ReduceSum <keepdims = 0> (v, axis)
    zero = Constant <value = float {0.0}> ()
    positive = Greater (sum, zero)
    w = If (positive) <then_branch = yes () => (float[n] a)
    {
      a = Loop (inner, true, v) <body = deep (int64 j, bool on, float[n] u) => (bool again, float[n] t)
      {
        again = Identity (on)
        t = Sub (u, x)
      }>
    }, else_branch = no () => (float[n] b)
    {
      b = Sub (x, v)
    }>
  }>
}""", [{"x": f32(6, seed=s), "outer": scalar(o), "inner": scalar(k)} for s, o, k in ((1, 5, 3), (2, 1, 0), (3, 0, 2))]),
    # Branches give tensors of different sizes.
    "sizes_of_branches": ("""
main (float[a] x, float[b] y, bool which) => (float[r] z)
{
  chosen = If (which) <then_branch = yes () => (float[k] p)
  {
    p = Concat <axis = 0> (x, y)
  }, else_branch = no () => (float[m] q)
  {
    q = Identity (y)
  }>
  z = Add (chosen, chosen)
}""", [{"x": f32(3), "y": f32(5), "which": scalar(w, bool)} for w in (True, False)]),
    # A size that is computed on the device, and what follows from it.
    "non_zero": ("""
main (float[a, b] x) => (int64[2, n] at, float[n] found, float[m, m] outer)
{
  zero = Constant <value = float {0.0}> ()
  mask = Greater (x, zero)
  at = NonZero (mask)
  pairs = Transpose <perm = [1, 0]> (at)
  found = GatherND (x, pairs)
  one = Constant <value_ints = [1]> ()
  column = Unsqueeze (found, one)
  first = Constant <value_ints = [0]> ()
  row = Unsqueeze (found, first)
  outer = MatMul (column, row)
}""", [{"x": f32(4, 5)}, {"x": f32(1, 1)}, {"x": np.full((3, 2), -1, np.float32)}]),
    "compress": ("""
main (float[a, b] x, bool[a] keep) => (float[n, b] y, float[b] mean)
{
  y = Compress <axis = 0> (x, keep)
  mean = ReduceMean <axes = [0], keepdims = 0> (y)
}""", [{"x": f32(5, 3), "keep": np.array([1, 0, 1, 1, 0], bool)}, {"x": f32(2, 4), "keep": np.array([0, 1], bool)}]),
    # Operands that give shapes, computed from tensors.
    "computed_shapes": ("""
main (int64[2] shape, float[n] x, int64 step) => (float[a, b] filled, float[c] sliced, int64[r] range, float[t] tiled)
{
  two = Constant <value_ints = [2]> ()
  larger = Mul (shape, two)
  filled = ConstantOfShape <value = float[1] {1.5}> (larger)
  start = Constant <value_ints = [0]> ()
  size = ReduceSum <keepdims = 1> (shape)
  sliced = Slice (x, start, size)
  from = Constant <value = int64 {0}> ()
  limit = ReduceProd <keepdims = 0> (larger)
  range = Range (from, limit, step)
  repeats = ReduceMin <keepdims = 1> (shape)
  tiled = Tile (x, repeats)
}""", [{"shape": i64(2, 3), "x": f32(9), "step": scalar(3)}, {"shape": i64(1, 0), "x": f32(4), "step": scalar(1)}]),
    "top_k_of_computed": ("""
main (float[n] x, float limit) => (float[k] values, int64[k] indices)
{
  above = Greater (x, limit)
  ones = Cast <to = 7> (above)
  count = ReduceSum <keepdims = 1> (ones)
  values, indices = TopK (x, count)
}""", [{"x": f32(9), "limit": scalar(0, np.float32)}, {"x": f32(9), "limit": scalar(99, np.float32)}]),
    # Branches of different lengths that meet, twice; one buffer is read by many.
    "parallel": ("""
main (float[9, 9] x) => (float[9, 9] y, float[9, 9] z)
{
  a = MatMul (x, x)
  b = MatMul (a, x)
  c = MatMul (b, x)
  d = Softmax <axis = 0> (x)
  e = MatMul (d, x)
  f = Transpose <perm = [1, 0]> (x)
  g = MatMul (f, f)
  h = MatMul (c, e)
  y = MatMul (h, g)
  i = Softmax <axis = 1> (y)
  j = MatMul (i, a)
  k = MatMul (y, f)
  l = Softmax <axis = 0> (k)
  z = MatMul (j, l)
}""", [{"x": f32(9, 9, seed=s)} for s in range(6)]),
    # Kernels that differ in the elements of a constant only.
    "constants": ("""
main (float[a, 20] x, float[b, 20] w) => (float[a, 20] y, float[b, 20] z)
{
  c = Constant <value_floats = [%s]> ()
  d = Constant <value_floats = [%s]> ()
  y = Add (x, c)
  z = Add (w, d)
}""" % tuple(", ".join(str(n + part) for n in range(20)) for part in (0.5, 0.25)),
                  [{"x": f32(3, 20), "w": f32(3, 20, seed=1)}]),
    # Small integers that are read by the host have their own range.
    "narrow_integers": ("""
main (uint8 n, int8 m, float[a] x) => (float[b] y, float[c] z)
{
  zero = Constant <value_ints = [0]> ()
  one = Constant <value_ints = [-1]> ()
  n64 = Cast <to = 7> (n)
  nv = Reshape (n64, one)
  y = Slice (x, zero, nv)
  m64 = Cast <to = 7> (m)
  mv = Reshape (m64, one)
  z = Slice (x, zero, mv)
}""", [{"n": scalar(200, np.uint8), "m": scalar(-56, np.int8), "x": f32(255)}]),
}


# What is refused at launch, and by which words.
REFUSED = {
    "too_many_elements": ("""
main (float[n] x) => (float[n, n] y)
{
  one = Constant <value_ints = [1]> ()
  column = Unsqueeze (x, one)
  y = Add (column, x)
}""", {"x": np.zeros(65535, np.float32)},
        "the tensor tensor<?x?xf32> made by 'Unsqueeze_1', 'Add_2' has more than 2147418112 elements"),
}


def run(command, **environment):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=os.environ | environment)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed ({done.returncode}): {(done.stderr or done.stdout).strip()}")


def refuse(name, folder):
    text, feeds, words = REFUSED[name]
    source, artifact, given = folder / "model.onnx", folder / "model.raddle", folder / "in.npz"
    onnx.save(onnx.parser.parse_model(HEADER + text), source)
    np.savez(given, **feeds)
    run(["raddle-compile", str(source), "-o", str(artifact)])
    try:
        run(["raddle-run", str(artifact), "--inputs", str(given), "--device=vgpu"])
    except RuntimeError as problem:
        if words not in str(problem):
            raise
        return
    raise RuntimeError("expected an error")


def judge(name, folder, streams):
    text, cases = MODELS[name]
    model = onnx.parser.parse_model(HEADER + text)
    onnx.checker.check_model(model)
    source, artifact = folder / "model.onnx", folder / "model.raddle"
    onnx.save(model, source)
    session = onnxruntime.InferenceSession(str(source), providers=["CPUExecutionProvider"])
    run(["raddle-compile", str(source), "-o", str(artifact), f"--streams={streams}"])
    for number, feeds in enumerate(cases):
        given, answers = folder / "in.npz", folder / "out.npz"
        np.savez(given, **feeds)
        run(["raddle-run", str(artifact), "--inputs", str(given), "--outputs", str(answers), "--device=vgpu"],
            RADDLE_VGPU_CHECKS="all", RADDLE_VGPU_SEED=str(number))
        found = np.load(answers)
        for output, wanted in zip(session.get_outputs(), session.run(None, feeds)):
            value, where = found[output.name], f"inputs {number}, output '{output.name}'"
            # onnxruntime does not know how large the rows are that no iteration made.
            if not wanted.size and not value.size and value.ndim == wanted.ndim:
                wanted = wanted.reshape(value.shape)
            if value.shape != wanted.shape or value.dtype != wanted.dtype:
                raise RuntimeError(f"{where}: expected {wanted.dtype}{list(wanted.shape)}, "
                                   f"found {value.dtype}{list(value.shape)}")
            # Sums in another order: relative to the largest element.
            bound = 1e-5 * np.abs(wanted).max() if wanted.size and wanted.dtype == np.float32 else 0
            if not np.allclose(value, wanted, rtol=0, atol=bound, equal_nan=True):
                raise RuntimeError(f"{where}: differs by {np.abs(value - wanted).max()}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--streams", type=int, default=1)
    parser.add_argument("name", nargs="*")
    options = parser.parse_args()
    failed = 0
    for name in options.name or MODELS:
        with tempfile.TemporaryDirectory() as folder:
            try:
                judge(name, Path(folder), options.streams)
                print(f"ok {name}: {len(MODELS[name][1])} sets of inputs")
            except Exception as problem:
                failed += 1
                print(f"FAIL {name}: {problem}")
    for name in () if options.name else REFUSED:
        with tempfile.TemporaryDirectory() as folder:
            try:
                refuse(name, Path(folder))
                print(f"ok {name} is refused")
            except Exception as problem:
                failed += 1
                print(f"FAIL {name}: {problem}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
