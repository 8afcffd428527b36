"""Judges the reference evaluator against onnxruntime, operator by operator.

usage: onnx_ops.py [--keep DIR] [FAMILY...]

Each family of `onnx_cases.py` is one ONNX model with a node per variant. It is
imported by raddle-translate, evaluated by raddle-opt --graph-evaluate, and
compared element by element with what onnxruntime gives. The bound of each
variant is stated with it: exact, a number of units in the last place, or a
fraction of the output's largest magnitude.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import onnxruntime

import onnx_cases


def build(family):
    """The family's model, and the arrays to feed."""
    if family.text:
        return onnx.parser.parse_model(family.text), family.feeds
    nodes, inputs, initializers, outputs, feeds = [], [], [], [], {}
    for number, variant in enumerate(family.variants):
        names = []
        for k, value in enumerate(variant.inputs):
            name = f"v{number}_in{k}"
            if value is None:
                names.append("")
                continue
            names.append(name)
            constant = isinstance(value, onnx_cases.Const)
            array = value.array if constant else value
            if constant:
                initializers.append(onnx.numpy_helper.from_array(array, name))
                continue
            kind = onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
            shape = [f"{name}_d{d}" if family.dynamic else size for d, size in enumerate(array.shape)]
            inputs.append(onnx.helper.make_tensor_value_info(name, kind, shape))
            feeds[name] = array
        results = [f"v{number}_out{k}" for k in range(variant.outputs)]
        nodes.append(onnx.helper.make_node(variant.op, names, results, name=variant.name, domain=family.domain,
                                           **variant.attributes))
        outputs += [onnx.ValueInfoProto(name=name) for name in results]
    graph = onnx.helper.make_graph(nodes, family.name, inputs, outputs, initializers)
    opsets = [onnx.helper.make_opsetid(family.domain, family.opset)]
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9)
    inferred = onnx.shape_inference.infer_shapes(model)
    kinds = {value.name: value for value in inferred.graph.output}
    for value in model.graph.output:
        value.CopyFrom(kinds[value.name])
    return model, feeds


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} gave {done.returncode}:\n{done.stderr[-2000:]}")


def evaluate(model, feeds, folder):
    """The model's outputs by the reference."""
    source, graph = folder / "model.onnx", folder / "model.mlir"
    given, answers = folder / "in.npz", folder / "out.npz"
    onnx.save(model, source)
    np.savez(given, **feeds)
    run(["raddle-translate", "--import-onnx", str(source), "-o", str(graph)])
    run(["raddle-opt", str(graph), f"--graph-evaluate=inputs={given} outputs={answers}", "-o", "/dev/null"])
    return np.load(answers)


def compare(variant, found, expected):
    """What is wrong with an output, or an empty string."""
    if found.dtype != expected.dtype or found.shape != expected.shape:
        return f"is {found.dtype}{found.shape}, expected {expected.dtype}{expected.shape}"
    if expected.dtype.kind != "f":
        wrong = np.count_nonzero(found != expected)
        return f"differs in {wrong} of {found.size} elements" if wrong else ""
    special = ~np.isfinite(expected) | ~np.isfinite(found)
    if not np.array_equal(found[special], expected[special], equal_nan=True):
        return "has other infinities or NaN"
    x, y = found[~special].astype(np.float64), expected[~special].astype(np.float64)
    error = np.abs(x - y)
    kind = np.finfo(expected.dtype)
    bound = variant.ulp * float(kind.eps) * np.maximum(np.abs(y), float(kind.tiny))
    if variant.fraction and y.size:
        bound = np.maximum(bound, variant.fraction * np.abs(y).max())
    bad = error > bound
    if not bad.any():
        return ""
    worst = np.argmax(error - bound)
    return f"differs in {bad.sum()} of {found.size} elements, worst {x[worst]} for {y[worst]}"


def judge(family, folder):
    """The problems of a family, as lines."""
    model, feeds = build(family)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    expected = dict(zip([o.name for o in model.graph.output], session.run(None, feeds)))
    try:
        found = evaluate(model, feeds, folder)
    except RuntimeError as error:
        return [str(error)]
    problems = []
    for output in expected:
        number = int(output[1:output.index("_")]) if family.variants else 0
        variant = family.variants[number] if family.variants else onnx_cases.Variant("", [], 1, {}, family.name)
        problem = compare(variant, found[output], expected[output])
        if problem:
            problems.append(f"{variant.name}: output '{output}' {problem}")
    return problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", type=Path, help="folder for the models and arrays")
    parser.add_argument("family", nargs="*")
    options = parser.parse_args()
    known = {family.name: family for family in onnx_cases.families()}
    failed = 0
    for name in options.family or known:
        family = known[name]
        with tempfile.TemporaryDirectory() as scratch:
            folder = options.keep / name if options.keep else Path(scratch)
            folder.mkdir(parents=True, exist_ok=True)
            problems = judge(family, folder)
        failed += bool(problems)
        print(f"{'FAIL' if problems else 'ok'} {name}: {len(family.variants)} variants", flush=True)
        for problem in problems:
            print(f"  {problem}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
