"""`dev lint`: the conventions that a program can check.

Formatting, file length, words that do not belong in the tree, whitespace,
sources that no CMakeLists.txt names, tests without a RUN line, Python imports
that nothing uses; and what conventions.py looks at: descriptions, names of passes,
boundaries between folders.
"""

import ast
import concurrent.futures
import re
import subprocess

from . import conventions, paths
from .process import DevError, say

MAX_LINES = 1000
TEXT = {".cpp", ".h", ".td", ".py", ".md", ".mlir", ".txt", ".cmake", ".in", ".toml", ".json", ".ptx", ".test", ".yml",
        ".onnxtxt", ""}
# The words are taken apart so that this file does not name them.
FORBIDDEN = [re.compile(pattern) for pattern in (
    r"\bTO" r"DO\b", r"\bFIX" r"ME\b", r"\bX" r"XX\b", r"(?i)\bnot (yet )?imple" r"mented\b", r"(?i)\bplace" r"holder\b",
    r"(?<![\w.])/wo" r"rk/", r"(?<![\w.}])/t" r"mp/")]
# Files that are made or copied, so that their length is not ours to choose.
MADE = {"docs/NodeTests.md", "docs/OnnxOps.md"}


def tracked():
    listing = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=paths.REPO,
                             capture_output=True, text=True, check=True)
    return sorted(name for name in listing.stdout.split("\0") if name and (paths.REPO / name).is_file())


def check_format(names):
    tool = "/usr/bin/clang-format-22"

    def one(name):
        done = subprocess.run([tool, "--dry-run", "-Werror", name], cwd=paths.REPO, capture_output=True, text=True)
        return [f"{name}: not formatted: run 'clang-format-22 -i {name}'"] if done.returncode else []

    sources = [n for n in names if n.endswith((".cpp", ".h", ".c")) and not n.startswith("scripts/templates/")]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return [problem for problems in pool.map(one, sources) for problem in problems]


def check_text(name, text):
    lines = text.split("\n")
    if len(lines) - 1 > MAX_LINES and name not in MADE and not name.startswith("docs/Dialects/"):
        yield f"{name}: {len(lines) - 1} lines; allowed are {MAX_LINES}"
    if text and not text.endswith("\n"):
        yield f"{name}:{len(lines)}: no newline at the end"
    for number, line in enumerate(lines, 1):
        if line != line.rstrip() and not name.endswith(".md"):
            yield f"{name}:{number}: white space at the end of the line"
        for word in FORBIDDEN:
            if match := word.search(line):
                yield f"{name}:{number}: '{match.group(0)}' does not belong in the tree"


def check_sources_built(names, texts):
    """Every .cpp is named by the CMakeLists.txt of its folder or one above."""
    for name in names:
        if not name.endswith(".cpp") or "/Inputs/" in name or name.startswith("scripts/templates/"):
            continue
        folder, built = (paths.REPO / name).parent, False
        while not built and folder != paths.REPO.parent:
            listing = folder / "CMakeLists.txt"
            relative = str((paths.REPO / name).relative_to(folder))
            text = texts.get(str(listing.relative_to(paths.REPO)), "") if listing.exists() else ""
            pattern = relative.rsplit("/", 1)[0] + "/*.cpp" if "/" in relative else "*.cpp"
            built = bool(re.search(r"(?<![\w/])" + re.escape(relative) + r"(?!\w)", text)) or (
                "GLOB" in text and pattern in text) or (
                # A list of names that the file puts together itself.
                "TRANSFORM" in text and bool(re.search(r"\b" + re.escape((paths.REPO / name).stem) + r"\b", text)))
            folder = folder.parent
        if not built:
            yield f"{name}: no CMakeLists.txt names it"


def check_tests(names, texts):
    for name in names:
        if name.endswith((".mlir", ".test")) and "/test/" in "/" + name and "/Inputs/" not in name:
            if "RUN:" not in texts[name]:
                yield f"{name}: a test without a RUN line"


def check_python(name, text):
    """Imports that the file does not use."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        yield f"{name}:{error.lineno}: {error.msg}"
        return
    imported = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                imported[(alias.asname or alias.name).split(".")[0]] = node.lineno
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    exported = re.search(r"__all__", text) or name.endswith("__init__.py") or name == "lit.cfg.py"
    for module, line in imported.items():
        if module not in used and not exported:
            yield f"{name}:{line}: import '{module}' is not used"


def problems():
    names = tracked()
    texts = {}
    for name in names:
        path = paths.REPO / name
        if path.suffix in TEXT and not name.endswith((".npz", ".onnx")):
            try:
                texts[name] = path.read_text()
            except UnicodeDecodeError:
                continue  # a corpus file of a fuzzer
    yield from check_format(names)
    yield from check_sources_built(names, texts)
    yield from check_tests(names, texts)
    yield from conventions.problems(names, texts)
    for name, text in texts.items():
        if "/corpus/" in name.lower():
            continue
        yield from check_text(name, text)
        if name.endswith(".py"):
            yield from check_python(name, text)


def lint():
    found = list(problems())
    for problem in found:
        say(problem)
    if found:
        raise DevError(f"{len(found)} problems")
    say("no problems")
