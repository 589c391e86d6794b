# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What the tests of tiny models share: running tiny_score, and the published files."""

import os
import subprocess
import unittest

import support

BUILD = os.path.dirname(os.path.dirname(os.path.realpath(support.VMAF)))
SCORE = os.path.join(BUILD, "tests", "tiny", "tiny_score")
FORK = os.path.join(support.SHARED, "models", "fork_onnx")


def fork_file(name):
    path = os.path.join(FORK, name)
    if not os.path.exists(path):
        raise unittest.SkipTest(f"{name} is not among the shared files")
    return path


def tiny_score(*args, rows=(), **kwargs):
    text = "\n".join(" ".join(repr(float(x)) for x in row) for row in rows)
    return subprocess.run([SCORE, *map(str, args)], input=text, capture_output=True, text=True, timeout=60, **kwargs)


class TinyCase(support.Case):
    def scores(self, path, rows, *args):
        """A list of outputs for each row."""
        done = tiny_score(path, *args, rows=rows)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [[float(x) for x in line.split()] for line in done.stdout.splitlines()]

    def first_scores(self, path, rows, *args):
        return [row[0] for row in self.scores(path, rows, *args)]

    def check_refused(self, path, *words):
        """The model is refused with one sentence that has all these words."""
        done = tiny_score(path, "--info")
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        return done.stderr
