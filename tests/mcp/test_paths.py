# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Every argument that names a file, and every way to make it name another one."""

import json
import os
import shutil
import socket
import subprocess
import unittest

import mcp_client
import support
from mcp_client import Case


class Paths(Case):
    """The server may read folder/in and nothing else."""

    def setUp(self):
        support.model_file("vmaf_v0.6.1")
        super().setUp()
        self.client.close()
        self.inside = self.path("in")
        self.outside = self.path("out")
        os.mkdir(self.inside)
        os.mkdir(self.outside)
        self.client = mcp_client.Client([self.inside])
        ref, dis = support.patterns.write_pair(self.folder, "A", 36, 36)
        for folder in (self.inside, self.outside):
            for name, path in (("ref.yuv", ref), ("dis.yuv", dis)):
                shutil.copy(path, os.path.join(folder, name))
        with open(support.model_file("vmaf_v0.6.1"), "rb") as f:
            self.file("out/model.json", f.read())
        self.shape = {"width": 36, "height": 36}

    def link(self, name, target):
        os.symlink(target, os.path.join(self.inside, name))
        return name

    def tricks(self):
        """Names that must not be opened, relative and absolute."""
        os.mkfifo(os.path.join(self.inside, "fifo"))
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(os.path.join(self.inside, "socket"))
        return [
            "../out/dis.yuv",
            "./../out/dis.yuv",
            self.inside + "/../out/dis.yuv",
            self.outside + "/dis.yuv",
            self.inside + "side/dis.yuv",
            "/etc/passwd",
            "/dev/zero",
            "/dev/stdin",
            "/proc/self/fd/0",
            "/proc/self/environ",
            self.link("relative", "../out/dis.yuv"),
            self.link("absolute", self.outside + "/dis.yuv"),
            self.link("back", self.inside + "/dis.yuv"),
            self.link("folder", "../out") + "/dis.yuv",
            self.link("magic", "/proc/self/root/etc/passwd"),
            self.link("loop", "loop"),
            "fifo",
            "socket",
            ".",
            "",
            "none.yuv",
            "dis.yuv/",
            "-",
            "file:dis.yuv",
            "%d.yuv",
            "http://127.0.0.1/x",
            "concat:dis.yuv|dis.yuv",
            "a\nb",
        ]

    def test_videos(self):
        good = {"ref": "ref.yuv", "dis": "dis.yuv", **self.shape}
        self.client.get("vmaf_score", **good)
        self.client.get("vmaf_score", **{**good, "dis": os.path.join(self.inside, "dis.yuv")})
        for name in self.tricks():
            calls = [
                ("vmaf_score", {**good, "dis": name}),
                ("vmaf_score", {**good, "ref": name}),
                ("describe_worst_frames", {**good, "dis": name}),
                ("run_benchmark", {**good, "dis": name}),
                ("compare_encodes", {"ref": "ref.yuv", "encodes": [{"path": name}], **self.shape}),
                ("probe_video", {"path": name}),
            ]
            for tool, arguments in calls:
                with self.subTest(tool=tool, name=name):
                    text = self.refused([], tool, **arguments)
                    self.assertNotIn("\n", text)
                    self.assertNotIn("root:", text)

    def test_models(self):
        """Models are files, too."""
        good = {"ref": "ref.yuv", "dis": "dis.yuv", **self.shape}
        shutil.copy(os.path.join(self.outside, "model.json"), self.inside)
        for model in ("model.json", os.path.join(self.inside, "model.json")):
            self.client.get("vmaf_score", **good, model="path=" + model)
        tricks = [
            "../out/model.json",
            os.path.join(self.outside, "model.json"),
            self.link("model", "../out/model.json"),
            "/etc/passwd",
            "/dev/zero",
            ".",
        ]
        for name in tricks:
            with self.subTest(name=name):
                self.refused([self.inside], "vmaf_score", **good, model="path=" + name)
                models = ["path=" + name + ":name=x"]
                self.refused([self.inside], "vmaf_score", **good, models=models)
                self.refused([], "vmaf_score", **good, tiny_models=[name])
                self.refused([], "eval_model_on_split", model=name, features="table.csv")
                self.refused([], "eval_model_on_split", model="model.json", features=name)
                self.refused([], "train_model", features=name, output="x.onnx")
                self.refused([], "train_model", features="model.json", output=name + ".onnx")

    def test_sentence_names_the_roots(self):
        text = self.refused([self.inside, "allowed"], "probe_video", path="/etc/passwd")
        self.assertIn("/etc/passwd", text)

    def test_without_roots(self):
        client = mcp_client.Client()
        self.addCleanup(client.close)
        result = client.call("probe_video", {"path": os.path.join(self.inside, "ref.yuv")})
        self.assertTrue(result["isError"])
        self.assertIn("VMAF_MCP_ALLOW", result["content"][0]["text"])

    @unittest.skipUnless(shutil.which("ffmpeg"), "ffmpeg is not installed")
    def test_playlists(self):
        """A file that asks FFmpeg to read another: none is read, wherever the other lies."""
        video = os.path.join(self.inside, "video.ts")
        source = self.file("source.y4m", support.y4m("B", "ref", 192, 108, frames=8))
        encode = ["ffmpeg", "-nostdin", "-v", "error", "-i", source, "-c:v", "mpeg2video", video]
        subprocess.run(encode, check=True)
        self.assertEqual(self.client.get("probe_video", path="video.ts")["video"]["width"], 192)
        shutil.copy(video, self.outside)
        for target in ("video.ts", video, os.path.join(self.outside, "video.ts"), "../out/video.ts"):
            files = {
                "list.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{target}\n#EXT-X-ENDLIST\n",
                "list.ffconcat": f"ffconcat version 1.0\nfile '{target}'\n",
                "list.mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" '
                'type="static" mediaPresentationDuration="PT9S" profiles="urn:mpeg:dash:profile:'
                f'isoff-on-demand:2011"><Period><AdaptationSet><Representation id="1" '
                f'mimeType="video/mp4"><BaseURL>{target}</BaseURL></Representation>'
                "</AdaptationSet></Period></MPD>",
                "list.sdp": f"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n{target}\n",
            }
            for name, text in files.items():
                self.file("in/" + name, text)
                with self.subTest(name=name, target=target):
                    result = self.client.call("probe_video", {"path": name})
                    self.assertNotIn('"video"', json.dumps(result.get("structuredContent", {})))
                    self.refused([], "vmaf_score", ref=name, dis=name)

    def test_a_file_exchanged_while_it_is_scored(self):
        """What was opened is what is scored: the descriptor, not the name."""
        args = {"ref": "ref.yuv", "dis": "dis.yuv", **self.shape}
        first = self.client.get("vmaf_score", **args)
        request = self.client.start_call("describe_worst_frames", args, token="t")
        self.client.wait_for_progress("t", least=1)
        for name in ("ref.yuv", "dis.yuv"):
            path = os.path.join(self.inside, name)
            os.rename(path, path + ".moved")
            os.symlink("/etc/passwd", path)
        answer = self.client.wait(request)["result"]
        self.assertEqual(answer["structuredContent"]["mean"], first["score"])
        self.assertEqual(len(mcp_client.images(answer)), 2)
        self.refused([self.inside], "vmaf_score", **args)


class Probe(Case):
    def test_kinds(self):
        raw = self.raw_pair("A", 36, 36)["ref"]
        got = self.client.get("probe_video", path=raw, width=36, height=36)
        self.assertEqual((got["kind"], got["frames"], got["frames_exact"]), ("raw", 3, True))
        y4m = self.file("x.y4m", support.y4m("A", "ref", 36, 36, tag="C420p10", bits=10))
        got = self.client.get("probe_video", path=y4m)
        self.assertEqual(got["kind"], "y4m")
        video = {"width": 36, "height": 36, "pixfmt": "420", "bitdepth": 10}
        self.assertEqual(got["video"], video)

    def test_guesses(self):
        """From the name first, then from the size."""
        data = bytes(352 * 288 * 3 // 2 * 4)
        got = self.client.get("probe_video", path=self.file("a_88x72_422.yuv", data))
        self.assertEqual(got["kind"], "raw")
        first = got["guesses"][0]
        wanted = {"width": 88, "height": 72, "pixfmt": "422", "bitdepth": 8, "why": "name"}
        self.assertEqual({k: first[k] for k in wanted}, wanted)
        sizes = [(g["width"], g["height"]) for g in got["guesses"] if g["why"] == "size"]
        self.assertIn((352, 288), sizes)
        for guess in got["guesses"]:
            args = {k: guess[k] for k in ("width", "height", "pixfmt", "bitdepth")}
            told = self.client.get("probe_video", path=self.path("a_88x72_422.yuv"), **args)
            self.assertEqual(told["frames"], guess["frames"])


if __name__ == "__main__":
    unittest.main()
