# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What each tool promises is what it gives: results against output schemas, arguments against those of
the Python server that this one takes the place of."""

import json
import unittest

import mcp_client
import onnx_file
import support

# The seven tools of that server: what they take, and what of it is required here.
OLDER = {
    "vmaf_score": (
        "ref dis width height pixfmt bitdepth model backend precision",
        "ref dis",
    ),
    "list_models": ("", ""),
    "list_backends": ("", ""),
    "run_benchmark": ("ref dis width height", "ref dis"),
    "eval_model_on_split": ("model features split input_name", "model features"),
    "compare_models": ("models features split input_name", "models features"),
    "describe_worst_frames": (
        "ref dis width height pixfmt bitdepth model backend n",
        "ref dis",
    ),
}
TYPES = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}


def faults(schema, value, place="result"):
    """What of the value the schema does not allow; the part of JSON Schema that tools use."""
    unknown = schema.keys() - {
        *("$schema", "type", "properties", "required", "additionalProperties", "items", "title"),
        *("description", "enum", "default", "minimum", "maximum", "minLength", "maxLength"),
        *("minItems", "maxItems", "anyOf"),
    }
    if unknown:
        yield f"{place}: keywords {unknown} are not checked here"
    if "anyOf" in schema and all(list(faults(s, value, place)) for s in schema["anyOf"]):
        yield f"{place}: {value!r} is none of {schema['anyOf']}"
    kinds = schema["type"] if isinstance(schema.get("type"), list) else [schema.get("type")]
    fits = [
        k is None or isinstance(value, TYPES[k]) and (k == "boolean" or not isinstance(value, bool))
        for k in kinds
    ]
    if not any(fits):
        yield f"{place}: {value!r} is not {kinds}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place}: {value!r} is not one of {schema['enum']}"
    if isinstance(value, dict):
        known = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                yield f"{place}.{name} is missing"
        for name, member in value.items():
            if name in known:
                yield from faults(known[name], member, f"{place}.{name}")
            elif schema.get("additionalProperties") is False:
                yield f"{place}.{name} is not in the schema"
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from faults(schema.get("items", {}), item, f"{place}[{i}]")


class Schemas(mcp_client.Case):
    def setUp(self):
        support.model_file("vmaf_v0.6.1")
        super().setUp()
        self.tools = {t["name"]: t for t in self.client.request("tools/list", {})["tools"]}

    def table(self):
        lines = [",".join(["key", *onnx_file.CANONICAL, "mos"])]
        for i in range(40):
            values = [0.3 + (i * k * 37 % 101) / 150 for k in range(1, 7)]
            lines.append(",".join(map(str, [f"k{i // 10}", *values, 3 * sum(values) + i % 3])))
        return self.file("table.csv", "\n".join(lines))

    def calls(self):
        """Arguments with which each tool works, some in several ways."""
        pair = self.raw_pair("A", 36, 36)
        shape = {k: pair[k] for k in ("width", "height")}
        model = self.file("line.onnx", onnx_file.linear([1, 2, 3, 4, 5, 0.5], 1))
        table = {"features": self.table(), "split": "all"}
        yield "list_backends", {}
        yield "list_models", {}
        yield "probe_video", {"path": pair["ref"]}
        yield "probe_video", {"path": pair["ref"], **shape}
        yield "vmaf_score", pair
        yield "vmaf_score", {**pair, "per_frame": "all", "features": ["psnr"], "tiny_models": [model]}
        yield "vmaf_score", {**pair, "per_frame": "worst", "models": ["version=vmaf_4k_v0.6.1"]}
        yield "describe_worst_frames", {**pair, "n": 2}
        encodes = [
            {"path": pair[side], "group": side, "bitrate_kbps": 100} for side in ("ref", "dis")
        ]
        encodes.append({"path": "none.yuv", "label": "x"})
        yield "compare_encodes", {"ref": pair["ref"], **shape, "encodes": encodes}
        yield "run_benchmark", {k: pair[k] for k in ("ref", "dis", "width", "height")}
        yield "eval_model_on_split", {"model": model, **table}
        yield "compare_models", {"models": [model, "none.onnx"], **table}
        del table["split"]
        training = {**table, "target": "mos", "arch": "linear", "output": self.path("new.onnx")}
        yield "train_model", training
        training["output"] = self.path("held.onnx")
        yield "train_model", {**training, "hold_out": "k1"}

    def test_results(self):
        seen = set()
        for name, arguments in self.calls():
            seen.add(name)
            result = self.client.call(name, arguments)
            with self.subTest(tool=name):
                self.assertFalse(result.get("isError"), result["content"][0])
                structured = result["structuredContent"]
                self.assertEqual(list(faults(self.tools[name]["outputSchema"], structured)), [])
                self.assertEqual(json.loads(result["content"][0]["text"]), structured)
        self.assertEqual(seen, set(self.tools))

    def test_every_member_is_met(self):
        """A member that no call ever gives is a promise nobody checked."""
        met = {}

        def note(schema, value, place):
            for one in schema.get("anyOf", []):
                note(one, value, place)
            met.setdefault(place, set())
            for name, member in schema.get("properties", {}).items():
                path = f"{place}.{name}"
                met[place].add(path)
                if isinstance(value, dict) and name in value:
                    met.setdefault("given", set()).add(path)
                    note(member, value[name], path)
            if isinstance(value, list):
                for item in value:
                    note(schema.get("items", {}), item, place)

        for name, arguments in self.calls():
            result = self.client.call(name, arguments)
            note(self.tools[name]["outputSchema"], result["structuredContent"], name)
        given = met.pop("given")
        missing = {path for paths in met.values() for path in paths} - given
        rare = {p for p in missing if p.endswith(".warnings")}
        rare |= {"compare_encodes.encodes.bytes_per_frame"}  # of compressed files
        rare |= {p for p in missing if p.startswith("compare_encodes.bd.")}  # two points a curve
        self.assertEqual(missing - rare, set())

    def test_the_older_arguments(self):
        for name, (arguments, required) in OLDER.items():
            with self.subTest(tool=name):
                schema = self.tools[name]["inputSchema"]
                self.assertLessEqual(set(arguments.split()), schema.get("properties", {}).keys())
                self.assertEqual(set(schema.get("required", [])), set(required.split()))
        score = self.tools["vmaf_score"]["inputSchema"]["properties"]
        defaults = {"model": "version=vmaf_v0.6.1", "backend": "auto", "precision": "17"}
        for name, value in defaults.items():
            self.assertEqual(score[name]["default"], value)
        for word in ("420", "422", "444"):
            self.assertIn(word, score["pixfmt"]["enum"])
        self.assertLessEqual({8, 10, 12, 16}, set(score["bitdepth"]["enum"]))

    def test_annotations(self):
        for name, tool in self.tools.items():
            with self.subTest(tool=name):
                hints = tool["annotations"]
                self.assertEqual(hints["readOnlyHint"], name != "train_model")
                self.assertFalse(hints["openWorldHint"])
                self.assertFalse(tool["inputSchema"]["additionalProperties"])
        self.assertFalse(self.tools["train_model"]["annotations"]["destructiveHint"])


if __name__ == "__main__":
    unittest.main()
