#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Runs every test. Last line: N passed, N failed, N skipped; exit status 1 if one failed.

run.py [PART ...] runs only some parts: build, check, unit, abi, cli, golden, tiny, train, mcp, fuzz, faults, load,
sanitized, threads, consumers.
"""

import concurrent.futures
import glob
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import installed
import support

# A strict build for each compiler, one that watches memory and undefined behaviour, one that watches
# threads, and the kernels alone for another processor.
BUILDS = {
    "build-gcc": {"CC": "gcc"},
    "build-clang": {"CC": "clang"},
    "build-asan": {"CC": "gcc"},
    "build-tsan": {"CC": "gcc"},
    "build-neon": {},
}
BUILD_OPTIONS = {
    "build-gcc": installed.setup_flags(),
    "build-asan": ["-Dbuildtype=debugoptimized", "-Db_sanitize=address,undefined", "-Db_ndebug=false"],
    "build-tsan": ["-Dbuildtype=debugoptimized", "-Db_sanitize=thread"],
    "build-tsan-clang": ["-Dbuildtype=debugoptimized", "-Db_sanitize=thread", "-Db_lundef=false"],
    "build-neon": ["--cross-file", "tests/check/aarch64.ini", "-Dkernels_only=true"],
}
# Unit tests with several threads.
TSAN_TESTS = ["test_consumers", "test_context", "test_ext", "test_lines", "test_misuse"]
TSAN_TARGETS = ["vmaf:executable", "vmaf-train:executable", "vmaf-mcp:executable", *TSAN_TESTS]
BUILD_TARGETS = {"build-tsan": TSAN_TARGETS, "build-tsan-clang": TSAN_TARGETS}
BUILD_NEEDS = {"build-neon": "aarch64-linux-gnu-gcc"}
# An exit status that neither the program nor the tests use.
SANITIZER_ENV = {
    "ASAN_OPTIONS": "exitcode=86:detect_leaks=1:allocator_may_return_null=1",
    "UBSAN_OPTIONS": "halt_on_error=1:exitcode=86:print_stacktrace=1",
}
TSAN_ENV = {"TSAN_OPTIONS": "halt_on_error=1:exitcode=86"}
# A seed of its own would make two runs of the same tree differ; make check has one each time.
CHECK_ARGS = ["--quick", "--seed", "1"]
X86_LEVELS = ["scalar", "sse4.1", "avx2", "avx512", "avx512-vnni"]
# CPU mask for each of them
X86_MASKS = [63, 56, 48, 32, 0]
# Modules worth running again under the sanitizers: those that take every path of the input side.
SANITIZED_MODULES = ["cli/test_bad_input", "cli/test_inputs", "tiny/test_refused"]
SANITIZED_MODULES += ["mcp/test_paths", "mcp/test_schemas", "mcp/test_stdio", "mcp/test_http"]
SANITIZED_MODULES += ["train/test_corpus", "train/test_dataset", "train/test_extract"]
# All that runs the programs, for VMAF_SANITIZED_PARTS=all and VMAF_THREADS=full.
PROGRAM_FOLDERS = ["cli", "golden", "tiny", "train", "mcp", "faults", "load"]
MESON = installed.MESON


def programs_of(folder):
    """What makes tests run the programs of a build with sanitizers."""
    names = {"VMAF": "tools/vmaf", "VMAF_TRAIN": "train/vmaf-train", "VMAF_MCP": "mcp/vmaf-mcp"}
    paths = {name: os.path.join(support.ROOT, folder, path) for name, path in names.items()}
    return {**paths, "VMAF_SANITIZED": "1"}


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


def lacks(tally, name, program):
    """Is a program that a test needs not there? Then the test is skipped."""
    if not program or shutil.which(program):
        return False
    tally.skip(name, f"{program} is not installed; see tools/deps.sh")
    return True


def make_build(tally, folder, env, whole=False):
    name = f"build {folder} without a warning"
    if lacks(tally, name, BUILD_NEEDS.get(folder)):
        return None
    if not os.path.exists(os.path.join(support.ROOT, folder, "build.ninja")):
        options = ["-Dwerror=true", *BUILD_OPTIONS.get(folder, [])]
        done = run_command([MESON, "setup", *options, folder], **env)
        if done.returncode:
            return tally.fail(name, done.stdout)
    targets = [] if whole else BUILD_TARGETS.get(folder, [])
    done = run_command([MESON, "compile", "-C", folder, *targets])
    if done.returncode:
        return tally.fail(name, done.stdout[-8000:])
    return tally.ok(name)


def run_builds(tally):
    for folder, env in BUILDS.items():
        make_build(tally, folder, env)


def count_tap(tally, label, done, count_skips=True):
    """Counts the lines of a program that spoke TAP."""
    failed = False
    for line in done.stdout.splitlines():
        match = re.match(r"(not ok|ok)\b[\s\d-]*(.*?)\s*(# SKIP\b\s*(.*))?$", line)
        if not match:
            continue
        name = " ".join(filter(None, [label, match[2]]))
        if match[3]:
            if count_skips:
                tally.skip(name, match[4] or "skipped by the program")
        elif match[1] == "ok":
            tally.ok(name)
        else:
            tally.fail(name, "" if failed else done.stdout)
            failed = True
    if done.returncode and not failed:
        tally.fail(label, f"exit {done.returncode}\n{done.stdout}")


def check_program(folder):
    return os.path.join(support.ROOT, folder, "tests", "check", "check")


def highest_level(output):
    match = re.search(r"^# highest level ([^,]*),", output, re.MULTILINE)
    return match and match[1]


def check_levels(tally, top):
    """Each CPU mask leaves the level it should, and no other kernel is called then."""
    for level, mask in zip(X86_LEVELS, X86_MASKS):
        name = f"check with CPU mask {mask}"
        expected = min(level, top, key=X86_LEVELS.index)
        done = run_command([check_program("build-gcc"), *CHECK_ARGS, "--mask", str(mask), "sub"])
        checked = re.findall(r"^ok \d+ - \S+ (\S+)$", done.stdout, re.MULTILINE)
        above = [x for x in checked if X86_LEVELS.index(x) > X86_LEVELS.index(expected)]
        if done.returncode or highest_level(done.stdout) != expected or above:
            tally.fail(name, f"expected level {expected}\n{done.stdout}")
        else:
            tally.ok(name)


def check_symbols(tally):
    """What is compiled for one instruction set must not be linked into the code for all."""
    objects = os.path.join(support.ROOT, "build-{}", "src", "libkernels_*.a.p", "*.o")
    paths = [path for b in ("gcc", "clang", "neon") for path in glob.glob(objects.format(b))]
    if not paths:
        tally.fail("symbols of kernel objects", "there are none")
    for path in sorted(paths):
        name = "symbols of " + os.path.relpath(os.path.dirname(path), support.ROOT)
        if "-neon" in name and lacks(tally, name, "aarch64-linux-gnu-nm"):
            continue
        nm = "aarch64-linux-gnu-nm" if "-neon" in name else "nm"
        done = run_command([nm, "--extern-only", "--defined-only", "--format=posix", path])
        symbols = [line.split()[0] for line in done.stdout.splitlines()]
        if done.returncode or len(symbols) != 1 or not symbols[0].startswith("vm_kernels_"):
            tally.fail(name, done.stdout)
        else:
            tally.ok(name)


def find_checks(tally):
    """Label, folder, emulator of each run that is possible here."""
    checks = [("check", "build-gcc", []), ("check build-clang", "build-clang", [])]
    checks += [("check build-asan", "build-asan", []), ("check for ARM", "build-neon", ["qemu-aarch64"])]
    if platform.machine() == "x86_64":
        checks.append(("check on Nehalem", "build-gcc", ["qemu-x86_64", "-cpu", "Nehalem"]))
    for label, folder, emulator in checks:
        if emulator and lacks(tally, label, emulator[0]):
            continue
        if os.path.exists(check_program(folder)):
            yield label, folder, emulator
        else:
            tally.skip(label, f"{folder} is not built")


def run_check(check):
    _, folder, emulator = check
    env = SANITIZER_ENV if folder == "build-asan" else {}
    return run_command([*emulator, check_program(folder), *CHECK_ARGS], **env)


def run_checks(tally):
    checks = list(find_checks(tally))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(run_check, checks))
    for (label, _, _), done in zip(checks, results):
        # what is skipped in one x86 build is skipped in all
        count_tap(tally, label, done, count_skips=label in ("check", "check for ARM"))
        level = highest_level(done.stdout)
        if label == "check" and level in X86_LEVELS:
            check_levels(tally, level)
        if label == "check on Nehalem" and level != "sse4.1":
            tally.fail("level of a Nehalem", f"{level} is not sse4.1")
    check_symbols(tally)


def run_units(tally):
    run_units_of(tally, "build-gcc", {})
    run_units_of(tally, "build-asan", SANITIZER_ENV)


def run_units_of(tally, folder, env, prefix=()):
    listed = run_command([MESON, "introspect", "--tests", folder])
    if listed.returncode:
        return tally.fail(f"unit tests of {folder}", listed.stdout)
    for test in json.loads(listed.stdout):
        if os.path.exists(test["cmd"][0]):
            done = run_command([*prefix, *test["cmd"]], **test["env"], **env)
            count_tap(tally, f"{folder}/{test['name']}", done)
        else:
            tally.fail(f"{folder}/{test['name']}", "not built")
    return None


def run_fuzz(tally):
    """The files of every fuzz target, in programs that the sanitizers watch."""
    for folder in sorted(glob.glob(os.path.join(support.TESTS, "fuzz", "corpus", "*"))):
        what = os.path.basename(folder)
        program = os.path.join(support.ROOT, "build-asan", "tests", "fuzz", "replay_" + what)
        if not os.path.exists(program):
            tally.fail(f"fuzz/{what}", "its program is not in build-asan")
            continue
        # a limit for one allocation: what a file claims must not decide how much memory is asked for
        env = {"ASAN_OPTIONS": SANITIZER_ENV["ASAN_OPTIONS"] + ":max_allocation_size_mb=2048"}
        done = run_command([program, folder], **{**SANITIZER_ENV, **env})
        count_tap(tally, f"fuzz/{what}", done)


def run_python(tally, folder, only=None):
    path = os.path.join(support.TESTS, folder)
    pattern = "test_*.py" if only is None else only + ".py"
    suite = unittest.TestLoader().discover(path, pattern, top_level_dir=path)
    suite.run(Result(tally))


def modules_of(folders):
    paths = [path for f in folders for path in glob.glob(os.path.join(support.TESTS, f, "test_*.py"))]
    return [os.path.relpath(path, support.TESTS)[: -len(".py")] for path in sorted(paths)]


def run_modules(tally, label, modules, env, prefix=()):
    """In processes of their own, since they read the environment when they are loaded."""
    for module in modules:
        done = run_command([*prefix, sys.executable, __file__, module], **env)
        lines = done.stdout.splitlines()
        counts = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) skipped", lines[-1] if lines else "")
        if not counts:
            tally.fail(f"{label} {module}", done.stdout)
            continue
        print("\n".join(lines[:-1]))
        tally.passed += int(counts[1])
        tally.failed += int(counts[2])
        tally.skipped += int(counts[3])
        if int(counts[2]):
            tally.faults.append(f"{label} {module}")


def run_sanitized(tally):
    whole = os.environ.get("VMAF_SANITIZED_PARTS") == "all"
    modules = modules_of(PROGRAM_FOLDERS) if whole else SANITIZED_MODULES
    run_modules(tally, "sanitized", modules, {**programs_of("build-asan"), **SANITIZER_ENV})


def thread_prefix(vmaf):
    """What makes programs with the thread sanitizer start: gcc 12's cannot map its memory everywhere."""
    for prefix in ([], ["setarch", "-R"]):
        if run_command([*prefix, vmaf, "--version"]).returncode == 0:
            return prefix
    return None


def run_server_threads(tally, prefix, folder):
    """Calls, cancellations and HTTP clients at the same time."""
    load = os.path.join(support.TESTS, "mcp", "load.py")
    done = run_command([*prefix, sys.executable, load, "200", "30", "20"], **TSAN_ENV, **programs_of(folder))
    if done.returncode:
        tally.fail(f"{folder}: vmaf-mcp", done.stdout)
    else:
        tally.ok(f"{folder}: vmaf-mcp")


def run_threads(tally):
    """No data race. VMAF_THREADS=full: in nothing that is tested, and by clang's word too."""
    if os.environ.get("VMAF_THREADS") != "full":
        return run_threads_of(tally, "build-tsan")
    for folder, compiler in (("build-tsan", "gcc"), ("build-tsan-clang", "clang")):
        make_build(tally, folder, {"CC": compiler}, whole=True)
        prefix = run_threads_of(tally, folder)
        if prefix is None:
            continue
        run_units_of(tally, folder, TSAN_ENV, prefix)
        env = {**programs_of(folder), **TSAN_ENV}
        run_modules(tally, folder, modules_of(PROGRAM_FOLDERS), env, prefix)
    return None


def run_threads_of(tally, folder):
    """The library's own tests with threads, and the programs; what they are run in."""
    build = os.path.join(support.ROOT, folder)
    vmaf, units = os.path.join(build, "tools", "vmaf"), os.path.join(build, "tests", "unit")
    prefix = thread_prefix(vmaf) if os.path.exists(vmaf) else None
    if prefix is None or not os.path.exists(units):
        return tally.skip("threads", f"{folder} is not built or does not run here")
    for name in TSAN_TESTS:
        done = run_command([*prefix, os.path.join(units, name)], **TSAN_ENV, CMOCKA_MESSAGE_OUTPUT="TAP")
        count_tap(tally, f"{folder}/{name}", done)
    run_server_threads(tally, prefix, folder)
    with tempfile.TemporaryDirectory() as scratch:
        pair = support.patterns.write_pair(scratch, "B", 192, 180, 8, 6)
        for threads in (2, 5):
            command = [*prefix, vmaf, *map(str, support.raw_args(*pair, 192, 180)), "-n", "-q"]
            command += ["--threads", str(threads), *support.ALL_FEATURES]
            done = run_command(command, **TSAN_ENV)
            name = f"{folder}: vmaf with {threads} threads"
            if done.returncode:
                tally.fail(name, done.stdout)
            else:
                tally.ok(name)
        run_train_threads(tally, scratch, [*prefix, os.path.join(build, "train", "vmaf-train")])
    return prefix


def run_train_threads(tally, folder, program):
    """Pairs side by side, with and without a cache; a second run meets the entries of the first."""
    for part, side in (("ref", "ref/A_25fps"), *(("dis", f"dis/A_{q}_36_1") for q in (10, 20, 30, 40))):
        os.makedirs(os.path.join(folder, "corpus", part), exist_ok=True)
        path = os.path.join(folder, "corpus", side + ".yuv")
        support.patterns.write(path, "B", part, 64, 36, 8, 4)
    command = [*program, "extract-features", "--data-root", os.path.join(folder, "corpus"), "--jobs", "3"]
    for cache in ("off", "write", "write"):
        done = run_command([*command, "--cache", cache, "--cache-dir", os.path.join(folder, "cache")], **TSAN_ENV)
        if done.returncode:
            return tally.fail(f"threads: vmaf-train, cache {cache}", done.stdout)
        tally.ok(f"threads: vmaf-train, cache {cache}")
    return None


PARTS = {
    "build": run_builds,
    "check": run_checks,
    "unit": run_units,
    "abi": lambda tally: run_python(tally, "abi"),
    "cli": lambda tally: run_python(tally, "cli"),
    "golden": lambda tally: run_python(tally, "golden"),
    "train": lambda tally: run_python(tally, "train"),
    "tiny": lambda tally: run_python(tally, "tiny"),
    "fuzz": run_fuzz,
    "faults": lambda tally: run_python(tally, "faults"),
    "load": lambda tally: run_python(tally, "load"),
    "sanitized": run_sanitized,
    "threads": run_threads,
    "consumers": lambda tally: run_python(tally, "consumers"),
    "mcp": lambda tally: run_python(tally, "mcp"),
}


def main():
    tally = Tally()
    for part in sys.argv[1:]:
        if part not in PARTS and not os.path.isfile(os.path.join(support.TESTS, part + ".py")):
            sys.exit(__doc__ + f"\nThere is no part {part!r}; a module is named as cli/test_options.")
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
