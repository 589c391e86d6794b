# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The experiment with cheaper features runs on any corpus, and its errors are those of the rows."""

import os
import re
import subprocess
import sys
import unittest

import support
from corpora import CorpusCase

SCRIPT = os.path.join(support.ROOT, "bench", "cheaper.py")
W, H = 96, 160


@unittest.skipIf(support.SANITIZED, "it runs the programs in bin/")
class Cheaper(CorpusCase):
    def setUp(self):
        super().setUp()
        support.model_file("vmaf_v0.6.1")
        self.put("corpus.json", f'{{"format": {{"width": {W}, "height": {H}, "pixel_format": "yuv420p"}}}}')
        for name, pattern in (("Alpha", "A"), ("Beta", "B")):
            self.video(f"ref/{name}_25fps.yuv", pattern, W, H, frames=9)
            for quality in (20, 90):
                self.video(f"dis/{name}_{quality}_{H}_100.yuv", pattern, W, H, frames=9)

    def table(self, *args):
        """Cells of the lines that begin with |."""
        command = [sys.executable, SCRIPT, "--data-root", self.root, *args]
        env = {**self.env, "VMAF_TINY_AI_CACHE": self.cache}
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=env, cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if re.match(r"\| [^-]", line)]

    def test_variants_and_frames(self):
        head, plain, rows, _, *frames = self.table("--frames", "3", "plain", "bands=2:rows=4")
        self.assertEqual([plain[0], rows[0]], ["plain", "bands=2:rows=4"])
        self.assertEqual(len(plain), len(head))
        self.assertEqual([row[0] for row in frames], ["plain, 3", "bands=2:rows=4, 3", "vmaf_v0.6.1, 3"])

    def test_frames_of_the_teacher(self):
        """Frames 0, 3 and 6 beside all nine, from the program's own report."""
        *_, teacher = self.table("--frames", "3", "plain")
        errors = {}
        for name in ("Alpha", "Beta"):
            pair = [os.path.join(self.root, p) for p in (f"ref/{name}_25fps.yuv", f"dis/{name}_20_{H}_100.yuv")]
            frames = support.score(*support.raw_args(*pair, W, H))["frames"]
            scores = [frame["metrics"]["vmaf"] for frame in frames]
            errors[name] = abs(sum(scores[::3]) / 3 - sum(scores) / 9)
        self.assertAlmostEqual(float(teacher[1]), sum(errors.values()) / 2, delta=0.006)
        self.assertAlmostEqual(float(teacher[2].split()[0]), max(errors.values()), delta=0.006)

    def test_sampled_rows(self):
        lines = self.table("--sampled")
        self.assertEqual([row[0] for row in lines[1:]], ["1 in 2, 1 in 4", "1 in 4, 1 in 8"])
        self.assertEqual({row[1] for row in lines[1:]}, {"corpus"})


if __name__ == "__main__":
    unittest.main()
