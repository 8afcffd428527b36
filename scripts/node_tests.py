"""Runs the onnx package's backend node tests through the compiler and the
virtual GPU.

usage: node_tests.py --build BUILD [--filter REGEX] [--table FILE.md] [--json FILE] [--keep]

The tests are made in this process by the package's own `collect_testcases`; of
them the static, non-expanded ones whose inputs and outputs are f32, f16, bf16,
i32, i64 or bool tensors are compiled, run and compared with the expected output
at the test's own tolerances. A test is

  matched      right, and computed by kernels: some were launched, an output is
               written by one, and none comes from the compiler or the host
               program alone (parts of inputs may be passed on as they are)
  host         right, but not computed by kernels: folded, or made by the host
               program
  unsupported  refused by the compiler with an error message
  wrong        another result, or a fault or an error while running
  crashed      a tool ended by a signal or with an unknown exit code
  hung         a tool did not end in time

The exit code is 1 when a test is wrong, crashed or hung.
"""

import argparse
import collections
import json
import os
import re
import shutil
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

warnings.filterwarnings("ignore")

import ml_dtypes
import numpy as np
import onnx
from onnx.backend.test.case.node import collect_testcases

VERDICTS = ["matched", "host", "unsupported", "wrong", "crashed", "hung"]
BAD = {"wrong", "crashed", "hung"}
TYPES = {getattr(onnx.TensorProto, t) for t in ("FLOAT", "FLOAT16", "BFLOAT16", "INT32", "INT64", "BOOL")}
TIMEOUT = 60


def is_static(test):
    """Whether every input and output is a tensor of a static shape and a known type."""
    for value in [*test.model.graph.input, *test.model.graph.output]:
        if value.type.WhichOneof("value") != "tensor_type":
            return False
        tensor = value.type.tensor_type
        if tensor.elem_type not in TYPES or not tensor.HasField("shape"):
            return False
        if any(not dim.HasField("dim_value") for dim in tensor.shape.dim):
            return False
    return True


def tests(pattern):
    chosen = [t for t in collect_testcases(None) if "_expanded" not in t.name and is_static(t)]
    return [t for t in chosen if not pattern or re.search(pattern, t.name)]


def operator(test):
    """The operator a test is about: the last node's, for the tables."""
    node = test.model.graph.node[-1]
    return f"{node.domain}.{node.op_type}" if node.domain else node.op_type


def as_array(value):
    """The tests' data are arrays, numbers or, for some types, TensorProtos."""
    return onnx.numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else np.asarray(value)


def as_stored(array):
    """bf16 goes in as bytes without a type, as ml_dtypes saves it."""
    array = as_array(array)
    return array.view("V2") if array.dtype == ml_dtypes.bfloat16 else array


def difference(expected, found, test):
    """Why an output is not the expected one, or an empty string."""
    expected = as_array(expected)
    if expected.dtype == ml_dtypes.bfloat16:
        expected = expected.astype(np.float32)  # as raddle-run writes it
    if found.dtype != expected.dtype:
        return f"expected type {expected.dtype}, found {found.dtype}"
    if found.shape != expected.shape:
        return f"expected shape {list(expected.shape)}, found {list(found.shape)}"
    if expected.dtype.kind in "biu":
        wrong = np.count_nonzero(expected != found)
        return f"{wrong} of {expected.size} elements differ" if wrong else ""
    left, right = expected.astype(np.float64), found.astype(np.float64)
    close = np.isclose(right, left, rtol=test.rtol, atol=test.atol, equal_nan=True)
    if close.all():
        return ""
    with np.errstate(invalid="ignore"):
        worst = np.nanmax(np.abs(left - right)[~close]) if np.isfinite((left - right)[~close]).any() else np.nan
    return f"{np.count_nonzero(~close)} of {close.size} elements differ, by at most {worst:.3g}"


class Ended(Exception):
    """A tool did not do its work: the verdict and the reason."""


def call(command, refusal):
    """Runs a tool; `refusal` is the verdict of a proper error (exit code 1)."""
    name = Path(command[0]).name
    try:
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, errors="replace",
                              timeout=TIMEOUT, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise Ended("hung", f"{name} took more than {TIMEOUT} s")
    if done.returncode == 0:
        return done.stdout + "\n" + done.stderr
    message = done.stderr.strip()
    if done.returncode != 1 or not message or "Stack dump" in message:
        raise Ended("crashed", f"{name} exited with {done.returncode}: {first_error(message)}")
    raise Ended(refusal, first_error(message))


def first_error(message):
    lines = [line.strip() for line in message.splitlines() if "error:" in line or "ERROR" in line] or ["no message"]
    return re.sub(r"^.*?error:\s*", "", lines[0])[:200]


def program_of(artifact):
    """The host program of an artifact, which is a safetensors file."""
    with open(artifact, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return json.loads(header["__metadata__"]["raddle.program"])


def statements(block):
    """All statements of a block, those inside of others too."""
    for statement in block:
        yield statement
        for key in ("then", "else", "body", "while"):
            if isinstance(statement.get(key), list):
                yield from statements(statement[key])


def not_by_kernels(program):
    """Why the outputs do not count as computed by kernels, or an empty string.
    What a kernel has a pointer to and is not an input or a weight, it writes."""
    kinds = [buffer["kind"] for buffer in program["buffers"]]
    launched, copies = set(), collections.defaultdict(set)
    for statement in statements(program["body"]):
        if "launch" in statement:
            launched |= {a["ptr"] for a in statement["args"] if "ptr" in a}
        elif "copy" in statement:
            copies[statement["copy"]["to"]].add(statement["copy"]["from"])
        elif "bind" in statement:
            copies[statement["bind"]].add(statement["to"])
    launched = {b for b in launched if kinds[b] not in ("input", "weight")}

    def sources(buffer, seen):
        if buffer in seen:
            return set()
        seen.add(buffer)
        found = {"kernel"} if buffer in launched else {kinds[buffer]} if kinds[buffer] in ("input", "weight") else set()
        return found.union(*(sources(b, seen) for b in copies[buffer]))

    made = {output["name"]: sources(output["buffer"], set()) for output in program["outputs"]}
    empty = {output["name"] for output in program["outputs"] if 0 in output["shape"]}
    for name, origin in made.items():
        if name not in empty and not origin & {"kernel", "input"}:
            return f"output '{name}' is not written by a kernel"
    return "" if any("kernel" in origin for origin in made.values()) else "no output is written by a kernel"


def run_on_virtual_gpu(bin, folder):
    """Compiles and runs; why this was not done by kernels, or an empty string."""
    artifact = folder / "model.raddle"
    call([bin / "raddle-compile", folder / "model.onnx", "--target=sm_80", "-o", artifact], "unsupported")
    text = call([bin / "raddle-run", artifact, "--device=vgpu", "--inputs", folder / "in.npz", "--outputs",
                 folder / "out.npz", "--stats"], "wrong")
    stats = next((json.loads(line) for line in reversed(text.splitlines()) if line.startswith("{")), None)
    if stats is None:
        raise Ended("wrong", "raddle-run printed no statistics")
    return not_by_kernels(program_of(artifact)) if stats["launches"] else "no kernel was launched"


def run_on_host(bin, folder):
    """Imports and evaluates with lib/Reference; counts as done by kernels."""
    graph = folder / "graph.mlir"
    call([bin / "raddle-translate", "--import-onnx", folder / "model.onnx", "-o", graph], "unsupported")
    call([bin / "raddle-opt", graph, f"--graph-evaluate=inputs={folder / 'in.npz'} outputs={folder / 'out.npz'}", "-o",
          "/dev/null"], "wrong")
    return ""


def run_test(test, bin, work, host):
    folder = work / test.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    given, got = folder / "in.npz", folder / "out.npz"
    graph = test.model.graph
    inputs, outputs = test.data_sets[0]
    onnx.save(test.model, folder / "model.onnx")
    np.savez(given, **{value.name: as_stored(array) for value, array in zip(graph.input, inputs)})
    try:
        if host:
            excuse = run_on_host(bin, folder)
        else:
            excuse = run_on_virtual_gpu(bin, folder)
        with np.load(got) as file:
            for value, expected in zip(graph.output, outputs):
                if value.name not in file.files:
                    raise Ended("wrong", f"no output '{value.name}'")
                if reason := difference(expected, file[value.name], test):
                    raise Ended("wrong", f"output '{value.name}': {reason}")
        return ("host", excuse) if excuse else ("matched", "")
    except Ended as ended:
        return ended.args


def summary(results):
    counts = collections.Counter(r["verdict"] for r in results)
    return ", ".join(f"{counts[v]} {v}" for v in VERDICTS) + f" of {len(results)}"


def write_table(results, path):
    counts = collections.Counter(r["verdict"] for r in results)
    total = len(results)
    lines = ["# ONNX node tests", "",
             f"Made by `scripts/node_tests.py` with the backend node tests of onnx {onnx.__version__}: the {total} static, "
             "non-expanded tests with f32, f16, bf16, i32, i64 and bool tensors, compiled for sm_80 and run on the virtual "
             "GPU. *Matched* means the right result, computed by kernels; *host* is right, but folded or made by the host "
             "program, and does not count.", "", "| verdict | tests | share |", "|---|---:|---:|"]
    lines += [f"| {v} | {counts[v]} | {100 * counts[v] / max(total, 1):.1f} % |" for v in VERDICTS]
    lines += ["", "## By operator", "", "| operator | " + " | ".join(VERDICTS) + " |", "|---|" + "---:|" * len(VERDICTS)]
    groups = collections.defaultdict(collections.Counter)
    for result in results:
        groups[result["operator"]][result["verdict"]] += 1
    for name in sorted(groups):
        lines.append(f"| {name} | " + " | ".join(str(groups[name][v] or "") for v in VERDICTS) + " |")
    lines += ["", "## Tests that do not match", "", "| test | verdict | reason |", "|---|---|---|"]
    for result in results:
        if result["verdict"] != "matched":
            reason = result["reason"].replace("|", "\\|").replace("\n", " ")
            lines.append(f"| {result['name']} | {result['verdict']} | {reason} |")
    Path(path).write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="the build tree")
    parser.add_argument("--filter", help="run only tests whose name matches")
    parser.add_argument("--table", help="write the public table to this file")
    parser.add_argument("--json", help="write the verdicts to this file")
    parser.add_argument("--host", action="store_true", help="import and evaluate on the host instead of compiling")
    parser.add_argument("--jobs", type=int, default=2, help="tests run at a time (default: 2)")
    parser.add_argument("--keep", action="store_true", help="keep the files of every test")
    options = parser.parse_args()
    chosen = tests(options.filter)
    bin = Path(options.build) / "bin"
    work = Path(options.build) / "test-results" / "node-tests"
    os.environ.setdefault("RADDLE_VGPU_CHECKS", "all")
    for tool in ("raddle-translate", "raddle-opt") if options.host else ("raddle-compile", "raddle-run"):
        if not (bin / tool).exists():
            print(f"node_tests: error: '{bin / tool}' is not built", file=sys.stderr)
            return 2
    results = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for number, (test, outcome) in enumerate(zip(chosen, pool.map(lambda t: run_test(t, bin, work, options.host), chosen)), 1):
            verdict, reason = outcome
            results.append({"name": test.name, "operator": operator(test), "verdict": verdict, "reason": reason})
            print(f"[{number}/{len(chosen)}] {test.name}: {verdict}{': ' + reason if reason else ''}", flush=True)
            if verdict in ("matched", "host", "unsupported") and not options.keep:
                shutil.rmtree(work / test.name)
    print(summary(results))
    if options.table:
        write_table(results, options.table)
    if options.json:
        temporary = options.json + ".part"
        Path(temporary).write_text(json.dumps({"tests": results}, indent=1))
        os.replace(temporary, options.json)
    return 1 if any(r["verdict"] in BAD for r in results) else 0


if __name__ == "__main__":
    sys.exit(main())
