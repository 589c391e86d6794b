# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Raw pairs of every size the bench needs, made once from the demo's clip and its poor encode and kept.

Decoded beforehand and read from the page cache, they leave scoring as what is measured.
"""

import dataclasses
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "golden"))

import patterns  # noqa: E402

SOURCES = {"ref": "demo/clip.mp4", "dis": "demo/poor.mp4"}


@dataclasses.dataclass(frozen=True)
class Clip:
    """A pair of raw 4:2:0 files; ref and dis are names in the folder."""

    w: int
    h: int
    bits: int
    frames: int
    folder: str

    @property
    def title(self):
        return f"{self.w}x{self.h} {self.bits}-bit"

    def name(self, side):
        return f"{self.w}x{self.h}-{self.bits}-{self.frames}-{side}.yuv"

    def path(self, side):
        return os.path.join(self.folder, self.name(side))

    @property
    def size(self):
        samples = self.w * self.h + 2 * ((self.w + 1) // 2) * ((self.h + 1) // 2)
        return samples * (1 if self.bits == 8 else 2) * self.frames


def decode(clip, side, path):
    """The source, scaled and repeated as often as the frames need."""
    depth = "" if clip.bits == 8 else f"{clip.bits}le"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-stream_loop", "-1", "-noautorotate"]
    command += ["-i", os.path.join(ROOT, SOURCES[side]), "-frames:v", str(clip.frames)]
    command += ["-vf", f"scale={clip.w}:{clip.h}:flags=bicubic", "-pix_fmt", "yuv420p" + depth]
    command += ["-fps_mode", "passthrough", "-f", "rawvideo", path]
    if subprocess.run(command).returncode:
        sys.exit(f"bench: error: ffmpeg could not make {path}")


def draw(clip, side, path):
    """A test pattern: two frames, repeated."""
    frames = [patterns.frame("B", side, clip.w, clip.h, clip.bits, f) for f in range(2)]
    with open(path, "wb") as out:
        for f in range(clip.frames):
            out.write(frames[f % 2])


class Maker:
    """Makes clips in a folder; natural ones, or patterns, which need nothing but Python."""

    def __init__(self, folder, natural):
        os.makedirs(folder, exist_ok=True)
        self.folder = os.path.abspath(folder)
        self.fill = decode if natural else draw
        if natural:
            self.check_sources()

    @staticmethod
    def check_sources():
        missing = [name for name in SOURCES.values() if not os.path.exists(os.path.join(ROOT, name))]
        if missing:
            sys.exit(f"bench: error: {' and '.join(missing)} missing: run `make demo` first")
        if not shutil.which("ffmpeg"):
            sys.exit("bench: error: ffmpeg is not installed: run `tools/deps.sh demo`")

    def make(self, w, h, bits, frames):
        clip = Clip(w, h, bits, frames, self.folder)
        for side in SOURCES:
            path = clip.path(side)
            if not os.path.exists(path):
                self.fill(clip, side, path + ".part")
                got = os.path.getsize(path + ".part")
                if got != clip.size:
                    sys.exit(f"bench: error: {path}.part has {got} bytes, expected {clip.size}")
                os.replace(path + ".part", path)
        return clip
