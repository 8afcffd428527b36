"""Fits the table of parameters (lib/CostModel/parameters.json).

usage: dev bench fit [--rows FILE.jsonl] [--keep-rows] [--filter REGEX] [--limit N] [--table FILE.json]

Small models of one kernel each are compiled, and `raddle-compile --record` runs
candidates of their spaces at a ladder of sizes on the virtual GPU. From the rows
those few configurations are chosen, for every skeleton and class, whose best one
is nearest to the best recorded at every size (docs/CostModel.md). All costs are
modelled from counted events. With --keep-rows nothing is recorded: the rows of an
earlier run are fitted again. Recording takes about half an hour.
"""

import argparse
import collections
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

MODEL_VERSION = 1
# More configurations are more text to look through, and more variants to test.
MAX_CONFIGURATIONS = 8
MAX_REGISTERS = 224
# A further configuration has to make the sum of slow-downs smaller by this.
LEAST_GAIN = 0.02
# What a configuration for whole tiles has to gain somewhere.
WHOLE_GAIN = 1.15


def make_models():
    """(name, ONNX model, options, ladder of sizes)"""
    from onnx import TensorProto, helper

    def model(name, nodes, inputs, outputs, opset=17):
        value = lambda n, shape: helper.make_tensor_value_info(n, TensorProto.FLOAT, shape)
        graph = helper.make_graph(nodes, name, [value(n, s) for n, s in inputs], [value(n, s) for n, s in outputs])
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)

    node = helper.make_node
    for compute, limit in [("tf32x3", 40), ("f16", 32)]:
        for n, k in [(384, 384), (1536, 384), (384, 1536)]:
            yield (f"contraction-{compute}-{n}x{k}",
                   model("product", [node("MatMul", ["x", "w"], ["y"])], [("x", ["m", k]), ("w", [k, n])],
                         [("y", ["m", n])]), [f"--compute={compute}"], "m", [16, 64, 256, 512, 2048], limit)
        for head in [32, 64]:
            shape = [1, 8, "length", head]
            yield (f"attention-{compute}-{head}",
                   model("attention", [node("Attention", ["q", "k", "v"], ["y"])],
                         [("q", shape), ("k", shape), ("v", shape)], [("y", shape)], opset=23),
                   [f"--compute={compute}"], "length", [16, 128, 512], limit)
    yield ("softmax", model("softmax", [node("Softmax", ["x"], ["y"], axis=-1)], [("x", [256, "length"])],
                            [("y", [256, "length"])]), [], "length", [64, 128, 256, 512, 1024, 2048, 4096], 0)
    for width in [384, 1024]:
        yield (f"norm-{width}",
               model("norm", [node("LayerNormalization", ["x", "s", "b"], ["y"], axis=-1)],
                     [("x", ["rows", width]), ("s", [width]), ("b", [width])], [("y", ["rows", width])]), [], "rows",
               [16, 128, 1024], 0)
    yield ("pointwise", model("pointwise", [node("Add", ["x", "z"], ["y"])], [("x", ["n", 1024]), ("z", ["n", 1024])],
                              [("y", ["n", 1024])]), [], "n", [1, 16, 256, 2048], 0)


def record(options):
    import onnx
    for name, model, arguments, dim, ladder, limit in make_models():
        if not re.search(options.filter, name):
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{name}.onnx"
            onnx.save(model, path)
            sizes = ";".join(f"{dim}={size}" for size in ladder)
            print(f"recording {name}", flush=True)
            done = subprocess.run([options.compiler, str(path), f"--record={options.rows}", f"--sizes={sizes}",
                                   f"--record-limit={options.limit or limit}", *arguments])
            if done.returncode:
                sys.exit(f"fit_parameters.py: error: recording '{name}' failed")


def choose(costs, default):
    """Configurations in the order in which they help; `costs` maps each to {sizes: cost}. Those for
    whole tiles serve some sizes between the recorded ones only: they come last, and have to gain more."""
    whole = {configuration: known for configuration, known in costs.items() if dict(configuration).get("full")}
    general = {configuration: known for configuration, known in costs.items() if configuration not in whole}
    chosen = choose_from(general, default)
    best = {sizes: min(general[c][sizes] for c in chosen if sizes in general[c])
            for sizes in {sizes for known in general.values() for sizes in known}}
    gains = [(max(best[sizes] / cost for sizes, cost in known.items() if sizes in best), configuration)
             for configuration, known in whole.items()]
    return chosen + [configuration for gain, configuration in sorted(gains, reverse=True)[:1] if gain > WHOLE_GAIN]


def choose_from(costs, default):
    points = {sizes for known in costs.values() for sizes in known}
    best = {sizes: min(known[sizes] for known in costs.values() if sizes in known) for sizes in points}
    # A size that no chosen configuration serves counts as ten times too slow.
    slow = {sizes: 10.0 for sizes in points}
    chosen = []

    def add(configuration):
        chosen.append(configuration)
        for sizes, cost in costs[configuration].items():
            slow[sizes] = min(slow[sizes], cost / best[sizes] - 1)

    if default in costs:
        add(default)
    while len(chosen) < MAX_CONFIGURATIONS:
        gains = [(sum(max(0, slow[sizes] - (cost / best[sizes] - 1)) for sizes, cost in known.items()), configuration)
                 for configuration, known in costs.items() if configuration not in chosen]
        if not gains:
            break
        gain, configuration = max(gains, key=lambda entry: (entry[0], [-value for _, value in entry[1]]))
        if gain < LEAST_GAIN * len(points):
            break
        add(configuration)
    return chosen


def fit(options):
    sections = collections.defaultdict(lambda: collections.defaultdict(dict))
    dims, defaults, gpus = {}, {}, set()
    for number, line in enumerate(options.rows.read_text().splitlines(), 1):
        row = json.loads(line)
        modelled = row["modelled"]
        if not modelled:
            continue
        if modelled["version"] != MODEL_VERSION:
            sys.exit(f"{options.rows}:{number}: error: costs of model {modelled['version']}, expected {MODEL_VERSION}; "
                     "record again")
        # Groups of models have more in their epilogue than these: they would spill.
        if not row["default"] and any(launch["ptxas"] and (launch["ptxas"]["spill_bytes"] or
                                                           launch["ptxas"]["registers"] > MAX_REGISTERS)
                                      for launch in row["launches"]):
            continue
        gpus.add(row["gpu"])
        key = row["skeleton"], row["class"]
        dims[key] = list(row["sizes"])
        configuration = tuple(row["parameters"].items())
        sections[key][configuration][tuple(row["sizes"].values())] = modelled["microseconds"]
        if row["default"]:
            defaults[key] = configuration
    if len(gpus) != 1:
        sys.exit(f"fit_parameters.py: error: expected rows of one GPU, found {sorted(gpus)}")
    lines = []
    for key in sorted(sections):
        costs = sections[key]
        chosen = choose(costs, defaults.get(key))
        points = sorted({sizes for known in costs.values() for sizes in known})
        entry = {"skeleton": key[0], "class": key[1], "dims": dims[key],
                 "configurations": [dict(configuration) for configuration in chosen],
                 "points": [{"sizes": list(sizes),
                             "microseconds": [round(costs[c][sizes], 3) if sizes in costs[c] else None for c in chosen]}
                            for sizes in points]}
        lines.append(json.dumps(entry))
        default = defaults.get(key)
        for sizes in points:
            best = min((costs[c].get(sizes, float("inf")), c) for c in chosen)
            known = costs.get(default, {}).get(sizes)
            print(f"{key[0]} {key[1]} {dict(zip(dims[key], sizes))}: {best[0]:.2f} us modelled, default "
                  f"{'?' if known is None else f'{known:.2f}'}, {','.join(f'{n}={v}' for n, v in best[1])}")
    text = (f'{{"schema": 1, "model": {MODEL_VERSION}, "gpu": {json.dumps(gpus.pop())}, "sections": [\n'
            + ",\n".join(lines) + "\n]}\n")
    options.table.write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--models", type=Path, help="not used")
    parser.add_argument("--rows", type=Path, help="rows are appended to it (default: BUILD/parameter-rows.jsonl)")
    parser.add_argument("--keep-rows", action="store_true", help="record nothing")
    parser.add_argument("--filter", default="", help="models to record")
    parser.add_argument("--limit", type=int, default=0, help="candidates per kernel")
    parser.add_argument("--table", type=Path,
                        default=Path(__file__).resolve().parents[2] / "lib" / "CostModel" / "parameters.json")
    options = parser.parse_args()
    options.compiler = options.build / "bin" / "raddle-compile"
    options.rows = options.rows or options.build / "parameter-rows.jsonl"
    if not options.keep_rows:
        record(options)
    fit(options)


if __name__ == "__main__":
    main()
