# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The cheap features are those of the pictures at half their size, which the test halves itself."""

import array
import math
import unittest

import support
from support import Case, patterns

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


# Rows of a band at half size.
BAND = 32
ALL = [x for f in ("adm=debug=true", "vif=debug=true", "motion", "psnr=enable_mse=true") for x in ("--feature", f)]


def bands(h, every, height=BAND):
    """First rows of bands in a picture of h rows: one in `every`, in the middle of equal shares."""
    n = max(math.floor(h / (height * every) + 0.5), 1)
    return [(2 * i + 1) * h // (2 * n) - height // 2 for i in range(n)]


class FastCase(Case):
    def lumas(self, path, w, h, bits, frames):
        data = array.array("B" if bits == 8 else "H")
        with open(path, "rb") as f:
            data.frombytes(f.read())
        size = len(data) // frames
        return [data[f * size : f * size + w * h] for f in range(frames)]

    def halved(self, path, w, h, bits, frames, first=0, rows=None):
        """The luma at half size, or some rows of it, as a file."""
        rows = h // 2 - first if rows is None else rows
        w2, out = w // 2, array.array("B" if bits == 8 else "H")
        for luma in self.lumas(path, w, h, bits, frames):
            out.extend(half(luma, w, h)[first * w2 : (first + rows) * w2])
        return self.file(f"half-{first}-{path.rsplit('/', 1)[1]}", out.tobytes())

    def cropped(self, path, w, h, bits, frames, first, rows):
        out = array.array("B" if bits == 8 else "H")
        for luma in self.lumas(path, w, h, bits, frames):
            out.extend(luma[first * w : (first + rows) * w])
        return self.file(f"crop-{first}-{path.rsplit('/', 1)[1]}", out.tobytes())

    def all_of(self, paths, w, h, bits):
        frames = support.score(*support.raw_args(*paths, w, h, "400", bits), "-n", *ALL)["frames"]
        return [frame["metrics"] for frame in frames]

    def of_bands(self, pair, w, h, bits, frames, firsts):
        """All features of the bands as pictures of their own: at half size, and at full size."""
        halves = [[self.halved(pair[k], w, h, bits, frames, y, BAND) for k in (1, 3)] for y in firsts]
        return [self.all_of(paths, w // 2, BAND, bits) for paths in halves]

    def of_full_bands(self, pair, w, h, bits, frames, firsts):
        crops = [[self.cropped(pair[k], w, h, bits, frames, y, 2 * BAND) for k in (1, 3)] for y in firsts]
        return [self.all_of(paths, w, 2 * BAND, bits) for paths in crops]

    def fast(self, pair, options=""):
        """Rows of the extractor, names without the options."""
        rows = support.score(*pair, "-n", "--feature", "fast" + ("=" + options if options else ""))["frames"]
        suffix = "".join("_" + o.replace("=", "_") for o in options.split(":") if o)
        return [{n.removesuffix(suffix): v for n, v in row["metrics"].items()} for row in rows]


class Bands(FastCase):
    def test_one_band_is_a_picture_of_its_own(self):
        for w, h, bits, every in ((96, 80, 8, 2), (97, 91, 8, 4), (80, 66, 10, 3), (64, 120, 12, 64)):
            with self.subTest(w=w, h=h, bits=bits):
                pair = self.pair("B", w, h, bits, 3)
                (want,) = self.of_bands(pair, w, h, bits, 3, bands(h // 2, every))
                (full,) = self.of_full_bands(pair, w, h, bits, 3, bands(h, every, 2 * BAND))
                for got, half_size, full_size in zip(self.fast(pair, f"bands={every}"), want, full, strict=True):
                    self.assertEqual(got["fast_psnr"], full_size["psnr_y"])
                    for name, origin in HALF.items():
                        self.assertEqual(got[name], half_size[origin], name)

    def test_several_bands_are_their_mean(self):
        """Errors, differences and the parts of VIF's quotients add up; ADM's do not, see the next test."""
        w, h, frames, firsts = 64, 384, 3, bands(192, 2)
        self.assertEqual(firsts, [16, 80, 144])
        pair = self.pair("A", w, h, 8, frames)
        of_bands = self.of_bands(pair, w, h, 8, frames, firsts)
        full = self.of_full_bands(pair, w, h, 8, frames, [2 * y for y in firsts])
        for i, got in enumerate(self.fast(pair, "bands=2")):
            rows = [band[i] for band in of_bands]
            self.assertAlmostEqual(got["fast_psnr_half"], self.psnr(rows, w // 2 * BAND), places=9)
            self.assertAlmostEqual(got["fast_psnr"], self.psnr([band[i] for band in full], w * 2 * BAND), places=9)
            for s in (2, 3):
                num, den = (sum(row[f"integer_vif_{part}_scale{s}"] for row in rows) for part in ("num", "den"))
                self.assertAlmostEqual(got[f"fast_vif_scale{s}"], num / den, places=4)
        whole = [row["fast_motion"] for row in self.fast(pair, "bands=2")]
        parts = [[row["integer_motion2"] for row in band] for band in of_bands]
        self.assertAlmostEqual(whole[-1], sum(band[-1] for band in parts) / 3, places=3)

    def psnr(self, rows, samples):
        """The mean of the bands' sums is a whole number, as they are."""
        sse = sum(round(row["mse_y"] * samples) for row in rows) // len(rows)
        return 10 * math.log10(255**2 * samples / sse)

    def test_equal_bands_are_as_one(self):
        for bits in (8, 10):
            pair = self.pair("B", 64, 128, bits, 3)
            tall = list(pair)
            for k in (1, 3):
                data = b"".join(3 * luma.tobytes() for luma in self.lumas(pair[k], 64, 128, bits, 3))
                tall[k] = self.file(f"tall{k}.yuv", data)
            tall = support.raw_args(tall[1], tall[3], 64, 384, "400", bits)
            options = "bands=2"
            self.assertEqual(self.fast(tall, options), self.fast(pair, options))

    def test_values_that_are_refused(self):
        pair = self.pair("B", 64, 64)
        for option in ("bands=0", "bands=65", "bands=x", "bands=2.5", "rows=-1", "rows=9"):
            with self.subTest(option):
                name = option.split("=")[0]
                self.check_fault(2, [name, "fast"], *pair, "-n", "--feature", "fast=" + option)

    def test_frames_that_are_left_out(self):
        pair = self.pair("B", 96, 80, frames=7)
        for options in ("", "=bands=2:rows=4"):
            args = [*pair, "-n", "--feature", "fast" + options]
            frames = support.score(*args, "--subsample", 3)["frames"]
            self.assertEqual([f["frameNum"] for f in frames], [0, 3, 6])
            self.assertEqual(frames, support.score(*args)["frames"][::3])


class Fast(FastCase):

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

    def test_rows(self):
        """ADM of the full size and the fine scales of VIF at half size, as those extractors give them."""
        cases = ((270, 8, "rows=8", 2, 4), (270, 10, "rows=4", 1, 2), (80, 8, "rows=8", 1, 1))
        for h, bits, options, adm, vif in cases:
            pair = self.pair("A", 64, h, bits)
            plain, got = self.fast(pair), self.fast(pair, options)
            want = support.score(*pair, "-n", "--feature", f"adm=adm_row_step={adm}")["frames"]
            half_size = [self.halved(pair[i], 64, h, bits, 3) for i in (1, 3)]
            half_size = support.raw_args(*half_size, 32, h // 2, "400", bits)
            fine = support.score(*half_size, "-n", "--feature", f"vif=vif_row_step={vif}")["frames"]
            suffixes = [f"_{name}_{step}" if step > 1 else "" for name, step in (("ars", adm), ("vrs", vif))]
            for i, row in enumerate(got):
                expected = {"fast_adm2": want[i]["metrics"]["integer_adm2" + suffixes[0]]}
                for s in range(4):
                    expected[f"fast_adm_scale{s}"] = want[i]["metrics"][f"integer_adm_scale{s}{suffixes[0]}"]
                    expected[f"fast_vif_scale{s}"] = fine[i]["metrics"][f"integer_vif_scale{s}{suffixes[1]}"]
                self.assertEqual(row, plain[i] | expected)

    def test_too_small(self):
        self.check_fault(2, ["fast", "34x34"], *self.pair("B", 33, 40), "-n", "--feature", "fast")

    def test_first_scale_of_vif(self):
        pair = self.pair("A", 80, 64)
        coarse = support.score(*pair, "-n", "--feature", "vif=vif_first_scale=2")["frames"]
        for got, full in zip(coarse, support.score(*pair, "-n", "--feature", "vif")["frames"], strict=True):
            for s in range(4):
                want = full["metrics"][f"integer_vif_scale{s}"] if s >= 2 else 0
                self.assertEqual(got["metrics"][f"integer_vif_scale{s}_vfs_2"], want)


class RowStep(FastCase):
    """ADM and VIF whose two finest scales look at some rows only."""

    def features(self, pair, *names):
        rows = support.score(*pair, "-n", *(x for name in names for x in ("--feature", name)))["frames"]
        return [row["metrics"] for row in rows]

    def columns(self, w, h):
        """Pictures whose rows are all alike: any choice of rows has the same scores."""
        line = {"ref": bytes((x * 37) % 251 for x in range(w)), "dis": bytes((x * 35) % 239 for x in range(w))}
        paths = [self.file(side + ".yuv", line[side] * h) for side in line]
        return support.raw_args(*paths, w, h, "400", 8)

    def test_equal_rows(self):
        h, pair = 160, self.columns(96, 160)
        (want,) = self.features(pair, "adm=debug=true", "vif=debug=true")
        for step in (2, 5, 8):
            names = [f"adm=adm_row_step={step}:debug=true", f"vif=vif_row_step={step}:debug=true"]
            (got,) = self.features(pair, *names)
            for s in range(4):
                adm, vif = f"integer_adm_scale{s}", f"integer_vif_scale{s}"
                self.assertAlmostEqual(got[f"{adm}_ars_{step}"], want[adm], places=5)
                self.assertAlmostEqual(got[f"{vif}_vrs_{step}"], want[vif], places=5)
                rows = h >> s
                seen = len(range(step // 2, rows, step)) if s < 2 else rows
                den = f"integer_vif_den_scale{s}"
                self.assertAlmostEqual(got[f"{den}_vrs_{step}"] / want[den], seen / rows, places=5)

    def test_damage_between_the_groups_is_not_seen(self):
        """Of 4 groups of 4 rows of scale 0 one is taken: first rows 24 to 27, made from 47 to 56 of the picture."""
        w, h = 64, 256
        clean = patterns.frame("B", "ref", w, h, 8, 0, "400")
        untouched = None
        for first, last, seen in ((0, 0, 0), (60, 75, 0), (48, 55, 1), (79, 88, 1), (92, 107, 0)):
            hurt = bytearray(clean)
            for y in range(first, last):
                hurt[y * w : y * w + w] = bytes(255 - v // 2 for v in clean[y * w : y * w + w])
            paths = [self.file("ref.yuv", clean), self.file("dis.yuv", bytes(hurt))]
            pair = support.raw_args(*paths, w, h, "400", 8)
            (got,) = self.features(pair, "adm=adm_row_step=4")
            untouched = untouched or got
            for scale, differs in ((0, bool(seen)), (3, last > first)):
                name = f"integer_adm_scale{scale}_ars_4"
                self.assertEqual(got[name] != untouched[name], differs, (first, last, scale))

    def test_beside_all_rows(self):
        names = ["adm", "adm=adm_row_step=2", "adm=adm_row_step=4:adm_enhn_gain_limit=1"]
        names += ["vif", "vif=vif_row_step=3", "vif=vif_row_step=8:vif_enhn_gain_limit=1"]
        for bits in (8, 10):
            pair = self.pair("A", 96, 144, bits)
            together = self.features(pair, *names)
            for name in names:
                for row, alone in zip(together, self.features(pair, name), strict=True):
                    self.assertLessEqual(alone.items(), row.items(), name)

    def test_near_all_rows(self):
        pair = self.pair("A", 192, 256, frames=2)
        for row in self.features(pair, "adm", "vif", "adm=adm_row_step=4", "vif=vif_row_step=4"):
            self.assertAlmostEqual(row["integer_adm2_ars_4"], row["integer_adm2"], delta=0.02)
            self.assertAlmostEqual(row["integer_vif_scale0_vrs_4"], row["integer_vif_scale0"], delta=0.02)

    def test_too_few_rows(self):
        for name, rows in (("adm=adm_row_step=8", 128), ("vif=vif_row_step=16", 64)):
            option = name.split("=")[1]
            self.check_fault(2, [option, f"at least {rows}"], *self.pair("B", 64, rows - 1), "-n", "--feature", name)
            self.features(self.pair("B", 64, rows), name)


if __name__ == "__main__":
    unittest.main()
