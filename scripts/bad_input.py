"""Hostile, damaged and mistaken input: the tools say what is wrong, with exit
code 1, and leave nothing half written. Part of the end-to-end tests."""

import json
import resource
import shutil
import signal
import struct
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


# A product whose epilogue normalises whole rows.
ROWS = """
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @main(%x: tensor<64x256xf32> {graph.name = "x", graph.type = "f32", graph.shape = [64, 256]},
                %w: tensor<256x384xf32> {graph.name = "w", graph.type = "f32", graph.shape = [256, 384]})
    -> (tensor<64x384xf32> {graph.name = "y", graph.type = "f32"}) {
  %0 = graph.contract %x, %w maps [#a, #b, #c] : tensor<64x256xf32>, tensor<256x384xf32> to tensor<64x384xf32>
  %1 = graph.norm layer %0 axis = 1 epsilon = 1.0e-5 : tensor<64x384xf32> to tensor<64x384xf32>
  return %1 : tensor<64x384xf32>
}
"""


def set_path(program, path, value):
    """Sets or (value None) removes an entry of the host program."""
    for key in path[:-1]:
        program = program[key]
    if value is None:
        del program[path[-1]]
    else:
        program[path[-1]] = value


# name -> (path into the host program of the softmax, value, texts)
PROGRAMS = {
    "output buffer too small": (("buffers", 1, "bytes"), 4, ["'y'", "4"]),
    "negative buffer size": (("buffers", 1, "bytes"), ["mul", "n", -16], ["'y'"]),
    "size that overflows": (("buffers", 1, "bytes"), ["mul", ["mul", "n", 2**62], 2**62], ["overflow"]),
    "division by zero": (("body", 0, "grid", 0), ["ceildiv", "n", 0], ["ceildiv"]),
    "negative grid": (("body", 0, "grid", 0), -1, ["grid"]),
    "grid beyond the device": (("body", 0, "grid", 1), 2**40, ["grid"]),
    "block beyond the device": (("kernels", 0, "block", 0), 4096, ["4096"]),
    "shared memory beyond the device": (("kernels", 0, "shared"), 2**30, [str(2**30), "shared memory"]),
    "workspace beyond memory": (("arena", "bytes"), 2**60, ["memory"]),
    "no such kernel": (("body", 0, "launch"), 7, ["7"]),
    "no such buffer": (("body", 0, "args", 1), {"ptr": 99}, ["99"]),
    "argument too few": (("body", 0, "args"), [{"ptr": 0}, {"ptr": 1}], ["2", "3"]),
    "argument of another type": (("body", 0, "args", 0), {"ptr": 0}, ["i32"]),
    "unknown symbol": (("buffers", 0, "bytes"), ["mul", "strange", 4], ["strange"]),
    "unknown expression": (("buffers", 0, "bytes"), ["xor", "n", 4], ["xor"]),
    "unknown statement": (("body", 0), {"explode": 1}, ["body"]),
    "unknown type": (("inputs", 0, "type"), "f99", ["f99"]),
    "version of the future": (("version",), 999, ["999"]),
    "range that is empty": (("symbols", 0), {"name": "n", "min": 9, "max": 3, "divisor": 1}, ["n"]),
    "module that is not there": (("kernels", 0, "module"), "strange", ["strange"]),
    "no outputs": (("outputs",), None, ["outputs"]),
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
        self.empty(folder)
        target = output or folder / "m.raddle"
        message = self.call([self.compile, source, *options, "-o", target], texts, allow_success, before)
        left = sorted(path.name for path in folder.iterdir())
        if message != "accepted" and left:
            raise Failure(f"left behind: {', '.join(left)}")
        return message

    @staticmethod
    def empty(folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()

    def graph(self, name):
        make, texts = GRAPHS[name]
        path = self.work / "graph.onnx"
        (self.work / "short.bin").write_bytes(b"\0" * 48)
        path.write_bytes(make().SerializeToString())
        return self.compiling(path, texts)

    def translating_on_full_disk(self):
        folder = self.work / "out"
        self.empty(folder)
        message = self.call([self.compile.parent / "raddle-translate", "--import-onnx", self.models / "fmnist_dwcnn.onnx",
                             "-o", folder / "m.mlir"], ["m.mlir"], before=full_disk)
        if list(folder.iterdir()):
            raise Failure(f"left behind: {', '.join(path.name for path in folder.iterdir())}")
        return message

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

    def running(self, inputs, texts, artifact=None, allow_success=False, before=None):
        given, folder = self.work / "in.npz", self.work / "out"
        np.savez(given, **inputs)
        self.empty(folder)
        message = self.call([self.run, artifact or self.artifact(), "--device=vgpu", "--inputs", given, "--outputs",
                             folder / "out.npz"], texts, allow_success, before)
        left = sorted(path.name for path in folder.iterdir())
        if message != "accepted" and left:
            raise Failure(f"left behind: {', '.join(left)}")
        return message

    def hostile_program(self, name):
        """The good artifact with one thing in its host program changed."""
        at, value, texts = PROGRAMS[name]
        data = self.artifact().read_bytes()
        (length,) = struct.unpack("<Q", data[:8])
        header = json.loads(data[8: 8 + length])
        program = json.loads(header["__metadata__"]["raddle.program"])
        set_path(program, at, value)
        header["__metadata__"]["raddle.program"] = json.dumps(program)
        text = json.dumps(header).encode()
        text += b" " * (-(8 + len(text)) % 256)
        path = self.work / "hostile.raddle"
        path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length:])
        return self.running({"x": np.ones((3, 4), np.float32)}, texts, path)

    def make(self, source, *options):
        """The text of a good graph after some phase."""
        text = self.work / "phase.mlir"
        done = subprocess.run([str(c) for c in (self.compile, source, *options, "-o", text)], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"the good graph does not compile: {done.stderr.strip()[-500:]}")
        return text

    def change(self, text, old, new):
        content = text.read_text()
        if old not in content:
            raise Failure(f"expected '{old}' in the text of the phase")
        text.write_text(content.replace(old, new))
        return text

    def too_much_shared_memory(self):
        """A kernel that holds whole rows, for rows that no multiprocessor holds."""
        source = self.work / "rows.mlir"
        source.write_text(ROWS)
        order = self.make(source, "--fuse-epilogue-norm", "--compile-to=order")
        if "row_contraction" not in order.read_text():
            raise Failure("no kernel of whole rows was made")
        return self.compiling(self.change(order, "384", "2048"), ["row_contraction", "101376 bytes of shared memory", "264192"],
                              options=("--compile-from=order", "--target=sm_80,sm_86"))

    def too_much_for_one_target(self):
        """A kernel whose ring of stages was made longer than the smaller of two
        targets can hold."""
        source = self.work / "rows.mlir"
        source.write_text(ROWS)
        tile = self.change(self.make(source, "--policy=rules", "--compile-to=tile"), "<3 x [", "<8 x [")
        return self.compiling(tile, ["k0_contract", "more than the 101376 of target 'sm_86'"],
                              options=("--compile-from=tile", "--target=sm_80,sm_86"))

    def text_on_full_disk(self, options, output):
        """Forms of output other than an artifact."""
        folder = self.work / "out"
        self.empty(folder)
        message = self.call([self.compile, self.models / "fmnist_dwcnn.onnx", "--target=sm_80",
                             *(str(option).replace("OUT", str(folder)) for option in options)], [output], before=full_disk)
        left = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
        if left:
            raise Failure(f"left behind: {', '.join(left)}")
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
        yield "compile/several wrong flags", lambda: self.compiling(
            self.work / "nowhere.onnx", ["'sm_1'", "'sm_2'", "'fp4'", "'elf'", "'nowhere'", "found 7", "nowhere.onnx"],
            options=["--target=sm_1,sm_2", "--compute=fp4", "--emit=elf", "--compile-to=nowhere", "-O7"])
        yield "compile/no target", lambda: self.compiling(good, ["target"], options=["--target="])
        yield "compile/phases in the wrong order", lambda: self.compiling(
            self.work / "good.mlir", ["--compile-from=tile", "--compile-to=fuse"],
            options=["--compile-from=tile", "--compile-to=fuse"])
        yield "compile/phase of an ONNX file", lambda: self.compiling(good, [".mlir", "good.onnx"],
                                                                      options=["--compile-from=tile"])
        yield "compile/unknown flag", lambda: self.compiling(good, ["--frob"], options=["--frob"])
        yield "compile/too much shared memory", self.too_much_shared_memory
        yield "compile/too much shared memory of one target", self.too_much_for_one_target
        yield "compile/report on a full disk", lambda: self.text_on_full_disk(
            ["--report=OUT/report.txt", "-o", "/dev/null"], "File too large")
        yield "compile/text on a full disk", lambda: self.text_on_full_disk(
            ["--compile-to=tile", "-o", "OUT/m.mlir"], "m.mlir")
        yield "compile/PTX on a full disk", lambda: self.text_on_full_disk(["--emit=ptx", "-o", "OUT/m.ptx"], "m.ptx")
        yield "compile/dump on a full disk", lambda: self.text_on_full_disk(
            ["--dump-dir=OUT/phases", "-o", "/dev/null"], "phases")
        yield "translate/full disk", lambda: self.translating_on_full_disk()
        yield "compile/full disk", lambda: self.compiling(good, ["m.raddle"], before=full_disk)
        ones = np.ones((3, 4), np.float32)
        yield "run/missing input", lambda: self.running({}, ["x"])
        yield "run/unknown input", lambda: self.running({"x": ones, "stranger": ones}, ["stranger"])
        yield "run/wrong type", lambda: self.running({"x": ones.astype(np.int64)}, ["x"])
        yield "run/wrong rank", lambda: self.running({"x": ones[0]}, ["x"])
        yield "run/wrong dim", lambda: self.running({"x": np.ones((3, 5), np.float32)}, ["x", "5"])
        yield "run/no artifact", lambda: self.running({"x": ones}, ["nowhere"], self.work / "nowhere.raddle")
        yield "run/another file", lambda: self.running({"x": ones}, [], good)
        yield "run/everything wrong at once", lambda: self.running(
            {"X": ones, "stranger": ones}, ["'X'", "'stranger'", "'x'"])
        yield "run/dim out of range", lambda: self.running({"x": np.ones((0, 4), np.float32)}, ["n", "0"])
        # The outputs are larger than what the disk takes, the inputs are there.
        yield "run/full disk", lambda: self.running({"x": np.ones((400, 4), np.float32)}, ["out.npz"], before=full_disk)
        for name in PROGRAMS:
            yield f"run/{name}", lambda name=name: self.hostile_program(name)
        for share in (0, 0.01, 0.5, 0.99):
            yield f"run/truncated to {share}", lambda share=share: self.truncated_artifact(share)
        for seed in range(16):
            yield f"run/damaged {seed}", lambda seed=seed: self.damaged_artifact(seed)
