#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause-Patent
# make demo: from a fresh machine to the scores of a real video. Everything lands in demo/, build/,
# bin/ and models/netflix/; outside the checkout only packages are installed.
set -eu
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$*"; }

# A natural clip of 41 frames, 1920x1080, filmed with a phone; by Joao Eriberto Mota Filho, CC-BY-SA-4.0.
package=forensics-samples-files
clip_in_package=usr/share/forensics-samples/original-files/movie1/VID_20191220_170832.mp4
clip_sha256=9b0710a436413f75cc3cd1c1048aa3c4d7c28f76f51ef6a25413d0018d22ec99
clip=demo/clip.mp4

get_clip() {
    echo "unpacking it from the Debian package $package (30 MB, not installed)"
    rm -rf demo/package
    mkdir -p demo/package
    # apt hands downloads to a user of its own, which must be able to write here; where it is not,
    # apt only warns.
    (cd demo/package && apt-get -qq download "$package" 2>apt.log) || {
        cat demo/package/apt.log >&2
        return 1
    }
    dpkg-deb -x demo/package/"$package"_*.deb demo/package
    mv "demo/package/$clip_in_package" "$clip"
    rm -rf demo/package
}

# encode NAME CRF: demo/NAME.mp4 with every frame of the clip and nothing turned or dropped.
encode() {
    if [ -s "demo/$1.mp4" ]; then
        echo "demo/$1.mp4 is there"
        return
    fi
    echo "demo/$1.mp4: x264 at CRF $2"
    ffmpeg -nostdin -v error -y -noautorotate -i "$clip" -map 0:v:0 -an -fps_mode passthrough \
        -c:v libx264 -crf "$2" -preset medium -threads 2 -f mp4 "demo/$1.part"
    mv "demo/$1.part" "demo/$1.mp4"
}

# score NAME: prints and keeps the score of demo/NAME.mp4 against the clip.
score() {
    echo "bin/vmaf -r $clip -d demo/$1.mp4 --json -o demo/$1.json"
    bin/vmaf -r "$clip" -d "demo/$1.mp4" --json -o "demo/$1.json"
}

# pooled NAME KEY: a figure of the report, with one decimal.
pooled() {
    python3 -c 'import json, sys
report = json.load(open(sys.argv[1]))
print("%.1f" % report["pooled_metrics"]["vmaf"][sys.argv[2]])' "demo/$1.json" "$2"
}

size() { echo "$(($(stat -c %s "demo/$1.mp4") / 1000)) kB"; }

say "1/5 packages"
tools/deps.sh demo

say "2/5 models and build"
make --no-print-directory all

say "3/5 the clip"
mkdir -p demo
if [ -s "$clip" ]; then
    echo "$clip is there"
else
    get_clip || {
        echo "demo: error: could not get $package; run 'apt-get update' and try again" >&2
        exit 1
    }
fi
if ! echo "$clip_sha256  $clip" | sha256sum --quiet -c - >/dev/null 2>&1; then
    echo "demo: warning: $clip is not the file the README was made with; scores will differ" >&2
fi

say "4/5 a good and a poor encode"
encode good 20
encode poor 40

say "5/5 scores, straight from the mp4 files"
score good
score poor

say "What this means"
cat <<TEXT
VMAF says how a viewer would rate the encode against the original, on a scale from 0 to 100, for a
1080p screen seen from three times its height. At $(pooled good mean) ($(size good)) most people see no difference,
or nearly none; at $(pooled poor mean) ($(size poor)) the loss is plain and annoying. The worst frames, at $(pooled good min) and
$(pooled poor min), tell whether a good average hides a bad moment.

Per-frame scores and the features behind them: demo/good.json demo/poor.json
TEXT
