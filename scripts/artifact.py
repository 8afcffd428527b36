"""Reads a `model.raddle` without any of the project's code: it is a safetensors
file, so its header is JSON after a length of eight bytes."""

import json
import struct


class Artifact:
    def __init__(self, path):
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            self.entries = json.loads(file.read(length))
        self.metadata = self.entries.pop("__metadata__", {})
        self.program = json.loads(self.metadata["raddle.program"])
        self.path = path
        self.start = 8 + length

    def read(self, name):
        begin, end = self.entries[name]["data_offsets"]
        with open(self.path, "rb") as file:
            file.seek(self.start + begin)
            return file.read(end - begin)

    def modules(self, target):
        """The PTX modules of a target as (name, text)."""
        prefix = f"ptx/{target}/"
        for name in sorted(self.entries):
            if name.startswith(prefix):
                yield name[len(prefix):], self.read(name).decode()


class Unknown(Exception):
    """The host program depends on something that only a run can tell."""


OPERATORS = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b,
    "floordiv": lambda a, b: a // b, "ceildiv": lambda a, b: -(-a // b), "mod": lambda a, b: a % b,
    "min": min, "max": max, "eq": lambda a, b: int(a == b), "ne": lambda a, b: int(a != b),
    "lt": lambda a, b: int(a < b), "le": lambda a, b: int(a <= b),
    "and": lambda a, b: int(bool(a) and bool(b)), "or": lambda a, b: int(bool(a) or bool(b)),
}


def evaluate(expression, names):
    """An expression of the host program (docs/rfcs/20261124-host-program.md)."""
    if isinstance(expression, bool) or isinstance(expression, int):
        return int(expression)
    if isinstance(expression, str):
        if expression not in names:
            raise Unknown(expression)
        return names[expression]
    operator, *operands = expression
    if operator == "select":
        return evaluate(operands[1 if evaluate(operands[0], names) else 2], names)
    if operator == "not":
        return int(not evaluate(operands[0], names))
    return OPERATORS[operator](*(evaluate(o, names) for o in operands))


def launches(statements, names):
    """The launches of a host program for given dims, without running it: each the
    launch statement with `grid` as numbers. Raises Unknown where control flow
    depends on what a kernel computed."""
    for statement in statements:
        if "launch" in statement:
            grid = [evaluate(e, names) for e in statement["grid"]]
            if all(grid):
                yield {**statement, "grid": grid}
        elif "let" in statement:
            names[statement["let"]] = evaluate(statement["value"], names)
        elif "if" in statement:
            taken = statement["then"] if evaluate(statement["if"], names) else statement.get("else", [])
            yield from launches(taken, names)
        elif "loop" in statement:
            for value in range(evaluate(statement["from"], names), evaluate(statement["to"], names),
                               evaluate(statement["step"], names)):
                names[statement["loop"]] = value
                yield from launches(statement["body"], names)
        elif "while" in statement or "read" in statement:
            raise Unknown("a value that the device computes")
