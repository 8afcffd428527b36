"""Counts the operations of a function body in a .mlir file, terminators included.

usage: count_ops.py FILE (--at-least N | --at-most N)
"""

import re
import sys

with open(sys.argv[1]) as file:
    count = len(re.findall(r"^\s+(?:%[\w:, %]+ = )?\"?(?!func\.func|module)[a-z_]+(?:\.\w+)+|^\s+return", file.read(), re.M))
wanted, number = sys.argv[2], int(sys.argv[3])
print(f"{count} operations")
sys.exit(not (count >= number if wanted == "--at-least" else count <= number))
