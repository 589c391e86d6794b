# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The same pictures give the same numbers, whatever holds them."""

import os
import shutil
import subprocess
import threading
import unittest

import support
from support import Case, patterns

# Cheap features that touch luma and chroma, in integers and in frame order.
FEATURES = ["-n", "--feature", "psnr=enable_mse=true", "--feature", "vif", "--feature", "motion"]


def ffmpeg(*args):
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, args)], check=True)


def metrics(report):
    return [frame["metrics"] for frame in report["frames"]]


class Inputs(Case):
    def raw(self, pixel_format="420", bits=8, w=64, h=48, frames=3):
        return self.pair("B", w, h, bits, frames, pixel_format)

    def expected(self, *args, **kwargs):
        return metrics(support.score(*self.raw(*args, **kwargs), *FEATURES))

    def check_files(self, ref, dis, expected, *args):
        self.assertEqual(metrics(support.score("-r", ref, "-d", dis, *args, *FEATURES)), expected)


class Y4m(Inputs):
    TAGS = [
        ("", "420", 8),
        ("C420", "420", 8),
        ("C420jpeg", "420", 8),
        ("C420mpeg2", "420", 8),
        ("C420paldv", "420", 8),
        ("C422", "422", 8),
        ("C444", "444", 8),
    ] + [
        (f"C{pixel_format}p{bits}", pixel_format, bits)
        for pixel_format in ("420", "422", "444")
        for bits in (10, 12, 16)
    ]

    def files(self, tag, pixel_format, bits, w=64, h=48, **kwargs):
        return [
            self.file(f"{side}.y4m", support.y4m("B", side, w, h, tag, bits, pixel_format, **kwargs))
            for side in ("ref", "dis")
        ]

    def test_every_colour_tag(self):
        for tag, pixel_format, bits in self.TAGS:
            with self.subTest(tag=tag):
                files = self.files(tag, pixel_format, bits)
                self.check_files(*files, self.expected(pixel_format, bits))

    def test_mono(self):
        """Luma only: the same numbers, and none for chroma."""
        for tag, bits in (("Cmono", 8), ("Cmono10", 10), ("Cmono12", 12), ("Cmono16", 16)):
            with self.subTest(tag=tag):
                expected = [
                    {k: v for k, v in frame.items() if not k.endswith(("_cb", "_cr"))}
                    for frame in self.expected("420", bits)
                ]
                self.check_files(*self.files(tag, "400", bits), expected)

    def test_alpha_plane_is_passed_over(self):
        paths = []
        for side in ("ref", "dis"):
            data = b"YUV4MPEG2 W64 H48 F25:1 C444alpha\n"
            for f in range(3):
                data += b"FRAME\n" + patterns.frame("B", side, 64, 48, f=f, pixel_format="444")
                data += bytes(64 * 48)
            paths.append(self.file(side + ".y4m", data))
        self.check_files(*paths, self.expected("444"))

    def test_odd_sizes(self):
        """Chroma is rounded up in the file; PSNR uses the part that is rounded down."""
        for pixel_format, w, h in (("420", 65, 47), ("420", 64, 47), ("422", 65, 48)):
            with self.subTest(pixel_format=pixel_format, w=w, h=h):
                files = self.files("C" + pixel_format, pixel_format, 8, w, h)
                self.check_files(*files, self.expected(pixel_format, 8, w, h))

    def test_tags_without_meaning_for_scores(self):
        header = "YUV4MPEG2 H48 W64 XYSCSS=420JPEG XCOLORRANGE=LIMITED F30000:1001 A0:0 I? C420jpeg"
        files = self.files("", "420", 8, header=header)
        self.check_files(*files, self.expected())

    def test_frame_parameters(self):
        ref, dis = self.files("C420", "420", 8)
        for path in (ref, dis):
            with open(path, "rb") as f:
                data = f.read()
            with open(path, "wb") as f:
                f.write(data.replace(b"FRAME\n", b"FRAME Ip XNOTE=1\n"))
        self.check_files(ref, dis, self.expected())

    def test_raw_beside_y4m(self):
        """The options -w -h -p -b speak of raw files only."""
        _, dis = self.files("C420", "420", 8)
        args = self.raw()
        args[args.index("-d") + 1] = dis
        self.assertEqual(metrics(support.score(*args, *FEATURES)), self.expected())


class Raw(Inputs):
    def test_formats_and_depths_agree_on_luma(self):
        """4:2:0, 4:2:2 and 4:4:4 have the same luma in the pattern."""

        def luma(frames):
            return [
                {k: v for k, v in f.items() if not k.endswith(("_cb", "_cr"))} for f in frames
            ]

        for bits in (8, 10, 12, 16):
            base = luma(self.expected("420", bits))
            for pixel_format in ("422", "444"):
                self.assertEqual(luma(self.expected(pixel_format, bits)), base)

    def test_chroma_rounded_down(self):
        """A file that only fits that layout is read so, with a warning."""
        expected = self.expected("420", 8, 65, 47)
        paths = []
        for side in ("ref", "dis"):
            data = b""
            for f in range(3):
                data += patterns.plane("B", side, 65, 47, 8, f)
                for k in (100, 200):
                    rows = patterns.plane8("B", side, 33, 24, f + k)
                    data += b"".join(bytes(row[:32]) for row in rows[:23])
            paths.append(self.file(side + ".yuv", data))
        result = support.run(
            *support.raw_args(*paths, 65, 47), *FEATURES, "--precision", "max", "--json", "-"
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("rounded down", result.stderr)
        self.assertEqual(metrics(support.parse_json(result.stdout)), expected)

    def test_skip_and_count(self):
        whole = self.expected(frames=3)
        args = self.raw(frames=3)
        self.assertEqual(
            [f["psnr_y"] for f in metrics(support.score(*args, *FEATURES, "--frame_cnt", 2))],
            [f["psnr_y"] for f in whole[:2]],
        )
        skipped = ["--frame_skip_ref", 1, "--frame_skip_dist", 1]
        self.assertEqual(
            [f["psnr_y"] for f in metrics(support.score(*args, *FEATURES, *skipped))],
            [f["psnr_y"] for f in whole[1:]],
        )

    def test_unequal_lengths(self):
        """The common part is scored, both counts are named."""
        short = self.raw(frames=2)
        long = self.raw(frames=3)
        args = list(long)
        args[args.index("-d") + 1] = short[short.index("-d") + 1]
        result = support.run(*args, *FEATURES, "--precision", "max", "--json", "-")
        self.assertEqual(result.returncode, 0, result.stderr)
        warnings = [s for s in result.stderr.splitlines() if s.startswith("vmaf: warning: ")]
        self.assertEqual(len(warnings), 1, result.stderr)
        self.assertIn("3", warnings[0])
        self.assertIn("2", warnings[0])
        self.assertEqual(metrics(support.parse_json(result.stdout)), self.expected(frames=2))

    def test_unequal_lengths_behind_skipped_frames(self):
        """Two of "6 frames" and "6 frames" were in common: the skipped ones counted as if they could be scored."""
        args = [*self.pair("B", 64, 48, frames=6), *FEATURES, "--frame_cnt", 3]
        part = "{} frames behind the {} that are skipped"
        for skips, counts in (
            (["--frame_skip_ref", 4], (part.format(2, 4), "6 frames")),
            (["--frame_skip_dist", 5], ("6 frames", part.format(1, 5))),
            (["--frame_skip_ref", 3, "--frame_skip_dist", 4], (part.format(3, 3), part.format(2, 4))),
        ):
            result = support.run(*args, *skips, "-q")
            words = f"reference has {counts[0]}, distorted has {counts[1]}: the "
            self.assertIn(words, result.stderr)
            self.assertEqual(result.returncode, 0)
        chunk = ["--chunk", "2:1", "--frame_skip_ref", 4]
        self.check_fault(2, [part.format(2, 4) + ", none of them in --chunk 2:1"], *args, *chunk)
        self.assertEqual(support.run(*args, "--frame_skip_ref", 3, "-q").stderr, "")

    def test_sixteen_bit_uses_the_whole_range(self):
        paths = [self.file(n, b"\xff\xff" * (32 * 32 * 3 // 2)) for n in ("r.yuv", "d.yuv")]
        report = support.score(*support.raw_args(*paths, 32, 32, "420", 16), *FEATURES)
        self.assertEqual(metrics(report)[0]["mse_y"], 0)


class Pipes(Inputs):
    def test_fifo(self):
        expected = self.expected()
        args = self.raw()
        writers = []
        for option in ("-r", "-d"):
            place = args.index(option) + 1
            source, fifo = args[place], self.path("fifo" + option)
            os.mkfifo(fifo)

            def feed(source=source, fifo=fifo):
                with open(source, "rb") as a, open(fifo, "wb") as b:
                    shutil.copyfileobj(a, b, 1000)

            writers.append(threading.Thread(target=feed))
            args[place] = fifo
        for writer in writers:
            writer.start()
        self.assertEqual(metrics(support.score(*args, *FEATURES)), expected)
        for writer in writers:
            writer.join()

    def test_standard_input(self):
        expected = self.expected()
        args = self.raw()
        place = args.index("-d") + 1
        with open(args[place], "rb") as f:
            data = f.read()
        for name in ("-", "/dev/stdin"):
            args[place] = name
            command = [support.VMAF, *map(str, args), *FEATURES, "--precision", "max", "--json", "-"]
            done = subprocess.run(command, input=data, capture_output=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(metrics(support.parse_json(done.stdout)), expected)

    def test_y4m_from_a_pipe(self):
        ref = self.file("ref.y4m", support.y4m("B", "ref", 64, 48))
        command = [support.VMAF, "-r", ref, "-d", "-", *FEATURES, "--precision", "max", "--json", "-"]
        data = support.y4m("B", "dis", 64, 48)
        done = subprocess.run(command, input=data, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(metrics(support.parse_json(done.stdout)), self.expected())


@unittest.skipUnless(shutil.which("ffmpeg"), "ffmpeg is not installed")
class Compressed(Inputs):
    """Lossless encodes score as the raw files do."""

    CODECS = [
        ("mkv", "420", 8, "ffv1", []),
        ("mkv", "420", 10, "ffv1", []),
        ("mkv", "422", 10, "ffv1", []),
        ("mkv", "444", 12, "ffv1", []),
        ("mkv", "420", 16, "ffv1", []),
        ("mp4", "420", 8, "libx264", ["-qp", 0, "-bf", 3]),
        ("mov", "422", 10, "libx264", ["-qp", 0]),
        ("ts", "420", 8, "libx264", ["-qp", 0]),
        ("avi", "420", 8, "ffvhuff", []),
        ("webm", "420", 8, "libvpx-vp9", ["-lossless", 1]),
        ("ivf", "420", 8, "libvpx-vp9", ["-lossless", 1]),
        ("nut", "420", 8, "rawvideo", []),
    ]

    @staticmethod
    def pix_fmt(pixel_format, bits):
        return f"yuv{pixel_format}p" + (f"{bits}le" if bits > 8 else "")

    def encode(self, source, out, w, h, pixel_format, bits, codec, options):
        ffmpeg(
            *("-f", "rawvideo", "-pix_fmt", self.pix_fmt(pixel_format, bits), "-s", f"{w}x{h}"),
            *("-r", 24, "-i", source, "-c:v", codec, *options, out),
        )

    def encode_pair(self, suffix, pixel_format, bits, codec, options, w=64, h=48, frames=12):
        args = self.raw(pixel_format, bits, w, h, frames)
        out = []
        for option in ("-r", "-d"):
            path = self.path(f"{option[1]}.{suffix}")
            self.encode(args[args.index(option) + 1], path, w, h, pixel_format, bits, codec, options)
            out.append(path)
        return out

    def test_lossless(self):
        for suffix, pixel_format, bits, codec, options in self.CODECS:
            with self.subTest(suffix=suffix, codec=codec, pixel_format=pixel_format, bits=bits):
                files = self.encode_pair(suffix, pixel_format, bits, codec, options)
                self.check_files(*files, self.expected(pixel_format, bits, frames=12))

    def test_odd_size(self):
        files = self.encode_pair("mkv", "420", 8, "ffv1", [], 65, 47)
        self.check_files(*files, self.expected("420", 8, 65, 47, 12))

    def test_compressed_beside_raw(self):
        _, dis = self.encode_pair("mp4", "420", 8, "libx264", ["-qp", 0])
        args = self.raw(frames=12)
        args[args.index("-d") + 1] = dis
        self.assertEqual(metrics(support.score(*args, *FEATURES)), self.expected(frames=12))

    def test_picture_sequence(self):
        """Grey PNG files hold luma as it is."""
        args = self.raw("420", 8, frames=3)
        for option in ("-r", "-d"):
            with open(args[args.index(option) + 1], "rb") as f:
                data = f.read()
            size = 64 * 48
            luma = b"".join(data[f * size * 3 // 2 :][:size] for f in range(3))
            gray = self.file(option + ".gray", luma)
            ffmpeg(
                *("-f", "rawvideo", "-pix_fmt", "gray", "-s", "64x48", "-i", gray),
                self.path(f"{option[1]}%03d.png"),
            )
        expected = [
            {k: v for k, v in f.items() if not k.endswith(("_cb", "_cr"))} for f in self.expected()
        ]
        self.check_files(self.path("r%03d.png"), self.path("d%03d.png"), expected)

    def test_time_stamps_play_no_part(self):
        """Frame rates and offsets differ; frame i still meets frame i."""
        ref, dis = self.encode_pair("mp4", "420", 8, "libx264", ["-qp", 0, "-bf", 2])
        moved = self.path("moved.mp4")
        ffmpeg("-itsoffset", 5, "-r", 50, "-i", dis, "-c", "copy", moved)
        self.check_files(ref, moved, self.expected(frames=12))

    def test_cut_off_file(self):
        """A Matroska file cut in the middle gives its whole frames, and status 2 or a warning."""
        ref, dis = self.encode_pair("mkv", "420", 8, "ffv1", [])
        with open(dis, "rb") as f:
            data = f.read()
        cut = self.file("cut.mkv", data[: len(data) * 6 // 10])
        result = support.run("-r", ref, "-d", cut, *FEATURES, "--precision", "max", "--json", "-")
        frames = metrics(support.parse_json(result.stdout))
        self.assertIn(result.returncode, (0, 2), result.stderr)
        self.assertTrue(0 < len(frames) < 12, result.stderr)
        self.assertIn("cut.mkv", result.stderr)
        whole = self.expected(frames=12)
        self.assertEqual([f["psnr_y"] for f in frames], [f["psnr_y"] for f in whole[: len(frames)]])

    def test_damaged_mp4(self):
        """Damage in a frame is reported, never scored as if it were picture."""
        ref, dis = self.encode_pair("mp4", "420", 8, "libx264", ["-qp", 0])
        with open(dis, "rb") as f:
            data = bytearray(f.read())
        place = len(data) // 2
        data[place : place + 400] = bytes(400)
        bad = self.file("bad.mp4", bytes(data))
        self.check_fault(2, ["bad.mp4"], "-r", ref, "-d", bad, *FEATURES)

    def test_mp4_without_index(self):
        _, dis = self.encode_pair("mp4", "420", 8, "libx264", ["-qp", 0])
        with open(dis, "rb") as f:
            data = f.read()
        bad = self.file("bad.mp4", data[: len(data) // 2])
        out = self.path("out.json")
        self.check_fault(2, ["bad.mp4"], "-r", bad, "-d", bad, *FEATURES, "-o", out)
        self.assertFalse(os.path.exists(out))

    def test_sound_only(self):
        path = self.path("sound.mka")
        ffmpeg("-f", "lavfi", "-i", "sine=duration=0.1", path)
        self.check_fault(2, ["sound.mka", "video"], "-r", path, "-d", path, *FEATURES)


if __name__ == "__main__":
    unittest.main()
