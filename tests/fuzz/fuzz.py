#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Runs the fuzz targets with clang's libFuzzer, address and undefined-behaviour sanitizers, one after another.

What is found grows in cache/fuzz/NAME, beside the files of the tree; inputs that crash stay in cache/fuzz/found.
With --keep the new coverage goes, minimised, into tests/fuzz/corpus. The last lines are a table; the exit status
is 1 if anything was found.
"""

import argparse
import os
import re
import resource
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, "build-fuzz")
WORK = os.path.join(ROOT, "cache", "fuzz")
MESON = "/usr/bin/meson" if os.path.exists("/usr/bin/meson") else "meson"
SETUP = [
    "-Dfuzz=true",
    "-Dbuildtype=debugoptimized",
    "-Db_ndebug=false",
    "-Db_lundef=false",
    "-Db_sanitize=address,undefined",
]
# Longer inputs only slow it down; in a model some hold more than the widest layer.
SIZE_MAX = {"onnx": 65536}
SIZE_MAX_OF_OTHERS = 16384


def targets():
    return sorted(name[5:-2] for name in os.listdir(HERE) if re.fullmatch(r"fuzz_\w+\.c", name))


def build(names):
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        subprocess.run([MESON, "setup", *SETUP, BUILD], check=True, env={**os.environ, "CC": "clang"}, cwd=ROOT)
    programs = [f"fuzz_{name}:executable" for name in names]
    subprocess.run([MESON, "compile", "-C", BUILD, *programs], check=True)


def folders(name):
    kept = os.path.join(HERE, "corpus", name)
    grown = os.path.join(WORK, name)
    for folder in (kept, grown, os.path.join(WORK, "found")):
        os.makedirs(folder, exist_ok=True)
    return kept, grown


def run(name, seconds):
    """Fuzzes; the last figures that libFuzzer printed, and whether it found nothing."""
    kept, grown = folders(name)
    command = [os.path.join(BUILD, "tests", "fuzz", "fuzz_" + name), f"-max_total_time={seconds}"]
    command += [f"-max_len={SIZE_MAX.get(name, SIZE_MAX_OF_OTHERS)}", "-timeout=20", "-rss_limit_mb=2560", "-print_final_stats=1"]
    command += [f"-artifact_prefix={WORK}/found/{name}-", grown, kept]
    env = {**os.environ, "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}
    env["ASAN_OPTIONS"] = "allocator_may_return_null=1:detect_leaks=1"
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=WORK)
    text = done.stdout.decode("utf-8", "replace")
    if done.returncode:
        print(text[-6000:])
    units = re.findall(r"stat::number_of_executed_units: (\d+)", text)
    coverage = re.findall(r"cov: (\d+)", text)
    return int(units[-1]) if units else 0, int(coverage[-1]) if coverage else 0, done.returncode == 0


def keep(name):
    """A small set of files that reaches what all of them reach; those with names of their own stay."""
    kept, grown = folders(name)
    merged = os.path.join(WORK, name + ".min")
    shutil.rmtree(merged, ignore_errors=True)
    os.makedirs(merged)
    for old in os.listdir(kept):
        if not re.fullmatch("[0-9a-f]{40}", old):
            shutil.copy(os.path.join(kept, old), merged)
    program = os.path.join(BUILD, "tests", "fuzz", "fuzz_" + name)
    command = [program, "-set_cover_merge=1", "-use_counters=0", "-use_value_profile=0", f"-max_len={SIZE_MAX.get(name, SIZE_MAX_OF_OTHERS)}"]
    subprocess.run([*command, merged, kept, grown], check=True, stderr=subprocess.DEVNULL, cwd=WORK)
    shutil.rmtree(kept)
    shutil.move(merged, kept)


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--keep", action="store_true", help="put new coverage into the tree")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(targets()))
    args = parser.parse_args()
    names = args.names or targets()
    if set(names) - set(targets()):
        parser.error(f"no such target: {', '.join(sorted(set(names) - set(targets())))}")
    build(names)
    rows, failed = [], False
    for name in names:
        start, cpu = time.monotonic(), cpu_seconds()
        units, coverage, fine = run(name, args.seconds)
        if args.keep and fine:
            keep(name)
        failed |= not fine
        files = len(os.listdir(folders(name)[0]))
        cpu = cpu_seconds() - cpu
        rows.append(f"{name:12} {time.monotonic() - start:7.0f} {cpu:7.0f} {units:10} {coverage:8} {files:6}  "
                    + ("nothing" if fine else "FOUND, see cache/fuzz/found"))
        print(rows[-1], flush=True)
    print("target          wall     CPU       runs coverage  files  found", *rows, sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
