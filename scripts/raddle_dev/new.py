"""`dev new pass|op|encoding NAME`: the files to start from.

The files come from scripts/templates; what they have to be named in (a Passes.td,
a CMakeLists.txt) is edited. The result builds and passes its own test.
"""

import re
import subprocess

from . import paths
from .process import DevError, say

TEMPLATES = paths.SCRIPTS / "templates"
FAMILIES = {"index": "Index", "reduction": "Reduction", "contraction": "Contraction", "order": "Order",
            "structure": "Structure"}


def camel(name):
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[-_]", name))


class Change:
    """Files to write, checked as a whole before the first is written."""

    def __init__(self):
        self.files = {}

    def read(self, path):
        if path in self.files:
            return self.files[path]
        whole = paths.REPO / path
        if not whole.exists():
            raise DevError(f"'{path}' does not exist")
        return whole.read_text()

    def create(self, path, text):
        if (paths.REPO / path).exists():
            raise DevError(f"'{path}' exists already")
        self.files[path] = text

    def insert_before(self, path, anchor, text):
        """Inserts text before the last line that matches the anchor."""
        old = self.read(path)
        found = list(re.finditer(anchor, old, re.M))
        if not found:
            raise DevError(f"'{path}' has no line that matches '{anchor}'")
        at = found[-1].start()
        self.files[path] = old[:at] + text + old[at:]

    def add_source(self, path, source):
        """Adds a source to the list of a CMakeLists.txt, in its order."""
        lines = self.read(path).splitlines(keepends=True)
        rows = [i for i, line in enumerate(lines) if re.match(r"\s+[\w/]+\.cpp\)?\s*$", line)]
        if not rows:
            raise DevError(f"'{path}' has no list of sources")
        indent = re.match(r"\s*", lines[rows[0]])[0]
        at = next((i for i in rows if lines[i].strip().rstrip(")") > source), None)
        if at is not None:
            lines.insert(at, f"{indent}{source}\n")
        elif lines[rows[-1]].rstrip().endswith(")"):
            lines[rows[-1]] = lines[rows[-1]].rstrip()[:-1] + "\n"
            lines.insert(rows[-1] + 1, f"{indent}{source})\n")
        else:
            lines.insert(rows[-1] + 1, f"{indent}{source}\n")
        self.files[path] = "".join(lines)

    def write(self):
        for path, text in self.files.items():
            target = paths.REPO / path
            verb = "changed" if target.exists() else "made"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
            if path.endswith((".cpp", ".h")):
                subprocess.run(["/usr/bin/clang-format-22", "-i", str(target)], check=True)
            say(f"{verb} {path}")


def template(name, **values):
    text = (TEMPLATES / name).read_text()
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    # The dashes that make a head line 80 characters long.
    def rule(line):
        return line.replace("@RULE@", "-" * max(1, 80 - len(line) + len("@RULE@")))
    return "\n".join(rule(line) if "@RULE@" in line else line for line in text.split("\n"))


def new_pass(name):
    if not (match := re.fullmatch(r"([a-z]+)-([a-z]+(?:-[a-z0-9]+)*)", name)):
        raise DevError(f"'{name}' is not the name of a pass: expected '<dialect>-<verb>-<object>'")
    dialect = match[1].capitalize()
    folder = f"dialects/{dialect}/Transforms"
    if not (paths.REPO / folder / "Passes.td").exists():
        known = sorted(p.parts[-3].lower() for p in (paths.REPO / "dialects").glob("*/Transforms/Passes.td"))
        raise DevError(f"unknown dialect '{match[1]}'; there are: {', '.join(known)}")
    file, words = camel(match[2]), match[2].replace("-", " ")
    values = {"CLASS": camel(name), "FILE": file, "FLAG": name, "UPPER": camel(name).upper(), "DIALECT": dialect,
              "NAMESPACE": match[1], "TITLE": words.capitalize(), "SUMMARY": words}
    change = Change()
    change.create(f"{folder}/{file}.cpp", template("Pass.cpp", **values))
    change.insert_before(f"{folder}/Passes.td", r"^#endif", template("Pass.td", **values))
    change.add_source(f"{folder}/CMakeLists.txt", f"{file}.cpp")
    change.create(f"dialects/{dialect}/test/{match[2]}.mlir", template("pass.mlir", **values))
    change.write()
    say(f"next: describe it in {folder}/Passes.td, write {folder}/{file}.cpp, then './dev test {match[2]}'")


def new_op(name, family):
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise DevError(f"'{name}' is not the name of an operation: expected lower case words with '_'")
    if family not in FAMILIES:
        raise DevError(f"unknown family '{family}'; there are: {', '.join(FAMILIES)}")
    base = "dialects/Graph/IR/"
    table = f"{base}Graph{FAMILIES[family]}Ops.td"
    values = {"CLASS": f"{camel(name)}Op", "MNEMONIC": name, "SUMMARY": name.replace("_", " "),
              "TITLE": camel(name)}
    change = Change()
    if re.search(rf'<"{name}"', change.read(table)):
        raise DevError(f"'{table}' has an operation '{name}' already")
    change.insert_before(table, r"^#endif", template("Op.td", **values))
    source = f"{base}{FAMILIES[family]}Ops.cpp"
    change.files[source] = change.read(source).rstrip("\n") + "\n" + template("Op.cpp", **values)
    change.create(f"dialects/Graph/test/{name.replace('_', '-')}.mlir", template("op.mlir", **values))
    change.write()
    say(f"next: the meaning in {table}, its checks in {source}; then, each by the example of a similar operation:\n"
        "  lib/Reference (the host evaluation), lib/Import (what becomes it), dialects/Graph/Transforms (which kernel\n"
        "  family takes it), dialects/Tile/Skeletons (its code)")


def new_encoding(name):
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise DevError(f"'{name}' is not the name of an encoding: expected lower case words with '_'")
    base = "dialects/Graph/Encodings/"
    values = {"CLASS": f"{camel(name)}Encoding", "NAME": camel(name), "MNEMONIC": name,
              "SUMMARY": name.replace("_", " "), "TITLE": f"The encoding '{name}'"}
    change = Change()
    if re.search(rf'"{name}">', change.read(f"{base}Encodings.td")):
        raise DevError(f"'{base}Encodings.td' has an encoding '{name}' already")
    change.insert_before(f"{base}Encodings.td", r"^#endif", template("Encoding.td", **values))
    change.create(f"{base}{camel(name)}Encoding.cpp", template("Encoding.cpp", **values))
    change.add_source(f"{base}CMakeLists.txt", f"{camel(name)}Encoding.cpp")
    change.create(f"dialects/Graph/test/{name.replace('_', '-')}-encoding.mlir", template("encoding.mlir", **values))
    change.write()
    say(f"next: parameters and meaning in {base}Encodings.td, then encode/decode and buildDecode in "
        f"{base}{camel(name)}Encoding.cpp")


def new(kind, name, family):
    if kind == "pass":
        new_pass(name)
    elif kind == "op":
        new_op(name, family)
    else:
        new_encoding(name)
