#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause-Patent
# Installs the Debian packages that a step needs: deps.sh build|demo|corpus|test
# Nothing happens when they are all there; otherwise root or sudo is needed.
set -eu

# Compiler and libc headers; meson brings ninja; the engine reads JSON through jansson and ONNX
# through protobuf-c; the av libraries decode compressed input; libpng writes pictures of frames; the MCP server
# loads libmicrohttpd for HTTP.
build="gcc libc6-dev make meson ninja-build pkg-config python3 libjansson-dev libmicrohttpd-dev
    libprotobuf-c-dev protobuf-c-compiler libavformat-dev libavcodec-dev libavutil-dev libswscale-dev
    libpng-dev"
# ffmpeg encodes the clip.
demo="$build ffmpeg"
# A second compiler, its tools, the run time library of its sanitizers (libclang-rt), cmocka for the
# unit tests; valgrind needs the C library's symbols (libc6-dbg). The programs are also compiled for ARM, run
# under qemu, which also plays an old x86, and with musl. The headers are compiled as C++ too; FFmpeg, aom and
# what the engine stands on are built from source packages (dpkg-dev, cmake, perl). npm brings the official MCP
# clients; NumPy reads the arrays that are exported; a host program's locale is built from locales.
test="$demo git binutils clang clang-format clang-tidy libclang-rt-14-dev libcmocka-dev valgrind strace libc6-dbg
    gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user musl-tools g++ dpkg-dev cmake perl python3-numpy chromium locales"
# Node.js from elsewhere has npm in it and stands in the way of Debian's.
corpus=$demo
command -v npm >/dev/null || test="$test npm" corpus="$corpus npm"

step=${1:-}
case "$step" in
build) packages=$build ;;
demo) packages=$demo ;;
corpus) packages=$corpus ;;
test) packages=$test ;;
*)
    echo "usage: tools/deps.sh build|demo|corpus|test" >&2
    exit 1
    ;;
esac

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "deps: not a Debian system; what $step needs is the equivalent of:" $packages
    exit 0
fi

missing=
for package in $packages; do
    state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) || state=
    [ "$state" = installed ] || missing="$missing $package"
done
if [ -z "$missing" ]; then
    echo "deps: all packages for $step are installed"
    exit 0
fi

as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "deps: error: run as root: apt-get install$missing" >&2
        exit 1
    fi
    as_root=sudo
fi

echo "deps: installing$missing"
install() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
        -o Dpkg::Use-Pty=0 install $missing >/dev/null
}
# The package lists may be absent or old; they are fetched only if the first try fails.
if ! install 2>/dev/null; then
    echo "deps: fetching the package lists"
    $as_root apt-get -qq update
    install
fi
echo "deps: done"
