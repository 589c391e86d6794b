# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The AV1 encoder tuned by VMAF, from Debian's source package, against the installed library."""

import functools
import os
import unittest

import debian
import installed
import support
from support import Case

FLAGS = """-GNinja -DCONFIG_TUNE_VMAF=1 -DBUILD_SHARED_LIBS=1 -DAOM_TARGET_CPU=generic -DENABLE_TESTS=0
    -DENABLE_TESTDATA=0 -DENABLE_DOCS=0 -DENABLE_TOOLS=0 -DCONFIG_AV1_DECODER=0 -DCONFIG_WEBM_IO=0
    -DCONFIG_LIBYUV=0 -DCMAKE_BUILD_TYPE=None -DCMAKE_C_FLAGS=-O1 -DCMAKE_CXX_FLAGS=-O1""".split()


@functools.cache
def aomenc():
    """Path of the program, without code for any one processor: it is small and soon built."""
    installed.needs("gcc", "g++", "cmake", "ninja", "perl", "pkg-config")
    source, folder = debian.source("aom"), debian.build_folder("aom")
    debian.configured(folder, ["cmake", source, *FLAGS])
    installed.run(["ninja", "aomenc"], cwd=folder, timeout=1800, **installed.environment())
    return os.path.join(folder, "aomenc")


class Aom(Case):
    def encode(self, tune, model, bits=8, check=True):
        tag = "C420jpeg" if bits == 8 else "C420p10"
        clip = self.file("clip.y4m", support.y4m("B", "ref", 192, 180, tag=tag, bits=bits, frames=3))
        depth = ["--bit-depth=10", "--profile=0"] if bits == 10 else []
        command = [aomenc(), "--quiet", "--ivf", "--cpu-used=6", "--limit=3", "--threads=1", *depth]
        command += [f"--tune={tune}", f"--vmaf-model-path={model}", "-o", self.path("out.ivf"), clip]
        done = installed.run(command, check=check, **installed.environment())
        if check:
            self.assertGreater(os.path.getsize(self.path("out.ivf")), 200)
        return done

    def test_tuned_by_vmaf(self):
        model = support.model_file("vmaf_v0.6.1")
        for tune in ("vmaf_without_preprocessing", "vmaf_with_preprocessing", "vmaf", "vmaf_neg"):
            with self.subTest(tune=tune):
                self.encode(tune, model)

    def test_ten_bit(self):
        self.encode("vmaf_without_preprocessing", support.model_file("vmaf_v0.6.1"), bits=10)

    def test_it_is_this_library_that_is_asked(self):
        done = self.encode("vmaf_without_preprocessing", self.path("nothing.json"), check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("VMAF model", done.stdout)


if __name__ == "__main__":
    unittest.main()
