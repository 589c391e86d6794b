# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The checker of the ONNX project on a list of files: {"models"} on stdin; on stdout for each what is wrong
("" if nothing), its IR version and its opsets.

Run by the environment of referee.py."""

import json
import sys

import onnx


def look(path):
    model = onnx.load(path)
    try:
        onnx.checker.check_model(model, full_check=True)
        wrong = ""
    except onnx.checker.ValidationError as error:
        wrong = str(error)
    return {"wrong": wrong, "ir": model.ir_version, "opsets": [[o.domain, o.version] for o in model.opset_import]}


if __name__ == "__main__":
    json.dump([look(path) for path in json.load(sys.stdin)["models"]], sys.stdout)
