# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Small corpora made of the test patterns, and running vmaf-train on them."""

import os
import resource
import subprocess

import support
from support import Case, patterns

PROGRAM = os.environ.get("VMAF_TRAIN") or os.path.join(support.ROOT, "bin", "vmaf-train")
W, H = 64, 36


def run(*args, **kwargs):
    """Runs the program; the result's stdout and stderr are text."""
    kwargs.setdefault("timeout", 300)
    kwargs.setdefault("stdin", subprocess.DEVNULL)
    for stream in ("stdout", "stderr"):
        kwargs.setdefault(stream, subprocess.PIPE)
    return subprocess.run([PROGRAM, *map(str, args)], encoding="utf-8", errors="replace", **kwargs)


def cpu_seconds(*args, code=0, **kwargs):
    """What a run that ends with this status takes of processors, however many others there are."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    result = run(*args, **kwargs)
    assert result.returncode == code, result.stderr
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


class CorpusCase(Case):
    """A test with a corpus of its own, in self.root, and a cache in self.cache."""

    def setUp(self):
        super().setUp()
        self.root, self.cache = self.path("corpus"), self.path("cache")
        for folder in ("ref", "dis"):
            os.makedirs(os.path.join(self.root, folder))
        # neither the user's settings nor the user's cache
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("VMAF_")}
        self.env["HOME"] = self.folder

    def put(self, name, data=b""):
        path = os.path.join(self.root, name)
        with open(path, "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        return path

    def video(self, name, pattern="B", w=W, h=H, bits=8, frames=3, pixel_format="420"):
        """ref/... is the pattern's reference, dis/... its distorted side."""
        path = os.path.join(self.root, name)
        return patterns.write(path, pattern, name[:3], w, h, bits, frames, pixel_format)

    def small(self, frames=3):
        """Two sources with two rungs each; their largest encode height is their own, 36."""
        self.video("ref/Alpha_25fps.yuv", "A", frames=frames)
        self.video("ref/Beta_30fps.yuv", "B", frames=frames)
        for name, pattern in (
            ("Alpha_20_18_100", "A"),
            ("Alpha_90_36_900", "A"),
            ("Beta_20_18_80", "B"),
            ("Beta_90_36_700", "B"),
        ):
            self.video(f"dis/{name}.yuv", pattern, frames=frames)

    def train(self, command, *args, **kwargs):
        return run(command, "--data-root", self.root, *args, **{"env": self.env, **kwargs})

    def good(self, command, *args, **kwargs):
        result = self.train(command, *args, **kwargs)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def extract(self, *args, **kwargs):
        return self.good("extract-features", "--cache-dir", self.cache, *args, **kwargs)

    def scan(self, *args, code=0):
        """The report of scan as Python objects."""
        result = self.train("scan", "--json", "-", *args)
        self.assertEqual(result.returncode, code, result.stderr)
        return support.parse_json(result.stdout)

    def check_refused(self, code, words, command, *args, root=True, **kwargs):
        """The run fails with this status and one error that has all these words."""
        call = self.train if root else lambda *a, **k: run(*a, **{"env": self.env, **k})
        result = call(command, *args, **kwargs)
        self.assertEqual(result.returncode, code, result.stderr)
        errors = [x for x in result.stderr.splitlines() if x.startswith("vmaf-train: error: ")]
        self.assertEqual(len(errors), 1, result.stderr)
        for line in result.stderr.splitlines():
            self.assertTrue(line.startswith(("vmaf-train: ", "frame ")), line)
        for word in words:
            self.assertIn(word.lower(), errors[0].lower())
        return result
