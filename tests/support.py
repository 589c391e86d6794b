# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What the Python tests share: paths, running the program, reading its reports."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

TESTS = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(TESTS)
# Another build of the program, e.g. one with sanitizers, can be put under test.
VMAF = os.environ.get("VMAF") or os.path.join(ROOT, "bin", "vmaf")
SANITIZED = bool(os.environ.get("VMAF_SANITIZED"))
# Instruction sets that every run must leave alone.
CPUMASK = os.environ.get("VMAF_CPUMASK")
# Reference values and clips that are not part of the tree.
SHARED = os.environ.get("TINYVMAF_SHARED") or os.path.join(os.path.dirname(ROOT), "shared")

# Arguments that compute all there is.
ALL_FEATURES = [
    argument
    for name in "vif adm motion psnr float_ssim float_ms_ssim float_vif float_adm float_motion fast".split()
    for argument in ("--feature", name)
]

sys.path.insert(0, os.path.join(TESTS, "golden"))

import patterns  # noqa: E402


def run(*args, emulator=(), **kwargs):
    """Runs the program, in an emulator if one is given; the result's stdout and stderr are text."""
    kwargs.setdefault("timeout", 300)
    kwargs.setdefault("stdin", subprocess.DEVNULL)
    for stream in ("stdout", "stderr"):
        kwargs.setdefault(stream, subprocess.PIPE)
    command = [*emulator, VMAF, *map(str, args)]
    return subprocess.run(command, encoding="utf-8", errors="replace", **kwargs)


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def parse_json(text):
    """Strict: neither NaN nor Infinity."""
    return json.loads(text, parse_constant=refuse_constant)


def raw_args(ref, dis, w, h, pixel_format="420", bits=8):
    return ["-r", ref, "-d", dis, "-w", w, "-h", h, "-p", pixel_format, "-b", bits]


def score(*args, **kwargs):
    """The JSON report of a run that must succeed, every digit, as Python objects."""
    result = run(*args, "--precision", "max", "-q", "--json", "-", **kwargs)
    if result.returncode:
        raise AssertionError(f"exit {result.returncode}: {result.stderr.strip()}")
    return parse_json(result.stdout)


def model_file(name):
    """Path of a published model; the test is skipped if set-up could not fetch it."""
    path = os.path.join(ROOT, "models", "netflix", name + ".json")
    if not os.path.exists(path):
        raise unittest.SkipTest(f"model {name} was not fetched")
    return path


def y4m(pattern, side, w, h, tag="C420jpeg", bits=8, pixel_format="420", frames=3, header=None):
    """Bytes of a Y4M file; tag is written as given, "" leaves it out."""
    if header is None:
        header = f"YUV4MPEG2 W{w} H{h} F25:1 Ip A1:1 {tag}".rstrip()
    out = [header.encode() + b"\n"]
    for f in range(frames):
        out += [b"FRAME\n", patterns.frame(pattern, side, w, h, bits, f, pixel_format)]
    return b"".join(out)


class Case(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="vmaf-test-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def file(self, name, data):
        path = self.path(name)
        with open(path, "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        return path

    def pair(self, pattern="B", w=64, h=48, bits=8, frames=3, pixel_format="420"):
        """Arguments that name a raw pair."""
        paths = patterns.write_pair(self.folder, pattern, w, h, bits, frames, pixel_format)
        return raw_args(*paths, w, h, pixel_format, bits)

    def check_fault(self, code, words, *args, warnings=0, **kwargs):
        """The run fails with this status and one sentence that has all these words."""
        result = run(*args, **kwargs)
        lines = (result.stderr or "").splitlines()
        self.assertEqual(result.returncode, code, result.stderr)
        errors = [line for line in lines if line.startswith("vmaf: error: ")]
        self.assertEqual(len(errors), 1, result.stderr)
        others = [line for line in lines if not line.startswith(("vmaf: error: ", "vmaf: warning: "))]
        self.assertEqual(others, [], "lines that are neither error nor warning")
        self.assertEqual(len(lines) - 1, warnings, result.stderr)
        for word in words:
            self.assertIn(word.lower(), errors[0].lower())
        return result
