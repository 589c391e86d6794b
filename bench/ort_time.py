# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Nanoseconds of a call of ONNX Runtime on one thread: a model's path and numbers of rows on the command
line, {rows: [median, 95th percentile]} on stdout. Run by the environment of tests/tiny/referee.py."""

import json
import sys
import time

import numpy
import onnxruntime

SAMPLES = 400


def main():
    path, *counts = sys.argv[1:]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    rng = numpy.random.default_rng(1)
    out = {}
    for count in map(int, counts):
        feeds = {name: rng.random((count, 6), dtype=numpy.float32) - numpy.float32(0.5)}
        for _ in range(20):
            session.run(None, feeds)
        times = []
        for _ in range(SAMPLES):
            start = time.perf_counter_ns()
            session.run(None, feeds)
            times.append(time.perf_counter_ns() - start)
        times.sort()
        out[count] = [times[SAMPLES // 2], times[SAMPLES * 95 // 100]]
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    main()
