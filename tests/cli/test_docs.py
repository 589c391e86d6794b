# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The commands in README.md and docs/ work. A block fenced as `sh` is run; `console` and `text` show
what is not. Blocks of one page run one after the other in one folder, which holds the clips that
docs/testing.md lists."""

import glob
import os
import re
import shutil
import subprocess
import unittest

import support
from support import Case

PAGES = [os.path.join(support.ROOT, "README.md")]
PAGES += sorted(glob.glob(os.path.join(support.ROOT, "docs", "**", "*.md"), recursive=True))
SIZE = (192, 180)


def blocks(page):
    with open(page, encoding="utf-8") as f:
        return re.findall(r"^```sh\n(.*?)^```$", f.read(), flags=re.S | re.M)


@unittest.skipIf(support.SANITIZED, "examples are no test of memory")
@unittest.skipUnless(shutil.which("ffmpeg"), "ffmpeg is not installed")
class Docs(Case):
    def clips(self):
        """ref and dis as .yuv, .y4m and .mp4, and demo/clip.mp4, demo/good.mp4, demo/poor.mp4."""
        w, h = SIZE
        for name, side in (("ref", "ref"), ("dis", "dis")):
            self.file(name + ".y4m", support.y4m("B", side, w, h, frames=8))
            support.patterns.write(self.path(name + ".yuv"), "B", side, w, h, 8, 8)
        os.mkdir(self.path("demo"))
        for source, out in (
            ("ref.y4m", "ref.mp4"),
            ("dis.y4m", "dis.mp4"),
            ("ref.y4m", "demo/clip.mp4"),
            ("dis.y4m", "demo/good.mp4"),
            ("dis.y4m", "demo/poor.mp4"),
        ):
            subprocess.run(
                ["ffmpeg", "-nostdin", "-v", "error", "-i", self.path(source), self.path(out)],
                check=True,
            )

    def check_page(self, page):
        scripts = blocks(page)
        if not scripts:
            return
        support.model_file("vmaf_v0.6.1")
        self.clips()
        env = {**os.environ, "PATH": os.path.dirname(support.VMAF) + ":" + os.environ["PATH"]}
        os.symlink(os.path.dirname(support.VMAF), self.path("bin"))
        for script in scripts:
            done = subprocess.run(
                ["sh", "-eu", "-c", script],
                cwd=self.folder,
                env=env,
                capture_output=True,
                text=True,
                timeout=300,
            )
            self.assertEqual(done.returncode, 0, script + done.stdout + done.stderr)


def add_page_tests():
    for page in PAGES:
        name = os.path.relpath(page, support.ROOT)
        setattr(Docs, "test_" + name, lambda self, page=page: self.check_page(page))


add_page_tests()


class Links(unittest.TestCase):
    def test_relative_links_lead_somewhere(self):
        for page in PAGES + [os.path.join(support.ROOT, n) for n in ("CONTRIBUTING.md", "CHANGELOG.md")]:
            with open(page, encoding="utf-8") as f:
                for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", f.read()):
                    path = os.path.join(os.path.dirname(page), target)
                    self.assertTrue(os.path.exists(path), f"{page}: {target}")


if __name__ == "__main__":
    unittest.main()
