# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Scores rows with ONNX Runtime: {"model", "rows", "side"} on stdin, a list for each output on stdout.

Run by the environment of referee.py."""

import json
import sys

import numpy
import onnxruntime


def main():
    request = json.load(sys.stdin)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(request["model"], options, providers=["CPUExecutionProvider"])
    inputs = session.get_inputs()
    rows = numpy.array(request["rows"], dtype=numpy.float32)
    feeds = {inputs[0].name: rows}
    if len(inputs) > 1:
        feeds[inputs[1].name] = numpy.tile(numpy.array(request["side"], dtype=numpy.float32), (len(rows), 1))
    outputs = session.run(None, feeds)
    json.dump([[float(x) for x in out.reshape(-1)] for out in outputs], sys.stdout)


if __name__ == "__main__":
    main()
