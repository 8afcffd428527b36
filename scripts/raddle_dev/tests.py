"""`dev test`: every test there is, closed by one line with the sum.

Suites: `unit` (CTest: GoogleTest binaries count by case, other CTest tests as
one), `lit`, `end-to-end` (scripts/e2e.py) and `onnx-node` (scripts/node_tests.py).
"""

import json
import os
import re
import shutil
import subprocess
import time

from . import paths
from .process import DevError, run, say, seconds, tail

RESULTS = "test-results"
# The share of the ONNX node tests that has to match.
NODE_SHARE = 0.72
# With more tests left out than this, their names are only in the log.
LISTED = 40


class Tally:
    """What one suite found: counts and the names and texts of failures."""

    def __init__(self, suite):
        self.suite = suite
        self.passed = 0
        self.failures = []  # (name, text)
        self.left_out = []  # (name, reason)

    def fail(self, name, text=""):
        self.failures.append((name, text))


def stream(title, command, log):
    """Runs a test runner, whose failing exit code is an ordinary result."""
    run(title, command, log=log, env=paths.environment(), may_fail=True)


def run_unit(folder, wanted):
    tally = Tally("unit")
    listing = subprocess.run(["ctest", "--test-dir", paths.BUILD, "--show-only=json-v1"], capture_output=True, text=True)
    if listing.returncode != 0:
        raise DevError(f"ctest cannot list the tests: {listing.stderr.strip()}")
    tests = json.loads(listing.stdout)["tests"]
    names = [t["name"] for t in tests if not wanted or re.search(wanted, t["name"])]
    if not names:
        return tally
    out = folder / "gtest"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    os.environ["GTEST_OUTPUT"] = f"json:{out}/"
    exact = "^(" + "|".join(map(re.escape, names)) + ")$"
    log = folder / "ctest.log"
    stream("unit tests", ["ctest", "--test-dir", paths.BUILD, "-R", exact, "-j2", "--timeout", "600", "--output-on-failure",
                          "--no-tests=error"], log)
    del os.environ["GTEST_OUTPUT"]
    text = log.read_text(errors="replace")
    verdicts = dict(re.findall(r"^\s*\d+/\d+ Test\s+#\d+: (\S+) \.*\s*(?:\*\*\*)?(Passed|\S.*?)\s+[\d.]+ sec", text, re.M))
    command_of = {t["name"]: os.path.basename(t["command"][0]) for t in tests if t.get("command")}
    for name in names:
        verdict = verdicts.get(name, "not run")
        report = out / f"{command_of.get(name, name)}.json"
        failed_cases = 0
        if report.exists():
            for case in gtest_cases(report):
                if case["ok"]:
                    tally.passed += 1
                else:
                    failed_cases += 1
                    tally.fail(f"{name}: {case['name']}", case["text"])
        if verdict != "Passed" and failed_cases == 0:
            tally.fail(name, f"{verdict}; see {log}")
        elif not report.exists():
            tally.passed += verdict == "Passed"
    return tally


def gtest_cases(report):
    for suite in json.loads(report.read_text())["testsuites"]:
        for case in suite["testsuite"]:
            if case.get("status") == "RUN":
                failures = case.get("failures", [])
                yield {"name": f"{suite['name']}.{case['name']}", "ok": not failures,
                       "text": "\n".join(f["failure"] for f in failures)}


def run_lit(folder, wanted):
    tally = Tally("lit")
    result = folder / "lit.json"
    result.unlink(missing_ok=True)
    command = [paths.LLVM_BIN / "lit", "-j2", "--timeout", "600", "-o", result, "--allow-empty-runs"]
    if wanted:
        command += ["--filter", wanted]
    log = folder / "lit.log"
    stream("lit tests", command + ["-v", paths.BUILD], log)
    if not result.exists():
        if re.search("did not (discover|match) any tests", tail(log)):
            return tally
        tally.fail("lit", f"lit itself failed; the end of {log}:\n{tail(log)}")
        return tally
    for test in json.loads(result.read_text())["tests"]:
        code, name = test["code"], test["name"]
        if code in ("PASS", "XFAIL", "FLAKYPASS"):
            tally.passed += 1
        elif code in ("UNSUPPORTED", "SKIPPED"):
            tally.left_out.append((name, code.lower()))
        elif code != "EXCLUDED":
            tally.fail(name, f"{code}\n{test.get('output', '')}")
    return tally


def run_end_to_end(folder, wanted):
    tally = Tally("end-to-end")
    result = folder / "e2e.json"
    result.unlink(missing_ok=True)
    log = folder / "e2e.log"
    command = [paths.python(), paths.SCRIPTS / "e2e.py", "--build", paths.BUILD, "--models", paths.MODELS,
               "--json", result]
    stream("end-to-end tests", command + (["--filter", wanted] if wanted else []), log)
    if not result.exists():
        tally.fail("end-to-end", f"the runner itself failed; the end of {log}:\n{tail(log)}")
        return tally
    for case in json.loads(result.read_text())["cases"]:
        if case["verdict"] == "pass":
            tally.passed += 1
        elif case["verdict"] == "left out":
            tally.left_out.append((case["name"], case["detail"]))
        else:
            tally.fail(case["name"], case["detail"])
    return tally


def known_differences():
    """Name to reason, from test/EndToEnd/node-known.txt."""
    lines = (paths.REPO / "test" / "EndToEnd" / "node-known.txt").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))


def run_node(folder, wanted):
    """The ONNX node tests. Those that the compiler refuses are left out; their
    number is bounded by NODE_SHARE."""
    tally = Tally("onnx-node")
    result = folder / "node.json"
    result.unlink(missing_ok=True)
    if wanted and not re.search("^test_|node", wanted):
        return tally
    if not (paths.BUILD / "bin" / "raddle-compile").exists():
        tally.left_out.append(("onnx-node", "this tree has no raddle-compile"))
        return tally
    log = folder / "node.log"
    command = [paths.python(), paths.SCRIPTS / "node_tests.py", "--build", paths.BUILD, "--json", result]
    stream("ONNX node tests", command + (["--filter", wanted] if wanted and "node" not in wanted else []), log)
    if not result.exists():
        tally.fail("onnx-node", f"the runner itself failed; the end of {log}:\n{tail(log)}")
        return tally
    tests = json.loads(result.read_text())["tests"]
    known = known_differences()
    for case in tests:
        if case["verdict"] == "matched":
            tally.passed += 1
        elif case["verdict"] in ("host", "unsupported"):
            tally.left_out.append((case["name"], f"{case['verdict']}: {case['reason']}"))
        elif case["verdict"] == "wrong" and case["name"] in known:
            tally.left_out.append((case["name"], f"known: {known[case['name']]}"))
        else:
            tally.fail(case["name"], f"{case['verdict']}: {case['reason']}")
    if not wanted and tally.passed < NODE_SHARE * len(tests):
        tally.fail("share of matched tests", f"{tally.passed} of {len(tests)}; expected at least {NODE_SHARE:.0%}")
    return tally


def test(wanted=None, build_first=True):
    if build_first:
        from . import build, setup
        setup.setup()
        build.build()
    folder = paths.BUILD / RESULTS
    folder.mkdir(parents=True, exist_ok=True)
    tallies = []
    for suite in (run_unit, run_lit, run_end_to_end, run_node):
        start = time.monotonic()
        tally = suite(folder, wanted)
        tally.seconds = time.monotonic() - start
        tallies.append(tally)
    return report(tallies)


def report(tallies):
    for tally in tallies:
        for name, text in tally.failures:
            say(f"\nFAILED {tally.suite}: {name}")
            if text:
                say("\n".join("    " + line for line in text.strip().splitlines()[-60:]))
    say("")
    for tally in tallies:
        if len(tally.left_out) > LISTED:
            say(f"left out: {tally.suite}: {len(tally.left_out)} tests; the reasons are in {paths.BUILD / RESULTS}")
            continue
        for name, reason in tally.left_out:
            say(f"left out: {tally.suite}: {name}: {reason}")
    say(f"{'suite':<12} {'passed':>7} {'failed':>7} {'left out':>9} {'time':>12}")
    for tally in tallies:
        say(f"{tally.suite:<12} {tally.passed:>7} {len(tally.failures):>7} {len(tally.left_out):>9} "
            f"{seconds(tally.seconds):>12}")
    passed = sum(t.passed for t in tallies)
    failed = sum(len(t.failures) for t in tallies)
    if passed + failed == 0:
        say("no test matches")
        failed = 1
    say(f"{passed} passed, {failed} failed")
    return 1 if failed else 0
