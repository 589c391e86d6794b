# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Starts are cheap: some clients start a server once to look at it and once more to work with it."""

import unittest

import bench
import node
import support


@unittest.skipIf(support.SANITIZED, "times of a sanitizer build say nothing")
class Start(unittest.TestCase):
    CPU_MS = 10
    TIMES = 20

    def test_start(self):
        """Processor time from the start to the first list of tools, beside the smallest SDK server's."""
        node.modules()
        starts = bench.measure_start({"ours": bench.ours(), "smallest": bench.smallest()}, 5)
        ours, smallest = starts["ours"][2], starts["smallest"][2]
        print(f"start: {ours:.1f} ms of CPU, the smallest SDK server {smallest:.0f} ms", flush=True)
        self.assertLessEqual(ours, self.CPU_MS)
        self.assertGreaterEqual(smallest / ours, self.TIMES)

    def test_call(self):
        """What list_models costs beside a ping, which is the same way without work."""
        least = 9
        for _ in range(3):
            times, _ = bench.measure_warm(bench.ours(), 300)
            least = min(least, times["tools/call"] - times["ping"])
        print(f"list_models: {least:.3f} ms more than a ping", flush=True)
        self.assertLessEqual(least, 0.1)


if __name__ == "__main__":
    unittest.main()
