"""The demo: MiniLM int8 on sentences, beside onnxruntime.

usage: demo.py --build BUILD --models MODELS [SENTENCE...]
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
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


LAUNCH = re.compile(r"\d+ (\S+) grid (\S+) block (\S+) shared (\d+)(?: \[.*?\])?(?:  (.*))?$")


def read_launches(text):
    """What `raddle-run --list-launches` prints, a line per launch."""
    for line in text.splitlines():
        if match := LAUNCH.match(line):
            yield match[1], match[2], match[3], match[4], match[5].split(", ") if match[5] else []


def kernel_rows(artifact, launches):
    """One row per kernel and grid: its nodes, its size, what ptxas says."""
    modules = {k["name"]: k["module"] for k in artifact.program["kernels"]}
    texts = dict(artifact.modules("sm_80"))
    rows = {}
    for name, grid, block, shared, nodes in launches:
        row = rows.setdefault((name, grid, block, shared), {"count": 0, "nodes": []})
        row["count"] += 1
        row["nodes"] += nodes
    figures = {}
    with ThreadPoolExecutor(2) as pool:
        for report in pool.map(lambda m: assemble(texts[m], "sm_80"), sorted({modules[key[0]] for key in rows})):
            figures.update((kernel.name, kernel) for kernel in report.kernels)
    for (name, grid, block, shared), row in rows.items():
        used = figures.get(name)
        yield [name, short(row["nodes"]), row["count"], grid, block, used.registers if used else "?", shared,
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


if __name__ == "__main__":
    main()
