# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The protocol on standard input and output: both eras, broken input, clients that misbehave."""

import json
import os
import signal
import socket
import stat
import subprocess
import tempfile
import time
import unittest

import mcp_client
import support

MODERN = "2026-07-28"
MIB = 1 << 20
META = "io.modelcontextprotocol/"


def modern(**params):
    """Parameters of a request of the stateless version."""
    return {**params, "_meta": {META + "protocolVersion": MODERN, META + "clientCapabilities": {}}}


def request(request_id, method, params=None):
    message = {"jsonrpc": "2.0", "id": request_id, "method": method}
    return {**message, "params": params} if params is not None else message


INITIALIZE = request(
    0,
    "initialize",
    {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "tests", "version": "1"}},
)


def line(message):
    return message + b"\n" if isinstance(message, bytes) else json.dumps(message).encode() + b"\n"


def exchange(*messages, end=b"", env=None, program=None):
    """Sends all at once; the answers and the exit status."""
    done = subprocess.run(
        [program or mcp_client.SERVER],
        input=b"".join(map(line, messages)) + end,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=60,
        env={**os.environ, **(env or {})},
    )
    return [support.parse_json(x) for x in done.stdout.decode().splitlines()], done


def error_of(answer):
    return answer["error"]["code"]


class Stdio(unittest.TestCase):
    def setUp(self):
        if not os.path.exists(mcp_client.SERVER):
            raise unittest.SkipTest(f"{mcp_client.SERVER} is not built")

    def session(self, *messages, **kwargs):
        """Answers of a session that was initialized."""
        answers, done = exchange(INITIALIZE, *messages, **kwargs)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(answers[0]["id"], 0)
        return answers[1:]

    def codes(self, *messages, **kwargs):
        return [error_of(x) for x in self.session(*messages, **kwargs)]

    # ---- eras ----

    def test_versions_are_negotiated(self):
        known = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
        for asked in [*known, "1999-01-01", "2026-07-28", ""]:
            answers, _ = exchange(request(1, "initialize", {"protocolVersion": asked}))
            expected = asked if asked in known else "2025-11-25"
            self.assertEqual(answers[0]["result"]["protocolVersion"], expected)

    def test_links_for_old_clients(self):
        """What a version does not know it does not get."""
        with LongClip(64, 64, 2) as folder:
            args = {"ref": "long.yuv", "dis": "long.yuv", "width": 64, "height": 64}
            for version, kind in (("2024-11-05", "text"), ("2025-03-26", "text"), ("2025-06-18", "resource_link")):
                process = self.start("--allow", folder)
                hello = request(0, "initialize", {"protocolVersion": version})
                call = request(1, "tools/call", {"name": "vmaf_score", "arguments": args})
                process.stdin.write(line(hello) + line(call))
                process.stdin.flush()
                process.stdout.readline()
                content = json.loads(process.stdout.readline())["result"]["content"]
                self.assertEqual({c["type"] for c in content}, {"text", kind})
                self.assertTrue(any("vmaf://reports/" in c.get("uri", c.get("text")) for c in content))

    def test_before_initialize(self):
        answers, _ = exchange(request(1, "ping"), request(2, "tools/list"), request(3, "nonsense"))
        self.assertEqual(answers[0]["result"], {})
        self.assertEqual([error_of(x) for x in answers[1:]], [-32602, -32602])
        for way in ("initialize", META + "protocolVersion"):
            self.assertIn(way, answers[1]["error"]["message"])

    def test_initialize_needs_a_version(self):
        for params in ({}, {"protocolVersion": 7}, {"protocolVersion": None}, None):
            answers, _ = exchange(request(1, "initialize", params), request(2, "tools/list"))
            self.assertEqual([error_of(x) for x in answers], [-32602, -32602])

    def test_modern_needs_nothing_before(self):
        answers, _ = exchange(
            request("d", "server/discover", modern()),
            request("t", "tools/list", modern()),
            request("c", "tools/call", modern(name="list_backends")),
        )
        self.assertEqual(answers[0]["result"]["supportedVersions"], [MODERN])
        for answer in answers:
            self.assertEqual(answer["result"]["resultType"], "complete")
            self.assertIn(META + "serverInfo", answer["result"]["_meta"])
        for answer in answers[:2]:
            self.assertGreaterEqual(answer["result"]["ttlMs"], 0)
            self.assertEqual(answer["result"]["cacheScope"], "public")

    def test_both_eras_in_one_process(self):
        answers = self.session(
            request(1, "tools/list", modern()),
            request(2, "tools/list"),
            request(3, "ping", modern()),
            request(4, "ping"),
            request(5, "initialize", {**modern(), "protocolVersion": "2025-11-25"}),
            request(6, "server/discover"),
        )
        self.assertIn("resultType", answers[0]["result"])
        self.assertNotIn("resultType", answers[1]["result"])
        self.assertEqual(answers[0]["result"]["tools"], answers[1]["result"]["tools"])
        self.assertEqual(answers[3]["result"], {})
        self.assertEqual([error_of(answers[i]) for i in (2, 4, 5)], [-32601] * 3)

    def test_claims(self):
        other = modern()
        other["_meta"][META + "protocolVersion"] = "2025-11-25"
        no_capabilities, wrong_type = modern(), modern()
        del no_capabilities["_meta"][META + "clientCapabilities"]
        wrong_type["_meta"][META + "protocolVersion"] = 20260728
        answers, _ = exchange(*(request(1, "tools/list", p) for p in (other, no_capabilities, wrong_type)))
        self.assertEqual([error_of(x) for x in answers], [-32022, -32602, -32602])
        self.assertEqual(answers[0]["error"]["data"], {"supported": [MODERN], "requested": "2025-11-25"})

    def test_nothing_undeclared(self):
        answers, _ = exchange(INITIALIZE)
        declared = {"tools": {}, "resources": {}, "prompts": {}, "completions": {}}
        self.assertEqual(answers[0]["result"]["capabilities"], declared)
        undeclared = ("logging/setLevel", "resources/subscribe", "subscriptions/listen", "tasks/list", "x")
        for params in (None, modern()):
            codes = self.codes(*(request(1, method, params) for method in undeclared))
            self.assertEqual(codes, [-32601] * len(undeclared))

    def test_resource_not_found(self):
        uri = "vmaf://reports/" + "0" * 32
        old, new = self.session(
            request(1, "resources/read", {"uri": uri}), request(2, "resources/read", modern(uri=uri))
        )
        self.assertEqual([error_of(old), error_of(new)], [-32002, -32602])
        self.assertEqual(old["error"]["data"], {"uri": uri})

    # ---- ids ----

    def test_ids_are_given_back(self):
        ids = [0, -1, 1, 9007199254740993, 2**63 - 1, -(2**63), "", "1", "ä\u0000".replace("\0", ""), "x" * 5000]
        answers = self.session(*(request(i, "ping") for i in ids))
        self.assertEqual([x["id"] for x in answers], ids)
        self.assertEqual([type(x["id"]) for x in answers], [type(i) for i in ids])

    def test_ids_of_wrong_types(self):
        answers = self.session(*(request(i, "ping") for i in (None, 1.5, 1.0, True, [], {})))
        self.assertEqual([error_of(x) for x in answers], [-32600] * 6)
        self.assertTrue(all("id" not in x for x in answers))

    def test_id_in_flight(self):
        with LongClip() as folder:
            client = mcp_client.Client([folder])
            try:
                args = {"ref": "long.yuv", "dis": "long.yuv", "width": 1920, "height": 1080}
                first = client.start_call("vmaf_score", args, token="t")
                client.wait_for_progress("t")
                client.send({"id": first, "method": "tools/list", "params": {}})
                self.assertEqual(client.wait(first)["error"]["code"], -32600)
                client.send({"id": first, "method": "tools/list", "params": modern()})
                self.assertEqual(client.wait(first)["error"]["code"], -32600)
                client.notify("notifications/cancelled", {"requestId": first})
                client.send({"id": first, "method": "ping"})  # free again
                self.assertEqual(client.wait(first)["result"], {})
            finally:
                client.close()

    # ---- broken lines ----

    def test_not_json(self):
        broken = [
            b"{",
            b"nonsense",
            b"\xff\xfe",
            b'{"jsonrpc":"2.0","id":1,"method":"\xc3\x28"}',
            b'{"jsonrpc":"2.0","id":1,"method":"\xed\xa0\x80"}',
            b'{"jsonrpc":"2.0","id":1,"method":"ping","id":2}',
            b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":1,"a":2}}',
            b'{"jsonrpc":"2.0","id":99999999999999999999,"method":"ping"}',
            b'{"jsonrpc":"2.0","id":1,"method":"ping"} x',
            b'\xef\xbb\xbf{"jsonrpc":"2.0","id":1,"method":"ping"}',
            b'{"jsonrpc":"2.0","id":1,"method":"ping\x00"}',
            b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":NaN}}',
            b"[" * 100000 + b"]" * 100000,
            b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":[' + b"1," * 2000000 + b"1]}}",
            b'{"jsonrpc":"2.0","id":1,"method":"ping","params":' + b'{"a":' * 70 + b"1" + b"}" * 71,
        ]
        answers = self.session(*broken, request(7, "ping"))
        self.assertEqual([error_of(x) for x in answers[:-1]], [-32700] * len(broken))
        self.assertTrue(all("id" not in x for x in answers[:-1]))
        self.assertEqual(answers[-1], {"jsonrpc": "2.0", "id": 7, "result": {}})

    def test_not_a_request(self):
        faults = [
            b"[]",
            line([INITIALIZE]).strip(),
            b'{"jsonrpc":"1.0","id":1,"method":"ping"}',
            b'{"id":1,"method":"ping"}',
            b'{"jsonrpc":"2.0","id":1}',
            b'{"jsonrpc":"2.0","id":1,"method":7}',
            b"{}",
        ]
        self.assertEqual(self.codes(*faults), [-32600] * len(faults))

    def test_params_of_wrong_types(self):
        faults = [
            request(1, "tools/list", []),
            request(1, "tools/list", "x"),
            request(1, "tools/list", {"_meta": 1}),
            request(1, "tools/list", {"cursor": "x"}),
            request(1, "tools/list", {"cursor": ""}),
            request(1, "tools/call", {}),
            request(1, "tools/call", {"name": 1}),
            request(1, "tools/call", {"name": "no_such_tool"}),
            request(1, "tools/call", {"name": "list_models", "arguments": []}),
            request(1, "resources/read", {}),
            request(1, "resources/read", {"uri": 1}),
            request(1, "prompts/get", {"name": "none"}),
            request(1, "prompts/get", {"name": "compare_encodes"}),
            request(1, "prompts/get", {"name": "compare_encodes", "arguments": {"reference": 1}}),
            request(1, "completion/complete", {}),
            request(1, "completion/complete", {"ref": {"type": "ref/prompt", "name": "none"}}),
        ]
        self.assertEqual(self.codes(*faults), [-32602] * len(faults))

    def test_long_lines(self):
        long = b'{"jsonrpc":"2.0","id":1,"method":"' + b"x" * (10 * MIB) + b'"}'
        fits = request(2, "ping", {"a": "x" * (4 * MIB - 100)})
        answers = self.session(long, request(3, "ping"), fits, long, request(4, "ping"))
        self.assertEqual([error_of(answers[i]) for i in (0, 3)], [-32600] * 2)
        self.assertEqual([answers[i]["id"] for i in (1, 2, 4)], [3, 2, 4])

    def test_line_ends(self):
        ping = json.dumps(request(1, "ping")).encode()
        answers = self.session(b"", b"\r", ping + b"\r", b"", end=ping)
        self.assertEqual(answers, [{"jsonrpc": "2.0", "id": 1, "result": {}}] * 2)

    def test_no_answer_to_notifications(self):
        quiet = [
            {"jsonrpc": "2.0", "method": "notifications/initialized"},
            {"jsonrpc": "2.0", "method": "tools/list"},
            {"jsonrpc": "2.0", "method": "no/such/method"},
            {"jsonrpc": "2.0", "method": "tools/list", "params": []},
            {"jsonrpc": "2.0", "method": "tools/list", "params": {"_meta": {META + "protocolVersion": "x"}}},
            {"jsonrpc": "2.0", "method": "notifications/cancelled"},
            {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 77}},
            {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": {}}},
            {"jsonrpc": "2.0", "id": 5, "result": {}},
            {"jsonrpc": "2.0", "id": 5, "error": {"code": 1, "message": ""}},
        ]
        answers = self.session(*quiet, request(9, "ping"))
        self.assertEqual([x["id"] for x in answers], [9])

    def test_errors_of_tools_are_results(self):
        answers = self.session(
            request(1, "tools/call", {"name": "list_models", "arguments": {"mdoel": 1}}),
            request(2, "tools/call", {"name": "vmaf_score", "arguments": {"ref": "x", "dsi": "y"}}),
            request(3, "tools/call", {"name": "vmaf_score", "arguments": {"ref": 1, "dis": "y"}}),
        )
        texts = {x["id"]: x["result"]["content"][0]["text"] for x in answers}
        self.assertTrue(all(x["result"]["isError"] for x in answers))
        self.assertTrue(all("structuredContent" not in x["result"] for x in answers))
        self.assertIn("mdoel", texts[1])
        self.assertIn("did you mean dis", texts[2])
        self.assertIn("ref must be a string", texts[3])

    # ---- the end, and clients that misbehave ----

    def start(self, *arguments, **kwargs):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen([mcp_client.SERVER, *arguments], **{**pipes, **kwargs})
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.kill)
        return process

    def check_end(self, end, seconds=1.5):
        """A server that is scoring ends at once."""
        with LongClip() as folder:
            process = self.start("--allow", folder)
            args = {"ref": "long.yuv", "dis": "long.yuv", "width": 1920, "height": 1080}
            call = {"name": "vmaf_score", "arguments": args, "_meta": {"progressToken": 1}}
            process.stdin.write(line(INITIALIZE) + line(request(1, "tools/call", call)))
            process.stdin.flush()
            for _ in range(3):  # the answer, "accepted", the first frame
                process.stdout.readline()
            begin = time.monotonic()
            end(process)
            self.assertEqual(process.wait(20), 0)
            self.assertLess(time.monotonic() - begin, seconds * mcp_client.patience())

    def test_end_of_input(self):
        self.check_end(lambda process: process.stdin.close())

    def test_sigterm(self):
        self.check_end(lambda process: process.send_signal(signal.SIGTERM))

    def test_client_that_does_not_read(self):
        """The server stops reading before its memory grows, and goes on when the client does."""
        process = self.start()
        flood = line(INITIALIZE) + line(request(1, "tools/list")) * 2000
        os.set_blocking(process.stdin.fileno(), False)
        sent, last = 0, time.monotonic()
        while time.monotonic() - last < 1 and sent < len(flood):
            try:
                sent += os.write(process.stdin.fileno(), flood[sent : sent + 65536])
                last = time.monotonic()
            except BlockingIOError:
                time.sleep(0.01)
        with open(f"/proc/{process.pid}/status", encoding="ascii") as f:
            resident = int(next(x for x in f if x.startswith("VmRSS")).split()[1])
        self.assertLess(resident, (160 if support.SANITIZED else 40) * 1024)
        received = 0
        os.set_blocking(process.stdout.fileno(), False)
        deadline = time.monotonic() + 30
        while received < 2001 and time.monotonic() < deadline:
            chunk = process.stdout.read(1 << 20) or b""
            received += chunk.count(b"\n")
            if sent < len(flood):
                try:
                    sent += os.write(process.stdin.fileno(), flood[sent : sent + 65536])
                except BlockingIOError:
                    pass
            if not chunk:
                time.sleep(0.01)
        self.assertEqual(received, 2001)
        os.set_blocking(process.stdin.fileno(), True)
        process.stdin.close()
        self.assertEqual(process.wait(10), 0)

    def test_output_that_is_closed(self):
        process = self.start()
        process.stdout.close()
        process.stdin.write(line(INITIALIZE))
        process.stdin.flush()
        self.assertEqual(process.wait(10), 0)

    def test_nothing_but_messages(self):
        """Whatever a decoder prints goes to standard error; M.mp4 makes FFmpeg complain."""
        with LongClip() as folder:
            with open(os.path.join(folder, "broken.mp4"), "wb") as f:
                f.write(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\xff" * 5000)
            call = {"name": "probe_video", "arguments": {"path": "broken.mp4"}}
            process = self.start("--allow", folder)
            out, _ = process.communicate(line(INITIALIZE) + line(request(1, "tools/call", call)), 30)
            for text in out.splitlines():
                self.assertEqual(json.loads(text)["jsonrpc"], "2.0")

    def test_slow_calls_do_not_block(self):
        with LongClip() as folder:
            client = mcp_client.Client([folder])
            try:
                args = {"ref": "long.yuv", "dis": "long.yuv", "width": 1920, "height": 1080}
                long = client.start_call("vmaf_score", args, token="t")
                client.wait_for_progress("t")
                times = []
                for method in ("ping", "tools/list", "resources/list", "ping"):
                    begin = time.monotonic()
                    client.request(method, {})
                    times.append(time.monotonic() - begin)
                client.get("list_models")
                client.get("probe_video", path="long.yuv", width=1920, height=1080)
                self.assertLess(min(times), 0.05 * mcp_client.patience())
                client.notify("notifications/cancelled", {"requestId": long})
                self.assertTrue(client.is_idle_within(1))
            finally:
                self.assertEqual(client.close(), 0)

    def test_queue_is_bounded(self):
        with LongClip() as folder:
            client = mcp_client.Client([folder])
            try:
                args = {"ref": "long.yuv", "dis": "long.yuv", "width": 1920, "height": 1080}
                calls = [client.start_call("vmaf_score", args) for _ in range(12)]
                # one is in work, eight wait
                texts = [client.wait(c, 20)["result"]["content"][0]["text"] for c in calls[9:]]
                self.assertTrue(all("busy" in t for t in texts), texts)
                for call in calls:
                    client.notify("notifications/cancelled", {"requestId": call})
                self.assertTrue(client.is_idle_within(1))
                self.assertTrue(client.get("list_backends")["cpu"])
            finally:
                self.assertEqual(client.close(), 0)

    def test_progress_is_thinned_out(self):
        with LongClip(64, 64, 100000) as folder:
            client = mcp_client.Client([folder])
            try:
                args = {"ref": "long.yuv", "dis": "long.yuv", "width": 64, "height": 64}
                long = client.start_call("vmaf_score", args, token="t")
                begin = time.monotonic()
                time.sleep(2)
                client.notify("notifications/cancelled", {"requestId": long})
                client.request("ping", {})
                told = [p["progress"] for p in client.progress["t"]]
                seconds = time.monotonic() - begin
                self.assertEqual(told, sorted(set(told)))
                self.assertEqual(told[0], 0)
                self.assertLessEqual(len(told), 10 * seconds + 10)
                self.assertGreaterEqual(len(told), 5)
                time.sleep(0.5)
                self.assertEqual(len(client.progress["t"]), len(told), "progress after the cancellation")
            finally:
                self.assertEqual(client.close(), 0)

    def test_progress_while_waiting(self):
        """A call that waits for its turn says so before any client gives up."""
        with LongClip(frames=4000) as folder:
            client = mcp_client.Client([folder])
            try:
                args = {"ref": "long.yuv", "dis": "long.yuv", "width": 1920, "height": 1080}
                calls = [client.start_call("vmaf_score", args, token=t) for t in ("first", "second")]
                time.sleep(10)
                told = client.progress["second"]
                self.assertGreaterEqual(len(told), 3, told)
                steps = [p["progress"] for p in told]
                self.assertEqual(steps, sorted(set(steps)))
                self.assertLess(steps[-1], 1)
                for call in calls:
                    client.notify("notifications/cancelled", {"requestId": call})
            finally:
                self.assertEqual(client.close(), 0)

    # ---- sockets, options ----

    def test_unix_socket(self):
        with LongClip() as folder:
            path = os.path.join(folder, "socket")
            process = self.start("--unix", path)
            deadline = time.monotonic() + 10
            while not os.path.exists(path) and time.monotonic() < deadline:
                time.sleep(0.01)
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            clients = [socket.socket(socket.AF_UNIX) for _ in range(3)]
            for client in clients:
                # the name is there before anybody listens
                while client.connect_ex(path) and time.monotonic() < deadline:
                    time.sleep(0.01)
                client.sendall(line(INITIALIZE) + line(request("x", "ping")))
            for client in clients:
                with client.makefile("rb") as f:
                    self.assertEqual(json.loads(f.readline())["id"], 0)
                    self.assertEqual(json.loads(f.readline())["id"], "x")
                client.close()
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(10), 0)
            self.assertFalse(os.path.exists(path))

    def refused(self, status, word, *arguments, env=None):
        done = subprocess.run(
            [mcp_client.SERVER, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            timeout=20,
            env={**os.environ, **(env or {})},
        )
        self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
        self.assertIn(word, done.stderr)

    def test_options(self):
        self.refused(1, "--no-such", "--no-such-option")
        self.refused(1, "options", "argument")
        self.refused(1, "exclude", "--http", "1", "--unix", "x")
        self.refused(2, "/no/such/folder", "--allow", "/no/such/folder")
        self.refused(2, "PORT", "--http", "70000")
        self.refused(2, "PORT", "--http", "example.com:80")
        self.refused(2, "VMAF_MCP_TOKEN", "--http", "0.0.0.0:0", env={"VMAF_MCP_TOKEN": ""})
        self.refused(1, "VMAF_MCP_JOBS", env={"VMAF_MCP_JOBS": "many"})
        self.refused(1, "VMAF_MCP_TIMEOUT", env={"VMAF_MCP_TIMEOUT": "0"})
        self.refused(2, "107", "--unix", "/tmp/" + "x" * 200)


class LongClip:
    """A folder with long.yuv, a clip that takes no room on the disk and long to score."""

    def __init__(self, w=1920, h=1080, frames=2000):
        self.size = frames * w * h * 3 // 2

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="vmaf-mcp-")
        with open(os.path.join(self.folder.name, "long.yuv"), "wb") as f:
            f.truncate(self.size)
        return self.folder.name

    def __exit__(self, *_):
        self.folder.cleanup()


if __name__ == "__main__":
    unittest.main()
