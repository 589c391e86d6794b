# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A build for which Netflix's model files were not there still scores: with a network of ours, and says so."""

import functools
import os
import shutil
import unittest
from unittest import mock

import installed
import support
from support import Case

# Links to the sources, but for models/netflix; its build folder stays, so that later runs take seconds.
TREE = os.path.join(installed.CACHE, "bare")
SOURCES = ("bench", "include", "mcp", "src", "tests", "tools", "train", "meson.build", "meson_options.txt")
DEFAULT = "vmaf_v0.6.1"
STUDENT = "vmaf_tiny_tanh"


def link_all(names, source, target):
    os.makedirs(target, exist_ok=True)
    for name in names:
        path = os.path.join(target, name)
        if not os.path.lexists(path):
            os.symlink(os.path.join(source, name), path)


@functools.cache
def program():
    """The program of a build without the files."""
    models = os.path.join(support.ROOT, "models")
    link_all(SOURCES, support.ROOT, TREE)
    link_all([n for n in os.listdir(models) if n != "netflix"], models, os.path.join(TREE, "models"))
    build = os.path.join(TREE, "build")
    if not os.path.exists(os.path.join(build, "build.ninja")):
        shutil.rmtree(build, ignore_errors=True)
        installed.run([installed.MESON, "setup", "-Dwerror=true", build, TREE], CC="gcc")
    installed.run([installed.MESON, "compile", "-C", build, "vmaf:executable"], timeout=1800)
    return os.path.join(build, "tools", "vmaf")


@unittest.skipIf(support.SANITIZED, "it is a build of its own")
class WithoutModels(Case):
    def setUp(self):
        super().setUp()
        patch = mock.patch.object(support, "VMAF", program())
        patch.start()
        self.addCleanup(patch.stop)

    def report(self, *args):
        """Of a run that must succeed: the JSON report, and what was said."""
        result = support.run(*args, "-q", "--precision", "max", "--reproducible", "--json", "-")
        self.assertEqual(result.returncode, 0, result.stderr)
        return support.parse_json(result.stdout), result.stderr

    def test_none_is_built_in(self):
        listed = support.run("--list-models")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        self.assertIn("not in this build", listed.stdout)
        self.assertIn(STUDENT, listed.stdout)

    def test_it_scores_and_says_with_what(self):
        pair = self.pair("B", 192, 180)
        report, said = self.report(*pair)
        warnings = [line for line in said.splitlines() if line.startswith("vmaf: warning: ")]
        self.assertEqual(len(warnings), 1, said)
        for words in (DEFAULT + " is not in this build", STUDENT, "distilled"):
            self.assertIn(words, warnings[0])
        # so that who reads only the report knows as well
        self.assertIn(warnings[0].removeprefix("vmaf: warning: "), str(report["tinyvmaf"]["warnings"]))
        self.assertNotIn("vmaf", report["pooled_metrics"])
        (model,) = report["tinyvmaf"]["tiny_models"]
        self.assertEqual((model["id"], model["metadata"]["teacher"]), (STUDENT, DEFAULT))

    def test_the_score_is_that_of_the_model_by_its_id(self):
        pair = self.pair("B", 192, 180)
        report, _ = self.report(*pair)
        named, said = self.report(*pair, "--tiny-model", STUDENT)
        self.assertNotIn("warning", said)
        self.assertEqual(report["frames"], named["frames"])
        self.assertEqual(report["pooled_metrics"], named["pooled_metrics"])

    def test_the_score_is_printed(self):
        result = support.run(*self.pair("B", 192, 180), "-q")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, rf"^{STUDENT}: \d+\.\d+\n")

    def test_it_is_near_the_teacher(self):
        path = support.model_file(DEFAULT)
        pair = self.pair("B", 192, 180)
        taught, _ = self.report(*pair, "-m", "path=" + path)
        report, _ = self.report(*pair)
        for frame, want in zip(report["frames"], taught["frames"], strict=True):
            self.assertAlmostEqual(frame["metrics"][STUDENT], want["metrics"]["vmaf"], delta=1)

    def test_a_missing_model_by_name(self):
        words = [DEFAULT, "not in this build", "models/netflix", "make models"]
        for option in ("--model", "-m"):
            self.check_fault(2, words, *self.pair("B", 192, 180), option, "version=" + DEFAULT)


if __name__ == "__main__":
    unittest.main()
