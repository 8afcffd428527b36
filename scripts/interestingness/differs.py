#!/usr/bin/env python3
"""Is a graph interesting to raddle-reduce, because kernels and host disagree?

usage: differs.py [options] GRAPH.mlir

The graph is evaluated on the host (`raddle-opt --graph-evaluate`), compiled, and
run on the virtual GPU on the same random inputs. It is interesting, and the exit
code 1 (which is what raddle-reduce expects), when an output differs by more than
`--tolerance` of its range. In every other case the exit code is 0 and one line
says why: it does not compile, the host cannot evaluate it, a run ends in a fault,
the answers agree. So a reduction stays with the difference and does not slip to
another failure. With `--error REGEX` that failure is what is looked for: a graph
is interesting when a tool ends with a message that matches.

  raddle-reduce graph.mlir --reduce-dataflow="test=differs.py" -o small.mlir
  raddle-reduce graph.mlir --reduce-dataflow="test=differs.py test-arg=--error=misaligned" -o small.mlir

`--after=fuse --passes=PIPELINE` runs passes of raddle-opt on the IR after a phase,
to find out whether they break it; `--plugin` loads passes of one's own. Needs NumPy.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np

NOT_INTERESTING, INTERESTING = 0, 1
TYPES = {"f16": np.float16, "f32": np.float32, "f64": np.float64, "bf16": np.float32, "i1": np.bool_}


class ToolFailed(Exception):
    """A tool ended with an error."""


class Unusable(Exception):
    """The candidate, or the way that the script was called, cannot be judged."""


def find_tools(folder):
    """The programs of `--bin`; else of PATH, of the install or the tree that this script is part of."""
    here = Path(__file__).resolve()
    beside = [here.parents[3] / "bin", here.parents[2] / "build" / "bin"]
    tools = {}
    for name in ("raddle-opt", "raddle-compile", "raddle-run"):
        found = shutil.which(name)
        candidates = [Path(folder) / name] if folder else [*([Path(found)] if found else []), *(f / name for f in beside)]
        tools[name] = next((path for path in candidates if os.access(path, os.X_OK)), None)
        if not tools[name]:
            raise Unusable(f"no program '{name}' in " + (folder or f"PATH, {beside[0]} or {beside[1]}"))
    return tools


def call(*command, seconds):
    # A group of its own, so that nothing outlives a time-out.
    process = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        out, error = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise ToolFailed(f"'{Path(command[0]).name}' took more than {seconds} s")
    if process.returncode != 0:
        raise ToolFailed(f"'{Path(command[0]).name}' ended with {process.returncode}: {error.strip()}")
    return out


def compile_graph(tools, options, graph, work):
    artifact = work / "candidate.raddle"
    target = [f"--target={options.target}", *options.compile_arg]
    if not options.after:
        call(tools["raddle-compile"], graph, *target, "-o", artifact, seconds=options.seconds)
        return artifact
    before, after = work / "before.mlir", work / "after.mlir"
    call(tools["raddle-compile"], graph, *target, f"--compile-to={options.after}", "-o", before, seconds=options.seconds)
    call(tools["raddle-opt"], before, *[f"--load-pass-plugin={p}" for p in options.plugin],
         f"--pass-pipeline={options.passes}", "-o", after, seconds=options.seconds)
    call(tools["raddle-compile"], after, *target, f"--compile-from={options.after}", "-o", artifact, seconds=options.seconds)
    return artifact


def make_inputs(text, size):
    """Random inputs of the shapes that `raddle-run --info` lists. What an input
    holds depends on its name alone, so that it is the same in every candidate."""
    inputs, sizes, section = {}, {}, None
    for line in text.splitlines():
        if not line.startswith(" "):
            section = line.rstrip(":")
        elif section == "dims":
            name, low, high = re.match(r"\s+(\S+): (\d+)(?: to (\d+))?", line).groups()
            sizes[name] = min(max(size, int(low)), int(high or max(size, int(low))))
        elif section == "inputs":
            name, kind, dims = re.match(r"\s+(.+): (\w+)\[(.*)\]$", line).groups()
            shape = [int(d) if d.isdigit() else sizes[d] for d in dims.split(", ") if d]
            random = np.random.default_rng(zlib.crc32(name.encode()))
            if kind in TYPES and kind != "i1":
                inputs[name] = random.standard_normal(shape).astype(TYPES[kind])
            else:  # small enough to be an index or a condition
                inputs[name] = random.integers(0, 2, shape).astype(TYPES.get(kind) or f"{kind[0]}{int(kind[1:]) // 8}")
    return inputs


def find_difference(expected, found, tolerance):
    """The first output that differs, in words, or None."""
    for name, right in expected.items():
        if name not in found or found[name].shape != right.shape:
            return f"output '{name}' is missing or of another shape"
        left, right = found[name].astype(np.float64), right.astype(np.float64)
        usable = np.isfinite(right)
        if not usable.any():
            continue
        extent = max(np.ptp(right[usable]), np.abs(right[usable]).max(), 1e-30)
        error = np.nan_to_num(np.abs(left[usable] - right[usable]) / extent, nan=np.inf).max()
        if error > tolerance:
            return f"output '{name}' differs by {error:.3g} of its range"
    return None


def judge(options, work):
    tools, graph = find_tools(options.bin), Path(options.graph).resolve()
    if options.error:  # what does not even parse fails in its own way
        try:
            call(tools["raddle-opt"], graph, "-o", os.devnull, seconds=options.seconds)
        except ToolFailed as failure:
            raise Unusable(f"not valid: {failure}")
    artifact = compile_graph(tools, options, graph, work)
    inputs = make_inputs(call(tools["raddle-run"], artifact, "--info", seconds=options.seconds), options.size)
    np.savez(work / "in.npz", **inputs)
    try:
        call(tools["raddle-opt"], graph, f"--graph-evaluate=inputs={work}/in.npz outputs={work}/expected.npz", "-o",
             os.devnull, seconds=options.seconds)
    except ToolFailed as failure:
        raise Unusable(f"the host cannot evaluate it: {failure}")
    call(tools["raddle-run"], artifact, "--inputs", work / "in.npz", "--outputs", work / "found.npz", "--device=vgpu",
         seconds=options.seconds)
    return find_difference(np.load(work / "expected.npz"), np.load(work / "found.npz"), options.tolerance)


class Parser(argparse.ArgumentParser):
    def error(self, message):  # argparse's exit code would be "interesting"
        raise Unusable(message)


def parse(arguments):
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graph")
    parser.add_argument("--error", metavar="REGEX", help="look for a failure with this message instead of a difference")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="share of an output's range (default: 1e-4)")
    parser.add_argument("--after", metavar="PHASE", help="run --passes on the IR after this phase")
    parser.add_argument("--passes", metavar="PIPELINE", help="a pipeline of raddle-opt, 'builtin.module(...)'")
    parser.add_argument("--plugin", action="append", default=[], help="a library with passes; may be repeated")
    parser.add_argument("--target", default="sm_80")
    parser.add_argument("--compile-arg", action="append", default=[], help="an option of raddle-compile; may be repeated")
    parser.add_argument("--size", type=int, default=2, help="value of named dims, as far as their bounds allow (default: 2)")
    parser.add_argument("--seconds", type=float, default=120, help="for each program (default: 120)")
    parser.add_argument("--bin", help="the folder of Raddle's programs")
    options = parser.parse_args(arguments)
    if bool(options.after) != bool(options.passes):
        parser.error("expected both of --after and --passes")
    return options


def main(arguments):
    try:
        options = parse(arguments)
        with tempfile.TemporaryDirectory(prefix="raddle-differs-") as work:
            try:
                difference = judge(options, Path(work))
            except ToolFailed as failure:
                matches = options.error and re.search(options.error, str(failure))
                print(f"{'interesting' if matches else 'not interesting'}: {str(failure)[:300]}")
                return INTERESTING if matches else NOT_INTERESTING
        if difference and not options.error:
            print(f"interesting: {difference}")
            return INTERESTING
        print(f"not interesting: {difference or 'the answers agree'}")
    except Unusable as reason:
        print(f"not interesting: {str(reason)[:300]}")
    return NOT_INTERESTING


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
