# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A clip scored in chunks has the rows of the clip scored in one run."""

import json
import resource
import unittest
from xml.etree import ElementTree

import support
from support import Case, patterns

FRAMES = 20
MOTION = [
    "motion",
    "motion=debug=true:motion_moving_average=true",
    "motion=motion_five_frame_window=true:motion_fps_weight=1.5",
    "motion=motion_five_frame_window=true:motion_moving_average=true:motion_blend_factor=0.5",
    "float_motion=motion_add_scale1=true",
    "fast",
]


class Clip(Case):
    """A still clip has no motion; this one changes speed, so that every frame's motion is its own."""

    def clip(self, w=48, h=34, bits=8, frames=FRAMES):
        paths = []
        for side in ("ref", "dis"):
            data = b"".join(
                patterns.frame("A", side, w, h, bits, f * (3 + f % 4) + f * f) for f in range(frames)
            )
            paths.append(self.file(f"{side}{bits}.yuv", data))
        return support.raw_args(*paths, w, h, "420", bits)


class Chunks(Clip):
    def check(self, args, sizes=(1, 2, 5, 7), frames=FRAMES):
        """Rows of the chunks, one after another, are those of the whole."""
        args = [*args, "--threads", 2]
        whole = support.score(*args)
        for size in sizes:
            rows = []
            for first in range(0, frames, size):
                report = support.score(*args, "--chunk", f"{first}:{size}")
                numbers = [row["frameNum"] for row in report["frames"]]
                self.assertTrue(all(first <= n < first + size for n in numbers), numbers)
                self.assertEqual(report["tinyvmaf"]["first_frame"], first)
                self.assertEqual(report["tinyvmaf"]["frames"], min(size, frames - first))
                rows += report["frames"]
            for expected, row in zip(whole["frames"], rows):
                self.assertEqual(row, expected, f"chunks of {size}")
            self.assertEqual(len(rows), len(whole["frames"]))

    def features(self, names):
        return ["-n", *(x for name in names for x in ("--feature", name))]

    def test_model(self):
        support.model_file("vmaf_v0.6.1")
        for bits in (8, 10):
            self.check([*self.clip(bits=bits), "-m", "version=vmaf_v0.6.1", "--feature", "psnr"])

    def test_motion_options(self):
        for motion in MOTION:
            with self.subTest(motion):
                self.check([*self.clip(), *self.features([motion])])

    def test_all_motion_at_once(self):
        self.check([*self.clip(bits=10), *self.features(MOTION)])

    def test_subsample(self):
        for step in (2, 3):
            self.check([*self.clip(), *self.features(MOTION[:4] + ["psnr", "vif"]), "--subsample", step])

    def test_a_chunk_that_subsampling_empties(self):
        args = [*self.clip(), "-n", "--feature", "psnr", "--subsample", 5, "--chunk", "1:3", "--json", "-"]
        result = support.run(*args)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("leaves no frame", result.stderr)
        self.assertEqual(support.parse_json(result.stdout)["frames"], [])

    def test_a_limit_for_no_frame(self):
        """There was no score named vmaf, it said, with the status of a lack of memory, 4."""
        support.model_file("vmaf_v0.6.1")
        out = self.path("empty.json")
        args = [*self.clip(), "-q", "--precision", "max", "--json", "-o", out, "--chunk", "1:3", "--subsample", 5]
        for limit in ("mean=5", "p5=5"):
            words = ["--fail-under needs a score", "no frame of the chunk"]
            done = self.check_fault(2, words, *args, "--fail-under", limit, warnings=1)
            self.assertEqual(done.stdout, "")
            self.check_fault(2, ["--fail-under needs a score", "vmaf"], "--merge", out, "--fail-under", limit)
        self.assertEqual(support.run("--merge", out).returncode, 0)
        names = [*self.clip(), "-n", "-m", "version=vmaf_v0.6.1", "--precision", "max", "--json", "-o", out]
        self.assertEqual(support.run(*names, "-q").returncode, 0)
        self.check_fault(2, ["needs a score", "vmaf"], "--merge", out, "--fail-under", "mean=5")

    def test_skipped_frames_and_a_limit(self):
        """The chunk is one of the clip that the other options describe."""
        options = ["--frame_skip_ref", 3, "--frame_skip_dist", 1, "--frame_cnt", 15]
        self.check([*self.clip(), *self.features(MOTION[3:4]), *options], frames=15)

    def test_pooled_values_are_the_chunks_own(self):
        args = [*self.clip(), *self.features(["psnr=enable_apsnr=true", "vif"]), "--frame_cnt", 9]
        report = support.score(*args, "--chunk", "4:3")
        values = [row["metrics"]["psnr_y"] for row in report["frames"]]
        self.assertEqual(report["pooled_metrics"]["psnr_y"]["mean"], sum(values) / 3)
        one = support.score(*args, "--chunk", "4:1")
        apsnr = one["aggregate_metrics"]["apsnr_y"]
        self.assertAlmostEqual(apsnr, one["frames"][0]["metrics"]["psnr_y"], places=9)

    def test_y4m_through_a_pipe(self):
        ref = support.y4m("A", "ref", 48, 34, frames=9)
        dis = self.file("dis.y4m", support.y4m("A", "dis", 48, 34, frames=9))
        whole = support.score("-r", self.file("ref.y4m", ref), "-d", dis, *self.features(MOTION))
        args = ["-r", "/dev/stdin", "-d", dis, *self.features(MOTION), "--chunk", "4:3"]
        with open(self.path("ref.y4m"), "rb") as stdin:
            result = support.run(*args, "--precision", "max", "-q", "--json", "-", stdin=stdin)
        self.assertEqual(support.parse_json(result.stdout)["frames"], whole["frames"][4:7])


class Merged(Clip):
    def run_to_file(self, name, *args):
        path = self.path(name)
        result = support.run(*args, "-q", "--reproducible", "--precision", "max", "-o", path)
        self.assertEqual(result.returncode, 0, result.stderr)
        return path

    def chunks(self, args, size, frames=FRAMES):
        return [
            self.run_to_file(f"chunk{first}.json", *args, "--json", "--chunk", f"{first}:{size}")
            for first in range(0, frames, size)
        ]

    def bytes_of(self, path):
        with open(path, "rb") as f:
            return f.read()

    def check(self, args, sizes=(5, 7, 13), forms=("json",), frames=FRAMES):
        for size in sizes:
            reports = self.chunks(args, size, frames)
            for form in forms:
                whole = self.run_to_file("whole", *args, f"--{form}")
                merged = self.run_to_file("merged", "--merge", *reversed(reports), f"--{form}")
                self.assertEqual(self.bytes_of(merged), self.bytes_of(whole))

    def test_models_and_features(self):
        support.model_file("vmaf_v0.6.1")
        for bits in (8, 10):
            args = [*self.clip(bits=bits), "-m", "version=vmaf_v0.6.1", "-m", "version=vmaf_v0.6.1neg:name=neg"]
            for feature in ("psnr=enable_apsnr=true:enable_mse=true", "float_ssim", *MOTION):
                args += ["--feature", feature]
            self.check(args, forms=("json", "xml", "csv", "sub"))

    def test_subsample(self):
        args = ["-n", "--subsample", 3, "--feature", "psnr=enable_apsnr=true", "--feature", "vif"]
        self.check([*self.clip(), *args], sizes=(1, 2, 5))

    def test_values_without_a_number(self):
        """Equal pictures: infinite dB, written as null."""
        args = self.clip()
        args[3] = args[1]
        self.check([*args, "-n", "--feature", "float_ssim=enable_db=true", "--feature", "psnr"])

    def test_warnings_appear_once(self):
        args = self.clip()
        args[3] = self.file("short.yuv", self.bytes_of(args[3])[: 48 * 34 * 3 // 2 * 17])
        self.check([*args, "-n", "--feature", "psnr"], sizes=(4, 17), frames=17)

    def test_some_chunks_of_the_middle(self):
        args = [*self.clip(), "-n", "--feature", "motion"]
        whole = self.run_to_file("one.json", *args, "--json", "--chunk", "5:10")
        merged = self.run_to_file("two.json", "--merge", *self.chunks(args, 5)[1:3], "--json")
        self.assertEqual(self.bytes_of(merged), self.bytes_of(whole))

    def test_score_and_limit(self):
        support.model_file("vmaf_v0.6.1")
        args = [*self.clip(), "-m", "version=vmaf_v0.6.1"]
        reports = self.chunks(args, 10)
        score = support.run(*args, "-q").stdout.split()[1]
        merged = support.run("--merge", *reports, "--fail-under", "min=101")
        self.assertEqual(merged.stdout, f"vmaf: {score}\n")
        self.assertEqual(merged.returncode, 3)

    def test_refused(self):
        args = [*self.clip(), "-n", "--feature", "psnr"]
        a, b, c, d = self.chunks(args, 5)
        other = [*args, "--feature", "vif", "--json", "--chunk", "5:5"]
        more = self.run_to_file("more.json", *other)
        wider = self.run_to_file("wider.json", *args, "--json", "--chunk", "4:6")
        subsampled = self.run_to_file("sub.json", *args, "--subsample", 2, "--json", "--chunk", "5:5")
        rounded = self.path("rounded.json")
        support.run(*args, "-q", "--json", "-o", rounded, "--chunk", "5:5")
        for words, reports in (
            (["frames 5 to 9 are missing", "chunk0.json", "chunk10.json"], (c, a)),
            (["frame 4 is in both"], (a, wider)),
            (["frame 0 is in both"], (a, a)),
            (["differ in \"features\""], (a, more)),
            (["differ in \"subsample\""], (a, subsampled)),
            (["rounded", "--precision max"], (a, rounded)),
            (["no such file"], (a, self.path("none.json"))),
            (["no json: line 1"], (a, self.file("bad.json", "{,"))),
            (["no \"tinyvmaf\" block"], (self.file("empty.json", "{}"),)),
        ):
            self.check_fault(2, words, "--merge", *reports)
        self.check_fault(2, ["features only"], "--merge", a, b, "--fail-under", "mean=5")
        self.check_fault(1, ["takes reports"], "--merge", a, "-r", "x.yuv")
        self.check_fault(1, ["needs the json reports"], "--merge", "-q")

    def test_damaged(self):
        args = [*self.clip(), "-n", "--feature", "psnr=enable_apsnr=true"]
        text = self.bytes_of(self.chunks(args, 20)[0]).decode()
        for old, new, words in (
            ('"frameNum": 7', '"frameNum": 20', "frame 20 is not one"),
            ('"frameNum": 7', '"frameNum": 7.5', "frameNum"),
            ('"frames": 20', '"frames": -1', "frames"),
            ('"frames": 20', '"frames": 1e99', "frames"),
            ('"width": 48', '"width": 0', "size 0x34"),
            ('"sse": "', '"sse": "x', "sums"),
            ('"psnr_y": ', '"psnr_z": ', "psnr_z"),
            ('"version": "0', '"version": "9', "version"),
        ):
            self.assertIn(old, text)
            path = self.file("damaged.json", text.replace(old, new, 1 if "psnr" in old else -1))
            self.check_fault(2, [words], "--merge", path)

    def report(self, **changes):
        """A report of this version with members of its block replaced, and of the root by root=."""
        args = [*self.clip(), "-n", "--feature", "psnr=enable_apsnr=true"]
        whole = support.parse_json(self.bytes_of(self.chunks(args, 20)[0]))
        whole.update(changes.pop("root", {}))
        whole["tinyvmaf"].update(changes)
        return self.file("forged.json", json.dumps(whole))

    def test_claims_that_would_take_all_memory(self):
        """A report of some kilobytes that claimed 2^26 frames took half a gigabyte for each of its scores, and one of
        2^23 frames of them as much for all."""
        self.check_fault(2, ["too few for 3 scores of 8388608 frames"], "--merge", self.report(frames=1 << 23))
        path = self.report(frames=1 << 26)
        done = self.check_fault(2, ["60 values", "too few for 3 scores of 67108864 frames"], "--merge", path)
        self.assertEqual(done.stdout, "")

    def test_frames_that_are_missing(self):
        """The merged report had no pooled scores, and the status was 0."""
        self.check_fault(2, ['frame 20 has no score "psnr_y"'], "--merge", self.report(frames=21))
        whole = support.parse_json(self.bytes_of(self.report()))["frames"]
        path = self.report(root={"frames": whole[:7] + whole[8:]})
        self.check_fault(2, ['frame 7 has no score "psnr_y"'], "--merge", path)
        del whole[9]["metrics"]["psnr_cb"]
        self.check_fault(2, ['frame 9 has no score "psnr_cb"'], "--merge", self.report(root={"frames": whole}))

    def test_many_entries(self):
        """Names were looked for one after another among as many as a report had: hours for some megabytes."""
        many = {f"s{i}": {"mean": 1} for i in range(8193)}
        self.check_fault(2, ["more than 8192 scores"], "--merge", self.report(root={"pooled_metrics": many}))
        for key, entries in (("sums", many), ("warnings", [str(i) for i in range(8193)])):
            self.check_fault(2, [f'"{key}" has more than 8192 entries'], "--merge", self.report(**{key: entries}))

    def test_a_model_of_another_shape(self):
        """An object where a tiny model's list of features belongs wrote through a null pointer; a digest went into
        the merged report as it was, with quotes and all."""
        model = {"name": "m", "source": "s", "sha256": "0" * 64, "collection": False}
        tiny = [{"name": "m", "features": {"a": "b"}, "metadata": {"k": "v", "n": 1}}, {"name": "m", "id": "x"}]
        done = support.run("--merge", self.report(models=[model], tiny_models=tiny), "-q", "--json", "-")
        self.assertEqual(done.returncode, 0, done.stderr)
        merged = support.parse_json(done.stdout)["tinyvmaf"]["tiny_models"]
        self.assertEqual([(m["id"], m["features"], m["metadata"]) for m in merged], [(None, [], {"k": "v"})])
        for sha256 in ('", "x": "', "0" * 63, "0" * 63 + "\n", "A" * 64):
            path = self.report(models=[{**model, "sha256": sha256}])
            self.check_fault(2, ['"models" is damaged'], "--merge", path)

    def test_names_that_command(self):
        """They went to the terminal as they were, and into XML as markup."""
        model = {"name": "\x1b]0;m\x07", "source": "s", "sha256": "0" * 64, "collection": False}
        total = {"sse": "5", "samples": 100, "peak": 255}
        whole = support.parse_json(self.bytes_of(self.report()))
        scores = {"a\x1b[2J": whole["pooled_metrics"]["psnr_y"]}
        for changes in ({"models": [model]}, {"sums": {"a\nb": total}}, {"root": {"pooled_metrics": scores}}):
            self.check_fault(2, ["control characters"], "--merge", self.report(**changes))
        out = self.path("m.xml")
        path = self.report(sums={'x="1"/></VMAF><b y': total, "x='1'/></VMAF><b y": total, "apsnr_y": total})
        self.assertEqual(support.run("--merge", path, "-q", "--xml", "-o", out).returncode, 0)
        sums = ElementTree.fromstring(self.bytes_of(out)).find("aggregate_metrics")
        self.assertEqual(len(sums.attrib), 3)
        self.assertIn("apsnr_y", sums.attrib)

    def test_scores_that_differ_in_punctuation(self):
        """Their attributes were numbered by trying: minutes for 8,000, and "out of memory" for 1,000."""
        names = ["a" + "".join("!#$%"[i >> 2 * k & 3] for k in range(6)) for i in range(3000)]
        pooled = {name: {"mean": 1} for name in names}
        frames = [{"frameNum": i, "metrics": dict.fromkeys(names, 1.0) if i == 0 else {}} for i in range(1)]
        path = self.report(frames=1, root={"frames": frames, "pooled_metrics": pooled}, sums={})
        out, begin = self.path("p.xml"), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        self.assertEqual(support.run("--merge", path, "-q", "--xml", "-o", out).returncode, 0)
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - begin, 5 if support.SANITIZED else 2)
        frame = ElementTree.fromstring(self.bytes_of(out)).find("frames/frame")
        self.assertEqual(len(frame.attrib), 3001)

    def test_frames_that_are_there_twice(self):
        """The last one counted."""
        frames = support.parse_json(self.bytes_of(self.report()))["frames"]
        self.check_fault(2, ["frame 3 is there twice"], "--merge", self.report(root={"frames": [*frames, frames[3]]}))

    def test_models_without_a_number(self):
        """A model's null was taken for infinity, as that of a PSNR is: the mean was above what any frame had."""
        model = {"name": "psnr_y", "source": "s", "sha256": "0" * 64, "collection": False}
        frames = support.parse_json(self.bytes_of(self.report()))["frames"]
        frames[2]["metrics"]["psnr_y"] = None
        self.check_fault(2, ["psnr_y", "no number for frame 2"], "--merge", self.report(models=[model], root={"frames": frames}))
        merged = support.run("--merge", self.report(root={"frames": frames}), "-q", "--json", "-")
        self.assertEqual(merged.returncode, 0, merged.stderr)

    def test_a_model_without_scores(self):
        """Merged, a report of a model's features printed nothing."""
        model = {"name": "m", "source": "s", "sha256": "0" * 64, "collection": False}
        done = support.run("--merge", self.report(models=[model]), "-q")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("psnr_y: ", done.stdout)

    def test_scores_of_some_frames(self):
        """A score whose pooled values were left out needed no frames: a bad one was dropped, and the gate passed."""
        whole = support.parse_json(self.bytes_of(self.report()))
        del whole["frames"][4]["metrics"]["psnr_y"]
        pooled = {**whole["pooled_metrics"], "psnr_y": {}}
        path = self.report(root={"frames": whole["frames"], "pooled_metrics": pooled})
        self.check_fault(2, ['frame 4 has no score "psnr_y"'], "--merge", path)

    def test_sums_beyond_64_bits(self):
        """They began again at 0: two bad chunks had the APSNR of equal pictures."""
        total = {"sse": str(2**63), "samples": 100, "peak": 255}
        whole = support.parse_json(self.bytes_of(self.report()))
        paths = []
        for i in range(2):
            block = {**whole["tinyvmaf"], "first_frame": i, "frames": 1, "sums": {"apsnr_y": total}}
            paths.append(self.file(f"s{i}.json", json.dumps({**whole, "frames": [whole["frames"][i]], "tinyvmaf": block})))
        self.check_fault(2, ['s1.json: "sums" is damaged'], "--merge", *paths)

    def test_features_without_a_number(self):
        """NaN became infinite in the merged report: one that had no harmonic mean got one."""
        args = [*self.clip(), "-n", "--feature", "psnr"]
        parts = self.chunks(args, 10)
        reports = []
        for k, path in enumerate(parts):
            part = support.parse_json(self.bytes_of(path))
            for frame in part["frames"][:1]:
                frame["metrics"]["psnr_y"] = None
            if k == 0:
                part["tinyvmaf"]["nan"] = {"psnr_y": [0]}
            reports.append(self.file(f"n{k}.json", json.dumps(part)))
        done = support.run("--merge", *reports, "-q", "--precision", "max", "--json", "-")
        self.assertEqual(done.returncode, 0, done.stderr)
        merged = support.parse_json(done.stdout)
        self.assertEqual(merged["tinyvmaf"]["nan"], {"psnr_y": [0]})
        self.assertIsNone(merged["pooled_metrics"]["psnr_y"]["harmonic_mean"])
        for wrong in ({"psnr_y": [1]}, {"psnr_y": [77]}, {"psnr_y": ["x"]}, {"other": [0]}):
            self.check_fault(2, ['"nan" is damaged'], "--merge", self.report(nan=wrong))

    def test_models_over_all_frames(self):
        """Parts of a clip that were quantised each by itself were put together as if they were the whole."""
        model = {"name": "m", "source": "s", "sha256": "0" * 64, "collection": False}
        tiny = [{"name": "m", "features": [], "metadata": {}, "depends_on_all_frames": True}]
        whole = support.parse_json(self.bytes_of(self.report(models=[model], tiny_models=tiny)))
        paths = []
        for i in range(2):
            block = {**whole["tinyvmaf"], "first_frame": i, "frames": 1}
            paths.append(self.file(f"d{i}.json", json.dumps({**whole, "frames": [whole["frames"][i]], "tinyvmaf": block})))
        self.check_fault(2, ["model m", "whole"], "--merge", *paths)
        self.assertEqual(support.run("--merge", paths[0], "-q", "--json", "-").returncode, 0)

    def test_warnings_of_many_reports(self):
        """Each was compared with all of all reports before."""
        whole = support.parse_json(self.bytes_of(self.report()))
        paths = []
        for i in range(6):
            part = {**whole, "frames": [whole["frames"][i]]}
            warnings = [f"{'x' * 30}{i}-{k}" for k in range(8000)]
            part["tinyvmaf"] = {**whole["tinyvmaf"], "first_frame": i, "frames": 1, "warnings": warnings}
            paths.append(self.file(f"w{i}.json", json.dumps(part)))
        begin = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        merged = support.run("--merge", *paths, "-q", "--json", "-")
        self.assertEqual(merged.returncode, 0, merged.stderr)
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - begin, 6 if support.SANITIZED else 2)
        self.assertEqual(len(support.parse_json(merged.stdout)["tinyvmaf"]["warnings"]), 48000)

    def test_sums_of_no_picture(self):
        """Sums without bound became "inf" in the merged report, which is no JSON; a sign was read as 2^64 less."""
        good = {"sse": "5", "samples": 100, "peak": 255}
        for wrong in ({"sse": "-1"}, {"sse": " 1"}, {"sse": "9" * 20}, {"samples": 1e308}, {"samples": -1}, {"peak": 1e9}):
            path = self.report(sums={"apsnr_y": {**good, **wrong}})
            self.check_fault(2, ['"sums" is damaged'], "--merge", path)
        done = support.run("--merge", self.report(sums={"apsnr_y": good}), "-q", "--json", "-")
        self.assertEqual(support.parse_json(done.stdout)["tinyvmaf"]["sums"], {"apsnr_y": good})


class Late(Clip):
    @unittest.skipIf(support.SANITIZED, "a sanitizer needs room of its own")
    def test_a_part_far_into_a_clip(self):
        """Its table of scores began with frame 0: five frames of a clip of one pixel took 1.5 GB and a minute."""
        first, w, h = 4 << 20, 2, 2
        path = self.path("long.yuv")
        with open(path, "wb") as f:
            f.truncate((first + 8) * w * h)
            f.seek(first * w * h)
            f.write(bytes(range(8 * w * h)))
        args = ["-r", path, "-d", path, "-w", w, "-h", h, "-p", "400", "-b", 8, "-n", "--feature", "motion", "--threads", 1]
        limit = 160 << 20

        def small():
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

        reports = []
        for part in (f"{first}:3", f"{first + 3}:5", f"{first}:8"):
            reports.append(self.path(part))
            done = support.run(*args, "-q", "--precision", "max", "--reproducible", "--json", "-o", reports[-1], "--chunk", part,
                               preexec_fn=small)  # fmt: skip
            self.assertEqual(done.returncode, 0, done.stderr)
        merged = support.run("--merge", *reports[:2], "-q", "--precision", "max", "--json", "-", preexec_fn=small)
        self.assertEqual(merged.returncode, 0, merged.stderr)
        whole = support.parse_json(self.bytes_of(reports[2]))
        self.assertEqual([frame["frameNum"] for frame in whole["frames"]], [first + i for i in range(8)])
        self.assertEqual(support.parse_json(merged.stdout)["frames"], whole["frames"])
        self.assertEqual(support.parse_json(merged.stdout)["pooled_metrics"], whole["pooled_metrics"])

    def bytes_of(self, path):
        with open(path, "rb") as f:
            return f.read()


class Faults(Clip):
    def test_behind_the_end(self):
        args = [*self.clip(), "-n", "--feature", "motion"]
        for chunk in ("20:5", "21:1", "400:5"):
            self.check_fault(2, ["has 20 frames", f"--chunk {chunk}"], *args, "--chunk", chunk)
        self.check_fault(1, ["--frame_cnt 7"], *args, "--chunk", "7:1", "--frame_cnt", 7)

    def test_unreadable(self):
        for text in ("5", "5:", ":5", "5:0", "a:5", "5:5:5", "-1:5", "5:99999999999", "0" * 40 + ":1"):
            self.check_fault(1, ["FIRST:COUNT"], *self.clip(), "--chunk", text)


if __name__ == "__main__":
    unittest.main()
