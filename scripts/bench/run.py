"""`dev bench run`: seconds on the virtual GPU, with its checks off.

The time is raddle-run's own (`--stats`): the calls of one inference, without
loading. These are seconds of this machine's processors while they play the GPU;
they say how long a test takes, and nothing about a GPU's time.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "test" / "EndToEnd"))

import cases
from e2e import read_stats

# Model, inputs, and the seconds wanted on two quiet cores.
RUNS = [("minilm_int8", "4x12", 3), ("vit_saliency", "portrait", 40), ("resnet50", "noise", 30)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--models", required=True)
    options = parser.parse_args()
    bin, models = Path(options.build) / "bin", Path(options.models)
    table = {model.name: model for model in cases.MODELS}

    def call(*command):
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True,
                              env={**os.environ, "RADDLE_VGPU_CHECKS": "none"})
        if done.returncode != 0:
            sys.exit(f"bench: error: '{Path(command[0]).name}': {done.stderr.strip()[-1000:]}")
        return done

    print(f"wall-clock seconds of the virtual GPU on this machine's processors "
          f"({os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}), no checks, sm_80; "
          "not a GPU's time\n")
    print(f"{'model':<16} {'inputs':<10} {'launches':>8} {'wall s':>8} {'wanted':>8}")
    with tempfile.TemporaryDirectory() as folder:
        artifact, given = Path(folder) / "model.raddle", Path(folder) / "in.npz"
        for name, inputs, wanted in RUNS:
            model = table[name]
            case = next(c for c in model.cases if c.name == inputs)
            call(bin / "raddle-compile", models / model.file, "--target=sm_80", "-o", artifact)
            np.savez(given, **case.inputs(models))
            stats = read_stats(call(bin / "raddle-run", artifact, "--device=vgpu", "--inputs", given, "--stats").stdout)
            print(f"{name:<16} {inputs:<10} {stats['launches']:>8} {stats['seconds']:>8.2f} {'<= ' + str(wanted):>8}",
                  flush=True)


if __name__ == "__main__":
    main()
