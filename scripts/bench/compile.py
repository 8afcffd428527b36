"""`dev bench compile`: ONNX to artifact, beside IREE, in fresh processes.

MiniLM fp32 with dynamic batch and length. The runs of both compilers alternate,
each with an empty kernel cache; the median of the wall-clock times and the
largest resident memory of any process are printed.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from artifact import Artifact
from compiler import empty_cache


def measure(command):
    """Wall-clock seconds, processor seconds and peak memory (MB) of a program."""
    start = time.monotonic()
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               stdin=subprocess.DEVNULL)
    message = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"bench: error: '{Path(command[0]).name}' exited with {process.returncode}: "
                 f"{message.decode(errors='replace')[-1000:]}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def raddle(options, model, folder):
    artifact = folder / "model.raddle"
    cache = tempfile.mkdtemp(dir=folder)
    program = Path(options.build) / "bin" / "raddle-compile"
    figures = measure([program, model, "--target=sm_80", *empty_cache(program, cache), "-o", artifact])
    return figures, len(list(Artifact(artifact).modules("sm_80")))


def iree(options, model, folder):
    bin = Path(options.environment) / "bin"
    first = measure([bin / "iree-import-onnx", model, "--opset-version", "17", "-o", folder / "model.mlir"])
    second = measure([bin / "iree-compile", folder / "model.mlir", "--iree-hal-target-device=cuda",
                      "--iree-cuda-target=sm_80", "-o", folder / "model.vmfb"])
    return (first[0] + second[0], first[1] + second[1], max(first[2], second[2])), None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--models", required=True)
    parser.add_argument("--environment", required=True, help="the Python environment with IREE")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--model", default="minilm_l6_v2.onnx")
    options = parser.parse_args()
    model = Path(options.models) / options.model
    compilers = {"raddle": raddle, "IREE 3.13": iree}
    results = {name: [] for name in compilers}
    kernels = None
    with tempfile.TemporaryDirectory() as folder:
        for run in range(options.runs):
            for name, compile in compilers.items():
                figures, count = compile(options, model, Path(folder))
                results[name].append(figures)
                kernels = count or kernels
                print(f"run {run + 1}: {name}: {figures[0]:.2f} s", flush=True)
    print(f"\n{model.name}, sm_80, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {options.runs} fresh processes each, "
          "empty caches; medians, and the peak memory of any process\n")
    print(f"{'compiler':<10} {'wall s':>7} {'min':>6} {'max':>6} {'cpu s':>7} {'peak MB':>8}")
    for name, rows in results.items():
        wall = [r[0] for r in rows]
        print(f"{name:<10} {statistics.median(wall):>7.2f} {min(wall):>6.2f} {max(wall):>6.2f} "
              f"{statistics.median(r[1] for r in rows):>7.2f} {max(r[2] for r in rows):>8.0f}")
    cpu = statistics.median(r[1] for r in results["raddle"])
    print(f"\nraddle: {kernels} distinct kernels, {cpu / kernels:.3f} s of one core each"
          "\nwanted: at most 2.0 s and 400 MB on two quiet cores, at most 0.1 s of one core per kernel")


if __name__ == "__main__":
    main()
