# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Allocations and system calls that fail while vmaf-train trains, writes and registers a model: what has its name
is what an undisturbed run writes, or is not there."""

import glob
import os
import re
import shutil
import sys
import unittest

import support
import test_fault_programs
import test_faults

sys.path.insert(0, os.path.join(support.TESTS, "train"))

import corpora  # noqa: E402
import rows as table  # noqa: E402

# A few milliseconds: 17 parameters, 18 rows, 20 questions, 2 steps.
SMALL = ["--layers", "6,2,1", "--threads", "1"]
STEPS = ["--restarts", "1", "--iterations", "2", "--queries", "20", "--choice-queries", "20"]


def without_times(data):
    """Files hold how long things took."""
    data = re.sub(rb'("(?:p50|p95|data|fit|seconds|latency_\w+)"): [0-9.e+-]+', rb"\1", data)
    return re.sub(rb",[0-9]+\.[0-9]{4}$", b"", data, flags=re.M)


class Learn(test_fault_programs.Writers):
    """self.arguments write into self.out, which self.prepare() makes as it was before."""

    def setUp(self):
        super().setUp()
        self.data = self.file("rows.csv", table.csv(table.make(sources=table.SOURCES[:3], clips=1, frames=6)))
        self.out = self.path("out")
        self.arguments = [corpora.PROGRAM, *self.command_line()]
        self.prepare()
        done = self.command()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.whole = self.outputs()
        self.assertGreater(len(self.whole), 0)

    def outputs(self):
        found = {}
        for path in glob.glob(os.path.join(self.out, "**"), recursive=True):
            if os.path.isfile(path) and not path.endswith(".tmp"):
                with open(path, "rb") as f:
                    found[path] = without_times(f.read())
        return found

    def prepare(self):
        shutil.rmtree(self.out, ignore_errors=True)
        os.makedirs(self.out)

    def check_files(self, done, what):
        found = self.outputs()
        for path, data in found.items():
            self.assertEqual(data, self.whole.get(path), f"{what}: {path}")
        if not done.returncode:
            self.assertEqual(found.keys(), self.whole.keys(), what)
        # of jansson's memory the program ends at once, as if it were killed
        left = glob.glob(os.path.join(self.out, "**", "*.tmp"), recursive=True)
        self.assertLessEqual(len(left), 1 if "out of memory" in done.stderr else 0, f"{what}: {left}")

    def test_reads(self):
        self.inject("read,readv,pread64", "EIO")
        self.inject("read,readv,pread64", "EINTR")
        self.inject("write", "EINTR")


class Fit(Learn, corpora.CorpusCase):
    def command_line(self):
        return ["fit", "--data", self.data, "--out-dir", self.out, "--val-source", "Cedar", *SMALL, *STEPS]


class FitSeed(Learn, corpora.CorpusCase):
    """Adam, a file for each epoch, and the teacher's scores computed again."""

    def command_line(self):
        return ["fit", "--recipe", "seed", "--epochs", "2", "--data", self.data, "--relabel", "--out-dir", self.out,
                "--val-source", "Cedar", *SMALL]  # fmt: skip


class Export(Learn, corpora.CorpusCase):
    def command_line(self):
        return ["export", "--data", self.data, "--output", os.path.join(self.out, "model.onnx"), *SMALL, *STEPS]


class Run(Learn, corpora.CorpusCase):
    """Three networks, every source held out in turn, a model that is handed out, pages."""

    share = 5
    test_writes = test_reads = None  # those of its parts

    def command_line(self):
        return ["run", "--data", self.data, "--out-dir", self.out, "--threads", "1", *STEPS]


class Register(Learn, corpora.CorpusCase):
    """A registry that has an entry already keeps it."""

    def setUp(self):
        self.made = None
        super().setUp()

    def command_line(self):
        return ["register", "--model-dir", self.out, "--id", "second", os.path.join(self.out, "second.onnx")]

    def make_models(self):
        self.made = self.path("made")
        os.makedirs(self.made)
        for name in ("first", "second"):
            seed = str(len(name))
            done = corpora.run("export", "--data", self.data, "--output", os.path.join(self.made, name + ".onnx"),
                               *SMALL, *STEPS, "--seed", seed, env=self.env)  # fmt: skip
            self.assertEqual(done.returncode, 0, done.stderr)
        done = corpora.run("register", "--model-dir", self.made, os.path.join(self.made, "first.onnx"), env=self.env)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(os.path.join(self.made, "registry.json"), "rb") as f:
            self.before = f.read()

    def prepare(self):
        if not self.made:
            self.make_models()
        shutil.rmtree(self.out, ignore_errors=True)
        shutil.copytree(self.made, self.out)

    def check_files(self, done, what):
        path = os.path.join(self.out, "registry.json")
        with open(path, "rb") as f:
            registry = f.read()
        if done.returncode and registry == self.before:
            os.unlink(path)
        super().check_files(done, what)


if __name__ == "__main__":
    unittest.main()
