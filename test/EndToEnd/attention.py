"""Attention as exporters spell it, one small ONNX file per spelling.

usage: attention.py --build BUILD [--filter REGEX] [--folder FOLDER]

Each model must become exactly one `graph.attention` (causal where the spelling
is), compile without a softmax kernel, and agree with onnxruntime on the
virtual GPU with all checks. Rows that may see no key are not made: what they
give is pinned by the node tests.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

B, H, KV, L, D = 2, 4, 2, 37, 16
F32, F16, I64, BOOL = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.INT64, TensorProto.BOOL


class Graph:
    """Collects nodes; operators are methods: `g.MatMul(a, b)`."""

    def __init__(self):
        self.nodes, self.inputs, self.initializers = [], [], []

    def input(self, name, shape, dtype=F32):
        self.inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def const(self, value, dtype=None):
        name = f"c{len(self.initializers)}"
        array = np.array(value, dtype=dtype)
        if array.dtype == np.float64:
            array = array.astype(np.float32)
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def __getattr__(self, op):
        def make(*operands, **attributes):
            name = f"v{len(self.nodes)}"
            self.nodes.append(helper.make_node(op, list(operands), [name], name=f"{op}_{len(self.nodes)}", **attributes))
            return name

        return make

    def model(self, output, shape, dtype=F32, opset=18):
        self.nodes.append(helper.make_node("Identity", [output], ["y"]))
        result = helper.make_tensor_value_info("y", dtype, shape)
        graph = helper.make_graph(self.nodes, "g", self.inputs, [result], self.initializers)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)


def qkv(g, kv=H, dtype=F32, length="length", head=D, keys=None):
    return (g.input("q", ["batch", H, length, head], dtype), g.input("k", ["batch", kv, keys or length, head], dtype),
            g.input("v", ["batch", kv, keys or length, head], dtype))


def scores(g, q, k, scale=0.25):
    return g.Mul(g.MatMul(q, g.Transpose(k, perm=[0, 1, 3, 2])), g.const(scale))


def finish(g, s, v, **rest):
    return g.model(g.MatMul(g.Softmax(s, axis=-1), v), ["batch", H, "length", D], **rest)


def length_of(g, x, axis=2):
    return g.Gather(g.Shape(x), g.const(axis, np.int64), axis=0)


def plain():
    """Two products with a scale between."""
    g = Graph()
    q, k, v = qkv(g)
    return finish(g, scores(g, q, k), v)


def scaled_operands():
    """torch.export's scaled_dot_product_attention: the root of the scale on q and on k."""
    g = Graph()
    q, k, v = qkv(g)
    root = g.const(0.5)
    s = g.MatMul(g.Mul(q, root), g.Mul(g.Transpose(k, perm=[0, 1, 3, 2]), root))
    return finish(g, s, v)


def scaled_by_size():
    """torch.onnx: scale from Shape, Sqrt and Div."""
    g = Graph()
    q, k, v = qkv(g)
    size = g.Cast(g.Gather(g.Shape(q), g.const(3, np.int64), axis=0), to=F32)
    s = g.Div(g.MatMul(q, g.Transpose(k, perm=[0, 1, 3, 2])), g.Sqrt(size))
    return finish(g, s, v)


def key_transposed():
    """Keys come as [batch, heads, head size, length]."""
    g = Graph()
    q = g.input("q", ["batch", H, "length", D])
    k = g.input("k", ["batch", H, D, "length"])
    v = g.input("v", ["batch", H, "length", D])
    return finish(g, g.Mul(g.MatMul(q, k), g.const(0.25)), v)


def packed():
    """One projection, split by heads with reshapes and transposes (BERT)."""
    g = Graph()
    x = g.input("x", ["batch", "length", 3 * H * D])
    parts = []
    for i in range(3):
        part = g.Slice(x, g.const([i * H * D], np.int64), g.const([(i + 1) * H * D], np.int64), g.const([2], np.int64))
        parts.append(g.Reshape(part, g.const([0, 0, H, D], np.int64)))
    q = g.Transpose(parts[0], perm=[0, 2, 1, 3])
    k = g.Transpose(parts[1], perm=[0, 2, 3, 1])
    v = g.Transpose(parts[2], perm=[0, 2, 1, 3])
    y = g.MatMul(g.Softmax(g.Div(g.MatMul(q, k), g.const(4.0)), axis=-1), v)
    y = g.Reshape(g.Transpose(y, perm=[0, 2, 1, 3]), g.const([0, 0, H * D], np.int64))
    return g.model(y, ["batch", "length", H * D])


def padding_additive():
    """BERT: (1 - mask) * -10000 added."""
    g = Graph()
    q, k, v = qkv(g)
    mask = g.Cast(g.input("mask", ["batch", "length"], I64), to=F32)
    bias = g.Mul(g.Sub(g.const(1.0), g.Unsqueeze(mask, g.const([1, 2], np.int64))), g.const(-10000.0))
    return finish(g, g.Add(scores(g, q, k), bias), v)


def padding_where():
    """A boolean mask with the lowest float where it is false."""
    g = Graph()
    q, k, v = qkv(g)
    mask = g.Cast(g.Unsqueeze(g.input("mask", ["batch", "length"], I64), g.const([1, 2], np.int64)), to=BOOL)
    return finish(g, g.Where(mask, scores(g, q, k), g.const(np.finfo(np.float32).min)), v)


def padding_filled():
    """masked_fill(mask == 0, -inf), the fill made by ConstantOfShape."""
    g = Graph()
    q, k, v = qkv(g)
    mask = g.Equal(g.Unsqueeze(g.input("mask", ["batch", "length"], I64), g.const([1, 2], np.int64)), g.const(0, np.int64))
    s = scores(g, q, k)
    fill = g.ConstantOfShape(g.Shape(s), value=numpy_helper.from_array(np.array([-np.inf], np.float32)))
    return finish(g, g.Where(mask, fill, s), v)


def ones(g, shape, dtype=np.float32):
    return g.ConstantOfShape(shape, value=numpy_helper.from_array(np.array([1], dtype)))


def plane(g, k):
    n = g.Unsqueeze(length_of(g, k), g.const([0], np.int64))
    return g.Concat(n, n, axis=0)


def causal_trilu_add():
    """triu(full(-inf), 1) added."""
    g = Graph()
    q, k, v = qkv(g)
    full = g.ConstantOfShape(plane(g, k), value=numpy_helper.from_array(np.array([-np.inf], np.float32)))
    return finish(g, g.Add(scores(g, q, k), g.Trilu(full, g.const(1, np.int64), upper=1)), v)


def causal_tril_where():
    """tril(ones) as a condition: where(tril == 0, -inf, scores)."""
    g = Graph()
    q, k, v = qkv(g)
    low = g.Trilu(ones(g, plane(g, k)), upper=0)
    return finish(g, g.Where(g.Equal(low, g.const(0.0)), g.const(-np.inf), scores(g, q, k)), v)


def causal_sdpa():
    """torch.onnx's scaled_dot_product_attention(is_causal=True)."""
    g = Graph()
    q, k, v = qkv(g)
    low = g.Trilu(g.Expand(g.const(1.0), plane(g, k)), upper=0)
    keep = g.Cast(low, to=BOOL)
    bias = g.Where(g.Not(keep), g.const(-np.inf), g.Cast(low, to=F32))
    bias = g.Where(g.Equal(bias, g.const(-np.inf)), bias, g.const(0.0))
    root = g.const(0.5)
    s = g.MatMul(g.Mul(q, root), g.Mul(g.Transpose(k, perm=[0, 1, 3, 2]), root))
    return finish(g, g.Add(s, bias), v)


def positions(g, k):
    zero, one = g.const(0, np.int64), g.const(1, np.int64)
    along = g.Range(zero, length_of(g, k), one)
    return g.Unsqueeze(along, g.const([0], np.int64)), g.Unsqueeze(along, g.const([1], np.int64))


def causal_ranges():
    """where(column <= row, scores, lowest)."""
    g = Graph()
    q, k, v = qkv(g)
    column, row = positions(g, k)
    keep = g.LessOrEqual(column, row)
    return finish(g, g.Where(keep, scores(g, q, k), g.const(np.finfo(np.float32).min)), v)


def causal_llama():
    """full(lowest) * (column > row), broadcast over batch and heads, added."""
    g = Graph()
    q, k, v = qkv(g)
    column, row = positions(g, k)
    full = g.ConstantOfShape(plane(g, k), value=numpy_helper.from_array(np.array([np.finfo(np.float32).min], np.float32)))
    mask = g.Mul(full, g.Cast(g.Greater(column, row), to=F32))
    mask = g.Unsqueeze(mask, g.const([0, 1], np.int64))
    batch = g.Unsqueeze(length_of(g, k, 0), g.const([0], np.int64))
    shape = g.Concat(batch, g.const([1, 1, 1], np.int64), axis=0)
    return finish(g, g.Add(scores(g, q, k), g.Expand(mask, shape)), v)


def causal_padding():
    """A causal and a padding condition joined by And."""
    g = Graph()
    q, k, v = qkv(g)
    column, row = positions(g, k)
    mask = g.Cast(g.Unsqueeze(g.input("mask", ["batch", "length"], I64), g.const([1, 2], np.int64)), to=BOOL)
    keep = g.And(g.GreaterOrEqual(row, column), mask)
    return finish(g, g.Where(keep, scores(g, q, k), g.const(-np.inf)), v)


def causal_gpt2():
    """A stored triangle, sliced to the lengths (a mask, not known causal)."""
    g = Graph()
    q, k, v = qkv(g)
    n = g.Unsqueeze(length_of(g, k), g.const([0], np.int64))
    stored = g.const(np.tril(np.ones((1, 1, 64, 64), bool)))
    zero = g.const([0], np.int64)
    keep = g.Slice(g.Slice(stored, zero, n, g.const([2], np.int64)), zero, n, g.const([3], np.int64))
    return finish(g, g.Where(keep, scores(g, q, k), g.const(np.finfo(np.float32).min)), v)


def causal_past():
    """Queries are the last of the keys: column <= row + past."""
    g = Graph()
    q = g.input("q", ["batch", H, "length", D])
    past_k, past_v = g.input("past_k", ["batch", H, "past", D]), g.input("past_v", ["batch", H, "past", D])
    k = g.Concat(past_k, g.input("k", ["batch", H, "length", D]), axis=2)
    v = g.Concat(past_v, g.input("v", ["batch", H, "length", D]), axis=2)
    zero, one = g.const(0, np.int64), g.const(1, np.int64)
    past = length_of(g, past_k)
    column = g.Unsqueeze(g.Range(zero, g.Add(past, length_of(g, q)), one), g.const([0], np.int64))
    row = g.Unsqueeze(g.Range(past, g.Add(past, length_of(g, q)), one), g.const([1], np.int64))
    return finish(g, g.Where(g.LessOrEqual(column, row), scores(g, q, k), g.const(-np.inf)), v)


def causal_operator():
    """The operator Attention with is_causal."""
    g = Graph()
    q, k, v = qkv(g)
    y = g.Attention(q, k, v, is_causal=1, scale=0.25)
    return g.model(y, ["batch", H, "length", D], opset=23)


def repeat(g, x, how):
    """Repeats each of KV heads H / KV times."""
    times = H // KV
    shape = g.Shape(x)
    take = lambda i: g.Slice(shape, g.const([i], np.int64), g.const([i + 1], np.int64))
    wide = g.Unsqueeze(x, g.const([2], np.int64))
    if how == "expand":
        wide = g.Expand(wide, g.Concat(take(0), take(1), g.const([times], np.int64), take(2), take(3), axis=0))
    elif how == "tile":
        wide = g.Tile(wide, g.const([1, 1, times, 1, 1], np.int64))
    else:
        wide = g.Concat(*[wide] * times, axis=2)
    return g.Reshape(wide, g.Concat(take(0), g.const([H], np.int64), take(2), take(3), axis=0))


def grouped(how):
    g = Graph()
    q, k, v = qkv(g, kv=KV)
    return finish(g, scores(g, q, repeat(g, k, how)), repeat(g, v, how))


def grouped_expand():
    """Llama's repeat_kv: Unsqueeze, Expand, Reshape."""
    return grouped("expand")


def grouped_tile():
    return grouped("tile")


def grouped_concat():
    return grouped("concat")


def grouped_causal():
    g = Graph()
    q, k, v = qkv(g, kv=KV)
    column, row = positions(g, k)
    s = g.Where(g.LessOrEqual(column, row), scores(g, q, repeat(g, k, "expand")), g.const(-np.inf))
    return finish(g, s, repeat(g, v, "expand"))


def half_casts():
    """f16 operands, softmax in f32 with casts around."""
    g = Graph()
    q, k, v = qkv(g, dtype=F16)
    s = g.Mul(g.MatMul(q, g.Transpose(k, perm=[0, 1, 3, 2])), g.const(0.25, np.float16))
    p = g.Cast(g.Softmax(g.Cast(s, to=F32), axis=-1), to=F16)
    return g.model(g.MatMul(p, v), ["batch", H, "length", D], dtype=F16)


def dropout():
    """Dropout of ratio 0 behind the softmax, and a product by one."""
    g = Graph()
    q, k, v = qkv(g)
    p = g.Mul(g.Dropout(g.Softmax(scores(g, q, k), axis=-1)), g.const(1.0))
    return g.model(g.MatMul(p, v), ["batch", H, "length", D])


def head(size):
    def make():
        g = Graph()
        q, k, v = qkv(g, head=size)
        s = g.Mul(g.MatMul(q, g.Transpose(k, perm=[0, 1, 3, 2])), g.const(size**-0.5))
        return g.model(g.MatMul(g.Softmax(s, axis=-1), v), ["batch", H, "length", size])

    make.__name__ = f"head_{size}"
    return make


CAUSAL = {"causal_trilu_add", "causal_tril_where", "causal_sdpa", "causal_ranges", "causal_llama", "causal_padding",
          "causal_past", "causal_operator", "grouped_causal"}
SPELLINGS = [plain, scaled_operands, scaled_by_size, key_transposed, packed, padding_additive, padding_where,
             padding_filled, causal_trilu_add, causal_tril_where, causal_sdpa, causal_ranges, causal_llama,
             causal_padding, causal_gpt2, causal_past, causal_operator, grouped_expand, grouped_tile, grouped_concat,
             grouped_causal, half_casts, dropout, head(80), head(128), head(256)]


def inputs_of(model, random, length=L):
    dims = {"batch": B, "length": length, "past": 11}
    values = {}
    for value in model.graph.input:
        shape = [d.dim_value or dims[d.dim_param] for d in value.type.tensor_type.shape.dim]
        dtype = helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
        if value.name == "mask":
            mask = (random.random(shape) < 0.7).astype(dtype)
            mask[:, 0] = 1
            values[value.name] = mask
        else:
            values[value.name] = random.standard_normal(shape).astype(dtype)
    return values


def count_products(bin, folder, spelling, length):
    """Tensor core instructions of one call, and bytes of workspace."""
    path = folder / f"{spelling.__name__}_{length}"
    model = spelling()
    onnx.save(model, f"{path}.onnx")
    np.savez(f"{path}.npz", **inputs_of(model, np.random.default_rng(0), length))
    subprocess.run([bin / "raddle-compile", f"{path}.onnx", "--target=sm_80", "-o", f"{path}.raddle"], check=True)
    done = subprocess.run([bin / "raddle-run", f"{path}.raddle", "--device=vgpu", "--inputs", f"{path}.npz", "--stats"],
                          env={**os.environ, "RADDLE_VGPU_CHECKS": "none", "RADDLE_VGPU_PROFILE": f"{path}.json"},
                          check=True, capture_output=True, text=True)
    launches = json.loads(Path(f"{path}.json").read_text())["launches"]
    stats = json.loads(done.stdout.strip().splitlines()[-1])
    return sum(launch["counters"]["mma"] for launch in launches), stats["workspace_bytes"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--filter", default="")
    parser.add_argument("--folder", help="keeps the files there")
    options = parser.parse_args()
    bin = Path(options.build) / "bin"
    folder = Path(options.folder or tempfile.mkdtemp())
    folder.mkdir(exist_ok=True)
    failures = 0
    for number, spelling in enumerate(SPELLINGS):
        name = spelling.__name__
        if not re.search(options.filter, name):
            continue
        path = folder / name
        model = spelling()
        onnx.checker.check_model(model)
        onnx.save(model, f"{path}.onnx")
        values = inputs_of(model, np.random.default_rng(number))
        np.savez(f"{path}.in.npz", **values)
        expected = onnxruntime.InferenceSession(f"{path}.onnx", providers=["CPUExecutionProvider"]).run(None, values)[0]

        def call(tool, *arguments):
            done = subprocess.run([str(bin / tool), *map(str, arguments)], capture_output=True, text=True,
                                  env={**os.environ, "RADDLE_VGPU_CHECKS": "all", "RADDLE_VGPU_SEED": "1"})
            return done.stdout if done.returncode == 0 else None, done.stderr.strip()

        text, error = call("raddle-compile", f"{path}.onnx", "--compile-to=simplify", "-o", "-")
        problem = None if text else error
        if text:
            found = re.findall(r"graph\.attention .*", text)
            softmax = len(re.findall(r"graph\.softmax", text))
            if len(found) != 1 or softmax:
                problem = f"{len(found)} graph.attention and {softmax} graph.softmax"
            elif (name in CAUSAL) != ("causal" in found[0]):
                problem = f"expected {'' if name in CAUSAL else 'no '}'causal': {found[0].split(' : ')[0]}"
            elif name.startswith("grouped") and f"x{KV}x?x{D}x" not in found[0]:
                problem = f"expected keys of {KV} heads: {found[0]}"
            elif name in CAUSAL - {"causal_padding"} and " mask " in found[0]:
                problem = "expected no mask besides 'causal'"
        if not problem:
            text, error = call("raddle-compile", f"{path}.onnx", "--target=sm_80", "-o", f"{path}.raddle")
            problem = None if text is not None else error
        if not problem:
            text, error = call("raddle-run", f"{path}.raddle", "--device=vgpu", "--inputs", f"{path}.in.npz",
                               "--outputs", f"{path}.out.npz")
            problem = None if text is not None else error
        if not problem:
            actual = np.load(f"{path}.out.npz")["y"]
            # Values are averages of v: errors are relative to its range. f16
            # probabilities and results are rounded to 11 bits each.
            bound = (2**-9 if expected.dtype == np.float16 else 2e-5) * np.abs(values.get("v", expected)).max()
            worst = np.abs(actual.astype(np.float64) - expected).max()
            if not worst <= bound:
                problem = f"differs by {worst:.2e}, at most {bound:.2e} is expected"
        failures += bool(problem)
        print(f"{'FAIL' if problem else 'pass'}: {name}" + (f": {problem}" if problem else ""), flush=True)
    print(f"{failures} of {len(SPELLINGS)} spellings fail")
    if not options.filter:
        # Eight blocks of queries by sixteen tiles of keys, of which causality
        # leaves 72 of 128; and no scores in memory.
        whole, workspace = count_products(bin, folder, plain, 512)
        causal, _ = count_products(bin, folder, causal_ranges, 512)
        print(f"products of length 512: {whole}, causal {causal}; workspace {workspace} bytes")
        failures += not causal < 0.6 * whole or workspace != 0
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
