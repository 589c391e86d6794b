#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""How near an estimate from cheap features comes to vmaf_v0.6.1, and how fast it is.

usage: cheaper.py [--time | --sampled] [--frames N ...] [--data-root DIR ...] [VARIANT ...]

A VARIANT is what options of extractor `fast` are to be tried: "plain", "bands=4", "rows=8". For each a network is
trained as vmaf_fast_v1 was, with every source left out in turn; a line of the table says how far it is from the
teacher on the sources that it has not seen, frame by frame and as means of clips. --frames N scores only every
N-th frame and compares the clip's score with the teacher's of all frames, for the teacher itself as well.
--sampled compares vmaf_v0.6.1 with itself on some rows of its fine scales. --time measures speed instead, the
variants in turn, on a 1080p clip of `make bench`. DIR is a folder as `make corpus` makes one (default cache/corpus).
"""

import argparse
import csv
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile

import clips
import measure
import peer

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
TRAIN = os.path.join(ROOT, "bin", "vmaf-train")
NAMES = "adm2 adm_scale0 adm_scale1 adm_scale2 adm_scale3 vif_scale2 vif_scale3 motion2 psnr_half psnr".split()
# As models/tiny_models.py trains vmaf_fast_v1.
HOW = ["--queries", "0", "--restarts", "1", "--pull", "1e-4"]
LIMIT = 2  # RMSE that --fast promises
# One group of rows of ADM in so many, one row of VIF in so many.
SAMPLED = [(2, 4), (4, 8)]


def train(*args):
    done = subprocess.run([TRAIN, *args, "--progress", "none"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"cheaper: vmaf-train {args[0]}: {done.stderr.strip()}")


def features_of(variant):
    suffix = "" if variant == "plain" else "_" + variant.replace("=", "_").replace(":", "_")
    fine = ["vif_scale0", "vif_scale1"] if "rows=" in variant else []
    return [f"fast_{name}{suffix}" for name in NAMES + fine]


def rms(values):
    return math.sqrt(statistics.fmean(v * v for v in values))


class Rows:
    """Rows of all folders, one list; the size of a folder's clips is part of their names."""

    def __init__(self, roots, features, folder):
        self.rows = []
        for i, root in enumerate(roots):
            path = os.path.join(folder, f"{i}.csv")
            train("export-dataset", "--data-root", root, "--features", ",".join(features), "--output", path)
            with open(path, encoding="utf-8", newline="") as f:
                for row in csv.DictReader(f):
                    self.rows.append({**row, "key": f"{row['key']}_{i}"})
        self.head = list(self.rows[0])
        self.sources = sorted({row["source"] for row in self.rows})

    def clips(self):
        """Key -> the teacher's scores, frame after frame."""
        found = {}
        for row in self.rows:
            found.setdefault(row["key"], {})[int(row["frame"])] = float(row["vmaf"])
        return found

    def write(self, path, rows):
        with open(path, "w", encoding="utf-8", newline="") as f:
            writer = csv.DictWriter(f, self.head, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return path

    def subset(self, step):
        """Every step-th frame, its truth the teacher's mean over all frames of the clip."""
        means = {key: statistics.fmean(scores.values()) for key, scores in self.clips().items()}
        return [
            {**row, "vmaf": means[row["key"]], "vmaf_raw": means[row["key"]]}
            for row in self.rows
            if int(row["frame"]) % step == 0
        ]


def judge(rows, variant, steps, folder):
    """Every source left out in turn: figures of each, and of each number of frames left out."""
    features = ["--features", ",".join(features_of(variant))]
    data = rows.write(os.path.join(folder, "rows.csv"), rows.rows)
    subsets = {step: rows.subset(step) for step in steps}
    found = []
    for source in rows.sources:
        out = os.path.join(folder, "fit")
        train("fit", "--data", data, *features, *HOW, "--val-source", source, "--no-export-onnx", "--out-dir", out)
        model = os.path.join(out, "mlp_small_final.onnx")
        with open(os.path.join(out, "eval_report.json"), encoding="utf-8") as f:
            figures = json.load(f)
        figures["frames"] = {}
        for step, subset in subsets.items():
            part = rows.write(os.path.join(folder, "part.csv"), [row for row in subset if row["source"] == source])
            report = os.path.join(folder, "part.json")
            train("eval", "--data", part, *features, "--json", report, model)
            with open(report, encoding="utf-8") as f:
                figures["frames"][step] = json.load(f)["per_clip"]["rmse"]
        found.append({"source": source, **figures})
    return found


def line(*cells):
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def head(*cells):
    line(*cells)
    line("---", *["---:"] * (len(cells) - 1))


def worst_of(values):
    """source -> error, as text."""
    source = max(values, key=values.get)
    return f"{statistics.fmean(values.values()):.2f}", f"{values[source]:.2f} ({source})"


def accuracy(variants, roots, steps):
    head("variant", "RMSE, mean", "worst source", f"sources above {LIMIT}", "PLCC, mean", "worst", "clips' RMSE")
    of_frames = []
    for variant in variants:
        with tempfile.TemporaryDirectory() as folder:
            found = judge(Rows(roots, features_of(variant), folder), variant, steps, folder)
        errors = {f["source"]: f["rmse"] for f in found}
        plcc = [f["plcc"] for f in found]
        of_clips = statistics.fmean(f["per_clip"]["rmse"] for f in found)
        above = sum(e > LIMIT for e in errors.values())
        cells = (f"{statistics.fmean(plcc):.4f}", f"{min(plcc):.4f}", f"{of_clips:.2f}")
        line(variant, *worst_of(errors), above, *cells)
        of_frames += [(variant, step, {f["source"]: f["frames"][step] for f in found}) for step in steps]
    return of_frames


def teachers_frames(roots, steps):
    """The teacher on some frames beside the teacher on all."""
    with tempfile.TemporaryDirectory() as folder:
        rows = Rows(roots, ["motion2"], folder)
    source_of = {row["key"]: row["source"] for row in rows.rows}
    for step in steps:
        errors = {}
        for key, scores in rows.clips().items():
            some = statistics.fmean(score for frame, score in scores.items() if frame % step == 0)
            errors.setdefault(source_of[key], []).append(some - statistics.fmean(scores.values()))
        yield "vmaf_v0.6.1", step, {source: rms(values) for source, values in errors.items()}


def sampled_scores(root, adm, vif, folder):
    """The teacher's scores of features from some rows, and of those from all."""
    own = {f"adm2_ars_{adm}": "adm2", "motion2": "motion2"}
    own |= {f"vif_scale{s}_vrs_{vif}": f"vif_scale{s}" for s in range(4)}
    rows = Rows([root], list(own), folder)
    truth = rows.rows
    rows.head = [own.get(name, name) for name in rows.head]
    renamed = [{own.get(name, name): value for name, value in row.items()} for row in truth]
    data, out = rows.write(os.path.join(folder, "own.csv"), renamed), os.path.join(folder, "out.csv")
    train("export-dataset", "--data", data, "--relabel", "--output", out)
    with open(out, encoding="utf-8", newline="") as f:
        return list(zip(csv.DictReader(f), truth, strict=True))


def sampled(roots):
    head("rows of ADM, of VIF", "folder", "RMSE, mean", "worst source", "largest error")
    for adm, vif in SAMPLED:
        for root in roots:
            errors = {}
            with tempfile.TemporaryDirectory() as folder:
                for some, full in sampled_scores(root, adm, vif, folder):
                    errors.setdefault(full["source"], []).append(float(some["vmaf"]) - float(full["vmaf"]))
            most = max(abs(e) for values in errors.values() for e in values)
            name = os.path.basename(os.path.normpath(root))
            line(f"1 in {adm}, 1 in {vif}", name, *worst_of({s: rms(v) for s, v in errors.items()}), f"{most:.1f}")


class Program(peer.Cli):
    """Ours, with arguments of its own behind those of the job."""

    def __init__(self, path, arguments):
        super().__init__("ours", path, "")
        self.arguments = arguments

    def command(self, job):
        return [*super().command(job), *self.arguments]


def speed(variants, steps, rounds):
    clip = clips.Maker(os.path.join(HERE, "clips"), natural=True).make(1920, 1080, 8, 41)
    own = [f"vmaf_v0.6.1:name=sampled:adm.adm_row_step={adm}:vif.vif_row_step={vif}" for adm, vif in SAMPLED]
    ways = {"vmaf_v0.6.1": []}
    ways |= {f"rows, ADM 1 in {a}, VIF 1 in {v}": ["-m", "version=" + o] for (a, v), o in zip(SAMPLED, own)}
    ways |= {v: ["-n", "--feature", "fast" if v == "plain" else "fast=" + v] for v in variants}
    ways |= {f"vmaf_v0.6.1, frames 1 in {n}": ["--subsample", n] for n in steps}
    ways |= {f"--fast, frames 1 in {n}": ["--fast", "--subsample", n] for n in steps}
    head("1080p 8 bit, one thread", "AVX-512: CPU", "wall", "AVX2: CPU", "wall")
    cells = {name: [] for name in ways}
    for mask in (0, 48):
        job = peer.Job(clip, mask=mask)
        program = os.path.join(ROOT, "bin", "vmaf")
        turns = {name: (Program(program, list(map(str, args))), job) for name, args in ways.items()}
        runs = measure.take_turns(turns, rounds)
        for name in ways:
            cells[name] += [f"{measure.ratio(runs['vmaf_v0.6.1'], runs[name], f):.1f}" for f in ("cpu", "wall")]
    for name, values in cells.items():
        line(name, *values)


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n")[0])
    parser.add_argument("--time", action="store_true")
    parser.add_argument("--sampled", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--frames", type=int, action="append", default=[])
    parser.add_argument("--data-root", action="append", dest="roots")
    parser.add_argument("variants", nargs="*")
    options = parser.parse_args()
    roots = options.roots or [os.path.join(ROOT, "cache", "corpus")]
    variants = options.variants or ["plain", "bands=2", "bands=4", "bands=8", "rows=4", "rows=8"]
    if options.time:
        return speed(variants, options.frames, options.rounds)
    if options.sampled:
        return sampled(roots)
    of_frames = accuracy(variants, roots, options.frames)
    of_frames += teachers_frames(roots, options.frames) if options.frames else []
    if of_frames:
        print()
        head("frames 1 in", "clips' error: RMSE, mean", "worst source")
    for name, step, errors in of_frames:
        line(f"{name}, {step}", *worst_of(errors))
    return 0


if __name__ == "__main__":
    sys.exit(main())
