"""`dev bench kernels`: static figures of single kernels beside Triton 3.9.

Each row is the kernel that does the work of a small ONNX model of static shape,
for sm_80: counts from its PTX text (whole kernel, and main loop where the column
says so), registers and spills from the same ptxas for both compilers.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from artifact import Artifact, launches
from ptx_counts import kernel_counts
from ptxas import assemble

COLUMNS = ["compiler", "launches", "block", "instr", "loop", "mma", "ldmatrix", "cp.async", "groups", "wide/global",
           "st.shared in loop", "branches in loop", "predicated", "registers", "shared", "spills"]


def model(nodes, inputs, output, kind, constants=()):
    """An ONNX model; inputs are (name, shape), the output is (name, shape)."""
    graph = helper.make_graph(nodes, "kernel", [helper.make_tensor_value_info(n, kind, s) for n, s in inputs],
                              [helper.make_tensor_value_info(output[0], kind, output[1])], list(constants))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def matmul(size):
    return model([helper.make_node("MatMul", ["a", "b"], ["c"])], [("a", [size, size]), ("b", [size, size])],
                 ("c", [size, size]), TensorProto.FLOAT16)


def attention(head):
    shape = [1, 12, 1024, head]
    scale = onnx.numpy_helper.from_array(np.array(head ** -0.5, np.float16), "scale")
    nodes = [helper.make_node("Transpose", ["k"], ["kt"], perm=[0, 1, 3, 2]),
             helper.make_node("MatMul", ["q", "kt"], ["s"]), helper.make_node("Mul", ["s", "scale"], ["t"]),
             helper.make_node("Softmax", ["t"], ["p"], axis=-1), helper.make_node("MatMul", ["p", "v"], ["o"])]
    return model(nodes, [("q", shape), ("k", shape), ("v", shape)], ("o", shape), TensorProto.FLOAT16, [scale])


def layer_norm():
    weight = [onnx.numpy_helper.from_array(np.linspace(0.5, 1.5, 1024, dtype=np.float32), n) for n in ("g", "h")]
    return model([helper.make_node("LayerNormalization", ["x", "g", "h"], ["y"], axis=-1)], [("x", [4096, 1024])],
                 ("y", [4096, 1024]), TensorProto.FLOAT, weight)


def softmax():
    return model([helper.make_node("Softmax", ["x"], ["y"], axis=-1)], [("x", [4096, 1024])], ("y", [4096, 1024]),
                 TensorProto.FLOAT)


MODELS = {"matmul 1024": lambda: matmul(1024), "matmul 4096": lambda: matmul(4096),
          "attention 64": lambda: attention(64), "attention 128": lambda: attention(128), "layer norm": layer_norm,
          "softmax": softmax}


def figures(text, shared, kernel=None):
    """The columns of one kernel; without a name, of the only one."""
    counts = kernel_counts(text)
    name = kernel or next(iter(counts))
    whole, loop = counts[name]
    report = assemble(text, "sm_80")
    used = next((k for k in report.kernels if k.name == name), None)
    if used is None:
        sys.exit(f"bench: error: ptxas rejects '{name}': {report.error}")
    return [whole.instructions, loop.instructions, whole.mma, whole.ldmatrix, whole.async_copies, whole.groups,
            f"{whole.wide_accesses}/{whole.global_accesses}", loop.shared_stores, max(loop.branches - 1, 0),
            whole.predicated, used.registers, max(shared, used.shared), used.spilled_bytes]


def raddle(bin, name, folder):
    source, path = folder / "model.onnx", folder / "model.raddle"
    onnx.save(MODELS[name](), source)
    done = subprocess.run([bin / "raddle-compile", source, "--target=sm_80", "-o", path], capture_output=True, text=True)
    if done.returncode != 0:
        return ["raddle", f"not compiled: {done.stderr.strip().splitlines()[0][:80] if done.stderr else done.returncode}"]
    artifact = Artifact(path)
    launched = list(launches(artifact.program["body"], {}))
    modules = dict(artifact.modules("sm_80"))

    def weight(launch):
        kernel = artifact.program["kernels"][launch["launch"]]
        whole, _ = kernel_counts(modules[kernel["module"]])[kernel["name"]]
        return whole.mma, whole.instructions

    main = max(launched, key=weight)
    kernel = dict(artifact.program["kernels"][main["launch"]])
    kernel.update(kernel.get("targets", {}).get("sm_80", {}))
    return ["raddle", len(launched), "x".join(map(str, kernel["block"])),
            *figures(modules[kernel["module"]], kernel["shared"], kernel["name"])]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--models", required=True)
    parser.add_argument("--environment", required=True, help="the Python environment with Triton")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        done = subprocess.run([Path(options.environment) / "bin" / "python",
                               Path(__file__).with_name("triton_reference.py"), folder], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"bench: error: Triton does not compile its kernels: {done.stderr[-1000:]}")
        for name in MODELS:
            print(f"\n{name}")
            text = (folder / f"{name}.ptx").read_text()
            shared = json.loads((folder / f"{name}.json").read_text())["shared"]
            block = text.split(".reqntid", 1)[1].split()[0].rstrip(",")
            rows = [raddle(Path(options.build) / "bin", name, folder),
                    ["Triton 3.9", 1, block, *figures(text, shared)]]
            widths = [max(len(str(r[i])) if i < len(r) else 0 for r in [COLUMNS, *rows]) for i in range(len(COLUMNS))]
            for row in [COLUMNS, *rows]:
                print("  ".join(f"{str(cell):<{w}}" if i == 0 else f"{str(cell):>{w}}"
                                for i, (cell, w) in enumerate(zip(row, widths))))


if __name__ == "__main__":
    main()
