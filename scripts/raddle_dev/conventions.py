"""The conventions of `dev lint` that look beyond one file: what is described,
how passes are named, who may include whom, what pages link."""

import json
import re
import statistics
import subprocess

from . import paths

TBLGEN = paths.LLVM_BIN / "llvm-tblgen"
# Half of the .cpp files are at most this long.
MEDIAN_LINES = 200

# (folder, what none of its files may include, why)
BOUNDARIES = [
    *((f"lib/{name}/", r"(mlir|llvm|clang)/|dialects/|raddle/(Import|Pipelines|Reference|Target)/", "knows neither MLIR nor the compiler")
      for name in ("Artifact", "Runtime", "VirtualGPU", "Scheduling", "CostModel")),
    *((f"include/raddle/{name}/", r"(mlir|llvm|clang)/|dialects/", "is used without MLIR")
      for name in ("Artifact", "Runtime", "VirtualGPU", "Scheduling", "CostModel", "Support")),
    ("include/raddle-c/", r"(mlir|llvm)/|dialects/|raddle/", "is C, and nothing else"),
    ("lib/VirtualGPU/", r"raddle/Runtime/", "is used by the runtime through the driver API alone"),
    ("lib/Runtime/", r"(Exec|Isa|Ptx|Semantics|Check)/", "uses the virtual GPU through the driver API alone"),
    ("lib/Target/", r"raddle/VirtualGPU/|Ptx/|Isa/", "shares no code with what judges it"),
    *((f"dialects/Graph/{name}/", r"dialects/(Tile|Plan)/", "does not know what graphs become") for name in
      ("IR", "Encodings", "Analysis", "Transforms")),
    ("dialects/Plan/", r"dialects/(Tile|Graph)/", "is what graphs and kernels become"),
]
PROTOBUF = re.compile(r"(google/protobuf|onnx-ml\.pb)")


def check_boundaries(texts):
    """Only what is below may be included (docs/Architecture.md)."""
    for name, text in texts.items():
        if not name.endswith((".cpp", ".h", ".c")):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            match = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
            if not match:
                continue
            for folder, forbidden, why in BOUNDARIES:
                if name.startswith(folder) and re.match(forbidden, match[1]):
                    yield f"{name}:{number}: includes '{match[1]}', but {folder} {why}"
            if PROTOBUF.search(match[1]) and not name.startswith(("lib/Import/Onnx/", "test/")):
                yield f"{name}:{number}: includes '{match[1]}', but only lib/Import/Onnx/ sees protobuf"


def records(table):
    """What TableGen knows of a .td file."""
    done = subprocess.run([TBLGEN, "-dump-json", "-I", paths.REPO, "-I", paths.LLVM_BIN.parent / "include", table],
                          cwd=paths.REPO, capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else None


def check_described(names):
    """Operations, attributes, types and passes have a summary, a description and an
    example; options of passes say what they are."""
    seen = set()
    for name in names:
        if not re.match(r"(dialects|lib|tools)/.*(Ops|Attributes|Encodings|Dialect|Passes)\.td$", name):
            continue
        found = records(name)
        if found is None:
            yield f"{name}: TableGen cannot read it"
            continue
        here = name.rsplit("/", 1)[1]
        enums = set(found["!instanceof"].get("EnumAttr", []))
        for kind in ("Op", "AttrDef", "TypeDef", "PassBase"):
            for definition in found["!instanceof"].get(kind, []):
                record = found[definition]
                if definition in enums or (here, definition) in seen or not any(
                        where.startswith(here + ":") for where in record.get("!locs", [])):
                    continue
                seen.add((here, definition))
                description = record.get("description") or ""
                for what, present in (("summary", (record.get("summary") or "").strip()),
                                      ("description", description.strip()), ("example", "Example" in description)):
                    if not present:
                        yield f"{name}: {definition} has no {what}"
                for option in record.get("options", []) if kind == "PassBase" else []:
                    if not found[option["def"]]["description"]:
                        yield f"{name}: option '{found[option['def']]['argument']}' of {definition} has no description"


def check_passes(names, texts):
    """`<dialect>-<verb>-<object>` is the flag; the class, the file and a test have its name."""
    runs = {name: text for name, text in texts.items() if "RUN:" in text}
    for name in names:
        if not re.match(r"(dialects|lib)/.*Passes\.td$", name):
            continue
        folder = name.rsplit("/", 1)[0]
        for definition, flag in re.findall(r'^def (\w+)\s*:\s*Pass<"([^"]+)"', texts[name], re.M):
            words = flag.split("-")
            camel = "".join(word.capitalize() for word in words)
            if definition.lower() != camel.lower():
                yield f"{name}: the pass '{flag}' is the class {definition}; expected {camel}"
            file = definition[len(words[0]):]
            known = {n.rsplit("/", 1)[1] for n in names if n.startswith(folder + "/") and n.endswith(".cpp")}
            # A conversion has the name of its folder.
            if known.isdisjoint({f"{file}.cpp", f"{file}Pass.cpp", folder.rsplit("/", 1)[1] + ".cpp"}):
                yield f"{name}: the pass '{flag}' has no file {file}.cpp in its folder"
            if not any(re.search(rf"(?<!\w)(?<!\w-){re.escape(flag)}(?![\w-])", text) for text in runs.values()):
                yield f"{name}: no test runs the pass '{flag}'"


def check_rationale(texts):
    """Each dialect says what it does without, and why."""
    for dialect in sorted({name.split("/")[1] for name in texts if re.match(r"dialects/\w+/IR/", name)}):
        text = texts.get(f"dialects/{dialect}/README.md", "")
        if not re.search(r"^#+ No ", text, re.M):
            yield f"dialects/{dialect}/README.md: no rationale: expected headings 'No ...'"


def check_mirrored(names):
    """A public header of a library stands where its library does."""
    for name in names:
        if match := re.match(r"include/raddle/(\w+)/", name):
            if match[1] != "Support" and not any(n.startswith(f"lib/{match[1]}/") for n in names):
                yield f"{name}: there is no lib/{match[1]}"


def check_links(texts):
    """What a page links is there."""
    for name, text in texts.items():
        if name.endswith(".md"):
            for target in re.findall(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)", text):
                if not ((paths.REPO / name).parent / target).exists():
                    yield f"{name}: links '{target}', which does not exist"


def check_median(texts):
    lengths = [text.count("\n") for name, text in texts.items() if name.endswith(".cpp")]
    if lengths and statistics.median(lengths) > MEDIAN_LINES:
        yield f"half of the .cpp files have more than {statistics.median(lengths):.0f} lines; allowed are {MEDIAN_LINES}"


def problems(names, texts):
    yield from check_boundaries(texts)
    yield from check_described(names)
    yield from check_passes(names, texts)
    yield from check_rationale(texts)
    yield from check_mirrored(names)
    yield from check_links(texts)
    yield from check_median(texts)
