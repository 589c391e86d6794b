# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What the server costs beside the program: the same clip, in turns, in the same minute."""

import time
import unittest

import mcp_client
import support
from mcp_client import Case


@unittest.skipIf(support.SANITIZED, "times of a sanitizer build say nothing")
class Speed(Case):
    BAR = 1.03

    def pair(self):
        """300 frames of 576x324."""
        paths = {}
        for side in ("ref", "dis"):
            frames = [support.patterns.frame("B", side, 576, 324, f=f) for f in range(2)]
            paths[side] = self.file(side + ".yuv", b"".join(frames) * 150)
        return paths

    def measure(self, paths, turns=7):
        """Least time of both; what disturbs only makes a run longer."""
        args = support.raw_args(paths["ref"], paths["dis"], 576, 324)
        best = {"mcp": 1e9, "cli": 1e9}
        for _ in range(turns):
            for way in best:
                begin = time.perf_counter()
                if way == "mcp":
                    self.client.get("vmaf_score", **paths, width=576, height=324)
                else:
                    done = support.run(*args, "-q", "--json", "-o", self.path("report.json"))
                    self.assertEqual(done.returncode, 0)
                best[way] = min(best[way], time.perf_counter() - begin)
        return best["mcp"] / best["cli"]

    def test_scoring(self):
        support.model_file("vmaf_v0.6.1")
        paths = self.pair()
        ratio = 9
        for _ in range(3):
            ratio = min(ratio, self.measure(paths))
            if ratio <= self.BAR:
                break
        print(f"scoring through MCP: {ratio:.3f} times the program's time", flush=True)
        self.assertLessEqual(ratio, self.BAR)


if __name__ == "__main__":
    unittest.main()
