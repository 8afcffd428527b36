"""Where things are: the repository, its build tree and the cache.

The cache (`RADDLE_CACHE`, by default `~/.cache/raddle`) holds what is
downloaded or made once for all checkouts: Python environments, test models,
`onnx-ml.proto`. The build tree is `RADDLE_BUILD`, by default `build/`.
"""

import hashlib
import os
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
SCRIPTS = REPO / "scripts"
CACHE = Path(os.environ.get("RADDLE_CACHE") or Path.home() / ".cache" / "raddle")
BUILD = Path(os.environ.get("RADDLE_BUILD") or REPO / "build")
LLVM_BIN = Path("/usr/lib/llvm-22/bin")
LOGS = CACHE / "logs"
MODELS = CACHE / "models"
STAMPS = CACHE / "stamps"


def fingerprint(*parts):
    """A short hash of texts and of the contents of files (given as Paths)."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, Path) else str(part).encode()
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()[:16]


def venv(name):
    """The folder of the Python environment `scripts/requirements/<name>.txt`.

    It is named after the file's contents, so that checkouts with different
    pins can share one cache.
    """
    return CACHE / f"venv-{name}-{fingerprint(SCRIPTS / 'requirements' / f'{name}.txt')}"


def python(name="tools"):
    """The interpreter of that environment."""
    return venv(name) / "bin" / "python"


def ptxas():
    """The pinned `ptxas`; `RADDLE_PTXAS` overrides it."""
    return Path(os.environ.get("RADDLE_PTXAS") or venv("ptxas") / "bin" / "ptxas")


def onnx_proto():
    """`onnx-ml.proto` of the pinned onnx wheel."""
    found = sorted(venv("tools").glob("lib/python3*/site-packages/onnx/onnx-ml.proto"))
    return found[0] if found else venv("tools") / "onnx-ml.proto"


def environment():
    """The environment in which the project's programs are run by tests."""
    env = dict(os.environ)
    env["RADDLE_PTXAS"] = str(ptxas())
    env["RADDLE_MODELS"] = str(MODELS)
    env["PATH"] = os.pathsep.join([str(BUILD / "bin"), str(LLVM_BIN), env.get("PATH", "")])
    env["PYTHONPATH"] = str(SCRIPTS)
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    return env
