"""make_npy.py OUT.npy DTYPE SHAPE VALUE...: writes an array without NumPy, for
example `make_npy.py x.npy '<f4' '(2,)' 1 2`. A value `1..9` stands for 1 to 9.
An OUT that ends in .npz gets the array under the name of the file."""

import io
import os
import struct
import sys
import zipfile

out, dtype, shape, *values = sys.argv[1:]
values = [value for text in values
          for value in (range(int(text.split("..")[0]), int(text.split("..")[1]) + 1) if ".." in text else [text])]
code = {"f4": "f", "f8": "d", "i4": "i", "i8": "q", "u1": "B", "b1": "?"}[dtype[1:]]
convert = float if code in "fd" else int
header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
header += b" " * (-(11 + len(header)) % 64) + b"\n"
stream = io.BytesIO()
stream.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
stream.write(struct.pack(f"<{len(values)}{code}", *map(convert, values)))
if out.endswith(".npz"):
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(os.path.basename(out)[:-4] + ".npy", stream.getvalue())
else:
    with open(out, "wb") as file:
        file.write(stream.getvalue())
