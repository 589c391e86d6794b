# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The load of load.py in its short form; make mcp-load is the long one."""

import unittest

import load
import support


@unittest.skipIf(support.SANITIZED, "a sanitizer keeps freed memory for a while")
class Load(unittest.TestCase):
    def setUp(self):
        support.model_file("vmaf_v0.6.1")

    def test_calls(self):
        growth, _ = load.measure_calls(1600)
        self.assertLess(growth, load.GROWTH_KB)

    def test_cancellations(self):
        growth, threads = load.measure_cancellations(150)
        self.assertLess(growth, load.GROWTH_KB)
        self.assertLessEqual(threads, 0)

    def test_clients(self):
        growth, _ = load.measure_clients(100, 3)
        self.assertLess(growth, load.GROWTH_KB)


if __name__ == "__main__":
    unittest.main()
