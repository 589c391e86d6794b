# SPDX-License-Identifier: BSD-2-Clause-Patent
"""vmaf-train fit, eval, loso and what belongs to them, on rows whose truth is known."""

import glob
import hashlib
import json
import os
import random
import resource
import subprocess
import sys

import corpora
import rows as table
import support
from corpora import CorpusCase

sys.path.insert(0, os.path.join(support.TESTS, "tiny"))

import referee  # noqa: E402
import wire  # noqa: E402

REPORT_KEYS = ["n_samples", "plcc", "srocc", "krocc", "rmse", "latency_ms_p50_per_clip", "latency_ms_p95_per_clip",
               "model", "feature_dim"]
# A fit of a second or less.
QUICK = ["--restarts", "1", "--iterations", "25", "--queries", "1000", "--choice-queries", "1000"]


class RowsCase(CorpusCase):
    def setUp(self):
        super().setUp()
        self.rows = table.make()
        self.data = self.file("rows.csv", table.csv(self.rows))
        self.out = self.path("out")

    def call(self, command, *args, data=None, **kwargs):
        return corpora.run(command, "--data", data or self.data, *args, **{"env": self.env, **kwargs})

    def ok(self, command, *args, **kwargs):
        result = self.call(command, *args, **kwargs)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def fit(self, *args, **kwargs):
        self.ok("fit", "--out-dir", self.out, "--val-source", "Elm", *args, **kwargs)
        return os.path.join(self.out, "mlp_small_final.onnx")

    def refused(self, code, words, command, *args, data=None, **kwargs):
        return self.check_refused(code, words, command, "--data", data or self.data, *args, root=False, **kwargs)

    def check_page(self, page):
        """It needs nothing but itself, and a browser finds a point for each row in both plots."""
        with open(page, encoding="utf-8") as f:
            self.assertNotIn("http", f.read())
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
        command += ["--user-data-dir=" + self.path("browser"), "file://" + page]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        except FileNotFoundError:
            self.skipTest("chromium is not installed; see tools/deps.sh")
        self.assertEqual(done.stdout.count("<circle"), 2 * len(self.rows), done.stderr[-2000:])
        self.assertEqual(done.stdout.count("<svg"), 3)
        for source in table.SOURCES:
            self.assertIn(source, done.stdout)

    def report(self, name="eval_report.json"):
        with open(os.path.join(self.out, name), encoding="utf-8") as f:
            return support.parse_json(f.read())

    def json(self, command, *args, **kwargs):
        return support.parse_json(self.ok(command, "--json", "-", *args, **kwargs).stdout)


class TestFit(RowsCase):
    def test_writes_what_the_documentation_says(self):
        model = self.fit(*QUICK, "--snapshot-every", "10")
        report = self.report()
        self.assertEqual(list(report)[:9], REPORT_KEYS)
        self.assertEqual(report["n_samples"], 90)
        self.assertEqual(report["model"], model)
        self.assertEqual(report["split"], "val")
        self.assertEqual([s["source"] for s in report["per_source"]], ["Elm"])
        self.assertLess(report["rmse"], 1.0)
        self.assertLess(report["ci95"]["rmse"][0], report["ci95"]["rmse"][1])
        run = self.report("run.json")
        self.assertEqual((run["data"]["train_rows"], run["data"]["val_rows"]), (360, 90))
        with open(model, "rb") as f:
            digest = hashlib.sha256(f.read()).hexdigest()
        self.assertEqual((run["model_sha256"], report["model_sha256"]), (digest, digest))
        with open(os.path.join(self.out, "train_log.csv"), encoding="utf-8") as f:
            lines = f.read().splitlines()
        self.assertEqual(lines[0], "iteration,loss,lambda,seconds")
        losses = [float(x.split(",")[1]) for x in lines[1:]]
        self.assertEqual(losses, sorted(losses, reverse=True))
        names = sorted(os.path.basename(p) for p in glob.glob(self.out + "/*.onnx"))
        self.assertEqual(names, ["mlp_small_epoch10.onnx", "mlp_small_epoch20.onnx", "mlp_small_final.onnx"])

    def test_bytes_do_not_depend_on_threads(self):
        models = []
        for threads in (1, 2, 5):
            path = self.fit("--threads", str(threads), "--queries", "700", "--iterations", "6", "--restarts", "2")
            with open(path, "rb") as f:
                models.append(f.read())
        self.assertEqual(len(set(models)), 1)
        other = self.fit("--seed", "1", "--queries", "700", "--iterations", "6", "--restarts", "2")
        with open(other, "rb") as f:
            self.assertNotEqual(f.read(), models[0])

    def test_files_are_what_onnx_runtime_runs(self):
        """The checker accepts them, the runtime agrees: 5e-5 for what it computes exactly, 2e-4 for tanh."""
        requests = []
        rows = [row[3] for row in self.rows[::7]]
        for activation in ("relu", "tanh", "softsign", "square", "sigmoid"):
            model = self.fit(*QUICK, "--activation", activation)
            kept = self.path(activation + ".onnx")
            os.rename(model, kept)
            requests.append((activation, kept))
        self.ok("fit", "--out-dir", self.out, "--val-source", "Elm", *QUICK, "--model-arch", "linear")
        requests.append(("linear", os.path.join(self.out, "linear_final.onnx")))
        for found in referee.run("onnx_check.py", {"models": [model for _, model in requests]}):
            self.assertEqual(found, {"wrong": "", "ir": 8, "opsets": [["", 17]]})
        for activation, model in requests:
            (expected,) = referee.run("ort_score.py", {"model": model, "rows": rows})
            data = self.file("plain.csv", table.csv(self.rows[::7]))
            got = self.json("eval", model, data=data, *["--draws", "0"])
            worst = got["worst_rows"][0]
            index = next(i for i, r in enumerate(self.rows[::7]) if (r[0], r[2]) == (worst["clip"], worst["frame"]))
            limit = 2e-4 if activation in ("tanh", "sigmoid") else 5e-5
            self.assertAlmostEqual(worst["predicted"], expected[index], delta=limit, msg=activation)

    def test_options_from_a_file(self):
        """They mean what they mean on the command line, which wins."""
        options = {"model_arch": "mlp_small", "activation": "relu", "restarts": 1, "iterations": 25, "queries": 1000,
                   "choice-queries": 1000, "pull": 1e-7, "snapshot_every": 10, "no_export_onnx": True, "corpus_free": False}
        config = self.file("options.json", json.dumps(options))
        models = []
        for args in (["--config", config, "--restarts", "2", "--restarts", "1"],
                     [*QUICK, "--activation", "relu", "--pull", "1e-7", "--no-export-onnx"],
                     ["--activation", "tanh", f"--config={config}"]):
            with open(self.fit(*args), "rb") as f:
                models.append(f.read())
            self.assertEqual(len(glob.glob(self.out + "/*.onnx")), 1)
        self.assertEqual(models[0], models[1])
        self.assertNotEqual(models[0], models[2])
        for code, words, text in (
            (1, ["options.json: --lr", '"0"', "above 0"], '{"lr": 0}'),
            (1, ["options.json: fit has no option --epoch", "--epochs"], '{"epoch": 3}'),
            (1, ["options.json: --config", "another"], '{"config": "x.json"}'),
            (2, ["options.json", "line 1"], '{"lr": 0.1'),
            (2, ["options.json", "line 1"], '{"lr": 0.1, "lr": 0.2}'),
            (2, ["options.json", "object"], "[]"),
            (2, ["options.json", "lr is neither"], '{"lr": {}}'),
            (2, ["options.json", "no option's name"], json.dumps({"x" * 70: 1})),
        ):
            self.file("options.json", text)
            self.refused(code, words, "fit", "--config", config, "--out-dir", self.out)
        self.refused(2, ["none.json"], "fit", "--config", self.path("none.json"), "--out-dir", self.out)
        self.refused(1, ["--config needs a value"], "fit", "--out-dir", self.out, "--config")

    def test_seed_recipe_is_that_of_the_published_models(self):
        """Unscaled inputs and Adam: the order of magnitude of their error, an epoch a file, no clip."""
        self.fit("--recipe", "seed")
        self.assertGreater(self.report()["rmse"], 5)
        self.assertEqual(len(glob.glob(self.out + "/mlp_small_epoch*.onnx")), 30)
        self.fit("--recipe", "seed", "--no-export-onnx")
        run = self.report("run.json")["flags"]
        self.assertEqual((run["optimizer"], run["activation"], run["target"]), ("adam", "relu", "clipped"))

    def test_clipped_scores_alone(self):
        """What they were before the clip is asked of the teacher: the first loss is the same."""
        self.assertTrue(any(not 0 <= r[4] <= 100 for r in self.rows))
        text = table.csv(self.rows).splitlines()
        cut = [",".join(v for i, v in enumerate(line.split(",")) if i != 9) for line in text]
        first = []
        for data in (self.data, self.file("clipped.csv", "\n".join(cut) + "\n")):
            self.fit(*QUICK, data=data)
            with open(os.path.join(self.out, "train_log.csv"), encoding="utf-8") as f:
                first.append(float(f.read().splitlines()[1].split(",")[1]))
        self.assertAlmostEqual(first[0] / first[1], 1, places=6)

    def test_without_a_corpus(self):
        self.ok("fit", "--corpus-free", "--out-dir", self.out, "--restarts", "1")
        report = self.json("eval", os.path.join(self.out, "mlp_small_final.onnx"))
        self.assertLess(report["rmse"], 0.2)
        self.assertEqual(report["n_samples"], len(self.rows))

    def test_hash_split_has_its_own_sets(self):
        """The documented rule, worked out here."""
        for key, column in (("source", 1), ("clip", 0)):
            digests = [hashlib.sha256(f"vmaf-train-splits-v1:{r[column]}".encode()).digest() for r in self.rows]
            fractions = [int.from_bytes(d[:8], "big") / 2**64 for d in digests]
            val, train = sum(0.1 <= u < 0.2 for u in fractions), sum(u >= 0.2 for u in fractions)
            self.assertTrue(train)
            args = ["fit", "--split", "hash", "--split-key", key, "--out-dir", self.out, *QUICK]
            if not val:
                self.refused(2, ["val", "no rows"], *args)
                continue
            self.ok(*args)
            run = self.report("run.json")["data"]
            self.assertEqual((run["train_rows"], run["val_rows"]), (train, val), key)
        rows = table.make(["Tennis", "Grass"])
        self.refused(2, ["val", "no rows"], "fit", "--split", "hash", data=self.file("few.csv", table.csv(rows)))


class TestSmoke(CorpusCase):
    def corpus(self):
        rng = random.Random(3)
        for name in ("ref/AlphaSrc_25fps", "ref/BetaSrc_30fps", "dis/AlphaSrc_20_288_375", "dis/AlphaSrc_50_480_1050",
                     "dis/BetaSrc_30_384_550", "dis/BetaSrc_85_1080_3800"):
            self.put(name + ".yuv", rng.randbytes(4 * 16 * 16 * 3 // 2))

    def test_no_epochs(self):
        self.corpus()
        out = self.path("out")
        result = self.good("fit", "--epochs", "0", "--assume-dims", "16x16", "--val-source", "BetaSrc", "--out-dir", out)
        for line in ("mlp_small", "parameters: 257", "training samples: 2", "validation samples: 2"):
            self.assertIn(line, result.stdout)
        self.assertEqual(os.listdir(out), ["mlp_small_final.onnx"])
        self.assertFalse(os.path.exists(self.cache))

    def test_no_corpus_either(self):
        out = self.path("out")
        result = corpora.run("fit", "--epochs", "0", "--data-root", self.path("none"), "--out-dir", out, env=self.env)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("no corpus", result.stderr)
        self.assertTrue(os.path.exists(os.path.join(out, "mlp_small_final.onnx")))

    def test_training_wants_a_corpus(self):
        self.check_refused(2, ["none"], "fit", "--data-root", self.path("none"), root=False)

    def test_a_corpus_of_real_pairs(self):
        self.small(frames=6)
        out = self.path("out")
        self.good("fit", "--cache-dir", self.cache, "--val-source", "Beta", "--out-dir", out, *QUICK)
        self.assertTrue(os.path.exists(os.path.join(out, "eval_report.json")))


class TestJudgement(RowsCase):
    def test_gates(self):
        model = self.fit(*QUICK)
        self.ok("eval", model, "--max-rmse", "5", "--min-plcc", "0.9")
        self.refused(3, ["gate", "RMSE"], "eval", model, "--max-rmse", "1e-9")
        self.refused(3, ["largest error"], "eval", model, "--max-error", "0")

    def test_any_model_on_any_table(self):
        model = self.fit(*QUICK)
        report = self.json("eval", "--model", model, "--source", "Birch")
        self.assertEqual(report["n_samples"], 90)
        shuffled = ["motion2", "vif_scale3", "adm2", "vif_scale0", "vif_scale2", "vif_scale1"]
        order = [table.FEATURES.index(n) for n in shuffled]
        moved = [(k, s, f, [x[i] for i in order], raw) for k, s, f, x, raw in self.rows]
        data = self.file("moved.csv", table.csv(moved, shuffled))
        features = ",".join(shuffled)
        again = self.json("eval", model, "--source", "Birch", "--features", features, data=data)
        for key in ("plcc", "srocc", "krocc", "rmse", "max_error"):
            self.assertEqual(again[key], report[key], key)

    def test_a_model_of_another_shape(self):
        model = self.fit(*QUICK)
        data = self.file("few.csv", table.csv([(k, s, f, x[:5], r) for k, s, f, x, r in self.rows], table.FEATURES[:5]))
        few = ["--features", ",".join(table.FEATURES[:5])]
        self.refused(2, ["motion2"], "eval", model, *few, data=data)
        self.refused(2, ["5"], "fit", "--layers", "6,4,1", *few, data=data)
        nonsense = self.file("bad.onnx", b"\x08\x08nonsense")
        self.refused(2, ["bad.onnx"], "eval", nonsense)

    def test_constant_truth_is_null_with_a_reason(self):
        model = self.fit(*QUICK)
        rows = [(k, s, f, x, 50.0) for k, s, f, x, _ in self.rows]
        report = self.json("eval", model, data=self.file("flat.csv", table.csv(rows)))
        self.assertIsNone(report["plcc"])
        self.assertIn("equal", report["undefined"])

    def test_ranking_and_bisection(self):
        good = self.fit(*QUICK)
        os.rename(good, self.path("good.onnx"))
        bad = self.fit("--recipe", "seed", "--epochs", "1", "--no-export-onnx")
        os.rename(bad, self.path("bad.onnx"))
        good, bad = self.path("good.onnx"), self.path("bad.onnx")
        ranking = self.json("compare", bad, good, "--draws", "0")
        self.assertEqual([r["model"] for r in ranking["ranked"]], [good, bad])
        self.assertEqual(ranking["rmse"], ranking["ranked"][0]["rmse"])
        none = self.path("none.onnx")
        result = self.call("compare", none, good, "--draws", "0", "--json", "-")
        self.assertEqual(result.returncode, 2)
        self.assertEqual([e["model"] for e in support.parse_json(result.stdout)["errors"]], [none])
        found = self.json("bisect", good, good, bad, bad, "--max-rmse", "5")
        self.assertEqual((found["first_bad_index"], found["first_bad"]), (2, bad))
        self.assertIn("nothing to bisect", self.json("bisect", bad, good, "--max-rmse", "5")["verdict"])
        self.assertIn("no regression", self.json("bisect", good, good, "--max-rmse", "5")["verdict"])
        self.refused(1, ["one of"], "bisect", good, bad)

    def test_page_opens_in_a_browser(self):
        model = self.fit(*QUICK)
        page = self.path("report.html")
        self.ok("eval", model, "--html", page)
        self.check_page(page)


class TestTools(RowsCase):
    def test_settings_are_tried(self):
        few = ["--restarts", "1", "--queries", "500", "--iterations", "10", "--val-source", "Elm"]
        grid = self.json("sweep", *few, "--param", "activation=choice:relu,tanh", "--param", "width=choice:4,8")
        seen = {(t["settings"]["activation"], t["settings"]["width"]) for t in grid["trials"]}
        self.assertEqual(seen, {(a, w) for a in ("relu", "tanh") for w in ("4", "8")})
        errors = [t["rmse"] for t in grid["trials"]]
        self.assertEqual(errors, sorted(errors))
        self.assertEqual(grid["rmse"], errors[0])
        drawn = ["sweep", *few, "--optimizer", "adam", "--epochs", "2", "--trials", "3", "--param", "lr=float:1e-4:1e-1:log"]
        a, b = self.json(*drawn), self.json(*drawn, "--threads", "1")
        self.assertEqual(a, b)
        for t in a["trials"]:
            self.assertTrue(1e-4 <= t["settings"]["lr"] <= 1e-1)
        for spec in ("colour=choice:a", "width=int:9:3", "width", "lr=real:1:2", "activation=int:1:2", "activation=choice:x"):
            self.refused(1, ["--param"], "sweep", "--param", spec)
        self.refused(1, ["nothing is varied"], "sweep")

    def test_time_does_not_depend_on_the_number_of_sources(self):
        """For each source all rows were gone through: 40 times as long."""
        model = os.path.join(support.ROOT, "models", "tiny", "vmaf_tiny_v1.onnx")
        seconds = []
        for sources in (1, 16384):
            data = self.file("many.csv", table.many_clips(sources))
            args = ["eval", model, "--data", data, "--draws", "0", "--json", self.path("eval.json")]
            seconds.append(corpora.cpu_seconds(*args, env=self.env))
            with open(self.path("eval.json"), encoding="utf-8") as f:
                found = support.parse_json(f.read())["per_source"]
            self.assertEqual({s["source"] for s in found}, {f"s{i:06}" for i in range(sources)})
            self.assertEqual((sum(s["n_rows"] for s in found), sum(s["n_clips"] for s in found)), (100000, 100000))
        self.assertLess(seconds[1], 6 * seconds[0] + 0.5)

    def test_finished_models_are_looked_after(self):
        model = self.fit(*QUICK)
        self.assertEqual(self.json("validate-norm", model)["warnings"], 0)
        moved = [(k, s, f, [x[0], *x[1:5], x[5] + 50], r) for k, s, f, x, r in self.rows]
        data = self.file("moved.csv", table.csv(moved))
        found = self.json("validate-norm", model, data=data)
        self.assertEqual([f["feature"] for f in found["features"] if f["warning"]], ["motion2"])
        self.refused_with_warning(3, "validate-norm", model, "--fail-on-warning", data=data)
        for command, key in (("cross-level", "identical"), ("profile", "profile")):
            result = corpora.run(command, model, "--json", "-", env=self.env)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertTrue(support.parse_json(result.stdout)[key])
        result = corpora.run("audit", "--model-dir", self.out, "--json", "-", env=self.env)
        self.assertEqual(result.returncode, 0, result.stderr)
        audit = support.parse_json(result.stdout)
        self.assertEqual((audit["models"], audit["faults"], audit["warnings"]), (1, 0, 1))  # in no registry
        self.file("out/bad.onnx", b"\x08\x08nonsense")
        result = corpora.run("audit", "--model-dir", self.out, env=self.env)
        self.assertEqual(result.returncode, 3)

    def test_names_of_files_do_not_forge_output(self):
        """They went to the terminal as they were, one line as two; those that are no UTF-8 were not in the JSON."""
        with open(os.path.join(support.ROOT, "models", "tiny", "vmaf_tiny_v1.onnx"), "rb") as f:
            good = f.read()
        names = [b"a\nok       zz.onnx\x1b]0;pwned\a\x1b[31m.onnx", b"caf\xe9.onnx", b"bad\xff.onnx", "\u00fc.onnx".encode()]
        folder = os.fsencode(self.path("models"))
        os.makedirs(folder)
        for name in names:
            with open(os.path.join(folder, name), "wb") as f:
                f.write(b"\x08\x08nonsense" if b"bad" in name else good)
        shown = ["a?ok       zz.onnx?]0;pwned??[31m.onnx", "bad?.onnx", "caf?.onnx", "\u00fc.onnx"]
        audit = ["audit", "--model-dir", self.path("models")]
        text = corpora.run(*audit, env=self.env)
        self.assertEqual(text.returncode, 3)
        lines = text.stdout.splitlines()
        self.assertEqual(len(lines), 5)
        for line, name in zip(lines, shown):
            self.assertIn(" " + name, line)
        shown[0] = shown[0].replace("a?ok", "a\nok")  # as JSON says it
        report = support.parse_json(corpora.run(*audit, "--json", "-", env=self.env).stdout)
        self.assertEqual([m["model"] for m in report["audit"]], shown)
        self.assertEqual((report["models"], report["faults"]), (4, 1))

        paths = [os.fsdecode(os.path.join(folder, name)) for name in names]
        text = self.call("compare", "--draws", "0", *paths).stdout
        self.assertNotIn("\x1b", text)
        self.assertEqual(len(text.splitlines()), 4)
        report = support.parse_json(self.call("compare", "--draws", "0", "--json", "-", *paths).stdout)
        found = [*report["ranked"], *report["errors"]]
        self.assertEqual(sorted(os.path.basename(m["model"]) for m in found), shown)
        text = self.ok("bisect", "--max-rmse", "1e9", paths[1], paths[0]).stdout
        self.assertIn("caf?.onnx", text)
        self.assertIn("a?ok ", text)

    def test_names_that_are_no_utf8_are_recorded(self):
        """Where rows and figures come from was left out of the files, and so were cards' notes."""
        data, self.out = self.path("caf\udce9.csv"), self.path("out\udce9")
        os.rename(self.data, data)
        self.fit(*QUICK, data=data)
        self.assertTrue(self.report("run.json")["data"]["from"].endswith("/caf?.csv"))
        self.assertTrue(self.report()["model"].endswith("/out?/mlp_small_final.onnx"))
        model, folder = os.path.join(support.ROOT, "models", "tiny", "vmaf_tiny_v1.onnx"), self.path("m")
        args = ["--model-dir", folder, "--id", "m", "--notes", "two\n\tlines \udce9"]
        result = corpora.run("register", model, *args, env=self.env)
        self.assertEqual(result.returncode, 0, result.stderr)
        for name in ("m.json", "registry.json"):
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                card = support.parse_json(f.read())
            self.assertEqual(card.get("models", [card])[0]["notes"], "two\n\tlines ?")

    def refused_with_warning(self, code, command, *args, data):
        self.assertEqual(self.call(command, *args, data=data).returncode, code)

    def test_a_spread_is_a_second_output(self):
        spread = os.path.join(support.SHARED, "models", "vmaf_b_v0.6.3.json")
        if not os.path.exists(spread):
            self.skipTest("the bootstrap collection is not among the shared files")
        model = self.fit(*QUICK, "--spread", "path=" + spread)
        rows = [row[3] for row in self.rows[::11]]
        score, stddev = referee.run("ort_score.py", {"model": model, "rows": rows})
        self.assertEqual(len(score), len(stddev))
        self.assertTrue(all(0 <= s < 30 for s in stddev))
        self.assertGreater(max(stddev), 0.5)


class TestViewers(RowsCase):
    """Few scores of clips: a student of the teacher that leans towards the viewers."""

    def setUp(self):
        super().setUp()
        # a scale of 1 to 5 that rises faster at the low end than the teacher does
        clips = {}
        for key, _, _, _, raw in self.rows:
            clips.setdefault(key, []).append(min(max(raw, 0.0), 100.0))
        self.truth = {k: 1 + 4 * (sum(v) / len(v) / 100) ** 0.8 for k, v in clips.items()}
        lines = [f"{k},{v:.6f}" for k, v in self.truth.items()]
        self.mos = self.file("mos.csv", "key,mos\n" + "\n".join(lines) + "\n")

    def test_learns_the_viewers_scale(self):
        result = self.ok("fit", "--target", "mos", "--mos", self.mos, "--val-source", "Elm", "--out-dir", self.out)
        self.assertIn("begun as a student of vmaf_v0.6.1", result.stdout)
        report = self.report()
        self.assertEqual((report["n_samples"], report["target"]), (3, "mos"))
        self.assertLess(report["rmse"], 0.3)

    def test_features_that_the_teacher_does_not_read(self):
        few = table.FEATURES[:4]
        rows = [(k, s, f, x[:4], r) for k, s, f, x, r in self.rows]
        data = self.file("few.csv", table.csv(rows, few).replace(",vmaf_raw,vmaf", ",other,mos"))
        args = ["--target", "mos", "--features", ",".join(few), "--val-source", "Elm", "--out-dir", self.out]
        result = self.ok("fit", *args, "--restarts", "1", data=data)
        self.assertNotIn("student", result.stdout)
        self.assertGreater(self.report()["plcc"], 0.8)
        # several starts: the one that does best on sources of the training rows left out in turn
        chosen = []
        for seed in ("0", "1", "2"):
            models = []
            for starts in ("1", "3"):
                self.ok("fit", *args, "--restarts", starts, "--seed", seed, "--iterations", "8", data=data)
                with open(os.path.join(self.out, "mlp_small_final.onnx"), "rb") as f:
                    models.append(f.read())
            choice = self.report("run.json")["starts"]
            self.assertEqual(choice["restarts"], 3)
            chosen.append(choice["chosen"])
            self.assertEqual(models[0] == models[1], choice["chosen"] == 0)
        self.assertNotEqual(chosen, [0, 0, 0])

    def test_pooling(self):
        """Clips by the worst frame or the harmonic mean, of a model that can be worked out here."""
        weights, bias = [20.0, 10.0, 15.0, 5.0, 30.0, 0.5], 4.0
        tensors = [wire.tensor("w", [1, 6], weights), wire.tensor("b", [1], [bias])]
        meta = {"features": ",".join(table.FEATURES)}
        model = self.file("m.onnx", wire.linear(tensors=tensors, inputs=[wire.value("input", ["batch", 6])], meta=meta))
        frames = {}
        for key, _, _, x, raw in self.rows:
            predicted = bias + sum(w * v for w, v in zip(weights, x))
            frames.setdefault(key, []).append((predicted, min(max(raw, 0.0), 100.0)))
        ways = {"mean": lambda v: sum(v) / len(v), "min": min, "max": max,
                "harmonic_mean": lambda v: len(v) / sum(1 / (x + 1) for x in v) - 1}
        for how, pool in ways.items():
            errors = [pool([p for p, _ in clip]) - pool([t for _, t in clip]) for clip in frames.values()]
            clips = self.json("eval", model, "--pool", how)["per_clip"]
            self.assertEqual((clips["pool"], clips["n"]), (how, len(frames)))
            self.assertAlmostEqual(clips["rmse"], (sum(e * e for e in errors) / len(errors)) ** 0.5, delta=1e-4)
        self.refused(1, ["--pool", "harmonic_mean"], "eval", model, "--pool", "median")

    def test_time_of_long_lists(self):
        """Each line's key was compared with the keys of all clips: seconds for these 20000."""
        data, seconds = self.file("many.csv", table.many_clips(5)), []
        for lines in (1, 20000):
            mos = self.file("long.csv", "key,mos\n" + "".join(f"k{i * 5:06},3\n" for i in range(lines)) + "k000001,good\n")
            args = ["fit", "--target", "mos", "--val-source", "s000001", "--data", data, "--mos", mos]
            seconds.append(corpora.cpu_seconds(*args, code=2, env=self.env))
        self.assertLess(seconds[1], 6 * seconds[0] + 0.5)

    def test_bad_lists_are_refused(self):
        args = ["fit", "--target", "mos", "--val-source", "Elm", "--out-dir", self.out, "--mos"]
        key = next(iter(self.truth))
        self.refused(2, ["no number", "line 2"], *args, self.file("a.csv", f"key,mos\n{key},good\n"))
        self.refused(2, ["twice", "line 3"], *args, self.file("b.csv", f"key,mos\n{key},1\n{key},2\n"))
        self.refused(2, ["first line"], *args, self.file("c.csv", f"{key},1\n"))
        self.refused(2, ["no score for any clip"], *args, self.file("d.csv", "key,mos\nother,1\n"))
        self.refused(1, ["--target mos"], "fit", "--mos", self.mos)


class TestLoso(RowsCase):
    def test_every_source_is_held_out(self):
        report = self.json("loso", *QUICK, "--model-arch", "mlp_small:tanh", "--model-arch", "linear", "--seeds", "2")
        self.assertEqual([f["source"] for f in report["folds"]], table.SOURCES)
        self.assertEqual(report["n_samples"], len(self.rows))
        self.assertEqual(report["worst_fold_rmse"], max(f["rmse"] for f in report["folds"]))
        self.assertAlmostEqual(report["rmse"], sum(f["rmse"] for f in report["folds"]) / 5, places=12)
        self.assertEqual([(r["arch"], r["seed"]) for r in report["runs"]],
                         [("mlp_small", 0), ("mlp_small", 1), ("linear", 0), ("linear", 1)])
        for fold in report["folds"]:
            self.assertEqual(fold["n_train"], 360)
        self.assertIsNotNone(report["corpus_free"])
        forms = {i["form"]: i for i in report["intervals"][:2]}
        self.assertIsNone(forms["guaranteed"]["q"], "five sources cannot guarantee 90 %")
        self.assertIsNotNone(forms["empirical"]["q"])

    def test_the_folds_are_the_same_for_any_threads(self):
        few = [*QUICK, "--model-arch", "mlp_small"]
        a, b = (self.json("loso", *few, "--threads", n) for n in ("1", "3"))
        for x, y in zip(a["folds"], b["folds"]):
            x.pop("seconds"), y.pop("seconds")
            self.assertEqual(x, y)

    def test_one_source_is_not_enough(self):
        data = self.file("one.csv", table.csv([r for r in self.rows if r[1] == "Elm"]))
        self.refused(2, ["two sources"], "loso", data=data)
        self.refused(2, ["train", "no rows"], "fit", "--val-source", "Elm", "--out-dir", self.out, data=data)

    def test_from_loso_to_a_registered_model(self):
        loso, model, folder = self.path("loso.json"), self.path("m.onnx"), self.path("models")
        self.ok("loso", *QUICK, "--json", loso)
        self.ok("export", *QUICK, "--loso", loso, "--output", model)
        result = corpora.run("register", model, "--id", "student_1", "--model-dir", folder, "--dataset", "made up", env=self.env)
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(model, "rb") as f:
            digest = hashlib.sha256(f.read()).hexdigest()
        with open(os.path.join(folder, "registry.json"), encoding="utf-8") as f:
            (entry,) = json.load(f)["models"]
        self.assertEqual((entry["id"], entry["onnx"], entry["sha256"]), ("student_1", "student_1.onnx", digest))
        with open(os.path.join(folder, "student_1.json"), encoding="utf-8") as f:
            card = json.load(f)
        self.assertEqual(list(card), sorted(card))
        self.assertEqual((card["sha256"], card["features"], card["n_params"]), (digest, table.FEATURES, 257))
        with open(loso, encoding="utf-8") as f:
            self.assertAlmostEqual(card["training"]["loso_rmse"], json.load(f)["rmse"], places=12)
        # the card beside the file does not change what it says
        a = self.json("eval", model)
        b = self.json("eval", os.path.join(folder, "student_1.onnx"))
        self.assertEqual(a["rmse"], b["rmse"])
        # an entry is replaced where it stands, whatever the order of the others
        registry = os.path.join(folder, "registry.json")
        others = [{"id": "z", "onnx": "z.onnx"}, entry, {"id": "b", "onnx": "b.onnx"}]
        self.file(registry, json.dumps({"schema_version": 1, "models": others}))
        for name, expected in (("student_1", ["z", "student_1", "b"]), ("c", ["c", "z", "student_1", "b"])):
            again = corpora.run("register", model, "--id", name, "--model-dir", folder, "--dataset", "made up", env=self.env)
            self.assertEqual(again.returncode, 0, again.stderr)
            with open(registry, encoding="utf-8") as f:
                self.assertEqual([e["id"] for e in json.load(f)["models"]], expected)
        bad = corpora.run("register", model, "--id", "No Id", "--model-dir", folder, env=self.env)
        self.assertEqual(bad.returncode, 1)

    def test_registering_at_the_same_time(self):
        """Each read the registry, added itself and replaced it: of 8 at a time one or two entries were left."""
        model = os.path.join(support.ROOT, "models", "tiny", "vmaf_tiny_v1.onnx")
        folder, names = self.path("models"), [f"m{i}" for i in range(8)]
        command = [corpora.PROGRAM, "register", model, "--model-dir", folder, "--id"]
        running = [subprocess.Popen([*command, name], env=self.env, stdout=subprocess.DEVNULL) for name in names]
        self.assertEqual([p.wait(timeout=60) for p in running], [0] * 8)
        with open(os.path.join(folder, "registry.json"), encoding="utf-8") as f:
            self.assertEqual([m["id"] for m in json.load(f)["models"]], names)
        left = [name for name in os.listdir(folder) if not name.endswith((".onnx", ".md", ".json"))]
        self.assertEqual(left, [])

    def test_a_card_holds_no_markup_of_the_model(self):
        """Names in a model's file went into the Markdown as they were: a table with more cells, a link, HTML."""
        name = "Elm|<b>[x](y)"
        data, model, folder = self.file("odd.csv", table.csv(self.rows).replace("Elm", name)), self.path("m.onnx"), self.path("m")
        self.ok("export", *QUICK, "--output", model, data=data)
        result = corpora.run("register", model, "--id", "student", "--model-dir", folder, env=self.env)
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(os.path.join(folder, "student.md"), encoding="utf-8") as f:
            (line,) = [line for line in f if name[:3] in line]
        self.assertTrue(line.endswith(r",Elm\|\<b\>\[x\](y) |" + "\n"), line)


class TestRun(RowsCase):
    def test_the_whole_way(self):
        few = ["--restarts", "1", "--iterations", "8", "--queries", "300", "--choice-queries", "300"]
        result = self.ok("run", *few, "--val-source", "Elm", "--id", "student", "--out-dir", self.out)
        for words in ("5 sources, 15 clips, 450 rows", "fit and eval: mlp_medium", "held out (Elm)", "no video, on all rows",
                      "guaranteed 83.3 % interval", "architecture", "report.html"):
            self.assertIn(words, result.stdout)
        loso = self.report("loso.json")
        self.assertEqual([(r["arch"], r["activation"]) for r in loso["runs"]],
                         [("linear", "none"), ("mlp_small", "relu"), ("mlp_small", "tanh")])
        tanh = loso["runs"][2]
        report = self.report()
        self.assertEqual(report["split"], "loso")
        self.assertEqual(list(report)[:9], REPORT_KEYS)
        self.assertAlmostEqual(report["rmse"], tanh["pooled"]["rmse"], places=10)
        for arch in ("linear", "mlp_small", "mlp_medium"):
            for name in (f"{arch}_final.onnx", "eval_report.json", "run.json", "train_log.csv"):
                self.assertTrue(os.path.exists(os.path.join(self.out, arch, name)), name)
        with open(os.path.join(self.out, "models", "registry.json"), encoding="utf-8") as f:
            self.assertEqual([m["id"] for m in json.load(f)["models"]], ["student"])
        self.check_page(os.path.join(self.out, "report.html"))


class TestBadInput(RowsCase):
    def test_names_that_there_are_not(self):
        self.refused(2, ["Tenis", *table.SOURCES], "fit", "--val-source", "Tenis", "--out-dir", self.out)
        self.refused(1, ["mlp_huge", "mlp_small", "linear"], "fit", "--model-arch", "mlp_huge")
        self.refused(1, ["swish", "tanh"], "fit", "--activation", "swish")
        self.refused(1, ["l1", "huber"], "fit", "--loss", "l1")
        self.refused(1, ["--val-source"], "fit", "--val-sorce", "Elm")
        self.refused(2, ["vmaf_v9"], "fit", "--teacher", "version=vmaf_v9", "--out-dir", self.out)
        self.assertFalse(os.path.exists(self.out))

    def test_seeds_that_json_cannot_hold(self):
        """Half of all 64-bit seeds were recorded as negative numbers, large ones in a card without their last digits."""
        most = 2**63 - 1
        model = self.fit(*QUICK, "--seed", str(most))
        self.assertEqual(self.report("run.json")["seed"], most)
        self.assertEqual(corpora.run("register", model, "--id", "m", "--model-dir", self.out, env=self.env).returncode, 0)
        self.assertEqual(self.report("m.json")["training"]["seed"], most)
        runs = self.json("loso", *QUICK, "--model-arch", "linear", "--seed", str(most - 1), "--seeds", "2")["runs"]
        self.assertEqual([r["seed"] for r in runs], [most - 1, most])
        words = [f"from 0 to {most}"]
        for command in ("fit", "loso", "eval", "sweep", "run"):
            self.refused(1, words, command, "--seed", str(most + 1))
        self.check_refused(1, words, "cross-level", model, "--seed", str(most + 1), root=False)
        self.refused(1, [f"2 seeds from {most}", "beyond"], "loso", "--seed", str(most), "--seeds", "2")

    def test_a_constant_feature_is_said(self):
        rows = [(k, s, f, [*x[:5], 3.0], table.Teacher().raw([*x[:5], 3.0])) for k, s, f, x, _ in self.rows[::3]]
        data = self.file("flat.csv", table.csv(rows))
        result = self.call("fit", "--val-source", "Elm", "--out-dir", self.out, *QUICK, data=data)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("motion2 has the same value", result.stderr)

    def test_a_loss_that_is_no_number(self):
        rows = [(k, s, f, [*x[:5], x[5] * 1e30], raw) for k, s, f, x, raw in self.rows]
        args = ["fit", "--recipe", "seed", "--activation", "square", "--layers", "6,8,8,8,8,1", "--out-dir", self.out]
        words = ["not finite", "epoch 1", "step 1", "last good"]
        self.refused(2, words, *args, "--val-source", "Elm", data=self.file("huge.csv", table.csv(rows)))
        self.assertEqual(os.listdir(self.out), ["6-8-8-8-8-1_last_good.onnx"])

    def test_output_that_cannot_be_written(self):
        blocked = self.file("file", b"")
        self.refused(4, ["file"], "fit", *QUICK, "--val-source", "Elm", "--out-dir", os.path.join(blocked, "out"))
        model = self.fit(*QUICK)
        self.refused(4, ["/dev/full"], "eval", model, "--json", "/dev/full")

    def test_a_full_disk_leaves_nothing_half_written(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

        self.refused(4, ["mlp_small_final.onnx"], "fit", *QUICK, "--val-source", "Elm", "--out-dir", self.out,
                     preexec_fn=limit, restore_signals=False)
        self.assertEqual(os.listdir(self.out), [])


class TestControls(RowsCase):
    """What must not work, does not."""

    def shuffled(self):
        raw = [r[4] for r in self.rows]
        random.Random(7).shuffle(raw)
        return self.file("shuffled.csv", table.csv([(*r[:4], y) for r, y in zip(self.rows, raw)]))

    def test_shuffled_labels_teach_nothing(self):
        data = self.shuffled()
        self.refused(2, ["not what the teacher", "off on average"], "fit", "--val-source", "Elm", data=data)
        args = ["--restarts", "1", "--queries", "0", "--iterations", "20", "--target", "clipped"]
        self.ok("fit", "--out-dir", self.out, "--val-source", "Elm", *args, data=data)
        self.assertLess(abs(self.report()["plcc"]), 0.35)

    def test_exchanged_columns_are_found(self):
        names = list(table.FEATURES)
        names[0], names[1] = names[1], names[0]
        data = self.file("exchanged.csv", table.csv(self.rows, names))
        self.refused(2, ["columns that are exchanged"], "fit", "--val-source", "Elm", data=data)

    def test_a_held_out_clip_under_another_name(self):
        copy = [(k.replace("Elm", "Fir"), "Fir", f, x, raw) for k, s, f, x, raw in self.rows if k == "Elm_50_144_300"]
        data = self.file("copied.csv", table.csv(self.rows + copy))
        words = ["Elm_50_144_300", "Fir_50_144_300", "two names"]
        self.refused(2, words, "fit", "--val-source", "Elm", "--out-dir", self.out, data=data)
        self.refused(2, words, "loso", data=data)

    def test_another_teacher_is_found(self):
        model = support.model_file("vmaf_4k_v0.6.1")
        self.refused(2, ["not what the teacher"], "fit", "--teacher", "path=" + model, "--val-source", "Elm")
