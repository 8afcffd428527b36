"""Static counts of a PTX kernel: what its text says, without running it."""

import re
from dataclasses import dataclass

LABEL = re.compile(r"^([$\w]+):")
INSTRUCTION = re.compile(r"^(?:@(!?%\w+)\s+)?([a-z][\w.:]*)\b(.*)$")
BRANCH = re.compile(r"bra(?:\.uni)?\s+([$\w]+)")


@dataclass
class Counts:
    instructions: int = 0
    predicated: int = 0
    branches: int = 0
    mma: int = 0
    ldmatrix: int = 0
    async_copies: int = 0
    # The most groups of cp.async that a wait leaves in flight, and one more.
    groups: int = 0
    global_accesses: int = 0
    wide_accesses: int = 0  # of those, of 16 bytes per lane
    shared_loads: int = 0
    shared_stores: int = 0
    shuffles: int = 0
    barriers: int = 0


def entry_bodies(text):
    """(name, lines) of every kernel of a module."""
    for match in re.finditer(r"\.entry\s+([\w$]+)", text):
        start = text.index("{", text.index(")", match.end()) if "(" in text[match.end():match.end() + 2] else match.end())
        depth, position = 0, start
        while True:
            position = re.compile(r"[{}]").search(text, position).start()
            depth += 1 if text[position] == "{" else -1
            position += 1
            if depth == 0:
                break
        yield match[1], text[start + 1:position - 1].splitlines()


def parse(lines):
    """(labels by name -> index, [(predicate, opcode, rest)])"""
    labels, code = {}, []
    for line in lines:
        line = re.sub(r"//.*", "", line).strip()
        while match := LABEL.match(line):
            labels[match[1]] = len(code)
            line = line[match.end():].strip()
        # An inline-assembly block is braces around instructions.
        for part in line.strip("{} \t").split(";"):
            part = part.strip("{} \t")
            if part and not part.startswith("."):
                if match := INSTRUCTION.match(part):
                    code.append(match.groups())
    return labels, code


def width(opcode, rest):
    """Bytes per lane of a load or store."""
    size = re.search(r"\.[a-z](\d+)(?!.*\.[a-z]\d+)", opcode)
    lanes = re.search(r"\.v(\d)", opcode)
    return (int(size[1]) if size else 8) // 8 * (int(lanes[1]) if lanes else 1)


def count(code):
    result = Counts()
    for predicate, opcode, rest in code:
        result.instructions += 1
        result.predicated += predicate is not None and not opcode.startswith("bra")
        name = opcode.split(".")[0]
        if name == "bra":
            result.branches += 1
        elif name in ("mma", "wgmma"):
            result.mma += 1
        elif name == "ldmatrix":
            result.ldmatrix += 1
        elif name == "cp" and ".async." in opcode:
            if "wait_group" in opcode:
                if number := re.search(r"0x[0-9a-fA-F]+|\d+", rest):
                    result.groups = max(result.groups, int(number[0], 0) + 1)
            elif ".shared" in opcode:
                result.async_copies += 1
                result.global_accesses += 1
                if size := re.findall(r",\s*(0x[0-9a-fA-F]+|\d+)", rest):
                    result.wide_accesses += int(size[0], 0) == 16
        elif name in ("ld", "st", "red") and ".global" in opcode:
            result.global_accesses += 1
            result.wide_accesses += width(opcode, rest) == 16
        elif name in ("ld", "st") and ".shared" in opcode:
            result.shared_loads += name == "ld"
            result.shared_stores += name == "st"
        elif name == "shfl":
            result.shuffles += 1
        elif name in ("bar", "barrier"):
            result.barriers += 1
    return result


def main_loop(labels, code):
    """The instructions of the loop that does the work: of the loops with the most
    mma (or, without any, the most instructions) the innermost."""
    loops = []
    for index, (_, opcode, rest) in enumerate(code):
        if match := BRANCH.match(opcode + rest):
            target = labels.get(match[1])
            if target is not None and target <= index:
                loops.append(code[target:index + 1])
    if not loops:
        return []
    return max(loops, key=lambda body: (sum(op.startswith("mma") for _, op, _ in body),
                                        -len(body) if any(op.startswith("mma") for _, op, _ in body) else len(body)))


def kernel_counts(text):
    """{kernel name: (whole, main loop)} of a module."""
    result = {}
    for name, lines in entry_bodies(text):
        labels, code = parse(lines)
        result[name] = count(code), count(main_loop(labels, code))
    return result
