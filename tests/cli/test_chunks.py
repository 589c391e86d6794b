# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A clip scored in chunks has the rows of the clip scored in one run."""

import unittest

import support
from support import Case, patterns

FRAMES = 20
MOTION = [
    "motion",
    "motion=debug=true:motion_moving_average=true",
    "motion=motion_five_frame_window=true:motion_fps_weight=1.5",
    "motion=motion_five_frame_window=true:motion_moving_average=true:motion_blend_factor=0.5",
    "float_motion=motion_add_scale1=true",
]


class Clip(Case):
    """A still clip has no motion; this one changes speed, so that every frame's motion is its own."""

    def clip(self, w=48, h=34, bits=8, frames=FRAMES):
        paths = []
        for side in ("ref", "dis"):
            data = b"".join(
                patterns.frame("A", side, w, h, bits, f * (3 + f % 4) + f * f) for f in range(frames)
            )
            paths.append(self.file(f"{side}{bits}.yuv", data))
        return support.raw_args(*paths, w, h, "420", bits)


class Chunks(Clip):
    def check(self, args, sizes=(1, 2, 5, 7), frames=FRAMES):
        """Rows of the chunks, one after another, are those of the whole."""
        args = [*args, "--threads", 2]
        whole = support.score(*args)
        for size in sizes:
            rows = []
            for first in range(0, frames, size):
                report = support.score(*args, "--chunk", f"{first}:{size}")
                numbers = [row["frameNum"] for row in report["frames"]]
                self.assertTrue(all(first <= n < first + size for n in numbers), numbers)
                self.assertEqual(report["tinyvmaf"]["first_frame"], first)
                self.assertEqual(report["tinyvmaf"]["frames"], min(size, frames - first))
                rows += report["frames"]
            for expected, row in zip(whole["frames"], rows):
                self.assertEqual(row, expected, f"chunks of {size}")
            self.assertEqual(len(rows), len(whole["frames"]))

    def features(self, names):
        return ["-n", *(x for name in names for x in ("--feature", name))]

    def test_model(self):
        support.model_file("vmaf_v0.6.1")
        for bits in (8, 10):
            self.check([*self.clip(bits=bits), "-m", "version=vmaf_v0.6.1", "--feature", "psnr"])

    def test_motion_options(self):
        for motion in MOTION:
            with self.subTest(motion):
                self.check([*self.clip(), *self.features([motion])])

    def test_all_motion_at_once(self):
        self.check([*self.clip(bits=10), *self.features(MOTION)])

    def test_subsample(self):
        for step in (2, 3):
            self.check([*self.clip(), *self.features(MOTION[:4] + ["psnr", "vif"]), "--subsample", step])

    def test_a_chunk_that_subsampling_empties(self):
        args = [*self.clip(), "-n", "--feature", "psnr", "--subsample", 5, "--chunk", "1:3", "--json", "-"]
        result = support.run(*args)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("leaves no frame", result.stderr)
        self.assertEqual(support.parse_json(result.stdout)["frames"], [])

    def test_skipped_frames_and_a_limit(self):
        """The chunk is one of the clip that the other options describe."""
        options = ["--frame_skip_ref", 3, "--frame_skip_dist", 1, "--frame_cnt", 15]
        self.check([*self.clip(), *self.features(MOTION[3:4]), *options], frames=15)

    def test_pooled_values_are_the_chunks_own(self):
        args = [*self.clip(), *self.features(["psnr=enable_apsnr=true", "vif"]), "--frame_cnt", 9]
        report = support.score(*args, "--chunk", "4:3")
        values = [row["metrics"]["psnr_y"] for row in report["frames"]]
        self.assertEqual(report["pooled_metrics"]["psnr_y"]["mean"], sum(values) / 3)
        one = support.score(*args, "--chunk", "4:1")
        apsnr = one["aggregate_metrics"]["apsnr_y"]
        self.assertAlmostEqual(apsnr, one["frames"][0]["metrics"]["psnr_y"], places=9)

    def test_y4m_through_a_pipe(self):
        ref = support.y4m("A", "ref", 48, 34, frames=9)
        dis = self.file("dis.y4m", support.y4m("A", "dis", 48, 34, frames=9))
        whole = support.score("-r", self.file("ref.y4m", ref), "-d", dis, *self.features(MOTION))
        args = ["-r", "/dev/stdin", "-d", dis, *self.features(MOTION), "--chunk", "4:3"]
        with open(self.path("ref.y4m"), "rb") as stdin:
            result = support.run(*args, "--precision", "max", "-q", "--json", "-", stdin=stdin)
        self.assertEqual(support.parse_json(result.stdout)["frames"], whole["frames"][4:7])


class Faults(Clip):
    def test_behind_the_end(self):
        args = [*self.clip(), "-n", "--feature", "motion"]
        for chunk in ("20:5", "21:1", "400:5"):
            self.check_fault(2, ["has 20 frames", f"--chunk {chunk}"], *args, "--chunk", chunk)
        self.check_fault(1, ["--frame_cnt 7"], *args, "--chunk", "7:1", "--frame_cnt", 7)

    def test_unreadable(self):
        for text in ("5", "5:", ":5", "5:0", "a:5", "5:5:5", "-1:5", "5:99999999999", "0" * 40 + ":1"):
            self.check_fault(1, ["FIRST:COUNT"], *self.clip(), "--chunk", text)


if __name__ == "__main__":
    unittest.main()
