# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The models that the build embeds: what their cards say, and that anyone can make them again."""

import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import unittest

import support
from support import Case

FOLDER = os.path.join(support.ROOT, "models", "tiny")
TRAIN = os.path.join(support.ROOT, "bin", "vmaf-train")
# What is promised on rows that the model was trained on: RMSE, and the largest error.
PROMISES = {
    "vmaf_tiny_tanh": ("natural", [], 0.02, 0.1),
    "vmaf_tiny_v1": ("natural", [], 0.3, 1.5),
    "vmaf_tiny_v1_medium": ("natural", [], 0.3, 2.5),
    "vmaf_tiny_4k": ("natural", ["--relabel", "--teacher", "version=vmaf_4k_v0.6.1"], 0.02, 0.1),
    "vmaf_tiny_neg": ("natural_neg", ["--teacher", "version=vmaf_v0.6.1neg"], 0.02, 0.1),
    "vmaf_fast_v1": ("fast", [], 1, 12),
}


def registry():
    with open(os.path.join(FOLDER, "registry.json"), encoding="utf-8") as f:
        return json.load(f)["models"]


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    return done.returncode, done.stdout


class Shipped(Case):
    def test_files_are_those_registered(self):
        for entry in registry():
            with self.subTest(entry["id"]), open(os.path.join(FOLDER, entry["onnx"]), "rb") as f:
                self.assertEqual(hashlib.sha256(f.read()).hexdigest(), entry["sha256"])
                with open(os.path.join(FOLDER, entry["id"] + ".md"), encoding="utf-8") as card:
                    text = card.read()
                self.assertIn(entry["sha256"], text)
                for heading in ("Every source left out in turn", "Limits", "Again"):
                    self.assertIn("## " + heading, text)

    def test_cards_say_what_loso_found(self):
        for entry in registry():
            with open(os.path.join(FOLDER, "figures", entry["id"] + ".json"), encoding="utf-8") as f:
                figures = json.load(f)["runs"][0]
            with open(os.path.join(FOLDER, entry["id"] + ".md"), encoding="utf-8") as f:
                rows = re.findall(r"^\| (\w+) \| \d+ \| .* \| ([\d.]+) \| [\d.]+ \|$", f.read(), flags=re.M)
            want = {fold["source"]: f"{fold['rmse']:.4f}" for fold in figures["folds"]}
            self.assertEqual(dict(rows), want, entry["id"])

    def test_made_again(self):
        """Two of them here; models/tiny_models.py --check makes them all."""
        support.model_file("vmaf_v0.6.1")
        script = os.path.join(support.ROOT, "models", "tiny_models.py")
        code, out = run(sys.executable, script, "--check", "vmaf_tiny_v1", "vmaf_fast_v1")
        self.assertEqual(out, "vmaf_tiny_v1: equal\nvmaf_fast_v1: equal\n")
        self.assertEqual(code, 0)

    def test_they_follow_their_teachers(self):
        for name, (data, options, rmse, most) in PROMISES.items():
            support.model_file("vmaf_v0.6.1")
            rows = os.path.join(FOLDER, "data", data + ".npy")
            model = os.path.join(FOLDER, name + ".onnx")
            limits = ["--max-rmse", str(rmse), "--max-error", str(most)]
            with self.subTest(name):
                features = [] if data == "natural" else ["--features", self.features(name)]
                code, out = run(TRAIN, "eval", "--data", rows, *features, *options, *limits, model)
                self.assertEqual(code, 0, out)

    def features(self, name):
        with open(os.path.join(FOLDER, name + ".json"), encoding="utf-8") as f:
            return ",".join(json.load(f)["features"])

    def test_all_score_in_one_run(self):
        pair = self.pair("B", 192, 180, frames=3)
        names = [entry["id"] for entry in registry()]
        report = support.score(*pair, "-n", *(x for n in names for x in ("--tiny-model", n)), "--tiny-verify")
        for frame in report["frames"]:
            for name in names:
                self.assertTrue(0 <= frame["metrics"][name] <= 100, name)
        self.assertEqual([m["id"] for m in report["tinyvmaf"]["tiny_models"]], names)

    def test_neg_reads_features_of_neg(self):
        support.model_file("vmaf_v0.6.1neg")
        pair = self.pair("B", 192, 180, frames=2)
        report = support.score(*pair, "-m", "version=vmaf_v0.6.1neg:name=neg", "--tiny-model", "vmaf_tiny_neg")
        self.assertIn("integer_adm2_egl_1", report["frames"][0]["metrics"])
        self.assertNotIn("integer_adm2", report["frames"][0]["metrics"])


class FastOption(Case):
    def test_it_takes_the_place_of_the_default_model(self):
        pair = self.pair("B", 192, 180, frames=3)
        frames = support.score(*pair, "--fast")["frames"]
        self.assertNotIn("vmaf", frames[0]["metrics"])
        want = support.score(*pair, "-n", "--tiny-model", "vmaf_fast_v1")["frames"]
        self.assertEqual(frames, want)

    def test_beside_a_model(self):
        support.model_file("vmaf_v0.6.1")
        pair = self.pair("B", 192, 180, frames=3)
        metrics = support.score(*pair, "--fast", "-m", "version=vmaf_v0.6.1")["frames"][0]["metrics"]
        self.assertIn("vmaf", metrics)
        self.assertIn("vmaf_fast_v1", metrics)

    def test_in_csv(self):
        pair = self.pair("B", 192, 180, frames=2)
        out = support.run(*pair, "--fast", "-q", "--csv", "-o", "-").stdout
        rows = list(csv.DictReader(io.StringIO(out)))
        self.assertEqual(len(rows), 2)
        self.assertIn("vmaf_fast_v1", rows[0])


if __name__ == "__main__":
    unittest.main()
