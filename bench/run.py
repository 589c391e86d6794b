#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Speed and memory of bin/vmaf, beside other programs on the same input.

The programs take turns, A B A B, and medians are compared: on a shared machine single runs differ by a
factor of two. Results go to the terminal and to bench/RESULTS.md. docs/performance.md tells more.
"""

import argparse
import dataclasses
import os
import sys
import tempfile

import clips
import kernels
import measure
import peer
import report
import tiny_bench

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
# --cpumask for each level: what it leaves unused.
MASKS = {"AVX-512 VNNI": 0, "AVX-512": 32, "AVX2": 48, "SSE4.1": 56, "scalar": 63}
ANY, AVX2 = 0, 48


def say(what):
    print("bench: " + what, file=sys.stderr, flush=True)


@dataclasses.dataclass
class Bar:
    """A promise and what was measured; `most` if smaller is better."""

    what: str
    bar: float
    aim: float
    measured: float
    peer: str = ""
    most: bool = False

    def reaches(self, limit):
        return self.measured <= limit if self.most else self.measured >= limit

    @property
    def verdict(self):
        if not self.reaches(self.bar):
            return "falls short"
        return "aim" if self.aim and self.reaches(self.aim) else "bar"

    def row(self):
        sign = "<=" if self.most else ">="
        aim = f"{self.aim:g}" if self.aim else "-"
        return (self.what, self.peer, f"{sign} {self.bar:g}", aim, f"{self.measured:.2f}", self.verdict)


SECTIONS = ["speed", "levels", "threads", "neg", "fast", "memory", "features", "growth", "kernel_sections", "tiny"]


class Bench:
    def __init__(self, options):
        self.quick = options.quick
        self.rounds = options.rounds or (1 if self.quick else 5)
        self.sections = [name for name in SECTIONS if not options.only or name in options.only]
        self.maker = clips.Maker(options.cache, natural=not options.pattern)
        self.ours = peer.ours(options.vmaf)
        self.peers = [peer.given(options.peer)] if options.peer else []
        if not options.no_npm:
            self.peers += filter(None, [peer.from_npm(os.path.join(HERE, "npm"))])
        self.page = report.Page()
        self.bars = []
        self.cores = len(os.sched_getaffinity(0))
        flags = report.cpu_info()[1]
        self.avx512 = {"avx512f", "avx512bw", "avx512dq", "avx512vl"} <= flags

    # ---- inputs ----

    def clip(self, w, h, bits=8, frames=41):
        """In quick mode a sixth of the size and few frames."""
        if self.quick:
            w, h, frames = max(w // 12 * 2, 48), max(h // 12 * 2, 48), max(frames // 20, 2)
        return self.maker.make(w, h, bits, frames)

    def hd(self, bits=8):
        return self.clip(1920, 1080, bits)

    def uhd(self):
        return self.clip(3840, 2160, frames=12)

    def small(self):
        return self.clip(576, 324, frames=328)

    def lengths(self):
        """Numbers of frames, and a clip of the last."""
        frames = [3, 30, 300] if self.quick else [30, 300, 3000]
        return frames, self.maker.make(192, 108, 8, frames[-1])

    def sizes(self):
        for w, h in [(256, 144), (640, 360), (1280, 720), (1920, 1080), (3840, 2160)]:
            yield self.clip(w, h, frames=min(max(41 * 1920 * 1080 // (w * h), 12), 1000))

    def to_step(self, features=()):
        """A small picture is enough, but for SSIM, which scales it down by what its size wants."""
        return self.hd() if self.quick or features else self.clip(960, 540, frames=2)

    def make_clips(self):
        """All at the start: what is missing shows at once, and nothing is decoded between runs."""
        say("making clips in " + self.maker.folder)
        self.lengths()
        return [self.hd(), self.hd(10), self.uhd(), self.small(), *self.sizes(), self.to_step()]

    # ---- running ----

    def compare(self, job, rounds=None):
        """Program name -> Runs, ours first, all that can do the job."""
        programs = [p for p in [self.ours, *self.peers] if p.can(job)]
        say(f"{job.clip.title}, {job.count} frames: {', '.join(p.name for p in programs)}")
        return measure.take_turns({p.name: (p, job) for p in programs}, rounds or self.rounds)

    def beside(self, runs):
        """For a table: fps and ratios against each peer."""
        cells = [f"{runs['ours'].fps:.1f}"]
        for other in self.peers:
            if other.name in runs:
                wall, cpu = (measure.ratio(runs[other.name], runs["ours"], f) for f in ("wall", "cpu"))
                cells += [f"{runs[other.name].fps:.1f}", f"{wall:.2f}", f"{cpu:.2f}"]
            else:
                cells += ["-", "-", "-"]
        return cells

    def beside_head(self):
        head = ["ours fps"]
        for other in self.peers:
            head += [f"{other.name} fps", "wall", "CPU"]
        return head

    def promise(self, what, bar, aim, runs):
        """Against the first peer that ran; the lower of wall and CPU, so that a helping thread and a
        busy neighbour do not flatter."""
        for other in self.peers:
            if other.name in runs:
                least = min(measure.ratio(runs[other.name], runs["ours"], f) for f in ("wall", "cpu"))
                self.bars.append(Bar(what, bar, aim, least, other.name))
                return

    # ---- sections ----

    def speed(self):
        top = "AVX-512" if self.avx512 else "all the CPU has"
        rows = []
        for what, clip, mask, bar in [
            (f"1080p 8-bit, {top}", self.hd(), ANY, 2.5 if self.avx512 else 2),
            ("1080p 8-bit, AVX2", self.hd(), AVX2, 2),
            ("1080p 10-bit", self.hd(10), ANY, 2),
            ("2160p 8-bit", self.uhd(), ANY, 2),
            ("576x324 8-bit", self.small(), ANY, 2),
        ]:
            runs = self.compare(peer.Job(clip, mask=mask))
            self.promise(what + ", 1 thread", bar, 3, runs)
            rows.append((what, *self.beside(runs)))
        self.page.section(
            "Speed, one thread",
            "wall, CPU: how many times our wall-clock and CPU time the peer takes; median over rounds.",
            report.markdown(("input", *self.beside_head()), rows),
        )

    def levels(self):
        rows = []
        for name, mask in MASKS.items():
            if mask < AVX2 and not self.avx512:
                continue
            frames = {"SSE4.1": 12, "scalar": 6}.get(name, 0)
            runs = self.compare(peer.Job(self.hd(), mask=mask, frames=0 if self.quick else frames))
            rows.append((name, mask, *self.beside(runs)))
        self.page.section(
            "Instruction sets",
            "1080p 8-bit, one thread; the peer is given the same mask and takes what it has for it.",
            report.markdown(("level", "cpumask", *self.beside_head()), rows),
        )

    def threads(self):
        counts = sorted({1, 2, self.cores} | {n for n in (4, 8, 16, 32) if n < self.cores})
        counts = [n for n in counts if n <= self.cores]
        programs = [self.ours, *self.peers]
        clip = self.hd()
        pairs = {(p.name, n): (p, peer.Job(clip, threads=n)) for p in programs for n in counts}
        say(f"{clip.title}, threads {counts}")
        runs = measure.take_turns(pairs, self.rounds)
        gain = {key: measure.ratio(runs[key[0], 1], run, "wall") for key, run in runs.items()}
        rows = [
            (n, *(f"{runs[p.name, n].fps:.1f} ({gain[p.name, n]:.2f}x)" for p in programs)) for n in counts
        ]
        if 2 in counts:
            self.bars.append(Bar("2 threads over 1, wall", 1.85, 1.95, gain["ours", 2]))
        self.page.section(
            "Threads",
            "1080p 8-bit, frames per second by the wall clock, and how many times that of one thread.",
            report.markdown(("threads", *(p.name for p in programs)), rows),
        )

    def neg(self):
        programs = [self.ours, *self.peers]
        jobs = [peer.Job(self.hd(), neg=neg) for neg in (False, True)]
        pairs = {(p.name, job.neg): (p, job) for p in programs for job in jobs}
        say("vmaf_v0.6.1 with and without vmaf_v0.6.1neg")
        runs = measure.take_turns(pairs, self.rounds)
        rows = []
        for p in programs:
            wall, cpu = (measure.ratio(runs[p.name, True], runs[p.name, False], f) for f in ("wall", "cpu"))
            rows.append((p.name, f"{wall:.2f}", f"{cpu:.2f}"))
            if p is self.ours:
                self.bars.append(Bar("VMAF + NEG over VMAF, CPU", 1.2, 1.1, cpu, most=True))
        self.page.section(
            "Two models in one run",
            """Time of vmaf_v0.6.1 and vmaf_v0.6.1neg together over that of vmaf_v0.6.1; 1080p 8-bit,
            one thread.""",
            report.markdown(("program", "wall", "CPU"), rows),
        )

    def fast(self):
        rows = []
        for name, mask in MASKS.items():
            if name not in ("AVX-512 VNNI", "AVX2") or (mask < AVX2 and not self.avx512):
                continue
            for clip in (self.hd(), self.small()):
                jobs = [peer.Job(clip, mask=mask, fast=fast) for fast in (False, True)]
                runs = measure.take_turns({job.fast: (self.ours, job) for job in jobs}, self.rounds)
                gains = [measure.ratio(runs[False], runs[True], f) for f in ("wall", "cpu")]
                rows.append((clip.title, name, *(f"{gain:.1f}" for gain in gains)))
                if clip.title == self.hd().title:
                    self.bars.append(Bar(f"--fast over vmaf_v0.6.1, {name}, CPU", 5, 8, gains[1]))
        self.page.section(
            "Estimates",
            "How many times as fast `--fast` is as vmaf_v0.6.1; one thread.",
            report.markdown(("input", "level", "wall", "CPU"), rows),
        )

    def memory(self):
        rows = []
        for what, clip in (("1080p", self.hd()), ("2160p", self.uhd())):
            for n in (1, 2):
                runs = self.compare(peer.Job(clip, threads=n, frames=min(8, clip.frames)), rounds=1)
                rows.append((what, n, *(f"{runs[p.name].mb:.1f}" for p in [self.ours, *self.peers])))
                if self.peers:
                    share = runs["ours"].mb / runs[self.peers[0].name].mb
                    name = f"peak memory, {what}, {n} thread" + "s" * (n > 1)
                    self.bars.append(Bar(name, 0.5, 0.25, share, self.peers[0].name, most=True))
        self.page.section(
            "Peak memory, MB",
            "8-bit; what the system counts as resident, the programs' own code included.",
            report.markdown(("input", "threads", "ours", *(p.name for p in self.peers)), rows),
        )

    def features(self):
        rows = []
        clip = self.hd()
        whole = self.compare(peer.Job(clip), rounds=self.rounds)["ours"].median("cpu")
        for name, bar in [
            ("vif", 0),
            ("adm", 0),
            ("motion", 0),
            ("psnr", 0),
            ("float_ssim", 5),
            ("float_ms_ssim", 10),
        ]:
            frames = 0 if self.quick else 6 if name == "float_ms_ssim" else 0
            job = peer.Job(clip, features=(name,), frames=frames)
            runs = self.compare(job)
            share = runs["ours"].median("cpu") / job.count / (whole / clip.frames)
            rows.append((name, f"{share:.0%}", *self.beside(runs)))
            if bar:
                self.promise(name, bar, 0, runs)
        self.page.section(
            "Features",
            """Each alone, 1080p 8-bit, one thread, reading included; the share is of vmaf_v0.6.1's CPU
            time.""",
            report.markdown(("feature", "share", *self.beside_head()), rows),
        )

    def grow(self, clip, frames=0):
        say(f"{clip.title}, {frames or clip.frames} frames")
        return measure.take_turns({0: (self.ours, peer.Job(clip, frames=frames))}, self.rounds)[0]

    def growth(self):
        lengths, clip = self.lengths()
        rows = []
        for n in lengths:
            runs = self.grow(clip, n)
            rows.append((n, f"{runs.median('wall') / n * 1e6:.1f}", f"{runs.mb:.1f}"))
        areas = []
        for clip in self.sizes():
            runs = self.grow(clip)
            ns = runs.median("cpu") / clip.frames / (clip.w * clip.h) * 1e9
            size = f"{clip.w}x{clip.h}"
            areas.append((size, clip.frames, f"{runs.fps:.1f}", f"{ns:.2f}", f"{runs.mb:.1f}"))
        self.page.section(
            "Cost as work grows",
            "Frames, 192x108, one thread; the start of the program is in it:",
            report.markdown(("frames", "us a frame", "peak MB"), rows),
            "Picture size, one thread:",
            report.markdown(("size", "frames", "fps", "CPU ns a pixel", "peak MB"), areas),
        )

    def kernel_table(self, mask, features=()):
        sampled = peer.Job(self.hd(), mask=mask, features=features)
        counted = peer.Job(self.to_step(features), mask=mask, features=features, frames=2)
        runs = measure.take_turns({0: (self.ours, sampled)}, self.rounds)[0]
        every = kernels.RARELY if self.quick or features else kernels.OFTEN
        seconds = runs.median("user")
        rows, rest = kernels.table(self.ours, sampled, seconds, counted, self.machine, every)
        cells = [
            (k.name, f"{k.share:.1%}", f"{k.instructions:.2f}", f"{k.cycles:.2f}", f"{k.limit:.2f}",
             f"{k.limit / k.cycles:.0%}" if k.cycles else "-", k.resource)
            for k in rows
            if k.share >= 0.01
        ]
        cells.append(("the rest", f"{rest:.1%}", *["-"] * 5))
        head = ("kernel", "share", "instructions", "cycles", "limit", "of limit", "bound by")
        return report.markdown(head, cells)

    def kernels(self):
        parts = []
        levels = [("AVX-512", ANY)] if self.avx512 else []
        for name, mask in [*levels, ("AVX2", AVX2)]:
            parts += [f"{name}, vmaf_v0.6.1:", self.kernel_table(mask)]
        parts += ["psnr, float_ssim and float_ms_ssim, all the CPU has:"]
        parts += [self.kernel_table(ANY, ("psnr", "float_ssim", "float_ms_ssim"))]
        return parts

    def kernels_alone(self):
        check = os.path.join(ROOT, "build", "tests", "check", "check")
        levels, timed = kernels.alone(check, self.machine, ["vif_pair_8"] if self.quick else [])
        cell = "{0[0]:.2f} ({0[1]:.1f}x)".format
        rows = [(name, *(cell(row[n]) if n in row else "-" for n in levels)) for name, row in timed.items()]
        return [report.markdown(("kernel", *levels), rows)]

    def try_kernels(self, measure_them):
        """Not every machine can be looked into."""
        say("kernels")
        try:
            self.machine = kernels.issue_rates()
            return measure_them()
        except kernels.Unavailable as reason:
            return [f"Not measured: {reason}"]

    def kernel_sections(self):
        self.page.section(
            "Kernels",
            """Instructions, cycles and limit per pixel of the picture, all scales together; 1080p 8-bit,
            one thread. The limit is what the executed instructions need on the busiest resource of this
            machine; 100 % of it cannot be beaten without executing fewer.""",
            *self.try_kernels(self.kernels),
        )
        self.page.section(
            "Kernels alone",
            """Cycles per column of a row of 1920 in the cache, and how many times faster than the scalar
            definition.""",
            *self.try_kernels(self.kernels_alone),
        )

    def tiny(self):
        say("tiny models")
        with tempfile.TemporaryDirectory() as folder:
            found = tiny_bench.measure(folder, 1 if self.quick else 3)
        self.bars += tiny_bench.bars(found, Bar)
        self.page.section(
            "Tiny models",
            """Nanoseconds a call, median (95th percentile), for so many rows of six features, one thread;
            networks with random weights, the same files for all.""",
            report.markdown(("network", "by", *map(str, tiny_bench.ROWS)), tiny_bench.table(found)),
        )

    def summary(self):
        rows = [bar.row() for bar in self.bars]
        self.page.section(
            "Bars",
            """Ratios of time: peer over ours, the lower of wall clock and CPU; of memory: ours over
            peer; of tiny models: what they say. Reached: "aim", "bar" or neither.""",
            report.markdown(("what", "peer", "bar", "aim", "measured", "reached"), rows),
        )
        short = [bar.row()[:-1] for bar in self.bars if bar.verdict == "falls short"]
        self.page.section(
            "Falls short of a bar",
            report.markdown(("what", "peer", "bar", "aim", "measured"), short) if short else "Nothing.",
        )

    def run(self, out):
        self.make_clips()
        self.page.add(["<!-- SPDX-License-Identifier: BSD-2-Clause-Patent -->", "# Bench results", ""])
        self.page.add(["Made by `make bench`; [what it means](../docs/performance.md).", ""])
        self.page.section("Machine", report.machine([self.ours, *self.peers], self.rounds))
        if os.getloadavg()[0] > 0.5:
            busy = "The machine was busy: wall-clock figures, above all of threads, say little."
            self.page.add([f"**{busy}**", ""])
        if not self.peers:
            self.page.add(["**No peer: nothing is compared.**", ""])
        for name in self.sections:
            getattr(self, name)()
        self.summary()
        self.page.write(out)
        print(f"written to {os.path.relpath(out)}")


def main():
    parser = argparse.ArgumentParser(description="speed and memory of bin/vmaf")
    parser.add_argument("--peer", help="another vmaf, with the options of libvmaf's command")
    parser.add_argument("--no-npm", action="store_true", help="leave out the program from npm")
    parser.add_argument("--vmaf", default=os.path.join(ROOT, "bin", "vmaf"), help="ours")
    parser.add_argument("--rounds", type=int, help="default 5")
    parser.add_argument("--out", default=os.path.join(HERE, "RESULTS.md"))
    parser.add_argument("--cache", default=os.path.join(HERE, "clips"), help="folder of the raw clips")
    parser.add_argument("--quick", action="store_true", help="tiny clips, one round: tries the bench")
    parser.add_argument("--pattern", action="store_true", help="test patterns in place of the demo's clip")
    parser.add_argument("--only", action="append", choices=SECTIONS, help="not all sections; repeatable")
    Bench(options := parser.parse_args()).run(options.out)


if __name__ == "__main__":
    main()
