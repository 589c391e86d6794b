# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Tiny models: nanoseconds a call, ours at every level and ONNX Runtime on the same file, in turn."""

import json
import os
import statistics
import subprocess
import sys
import unittest

from measure import TOOLS

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tests", "tiny"))

import referee  # noqa: E402

TOOL = os.path.join(TOOLS, "tiny_time")
ROWS = [1, 240, 4096]
MODELS = {"small_relu": "6-16-8-1 ReLU", "small_tanh": "6-16-8-1 tanh", "medium_relu": "6-64-32-1 ReLU"}
PEER = "ONNX Runtime"


def output(command):
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=600).stdout


def ours(path):
    """(level, rows) -> (median, p95); ("load", 0) too."""
    times = {}
    for line in output([TOOL, "time", path]).splitlines():
        *what, median, p95 = line.split()
        times[what[0], int(what[1]) if len(what) > 1 else 0] = float(median), float(p95)
    return times


def theirs(path):
    try:
        program = referee.python()
    except unittest.SkipTest as reason:
        print(f"bench: {reason}", file=sys.stderr)
        return {}
    text = output([program, os.path.join(HERE, "ort_time.py"), path, *map(str, ROWS)])
    return {(PEER, int(rows)): tuple(times) for rows, times in json.loads(text).items()}


def measure(folder, rounds):
    """Model -> (level or program, rows) -> (median, p95), each the median over the rounds."""
    subprocess.run([TOOL, "make", folder], check=True)
    found = {}
    for name in MODELS:
        path = os.path.join(folder, name + ".onnx")
        runs = [{**ours(path), **theirs(path)} for _ in range(rounds)]
        found[name] = {
            key: tuple(statistics.median(run[key][i] for run in runs) for i in (0, 1)) for key in runs[0]
        }
    return found


def table(found):
    """Rows for a page: model, who, and for each number of rows median (p95)."""
    for name, times in found.items():
        for who in dict.fromkeys(who for who, rows in times if rows):
            cells = [f"{times[who, rows][0]:.0f} ({times[who, rows][1]:.0f})" for rows in ROWS]
            yield (MODELS[name], who, *cells)


def bars(found, make):
    """make(what, bar, aim, measured, peer, most) for each promise that could be measured."""
    small, medium = found["small_relu"], found["medium_relu"]
    levels = [who for who, rows in small if rows == 1 and who != PEER]
    best = levels[-1]
    yield make("one row, small ReLU, ns", 60, 30, small[best, 1][0], "", True)
    for level, bar in (("avx512", 1.5), ("avx2", 2.2)):
        if level in levels:
            yield make(f"240 rows, small ReLU, {level}, us", bar, 0.8, small[level, 240][0] / 1000, "", True)
    yield make("240 rows, medium ReLU, us", 12, 5, medium[best, 240][0] / 1000, "", True)
    yield make("loading a tiny model, ms", 1, 0, small["load", 0][0] / 1e6, "", True)
    if (PEER, 1) in small:
        for rows, bar in ((240, 5), (1, 50)):
            ratio = small[PEER, rows][0] / small[best, rows][0]
            yield make(f"{rows} row(s), small ReLU, times faster", bar, 0, ratio, PEER, False)
