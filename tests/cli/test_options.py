# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What the options do."""

import json
import os
import pathlib
import subprocess
import unittest

import support
from support import Case

PSNR = ["-n", "--feature", "psnr"]


class SeveralModels(Case):
    def test_together_as_alone(self):
        """VMAF, NEG and 4K in one run: the numbers each has on its own."""
        models = ("vmaf_v0.6.1", "vmaf_v0.6.1neg", "vmaf_4k_v0.6.1")
        for model in models:
            support.model_file(model)
        pair = self.pair("B", 128, 96, frames=4)
        together = support.score(*pair, *(x for m in models for x in ("-m", f"version={m}:name={m}")))
        for model in models:
            alone = support.score(*pair, "-m", f"version={model}:name={model}")
            for a, b in zip(alone["frames"], together["frames"]):
                for name, value in a["metrics"].items():
                    self.assertEqual(value, b["metrics"][name], f"{model} {name}")
            for name, value in alone["pooled_metrics"].items():
                self.assertEqual(value, together["pooled_metrics"][name])

    def test_shared_work_is_done_once(self):
        """Two models cost much less than twice one: NEG shares all but the gain limit."""
        models = ("vmaf_v0.6.1", "vmaf_v0.6.1neg")
        for model in models:
            support.model_file(model)
        pair = self.pair("A", 640, 360, frames=4)
        for path in (pair[pair.index("-r") + 1], pair[pair.index("-d") + 1]):
            data = pathlib.Path(path).read_bytes()
            pathlib.Path(path).write_bytes(data * 20)

        def cpu(*args):
            child = subprocess.Popen(
                [support.VMAF, *map(str, pair), "--threads", "1", "-q", *args],
                stdout=subprocess.DEVNULL,
            )
            _, status, usage = os.wait4(child.pid, 0)
            self.assertEqual(status, 0)
            return usage.ru_utime

        one_model = ["-m", "version=vmaf_v0.6.1"]
        two_models = [x for m in models for x in ("-m", f"version={m}:name={m}")]
        # In turn, so that a machine that slows down slows both; the least of each.
        times = [(cpu(*one_model), cpu(*two_models)) for _ in range(5)]
        one, two = map(min, zip(*times))
        self.assertLess(two, 1.7 * one)


class Models(Case):
    def score(self, spec, *args):
        report = support.score(*self.pair("B", 96, 80, frames=4), "-m", spec, *args)
        return [f["metrics"]["vmaf"] for f in report["frames"]]

    def test_version_and_path_agree(self):
        path = support.model_file("vmaf_v0.6.1")
        self.assertEqual(self.score("version=vmaf_v0.6.1"), self.score(f"path={path}"))

    def test_neg_is_a_gain_limit(self):
        support.model_file("vmaf_v0.6.1neg")
        limits = ":vif.vif_enhn_gain_limit=1.0:adm.adm_enhn_gain_limit=1.0"
        self.assertEqual(
            self.score("version=vmaf_v0.6.1neg"), self.score("version=vmaf_v0.6.1" + limits)
        )

    def test_clip(self):
        """Motion this large takes v0.6.1 past 100; only disable_clip shows it."""
        support.model_file("vmaf_v0.6.1")
        clipped = self.score("version=vmaf_v0.6.1")
        free = self.score("version=vmaf_v0.6.1:disable_clip")
        self.assertEqual(clipped, [min(max(s, 0), 100) for s in free])

    def test_transform(self):
        """The phone curve of v0.6.1, from its file: a parabola that never lowers a score."""
        support.model_file("vmaf_v0.6.1")
        plain = self.score("version=vmaf_v0.6.1:disable_clip")
        phone = self.score("version=vmaf_v0.6.1:disable_clip:enable_transform=true")
        for x, y in zip(plain, phone):
            curve = 1.70674692 + 1.72643844 * x - 0.00705305 * x * x
            self.assertAlmostEqual(y, max(x, curve), places=9)

    def collection(self, members):
        path = support.model_file("vmaf_v0.6.1")
        with open(path, encoding="utf-8") as f:
            base = json.load(f)
        whole = {}
        for i in range(members + 1):
            member = json.loads(json.dumps(base))
            member["model_dict"]["model_type"] = "BOOTSTRAP_LIBSVMNUSVR"
            member["model_dict"]["intercepts"][0] += 0.01 * i
            whole[str(i)] = member
        return self.file("collection.json", json.dumps(whole))

    def test_collection(self):
        """Members whose scores differ by a known amount: mean, spread and interval by hand."""
        n = 5
        path = self.collection(n)
        report = support.score(
            *self.pair("B", 96, 80, frames=4), "-m", f"path={path}:name=b:disable_clip"
        )
        with open(path, encoding="utf-8") as f:
            step = 0.01 / json.load(f)["0"]["model_dict"]["slopes"][0]
        for frame in report["frames"]:
            m = frame["metrics"]
            members = [m[f"b_{i:04}"] for i in range(1, n + 1)]
            for i, score in enumerate(members, 1):
                self.assertAlmostEqual(score, m["b"] - i * step, places=8)
            mean = sum(members) / n
            self.assertAlmostEqual(m["b_bagging"], mean, places=8)
            spread = (sum((s - mean) ** 2 for s in members) / n) ** 0.5
            self.assertAlmostEqual(m["b_stddev"], spread, places=5)
            # 2.5 % of the way through five sorted values is a tenth of the first gap.
            self.assertAlmostEqual(m["b_ci_p95_lo"], min(members) + 0.1 * step, places=8)
            self.assertAlmostEqual(m["b_ci_p95_hi"], max(members) - 0.1 * step, places=8)
        names = list(report["pooled_metrics"])
        self.assertEqual(
            names[names.index("b") :],
            ["b", *(f"b_{i:04}" for i in range(1, n + 1))]
            + ["b_bagging", "b_stddev", "b_ci_p95_lo", "b_ci_p95_hi"],
        )

    def test_list(self):
        result = support.run("--list-models")
        self.assertEqual(result.returncode, 0)
        with open(os.path.join(support.ROOT, "models", "models.json"), encoding="utf-8") as f:
            for model in json.load(f)["models"]:
                self.assertIn(model["version"], result.stdout)

    def test_missing_model_says_what_to_do(self):
        name = "vmaf_float_b_v0.6.3"
        if os.path.exists(os.path.join(support.ROOT, "models", "netflix", name + ".json")):
            self.skipTest("this build has it")
        self.check_fault(2, [name, "path="], *self.pair(), "-m", f"version={name}")


class Gate(Case):
    def args(self, limits):
        support.model_file("vmaf_v0.6.1")
        return [*self.pair("B", 96, 80, frames=4), "--fail-under", limits, "-q"]

    def test_passed(self):
        self.assertEqual(support.run(*self.args("mean=1,min=0,p5=0.5")).returncode, 0)

    def test_failed(self):
        """The report is written all the same."""
        out = self.path("out.json")
        result = support.run(*self.args("mean=1,p5=101,max=102"), "--json", "-o", out)
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertTrue(os.path.exists(out))
        text = result.stdout + result.stderr
        self.assertIn("p5", text)
        self.assertIn("102", text)


class Output(Case):
    def test_score_is_printed_off_a_terminal(self):
        support.model_file("vmaf_v0.6.1")
        result = support.run(*self.pair(), "-q")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"vmaf\S*: \d+\.\d+")
        self.assertEqual(result.stderr, "")

    def test_report_on_stdout_leaves_it_clean(self):
        support.model_file("vmaf_v0.6.1")
        result = support.run(*self.pair(), "-q", "--json", "-")
        support.parse_json(result.stdout)
        self.assertRegex(result.stderr, r"vmaf\S*: \d+\.\d+")

    def test_report_in_a_file_and_on_stdout(self):
        """Of -o FILE and --json - the last one won, and the other got nothing."""
        out = self.path("out.json")
        for where in (["-o", out, "--json", "-"], ["--json", "-", "-o", out], ["-o", out, "--json", "-o", "-"]):
            result = support.run(*self.pair(), *PSNR, "-q", *where)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertEqual(len(support.parse_json(result.stdout)["frames"]), 3)
            self.assertEqual(pathlib.Path(out).read_text(encoding="utf-8"), result.stdout)
            os.remove(out)
        merged = support.run(*self.pair(), *PSNR, "-q", "--precision", "max", "--json", "-o", out, "--chunk", "0:3")
        self.assertEqual(merged.returncode, 0, merged.stderr)
        other = self.path("merged.json")
        merged = support.run("--merge", out, "--json", "-", "-o", other)
        self.assertEqual(pathlib.Path(other).read_text(encoding="utf-8"), merged.stdout)
        support.parse_json(merged.stdout)

    def test_json_progress(self):
        result = support.run(*self.pair(frames=5), *PSNR, "--progress", "json", "--json", "-")
        self.assertEqual(result.returncode, 0)
        lines = [support.parse_json(s) for s in result.stderr.splitlines() if s.startswith("{")]
        self.assertEqual((lines[-1]["frame"], lines[-1]["total"], lines[-1]["done"]), (5, 5, True))

    def test_plain_progress(self):
        result = support.run(*self.pair(frames=5), *PSNR, "--progress", "plain")
        self.assertRegex(result.stderr, r"frame 5/5, [\d.]+ fps")
        self.assertNotIn("\x1b", result.stderr)

    def test_version(self):
        result = support.run("--version")
        self.assertEqual(result.returncode, 0)
        for word in ("0.1.0", "3.2"):
            self.assertIn(word, result.stdout + result.stderr)

    def test_help(self):
        result = support.run("--help")
        self.assertEqual(result.returncode, 0)
        for option in ("--reference", "--fail-under", "--precision", "--list-models"):
            self.assertIn(option, result.stdout)

    def test_list_features(self):
        result = support.run("--list-features")
        for name in ("vif", "adm", "motion", "psnr", "float_ssim", "float_ms_ssim", "float_adm"):
            self.assertRegex(result.stdout, rf"(?m)^\s*{name}\b")

    def test_abbreviated_options(self):
        self.assertEqual(support.run(*self.pair(), *PSNR, "--thr", 1, "--quie").returncode, 0)

    def test_presets_that_need_more_than_is_built(self):
        """They name what is missing instead of leaving it out."""
        support.model_file("vmaf_v0.6.1")
        result = support.run(*self.pair("A", 192, 180), "--aom_ctc", "v1.0")
        if result.returncode:
            self.assertEqual(result.returncode, 2)
            self.assertIn("ciede", result.stderr)


class Subsample(Case):
    def test_motion_sees_every_frame(self):
        pair = self.pair("A", 96, 80, frames=5)
        features = ["-n", "--feature", "motion", "--feature", "vif", "--feature", "psnr"]
        whole = support.score(*pair, *features)["frames"]
        part = support.score(*pair, *features, "--subsample", 2)["frames"]
        self.assertEqual([f["frameNum"] for f in part], [0, 2, 4])
        for frame in part:
            self.assertEqual(frame, whole[frame["frameNum"]])


if __name__ == "__main__":
    unittest.main()
