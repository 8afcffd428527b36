"""Checks the random operators: Philox 4x32-10 by its published test vectors and
an implementation of its own, then the distributions that ONNX asks for.

usage: random_numbers.py RADDLE-TRANSLATE RADDLE-OPT FOLDER
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnx.parser

MODEL = """
<ir_version: 9, opset_import: ["" : 17]>
numbers (float[64, 64] x, bool training) => (float[4096] u, float[4096] n, float[64, 64] b, float[64, 64] y,
                                             bool[64, 64] kept, int32[64, 100] picks, double[8] d)
<float[64, 3] logits = {LOGITS}, float ratio = {0.25}>
{
  u = RandomUniform <shape = [4096], seed = 0.0> ()
  n = RandomNormal <shape = [4096], mean = 2.0, scale = 0.5, seed = 1.0> ()
  b = Bernoulli <seed = 2.0> (x)
  y, kept = Dropout <seed = 3> (x, ratio, training)
  picks = Multinomial <sample_size = 100, seed = 4.0> (logits)
  d = RandomUniform <shape = [8], dtype = 11, seed = 0.0> ()
}
"""
MASK = 0xFFFFFFFF


def philox(counter, key):
    """Ten rounds on four words, as the paper writes them."""
    x, (k0, k1) = list(counter), key
    for _ in range(10):
        left, right = 0xD2511F53 * x[0], 0xCD9E8D57 * x[2]
        x = [(right >> 32) ^ x[1] ^ k0, right & MASK, (left >> 32) ^ x[3] ^ k1, left & MASK]
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return x


def evaluate(translate, opt, folder, feeds):
    text = MODEL.replace("LOGITS", ", ".join(["0.0, 1.0, -1.0"] * 64))
    model, graph, given, got = (folder / n for n in ("random.onnx", "random.mlir", "in.npz", "out.npz"))
    onnx.save(onnx.parser.parse_model(text), model)
    np.savez(given, **feeds)
    subprocess.run([translate, "--import-onnx", model, "-o", graph], check=True)
    subprocess.run([opt, graph, f"--graph-evaluate=inputs={given} outputs={got}", "-o", "/dev/null"], check=True)
    with np.load(got) as file:
        return dict(file)


def near(found, expected, deviation, count):
    """Within five standard deviations of the mean of `count` numbers."""
    assert abs(found - expected) <= 5 * deviation / np.sqrt(count), (found, expected)


def main():
    translate, opt, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    # Random123's known answers.
    assert philox([0] * 4, (0, 0)) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    assert philox([MASK] * 4, (MASK, MASK)) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]
    x = np.linspace(0, 1, 4096, dtype=np.float32).reshape(64, 64)
    got = evaluate(translate, opt, folder, {"x": x, "training": np.array(True)})
    words = [philox([i, 0, 0, 0], (0, 0)) for i in range(4096)]
    assert np.array_equal(got["u"], np.array([w[0] >> 8 for w in words], np.float32) * np.float32(2.0**-24))
    doubles = [((w[0] << 32 | w[1]) >> 11) * 2.0**-53 for w in words[:8]]
    assert np.array_equal(got["d"], doubles)
    near(got["n"].mean(), 2, 0.5, 4096)
    near(((got["n"] - 2) ** 2).mean(), 0.25, 0.25 * np.sqrt(2), 4096)
    assert set(np.unique(got["b"])) == {0, 1}
    near((got["b"] - x).mean(), 0, np.sqrt((x * (1 - x)).mean()), 4096)
    kept = got["kept"]
    near(kept.mean(), 0.75, np.sqrt(0.75 * 0.25), 4096)
    assert np.array_equal(got["y"], np.where(kept, x / np.float32(0.75), 0))
    share = np.exp([0, 1, -1]) / np.exp([0, 1, -1]).sum()
    for pick, p in enumerate(share):
        near((got["picks"] == pick).mean(), p, np.sqrt(p * (1 - p)), 6400)
    still = evaluate(translate, opt, folder, {"x": x, "training": np.array(False)})
    assert np.array_equal(still["y"], x) and still["kept"].all()
    assert np.array_equal(still["u"], got["u"])


main()
