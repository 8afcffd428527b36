"""End-to-end tests: real models, compiled and run on the virtual GPU, judged by
onnxruntime on the spot.

usage: e2e.py --build BUILD --models MODELS [--filter REGEX] [--json FILE]

A case is an evaluation on the host (importer and lib/Reference, no code), a
compilation (the artifact's size, and its PTX under the real ptxas), a run (the
largest error relative to the output's range), every group of a model within its
element-wise bound (group_check.py), or bad input. The table of models and inputs
is test/EndToEnd/cases.py.

Every run that passes is judged again by wrong answers (judge.py): a case that
they pass too cannot fail, which is a failure.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

REPO = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPO / "test" / "EndToEnd"))

import bad_input
import cases as table
import group_check
import judge
from artifact import Artifact
from compiler import empty_cache
from judge import Failure
from ptxas import assemble

# Of the size of the ONNX file: padding and packing of weights.
WEIGHT_BOUND = 1.1
# The virtual GPU that runs artifacts of a target.
MACHINES = {"sm_80": "a100-sxm4-80", "sm_86": "a6000", "sm_89": "l4", "sm_90": "h100-sxm5"}


class Runner:
    def __init__(self, options):
        self.options = options
        self.models = Path(options.models)
        self.bin = Path(options.build) / "bin"
        self.work = Path(options.build) / "test-results" / "e2e"
        self.work.mkdir(parents=True, exist_ok=True)
        self.results = []
        self.oracles = {}

    def call(self, command, timeout, env=None, cwd=None):
        """Runs a tool; its standard output and the seconds it took."""
        start = time.monotonic()
        try:
            done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=timeout,
                                  stdin=subprocess.DEVNULL, env=env, cwd=cwd)
        except subprocess.TimeoutExpired:
            raise Failure(f"'{Path(command[0]).name}' took more than {timeout} s")
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines()
            more = f"\n... and {len(lines) - 6} lines more" if len(lines) > 6 else ""
            shown = "\n".join(line[:300] for line in lines[:6])
            raise Failure(f"'{Path(command[0]).name}' exited with {done.returncode}: {shown}{more}")
        return done.stdout, done.stderr, time.monotonic() - start

    def case(self, name, action):
        if self.options.filter and not re.search(self.options.filter, name):
            return
        try:
            verdict, detail = "pass", action()
        except (Failure, bad_input.Failure, group_check.Failure) as failure:
            verdict, detail = "fail", str(failure)
        print(f"{verdict}: {name}: {detail}", flush=True)
        self.results.append({"name": name, "verdict": verdict, "detail": detail})

    def compile(self, model, target, compute=None):
        """The artifact of a model, made once; the seconds are None if it was there."""
        path = self.work / f"{model.name}-{target}{'-' + compute if compute else ''}.raddle"
        if path in self.fresh:
            return path, None
        path.unlink(missing_ok=True)
        command = [self.bin / "raddle-compile", self.models / model.file, f"--target={target}", "-o", path,
                   *model.options]
        if compute:
            command.append(f"--compute={compute}")
        _, _, seconds = self.call(command, 300)
        self.fresh.add(path)
        return path, seconds

    fresh = set()

    def check_deterministic(self, model):
        """The same bytes for any number of jobs, with and without ptxas and
        kernels made before, from any folder, wherever the code lies in memory."""
        compiler = self.bin / "raddle-compile"
        no_ptxas = {"RADDLE_PTXAS": "/nonexistent/ptxas", "PATH": "/usr/bin:/bin"}
        with tempfile.TemporaryDirectory() as folder:
            cached = ["--cache-dir=" + os.path.join(folder, "cache")]
            runs = [("one job", ["-j1"], {}, [], None), ("two jobs", ["-j2"], {}, [], None),
                    ("eight jobs", ["-j8"], {}, [], None), ("no ptxas", [], no_ptxas, [], None),
                    ("an empty cache", cached, {}, [], None), ("a full cache", cached, {}, [], None),
                    ("another folder", [], {}, [], folder)]
            if shutil.which("setarch"):
                runs.append(("fixed addresses", [], {}, ["setarch", "-R"], None))
            first = None
            for name, options, changes, prefix, cwd in runs:
                path = Path(folder) / "model.raddle"
                cache = [] if options is cached else empty_cache(compiler, tempfile.mkdtemp(dir=folder))
                self.call([*prefix, compiler.resolve(), (self.models / model.file).resolve(), "--target=sm_80", "-o", path,
                           *cache, *options, *model.options], 300, {**os.environ, **changes}, cwd)
                data = path.read_bytes()
                first = first or data
                if data != first:
                    at = next((i for i, (a, b) in enumerate(zip(first, data)) if a != b), min(len(first), len(data)))
                    raise Failure(f"with {name} the artifact differs from byte {at} on")
        return f"{len(first)} bytes, {len(runs)} times"

    def check_compile(self, model, target):
        path, seconds = self.compile(model, target)
        artifact = Artifact(path)
        source = (self.models / model.file).stat().st_size
        data = sum(entry["data_offsets"][1] - entry["data_offsets"][0] for name, entry in artifact.entries.items()
                   if not name.startswith(("ptx/", "tile/")))
        size = path.stat().st_size / source
        if data > WEIGHT_BOUND * source:
            raise Failure(f"the weights have {data / source:.3f} times the size of the ONNX file; allowed are {WEIGHT_BOUND}")
        if model.size_bound and size > model.size_bound:
            raise Failure(f"the artifact has {size:.3f} times the size of the ONNX file; allowed are {model.size_bound}")
        modules = list(artifact.modules(target))
        if not modules:
            raise Failure(f"the artifact holds no PTX for '{target}'")
        with ThreadPoolExecutor(2) as pool:
            reports = list(pool.map(lambda m: assemble(m[1], target), modules))
        for (name, _), report in zip(modules, reports):
            if report.error:
                raise Failure(f"ptxas rejects module '{name}': {report.error}")
            for kernel in report.kernels:
                if kernel.spilled_bytes:
                    raise Failure(f"kernel '{kernel.name}' spills {kernel.spilled_bytes} bytes")
        took = f", {seconds:.2f} s" if seconds is not None else ""
        return f"{len(modules)} PTX modules assemble without spills, {size:.3f} times the ONNX file{took}"

    def oracle(self, model, case):
        key = (model.name, case.name)
        if key not in self.oracles:
            inputs = case.inputs(self.models)
            self.oracles[key] = inputs, self.answer(model, inputs)
        return self.oracles[key]

    def answer(self, model, inputs):
        """What onnxruntime makes of the inputs."""
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(str(self.models / model.file), options, providers=["CPUExecutionProvider"])
        return dict(zip([o.name for o in session.get_outputs()], session.run(None, inputs)))

    def check_power(self, model, inputs, expected, found, judges):
        """The judge rejects wrong answers, among them those to other inputs."""
        for name, wrong in judge.mutations(expected, model.tolerance):
            judge.expect_failure(name, judges, wrong, found)
        for name, other in judge.other_inputs(inputs):
            judge.expect_failure(f"the answer to {name}", judges, self.answer(model, other), found)

    def run(self, model, case, target, compute=None, seed=0):
        path, _ = self.compile(model, target, compute)
        inputs, expected = self.oracle(model, case)
        stem = re.sub(r"\W+", "_", f"{model.name}-{case.name}-{target}")
        given, got = self.work / f"{stem}.in.npz", self.work / f"{stem}.out.npz"
        np.savez(given, **inputs)
        got.unlink(missing_ok=True)
        machine = {"RADDLE_VGPU": MACHINES[target], "RADDLE_VGPU_CHECKS": case.checks, "RADDLE_VGPU_SEED": str(seed)}
        stdout, stderr, seconds = self.call([self.bin / "raddle-run", path, "--device=vgpu", "--inputs", given,
                                             "--outputs", got, "--stats"], 900, {**os.environ, **machine})
        stats = read_stats(stdout, stderr)
        if not stats.get("launches"):
            raise Failure("no kernel was launched")
        with np.load(got) as file:
            found = {key: file[key] for key in file.files}
        judge.same_form(expected, found)
        given.unlink()
        got.unlink()
        return expected, found, f"{stats['launches']} launches, {seconds:.1f} s"

    def check_run(self, model, case, target, seed):
        expected, found, took = self.run(model, case, target, seed=seed)

        def judges(expected, found):
            return judge.within_range(expected, found, model.tolerance)
        worst = judges(expected, found)
        if seed == 0 and target == case.targets[0]:
            self.check_power(model, self.oracle(model, case)[0], expected, found, judges)
        return f"largest error {worst:.1e} of the range, {took}"

    def check_groups(self, model, case, compute=None):
        """Every group, from its own inputs, within its element-wise bound."""
        start = time.monotonic()
        inputs, _ = self.oracle(model, case)
        work = self.work / "groups"
        given = self.work / "groups.in.npz"
        np.savez(given, **inputs)
        options = [*model.options] + ([f"--compute={compute}"] if compute else [])
        groups = group_check.Groups(self.bin, self.models / model.file, work, options, inputs=given)
        rows = groups.judge(given)
        worst = max(rows, key=lambda row: row["ratio"])
        loose = sum(row["unbounded"] for row in rows)
        shutil.rmtree(work)
        given.unlink()
        if not rows:
            raise Failure("no group was judged")
        if loose:
            raise Failure(f"nothing is promised of {loose} elements")
        return (f"{len(rows)} results of groups, largest error {worst['ratio']:.2f} of its bound ({worst['skeleton']}), "
                f"{time.monotonic() - start:.1f} s")

    def check_host(self, model, case):
        """What the importer and lib/Reference make of the model, without code."""
        inputs, expected = self.oracle(model, case)
        graph = self.work / f"{model.name}.mlir"
        if graph not in self.fresh:
            self.call([self.bin / "raddle-translate", "--import-onnx", self.models / model.file, "-o", graph], 300)
            self.fresh.add(graph)
        given, got = self.work / "host.in.npz", self.work / "host.out.npz"
        np.savez(given, **inputs)
        got.unlink(missing_ok=True)
        _, _, seconds = self.call([self.bin / "raddle-opt", graph, f"--graph-evaluate=inputs={given} outputs={got}", "-o",
                                   "/dev/null"], 900)
        with np.load(got) as file:
            worst = judge.within_range(expected, dict(file), model.tolerance)
        return f"largest error {worst:.1e} of the range, {seconds:.1f} s"

    def check_half(self, model, case, target):
        expected, found, took = self.run(model, case, target, "f16")

        def judges(expected, found):
            return judge.within_cosine(expected, found, model.classifier)
        worst = judges(expected, found)
        for name, wrong in judge.coarse_mutations(expected):
            judge.expect_failure(name, judges, wrong, found)
        return f"cosine 1 - {worst:.1e}, {took}"

    def leave_out(self, name, reason):
        if not self.options.filter or re.search(self.options.filter, name):
            print(f"left out: {name}: {reason}", flush=True)
            self.results.append({"name": name, "verdict": "left out", "detail": reason})

    def all(self):
        for model in table.MODELS:
            for case in model.cases:
                self.case(f"{model.name}/host/{case.name}", lambda: self.check_host(model, case))
        if self.options.host:
            return
        if (self.bin / "raddle-compile").exists():
            for name, action in bad_input.BadInput(self.bin, self.models, self.work).cases():
                self.case(f"bad-input/{name}", action)
        else:
            self.leave_out("bad-input", "this tree has no raddle-compile")
        for model in table.MODELS:
            if model.blocked:
                self.leave_out(model.name, model.blocked)
                continue
            self.case(f"{model.name}/deterministic", lambda: self.check_deterministic(model))
            for target in model.targets:
                self.case(f"{model.name}/{target}/compile", lambda: self.check_compile(model, target))
                for case in model.cases:
                    if target not in case.targets:
                        continue
                    for seed in case.seeds:
                        name = f"{model.name}/{target}/{case.name}" + (f"/seed {seed}" if seed else "")
                        self.case(name, lambda: self.check_run(model, case, target, seed))
            for case in model.cases:
                for compute in (None, *case.modes):
                    if case.modes:
                        name = f"{model.name}/sm_80{'-' + compute if compute else ''}/{case.name}/groups"
                        self.case(name, lambda: self.check_groups(model, case, compute))
                if case.half:
                    target = case.targets[0]
                    self.case(f"{model.name}/{target}-f16/{case.name}", lambda: self.check_half(model, case, target))


def read_stats(*texts):
    for text in texts:
        for line in reversed(text.splitlines()):
            if line.startswith("{"):
                return json.loads(line)
    raise Failure("'raddle-run --stats' printed no JSON line")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="the build tree")
    parser.add_argument("--models", required=True, help="the folder of test models")
    parser.add_argument("--filter", help="run only cases whose name matches")
    parser.add_argument("--host", action="store_true", help="only import and evaluate on the host")
    parser.add_argument("--json", help="write the verdicts to this file")
    options = parser.parse_args()
    runner = Runner(options)
    runner.all()
    if options.json:
        temporary = options.json + ".part"
        Path(temporary).write_text(json.dumps({"cases": runner.results}, indent=1))
        os.replace(temporary, options.json)
    return 1 if any(r["verdict"] == "fail" for r in runner.results) else 0


if __name__ == "__main__":
    sys.exit(main())
