# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The C programs in docs/api.md are compiled against the installed library and do what they say."""

import os
import re
import unittest

import installed
import support
from support import Case

PAGE = os.path.join(support.ROOT, "docs", "api.md")
W, H = 192, 180


def programs():
    with open(PAGE, encoding="utf-8") as f:
        return re.findall(r"^```c\n(.*?)^```$", f.read(), flags=re.S | re.M)


class Examples(Case):
    def build(self, text):
        installed.needs("gcc")
        flags = ["-Wall", "-Wextra", "-Werror", "-std=c11"]
        source = self.file("example.c", text)
        out = self.path("example")
        installed.run(["gcc", *flags, source, "-o", out, *installed.pkg_config("--cflags", "--libs")])
        return out

    def test_the_page_has_two(self):
        self.assertEqual(len(programs()), 2)

    def test_a_score(self):
        support.model_file("vmaf_v0.6.1")
        clips = support.patterns.write_pair(self.folder, "B", W, H, 8, 6)
        command = [self.build(programs()[0]), *clips, W, H]
        printed = installed.run(command, **installed.environment()).stdout
        ours = support.run(*support.raw_args(*clips, W, H), "-q").stdout
        self.assertEqual(printed, ours.split(": ")[1])

    def test_what_we_add(self):
        done = installed.run([self.build(programs()[1])], **installed.environment())
        for words in ('unknown feature extractor "wif"', "10 frames\n", "worst frame 9", '"tinyvmaf": {'):
            self.assertIn(words, done.stdout)


if __name__ == "__main__":
    unittest.main()
