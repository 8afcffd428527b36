"""Tests `dev new`: what it makes compiles in a copy of the tree.

usage: test_new.py BUILD   (a build tree, for the options it was configured with)
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
BUILD = Path(sys.argv.pop(1))
COPIED = ("CMakeLists.txt", "CMakePresets.json", "cmake", "dialects", "include", "lib", "scripts", "test", "tools", ".clang-format")


class New(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.tree = Path(cls.scratch.name) / "tree"
        cls.tree.mkdir()
        for name in COPIED:
            copy = shutil.copytree if (REPO / name).is_dir() else shutil.copy
            copy(REPO / name, cls.tree / name)
        cls.made = [cls.new("op", "turn_round", "--family", "reduction"), cls.new("encoding", "plain_copy"),
                    cls.new("pass", "graph-turn-corners")]

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    @classmethod
    def new(cls, *arguments):
        """The files that `dev new` says it made or changed."""
        done = subprocess.run(["/usr/bin/python3", "-m", "raddle_dev", "new", *arguments], capture_output=True, text=True,
                              env={**os.environ, "PYTHONPATH": str(cls.tree / "scripts")})
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return re.findall(r"^(?:made|changed) (\S+)", done.stdout, re.M)

    def test_number_of_files(self):
        self.assertEqual([len(files) for files in self.made], [3, 4, 4])

    def test_a_second_time_is_an_error(self):
        with self.assertRaisesRegex(AssertionError, "already"):
            self.new("pass", "graph-turn-corners")
        with self.assertRaisesRegex(AssertionError, "already"):
            self.new("op", "turn_round", "--family", "reduction")

    def test_bad_names(self):
        for arguments in (["pass", "NoDialect"], ["pass", "nosuch-do-it"], ["op", "Bad"], ["encoding", "a-b"],
                          ["op", "fine", "--family", "none"]):
            with self.assertRaisesRegex(AssertionError, "dev: error: "):
                self.new(*arguments)

    def test_sources_compile(self):
        tree, build = self.tree, self.tree / "build"
        launcher = re.search(r"^CMAKE_CXX_COMPILER_LAUNCHER:\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.M)
        proto = re.search(r"^RADDLE_ONNX_PROTO:\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.M)
        configure = ["cmake", "-G", "Ninja", "-S", tree, "-B", build, "-DCMAKE_C_COMPILER=clang-22",
                     "-DCMAKE_CXX_COMPILER=clang++-22"]
        if launcher:
            configure.append(f"-DCMAKE_CXX_COMPILER_LAUNCHER={launcher[1]}")
        if proto:
            configure.append(f"-DRADDLE_ONNX_PROTO={proto[1]}")
        self.run_tool(configure)
        sources = {path for files in self.made for path in files if path.endswith(".cpp")}
        targets = self.run_tool(["ninja", "-C", build, "-t", "targets", "all"])
        objects = [line.split(":")[0] for line in targets.splitlines()
                   if (match := re.match(r"(.*)/CMakeFiles/[^/]+\.dir/(.*)\.o: ", line))
                   and f"{match[1]}/{match[2]}" in sources]
        self.assertEqual(len(objects), len(sources), objects)
        self.run_tool(["ninja", "-C", build, "-j2", *objects])

    def run_tool(self, command):
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True,
                              env={**os.environ, "CCACHE_BASEDIR": str(self.tree), "CCACHE_NOHASHDIR": "1",
                                   "CCACHE_SLOPPINESS": "pch_defines,time_macros,include_file_mtime,include_file_ctime"})
        self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-2000:])
        return done.stdout


if __name__ == "__main__":
    unittest.main()
