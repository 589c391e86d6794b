# SPDX-License-Identifier: BSD-2-Clause-Patent
"""How far each kernel is from what its instructions allow.

Three measurements. Samples of a run say which part of the time a kernel takes, and with the run's CPU
time, how many cycles per pixel. Stepping through some calls says which instructions those are. bench/issue
says how many of each class this machine can execute per cycle. The limit is the busiest resource: no
order of these instructions can be faster; a kernel that comes near it needs fewer instructions.
"""

import bisect
import collections
import dataclasses
import os
import re
import subprocess

from measure import TOOLS

MICROSECONDS = 500  # between samples
OFTEN, RARELY = 167, 1009  # every so many calls; primes, not to run in step with the scales' turns
WIDTHS = {"xmm": 16, "ymm": 32, "zmm": 64}

# First match wins; mnemonics without the v of the newer encoding.
CLASSES = [
    ("divide", r"div|sqrt"),
    ("fmul", r"mul[ps][sd]$|fn?m(add|sub)"),
    ("fadd", r"(add|sub|min|max|addsub)[ps][sd]$|cvt"),
    ("multiply", r"pmadd|pmul|pdp|pmull|psadbw"),
    ("shift", r"ps(ll|rl|ra)[wdq]|psllv|psrlv|prol|pror"),
    ("shuffle", r"punpck|p?shuf|p?perm|pack|palign|unpck|pmov|p?(insert|extract|broadcast)|ps[lr]ldq"),
    ("add", r"p|and|or|xor|blend|cmp|ternlog|round|rndscale"),
]


class Unavailable(Exception):
    pass


def output(command, **kwargs):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, **kwargs)
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise Unavailable(str(fault)) from fault
    if done.returncode:
        raise Unavailable("; ".join(done.stderr.strip().splitlines()) or f"{command[0]} failed")
    return done.stdout


@dataclasses.dataclass
class Machine:
    clock: float  # GHz
    tsc: float  # of the time stamp counter
    rates: dict  # (class, width) -> instructions per cycle


def issue_rates():
    lines = [line.split() for line in output([os.path.join(TOOLS, "issue")]).splitlines()]
    rates = {(name, int(width)): float(rate) for name, width, rate in lines[2:]}
    return Machine(float(lines[0][1]), float(lines[1][1]), rates)


class Symbols:
    """Functions of a program and which of them are in a kernel table."""

    def __init__(self, program):
        self.program = program
        tables = []
        functions = {}
        for line in output(["nm", "-S", program]).splitlines():
            fields = line.split()
            if len(fields) != 4:
                continue
            at, size, kind, name = int(fields[0], 16), int(fields[1], 16), fields[2], fields[3]
            if name.startswith("vm_kernels_"):
                tables.append((at, at + size))
            if kind in "tT":
                functions[at] = (at + size, name)
        self.starts = sorted(functions)
        self.functions = functions
        self.kernels = sorted(self.table_entries(tables) & functions.keys())
        if not self.kernels:
            raise Unavailable("no kernel tables among the symbols of " + program)

    def table_entries(self, tables):
        """The tables hold pointers, which the dynamic linker relocates by these addends."""
        entries = set()
        for line in output(["readelf", "-rW", self.program]).splitlines():
            fields = line.split()
            if len(fields) == 4 and fields[2].endswith("_RELATIVE"):
                at = int(fields[0], 16)
                if any(start <= at < end for start, end in tables):
                    entries.add(int(fields[-1], 16))
        return entries

    def name(self, address):
        i = bisect.bisect_right(self.starts, address) - 1
        if i >= 0 and address < self.functions[self.starts[i]][0]:
            return self.functions[self.starts[i]][1].split(".")[0]
        return None


def classify(mnemonic, operands):
    """Classes and width of a vector instruction, or of a load or store; else only "any"."""
    widths = [WIDTHS[r] for r in re.findall(r"%([xyz]mm)", operands)]
    if not widths:
        return [], 0
    width = max(widths)
    parts = re.split(r",(?![^(]*\))", operands)
    classes = []
    if "(" in operands:
        stores = "(" in parts[-1]
        classes.append("store" if stores else "load")
    name = mnemonic[1:] if mnemonic.startswith("v") else mnemonic
    if re.match(r"(l?ddqu|mov([au]p[sd]|dq[au]|[dq]|nt|[hl]p|s[sd]|lh|hl|dup))", name):
        return classes, width  # a copy between registers costs no unit
    classes += [c for c, pattern in CLASSES if re.match(pattern, name)][:1]
    return classes, width


def disassemble(program):
    """Address -> (mnemonic, operands)."""
    code = {}
    for line in output(["objdump", "-d", "--no-show-raw-insn", program]).splitlines():
        match = re.match(r"\s*([0-9a-f]+):\t(?:{\w+} )?(\S+)\s*(.*)", line)
        if match:
            code[int(match[1], 16)] = (match[2], match[3].split("#")[0])
    return code


def lower_bound(counts, rates):
    """Cycles and the resource that needs them; counts: (class, width) -> instructions."""
    loads = collections.Counter()
    for (name, width), n in counts.items():
        rate = rates.get((name, width)) or rates[(name, 16)]
        loads[name] += n / rate
        if name in ("multiply", "shuffle", "shift", "fadd", "fmul"):
            loads["add"] += n / (rates.get(("add", width)) or rates[("add", 16)])
    resource, cycles = max(loads.items(), key=lambda item: item[1])
    return cycles, {"any": "front end", "add": "vector units"}.get(resource, resource)


def sample(program_args, symbols):
    """Name of function -> samples; None: elsewhere."""
    counts = collections.Counter()
    text = output([os.path.join(TOOLS, "trace"), "sample", str(MICROSECONDS), *program_args])
    for line in text.splitlines():
        at, n = line.split()
        counts[symbols.name(int(at, 16)) if at != "outside" else None] += int(n)
    return counts


def step(program_args, symbols, every):
    """Name of kernel -> Counter of (class, width), scaled up to all of its calls."""
    addresses = "\n".join(f"{at:x}" for at in symbols.kernels)
    command = [os.path.join(TOOLS, "trace"), "count", str(every), *program_args]
    lines = [line.split() for line in output(command, input=addresses).splitlines()]
    scale = {}
    for _, at, calls, stepped in (line for line in lines if line[0] == "call"):
        if int(stepped):
            scale[symbols.name(int(at, 16))] = int(calls) / int(stepped)
    code = disassemble(symbols.program)
    kernels = collections.defaultdict(collections.Counter)
    for at, n in (line for line in lines if len(line) == 2 and line[0] != "outside"):
        name = symbols.name(int(at, 16))
        if name is None or int(at, 16) not in code:
            continue
        times = int(n) * scale.get(name, every)  # a helper of several kernels
        classes, width = classify(*code[int(at, 16)])
        kernels[name]["any", 16] += times
        for c in classes:
            kernels[name][c, width] += times
    return kernels


@dataclasses.dataclass
class Kernel:
    name: str
    share: float  # of the run's time
    instructions: float  # all per pixel of the picture, as are cycles and limit
    cycles: float
    limit: float
    resource: str


def table(program, sample_job, user_seconds, count_job, machine, every):
    """Kernels of a run, the costliest first, and the share of what is no kernel."""
    symbols = Symbols(program.path)
    samples = sample(program.command(sample_job), symbols)
    counted = step(program.command(count_job), symbols, every)
    total = sum(samples.values())
    pixels = sample_job.clip.w * sample_job.clip.h * sample_job.count
    counted_pixels = count_job.clip.w * count_job.clip.h * count_job.count
    rows = []
    for name in counted.keys() & samples.keys():
        cycles, resource = lower_bound(counted[name], machine.rates)
        share = samples[name] / total
        rows.append(
            Kernel(
                name,
                share,
                counted[name]["any", 16] / counted_pixels,
                share * user_seconds * machine.clock * 1e9 / pixels,
                cycles / counted_pixels,
                resource,
            )
        )
    rows.sort(key=lambda row: -row.share)
    return rows, 1 - sum(row.share for row in rows)


def alone(check, machine, only=()):
    """Levels, and kernel -> level -> (cycles per column, times faster than scalar): what the check program
    times with `--bench`, one row in the cache, in cycles of the time stamp counter. only: a part of the
    names, or nothing."""
    levels, kernels = [], collections.defaultdict(dict)
    for line in output([check, "--bench", *only]).splitlines():
        level = re.fullmatch(r"# -- (\S+) --", line)
        timed = re.fullmatch(r"# (.*\S)\s+([\d.]+) cycles a column, scalar\s+([\d.]+), x[\d.]+", line)
        if level:
            levels.append(level[1])
        elif timed and levels:
            cycles, scalar = (float(n) * machine.clock / machine.tsc for n in timed.groups()[1:])
            kernels[timed[1]][levels[-1]] = cycles, scalar / cycles if cycles > 0 else 0
    if not kernels:
        raise Unavailable(f"{check} --bench says nothing about speed")
    return levels, kernels
