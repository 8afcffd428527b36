"""`dev fuzz [MINUTES]`: builds the libFuzzer targets and runs each of them.

New inputs go to build-fuzz/corpus; a crash leaves its input in build-fuzz and
ends the command. The corpora under test/fuzz/corpus are replayed by `dev test`.
"""

import re
import subprocess

from . import build, paths, setup
from .process import DevError, run, say


def targets(folder):
    listing = subprocess.run(["ninja", "-C", folder, "-t", "targets", "all"], capture_output=True, text=True, check=True)
    return sorted(set(re.findall(r"^(?:bin/)?(raddle-fuzz-[\w-]+):", listing.stdout, re.M)))


def fuzz(minutes):
    setup.setup(models=())
    folder = paths.REPO / "build-fuzz"
    folder.mkdir(exist_ok=True)
    build.configure("fuzz", folder)
    names = targets(folder)
    if not names:
        raise DevError("the tree has no fuzz targets")
    build.build(names, "fuzz", folder)
    seconds = max(1, int(minutes * 60 / len(names)))
    for name in names:
        short = name.removeprefix("raddle-fuzz-")
        grown = folder / "corpus" / short
        grown.mkdir(parents=True, exist_ok=True)
        run(f"{name} for {seconds} s",
            [folder / "bin" / name, f"-max_total_time={seconds}", "-rss_limit_mb=4096", "-timeout=20",
             "-print_final_stats=1", f"-artifact_prefix={folder}/{short}-", grown,
             paths.REPO / "test" / "fuzz" / "corpus" / short], log=folder / f"{name}.log")
        final = re.findall(r"stat::number_of_executed_units:\s*(\d+)", (folder / f"{name}.log").read_text(errors="replace"))
        say(f"{name}: {final[-1] if final else '?'} inputs, no crash")
