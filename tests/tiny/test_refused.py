# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Files that are no tiny models: refused with one sentence that says where and why, whatever they hold."""

import math
import os
import random
import struct
import unittest

import wire
from tiny_case import TinyCase, tiny_score

GEMM = [wire.node("Gemm", ["input", "w", "b"], ["score"], name="gemm", transB=1)]
TENSORS = [wire.tensor("w", [1, 6], [1.0] * 6), wire.tensor("b", [1], [1.0])]


class Refused(TinyCase):
    def check(self, data, *words):
        path = self.file("m.onnx", data)
        return self.check_refused(path, "m.onnx", *words)

    def check_all(self, cases):
        for name, (data, *words) in cases.items():
            with self.subTest(name):
                self.check(data, *words)

    def test_the_model_that_the_others_are_made_from_is_good(self):
        path = self.file("m.onnx", wire.linear())
        self.assertEqual(self.first_scores(path, [[1, 2, 3, 4, 5, 6]]), [22.0])

    # ---- bytes ----

    def test_bytes(self):
        good = wire.linear()
        self.check_all(
            {
                "empty": (b"", "empty"),
                "text": (b"this is not a model\n", "byte "),
                "html": (b"<!DOCTYPE html><html></html>", "byte "),
                "json": (b'{"model_dict": {}}', "byte "),
                "cut": (good[:-1], "byte "),
                "a length of 2^63": (b"\x3a" + wire.varint(1 << 63), "longer than what is left"),
                "a number without end": (b"\x08" + b"\xff" * 12, "too long"),
                "field 0": (b"\x00\x01" + good, "number"),
                "a group": (b"\x0b\x0c" + good, "wire type"),
                "a wrong wire type": (wire.field(1, "eight") + good, "wrong wire type"),
                "two graphs": (good + wire.field(7, b""), "there again"),
                "a zero byte in a name": (good + wire.field(2, "a\0b"), "zero byte"),
                "too many fields": (good + wire.field(99, 1) * (1 << 16), "too many fields"),
                "too many nodes": (wire.model(wire.field(1, b"") * 257), "257 nodes"),
                "too many tensors": (
                    wire.linear(tensors=TENSORS + [wire.tensor(f"t{i}", [1], [0.0]) for i in range(255)]),
                    "257 tensors",
                ),
            }
        )

    def test_every_cut_is_refused(self):
        good = wire.linear(meta={"trained": "1"})
        path = self.path("m.onnx")
        for n in range(0, len(good), 3):
            with open(path, "wb") as f:
                f.write(good[:n])
            done = tiny_score(path, "--info")
            if done.returncode:
                self.assertEqual((done.returncode, len(done.stderr.splitlines())), (2, 1), done.stderr)

    def test_flipped_bytes_do_no_harm(self):
        rng = random.Random(7)
        good = wire.linear(meta={"features": "adm2,vif_scale0,vif_scale1,vif_scale2,vif_scale3,motion2"})
        path = self.path("m.onnx")
        for _ in range(300):
            data = bytearray(good)
            for _ in range(rng.randint(1, 4)):
                data[rng.randrange(len(data))] = rng.randrange(256)
            with open(path, "wb") as f:
                f.write(data)
            done = tiny_score(path, rows=[[1] * 6])
            self.assertIn(done.returncode, (0, 2), done.stderr)
            self.assertLessEqual(len(done.stderr.splitlines()), 1)

    def test_large_files_are_not_read(self):
        path = self.path("m.onnx")
        with open(path, "wb") as f:
            f.truncate(1 << 40)
        self.check_refused(path, "larger than 4 MiB")

    def test_what_is_no_file(self):
        self.check_refused(self.folder, "not a regular file")
        os.mkfifo(self.path("pipe.onnx"))
        self.check_refused(self.path("pipe.onnx"), "not a regular file")
        self.check_refused(self.path("none.onnx"), "No such file")
        self.check_refused(self.path("no/folder.onnx"), "No such file")

    # ---- the file as a whole ----

    def test_versions_and_extras(self):
        self.check_all(
            {
                "IR 2": (wire.linear(ir=2), "IR version 2"),
                "IR 11": (wire.linear(ir=11), "IR version 11"),
                "IR -1": (wire.linear(ir=-1), "IR version -1"),
                "opset 6": (wire.linear(opset=6), "opset 6"),
                "opset 22": (wire.linear(opset=22), "opset 22"),
                "no opset": (wire.linear(opset=None), "0 sets of operators"),
                "another domain": (wire.linear(domain="com.microsoft"), "com.microsoft"),
                "two opsets": (wire.linear() + wire.field(8, wire.field(2, 17)), "2 sets"),
                "functions": (wire.linear() + wire.field(25, b""), "functions"),
                "training info": (wire.linear() + wire.field(20, b""), "training info"),
                "sparse tensors": (wire.linear(extra=wire.field(15, b"")), "sparse"),
                "no graph": (wire.field(1, 8) + wire.field(8, wire.field(2, 17)), "no graph"),
                "no nodes": (wire.model(wire.graph([], TENSORS, [], [])), "0 nodes"),
                "metadata twice": (wire.linear() + wire.field(14, wire.entry("a", "1")) * 2, "metadata has a twice"),
                "a later schema": (wire.linear(meta={"tinyvmaf.schema": "2"}), "schema"),
            }
        )

    # ---- tensors ----

    def test_tensors(self):
        def with_tensor(tensor):
            return wire.linear(tensors=[tensor, TENSORS[1]])

        huge = 1 << 40
        self.check_all(
            {
                "negative": (with_tensor(wire.tensor("w", [-1, 6], [1.0] * 6)), "tensor w", "negative"),
                "huge": (with_tensor(wire.tensor("w", [huge, 6], [1.0] * 6)), "tensor w", str(huge)),
                "a product beyond 64 bits": (with_tensor(wire.tensor("w", [1 << 20] * 4)), "tensor w", "elements"),
                "most negative": (with_tensor(wire.tensor("w", [-(1 << 63)])), "tensor w", "negative"),
                "no elements": (with_tensor(wire.tensor("w", [0, 6], [])), "tensor w", "no elements"),
                "five dimensions": (with_tensor(wire.tensor("w", [1] * 5, [1.0])), "tensor w", "5 dimensions"),
                "too short": (with_tensor(wire.tensor("w", [1, 6], [1.0] * 5)), "tensor w", "24 bytes", "has 20"),
                "too long": (with_tensor(wire.tensor("w", [1, 6], [1.0] * 7)), "tensor w", "has 28"),
                "no data": (with_tensor(wire.tensor("w", [1, 6])), "tensor w", "has 0"),
                "a short list": (
                    with_tensor(wire.tensor("w", [1, 6], extra=wire.field(4, wire.floats([1.0])))),
                    "tensor w",
                    "data for 1",
                ),
                "data twice": (
                    with_tensor(wire.tensor("w", [1, 6], [1.0] * 6, extra=wire.field(4, wire.floats([1.0] * 6)))),
                    "tensor w",
                    "more than one place",
                ),
                "NaN": (with_tensor(wire.tensor("w", [1, 6], [1.0] * 5 + [math.nan])), "tensor w", "element 5"),
                "infinite": (with_tensor(wire.tensor("w", [1, 6], [math.inf] + [1.0] * 5)), "tensor w", "element 0"),
                "double": (with_tensor(wire.tensor("w", [1, 6], raw=b"\0" * 48, kind=11)), "tensor w", "type 11"),
                "texts": (with_tensor(wire.tensor("w", [1], kind=8, extra=wire.field(6, b"x"))), "tensor w"),
                "no type": (with_tensor(wire.fields(1, [1, 6]) + wire.field(8, "w")), "tensor w", "type 0"),
                "no name": (with_tensor(wire.tensor("", [1], [1.0])), "no name"),
                "a long name": (with_tensor(wire.tensor("w" * 200, [1], [1.0])), "127 bytes"),
                "a name with a newline": (with_tensor(wire.tensor("a\nb", [1], [1.0])), "control characters"),
                "twice": (wire.linear(tensors=TENSORS + TENSORS[:1]), "two tensors w"),
                "300 as int8": (
                    with_tensor(wire.tensor("w", [1], kind=wire.INT8, extra=wire.field(5, wire.varint(300)))),
                    "tensor w",
                    "8 bits",
                ),
                "too many in all": (
                    wire.linear(tensors=[wire.tensor(f"t{i}", [1 << 18], raw=b"\0" * (1 << 18), kind=wire.UINT8)
                                         for i in range(5)]),
                    "1048576 elements in all",
                ),
            }
        )

    def test_a_constant_of_two_gigabytes(self):
        """Its length is claimed, its bytes are not there."""
        body = wire.fields(1, [1 << 29]) + wire.field(2, 1) + wire.field(8, "w")
        body += wire.varint(9 << 3 | 2) + wire.varint(1 << 31)
        self.check(wire.linear(tensors=[body]), "longer than what is left")

    # ---- data in other files ----

    def external(self, *args, dims=(1, 6)):
        tensor = wire.tensor("w", list(dims), extra=wire.external(*args))
        return wire.linear(tensors=[tensor, TENSORS[1]])

    def test_external_data_is_read(self):
        self.file("w.bin", b"pad!" + wire.floats([1.0] * 6))
        path = self.file("m.onnx", self.external("w.bin", 4, 24))
        self.assertEqual(self.first_scores(path, [[1, 2, 3, 4, 5, 6]]), [22.0])

    def test_the_digest_covers_external_data(self):
        path = self.file("m.onnx", self.external("w.bin"))
        digests = set()
        for value in 1.0, 2.0:
            self.file("w.bin", wire.floats([value] * 6))
            digests.add(tiny_score(path, "--info").stdout.splitlines()[0])
        self.assertEqual(len(digests), 2)

    def test_external_data(self):
        self.file("w.bin", wire.floats([1.0] * 6))
        os.mkdir(self.path("sub"))
        os.symlink(self.path("w.bin"), self.path("link.bin"))
        os.mkfifo(self.path("pipe.bin"))
        with open(self.path("large.bin"), "wb") as f:
            f.truncate((4 << 20) + 1)
        self.check_all(
            {
                "up": (self.external("../w.bin"), "tensor w", "../w.bin"),
                "down": (self.external("sub/w.bin"), "tensor w", "sub/w.bin"),
                "from the root": (self.external("/etc/passwd"), "tensor w", "/etc/passwd"),
                "the folder": (self.external(".."), "tensor w"),
                "no name": (self.external(""), "tensor w", "names no file"),
                "a link": (self.external("link.bin"), "link"),
                "a pipe": (self.external("pipe.bin"), "pipe.bin", "not a regular file"),
                "a folder": (self.external("sub"), "sub", "not a regular file"),
                "missing": (self.external("none.bin"), "none.bin", "No such file"),
                "large": (self.external("large.bin"), "large.bin", "larger than 4 MiB"),
                "behind the end": (self.external("w.bin", 4, 24), "tensor w", "24 bytes"),
                "far behind it": (self.external("w.bin", 999999999, 24), "tensor w"),
                "another length": (self.external("w.bin", 0, 20), "tensor w", "20"),
                "a negative offset": (self.external("w.bin", -4, 24), "tensor w", "offset"),
                "an offset beyond 64 bits": (self.external("w.bin", 10**30, 24), "tensor w", "offset"),
            }
        )

    def test_too_many_files(self):
        tensors = []
        for i in range(5):
            self.file(f"{i}.bin", wire.floats([1.0]))
            tensors.append(wire.tensor(f"t{i}", [1], extra=wire.external(f"{i}.bin")))
        self.check(wire.linear(tensors=tensors), "too many files")

    # ---- the graph ----

    def test_nodes(self):
        def with_node(*args, **kwargs):
            return wire.linear(nodes=[wire.node(*args, name="n1", **kwargs)])

        one = ["input", "w", "b"]
        cycle = [wire.node("Add", ["b2", "input"], ["a2"], name="first"), wire.node("Add", ["a2", "input"], ["b2"])]
        self.check_all(
            {
                "unknown": (with_node("Conv", one, ["score"]), "node n1", "Conv", "not supported"),
                "a loop": (with_node("Loop", one, ["score"]), "node n1", "Loop", "not supported"),
                "no operator": (with_node("", one, ["score"]), "no name"),
                "another domain": (
                    with_node("Gemm", one, ["score"], extra=wire.field(7, "ai.onnx.ml")), "node n1", "ai.onnx.ml",
                ),
                "a subgraph": (
                    with_node("Gemm", one, ["score"], body=wire.field(6, b"")), "node n1", "body", "graph",
                ),
                "an unknown attribute": (with_node("Relu", ["input"], ["score"], alpha=1.0), "node n1", "alpha"),
                "an attribute of another type": (with_node("Gemm", one, ["score"], transB=1.0), "transB", "type 1"),
                "an attribute that is NaN": (with_node("Gemm", one, ["score"], alpha=math.nan), "alpha", "finite"),
                "an attribute of older opsets": (with_node("Clip", ["input"], ["score"], min=0.0), "min", "opset 11"),
                "an operator of newer opsets": (
                    wire.linear(nodes=[wire.node("Erf", ["input"], ["score"], name="n1")], opset=8), "node n1", "opset 9",
                ),
                "too few inputs": (with_node("Gemm", ["input"], ["score"]), "node n1", "1 inputs"),
                "too many inputs": (with_node("Relu", ["input", "w"], ["score"]), "node n1", "2 inputs"),
                "an input left out": (with_node("Add", ["input", ""], ["score"]), "node n1", "input 2"),
                "no outputs": (with_node("Relu", ["input"], []), "node n1", "0 outputs"),
                "two outputs": (with_node("Relu", ["input"], ["score", "x"]), "node n1", "2 outputs"),
                "a cycle": (wire.linear(nodes=cycle), "node first", "b2"),
                "itself": (with_node("Add", ["input", "score"], ["score"]), "node n1", "score"),
                "made twice": (wire.linear(nodes=GEMM + GEMM), "node gemm", "made twice"),
                "an input made again": (with_node("Relu", ["input"], ["input"]), "node n1", "made twice"),
                "nobody's output": (wire.linear(outputs=[wire.value("z", ["batch", 1])]), "output z"),
                "a third output": (wire.linear(outputs=[wire.value("score", ["b", 1])] * 3), "3 outputs"),
                "another second output": (
                    wire.linear(
                        nodes=GEMM + [wire.node("Relu", ["score"], ["more"])],
                        outputs=[wire.value("score", ["b", 1]), wire.value("more", ["b", 1])],
                    ),
                    "second output is more",
                ),
            }
        )

    def test_inputs(self):
        def with_input(*values):
            return wire.linear(inputs=list(values))

        good = wire.value("input", ["batch", 6])
        self.check_all(
            {
                "none": (with_input(), "no input"),
                "an image": (with_input(wire.value("input", [1, 1, "h", "w"])), "input input", "4 dimensions"),
                "of bytes": (with_input(wire.value("input", ["batch", 6], wire.UINT8)), "input input", "floats"),
                "without a type": (with_input(wire.field(1, "input")), "input input"),
                "of open width": (with_input(wire.value("input", ["batch", "n"])), "width"),
                "of negative width": (with_input(wire.value("input", ["batch", -6])), "width of -6"),
                "too wide": (with_input(wire.value("input", ["batch", 1 << 30])), "width"),
                "of seven rows": (with_input(wire.value("input", [7, 6])), "exactly 7 rows"),
                "twice": (with_input(good, good), "two inputs"),
                "three": (with_input(good, wire.value("x", ["b", 1]), wire.value("y", ["b", 1])), "y"),
                "of unknown features": (
                    wire.linear(
                        inputs=[wire.value("input", ["batch", 5])],
                        tensors=[wire.tensor("w", [1, 5], [1.0] * 5), TENSORS[1]],
                    ),
                    "5 values",
                ),
                "fewer names than values": (wire.linear(meta={"features": "adm2,motion2"}), "2 features"),
                "more names than values": (wire.linear(meta={"features": "a,b,c,d,e,f,g"}), "7 features"),
                "an empty name": (wire.linear(meta={"features": "a,b,,d,e,f"}), "empty name"),
            }
        )

    def deep(self, n, first):
        """n values of 4096 floats that are all needed in the end."""
        node = wire.node
        outputs = ["q", "s", "z"] if first.startswith("Dynamic") else ["q"]
        nodes = [node(first, ["input"], outputs), node("Gemm", ["input", "v"], ["t0"])]
        nodes += [node("Relu", ["t0"], [f"t{i}"], name=f"r{i}") for i in range(1, n)]
        nodes += [node("Add", [f"u{i - 1}" if i > 1 else "t0", f"t{i}"], [f"u{i}"]) for i in range(1, n)]
        nodes += [node("MatMul", [f"u{n - 1}", "e"], ["score"])]
        tensors = [wire.tensor("v", [6, 4096], raw=b"\0" * 4 * 6 * 4096), wire.tensor("e", [4096, 1], raw=b"\0" * 4 * 4096)]
        return wire.linear(nodes=nodes, tensors=tensors)

    def test_shapes(self):
        def with_nodes(*nodes, tensors=(), **kwargs):
            return wire.linear(nodes=list(nodes), tensors=[*TENSORS, *tensors], **kwargs)

        def ints(name, *values):
            return wire.tensor(name, [len(values)], raw=struct.pack(f"<{len(values)}q", *values), kind=wire.INT64)

        node, tensor = wire.node, wire.tensor
        wide = [tensor("v", [6, 4096], raw=b"\0" * (6 * 4096 * 4))]
        self.check_all(
            {
                "a product": (
                    with_nodes(node("MatMul", ["input", "w"], ["score"], name="mm")), "node mm", "[batch,6]", "[1,6]",
                ),
                "a bias": (
                    with_nodes(node("Gemm", ["input", "w", "c"], ["score"], name="g", transB=1),
                               tensors=[tensor("c", [2], [0.0] * 2)]),
                    "node g", "c",
                ),
                "a sum": (
                    with_nodes(node("Add", ["input", "c"], ["score"], name="a"), tensors=[tensor("c", [5], [0.0] * 5)]),
                    "node a", "[batch,6]", "[5]",
                ),
                "rows that are added to rows": (
                    with_nodes(node("Add", ["input", "c"], ["score"], name="a"), tensors=[tensor("c", [7, 6], [0.0] * 42)]),
                    "node a", "[7,6]",
                ),
                "integers": (
                    with_nodes(node("Relu", ["i"], ["score"], name="r"), tensors=[ints("i", 1)]), "node r", "type 7",
                ),
                "the batch twice": (
                    with_nodes(
                        node("Gemm", ["input", "w"], ["t"], transB=1),
                        node("Reshape", ["t", "s"], ["u"]),
                        node("Add", ["t", "u"], ["score"], name="a"),
                        tensors=[ints("s", 1, -1)],
                    ),
                    "node a",
                    "batch twice",
                ),
                "too wide": (
                    with_nodes(
                        node("MatMul", ["input", "v"], ["t"]),
                        node("Concat", ["t", "t"], ["score"], name="c", axis=1),
                        tensors=wide,
                    ),
                    "node c", "4096 values",
                ),
                "a join of others": (
                    with_nodes(node("Concat", ["input", "w"], ["score"], name="c", axis=1)), "node c", "w",
                ),
                "a join of rows": (
                    with_nodes(node("Concat", ["input", "input"], ["score"], name="c", axis=0)), "node c", "axis 0",
                ),
                "an axis": (
                    with_nodes(node("Concat", ["input", "input"], ["score"], name="c", axis=2)), "node c", "axis 2",
                ),
                "a squeeze": (
                    with_nodes(node("Squeeze", ["input", "i"], ["score"], name="s"), tensors=[ints("i", 1)]),
                    "node s", "dimension 1 is not 1",
                ),
                "computed axes": (
                    with_nodes(node("Squeeze", ["input", "input"], ["score"], name="s")), "node s", "constant",
                ),
                "a reshape": (
                    with_nodes(node("Reshape", ["input", "i"], ["score"], name="s"), tensors=[ints("i", -1, 5)]),
                    "node s",
                ),
                # constants stand in no row: a sum of more than the widest layer overflowed a buffer
                "long sums": (
                    with_nodes(node("MatMul", ["l", "r"], ["score"], name="m"),
                               tensors=[tensor("l", [1, 4097], raw=b"\0" * 4 * 4097), tensor("r", [4097, 1], raw=b"\0" * 4 * 4097)]),
                    "node m", "4097",
                ),
                # values of different rows stood in one: scores depended on what else was scored
                "rows that are mixed": (
                    with_nodes(node("Reshape", ["input", "i"], ["t"], name="s"), node("Reshape", ["t", "k"], ["score"]),
                               tensors=[ints("i", 6, -1), ints("k", -1, 6)]),
                    "node s", "[batch,6]",
                ),
                "much at a time": (self.deep(80, "Relu"), "node r", "1048576"),
                "much of all rows at a time": (self.deep(4, "DynamicQuantizeLinear"), "node", "32768"),
                "two open dimensions": (
                    with_nodes(node("Reshape", ["input", "i"], ["score"], name="s"), tensors=[ints("i", -1, -1)]),
                    "node s", "dimension 1",
                ),
                "a huge reshape": (
                    with_nodes(node("Reshape", ["input", "i"], ["score"], name="s"), tensors=[ints("i", 1 << 62, 4)]),
                    "node s",
                ),
                "a cast to texts": (
                    with_nodes(node("Cast", ["input"], ["score"], name="c", to=8)), "node c", "cast",
                ),
                "computed limits": (
                    with_nodes(node("Clip", ["input", "input"], ["score"], name="c")), "node c", "constant",
                ),
                "floats as integers": (
                    with_nodes(node("MatMulInteger", ["input", "w"], ["score"], name="m")), "node m", "8-bit",
                ),
                "six scores": (with_nodes(node("Relu", ["input"], ["score"])), "output score", "[batch,6]"),
                "a constant score": (
                    with_nodes(node("Relu", ["b"], ["score"])), "output score", "[1]",
                ),
                "too much work": (
                    with_nodes(
                        node("MatMul", ["input", "v6"], ["h0"]),
                        *[node("MatMul", [f"h{i}", "sq"], [f"h{i + 1}"], name=f"m{i}") for i in range(9)],
                        tensors=[tensor("v6", [6, 700], raw=b"\0" * (6 * 700 * 4)),
                                 tensor("sq", [700, 700], raw=b"\0" * (700 * 700 * 4))],
                        outputs=[wire.value("h9", ["batch", 700])],
                    ),
                    "node m8", "multiplications",
                ),
            }
        )

    # ---- descriptions beside models ----

    def test_descriptions(self):
        self.file("m.onnx", wire.linear())
        cases = {
            "no JSON": ("{", "m.json", "line 1"),
            "no object": ("[]", "m.json", "no JSON object"),
            "another file's": ('{"sha256": "00"}', "m.json", "another file"),
            "no names": ('{"features": [1]}', "m.json", "no name"),
            "too few names": ('{"features": ["adm2"]}', "1 features"),
            "no numbers": ('{"feature_mean": ["x"], "feature_std": [1]}', "m.json", "no number"),
            "a mean without deviation": ('{"feature_mean": [1, 2]}', "m.json", "one deviation"),
            "a deviation of 0": ('{"feature_mean": [1], "feature_std": [0]}', "m.json", "above 0"),
            "too few": ('{"feature_mean": [1], "feature_std": [1]}', "scales 1 features"),
        }
        for name, (text, *words) in cases.items():
            with self.subTest(name):
                self.file("m.json", text)
                self.check_refused(self.path("m.onnx"), *words)
        with open(self.path("m.json"), "wb") as f:
            f.truncate((1 << 20) + 1)
        self.check_refused(self.path("m.onnx"), "m.json", "1 MiB")

    # ---- folders ----

    def test_models_outside_the_model_folder(self):
        os.mkdir(self.path("in"))
        os.mkdir(self.path("in-too"))
        inside = self.file("in/m.onnx", wire.linear())
        outside = self.file("m.onnx", wire.linear())
        sibling = self.file("in-too/m.onnx", wire.linear())
        os.symlink(outside, self.path("in/out.onnx"))
        os.symlink("m.onnx", self.path("in/same.onnx"))
        env = {**os.environ, "VMAF_TINY_MODEL_DIR": self.path("in")}
        for path, code in (
            (inside, 0), (self.path("in/same.onnx"), 0), (outside, 2), (sibling, 2), (self.path("in/out.onnx"), 2),
            (self.path("in/../m.onnx"), 2),
        ):
            with self.subTest(path):
                done = tiny_score(path, "--info", env=env)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertEqual("VMAF_TINY_MODEL_DIR" in done.stderr, code != 0)


if __name__ == "__main__":
    unittest.main()
