# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The official TypeScript clients, version 1 and 2, on standard input and output and on HTTP."""

import base64
import json
import os
import re
import signal
import subprocess
import unittest

import mcp_client
import node
import support
from test_pictures import read_png
from test_score import reference_rows

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = [
    "list_backends",
    "list_models",
    "probe_video",
    "vmaf_score",
    "describe_worst_frames",
    "compare_encodes",
    "run_benchmark",
    "eval_model_on_split",
    "compare_models",
    "train_model",
]


class HttpServer:
    """A server on a port of its own choice."""

    def __init__(self, *arguments, program=None, env=None):
        self.process = subprocess.Popen(
            [program or mcp_client.SERVER, "--http", "0", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, **(env or {})},
        )
        line = self.process.stderr.readline()
        self.url = re.search(r"http://\S+", line)[0]
        self.port = int(re.search(r":(\d+)/mcp", line)[1])

    def close(self):
        """The exit status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(20)
        self.process.stderr.close()
        return status


class Clients(support.Case):
    W, H = 176, 176

    def setUp(self):
        super().setUp()
        support.model_file("vmaf_v0.6.1")
        self.modules = node.modules()
        self.node = node.node()
        ref, dis = support.patterns.write_pair(self.folder, "A", self.W, self.H, 8, 3)
        score = {"ref": ref, "dis": dis, "width": self.W, "height": self.H}
        long = self.path("long.yuv")
        with open(long, "wb") as f:  # 2000 frames of 1080p that take no room on the disk
            f.truncate(2000 * 1920 * 1080 * 3 // 2)
        long = {"ref": long, "dis": long, "width": 1920, "height": 1080}
        golden = self.golden()
        job = {"score": score, "long": long, "golden": golden, "patience_ms": 1000 * mcp_client.patience()}
        self.job = self.file("job.json", json.dumps(job))

    def golden(self):
        """A pair of the shared folder and, in self.golden_score, its value; None without it."""
        path = os.path.join(support.SHARED, "golden", "expect", "src01_8.json")
        self.allow = [self.folder]
        self.golden_score = None
        if not os.path.exists(path):
            return None
        with open(path, encoding="utf-8") as f:
            pair = json.load(f)
        self.allow.append(os.path.join(support.SHARED, "golden", "clips"))
        self.golden_score = pair["configs"]["vmaf_v0.6.1"]["pooled"]["vmaf"]["mean"]
        size = {"width": int(pair["width"]), "height": int(pair["height"])}
        return {"ref": os.path.basename(pair["ref"]), "dis": os.path.basename(pair["dis"]), **size}

    def options(self):
        return [word for folder in self.allow for word in ("--allow", folder)]

    def session(self, sdk, *way):
        done = subprocess.run(
            [self.node, os.path.join(HERE, "clients.mjs"), self.modules, sdk, self.job, *way],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            timeout=300,
        )
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        return support.parse_json(done.stdout)

    def check(self, seen, sdk):
        self.check_lists(seen)
        self.check_score(seen)
        self.check_pictures(seen)
        self.check_faults(seen, sdk)
        self.check_cancel(seen)

    def check_lists(self, seen):
        self.assertEqual(seen["server"]["name"], "vmaf-mcp")
        self.assertEqual(seen["tools"], TOOLS)
        self.assertIn("vmaf://models/vmaf_v0.6.1", seen["resources"])
        self.assertIn("vmaf://docs/mcp", seen["resources"])
        self.assertIn("vmaf://reports/{id}", seen["templates"])
        self.assertEqual(seen["prompts"], ["compare_encodes", "find_worst_moments"])
        self.assertEqual(seen["completion"], ["vmaf_4k_v0.6.1", "vmaf_4k_v0.6.1neg"])
        self.assertIn("b.mp4", seen["prompt"])
        self.assertEqual(seen["pages"], ["mcp", "mcp-tools", "models"])

    def check_score(self, seen):
        want = reference_rows(pattern="A", w=self.W, h=self.H, bits=8, format="420")["vmaf"]
        mean = float(want["mean"])
        score = seen["score"]
        self.assertEqual(score["structuredContent"]["score"], mean)
        self.assertEqual(json.loads(score["content"][0]["text"]), score["structuredContent"])
        self.assertEqual(seen["two"], [mean, mean])
        self.assertEqual(seen.get("golden"), self.golden_score)
        frames = json.loads(seen["report"])["frames"]
        self.assertEqual([f["metrics"]["vmaf"] for f in frames], [float(want[f"frame{i}"]) for i in range(3)])
        told = [p["progress"] for p in seen["progress"]]
        self.assertEqual(told, sorted(set(told)))
        # both SDKs drop what stands in one block with the answer, perhaps all of it; the long score
        # shows more
        self.assertEqual(told[:1], [0] if told else [])

    def check_pictures(self, seen):
        pictures = [c for c in seen["worst"]["content"] if c["type"] == "image"]
        self.assertEqual([p["mimeType"] for p in pictures], ["image/png"])
        w, h = read_png(base64.b64decode(pictures[0]["data"]))[:2]
        self.assertGreaterEqual(w, 3 * self.W)  # reference, distorted, difference side by side
        self.assertGreaterEqual(h, self.H)

    def check_faults(self, seen, sdk):
        self.assertTrue(seen["wrong_value"]["isError"])
        self.assertIn("width", seen["wrong_value"]["content"][0]["text"])
        self.assertEqual(seen["unknown_tool"]["code"], -32602)
        self.assertEqual(seen["unknown_resource"]["code"], -32002 if sdk == "1" else -32602)

    def check_cancel(self, seen):
        self.assertGreaterEqual(seen["frames_before_cancel"], 1)
        self.assertEqual(seen["while_busy"], len(TOOLS))
        self.assertIsNotNone(seen["cancelled"])
        self.assertLess(seen["cpu_ms_after_cancel"], 100)
        self.assertEqual(seen["after_cancel"], seen["score"]["structuredContent"]["score"])

    def check_stdio(self, sdk):
        self.check(self.session(sdk, "stdio", mcp_client.SERVER, *self.options()), sdk)

    def check_http(self, sdk):
        server = HttpServer(*self.options())
        try:
            self.check(self.session(sdk, "http", server.url, str(server.process.pid)), sdk)
        finally:
            self.assertEqual(server.close(), 0)

    def test_sdk_1_stdio(self):
        self.check_stdio("1")

    def test_sdk_1_http(self):
        self.check_http("1")

    def test_sdk_2_stdio(self):
        self.check_stdio("2")

    def test_sdk_2_http(self):
        self.check_http("2")

    def test_sdk_2_modern_stdio(self):
        self.check_stdio("2-modern")

    def test_sdk_2_modern_http(self):
        self.check_http("2-modern")


if __name__ == "__main__":
    unittest.main()
