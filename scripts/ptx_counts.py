"""Static counts of a PTX kernel: what its text says, without running it."""

import re
from dataclasses import dataclass

LABEL = re.compile(r"^([$\w]+):")
INSTRUCTION = re.compile(r"^(?:@(!?%\w+)\s+)?([a-z][\w.:]*)\b(.*)$")
BRANCH = re.compile(r"bra(?:\.uni)?\s+([$\w]+)")


@dataclass(frozen=True)
class Instruction:
    predicate: str  # None, %p1 or !%p1
    opcode: str
    operands: str
    line: int  # in the module's text, from 1

    def reads_and_writes(self):
        """(registers read, registers written), predicates included."""
        name = self.opcode.split(".")[0]
        registers = re.findall(r"%\w+", self.operands)
        if name in ("st", "bra", "bar", "barrier", "cp", "red", "ret", "prefetch", "stmatrix"):
            written = []
        elif self.operands.lstrip().startswith("{"):
            written = re.findall(r"%\w+", self.operands[:self.operands.index("}")])
        else:
            written = re.findall(r"%\w+", self.operands.split(",")[0])
        read = registers[len(written):]
        if self.predicate:
            read = read + [self.predicate.lstrip("!")]
        return read, written


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
    commits: int = 0
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
        yield match[1], text[start + 1:position - 1].split("\n"), text.count("\n", 0, start + 1) + 1


def parse(lines, first=1):
    """(labels by name -> index, instructions); `first` is the number of the first line."""
    labels, code = {}, []
    for number, line in enumerate(lines, first):
        line = re.sub(r"//.*", "", line).strip()
        while match := LABEL.match(line):
            labels[match[1]] = len(code)
            line = line[match.end():].strip()
        # An inline-assembly block is braces around instructions.
        for part in line.strip("{} \t").split(";"):
            part = part.strip("{} \t")
            if part and not part.startswith("."):
                if match := INSTRUCTION.match(part):
                    code.append(Instruction(*match.groups(), number))
    return labels, code


def width(opcode, rest):
    """Bytes per lane of a load or store."""
    size = re.search(r"\.[a-z](\d+)(?!.*\.[a-z]\d+)", opcode)
    lanes = re.search(r"\.v(\d)", opcode)
    return (int(size[1]) if size else 8) // 8 * (int(lanes[1]) if lanes else 1)


def count(code):
    result = Counts()
    for instruction in code:
        predicate, opcode, rest = instruction.predicate, instruction.opcode, instruction.operands
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
            elif "commit_group" in opcode:
                result.commits += 1
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
    for index, instruction in enumerate(code):
        if match := BRANCH.match(instruction.opcode + instruction.operands):
            target = labels.get(match[1])
            if target is not None and target <= index:
                loops.append(code[target:index + 1])
    if not loops:
        return []
    tensor = any(i.opcode.startswith("mma") for body in loops for i in body)
    return max(loops, key=lambda body: (sum(i.opcode.startswith("mma") for i in body),
                                        -len(body) if tensor else len(body)))


def ring_stages(code, loop):
    """Stages of a ring of asynchronous copies: those under way when the loop begins,
    and the one that the loop computes with."""
    inside = count(loop).commits
    if not inside:
        return 0
    pending = 0
    for instruction in code[:code.index(loop[0])]:
        if "commit_group" in instruction.opcode:
            pending += 1
        elif "wait_group" in instruction.opcode:
            pending = min(pending, int(re.search(r"0x[0-9a-fA-F]+|\d+", instruction.operands)[0], 0))
    return pending // inside + 1


def masks(code):
    """The instructions that only serve masks: all that is computed from them guards
    an instruction other than a branch, or is the number of bytes that a cp.async
    reads."""
    uses = {}
    for instruction in code:
        guard = instruction.predicate.lstrip("!") if instruction.predicate else None
        branch = instruction.opcode.startswith("bra")
        pieces = re.sub(r"\[[^\]]*\]", "[]", instruction.operands).split(",")
        size = pieces[3].strip() if instruction.opcode.startswith("cp.async") and len(pieces) > 3 else None
        for register in instruction.reads_and_writes()[0]:
            masking = (register == guard and not branch) or register == size
            uses.setdefault(register, []).append((instruction, masking))
    found = set()
    while True:
        more = set()
        for instruction in code:
            _, written = instruction.reads_and_writes()
            if instruction in found or not written or not all(uses.get(r) for r in written):
                continue
            if all(masking or user in found for r in written for user, masking in uses[r]):
                more.add(instruction)
        if not more:
            return found
        found |= more


def kernel_code(text):
    """{kernel name: (instructions, those of the main loop)} of a module."""
    result = {}
    for name, lines, first in entry_bodies(text):
        labels, code = parse(lines, first)
        result[name] = code, main_loop(labels, code)
    return result


def kernel_counts(text):
    """{kernel name: (whole, main loop)} of a module."""
    return {name: (count(code), count(loop)) for name, (code, loop) in kernel_code(text).items()}
