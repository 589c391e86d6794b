#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Builds the programs in many ways and compares all they compute, byte for byte: portability.py [NAME ...]

The first build is the ordinary one, whose values the golden tests compare with the reference's. Each build gives its
reports of clips in four formats with every instruction set, the values of tests/golden that lie in the tree, and the
rows and the model that vmaf-train makes of a small corpus.
Builds lie in cache/portability; the last lines are a table, the exit status is 1 if any differs, or if one that was
named could not be built.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), HERE]

import foreign  # noqa: E402
import support  # noqa: E402
from installed import MESON  # noqa: E402

FOLDER = os.path.join(support.ROOT, "cache", "portability")
COMPILED = {
    f"{cc}-O{level}" + ("-lto" if lto else ""): (cc, [f"-Doptimization={level}", f"-Db_lto={str(lto).lower()}"])
    for cc in ("gcc", "clang")
    for level in (0, 2, 3)
    for lto in (False, True)
    # without optimisation there is nothing to optimise at link time
    if not (lto and level == 0)
}
# The ordinary programs on a processor without AVX and fused multiply-add, where glibc has other code for exp().
EMULATED = {"nehalem": ("qemu-x86_64", "-cpu", "Nehalem")} if platform.machine() == "x86_64" else {}
ORDINARY = os.path.dirname(os.path.dirname(os.path.realpath(support.VMAF)))
NAMES = [*COMPILED, *EMULATED, *foreign.TARGETS]
# Instruction sets that are left alone: AVX-512 VNNI and below, AVX-512, AVX2, SSE4.1, none.
MASKS = (0, 32, 48, 56, 63) if platform.machine() == "x86_64" else (0, 63)
# Pattern, size, depth, format, frames. In the last one exp() of a processor without FMA changes a score.
CLIPS = (
    ("A", 67, 45, 8, "420", 4),
    ("B", 192, 180, 8, "420", 4),
    ("A", 64, 50, 10, "422", 4),
    ("B", 200, 180, 12, "444", 4),
    ("B", 64, 48, 8, "420", 21),
)


def build(name):
    """Folder of the build."""
    folder = os.path.join(FOLDER, name)
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        compiler, options = COMPILED.get(name) or ("gcc", foreign.setup_flags(name, FOLDER))
        command = [MESON, "setup", "-Dbuildtype=release", "-Dffmpeg=disabled", "-Dwerror=true", *options, folder]
        env = {**os.environ, "CC": compiler}
        subprocess.run(command, check=True, env=env, cwd=support.ROOT, stdout=subprocess.DEVNULL)
    command = [MESON, "compile", "-C", folder, "vmaf:executable", "vmaf-train:executable"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder


def commands_of(name):
    """vmaf and vmaf-train, and what they run in; says why where they cannot be had."""
    emulator = EMULATED.get(name, ())
    if emulator and not shutil.which(emulator[0]):
        raise unittest.SkipTest(f"not installed: {emulator[0]}; see tools/deps.sh")
    folder = ORDINARY if name in EMULATED else build(name)
    if name in foreign.TARGETS:
        emulator = foreign.TARGETS[name].emulator
    return [[*emulator, os.path.join(folder, program)] for program in ("tools/vmaf", "train/vmaf-train")]


def has_models():
    return os.path.exists(os.path.join(support.ROOT, "models", "netflix", "vmaf_v0.6.1.json"))


def reports(command, pairs):
    """A digest of the report of each clip, instruction set and set of features."""
    model = ["-m", "version=vmaf_v0.6.1", "-m", "version=vmaf_4k_v0.6.1:name=vmaf_4k"] if has_models() else ["-n"]
    for clip, pair in zip(CLIPS, pairs):
        # float_ms_ssim needs 176 rows
        features = [f for f in support.ALL_FEATURES if f != "--feature"]
        features = [f"--feature={f}" for f in features if clip[2] >= 176 or f != "float_ms_ssim"]
        for mask in MASKS:
            args = [*map(str, support.raw_args(*pair, clip[1], clip[2], clip[4], clip[3]))]
            args += [*model, *features, "--cpumask", str(mask), "--precision", "max", "-q"]
            args += ["--reproducible", "--json", "-o", "-"]
            done = subprocess.run([*command, *args], capture_output=True, check=True)
            yield hashlib.sha256(done.stdout).hexdigest()


def write_corpus(folder):
    for source, pattern in (("Alpha", "A"), ("Beta", "B"), ("Tennis", "B")):
        other = "A" if source == "Tennis" else pattern
        clips = [(f"ref/{source}_25fps", pattern)]
        clips += [(f"dis/{source}_{quality}_36_{quality}00", other) for quality in (20, 90)]
        for name, look in clips:
            path = os.path.join(folder, name + ".yuv")
            os.makedirs(os.path.dirname(path), exist_ok=True)
            support.patterns.write(path, look, name[:3], 64, 36, 8, 12)


def trained(command, corpus):
    """Digests of the rows and of models by each way of training."""
    if not has_models():
        return
    with tempfile.TemporaryDirectory() as out:
        rows, model = os.path.join(out, "rows.csv"), os.path.join(out, "mlp_small_final.onnx")
        export = ["export-dataset", "--data-root", corpus, "--cache", "off", "--output", rows]
        fit = ["fit", "--data", rows, "--out-dir", out, "--queries", "300", "--choice-queries", "300"]
        fit += ["--restarts", "2"]
        runs = [(rows, export), (model, [*fit, "--optimizer", "lm", "--iterations", "8"])]
        runs += [(model, [*fit, "--optimizer", "lbfgs", "--iterations", "15"])]
        runs += [(model, [*fit, "--optimizer", "adam", "--epochs", "3"])]
        for path, args in runs:
            subprocess.run([*command, *args], check=True, capture_output=True)
            with open(path, "rb") as f:
                yield hashlib.sha256(f.read()).hexdigest()


def everything(vmaf, train, pairs, corpus):
    return [*reports(vmaf, pairs), *trained(train, corpus)]


def is_golden(command, folder):
    """Do the tests of the tree's own reference values pass with this program?"""
    wrapper = os.path.join(folder, "vmaf")
    with open(wrapper, "w", encoding="utf-8") as f:
        f.write(f'#!/bin/sh\nexec {" ".join(command)} "$@"\n')
    os.chmod(wrapper, 0o755)
    env = {**os.environ, "VMAF": wrapper, "TINYVMAF_SHARED": os.path.join(folder, "none")}
    test = os.path.join(support.TESTS, "golden", "test_golden.py")
    done = subprocess.run([sys.executable, test], env=env, capture_output=True, text=True)
    if done.returncode:
        print(done.stderr[-2000:], flush=True)
    return done.returncode == 0


def compare(name, wanted, pairs, folder):
    """What goes into the table, and whether all is the same."""
    vmaf, train = commands_of(name)
    same = sum(a == b for a, b in zip(wanted, everything(vmaf, train, pairs, folder), strict=True))
    golden = is_golden(vmaf, folder)
    text = f"{same} of {len(wanted)} files are the same, golden values are {'reproduced' if golden else 'MISSED'}"
    return text, same == len(wanted) and golden


def main():
    names = sys.argv[1:] or NAMES
    if set(names) - set(NAMES):
        sys.exit(f"{__doc__}\nbuilds: {', '.join(NAMES)}")
    rows, failed = [], False
    with tempfile.TemporaryDirectory() as folder:
        pairs = []
        for i, (pattern, w, h, bits, fmt, frames) in enumerate(CLIPS):
            os.mkdir(os.path.join(folder, str(i)))
            pairs.append(support.patterns.write_pair(os.path.join(folder, str(i)), pattern, w, h, bits, frames, fmt))
        write_corpus(folder)
        ordinary = [[os.path.join(ORDINARY, program)] for program in ("tools/vmaf", "train/vmaf-train")]
        wanted = everything(*ordinary, pairs, folder)
        for name in names:
            try:
                text, fine = compare(name, wanted, pairs, folder)
            except unittest.SkipTest as reason:
                text, fine = f"NOT TRIED: {reason}", not sys.argv[1:]
            failed |= not fine
            rows.append(f"{name:16} {text}")
            print(rows[-1], flush=True)
    print("\n".join(rows))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
