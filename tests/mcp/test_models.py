# SPDX-License-Identifier: BSD-2-Clause-Patent
"""eval_model_on_split and compare_models, against figures computed here from their definitions."""

import hashlib
import json
import math
import os
import random
import statistics
import time
import unittest

import mcp_client
import onnx_file
import support
from mcp_client import Case
from onnx_file import CANONICAL

WEIGHTS = [30.0, 5.0, 10.0, 15.0, 20.0, 0.25]


def part_of(key):
    """The rule of the published splits."""
    digest = hashlib.sha256(b"vmaf-train-splits-v1:" + key.encode()).digest()
    b = int.from_bytes(digest[:8], "big") / 2**64
    return "test" if b < 0.1 else "val" if b < 0.2 else "train"


def ranks(values):
    order = sorted(range(len(values)), key=values.__getitem__)
    out = [0.0] * len(values)
    i = 0
    while i < len(order):
        j = i
        while j + 1 < len(order) and values[order[j + 1]] == values[order[i]]:
            j += 1
        for k in range(i, j + 1):
            out[order[k]] = (i + j) / 2
        i = j + 1
    return out


def kendall(x, y):
    n, c, tx, ty = len(x), 0, 0, 0
    for i in range(n):
        for j in range(i):
            a, b = (x[i] > x[j]) - (x[i] < x[j]), (y[i] > y[j]) - (y[i] < y[j])
            c += a * b
            tx += a == 0
            ty += b == 0
    pairs = n * (n - 1) / 2
    return c / math.sqrt((pairs - tx) * (pairs - ty))


class Tables(Case):
    def setUp(self):
        super().setUp()
        self.random = random.Random(7)
        self.good = self.file("good.onnx", onnx_file.linear(WEIGHTS, 2.0))
        self.other = self.file("other.onnx", onnx_file.linear([10, 20, 5, 1, 60, 3], 9.0))

    def rows(self, keys=("a", "clip6", "b", "Selfie", "src01"), frames=12):
        for key in keys:
            for _ in range(frames):
                x = [self.random.uniform(0.3, 1) for _ in CANONICAL[:5]] + [self.random.uniform(0, 9)]
                truth = sum(w * v for w, v in zip(WEIGHTS, x)) + self.random.gauss(0, 4)
                yield key, x, truth

    def table(self, name, rows, target="mos", key=True):
        lines = [",".join((["key"] if key else []) + CANONICAL + [target])]
        for k, x, y in rows:
            lines.append(",".join(([k] if key else []) + [repr(v) for v in (*x, y)]))
        return self.file(name, "\n".join(lines) + "\n")


class Models(Tables):
    def check(self, got, rows):
        truth = [y for _, _, y in rows]
        guess = [sum(w * v for w, v in zip(WEIGHTS, x)) + 2 for _, x, _ in rows]
        self.assertEqual(got["n"], len(rows))
        self.assertAlmostEqual(got["plcc"], statistics.correlation(guess, truth), 5)
        rank = statistics.correlation(ranks(guess), ranks(truth))
        self.assertAlmostEqual(got["srocc"], rank, 5)
        self.assertAlmostEqual(got["krocc"], kendall(guess, truth), 5)
        errors = [abs(a - b) for a, b in zip(guess, truth)]
        self.assertAlmostEqual(got["rmse"], math.sqrt(sum(e * e for e in errors) / len(rows)), 3)
        self.assertAlmostEqual(got["mae"], sum(errors) / len(rows), 3)
        self.assertAlmostEqual(got["max_error"], max(errors), 3)

    def test_figures(self):
        rows = list(self.rows())
        for target in ("mos", "vmaf"):
            path = self.table("t.csv", rows, target)
            got = self.client.get("eval_model_on_split", model=self.good, features=path, split="all")
            self.check(got, rows)
        self.assertEqual(got["columns"], CANONICAL)
        with open(self.good, "rb") as f:
            self.assertEqual(got["model_sha256"], hashlib.sha256(f.read()).hexdigest())
        self.assertGreater(got["latency_ns"], 0)
        low, high = got["ci95"]["plcc"]
        self.assertTrue(low <= got["plcc"] <= high)

    def test_splits(self):
        """Known answers of the published rule, and rows by them."""
        for key, part in (("Selfie", "val"), ("clip6", "test"), ("b", "train"), ("src01", "train")):
            self.assertEqual(part_of(key), part)
        rows = list(self.rows())
        path = self.table("t.csv", rows)
        for part in ("train", "val", "test"):
            got = self.client.get("eval_model_on_split", model=self.good, features=path, split=part)
            self.check(got, [r for r in rows if part_of(r[0]) == part])
        default = self.client.get("eval_model_on_split", model=self.good, features=path)
        self.assertEqual(default["split"], "test")
        path = self.table("nokey.csv", rows, key=False)
        self.check(self.client.get("eval_model_on_split", model=self.good, features=path), rows)

    def test_ranking(self):
        rows = list(self.rows())
        path = self.table("t.csv", rows)
        bad = self.file("bad.onnx", b"\x08\x08nonsense")
        none = self.path("none.onnx")
        models = [bad, self.other, none, self.good]
        got = self.client.get("compare_models", models=models, features=path, split="all")
        self.assertEqual([r["model"] for r in got["ranked"]], [self.good, self.other])
        self.check(got["ranked"][0], rows)
        self.assertGreater(got["ranked"][0]["plcc"], got["ranked"][1]["plcc"])
        self.assertEqual([e["model"] for e in got["errors"]], [bad, none])
        self.assertIn("does not exist", got["errors"][1]["error"])
        self.refused(["no model"], "compare_models", models=[bad, none], features=path)

    def test_files_beside_a_model(self):
        """Weights and scaling in files of the same folder are read, links among them are not."""
        rows = list(self.rows())
        table = self.table("t.csv", rows)
        arguments = {"features": table, "split": "all"}
        os.mkdir(self.path("m"))
        self.file("m/line.onnx", onnx_file.linear(WEIGHTS, 2.0, file="weights.bin"))
        self.refused(["weights.bin"], "eval_model_on_split", **arguments, model="m/line.onnx")
        weights = self.file("m/weights.bin", onnx_file.floats(WEIGHTS))
        self.check(
            self.client.get("eval_model_on_split", **arguments, model="m/line.onnx"), rows
        )
        pair = self.raw_pair("A", 36, 36)
        whole = self.client.get("vmaf_score", **pair, tiny_models=["good.onnx"])["models"][1]
        parts = self.client.get("vmaf_score", **pair, tiny_models=["m/line.onnx"])["models"][1]
        self.assertEqual((whole.pop("name"), parts.pop("name")), ("good", "line"))
        self.assertEqual(whole, parts)
        # the network sees (x - mean) / std: mean 0 and std 0.5 double every weight
        scaling = {"feature_mean": [0.0] * 6, "feature_std": [0.5] * 6}
        self.file("m/line.json", json.dumps({**scaling, "features": CANONICAL}))
        scaled = self.client.get("vmaf_score", **pair, tiny_models=["m/line.onnx"])["models"][1]
        self.assertAlmostEqual(scaled["mean"] - 2, 2 * (whole["mean"] - 2), 3)
        os.rename(weights, self.path("elsewhere.bin"))
        os.symlink("../elsewhere.bin", weights)
        self.refused(["link"], "eval_model_on_split", **arguments, model="m/line.onnx")
        self.refused(["link"], "vmaf_score", **pair, tiny_models=["m/line.onnx"])
        self.refused(["link"], "vmaf_score", **pair, model="path=m/line.onnx")

    def test_the_model_folder_confines_what_is_allowed(self):
        """A model outside of VMAF_TINY_MODEL_DIR was scored with if --allow covered it."""
        os.mkdir(self.path("models"))
        inside = self.file("models/line.onnx", onnx_file.linear(WEIGHTS, 2.0))
        pair = self.raw_pair("A", 36, 36)
        client = mcp_client.Client([self.folder], {"VMAF_TINY_MODEL_DIR": self.path("models")})
        self.addCleanup(client.close)
        client.get("vmaf_score", **pair, tiny_models=[inside])
        for arguments in {"tiny_models": [self.good]}, {"model": f"path={self.good}"}:
            with self.assertRaisesRegex(mcp_client.Failure, "VMAF_TINY_MODEL_DIR"):
                client.get("vmaf_score", **pair, **arguments)
        table = {"features": self.table("t.csv", list(self.rows())), "split": "all"}
        client.get("eval_model_on_split", **table, model=inside)
        with self.assertRaisesRegex(mcp_client.Failure, "VMAF_TINY_MODEL_DIR"):
            client.get("eval_model_on_split", **table, model=self.good)

    def test_what_cannot_be_judged(self):
        rows = list(self.rows())
        path = self.table("t.csv", rows)
        arguments = {"model": self.good, "features": path, "split": "all"}
        self.refused(["parquet", "pandas"], "eval_model_on_split", **{
            **arguments, "features": self.file("t.parquet", b"PAR1" + bytes(64) + b"PAR1")
        })
        cases = [
            (["2 are needed"], {"features": self.table("one.csv", rows[:1])}),
            (["vif_scale0"], {"features": self.file("x.csv", "adm2,mos\n1,2\n1,3\n")}),
            (["mos"], {"features": self.file("y.csv", ",".join(CANONICAL) + "\n")}),
            (["line 2"], {"features": self.file("z.csv", ",".join(CANONICAL) + ",mos\n1,2\n")}),
            (["model"], {"model": self.file("empty.onnx", b"")}),
            (["split"], {"split": "all of it"}),
            (["does not exist"], {"features": self.path("none.csv")}),
        ]
        for words, changes in cases:
            with self.subTest(words=words):
                self.refused(words, "eval_model_on_split", **{**arguments, **changes})


class Corpus(Tables):
    """The folder of a corpus instead of a table: rows come from the cache of the trainer."""

    GEOMETRY = {"width": 640, "height": 360}

    def setUp(self):
        support.model_file("vmaf_v0.6.1")
        super().setUp()
        self.client.close()
        self.client = mcp_client.Client(
            [self.folder], {"VMAF_TINY_AI_CACHE": os.path.join(self.folder, "cache")}
        )
        for folder in ("corpus", "corpus/ref", "corpus/dis"):
            os.mkdir(self.path(folder))
        for source, pattern in (("Alpha", "A"), ("Beta", "B")):
            ref, dis = support.patterns.write_pair(self.folder, pattern, 64, 36, frames=4)
            os.rename(ref, self.path(f"corpus/ref/{source}_25fps.yuv"))
            os.rename(dis, self.path(f"corpus/dis/{source}_30_36_100.yuv"))

    def test_rows_are_those_of_a_score(self):
        """The figures of a model on the corpus are those on the features vmaf_score gives."""
        rows = []
        for source in ("Alpha", "Beta"):
            got = self.client.get(
                "vmaf_score",
                ref=f"corpus/ref/{source}_25fps.yuv",
                dis=f"corpus/dis/{source}_30_36_100.yuv",
                width=64,
                height=36,
            )
            for frame in json.loads(self.client.read_resource(got["report"]))["frames"]:
                values = [frame["metrics"]["integer_" + name] for name in CANONICAL]
                rows.append((source, values, frame["metrics"]["vmaf"]))
        path = self.table("t.csv", rows, "vmaf")
        wanted = self.client.get(
            "eval_model_on_split", model=self.good, features=path, split="all"
        )
        got = self.client.get(
            "eval_model_on_split", model=self.good, features="corpus", split="all"
        )
        self.assertTrue(os.listdir(self.path("cache")))
        for name in ("n", "plcc", "srocc", "krocc", "rmse", "max_error"):
            self.assertAlmostEqual(got[name], wanted[name], 4)

    def test_cancel(self):
        """Rows that are being computed are given up within a frame; those that are done stay."""
        for folder, side in (("ref", "ref"), ("dis", "dis")):
            name = "Gamma_25fps" if folder == "ref" else "Gamma_90_360_500"
            frame = support.patterns.frame("B", side, 640, 360)
            self.file(f"corpus/{folder}/{name}.yuv", frame * 300)
        self.file("corpus/corpus.json", json.dumps({"sources": {"Gamma": self.GEOMETRY}}))
        arguments = {"model": self.good, "features": "corpus", "split": "all"}
        request = self.client.start_call("eval_model_on_split", arguments, token="t")
        self.client.wait_for_progress("t", least=20)
        self.client.notify("notifications/cancelled", {"requestId": request})
        self.assertTrue(self.client.is_idle_within(1))
        self.assertNotIn(request, self.client.answers)

    def test_what_is_no_corpus(self):
        arguments = {"model": self.good, "split": "all"}
        os.mkdir(self.path("hollow"))
        self.refused(["hollow", "ref"], "eval_model_on_split", **arguments, features="hollow")
        for name in ("corpus/dis/Gamma_30_36_100.yuv", "corpus/extra"):
            os.symlink("/etc/passwd", self.path(name))
            self.refused(["links"], "eval_model_on_split", **arguments, features="corpus")
            os.remove(self.path(name))
        self.file("corpus/corpus.json", "{")
        text = self.refused(["corpus.json"], "eval_model_on_split", **arguments, features="corpus")
        self.assertNotIn("/proc/", text)


class Train(Tables):
    """train_model: learns what there is to learn, says how well, and never replaces a file."""

    def learnable(self, sources=("a", "b", "c", "d"), frames=60):
        """Scores that a network can follow exactly."""
        for key, x, _ in self.rows(sources, frames):
            yield key, x, sum(w * v for w, v in zip(WEIGHTS, x))

    def test_linear(self):
        path = self.table("t.csv", list(self.learnable()))
        arguments = {"features": path, "target": "mos", "arch": "linear", "restarts": 1}
        got = self.client.get(
            "train_model", **arguments, output=self.path("new.onnx"), hold_out="d"
        )
        self.assertEqual((got["trained_on"]["n"], got["held_out"]["n"]), (180, 60))
        self.assertLess(got["held_out"]["rmse"], 0.01)
        self.assertEqual(got["parameters"], 7)
        with open(self.path("new.onnx"), "rb") as f:
            data = f.read()
        self.assertEqual(hashlib.sha256(data).hexdigest(), got["sha256"])
        self.assertEqual(len(data), got["bytes"])
        judged = self.client.get(
            "eval_model_on_split", model=self.path("new.onnx"), features=path, split="all"
        )
        self.assertLess(judged["rmse"], 0.01)
        self.assertEqual(judged["model_sha256"], got["sha256"])
        text = self.refused(
            ["exists already"], "train_model", **arguments, output=self.path("new.onnx")
        )
        self.assertIn("new.onnx", text)
        again = self.client.get("train_model", **arguments, output=self.path("b.onnx"), hold_out="d")
        self.assertEqual(again["sha256"], got["sha256"])

    def test_network_and_progress(self):
        path = self.table("t.csv", list(self.learnable()))
        arguments = {"features": path, "target": "mos", "output": self.path("net.onnx")}
        arguments |= {"arch": "6,8,1", "restarts": 2, "seed": 3}
        result = self.client.call("train_model", arguments, token="t")
        self.assertFalse(result.get("isError"), result)
        self.assertLess(result["structuredContent"]["trained_on"]["rmse"], 1)
        self.assertIsNone(result["structuredContent"]["held_out"])
        self.assertTrue(self.client.progress["t"])

    def test_cancel(self):
        path = self.table("t.csv", list(self.learnable(frames=2000)))
        arguments = {"features": path, "target": "mos", "output": self.path("x.onnx")}
        arguments |= {"arch": "6,64,64,1", "recipe": "seed", "epochs": 100000}
        request = self.client.start_call("train_model", arguments, token="t")
        self.client.wait_for_progress("t", least=1)
        self.client.notify("notifications/cancelled", {"requestId": request})
        self.assertTrue(self.client.is_idle_within(1))
        self.assertNotIn(request, self.client.answers)
        self.assertFalse(os.path.exists(self.path("x.onnx")))

    def test_what_cannot_be_trained(self):
        path = self.table("t.csv", list(self.learnable()))
        good = {"features": path, "target": "mos", "output": self.path("x.onnx"), "arch": "linear"}
        cases = [
            (["architecture"], {"arch": "mlp_huge"}),
            ([".onnx"], {"output": self.path("x.bin")}),
            (["allowed"], {"output": "/etc/x.onnx"}),
            (["cannot be opened"], {"output": self.path("t.csv/x.onnx")}),
            (["no source", "a, b, c, d"], {"hold_out": "e"}),
            (["built-in"], {"teacher": "path=/etc/passwd", "target": "raw"}),
            (["nonsense"], {"teacher": "nonsense", "target": "raw"}),
            (["column"], {"columns": "adm2,psnr_y"}),
            (["target"], {"target": "all"}),
        ]
        for words, changes in cases:
            with self.subTest(words=words):
                self.refused(words, "train_model", **{**good, **changes})
        self.assertEqual(sorted(os.listdir(self.folder)), ["good.onnx", "other.onnx", "t.csv"])



class Limits(Tables):
    # a sanitizer judges one model in it, none judges all
    env = {"VMAF_MCP_TIMEOUT": "3" if support.SANITIZED else "1"}

    def test_size_of_tables(self):
        """A file of holes costs nothing to make, and was read until the memory was full."""
        for name, head in (("t.csv", b"adm2,mos\n"), ("t.npy", b"\x93NUMPY")):
            path = self.file(name, head)
            os.truncate(path, (256 << 20) + 1)
            self.refused([name, "more than 256 MiB"], "eval_model_on_split", model=self.good, features=path)

    def test_time_of_tables(self):
        """The deadline was called a cancellation, and models that were not reached were not spoken of; a table was read
        to its end."""
        table = self.table("t.csv", list(self.rows(frames=20000)))
        models = [self.good] * 64
        got = self.client.get("compare_models", models=models, features=table, split="all")
        self.assertEqual(len(got["ranked"]) + len(got["errors"]), len(models))
        self.assertIn("time ran out", got["errors"][-1]["error"])
        long, begin = self.long_table(), time.monotonic()
        self.refused(["time ran out"], "compare_models", models=models, features=long)
        self.assertLess(time.monotonic() - begin, (6 if support.SANITIZED else 2) * mcp_client.patience())

    def long_table(self):
        """One that takes more than a second to read."""
        head = ",".join([*CANONICAL, "mos"]) + "\n"
        return self.file("long.csv", head + "0.5,0.6,0.7,0.8,0.9,1.5,50\n" * 8000000)


if __name__ == "__main__":
    unittest.main()
