"""Random graphs of index operations, judged by NumPy.

usage: random_graphs.py [--first SEED] [--count N] [--keep DIR] [-- PIPELINE...]

Each seed gives one graph, which mixes static and dynamic dims, constants and
arguments. It is run by the reference evaluator as it is and after each pass
pipeline (default: -canonicalize -cse), and every result has to be what NumPy
computes for the same operations. So a folder or a pattern that changes a value,
a size or the validity of the IR is found.
"""

import argparse
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np


class Value:
    def __init__(self, name, array, dims):
        self.name = name
        self.array = array
        self.dims = tuple(dims)  # None where the type does not tell

    @property
    def type(self):
        return tensor_type(self.dims)


def tensor_type(dims, element="i32"):
    return "tensor<" + "".join(("?" if d is None else str(d)) + "x" for d in dims) + element + ">"


class Graph:
    """Builds the text of a graph and computes it at the same time."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lines = []
        self.values = []
        self.arguments = []
        self.count = 0

    # ----- pieces

    def fresh(self):
        self.count += 1
        return f"%v{self.count}"

    def emit(self, text, array, dims):
        name = self.fresh()
        self.lines.append(f"{name} = {text}")
        value = Value(name, np.array(array, np.int32), dims)
        assert len(value.dims) == array.ndim
        self.values.append(value)
        return value

    def shape(self, rank):
        return tuple(self.random.choice([1, 1, 2, 3, 4, 5]) for _ in range(rank))

    def array(self, shape):
        return np.array([self.random.randrange(-9, 10) for _ in range(int(np.prod(shape)))], np.int32).reshape(shape)

    def argument(self):
        array = self.array(self.shape(self.random.randrange(0, 5)))
        dims = [None if self.random.random() < 0.5 else d for d in array.shape]
        number = len(self.arguments)
        value = Value(f"%arg{number}", array, dims)
        self.arguments.append(value)
        self.values.append(value)

    def constant(self):
        array = self.array(self.shape(self.random.randrange(0, 4)))
        if self.random.random() < 0.3:
            array[...] = 7
        text = str(array.tolist()) if array.size else ""
        return self.emit(f"arith.constant dense<{text}> : {tensor_type(array.shape)}", array, array.shape)

    def scalar(self, number):
        """A host scalar with this value."""
        sources = [(v, d) for v in self.values for d, size in enumerate(v.array.shape) if size == number]
        name = self.fresh()
        if sources and self.random.random() < 0.6:
            value, dim = self.random.choice(sources)
            self.lines.append(f"{name}_d = arith.constant {dim} : index")
            self.lines.append(f"{name} = tensor.dim {value.name}, {name}_d : {value.type}")
        else:
            self.lines.append(f"{name} = arith.constant {number} : index")
        return name

    def mixed(self, numbers):
        """Texts of a list of sizes, and which of them are static."""
        texts, dims = [], []
        for number in numbers:
            if self.random.random() < 0.35:
                texts.append(self.scalar(int(number)))
                dims.append(None)
            else:
                texts.append(str(number))
                dims.append(int(number))
        return "[" + ", ".join(texts) + "]", dims

    def cast(self, value, dims):
        dims = tuple(dims)
        if dims == value.dims:
            return value
        return self.emit(f"tensor.cast {value.name} : {value.type} to {tensor_type(dims)}", value.array, dims)

    def pick(self, condition=lambda value: True):
        found = [v for v in self.values if v.array.size <= 600 and condition(v)]
        return self.random.choice(found) if found else None

    # ----- operations

    def forget(self):
        value = self.pick()
        if value is None:
            return
        self.cast(value, [None if self.random.random() < 0.5 else d for d in value.dims])

    def broadcast(self):
        value = self.pick(lambda v: v.array.ndim < 5 and v.array.size <= 60)
        if value is None:
            return
        shape = [self.random.choice([1, 2, 3]) if static == 1 else size
                 for size, static in zip(value.array.shape, value.dims)]
        shape = list(self.shape(self.random.choice([0, 0, 1, 2]))) + shape
        text, dims = self.mixed(shape)
        self.emit(f"graph.broadcast {value.name} sizes {text} : {value.type} to {tensor_type(dims)}",
                  np.broadcast_to(value.array, shape), dims)

    def reshape(self):
        value = self.pick()
        if value is None:
            return
        rest, shape = value.array.size, []
        while rest > 1 and len(shape) < 4:
            factor = self.random.choice([f for f in range(1, rest + 1) if rest % f == 0])
            shape.append(factor)
            rest //= factor
        if rest != 1:
            shape.append(rest)
        for _ in range(self.random.choice([0, 0, 1, 2])):
            shape.insert(self.random.randrange(len(shape) + 1), 1)
        text, dims = self.mixed(shape)
        self.emit(f"graph.reshape {value.name} sizes {text} : {value.type} to {tensor_type(dims)}",
                  value.array.reshape(shape), dims)

    def transpose(self):
        value = self.pick(lambda v: v.array.ndim >= 1)
        if value is None:
            return
        permutation = list(range(value.array.ndim))
        self.random.shuffle(permutation)
        dims = [value.dims[d] for d in permutation]
        self.emit(f"graph.transpose {value.name} {permutation} : {value.type} to {tensor_type(dims)}",
                  value.array.transpose(permutation), dims)

    def slice(self):
        value = self.pick(lambda v: v.array.ndim >= 1)
        if value is None:
            return
        offsets, sizes, strides, index = [], [], [], []
        for extent in value.array.shape:
            stride = self.random.choice([1, 1, 1, 2, -1, -2])
            offset = self.random.choice([0, 0, self.random.randrange(extent)])
            most = (extent - 1 - offset) // stride + 1 if stride > 0 else offset // -stride + 1
            size = self.random.choice([most, most, self.random.randrange(1, most + 1)])
            offsets.append(offset)
            sizes.append(size)
            strides.append(stride)
            index.append([offset + i * stride for i in range(size)])
        offset_text, _ = self.mixed(offsets)
        size_text, dims = self.mixed(sizes)
        self.emit(f"graph.slice {value.name} offsets {offset_text} sizes {size_text} strides {strides} : "
                  f"{value.type} to {tensor_type(dims)}", value.array[np.ix_(*index)], dims)

    def concat(self):
        first = self.pick(lambda v: v.array.ndim >= 1)
        if first is None:
            return
        axis = self.random.randrange(first.array.ndim)
        fits = lambda v: v.array.ndim == first.array.ndim and all(
            d == axis or a == b for d, (a, b) in enumerate(zip(v.array.shape, first.array.shape)))
        parts = [first] + [self.pick(fits) for _ in range(self.random.choice([0, 1, 1, 2]))]
        dims = []
        for d in range(first.array.ndim):
            known = [p.dims[d] for p in parts]
            if d == axis:
                dims.append(None if None in known else sum(known))
            else:
                dims.append(next((k for k in known if k is not None), None))
        self.emit(f"graph.concat axis = {axis} ({', '.join(p.name for p in parts)}) : "
                  f"({', '.join(p.type for p in parts)}) to {tensor_type(dims)}",
                  np.concatenate([p.array for p in parts], axis), dims)

    def pad(self):
        value = self.pick(lambda v: 1 <= v.array.ndim and v.array.size <= 100)
        if value is None:
            return
        mode = self.random.choice(["constant", "constant", "edge", "wrap", "reflect"])
        low, high = [], []
        for extent in value.array.shape:
            most = {"reflect": extent - 1, "wrap": extent}.get(mode, 2)
            low.append(self.random.randrange(min(most, 2) + 1))
            high.append(self.random.randrange(min(most, 2) + 1))
        low_text, low_dims = self.mixed(low)
        high_text, high_dims = self.mixed(high)
        dims = [None if None in parts else sum(parts) for parts in zip(value.dims, low_dims, high_dims)]
        fill, fill_text, fill_type, options = 0, "", "", {}
        if mode == "constant":
            scalars = [v for v in self.values if v.array.ndim == 0]
            if scalars and self.random.random() < 0.7:
                chosen = self.random.choice(scalars)
                fill, fill_text, fill_type = int(chosen.array), f" value {chosen.name}", f", {chosen.type}"
            options = {"constant_values": fill}
        self.emit(f"graph.pad {value.name} low {low_text} high {high_text}{fill_text} mode {mode} : "
                  f"{value.type}{fill_type} to {tensor_type(dims)}",
                  np.pad(value.array, list(zip(low, high)), mode=mode, **options), dims)

    def gather(self):
        value = self.pick(lambda v: v.array.ndim >= 1 and v.array.size <= 100)
        if value is None:
            return
        axis = self.random.randrange(value.array.ndim)
        extent = value.array.shape[axis]
        indices = self.pick(lambda v: v.array.ndim <= 2 and v.array.size <= 6)
        if indices is None or self.random.random() < 0.6:
            shape = self.shape(self.random.choice([0, 0, 1]))
            indices = self.emit(f"arith.constant dense<{(a := self.array(shape)).tolist()}> : {tensor_type(shape)}",
                                a, shape)
        # Negative indices count from the end; what is outside is clamped.
        index = indices.array.astype(np.int64)
        index = np.clip(np.where(index < 0, index + extent, index), 0, extent - 1)
        dims = value.dims[:axis] + indices.dims + value.dims[axis + 1:]
        self.emit(f"graph.gather {value.name}[{indices.name}] axis = {axis} : {value.type}, {indices.type} to "
                  f"{tensor_type(dims)}", np.take(value.array, index, axis), dims)

    def reduce(self):
        value = self.pick()
        if value is None:
            return
        reduced = [d for d in range(value.array.ndim) if self.random.random() < 0.5]
        keep = self.random.random() < 0.5
        dims = [1 if d in reduced else size for d, size in enumerate(value.dims) if keep or d not in reduced]
        self.emit(f"graph.reduce add {value.name} dims = {reduced}{' keep_dims' if keep else ''} : {value.type} to "
                  f"{tensor_type(dims)}",
                  value.array.sum(axis=tuple(reduced), keepdims=keep, dtype=np.int32), dims)

    def add(self):
        lhs = self.pick()
        if lhs is None:
            return
        rhs = self.pick(lambda v: v.array.shape == lhs.array.shape)
        dims = [None if None in pair or self.random.random() < 0.3 else pair[0] for pair in zip(lhs.dims, rhs.dims)]
        lhs, rhs = self.cast(lhs, dims), self.cast(rhs, dims)
        self.emit(f"arith.addi {lhs.name}, {rhs.name} : {lhs.type}", lhs.array + rhs.array, dims)

    def contract(self):
        lhs = self.pick(lambda v: v.array.ndim == 2)
        if lhs is None:
            return
        rhs = lhs and self.pick(lambda v: v.array.ndim == 2 and v.array.shape[0] == lhs.array.shape[1])
        if rhs is None:
            return
        maps = [f"affine_map<(m, n, k) -> ({d})>" for d in ("m, k", "k, n", "m, n")]
        dims = [lhs.dims[0], rhs.dims[1]]
        self.emit(f"graph.contract {lhs.name}, {rhs.name} maps [{', '.join(maps)}] : {lhs.type}, {rhs.type} to "
                  f"{tensor_type(dims)}", lhs.array @ rhs.array, dims)

    def iota(self):
        shape = self.shape(self.random.randrange(1, 4))
        axis = self.random.randrange(len(shape))
        text, dims = self.mixed(shape)
        grid = np.arange(shape[axis], dtype=np.int32).reshape([-1 if d == axis else 1 for d in range(len(shape))])
        self.emit(f"graph.iota axis = {axis} sizes {text} : {tensor_type(dims)}", np.broadcast_to(grid, shape), dims)

    # ----- the whole

    def build(self, steps):
        for _ in range(3):
            self.argument()
        self.constant()
        operations = [self.forget, self.broadcast, self.reshape, self.reshape, self.transpose, self.transpose,
                      self.slice, self.slice, self.concat, self.pad, self.gather, self.reduce, self.add, self.add,
                      self.contract, self.constant, self.iota]
        for _ in range(steps):
            self.random.choice(operations)()
        results = self.values[-6:]
        arguments = []
        names = []
        for value in self.arguments:
            shape = []
            for d, size in enumerate(value.dims):
                if size is None:
                    names.append(f"{value.name[1:]}_{d}")
                    shape.append(f'"{names[-1]}"')
                else:
                    shape.append(str(size))
            arguments.append(f'{value.name}: {value.type} {{graph.name = "{value.name[1:]}", graph.type = "i32", '
                             f'graph.shape = [{", ".join(shape)}]}}')
        types = ", ".join(f'{v.type} {{graph.name = "result{i}"}}' for i, v in enumerate(results))
        dims = ", ".join(f'{{name = "{name}"}}' for name in names)
        body = "\n  ".join(self.lines)
        text = (f"func.func @main({', '.join(arguments)}) -> ({types}) attributes {{graph.dims = [{dims}]}} {{\n  {body}\n"
                f"  return {', '.join(v.name for v in results)} : {', '.join(v.type for v in results)}\n}}\n")
        inputs = {v.name[1:]: v.array for v in self.arguments}
        return text, inputs, [v.array for v in results]


def check(seed, pipelines, directory):
    """What is wrong with the graph of this seed, or None."""
    text, inputs, expected = Graph(seed).build(steps=14)
    source, outputs = directory / "graph.mlir", directory / "outputs.npz"
    source.write_text(text)
    np.savez(directory / "inputs.npz", **inputs)
    for pipeline in [""] + pipelines:
        outputs.unlink(missing_ok=True)
        run = subprocess.run(["raddle-opt", str(source), *pipeline.split(), "--graph-evaluate="
                              f"function=main inputs={directory / 'inputs.npz'} outputs={outputs}"],
                             capture_output=True, text=True, timeout=60)
        what = f"seed {seed}, pipeline '{pipeline}'"
        if run.returncode != 0:
            return f"{what}: exit status {run.returncode}\n{run.stderr[:3000]}"
        found = np.load(outputs)
        for number, array in enumerate(expected):
            result = found[f"result{number}"]
            if result.shape != array.shape or not np.array_equal(result, array):
                return (f"{what}: result {number}: expected shape {array.shape}\n{array}\n"
                        f"found shape {result.shape}\n{result}\n")
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=20, help="the number of seeds")
    parser.add_argument("--keep", type=Path, help="folder that keeps the last graph")
    parser.add_argument("pipelines", nargs="*", help="pass pipelines, each one argument")
    arguments = parser.parse_args()
    pipelines = arguments.pipelines or ["-canonicalize -cse"]
    failures = 0
    with tempfile.TemporaryDirectory() as temporary:
        directory = arguments.keep or Path(temporary)
        directory.mkdir(parents=True, exist_ok=True)
        for seed in range(arguments.first, arguments.first + arguments.count):
            if problem := check(seed, pipelines, directory):
                failures += 1
                print(problem, file=sys.stderr)
                if arguments.keep:
                    break
    print(f"{arguments.count} graphs, {failures} wrong")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
