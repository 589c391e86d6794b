# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Peak memory is bounded by the picture's size, not by the clip's length."""

import os
import subprocess
import unittest

import support
from support import Case

MB = 1024  # ru_maxrss counts kilobytes


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
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        self.assertEqual(status, 0)
        return usage.ru_maxrss / MB

    def test_1080p(self):
        self.assertLess(self.peak(1920, 1080, 4), 60)

    def test_2160p(self):
        self.assertLess(self.peak(3840, 2160, 3), 220)

    def test_length_plays_no_part(self):
        short, long = self.peak(320, 180, 10), self.peak(320, 180, 60)
        self.assertAlmostEqual(short, long, delta=2)


if __name__ == "__main__":
    unittest.main()
