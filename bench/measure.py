# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Runs that take turns, and what can be said of them."""

import dataclasses
import os
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOOLS = os.path.join(ROOT, "build", "bench")


@dataclasses.dataclass(frozen=True)
class Run:
    wall: float  # seconds
    user: float
    system: float
    mb: float  # peak

    @property
    def cpu(self):
        return self.user + self.system


class Runs(list):
    """The runs of one program at one job."""

    def __init__(self, frames):
        super().__init__()
        self.frames = frames

    def median(self, field):
        return statistics.median(getattr(run, field) for run in self)

    @property
    def fps(self):
        return self.frames / self.median("wall")

    @property
    def mb(self):
        return self.median("mb")


def run_once(command):
    done = subprocess.run(
        [os.path.join(TOOLS, "measure"), *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=1800,
    )
    fields = done.stdout.split()
    if len(fields) != 5 or fields[4] != "0":
        sys.exit(f"bench: error: {' '.join(command)}\n{done.stderr.strip() or 'failed'}")
    wall, user, system, kb = map(float, fields[:4])
    return Run(wall, user, system, kb / 1024)


def take_turns(pairs, rounds):
    """pairs: key -> (program, job). Key -> Runs; every round runs each once, in turn."""
    results = {key: Runs(job.count) for key, (_, job) in pairs.items()}
    for _ in range(rounds):
        for key, (program, job) in pairs.items():
            results[key].append(run_once(program.command(job)))
    return results


def ratio(slow, fast, field):
    """Median over the rounds of how many times more `slow` took; neighbours in time, so that what
    else the machine does weighs on both."""
    return statistics.median(getattr(s, field) / getattr(f, field) for s, f in zip(slow, fast))
