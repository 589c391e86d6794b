# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Builds for another processor or another C library. What the engine stands on is built for them from Debian's
sources, see tests/debian.py; nothing is installed into the system."""

import dataclasses
import os
import shutil
import unittest

import debian
import installed
import support


@dataclasses.dataclass(frozen=True)
class Target:
    compiler: str
    host: str
    cross_file: str
    emulator: tuple = ()

    def missing(self):
        """Programs that the build needs and that are not installed."""
        programs = (self.compiler, *self.emulator[:1], "cmake", "ninja", "make", "apt-get", "dpkg-source")
        return [program for program in programs if not shutil.which(program)]


TARGETS = {
    "aarch64": Target("aarch64-linux-gnu-gcc", "aarch64-linux-gnu", "tests/check/aarch64.ini", ("qemu-aarch64",)),
    "musl": Target("musl-gcc", "x86_64-linux-musl", "tests/portability/musl.ini"),
}
# Kernel headers, which do not depend on the C library; musl's compiler does not look where glibc's are.
KERNEL_HEADERS = {"linux": "linux", "asm-generic": "asm-generic", "asm": "x86_64-linux-gnu/asm"}


def build_jansson(target, folder, prefix):
    flags = "-GNinja -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_LIBDIR=lib"
    flags += " -DJANSSON_BUILD_SHARED_LIBS=OFF -DJANSSON_BUILD_DOCS=OFF -DJANSSON_EXAMPLES=OFF"
    flags += " -DJANSSON_WITHOUT_TESTS=ON"
    flags += f" -DCMAKE_SYSTEM_PROCESSOR={target.host.split('-')[0]} -DCMAKE_C_COMPILER={target.compiler}"
    source = debian.source("jansson")
    installed.run(["cmake", *flags.split(), f"-DCMAKE_INSTALL_PREFIX={prefix}", source], cwd=folder)
    installed.run(["ninja", "install"], cwd=folder)


def build_protobuf_c(target, folder, prefix):
    flags = ["--disable-protoc", "--disable-shared", f"--host={target.host}", f"--prefix={prefix}"]
    configure = os.path.join(debian.source("protobuf-c"), "configure")
    installed.run([configure, *flags], cwd=folder, CC=target.compiler)
    installed.run(["make", "install"], cwd=folder)


def libraries(name, folder):
    """Builds them once; path of a machine file that makes Meson find them and none of the system's."""
    prefix = os.path.join(folder, name + "-libraries")
    machine = os.path.join(prefix, "machine.ini")
    if os.path.exists(machine):
        return machine
    shutil.rmtree(prefix, ignore_errors=True)
    for build in (build_jansson, build_protobuf_c):
        scratch = os.path.join(prefix, build.__name__)
        os.makedirs(scratch)
        build(TARGETS[name], scratch, prefix)
    if name == "musl":
        for link, path in KERNEL_HEADERS.items():
            os.symlink(os.path.join("/usr/include", path), os.path.join(prefix, "include", link))
    with open(machine, "w", encoding="utf-8") as f:
        f.write("[binaries]\npkgconfig = 'pkg-config'\n")
        f.write(f"[properties]\npkg_config_libdir = '{prefix}/lib/pkgconfig'\n")
    return machine


def setup_flags(name, folder):
    """For Meson; says why where it cannot be built."""
    target = TARGETS[name]
    if target.missing():
        raise unittest.SkipTest(f"not installed: {', '.join(target.missing())}; see tools/deps.sh")
    machine = libraries(name, folder)
    cross = os.path.join(support.ROOT, target.cross_file)
    # the server and the decoder have libraries of their own, which compute nothing that is compared here
    return ["-Dmcp=disabled", f"--cross-file={cross}", f"--cross-file={machine}"]
