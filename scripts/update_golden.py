"""Writes the golden files of test/Pipelines/golden: what matters in the IR after
every phase of a few models, as FileCheck lines.

usage: update_golden.py [--build build] [--models FOLDER] [NAME...]

Run it after a change that is meant to change the IR, and review the difference
(`git diff test/Pipelines/golden`): it says what the change does to real models.
The lines hold the operations that decide what is computed and launched, with
types and nodes, in order; each file also says that there are no others of them.
Tile sizes and addresses are left out: they are tuned without a change of meaning.
"""

import argparse
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODELS = {"fmnist_dwcnn": "fmnist_dwcnn.onnx", "minilm_int8": "minilm_int8.onnx"}
PHASES = ["import", "simplify", "compress", "fuse", "order", "tile", "plan", "nvvm", "ptx"]
# Operations that a skeleton or a control-flow statement is made of.
GRAPH = ["attention", "contract", "conv", "norm", "softmax", "reduce", "pool", "gather", "scatter_nd", "lstm",
         "decode", "encode"]
# What a thread's code must use where the kernel is made of it.
INSTRUCTIONS = {
    "nvvm": [("cp.async", "llvm.nvvm.cp.async.c"), ("ldmatrix", "llvm.nvvm.ldmatrix"), ("mma", "llvm.nvvm.mma.")],
    "ptx": [("cp.async", "cp.async.c"), ("ldmatrix", "ldmatrix.sync"), ("mma", "mma.sync")],
}


def escape(text):
    """`text` as FileCheck matches it."""
    return text.replace("[[", "{{\\[\\[}}").replace("{{", "{{[{][{]}}") if "[[" in text or "{{" in text else text


def graph_lines(text):
    """One line per operation of GRAPH: its name, arithmetic and types."""
    lines = []
    for line in text.splitlines():
        match = re.search(r"= (graph\.(?:%s)) (.*?)( loc\(.*)?$" % "|".join(GRAPH), line)
        if not match:
            continue
        name, rest = match.group(1), match.group(2)
        compute = re.search(r"compute = #graph.compute<\w+>", rest)
        types = rest[rest.rfind(" : ") + 1:] if " : " in rest else rest
        lines.append(f"{name} {{{{.*}}}}" + (compute.group(0) + "{{.*}}" if compute else "") + escape(types))
    return lines, [f"= graph.{name}{{{{ }}}}" for name in GRAPH]


def group_lines(text):
    """One line per group: skeleton and nodes."""
    lines = []
    for line in text.splitlines():
        if "= graph.group (" not in line:
            continue
        nodes = re.search(r'nodes = (\[.*?\])', line)
        skeleton = re.search(r'skeleton = "\w+"', line).group(0)
        lines.append("graph.group {{.*}}" + (f"nodes = {nodes.group(1)}, {{{{.*}}}}" if nodes else "") + skeleton)
    return lines, ["= graph.group"]


def launch_lines(text):
    """Kernels, then launches with their nodes."""
    kernels = sorted(set(re.findall(r"func\.func @(k\w+)\(", text)))
    lines = [f"DAG: func.func @{name}(" for name in kernels]
    for line in text.splitlines():
        match = re.search(r"plan\.launch (@\w+::@\w+) .* writes (\[.*?\])(?: nodes (\[.*?\]))?", line)
        if match:
            lines.append(f"plan.launch {match.group(1)} {{{{.*}}}} writes {match.group(2)}" +
                         (f" nodes {match.group(3)}" if match.group(3) else ""))
    return lines, ["func.func @k", "plan.launch"]


def plan_lines(text):
    """Places of buffers, by what they are used for."""
    lines = []
    for line in text.splitlines():
        if " plan.arena " in line:
            lines.append("plan.arena")
        elif re.search(r"= plan\.alloc %\S+ at %", line):
            lines.append("plan.alloc {{.*}} at %")
        elif re.search(r"= plan\.alloc ", line):
            lines.append("plan.alloc %{{[a-z0-9_]+}}{{( loc.*)?$}}")
        elif match := re.search(r"plan\.launch (@\w+::@\w+) ", line):
            lines.append(f"plan.launch {match.group(1)} ")
        elif match := re.search(r'plan\.output "\S+" type "\w+"', line):
            lines.append(match.group(0))
    return lines, ["plan.arena", "plan.alloc", "plan.launch", "plan.output"]


def thread_lines(text, phase):
    """Kernels and the kinds of instructions they are made of."""
    mark = r"llvm\.func @(k\w+)\(" if phase == "nvvm" else r"\.visible \.entry (k\w+)\("
    parts = re.split(mark, text)
    lines = []
    for name, body in zip(parts[1::2], parts[2::2]):
        lines.append(f"LABEL: llvm.func @{name}(" if phase == "nvvm" else f"LABEL: .visible .entry {name}(")
        for kind, found in INSTRUCTIONS[phase]:
            lines.append(f"DAG: {found}" if found in body else f"NOT: {found}")
    return lines, []


def get_lines(phase, text):
    if phase in ("import", "simplify", "compress"):
        return graph_lines(text)
    if phase in ("fuse", "order"):
        return group_lines(text)
    if phase == "tile":
        return launch_lines(text)
    if phase == "plan":
        return plan_lines(text)
    return thread_lines(text, phase)


def write(name, model, phase, options):
    compiled = subprocess.run([options.build / "bin" / "raddle-compile", options.models / model,
                               f"--compile-to={phase}", "--cache-dir=none", "-o", "-"],
                              capture_output=True, text=True, check=True)
    lines, only = get_lines(phase, compiled.stdout)
    nots = " ".join(f"'--implicit-check-not={what}'" for what in only)
    out = [f"What matters of {model} after phase {phase}. Made by scripts/update_golden.py.", "",
           "REQUIRES: compiler, models",
           f"RUN: raddle-compile %models/{model} --compile-to={phase} --cache-dir=none -o - | FileCheck %s {nots}".rstrip(),
           ""]
    for line in lines:
        kind = re.match(r"(DAG|LABEL|NOT): ", line)
        out.append(f"CHECK-{line}" if kind else f"CHECK: {line}")
    path = ROOT / "test" / "Pipelines" / "golden" / name / f"{phase}.test"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(line.rstrip() for line in out) + "\n")
    print(f"{path.relative_to(ROOT)}: {len(lines)} lines")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"models (default: {', '.join(MODELS)})")
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--models", type=Path, default=Path.home() / ".cache" / "raddle" / "models")
    options = parser.parse_args()
    for name in options.names or MODELS:
        for phase in PHASES:
            write(name, MODELS[name], phase, options)


if __name__ == "__main__":
    main()
