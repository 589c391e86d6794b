# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Two test patterns defined by formulas, so that anyone can make the same pictures.

Frame f at 8 bits; at b bits a sample is v * 2^(b-8) + ((x + 2y) mod 2^(b-8)):
  A: reference v = ((3x + 5y + 17f) xor (xy >> 4)) and 255,
     distorted v = that + ((7x + 11y + 3f) mod 9) - 4, kept within 0..255
  B: v = 64 + 32 * (((X + 2f) div 8 + Y div 8) mod 5) + ((XY + f) mod 7), where X, Y are x, y in the
     reference and x, y rounded down to multiples of 4 in the distorted picture
Chroma planes are the same with f + 100 (Cb) and f + 200 (Cr) for f, at their own size.
"""

import array
import functools
import os
import sys
import threading


def row_a(side, w, y, f):
    ref = [(3 * x + 5 * y + 17 * f ^ (x * y) >> 4) & 255 for x in range(w)]
    if side == "ref":
        return ref
    return [min(max(v + (7 * x + 11 * y + 3 * f) % 9 - 4, 0), 255) for x, v in enumerate(ref)]


def row_b(side, w, y, f):
    if side == "ref":
        return [64 + 32 * (((x + 2 * f) // 8 + y // 8) % 5) + (x * y + f) % 7 for x in range(w)]
    y -= y % 4
    return [
        64 + 32 * (((x + 2 * f) // 8 + y // 8) % 5) + (x * y + f) % 7
        for x in (x - x % 4 for x in range(w))
    ]


@functools.lru_cache(maxsize=16)
def plane8(pattern, side, w, h, f):
    """Rows of the 8-bit plane."""
    row = row_a if pattern == "A" else row_b
    return [row(side, w, y, f) for y in range(h)]


def plane(pattern, side, w, h, bits, f):
    """Bytes of one plane as raw files hold it: 8 bits in one byte, more in two, low byte first."""
    rows = plane8(pattern, side, w, h, f)
    if bits == 8:
        return b"".join(map(bytes, rows))
    scale = 1 << (bits - 8)
    words = array.array("H")
    for y, row in enumerate(rows):
        words.extend(v * scale + (x + 2 * y) % scale for x, v in enumerate(row))
    if sys.byteorder == "big":
        words.byteswap()
    return words.tobytes()


def chroma_size(w, h, pixel_format):
    """Rounded up, as nearly every program writes raw video."""
    if pixel_format == "400":
        return 0, 0
    return (
        w if pixel_format == "444" else (w + 1) // 2,
        (h + 1) // 2 if pixel_format == "420" else h,
    )


def frame(pattern, side, w, h, bits=8, f=0, pixel_format="420"):
    cw, ch = chroma_size(w, h, pixel_format)
    data = plane(pattern, side, w, h, bits, f)
    if cw:
        data += plane(pattern, side, cw, ch, bits, f + 100)
        data += plane(pattern, side, cw, ch, bits, f + 200)
    return data


def write(path, pattern, side, w, h, bits=8, frames=2, pixel_format="420"):
    with open(path, "wb") as out:
        for f in range(frames):
            out.write(frame(pattern, side, w, h, bits, f, pixel_format))
    return path


WRITING = threading.Lock()


def write_pair(folder, pattern, w, h, bits=8, frames=2, pixel_format="420"):
    """Paths of a reference and a distorted file in folder; made only once."""
    paths = []
    with WRITING:
        for side in ("ref", "dis"):
            name = f"{pattern}_{w}x{h}_{pixel_format}_{bits}_{frames}f_{side}.yuv"
            path = os.path.join(folder, name)
            if not os.path.exists(path):
                write(path, pattern, side, w, h, bits, frames, pixel_format)
            paths.append(path)
    return paths
