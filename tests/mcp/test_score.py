# SPDX-License-Identifier: BSD-2-Clause-Patent
"""vmaf_score and compare_encodes: the numbers, the size of answers, what ends a score early."""

import csv
import json
import os
import shutil
import subprocess
import time
import unittest

import mcp_client
import onnx_file
import support

GOLDEN = os.path.join(support.SHARED, "golden")


def reference_rows(**wanted):
    """Values of libvmaf 3.2.0 for the patterns, at 17 digits: {name: row}."""
    path = os.path.join(support.TESTS, "golden", "reference.tsv")
    with open(path, encoding="utf-8") as f:
        rows = csv.DictReader((line for line in f if not line.startswith("#")), delimiter="\t")
        return {r["name"]: r for r in rows if all(r[k] == str(v) for k, v in wanted.items())}


class Score(mcp_client.Case):
    def setUp(self):
        support.model_file("vmaf_v0.6.1")
        super().setUp()

    def test_known_figure(self):
        """A pattern whose values the reference printed, to the last digit."""
        want = reference_rows(pattern="A", w=176, h=176, bits=8, format="420")
        got = self.client.get("vmaf_score", **self.raw_pair("A", 176, 176), per_frame="all")
        self.assertEqual(got["score"], float(want["vmaf"]["mean"]))
        self.assertEqual(got["models"][0]["harmonic_mean"], float(want["vmaf"]["harmonic_mean"]))
        frames = [float(want["vmaf"][f"frame{i}"]) for i in range(3)]
        self.assertEqual([f["score"] for f in got["scores"]], frames)
        self.assertEqual(got["worst"][0]["score"], min(frames))
        self.assertEqual(got["worst"][0]["frame"], frames.index(min(frames)))

    def test_several_models_and_features(self):
        want = reference_rows(pattern="A", w=176, h=176, bits=8, format="420")
        models = ["version=vmaf_v0.6.1neg", "version=vmaf_4k_v0.6.1:name=four"]
        got = self.client.get(
            "vmaf_score", **self.raw_pair("A", 176, 176), models=models, features=["psnr", "float_ssim"]
        )
        means = {m["name"]: m["mean"] for m in got["models"]}
        expected = {"vmaf": "vmaf", "vmaf_v0.6.1neg": "vmaf_neg", "four": "vmaf_4k"}
        self.assertEqual(means, {k: float(want[v]["mean"]) for k, v in expected.items()})
        features = {f["name"]: f["mean"] for f in got["features"]}
        self.assertAlmostEqual(features["psnr_y"], float(want["psnr_y"]["mean"]), 6)
        self.assertIn("float_ssim", features)

    def test_long_names(self):
        """compare_encodes cut the name of the score within a character, and failed for want of memory."""
        pair = self.raw_pair("A", 36, 36)
        name = "x" + "é" * 100
        path = pair.pop("dis")
        got = self.client.get(
            "compare_encodes", **pair, model=f"version=vmaf_v0.6.1:name={name}", encodes=[{"path": path}]
        )
        self.assertEqual(got["model_id"], name)

    def test_tiny_models(self):
        """A linear model whose answer is computed here from the features of each frame."""
        weights = [30.0, 5.0, 10.0, 15.0, 20.0, 0.25]
        path = self.file("line.onnx", onnx_file.linear(weights, 2.0))
        args = self.raw_pair("A", 176, 176)
        got = self.client.get("vmaf_score", **args, tiny_models=[path], per_frame="worst")
        for frame in got["worst"]:
            values = [frame["features"]["integer_" + name] for name in onnx_file.CANONICAL]
            want = sum(w * v for w, v in zip(weights, values)) + 2
            self.assertAlmostEqual(frame["features"]["line"], want, 3)
        self.assertIn("line", {m["name"] for m in got["models"]})
        self.refused(["does not exist"], "vmaf_score", **args, tiny_models=["none.onnx"])
        self.refused(["allowed"], "vmaf_score", **args, tiny_models=["/etc/x.onnx"])
        self.refused(["broken.onnx"], "vmaf_score", **args, tiny_models=[self.file("broken.onnx", b"x")])

    def test_same_as_the_program(self):
        """Every number of the report, for all kinds of files."""
        args = self.raw_pair("B", 192, 108, frames=8)
        w, h = args["width"], args["height"]
        want = support.score(*support.raw_args(args["ref"], args["dis"], w, h))
        y4m = {
            k: self.file(k + ".y4m", support.y4m("B", k, w, h, frames=8)) for k in ("ref", "dis")
        }
        for arguments in (args, y4m):
            got = self.client.get("vmaf_score", **arguments)
            report = json.loads(self.client.read_resource(got["report"]))
            self.assertEqual(report["frames"], want["frames"])
            self.assertEqual(report["pooled_metrics"], want["pooled_metrics"])
            self.assertEqual(got["score"], want["pooled_metrics"]["vmaf"]["mean"])

    @unittest.skipUnless(shutil.which("ffmpeg"), "ffmpeg is not installed")
    def test_compressed(self):
        paths = {}
        for side in ("ref", "dis"):
            source = self.file(side + ".y4m", support.y4m("B", side, 192, 108, frames=8))
            paths[side] = self.path(side + ".mp4")
            command = ["ffmpeg", "-nostdin", "-v", "error", "-i", source, paths[side]]
            subprocess.run(command, check=True)
        got = self.client.get("vmaf_score", **paths)
        want = support.score("-r", paths["ref"], "-d", paths["dis"])
        self.assertEqual(got["score"], want["pooled_metrics"]["vmaf"]["mean"])
        self.assertEqual(got["frames_scored"], 8)

    def test_range(self):
        """The frames of a range have the scores they have in the whole clip."""
        args = self.raw_pair("B", 96, 64, frames=12)
        whole = self.client.get("vmaf_score", **args, per_frame="all")["scores"]
        for first, count in ((0, 4), (3, 5), (8, 0), (11, 9)):
            got = self.client.get(
                "vmaf_score", **args, per_frame="all", frame_start=first, frame_count=count
            )
            end = first + count if count else 12
            self.assertEqual(got["scores"], whole[first:end])
            self.assertEqual((got["first_frame"], got["last_frame"]), (first, min(end, 12) - 1))
        got = self.client.get("vmaf_score", **args, per_frame="all", subsample=5)
        self.assertEqual([f["frame"] for f in got["scores"]], [0, 5, 10])
        self.assertEqual(got["scores"], whole[::5])
        self.refused(["12 frames", "frame_start"], "vmaf_score", **args, frame_start=12)

    def test_frames_apart(self):
        """A clip that is two frames late is told, and what the warning says puts it right."""
        w, h, frames = 96, 64, 24
        clip = [support.patterns.frame("A", "ref", w, h, f=f) for f in range(frames)]
        late = [support.patterns.frame("A", "dis", w, h, f=f) for f in range(frames)][2:]
        args = {"ref": self.file("r.yuv", b"".join(clip)), "dis": self.file("d.yuv", b"".join(late))}
        args |= {"width": w, "height": h}
        wrong = self.client.get("vmaf_score", **args)
        (warning,) = [text for text in wrong["warnings"] if "apart" in text]
        self.assertIn("skip_ref 2", warning)
        right = self.client.get("vmaf_score", **args, skip_ref=2)
        self.assertNotIn("warnings", right)
        self.assertEqual(right["frames_scored"], frames - 2)
        self.assertGreater(right["score"], wrong["score"] + 20)
        cut = self.file("cut.yuv", b"".join(clip[2:]))
        self.assertEqual(
            right["score"], self.client.get("vmaf_score", **{**args, "ref": cut})["score"]
        )
        self.refused(["24 frames", "skip_ref"], "vmaf_score", **args, skip_ref=25)
        # and the pictures are those of the frames that were compared
        shown = self.client.call("describe_worst_frames", {**args, "skip_ref": 2, "n": 1})
        same = self.client.call("describe_worst_frames", {**args, "ref": cut, "n": 1})
        self.assertEqual(mcp_client.images(shown), mcp_client.images(same))

    def test_collection(self):
        """The spread is told, the members are left to the report; the answer stays small."""
        with open(support.model_file("vmaf_v0.6.1"), encoding="utf-8") as f:
            single = json.load(f)
        collection = {str(i): single for i in range(21)}
        path = self.file("many.json", json.dumps(collection))
        args = {**self.raw_pair("A", 36, 36), "model": "path=" + path}
        result = self.client.call("vmaf_score", args)
        self.assertLessEqual(len(result["content"][0]["text"]), 4096)
        got = {m["name"]: m["mean"] for m in result["structuredContent"]["models"]}
        wanted = {"vmaf", "vmaf_bagging", "vmaf_stddev", "vmaf_ci_p95_lo", "vmaf_ci_p95_hi"}
        self.assertEqual(set(got), wanted)
        alone = self.client.get("vmaf_score", **self.raw_pair("A", 36, 36))["score"]
        self.assertEqual(got["vmaf"], alone)
        self.assertAlmostEqual(got["vmaf_bagging"], alone, 9)
        self.assertAlmostEqual(got["vmaf_stddev"], 0, 9)
        report = json.loads(self.client.read_resource(result["structuredContent"]["report"]))
        self.assertIn("vmaf_0020", report["frames"][0]["metrics"])

    def test_precision(self):
        """It is the report's; the answer has all digits."""
        args = self.raw_pair("A", 36, 36)
        digits = {}
        for precision in ("17", "max", "4", "legacy"):
            got = self.client.get("vmaf_score", **args, precision=precision)
            text = self.client.read_resource(got["report"])
            digits[precision] = json.loads(text)["frames"][1]["metrics"]["integer_vif_scale0"]
        self.assertEqual(digits["17"], digits["max"])
        self.assertEqual(digits["4"], float(f"{digits['max']:.4g}"))
        self.assertEqual(digits["legacy"], float(f"{digits['max']:.6f}"))

    def test_answer_is_small(self):
        """4 kB of text and no more, however long the clip."""
        for frames in (3, 400):
            result = self.client.call("vmaf_score", self.raw_pair("A", 36, 36, frames=frames))
            text = "".join(c["text"] for c in result["content"] if c["type"] == "text")
            self.assertLessEqual(len(text), 4096)
            self.assertEqual(json.loads(text), result["structuredContent"])
            self.assertLessEqual(len(result["structuredContent"]["worst"]), 5)

    def test_frames_by_link(self):
        args = self.raw_pair("A", 36, 36, frames=40)
        got = self.client.get("vmaf_score", **args, features=["psnr"])
        whole = json.loads(self.client.read_resource(got["report"]))["frames"]
        part = json.loads(self.client.read_resource(got["report"] + "/frames?from=30&count=3"))
        self.assertEqual([f["frameNum"] for f in part["frames"]], [30, 31, 32])
        self.assertEqual([f["metrics"] for f in part["frames"]], [f["metrics"] for f in whole[30:33]])

    def test_model_is_kept(self):
        """A model file that vanished after its first use is still refused, one unchanged is not read again."""
        with open(support.model_file("vmaf_v0.6.1"), "rb") as f:
            model = self.file("model.json", f.read())
        args = self.raw_pair("A", 36, 36)
        first = self.client.get("vmaf_score", **args, model="path=" + model)
        again = self.client.get("vmaf_score", **args, model="path=" + model)
        self.assertEqual(first["score"], again["score"])
        os.rename(model, model + ".moved")
        self.refused(["does not exist"], "vmaf_score", **args, model="path=" + model)
        self.file("model.json", "{}")
        self.refused(["model"], "vmaf_score", **args, model="path=" + model)

    def test_wrong_arguments(self):
        args = self.raw_pair()
        ref, dis = args["ref"], args["dis"]
        cases = [
            (["width and height"], {"ref": ref, "dis": dis, "width": 64}),
            (["width, height", "probe_video"], {"ref": ref, "dis": dis}),
            (["did you mean", "vmaf_v0.6.1"], {**args, "model": "version=vmaf_v0.6.2x"}),
            (["list_models"], {**args, "model": "version=nonsense_of_mine"}),
            (["unknown key"], {**args, "model": "versoin=vmaf_v0.6.1:x=1"}),
            (["cpu", "cuda"], {**args, "backend": "cuda"}),
            (["no feature", "psnr"], {**args, "features": ["psrn"]}),
            (["named", "vmaf"], {**args, "models": ["version=vmaf_v0.6.1neg:name=vmaf"]}),
            (["precision"], {**args, "precision": "18"}),
            (["precision"], {**args, "precision": "all"}),
            (["pixfmt"], {**args, "pixfmt": "421"}),
            (["width"], {**args, "width": 0}),
            (["width"], {**args, "width": 99999}),
            (["refx"], {**args, "refx": 1}),
        ]
        for words, arguments in cases:
            with self.subTest(words=words):
                self.refused(words, "vmaf_score", **arguments)
        other = self.raw_pair("A", 36, 36)
        self.file("a.y4m", support.y4m("A", "ref", 36, 36))
        self.file("b.y4m", support.y4m("A", "ref", 64, 48))
        pair = {"ref": self.path("a.y4m"), "dis": self.path("b.y4m")}
        self.refused(["36x36", "64x48", "scale"], "vmaf_score", **pair)
        self.refused(["pixfmt"], "vmaf_score", **{**other, "dis": self.file("short.yuv", b"12")})
        self.refused(["empty"], "vmaf_score", **{**other, "dis": self.file("empty.yuv", b"")})

    def test_broken_input(self):
        """What is before the fault is scored, with a warning."""
        pair = {k: support.y4m("A", k, 36, 36, frames=6) for k in ("ref", "dis")}
        pair["dis"] = pair["dis"][:-500]
        pair = {k: self.file(k + ".y4m", data) for k, data in pair.items()}
        got = self.client.get("vmaf_score", **pair)
        self.assertEqual(got["end"], "broken")
        self.assertEqual(got["frames_scored"], 5)
        self.assertTrue(got["warnings"])


class Golden(mcp_client.Case):
    allow = (os.path.join(GOLDEN, "clips"),)

    @unittest.skipUnless(os.path.isdir(GOLDEN), f"no {GOLDEN}")
    def test_golden_pairs(self):
        """Pairs of the shared folder, by the default model, to the last digit."""
        support.model_file("vmaf_v0.6.1")
        for name in ("src01_8", "src01_q160x90", "src01_10", "src01tiff_422p10"):
            with open(os.path.join(GOLDEN, "expect", name + ".json"), encoding="utf-8") as f:
                pair = json.load(f)
            want = pair["configs"]["vmaf_v0.6.1"]
            arguments = {"ref": pair["ref"], "dis": pair["dis"], "per_frame": "all"}
            arguments |= {"width": int(pair["width"]), "height": int(pair["height"])}
            arguments |= {"pixfmt": str(pair["pixel_format"]), "bitdepth": int(pair["bitdepth"])}
            got = self.client.get("vmaf_score", **arguments)
            with self.subTest(pair=name):
                scores = [f["vmaf"] for f in want["frames"]]
                self.assertEqual([f["score"] for f in got["scores"]], scores)
                self.assertEqual(got["score"], want["pooled"]["vmaf"]["mean"])


class Long(mcp_client.Case):
    def setUp(self):
        support.model_file("vmaf_v0.6.1")
        super().setUp()

    def long_pair(self, w=640, h=360, frames=600):
        """Minutes of work if nobody stops it; two small files that repeat a frame."""
        paths = {}
        for side in ("ref", "dis"):
            frame = b"FRAME\n" + support.patterns.frame("B", side, w, h)
            head = f"YUV4MPEG2 W{w} H{h} F25:1 Ip A1:1 C420jpeg\n".encode()
            paths[side] = self.file(side + "_long.y4m", head + frame * frames)
        return paths


class Stops(Long):
    """Ends that come from outside."""

    def test_cancel(self):
        """The processor is idle within a second, no answer comes, and what was scored can be read."""
        request = self.client.start_call("vmaf_score", self.long_pair(1280, 720, 120), token="t")
        told = self.client.wait_for_progress("t", least=3)
        self.client.notify("notifications/cancelled", {"requestId": request})
        self.assertTrue(self.client.is_idle_within(1))
        self.assertNotIn(request, self.client.answers)
        uri = told[-1]["message"].split()[-1]
        report = json.loads(self.client.read_resource(uri))
        self.assertGreaterEqual(len(report["frames"]), 1)
        self.assertIn("vmaf", report["frames"][0]["metrics"])
        # and the worker is free
        got = self.client.get("vmaf_score", **self.raw_pair("A", 36, 36))
        self.assertEqual(got["end"], "complete")
        self.assertNotIn(request, self.client.answers)

    def test_progress(self):
        self.client.wait(self.client.start_call("vmaf_score", self.long_pair(320, 180, 200), token=7))
        told = [p["progress"] for p in self.client.progress[7]]
        self.assertEqual(told, sorted(set(told)))
        self.assertEqual(told[0], 0)
        self.assertEqual(self.client.progress[7][-1]["total"], 200)

    def test_max_seconds(self):
        got = self.client.get("vmaf_score", **self.long_pair(1280, 720, 300), max_seconds=0.3)
        self.assertEqual(got["end"], "timeout")
        self.assertLess(got["frames_scored"], 300)
        self.assertIn("frame_start", got["warnings"][0])
        want = self.client.get(
            "vmaf_score",
            ref=self.path("ref_long.y4m"),
            dis=self.path("dis_long.y4m"),
            frame_count=got["frames_scored"],
        )
        self.assertAlmostEqual(got["score"], want["score"], 1)


class TwoAtOnce(Long):
    env = {"VMAF_MCP_JOBS": "2"}

    def test_two_scores(self):
        """Both right, with one model for each; and a cancelled one leaves the other alone."""
        pair = self.long_pair(320, 180, 100)
        alone = self.client.get("vmaf_score", **pair)["score"]
        requests = [self.client.start_call("vmaf_score", pair, token=i) for i in (1, 2, 3)]
        for token in (1, 2):
            self.client.wait_for_progress(token, least=1)
        self.client.notify("notifications/cancelled", {"requestId": requests[0]})
        for request in requests[1:]:
            answer = self.client.wait(request)["result"]
            self.assertEqual(answer["structuredContent"]["score"], alone)
        self.assertNotIn(requests[0], self.client.answers)


class Deadline(Long):
    """Some of 40 frames of full size can be had in the time, not all; of a sanitizer's times one is measured."""

    def setUp(self):
        self.seconds = 1
        if support.SANITIZED:
            self.env = None
            super().setUp()
            begin = time.monotonic()
            self.client.get("vmaf_score", **self.long_pair(1920, 1080, 2), frame_count=2, features=["float_ms_ssim"])
            self.seconds = 1 + int(3 * (time.monotonic() - begin))
            self.doCleanups()
        self.env = {"VMAF_MCP_TIMEOUT": str(self.seconds), "VMAF_MCP_MAX_FRAMES": "40"}
        super().setUp()

    def test_frames(self):
        got = self.client.get("vmaf_score", **self.raw_pair("A", 36, 36, frames=60))
        self.assertEqual((got["end"], got["frames_scored"]), ("limit", 40))
        self.assertIn("frame_start", got["warnings"][0])

    def test_frames_of_several(self):
        """The limit was that of each encode, and a benchmark had none."""
        pair = self.raw_pair("A", 36, 36, frames=60)
        path = pair.pop("dis")
        encodes = [{"path": path, "label": x} for x in "abc"]
        got = self.client.get("compare_encodes", **pair, encodes=encodes, frame_count=30)["encodes"]
        # behind the range of the first one more is read
        self.assertEqual([e.get("frames") for e in got], [30, 9, None])
        self.assertIn("most frames", got[2]["error"])
        got = self.client.get("run_benchmark", **pair, dis=path, frame_count=50)
        self.assertEqual({r["frames"] for r in got["runs"]}, {40})

    def test_time(self):
        """The server's deadline gives what there is, and the frames that are there are right."""
        pair = self.long_pair(1920, 1080, 40)
        begin = time.monotonic()
        got = self.client.get("vmaf_score", **pair, per_frame="all", features=["float_ms_ssim"])
        self.assertLess(time.monotonic() - begin, 3 * self.seconds * mcp_client.patience())
        self.assertEqual(got["end"], "timeout")
        self.assertIn("time ran out", got["warnings"][0])
        n = 1 if support.SANITIZED else 2
        want = self.client.get("vmaf_score", **pair, per_frame="all", frame_count=n)
        self.assertEqual(got["scores"][:n], want["scores"])


class Compare(mcp_client.Case):
    def setUp(self):
        support.model_file("vmaf_v0.6.1")
        super().setUp()

    def encodes(self):
        """Encodes by adding an error of 1 to 4 steps; smaller ones cost more."""
        w, h, frames = 96, 64, 3
        size = w * h * 3 // 2
        source = b"".join(support.patterns.frame("B", "ref", w, h, f=f) for f in range(frames))
        out = []
        for step in (4, 3, 2, 1):
            noisy = bytes(
                v + step * (1 if (i * 7 + i // w) % 3 == 0 else 0) for i, v in enumerate(source)
            )
            out.append(self.file(f"step{step}.yuv", noisy))
        self.assertEqual(len(source), size * frames)
        return {"ref": self.file("ref.yuv", source), "width": w, "height": h}, out

    def test_bd_rate(self):
        """One group needs exactly a fifth less for the same scores."""
        args, paths = self.encodes()
        rates = [500, 1000, 2000, 4000]
        encodes = [
            {"path": p, "bitrate_kbps": r * factor, "group": group, "label": f"{group} {r}"}
            for group, factor in (("a", 1), ("b", 0.8))
            for p, r in zip(paths, rates)
        ]
        got = self.client.get("compare_encodes", **args, encodes=encodes)
        self.assertEqual(len(got["encodes"]), 8)
        self.assertEqual(len(got["bd"]), 1)
        self.assertAlmostEqual(got["bd"][0]["bd_rate_percent"], -20, 6)
        self.assertEqual(got["rate_source"], "given")
        one = self.client.get("vmaf_score", ref=args["ref"], dis=paths[0], width=96, height=64)
        self.assertEqual(got["encodes"][0]["mean"], one["score"])
        self.assertIn(got["best"], ("a 4000", "b 4000"))
        got = self.client.get("compare_encodes", **args, encodes=encodes, anchor="b")
        self.assertAlmostEqual(got["bd"][0]["bd_rate_percent"], 25, 6)

    @unittest.skipUnless(shutil.which("ffmpeg"), "ffmpeg is not installed")
    def test_rates_of_files(self):
        """Without rates those of the files count; the same files in two groups differ by nothing."""
        source = self.file("source.y4m", support.y4m("B", "ref", 192, 108, frames=8))
        encodes, sizes = [], []
        for quality in (3, 8, 20):
            path = self.path(f"q{quality}.avi")
            command = ["ffmpeg", "-nostdin", "-v", "error", "-i", source, "-c:v", "mpeg4"]
            subprocess.run([*command, "-q:v", str(quality), path], check=True)
            encodes += [{"path": path, "group": group} for group in ("a", "b")]
            sizes += [os.path.getsize(path) / 8] * 2
        got = self.client.get("compare_encodes", ref=source, encodes=encodes)
        self.assertEqual([e["bytes_per_frame"] for e in got["encodes"]], sizes)
        self.assertEqual(got["rate_source"], "file_size")
        self.assertAlmostEqual(got["bd"][0]["bd_rate_percent"], 0, 9)
        self.assertAlmostEqual(got["bd"][0]["bd_score"], 0, 9)

    def test_one_that_fails(self):
        args, paths = self.encodes()
        encodes = [{"path": paths[0]}, {"path": self.path("none.yuv")}]
        got = self.client.get("compare_encodes", **args, encodes=encodes)
        self.assertIsNone(got["encodes"][1]["mean"])
        self.assertIn("does not exist", got["encodes"][1]["error"])
        self.assertIn("none.yuv", got["warnings"][0])
        self.assertEqual(got["best"], paths[0])
        self.refused(["no encode"], "compare_encodes", **args, encodes=[encodes[1]])


if __name__ == "__main__":
    unittest.main()
