"""Runs kernels with every candidate of their parameter spaces.

usage: candidates.py [--sample N] [--seeds N] [CASE...]

A case is a small model of one kernel. Its copies, which differ in a constant,
are compiled together, each with another candidate of the space that `raddle-compile
--tile-enumerate` lists (a file of `--parameters` says which), and run on the
virtual GPU with all checks, at sizes on both sides of what candidates require.
onnxruntime says what is right. `--sample` takes that many candidates of each
space, spread over it, instead of all.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Reference"))
from onnx_ops import run

COPIES = 24


class Case:
    """`nodes(i)` are the nodes of copy i from its inputs `x<i>`, ... to `y<i>`; `c<i>` is a
    constant of its own. `inputs` are arrays' shapes with names of dims; `sizes` their values."""

    def __init__(self, name, skeleton, nodes, inputs, sizes, options=(), bound=1e-5, integers=(), constants=None):
        self.name, self.skeleton, self.nodes, self.inputs, self.sizes = name, skeleton, nodes, inputs, sizes
        self.options, self.bound, self.integers, self.constants = list(options), bound, integers, constants or {}


def cases():
    node = helper.make_node

    def product(i):
        return [node("MatMul", [f"x{i}", f"w{i}"], [f"p{i}"]), node("Add", [f"p{i}", f"c{i}"], [f"y{i}"])]

    def unary(op, **attributes):
        return lambda i: [node(op, [f"x{i}"], [f"p{i}"], **attributes), node("Add", [f"p{i}", f"c{i}"], [f"y{i}"])]

    operands = {"x": ["m", 48], "w": [48, 72]}
    both = [{"m": 256}, {"m": 77}]
    yield Case("product-tf32x3", "contraction", product, operands, both, bound=2e-5)
    yield Case("product-f16", "contraction", product, operands, both, ["--compute=f16"], 4e-3)
    yield Case("product-tf32", "contraction", product, operands, both, ["--compute=tf32"], 4e-3)
    yield Case("product-f32", "contraction", product, operands, both, ["--compute=f32"])
    yield Case("product-transposed", "contraction",
               lambda i: [node("Gemm", [f"x{i}", f"w{i}", f"c{i}"], [f"y{i}"], transA=1, transB=1)],
               {"x": [40, "m"], "w": [72, 40]}, both, ["--compute=f16"], 4e-3)
    yield Case("convolution", "contraction",
               lambda i: [node("Conv", [f"x{i}", f"w{i}"], [f"p{i}"], pads=[1, 1, 1, 1]),
                          node("Add", [f"p{i}", f"c{i}"], [f"y{i}"])],
               {"x": ["n", 8, 7, 9], "w": [24, 8, 3, 3]}, [{"n": 3}], bound=2e-5)
    yield Case("whole-rows", "row_contraction",
               lambda i: [node("MatMul", [f"x{i}", f"w{i}"], [f"q{i}"]), node("Add", [f"q{i}", f"r{i}"], [f"p{i}"]),
                          node("LayerNormalization", [f"p{i}", f"s{i}", f"b{i}"], [f"a{i}"], axis=-1),
                          node("Add", [f"a{i}", f"c{i}"], [f"y{i}"])],
               {"x": ["m", 48], "w": [48, 96], "r": ["m", 96], "s": [96], "b": [96]}, [{"m": 64}, {"m": 45}],
               ["--fuse-epilogue-norm"], 1e-4)
    attention = lambda i: [node("Attention", [f"q{i}", f"k{i}", f"v{i}"], [f"p{i}"]),
                           node("Add", [f"p{i}", f"c{i}"], [f"y{i}"])]
    heads = {name: [1, 2, "length", 32] for name in "qkv"}
    yield Case("attention-tf32x3", "attention", attention, heads, [{"length": 128}, {"length": 37}], bound=5e-5)
    yield Case("attention-f16", "attention", attention, heads, [{"length": 128}, {"length": 37}], ["--compute=f16"], 4e-3)
    yield Case("softmax", "reduction", unary("Softmax", axis=-1), {"x": [7, "length"]}, [{"length": 64}, {"length": 301}])
    yield Case("softmax-static", "reduction", unary("Softmax", axis=-1), {"x": ["rows", 200]}, [{"rows": 9}])
    yield Case("norm", "reduction",
               lambda i: [node("LayerNormalization", [f"x{i}", f"s{i}", f"b{i}"], [f"p{i}"], axis=-1),
                          node("Add", [f"p{i}", f"c{i}"], [f"y{i}"])],
               {"x": ["rows", 384], "s": [384], "b": [384]}, [{"rows": 33}], bound=2e-5)
    yield Case("sum-across", "reduction", unary("ReduceSum", keepdims=0), {"x": [50, "n"]}, [{"n": 133}],
               constants={"axes": np.array([0], np.int64)})
    yield Case("pool", "reduction", unary("AveragePool", kernel_shape=[3, 3]), {"x": ["n", 5, 11, 13]}, [{"n": 3}])
    yield Case("pointwise", "pointwise",
               lambda i: [node("Mul", [f"x{i}", f"z{i}"], [f"p{i}"]), node("Add", [f"p{i}", f"c{i}"], [f"y{i}"])],
               {"x": ["n"], "z": ["n"]}, [{"n": 4096}, {"n": 777}])
    yield Case("scan", "scan",
               lambda i: [node("CumSum", [f"x{i}", "axis"], [f"p{i}"]), node("Add", [f"p{i}", f"c{i}"], [f"y{i}"])],
               {"x": [5, "length"]}, [{"length": 300}], constants={"axis": np.array(1, np.int64)})
    yield Case("sort", "sort",
               lambda i: [node("Add", [f"x{i}", f"c{i}"], [f"p{i}"]), node("TopK", [f"p{i}", "k"], [f"y{i}", f"j{i}"])],
               {"x": [3, 301]}, [{}], constants={"k": np.array([40], np.int64)})
    yield Case("recurrence", "recurrence",
               lambda i: [node("LSTM", [f"x{i}", f"w{i}", f"r{i}"], [f"p{i}"], hidden_size=20 + i % 4),
                          node("Add", [f"p{i}", f"c{i}"], [f"y{i}"])],
               {"x": [5, "batch", 24], "w": [1, 80, 24], "r": [1, 80, 20]}, [{"batch": 3}], bound=2e-5)
    indices = np.random.default_rng(5).permutation(200)[:150]
    yield Case("scatter", "scatter",
               lambda i: [node("ScatterElements", [f"x{i}", "indices", f"u{i}"], [f"p{i}"], axis=0, reduction="add"),
                          node("Add", [f"p{i}", f"c{i}"], [f"y{i}"])],
               {"x": [200], "u": [150]}, [{}], constants={"indices": indices.astype(np.int64)})


def make_model(case, copies):
    nodes, inputs, constants = [], [], [onnx.numpy_helper.from_array(v, n) for n, v in case.constants.items()]
    for i in range(copies):
        made = case.nodes(i)
        if case.name == "sum-across":
            made[0].input.append("axes")
        if case.name == "recurrence":  # one size: copies differ in their constants
            for attribute in made[0].attribute:
                attribute.i = 20
        nodes += made
        inputs += [helper.make_tensor_value_info(f"{name}{i}", TensorProto.FLOAT, shape)
                   for name, shape in case.inputs.items()]
        constants.append(onnx.numpy_helper.from_array(np.array(0.125 * (i + 1), np.float32), f"c{i}"))
    outputs = [helper.make_tensor_value_info(f"y{i}", TensorProto.FLOAT, None) for i in range(copies)]
    graph = helper.make_graph(nodes, case.name, inputs, outputs, constants)
    opset = 23 if case.name.startswith("attention") else 18
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def spread(items, limit):
    """`limit` of the items, the first among them, by the golden ratio."""
    if not limit or limit >= len(items):
        return items
    chosen = {}
    for step in range(100 * limit):
        chosen.setdefault(int(step * 0.6180339887498949 % 1 * len(items)))
        if len(chosen) == limit:
            break
    return [items[number] for number in sorted(chosen)]


def feeds(case, sizes, copies):
    random = np.random.default_rng(7)
    return {f"{name}{i}": random.standard_normal([sizes.get(d, d) for d in shape]).astype(np.float32)
            for i in range(copies) for name, shape in case.inputs.items()}


def compare(name, found, expected, bound, what):
    error = np.abs(found - expected).max() if found.shape == expected.shape else np.inf
    if not error <= bound * max(1, np.abs(expected).max()):
        return [f"{name}: error {error} ({what})"]
    return []


def judge(case, options, folder):
    """Number of candidates, and what is wrong."""
    source, space = folder / "model.onnx", folder / "space.json"
    copies, problems = COPIES, []
    onnx.save(make_model(case, copies), source)
    run(["raddle-compile", str(source), "--tile-enumerate=json", "-o", str(space), *case.options])
    kernels = [k for k in json.loads(space.read_text()) if k["skeleton"] == case.skeleton]
    # Where the constant is no part of the kernel, all copies share one.
    if len(kernels) not in (1, copies):
        return 0, [f"expected {copies} kernels of skeleton {case.skeleton}, or one; found {len(kernels)}"]
    candidates = spread(kernels[0]["candidates"], options.sample)
    inputs = [feeds(case, sizes, copies) for sizes in case.sizes]
    reference = onnxruntime.InferenceSession(source.read_bytes(), providers=["CPUExecutionProvider"])
    answers = [reference.run(None, given) for given in inputs]
    for first in range(0, len(candidates), len(kernels)):
        part = candidates[first:first + len(kernels)]
        chosen = {kernel["name"]: {"parameters": candidate["parameters"]} for kernel, candidate in zip(kernels, part)}
        parameters, artifact = folder / "parameters.json", folder / "model.raddle"
        parameters.write_text(json.dumps({"schema": 1, "kernels": chosen}))
        run(["raddle-compile", str(source), f"--parameters={parameters}", "-o", str(artifact), "--cache-dir=none",
             *case.options])
        for given, expected in zip(inputs, answers):
            np.savez(folder / "in.npz", **given)
            for seed in range(options.seeds):
                os.environ.update(RADDLE_VGPU_CHECKS="all", RADDLE_VGPU_SEED=str(seed))
                run(["raddle-run", str(artifact), "--inputs", str(folder / "in.npz"), "--outputs",
                     str(folder / "out.npz"), "--device=vgpu"])
                found = np.load(folder / "out.npz")
                for i, answer in enumerate(expected):
                    problems += compare(f"y{i}", found[f"y{i}"], answer, case.bound, f"candidates {json.dumps(part)}")
    return len(candidates), problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("case", nargs="*")
    options = parser.parse_args()
    failed = 0
    for case in cases():
        if options.case and case.name not in options.case:
            continue
        with tempfile.TemporaryDirectory() as folder:
            count, problems = judge(case, options, Path(folder))
        failed += bool(problems)
        print(f"{'FAIL' if problems else 'ok'} {case.name}: {count} candidates", flush=True)
        for problem in problems:
            print(f"  {problem[:3000]}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
