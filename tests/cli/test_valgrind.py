# SPDX-License-Identifier: BSD-2-Clause-Patent
"""No leak and no invalid access in runs that succeed and runs that fail."""

import shutil
import subprocess
import unittest

import support
from support import Case

ERROR = 87  # an exit status of nobody else


@unittest.skipIf(support.SANITIZED, "valgrind cannot run a program with a sanitizer in it")
@unittest.skipUnless(shutil.which("valgrind"), "valgrind is not installed")
class Valgrind(Case):
    def check(self, code, *args):
        command = ["valgrind", "-q", f"--error-exitcode={ERROR}", "--leak-check=full"]
        command += ["--show-leak-kinds=definite,indirect,possible"]
        command += ["--errors-for-leak-kinds=definite,indirect,possible", support.VMAF]
        done = subprocess.run(
            [*command, *map(str, args)], capture_output=True, text=True, timeout=300
        )
        self.assertEqual(done.returncode, code, done.stderr)

    def test_all_features(self):
        features = [f"--feature={n}" for n in ("vif", "adm", "motion", "psnr", "float_ssim")]
        features += [f"--feature={n}" for n in ("float_adm", "float_vif", "float_motion")]
        self.check(0, *self.pair("A", 67, 45, frames=3), "-n", *features, "--threads", 2)

    def test_ten_bits_and_a_report(self):
        pair = self.pair("A", 67, 45, 10, 2)
        self.check(0, *pair, "-n", "--feature", "vif", "--feature", "psnr", "-o", self.path("out"))

    def test_model(self):
        support.model_file("vmaf_v0.6.1")
        self.check(0, *self.pair("B", 48, 40, frames=2), "-m", "version=vmaf_v0.6.1")

    def test_usage(self):
        self.check(1, *self.pair(), "--nonsense")

    def test_unknown_feature(self):
        self.check(2, *self.pair(), "-n", "--feature", "vif", "--feature", "nonsense")

    def test_bad_model(self):
        model = self.file("model.json", '{"model_dict": {"model_type": "LIBSVMNUSVR", "model": "SV')
        self.check(2, *self.pair(), "-m", f"path={model}")

    def test_cut_off_file(self):
        data = support.y4m("A", "ref", 48, 40)
        ref, dis = self.file("ref.y4m", data), self.file("dis.y4m", data[:-100])
        self.check(2, "-r", ref, "-d", dis, "-n", "--feature", "motion", "--threads", 2)

    def test_full_output(self):
        self.check(4, *self.pair(frames=1), "-n", "--feature", "psnr", "-o", "/dev/full")


if __name__ == "__main__":
    unittest.main()
