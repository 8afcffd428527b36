"""Makes a file of scripts/requirements anew: versions and hashes of everything
that the packages of its third line need.

usage: lock_requirements.py NAME [REQUIREMENT...]

Without requirements those of the existing file are resolved again. Run it with
the interpreter that the file is for (/usr/bin/python3 of Debian 12).
"""

import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "requirements"
MADE_BY = "# Made by scripts/lock_requirements.py for CPython 3.11 on x86-64 Linux from:"


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    path = FOLDER / f"{sys.argv[1]}.txt"
    old = path.read_text().splitlines() if path.exists() else []
    wanted = sys.argv[2:] or shlex.split(old[2].removeprefix("#"))
    title = old[0] if old else f"# {sys.argv[1]}"
    with tempfile.TemporaryDirectory() as folder:
        # A fresh environment: one that sees installed packages would leave them out.
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        report = subprocess.run([f"{folder}/bin/python", "-m", "pip", "install", "-q", "--dry-run", "--ignore-installed",
                                 "--only-binary=:all:", "--disable-pip-version-check", "--report", "-", *wanted],
                                check=True, stdout=subprocess.PIPE, text=True)
    lines = [title, MADE_BY, "#   " + shlex.join(wanted)]
    for entry in sorted(json.loads(report.stdout)["install"], key=lambda e: e["metadata"]["name"].lower()):
        name = entry["metadata"]["name"].lower().replace("_", "-")
        digest = entry["download_info"]["archive_info"]["hash"].replace("=", ":", 1)
        lines.append(f"{name}=={entry['metadata']['version']} --hash={digest}")
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
