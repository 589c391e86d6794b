# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The cheap features are those of the pictures at half their size, which the test halves itself."""

import array
import unittest

import support
from support import Case

# What the features of the half-size pictures are called there.
HALF = {
    "fast_adm2": "integer_adm2",
    **{f"fast_adm_scale{s}": f"integer_adm_scale{s}" for s in range(4)},
    "fast_vif_scale2": "integer_vif_scale2",
    "fast_vif_scale3": "integer_vif_scale3",
    "fast_motion2": "integer_motion2",
    "fast_psnr_half": "psnr_y",
}


def half(samples, w, h):
    """Means of 2 x 2 luma samples, halves rounded up; the last row or column of odd sizes is dropped."""
    return [
        (samples[y * w + x] + samples[y * w + x + 1] + samples[y * w + w + x] + samples[y * w + w + x + 1] + 2) >> 2
        for y in range(0, h - 1, 2)
        for x in range(0, w - 1, 2)
    ]


class Fast(Case):
    def halved(self, path, w, h, bits, frames):
        kind = "B" if bits == 8 else "H"
        data = array.array(kind)
        with open(path, "rb") as f:
            data.frombytes(f.read())
        size, out = len(data) // frames, array.array(kind)
        for f in range(frames):
            out.extend(half(data[f * size : f * size + w * h], w, h))
        return self.file(f"half-{path.rsplit('/', 1)[1]}", out.tobytes())

    def test_as_at_half_size(self):
        for w, h, bits, frames in ((96, 80, 8, 4), (97, 71, 8, 3), (34, 34, 8, 2), (80, 66, 10, 3)):
            with self.subTest(w=w, h=h, bits=bits):
                pair = self.pair("B", w, h, bits, frames)
                fast = support.score(*pair, "-n", "--feature", "fast")["frames"]
                paths = [self.halved(pair[i], w, h, bits, frames) for i in (1, 3)]
                size = support.raw_args(*paths, w // 2, h // 2, "400", bits)
                features = ("adm=debug=true", "vif", "motion", "psnr")
                want = support.score(*size, "-n", *(x for f in features for x in ("--feature", f)))["frames"]
                whole = support.score(*pair, "-n", "--feature", "psnr")["frames"]
                for got, expected, full in zip(fast, want, whole, strict=True):
                    for name, origin in HALF.items():
                        self.assertEqual(got["metrics"][name], expected["metrics"][origin], name)
                    self.assertEqual(got["metrics"]["fast_psnr"], full["metrics"]["psnr_y"])

    def test_too_small(self):
        self.check_fault(2, ["fast", "34x34"], *self.pair("B", 33, 40), "-n", "--feature", "fast")

    def test_first_scale_of_vif(self):
        pair = self.pair("A", 80, 64)
        coarse = support.score(*pair, "-n", "--feature", "vif=vif_first_scale=2")["frames"]
        for got, full in zip(coarse, support.score(*pair, "-n", "--feature", "vif")["frames"], strict=True):
            for s in range(4):
                want = full["metrics"][f"integer_vif_scale{s}"] if s >= 2 else 0
                self.assertEqual(got["metrics"][f"integer_vif_scale{s}_vfs_2"], want)


if __name__ == "__main__":
    unittest.main()
