# SPDX-License-Identifier: BSD-2-Clause-Patent
"""vmaf-train extract-features: the values, the cache, and what happens when things go wrong."""

import csv
import fcntl
import io
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import time
import unittest

import corpora
import support
from corpora import CorpusCase, H, W

CANONICAL = ["adm2", "vif_scale0", "vif_scale1", "vif_scale2", "vif_scale3", "motion2"]
KEYS = ["Alpha_20_18_100", "Alpha_90_36_900", "Beta_20_18_80", "Beta_90_36_700"]


def counts(result):
    """(from the cache, computed, failed) as the program says."""
    match = re.search(r"(\d+) pairs from the cache, (\d+) computed, (\d+) failed", result.stdout)
    return tuple(map(int, match.groups()))


class ExtractCase(CorpusCase):
    def setUp(self):
        super().setUp()
        support.model_file("vmaf_v0.6.1")

    def entry_path(self, key):
        return os.path.join(self.cache, key.split("_")[0], key + ".json")

    def entry(self, key):
        with open(self.entry_path(key), encoding="utf-8") as f:
            return support.parse_json(f.read())

    def rows(self, *args):
        result = self.good("export-dataset", "--cache-dir", self.cache, "--output", "-", *args)
        return list(csv.DictReader(io.StringIO(result.stdout)))

    def export(self, *args):
        return self.good("export-dataset", "--cache-dir", self.cache, "--output", "-", *args).stdout

    def files(self):
        return sorted(os.path.join(d, f) for d, _, names in os.walk(self.cache) for f in names)

    def vmaf(self, key, *args):
        """The frames that vmaf itself reports for a pair."""
        source = key.split("_")[0]
        ref = next(f for f in os.listdir(self.root + "/ref") if f.startswith(source))
        report = support.score(
            *support.raw_args(f"{self.root}/ref/{ref}", f"{self.root}/dis/{key}.yuv", W, H), *args
        )
        return [frame["metrics"] for frame in report["frames"]]


class Values(ExtractCase):
    def test_rows_are_those_of_vmaf(self):
        self.small()
        self.extract()
        for key in KEYS:
            entry = self.entry(key)
            self.assertEqual(entry["features"]["feature_names"], CANONICAL)
            clipped = self.vmaf(key)
            raw = self.vmaf(key, "-m", "version=vmaf_v0.6.1:disable_clip")
            self.assertEqual(entry["features"]["n_frames"], len(clipped))
            for i, frame in enumerate(clipped):
                self.assertEqual(
                    entry["features"]["per_frame"][i], [frame["integer_" + name] for name in CANONICAL]
                )
                self.assertEqual(entry["scores"]["per_frame"][i], frame["vmaf"])
                self.assertEqual(entry["scores"]["raw_per_frame"][i], raw[i]["vmaf"])
            mean = sum(f["vmaf"] for f in clipped) / len(clipped)
            self.assertAlmostEqual(entry["scores"]["pooled"], mean, 9)

    def test_raw_scores_leave_the_range(self):
        """A pattern against itself scores above 100 before the clip, somewhere."""
        for side in ("ref/Alpha_25fps.yuv", "dis/Alpha_20_36_1.yuv"):
            path = os.path.join(self.root, side)
            support.patterns.write(path, "A", "ref", W, H, 8, 3)
        self.extract()
        scores = self.entry("Alpha_20_36_1")["scores"]
        self.assertGreater(max(scores["raw_per_frame"]), 100)
        self.assertEqual(max(scores["per_frame"]), 100)
        for raw, clipped in zip(scores["raw_per_frame"], scores["per_frame"]):
            self.assertEqual(clipped, min(max(raw, 0), 100))

    def test_other_features_in_the_order_asked_for(self):
        self.small()
        names = ["motion2", "float_ssim", "psnr_y", "adm_scale3", "integer_vif_scale1"]
        self.extract("--features", ",".join(names))
        entry = self.entry(KEYS[0])
        self.assertEqual(entry["features"]["feature_names"], names)
        frames = self.vmaf(KEYS[0], "--feature", "float_ssim", "--feature", "psnr", "--feature", "adm")
        keys = ["integer_motion2", "float_ssim", "psnr_y", "integer_adm_scale3", "integer_vif_scale1"]
        for row, frame in zip(entry["features"]["per_frame"], frames):
            self.assertEqual(row, [frame[key] for key in keys])

    def test_the_full_set_is_what_the_engine_has(self):
        """float_ms_ssim wants pictures of 176x176 at least."""
        self.video("ref/Alpha_25fps.yuv", "B", 320, 180, frames=2)
        self.video("dis/Alpha_20_180_1.yuv", "B", 320, 180, frames=2)
        result = self.extract("--features", "full")
        names = self.entry("Alpha_20_180_1")["features"]["feature_names"]
        left_out = re.findall(r'does not compute "(\w+)"', result.stderr)
        self.assertEqual(len(names) + len(left_out), 21)
        self.assertIn("float_ms_ssim", names)
        for name in left_out:
            self.check_refused(1, [name], "extract-features", "--features", f"adm2,{name}")

    def test_other_teachers(self):
        self.small()
        neg = support.model_file("vmaf_v0.6.1neg")
        for spec in ("version=vmaf_v0.6.1neg", f"path={neg}", neg):
            with self.subTest(spec):
                shutil.rmtree(self.cache, ignore_errors=True)
                self.extract("--teacher", spec)
                frames = self.vmaf(KEYS[0], "-m", f"path={neg}")
                self.assertEqual(self.entry(KEYS[0])["scores"]["per_frame"], [f["vmaf"] for f in frames])
                # the features stay the plain ones
                self.assertEqual(
                    self.entry(KEYS[0])["features"]["per_frame"][0],
                    [self.vmaf(KEYS[0])[0]["integer_" + name] for name in CANONICAL],
                )

    def test_a_collection_teaches_by_its_mean(self):
        path = os.path.join(support.SHARED, "models", "vmaf_b_v0.6.3.json")
        if not os.path.exists(path):
            self.skipTest("vmaf_b_v0.6.3.json is not there")
        self.small()
        self.extract("--teacher", path)
        frames = self.vmaf(KEYS[0], "-m", f"path={path}")
        scores = self.entry(KEYS[0])["scores"]["per_frame"]
        for score, frame in zip(scores, frames):
            self.assertAlmostEqual(score, frame["vmaf_bagging"], 12)

    def test_any_number_of_jobs_gives_the_same(self):
        self.small()
        outputs = set()
        for jobs in (1, 2, 7):
            outputs.add(self.export("--jobs", jobs, "--cache", "off"))
        self.assertEqual(len(outputs), 1)


class Cache(ExtractCase):
    def test_the_second_run_reads_only_the_cache(self):
        self.small()
        self.assertEqual(counts(self.extract()), (0, 4, 0))
        before = {path: os.stat(path).st_mtime_ns for path in self.files()}
        self.assertEqual(len(before), 4)
        result = self.extract()
        self.assertEqual(counts(result), (4, 0, 0))
        self.assertIn("0 frames computed", result.stdout)
        self.assertEqual(before, {path: os.stat(path).st_mtime_ns for path in self.files()})

    @unittest.skipIf(support.SANITIZED, "the sanitizer's leak check cannot be traced")
    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_the_second_run_decodes_nothing(self):
        """Of each video it reads the samples of the digest and no more."""
        self.small(frames=400)
        self.extract()
        log = self.path("log")
        command = ["strace", "-f", "-y", "-e", "trace=read,readv,pread64", "-o", log, corpora.PROGRAM]
        command += ["extract-features", "--data-root", self.root, "--cache-dir", self.cache]
        subprocess.run(command, env=self.env, check=True, capture_output=True)
        with open(log, encoding="utf-8", errors="replace") as f:
            lines = [line for line in f if ".yuv>" in line]
        read = sum(int(n) for n in re.findall(r"= (\d+)$", "".join(lines), re.M))
        self.assertLessEqual(read, 8 * 3 * 65536)
        self.assertGreater(read, 0)

    def test_files_of_any_date(self):
        """Nanoseconds of a year beyond 2262 overflowed, which is undefined."""
        self.small()
        for stem, year in zip(KEYS, (-60, 0, 300, 420)):
            seconds = year * 365 * 86400
            os.utime(os.path.join(self.root, "dis", stem + ".yuv"), (seconds, seconds))
        self.assertEqual(counts(self.extract()), (0, 4, 0))
        self.assertEqual(counts(self.extract()), (4, 0, 0))
        os.utime(os.path.join(self.root, "dis", KEYS[3] + ".yuv"), (0, 400 * 365 * 86400))
        self.assertEqual(counts(self.extract()), (3, 1, 0))

    def test_what_an_entry_was_computed_from_counts(self):
        self.small()
        self.extract()
        whole = self.export()
        path = os.path.join(self.root, "dis", KEYS[0] + ".yuv")
        with open(path, "r+b") as f:
            f.seek(W * H // 2)
            f.write(b"\x10\xf0" * 300)
        result = self.extract()
        self.assertEqual(counts(result), (3, 1, 0))
        self.assertIn("distorted", result.stderr)
        self.assertNotEqual(self.export(), whole)

    def test_time_alone_counts_unless_all_bytes_are_digested(self):
        self.small()
        for digest, computed in (("quick", 1), ("full", 0)):
            with self.subTest(digest):
                shutil.rmtree(self.cache, ignore_errors=True)
                self.extract("--digest", digest)
                os.utime(os.path.join(self.root, "dis", KEYS[0] + ".yuv"))
                self.assertEqual(counts(self.extract("--digest", digest)), (4 - computed, computed, 0))

    def test_corpora_of_equal_names_do_not_evict_one_another(self):
        self.small()
        first, second = self.root, self.path("second")
        shutil.copytree(first, second)
        support.patterns.write(f"{second}/dis/{KEYS[0]}.yuv", "B", "dis", W, H, 8, 3)
        exports = []
        for root, expected in ((first, (0, 4, 0)), (second, (3, 1, 0)), (first, (4, 0, 0)), (second, (4, 0, 0))):
            self.root = root
            self.assertEqual(counts(self.extract()), expected)
            exports.append(self.export())
        self.assertEqual(exports[:2], exports[2:])
        self.assertNotEqual(exports[0], exports[1])
        self.assertEqual(len(self.files()), 5)
        names = os.listdir(os.path.join(self.cache, "Alpha"))
        self.assertTrue(any(re.fullmatch(r"Alpha_20_18_100\.[0-9a-f]{8}\.json", n) for n in names), names)
        os.unlink(self.entry_path(KEYS[0]))  # the other one's
        self.assertEqual(counts(self.extract()), (4, 0, 0))

    def test_feature_sets_and_teachers_live_side_by_side(self):
        self.small()
        neg = ["--teacher", "version=vmaf_v0.6.1neg"]
        for args in ([], ["--features", "adm2,motion2"], neg):
            self.assertEqual(counts(self.extract(*args)), (0, 4, 0))
        for args in ([], ["--features", "adm2,motion2"], neg):
            self.assertEqual(counts(self.extract(*args)), (4, 0, 0))

    def damage(self, text):
        """Texts of an entry that must not be believed, with a word of the reason."""

        def changed(change):
            copy = json.loads(text)
            change(copy)
            return json.dumps(copy)

        yield text[: len(text) // 2], "damaged"
        yield "", "damaged"
        yield "\0" * 100, "damaged"
        yield "[]", "no object"
        yield text + "{}", "damaged"
        yield text.replace('"schema": 2', '"schema": 2, "schema": 2'), "duplicate"
        yield re.sub(r'"pooled": [^,]+', '"pooled": NaN', text), "damaged"
        yield re.sub(r'"pooled": [^,]+', '"pooled": 1e999', text), "damaged"
        yield "[" * 100000, "damaged"
        yield changed(lambda e: e["features"].update(n_frames=4000000000)), "number of rows"
        yield changed(lambda e: e["features"].update(n_frames=-1)), "number of rows"
        yield changed(lambda e: e["features"]["per_frame"].pop()), "number of rows"
        yield changed(lambda e: e["features"]["per_frame"][1].pop()), "row 1"
        yield changed(lambda e: e["features"]["per_frame"][1].append(0.5)), "row 1"
        yield changed(lambda e: e["features"]["per_frame"].__setitem__(0, {})), "row 0"
        yield changed(lambda e: e["features"]["per_frame"][0].__setitem__(0, "0.5")), "row 0"
        yield changed(lambda e: e["features"]["feature_names"].reverse()), "features"
        yield changed(lambda e: e["scores"]["per_frame"].pop()), "scores"
        yield changed(lambda e: e["scores"].pop("raw_per_frame")), "raw scores"
        yield changed(lambda e: e["features"].update(n_frames=0, per_frame=[])), "number of rows"

    def test_damaged_entries_are_computed_again_and_said(self):
        self.small()
        self.extract()
        path = self.entry_path(KEYS[0])
        whole = self.export()
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for bad, word in self.damage(text):
            with self.subTest(word + ": " + bad[:40]):
                with open(path, "w", encoding="utf-8") as f:
                    f.write(bad)
                result = self.extract()
                self.assertEqual(counts(result), (3, 1, 0))
                self.assertIn(KEYS[0], result.stderr)
                self.assertIn(word, result.stderr)
                self.assertEqual(self.export(), whole)
                self.assertEqual(len(self.files()), 4)

    def test_entries_that_are_no_files(self):
        self.small()
        self.extract()
        path = self.entry_path(KEYS[0])
        whole = self.export()
        os.unlink(path)
        os.mkfifo(path)
        result = self.extract()
        self.assertEqual(counts(result), (3, 1, 0))
        os.unlink(path)
        os.symlink("/dev/zero", path)
        result = self.extract()
        self.assertEqual(counts(result), (3, 1, 0))
        self.assertTrue(os.path.exists("/dev/zero"))
        self.assertEqual(self.export(), whole)

    def test_entries_of_the_other_program(self):
        """Without a key they are read on request only, and never overwritten."""
        self.small()
        self.extract()
        entry = self.entry(KEYS[0])
        legacy = {
            "features": entry["features"],
            "scores": {"per_frame": [12.5, 13.5, 14.5], "pooled": 13.5},
        }
        with open(self.entry_path(KEYS[0]), "w", encoding="utf-8") as f:
            json.dump(legacy, f)
        result = self.extract()
        self.assertEqual(counts(result), (3, 1, 0))
        self.assertIn("no key", result.stderr)
        self.assertEqual(self.entry(KEYS[0]), legacy)
        self.assertEqual(counts(self.extract("--accept-legacy-cache")), (4, 0, 0))
        rows = self.rows("--accept-legacy-cache")
        self.assertEqual([row["vmaf"] for row in rows[:3]], ["12.5", "13.5", "14.5"])
        self.assertEqual([row["vmaf_raw"] for row in rows[:3]], ["", "", ""])
        self.assertNotEqual(rows[3]["vmaf_raw"], "")

    def test_an_entry_of_another_schema_is_left_alone(self):
        self.small()
        self.extract()
        entry = self.entry(KEYS[0])
        entry["schema"] = 3
        with open(self.entry_path(KEYS[0]), "w", encoding="utf-8") as f:
            json.dump(entry, f)
        result = self.extract()
        self.assertEqual(counts(result), (3, 1, 0))
        self.assertIn("schema", result.stderr)
        self.assertEqual(self.entry(KEYS[0]), entry)

    def put_nulls(self, n):
        entry = self.entry(KEYS[0])
        for i in range(n):
            entry["features"]["per_frame"][i][0] = None
        with open(self.entry_path(KEYS[0]), "w", encoding="utf-8") as f:
            json.dump(entry, f)

    def test_rows_that_are_not_finite_are_dropped_and_counted(self):
        self.small(frames=200)
        self.extract()
        self.put_nulls(2)
        result = self.extract()
        self.assertIn("798 rows", result.stdout)
        self.assertIn("2 dropped", result.stdout)
        rows = self.rows()
        self.assertEqual(len(rows), 798)
        self.assertEqual(rows[0]["frame"], "2")
        self.put_nulls(3)
        self.check_refused(
            2, [KEYS[0], "3 of its 200 rows"], "extract-features", "--cache-dir", self.cache
        )

    def test_modes(self):
        self.small()
        self.assertEqual(counts(self.extract("--cache", "off")), (0, 4, 0))
        self.assertFalse(os.path.exists(self.cache))
        self.assertEqual(counts(self.extract("--cache", "read")), (0, 4, 0))
        self.assertFalse(os.path.exists(self.cache))
        self.extract()
        self.assertEqual(counts(self.extract("--cache", "read")), (4, 0, 0))
        self.assertEqual(counts(self.extract("--cache", "off")), (0, 4, 0))
        self.check_refused(1, ["--cache", "write read off"], "extract-features", "--cache", "on")

    def test_where_the_cache_is(self):
        self.small()
        self.good("extract-features")
        self.assertTrue(os.path.exists(self.path(".cache/vmaf-tiny-ai/Alpha/Alpha_20_18_100.json")))
        env = {**self.env, "VMAF_TINY_AI_CACHE": self.path("variable")}
        self.good("extract-features", env=env)
        self.assertTrue(os.path.exists(self.path("variable/Beta/Beta_90_36_700.json")))
        self.good("extract-features", "--cache-dir", self.path("flag"), env=env)
        self.assertTrue(os.path.exists(self.path("flag/Beta/Beta_90_36_700.json")))
        del env["VMAF_TINY_AI_CACHE"], env["HOME"]
        self.check_refused(2, ["HOME", "--cache-dir"], "extract-features", env=env)

    def test_ignored_variables_are_said_once(self):
        self.small()
        result = self.extract(env={**self.env, "VMAF_BIN": "build/tools/vmaf"})
        self.assertEqual(result.stderr.count("VMAF_BIN"), 1)

    def test_the_model_variable_names_a_file(self):
        self.small()
        neg = support.model_file("vmaf_v0.6.1neg")
        env = {**self.env, "VMAF_MODEL_PATH": neg}
        self.assertIn("vmaf_v0.6.1neg.json", self.extract(env=env).stdout)
        self.assertIn("teacher vmaf_v0.6.1 ", self.extract("--teacher", "vmaf_v0.6.1", env=env).stdout)


class Faults(ExtractCase):
    def test_teachers_and_features_that_do_not_exist(self):
        self.small()
        for code, args, words in (
            (2, ["--teacher", "version=vmaf_v0.6.2"], ["vmaf_v0.6.2", "did you mean"]),
            (2, ["--teacher", "path=/nowhere.json"], ["/nowhere.json", "no such file"]),
            (2, ["--teacher", f"path={self.root}"], ["no regular file"]),
            (2, ["--teacher", "path=" + self.file("x.json", "{}")], ["x.json"]),
            (1, ["--features", "adm9"], ["adm9", "did you mean"]),
            (1, ["--features", "adm2,,vif_scale0"], ["empty name"]),
            (1, ["--features", "adm2,adm2"], ["named twice"]),
            (1, ["--features", "adm2,integer_adm2"], ["named twice"]),
            (1, ["--features", "adm2;rm"], ["no name"]),
            (1, ["--shard", "0/2"], ["I/N"]),
            (1, ["--shard", "3/2"], ["I/N"]),
            (1, ["--shard", "1"], ["I/N"]),
            (1, ["--jobs", "-1"], ["--jobs"]),
        ):
            with self.subTest(args):
                self.check_refused(code, words, "extract-features", "--cache-dir", self.cache, *args)
        self.assertFalse(os.path.exists(self.cache))

    def test_one_bad_clip_does_not_stop_the_others(self):
        self.small()
        data = support.y4m("B", "dis", W, H)
        os.unlink(os.path.join(self.root, "dis", KEYS[2] + ".yuv"))
        self.put("dis/" + KEYS[2] + ".y4m", data[:-10])
        result = self.train("extract-features", "--cache-dir", self.cache)
        self.assertEqual(result.returncode, 2)
        self.assertEqual(counts(result), (0, 3, 1))
        self.assertIn(f"clip {KEYS[2]}: dis/{KEYS[2]}.y4m: frame 2 is cut off", result.stderr)
        self.assertFalse(os.path.exists(self.entry_path(KEYS[2])))
        out = self.path("x.csv")
        export = ["export-dataset", "--cache-dir", self.cache, "--output", out]
        self.assertEqual(self.train(*export).returncode, 2)
        self.assertFalse(os.path.exists(out))
        self.assertEqual(self.train(*export, "--skip-unusable").returncode, 0)

    def test_a_cache_that_cannot_be_written(self):
        """Even for root, /proc takes no folders and a file has none below it."""
        self.small()
        blocked = self.file("blocked", "")
        for folder in ("/proc/tinyvmaf", blocked, blocked + "/deeper"):
            with self.subTest(folder):
                self.check_refused(4, ["cannot", blocked if folder[1] == "t" else folder], "extract-features", "--cache-dir", folder)
                # rows that are needed at once do not depend on it
                result = self.good("export-dataset", "--cache-dir", folder, "--output", "-")
                self.assertIn("serve this run only", result.stderr)
                self.assertEqual(len(result.stdout.splitlines()), 1 + 4 * 3)

    def test_a_folder_without_permission(self):
        """As somebody else when we are root, who may write everywhere."""
        self.small()
        self.extract()
        os.unlink(self.entry_path(KEYS[2]))
        kwargs = {"user": 65534} if os.geteuid() == 0 else {}
        os.chmod(self.folder, 0o755)
        for folder in ("Alpha", "Beta"):
            path = os.path.join(self.cache, folder)
            os.chmod(path, 0o555)
            self.addCleanup(os.chmod, path, 0o755)
        try:
            corpora.run("--version", **kwargs)
        except PermissionError:
            self.skipTest("another user cannot reach the program")
        args = ["extract-features", "--cache-dir", self.cache]
        self.check_refused(4, ["permission denied"], *args, **kwargs)
        self.assertEqual(counts(self.good(*args, "--shard", "1/2", "--max-pairs", "2", **kwargs)), (1, 0, 0))

    def limit_files(self):
        """Every write beyond 1 KiB fails, as on a full disk."""
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))

    def test_a_full_disk(self):
        self.small(frames=40)
        self.check_refused(
            4,
            ["cannot write", self.cache],
            "extract-features",
            "--cache-dir",
            self.cache,
            preexec_fn=self.limit_files,
            restore_signals=False,
        )
        self.assertEqual([f for f in self.files() if not f.endswith(".lease")], [])
        self.assertEqual(counts(self.extract()), (0, 4, 0))
        out = self.path("x.csv")
        self.check_refused(
            4,
            ["cannot write", out],
            "export-dataset",
            "--cache-dir",
            self.cache,
            "--output",
            out,
            preexec_fn=self.limit_files,
            restore_signals=False,
        )
        self.assertEqual([f for f in os.listdir(self.folder) if f.startswith("x.csv")], [])
        self.check_refused(4, ["no space"], "export-dataset", "--cache-dir", self.cache, "--output", "/dev/full", "--format", "csv")


class Processes(ExtractCase):
    def start(self, *args, **kwargs):
        command = [corpora.PROGRAM, "extract-features", "--data-root", self.root, "--cache-dir", self.cache]
        return subprocess.Popen(
            [*command, *args],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            **kwargs,
        )

    def longer(self, frames=40, rungs=8):
        for source, pattern in (("Alpha", "A"), ("Beta", "B")):
            self.video(f"ref/{source}_25fps.yuv", pattern, frames=frames)
            first = f"dis/{source}_10_36_1.yuv"
            self.video(first, pattern, frames=frames)
            for rung in range(1, rungs):
                copy = os.path.join(self.root, f"dis/{source}_{10 + rung}_36_{1 + rung}.yuv")
                shutil.copy(os.path.join(self.root, first), copy)
        return 2 * rungs

    def test_killed_and_started_again(self):
        """Whatever moment it is killed at, the rows come out the same, byte for byte."""
        pairs = self.longer()
        expected = self.export("--cache", "off")
        killed = 0
        for wait in (0, 1, 3, 6):
            process = self.start("--jobs", "1")
            deadline = time.monotonic() + 60
            while process.poll() is None and time.monotonic() < deadline:
                if len([f for f in self.files() if f.endswith(".json")]) > wait:
                    break
                time.sleep(0.001)
            process.send_signal(signal.SIGKILL)
            killed += process.wait() == -signal.SIGKILL
            process.communicate()
            for path in self.files():
                if path.endswith(".json"):  # what has its name is whole
                    with open(path, encoding="utf-8") as f:
                        support.parse_json(f.read())
        self.assertGreater(killed, 0)
        hits, computed, failed = counts(self.extract())
        self.assertGreater(hits, 0)
        self.assertEqual((hits + computed, failed), (pairs, 0))
        self.assertEqual(self.export(), expected)
        self.assertEqual(len(self.files()), pairs, "temporary files or leases are left")

    def test_what_a_killed_process_leaves_is_taken_over(self):
        self.small()
        folder = os.path.join(self.cache, "Alpha")
        os.makedirs(folder)
        for name in (KEYS[0] + ".lease", KEYS[0] + ".json.99.0.tmp"):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write("99999999\n")
        self.assertEqual(counts(self.extract()), (0, 4, 0))
        self.assertEqual(len(self.files()), 4)
        # of an entry that is there the lease stayed for ever
        with open(os.path.join(folder, KEYS[0] + ".lease"), "w", encoding="utf-8"):
            pass
        self.assertEqual(counts(self.extract("--cache", "read")), (4, 0, 0))
        self.assertEqual(len(self.files()), 5)
        self.assertEqual(counts(self.extract()), (4, 0, 0))
        self.assertEqual(len(self.files()), 4)

    def test_two_at_once_share_the_work(self):
        pairs = self.longer()
        processes = [self.start("--jobs", "1") for _ in range(3)]
        total = 0
        for process in processes:
            out, err = process.communicate(timeout=300)
            self.assertEqual(process.returncode, 0, err)
            self.assertNotIn("error", err)
            match = re.search(r"(\d+) pairs from the cache, (\d+) computed, (\d+) failed", out)
            self.assertEqual(int(match[1]) + int(match[2]), pairs)
            total += int(match[2])
        self.assertEqual(total, pairs, "a pair was computed twice or not at all")
        self.assertEqual(len(self.files()), pairs)
        self.assertEqual(self.export(), self.export("--cache", "off"))

    def test_a_busy_clip_is_waited_for(self):
        """Another run is played by a lock that this test holds."""
        self.small()
        lease = self.entry_path(KEYS[1])[: -len(".json")] + ".lease"
        os.makedirs(os.path.dirname(lease))
        with open(lease, "w", encoding="ascii") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            process = self.start()
            for _ in range(300):
                if len([f for f in self.files() if f.endswith(".json")]) == 3:
                    break
                time.sleep(0.02)
            time.sleep(0.3)
            self.assertIsNone(process.poll())
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        self.assertIn("0 pairs from the cache, 4 computed", out)
        self.assertEqual(err.count(f"waiting for clip {KEYS[1]}"), 1)

    def test_closed_streams_hit_no_file(self):
        """No entry gets the number of standard output and what is printed."""
        self.small()
        command = f'exec "{corpora.PROGRAM}" extract-features --data-root "{self.root}" --cache-dir "{self.cache}" >&-'
        done = subprocess.run(["sh", "-c", command], env=self.env, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertEqual(counts(self.extract()), (4, 0, 0))

    def test_shards(self):
        pairs = self.longer()
        done = 0
        for i in range(1, 6):
            hits, computed, failed = counts(self.extract("--shard", f"{i}/5"))
            self.assertEqual((hits, failed), (0, 0))
            done += computed
            self.assertLessEqual(computed, -(-pairs // 5))
        self.assertEqual(done, pairs)
        self.assertEqual(counts(self.extract()), (pairs, 0, 0))
        more = self.extract("--shard", "90/100")
        self.assertEqual(counts(more), (0, 0, 0))

    def test_progress(self):
        self.longer(frames=30)
        result = self.extract("--progress", "json")
        lines = [support.parse_json(x) for x in result.stderr.splitlines() if x.startswith("{")]
        self.assertEqual((lines[-1]["frame"], lines[-1]["total"]), (480, 480))
        self.assertTrue(lines[-1]["done"])
        quiet = self.extract("--cache", "off", "--progress", "none")
        self.assertNotIn("frame", quiet.stderr)


if __name__ == "__main__":
    unittest.main()
