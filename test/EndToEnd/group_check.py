"""The group-by-group check: every kernel's results within the element-wise
bounds of docs/Numerics.md, from the kernel's own inputs.

The graph is compiled to the phase 'order'; `graph-expose-groups` returns the
results of every group; what the compiler makes of that runs on the virtual GPU;
`graph-check-groups` computes each group in f64 with bounds and compares.
"""

import json
import os
import subprocess
from pathlib import Path


class Failure(Exception):
    pass


def call(command, env=None, timeout=1800):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, env=env, timeout=timeout,
                          stdin=subprocess.DEVNULL)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise Failure(f"'{Path(command[0]).name}' exited with {done.returncode}: " + "\n".join(l[:400] for l in lines[:8]))
    return done.stdout


def check(bin, model, inputs, work, options=(), target="sm_80", machine="a100-sxm4-80", checks="none"):
    """Judges all groups of a model file on inputs (an .npz file); a row per
    result."""
    work.mkdir(parents=True, exist_ok=True)
    graph, exposed = work / "order.mlir", work / "exposed.mlir"
    artifact, outputs, report = work / "exposed.raddle", work / "outputs.npz", work / "report.jsonl"
    outputs.unlink(missing_ok=True)
    compile = [bin / "raddle-compile", f"--target={target}"]
    call([*compile, model, *options, "--compile-to=order", "-o", graph])
    call([bin / "raddle-opt", graph, f"--graph-expose-groups=inputs={inputs}", "-o", exposed])
    call([*compile, exposed, *options, "--compile-from=order", "-o", artifact])
    env = {**os.environ, "RADDLE_VGPU": machine, "RADDLE_VGPU_CHECKS": checks}
    call([bin / "raddle-run", artifact, "--device=vgpu", "--inputs", inputs, "--outputs", outputs], env)
    call([bin / "raddle-opt", exposed, f"--graph-check-groups=inputs={inputs} outputs={outputs} report={report}", "-o",
          os.devnull])
    return [json.loads(line) for line in report.read_text().splitlines()]
