"""What scripts have to know of raddle-compile's command line."""

import functools
import subprocess


@functools.lru_cache
def has_option(program, name):
    """Whether the tool's help names an option."""
    done = subprocess.run([str(program), "--help"], capture_output=True, text=True)
    return f"--{name}" in done.stdout


def empty_cache(program, folder):
    """The options that make a compilation start without cached kernels."""
    return [f"--cache-dir={folder}"] if has_option(program, "cache-dir") else []
