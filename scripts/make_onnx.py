"""Makes an ONNX file from the textual form of the onnx package.

usage: make_onnx.py TEXT OUTPUT.onnx

TEXT is a file with the model's text. In a lit test the text may stand in the
test itself, on lines that begin with `// ONNX: `.
"""

import sys
from pathlib import Path

import onnx
import onnx.parser

MARK = "// ONNX: "


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    text = Path(sys.argv[1]).read_text()
    marked = [line[len(MARK):] for line in text.splitlines() if line.startswith(MARK)]
    onnx.save(onnx.parser.parse_model("\n".join(marked) if marked else text), sys.argv[2])


if __name__ == "__main__":
    main()
