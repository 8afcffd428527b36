"""The demo: MiniLM int8 on sentences, beside onnxruntime.

usage: demo.py --build BUILD --models MODELS [SENTENCE...]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

REPO = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPO / "test" / "EndToEnd"))

from artifact import Artifact
from cases import SENTENCES, tokenize
from ptxas import assemble


def call(*command):
    """Runs a tool, shows what it says to the person, and returns its output."""
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        sys.exit(f"demo: error: '{Path(command[0]).name}' exited with {done.returncode}")
    return done.stdout


def embed(states, mask):
    """Sentence vectors: the mean over the real tokens, of length one."""
    weights = mask[..., None].astype(np.float64)
    mean = (states * weights).sum(1) / weights.sum(1)
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)


def table(rows, header):
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, ["-" * w for w in widths], *rows]:
        print("  ".join(f"{str(cell):<{w}}" if i < 2 else f"{str(cell):>{w}}"
                        for i, (cell, w) in enumerate(zip(row, widths))).rstrip())


def short(nodes, limit=44):
    text = ", ".join(nodes)
    if len(nodes) > 1:
        text = f"{nodes[0]} … {nodes[-1]} ({len(nodes)})"
    return text if len(text) <= limit else "…" + text[-(limit - 1):]


def kernel_rows(artifact, launches):
    """One row per launched kernel: how often, where, how large, ptxas figures."""
    figures = {}
    kernels = artifact.program["kernels"]
    wanted = {kernels[l["kernel"]]["module"] if isinstance(l["kernel"], int) else l["kernel"] for l in launches}
    for name, text in artifact.modules("sm_80"):
        if name in wanted or not wanted:
            for kernel in assemble(text, "sm_80").kernels:
                figures[kernel.name] = kernel
    rows = {}
    for launch in launches:
        kernel = kernels[launch["kernel"]] if isinstance(launch["kernel"], int) else next(
            k for k in kernels if k["name"] == launch["kernel"])
        key = (kernel["name"], tuple(launch["grid"]))
        row = rows.setdefault(key, {"count": 0, "kernel": kernel, "launch": launch})
        row["count"] += 1
    for row in rows.values():
        kernel, launch = row["kernel"], row["launch"]
        used = figures.get(kernel["name"])
        yield [kernel["name"], short(launch.get("nodes") or kernel.get("nodes") or []), row["count"],
               "x".join(map(str, launch["grid"])), "x".join(map(str, launch.get("block") or kernel["block"])),
               used.registers if used else "?", launch.get("shared", kernel.get("shared", 0)),
               used.spilled_bytes if used else "?"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--models", required=True)
    parser.add_argument("sentences", nargs="*")
    options = parser.parse_args()
    sentences = options.sentences or SENTENCES
    models, bin = Path(options.models), Path(options.build) / "bin"
    model = models / "minilm_int8.onnx"
    inputs = tokenize(models, sentences)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        artifact = folder / "minilm.raddle"
        print(f"compiling {model.name} ({model.stat().st_size / 1e6:.1f} MB) for sm_80", flush=True)
        start = time.monotonic()
        call(bin / "raddle-compile", model, "--target=sm_80", "-o", artifact)
        compiled = time.monotonic() - start
        np.savez(folder / "in.npz", **inputs)
        print(f"running {len(sentences)} sentences", flush=True)
        start = time.monotonic()
        text = call(bin / "raddle-run", artifact, "--device=auto", "--inputs", folder / "in.npz", "--outputs",
                    folder / "out.npz", "--stats", "--list-launches")
        ran = time.monotonic() - start
        with np.load(folder / "out.npz") as file:
            ours = file[file.files[0]]
        rows = list(kernel_rows(Artifact(artifact), read_launches(text)))
        size = artifact.stat().st_size
    import onnxruntime
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    theirs = session.run(None, inputs)[0]
    ours_vectors, their_vectors = (embed(x, inputs["attention_mask"]) for x in (ours, theirs))

    print("\nkernels, in the order of their first launch:")
    table(rows, ["name", "graph nodes", "launches", "grid", "block", "registers", "shared", "spills"])
    stats = read_stats(text)
    print(f"\ncompiled in {compiled:.2f} s to {size / 1e6:.1f} MB; {stats['launches']} launches on {stats['device']}, "
          f"{ran:.2f} s")
    print(f"\nsimilarity to \"{sentences[0]}\":")
    print(f"{'raddle':>8}  {'onnxruntime':>11}")
    for sentence, a, b in zip(sentences, ours_vectors @ ours_vectors[0], their_vectors @ their_vectors[0]):
        print(f"{a:>8.4f}  {b:>11.4f}  {sentence}")
    spread = theirs.max() - theirs.min()
    print(f"\nlargest difference from onnxruntime: {np.abs(ours - theirs).max() / spread:.1e} of the output's range")


def read_stats(text):
    lines = [line for line in text.splitlines() if line.startswith("{")]
    return json.loads(lines[-1])


def read_launches(text):
    """What `raddle-run --list-launches` prints: a JSON line per launch, with
    the kernel's name or number, the grid, the block and the graph nodes."""
    launches = [json.loads(line) for line in text.splitlines() if line.startswith('{"')]
    return [launch for launch in launches if "grid" in launch]


if __name__ == "__main__":
    main()
