"""`dev demo`: a real sentence encoder, compiled and run on the virtual GPU."""

import subprocess

from . import build, paths, setup
from .process import DevError, say


def demo(sentences):
    setup.setup(models=("minilm-int8", "minilm"))
    build.build(["raddle-compile", "raddle-run"])
    say("")
    command = [paths.python(), paths.SCRIPTS / "demo.py", "--build", paths.BUILD, "--models", paths.MODELS, *sentences]
    done = subprocess.run([str(c) for c in command], env=paths.environment())
    if done.returncode != 0:
        raise DevError("the demo failed")
