# SPDX-License-Identifier: BSD-2-Clause-Patent
"""train/make_corpus.py: the plan it follows, and a corpus built from a video made here."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import unittest
from unittest import mock

import support
from corpora import CorpusCase

SCRIPT = os.path.join(support.ROOT, "train", "make_corpus.py")
spec = importlib.util.spec_from_file_location("make_corpus", SCRIPT)
make_corpus = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make_corpus)


def plan():
    with open(os.path.join(support.ROOT, "train", "clips.json"), encoding="utf-8") as f:
        return json.load(f)


class Plan(unittest.TestCase):
    def test_every_file_is_pinned_and_every_name_fits(self):
        names = [source["name"] for file in plan()["files"] for source in file["sources"]]
        self.assertEqual(len(names), len(set(names)))
        self.assertGreaterEqual(len(names), 8)
        for file in plan()["files"]:
            self.assertRegex(file["sha256"], r"^[0-9a-f]{64}$")
            self.assertTrue(file["from"] == "debian" or file["version"])
            self.assertFalse(file["path"].startswith("/") or ".." in file["path"])
        for name in names:
            self.assertRegex(name, r"^[A-Za-z0-9]+$")

    def test_two_cuts_of_one_file_are_one_group(self):
        for file in plan()["files"]:
            self.assertTrue(len(file["sources"]) == 1 or file["group"])

    def test_a_wrong_digest_is_not_used(self):
        with mock.patch.object(make_corpus, "CLIPS", "/nowhere"), mock.patch.object(
            make_corpus.os, "makedirs"
        ), mock.patch.object(make_corpus.tempfile, "TemporaryDirectory") as folder:
            folder.return_value.__enter__.return_value = os.path.dirname(SCRIPT)
            with mock.patch.object(make_corpus, "unpack_npm", return_value=SCRIPT):
                file = dict(plan()["files"][0], sha256="0" * 64)
                with self.assertRaisesRegex(make_corpus.Unavailable, "SHA-256"):
                    make_corpus.fetch(file)
        self.assertTrue(os.path.exists(SCRIPT))


@unittest.skipUnless(shutil.which("ffmpeg"), "ffmpeg is not installed")
class Build(CorpusCase):
    PLAN = {
        "width": 64,
        "height": 36,
        "rungs": [{"quality": 90, "height": 36, "crf": 20}, {"quality": 20, "height": 18, "crf": 35}],
    }

    def setUp(self):
        super().setUp()
        source = self.file("x.y4m", support.y4m("B", "ref", 80, 60, frames=12))
        self.video_path = self.path("x.mp4")
        command = ["ffmpeg", "-nostdin", "-v", "error", "-i", source, self.video_path]
        subprocess.run(command, check=True)
        self.files = [
            {
                "path": "x.mp4",
                "fps": 25,
                "group": "Film",
                "sha256": make_corpus.digest(self.video_path),
                "sources": [{"name": "One", "first": 0, "frames": 5}, {"name": "Two", "first": 6, "frames": 4}],
            }
        ]

    def build(self, folder):
        with mock.patch.object(make_corpus, "say"):
            make_corpus.build([(file, self.video_path) for file in self.files], self.PLAN, folder)

    def test_what_is_built_can_be_scanned(self):
        folder = self.path("built")
        self.build(folder)
        self.root = folder
        report = self.scan()
        self.assertEqual((report["n_sources"], report["n_pairs"]), (2, 4))
        self.assertEqual(report["skipped"], [])
        self.assertEqual({pair["group"] for pair in report["pairs"]}, {"Film"})
        self.assertEqual([pair["frames"] for pair in report["pairs"]], [5, 5, 4, 4])
        for pair in report["pairs"]:
            self.assertTrue(re.fullmatch(r"(One|Two)_(90_36|20_18)_\d+", pair["key"]))
            self.assertEqual(pair["geometry_from"], "corpus.json")

    def test_it_is_whole_or_not_there(self):
        folder = self.path("built")
        self.files[0]["sources"][1]["frames"] = 40
        with self.assertRaisesRegex(RuntimeError, "Two"):
            self.build(folder)
        self.assertEqual([n for n in os.listdir(self.folder) if n.startswith("built")], [])

    def test_what_somebody_else_made_is_left_alone(self):
        self.put("ref/mine.yuv", b"x")
        done = subprocess.run([sys.executable, SCRIPT, self.root], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 4)
        self.assertIn("left alone", done.stdout)
        self.assertTrue(os.path.exists(os.path.join(self.root, "ref", "mine.yuv")))

    def test_without_network_it_says_so(self):
        """No downloader in the path."""
        bin_folder = self.path("bin")
        os.mkdir(bin_folder)
        os.symlink(shutil.which("ffmpeg"), os.path.join(bin_folder, "ffmpeg"))
        script = self.path("train/make_corpus.py")
        shutil.copytree(os.path.dirname(SCRIPT), self.path("train"))
        env = {**self.env, "PATH": bin_folder}
        done = subprocess.run([sys.executable, script], env=env, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertIn("left out: WhiteDog", done.stdout)
        self.assertIn("fewer than two sources", done.stdout)


if __name__ == "__main__":
    unittest.main()
