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
        lines = [line for line in lines if "error:" in line] or lines
        raise Failure(f"'{Path(command[0]).name}' exited with {done.returncode}: " + "\n".join(l[:400] for l in lines[:4]))
    return done.stdout


class Groups:
    """A model (.onnx or .mlir) whose groups all become outputs. `inputs` names
    an .npz file: branches that it takes replace their conditions."""

    def __init__(self, bin, model, work, options=(), target="sm_80", inputs=None):
        self.bin, self.work = bin, work
        work.mkdir(parents=True, exist_ok=True)
        graph, self.exposed, self.artifact = work / "order.mlir", work / "exposed.mlir", work / "exposed.raddle"
        compile = [bin / "raddle-compile", f"--target={target}", *options]
        call([*compile, model, "--compile-to=order", "-o", graph])
        expose = "--graph-expose-groups" + (f"=inputs={inputs}" if inputs else "")
        call([bin / "raddle-opt", graph, expose, "-o", self.exposed])
        call([*compile, self.exposed, "--compile-from=order", "-o", self.artifact])

    def judge(self, inputs, machine="a100-sxm4-80", checks="none", graph=None):
        """Runs on inputs (an .npz file); a row per result. `graph` is judged by
        instead of what was compiled."""
        outputs, report = self.work / "outputs.npz", self.work / "report.jsonl"
        outputs.unlink(missing_ok=True)
        env = {**os.environ, "RADDLE_VGPU": machine, "RADDLE_VGPU_CHECKS": checks}
        call([self.bin / "raddle-run", self.artifact, "--device=vgpu", "--inputs", inputs, "--outputs", outputs], env)
        call([self.bin / "raddle-opt", graph or self.exposed,
              f"--graph-check-groups=inputs={inputs} outputs={outputs} report={report}", "-o", os.devnull])
        return [json.loads(line) for line in report.read_text().splitlines()]
