"""Makes damaged and hostile ONNX files and checks what the importer says.

usage: hostile_files.py TRANSLATE FOLDER
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def value(name, shape, type=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, type, shape)


def model(nodes, initializers=(), inputs=None, outputs=None, **options):
    graph = helper.make_graph(nodes, "main", [value("x", [2, 3])] if inputs is None else inputs,
                              [value("y", [2, 3])] if outputs is None else outputs, list(initializers))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], **options)


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs, outputs, name=op, **attributes)


def external(location, **more):
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2, 3], data_location=TensorProto.EXTERNAL)
    for key, text in {"location": location, **more}.items():
        tensor.external_data.add(key=key, value=str(text))
    return model([node("Add", ["x", "w"], ["y"])], [tensor])


def weight(**fields):
    return model([node("Add", ["x", "w"], ["y"])], [TensorProto(name="w", data_type=TensorProto.FLOAT, **fields)])


def nested(depth, wrap, innermost):
    """A graph or function body inside of another, `depth` times."""
    for _ in range(depth):
        innermost = wrap(innermost)
    return innermost


def deep_graphs(depth):
    """Branches inside of both branches: 2^depth in all."""
    def wrap(inner):
        graph = helper.make_graph([inner], "g", [], [helper.make_empty_tensor_value_info("y")])
        return node("If", ["c"], ["y"], then_branch=graph, else_branch=graph)
    return model([nested(depth, wrap, node("Relu", ["x"], ["y"]))],
                 inputs=[value("x", [2, 3]), value("c", [], TensorProto.BOOL)])


def deeper_graphs(depth):
    """A branch inside of a branch, as bytes: deeper than protobuf for Python goes."""
    def field(number, content):
        length, size = len(content), b""
        while length > 127:
            size, length = size + bytes([length & 127 | 128]), length >> 7
        return bytes([number << 3 | 2]) + size + bytes([length]) + content

    def wrap(inner):  # NodeProto { output 2, op_type 4, attribute 5 { name 1, g 6 { node 1 } } }
        graph = field(6, field(1, inner))
        return field(2, b"y") + field(4, b"If") + field(5, field(1, b"then_branch") + graph)
    outer = model([node("Relu", ["x"], ["z"])], inputs=[value("x", [2, 3])]).SerializeToString()
    return outer + field(7, field(1, nested(depth, wrap, node("Relu", ["x"], ["y"]).SerializeToString())))


def deep_functions(depth):
    """Function n calls function n - 1 twice: 2^depth calls in all."""
    opsets = [helper.make_opsetid("f", 1), helper.make_opsetid("", 17)]
    functions = [helper.make_function("f", "f0", ["a"], ["b"], [helper.make_node("Relu", ["a"], ["b"])], opsets)]
    for n in range(1, depth):
        calls = [helper.make_node(f"f{n - 1}", [a], [b], domain="f") for a, b in (("a", "t"), ("t", "b"))]
        functions.append(helper.make_function("f", f"f{n}", ["a"], ["b"], calls, opsets))
    graph = helper.make_graph([helper.make_node(f"f{depth - 1}", ["x"], ["y"], domain="f")], "main",
                              [value("x", [2, 3])], [value("y", [2, 3])])
    return helper.make_model(graph, functions=functions, opset_imports=opsets)


def chain(op, count, square):
    """A size of an input combined with another, or with itself, over and over."""
    nodes = [helper.make_node("Shape", ["x"], ["s0"], start=0, end=1), helper.make_node("Shape", ["x"], ["t"], start=1)]
    nodes += [helper.make_node(op, [f"s{n}", f"s{n}" if square else "t"], [f"s{n + 1}"]) for n in range(count)]
    nodes += [helper.make_node("Expand", ["one", f"s{count}"], ["e"]), helper.make_node("Reshape", ["e", "flat"], ["y"])]
    constants = [numpy_helper.from_array(np.ones(1, np.float32), "one"), numpy_helper.from_array(np.array([-1]), "flat")]
    return model(nodes, constants, inputs=[value("x", ["n", "m"])], outputs=[value("y", ["k"])])


def cases(folder):
    good = model([node("Relu", ["x"], ["y"])]).SerializeToString()
    yield "empty", b"", "it has no graph"
    yield "text", b"not a model at all", "not an ONNX model"
    yield "truncated", good[:len(good) // 2], "not an ONNX model"
    yield "length", b"\x3a\xff\xff\xff\xff\x0f", "are left"
    yield "group", b"\x3b\x3b\x3b", "malformed field"
    yield "unknown-field", good + b"\xf8\x3f\x01", "unknown field 'ModelProto.1023'"
    yield "cycle", model([node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"]), node("Neg", ["b"], ["y"])]), \
        "input 'b' is defined later, by node 'Relu'"
    yield "twice", model([node("Relu", ["x"], ["y"]), node("Neg", ["x"], ["y"])]), "the name 'y' is defined twice"
    yield "missing", model([node("Add", ["x", "w"], ["y"])]), "input 'w' is not defined anywhere"
    yield "no-output", model([node("Relu", ["x"], ["z"])]), "output 'y' is not defined anywhere"
    yield "same-initializer", model([node("Add", ["x", "w"], ["y"])], [
        numpy_helper.from_array(np.zeros((2, 3), np.float32), "w")] * 2), "two initializers have the name 'w'"
    yield "same-input", model([node("Relu", ["x"], ["y"])], inputs=[value("x", [2, 3])] * 2), \
        "two inputs have the name 'x'"
    yield "bytes", weight(dims=[2, 3], raw_data=b"\0" * 20), "holds 20 bytes, but its shape and type need 24"
    yield "values", weight(dims=[2, 3], float_data=[1, 2]), "holds 8 bytes, but its shape and type need 24"
    yield "huge", weight(dims=[1 << 40, 1 << 40], raw_data=b""), "has more than 2^40 elements"
    yield "negative", weight(dims=[-2, 3], raw_data=b""), "has the negative dim -2"
    yield "huge-input", model([node("Relu", ["x"], ["y"])], inputs=[value("x", [1 << 40, 3])]), \
        "has the dim 1099511627776"
    yield "opset", helper.make_model(onnx.load_from_string(good).graph, opset_imports=[helper.make_opsetid("", 99)]), \
        "operator set 99; supported: operator sets"
    yield "absolute", external("/etc/hostname"), "not inside the model's directory"
    yield "parent", external("../w.bin"), "not inside the model's directory"
    yield "hidden-parent", external("a/../../w.bin"), "not inside the model's directory"
    yield "link", external("link.bin"), "not inside the model's directory"
    yield "no-file", external("none.bin"), "cannot read"
    yield "short", external("w.bin", offset=16, length=24), "lies at bytes 16 to 40 of 'w.bin', which has 24"
    yield "overflow", external("w.bin", offset=2**62, length=2**62), "which is not a number"
    yield "number", external("w.bin", offset="-1"), "which is not a number"
    yield "reshape", model([node("Reshape", ["x", "s"], ["y"])], [
        numpy_helper.from_array(np.array([1 << 33, -1]), "s")]), "the shape holds 8589934592"
    yield "deep-graphs", deeper_graphs(40), "messages nest deeper than 90"
    yield "many-calls", deep_functions(40), "more than 300000 nodes"
    yield "deep-calls", deep_functions(70), "functions nest too deeply"
    yield "future", helper.make_model(onnx.load_from_string(good).graph, ir_version=1000, opset_imports=[
        helper.make_opsetid("", 17)]), "the model has IR version 1000, the newest that is known"
    yield "future-domain", helper.make_model(onnx.load_from_string(good).graph, opset_imports=[
        helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 99)]), "version 99 of the domain 'ai.onnx.ml'"
    recursive = helper.make_function("f", "r", ["a"], ["b"], [helper.make_node("r", ["a"], ["b"], domain="f")],
                                     [helper.make_opsetid("f", 1)])
    calling = helper.make_graph([helper.make_node("r", ["x"], ["y"], domain="f")], "main", [value("x", [2, 3])],
                                [value("y", [2, 3])])
    yield "same-function", helper.make_model(calling, functions=[recursive] * 2, opset_imports=[
        helper.make_opsetid("", 17), helper.make_opsetid("f", 1)]), "two functions have the name 'r'"
    yield "recursive", helper.make_model(calling, functions=[recursive], opset_imports=[
        helper.make_opsetid("", 17), helper.make_opsetid("f", 1)]), "the function calls itself"


def main():
    translate, folder = sys.argv[1], Path(sys.argv[2])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "w.bin").write_bytes(np.arange(6, dtype=np.float32).tobytes())
    os.symlink("/etc/hostname", folder / "link.bin")
    failures = 0
    for name, content, expected in cases(folder):
        path, output = folder / f"{name}.onnx", folder / f"{name}.mlir"
        path.write_bytes(content if isinstance(content, bytes) else content.SerializeToString())
        done = subprocess.run([translate, "--import-onnx", path, "-o", output], capture_output=True, text=True,
                              timeout=60)
        if done.returncode != 1 or expected not in done.stderr or output.exists():
            failures += 1
            print(f"{name}: expected an error with '{expected}', exit code {done.returncode}, said: {done.stderr}")
    # Legal, but long: neither the stack nor memory is used up.
    for name, content in [("sums", chain("Add", 50000, False)), ("products", chain("Mul", 10000, False)),
                          ("squares", chain("Mul", 60, True)), ("branches", deep_graphs(8)),
                          ("calls", deep_functions(12))]:
        path = folder / f"{name}.onnx"
        path.write_bytes(content.SerializeToString())
        done = subprocess.run([translate, "--import-onnx", path, "-o", folder / f"{name}.mlir"], capture_output=True,
                              text=True, timeout=60)
        if done.returncode != 0:
            failures += 1
            print(f"{name}: exit code {done.returncode}, said: {done.stderr[-500:]}")
    path = folder / "external.onnx"
    path.write_bytes(external("w.bin", offset=0, length=24).SerializeToString())
    done = subprocess.run([translate, "--import-onnx", path], capture_output=True, text=True, timeout=60)
    if done.returncode != 0 or "dense<[[0.0" not in done.stdout:
        failures += 1
        print(f"external: {done.stderr}{done.stdout}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
