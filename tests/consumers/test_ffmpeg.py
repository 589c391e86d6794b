# SPDX-License-Identifier: BSD-2-Clause-Patent
"""FFmpeg's libvmaf filter, from Debian's source package, against the installed library: it gives what
our program gives."""

import functools
import os
import re
import unittest
import xml.etree.ElementTree as ElementTree

import debian
import installed
import support
from support import Case

FLAGS = """--disable-everything --disable-autodetect --disable-doc --disable-debug --disable-x86asm
    --disable-network --disable-ffplay --disable-ffprobe --disable-swresample --disable-postproc
    --disable-avdevice --enable-libvmaf --enable-filter=libvmaf,scale --enable-protocol=file
    --enable-demuxer=rawvideo,yuv4mpegpipe --enable-decoder=rawvideo
    --enable-encoder=wrapped_avframe --enable-muxer=null""".split()


@functools.cache
def ffmpeg():
    """Path of the program; built at the first time, later what has changed in the headers is."""
    installed.needs("gcc", "make", "pkg-config")
    source, folder = debian.source("ffmpeg"), debian.build_folder("ffmpeg")
    debian.configured(folder, [os.path.join(source, "configure"), *FLAGS])
    jobs = f"-j{os.cpu_count()}"
    installed.run(["make", jobs, "ffmpeg"], cwd=folder, timeout=1800, **installed.environment())
    return os.path.join(folder, "ffmpeg")


def without_speed(report):
    """The one value in a report that depends on the run."""
    return re.sub(r'("fps": |fps=")[\d.]+', r"\g<1>0", report)


class FFmpeg(Case):
    def setUp(self):
        super().setUp()
        ffmpeg()
        support.model_file("vmaf_v0.6.1")

    def clips(self, pattern="B", w=192, h=180, **kwargs):
        for side in ("ref", "dis"):
            self.file(side + ".y4m", support.y4m(pattern, side, w, h, frames=8, **kwargs))

    def filter(self, options="", check=True, inputs=("-i", "dis.y4m", "-i", "ref.y4m")):
        command = [ffmpeg(), "-nostdin", "-hide_banner", *inputs, "-lavfi", "libvmaf" + options]
        command += ["-f", "null", "-"]
        return installed.run(command, cwd=self.folder, check=check, **installed.environment())

    def printed(self, *args, **kwargs):
        """The scores on the terminal, as text."""
        return re.findall(r"VMAF score: (\S+)", self.filter(*args, **kwargs).stdout)

    def ours(self, *args):
        """The score lines of our program."""
        result = support.run("-r", self.path("ref.y4m"), "-d", self.path("dis.y4m"), "-q", *args)
        self.assertEqual(result.returncode, 0, result.stderr)
        return re.findall(r"^\S+: (\S+)$", result.stdout, re.MULTILINE)

    def log(self, options, form="json"):
        self.filter(f"={options}:log_fmt={form}:log_path=log")
        with open(self.path("log"), encoding="utf-8") as f:
            return without_speed(f.read())

    def our_report(self, *args, form="json"):
        self.ours("--" + form, "-o", self.path("ours"), *args)
        with open(self.path("ours"), encoding="utf-8") as f:
            report = without_speed(f.read())
        # FFmpeg asks for the report as libvmaf knows it; ours has a block of its own.
        report = re.sub(r',\n  "tinyvmaf": .*\n  }\n}\n\Z', "\n}\n", report, flags=re.S)
        return re.sub(r"  <tinyvmaf .*</tinyvmaf>\n", "", report, flags=re.S)

    def test_score_to_the_last_digit(self):
        for pattern, w, h in (("A", 192, 180), ("B", 192, 180), ("B", 131, 97)):
            with self.subTest(pattern=pattern, w=w):
                self.clips(pattern, w, h)
                self.assertEqual(self.printed(), self.ours())

    def test_raw_video(self):
        self.clips()
        inputs = []
        for side in ("dis", "ref"):
            support.patterns.write(self.path(side + ".yuv"), "B", side, 192, 180, 8, 8)
            inputs += ["-f", "rawvideo", "-s", "192x180", "-pix_fmt", "yuv420p", "-i", side + ".yuv"]
        self.assertEqual(self.printed(inputs=inputs), self.ours())

    def test_reports_in_all_layouts(self):
        self.clips()
        for form in ("xml", "json", "csv", "sub"):
            with self.subTest(form=form):
                self.assertEqual(self.log("n_threads=2", form), self.our_report(form=form))

    def test_logs_can_be_parsed(self):
        self.clips()
        report = support.parse_json(self.log("n_threads=0"))
        self.assertEqual(len(report["frames"]), 8)
        self.assertEqual(f'{report["pooled_metrics"]["vmaf"]["mean"]:.6f}', self.ours()[0])
        tree = ElementTree.fromstring(self.log("n_threads=0", "xml"))
        self.assertEqual(len(tree.findall("frames/frame")), 8)

    def test_threads_change_nothing(self):
        self.clips()
        first = self.log("n_threads=0")
        for n in (1, 2, 5):
            self.assertEqual(self.log(f"n_threads={n}"), first)

    def test_another_model(self):
        support.model_file("vmaf_v0.6.1neg")
        self.clips()
        self.assertEqual(
            self.printed("=model=version=vmaf_v0.6.1neg"), self.ours("-m", "version=vmaf_v0.6.1neg")
        )

    def test_several_models(self):
        support.model_file("vmaf_v0.6.1neg")
        self.clips()
        models = ["version=vmaf_v0.6.1:name=hd", "version=vmaf_v0.6.1neg:name=neg"]
        escaped = "|".join(m.replace(":", r"\:") for m in models)
        ours = ["-m", models[0], "-m", models[1]]
        self.assertEqual(self.log(f"model='{escaped}'"), self.our_report(*ours))
        self.assertIn(self.ours(*ours)[0], self.printed(f"=model='{escaped}'"))

    def test_a_model_by_its_path(self):
        self.clips()
        path = support.model_file("vmaf_v0.6.1neg")
        os.symlink(path, self.path("model.json"))
        self.assertEqual(self.printed("=model=path=model.json"), self.ours("-m", "path=" + path))

    def test_a_model_with_options(self):
        self.clips()
        options = r"version=vmaf_v0.6.1\:vif.vif_enhn_gain_limit=1.0\:adm.adm_enhn_gain_limit=1.0"
        self.assertEqual(
            self.printed(f"=model='{options}'"), self.ours("-m", options.replace("\\", ""))
        )

    def test_features(self):
        self.clips()
        self.assertEqual(self.log("feature=name=psnr"), self.our_report("--feature", "psnr"))
        both = r"name=psnr|name=float_ssim"
        self.assertEqual(
            self.log(f"feature='{both}'"), self.our_report("--feature", "psnr", "--feature", "float_ssim")
        )

    def test_subsampling(self):
        self.clips()
        for n in (2, 3):
            with self.subTest(n=n):
                self.assertEqual(self.printed(f"=n_subsample={n}"), self.ours("--subsample", n))
                self.assertEqual(self.log(f"n_subsample={n}"), self.our_report("--subsample", n))

    def test_pooling(self):
        self.clips()
        pooled = support.parse_json(self.our_report())["pooled_metrics"]["vmaf"]
        for name in ("mean", "min", "harmonic_mean"):
            # FFmpeg 5.1 takes the mean for the harmonic one.
            allowed = [pooled[name], pooled["mean"]] if name == "harmonic_mean" else [pooled[name]]
            self.assertIn(float(self.printed(f"=pool={name}")[0]), allowed)

    def test_ten_bit_is_the_same_each_time(self):
        """FFmpeg 5.1 fills half of each row: what it leaves must be zero and not chance."""
        self.clips(tag="C420p10", bits=10)
        self.assertEqual(self.log("n_threads=0"), self.log("n_threads=3"))

    def test_wrong_names_end_in_an_error(self):
        self.clips()
        for options in ("model=version=vmaf_v9", "feature=name=wif", "model=path=nothing.json"):
            with self.subTest(options=options):
                done = self.filter("=" + options, check=False)
                self.assertGreater(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
