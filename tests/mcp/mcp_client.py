# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A small client for vmaf-mcp over standard input and output, and the test case around it."""

import base64
import json
import os
import queue
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import support  # noqa: E402

SERVER = os.environ.get("VMAF_MCP") or os.path.join(os.path.dirname(support.VMAF), "vmaf-mcp")
if not os.path.exists(SERVER):  # a build directory: tools/vmaf beside mcp/vmaf-mcp
    SERVER = os.path.join(os.path.dirname(os.path.dirname(support.VMAF)), "mcp", "vmaf-mcp")
VERSION = "2025-11-25"


def patience():
    """Bounds on time are for a machine with nothing else to do; on a busy one they are this much longer."""
    return 1 if os.getloadavg()[0] <= 2 * os.cpu_count() else 4


class Failure(AssertionError):
    """An answer that is no result."""


class Client:
    """One server. Answers are taken from its output by a thread, so that none blocks another."""

    def __init__(self, allow=(), env=None):
        environment = {**os.environ, "VMAF_MCP_ALLOW": ":".join(allow), **(env or {})}
        self.process = subprocess.Popen(
            [SERVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        self.lines = []
        self.answers = {}
        self.progress = {}
        self.changed = threading.Condition()
        self.next_id = 0
        self.errors = queue.Queue()
        self.threads = [
            threading.Thread(target=target, daemon=True) for target in (self.read, self.read_errors)
        ]
        for thread in self.threads:
            thread.start()
        hello = {"protocolVersion": VERSION, "capabilities": {}}
        self.request("initialize", {**hello, "clientInfo": {"name": "tests", "version": "1"}})
        self.notify("notifications/initialized")

    def read(self):
        for line in self.process.stdout:
            message = json.loads(line, parse_constant=support.refuse_constant)
            with self.changed:
                self.lines.append(line)
                if "id" in message:
                    self.answers[message["id"]] = message
                elif message["method"] == "notifications/progress":
                    params = message["params"]
                    self.progress.setdefault(params["progressToken"], []).append(params)
                self.changed.notify_all()
        with self.changed:
            self.answers[None] = {}
            self.changed.notify_all()

    def read_errors(self):
        for line in self.process.stderr:
            self.errors.put(line.decode(errors="replace"))

    def all_errors(self):
        """What the server wrote on standard error."""
        lines = []
        while not self.errors.empty():
            lines.append(self.errors.get())
        return "".join(lines)

    def send(self, message):
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.process.stdin.flush()

    def notify(self, method, params=None):
        self.send({"method": method, "params": params or {}})

    def start(self, method, params):
        """Sends a request; its id."""
        self.next_id += 1
        self.send({"id": self.next_id, "method": method, "params": params})
        return self.next_id

    def wait(self, request, timeout=120):
        with self.changed:
            if not self.changed.wait_for(lambda: {request, None} & self.answers.keys(), timeout):
                raise Failure(f"no answer to request {request} in {timeout} s")
            if request not in self.answers:
                raise Failure("the server has ended")
            return self.answers.pop(request)

    def wait_for_progress(self, token, least=1, timeout=60):
        """The progress told so far, once it has reached that many frames."""

        def reached():
            return any(p["progress"] >= least for p in self.progress.get(token, ()))

        with self.changed:
            if not self.changed.wait_for(reached, timeout):
                raise Failure(f"no progress of {token} in {timeout} s")
            return list(self.progress[token])

    def request(self, method, params):
        answer = self.wait(self.start(method, params))
        if "error" in answer:
            raise Failure(f"{method}: {answer['error']}")
        return answer["result"]

    def start_call(self, tool, arguments, token=None):
        params = {"name": tool, "arguments": arguments}
        if token is not None:
            params["_meta"] = {"progressToken": token}
        return self.start("tools/call", params)

    def call(self, tool, arguments=None, token=None):
        """The whole result of a tool, an error or not."""
        answer = self.wait(self.start_call(tool, arguments or {}, token))
        if "error" in answer:
            raise Failure(f"{tool}: {answer['error']}")
        return answer["result"]

    def get(self, tool, **arguments):
        """The structured result of a call that must succeed."""
        result = self.call(tool, arguments)
        if result.get("isError"):
            raise Failure(f"{tool}: {result['content'][0]['text']}")
        return result["structuredContent"]

    def cpu_seconds(self):
        """Time the server has computed."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def is_idle_within(self, seconds):
        """Does the server stop computing in that time?"""
        time.sleep(seconds * patience())
        before = self.cpu_seconds()
        time.sleep(0.5)
        return self.cpu_seconds() - before < 0.1

    def read_resource(self, uri):
        contents = self.request("resources/read", {"uri": uri})["contents"][0]
        return base64.b64decode(contents["blob"]) if "blob" in contents else contents["text"]

    def close(self):
        """The exit status."""
        if self.process.poll() is None:
            self.process.stdin.close()
        status = self.process.wait(20)
        for thread in self.threads:
            thread.join(5)
        self.process.stdout.close()
        self.process.stderr.close()
        return status


def images(result):
    """PNG files of an answer, in order."""
    return [base64.b64decode(c["data"]) for c in result["content"] if c["type"] == "image"]


class Case(support.Case):
    """A test with a folder and a server that may read it."""

    allow = ()
    env = None

    def setUp(self):
        super().setUp()
        if not os.path.exists(SERVER):
            raise unittest.SkipTest(f"{SERVER} is not built")
        self.client = Client([self.folder, *self.allow], self.env)
        self.addCleanup(self.end)

    def end(self):
        """The server ends well; under a sanitizer that includes its memory."""
        status = self.client.close()
        if status:
            raise AssertionError(f"the server ended with {status}: {self.client.all_errors()}")

    def raw_pair(self, pattern="B", w=64, h=48, bits=8, frames=3, pixel_format="420"):
        """Arguments of a tool that name a raw pair."""
        ref, dis = support.patterns.write_pair(self.folder, pattern, w, h, bits, frames, pixel_format)
        return {"ref": ref, "dis": dis, "width": w, "height": h, "pixfmt": pixel_format, "bitdepth": bits}

    def refused(self, words, tool, **arguments):
        """The call fails with one sentence that has all these words."""
        result = self.client.call(tool, arguments)
        self.assertTrue(result.get("isError"), result)
        text = result["content"][0]["text"]
        for word in words:
            self.assertIn(word.lower(), text.lower())
        return text
