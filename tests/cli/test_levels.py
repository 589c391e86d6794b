# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Every instruction set gives the same scores, to the last digit."""

import platform
import shutil
import unittest

import support
from support import Case

# Each mask leaves one level of x86 less; on other machines some of them do nothing.
MASKS = (0, 32, 48, 56, 63)


class Levels(Case):
    def check(self, w, h, bits, pattern="B", **kwargs):
        args = [*self.pair(pattern, w, h, bits, **kwargs), "-n", *support.ALL_FEATURES]
        expected = support.score(*args, "--cpumask", 63)["frames"]
        self.assertEqual(len(expected), 3)
        for mask in MASKS[:-1]:
            scores = support.score(*args, "--cpumask", mask)["frames"]
            self.assertEqual(scores, expected, f"mask {mask}")

    def test_depths(self):
        for bits in (8, 10, 12, 16):
            with self.subTest(bits=bits):
                self.check(208, 176, bits)

    def test_odd_sizes(self):
        for w, h in ((177, 179), (191, 177)):
            with self.subTest(w=w, h=h):
                self.check(w, h, 8, pattern="A", pixel_format="444")

    @unittest.skipUnless(platform.machine() == "x86_64", "an old x86 is emulated on x86 only")
    @unittest.skipUnless(shutil.which("qemu-x86_64"), "qemu-user is not installed")
    def test_a_processor_without_avx(self):
        args = [*self.pair("B", 64, 48), "-n", "--feature", "vif", "--feature", "adm"]
        emulated = support.score(*args, emulator=["qemu-x86_64", "-cpu", "Nehalem"])
        self.assertEqual(emulated["frames"], support.score(*args)["frames"])


if __name__ == "__main__":
    unittest.main()
