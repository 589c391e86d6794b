# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Long clips from pipes in flat memory, and many processes at once. VMAF_LOAD=full, which make load sets, is the
long form: 100,000 frames, and 8 processes on clips that keep them busy."""

import hashlib
import os
import subprocess
import sys
import tempfile
import unittest

import support
from support import Case

FULL = os.environ.get("VMAF_LOAD") == "full"
FRAMES = 100_000 if FULL else 6000
W, H = 64, 48
# A score is kept with what says that it is there; the table grows by doubling.
BYTES_PER_SCORE = 32
LAUNCHER = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, close_fds=False)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""
# Frames without end are made by a process of their own: 16 different ones, over and over.
WRITER = """
import os, sys
head, frames = sys.argv[1].encode(), int(sys.argv[2])
data = open(sys.argv[3], "rb").read()
size = len(data) // 16
out = os.fdopen(1, "wb", 1 << 20)
out.write(head + b"\\n")
for i in range(frames):
    at = i * 7 % 16 * size
    out.write(b"FRAME\\n" + data[at : at + size])
out.close()
"""


class Load(Case):
    def writer(self, side, frames):
        path = self.path(side)
        if not os.path.exists(path):
            self.file(side, b"".join(support.patterns.frame("B", side, W, H, 8, f, "420") for f in range(16)))
        head = f"YUV4MPEG2 W{W} H{H} F25:1 Ip A1:1 C420jpeg"
        command = [sys.executable, "-c", WRITER, head, str(frames), path]
        return subprocess.Popen(command, stdout=subprocess.PIPE)

    def peak(self, frames):
        """Kilobytes that a run from two pipes takes at most."""
        writers = [self.writer(side, frames) for side in ("ref", "dis")]
        fds = [w.stdout.fileno() for w in writers]
        command = [sys.executable, "-c", LAUNCHER, support.VMAF]
        command += ["-r", f"/dev/fd/{fds[0]}", "-d", f"/dev/fd/{fds[1]}", "-n", "-q", "--threads", "2"]
        command += ["--feature", "motion", "--feature", "psnr", "--csv", "-o", self.path("report")]
        done = subprocess.run(command, pass_fds=fds, capture_output=True, text=True, timeout=1800)
        for w in writers:
            w.stdout.close()
            w.wait()
        self.assertEqual(done.returncode, 0, done.stderr)
        return int(done.stdout)

    @unittest.skipIf(support.SANITIZED, "the sanitizer's own memory would be counted")
    def test_a_long_clip_from_pipes(self):
        short, long = self.peak(FRAMES // 20), self.peak(FRAMES)
        with open(self.path("report"), encoding="ascii") as f:
            lines = f.read().splitlines()
        self.assertEqual(len(lines), FRAMES + 1)
        columns = lines[0].count(",")
        self.assertTrue(lines[-1].startswith(str(FRAMES - 1)))
        # the same 16 frames in the same order: what a frame scores depends on nothing before its predecessor
        self.assertEqual(lines[33].split(",")[1:], lines[33 + 16 * 100].split(",")[1:])
        grown = long - short
        print(f"\n{FRAMES} frames: {long} kB at most, {FRAMES // 20} frames: {short} kB", flush=True)
        self.assertLess(grown * 1024, FRAMES * columns * BYTES_PER_SCORE + (1 << 20))

    def test_processes_at_once(self):
        size = (320, 180, 48) if FULL else (96, 64, 6)
        pair = support.patterns.write_pair(self.folder, "B", size[0], size[1], 8, size[2])
        command = [support.VMAF, *map(str, support.raw_args(*pair, *size[:2])), "-q", "-n", *support.ALL_FEATURES[:8]]
        command += ["--precision", "max", "--reproducible", "--json", "-o"]
        runs = []
        for k in range(8):
            err = tempfile.TemporaryFile()
            self.addCleanup(err.close)
            runs.append(subprocess.Popen([*command, self.path(f"report{k}")], stderr=err, stdout=err))
        self.assertEqual([run.wait(timeout=900) for run in runs], [0] * 8)
        digests = set()
        for k in range(8):
            with open(self.path(f"report{k}"), "rb") as f:
                digests.add(hashlib.sha256(f.read()).hexdigest())
        self.assertEqual(len(digests), 1)


if __name__ == "__main__":
    unittest.main()
