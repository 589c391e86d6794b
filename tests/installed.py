# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The library installed into a folder of its own, cache/prefix, as other programs find it."""

import functools
import os
import shutil
import subprocess
import unittest

import support

CACHE = os.path.join(support.ROOT, "cache")
PREFIX = os.path.join(CACHE, "prefix")
# The strict build is also the one that is installed; tests/run.py sets it up with these.
BUILD = os.path.join(support.ROOT, "build-gcc")
OPTIONS = {"prefix": PREFIX, "libdir": "lib"}
MESON = "/usr/bin/meson" if os.path.exists("/usr/bin/meson") else "meson"
SYMBOLS = os.path.join(support.TESTS, "abi", "symbols.txt")


def run(command, cwd=None, check=True, timeout=600, **env):
    """Runs a program to its end; stdout and stderr are one text."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=timeout,
    )
    if check and done.returncode:
        raise AssertionError(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout[-6000:]}")
    return done


def setup_flags():
    return [f"-D{name}={value}" for name, value in OPTIONS.items()]


@functools.cache
def prefix():
    """Builds and installs what is there now; the folder."""
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        run([MESON, "setup", "-Dwerror=true", *setup_flags(), BUILD], CC="gcc")
    else:
        run([MESON, "configure", *setup_flags(), BUILD])
    run([MESON, "compile", "-C", BUILD], timeout=1800)
    shutil.rmtree(PREFIX, ignore_errors=True)
    run([MESON, "install", "-C", BUILD, "--no-rebuild", "--quiet"])
    return PREFIX


def environment():
    """For programs that are built or run with the installed library."""
    lib = os.path.join(prefix(), "lib")
    return {"PKG_CONFIG_PATH": os.path.join(lib, "pkgconfig"), "LD_LIBRARY_PATH": lib}


def pkg_config(*args):
    needs("pkg-config")
    return run(["pkg-config", *args, "libvmaf"], **environment()).stdout.split()


def needs(*programs):
    """Skips the test where one of them is not there."""
    for program in programs:
        if not shutil.which(program):
            raise unittest.SkipTest(f"{program} is not installed; see tools/deps.sh")


def exported():
    """Names of functions, as the checked-in list has them."""
    with open(SYMBOLS, encoding="utf-8") as f:
        return [line.strip() for line in f if line.strip() and not line.startswith("#")]
