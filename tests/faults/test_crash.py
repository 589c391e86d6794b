# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Extractions killed at random moments and started again. VMAF_CRASH says how many kills; make crash does 200."""

import os
import random
import signal
import subprocess
import sys
import time
import unittest

import support

sys.path.insert(0, os.path.join(support.TESTS, "train"))

import corpora  # noqa: E402

KILLS = int(os.environ.get("VMAF_CRASH") or 8)
RUNGS = 12


class Crash(corpora.CorpusCase):
    def entries(self):
        """Those of the cache by path: what they hold and which file they are."""
        found = {}
        for folder, _, names in os.walk(self.cache):
            for path in (os.path.join(folder, name) for name in names if name.endswith(".json")):
                with open(path, encoding="utf-8") as f:
                    support.parse_json(f.read())  # what has its name is whole
                info = os.stat(path)
                found[path] = (info.st_ino, info.st_mtime_ns)
        return found

    def export(self, *args):
        path = self.path("rows.csv")
        self.good("export-dataset", "--cache-dir", self.cache, "--output", path, *args)
        with open(path, "rb") as f:
            return f.read()

    def start(self):
        command = [corpora.PROGRAM, "extract-features", "--data-root", self.root, "--cache-dir", self.cache]
        return subprocess.Popen([*command, "--jobs", "2"], env=self.env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip

    def empty_cache(self):
        for folder, _, names in os.walk(self.cache):
            for name in names:
                os.unlink(os.path.join(folder, name))

    def test_killed_at_random_moments(self):
        self.video("ref/Alpha_25fps.yuv", "A", frames=6)
        for k in range(RUNGS):
            self.video(f"dis/Alpha_{k}_36_{100 + k}.yuv", "A", frames=6)
        expected = self.export("--cache", "off")
        began = time.monotonic()
        self.extract()
        whole = time.monotonic() - began
        self.empty_cache()
        chance, killed, finished, kept = random.Random(1), 0, 0, 0
        while killed < KILLS:
            before = self.entries()
            process = self.start()
            time.sleep(chance.uniform(0, whole))
            process.send_signal(signal.SIGKILL)
            code = process.wait()
            after = self.entries()
            # no work is done twice: what was there is the same file still
            self.assertEqual({path: after.get(path) for path in before}, before)
            kept += len(before)
            if code == -signal.SIGKILL:
                killed += 1
            if len(after) == RUNGS or killed == KILLS:
                finished += 1
                self.assertEqual(self.export(), expected)
                # a lease may be left of one killed between its entry and its end; it binds nobody
                left = [n for _, _, names in os.walk(self.cache) for n in names if n.endswith(".tmp")]
                self.assertEqual(left, [], "temporary files are left")
                self.empty_cache()
        print(f"\n{killed} kills, {finished} datasets as undisturbed, {kept} entries kept over them", flush=True)


if __name__ == "__main__":
    unittest.main()
