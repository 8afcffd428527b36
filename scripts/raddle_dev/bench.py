"""`dev bench NAME`: runs scripts/bench/NAME.py and prints its table."""

import subprocess

from . import build, paths, setup
from .process import DevError

# The environment of scripts/requirements that a benchmark compares with; it is
# installed by the benchmark alone.
OTHERS = {"compile": "iree", "kernels": "triton", "foreign": "triton"}


def names():
    return sorted(path.stem for path in (paths.SCRIPTS / "bench").glob("*.py"))


def bench(name, arguments):
    script = paths.SCRIPTS / "bench" / f"{name}.py"
    if not script.exists():
        raise DevError(f"unknown benchmark '{name}'; there are: {', '.join(names())}")
    setup.setup()
    build.build()
    command = [paths.python(), script, "--build", paths.BUILD, "--models", paths.MODELS]
    if name in OTHERS:
        setup.make_venv(OTHERS[name])
        command += ["--environment", paths.venv(OTHERS[name])]
    done = subprocess.run([str(c) for c in [*command, *arguments]], env=paths.environment())
    if done.returncode != 0:
        raise DevError(f"the benchmark '{name}' failed")
