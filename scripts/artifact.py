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
