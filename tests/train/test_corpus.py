# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What vmaf-train scan finds in a corpus, what it leaves out, and why."""

import json
import os
import shutil
import subprocess
import unittest

import corpora
import support
from corpora import CorpusCase, H, W


class Listing(CorpusCase):
    def skipped(self, report):
        return {entry["file"]: entry["kind"] for entry in report["skipped"]}

    def test_a_corpus_is_listed_in_byte_order(self):
        self.small()
        report = self.scan()
        self.assertEqual((report["n_sources"], report["n_pairs"], report["skipped"]), (2, 4, []))
        self.assertEqual(
            [pair["key"] for pair in report["pairs"]],
            ["Alpha_20_18_100", "Alpha_90_36_900", "Beta_20_18_80", "Beta_90_36_700"],
        )
        for pair in report["pairs"]:
            self.assertEqual((pair["width"], pair["height"], pair["frames"]), (W, H, 3))
            self.assertEqual(pair["geometry_from"], "inferred")

    def test_the_table_shows_each_clip(self):
        self.small()
        text = self.good("scan").stdout
        for word in ("Alpha_20_18_100.yuv", "64x36 yuv420 8 bit, inferred", "2 sources, 4 pairs, 12 frames"):
            self.assertIn(word, text)

    def test_100_comes_before_20(self):
        self.video("ref/Alpha_25fps.yuv")
        for quality in (20, 100):
            self.video(f"dis/Alpha_{quality}_36_1.yuv")
        keys = [pair["key"] for pair in self.scan()["pairs"]]
        self.assertEqual(keys, ["Alpha_100_36_1", "Alpha_20_36_1"])

    def test_every_skipped_file_has_its_reason(self):
        self.small()
        os.mkdir(os.path.join(self.root, "dis", "Alpha_1_36_2.yuv"))
        for name in (
            "ref/notes.txt",
            "ref/Gamma.yuv",
            "ref/Ga-mma_25fps.yuv",
            "ref/Gamma_1001fps.yuv",
            "ref/Gamma_25fps.YUV",
            "ref/Lonely_25fps.yuv",
            "ref/Gamma_20_36_100.yuv",
            "dis/Alpha_20_36.yuv",
            "dis/Alpha_20_36_1234567890.yuv",
            "dis/Alpha_20_36_1_2.yuv",
            "dis/Alpha_20_36_x.yuv",
            "dis/_20_36_1.yuv",
            "dis/alpha_20_36_1.yuv",
            "dis/Alpha_25fps.yuv",
            "dis/.yuv",
            "dis/" + "A" * 130 + "_1_2_3.yuv",
        ):
            self.put(name, b"x")
        skipped = self.skipped(self.scan())
        expected = {
            "ref/notes.txt": "suffix",
            "ref/Gamma.yuv": "name",
            "ref/Ga-mma_25fps.yuv": "name",
            "ref/Gamma_1001fps.yuv": "name",
            "ref/Gamma_25fps.YUV": "suffix",
            "ref/Lonely_25fps.yuv": "no_distorted",
            "ref/Gamma_20_36_100.yuv": "name",
            "dis/Alpha_20_36.yuv": "name",
            "dis/Alpha_20_36_1234567890.yuv": "name",
            "dis/Alpha_20_36_1_2.yuv": "name",
            "dis/Alpha_20_36_x.yuv": "name",
            "dis/_20_36_1.yuv": "name",
            "dis/alpha_20_36_1.yuv": "no_reference",
            "dis/Alpha_25fps.yuv": "name",
            "dis/.yuv": "suffix",
            "dis/" + "A" * 130 + "_1_2_3.yuv": "name",
            "dis/Alpha_1_36_2.yuv": "type",
        }
        self.assertEqual(skipped, expected)

    def test_control_characters_do_not_reach_the_terminal(self):
        self.small()
        self.put("dis/Alpha\x1b[31m_1_2_3.yuv", b"x")
        self.put("dis/Al\npha_1_2_3.yuv", b"x")
        text = self.good("scan").stdout
        self.assertNotIn("\x1b", text)
        self.assertIn("dis/Al?pha_1_2_3.yuv", text)

    def test_the_older_form_of_references(self):
        self.video("ref/Alpha_0_36_0.yuv")
        self.video("dis/Alpha_05_36_0100.yuv")
        report = self.scan()
        self.assertEqual(report["pairs"][0]["reference"], "ref/Alpha_0_36_0.yuv")
        self.assertEqual(report["pairs"][0]["key"], "Alpha_05_36_0100")

    def test_two_references_of_a_source_are_refused_by_name(self):
        self.small()
        self.video("ref/Alpha_0_36_0.yuv")
        report = self.scan(code=2)
        self.assertEqual(report["n_pairs"], 2)
        for entry in report["skipped"]:
            for name in ("ref/Alpha_25fps.yuv", "ref/Alpha_0_36_0.yuv"):
                self.assertIn(name, entry["reason"])

    def test_two_files_of_one_stem_are_refused(self):
        self.small()
        self.put("dis/Alpha_20_18_100.y4m", support.y4m("A", "dis", W, H))
        report = self.scan(code=2)
        self.assertEqual(report["skipped_by_kind"]["duplicate"], 2)

    def test_links_within_the_corpus_only(self):
        self.small()
        outside = self.file("outside.yuv", b"\0" * (W * H * 3 // 2 * 3))
        os.symlink("Alpha_20_18_100.yuv", os.path.join(self.root, "dis", "Alpha_30_36_5.yuv"))
        os.symlink(outside, os.path.join(self.root, "dis", "Alpha_40_36_5.yuv"))
        os.symlink("../../outside.yuv", os.path.join(self.root, "dis", "Alpha_50_36_5.yuv"))
        os.mkfifo(os.path.join(self.root, "dis", "Alpha_60_36_5.yuv"))
        report = self.scan()
        self.assertEqual(
            self.skipped(report),
            {f"dis/Alpha_{q}_36_5.yuv": "type" for q in (40, 50, 60)},
        )
        self.assertIn("Alpha_30_36_5", [pair["key"] for pair in report["pairs"]])

    @unittest.skipIf(support.SANITIZED, "the sanitizer's leak check cannot be traced")
    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_sandboxes_that_know_no_openat2(self):
        """Where it gave EPERM, as in containers of some age, no file could be opened."""
        self.small()
        os.symlink("Alpha_20_18_100.yuv", os.path.join(self.root, "dis", "Alpha_30_36_5.yuv"))
        for error in ("EPERM", "ENOSYS"):
            command = ["strace", "-f", "-qq", "-o", self.path("log"), "-e", "trace=openat2"]
            command += ["-e", f"inject=openat2:error={error}", corpora.PROGRAM, "scan", "--data-root", self.root]
            done = subprocess.run([*command, "--json", "-"], env=self.env, capture_output=True, text=True, timeout=60)
            if "ptrace" in done.stderr:
                self.skipTest("tracing is not allowed here")
            report = support.parse_json(done.stdout)
            self.assertEqual(len(report["pairs"]), 4, error)
            self.assertEqual(self.skipped(report), {"dis/Alpha_30_36_5.yuv": "type"})

    def test_groups_and_rates_of_corpus_json(self):
        self.small()
        self.put("corpus.json", '{"sources": {"Alpha": {"group": "Film"}, "Beta": {"group": "Film"}}}')
        self.assertEqual({pair["group"] for pair in self.scan()["pairs"]}, {"Film"})

    def test_max_pairs_takes_sources_in_turn(self):
        self.small()
        report = self.scan("--max-pairs", 3)
        keys = [pair["key"] for pair in report["pairs"]]
        self.assertEqual(keys, ["Alpha_20_18_100", "Alpha_90_36_900", "Beta_20_18_80"])
        self.assertEqual(self.skipped(report), {"dis/Beta_90_36_700.yuv": "limit"})
        self.assertEqual(self.scan("--max-pairs", 2)["n_sources"], 2)


class Faults(CorpusCase):
    def test_no_corpus(self):
        self.check_refused(2, ["no corpus", "--data-root"], "scan", root=False)
        shutil.rmtree(self.root)
        self.check_refused(2, ["cannot open the corpus", "no such file"], "scan")

    def test_the_flag_wins_over_the_variable(self):
        self.small()
        env = {**self.env, "VMAF_DATA_ROOT": self.path("nowhere")}
        self.good("scan", env=env)
        result = corpora.run("scan", env=env)
        self.assertEqual(result.returncode, 2)
        self.assertIn("nowhere", result.stderr)
        env["VMAF_DATA_ROOT"] = self.root
        self.assertEqual(corpora.run("scan", env=env).returncode, 0)

    def test_a_folder_is_missing(self):
        for folder in ("ref", "dis"):
            with self.subTest(folder):
                os.rmdir(os.path.join(self.root, folder))
                self.check_refused(2, [f"{folder}/", "no such file"], "scan")
                os.mkdir(os.path.join(self.root, folder))

    def test_nothing_usable_is_counted_by_reason(self):
        self.check_refused(2, ["no pair", "empty"], "scan")
        self.video("ref/Alpha_25fps.yuv")
        self.video("dis/Beta_1_36_2.yuv")
        self.put("dis/nonsense.yuv")
        for command in ("scan", "extract-features", "export-dataset"):
            with self.subTest(command):
                args = ["--output", self.path("x.csv")] if command == "export-dataset" else []
                self.check_refused(
                    2,
                    [
                        "1 misnamed file",
                        "1 distorted file without a reference",
                        "1 reference without distorted files",
                    ],
                    command,
                    *args,
                )
        self.assertFalse(os.path.exists(self.path("x.csv")))

    def test_cut_off_and_empty_files(self):
        self.small()
        path = os.path.join(self.root, "dis", "Alpha_20_18_100.yuv")
        os.truncate(path, os.path.getsize(path) - 100)
        self.put("dis/Beta_20_18_80.yuv")
        report = self.scan("--assume-dims", "64x36", code=2)
        self.assertEqual(report["skipped_by_kind"]["damaged"], 2)
        reasons = " ".join(x["reason"] for x in report["skipped"])
        self.assertIn("cut off", reasons)
        self.assertIn("is empty", reasons)
        self.assertEqual(self.scan("--assume-dims", "64x36", "--skip-unusable")["n_pairs"], 2)

    def test_unequal_lengths_are_told(self):
        self.small()
        self.put("corpus.json", '{"format": {"width": 64, "height": 36}}')
        self.video("dis/Alpha_20_18_100.yuv", "A", frames=5)
        pair = self.scan()["pairs"][0]
        self.assertEqual((pair["reference_frames"], pair["distorted_frames"], pair["frames"]), (3, 5, 3))
        self.assertIn("3 in common", pair["note"])

    def test_corpus_json_is_checked(self):
        self.small()
        for text, words in (
            ("{", ["line 1"]),
            ("[]", ["not an object"]),
            ('{"format": {"width": 64}}', ["one of width and height"]),
            ('{"format": {"width": 0, "height": 36}}', ["width"]),
            ('{"format": {"width": 99999, "height": 36}}', ["width", "32768"]),
            ('{"format": {"width": 64.0, "height": 36}}', ["width"]),
            ('{"format": {"pixel_format": "nv12"}}', ["pixel_format"]),
            ('{"format": {"fps": 1001}}', ["fps"]),
            ('{"format": {"group": "x"}}', ["unknown key", "group"]),
            ('{"source": {}}', ["unknown key", "source"]),
            ('{"sources": {"Alpha": {"group": "../x"}}}', ["group", "letters and digits"]),
            ('{"sources": {"Alpha": 3}}', ["Alpha", "not an object"]),
            ('{"sources": {}, "sources": {}}', ["duplicate"]),
            (b"\xff\xfe", ["line 1"]),
            ('{"format": ' * 5000, ["depth"]),
            (b" " * (5 << 20), ["larger"]),
        ):
            with self.subTest(text[:60]):
                self.put("corpus.json", text)
                self.check_refused(2, ["corpus.json", *words], "scan")

    def test_json_report_that_cannot_be_written(self):
        self.small()
        self.check_refused(4, ["cannot write", "nowhere"], "scan", "--json", self.path("nowhere/x.json"))
        self.check_refused(4, ["cannot write", "no space"], "scan", "--json", "/dev/full")


class Geometry(CorpusCase):
    def one(self, *args, code=0):
        report = self.scan(*args, code=code)
        return report["pairs"][0] if report["pairs"] else report["skipped"][0]

    def test_a_size_alone_decides_nothing(self):
        self.video("ref/Alpha_25fps.yuv", w=128, h=72)
        self.video("dis/Alpha_20_50_1.yuv", w=128, h=72)
        entry = self.one(code=2)
        self.assertEqual(entry["kind"], "geometry")
        self.assertIn("--assume-dims", entry["reason"])

    def test_sizes_that_would_fit_are_listed(self):
        for name in ("ref/Alpha_25fps.yuv", "dis/Alpha_20_100_1.yuv"):
            self.put(name, bytes(320 * 180 * 3 // 2 * 4))
        reason = self.one(code=2)["reason"]
        self.assertIn("640x360", reason)
        self.assertIn("320x180", reason)
        self.assertNotIn("1920x1080", reason)

    def test_the_ladder_needs_equal_lengths(self):
        self.video("ref/Alpha_25fps.yuv", frames=3)
        self.video("dis/Alpha_20_36_1.yuv", frames=4)
        self.assertEqual(self.one(code=2)["kind"], "geometry")
        self.assertEqual(self.one("--assume-dims", "64x36")["frames"], 3)

    def test_ladder_widths_are_even(self):
        # 480 * 16 / 9 = 853.33: 854 is nearer than 852
        for name in ("ref/Alpha_25fps.yuv", "dis/Alpha_20_480_1.yuv"):
            self.put(name, bytes(854 * 480 * 3 // 2))
        entry = self.one()
        self.assertEqual((entry["width"], entry["height"]), (854, 480))

    def test_what_wins(self):
        self.video("ref/Alpha_25fps.yuv")
        self.video("dis/Alpha_20_36_1.yuv")
        self.assertEqual(self.one()["geometry_from"], "inferred")
        self.put("corpus.json", '{"sources": {"Alpha": {"width": 32, "height": 36}}}')
        entry = self.one()
        self.assertEqual((entry["geometry_from"], entry["width"], entry["frames"]), ("corpus.json", 32, 6))
        entry = self.one("--assume-dims", "64x18")
        self.assertEqual((entry["geometry_from"], entry["height"], entry["frames"]), ("assume-dims", 18, 6))
        text = {
            "format": {"width": 16, "height": 36},
            "files": {n: {"width": 64, "height": 36} for n in ("ref/Alpha_25fps.yuv", "dis/Alpha_20_36_1.yuv")},
        }
        self.put("corpus.json", json.dumps(text))
        self.assertEqual(self.one()["width"], 64)

    def test_a_description_beside_a_file(self):
        for name in ("ref/Alpha_25fps.yuv", "dis/Alpha_20_36_1.yuv"):
            self.video(name, w=32, h=50)
            self.put(name + ".json", '{"width": 32, "height": 50}')
        entry = self.one()
        self.assertEqual((entry["geometry_from"], entry["width"], entry["frames"]), ("corpus.json", 32, 3))
        self.put("dis/Beta_20_36_1.yuv.json", '{"width": 32, "height": 50}')
        skipped = self.scan()["skipped"]
        self.assertEqual([(x["file"], x["kind"]) for x in skipped], [("dis/Beta_20_36_1.yuv.json", "suffix")])
        self.put("dis/Alpha_20_36_1.yuv.json", '{"width": 32}')
        self.check_refused(2, ["dis/Alpha_20_36_1.yuv.json", "width and height"], "scan")
        self.put("dis/Alpha_20_36_1.yuv.json", '{"width": 32, "height": 50}')
        self.put("corpus.json", '{"files": {"dis/Alpha_20_36_1.yuv": {"width": 64, "height": 36}}}')
        self.check_refused(2, ["dis/Alpha_20_36_1.yuv.json", "corpus.json lists"], "scan")

    def test_deep_samples_and_other_chroma(self):
        for bits, chroma in ((10, "422"), (12, "444"), (16, "420"), (8, "400")):
            with self.subTest((bits, chroma)):
                self.video("ref/Alpha_25fps.yuv", bits=bits, pixel_format=chroma)
                self.video("dis/Alpha_20_36_1.yuv", bits=bits, pixel_format=chroma)
                name = "gray" if chroma == "400" else f"yuv{chroma}p"
                name += "" if bits == 8 else f"{bits}le"
                self.put("corpus.json", f'{{"format": {{"width": 64, "height": 36, "pixel_format": "{name}"}}}}')
                entry = self.one()
                self.assertEqual(entry["frames"], 3)
                self.assertIn(f"{bits} bit", entry["format"])

    def test_headers_win(self):
        self.put("ref/Alpha_25fps.y4m", support.y4m("B", "ref", W, H))
        self.put("dis/Alpha_20_999_1.y4m", support.y4m("B", "dis", W, H))
        entry = self.one("--assume-dims", "16x16")
        self.assertEqual((entry["geometry_from"], entry["width"], entry["frames"]), ("header", W, 3))

    def test_a_raw_file_takes_its_partners(self):
        self.put("ref/Alpha_25fps.y4m", support.y4m("B", "ref", W, H))
        self.video("dis/Alpha_20_36_1.yuv")
        entry = self.one()
        self.assertEqual((entry["geometry_from"], entry["width"]), ("partner", W))

    def test_different_geometries_are_refused(self):
        self.put("ref/Alpha_25fps.y4m", support.y4m("B", "ref", W, H))
        self.put("dis/Alpha_20_36_1.y4m", support.y4m("B", "dis", W, H - 2))
        entry = self.one(code=2)
        self.assertEqual(entry["kind"], "geometry")
        self.assertIn("scale one", entry["reason"])

    @unittest.skipUnless(shutil.which("ffmpeg"), "ffmpeg is not installed")
    def test_containers(self):
        for name, side in (("ref/Alpha_25fps.mp4", "ref"), ("dis/Alpha_20_36_1.mkv", "dis")):
            source = self.file("x.y4m", support.y4m("B", side, W, H, frames=5))
            out = os.path.join(self.root, name)
            subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", source, out], check=True)
        entry = self.one()
        self.assertEqual((entry["geometry_from"], entry["width"]), ("header", W))
        result = self.extract()
        self.assertIn("5 rows", result.stdout)

    def test_bad_dimensions(self):
        self.small()
        for text in ("", "64", "64x", "x36", "0x36", "64x0", "64X36", "64x36x", "-64x36", "99999x36", " 64x36"):
            with self.subTest(text):
                self.check_refused(1, ["--assume-dims", "WIDTHxHEIGHT"], "scan", "--assume-dims", text)


class CommandLine(CorpusCase):
    def test_help_lists_every_option_it_knows(self):
        top = corpora.run("--help")
        self.assertEqual((top.returncode, top.stderr), (0, ""))
        for command in ("scan", "extract-features", "export-dataset"):
            self.assertIn(command, top.stdout)
            text = corpora.run(command, "--help")
            self.assertEqual(text.returncode, 0)
            self.assertIn("--data-root", text.stdout)
            self.assertLessEqual(max(map(len, text.stdout.splitlines())), 100)

    def test_mistakes_get_a_suggestion(self):
        self.check_refused(1, ["did you mean extract-features"], "extract-feature", root=False)
        self.check_refused(1, ["did you mean --max-pairs"], "scan", "--max-pair", 1)
        self.check_refused(1, ["--help"], "scan", "--nothing-like-it", 1)

    def test_wrong_values(self):
        for args, words in (
            (["--max-pairs", "x"], ["--max-pairs", "whole number"]),
            (["--max-pairs", "0"], ["--max-pairs", "from 1"]),
            (["--max-pairs"], ["needs a value"]),
            (["--skip-unusable=1"], ["takes no value"]),
            (["stray"], ["unexpected argument"]),
            (["-x"], ["unknown option"]),
            (["--json", ""], ["empty"]),
        ):
            with self.subTest(args):
                self.check_refused(1, words, "scan", *args)

    def test_version(self):
        self.assertIn("epoch: ", corpora.run("--version").stdout)


if __name__ == "__main__":
    unittest.main()
