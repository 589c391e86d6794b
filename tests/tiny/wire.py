# SPDX-License-Identifier: BSD-2-Clause-Patent
"""ONNX files from Python, byte by byte: the field numbers are written out here once more, so that what our
own writer and reader have in common is not what is tested. Wrong files are as easy to write as right ones."""

import struct

FLOAT, UINT8, INT8, INT32, INT64, STRING = 1, 2, 3, 6, 7, 8


def varint(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def field(number, value):
    """One field: whole numbers, floats, texts and messages (as bytes) by their Python types."""
    if isinstance(value, bool) or isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    data = value.encode() if isinstance(value, str) else bytes(value)
    return varint(number << 3 | 2) + varint(len(data)) + data


def fields(number, values):
    return b"".join(field(number, value) for value in values)


def entry(key, value):
    return field(1, key) + field(2, value)


def floats(values):
    return struct.pack(f"<{len(values)}f", *values)


def tensor(name, dims, values=None, kind=FLOAT, raw=None, extra=b""):
    """values: floats for raw_data; raw: the bytes themselves; extra: other fields."""
    data = floats(values) if values is not None else raw
    out = fields(1, dims) + field(2, kind) + field(8, name)
    if data is not None:
        out += field(9, data)
    return out + extra


def external(location, offset=None, length=None):
    """Fields of a tensor whose data lies elsewhere."""
    out = field(13, entry("location", location))
    if offset is not None:
        out += field(13, entry("offset", str(offset)))
    if length is not None:
        out += field(13, entry("length", str(length)))
    return out + field(14, 1)


def attribute(name, value):
    out = field(1, name)
    if isinstance(value, float):
        return out + field(2, value) + field(20, 1)
    if isinstance(value, int):
        return out + field(3, value) + field(20, 2)
    if isinstance(value, list):
        return out + fields(8, value) + field(20, 7)
    return out + value


def node(op, inputs, outputs, name="", extra=b"", **attributes):
    out = fields(1, inputs) + fields(2, outputs)
    if name:
        out += field(3, name)
    out += field(4, op)
    out += fields(5, [attribute(*item) for item in attributes.items()])
    return out + extra


def value(name, dims, kind=FLOAT):
    """dims: numbers, or names of dimensions."""
    shape = b"".join(field(1, field(1, d) if isinstance(d, int) else field(2, d)) for d in dims)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, shape)))


def graph(nodes, tensors, inputs, outputs, extra=b""):
    return (
        fields(1, nodes) + field(2, "g") + fields(5, tensors) + fields(11, inputs) + fields(12, outputs) + extra
    )


def model(graph_bytes, ir=8, opset=17, meta=(), domain="", extra=b""):
    opsets = b"" if opset is None else field(8, field(1, domain) + field(2, opset))
    metas = fields(14, [entry(*item) for item in dict(meta).items()])
    return field(1, ir) + field(7, graph_bytes) + opsets + metas + extra


def linear(nodes=None, tensors=None, inputs=None, outputs=None, extra=b"", **kwargs):
    """Six features to their sum plus 1, with parts replaced."""
    return model(
        graph(
            nodes or [node("Gemm", ["input", "w", "b"], ["score"], name="gemm", transB=1)],
            [tensor("w", [1, 6], [1.0] * 6), tensor("b", [1], [1.0])] if tensors is None else tensors,
            [value("input", ["batch", 6])] if inputs is None else inputs,
            [value("score", ["batch", 1])] if outputs is None else outputs,
            extra,
        ),
        **kwargs,
    )
