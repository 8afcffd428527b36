"""`dev docs`: makes the generated pages anew.

docs/Dialects/<Dialect>.md from the dialect's operations, attributes and types,
docs/Dialects/<Dialect>Passes.md from its Passes.td (and those of lib/ and
tools/), and docs/OnnxOps.md from the importer's own table.
"""

import re
import subprocess
import tempfile
from pathlib import Path

from . import build, paths, setup
from .process import DevError, say

TBLGEN = paths.LLVM_BIN / "mlir-tblgen"


def tablegen(path, *arguments):
    command = [TBLGEN, *arguments, "-I", paths.REPO, "-I", paths.LLVM_BIN.parent / "include", path]
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise DevError(f"mlir-tblgen fails on '{path}': {done.stderr.strip()[:1000]}")
    return done.stdout


def tidy(text):
    """No white space at line ends and one empty line at most."""
    text = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def dialect_page(folder):
    """One page of all .td files of a dialect that define operations or attributes."""
    sources = sorted((folder / "IR").glob("*.td")) + sorted((folder / "Encodings").glob("*.td"))
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch) / "All.td"
        whole.write_text("".join(f'include "{path.relative_to(paths.REPO)}"\n' for path in sources))
        return rationale(folder) + tidy(tablegen(whole, "-gen-dialect-doc", f"-dialect={folder.name.lower()}"))


def rationale(folder):
    """Readers of a list of operations want to know first why it is so."""
    return (f"Why the dialect is as it is, and where things are: [dialects/{folder.name}/README.md]"
            f"(../../dialects/{folder.name}/README.md).\n\n")


def pages():
    """(path below docs/, text) of every generated page."""
    for folder in sorted((paths.REPO / "dialects").iterdir()):
        if list((folder / "IR").glob("*Dialect.td")):
            yield f"Dialects/{folder.name}.md", dialect_page(folder)
        for passes in sorted(folder.glob("**/Passes.td")):
            title = f"# Passes of dialects/{passes.parent.relative_to(paths.REPO / 'dialects')}\n\n{rationale(folder)}"
            stem = "".join(passes.parent.relative_to(paths.REPO / "dialects").parts).replace("Transforms", "")
            yield f"Dialects/{stem}Passes.md", tidy(title + tablegen(passes, "-gen-pass-doc"))
    for passes in sorted([*(paths.REPO / "lib").glob("*/Passes.td"), *(paths.REPO / "tools").glob("*/Passes.td")]):
        folder = passes.parent.relative_to(paths.REPO)
        stem = "".join(word.capitalize() for word in folder.name.removeprefix("raddle-").split("-"))
        yield f"Dialects/{stem}Passes.md", tidy(f"# Passes of {folder}\n\n" + tablegen(passes, "-gen-pass-doc"))
    translate = paths.BUILD / "bin" / "raddle-translate"
    if translate.exists():
        done = subprocess.run([translate, "--list-onnx-ops"], capture_output=True, text=True)
        if done.returncode != 0:
            raise DevError(f"'raddle-translate --list-onnx-ops' fails: {done.stderr.strip()[:500]}")
        yield "OnnxOps.md", tidy(done.stdout)


def docs(check=False):
    """Writes the pages; with check, says which of them are out of date."""
    setup.setup(models=())
    build.build()
    stale = []
    for name, text in pages():
        path = paths.REPO / "docs" / name
        if path.exists() and path.read_text() == text:
            continue
        stale.append(name)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            say(f"docs/{name}")
    if check and stale:
        raise DevError(f"out of date: {', '.join(stale)}: run './dev docs'")
    if not stale:
        say("every generated page is up to date")
