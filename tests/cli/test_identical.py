# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Reports are the same, byte for byte, however many threads and whatever instructions computed them."""

import itertools
import platform
import shutil
import unittest

import support
from support import Case

MODELS = ["-m", "version=vmaf_v0.6.1", "-m", "version=vmaf_v0.6.1neg:name=neg"]
INTEGERS = ["psnr=enable_mse=true:enable_apsnr=true", "motion=motion_five_frame_window=true", "fast"]
INTEGERS += ["fast=bands=2:rows=8", "adm=adm_row_step=4", "vif=vif_row_step=8"]
FLOATS = ["float_ssim=enable_lcs=true", "float_ms_ssim", "float_vif", "float_adm", "float_motion"]
THREADS = (1, 2, 3, 7)
MASKS = (63, 56, 48, 32, 0)  # scalar, SSE4.1, AVX2 and up


class Identical(Case):
    def report(self, args, threads, mask, form):
        path = self.path("report")
        result = support.run(
            *args, "-q", "--reproducible", f"--{form}", "-o", path, "--threads", threads, "--cpumask", mask
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(path, "rb") as f:
            return f.read()

    def check(self, args, form):
        expected = self.report(args, 1, 63, form)
        for threads, mask in itertools.product(THREADS, MASKS):
            with self.subTest(threads=threads, mask=mask):
                self.assertEqual(self.report(args, threads, mask, form), expected)

    def check_features(self, features, bits, form, w=178, h=176):
        support.model_file("vmaf_v0.6.1")
        args = [*self.pair("A", w, h, bits, frames=5), *MODELS, "--precision", "max"]
        for feature in features:
            args += ["--feature", feature]
        self.check(args, form)

    def test_integers_8_json(self):
        self.check_features(INTEGERS, 8, "json")

    def test_integers_10_xml(self):
        self.check_features(INTEGERS, 10, "xml", w=131, h=267)

    def test_floats_8_csv(self):
        self.check_features(FLOATS, 8, "csv")

    def test_floats_10_sub(self):
        self.check_features(FLOATS, 10, "sub", w=177, h=181)

    def test_legacy_precision(self):
        self.check([*self.pair("B", 64, 48), "-n", "--feature", "psnr", "--feature", "vif"], "json")

    def test_without_threads_option(self):
        args = [*self.pair("A", 96, 80), "-n", "--feature", "vif", "--json", "-", "-q", "--reproducible"]
        self.assertEqual(support.run(*args).stdout, support.run(*args, "--threads", 1).stdout)

    def test_speed_is_reported_unless_asked_not_to(self):
        args = [*self.pair("A", 96, 80), "-n", "--feature", "psnr", "--json", "-", "-q"]
        self.assertGreater(support.parse_json(support.run(*args).stdout)["fps"], 0)
        self.assertIn('"fps": 0.00,', support.run(*args, "--reproducible").stdout)


@unittest.skipUnless(platform.machine() == "x86_64", "an old x86 is emulated on x86 only")
@unittest.skipUnless(shutil.which("qemu-x86_64"), "qemu-user is not installed")
@unittest.skipIf(support.SANITIZED, "sanitizers hang in qemu")
class OldProcessor(Case):
    """A Nehalem, which has neither AVX nor fused multiply-add."""

    def check(self, *args):
        emulated = support.score(*args, emulator=["qemu-x86_64", "-cpu", "Nehalem"])
        self.assertEqual(emulated["frames"], support.score(*args)["frames"])

    def test_features(self):
        self.check(*self.pair("B", 64, 48), "-n", "--feature", "vif", "--feature", "adm")

    def test_scores(self):
        """The 20th frame's had another last digit: the C library's exp() gives another one there."""
        support.model_file("vmaf_v0.6.1")
        self.check(*self.pair("B", 64, 48, frames=21), "-m", "version=vmaf_v0.6.1")


if __name__ == "__main__":
    unittest.main()
