#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Values of the reference, reproduced. Run as a program it prints the table.

With ../shared (or $TINYVMAF_SHARED): its pairs in all their configurations. Without: patterns made
here, whose values stand in adm_spec.csv and reference.tsv.
"""

import concurrent.futures
import csv
import itertools
import json
import os
import re
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), HERE]

import patterns  # noqa: E402
import support  # noqa: E402
from compare import Table, compare_reports, family_of  # noqa: E402

GOLDEN = os.path.join(support.SHARED, "golden")
MODELS = os.path.join(support.SHARED, "models")
TABLE = Table()
WORKERS = os.cpu_count() or 2
SCRATCH = None  # a temporary folder while tests run

# Extractors of the reference that this engine does not have yet, and models that need them.
NOT_BUILT = re.compile(
    r"feat_(cambi|ciede|psnr_hvs|speed_|float_psnr|float_ansnr|float_moment|null)|vmaf_v1\."
)
# The shorter side below which an extractor may refuse a picture. (ADM computes down to 17, but there
# the reference reads outside its buffers, and its values say nothing.)
SMALLEST = {"float_ms_ssim": 176, "float_ssim": 11, "motion": 3, "float_motion": 3, "psnr": 1}
SMALLEST |= {"vif": 16, "float_vif": 16}
ADM_MEANS_SOMETHING = 33


def setUpModule():
    global SCRATCH
    SCRATCH = tempfile.TemporaryDirectory(prefix="golden-")


def tearDownModule():
    SCRATCH.cleanup()
    print(flush=True)
    TABLE.print(sys.stdout)


def in_parallel(function, items):
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(function, items))


def model_args(args):
    """version= becomes path= where the model is not one that set-up fetches."""
    out = []
    for arg in args:
        match = re.fullmatch(r"version=([^:]+)", arg)
        if match:
            name = match[1] + ".json"
            if not os.path.exists(os.path.join(support.ROOT, "models", "netflix", name)):
                arg = "path=" + os.path.join(MODELS, name)
        out.append(arg)
    return out


class Pair:
    def __init__(self, row):
        self.name = row["pair"]
        self.w, self.h = int(row["width"]), int(row["height"])
        self.row = row
        with open(os.path.join(GOLDEN, "expect", self.name + ".json"), encoding="utf-8") as f:
            self.configs = json.load(f)["configs"]

    def input_args(self):
        ref, dis = (os.path.join(GOLDEN, "clips", self.row[k]) for k in ("ref", "dis"))
        if self.row["pixel_format"].startswith("y4m"):
            return ["-r", ref, "-d", dis]
        return support.raw_args(
            ref, dis, self.w, self.h, self.row["pixel_format"], self.row["bitdepth"]
        )

    def smallest(self, config):
        name = config.removeprefix("feat_")
        fits = [k for k in SMALLEST if name.startswith(k)]
        return SMALLEST[max(fits, key=len)] if fits else ADM_MEANS_SOMETHING


def expectation(pair, config):
    """What the reference gave, or None. Where it crashes on chroma that is rounded up, the values of
    the same pictures with chroma rounded down hold: it reads the rounded-down part."""
    want = pair.configs[config]
    if want["exit"] == -11:
        twin = os.path.join(GOLDEN, "expect", pair.name + "_floor.json")
        if os.path.exists(twin):
            with open(twin, encoding="utf-8") as f:
                want = json.load(f)["configs"][config]
    return want if want["exit"] == 0 else None


def check_config(pair, config):
    """Faults of one configuration, in words."""
    if NOT_BUILT.match(config):
        TABLE.note("configurations of features that are not built")
        return []
    want = expectation(pair, config)
    result = support.run(
        *pair.input_args(),
        *model_args(pair.configs[config]["args"]),
        *("--threads", 1, "--precision", "max", "-q", "--json", "-"),
    )
    small = min(pair.w, pair.h)
    if result.returncode == 2 and (want is None or small < pair.smallest(config)):
        TABLE.note("configurations refused, pictures too small")
        return [] if len(result.stderr.splitlines()) >= 1 else ["refused without a word"]
    if result.returncode:
        return [f"exit {result.returncode}: {result.stderr.strip()}"]
    report = support.parse_json(result.stdout)
    if want is None:
        TABLE.note("configurations in which the reference crashes or refuses and this engine answers")
        return []
    if want.get("unstable"):
        TABLE.note("configurations whose values change from run to run in the reference")
        return []
    skip = ("adm", "model score") if small < ADM_MEANS_SOMETHING else ()
    return compare_reports(TABLE, report, want, config.startswith("vmaf_float"), skip)


class SharedPairs(unittest.TestCase):
    """One test for each pair of ../shared/golden; see add_pair_tests()."""

    def check(self, row):
        pair = Pair(row)
        found = in_parallel(lambda config: check_config(pair, config), pair.configs)
        faults = [
            f"{config}: {faults[0]}" + (f" (and {len(faults) - 1} more)" if faults[1:] else "")
            for config, faults in zip(pair.configs, found)
            if faults
        ]
        if faults:
            self.fail("\n  ".join([f"{len(faults)} configurations differ"] + faults[:8]))


def add_pair_tests():
    path = os.path.join(GOLDEN, "pairs.tsv")
    if not os.path.exists(path):

        def absent(self):
            self.skipTest(f"no {GOLDEN}: all its pairs are left out")

        SharedPairs.test_all_pairs = absent
        return
    with open(path, encoding="utf-8") as f:
        for row in csv.DictReader(f, delimiter="\t"):
            setattr(SharedPairs, "test_" + row["pair"], lambda self, row=row: self.check(row))


add_pair_tests()

ADM_CONFIGS = {
    "default": "",
    "neg": ":adm_enhn_gain_limit=1.0",
    "v1_3d0h": ":adm_dlm_weight=0.7:adm_enhn_gain_limit=1.0:adm_noise_weight=0.02"
    ":adm_norm_view_dist=3.0:adm_ref_display_height=1080:adm_min_val=0.5:adm_csf_mode=2",
}
ADM_SUFFIXES = {"default": "", "neg": "_egl_1", "v1_3d0h": "_csf_2_dlmw_0.7_egl_1_min_0.5_nw_0.02"}


def data_lines(name):
    """The lines of a file beside this one, less its comments."""
    with open(os.path.join(HERE, name), encoding="utf-8") as f:
        return [line for line in f if not line.startswith("#")]


def adm_frames(pattern, w, h, bits, config):
    ref, dis = patterns.write_pair(SCRATCH.name, pattern, w, h, bits)
    report = support.score(
        *support.raw_args(ref, dis, w, h, "420", bits),
        *("-n", "--threads", 1, "--feature", "adm=debug=true" + ADM_CONFIGS[config]),
    )
    return [f["metrics"] for f in report["frames"]]


class Patterns(unittest.TestCase):
    """Integer ADM at every digit; see adm_spec.csv."""

    def check_adm(self, rows):
        def key(row):
            return row["pattern"], int(row["w"]), int(row["h"]), int(row["bits"]), row["config"]

        rows = sorted(rows, key=key)
        groups = [(k, list(g)) for k, g in itertools.groupby(rows, key)]
        faults = []
        for (k, group), frames in zip(groups, in_parallel(lambda g: adm_frames(*g[0]), groups)):
            for row in group:
                metrics = frames[int(row["frame"])]
                for column, want in row.items():
                    name = self.feature_name(column, k[-1])
                    if name and not TABLE.add("adm", metrics[name], float(want)):
                        faults.append(f"{k} {name}: {metrics[name]!r}, expected {want}")
        self.assertFalse(faults, f"{len(faults)} values differ, the first: {faults[:1]}")

    @staticmethod
    def feature_name(column, config):
        match = re.fullmatch(r"(num|den)(\d?)", column)
        if match:
            column = f"adm_{match[1]}" + (f"_scale{match[2]}" if match[2] else "")
        elif not re.match("a[di]m", column):
            return None
        return f"integer_{column}{ADM_SUFFIXES[config]}"

    def test_adm_spec(self):
        self.check_adm(csv.DictReader(data_lines("adm_spec.csv")))

    def test_adm_shared(self):
        path = os.path.join(GOLDEN, "adm_synthetic.csv")
        if not os.path.exists(path):
            self.skipTest(f"no {path}")
        with open(path, encoding="utf-8") as f:
            rows = [row for row in csv.DictReader(f) if row["clip"].startswith("synth")]
        for row in rows:
            row["pattern"] = row.pop("clip")[-1]
        self.check_adm(rows)


class Reference(unittest.TestCase):
    """Every family at 17 digits, which name a double exactly; see reference.tsv."""

    MODELS = ["vmaf_v0.6.1", "vmaf_v0.6.1neg", "vmaf_4k_v0.6.1"]
    MODEL_ARGS = ["-m", "version=vmaf_v0.6.1", "-m", "version=vmaf_v0.6.1neg:name=vmaf_neg"]
    MODEL_ARGS += ["-m", "version=vmaf_4k_v0.6.1:name=vmaf_4k"]
    # The features of those models in the same order, for a build without them.
    GAIN_LIMITS = ["adm=adm_enhn_gain_limit=1.0", "vif=vif_enhn_gain_limit=1.0"]
    FEATURE_ARGS = ["-n"]
    for feature in ["adm", "motion", "vif", *GAIN_LIMITS]:
        FEATURE_ARGS += ["--feature", feature]
    ARGS = ["--feature", "psnr=enable_mse=true:enable_apsnr=true", "--feature", "float_ssim"]
    ARGS += ["--feature", "float_ms_ssim", "--feature", "float_adm", "--feature", "float_vif"]
    ARGS += ["--feature", "float_motion", "--threads", 1]

    def setUp(self):
        folder = os.path.join(support.ROOT, "models", "netflix")
        self.with_models = all(
            os.path.exists(os.path.join(folder, name + ".json")) for name in self.MODELS
        )
        self.args = (self.MODEL_ARGS if self.with_models else self.FEATURE_ARGS) + self.ARGS

    def test_scores(self):
        """The scores among the values; the features are compared in any case."""
        for name in self.MODELS:
            support.model_file(name)

    def test_patterns(self):
        rows = csv.DictReader(data_lines("reference.tsv"), delimiter="\t")
        rows = [row for row in rows if self.with_models or not row["name"].startswith("vmaf")]
        keys = ("pattern", "w", "h", "bits", "format")
        for key, group in itertools.groupby(rows, lambda row: tuple(row[k] for k in keys)):
            with self.subTest(clip=" ".join(key)):
                self.check_clip(key, list(group))

    def check_clip(self, key, rows):
        pattern, w, h, bits, pixel_format = key
        pair = patterns.write_pair(SCRATCH.name, pattern, int(w), int(h), int(bits), 3, pixel_format)
        report = support.score(*support.raw_args(*pair, w, h, pixel_format, bits), *self.args)
        frames = [f["metrics"] for f in report["frames"]]
        pooled, aggregate = report["pooled_metrics"], report["aggregate_metrics"]
        self.assertEqual(list(pooled) + list(aggregate), [row["name"] for row in rows])
        for row in rows:
            name = row["name"]
            if name in aggregate:
                self.check_value(name, aggregate[name], row["mean"])
                continue
            for i, metrics in enumerate(frames):
                self.check_value(name, metrics[name], row[f"frame{i}"])
            for method in ("mean", "harmonic_mean"):
                self.check_value(name, pooled[name][method], row[method])

    def check_value(self, name, got, want):
        if family_of(name) == "float_adm":
            self.assertAlmostEqual(got, float(want), delta=1e-6 * abs(float(want)), msg=name)
        else:
            self.assertEqual(got, float(want), name)


if __name__ == "__main__":
    unittest.main(verbosity=1)
