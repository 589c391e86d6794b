#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Trains the tiny models that the build embeds, from the rows in models/tiny/data.

usage: tiny_models.py [--figures] [--check] [ID ...]

Writes model, card and registry entry of each ID, or of all. --figures first leaves every source out in turn
and keeps what comes of it in models/tiny/figures (minutes for each); --check writes nothing and compares
with what is there, byte for byte. A model whose teacher is not at hand is left out, and said.
"""

import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(ROOT, "models", "tiny")
TRAIN = os.path.join(ROOT, "bin", "vmaf-train")
# The bootstrap collection comes in no package: put the published file there.
BOOTSTRAP = os.path.join(ROOT, "models", "netflix", "vmaf_b_v0.6.3.json")

NATURAL = "16 sources (8 of them from Debian and npm packages, see make corpus), 6 x264 rungs each, 576x324, 8 bit"
NEG = ",".join(["adm2_egl_1", *(f"vif_scale{s}_egl_1" for s in range(4)), "motion2"])
FAST_NAMES = ["adm2", *(f"adm_scale{s}" for s in range(4)), *(f"vif_scale{s}" for s in range(4))]
FAST = ",".join(f"fast_{name}_rows_8" for name in [*FAST_NAMES, "motion2", "psnr_half", "psnr"])

# The first one stands in for vmaf_v0.6.1 where that is not built in. "own": options of export alone.
MODELS = {
    "vmaf_tiny_tanh": {
        "data": "natural",
        "options": ["--activation", "tanh"],
        "own": ["--spread", "path=" + BOOTSTRAP],
        "dataset": NATURAL,
        "notes": "follows vmaf_v0.6.1; the most faithful one. Its second output is the spread of the bootstrap "
        "collection vmaf_b_v0.6.3: how sure the teacher is, not how far the student is from it.",
    },
    "vmaf_tiny_v1": {
        "data": "natural",
        "options": ["--model-arch", "mlp_small:relu"],
        "dataset": NATURAL,
        "notes": "follows vmaf_v0.6.1; the graph of the published vmaf_tiny_v1, trained another way.",
    },
    "vmaf_tiny_v1_medium": {
        "data": "natural",
        "options": ["--model-arch", "mlp_medium:relu", "--restarts", "1", "--iterations", "800"],
        "dataset": NATURAL,
        "notes": "follows vmaf_v0.6.1; ten times the parameters, for comparison: the small one with tanh is "
        "nearer to the teacher.",
    },
    "vmaf_tiny_neg": {
        "data": "natural_neg",
        "options": ["--activation", "tanh", "--features", NEG, "--teacher", "version=vmaf_v0.6.1neg"],
        "dataset": NATURAL,
        "notes": "follows vmaf_v0.6.1neg on features without enhancement gain.",
    },
    "vmaf_tiny_4k": {
        "data": "natural",
        "options": ["--activation", "tanh", "--teacher", "version=vmaf_4k_v0.6.1", "--relabel"],
        "dataset": NATURAL + "; none of it is 4K, the queries cover what 4K gives",
        "notes": "follows vmaf_4k_v0.6.1.",
    },
    "vmaf_tiny_b": {
        "data": "natural",
        "options": ["--activation", "tanh", "--teacher", "path=" + BOOTSTRAP, "--relabel"],
        "own": ["--spread", "path=" + BOOTSTRAP],
        "dataset": NATURAL,
        "notes": "one network for the 21 of vmaf_b_v0.6.3: their mean and their spread.",
    },
    "vmaf_fast_v1": {
        "data": "fast",
        "options": ["--features", FAST, "--queries", "0", "--restarts", "1", "--pull", "1e-4"],
        "dataset": NATURAL + "; 12 of them at 1280x720 and 8 at 1920x1080, 8 rungs",
        "notes": "an estimate of vmaf_v0.6.1 from half-size pictures and some rows of the full ones, experimental: --fast.",
    },
}

LIMITS = """
## Limits

Faithful to the teacher is all that these figures say; a viewer may disagree with both. The rows are of x264
encodes, 8 bit, 24 to 60 frames a second. Frames whose features lie outside the rows the model saw are
counted in reports (`frames_outside_training`); outside the query box the score should not be trusted.
"""
FAST_LIMITS = """
The input is not what the teacher sees: pictures that were enlarged before, and their first frame, are where it
errs most. The interval above is wide for that reason. It is for ranking and for looking, not for thresholds.
"""


def missing_teacher(spec):
    used = spec["options"] + spec.get("own", [])
    return any(BOOTSTRAP in option for option in used) and not os.path.exists(BOOTSTRAP)


def train(*args):
    done = subprocess.run([TRAIN, *args], stdout=subprocess.PIPE, encoding="utf-8")
    if done.returncode:
        sys.exit(f"tiny_models: vmaf-train {args[0]} failed")
    return done.stdout


def data_of(spec):
    return ["--data", os.path.join(FOLDER, "data", spec["data"] + ".npy")]


def figures_of(name):
    return os.path.join(FOLDER, "figures", name + ".json")


def export_options(spec):
    """loso takes the activation with the architecture, export beside it."""
    out = []
    for option in spec["options"]:
        arch, colon, activation = option.partition(":")
        out += [arch, "--activation", activation] if colon and arch.startswith("mlp_") else [option]
    return out + spec.get("own", [])


def make_figures(name, spec):
    train("loso", *data_of(spec), *spec["options"], "--json", figures_of(name))


def export(name, spec, output):
    train("export", *data_of(spec), *export_options(spec), "--loso", figures_of(name), "--output", output)


def table(name):
    with open(figures_of(name), encoding="utf-8") as f:
        run = json.load(f)["runs"][0]
    lines = [
        "",
        "## Every source left out in turn",
        "",
        "| source | rows | PLCC | SROCC | KROCC | RMSE | max error |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in [*run["folds"], {"source": "**mean**", **run}]:
        values = [f"{row[key]:.5f}" for key in ("plcc", "srocc", "krocc")]
        values += [f"{row['rmse']:.4f}", f"{row['max_error']:.3f}"]
        lines.append(f"| {row['source']} | {row['n_samples']} | {' | '.join(values)} |")
    lines += ["", f"RMSE {run['rmse']:.4f} ± {run['rmse_std']:.4f}, worst {run['worst_fold_rmse']:.4f}."]
    if "corpus_free" in run and run["corpus_free"]:
        lines.append(f"Without any video, on all rows: RMSE {run['corpus_free']['rmse']:.4f}.")
    lines += ["", "| interval | form | ± | covered, mean | covered, worst source |", "|---|---|---:|---:|---|"]
    for i in run["intervals"]:
        lines.append(
            f"| {100 * i['level']:.1f} % | {i['form']} | {i['q']:.4f} | {100 * i['mean_coverage']:.1f} % "
            f"| {100 * i['worst_coverage']:.1f} % ({i['worst_source']}) |"
        )
    return "\n".join(lines) + "\n"


def write_card(name, spec):
    path = os.path.join(FOLDER, name + ".md")
    again = f"\n## Again\n\n`models/tiny_models.py --check {name}` trains it from `models/tiny/data/{spec['data']}.npy`\n"
    again += "and compares the bytes; `--figures` measures the table above anew.\n"
    with open(path, "a", encoding="utf-8") as f:
        f.write(table(name) + LIMITS + (FAST_LIMITS if spec["data"] == "fast" else "") + again)


def register(name, spec, path):
    facts = ["--id", name, "--dataset", spec["dataset"], "--notes", spec["notes"]]
    print(train("register", "--model-dir", FOLDER, *facts, path), end="")
    write_card(name, spec)


def same(name, path):
    with open(path, "rb") as a, open(os.path.join(FOLDER, name + ".onnx"), "rb") as b:
        return a.read() == b.read()


def main():
    flags = {a for a in sys.argv[1:] if a.startswith("-")}
    names = [a for a in sys.argv[1:] if not a.startswith("-")] or list(MODELS)
    unknown = [*(flags - {"--figures", "--check"}), *(n for n in names if n not in MODELS)]
    if unknown:
        sys.exit(f"{__doc__}\nNot known: {' '.join(unknown)}; the models are {', '.join(MODELS)}.")
    differ = 0
    for name in names:
        spec = MODELS[name]
        if missing_teacher(spec):
            print(f"{name}: left out, its teacher {BOOTSTRAP} is not there")
            continue
        if "--figures" in flags:
            make_figures(name, spec)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, name + ".onnx")
            export(name, spec, path)
            if "--check" not in flags:
                register(name, spec, path)
            elif same(name, path):
                print(f"{name}: equal")
            else:
                print(f"{name}: not equal to the registered file")
                differ = 1
    return differ


if __name__ == "__main__":
    sys.exit(main())
