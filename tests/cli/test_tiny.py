# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Tiny models in the program: scores, names, every report, what is refused."""

import csv
import os
import sys
import unittest
import xml.etree.ElementTree as ET

import support
from support import Case, run, score

sys.path.insert(0, os.path.join(support.TESTS, "tiny"))

import wire  # noqa: E402

FEATURES = ["adm2", "vif_scale0", "vif_scale1", "vif_scale2", "vif_scale3", "motion2"]
# A sum with weights that tell the features apart.
WEIGHTS = [1.0, 2.0, 4.0, 8.0, 16.0, 0.5]
META = {
    "tinyvmaf.schema": "1",
    "trained": "1",
    "features": ",".join(FEATURES),
    "conformal_level": "0.9",
    "conformal_q": "0.25",
    "loso_rmse": "0.01",
}


def linear(meta=META, weights=WEIGHTS, **kwargs):
    tensors = [wire.tensor("w", [1, len(weights)], weights), wire.tensor("b", [1], [1.0])]
    inputs = [wire.value("input", ["batch", len(weights)])]
    return wire.linear(tensors=tensors, inputs=inputs, meta=meta, **kwargs)


class Tiny(Case):
    def model(self, name="sum.onnx", **kwargs):
        return self.file(name, linear(**kwargs))

    def frames(self, report):
        return [frame["metrics"] for frame in report["frames"]]

    def check_sums(self, report, name="sum"):
        for m in self.frames(report):
            want = 1 + sum(w * m["integer_" + f] for w, f in zip(WEIGHTS, FEATURES, strict=True))
            self.assertAlmostEqual(m[name], want, delta=1e-5)

    def test_scores_of_every_frame_and_pooled(self):
        report = score(*self.pair(), "--tiny-model", self.model())
        self.check_sums(report)
        values = [m["sum"] for m in self.frames(report)]
        self.assertAlmostEqual(report["pooled_metrics"]["sum"]["mean"], sum(values) / len(values), delta=1e-9)
        self.assertIn("vmaf", report["pooled_metrics"], "the default model scores as ever")

    def test_features_are_computed_on_demand(self):
        report = score(*self.pair(), "-n", "--tiny-model", self.model())
        self.check_sums(report)
        self.assertNotIn("vmaf", report["pooled_metrics"])

    def test_another_order_and_other_names(self):
        names = list(reversed(FEATURES))
        names[0] = "integer_" + names[0]
        path = self.model(meta={**META, "features": ",".join(names)}, weights=WEIGHTS[::-1])
        self.check_sums(score(*self.pair(), "-n", "--tiny-model", path))

    def test_options_of_features(self):
        path = self.model(meta={**META, "feature_options": "vif.vif_enhn_gain_limit=1,adm.adm_enhn_gain_limit=1"})
        report = score(*self.pair(), "-n", "--tiny-model", path)
        for m in self.frames(report):
            suffix = {"vif": "_egl_1", "adm": "_egl_1", "mot": ""}
            want = 1 + sum(
                w * m["integer_" + f + suffix[f[:3]]] for w, f in zip(WEIGHTS, FEATURES, strict=True)
            )
            self.assertAlmostEqual(m["sum"], want, delta=1e-5)

    def test_the_report_tells_what_the_model_is(self):
        report = score(*self.pair(), "--tiny-model", self.model() + ":name=mine")
        block = report["tinyvmaf"]["tiny_models"]
        self.assertEqual([m["name"] for m in block], ["mine"])
        self.assertEqual(block[0]["features"], FEATURES)
        self.assertEqual(block[0]["interval"], {"level": 0.9, "plus_minus": 0.25})
        self.assertEqual(block[0]["metadata"], META)
        self.assertEqual(len(block[0]["sha256"]), 64)
        self.assertIsNone(block[0]["id"])
        self.assertNotIn("tiny_models", score(*self.pair())["tinyvmaf"])

    def test_frames_outside_are_counted(self):
        limits = {"data_min": [0] * 6, "data_max": [2] * 5 + [1e-3], "box_min": [-1] * 6, "box_max": [3] * 5 + [1e6]}
        meta = {**META, **{k: ",".join(map(str, v)) for k, v in limits.items()}}
        report = score(*self.pair(), "-n", "--tiny-model", self.model(meta=meta))
        flags = [m["sum_outside"] for m in self.frames(report)]
        moving = [m["integer_motion2"] > 1.02e-3 for m in self.frames(report)]
        self.assertEqual([flag > 0 for flag in flags], moving)
        self.assertIn(True, moving)
        block = report["tinyvmaf"]["tiny_models"][0]
        self.assertEqual((block["frames_outside_training"], block["frames_outside_box"]), (sum(moving), 0))

    def test_frames_far_from_the_middle_are_counted(self):
        """The Mahalanobis distance, worked out here from the report's features."""
        names = ["integer_" + f for f in FEATURES]
        mean = [0.9, 0.5, 0.8, 0.85, 0.9, 4.0]
        rows = [[0.5 * (i + 1) if i == j else 0.25 * (j - i + 1) for j in range(i + 1)] for i in range(6)]
        meta = {**META, "data_mean": ",".join(map(str, mean)), "data_distance": "1e9",
                "data_whitening": ",".join(str(w) for row in rows for w in row)}
        frames = self.frames(score(*self.pair(), "-n", "--tiny-model", self.model(meta=meta)))
        self.assertEqual({m["sum_outside"] for m in frames}, {0})
        far = []
        for m in frames:
            x = [m[name] - middle for name, middle in zip(names, mean)]
            far.append(sum(sum(w * v for w, v in zip(row, x)) ** 2 for row in rows) ** 0.5)
        limit = (min(far) + max(far)) / 2
        meta["data_distance"] = repr(limit)
        report = score(*self.pair(), "-n", "--tiny-model", self.model(meta=meta))
        self.assertEqual([m["sum_outside"] for m in self.frames(report)], [int(d > limit) for d in far])
        block = report["tinyvmaf"]["tiny_models"][0]
        self.assertEqual((block["frames_outside_training"], block["frames_outside_box"]), (sum(d > limit for d in far), 0))

    def test_a_spread_is_a_score_of_its_own(self):
        nodes = [
            wire.node("Gemm", ["input", "w", "b"], ["score"], transB=1),
            wire.node("Gemm", ["input", "w"], ["stddev"], transB=1),
        ]
        outputs = [wire.value("score", ["batch", 1]), wire.value("stddev", ["batch", 1])]
        report = score(*self.pair(), "-n", "--tiny-model", self.model(nodes=nodes, outputs=outputs))
        for m in self.frames(report):
            self.assertAlmostEqual(m["sum"], m["sum_stddev"] + 1, delta=1e-4)

    def test_a_spread_is_no_model(self):
        """A model named like another's spread had its values written over, and nothing said so."""
        nodes = [
            wire.node("Gemm", ["input", "w", "b"], ["score"], transB=1),
            wire.node("Gemm", ["input", "w"], ["stddev"], transB=1),
        ]
        outputs = [wire.value("score", ["batch", 1]), wire.value("stddev", ["batch", 1])]
        spread = self.model("spread.onnx", nodes=nodes, outputs=outputs)
        plain = self.model("plain.onnx") + ":name=spread_stddev"
        args = [*self.pair(), "-n", "-q"]
        words = ["both give the score spread_stddev", "another name"]
        for first, second in (spread, plain), (plain, spread):
            done = run(*args, "--tiny-model", first, "--tiny-model", second)
            self.assertNotEqual(done.returncode, 0)
            for word in words:
                self.assertIn(word, done.stderr)
        self.assertEqual(run(*args, "--tiny-model", spread, "--tiny-model", self.model("plain.onnx")).returncode, 0)

    def test_every_format_has_the_scores(self):
        path = self.model()
        expected = [f"{m['sum']:.6f}" for m in self.frames(score(*self.pair(), "-n", "--tiny-model", path))]
        for form in "xml", "csv", "sub", "json":
            with self.subTest(form):
                out = self.path("report." + form)
                done = run(*self.pair(), "-n", "--tiny-model", path, "-q", f"--{form}", "-o", out)
                self.assertEqual(done.returncode, 0, done.stderr)
                with open(out, encoding="utf-8") as f:
                    text = f.read()
                if form == "xml":
                    root = ET.fromstring(text)
                    got = [frame.get("sum") for frame in root.iter("frame")]
                    self.assertEqual(root.find("tinyvmaf/tiny_model").get("interval_level"), "0.90000000000000002")
                elif form == "csv":
                    got = [row["sum"] for row in csv.DictReader(text.splitlines())]
                else:
                    got = [value for value in expected if value in text]
                self.assertEqual(got, expected)

    def test_several_and_as_a_model(self):
        path = self.model()
        done = run(*self.pair(), "-n", "--tiny-model", path, "--tiny-model", path + ":name=again", "-q")
        first, second = done.stdout.splitlines()[:2]
        self.assertEqual(first.split()[1], second.split()[1])
        self.assertEqual((first.split()[0], second.split()[0]), ("sum:", "again:"))
        self.check_fault(1, ["two models", "sum"], *self.pair(), "--tiny-model", path, "--tiny-model", path)
        self.check_sums(score(*self.pair(), "-m", f"path={path}:name=sum"))

    def test_limits_are_about_the_tiny_model_alone(self):
        path = self.model()
        self.assertEqual(run(*self.pair(), "-n", "--tiny-model", path, "-q", "--fail-under", "mean=0").returncode, 0)
        done = run(*self.pair(), "-n", "--tiny-model", path, "-q", "--fail-under", "mean=1000")
        self.assertEqual(done.returncode, 3)
        self.assertIn("mean of sum", done.stderr)

    def test_threads_and_levels_do_not_matter(self):
        path = self.model()
        args = [*self.pair(frames=5), "-n", "--tiny-model", path, "-q", "--json", "-", "--reproducible"]
        first = run(*args).stdout
        for other in ["--threads", 1], ["--threads", 3], ["--cpumask", 63], ["--cpumask", 48]:
            self.assertEqual(run(*args, *other).stdout, first)

    def test_chunks_make_the_report_of_the_whole(self):
        path = self.model(meta={**META, "box_min": "0,0,0,0,0,0", "box_max": "1,1,1,1,1,1"})
        args = [*self.pair(frames=7), "-n", "--tiny-model", path, "-q", "--reproducible", "--precision", "max", "--json"]
        names = []
        for name, chunk in (("whole", []), ("a", ["--chunk", "0:3"]), ("b", ["--chunk", "3:4"])):
            names.append(self.path(name + ".json"))
            self.assertEqual(run(*args, *chunk, "-o", names[-1]).returncode, 0)
        merged = self.path("merged.json")
        done = run("--merge", *names[1:], "--json", "-q", "--reproducible", "--precision", "max", "-o", merged)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(names[0]) as whole, open(merged) as again:
            whole, again = support.parse_json(whole.read()), support.parse_json(again.read())
        self.assertEqual(whole["tinyvmaf"]["tiny_models"], again["tinyvmaf"]["tiny_models"])
        self.assertEqual(whole["frames"], again["frames"])

    def test_untrained_models_are_told(self):
        done = run(*self.pair(), "-n", "-q", "--tiny-model", self.model(meta={**META, "trained": "0"}))
        self.assertEqual(done.returncode, 0)
        self.assertIn("warning", done.stderr)
        self.assertIn("untrained", done.stderr)

    def test_device_flags_have_no_effect(self):
        path = self.model()
        plain = run(*self.pair(), "-n", "-q", "--tiny-model", path)
        for flags in ["--tiny-device", "cuda"], ["--dnn-ep", "openvino"], ["--tiny-threads", 4], ["--tiny-fp16"]:
            done = run(*self.pair(), "-n", "-q", "--tiny-model", path, *flags)
            self.assertEqual((done.returncode, done.stdout), (0, plain.stdout))
            self.assertIn(f"{flags[0]} has no effect", done.stderr)

    def test_verified_models(self):
        import hashlib
        import json

        path = self.model()
        with open(path, "rb") as f:
            digest = hashlib.sha256(f.read()).hexdigest()
        args = [*self.pair(), "-n", "-q", "--tiny-verify", "--tiny-model", path]
        self.check_fault(2, ["no registry"], *args)
        entry = {"id": "sum", "kind": "fr", "onnx": "sum.onnx", "sha256": digest}
        self.file("registry.json", json.dumps({"models": [entry]}))
        self.assertEqual(run(*args).returncode, 0)
        self.file("registry.json", json.dumps({"models": [{**entry, "sha256": "0" * 64}]}))
        self.check_fault(2, [digest, "0" * 64], *args)
        self.file("registry.json", "{")
        self.check_fault(2, ["registry", "line 1"], *args)
        # a scaling beside the file changed the scores of a model whose digest was right
        self.file("registry.json", json.dumps({"models": [entry]}))
        self.file("sum.json", json.dumps({"feature_mean": [1] * 6, "feature_std": [1] * 6}))
        self.check_fault(2, ["description beside it"], *args)
        options = ",".join(f"vif.o{i}=1" for i in range(65))
        for text, words in ((options, "more than 64 options"), ("vif.=1", "no name")):
            bad = self.model("o.onnx", meta={**META, "feature_options": text})
            self.check_fault(2, ["o.onnx", words], *self.pair(), "--tiny-model", bad)

    def test_what_is_refused(self):
        pair = self.pair()
        unknown = self.model("u.onnx", meta={**META, "features": "adm2,vif_scale0,vif_scale1,cambi,vif_scale3,motion2"})
        self.check_fault(2, ["u.onnx", "cambi"], *pair, "--tiny-model", unknown)
        self.check_fault(2, ["nosuchmodel"], *pair, "--tiny-model", "nosuchmodel")
        self.check_fault(2, ["none.onnx"], *pair, "--tiny-model", self.path("none.onnx"))
        self.check_fault(1, ["names no model"], *pair, "--tiny-model", "name=x")
        self.check_fault(1, ["clip"], *pair, "--tiny-model", unknown + ":clip=1")
        options = self.model("o.onnx", meta={**META, "feature_options": "psnr.x=1"})
        self.check_fault(2, ["o.onnx", "psnr"], *pair, "--tiny-model", options)
        limits = self.model("l.onnx", meta={**META, "data_min": "1,2,x"})
        self.check_fault(2, ["l.onnx", "data_min"], *pair, "--tiny-model", limits)
        for key, text in (("data_whitening", ",".join(["1"] * 20)), ("data_distance", "nan"), ("data_mean", "")):
            limits = self.model("l.onnx", meta={**META, key: text})
            self.check_fault(2, ["l.onnx", key], *pair, "--tiny-model", limits)
        clip = self.model("c.onnx")
        self.check_fault(2, ["c.onnx", "clip"], *pair, "-m", f"path={clip}:disable_clip")

    def test_quantised_models_score_the_clip(self):
        nodes = [
            wire.node("DynamicQuantizeLinear", ["input"], ["q", "s", "z"]),
            wire.node("Mul", ["s", "ws"], ["k"]),
            wire.node("MatMulInteger", ["q", "w8", "z"], ["i"]),
            wire.node("Cast", ["i"], ["c"], to=1),
            wire.node("Mul", ["c", "k"], ["score"]),
        ]
        tensors = [
            wire.tensor("w8", [6, 1], raw=bytes([10, 20, 30, 40, 50, 60]), kind=wire.INT8),
            wire.tensor("ws", [], [0.1]),
        ]
        path = self.file("q.onnx", wire.linear(nodes=nodes, tensors=tensors, meta=META))
        report = score(*self.pair(frames=6), "-n", "--tiny-model", path)
        for m in self.frames(report):
            x = [m["integer_" + f] for f in FEATURES]
            want = sum(a * b for a, b in zip(x, [1, 2, 3, 4, 5, 6], strict=True))
            step = max(max(mm["integer_" + f] for f in FEATURES) for mm in self.frames(report)) / 255
            self.assertAlmostEqual(m["q"], want, delta=step * 0.6 * 21)


if __name__ == "__main__":
    unittest.main()
