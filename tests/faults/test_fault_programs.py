# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The same faults as in test_faults.py for vmaf-train and vmaf-mcp: each run ends with a documented status and a
sentence; tables, entries of the cache and answers are whole or not there."""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import unittest

import support
import test_faults

sys.path.insert(0, os.path.join(support.TESTS, "train"))

import corpora  # noqa: E402

SERVER = os.path.join(support.ROOT, "bin", "vmaf-mcp")
MANY = 400  # more calls of one kind than these runs make


class Programs:
    """Runs self.arguments with one fault each. In front of Case among the bases."""

    input = ""
    tried = 0
    first = 1  # so many allocations are tried in any case
    share = 1  # of a sample one in so many, of long runs

    def command(self, prefix=(), **env):
        return subprocess.run([*prefix, *self.arguments], env={**self.env, **env}, input=self.input,
                              capture_output=True, encoding="utf-8", errors="replace", timeout=300)  # fmt: skip

    def check_end(self, done, what):
        self.assertIn(done.returncode, (0, 2, 4), f"{what}: {done.stderr}")
        if done.returncode:
            self.assertRegex(done.stderr, r"(?m)^vmaf-\w+: error: .", what)
        self.check_files(done, what)
        self.tried += 1

    @unittest.skipUnless(os.path.exists(test_faults.SHIM), "the shim is not built")
    def test_memory(self):
        counter, shim = self.path("count"), test_faults.SHIM
        self.prepare()
        self.assertEqual(self.command(LD_PRELOAD=shim, VM_FAULT_COUNT=counter).returncode, 0)
        with open(counter, encoding="ascii") as f:
            n = int(f.read())
        step = 1 if test_faults.FULL else self.share * max(1, n // test_faults.SAMPLES)
        for k in [*range(1, self.first), *range(self.first, n + 1, step)]:
            for variable in ("VM_FAULT_ALLOC", "VM_FAULT_ALLOC_FROM"):
                with self.subTest(f"{variable}={k} of {n}"):
                    self.prepare()
                    self.check_end(self.command(LD_PRELOAD=shim, **{variable: str(k)}), f"{variable}={k}")
        if test_faults.FULL:
            print(f"\n{self.id()}: {self.tried} tried", flush=True)

    def inject(self, calls, error):
        """The k-th call of a thread fails, for every k that there is."""
        if not shutil.which("strace"):
            self.skipTest("strace is not installed")
        log = self.path("strace.log")
        options = ["-f", "-qq", "-o", log, "-e", f"trace={calls}"]
        for k in range(1, MANY):
            self.prepare()
            done = self.command(["strace", *options, "-e", f"inject={calls}:error={error}:when={k}"])
            if "ptrace" in done.stderr:
                self.skipTest("tracing is not allowed here")
            with open(log, encoding="utf-8", errors="replace") as f:
                if "(INJECTED)" not in f.read():
                    self.assertGreater(k, 1, f"{calls} was not called")
                    return
            if "error while loading shared libraries" not in done.stderr:  # before the program begins
                with self.subTest(f"{calls} number {k} gives {error}"):
                    self.check_end(done, f"{calls} number {k}")
        self.fail(f"{calls}: more than {MANY}")


class Writers(Programs):
    """Those that leave files."""

    def test_writes(self):
        self.inject("write", "ENOSPC")
        self.inject("fsync", "EIO")
        self.inject("rename", "EIO")


class Train(Writers, corpora.CorpusCase):
    first = 100  # number 91, the list of workers, ended the program without a word

    def setUp(self):
        super().setUp()
        self.video("ref/Alpha_25fps.yuv", "A", frames=2)
        self.video("dis/Alpha_90_36_900.yuv", "A", frames=2)
        self.table = self.path("rows.csv")
        self.arguments = [corpora.PROGRAM, "export-dataset", "--data-root", self.root, "--cache-dir", self.cache,
                          "--jobs", "1", "--output", self.table, "--progress", "none"]  # fmt: skip
        done = self.command()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.whole = self.outputs()
        self.assertEqual(len(self.whole), 2)

    def outputs(self):
        found = {}
        for path in glob.glob(self.table) + glob.glob(os.path.join(self.cache, "*", "*.json")):
            with open(path, "rb") as f:
                found[path] = re.sub(rb'"created": "[^"]*"', b"", f.read())
        return found

    def prepare(self):
        for path in self.outputs():
            os.unlink(path)

    def temporary(self):
        return glob.glob(os.path.join(self.folder, "**", "*.tmp"), recursive=True)

    def check_files(self, done, what):
        """An entry was written with half a key when jansson had no memory for it; and, as with vmaf, a model
        whose numbers had lost digits gave rows that were wrong, with status 0."""
        found = self.outputs()
        for path, data in found.items():
            self.assertEqual(data, self.whole[path], f"{what}: {path}")
        if not done.returncode:
            self.assertIn(self.table, found, what)
        if self.temporary():  # of a run that had to end at once; the next one removes them
            self.assertEqual(self.command().returncode, 0)
        self.assertEqual(self.temporary(), [], what)

    def test_reads(self):
        self.inject("read,readv,pread64", "EIO")
        self.inject("read,readv,write", "EINTR")


class Serve(Programs, support.Case):
    input = (
        '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",'
        '"capabilities":{},"clientInfo":{"name":"t","version":"1"}}}\n'
        '{"jsonrpc":"2.0","id":2,"method":"tools/list"}\n'
        '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"vmaf_score","arguments":{}}}\n'
    )

    def setUp(self):
        super().setUp()
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("VMAF_")}
        self.arguments = [SERVER, "--allow", self.folder]

    def prepare(self):
        pass

    def check_files(self, done, what):
        # a client that went away in the middle of a line has no use for the rest
        for line in done.stdout.rpartition("\n")[0].splitlines():
            self.assertEqual(support.parse_json(line)["jsonrpc"], "2.0", what)

    def test_writes(self):
        self.inject("write,writev", "EPIPE")


class Answers:
    """A session that waits for the answer to its call before it ends, and what came by then."""

    ANSWER_TO = 2

    def command(self, prefix=(), **env):
        process = subprocess.Popen([*prefix, *self.arguments], env={**self.env, **env}, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", errors="replace")  # fmt: skip
        alarm = threading.Timer(30, process.kill)
        alarm.start()
        lines, answer = [], f'"id":{self.ANSWER_TO}'
        try:
            process.stdin.write(self.input)
            process.stdin.flush()
            for line in process.stdout:
                lines.append(line)
                if answer in line:
                    break
            process.stdin.close()
        except BrokenPipeError:
            pass
        lines.append(process.stdout.read())
        errors = process.stderr.read()
        process.wait()
        alarm.cancel()
        for stream in (process.stdout, process.stderr):
            stream.close()
        return subprocess.CompletedProcess(self.arguments, process.returncode, "".join(lines), errors)


class ServeScore(Answers, Programs, support.Case):
    """A score with a model, a tiny one and progress."""

    is_gone = False  # the client
    tool = "vmaf_score"
    more = {"features": ["psnr"], "tiny_models": ["vmaf_tiny_v1"]}

    def setUp(self):
        super().setUp()
        support.model_file("vmaf_v0.6.1")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("VMAF_")}
        self.arguments = [SERVER, "--allow", self.folder]
        ref, dis = support.patterns.write_pair(self.folder, "B", 48, 40, 8, 3)
        args = {"ref": ref, "dis": dis, "width": 48, "height": 40, **self.more}
        params = {"name": self.tool, "arguments": args, "_meta": {"progressToken": "p"}}
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        messages = [{"id": 1, "method": "initialize", "params": hello}, {"id": 2, "method": "tools/call", "params": params}]
        self.input = "".join(json.dumps({"jsonrpc": "2.0", **m}) + "\n" for m in messages)
        done = self.command()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.whole = self.scores(done)
        self.assertNotIn("warnings", self.whole)

    def prepare(self):
        pass

    def scores(self, done):
        """The result without what differs at every run; None: the call failed."""
        answers = [support.parse_json(x) for x in done.stdout.splitlines() if f'"id":{self.ANSWER_TO}' in x]
        self.assertLessEqual(len(answers), 1)
        if not answers or "error" in answers[0] or answers[0]["result"].get("isError"):
            return None
        result = answers[0]["result"]["structuredContent"]
        result = {k: v for k, v in result.items() if k not in ("seconds", "fps", "report")}
        return json.loads(re.sub("[0-9a-f]{32}", "ID", json.dumps(result)))

    def check_files(self, done, what):
        for line in done.stdout.rpartition("\n")[0].splitlines():
            self.assertEqual(support.parse_json(line)["jsonrpc"], "2.0", what)
        scores = self.scores(done)
        if scores is not None and "warnings" not in scores:
            self.assertEqual(scores, self.whole, what)
        elif scores is not None and scores["end"] == "complete" and self.tool == "vmaf_score":
            # the report is not kept, and the answer says so
            self.assertEqual({**scores, "warnings": None}, {**self.whole, "warnings": None}, what)
        if not done.returncode and not self.is_gone:
            self.assertIn(f'"id":{self.ANSWER_TO}', done.stdout, f"{what}: no answer")

    def test_writes(self):
        self.is_gone = True
        self.inject("write,writev", "EPIPE")

    def test_reads(self):
        self.inject("read,readv,pread64", "EIO")
        self.inject("read,readv,pread64", "EINTR")
        self.inject("write,writev", "EINTR")


class ServeWorst(ServeScore):
    """Pictures of the worst frames and what fell in them."""

    tool = "describe_worst_frames"
    more = {"n": 2}


if __name__ == "__main__":
    unittest.main()
