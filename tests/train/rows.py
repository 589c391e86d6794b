# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rows of features without any video, scored by the teacher's own text: a support vector machine written here
a second time, so that nothing of the engine is needed to know the truth."""

import json
import math
import random

import support

FEATURES = ["adm2", "vif_scale0", "vif_scale1", "vif_scale2", "vif_scale3", "motion2"]
SOURCES = ["Alder", "Birch", "Cedar", "Dogwood", "Elm"]


class Teacher:
    """vmaf_v0.6.1 as its file describes it: rescaled inputs, radial kernel, rescaled output."""

    def __init__(self):
        with open(support.model_file("vmaf_v0.6.1"), encoding="utf-8") as f:
            model = json.load(f)["model_dict"]
        self.slopes, self.intercepts = model["slopes"], model["intercepts"]
        names = [n.replace("VMAF_integer_feature_", "").replace("_score", "") for n in model["feature_names"]]
        self.order = [FEATURES.index(n) for n in names]
        head, _, body = model["model"].partition("SV\n")
        values = dict(line.split(None, 1) for line in head.splitlines())
        self.gamma, self.rho = float(values["gamma"]), float(values["rho"])
        self.vectors = []
        for line in body.splitlines():
            coef, *pairs = line.split()
            vector = [0.0] * len(names)
            for pair in pairs:
                index, value = pair.split(":")
                vector[int(index) - 1] = float(value)
            self.vectors.append((float(coef), vector))

    def raw(self, row):
        z = [s * row[k] + i for k, s, i in zip(self.order, self.slopes[1:], self.intercepts[1:])]
        y = sum(c * math.exp(-self.gamma * sum((a - b) ** 2 for a, b in zip(z, v))) for c, v in self.vectors)
        return (y - self.rho - self.intercepts[0]) / self.slopes[0]


def features(rng, quality):
    """A frame's features, much as videos have them: all suffer together, coarse scales less."""
    loss = (1 - quality) * rng.uniform(0.6, 1.2)
    vif = [max(0.02, min(1.0, 1 - loss * k + rng.uniform(-0.03, 0.03))) for k in (0.95, 0.6, 0.45, 0.35)]
    return [max(0.3, min(1.0, 1 - 0.5 * loss + rng.uniform(-0.02, 0.02))), *sorted(vif), rng.expovariate(1 / 6.0)]


def make(sources=SOURCES, clips=3, frames=30, seed=1):
    """[(key, source, frame, features, raw)]"""
    rng, teacher, out = random.Random(seed), Teacher(), []
    for source in sources:
        for rung in range(clips):
            key = f"{source}_{20 + 30 * rung}_{96 + 48 * rung}_{100 + 200 * rung}"
            for frame in range(frames):
                row = [float(f"{x:.9g}") for x in features(rng, 0.15 + 0.8 * rung / max(1, clips - 1))]
                out.append((key, source, frame, row, teacher.raw(row)))
    return out


def csv(rows, header=FEATURES):
    lines = ["key,source,frame," + ",".join(header) + ",vmaf_raw,vmaf"]
    for key, source, frame, row, raw in rows:
        values = ",".join(repr(x) for x in row)
        lines.append(f"{key},{source},{frame},{values},{raw!r},{min(max(raw, 0.0), 100.0)!r}")
    return "\n".join(lines) + "\n"


def many_clips(sources, clips=100000):
    """A clip a row, with as many sources; the same length whatever their number."""
    lines = ["key,source," + ",".join(FEATURES) + ",vmaf"]
    lines += [f"k{i:06},s{i % sources:06},.5,.5,.5,.5,.5,1,{i % 100}" for i in range(clips)]
    return "\n".join(lines) + "\n"
