# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The results as a page, and the machine they are from."""

import datetime
import json
import os
import re
import subprocess
import textwrap

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# The instruction sets that decide which kernels run.
FLAGS = ["sse4_1", "avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni", "asimd"]


def markdown(head, rows):
    """A table; columns of numbers stay readable as plain text."""
    cells = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(row, widths)) + " |" for row in cells]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return lines


def paragraph(text):
    return textwrap.wrap(" ".join(text.split()), 108)


class Page:
    """Sections in order; a section is said on the terminal as soon as it is there."""

    def __init__(self):
        self.lines = []

    def add(self, lines):
        self.lines += lines
        print("\n".join(lines), flush=True)

    def section(self, title, *parts):
        lines = [f"## {title}", ""]
        for part in parts:
            if part:
                lines += [*(paragraph(part) if isinstance(part, str) else part), ""]
        self.add(lines)

    def write(self, path):
        with open(path + ".part", "w", encoding="utf-8") as out:
            out.write("\n".join(self.lines).rstrip() + "\n")
        os.replace(path + ".part", path)


def first_line(command):
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return (done.stdout.splitlines() or [""])[0]


def commit():
    name = first_line(["git", "rev-parse", "--short=12", "HEAD"])
    changes = first_line(["git", "status", "--porcelain", "--untracked-files=no", "--", "src", "tools"])
    return name if changes in ("", "unknown") else name + " and changes"


def compiler():
    """The one that made build/."""
    try:
        with open(os.path.join(ROOT, "build", "compile_commands.json")) as f:
            return first_line([json.load(f)[0]["command"].split()[0], "--version"])
    except (OSError, LookupError, ValueError):
        return "unknown"


def cpu_info():
    """Model and flags, as the kernel tells."""
    with open("/proc/cpuinfo") as f:
        text = f.read()
    model = re.search(r"^model name\s*: (.*)$", text, re.M)
    flags = re.search(r"^(?:flags|Features)\s*: (.*)$", text, re.M)
    return model[1] if model else os.uname().machine, set(flags[1].split() if flags else [])


def machine(programs, rounds):
    model, flags = cpu_info()
    rows = [
        ("CPU", model),
        ("flags", " ".join(flag for flag in FLAGS if flag in flags)),
        ("cores", len(os.sched_getaffinity(0))),
        ("load before", f"{os.getloadavg()[0]:.1f}"),
        ("date", datetime.date.today().isoformat()),
        ("commit", commit()),
        ("compiler", compiler()),
        ("rounds", rounds),
    ]
    rows += [(program.name, program.version) for program in programs]
    return markdown(("what", "value"), rows)
