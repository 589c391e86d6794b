# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The date jumps at every look, forwards and backwards by years: nothing waits, nothing is lost, nothing differs."""

import glob
import json
import os
import re
import subprocess
import sys
import time
import unittest

import support
import test_faults

for name in ("train", "mcp"):
    sys.path.insert(0, os.path.join(support.TESTS, name))

import corpora  # noqa: E402
import mcp_client  # noqa: E402

TOLD_BY_THE_CLOCK = ("seconds", "fps", "report")
# an hour, ten years, to where dates have five digits, and beyond what they can say
JUMPS = (3600, 10 * 365 * 86400, 9000 * 365 * 86400, 1 << 60)


def jumping(seconds):
    return {"LD_PRELOAD": test_faults.SHIM, "VM_FAULT_CLOCK": str(seconds)}


@unittest.skipIf(support.SANITIZED, "a sanitizer has a malloc of its own")
@unittest.skipUnless(os.path.exists(test_faults.SHIM), "the shim is not built")
class Programs(corpora.CorpusCase):
    def export(self, name, *args, env=()):
        path = self.path(name)
        self.good("export-dataset", "--cache-dir", self.cache, "--output", path, *args, env={**self.env, **dict(env)})
        with open(path, "rb") as f:
            return f.read()

    def entries(self):
        found = {}
        for path in glob.glob(os.path.join(self.cache, "*", "*.json")):
            with open(path, encoding="utf-8") as f:
                text = f.read()
            support.parse_json(text)
            found[path] = os.stat(path).st_ino, re.sub('"created": "[^"]*"', "", text)
        return found

    def test_score(self):
        args = [*self.pair(), "-n", "--feature", "psnr", "-q", "--reproducible", "--json", "-"]
        expected = support.run(*args).stdout
        for jump in JUMPS:
            done = support.run(*args, env={**os.environ, **jumping(jump)})
            self.assertEqual((done.returncode, done.stdout), (0, expected))

    def test_extraction(self):
        """Entries are taken by what they were computed from, never by their date."""
        self.small()
        expected = self.export("undisturbed.csv", "--cache", "off")
        for jump in JUMPS:
            for digest in ("full", "quick"):
                with self.subTest(f"{jump} s, {digest}"):
                    env = jumping(jump)
                    self.assertEqual(self.export("first.csv", "--digest", digest, env=env), expected)
                    first = self.entries()
                    self.assertEqual(self.export("second.csv", "--digest", digest, env=env), expected)
                    self.assertEqual(self.export("third.csv", "--digest", digest), expected)
                    self.assertEqual(self.entries(), first, "work was done twice")
                    for path in first:
                        os.unlink(path)

    def test_two_writers(self):
        """Two runs on one cache whose dates are years apart, and leases that somebody left in the future."""
        self.small(frames=6)
        expected = self.export("undisturbed.csv", "--cache", "off")
        for stem in ("Alpha/Alpha_20_18_100", "Beta/Beta_90_36_700"):
            os.makedirs(os.path.join(self.cache, os.path.dirname(stem)), exist_ok=True)
            with open(os.path.join(self.cache, stem + ".lease"), "w", encoding="ascii"):
                pass
            os.utime(os.path.join(self.cache, stem + ".lease"), (4e9, 4e9))
        command = [corpora.PROGRAM, "export-dataset", "--data-root", self.root, "--cache-dir", self.cache]
        runs = [
            subprocess.Popen([*command, "--output", self.path(f"rows{jump}.csv")], env={**self.env, **jumping(jump)},
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for jump in (JUMPS[1], -JUMPS[1])
        ]  # fmt: skip
        self.assertEqual([run.wait(120) for run in runs], [0, 0])
        for jump in (JUMPS[1], -JUMPS[1]):
            with open(self.path(f"rows{jump}.csv"), "rb") as f:
                self.assertEqual(f.read(), expected)
        self.assertEqual(len(self.entries()), 4)


@unittest.skipUnless(os.path.exists(test_faults.SHIM), "the shim is not built")
class Server(support.Case):
    def test_calls(self):
        """Deadlines and progress are on a clock that nobody sets."""
        ref, dis = support.patterns.write_pair(self.folder, "B", 64, 48, 8, 30)
        args = {"ref": ref, "dis": dis, "width": 64, "height": 48, "features": ["psnr"]}
        texts = []
        for env in ({}, *map(jumping, JUMPS)):
            client = mcp_client.Client([self.folder], {"VMAF_MCP_TIMEOUT": "60", **env})
            result = client.call("vmaf_score", args, token="p")
            self.assertNotIn("isError", result, result)
            self.assertGreater(len(client.progress["p"]), 0)
            self.assertEqual(client.close(), 0)
            found = {k: v for k, v in result["structuredContent"].items() if k not in TOLD_BY_THE_CLOCK}
            texts.append(json.dumps(found, sort_keys=True))
        self.assertEqual(set(texts), {texts[0]})

    def test_a_client_that_does_not_read(self):
        """The last moment that is left for its answers was told by the date: one set back by years meant waiting
        for years."""
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        lines = [{"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello}]
        lines += [{"jsonrpc": "2.0", "id": i, "method": "tools/list"} for i in range(1, 40)]
        process = subprocess.Popen([mcp_client.SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, env={**os.environ, **jumping(JUMPS[1])})  # fmt: skip
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        process.stdin.write("".join(json.dumps(line) + "\n" for line in lines).encode())
        begin = time.monotonic()
        process.stdin.close()
        self.assertEqual(process.wait(10 * mcp_client.patience()), 0)
        self.assertLess(time.monotonic() - begin, 5 * mcp_client.patience())


if __name__ == "__main__":
    unittest.main()
