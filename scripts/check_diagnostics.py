"""Compares the errors of the dialects' verifiers with those that tests expect.

usage: check_diagnostics.py [SOURCE_ROOT]

Every error in the operations' sources (dialects/*/IR) and in the verify passes
has to occur in an `expected-error` of the dialects' tests or a unit test. Names each one that
does not, with its place, and exits with 1.
"""

import re
import sys
from pathlib import Path

SOURCES = ["dialects/*/IR/*.cpp", "dialects/**/Verify*.cpp"]
CALL = re.compile(r"\b(?:emitOpError|emitError|fail)\(")
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')


def statement(text, start):
    """From `start` to the end of the statement, outside of string literals."""
    end = start
    while end < len(text) and text[end] != ";":
        literal = LITERAL.match(text, end)
        end = literal.end() if literal else end + 1
    return text[start:end]


def terms(code):
    """The operands of `<<`, of which the call's argument is the first."""
    parts, depth, at, i = [], 0, code.index("(") + 1, code.index("(") + 1
    while i < len(code):
        if literal := LITERAL.match(code, i):
            i = literal.end()
            continue
        if code[i] in "([{":
            depth += 1
        elif code[i] in ")]}":
            depth -= 1
            if depth < 0:  # the end of the call
                parts.append(code[at:i])
                depth, at = 0, len(code) if "<<" not in code[i:] else code.index("<<", i) + 2
                i = at
                continue
        elif code.startswith("<<", i) and depth == 0:
            parts.append(code[at:i])
            at = i = i + 2
            continue
        i += 1
    return parts + [code[at:]]


def pattern(code):
    """What a message of the statement looks like: literals, anything between."""
    result, isKnown = "", False
    for term in terms(code):
        literals = LITERAL.findall(term)
        if literals and not LITERAL.sub("", term).strip():
            result += re.escape("".join(literals).encode().decode("unicode_escape"))
            isKnown = True
        elif term.strip():
            result += ".*"
    # A test may expect less than the whole message.
    return re.sub(r"(\\ )?(\.\*)*$", "", result) if isKnown else ""


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
    expected = []
    for test in sorted(root.glob("dialects/*/test/**/*.mlir")):
        for match in re.finditer(r"expected-error.*?\{\{(.*?)\}\}\s*$", test.read_text(), re.M):
            expected.append(match.group(1))
    # Errors without IR surface are expected by unit tests.
    for test in sorted(root.glob("test/unit/Graph/*.cpp")):
        for match in re.finditer(r'"(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*', test.read_text()):
            expected += "".join(LITERAL.findall(match.group(0))).split("\\n")
    missing, count = [], 0
    for glob in SOURCES:
        for source in sorted(root.glob(glob)):
            if "Element" in source.name:  # what kernels ask for; judged where they are built
                continue
            text = source.read_text()
            for call in CALL.finditer(text):
                code = statement(text, call.start())
                message = pattern(code)
                if not message:
                    continue
                count += 1
                if not any(re.search(message, one) for one in expected):
                    line = text.count("\n", 0, call.start()) + 1
                    missing.append(f"{source.relative_to(root)}:{line}: no test expects: {message}")
    for one in sorted(set(missing)):
        print(one)
    print(f"{count - len(missing)} of {count} errors are expected by a test")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
