# SPDX-License-Identifier: BSD-2-Clause-Patent
"""vmaf-train export-dataset: rows as CSV and NPY, and reading both, also those of others."""

import ast
import csv
import io
import os
import struct
import subprocess
import sys
import unittest

import corpora
import support
from corpora import CorpusCase
from rows import Teacher, many_clips

HEADER = "key,source,group,frame,adm2,vif_scale0,vif_scale1,vif_scale2,vif_scale3,motion2,vmaf_raw,vmaf"
NAMES = HEADER.split(",")[4:10]


def load_npy(data):
    """Field names and records, read from the format's description, with no help of NumPy."""
    assert data[:6] == b"\x93NUMPY" and data[6:8] == b"\x01\x00"
    (length,) = struct.unpack("<H", data[8:10])
    assert (10 + length) % 64 == 0
    header = ast.literal_eval(data[10 : 10 + length].decode("latin-1"))
    assert header["fortran_order"] is False
    codes = {"<f4": "f", "<f8": "d", "<u4": "I"}
    form = "<" + "".join(codes.get(t) or t[2:] + "s" for _, t in header["descr"])
    rows = list(struct.iter_unpack(form, data[10 + length :]))
    assert len(rows) == header["shape"][0]
    return [name for name, _ in header["descr"]], rows


def npy(descr, records, shape=None, lead=b"\x93NUMPY\x01\x00", order="False", tail=""):
    shape = f"({len(records)},)" if shape is None else shape
    text = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, {tail}}}\n".encode()
    return lead + struct.pack("<H", len(text)) + text + b"".join(records)


class DatasetCase(CorpusCase):
    def export(self, *args, **kwargs):
        """Of a file, not of the corpus."""
        env = {"env": self.env, **kwargs}
        return corpora.run("export-dataset", *args, **env)

    def convert(self, data, *args, suffix="csv"):
        path = self.file(f"in.{suffix}", data)
        return self.export("--data", path, "--output", "-", *args)

    def rows(self, data, *args, suffix="csv"):
        result = self.convert(data, *args, suffix=suffix)
        self.assertEqual(result.returncode, 0, result.stderr)
        return list(csv.DictReader(io.StringIO(result.stdout)))

    def refused(self, data, words, *args, code=2, suffix="csv"):
        out = self.path("out.csv")
        path = self.file(f"in.{suffix}", data)
        args = ["--data", path, "--output", out, *args]
        self.check_refused(code, words, "export-dataset", *args, root=False)
        self.assertFalse(os.path.exists(out))


class Export(DatasetCase):
    def setUp(self):
        super().setUp()
        support.model_file("vmaf_v0.6.1")
        self.small()

    def both(self):
        for suffix in ("csv", "npy"):
            self.good("export-dataset", "--cache-dir", self.cache, "--output", self.path("x." + suffix))
        with open(self.path("x.csv"), encoding="ascii") as f:
            text = f.read()
        with open(self.path("x.npy"), "rb") as f:
            return text, f.read()

    def test_both_hold_what_the_cache_holds(self):
        text, data = self.both()
        self.assertEqual(text.splitlines()[0], HEADER)
        names, records = load_npy(data)
        self.assertEqual(",".join(names), HEADER)
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual(len(rows), 12)
        self.assertEqual(len(records), 12)
        for i, (row, record) in enumerate(zip(rows, records)):
            entry = os.path.join(self.cache, row["source"], row["key"] + ".json")
            with open(entry, encoding="utf-8") as f:
                entry = support.parse_json(f.read())
            frame = int(row["frame"])
            self.assertEqual(frame, i % 3)
            cached = entry["features"]["per_frame"][frame]
            singles = [struct.unpack("<f", struct.pack("<f", value))[0] for value in cached]
            scores = [entry["scores"][key][frame] for key in ("raw_per_frame", "per_frame")]
            self.assertEqual([struct.unpack("<f", struct.pack("<f", float(row[n])))[0] for n in NAMES], singles)
            self.assertEqual([float(row["vmaf_raw"]), float(row["vmaf"])], scores)
            self.assertEqual(list(record[4:10]), singles)
            self.assertEqual(list(record[10:]), scores)
            self.assertEqual([x.rstrip(b"\0").decode() for x in record[:3]], [row[k] for k in ("key", "source", "group")])

    def test_there_and_back(self):
        text, data = self.both()
        for suffix in ("csv", "npy"):
            source = self.path("x." + suffix)
            again = self.export("--data", source, "--output", "-")
            self.assertEqual(again.stdout, text)
            self.export("--data", source, "--output", self.path("again.npy"))
            with open(self.path("again.npy"), "rb") as f:
                self.assertEqual(f.read(), data)

    def test_the_digest_does_not_depend_on_where_rows_come_from(self):
        self.both()
        lines = {
            self.good("export-dataset", "--cache-dir", self.cache, "--output", self.path("y.csv")).stdout,
            *(self.export("--data", self.path(n), "--output", self.path("y.csv")).stdout for n in ("x.csv", "x.npy")),
        }
        self.assertEqual(len(lines), 1)
        self.assertRegex(lines.pop(), r"(?m)^data [0-9a-f]{64}$")

    def test_groups_are_kept(self):
        self.put("corpus.json", '{"sources": {"Alpha": {"group": "Film"}, "Beta": {"group": "Film"}}}')
        text, _ = self.both()
        self.assertEqual({row["group"] for row in csv.DictReader(io.StringIO(text))}, {"Film"})

    def test_where_to(self):
        self.check_refused(1, ["--output"], "export-dataset")
        self.check_refused(1, [".csv", ".npy", "--format"], "export-dataset", "--output", self.path("x.txt"))
        self.good("export-dataset", "--cache-dir", self.cache, "--output", self.path("x.txt"), "--format", "npy")
        with open(self.path("x.txt"), "rb") as f:
            self.assertEqual(len(load_npy(f.read())[1]), 12)
        for out in (self.path("none/x.csv"), self.folder):
            self.check_refused(
                4, ["cannot write"], "export-dataset", "--cache-dir", self.cache, "--format", "csv", "--output", out
            )

    def test_a_link_keeps_pointing(self):
        target = self.file("target.csv", "old")
        os.symlink(target, self.path("link.csv"))
        self.good("export-dataset", "--cache-dir", self.cache, "--output", self.path("link.csv"))
        self.assertTrue(os.path.islink(self.path("link.csv")))
        with open(target, encoding="ascii") as f:
            self.assertEqual(f.readline().strip(), HEADER)

    def test_numpy_reads_it(self):
        """Debian's, if not this interpreter's."""
        program = "import numpy, sys; a = numpy.load(sys.argv[1]); print(a.shape, a['vmaf'].max() <= 100)"
        self.both()
        for python in (sys.executable, "/usr/bin/python3"):
            command = [python, "-c", program, self.path("x.npy")]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                self.assertEqual(done.stdout, "(12,) True\n")
                return
            self.assertIn("No module named", done.stderr)
        self.skipTest("NumPy is not installed")


class Csv(DatasetCase):
    def test_columns_are_found_by_name(self):
        text = "motion2,vmaf,extra,adm2\r\n1,50,x,0.5\r\n2,60,y,0.25\r\n"
        rows = self.rows("\ufeff" + text, "--features", "adm2,motion2")
        self.assertEqual([(r["adm2"], r["motion2"], r["vmaf"]) for r in rows], [("0.5", "1", "50"), ("0.25", "2", "60")])
        self.assertEqual({r["key"] for r in rows}, {"data"})
        self.assertEqual([r["frame"] for r in rows], ["0", "1"])

    def test_what_is_not_there_is_filled_in(self):
        rows = self.rows("key,adm2,vmaf_raw\nTennis_20_288_375,0.5,120\nB,0.5,-3\n", "--features", "adm2")
        self.assertEqual([(r["source"], r["group"], r["vmaf"]) for r in rows], [("B", "B", "0"), ("Tennis", "Tennis", "100")])
        rows = self.rows("adm2,vmaf\n0.5,50\n", "--features", "adm2")
        self.assertEqual((rows[0]["vmaf_raw"], rows[0]["vmaf"]), ("", "50"))
        rows = self.rows("source,adm2,vmaf\nX,0.5,50\n", "--features", "adm2")
        self.assertEqual((rows[0]["key"], rows[0]["source"]), ("X", "X"))

    def test_clips_are_ordered(self):
        text = "key,frame,adm2,vmaf\nB,0,.5,1\nB,1,.5,2\nA,0,.5,3\nA,1,.5,4\n"
        rows = self.rows(text, "--features", "adm2")
        self.assertEqual([r["vmaf"] for r in rows], ["3", "4", "1", "2"])

    def test_rows_without_a_number_are_dropped(self):
        lines = [f"A,{i},0.5,50" for i in range(300)]
        lines[7:10] = ["A,7,nan,50", "A,8,,50", "A,9,0.5,inf"]
        result = self.convert("key,frame,adm2,vmaf\n" + "\n".join(lines), "--features", "adm2")
        self.assertEqual(result.returncode, 0)
        self.assertIn("3 rows are left out", result.stderr)
        self.assertEqual(len(result.stdout.splitlines()), 298)
        self.refused("key,adm2,vmaf\nA,nan,1\nA,0.5,2\n", ["clip A", "1 of its 2 rows"], "--features", "adm2")

    def test_the_full_set_takes_what_is_there(self):
        rows = self.rows("motion2,adm2,nothing,vmaf\n1,0.5,7,50\n", "--features", "full")
        self.assertEqual(list(rows[0])[4:6], ["adm2", "motion2"])

    def test_bad_files(self):
        for text, words in (
            ("", ["line 1", "empty"]),
            ("adm2\n", ["line 1", "vmaf_raw"]),
            ("motion2,vmaf\n", ["line 1", "adm2"]),
            ("adm2,adm2,vmaf\n", ["two columns"]),
            ("adm2,vmaf\n", ["no row"]),
            ("adm2,vmaf\n0.5\n", ["line 2", "columns"]),
            ("adm2,vmaf\n0.5,50,1\n", ["line 2", "columns"]),
            ("adm2,vmaf\n0.5,50\n0x1p3,50\n", ["line 3", "0x1p3", "not a number"]),
            ("adm2,vmaf\n0.5 ,50\n", ["line 2", "not a number"]),
            ('adm2,vmaf\n"0.5",50\n', ["line 2", "quote"]),
            ("adm2,vmaf\n0.5,50\0\n", ["line 2", "zero byte"]),
            ("adm2,vmaf\n" + "1" * 70000 + ",50\n", ["line 2", "too long"]),
            (",".join(f"c{i}" for i in range(300)), ["line 1", "too many columns"]),
            ("key,adm2,vmaf\nA,.5,1\nB,.5,1\nA,.5,1\n", ["line 4", "clip A comes twice"]),
            ("key,adm2,vmaf\n" + "".join(f"k{i},.5,1\n" for i in range(16385)), ["line 16386", "16384 sources"]),
            ("key,adm2,vmaf\n,.5,1\n", ["line 2", "empty"]),
            ("key,adm2,vmaf\n" + "k" * 200 + ",.5,1\n", ["line 2", "longer"]),
            ("key,adm2,vmaf\na\x07b,.5,1\n", ["line 2", "control"]),
            ("key,adm2,vmaf\n\xfc,.5,1\n", ["line 2", "ASCII"]),
            ("frame,adm2,vmaf\n-1,.5,1\n", ["line 2", "frame"]),
            ("frame,adm2,vmaf\n1.5,.5,1\n", ["line 2", "frame"]),
            ("frame,adm2,vmaf\n5000000000,.5,1\n", ["line 2", "frame"]),
        ):
            with self.subTest(text[:50]):
                self.refused(text, words, "--features", "adm2")
        for path, words in ((self.folder, ["regular"]), (self.path("no"), ["no such file"])):
            args = ["--data", path, "--output", "-"]
            self.check_refused(2, words, "export-dataset", *args, root=False)
        self.refused("adm2,vmaf\n1,1\n", ["no name"], "--features", "adm2'")


    def test_time_does_not_depend_on_the_number_of_sources(self):
        """Each clip's source and group were compared with all before: 25 times as long."""
        seconds = []
        for sources in (1, 16384):
            path = self.file("many.csv", many_clips(sources))
            args = ["export-dataset", "--data", path, "--output", self.path("out.csv")]
            seconds.append(corpora.cpu_seconds(*args, env=self.env))
        self.assertLess(seconds[1], 6 * seconds[0] + 0.5)


class Relabel(DatasetCase):
    HEAD = "adm2,vif_scale0,vif_scale1,vif_scale2,vif_scale3,motion2,vmaf\n"

    def test_the_teacher_is_asked(self):
        """As the model file describes it, worked out here."""
        teacher = Teacher()
        values = ([1, 1, 1, 1, 1, 0], [0.875, 0.375, 0.75, 0.8125, 0.875, 5], [1, 1, 1, 1, 1, 20])
        text = self.HEAD + "".join(",".join(map(str, [*v, 7])) + "\n" for v in values)
        for row, x in zip(self.rows(text, "--relabel"), values, strict=True):
            raw = teacher.raw(x)
            self.assertAlmostEqual(float(row["vmaf_raw"]), raw, 9)
            self.assertAlmostEqual(float(row["vmaf"]), min(max(raw, 0), 100), 9)

    def test_columns_that_the_teacher_needs(self):
        support.model_file("vmaf_v0.6.1")
        self.refused("adm2,vmaf\n1,7\n", ["motion2", "1 columns"], "--relabel", "--features", "adm2")


class Npy(DatasetCase):
    DESCR = "[('key', '<U4'), ('adm2', '<f8'), ('motion2', '<i2'), ('vmaf', '<f4')]"

    def record(self, key="A", adm=0.5, motion=-3, vmaf=50.0):
        return key.encode("utf-32-le").ljust(16, b"\0") + struct.pack("<dhf", adm, motion, vmaf)

    def test_types_of_others(self):
        data = npy(self.DESCR, [self.record(), self.record("B", 0.25, 300)])
        rows = self.rows(data, "--features", "adm2,motion2", suffix="npy")
        self.assertEqual([(r["key"], r["adm2"], r["motion2"]) for r in rows], [("A", "0.5", "-3"), ("B", "0.25", "300")])
        for code, form, value in (("|i1", "b", -7), ("|u1", "B", 200), ("<u8", "Q", 2**40), ("<i8", "q", -(2**40))):
            data = npy(f"[('adm2', '{code}'), ('vmaf', '<f8')]", [struct.pack("<" + form + "d", value, 1.0)])
            rows = self.rows(data, "--features", "adm2", suffix="npy")
            self.assertAlmostEqual(float(rows[0]["adm2"]) / value, 1, 8)

    def test_versions_and_orders(self):
        text = f"{{'shape': (1,), 'descr': {self.DESCR}, 'fortran_order': False}}".encode()
        for lead, size in ((b"\x93NUMPY\x02\x00", "<I"), (b"\x93NUMPY\x03\x00", "<I"), (b"\x93NUMPY\x01\x00", "<H")):
            data = lead + struct.pack(size, len(text)) + text + self.record()
            self.assertEqual(len(self.rows(data, "--features", "adm2", suffix="npy")), 1)

    def test_bad_files(self):
        good = npy(self.DESCR, [self.record()])
        plain = "'<f8'"
        for data, words in (
            (good[:5], ["cut off"]),
            (good[:40], ["cut off"]),
            (good[:-1], ["record 0", "cut off"]),
            (good + b"x", ["behind the last record"]),
            (npy(self.DESCR, [self.record()], shape="(2,)"), ["record 1", "cut off"]),
            (npy(self.DESCR, [self.record()], shape="(99999999999999999999,)"), ["more than 268435456 records"]),
            # the records can be a hole in the file: memory grew without end
            (npy(self.DESCR, [self.record()], shape="(30000000000,)"), ["more than 268435456 records"]),
            (npy(self.DESCR, [self.record()], shape="(268435457,)"), ["more than 268435456 records"]),
            (npy(self.DESCR, [self.record()], shape="(268435456,)"), ["record 1", "cut off"]),
            (npy(self.DESCR, [self.record()], shape="(1, 1)"), ["dimension"]),
            (npy(self.DESCR, [self.record()], shape="(-1,)"), ["number"]),
            (npy(self.DESCR, [], shape="()"), ["number"]),
            (npy(plain, [b"\0" * 8]), ["no named fields"]),
            (npy(self.DESCR.replace("<f8", ">f8"), [self.record()]), ["little-endian"]),
            (npy(self.DESCR.replace("<f8", "<f2"), [self.record()]), ["type"]),
            (npy(self.DESCR.replace("<f8", "|O"), [self.record()]), ["type"]),
            (npy(self.DESCR.replace("<f8", "<f8000000000000"), [self.record()]), ["a size"]),
            (npy(self.DESCR.replace("<U4", "|S99999"), [self.record()]), ["a type"]),
            (npy(self.DESCR.replace("adm2", "ad\\x6d2"), [self.record()]), ["escapes"]),
            (npy(self.DESCR.replace("'<f8')", "'<f8', (2,))"), [self.record()]), ["expected"]),
            (npy("[]", [b""]), ["empty"]),
            (npy(self.DESCR, [self.record()], order="Maybe"), ["True or False"]),
            (npy(self.DESCR, [self.record()], tail="'shape': (1,)"), ["twice"]),
            (npy(self.DESCR, [self.record()], tail="'more': 1"), ["descr, fortran_order or shape"]),
            (npy(self.DESCR, [self.record()], lead=b"\x93NUMPY\x09\x00"), ["version"]),
            (npy(self.DESCR, [self.record()], lead=b"\x93NOMPY\x01\x00"), ["no NPY"]),
            (npy(self.DESCR, [self.record("\u20ac")]), ["record 0", "ASCII"]),
            (npy(self.DESCR, [self.record(adm=float("nan"))]), ["not finite"]),
            (npy("[('key', '<f8'), ('adm2', '<f8'), ('vmaf', '<f8')]", [b"\0" * 24]), ["is a number"]),
            (b"\x93NUMPY\x02\x00" + struct.pack("<I", 1 << 30), ["too long"]),
        ):
            with self.subTest(words):
                self.refused(data, words, "--features", "adm2", suffix="npy")


if __name__ == "__main__":
    unittest.main()
