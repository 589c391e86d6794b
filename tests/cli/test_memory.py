# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Peak memory is bounded by the picture's size, not by the clip's length."""

import subprocess
import sys
import unittest

import support
from support import Case

MB = 1024  # ru_maxrss counts kilobytes

# A process inherits the peak of the one it was forked from, so a small one starts the program.
LAUNCHER = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@unittest.skipIf(support.SANITIZED, "the sanitizer's own memory would be counted")
class Memory(Case):
    def peak(self, w, h, frames):
        """Of one thread on 8-bit 4:2:0, in MB."""
        support.model_file("vmaf_v0.6.1")
        frame = bytes(i * 7 & 255 for i in range(w)) * (h * 3 // 2)
        ref = self.path("ref.yuv")
        with open(ref, "wb") as f:
            for _ in range(frames):
                f.write(frame)
        command = [support.VMAF, *map(str, support.raw_args(ref, ref, w, h)), "-q", "--threads", "1"]
        launched = subprocess.run([sys.executable, "-c", LAUNCHER, *command], check=True, capture_output=True)
        return int(launched.stdout) / MB

    def test_1080p(self):
        self.assertLess(self.peak(1920, 1080, 4), 24)

    def test_2160p(self):
        self.assertLess(self.peak(3840, 2160, 4), 80)

    def test_length_plays_no_part(self):
        short, long = self.peak(320, 180, 10), self.peak(320, 180, 60)
        self.assertAlmostEqual(short, long, delta=2)


if __name__ == "__main__":
    unittest.main()
