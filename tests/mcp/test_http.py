# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Streamable HTTP from outside: statuses, headers, sessions, streams, and clients that misbehave."""

import base64
import http.client
import json
import os
import socket
import threading
import time
import unittest

import mcp_client
import support
from test_clients import HttpServer
from test_stdio import INITIALIZE, META, MODERN, LongClip, modern, request

BOTH = "application/json, text/event-stream"


class Http(unittest.TestCase):
    env = {"VMAF_MCP_IDLE": "2"}
    arguments = ()

    def setUp(self):
        if not os.path.exists(mcp_client.SERVER):
            raise unittest.SkipTest(f"{mcp_client.SERVER} is not built")
        self.server = HttpServer(*self.arguments, env=self.env)
        self.addCleanup(self.close)

    def close(self):
        self.assertEqual(self.server.close(), 0)

    def send(self, body, headers=None, method="POST", path="/mcp", **more):
        """Status, headers, body. Headers that are None are left out."""
        fields = {"Content-Type": "application/json", "Accept": BOTH, **(headers or {}), **more}
        fields = {k.replace("_", "-"): v for k, v in fields.items() if v is not None}
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            connection.request(method, path, data, fields)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def modern(self, method, headers=None, **params):
        name = params.get("name") or params.get("uri")
        fields = {"MCP-Protocol-Version": MODERN, "Mcp-Method": method, "Mcp-Name": name}
        return self.send(request(1, method, modern(**params)), {**fields, **(headers or {})})

    def session(self):
        status, headers, _ = self.send(INITIALIZE)
        self.assertEqual(status, 200)
        return {"Mcp-Session-Id": headers["Mcp-Session-Id"], "MCP-Protocol-Version": "2025-11-25"}

    def check(self, answer, status, code=None):
        self.assertEqual(answer[0], status, answer[2])
        if code is not None:
            self.assertEqual(json.loads(answer[2])["error"]["code"], code)

    # ---- who may ask ----

    def test_hosts(self):
        good = ("localhost", "127.0.0.1", "[::1]", "LOCALHOST:80", "127.0.0.1:65535")
        bad = ("example.com", "127.0.0.1.example.com", "localhost.example.com", "127.0.0.1:x", "", "127.0.0.2")
        for host in good:
            self.check(self.send(INITIALIZE, Host=host), 200)
        for host in bad:
            self.check(self.send(INITIALIZE, Host=host), 403)

    def test_origins(self):
        port = self.server.port
        for origin in (f"http://127.0.0.1:{port}", "http://localhost", "https://localhost:1", "http://[::1]:9"):
            self.check(self.send(INITIALIZE, Origin=origin), 200)
        for origin in ("http://example.com", "null", "http://localhost.example.com", "file://", "http://127.0.0.1@x"):
            self.check(self.send(INITIALIZE, Origin=origin), 403)

    # ---- requests as such ----

    def test_paths_and_methods(self):
        self.check(self.send(INITIALIZE, path="/"), 404)
        self.check(self.send(INITIALIZE, path="/mcp/x"), 404)
        for method in ("GET", "PUT", "OPTIONS", "HEAD", "PATCH", "DELETE"):
            answer = self.send(b"", method=method)
            self.check(answer, 405)
            self.assertEqual(answer[1]["Allow"], "POST")

    def test_types(self):
        for wrong in (None, "text/plain", "application/jsonx", "application/json, text/plain"):
            self.check(self.send(INITIALIZE, {"Content-Type": wrong}), 415)
        self.check(self.send(INITIALIZE, {"Content-Type": "Application/JSON; charset=utf-8"}), 200)
        for wrong in (None, "application/json", "text/event-stream", "text/html"):
            self.check(self.send(INITIALIZE, {"Accept": wrong}), 406)
        for right in ("*/*", "text/event-stream;q=0.5 ,application/json"):
            self.check(self.send(INITIALIZE, {"Accept": right}), 200)

    def test_bodies(self):
        for body in (b"", b"{", b"\xff", b'{"a":1,"a":2}', b"[" * 10000):
            self.check(self.send(body), 400, -32700)
        for body in (b"[]", b"{}", b'{"jsonrpc":"2.0","id":null,"method":"ping"}'):
            self.check(self.send(body), 400, -32600)

    # ---- the stateless version ----

    def test_modern(self):
        answer = self.modern("tools/list")
        self.check(answer, 200)
        self.assertEqual(answer[1]["Content-Type"], "application/json")
        self.assertEqual(answer[1]["Cache-Control"], "no-store")
        self.assertNotIn("Mcp-Session-Id", answer[1])
        self.check(self.modern("tools/call", name="list_models"), 200)
        self.check(self.modern("tools/call", name="none"), 200, -32602)
        self.check(self.modern("resources/read", uri="vmaf://models"), 200)
        self.check(self.modern("resources/read", uri="vmaf://none"), 200, -32602)
        for method in ("initialize", "ping", "logging/setLevel", "none"):
            self.check(self.modern(method), 404, -32601)
        note = {"jsonrpc": "2.0", "method": "notifications/x", "params": modern()}
        fields = {"MCP-Protocol-Version": MODERN, "Mcp-Method": "notifications/x"}
        self.check(self.send(note, fields), 202)

    def test_modern_headers(self):
        name = base64.b64encode(b"list_models").decode()
        good = (" list_models ", f"=?base64?{name}?=")
        bad = (None, "list_backends", "List_models", "=?base64?bGlz?=", "=?base64?!!!!?=", "=?base64?bGlzd?=")
        for value in good:
            self.check(self.modern("tools/call", {"Mcp-Name": value}, name="list_models"), 200)
        for value in bad:
            self.check(self.modern("tools/call", {"Mcp-Name": value}, name="list_models"), 400, -32020)
        for fields in ({"Mcp-Method": None}, {"Mcp-Method": "tools/call"}, {"MCP-Protocol-Version": None}):
            self.check(self.modern("tools/list", fields), 400, -32020)
        self.check(self.modern("tools/list", {"MCP-Protocol-Version": "2025-11-25"}), 400, -32020)
        self.check(self.modern("tools/list", {"Mcp-Session-Id": "x", "Last-Event-ID": "y"}), 200)

    def test_modern_claims(self):
        body = request(1, "tools/list", {"_meta": {META + "protocolVersion": "2099-01-01"}})
        fields = {"MCP-Protocol-Version": "2099-01-01", "Mcp-Method": "tools/list"}
        answer = self.send(body, fields)
        self.check(answer, 400, -32022)
        data = json.loads(answer[2])["error"]["data"]
        self.assertEqual(data, {"supported": [MODERN], "requested": "2099-01-01"})
        fields = {"MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/list"}
        self.check(self.send(request(1, "tools/list"), fields), 400, -32602)
        body = request(1, "tools/list", {"_meta": {META + "protocolVersion": MODERN}})
        self.check(self.send(body, fields), 400, -32602)
        self.check(self.send(INITIALIZE, {"MCP-Protocol-Version": MODERN}), 400, -32020)

    # ---- sessions ----

    def test_sessions(self):
        mine, other = self.session(), self.session()
        self.assertNotEqual(mine, other)
        self.check(self.send(request(1, "tools/list"), mine), 200)
        self.check(self.send(request(1, "none"), mine), 200, -32601)
        self.check(self.send({"jsonrpc": "2.0", "method": "notifications/initialized"}, mine), 202)
        self.check(self.send({"jsonrpc": "2.0", "id": 1, "result": {}}, mine), 202)
        self.check(self.send(request(1, "tools/list")), 400)
        self.check(self.send(request(1, "tools/list"), {**mine, "Mcp-Session-Id": "0" * 32}), 404)
        self.check(self.send(request(1, "tools/list"), {**mine, "MCP-Protocol-Version": "1.0"}), 400)
        self.check(self.send(b"", mine, method="DELETE"), 200)
        self.check(self.send(request(1, "tools/list"), mine), 404)
        self.check(self.send(b"", mine, method="DELETE"), 404)
        self.check(self.send(request(1, "ping"), other), 200)

    def test_sessions_are_bounded(self):
        sessions = [self.session() for _ in range(70)]
        self.check(self.send(request(1, "ping"), sessions[0]), 404)
        self.check(self.send(request(1, "ping"), sessions[-1]), 200)

    # ---- raw sockets ----

    def raw(self, data, wait=10, close_after=None):
        """Sends bytes; what comes back until the server closes."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=wait) as s:
            s.sendall(data)
            out = b""
            while True:
                try:
                    piece = s.recv(65536)
                except ConnectionResetError:
                    return out
                if not piece:
                    return out
                out += piece
                if close_after and close_after in out:
                    return out

    def head(self, *fields, version="1.1", host="127.0.0.1"):
        lines = [f"POST /mcp HTTP/{version}", "Content-Type: application/json", f"Accept: {BOTH}"]
        return "\r\n".join([*lines, *([f"Host: {host}"] if host else []), *fields, "", ""]).encode()

    def refused(self, data, *statuses):
        answer = self.raw(data, close_after=b"\r\n\r\n")
        self.assertIn(answer.split(b" ")[1:2], [[str(s).encode()] for s in statuses], answer)

    def test_heads_that_lie(self):
        self.refused(self.head("Content-Length: 4294967296") + b"{", 413)
        self.refused(self.head("Content-Length: 99999999999999999999999") + b"{", 400, 413)
        self.refused(self.head("Content-Length: 2", "Transfer-Encoding: chunked") + b"0\r\n\r\n", 400)
        self.refused(self.head("Transfer-Encoding: gzip") + b"x", 501)
        self.refused(self.head("Content-Length: 2", "Host: localhost") + b"{}", 400)
        self.refused(self.head("Content-Length: 2", "Content-Type: text/plain") + b"{}", 400)
        self.refused(self.head("Content-Length: 2", "Origin: http://localhost", "Origin: http://x") + b"{}", 400)
        self.refused(self.head("Content-Length: 2", "Mcp-Session-Id: a", "Mcp-Session-Id: b") + b"{}", 400)
        self.refused(self.head("Content-Length: 2", host=None) + b"{}", 400)
        self.refused(self.head("Content-Length: 2", host=None, version="1.0") + b"{}", 400)
        self.refused(self.head("X: " + "y" * 40000, "Content-Length: 2") + b"{}", 431)
        self.refused(b"POST /" + b"x" * 40000 + b" HTTP/1.1\r\n\r\n", 414)
        self.check(self.send(INITIALIZE), 200)

    def test_body_beyond_the_limit(self):
        chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
        self.refused(self.head("Transfer-Encoding: chunked") + chunk * 70 + b"0\r\n\r\n", 413)
        self.check(self.send({**INITIALIZE, "x": "y" * (3 << 20)}), 200)

    def test_half_open(self):
        """Connections that say nothing, half a head or half a body are closed; others go on."""
        whole = self.head("Content-Length: 100")
        begin = time.monotonic()
        held = []
        for part in (b"", b"POST", whole[:50], whole, whole + b"{"):
            s = socket.create_connection(("127.0.0.1", self.server.port), timeout=20)
            s.sendall(part)
            held.append(s)
        self.check(self.send(INITIALIZE), 200)
        for s in held:
            self.assertEqual(s.recv(1), b"")
            s.close()
        self.assertLess(time.monotonic() - begin, 10 * mcp_client.patience())

    def test_slow_senders(self):
        """A byte now and then does not keep a connection alive."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=1) as s:
            begin = time.monotonic()
            try:
                for byte in self.head("Content-Length: 100") + b"{" * 100:
                    s.sendall(bytes([byte]))
                    time.sleep(0.3)
            except OSError:
                pass
            self.assertLess(time.monotonic() - begin, 8 * mcp_client.patience())

    def test_pipelined(self):
        body = json.dumps(INITIALIZE).encode()
        data = (self.head(f"Content-Length: {len(body)}") + body) * 3 + self.head("Connection: close")
        self.assertEqual(self.raw(data).count(b"HTTP/1.1 200"), 3)


class Streams(Http):
    """What has progress is a stream of events."""

    def setUp(self):
        self.clip = LongClip()
        self.arguments = ("--allow", self.clip.__enter__())
        super().setUp()

    def close(self):
        super().close()
        self.clip.__exit__()

    def open_stream(self, headers, params, request_id=1):
        """A long score; the connection and the events as they come."""
        arguments = {"ref": "long.yuv", "dis": "long.yuv", "width": 1920, "height": 1080}
        meta = {"progressToken": f"p{request_id}", **params.get("_meta", {})}
        body = request(request_id, "tools/call", {"name": "vmaf_score", "arguments": arguments, "_meta": meta})
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        fields = {"Content-Type": "application/json", "Accept": BOTH, **headers}
        connection.request("POST", "/mcp", json.dumps(body), fields)
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["Content-Type"], "text/event-stream")
        self.assertEqual(answer.headers["X-Accel-Buffering"], "no")
        return connection, answer

    def next_event(self, answer):
        """The message of the next event; None at the end."""
        data = None
        while True:
            text = answer.readline()
            if not text:
                return None
            if text.startswith(b"data: "):
                data = json.loads(text[6:])
            elif text == b"\n" and data:
                return data

    def wait_for_frames(self, answer):
        while self.next_event(answer)["params"]["progress"] < 1:
            pass

    def modern_fields(self):
        return {"MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/call", "Mcp-Name": "vmaf_score"}

    def is_idle_within(self, seconds):
        self.server.cpu_seconds = lambda: mcp_client.Client.cpu_seconds(self.server)
        return mcp_client.Client.is_idle_within(self.server, seconds)

    def test_client_gone(self):
        """In the stateless version that is a cancellation."""
        connection, answer = self.open_stream(self.modern_fields(), modern())
        self.wait_for_frames(answer)
        answer.close()
        connection.close()
        self.assertTrue(self.is_idle_within(1.5))
        self.check(self.modern("tools/call", name="list_models"), 200)

    def test_cancelled(self):
        """In the versions with sessions a notification says so, in the same session only."""
        mine, other = self.session(), self.session()
        connection, answer = self.open_stream(mine, {}, request_id=7)
        self.wait_for_frames(answer)
        note = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}
        self.check(self.send(note, other), 202)
        self.wait_for_frames(answer)
        self.check(self.send(request(7, "ping"), mine), 400, -32600)
        self.check(self.send(note, mine), 202)
        while event := self.next_event(answer):
            self.assertNotIn("id", event, "a cancelled call was answered")
        connection.close()
        self.assertTrue(self.is_idle_within(1))

    def test_session_ended(self):
        """Its streams ended without a word, so that clients waited on."""
        mine = self.session()
        connection, answer = self.open_stream(mine, {}, request_id=7)
        self.wait_for_frames(answer)
        self.check(self.send(b"", mine, method="DELETE"), 200)
        events = []
        while event := self.next_event(answer):
            events.append(event)
        self.assertEqual((events[-1]["id"], events[-1]["error"]["code"]), (7, -32603))
        connection.close()
        self.assertTrue(self.is_idle_within(1))

    def test_answer_cut_off(self):
        """A request without progress that its session's end stopped had the answer 202, as if it were none."""
        mine = self.session()
        arguments = {"ref": "long.yuv", "dis": "long.yuv", "width": 1920, "height": 1080}
        body = request(7, "tools/call", {"name": "vmaf_score", "arguments": arguments})
        answers = []
        thread = threading.Thread(target=lambda: answers.append(self.send(body, mine)))
        thread.start()
        while self.send(request(7, "ping"), mine)[0] != 400:  # until it is in flight
            pass
        self.check(self.send(b"", mine, method="DELETE"), 200)
        thread.join(20)
        self.check(answers[0], 200, -32603)
        self.assertEqual(json.loads(answers[0][2])["id"], 7)

    def test_sessions_in_work_stay(self):
        """The session with the oldest request made room for a new one, whatever it was doing."""
        mine = self.session()
        connection, answer = self.open_stream(mine, {})
        self.wait_for_frames(answer)
        for _ in range(70):
            self.session()
        self.check(self.send(request(2, "ping"), mine), 200)
        self.wait_for_frames(answer)
        connection.close()
        self.check(self.send(b"", mine, method="DELETE"), 200)

    def test_stop_while_busy(self):
        connection, answer = self.open_stream(self.session(), {})
        self.wait_for_frames(answer)
        begin = time.monotonic()
        self.assertEqual(self.server.close(), 0)
        self.assertLess(time.monotonic() - begin, 2 * mcp_client.patience())
        connection.close()
        self.server = HttpServer(*self.arguments, env=self.env)

    def test_others_are_not_disturbed(self):
        connection, answer = self.open_stream(self.modern_fields(), modern())
        self.wait_for_frames(answer)
        times = []
        for _ in range(5):
            begin = time.monotonic()
            self.check(self.modern("tools/list"), 200)
            times.append(time.monotonic() - begin)
        self.assertLess(min(times), 0.1 * mcp_client.patience())
        connection.close()

    def test_too_many(self):
        mine = self.session()
        streams = [self.open_stream(mine, {}, request_id=i) for i in range(9)]
        arguments = {"ref": "long.yuv", "dis": "long.yuv", "width": 1920, "height": 1080}
        body = request(99, "tools/call", {"name": "vmaf_score", "arguments": arguments})
        status, _, text = self.send(body, mine)
        self.assertEqual(status, 429)
        self.assertIn("busy", json.loads(text)["result"]["content"][0]["text"])
        for connection, answer in streams:
            answer.close()
            connection.close()
        self.check(self.send(b"", mine, method="DELETE"), 200)
        self.assertTrue(self.is_idle_within(1))


class SilentStreams(Streams):
    """A call whose turn has not come says nothing for 4.5 s at a time."""

    env = {"VMAF_MCP_IDLE": "2", "VMAF_MCP_KEEPALIVE": "1"}

    def test_comments(self):
        mine = self.session()
        first, _ = self.open_stream(mine, {}, request_id=1)
        second, answer = self.open_stream(mine, {}, request_id=2)
        lines, begin = [], time.monotonic()
        while sum(x.startswith(b":") for x in lines) < 3:
            lines.append(answer.readline())
            self.assertTrue(lines[-1], "the stream has ended")
        seconds = time.monotonic() - begin
        self.assertGreater(seconds, 2)
        self.assertLess(seconds, 8 * mcp_client.patience())
        for comment, end in zip(lines, lines[1:]):
            if comment.startswith(b":"):
                self.assertEqual((comment, end), (b": \n", b"\n"))
        for text in (x[6:] for x in lines if x.startswith(b"data: ")):
            self.assertEqual(json.loads(text)["method"], "notifications/progress")
        self.check(self.send(b"", mine, method="DELETE"), 200)
        while self.next_event(answer):
            pass
        for connection in (first, second):
            connection.close()


# the tests of the base run once
for base, case in ((Http, Streams), (Streams, SilentStreams)):
    for name in [n for n in dir(base) if n.startswith("test_")]:
        setattr(case, name, None)


class Token(Http):
    env = {"VMAF_MCP_TOKEN": "secret-of-the-tests"}

    def test_token(self):
        for wrong in (None, "secret-of-the-tests", "Bearer x", "Bearer secret-of-the-testX", "Basic abc", "Bearer"):
            answer = self.send(INITIALIZE, Authorization=wrong)
            self.check(answer, 401)
            self.assertEqual(answer[1]["WWW-Authenticate"], "Bearer")
        for right in ("Bearer secret-of-the-tests", "bearer  secret-of-the-tests"):
            self.check(self.send(INITIALIZE, Authorization=right), 200)

    def test_token_is_not_told(self):
        with open(f"/proc/{self.server.process.pid}/cmdline", "rb") as f:
            self.assertNotIn(b"secret", f.read())


for name in [n for n in dir(Http) if n.startswith("test_")]:
    setattr(Token, name, None)


class Everywhere(unittest.TestCase):
    def test_any_address(self):
        """An address that others reach needs the token and then takes any Host."""
        server = HttpServer("--http", "0.0.0.0:0", env={"VMAF_MCP_TOKEN": "t"})
        try:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
            fields = {"Content-Type": "application/json", "Accept": BOTH, "Host": "video.example.com"}
            connection.request("POST", "/mcp", json.dumps(INITIALIZE), {**fields, "Authorization": "Bearer t"})
            self.assertEqual(connection.getresponse().status, 200)
            connection.close()
        finally:
            self.assertEqual(server.close(), 0)

    def test_second_loopback(self):
        if not socket.has_ipv6:
            raise unittest.SkipTest("no IPv6")
        server = HttpServer()
        try:
            try:
                socket.create_connection(("::1", server.port), timeout=5).close()
            except OSError as e:
                raise unittest.SkipTest(f"no ::1 here: {e}") from None
        finally:
            self.assertEqual(server.close(), 0)


if __name__ == "__main__":
    unittest.main()
