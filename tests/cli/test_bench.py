# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The bench itself works: on tiny patterns, alone and with another program beside it."""

import os
import re
import subprocess
import sys
import unittest

import support
from support import Case

BENCH = os.path.join(support.ROOT, "bench", "run.py")
SECTIONS = [
    "Machine",
    "Speed, one thread",
    "Instruction sets",
    "Threads",
    "Two models in one run",
    "Estimates",
    "Peak memory, MB",
    "Features",
    "Cost as work grows",
    "Kernels",
    "Kernels alone",
    "Tiny models",
    "Bars",
    "Falls short of a bar",
]


@unittest.skipIf(support.SANITIZED, "speed of a sanitized build means nothing")
class Bench(Case):
    def bench(self, *args):
        """The page of a quick run without the network."""
        support.model_file("vmaf_v0.6.1neg")
        out = self.path("RESULTS.md")
        command = [sys.executable, BENCH, "--quick", "--pattern", "--no-npm", "--vmaf", support.VMAF]
        command += ["--out", out, "--cache", self.path("clips"), *args]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(out, encoding="utf-8") as f:
            page = f.read()
        self.assertTrue(done.stdout.startswith(page.rstrip()), "the terminal shows something else")
        return page

    def test_every_section_is_there(self):
        # Beside itself, so that everything compared is there too.
        page = self.bench("--peer", support.VMAF)
        self.assertEqual(re.findall(r"^## (.*)$", page, re.M), SECTIONS)
        bars = page[page.index("## Bars") : page.index("## Falls short")]
        for words in ("1080p 8-bit, AVX2", "10-bit", "2160p", "576x324", "NEG", "memory", "float_ms_ssim"):
            self.assertIn(words, bars)
        for line in bars.splitlines():
            if " | peer " in line and "| what" not in line:
                self.assertRegex(line, r"\| (aim|bar|falls short) +\|$")
        self.assertNotIn("nan", page)

    def test_a_missing_peer_is_an_error(self):
        command = [sys.executable, BENCH, "--quick", "--pattern", "--no-npm", "--peer", "/no/such/vmaf"]
        command += ["--out", self.path("RESULTS.md"), "--cache", self.path("clips")]
        done = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("/no/such/vmaf", done.stderr)
        self.assertFalse(os.path.exists(self.path("RESULTS.md")))


class Limits(unittest.TestCase):
    """The limits of kernels rest on reading disassembly."""

    def setUp(self):
        sys.path.insert(0, os.path.dirname(BENCH))
        self.addCleanup(sys.path.remove, os.path.dirname(BENCH))
        import kernels

        self.kernels = kernels

    def test_instructions_are_classified(self):
        for text, classes, width in [
            ("vpaddd %zmm1,%zmm2,%zmm3", ["add"], 64),
            ("vpmaddwd (%rax,%rdx,2),%ymm1,%ymm2", ["load", "multiply"], 32),
            ("vmovdqu64 %zmm1,0x40(%rdi,%rax,4)", ["store"], 64),
            ("movdqa %xmm1,%xmm2", [], 16),
            ("vpmovzxbw (%rsi),%zmm0", ["load", "shuffle"], 64),
            ("vcvtdq2pd %ymm1,%zmm2", ["fadd"], 64),
            ("vdivpd %ymm1,%ymm2,%ymm3", ["divide"], 32),
            ("vfmadd213ps %ymm1,%ymm2,%ymm3", ["fmul"], 32),
            ("vpsrad $0x10,%ymm1,%ymm1", ["shift"], 32),
            ("pmulhuw %xmm1,%xmm2", ["multiply"], 16),
            ("add %rax,(%rbx)", [], 0),
        ]:
            with self.subTest(text):
                self.assertEqual(self.kernels.classify(*text.split(" ", 1)), (classes, width))

    def test_the_busiest_resource_is_the_limit(self):
        rates = {("any", 16): 6, ("add", 32): 4, ("multiply", 32): 2}
        counts = {("any", 16): 12, ("multiply", 32): 6, ("add", 32): 2}
        self.assertEqual(self.kernels.lower_bound(counts, rates), (3, "multiply"))


if __name__ == "__main__":
    unittest.main()
