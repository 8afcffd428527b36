"""Running programs: progress for the person, everything else into a log."""

import contextlib
import fcntl
import os
import selectors
import shlex
import subprocess
import sys
import time

from . import paths


class DevError(Exception):
    """An error that is told to the person as it is, without a traceback."""


def say(text):
    print(text, flush=True)


def seconds(value):
    return f"{value:.1f} s" if value < 60 else f"{int(value) // 60} min {int(value) % 60:02d} s"


class Progress:
    """One line of progress: rewritten in place on a terminal, else every 20 s."""

    def __init__(self, title):
        self.title = title
        self.start = self.shown = time.monotonic()
        self.tty = sys.stdout.isatty()
        self.open = False
        if self.tty:
            self.update("")

    def update(self, detail):
        now = time.monotonic()
        if self.tty and (now - self.shown > 0.1 or not self.open):
            width = os.get_terminal_size().columns if self.tty else 100
            text = f"{self.title} [{seconds(now - self.start)}] {detail}"
            print("\r\033[K" + text[: width - 1], end="", flush=True)
            self.shown, self.open = now, True
        elif not self.tty and now - self.shown > 20:
            say(f"  {self.title} [{seconds(now - self.start)}] {detail[:100]}")
            self.shown = now

    def done(self, result="done"):
        elapsed = time.monotonic() - self.start
        if self.tty:
            print("\r\033[K", end="")
        say(f"{self.title}: {result} in {seconds(elapsed)}")
        return elapsed


def tail(path, lines=40):
    with open(path, errors="replace") as file:
        return "".join(file.readlines()[-lines:])


def run(title, command, log=None, cwd=None, env=None, keep_tail=40, may_fail=False):
    """Runs a command, shows its last line as progress and logs all output.

    Raises DevError with the tail of the log when the command fails, unless a
    failing exit code is an ordinary result (may_fail).
    """
    log = log or paths.LOGS / (title.split()[0] + ".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    progress = Progress(title)
    last = ""
    with open(log, "wb") as sink:
        sink.write(("$ " + shlex.join(map(str, command)) + "\n").encode())
        sink.flush()
        try:
            process = subprocess.Popen([str(c) for c in command], cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        except OSError as error:
            raise DevError(f"{title}: cannot run '{command[0]}': {error.strerror}")
        try:
            selector = selectors.DefaultSelector()
            selector.register(process.stdout, selectors.EVENT_READ)
            while True:
                if selector.select(1.0):
                    data = os.read(process.stdout.fileno(), 65536)
                    if not data:
                        break
                    sink.write(data)
                    sink.flush()
                    parts = [p for p in data.decode(errors="replace").replace("\r", "\n").split("\n") if p.strip()]
                    last = parts[-1].strip() if parts else last
                progress.update(last)
            code = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
    if code != 0 and not may_fail:
        progress.done("failed")
        raise DevError(f"'{shlex.join(map(str, command))[:200]}' exited with {code}; the end of {log}:\n{tail(log, keep_tail)}")
    return progress.done()


@contextlib.contextmanager
def lock(path, what):
    """Holds a file lock; says so when someone else has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another {what} to finish")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
