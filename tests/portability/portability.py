#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Builds the program in many ways and compares all it computes, byte for byte: portability.py [NAME ...]

The first build is the ordinary one, whose values the golden tests compare with the reference's. Builds lie in
cache/portability; the last lines are a table, the exit status is 1 if any differs.
"""

import hashlib
import os
import platform
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import support  # noqa: E402

FOLDER = os.path.join(support.ROOT, "cache", "portability")
MESON = "/usr/bin/meson" if os.path.exists("/usr/bin/meson") else "meson"
BUILDS = {
    f"{cc}-O{level}" + ("-lto" if lto else ""): (cc, [f"-Doptimization={level}", f"-Db_lto={str(lto).lower()}"])
    for cc in ("gcc", "clang")
    for level in (0, 2, 3)
    for lto in (False, True)
    # without optimisation there is nothing to optimise at link time
    if not (lto and level == 0)
}
# Instruction sets that are left alone: AVX-512 VNNI and below, AVX-512, AVX2, SSE4.1, none.
MASKS = (0, 32, 48, 56, 63) if platform.machine() == "x86_64" else (0, 63)
CLIPS = (("A", 67, 45, 8, "420"), ("B", 192, 180, 8, "420"), ("A", 64, 50, 10, "422"), ("B", 200, 180, 12, "444"))


def build(name):
    compiler, options = BUILDS[name]
    folder = os.path.join(FOLDER, name)
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        env = {**os.environ, "CC": compiler}
        command = [MESON, "setup", "-Dbuildtype=release", "-Dffmpeg=disabled", *options, folder]
        subprocess.run(command, check=True, env=env, cwd=support.ROOT, stdout=subprocess.DEVNULL)
    command = [MESON, "compile", "-C", folder, "vmaf:executable"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return os.path.join(folder, "tools", "vmaf")


def reports(program, pairs):
    """A digest of the report of each clip, instruction set and set of features."""
    model = ["-m", "version=vmaf_v0.6.1"]
    if not os.path.exists(os.path.join(support.ROOT, "models", "netflix", "vmaf_v0.6.1.json")):
        model = ["-n"]
    for clip, pair in zip(CLIPS, pairs):
        # float_ms_ssim needs 176 rows
        features = [f for f in support.ALL_FEATURES if f != "--feature"]
        features = [f"--feature={f}" for f in features if clip[2] >= 176 or f != "float_ms_ssim"]
        for mask in MASKS:
            command = [program, *map(str, support.raw_args(*pair, clip[1], clip[2], clip[4], clip[3]))]
            command += [*model, *features, "--cpumask", str(mask), "--precision", "max", "-q"]
            command += ["--reproducible", "--json", "-o", "-"]
            done = subprocess.run(command, capture_output=True, check=True)
            yield hashlib.sha256(done.stdout).hexdigest()


def main():
    names = sys.argv[1:] or list(BUILDS)
    if set(names) - set(BUILDS):
        sys.exit(f"{__doc__}\nbuilds: {', '.join(BUILDS)}")
    rows, failed = [], False
    with tempfile.TemporaryDirectory() as folder:
        pairs = []
        for i, (pattern, w, h, bits, fmt) in enumerate(CLIPS):
            os.mkdir(os.path.join(folder, str(i)))
            pairs.append(support.patterns.write_pair(os.path.join(folder, str(i)), pattern, w, h, bits, 4, fmt))
        wanted = list(reports(support.VMAF, pairs))
        for name in names:
            same = sum(a == b for a, b in zip(wanted, reports(build(name), pairs), strict=True))
            failed |= same != len(wanted)
            rows.append(f"{name:16} {same} of {len(wanted)} reports are the same")
            print(rows[-1], flush=True)
    print("\n".join(rows))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
