# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Published models and small ones made here, against known values, ONNX Runtime and formulas."""

import json
import math
import os
import random
import shutil
import struct
import unittest

import referee
import support
import wire
from tiny_case import FORK, TinyCase, fork_file

# adm2, vif_scale0..3, motion2
ROWS = [[1, 1, 1, 1, 1, 0], [0.9, 0.4, 0.7, 0.8, 0.85, 5], [0.6, 0.1, 0.35, 0.5, 0.6, 12]]

# Scores of these rows, in one batch, by ONNX Runtime or, where it has none, by an evaluation in Python.
EXPECTED = {
    "vmaf_tiny_v1": [89.37080, 67.01801, 44.81263],
    "vmaf_tiny_v1_medium": [102.34589, 63.41146, 28.53582],
    "vmaf_tiny_v2": [96.14195, 64.15209, 11.06117],
    "vmaf_tiny_v3": [97.68369, 64.19785, 10.43119],
    "vmaf_tiny_v3.int8": [97.47277, 64.08063, 9.86542],
    "vmaf_tiny_v4": [96.86931, 64.18748, 10.74945],
    "vmaf_tiny_v4.int8": [96.63187, 64.47466, 11.18997],
    "fr_regressor_v1": [102.28468, 62.27016, 12.49928],
    "fr_regressor_v2": [94.64289, 44.22839, 1.30778],
    "fr_regressor_v3": [72.13664, 49.48580, 21.23849],
}
# The second input of the regressors that have one: the first encoder, its settings in the middle.
SIDE = {"fr_regressor_v2": [1.0] + [0.0] * 11 + [0.5] * 2, "fr_regressor_v3": [1.0] + [0.0] * 15 + [0.5] * 2}
TOLERANCE = 1e-4


def random_rows(n, seed=1):
    rng = random.Random(seed)
    return [
        [rng.uniform(0.3, 1), *sorted(rng.random() for _ in range(4)), rng.expovariate(1 / 7)] for _ in range(n)
    ]


def f32(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


class PublishedModels(TinyCase):
    def model(self, name):
        """Path of the model; the medium one names a data file that was published under another name."""
        path = fork_file(name + ".onnx")
        if name != "vmaf_tiny_v1_medium":
            return path
        shutil.copy(path, self.folder)
        shutil.copy(path + ".data", self.path("mlp_medium_final.onnx.data"))
        return self.path(name + ".onnx")

    def side(self, name):
        return ["--side", ",".join(map(str, SIDE[name]))] if name in SIDE else []

    def test_known_scores(self):
        for name, expected in EXPECTED.items():
            with self.subTest(name):
                got = self.first_scores(self.model(name), ROWS, *self.side(name))
                for a, b in zip(got, expected, strict=True):
                    self.assertAlmostEqual(a, b, delta=TOLERANCE)

    def test_onnx_runtime_agrees(self):
        rows = ROWS + random_rows(240)
        for name in EXPECTED:
            with self.subTest(name):
                path = self.model(name)
                got = self.first_scores(path, rows, *self.side(name))
                theirs = referee.run(
                    "ort_score.py",
                    {"model": path, "rows": self.scaled(name, rows), "side": SIDE.get(name)},
                )[0]
                worst = max(abs(a - b) for a, b in zip(got, theirs, strict=True))
                self.assertLessEqual(worst, TOLERANCE)

    def scaled(self, name, rows):
        """What a caller of ONNX Runtime does for models that leave it to him."""
        if not name.startswith("fr_regressor"):
            return rows
        with open(os.path.join(FORK, name + ".json"), encoding="utf-8") as f:
            card = json.load(f)
        return [
            [(x - m) / s for x, m, s in zip(row, card["feature_mean"], card["feature_std"], strict=True)]
            for row in rows
        ]

    def test_every_level_gives_the_same(self):
        rows = random_rows(77)
        for name in EXPECTED:
            with self.subTest(name):
                path = self.model(name)
                best = self.scores(path, rows, *self.side(name))
                for mask in 63, 56, 48, 32:
                    self.assertEqual(self.scores(path, rows, "--mask", mask, *self.side(name)), best)

    def test_a_row_does_not_care_about_others(self):
        rows = random_rows(67)
        for name in EXPECTED:
            if name.endswith("int8"):
                continue
            with self.subTest(name):
                path = self.model(name)
                alone = [self.scores(path, [row], *self.side(name))[0] for row in rows[:5]]
                self.assertEqual(self.scores(path, rows, *self.side(name))[:5], alone)

    def test_quantised_models_take_their_scale_from_the_batch(self):
        path = self.model("vmaf_tiny_v3.int8")
        alone = [self.first_scores(path, [row])[0] for row in ROWS]
        self.assertNotEqual(alone, self.first_scores(path, ROWS))

    def test_the_medium_model_as_published_lacks_its_data(self):
        self.check_refused(fork_file("vmaf_tiny_v1_medium.onnx"), "mlp_medium_final.onnx.data")


class Operators(TinyCase):
    """Small graphs whose values can be told without ONNX."""

    def model(self, nodes, tensors=(), **kwargs):
        return self.file("m.onnx", wire.linear(nodes=nodes, tensors=list(tensors), **kwargs))

    def two_layers(self, nodes, width=6, meta=()):
        """Features, then nodes from h to a, then the sum of a."""
        tensors = [
            wire.tensor("one", [6, 6], [float(i == j) for i in range(6) for j in range(6)]),
            wire.tensor("sum", [1, width], [1.0] * width),
        ]
        first = wire.node("Gemm", ["input", "one"], ["h"])
        last = wire.node("Gemm", ["a", "sum"], ["score"], transB=1)
        return [first, *nodes, last], tensors

    def test_activations(self):
        functions = {
            "Relu": lambda x: max(x, 0),
            "Tanh": math.tanh,
            "Sigmoid": lambda x: 1 / (1 + math.exp(-x)),
            "Softsign": lambda x: x / (1 + abs(x)),
            "Erf": math.erf,
            "Identity": lambda x: x,
        }
        rows = [[f32(k / 7 - 4 + j / 3) for j in range(6)] for k in range(60)]
        for op, function in functions.items():
            with self.subTest(op):
                path = self.model(*self.two_layers([wire.node(op, ["h"], ["a"])]))
                for row, got in zip(rows, self.first_scores(path, rows), strict=True):
                    self.assertAlmostEqual(got, sum(map(function, row)), delta=4e-6)

    def test_square_and_gelu_in_both_spellings(self):
        rows = [[f32(k / 9 - 3 + j / 4) for j in range(6)] for k in range(50)]
        gelu = [
            wire.node("Div", ["h", "root"], ["d"]),
            wire.node("Erf", ["d"], ["e"]),
            wire.node("Add", ["e", "unit"], ["p"]),
        ]
        spellings = {
            "square": [wire.node("Mul", ["h", "h"], ["a"])],
            "gelu half first": gelu + [wire.node("Mul", ["half", "p"], ["q"]), wire.node("Mul", ["h", "q"], ["a"])],
            "gelu half last": gelu + [wire.node("Mul", ["h", "p"], ["q"]), wire.node("Mul", ["q", "half"], ["a"])],
        }
        constants = [
            wire.tensor("root", [], [math.sqrt(2)]),
            wire.tensor("unit", [], [1.0]),
            wire.tensor("half", [], [0.5]),
        ]
        for name, nodes in spellings.items():
            with self.subTest(name):
                nodes, tensors = self.two_layers(nodes)
                path = self.model(nodes, tensors + constants)
                self.assertIn("dense 1", self.info(path))
                for row, got in zip(rows, self.first_scores(path, rows), strict=True):
                    want = sum(x * x if name == "square" else x * (1 + math.erf(x / math.sqrt(2))) / 2 for x in row)
                    self.assertAlmostEqual(got, want, delta=1e-5)

    def info(self, path):
        from tiny_case import tiny_score

        done = tiny_score(path, "--info")
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_products_in_all_their_forms(self):
        weights = [f32(0.25 * k - 1) for k in range(6)]
        rows = random_rows(9)
        want = [2 * sum(w * x for w, x in zip(weights, row)) + 3 * 0.5 for row in rows]
        flat = [sum(w * x for w, x in zip(weights, row)) + 0.5 for row in rows]
        bias = wire.tensor("b", [1], [0.5])
        row, column = wire.tensor("w", [1, 6], weights), wire.tensor("w", [6, 1], weights)
        gemm = ["input", "w", "b"]
        cases = {
            "alpha and beta": ([wire.node("Gemm", gemm, ["score"], transB=1, alpha=2.0, beta=3.0)], row, want),
            "transposed": ([wire.node("Gemm", gemm, ["score"], transB=1)], row, flat),
            "as it is": ([wire.node("Gemm", gemm, ["score"])], column, flat),
            "MatMul and Add": (
                [wire.node("MatMul", ["input", "w"], ["m"]), wire.node("Add", ["b", "m"], ["score"])],
                column,
                flat,
            ),
        }
        for name, (nodes, weight, expected) in cases.items():
            with self.subTest(name):
                got = self.first_scores(self.model(nodes, [weight, bias]), rows)
                for a, b in zip(got, expected, strict=True):
                    self.assertAlmostEqual(a, b, delta=1e-5)

    def test_scaling_and_clip(self):
        tensors = [
            wire.tensor("mean", [6], [0.5, 0.4, 0.3, 0.2, 0.1, 4.0]),
            wire.tensor("std", [1, 6], [0.5, 0.25, 0.125, 2.0, 1.0, 3.0]),
            wire.tensor("w", [1, 6], [1.0] * 6),
            wire.tensor("lo", [], [-1.0]),
            wire.tensor("hi", [], [1.5]),
        ]
        nodes = [
            wire.node("Sub", ["input", "mean"], ["s"]),
            wire.node("Div", ["s", "std"], ["d"]),
            wire.node("Gemm", ["d", "w"], ["g"], transB=1),
        ]
        rows = random_rows(40)
        plain = [
            sum(
                (x - m) / s
                for x, m, s in zip(row, [0.5, 0.4, 0.3, 0.2, 0.1, 4.0], [0.5, 0.25, 0.125, 2.0, 1.0, 3.0])
            )
            for row in rows
        ]
        clips = {
            "both": (["g", "lo", "hi"], -1, 1.5),
            "low": (["g", "lo"], -1, math.inf),
            "high": (["g", "", "hi"], -math.inf, 1.5),
        }
        for name, (inputs, lo, hi) in clips.items():
            with self.subTest(name):
                path = self.model(nodes + [wire.node("Clip", inputs, ["score"])], tensors)
                self.assertIn("dense 1", self.info(path))
                for got, want in zip(self.first_scores(path, rows), plain, strict=True):
                    self.assertAlmostEqual(got, min(max(want, lo), hi), delta=1e-5)

    def test_older_opsets_have_attributes_instead(self):
        tensors = [wire.tensor("w", [1, 6], [1.0] * 6)]
        nodes = [
            wire.node("Gemm", ["input", "w"], ["g"], transB=1),
            wire.node("Clip", ["g"], ["c"], min=0.0, max=5.0),
            wire.node("Squeeze", ["c"], ["score"], axes=[1]),
        ]
        outputs = [wire.value("score", ["batch"])]
        inputs = [wire.value("w", [1, 6]), wire.value("input", ["batch", 6])]
        path = self.model(nodes, tensors, opset=7, ir=3, outputs=outputs, inputs=inputs)
        for row, got in zip(ROWS, self.first_scores(path, ROWS), strict=True):
            self.assertAlmostEqual(got, min(max(sum(row), 0), 5), delta=1e-5)

    def test_a_second_output_is_the_spread(self):
        nodes = [
            wire.node("Gemm", ["input", "w", "b"], ["score"], transB=1),
            wire.node("Gemm", ["input", "v"], ["stddev"], transB=1),
        ]
        tensors = [
            wire.tensor("w", [1, 6], [1.0] * 6),
            wire.tensor("v", [1, 6], [0.5] * 6),
            wire.tensor("b", [1], [1.0]),
        ]
        outputs = [wire.value("score", ["batch", 1]), wire.value("stddev", ["batch", 1])]
        path = self.model(nodes, tensors, outputs=outputs)
        for row, (score, spread) in zip(ROWS, self.scores(path, ROWS), strict=True):
            self.assertAlmostEqual(score, sum(row) + 1, delta=1e-5)
            self.assertAlmostEqual(spread, sum(row) / 2, delta=1e-5)

    def test_graphs_that_are_no_layers_agree_with_onnx_runtime(self):
        """Residual sums, joins, shapes: run node by node, in chunks."""
        eye = wire.tensor("one", [6, 6], [float(i == j) for i in range(6) for j in range(6)])
        nodes = [
            wire.node("MatMul", ["input", "one"], ["h"]),
            wire.node("Tanh", ["h"], ["t"]),
            wire.node("Add", ["h", "t"], ["r"]),
            wire.node("Concat", ["r", "input"], ["c"], axis=-1),
            wire.node("Reshape", ["c", "shape"], ["q"]),
            wire.node("Mul", ["q", "scale"], ["m"]),
            wire.node("Reshape", ["m", "flat"], ["f"]),
            wire.node("Gemm", ["f", "sum"], ["g"], transB=1),
            wire.node("Squeeze", ["g", "axis"], ["score"]),
        ]
        tensors = [
            eye,
            wire.tensor("shape", [3], raw=struct.pack("<3q", 0, 2, 6), kind=wire.INT64),
            wire.tensor("flat", [2], raw=struct.pack("<2q", -1, 12), kind=wire.INT64),
            wire.tensor("axis", [1], raw=struct.pack("<q", 1), kind=wire.INT64),
            wire.tensor("scale", [2, 1], [0.5, 2.0]),
            wire.tensor("sum", [1, 12], [0.1 * k for k in range(12)]),
        ]
        path = self.model(nodes, tensors, outputs=[wire.value("score", ["batch"])])
        rows = random_rows(300)
        self.assertIn("dense 0", self.info(path))
        theirs = referee.run("ort_score.py", {"model": path, "rows": rows})[0]
        for a, b in zip(self.first_scores(path, rows), theirs, strict=True):
            self.assertAlmostEqual(a, b, delta=1e-4)


if __name__ == "__main__":
    unittest.main()
