#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Runs every test. Last line: N passed, N failed, N skipped; exit status 1 if one failed.

run.py [PART ...] runs only some parts: build, unit, cli, golden, sanitized.
"""

import json
import os
import re
import subprocess
import sys
import time
import unittest

import support

# A strict build for each compiler, and one that watches memory and undefined behaviour.
BUILDS = {
    "build-gcc": {"CC": "gcc"},
    "build-clang": {"CC": "clang"},
    "build-asan": {"CC": "gcc"},
}
BUILD_OPTIONS = {
    "build-asan": ["-Dbuildtype=debugoptimized", "-Db_sanitize=address,undefined", "-Db_ndebug=false"],
}
# An exit status that neither the program nor the tests use.
SANITIZER_ENV = {
    "ASAN_OPTIONS": "exitcode=86:detect_leaks=1:allocator_may_return_null=1",
    "UBSAN_OPTIONS": "halt_on_error=1:exitcode=86:print_stacktrace=1",
    "VMAF": os.path.join(support.ROOT, "build-asan", "tools", "vmaf"),
    "VMAF_SANITIZED": "1",
}
# Modules worth running again under the sanitizers: those that take every path of the input side.
SANITIZED_MODULES = ["test_bad_input", "test_inputs"]
MESON = "/usr/bin/meson" if os.path.exists("/usr/bin/meson") else "meson"


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.faults = []

    def ok(self, name):
        self.passed += 1

    def fail(self, name, why=""):
        self.failed += 1
        self.faults.append(name)
        print(f"FAILED {name}\n{why}", flush=True)

    def skip(self, name, why):
        self.skipped += 1
        print(f"SKIPPED {name}: {why}", flush=True)


class Result(unittest.TestResult):
    """One line of trouble per failed or skipped test; a test with failed subtests failed once."""

    def __init__(self, tally):
        super().__init__()
        self.tally = tally
        self.sub_failed = set()

    def addSuccess(self, test):
        if test.id() not in self.sub_failed:
            self.tally.ok(test.id())

    def addFailure(self, test, err):
        self.tally.fail(test.id(), self._exc_info_to_string(err, test))

    addError = addFailure

    def addSkip(self, test, reason):
        self.tally.skip(test.id(), reason)

    def addSubTest(self, test, subtest, err):
        if err is None:
            return
        text = self._exc_info_to_string(err, test)
        if test.id() in self.sub_failed:
            print(f"  also {subtest.id()}\n{text}", flush=True)
        else:
            self.sub_failed.add(test.id())
            self.tally.fail(subtest.id(), text)


def run_command(command, **env):
    return subprocess.run(
        command,
        cwd=support.ROOT,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )


def make_build(tally, folder, env):
    name = f"build {folder} without a warning"
    if not os.path.exists(os.path.join(support.ROOT, folder, "build.ninja")):
        options = ["-Dwerror=true", *BUILD_OPTIONS.get(folder, [])]
        done = run_command([MESON, "setup", *options, folder], **env)
        if done.returncode:
            return tally.fail(name, done.stdout)
    done = run_command([MESON, "compile", "-C", folder])
    if done.returncode:
        return tally.fail(name, done.stdout[-8000:])
    tally.ok(name)


def run_builds(tally):
    for folder, env in BUILDS.items():
        make_build(tally, folder, env)


def run_unit_program(tally, label, command, env):
    """Counts the lines of a program that speaks TAP."""
    done = run_command(command, **env)
    failed = False
    for line in done.stdout.splitlines():
        match = re.match(r"(not ok|ok)\b[\s\d-]*(# SKIP)?\s*(.*)", line)
        if not match:
            continue
        name = f"{label} {match[3]}"
        if match[2]:
            tally.skip(name, "skipped by the program")
        elif match[1] == "ok":
            tally.ok(name)
        else:
            failed = True
            tally.fail(name, done.stdout)
    if done.returncode and not failed:
        tally.fail(label, f"exit {done.returncode}\n{done.stdout}")


def run_units(tally):
    for folder in ("build-gcc", "build-asan"):
        listed = run_command([MESON, "introspect", "--tests", folder])
        if listed.returncode:
            tally.fail(f"unit tests of {folder}", listed.stdout)
            continue
        for test in json.loads(listed.stdout):
            env = dict(test["env"])
            if folder == "build-asan":
                env.update(SANITIZER_ENV)
            run_unit_program(tally, f"{folder}/{test['name']}", test["cmd"], env)


def run_python(tally, folder, only=None):
    path = os.path.join(support.TESTS, folder)
    pattern = "test_*.py" if only is None else only + ".py"
    suite = unittest.TestLoader().discover(path, pattern, top_level_dir=path)
    suite.run(Result(tally))


def run_sanitized(tally):
    """In a process of its own, since the modules read the environment when they are loaded."""
    for module in SANITIZED_MODULES:
        done = run_command([sys.executable, __file__, f"cli/{module}"], **SANITIZER_ENV)
        lines = done.stdout.splitlines()
        counts = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) skipped", lines[-1] if lines else "")
        if not counts:
            tally.fail(f"sanitized {module}", done.stdout)
            continue
        print("\n".join(lines[:-1]))
        tally.passed += int(counts[1])
        tally.failed += int(counts[2])
        tally.skipped += int(counts[3])
        if int(counts[2]):
            tally.faults.append(f"sanitized {module}")


PARTS = {
    "build": run_builds,
    "unit": run_units,
    "cli": lambda tally: run_python(tally, "cli"),
    "golden": lambda tally: run_python(tally, "golden"),
    "sanitized": run_sanitized,
}


def main():
    tally = Tally()
    for part in sys.argv[1:] or PARTS:
        start = time.monotonic()
        print(f"== {part}", flush=True)
        if part in PARTS:
            PARTS[part](tally)
        else:
            folder, _, module = part.partition("/")
            run_python(tally, folder, module)
        print(f"== {part}: {time.monotonic() - start:.0f} s", flush=True)
    if tally.faults:
        print("failed:\n  " + "\n  ".join(tally.faults))
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
