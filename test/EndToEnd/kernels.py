"""Judges generated kernels against onnxruntime, operator by operator.

usage: kernels.py [--keep DIR] [--seeds N] [FAMILY...]

The families of `kernel_cases.py`, and those of test/Reference/onnx_cases.py
when named, are compiled by raddle-compile and run on the virtual GPU with all
fault checks on, once per scheduler seed. The bounds are those of the variants,
or of f32 arithmetic in another order where the table asks for less.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "test" / "Reference"))

import kernel_cases
import onnx_cases
import onnx_ops


def evaluator(seeds, reports):
    """Compiles once and runs once per seed; all runs must agree bit for bit."""
    def evaluate(model, feeds, folder):
        source, artifact, given = folder / "model.onnx", folder / "model.raddle", folder / "in.npz"
        onnx.save(model, source)
        np.savez(given, **feeds)
        onnx_ops.run(["raddle-compile", str(source), "-o", str(artifact)])
        first = None
        for seed in range(seeds):
            answers = folder / f"out{seed}.npz"
            os.environ.update(RADDLE_VGPU_CHECKS="all", RADDLE_VGPU_SEED=str(seed))
            onnx_ops.run(["raddle-run", str(artifact), "--inputs", str(given), "--outputs", str(answers),
                          "--device=vgpu"])
            found = dict(np.load(answers))
            if first is None:
                first = found
            for name in first:
                if first[name].tobytes() != found[name].tobytes():
                    reports.append(f"output '{name}' depends on the scheduler's seed")
        return first
    return evaluate


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", type=Path, help="folder for the models and arrays")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("family", nargs="*")
    options = parser.parse_args()
    own = {family.name: family for family in kernel_cases.families()}
    known = {family.name: family for family in onnx_cases.families()} | own
    failed = 0
    for name in options.family or own:
        family = known[name]
        for variant in family.variants:
            variant.fraction = max(variant.fraction, 2e-6)
            variant.ulp = max(variant.ulp, 4)
        reports = []
        onnx_ops.evaluate = evaluator(options.seeds, reports)
        with tempfile.TemporaryDirectory() as scratch:
            folder = options.keep / name if options.keep else Path(scratch)
            folder.mkdir(parents=True, exist_ok=True)
            problems = onnx_ops.judge(family, folder) + reports
        failed += bool(problems)
        print(f"{'FAIL' if problems else 'ok'} {name}: {len(family.variants)} variants", flush=True)
        for problem in problems:
            print(f"  {problem}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
