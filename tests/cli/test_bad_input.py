# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What is wrong with the input, the model, the command line or the output is told in one sentence,
with the documented exit status and without leaving half a file behind."""

import json
import os
import resource
import subprocess
import unittest

import support
from support import Case

USAGE, UNUSABLE, INTERNAL = 1, 2, 4
# Needs no model and hardly any time.
PSNR = ["-n", "--feature", "psnr"]


class Videos(Case):
    def refuse(self, name, words, *args, code=UNUSABLE, warnings=0):
        """Both inputs are the file name; nothing is written."""
        out = self.path("out.json")
        path = self.path(name)
        self.check_fault(
            code, words, "-r", path, "-d", path, *args, *PSNR, "--json", "-o", out, warnings=warnings
        )
        self.assertFalse(os.path.exists(out))
        self.assertFalse([n for n in os.listdir(self.folder) if n.startswith("out")])

    def test_missing_file(self):
        self.refuse("nowhere.y4m", ["nowhere.y4m", "No such file"])

    def test_missing_distorted_file(self):
        ref = self.file("ref.y4m", support.y4m("A", "ref", 32, 32))
        self.check_fault(UNUSABLE, ["distorted", "gone.y4m"], "-r", ref, "-d", "gone.y4m", *PSNR)

    def test_empty_file(self):
        self.file("empty.y4m", "")
        self.refuse("empty.y4m", ["empty.y4m", "empty"])
        self.refuse("empty.y4m", ["empty"], "-w", 32, "-h", 32, "-p", "420", "-b", 8)

    def test_directory(self):
        os.mkdir(self.path("folder"))
        self.refuse("folder", ["folder", "directory"])

    def test_raw_size_is_no_multiple(self):
        self.file("part.yuv", bytes(32 * 32 * 3 // 2 * 2 + 5))
        self.refuse("part.yuv", ["part.yuv", "5 bytes", "-w"], "-w", 32, "-h", 32, "-p", "420", "-b", 8)

    def test_raw_with_the_wrong_format(self):
        """A wrong format shows in the size, or in samples beyond the depth."""
        self.file("a.yuv", support.patterns.frame("A", "ref", 64, 48))
        for w, h, pixel_format, bits in ((66, 48, "420", 8), (64, 48, "444", 8), (64, 48, "420", 16)):
            self.refuse("a.yuv", ["bytes"], "-w", w, "-h", h, "-p", pixel_format, "-b", bits)
        self.file("b.yuv", support.patterns.frame("A", "ref", 64, 48, 16))
        self.refuse("b.yuv", ["samples"], "-w", 64, "-h", 48, "-p", "420", "-b", 10)

    def test_raw_geometry(self):
        self.file("a.yuv", bytes(32 * 32 * 3 // 2))
        for w, h in ((0, 32), (32, 0), (-32, 32), (99999, 99999), ("32x", 32), ("", 32)):
            with self.subTest(w=w, h=h):
                self.refuse("a.yuv", [], "-w", w, "-h", h, "-p", "420", "-b", 8, code=USAGE)

    def test_raw_format_words(self):
        self.file("a.yuv", bytes(32 * 32 * 3 // 2))
        for pixel_format, bits, word in (("421", 8, "421"), ("420", 9, "9"), ("420", "8b", "8b")):
            self.refuse(
                "a.yuv", [word], "-w", 32, "-h", 32, "-p", pixel_format, "-b", bits, code=USAGE
            )

    def test_raw_needs_all_four(self):
        self.file("a.yuv", bytes(32 * 32 * 3 // 2))
        self.refuse("a.yuv", ["-b"], "-w", 32, "-h", 32, "-p", "420", code=USAGE)

    def test_y4m_headers(self):
        for tags, words in (
            ("W99999 H99999 F25:1", ["99999"]),
            ("W4294967328 H32 F25:1", ["4294967328"]),
            ("W0 H0 F25:1", ["0"]),
            ("W-32 H32 F25:1", ["-32"]),
            ("W32 F25:1", ["height"]),
            ("H32 F25:1", ["width"]),
            ("W32 H32 F25:1 C999", ["C999"]),
            ("W32 H32 F25:1 C411", ["C411"]),
            ("W32 H32 F25:1 Iq", ["Iq"]),
            ("W32 H32 F0x19:1", ["F0x19:1"]),
            ("W32z H32 F25:1", ["W32z"]),
            ("W32 H32 Q F25:1", ["Q"]),
            ("W32 H32 F25:1 " + 4000 * "X", ["header"]),
            ("W32 H32\x1b[2J F25:1", ["header"]),
            ("W32 H32\u009b2J F25:1", ["header"]),
        ):
            with self.subTest(tags=tags[:40]):
                data = support.y4m("A", "ref", 32, 32, header="YUV4MPEG2 " + tags)
                self.file("bad.y4m", data)
                self.refuse("bad.y4m", ["bad.y4m", *words])

    def test_y4m_header_only(self):
        self.file("bad.y4m", "YUV4MPEG2 W32 H32 F25:1")
        self.refuse("bad.y4m", ["bad.y4m"])
        self.file("bad.y4m", "YUV4MPEG2 W32 H32 F25:1\n")
        self.refuse("bad.y4m", ["frame"])

    def test_y4m_frame_line(self):
        data = support.y4m("A", "ref", 32, 32)
        self.file("bad.y4m", data.replace(b"FRAME", b"FRUME", 1))
        self.refuse("bad.y4m", ["frame 0", "FRAME"])

    def test_noise_is_no_video(self):
        noise = b"".join(i.to_bytes(4, "big") for i in range(7, 99991, 13))
        self.file("noise.mp4", b"\0\0\0\x20ftypisom" + noise)
        self.refuse("noise.mp4", ["noise.mp4", "FFmpeg"])
        self.file("text.txt", "This is no video.\n" * 100)
        self.refuse("text.txt", ["text.txt"])

    def test_too_small_for_a_feature(self):
        self.file("tiny.y4m", support.y4m("A", "ref", 8, 8))
        self.refuse("tiny.y4m", ["adm", "8x8"], "--feature", "adm")
        self.file("tiny.y4m", support.y4m("A", "ref", 175, 176))
        self.refuse("tiny.y4m", ["float_ms_ssim", "175x176"], "--feature", "float_ms_ssim")


class Pairs(Case):
    """Two files that do not fit together: one sentence that names both sides."""

    def refuse(self, words, ref, dis):
        ref, dis = self.file("ref.y4m", ref), self.file("dis.y4m", dis)
        self.check_fault(UNUSABLE, words, "-r", ref, "-d", dis, *PSNR, "-o", self.path("out.xml"))
        self.assertEqual(sorted(os.listdir(self.folder)), ["dis.y4m", "ref.y4m"])

    def test_sizes_differ(self):
        self.refuse(
            ["64x48", "64x32"], support.y4m("A", "ref", 64, 48), support.y4m("A", "dis", 64, 32)
        )

    def test_depths_differ(self):
        self.refuse(
            ["8 bit", "10 bit"],
            support.y4m("A", "ref", 64, 48),
            support.y4m("A", "dis", 64, 48, "C420p10", 10),
        )

    def test_formats_differ(self):
        self.refuse(
            ["420", "444"],
            support.y4m("A", "ref", 64, 48),
            support.y4m("A", "dis", 64, 48, "C444", 8, "444"),
        )


class CutOff(Case):
    """Frames that were read before the damage are scored; the status says that something is wrong."""

    def check(self, data, frames, words, warnings=0):
        ref = self.file("ref.y4m", support.y4m("A", "ref", 64, 48, frames=4))
        dis = self.file("dis.y4m", data)
        out = self.path("out.json")
        args = ["-r", ref, "-d", dis, *PSNR, "--json", "-o", out]
        self.check_fault(UNUSABLE, ["dis.y4m", *words], *args, warnings=warnings)
        with open(out, encoding="utf-8") as f:
            report = support.parse_json(f.read())
        self.assertEqual(len(report["frames"]), frames)

    def test_y4m_cut_in_a_frame(self):
        whole = support.y4m("A", "dis", 64, 48, frames=4)
        self.check(whole[: len(whole) - 700], 3, ["frame 3", "cut off"])

    def test_y4m_damaged_in_the_middle(self):
        whole = support.y4m("A", "dis", 64, 48, frames=4)
        place = whole.rindex(b"FRAME\n")
        self.check(whole[:place] + b"XXXXX" + whole[place + 5 :], 3, ["frame 3", "FRAME"])

    def test_pipe_cut_in_a_frame(self):
        raw = b"".join(support.patterns.frame("A", "dis", 64, 48, f=f) for f in range(3))
        ref = self.file("ref.yuv", raw)
        args = support.raw_args(ref, "-", 64, 48)
        command = [support.VMAF, *map(str, args), *PSNR, "--json", "-"]
        done = subprocess.run(command, input=raw[:-10], capture_output=True, timeout=60)
        self.assertEqual(done.returncode, UNUSABLE, done.stderr)
        self.assertIn(b"cut off", done.stderr)
        self.assertEqual(len(support.parse_json(done.stdout)["frames"]), 2)


class Models(Case):
    """Model files that cannot be used."""

    def good(self):
        """A small, valid model on PSNR; tests break it."""
        return {
            "model_dict": {
                "model_type": "LIBSVMNUSVR",
                "norm_type": "linear_rescale",
                "feature_names": ["psnr_y"],
                "slopes": [0.01, 0.02],
                "intercepts": [0.0, -0.1],
                "score_clip": [0, 100],
                "model": "svm_type nu_svr\nkernel_type rbf\ngamma 0.05\nnr_class 2\ntotal_sv 2\n"
                "rho -0.5\nSV\n1 1:0.5 \n-1 1:0.25 \n",
            }
        }

    def run_model(self, text):
        path = self.file("model.json", text)
        out = self.path("out.json")
        return [*self.pair(), "-m", f"path={path}", "--json", "-o", out], out

    def refuse(self, text, *words):
        args, out = self.run_model(text)
        self.check_fault(UNUSABLE, ["model.json", *words], *args)
        self.assertFalse(os.path.exists(out))

    def changed(self, **changes):
        model = self.good()
        for key, value in changes.items():
            if value is None:
                del model["model_dict"][key]
            else:
                model["model_dict"][key] = value
        return json.dumps(model)

    def test_the_good_one_works(self):
        args, out = self.run_model(json.dumps(self.good()))
        result = support.run(*args)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue(os.path.exists(out))

    def test_scores_of_many_digits(self):
        """Their first 31 digits were printed as if they were all: 1.07e30 for 1.07e38."""
        for power in (14, 16, 38, 100):
            args, out = self.run_model(self.changed(slopes=[float(f"1e-{power}"), 0.02], score_clip=None))
            for precision, places in ("legacy", 6), ("max", 15):
                done = support.run(*args, "-q", "--precision", precision)
                self.assertEqual(done.returncode, 0, done.stderr)
                with open(out, encoding="utf-8") as f:
                    score = support.parse_json(f.read())["pooled_metrics"]["vmaf"]["mean"]
                self.assertGreater(abs(score), 10 ** (power - 3))
                shown = float(done.stdout.split(": ")[1])
                self.assertLess(abs(shown / score - 1), 10.0**-places)

    def test_no_file(self):
        self.check_fault(UNUSABLE, ["nowhere.json"], *self.pair(), "-m", "path=nowhere.json")

    def test_directory(self):
        self.check_fault(UNUSABLE, ["directory"], *self.pair(), "-m", f"path={self.folder}")

    def test_empty(self):
        self.refuse("")

    def test_truncated(self):
        text = json.dumps(self.good())
        for size in (1, len(text) // 2, len(text) - 1):
            self.refuse(text[:size])

    def test_other_json(self):
        for text in ("[]", "{}", "null", "17", '{"model_dict":{}}', '{"model_dict":7}', '{"0":{}}'):
            with self.subTest(text=text):
                self.refuse(text)

    def test_names_cannot_command_a_terminal(self):
        """U+009B begins a terminal's command as ESC [ does, and was told as it is."""
        for name in ("a\x1b[2J.yuv", "a\u009b2J.yuv", "a\x7f.yuv"):
            done = support.run("-r", self.path(name), "-d", self.path(name), "-w", 32, "-h", 32, "-p", "420", "-b", 8)
            self.assertEqual(done.returncode, 2)
            self.assertIn("a?", done.stderr)
            self.assertFalse(set(name) & set(done.stderr) & {"\x1b", "\u009b", "\x7f"}, done.stderr)

    def test_nested_too_deep(self):
        self.refuse('{"a":' * 100000)

    def test_not_text(self):
        self.refuse(b"\xff\xfe\x00\x01" * 50)

    def test_nan(self):
        self.refuse(json.dumps(self.good()).replace("0.02", "NaN"))
        self.refuse(json.dumps(self.good()).replace("0.02", "1e999"))
        self.refuse(json.dumps(self.good()).replace("rho -0.5", "rho nan"))

    def test_wrong_types(self):
        for key, value in (
            ("model_type", 7),
            ("model_type", "FOREST"),
            ("norm_type", "odd"),
            ("feature_names", "psnr_y"),
            ("feature_names", []),
            ("feature_names", [7]),
            ("slopes", "0.1"),
            ("slopes", [0.1]),
            ("intercepts", [0.1, "0.2"]),
            ("score_clip", [100]),
            ("score_transform", [1]),
            ("model", 7),
            ("feature_opts_dicts", [{"a": [1]}]),
        ):
            with self.subTest(key=key, value=value):
                self.refuse(self.changed(**{key: value}), key)

    def test_missing_keys(self):
        for key in ("model_type", "norm_type", "feature_names", "slopes", "intercepts", "model"):
            with self.subTest(key=key):
                self.refuse(self.changed(**{key: None}), key)

    def test_unknown_feature(self):
        self.refuse(self.changed(feature_names=["VMAF_integer_feature_nonsense_score"]), "nonsense")

    def test_feature_not_in_this_version(self):
        self.refuse(self.changed(feature_names=["Cambi_feature_cambi_score"]), "cambi")

    def test_options_of_features(self):
        """Without a name one was said to be out of memory; each is compared with all before."""
        many = {f"o{i}": 1 for i in range(65)}
        self.refuse(self.changed(feature_opts_dicts=[many]), "psnr_y", "more than 64 options")
        self.refuse(self.changed(feature_opts_dicts=[{"": 1}]), "psnr_y", "no name")

    def test_support_vectors_of_nothing(self):
        """Two bytes each took 512 in memory: 3 MB of text half a gigabyte, and a collection as many times more."""
        n = 1 << 20
        text = self.good()["model_dict"]["model"].partition("total_sv")[0] + f"total_sv {n}\nrho 0\nSV\n" + "0\n" * (n - 1)
        path = self.file("model.json", self.changed(model=text + "0 64:1\n"))
        args = [*self.pair(), "-q", "-m", f"path={path}"]
        limit = 192 << 20

        def small():
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

        self.check_fault(UNUSABLE, ["model.json", "left out"], *args, preexec_fn=None if support.SANITIZED else small)

    def test_scores_that_are_no_numbers(self):
        """The mean was printed as -nan, and a minimum of the other frames kept every limit."""
        text = self.good()["model_dict"]["model"].replace("gamma 0.05", "gamma -1e300")
        args, out = self.run_model(self.changed(model=text))
        done = support.run(*args, "-q")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("no number for 3 of 3 frames", done.stderr)
        self.assertNotIn("nan", done.stdout.replace("vmaf-", ""))
        with open(out, encoding="utf-8") as f:
            self.assertIn("no number for 3 of 3 frames", f.read())
        done = support.run(*args, "-q", "--fail-under", "mean=1,min=1,p5=1")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertEqual(done.stderr.count("is unknown"), 3)

    def test_scores_beyond_all_bounds(self):
        """Their deviation was printed as inf, which is no JSON."""
        args, out = self.run_model(self.changed(slopes=[1e-300, 0.02], score_clip=None))
        self.assertEqual(support.run(*args, "-q").returncode, 0)
        with open(out, encoding="utf-8") as f:
            report = support.parse_json(f.read())
        self.assertIsNone(report["tinyvmaf"]["percentiles"]["vmaf"]["stddev"])

    def test_svm_text(self):
        good = self.good()["model_dict"]["model"]
        for text in (
            "",
            good.replace("total_sv 2", "total_sv 0").partition("SV\n")[0] + "SV\n",
            good.replace("total_sv 2", "total_sv 3"),
            good.replace("total_sv 2", "total_sv 99999999999"),
            # was accepted: the value was looked for on the next line
            good.replace("1 1:0.5 ", "1 1:\n0.5 "),
            good.replace("gamma 0.05", "gamma x"),
            good.replace("1:0.5", "65:0.5"),
            good.replace("1:0.5", "0:0.5"),
            good.replace("1:0.5", "1"),
            good.replace("nu_svr", "c_svc"),
            good.replace("rbf", "odd"),
            good.replace("rho", "rhubarb"),
        ):
            with self.subTest(text=text[-60:]):
                self.refuse(self.changed(model=text))


class CommandLine(Case):
    def refuse(self, words, *args, code=USAGE):
        self.check_fault(code, words, *args)

    def test_no_arguments(self):
        self.refuse(["-r"])

    def test_one_pipe_for_both(self):
        """Each read half of the bytes, and what came of it was printed as a score."""
        raw = ["-w", 32, "-h", 32, "-p", "420", "-b", 8]
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        self.refuse(["same pipe"], "-r", fifo, "-d", fifo, *raw)
        for one, other in (("-", "/dev/stdin"), ("/dev/stdin", "/dev/stdin"), ("/dev/fd/0", "-")):
            read, write = os.pipe()
            done = support.run("-r", one, "-d", other, *raw, stdin=read)
            os.close(read), os.close(write)
            self.assertEqual(done.returncode, USAGE, done.stderr)
            self.assertIn("same pipe", done.stderr)

    def test_one_numbered_pipe_for_both(self):
        """A score of half of the frames against the other half was printed, with status 0."""
        read, write = os.pipe()
        os.write(write, support.y4m("A", "ref", 32, 32, frames=2))
        os.close(write)
        path = f"/dev/fd/{read}"
        self.check_fault(USAGE, ["same pipe", path], "-r", path, "-d", path, *PSNR, pass_fds=[read])
        os.close(read)

    def test_only_one_input(self):
        self.refuse(["-d"], "-r", "a.y4m")

    def test_unknown_option(self):
        self.refuse(["--nonsense"], *self.pair(), "--nonsense")

    def test_positional_argument(self):
        self.refuse(["stray.y4m"], *self.pair(), "stray.y4m")

    def test_option_without_argument(self):
        self.refuse(["--model"], *self.pair(), "--model")

    def test_numbers(self):
        for option in ("--threads", "--subsample", "--frame_cnt", "--cpumask", "--precision"):
            for value in ("x", "12abc", "-1", "", "99999999999999999999"):
                with self.subTest(option=option, value=value):
                    self.refuse([option.strip("-")], *self.pair(), *PSNR, option, value)

    def test_unknown_feature(self):
        self.refuse(["vfi", "vif"], *self.pair(), "-n", "--feature", "vfi", code=UNUSABLE)

    def test_unknown_model(self):
        self.refuse(["vmaf_v0.6.2"], *self.pair(), "-m", "version=vmaf_v0.6.2", code=UNUSABLE)

    def test_model_words(self):
        for text, word in (("nonsense=1", "nonsense"), ("version=", "version"), ("path=", "path")):
            self.refuse([word], *self.pair(), "-m", text)

    def test_two_models_of_one_name(self):
        support.model_file("vmaf_v0.6.1")
        self.refuse(
            ["vmaf"], *self.pair(), "-m", "version=vmaf_v0.6.1", "-m", "version=vmaf_v0.6.1neg"
        )

    def test_option_out_of_range(self):
        self.refuse(
            ["vif_enhn_gain_limit"],
            *(*self.pair(), "-n", "--feature", "vif=vif_enhn_gain_limit=0.5"),
            code=UNUSABLE,
        )

    def test_unknown_pool_name(self):
        self.refuse(["median"], *self.pair(), "--fail-under", "median=50")
        self.refuse(["mean"], *self.pair(), "--fail-under", "mean=x")

    def test_unknown_progress(self):
        self.refuse(["sometimes"], *self.pair(), *PSNR, "--progress", "sometimes")


class Outputs(Case):
    def refuse(self, words, *args, **kwargs):
        return self.check_fault(INTERNAL, words, *self.pair(), *PSNR, *args, **kwargs)

    def test_folder_missing(self):
        path = self.path("no/such/out.json")
        self.refuse([path, "No such file"], "--json", "-o", path)

    def test_output_is_a_directory(self):
        self.refuse(["directory"], "--json", "-o", self.folder)

    def test_full_device(self):
        for options in (["--json"], ["--xml"], ["--csv"], ["--sub"]):
            self.refuse(["/dev/full", "space"], *options, "-o", "/dev/full")
        self.assertTrue(os.path.exists("/dev/full"))

    def test_full_stdout(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            self.refuse(["stdout"], "--json", "-", stdout=full)
            self.refuse(["stdout"], stdout=full)

    def test_closed_stdout(self):
        for args in (["--json", "-"], []):
            command = [support.VMAF, *map(str, self.pair()), *PSNR, *args]
            done = subprocess.run(
                ["sh", "-c", '"$@" >&-', "sh", *command], capture_output=True, text=True, timeout=60
            )
            self.assertEqual(done.returncode, INTERNAL, done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_reader_that_went_away(self):
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "w") as gone:
            self.refuse(["stdout"], "--json", "-", stdout=gone)

    def test_an_older_report_survives_a_failed_run(self):
        out = self.file("out.json", "older")
        self.check_fault(UNUSABLE, [], "-r", "gone", "-d", "gone", *PSNR, "--json", "-o", out)
        with open(out, encoding="ascii") as f:
            self.assertEqual(f.read(), "older")


if __name__ == "__main__":
    unittest.main()
