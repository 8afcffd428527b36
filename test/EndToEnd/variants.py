"""Runs kernels with variants on both sides of every guard.

usage: variants.py [MODEL.onnx]

Small models with a dim of their own are compiled; at sizes around the bounds of
their guards onnxruntime says what is right, and every variant must be launched.
A sentence encoder, when given, must launch different variants at 1x1, 1x128,
4x12, 3x77 and 2x512, always as many kernels.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

# Variants by hand, so that the test does not depend on the table: guards are
# ranges, multiples, and both.
FILE = {"schema": 1, "kernels": {
    "contraction": {"variants": [
        {"when": {"m": {"max": 16}}, "parameters": {"bm": 16, "bn": 32}},
        {"when": {"m": {"max": 64}}, "parameters": {"bm": 32, "full": 1}},
        {"when": {"m": {"max": 64}}, "parameters": {"bm": 32, "bn": 64}},
        {"parameters": {"bm": 128, "full": 1}},
        {"parameters": {"bm": 64, "bn": 64}}]},
    "attention": {"variants": [{"parameters": {"bm": 32, "bn": 32, "full": 1}}, {"parameters": {"bm": 64, "bn": 32}}]},
    "pointwise": {"variants": [{"parameters": {"vector": 4, "full": 1}}, {"parameters": {"vector": 2}}]},
    "reduction": {"variants": [{"parameters": {"br": 64, "single": 1}}, {"parameters": {"br": 512, "single": 1}},
                               {"parameters": {"br": 256}}]}}}


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command[0]} gave {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout


def models():
    node = helper.make_node
    yield "product", [node("MatMul", ["x", "w"], ["y"])], {"x": ["m", 96], "w": [96, 80]}, [1, 16, 17, 32, 33, 63, 64, 65, 128, 129, 200]
    yield "attention", [node("Attention", ["x", "k", "v"], ["y"])], {n: [1, 2, "m", 32] for n in "xkv"}, [1, 31, 32, 33, 64, 100]
    yield "pointwise", [node("Mul", ["x", "z"], ["y"])], {"x": ["m"], "z": ["m"]}, [1, 511, 512, 513, 1024]
    yield "softmax", [node("Softmax", ["x"], ["y"], axis=-1)], {"x": [5, "m"]}, [1, 64, 65, 512, 513]


def launched(artifact, folder, feeds):
    np.savez(folder / "in.npz", **feeds)
    text = run(["raddle-run", str(artifact), "--inputs", str(folder / "in.npz"), "--outputs", str(folder / "out.npz"),
                "--device=vgpu", "--list-launches"])
    return re.findall(r"^\d+ (\S+) grid", text, re.M), np.load(folder / "out.npz")


def small_models(folder):
    parameters = folder / "parameters.json"
    parameters.write_text(json.dumps(FILE))
    for name, nodes, inputs, sizes in models():
        value = lambda n, shape: helper.make_tensor_value_info(n, TensorProto.FLOAT, shape)
        graph = helper.make_graph(nodes, name, [value(n, s) for n, s in inputs.items()], [value("y", None)])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)], ir_version=10)
        source, artifact = folder / f"{name}.onnx", folder / f"{name}.raddle"
        onnx.save(model, source)
        reference = onnxruntime.InferenceSession(source.read_bytes(), providers=["CPUExecutionProvider"])
        run(["raddle-compile", str(source), f"--parameters={parameters}", "-o", str(artifact)])
        kernels = set(re.findall(r"^  (k0_\w+): ", run(["raddle-run", str(artifact), "--info"]), re.M))
        seen = set()
        for size in sizes:
            random = np.random.default_rng(size)
            feeds = {n: random.standard_normal([size if d == "m" else d for d in s]).astype(np.float32)
                     for n, s in inputs.items()}
            names, found = launched(artifact, folder, feeds)
            assert len(names) == 1, f"{name} at {size}: expected one launch, found {names}"
            seen.update(names)
            expected = reference.run(None, feeds)[0]
            error = np.abs(found["y"] - expected).max()
            assert error <= 2e-5 * max(1, np.abs(expected).max()), f"{name} at {size}: error {error} of {names}"
        assert seen == kernels, f"{name}: never launched: {sorted(kernels - seen)}"
        print(f"ok {name}: {len(kernels)} variants")


def encoder(source, folder):
    artifact = folder / "encoder.raddle"
    run(["raddle-compile", source, "-o", str(artifact)])
    inputs = onnxruntime.InferenceSession(source, providers=["CPUExecutionProvider"]).get_inputs()
    seen = {}
    for batch, length in [(1, 1), (1, 128), (4, 12), (3, 77), (2, 512)]:
        os.environ["RADDLE_VGPU_CHECKS"] = "none"
        names, _ = launched(artifact, folder, {i.name: np.ones([batch, length], np.int64) for i in inputs})
        seen[batch, length] = names
    assert len({len(names) for names in seen.values()}) == 1, "the number of launches depends on the sizes"
    different = {tuple(names) for names in seen.values()}
    assert len(different) >= 3, f"expected at least 3 different choices of variants, found {len(different)}"
    print(f"ok encoder: {len(different)} choices of variants at {len(seen)} sizes")


def main():
    os.environ["RADDLE_VGPU_CHECKS"] = "all"
    with tempfile.TemporaryDirectory() as folder:
        small_models(Path(folder))
        for source in sys.argv[1:]:
            encoder(source, Path(folder))


if __name__ == "__main__":
    main()
