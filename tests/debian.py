# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Sources of Debian packages, fetched by apt from where the system's packages come from, with lists and
settings of its own: those of the system stay as they are. What is there is used again: cache/sources
holds PACKAGE-VERSION, unpacked and patched."""

import glob
import os
import re
import shutil
import subprocess
import unittest

import installed

SOURCES = os.path.join(installed.CACHE, "sources")
APT = os.path.join(installed.CACHE, "apt")


def codename():
    try:
        with open("/etc/os-release", encoding="utf-8") as f:
            found = re.search(r'^VERSION_CODENAME="?([a-z]+)', f.read(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else None


def is_debians(suites, components, name):
    return "main" in components and any(re.fullmatch(name + r"(-\w+)?", suite) for suite in suites)


def source_stanza(stanza, name):
    """The source packages of a stanza of a .sources file; "" if it is not one of the distribution."""
    fields = dict(re.findall(r"^(\S+):[ \t]*(.*)$", stanza, re.MULTILINE))
    if "deb" not in fields.get("Types", "").split():
        return ""
    if not is_debians(fields.get("Suites", "").split(), fields.get("Components", "").split(), name):
        return ""
    kept = [line for line in stanza.splitlines() if not line.startswith("#")]
    return re.sub(r"^Types:.*$", "Types: deb-src", "\n".join(kept), flags=re.MULTILINE) + "\n\n"


def source_line(line, name):
    """The same for a line of a .list file."""
    found = re.match(r"deb\s+(\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)", line)
    if not found or not is_debians([found[3]], found[4].split(), name):
        return ""
    return "deb-src " + line[len("deb") :].strip() + "\n"


def write_settings():
    """Where binary packages come from, source packages do too."""
    name, stanzas, lines = codename(), "", ""
    for path in glob.glob("/etc/apt/sources.list.d/*.sources"):
        with open(path, encoding="utf-8") as f:
            stanzas += "".join(source_stanza(s, name) for s in re.split(r"\n\s*\n", f.read()))
    for path in ["/etc/apt/sources.list", *glob.glob("/etc/apt/sources.list.d/*.list")]:
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                lines += "".join(source_line(line, name) for line in f)
    for folder in ("lists/partial", "cache/archives/partial", "from"):
        os.makedirs(os.path.join(APT, folder), exist_ok=True)
    for file, text in (("debian.sources", stanzas), ("debian.list", lines)):
        with open(os.path.join(APT, "from", file), "w", encoding="utf-8") as f:
            f.write(text)
    return bool(stanzas or lines)


def apt(program, *args):
    options = {
        "Dir::State::lists": os.path.join(APT, "lists"),
        "Dir::Cache": os.path.join(APT, "cache"),
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": os.path.join(APT, "from"),
        "Acquire::http::Timeout": "20",
        "Acquire::Retries": "1",
    }
    if os.geteuid() == 0:
        options["APT::Sandbox::User"] = "root"
    flags = [f"-o{key}={value}" for key, value in options.items()]
    os.makedirs(SOURCES, exist_ok=True)
    return installed.run([program, *flags, *args], cwd=SOURCES, check=False, timeout=300)


def download(package):
    """Path of the .dsc, or None. The newest version may be announced and not be there."""
    shown = apt("apt-cache", "showsrc", package).stdout
    versions = re.findall(r"^Version: (\S+)$", shown, re.MULTILINE)
    for wanted in [package, *(f"{package}={v}" for v in sorted(versions, reverse=True))]:
        if apt("apt-get", "-qq", "source", "--download-only", wanted).returncode == 0:
            found = glob.glob(os.path.join(SOURCES, package + "_*.dsc"))
            if found:
                return max(found, key=os.path.getmtime)
    return None


def unpack(package, dsc):
    version = os.path.basename(dsc)[len(package) + 1 : -len(".dsc")]
    folder = os.path.join(SOURCES, f"{package}-{version}")
    # What was left by an unpacking that did not come to its end is not taken for the whole.
    partial = folder + ".partial"
    shutil.rmtree(partial, ignore_errors=True)
    installed.run(["dpkg-source", "-q", "-x", dsc, partial])
    os.rename(partial, folder)
    return folder


def unpacked(package):
    found = glob.glob(os.path.join(SOURCES, package + "-[0-9]*"))
    return max((f for f in found if not f.endswith(".partial")), key=os.path.getmtime, default=None)


def source(package):
    """Folder of the package's source; skips the test where it cannot be had."""
    folder = unpacked(package)
    if folder:
        return folder
    installed.needs("apt-get", "dpkg-source")
    if not write_settings():
        raise unittest.SkipTest("apt knows no Debian mirror with source packages")
    try:
        apt("apt-get", "-qq", "update")
        dsc = download(package)
    except subprocess.TimeoutExpired:
        dsc = None
    if not dsc:
        raise unittest.SkipTest(f"Debian's source of {package} cannot be fetched here")
    return unpack(package, dsc)


def build_folder(package):
    """Where the source of this version is built."""
    path = os.path.join(installed.CACHE, "build", os.path.basename(source(package)))
    os.makedirs(path, exist_ok=True)
    return path


def configured(folder, command, timeout=600):
    """Runs a configure step once, and again when its arguments are others."""
    stamp = os.path.join(folder, "configured")
    text = "\n".join(command)
    if os.path.exists(stamp):
        with open(stamp, encoding="utf-8") as f:
            if f.read() == text:
                return
    installed.run(command, cwd=folder, timeout=timeout, **installed.environment())
    with open(stamp, "w", encoding="utf-8") as f:
        f.write(text)
