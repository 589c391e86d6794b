# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The official conformance suite and the official inspector.

The suite calls tools, resources and prompts by names of its own. mcp-conformance-fixture has them, on the
protocol core of vmaf-mcp, and passes whatever a revision requires; vmaf-mcp passes the rest.
"""

import os
import re
import socket
import subprocess
import unittest

import mcp_client
import node
import support
from test_clients import HttpServer

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURE = os.path.join(os.path.dirname(os.path.realpath(mcp_client.SERVER)), "mcp-conformance-fixture")
BRIDGE = os.path.join(support.SHARED, "reference", "mcp", "stdio-bridge.mjs")
REQUIRED = {"2025-11-25": 30, "2026-07-28": 37}
# Of the suite's scenarios that run without being scored, what no server here is for: tasks, an extension that
# is not offered, and headers for parameters, which no tool asks for.
UNSCORED = re.compile(r"tasks-\S+|http-custom-header-server-validation")
# What does not reach the server through the bridge, which has HTTP headers and statuses of its own making.
BRIDGED = re.compile(UNSCORED.pattern + "|http-header-validation|server-stateless")
# Scenarios whose subject is the suite's own tools, resources and prompts.
FIXTURE_ONLY = re.compile(
    r"logging-set-level|completion-complete|tools-call-\S+|elicitation-\S+|resources-(read|templates)-\S+"
    r"|resources-(un)?subscribe|prompts-get-\S+|json-schema-2020-12|input-required-result-\S+"
)
# Checks of server-stateless that call tools of the suite; their ids stand in its results.
STATELESS_TOOLS = {
    "sep-2575-server-rejects-undeclared-capability",
    "sep-2575-missing-capability-http-400",
    "sep-2575-http-server-no-independent-requests-on-stream",
    "sep-2575-server-no-log-without-loglevel",
}


class Conformance(support.Case):
    def setUp(self):
        super().setUp()
        self.modules = node.modules()
        self.node = node.node()

    def run_node(self, *arguments, timeout=300):
        return subprocess.run(
            [self.node, *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=timeout,
            env={**os.environ, "MCP_CATALOG_PATH": self.path("catalog.json")},
        )

    def run_suite(self, url, revision):
        """Scenarios of a revision's requirements: {name: failed checks}; what runs unscored is among them."""
        suite = os.path.join(self.modules, "@modelcontextprotocol", "conformance", "dist", "index.js")
        done = self.run_node(suite, "server", "--url", url, "--requirements", revision, "-o", "results")
        _, found, summary = done.stdout.partition("=== SUMMARY ===")
        self.assertTrue(found, done.stdout[-2000:])
        lines = re.findall(r"^[✓✗] (\S+): \d+ passed, (\d+) failed$", summary, re.MULTILINE)
        self.assertGreaterEqual(len(lines), REQUIRED[revision])
        return {name: int(failed) for name, failed in lines}, done

    def failures(self, results, but):
        """Scenarios with failed checks, except for those that the pattern names."""
        return [name for name, failed in results.items() if failed and not but.fullmatch(name)]

    def check_fixture(self, revision):
        server = HttpServer(program=FIXTURE)
        try:
            results, done = self.run_suite(server.url, revision)
            self.assertEqual(self.failures(results, UNSCORED), [], done.stdout[-6000:])
            self.assertEqual(done.returncode, 0, "the suite's own verdict")
        finally:
            self.assertEqual(server.close(), 0)

    def failed_checks(self, scenario):
        """Ids of the checks of a scenario that failed."""
        failed = set()
        for folder in os.listdir(self.path("results")):
            if folder.startswith(f"server-{scenario}-"):
                with open(self.path(f"results/{folder}/checks.json"), encoding="utf-8") as f:
                    failed |= {c["id"] for c in support.parse_json(f.read()) if c["status"] == "FAILURE"}
        return failed

    def check_product(self, revision):
        server = HttpServer()
        try:
            results, done = self.run_suite(server.url, revision)
        finally:
            self.assertEqual(server.close(), 0)
        but = re.compile(f"{UNSCORED.pattern}|{FIXTURE_ONLY.pattern}|server-stateless")
        self.assertEqual(self.failures(results, but), [], done.stdout[-6000:])
        if "server-stateless" in results:
            self.assertEqual(self.failed_checks("server-stateless"), STATELESS_TOOLS)

    def check_bridge(self, revision, *options):
        """The fixture on standard input and output, behind a bridge that speaks HTTP for it."""
        if not os.path.exists(BRIDGE):
            raise unittest.SkipTest(f"{BRIDGE} is not there")
        bridge = subprocess.Popen(
            [self.node, BRIDGE, "--port", str(self.port()), *options, "--", FIXTURE],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        try:
            url = re.search(r"http://\S+", bridge.stderr.readline())[0]
            results, done = self.run_suite(url, revision)
            self.assertEqual(self.failures(results, BRIDGED), [], done.stdout[-6000:])
        finally:
            bridge.terminate()
            bridge.wait(20)
            bridge.stderr.close()

    def port(self):
        """A port that was free a moment ago."""
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            return s.getsockname()[1]

    def test_fixture_2025_11_25(self):
        self.check_fixture("2025-11-25")

    def test_fixture_2026_07_28(self):
        self.check_fixture("2026-07-28")

    def test_product_2025_11_25(self):
        self.check_product("2025-11-25")

    def test_product_2026_07_28(self):
        self.check_product("2026-07-28")

    def test_bridge_2025_11_25(self):
        self.check_bridge("2025-11-25")

    def test_bridge_2026_07_28(self):
        self.check_bridge("2026-07-28")

    def inspect(self, *arguments):
        launcher = "@modelcontextprotocol/inspector/clients/launcher/build/index.js"
        done = self.run_node(os.path.join(self.modules, launcher), "--cli", *arguments)
        self.assertEqual(done.returncode, 0, done.stdout[-3000:])
        return done.stdout

    def test_inspector(self):
        """Schemas that every client and model can use: neither an error nor a warning."""
        server = HttpServer()
        try:
            for era in ("legacy", "modern"):
                for target in (mcp_client.SERVER, server.url):
                    with self.subTest(era=era, target=target):
                        strict = ("--method", "tools/list", "--strict", "--protocol-era", era)
                        said = self.inspect(target, *strict)
                        self.assertNotRegex(said, r"[1-9]\d* (error|warning)s?")
                        self.assertIn('"vmaf_score"', said)
                        call = ("--method", "tools/call", "--tool-name", "list_models")
                        self.assertIn("vmaf_v0.6.1", self.inspect(target, *call, "--protocol-era", era))
        finally:
            self.assertEqual(server.close(), 0)


if __name__ == "__main__":
    unittest.main()
