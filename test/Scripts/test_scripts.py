"""Tests of the helpers in scripts/ that judge the compiler: a judge that counts
wrongly would let everything through."""

import json
import struct
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import artifact
import e2e
import judge
import numpy as np
import ptx_counts

PTX = """
.visible .entry first(
	.param .u64 first_param_0
)
.reqntid 128
{
	.reg .pred 	%p<3>;
	ld.param.u64 	%rd1, [first_param_0];
	ld.global.v4.f32 	{%f1, %f2, %f3, %f4}, [%rd1];
	cp.async.cg.shared.global [ %r1 + 0 ], [ %rd1 + 0 ], 0x10, %r2;
	cp.async.commit_group;
$L__BB0_1:
	cp.async.wait_group 2;
	bar.sync 	0;
	ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r1, %r2, %r3, %r4}, [%r5];
	mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 { %f1 }, { %r1 }, { %r2 }, { %f1 };
	@%p1 st.shared.b32 	[%r7], %r8;
	@%p2 bra 	$L__BB0_1;
	st.global.f32 	[%rd1], %f1;
	ret;
}
.visible .entry second()
{
	// a comment with mma.sync
	ret;
}
"""


class PtxCounts(unittest.TestCase):
    def test_whole_kernel_and_main_loop(self):
        counts = ptx_counts.kernel_counts(PTX)
        self.assertEqual(list(counts), ["first", "second"])
        whole, loop = counts["first"]
        self.assertEqual(whole.instructions, 12)
        self.assertEqual((whole.mma, whole.ldmatrix, whole.async_copies, whole.groups), (1, 1, 1, 3))
        self.assertEqual((whole.global_accesses, whole.wide_accesses), (3, 2))
        self.assertEqual(loop.instructions, 6)
        self.assertEqual((loop.shared_stores, loop.branches, loop.predicated), (1, 1, 1))
        self.assertEqual(counts["second"][0].instructions, 1)


class HostProgram(unittest.TestCase):
    def test_expressions(self):
        names = {"n": 77}
        self.assertEqual(artifact.evaluate(["ceildiv", "n", 64], names), 2)
        self.assertEqual(artifact.evaluate(["floordiv", ["sub", 0, 7], 2], names), -4)
        self.assertEqual(artifact.evaluate(["mod", ["sub", 0, 7], 4], names), 1)
        self.assertEqual(artifact.evaluate(["select", ["lt", "n", 78], "n", "missing"], names), 77)
        with self.assertRaises(artifact.Unknown):
            artifact.evaluate("missing", names)

    def test_launches(self):
        body = [{"let": "m", "value": ["mul", "n", 2]},
                {"if": ["le", "m", 10], "then": [{"launch": 0, "grid": ["m", 1, 1]}], "else": [{"launch": 1, "grid": [1, 1, 1]}]},
                {"loop": "i", "from": 0, "to": 3, "step": 1, "body": [{"launch": 2, "grid": ["i", 1, 1]}]}]
        found = list(artifact.launches(body, {"n": 5}))
        # A grid with a zero is no launch.
        self.assertEqual([(l["launch"], l["grid"][0]) for l in found], [(0, 10), (2, 1), (2, 2)])

    def test_container(self):
        program = {"kernels": [], "body": []}
        header = {"__metadata__": {"raddle.program": json.dumps(program)},
                  "ptx/sm_80/k": {"dtype": "U8", "shape": [3], "data_offsets": [0, 3]},
                  "ptx/sm_90/k": {"dtype": "U8", "shape": [3], "data_offsets": [3, 6]}}
        text = json.dumps(header).encode()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "m.raddle"
            path.write_bytes(struct.pack("<Q", len(text)) + text + b"abcdef")
            opened = artifact.Artifact(path)
            self.assertEqual(opened.program, program)
            self.assertEqual(list(opened.modules("sm_90")), [("k", "def")])


class Judging(unittest.TestCase):
    def test_relative_error(self):
        reference = np.array([-1.0, 3.0], np.float32)
        self.assertAlmostEqual(judge.relative_error(reference, reference + np.float32(0.004)), 0.001, places=6)
        self.assertEqual(judge.relative_error(np.array([1, 2]), np.array([1, 2])), 0)
        self.assertEqual(judge.relative_error(np.array([1, 2]), np.array([1, 3])), np.inf)

    def test_top1(self):
        rows = np.zeros((1, 1000))
        rows[0, :2] = 5, 4
        close, other = rows.copy(), rows.copy()
        other[0, :2] = 4, 5
        judge.same_top1(rows, close, "y")
        with self.assertRaises(judge.Failure):
            judge.same_top1(rows, other, "y")

    def test_judges_see_wrong_answers(self):
        rng = np.random.default_rng(0)
        right = {"y": rng.standard_normal((4, 10)).astype(np.float32), "z": np.arange(4)}

        def strict(expected, found):
            return judge.within_range(expected, found, 1e-4)
        mutations = list(judge.mutations(right, 1e-4))
        self.assertGreater(len(mutations), 10)
        for name, wrong in mutations:
            judge.expect_failure(name, strict, wrong, right)
        # A judge that takes everything is found out.
        with self.assertRaises(judge.Failure):
            judge.expect_failure(mutations[0][0], lambda expected, found: 0, mutations[0][1], right)

    def test_other_inputs(self):
        inputs = {"x": np.ones((2, 3), np.float32), "mask": np.array([[1, 1]]), "rate": np.array(8)}
        other = dict(judge.other_inputs(inputs))
        self.assertEqual(list(other), ["another 'x'", "another 'mask'"])
        self.assertFalse(np.array_equal(other["another 'mask'"]["mask"], inputs["mask"]))

    def test_statistics_are_the_last_json_line(self):
        self.assertEqual(e2e.read_stats('{"launches": 1}\nx\n{"launches": 2}\n')["launches"], 2)
        with self.assertRaises(e2e.Failure):
            e2e.read_stats("nothing")


if __name__ == "__main__":
    unittest.main()
