#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What a start and a call cost, in turns with the smallest server of the official SDK.

CPU is the time of all threads of the server; unlike time on the clock it is hardly moved by other work.
"""

import glob
import os
import statistics
import subprocess
import sys
import time
import unittest

import mcp_client
import node
from test_stdio import INITIALIZE, line, request

HERE = os.path.dirname(os.path.abspath(__file__))
INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}
CALL = {"name": "list_models", "arguments": {}}


def ours():
    return [mcp_client.SERVER]


def smallest():
    return [node.node(), os.path.join(HERE, "one_tool.mjs"), node.modules()]


class Server:
    def __init__(self, command):
        self.begin = time.perf_counter()
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(command, **pipes)

    def ask(self, message):
        self.process.stdin.write(line(message))
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert b'"result"' in answer, answer
        return answer

    def open(self):
        self.ask(INITIALIZE)
        self.process.stdin.write(line(INITIALIZED))
        self.ask(request(1, "tools/list"))
        return time.perf_counter() - self.begin

    def cpu(self):
        """Seconds."""
        total = 0
        for path in glob.glob(f"/proc/{self.process.pid}/task/*/schedstat"):
            with open(path, encoding="ascii") as f:
                total += int(f.read().split()[0])
        return total / 1e9

    def peak_mb(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            return int(next(x for x in f if x.startswith("VmHWM")).split()[1]) / 1024

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


def measure_start(commands, runs):
    """{name: (median wall, least wall, median CPU)} in milliseconds, the servers in turns."""
    walls = {name: [] for name in commands}
    cpus = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            server = Server(command)
            walls[name].append(1000 * server.open())
            cpus[name].append(1000 * server.cpu())
            server.close()
    return {n: (statistics.median(walls[n]), min(walls[n]), statistics.median(cpus[n])) for n in commands}


def measure_warm(command, calls):
    """{method: median milliseconds}, and the peak of memory in MB."""
    server = Server(command)
    server.open()
    medians = {}
    requests = {"ping": None, "tools/list": None, "tools/call": CALL}
    for method, params in requests.items():
        times = []
        for i in range(calls):
            begin = time.perf_counter()
            server.ask(request(i, method, params))
            times.append(1000 * (time.perf_counter() - begin))
        medians[method] = statistics.median(times)
    peak = server.peak_mb()
    server.close()
    return medians, peak


def main():
    runs, calls = map(int, sys.argv[1:] or (15, 2000))
    commands = {"vmaf-mcp": ours()}
    try:
        commands["smallest SDK server"] = smallest()
    except unittest.SkipTest as e:
        print(f"vmaf-mcp alone: {e}")
    starts = measure_start(commands, runs)
    print("| server | start CPU | start, median (least) | ping | tools/list | list_models | peak |")
    print("|---|---|---|---|---|---|---|")
    for name, command in commands.items():
        wall, least, cpu = starts[name]
        warm, peak = measure_warm(command, calls)
        times = " | ".join(f"{warm[m]:.3f} ms" for m in ("ping", "tools/list", "tools/call"))
        print(f"| {name} | {cpu:.1f} ms | {wall:.1f} ms ({least:.1f}) | {times} | {peak:.1f} MB |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
