#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Many calls, many cancellations, many clients: answers stay right, memory stays flat, nothing is stuck.

load.py [CALLS CANCELLATIONS CLIENTS]    10000 1000 100 if nothing is given; prints what it measured
load.py --minutes N                      all three side by side for so long
"""

import http.client
import itertools
import json
import os
import random
import sys
import tempfile
import threading
import time

import mcp_client
import support
from test_clients import HttpServer
from test_stdio import MODERN, LongClip, modern, request

# The report store alone may keep 64 small reports; everything else comes back.
GROWTH_KB = 1536
WARM_UP = 150


def resident_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(next(x for x in f if x.startswith("VmRSS")).split()[1])


def thread_count(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(next(x for x in f if x.startswith("Threads")).split()[1])


def descriptor_count(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def small_pair(folder):
    ref, dis = support.patterns.write_pair(folder, "B", 64, 48, 8, 3)
    return {"ref": ref, "dis": dis, "width": 64, "height": 48}


class Calls:
    """Requests of every kind, one after another, each with what its answer must say."""

    def __init__(self, client, pair):
        self.client = client
        self.pair = pair
        self.score = client.get("vmaf_score", **pair)["score"]

    def one(self, i):
        client = self.client
        kind = i % 8
        if kind == 0:
            assert client.get("vmaf_score", **self.pair)["score"] == self.score
        elif kind == 1:
            assert client.get("list_models")["models"]
        elif kind == 2:
            assert client.call("vmaf_score", {**self.pair, "width": 63}).get("isError")
        elif kind == 3:
            assert client.read_resource("vmaf://models/vmaf_v0.6.1")
        elif kind == 4:
            assert len(client.request("tools/list", {})["tools"]) >= 10
        elif kind == 5:
            assert client.wait(client.start("none", {}))["error"]["code"] == -32601
        elif kind == 6:
            assert client.request("prompts/list", {})["prompts"]
        else:
            assert client.request("ping", {}) == {}


def measure_calls(count):
    """Growth in kB and milliseconds per call."""
    with tempfile.TemporaryDirectory() as folder:
        client = mcp_client.Client([folder])
        calls = Calls(client, small_pair(folder))
        for i in range(8 * WARM_UP):
            calls.one(i)
        client.lines.clear()
        before, begin = resident_kb(client.process.pid), time.monotonic()
        for i in range(count):
            calls.one(i)
            client.lines.clear()
        seconds = time.monotonic() - begin
        growth = resident_kb(client.process.pid) - before
        assert client.close() == 0
        return growth, 1000 * seconds / count


def cancel_once(client, chance):
    args = {"ref": "long.yuv", "dis": "long.yuv", "width": 640, "height": 360}
    call = client.start_call("vmaf_score", args)
    time.sleep(chance.choice((0, 0, 0.001, 0.004, 0.012)))
    client.notify("notifications/cancelled", {"requestId": call})
    assert client.request("ping", {}) == {}
    assert call not in client.answers, "a cancelled call was answered"
    client.lines.clear()


def measure_cancellations(count, seed=1):
    """Growth in kB and threads. Each score is cancelled within some milliseconds of its beginning."""
    chance = random.Random(seed)
    with LongClip(640, 360, 4000) as folder:
        client = mcp_client.Client([folder])
        before = threads = 0
        for i in range(count):
            cancel_once(client, chance)
            if i == count // 5:
                before, threads = resident_kb(client.process.pid), thread_count(client.process.pid)
        assert client.is_idle_within(1), "work goes on after the last cancellation"
        growth = resident_kb(client.process.pid) - before
        more = thread_count(client.process.pid) - threads
        answered = [m for m in client.answers if isinstance(m, int)]
        assert not answered, f"{len(answered)} cancelled calls were answered"
        assert client.get("list_backends")["cpu"]
        assert client.close() == 0
        return growth, more


class HttpClient(threading.Thread):
    """A client with a connection of its own, which asks and scores in turn."""

    counter = itertools.count(1)

    def __init__(self, port, pair, requests):
        super().__init__()
        self.port, self.pair, self.requests = port, pair, requests
        self.failed = None
        self.busy = 0

    def ask(self, connection, method, **params):
        body = request(next(self.counter), method, modern(**params))
        fields = {"MCP-Protocol-Version": MODERN, "Mcp-Method": method, "Content-Type": "application/json"}
        fields["Accept"] = "application/json, text/event-stream"
        if "name" in params:
            fields["Mcp-Name"] = params["name"]
        while True:
            connection.request("POST", "/mcp", json.dumps(body), fields)
            answer = connection.getresponse()
            text = answer.read().decode()
            if answer.status != 429:
                break
            self.busy += 1
            time.sleep(0.02)
        assert answer.status == 200, text
        if answer.headers["Content-Type"] == "text/event-stream":
            text = [x for x in text.splitlines() if x.startswith("data: ")][-1][6:]
        message = json.loads(text)
        assert message["id"] == body["id"], message
        return message["result"]

    def run(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
            for i in range(self.requests):
                if i % 3 == 2:
                    result = self.ask(connection, "tools/call", name="vmaf_score", arguments=self.pair)
                    assert "isError" not in result, result
                else:
                    self.ask(connection, "tools/list" if i % 3 else "server/discover")
            connection.close()
        except Exception as e:  # for the main thread to report
            self.failed = e


def crowd_once(server, pair, count, requests=9):
    """So many clients at once; how often they found the server busy."""
    crowd = [HttpClient(server.port, pair, requests) for _ in range(count)]
    for client in crowd:
        client.start()
    for client in crowd:
        client.join()
    failed = [c.failed for c in crowd if c.failed]
    assert not failed, f"{len(failed)} clients failed: {failed[0]!r}"
    return sum(c.busy for c in crowd)


def measure_clients(count, requests=9):
    """Growth in kB over the second of two such crowds, and requests that found the server busy."""
    with tempfile.TemporaryDirectory() as folder:
        server = HttpServer("--allow", folder)
        pair = small_pair(folder)
        levels, busy = [], 0
        for _ in range(2):
            busy += crowd_once(server, pair, count, requests)
            levels.append(resident_kb(server.process.pid))
        assert server.close() == 0
        return levels[1] - levels[0], busy


class Endless(threading.Thread):
    """A server of its own and one kind of load, again and again until the time is over."""

    def __init__(self, name, pid, step, until):
        super().__init__(name=name)
        self.pid, self.step, self.until = pid, step, until
        self.steps = 0
        self.failed = None

    def run(self):
        try:
            while time.monotonic() < self.until:
                self.step(self.steps)
                self.steps += 1
        except Exception as e:  # for the main thread to report
            self.failed = e

    def level(self):
        return resident_kb(self.pid), descriptor_count(self.pid), thread_count(self.pid)


def watch(loads, seconds):
    """Levels once the loads are warm and at the end, the highest memory between."""
    time.sleep(seconds / 6)
    first = last = [x.level() for x in loads]
    most = [x[0] for x in first]
    while any(x.is_alive() for x in loads):
        last = [x.level() for x in loads]
        most = [max(m, x[0]) for m, x in zip(most, last)]
        time.sleep(0.5)
    return first, last, most


def measure_minutes(minutes, clients=20):
    """All three for that long. Prints a line for each; what failed, or grew."""
    seconds = 60 * minutes
    with LongClip(640, 360, 4000) as long, tempfile.TemporaryDirectory() as folder:
        pair, chance = small_pair(folder), random.Random(1)
        caller, canceller = mcp_client.Client([folder]), mcp_client.Client([long])
        server, calls = HttpServer("--allow", folder), Calls(caller, pair)

        def call_once(i):
            calls.one(i)
            caller.lines.clear()

        until = time.monotonic() + seconds
        loads = [
            Endless("calls", caller.process.pid, call_once, until),
            Endless("cancellations", canceller.process.pid, lambda _: cancel_once(canceller, chance), until),
            Endless(f"{9 * clients} HTTP requests", server.process.pid,
                    lambda _: crowd_once(server, pair, clients), until),
        ]  # fmt: skip
        for load in loads:
            load.start()
        bad = []
        for load, first, last, most in zip(loads, *watch(loads, seconds)):
            print(f"{load.steps} times {load.name} in {minutes:g} minutes: memory {first[0]} to {last[0]} kB, "
                  f"at most {most} kB, descriptors {first[1]} to {last[1]}, threads {first[2]} to {last[2]}, "
                  f"errors {int(load.failed is not None)}", flush=True)  # fmt: skip
            if load.failed or last[0] - first[0] > GROWTH_KB:
                bad.append(f"{load.name}: {load.failed or 'grew'!r}")
        statuses = [caller.close(), canceller.close(), server.close()]
        return bad + [f"exit status {x}" for x in statuses if x]


def main():
    if sys.argv[1:2] == ["--minutes"]:
        bad = measure_minutes(float(sys.argv[2]))
        print("\n".join(bad), end="\n" if bad else "")
        return bool(bad)
    calls, cancellations, clients = map(int, sys.argv[1:] or (10000, 1000, 100))
    growth, ms = measure_calls(calls)
    print(f"{calls} calls: {ms:.2f} ms each, memory grew by {growth} kB", flush=True)
    more_growth, threads = measure_cancellations(cancellations)
    print(f"{cancellations} cancellations: memory grew by {more_growth} kB, {threads} more threads", flush=True)
    http_growth, busy = measure_clients(clients)
    print(f"{clients} HTTP clients: memory grew by {http_growth} kB, {busy} answers were busy", flush=True)
    if support.SANITIZED:  # a sanitizer keeps freed memory for a while
        return 0
    return max(growth, more_growth, http_growth) > GROWTH_KB or threads > 0


if __name__ == "__main__":
    sys.exit(main())
