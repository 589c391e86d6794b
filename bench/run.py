#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Time and memory of bin/vmaf, and of another vmaf on the same input if one is given.

usage: bench/run.py [PEER] [--rounds N] [--size WxH] [--threads N]

The input is the demo's clip and its poor encode, decoded once to raw files (make demo makes them), so
that only scoring is measured; without the demo, a test pattern. The programs take turns, A B A B, and
the median of the rounds is shown. On a shared machine single runs differ by a factor of two.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "golden"))

import patterns  # noqa: E402

OURS = os.path.join(ROOT, "bin", "vmaf")


def decode(name, path, w, h):
    """Raw 4:2:0 video of demo/NAME at w x h; False if there is none."""
    source = os.path.join(ROOT, "demo", name)
    if not (os.path.exists(source) and shutil.which("ffmpeg")):
        return False
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-noautorotate", "-i", source]
    command += ["-vf", f"scale={w}:{h}", "-pix_fmt", "yuv420p", "-fps_mode", "passthrough"]
    subprocess.run(command + ["-f", "rawvideo", path], check=True)
    return True


def make_input(folder, w, h):
    """Paths of a raw pair and what it is."""
    ref, dis = (os.path.join(folder, name) for name in ("ref.yuv", "dis.yuv"))
    if decode("clip.mp4", ref, w, h) and decode("poor.mp4", dis, w, h):
        return ref, dis, "demo clip"
    return *patterns.write_pair(folder, "B", w, h, frames=4), "test pattern"


def measure(program, args):
    """Wall seconds, CPU seconds and peak memory in MB of one run."""
    start = time.monotonic()
    child = subprocess.Popen(
        [program, *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    errors = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"bench: error: {program}: {errors.decode(errors='replace').strip()}")
    wall = time.monotonic() - start
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def show(name, runs, frames):
    wall, cpu, rss = (statistics.median(column) for column in zip(*runs))
    print(
        f"{name:<6} {frames / wall:8.2f} frames/s   {cpu / frames * 1000:8.1f} CPU ms a frame"
        f"   {rss:7.1f} MB peak"
    )
    return cpu


def main():
    parser = argparse.ArgumentParser(description="time and memory of bin/vmaf")
    parser.add_argument("peer", nargs="?", help="another vmaf to run on the same input")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", default="1920x1080", metavar="WxH")
    parser.add_argument("--threads", default="1")
    options = parser.parse_args()
    w, h = map(int, options.size.split("x"))
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        ref, dis, kind = make_input(folder, w, h)
        frames = os.path.getsize(ref) // (w * h * 3 // 2)
        args = ["-r", ref, "-d", dis, "-w", str(w), "-h", str(h), "-p", "420", "-b", "8"]
        args += ["-q", "--threads", options.threads, "--json", "-o", os.path.join(folder, "out.json")]
        # The peer loads its own built-in vmaf_v0.6.1, as ours does.
        programs = {"ours": OURS}
        if options.peer:
            programs["peer"] = options.peer
        runs = {name: [] for name in programs}
        for _ in range(options.rounds):
            for name, program in programs.items():
                runs[name].append(measure(program, args))
    print(
        f"{kind}, {frames} frames {w}x{h} 8 bit, vmaf_v0.6.1, {options.threads} thread(s), "
        f"median of {options.rounds}"
    )
    cpu = [show(name, runs[name], frames) for name in programs]
    if len(cpu) == 2:
        print(f"the peer needs {cpu[1] / cpu[0]:.2f} times our CPU time")


if __name__ == "__main__":
    main()
