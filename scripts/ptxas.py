"""Runs the pinned `ptxas` on PTX text and reads its figures."""

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field


@dataclass
class Kernel:
    name: str
    registers: int = 0
    shared: int = 0
    spilled_bytes: int = 0
    stack: int = 0


@dataclass
class Report:
    error: str = ""
    kernels: list = field(default_factory=list)


def find():
    """RADDLE_PTXAS, or the one in PATH."""
    return os.environ.get("RADDLE_PTXAS") or shutil.which("ptxas")


def assemble(text, target):
    """Assembles PTX for a target such as `sm_80`."""
    program = find()
    if not program:
        return Report(error="ptxas is not installed: run './dev setup'")
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "kernel.ptx")
        with open(source, "w") as file:
            file.write(text)
        done = subprocess.run([program, "-v", f"-arch={target}", source, "-o", os.path.join(folder, "kernel.cubin")],
                              capture_output=True, text=True)
    if done.returncode != 0:
        return Report(error=(done.stderr or done.stdout).strip()[:1000])
    report = Report()
    for line in (done.stdout + done.stderr).splitlines():
        if entry := re.search(r"Compiling entry function '([^']+)'", line):
            report.kernels.append(Kernel(entry[1]))
        elif report.kernels:
            kernel = report.kernels[-1]
            if spill := re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", line):
                kernel.stack, kernel.spilled_bytes = int(spill[1]), int(spill[2]) + int(spill[3])
            if used := re.search(r"Used (\d+) registers", line):
                kernel.registers = int(used[1])
            if shared := re.search(r"(\d+) bytes smem", line):
                kernel.shared = int(shared[1])
    return report
