"""`dev build`: configure and build with the preset of CMakePresets.json."""

import os
import re

from . import paths
from .process import DevError, lock, run


def cmake_options():
    return [f"-DRADDLE_ONNX_PROTO={paths.onnx_proto()}", f"-DRADDLE_PYTHON={paths.python()}",
            f"-DRADDLE_PTXAS={paths.ptxas()}"]


def configure(preset="default", build=None):
    build = build or paths.BUILD
    stamp = build / ".dev-configured"
    key = paths.fingerprint(paths.REPO / "CMakePresets.json", preset, *cmake_options())
    if (build / "build.ninja").exists() and stamp.exists() and stamp.read_text() == key:
        return  # ninja itself reconfigures when a CMakeLists.txt changed
    run("configure", ["cmake", "--preset", preset, "-B", build, *cmake_options()], cwd=paths.REPO,
        log=build / "dev-configure.log")
    stamp.write_text(key)


def build(targets=(), preset="default", folder=None):
    """Builds; only one build of a tree runs at a time."""
    folder = folder or paths.BUILD
    folder.mkdir(parents=True, exist_ok=True)
    with lock(folder / ".dev-lock", "build of this tree"):
        configure(preset, folder)
        env = {**os.environ, "CCACHE_BASEDIR": str(paths.REPO), "CCACHE_NOHASHDIR": "1",
               "CCACHE_SLOPPINESS": "pch_defines,time_macros,include_file_mtime,include_file_ctime",
               "NINJA_STATUS": "[%f/%t] "}
        log = folder / "dev-build.log"
        try:
            run("build", ["ninja", "-C", folder, *targets], log=log, env=env)
        except DevError:
            raise DevError(f"the build failed; the full log is {log}\n{errors_of(log)}")


def errors_of(log):
    """The output of failed steps: from each FAILED line to the next status line."""
    kept, inside = [], False
    with open(log, errors="replace") as file:
        for line in file:
            if line.startswith("FAILED:"):
                inside = True
            elif re.match(r"\[\d+/\d+\] ", line):
                inside = False
            if inside and not line.startswith(": &&") and len(line) < 2000:
                kept.append(line)
    return "".join(kept[:120]) or "".join(open(log, errors="replace").readlines()[-40:])
