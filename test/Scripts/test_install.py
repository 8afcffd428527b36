"""Tests `cmake --install`: what is outside of the tree builds and runs against it.

usage: test_install.py BUILD   (a build tree)

The installed tree is moved before it is used, so nothing in it may know where
it was made.
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
BUILD = Path(sys.argv.pop(1)).resolve()
TOOLS = ("raddle-compile", "raddle-lsp-server", "raddle-opt", "raddle-reduce", "raddle-run", "raddle-translate", "raddle-vgpu")
FILES = ("lib/libRaddleCompiler.so", "lib/libRaddleRuntime.so", "lib/libRaddleRuntime.a", "lib/raddle/vgpu/libcuda.so.1",
         "lib/cmake/Raddle/RaddleConfig.cmake", "lib/cmake/Raddle/RaddleConfigVersion.cmake", "include/raddle-c/Runtime.h",
         "include/raddle/Runtime/Session.h", "include/raddle-compiler/dialects/Graph/IR/GraphOps.h",
         "include/raddle-compiler/dialects/Graph/IR/GraphDialect.h.inc",
         "include/raddle-compiler/dialects/Graph/Encodings/StorageEncoding.td", "share/raddle/machines/a100-sxm4-80.json",
         "share/raddle/interestingness/differs.py", "share/doc/raddle/README.md", "share/doc/raddle/examples/out-of-tree-pass/CMakeLists.txt")


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.work = Path(cls.scratch.name)
        made, cls.prefix = cls.work / "made", cls.work / "moved"
        cls.tool(["cmake", "--install", BUILD, "--prefix", made])
        made.rename(cls.prefix)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    @classmethod
    def tool(cls, command, expected=0):
        """Both streams of a command that runs without our environment."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("RADDLE_", "LD_"))}
        done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=clean)
        if done.returncode != expected:
            raise AssertionError(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout[-4000:]}")
        return done.stdout

    def build_example(self, source, name):
        folder = self.work / name
        self.tool(["cmake", "-G", "Ninja", "-S", source, "-B", folder, f"-DCMAKE_PREFIX_PATH={self.prefix}",
                   "-DCMAKE_BUILD_TYPE=Release"])
        self.tool(["ninja", "-C", folder])
        return folder

    def test_files(self):
        missing = [name for name in FILES if not (self.prefix / name).exists()]
        self.assertEqual(missing, [])

    def test_runners_bring_the_virtual_gpu(self):
        """It is loaded at run time; who builds only a program still has it."""
        for target in ("bin/raddle-run", "lib/libRaddleRuntime.so.1"):
            self.assertIn("lib/vgpu/libcuda.so", self.tool(["ninja", "-C", BUILD, "-t", "query", target]), target)

    def test_tools_start(self):
        for name in TOOLS:
            self.assertIn("OPTIONS" if name in ("raddle-run", "raddle-vgpu") else "USAGE",
                          self.tool([self.prefix / "bin" / name, "--help"]).upper(), name)

    def test_nothing_names_the_tree(self):
        for path in (self.prefix / "lib" / "cmake").rglob("*.cmake"):
            for folder in (REPO, BUILD, self.work):
                self.assertNotIn(f"{folder}/", path.read_text(), path)
        for path in [*(self.prefix / "bin").iterdir(), *(self.prefix / "lib").rglob("*.so*")]:
            runpath = re.findall(r"\(R(?:UN)?PATH\).*\[(.*)\]", self.tool(["readelf", "-d", path]))
            for folder in ":".join(runpath).split(":"):
                self.assertRegex(folder, r"^(\$ORIGIN|/usr/lib/llvm-|$)", path)

    def test_pass_outside_of_the_tree(self):
        source = REPO / "examples" / "out-of-tree-pass"
        plugin = self.build_example(source, "pass") / "ReportWeights.so"
        opt, load = self.prefix / "bin" / "raddle-opt", f"--load-pass-plugin={plugin}"
        shown = self.tool([opt, load, "--example-report-weights", source / "example.mlir", "-o", os.devnull])
        remarks = re.findall(r"example\.mlir:4:3: (remark: .*)", shown)
        self.assertEqual(len(remarks), 2, shown)
        # Bits of the codes and, for 32 of them, of one f16 scale.
        self.assertIn("remark: 2 weights stored as #graph.int<bits = 4", remarks[0])
        self.assertIn(": 4096 elements, 2304 bytes, 4.50 bits per element", remarks[0])
        self.assertEqual(remarks[1], "remark: 1 weight stored as f32: 64 elements, 256 bytes, 32.00 bits per element")
        # The README shows what the pass says.
        for remark in remarks:
            self.assertIn(remark, (source / "README.md").read_text())
        shown = self.tool([opt, load, "--pass-pipeline=builtin.module(func.func(example-report-weights{min-bytes=300}))",
                           source / "example.mlir", "-o", os.devnull])
        self.assertEqual(shown.count("remark:"), 1)

    def test_program_in_c(self):
        folder = self.build_example(REPO / "examples" / "run-from-c", "c")
        artifact = self.work / "scale.raddle"
        inputs = REPO / "test" / "Runtime" / "Inputs"
        self.tool([sys.executable, inputs / "make_artifact.py", artifact, inputs / "scale.json",
                   f"ptx/sm_80/scale={inputs / 'scale.kernel'}"])
        self.assertIn("y: 2 -4 0.5", self.tool([folder / "run-from-c", artifact, "1", "-2", "0.25"]))

    def test_compile_and_run(self):
        graph, artifact = self.work / "graph.mlir", self.work / "graph.raddle"
        graph.write_text('module attributes {graph.version = 1 : i64} {\n'
                         '  func.func @main(%x: tensor<3xf32> {graph.name = "x", graph.type = "f32", graph.shape = [3]})\n'
                         '      -> (tensor<3xf32> {graph.name = "y", graph.type = "f32", graph.shape = [3]}) {\n'
                         '    %0 = arith.addf %x, %x : tensor<3xf32>\n    return %0 : tensor<3xf32>\n  }\n}\n')
        self.tool([self.prefix / "bin" / "raddle-compile", graph, "-o", artifact])
        import numpy
        numpy.save(self.work / "x.npy", numpy.array([1, 2, 4], numpy.float32))
        self.tool([self.prefix / "bin" / "raddle-run", artifact, "--input", f"x={self.work / 'x.npy'}",
                   "--outputs", self.work / "y.npz", "--device=vgpu"])
        self.assertEqual(numpy.load(self.work / "y.npz")["y"].tolist(), [2, 4, 8])

    def test_interestingness_script(self):
        script = self.prefix / "share" / "raddle" / "interestingness" / "differs.py"
        graph = REPO / "test" / "Tools" / "Inputs" / "mean.mlir"
        self.assertIn("the answers agree", self.tool([sys.executable, script, graph]))

    def test_headers_are_complete(self):
        """Every installed header in one program, which links the C++ runtime."""
        source = self.work / "headers"
        source.mkdir()
        lines = []
        for root in (self.prefix / "include", self.prefix / "include" / "raddle-compiler"):
            for path in sorted(root.rglob("*.h")):
                name = path.relative_to(root).parts
                if name[0] != "raddle-compiler" and path.name != "PCH.h":
                    lines.append(f'#include "{"/".join(name)}"')
        (source / "main.cpp").write_text("\n".join(lines) + "\nint main() {\n"
                                         '  raddle::DeviceOptions options;\n  options.kind = raddle::DeviceKind::VirtualGPU;\n'
                                         '  return raddle::Device::open(options) ? 0 : 1;\n}\n')
        (source / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(headers LANGUAGES CXX)\nfind_package(Raddle 0.1 REQUIRED)\n"
            "add_executable(headers main.cpp)\ntarget_link_libraries(headers PRIVATE Raddle::Compiler Raddle::Runtime Raddle::Npz)\n")
        self.tool([self.build_example(source, "headers-build") / "headers"])

    def test_wrong_version(self):
        source = self.work / "version"
        source.mkdir()
        (source / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.25)\nproject(version LANGUAGES C)\n"
                                               "find_package(Raddle 0.2 REQUIRED)\n")
        shown = self.tool(["cmake", "-G", "Ninja", "-S", source, "-B", self.work / "version-build",
                           f"-DCMAKE_PREFIX_PATH={self.prefix}"], expected=1)
        self.assertIn("RaddleConfig.cmake, version: 0.1.0", shown)


if __name__ == "__main__":
    unittest.main()
