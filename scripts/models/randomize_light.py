"""Makes ResNet-50 and SqueezeNet with seeded random weights.

The `light_*.onnx` models of the onnx package have constant weights, so that
every output value is the same and proves nothing about numbers. Each weight is
drawn by the role of its consumer, and the classifier is scaled so that the
logits have a standard deviation of 1.5 (the softmax is not saturated).

usage: randomize_light.py MODELS_FOLDER
"""

import os
import sys

import numpy as np
import onnx
import onnxruntime as ort
from onnx import numpy_helper

folder = sys.argv[1]
light = os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data", "light")
one_thread = ort.SessionOptions()
one_thread.intra_op_num_threads = 1


def draw(rng, op, operand, shape):
    """Weights for operand number `operand` of an `op` node."""
    if op == "Conv" and operand == 1:
        return rng.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))
    if op == "Gemm" and operand == 1:
        return rng.standard_normal(shape) * np.sqrt(1 / shape[1])
    if op == "BatchNormalization":
        return {1: lambda: rng.uniform(0.8, 1.2, shape), 2: lambda: rng.normal(0, 0.1, shape),
                3: lambda: rng.normal(0, 0.1, shape), 4: lambda: rng.uniform(0.5, 1.5, shape)}[operand]()
    if op == "Mul":
        return rng.uniform(0.8, 1.2, shape)
    return rng.normal(0, 0.05, shape)


def randomize(name):
    model = onnx.load(f"{light}/light_{name}.onnx")
    graph = model.graph
    rng = np.random.default_rng(7)
    constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    uses = {}
    for node in graph.node:
        for index, value in enumerate(node.input):
            uses.setdefault(value, []).append((node, index))

    def consumer(value):
        node, index = uses[value][0]
        while node.op_type in ("Unsqueeze", "Reshape", "Identity"):
            value = node.output[0]
            node, index = uses[value][0]
        return node.op_type, index

    nodes, weights = [], []
    for node in graph.node:
        if node.op_type != "ConstantOfShape":
            nodes.append(node)
            continue
        shape = tuple(int(v) for v in constants[node.input[0]])
        array = draw(rng, *consumer(node.output[0]), shape)
        weights.append(numpy_helper.from_array(array.astype(np.float32), node.output[0]))
    del graph.node[:]
    graph.node.extend(nodes)
    graph.initializer.extend(weights)
    used = {value for node in graph.node for value in node.input}
    initializers = [t for t in graph.initializer if t.name in used]
    del graph.initializer[:]
    graph.initializer.extend(initializers)
    names = {t.name for t in initializers}
    inputs = [v for v in graph.input if v.name in used and v.name not in names]
    del graph.input[:]
    graph.input.extend(inputs)
    model.ir_version = 8
    scale_classifier(model, inputs[0], initializers)
    onnx.checker.check_model(model)
    target = f"{folder}/{name}_rand.onnx"
    onnx.save(model, target + ".part")
    os.replace(target + ".part", target)


def scale_classifier(model, entry, initializers):
    shape = [d.dim_value for d in entry.type.tensor_type.shape.dim]
    data = np.random.default_rng(11).standard_normal(shape).astype(np.float32)
    logits_name = [n for n in model.graph.node if n.op_type == "Softmax"][-1].input[0]
    last = [n for n in model.graph.node if n.op_type in ("Gemm", "Conv")][-1]
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    probe.graph.output.append(onnx.helper.make_empty_tensor_value_info(logits_name))
    session = ort.InferenceSession(probe.SerializeToString(), one_thread)
    logits = session.run([logits_name], {entry.name: data})[0]
    producers = {n.output[0]: n for n in model.graph.node}
    name = last.input[1]
    while name in producers:
        name = producers[name].input[0]
    weight = next(t for t in initializers if t.name == name)
    scaled = numpy_helper.to_array(weight) * (1.5 / logits.std())
    weight = next(t for t in model.graph.initializer if t.name == name)
    weight.CopyFrom(numpy_helper.from_array(scaled.astype(np.float32), name))


for name in ("resnet50", "squeezenet"):
    randomize(name)
    print(f"{name}_rand.onnx")
