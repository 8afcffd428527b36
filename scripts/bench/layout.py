"""`dev bench layout`: what the choice of the data layout saves.

Each model with convolutions is compiled twice, with the layout of the model
(`--data-layout=keep`) and with the chosen one (`cost`), and run on the virtual
GPU; the table has the virtual GPU's counters of one inference.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "test" / "EndToEnd"))

import cases

MODELS = ["resnet50", "efficientnet_lite0", "squeezenet", "fmnist"]
LAYOUTS = ["keep", "cost"]
COLUMNS = ["warp_instructions", "loads", "global_load_sectors", "shared_bank_conflicts"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--models", required=True)
    parser.add_argument("--filter", default="", help="part of a model's name")
    parser.add_argument("--compute", default="tf32x3")
    options = parser.parse_args()
    bin, models = Path(options.build) / "bin", Path(options.models)
    table = {model.name: model for model in cases.MODELS}

    def call(*command, **environment):
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True,
                              env={**os.environ, "RADDLE_VGPU_CHECKS": "none", **environment})
        if done.returncode != 0:
            sys.exit(f"bench: error: '{Path(command[0]).name}': {done.stderr.strip()[-1000:]}")

    print(f"{'model':<20} {'layout':<7} {'launches':>8}" + "".join(f" {column:>21}" for column in COLUMNS))
    with tempfile.TemporaryDirectory() as folder:
        artifact, given, profile = (Path(folder) / name for name in ("model.raddle", "in.npz", "profile.json"))
        for name in MODELS:
            if options.filter not in name:
                continue
            model = table[name]
            np.savez(given, **model.cases[0].inputs(models))
            for layout in LAYOUTS:
                call(bin / "raddle-compile", models / model.file, "--target=sm_80", f"--data-layout={layout}",
                     f"--compute={options.compute}", "-o", artifact)
                call(bin / "raddle-run", artifact, "--device=vgpu", "--inputs", given, RADDLE_VGPU_PROFILE=str(profile))
                launches = json.loads(profile.read_text())["launches"]
                counters = [launch["counters"] for launch in launches]
                for counter in counters:
                    counter["loads"] = counter["by_pipe"]["load"]
                sums = [sum(counter[column] for counter in counters) for column in COLUMNS]
                print(f"{name:<20} {layout:<7} {len(launches):>8}" + "".join(f" {value:>21,}" for value in sums),
                      flush=True)


if __name__ == "__main__":
    main()
