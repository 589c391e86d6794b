# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The C programs in docs/api.md are compiled against the installed library and do what they say."""

import os
import re
import subprocess
import unittest

import installed
import support
from support import Case

# A host whose decimal separator has two bytes.
ABROAD = """#include <libvmaf/vmaf_ext.h>
#include <locale.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    VmafModel *model = NULL;
    VmafContext *merged = NULL;
    char error[300] = "";
    if (argc != 3 || !setlocale(LC_ALL, "ps_AF.UTF-8")) return 3;
    const int loaded = vmaf_model_load_from_path(&model, NULL, argv[1]);
    const int code = vmaf_ext_merge(&merged, (const char *const[]){argv[2]}, 1, error, sizeof(error));
    printf("%d %d %s\\n", loaded, code, error);
    vmaf_model_destroy(model);
    return vmaf_close(merged);
}
"""

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

    def test_a_decimal_separator_of_two_bytes(self):
        """The JSON library was stopped by an assertion, and the host program with it."""
        installed.needs("localedef")
        os.makedirs(self.path("locales"))
        # 1: there were warnings
        made = subprocess.run(["localedef", "-i", "ps_AF", "-f", "UTF-8", self.path("locales/ps_AF.UTF-8")],
                              capture_output=True)  # fmt: skip
        if made.returncode > 1:
            self.skipTest("the source of ps_AF is not there; see tools/deps.sh")
        clips = support.patterns.write_pair(self.folder, "B", W, H, 8, 2)
        report = self.path("r.json")
        done = support.run(*support.raw_args(*clips, W, H), "-q", "--precision", "max", "--json", "-o", report)
        self.assertEqual(done.returncode, 0, done.stderr)
        model = support.model_file("vmaf_v0.6.1")
        done = installed.run([self.build(ABROAD), model, report], **installed.environment(), LOCPATH=self.path("locales"))
        self.assertEqual(done.stdout, "0 0 \n")

    def test_what_we_add(self):
        done = installed.run([self.build(programs()[1])], **installed.environment())
        for words in ('unknown feature extractor "wif"', "10 frames\n", "worst frame 9", '"tinyvmaf": {'):
            self.assertIn(words, done.stdout)


if __name__ == "__main__":
    unittest.main()
