# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Calls that go wrong, one after another, in whole runs of the program: each ends with a documented status and,
unless it succeeds, one sentence; a report is whole or not there; a run that succeeds gives the undisturbed one.

VMAF_FAULTS=full tries every call; without it, allocations are sampled. Figures are in docs/reliability.md.
"""

import os
import shutil
import subprocess
import unittest

import support
from support import Case

BUILD = os.path.dirname(os.path.dirname(os.path.realpath(support.VMAF)))
SHIM = os.path.join(BUILD, "tests", "faults", "vmaf-faults.so")
FULL = os.environ.get("VMAF_FAULTS") == "full"
SAMPLES = 60
# input or model, internal or output; an input that cannot be read any more counts as the former
DOCUMENTED = (2, 4)


class FaultCase(Case):
    tried = {}

    def setUp(self):
        super().setUp()
        self.raw = self.pair("B", 48, 40, frames=3)

    def scenarios(self):
        """Arguments by name; each writes a report to self.path("report")."""
        y4m = [self.file(f"{s}.y4m", support.y4m("B", s, 48, 40)) for s in ("ref", "dis")]
        common = ["--threads", 1, "-q", "--reproducible", "--precision", "max", "-o", self.path("report")]
        features = ["-n", "--feature", "psnr", "--feature", "motion"]
        chunk = self.path("chunk")
        support.run(*self.raw, *features, "-q", "--precision", "max", "--json", "-o", chunk)
        all_of_them = {
            "raw": [*self.raw, *features, "--json", *common],
            "y4m": ["-r", y4m[0], "-d", y4m[1], *features, "--json", *common],
            "merge": ["--merge", chunk, "--json", "-q", "--precision", "max", "-o", self.path("report")],
        }
        if os.path.exists(os.path.join(support.ROOT, "models", "netflix", "vmaf_v0.6.1.json")):
            all_of_them["model"] = [*self.raw, "-m", "version=vmaf_v0.6.1", "--json", *common]
            # one pass for three of them, which share features
            models = ["-m", "version=vmaf_v0.6.1", "-m", "version=vmaf_v0.6.1neg:name=neg"]
            models += ["--tiny-model", "vmaf_tiny_v1"]
            all_of_them["shared"] = [*self.raw, *models, "--feature", "psnr", "--json", *common]
        return all_of_them

    def report(self):
        """The report's bytes or None; nothing else may have been left behind."""
        path = self.path("report")
        left = [n for n in os.listdir(self.folder) if n.startswith("report") and n != "report"]
        self.assertEqual(left, [], "a temporary file is left behind")
        if not os.path.exists(path):
            return None
        with open(path, "rb") as f:
            data = f.read()
        os.unlink(path)
        return data

    def undisturbed(self, args):
        done = support.run(*args)
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.report()

    def check(self, done, whole, what):
        """Returns whether the run survived as a success."""
        report = self.report()
        if done.returncode == 0:
            self.assertEqual(report, whole, f"{what}: the report differs")
            return True
        self.assertIn(done.returncode, DOCUMENTED, f"{what}: {done.stderr}")
        if report not in (None, whole):
            # of an input that ended early what was read is scored, and the report says so
            self.assertEqual(done.returncode, 2, what)
            self.assertIn(b"before it are scored", report, f"{what}: a part of a report")
        return False

    def check_sentence(self, done, what):
        lines = [x for x in done.stderr.splitlines() if x.startswith("vmaf: error: ")]
        self.assertEqual(len(lines), 1, f"{what}: {done.stderr}")


@unittest.skipIf(support.SANITIZED, "a sanitizer has a malloc of its own")
@unittest.skipUnless(os.path.exists(SHIM), "the shim is not built")
class Shim(FaultCase):
    def run_with(self, args, **faults):
        env = {**os.environ, "LD_PRELOAD": SHIM, **{k: str(v) for k, v in faults.items()}}
        return support.run(*args, env=env)

    def count_allocations(self, args):
        counter = self.path("count")
        done = self.run_with(args, VM_FAULT_COUNT=counter)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.report()
        with open(counter, encoding="ascii") as f:
            return int(f.read())

    def calls(self, n):
        """The first ones all, since each is another place; of the rest a share unless all are asked for."""
        if FULL or n <= SAMPLES:
            return range(1, n + 1)
        return [*range(1, SAMPLES // 2), *range(SAMPLES // 2, n + 1, max(1, n * 2 // SAMPLES))]

    def check_allocations(self, variable):
        tried = fine = 0
        for name, args in self.scenarios().items():
            whole = self.undisturbed(args)
            for k in self.calls(self.count_allocations(args)):
                what = f"{name}, {variable}={k}"
                with self.subTest(what):
                    done = self.run_with(args, **{variable: k})
                    fine += self.check(done, whole, what)
                    if done.returncode:
                        self.check_sentence(done, what)
                    tried += 1
        if FULL:
            print(f"\n{variable}: {tried} tried, {fine} finished all the same", flush=True)

    def test_one_allocation_fails(self):
        """One that jansson could not have while it read a number was passed over: the model scored 90.30 instead
        of 90.43 and the status was 0."""
        self.check_allocations("VM_FAULT_ALLOC")

    def test_all_allocations_from_one_on_fail(self):
        self.check_allocations("VM_FAULT_ALLOC_FROM")

    def test_reads_that_are_short_and_interrupted(self):
        for name, args in self.scenarios().items():
            whole = self.undisturbed(args)
            for size in (1, 7, 4096):
                with self.subTest(f"{name}, {size} bytes a read"):
                    done = self.run_with(args, VM_FAULT_READ=size)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertEqual(self.report(), whole)


@unittest.skipIf(support.SANITIZED, "leaks cannot be looked for under strace")
@unittest.skipUnless(shutil.which("strace"), "strace is not installed")
class SystemCalls(FaultCase):
    """Faults put in by strace, which also meets the calls that the C library makes itself."""

    CALLS = {
        "read": "EIO", "readv": "EIO", "lseek": "EIO", "write": "ENOSPC EIO EPIPE EBADF EINTR", "fsync": "EIO",
        "rename": "EACCES ENOSPC", "openat": "EMFILE",
    }  # fmt: skip

    def trace(self, args, *options):
        log = self.path("log")
        command = ["strace", "-f", "-qq", "-o", log, *options, support.VMAF, *map(str, args)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        with open(log, encoding="utf-8", errors="replace") as f:
            return done, f.read()

    def calls_of_its_own(self, args, name):
        """Numbers of the calls after the loader is done: libraries are read and opened before."""
        done, log = self.trace(args, "-e", f"trace={name},exit_group,prlimit64")
        if "ptrace" in done.stderr:
            self.skipTest("tracing is not allowed here")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.report()
        numbers, n, loaded = [], 0, False
        for line in log.splitlines():
            loaded |= "prlimit64" in line
            if name + "(" in line:
                n += 1
                if loaded:
                    numbers.append(n)
        return numbers

    def test_every_call_fails_once(self):
        tried = fine = 0
        scenarios = self.scenarios()
        for scenario in scenarios if FULL else ("raw", "merge"):
            args = scenarios[scenario]
            whole = self.undisturbed(args)
            for name, errors in self.CALLS.items():
                numbers = self.calls_of_its_own(args, name)
                numbers = numbers if FULL else numbers[:1] + numbers[-1:]
                for k, error in ((k, e) for k in numbers for e in errors.split()[: None if FULL else 2]):
                    what = f"{scenario}: {name} number {k} gives {error}"
                    with self.subTest(what):
                        done, _ = self.trace(args, "-e", f"trace={name}", "-e", f"inject={name}:error={error}:when={k}")
                        fine += self.check(done, whole, what)
                        tried += 1
        if FULL:
            print(f"\nsystem calls: {tried} tried, {fine} finished all the same", flush=True)

    def test_the_report_is_on_the_disk_before_it_has_its_name(self):
        """The name was given without fsync(): after a loss of power the report could be empty."""
        _, log = self.trace(self.scenarios()["raw"], "-e", "trace=fsync,rename")
        calls = [line.split("(")[0].split()[-1] for line in log.splitlines() if "(" in line]
        self.assertEqual(calls, ["fsync", "rename"])


@unittest.skipUnless(os.path.exists("/dev/full"), "there is no /dev/full")
class Streams(FaultCase):
    def test_full_device(self):
        for kind in ("--json", "--xml", "--csv", "--sub"):
            with self.subTest(kind):
                done = support.run(*self.raw, "-n", "--feature", "psnr", "-q", kind, "-o", "/dev/full")
                self.assertEqual(done.returncode, 4)
                self.check_sentence(done, kind)

    def test_closed_descriptors(self):
        for closed in ((0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)):
            with self.subTest(f"closed: {closed}"):
                script = 'exec "$@"' + "".join(f" {fd}<&-" if fd == 0 else f" {fd}>&-" for fd in closed)
                command = ["sh", "-c", script, "sh", support.VMAF, *map(str, self.raw)]
                command += ["-n", "--feature", "psnr", "-q", "--json", "-o", self.path("report")]
                done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
                self.assertEqual(done.returncode, 4 if 1 in closed else 0, done.stderr)
                report = self.report()
                self.assertEqual(report is not None, 1 not in closed)

    def test_a_reader_that_goes_away(self):
        command = [support.VMAF, *map(str, self.raw), "-n", "--feature", "psnr", "-q", "--json", "-o", "-"]
        r, w = os.pipe()
        os.close(r)
        done = subprocess.run(command, stdout=w, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=60)
        os.close(w)
        self.assertIn(done.returncode, (4, -13), done.stderr)


if __name__ == "__main__":
    unittest.main()
