# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Writes a linear model as ONNX, from the format's description and without its library."""

import struct

CANONICAL = ["adm2", "vif_scale0", "vif_scale1", "vif_scale2", "vif_scale3", "motion2"]


def varint(value):
    out = b""
    while True:
        out += bytes([value & 127 | (128 if value > 127 else 0)])
        value >>= 7
        if not value:
            return out


def field(number, value):
    """A field of a message: whole numbers, texts and messages."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def floats(values):
    return struct.pack(f"<{len(values)}f", *values)


def tensor(name, dims, values, file=None):
    """Its data are in the message, or those of a file beside the model."""
    head = b"".join(field(1, d) for d in dims) + field(2, 1) + field(8, name)
    if file is None:
        return head + field(9, floats(values))
    return head + field(13, field(1, "location") + field(2, file)) + field(14, 1)


def node(kind, inputs, output):
    return b"".join(field(1, i) for i in inputs) + field(2, output) + field(4, kind)


def value_info(name, width):
    dims = field(1, field(2, "N")) + field(1, field(1, width))
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims)))


def linear(weights, bias, features=CANONICAL, file=None):
    """score = weights * features + bias; the weights may be in another file."""
    n = len(features)
    graph = field(1, node("MatMul", ["features", "w"], "h"))
    graph += field(1, node("Add", ["h", "b"], "score"))
    graph += field(2, "linear")
    graph += field(5, tensor("w", [n, 1], weights, file)) + field(5, tensor("b", [1], [bias]))
    graph += field(11, value_info("features", n)) + field(12, value_info("score", 1))
    model = field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 17))
    return model + field(14, field(1, "features") + field(2, ",".join(features)))
