# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Reports in libvmaf's layouts, byte for byte. The numbers follow from the pictures by hand: planes that
differ by a constant d have a squared error of d*d, and PSNR is 10*log10(255*255/(d*d))."""

import os
import re
import unittest

import support
from support import Case

PSNR = "psnr=enable_mse=true:enable_apsnr=true"

JSON = """{
  "version": "3.2.0",
  "fps": FPS,
  "frames": [
    {
      "frameNum": 0,
      "metrics": {
        "psnr_y": 48.130804,
        "mse_y": 1.000000,
        "psnr_cb": 60.000000,
        "mse_cb": 0.000000,
        "psnr_cr": 42.110204,
        "mse_cr": 4.000000
      }
    },
    {
      "frameNum": 1,
      "metrics": {
        "psnr_y": 28.130804,
        "mse_y": 100.000000,
        "psnr_cb": 60.000000,
        "mse_cb": 0.000000,
        "psnr_cr": 42.110204,
        "mse_cr": 4.000000
      }
    }
  ],
  "pooled_metrics": {
    "psnr_y": {
      "min": 28.130804,
      "max": 48.130804,
      "mean": 38.130804,
      "harmonic_mean": 35.575272
    },
    "mse_y": {
      "min": 1.000000,
      "max": 100.000000,
      "mean": 50.500000,
      "harmonic_mean": 2.922330
    },
    "psnr_cb": {
      "min": 60.000000,
      "max": 60.000000,
      "mean": 60.000000,
      "harmonic_mean": 60.000000
    },
    "mse_cb": {
      "min": 0.000000,
      "max": 0.000000,
      "mean": 0.000000,
      "harmonic_mean": 0.000000
    },
    "psnr_cr": {
      "min": 42.110204,
      "max": 42.110204,
      "mean": 42.110204,
      "harmonic_mean": 42.110204
    },
    "mse_cr": {
      "min": 4.000000,
      "max": 4.000000,
      "mean": 4.000000,
      "harmonic_mean": 4.000000
    }
  },
  "aggregate_metrics": {
    "apsnr_y": 31.097890,
    "apsnr_cb": 85.000000,
    "apsnr_cr": 42.110204
  }
}
"""
CHROMA = 'psnr_cb="60.000000" mse_cb="0.000000" psnr_cr="42.110204" mse_cr="4.000000"'
XML = f"""<VMAF version="3.2.0">
  <params qualityWidth="64" qualityHeight="64" />
  <fyi fps="FPS" />
  <frames>
    <frame frameNum="0" psnr_y="48.130804" mse_y="1.000000" {CHROMA} />
    <frame frameNum="1" psnr_y="28.130804" mse_y="100.000000" {CHROMA} />
  </frames>
  <pooled_metrics>
    <metric name="psnr_y" min="28.130804" max="48.130804" mean="38.130804" harmonic_mean="35.575272" />
    <metric name="mse_y" min="1.000000" max="100.000000" mean="50.500000" harmonic_mean="2.922330" />
    <metric name="psnr_cb" min="60.000000" max="60.000000" mean="60.000000" harmonic_mean="60.000000" />
    <metric name="mse_cb" min="0.000000" max="0.000000" mean="0.000000" harmonic_mean="0.000000" />
    <metric name="psnr_cr" min="42.110204" max="42.110204" mean="42.110204" harmonic_mean="42.110204" />
    <metric name="mse_cr" min="4.000000" max="4.000000" mean="4.000000" harmonic_mean="4.000000" />
  </pooled_metrics>
  <aggregate_metrics apsnr_y="31.097890" apsnr_cb="85.000000" apsnr_cr="42.110204" />
</VMAF>
"""
CSV = """Frame,psnr_y,mse_y,psnr_cb,mse_cb,psnr_cr,mse_cr,
0,48.130804,1.000000,60.000000,0.000000,42.110204,4.000000,
1,28.130804,100.000000,60.000000,0.000000,42.110204,4.000000,
"""
SUB_CHROMA = "psnr_cb: 60.000000|mse_cb: 0.000000|psnr_cr: 42.110204|mse_cr: 4.000000|"
SUB = f"""{{0}}{{1}}frame: 0|psnr_y: 48.130804|mse_y: 1.000000|{SUB_CHROMA}
{{1}}{{2}}frame: 1|psnr_y: 28.130804|mse_y: 100.000000|{SUB_CHROMA}
"""


def flat(w, h, *frames):
    """4:2:0 frames of constant planes."""
    c = (w + 1) // 2 * ((h + 1) // 2)
    return b"".join(bytes([y]) * (w * h) + bytes([u]) * c + bytes([v]) * c for y, u, v in frames)


def without_additions(text):
    """The report less what only this program writes, and with the speed masked."""
    text = re.sub(r',\n  "tinyvmaf": \{.*\n  \}(?=\n\}\n$)', "", text, flags=re.S)
    text = re.sub(r"  <tinyvmaf.*</tinyvmaf>\n(?=</VMAF>\n$)", "", text, flags=re.S)
    text = re.sub(r'(?<="fps": )[\d.]+', "FPS", text)
    return re.sub(r'(?<=fps=")[\d.]+', "FPS", text)


class Report(Case):
    def flat_pair(self):
        ref = self.file("ref.yuv", flat(64, 64, (100, 100, 100), (100, 100, 100)))
        dis = self.file("dis.yuv", flat(64, 64, (101, 100, 102), (110, 100, 102)))
        return support.raw_args(ref, dis, 64, 64)

    def report(self, args, *more):
        out = self.path("out")
        result = support.run(*args, *more, "-o", out)
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(out, encoding="ascii", newline="") as f:
            return f.read()

    def test_layouts(self):
        for option, text in (("--json", JSON), ("--xml", XML), ("--csv", CSV), ("--sub", SUB)):
            with self.subTest(option=option):
                report = self.report(self.flat_pair(), "-n", "--feature", PSNR, option)
                self.assertEqual(without_additions(report), text)

    def test_xml_is_the_default_and_the_last_format_wins(self):
        args = [*self.flat_pair(), "-n", "--feature", PSNR]
        self.assertEqual(without_additions(self.report(args)), XML)
        self.assertEqual(without_additions(self.report(args, "--json", "--csv")), CSV)

    def test_tiny_fractions_have_sixteen_digits(self):
        ref = self.file("ref.yuv", flat(1100, 1000, (0, 0, 0)))
        dis = self.file("dis.yuv", b"\1" + flat(1100, 1000, (0, 0, 0))[1:])
        args = support.raw_args(ref, dis, 1100, 1000)
        report = self.report(args, "-n", "--feature", "psnr=enable_mse=true", "--json")
        # 1 / 1,100,000
        self.assertIn('        "mse_y": 0.0000009090909091,\n', report)
        self.assertIn('      "mean": 0.0000009090909091,\n', report)

    def test_no_frame_value_is_infinite(self):
        """SSIM in dB of equal pictures: null, and the line it shares with the next one."""
        args = self.flat_pair()
        args[args.index("-d") + 1] = args[args.index("-r") + 1]
        more = ["-n", "--feature", "float_ssim=enable_db=true", "--feature", "psnr"]
        report = self.report(args, *more, "--json")
        self.assertIn('        "float_ssim": null,        "psnr_y": 60.000000,\n', report)
        self.assertIn('      "mean": null,\n', report)
        support.parse_json(report)
        for option in ("--xml", "--csv", "--sub"):
            text = self.report(args, *more, option).lower()
            self.assertIsNone(re.search(r"\b(nan|inf|infinity)\b", text), text)

    def test_no_aggregates(self):
        report = self.report(self.flat_pair(), "-n", "--feature", "psnr", "--json")
        self.assertIn('  "aggregate_metrics": {\n  }', without_additions(report))
        report = self.report(self.flat_pair(), "-n", "--feature", "psnr", "--xml")
        self.assertIn("  <aggregate_metrics />\n", report)

    def test_subsampled_frames(self):
        args = self.pair(frames=5)
        report = self.report(args, "-n", "--feature", "vif", "--csv", "--subsample", 2)
        self.assertEqual([line.split(",")[0] for line in report.splitlines()], ["Frame", "0", "2", "4"])

    def test_dev_stdout_is_written_in_place(self):
        """Sent to a file, it used to be replaced: what others had written was lost."""
        path = self.path("both")
        with open(path, "w", encoding="utf-8") as out:
            out.write("before\n")
            out.flush()
            args = [*self.flat_pair(), "-n", "--feature", "psnr", "--csv", "-o", "/dev/stdout"]
            self.assertEqual(support.run(*args, stdout=out).returncode, 0)
        with open(path, encoding="utf-8") as f:
            self.assertEqual(f.read().splitlines()[:2], ["before", "Frame,psnr_y,psnr_cb,psnr_cr,"])

    def test_what_is_there_already(self):
        """A report that others must not read became readable; a link to nothing became a file; a name of 250 bytes
        was too long for the file that it is first."""
        args = [*self.flat_pair(), "-n", "--feature", "psnr", "--csv", "-q", "-o"]
        private = self.file("private.csv", "")
        os.chmod(private, 0o600)
        self.assertEqual(support.run(*args, private).returncode, 0)
        self.assertEqual(os.stat(private).st_mode & 0o777, 0o600)
        link = self.path("link.csv")
        os.symlink(self.path("nothing/there.csv"), link)
        self.check_fault(4, ["link.csv", "link"], *args, link)
        self.assertTrue(os.path.islink(link))
        long = self.path("n" * 250 + ".csv")
        self.assertEqual(support.run(*args, long).returncode, 0)
        self.assertTrue(os.path.exists(long))

    def test_precision(self):
        args = [*self.flat_pair(), "-n", "--feature", "psnr", "--csv"]
        for precision, text in (("max", "48.130803608679102"), (3, "48.1"), (9, "48.1308036")):
            row = self.report(args, "--precision", precision).splitlines()[1]
            self.assertEqual(row.split(",")[1], text)
        self.assertEqual(self.report(args, "--precision", "legacy"), self.report(args))

    def test_order_of_models_and_features(self):
        """Features in the order of the models, then --feature, then what needs the whole clip, then
        scores."""
        support.model_file("vmaf_v0.6.1")
        args = [*self.pair(), "-m", "version=vmaf_v0.6.1:name=a", "--feature", "psnr"]
        report = support.parse_json(self.report(args, "--json"))
        names = list(report["frames"][0]["metrics"])
        place = [
            names.index(n)
            for n in ("integer_adm2", "integer_vif_scale0", "psnr_y", "integer_motion2", "a")
        ]
        self.assertEqual(place, sorted(place), names)
        self.assertEqual(names, list(report["pooled_metrics"]))

    def test_additions(self):
        """What a reader of libvmaf's layout does not know stands under one key."""
        support.model_file("vmaf_v0.6.1")
        report = support.parse_json(self.report(self.pair(), "--json"))
        known = {"version", "fps", "frames", "pooled_metrics", "aggregate_metrics"}
        self.assertEqual(set(report) - known, {"tinyvmaf"})
        text = str(report["tinyvmaf"])
        digest = "5950d61fa1f861bd45d8149d80539ed9f3376cfc2495b8f0fa8e9f57cb131ee3"
        for word in ("3.2", digest, "p5", "p50"):
            self.assertIn(word, text)

    def test_names_are_escaped(self):
        """File and score names may hold what JSON and XML give a meaning to."""
        support.model_file("vmaf_v0.6.1")
        args = self.pair()
        for option in ("-r", "-d"):
            place = args.index(option) + 1
            path = self.path(option + ' "<&>\\\n\u00e9.yuv')
            os.rename(args[place], path)
            args[place] = path
        args += ["-m", 'version=vmaf_v0.6.1:name=a"<&>']
        out = self.path("out")
        result = support.run(*args, "--json", "-o", out)
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(out, encoding="utf-8") as f:
            self.assertIn('a"<&>', support.parse_json(f.read())["pooled_metrics"])
        import xml.etree.ElementTree

        support.run(*args, "--xml", "-o", out)
        names = [m.get("name") for m in xml.etree.ElementTree.parse(out).iter("metric")]
        self.assertIn('a"<&>', names)


if __name__ == "__main__":
    unittest.main()
