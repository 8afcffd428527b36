"""`dev bench foreign`: kernels of another compiler on the virtual GPU.

Compiles kernels with Triton 3.9 for sm_80 and sm_90, runs each with every check
on, and compares with NumPy. A kernel that faults or differs fails the run.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

TYPES = {"float32": "f32", "float16": "f16", "int32": "s32", "int8": "s8"}
GPUS = {"sm_80": "a100-sxm4-80", "sm_90": "h100-sxm5"}


def parameters(text):
    """Types of the entry's parameters, in order."""
    head = text[text.index(".entry"):]
    head = head[head.index("(") + 1:head.index(")")]
    return [line.split()[1].lstrip(".") if ".ptr" not in line else "u64" for line in head.split(",") if ".param" in line]


def run(options, folder, stem, checks):
    """None if the kernel is right, else what is wrong."""
    name, sm = stem.rsplit(".", 1)
    about = json.loads((folder / f"{stem}.json").read_text())
    arrays = np.load(folder / f"{name}.npz")
    text = (folder / f"{stem}.ptx").read_text()
    command = [options.vgpu, "run", folder / f"{stem}.ptx", "--gpu", GPUS[sm], "--grid", ",".join(map(str, about["grid"])),
               "--block", str(about["block"]), "--shared", str(about["shared"]), "--checks", checks, "--timeout", "300",
               "--schedule", options.schedule]
    given = [a for a in about["order"]]
    # What the compiler adds: scratch memory in global memory.
    count = len(parameters(text))
    for arg in given:
        if arg in arrays:
            value = arrays[arg]
            np.save(folder / f"{arg}.npy", value)
            kind = f"inout:{TYPES[str(value.dtype)]}:{folder / (arg + '.npy')}:{folder / (arg + '.out.npy')}"
            command += ["--arg", kind]
        else:
            command += ["--arg", f"s32:{about['scalars'][arg]}"]
    blocks = int(np.prod(about["grid"]))
    for _ in range(count - len(given)):
        command += ["--arg", f"out:u8:{max(about['scratch'] * blocks, 256)}:{folder / 'scratch.npy'}"]
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode:
        return (done.stderr or done.stdout).strip().splitlines()[-1]
    for arg in about["outputs"]:
        expected = arrays[f"expected:{arg}"].astype(np.float64)
        found = np.load(folder / f"{arg}.out.npy").reshape(expected.shape)
        error = np.abs(found.astype(np.float64) - expected)
        bound = about["tolerance"] * max(1.0, np.abs(expected).max())
        if not (error <= bound).all():
            return f"'{arg}' differs by {error.max():.3g}, at most {bound:.3g} expected"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--models", help="not used")
    parser.add_argument("--environment", required=True, help="the Python environment with Triton and NumPy")
    parser.add_argument("--filter", default="")
    parser.add_argument("--schedule", default="order")
    parser.add_argument("--made", help="a folder of kernels made before")
    options = parser.parse_args()
    options.vgpu = Path(options.build) / "bin" / "raddle-vgpu"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(options.made or temporary)
        if not options.made:
            script = Path(__file__).parent / "foreign_sources" / "triton_kernels.py"
            subprocess.run([Path(options.environment) / "bin" / "python", script, folder], check=True)
        passed = failed = 0
        for path in sorted(folder.glob("*.ptx")):
            if options.filter not in path.stem:
                continue
            wrong = run(options, folder, path.stem, "all")
            print(f"{'FAIL' if wrong else 'ok  '} {path.stem}{': ' + wrong if wrong else ''}", flush=True)
            passed, failed = passed + (not wrong), failed + bool(wrong)
        print(f"{passed} kernels right and clean, {failed} not")
        sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
