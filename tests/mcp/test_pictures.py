# SPDX-License-Identifier: BSD-2-Clause-Patent
"""describe_worst_frames: the PNGs are decoded and every pixel is computed again, from the definitions of
BT.601 and BT.709 and with nothing of the program's."""

import shutil
import struct
import subprocess
import unittest
import zlib

import mcp_client
import support
from mcp_client import Case

GAP, GAIN, PANEL, BYTES = 4, 8, 480, 500000


def paeth(a, b, c):
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c


def unfilter(kind, line, above):
    out = bytearray(line)
    for i, value in enumerate(line):
        a = out[i - 3] if i >= 3 else 0
        b = above[i]
        c = above[i - 3] if i >= 3 else 0
        out[i] = (value + (0, a, b, (a + b) // 2, paeth(a, b, c))[kind]) & 255
    return out


def read_png(data):
    """Width, height and rows of RGB bytes."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, body, w, h = 8, b"", 0, 0
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        content = data[at + 8 : at + 8 + size]
        (crc,) = struct.unpack(">I", data[at + 8 + size : at + 12 + size])
        assert crc == zlib.crc32(kind + content)
        if kind == b"IHDR":
            w, h, depth, colour, *rest = struct.unpack(">IIBBBBB", content)
            assert (depth, colour, rest) == (8, 2, [0, 0, 0])
        body += content if kind == b"IDAT" else b""
        at += 12 + size
    raw = zlib.decompress(body)
    rows, above = [], bytes(3 * w)
    for y in range(h):
        line = raw[y * (3 * w + 1) : (y + 1) * (3 * w + 1)]
        above = unfilter(line[0], line[1:], above)
        rows.append(above)
    return w, h, rows


def planes_of(pattern, side, w, h, bits, frame, pixel_format):
    """Rows of samples of each plane, as the patterns define them."""
    cw, ch = support.patterns.chroma_size(w, h, pixel_format)
    out = []
    for f, pw, ph in ((frame, w, h), (frame + 100, cw, ch), (frame + 200, cw, ch)):
        data = support.patterns.plane(pattern, side, pw, ph, bits, f) if pw else b""
        samples = data if bits == 8 else struct.unpack(f"<{len(data) // 2}H", data)
        out.append([samples[y * pw : (y + 1) * pw] for y in range(ph)])
    return out


def to_rgb(planes, x, y, bits, pixel_format, height, full=False):
    kr, kb = (0.2126, 0.0722) if height > 576 else (0.299, 0.114)
    unit = 1 << (bits - 8)
    luma = planes[0][y][x]
    cb = cr = 128 * unit
    if pixel_format != "400":
        cx = x if pixel_format == "444" else min(x // 2, len(planes[1][0]) - 1)
        cy = y // 2 if pixel_format == "420" else y
        cy = min(cy, len(planes[1]) - 1)
        cb, cr = planes[1][cy][cx], planes[2][cy][cx]
    if full:
        luma, cb, cr = (v / (256 * unit - 1) for v in (luma, cb - 128 * unit, cr - 128 * unit))
    else:
        luma = (luma - 16 * unit) / (219 * unit)
        cb, cr = ((v - 128 * unit) / (224 * unit) for v in (cb, cr))
    r = luma + 2 * (1 - kr) * cr
    b = luma + 2 * (1 - kb) * cb
    g = (luma - kr * r - kb * b) / (1 - kr - kb)
    return [min(max(255 * v, 0), 255) for v in (r, g, b)]


class Pictures(Case):
    def setUp(self):
        support.model_file("vmaf_v0.6.1")
        super().setUp()

    def check_pixels(self, data, pattern, w, h, bits, frame, pixel_format, full=False):
        width, height, rows = read_png(data)
        self.assertEqual((width, height), (3 * w + 2 * GAP, h))
        sides = [planes_of(pattern, s, w, h, bits, frame, pixel_format) for s in ("ref", "dis")]
        for y in range(h):
            for x in range(w):
                for panel, planes in enumerate(sides):
                    at = 3 * (panel * (w + GAP) + x)
                    want = to_rgb(planes, x, y, bits, pixel_format, h, full)
                    for got, value in zip(rows[y][at : at + 3], want):  # either of two as near
                        self.assertLessEqual(abs(got - value), 0.5 + 1e-9, (panel, x, y))
                difference = abs(sides[0][0][y][x] - sides[1][0][y][x]) / (1 << (bits - 8))
                gray = min(int(GAIN * difference + 0.5), 255)
                at = 3 * (2 * (w + GAP) + x)
                self.assertEqual(list(rows[y][at : at + 3]), [gray] * 3, (x, y))
            for gap in (w, 2 * w + GAP):
                self.assertEqual(bytes(rows[y][3 * gap : 3 * (gap + GAP)]), bytes(3 * GAP))

    def test_every_format(self):
        """Every pixel of 8 to 16 bit, gray to 4:4:4."""
        for bits in (8, 10, 12, 16):
            for pixel_format in ("420", "422", "444", "400"):
                args = self.raw_pair("B", 48, 36, bits, 2, pixel_format)
                result = self.client.call("describe_worst_frames", {**args, "n": 1})
                with self.subTest(bits=bits, format=pixel_format):
                    self.assertNotIn("isError", {k for k, v in result.items() if v is True})
                    frame = result["structuredContent"]["frames"][0]["frame_index"]
                    (data,) = mcp_client.images(result)
                    self.check_pixels(data, "B", 48, 36, bits, frame, pixel_format)

    def test_full_range(self):
        pair = {}
        for side in ("ref", "dis"):
            text = support.y4m("B", side, 48, 36, tag="C420jpeg XCOLORRANGE=FULL", frames=2)
            pair[side] = self.file(side + ".y4m", text)
        result = self.client.call("describe_worst_frames", {**pair, "n": 1})
        frame = result["structuredContent"]["frames"][0]["frame_index"]
        self.check_pixels(mcp_client.images(result)[0], "B", 48, 36, 8, frame, "420", full=True)

    def test_which_frames(self):
        """The lowest first, numbers as vmaf_score has them, pictures also as resources, gaps kept."""
        args = self.raw_pair("B", 64, 48, frames=12)
        scores = self.client.get("vmaf_score", **args, per_frame="all")["scores"]
        lowest = sorted(scores, key=lambda f: (f["score"], f["frame"]))
        result = self.client.call("describe_worst_frames", {**args, "n": 4})
        got = result["structuredContent"]["frames"]
        self.assertEqual([f["frame_index"] for f in got], [f["frame"] for f in lowest[:4]])
        self.assertEqual([f["vmaf"] for f in got], [f["score"] for f in lowest[:4]])
        for frame, data in zip(got, mcp_client.images(result)):
            self.assertEqual(self.client.read_resource(frame["png"]), data)
        apart = self.client.get("describe_worst_frames", **args, n=3, min_gap=3)["frames"]
        numbers = [f["frame_index"] for f in apart]
        self.assertEqual(numbers[0], lowest[0]["frame"])
        self.assertTrue(all(abs(a - b) > 3 for a in numbers for b in numbers if a != b))

    def test_range(self):
        """The pictures are those of the frames that are named, also behind a skipped beginning."""
        args = self.raw_pair("A", 48, 36, frames=9)
        result = self.client.call("describe_worst_frames", {**args, "n": 2, "frame_start": 5})
        frames = [f["frame_index"] for f in result["structuredContent"]["frames"]]
        for frame, data in zip(frames, mcp_client.images(result)):
            self.assertGreaterEqual(frame, 5)
            self.check_pixels(data, "A", 48, 36, 8, frame, "420")

    @unittest.skipUnless(shutil.which("ffmpeg"), "ffmpeg is not installed")
    def test_compressed(self):
        """Files without loss give the pictures of the frames they were made of."""
        raw = self.raw_pair("B", 64, 48, frames=6)
        pair = {}
        for side in ("ref", "dis"):
            pair[side] = self.path(side + ".mkv")
            command = ["ffmpeg", "-nostdin", "-v", "error", "-s", "64x48", "-pix_fmt", "yuv420p"]
            command += ["-f", "rawvideo", "-i", raw[side], "-c:v", "ffv1", pair[side]]
            subprocess.run(command, check=True)
        results = [
            self.client.call("describe_worst_frames", {**a, "n": 3, "min_gap": 1}) for a in (raw, pair)
        ]
        self.assertEqual(*(r["structuredContent"]["mean"] for r in results))
        self.assertEqual(*(mcp_client.images(r) for r in results))

    def test_which_feature_fell(self):
        """One frame of a clip is spoiled: it is found, with features that cost it what it lost."""
        w, h, frames = 64, 48, 9
        size = w * h * 3 // 2
        ref, dis = (
            bytearray(b"".join(support.patterns.frame("B", "ref", w, h, f=f) for f in range(frames)))
            for _ in range(2)
        )
        for i in range(5 * size, 5 * size + w * h):
            dis[i] = (dis[i] + 8 * dis[i - 1]) // 9  # smeared
        args = {"ref": self.file("ref.yuv", bytes(ref)), "dis": self.file("dis.yuv", bytes(dis))}
        got = self.client.get("describe_worst_frames", **args, width=w, height=h, n=1)
        (frame,) = got["frames"]
        self.assertEqual(frame["frame_index"], 5)
        fell = frame["fell"]
        self.assertEqual([f["points"] for f in fell], sorted((f["points"] for f in fell), reverse=True))
        self.assertGreater(fell[0]["points"], 1)
        self.assertLess(fell[0]["value"], fell[0]["usual"])
        self.assertIn(fell[0]["feature"], frame["description"])

    def test_large_pictures_are_scaled(self):
        """Noise, which compresses badly: the size holds, and means of areas stay."""
        w, h = 1280, 720
        noise = bytes((i * 2654435761 >> 11) & 255 for i in range(w * h * 3 // 2))
        args = {"ref": self.file("r.yuv", noise), "dis": self.file("d.yuv", noise[::-1])}
        result = self.client.call("describe_worst_frames", {**args, "width": w, "height": h})
        (data,) = mcp_client.images(result)
        self.assertLessEqual(len(data), BYTES)
        width, height, rows = read_png(data)
        panel = (width - 2 * GAP) // 3
        self.assertLessEqual(panel, PANEL)
        self.assertEqual(height, h * panel // w)

    @unittest.skipUnless(shutil.which("ffmpeg"), "ffmpeg is not installed")
    def test_another_decoder_reads_it(self):
        args = self.raw_pair("A", 64, 48)
        data = mcp_client.images(self.client.call("describe_worst_frames", {**args, "n": 1}))[0]
        command = ["ffmpeg", "-nostdin", "-v", "error", "-i", self.file("a.png", data)]
        command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
        raw = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        self.assertEqual(raw, b"".join(bytes(r) for r in read_png(data)[2]))


if __name__ == "__main__":
    unittest.main()
