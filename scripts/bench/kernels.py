"""`dev bench kernels`: single kernels beside Triton 3.9, with a verdict per criterion.

Each row is the kernel that does the work of a small ONNX model of static shape,
for sm_80: counts from its PTX text, registers and spills from the same ptxas, and
what the virtual GPU counts when it runs both kernels on the same inputs. Ends with
exit code 1 when a criterion of ours is not held.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

import ptx_counts
from artifact import Artifact, evaluate, launches
from ptxas import assemble

COLUMNS = ["compiler", "launches", "block", "instr", "loop", "mma", "ldmatrix", "cp.async", "stages", "wide/global",
           "st.shared in loop", "branches in loop", "masks", "conflicts in loop", "registers", "shared", "spills",
           "run/element", "largest error"]
# Largest error that a correct kernel makes, of the output's range. f16: the
# result is rounded to 2^-11 of its size, and attention's probabilities to as
# much before their sum; f32: docs/Numerics.md, elementary functions.
BOUNDS = {np.float16: 2 ** -10, np.float32: 2e-6}


def model(nodes, inputs, output, kind, constants=()):
    """An ONNX model; inputs are (name, shape), the output is (name, shape)."""
    graph = helper.make_graph(nodes, "kernel", [helper.make_tensor_value_info(n, kind, s) for n, s in inputs],
                              [helper.make_tensor_value_info(output[0], kind, output[1])], list(constants))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@dataclass
class Case:
    """A kernel: its model, what it computes of arrays of f64, how Triton's is
    launched, and which part of a launch is run (all, or some blocks)."""
    model: object
    reference: object
    triton_grid: tuple
    tensor_cores: bool = False
    parameters: tuple = ()
    # Rows of the result that are computed, and blocks of both that do it.
    rows: int = None
    blocks: tuple = None


def matmul(size, grid, rows=None, blocks=None):
    made = model([helper.make_node("MatMul", ["a", "b"], ["c"])], [("a", [size, size]), ("b", [size, size])],
                 ("c", [size, size]), TensorProto.FLOAT16)
    return Case(made, lambda a, b: a[:rows] @ b, grid, True, (), rows, blocks)


def attention(head):
    shape = [1, 12, 1024, head]
    scale = onnx.numpy_helper.from_array(np.array(head ** -0.5, np.float16), "scale")
    nodes = [helper.make_node("Transpose", ["k"], ["kt"], perm=[0, 1, 3, 2]),
             helper.make_node("MatMul", ["q", "kt"], ["s"]), helper.make_node("Mul", ["s", "scale"], ["t"]),
             helper.make_node("Softmax", ["t"], ["p"], axis=-1), helper.make_node("MatMul", ["p", "v"], ["o"])]
    made = model(nodes, [("q", shape), ("k", shape), ("v", shape)], ("o", shape), TensorProto.FLOAT16, [scale])
    return Case(made, lambda q, k, v: softmax_of(q @ k.swapaxes(2, 3) * float(np.float16(head ** -0.5))) @ v,
                (8, 12, 1), True)


def layer_norm():
    weights = [np.linspace(0.5, 1.5, 1024, dtype=np.float32)] * 2
    named = [onnx.numpy_helper.from_array(w, n) for w, n in zip(weights, ("g", "h"))]
    made = model([helper.make_node("LayerNormalization", ["x", "g", "h"], ["y"], axis=-1)], [("x", [4096, 1024])],
                 ("y", [4096, 1024]), TensorProto.FLOAT, named)

    def reference(x):
        centred = x - x.mean(-1, keepdims=True)
        return centred / np.sqrt((centred ** 2).mean(-1, keepdims=True) + 1e-5) * weights[0] + weights[1]
    return Case(made, reference, (4096, 1, 1), parameters=tuple(weights))


def softmax_of(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softmax():
    made = model([helper.make_node("Softmax", ["x"], ["y"], axis=-1)], [("x", [4096, 1024])], ("y", [4096, 1024]),
                 TensorProto.FLOAT)
    return Case(made, softmax_of, (4096, 1, 1))


CASES = {"matmul 1024": lambda: matmul(1024, (8, 8, 1)),
         # The first 128 rows: what every other block row does as well.
         "matmul 4096": lambda: matmul(4096, (1, 16, 1), 128, (32, 1, 1)),
         "attention 64": lambda: attention(64), "attention 128": lambda: attention(128), "layer norm": layer_norm,
         "softmax": softmax}


@dataclass
class Compiled:
    compiler: str
    text: str
    entry: str
    block: list
    grid: list
    shared: int
    launches: int
    # Per argument of the kernel: an array, "out", or a number.
    arguments: list


@dataclass
class Figures:
    compiled: Compiled
    whole: ptx_counts.Counts = None
    loop: ptx_counts.Counts = None
    stages: int = 0
    conflicts: int = 0
    masks: float = 0
    per_element: float = 0
    error: float = 0
    registers: int = 0
    shared: int = 0
    spills: int = 0

    def row(self):
        whole, loop = self.whole, self.loop
        return [self.compiled.compiler, self.compiled.launches, "x".join(map(str, self.compiled.block)),
                whole.instructions, loop.instructions, whole.mma, whole.ldmatrix, whole.async_copies, self.stages,
                f"{whole.wide_accesses}/{whole.global_accesses}", loop.shared_stores, max(loop.branches - 1, 0),
                f"{self.masks:.1%}", self.conflicts, self.registers, self.shared, self.spills,
                f"{self.per_element:.3f}", f"{self.error:.1e}"]


def run(bin, compiled, folder, shape, kind):
    """(counters, result) of the kernel on the virtual GPU."""
    (folder / "k.ptx").write_text(compiled.text)
    command = [bin / "raddle-vgpu", "run", folder / "k.ptx", "--entry", compiled.entry, "--checks", "none",
               "--grid", ",".join(map(str, compiled.grid)), "--block", ",".join(map(str, compiled.block)),
               "--shared", str(compiled.shared), "--profile", folder / "profile.json"]
    names = {np.float16: "f16", np.float32: "f32"}
    for number, argument in enumerate(compiled.arguments):
        if isinstance(argument, np.ndarray):
            np.save(folder / f"{number}.npy", argument)
            command += ["--arg", f"in:{names[argument.dtype.type]}:{folder / f'{number}.npy'}"]
        elif argument == "out":
            command += ["--arg", f"out:{names[kind]}:{int(np.prod(shape))}:{folder / 'out.npy'}"]
        else:
            command += ["--arg", argument]
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"bench: error: {compiled.compiler}'s kernel does not run on the virtual GPU: {done.stderr.strip()[-500:]}")
    return json.loads((folder / "profile.json").read_text()), np.load(folder / "out.npy").reshape(shape)


def measure(bin, compiled, case, inputs, folder):
    result = Figures(compiled)
    code, loop = ptx_counts.kernel_code(compiled.text)[compiled.entry]
    result.whole, result.loop = ptx_counts.count(code), ptx_counts.count(loop)
    result.stages = ptx_counts.ring_stages(code, loop)
    report = assemble(compiled.text, "sm_80")
    used = next((k for k in report.kernels if k.name == compiled.entry), None)
    if used is None:
        sys.exit(f"bench: error: ptxas rejects '{compiled.entry}': {report.error}")
    result.registers, result.spills = used.registers, used.spilled_bytes
    result.shared = max(compiled.shared, used.shared)

    output = case.model.graph.output[0].type.tensor_type
    shape = [d.dim_value for d in output.shape.dim]
    kind = inputs[0].dtype.type
    profile, answer = run(bin, compiled, folder, shape, kind)
    answer = answer[:case.rows] if case.rows else answer
    executed = {line["ptx_line"]: line for line in profile["lines"]}
    # A line that holds inline assembly may hold several instructions.
    on_line = {}
    for instruction in code:
        on_line.setdefault(instruction.line, []).append(instruction)

    def times(instruction):
        return executed.get(instruction.line, {"warp_instructions": 0})["warp_instructions"] / len(on_line[instruction.line])

    # Moves between registers are the assembler's to remove.
    kept = [i for i in code if not (i.opcode.startswith("mov.") and "%tid" not in i.operands)]
    total = sum(map(times, kept))
    result.per_element = total / answer.size
    result.masks = sum(times(i) for i in ptx_counts.masks(code)) / total
    result.conflicts = sum(executed[n]["shared_bank_conflicts"] for n in {i.line for i in loop} & executed.keys())
    expected = case.reference(*(x.astype(np.float64) for x in inputs))
    result.error = float(np.abs(answer - expected).max() / (expected.max() - expected.min()))
    return result


def raddle(bin, name, case, inputs, folder):
    source, path = folder / "model.onnx", folder / "model.raddle"
    onnx.save(case.model, source)
    done = subprocess.run([bin / "raddle-compile", source, "--target=sm_80", "-o", path], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"bench: error: '{name}' is not compiled: {done.stderr.strip()[:500]}")
    artifact = Artifact(path)
    launched = list(launches(artifact.program["body"], {}))
    modules = dict(artifact.modules("sm_80"))

    def kernel_of(launch):
        kernel = dict(artifact.program["kernels"][launch["launch"]])
        kernel.update(kernel.get("targets", {}).get("sm_80", {}))
        return kernel

    def weight(launch):
        kernel = kernel_of(launch)
        whole, _ = ptx_counts.kernel_counts(modules[kernel["module"]])[kernel["name"]]
        return whole.mma, whole.instructions

    launch = max(launched, key=weight)
    kernel = kernel_of(launch)
    by_name = {i.name: x for i, x in zip(case.model.graph.input, inputs)}

    def argument(spec):
        if "ptr" not in spec:
            (kind, value), = spec.items()
            return f"{kind}:{evaluate(value, {}) if kind[0] == 'i' else value}"
        buffer = artifact.program["buffers"][spec["ptr"]]
        if buffer["kind"] == "input":
            return by_name[buffer["name"]]
        if buffer["kind"] == "output":
            return "out"
        entry = buffer.get("entry", buffer.get("name"))
        return np.frombuffer(artifact.read(entry), inputs[0].dtype)

    return Compiled("raddle", modules[kernel["module"]], kernel["name"], kernel["block"],
                    case.blocks or launch["grid"], kernel["shared"], len(launched), list(map(argument, launch["args"])))


def triton(name, case, inputs, folder):
    text = (folder / f"{name}.ptx").read_text()
    entry = next(iter(ptx_counts.kernel_code(text)))
    block = int(text.split(".reqntid", 1)[1].split()[0].rstrip(","))
    given = [*inputs, *case.parameters, "out"]
    # Scratch memory that these kernels do not use.
    given += ["u64:0"] * (text.split(")", 1)[0].count(".param") - len(given))
    return Compiled("Triton 3.9", text, entry, [block, 1, 1], case.triton_grid,
                    json.loads((folder / f"{name}.json").read_text())["shared"], 1, given)


def criteria(case, figures, kind):
    """(text, held) of everything that our kernel is asked."""
    whole, loop = figures.whole, figures.loop
    if case.tensor_cores:
        yield "mma.sync and ldmatrix", whole.mma > 0 and whole.ldmatrix > 0
        yield "3 stages of cp.async or more", figures.stages >= 3
        yield "no conversion of layouts in the main loop", loop.shared_stores == 0 and loop.shared_loads == 0
        yield "no bank conflict in the main loop", figures.conflicts == 0
        yield "no branch in the main loop but its own", loop.branches == 1
    yield "all global accesses of 128 bits", whole.wide_accesses == whole.global_accesses
    yield "no spill", figures.spills == 0
    yield "masks at most 5 % of what is executed", figures.masks <= 0.05
    yield f"answers within {BOUNDS[kind]:.1e} of the range", figures.error <= BOUNDS[kind]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--models", required=True)
    parser.add_argument("--environment", required=True, help="the Python environment with Triton")
    parser.add_argument("--only", default="", help="the cases whose names contain this")
    options = parser.parse_args()
    bin = Path(options.build) / "bin"
    random = np.random.default_rng(0)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        done = subprocess.run([Path(options.environment) / "bin" / "python",
                               Path(__file__).with_name("triton_reference.py"), folder], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"bench: error: Triton does not compile its kernels: {done.stderr[-1000:]}")
        for name, make in CASES.items():
            if options.only not in name:
                continue
            case = make()
            inputs = [random.standard_normal([d.dim_value for d in i.type.tensor_type.shape.dim]).astype(
                helper.tensor_dtype_to_np_dtype(i.type.tensor_type.elem_type)) for i in case.model.graph.input]
            print(f"\n{name}")
            ours = measure(bin, raddle(bin, name, case, inputs, folder), case, inputs, folder)
            theirs = measure(bin, triton(name, case, inputs, folder), case, inputs, folder)
            rows = [ours.row(), theirs.row()]
            widths = [max(len(str(r[i])) for r in [COLUMNS, *rows]) for i in range(len(COLUMNS))]
            for row in [COLUMNS, *rows]:
                print("  ".join(f"{str(cell):<{w}}" if i == 0 else f"{str(cell):>{w}}"
                                for i, (cell, w) in enumerate(zip(row, widths))))
            for text, held in criteria(case, ours, inputs[0].dtype.type):
                print(f"  {'held' if held else 'NOT held'}: {text}")
                failed += not held
    print(f"\nrun/element: instructions that warps execute per element of the result, without moves between registers")
    print(f"{failed} criteria not held" if failed else "all criteria held")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
