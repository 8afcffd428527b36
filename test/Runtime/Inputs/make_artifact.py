"""make_artifact.py OUT PROGRAM.json [ENTRY=FILE ...]: writes a compiled model
from its parts. A second, plain writer of the format, so that the readers are
not only tested with what our own writer makes."""

import json
import struct
import sys

out, program = sys.argv[1:3]
metadata = {"format": "raddle", "raddle.version": "1"}
with open(program) as file:
    metadata["raddle.program"] = json.dumps(json.load(file), sort_keys=True, separators=(",", ":"))
header, data, pads = {"__metadata__": metadata}, b"", 0
for argument in sys.argv[3:]:
    name, path = argument.split("=", 1)
    with open(path, "rb") as file:
        content = file.read()
    if gap := -len(data) % 256:
        header[f"__pad__/{pads}"] = {"dtype": "U8", "shape": [gap], "data_offsets": [len(data), len(data) + gap]}
        data += bytes(gap)
        pads += 1
    header[name] = {"dtype": "U8", "shape": [len(content)], "data_offsets": [len(data), len(data) + len(content)]}
    data += content
text = json.dumps(header).encode()
text += b" " * (-(8 + len(text)) % 256)
with open(out, "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + data)
