# SPDX-License-Identifier: BSD-2-Clause-Patent
"""ONNX Runtime, in an environment of its own under cache/ that is made once."""

import json
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
REQUIREMENTS = os.path.join(HERE, "requirements.txt")
FOLDER = os.path.join(ROOT, "cache", "onnxruntime")


def is_current():
    """Was the environment made from these requirements?"""
    try:
        with open(os.path.join(FOLDER, "made-from.txt")) as made, open(REQUIREMENTS) as wanted:
            return made.read() == wanted.read()
    except OSError:
        return False


def python():
    """The environment's interpreter; the test is skipped if it cannot be had."""
    program = os.path.join(FOLDER, "bin", "python")
    if is_current():
        return program
    steps = [
        [sys.executable, "-m", "venv", "--clear", FOLDER],
        [program, "-m", "pip", "install", "-q", "--no-deps", "--require-hashes", "--only-binary", ":all:",
         "--disable-pip-version-check", "-r", REQUIREMENTS],
    ]
    for step in steps:
        try:
            done = subprocess.run(step, capture_output=True, text=True, timeout=300)
            why = done.stderr.strip().splitlines()[-1:] if done.returncode else None
        except (OSError, subprocess.TimeoutExpired) as error:
            why = [str(error)]
        if why is not None:
            raise unittest.SkipTest(f"ONNX Runtime cannot be had: {' '.join(why) or step[0]}")
    with open(REQUIREMENTS) as wanted, open(os.path.join(FOLDER, "made-from.txt"), "w") as made:
        made.write(wanted.read())
    return program


def run(script, request):
    """Runs one of this folder's scripts there: JSON in, JSON out."""
    done = subprocess.run(
        [python(), os.path.join(HERE, script)],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        timeout=300,
    )
    if done.returncode:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout)
