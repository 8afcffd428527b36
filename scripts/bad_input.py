"""Hostile, damaged and mistaken input: the tools say what is wrong, with exit
code 1, and leave nothing half written. Part of the end-to-end tests."""

import resource
import shutil
import signal
import subprocess
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper


class Failure(Exception):
    """A tool that crashed, hung, said nothing, or left something behind."""


def tensor(name, shape=(4, 4), kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, list(shape))


def model(nodes, initializers=(), inputs=None, outputs=None, opset=17, domains=()):
    graph = helper.make_graph(nodes, "g", inputs or [tensor("x")], outputs or [tensor("y")], list(initializers))
    return helper.make_model(graph, ir_version=8,
                             opset_imports=[helper.make_opsetid("", opset), *(helper.make_opsetid(d, 1) for d in domains)])


def external(location, offset=0, length=64):
    """A model whose weight lies in another file."""
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4, 4], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", location), ("offset", str(offset)), ("length", str(length))):
        weight.external_data.add(key=key, value=value)
    return model([helper.make_node("Add", ["x", "w"], ["y"])], [weight])


def raw(dims, size):
    """A weight whose bytes do not fit its dims."""
    return TensorProto(name="w", data_type=TensorProto.FLOAT, dims=dims, raw_data=b"\0" * size)


ADD = [helper.make_node("Add", ["x", "w"], ["y"], name="the_add")]

# name -> (model, texts that the message has to hold)
GRAPHS = {
    "cycle": (lambda: model([helper.make_node("Add", ["x", "b"], ["a"]), helper.make_node("Relu", ["a"], ["b"]),
                             helper.make_node("Relu", ["b"], ["y"])]), ["b"]),
    "undefined value": (lambda: model(ADD), ["w"]),
    "no producer of an output": (lambda: model([helper.make_node("Relu", ["x"], ["z"])]), ["y"]),
    "value defined twice": (lambda: model([helper.make_node("Relu", ["x"], ["y"]), helper.make_node("Neg", ["x"], ["y"])]),
                            ["y"]),
    "unknown operator": (lambda: model([helper.make_node("Frobnicate", ["x"], ["y"], name="frob")]), ["Frobnicate", "frob"]),
    "two unknown operators": (lambda: model([helper.make_node("Frobnicate", ["x"], ["t"]),
                                             helper.make_node("Gyrate", ["t"], ["y"])]), ["Frobnicate", "Gyrate"]),
    "unknown domain": (lambda: model([helper.make_node("Relu", ["x"], ["y"], domain="org.nowhere")],
                                     domains=["org.nowhere"]), ["org.nowhere"]),
    "opset of the future": (lambda: model([helper.make_node("Relu", ["x"], ["y"])], opset=9999), ["9999"]),
    "wrong shapes": (lambda: model([helper.make_node("MatMul", ["x", "w"], ["y"], name="the_matmul")],
                                   [numpy_helper.from_array(np.ones((3, 5), np.float32), "w")]), ["the_matmul"]),
    "too few bytes": (lambda: model(ADD, [raw([4, 4], 12)]), ["w"]),
    "too many bytes": (lambda: model(ADD, [raw([4, 4], 4096)]), ["w"]),
    "negative dim": (lambda: model(ADD, [raw([-4, 4], 64)]), ["w"]),
    "huge dims": (lambda: model(ADD, [raw([2**40, 2**40], 64)]), ["w"]),
    "absolute external path": (lambda: external("/etc/hostname"), ["/etc/hostname"]),
    "external path that climbs": (lambda: external("../../secret.bin"), [".."]),
    "missing external file": (lambda: external("nowhere.bin"), ["nowhere.bin"]),
    "external range past the end": (lambda: external("short.bin", 32, 64), ["short.bin"]),
    "unknown element type": (lambda: model([helper.make_node("Identity", ["x"], ["y"])], inputs=[tensor("x", kind=99)],
                                           outputs=[tensor("y", kind=99)]), ["x"]),
}


def full_disk():
    """Files of this process end at 1 KB: a write past it is an error. Its signal is
    blocked, for a handler would replace an ignored one."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGXFSZ})
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))


class BadInput:
    def __init__(self, bin, models, work):
        self.compile, self.run = bin / "raddle-compile", bin / "raddle-run"
        self.models = models
        self.work = work / "bad-input"
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        self.good = None

    def call(self, command, texts=(), allow_success=False, before=None):
        """Expects an error with the texts; returns the message. `before` runs in
        the new process."""
        try:
            done = subprocess.run([str(c) for c in command], capture_output=True, text=True, errors="replace", timeout=120,
                                  stdin=subprocess.DEVNULL, preexec_fn=before)
        except subprocess.TimeoutExpired:
            raise Failure("it took more than 120 s")
        if done.returncode == 0 and allow_success:
            return "accepted"
        if done.returncode != 1:
            raise Failure(f"expected exit code 1, found {done.returncode}: {done.stderr.strip()[-500:]}")
        if not done.stderr.strip():
            raise Failure("no message")
        if "Stack dump" in done.stderr:
            raise Failure(f"a crash: {done.stderr.strip()[-500:]}")
        for text in texts:
            if text not in done.stderr:
                raise Failure(f"the message does not name '{text}': {done.stderr.strip()[-500:]}")
        return done.stderr.strip().splitlines()[0][:160]

    def compiling(self, source, texts=(), allow_success=False, options=("--target=sm_80",), output=None,
                  before=None):
        folder = self.work / "out"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        target = output or folder / "m.raddle"
        message = self.call([self.compile, source, *options, "-o", target], texts, allow_success, before)
        left = sorted(path.name for path in folder.iterdir())
        if message != "accepted" and left:
            raise Failure(f"left behind: {', '.join(left)}")
        return message

    def graph(self, name):
        make, texts = GRAPHS[name]
        path = self.work / "graph.onnx"
        (self.work / "short.bin").write_bytes(b"\0" * 48)
        path.write_bytes(make().SerializeToString())
        return self.compiling(path, texts)

    def damaged(self, seed):
        """A real model with a few wrong bytes: anything but a crash."""
        data = bytearray((self.models / "fmnist_dwcnn.onnx").read_bytes())
        rng = np.random.default_rng(seed)
        # Most bytes are weights; the structure is at the ends and in between.
        for _ in range(8):
            data[int(rng.integers(0, len(data)))] = int(rng.integers(0, 256))
        for _ in range(4):
            data[int(rng.integers(0, 600))] = int(rng.integers(0, 256))
        path = self.work / "damaged.onnx"
        path.write_bytes(data)
        return self.compiling(path, allow_success=True)

    def truncated(self, share):
        data = (self.models / "fmnist_dwcnn.onnx").read_bytes()
        path = self.work / "truncated.onnx"
        path.write_bytes(data[: int(len(data) * share)])
        return self.compiling(path)

    def source(self):
        """A small good model."""
        path = self.work / "good.onnx"
        path.write_bytes(model([helper.make_node("Softmax", ["x"], ["y"], axis=-1)], inputs=[tensor("x", ["n", 4])],
                               outputs=[tensor("y", ["n", 4])]).SerializeToString())
        return path

    def artifact(self):
        """A small good artifact, made once."""
        if self.good is None:
            self.good = self.work / "good.raddle"
            done = subprocess.run([self.compile, self.source(), "--target=sm_80", "-o", self.good], capture_output=True,
                                  text=True)
            if done.returncode != 0:
                raise Failure(f"the good model does not compile: {done.stderr.strip()[-500:]}")
        return self.good

    def running(self, inputs, texts, artifact=None, allow_success=False):
        given, output = self.work / "in.npz", self.work / "out.npz"
        np.savez(given, **inputs)
        output.unlink(missing_ok=True)
        message = self.call([self.run, artifact or self.artifact(), "--device=vgpu", "--inputs", given, "--outputs", output],
                            texts, allow_success)
        if message != "accepted" and output.exists():
            raise Failure("the file of outputs was written")
        return message

    def damaged_artifact(self, seed):
        data = bytearray(self.artifact().read_bytes())
        rng = np.random.default_rng(seed)
        for _ in range(3):
            data[int(rng.integers(0, len(data)))] = int(rng.integers(0, 256))
        path = self.work / "damaged.raddle"
        path.write_bytes(data)
        return self.running({"x": np.ones((3, 4), np.float32)}, [], path, allow_success=True)

    def truncated_artifact(self, share):
        data = self.artifact().read_bytes()
        path = self.work / "truncated.raddle"
        path.write_bytes(data[: int(len(data) * share)])
        return self.running({"x": np.ones((3, 4), np.float32)}, [], path)

    def cases(self):
        """(name, action); an action returns what was said, or raises Failure."""
        good = self.source()
        for name in GRAPHS:
            yield f"compile/{name}", lambda name=name: self.graph(name)
        for share in (0, 0.001, 0.01, 0.1, 0.5, 0.9, 0.999):
            yield f"compile/truncated to {share}", lambda share=share: self.truncated(share)
        for seed in range(16):
            yield f"compile/damaged {seed}", lambda seed=seed: self.damaged(seed)
        yield "compile/no such file", lambda: self.compiling(self.work / "nowhere.onnx", ["nowhere.onnx"])
        yield "compile/a folder", lambda: self.compiling(self.work, [self.work.name])
        yield "compile/unknown target", lambda: self.compiling(good, ["sm_12345"], options=["--target=sm_12345"])
        yield "compile/no such folder", lambda: self.compiling(good, ["nofolder"], output=Path("/nofolder/m.raddle"))
        yield "compile/full disk", lambda: self.compiling(good, ["m.raddle"], before=full_disk)
        ones = np.ones((3, 4), np.float32)
        yield "run/missing input", lambda: self.running({}, ["x"])
        yield "run/unknown input", lambda: self.running({"x": ones, "stranger": ones}, ["stranger"])
        yield "run/wrong type", lambda: self.running({"x": ones.astype(np.int64)}, ["x"])
        yield "run/wrong rank", lambda: self.running({"x": ones[0]}, ["x"])
        yield "run/wrong dim", lambda: self.running({"x": np.ones((3, 5), np.float32)}, ["x", "5"])
        yield "run/no artifact", lambda: self.running({"x": ones}, ["nowhere"], self.work / "nowhere.raddle")
        yield "run/another file", lambda: self.running({"x": ones}, [], good)
        for share in (0, 0.01, 0.5, 0.99):
            yield f"run/truncated to {share}", lambda share=share: self.truncated_artifact(share)
        for seed in range(16):
            yield f"run/damaged {seed}", lambda seed=seed: self.damaged_artifact(seed)
