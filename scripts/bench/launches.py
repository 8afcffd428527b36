"""`dev bench launches`: how many kernels one inference launches.

MiniLM fp32 at batch 1 and length 128, counted by evaluating the artifact's host
program; arguments after the name are further sets of compiler options, each
compared with the default.
"""

import argparse
import collections
import subprocess
import sys
import tempfile
from pathlib import Path

from artifact import Artifact, launches


def bind(program, shapes):
    """The dims of a program from the shapes of its inputs."""
    names = {}
    for port in program["inputs"]:
        for dim, size in zip(port["shape"], shapes.get(port["name"], [])):
            if isinstance(dim, str):
                names[dim] = size
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--models", required=True)
    parser.add_argument("options", nargs="*", help="sets of compiler options, blanks separate the options of a set")
    options = parser.parse_args()
    shape = [1, 128]
    shapes = {name: shape for name in ("input_ids", "attention_mask", "token_type_ids")}
    print("batch 1, length 128; launches of one inference, and the distinct kernels among them\n")
    print(f"{'options':<40} {'model':<20} {'launches':>8} {'kernels':>8}")
    with tempfile.TemporaryDirectory() as folder:
        artifact = Path(folder) / "model.raddle"
        for flags in ["", "-O0", "--fuse-epilogue-norm", *options.options]:
            for model in ("minilm_l6_v2.onnx", "minilm_int8.onnx"):
                done = subprocess.run([str(c) for c in [Path(options.build) / "bin" / "raddle-compile",
                                                        Path(options.models) / model, "--target=sm_80", "-o", artifact,
                                                        *flags.split()]], capture_output=True, text=True)
                if done.returncode != 0:
                    sys.exit(f"bench: error: {model} {flags}: {done.stderr.strip()[-1000:]}")
                program = Artifact(artifact).program
                used = collections.Counter(l["launch"] for l in launches(program["body"], bind(program, shapes)))
                print(f"{flags or '(default)':<40} {model:<20} {sum(used.values()):>8} {len(used):>8}", flush=True)
    print("\nwanted: at most 46 by default, at most 35 with --fuse-epilogue-norm"
          "\nothers for MiniLM fp32, 1x128, not run here: IREE 3.13 104 (71 at -O3), TVM 0.27 129")


if __name__ == "__main__":
    main()
